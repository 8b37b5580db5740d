//! What the kernel needs of whatever compiles and runs cells.

use std::sync::Arc;

use serde_json::Value;

/// Compiles and runs cells, one after the other, on a thread of its own.
pub trait Engine {
    /// Runs `source` as the cell `cell`: what that cell defined before is replaced. What it prints goes to `print` as it comes.
    fn execute(&mut self, cell: &str, source: &str, print: Box<dyn FnMut(&str)>) -> Outcome;

    /// What may stand at the byte `offset` of `source`, which is at most its length and at the start of a character.
    fn complete(&mut self, source: &str, offset: usize) -> Completion;

    /// What is known about the name at the byte `offset` of `source`, if there is one.
    fn inspect(&mut self, source: &str, offset: usize) -> Option<Inspection>;

    /// Whether `source` is a whole cell.
    fn is_complete(&mut self, source: &str) -> Completeness;
}

/// Stops the cell that an engine runs, from another thread.
pub trait Interrupt: Send + Sync {
    /// Has the cell that runs, or the next one, fail as soon as possible.
    fn interrupt(&self);

    /// Forgets an interrupt that no cell has seen.
    fn clear(&self);
}

/// An engine that is ready, and what interrupts it.
pub struct Started {
    /// The engine; it stays on the thread on which it was made.
    pub engine: Box<dyn Engine>,
    /// What interrupts it.
    pub interrupt: Arc<dyn Interrupt>,
}

/// What came of running a cell.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The text of its value, if it has one.
    pub value: Option<String>,
    /// The type of that value.
    pub ty: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Warnings as text for the user, with source and carets.
    pub warnings: Vec<String>,
    /// The cells that use something which has been replaced since they were run.
    pub stale: Vec<String>,
    /// How long the steps took, as an object; null if that is not known.
    pub performance: Value,
}

/// Why a cell failed.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// `compile`, `trap`, `limit`, `cancelled` or `internal`.
    pub kind: String,
    /// What went wrong, one sentence.
    pub message: String,
    /// The whole text for the user: message, source, carets, suggestion, and the functions that were active.
    pub rendered: String,
}

/// What may stand somewhere.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The bytes of the source that an item replaces.
    pub start: usize,
    /// The end of these bytes.
    pub end: usize,
    /// What may stand there.
    pub items: Vec<Item>,
}

/// One thing that may stand somewhere.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What is inserted.
    pub label: String,
    /// `function`, `value`, `keyword` …
    pub kind: String,
    /// Its type or signature, or nothing.
    pub detail: String,
}

/// What is known about a name.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Text in Markdown.
    pub markdown: String,
}

/// Whether a text is a whole cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Completeness {
    /// It can be run.
    Complete,
    /// More has to follow.
    Incomplete {
        /// The white space with which the next line begins.
        indent: String,
    },
    /// Nothing that follows makes it right.
    Invalid,
}
