//! Operators with two vectors, or a vector and the number of bits of a shift.

use regalloc2::VReg;
use upshift_asm::x64::{Alu, CpuFeature, Size, XmmBinary, XmmUnary};
use upshift_core::ops::Binary;
use upshift_core::ops::memory::Load;

use super::{Line, any, number, splat8, splat16, splat64, with};
use crate::lower::x64::Lowering;
use crate::mach::x64::VectorOp;
use crate::ssa::{Op, Ty, Value};

/// How an operator is computed.
#[derive(Clone, Copy)]
enum Form {
    /// One instruction.
    Plain(XmmBinary),
    /// One instruction with the operands exchanged.
    Swapped(XmmBinary),
    /// All bits inverted.
    Not(XmmBinary),
    /// The operands exchanged, all bits inverted.
    SwappedNot(XmmBinary),
    /// Whether the first operand is the extreme one, that is, the first instruction's result equals it.
    IsExtreme(XmmBinary, XmmBinary),
    /// Whether it is not.
    IsNotExtreme(XmmBinary, XmmBinary),
    /// A comparison of floats, of 64 bits or 32, with the operands exchanged or not.
    Floats { double: bool, number: u8, swapped: bool },
    /// The lesser or greater floats.
    Extreme { max: bool, double: bool },
    /// A shift of bytes.
    Shift8(Shift),
    /// A shift of lanes with so many bits.
    Shift { op: XmmBinary, bits: u32 },
    /// An arithmetic shift of 64 bits.
    ShiftArithmetic64,
    /// A product of 64 bits.
    Multiply64,
    /// Products of widened bytes.
    Widened8(Half),
    /// Products of 16 bits, of which an instruction makes the upper part.
    Widened16(XmmBinary, Half),
    /// Products of 32 bits.
    Widened32(XmmBinary, Half),
    /// Rounded products of fractions of 15 bits.
    Fractions,
    /// Bytes of the first that the second names.
    Swizzle,
    /// Sums of products of neighbouring bytes.
    Dot8,
}

/// A shift of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shift {
    Left,
    Right,
    RightArithmetic,
}

/// By how many bits lanes are shifted.
#[derive(Clone, Copy)]
enum Count {
    Const(u8),
    /// In the lowest lane of a register.
    Reg(VReg),
}

/// Which lanes are widened, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Half {
    pub(super) high: bool,
    pub(super) signed: bool,
}

pub(super) const LOW_S: Half = Half { high: false, signed: true };
pub(super) const LOW_U: Half = Half { high: false, signed: false };
pub(super) const HIGH_S: Half = Half { high: true, signed: true };
pub(super) const HIGH_U: Half = Half { high: true, signed: false };

