//! The engine that runs cells in the Upshift runtime.

use std::path::Path;
use std::sync::Arc;

use upshift_cells::syntax::{self, completeness};
use upshift_cells_host::{Canceller, Diagnostic, FailureKind, Host, Options};

use crate::engine::{
    Completeness, Completion, Engine, Failure, Inspection, Interrupt, Item, Outcome, Started,
};
use crate::error::Error;
use crate::kernel::{read_connection, run_with};

/// Is a kernel, as Jupyter starts it: `connection_file` says where it has to listen, `options` what cells may take. Returns when the
/// kernel is shut down, or when the process that started it ends; this process should end then.
///
/// # Errors
///
/// If the file is none, a socket cannot be bound or the runtime cannot start.
///
/// # Panics
///
/// If called from asynchronous code of tokio.
pub fn run(connection_file: &Path, options: Options) -> Result<(), Error> {
    let connection = read_connection(connection_file)?;
    run_with(&connection, move || {
        let host = Host::new(options).map_err(|error| error.to_string())?;
        let interrupt = Arc::new(host.canceller());
        Ok(Started { engine: Box::new(Native(host)), interrupt })
    })
}

impl Interrupt for Canceller {
    fn interrupt(&self) {
        self.cancel();
    }

    fn clear(&self) {
        Self::clear(self);
    }
}

struct Native(Host);

impl Engine for Native {
    fn execute(&mut self, cell: &str, source: &str, print: Box<dyn FnMut(&str)>) -> Outcome {
        let outcome = self.0.execute_with(cell, source, print);
        Outcome {
            value: outcome.value,
            ty: outcome.ty,
            failure: outcome.error.map(failure),
            warnings: outcome.warnings.iter().map(warning).collect(),
            stale: outcome.stale,
            performance: serde_json::to_value(outcome.performance).unwrap_or_default(),
        }
    }

    fn complete(&mut self, source: &str, offset: usize) -> Completion {
        let Ok(offset) = u32::try_from(offset) else { return Completion::default() };
        let completions = self.0.complete(source, offset);
        let items = completions.items.into_iter().map(|item| Item {
            label: item.label,
            kind: item.kind.to_owned(),
            detail: item.detail,
        });
        Completion {
            start: completions.start as usize,
            end: completions.end as usize,
            items: items.collect(),
        }
    }

    fn inspect(&mut self, source: &str, offset: usize) -> Option<Inspection> {
        let offset = u32::try_from(offset).ok()?;
        Some(Inspection { markdown: self.0.inspect(source, offset)?.text })
    }

    fn is_complete(&mut self, source: &str) -> Completeness {
        match completeness(source) {
            syntax::Completeness::Complete => Completeness::Complete,
            syntax::Completeness::Incomplete { indent } => {
                Completeness::Incomplete { indent: " ".repeat(indent) }
            }
            syntax::Completeness::Invalid => Completeness::Invalid,
        }
    }
}

fn failure(failure: upshift_cells_host::Failure) -> Failure {
    let kind = match failure.kind {
        FailureKind::Compile => "compile",
        FailureKind::Trap => "trap",
        FailureKind::Limit => "limit",
        FailureKind::Cancelled => "cancelled",
        FailureKind::Internal => "internal",
    };
    Failure { kind: kind.to_owned(), message: failure.message, rendered: failure.rendered }
}

fn warning(diagnostic: &Diagnostic) -> String {
    let mut text =
        format!("warning: line {}, column {}: {}", diagnostic.line, diagnostic.column, diagnostic.message);
    if let Some(suggestion) = &diagnostic.suggestion {
        text.push_str("\n  help: ");
        text.push_str(suggestion);
    }
    text
}
