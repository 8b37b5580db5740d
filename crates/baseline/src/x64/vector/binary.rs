//! Operators with two vectors, or a vector and the number of bits of a shift.

use upshift_asm::x64::{CpuFeature, Size, Xmm, XmmBinary};
use upshift_codegen::x64::vector::{
    BinaryForm, ByteShift, Half, binary_form, predicate, splat8, splat16, splat64, widening,
};
use upshift_core::ops::Binary;
use upshift_translate::backend::{Operand, Slot};

use super::shift_lanes;
use crate::cache::Kind;
use crate::compiler::Compiler;

/// By how many bits lanes are shifted.
#[derive(Clone, Copy)]
enum Count {
    Const(u8),
    /// In the lowest lane of a register.
    Reg(Xmm),
}

impl Compiler<'_> {
    /// An operator with two operands, the first of which is a vector. Returns whether there are instructions for it.
    pub(crate) fn emit_vector_binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) -> bool {
        let Some(form) = binary_form(op, self.target.features) else { return false };
        let is_mask = form.is_comparison() || form.is_logic() && self.masks.has(lhs) && self.masks.has(rhs);
        let result = match form {
            BinaryForm::Plain(op) => self.emit_plain(op, lhs, rhs),
            BinaryForm::Swapped(op) => self.emit_plain(op, rhs, lhs),
            BinaryForm::Not(op) => self.emit_not(op, lhs, rhs),
            BinaryForm::SwappedNot(op) => self.emit_not(op, rhs, lhs),
            BinaryForm::Shift8(shift) => self.emit_shift8(shift, lhs, rhs),
            BinaryForm::Shift { op, bits } => self.emit_vector_shift(op, bits, lhs, rhs),
            BinaryForm::ShiftArithmetic64 => self.emit_shift_arithmetic(lhs, rhs),
            form => self.emit_composed(form, lhs, rhs),
        };
        self.define(dst, result, Kind::V128);
        if is_mask {
            self.masks.note(dst);
        }
        true
    }

    fn emit_plain(&mut self, op: XmmBinary, lhs: Operand, rhs: Operand) -> Xmm {
        if self.has(CpuFeature::Avx) {
            let (a, b) = (self.use_vector(lhs), self.vector_place(rhs));
            let result = self.vector_result();
            self.asm.vex_binary(op, result, a, b);
            return result;
        }
        let (result, b) = (self.take_for_result(lhs, rhs, Kind::V128).xmm(), self.use_vector(rhs));
        self.asm.xmm_binary(op, result, b);
        result
    }

    fn emit_not(&mut self, op: XmmBinary, lhs: Operand, rhs: Operand) -> Xmm {
        let result = self.emit_plain(op, lhs, rhs);
        let ones = self.alloc_xmm();
        self.fill_vector(ones);
        self.asm.pxor(result, ones);
        result
    }

    /// What takes several instructions, which write to registers of their own.
    fn emit_composed(&mut self, form: BinaryForm, lhs: Operand, rhs: Operand) -> Xmm {
        use XmmBinary as X;
        let (a, b) = (self.use_vector(lhs), self.use_vector(rhs));
        let (result, other) = (self.result_apart(), self.alloc_xmm());
        match form {
            BinaryForm::IsExtreme(extreme, equal) => {
                self.vector_op(extreme, result, a, b);
                self.vector_op(equal, result, result, a);
            }
            BinaryForm::IsNotExtreme(extreme, equal) => {
                self.vector_op(extreme, result, a, b);
                self.vector_op(equal, result, result, a);
                self.fill_vector(other);
                self.asm.pxor(result, other);
            }
            BinaryForm::Equal64 { not } => {
                self.vector_op(X::PCMPEQD, result, a, b);
                self.asm.pshufd(other, result, 0b10_11_00_01);
                self.vector_op(X::PAND, result, result, other);
                self.invert_if(not, result, other);
            }
            BinaryForm::Greater64 { swapped, not } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                // Where the upper halves are equal, that of the difference tells whether the lower one is greater.
                self.vector_op(X::PSUBQ, result, b, a);
                self.vector_op(X::PCMPEQD, other, a, b);
                self.vector_op(X::PAND, result, result, other);
                self.vector_op(X::PCMPGTD, other, a, b);
                self.vector_op(X::POR, result, result, other);
                self.asm.pshufd(result, result, 0b11_11_01_01);
                self.invert_if(not, result, other);
            }
            BinaryForm::Greater { op, signs, swapped, not } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                self.compare_inverted(op, signs, result, other, [a, b]);
                self.invert_if(not, result, other);
            }
            BinaryForm::Choose { max, op, signs } => {
                let mask = self.alloc_xmm();
                self.compare_inverted(op, signs, mask, other, [a, b]);
                let (greater, lesser) = if max { (a, b) } else { (b, a) };
                self.copy_vector(result, lesser);
                self.copy_vector(other, greater);
                self.blend_bits(result, other, mask);
            }
            BinaryForm::Floats { double, predicate, swapped } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                self.compare_lanes(double, predicate, result, a, b);
            }
            BinaryForm::Extreme { max, double } => self.emit_lane_extremes(max, double, result, other, a, b),
            BinaryForm::Multiply64 => {
                let cross = self.alloc_xmm();
                shift_lanes!(self, psrlq_imm vpsrlq_imm, result, a, 32);
                self.vector_op(X::PMULUDQ, result, result, b);
                shift_lanes!(self, psrlq_imm vpsrlq_imm, cross, b, 32);
                self.vector_op(X::PMULUDQ, cross, cross, a);
                self.vector_op(X::PADDQ, result, result, cross);
                shift_lanes!(self, psllq_imm vpsllq_imm, result, result, 32);
                self.vector_op(X::PMULUDQ, other, a, b);
                self.vector_op(X::PADDQ, result, result, other);
            }
            BinaryForm::Widened8(half) => {
                let scratch = self.alloc_xmm();
                self.widen(8, half, result, a, scratch);
                self.widen(8, half, other, b, scratch);
                self.vector_op(X::PMULLW, result, result, other);
            }
            BinaryForm::Widened16(upper, Half { high, .. }) => {
                self.vector_op(X::PMULLW, result, a, b);
                self.vector_op(upper, other, a, b);
                let unpack = if high { X::PUNPCKHWD } else { X::PUNPCKLWD };
                self.vector_op(unpack, result, result, other);
            }
            BinaryForm::Widened32(multiply, Half { high, .. }) => {
                // Each lane twice: only the even ones are multiplied.
                let lanes = if high { 0b11_11_10_10 } else { 0b01_01_00_00 };
                self.asm.pshufd(result, a, lanes);
                self.asm.pshufd(other, b, lanes);
                self.vector_op(multiply, result, result, other);
            }
            BinaryForm::Fractions => {
                // Only -1 · -1 is out of range, and comes out as -1.
                self.vector_op(X::PMULHRSW, result, a, b);
                let least = self.vector_const(splat16(1 << 15));
                self.vector_op(X::PCMPEQW, other, result, least);
                self.vector_op(X::PXOR, result, result, other);
            }
            BinaryForm::Swizzle => {
                // What is beyond 15 gets the highest bit, for which a zero comes out.
                let beyond = self.vector_const(splat8(0x70));
                self.vector_op(X::PADDUSB, other, b, beyond);
                self.vector_op(X::PSHUFB, result, a, other);
            }
            BinaryForm::Dot8 => self.emit_dot8(result, other, a, b),
            _ => unreachable!("the other forms have operands of their own"),
        }
        result
    }

    /// All bits of the lanes of `target` where `a` is greater than `b`, once these bits of both are inverted.
    fn compare_inverted(&mut self, op: XmmBinary, signs: u128, target: Xmm, other: Xmm, [a, b]: [Xmm; 2]) {
        if signs == 0 {
            return self.vector_op(op, target, a, b);
        }
        let signs = self.vector_const(signs);
        self.vector_op(XmmBinary::PXOR, target, a, signs);
        self.vector_op(XmmBinary::PXOR, other, b, signs);
        self.vector_op(op, target, target, other);
    }

    fn invert_if(&mut self, not: bool, target: Xmm, other: Xmm) {
        if not {
            self.fill_vector(other);
            self.asm.pxor(target, other);
        }
    }

    /// The lesser or greater floats: zeroes have an order, and NaN comes out whenever one goes in.
    fn emit_lane_extremes(&mut self, max: bool, double: bool, result: Xmm, other: Xmm, a: Xmm, b: Xmm) {
        use XmmBinary as X;
        let nan = self.alloc_xmm();
        let (op, both, add) = match (max, double) {
            (false, false) => (X::MINPS, X::ORPS, X::ADDPS),
            (false, true) => (X::MINPD, X::ORPS, X::ADDPD),
            (true, false) => (X::MAXPS, X::ANDPS, X::ADDPS),
            (true, true) => (X::MAXPD, X::ANDPS, X::ADDPD),
        };
        // Besides NaNs the two differ for zeroes of both signs only.
        self.vector_op(op, result, a, b);
        self.vector_op(op, other, b, a);
        self.vector_op(both, result, result, other);
        self.compare_lanes(double, predicate::UNORDERED, nan, a, b);
        self.vector_op(add, other, a, b);
        self.blend_bits(result, other, nan);
    }

    /// Sums of the products of neighbouring bytes, which wrap at 16 bits.
    pub(super) fn emit_dot8(&mut self, result: Xmm, other: Xmm, a: Xmm, b: Xmm) {
        use XmmBinary as X;
        let odd = self.alloc_xmm();
        // The upper byte of each pair, then the lower one, with its sign.
        shift_lanes!(self, psraw_imm vpsraw_imm, odd, a, 8);
        shift_lanes!(self, psraw_imm vpsraw_imm, other, b, 8);
        self.vector_op(X::PMULLW, odd, odd, other);
        shift_lanes!(self, psllw_imm vpsllw_imm, result, a, 8);
        shift_lanes!(self, psraw_imm vpsraw_imm, result, result, 8);
        shift_lanes!(self, psllw_imm vpsllw_imm, other, b, 8);
        shift_lanes!(self, psraw_imm vpsraw_imm, other, other, 8);
        self.vector_op(X::PMULLW, result, result, other);
        self.vector_op(X::PADDW, result, result, odd);
    }

    /// The lanes of one half, widened from so many bits to twice as many. A scratch register may be that of nobody else.
    pub(super) fn widen(&mut self, bits: u32, half: Half, target: Xmm, source: Xmm, scratch: Xmm) {
        use XmmBinary as X;
        if !half.high && self.has(CpuFeature::Sse41) {
            return self.vector_unary(widening(bits, half.signed), target, source);
        }
        let (unpack_low, unpack_high, greater) = match bits {
            8 => (X::PUNPCKLBW, X::PUNPCKHBW, X::PCMPGTB),
            16 => (X::PUNPCKLWD, X::PUNPCKHWD, X::PCMPGTW),
            _ => (X::PUNPCKLDQ, X::PUNPCKHDQ, X::PCMPGTD),
        };
        // The upper halves: zero, or copies of the sign.
        self.clear_vector(scratch);
        if half.signed {
            self.vector_op(greater, scratch, scratch, source);
        }
        self.vector_op(if half.high { unpack_high } else { unpack_low }, target, source, scratch);
    }

    /// By how many bits lanes are shifted; more than there are count modulo their number.
    fn shift_count(&mut self, by: Operand, bits: u32, more: u32) -> Count {
        if let Operand::Const(by, _) = by {
            return Count::Const(((by as u32 & (bits - 1)) + more) as u8);
        }
        let count = self.take_gpr(by, Kind::I32);
        self.asm.and_imm(Size::S32, count, bits as i32 - 1);
        if more != 0 {
            self.asm.add_imm(Size::S32, count, more as i32);
        }
        let by = self.alloc_xmm();
        self.asm.movd(Size::S32, by, count);
        Count::Reg(by)
    }

    /// Shifts all lanes.
    fn shift_vector(&mut self, op: XmmBinary, target: Xmm, source: Xmm, by: Count) {
        use XmmBinary as X;
        match (by, op) {
            (Count::Reg(by), _) => self.vector_op(op, target, source, by),
            (Count::Const(by), X::PSLLW) => shift_lanes!(self, psllw_imm vpsllw_imm, target, source, by),
            (Count::Const(by), X::PSRLW) => shift_lanes!(self, psrlw_imm vpsrlw_imm, target, source, by),
            (Count::Const(by), X::PSRAW) => shift_lanes!(self, psraw_imm vpsraw_imm, target, source, by),
            (Count::Const(by), X::PSLLD) => shift_lanes!(self, pslld_imm vpslld_imm, target, source, by),
            (Count::Const(by), X::PSRLD) => shift_lanes!(self, psrld_imm vpsrld_imm, target, source, by),
            (Count::Const(by), X::PSRAD) => shift_lanes!(self, psrad_imm vpsrad_imm, target, source, by),
            (Count::Const(by), X::PSLLQ) => shift_lanes!(self, psllq_imm vpsllq_imm, target, source, by),
            (Count::Const(by), _) => shift_lanes!(self, psrlq_imm vpsrlq_imm, target, source, by),
        }
    }

    fn emit_vector_shift(&mut self, op: XmmBinary, bits: u32, lhs: Operand, rhs: Operand) -> Xmm {
        let by = self.shift_count(rhs, bits, 0);
        let a = self.use_vector(lhs);
        let result = self.vector_result();
        self.shift_vector(op, result, a, by);
        result
    }

    /// There are no shifts of bytes: each is shifted as the upper or lower byte of 16 bits.
    fn emit_shift8(&mut self, shift: ByteShift, lhs: Operand, rhs: Operand) -> Xmm {
        use XmmBinary as X;
        if let Operand::Const(by, _) = rhs {
            return self.emit_known_shift8(shift, lhs, by as u8 & 7);
        }
        let more = if shift == ByteShift::Left { 0 } else { 8 };
        let by = self.shift_count(rhs, 8, more);
        let a = self.use_vector(lhs);
        let (result, high) = (self.result_apart(), self.alloc_xmm());
        let op = match shift {
            ByteShift::Left => X::PSLLW,
            ByteShift::Right => X::PSRLW,
            ByteShift::RightArithmetic => X::PSRAW,
        };
        self.vector_op(X::PUNPCKLBW, result, a, a);
        self.vector_op(X::PUNPCKHBW, high, a, a);
        self.shift_vector(op, result, result, by);
        self.shift_vector(op, high, high, by);
        if shift == ByteShift::Left {
            let low_bytes = self.vector_const(splat16(0xff));
            self.vector_op(X::PAND, result, result, low_bytes);
            self.vector_op(X::PAND, high, high, low_bytes);
        }
        let pack = if shift == ByteShift::RightArithmetic { X::PACKSSWB } else { X::PACKUSWB };
        self.vector_op(pack, result, result, high);
        result
    }

    /// Shifts bytes by a constant, as parts of 16 bits, without what comes in from their neighbours.
    fn emit_known_shift8(&mut self, shift: ByteShift, lhs: Operand, by: u8) -> Xmm {
        use XmmBinary as X;
        let a = self.use_vector(lhs);
        let result = self.vector_result();
        let (op, own) = match shift {
            ByteShift::Left => (X::PSLLW, 0xff << by),
            ByteShift::Right | ByteShift::RightArithmetic => (X::PSRLW, 0xff >> by),
        };
        self.shift_vector(op, result, a, Count::Const(by));
        let own = self.vector_const(splat8(own));
        self.vector_op(X::PAND, result, result, own);
        if shift == ByteShift::RightArithmetic {
            // Where the sign has gone to, it is extended by a subtraction.
            let sign = self.vector_const(splat8(0x80 >> by));
            self.vector_op(X::PXOR, result, result, sign);
            self.vector_op(X::PSUBB, result, result, sign);
        }
        result
    }

    /// There is no arithmetic shift of 64 bits: the sign, where it has gone to, is extended by a subtraction.
    fn emit_shift_arithmetic(&mut self, lhs: Operand, rhs: Operand) -> Xmm {
        use XmmBinary as X;
        let by = self.shift_count(rhs, 64, 0);
        let a = self.use_vector(lhs);
        let (result, sign) = (self.result_apart(), self.alloc_xmm());
        let signs = self.vector_const(splat64(1 << 63));
        self.asm.movaps(sign, signs);
        self.shift_vector(X::PSRLQ, sign, sign, by);
        self.shift_vector(X::PSRLQ, result, a, by);
        self.vector_op(X::PXOR, result, result, sign);
        self.vector_op(X::PSUBQ, result, result, sign);
        result
    }
}
