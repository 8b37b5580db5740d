//! Floats.

use upshift_core::ops::{Binary, Unary};
use upshift_translate::backend::{Backend, Operand, Slot};

use crate::compiler::Compiler;

impl Compiler<'_> {
    /// A binary operator that is not one of integers.
    pub(crate) fn compile_float_binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        self.embed(false, |builder| builder.binary(op, dst, lhs, rhs));
    }

    /// A unary operator of floats. Answers whether it was one that there are instructions for.
    pub(crate) fn compile_float_unary(&mut self, _op: Unary, _dst: Slot, _value: Operand) -> bool {
        false
    }
}
