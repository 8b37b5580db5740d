//! The embedded twins of operators that have machine code: what the interpreter does instead of it, in tests.
//!
//! Machine code of an operator and the interpreter's instruction have to do the same. Where the [target](upshift_codegen::Target::twins)
//! says so, either is compiled, so that a program runs with both in all combinations. Builds without assertions have no such choice.

use upshift_ir::build::Builder;

use crate::compiler::Compiler;

impl<'m> Compiler<'m> {
    /// Lets the interpreter do the operator that comes if its turn has come. Returns whether it does.
    #[inline(always)]
    pub(crate) fn twin(&mut self, memory: bool, build: impl FnOnce(&mut Builder<'m>)) -> bool {
        if !cfg!(debug_assertions) || !self.is_twins_turn() {
            return false;
        }
        self.settle();
        self.embed(memory, build);
        true
    }

    /// Whether the interpreter is to do the operator that comes. It depends on where its code begins, so it is the same each time that
    /// the function is compiled.
    pub(crate) fn is_twins_turn(&self) -> bool {
        match self.target.twins {
            _ if !cfg!(debug_assertions) => false,
            None => false,
            // The shift before it has no code yet.
            Some(_) if self.scaled.is_some() => false,
            Some(0) => true,
            Some(seed) => {
                let at = u64::from(self.func.0) << 32 | u64::from(self.asm.offset());
                // Fibonacci hashing. In some functions it is one operator in sixteen, in others most of them.
                let pick = (at ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let function = (u64::from(self.func.0) ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                (pick >> 60) <= function >> 60
            }
        }
    }
}
