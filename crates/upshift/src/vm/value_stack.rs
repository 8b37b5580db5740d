//! The value stack of a store: one block of slots that all wasm frames lie on.
//!
//! It is mapped when the store's first instance is made, or its first call comes. The operating system provides its pages as they
//! are used, so a stack that is never used deeply costs little, whatever its size. The engine keeps some for the next stores,
//! cleared.

use std::sync::Arc;

use upshift_core::vm::STACK_RESERVE;

use crate::vm::out_of_memory::OutOfMemory;
use crate::vm::pool::{Pooled, Pools, Use};

/// A block of slots.
pub(crate) struct ValueStack {
    mapping: Pooled,
    /// Slots in front of the reserve.
    slots: usize,
}

impl ValueStack {
    /// A stack with room for frames of `bytes` bytes, rounded down to whole slots, and the reserve behind them.
    pub(crate) fn new(pools: &Arc<Pools>, bytes: usize) -> Result<ValueStack, OutOfMemory> {
        let slots = bytes / size_of::<u64>();
        let all = slots.saturating_add(STACK_RESERVE).saturating_mul(size_of::<u64>());
        let mut mapping = Pooled::movable(pools, Use::Stack, all)
            .map_err(OutOfMemory::of("the stack of a store", bytes))?;
        mapping.prefer_small_pages();
        mapping.set_untouched(true);
        Ok(ValueStack { mapping, slots })
    }

    /// There is going to be a frame.
    #[inline]
    pub(crate) fn touch(&mut self) {
        self.mapping.set_untouched(false);
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
