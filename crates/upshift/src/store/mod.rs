//! Stores: everything that instances own, and the host's data.
//!
//! ```text
//! Store<T> ─▶ Inner<T> { StoreState { StoreCtx, … }, T }       one allocation
//!                ▲             ▲           ▲
//!    host function with T   builtins   generated code          one address, three views
//! ```
//!
//! Handles ([`Func`](crate::Func), [`Memory`](crate::Memory), …) name things in a store; they are plain data and carry
//! the store's id, so that using one with another store is found at once.
//!
//! No reference into a store is alive while wasm code runs: contexts hold the raw address and make references only for
//! single accesses. So a host function may get at the same store again, at any depth.

mod limiter;
mod state;

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use anyhow::Result;

use crate::builtins::BUILTINS;
use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut, contexts_from};
use crate::engine::Engine;

pub use state::UpdateDeadline;
pub(crate) use state::{Inner, Pending, StoreId, StoreState};

/// What the programs of a store have used, see [`Store::usage`].
///
/// ```
/// use upshift::{Engine, Instance, Module, Store};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// Instance::new(&mut store, &Module::new(&engine, "(module (memory 2))")?, &[])?;
/// assert_eq!(store.usage().memory_bytes, 2 * 65536);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Usage {
    /// Calls of host functions by programs.
    pub host_calls: u64,
    /// Instances.
    pub instances: usize,
    /// Bytes of all memories; memories do not shrink, so this is also the most there were.
    pub memory_bytes: u64,
    /// Elements of all tables, which do not shrink either.
    pub table_elements: u64,
    /// Bytes of garbage-collected objects, those that nobody refers to any more among them; exceptions that programs can refer
    /// to are objects too.
    pub gc_bytes: u64,
    /// How often objects were collected.
    pub collections: u64,
    /// Handles of the host that keep something from being collected: those whose host function or scope has not ended, and those
    /// that somebody owns.
    pub handles: usize,
    /// Values of the host, those that nothing refers to any more among them.
    pub host_values: usize,
}

/// Everything that instances own, and the host's data `T` (wasm spec, "Execution / Runtime Structure / Store").
///
/// What is created in a store lives until the store is dropped. A store is used by one thread at a time; it can be sent
/// to another one between calls if `T` can.
///
/// ```
/// use upshift::{Engine, Store};
///
/// let mut store = Store::new(&Engine::default(), 1);
/// *store.data_mut() += 1;
/// assert_eq!(store.into_data(), 2);
/// ```
pub struct Store<T: 'static> {
    pub(crate) inner: NonNull<Inner<T>>,
    /// The store owns a `T`.
    owns: PhantomData<T>,
}

// SAFETY: the raw addresses in a store point to what the store owns, or to modules, which may be shared. Host functions
// and external references are `Send + Sync`. Without `&mut` to the store nothing of it changes.
unsafe impl<T: Send> Send for Store<T> {}
// SAFETY: as above; a shared reference gives no more than a shared reference to `T` and copies of handles.
unsafe impl<T: Sync> Sync for Store<T> {}

