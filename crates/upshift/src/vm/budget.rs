//! One limit for all memory of a program, in however many memories, tables, heaps, stores and threads it is.
//!
//! ```text
//! MemoryBudget ─ reserve, resize ─▶ MemoryShare ─ held by ─▶ memory, table, heap of objects, host
//!      ▲                                                        │ dropped with it
//!      └────────────────────────── given back ◀─────────────────┘
//! ```
//!
//! What is used is the sum of the shares there are, and never above the limit. A share belongs to the thing that takes the
//! memory, so it comes back with it on every way, errors included.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::vm::limit_exceeded::{LimitExceeded, MemoryUse};

/// A number of bytes that several stores, on any threads, may take in all. Clones are the same budget.
///
/// A store takes from it what its programs use, if its limiter has one: see
/// [`StoreLimitsBuilder::memory_budget`](crate::StoreLimitsBuilder::memory_budget) and
/// [`ResourceLimiter::memory_budget`](crate::ResourceLimiter::memory_budget). What is given back when a store is dropped,
/// or a heap shrinks, others may take. These count:
///
/// - memories, with their bytes; a shared one once, with the budget of the store that it was made in, as long as anybody
///   holds it;
/// - tables, with the bytes that their elements have room in, 8 for each element and at most 16;
/// - the heap of garbage-collected objects, with what both of its halves take, as one is copied to the other;
/// - what the host [reserves](MemoryBudget::reserve).
///
/// These do not: the stack of a store, which [`Config::max_wasm_stack`](crate::Config::max_wasm_stack) limits; modules, their
/// translated code and what an instance keeps for each function and global, which are in proportion to the modules' bytes;
/// handles and values of the host. A host that lets guests start stores, as threads do, reserves as much as each may take.
///
/// ```
/// use upshift::{Engine, Memory, MemoryBudget, MemoryType, Store, StoreLimitsBuilder};
///
/// let (engine, budget) = (Engine::default(), MemoryBudget::new(3 << 16));
/// let store = || {
///     let limits = StoreLimitsBuilder::new().memory_budget(&budget).build();
///     let mut store = Store::new(&engine, limits);
///     store.limiter(|limits| limits);
///     store
/// };
/// let (mut first, mut second) = (store(), store());
/// let memory = Memory::new(&mut first, MemoryType::new(1, None))?;
/// Memory::new(&mut second, MemoryType::new(1, None))?;
/// assert!(memory.grow(&mut first, 2).is_err());
/// memory.grow(&mut first, 1)?;
/// assert_eq!(budget.used(), budget.limit());
/// drop(second);
/// assert_eq!(budget.used(), 2 << 16);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryBudget {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limit: usize,
    used: AtomicUsize,
    peak: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(limit: usize) -> MemoryBudget {
        let inner = Inner { limit, used: AtomicUsize::new(0), peak: AtomicUsize::new(0) };
        MemoryBudget { inner: Arc::new(inner) }
    }

    /// How many bytes there may be.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.inner.limit
    }

    /// How many bytes are taken now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.inner.used.load(Ordering::Relaxed)
    }

    /// How many bytes were taken at most.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.inner.peak.load(Ordering::Relaxed)
    }

    /// Takes bytes for something of the host's, until the share is dropped; none if there are not as many left.
    ///
    /// ```
    /// use upshift::MemoryBudget;
    ///
    /// let budget = MemoryBudget::new(1000);
    /// let share = budget.reserve(600).unwrap();
    /// assert!(budget.reserve(600).is_none());
    /// drop(share);
    /// assert!(budget.reserve(600).is_some());
    /// assert_eq!((budget.used(), budget.peak()), (0, 600));
    /// ```
    #[must_use = "what is reserved comes back when the share is dropped"]
    pub fn reserve(&self, bytes: usize) -> Option<MemoryShare> {
        self.take(bytes).ok()?;
        Some(MemoryShare { budget: Some(self.clone()), bytes })
    }

    /// Takes bytes; the error is how many would be taken then.
    fn take(&self, bytes: usize) -> Result<(), usize> {
        // Nothing else is published by these numbers, so their own order is enough.
        let more = |used: usize| used.checked_add(bytes).filter(|&sum| sum <= self.inner.limit);
        match self.inner.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(before) => {
                self.inner.peak.fetch_max(before + bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(used) => Err(used.saturating_add(bytes)),
        }
    }

    fn give_back(&self, bytes: usize) {
        let before = self.inner.used.fetch_sub(bytes, Ordering::Relaxed);
        debug_assert!(before >= bytes, "a share gives back what it has taken");
    }
}

