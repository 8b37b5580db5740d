//! Native code of one function, published, and what lies beside it, whatever compiler has made it.
//!
//! ```text
//! BaselineCode, OptCode ─▶ Beside ┬▶ NativeFunc ─▶ entries, for records of functions ─▶ words to go on at, for frames
//!                publish ─ address┘          └▶ pc ─▶ position ─▶ handlers, references, offsets in the module
//! ```

use std::fmt;

use upshift_asm::{NativeCode, Reloc};
use upshift_baseline::BaselineCode;
use upshift_codegen::owner;
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;
use upshift_opt::{Inlined, OptCode, Spot, Stats};

use crate::vm::code::{NativeKind, faults_from};
use crate::vm::observe::Registration;
use crate::vm::tier::{Compilation, Tier};

/// Bytes of the word in front of the one through which handlers come in.
const PREAMBLE: u32 = size_of::<u64>() as u32;

/// What lies beside the code of a function.
#[derive(Debug)]
pub(crate) struct Beside {
    /// Offset of the word through which the interpreter's handlers come in: at the start, or at the loop that the code begins with.
    pub(crate) arrival: u32,
    /// Whether it is the code of the whole function, and not from a loop on; only then the next two are given.
    pub(crate) is_whole: bool,
    /// Offset of the code for callers with arguments in slots.
    pub(crate) native_entry: u32,
    /// The same for arguments in registers, if the function takes them so.
    pub(crate) reg_entry: Option<u32>,
    /// By the number of a loop the offset of the word through which the interpreter comes in at its head; 0 if there is none.
    pub(crate) loops: Box<[u32]>,
    /// Where the part of the code ends whose offsets are positions.
    pub(crate) main: u32,
    /// Where the constants begin.
    pub(crate) pool: u32,
    /// Which position what lies behind [`main`](Self::main) belongs to: an offset from which on it counts, ascending.
    pub(crate) owners: Box<[(u32, u32)]>,
    /// Positions and the places of their operators, ascending; `None` if these are found by compiling again.
    pub(crate) positions: Option<Box<[(u32, Spot)]>>,
    /// Operators of other functions whose code stands in the place of calls.
    pub(crate) inlined: Box<[Inlined]>,
    pub(crate) frame_slots: u32,
    pub(crate) handlers: Handlers,
    pub(crate) references: ReferenceMaps,
}

impl Beside {
    /// What lies beside the code that one pass has made, whose pool begins at an offset.
    pub(super) fn of_baseline(code: BaselineCode, pool: u32) -> Beside {
        Beside {
            arrival: code.entry + PREAMBLE,
            is_whole: true,
            native_entry: code.native_entry,
            reg_entry: Some(code.reg_entry),
            loops: code.loops,
            main: code.main,
            pool,
            owners: code.owners,
            positions: None,
            inlined: Box::default(),
            frame_slots: code.frame_slots,
            handlers: code.handlers,
            references: code.references,
        }
    }

    /// What lies beside optimized code, of a whole function or not, whose pool begins at an offset.
    pub(super) fn of_optimized(code: OptCode, pool: u32, whole: bool) -> Beside {
        Beside {
            arrival: code.entry + PREAMBLE,
            is_whole: whole,
            native_entry: code.native_entry,
            reg_entry: whole.then_some(code.reg_entry),
            loops: Box::default(),
            main: pool,
            pool,
            owners: code.owners,
            positions: Some(code.positions),
            inlined: code.inlined,
            frame_slots: code.frame_slots,
            handlers: code.handlers,
            references: code.references,
        }
    }
}

/// Native code of one function.
pub(crate) struct NativeFunc {
    /// Where the code begins.
    pub(super) address: usize,
    pub(super) beside: Beside,
    pub(crate) compilation: Compilation,
    /// Its words that are addresses, if somebody wants the code as it was before it was published.
    pub(super) relocs: Box<[Reloc]>,
    /// What a debugger knows of it.
    pub(super) _registration: Option<Registration>,
}

impl NativeFunc {
    /// What a [`FuncRec`](upshift_core::vm::FuncRec) holds as `code`, if it is the code of the whole function.
    pub(crate) fn entry(&self) -> *const u64 {
        self.word(self.beside.arrival - PREAMBLE)
    }

    /// What kind of native code it is.
    pub(crate) fn kind(&self) -> NativeKind {
        match self.compilation.tier {
            Tier::Optimizing => NativeKind::Optimized,
            Tier::Interpreter | Tier::Baseline => NativeKind::Baseline,
        }
    }

    /// The word through which handlers come in: at the start of the function, or, if that is what the code begins with, at the head
    /// of a loop.
    pub(crate) fn arrival(&self) -> *const u64 {
        self.word(self.beside.arrival)
    }

    /// Whether it is that of the whole function, and not from a loop on.
    pub(crate) fn is_whole(&self) -> bool {
        self.beside.is_whole
    }

