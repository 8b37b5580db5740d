//! The value stack of a store: one block of slots that all wasm frames lie on.
//!
//! It is mapped when the store's first call comes. The operating system provides its pages as they are used, so a stack
//! that is never used deeply costs little, whatever its size.

use upshift_core::vm::STACK_RESERVE;

use crate::memory::mmap::Mapping;
use crate::out_of_memory::OutOfMemory;

/// A block of slots.
pub(crate) struct ValueStack {
    mapping: Mapping,
    /// Slots in front of the reserve.
    slots: usize,
}

impl ValueStack {
    /// A stack with room for frames of `bytes` bytes, rounded down to whole slots, and the reserve behind them.
    pub(crate) fn new(bytes: usize) -> Result<ValueStack, OutOfMemory> {
        let slots = bytes / size_of::<u64>();
        let mut mapping = Mapping::default();
        mapping
            .grow(slots.saturating_add(STACK_RESERVE).saturating_mul(size_of::<u64>()))
            .map_err(OutOfMemory::of("the stack of a store", bytes))?;
        mapping.prefer_small_pages();
        Ok(ValueStack { mapping, slots })
    }

    /// The first slot.
    pub(crate) fn base(&self) -> *mut u64 {
        self.mapping.base().cast()
    }

    /// Where frames have to end.
    pub(crate) fn limit(&self) -> *mut u64 {
        self.base().wrapping_add(self.slots)
    }
}
