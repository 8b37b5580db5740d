//! Operators with three vectors.

use upshift_asm::x64::XmmBinary;
use upshift_core::ops::Ternary;

/// How an operator with three operands is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TernaryForm {
    /// The bits of the first operand where those of the third are set, else of the second.
    Select,
    /// `a × b + c` by the instructions for both, each of which rounds.
    Fused(XmmBinary, XmmBinary),
    /// `c - a × b` by the instructions for both, each of which rounds.
    FusedDifference(XmmBinary, XmmBinary),
    /// The sums of the products of four neighbouring bytes, plus the third operand.
    DotAdd,
}

/// The form of an operator, which all processors have instructions for.
///
/// ```
/// use upshift_codegen::x64::vector::{TernaryForm, ternary_form};
/// use upshift_core::ops::Ternary;
///
/// assert_eq!(ternary_form(Ternary::I8x16RelaxedLaneselect), TernaryForm::Select);
/// ```
#[must_use]
pub fn ternary_form(op: Ternary) -> TernaryForm {
    use Ternary as T;
    use XmmBinary as X;
    match op {
        T::V128Bitselect
        | T::I8x16RelaxedLaneselect
        | T::I16x8RelaxedLaneselect
        | T::I32x4RelaxedLaneselect
        | T::I64x2RelaxedLaneselect => TernaryForm::Select,
        T::F32x4RelaxedMadd => TernaryForm::Fused(X::MULPS, X::ADDPS),
        T::F64x2RelaxedMadd => TernaryForm::Fused(X::MULPD, X::ADDPD),
        T::F32x4RelaxedNmadd => TernaryForm::FusedDifference(X::MULPS, X::SUBPS),
        T::F64x2RelaxedNmadd => TernaryForm::FusedDifference(X::MULPD, X::SUBPD),
        T::I32x4RelaxedDotI8x16I7x16AddS => TernaryForm::DotAdd,
    }
}