    /// What a [`FuncRec`](upshift_core::vm::FuncRec) holds as `native`.
    pub(crate) fn native_entry(&self) -> *const u8 {
        self.word(self.beside.native_entry).cast()
    }

    /// What a [`FuncRec`](upshift_core::vm::FuncRec) holds as `reg_entry`, if the code takes arguments so.
    pub(crate) fn reg_entry(&self) -> Option<*const u8> {
        self.beside.reg_entry.map(|offset| self.word(offset).cast())
    }

    /// The word to go on with from the head of a loop of the interpreter's code, if anything reaches the loop.
    pub(crate) fn loop_entry(&self, number: u32) -> Option<*const u64> {
        let &word = self.beside.loops.get(number as usize)?;
        (word != 0).then(|| self.word(word))
    }

    /// The word at an offset.
    pub(crate) fn word(&self, offset: u32) -> *const u64 {
        std::ptr::with_exposed_provenance(self.address + offset as usize)
    }

    /// Slots of the frame behind `fp`.
    pub(crate) fn frame_slots(&self) -> usize {
        self.beside.frame_slots as usize
    }

    /// What catches exceptions, by positions.
    pub(crate) fn handlers(&self) -> Option<&Handlers> {
        Some(&self.beside.handlers).filter(|handlers| !handlers.is_empty())
    }

    /// Which slots are references, by positions.
    pub(crate) fn references(&self) -> Option<&ReferenceMaps> {
        Some(&self.beside.references).filter(|references| !references.is_empty())
    }

    /// Positions and the offsets of the function's operators in the module, if they were kept.
    pub(crate) fn positions(&self) -> Option<Vec<(u32, u32)>> {
        let positions = self.beside.positions.as_deref()?;
        Some(positions.iter().map(|&(at, spot)| (at, spot.offset(&self.beside.inlined))).collect())
    }

    /// The operators of other functions whose code stands at a position in the place of calls, from the innermost one outwards.
    pub(crate) fn inlined_at(&self, position: u32) -> impl Iterator<Item = &Inlined> {
        let positions = self.beside.positions.as_deref().unwrap_or_default();
        let behind = positions.partition_point(|&(start, _)| start <= position);
        let spot = behind.checked_sub(1).map_or(Spot::NONE, |at| positions[at].1);
        spot.chain(&self.beside.inlined)
    }

    /// The offset of an address in the code, if it is in there.
    pub(crate) fn offset_of(&self, pc: usize) -> Option<u32> {
        let offset = pc.wrapping_sub(self.address);
        (offset < self.compilation.code_bytes).then_some(offset as u32)
    }

    /// The position that a byte of the code belongs to.
    pub(crate) fn position(&self, offset: u32) -> u32 {
        if offset < self.beside.main {
            return offset;
        }
        owner(&self.beside.owners, offset)
    }

    /// What the optimizing compiler had made, but for figures that nobody asks for; it must have been published with its
    /// [relocations](Self::relocs) kept.
    pub(super) fn unpublished(&self) -> OptCode {
        let Compilation { spills, embedded, passes_off, code_bytes, .. } = self.compilation;
        let Beside { arrival, is_whole: _, native_entry, reg_entry, pool, frame_slots, .. } = self.beside;
        // SAFETY: I-NATIVE: published code stays readable and unchanged as long as its set, which owns this.
        let published = unsafe { std::slice::from_raw_parts(self.word(0).cast::<u8>(), code_bytes) };
        let stats =
            Stats { spills: spills as u32, embedded: embedded as u32, passes_off, ..Stats::default() };
        OptCode {
            code: NativeCode::of_published(published, pool, self.relocs.to_vec(), self.address as u64),
            frame_slots,
            entry: arrival - PREAMBLE,
            native_entry,
            reg_entry: reg_entry.unwrap_or(0),
            handlers: self.beside.handlers.clone(),
            references: self.beside.references.clone(),
            // SAFETY: the set is not dropped meanwhile.
            faults: unsafe { faults_from(self.address) },
            owners: self.beside.owners.clone(),
            positions: self.beside.positions.clone().unwrap_or_default(),
            inlined: self.beside.inlined.clone(),
            stats,
        }
    }

    /// The words from an offset to the end of the pool, if it is in the pool.
    pub(crate) fn pool_from(&self, offset: u32) -> Option<&[u64]> {
        if offset < self.beside.pool || !offset.is_multiple_of(8) {
            return None;
        }
        let words = (self.compilation.code_bytes - offset as usize) / size_of::<u64>();
        // SAFETY: I-NATIVE: published code stays readable and unchanged as long as its set, which owns this.
        Some(unsafe { std::slice::from_raw_parts(self.word(offset), words) })
    }
}

impl fmt::Debug for NativeFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeFunc").field("address", &self.address).finish_non_exhaustive()
    }
}
