//! References to values of the host that wasm code can hold but not look into.

use std::any::Any;

use anyhow::{Context, Result, ensure};
use upshift_core::vm::is_object;

use crate::context::{AsContext, AsContextMut, StoreContext};
use crate::gc::Rooted;

/// What the lowest bits of a reference to a value of the host are; the number of the value stands above them.
const TAG: u32 = 0b010;

/// How many bits those are.
const TAG_BITS: u32 = 3;

/// A reference to a value of the host, `externref` in wasm (wasm spec, "Structure / Types / Reference Types").
///
/// The value lives until its store is dropped. What `extern.convert_any` has made of an object is one too; such a reference
/// is valid as long as an [`AnyRef`](crate::AnyRef) is.
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
pub struct ExternRef(pub(crate) Rooted);

impl ExternRef {
    /// Puts a value into the store.
    ///
    /// # Errors
    /// When the store has 2^29 values already.
    pub fn new(mut store: impl AsContextMut, value: impl Any + Send + Sync) -> Result<ExternRef> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let number = state.externs.len();
        ensure!(
            number < 1 << (32 - TAG_BITS),
            "the store has {number} values of the host, which is the most"
        );
        state.externs.push(Box::new(value));
        let rooted = Rooted::new(state, (number as u32) << TAG_BITS | TAG);
        Ok(ExternRef(rooted.context("a reference with a tag is not null")?))
    }

    /// The value; none if the reference is to an object or integer of wasm.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store.
    pub fn data<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>> {
        let state = store.into().state();
        let reference = self.0.get(state)?;
        if is_object(reference) || reference & 1 != 0 {
            return Ok(None);
        }
        let value =
            state.externs.get((reference >> TAG_BITS) as usize).context("the reference names no value")?;
        Ok(Some(&**value))
    }

    /// Whether both refer to the same value.
    ///
    /// # Errors
    /// When one of them is stale or belongs to another store.
    pub fn ref_eq(store: impl AsContext, a: &ExternRef, b: &ExternRef) -> Result<bool> {
        let store = store.as_context();
        Ok(a.0.get(store.state())? == b.0.get(store.state())?)
    }
}
