//! The `upshift-cells` program.
//!
//! ```text
//! command line ─ flags ─┬─ cells ────▶ run: a notebook file, cell by cell
//!                       ├─ repl ─────▶ repl: a prompt
//!                       ├─ convert ──▶ convert: to a notebook of Jupyter, and back
//!                       ├─ jupyter ──▶ the kernel of another crate
//!                       └─ notebook ─▶ server: a page in the browser, worker: the thread on which its cells run
//! ```

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::flags::{CommandLine, Verb};
use crate::print::{NobodyReads, message, print, tell};

mod check;
mod convert;
mod document;
mod files;
mod flags;
#[cfg(feature = "jupyter")]
mod jupyter;
mod print;
mod repl;
mod run;
mod server;
mod show;
mod worker;

/// musl's own allocator is slow.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// And so are its `memmove` and `memcmp`: these come in their stead.
#[cfg(all(target_env = "musl", target_arch = "x86_64"))]
use upshift_memops as _;

fn main() -> ExitCode {
    match execute(&CommandLine::parse().verb) {
        Ok(code) => ExitCode::from(code),
        Err(error) if error.is::<NobodyReads>() => ExitCode::from(141),
        Err(error) => {
            tell(&message(&error));
            ExitCode::FAILURE
        }
    }
}

/// Does what a verb says; returns the exit code.
fn execute(verb: &Verb) -> Result<u8> {
    match verb {
        Verb::Cells(flags) => run::run(flags),
        Verb::Repl(flags) => repl::repl(flags),
        #[cfg(feature = "jupyter")]
        Verb::Jupyter { verb } => jupyter::jupyter(verb).map(|()| 0),
        Verb::Notebook(flags) => server::serve(flags).map(|()| 0),
        Verb::Convert(flags) => convert::convert(flags).map(|()| 0),
        Verb::Version => print(concat!("upshift-cells ", env!("CARGO_PKG_VERSION"), "\n")).map(|()| 0),
    }
}
