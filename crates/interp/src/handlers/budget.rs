//! The budget of a function: how many calls and iterations of its loops there may be before the runtime is asked whether
//! better code is worth its price.
//!
//! Calls, back edges and exceptions that are caught count down the [`FuncRec::counter`] of the function that they lead into,
//! which belongs to one store, so to one thread. When nothing is left, control has already arrived: the function's frame is made, and `ip` is where to go
//! on. Whoever finds better code goes on there instead; so far nobody looks for any, and the budget is renewed.

use upshift_core::vm::{FuncRec, frame};

use crate::regs::{Flow, Regs};

/// The function of the running frame.
///
/// # Safety
/// As for [`Exec::exec`](super::Exec::exec).
#[inline(always)]
pub(crate) unsafe fn running(r: &Regs) -> *const FuncRec {
    // SAFETY: entering the function wrote the header.
    unsafe { *r.fp.offset(frame::FUNC) as *const FuncRec }
}

/// Takes one from a function's budget; [`Flow::Spent`] if there was none left.
///
/// # Safety
/// `func` is live, and its frame the running one.
#[inline(always)]
pub(crate) unsafe fn spend(func: *const FuncRec) -> Flow {
    // SAFETY: promised by the caller; records belong to stores, and only the thread that runs the store's code counts.
    unsafe {
        let func = func.cast_mut();
        let left = (*func).counter.wrapping_sub(1);
        (*func).counter = left;
        if left < 0 { Flow::Spent } else { Flow::Next }
    }
}

/// Goes on after a budget was spent.
///
/// # Safety
/// As for [`Exec::exec`](super::Exec::exec), right after [`spend`].
pub(crate) unsafe fn renew(r: &mut Regs) -> Flow {
    // SAFETY: promised by the caller.
    unsafe { (*running(r).cast_mut()).counter = FuncRec::COUNTER_START };
    Flow::Next
}
