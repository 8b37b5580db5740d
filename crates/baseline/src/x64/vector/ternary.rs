//! Operators with three vectors.

use upshift_asm::x64::{CpuFeature, Xmm, XmmBinary};
use upshift_codegen::x64::vector::{TernaryForm, splat16, ternary_form};
use upshift_core::ops::Ternary;
use upshift_translate::backend::{Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;

impl Compiler<'_> {
    /// An operator with three vectors.
    pub(crate) fn emit_vector_ternary(&mut self, op: Ternary, dst: Slot, [a, b, c]: [Operand; 3]) {
        use XmmBinary as X;
        let form = ternary_form(op);
        if form == TernaryForm::Select && self.masks.has(c) && self.has(CpuFeature::Avx) {
            return self.emit_choice(dst, a, b, c);
        }
        let [a, b, c]: [Xmm; 3] = [self.use_vector(a), self.use_vector(b), self.use_vector(c)];
        let fused = matches!(form, TernaryForm::Fused(..) | TernaryForm::FusedDifference(..));
        let result = if fused { self.vector_result() } else { self.result_apart() };
        let other = self.alloc_xmm();
        match form {
            TernaryForm::Select => {
                self.vector_op(X::PAND, result, a, c);
                self.vector_op(X::PANDN, other, c, b);
                self.vector_op(X::POR, result, result, other);
            }
            TernaryForm::Fused(multiply, add) => {
                self.vector_op(multiply, other, a, b);
                self.vector_op(add, result, other, c);
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

    /// The bytes of `a` where the mask is set, else those of `b`.
    fn emit_choice(&mut self, dst: Slot, a: Operand, b: Operand, mask: Operand) {
        let is_mask = self.masks.has(a) && self.masks.has(b);
        let (a, b, mask) = (self.vector_place(a), self.use_vector(b), self.use_vector(mask));
        let result = self.vector_result();
        self.asm.vpblendvb(result, b, a, mask);
        self.define(dst, result, Kind::V128);
        if is_mask {
            self.masks.note(dst);
        }
    }
}
