//! Mappings that nobody uses any more, kept for the next instance.
//!
//! ```text
//! Pools ─ take, or map anew ─▶ Pooled ─ owned by ─▶ memory, stack of a store, heap of objects
//!   ▲                                                      │ dropped
//!   └─ zeroes everywhere, as long as when it was taken ◀───┘
//! ```
//!
//! To make, touch and unmap a mapping costs many times what the rest of an instance does. So an engine keeps some: at most
//! [`MOST`] of each use, with at most [`Use::kept`] bytes of memory each. Everything else that was touched goes back to the
//! system. A mapping is cleared before it is kept: no content comes from one instance to another, and none stays behind.
//! When the system refuses anything, all that is kept goes back first. Mappings that are kept are in nobody's budget.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::vm::mmap::{Kind, Mapping};

/// The most mappings of a use that an engine keeps. A reservation for a memory takes 8 GiB of address space, of which a process
/// has 128 TiB.
pub(crate) const MOST: usize = 64;

/// What a mapping is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    /// A linear memory.
    Memory,
    /// The value stack of a store.
    Stack,
    /// A store's heap of objects.
    Heap,
}

impl Use {
    const COUNT: usize = 3;

    /// Bytes at the start of a mapping that stay with it when it was taken from the pool before: filling them with zeroes
    /// costs less than to get them from the system again.
    const fn kept(self) -> usize {
        match self {
            Use::Memory => 64 << 10,
            Use::Stack => 16 << 10,
            // Its objects are somewhere in the middle.
            Use::Heap => 0,
        }
    }
}

/// The mappings that an engine keeps. All of their bytes are zero.
#[derive(Default, Debug)]
pub(crate) struct Pools {
    free: [Mutex<Vec<Mapping>>; Use::COUNT],
}

impl Pools {
    fn free(&self, of: Use) -> MutexGuard<'_, Vec<Mapping>> {
        // Nothing that could panic is done while it is locked.
        self.free[of as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A mapping with so many accessible bytes. None if there is no such one, unless the pool is full of others: then one of
    /// them is adapted, or goes.
    fn take(&self, of: Use, kind: Kind, accessible: usize) -> Option<Mapping> {
        let mut free = self.free(of);
        let fits = |mapping: &Mapping| mapping.kind() == kind && mapping.accessible() == accessible;
        if let Some(at) = free.iter().rposition(fits) {
            return Some(free.swap_remove(at));
        }
        if free.len() < MOST {
            return None;
        }
        let mut other = free.remove(0);
        drop(free);
        (other.kind() == kind && other.set_accessible(accessible).is_ok()).then_some(other)
    }

    /// Keeps a mapping, unless there are enough.
    fn give(&self, of: Use, mapping: Mapping) {
        let mut free = self.free(of);
        if free.len() < MOST {
            free.push(mapping);
        }
        // What is not kept is unmapped when the lock is free.
        drop(free);
    }

    fn is_full(&self, of: Use) -> bool {
        self.free(of).len() >= MOST
    }

    /// Gives everything back to the system and returns whether there was anything.
    fn clear(&self) -> bool {
        let mut any = false;
        for free in &self.free {
            let mappings = std::mem::take(&mut *free.lock().unwrap_or_else(PoisonError::into_inner));
            any |= !mappings.is_empty();
        }
        any
    }

    /// Does what needs address space or memory of the system; if it is refused, once more without what is kept here.
    fn attempt<T>(&self, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        act().or_else(|error| if self.clear() { act() } else { Err(error) })
    }

    #[cfg(test)]
    pub(crate) fn len(&self, of: Use) -> usize {
        self.free(of).len()
    }
}

/// A mapping that goes back to the engine when it is dropped.
#[derive(Debug)]
pub(crate) struct Pooled {
    /// The empty one if there is none yet.
    mapping: Mapping,
    of: Use,
    /// How many bytes were accessible at first, as they are to be when it is kept.
    first: usize,
    /// Whether it was kept before. One that was is likely to be taken again.
    reused: bool,
    /// Whether something may be in it that was not cleared.
    spoiled: bool,
    /// Whether nothing was written yet, as far as the owner tells.
    untouched: bool,
    pools: Arc<Pools>,
}

impl Pooled {
    /// Address space whose first bytes are accessible, and of which more can become so without moving.
    ///
    /// # Errors
    /// When the system does not give it.
    pub(crate) fn reserve(
        pools: &Arc<Pools>,
        of: Use,
        bytes: usize,
        accessible: usize,
    ) -> io::Result<Pooled> {
        let make = || {
            let mut mapping = Mapping::reserve(bytes)?;
            mapping.grow(accessible)?;
            Ok(mapping)
        };
        Pooled::new(pools, of, Kind::reserved(bytes), Mapping::pages(accessible)?, make)
    }

