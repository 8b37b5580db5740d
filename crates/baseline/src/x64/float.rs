//! Operators of floats as instructions.
//!
//! A register with an `f32` is zero from there to 64 bits: instructions that keep what is above their result write to a register
//! that was cleared, which also keeps them from waiting for what it had.

use upshift_asm::Label;
use upshift_asm::x64::{Cond, CpuFeature, Gpr, Mem, RegMem, Size, Xmm, XmmBinary};
use upshift_core::Trap;
use upshift_core::ops::{Binary, Unary};
use upshift_translate::backend::{Operand, Slot};

use super::Test;
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::tables::ColdPath;

/// Arithmetic: the instructions for both sizes.
#[derive(Clone, Copy)]
pub(crate) struct Arithmetic {
    single: XmmBinary,
    double: XmmBinary,
    commutes: bool,
}

/// What computes an operator of floats.
#[derive(Clone, Copy)]
pub(crate) enum FloatOp {
    /// A comparison, with the operands exchanged or not.
    Compare {
        ask: Test,
        swapped: bool,
    },
    Arithmetic(Arithmetic),
    /// The greater or the lesser one.
    Extreme {
        max: bool,
    },
    CopySign,
}

/// What computes a binary operator, if it is one of floats.
pub(crate) fn float_op(op: Binary) -> Option<FloatOp> {
    use Binary as B;
    let compare = |ask, swapped| FloatOp::Compare { ask, swapped };
    let arithmetic = |single, double, commutes| FloatOp::Arithmetic(Arithmetic { single, double, commutes });
    Some(match op {
        B::F32Eq | B::F64Eq => compare(Test::FloatEq, false),
        B::F32Ne | B::F64Ne => compare(Test::FloatNe, false),
        // Unordered operands are as if the first was below.
        B::F32Gt | B::F64Gt => compare(Test::Is(Cond::A), false),
        B::F32Ge | B::F64Ge => compare(Test::Is(Cond::Ae), false),
        B::F32Lt | B::F64Lt => compare(Test::Is(Cond::A), true),
        B::F32Le | B::F64Le => compare(Test::Is(Cond::Ae), true),
        B::F32Add | B::F64Add => arithmetic(XmmBinary::ADDSS, XmmBinary::ADDSD, true),
        B::F32Sub | B::F64Sub => arithmetic(XmmBinary::SUBSS, XmmBinary::SUBSD, false),
        B::F32Mul | B::F64Mul => arithmetic(XmmBinary::MULSS, XmmBinary::MULSD, true),
        B::F32Div | B::F64Div => arithmetic(XmmBinary::DIVSS, XmmBinary::DIVSD, false),
        B::F32Min | B::F64Min => FloatOp::Extreme { max: false },
        B::F32Max | B::F64Max => FloatOp::Extreme { max: true },
        B::F32Copysign | B::F64Copysign => FloatOp::CopySign,
        _ => return None,
    })
}

/// The sign of a float, and nothing else.
fn sign_bit(kind: Kind) -> u128 {
    if kind == Kind::F32 { 1 << 31 } else { 1 << 63 }
}

/// All other bits.
fn magnitude_bits(kind: Kind) -> u128 {
    sign_bit(kind) - 1
}

