//! The counter of a function: how many calls and iterations of its loops there may be before the runtime is asked whether better
//! code is worth its price.
//!
//! Calls, back edges and landings of exceptions count down the [`FuncRec::counter`] of the function that they lead into, which belongs to one store,
//! so to one thread. When it falls below 0, control has already arrived: the function's frame is made, and `ip` is where to go
//! on. Whoever has better code goes on there instead; as long as nobody has any, the counter starts again.

use upshift_core::vm::{FuncRec, frame};

use crate::regs::{Flow, Regs};

/// The function of the running frame.
///
/// # Safety
/// As for [`Exec::exec`](super::Exec::exec).
#[inline(always)]
pub(crate) unsafe fn running(r: &Regs) -> *const FuncRec {
    // SAFETY: I-FRAME: entering the function wrote the header.
    unsafe { *r.fp.offset(frame::FUNC) as *const FuncRec }
}

/// Counts an arrival in a function; [`Flow::Hot`] if it was one more than there should be.
///
/// # Safety
/// `func` is live, and its frame the running one.
#[inline(always)]
pub(crate) unsafe fn count(func: *const FuncRec) -> Flow {
    // SAFETY: promised by the caller; records belong to stores, and only the thread that runs the store's code counts.
    unsafe {
        let func = func.cast_mut();
        let left = (*func).counter.wrapping_sub(1);
        (*func).counter = left;
        if left < 0 { Flow::Hot } else { Flow::Next }
    }
}

/// Goes on after a function became hot.
///
/// # Safety
/// As for [`Exec::exec`](super::Exec::exec), right after [`count`] in the same function.
pub(crate) unsafe fn restart(r: &mut Regs) -> Flow {
    // SAFETY: promised by the caller.
    unsafe { (*running(r).cast_mut()).counter = FuncRec::COUNTER_START };
    Flow::Next
}
