//! The part of a store that knows nothing of the host's type of data: what the runtime works on.
//!
//! ```text
//! StoreState ─┬▶ StoreCtx, read and written by code
//!             ├▶ instances, memories, tables, globals, tags, objects, host functions: by numbers, which handles hold
//!             └▶ what waits while wasm frames unwind; whom the host wants to be asked
//! ```

use std::any::Any;
use std::cell::UnsafeCell;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use upshift_core::index::FuncIndex;
use upshift_core::types::FuncType;
use upshift_core::vm::{
    Builtins, Entry, ExitPoint, FuncRec, HostRec, Landing, MemRecord, MemoryMode, StoreCtx, VmCtx,
};
use upshift_translate::CodeOptions;

use crate::engine::Engine;
use crate::exceptions::{Places, TagData};
use crate::func::HostFunc;
use crate::gc::Gc;
use crate::global::GlobalData;
use crate::instance::InstanceData;
use crate::limits::ResourceLimiter;
use crate::memory::LinearMemory;
use crate::table::TableData;
use crate::tier::TierState;
use crate::val::Val;
use crate::vm::stable::Stable;
use crate::vm::tier::Tier;
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

/// What a callback of [`Store::epoch_deadline_callback`](crate::Store::epoch_deadline_callback) wants.
///
/// ```
/// use upshift::{Engine, Store, UpdateDeadline};
///
/// let mut store = Store::new(&Engine::default(), 100);
/// store.epoch_deadline_callback(|mut store| {
///     let patience: &mut u32 = store.data_mut();
///     *patience = patience.saturating_sub(1);
///     Ok(if *patience == 0 { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
/// });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UpdateDeadline {
    /// Go on for so many epochs.
    Continue(u64),
    /// Stop with [`Trap::Interrupt`](crate::Trap::Interrupt).
    Interrupt,
}

/// A callback for the end of an epoch, with the host's type of data taken away.
pub(crate) type OnDeadline = Box<dyn FnMut(NonNull<StoreState>) -> Result<UpdateDeadline> + Send + Sync>;

/// Finds the limiter in the host's data, whose type is taken away.
pub(crate) type FindLimiter =
    Box<dyn FnMut(NonNull<StoreState>) -> NonNull<dyn ResourceLimiter> + Send + Sync>;

/// A host function that a store can call.
pub(crate) struct HostEntry {
    pub(crate) rec: Stable<HostRec>,
    pub(crate) func: Arc<HostFunc>,
}

/// The part of a store that does not depend on the host's data.
#[repr(C)]
pub(crate) struct StoreState {
    /// What generated code reads and writes, see [`ctx`](Self::ctx). First, so that its address is that of the state.
    ctx: UnsafeCell<StoreCtx>,
    /// The address that all others derive from.
    pub(super) root: NonNull<StoreState>,
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
    /// What is known of places where exceptions were looked at.
    pub(crate) places: Places,
    pub(crate) gc: Gc,
    pub(crate) host_funcs: Vec<HostEntry>,
    /// How often one of them was called.
    pub(crate) host_calls: u64,
    /// What decides about the tiers of its functions.
    pub(crate) tier: TierState,
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

impl StoreState {
    /// An empty store, whose code calls the runtime by `builtins`.
    pub(super) fn new(engine: &Engine, builtins: &'static Builtins) -> StoreState {
        let nowhere = NonNull::<u8>::dangling().as_ptr();
        let no_memory = Stable::new(MemRecord::new(nowhere, 0, MemoryMode::Check));
        let host_ctx = Stable::new(VmCtx {
            store: std::ptr::null_mut(),
            mem0: no_memory.as_ptr(),
            mem0_base: std::ptr::null_mut(),
            stack_limit: std::ptr::null_mut(),
            builtins: &raw const *builtins,
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
                entered: [0; 3],
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
            places: Places::new(),
            gc: Gc::default(),
            host_funcs: Vec::new(),
            host_calls: 0,
            tier: TierState::new(engine.tiering(), engine.returns()),
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

    /// Notes that the running call of the host has entered a tier.
    #[inline]
    pub(crate) fn enter_tier(&mut self, tier: Tier) {
        self.ctx_mut().entered[tier as usize] = 1;
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

    /// Maps the value stack if that was not done yet; returns where frames have to end, which contexts repeat.
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

    /// Overwrites up to so many slots above all frames.
    pub(crate) fn fill_stack(&mut self, word: u64, slots: usize) -> Result<()> {
        let limit = self.prepare_stack()?;
        if let Some(stack) = &mut self.stack {
            stack.touch();
        }
        let top = self.ctx().stack_top;
        let free = limit.addr().saturating_sub(top.addr()) / size_of::<u64>();
        for slot in 0..slots.min(free) {
            // SAFETY: the slot lies between the top of all frames and the limit, and the store is borrowed uniquely.
            unsafe { top.add(slot).write(word) };
        }
        Ok(())
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
            let entry = Entry { code, counter: FuncRec::COUNTER_START, ..self.tier.start() };
            let rec = FuncRec::new(entry, ctx, func.ty(), func.func_type().core(), index);
            let rec = Stable::new(func.record(rec));
            self.host_funcs.push(HostEntry { rec, func: Arc::clone(func) });
            index
        });
        if id as usize == known {
            self.know_type(func.func_type().handle());
        }
        self.host_funcs[id as usize].rec.as_non_null().cast()
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
