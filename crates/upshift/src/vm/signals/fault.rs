//! Whether a fault is a trap.
//!
//! In: where a thread faulted, at which address, and the context that its register has. Out: the address in the memory that the
//! instruction names, if it is native code's own and the address is in what that memory has set aside.

use upshift_core::vm::{MemoryMode, VmCtx};

use crate::vm::code;
use crate::vm::reservation::{GUARD, REACH};

/// The offset from the memory's base, if the fault is that of an access that the code may not have checked. Anything else is
/// a fault of the host, or of a compiler.
///
/// # Safety
/// `pc` is where a thread of this process stands, and if that is an instruction of native code for which there is a table of
/// faults, `ctx` is the context that the code has. So I-FAULT holds if `ctx` is what the register of contexts has.
pub(super) unsafe fn trap(pc: usize, address: usize, ctx: *const VmCtx) -> Option<u64> {
    // SAFETY: I-PUBLISHED: the thread stands in the code, so its set lives.
    let memory = unsafe { code::fault_at(pc) }?;
    // SAFETY: I-FAULT: the context is live, and has the memory. Its record may have any length meanwhile, but its base and mode
    // never change.
    let (base, mode) = unsafe {
        let record = VmCtx::memory(ctx, memory as usize);
        ((*record).base, (*record).mode)
    };
    let offset = address.wrapping_sub(base.addr()) as u64;
    (mode == MemoryMode::Guard && offset < REACH + GUARD).then_some(offset)
}
