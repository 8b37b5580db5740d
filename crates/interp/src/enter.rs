//! From the host into wasm code and back.

use std::cell::Cell;

use upshift_core::Trap;
use upshift_core::vm::{EntryFrame, ExitPoint, FuncRec, Status, StoreCtx, frame};

use crate::dispatch::Dispatch;
use crate::handlers::counter;
#[cfg(native)]
use crate::native;
use crate::regs::{Flow, Regs};
use crate::stubs;

/// Runs a function; its arguments lie at `args` on the value stack, where its results are afterwards.
///
/// For the time of the activation the store's chain of entries has one more link. When the status is not
/// [`Status::OK`], [`StoreCtx::stopped`] says where the code stopped; the frames from there up to the entry are still
/// readable.
///
/// # Safety
/// `dispatch` is what [`Dispatch::effective`] returned. `store` and `func` are live and belong together, and so is everything that their fields lead to; `args` points into the
/// store's value stack, at or above all live frames; the arguments have the types of the function's parameters.
pub unsafe fn enter(
    dispatch: Dispatch,
    store: *mut StoreCtx,
    func: *const FuncRec,
    args: *mut u64,
) -> Status {
    // SAFETY: I-STORE: all that is entered lives. I-RESERVE: the stack has room for a header behind any frame.
    unsafe {
        let entry = EntryFrame { prev: (*store).entry, outer: (*store).exit, sp: Cell::new(0) };
        let code = (*func).code.get();
        let fp = args.add(frame::fp_offset((*func).param_slots.into()) as usize);
        if fp as usize + *code as usize > (*(*func).vmctx).stack_limit as usize {
            (*store).stopped = ExitPoint::NONE;
            return Status::trap(Trap::StackOverflow);
        }
        *fp.offset(frame::RETURN_IP) = stubs::exit() as u64;
        *fp.offset(frame::CALLER_FP) = 0;
        *fp.offset(frame::FUNC) = func as u64;
        *fp.offset(frame::CALLER_CTX) = 0;
        (*store).entry = &raw const entry;
        // This activation was not left yet.
        (*store).exit = ExitPoint::NONE;
        let ctx = (*func).vmctx;
        let mut regs = Regs {
            ctx,
            ip: code.add(1),
            fp,
            mem: std::ptr::null_mut(),
            len: 0,
            int: func as u64,
            f32: 0.0,
            f64: 0.0,
        };
        regs.reload_memory();
        let mut flow = counter::count(func);
        if flow == Flow::Hot {
            flow = counter::hot(&mut regs);
        }
        let status = match flow {
            Flow::Done(status) => status,
            _ => run(dispatch, regs),
        };
        (*store).stopped = (*store).exit;
        (*store).exit = entry.outer;
        (*store).entry = entry.prev;
        status
    }
}

/// Runs from the instruction at `r.ip` until the code leaves.
///
/// # Safety
/// As for [`enter`], whose [`EntryFrame`] is the store's innermost one.
#[inline(always)]
unsafe fn run(dispatch: Dispatch, r: Regs) -> Status {
    // SAFETY: I-REGS, promised by the caller.
    unsafe {
        match dispatch {
            #[cfg(loop_dispatch)]
            Dispatch::Loop => crate::dispatch::looping::run(r),
            // Native code may be anywhere behind the instruction.
            #[cfg(native)]
            Dispatch::Tail => native::arch::enter(r.ctx, r.ip, r.fp, r.mem, r.len, r.int, r.f32, r.f64),
            #[cfg(all(tail_calls, not(native)))]
            Dispatch::Tail => crate::dispatch::tail::run(r),
            #[cfg(not(all(loop_dispatch, tail_calls)))]
            _ => unreachable!("`Dispatch::effective` names no backend that is not there"),
        }
    }
}
