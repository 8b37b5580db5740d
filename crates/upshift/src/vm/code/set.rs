//! The native code of one module: where each function and thunk lies.
//!
//! ```text
//! CodeSet ─▶ spans: chunks that follow each other, filled from the start ─▶ an index of what lies there
//! ```
//!
//! Code is freed by module: a set takes all of its code with it, and nothing else can be freed. Whoever owns a set keeps it as
//! long as frames of its code can stand on a stack; instances hold their modules, and stores their instances.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::NativeKind;
use super::index::{Index, Place};
use super::range::{CHUNK, CodeRange};

/// Where functions begin: what processors fetch at once.
const ALIGNMENT: usize = 16;

/// A part of a set in chunks that follow each other.
pub(super) struct Span {
    /// The number of the first chunk.
    first: usize,
    count: usize,
    /// Bytes from the start that are in use; whoever takes more holds the set's lock.
    used: AtomicUsize,
    index: Index,
}

impl Span {
    /// The numbers of its chunks.
    pub(super) fn chunks(&self) -> Range<usize> {
        self.first..self.first + self.count
    }

    /// What lies at a byte of the range.
    pub(super) fn find(&self, byte: u32) -> Option<Place> {
        self.index.find(byte)
    }

    /// Takes bytes at the end of what is in use; answers where in the range they begin.
    fn take(&self, bytes: usize, kind: NativeKind, func: u32) -> Option<usize> {
        let start = self.used.load(Ordering::Relaxed).next_multiple_of(ALIGNMENT);
        let end = start.checked_add(bytes).filter(|&end| end <= self.count * CHUNK)?;
        self.used.store(end, Ordering::Relaxed);
        let at = self.first * CHUNK + start;
        let last = u32::try_from(at + bytes).ok()?;
        self.index.push(&Place { bytes: at as u32..last, kind, func });
        Some(at)
    }
}

/// The native code of a module.
pub(super) struct CodeSet<'r> {
    range: &'r CodeRange,
    /// The last one is filled.
    #[expect(clippy::vec_box, reason = "the range's table has the addresses of spans")]
    spans: Mutex<Vec<Box<Span>>>,
}

