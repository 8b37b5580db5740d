//! The code that runs in a frame, whatever made it: who asks for positions, handlers, references or a tier asks here.
//!
//! In: a function's code and a position in it, which [`Frames`](crate::frames::Frames) found. Out: what lies beside the code.
//! Positions are the code's own measure: words in the interpreter, bytes of the main line in native code.

use std::sync::Arc;

use upshift_core::index::FuncIndex;
use upshift_ir::decode::{Instr, decode};
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;
use upshift_ir::{FuncCode, code};
use upshift_translate::{CodeOptions, ModuleInfo};

use crate::vm::code::NativeKind;
use crate::vm::native::{NativeFunc, NativeSet};
use crate::vm::tier::Tier;

/// Code of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CodeObject<'a> {
    /// Of the interpreter.
    Interpreter(&'a FuncCode),
    /// Of a compiler, whichever.
    Native(&'a NativeFunc),
}

impl<'a> CodeObject<'a> {
    /// The position that an address within an instruction of the code belongs to.
    #[inline]
    pub(crate) fn position(self, pc: usize) -> Option<usize> {
        match self {
            CodeObject::Interpreter(code) => code.word_at(pc),
            CodeObject::Native(code) => Some(code.position(code.offset_of(pc)?) as usize),
        }
    }

    /// What catches exceptions, by positions.
    #[inline]
    pub(crate) fn handlers(self) -> Option<&'a Handlers> {
        match self {
            CodeObject::Interpreter(code) => code.handlers(),
            CodeObject::Native(code) => code.handlers(),
        }
    }

    /// The code word where control goes on with what a handler's clause says.
    #[inline]
    pub(crate) fn landing(self, target: u32) -> *const u64 {
        match self {
            CodeObject::Interpreter(code) => code.entry().wrapping_add(target as usize),
            CodeObject::Native(code) => code.word(target),
        }
    }

    /// Which slots are references, by positions.
    #[inline]
    pub(crate) fn references(self) -> Option<&'a ReferenceMaps> {
        match self {
            CodeObject::Interpreter(code) => code.references(),
            CodeObject::Native(code) => code.references(),
        }
    }

    /// The functions whose code stands at a position in the place of calls, from the innermost one outwards, and the offsets of their
    /// operators in the module.
    pub(crate) fn inlined_at(self, position: usize) -> impl Iterator<Item = (FuncIndex, u32)> + use<'a> {
        let native = match self {
            CodeObject::Interpreter(_) => None,
            CodeObject::Native(code) => Some(code),
        };
        let inlined = native.into_iter().flat_map(move |code| code.inlined_at(position as u32));
        inlined.map(|inlined| (inlined.func, inlined.offset))
    }

    /// Slots of the frame behind `fp`.
    pub(crate) fn frame_slots(self) -> usize {
        match self {
            CodeObject::Interpreter(code) => code.preamble().frame_slots as usize,
            CodeObject::Native(code) => code.frame_slots(),
        }
    }

    /// The instruction of the interpreter that begins at an address, whose operands are in their slots; none where native code
    /// does what there is to do.
    pub(crate) fn instruction(self, pc: usize) -> Option<Instr> {
        match self {
            CodeObject::Interpreter(code) => decode(code.words(), code.word_at(pc)?).ok(),
            CodeObject::Native(code) => decode(code.pool_from(code.offset_of(pc)?)?, 0).ok(),
        }
    }
}

/// What made the code of a frame, for as long as somebody may ask where its positions come from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Interpreter,
    /// Code of a set, by its function and an address within it.
    Native {
        set: Arc<NativeSet>,
        own: usize,
        kind: NativeKind,
        pc: usize,
    },
}

impl Origin {
    /// The tier that runs the code.
    pub(crate) fn tier(&self) -> Tier {
        match self {
            Origin::Interpreter => Tier::Interpreter,
            Origin::Native { kind: NativeKind::Optimized, .. } => Tier::Optimizing,
            Origin::Native { .. } => Tier::Baseline,
        }
    }

    /// The native code.
    fn native(&self) -> Option<&NativeFunc> {
        let Origin::Native { set, own, kind, pc } = self else { return None };
        set.at(*own, *kind, *pc)
    }

    /// Whether both have the same code of a function.
    pub(crate) fn same(&self, other: &Origin) -> bool {
        match (self.native(), other.native()) {
            (None, None) => true,
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            _ => false,
        }
    }

    /// The offsets in the module's bytes of the operators that positions come from; the options must be those of the code. This
    /// takes as long as translating the function.
    pub(crate) fn offsets(
        &self,
        info: &ModuleInfo,
        func: FuncIndex,
        options: CodeOptions,
    ) -> impl Fn(usize) -> Option<u32> + use<> {
        let kept = self.native().and_then(|code| code.positions());
        let positions = match (self, kept) {
            (_, Some(positions)) => positions,
            (Origin::Interpreter, None) => code::positions(info, func, options).unwrap_or_default(),
            (Origin::Native { set, .. }, None) => set.offsets(info, func, options),
        };
        move |position| {
            let behind = positions.partition_point(|&(start, _)| start as usize <= position);
            Some(positions[behind.checked_sub(1)?].1)
        }
    }
}
