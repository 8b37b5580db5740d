//! References to values of the host that wasm code can hold but not look into.

use std::any::Any;

use anyhow::{Context, Result};

use crate::context::{AsContext, AsContextMut, StoreContext};
use crate::gc::Rooted;
use crate::vm::host_values::{HostValue, host_number};

const TAKEN: &str = "the host has taken the value back";

/// A reference to a value of the host, `externref` in wasm (wasm spec, "Structure / Types / Reference Types").
///
/// A handle is valid as long as an [`AnyRef`](crate::AnyRef) is: until the host function or scope ends that it was made in;
/// [`OwnedRooted`](crate::OwnedRooted) keeps it longer. The value is dropped at some time after nothing refers to it any
/// more: in a collection of objects, when many values have been made since the last one, in [`Store::gc`](crate::Store::gc),
/// or with the store. What `extern.convert_any` has made of an object is a reference of this type too.
///
/// Destructors run in the midst of what the program does, with the store borrowed. When one panics, the program stops with
/// the panic, as with that of a host function.
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
    /// When the store has 2^29 values already; and as [`Store::gc`](crate::Store::gc), which this calls now and then.
    pub fn new(mut store: impl AsContextMut, value: impl Any + Send + Sync) -> Result<ExternRef> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let reference = state.new_host_value(Box::new(value))?;
        Ok(ExternRef(Rooted::new(state, reference).context("a reference with a tag is not null")?))
    }

    /// The value; none if the reference is to an object or integer of wasm.
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store, or the host has taken the value back.
    pub fn data<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>> {
        let state = store.into().state();
        let Some(number) = host_number(self.0.get(state)?) else { return Ok(None) };
        let value: &HostValue = state.gc.host_values.get(number).context(TAKEN)?;
        Ok(Some(&**value))
    }

    /// Takes the value back, whoever refers to it; none if the reference is to an object or integer of wasm. References stay
    /// what they are, but there is nothing behind them.
    ///
    /// ```
    /// use upshift::{Engine, ExternRef, Store};
    ///
    /// let mut store = Store::new(&Engine::default(), ());
    /// let reference = ExternRef::new(&mut store, String::from("text"))?;
    /// let value = reference.take(&mut store)?.unwrap();
    /// assert_eq!(*value.downcast::<String>().unwrap(), "text");
    /// assert!(reference.data(&store).is_err());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the reference is stale or belongs to another store, or the host has taken the value already.
    pub fn take(&self, mut store: impl AsContextMut) -> Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let Some(number) = host_number(self.0.get(state)?) else { return Ok(None) };
        state.gc.host_values.take(number).context(TAKEN).map(Some)
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
