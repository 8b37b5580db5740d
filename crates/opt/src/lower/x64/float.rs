//! Operators of floats; conversions between them and integers are in `convert`.
//!
//! A register with an `f32` is zero from there to 64 bits, as slots are.

use regalloc2::{RegClass, VReg};
use upshift_asm::x64::{Cond, CpuFeature, XmmBinary};
use upshift_core::ops::memory::Load;
use upshift_core::ops::{Binary, Unary};

use super::Lowering;
use super::operands::Place;
use crate::mach::x64::{Fault, Test, VectorOp};
use crate::ssa::{Op, Ty, Value};

/// The load of all of a float.
fn whole(ty: Ty) -> Load {
    if ty == Ty::F32 { Load::LoadF32 } else { Load::LoadF64 }
}

/// The sign of a float, and nothing else.
fn sign_bit(ty: Ty) -> u128 {
    if ty == Ty::F32 { 1 << 31 } else { 1 << 63 }
}

/// The instruction for floats of 32 bits or 64.
fn by_type(ty: Ty, single: XmmBinary, double: XmmBinary) -> XmmBinary {
    if ty == Ty::F32 { single } else { double }
}

impl Lowering<'_> {
    /// A float that can be an operand in memory: a constant, or a load that the running instruction can take into itself.
    pub(super) fn float_place(&mut self, value: Value) -> Option<Place> {
        let value = self.resolve(value);
        if let Op::Const(bits) = self.func.op(value) {
            return (bits != 0).then(|| Place::sound(self.out.const64(bits)));
        }
        let wanted = whole(self.func.ty(value));
        self.sink(value, wanted)
    }

    /// A binary operator, if it is one of floats.
    pub(super) fn lower_float_binary(&mut self, op: Binary, lhs: Value, rhs: Value) -> Option<VReg> {
        use Binary as B;
        use XmmBinary as X;
        if !matches!(self.func.ty(lhs), Ty::F32 | Ty::F64) {
            return None;
        }
        let (op, commutes) = match op {
            op if op.is_compare() => {
                let test = self.compare(op, lhs, rhs);
                return Some(self.out.set(test));
            }
            B::F32Add => (X::ADDSS, true),
            B::F64Add => (X::ADDSD, true),
            B::F32Sub => (X::SUBSS, false),
            B::F64Sub => (X::SUBSD, false),
            B::F32Mul => (X::MULSS, true),
            B::F64Mul => (X::MULSD, true),
            B::F32Div => (X::DIVSS, false),
            B::F64Div => (X::DIVSD, false),
            B::F32Min | B::F64Min => return Some(self.lower_extreme(false, lhs, rhs)),
            B::F32Max | B::F64Max => return Some(self.lower_extreme(true, lhs, rhs)),
            B::F32Copysign | B::F64Copysign => return Some(self.lower_copy_sign(lhs, rhs)),
            _ => return None,
        };
        // Which of two NaNs is the result is not specified.
        let in_memory = |this: &Self, value| this.constant(value).is_some() || this.sinkable(value).is_some();
        let swap = commutes && in_memory(self, lhs) && !in_memory(self, rhs);
        let (lhs, rhs) = if swap { (rhs, lhs) } else { (lhs, rhs) };
        Some(self.float_op(op, lhs, rhs))
    }

    /// `lhs op rhs`
    fn float_op(&mut self, op: XmmBinary, lhs: Value, rhs: Value) -> VReg {
        let ty = self.func.ty(lhs);
        let place = self.float_place(rhs);
        let lhs = self.reg(lhs);
        match place {
            Some(place) => {
                self.at(place, |this, address, fault| this.out.xmm_load(op, ty, lhs, address, fault))
            }
            None => {
                let rhs = self.reg(rhs);
                self.out.xmm(op, ty, lhs, rhs)
            }
        }
    }

    /// The greater or lesser of two floats: zeroes have an order, and NaN is propagated. The instruction does that but
    /// where the two are equal or unordered, for which there is one flag.
    fn lower_extreme(&mut self, max: bool, lhs: Value, rhs: Value) -> VReg {
        use XmmBinary as X;
        let ty = self.func.ty(lhs);
        let (lhs, rhs) = (self.reg(lhs), self.reg(rhs));
        let [special, unordered, equal] =
            [self.out.cold_block(), self.out.cold_block(), self.out.cold_block()];
        let (usual, over) = (self.out.block(), self.out.block());
        self.out.ucomi(ty == Ty::F64, lhs, rhs);
        self.out.branch(Test::If(Cond::E), (special, &[]), (usual, &[]));
        self.out.switch_to(usual);
        let op = match (max, ty) {
            (true, Ty::F32) => X::MAXSS,
            (true, _) => X::MAXSD,
            (false, Ty::F32) => X::MINSS,
            (false, _) => X::MINSD,
        };
        let found = self.out.xmm(op, ty, lhs, rhs);
        self.out.jump(over, &[found]);
        self.out.switch_to(special);
        self.out.ucomi(ty == Ty::F64, lhs, rhs);
        self.out.branch(Test::If(Cond::P), (unordered, &[]), (equal, &[]));
        self.out.switch_to(unordered);
        let sum = self.out.xmm(by_type(ty, X::ADDSS, X::ADDSD), ty, lhs, rhs);
        self.out.jump(over, &[sum]);
        self.out.switch_to(equal);
        let both = self.out.xmm(if max { X::ANDPS } else { X::ORPS }, ty, lhs, rhs);
        self.out.jump(over, &[both]);
        let result = self.out.vreg_of(RegClass::Float);
        self.out.set_params(over, &[result]);
        self.out.switch_to(over);
        result
    }

    /// `value op constant`, of all bits of a register.
    fn with_mask(&mut self, op: XmmBinary, ty: Ty, value: VReg, mask: u128) -> VReg {
        let mask = self.out.const128(mask);
        self.out.xmm_load(op, ty, value, mask, Fault::NONE)
    }

    /// The magnitude of one float with the sign of another.
    fn lower_copy_sign(&mut self, lhs: Value, rhs: Value) -> VReg {
        let ty = self.func.ty(lhs);
        let (lhs, rhs) = (self.reg(lhs), self.reg(rhs));
        let magnitude = self.with_mask(XmmBinary::ANDPS, ty, lhs, sign_bit(ty) - 1);
        let sign = self.with_mask(XmmBinary::ANDPS, ty, rhs, sign_bit(ty));
        self.out.xmm(XmmBinary::ORPS, ty, magnitude, sign)
    }

    /// A unary operator, if it is one of floats.
    pub(super) fn lower_float_unary(&mut self, op: Unary, value: Value) -> Option<VReg> {
        use Unary as U;
        use XmmBinary as X;
        let ty = self.func.ty(value);
        Some(match op {
            U::F32Abs | U::F64Abs => {
                let value = self.reg(value);
                self.with_mask(XmmBinary::ANDPS, ty, value, sign_bit(ty) - 1)
            }
            U::F32Neg | U::F64Neg => {
                let value = self.reg(value);
                self.with_mask(XmmBinary::XORPS, ty, value, sign_bit(ty))
            }
            U::F32Sqrt => self.float_unary(X::SQRTSS, value),
            U::F64Sqrt => self.float_unary(X::SQRTSD, value),
            U::F32DemoteF64 => self.float_unary(X::CVTSD2SS, value),
            U::F64PromoteF32 => self.float_unary(X::CVTSS2SD, value),
            U::F32Nearest | U::F64Nearest => self.lower_round(8, value)?,
            U::F32Floor | U::F64Floor => self.lower_round(9, value)?,
            U::F32Ceil | U::F64Ceil => self.lower_round(10, value)?,
            U::F32Trunc | U::F64Trunc => self.lower_round(11, value)?,
            U::F32CanonicalNan | U::F64CanonicalNan => self.lower_canonical_nan(value),
            _ => return self.lower_conversion(op, value),
        })
    }

    fn float_unary(&mut self, op: XmmBinary, value: Value) -> VReg {
        let value = self.reg(value);
        self.out.scalar(op, value)
    }

    fn lower_round(&mut self, mode: u8, value: Value) -> Option<VReg> {
        let ty = self.func.ty(value);
        if !self.has(CpuFeature::Sse41) {
            return None;
        }
        let value = self.reg(value);
        Some(self.out.vector(
            if ty == Ty::F32 { VectorOp::Roundss } else { VectorOp::Roundsd },
            mode,
            &[value],
        ))
    }

    /// The value, or the canonical NaN for any NaN.
    fn lower_canonical_nan(&mut self, value: Value) -> VReg {
        let ty = self.func.ty(value);
        let value = self.reg(value);
        let nan = if ty == Ty::F32 { f32::NAN.to_bits().into() } else { f64::NAN.to_bits() };
        let (not_a_number, over) = (self.out.cold_block(), self.out.block());
        self.out.ucomi(ty == Ty::F64, value, value);
        self.out.branch(Test::If(Cond::P), (not_a_number, &[]), (over, &[value]));
        self.out.switch_to(not_a_number);
        let nan = self.make_constant(nan, ty);
        self.out.jump(over, &[nan]);
        let result = self.out.vreg_of(RegClass::Float);
        self.out.set_params(over, &[result]);
        self.out.switch_to(over);
        result
    }
}
