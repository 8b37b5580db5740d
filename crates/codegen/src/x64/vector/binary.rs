//! Operators with two vectors, or a vector and the count of a shift.

use upshift_core::ops::Binary;

use super::{Row, any, predicate, splat16, splat32, with};
use upshift_asm::x64::{CpuFeature, CpuFeatures, XmmBinary, XmmUnary};

/// How an operator with two operands is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryForm {
    /// One instruction.
    Plain(XmmBinary),
    /// One instruction with the operands swapped.
    Swapped(XmmBinary),
    /// One instruction, then all bits inverted.
    Not(XmmBinary),
    /// One instruction with the operands swapped, then all bits inverted.
    SwappedNot(XmmBinary),
    /// Whether the first operand is the lesser (or greater): whether the first instruction, a minimum (or maximum), returns it, which the
    /// second instruction compares.
    IsExtreme(XmmBinary, XmmBinary),
    /// [`IsExtreme`](BinaryForm::IsExtreme), then all bits inverted.
    IsNotExtreme(XmmBinary, XmmBinary),
    /// Whether lanes of 64 bits are equal, by an instruction for 32 bits; all bits inverted or not.
    Equal64 {
        /// Whether they are inverted.
        not: bool,
    },
    /// Whether lanes of 64 bits with a sign are greater, by instructions for 32 bits.
    Greater64 {
        /// Whether the operands are swapped.
        swapped: bool,
        /// Whether all bits are inverted then.
        not: bool,
    },
    /// Whether lanes are greater, by an instruction for lanes with a sign, after these bits of both were inverted.
    Greater {
        /// The instruction.
        op: XmmBinary,
        /// What is inverted: the sign of each lane, or nothing.
        signs: u128,
        /// Whether the operands are swapped.
        swapped: bool,
        /// Whether all bits are inverted then.
        not: bool,
    },
    /// The lesser or greater lanes, by such a comparison.
    Choose {
        /// The greater ones.
        max: bool,
        /// The comparison.
        op: XmmBinary,
        /// What is inverted in both for it.
        signs: u128,
    },
    /// A comparison of floats.
    Floats {
        /// Lanes of 64 bits instead of 32.
        double: bool,
        /// Which comparison, the immediate of `cmpps`.
        predicate: u8,
        /// Whether the operands are swapped.
        swapped: bool,
    },
    /// Minimum or maximum of floats as WebAssembly defines it: -0 is less than +0, and NaN is propagated.
    Extreme {
        /// The maximum instead of the minimum.
        max: bool,
        /// Lanes of 64 bits instead of 32.
        double: bool,
    },
    /// A shift of bytes, by the count modulo 8.
    Shift8(ByteShift),
    /// A shift of lanes of 16, 32 or 64 bits, by the count modulo their width.
    Shift {
        /// The instruction.
        op: XmmBinary,
        /// The lanes' width in bits.
        bits: u32,
    },
    /// An arithmetic shift of 64 bits.
    ShiftArithmetic64,
    /// Products of 64-bit lanes.
    Multiply64,
    /// Products of bytes that were widened to 16 bits.
    Widened8(Half),
    /// Products of widened 16-bit lanes: the instruction makes their upper halves.
    Widened16(XmmBinary, Half),
    /// Products of widened 32-bit lanes: the instruction multiplies every second one.
    Widened32(XmmBinary, Half),
    /// Rounded, saturated products of fixed-point fractions with 15 bits (Q15).
    Fractions,
    /// Bytes of the first operand by the indices in the second one.
    Swizzle,
    /// Sums of the products of neighbouring bytes.
    Dot8,
}

impl BinaryForm {
    /// Whether it compares lanes: the result has all bits of a lane or none.
    #[must_use]
    pub fn is_comparison(self) -> bool {
        use XmmBinary as X;
        match self {
            BinaryForm::Plain(op) | BinaryForm::Swapped(op) => [
                X::PCMPEQB,
                X::PCMPEQW,
                X::PCMPEQD,
                X::PCMPEQQ,
                X::PCMPGTB,
                X::PCMPGTW,
                X::PCMPGTD,
                X::PCMPGTQ,
            ]
            .contains(&op),
            BinaryForm::Not(_)
            | BinaryForm::SwappedNot(_)
            | BinaryForm::IsExtreme(..)
            | BinaryForm::IsNotExtreme(..)
            | BinaryForm::Equal64 { .. }
            | BinaryForm::Greater64 { .. }
            | BinaryForm::Greater { .. }
            | BinaryForm::Floats { .. } => true,
            _ => false,
        }
    }

