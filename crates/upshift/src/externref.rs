//! References to values of the host that wasm code can hold but not look into.

use std::any::Any;

use anyhow::{Context, Result, ensure};

use crate::context::{AsContext, AsContextMut, StoreContext};
use crate::store::StoreId;

/// A reference to a value of the host, `externref` in wasm (wasm spec, "Structure / Types / Reference Types").
///
/// The value lives until its store is dropped.
///
/// ```
/// use upshift::{Engine, ExternRef, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let reference = ExternRef::new(&mut store, "a host value")?;
/// let value = reference.data(&store)?.unwrap();
/// assert_eq!(value.downcast_ref::<&str>(), Some(&"a host value"));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExternRef {
    store: StoreId,
    /// The slot's value: number of the host value plus one.
    slot: u64,
}

impl ExternRef {
    /// Puts a value into the store.
    ///
    /// # Errors
    /// None in this version; the shape leaves room for a store that is full.
    pub fn new(mut store: impl AsContextMut, value: impl Any + Send + Sync) -> Result<ExternRef> {
        let mut store = store.as_context_mut();
        let state = store.state();
        state.externs.push(Box::new(value));
        Ok(ExternRef { store: state.id, slot: state.externs.len() as u64 })
    }

    /// The value.
    ///
    /// # Errors
    /// When the reference belongs to another store.
    pub fn data<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>> {
        let state = store.into().state();
        ensure!(self.store == state.id, "the reference belongs to another store");
        let value = state.externs.get(self.slot as usize - 1).context("the reference names no value")?;
        Ok(Some(&**value))
    }

    /// The bits of a reference in a slot; 0 is null.
    pub(crate) fn to_slot(self) -> u64 {
        self.slot
    }

    pub(crate) fn from_slot(store: StoreId, slot: u64) -> Option<ExternRef> {
        (slot != 0).then_some(ExternRef { store, slot })
    }

    pub(crate) fn store_id(self) -> StoreId {
        self.store
    }

    /// Whether both refer to the same value.
    ///
    /// # Errors
    /// When one of them belongs to another store.
    pub fn ref_eq(store: impl AsContext, a: &ExternRef, b: &ExternRef) -> Result<bool> {
        let id = store.as_context().state().id;
        ensure!(a.store == id && b.store == id, "the reference belongs to another store");
        Ok(a.slot == b.slot)
    }
}
