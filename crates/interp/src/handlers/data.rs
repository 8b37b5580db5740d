//! Constants, copies, selection, globals and references.

use std::marker::PhantomData;

use upshift_core::Trap;
use upshift_core::ops::simd;
use upshift_core::value::V128;
use upshift_core::vm::{FuncRec, GlobalCell};

use super::operand::{Source, low, low_slot};
use super::{Exec, exec};
use crate::regs::{Flow, Regs};

exec! {
    /// A constant of 32 bits, zero-extended.
    Const32 |r| {
        r.write(r.a(), r.high() as u64);
        r.next(2)
    }
    /// A constant of 64 bits.
    Const64 |r| {
        let bits = r.word(2);
        r.write(r.a(), bits);
        r.next(3)
    }
    /// A vector constant.
    ConstV128 |r| {
        let bits = u128::from(r.word(2)) | u128::from(r.word(3)) << 64;
        r.write(r.a(), V128::from_u128(bits));
        r.next(4)
    }
    /// A copy of a scalar.
    Copy |r| {
        let bits: u64 = r.read(r.b());
        r.write(r.a(), bits);
        r.next(2)
    }
    /// A copy of a vector.
    CopyV128 |r| {
        let value: V128 = r.read(r.b());
        r.write(r.a(), value);
        r.next(2)
    }
    /// A copy between any two slots; the accumulators stay what they are.
    CopyWide |r| {
        *r.slot(r.high_slot()) = *r.slot(low_slot(r.word(2)));
        r.next(3)
    }
    /// A copy of several slots; the accumulators stay what they are.
    CopySpan |r| {
        let (mut from, mut to) = (r.slot(low_slot(r.word(2))), r.slot(r.high_slot()));
        // Spans go down, so ascending order is right for overlapping ones. A loop, because a call would need a frame.
        for _ in 0..r.number_a() {
            to.write_volatile(*from);
            (from, to) = (from.add(1), to.add(1));
        }
        r.next(3)
    }
    /// Zeroes in several slots.
    ZeroSpan |r| {
        let mut to = r.slot(r.high_slot());
        for _ in 0..low(r.word(2)) {
            to.write_volatile(0);
            to = to.add(1);
        }
        r.next(3)
    }
    /// One of two vectors.
    SelectV128 |r| {
        let condition: u32 = r.read(low_slot(r.word(2)));
        let chosen = if condition != 0 { r.b() } else { r.c() };
        let value: V128 = r.read(chosen);
        r.write(r.a(), value);
        r.next(3)
    }
    /// `i8x16.shuffle`
    Shuffle |r| {
        let lanes = u128::from(r.word(2)) | u128::from(r.word(3)) << 64;
        let value = simd::i8x16_shuffle(r.read(r.b()), r.read(r.c()), lanes.to_le_bytes());
        r.write(r.a(), value);
        r.next(4)
    }
    /// An own global.
    GlobalGet |r| {
        let value = *r.ctx.cast::<u64>().byte_add(r.high());
        r.write(r.a(), value);
        r.next(2)
    }
    /// An own global.
    GlobalSet |r| {
        *r.ctx.cast::<u64>().byte_add(r.high()) = *r.slot(r.a());
        r.next(2)
    }
    /// An own global.
    GlobalGetV128 |r| {
        let value = r.ctx.cast::<V128>().byte_add(r.high()).read();
        r.write(r.a(), value);
        r.next(2)
    }
    /// An own global.
    GlobalSetV128 |r| {
        let value: V128 = r.read(r.a());
        r.ctx.cast::<V128>().byte_add(r.high()).write(value);
        r.next(2)
    }
    /// An imported global.
    GlobalGetImport |r| {
        let value = *imported_global(r, r.high()).cast::<u64>();
        r.write(r.a(), value);
        r.next(2)
    }
    /// An imported global.
    GlobalSetImport |r| {
        *imported_global(r, r.high()).cast::<u64>() = *r.slot(r.a());
        r.next(2)
    }
    /// An imported global.
    GlobalGetImportV128 |r| {
        let value = imported_global(r, r.high()).cast::<V128>().read();
        r.write(r.a(), value);
        r.next(2)
    }
    /// An imported global.
    GlobalSetImportV128 |r| {
        let value: V128 = r.read(r.a());
        imported_global(r, r.high()).cast::<V128>().write(value);
        r.next(2)
    }
    /// A reference to an own function.
    RefFunc |r| {
        let func = r.ctx.cast::<FuncRec>().byte_add(r.high());
        r.write(r.a(), func as u64);
        r.next(2)
    }
    /// A reference to an imported function.
    RefFuncImport |r| {
        let func = *(*r.ctx).imported_funcs.add(r.high());
        r.write(r.a(), func as u64);
        r.next(2)
    }
    /// Traps on null.
    RefAsNonNull |r| {
        let reference: u64 = r.read(r.a());
        if reference == 0 {
            return Flow::Trap(Trap::NullReference);
        }
        r.next(2)
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
            let (if_true, if_false): (u64, u64) = (r.read(r.b()), r.read(r.c()));
            let value = if C::get(r) != 0 { if_true } else { if_false };
            r.write(r.a(), value);
            r.next(2 + C::WORDS)
        }
    }
}
