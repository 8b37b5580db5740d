//! What programs may take: sizes of memories and tables, and how many of them and of instances there may be.
//!
//! ```text
//! creation, memory.grow, table.grow, Memory::grow … ─▶ ResourceLimiter ─┬─▶ yes: it happens, if there is memory
//!                                                                       ├─▶ no: -1, or an error of the host's call
//!                                                                       └─▶ error: the program stops with it
//! ```

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

use anyhow::{Result, ensure};

use crate::store::{Inner, Store, StoreState};

/// Decides about growth of what a store's programs use; lives in the host's data, see [`Store::limiter`].
///
/// That growth may fail is part of the language (wasm spec, "Appendix / Implementation Limitations"). [`StoreLimits`] has
/// fixed limits; a host with other wishes, such as one budget for all stores, implements the trait.
///
/// ```
/// use upshift::{Engine, Memory, MemoryType, ResourceLimiter, Result, Store};
///
/// /// Bytes that all memories together may still take.
/// struct Budget(usize);
///
/// impl ResourceLimiter for Budget {
///     fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
///         let left = self.0.checked_sub(desired - current);
///         self.0 = left.unwrap_or(self.0);
///         Ok(left.is_some())
///     }
///
///     fn memory_grow_failed(&mut self, current: usize, desired: usize) -> Result<()> {
///         self.0 += desired - current;
///         Ok(())
///     }
///
///     fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
///         Ok(desired <= 1000)
///     }
/// }
///
/// let mut store = Store::new(&Engine::default(), Budget(3 << 16));
/// store.limiter(|budget| budget);
/// let memory = Memory::new(&mut store, MemoryType::new(2, None))?;
/// assert!(memory.grow(&mut store, 2).is_err());
/// assert_eq!(memory.grow(&mut store, 1)?, 2);
/// # Ok::<(), upshift::Error>(())
/// ```
pub trait ResourceLimiter {
    /// Whether a memory may grow from `current` to `desired` bytes. `maximum` is that of its type, which
    /// `desired` is not above. A new memory has 0 bytes and grows to its minimum.
    ///
    /// `Ok(false)` lets `memory.grow` answer -1, or the instantiation fail.
    ///
    /// # Errors
    /// Whatever the host wants: the program stops with this error.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool>;

    /// Whether a table may grow from `current` to `desired` elements; otherwise as
    /// [`memory_growing`](ResourceLimiter::memory_growing).
    ///
    /// # Errors
    /// Whatever the host wants: the program stops with this error.
    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool>;

    /// A memory did not grow from `current` to `desired` bytes although that was allowed: the system has not given it, or
    /// it is a shared one and another thread was quicker, in which case `memory_growing` is asked again. A limiter that
    /// counts what it allows takes it back here.
    ///
    /// # Errors
    /// Whatever the host wants: the program stops with this error.
    fn memory_grow_failed(&mut self, current: usize, desired: usize) -> Result<()> {
        let _ = (current, desired);
        Ok(())
    }

    /// A table did not grow from `current` to `desired` elements although that was allowed.
    ///
    /// # Errors
    /// Whatever the host wants: the program stops with this error.
    fn table_grow_failed(&mut self, current: usize, desired: usize) -> Result<()> {
        let _ = (current, desired);
        Ok(())
    }

    /// How many bytes the heap of garbage-collected objects may take instead of `current`: `desired`, or fewer, but not fewer
    /// than `least`; with any smaller number the program traps. What is asked for is twice of what objects take that are
    /// referred to, and the same again is used for a moment while they are collected. The least is an eighth more than that: a
    /// fuller heap would be collected again too soon. Nobody is asked when the heap shrinks.
    ///
    /// Unless implemented, the heap is taken for a memory.
    ///
    /// # Errors
    /// Whatever the host wants: the program stops with this error.
    fn gc_heap_growing(&mut self, current: usize, desired: usize, least: usize) -> Result<usize> {
        for bytes in [desired, least] {
            if bytes <= current || self.memory_growing(current, bytes, None)? {
                return Ok(bytes);
            }
        }
        Ok(current)
    }

    /// How many instances the store may have; 10 000 unless implemented.
    fn instances(&self) -> usize {
        10_000
    }

    /// How many tables the store may have; 10 000 unless implemented.
    fn tables(&self) -> usize {
        10_000
    }

    /// How many memories the store may have; 10 000 unless implemented.
    fn memories(&self) -> usize {
        10_000
    }
}

