//! The collector's heap: two halves of one reservation, of which one is in use.
//!
//! ```text
//! base ─▶ never accessible, so that no object is at 0 | half 0: objects ─▶ bump … limit | half 1: given back
//! ```
//!
//! A reference is an offset from the base, which never moves. Objects are made by moving the bump pointer; when it would pass
//! the limit, what is still referred to is copied to the other half, and that one is in use from then on. Its limit is set to
//! twice of what was copied, or as much as is needed to keep the work of collecting in proportion to what is made; small heaps grow faster, and
//! do not become smaller as long as they are filled. The half that was left is given back to the system, but for what will be used of it next time.
//!
//! What is accessible of both halves is what the heap takes of the program's budget. When the heap goes, the engine keeps the
//! reservation for another store, cleared.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use upshift_core::types::layout::NULL_GUARD;

use crate::vm::budget::MemoryShare;
use crate::vm::limit_exceeded::{LimitExceeded, MemoryUse};
use crate::vm::mmap::Mapping;
use crate::vm::out_of_memory::OutOfMemory;
use crate::vm::pool::{Pooled, Pools, Use};

/// What comes before the first half: a reference to null with the offset of a field leads here.
const GUARD: usize = NULL_GUARD as usize;

/// Address space to ask for: less where the system does not give more.
pub(crate) const RESERVATIONS: &[usize] = &[4 << 30, 1 << 30, 256 << 20, 64 << 20];

/// The same for a store whose modules make no structs and arrays: where address space is scarce, memories need it more.
pub(crate) const RESERVATIONS_FOR_FEW: &[usize] = &[4 << 30, 64 << 20];

/// Parts of this size are made accessible.
const UNIT: usize = 64 << 10;

/// A half never has less room than this, so that most programs never collect.
const LEAST: usize = 1 << 20;

/// Up to here a half grows in large steps, keeps its room, and stays in memory when it is left: pages that come from the system again
/// and again, and copies of what grows, cost more than all else that a program does with its objects.
const SMALL: usize = 16 << 20;

/// A half of which so small a part is still in use gets less room.
const FEW: usize = 16;

/// Objects of so many bytes are moved by their pages.
pub(crate) const LARGE: u32 = 512 << 10;

/// Moving an object by its pages costs as much as copying one part in so many of its bytes, at most.
const MOVED_PER_COPIED: usize = 16;

/// What errors of the system call it.
pub(crate) const HEAP: &str = "the heap of objects";

/// The heap of a store.
#[derive(Default)]
pub(crate) struct Heap {
    space: Option<Space>,
    /// Why there is no address space, although it was asked for.
    none: Option<OutOfMemory>,
    /// Whether there was ever an object.
    begun: bool,
}

struct Space {
    mapping: Pooled,
    halves: [Range<usize>; 2],
    /// How much of each half is accessible, from its start.
    accessible: [usize; 2],
    /// Which one is in use.
    current: usize,
    /// How much of it may be used.
    room: usize,
    /// Why there is less address space than there could be.
    refused: Option<OutOfMemory>,
    /// As many bytes of the budget as are accessible.
    share: MemoryShare,
}

/// What a half had when a collection began; nothing where its size is of no use to what comes.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Before {
    /// How many bytes it could take.
    pub(crate) room: usize,
    /// How many objects took.
    pub(crate) used: usize,
    /// How many bytes of those that are still in use were moved by their pages.
    pub(crate) moved: usize,
}

impl Before {
    /// What it costs to collect when so many bytes stay in use, as the number of bytes whose copying takes as long.
    pub(crate) fn cost(self, used: usize) -> usize {
        used - self.moved + self.moved / MOVED_PER_COPIED
    }
}

impl Heap {
    /// Whether there was ever an object.
    pub(crate) fn begun(&self) -> bool {
        self.begun
    }

    /// What references are relative to; null without address space.
    pub(crate) fn base(&self) -> *mut u8 {
        self.space.as_ref().map_or(std::ptr::null_mut(), |space| space.mapping.base())
    }

    /// How many bytes the half in use may take now.
    pub(crate) fn room(&self) -> usize {
        self.space.as_ref().map_or(0, |space| space.room)
    }

    /// The first offset of the half in use.
    pub(crate) fn start(&self) -> u32 {
        self.space.as_ref().map_or(0, |space| space.halves[space.current].start as u32)
    }

    /// The most bytes that a half can have.
    fn most(&self) -> usize {
        self.space.as_ref().map_or(0, |space| space.halves[0].len())
    }

