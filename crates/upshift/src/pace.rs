//! How services keep their pace: they take fuel for what they are about to do, and look at the epoch while they do it.
//!
//! ```text
//! service ─ bounds ─▶ charge ─▶ look ─▶ a part of the work ─▶ look ─▶ … ─▶ done
//!                       │         └ deadline ─▶ the host's callback ─▶ go on, or Trap::Interrupt: what is done stays done
//!                       └ not enough ─▶ Trap::OutOfFuel: nothing was done
//! ```
//!
//! A callback may call code, so whatever lies where it can move is looked up anew behind each look.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use anyhow::Result;
use upshift_core::Trap;
use upshift_core::fuel::{BYTES_PER_LOOK, BYTES_PER_UNIT};
use upshift_core::vm::PcKind;

use crate::frames::Frame;
use crate::store::{StoreState, UpdateDeadline};
use crate::vm::work::{Work, count};

impl StoreState {
    /// Takes fuel if the code of this engine is paid for; all that is left if it is not enough.
    ///
    /// # Errors
    /// A trap when it is not enough.
    #[inline]
    pub(crate) fn charge(&mut self, fuel: u64) -> Result<(), Trap> {
        if self.code.fuel {
            let left = self.ctx().fuel.checked_sub(fuel);
            self.ctx_mut().fuel = left.unwrap_or(0);
            left.ok_or(Trap::OutOfFuel)?;
        }
        Ok(())
    }

    /// Takes fuel for bytes that are moved, set or allocated.
    ///
    /// # Errors
    /// As [`charge`](Self::charge).
    #[inline]
    pub(crate) fn charge_bytes(&mut self, bytes: u64) -> Result<(), Trap> {
        self.charge(bytes / BYTES_PER_UNIT)
    }

    /// Whether code pays or looks at the epoch; otherwise services need not.
    #[inline]
    pub(crate) fn is_metered(&self) -> bool {
        self.code.fuel || self.code.interruption
    }

    /// Whether the program is to be interrupted.
    #[inline]
    pub(crate) fn deadline_has_come(&self) -> bool {
        self.code.interruption && self.engine.epoch().load(Ordering::Relaxed) >= self.ctx().epoch_deadline
    }

    /// Sets the deadline so many epochs ahead.
    pub(crate) fn set_epoch_deadline(&mut self, epochs: u64) {
        self.ctx_mut().epoch_deadline = self.engine.epoch().load(Ordering::Relaxed).saturating_add(epochs);
    }

    /// Lets what is called from now on lie above the frame of the instruction that has noted itself: its operands are still
    /// wanted.
    fn spare_frame(&mut self) {
        // SAFETY: the exit of running code is on the value stack of this store.
        if let Some(frame) = unsafe { Frame::at(self.ctx().exit) } {
            self.ctx_mut().stack_top = frame.point.fp.wrapping_add(frame.code.frame_slots());
        }
    }
}

/// Looks at the epoch in the middle of a service. Objects may move meanwhile, memories and tables grow.
///
/// # Errors
/// With a trap or the callback's error when the program is to stop.
///
/// # Safety
/// `store` must be the root address of a live store to which no reference is alive. All references to objects must be where
/// the collector finds them: for an instruction that has noted itself as the exit, [`PcKind::At`], in its frame.
#[inline]
pub(crate) unsafe fn look(store: NonNull<StoreState>) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { if (*store.as_ptr()).deadline_has_come() { ask(store) } else { Ok(()) } }
}

/// # Safety
/// As for [`look`].
#[cold]
unsafe fn ask(store: NonNull<StoreState>) -> Result<()> {
    // SAFETY: the caller's promise; references to the store end with each statement.
    unsafe {
        let top = (*StoreState::ctx_of(store)).stack_top;
        if (*StoreState::ctx_of(store)).exit.at == PcKind::At {
            (*store.as_ptr()).spare_frame();
        }
        let answer = goes_on(store);
        (*StoreState::ctx_of(store)).stack_top = top;
        if answer? { Ok(()) } else { Err(Trap::Interrupt.into()) }
    }
}

