//! Operators with one vector, and those that make vectors of scalars or scalars of whole vectors.

use regalloc2::VReg;
use upshift_asm::x64::{Alu, Cond, CpuFeature, Shift, Size, XmmBinary, XmmUnary};
use upshift_core::ops::Unary;

use super::binary::{HIGH_S, HIGH_U, Half, LOW_S, LOW_U};
use super::{Line, any, number, splat8, splat16, splat32, splat64, with};
use crate::lower::x64::Lowering;
use crate::mach::x64::{Test, VectorOp};
use crate::ssa::Value;

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

impl Lowering<'_> {
    /// An operator of vectors with one operand.
    pub(in crate::lower::x64) fn lower_vector_unary(&mut self, inst: Value, op: Unary, value: Value) {
        let form = self.available(line(op));
        let made = form.map(|form| match form {
            Form::Splat(bits) => self.splat(bits, value),
            Form::AnyTrue | Form::AllTrue(_) => {
                let test = self.vector_test(form, value);
                self.out.set(test)
            }
            Form::Signs(bits) => {
                let value = self.reg(value);
                self.signs(bits, value)
            }
            Form::Plain(op) => {
                let value = self.reg(value);
                self.vector_unary(op, value)
            }
            form => {
                let value = self.reg(value);
                self.lane_unary(form, value)
            }
        });
        self.bind_or_embed(inst, made);
    }

    /// Sets the flags by whether any bit is set, or no lane is zero, if there are instructions for it.
    pub(in crate::lower::x64) fn vector_condition(&mut self, op: Unary, value: Value) -> Option<Test> {
        match self.available(line(op)) {
            Some(form @ (Form::AnyTrue | Form::AllTrue(_))) => Some(self.vector_test(form, value)),
            _ => None,
        }
    }

    fn vector_test(&mut self, form: Form, value: Value) -> Test {
        let value = self.reg(value);
        match form {
            Form::AllTrue(equal) => {
                let zero = self.out.zero();
                let zeroes = self.vector_op(equal, zero, value);
                self.test_zero(zeroes)
            }
            _ => self.test_zero(value).not(),
        }
    }

    /// Whether a register is zero.
    fn test_zero(&mut self, value: VReg) -> Test {
        let bits = if self.has(CpuFeature::Sse41) {
            let high = self.out.vector(VectorOp::Pextrq, 1, &[value]);
            let low = self.out.xmm_to_int(Size::S64, value);
            let both = self.out.alu(Alu::Or, Size::S64, low, high);
            self.out.cmp_imm(Size::S64, both, 0);
            return Test::If(Cond::E);
        } else {
            let zero = self.out.zero();
            let zeroes = self.vector_op(XmmBinary::PCMPEQB, zero, value);
            self.out.vector(VectorOp::Pmovmskb, 0, &[zeroes])
        };
        self.out.cmp_imm(Size::S32, bits, 0xffff);
        Test::If(Cond::E)
    }

    fn signs(&mut self, bits: u32, value: VReg) -> VReg {
        match bits {
            8 => self.out.vector(VectorOp::Pmovmskb, 0, &[value]),
            16 => {
                let zero = self.out.zero();
                // The upper half is that of the vector, the lower one is shifted out.
                let packed = self.vector_op(XmmBinary::PACKSSWB, zero, value);
                let mask = self.out.vector(VectorOp::Pmovmskb, 0, &[packed]);
                self.out.shift_imm(Shift::Shr, Size::S32, mask, 8)
            }
            32 => self.out.vector(VectorOp::Movmskps, 0, &[value]),
            _ => self.out.vector(VectorOp::Movmskpd, 0, &[value]),
        }
    }

    fn splat(&mut self, bits: u32, value: Value) -> VReg {
        if let Some(lane) = self.constant(value) {
            return self.make_vector(match bits {
                8 => splat8(lane as u8),
                16 => splat16(lane as u16),
                32 => splat32(lane as u32),
                _ => splat64(lane),
            });
        }
        let size = if bits == 64 { Size::S64 } else { Size::S32 };
        let lane = if self.func.ty(value).is_float() {
            self.reg(value)
        } else {
            let value = self.reg_for(value, size);
            self.out.int_to_xmm(size, value)
        };
        self.spread(bits, lane)
    }

    /// The lowest lane of so many bits in all lanes.
    pub(super) fn spread(&mut self, bits: u32, lane: VReg) -> VReg {
        let pshufd = |this: &mut Self, order, lane| this.out.vector(VectorOp::Pshufd, order, &[lane]);
        match bits {
            8 | 16 => {
                let words = if bits == 8 { self.vector_op(XmmBinary::PUNPCKLBW, lane, lane) } else { lane };
                let low = self.out.vector(VectorOp::Pshuflw, 0, &[words]);
                pshufd(self, 0, low)
            }
            32 => pshufd(self, 0, lane),
            _ => pshufd(self, 0b01_00_01_00, lane),
        }
    }

    fn lane_unary(&mut self, form: Form, value: VReg) -> VReg {
        use XmmBinary as X;
        match form {
            Form::Constant(op, bits) => self.vector_op_const(op, value, bits),
            Form::ConstantFirst(op, bits) => {
                let constant = self.make_vector(bits);
                self.vector_op(op, constant, value)
            }
            Form::Not => self.vector_not(value),
            Form::Negate(subtract) => {
                let zero = self.out.zero();
                self.vector_op(subtract, zero, value)
            }
            Form::Abs64 => {
                // The sign in all bits of each lane.
                let high = self.out.vector(VectorOp::Pshufd, 0b11_11_01_01, &[value]);
                let sign = self.out.vector(VectorOp::Psrad, 31, &[high]);
                let inverted = self.vector_op(X::PXOR, value, sign);
                self.vector_op(X::PSUBQ, inverted, sign)
            }
            Form::Popcnt => self.vector_popcnt(value),
            Form::Widen(bits, half) => self.widen(bits, half, value),
            Form::AddPairs16 => {
                // The lanes become numbers with a sign, 2¹⁵ less each.
                let signed = self.vector_op_const(X::PXOR, value, splat16(1 << 15));
                let sums = self.vector_op_const(X::PMADDWD, signed, splat16(1));
                self.vector_op_const(X::PADDD, sums, splat32(1 << 16))
            }
            Form::Round { double, mode } => {
                self.out.vector(if double { VectorOp::Roundpd } else { VectorOp::Roundps }, mode, &[value])
            }
            Form::ToInt { double: false, signed: true } => self.f32_to_s32(value),
            Form::ToInt { double: false, signed: false } => self.f32_to_u32(value),
            Form::ToInt { double: true, signed: true } => {
                // What is too large becomes the greatest integer, NaN zero: it is the second operand that comes out.
                let number = self.compare_lanes(true, number::EQUAL, value, value);
                let most = self.vector_op_const(X::ANDPD, number, splat64(f64::from(i32::MAX).to_bits()));
                let bounded = self.vector_op(X::MINPD, value, most);
                self.vector_unary(XmmUnary::CVTTPD2DQ, bounded)
            }
            Form::ToInt { double: true, signed: false } => {
                let zero = self.out.zero();
                let bounded = self.vector_op(X::MAXPD, value, zero);
                let bounded = self.vector_op_const(X::MINPD, bounded, splat64(f64::from(u32::MAX).to_bits()));
                let whole = self.out.vector(VectorOp::Roundpd, 11, &[bounded]);
                // The lowest bits of such a sum are the integer.
                let sum = self.vector_op_const(X::ADDPD, whole, splat64(TWO_TO_52));
                self.out.vector(VectorOp::Shufps, 0b10_00_10_00, &[sum, zero])
            }
            Form::FromU32 { double: false } => {
                // Both halves are converted without loss, so only their sum is rounded.
                let low = self.vector_op_const(X::PAND, value, splat32(0xffff));
                let high = self.out.vector(VectorOp::Psrld, 16, &[value]);
                let high = self.vector_unary(XmmUnary::CVTDQ2PS, high);
                let low = self.vector_unary(XmmUnary::CVTDQ2PS, low);
                let weighed = self.vector_op_const(X::MULPS, high, splat32(65536_f32.to_bits()));
                self.vector_op(X::ADDPS, weighed, low)
            }
            Form::FromU32 { double: true } => {
                // With this above, a lane is the integer plus 2⁵².
                let sum = self.vector_op_const(X::UNPCKLPS, value, splat32((TWO_TO_52 >> 32) as u32));
                self.vector_op_const(X::SUBPD, sum, splat64(TWO_TO_52))
            }
            Form::CanonicalNan { double } => {
                let nan = if double { splat64(f64::NAN.to_bits()) } else { splat32(f32::NAN.to_bits()) };
                let mask = self.compare_lanes(double, number::UNORDERED, value, value);
                let nan = self.make_vector(nan);
                self.blend_bits(nan, value, mask)
            }
            _ => unreachable!("the other forms were dealt with"),
        }
    }

    /// Counts the bits of both halves of each byte by a table.
    fn vector_popcnt(&mut self, value: VReg) -> VReg {
        use XmmBinary as X;
        let counts = u128::from_le_bytes([0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]);
        let high = self.out.vector(VectorOp::Psrlw, 4, &[value]);
        let halves = [value, high].map(|half| {
            let low = self.vector_op_const(X::PAND, half, splat8(0xf));
            let table = self.make_vector(counts);
            self.vector_op(X::PSHUFB, table, low)
        });
        self.vector_op(X::PADDB, halves[0], halves[1])
    }

    /// NaN becomes zero first. What is too large is converted to the smallest integer, whose bits are inverted then.
    fn f32_to_s32(&mut self, value: VReg) -> VReg {
        use XmmBinary as X;
        let is_number = self.compare_lanes(false, number::EQUAL, value, value);
        let number = self.vector_op(X::ANDPS, value, is_number);
        // The sign bit says that the number is not negative.
        let positive = self.vector_op(X::PXOR, is_number, number);
        let made = self.vector_unary(XmmUnary::CVTTPS2DQ, number);
        let too_large = self.vector_op(X::PAND, positive, made);
        let mask = self.out.vector(VectorOp::Psrad, 31, &[too_large]);
        self.vector_op(X::PXOR, made, mask)
    }

    /// The number, as far as it is below 2³¹, and what it is more than that.
    fn f32_to_u32(&mut self, value: VReg) -> VReg {
        use XmmBinary as X;
        let zero = self.out.zero();
        // Zero for NaN, too.
        let number = self.vector_op(X::MAXPS, value, zero);
        let half = self.make_vector(splat32(0x4f00_0000));
        let more = self.vector_op(X::SUBPS, number, half);
        let low = self.vector_unary(XmmUnary::CVTTPS2DQ, number);
        let overflow = self.compare_lanes(false, number::LESS_OR_EQUAL, half, more);
        let more = self.vector_unary(XmmUnary::CVTTPS2DQ, more);
        let more = self.vector_op(X::PXOR, more, overflow);
        let more = self.vector_op(X::PMAXSD, more, zero);
        self.vector_op(X::PADDD, low, more)
    }
}

/// The bits of the float from which on all are integers.
const TWO_TO_52: u64 = 0x4330_0000_0000_0000;