/// Bytes taken from a [`MemoryBudget`], which has them again when this is dropped; made by [`MemoryBudget::reserve`].
#[derive(Debug, Default)]
pub struct MemoryShare {
    /// None if nobody counts.
    budget: Option<MemoryBudget>,
    bytes: usize,
}

impl MemoryShare {
    /// A share of nothing yet.
    pub(crate) fn of(budget: Option<MemoryBudget>) -> MemoryShare {
        MemoryShare { budget, bytes: 0 }
    }

    /// How many bytes it is.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The most bytes that the share could have now, if nobody else took any.
    pub(crate) fn most(&self) -> usize {
        self.budget.as_ref().map_or(usize::MAX, |budget| {
            self.bytes.saturating_add(budget.limit().saturating_sub(budget.used()))
        })
    }

    /// Makes it so many bytes, more or fewer.
    ///
    /// # Errors
    /// When the budget does not have as many more; then the share is what it was.
    pub(crate) fn resize(&mut self, bytes: usize, what: MemoryUse) -> Result<(), LimitExceeded> {
        if let Some(budget) = &self.budget {
            match bytes.checked_sub(self.bytes) {
                Some(more) => budget.take(more).map_err(|desired| LimitExceeded::Budget {
                    limit: budget.limit(),
                    desired,
                    what,
                })?,
                None => budget.give_back(self.bytes - bytes),
            }
        }
        self.bytes = bytes;
        Ok(())
    }

    /// What would be taken of the budget with so many bytes more.
    pub(crate) fn exceeded(&self, more: usize, what: MemoryUse) -> LimitExceeded {
        let (limit, used) =
            self.budget.as_ref().map_or((usize::MAX, 0), |budget| (budget.limit(), budget.used()));
        LimitExceeded::Budget { limit, desired: used.saturating_add(more), what }
    }

    /// Makes it at most so many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        if let Some(surplus) = self.bytes.checked_sub(bytes) {
            if let Some(budget) = &self.budget {
                budget.give_back(surplus);
            }
            self.bytes = bytes;
        }
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryBudget, MemoryShare};
    use crate::vm::limit_exceeded::{LimitExceeded, MemoryUse};

    #[test]
    fn shares_grow_and_shrink_within_the_limit() {
        let budget = MemoryBudget::new(100);
        let mut share = MemoryShare::of(Some(budget.clone()));
        share.resize(60, MemoryUse::Table).unwrap();
        let other = budget.reserve(40).unwrap();
        assert_eq!((budget.used(), share.most()), (100, 60));
        let exceeded = LimitExceeded::Budget { limit: 100, desired: 101, what: MemoryUse::Table };
        assert_eq!(share.resize(61, MemoryUse::Table), Err(exceeded));
        assert_eq!(share.bytes(), 60);
        share.resize(10, MemoryUse::Table).unwrap();
        assert_eq!((budget.used(), share.most()), (50, 60));
        drop(other);
        assert!(share.resize(usize::MAX, MemoryUse::Table).is_err());
        share.shrink(1000);
        assert_eq!(budget.used(), 10);
        drop(share);
        assert_eq!((budget.used(), budget.peak()), (0, 100));
        let mut unlimited = MemoryShare::of(None);
        unlimited.resize(usize::MAX, MemoryUse::Memory).unwrap();
        assert_eq!(unlimited.most(), usize::MAX);
    }

    #[test]
    fn threads_never_take_more_than_there_is() {
        let budget = MemoryBudget::new(1000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let shares: Vec<_> = (0..5).map_while(|_| budget.reserve(90)).collect();
                        assert!(budget.used() <= 1000 && shares.len() <= 5);
                    }
                });
            }
        });
        assert_eq!(budget.used(), 0);
        assert!(budget.peak() <= 1000);
    }
}
