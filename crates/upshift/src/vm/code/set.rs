//! The native code of one module: where each function and thunk lies.
//!
//! ```text
//! NativeCode ─ publish ─▶ copied to the writable side, words relocated ─▶ in the index ─▶ address
//!
//! CodeSet ─▶ spans: chunks that follow each other, filled from the start ─▶ an index of what lies there
//! ```
//!
//! Code is freed by module: a set takes all of its code with it, and nothing else can be freed. Whoever owns a set keeps it as
//! long as frames of its code can stand on a stack; instances hold their modules, and stores their instances.
//!
//! In a process that is forked, the sets of the parent are there, with their code, and take more; neither sees what the other adds
//! or drops.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use upshift_asm::{NativeCode, RelocKind};

use super::index::{Index, Place};
use super::pages::View;
use super::range::{self, CHUNK, CodeRange};
use super::{Fault, NativeKind, NoNativeCode};
use crate::vm::signals;

/// Where functions begin: what processors fetch at once, and what constants beside the code need.
const ALIGNMENT: usize = 16;

/// The most chunks that are taken in advance, for a set that has filled as many.
const MOST_CHUNKS: usize = 16;

/// A part of a set in chunks that follow each other.
pub(super) struct Span {
    /// The number of the first chunk.
    first: usize,
    count: usize,
    index: Index,
}

impl Span {
    /// The numbers of its chunks.
    pub(super) fn chunks(&self) -> Range<usize> {
        self.first..self.first + self.count
    }

    /// What lies at a byte of the range.
    pub(super) fn find(&self, byte: u32) -> Option<Place<'_>> {
        self.index.find(byte)
    }
}

/// The native code of a module.
pub(crate) struct CodeSet<'r> {
    range: &'r CodeRange,
    filling: Mutex<Filling>,
}

/// The part of a set that changes.
#[derive(Default)]
struct Filling {
    #[expect(clippy::vec_box, reason = "the range's table has the addresses of spans")]
    spans: Vec<Box<Span>>,
    /// The writable side of the last span.
    open: Option<Open>,
}

/// What code is written to.
struct Open {
    view: View,
    /// Bytes from the start that are in use.
    used: usize,
}

impl CodeSet<'static> {
    /// A set without code, in the range of the process.
    ///
    /// # Errors
    /// When there is no native code in this process: the system gives no memory for it, or there is none on this system.
    pub(crate) fn create() -> Result<CodeSet<'static>, NoNativeCode> {
        if !signals::AVAILABLE || !upshift_interp::native::AVAILABLE {
            return Err(NoNativeCode::Unsupported);
        }
        let set = CodeSet::new(range::reserved().map_err(NoNativeCode::AddressSpace)?);
        // Whoever is refused knows before anything is compiled.
        set.lock().begin_span(set.range, 1)?;
        Ok(set)
    }

    /// Puts code into the set, its words relocated, and answers its address, a multiple of 16. Nobody sees a part of it: look-ups
    /// find it when it is whole. From the first time on, faults of native code are taken for traps, see [`signals`].
    ///
    /// `faults` are the instructions whose faults are traps, in ascending order. `resolve` gives the addresses of stubs and handlers.
    ///
    /// # Errors
    /// When there is no room for the code, or no memory. Then the function has none, and the set is as it was.
    ///
    /// # Panics
    /// When a relocation is not inside the code.
    pub(crate) fn publish(
        &self,
        code: &NativeCode,
        kind: NativeKind,
        func: u32,
        faults: Box<[Fault]>,
        resolve: impl Fn(RelocKind) -> u64,
    ) -> Result<usize, NoNativeCode> {
        signals::install(upshift_interp::native::fault()).map_err(NoNativeCode::Faults)?;
        self.add(code, kind, func, faults, resolve)
    }
}

impl<'r> CodeSet<'r> {
    /// A set without code.
    pub(super) fn new(range: &'r CodeRange) -> CodeSet<'r> {
        CodeSet { range, filling: Mutex::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Filling> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`publish`](CodeSet::publish), in any range.
    pub(super) fn add(
        &self,
        code: &NativeCode,
        kind: NativeKind,
        func: u32,
        faults: Box<[Fault]>,
        resolve: impl Fn(RelocKind) -> u64,
    ) -> Result<usize, NoNativeCode> {
        self.place(code.bytes.len(), kind, func, faults, |address, view, start| {
            view.write(start, &code.bytes);
            for reloc in &code.relocs {
                let word = match reloc.kind {
                    RelocKind::Base => code.word(reloc.at).wrapping_add(address as u64),
                    kind => resolve(kind),
                };
                view.write(start + reloc.at as usize, &word.to_le_bytes());
            }
        })
    }

    /// Takes room for so many bytes, has them written, and only then lets look-ups find them; answers their address. What
    /// writes them is told of it, and where they go in the view.
    fn place(
        &self,
        bytes: usize,
        kind: NativeKind,
        func: u32,
        faults: Box<[Fault]>,
        write: impl FnOnce(usize, &mut View, usize),
    ) -> Result<usize, NoNativeCode> {
        let mut filling = self.lock();
        let (span, open, start) = filling.room(self.range, bytes)?;
        open.view.provide(start..start + bytes).map_err(NoNativeCode::NoMore)?;
        let at = span.first * CHUNK + start;
        let address = self.range.base() + at;
        // A processor that does not see by itself that instructions were written has to be told here; those of x86-64 do, at
        // addresses where nothing ran before.
        write(address, &mut open.view, start);
        open.used = start + bytes;
        span.index.push(at as u32..(at + bytes) as u32, kind, func, faults);
        Ok(address)
    }
}

impl Filling {
    /// Where so many bytes can be written: the span, its writable side, and how far from its start.
    fn room(&mut self, range: &CodeRange, bytes: usize) -> Result<(&Span, &mut Open, usize), NoNativeCode> {
        let start = match (self.spans.last(), &self.open) {
            // In a forked process the rest of the span is not ours.
            (Some(span), Some(open)) if open.view.is_here() => {
                let start = open.used.next_multiple_of(ALIGNMENT);
                (bytes <= (span.count * CHUNK).saturating_sub(start)).then_some(start)
            }
            _ => None,
        };
        if start.is_none() {
            let needed = bytes.div_ceil(CHUNK).max(1);
            // A large module soon has large spans, and few of them.
            let wanted = self.spans.iter().map(|span| span.count).sum::<usize>().min(MOST_CHUNKS);
            match self.begin_span(range, needed.max(wanted)) {
                Err(NoNativeCode::Full) => self.begin_span(range, needed)?,
                begun => begun?,
            }
        }
        let (span, open) = self.spans.last().zip(self.open.as_mut()).expect("a span was begun");
        Ok((span, open, start.unwrap_or(0)))
    }

    /// Begins a span of so many chunks. The one before gets no more code.
    fn begin_span(&mut self, range: &CodeRange, count: usize) -> Result<(), NoNativeCode> {
        let (first, view) = range.map(count)?;
        let span = Box::new(Span { first, count, index: Index::default() });
        range.publish(&span);
        self.spans.push(span);
        self.open = Some(Open { view, used: 0 });
        Ok(())
    }
}

impl Drop for CodeSet<'_> {
    fn drop(&mut self) {
        let filling = self.filling.get_mut().unwrap_or_else(PoisonError::into_inner);
        filling.open = None;
        // SAFETY: I-PUBLISHED: whoever drops a set has no frame of its code, and nobody else.
        filling.spans.iter().for_each(|span| unsafe { self.range.free(span) });
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
