//! Operators with two vectors, or a vector and the number of bits of a shift.

use regalloc2::VReg;
use upshift_asm::x64::{Alu, CpuFeature, Size, XmmBinary};
use upshift_codegen::x64::vector::{
    BinaryForm, ByteShift, Half, binary_form, predicate, splat8, splat16, splat64, widening,
};
use upshift_core::ops::Binary;
use upshift_core::ops::memory::Load;

use crate::lower::x64::Lowering;
use crate::mach::x64::VectorOp;
use crate::ssa::{Op, Ty, Value};

/// By how many bits lanes are shifted.
#[derive(Clone, Copy)]
enum Count {
    Const(u8),
    /// In the lowest lane of a register.
    Reg(VReg),
}

impl Lowering<'_> {
    /// An operator with two operands, the first of which is a vector.
    pub(in crate::lower::x64) fn lower_vector_binary(
        &mut self,
        inst: Value,
        op: Binary,
        lhs: Value,
        rhs: Value,
    ) {
        let form = binary_form(op, self.target.features);
        let made = form.map(|form| match form {
            BinaryForm::Plain(op) => self.plain(op, lhs, rhs),
            BinaryForm::Swapped(op) => self.plain(op, rhs, lhs),
            BinaryForm::Not(op) => {
                let made = self.plain(op, lhs, rhs);
                self.vector_not(made)
            }
            BinaryForm::SwappedNot(op) => {
                let made = self.plain(op, rhs, lhs);
                self.vector_not(made)
            }
            BinaryForm::Shift8(shift) => self.shift_bytes(shift, lhs, rhs),
            BinaryForm::Shift { op, bits } => {
                let by = self.vector_count(rhs, bits, 0);
                let value = self.reg(lhs);
                self.shift_lanes(op, value, by)
            }
            BinaryForm::ShiftArithmetic64 => self.shift_arithmetic(lhs, rhs),
            form => {
                let (lhs, rhs) = (self.reg(lhs), self.reg(rhs));
                self.composed(form, lhs, rhs)
            }
        });
        self.bind_or_embed(inst, made);
    }

    fn plain(&mut self, op: XmmBinary, lhs: Value, rhs: Value) -> VReg {
        // Without AVX, memory operands would have to be aligned.
        let has_avx = self.has(CpuFeature::Avx);
        if let Op::ConstV128(vector) = self.func.op(rhs)
            && has_avx
        {
            let bits = self.func.vectors[vector.0 as usize].as_u128();
            if bits != 0 {
                let a = self.reg(lhs);
                return self.vector_op_const(op, a, bits);
            }
        }
        let place = if has_avx { self.sink(rhs, Load::V128Load) } else { None };
        let a = self.reg(lhs);
        match place {
            Some(place) => {
                self.at(place, |this, address, fault| this.out.xmm_load(op, Ty::V128, a, address, fault))
            }
            None => {
                let b = self.reg(rhs);
                self.vector_op(op, a, b)
            }
        }
    }

    /// What takes several instructions.
    fn composed(&mut self, form: BinaryForm, a: VReg, b: VReg) -> VReg {
        use XmmBinary as X;
        match form {
            BinaryForm::IsExtreme(extreme, equal) => {
                let found = self.vector_op(extreme, a, b);
                self.vector_op(equal, found, a)
            }
            BinaryForm::IsNotExtreme(extreme, equal) => {
                let found = self.vector_op(extreme, a, b);
                let same = self.vector_op(equal, found, a);
                self.vector_not(same)
            }
            BinaryForm::Equal64 { not } => {
                let halves = self.vector_op(X::PCMPEQD, a, b);
                let others = self.out.vector(VectorOp::Pshufd, 0b10_11_00_01, &[halves]);
                let equal = self.vector_op(X::PAND, halves, others);
                self.inverted_if(not, equal)
            }
            BinaryForm::Greater64 { swapped, not } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                // Where the upper halves are equal, that of the difference tells whether the lower one is greater.
                let difference = self.vector_op(X::PSUBQ, b, a);
                let equal = self.vector_op(X::PCMPEQD, a, b);
                let low = self.vector_op(X::PAND, difference, equal);
                let high = self.vector_op(X::PCMPGTD, a, b);
                let greater = self.vector_op(X::POR, low, high);
                let greater = self.out.vector(VectorOp::Pshufd, 0b11_11_01_01, &[greater]);
                self.inverted_if(not, greater)
            }
            BinaryForm::Greater { op, signs, swapped, not } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                let greater = self.compare_inverted(op, signs, a, b);
                self.inverted_if(not, greater)
            }
            BinaryForm::Choose { max, op, signs } => {
                let mask = self.compare_inverted(op, signs, a, b);
                if max { self.blend_bits(a, b, mask) } else { self.blend_bits(b, a, mask) }
            }
            BinaryForm::Floats { double, predicate, swapped } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                self.compare_lanes(double, predicate, a, b)
            }
            BinaryForm::Extreme { max, double } => self.lane_extremes(max, double, a, b),
            BinaryForm::Multiply64 => {
                let high = self.out.vector(VectorOp::Psrlq, 32, &[a]);
                let first = self.vector_op(X::PMULUDQ, high, b);
                let high = self.out.vector(VectorOp::Psrlq, 32, &[b]);
                let second = self.vector_op(X::PMULUDQ, high, a);
                let cross = self.vector_op(X::PADDQ, first, second);
                let cross = self.out.vector(VectorOp::Psllq, 32, &[cross]);
                let low = self.vector_op(X::PMULUDQ, a, b);
                self.vector_op(X::PADDQ, cross, low)
            }
            BinaryForm::Widened8(half) => {
                let (a, b) = (self.widen(8, half, a), self.widen(8, half, b));
                self.vector_op(X::PMULLW, a, b)
            }
            BinaryForm::Widened16(upper, Half { high, .. }) => {
                let low_part = self.vector_op(X::PMULLW, a, b);
                let high_part = self.vector_op(upper, a, b);
                let unpack = if high { X::PUNPCKHWD } else { X::PUNPCKLWD };
                self.vector_op(unpack, low_part, high_part)
            }
            BinaryForm::Widened32(multiply, Half { high, .. }) => {
                // Each lane twice: only the even ones are multiplied.
                let lanes = if high { 0b11_11_10_10 } else { 0b01_01_00_00 };
                let a = self.out.vector(VectorOp::Pshufd, lanes, &[a]);
                let b = self.out.vector(VectorOp::Pshufd, lanes, &[b]);
                self.vector_op(multiply, a, b)
            }
            BinaryForm::Fractions => {
                // Only -1 · -1 is out of range, and the result is -1.
                let product = self.vector_op(X::PMULHRSW, a, b);
                let least = self.vector_op_const(X::PCMPEQW, product, splat16(1 << 15));
                self.vector_op(X::PXOR, product, least)
            }
            BinaryForm::Swizzle => {
                // What is beyond 15 gets the highest bit, for which the result is zero.
                let order = self.vector_op_const(X::PADDUSB, b, splat8(0x70));
                self.vector_op(X::PSHUFB, a, order)
            }
            BinaryForm::Dot8 => self.dot8(a, b),
            _ => unreachable!("the other forms have operands of their own"),
        }
    }

    /// All bits of the lanes where `a` is greater than `b`, once these bits of both are inverted.
    fn compare_inverted(&mut self, op: XmmBinary, signs: u128, a: VReg, b: VReg) -> VReg {
        if signs == 0 {
            return self.vector_op(op, a, b);
        }
        let a = self.vector_op_const(XmmBinary::PXOR, a, signs);
        let b = self.vector_op_const(XmmBinary::PXOR, b, signs);
        self.vector_op(op, a, b)
    }

    fn inverted_if(&mut self, not: bool, value: VReg) -> VReg {
        if not { self.vector_not(value) } else { value }
    }

    /// The lesser or greater floats: zeroes have an order, and NaN is propagated.
    fn lane_extremes(&mut self, max: bool, double: bool, a: VReg, b: VReg) -> VReg {
        use XmmBinary as X;
        let (op, both, add) = match (max, double) {
            (false, false) => (X::MINPS, X::ORPS, X::ADDPS),
            (false, true) => (X::MINPD, X::ORPS, X::ADDPD),
            (true, false) => (X::MAXPS, X::ANDPS, X::ADDPS),
            (true, true) => (X::MAXPD, X::ANDPS, X::ADDPD),
        };
        // Besides NaNs the two differ for zeroes of both signs only.
        let first = self.vector_op(op, a, b);
        let second = self.vector_op(op, b, a);
        let found = self.vector_op(both, first, second);
        let nan = self.compare_lanes(double, predicate::UNORDERED, a, b);
        let sum = self.vector_op(add, a, b);
        self.blend_bits(sum, found, nan)
    }

    /// Sums of the products of neighbouring bytes, which wrap at 16 bits.
    pub(super) fn dot8(&mut self, a: VReg, b: VReg) -> VReg {
        use XmmBinary as X;
        // The upper byte of each pair, then the lower one, with its sign.
        let odd_a = self.out.vector(VectorOp::Psraw, 8, &[a]);
        let odd_b = self.out.vector(VectorOp::Psraw, 8, &[b]);
        let odd = self.vector_op(X::PMULLW, odd_a, odd_b);
        let even_a = self.out.vector(VectorOp::Psllw, 8, &[a]);
        let even_a = self.out.vector(VectorOp::Psraw, 8, &[even_a]);
        let even_b = self.out.vector(VectorOp::Psllw, 8, &[b]);
        let even_b = self.out.vector(VectorOp::Psraw, 8, &[even_b]);
        let even = self.vector_op(X::PMULLW, even_a, even_b);
        self.vector_op(X::PADDW, even, odd)
    }

    /// The lanes of one half, widened from this many bits to twice as many.
    pub(super) fn widen(&mut self, bits: u32, half: Half, source: VReg) -> VReg {
        use XmmBinary as X;
        if !half.high && self.has(CpuFeature::Sse41) {
            return self.vector_unary(widening(bits, half.signed), source);
        }
        let (unpack_low, unpack_high, greater) = match bits {
            8 => (X::PUNPCKLBW, X::PUNPCKHBW, X::PCMPGTB),
            16 => (X::PUNPCKLWD, X::PUNPCKHWD, X::PCMPGTW),
            _ => (X::PUNPCKLDQ, X::PUNPCKHDQ, X::PCMPGTD),
        };
        // The upper halves: zero, or copies of the sign.
        let zero = self.out.zero(Ty::V128);
        let above = if half.signed { self.vector_op(greater, zero, source) } else { zero };
        self.vector_op(if half.high { unpack_high } else { unpack_low }, source, above)
    }

    /// By how many bits lanes are shifted; more than there are count modulo their number.
    fn vector_count(&mut self, by: Value, bits: u32, more: u32) -> Count {
        if let Some(by) = self.constant(by) {
            return Count::Const(((by as u32 & (bits - 1)) + more) as u8);
        }
        let by = self.reg_for(by, Size::S32);
        let count = self.out.alu_imm(Alu::And, Size::S32, by, bits as i32 - 1);
        let count = if more == 0 { count } else { self.out.alu_imm(Alu::Add, Size::S32, count, more as i32) };
        Count::Reg(self.out.int_to_xmm(Size::S32, count))
    }

    /// Shifts all lanes.
    fn shift_lanes(&mut self, op: XmmBinary, source: VReg, by: Count) -> VReg {
        use XmmBinary as X;
        let (by, op) = match (by, op) {
            (Count::Reg(by), _) => return self.vector_op(op, source, by),
            (Count::Const(by), X::PSLLW) => (by, VectorOp::Psllw),
            (Count::Const(by), X::PSRLW) => (by, VectorOp::Psrlw),
            (Count::Const(by), X::PSRAW) => (by, VectorOp::Psraw),
            (Count::Const(by), X::PSLLD) => (by, VectorOp::Pslld),
            (Count::Const(by), X::PSRLD) => (by, VectorOp::Psrld),
            (Count::Const(by), X::PSRAD) => (by, VectorOp::Psrad),
            (Count::Const(by), X::PSLLQ) => (by, VectorOp::Psllq),
            (Count::Const(by), _) => (by, VectorOp::Psrlq),
        };
        self.out.vector(op, by, &[source])
    }

    /// There are no shifts of bytes: each is shifted as the upper or lower byte of 16 bits.
    fn shift_bytes(&mut self, shift: ByteShift, lhs: Value, rhs: Value) -> VReg {
        use XmmBinary as X;
        let more = if shift == ByteShift::Left { 0 } else { 8 };
        let by = self.vector_count(rhs, 8, more);
        let a = self.reg(lhs);
        let op = match shift {
            ByteShift::Left => X::PSLLW,
            ByteShift::Right => X::PSRLW,
            ByteShift::RightArithmetic => X::PSRAW,
        };
        let pack = if shift == ByteShift::RightArithmetic { X::PACKSSWB } else { X::PACKUSWB };
        let halves = [X::PUNPCKLBW, X::PUNPCKHBW].map(|unpack| {
            let half = self.vector_op(unpack, a, a);
            let shifted = self.shift_lanes(op, half, by);
            if shift == ByteShift::Left {
                self.vector_op_const(X::PAND, shifted, splat16(0xff))
            } else {
                shifted
            }
        });
        self.vector_op(pack, halves[0], halves[1])
    }

    /// There is no arithmetic shift of 64 bits: the sign, where it has gone to, is extended by a subtraction.
    fn shift_arithmetic(&mut self, lhs: Value, rhs: Value) -> VReg {
        use XmmBinary as X;
        let by = self.vector_count(rhs, 64, 0);
        let a = self.reg(lhs);
        let signs = self.make_vector(splat64(1 << 63));
        let sign = self.shift_lanes(X::PSRLQ, signs, by);
        let shifted = self.shift_lanes(X::PSRLQ, a, by);
        let inverted = self.vector_op(X::PXOR, shifted, sign);
        self.vector_op(X::PSUBQ, inverted, sign)
    }
}
