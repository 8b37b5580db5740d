//! Atomic accesses, and plain accesses to memories that other threads use at the same time.
//!
//! Handlers access shared memories only through these; the builder picks them by the memory's type. A plain access consists of
//! relaxed atomic ones: of the whole value (or the halves of a vector) if the address is aligned to that size, else of single
//! bytes. Racing threads may see a mix of old and new bytes, and nothing worse.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

use upshift_core::Trap;
use upshift_core::ops::atomic::{AtomicOp, AtomicRmwOp, Width};
use upshift_core::ops::memory::{LoadOp, StoreOp};

use super::Exec;
use super::address::in_memory;
use super::operand::{high, low, low_slot};
use crate::regs::{AccValue, Flow, Regs};

/// Reads bytes that others may be writing.
///
/// # Safety
/// The bytes lie in a memory, and a `B` is any bytes.
#[inline(always)]
unsafe fn load_bytes<B: Copy>(at: *const u8) -> B {
    let mut bytes = MaybeUninit::<B>::uninit();
    let out = bytes.as_mut_ptr().cast::<u8>();
    // SAFETY: I-MEMORY: the bytes were found to be in memory; `out` has as many bytes as are read, and the cells are aligned where they are wide.
    unsafe {
        macro_rules! whole {
            ($int:ty, $cell:ty) => {
                if size_of::<B>() == size_of::<$int>() && at.cast::<$cell>().is_aligned() {
                    let value = (*at.cast::<$cell>()).load(Ordering::Relaxed);
                    out.cast::<$int>().write_unaligned(value);
                    return bytes.assume_init();
                }
            };
        }
        whole!(u16, AtomicU16);
        whole!(u32, AtomicU32);
        whole!(u64, AtomicU64);
        if size_of::<B>() == 16 && at.cast::<AtomicU64>().is_aligned() {
            for half in 0..2 {
                let value = (*at.cast::<AtomicU64>().add(half)).load(Ordering::Relaxed);
                out.cast::<u64>().add(half).write_unaligned(value);
            }
            return bytes.assume_init();
        }
        for i in 0..size_of::<B>() {
            *out.add(i) = (*at.add(i).cast::<AtomicU8>()).load(Ordering::Relaxed);
        }
        bytes.assume_init()
    }
}

/// Writes bytes that others may be using.
///
/// # Safety
/// The bytes lie in a memory, and a `B` is nothing but bytes.
#[inline(always)]
unsafe fn store_bytes<B: Copy>(at: *mut u8, bytes: B) {
    let from = (&raw const bytes).cast::<u8>();
    // SAFETY: I-MEMORY: the bytes were found to be in memory, and the cells are aligned where they are wide.
    unsafe {
        macro_rules! whole {
            ($int:ty, $cell:ty) => {
                if size_of::<B>() == size_of::<$int>() && at.cast::<$cell>().is_aligned() {
                    let value = from.cast::<$int>().read_unaligned();
                    return (*at.cast::<$cell>()).store(value, Ordering::Relaxed);
                }
            };
        }
        whole!(u16, AtomicU16);
        whole!(u32, AtomicU32);
        whole!(u64, AtomicU64);
        if size_of::<B>() == 16 && at.cast::<AtomicU64>().is_aligned() {
            for half in 0..2 {
                let value = from.cast::<u64>().add(half).read_unaligned();
                (*at.cast::<AtomicU64>().add(half)).store(value, Ordering::Relaxed);
            }
            return;
        }
        for i in 0..size_of::<B>() {
            (*at.add(i).cast::<AtomicU8>()).store(*from.add(i), Ordering::Relaxed);
        }
    }
}

/// A load from a shared memory.
pub(crate) struct LoadShared<O>(PhantomData<O>);

impl<O: LoadOp> Exec for LoadShared<O>
where
    O::Out: AccValue,
{
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let address = r.read(r.b());
            let Some(at) = in_memory::<true>(r, r.number_c(), address, r.word(2), size_of::<O::Bytes>())
            else {
                return Flow::Trap(Trap::MemoryOutOfBounds);
            };
            r.write(r.a(), O::eval(load_bytes(at)));
            r.next(3)
        }
    }
}

/// A store to a shared memory.
pub(crate) struct StoreShared<O>(PhantomData<O>);