impl<T: 'static> Store<T> {
    /// An empty store.
    #[must_use]
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        let inner = Box::new(Inner { state: StoreState::new(engine, &BUILTINS), data });
        let inner = NonNull::from(Box::leak(inner));
        let root: NonNull<StoreState> = inner.cast();
        // SAFETY: `StoreState` is the first field of `Inner`, nobody else has the address yet.
        unsafe {
            (*root.as_ptr()).root = root;
            (*(*root.as_ptr()).host_ctx.as_ptr()).store = root.as_ptr().cast();
        }
        Store { inner, owns: PhantomData }
    }

    /// The engine that the store belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        // SAFETY: no call runs while the store is borrowed, see the module's documentation.
        unsafe { &(*self.inner.as_ptr()).state.engine }
    }

    /// The host's data.
    #[must_use]
    pub fn data(&self) -> &T {
        // SAFETY: as in `engine`.
        unsafe { &(*self.inner.as_ptr()).data }
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        // SAFETY: as in `engine`, and `self` is borrowed uniquely.
        unsafe { &mut (*self.inner.as_ptr()).data }
    }

    /// What the programs of this store have used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        // SAFETY: as in `engine`.
        let state = unsafe { &(*self.inner.as_ptr()).state };
        Usage {
            host_calls: state.host_calls,
            instances: state.instances.len(),
            memory_bytes: state.memories.iter().map(|memory| memory.len() as u64).sum(),
            table_elements: state.tables.iter().map(|table| table.elements().len() as u64).sum(),
            gc_bytes: state.gc_used() as u64,
            collections: state.gc.collections,
            handles: state.gc.roots.count(),
            host_values: state.gc.host_values.len(),
        }
    }

    /// Collects the objects and drops the values of the host that nobody refers to any more. They are collected by themselves
    /// when there is no more room; a host that wants the memory earlier, for instance between two requests, can ask for it.
    ///
    /// # Errors
    /// When the system has no memory for the copy, with [`OutOfMemory`](crate::OutOfMemory), or with the error of the store's
    /// limiter. The objects are still there.
    ///
    /// # Panics
    /// With the panic of a destructor of a value of the host.
    ///
    /// ```
    /// use upshift::{Engine, Instance, Module, Store};
    ///
    /// let engine = Engine::default();
    /// let module = Module::new(
    ///     &engine,
    ///     r#"(module
    ///         (type $bytes (array (mut i8)))
    ///         (func (export "waste") (drop (array.new_default $bytes (i32.const 100_000)))))"#,
    /// )?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// instance.get_typed_func::<(), ()>(&mut store, "waste")?.call(&mut store, ())?;
    /// assert!(store.usage().gc_bytes >= 100_000);
    /// store.gc()?;
    /// assert_eq!(store.usage().gc_bytes, 0);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn gc(&mut self) -> Result<()> {
        self.as_context_mut().gc()
    }

    /// Sets the stack for wasm frames aside, which else the first instance does: a host that starts something else beside, for
    /// instance a thread, learns in time that the system does not give it.
    ///
    /// ```
    /// use upshift::{Engine, Store};
    ///
    /// let mut store = Store::new(&Engine::default(), ());
    /// store.prepare_stack()?;
    /// # Ok::<(), upshift::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::OutOfMemory).
    pub fn prepare_stack(&mut self) -> Result<()> {
        self.as_context_mut().state().prepare_stack().map(|_| ())
    }

    /// Overwrites what is free of the stack for wasm frames, up to so many slots of it, so that tests notice code that reads what it
    /// has not written; for tests of Upshift itself: not part of the stable interface.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::OutOfMemory).
    #[doc(hidden)]
    pub fn fill_stack(&mut self, word: u64, slots: usize) -> Result<()> {
        self.as_context_mut().state().fill_stack(word, slots)
    }

    /// The host's data; everything else is dropped.
    #[must_use]
    pub fn into_data(self) -> T {
        let inner = self.inner;
        std::mem::forget(self);
        // SAFETY: leaked by `new`; the destructor that would free it again does not run.
        let inner = unsafe { Box::from_raw(inner.as_ptr()) };
        inner.data
    }
}

impl<T: 'static> Drop for Store<T> {
    fn drop(&mut self) {
        // SAFETY: leaked by `new` and not freed by `into_data`, which forgets the store.
        drop(unsafe { Box::from_raw(self.inner.as_ptr()) });
    }
}

impl<T: Default + 'static> Default for Store<T> {
    fn default() -> Store<T> {
        Store::new(&Engine::default(), T::default())
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("data", self.data()).finish_non_exhaustive()
    }
}

impl<T: 'static> AsContext for Store<T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        // SAFETY: the store is borrowed, and its data is a `T`.
        unsafe { StoreContext::from_root(self.inner.cast()) }
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        // SAFETY: as above; it is borrowed uniquely.
        unsafe { StoreContextMut::from_root(self.inner.cast()) }
    }
}

contexts_from! {
    shared Store<T>;
    unique Store<T>;
}