    /// Whether a half cannot have more because the system gave less than there could be.
    pub(crate) fn refused(&self) -> Option<OutOfMemory> {
        self.space.as_ref().and_then(|space| space.refused)
    }

    /// Sets address space aside if that was not done yet. Nothing of it is accessible, nor taken from a budget. The system is
    /// asked once in the life of a heap, for each of the sizes until it gives one: contexts hold the base, and have none if there
    /// was none when they were made.
    ///
    /// # Errors
    /// When the system gave not even a little.
    pub(crate) fn reserve(&mut self, pools: &Arc<Pools>, sizes: &[usize]) -> Result<(), OutOfMemory> {
        if self.space.is_none() && self.none.is_none() {
            match Space::reserve(pools, sizes) {
                Ok(space) => self.space = Some(space),
                Err(refused) => self.none = Some(refused),
            }
        }
        self.none.map_or(Ok(()), Err)
    }

    /// The first object comes: from now on what becomes accessible is taken from the share's budget.
    pub(crate) fn begin(&mut self, share: MemoryShare) {
        if let Some(space) = &mut self.space {
            space.share = share;
            self.begun = true;
        }
    }

    /// The most room that the budget has for both halves; the error is what it would take to have room for `least` bytes.
    pub(crate) fn affordable_room(&self, least: usize) -> Result<usize, LimitExceeded> {
        let Some(space) = &self.space else { return Ok(0) };
        let (most, larger) = (space.share.most(), space.accessible[0].max(space.accessible[1]));
        // A half does not become smaller by having less room.
        let room = if most / 2 >= larger { most / 2 } else { most - larger } / UNIT * UNIT;
        if least <= room { Ok(room) } else { Err(space.exceeded(least)) }
    }

    /// How much room there should be for so many bytes in use and some more that are wanted; none if that is more than there
    /// can be.
    pub(crate) fn wanted_room(&self, used: usize, more: usize, before: Before) -> Option<usize> {
        let least = used.checked_add(more).filter(|&least| least <= self.most())?;
        // Where most of what was made is still in use, a program builds something, and its next objects will stay as well.
        let builds = before.used > 0 && used > before.used / 2;
        let ahead = if builds { (used * 4).min(SMALL) } else { 0 };
        let room = before.room.min(SMALL);
        let room = if used < room / FEW { room / 2 } else { room };
        let twice = used + before.cost(used).max(if before.moved > 0 { LEAST } else { 0 });
        Some(least.max(twice).max(ahead).max(room).max(LEAST).min(self.most()))
    }

    /// Lets the half in use take so many bytes. The other half becomes accessible as far, which costs nothing before
    /// objects are copied there: else the system could refuse it when the heap is full, and nothing could be collected any more.
    ///
    /// # Errors
    /// When the system does not give them, or the budget; then the room is what it was.
    pub(crate) fn set_room(&mut self, bytes: usize) -> io::Result<()> {
        if let Some(space) = &mut self.space {
            let before = space.accessible[space.current];
            space.make_accessible(space.current, bytes)?;
            if let Err(error) = space.make_accessible(1 - space.current, bytes) {
                space.give_back(space.current, before);
                return Err(error);
            }
            space.room = bytes;
        }
        Ok(())
    }

    /// How many bytes the half that is not in use could take at once.
    pub(crate) fn accessible_other(&self) -> usize {
        self.space.as_ref().map_or(0, |space| space.accessible[1 - space.current])
    }

    /// The unit in which what lies in the heap can be moved.
    pub(crate) fn page(&self) -> u32 {
        Mapping::pages(1).map_or(1, |page| page as u32)
    }

    /// The half in use may take what it has.
    pub(crate) fn cover(&mut self, used: usize) {
        if let Some(space) = &mut self.space {
            space.room = space.room.max(used);
        }
    }

    /// Moves what is in whole pages to others, where the system can do that without copying: it is gone where it was. Says whether it
    /// was done. Both parts are accessible, and do not overlap.
    pub(crate) fn move_pages(&self, part: Range<usize>, to: usize) -> bool {
        self.space.as_ref().is_some_and(|space| space.mapping.move_pages(part, to))
    }

    /// The other half becomes the one in use, with room for so many bytes. Returns where both begin.
    ///
    /// # Errors
    /// When the system does not give the bytes, or the budget; then nothing has changed.
    pub(crate) fn flip(&mut self, bytes: usize) -> io::Result<Option<(u32, u32)>> {
        let Some(space) = &mut self.space else { return Ok(None) };
        let (from, to) = (space.current, 1 - space.current);
        space.make_accessible(to, bytes)?;
        (space.current, space.room) = (to, bytes);
        Ok(Some((space.halves[from].start as u32, space.halves[to].start as u32)))
    }

