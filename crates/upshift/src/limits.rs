//! What programs may take: sizes of memories and tables, and how many of them and of instances there may be.
//!
//! ```text
//! creation, memory.grow, table.grow, Memory::grow … ─▶ ResourceLimiter ─┬─▶ yes: it happens, if budget and system have it
//!                                                                       ├─▶ no: -1, or an error of the host's call
//!                                                                       └─▶ error: the program stops with it
//! ```

use anyhow::Result;

use crate::vm::budget::MemoryBudget;
use crate::vm::limit_exceeded::LimitExceeded;

/// No table gets larger than this where nobody says how large one may be.
pub(crate) const DEFAULT_TABLE_ELEMENTS: usize = 10_000_000;

/// Decides about growth of what a store's programs use; lives in the host's data, see [`Store::limiter`](crate::Store::limiter).
///
/// That growth may fail is part of the language (wasm spec, "Appendix / Implementation Limitations"). [`StoreLimits`] has
/// fixed limits and a budget; a host with other wishes implements the trait. It is asked in the midst of an instruction and
/// has nothing of the store but the host's data, so it cannot make handles.
///
/// ```
/// use upshift::{Engine, Memory, MemoryType, ResourceLimiter, Result, Store};
///
/// /// Bytes by which memories may still grow, whatever becomes of them.
/// struct Allowance(usize);
///
/// impl ResourceLimiter for Allowance {
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
/// let mut store = Store::new(&Engine::default(), Allowance(3 << 16));
/// store.limiter(|allowance| allowance);
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

    /// How many bytes garbage-collected objects may take instead of `current`: `desired`, or fewer, but not fewer
    /// than `least`; with any smaller number the program traps. What is asked for is twice of what objects take that are
    /// referred to. The least is an eighth more than that: a fuller heap would be collected again too soon. The heap takes
    /// twice of what is answered: as much again is needed to copy the objects. Nobody is asked when the heap shrinks.
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

    /// The budget for what the store's programs take, asked when a memory, a table or the heap of objects is made; none unless
    /// implemented. It counts after this limiter has said yes: with all that it allows, no more is taken than the budget has.
    fn memory_budget(&self) -> Option<MemoryBudget> {
        None
    }

    /// Something was allowed that is more than the [budget](ResourceLimiter::memory_budget) has left, so it fails: growth with
    /// -1, what makes an object with a trap. If it was growth, `memory_grow_failed` or `table_grow_failed` was called before.
    ///
    /// # Errors
    /// Whatever the host wants: the program stops with this error.
    fn budget_exceeded(&mut self, exceeded: LimitExceeded) -> Result<()> {
        let _ = exceeded;
        Ok(())
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

/// A [`ResourceLimiter`] with fixed limits, made by [`StoreLimitsBuilder`]. Sizes are limits of each memory and table; all
/// of them together are limited by a [`MemoryBudget`](crate::MemoryBudget).
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
    budget: Option<MemoryBudget>,
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
            budget: None,
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

    /// The most bytes that garbage-collected objects may take, those that nobody refers to any more among them. Unless set, as
    /// many as one memory may have. While they are collected the heap takes twice as much.
    #[must_use]
    pub fn gc_heap_size(mut self, bytes: usize) -> StoreLimitsBuilder {
        self.limits.gc_heap_size = Some(bytes);
        self
    }

    /// The most elements that one table may have; 10 million unless set, as in a store without a limiter.
    #[must_use]
    pub fn table_elements(mut self, elements: usize) -> StoreLimitsBuilder {
        self.limits.table_elements = Some(elements);
        self
    }

    /// The most bytes that all memories, tables and objects of the store may take together: a budget for this store alone, and
    /// for those that get clones of these limits.
    ///
    /// ```
    /// use upshift::{Engine, Instance, Module, Store, StoreLimitsBuilder};
    ///
    /// let engine = Engine::default();
    /// let mut store = Store::new(&engine, StoreLimitsBuilder::new().total_memory(3 << 16).build());
    /// store.limiter(|limits| limits);
    /// let module = Module::new(&engine, "(module (memory 2) (memory 2))")?;
    /// assert!(Instance::new(&mut store, &module, &[]).is_err());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn total_memory(self, bytes: usize) -> StoreLimitsBuilder {
        self.memory_budget(&MemoryBudget::new(bytes))
    }

    /// The budget that all memories, tables and objects of the store take from, which other stores may take from too: see
    /// [`MemoryBudget`](crate::MemoryBudget) for what counts.
    #[must_use]
    pub fn memory_budget(mut self, budget: &MemoryBudget) -> StoreLimitsBuilder {
        self.limits.budget = Some(budget.clone());
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
        let limit = self.table_elements.unwrap_or(DEFAULT_TABLE_ELEMENTS);
        self.answer((desired > limit).then_some(LimitExceeded::Table { limit, desired }))
    }

    fn memory_budget(&self) -> Option<MemoryBudget> {
        self.budget.clone()
    }

    fn budget_exceeded(&mut self, exceeded: LimitExceeded) -> Result<()> {
        self.answer(Some(exceeded)).map(drop)
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
