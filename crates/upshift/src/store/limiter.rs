//! How a store asks its limiter whether something may be made or grow.
//!
//! ```text
//! memory, table, heap, instance ─▶ StoreState::…_may_grow ─ find ─▶ the limiter in the host's data ─▶ its answer
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

use anyhow::{Result, ensure};

use super::state::FindLimiter;
use super::{Inner, Store, StoreState};
use crate::limits::{DEFAULT_TABLE_ELEMENTS, ResourceLimiter};
use crate::vm::budget::MemoryShare;
use crate::vm::limit_exceeded::LimitExceeded;

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
        let otherwise = Ok(desired <= DEFAULT_TABLE_ELEMENTS);
        self.ask(otherwise, |limiter| limiter.table_growing(current, desired, maximum.map(saturate)))
    }

    /// A share of nothing yet, for something new.
    pub(crate) fn memory_share(&mut self) -> MemoryShare {
        MemoryShare::of(self.ask(None, |limiter| limiter.memory_budget()))
    }

    /// Tells that something is more than the budget has left.
    pub(crate) fn budget_exceeded(&mut self, exceeded: LimitExceeded) -> Result<()> {
        self.ask(Ok(()), |limiter| limiter.budget_exceeded(exceeded))
    }

    /// Tells the limiter why something was not made or did not grow, if it was for want of budget.
    pub(crate) fn explain_failure(&mut self, error: &anyhow::Error) -> Result<()> {
        error.downcast_ref().map_or(Ok(()), |&exceeded| self.budget_exceeded(exceeded))
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
    pub(crate) fn check_instance_count(&mut self) -> Result<()> {
        let limit = self.ask(usize::MAX, |limiter| limiter.instances());
        ensure!(self.instances.len() < limit, "the store may have {limit} instances, which it has");
        Ok(())
    }

    /// Makes sure that there may be another memory.
    pub(crate) fn check_memory_count(&mut self) -> Result<()> {
        let limit = self.ask(usize::MAX, |limiter| limiter.memories());
        ensure!(self.memories.len() < limit, "the store may have {limit} memories, which it has");
        Ok(())
    }

    /// Makes sure that there may be another table.
    pub(crate) fn check_table_count(&mut self) -> Result<()> {
        let limit = self.ask(usize::MAX, |limiter| limiter.tables());
        ensure!(self.tables.len() < limit, "the store may have {limit} tables, which it has");
        Ok(())
    }
}

/// The limiter's numbers are those of the host.
fn saturate(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
