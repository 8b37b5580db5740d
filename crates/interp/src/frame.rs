//! Walks the frames that the interpreter makes on the value stack: from one frame to the one below.
//!
//! Two return addresses are special: the *exit stub* marks the bottom of an activation, the *restore stub* a caller in another
//! instance.

use upshift_core::vm::{ExitPoint, VmCtx, frame};

use crate::stubs;

/// Where the function was called whose frame is at `fp`; [`ExitPoint::NONE`] if that was the host.
///
/// `ctx` is the caller's context if both belong to the same instance.
///
/// # Safety
/// `fp` must be a live frame.
#[inline]
#[must_use]
pub unsafe fn caller_of(fp: *const u64, ctx: *mut VmCtx) -> ExitPoint {
    // SAFETY: the slots of headers and restore records hold addresses.
    let read = |slot: *const u64| -> *mut u64 { unsafe { *slot as *mut u64 } };
    let (ip, caller_fp) =
        (read(fp.wrapping_offset(frame::RETURN_IP)), read(fp.wrapping_offset(frame::CALLER_FP)));
    let caller = if std::ptr::eq(ip, stubs::restore()) {
        let (record, at) = (caller_fp, |base: *const u64, slot: u32| read(base.wrapping_add(slot as usize)));
        ExitPoint::after(
            at(record, frame::RESTORE_IP),
            at(record, frame::RESTORE_FP),
            at(record, frame::RESTORE_CTX).cast(),
        )
    } else {
        ExitPoint::after(ip, caller_fp, ctx)
    };
    if caller.pc == stubs::exit().addr() { ExitPoint::NONE } else { caller }
}
