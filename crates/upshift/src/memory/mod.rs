//! Linear memories.
//!
//! ```text
//! Memory (handle) ─▶ LinearMemory ─┬▶ MemRecord    base and length, what generated code reads, and the mode; its address never changes
//!                                  └▶ Pooled       the address space behind it
//! ```
//!
//! A memory has one of two modes (`MemoryMode`), fixed when it is made, also if it has no page yet. *Guard*: address space for
//! everything that a 32-bit address with a 32-bit offset can reach is set aside, the base never moves, growing makes pages
//! accessible, and nothing else there is. *Check*: only what is used is mapped, growing may move the base; for 64-bit
//! addresses, small pages, small reservations and systems that do not give the address space. The interpreter compares
//! addresses with the length in both. Mappings come from the engine's `vm::pool` and go back there.
//! A *shared* memory belongs to no store, see `shared`; a store has an entry for it among its memories.

mod shared;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::{fmt, io};

use anyhow::{Context, Result, ensure};
use upshift_core::types as core;
use upshift_core::vm::{MemRecord, MemoryMode};
use upshift_core::{IndexType, Trap};

use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::store::{StoreId, StoreState};
use crate::types::MemoryType;
use crate::vm::budget::MemoryShare;
use crate::vm::limit_exceeded::{LimitExceeded, MemoryUse};
use crate::vm::out_of_memory::OutOfMemory;
use crate::vm::pool::{Pooled, Pools, Use};
use crate::vm::racy;
use crate::vm::reservation::{GUARD, REACH};
use crate::vm::stable::Stable;

pub(crate) use self::shared::Expected;
pub use self::shared::SharedMemory;

/// Memory comes from the system in pages of at least this size, which counts where those of a memory are smaller.
const SYSTEM_PAGE: usize = 4096;

/// What the system keeps a table entry for.
const PAGE: u64 = 4 << 10;
/// How many of these entries are moved for a unit of fuel.
const ENTRIES_PER_FUEL: u64 = 64;

/// A linear memory of a store (wasm spec, "Execution / Runtime Structure / Memory Instances").
///
/// ```
/// use upshift::{Engine, Memory, MemoryType, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let memory = Memory::new(&mut store, MemoryType::new(1, Some(2)))?;
/// memory.data_mut(&mut store)[0] = 1;
/// memory.write(&mut store, 1, &[2, 3])?;
/// assert_eq!(memory.data(&store)[..4], [1, 2, 3, 0]);
/// assert_eq!(memory.grow(&mut store, 1)?, 1);
/// assert!(memory.grow(&mut store, 1).is_err());
/// assert!(memory.write(&mut store, 2 << 16, &[0]).is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Memory {
    store: StoreId,
    index: u32,
}

/// A memory as the store holds it.
pub(crate) struct LinearMemory {
    ty: core::MemoryType,
    backing: Backing,
}

/// What came of an attempt to grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Growth {
    Done,
    /// The type forbids it, or the system.
    Refused(Option<OutOfMemory>),
    /// The budget has not as much left.
    OverBudget(LimitExceeded),
    /// Another thread has grown the memory, so it does not have the size that this was about.
    Retry,
}

/// Whose bytes a memory has.
enum Backing {
    /// The store's own.
    Own(Own),
    /// Those of a memory that other stores may use too.
    Shared(SharedMemory),
}

/// The bytes of a memory that belongs to one store.
struct Own {
    record: Stable<MemRecord>,
    storage: Pooled,
    /// What the length takes of the program's budget.
    share: MemoryShare,
    /// The mode that type and settings ask for, whatever the system gave.
    wanted: MemoryMode,
}