/// A growth that [`StoreLimits`] refused with an error, see [`StoreLimitsBuilder::trap_on_grow_failure`].
///
/// ```
/// use upshift::{Engine, LimitExceeded, Memory, MemoryType, Store, StoreLimitsBuilder};
///
/// let limits = StoreLimitsBuilder::new().memory_size(1 << 16).trap_on_grow_failure(true).build();
/// let mut store = Store::new(&Engine::default(), limits);
/// store.limiter(|limits| limits);
/// let error = Memory::new(&mut store, MemoryType::new(2, None)).unwrap_err();
/// let exceeded = LimitExceeded::Memory { limit: 1 << 16, desired: 2 << 16 };
/// assert_eq!(error.downcast_ref(), Some(&exceeded));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// A memory would have become too large; in bytes.
    Memory {
        /// What is allowed.
        limit: usize,
        /// What the program wanted.
        desired: usize,
    },
    /// The heap of garbage-collected objects would have become too large; in bytes.
    GcHeap {
        /// What is allowed.
        limit: usize,
        /// What the program wanted.
        desired: usize,
    },
    /// A table would have become too large; in elements.
    Table {
        /// What is allowed.
        limit: usize,
        /// What the program wanted.
        desired: usize,
    },
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitExceeded::Memory { limit, desired } => {
                write!(f, "a memory of {desired} bytes is above the limit of {limit} bytes")
            }
            LimitExceeded::GcHeap { limit, desired } => {
                write!(f, "a garbage-collected heap of {desired} bytes is above the limit of {limit} bytes")
            }
            LimitExceeded::Table { limit, desired } => {
                write!(f, "a table of {desired} elements is above the limit of {limit} elements")
            }
        }
    }
}

impl std::error::Error for LimitExceeded {}

/// A [`ResourceLimiter`] with fixed limits, made by [`StoreLimitsBuilder`]. Sizes are limits of each memory and table,
/// not of all of them together.
///
/// ```
/// use upshift::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
///
/// let mut limits = StoreLimitsBuilder::new().table_elements(10).build();
/// assert!(!limits.table_growing(10, 11, None)?);
/// assert!(StoreLimits::default().table_growing(10, 11, None)?);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    gc_heap_size: Option<usize>,
    table_elements: Option<usize>,
    instances: usize,
    tables: usize,
    memories: usize,
    trap_on_grow_failure: bool,
}

impl Default for StoreLimits {
    fn default() -> StoreLimits {
        StoreLimits {
            memory_size: None,
            gc_heap_size: None,
            table_elements: None,
            instances: 10_000,
            tables: 10_000,
            memories: 10_000,
            trap_on_grow_failure: false,
        }
    }
}

/// Puts [`StoreLimits`] together.
///
/// ```
/// use upshift::{Engine, Memory, MemoryType, Store, StoreLimitsBuilder};
///
/// let limits = StoreLimitsBuilder::new().memory_size(2 << 16).build();
/// let mut store = Store::new(&Engine::default(), limits);
/// store.limiter(|limits| limits);
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// assert!(memory.grow(&mut store, 1).is_ok());
/// assert!(memory.grow(&mut store, 1).is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder {
    limits: StoreLimits,
}

impl StoreLimitsBuilder {
    /// No limits on sizes, and 10 000 of each kind of thing.
    #[must_use]
    pub fn new() -> StoreLimitsBuilder {
        StoreLimitsBuilder::default()
    }

    /// The most bytes that one memory may have.
    #[must_use]
    pub fn memory_size(mut self, bytes: usize) -> StoreLimitsBuilder {
        self.limits.memory_size = Some(bytes);
        self
    }

    /// The most bytes that garbage-collected objects may take. Unless set, as many as one memory may have.
    #[must_use]
    pub fn gc_heap_size(mut self, bytes: usize) -> StoreLimitsBuilder {
        self.limits.gc_heap_size = Some(bytes);
        self
    }

    /// The most elements that one table may have.
    #[must_use]
    pub fn table_elements(mut self, elements: usize) -> StoreLimitsBuilder {
        self.limits.table_elements = Some(elements);
        self
    }

    /// How many instances there may be.
    #[must_use]
    pub fn instances(mut self, count: usize) -> StoreLimitsBuilder {
        self.limits.instances = count;
        self
    }

    /// How many tables there may be.
    #[must_use]
    pub fn tables(mut self, count: usize) -> StoreLimitsBuilder {
        self.limits.tables = count;
        self
    }

    /// How many memories there may be.
    #[must_use]
    pub fn memories(mut self, count: usize) -> StoreLimitsBuilder {
        self.limits.memories = count;
        self
    }

    /// Whether growth above a limit stops the program with a [`LimitExceeded`], instead of answering -1.
    #[must_use]
    pub fn trap_on_grow_failure(mut self, trap: bool) -> StoreLimitsBuilder {
        self.limits.trap_on_grow_failure = trap;
        self
    }

    /// The limits.
    #[must_use]
    pub fn build(self) -> StoreLimits {
        self.limits
    }
}

impl StoreLimits {
    fn answer(&self, refused: Option<LimitExceeded>) -> Result<bool> {
        match refused {
            Some(exceeded) if self.trap_on_grow_failure => Err(exceeded.into()),
            refused => Ok(refused.is_none()),
        }
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let limit = self.memory_size.filter(|&limit| desired > limit);
        self.answer(limit.map(|limit| LimitExceeded::Memory { limit, desired }))
    }