/// How an operator is computed, if it is one of vectors.
#[rustfmt::skip]
fn line(op: Binary) -> Option<Line<Form>> {
    use Binary as B;
    use CpuFeature::{Sse41, Sse42, Ssse3};
    use Form::{Dot8, Extreme, Floats, Fractions, IsExtreme, IsNotExtreme, Multiply64, Not, Plain, ShiftArithmetic64, Swapped, SwappedNot, Swizzle};
    use XmmBinary as X;
    let floats = |double, number| Floats { double, number, swapped: false };
    let swapped_floats = |double, number| Floats { double, number, swapped: true };
    let shift = |op, bits| Form::Shift { op, bits };
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
        B::I16x8GtU => with(Sse41, IsNotExtreme(X::PMINUW, X::PCMPEQW)),
        B::I16x8LtU => with(Sse41, IsNotExtreme(X::PMAXUW, X::PCMPEQW)),
        B::I16x8LeU => with(Sse41, IsExtreme(X::PMINUW, X::PCMPEQW)),
        B::I16x8GeU => with(Sse41, IsExtreme(X::PMAXUW, X::PCMPEQW)),

        B::I32x4Eq => any(Plain(X::PCMPEQD)),
        B::I32x4Ne => any(Not(X::PCMPEQD)),
        B::I32x4GtS => any(Plain(X::PCMPGTD)),
        B::I32x4LtS => any(Swapped(X::PCMPGTD)),
        B::I32x4LeS => any(Not(X::PCMPGTD)),
        B::I32x4GeS => any(SwappedNot(X::PCMPGTD)),
        B::I32x4GtU => with(Sse41, IsNotExtreme(X::PMINUD, X::PCMPEQD)),
        B::I32x4LtU => with(Sse41, IsNotExtreme(X::PMAXUD, X::PCMPEQD)),
        B::I32x4LeU => with(Sse41, IsExtreme(X::PMINUD, X::PCMPEQD)),
        B::I32x4GeU => with(Sse41, IsExtreme(X::PMAXUD, X::PCMPEQD)),

        B::I64x2Eq => with(Sse41, Plain(X::PCMPEQQ)),
        B::I64x2Ne => with(Sse41, Not(X::PCMPEQQ)),
        B::I64x2GtS => with(Sse42, Plain(X::PCMPGTQ)),
        B::I64x2LtS => with(Sse42, Swapped(X::PCMPGTQ)),
        B::I64x2LeS => with(Sse42, Not(X::PCMPGTQ)),
        B::I64x2GeS => with(Sse42, SwappedNot(X::PCMPGTQ)),

        B::F32x4Eq => any(floats(false, number::EQUAL)),
        B::F32x4Ne => any(floats(false, number::NOT_EQUAL)),
        B::F32x4Lt => any(floats(false, number::LESS)),
        B::F32x4Le => any(floats(false, number::LESS_OR_EQUAL)),
        B::F32x4Gt => any(swapped_floats(false, number::LESS)),
        B::F32x4Ge => any(swapped_floats(false, number::LESS_OR_EQUAL)),
        B::F64x2Eq => any(floats(true, number::EQUAL)),
        B::F64x2Ne => any(floats(true, number::NOT_EQUAL)),
        B::F64x2Lt => any(floats(true, number::LESS)),
        B::F64x2Le => any(floats(true, number::LESS_OR_EQUAL)),
        B::F64x2Gt => any(swapped_floats(true, number::LESS)),
        B::F64x2Ge => any(swapped_floats(true, number::LESS_OR_EQUAL)),

        B::I8x16Shl => any(Form::Shift8(Shift::Left)),
        B::I8x16ShrS => any(Form::Shift8(Shift::RightArithmetic)),
        B::I8x16ShrU => any(Form::Shift8(Shift::Right)),
        B::I8x16Add => any(Plain(X::PADDB)),
        B::I8x16AddSatS => any(Plain(X::PADDSB)),
        B::I8x16AddSatU => any(Plain(X::PADDUSB)),
        B::I8x16Sub => any(Plain(X::PSUBB)),
        B::I8x16SubSatS => any(Plain(X::PSUBSB)),
        B::I8x16SubSatU => any(Plain(X::PSUBUSB)),
        B::I8x16MinS => with(Sse41, Plain(X::PMINSB)),
        B::I8x16MinU => any(Plain(X::PMINUB)),
        B::I8x16MaxS => with(Sse41, Plain(X::PMAXSB)),
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
        B::I16x8MinU => with(Sse41, Plain(X::PMINUW)),
        B::I16x8MaxS => any(Plain(X::PMAXSW)),
        B::I16x8MaxU => with(Sse41, Plain(X::PMAXUW)),
        B::I16x8AvgrU => any(Plain(X::PAVGW)),
        B::I16x8NarrowI32x4S => any(Plain(X::PACKSSDW)),
        B::I16x8NarrowI32x4U => with(Sse41, Plain(X::PACKUSDW)),
        B::I16x8Q15MulrSatS | B::I16x8RelaxedQ15mulrS => with(Ssse3, Fractions),
        B::I16x8ExtMulLowI8x16S => any(Form::Widened8(LOW_S)),
        B::I16x8ExtMulLowI8x16U => any(Form::Widened8(LOW_U)),
        B::I16x8ExtMulHighI8x16S => any(Form::Widened8(HIGH_S)),
        B::I16x8ExtMulHighI8x16U => any(Form::Widened8(HIGH_U)),
        B::I16x8RelaxedDotI8x16I7x16S => any(Dot8),

        B::I32x4Shl => any(shift(X::PSLLD, 32)),
        B::I32x4ShrS => any(shift(X::PSRAD, 32)),
        B::I32x4ShrU => any(shift(X::PSRLD, 32)),
        B::I32x4Add => any(Plain(X::PADDD)),
        B::I32x4Sub => any(Plain(X::PSUBD)),
        B::I32x4Mul => with(Sse41, Plain(X::PMULLD)),
        B::I32x4MinS => with(Sse41, Plain(X::PMINSD)),
        B::I32x4MinU => with(Sse41, Plain(X::PMINUD)),
        B::I32x4MaxS => with(Sse41, Plain(X::PMAXSD)),
        B::I32x4MaxU => with(Sse41, Plain(X::PMAXUD)),
        B::I32x4DotI16x8S => any(Plain(X::PMADDWD)),
        B::I32x4ExtMulLowI16x8S => any(Form::Widened16(X::PMULHW, LOW_S)),
        B::I32x4ExtMulLowI16x8U => any(Form::Widened16(X::PMULHUW, LOW_U)),
        B::I32x4ExtMulHighI16x8S => any(Form::Widened16(X::PMULHW, HIGH_S)),
        B::I32x4ExtMulHighI16x8U => any(Form::Widened16(X::PMULHUW, HIGH_U)),

        B::I64x2Shl => any(shift(X::PSLLQ, 64)),
        B::I64x2ShrS => any(ShiftArithmetic64),
        B::I64x2ShrU => any(shift(X::PSRLQ, 64)),
        B::I64x2Add => any(Plain(X::PADDQ)),
        B::I64x2Sub => any(Plain(X::PSUBQ)),
        B::I64x2Mul => any(Multiply64),
        B::I64x2ExtMulLowI32x4S => with(Sse41, Form::Widened32(X::PMULDQ, LOW_S)),
        B::I64x2ExtMulLowI32x4U => any(Form::Widened32(X::PMULUDQ, LOW_U)),
        B::I64x2ExtMulHighI32x4S => with(Sse41, Form::Widened32(X::PMULDQ, HIGH_S)),
        B::I64x2ExtMulHighI32x4U => any(Form::Widened32(X::PMULUDQ, HIGH_U)),

        B::F32x4Add => any(Plain(X::ADDPS)),
        B::F32x4Sub => any(Plain(X::SUBPS)),
        B::F32x4Mul => any(Plain(X::MULPS)),
        B::F32x4Div => any(Plain(X::DIVPS)),
        B::F32x4Min | B::F32x4RelaxedMin => any(Extreme { max: false, double: false }),
        B::F32x4Max | B::F32x4RelaxedMax => any(Extreme { max: true, double: false }),
        // These answer with their second operand where the order is not decided.
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

impl Lowering<'_> {
    /// An operator with two operands, the first of which is a vector.
    pub(in crate::lower::x64) fn lower_vector_binary(
        &mut self,
        inst: Value,
        op: Binary,
        lhs: Value,
        rhs: Value,
    ) {
        let form = self.available(line(op));
        let made = form.map(|form| match form {
            Form::Plain(op) => self.plain(op, lhs, rhs),
            Form::Swapped(op) => self.plain(op, rhs, lhs),
            Form::Not(op) => {
                let made = self.plain(op, lhs, rhs);
                self.vector_not(made)
            }
            Form::SwappedNot(op) => {
                let made = self.plain(op, rhs, lhs);
                self.vector_not(made)
            }
            Form::Shift8(shift) => self.shift_bytes(shift, lhs, rhs),
            Form::Shift { op, bits } => {
                let by = self.vector_count(rhs, bits, 0);
                let value = self.reg(lhs);
                self.shift_lanes(op, value, by)
            }
            Form::ShiftArithmetic64 => self.shift_arithmetic(lhs, rhs),
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
    fn composed(&mut self, form: Form, a: VReg, b: VReg) -> VReg {
        use XmmBinary as X;
        match form {
            Form::IsExtreme(extreme, equal) => {
                let found = self.vector_op(extreme, a, b);
                self.vector_op(equal, found, a)
            }
            Form::IsNotExtreme(extreme, equal) => {
                let found = self.vector_op(extreme, a, b);
                let same = self.vector_op(equal, found, a);
                self.vector_not(same)
            }
            Form::Floats { double, number, swapped } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                self.compare_lanes(double, number, a, b)
            }
            Form::Extreme { max, double } => self.lane_extremes(max, double, a, b),
            Form::Multiply64 => {
                let high = self.out.vector(VectorOp::Psrlq, 32, &[a]);
                let first = self.vector_op(X::PMULUDQ, high, b);
                let high = self.out.vector(VectorOp::Psrlq, 32, &[b]);
                let second = self.vector_op(X::PMULUDQ, high, a);
                let cross = self.vector_op(X::PADDQ, first, second);
                let cross = self.out.vector(VectorOp::Psllq, 32, &[cross]);
                let low = self.vector_op(X::PMULUDQ, a, b);
                self.vector_op(X::PADDQ, cross, low)
            }
            Form::Widened8(half) => {
                let (a, b) = (self.widen(8, half, a), self.widen(8, half, b));
                self.vector_op(X::PMULLW, a, b)
            }
            Form::Widened16(upper, Half { high, .. }) => {
                let low_part = self.vector_op(X::PMULLW, a, b);
                let high_part = self.vector_op(upper, a, b);
                let unpack = if high { X::PUNPCKHWD } else { X::PUNPCKLWD };
                self.vector_op(unpack, low_part, high_part)
            }
            Form::Widened32(multiply, Half { high, .. }) => {
                // Each lane twice: only the even ones are multiplied.
                let lanes = if high { 0b11_11_10_10 } else { 0b01_01_00_00 };
                let a = self.out.vector(VectorOp::Pshufd, lanes, &[a]);
                let b = self.out.vector(VectorOp::Pshufd, lanes, &[b]);
                self.vector_op(multiply, a, b)
            }
            Form::Fractions => {
                // Only -1 · -1 is out of range, and comes out as -1.
                let product = self.vector_op(X::PMULHRSW, a, b);
                let least = self.vector_op_const(X::PCMPEQW, product, splat16(1 << 15));
                self.vector_op(X::PXOR, product, least)
            }
            Form::Swizzle => {
                // What is beyond 15 gets the highest bit, for which a zero comes out.
                let order = self.vector_op_const(X::PADDUSB, b, splat8(0x70));
                self.vector_op(X::PSHUFB, a, order)
            }
            Form::Dot8 => self.dot8(a, b),
            _ => unreachable!("the other forms have operands of their own"),
        }
    }

    /// The lesser or greater floats: zeroes have an order, and NaN comes out whenever one goes in.
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
        let nan = self.compare_lanes(double, number::UNORDERED, a, b);
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

    /// The lanes of one half, widened from so many bits to twice as many.
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
        let zero = self.out.zero();
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
    fn shift_bytes(&mut self, shift: Shift, lhs: Value, rhs: Value) -> VReg {
        use XmmBinary as X;
        let more = if shift == Shift::Left { 0 } else { 8 };
        let by = self.vector_count(rhs, 8, more);
        let a = self.reg(lhs);
        let op = match shift {
            Shift::Left => X::PSLLW,
            Shift::Right => X::PSRLW,
            Shift::RightArithmetic => X::PSRAW,
        };
        let pack = if shift == Shift::RightArithmetic { X::PACKSSWB } else { X::PACKUSWB };
        let halves = [X::PUNPCKLBW, X::PUNPCKHBW].map(|unpack| {
            let half = self.vector_op(unpack, a, a);
            let shifted = self.shift_lanes(op, half, by);
            if shift == Shift::Left { self.vector_op_const(X::PAND, shifted, splat16(0xff)) } else { shifted }
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

/// The instruction that widens the lanes of the lower half. All need SSE4.1.
pub(super) fn widening(bits: u32, signed: bool) -> XmmUnary {
    match (bits, signed) {
        (8, true) => XmmUnary::PMOVSXBW,
        (8, false) => XmmUnary::PMOVZXBW,
        (16, true) => XmmUnary::PMOVSXWD,
        (16, false) => XmmUnary::PMOVZXWD,
        (_, true) => XmmUnary::PMOVSXDQ,
        (_, false) => XmmUnary::PMOVZXDQ,
    }
}
