//! What is wrong with a cell, or worth a warning.

mod render;

pub use render::{Colors, render};

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// The cell cannot be compiled.
    Error,
    /// It can, but is probably not what was meant.
    Warning,
}

/// One thing that is wrong with a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where: carets stand below this range.
    pub span: Span,
    /// One sentence without a full stop: what is wrong, `expected Int, found String`.
    pub message: String,
    /// What stands beside the carets, if more is to be said there.
    pub label: Option<String>,
    /// What to do, if that is known: `write "x.to_float()"`.
    pub suggestion: Option<String>,
    /// Another place that explains it, and what is there: `the first definition is here`.
    pub related: Option<(Span, String)>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span,
            message: message.into(),
            label: None,
            suggestion: None,
            related: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    /// The same, with text beside the carets.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same, saying what to do.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The same, with another place that explains it.
    #[must_use]
    pub fn relate(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related = Some((span, text.into()));
        self
    }
}
