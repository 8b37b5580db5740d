//! Operators whose NaN results have unspecified bits (wasm spec, "NaN Propagation"), and the operator that canonicalises
//! them.
//!
//! Not among them: operators that move bits (`abs`, `neg`, `copysign`, `pmin`, `pmax`, loads, reinterpretations).

use upshift_core::ops::{Binary, Ternary, Unary};

/// What has to follow a binary operator.
pub(super) fn of_binary(op: Binary) -> Option<Unary> {
    use Binary as B;
    Some(match op {
        B::F32Add | B::F32Sub | B::F32Mul | B::F32Div | B::F32Min | B::F32Max => Unary::F32CanonicalNan,
        B::F64Add | B::F64Sub | B::F64Mul | B::F64Div | B::F64Min | B::F64Max => Unary::F64CanonicalNan,
        B::F32x4Add
        | B::F32x4Sub
        | B::F32x4Mul
        | B::F32x4Div
        | B::F32x4Min
        | B::F32x4Max
        | B::F32x4RelaxedMin
        | B::F32x4RelaxedMax => Unary::F32x4CanonicalNan,
        B::F64x2Add
        | B::F64x2Sub
        | B::F64x2Mul
        | B::F64x2Div
        | B::F64x2Min
        | B::F64x2Max
        | B::F64x2RelaxedMin
        | B::F64x2RelaxedMax => Unary::F64x2CanonicalNan,
        _ => return None,
    })
}

/// What has to follow a unary operator.
pub(super) fn of_unary(op: Unary) -> Option<Unary> {
    use Unary as U;
    Some(match op {
        U::F32Ceil | U::F32Floor | U::F32Trunc | U::F32Nearest | U::F32Sqrt | U::F32DemoteF64 => {
            Unary::F32CanonicalNan
        }
        U::F64Ceil | U::F64Floor | U::F64Trunc | U::F64Nearest | U::F64Sqrt | U::F64PromoteF32 => {
            Unary::F64CanonicalNan
        }
        U::F32x4Ceil
        | U::F32x4Floor
        | U::F32x4Trunc
        | U::F32x4Nearest
        | U::F32x4Sqrt
        | U::F32x4DemoteF64x2Zero => Unary::F32x4CanonicalNan,
        U::F64x2Ceil
        | U::F64x2Floor
        | U::F64x2Trunc
        | U::F64x2Nearest
        | U::F64x2Sqrt
        | U::F64x2PromoteLowF32x4 => Unary::F64x2CanonicalNan,
        _ => return None,
    })
}

/// What has to follow a ternary operator.
pub(super) fn of_ternary(op: Ternary) -> Option<Unary> {
    match op {
        Ternary::F32x4RelaxedMadd | Ternary::F32x4RelaxedNmadd => Some(Unary::F32x4CanonicalNan),
        Ternary::F64x2RelaxedMadd | Ternary::F64x2RelaxedNmadd => Some(Unary::F64x2CanonicalNan),
        _ => None,
    }
}
