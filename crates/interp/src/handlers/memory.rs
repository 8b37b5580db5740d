//! Loads and stores, with explicit bounds checks: a fault inside a handler could not be attributed to an instruction.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use upshift_core::Trap;
use upshift_core::ops::memory::{LoadOp, StoreOp};
use upshift_core::value::V128;
use upshift_core::vm::{MemRecord, VmCtx};

use super::Exec;
use super::address::{in_memory, in_memory0};
use super::atomic::{load_lane, store_lane};
use super::operand::{Offset, Source, high, low};
use crate::regs::{AccValue, Flow, Regs};

/// A load from memory 0.
pub(crate) struct Load<O, A, F>(PhantomData<(O, A, F)>);

impl<O: LoadOp, A: Source<u64>, F: Offset> Exec for Load<O, A, F>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let Some(at) = in_memory0(r, A::get(r), F::get(r), size_of::<O::Bytes>()) else {
                return Flow::Bounds;
            };
            r.write(r.a(), O::eval(at.cast::<O::Bytes>().read_unaligned()));
            r.next(2)
        }
    }
}

/// A load from memory 0 at the 32-bit sum of a slot and an operand; the offset is in word 2, with `HIGH` in its upper half.
pub(crate) struct LoadSum<O, S, const HIGH: bool>(PhantomData<(O, S)>);

impl<O: LoadOp, S: Source<u32>, const HIGH: bool> Exec for LoadSum<O, S, HIGH>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let sum = r.read::<u32>(r.b()).wrapping_add(S::get(r));
            let offset = if HIGH { high(r.word(2)) } else { low(r.word(2)) };
            let Some(at) = in_memory0(r, u64::from(sum), offset as u64, size_of::<O::Bytes>()) else {
                return Flow::Bounds;
            };
            r.write(r.a(), O::eval(at.cast::<O::Bytes>().read_unaligned()));
            r.next(3)
        }
    }
}

/// A load from any memory.
pub(crate) struct LoadAny<O>(PhantomData<O>);

impl<O: LoadOp> Exec for LoadAny<O>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let address = r.read(r.b());
            let Some(at) = in_memory::<false>(r, r.number_c(), address, r.word(2), size_of::<O::Bytes>())
            else {
                return Flow::Trap(Trap::MemoryOutOfBounds);
            };
            r.write(r.a(), O::eval(at.cast::<O::Bytes>().read_unaligned()));
            r.next(3)
        }
    }
}

/// A store to memory 0.
pub(crate) struct Store<O, A, V, F>(PhantomData<(O, A, V, F)>);

impl<O: StoreOp, A: Source<u64>, V: Source<O::In>, F: Offset> Exec for Store<O, A, V, F> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let Some(at) = in_memory0(r, A::get(r), F::get(r), size_of::<O::Bytes>()) else {
                return Flow::Bounds;
            };
            at.cast::<O::Bytes>().write_unaligned(O::eval(V::get(r)));
            r.next(2)
        }
    }
}

/// A store to any memory.
pub(crate) struct StoreAny<O>(PhantomData<O>);

impl<O: StoreOp> Exec for StoreAny<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let address = r.read(r.a());
            let Some(at) = in_memory::<false>(r, r.number_c(), address, r.word(2), size_of::<O::Bytes>())
            else {
                return Flow::Trap(Trap::MemoryOutOfBounds);
            };
            at.cast::<O::Bytes>().write_unaligned(O::eval(r.read(r.b())));
            r.next(3)
        }
    }
}

/// A load of one lane of `BYTES` bytes, from a shared memory too.
pub(crate) struct LoadLane<const BYTES: usize>;

impl<const BYTES: usize> Exec for LoadLane<BYTES> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let more = r.word(2);
            let address = r.read(r.c());
            let Some(at) = in_memory::<true>(r, low(more), address, r.word(3), BYTES) else {
                return Flow::Trap(Trap::MemoryOutOfBounds);
            };
            let lane = low(r.word(4)) % (16 / BYTES);
            let V128(mut bytes) = r.read(r.b());
            bytes[lane * BYTES..][..BYTES].copy_from_slice(&load_lane::<BYTES>(at));
            r.write(r.a(), V128(bytes));
            r.next(5)
        }
    }
}

/// A store of one lane of `BYTES` bytes, to a shared memory too.
pub(crate) struct StoreLane<const BYTES: usize>;

impl<const BYTES: usize> Exec for StoreLane<BYTES> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let address = r.read(r.a());
            let Some(at) = in_memory::<true>(r, r.number_c(), address, r.word(2), BYTES) else {
                return Flow::Trap(Trap::MemoryOutOfBounds);
            };
            let lane = low(r.word(3)) % (16 / BYTES);
            let V128(bytes) = r.read(r.b());
            let mut out = [0; BYTES];
            out.copy_from_slice(&bytes[lane * BYTES..][..BYTES]);
            store_lane::<BYTES>(at, out);
            r.next(4)
        }
    }
}

/// The size of a memory in pages.
pub(crate) struct MemorySize;

impl Exec for MemorySize {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let record: &MemRecord = &*VmCtx::memory(r.ctx, r.number_b());
            // For a shared memory the proposal asks for an order of all sizes that are seen.
            let pages = record.len.load(Ordering::SeqCst) as u64 >> r.number_c();
            r.write(r.a(), pages);
            r.next(2)
        }
    }
}

/// The cold half of a bounds check of memory 0: another activation or thread may have made the memory longer.
///
/// # Safety
/// `r.ctx` is a live context.
pub(crate) unsafe fn look_again(r: &mut Regs) -> Flow {
    let known = r.len;
    // SAFETY: I-STORE: the context of running code lives.
    unsafe { r.reload_memory() };
    if r.len > known { Flow::Next } else { Flow::Trap(Trap::MemoryOutOfBounds) }
}
