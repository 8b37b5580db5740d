//! Operators with one vector, and those that make vectors of scalars or scalars of whole vectors.

use upshift_asm::x64::{Cond, CpuFeature, Gpr, Size, Xmm, XmmBinary, XmmUnary};
use upshift_codegen::x64::vector::{
    BIT_COUNTS, TWO_TO_52, UnaryForm, predicate, splat8, splat16, splat32, splat64, unary_form,
};
use upshift_core::ops::Unary;
use upshift_core::types::ValType;
use upshift_translate::backend::{Operand, Slot};

use super::shift_lanes;
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::x64::{Class, Test};

impl Compiler<'_> {
    /// An operator of vectors with one operand. Returns whether there are instructions for it.
    pub(crate) fn emit_vector_unary(&mut self, op: Unary, dst: Slot, value: Operand) -> bool {
        let Some(form) = unary_form(op, self.target.features) else { return false };
        match form {
            UnaryForm::Splat(bits) => self.emit_splat(bits, op.operands()[0], dst, value),
            UnaryForm::AnyTrue => {
                let value = self.use_vector(value);
                let test = self.test_zero(value).inverted();
                self.define_flags(dst, test);
            }
            UnaryForm::AllTrue(equal) => {
                let value = self.use_vector(value);
                let zeroes = self.alloc_xmm();
                self.clear_vector(zeroes);
                self.vector_op(equal, zeroes, zeroes, value);
                let test = self.test_zero(zeroes);
                self.define_flags(dst, test);
            }
            UnaryForm::Signs(bits) => {
                let value = self.use_vector(value);
                let result = self.emit_signs(bits, value);
                self.define(dst, result, Kind::I32);
            }
            form => {
                let is_mask = form == UnaryForm::Not && self.masks.has(value);
                let result = self.emit_lane_unary(form, value);
                self.define(dst, result, Kind::V128);
                if is_mask {
                    self.masks.note(dst);
                }
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
        let result = self.alloc_result(Class::Int).gpr();
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
            (self.vector_result(), lane)
        } else {
            let value = self.place(value, kind);
            let result = self.vector_result();
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
            8 if self.has(CpuFeature::Avx2) => self.asm.vpbroadcastb(target, source),
            16 if self.has(CpuFeature::Avx2) => self.asm.vpbroadcastw(target, source),
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
        let result = self.result_apart();
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

    fn emit_lane_unary(&mut self, form: UnaryForm, value: Operand) -> Xmm {
        use XmmBinary as X;
        if let UnaryForm::Plain(op) = form {
            let value = self.vector_place(value);
            let result = self.vector_result();
            self.vector_unary(op, result, value);
            return result;
        }
        let value = self.use_vector(value);
        let single = matches!(form, UnaryForm::Constant(..) | UnaryForm::Round { .. });
        let result = if single { self.vector_result() } else { self.result_apart() };
        let other = self.alloc_xmm();
        match form {
            UnaryForm::Constant(op, bits) => {
                let constant = self.vector_const(bits);
                self.vector_op(op, result, value, constant);
            }
            UnaryForm::ConstantFirst(op, bits) => {
                let constant = self.vector_const(bits);
                self.asm.movaps(result, constant);
                self.vector_op(op, result, result, value);
            }
            UnaryForm::Not => {
                self.fill_vector(result);
                self.vector_op(X::PXOR, result, result, value);
            }
            UnaryForm::Negate(subtract) => {
                self.clear_vector(result);
                self.vector_op(subtract, result, result, value);
            }
            UnaryForm::Abs64 => {
                // The sign in all bits of each lane.
                self.asm.pshufd(other, value, 0b11_11_01_01);
                shift_lanes!(self, psrad_imm vpsrad_imm, other, other, 31);
                self.vector_op(X::PXOR, result, value, other);
                self.vector_op(X::PSUBQ, result, result, other);
            }
            UnaryForm::Abs(greater, subtract) => {
                self.clear_vector(other);
                self.vector_op(greater, other, other, value);
                self.vector_op(X::PXOR, result, value, other);
                self.vector_op(subtract, result, result, other);
            }
            UnaryForm::Popcnt => self.emit_popcnt(result, other, value),
            UnaryForm::Widen(bits, half) => self.widen(bits, half, result, value, other),
            UnaryForm::AddPairs16 => {
                // The lanes become numbers with a sign, 2¹⁵ less each.
                let (bias, ones) = (self.vector_const(splat16(1 << 15)), self.vector_const(splat16(1)));
                let twice = self.vector_const(splat32(1 << 16));
                self.vector_op(X::PXOR, result, value, bias);
                self.vector_op(X::PMADDWD, result, result, ones);
                self.vector_op(X::PADDD, result, result, twice);
            }
            UnaryForm::Round { double: false, mode } => self.asm.roundps(result, value, mode),
            UnaryForm::Round { double: true, mode } => self.asm.roundpd(result, value, mode),
            UnaryForm::ToInt { double: false, signed: true } => self.emit_f32_to_s32(result, other, value),
            UnaryForm::ToInt { double: false, signed: false } => self.emit_f32_to_u32(result, other, value),
            UnaryForm::ToInt { double: true, signed: true } => {
                // What is too large becomes the greatest integer, NaN zero: it is the second operand that comes out.
                let greatest = self.vector_const(splat64(f64::from(i32::MAX).to_bits()));
                self.compare_lanes(true, predicate::EQUAL, other, value, value);
                self.vector_op(X::ANDPD, other, other, greatest);
                self.vector_op(X::MINPD, result, value, other);
                self.vector_unary(XmmUnary::CVTTPD2DQ, result, result);
            }
            UnaryForm::ToInt { double: true, signed: false } => {
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
            UnaryForm::FromU32 { double: false } => {
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
            UnaryForm::FromU32 { double: true } => {
                // With this above, a lane is the integer plus 2⁵².
                let above = self.vector_const(splat32((TWO_TO_52 >> 32) as u32));
                let integral = self.vector_const(splat64(TWO_TO_52));
                self.vector_op(X::UNPCKLPS, result, value, above);
                self.vector_op(X::SUBPD, result, result, integral);
            }
            UnaryForm::CanonicalNan { double } => {
                let nan = if double { splat64(f64::NAN.to_bits()) } else { splat32(f32::NAN.to_bits()) };
                let (nan, mask) = (self.vector_const(nan), self.alloc_xmm());
                self.compare_lanes(double, predicate::UNORDERED, mask, value, value);
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
        let counts = self.vector_const(BIT_COUNTS);
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
        self.compare_lanes(false, predicate::EQUAL, other, value, value);
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
        self.compare_lanes(false, predicate::LESS_OR_EQUAL, overflow, overflow, more);
        self.vector_unary(XmmUnary::CVTTPS2DQ, more, more);
        self.vector_op(X::PXOR, more, more, overflow);
        self.vector_op(X::PMAXSD, more, more, other);
        self.vector_op(X::PADDD, result, result, more);
    }
}