impl LinearMemory {
    /// A memory of the type's minimal size.
    ///
    /// # Errors
    /// When the budget or the system does not have it, or addresses do not reach so far.
    fn new(
        ty: core::MemoryType,
        reservation: u64,
        pools: &Arc<Pools>,
        mut share: MemoryShare,
    ) -> Result<LinearMemory> {
        let most = max_pages(ty);
        ensure!(ty.minimum <= most, "a memory of this type has at most {most} pages");
        let bytes = bytes_of(ty, ty.minimum)
            .ok_or_else(|| OutOfMemory::new("a memory", ty.minimum.saturating_mul(1 << ty.page_size_log2)))?;
        share.resize(charge(bytes), MemoryUse::Memory)?;
        let wanted = mode_of(ty, reservation);
        let guard = || match wanted {
            MemoryMode::Guard => reserve(pools, REACH + GUARD, bytes).ok(),
            MemoryMode::Check => None,
        };
        let (mode, storage) = match guard() {
            Some(storage) => (MemoryMode::Guard, storage),
            None => {
                let storage = Pooled::movable(pools, Use::Memory, bytes);
                (MemoryMode::Check, storage.map_err(OutOfMemory::of("a memory", bytes))?)
            }
        };
        let record = Stable::new(MemRecord::new(storage.base(), bytes, mode));
        Ok(LinearMemory { ty, backing: Backing::Own(Own { record, storage, share, wanted }) })
    }

    pub(crate) fn ty(&self) -> core::MemoryType {
        self.ty
    }

    /// The memory that other stores may use too, if it is one.
    pub(crate) fn shared(&self) -> Option<&SharedMemory> {
        if let Backing::Shared(memory) = &self.backing { Some(memory) } else { None }
    }

    pub(crate) fn record(&self) -> *mut MemRecord {
        match &self.backing {
            Backing::Own(own) => own.record.as_ptr(),
            Backing::Shared(memory) => memory.record(),
        }
    }

    pub(crate) fn base(&self) -> *mut u8 {
        // SAFETY: the record is alive as long as `self`.
        unsafe { (*self.record()).base }
    }

    pub(crate) fn len(&self) -> usize {
        // SAFETY: as in `base`.
        unsafe { (*self.record()).len() }
    }

    /// The size in pages.
    pub(crate) fn pages(&self) -> u64 {
        self.len() as u64 >> self.ty.page_size_log2
    }

    /// Appends pages to the `old` ones, unless there are others meanwhile.
    fn grow(&mut self, old: u64, delta: u64) -> Growth {
        let own = match &mut self.backing {
            Backing::Own(own) => own,
            Backing::Shared(memory) => return memory.grow_from(old, delta),
        };
        let new = old.checked_add(delta).filter(|&new| new <= max_pages(self.ty));
        let Some(bytes) = new.and_then(|new| bytes_of(self.ty, new)) else {
            return Growth::Refused(None);
        };
        if delta == 0 {
            return Growth::Done;
        }
        let before = own.share.bytes();
        if let Err(exceeded) = own.share.resize(charge(bytes), MemoryUse::Memory) {
            return Growth::OverBudget(exceeded);
        }
        if let Err(error) = own.resize(bytes) {
            own.share.shrink(before);
            return Growth::Refused(Some(OutOfMemory::of("a memory", bytes)(error)));
        }
        Growth::Done
    }

    /// What it costs in fuel to append pages, besides the operator. New pages come when they are touched, by whoever touches
    /// them; but a memory without a reserved range may move, and then the system has a table entry for each page to move. What
    /// type and settings ask for decides, so that programs pay the same whatever the system gives.
    pub(crate) fn cost_of_growth(&self, delta: u64) -> u64 {
        match &self.backing {
            Backing::Own(Own { wanted: MemoryMode::Check, .. }) if delta > 0 => {
                self.len() as u64 / PAGE / ENTRIES_PER_FUEL
            }
            _ => 0,
        }
    }

    /// The positions `start .. start + len`, if all of them exist.
    pub(crate) fn range(&self, start: u64, len: u64) -> Result<Range<usize>, Trap> {
        let end = start.checked_add(len).filter(|&end| end <= self.len() as u64);
        let end = end.ok_or(Trap::MemoryOutOfBounds)?;
        Ok(start as usize..end as usize)
    }

