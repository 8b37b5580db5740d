//! The loop backend: one `match` over the opcode, the registers in local variables.

use upshift_core::vm::{ExitPoint, Status};
use upshift_ir::Op;

use super::with_handlers;
use crate::handlers::{Exec, control, memory};
use crate::regs::{Flow, Regs};

macro_rules! define_step {
    ($($name:ident $text:tt [$($field:tt)*] $handler:ty;)*) => {
        /// Executes one instruction.
        #[inline(always)]
        unsafe fn step(op: Op, r: &mut Regs) -> Flow {
            // SAFETY: as for `Exec::exec`; the opcode says which handler it is.
            unsafe {
                match op {
                    $(Op::$name => <$handler as Exec>::exec(r),)*
                }
            }
        }
    };
}

with_handlers!(define_step);

/// Runs from the instruction at `r.ip` until the code leaves.
///
/// # Safety
/// As for [`Exec::exec`], for all code that is reached.
pub(crate) unsafe fn run(mut r: Regs) -> Status {
    loop {
        // SAFETY: verified code consists of opcodes of the table, and `ip` is at one of them.
        let flow = unsafe {
            let op = std::mem::transmute::<u16, Op>(r.opcode());
            step(op, &mut r)
        };
        if flow == Flow::Next {
            continue;
        }
        // SAFETY: as promised by the caller.
        let flow = unsafe {
            match flow {
                Flow::Bounds => memory::look_again(&mut r),
                Flow::Interrupt => control::interrupt(&mut r),
                _ => flow,
            }
        };
        match flow {
            Flow::Next | Flow::Bounds | Flow::Interrupt => {}
            Flow::Done(status) => return status,
            Flow::Trap(trap) => {
                // SAFETY: as promised by the caller.
                unsafe { (*r.store()).exit = ExitPoint { ip: r.ip, fp: r.fp, ctx: r.ctx } };
                return Status::trap(trap);
            }
        }
    }
}
