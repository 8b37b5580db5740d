//! Calls with arguments in registers of functions whose code wants them in slots.
//!
//! ```text
//! first such call of a function ─ stub ─▶ spread ─┬▶ arguments in their slots
//!                                                 └▶ FuncRec::reg_entry: an adaptor for its signature, for calls to come
//! ```

use std::ptr::NonNull;

use upshift_core::vm::registers::ArgRegisters;
use upshift_core::vm::{FuncRec, frame};

use crate::store::StoreState;

/// Puts arguments that registers brought into the slots of the parameters of a function whose frame is at `fp`.
///
/// # Safety
/// The function belongs to the store, and the slots of its parameters and its header are in front of `fp`.
pub(crate) unsafe fn spread(state: &StoreState, func: &FuncRec, registers: &ArgRegisters, fp: *mut u64) {
    let params = frame::fp_offset(func.param_slots.into()) as usize;
    // SAFETY: the caller's promise.
    unsafe {
        let ty = state.func_type(NonNull::from(func));
        registers.spread(ty.params(), fp.sub(params));
        if let Some(adaptor) = state.engine.adaptors().get(ty.params()) {
            func.reg_entry.set(adaptor);
        }
    }
}
