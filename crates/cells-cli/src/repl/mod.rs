//! `repl`: a prompt at which cells are typed.
//!
//! ```text
//! terminal ─ editor: history, completion, lines until a cell is complete ─┬─▶ cell ─ worker ─▶ value, errors
//! pipe ───── lines until a cell is complete ──────────────────────────────┘
//!                                                                         └─▶ command, as `:help`
//! ```
//!
//! Ctrl-C at the prompt drops what was typed; while a cell runs it ends that. Ctrl-D ends the program.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use etcetera::{BaseStrategy, choose_base_strategy};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use crate::flags;
use crate::print::{message, print, tell};
use crate::repl::complete::is_complete;
use crate::repl::helper::Prompt;
use crate::repl::session::{After, Session};
use crate::worker::Worker;

mod command;
mod complete;
mod helper;
mod session;

/// How many lines of history are kept.
const HISTORY: usize = 10_000;

/// Reads cells and runs them until there are no more; returns the exit code.
///
/// # Errors
/// If there is no terminal to be had or the input cannot be read.
pub(crate) fn repl(flags: &flags::Repl) -> Result<u8> {
    let (worker, thread) = Worker::start(flags.limits.options(None))?;
    let mut session = Session::new(worker);
    if let Some(path) = &flags.restore {
        session.restore(path)?;
    }
    let outcome = if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        interact(&mut session, flags)
    } else {
        read_all(&mut session, std::io::stdin().lock())
    };
    drop(session);
    // It ends with the last who can send it anything; one that does not is no reason to stay.
    drop(thread);
    outcome
}

/// Reads from a terminal.
fn interact(session: &mut Session, flags: &flags::Repl) -> Result<u8> {
    let running = Arc::new(AtomicBool::new(false));
    ctrlc::set_handler({
        let (worker, running) = (session.worker().clone(), running.clone());
        move || {
            if running.load(Ordering::SeqCst) {
                worker.cancel();
            }
        }
    })?;
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_dups(true)?
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .build();
    let mut editor = Editor::<Prompt, FileHistory>::with_config(config)?;
    editor.set_helper(Some(Prompt::new(session.worker().clone())));
    let history = history_file().filter(|_| !flags.no_history);
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    print(concat!(
        "upshift-cells ",
        env!("CARGO_PKG_VERSION"),
        ". `:help` lists commands, Ctrl-C ends a cell, Ctrl-D ends the program.\n"
    ))?;
    loop {
        let text = match editor.readline(&session.prompt()) {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        };
        running.store(true, Ordering::SeqCst);
        let after = session.take(&text);
        running.store(false, Ordering::SeqCst);
        match after {
            Ok(After::Goes) => {}
            Ok(After::Ends) => break,
            // What cannot be printed ends the program; all else is only told.
            Err(error) if error.is::<crate::print::NobodyReads>() => return Err(error),
            Err(error) => tell(&message(&error)),
        }
    }
    if let Some(path) = &history
        && let Err(error) = editor.save_history(path)
    {
        tell(&format!("error: cannot write the history to `{}`: {error}\n", path.display()));
    }
    Ok(0)
}

/// Reads from a pipe or a file: the same without anything that a terminal needs.
fn read_all(session: &mut Session, input: impl BufRead) -> Result<u8> {
    let mut text = String::new();
    for line in input.lines() {
        text.push_str(&line?);
        if text.trim().is_empty() || !is_complete(&text) {
            text.push('\n');
            continue;
        }
        if session.take_or_tell(&std::mem::take(&mut text))? == After::Ends {
            return Ok(session.exit_code());
        }
    }
    // What is not complete now never will be, which is told.
    if !text.trim().is_empty() {
        session.take_or_tell(&text)?;
    }
    Ok(session.exit_code())
}

/// Where lines that were typed are kept; nowhere if the user has no place for data.
fn history_file() -> Option<PathBuf> {
    let dir = choose_base_strategy().ok()?.data_dir().join("upshift");
    std::fs::create_dir_all(&dir).ok()?;
    Some(dir.join("cells-history"))
}
