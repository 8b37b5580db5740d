//! What searches for handlers have found so far.
//!
//! ```text
//! address in the code, function's record, tag ─ hash ─▶ Place ─▶ clause or none, and what the search pays for
//! ```
//!
//! Code, records of functions and tags stay what they are as long as the store lives, so an answer stays true. The frames of a deep
//! recursion stand at few places, and a loop that catches comes by the same ones again and again.

use upshift_core::vm::{ExitPoint, FuncRec, frame};
use upshift_ir::handlers::Clause;

/// The address in the code of a frame, and the function's record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pc: usize,
    func: *const FuncRec,
}

impl Key {
    /// That of no frame.
    const NONE: Key = Key { pc: 0, func: std::ptr::null() };

    /// That of the frame that was left at a point.
    ///
    /// # Safety
    /// The frame must be live.
    #[inline]
    pub(super) unsafe fn of(point: &ExitPoint) -> Key {
        // SAFETY: I-FRAME: a live frame has a header with a record.
        let func = unsafe { *point.fp.wrapping_offset(frame::FUNC).cast::<*const FuncRec>() };
        Key { pc: point.inside(), func }
    }

    /// Which place it is kept at.
    #[inline]
    fn index(self) -> usize {
        // Fibonacci hashing: instructions are words, so the lowest bits are often the same.
        ((self.pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % KEPT
    }
}

/// A place in the code where a search came by, and what there is for exceptions of a tag.
#[derive(Clone, Copy)]
pub(super) struct Place {
    key: Key,
    /// The number of the exception's tag in the store.
    tag: u32,
    /// How many clauses and handlers of the program there are.
    pub(super) clauses: u32,
    /// Where code goes on with the clause that fits; null if none does, and the search goes on.
    pub(super) ip: *const u64,
    /// The slot where the clause has the values.
    pub(super) payload: Option<i32>,
    /// The slot where it has the reference.
    pub(super) reference: Option<i32>,
}

impl Place {
    /// One without handlers.
    pub(super) const fn empty(key: Key) -> Place {
        Place { key, tag: ANY, clauses: 0, ip: std::ptr::null(), payload: None, reference: None }
    }

    /// One where there are so many clauses and handlers for a tag; if any fits, by the clause, which code goes on with at `ip`.
    pub(super) fn new(key: Key, tag: u32, clauses: u32, fits: Option<(&Clause, *const u64)>) -> Place {
        let mut place = Place { tag: if clauses == 0 { ANY } else { tag }, clauses, ..Place::empty(key) };
        if let Some((clause, ip)) = fits {
            place.ip = ip;
            place.payload = clause.tag.map(|_| clause.payload);
            place.reference = clause.reference;
        }
        place
    }
}

/// The tag of a place without handlers, where nothing depends on it.
const ANY: u32 = u32::MAX;

/// How many places are kept.
const KEPT: usize = 256;

/// After how many searched frames it is worth keeping any.
const FIRST: u32 = 16;

/// The places of a store.
pub(crate) struct Places {
    /// Empty while little was thrown.
    known: Box<[Place]>,
    /// The one that was looked at last.
    last: Place,
    searched: u32,
}

impl Places {
    pub(crate) fn new() -> Places {
        Places { known: Box::default(), last: Place::empty(Key::NONE), searched: 0 }
    }

    /// What is there for a tag, if it is known.
    #[inline]
    pub(super) fn find(&self, key: Key, tag: u32) -> Option<&Place> {
        // References and not values: what was just written in parts is slow to read as a whole.
        let place = self.known.get(key.index())?;
        (place.key == key && (place.tag == tag || place.tag == ANY)).then_some(place)
    }

    /// Keeps a place.
    pub(super) fn keep(&mut self, place: Place) -> &Place {
        self.searched = self.searched.saturating_add(1);
        if self.searched == FIRST {
            self.known = vec![Place::empty(Key::NONE); KEPT].into();
        }
        let kept = self.known.get_mut(place.key.index()).unwrap_or(&mut self.last);
        *kept = place;
        kept
    }
}
