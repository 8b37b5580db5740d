//! Operators with one vector, and those that make vectors of scalars or scalars of whole vectors.

use upshift_asm::x64::{Cond, CpuFeature, Gpr, Size, Xmm, XmmBinary, XmmUnary};
use upshift_core::ops::Unary;
use upshift_core::types::ValType;
use upshift_translate::backend::{Operand, Slot};

use super::binary::{HIGH_S, HIGH_U, Half, LOW_S, LOW_U};
use super::{Line, any, number, shift_lanes, splat8, splat16, splat32, splat64, with};
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::x64::Test;

/// How an operator is computed.
#[derive(Clone, Copy)]
enum Form {
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
    /// How many bits of each byte are set.
    Popcnt,
    /// Lanes with so many bits, widened.
    Widen(u32, Half),
    /// Sums of neighbours without a sign, widened from 16 bits.
    AddPairs16,
    /// Rounded floats.
    Round { double: bool, mode: u8 },
    /// To integers without a trap.
    ToInt { double: bool, signed: bool },
    /// From integers of 32 bits without a sign.
    FromU32 { double: bool },
    /// Any NaN becomes the canonical one.
    CanonicalNan { double: bool },
    /// A scalar in all lanes of so many bits.
    Splat(u32),
    /// Whether any bit is set.
    AnyTrue,
    /// Whether no lane is zero, by an instruction that compares lanes.
    AllTrue(XmmBinary),
    /// The signs of lanes with so many bits.
    Signs(u32),
}

