//! Operators with two vectors, or a vector and the number of bits of a shift.

use upshift_asm::x64::{CpuFeature, Size, Xmm, XmmBinary, XmmUnary};
use upshift_core::ops::Binary;
use upshift_translate::backend::{Operand, Slot};

use super::{Line, any, number, shift_lanes, splat8, splat16, splat64, with};
use crate::cache::Kind;
use crate::compiler::Compiler;

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
    Reg(Xmm),
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

impl Compiler<'_> {
    /// An operator with two operands, the first of which is a vector. Answers whether there are instructions for it.
    pub(crate) fn emit_vector_binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) -> bool {
        let Some(form) = self.available(line(op)) else { return false };
        let result = match form {
            Form::Plain(op) => self.emit_plain(op, lhs, rhs),
            Form::Swapped(op) => self.emit_plain(op, rhs, lhs),
            Form::Not(op) => self.emit_not(op, lhs, rhs),
            Form::SwappedNot(op) => self.emit_not(op, rhs, lhs),
            Form::Shift8(shift) => self.emit_shift8(shift, lhs, rhs),
            Form::Shift { op, bits } => self.emit_vector_shift(op, bits, lhs, rhs),
            Form::ShiftArithmetic64 => self.emit_shift_arithmetic(lhs, rhs),
            form => self.emit_composed(form, lhs, rhs),
        };
        self.define(dst, result, Kind::V128);
        true
    }

    fn emit_plain(&mut self, op: XmmBinary, lhs: Operand, rhs: Operand) -> Xmm {
        if self.has(CpuFeature::Avx) {
            let (a, b) = (self.use_vector(lhs), self.vector_place(rhs));
            let result = self.alloc_xmm();
            self.asm.vex_binary(op, result, a, b);
            return result;
        }
        let (result, b) = (self.take_xmm(lhs, Kind::V128), self.use_vector(rhs));
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
    fn emit_composed(&mut self, form: Form, lhs: Operand, rhs: Operand) -> Xmm {
        use XmmBinary as X;
        let (a, b) = (self.use_vector(lhs), self.use_vector(rhs));
        let (result, other) = (self.alloc_xmm(), self.alloc_xmm());
        match form {
            Form::IsExtreme(extreme, equal) => {
                self.vector_op(extreme, result, a, b);
                self.vector_op(equal, result, result, a);
            }
            Form::IsNotExtreme(extreme, equal) => {
                self.vector_op(extreme, result, a, b);
                self.vector_op(equal, result, result, a);
                self.fill_vector(other);
                self.asm.pxor(result, other);
            }
            Form::Floats { double, number, swapped } => {
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                self.compare_lanes(double, number, result, a, b);
            }
            Form::Extreme { max, double } => self.emit_lane_extremes(max, double, result, other, a, b),
            Form::Multiply64 => {
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
            Form::Widened8(half) => {
                let scratch = self.alloc_xmm();
                self.widen(8, half, result, a, scratch);
                self.widen(8, half, other, b, scratch);
                self.vector_op(X::PMULLW, result, result, other);
            }
            Form::Widened16(upper, Half { high, .. }) => {
                self.vector_op(X::PMULLW, result, a, b);
                self.vector_op(upper, other, a, b);
                let unpack = if high { X::PUNPCKHWD } else { X::PUNPCKLWD };
                self.vector_op(unpack, result, result, other);
            }
            Form::Widened32(multiply, Half { high, .. }) => {
                // Each lane twice: only the even ones are multiplied.
                let lanes = if high { 0b11_11_10_10 } else { 0b01_01_00_00 };
                self.asm.pshufd(result, a, lanes);
                self.asm.pshufd(other, b, lanes);
                self.vector_op(multiply, result, result, other);
            }
            Form::Fractions => {
                // Only -1 · -1 is out of range, and comes out as -1.
                self.vector_op(X::PMULHRSW, result, a, b);
                let least = self.vector_const(splat16(1 << 15));
                self.vector_op(X::PCMPEQW, other, result, least);
                self.vector_op(X::PXOR, result, result, other);
            }
            Form::Swizzle => {
                // What is beyond 15 gets the highest bit, for which a zero comes out.
                let beyond = self.vector_const(splat8(0x70));
                self.vector_op(X::PADDUSB, other, b, beyond);
                self.vector_op(X::PSHUFB, result, a, other);
            }
            Form::Dot8 => self.emit_dot8(result, other, a, b),
            _ => unreachable!("the other forms have operands of their own"),
        }
        result
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
        self.compare_lanes(double, number::UNORDERED, nan, a, b);
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
        let result = self.alloc_xmm();
        self.shift_vector(op, result, a, by);
        result
    }

    /// There are no shifts of bytes: each is shifted as the upper or lower byte of 16 bits.
    fn emit_shift8(&mut self, shift: Shift, lhs: Operand, rhs: Operand) -> Xmm {
        use XmmBinary as X;
        let more = if shift == Shift::Left { 0 } else { 8 };
        let by = self.shift_count(rhs, 8, more);
        let a = self.use_vector(lhs);
        let (result, high) = (self.alloc_xmm(), self.alloc_xmm());
        let op = match shift {
            Shift::Left => X::PSLLW,
            Shift::Right => X::PSRLW,
            Shift::RightArithmetic => X::PSRAW,
        };
        self.vector_op(X::PUNPCKLBW, result, a, a);
        self.vector_op(X::PUNPCKHBW, high, a, a);
        self.shift_vector(op, result, result, by);
        self.shift_vector(op, high, high, by);
        if shift == Shift::Left {
            let low_bytes = self.vector_const(splat16(0xff));
            self.vector_op(X::PAND, result, result, low_bytes);
            self.vector_op(X::PAND, high, high, low_bytes);
        }
        let pack = if shift == Shift::RightArithmetic { X::PACKSSWB } else { X::PACKUSWB };
        self.vector_op(pack, result, result, high);
        result
    }

    /// There is no arithmetic shift of 64 bits: the sign, where it has gone to, is extended by a subtraction.
    fn emit_shift_arithmetic(&mut self, lhs: Operand, rhs: Operand) -> Xmm {
        use XmmBinary as X;
        let by = self.shift_count(rhs, 64, 0);
        let a = self.use_vector(lhs);
        let (result, sign) = (self.alloc_xmm(), self.alloc_xmm());
        let signs = self.vector_const(splat64(1 << 63));
        self.asm.movaps(sign, signs);
        self.shift_vector(X::PSRLQ, sign, sign, by);
        self.shift_vector(X::PSRLQ, result, a, by);
        self.vector_op(X::PXOR, result, result, sign);
        self.vector_op(X::PSUBQ, result, result, sign);
        result
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
