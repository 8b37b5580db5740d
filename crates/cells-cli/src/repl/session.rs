//! What is typed at the prompt, done.

use std::fmt::Write;
use std::path::Path;
use std::sync::mpsc::channel;

use anyhow::{Context, Result};
use upshift_cells_cli::notebook::{Cell, CellKind, LineEnding, Notebook};
use upshift_cells_host::Outcome;

use crate::files::{self, MAX_CHECKPOINT};
use crate::print::{NobodyReads, message, print, tell};
use crate::repl::command::{COMMANDS, Command};
use crate::show;
use crate::worker::Worker;

/// What the IDs of cells begin with, in front of their numbers.
const CELL: &str = "cell-";

/// Whether the program goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    Goes,
    Ends,
}

/// A session at the prompt.
pub(super) struct Session {
    worker: Worker,
    /// The number of the next cell.
    next: usize,
    /// Cells that ran well, for `:save`.
    cells: Vec<Cell>,
    /// The cells of which was told that they are stale.
    stale: Vec<String>,
    shows_times: bool,
    has_failed: bool,
}

impl Session {
    pub(super) fn new(worker: Worker) -> Session {
        Session {
            worker,
            next: 1,
            cells: Vec::new(),
            stale: Vec::new(),
            shows_times: false,
            has_failed: false,
        }
    }

    /// Whom it asks.
    pub(super) fn worker(&self) -> &Worker {
        &self.worker
    }

    pub(super) fn prompt(&self) -> String {
        format!("{}> ", self.next)
    }

    /// 1 if anything has failed.
    pub(super) fn exit_code(&self) -> u8 {
        u8::from(self.has_failed)
    }

    /// Does what was typed, and tells what fails in that.
    ///
    /// # Errors
    /// Only if nobody reads what is printed.
    pub(super) fn take_or_tell(&mut self, text: &str) -> Result<After> {
        match self.take(text) {
            Err(error) if !error.is::<NobodyReads>() => {
                self.has_failed = true;
                tell(&message(&error));
                Ok(After::Goes)
            }
            outcome => outcome,
        }
    }

    /// Does what was typed: a command or a cell.
    ///
    /// # Errors
    /// If a command cannot be done. What is wrong with a cell is told, and no error.
    pub(super) fn take(&mut self, text: &str) -> Result<After> {
        match Command::parse(text) {
            Some(command) => self.command(command.map_err(anyhow::Error::msg)?),
            None if text.trim().is_empty() => Ok(After::Goes),
            None => {
                let id = format!("{CELL}{}", self.next);
                self.next += 1;
                self.run(&id, text).map(|_| After::Goes)
            }
        }
    }

    fn command(&mut self, command: Command) -> Result<After> {
        match command {
            Command::Help => print(&help())?,
            Command::Type(source) => self.show_type(source)?,
            Command::Names => print(&self.names()?)?,
            Command::Save(path) => self.save(&path)?,
            Command::Load(path) => self.load(&path)?,
            Command::Reset => {
                if let Some(fault) = self.worker.call_restart()? {
                    tell(&format!("note: the session had ended by a fault: {fault}\n"));
                }
                (self.cells, self.stale) = (Vec::new(), Vec::new());
            }
            Command::Time => {
                self.shows_times = !self.shows_times;
                print(if self.shows_times { "times are shown\n" } else { "times are not shown\n" })?;
            }
            Command::Quit => return Ok(After::Ends),
        }
        Ok(After::Goes)
    }

    /// Runs a cell and tells what comes of it; returns whether it went well.
    fn run(&mut self, id: &str, source: &str) -> Result<bool> {
        let (pieces, printed) = channel();
        let sink = {
            let pieces = pieces.clone();
            move |text: &str| drop(pieces.send(Piece::Output(text.to_owned())))
        };
        let run = self.worker.run(id.to_owned(), source.to_owned(), sink);
        self.worker.send(run, move |outcome| drop(pieces.send(Piece::Outcome(Box::new(outcome)))));
        let mut unread = None;
        for piece in printed {
            match piece {
                Piece::Output(text) => {
                    if unread.is_none()
                        && let Err(error) = print(&text)
                    {
                        unread = Some(error);
                        self.worker.cancel();
                    }
                }
                Piece::Outcome(outcome) => {
                    return match unread {
                        Some(error) => Err(error),
                        None => self.show(id, source, &outcome),
                    };
                }
            }
        }
        anyhow::bail!("a fault of this program has ended the session: `:reset` begins another")
    }

