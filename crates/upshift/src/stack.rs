//! The value stack of a store: one block of slots that all wasm frames lie on.
//!
//! It is allocated when the store's first call comes, zeroed by the operating system page by page as it is used.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

use anyhow::{Context, Result};
use upshift_core::vm::STACK_RESERVE;

/// A block of zeroed slots.
pub(crate) struct ValueStack {
    base: NonNull<u64>,
    layout: Layout,
}

impl ValueStack {
    /// A stack with room for frames of `bytes` bytes, rounded down to whole slots, and the reserve behind them.
    pub(crate) fn new(bytes: usize) -> Result<ValueStack> {
        let slots = bytes / size_of::<u64>() + STACK_RESERVE;
        let layout = Layout::array::<u64>(slots).and_then(|layout| layout.align_to(16))?;
        // SAFETY: the size is not zero, because the reserve is not.
        let base = unsafe { alloc_zeroed(layout) };
        let base =
            NonNull::new(base.cast()).with_context(|| format!("no memory for a stack of {bytes} bytes"))?;
        Ok(ValueStack { base, layout })
    }

    /// The first slot.
    pub(crate) fn base(&self) -> *mut u64 {
        self.base.as_ptr()
    }

    /// Where frames have to end.
    pub(crate) fn limit(&self) -> *mut u64 {
        self.base.as_ptr().wrapping_add(self.layout.size() / size_of::<u64>() - STACK_RESERVE)
    }
}

impl Drop for ValueStack {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` with this layout.
        unsafe { dealloc(self.base.as_ptr().cast(), self.layout) };
    }
}
