//! A part of the host's program whose handles end with it.

use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};

/// Lets handles to objects go when it is dropped: those that were made since it was.
///
/// Handles that a host function or callback gets or makes end when that returns. Outside of these they would last as
/// long as the store, and keep what they refer to alive: results of calls, what is read from globals, tables and objects, what is
/// made. This ends them earlier; [`Usage::handles`](crate::Usage::handles) tells how many there are.
///
/// ```
/// use upshift::{ArrayRef, ArrayType, Engine, FieldType, Mutability, RootScope, StorageType, Store, Val};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let bytes = ArrayType::new(&engine, FieldType::new(Mutability::Var, StorageType::I8));
/// let array = {
///     let mut scope = RootScope::new(&mut store);
///     let array = ArrayRef::new(&mut scope, &bytes, &Val::I32(7), 3)?;
///     assert_eq!(array.len(&scope)?, 3);
///     array
/// };
/// assert!(array.len(&store).unwrap_err().to_string().contains("stale"));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Debug)]
pub struct RootScope<C: AsContextMut> {
    store: C,
    places: usize,
}

impl<C: AsContextMut> RootScope<C> {
    /// Begins a scope; the store is used through it until it ends.
    pub fn new(mut store: C) -> RootScope<C> {
        let places = store.as_context_mut().state().gc.roots.len();
        RootScope { store, places }
    }
}

impl<C: AsContextMut> Drop for RootScope<C> {
    fn drop(&mut self) {
        self.store.as_context_mut().state().gc.roots.truncate(self.places);
    }
}

impl<C: AsContextMut> AsContext for RootScope<C> {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        self.store.as_context()
    }
}

impl<C: AsContextMut> AsContextMut for RootScope<C> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        self.store.as_context_mut()
    }
}
