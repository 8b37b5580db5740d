//! What is known of functions as callees: looked at once for all that call them.
//!
//! ```text
//! inliner ─ get ─▶ Callees ─┬▶ known: SSA to copy, or why there is none
//!                           └▶ not yet: the inliner looks at the callee ─ put ─▶ Callees
//! ```
//!
//! What is known depends on the callee alone, not on who calls it. So code is the same whether something was there already, and
//! several threads may look at a callee at once.
//!
//! Nobody waits here, and nobody relies on what is here: whoever finds another thread inside looks at the callee itself. A process may
//! have been forked while one was inside that the child does not have.

use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;
use upshift_core::index::FuncIndex;

use super::{Known, Reason};

/// How many values there are at most in all SSA that is kept, about two megabytes.
const MOST_VALUES: usize = 1 << 15;

/// What is known of the functions of a module as callees, for code that is made with the same options.
#[derive(Debug, Default)]
pub struct Callees(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    /// By function and level of nesting.
    known: FxHashMap<(FuncIndex, u32), Result<Arc<Known>, Reason>>,
    values: usize,
}

impl Callees {
    /// What is known of a function at a level of nesting, if anything is.
    pub(super) fn get(&self, func: FuncIndex, level: u32) -> Option<Result<Arc<Known>, Reason>> {
        self.0.try_lock().ok()?.known.get(&(func, level)).cloned()
    }

    /// Keeps what is known of a function at a level of nesting.
    pub(super) fn put(&self, func: FuncIndex, level: u32, known: Result<Arc<Known>, Reason>) {
        let Ok(mut table) = self.0.try_lock() else { return };
        let values = known.as_ref().map_or(0, |known| known.values());
        table.values += values;
        if table.values > MOST_VALUES {
            (table.known, table.values) = (FxHashMap::default(), values);
        }
        table.known.insert((func, level), known);
    }
}