    /// Makes sure that a value of so many bytes can be accessed atomically.
    pub(crate) fn check_cell(&self, address: u64, bytes: u64) -> Result<(), Trap> {
        if !address.is_multiple_of(bytes) {
            return Err(Trap::HeapMisaligned);
        }
        self.range(address, bytes).map(|_| ())
    }

    /// The bytes of a memory of one store.
    ///
    /// # Panics
    /// When it is shared: handles of these do not get out of the store.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.assert_own();
        // SAFETY: base and length describe accessible bytes, which change only through `&mut self` or while generated
        // code runs, and then no reference is alive.
        unsafe { std::slice::from_raw_parts(self.base(), self.len()) }
    }

    /// As [`bytes`](Self::bytes), to be changed.
    ///
    /// # Panics
    /// When it is shared.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.assert_own();
        // SAFETY: as in `bytes`.
        unsafe { std::slice::from_raw_parts_mut(self.base(), self.len()) }
    }

    fn assert_own(&self) {
        assert!(self.shared().is_none(), "the bytes of a shared memory cannot be borrowed");
    }

    /// Fills bytes that exist.
    pub(crate) fn fill(&mut self, range: Range<usize>, byte: u8) {
        match &self.backing {
            Backing::Own(_) => self.bytes_mut()[range].fill(byte),
            // SAFETY: the caller has checked the range; no memory shrinks.
            Backing::Shared(_) => unsafe { racy::fill(self.base().add(range.start), byte, range.len()) },
        }
    }

    /// Copies bytes to where as many exist.
    pub(crate) fn write(&mut self, range: Range<usize>, bytes: &[u8]) {
        match &self.backing {
            Backing::Own(_) => self.bytes_mut()[range].copy_from_slice(bytes),
            // SAFETY: the caller has checked the range, which is as long as the bytes; nobody writes to these.
            Backing::Shared(_) => unsafe {
                racy::copy(bytes.as_ptr(), self.base().add(range.start), range.len());
            },
        }
    }
}

/// What so many bytes of a memory take of a budget.
fn charge(bytes: usize) -> usize {
    bytes.checked_next_multiple_of(SYSTEM_PAGE).unwrap_or(bytes)
}

/// The most pages that a type allows.
fn max_pages(ty: core::MemoryType) -> u64 {
    ty.maximum.unwrap_or(u64::MAX).min(ty.addressable_pages())
}

/// The bytes of so many pages, if an object can have as many.
fn bytes_of(ty: core::MemoryType, pages: u64) -> Option<usize> {
    let bytes = usize::try_from(pages.checked_mul(1 << ty.page_size_log2)?).ok()?;
    isize::try_from(bytes).is_ok().then_some(bytes)
}

/// The mode of memories of a type, if the system gives as much address space as the settings ask for.
pub(crate) fn mode_of(ty: core::MemoryType, reservation: u64) -> MemoryMode {
    let guard = ty.index == IndexType::I32 && ty.page_size_log2 == 16 && reservation >= REACH;
    if guard { MemoryMode::Guard } else { MemoryMode::Check }
}

/// Sets address space aside, of which the start is accessible.
fn reserve(pools: &Arc<Pools>, bytes: u64, accessible: usize) -> io::Result<Pooled> {
    Pooled::reserve(pools, Use::Memory, usize::try_from(bytes).map_err(io::Error::other)?, accessible)
}

