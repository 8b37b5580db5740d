//! Operators with three vectors.

use upshift_asm::x64::{Xmm, XmmBinary};
use upshift_codegen::x64::vector::{TernaryForm, splat16, ternary_form};
use upshift_core::ops::Ternary;
use upshift_translate::backend::{Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;

impl Compiler<'_> {
    /// An operator with three vectors.
    pub(crate) fn emit_vector_ternary(&mut self, op: Ternary, dst: Slot, [a, b, c]: [Operand; 3]) {
        use XmmBinary as X;
        let [a, b, c]: [Xmm; 3] = [self.use_vector(a), self.use_vector(b), self.use_vector(c)];
        let (result, other) = (self.alloc_xmm(), self.alloc_xmm());
        match ternary_form(op) {
            TernaryForm::Select => {
                self.vector_op(X::PAND, result, a, c);
                self.vector_op(X::PANDN, other, c, b);
                self.vector_op(X::POR, result, result, other);
            }
            TernaryForm::Fused(multiply, add) => {
                self.vector_op(multiply, result, a, b);
                self.vector_op(add, result, result, c);
            }
            TernaryForm::FusedDifference(multiply, subtract) => {
                self.vector_op(multiply, other, a, b);
                self.vector_op(subtract, result, c, other);
            }
            TernaryForm::DotAdd => {
                self.emit_dot8(result, other, a, b);
                let ones = self.vector_const(splat16(1));
                self.vector_op(X::PMADDWD, result, result, ones);
                self.vector_op(X::PADDD, result, result, c);
            }
        }
        self.define(dst, result, Kind::V128);
    }
}
