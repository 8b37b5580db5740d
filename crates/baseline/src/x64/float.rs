//! Operators of floats as instructions; those that make integers of them, or floats of integers, are in `convert`.
//!
//! A register with an `f32` is zero from there to 64 bits: instructions that keep what is above their result write to a register
//! that was cleared, which also keeps them from waiting for what it had.

use upshift_asm::x64::{Cond, CpuFeature, Mem, RegMem, Xmm, XmmBinary};
use upshift_core::ops::{Binary, Unary};
use upshift_translate::backend::{Operand, Slot};

use super::{Class, Test};
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::tables::ColdPath;
use upshift_asm::Label;

/// Arithmetic: the instructions for both sizes.
#[derive(Clone, Copy)]
pub(crate) struct Arithmetic {
    single: XmmBinary,
    double: XmmBinary,
    commutes: bool,
}

/// Two floats of which one is the lesser, or the greater, if they are not equal and neither is NaN. They turned out to be one or the
/// other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Similar {
    /// One of them, and where the result goes.
    result: Xmm,
    rhs: Xmm,
    kind: Kind,
    max: bool,
    /// Where to go on.
    back: Label,
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

    pub(super) fn ucomi(&mut self, kind: Kind, lhs: Xmm, rhs: RegMem<Xmm>) {
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
        let op = if kind == Kind::F32 { single } else { double };
        let (lhs, rhs, spare) =
            if commutes { self.in_order(lhs, rhs, kind) } else { (lhs, rhs, self.is_spare(lhs, rhs, kind)) };
        if self.target.features.has(CpuFeature::Avx) && !spare {
            let lhs = self.use_xmm(lhs, kind);
            let rhs = self.float_place(rhs, kind);
            let result = self.alloc_result(Class::Float).xmm();
            self.asm.vex_binary(op, result, lhs, rhs);
            return self.define(dst, result, kind);
        }
        let result = self.take_known(lhs, rhs, kind, spare).xmm();
        let rhs = self.float_place(rhs, kind);
        self.asm.xmm_binary(op, result, rhs);
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
        let result = self.take_for_result(lhs, rhs, kind).xmm();
        let rhs = self.use_xmm(rhs, kind);
        self.ucomi(kind, result, RegMem::Reg(rhs));
        // Unordered ones are equal, too, to the flags.
        let back = self.asm.label();
        let similar = self.cold(ColdPath::Similar(Similar { result, rhs, kind, max, back }));
        self.asm.jcc(Cond::E, similar);
        let op = match (max, kind == Kind::F32) {
            (true, true) => XmmBinary::MAXSS,
            (true, false) => XmmBinary::MAXSD,
            (false, true) => XmmBinary::MINSS,
            (false, false) => XmmBinary::MINSD,
        };
        self.asm.xmm_binary(op, result, rhs);
        self.asm.bind(back);
        self.define(dst, result, kind);
    }

    /// The greater or lesser of two floats that are equal, or NaN: the flags tell.
    pub(crate) fn emit_similar(&mut self, Similar { result, rhs, kind, max, back }: Similar) {
        let unordered = self.asm.label();
        self.asm.jcc_short(Cond::P, unordered);
        if max {
            self.asm.andps(result, rhs)
        } else {
            self.asm.orps(result, rhs)
        }
        self.asm.jmp(back);
        self.asm.bind(unordered);
        let add = if kind == Kind::F32 { XmmBinary::ADDSS } else { XmmBinary::ADDSD };
        self.asm.xmm_binary(add, result, rhs);
        self.asm.jmp(back);
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
    pub(super) fn cleared(&mut self) -> Xmm {
        let reg = self.alloc_apart(Class::Float).xmm();
        self.asm.xorps(reg, reg);
        reg
    }

    /// Unary operators of floats. Returns whether it was one that there are instructions for.
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
            U::F32CanonicalNan | U::F64CanonicalNan => self.emit_canonical_nan(to, dst, value),
            _ => return self.emit_conversion(op, dst, value),
        }
        true
    }

    fn emit_masked(&mut self, op: XmmBinary, mask: u128, kind: Kind, dst: Slot, value: Operand) {
        let none = Operand::Const(0, dst);
        if self.target.features.has(CpuFeature::Avx) && !self.is_spare(value, none, kind) {
            let value = self.use_xmm(value, kind);
            let result = self.alloc_result(Class::Float).xmm();
            let mask = self.asm.const128(mask);
            self.asm.vex_binary(op, result, value, Mem::pool(mask));
            return self.define(dst, result, kind);
        }
        let result = self.take_for_result(value, none, kind).xmm();
        self.with_mask(op, result, mask);
        self.define(dst, result, kind);
    }

    /// An instruction that leaves what is above its result as it was.
    fn emit_float(&mut self, op: XmmBinary, from: Kind, to: Kind, dst: Slot, value: Operand) {
        let value = self.float_place(value, from);
        if let Some((result, value)) = self.apart_by_vex(value, from == Kind::F64 && to == Kind::F32) {
            self.asm.vex_binary(op, result, value, value);
            return self.define(dst, result, to);
        }
        let result = self.cleared();
        self.asm.xmm_binary(op, result, value);
        self.define(dst, result, to);
    }

    /// A register for the result and that of the operand, where instructions with VEX can take what is above the result from that.
    fn apart_by_vex(&mut self, value: RegMem<Xmm>, above_matters: bool) -> Option<(Xmm, Xmm)> {
        match value {
            RegMem::Reg(value) if self.target.features.has(CpuFeature::Avx) && !above_matters => {
                Some((self.alloc_result(Class::Float).xmm(), value))
            }
            _ => None,
        }
    }

    fn emit_round(&mut self, mode: u8, kind: Kind, dst: Slot, value: Operand) -> bool {
        if !self.target.features.has(CpuFeature::Sse41) {
            return false;
        }
        let value = self.float_place(value, kind);
        if let Some((result, value)) = self.apart_by_vex(value, false) {
            match kind {
                Kind::F32 => self.asm.vroundss(result, value, value, mode),
                _ => self.asm.vroundsd(result, value, value, mode),
            }
            self.define(dst, result, kind);
            return true;
        }
        let result = self.cleared();
        match kind {
            Kind::F32 => self.asm.roundss(result, value, mode),
            _ => self.asm.roundsd(result, value, mode),
        }
        self.define(dst, result, kind);
        true
    }

    /// The value, or the canonical NaN for any NaN.
    fn emit_canonical_nan(&mut self, kind: Kind, dst: Slot, value: Operand) {
        let result = self.take_xmm(value, kind);
        let number = self.asm.label();
        self.ucomi(kind, result, RegMem::Reg(result));
        self.asm.jcc_short(Cond::Np, number);
        let nan = if kind == Kind::F32 { f32::NAN.to_bits().into() } else { f64::NAN.to_bits() };
        self.emit_const(result.into(), nan, kind);
        self.asm.bind(number);
        self.define(dst, result, kind);
    }
}
