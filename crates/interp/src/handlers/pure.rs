//! Pure operators: operands from their places, semantics from `upshift_core::ops`, result to slot and accumulator.

use std::marker::PhantomData;

use upshift_core::ops::{BinaryOp, ExtractLaneOp, ReplaceLaneOp, TernaryOp, UnaryOp};
use upshift_core::value::V128;

use super::Exec;
use super::operand::{Distance, Next, Source, low};
use crate::regs::{AccValue, Flow, Integer, Regs};

/// Two operands.
pub(crate) struct Binary<O, L, R>(PhantomData<(O, L, R)>);

impl<O: BinaryOp, L: Source<O::Lhs>, R: Source<O::Rhs>> Exec for Binary<O, L, R>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            match O::eval(L::get(r), R::get(r)) {
                Ok(value) => {
                    r.write(r.a(), value);
                    r.next(2 + L::WORDS + R::WORDS)
                }
                Err(trap) => Flow::Trap(trap),
            }
        }
    }
}

/// One operand.
pub(crate) struct Unary<O, S>(PhantomData<(O, S)>);

impl<O: UnaryOp, S: Source<O::In>> Exec for Unary<O, S>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            match O::eval(S::get(r)) {
                Ok(value) => {
                    r.write(r.a(), value);
                    r.next(2 + S::WORDS)
                }
                Err(trap) => Flow::Trap(trap),
            }
        }
    }
}

/// Three vectors.
pub(crate) struct Ternary<O>(PhantomData<O>);

impl<O: TernaryOp> Exec for Ternary<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let c = r.read(low(r.word(2)));
            let value: V128 = O::eval(r.read(r.b()), r.read(r.c()), c);
            r.write(r.a(), value);
            r.next(3)
        }
    }
}

/// A lane out of a vector.
pub(crate) struct LaneExtract<O>(PhantomData<O>);

impl<O: ExtractLaneOp> Exec for LaneExtract<O>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let value = O::eval(r.read(r.b()), r.c() as u8);
            r.write(r.a(), value);
            r.next(2)
        }
    }
}

/// A lane into a vector.
pub(crate) struct LaneReplace<O>(PhantomData<O>);

impl<O: ReplaceLaneOp> Exec for LaneReplace<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let value = O::eval(r.read(r.b()), r.read(r.c()), low(r.word(2)) as u8);
            r.write(r.a(), value);
            r.next(3)
        }
    }
}

/// A branch that is taken if a comparison answers `SENSE`.
pub(crate) struct BranchIf<O, L, R, D, const SENSE: bool>(PhantomData<(O, L, R, D)>);

impl<O, L, R, D, const SENSE: bool> Exec for BranchIf<O, L, R, D, SENSE>
where
    O: BinaryOp<Out = i32>,
    L: Source<O::Lhs>,
    R: Source<O::Rhs>,
    D: Distance,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let holds = O::eval(L::get(r), R::get(r)).is_ok_and(|holds| holds != 0);
            if holds == SENSE { r.branch(D::get(r)) } else { r.next(D::WORDS) }
        }
    }
}

/// Adds an immediate to a slot and branches if a comparison of the sum with an operand holds.
pub(crate) struct AddBranch<O, R>(PhantomData<(O, R)>);

impl<O, R> Exec for AddBranch<O, R>
where
    O: BinaryOp<Out = i32>,
    O::Lhs: Integer,
    R: Source<O::Rhs>,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let sum = r.read::<O::Lhs>(r.a()).plus(r.b() as i16);
            r.write(r.a(), sum);
            let holds = O::eval(sum, R::get(r)).is_ok_and(|holds| holds != 0);
            if holds { r.branch(Next::get(r)) } else { r.next(Next::WORDS) }
        }
    }
}

/// The sum of a slot and a slot that is shifted left.
pub(crate) struct AddShl;

impl Exec for AddShl {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let (base, index): (u32, u32) = (r.read(r.b()), r.read(r.c()));
            let sum = base.wrapping_add(index.wrapping_shl(r.word(2) as u32));
            r.write(r.a(), sum);
            r.next(3)
        }
    }
}

/// The sum of a slot and a product, or with `SUB` the difference. Rounds twice, as the two operators do.
pub(crate) struct MulAdd<T, const SUB: bool>(PhantomData<T>);

impl<T, const SUB: bool> Exec for MulAdd<T, SUB>
where
    T: AccValue + std::ops::Mul<Output = T> + std::ops::Add<Output = T> + std::ops::Sub<Output = T>,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let product = r.read::<T>(r.b()) * r.read::<T>(r.c());
            let other: T = r.read(low(r.word(2)));
            r.write(r.a(), if SUB { other - product } else { other + product });
            r.next(3)
        }
    }
}
