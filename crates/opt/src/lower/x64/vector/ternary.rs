//! Operators with three vectors.

use upshift_asm::x64::{CpuFeature, XmmBinary};
use upshift_codegen::x64::vector::{TernaryForm, binary_form, splat16, ternary_form};
use upshift_core::ops::{Ternary, Unary};

use crate::lower::x64::Lowering;
use crate::mach::x64::VectorOp;
use crate::ssa::{Op, Value};

/// How many operators from a choice to the comparisons that make its mask.
const MOST_DEEP: u32 = 4;

impl Lowering<'_> {
    /// An operator with three vectors.
    pub(in crate::lower::x64) fn lower_ternary(&mut self, inst: Value, op: Ternary) {
        use XmmBinary as X;
        let [a, b, c] = [0, 1, 2].map(|at| self.reg(self.arg(inst, at)));
        let made = match ternary_form(op) {
            TernaryForm::Select
                if self.has(CpuFeature::Avx) && self.is_mask(self.arg(inst, 2), MOST_DEEP) =>
            {
                self.out.vector(VectorOp::Pblendvb, 0, &[b, a, c])
            }
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

    /// Whether each byte of a vector has all of its bits or none: of what comparisons make.
    fn is_mask(&self, value: Value, deep: u32) -> bool {
        let Some(deep) = deep.checked_sub(1) else { return false };
        let is_mask = |at: usize| self.is_mask(self.arg(value, at), deep);
        match self.func.op(value) {
            Op::Binary(op) => binary_form(op, self.target.features)
                .is_some_and(|form| form.is_comparison() || form.is_logic() && is_mask(0) && is_mask(1)),
            Op::Unary(Unary::V128Not) => is_mask(0),
            Op::Ternary(Ternary::V128Bitselect) => (0..3).all(is_mask),
            _ => false,
        }
    }
}
