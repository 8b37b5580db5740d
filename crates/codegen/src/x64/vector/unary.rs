//! Operators with one vector, and those that make vectors of scalars or scalars of whole vectors.

use upshift_asm::x64::{CpuFeature, CpuFeatures, XmmBinary, XmmUnary};
use upshift_core::ops::Unary;

use super::binary::{HIGH_S, HIGH_U, Half, LOW_S, LOW_U};
use super::{Row, any, splat8, splat16, splat32, splat64, with};

/// How an operator with one operand is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryForm {
    /// One instruction.
    Plain(XmmUnary),
    /// One instruction with a constant: `operand op constant`.
    Constant(XmmBinary, u128),
    /// One instruction with a constant: `constant op operand`.
    ConstantFirst(XmmBinary, u128),
    /// All bits inverted.
    Not,
    /// Zero minus the lanes.
    Negate(XmmBinary),
    /// The magnitude of 64-bit lanes.
    Abs64,
    /// The magnitude of lanes: the first instruction compares with zero, the second one subtracts.
    Abs(XmmBinary, XmmBinary),
    /// The number of set bits in each byte.
    Popcnt,
    /// One half of the lanes, which have this many bits, widened to twice as many.
    Widen(u32, Half),
    /// Sums of neighbouring lanes, which are unsigned and have 16 bits.
    AddPairs16,
    /// Floats rounded to integral values.
    Round {
        /// Lanes of 64 bits instead of 32.
        double: bool,
        /// Which way, the immediate of `roundps`.
        mode: u8,
    },
    /// Saturating conversion to integers of 32 bits.
    ToInt {
        /// From lanes of 64 bits instead of 32.
        double: bool,
        /// To signed integers.
        signed: bool,
    },
    /// Conversion from unsigned integers of 32 bits.
    FromU32 {
        /// To lanes of 64 bits instead of 32.
        double: bool,
    },
    /// Any NaN becomes the canonical one.
    CanonicalNan {
        /// Lanes of 64 bits instead of 32.
        double: bool,
    },
    /// A scalar in all lanes, which have this many bits.
    Splat(u32),
    /// Whether any bit is set.
    AnyTrue,
    /// Whether no lane is zero: the instruction compares lanes for equality.
    AllTrue(XmmBinary),
    /// The sign bits of all lanes, which have this many bits, as an integer.
    Signs(u32),
}

/// The form of an operator on these processors; `None` if it is not an operator of vectors or needs what they lack.
///
/// ```
/// use upshift_asm::x64::{CpuFeatures, XmmBinary};
/// use upshift_codegen::x64::vector::{UnaryForm, unary_form};
/// use upshift_core::ops::Unary;
///
/// assert_eq!(unary_form(Unary::I32x4Neg, CpuFeatures::BASELINE), Some(UnaryForm::Negate(XmmBinary::PSUBD)));
/// assert_eq!(unary_form(Unary::I8x16Popcnt, CpuFeatures::BASELINE), None);
/// ```
#[must_use]
pub fn unary_form(op: Unary, features: CpuFeatures) -> Option<UnaryForm> {
    row(op)?.on(features)
}