    /// So many bytes, all of them accessible. They move when more are wanted.
    ///
    /// # Errors
    /// When the system does not give them.
    pub(crate) fn movable(pools: &Arc<Pools>, of: Use, bytes: usize) -> io::Result<Pooled> {
        if bytes == 0 {
            let (mapping, pools) = (Mapping::default(), Arc::clone(pools));
            return Ok(Pooled {
                mapping,
                of,
                first: 0,
                reused: false,
                spoiled: false,
                untouched: false,
                pools,
            });
        }
        let make = || {
            let mut mapping = Mapping::default();
            mapping.grow(bytes)?;
            Ok(mapping)
        };
        let pages = Mapping::pages(bytes)?;
        Pooled::new(pools, of, Kind::movable(pages), pages, make)
    }

    fn new(
        pools: &Arc<Pools>,
        of: Use,
        kind: Kind,
        first: usize,
        make: impl FnMut() -> io::Result<Mapping>,
    ) -> io::Result<Pooled> {
        let pool = Arc::clone(pools);
        match pools.take(of, kind, first) {
            Some(mapping) => {
                Ok(Pooled { mapping, of, first, reused: true, spoiled: false, untouched: false, pools: pool })
            }
            None => Ok(Pooled {
                mapping: pools.attempt(make)?,
                of,
                first,
                reused: false,
                spoiled: false,
                untouched: false,
                pools: pool,
            }),
        }
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.mapping.base()
    }

    /// Makes the first `bytes` bytes accessible; the content stays.
    ///
    /// # Errors
    /// When the system does not give them.
    pub(crate) fn grow(&mut self, bytes: usize) -> io::Result<()> {
        self.untouched = false;
        let Pooled { mapping, pools, .. } = self;
        pools.attempt(|| mapping.grow(bytes))
    }

    /// Makes a part of a reservation accessible; the content stays. The part is whole pages.
    ///
    /// # Errors
    /// When the system does not give them.
    pub(crate) fn commit(&mut self, part: Range<usize>) -> io::Result<()> {
        self.untouched = false;
        let Pooled { mapping, pools, .. } = self;
        pools.attempt(|| mapping.commit(part.clone()))
    }

    /// Gives a part that was committed back, which is not accessible any more. The part is whole pages.
    ///
    /// # Errors
    /// When the system refuses it; then nothing has changed.
    pub(crate) fn decommit(&mut self, part: Range<usize>) -> io::Result<()> {
        self.mapping.decommit(part)
    }

    /// As [`Mapping::move_pages`].
    pub(crate) fn move_pages(&self, part: Range<usize>, to: usize) -> bool {
        self.mapping.move_pages(part, to)
    }

    /// Whether the mapping is going to be kept. Then who has committed parts clears them before. Who is told that it is not may
    /// leave them as they are, so that holds for good, whatever room other threads make meanwhile.
    pub(crate) fn will_be_kept(&mut self) -> bool {
        self.spoiled |= self.pools.is_full(self.of);
        !self.spoiled
    }

    /// Fills a part that was committed with zeroes, for whoever gets the mapping next; it stays accessible.
    pub(crate) fn clear(&mut self, part: Range<usize>) {
        self.spoiled |= self.mapping.discard(part).is_err();
    }

    /// Tells whether nothing was written yet: then nothing has to be cleared when the mapping is kept. What becomes accessible
    /// later may be written.
    pub(crate) fn set_untouched(&mut self, untouched: bool) {
        self.untouched = untouched;
    }

    /// Asks for pages one by one: clearing a huge page takes longer than most programs run.
    pub(crate) fn prefer_small_pages(&self) {
        // The system remembers it.
        if !self.reused {
            self.mapping.prefer_small_pages();
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let mut mapping = std::mem::take(&mut self.mapping);
        // Pages that were never filled would come from the system only to be filled.
        let kept = if self.reused { self.of.kept() } else { 0 };
        let something = self.first > 0 || mapping.is_reserved();
        let (first, untouched) = (self.first, self.untouched);
        let mut clear = || untouched || mapping.recycle(first, kept).is_ok();
        if something && self.will_be_kept() && clear() {
            self.pools.give(self.of, mapping);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Arc;

    use super::{MOST, Pooled, Pools, Use};

    const BYTES: usize = 1 << 20;

    #[test]
    fn what_was_not_cleared_is_not_kept_when_room_comes_later() {
        let pools = Arc::<Pools>::default();
        let make = || Pooled::reserve(&pools, Use::Heap, BYTES, 0).unwrap();
        let mut full = make();
        full.commit(0..BYTES).unwrap();
        // SAFETY: the bytes are accessible, and nobody else has the mapping.
        unsafe { full.base().write_bytes(0xa5, BYTES) };
        let others: Vec<_> = (0..MOST).map(|_| make()).collect();
        drop(others);
        assert!(!full.will_be_kept(), "there are enough");
        // Another store takes one before this one is gone.
        let taken = make();
        drop(full);
        assert_eq!(pools.len(Use::Heap), MOST - 1);
        drop(taken);
        assert_eq!(pools.len(Use::Heap), MOST);
    }
}
