//! The loop backend: one `match` over the opcode, the registers in local variables.

use upshift_core::vm::{ExitPoint, Status};
use upshift_ir::Op;

use super::with_handlers;
use crate::handlers::{Exec, call, control, counter, gc, memory};
use crate::regs::{Flow, Regs};

macro_rules! define_step {
    ($($name:ident $text:tt [$($field:tt)*] $handler:ty;)*) => {
        /// Executes one instruction.
        #[cfg(optimised)]
        #[inline(always)]
        unsafe fn step(op: Op, r: &mut Regs) -> Flow {
            // SAFETY: I-REGS, as for `Exec::exec`; the opcode says which handler it is.
            unsafe {
                match op {
                    $(Op::$name => <$handler as Exec>::exec(r),)*
                }
            }
        }

        /// Executes one instruction. Without optimisation every handler in one function would have its own part of that
        /// function's frame, half a megabyte in all, at each level of calls from the host.
        #[cfg(not(optimised))]
        unsafe fn step(op: Op, r: &mut Regs) -> Flow {
            const STEPS: &[unsafe fn(&mut Regs) -> Flow] = &[$(one::<$handler>,)*];
            // SAFETY: I-REGS, as for `Exec::exec`; the table is in the order of the opcodes.
            unsafe { STEPS[op as usize](r) }
        }
    };
}

#[cfg(not(optimised))]
unsafe fn one<E: Exec>(r: &mut Regs) -> Flow {
    // SAFETY: I-REGS, as for `Exec::exec`.
    unsafe { E::exec(r) }
}

with_handlers!(define_step);

/// Runs from the instruction at `r.ip` until the code leaves.
///
/// # Safety
/// As for [`Exec::exec`], for all code that is reached.
pub(crate) unsafe fn run(mut r: Regs) -> Status {
    loop {
        // SAFETY: I-CODE: verified code consists of opcodes of the table, and `ip` is at one of them.
        let flow = unsafe {
            let op = std::mem::transmute::<u16, Op>(r.opcode());
            step(op, &mut r)
        };
        if flow == Flow::Next {
            continue;
        }
        // SAFETY: I-REGS: the state is that of verified code.
        let flow = unsafe {
            let flow = if flow == Flow::Foreign { call::call_foreign(&mut r) } else { flow };
            match flow {
                Flow::Bounds => memory::look_again(&mut r),
                Flow::Interrupt => control::interrupt(&mut r),
                Flow::Collect => gc::make_room(&mut r),
                Flow::Hot => counter::hot(&mut r),
                _ => flow,
            }
        };
        match flow {
            Flow::Next | Flow::Bounds | Flow::Interrupt | Flow::Collect | Flow::Foreign | Flow::Hot => {}
            Flow::Done(status) => return status,
            Flow::Trap(trap) => {
                // SAFETY: I-STORE: the context of running code lives.
                unsafe {
                    (*r.store()).exit = ExitPoint::at(r.ip, r.fp, r.ctx);
                    (*r.store()).trap_operand = r.int;
                }
                return Status::trap(trap);
            }
        }
    }
}
