//! The native code of one module: where each function and thunk lies.
//!
//! ```text
//! NativeCode ─ publish ─▶ words relocated, copied to the writable side ─▶ in the index ─▶ address
//!
//! CodeSet ─▶ spans: chunks that follow each other, filled from the start ─▶ an index of what lies there
//! ```
//!
//! Code is freed by module: a set takes all of its code with it, and nothing else can be freed. Whoever owns a set keeps it as
//! long as frames of its code can stand on a stack; instances hold their modules, and stores their instances.
//!
//! In a process that is forked, the sets of the parent are there, with their code, and take more; neither sees what the other adds
//! or drops. As with all locks, a set that another thread is adding to at that moment stays locked there.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use upshift_asm::{NativeCode, RelocKind};

use super::index::{Index, Place};
use super::pages::View;
use super::range::{self, CHUNK, CodeRange};
use super::{Fault, NativeKind, NoNativeCode};
use crate::vm::signals;

/// To what functions are aligned: what processors fetch at once, and what constants beside the code need. Optimized code aligns entries
/// and loops by itself, relative to where it begins.
const fn alignment(kind: NativeKind) -> usize {
    match kind {
        NativeKind::Optimized => 64,
        _ => 16,
    }
}

/// How many bytes get memory at once for each chunk of a span, unless a function needs more.
const PROVIDED: usize = 16 << 10;

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
    /// How many have memory.
    provided: usize,
}

impl Open {
    /// Sees to it that the bytes up to `end` can be written, and asks for those of the next functions at once: for more of them where
    /// there is much code, for each call of the system takes as long as a small function.
    fn provide(&mut self, end: usize, all: usize) -> Result<(), NoNativeCode> {
        if end > self.provided {
            let more = end.max(self.provided + PROVIDED * (all / CHUNK)).min(all);
            self.view.provide(self.provided..more).map_err(NoNativeCode::NoMore)?;
            self.provided = more;
        }
        Ok(())
    }
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

    /// Puts code into the set, its words relocated on the way, and returns its address, a multiple of what that kind of code is aligned to. Nobody sees a part of it: look-ups
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
        code: &mut NativeCode,
        kind: NativeKind,
        func: u32,
        faults: Box<[Fault]>,
        resolve: impl Fn(RelocKind) -> u64,
    ) -> Result<usize, NoNativeCode> {
        signals::install(upshift_interp::native::fault()).map_err(NoNativeCode::Faults)?;
        // The thread may go on in the code at once.
        signals::prepare_thread();
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
        code: &mut NativeCode,
        kind: NativeKind,
        func: u32,
        faults: Box<[Fault]>,
        resolve: impl Fn(RelocKind) -> u64,
    ) -> Result<usize, NoNativeCode> {
        self.place(code.bytes.len(), kind, func, faults, |address, view, start| {
            code.relocate(address as u64, resolve);
            view.write(start, &code.bytes);
        })
    }

    /// Takes room for so many bytes, has them written, and only then lets look-ups find them; returns their address. What
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
        let (span, open, start) = filling.room(self.range, bytes, alignment(kind))?;
        open.provide(start + bytes, span.count * CHUNK)?;
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
    fn room(
        &mut self,
        range: &CodeRange,
        bytes: usize,
        alignment: usize,
    ) -> Result<(&Span, &mut Open, usize), NoNativeCode> {
        let start = match (self.spans.last(), &self.open) {
            // In a forked process the rest of the span is not ours.
            (Some(span), Some(open)) if open.view.is_here() => {
                let start = open.used.next_multiple_of(alignment);
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
        self.open = Some(Open { view, used: 0, provided: 0 });
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

#[cfg(all(test, target_os = "linux"))]
mod tests;
