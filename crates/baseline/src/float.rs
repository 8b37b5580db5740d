//! Floats: which operators have instructions; comparisons wait in the flags.

use upshift_core::ops::{Binary, Unary};
use upshift_translate::backend::{Backend, Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::x64::{FloatOp, float_op};

impl Compiler<'_> {
    /// A binary operator that is not one of integers: of floats or vectors.
    pub(crate) fn compile_float_binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        let kind = Kind::from(op.operands()[0]);
        match float_op(op) {
            Some(FloatOp::Compare { ask, swapped }) => {
                let (lhs, rhs) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
                self.emit_float_compare(kind, lhs, rhs);
                self.define_flags(dst, ask);
            }
            Some(FloatOp::Arithmetic(op)) => self.emit_float_arithmetic(op, kind, dst, lhs, rhs),
            Some(FloatOp::Extreme { max }) => self.emit_float_extreme(max, kind, dst, lhs, rhs),
            Some(FloatOp::CopySign) => self.emit_copy_sign(kind, dst, lhs, rhs),
            None if self.emit_vector_binary(op, dst, lhs, rhs) => {}
            None => self.embed(false, |builder| builder.binary(op, dst, lhs, rhs)),
        }
    }

    /// A unary operator of floats. Returns whether it was one that there are instructions for.
    pub(crate) fn compile_float_unary(&mut self, op: Unary, dst: Slot, value: Operand) -> bool {
        self.emit_float_unary(op, dst, value)
    }
}
