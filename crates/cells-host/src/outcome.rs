//! What running a cell has given, in the form that all front ends show: as JSON it is the same everywhere.
//!
//! Lines and columns are from 1, columns count characters; `start` and `end` are bytes of the source.

use serde::Serialize;

/// What running a cell has given.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// The text of the cell's value, if it has one and has not failed.
    pub value: Option<String>,
    /// The type of that value.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// What it printed, also before it failed.
    pub output: String,
    /// Why it failed, if it did.
    pub error: Option<Failure>,
    /// What is worth a warning.
    pub warnings: Vec<Diagnostic>,
    /// What it has defined.
    pub defined: Vec<Defined>,
    /// The cells that use something which has been replaced since they were run, all of them.
    pub stale: Vec<String>,
    /// How long it took.
    pub performance: Performance,
}

impl Outcome {
    /// The result as JSON, on one line.
    ///
    /// # Panics
    ///
    /// Never: the fields are of types that JSON has.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("all fields have a form in JSON")
    }
}

/// What kind of failure it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// The source is wrong; nothing was run.
    Compile,
    /// The cell failed while it ran.
    Trap,
    /// It wanted more fuel, memory, time, stack or output than it may have.
    Limit,
    /// It was cancelled.
    Cancelled,
    /// The compiler or the runtime is wrong.
    Internal,
}

/// Why a cell failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// The line, in the cell that is run, or for a failure in another cell's function in that one; 0 if it is not known.
    pub line: u32,
    /// The column there; 0 if it is not known.
    pub column: u32,
    /// The message with the lines that it is about and carets below them.
    pub rendered: String,
    /// For [`FailureKind::Compile`]: all that is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// The functions that were active, innermost first.
    pub traceback: Vec<Frame>,
}

/// A function that was active when a cell failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Frame {
    /// The cell whose function it is.
    pub cell: String,
    /// Its name; `None` for the cell itself and for closures without a name.
    pub function: Option<String>,
    /// The line where it was; 0 if it is not known.
    pub line: u32,
    /// The column; 0 if it is not known.
    pub column: u32,
}

/// One thing that is wrong with a cell, or worth a warning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What stands beside the carets.
    pub label: Option<String>,
    /// What to do.
    pub suggestion: Option<String>,
    /// Where it begins.
    pub line: u32,
    /// Where it begins.
    pub column: u32,
    /// Where it ends.
    pub end_line: u32,
    /// Where it ends.
    pub end_column: u32,
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

/// Something that a cell has defined.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Defined {
    /// Its name.
    pub name: String,
    /// Its type; for a struct its fields.
    #[serde(rename = "type")]
    pub ty: String,
}

/// How long a cell took, in milliseconds, and how much it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Performance {
    /// Lexer and parser; 0 if the cell came from the cache.
    pub parse_ms: f64,
    /// Checker; 0 if the cell came from the cache.
    pub check_ms: f64,
    /// Emission of the module; 0 if the cell came from the cache.
    pub emit_ms: f64,
    /// Validation and instantiation of the module.
    pub instantiate_ms: f64,
    /// The run.
    pub run_ms: f64,
    /// All of it.
    pub total_ms: f64,
    /// What `total_ms` should stay below: [`Performance::TARGET_MS`].
    pub target_ms: f64,
    /// Whether it did.
    pub target_met: bool,
    /// The size of the module.
    pub wasm_bytes: usize,
    /// What the session's objects and memories take after the run.
    pub memory_bytes: u64,
    /// Whether the compiled cell came from the cache.
    pub cached: bool,
}

impl Performance {
    /// What a cell should take at most, from source to value.
    pub const TARGET_MS: f64 = 1.0;
}
