//! Memories that several stores use at once, each in its own thread.
//!
//! ```text
//! SharedMemory (host) ─┐
//! Store A ─▶ Memory ───┼─▶ Inner { MemRecord, Pooled, Parking }      one address space, one record
//! Store B ─▶ Memory ───┘
//! ```
//!
//! Address space for the largest size is set aside when the memory is made, so the base never moves. Growing makes bytes
//! accessible under a lock and publishes the length afterwards; readers use whatever length they have seen. Nobody makes a
//! reference to the bytes: all accesses are atomic, see `vm::racy`.

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail, ensure};
use upshift_core::Trap;
use upshift_core::types as core;
use upshift_core::vm::{MemRecord, MemoryMode};

use crate::context::AsContextMut;
use crate::engine::Engine;
use crate::memory::{
    GUARD, Growth, Memory, MemoryAccessError, REACH, bytes_of, charge, max_pages, mode_of, reserve,
};
use crate::types::MemoryType;
use crate::vm::budget::MemoryShare;
use crate::vm::limit_exceeded::MemoryUse;
use crate::vm::out_of_memory::OutOfMemory;
use crate::vm::parking::{Parking, WaitResult};
use crate::vm::pool::Pooled;
use crate::vm::racy;

const NOT_SHARED: &str = "the type is not that of a shared memory: `MemoryType::shared` makes one";

/// A linear memory that belongs to no store: several threads, each with a store of its own, may use it at once (threads
/// proposal).
///
/// Clones are the same memory.
///
/// ```
/// use std::thread;
/// use upshift::{Engine, Instance, MemoryType, Module, SharedMemory, Store};
///
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (import "env" "memory" (memory 1 1 shared))
///         (func (export "count")
///             (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))"#,
/// )?;
/// let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
/// thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| {
///             let mut store = Store::new(&engine, ());
///             let instance = Instance::new(&mut store, &module, &[memory.clone().into()])?;
///             let count = instance.get_typed_func::<(), ()>(&mut store, "count")?;
///             (0..100).try_for_each(|_| count.call(&mut store, ()))
///         });
///     }
/// });
/// let mut count = [0; 4];
/// memory.read(0, &mut count)?;
/// assert_eq!(u32::from_le_bytes(count), 400);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedMemory {
    engine: Engine,
    inner: Arc<Inner>,
}

struct Inner {
    ty: core::MemoryType,
    /// Generated code has its address. The base is written once, the length by `grow` only.
    record: MemRecord,
    /// Whoever grows holds this.
    space: Mutex<Space>,
    parking: Parking,
}

/// What a shared memory takes.
struct Space {
    mapping: Pooled,
    /// Of the budget of the store that the memory was made in.
    share: MemoryShare,
}

// SAFETY: the base in the record is that of the mapping, which lives as long as `self` and is accessed by atomic accesses.
unsafe impl Send for Inner {}
// SAFETY: as above; the record's length is atomic, all else is constant or behind a lock.
unsafe impl Sync for Inner {}