    /// Gives the half that is not in use back, but for what will be wanted of it when it is in use again, if that is not much:
    /// it need not come from the system again.
    pub(crate) fn release_other(&mut self, used: usize, before: Before) {
        let wanted = self.wanted_room(used, 0, before).unwrap_or(used);
        if let Some(space) = &mut self.space {
            // What was moved is in no memory there.
            let kept = wanted.min(SMALL + before.moved).next_multiple_of(UNIT);
            space.give_back(1 - space.current, kept);
        }
    }
}

impl Space {
    fn reserve(pools: &Arc<Pools>, sizes: &[usize]) -> Result<Space, OutOfMemory> {
        let reserve =
            |bytes| Pooled::reserve(pools, Use::Heap, bytes, 0).map_err(OutOfMemory::of(HEAP, bytes));
        let (mut mapping, mut bytes) = (reserve(sizes[0]), sizes[0]);
        let refused = mapping.as_ref().err().copied();
        for smaller in &sizes[1..] {
            if mapping.is_ok() {
                break;
            }
            (mapping, bytes) = (reserve(*smaller), *smaller);
        }
        // The last bytes stay free, so that the end of a half is a number of 32 bits.
        let half = bytes / 2 - GUARD;
        let halves = [GUARD..GUARD + half, GUARD + half..GUARD + 2 * half];
        let mut mapping = mapping?;
        mapping.set_untouched(true);
        let share = MemoryShare::default();
        Ok(Space { mapping, halves, accessible: [0; 2], current: 0, room: 0, refused, share })
    }

    fn make_accessible(&mut self, half: usize, bytes: usize) -> io::Result<()> {
        let bytes = bytes.next_multiple_of(UNIT).min(self.halves[half].len());
        let accessible = self.accessible[half];
        if bytes > accessible {
            let start = self.halves[half].start;
            let all = self.accessible[1 - half] + bytes;
            self.share
                .resize(all, MemoryUse::GcHeap)
                .map_err(|exceeded| io::Error::new(io::ErrorKind::OutOfMemory, exceeded))?;
            if let Err(error) = self.mapping.commit(start + accessible..start + bytes) {
                self.share.shrink(self.accessible[0] + self.accessible[1]);
                return Err(error);
            }
            self.accessible[half] = bytes;
        }
        Ok(())
    }

    /// What room for so many bytes in both halves would take.
    fn exceeded(&self, bytes: usize) -> LimitExceeded {
        let each = bytes.next_multiple_of(UNIT);
        let more: usize = self.accessible.iter().map(|&accessible| each.saturating_sub(accessible)).sum();
        self.share.exceeded(more, MemoryUse::GcHeap)
    }

    /// Gives back what a half has behind its first bytes, of which there are a multiple of [`UNIT`].
    fn give_back(&mut self, half: usize, bytes: usize) {
        let (start, accessible) = (self.halves[half].start, self.accessible[half]);
        if accessible > bytes && self.mapping.decommit(start + bytes..start + accessible).is_ok() {
            self.accessible[half] = bytes;
            self.share.shrink(self.accessible[0] + self.accessible[1]);
        }
    }
}

