//! Runs programs in runtimes and takes their times.
//!
//! Runtimes take turns, round by round (A B C A B C …): when the machine becomes slower for a while, it does so for all of
//! them. What comes out is a [`Row`] a program, with a [`Cell`] for each runtime.

use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use upshift_statistics::{Summary, Warmup};

use crate::peers::{Commands, Execution, Places, Runtime, scratch};
use crate::process::{self, End, Finished};
use crate::suite::{Program, Steady};

/// What is measured of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Measure {
    /// A whole process that finds no code from earlier ones, and writes what later ones need
    Cold,
    /// A whole process that finds what earlier ones left on the disk
    Warm,
    /// One iteration in a process that is beyond its warm-up
    Steady,
}

impl Measure {
    pub(crate) const ALL: [Measure; 3] = [Measure::Cold, Measure::Warm, Measure::Steady];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Measure::Cold => "cold",
            Measure::Warm => "warm",
            Measure::Steady => "steady",
        }
    }
}

/// How to measure.
pub(crate) struct Setup {
    pub(crate) root: PathBuf,
    pub(crate) measures: Vec<Measure>,
    /// Rounds that are not counted, and those that are.
    pub(crate) warmups: u32,
    pub(crate) runs: u32,
    /// How long a process that measures itself does so.
    pub(crate) steady: Duration,
    /// After this a process is ended.
    pub(crate) timeout: Duration,
}

/// One program, and what each runtime made of it, in the order of the runtimes.
pub(crate) struct Row {
    pub(crate) program: &'static Program,
    pub(crate) cells: Vec<Cell>,
}

/// What one runtime made of one program.
#[derive(Default)]
pub(crate) struct Cell {
    /// By [`Measure`]: milliseconds, in the order they were taken in.
    samples: [Vec<f64>; 3],
    /// The most memory a process had, in bytes.
    pub(crate) peak: Option<u64>,
    /// Why there are no (more) times.
    pub(crate) failure: Option<Failure>,
    /// What to know about the times.
    pub(crate) notes: Vec<String>,
}

/// Why a cell has no times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) detail: String,
}

/// What a table says in place of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The module is not there.
    Absent,
    /// The runtime does not do such programs.
    None,
    /// The runtime lacks what the program needs.
    Needs(&'static str),
    /// It said itself that its result is wrong, or printed something else than upshift.
    Wrong,
    Crashed,
    TimedOut,
    Failed,
}

/// The note of a cell whose steady times are those of a process that had not settled.
pub(crate) const NOT_STEADY: &str = "not steady";

impl FailureKind {
    pub(crate) fn text(&self) -> String {
        match self {
            FailureKind::Absent => "absent".into(),
            FailureKind::None => "-".into(),
            FailureKind::Needs(what) => format!("needs {what}"),
            FailureKind::Wrong => "wrong".into(),
            FailureKind::Crashed => "crashed".into(),
            FailureKind::TimedOut => "timed out".into(),
            FailureKind::Failed => "failed".into(),
        }
    }
}

impl Cell {
    fn failed(kind: FailureKind, detail: impl Into<String>) -> Self {
        Cell { failure: Some(Failure { kind, detail: detail.into() }), ..Cell::default() }
    }

    /// What was measured in one way; a process that finds nothing on the disk anyway is as cold as it is warm.
    pub(crate) fn summary(&self, measure: Measure) -> Option<Summary> {
        let samples = match &self.samples[measure as usize] {
            samples if samples.is_empty() && measure == Measure::Cold => {
                &self.samples[Measure::Warm as usize]
            }
            samples => samples,
        };
        Summary::new(samples)
    }

    /// The same, but nothing for a measure that is another's.
    pub(crate) fn own_summary(&self, measure: Measure) -> Option<Summary> {
        Summary::new(&self.samples[measure as usize])
    }

