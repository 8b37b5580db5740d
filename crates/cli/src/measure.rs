//! Iterations of a guest, timed: what `bench` and `compare` have in common.
//!
//! ```text
//! Program ─ Runner ─┬─ with `--invoke`: one instance, a call each time ───────────┬─▶ Iteration: time, tiers
//!                   └─ without: a fresh instance each time, and its `_start` ─────┘
//! Plan: how often, how long
//! ```
//!
//! What a guest prints is discarded, so that no terminal and no pipe is measured.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow};
use upshift::{Linker, RootScope, Store, TierPath};
use upshift_wasi::{Exit, Input, Output};

use crate::flags::{Options, Usage};
use crate::invoke::{Call, Surplus};
use crate::json::Json;
use crate::limits;
use crate::patient::Patient;
use crate::program::{Host, Program, Streams, entry, failed_to_run};
use crate::{clock, load, show};

/// How often and for how long to measure.
pub(crate) struct Plan {
    least: usize,
    most: usize,
    time: Duration,
    begin: Instant,
}

impl Plan {
    /// Begins to measure.
    pub(crate) fn begin(options: &Options) -> Plan {
        const TIME: Duration = Duration::from_secs(2);
        /// Of which half may be warm-up: the other six are the least of which an interval covers 95 %.
        const LEAST: usize = 12;
        /// More say nothing new.
        const MOST: usize = 100_000;
        let (least, most, time) = match (options.iterations, options.time) {
            (Some(iterations), None) => (iterations, iterations, Duration::MAX),
            (Some(iterations), Some(time)) => (1, iterations, time),
            (None, time) => (LEAST, MOST, time.unwrap_or(TIME)),
        };
        Plan { least, most, time, begin: Instant::now() }
    }

    /// Whether there is one more iteration to be made after so many.
    pub(crate) fn wants_more(&self, done: usize) -> bool {
        done < self.least || done < self.most && self.elapsed() < self.time
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}

/// What one iteration took.
pub(crate) struct Iteration {
    pub(crate) time: Duration,
    pub(crate) tiers: TierPath,
}

/// Makes iterations.
pub(crate) struct Runner<'p> {
    program: &'p Program<'p>,
    linker: Linker<Host>,
    way: Way,
    /// How many were begun.
    begun: usize,
    /// What each guest reads.
    input: Vec<u8>,
    /// What the first iteration prints.
    printed: Option<Tape>,
}

enum Way {
    /// The same function of one instance.
    Call { store: Store<Host>, call: Call, instantiation: Duration, is_first: Arc<AtomicBool> },
    /// A fresh instance.
    Command,
}

