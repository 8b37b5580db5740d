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
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use anyhow::Result;
use upshift_core::index::FuncIndex;
use upshift_core::types::FuncType;
use upshift_core::vm::{ExitPoint, FuncRec, MemRecord, StoreCtx, VmCtx};

use crate::builtins::BUILTINS;
use crate::caller::Caller;
use crate::engine::Engine;
use crate::func::HostFunc;
use crate::global::GlobalData;
use crate::instance::InstanceData;
use crate::memory::LinearMemory;
use crate::stable::Stable;
use crate::stack::ValueStack;
use crate::table::TableData;
use crate::val::Val;

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

/// The part of a store that does not depend on the host's data.
#[repr(C)]
pub(crate) struct StoreState {
    /// First, so that its address is that of the state.
    pub(crate) ctx: StoreCtx,
    /// The address that all others derive from.
    root: NonNull<StoreState>,
    pub(crate) id: StoreId,
    pub(crate) engine: Engine,
    pub(crate) stack: Option<ValueStack>,
    pub(crate) pending: Option<Pending>,
    pub(crate) instances: Vec<Stable<InstanceData>>,
    pub(crate) memories: Vec<LinearMemory>,
    pub(crate) tables: Vec<TableData>,
    pub(crate) globals: Vec<GlobalData>,
    pub(crate) host_funcs: Vec<HostEntry>,
    /// Which entry of `host_funcs` a definition became, so that a linker used twice makes no second one.
    host_func_ids: HashMap<*const HostFunc, u32>,
    pub(crate) externs: Vec<Box<dyn Any + Send + Sync>>,
    /// The memory 0 of instances without memory.
    pub(crate) no_memory: Stable<MemRecord>,
    /// The context of host functions.
    pub(crate) host_ctx: Stable<VmCtx>,
    /// Values for calls that pass them in slices, kept between calls for its allocation.
    pub(crate) scratch: Vec<Val>,
}

#[repr(C)]
pub(crate) struct Inner<T> {
    state: StoreState,
    data: T,
}

/// Everything that instances own, and the host's data `T`.
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
    inner: NonNull<Inner<T>>,
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
        let no_memory = Stable::new(MemRecord { base: NonNull::<u8>::dangling().as_ptr(), len: 0 });
        let host_ctx = Stable::new(VmCtx {
            store: std::ptr::null_mut(),
            mem0: no_memory.as_ptr(),
            mems: NonNull::dangling().as_ptr(),
            tables: NonNull::dangling().as_ptr(),
            imported_funcs: NonNull::dangling().as_ptr(),
            imported_globals: NonNull::dangling().as_ptr(),
            gc_base: std::ptr::null_mut(),
            instance: std::ptr::null_mut(),
        });
        StoreState {
            ctx: StoreCtx {
                stack_limit: std::ptr::null_mut(),
                stack_top: std::ptr::null_mut(),
                builtins: &raw const BUILTINS,
                interrupt: AtomicU32::new(0),
                trap: 0,
                entry: std::ptr::null(),
                exit: ExitPoint::NONE,
                stopped: ExitPoint::NONE,
                native_limit: 0,
                gc_bump: 0,
                gc_limit: 0,
            },
            root: NonNull::dangling(),
            id: StoreId::new(),
            engine: engine.clone(),
            stack: None,
            pending: None,
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            host_funcs: Vec::new(),
            host_func_ids: HashMap::new(),
            externs: Vec::new(),
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

    /// The address that stays valid when references to the state end.
    pub(crate) fn root(&self) -> NonNull<StoreState> {
        self.root
    }

    /// The value stack's first slot, allocated if there is none yet.
    pub(crate) fn prepare_stack(&mut self) -> Result<()> {
        if self.stack.is_none() {
            let stack = ValueStack::new(self.engine.config().max_wasm_stack)?;
            self.ctx.stack_top = stack.base();
            self.ctx.stack_limit = stack.limit();
            self.stack = Some(stack);
        }
        Ok(())
    }

    /// Makes a host function callable in this store.
    ///
    /// # Panics
    /// When the function belongs to another engine, whose types have other numbers.
    pub(crate) fn add_host_func(&mut self, func: &Arc<HostFunc>) -> NonNull<FuncRec> {
        let id = *self.host_func_ids.entry(Arc::as_ptr(func)).or_insert_with(|| {
            let index = u32::try_from(self.host_funcs.len()).expect("memory ends before 2^32 host functions");
            let same = Engine::same(func.func_type().engine(), &self.engine);
            assert!(same, "host function used with a store of another engine");
            let rec = Stable::new(FuncRec {
                reg_entry: std::ptr::null(),
                code: upshift_interp::stubs::host_call(),
                vmctx: self.host_ctx.as_ptr(),
                ty: func.ty(),
                index,
                param_slots: func.func_type().core().param_slots(),
                result_slots: func.func_type().core().result_slots(),
            });
            self.host_funcs.push(HostEntry { rec, func: Arc::clone(func) });
            index
        });
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
            &instance.module.info().func_type(FuncIndex(func.index)).func
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

/// A shared borrow of a [`Store`].
pub struct StoreContext<'a, T: 'static> {
    inner: NonNull<Inner<T>>,
    borrows: PhantomData<&'a Inner<T>>,
}

/// A unique borrow of a [`Store`].
pub struct StoreContextMut<'a, T: 'static> {
    inner: NonNull<Inner<T>>,
    borrows: PhantomData<&'a mut Inner<T>>,
}

// SAFETY: a context is a borrow of the store.
unsafe impl<T: Sync> Send for StoreContext<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for StoreContext<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for StoreContextMut<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for StoreContextMut<'_, T> {}

impl<T: 'static> Clone for StoreContext<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Copy for StoreContext<'_, T> {}

impl<'a, T: 'static> StoreContext<'a, T> {
    /// The host's data.
    #[must_use]
    pub fn data(&self) -> &'a T {
        // SAFETY: the store is borrowed for `'a`, and no call runs meanwhile.
        unsafe { &(*self.inner.as_ptr()).data }
    }

    /// The engine that the store belongs to.
    #[must_use]
    pub fn engine(&self) -> &'a Engine {
        &self.state().engine
    }

    pub(crate) fn state(&self) -> &'a StoreState {
        // SAFETY: as in `data`.
        unsafe { &(*self.inner.as_ptr()).state }
    }
}

