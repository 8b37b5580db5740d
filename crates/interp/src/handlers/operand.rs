//! Operand places as types: the parts of a form.
//!
//! The names say where in the instruction an operand's field lies: `A`, `B`, `C` are the 16-bit fields of word 0, `High` its
//! upper half, `Next` word 1.

use upshift_core::value::{Scalar, SlotValue};

use crate::regs::{FromAcc, Regs};

/// Field `a` of word 0.
#[inline(always)]
pub(crate) fn field_a(word: u64) -> usize {
    usize::from((word >> 16) as u16)
}

/// Field `b` of word 0.
#[inline(always)]
pub(crate) fn field_b(word: u64) -> usize {
    usize::from((word >> 32) as u16)
}

/// Field `c` of word 0.
#[inline(always)]
pub(crate) fn field_c(word: u64) -> usize {
    (word >> 48) as usize
}

/// The lower half of a word.
#[inline(always)]
pub(crate) fn low(word: u64) -> usize {
    word as u32 as usize
}

/// The upper half of a word.
#[inline(always)]
pub(crate) fn high(word: u64) -> usize {
    (word >> 32) as usize
}

/// Where an operand of type `T` comes from.
pub(crate) trait Source<T> {
    /// Words that the operand adds to the instruction.
    const WORDS: usize = 0;

    /// The operand.
    ///
    /// # Safety
    /// As for [`Exec::exec`](super::Exec::exec); `word` is the instruction's word 0.
    unsafe fn get(r: &Regs, word: u64) -> T;
}

macro_rules! slots {
    ($($name:ident $field:ident)*) => {$(
        #[doc = concat!("In the slot that `", stringify!($field), "` names.")]
        pub(crate) struct $name;

        impl<T: SlotValue> Source<T> for $name {
            #[inline(always)]
            unsafe fn get(r: &Regs, word: u64) -> T {
                // SAFETY: the verifier has checked the slot.
                unsafe { r.read($field(word)) }
            }
        }
    )*};
}

slots! { SlotA field_a SlotB field_b SlotC field_c }

macro_rules! immediates {
    ($($name:ident |$word:ident| $value:expr;)*) => {$(
        /// An immediate of word 0, sign-extended.
        pub(crate) struct $name;

        impl<T: Scalar> Source<T> for $name {
            #[inline(always)]
            unsafe fn get(_: &Regs, $word: u64) -> T {
                let value: i64 = $value;
                T::from_bits(value as u64)
            }
        }
    )*};
}

immediates! {
    ImmA |word| i64::from((word >> 16) as i16);
    ImmB |word| i64::from((word >> 32) as i16);
    ImmC |word| i64::from((word >> 48) as i16);
    ImmHigh |word| i64::from((word >> 32) as i32);
}

/// An immediate of 64 bits in word 1.
pub(crate) struct ImmNext;

impl<T: Scalar> Source<T> for ImmNext {
    const WORDS: usize = 1;

    #[inline(always)]
    unsafe fn get(r: &Regs, _: u64) -> T {
        // SAFETY: instructions with this operand have a word 1.
        T::from_bits(unsafe { r.word(1) })
    }
}

/// In the slot that the lower half of word 1 names.
pub(crate) struct SlotNext;

impl<T: SlotValue> Source<T> for SlotNext {
    const WORDS: usize = 1;

    #[inline(always)]
    unsafe fn get(r: &Regs, _: u64) -> T {
        // SAFETY: instructions with this operand have a word 1, and the verifier has checked the slot.
        unsafe { r.read(low(r.word(1))) }
    }
}

/// In the accumulator of the type.
pub(crate) struct Acc;

impl<T: FromAcc> Source<T> for Acc {
    #[inline(always)]
    unsafe fn get(r: &Regs, _: u64) -> T {
        T::from_acc(r)
    }
}

/// Zero: the address of an access at a constant address, which is all in the offset.
pub(crate) struct Zero;

impl Source<u64> for Zero {
    #[inline(always)]
    unsafe fn get(_: &Regs, _: u64) -> u64 {
        0
    }
}

/// Where the distance of a branch comes from.
pub(crate) trait Distance {
    /// Words of the instruction.
    const WORDS: usize;

    /// The distance.
    ///
    /// # Safety
    /// As for [`Exec::exec`](super::Exec::exec).
    unsafe fn get(r: &Regs, word: u64) -> i64;
}

/// In the upper half of word 0.
pub(crate) struct High;

impl Distance for High {
    const WORDS: usize = 1;

    #[inline(always)]
    unsafe fn get(_: &Regs, word: u64) -> i64 {
        i64::from((word >> 32) as i32)
    }
}

/// In the lower half of word 1.
pub(crate) struct Next;

impl Distance for Next {
    const WORDS: usize = 2;

    #[inline(always)]
    unsafe fn get(r: &Regs, _: u64) -> i64 {
        // SAFETY: instructions with this operand have a word 1.
        i64::from(unsafe { r.word(1) } as i32)
    }
}

/// Where the offset of a memory access comes from.
pub(crate) trait Offset {
    /// The offset.
    fn get(word: u64) -> u64;
}

/// In field `c`.
pub(crate) struct OffsetC;

impl Offset for OffsetC {
    #[inline(always)]
    fn get(word: u64) -> u64 {
        word >> 48
    }
}

/// In the upper half of word 0.
pub(crate) struct OffsetHigh;

impl Offset for OffsetHigh {
    #[inline(always)]
    fn get(word: u64) -> u64 {
        word >> 32
    }
}
