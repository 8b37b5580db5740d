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

use std::any::Any;
use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use upshift_core::index::FuncIndex;
use upshift_core::types::FuncType;
use upshift_core::vm::{ExitPoint, FuncRec, Landing, MemRecord, MemoryMode, StoreCtx, VmCtx};
use upshift_translate::CodeOptions;

use crate::builtins::BUILTINS;
use crate::context::AsContextMut;
use crate::engine::Engine;
use crate::exceptions::TagData;
use crate::func::HostFunc;
use crate::gc::Gc;
use crate::global::GlobalData;
use crate::instance::InstanceData;
use crate::limits::FindLimiter;
use crate::memory::LinearMemory;
use crate::metering::OnDeadline;
use crate::table::TableData;
use crate::val::Val;
use crate::vm::stable::Stable;
use crate::vm::tier::Entered;
use crate::vm::value_stack::ValueStack;

/// The number of a store, never used again in this process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct StoreId(NonZeroU64);

impl StoreId {
    fn new() -> StoreId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        StoreId(NonZeroU64::new(id).expect("2^64 stores cannot be made"))
    }
}

/// What stopped a host function; waits in the store while the interpreter unwinds.
pub(crate) enum Pending {
    Error(anyhow::Error),
    Panic(Box<dyn Any + Send>),
}

/// A host function that a store can call.
pub(crate) struct HostEntry {
    pub(crate) rec: Stable<FuncRec>,
    pub(crate) func: Arc<HostFunc>,
}

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

/// The part of a store that does not depend on the host's data.
#[repr(C)]
pub(crate) struct StoreState {
    /// What generated code reads and writes, see [`ctx`](Self::ctx). First, so that its address is that of the state.
    ctx: UnsafeCell<StoreCtx>,
    /// The address that all others derive from.
    root: NonNull<StoreState>,
    pub(crate) id: StoreId,
    pub(crate) engine: Engine,
    /// What code does besides the program's own work, as the engine says.
    pub(crate) code: CodeOptions,
    pub(crate) stack: Option<ValueStack>,
    /// The thread that the native stack's limit in the context belongs to.
    pub(crate) native_thread: usize,
    pub(crate) pending: Option<Pending>,
    pub(crate) instances: Vec<Stable<InstanceData>>,
    pub(crate) memories: Vec<LinearMemory>,
    pub(crate) tables: Vec<TableData>,
    pub(crate) globals: Vec<GlobalData>,
    pub(crate) tags: Vec<TagData>,
    pub(crate) gc: Gc,
    pub(crate) host_funcs: Vec<HostEntry>,
    /// How often one of them was called.
    pub(crate) host_calls: u64,
    /// Tiers that the outermost call has entered, or the last one that there was.
    pub(crate) entered: Entered,
    /// Which entry of `host_funcs` a definition became, so that a linker used twice makes no second one.
    host_func_ids: HashMap<*const HostFunc, u32>,
    /// What happens when an epoch's deadline has come; a trap if nothing is set.
    pub(crate) on_deadline: Option<OnDeadline>,
    /// Who decides about growth.
    pub(crate) limiter: Option<FindLimiter>,
    /// The memory 0 of instances without memory.
    pub(crate) no_memory: Stable<MemRecord>,
    /// The context of host functions.
    pub(crate) host_ctx: Stable<VmCtx>,
    /// Values for calls that pass them in slices, kept between calls for its allocation.
    pub(crate) scratch: Vec<Val>,
}

/// What a [`Store`] owns.
#[repr(C)]
pub(crate) struct Inner<T> {
    /// First, so that its address is that of the whole.
    pub(crate) state: StoreState,
    pub(crate) data: T,
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
        let inner = Box::new(Inner { state: StoreState::new(engine), data });
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

impl StoreState {
    fn new(engine: &Engine) -> StoreState {
        let nowhere = NonNull::<u8>::dangling().as_ptr();
        let no_memory = Stable::new(MemRecord::new(nowhere, 0, MemoryMode::Check));
        let host_ctx = Stable::new(VmCtx {
            store: std::ptr::null_mut(),
            mem0: no_memory.as_ptr(),
            mem0_base: std::ptr::null_mut(),
            stack_limit: std::ptr::null_mut(),
            builtins: &raw const BUILTINS,
            epoch: engine.epoch(),
            gc_base: std::ptr::null_mut(),
            instance: std::ptr::null_mut(),
        });
        StoreState {
            ctx: UnsafeCell::new(StoreCtx {
                stack_top: std::ptr::null_mut(),
                epoch_deadline: 0,
                fuel: 0,
                entry: std::ptr::null(),
                exit: ExitPoint::NONE,
                landing: Landing::NONE,
                stopped: ExitPoint::NONE,
                trap_operand: 0,
                native_limit: 0,
                gc_bump: 0,
                gc_limit: 0,
                displays: std::ptr::null(),
                types: std::ptr::null(),
                type_count: 0,
            }),
            root: NonNull::dangling(),
            id: StoreId::new(),
            engine: engine.clone(),
            code: engine.config().code,
            stack: None,
            native_thread: 0,
            pending: None,
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            gc: Gc::default(),
            host_funcs: Vec::new(),
            host_calls: 0,
            entered: Entered::default(),
            host_func_ids: HashMap::new(),
            on_deadline: None,
            limiter: None,
            no_memory,
            host_ctx,
            scratch: Vec::new(),
        }
    }

