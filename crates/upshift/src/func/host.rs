//! Host functions: closures that read their arguments from slots and leave their results there.
//!
//! A [`HostFunc`] belongs to no store: a linker makes it once, and each store that needs it gets its own `FuncRec`. The
//! type of the host's data is inside the closure; whoever puts a function into a store sees to it that it is the store's.

use std::fmt;
use std::ptr::NonNull;

use anyhow::{Context, Result};
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
            // The values' allocation is kept in the store; a call that is nested in this one finds none and makes its
            // own.
            let mut values = with_state(call, |state| std::mem::take(&mut state.scratch));
            values.clear();
            // SAFETY: the slots hold arguments of the function's type, and the data's type is the store's.
            let outcome = unsafe { run_with_values(call, &core, &func, &mut values) };
            with_state(call, |state| state.scratch = values);
            outcome
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

/// A single access to the store of a call.
fn with_state<R>(call: HostCall, access: impl FnOnce(&mut StoreState) -> R) -> R {
    // SAFETY: the store is alive and no reference to it is, as between any two steps of a host call.
    access(unsafe { &mut *call.store.as_ptr() })
}

/// # Safety
/// As for [`HostFunc::run`].
unsafe fn run_with_values<T: 'static>(
    call: HostCall,
    ty: &core::FuncType,
    func: &impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>,
    values: &mut Vec<Val>,
) -> Result<()> {
    let mut slot = call.slots.cast_const();
    for &ty in ty.params() {
        // SAFETY: the arguments are of the function's type.
        unsafe {
            values.push(with_state(call, |state| Val::read(state, ty, slot)));
            slot = slot.add(ty.slots() as usize);
        }
    }
    // A reference that cannot be null has no default; whatever stands there is replaced or refused below.
    values.extend(ty.results().iter().map(|&ty| Val::default_of(ty).unwrap_or(Val::null_func_ref())));
    let (params, results) = values.split_at_mut(ty.params().len());
    // SAFETY: the caller's promise.
    func(unsafe { call.caller() }, params, results)?;
    let mut slot = call.slots;
    for (value, &ty) in results.iter().zip(ty.results()) {
        with_state(call, |state| value.check(state, ty))
            .context("function attempted to return an incompatible value")?;
        // SAFETY: there is room for the results.
        unsafe {
            with_state(call, |state| value.write(state, slot));
            slot = slot.add(ty.slots() as usize);
        }
    }
    Ok(())
}
