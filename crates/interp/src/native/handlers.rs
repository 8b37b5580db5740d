//! What the stubs need of the interpreter: functions with the arguments of handlers, which are reached by jumps and go on by
//! jumps, so that the native stack stays where it is.

use upshift_core::Trap;
use upshift_core::vm::{FuncRec, Status, VmCtx};

use crate::dispatch::tail::{Handler, abi, after, hot, jump, next, trap_at};
use crate::frame::caller_of;
use crate::handlers::{call, counter};
use crate::regs::{Flow, Regs};
use crate::stubs;

abi! {
    /// Goes on in a function that native code of the same instance has called: `int` is its record, `fp` its frame, whose header
    /// is written. `ip`, `mem` and `len` are not given.
    pub(super) fn arrive(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-STORE: the context of running code lives. I-NATIVE: the function belongs to the running instance, its header is
        // written.
        unsafe {
            // What has no code yet may get that of another tier: the runtime notes which.
            let func = int as *const FuncRec;
            if (*func).code.get() != stubs::translate() {
                (*(*ctx).store).entered[0] = 1;
            }
            match call::arrive(&mut r) {
                Flow::Done(status) => status,
                Flow::Hot => jump!(hot, r),
                _ => jump!(next!(r), r),
            }
        }
    }
}

/// Notes as the exit where the function was called whose header is written at `fp`, by a function of `ctx`.
///
/// # Safety
/// I-STORE: the context of running code lives. I-NATIVE: the header is written.
pub(super) unsafe extern "C" fn note_caller(fp: *const u64, ctx: *mut VmCtx) {
    // SAFETY: the caller's promise.
    unsafe { (*(*ctx).store).exit = caller_of(fp, ctx) };
}

abi! {
    /// Ends a call of a function of the host that has failed, with the status in `int`: goes on where an exception was caught, or stops.
    #[cold]
    pub(super) fn land(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-STORE: the context of running code lives. I-CODE: the landing is in linked code.
        unsafe {
            match call::land(&mut r, Status(int as u32)) {
                Flow::Done(status) => status,
                // The exit is noted.
                Flow::Trap(trap) => Status::trap(trap),
                Flow::Hot => jump!(hot, r),
                _ => jump!(next!(r), r),
            }
        }
    }
}

abi! {
    /// Stops because the function whose header is written at `fp` has no room for its frame; that belongs to its caller.
    #[cold]
    pub(super) fn overflow(
        ctx: *mut VmCtx, _ip: *const u64, fp: *mut u64, _mem: *mut u8, _len: usize, _int: u64, _f32: f32, _f64: f64,
    ) -> Status {
        // SAFETY: I-STORE: the context of running code lives. I-NATIVE: the header is written.
        unsafe { (*(*ctx).store).exit = caller_of(fp, ctx) };
        Status::trap(Trap::StackOverflow)
    }
}

abi! {
    /// Asks the runtime whether to go on with the word behind the one at `ip`, or in other code.
    pub(super) fn choose(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-NATIVE: only native code leads here, from words of its own, the second of which is where it goes on.
        unsafe { after!(counter::choose(&mut r), r) }
    }
}