    /// The store that a context of generated code belongs to.
    ///
    /// # Safety
    /// `ctx` must be the context of a live store.
    pub(crate) unsafe fn from_ctx(ctx: *mut StoreCtx) -> NonNull<StoreState> {
        // SAFETY: every `StoreCtx` is the first field of a `StoreState`, and the address given out is that of the root.
        unsafe { NonNull::new_unchecked(ctx).cast() }
    }

    /// The part of the store that generated code reads and writes too, through addresses of its own.
    ///
    /// The invariant of all accesses is that *either code runs or the runtime*: code is left by a call and goes on when that
    /// returns, so a reference that is made and used between entering the runtime and leaving it meets no access of code. What
    /// is found here is valid until code runs again. A `&StoreState` may even be alive while code runs, as the cell says; a
    /// `&mut StoreState` may not, so what enters code has the root address, see [`ctx_of`](Self::ctx_of).
    #[inline]
    pub(crate) fn ctx(&self) -> &StoreCtx {
        // SAFETY: either code runs or the runtime, and that changes the context through `&mut self` or the root address only.
        unsafe { &*self.ctx.get() }
    }

    /// The same to be changed.
    #[inline]
    pub(crate) fn ctx_mut(&mut self) -> &mut StoreCtx {
        self.ctx.get_mut()
    }

    /// The address of the context, for accesses without a reference to the whole state.
    #[inline]
    pub(crate) fn ctx_of(root: NonNull<StoreState>) -> *mut StoreCtx {
        root.as_ptr().cast()
    }

    /// The address that stays valid when references to the state end.
    pub(crate) fn root(&self) -> NonNull<StoreState> {
        self.root
    }

    /// Maps the value stack if that was not done yet; answers where frames have to end, which contexts repeat.
    pub(crate) fn prepare_stack(&mut self) -> Result<*mut u64> {
        let stack = match &self.stack {
            Some(stack) => stack,
            None => {
                let stack = ValueStack::new(self.engine.pools(), self.engine.config().max_wasm_stack)?;
                self.ctx.get_mut().stack_top = stack.base();
                // SAFETY: the context lives as long as the store, and code that could read it needs a stack.
                unsafe { (*self.host_ctx.as_ptr()).stack_limit = stack.limit() };
                self.stack.insert(stack)
            }
        };
        Ok(stack.limit())
    }

    /// Makes a host function callable in this store.
    ///
    /// # Panics
    /// When the function belongs to another engine, whose types have other numbers.
    pub(crate) fn add_host_func(&mut self, func: &Arc<HostFunc>) -> NonNull<FuncRec> {
        let known = self.host_funcs.len();
        let id = *self.host_func_ids.entry(Arc::as_ptr(func)).or_insert_with(|| {
            let index = u32::try_from(self.host_funcs.len()).expect("memory ends before 2^32 host functions");
            let same = Engine::same(func.func_type().engine(), &self.engine);
            assert!(same, "host function used with a store of another engine");
            let (code, ctx) = (upshift_interp::stubs::host_call(), self.host_ctx.as_ptr());
            let rec = Stable::new(FuncRec::new(code, ctx, func.ty(), func.func_type().core(), index));
            self.host_funcs.push(HostEntry { rec, func: Arc::clone(func) });
            index
        });
        if id as usize == known {
            self.know_type(func.func_type().handle());
        }
        self.host_funcs[id as usize].rec.as_non_null()
    }

    /// The type of one of this store's functions.
    ///
    /// # Safety
    /// `func` must be a function of this store.
    pub(crate) unsafe fn func_type(&self, func: NonNull<FuncRec>) -> &Arc<FuncType> {
        // SAFETY: the caller's promise; a function's context is either that of host functions or has an instance.
        unsafe {
            let func = &*func.as_ptr();
            if func.vmctx == self.host_ctx.as_ptr() {
                return self.host_funcs[func.index as usize].func.func_type().core();
            }
            let instance = &*(*func.vmctx).instance.cast::<InstanceData>();
            instance.module.info().func_type(FuncIndex(func.index)).func()
        }
    }

    /// Makes sure that a handle belongs to this store.
    ///
    /// # Panics
    /// When it does not.
    #[inline]
    pub(crate) fn check(&self, id: StoreId) {
        if self.id != id {
            wrong_store();
        }
    }
}

#[cold]
fn wrong_store() -> ! {
    panic!("object used with the wrong store: it was created in another one");
}
