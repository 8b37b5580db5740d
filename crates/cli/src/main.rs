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
//!                                  ├─ cells, repl, notebook ─▶ another program
//!                                  ├─ compile ──▶ a module with code of all of its functions
//!                                  ├─ cache ────▶ optimized code of earlier runs
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
mod cache;
mod clock;
mod compare;
mod compile;
mod compiled;
mod deterministic;
mod dump;
mod features;
mod flags;
mod forward;
mod imports;
mod inspect;
mod invoke;
mod json;
mod limits;
mod load;
mod maker;
mod measure;
mod nearest;
mod optimized;
mod patient;
mod program;
mod report;
mod run;
mod sampling;
mod series;
mod show;
mod stats;
mod tiering;
mod timeline;
mod types;
#[cfg(all(target_env = "musl", target_arch = "x86_64", panic = "abort"))]
mod unwinding;
mod validate;
mod wast;

/// musl's own allocator is slow: loading a module of some hundred functions takes a quarter longer with it.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// musl's `memmove` goes byte by byte downwards, and so does its `memcmp` everywhere: these come in their stead.
#[cfg(all(target_env = "musl", target_arch = "x86_64"))]
use upshift_memops as _;

fn main() {
    let begin = Instant::now();
    ignore_file_size_signal();
    end_aborts_as_failures();
    report::end(command(std::env::args_os().skip(1), begin))
}

/// A guest that writes more than the limit for files gets an error for it; the signal would end the process.
fn ignore_file_size_signal() {
    // SAFETY: nothing else changes how the signal is handled, and to ignore it runs no code.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// When there is no memory, the standard library says so and aborts. To a shell that would look like 134, which stands for
/// what stops a guest; this process has failed by itself.
fn end_aborts_as_failures() {
    extern "C" fn fail(_: libc::c_int) {
        // SAFETY: a handler of signals may call it, and it runs no code of this process.
        unsafe { libc::_exit(1) }
    }
    let fail: extern "C" fn(libc::c_int) = fail;
    // SAFETY: nothing else changes how the signal is handled, and the handler does only what one may do.
    unsafe { libc::signal(libc::SIGABRT, fail as libc::sighandler_t) };
}

/// Does what a command line says. `begin` is when the process began.
fn command(args: impl IntoIterator<Item = OsString>, begin: Instant) -> Result<()> {
    match flags::parse(args)? {
        Command::Help(verb) => print(&help::help(verb)),
        Command::Version => print(concat!("upshift ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Forward(verb, args) => Err(forward::forward(verb, &args)),
        Command::Do(verb, options) => execute(verb, &options, begin),
    }
}

fn execute(verb: Verb, options: &Options, begin: Instant) -> Result<()> {
    match verb {
        Verb::Run if options.dump.is_empty() => run::run(options, begin),
        Verb::Run => dump::dump(options, begin),
        Verb::Bench => bench::bench(options, begin),
        Verb::Compare => compare::compare(options, begin),
        Verb::Analyze if options.files.is_empty() => tiering::list(options),
        Verb::Analyze if options.func.is_some() => optimized::show(options, begin),
        Verb::Analyze => analyze::analyze(options, begin),
        Verb::Inspect => inspect::inspect(options),
        Verb::Validate => validate::validate(options),
        Verb::Wast => wast::wast(options),
        Verb::Compile => compile::compile(options),
        Verb::Cache => cache::cache(options),
        Verb::Features => features::features(options),
        Verb::Completions => complete::complete(&options.files[0]).and_then(|script| print(&script)),
        Verb::Cells | Verb::Repl | Verb::Notebook => Err(forward::forward(verb, &[])),
        Verb::Man => print(&manual::manual()),
        Verb::Help => print(&help::of_word(options.files.first())?),
    }
}
