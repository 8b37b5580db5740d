//! Operators with three vectors.

use upshift_asm::x64::XmmBinary;
use upshift_core::ops::Ternary;

use super::splat16;
use crate::lower::x64::Lowering;
use crate::ssa::Value;

/// How an operator is computed.
#[derive(Clone, Copy)]
enum Form {
    /// Bits of the first where those of the third are set, else of the second.
    Select,
    /// A product, then a sum of the product and the third, each rounded: the instructions for both.
    Fused(XmmBinary, XmmBinary),
    /// A product, then what it is less than the third.
    FusedDifference(XmmBinary, XmmBinary),
    /// Sums of the products of four neighbouring bytes, and the third.
    DotAdd,
}

/// How an operator is computed. All processors have instructions for each.
fn form(op: Ternary) -> Form {
    use Ternary as T;
    use XmmBinary as X;
    match op {
        T::V128Bitselect
        | T::I8x16RelaxedLaneselect
        | T::I16x8RelaxedLaneselect
        | T::I32x4RelaxedLaneselect
        | T::I64x2RelaxedLaneselect => Form::Select,
        T::F32x4RelaxedMadd => Form::Fused(X::MULPS, X::ADDPS),
        T::F64x2RelaxedMadd => Form::Fused(X::MULPD, X::ADDPD),
        T::F32x4RelaxedNmadd => Form::FusedDifference(X::MULPS, X::SUBPS),
        T::F64x2RelaxedNmadd => Form::FusedDifference(X::MULPD, X::SUBPD),
        T::I32x4RelaxedDotI8x16I7x16AddS => Form::DotAdd,
    }
}

impl Lowering<'_> {
    /// An operator with three vectors.
    pub(in crate::lower::x64) fn lower_ternary(&mut self, inst: Value, op: Ternary) {
        use XmmBinary as X;
        let [a, b, c] = [0, 1, 2].map(|at| self.reg(self.arg(inst, at)));
        let made = match form(op) {
            Form::Select => self.blend_bits(a, b, c),
            Form::Fused(multiply, add) => {
                let product = self.vector_op(multiply, a, b);
                self.vector_op(add, product, c)
            }
            Form::FusedDifference(multiply, subtract) => {
                let product = self.vector_op(multiply, a, b);
                self.vector_op(subtract, c, product)
            }
            Form::DotAdd => {
                let products = self.dot8(a, b);
                let sums = self.vector_op_const(X::PMADDWD, products, splat16(1));
                self.vector_op(X::PADDD, sums, c)
            }
        };
        self.bind(inst, made);
    }
}
