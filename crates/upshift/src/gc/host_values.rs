//! When values of the host are collected, and how those that nobody refers to are dropped.
//!
//! ```text
//! ExternRef::new ─ many? ─▶ collect ─▶ garbage of HostValues ─▶ destructors
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use anyhow::Result;

use crate::store::StoreState;
use crate::vm::host_values::HostValue;

impl StoreState {
    /// Puts a value into the store and returns the reference to it. Others that nothing refers to any more are dropped if there
    /// are many.
    ///
    /// # Errors
    /// When there are too many, or as [`collect_now`](StoreState::collect_now).
    pub(crate) fn new_host_value(&mut self, value: HostValue) -> Result<u32> {
        if self.engine.config().gc_stress || self.gc.host_values.len() >= self.gc.host_values.due {
            self.collect_now()?;
        }
        self.gc.host_values.insert(value)
    }

    /// Drops the values that a collection has found no references to.
    ///
    /// # Panics
    /// With the first panic of their destructors, when all have run.
    pub(super) fn drop_garbage(&mut self) {
        let mut panic = None;
        for value in std::mem::take(&mut self.gc.host_values.garbage) {
            match catch_unwind(AssertUnwindSafe(|| drop(value))) {
                Ok(()) => {}
                Err(first) if panic.is_none() => panic = Some(first),
                // What a panic carries has a destructor too.
                Err(another) => std::mem::forget(another),
            }
        }
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// How many words a collection looks at, about: roots on the value stack and in tables, and objects.
    pub(super) fn collection_work(&self) -> usize {
        let frames = self.stack.as_ref().map_or(0, |stack| {
            self.ctx().stack_top.addr().saturating_sub(stack.base().addr()) / size_of::<u64>()
        });
        let tables = self.tables.iter().filter(|table| table.ty().element.is_traced());
        let elements: usize = tables.map(|table| table.elements().len()).sum();
        self.gc_used() / size_of::<u64>() + frames + elements
    }
}
