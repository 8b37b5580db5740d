//! Host functions: closures that read their arguments from slots and leave their results there.
//!
//! A [`HostFunc`] belongs to no store: a linker makes it once, and each store that needs it gets its own `FuncRec`. The
//! type of the host's data is inside the closure; whoever puts a function into a store sees to it that it is the store's.

use std::ffi::c_void;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::thread;

use anyhow::Result;
use upshift_core::TypeId;
use upshift_core::fuel::HOST_SLOTS_PER_UNIT;
use upshift_core::types as core;
use upshift_core::vm::{FuncRec, HostFn, HostRec, Status, VmCtx};

use crate::builtins::stop;
use crate::engine::Engine;
use crate::exceptions;
use crate::instance::InstanceData;
use crate::store::{Pending, StoreState};
use crate::types::FuncType;

/// A call of a host function, as code makes it.
#[derive(Clone, Copy)]
pub(crate) struct HostCall {
    /// The root address of the store, which nobody else uses during the call.
    pub(crate) store: NonNull<StoreState>,
    /// The calling instance.
    pub(crate) instance: Option<NonNull<InstanceData>>,
    /// Arguments, and room for the results.
    pub(crate) slots: *mut u64,
}

/// A host function that belongs to no store yet.
pub struct HostFunc {
    ty: FuncType,
    run: HostFn,
    /// What `run` needs.
    closure: Box<dyn Send + Sync>,
}

impl HostFunc {
    /// A host function of a type; `run` must read arguments and leave results of this type, and see the right kind of
    /// data in the stores that the function is put into.
    ///
    /// # Errors
    /// When the engine has no number left for the type.
    pub(super) fn new(
        engine: &Engine,
        ty: core::FuncType,
        run: impl Fn(HostCall) -> Result<()> + Send + Sync + 'static,
    ) -> Result<HostFunc> {
        let ty = FuncType::from_handle(engine, engine.types().intern_func(ty)?);
        Ok(HostFunc::of_type(ty, run))
    }

    /// The same with a type that has its number.
    pub(super) fn of_type<F>(ty: FuncType, closure: F) -> HostFunc
    where
        F: Fn(HostCall) -> Result<()> + Send + Sync + 'static,
    {
        HostFunc { ty, run: run::<F>, closure: Box::new(closure) }
    }

    pub(crate) fn ty(&self) -> TypeId {
        self.ty.id()
    }

    pub(crate) fn func_type(&self) -> &FuncType {
        &self.ty
    }

    /// What code calls, for as long as this lives; the record is that of the function in a store with the right kind of data.
    pub(crate) fn record(&self, func: FuncRec) -> HostRec {
        HostRec::new(func, self.run, (&raw const *self.closure).cast::<c_void>())
    }
}

/// Calls a host function. There is one for each closure, so that none is called through more pointers than this one.
///
/// # Safety
/// `host` must be a function of a live store whose code is being executed and whose exit is the function's caller, and its closure
/// an `F`; `slots` must hold arguments of its type and have room for its results, and `caller` be null or the context of an
/// instance of the store.
unsafe extern "C" fn run<F>(host: *const HostRec, slots: *mut u64, caller: *mut VmCtx) -> Status
where
    F: Fn(HostCall) -> Result<()>,
{
    // SAFETY: the caller's promise. Functions of a store stay until it is dropped, and with them their closures. Each reference to the
    // store ends before the closure runs.
    unsafe {
        let store = StoreState::from_ctx((*(*host).func.vmctx).store);
        let instance = NonNull::new(caller)
            .and_then(|ctx| NonNull::new((*ctx.as_ptr()).instance.cast::<InstanceData>()));
        let state = &mut *store.as_ptr();
        state.host_calls += 1;
        // What the host does on its own account is free.
        if state.code.fuel
            && instance.is_some()
            && let Err(status) = pay(store, &(*host).func)
        {
            return status;
        }
        let roots = (*store.as_ptr()).gc.roots.len();
        let closure = &*(*host).closure.cast::<F>();
        let outcome = catch_unwind(AssertUnwindSafe(|| closure(HostCall { store, instance, slots })));
        let status = match outcome {
            Ok(Ok(())) => Status::OK,
            failed => fail(store, failed),
        };
        // What goes on in an error has owners.
        (*store.as_ptr()).gc.roots.truncate(roots);
        status
    }
}

/// Takes fuel for a call.
///
/// # Errors
/// When there is not enough: what the call ends with.
///
/// # Safety
/// `store` must be the root address of a live store to which no reference is alive.
#[cold]
unsafe fn pay(store: NonNull<StoreState>, func: &FuncRec) -> Result<(), Status> {
    let slots = u64::from(func.param_slots) + u64::from(func.result_slots);
    // SAFETY: the caller's promise.
    let paid = unsafe { (*store.as_ptr()).charge(1 + slots / HOST_SLOTS_PER_UNIT) };
    paid.map_err(|trap| stop(store, Pending::Error(trap.into())))
}

/// The status for a closure that has failed.
///
/// # Safety
/// As for [`run`].
#[cold]
unsafe fn fail(store: NonNull<StoreState>, outcome: thread::Result<Result<()>>) -> Status {
    match outcome {
        Ok(Ok(())) => Status::OK,
        Ok(Err(error)) => {
            // SAFETY: the caller's promise.
            let rethrow = || unsafe { exceptions::rethrow_from_host(store, error) };
            catch_unwind(AssertUnwindSafe(rethrow)).unwrap_or_else(|panic| stop(store, Pending::Panic(panic)))
        }
        Err(panic) => stop(store, Pending::Panic(panic)),
    }
}

impl fmt::Debug for HostFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFunc({})", self.ty)
    }
}
