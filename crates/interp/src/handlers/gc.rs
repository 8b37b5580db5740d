//! Structs, arrays and type tests. A reference is an object's offset from the base in the context. Arrays are allocated, and
//! bulk operations done, by services of the runtime.

use std::marker::PhantomData;

use upshift_core::Trap;
use upshift_core::TypeId;
use upshift_core::cast::{self, Cast};
use upshift_core::ops::memory::{LoadOp, StoreOp};
use upshift_core::types::layout::{HEADER_BYTES, struct32_size};
use upshift_core::vm::{FieldPlace, ObjectHeader, Status, is_object};

use super::call::{note_exit, stop};
use super::operand::{Offset, Source};
use super::{Exec, exec};
use crate::regs::{AccValue, Flow, Regs};

/// Takes room for a struct of a type: a reference, and where it leads; none if there is not enough.
///
/// # Safety
/// As for [`Exec::exec`]; the size is that of the type's objects.
#[inline(always)]
unsafe fn allocate(r: &Regs, ty: u32, size: u32) -> Option<(u32, *mut u8)> {
    // SAFETY: I-STORE, I-HEAP: the store's context lives, and between its bump pointer and its limit nothing lies.
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
        Some((bump, object))
    }
}

/// Asks the runtime for as many bytes as the accumulator says, and tries again.
///
/// # Safety
/// As for [`Exec::exec`].
#[cold]
pub(crate) unsafe fn make_room(r: &mut Regs) -> Flow {
    // SAFETY: the store's context lives. Code that a host runs at a deadline begins at the top of the stack.
    unsafe {
        let store = r.store();
        note_exit(r, (*store).stack_top);
        let status = ((*(*r.ctx).builtins).make_room)(r.ctx, r.int as u32);
        if status != Status::OK {
            return stop(status);
        }
        // The host may have let a memory grow, so that it moved.
        r.reload_memory();
        Flow::Next
    }
}

exec! {
    /// A struct with the values of its fields.
    StructNew |r| {
        let (ty, size) = (r.half(0) as u32, r.half(1) as u32);
        let mut value = r.slot(r.high_slot()).cast_const();
        let Some((reference, object)) = allocate(r, ty, size) else {
            r.int = u64::from(size);
            return Flow::Collect;
        };
        let record = (*r.store()).types.add(ty as usize);
        let (mut place, count) = ((*record).fields, (*record).field_count);
        let end = place.add(count as usize);
        while place != end {
            let FieldPlace { offset, bytes_log2 } = *place;
            let bits = *value;
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
        }
        // Last, because the result's slot may be that of the first field.
        r.write(r.a(), reference);
        r.next(3)
    }
    /// A struct of zeroes and nulls.
    StructNewDefault |r| {
        let (ty, size) = (r.high() as u32, r.half(0) as u32);
        let Some((reference, object)) = allocate(r, ty, size) else {
            r.int = u64::from(size);
            return Flow::Collect;
        };
        r.write(r.a(), reference);
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

/// A struct with `N` fields of 4 bytes each, which lie in their order.
pub(crate) struct StructNew32<const N: usize>;

impl<const N: usize> Exec for StructNew32<N> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the room is taken.
        unsafe {
            let size = const { struct32_size(N) };
            let Some((reference, object)) = allocate(r, r.half(0) as u32, size) else {
                r.int = u64::from(size);
                return Flow::Collect;
            };
            let (values, fields) =
                (r.slot(r.high_slot()).cast_const(), object.add(HEADER_BYTES as usize).cast::<u32>());
            for i in 0..N {
                fields.add(i).write(*values.add(i) as u32);
            }
            // Last, because the result's slot may be that of the first field.
            r.write(r.a(), reference);
            r.next(3)
        }
    }
}