impl Own {
    fn resize(&mut self, bytes: usize) -> io::Result<()> {
        self.storage.grow(bytes)?;
        let base = self.storage.base();
        // SAFETY: the record is alive as long as `self`, and no reference to it is.
        unsafe {
            let record = self.record.as_ptr();
            assert!((*record).mode == MemoryMode::Check || (*record).base == base, "a reservation stays");
            (*record).base = base;
            (*record).len.store(bytes, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl fmt::Debug for LinearMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinearMemory").field("ty", &self.ty).field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The host accessed bytes outside of a memory.
///
/// ```
/// use upshift::{Engine, Memory, MemoryAccessError, MemoryType, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// assert_eq!(memory.read(&store, 65536, &mut [0]).unwrap_err().to_string(), "out of bounds memory access");
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MemoryAccessError;

impl fmt::Display for MemoryAccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of bounds memory access")
    }
}

impl std::error::Error for MemoryAccessError {}

impl Memory {
    /// A memory of the host.
    ///
    /// # Errors
    /// When the type's limits contradict each other, the store's limiter forbids it, or the system does not give the
    /// memory; when the type is that of a shared memory, which [`SharedMemory::new`] makes.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        ensure!(!ty.inner.shared, "a shared memory belongs to no store: `SharedMemory::new` makes one");
        Memory::create(store.as_context_mut().state(), ty.inner)
    }

    pub(crate) fn create(state: &mut StoreState, ty: core::MemoryType) -> Result<Memory> {
        let bytes = |pages: u64| pages.saturating_mul(1 << ty.page_size_log2);
        state.check_memory_count()?;
        ensure!(
            state.memory_may_grow(0, bytes(ty.minimum), ty.maximum.map(bytes))?,
            "a memory of {} bytes is above the store's limit",
            bytes(ty.minimum)
        );
        let share = state.memory_share();
        let made = if ty.shared {
            SharedMemory::create(&state.engine, ty, share).map(|memory| Memory::of_shared(state, &memory))
        } else {
            LinearMemory::new(ty, state.engine.config().memory_reservation, state.engine.pools(), share)
                .with_context(|| format!("cannot create a memory of {} pages", ty.minimum))
                .map(|memory| Memory::add(state, memory))
        };
        if let Err(error) = &made {
            state.memory_grow_failed(0, bytes(ty.minimum))?;
            state.explain_failure(error)?;
        }
        made
    }

    fn add(state: &mut StoreState, memory: LinearMemory) -> Memory {
        state.memories.push(memory);
        Memory { store: state.id, index: (state.memories.len() - 1) as u32 }
    }

    /// The store's entry for a shared memory.
    pub(crate) fn of_shared(state: &mut StoreState, memory: &SharedMemory) -> Memory {
        let same =
            |entry: &LinearMemory| entry.shared().is_some_and(|shared| SharedMemory::same(shared, memory));
        match state.memories.iter().position(same) {
            Some(index) => Memory { store: state.id, index: index as u32 },
            None => {
                let backing = Backing::Shared(memory.clone());
                Memory::add(state, LinearMemory { ty: memory.core_ty(), backing })
            }
        }
    }

    /// The type; its minimum is the size at creation.
    ///
    /// # Panics
    /// When the memory belongs to another store, as all methods do.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        MemoryType { inner: self.in_state(store.as_context().state()).ty }
    }

