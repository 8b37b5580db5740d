//! Operand places as types: the parts of a form.
//!
//! The names say where in the instruction an operand's field lies: `A`, `B`, `C` are the 16-bit fields of word 1, `High` its
//! upper half, `Next` word 2, `Last` word 3.

use std::marker::PhantomData;

use upshift_core::value::{Scalar, SlotValue};

use super::counter;
use crate::regs::{Flow, FromAcc, Regs};

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

/// The slot of 32 bits in the lower half of a word.
#[inline(always)]
pub(crate) fn low_slot(word: u64) -> isize {
    word as i32 as isize
}

/// Where an operand of type `T` comes from.
pub(crate) trait Source<T> {
    /// Words that the operand adds to the instruction.
    const WORDS: usize = 0;

    /// The operand.
    ///
    /// # Safety
    /// As for [`Exec::exec`](super::Exec::exec).
    unsafe fn get(r: &Regs) -> T;
}

macro_rules! slots {
    ($($name:ident $field:ident)*) => {$(
        #[doc = concat!("In the slot that `", stringify!($field), "` names.")]
        pub(crate) struct $name;

        impl<T: SlotValue> Source<T> for $name {
            #[inline(always)]
            unsafe fn get(r: &Regs) -> T {
                // SAFETY: the verifier has checked the slot.
                unsafe { r.read(r.$field()) }
            }
        }
    )*};
}

slots! { SlotA a SlotB b SlotC c }

macro_rules! immediates {
    ($($name:ident |$r:ident| $value:expr;)*) => {$(
        /// An immediate of word 1, sign-extended.
        pub(crate) struct $name;

        impl<T: Scalar> Source<T> for $name {
            #[inline(always)]
            unsafe fn get($r: &Regs) -> T {
                // SAFETY: instructions with this operand have the field.
                let value = i64::from(unsafe { $value });
                T::from_bits(value as u64)
            }
        }
    )*};
}

immediates! {
    ImmA |r| r.a() as i16;
    ImmB |r| r.b() as i16;
    ImmC |r| r.c() as i16;
    ImmHigh |r| r.high() as i32;
}

/// An immediate of 64 bits in word 2.
pub(crate) struct ImmNext;

impl<T: Scalar> Source<T> for ImmNext {
    const WORDS: usize = 1;

    #[inline(always)]
    unsafe fn get(r: &Regs) -> T {
        // SAFETY: instructions with this operand have a word 2.
        T::from_bits(unsafe { r.word(2) })
    }
}

/// An immediate of 32 bits in the lower half of word 2, sign-extended.
pub(crate) struct ImmNextLow;

impl<T: Scalar> Source<T> for ImmNextLow {
    const WORDS: usize = 1;

    #[inline(always)]
    unsafe fn get(r: &Regs) -> T {
        // SAFETY: instructions with this operand have a word 2.
        T::from_bits(i64::from(unsafe { r.word(2) } as i32) as u64)
    }
}

macro_rules! later_slots {
    ($($(#[$doc:meta])* $name:ident |$r:ident| $slot:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl<T: SlotValue> Source<T> for $name {
            const WORDS: usize = 1;

            #[inline(always)]
            unsafe fn get($r: &Regs) -> T {
                // SAFETY: instructions with this operand have the word, and the verifier has checked the slot.
                unsafe { $r.read($slot) }
            }
        }
    )*};
}

later_slots! {
    /// In the slot of 16 bits at the start of word 2.
    SlotNext |r| isize::from(r.word(2) as i16);
    /// In the slot of 32 bits at the start of word 2.
    WideSlotNext |r| low_slot(r.word(2));
    /// In the slot of 16 bits at the start of word 3.
    SlotLast |r| isize::from(r.word(3) as i16);
}

/// In the accumulator of the type.
pub(crate) struct Acc;

impl<T: FromAcc> Source<T> for Acc {
    #[inline(always)]
    unsafe fn get(r: &Regs) -> T {
        T::from_acc(r)
    }
}

/// Zero: the address of an access at a constant address, which is all in the offset.
pub(crate) struct Zero;

impl Source<u64> for Zero {
    #[inline(always)]
    unsafe fn get(_: &Regs) -> u64 {
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
    unsafe fn get(r: &Regs) -> i64;

    /// Takes the branch.
    ///
    /// # Safety
    /// As for [`Exec::exec`](super::Exec::exec).
    #[inline(always)]
    unsafe fn take(r: &mut Regs) -> Flow {
        // SAFETY: promised by the caller.
        let distance = unsafe { Self::get(r) };
        r.branch(distance)
    }
}

/// In the upper half of word 1.
pub(crate) struct High;

impl Distance for High {
    const WORDS: usize = 2;

    #[inline(always)]
    unsafe fn get(r: &Regs) -> i64 {
        // SAFETY: instructions with this operand have the field.
        i64::from(unsafe { r.high() } as i32)
    }
}

/// In the lower half of word 2.
pub(crate) struct Next;

impl Distance for Next {
    const WORDS: usize = 3;

    #[inline(always)]
    unsafe fn get(r: &Regs) -> i64 {
        // SAFETY: instructions with this operand have a word 2.
        i64::from(unsafe { r.word(2) } as i32)
    }
}

/// Where the offset of a memory access comes from.
pub(crate) trait Offset {
    /// The offset.
    ///
    /// # Safety
    /// As for [`Exec::exec`](super::Exec::exec).
    unsafe fn get(r: &Regs) -> u64;
}

/// In field `c`.
pub(crate) struct OffsetC;

impl Offset for OffsetC {
    #[inline(always)]
    unsafe fn get(r: &Regs) -> u64 {
        // SAFETY: instructions with this operand have the field.
        unsafe { r.number_c() as u64 }
    }
}

/// In the upper half of word 1.
pub(crate) struct OffsetHigh;

impl Offset for OffsetHigh {
    #[inline(always)]
    unsafe fn get(r: &Regs) -> u64 {
        // SAFETY: instructions with this operand have the field.
        unsafe { r.high() as u64 }
    }
}

/// Where another one says, back to the head of a loop: what is taken counts.
pub(crate) struct Back<D>(PhantomData<D>);

impl<D: Distance> Distance for Back<D> {
    const WORDS: usize = D::WORDS;

    #[inline(always)]
    unsafe fn get(r: &Regs) -> i64 {
        // SAFETY: promised by the caller.
        unsafe { D::get(r) }
    }

    #[inline(always)]
    unsafe fn take(r: &mut Regs) -> Flow {
        // SAFETY: promised by the caller; the header of a running function's frame names it.
        unsafe {
            r.branch(D::get(r));
            counter::count(counter::running(r))
        }
    }
}