    /// Whether it makes such results of such operands.
    #[must_use]
    pub fn is_logic(self) -> bool {
        use XmmBinary as X;
        matches!(self, BinaryForm::Plain(X::PAND | X::POR | X::PXOR) | BinaryForm::Swapped(X::PANDN))
    }
}

/// How bytes are shifted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteShift {
    /// Zeroes come in from below.
    Left,
    /// Zeroes come in from above.
    Right,
    /// Copies of the sign come in from above.
    RightArithmetic,
}

/// Which half of the lanes is widened, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Half {
    /// The upper half instead of the lower one.
    pub high: bool,
    /// Lanes are sign-extended instead of zero-extended.
    pub signed: bool,
}

pub(super) const LOW_S: Half = Half { high: false, signed: true };
pub(super) const LOW_U: Half = Half { high: false, signed: false };
pub(super) const HIGH_S: Half = Half { high: true, signed: true };
pub(super) const HIGH_U: Half = Half { high: true, signed: false };

/// The form of an operator on these processors; `None` if it is not an operator of vectors or needs what they lack.
///
/// ```
/// use upshift_asm::x64::{CpuFeature, CpuFeatures, XmmBinary};
/// use upshift_codegen::x64::vector::{BinaryForm, binary_form};
/// use upshift_core::ops::Binary;
///
/// let sse2 = CpuFeatures::BASELINE;
/// assert_eq!(binary_form(Binary::I32x4LtS, sse2), Some(BinaryForm::Swapped(XmmBinary::PCMPGTD)));
/// assert_eq!(binary_form(Binary::I64x2Eq, sse2), Some(BinaryForm::Equal64 { not: false }));
/// assert_eq!(binary_form(Binary::I32x4Mul, sse2), None);
/// assert_eq!(binary_form(Binary::I32x4Mul, sse2.with(CpuFeature::Sse41)), Some(BinaryForm::Plain(XmmBinary::PMULLD)));
/// assert_eq!(binary_form(Binary::I32Add, sse2), None);
/// ```
#[must_use]
pub fn binary_form(op: Binary, features: CpuFeatures) -> Option<BinaryForm> {
    row(op)?.on(features)
}

