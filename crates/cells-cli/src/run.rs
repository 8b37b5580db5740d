//! `cells`: runs the code cells of a notebook file, in order.
//!
//! ```text
//! file ─ Notebook ─▶ cells ─ Host ─▶ what they print, values ─▶ standard output
//!                                    errors, warnings ────────▶ standard error, with the line in the file
//! ```

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result};
use serde::Serialize;
use upshift_cells_cli::notebook::{Cell, CellKind, Notebook};
use upshift_cells_host::{Diagnostic, Host, Outcome};

use crate::check::check;
use crate::files::{self, MAX_CHECKPOINT};
use crate::flags;
use crate::print::{print, tell, visible};
use crate::show::{self, value};

/// The exit code if a cell failed.
const FAILED: u8 = 1;

/// Runs a notebook file; returns the exit code.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn run(flags: &flags::Cells) -> Result<u8> {
    // Before anything is run, which may take long.
    if let Some(path) = &flags.checkpoint {
        files::refuse_notebook(path)?;
    }
    let bytes = files::read_notebook(&flags.file)?;
    let mut file = Located::new(&flags.file, &bytes)?;
    if flags.check {
        return Ok(u8::from(check(&file, flags.json)? > 0));
    }
    let mut host = Host::new(flags.limits.options(None))?;
    if let Some(path) = &flags.restore {
        restore(&mut host, path)?;
        file.avoid(host.names().into_iter().map(|name| name.cell).collect());
    }
    let (results, failed) = run_cells(&mut host, &file, flags)?;
    if flags.json {
        let results =
            Results { ok: failed == 0, failed, skipped: file.code().count() - results.len(), cells: results };
        print(&format!("{}\n", serde_json::to_string(&results)?))?;
    }
    if failed > 0 {
        if let Some(path) = &flags.checkpoint {
            tell(&format!("no checkpoint is saved to `{}`, as not all cells have succeeded", path.display()));
        }
        return Ok(FAILED);
    }
    if let Some(path) = &flags.checkpoint {
        files::write_checkpoint(path, &host.checkpoint()?)?;
    }
    Ok(0)
}

/// Has a host begin with the names and values of a file.
///
/// # Errors
/// If that cannot be read or is no checkpoint.
pub(crate) fn restore(host: &mut Host, path: &Path) -> Result<()> {
    let bytes = files::read(path, MAX_CHECKPOINT)?;
    host.restore(&bytes).with_context(|| format!("cannot restore `{}`", path.display()))
}

/// Runs cells until one fails; returns the results and how many failed.
fn run_cells<'a>(
    host: &mut Host,
    file: &'a Located,
    flags: &flags::Cells,
) -> Result<(Vec<ResultOf<'a>>, usize)> {
    let (mut results, mut failed) = (Vec::new(), 0);
    for (cell, line) in file.code() {
        let id = file.run_id(cell);
        let outcome = if flags.json {
            host.execute(id, cell.source())
        } else {
            execute_printing(host, id, cell.source())?
        };
        let has_failed = outcome.error.is_some();
        failed += usize::from(has_failed);
        if !flags.json {
            show_outcome(file, cell, &outcome)?;
        }
        results.push(ResultOf { id: cell.id(), line, result: outcome });
        if has_failed && !flags.keep_going {
            break;
        }
    }
    Ok((results, failed))
}

/// Runs a cell, and prints what it prints as soon as it does. Once nobody reads that, it ends.
fn execute_printing(host: &mut Host, id: &str, source: &str) -> Result<Outcome> {
    let (failure, canceller) = (Rc::new(RefCell::new(None)), host.canceller());
    let outcome = host.execute_with(id, source, {
        let failure = failure.clone();
        move |text| {
            if failure.borrow().is_none()
                && let Err(error) = print(text)
            {
                *failure.borrow_mut() = Some(error);
                canceller.cancel();
            }
        }
    });
    failure.take().map_or(Ok(outcome), Err)
}

/// Tells what came of a cell, behind what it has printed.
fn show_outcome(file: &Located, cell: &Cell, outcome: &Outcome) -> Result<()> {
    for warning in &outcome.warnings {
        tell(&file.told(cell, warning));
    }
    if !outcome.output.is_empty() && !outcome.output.ends_with('\n') {
        print("\n")?;
    }
    if let Some(value) = value(outcome) {
        print(&format!("{value}\n"))?;
    }
    if let Some(error) = &outcome.error {
        // The failure may be in a function of another cell.
        let place = error.traceback.first().map_or(file.run_id(cell), |frame| &frame.cell);
        tell(&format!(
            "{}: in cell `{}`\n{}",
            file.place(place, error.line),
            cell.id(),
            show::failure(error)
        ));
    }
    Ok(())
}

/// A notebook file, and where its cells are in it.
pub(crate) struct Located {
    name: String,
    notebook: Notebook,
    /// The line of the file on which the source of each cell begins.
    lines: Vec<usize>,
    /// The same by the cells' IDs.
    by_id: HashMap<String, usize>,
    /// Under which IDs cells are run whose own ones are taken.
    renamed: HashMap<String, String>,
}

impl Located {
    fn new(path: &Path, bytes: &[u8]) -> Result<Located> {
        let name =
            if path == "-" { "the standard input".into() } else { visible(&path.display().to_string()) };
        let (notebook, lines) =
            Notebook::from_bytes_located(bytes).with_context(|| format!("{name} is no notebook"))?;
        let by_id = notebook.cells().iter().map(|cell| cell.id().to_owned()).zip(lines.iter().copied());
        let by_id = by_id.collect();
        Ok(Located { name, notebook, lines, by_id, renamed: HashMap::new() })
    }

    /// Has no cell run under one of these IDs: what cells of another file have defined would be forgotten for it.
    fn avoid(&mut self, mut taken: HashSet<String>) {
        taken.retain(|id| self.by_id.contains_key(id));
        for id in taken {
            let mut other = format!("{id}'");
            while self.by_id.contains_key(&other) {
                other.push('\'');
            }
            self.by_id.insert(other.clone(), self.by_id[&id]);
            self.renamed.insert(id, other);
        }
    }

    /// Under which ID a cell is run.
    fn run_id<'a>(&'a self, cell: &'a Cell) -> &'a str {
        self.renamed.get(cell.id()).map_or(cell.id(), String::as_str)
    }

    /// The code cells with their lines.
    pub(crate) fn code(&self) -> impl Iterator<Item = (&Cell, usize)> {
        let cells = self.notebook.cells().iter().zip(self.lines.iter().copied());
        cells.filter(|(cell, _)| cell.kind() == CellKind::Code)
    }

    /// The file and the line in it of a line of a cell, which is 0 if it is not known.
    pub(crate) fn place(&self, cell: &str, line: u32) -> String {
        match self.by_id.get(cell) {
            Some(first) => format!("{}:{}", self.name, first + line.saturating_sub(1) as usize),
            None => self.name.clone(),
        }
    }

    /// One thing that is wrong with a cell or worth a warning, as a line.
    fn told(&self, cell: &Cell, diagnostic: &Diagnostic) -> String {
        let place = self.place(cell.id(), diagnostic.line);
        format!("{place}:{}: {}", diagnostic.column, show::diagnostic(diagnostic))
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Results<'a> {
    /// Whether no cell failed.
    ok: bool,
    failed: usize,
    /// How many code cells were not run, since one before them failed.
    skipped: usize,
    cells: Vec<ResultOf<'a>>,
}

#[derive(Serialize)]
struct ResultOf<'a> {
    id: &'a str,
    /// The line of the file on which the cell's source begins.
    line: usize,
    result: Outcome,
}
