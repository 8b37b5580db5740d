//! From a guest address to a host pointer, after the bounds check.
//!
//! ```text
//! memory, address + offset, width ─ length ─▶ the first byte; none where not all of them are in the memory
//! ```

use upshift_core::vm::{MemRecord, VmCtx};

use crate::regs::Regs;

/// The address of `bytes` bytes of memory 0, if they are known to be there.
#[inline(always)]
pub(super) fn in_memory0(r: &Regs, address: u64, offset: u64, bytes: usize) -> Option<*mut u8> {
    // Neither sum overflows: addresses of 32-bit memories and the offsets of these forms have 32 bits.
    let start = address + offset;
    (start + bytes as u64 <= r.len as u64).then(|| r.mem.wrapping_add(start as usize))
}

/// The address of `bytes` bytes of any memory, if they are there. The length of a memory that is not `SHARED` changes only
/// where code of its own thread says so, and is read without the care that others need.
///
/// # Safety
/// `r.ctx` is a live context with such a memory, which is not shared unless `SHARED` says that it may be.
#[inline(always)]
pub(super) unsafe fn in_memory<const SHARED: bool>(
    r: &Regs,
    memory: usize,
    address: u64,
    offset: u64,
    bytes: usize,
) -> Option<*mut u8> {
    // SAFETY: promised by the caller; the record of a memory lives as long as the store.
    let record: &MemRecord = unsafe { &*VmCtx::memory(r.ctx, memory) };
    let start = address.checked_add(offset)?;
    let end = start.checked_add(bytes as u64)?;
    // What is read late takes no register before.
    // SAFETY: nobody else writes to the length if the memory is not shared.
    let len = if SHARED { record.len() } else { unsafe { *record.len.as_ptr() } };
    (end <= len as u64).then(|| record.base.wrapping_add(start as usize))
}
