//! Structs, arrays and tests of types. Objects lie where their references say, relative to the base in the context; services
//! of the runtime make arrays and work on several elements.

use std::marker::PhantomData;

use upshift_core::Trap;
use upshift_core::TypeId;
use upshift_core::cast::{self, Cast, CastTarget};
use upshift_core::ops::memory::{LoadOp, StoreOp};
use upshift_core::types::layout::HEADER_BYTES;
use upshift_core::vm::{FieldPlace, ObjectHeader, Status};

use super::call::{note_exit, stop};
use super::operand::{Offset, Source, high, low};
use super::{Exec, exec};
use crate::regs::{AccValue, Flow, Regs};

/// Takes room for a struct of a type; none if there is not enough.
///
/// # Safety
/// As for [`Exec::exec`]; the size is that of the type's objects.
#[inline(always)]
unsafe fn allocate(r: &mut Regs, ty: u32, size: u32) -> Option<*mut u8> {
    // SAFETY: the store's context lives, and between its bump pointer and its limit nothing lies.
    unsafe {
        let store = r.store();
        let bump = (*store).gc_bump;
        if (*store).gc_limit - bump < size {
            return None;
        }
        (*store).gc_bump = bump + size;
        let object = (*r.ctx).gc_base.wrapping_add(bump as usize);
        let header = ObjectHeader { type_word: ObjectHeader::word_of(TypeId(ty)), len: 0 };
        object.cast::<ObjectHeader>().write(header);
        r.write(r.a(), bump);
        Some(object)
    }
}

/// Asks the runtime for as many bytes as the accumulator says, and tries again.
///
/// # Safety
/// As for [`Exec::exec`].
#[cold]
pub(crate) unsafe fn make_room(r: &mut Regs) -> Flow {
    // SAFETY: the store's context lives. No code runs meanwhile, so it does not matter which slots are free.
    unsafe {
        let store = r.store();
        note_exit(r, (*store).stack_top);
        let status = ((*(*store).builtins).make_room)(r.ctx, r.int as u32);
        if status == Status::OK { Flow::Next } else { stop(status) }
    }
}

exec! {
    /// A struct with the values of its fields.
    StructNew |r| {
        let (ty, size) = (low(r.word(2)) as u32, high(r.word(2)) as u32);
        let mut value = r.slot(r.high());
        // The first field's slot may be that of the result.
        let first = *value;
        let Some(object) = allocate(r, ty, size) else {
            r.int = u64::from(size);
            return Flow::Collect;
        };
        let record = (*r.store()).types.add(ty as usize);
        let (mut place, count) = ((*record).fields, (*record).field_count);
        let end = place.add(count as usize);
        let mut bits = first;
        while place != end {
            let FieldPlace { offset, bytes_log2 } = *place;
            let at = object.wrapping_add(offset as usize);
            match bytes_log2 {
                2 => at.cast::<u32>().write(bits as u32),
                3 => at.cast::<u64>().write(bits),
                0 => at.write(bits as u8),
                1 => at.cast::<u16>().write(bits as u16),
                _ => {
                    at.cast::<u64>().write(bits);
                    value = value.add(1);
                    at.cast::<u64>().add(1).write(*value);
                }
            }
            (place, value) = (place.add(1), value.add(1));
            bits = *value;
        }
        r.next(3)
    }
    /// A struct of zeroes and nulls.
    StructNewDefault |r| {
        let (ty, size) = (r.high() as u32, low(r.word(2)) as u32);
        let Some(object) = allocate(r, ty, size) else {
            r.int = u64::from(size);
            return Flow::Collect;
        };
        // A loop, because a call would need a frame.
        let mut word = object.cast::<u64>().add(1);
        let end = object.add(size as usize).cast::<u64>();
        while word != end {
            word.write_volatile(0);
            word = word.add(1);
        }
        r.next(3)
    }
    /// The number of elements.
    ArrayLen |r| {
        let array: u64 = r.read(r.b());
        if array == 0 {
            return Flow::Trap(Trap::NullReference);
        }
        let len = cast::header(r.ctx, array).len;
        r.write(r.a(), len);
        r.next(2)
    }
}

/// Reads a field of the object that `S` names.
pub(crate) struct FieldGet<O, S, F>(PhantomData<(O, S, F)>);

impl<O: LoadOp, S: Source<u64>, F: Offset> Exec for FieldGet<O, S, F>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the object has such a field.
        unsafe {
            let object = S::get(r);
            if object == 0 {
                return Flow::Trap(Trap::NullReference);
            }
            let at = (*r.ctx).gc_base.wrapping_add(object as usize + F::get(r) as usize);
            r.write(r.a(), O::eval(at.cast::<O::Bytes>().read_unaligned()));
            r.next(2)
        }
    }
}