impl Compiler<'_> {
    /// Compares floats.
    pub(crate) fn emit_float_compare(&mut self, kind: Kind, lhs: Operand, rhs: Operand) {
        let lhs = self.use_xmm(lhs, kind);
        let rhs = self.float_place(rhs, kind);
        self.ucomi(kind, lhs, rhs);
    }

    fn ucomi(&mut self, kind: Kind, lhs: Xmm, rhs: RegMem<Xmm>) {
        if kind == Kind::F32 { self.asm.ucomiss(lhs, rhs) } else { self.asm.ucomisd(lhs, rhs) }
    }

    /// Adds, subtracts, multiplies or divides.
    pub(crate) fn emit_float_arithmetic(
        &mut self,
        op: Arithmetic,
        kind: Kind,
        dst: Slot,
        lhs: Operand,
        rhs: Operand,
    ) {
        let Arithmetic { single, double, commutes } = op;
        let spare = |operand: Operand| matches!(operand, Operand::Temp(_));
        let (lhs, rhs) = if commutes && !spare(lhs) && spare(rhs) { (rhs, lhs) } else { (lhs, rhs) };
        let result = self.take_xmm(lhs, kind);
        let rhs = self.float_place(rhs, kind);
        self.asm.xmm_binary(if kind == Kind::F32 { single } else { double }, result, rhs);
        self.define(dst, result, kind);
    }

    /// The greater or lesser of two floats: zeroes have an order, and NaN comes out whenever one goes in.
    pub(crate) fn emit_float_extreme(
        &mut self,
        max: bool,
        kind: Kind,
        dst: Slot,
        lhs: Operand,
        rhs: Operand,
    ) {
        let result = self.take_xmm(lhs, kind);
        let rhs = self.use_xmm(rhs, kind);
        let single = kind == Kind::F32;
        let (different, unordered, over) = (self.asm.label(), self.asm.label(), self.asm.label());
        self.ucomi(kind, result, RegMem::Reg(rhs));
        self.asm.jcc_short(Cond::P, unordered);
        self.asm.jcc_short(Cond::Ne, different);
        if max {
            self.asm.andps(result, rhs)
        } else {
            self.asm.orps(result, rhs)
        }
        self.asm.jmp_short(over);
        self.asm.bind(unordered);
        let add = if single { XmmBinary::ADDSS } else { XmmBinary::ADDSD };
        self.asm.xmm_binary(add, result, rhs);
        self.asm.jmp_short(over);
        self.asm.bind(different);
        let op = match (max, single) {
            (true, true) => XmmBinary::MAXSS,
            (true, false) => XmmBinary::MAXSD,
            (false, true) => XmmBinary::MINSS,
            (false, false) => XmmBinary::MINSD,
        };
        self.asm.xmm_binary(op, result, rhs);
        self.asm.bind(over);
        self.define(dst, result, kind);
    }

    /// The magnitude of one float with the sign of another.
    pub(crate) fn emit_copy_sign(&mut self, kind: Kind, dst: Slot, lhs: Operand, rhs: Operand) {
        let (result, sign) = (self.take_xmm(lhs, kind), self.take_xmm(rhs, kind));
        self.with_mask(XmmBinary::ANDPS, result, magnitude_bits(kind));
        self.with_mask(XmmBinary::ANDPS, sign, sign_bit(kind));
        self.asm.orps(result, sign);
        self.define(dst, result, kind);
    }

    fn with_mask(&mut self, op: XmmBinary, reg: Xmm, mask: u128) {
        let mask = self.asm.const128(mask);
        self.asm.xmm_binary(op, reg, Mem::pool(mask));
    }

    /// A cleared register for a result.
    fn cleared(&mut self) -> Xmm {
        let reg = self.alloc_xmm();
        self.asm.xorps(reg, reg);
        reg
    }

    /// Unary operators of floats. Answers whether it was one that there are instructions for.
    pub(crate) fn emit_float_unary(&mut self, op: Unary, dst: Slot, value: Operand) -> bool {
        use Unary as U;
        let (from, to) = (Kind::from(op.operands()[0]), Kind::from(op.result()));
        match op {
            U::F32Abs | U::F64Abs => self.emit_masked(XmmBinary::ANDPS, magnitude_bits(to), to, dst, value),
            U::F32Neg | U::F64Neg => self.emit_masked(XmmBinary::XORPS, sign_bit(to), to, dst, value),
            U::F32Sqrt => self.emit_float(XmmBinary::SQRTSS, from, to, dst, value),
            U::F64Sqrt => self.emit_float(XmmBinary::SQRTSD, from, to, dst, value),
            U::F32DemoteF64 => self.emit_float(XmmBinary::CVTSD2SS, from, to, dst, value),
            U::F64PromoteF32 => self.emit_float(XmmBinary::CVTSS2SD, from, to, dst, value),
            U::F32Nearest | U::F64Nearest => return self.emit_round(8, to, dst, value),
            U::F32Floor | U::F64Floor => return self.emit_round(9, to, dst, value),
            U::F32Ceil | U::F64Ceil => return self.emit_round(10, to, dst, value),
            U::F32Trunc | U::F64Trunc => return self.emit_round(11, to, dst, value),
            U::F32ConvertI32S | U::F64ConvertI32S => self.emit_from_int(Size::S32, from, to, dst, value),
            // Zero-extended, it is a number of 64 bits that has no sign.
            U::F32ConvertI32U | U::F64ConvertI32U => {
                self.emit_from_int(Size::S64, from, to, dst, value);
            }
            U::F32ConvertI64S | U::F64ConvertI64S => self.emit_from_int(Size::S64, from, to, dst, value),
            U::F32ConvertI64U | U::F64ConvertI64U => self.emit_from_u64(to, dst, value),
            U::I32TruncF32S | U::I32TruncF64S => self.emit_to_i32(from, dst, value, true, false),
            U::I32TruncF32U | U::I32TruncF64U => self.emit_to_i32(from, dst, value, false, false),
            U::I32TruncSatF32S | U::I32TruncSatF64S => self.emit_to_i32(from, dst, value, true, true),
            U::I32TruncSatF32U | U::I32TruncSatF64U => self.emit_to_i32(from, dst, value, false, true),
            U::I64TruncSatF32S | U::I64TruncSatF64S => self.emit_to_i64_saturating(from, dst, value),
            _ => return false,
        }
        true
    }

    fn emit_masked(&mut self, op: XmmBinary, mask: u128, kind: Kind, dst: Slot, value: Operand) {
        let result = self.take_xmm(value, kind);
        self.with_mask(op, result, mask);
        self.define(dst, result, kind);
    }

    /// An instruction that leaves what is above its result as it was.
    fn emit_float(&mut self, op: XmmBinary, from: Kind, to: Kind, dst: Slot, value: Operand) {
        let value = self.float_place(value, from);
        let result = self.cleared();
        self.asm.xmm_binary(op, result, value);
        self.define(dst, result, to);
    }

    fn emit_round(&mut self, mode: u8, kind: Kind, dst: Slot, value: Operand) -> bool {
        if !self.target.features.has(CpuFeature::Sse41) {
            return false;
        }
        let value = self.float_place(value, kind);
        let result = self.cleared();
        match kind {
            Kind::F32 => self.asm.roundss(result, value, mode),
            _ => self.asm.roundsd(result, value, mode),
        }
        self.define(dst, result, kind);
        true
    }

    fn emit_from_int(&mut self, size: Size, from: Kind, to: Kind, dst: Slot, value: Operand) {
        let value = self.use_gpr(value, from);
        let result = self.cleared();
        self.cvtsi(size, to, result, value);
        self.define(dst, result, to);
    }

    fn cvtsi(&mut self, size: Size, to: Kind, result: Xmm, value: Gpr) {
        match to {
            Kind::F32 => self.asm.cvtsi2ss(size, result, value),
            _ => self.asm.cvtsi2sd(size, result, value),
        }
    }

    /// From an unsigned number of 64 bits: one with the highest bit set is halved first, the lowest bit deciding how it is rounded.
    fn emit_from_u64(&mut self, to: Kind, dst: Slot, value: Operand) {
        let value = self.take_gpr(value, Kind::I64);
        let lowest = self.alloc_gpr();
        let result = self.cleared();
        let (large, over) = (self.asm.label(), self.asm.label());
        self.asm.test(Size::S64, value, value);
        self.asm.jcc_short(Cond::S, large);
        self.cvtsi(Size::S64, to, result, value);
        self.asm.jmp_short(over);
        self.asm.bind(large);
        self.asm.mov(Size::S32, lowest, value);
        self.asm.and_imm(Size::S32, lowest, 1);
        self.asm.shr_imm(Size::S64, value, 1);
        self.asm.or(Size::S64, value, lowest);
        self.cvtsi(Size::S64, to, result, value);
        let add = if to == Kind::F32 { XmmBinary::ADDSS } else { XmmBinary::ADDSD };
        self.asm.xmm_binary(add, result, result);
        self.asm.bind(over);
        self.define(dst, result, to);
    }

    fn cvtt(&mut self, from: Kind, result: Gpr, value: Xmm) {
        match from {
            Kind::F32 => self.asm.cvttss2si(Size::S64, result, value),
            _ => self.asm.cvttsd2si(Size::S64, result, value),
        }
    }

    /// To 32 bits, by way of 64: what does not fit there does not here.
    fn emit_to_i32(&mut self, from: Kind, dst: Slot, value: Operand, signed: bool, saturates: bool) {
        let value = self.use_xmm(value, from);
        let (result, fits) = (self.alloc_gpr(), self.alloc_gpr());
        self.cvtt(from, result, value);
        if signed {
            self.asm.movsxd(fits, result)
        } else {
            self.asm.mov(Size::S32, fits, result)
        }
        self.asm.cmp(Size::S64, fits, result);
        self.leave_if_not(Misfit { value, from, result, signed, bits: 32 }, saturates, Cond::Ne);
        if signed {
            self.asm.mov(Size::S32, result, result);
        }
        self.define(dst, result, Kind::I32);
    }

    fn emit_to_i64_saturating(&mut self, from: Kind, dst: Slot, value: Operand) {
        let value = self.use_xmm(value, from);
        let result = self.alloc_gpr();
        self.cvtt(from, result, value);
        // The smallest number is that of what does not fit, too.
        self.asm.cmp_imm(Size::S64, result, 1);
        self.leave_if_not(Misfit { value, from, result, signed: true, bits: 64 }, true, Cond::O);
        self.define(dst, result, Kind::I64);
    }

    fn leave_if_not(&mut self, misfit: Misfit, saturates: bool, cond: Cond) {
        if !saturates {
            let out = self.cold(ColdPath::Misfit { misfit, back: None });
            return self.asm.jcc(cond, out);
        }
        let back = self.asm.label();
        let out = self.cold(ColdPath::Misfit { misfit, back: Some(back) });
        self.asm.jcc(cond, out);
        self.asm.bind(back);
    }

    /// What becomes of a float that does not fit: the nearest integer, or a trap.
    pub(crate) fn emit_misfit(&mut self, misfit: Misfit, back: Option<Label>) {
        let Misfit { value, from, result, signed, bits } = misfit;
        let (nan, negative) = (self.asm.label(), self.asm.label());
        self.ucomi(from, value, RegMem::Reg(value));
        self.asm.jcc_short(Cond::P, nan);
        let Some(back) = back else {
            self.emit_trap(Trap::IntegerOverflow);
            self.asm.bind(nan);
            return self.emit_trap(Trap::BadConversionToInteger);
        };
        // The sign is that of the float.
        match from {
            Kind::F32 => self.asm.movmskps(result, value),
            _ => self.asm.movmskpd(result, value),
        }
        self.asm.test_imm(Size::S32, result, 1);
        self.asm.jcc_short(Cond::Ne, negative);
        self.asm.mov_imm(result, u64::MAX >> (64 - bits) >> u32::from(signed));
        self.asm.jmp(back);
        self.asm.bind(negative);
        self.asm.mov_imm(result, if signed { 1 << (bits - 1) } else { 0 });
        self.asm.jmp(back);
        self.asm.bind(nan);
        self.asm.mov_imm(result, 0);
        self.asm.jmp(back);
    }
}

/// A float that may not fit into an integer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misfit {
    value: Xmm,
    from: Kind,
    result: Gpr,
    signed: bool,
    bits: u32,
}