impl<'p> Runner<'p> {
    /// Gets a program ready; with `--invoke` that makes its instance. With `keeps_output`, what the first iteration
    /// prints is looked at.
    ///
    /// # Errors
    /// If the program cannot be linked or has nothing to be run.
    pub(crate) fn new(program: &'p Program<'p>, keeps_output: bool) -> Result<Runner<'p>> {
        let options = program.options;
        let input = options.input.as_deref().map(load::read).transpose()?.unwrap_or_default();
        if options.invoke.is_none() && !program.has_entry() {
            return Err(program.failed(no_entry(program).into()));
        }
        let mut runner = Runner {
            linker: program.linker().map_err(|error| program.failed(error))?,
            way: Way::Command,
            begun: 0,
            input,
            printed: keeps_output.then(|| Tape::new(options.guest_output)),
            program,
        };
        if let Some(name) = &options.invoke {
            runner.way = runner.instance(name)?;
        }
        Ok(runner)
    }

    /// The instance whose function is called.
    fn instance(&mut self, name: &str) -> Result<Way> {
        let is_first = Arc::new(AtomicBool::new(true));
        let errors = match self.program.options.guest_output {
            true => Output::inherit_stderr(),
            false => Output::writer(Echo(Arc::clone(&is_first))),
        };
        let mut store = self.program.store(self.streams(errors))?;
        self.watched(|runner| {
            let begin = Instant::now();
            let instance = runner.program.instantiate(&mut runner.linker, &mut store, &mut || ())?;
            let instantiation = begin.elapsed();
            let Program { module, options, .. } = runner.program;
            let call = Call::new(&mut store, instance, module, name, &options.args, Surplus::OfGuest)?;
            Ok(Way::Call { store, call, instantiation, is_first })
        })
        .map_err(|error| self.failed(error))
    }

    /// How long it took to make the one instance that there is with `--invoke`.
    pub(crate) fn instantiation(&self) -> Option<Duration> {
        match &self.way {
            Way::Call { instantiation, .. } => Some(*instantiation),
            Way::Command => None,
        }
    }

    /// What the last call returned, as text; nothing without `--invoke`.
    ///
    /// # Errors
    /// If a result cannot be printed.
    pub(crate) fn results(&self) -> Result<Option<Vec<String>>> {
        match &self.way {
            Way::Call { call, .. } => call.results().map(Some),
            Way::Command => Ok(None),
        }
    }

    /// What the first iteration has printed, if that is kept.
    pub(crate) fn printed(&self) -> Option<Printed> {
        self.printed.as_ref().map(Tape::printed)
    }

    /// Makes one more iteration.
    ///
    /// # Errors
    /// If the guest does not come to a good end; the message tells the number of the iteration.
    pub(crate) fn iterate(&mut self) -> Result<Iteration> {
        let first = self.begun == 0;
        self.begun += 1;
        let outcome = match self.way {
            Way::Call { .. } => self.watched(Runner::call),
            Way::Command => self.command(first),
        };
        outcome.map_err(|error| self.failed(error))
    }

    fn call(&mut self) -> Result<Iteration> {
        let Way::Call { store, call, is_first, .. } = &mut self.way else {
            unreachable!("only programs with an instance are called")
        };
        if self.program.options.limits.fuel.is_some() {
            store.set_fuel(self.program.options.fuel())?;
        }
        // What the call returns is shown by its kind, which needs no handle that keeps it.
        let mut scope = RootScope::new(&mut *store);
        let begin = Instant::now();
        let outcome = call.make(&mut scope);
        let time = begin.elapsed();
        drop(scope);
        is_first.store(false, Ordering::Relaxed);
        ended(outcome, time, store)
    }

    fn command(&mut self, first: bool) -> Result<Iteration> {
        let shows = first || self.program.options.guest_output;
        let errors = if shows { Output::inherit_stderr() } else { Output::discard() };
        let mut streams = self.streams(errors);
        if let Some(tape) = self.printed.as_ref().filter(|_| first) {
            streams.output = Output::writer(tape.clone());
        }
        let mut store = self.program.store(streams)?;
        let mut linker = self.linker.clone();
        self.watched(|runner| {
            let begin = Instant::now();
            let outcome =
                runner.program.instantiate(&mut linker, &mut store, &mut || ()).and_then(|instance| {
                    match entry(&mut store, instance)? {
                        Some(start) => start.call(&mut store, ()),
                        None => Err(no_entry(runner.program).into()),
                    }
                });
            ended(outcome, begin.elapsed(), &store)
        })
    }

    /// What the guest reads, and what becomes of its output.
    fn streams(&self, errors: Output) -> Streams {
        let shows = self.program.options.guest_output;
        let output = if shows { Output::inherit_stderr() } else { Output::discard() };
        Streams { input: Input::memory(self.input.clone()), output, errors }
    }

    /// Does something while the clock of `--timeout` runs.
    fn watched<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        clock::begin(|| failure(self.begun, self.program.file));
        let outcome = act(self);
        clock::pause();
        outcome
    }

    fn failed(&self, error: Error) -> Error {
        let (limits, file) = (&self.program.options.limits, self.program.file);
        limits::explain(error, limits).context(failure(self.begun, file))
    }
}

/// An iteration, if the guest came to a good end.
fn ended(outcome: Result<()>, time: Duration, store: &Store<Host>) -> Result<Iteration> {
    check_exit(outcome)?;
    let tiers =
        store.last_call_tiers().context("no code of WebAssembly was called: there is nothing to measure")?;
    Ok(Iteration { time, tiers })
}

/// A guest that ended itself has failed unless it says that all is well. Its code is not that of this process.
pub(crate) fn check_exit(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) => match error.downcast_ref() {
            Some(Exit(0)) => Ok(()),
            Some(Exit(code)) => Err(anyhow!("the program ended itself with exit code {code}")),
            None => Err(error),
        },
        Ok(()) => Ok(()),
    }
}