/// Writes a field of the object that `S` names.
pub(crate) struct FieldSet<O, S, V, F>(PhantomData<(O, S, V, F)>);

impl<O: StoreOp, S: Source<u64>, V: Source<O::In>, F: Offset> Exec for FieldSet<O, S, V, F> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the object has such a field.
        unsafe {
            let object = S::get(r);
            if object == 0 {
                return Flow::Trap(Trap::NullReference);
            }
            let at = (*r.ctx).gc_base.wrapping_add(object as usize + F::get(r) as usize);
            at.cast::<O::Bytes>().write_unaligned(O::eval(V::get(r)));
            r.next(2)
        }
    }
}

/// The address of an element.
///
/// # Safety
/// As for [`Exec::exec`]; elements have `B`'s size.
#[inline(always)]
unsafe fn element<B>(r: &Regs, array: u64, index: u32) -> Result<*mut B, Trap> {
    if array == 0 {
        return Err(Trap::NullReference);
    }
    // SAFETY: a reference that is not null leads to an array.
    if index >= unsafe { cast::header(r.ctx, array) }.len {
        return Err(Trap::ArrayOutOfBounds);
    }
    let offset = array as usize + HEADER_BYTES as usize + index as usize * size_of::<B>();
    // SAFETY: the context lives.
    Ok(unsafe { (*r.ctx).gc_base }.wrapping_add(offset).cast())
}

/// Reads an element.
pub(crate) struct ElementGet<O>(PhantomData<O>);

impl<O: LoadOp> Exec for ElementGet<O>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the index was checked.
        unsafe {
            match element::<O::Bytes>(r, r.read(r.b()), r.read(r.c())) {
                Ok(at) => {
                    r.write(r.a(), O::eval(at.read_unaligned()));
                    r.next(2)
                }
                Err(trap) => Flow::Trap(trap),
            }
        }
    }
}

/// Writes an element.
pub(crate) struct ElementSet<O>(PhantomData<O>);

impl<O: StoreOp> Exec for ElementSet<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: as in `ElementGet`.
        unsafe {
            match element::<O::Bytes>(r, r.read(r.a()), r.read(r.b())) {
                Ok(at) => {
                    at.write_unaligned(O::eval(r.read(r.c())));
                    r.next(2)
                }
                Err(trap) => Flow::Trap(trap),
            }
        }
    }
}

/// What is known of a cast when the handler is compiled.
pub(crate) trait CastKind {
    /// The target, if it is known.
    const TARGET: Option<CastTarget>;
}

/// Any cast.
pub(crate) struct AnyCast;

impl CastKind for AnyCast {
    const TARGET: Option<CastTarget> = None;
}

/// A cast to a type without subtypes.
pub(crate) struct ExactCast;

impl CastKind for ExactCast {
    const TARGET: Option<CastTarget> = Some(CastTarget::Exact);
}

/// A cast to a type of objects with subtypes.
pub(crate) struct ObjectCast;

impl CastKind for ObjectCast {
    const TARGET: Option<CastTarget> = Some(CastTarget::Object);
}

/// Whether a reference passes the test in `bits`.
///
/// # Safety
/// As for [`Exec::exec`]; the reference is of the test's hierarchy.
#[inline(always)]
unsafe fn passes<K: CastKind>(r: &Regs, reference: u64, bits: usize, ty: usize) -> bool {
    // SAFETY: the verifier has checked the bits, the caller promises the rest.
    unsafe {
        let cast = Cast::from_bits(bits as u16, TypeId(ty as u32)).unwrap_unchecked();
        let target = K::TARGET.unwrap_or(cast.target);
        Cast { target, ..cast }.passes(r.ctx, reference)
    }
}

/// Whether a reference passes a test.
pub(crate) struct RefTest<K>(PhantomData<K>);

impl<K: CastKind> Exec for RefTest<K> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let passes = passes::<K>(r, r.read(r.b()), r.c(), low(r.word(2)));
            r.write(r.a(), u32::from(passes));
            r.next(3)
        }
    }
}

/// Traps if a reference does not pass a test.
pub(crate) struct RefCast<K>(PhantomData<K>);

impl<K: CastKind> Exec for RefCast<K> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            if !passes::<K>(r, r.read(r.a()), r.b(), low(r.word(2))) {
                return Flow::Trap(Trap::CastFailure);
            }
            r.next(3)
        }
    }
}

/// Branches if a reference passes a test, or if it does not.
pub(crate) struct BrOnCast<K>(PhantomData<K>);

impl<K: CastKind> Exec for BrOnCast<K> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let more = r.word(2);
            if passes::<K>(r, r.read(r.a()), r.b(), low(more)) == (r.c() != 0) {
                return r.branch(i64::from(high(more) as i32));
            }
            r.next(3)
        }
    }
}