    fn gc_heap_growing(&mut self, _current: usize, desired: usize, least: usize) -> Result<usize> {
        let limit = self.gc_heap_size.or(self.memory_size).unwrap_or(usize::MAX);
        if limit < least {
            self.answer(Some(LimitExceeded::GcHeap { limit, desired: least }))?;
        }
        Ok(desired.min(limit))
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let limit = self.table_elements.filter(|&limit| desired > limit);
        self.answer(limit.map(|limit| LimitExceeded::Table { limit, desired }))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

/// Finds the limiter in the host's data, whose type is taken away.
pub(crate) type FindLimiter =
    Box<dyn FnMut(NonNull<StoreState>) -> NonNull<dyn ResourceLimiter> + Send + Sync>;

impl<T: 'static> Store<T> {
    /// Asks a part of the host's data whenever a memory, table or instance is created or grows, from now on.
    ///
    /// ```
    /// use upshift::{Engine, Instance, Module, Store, StoreLimits, StoreLimitsBuilder};
    ///
    /// struct Host {
    ///     limits: StoreLimits,
    /// }
    ///
    /// let engine = Engine::default();
    /// let limits = StoreLimitsBuilder::new().memory_size(1 << 20).instances(1).build();
    /// let mut store = Store::new(&engine, Host { limits });
    /// store.limiter(|host| &mut host.limits);
    /// let module = Module::new(&engine, "(module (memory 17))")?;
    /// assert!(Instance::new(&mut store, &module, &[]).is_err());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn limiter(
        &mut self,
        mut limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        let find: FindLimiter = Box::new(move |state| {
            let inner: NonNull<Inner<T>> = state.cast();
            // SAFETY: the function is called with the root address of this store while nobody uses the host's data.
            NonNull::from(limiter(unsafe { &mut (*inner.as_ptr()).data }))
        });
        // SAFETY: no call runs while the store is borrowed.
        unsafe { (*self.inner.as_ptr()).state.limiter = Some(find) };
    }
}

impl StoreState {
    /// What the limiter answers; `otherwise` if there is none.
    fn ask<R>(&mut self, otherwise: R, question: impl FnOnce(&mut dyn ResourceLimiter) -> R) -> R {
        let Some(mut find) = self.limiter.take() else { return otherwise };
        // A limiter that panics has to stay.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let mut limiter = find(self.root());
            // SAFETY: the limiter lies in the host's data, apart from the store's own, and nobody uses it while a memory,
            // table or instance is made or grows.
            question(unsafe { limiter.as_mut() })
        }));
        self.limiter = Some(find);
        answer.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Whether a memory may grow, in bytes.
    pub(crate) fn memory_may_grow(
        &mut self,
        current: u64,
        desired: u64,
        maximum: Option<u64>,
    ) -> Result<bool> {
        let [current, desired] = [current, desired].map(saturate);
        self.ask(Ok(true), |limiter| limiter.memory_growing(current, desired, maximum.map(saturate)))
    }

    /// Whether a table may grow, in elements.
    pub(crate) fn table_may_grow(
        &mut self,
        current: u64,
        desired: u64,
        maximum: Option<u64>,
    ) -> Result<bool> {
        let [current, desired] = [current, desired].map(saturate);
        self.ask(Ok(true), |limiter| limiter.table_growing(current, desired, maximum.map(saturate)))
    }

    /// How many bytes the heap may take, see [`ResourceLimiter::gc_heap_growing`].
    pub(crate) fn gc_heap_may_take(&mut self, current: usize, desired: usize, least: usize) -> Result<usize> {
        self.ask(Ok(desired), |limiter| limiter.gc_heap_growing(current, desired, least))
    }

    /// Tells that a memory did not grow after all.
    pub(crate) fn memory_grow_failed(&mut self, current: u64, desired: u64) -> Result<()> {
        let [current, desired] = [current, desired].map(saturate);
        self.ask(Ok(()), |limiter| limiter.memory_grow_failed(current, desired))
    }

    /// Tells that a table did not grow after all.
    pub(crate) fn table_grow_failed(&mut self, current: u64, desired: u64) -> Result<()> {
        let [current, desired] = [current, desired].map(saturate);
        self.ask(Ok(()), |limiter| limiter.table_grow_failed(current, desired))
    }

    /// Makes sure that there may be another instance.
    pub(crate) fn instance_may_come(&mut self) -> Result<()> {
        let limit = self.ask(usize::MAX, |limiter| limiter.instances());
        ensure!(self.instances.len() < limit, "the store may have {limit} instances, which it has");
        Ok(())
    }

    /// Makes sure that there may be another memory.
    pub(crate) fn memory_may_come(&mut self) -> Result<()> {
        let limit = self.ask(usize::MAX, |limiter| limiter.memories());
        ensure!(self.memories.len() < limit, "the store may have {limit} memories, which it has");
        Ok(())
    }

    /// Makes sure that there may be another table.
    pub(crate) fn table_may_come(&mut self) -> Result<()> {
        let limit = self.ask(usize::MAX, |limiter| limiter.tables());
        ensure!(self.tables.len() < limit, "the store may have {limit} tables, which it has");
        Ok(())
    }
}

/// The limiter's numbers are those of the host.
fn saturate(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