impl Drop for Space {
    /// Makes the mapping as the next heap wants it: little of each half is accessible, and everything is zero.
    fn drop(&mut self) {
        if !self.mapping.will_be_kept() {
            return;
        }
        for half in 0..self.halves.len() {
            self.give_back(half, LEAST);
            let start = self.halves[half].start;
            self.mapping.clear(start..start + self.accessible[half]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Before, Heap, LEAST, MOVED_PER_COPIED, RESERVATIONS, SMALL, UNIT};
    use crate::vm::budget::{MemoryBudget, MemoryShare};

    #[test]
    fn the_base_stays_from_the_reservation_on() {
        let mut heap = Heap::default();
        assert!(heap.base().is_null());
        heap.reserve(&Arc::default(), RESERVATIONS).unwrap();
        let base = heap.base();
        assert!(!base.is_null() && !heap.begun() && heap.room() == 0);
        heap.reserve(&Arc::default(), RESERVATIONS).unwrap();
        heap.begin(MemoryShare::default());
        heap.set_room(LEAST).unwrap();
        heap.flip(LEAST).unwrap();
        assert!(heap.begun() && heap.base() == base);
    }

    #[test]
    fn halves_take_turns() {
        let mut heap = Heap::default();
        heap.reserve(&Arc::default(), RESERVATIONS).unwrap();
        heap.set_room(LEAST * 5).unwrap();
        let first = heap.start();
        assert!(first > 0 && first.is_multiple_of(8));
        // SAFETY: the start of the half in use is accessible.
        unsafe { heap.base().add(first as usize + LEAST * 5 - 1).write(7) };
        let (from, to) = heap.flip(LEAST * 2).unwrap().unwrap();
        assert_eq!((from, to, heap.room()), (first, heap.start(), LEAST * 2));
        heap.release_other(0, Before::default());
        heap.flip(LEAST * 5).unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { heap.base().add(first as usize + LEAST * 5 - 1).read() }, 0);
    }

    #[test]
    fn room_grows_with_what_is_used() {
        let mut heap = Heap::default();
        heap.reserve(&Arc::default(), RESERVATIONS).unwrap();
        let wanted = |used, more| heap.wanted_room(used, more, Before::default());
        assert_eq!(wanted(0, 24), Some(LEAST));
        assert_eq!(wanted(5 << 20, 24), Some(10 << 20));
        assert_eq!(wanted(0, 5 << 20), Some(5 << 20));
        let most = heap.most();
        assert_eq!(wanted(most - 8, 8), Some(most));
        assert_eq!(wanted(most, 8), None);
        assert_eq!(wanted(8, usize::MAX), None);
        assert_eq!(heap.wanted_room(most - 8, 8, Before { room: most, used: most, moved: 0 }), Some(most));
    }

    #[test]
    fn small_heaps_grow_fast_and_keep_their_room() {
        let mut heap = Heap::default();
        heap.reserve(&Arc::default(), RESERVATIONS).unwrap();
        let wanted = |used, room| heap.wanted_room(used, 24, Before { room, used: room, moved: 0 }).unwrap();
        // Everything is still in use.
        assert_eq!((wanted(LEAST, LEAST), wanted(4 * LEAST, 4 * LEAST)), (4 * LEAST, SMALL));
        assert_eq!(wanted(SMALL, SMALL), 2 * SMALL);
        // A part of it.
        assert_eq!(wanted(LEAST, 4 * LEAST), 4 * LEAST);
        assert_eq!((wanted(SMALL / 4, SMALL), wanted(SMALL / 4, 4 * SMALL)), (SMALL, SMALL));
        // What was moved by its pages costs little.
        let moved = 4 * SMALL;
        let before = Before { room: 5 * SMALL, used: 5 * SMALL, moved };
        assert_eq!(
            heap.wanted_room(moved + LEAST, 0, before),
            Some(moved + LEAST + LEAST + moved / MOVED_PER_COPIED)
        );
        // Little of it.
        assert_eq!(
            (wanted(SMALL / 17, SMALL), wanted(0, 3 * LEAST), wanted(0, LEAST)),
            (SMALL / 2, 3 * LEAST / 2, LEAST)
        );
    }

    #[test]
    fn both_halves_are_taken_from_the_budget() {
        let budget = MemoryBudget::new(10 * LEAST + UNIT);
        let mut heap = Heap::default();
        heap.reserve(&Arc::default(), RESERVATIONS).unwrap();
        heap.begin(MemoryShare::of(Some(budget.clone())));
        assert_eq!((budget.used(), heap.affordable_room(1).unwrap()), (0, 5 * LEAST));
        heap.set_room(4 * LEAST + 1).unwrap();
        assert_eq!(budget.used(), 2 * (4 * LEAST + UNIT));
        assert!(heap.set_room(5 * LEAST + 1).is_err() && heap.affordable_room(5 * LEAST + 1).is_err());
        assert_eq!((budget.used(), heap.room()), (2 * (4 * LEAST + UNIT), 4 * LEAST + 1));
        // What others take is missing here.
        let other = budget.reserve(LEAST).unwrap();
        assert_eq!(heap.affordable_room(1).unwrap(), 9 * LEAST / 2);
        drop(other);
        heap.set_room(5 * LEAST).unwrap();
        heap.flip(LEAST).unwrap();
        heap.release_other(LEAST / 2, Before::default());
        assert_eq!(budget.used(), 6 * LEAST);
        // The half that stays long limits what the other one can become.
        let other = budget.reserve(2 * LEAST).unwrap();
        assert_eq!(heap.affordable_room(1).unwrap(), 3 * LEAST + UNIT);
        drop((other, heap));
        assert_eq!(budget.used(), 0);
    }
}
