//! References to exceptions, as values that the host can hold.

use anyhow::{Result, ensure};

use super::exception::Exception;
use super::heap::Handle;
use super::tag::Tag;
use crate::context::{AsContext, AsContextMut};
use crate::store::{StoreId, StoreState};

/// A reference to an exception, `exnref` in wasm (wasm spec, "Structure / Types / Reference Types").
///
/// What a host function gets as arguments, reads from globals or makes itself is valid until that function returns;
/// outside of host functions, until the store is dropped. Afterwards the reference is *stale*, unless wasm code refers to
/// the same exception, and using it is an error. An [`Exception`] is a copy of what was thrown, and never stale.
///
/// Functions that take or return references to exceptions are called with [`Val`](crate::Val)s; the typed forms of
/// functions have none.
///
/// ```
/// use upshift::{Engine, Exception, ExnRef, FuncType, Instance, Module, Store, Tag, TagType, Val, ValType};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let module = Module::new(
///     &engine,
///     r#"(module (func (export "throw") (param exnref) (throw_ref (local.get 0))))"#,
/// )?;
/// let throw = Instance::new(&mut store, &module, &[])?.get_func(&mut store, "throw").unwrap();
///
/// let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
/// let tag = Tag::new(&mut store, &ty)?;
/// let exception = Exception::new(&mut store, tag, &[Val::I32(7)])?;
/// let reference = ExnRef::new(&mut store, &exception)?;
/// assert_eq!(reference.tag(&store)?, tag);
///
/// let error = throw.call(&mut store, &[reference.into()], &mut []).unwrap_err();
/// let thrown = error.downcast_ref::<Exception>().unwrap();
/// assert_eq!(thrown.tag(), tag);
/// assert_eq!(thrown.values()[0].unwrap_i32(), 7);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExnRef {
    store: StoreId,
    handle: Handle,
    serial: u32,
}

impl ExnRef {
    /// Puts a copy of an exception into the store and refers to it.
    ///
    /// # Errors
    /// When the exception belongs to another store, carries a stale reference, or there are too many exceptions that are
    /// referred to.
    pub fn new(mut store: impl AsContextMut, exception: &Exception) -> Result<ExnRef> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let payload = exception.to_slots(state)?;
        let handle = state.new_exception(exception.tag().index(), payload)?;
        Ok(ExnRef::of(state, handle))
    }

    /// The tag.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store.
    pub fn tag(&self, store: impl AsContext) -> Result<Tag> {
        let store = store.as_context();
        let state = store.state();
        Ok(Tag::nth(state, self.parts(state)?.0))
    }

    /// A copy of the exception.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store.
    pub fn exception(&self, store: impl AsContext) -> Result<Exception> {
        let store = store.as_context();
        let state = store.state();
        let (tag, payload) = self.parts(state)?;
        // SAFETY: the values of an exception are those of its tag's type, made in its store.
        Ok(unsafe { Exception::from_slots(state, tag, payload.as_ptr(), None) })
    }

    fn parts(self, state: &StoreState) -> Result<(u32, &[u64])> {
        self.check(state)?;
        state.exceptions.get(self.handle).ok_or_else(stale)
    }

    /// Makes sure that the exception is still there.
    pub(crate) fn check(self, state: &StoreState) -> Result<()> {
        ensure!(self.store == state.id, "the reference belongs to another store");
        ensure!(state.exceptions.serial(self.handle) == Some(self.serial), stale());
        Ok(())
    }

    /// A reference for the host to an exception of the store.
    fn of(state: &StoreState, handle: Handle) -> ExnRef {
        state.exceptions.pin(handle);
        // Code refers only to what is there.
        let serial = state.exceptions.serial(handle).unwrap_or_default();
        ExnRef { store: state.id, handle, serial }
    }

    /// Keeps the exception alive in a place outside of the one where the reference was made.
    pub(super) fn pin(self, state: &StoreState) {
        state.exceptions.pin(self.handle);
    }

    /// The bits of a reference in a slot; 0 is null.
    pub(crate) fn to_slot(self) -> u64 {
        self.handle.to_slot()
    }

    /// The reference in a slot of the store; none for null.
    pub(crate) fn from_slot(state: &StoreState, slot: u64) -> Option<ExnRef> {
        Handle::from_slot(slot).map(|handle| ExnRef::of(state, handle))
    }
}

#[cold]
fn stale() -> anyhow::Error {
    anyhow::anyhow!(
        "stale reference to an exception: it was made in a host function that has returned, and nothing else refers to it"
    )
}
