//! The `upshift` program.
//!
//! ```text
//! command line ─ flags ─▶ Command ─┬─ run ──────▶ load, link, call ─ invoke, batch ─▶ typed arguments and results
//! settings file ──┘                ├─ dump ─────▶ the code of functions as text
//!                                  ├─ bench, compare ─▶ measure, series ─▶ what iterations took
//!                                  ├─ analyze ──▶ sizes of functions, samples of a run
//!                                  ├─ inspect ──▶ what a module consists of
//!                                  ├─ validate ─▶ nothing, or what is wrong
//!                                  ├─ wast ─────▶ scripts of the specification's tests
//!                                  └─ features, completions, man ─▶ texts made of tables
//! ```
//!
//! What a command returns becomes the exit code in `report` and nowhere else.

use std::ffi::OsString;
use std::time::Instant;

use anyhow::Result;

use crate::flags::{Command, Options, Verb, complete, help, manual};
use crate::report::print;

mod analyze;
mod batch;
mod bench;
mod compare;
mod deterministic;
mod dump;
mod features;
mod flags;
mod imports;
mod inspect;
mod invoke;
mod json;
mod limits;
mod load;
mod measure;
mod nearest;
mod patient;
mod program;
mod report;
mod run;
mod sampling;
mod series;
mod show;
mod stats;
mod types;
mod validate;
mod wast;

/// musl's own allocator is slow: loading a module of some hundred functions takes a quarter longer with it.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() {
    let begin = Instant::now();
    ignore_file_size_signal();
    report::end(command(std::env::args_os().skip(1), begin))
}

/// A guest that writes more than the limit for files gets an error for it; the signal would end the process.
fn ignore_file_size_signal() {
    // SAFETY: nothing else changes how the signal is handled, and to ignore it runs no code.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Does what a command line says. `begin` is when the process began.
fn command(args: impl IntoIterator<Item = OsString>, begin: Instant) -> Result<()> {
    match flags::parse(args)? {
        Command::Help(verb) => print(&help::help(verb)),
        Command::Version => print(concat!("upshift ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Do(verb, options) => execute(verb, &options, begin),
    }
}

fn execute(verb: Verb, options: &Options, begin: Instant) -> Result<()> {
    match verb {
        Verb::Run if options.dump.is_empty() => run::run(options, begin),
        Verb::Run => dump::dump(options),
        Verb::Bench => bench::bench(options),
        Verb::Compare => compare::compare(options),
        Verb::Analyze => analyze::analyze(options),
        Verb::Inspect => inspect::inspect(options),
        Verb::Validate => validate::validate(options),
        Verb::Wast => wast::wast(options),
        Verb::Features => features::features(options),
        Verb::Completions => complete::complete(&options.files[0]).and_then(|script| print(&script)),
        Verb::Man => print(&manual::manual()),
    }
}
