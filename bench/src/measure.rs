//! Runs programs in runtimes and takes their times.
//!
//! Runtimes take turns, round by round (A B C A B C …): when the machine becomes slower for a while, it does so for all of
//! them. What comes out is a [`Row`] a program, with a [`Cell`] for each runtime.

use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use upshift_statistics::{Summary, Warmup};

use crate::marks::{Failure, FailureKind, IN_STEADY, Note};
use crate::peers::{Commands, Execution, Places, Runtime};
use crate::process::{self, End, Finished};
use crate::suite::Program;

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
    /// Is set when the user wants the run to end; what was measured so far is kept.
    pub(crate) interrupted: Arc<AtomicBool>,
}

impl Setup {
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
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
    /// Why there are no times.
    pub(crate) failure: Option<Failure>,
    /// Why there are none of a process that measured itself, while there are others.
    pub(crate) steady_failure: Option<Failure>,
    /// What to know about the times.
    pub(crate) notes: Vec<Note>,
}

impl Cell {
    fn failed(kind: FailureKind, detail: impl Into<String>) -> Self {
        Cell { failure: Some(Failure::new(kind, detail)), ..Cell::default() }
    }

    /// Why there are no times of a measure.
    pub(crate) fn failure_of(&self, measure: Measure) -> Option<&Failure> {
        let steady = self.steady_failure.as_ref().filter(|_| measure == Measure::Steady);
        self.failure.as_ref().or(steady)
    }

    /// What was measured in one way; a process that finds nothing on the disk anyway is as cold as it is warm. Nothing if
    /// it failed at any time.
    pub(crate) fn summary(&self, measure: Measure) -> Option<Summary> {
        let own = self.own_summary(measure);
        if measure == Measure::Cold { own.or_else(|| self.own_summary(Measure::Warm)) } else { own }
    }

    /// The same, but nothing for a measure that is another's.
    pub(crate) fn own_summary(&self, measure: Measure) -> Option<Summary> {
        if self.failure_of(measure).is_some() {
            return None;
        }
        Summary::new(&self.samples[measure as usize])
    }

    /// Whether its times can be compared with those of others.
    pub(crate) fn is_comparable(&self) -> bool {
        self.notes.iter().all(|note| note.is_comparable())
    }

