//! `cells --check`: compiles all cells of a notebook, each with the names of those before it, and runs none.

use anyhow::Result;
use serde::Serialize;
use upshift_cells::diagnostic::{Colors, render};
use upshift_cells::session::{Session, Tools};
use upshift_cells::source::positions;
use upshift_cells_host::Diagnostic;

use crate::print::{print, tell};
use crate::run::Located;

/// Looks for errors; returns how many cells have any.
///
/// # Errors
/// If nobody reads what is printed.
pub(crate) fn check(file: &Located, json: bool) -> Result<usize> {
    // How long anything takes is nobody's interest here.
    let tools = Tools { clock: || 0, read_float: |digits| digits.parse().unwrap_or(f64::NAN) };
    let mut session = Session::new(tools);
    let mut cells = Vec::new();
    for (cell, line) in file.code() {
        let (ty, found, failed) = match session.prepare(cell.id(), cell.source()) {
            Ok(step) => {
                session.commit(&step);
                (step.artifact.value_type.clone(), step.artifact.warnings.clone(), false)
            }
            Err(rejected) => (None, rejected.diagnostics, true),
        };
        let diagnostics: Vec<_> = found.iter().map(|one| diagnostic(cell.source(), one)).collect();
        if let Some(first) = diagnostics.first().filter(|_| !json) {
            let place = file.place(cell.id(), first.line);
            let text = render(cell.source(), &format!("cell {}", cell.id()), &found, Colors::Plain);
            tell(&format!("{place}: in cell `{}`\n{text}", cell.id()));
        }
        cells.push(CheckedCell { id: cell.id(), line, ty, diagnostics, failed });
    }
    let failed = cells.iter().filter(|cell| cell.failed).count();
    if json {
        print(&format!("{}\n", serde_json::to_string(&Results { ok: failed == 0, failed, cells })?))?;
    }
    Ok(failed)
}

fn diagnostic(source: &str, found: &upshift_cells::diagnostic::Diagnostic) -> Diagnostic {
    let at = positions(source, found.span);
    Diagnostic {
        severity: match found.severity {
            upshift_cells::diagnostic::Severity::Error => "error",
            upshift_cells::diagnostic::Severity::Warning => "warning",
        },
        message: found.message.clone(),
        label: found.label.clone(),
        suggestion: found.suggestion.clone(),
        line: at.line,
        column: at.column,
        end_line: at.end_line,
        end_column: at.end_column,
        start: found.span.start,
        end: found.span.end,
    }
}

/// What `--check --json` prints.
#[derive(Serialize)]
struct Results<'a> {
    /// Whether no cell has errors.
    ok: bool,
    failed: usize,
    cells: Vec<CheckedCell<'a>>,
}

#[derive(Serialize)]
struct CheckedCell<'a> {
    id: &'a str,
    /// The line of the file on which the cell's source begins.
    line: usize,
    /// The type of the value that the cell would have.
    #[serde(rename = "type")]
    ty: Option<String>,
    diagnostics: Vec<Diagnostic>,
    #[serde(skip)]
    failed: bool,
}
