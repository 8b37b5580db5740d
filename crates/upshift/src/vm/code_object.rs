//! The code that runs in a frame, whatever made it: who asks for positions, handlers, references or a tier asks here.
//!
//! In: a function's code and a position in it, which [`Frames`](crate::frames::Frames) found. Out: what lies beside the code.
//! Positions are the code's own measure: words in the interpreter.

use upshift_ir::decode::{Instr, decode};
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;
use upshift_ir::{FuncCode, code};

use upshift_core::index::FuncIndex;
use upshift_translate::{CodeOptions, ModuleInfo};

use crate::vm::tier::Tier;

/// Code of a function.
#[derive(Clone, Copy)]
pub(crate) enum CodeObject<'a> {
    /// Of the interpreter.
    Interpreter(&'a FuncCode),
}

impl<'a> CodeObject<'a> {
    /// Code of the interpreter.
    #[inline]
    pub(crate) fn of(code: &'a FuncCode) -> CodeObject<'a> {
        CodeObject::Interpreter(code)
    }

    /// The tier that runs the code.
    pub(crate) fn tier(self) -> Tier {
        match self {
            CodeObject::Interpreter(_) => Tier::Interpreter,
        }
    }

    /// What catches exceptions, by positions.
    #[inline]
    pub(crate) fn handlers(self) -> Option<&'a Handlers> {
        match self {
            CodeObject::Interpreter(code) => code.handlers(),
        }
    }

    /// The code word at a position of a handler's clause, where control goes on.
    #[inline]
    pub(crate) fn address(self, position: u32) -> *const u64 {
        match self {
            CodeObject::Interpreter(code) => code.entry().wrapping_add(position as usize),
        }
    }

    /// Which slots are references, by positions.
    #[inline]
    pub(crate) fn references(self) -> Option<&'a ReferenceMaps> {
        match self {
            CodeObject::Interpreter(code) => code.references(),
        }
    }

    /// Slots of the frame behind `fp`.
    pub(crate) fn frame_slots(self) -> usize {
        match self {
            CodeObject::Interpreter(code) => code.preamble().frame_slots as usize,
        }
    }

    /// The instruction at a position, whose operands are in their slots; none where the code is not of that kind.
    pub(crate) fn instruction(self, position: usize) -> Option<Instr> {
        match self {
            CodeObject::Interpreter(code) => decode(code.words(), position).ok(),
        }
    }

    /// The offsets in the module's bytes of the operators that positions come from; the options must be those of the code. This
    /// takes as long as translating the function.
    pub(crate) fn offsets(
        tier: Tier,
        info: &ModuleInfo,
        func: FuncIndex,
        options: CodeOptions,
    ) -> impl Fn(usize) -> Option<u32> + use<> {
        let positions = match tier {
            Tier::Interpreter => code::positions(info, func, options).unwrap_or_default(),
            // There is no code of a tier that the build does not have.
            Tier::Baseline | Tier::Optimizing => Vec::new(),
        };
        move |position| {
            let behind = positions.partition_point(|&(start, _)| start as usize <= position);
            Some(positions[behind.checked_sub(1)?].1)
        }
    }
}
