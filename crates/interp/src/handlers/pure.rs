//! Pure operators: operands from their places, semantics from `upshift_core::ops`, result to slot and accumulator.

use std::marker::PhantomData;

use upshift_core::ops::{
    BinaryOp, ExtractLaneOp, ReplaceLaneOp, TernaryOp, UnaryOp, WideProductOp, WideSumOp,
};
use upshift_core::value::V128;

use super::Exec;
use super::operand::{Distance, Source, low, low_slot};
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

/// Writes the halves of a result of 128 bits to the slots `a` and `b`.
///
/// # Safety
/// As for [`Exec::exec`].
#[inline(always)]
unsafe fn write_halves(r: &mut Regs, value: u128) {
    // SAFETY: I-CODE, I-FRAME: the caller is at such an instruction, whose slots lie in the frame.
    unsafe {
        r.write(r.a(), value as u64);
        r.write(r.b(), (value >> 64) as u64);
    }
}

/// Two operands of 128 bits in halves, and such a result.
pub(crate) struct WideSum<O>(PhantomData<O>);

impl<O: WideSumOp> Exec for WideSum<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let more = r.word(2);
            let half = |slot: isize| u128::from(r.read::<u64>(slot));
            let lhs = half(r.c()) | half(isize::from(more as i16)) << 64;
            let rhs = half(isize::from((more >> 16) as i16)) | half(isize::from((more >> 32) as i16)) << 64;
            write_halves(r, O::eval(lhs, rhs));
            r.next(3)
        }
    }
}

/// Two operands of 64 bits and a result of 128 bits in halves.
pub(crate) struct WideProduct<O>(PhantomData<O>);

impl<O: WideProductOp> Exec for WideProduct<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let product = O::eval(r.read(r.c()), r.read(isize::from(r.word(2) as i16)));
            write_halves(r, product);
            r.next(3)
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
            let c = r.read(low_slot(r.word(2)));
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

/// A branch that is taken if the result of a comparison is `SENSE`.
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
            if holds == SENSE { D::take(r) } else { r.next(D::WORDS) }
        }
    }
}

/// Adds an immediate to a slot and branches if a comparison of the sum with an operand holds.
pub(crate) struct AddBranch<O, R, D>(PhantomData<(O, R, D)>);

impl<O, R, D> Exec for AddBranch<O, R, D>
where
    O: BinaryOp<Out = i32>,
    O::Lhs: Integer,
    R: Source<O::Rhs>,
    D: Distance,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let sum = r.read::<O::Lhs>(r.a()).plus(r.b() as i16);
            r.write(r.a(), sum);
            let holds = O::eval(sum, R::get(r)).is_ok_and(|holds| holds != 0);
            if holds { D::take(r) } else { r.next(D::WORDS) }
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
            let other: T = r.read(low_slot(r.word(2)));
            r.write(r.a(), if SUB { other - product } else { other + product });
            r.next(3)
        }
    }
}