/// The address of the field at the offset that `F` names of the object that `S` names, unless that is null.
///
/// # Safety
/// As for [`Exec::exec`]; the field has `B`'s size.
#[inline(always)]
unsafe fn field<S: Source<u64>, F: Offset, B>(r: &Regs) -> Option<*mut B> {
    // SAFETY: I-CODE; I-STORE: the context lives.
    unsafe {
        let object = S::get(r);
        (object != 0).then(|| (*r.ctx).gc_base.wrapping_add(object as usize + F::get(r) as usize).cast())
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
            let Some(at) = field::<S, F, O::Bytes>(r) else { return Flow::Trap(Trap::NullReference) };
            r.write(r.a(), O::eval(at.read_unaligned()));
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
            let Some(at) = field::<S, F, O::Bytes>(r) else { return Flow::Trap(Trap::NullReference) };
            at.write_unaligned(O::eval(V::get(r)));
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
    // SAFETY: I-HEAP: a reference that is not null leads to an array.
    if index >= unsafe { cast::header(r.ctx, array) }.len {
        return Err(Trap::ArrayOutOfBounds);
    }
    let offset = array as usize + HEADER_BYTES as usize + index as usize * size_of::<B>();
    // SAFETY: I-STORE: the context lives.
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
        // SAFETY: I-REGS: the state is that of verified code at an instruction of this kind; the index was checked.
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

/// A kind of test. Its bits, those of [`Cast::to_bits`], are in a field of word 1, its type in the lower half of word 2; they
/// are read one by one, where they are wanted.
pub(crate) trait CastKind {
    /// Whether a reference passes the test of the field.
    ///
    /// # Safety
    /// As for [`Exec::exec`]; the instruction has such a test, and the reference is of its hierarchy.
    unsafe fn passes<F: Field16>(r: &Regs, reference: u64) -> bool;
}

/// A field of word 1.
pub(crate) trait Field16 {
    /// Its number of the word's four.
    const NUMBER: usize;
}

/// The field `b`.
pub(crate) struct FieldB;

impl Field16 for FieldB {
    const NUMBER: usize = 2;
}

/// The field `c`.
pub(crate) struct FieldC;

impl Field16 for FieldC {
    const NUMBER: usize = 3;
}

/// Whether null passes the test in a field.
///
/// # Safety
/// `r` is at an instruction with a test in the field.
#[inline(always)]
unsafe fn null_passes<F: Field16>(r: &Regs) -> bool {
    // SAFETY: I-CODE: the instruction has the field.
    unsafe { *r.ip.cast::<u8>().add(8 + 2 * F::NUMBER) & Cast::NULLABLE as u8 != 0 }
}

/// How many supertypes the type of the test in a field has.
///
/// # Safety
/// `r` is at an instruction with a test in the field.
#[inline(always)]
unsafe fn depth<F: Field16>(r: &Regs) -> usize {
    const { assert!(Cast::DEPTH_SHIFT == u8::BITS) };
    // SAFETY: I-CODE: the instruction has the field.
    usize::from(unsafe { *r.ip.cast::<u8>().add(8 + 2 * F::NUMBER + 1) })
}

/// Any test.
pub(crate) struct AnyCast;

impl CastKind for AnyCast {
    #[inline(always)]
    unsafe fn passes<F: Field16>(r: &Regs, reference: u64) -> bool {
        // SAFETY: I-CODE: the verifier has checked the bits. I-HEAP: the reference is one of this store.
        unsafe {
            let bits = *r.ip.cast::<u16>().add(4 + F::NUMBER);
            let cast = Cast::from_bits(bits, TypeId(r.half(0) as u32)).unwrap_unchecked();
            cast.passes(r.ctx, reference)
        }
    }
}

/// A test for a type without subtypes.
pub(crate) struct ExactCast;

impl CastKind for ExactCast {
    #[inline(always)]
    unsafe fn passes<F: Field16>(r: &Regs, reference: u64) -> bool {
        // SAFETY: I-CODE, I-HEAP: the instruction has the field, and the reference is one of this store.
        unsafe {
            if reference == 0 {
                return null_passes::<F>(r);
            }
            is_object(reference as u32)
                && cast::header(r.ctx, reference).type_word == ObjectHeader::word_of(TypeId(r.half(0) as u32))
        }
    }
}

/// A test for a type of objects with subtypes, which has few enough supertypes for the display.
pub(crate) struct ObjectCast;

impl CastKind for ObjectCast {
    #[inline(always)]
    unsafe fn passes<F: Field16>(r: &Regs, reference: u64) -> bool {
        // SAFETY: I-HEAP: the reference is one of this store. I-CODE: the verifier has checked that the depth is within the display.
        unsafe {
            if reference == 0 {
                return null_passes::<F>(r);
            }
            is_object(reference as u32) && {
                let display: *const u32 = cast::display_of(r.ctx, reference).cast();
                *display.add(depth::<F>(r)) == r.half(0) as u32
            }
        }
    }
}

/// Whether a reference passes a test.
pub(crate) struct RefTest<K>(PhantomData<K>);

impl<K: CastKind> Exec for RefTest<K> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let passes = K::passes::<FieldC>(r, r.read(r.b()));
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
            if !K::passes::<FieldB>(r, r.read(r.a())) {
                return Flow::Trap(Trap::CastFailure);
            }
            r.next(3)
        }
    }
}

/// Branches if a reference passes a test, or if it does not.
pub(crate) struct BrOnCast<K, const SENSE: bool>(PhantomData<K>);

impl<K: CastKind, const SENSE: bool> Exec for BrOnCast<K, SENSE> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            if K::passes::<FieldB>(r, r.read(r.a())) == SENSE {
                return r.branch(i64::from(r.half(1) as i32));
            }
            r.next(3)
        }
    }
}
