//! What is known of a value without running the program.
//!
//! The queries look at a few instructions above the value, so a query is cheap and possible at any time. What they say
//! holds on every execution; "not known" is always right too.

use upshift_core::ops::memory::Load;
use upshift_core::ops::{Binary, Unary};
use upshift_core::vm::BuiltinOp;

use super::ints::Int;
use crate::ssa::{Func, Op, Ty, Value};

/// How many instructions deep the queries look.
const DEPTH: u32 = 4;

/// A number of bits so that an integer is below two to its power: 64 or, for an `i32`, 32 at most, and 0 for zero.
#[must_use]
pub(crate) fn bits(func: &Func, value: Value) -> u32 {
    bits_within(func, value, DEPTH)
}

/// Whether an integer is not negative.
#[must_use]
pub(crate) fn is_non_negative(func: &Func, value: Value) -> bool {
    bits(func, value) < most(func, value)
}

/// Whether an `i32` is 0 or 1.
#[must_use]
pub(crate) fn is_bool(func: &Func, value: Value) -> bool {
    bits(func, value) <= 1
}

/// Whether a reference is certain not to be null.
#[must_use]
pub(crate) fn is_non_null(func: &Func, value: Value) -> bool {
    match func.op(value) {
        Op::StructNew { .. } | Op::RefFunc(_) | Op::CaughtRef | Op::Unary(Unary::RefI31) => true,
        Op::Service { op, .. } => matches!(
            op,
            BuiltinOp::ArrayNew
                | BuiltinOp::ArrayNewDefault
                | BuiltinOp::ArrayNewFixed
                | BuiltinOp::ArrayNewData
                | BuiltinOp::ArrayNewElem
        ),
        _ => false,
    }
}

/// Whether an operation of its operands is certain not to trap, though others of its class may: a division by a constant.
#[must_use]
pub(crate) fn never_traps(func: &Func, value: Value) -> bool {
    let Op::Binary(op) = func.op(value) else { return false };
    let Some((int, width)) = Int::of(op) else { return false };
    let Some(divisor) = func.args(value).get(1).and_then(|&divisor| func.constant(divisor)) else {
        return false;
    };
    match int {
        Int::DivU | Int::RemU | Int::RemS => divisor != 0,
        // The least integer divided by -1 is none.
        Int::DivS => divisor != 0 && divisor != width.ones(),
        _ => false,
    }
}

/// The bits of the type.
fn most(func: &Func, value: Value) -> u32 {
    match func.value(value).ty {
        Some(Ty::I32 | Ty::Ref) => 32,
        _ => 64,
    }
}

fn length(number: u64) -> u32 {
    64 - number.leading_zeros()
}

fn bits_within(func: &Func, value: Value, depth: u32) -> u32 {
    let most = most(func, value);
    let Some(depth) = depth.checked_sub(1) else { return most };
    let args = func.args(value);
    let of = |at: usize| bits_within(func, args[at], depth);
    let known = match func.op(value) {
        Op::Const(number) => length(number),
        Op::Binary(op) if op.is_compare() => 1,
        Op::Binary(op) => of_binary(func, op, args, of),
        Op::Unary(op) => match op {
            Unary::I64ExtendI32U | Unary::I32WrapI64 => of(0),
            Unary::I32Clz | Unary::I32Ctz | Unary::I32Popcnt => 6,
            Unary::I64Clz | Unary::I64Ctz | Unary::I64Popcnt => 7,
            Unary::V128AnyTrue
            | Unary::I8x16AllTrue
            | Unary::I16x8AllTrue
            | Unary::I32x4AllTrue
            | Unary::I64x2AllTrue => 1,
            Unary::I8x16Bitmask => 16,
            Unary::I16x8Bitmask => 8,
            Unary::I32x4Bitmask => 4,
            Unary::I64x2Bitmask => 2,
            Unary::I31GetU => 31,
            _ => most,
        },
        Op::Select => of(1).max(of(2)),
        Op::Load { op, .. } | Op::FieldLoad { op, .. } | Op::ElementLoad(op) => match op {
            Load::Load8U => 8,
            Load::Load16U => 16,
            Load::Load32U => 32,
            _ => most,
        },
        Op::RefEq | Op::RefIsNull | Op::RefTest(_) => 1,
        Op::ArrayLen => 32,
        _ => most,
    };
    known.min(most)
}

fn of_binary(func: &Func, op: Binary, args: &[Value], of: impl Fn(usize) -> u32) -> u32 {
    let Some((int, width)) = Int::of(op) else { return 64 };
    let constant = func.constant(args[1]);
    match int {
        Int::Add => of(0).max(of(1)) + 1,
        Int::Mul => of(0) + of(1),
        Int::And => of(0).min(of(1)),
        Int::Or | Int::Xor => of(0).max(of(1)),
        Int::ShrU | Int::Shl | Int::ShrS => {
            let Some(by) = constant.map(|by| by as u32 % width.bits()) else {
                return if int == Int::ShrU { of(0) } else { 64 };
            };
            match int {
                Int::Shl => of(0) + by,
                // A negative one shifts ones in.
                Int::ShrS if of(0) >= width.bits() => 64,
                _ => of(0).saturating_sub(by),
            }
        }
        Int::DivU => match constant {
            Some(divisor) if divisor != 0 => of(0).saturating_sub(length(divisor) - 1),
            _ => of(0),
        },
        Int::RemU => of(0).min(of(1)),
        _ => 64,
    }
}