    /// The size in pages.
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.in_state(store.as_context().state()).pages()
    }

    /// The size in bytes.
    pub fn data_size(&self, store: impl AsContext) -> usize {
        self.in_state(store.as_context().state()).len()
    }

    /// The size of a page in bytes.
    pub fn page_size(&self, store: impl AsContext) -> u64 {
        self.ty(store).page_size()
    }

    /// Appends `delta` pages and returns the old size in pages.
    ///
    /// # Errors
    /// When the type, the store's limiter or the system forbids it; and with the error of the limiter.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64) -> Result<u64> {
        let mut store = store.as_context_mut();
        let old = self.grow_in_state(store.state(), delta)?;
        old.with_context(|| format!("failed to grow memory by `{delta}`"))
    }

    /// Appends pages and returns the old size; `None` if the type, the store's limiter or the system forbids it.
    ///
    /// # Errors
    /// When the limiter says so.
    pub(crate) fn grow_in_state(self, state: &mut StoreState, delta: u64) -> Result<Option<u64>> {
        let core::MemoryType { page_size_log2, maximum, .. } = self.in_state(state).ty;
        let bytes = |pages: u64| pages.saturating_mul(1 << page_size_log2);
        loop {
            let memory = self.in_state(state);
            let old = memory.pages();
            // What the type forbids is not the limiter's business: it may count what it allows.
            let Some(new) = old.checked_add(delta).filter(|&new| new <= max_pages(memory.ty)) else {
                return Ok(None);
            };
            if delta > 0 && !state.memory_may_grow(bytes(old), bytes(new), maximum.map(bytes))? {
                return Ok(None);
            }
            match self.in_state_mut(state).grow(old, delta) {
                Growth::Done => return Ok(Some(old)),
                Growth::Refused(_) => {
                    state.memory_grow_failed(bytes(old), bytes(new))?;
                    return Ok(None);
                }
                Growth::OverBudget(exceeded) => {
                    state.memory_grow_failed(bytes(old), bytes(new))?;
                    state.budget_exceeded(exceeded)?;
                    return Ok(None);
                }
                // What the limiter has allowed is not what would come now.
                Growth::Retry => state.memory_grow_failed(bytes(old), bytes(new))?,
            }
        }
    }

    /// The bytes, for as long as the store is borrowed.
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        self.in_state(store.into().state()).bytes()
    }

    /// The bytes, to be changed, for as long as the store is borrowed.
    pub fn data_mut<'a, T: 'static>(&self, store: impl Into<StoreContextMut<'a, T>>) -> &'a mut [u8] {
        self.data_and_store_mut(store).0
    }

    /// The bytes, and the host's data beside them.
    pub fn data_and_store_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let (state, data) = store.into().split();
        (self.in_state_mut(state).bytes_mut(), data)
    }

    /// The address of the first byte. Growing the memory may change it.
    pub fn data_ptr(&self, store: impl AsContext) -> *mut u8 {
        self.in_state(store.as_context().state()).base()
    }

    /// Copies bytes from `offset` on out of the memory.
    ///
    /// # Errors
    /// When they reach outside of the memory; then `buffer` is untouched.
    pub fn read(
        &self,
        store: impl AsContext,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<(), MemoryAccessError> {
        let store = store.as_context();
        let memory = self.in_state(store.state());
        let range = memory.range(offset as u64, buffer.len() as u64).map_err(|_| MemoryAccessError)?;
        buffer.copy_from_slice(&memory.bytes()[range]);
        Ok(())
    }

    /// Copies bytes into the memory, from `offset` on.
    ///
    /// # Errors
    /// When they reach outside of the memory, which is untouched then.
    pub fn write(
        &self,
        mut store: impl AsContextMut,
        offset: usize,
        buffer: &[u8],
    ) -> Result<(), MemoryAccessError> {
        let mut store = store.as_context_mut();
        let memory = self.in_state_mut(store.state());
        let range = memory.range(offset as u64, buffer.len() as u64).map_err(|_| MemoryAccessError)?;
        memory.bytes_mut()[range].copy_from_slice(buffer);
        Ok(())
    }

    /// `memory.copy`.
    pub(crate) fn copy_within(
        state: &StoreState,
        (dst, dst_offset): (Memory, u64),
        (src, src_offset): (Memory, u64),
        len: u64,
    ) -> Result<(), Trap> {
        let (dst, src) = (dst.in_state(state), src.in_state(state));
        let from = src.range(src_offset, len)?;
        let to = dst.range(dst_offset, len)?;
        let racy = src.shared().is_some() || dst.shared().is_some();
        // SAFETY: both ranges were checked, both ways of copying allow them to overlap, and no reference to the bytes is
        // alive.
        unsafe {
            let (from, to, len) = (src.base().add(from.start), dst.base().add(to.start), from.len());
            if racy { racy::copy(from, to, len) } else { std::ptr::copy(from, to, len) }
        }
        Ok(())
    }

    pub(crate) fn in_state(self, state: &StoreState) -> &LinearMemory {
        state.check(self.store);
        &state.memories[self.index as usize]
    }

    pub(crate) fn in_state_mut(self, state: &mut StoreState) -> &mut LinearMemory {
        state.check(self.store);
        &mut state.memories[self.index as usize]
    }

    pub(crate) fn store_id(self) -> StoreId {
        self.store
    }
}
