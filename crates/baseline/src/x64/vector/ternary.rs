//! Operators with three vectors.

use upshift_asm::x64::{Xmm, XmmBinary};
use upshift_core::ops::Ternary;
use upshift_translate::backend::{Operand, Slot};

use super::splat16;
use crate::cache::Kind;
use crate::compiler::Compiler;

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

impl Compiler<'_> {
    /// An operator with three vectors.
    pub(crate) fn emit_vector_ternary(&mut self, op: Ternary, dst: Slot, [a, b, c]: [Operand; 3]) {
        use XmmBinary as X;
        let [a, b, c]: [Xmm; 3] = [self.use_vector(a), self.use_vector(b), self.use_vector(c)];
        let (result, other) = (self.alloc_xmm(), self.alloc_xmm());
        match form(op) {
            Form::Select => {
                self.vector_op(X::PAND, result, a, c);
                self.vector_op(X::PANDN, other, c, b);
                self.vector_op(X::POR, result, result, other);
            }
            Form::Fused(multiply, add) => {
                self.vector_op(multiply, result, a, b);
                self.vector_op(add, result, result, c);
            }
            Form::FusedDifference(multiply, subtract) => {
                self.vector_op(multiply, other, a, b);
                self.vector_op(subtract, result, c, other);
            }
            Form::DotAdd => {
                self.emit_dot8(result, other, a, b);
                let ones = self.vector_const(splat16(1));
                self.vector_op(X::PMADDWD, result, result, ones);
                self.vector_op(X::PADDD, result, result, c);
            }
        }
        self.define(dst, result, Kind::V128);
    }
}
