//! Why SSA of a function is not built.

use std::fmt;

use upshift_translate::TranslateError;

/// Why SSA of a function is not built. The tier below runs it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// No tier can translate it.
    Translate(TranslateError),
    /// There is so much that is different on so many paths through it that compiling it would take long and much memory.
    TooManyEdges,
    /// There are many more values than its bytes account for: calls have thousands of results each.
    TooManyValues,
    /// Nothing reaches the loop where control should come in.
    NoSuchLoop,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Translate(error) => error.fmt(f),
            BuildError::TooManyEdges => f.write_str("too many values on too many branches"),
            BuildError::TooManyValues => f.write_str("too many values"),
            BuildError::NoSuchLoop => f.write_str("nothing reaches the loop"),
        }
    }
}

impl std::error::Error for BuildError {}
