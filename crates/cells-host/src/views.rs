//! What a host tells of its session, in the form that all front ends show.

use serde::Serialize;

use crate::outcome::Diagnostic;

/// What is wrong with a source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checked {
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The type of the value that it would have.
    #[serde(rename = "type")]
    pub ty: Option<String>,
}

/// A name that a cell has defined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Name {
    /// The name.
    pub name: String,
    /// `value`, `variable` (it may be assigned again), `function` or `struct`.
    pub kind: &'static str,
    /// Its type; for a struct its fields.
    #[serde(rename = "type")]
    pub ty: String,
    /// The cell that has defined it.
    pub cell: String,
    /// Whether that cell is stale.
    pub stale: bool,
}

/// What may stand at a place in a source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Completions {
    /// The first byte of what an item replaces.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
    /// What may stand there, the best first.
    pub items: Vec<Completion>,
}

/// One thing that may stand there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Completion {
    /// The text.
    pub label: String,
    /// `value`, `variable`, `function`, `struct`, `method`, `field`, `constant`, `keyword` or `type`.
    pub kind: &'static str,
    /// Its type or signature.
    pub detail: String,
    /// What it does.
    pub doc: String,
}

/// What stands at a place in a source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Inspection {
    /// What it is, as Markdown.
    pub text: String,
    /// Its first byte.
    pub start: u32,
    /// The byte behind its last one.
    pub end: u32,
}
