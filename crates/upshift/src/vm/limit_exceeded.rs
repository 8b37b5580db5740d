//! What is said when a limit of the host is reached.
//!
//! ```text
//! limiter of a store, budget ─ no ─▶ LimitExceeded ─▶ error of a call, or `ResourceLimiter::budget_exceeded`
//! ```

use std::fmt;

/// A growth that [`StoreLimits`](crate::StoreLimits) refused with an error, see
/// [`StoreLimitsBuilder::trap_on_grow_failure`](crate::StoreLimitsBuilder::trap_on_grow_failure).
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
    /// All memory together would have become too much; in bytes.
    Budget {
        /// What is allowed.
        limit: usize,
        /// What all would have taken.
        desired: usize,
        /// What the last of it was for.
        what: MemoryUse,
    },
}

/// What memory of a [`MemoryBudget`](crate::MemoryBudget) is for.
///
/// ```
/// assert_eq!(upshift::MemoryUse::GcHeap.to_string(), "a larger heap of objects");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MemoryUse {
    /// A memory.
    Memory,
    /// A table.
    Table,
    /// The heap of garbage-collected objects.
    GcHeap,
}

impl fmt::Display for MemoryUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MemoryUse::Memory => "a larger memory",
            MemoryUse::Table => "a larger table",
            MemoryUse::GcHeap => "a larger heap of objects",
        })
    }
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
            LimitExceeded::Budget { limit, desired, what } => {
                write!(
                    f,
                    "with {what} the program would take {desired} bytes, above the limit of {limit} bytes"
                )
            }
        }
    }
}

impl std::error::Error for LimitExceeded {}
