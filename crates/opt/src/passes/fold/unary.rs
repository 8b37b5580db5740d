//! Rules for unary operators and for tests of references.

use upshift_core::cast::{Cast, CastTarget};
use upshift_core::ops::{Binary, Unary};

use super::super::facts;
use super::super::ints::{Int, Width};
use super::{Folder, Outcome, int, operand_of};
use crate::ssa::{Func, Op, Ty, Value};

impl Folder {
    pub(super) fn unary(&mut self, func: &mut Func, inst: Value, op: Unary) -> Outcome {
        let value = func.args(inst)[0];
        if let Some(bits) = func.constant(value) {
            return match op.fold(bits) {
                Some(bits) => self.constant(func, inst, bits),
                None => Outcome::Stays,
            };
        }
        match op {
            Unary::I32WrapI64 => self.wrap(func, inst, value),
            Unary::I64ExtendI32U => match operand_of(func, value, Unary::I32WrapI64) {
                Some(wide) if facts::bits(func, wide) <= 32 => Outcome::Is(wide),
                _ => Outcome::Stays,
            },
            Unary::I64ExtendI32S => {
                if facts::is_non_negative(func, value) {
                    return self.change(func, inst, Op::Unary(Unary::I64ExtendI32U), &[value]);
                }
                match operand_of(func, value, Unary::I32WrapI64) {
                    Some(wide) => self.change(func, inst, Op::Unary(Unary::I64Extend32S), &[wide]),
                    None => Outcome::Stays,
                }
            }
            Unary::I32Extend8S | Unary::I64Extend8S => self.extend_low(func, inst, op, value, 8),
            Unary::I32Extend16S | Unary::I64Extend16S => self.extend_low(func, inst, op, value, 16),
            Unary::I64Extend32S => match func.op(value) {
                Op::Unary(Unary::I64ExtendI32S) => Outcome::Is(value),
                Op::Unary(Unary::I64ExtendI32U) => {
                    let narrow = func.args(value)[0];
                    self.change(func, inst, Op::Unary(Unary::I64ExtendI32S), &[narrow])
                }
                _ => self.extend_low(func, inst, op, value, 32),
            },
            Unary::F32Neg
            | Unary::F64Neg
            | Unary::I32ReinterpretF32
            | Unary::F32ReinterpretI32
            | Unary::I64ReinterpretF64
            | Unary::F64ReinterpretI64 => match operand_of(func, value, undone_by(op)) {
                Some(inner) => Outcome::Is(inner),
                None => Outcome::Stays,
            },
            Unary::F32Abs | Unary::F64Abs => self.absolute(func, inst, op, value),
            Unary::I31GetS | Unary::I31GetU => self.integer_of_reference(func, inst, op, value),
            _ => Outcome::Stays,
        }
    }

    /// The lower half of an `i64`.
    fn wrap(&mut self, func: &mut Func, inst: Value, value: Value) -> Outcome {
        match func.op(value) {
            Op::Unary(Unary::I64ExtendI32S | Unary::I64ExtendI32U) => {
                return Outcome::Is(func.args(value)[0]);
            }
            Op::Unary(Unary::I64Extend32S) => {
                let wide = func.args(value)[0];
                return self.change(func, inst, Op::Unary(Unary::I32WrapI64), &[wide]);
            }
            _ => {}
        }
        let Some((op, Width::Wide, lhs, rhs)) = int(func, value) else { return Outcome::Stays };
        if let (Int::And, Some(mask)) = (op, func.constant(rhs))
            && mask & 0xffff_ffff == 0xffff_ffff
        {
            return self.change(func, inst, Op::Unary(Unary::I32WrapI64), &[lhs]);
        }
        // The lower half of these depends on the lower halves of the operands alone.
        if matches!(op, Int::Add | Int::Sub | Int::Mul | Int::And | Int::Or | Int::Xor)
            && self.is_used_once(value)
            && (is_extended(func, lhs) || is_extended(func, rhs))
            && let (Some(lhs), Some(rhs)) = (self.lower(func, inst, lhs), self.lower(func, inst, rhs))
        {
            return self.change(func, inst, Op::Binary(op.at(Width::Narrow)), &[lhs, rhs]);
        }
        Outcome::Stays
    }

