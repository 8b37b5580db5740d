//! Exception handlers, which lie beside the code of a function: they cost nothing until something is thrown.
//!
//! ```text
//! position of the instruction that threw ─ regions ─▶ handler ─ clauses ─▶ label, slots for the values
//!                                                        ▲   └ none fits ─▶ outer handler, or the caller
//!                                                        └──────────────────────┘
//! ```
//!
//! Positions are words of the function's code, preamble included; the text form counts from the first instruction.

use serde::{Deserialize, Serialize};
use upshift_core::index::TagIndex;

/// The handlers of a function.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Handlers {
    /// Where the handler changes, in ascending order: from the word on, exceptions go to that handler, if there is one.
    pub regions: Box<[Region]>,
    /// The handlers; an outer one comes before those inside of it.
    pub handlers: Box<[Handler]>,
}

/// How many handlers and clauses there are in a handler that the program has so many clauses for, and in those around it, of which
/// there are so many.
#[must_use]
pub const fn steps(clauses: u32, outer: u32) -> u32 {
    1 + clauses + outer
}

/// The start of a part of the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Region {
    /// Its first word.
    pub start: u32,
    /// The number of the handler for its exceptions.
    pub handler: Option<u32>,
}

/// What catches the exceptions of a region.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Handler {
    /// The clauses, which are tried in order.
    pub clauses: Box<[Clause]>,
    /// The number of the handler to try when none of them fits.
    pub outer: Option<u32>,
    /// What a search pays for that begins here, whatever it finds and however many clauses this code needs: the handlers and clauses
    /// that the program has from here outwards, see [`steps`].
    pub steps: u32,
}

/// A clause of a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Clause {
    /// Exceptions of which tag it catches; all if there is none.
    pub tag: Option<TagIndex>,
    /// The first slot for the exception's values if there is a tag, else 0; slots are counted from `fp`.
    pub payload: i32,
    /// The slot for a reference to the exception, if the clause wants one.
    pub reference: Option<i32>,
    /// The word where control goes on.
    pub target: u32,
}

impl Handlers {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handlers.is_empty()
    }

    /// The clause for an exception that comes out of the instruction that `word` belongs to, and how many handlers and clauses the
    /// search pays for. `is_tag` tells whether a tag of the module is that of the exception.
    ///
    /// ```
    /// use upshift_core::index::TagIndex;
    /// use upshift_ir::handlers::{Clause, Handler, Handlers, Region, steps};
    ///
    /// let clause = Clause { tag: Some(TagIndex(7)), payload: 3, reference: None, target: 12 };
    /// let handlers = Handlers {
    ///     regions: [Region { start: 1, handler: Some(0) }, Region { start: 9, handler: None }].into(),
    ///     handlers: [Handler { clauses: [clause].into(), outer: None, steps: steps(1, 0) }].into(),
    /// };
    /// assert_eq!(handlers.find(8, |tag| tag == TagIndex(7)), (Some(&clause), 2));
    /// assert_eq!(handlers.find(8, |_| false), (None, 2));
    /// assert_eq!(handlers.find(9, |_| true), (None, 0));
    /// ```
    #[must_use]
    pub fn find(&self, word: usize, is_tag: impl Fn(TagIndex) -> bool) -> (Option<&Clause>, u32) {
        let behind = self.regions.partition_point(|region| region.start as usize <= word);
        let handler = |number: u32| &self.handlers[number as usize];
        let region = behind.checked_sub(1).map(|last| self.regions[last]);
        let first = region.and_then(|region| region.handler).map(handler);
        let mut outwards = std::iter::successors(first, |inner| inner.outer.map(handler));
        let found =
            outwards.find_map(|handler| handler.clauses.iter().find(|clause| clause.tag.is_none_or(&is_tag)));
        (found, first.map_or(0, |handler| handler.steps))
    }
}