#[rustfmt::skip]
fn row(op: Unary) -> Option<Row<UnaryForm>> {
    use CpuFeature::{Sse41, Ssse3};
    use UnaryForm::{Abs64, AddPairs16, AllTrue, AnyTrue, CanonicalNan, Constant, ConstantFirst, FromU32, Negate, Not, Plain, Popcnt, Round, Signs, Splat, ToInt, Widen};
    use Unary as U;
    use XmmBinary as X;
    use XmmUnary as Y;
    const SIGNS_32: u128 = splat32(1 << 31);
    const SIGNS_64: u128 = splat64(1 << 63);
    Some(match op {
        U::V128Not => any(Not),
        U::V128AnyTrue => any(AnyTrue),
        U::I8x16Splat => any(Splat(8)),
        U::I16x8Splat => any(Splat(16)),
        U::I32x4Splat | U::F32x4Splat => any(Splat(32)),
        U::I64x2Splat | U::F64x2Splat => any(Splat(64)),

        U::I8x16Abs => with(Ssse3, Plain(Y::PABSB)).or(UnaryForm::Abs(X::PCMPGTB, X::PSUBB)),
        U::I8x16Neg => any(Negate(X::PSUBB)),
        U::I8x16Popcnt => with(Ssse3, Popcnt),
        U::I8x16AllTrue => any(AllTrue(X::PCMPEQB)),
        U::I8x16Bitmask => any(Signs(8)),

        U::I16x8Abs => with(Ssse3, Plain(Y::PABSW)).or(UnaryForm::Abs(X::PCMPGTW, X::PSUBW)),
        U::I16x8Neg => any(Negate(X::PSUBW)),
        U::I16x8AllTrue => any(AllTrue(X::PCMPEQW)),
        U::I16x8Bitmask => any(Signs(16)),
        U::I16x8ExtendLowI8x16S => any(Widen(8, LOW_S)),
        U::I16x8ExtendLowI8x16U => any(Widen(8, LOW_U)),
        U::I16x8ExtendHighI8x16S => any(Widen(8, HIGH_S)),
        U::I16x8ExtendHighI8x16U => any(Widen(8, HIGH_U)),
        // The first operand has no sign, the second one has.
        U::I16x8ExtAddPairwiseI8x16S => with(Ssse3, ConstantFirst(X::PMADDUBSW, splat8(1))),
        U::I16x8ExtAddPairwiseI8x16U => with(Ssse3, Constant(X::PMADDUBSW, splat8(1))),

        U::I32x4Abs => with(Ssse3, Plain(Y::PABSD)).or(UnaryForm::Abs(X::PCMPGTD, X::PSUBD)),
        U::I32x4Neg => any(Negate(X::PSUBD)),
        U::I32x4AllTrue => any(AllTrue(X::PCMPEQD)),
        U::I32x4Bitmask => any(Signs(32)),
        U::I32x4ExtendLowI16x8S => any(Widen(16, LOW_S)),
        U::I32x4ExtendLowI16x8U => any(Widen(16, LOW_U)),
        U::I32x4ExtendHighI16x8S => any(Widen(16, HIGH_S)),
        U::I32x4ExtendHighI16x8U => any(Widen(16, HIGH_U)),
        U::I32x4ExtAddPairwiseI16x8S => any(Constant(X::PMADDWD, splat16(1))),
        U::I32x4ExtAddPairwiseI16x8U => any(AddPairs16),

        U::I64x2Abs => any(Abs64),
        U::I64x2Neg => any(Negate(X::PSUBQ)),
        U::I64x2AllTrue => with(Sse41, AllTrue(X::PCMPEQQ)),
        U::I64x2Bitmask => any(Signs(64)),
        U::I64x2ExtendLowI32x4S => any(Widen(32, LOW_S)),
        U::I64x2ExtendLowI32x4U => any(Widen(32, LOW_U)),
        U::I64x2ExtendHighI32x4S => any(Widen(32, HIGH_S)),
        U::I64x2ExtendHighI32x4U => any(Widen(32, HIGH_U)),

        U::F32x4Abs => any(Constant(X::ANDPS, !SIGNS_32)),
        U::F32x4Neg => any(Constant(X::XORPS, SIGNS_32)),
        U::F32x4Sqrt => any(Plain(Y::SQRTPS)),
        U::F32x4Nearest => with(Sse41, Round { double: false, mode: 8 }),
        U::F32x4Floor => with(Sse41, Round { double: false, mode: 9 }),
        U::F32x4Ceil => with(Sse41, Round { double: false, mode: 10 }),
        U::F32x4Trunc => with(Sse41, Round { double: false, mode: 11 }),
        U::F64x2Abs => any(Constant(X::ANDPD, !SIGNS_64)),
        U::F64x2Neg => any(Constant(X::XORPD, SIGNS_64)),
        U::F64x2Sqrt => any(Plain(Y::SQRTPD)),
        U::F64x2Nearest => with(Sse41, Round { double: true, mode: 8 }),
        U::F64x2Floor => with(Sse41, Round { double: true, mode: 9 }),
        U::F64x2Ceil => with(Sse41, Round { double: true, mode: 10 }),
        U::F64x2Trunc => with(Sse41, Round { double: true, mode: 11 }),

        U::I32x4TruncSatF32x4S | U::I32x4RelaxedTruncF32x4S => any(ToInt { double: false, signed: true }),
        U::I32x4TruncSatF32x4U | U::I32x4RelaxedTruncF32x4U => with(Sse41, ToInt { double: false, signed: false }),
        U::I32x4TruncSatF64x2SZero | U::I32x4RelaxedTruncF64x2SZero => any(ToInt { double: true, signed: true }),
        U::I32x4TruncSatF64x2UZero | U::I32x4RelaxedTruncF64x2UZero => with(Sse41, ToInt { double: true, signed: false }),
        U::F32x4ConvertI32x4S => any(Plain(Y::CVTDQ2PS)),
        U::F32x4ConvertI32x4U => any(FromU32 { double: false }),
        U::F64x2ConvertLowI32x4S => any(Plain(Y::CVTDQ2PD)),
        U::F64x2ConvertLowI32x4U => any(FromU32 { double: true }),
        U::F32x4DemoteF64x2Zero => any(Plain(Y::CVTPD2PS)),
        U::F64x2PromoteLowF32x4 => any(Plain(Y::CVTPS2PD)),
        U::F32x4CanonicalNan => any(CanonicalNan { double: false }),
        U::F64x2CanonicalNan => any(CanonicalNan { double: true }),
        _ => return None,
    })
}
