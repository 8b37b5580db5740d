//! The counter of a function: how many calls and loop iterations may still pass before the runtime is asked whether to tier up.
//!
//! Calls, back edges and landing pads of exceptions decrement the [`FuncRec::counter`] of the function that they lead into. It
//! belongs to one store, so to one thread. When it drops below 0, control has already arrived: the function's frame exists, and
//! `ip` is where execution continues. The runtime then restarts the counter, or says where better code continues.

use upshift_core::vm::{ExitPoint, FuncRec, Status, VmCtx, frame};

use super::call;
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
        let left = (*func).counter.get().wrapping_sub(1);
        (*func).counter.set(left);
        if left < 0 { Flow::Hot } else { Flow::Next }
    }
}

/// Goes on after a function became hot: where it was, after the runtime has given the counter a new start, or in better code.
///
/// What it leaves is the exit that is noted, so a trap needs nothing more.
///
/// # Safety
/// As for [`Exec::exec`](super::Exec::exec), right after [`count`] in the same function. No accumulator but the integer one is in
/// use, and that at the start of a function only.
pub(crate) unsafe fn hot(r: &mut Regs) -> Flow {
    // SAFETY: promised by the caller.
    unsafe { ask((*(*r.ctx).builtins).hot, r, 0) }
}

/// Goes on in native code that may as well go on elsewhere: with the word behind the one at `ip`, or where the runtime says.
///
/// # Safety
/// As for [`Exec::exec`](super::Exec::exec); behind the word at `ip`, which is no instruction, is one where code goes on.
#[cfg(native)]
pub(crate) unsafe fn choose(r: &mut Regs) -> Flow {
    // SAFETY: promised by the caller.
    unsafe { ask((*(*r.ctx).builtins).switch, r, 1) }
}

/// Asks the runtime where the running function goes on: so many words behind `ip`, or elsewhere.
#[inline(always)]
unsafe fn ask(
    service: unsafe extern "C" fn(*mut VmCtx, *const u64, *mut u64) -> Status,
    r: &mut Regs,
    words: usize,
) -> Flow {
    // SAFETY: promised by the caller; the store's context lives. The service leaves the values of slots and memories as they are.
    unsafe {
        (*r.store()).exit = ExitPoint::at(r.ip, r.fp, r.ctx);
        match service(r.ctx, r.ip, r.fp) {
            Status::OK => r.next(words),
            // The arrival was counted already.
            Status::LANDING => {
                call::go_to_landing(r);
                Flow::Next
            }
            status => Flow::Done(status),
        }
    }
}
