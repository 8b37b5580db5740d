//! What a host function sees of the call that it answers.

use std::fmt;
use std::ptr::NonNull;

use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut, contexts_from};
use crate::engine::Engine;
use crate::externs::Extern;
use crate::func::HostCall;
use crate::instance::{Instance, InstanceData};

/// The store, and the instance that called a host function.
///
/// ```
/// use upshift::{Caller, Engine, Instance, Module, Store, Func};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, String::new());
/// let print = Func::wrap(&mut store, |mut caller: Caller<'_, String>, at: u32, len: u32| {
///     let memory = caller.get_export("memory").and_then(|e| e.into_memory()).unwrap();
///     let (bytes, text) = memory.data_and_store_mut(&mut caller);
///     let bytes = &bytes[at as usize..][..len as usize];
///     text.push_str(std::str::from_utf8(bytes).unwrap());
/// });
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (import "" "" (func $print (param i32 i32)))
///         (memory (export "memory") 1)
///         (data (i32.const 8) "hello")
///         (func (export "run") (call $print (i32.const 8) (i32.const 5))))"#,
/// )?;
/// let instance = Instance::new(&mut store, &module, &[print.into()])?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// assert_eq!(store.data(), "hello");
/// # Ok::<(), upshift::Error>(())
/// ```
pub struct Caller<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
    instance: Option<NonNull<InstanceData>>,
}

impl<'a, T: 'static> Caller<'a, T> {
    /// `instance`, if there is one, must belong to the store.
    pub(crate) fn new(
        store: StoreContextMut<'a, T>,
        instance: Option<NonNull<InstanceData>>,
    ) -> Caller<'a, T> {
        Caller { store, instance }
    }

    /// The host's data.
    #[must_use]
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// The engine that the store belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }

    /// An export of the instance that made the call; `None` if there is no such export, or if the host made the call.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        self.instance()?.get_export(&mut self.store, name)
    }

    /// The instance that made the call; `None` if the host did.
    #[must_use]
    pub fn instance(&self) -> Option<Instance> {
        // SAFETY: instances live as long as their store, which is borrowed.
        self.instance.map(|instance| unsafe { (*instance.as_ptr()).handle() })
    }
}

impl HostCall {
    /// What the host function sees of the call.
    ///
    /// # Safety
    /// The store's data must be a `T`, and there must be no other caller or context at the same time.
    pub(crate) unsafe fn caller<'a, T: 'static>(self) -> Caller<'a, T> {
        // SAFETY: the caller's promise.
        Caller::new(unsafe { StoreContextMut::from_root(self.store) }, self.instance)
    }
}

// SAFETY: like the context in it; the instance's address is used together with the context only.
unsafe impl<T: Send> Send for Caller<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Caller<'_, T> {}

impl<T: 'static> AsContext for Caller<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for Caller<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

contexts_from! {
    shared Caller<'_, T>;
    unique Caller<'_, T>;
}

impl<'a, T: 'static> From<Caller<'a, T>> for StoreContextMut<'a, T> {
    fn from(caller: Caller<'a, T>) -> StoreContextMut<'a, T> {
        caller.store
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Caller<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("data", self.data()).finish_non_exhaustive()
    }
}
