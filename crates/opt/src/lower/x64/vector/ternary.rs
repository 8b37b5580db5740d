//! Operators with three vectors.

use upshift_asm::x64::XmmBinary;
use upshift_codegen::x64::vector::{TernaryForm, splat16, ternary_form};
use upshift_core::ops::Ternary;

use crate::lower::x64::Lowering;
use crate::ssa::Value;

impl Lowering<'_> {
    /// An operator with three vectors.
    pub(in crate::lower::x64) fn lower_ternary(&mut self, inst: Value, op: Ternary) {
        use XmmBinary as X;
        let [a, b, c] = [0, 1, 2].map(|at| self.reg(self.arg(inst, at)));
        let made = match ternary_form(op) {
            TernaryForm::Select => self.blend_bits(a, b, c),
            TernaryForm::Fused(multiply, add) => {
                let product = self.vector_op(multiply, a, b);
                self.vector_op(add, product, c)
            }
            TernaryForm::FusedDifference(multiply, subtract) => {
                let product = self.vector_op(multiply, a, b);
                self.vector_op(subtract, c, product)
            }
            TernaryForm::DotAdd => {
                let products = self.dot8(a, b);
                let sums = self.vector_op_const(X::PMADDWD, products, splat16(1));
                self.vector_op(X::PADDD, sums, c)
            }
        };
        self.bind(inst, made);
    }
}