    /// The lower half of an extended value or of a constant.
    fn lower(&mut self, func: &mut Func, before: Value, value: Value) -> Option<Value> {
        match func.op(value) {
            Op::Unary(Unary::I64ExtendI32S | Unary::I64ExtendI32U) => Some(func.args(value)[0]),
            Op::Const(bits) => Some(self.make(func, before, Op::Const(bits & 0xffff_ffff), Ty::I32, &[])),
            _ => None,
        }
    }

    /// Sign-extension of the lowest `bits` bits.
    fn extend_low(&mut self, func: &mut Func, inst: Value, op: Unary, value: Value, bits: u32) -> Outcome {
        if facts::bits(func, value) < bits || func.op(value) == Op::Unary(op) {
            return Outcome::Is(value);
        }
        if let Some((Int::And, _, inner, mask)) = int(func, value)
            && let Some(mask) = func.constant(mask)
            && mask.trailing_ones() >= bits
        {
            return self.change(func, inst, Op::Unary(op), &[inner]);
        }
        Outcome::Stays
    }

    /// The float without its sign. These change no other bit, not even of a NaN.
    fn absolute(&mut self, func: &mut Func, inst: Value, op: Unary, value: Value) -> Outcome {
        let neg = if op == Unary::F32Abs { Unary::F32Neg } else { Unary::F64Neg };
        if func.op(value) == Op::Unary(op) {
            return Outcome::Is(value);
        }
        match operand_of(func, value, neg) {
            Some(inner) => self.change(func, inst, Op::Unary(op), &[inner]),
            None => Outcome::Stays,
        }
    }

    /// The integer of a reference that was just made of it loses its highest bit.
    fn integer_of_reference(&mut self, func: &mut Func, inst: Value, op: Unary, value: Value) -> Outcome {
        let Some(integer) = operand_of(func, value, Unary::RefI31) else { return Outcome::Stays };
        if op == Unary::I31GetU {
            return self.with_constant(func, inst, (Int::And, Width::Narrow), integer, 0x7fff_ffff);
        }
        let one = self.make(func, inst, Op::Const(1), Ty::I32, &[]);
        let shifted = self.make(func, inst, Op::Binary(Binary::I32Shl), Ty::I32, &[integer, one]);
        self.change(func, inst, Op::Binary(Binary::I32ShrS), &[shifted, one])
    }

    pub(super) fn reference(&mut self, func: &mut Func, inst: Value) -> Outcome {
        let args = func.args(inst);
        let first = args[0];
        let null = |value: Value| func.constant(value) == Some(0);
        match func.op(inst) {
            Op::RefEq if args[0] == args[1] => self.constant(func, inst, 1),
            Op::RefEq if null(args[0]) => {
                let other = args[1];
                self.change(func, inst, Op::RefIsNull, &[other])
            }
            Op::RefEq if null(args[1]) => self.change(func, inst, Op::RefIsNull, &[first]),
            Op::RefIsNull if null(first) => self.constant(func, inst, 1),
            Op::RefIsNull if facts::is_non_null(func, first) => self.constant(func, inst, 0),
            Op::RefAsNonNull if facts::is_non_null(func, first) => Outcome::Nothing,
            Op::RefTest(cast) if null(first) => self.constant(func, inst, cast.nullable.into()),
            Op::RefCast(cast) if null(first) && cast.nullable => Outcome::Nothing,
            Op::RefTest(cast) if always_passes(func, cast, first) => self.constant(func, inst, 1),
            Op::RefCast(cast) if always_passes(func, cast, first) => Outcome::Nothing,
            _ => Outcome::Stays,
        }
    }
}

/// The operator that gives back what one was given.
fn undone_by(op: Unary) -> Unary {
    match op {
        Unary::I32ReinterpretF32 => Unary::F32ReinterpretI32,
        Unary::F32ReinterpretI32 => Unary::I32ReinterpretF32,
        Unary::I64ReinterpretF64 => Unary::F64ReinterpretI64,
        Unary::F64ReinterpretI64 => Unary::I64ReinterpretF64,
        other => other,
    }
}

/// Whether all that the value can be passes a test.
fn always_passes(func: &Func, cast: Cast, value: Value) -> bool {
    cast.target == CastTarget::Anything && (cast.nullable || facts::is_non_null(func, value))
}

fn is_extended(func: &Func, value: Value) -> bool {
    matches!(func.op(value), Op::Unary(Unary::I64ExtendI32S | Unary::I64ExtendI32U))
}