#[rustfmt::skip]
fn row(op: Binary) -> Option<Row<BinaryForm>> {
    use Binary as B;
    use CpuFeature::{Sse41, Sse42, Ssse3};
    use BinaryForm::{Dot8, Equal64, Extreme, Floats, Fractions, Greater64, IsExtreme, IsNotExtreme, Multiply64, Not, Plain, ShiftArithmetic64, Swapped, SwappedNot, Swizzle};
    use XmmBinary as X;
    let floats = |double, predicate| Floats { double, predicate, swapped: false };
    let swapped_floats = |double, predicate| Floats { double, predicate, swapped: true };
    let shift = |op, bits| BinaryForm::Shift { op, bits };
    let greater = |op, signs, swapped, not| BinaryForm::Greater { op, signs, swapped, not };
    let choose = |max, op, signs| BinaryForm::Choose { max, op, signs };
    const SIGNS_16: u128 = splat16(1 << 15);
    const SIGNS_32: u128 = splat32(1 << 31);
    Some(match op {
        B::V128And => any(Plain(X::PAND)),
        B::V128AndNot => any(Swapped(X::PANDN)),
        B::V128Or => any(Plain(X::POR)),
        B::V128Xor => any(Plain(X::PXOR)),

        B::I8x16Eq => any(Plain(X::PCMPEQB)),
        B::I8x16Ne => any(Not(X::PCMPEQB)),
        B::I8x16GtS => any(Plain(X::PCMPGTB)),
        B::I8x16LtS => any(Swapped(X::PCMPGTB)),
        B::I8x16LeS => any(Not(X::PCMPGTB)),
        B::I8x16GeS => any(SwappedNot(X::PCMPGTB)),
        B::I8x16GtU => any(IsNotExtreme(X::PMINUB, X::PCMPEQB)),
        B::I8x16LtU => any(IsNotExtreme(X::PMAXUB, X::PCMPEQB)),
        B::I8x16LeU => any(IsExtreme(X::PMINUB, X::PCMPEQB)),
        B::I8x16GeU => any(IsExtreme(X::PMAXUB, X::PCMPEQB)),

        B::I16x8Eq => any(Plain(X::PCMPEQW)),
        B::I16x8Ne => any(Not(X::PCMPEQW)),
        B::I16x8GtS => any(Plain(X::PCMPGTW)),
        B::I16x8LtS => any(Swapped(X::PCMPGTW)),
        B::I16x8LeS => any(Not(X::PCMPGTW)),
        B::I16x8GeS => any(SwappedNot(X::PCMPGTW)),
        B::I16x8GtU => with(Sse41, IsNotExtreme(X::PMINUW, X::PCMPEQW)).or(greater(X::PCMPGTW, SIGNS_16, false, false)),
        B::I16x8LtU => with(Sse41, IsNotExtreme(X::PMAXUW, X::PCMPEQW)).or(greater(X::PCMPGTW, SIGNS_16, true, false)),
        B::I16x8LeU => with(Sse41, IsExtreme(X::PMINUW, X::PCMPEQW)).or(greater(X::PCMPGTW, SIGNS_16, false, true)),
        B::I16x8GeU => with(Sse41, IsExtreme(X::PMAXUW, X::PCMPEQW)).or(greater(X::PCMPGTW, SIGNS_16, true, true)),

        B::I32x4Eq => any(Plain(X::PCMPEQD)),
        B::I32x4Ne => any(Not(X::PCMPEQD)),
        B::I32x4GtS => any(Plain(X::PCMPGTD)),
        B::I32x4LtS => any(Swapped(X::PCMPGTD)),
        B::I32x4LeS => any(Not(X::PCMPGTD)),
        B::I32x4GeS => any(SwappedNot(X::PCMPGTD)),
        B::I32x4GtU => with(Sse41, IsNotExtreme(X::PMINUD, X::PCMPEQD)).or(greater(X::PCMPGTD, SIGNS_32, false, false)),
        B::I32x4LtU => with(Sse41, IsNotExtreme(X::PMAXUD, X::PCMPEQD)).or(greater(X::PCMPGTD, SIGNS_32, true, false)),
        B::I32x4LeU => with(Sse41, IsExtreme(X::PMINUD, X::PCMPEQD)).or(greater(X::PCMPGTD, SIGNS_32, false, true)),
        B::I32x4GeU => with(Sse41, IsExtreme(X::PMAXUD, X::PCMPEQD)).or(greater(X::PCMPGTD, SIGNS_32, true, true)),

        B::I64x2Eq => with(Sse41, Plain(X::PCMPEQQ)).or(Equal64 { not: false }),
        B::I64x2Ne => with(Sse41, Not(X::PCMPEQQ)).or(Equal64 { not: true }),
        B::I64x2GtS => with(Sse42, Plain(X::PCMPGTQ)).or(Greater64 { swapped: false, not: false }),
        B::I64x2LtS => with(Sse42, Swapped(X::PCMPGTQ)).or(Greater64 { swapped: true, not: false }),
        B::I64x2LeS => with(Sse42, Not(X::PCMPGTQ)).or(Greater64 { swapped: false, not: true }),
        B::I64x2GeS => with(Sse42, SwappedNot(X::PCMPGTQ)).or(Greater64 { swapped: true, not: true }),

        B::F32x4Eq => any(floats(false, predicate::EQUAL)),
        B::F32x4Ne => any(floats(false, predicate::NOT_EQUAL)),
        B::F32x4Lt => any(floats(false, predicate::LESS)),
        B::F32x4Le => any(floats(false, predicate::LESS_OR_EQUAL)),
        B::F32x4Gt => any(swapped_floats(false, predicate::LESS)),
        B::F32x4Ge => any(swapped_floats(false, predicate::LESS_OR_EQUAL)),
        B::F64x2Eq => any(floats(true, predicate::EQUAL)),
        B::F64x2Ne => any(floats(true, predicate::NOT_EQUAL)),
        B::F64x2Lt => any(floats(true, predicate::LESS)),
        B::F64x2Le => any(floats(true, predicate::LESS_OR_EQUAL)),
        B::F64x2Gt => any(swapped_floats(true, predicate::LESS)),
        B::F64x2Ge => any(swapped_floats(true, predicate::LESS_OR_EQUAL)),

        B::I8x16Shl => any(BinaryForm::Shift8(ByteShift::Left)),
        B::I8x16ShrS => any(BinaryForm::Shift8(ByteShift::RightArithmetic)),
        B::I8x16ShrU => any(BinaryForm::Shift8(ByteShift::Right)),
        B::I8x16Add => any(Plain(X::PADDB)),
        B::I8x16AddSatS => any(Plain(X::PADDSB)),
        B::I8x16AddSatU => any(Plain(X::PADDUSB)),
        B::I8x16Sub => any(Plain(X::PSUBB)),
        B::I8x16SubSatS => any(Plain(X::PSUBSB)),
        B::I8x16SubSatU => any(Plain(X::PSUBUSB)),
        B::I8x16MinS => with(Sse41, Plain(X::PMINSB)).or(choose(false, X::PCMPGTB, 0)),
        B::I8x16MinU => any(Plain(X::PMINUB)),
        B::I8x16MaxS => with(Sse41, Plain(X::PMAXSB)).or(choose(true, X::PCMPGTB, 0)),
        B::I8x16MaxU => any(Plain(X::PMAXUB)),
        B::I8x16AvgrU => any(Plain(X::PAVGB)),
        B::I8x16Swizzle | B::I8x16RelaxedSwizzle => with(Ssse3, Swizzle),
        B::I8x16NarrowI16x8S => any(Plain(X::PACKSSWB)),
        B::I8x16NarrowI16x8U => any(Plain(X::PACKUSWB)),

        B::I16x8Shl => any(shift(X::PSLLW, 16)),
        B::I16x8ShrS => any(shift(X::PSRAW, 16)),
        B::I16x8ShrU => any(shift(X::PSRLW, 16)),
        B::I16x8Add => any(Plain(X::PADDW)),
        B::I16x8AddSatS => any(Plain(X::PADDSW)),
        B::I16x8AddSatU => any(Plain(X::PADDUSW)),
        B::I16x8Sub => any(Plain(X::PSUBW)),
        B::I16x8SubSatS => any(Plain(X::PSUBSW)),
        B::I16x8SubSatU => any(Plain(X::PSUBUSW)),
        B::I16x8Mul => any(Plain(X::PMULLW)),
        B::I16x8MinS => any(Plain(X::PMINSW)),
        B::I16x8MinU => with(Sse41, Plain(X::PMINUW)).or(choose(false, X::PCMPGTW, SIGNS_16)),
        B::I16x8MaxS => any(Plain(X::PMAXSW)),
        B::I16x8MaxU => with(Sse41, Plain(X::PMAXUW)).or(choose(true, X::PCMPGTW, SIGNS_16)),
        B::I16x8AvgrU => any(Plain(X::PAVGW)),
        B::I16x8NarrowI32x4S => any(Plain(X::PACKSSDW)),
        B::I16x8NarrowI32x4U => with(Sse41, Plain(X::PACKUSDW)),
        B::I16x8Q15MulrSatS | B::I16x8RelaxedQ15mulrS => with(Ssse3, Fractions),
        B::I16x8ExtMulLowI8x16S => any(BinaryForm::Widened8(LOW_S)),
        B::I16x8ExtMulLowI8x16U => any(BinaryForm::Widened8(LOW_U)),
        B::I16x8ExtMulHighI8x16S => any(BinaryForm::Widened8(HIGH_S)),
        B::I16x8ExtMulHighI8x16U => any(BinaryForm::Widened8(HIGH_U)),
        B::I16x8RelaxedDotI8x16I7x16S => any(Dot8),

        B::I32x4Shl => any(shift(X::PSLLD, 32)),
        B::I32x4ShrS => any(shift(X::PSRAD, 32)),
        B::I32x4ShrU => any(shift(X::PSRLD, 32)),
        B::I32x4Add => any(Plain(X::PADDD)),
        B::I32x4Sub => any(Plain(X::PSUBD)),
        B::I32x4Mul => with(Sse41, Plain(X::PMULLD)),
        B::I32x4MinS => with(Sse41, Plain(X::PMINSD)).or(choose(false, X::PCMPGTD, 0)),
        B::I32x4MinU => with(Sse41, Plain(X::PMINUD)).or(choose(false, X::PCMPGTD, SIGNS_32)),
        B::I32x4MaxS => with(Sse41, Plain(X::PMAXSD)).or(choose(true, X::PCMPGTD, 0)),
        B::I32x4MaxU => with(Sse41, Plain(X::PMAXUD)).or(choose(true, X::PCMPGTD, SIGNS_32)),
        B::I32x4DotI16x8S => any(Plain(X::PMADDWD)),
        B::I32x4ExtMulLowI16x8S => any(BinaryForm::Widened16(X::PMULHW, LOW_S)),
        B::I32x4ExtMulLowI16x8U => any(BinaryForm::Widened16(X::PMULHUW, LOW_U)),
        B::I32x4ExtMulHighI16x8S => any(BinaryForm::Widened16(X::PMULHW, HIGH_S)),
        B::I32x4ExtMulHighI16x8U => any(BinaryForm::Widened16(X::PMULHUW, HIGH_U)),

        B::I64x2Shl => any(shift(X::PSLLQ, 64)),
        B::I64x2ShrS => any(ShiftArithmetic64),
        B::I64x2ShrU => any(shift(X::PSRLQ, 64)),
        B::I64x2Add => any(Plain(X::PADDQ)),
        B::I64x2Sub => any(Plain(X::PSUBQ)),
        B::I64x2Mul => any(Multiply64),
        B::I64x2ExtMulLowI32x4S => with(Sse41, BinaryForm::Widened32(X::PMULDQ, LOW_S)),
        B::I64x2ExtMulLowI32x4U => any(BinaryForm::Widened32(X::PMULUDQ, LOW_U)),
        B::I64x2ExtMulHighI32x4S => with(Sse41, BinaryForm::Widened32(X::PMULDQ, HIGH_S)),
        B::I64x2ExtMulHighI32x4U => any(BinaryForm::Widened32(X::PMULUDQ, HIGH_U)),

        B::F32x4Add => any(Plain(X::ADDPS)),
        B::F32x4Sub => any(Plain(X::SUBPS)),
        B::F32x4Mul => any(Plain(X::MULPS)),
        B::F32x4Div => any(Plain(X::DIVPS)),
        B::F32x4Min | B::F32x4RelaxedMin => any(Extreme { max: false, double: false }),
        B::F32x4Max | B::F32x4RelaxedMax => any(Extreme { max: true, double: false }),
        // The instructions return their second operand where it is neither less nor greater.
        B::F32x4PMin => any(Swapped(X::MINPS)),
        B::F32x4PMax => any(Swapped(X::MAXPS)),
        B::F64x2Add => any(Plain(X::ADDPD)),
        B::F64x2Sub => any(Plain(X::SUBPD)),
        B::F64x2Mul => any(Plain(X::MULPD)),
        B::F64x2Div => any(Plain(X::DIVPD)),
        B::F64x2Min | B::F64x2RelaxedMin => any(Extreme { max: false, double: true }),
        B::F64x2Max | B::F64x2RelaxedMax => any(Extreme { max: true, double: true }),
        B::F64x2PMin => any(Swapped(X::MINPD)),
        B::F64x2PMax => any(Swapped(X::MAXPD)),
        _ => return None,
    })
}

/// The instruction that widens the lanes of the lower half, which have this many bits. All need SSE4.1.
#[must_use]
pub fn widening(bits: u32, signed: bool) -> XmmUnary {
    match (bits, signed) {
        (8, true) => XmmUnary::PMOVSXBW,
        (8, false) => XmmUnary::PMOVZXBW,
        (16, true) => XmmUnary::PMOVSXWD,
        (16, false) => XmmUnary::PMOVZXWD,
        (_, true) => XmmUnary::PMOVSXDQ,
        (_, false) => XmmUnary::PMOVZXDQ,
    }
}
