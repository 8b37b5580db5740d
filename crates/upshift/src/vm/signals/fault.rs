//! Whether a fault is a trap.
//!
//! In: where a thread faulted, at which address, and what its registers have. Out: the trap and what its text shows, the address that
//! the operator has been given, if the instruction is native code's own and it faulted in what its memory has set aside; or in
//! front of all objects, where null leads.

use upshift_core::Trap;
use upshift_core::types::layout::NULL_GUARD;
use upshift_core::vm::{MemoryMode, VmCtx};

use crate::vm::code::{self, Fault};
use crate::vm::reservation::{GUARD, REACH};

/// The trap and the operator's address, to which its offset is added, if the fault is that of an access that the code may not have checked.
/// Anything else is a fault of the host, or of a compiler.
///
/// # Safety
/// `pc` is where a thread of this process stands, and if that is an instruction of native code for which there is a table of
/// faults, `ctx` is the context that the code has. So I-FAULT holds if `ctx` is what the register of contexts has.
pub(super) unsafe fn trap(
    pc: usize,
    address: usize,
    ctx: *const VmCtx,
    register: impl FnOnce(u8) -> u64,
) -> Option<(Trap, u64)> {
    // SAFETY: I-PUBLISHED: the thread stands in the code, so its set lives.
    let access = unsafe { code::fault_at(pc) }?;
    if access.memory() == Fault::OBJECT {
        // SAFETY: I-FAULT: the context is live.
        let base = unsafe { (*ctx).gc_base };
        let null = address.wrapping_sub(base.addr()) < NULL_GUARD as usize;
        return null.then_some((Trap::NullReference, 0));
    }
    // SAFETY: I-FAULT: the context is live, and has the memory. Its record may have any length meanwhile, but its base and mode
    // never change.
    let (base, mode) = unsafe {
        let record = VmCtx::memory(ctx, access.memory() as usize);
        ((*record).base, (*record).mode)
    };
    let offset = address.wrapping_sub(base.addr()) as u64;
    let ours = mode == MemoryMode::Guard && offset < REACH + GUARD;
    // The fault may be in the middle of the access.
    let given = || match (access.address(), access.pointer()) {
        (Some(number), _) => register(number),
        (_, Some(number)) => register(number).wrapping_sub(base.addr() as u64),
        _ => offset,
    };
    ours.then(|| (Trap::MemoryOutOfBounds, given()))
}