impl<'a, T: 'static> StoreContextMut<'a, T> {
    /// The context of a host call.
    ///
    /// # Safety
    /// `state` must be the root address of a store with data `T` that nobody else uses for `'a`.
    pub(crate) unsafe fn from_root(state: NonNull<StoreState>) -> StoreContextMut<'a, T> {
        StoreContextMut { inner: state.cast(), borrows: PhantomData }
    }

    /// The host's data.
    #[must_use]
    pub fn data(&self) -> &T {
        // SAFETY: the store is borrowed uniquely for `'a`, and no call runs while `self` is borrowed.
        unsafe { &(*self.inner.as_ptr()).data }
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        // SAFETY: as in `data`.
        unsafe { &mut (*self.inner.as_ptr()).data }
    }

    /// The engine that the store belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        // SAFETY: as in `data`.
        unsafe { &(*self.inner.as_ptr()).state.engine }
    }

    pub(crate) fn state(&mut self) -> &mut StoreState {
        // SAFETY: as in `data`.
        unsafe { &mut (*self.inner.as_ptr()).state }
    }

    pub(crate) fn root(&mut self) -> NonNull<StoreState> {
        self.inner.cast()
    }

    /// State and data for as long as the store is borrowed.
    pub(crate) fn split(self) -> (&'a mut StoreState, &'a mut T) {
        // SAFETY: the borrow of the store goes over into the two references, which do not overlap.
        unsafe { (&mut (*self.inner.as_ptr()).state, &mut (*self.inner.as_ptr()).data) }
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for StoreContext<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContext").field("data", self.data()).finish_non_exhaustive()
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for StoreContextMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContextMut").field("data", self.data()).finish_non_exhaustive()
    }
}

/// Everything that gives shared access to a store: [`Store`], contexts, [`Caller`], and references to them.
pub trait AsContext {
    /// The host's data.
    type Data: 'static;

    /// Borrows the store.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// Everything that gives unique access to a store.
pub trait AsContextMut: AsContext {
    /// Borrows the store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

impl<T: 'static> AsContext for Store<T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext { inner: self.inner, borrows: PhantomData }
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut { inner: self.inner, borrows: PhantomData }
    }
}

impl<T: 'static> AsContext for StoreContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        *self
    }
}

impl<T: 'static> AsContext for StoreContextMut<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext { inner: self.inner, borrows: PhantomData }
    }
}

impl<T: 'static> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut { inner: self.inner, borrows: PhantomData }
    }
}

impl<C: AsContext> AsContext for &'_ C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &'_ mut C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &'_ mut C {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

macro_rules! contexts_from {
    ($(shared $source:ty;)* $(unique $unique:ty;)*) => {
        $(
            impl<'a, T: 'static> From<&'a $source> for StoreContext<'a, T> {
                fn from(source: &'a $source) -> StoreContext<'a, T> {
                    source.as_context()
                }
            }

            impl<'a, T: 'static> From<&'a mut $source> for StoreContext<'a, T> {
                fn from(source: &'a mut $source) -> StoreContext<'a, T> {
                    (&*source).into()
                }
            }
        )*
        $(
            impl<'a, T: 'static> From<&'a mut $unique> for StoreContextMut<'a, T> {
                fn from(source: &'a mut $unique) -> StoreContextMut<'a, T> {
                    source.as_context_mut()
                }
            }
        )*
    };
}

contexts_from! {
    shared Store<T>;
    shared StoreContextMut<'_, T>;
    shared Caller<'_, T>;
    unique Store<T>;
    unique StoreContextMut<'_, T>;
    unique Caller<'_, T>;
}

impl<'a, T: 'static> From<StoreContextMut<'a, T>> for StoreContext<'a, T> {
    fn from(source: StoreContextMut<'a, T>) -> StoreContext<'a, T> {
        StoreContext { inner: source.inner, borrows: PhantomData }
    }
}