/// What is run, in words.
pub(crate) fn guest_text(options: &Options) -> String {
    let args: String = options.args.iter().map(|arg| format!(" {}", arg.display())).collect();
    format!("`{}{args}`", options.invoke.as_deref().unwrap_or("_start"))
}

/// What is run, as members of an object.
pub(crate) fn guest_json(options: &Options) -> [(&'static str, Json); 2] {
    let args = options.args.iter().map(|arg| arg.to_string_lossy().into_owned());
    [("invoke", options.invoke.clone().into()), ("arguments", Json::list(args))]
}

/// What an iteration is, in words.
pub(crate) fn iteration_text(options: &Options) -> String {
    let instance = match options.invoke {
        Some(_) => "always in the same instance",
        None => "each time in a fresh instance, which is made in that time",
    };
    format!("{}, {instance}", guest_text(options))
}

/// What to say of a program without a start.
fn no_entry(program: &Program<'_>) -> Usage {
    let what = "the module has no `_start`: say with `--invoke NAME` what to call";
    match show::functions(&program.module).as_str() {
        "" => Usage(format!("{what}; but it exports no functions")),
        list => Usage(format!("{what}\nIts functions are:{list}")),
    }
}

/// What has failed: an iteration, or what comes before the first.
fn failure(number: usize, file: &OsStr) -> String {
    match number {
        0 => failed_to_run(file),
        number => format!("iteration {number} of `{}` failed", file.display()),
    }
}

/// Shows what is written to it while the first iteration runs.
struct Echo(Arc<AtomicBool>);

impl Write for Echo {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.load(Ordering::Relaxed) { Patient(std::io::stderr()).write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a guest has printed: enough to tell whether two have printed the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) bytes: u64,
    /// A hash of all of it.
    hash: u64,
    /// What it begins with.
    pub(crate) head: Vec<u8>,
}

/// Takes what a guest prints, of any length.
#[derive(Clone)]
struct Tape {
    state: Arc<Mutex<TapeState>>,
    shows: bool,
}

#[derive(Default)]
struct TapeState {
    bytes: u64,
    hasher: DefaultHasher,
    head: Vec<u8>,
}

impl Tape {
    /// How much of the beginning is kept.
    const HEAD: usize = 1 << 20;

    /// With `shows`, what is taken is also written to the standard error.
    fn new(shows: bool) -> Tape {
        Tape { state: Arc::default(), shows }
    }

    fn printed(&self) -> Printed {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Printed { bytes: state.bytes, hash: state.hasher.finish(), head: state.head.clone() }
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let bytes = if self.shows { &bytes[..Patient(std::io::stderr()).write(bytes)?] } else { bytes };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bytes += bytes.len() as u64;
        state.hasher.write(bytes);
        let room = Tape::HEAD - state.head.len();
        state.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use super::{Plan, Tape};
    use crate::flags::Options;

    #[test]
    fn a_plan_counts_or_waits() {
        let plan = |iterations, time| Plan::begin(&Options { iterations, time, ..Options::default() });
        let (none, long) = (Some(Duration::ZERO), Some(Duration::from_secs(3600)));
        assert!(plan(Some(3), None).wants_more(2) && !plan(Some(3), None).wants_more(3));
        assert!(plan(None, none).wants_more(11) && !plan(None, none).wants_more(12));
        assert!(plan(None, long).wants_more(12) && !plan(None, long).wants_more(100_000));
        assert!(plan(Some(500_000), long).wants_more(100_000));
        assert!(plan(Some(5), none).wants_more(0) && !plan(Some(5), none).wants_more(1));
    }

    #[test]
    fn what_is_printed_in_pieces_is_the_same() {
        let printed = |pieces: &[&str]| {
            let mut tape = Tape::new(false);
            pieces.iter().for_each(|piece| tape.write_all(piece.as_bytes()).unwrap());
            tape.printed()
        };
        assert_eq!(printed(&["ab", "", "c"]), printed(&["abc"]));
        assert_ne!(printed(&["abc"]), printed(&["abd"]));
        assert_eq!((printed(&["abc"]).bytes, printed(&["abc"]).head), (3, b"abc".to_vec()));
    }
}
