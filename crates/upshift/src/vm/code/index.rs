//! A list of places in ascending order that grows while others read it.
//!
//! ```text
//! len ─▶ how many are complete     segments: 32 places, 64, 128, … none of which ever moves
//! ```
//!
//! One thread at a time appends; any number may search meanwhile, signal handlers among them. A place is written before the length
//! that covers it, so a search sees whole places only. What lies beside a place, its table of faults, belongs to the list and goes
//! with it.

use std::ops::Range;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use super::{Fault, NativeKind};

/// What lies somewhere in the range of native code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place<'a> {
    /// Its bytes, from the start of the range.
    pub(super) bytes: Range<u32>,
    pub(super) kind: NativeKind,
    /// The number of its function in the module, or of the thunk.
    pub(super) func: u32,
    /// Which of its instructions may fault, in ascending order.
    pub(super) faults: &'a [Fault],
}

/// Places of the first segment; each has twice as many as the one before.
const FIRST: usize = 32;

/// Enough for more places than the range has bytes for.
const SEGMENTS: usize = 24;

/// A place as it is kept.
#[derive(Default)]
struct Packed {
    /// Start and end.
    bounds: AtomicU64,
    /// Kind and function.
    what: AtomicU64,
    /// A box of so many faults; null if there is none.
    faults: AtomicPtr<Fault>,
    fault_count: AtomicUsize,
}

/// The list.
#[derive(Default)]
pub(super) struct Index {
    len: AtomicUsize,
    segments: [OnceLock<Box<[Packed]>>; SEGMENTS],
}

impl Index {
    /// Adds a place behind all others. Callers exclude each other.
    ///
    /// # Panics
    /// When it begins before the end of the last one.
    pub(super) fn push(&self, bytes: Range<u32>, kind: NativeKind, func: u32, faults: Box<[Fault]>) {
        let len = self.len.load(Ordering::Relaxed);
        let last = len.checked_sub(1).and_then(|last| self.get(last));
        assert!(last.is_none_or(|last| last.bytes.end <= bytes.start), "places are added in order");
        let (segment, at) = position(len);
        let segment =
            self.segments[segment].get_or_init(|| (0..FIRST << segment).map(|_| Packed::default()).collect());
        let place = &segment[at];
        place.bounds.store(u64::from(bytes.start) | u64::from(bytes.end) << 32, Ordering::Relaxed);
        place.what.store(kind as u64 | u64::from(func) << 32, Ordering::Relaxed);
        if !faults.is_empty() {
            place.fault_count.store(faults.len(), Ordering::Relaxed);
            place.faults.store(Box::into_raw(faults).cast(), Ordering::Relaxed);
        }
        self.len.store(len + 1, Ordering::Release);
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// A place by its number, if it is complete.
    fn get(&self, number: usize) -> Option<Place<'_>> {
        let (segment, at) = position(number);
        let place = self.segments.get(segment)?.get()?.get(at)?;
        let (bounds, what) = (place.bounds.load(Ordering::Relaxed), place.what.load(Ordering::Relaxed));
        Some(Place {
            bytes: bounds as u32..(bounds >> 32) as u32,
            kind: *NativeKind::ALL.get(usize::from(what as u8))?,
            func: (what >> 32) as u32,
            faults: place.faults(),
        })
    }

    /// The place that holds a byte of the range.
    pub(super) fn find(&self, byte: u32) -> Option<Place<'_>> {
        // The places in front of `low` begin at the byte or before it, those from `high` on behind it.
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle)?.bytes.start <= byte { low = middle + 1 } else { high = middle }
        }
        self.get(low.checked_sub(1)?).filter(|place| place.bytes.contains(&byte))
    }
}

impl Packed {
    fn faults(&self) -> &[Fault] {
        let (faults, count) = (self.faults.load(Ordering::Relaxed), self.fault_count.load(Ordering::Relaxed));
        if faults.is_null() {
            return &[];
        }
        // SAFETY: I-PUBLISHED: both come from a box that `push` took apart before it published the place, and that lives as
        // long as the list.
        unsafe { std::slice::from_raw_parts(faults, count) }
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        let (faults, count) =
            (std::mem::replace(self.faults.get_mut(), null_mut()), *self.fault_count.get_mut());
        if !faults.is_null() {
            // SAFETY: I-PUBLISHED: it is the box that `push` took apart, and nobody reads a list that is dropped.
            drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(faults, count)) });
        }
    }
}

/// The segment of a place, and where in it.
fn position(number: usize) -> (usize, usize) {
    let segment = (number / FIRST + 1).ilog2() as usize;
    (segment, number - FIRST * ((1 << segment) - 1))
}

#[cfg(test)]
mod tests {
    use super::{FIRST, Index, position};
    use crate::vm::code::{Fault, NativeKind};

    #[test]
    fn positions_fill_one_segment_after_the_other() {
        let mut next = (0, 0);
        for number in 0..FIRST * 15 {
            assert_eq!(position(number), next, "{number}");
            next = if next.1 + 1 == FIRST << next.0 { (next.0 + 1, 0) } else { (next.0, next.1 + 1) };
        }
    }

    #[test]
    fn finds_each_byte_and_no_gap() {
        let index = Index::default();
        assert_eq!(index.find(0), None);
        // Places of 7 bytes, 3 bytes apart, with as many faults as the last digit of their number says.
        for number in 0..1000 {
            let kind = NativeKind::ALL[number as usize % NativeKind::ALL.len()];
            let faults = (0..number % 10).map(|fault| Fault::new(fault, number % 7, None)).collect();
            index.push(10 * number..10 * number + 7, kind, number, faults);
            assert_eq!(index.len(), number as usize + 1);
        }
        for byte in 0..10_000 {
            let found = index.find(byte);
            let number = byte / 10;
            let expected = (byte % 10 < 7).then_some(number);
            assert_eq!(found.as_ref().map(|place| place.func), expected, "{byte}");
            let kind = NativeKind::ALL[number as usize % NativeKind::ALL.len()];
            let faults: Vec<_> = (0..number % 10).map(|fault| Fault::new(fault, number % 7, None)).collect();
            assert!(found.is_none_or(|place| place.kind == kind && place.faults == faults), "{byte}");
        }
        assert_eq!(index.find(u32::MAX), None);
    }

    #[test]
    #[should_panic(expected = "places are added in order")]
    fn the_order_is_kept() {
        let index = Index::default();
        index.push(8..16, NativeKind::Baseline, 0, Box::default());
        index.push(15..20, NativeKind::Baseline, 0, Box::default());
    }
}