/// Whether the program goes on although the deadline has come.
///
/// # Safety
/// `store` must be the root address of a live store to which no reference is alive.
pub(crate) unsafe fn goes_on(store: NonNull<StoreState>) -> Result<bool> {
    // SAFETY: promised by the caller; no reference to the store lives on into the callback, which may use it.
    unsafe {
        let Some(mut callback) = (*store.as_ptr()).on_deadline.take() else { return Ok(false) };
        let roots = (*store.as_ptr()).gc.roots.len();
        let answer = catch_unwind(AssertUnwindSafe(|| callback(store)));
        let state = &mut *store.as_ptr();
        state.gc.roots.truncate(roots);
        // The callback may have set another one.
        state.on_deadline.get_or_insert(callback);
        match answer.unwrap_or_else(|panic| resume_unwind(panic))? {
            UpdateDeadline::Continue(epochs) => {
                state.set_epoch_deadline(epochs);
                Ok(true)
            }
            UpdateDeadline::Interrupt => Ok(false),
        }
    }
}

/// Some items that a service works on, in their order or backwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items {
    pub(crate) len: u64,
    /// Binary logarithm of the bytes of one.
    pub(crate) bytes_log2: u32,
    /// Whether the last ones come first.
    pub(crate) down: bool,
}

impl Items {
    pub(crate) fn bytes(len: u64) -> Items {
        Items { len, bytes_log2: 0, down: false }
    }

    /// Elements of a table.
    pub(crate) fn slots(len: u64) -> Items {
        Items { len, bytes_log2: 3, down: false }
    }

    /// Those that are copied from `src` to `dst`, perhaps within the same place.
    pub(crate) fn copied(self, dst: u64, src: u64) -> Items {
        Items { down: dst > src, ..self }
    }

    /// How many bytes they have.
    pub(crate) fn size(self) -> u64 {
        self.len.saturating_mul(1 << self.bytes_log2)
    }

    /// The parts that are worked on between two looks: where each begins, and how many items it has.
    pub(crate) fn parts(self) -> impl Iterator<Item = (u64, u64)> {
        let most = BYTES_PER_LOOK >> self.bytes_log2;
        (0..self.len.div_ceil(most)).map(move |part| {
            let done = part * most;
            let len = most.min(self.len - done);
            (if self.down { self.len - done - len } else { done }, len)
        })
    }
}

/// Pays for items whose bounds were checked and works on them: `work` gets the first one of a part and how many there are.
///
/// # Errors
/// When there is not enough fuel, with nothing done; when the program is to stop, with some parts done; and with those of
/// `work`.
///
/// # Safety
/// As for [`look`], at an instruction that has noted itself.
pub(crate) unsafe fn in_parts(
    store: NonNull<StoreState>,
    items: Items,
    mut work: impl FnMut(&mut StoreState, u64, u64) -> Result<(), Trap>,
) -> Result<()> {
    // SAFETY: the caller's promise; the reference ends before each look.
    unsafe {
        (*store.as_ptr()).charge_bytes(items.size())?;
        for (start, len) in items.parts() {
            look(store)?;
            count(Work::Bytes, len << items.bytes_log2);
            work(&mut *store.as_ptr(), start, len)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod costs;

#[cfg(test)]
mod tests {
    use super::{BYTES_PER_LOOK, Items};

    #[test]
    fn parts_are_all_items_in_order() {
        for (len, bytes_log2) in
            [(0, 0), (1, 4), (BYTES_PER_LOOK, 0), (BYTES_PER_LOOK + 1, 0), (1_000_000, 3)]
        {
            for down in [false, true] {
                let items = Items { len, bytes_log2, down };
                let mut parts: Vec<_> = items.parts().collect();
                if down {
                    parts.reverse();
                }
                let end = parts.iter().fold(0, |at, &(start, len)| {
                    assert!(start == at && len > 0 && len << bytes_log2 <= BYTES_PER_LOOK);
                    at + len
                });
                assert_eq!(end, len);
            }
        }
        assert_eq!(Items { len: u64::MAX, bytes_log2: 3, down: false }.size(), u64::MAX);
    }
}
