//! Operators with one vector, and those that make vectors of scalars or scalars of whole vectors.

use regalloc2::VReg;
use upshift_asm::x64::{Cond, CpuFeature, Shift, Size, XmmBinary, XmmUnary};
use upshift_codegen::x64::vector::{
    BIT_COUNTS, TWO_TO_52, UnaryForm, predicate, splat8, splat16, splat32, splat64, unary_form,
};
use upshift_core::ops::Unary;

use crate::lower::x64::Lowering;
use crate::mach::x64::{Test, VectorOp};
use crate::ssa::{Ty, Value};

impl Lowering<'_> {
    /// An operator of vectors with one operand.
    pub(in crate::lower::x64) fn lower_vector_unary(&mut self, inst: Value, op: Unary, value: Value) {
        let form = unary_form(op, self.target.features);
        let made = form.map(|form| match form {
            UnaryForm::Splat(bits) => self.splat(bits, value),
            UnaryForm::AnyTrue | UnaryForm::AllTrue(_) => {
                let test = self.vector_test(form, value);
                self.out.set(test)
            }
            UnaryForm::Signs(bits) => {
                let value = self.reg(value);
                self.signs(bits, value)
            }
            UnaryForm::Plain(op) => {
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
        match unary_form(op, self.target.features) {
            Some(form @ (UnaryForm::AnyTrue | UnaryForm::AllTrue(_))) => Some(self.vector_test(form, value)),
            _ => None,
        }
    }

    fn vector_test(&mut self, form: UnaryForm, value: Value) -> Test {
        let value = self.reg(value);
        match form {
            UnaryForm::AllTrue(equal) => {
                let zero = self.out.zero(Ty::V128);
                let zeroes = self.vector_op(equal, zero, value);
                self.test_zero(zeroes)
            }
            _ => self.test_zero(value).not(),
        }
    }

    /// Whether a register is zero.
    fn test_zero(&mut self, value: VReg) -> Test {
        if self.has(CpuFeature::Sse41) {
            self.out.test_xmm(value);
            return Test::If(Cond::E);
        }
        let zero = self.out.zero(Ty::V128);
        let zeroes = self.vector_op(XmmBinary::PCMPEQB, zero, value);
        let bits = self.out.vector(VectorOp::Pmovmskb, 0, &[zeroes]);
        self.out.cmp_imm(Size::S32, bits, 0xffff);
        Test::If(Cond::E)
    }

    fn signs(&mut self, bits: u32, value: VReg) -> VReg {
        match bits {
            8 => self.out.vector(VectorOp::Pmovmskb, 0, &[value]),
            16 => {
                let zero = self.out.zero(Ty::V128);
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

    /// The lowest lane of this many bits in all lanes.
    pub(super) fn spread(&mut self, bits: u32, lane: VReg) -> VReg {
        let pshufd = |this: &mut Self, order, lane| this.out.vector(VectorOp::Pshufd, order, &[lane]);
        match bits {
            8 if self.has(CpuFeature::Avx2) => self.out.vector(VectorOp::Pbroadcastb, 0, &[lane]),
            16 if self.has(CpuFeature::Avx2) => self.out.vector(VectorOp::Pbroadcastw, 0, &[lane]),
            8 | 16 => {
                let words = if bits == 8 { self.vector_op(XmmBinary::PUNPCKLBW, lane, lane) } else { lane };
                let low = self.out.vector(VectorOp::Pshuflw, 0, &[words]);
                pshufd(self, 0, low)
            }
            32 => pshufd(self, 0, lane),
            _ => pshufd(self, 0b01_00_01_00, lane),
        }
    }

    fn lane_unary(&mut self, form: UnaryForm, value: VReg) -> VReg {
        use XmmBinary as X;
        match form {
            UnaryForm::Constant(op, bits) => self.vector_op_const(op, value, bits),
            UnaryForm::ConstantFirst(op, bits) => {
                let constant = self.make_vector(bits);
                self.vector_op(op, constant, value)
            }
            UnaryForm::Not => self.vector_not(value),
            UnaryForm::Negate(subtract) => {
                let zero = self.out.zero(Ty::V128);
                self.vector_op(subtract, zero, value)
            }
            UnaryForm::Abs64 => {
                // The sign in all bits of each lane.
                let high = self.out.vector(VectorOp::Pshufd, 0b11_11_01_01, &[value]);
                let sign = self.out.vector(VectorOp::Psrad, 31, &[high]);
                let inverted = self.vector_op(X::PXOR, value, sign);
                self.vector_op(X::PSUBQ, inverted, sign)
            }
            UnaryForm::Abs(greater, subtract) => {
                let zero = self.out.zero(Ty::V128);
                let sign = self.vector_op(greater, zero, value);
                let inverted = self.vector_op(X::PXOR, value, sign);
                self.vector_op(subtract, inverted, sign)
            }
            UnaryForm::Popcnt => self.vector_popcnt(value),
            UnaryForm::Widen(bits, half) => self.widen(bits, half, value),
            UnaryForm::AddPairs16 => {
                // The lanes become signed numbers, 2¹⁵ less each.
                let signed = self.vector_op_const(X::PXOR, value, splat16(1 << 15));
                let sums = self.vector_op_const(X::PMADDWD, signed, splat16(1));
                self.vector_op_const(X::PADDD, sums, splat32(1 << 16))
            }
            UnaryForm::Round { double, mode } => {
                self.out.vector(if double { VectorOp::Roundpd } else { VectorOp::Roundps }, mode, &[value])
            }
            UnaryForm::ToInt { double: false, signed: true } => self.f32_to_s32(value),
            UnaryForm::ToInt { double: false, signed: false } => self.f32_to_u32(value),
            UnaryForm::ToInt { double: true, signed: true } => {
                // What is too large becomes the greatest integer, NaN zero: the result is the second operand.
                let number = self.compare_lanes(true, predicate::EQUAL, value, value);
                let most = self.vector_op_const(X::ANDPD, number, splat64(f64::from(i32::MAX).to_bits()));
                let bounded = self.vector_op(X::MINPD, value, most);
                self.vector_unary(XmmUnary::CVTTPD2DQ, bounded)
            }
            UnaryForm::ToInt { double: true, signed: false } => {
                let zero = self.out.zero(Ty::V128);
                let bounded = self.vector_op(X::MAXPD, value, zero);
                let bounded = self.vector_op_const(X::MINPD, bounded, splat64(f64::from(u32::MAX).to_bits()));
                let whole = self.out.vector(VectorOp::Roundpd, 11, &[bounded]);
                // The lowest bits of such a sum are the integer.
                let sum = self.vector_op_const(X::ADDPD, whole, splat64(TWO_TO_52));
                self.out.vector(VectorOp::Shufps, 0b10_00_10_00, &[sum, zero])
            }
            UnaryForm::FromU32 { double: false } => {
                // Both halves are converted without loss, so only their sum is rounded.
                let low = self.vector_op_const(X::PAND, value, splat32(0xffff));
                let high = self.out.vector(VectorOp::Psrld, 16, &[value]);
                let high = self.vector_unary(XmmUnary::CVTDQ2PS, high);
                let low = self.vector_unary(XmmUnary::CVTDQ2PS, low);
                let weighed = self.vector_op_const(X::MULPS, high, splat32(65536_f32.to_bits()));
                self.vector_op(X::ADDPS, weighed, low)
            }
            UnaryForm::FromU32 { double: true } => {
                // With this above, a lane is the integer plus 2⁵².
                let sum = self.vector_op_const(X::UNPCKLPS, value, splat32((TWO_TO_52 >> 32) as u32));
                self.vector_op_const(X::SUBPD, sum, splat64(TWO_TO_52))
            }
            UnaryForm::CanonicalNan { double } => {
                let nan = if double { splat64(f64::NAN.to_bits()) } else { splat32(f32::NAN.to_bits()) };
                let mask = self.compare_lanes(double, predicate::UNORDERED, value, value);
                let nan = self.make_vector(nan);
                self.blend_bits(nan, value, mask)
            }
            _ => unreachable!("the other forms were dealt with"),
        }
    }

    /// Counts the bits of both halves of each byte by a table.
    fn vector_popcnt(&mut self, value: VReg) -> VReg {
        use XmmBinary as X;
        let counts = BIT_COUNTS;
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
        let is_number = self.compare_lanes(false, predicate::EQUAL, value, value);
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
        let zero = self.out.zero(Ty::V128);
        // Zero for NaN, too.
        let number = self.vector_op(X::MAXPS, value, zero);
        let half = self.make_vector(splat32(0x4f00_0000));
        let more = self.vector_op(X::SUBPS, number, half);
        let low = self.vector_unary(XmmUnary::CVTTPS2DQ, number);
        let overflow = self.compare_lanes(false, predicate::LESS_OR_EQUAL, half, more);
        let more = self.vector_unary(XmmUnary::CVTTPS2DQ, more);
        let more = self.vector_op(X::PXOR, more, overflow);
        let more = self.vector_op(X::PMAXSD, more, zero);
        self.vector_op(X::PADDD, low, more)
    }
}