/// How an operator is computed, if it is one of vectors.
#[rustfmt::skip]
fn line(op: Unary) -> Option<Line<Form>> {
    use CpuFeature::{Sse41, Ssse3};
    use Form::{Abs64, AddPairs16, AllTrue, AnyTrue, CanonicalNan, Constant, ConstantFirst, FromU32, Negate, Not, Plain, Popcnt, Round, Signs, Splat, ToInt, Widen};
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

        U::I8x16Abs => with(Ssse3, Plain(Y::PABSB)),
        U::I8x16Neg => any(Negate(X::PSUBB)),
        U::I8x16Popcnt => with(Ssse3, Popcnt),
        U::I8x16AllTrue => any(AllTrue(X::PCMPEQB)),
        U::I8x16Bitmask => any(Signs(8)),

        U::I16x8Abs => with(Ssse3, Plain(Y::PABSW)),
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

        U::I32x4Abs => with(Ssse3, Plain(Y::PABSD)),
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

impl Compiler<'_> {
    /// An operator of vectors with one operand. Answers whether there are instructions for it.
    pub(crate) fn emit_vector_unary(&mut self, op: Unary, dst: Slot, value: Operand) -> bool {
        let Some(form) = self.available(line(op)) else { return false };
        match form {
            Form::Splat(bits) => self.emit_splat(bits, op.operands()[0], dst, value),
            Form::AnyTrue => {
                let value = self.use_vector(value);
                let test = self.test_zero(value).inverted();
                self.define_flags(dst, test);
            }
            Form::AllTrue(equal) => {
                let value = self.use_vector(value);
                let zeroes = self.alloc_xmm();
                self.clear_vector(zeroes);
                self.vector_op(equal, zeroes, zeroes, value);
                let test = self.test_zero(zeroes);
                self.define_flags(dst, test);
            }
            Form::Signs(bits) => {
                let value = self.use_vector(value);
                let result = self.emit_signs(bits, value);
                self.define(dst, result, Kind::I32);
            }
            form => {
                let result = self.emit_lane_unary(form, value);
                self.define(dst, result, Kind::V128);
            }
        }
        true
    }

    /// Whether a register is zero.
    fn test_zero(&mut self, value: Xmm) -> Test {
        if self.has(CpuFeature::Sse41) {
            self.vector_unary(XmmUnary::PTEST, value, value);
        } else {
            let (zeroes, mask) = (self.alloc_xmm(), self.alloc_gpr());
            self.clear_vector(zeroes);
            self.asm.pcmpeqb(zeroes, value);
            self.asm.pmovmskb(mask, zeroes);
            self.asm.cmp_imm(Size::S32, mask, 0xffff);
        }
        Test::Is(Cond::E)
    }

    fn emit_signs(&mut self, bits: u32, value: Xmm) -> Gpr {
        let result = self.alloc_gpr();
        match bits {
            8 => self.asm.pmovmskb(result, value),
            16 => {
                let packed = self.alloc_xmm();
                self.clear_vector(packed);
                // The upper half is that of the vector, the lower one is shifted out.
                self.asm.packsswb(packed, value);
                self.asm.pmovmskb(result, packed);
                self.asm.shr_imm(Size::S32, result, 8);
            }
            32 => self.asm.movmskps(result, value),
            _ => self.asm.movmskpd(result, value),
        }
        result
    }

    fn emit_splat(&mut self, bits: u32, from: ValType, dst: Slot, value: Operand) {
        if let Operand::Const(lane, _) = value {
            let lanes = match bits {
                8 => splat8(lane as u8),
                16 => splat16(lane as u16),
                32 => splat32(lane as u32),
                _ => splat64(lane),
            };
            return self.emit_vector_constant(dst, lanes);
        }
        let kind = Kind::from(from);
        let (result, lane) = if matches!(kind, Kind::F32 | Kind::F64) {
            let lane = self.use_xmm(value, kind);
            (self.alloc_xmm(), lane)
        } else {
            let value = self.place(value, kind);
            let result = self.alloc_xmm();
            let size = if bits == 64 { Size::S64 } else { Size::S32 };
            self.asm.movd(size, result, value);
            (result, result)
        };
        self.spread(bits, result, lane);
        self.define(dst, result, Kind::V128);
    }

    /// The lowest lane of so many bits in all lanes.
    pub(super) fn spread(&mut self, bits: u32, target: Xmm, source: Xmm) {
        match bits {
            8 | 16 => {
                let words = if bits == 8 {
                    self.vector_op(XmmBinary::PUNPCKLBW, target, source, source);
                    target
                } else {
                    source
                };
                self.asm.pshuflw(target, words, 0);
                self.asm.pshufd(target, target, 0);
            }
            32 => self.asm.pshufd(target, source, 0),
            _ => self.asm.pshufd(target, source, 0b01_00_01_00),
        }
    }

    /// A vector of constants.
    pub(crate) fn emit_vector_constant(&mut self, dst: Slot, bits: u128) {
        let result = self.alloc_xmm();
        match bits {
            0 => self.clear_vector(result),
            u128::MAX => self.fill_vector(result),
            _ => {
                let place = self.vector_const(bits);
                self.asm.movaps(result, place);
            }
        }
        self.define(dst, result, Kind::V128);
    }

    fn emit_lane_unary(&mut self, form: Form, value: Operand) -> Xmm {
        use XmmBinary as X;
        if let Form::Plain(op) = form {
            let value = self.vector_place(value);
            let result = self.alloc_xmm();
            self.vector_unary(op, result, value);
            return result;
        }
        let value = self.use_vector(value);
        let (result, other) = (self.alloc_xmm(), self.alloc_xmm());
        match form {
            Form::Constant(op, bits) => {
                let constant = self.vector_const(bits);
                self.vector_op(op, result, value, constant);
            }
            Form::ConstantFirst(op, bits) => {
                let constant = self.vector_const(bits);
                self.asm.movaps(result, constant);
                self.vector_op(op, result, result, value);
            }
            Form::Not => {
                self.fill_vector(result);
                self.vector_op(X::PXOR, result, result, value);
            }
            Form::Negate(subtract) => {
                self.clear_vector(result);
                self.vector_op(subtract, result, result, value);
            }
            Form::Abs64 => {
                // The sign in all bits of each lane.
                self.asm.pshufd(other, value, 0b11_11_01_01);
                shift_lanes!(self, psrad_imm vpsrad_imm, other, other, 31);
                self.vector_op(X::PXOR, result, value, other);
                self.vector_op(X::PSUBQ, result, result, other);
            }
            Form::Popcnt => self.emit_popcnt(result, other, value),
            Form::Widen(bits, half) => self.widen(bits, half, result, value, other),
            Form::AddPairs16 => {
                // The lanes become numbers with a sign, 2¹⁵ less each.
                let (bias, ones) = (self.vector_const(splat16(1 << 15)), self.vector_const(splat16(1)));
                let twice = self.vector_const(splat32(1 << 16));
                self.vector_op(X::PXOR, result, value, bias);
                self.vector_op(X::PMADDWD, result, result, ones);
                self.vector_op(X::PADDD, result, result, twice);
            }
            Form::Round { double: false, mode } => self.asm.roundps(result, value, mode),
            Form::Round { double: true, mode } => self.asm.roundpd(result, value, mode),
            Form::ToInt { double: false, signed: true } => self.emit_f32_to_s32(result, other, value),
            Form::ToInt { double: false, signed: false } => self.emit_f32_to_u32(result, other, value),
            Form::ToInt { double: true, signed: true } => {
                // What is too large becomes the greatest integer, NaN zero: it is the second operand that comes out.
                let greatest = self.vector_const(splat64(f64::from(i32::MAX).to_bits()));
                self.compare_lanes(true, number::EQUAL, other, value, value);
                self.vector_op(X::ANDPD, other, other, greatest);
                self.vector_op(X::MINPD, result, value, other);
                self.vector_unary(XmmUnary::CVTTPD2DQ, result, result);
            }
            Form::ToInt { double: true, signed: false } => {
                let greatest = self.vector_const(splat64(f64::from(u32::MAX).to_bits()));
                // The lowest bits of such a sum are the integer.
                let integral = self.vector_const(splat64(TWO_TO_52));
                self.clear_vector(other);
                self.vector_op(X::MAXPD, result, value, other);
                self.vector_op(X::MINPD, result, result, greatest);
                self.asm.roundpd(result, result, 11);
                self.vector_op(X::ADDPD, result, result, integral);
                self.asm.shufps(result, other, 0b10_00_10_00);
            }
            Form::FromU32 { double: false } => {
                // Both halves are converted without loss, so only their sum is rounded.
                let low = self.vector_const(splat32(0xffff));
                let weight = self.vector_const(splat32(65536_f32.to_bits()));
                self.vector_op(X::PAND, other, value, low);
                shift_lanes!(self, psrld_imm vpsrld_imm, result, value, 16);
                self.vector_unary(XmmUnary::CVTDQ2PS, result, result);
                self.vector_unary(XmmUnary::CVTDQ2PS, other, other);
                self.vector_op(X::MULPS, result, result, weight);
                self.vector_op(X::ADDPS, result, result, other);
            }
            Form::FromU32 { double: true } => {
                // With this above, a lane is the integer plus 2⁵².
                let above = self.vector_const(splat32((TWO_TO_52 >> 32) as u32));
                let integral = self.vector_const(splat64(TWO_TO_52));
                self.vector_op(X::UNPCKLPS, result, value, above);
                self.vector_op(X::SUBPD, result, result, integral);
            }
            Form::CanonicalNan { double } => {
                let nan = if double { splat64(f64::NAN.to_bits()) } else { splat32(f32::NAN.to_bits()) };
                let (nan, mask) = (self.vector_const(nan), self.alloc_xmm());
                self.compare_lanes(double, number::UNORDERED, mask, value, value);
                self.copy_vector(result, value);
                self.asm.movaps(other, nan);
                self.blend_bits(result, other, mask);
            }
            _ => unreachable!("the other forms were dealt with"),
        }
        result
    }

    /// Counts the bits of both halves of each byte by a table.
    fn emit_popcnt(&mut self, result: Xmm, other: Xmm, value: Xmm) {
        use XmmBinary as X;
        let low = self.vector_const(splat8(0xf));
        let counts = self.vector_const(u128::from_le_bytes([0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]));
        let high = self.alloc_xmm();
        shift_lanes!(self, psrlw_imm vpsrlw_imm, high, value, 4);
        self.vector_op(X::PAND, high, high, low);
        self.vector_op(X::PAND, other, value, low);
        self.asm.movaps(result, counts);
        self.vector_op(X::PSHUFB, result, result, other);
        self.asm.movaps(other, counts);
        self.vector_op(X::PSHUFB, other, other, high);
        self.vector_op(X::PADDB, result, result, other);
    }

    /// NaN becomes zero first. What is too large is converted to the smallest integer, whose bits are inverted then.
    fn emit_f32_to_s32(&mut self, result: Xmm, other: Xmm, value: Xmm) {
        use XmmBinary as X;
        self.compare_lanes(false, number::EQUAL, other, value, value);
        self.vector_op(X::ANDPS, result, value, other);
        // The sign bit says that the number is not negative.
        self.vector_op(X::PXOR, other, other, result);
        self.vector_unary(XmmUnary::CVTTPS2DQ, result, result);
        self.vector_op(X::PAND, other, other, result);
        shift_lanes!(self, psrad_imm vpsrad_imm, other, other, 31);
        self.vector_op(X::PXOR, result, result, other);
    }

    /// The number, as far as it is below 2³¹, and what it is more than that.
    fn emit_f32_to_u32(&mut self, result: Xmm, other: Xmm, value: Xmm) {
        use XmmBinary as X;
        let half = self.vector_const(splat32(0x4f00_0000));
        let (more, overflow) = (self.alloc_xmm(), self.alloc_xmm());
        // Zero for NaN, too.
        self.clear_vector(other);
        self.vector_op(X::MAXPS, result, value, other);
        self.vector_op(X::SUBPS, more, result, half);
        self.vector_unary(XmmUnary::CVTTPS2DQ, result, result);
        self.asm.movaps(overflow, half);
        self.compare_lanes(false, number::LESS_OR_EQUAL, overflow, overflow, more);
        self.vector_unary(XmmUnary::CVTTPS2DQ, more, more);
        self.vector_op(X::PXOR, more, more, overflow);
        self.vector_op(X::PMAXSD, more, more, other);
        self.vector_op(X::PADDD, result, result, more);
    }
}

/// The bits of the float from which on all are integers.
const TWO_TO_52: u64 = 0x4330_0000_0000_0000;