    /// What to know about the cell, in one text.
    pub(crate) fn mark(&self) -> Option<String> {
        let failure = self.failure.iter().map(|failure| match failure.detail.as_str() {
            "" => failure.kind.text(),
            detail => format!("{}: {detail}", failure.kind.text()),
        });
        let marks: Vec<String> = failure.chain(self.notes.iter().cloned()).collect();
        (!marks.is_empty()).then(|| marks.join("; "))
    }

    fn note(&mut self, note: &str) {
        if self.notes.iter().all(|other| other != note) {
            self.notes.push(note.to_string());
        }
    }
}

/// Is set when the user wants the run to end; what was measured so far is kept.
///
/// # Errors
/// If the signal cannot be caught.
pub(crate) fn interruption() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // A second signal ends the program at once.
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&interrupted))?;
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Measures every program in every runtime, and hands over each row as soon as it is complete.
///
/// # Errors
/// If a runtime cannot be started, files cannot be written, or `done` fails.
pub(crate) fn all(
    setup: &Setup,
    programs: &[&'static Program],
    runtimes: &[Runtime],
    interrupted: &AtomicBool,
    mut done: impl FnMut(&[Row]) -> Result<()>,
) -> Result<Vec<Row>> {
    let scratch = scratch()?;
    let mut rows = Vec::new();
    for (at, &program) in programs.iter().enumerate() {
        show_progress(&format!("{}/{} {}", at + 1, programs.len(), program.name));
        let row = row(setup, program, runtimes, scratch.path(), interrupted)?;
        if row.cells.iter().any(|cell| cell.samples.iter().any(|samples| !samples.is_empty()))
            || !interrupted.load(Ordering::Relaxed)
        {
            rows.push(row);
        }
        done(&rows)?;
        if interrupted.load(Ordering::Relaxed) {
            eprintln!("interrupted: {} of {} programs were measured", rows.len(), programs.len());
            break;
        }
    }
    show_progress("");
    Ok(rows)
}

/// Keeps a line at the end of a terminal.
fn show_progress(text: &str) {
    if io::stderr().is_terminal() {
        eprint!("{text:<40}\r");
    }
}

/// What the rounds need to know of a runtime.
struct Seat {
    scratch: PathBuf,
    /// What is measured, in this order: a cold process leaves what a warm one finds.
    measures: Vec<Measure>,
    /// Whether there is something for a warm process to find.
    primed: bool,
}

fn row(
    setup: &Setup,
    program: &'static Program,
    runtimes: &[Runtime],
    scratch: &Path,
    interrupted: &AtomicBool,
) -> Result<Row> {
    let mut cells = Vec::new();
    let mut seats = Vec::new();
    for runtime in runtimes {
        let scratch = scratch.join(&runtime.name).join(program.name);
        fs::create_dir_all(&scratch)?;
        let places = Places { root: &setup.root, scratch: &scratch };
        places.empty()?;
        let commands = runtime.commands(program, Execution::Whole, &places);
        let module = setup.root.join(program.module);
        cells.push(match &commands {
            None => Cell::failed(FailureKind::None, ""),
            Some(commands) if !commands.is_native && !module.is_file() => {
                Cell::failed(FailureKind::Absent, format!("{} is not built", program.module))
            }
            Some(commands) => {
                Cell { notes: commands.note.iter().map(ToString::to_string).collect(), ..Cell::default() }
            }
        });
        let caches = commands.is_some_and(|commands| commands.caches);
        // Without a cache a cold process is a warm one. What is to be measured cold only is measured as warm then.
        let mut measures = setup.measures.clone();
        if !caches && measures.contains(&Measure::Cold) {
            measures.retain(|measure| !matches!(measure, Measure::Cold | Measure::Warm));
            measures.insert(0, Measure::Warm);
        }
        let steady = Execution::Steady(setup.steady);
        if runtime.commands(program, steady, &places).is_none() {
            measures.retain(|measure| *measure != Measure::Steady);
        }
        seats.push(Seat { scratch, measures, primed: !caches });
    }

    let mut expected = None;
    for round in 0..setup.warmups + setup.runs {
        for ((runtime, cell), seat) in runtimes.iter().zip(&mut cells).zip(&mut seats) {
            for measure in seat.measures.clone() {
                if cell.failure.is_some() || interrupted.load(Ordering::Relaxed) {
                    break;
                }
                // A process that measures itself has a warm-up of its own.
                if measure == Measure::Steady && round < setup.warmups {
                    continue;
                }
                let taken = once(setup, program, runtime, seat, measure, &mut expected)?;
                if interrupted.load(Ordering::Relaxed) {
                    // The signal has ended the process too.
                    break;
                }
                match taken {
                    Err(failure) => cell.failure = Some(failure),
                    Ok(_) if round < setup.warmups => {}
                    Ok(sample) => {
                        cell.samples[measure as usize].push(sample.time);
                        cell.peak = cell.peak.max(Some(sample.peak));
                        if !sample.steady {
                            cell.note(NOT_STEADY);
                        }
                    }
                }
            }
        }
    }
    for seat in seats {
        fs::remove_dir_all(seat.scratch)?;
    }
    Ok(Row { program, cells })
}

/// What one process gave.
struct Sample {
    time: f64,
    peak: u64,
    /// Whether a process that measured itself was long enough.
    steady: bool,
}

/// One measurement: mostly one process.
fn once(
    setup: &Setup,
    program: &'static Program,
    runtime: &Runtime,
    seat: &mut Seat,
    measure: Measure,
    expected: &mut Option<Vec<u8>>,
) -> Result<Result<Sample, Failure>> {
    let places = Places { root: &setup.root, scratch: &seat.scratch };
    let execution = match measure {
        Measure::Cold | Measure::Warm => Execution::Whole,
        Measure::Steady => Execution::Steady(setup.steady),
    };
    let Some(Commands { compile, mut run, is_native, note, .. }) =
        runtime.commands(program, execution, &places)
    else {
        return Ok(Err(Failure { kind: FailureKind::None, detail: String::new() }));
    };
    let start = |command: &mut std::process::Command| -> Result<Result<Finished, Failure>> {
        let stdin =
            program.stdin.map(|path| File::open(setup.root.join(path)).with_context(|| path.to_string()));
        let finished = process::run(command, stdin.transpose()?, setup.timeout)?;
        Ok(match failure(program, &finished) {
            Some(failure) => Err(failure),
            None => Ok(finished),
        })
    };
    if measure == Measure::Cold {
        places.empty()?;
    }
    // Compiling is a part of a cold run. For others it is done before, untimed.
    let mut before = Duration::ZERO;
    match compile {
        Some((mut compile, result)) if measure == Measure::Cold || !result.exists() => {
            match start(&mut compile)? {
                Ok(finished) if measure == Measure::Cold => before = finished.time,
                Ok(_) => {}
                Err(failure) => return Ok(Err(failure)),
            }
        }
        None if measure == Measure::Warm && !seat.primed => {
            if let Err(failure) = start(&mut run)? {
                return Ok(Err(failure));
            }
        }
        _ => {}
    }
    seat.primed |= execution == Execution::Whole;

    let finished = match start(&mut run)? {
        Ok(finished) => finished,
        Err(failure) => return Ok(Err(failure)),
    };
    if execution == Execution::Whole {
        // All have to print the same; only a module that imports nothing cannot print what another host of it does.
        let expected = expected.get_or_insert_with(|| finished.output.clone());
        let can_print = note.is_none() && (!is_native || program.steady == Steady::Itself);
        if can_print && *expected != finished.output {
            let detail = "it printed something else than the first runtime".to_string();
            return Ok(Err(Failure { kind: FailureKind::Wrong, detail }));
        }
        let time = milliseconds(before + finished.time);
        return Ok(Ok(Sample { time, peak: finished.peak, steady: true }));
    }
    let Some(iterations) = iterations(&finished.output) else {
        let detail = "it printed no times of iterations".to_string();
        return Ok(Err(Failure { kind: FailureKind::Failed, detail }));
    };
    let warmup = Warmup::detect(&iterations);
    let summary = Summary::new(&iterations[warmup.iterations..]).context("no iterations")?;
    // Few iterations cannot tell; they are long, and the first of them no less than a compiler's time away.
    let steady = warmup.steady || iterations.len() < 6;
    // An iteration of a host may have fewer calls than its whole process, and stands for as many.
    let scale =
        program.host.as_ref().map_or(1.0, |calls| f64::from(calls.whole) / f64::from(calls.iteration));
    Ok(Ok(Sample { time: summary.median() * scale, peak: finished.peak, steady }))
}

/// The times of the lines `iteration NANOSECONDS`, in milliseconds; at least one.
fn iterations(output: &[u8]) -> Option<Vec<f64>> {
    let output = std::str::from_utf8(output).ok()?;
    let lines = output.lines().filter_map(|line| line.strip_prefix("iteration "));
    let times: Option<Vec<f64>> =
        lines.map(|time| Some(time.trim().parse::<u64>().ok()? as f64 / 1e6)).collect();
    times.filter(|times| !times.is_empty())
}

/// What was wrong with a process, if anything was.
fn failure(program: &Program, finished: &Finished) -> Option<Failure> {
    let errors = String::from_utf8_lossy(&finished.errors);
    let first: String =
        errors.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("").chars().take(100).collect();
    let with_reason = |what: String| if first.is_empty() { what } else { format!("{what}, {first}") };
    let (kind, detail) = match finished.end {
        End::Exited(0) => return None,
        End::TimedOut => (FailureKind::TimedOut, String::new()),
        End::Killed(signal) => (FailureKind::Crashed, with_reason(format!("signal {signal}"))),
        // A program whose result is wrong says nothing but exits with 1; a runtime that cannot run it says why.
        End::Exited(1) if first.is_empty() => (FailureKind::Wrong, "exit code 1".to_string()),
        End::Exited(code) => (FailureKind::Failed, with_reason(format!("exit code {code}"))),
    };
    Some(match program.needs {
        Some(what) if kind == FailureKind::Failed => {
            Failure { kind: FailureKind::Needs(what), detail: String::new() }
        }
        _ => Failure { kind, detail },
    })
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::{FailureKind, failure, iterations};
    use crate::process::{End, Finished};
    use crate::suite;
    use std::time::Duration;

    fn finished(end: End, errors: &str) -> Finished {
        Finished {
            time: Duration::ZERO,
            cpu: Duration::ZERO,
            end,
            output: Vec::new(),
            errors: errors.into(),
            peak: 0,
        }
    }

    #[test]
    fn times_of_iterations_are_read() {
        assert_eq!(iterations(b"f(3) = 0x00\niteration 1500000\niteration 2\n"), Some(vec![1.5, 0.000_002]));
        assert_eq!(iterations(b"iteration soon\n"), None);
        assert_eq!(iterations(b"nothing\n"), None);
    }

    #[test]
    fn failures_are_told_apart() {
        let plain = suite::all().find(|program| program.needs.is_none()).expect("one");
        let kind = |end, errors| failure(plain, &finished(end, errors)).map(|failure| failure.kind);
        assert_eq!(kind(End::Exited(0), "a warning"), None);
        assert_eq!(kind(End::Exited(1), ""), Some(FailureKind::Wrong));
        assert_eq!(kind(End::Exited(1), "no such import"), Some(FailureKind::Failed));
        assert_eq!(kind(End::Exited(134), "trap"), Some(FailureKind::Failed));
        assert_eq!(kind(End::Killed(11), ""), Some(FailureKind::Crashed));
        assert_eq!(kind(End::TimedOut, ""), Some(FailureKind::TimedOut));
        let needs = suite::all().find_map(|program| Some((program, program.needs?)));
        let (program, what) = needs.expect("one that needs something");
        let failure = failure(program, &finished(End::Exited(1), "unknown opcode")).expect("a failure");
        assert_eq!(failure.kind, FailureKind::Needs(what));
    }
}