#[cfg_attr(not(test), expect(dead_code, reason = "only tiers of native code make sets"))]
impl<'r> CodeSet<'r> {
    /// A set without code.
    pub(super) fn new(range: &'r CodeRange) -> CodeSet<'r> {
        CodeSet { range, spans: Mutex::default() }
    }

    /// Sets a place aside for code of a kind, which look-ups find from now on; answers its address. It is for whoever makes the
    /// code to write it there before anything leads to it.
    ///
    /// None if the range is full: then the function has no native code.
    pub(super) fn add(&self, bytes: usize, kind: NativeKind, func: u32) -> Option<usize> {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match spans.last().and_then(|span| span.take(bytes, kind, func)) {
            Some(at) => at,
            None => {
                let count = bytes.div_ceil(CHUNK).max(1);
                let first = self.range.take(count)?;
                let span =
                    Box::new(Span { first, count, used: AtomicUsize::new(0), index: Index::default() });
                let at = span.take(bytes, kind, func);
                self.range.publish(&span);
                spans.push(span);
                at?
            }
        };
        Some(self.range.base() + at)
    }
}

impl Drop for CodeSet<'_> {
    fn drop(&mut self) {
        let spans = self.spans.get_mut().unwrap_or_else(PoisonError::into_inner);
        spans.iter().for_each(|span| self.range.free(span));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::{CHUNK, CodeSet};
    use crate::vm::code::NativeKind;
    use crate::vm::code::index::Place;
    use crate::vm::code::range::CodeRange;

    const RANGE: usize = 16 << 20;

    /// What lies at an address of a set that lives, or of none.
    fn find(range: &CodeRange, pc: usize) -> Option<(NativeKind, u32, usize)> {
        // SAFETY: as above.
        let place = unsafe { range.find(pc) };
        place.map(|Place { bytes, kind, func }| (kind, func, range.base() + bytes.start as usize))
    }

    #[test]
    fn addresses_lead_to_functions() {
        let range = CodeRange::reserve(RANGE).expect("there is address space");
        let set = CodeSet::new(&range);
        let code: Vec<usize> =
            (0..5000).map(|func| set.add(50, NativeKind::Baseline, func).unwrap()).collect();
        for (func, &at) in (0..).zip(&code) {
            assert!(range.contains(at));
            assert_eq!(at % 16, 0);
            for inside in [at, at + 49] {
                assert_eq!(find(&range, inside), Some((NativeKind::Baseline, func, at)));
            }
            // 14 bytes are left over, and belong to nobody.
            assert_eq!(find(&range, at + 50), None);
        }
        assert_eq!(find(&range, range.base() - 1), None);
        assert!(!range.contains(range.base() - 1));
        assert!(!range.contains(range.base() + range.chunks() * CHUNK));
        assert_eq!(find(&range, usize::MAX), None);
    }

    #[test]
    fn large_code_has_chunks_that_follow_each_other() {
        let range = CodeRange::reserve(RANGE).expect("there is address space");
        let set = CodeSet::new(&range);
        set.add(1, NativeKind::Thunk, 0).unwrap();
        let at = set.add(5 * CHUNK + 1, NativeKind::Optimized, 7).unwrap();
        for byte in (0..=5 * CHUNK).step_by(1000) {
            assert_eq!(find(&range, at + byte), Some((NativeKind::Optimized, 7, at)));
        }
        assert_eq!(find(&range, at + 5 * CHUNK + 1), None);
    }

    #[test]
    fn what_was_freed_is_found_no_more_and_used_again() {
        let range = CodeRange::reserve(RANGE).expect("there is address space");
        let kept = CodeSet::new(&range);
        let at = kept.add(100, NativeKind::Baseline, 1).unwrap();
        // Far more sets than there are chunks, one after the other.
        for number in 0..10 * range.chunks() as u32 {
            let set = CodeSet::new(&range);
            let at = set.add(2 * CHUNK, NativeKind::Baseline, number).expect("the chunks are free again");
            assert_eq!(find(&range, at + CHUNK), Some((NativeKind::Baseline, number, at)));
            drop(set);
            assert_eq!(find(&range, at + CHUNK), None);
        }
        assert_eq!(find(&range, at + 99), Some((NativeKind::Baseline, 1, at)));
    }

    #[test]
    fn a_full_range_says_so() {
        let range = CodeRange::reserve(RANGE).expect("there is address space");
        let set = CodeSet::new(&range);
        assert_eq!(set.add(range.chunks() * CHUNK + 1, NativeKind::Baseline, 0), None);
        let added = (0..).take_while(|&func| set.add(CHUNK, NativeKind::Baseline, func).is_some()).count();
        assert_eq!(added, range.chunks());
        drop(set);
        assert!(CodeSet::new(&range).add(range.chunks() * CHUNK, NativeKind::Baseline, 0).is_some());
    }

    #[test]
    fn threads_look_up_while_code_is_added_and_sets_come_and_go() {
        let range = CodeRange::reserve(RANGE).expect("there is address space");
        let (kept, grown) = (CodeSet::new(&range), CodeSet::new(&range));
        let fixed: Vec<usize> =
            (0..2000).map(|func| kept.add(64, NativeKind::Baseline, func).unwrap()).collect();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut rounds = 0;
                        while rounds == 0 || !done.load(Ordering::Relaxed) {
                            for (func, &at) in (0..).zip(&fixed) {
                                assert_eq!(find(&range, at + 63), Some((NativeKind::Baseline, func, at)));
                            }
                            rounds += 1;
                        }
                    })
                })
                .collect();
            // Whoever is told of an address finds it at once.
            let (tell, told) = std::sync::mpsc::channel();
            let follower = scope.spawn(|| {
                for (func, at) in told {
                    assert_eq!(find(&range, at), Some((NativeKind::Optimized, func, at)));
                }
            });
            for func in 0..5000 {
                let at = grown.add(200, NativeKind::Optimized, func).unwrap();
                tell.send((func, at)).unwrap();
                // Its neighbours appear and go.
                let passing = CodeSet::new(&range);
                passing.add(CHUNK + func as usize, NativeKind::Thunk, func).unwrap();
            }
            drop(tell);
            follower.join().unwrap();
            done.store(true, Ordering::Relaxed);
            readers.into_iter().for_each(|reader| reader.join().unwrap());
        });
    }
}
