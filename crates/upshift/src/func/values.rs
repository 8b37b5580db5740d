//! Functions with types known at run time: arguments and results are [`Val`]s.
//!
//! ```text
//! Func::call ─ check ─▶ slots ─▶ invoke ─▶ slots ─▶ values
//! HostFunc::with_values: slots ─▶ values ─▶ the closure ─▶ values ─ check ─▶ slots
//! ```

use std::ptr::NonNull;
use std::sync::Arc;

use anyhow::{Result, bail};
use upshift_core::types as core;

use super::{Func, HostCall, HostFunc, invoke};
use crate::caller::Caller;
use crate::context::AsContextMut;
use crate::store::StoreState;
use crate::types::FuncType;
use crate::val::Val;

impl Func {
    /// A host function of a type that is known only at run time.
    ///
    /// The closure finds a zero or null of the right type in each result and must leave a value of the right type there. An
    /// error stops the wasm code that made the call, and so does a wrong value.
    ///
    /// # Panics
    /// When the type belongs to another engine.
    ///
    /// ```
    /// use upshift::{Engine, Func, FuncType, Store, Val, ValType};
    ///
    /// let engine = Engine::default();
    /// let mut store = Store::new(&engine, ());
    /// let ty = FuncType::new(&engine, [ValType::I32, ValType::I32], [ValType::I64]);
    /// let widening_add = Func::new(&mut store, ty, |_, params, results| {
    ///     let sum = params.iter().map(|value| i64::from(value.unwrap_i32())).sum();
    ///     results[0] = Val::I64(sum);
    ///     Ok(())
    /// });
    /// let widening_add = widening_add.typed::<(i32, i32), i64>(&store)?;
    /// assert_eq!(widening_add.call(&mut store, (i32::MAX, 1))?, 1 << 31);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        let func = Arc::new(HostFunc::with_values(ty, func));
        Func::of_host(store.as_context_mut().state(), &func)
    }

    /// Calls the function with arguments that are checked now.
    ///
    /// # Errors
    /// When number or types of the arguments or the number of results are wrong; and what the function ends with: a
    /// [`Trap`](crate::Trap), or an error that a host function returned. Context of both is a
    /// [`WasmBacktrace`](crate::WasmBacktrace).
    ///
    /// # Panics
    /// When the function belongs to another store; and with the panic of a host function that was called.
    pub fn call(&self, mut store: impl AsContextMut, params: &[Val], results: &mut [Val]) -> Result<()> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let ty = NonNull::from(&**self.core_type(state));
        // SAFETY: the store keeps the type of each of its functions as long as it lives: in the host function or in the module
        // of the instance, of which it lets none go.
        let ty = unsafe { ty.as_ref() };
        check_args(state, ty, params, results.len())?;
        let (rec, root) = (self.rec, store.root());
        let slots = ty.param_slots().max(ty.result_slots());
        // SAFETY: the function belongs to the store, the arguments are of its type and in the store, and the contexts's
        // borrow lasts as long as the call.
        unsafe {
            invoke(
                root,
                rec,
                slots,
                |mut slot| {
                    for value in params {
                        value.write(&*root.as_ptr(), slot);
                        slot = slot.add(if matches!(value, Val::V128(_)) { 2 } else { 1 });
                    }
                },
                |mut slot| {
                    for (result, &ty) in results.iter_mut().zip(ty.results()) {
                        *result = Val::read(&*root.as_ptr(), ty, slot);
                        slot = slot.add(ty.slots() as usize);
                    }
                },
            )
        }
    }
}

fn check_args(store: &StoreState, ty: &core::FuncType, params: &[Val], results: usize) -> Result<()> {
    if params.len() != ty.params().len() {
        bail!("expected {} arguments, got {}", ty.params().len(), params.len());
    }
    if results != ty.results().len() {
        bail!("expected {} results, got {results}", ty.results().len());
    }
    for (i, (value, &ty)) in params.iter().zip(ty.params()).enumerate() {
        if let Err(error) = value.check(store, ty) {
            return Err(error.context(format!("argument {i}")));
        }
    }
    Ok(())
}

impl HostFunc {
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
        HostFunc::of_type(ty, run)
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
