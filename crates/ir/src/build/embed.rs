//! Instructions on their own, for the code of another tier that has no code for an operator.
//!
//! In: a call of the backend. Out: the words of the instructions that do it, with all operands in slots. They neither use nor
//! leave anything in accumulators, and control goes on behind the last one, so they run wherever a frame of the function is.
//! Branches within the function cannot be had in this way.

use upshift_translate::ModuleInfo;
use upshift_translate::backend::Frame;

use super::{Builder, SideTables};
use crate::op::Op;

impl<'m> Builder<'m> {
    /// A builder of such instructions for a function with this frame.
    #[must_use]
    pub fn for_embedding(module: &'m ModuleInfo, frame: &Frame) -> Builder<'m> {
        let mut builder = Builder::with_words(module, Vec::new(), false);
        builder.frame = *frame;
        builder.tables = SideTables::new(frame.params);
        builder
    }

    /// The words of what `build` asks for.
    ///
    /// # Examples
    /// ```
    /// use upshift_core::ops::Binary;
    /// use upshift_ir::Op;
    /// use upshift_ir::build::{Builder, instructions};
    /// use upshift_translate::backend::{Backend, Frame, Operand, Slot};
    /// use upshift_translate::ModuleInfo;
    ///
    /// let module = ModuleInfo::default();
    /// let frame = Frame { params: 2, results: 1, locals: 5, homes: 5, scratch: None };
    /// let mut builder = Builder::for_embedding(&module, &frame);
    /// let (sum, home) = (Slot(5), Operand::Temp(Slot(5)));
    /// let words = builder.embed(|builder| builder.binary(Binary::I64Add, sum, home, Operand::Const(7, Slot(6))));
    /// assert_eq!(instructions(words).map(|(op, _)| op).collect::<Vec<_>>(), [Op::I64AddSI]);
    /// // Nothing is left in an accumulator for the next one.
    /// let words = builder.embed(|builder| builder.binary(Binary::I64Add, sum, home, Operand::Const(7, Slot(6))));
    /// assert_eq!(instructions(words).count(), 1);
    /// ```
    pub fn embed(&mut self, build: impl FnOnce(&mut Self)) -> &[u64] {
        self.words.clear();
        self.peephole.reset();
        build(self);
        &self.words
    }
}

/// Splits words into instructions.
///
/// # Panics
/// When they are not a sequence of instructions, none of which has a list of targets.
pub fn instructions(words: &[u64]) -> impl Iterator<Item = (Op, &[u64])> {
    let mut rest = words;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let op = Op::first_of(rest).expect("code consists of instructions");
        let (instruction, behind) = rest.split_at(op.words());
        rest = behind;
        Some((op, instruction))
    })
}