impl<O: StoreOp> Exec for StoreShared<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the bytes were found to be in memory.
        unsafe {
            let address = r.read(r.a());
            let Some(at) = in_memory::<true>(r, r.number_c(), address, r.word(2), size_of::<O::Bytes>())
            else {
                return Flow::Trap(Trap::MemoryOutOfBounds);
            };
            store_bytes(at, O::eval(r.read(r.b())));
            r.next(3)
        }
    }
}

/// Reads the bytes of a lane.
///
/// # Safety
/// The bytes lie in a memory.
#[inline(always)]
pub(crate) unsafe fn load_lane<const BYTES: usize>(at: *const u8) -> [u8; BYTES] {
    // SAFETY: I-MEMORY: the bytes were found to be in memory.
    unsafe { load_bytes(at) }
}

/// Writes the bytes of a lane.
///
/// # Safety
/// The bytes lie in a memory.
#[inline(always)]
pub(crate) unsafe fn store_lane<const BYTES: usize>(at: *mut u8, bytes: [u8; BYTES]) {
    // SAFETY: I-MEMORY: the bytes were found to be in memory.
    unsafe { store_bytes(at, bytes) }
}

/// The cell at an address.
///
/// # Safety
/// `r.ctx` is a live context with such a memory.
#[inline(always)]
unsafe fn cell<'a, W: Width>(
    r: &Regs,
    memory: usize,
    address: u64,
    offset: u64,
) -> Result<&'a W::Cell, Trap> {
    if !address.wrapping_add(offset).is_multiple_of(size_of::<W>() as u64) {
        return Err(Trap::HeapMisaligned);
    }
    // SAFETY: I-MEMORY, I-REGS. Memories begin at an address that is aligned for all cells, and nobody has a plain
    // reference to their bytes while code runs.
    unsafe {
        match in_memory::<true>(r, memory, address, offset, size_of::<W>()) {
            Some(at) => Ok(&*at.cast::<W::Cell>()),
            None => Err(Trap::MemoryOutOfBounds),
        }
    }
}

/// A cell, or the trap.
macro_rules! cell {
    ($width:ty, $r:expr, $memory:expr, $address:expr, $offset:expr) => {
        match cell::<$width>($r, $memory, $r.read($address), $offset) {
            Ok(cell) => cell,
            Err(trap) => return Flow::Trap(trap),
        }
    };
}

/// Returns the value of a cell.
pub(crate) struct AtomicLoad<O>(PhantomData<O>);

impl<O: AtomicOp> Exec for AtomicLoad<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let cell = cell!(O::Width, r, r.number_c(), r.b(), r.word(2));
            let value = O::Width::load(cell, Ordering::SeqCst);
            r.write(r.a(), value.to_slot());
            r.next(3)
        }
    }
}

/// Replaces the value of a cell.
pub(crate) struct AtomicStore<O>(PhantomData<O>);

impl<O: AtomicOp> Exec for AtomicStore<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let cell = cell!(O::Width, r, r.number_c(), r.a(), r.word(2));
            let value = O::Width::from_slot(r.read(r.b()));
            O::Width::store(cell, value, Ordering::SeqCst);
            r.next(3)
        }
    }
}

/// Changes the value of a cell and returns the old one.
pub(crate) struct AtomicRmw<O>(PhantomData<O>);

impl<O: AtomicRmwOp> Exec for AtomicRmw<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let cell = cell!(O::Width, r, low(r.word(2)), r.b(), r.word(3));
            let old = O::eval(cell, O::Width::from_slot(r.read(r.c())));
            r.write(r.a(), old.to_slot());
            r.next(4)
        }
    }
}

/// Replaces the value of a cell if it is the expected one, and returns the old one.
pub(crate) struct AtomicCompareExchange<O>(PhantomData<O>);

impl<O: AtomicOp> Exec for AtomicCompareExchange<O> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let more = r.word(2);
            let cell = cell!(O::Width, r, high(more), r.b(), r.word(3));
            let (expected, replacement): (u64, u64) = (r.read(r.c()), r.read(low_slot(more)));
            let (expected, replacement) = (O::Width::from_slot(expected), O::Width::from_slot(replacement));
            let old = O::Width::compare_exchange(cell, expected, replacement);
            r.write(r.a(), old.to_slot());
            r.next(4)
        }
    }
}

/// Orders what stands before and behind it.
pub(crate) struct Fence;

impl Exec for Fence {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        fence(Ordering::SeqCst);
        r.next(2)
    }
}
