//! How large the numbers are that values can be, as far as their operators tell.

use upshift_core::ops::memory::Load;
use upshift_core::ops::{Binary, Unary};

use crate::ssa::{Func, Op, Ty, Value};

/// How many operators are looked through.
const DEPTH: u32 = 4;

/// A number, without a sign, that an integer is never greater than.
pub(crate) fn upper_bound(func: &Func, value: Value) -> u64 {
    bound(func, value, DEPTH)
}

fn bound(func: &Func, value: Value, depth: u32) -> u64 {
    let most = if func.ty(value) == Ty::I64 { u64::MAX } else { u32::MAX.into() };
    if depth == 0 {
        return most;
    }
    let arg = |at: usize| func.args(value)[at];
    let of = |at: usize| bound(func, arg(at), depth - 1);
    let by = |bits: u64| func.constant(arg(1)).map(|by| (by & (bits - 1)) as u32);
    let known = match func.op(value) {
        Op::Const(bits) => bits,
        Op::Load { op, .. } => bound_of_load(op),
        Op::Unary(op) => match op {
            Unary::I64ExtendI32U => of(0),
            Unary::I32WrapI64 => of(0),
            Unary::I32Clz | Unary::I32Ctz | Unary::I32Popcnt => 32,
            Unary::I64Clz | Unary::I64Ctz | Unary::I64Popcnt => 64,
            _ => most,
        },
        Op::Binary(op) if op.is_compare() => 1,
        Op::RefEq | Op::RefIsNull | Op::RefTest(_) => 1,
        Op::Binary(op) => match op {
            Binary::I32And | Binary::I64And => of(0).min(of(1)),
            Binary::I32Or | Binary::I64Or | Binary::I32Xor | Binary::I64Xor => {
                // No bit above the highest of both.
                let both = of(0) | of(1);
                both | u64::MAX.checked_shr(both.leading_zeros()).unwrap_or(0)
            }
            Binary::I32ShrU => by(32).map_or_else(|| of(0), |by| of(0) >> by),
            Binary::I64ShrU => by(64).map_or_else(|| of(0), |by| of(0) >> by),
            Binary::I32Shl => by(32).map_or(most, |by| of(0).checked_mul(1 << by).unwrap_or(most)),
            Binary::I64Shl => by(64).map_or(most, |by| of(0).checked_mul(1 << by).unwrap_or(most)),
            Binary::I32Add | Binary::I64Add => of(0).checked_add(of(1)).unwrap_or(most),
            Binary::I32Mul | Binary::I64Mul => of(0).checked_mul(of(1)).unwrap_or(most),
            Binary::I32DivU | Binary::I64DivU => of(0),
            Binary::I32RemU | Binary::I64RemU => of(0).min(of(1).saturating_sub(1)),
            _ => most,
        },
        Op::Select => of(1).max(of(2)),
        _ => most,
    };
    // What may wrap may be anything; what is certainly less than the type's greatest does not.
    if known > most { most } else { known }
}

fn bound_of_load(op: Load) -> u64 {
    match op {
        Load::Load8U => u8::MAX.into(),
        Load::Load16U => u16::MAX.into(),
        Load::Load32U => u32::MAX.into(),
        _ => u64::MAX,
    }
}