    fn show(&mut self, id: &str, source: &str, outcome: &Outcome) -> Result<bool> {
        let mut text = String::new();
        if !outcome.output.is_empty() && !outcome.output.ends_with('\n') {
            text.push('\n');
        }
        match show::value(outcome) {
            Some(value) => text += &format!("{value}\n"),
            None => outcome.defined.iter().for_each(|defined| {
                let _ = writeln!(text, "{}: {}", defined.name, defined.ty);
            }),
        }
        print(&text)?;
        let mut errors = String::new();
        for warning in &outcome.warnings {
            let _ = write!(errors, "line {}: {}", warning.line, show::diagnostic(warning));
        }
        if let Some(error) = &outcome.error {
            errors += &show::failure(error);
        }
        if outcome.stale.iter().any(|cell| !self.stale.contains(cell)) {
            let _ = writeln!(errors, "note: what {} used is defined anew", outcome.stale.join(", "));
        }
        tell(&errors);
        self.stale.clone_from(&outcome.stale);
        if self.shows_times {
            print(&show::times(&outcome.performance))?;
        }
        if outcome.error.is_some() {
            self.has_failed = true;
            return Ok(false);
        }
        // An ID of a notebook that was loaded may be that of a cell here, whose place it takes then.
        self.cells.retain(|cell| cell.id() != id);
        self.cells.push(Cell::new(id, CellKind::Code, source).map_err(anyhow::Error::msg)?);
        Ok(true)
    }

    fn show_type(&mut self, source: String) -> Result<()> {
        let checked = self.worker.call(move |host| host.check(&source))?;
        match &checked.ty {
            Some(ty) => print(&format!("{ty}\n")),
            None if checked.diagnostics.is_empty() => print("()\n"),
            None => {
                self.has_failed = true;
                checked.diagnostics.iter().for_each(|wrong| {
                    tell(&format!(
                        "line {}, column {}: {}",
                        wrong.line,
                        wrong.column,
                        show::diagnostic(wrong)
                    ));
                });
                Ok(())
            }
        }
    }

    fn names(&self) -> Result<String> {
        let mut text = String::new();
        for name in self.worker.call(|host| host.names())? {
            let stale = if name.stale { ", stale" } else { "" };
            let _ = writeln!(text, "{}: {} ({} of {}{stale})", name.name, name.ty, name.kind, name.cell);
        }
        Ok(if text.is_empty() { "nothing has been defined\n".into() } else { text })
    }

    fn save(&self, path: &Path) -> Result<()> {
        if files::is_of_cells(path) {
            let notebook =
                Notebook::new(self.cells.clone(), LineEnding::default()).map_err(anyhow::Error::msg)?;
            return files::write(path, notebook.to_string().as_bytes());
        }
        files::write_checkpoint(path, &self.worker.call(|host| host.checkpoint())??)
    }

    fn load(&mut self, path: &Path) -> Result<()> {
        files::refuse_jupyter(path)?;
        if !files::is_of_cells(path) {
            return self.restore(path);
        }
        let bytes = files::read_notebook(path)?;
        let notebook =
            Notebook::from_bytes(&bytes).with_context(|| format!("`{}` is no notebook", path.display()))?;
        for cell in notebook.cells().iter().filter(|cell| cell.kind() == CellKind::Code) {
            // Numbers go on, as if the cell were typed; other IDs name the same cell when the file is loaded again.
            let id = match cell.id().strip_prefix(CELL).filter(|number| number.parse::<usize>().is_ok()) {
                Some(_) => {
                    self.next += 1;
                    format!("{CELL}{}", self.next - 1)
                }
                None => cell.id().to_owned(),
            };
            if !self.run(&id, cell.source())? {
                anyhow::bail!(
                    "cell `{}` of `{}` failed: those behind it were not run",
                    cell.id(),
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// Begins with the names and values of a file.
    ///
    /// # Errors
    /// If that cannot be read or is no checkpoint.
    pub(super) fn restore(&mut self, path: &Path) -> Result<()> {
        let bytes = files::read(path, MAX_CHECKPOINT)?;
        let restored = self.worker.call(move |host| host.restore(&bytes))?;
        restored.with_context(|| format!("cannot restore `{}`", path.display()))?;
        (self.cells, self.stale) = (Vec::new(), Vec::new());
        // Cells of the checkpoint have such numbers too.
        let cells = self.worker.call(|host| host.names())?;
        let numbers = cells.iter().filter_map(|name| name.cell.strip_prefix(CELL)?.parse::<usize>().ok());
        self.next = numbers.map(|number| number + 1).chain([self.next]).max().unwrap_or(1);
        Ok(())
    }
}

/// What comes of a cell while it runs.
enum Piece {
    Output(String),
    Outcome(Box<Outcome>),
}

/// Whether a name is that of a notebook, not of a checkpoint.
fn help() -> String {
    let mut text = String::from("What is typed is a cell, which is run when it is complete. Commands:\n");
    for (_, form, about) in COMMANDS {
        let _ = writeln!(text, "  {form:<12} {about}");
    }
    text
}
