//! The code of a module's functions, made at their first calls and kept for all instances.
//!
//! ```text
//! number of a function ─▶ chunk, made with its first code ─▶ slot ─▶ code
//! ```
//!
//! Most functions of a large module are never called, and those that are lie together: a function costs half a byte until one
//! of its neighbours is called.

use std::array;
use std::sync::OnceLock;

/// How many functions have their slots together.
const CHUNK: usize = 32;

type Chunk<C> = [OnceLock<Box<C>>; CHUNK];

/// A slot for the code of each function.
pub(crate) struct CodeTable<C> {
    chunks: Box<[OnceLock<Box<Chunk<C>>>]>,
}

impl<C> CodeTable<C> {
    /// For so many functions, none of which has code.
    pub(crate) fn new(funcs: usize) -> CodeTable<C> {
        CodeTable { chunks: (0..funcs.div_ceil(CHUNK)).map(|_| OnceLock::new()).collect() }
    }

    /// The code of a function, if it has been made.
    pub(crate) fn get(&self, func: usize) -> Option<&C> {
        Some(self.chunks[func / CHUNK].get()?[func % CHUNK].get()?)
    }

    /// The code of a function, which is made if there is none. If several threads do that at once, the first one's counts.
    pub(crate) fn get_or_init(&self, func: usize, make: impl FnOnce() -> Box<C>) -> &C {
        let chunk = self.chunks[func / CHUNK].get_or_init(|| Box::new(array::from_fn(|_| OnceLock::new())));
        chunk[func % CHUNK].get_or_init(make)
    }
}
