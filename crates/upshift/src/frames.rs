//! The frames of wasm functions, innermost first: the one walk for backtraces, the collector, exceptions and texts of traps.
//!
//! ```text
//! point where code was left ─▶ frame ─ header ─▶ frame ─ … ─▶ entry ─ chain of entries ─▶ frame below the host's ─ …
//!                                └─ header ─▶ FuncRec ─▶ instance, function ─▶ its code ─ pc ─▶ position
//! ```
//!
//! A frame of the value stack names its function itself, so nothing is looked up by addresses and nothing is locked. What the pc
//! stands for has to fit: it lies in code of that function, or it is one of the runtime's own stubs. Anything else means that
//! the stack is not what it was taken for, and the process aborts: to end the walk there would hide frames from the collector,
//! which would free what they refer to.

use std::marker::PhantomData;
use std::sync::Arc;

use upshift_core::index::FuncIndex;
use upshift_core::vm::{EntryFrame, ExitPoint, FuncRec, frame};
use upshift_interp::frame::caller_of;
use upshift_ir::FuncCode;

use crate::instance::InstanceData;
use crate::vm::code::{CodeKind, NativeKind, Stub, kind_of};
use crate::vm::code_object::{CodeObject, Origin};
use crate::vm::work::{Work, count};

/// A frame of a wasm function.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) instance: &'a InstanceData,
    pub(crate) func: FuncIndex,
    /// The code that runs in the frame.
    pub(crate) code: CodeObject<'a>,
    /// The position in the code, of the instruction that is being executed.
    pub(crate) position: usize,
    /// Where the frame is, and what its pc is.
    pub(crate) point: ExitPoint,
}

/// What a point in the code is.
enum Found<'a> {
    Frame(Frame<'a>),
    /// A stub that stands for a function which has not begun: there is a header, but nothing else.
    Unbegun,
}

impl<'a> Frame<'a> {
    /// The frame in which code was left; none if it was not left, or in a function that had not begun.
    ///
    /// # Safety
    /// `exit` must be on the value stack of a store that is alive for `'a`.
    pub(crate) unsafe fn at(exit: ExitPoint) -> Option<Frame<'a>> {
        if exit.is_none() {
            return None;
        }
        // SAFETY: the caller's promise.
        match unsafe { find(exit) } {
            Found::Frame(frame) => Some(frame),
            Found::Unbegun => None,
        }
    }

    /// What made the code.
    pub(crate) fn origin(&self) -> Origin {
        let (CodeObject::Native(code), Some(set)) = (self.code, self.instance.native.get()) else {
            return Origin::Interpreter;
        };
        let (set, own) = (Arc::clone(set), self.instance.module.own(self.func));
        Origin::Native { set, own, kind: code.kind(), pc: self.point.inside() }
    }

    /// The functions that are active in the frame besides its own, from the innermost one outwards, and the offsets of their operators
    /// in the module: their code stands in the place of calls.
    pub(crate) fn inlined(&self) -> impl Iterator<Item = (FuncIndex, u32)> + use<'a> {
        self.code.inlined_at(self.position)
    }

    /// The address of a slot, counted from `fp`.
    #[inline]
    pub(crate) fn slot(&self, slot: i32) -> *mut u64 {
        self.point.fp.wrapping_offset(slot as isize)
    }
}

/// What a point in the code is.
///
/// # Safety
/// `point` must be on the value stack of a store that is alive for `'a`, and not be [`ExitPoint::NONE`].
#[inline]
unsafe fn find<'a>(point: ExitPoint) -> Found<'a> {
    let pc = point.inside();
    // SAFETY: the store of a frame keeps its code.
    let native = match unsafe { kind_of(pc) } {
        CodeKind::Interpreter => None,
        CodeKind::Native(kind @ (NativeKind::Baseline | NativeKind::Optimized)) => Some(kind),
        CodeKind::Stub(Stub::Translate) => return Found::Unbegun,
        // The other stubs, and adaptors of native code, note where they were called instead.
        CodeKind::Stub(_) | CodeKind::Native(_) | CodeKind::Nothing => unknown(&point),
    };
    // SAFETY: each frame has a header with a record, whose instance lives as long as its store.
    let (func, instance) = unsafe {
        let func: &FuncRec = &**point.fp.wrapping_offset(frame::FUNC).cast::<*const FuncRec>();
        let instance = (*func.vmctx).instance.cast::<InstanceData>();
        (FuncIndex(func.index), instance.as_ref())
    };
    let Some(instance) = instance else { unknown(&point) };
    let found =
        instance.code(func, native.map(|kind| (kind, pc))).and_then(|code| Some((code, code.position(pc)?)));
    let Some((code, position)) = found else { unknown(&point) };
    Found::Frame(Frame { instance, func, code, position, point })
}

/// Ends the process because a frame is not what it was taken for.
#[cold]
#[inline(never)]
fn unknown(point: &ExitPoint) -> ! {
    // Whoever catches a panic would go on with a heap or a stack that is not whole.
    eprintln!(
        "upshift: internal error: no code is known at pc {:#x} ({:?}) of the frame at {:p}; the process ends, because to leave \
         out frames would free what they use. Please report this.",
        point.pc, point.at, point.fp,
    );
    std::process::abort();
}

/// Walks over the frames.
pub(crate) struct Frames<'a> {
    /// The frame that comes next, if there is one in this activation.
    point: ExitPoint,
    /// The activation below.
    entry: *const EntryFrame,
    store: PhantomData<&'a FuncCode>,
}

impl<'a> Frames<'a> {
    /// The frames from `exit` down to the last activation of the chain; with none, those of one activation.
    ///
    /// # Safety
    /// The frames that start at `exit`, with those of all entries of the chain, must be on the value stack for as long
    /// as the iterator is used, and the store must be alive for `'a`.
    pub(crate) unsafe fn new(exit: ExitPoint, entry: *const EntryFrame) -> Frames<'a> {
        Frames { point: exit, entry, store: PhantomData }
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    #[inline]
    fn next(&mut self) -> Option<Frame<'a>> {
        loop {
            if self.point.is_none() {
                if self.entry.is_null() {
                    return None;
                }
                // SAFETY: entries are alive while their activations are.
                let entry = unsafe { &*self.entry };
                (self.point, self.entry) = (entry.outer, entry.prev);
                continue;
            }
            // SAFETY: as promised to `new`.
            let found = unsafe {
                let found = find(self.point);
                self.point = caller_of(self.point.fp, self.point.ctx);
                found
            };
            if let Found::Frame(frame) = found {
                count(Work::Frames, 1);
                return Some(frame);
            }
        }
    }
}

#[cfg(test)]
mod tests;
