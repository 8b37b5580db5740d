//! From what the session says to what front ends show.

use std::rc::Rc;

use upshift_cells::diagnostic::{self, Colors, Severity};
use upshift_cells::session::{self, Explained, TraceFrame};
use upshift_cells::source::position;

use crate::outcome::{Diagnostic, Failure, FailureKind, Frame};
use crate::views::{Completion, Completions, Inspection, Name};

/// A source that cannot be compiled.
pub(crate) fn rejected(cell: &str, source: &str, list: &[diagnostic::Diagnostic]) -> Failure {
    let diagnostics = diagnostics(source, list);
    let first = diagnostics.iter().find(|diagnostic| diagnostic.severity == "error");
    Failure {
        kind: FailureKind::Compile,
        message: first.map_or_else(|| "the cell cannot be compiled".into(), |first| first.message.clone()),
        line: first.map_or(0, |first| first.line),
        column: first.map_or(0, |first| first.column),
        rendered: diagnostic::render(source, cell, list, Colors::Plain),
        diagnostics,
        traceback: Vec::new(),
    }
}

pub(crate) fn diagnostics(source: &str, list: &[diagnostic::Diagnostic]) -> Vec<Diagnostic> {
    let convert = |each: &diagnostic::Diagnostic| {
        let (start, end) = (position(source, each.span.start), position(source, each.span.end));
        Diagnostic {
            severity: match each.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            message: each.message.clone(),
            label: each.label.clone(),
            suggestion: each.suggestion.clone(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            start: each.span.start,
            end: each.span.end,
        }
    };
    list.iter().map(convert).collect()
}

pub(crate) fn texts(list: &[Rc<str>]) -> Vec<String> {
    list.iter().map(|text| text.to_string()).collect()
}

impl From<Explained> for Failure {
    fn from(explained: Explained) -> Self {
        Self {
            kind: explained.kind.into(),
            message: explained.message,
            line: explained.position.map_or(0, |position| position.line),
            column: explained.position.map_or(0, |position| position.column),
            rendered: explained.rendered,
            diagnostics: Vec::new(),
            traceback: explained.traceback.into_iter().map(Frame::from).collect(),
        }
    }
}

impl Failure {
    /// The same, with how much there may be of what was too much.
    pub(crate) fn with_limit(mut self, limit: Option<String>) -> Self {
        if let Some(limit) = limit {
            let message = format!("{} (the limit is {limit})", self.message);
            self.rendered = self.rendered.replacen(&self.message, &message, 1);
            self.message = message;
        }
        self
    }
}

impl From<TraceFrame> for Frame {
    fn from(frame: TraceFrame) -> Self {
        Self {
            cell: frame.cell.to_string(),
            function: frame.function.map(|name| name.to_string()),
            line: frame.position.map_or(0, |position| position.line),
            column: frame.position.map_or(0, |position| position.column),
        }
    }
}

impl From<session::FailureKind> for FailureKind {
    fn from(kind: session::FailureKind) -> Self {
        match kind {
            session::FailureKind::Compile => Self::Compile,
            session::FailureKind::Trap => Self::Trap,
            session::FailureKind::Limit => Self::Limit,
            session::FailureKind::Cancelled => Self::Cancelled,
            session::FailureKind::Internal => Self::Internal,
        }
    }
}

impl From<session::Name> for Name {
    fn from(name: session::Name) -> Self {
        Self {
            name: name.name.to_string(),
            kind: name.kind.text(),
            ty: name.ty,
            cell: name.cell.to_string(),
            stale: name.stale,
        }
    }
}

impl From<session::Completions> for Completions {
    fn from(completions: session::Completions) -> Self {
        let items = completions.items.into_iter().map(|item| Completion {
            label: item.label,
            kind: item.kind.text(),
            detail: item.detail,
            doc: item.doc,
        });
        Self { start: completions.span.start, end: completions.span.end, items: items.collect() }
    }
}

impl From<session::Inspection> for Inspection {
    fn from(inspection: session::Inspection) -> Self {
        Self { text: inspection.text, start: inspection.span.start, end: inspection.span.end }
    }
}
