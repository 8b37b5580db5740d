//! Times upshift beside other WebAssembly runtimes, whole processes, and prints a table.
//!
//! The way through: the command line → [`programs::chosen`] and [`runtimes::found`] → [`measure::all`], which gives
//! one [`measure::Row`] a program → [`table::print`], and with `--record` [`record::append`].

mod measure;
mod programs;
mod record;
mod runtimes;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

/// Times upshift beside other WebAssembly runtimes.
///
/// Upshift is $UPSHIFT, or the release build beside this program. The others are found by $WASMTIME, $WASMI, $BUN
/// and $NODE, or on the PATH; one that is missing is left out.
#[derive(Parser)]
#[command(name = "upshift-bench")]
struct Args {
    /// How often each runtime runs each program
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Only programs with NAME in their name or of the group NAME; may be given more than once
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,

    /// One more runtime: the words of CMD, then the module's path; may be given more than once
    #[arg(long, value_name = "NAME=CMD")]
    peer: Vec<runtimes::Extra>,

    /// Also the C programs compiled for this machine, by $CC or `cc` with -O3
    #[arg(long)]
    native: bool,

    /// Also a table of the most memory each process had (not on Windows)
    #[arg(long)]
    rss: bool,

    /// Append the figures to bench/history.yaml
    #[arg(long)]
    record: bool,
}

/// The root of the repository this program was built from.
fn root() -> PathBuf {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().unwrap_or(bench).to_path_buf()
}

fn run(args: &Args) -> Result<()> {
    let root = root();
    let programs = programs::chosen(&args.filter);
    ensure!(!programs.is_empty(), "no program has such a name");
    let runtimes = runtimes::found(&root, &args.peer, args.native)?;
    let rows = measure::all(&root, &programs, &runtimes, args.runs)?;
    table::print(&rows, &runtimes, args.rss);
    if args.record {
        record::append(&root, &rows, &runtimes, args.runs)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("upshift-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
