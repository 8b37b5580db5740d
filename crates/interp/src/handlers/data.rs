//! Constants, copies, selection, globals and references.

use std::marker::PhantomData;

use upshift_core::Trap;
use upshift_core::ops::simd;
use upshift_core::value::V128;
use upshift_core::vm::{FuncRec, GlobalCell};

use super::Exec;
use super::operand::{Source, field_a, field_b, field_c, high, low};
use crate::regs::{Flow, Regs};

/// Implements [`Exec`] for an instruction without operand forms: `word` is its word 0.
macro_rules! exec {
    ($(#[$doc:meta] $name:ident |$r:ident, $word:ident| $body:block)*) => {$(
        #[$doc]
        pub(crate) struct $name;

        impl Exec for $name {
            #[inline(always)]
            unsafe fn exec($r: &mut Regs) -> Flow {
                // SAFETY: the state is that of verified code at an instruction of this kind.
                unsafe {
                    let $word = $r.word(0);
                    $body
                }
            }
        }
    )*};
}

exec! {
    /// A constant of 32 bits, zero-extended.
    Const32 |r, word| {
        r.write(field_a(word), word >> 32);
        r.next(1)
    }
    /// A constant of 64 bits.
    Const64 |r, word| {
        let bits = r.word(1);
        r.write(field_a(word), bits);
        r.next(2)
    }
    /// A vector constant.
    ConstV128 |r, word| {
        let bits = u128::from(r.word(1)) | u128::from(r.word(2)) << 64;
        r.write(field_a(word), V128::from_u128(bits));
        r.next(3)
    }
    /// A copy of a scalar.
    Copy |r, word| {
        let bits: u64 = r.read(field_b(word));
        r.write(field_a(word), bits);
        r.next(1)
    }
    /// Copies of two scalars to neighbouring slots.
    Copy2 |r, word| {
        let (first, second): (u64, u64) = (r.read(field_b(word)), r.read(field_c(word)));
        *r.slot(field_a(word)) = first;
        r.write(field_a(word) + 1, second);
        r.next(1)
    }
    /// A copy of a vector.
    CopyV128 |r, word| {
        let value: V128 = r.read(field_b(word));
        r.write(field_a(word), value);
        r.next(1)
    }
    /// A copy between any two slots; the accumulators stay what they are.
    CopyWide |r, word| {
        *r.slot(high(word)) = *r.slot(low(r.word(1)));
        r.next(2)
    }
    /// A copy of several slots; the accumulators stay what they are.
    CopySpan |r, word| {
        let (mut from, mut to) = (r.slot(low(r.word(1))), r.slot(high(word)));
        // Spans go down, so ascending order is right for overlapping ones. A loop, because a call would need a frame.
        for _ in 0..field_a(word) {
            to.write_volatile(*from);
            (from, to) = (from.add(1), to.add(1));
        }
        r.next(2)
    }
    /// Zeroes in several slots.
    ZeroSpan |r, word| {
        let mut to = r.slot(high(word));
        for _ in 0..low(r.word(1)) {
            to.write_volatile(0);
            to = to.add(1);
        }
        r.next(2)
    }
    /// One of two vectors.
    SelectV128 |r, word| {
        let condition: u32 = r.read(low(r.word(1)));
        let chosen = if condition != 0 { field_b(word) } else { field_c(word) };
        let value: V128 = r.read(chosen);
        r.write(field_a(word), value);
        r.next(2)
    }
    /// `i8x16.shuffle`
    Shuffle |r, word| {
        let lanes = u128::from(r.word(1)) | u128::from(r.word(2)) << 64;
        let value = simd::i8x16_shuffle(r.read(field_b(word)), r.read(field_c(word)), lanes.to_le_bytes());
        r.write(field_a(word), value);
        r.next(3)
    }
    /// An own global.
    GlobalGet |r, word| {
        let value = *r.ctx.cast::<u64>().byte_add(high(word));
        r.write(field_a(word), value);
        r.next(1)
    }
    /// An own global.
    GlobalSet |r, word| {
        *r.ctx.cast::<u64>().byte_add(high(word)) = *r.slot(field_a(word));
        r.next(1)
    }
    /// An own global.
    GlobalGetV128 |r, word| {
        let value = r.ctx.cast::<V128>().byte_add(high(word)).read();
        r.write(field_a(word), value);
        r.next(1)
    }
    /// An own global.
    GlobalSetV128 |r, word| {
        let value: V128 = r.read(field_a(word));
        r.ctx.cast::<V128>().byte_add(high(word)).write(value);
        r.next(1)
    }
    /// An imported global.
    GlobalGetImport |r, word| {
        let value = *imported_global(r, high(word)).cast::<u64>();
        r.write(field_a(word), value);
        r.next(1)
    }
    /// An imported global.
    GlobalSetImport |r, word| {
        *imported_global(r, high(word)).cast::<u64>() = *r.slot(field_a(word));
        r.next(1)
    }
    /// An imported global.
    GlobalGetImportV128 |r, word| {
        let value = imported_global(r, high(word)).cast::<V128>().read();
        r.write(field_a(word), value);
        r.next(1)
    }
    /// An imported global.
    GlobalSetImportV128 |r, word| {
        let value: V128 = r.read(field_a(word));
        imported_global(r, high(word)).cast::<V128>().write(value);
        r.next(1)
    }
    /// A reference to an own function.
    RefFunc |r, word| {
        let func = r.ctx.cast::<FuncRec>().byte_add(high(word));
        r.write(field_a(word), func as u64);
        r.next(1)
    }
    /// A reference to an imported function.
    RefFuncImport |r, word| {
        let func = *(*r.ctx).imported_funcs.add(high(word));
        r.write(field_a(word), func as u64);
        r.next(1)
    }
    /// Traps on null.
    RefAsNonNull |r, word| {
        let reference: u64 = r.read(field_a(word));
        if reference == 0 {
            return Flow::Trap(Trap::NullReference);
        }
        r.next(1)
    }
}

/// The cell of an imported global.
///
/// # Safety
/// `r.ctx` is a live context with such an import.
#[inline(always)]
unsafe fn imported_global(r: &Regs, import: usize) -> *mut GlobalCell {
    // SAFETY: promised by the caller.
    unsafe { *(*r.ctx).imported_globals.add(import) }
}

/// One of two scalars.
pub(crate) struct Select<C>(PhantomData<C>);

impl<C: Source<u32>> Exec for Select<C> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let word = r.word(0);
            let (if_true, if_false): (u64, u64) = (r.read(field_b(word)), r.read(field_c(word)));
            let value = if C::get(r, word) != 0 { if_true } else { if_false };
            r.write(field_a(word), value);
            r.next(1 + C::WORDS)
        }
    }
}
