//! The tail-call backend: each handler is a function that ends in a jump to the next one, whose address is in the code.
//!
//! The convention passes six integers and two floats in registers, so the whole state stays in registers. Slow paths leave
//! through a cold function with the same arguments, again by a jump, so handlers need no stack frame. That depends on the
//! compiler turning the calls at their ends into jumps when it optimises: `build.rs` knows when it does, [`check`] makes sure
//! before the first use, and a test inspects the machine code.

use upshift_core::Trap;
use upshift_core::vm::{ExitPoint, Status, VmCtx};
use upshift_ir::Op;

use super::{check, with_handlers};
use crate::handlers::{Exec, call, control, counter, gc, memory};
use crate::regs::{Flow, Regs};

/// Gives functions the platform's C convention by the name that guarantees it: six integers and two floats in registers.
macro_rules! abi {
    (@as $abi:literal $(#[$attr:meta])* $vis:vis type $name:ident = fn($($arg:ty),*) -> $out:ty;) => {
        $(#[$attr])*
        $vis type $name = unsafe extern $abi fn($($arg),*) -> $out;
    };
    (@as $abi:literal $(#[$attr:meta])* fn $name:ident<$g:ident: $b:ident>($($arg:ident: $t:ty),* $(,)?) -> $out:ty $body:block) => {
        $(#[$attr])*
        unsafe extern $abi fn $name<$g: $b>($($arg: $t),*) -> $out $body
    };
    (@as $abi:literal $(#[$attr:meta])* $vis:vis fn $name:ident($($arg:ident: $t:ty),* $(,)?) -> $out:ty $body:block) => {
        $(#[$attr])*
        $vis unsafe extern $abi fn $name($($arg: $t),*) -> $out $body
    };
    ($($item:tt)*) => {
        #[cfg(target_arch = "x86_64")]
        abi! { @as "sysv64" $($item)* }
        #[cfg(not(target_arch = "x86_64"))]
        abi! { @as "C" $($item)* }
    };
}

abi! {
    /// A handler as a function.
    pub(crate) type Handler = fn(*mut VmCtx, *const u64, *mut u64, *mut u8, usize, u64, f32, f64) -> Status;
}

#[cfg(native)]
pub(crate) use abi;

/// Continues with a handler: a jump, because it is the last thing that a handler does.
macro_rules! jump {
    ($handler:expr, $r:expr) => {
        ($handler)($r.ctx, $r.ip, $r.fp, $r.mem, $r.len, $r.int, $r.f32, $r.f64)
    };
}

#[cfg(native)]
pub(crate) use jump;

/// The handler of the instruction at `ip`.
macro_rules! next {
    ($r:expr) => {
        *$r.ip.cast::<Handler>()
    };
}

#[cfg(native)]
pub(crate) use next;

/// Goes on after the runtime was asked for something.
macro_rules! after {
    ($flow:expr, $r:ident) => {
        match $flow {
            Flow::Done(status) => status,
            Flow::Trap(trap) => {
                $r.int = u64::from(trap as u8);
                jump!(trap_at, $r)
            }
            Flow::Next | Flow::Bounds | Flow::Interrupt | Flow::Collect | Flow::Foreign | Flow::Hot => {
                jump!(next!($r), $r)
            }
        }
    };
}

#[cfg(native)]
pub(crate) use after;

abi! {
    fn handler<E: Exec>(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-REGS, as for `Exec::exec`; I-CODE: the code is linked, so each instruction begins with its handler.
        unsafe {
            match E::exec(&mut r) {
                Flow::Next => jump!(next!(r), r),
                Flow::Bounds => jump!(bounds, r),
                Flow::Interrupt => jump!(interrupt, r),
                Flow::Collect => jump!(collect, r),
                Flow::Foreign => jump!(foreign, r),
                Flow::Hot => jump!(hot, r),
                Flow::Trap(trap) => {
                    r.int = u64::from(trap as u8);
                    jump!(trap_at, r)
                }
                Flow::Done(status) => status,
            }
        }
    }
}

abi! {
    /// Stops with the trap whose number is in the accumulator.
    #[cold]
    #[inline(never)]
    pub(crate) fn trap_at(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, _mem: *mut u8, _len: usize, int: u64, _f32: f32, _f64: f64,
    ) -> Status {
        // SAFETY: the context of running code lives.
        unsafe { (*(*ctx).store).exit = ExitPoint::at(ip, fp, ctx) };
        Status::trap(Trap::from_u8(int as u8).unwrap_or(Trap::UnreachableCodeReached))
    }
}

abi! {
    #[cold]
    #[inline(never)]
    fn bounds(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-STORE: the context of running code lives. I-CODE: the code is linked, so each instruction begins with its handler.
        unsafe {
            if memory::look_again(&mut r) == Flow::Next {
                jump!(next!(r), r)
            } else {
                // The address may have been there.
                (*r.store()).trap_operand = r.int;
                r.int = u64::from(Trap::MemoryOutOfBounds as u8);
                jump!(trap_at, r)
            }
        }
    }
}

abi! {
    #[cold]
    #[inline(never)]
    fn interrupt(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-STORE: the context of running code lives. I-CODE: the code is linked, so each instruction begins with its handler.
        unsafe {
            after!(control::interrupt(&mut r), r)
        }
    }
}

abi! {
    #[cold]
    #[inline(never)]
    fn collect(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-STORE: the context of running code lives. I-CODE: the code is linked, so each instruction begins with its handler.
        unsafe {
            after!(gc::make_room(&mut r), r)
        }
    }
}

abi! {
    /// Not cold: programs of several modules live of such calls.
    #[inline(never)]
    fn foreign(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: I-REGS: the state is that of a call. I-CODE: the code is linked, so each instruction begins with its handler.
        unsafe {
            match call::call_foreign(&mut r) {
                Flow::Hot => jump!(hot, r),
                flow => after!(flow, r),
            }
        }
    }
}

abi! {
    #[cold]
    #[inline(never)]
    pub(crate) fn hot(
        ctx: *mut VmCtx, ip: *const u64, fp: *mut u64, mem: *mut u8, len: usize, int: u64, f32: f32, f64: f64,
    ) -> Status {
        let mut r = Regs { ctx, ip, fp, mem, len, int, f32, f64 };
        // SAFETY: the context of running code lives; the code is linked, so each instruction begins with its handler.
        unsafe {
            after!(counter::hot(&mut r), r)
        }
    }
}

macro_rules! define_handlers {
    ($($name:ident $text:tt [$($field:tt)*] $handler:ty;)*) => {
        /// The handler of an opcode.
        pub(crate) const fn handler_of(op: Op) -> Handler {
            match op {
                $(Op::$name => handler::<$handler>,)*
            }
        }
    };
}

with_handlers!(define_handlers);

abi! {
    /// Stands in the place of a handler at the end of code that [`check`] has made, and tells where the native stack is.
    fn probe(
        _ctx: *mut VmCtx, _ip: *const u64, fp: *mut u64, _mem: *mut u8, _len: usize, _int: u64, _f32: f32, _f64: f64,
    ) -> Status {
        check::note(fp, stack_pointer());
        Status::OK
    }
}

/// The stack pointer. The address of a local would not do: instrumentation may keep locals elsewhere.
#[inline(always)]
fn stack_pointer() -> usize {
    let at: usize;
    // SAFETY: it copies one register into another.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        std::arch::asm!("mov {}, rsp", out(reg) at, options(nomem, nostack, preserves_flags));
        #[cfg(target_arch = "aarch64")]
        std::arch::asm!("mov {}, sp", out(reg) at, options(nomem, nostack, preserves_flags));
    }
    at
}

/// What ends the code of [`check`].
pub(super) fn stack_probe() -> Handler {
    probe
}

/// Runs from the instruction at `r.ip` until the code leaves.
///
/// # Safety
/// As for [`Exec::exec`], for all code that is reached.
pub(crate) unsafe fn run(r: Regs) -> Status {
    // SAFETY: I-REGS; I-CODE: the code is linked.
    unsafe { jump!(next!(r), r) }
}