    /// What to know about the cell, in one text.
    pub(crate) fn mark(&self) -> Option<String> {
        let failure =
            self.failure.iter().filter(|failure| failure.kind != FailureKind::Nothing).map(Failure::text);
        let steady = self.steady_failure.iter().map(|failure| format!("{IN_STEADY}{}", failure.text()));
        let notes = self.notes.iter().map(|note| note.text().to_string());
        let marks: Vec<String> = failure.chain(steady).chain(notes).collect();
        (!marks.is_empty()).then(|| marks.join("; "))
    }

    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// What is set when the user wants the run to end.
///
/// # Errors
/// If the signal cannot be caught.
pub(crate) fn interruption() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // A second signal ends the program at once.
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&interrupted))?;
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Measures every program in every runtime, and hands over the rows as soon as one more is complete. What goes wrong is a
/// failure of a cell, and takes no row away.
///
/// # Errors
/// If there is no place for files of ours.
pub(crate) fn all(
    setup: &Setup,
    programs: &[&'static Program],
    runtimes: &[Runtime],
    mut done: impl FnMut(&[Row]),
) -> Result<Vec<Row>> {
    let scratch =
        tempfile::Builder::new().prefix("upshift-bench-").tempdir().context("making a directory")?;
    let mut rows = Vec::new();
    for (at, &program) in programs.iter().enumerate() {
        show_progress(&format!("{}/{} {}", at + 1, programs.len(), program.name));
        let row = row(setup, program, runtimes, scratch.path());
        let is_cut = setup.is_interrupted();
        if !is_cut || row.cells.iter().any(|cell| cell.samples.iter().any(|samples| !samples.is_empty())) {
            rows.push(row);
        }
        done(&rows);
        if is_cut {
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

fn row(setup: &Setup, program: &'static Program, runtimes: &[Runtime], scratch: &Path) -> Row {
    let seated = runtimes.iter().map(|runtime| seat(setup, program, runtime, scratch));
    let (mut cells, mut seats): (Vec<Cell>, Vec<Seat>) = seated.unzip();
    let mut expected = None;
    for round in 0..setup.warmups + setup.runs {
        for ((runtime, cell), seat) in runtimes.iter().zip(&mut cells).zip(&mut seats) {
            for measure in seat.measures.clone() {
                // A process that measures itself has a warm-up of its own.
                let is_early = measure == Measure::Steady && round < setup.warmups;
                if is_early || cell.failure_of(measure).is_some() || setup.is_interrupted() {
                    continue;
                }
                let taken = once(setup, program, runtime, seat, measure, &mut expected)
                    .map_err(|failure| lacking(setup, program, runtime, seat, failure));
                if setup.is_interrupted() {
                    // The process was ended too.
                    break;
                }
                match taken {
                    Err(failure) if measure == Measure::Steady => cell.steady_failure = Some(failure),
                    Err(failure) => cell.failure = Some(failure),
                    Ok(_) if round < setup.warmups => {}
                    Ok(sample) => {
                        cell.samples[measure as usize].push(sample.time);
                        // Of a cold process a compiler may have a share.
                        if measure == Measure::Warm || !seat.measures.contains(&Measure::Warm) {
                            cell.peak = cell.peak.max(Some(sample.peak));
                        }
                        if !sample.steady {
                            cell.note(Note::NotSteady);
                        }
                    }
                }
            }
        }
    }
    for seat in seats {
        // What is left of it goes with the directory that it is in.
        let _ = fs::remove_dir_all(seat.scratch);
    }
    Row { program, cells }
}

/// What a runtime needs to take part in a row, and its cell, which says so if it cannot.
fn seat(setup: &Setup, program: &'static Program, runtime: &Runtime, scratch: &Path) -> (Cell, Seat) {
    let scratch = scratch.join(&runtime.name).join(program.name);
    let places = Places { root: &setup.root, scratch: &scratch };
    let commands = runtime.commands(program, Execution::Whole, &places);
    let cell = match &commands {
        None => Cell::failed(FailureKind::Nothing, ""),
        Some(commands) if !commands.is_native && !setup.root.join(program.module).is_file() => {
            Cell::failed(FailureKind::Absent, format!("{} is not built", program.module))
        }
        Some(commands) => match places.empty() {
            Ok(()) => Cell { notes: commands.note.into_iter().collect(), ..Cell::default() },
            Err(error) => Cell::failed(FailureKind::Failed, format!("no place for files: {error}")),
        },
    };
    let caches = commands.is_some_and(|commands| commands.caches);
    // Without a cache a cold process is a warm one. What is to be measured cold only is measured as warm then.
    let mut measures = setup.measures.clone();
    if !caches && measures.contains(&Measure::Cold) {
        measures.retain(|measure| !matches!(measure, Measure::Cold | Measure::Warm));
        measures.insert(0, Measure::Warm);
    }
    if runtime.commands(program, Execution::Steady(setup.steady), &places).is_none() {
        measures.retain(|measure| *measure != Measure::Steady);
    }
    (cell, Seat { scratch, measures, primed: !caches })
}

/// The failure, or what the runtime lacks if that is the reason.
fn lacking(setup: &Setup, program: &Program, runtime: &Runtime, seat: &Seat, failure: Failure) -> Failure {
    let Some(need) = program.needs.filter(|_| failure.kind == FailureKind::Failed) else { return failure };
    let places = Places { root: &setup.root, scratch: &seat.scratch };
    let Some(Commands { compile, mut run, .. }) = runtime.commands(need.probe, Execution::Whole, &places)
    else {
        return failure;
    };
    let compiled = compile.map(|(mut compile, _)| started(setup, need.probe, &places, &mut compile));
    match compiled.unwrap_or_else(|| started(setup, need.probe, &places, &mut run)) {
        Ok(_) => failure,
        Err(_) => Failure::new(FailureKind::Needs(need.name), ""),
    }
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
) -> Result<Sample, Failure> {
    let places = Places { root: &setup.root, scratch: &seat.scratch };
    let execution = match measure {
        Measure::Cold | Measure::Warm => Execution::Whole,
        Measure::Steady => Execution::Steady(setup.steady),
    };
    let Some(Commands { compile, mut run, prints, .. }) = runtime.commands(program, execution, &places)
    else {
        return Err(Failure::new(FailureKind::Nothing, ""));
    };
    let start = |command: &mut Command| started(setup, program, &places, command);
    if measure == Measure::Cold {
        places.empty().map_err(|error| Failure::new(FailureKind::Failed, error.to_string()))?;
    }
    // Compiling is a part of a cold run. For others it is done before, untimed.
    let mut before = Duration::ZERO;
    match compile {
        Some((mut compile, result)) if measure == Measure::Cold || !result.exists() => {
            let finished = start(&mut compile)?;
            if measure == Measure::Cold {
                before = finished.time;
            }
        }
        None if measure == Measure::Warm && !seat.primed => drop(start(&mut run)?),
        _ => {}
    }
    seat.primed |= execution == Execution::Whole;

    let finished = start(&mut run)?;
    if execution == Execution::Whole {
        if prints && *expected.get_or_insert_with(|| finished.output.clone()) != finished.output {
            let detail = "it printed something else than the first runtime";
            return Err(Failure::new(FailureKind::Wrong, detail));
        }
        return Ok(Sample { time: milliseconds(before + finished.time), peak: finished.peak, steady: true });
    }
    let Some(iterations) = iterations(&finished.output) else {
        return Err(Failure::new(FailureKind::Failed, "it printed no times of iterations"));
    };
    let warmup = Warmup::detect(&iterations);
    let Some(summary) = Summary::new(&iterations[warmup.iterations..]) else {
        return Err(Failure::new(FailureKind::Failed, "it printed times that are no numbers"));
    };
    // An iteration of a host may have fewer calls than its whole process, and stands for as many.
    let scale =
        program.host.as_ref().map_or(1.0, |calls| f64::from(calls.whole) / f64::from(calls.iteration));
    Ok(Sample { time: summary.median() * scale, peak: finished.peak, steady: warmup.steady })
}

/// Runs a command, with what the program reads, until it has succeeded.
fn started(
    setup: &Setup,
    program: &Program,
    places: &Places,
    command: &mut Command,
) -> Result<Finished, Failure> {
    let path = program.stdin.map(|path| setup.root.join(path));
    let finished = path
        .map(|path| File::open(&path).with_context(|| path.display().to_string()))
        .transpose()
        .and_then(|stdin| process::run(command, stdin, setup.timeout, &setup.interrupted))
        .map_err(|error| Failure::new(FailureKind::Failed, format!("{error:#}")))?;
    match failure(&finished) {
        None => Ok(finished),
        Some(Failure { kind, detail }) => {
            // Where this checkout and its scratch files are is nobody's business.
            let [root, scratch] = [places.root, places.scratch].map(|path| format!("{}/", path.display()));
            Err(Failure { kind, detail: detail.replace(&scratch, "").replace(&root, "") })
        }
    }
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
fn failure(finished: &Finished) -> Option<Failure> {
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
    Some(Failure { kind, detail })
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::{FailureKind, failure, iterations};
    use crate::process::{End, Finished};
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
        let kind = |end, errors| failure(&finished(end, errors)).map(|failure| failure.kind);
        assert_eq!(kind(End::Exited(0), "a warning"), None);
        assert_eq!(kind(End::Exited(1), ""), Some(FailureKind::Wrong));
        assert_eq!(kind(End::Exited(1), "no such import"), Some(FailureKind::Failed));
        assert_eq!(kind(End::Exited(134), "trap"), Some(FailureKind::Failed));
        assert_eq!(kind(End::Killed(11), ""), Some(FailureKind::Crashed));
        assert_eq!(kind(End::TimedOut, ""), Some(FailureKind::TimedOut));
    }
}
