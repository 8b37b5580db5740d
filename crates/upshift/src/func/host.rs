//! Host functions: closures that read their arguments from slots and leave their results there.
//!
//! A [`HostFunc`] belongs to no store: a linker makes it once, and each store that needs it gets its own `FuncRec`. The
//! type of the host's data is inside the closure; whoever puts a function into a store sees to it that it is the store's.

use std::fmt;
use std::ptr::NonNull;

use anyhow::Result;
use upshift_core::TypeId;
use upshift_core::types as core;

use crate::caller::Caller;
use crate::context::StoreContextMut;
use crate::engine::Engine;
use crate::instance::InstanceData;
use crate::store::StoreState;
use crate::types::FuncType;
use crate::val::Val;

/// A call of a host function, as the interpreter makes it.
#[derive(Clone, Copy)]
pub(crate) struct HostCall {
    /// The root address of the store, which nobody else uses during the call.
    pub(crate) store: NonNull<StoreState>,
    /// The calling instance.
    pub(crate) instance: Option<NonNull<InstanceData>>,
    /// Arguments, and room for the results.
    pub(crate) slots: *mut u64,
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

/// Runs a call: reads the arguments, leaves the results.
type Run = dyn Fn(HostCall) -> Result<()> + Send + Sync;

/// A host function that belongs to no store yet.
pub struct HostFunc {
    ty: FuncType,
    run: Box<Run>,
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
        Ok(HostFunc { ty, run: Box::new(run) })
    }

    /// A host function that takes and returns [`Val`]s.
    pub(crate) fn with_values<T: 'static>(
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> HostFunc {
        let core = ty.core().clone();
        let run = move |call: HostCall| {
            // SAFETY: the slots hold arguments of the function's type and have room for its results, and the data's type is
            // the store's.
            unsafe {
                let mut values = arguments(call, &core);
                let (params, rest) = values.split_at_mut(core.params().len());
                let results = &mut rest[..core.results().len()];
                let outcome = match func(call.caller(), params, results) {
                    Ok(()) => leave(call, &core, results),
                    Err(error) => Err(error),
                };
                keep(call, values);
                outcome
            }
        };
        HostFunc { ty, run: Box::new(run) }
    }

    pub(crate) fn ty(&self) -> TypeId {
        self.ty.id()
    }

    pub(crate) fn func_type(&self) -> &FuncType {
        &self.ty
    }

    /// # Safety
    /// The slots must hold arguments of the function's type and have room for the results, and the store's data must be
    /// of the type that the function was made for.
    #[inline]
    pub(crate) unsafe fn run(&self, call: HostCall) -> Result<()> {
        (self.run)(call)
    }
}

impl fmt::Debug for HostFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFunc({})", self.ty)
    }
}

// What a function with values does around the closure knows nothing of its type, so it is compiled once, with all that it
// calls for numbers: a call of such a function has no call of ours for each value.

/// The arguments, and behind them what the closure finds in place of its results; what lies behind these means nothing.
///
/// The values are kept in the store, so that no call allocates; one that is nested in this one finds none and makes its own.
///
/// # Safety
/// The slots of the call must hold arguments of the type, and its store must be alive without any reference to it.
#[inline(never)]
unsafe fn arguments(call: HostCall, ty: &core::FuncType) -> Vec<Val> {
    // SAFETY: the caller's promise; slots lie in the order of the parameters.
    unsafe {
        let state = &mut *call.store.as_ptr();
        let mut values = std::mem::take(&mut state.scratch);
        let wanted = ty.params().len() + ty.results().len();
        if values.len() < wanted {
            values.resize(wanted, Val::I32(0));
        }
        let (params, results) = values.split_at_mut(ty.params().len());
        let mut slot = call.slots.cast_const();
        for (value, &ty) in params.iter_mut().zip(ty.params()) {
            *value = Val::read(state, ty, slot);
            slot = slot.add(ty.slots() as usize);
        }
        for (value, &ty) in results.iter_mut().zip(ty.results()) {
            // A reference that cannot be null has no default; whatever stands there is replaced, or refused by `leave`.
            *value = Val::default_of(ty).unwrap_or(Val::null_func_ref());
        }
        values
    }
}

/// Leaves the results when they are of the type.
///
/// # Errors
/// When one is not.
///
/// # Safety
/// The slots of the call must have room for the results, and its store must be alive without any reference to it.
#[inline(never)]
unsafe fn leave(call: HostCall, ty: &core::FuncType, results: &[Val]) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let state = call.store.as_ref();
        let mut slot = call.slots;
        for (value, &ty) in results.iter().zip(ty.results()) {
            if let Err(error) = value.check(state, ty) {
                return Err(error.context("function attempted to return an incompatible value"));
            }
            value.write(state, slot);
            slot = slot.add(ty.slots() as usize);
        }
    }
    Ok(())
}

/// Gives the store its values back.
///
/// # Safety
/// The store of the call must be alive without any reference to it.
#[inline]
unsafe fn keep(call: HostCall, values: Vec<Val>) {
    // SAFETY: the caller's promise.
    unsafe { (*call.store.as_ptr()).scratch = values };
}