impl SharedMemory {
    /// A shared memory of its minimal size, filled with zeros. No store's limiter is asked, and no budget counts it.
    ///
    /// # Errors
    /// When the type is not that of a shared memory or its sizes contradict each other, or the system does not give address
    /// space for its maximum.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<SharedMemory> {
        SharedMemory::create(engine, ty.inner, MemoryShare::default())
    }

    /// As [`SharedMemory::new`], for a program of a store: the store's limiter is asked, the memory counts as one of the
    /// store's, and takes of its [budget](crate::MemoryBudget), whoever grows it.
    ///
    /// ```
    /// use upshift::{Engine, MemoryType, SharedMemory, Store, StoreLimitsBuilder};
    ///
    /// let limits = StoreLimitsBuilder::new().memory_size(1 << 16).build();
    /// let mut store = Store::new(&Engine::default(), limits);
    /// store.limiter(|limits| limits);
    /// assert!(SharedMemory::new_in(&mut store, MemoryType::shared(1, 9)).is_ok());
    /// assert!(SharedMemory::new_in(&mut store, MemoryType::shared(2, 9)).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`SharedMemory::new`], and when the limiter forbids it.
    pub fn new_in(mut store: impl AsContextMut, ty: MemoryType) -> Result<SharedMemory> {
        let mut store = store.as_context_mut();
        let state = store.state();
        ensure!(ty.inner.shared, NOT_SHARED);
        let memory = Memory::create(state, ty.inner)?;
        memory.in_state(state).shared().cloned().context(NOT_SHARED)
    }

    pub(crate) fn create(
        engine: &Engine,
        ty: core::MemoryType,
        mut share: MemoryShare,
    ) -> Result<SharedMemory> {
        ensure!(ty.shared, NOT_SHARED);
        let maximum = ty.maximum.context("a shared memory needs a maximum size")?.min(ty.addressable_pages());
        ensure!(
            ty.minimum <= maximum,
            "a shared memory of {} pages is above its maximum of {maximum}",
            ty.minimum
        );
        let largest = bytes_of(ty, maximum);
        let largest =
            largest.with_context(|| format!("a shared memory of {maximum} pages is not possible"))?;
        // It is possible, as it is no more than the largest.
        let bytes = (ty.minimum << ty.page_size_log2) as usize;
        share.resize(charge(bytes), MemoryUse::Memory)?;
        let guard = match mode_of(ty, engine.config().memory_reservation) {
            MemoryMode::Guard => reserve(engine.pools(), REACH + GUARD, bytes).ok(),
            MemoryMode::Check => None,
        };
        let (mode, mapping) = match guard {
            Some(mapping) => (MemoryMode::Guard, mapping),
            None => {
                let mapping = reserve(engine.pools(), (largest as u64).max(GUARD), bytes);
                (MemoryMode::Check, mapping.map_err(OutOfMemory::of("a shared memory", largest))?)
            }
        };
        let record = MemRecord::new(mapping.base(), bytes, mode);
        let space = Mutex::new(Space { mapping, share });
        let inner = Inner { ty, record, space, parking: Parking::default() };
        Ok(SharedMemory { engine: engine.clone(), inner: Arc::new(inner) })
    }

    /// The type; its minimum is the size at creation.
    #[must_use]
    pub fn ty(&self) -> MemoryType {
        MemoryType { inner: self.inner.ty }
    }

    pub(crate) fn core_ty(&self) -> core::MemoryType {
        self.inner.ty
    }

    /// The engine that the memory belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether both are the same memory.
    pub(crate) fn same(a: &SharedMemory, b: &SharedMemory) -> bool {
        Arc::ptr_eq(&a.inner, &b.inner)
    }

    pub(crate) fn record(&self) -> *mut MemRecord {
        (&raw const self.inner.record).cast_mut()
    }

    pub(crate) fn base(&self) -> *mut u8 {
        self.inner.record.base
    }

    /// The size in pages. Another thread may grow the memory at any time.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.data_size() as u64 >> self.inner.ty.page_size_log2
    }

    /// The size of a page in bytes.
    #[must_use]
    pub fn page_size(&self) -> u64 {
        1 << self.inner.ty.page_size_log2
    }

    /// The size in bytes.
    #[must_use]
    pub fn data_size(&self) -> usize {
        self.inner.record.len.load(Ordering::SeqCst)
    }

    /// The bytes, as cells: other threads may access them at any time, so whoever uses their addresses has to do it by
    /// atomic accesses. [`SharedMemory::read`] and [`SharedMemory::write`] need no `unsafe`.
    #[must_use]
    pub fn data(&self) -> &[UnsafeCell<u8>] {
        // SAFETY: so many bytes are accessible as long as `self` lives, and cells promise nothing about their content.
        unsafe { std::slice::from_raw_parts(self.base().cast(), self.data_size()) }
    }

    /// Appends `delta` pages and returns the old size in pages. No store's limiter is asked.
    ///
    /// # Errors
    /// When the type, the budget that the memory was made with or the system forbids it.
    pub fn grow(&self, delta: u64) -> Result<u64> {
        loop {
            let old = self.size();
            match self.grow_from(old, delta) {
                Growth::Done => return Ok(old),
                Growth::Refused(_) => bail!("failed to grow memory by `{delta}`"),
                Growth::OverBudget(exceeded) => {
                    return Err(Error::new(exceeded).context(format!("failed to grow memory by `{delta}`")));
                }
                Growth::Retry => {}
            }
        }
    }

    /// Appends pages if there are `old` ones still.
    pub(super) fn grow_from(&self, old: u64, delta: u64) -> Growth {
        // A thread that panics while it holds this leaves the mapping at some size that the length does not tell yet.
        let mut space = self.inner.space.lock().unwrap_or_else(PoisonError::into_inner);
        if self.size() != old {
            return Growth::Retry;
        }
        let Some(new) = old.checked_add(delta).filter(|&new| new <= max_pages(self.inner.ty)) else {
            return Growth::Refused(None);
        };
        if delta > 0 {
            // The largest size was found to fit when the memory was made.
            let bytes = (new << self.inner.ty.page_size_log2) as usize;
            let before = space.share.bytes();
            if let Err(exceeded) = space.share.resize(charge(bytes), MemoryUse::Memory) {
                return Growth::OverBudget(exceeded);
            }
            if let Err(error) = space.mapping.grow(bytes) {
                space.share.shrink(before);
                return Growth::Refused(Some(OutOfMemory::of("a shared memory", bytes)(error)));
            }
            self.inner.record.len.store(bytes, Ordering::SeqCst);
        }
        Growth::Done
    }

    /// Copies bytes from `offset` on out of the memory. What other threads write meanwhile is copied or not, each byte for
    /// itself.
    ///
    /// # Errors
    /// When they reach outside of the memory; then `buffer` is untouched.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<(), MemoryAccessError> {
        let range = self.range(offset as u64, buffer.len() as u64).map_err(|_| MemoryAccessError)?;
        // SAFETY: the range was checked, and the buffer is nobody else's.
        unsafe { racy::copy(self.base().add(range.start), buffer.as_mut_ptr(), range.len()) };
        Ok(())
    }

    /// Copies bytes into the memory, from `offset` on. Other threads may see some of them earlier than others.
    ///
    /// # Errors
    /// When they reach outside of the memory, which is untouched then.
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<(), MemoryAccessError> {
        let range = self.range(offset as u64, buffer.len() as u64).map_err(|_| MemoryAccessError)?;
        // SAFETY: the range was checked; nobody writes to the buffer meanwhile.
        unsafe { racy::copy(buffer.as_ptr(), self.base().add(range.start), range.len()) };
        Ok(())
    }

    pub(crate) fn range(&self, start: u64, len: u64) -> Result<Range<usize>, Trap> {
        let end = start.checked_add(len).filter(|&end| end <= self.data_size() as u64);
        let end = end.ok_or(Trap::MemoryOutOfBounds)?;
        Ok(start as usize..end as usize)
    }

    /// Wakes at most `count` threads that wait at an address, in the order in which they came; returns how many
    /// (`memory.atomic.notify`).
    ///
    /// # Errors
    /// When the address is no multiple of 4, or outside of the memory.
    pub fn atomic_notify(&self, address: u64, count: u32) -> Result<u32, Trap> {
        self.cell(address, 4)?;
        Ok(self.inner.parking.notify(address, count))
    }

    /// Waits until another thread wakes this one, if the value at an address is the expected one
    /// (`memory.atomic.wait32`); without a timeout as long as it takes.
    ///
    /// # Errors
    /// When the address is no multiple of 4, or outside of the memory.
    pub fn atomic_wait32(
        &self,
        address: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        self.wait(address, Expected::Bits32(expected), timeout, None, || Ok(()))
    }

    /// As [`SharedMemory::atomic_wait32`], for a value of 64 bits (`memory.atomic.wait64`).
    ///
    /// # Errors
    /// When the address is no multiple of 8, or outside of the memory.
    pub fn atomic_wait64(
        &self,
        address: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        self.wait(address, Expected::Bits64(expected), timeout, None, || Ok(()))
    }

    /// Waits; see [`Parking::wait`] for the last two arguments.
    pub(crate) fn wait<E: From<Trap>>(
        &self,
        address: u64,
        expected: Expected,
        timeout: Option<Duration>,
        poll: Option<Duration>,
        go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<WaitResult, E> {
        let cell = self.cell(address, expected.bytes())?;
        let is_expected = || {
            // SAFETY: so many bytes are in memory, and the address is aligned.
            unsafe {
                match expected {
                    Expected::Bits32(value) => (*cell.cast::<AtomicU32>()).load(Ordering::SeqCst) == value,
                    Expected::Bits64(value) => (*cell.cast::<AtomicU64>()).load(Ordering::SeqCst) == value,
                }
            }
        };
        // A time that no clock reaches is none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.inner.parking.wait(address, is_expected, deadline, poll, go_on)
    }

    /// The address of an aligned value in memory.
    fn cell(&self, address: u64, bytes: u64) -> Result<*mut u8, Trap> {
        if !address.is_multiple_of(bytes) {
            return Err(Trap::HeapMisaligned);
        }
        Ok(self.base().wrapping_add(self.range(address, bytes)?.start))
    }
}

/// The value that a thread expects where it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    Bits32(u32),
    Bits64(u64),
}

impl Expected {
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Expected::Bits32(_) => 4,
            Expected::Bits64(_) => 8,
        }
    }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory")
            .field("ty", &self.inner.ty)
            .field("len", &self.data_size())
            .finish_non_exhaustive()
    }
}
