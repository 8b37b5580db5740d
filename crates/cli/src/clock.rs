//! The clock of `--timeout`: ends what takes longer, whatever it is doing.
//!
//! ```text
//! start ─▶ a thread ─ time of the turn is over ─▶ epoch: a guest that looks at it traps
//! begin ─▶ the turn, anew                      └▶ a moment later: the process ends, as if it had trapped
//! ```
//!
//! A process has one command and so one clock, without `--timeout` none. The first turn begins with the process and covers
//! reading, validating, linking and, but for what is measured again and again, running. At its end the process ends even if
//! its other threads wait for ever, for a stream that nobody reads, or hold a lock.

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use upshift::{Engine, Trap};

use crate::limits::{self, Limits};
use crate::report;

/// How long a program that does not look at the epoch, because it waits, copies or loads, may go on after its time.
const GRACE: Duration = Duration::from_millis(25);

static CLOCK: OnceLock<Clock> = OnceLock::new();

struct Clock {
    engine: Engine,
    limits: Limits,
    /// How long a turn lasts.
    time: Duration,
    /// The standard error, as a descriptor of our own: it needs no lock, and none that another thread holds.
    errors: Option<File>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What takes time now.
    turn: Option<Turn>,
    /// Whether the time of a turn was over while it lasted.
    over: bool,
    /// Makes what is to be said before the error at the end.
    last_words: Option<Box<dyn FnOnce() -> String + Send>>,
}

struct Turn {
    /// Nothing if it is so late that it cannot be told.
    deadline: Option<Instant>,
    /// What has failed when its time is over.
    what: String,
}

/// Starts the clock, if there is a limit on time. The first turn began at `begin`, and is `what` has failed if its time is
/// over.
///
/// # Errors
/// If the system gives no thread.
pub(crate) fn start(engine: &Engine, limits: &Limits, begin: Instant, what: String) -> Result<()> {
    let Some(time) = limits.timeout else { return Ok(()) };
    let turn = Some(Turn { deadline: begin.checked_add(time), what });
    let clock = CLOCK.get_or_init(|| Clock {
        engine: engine.clone(),
        limits: limits.clone(),
        time,
        errors: std::io::stderr().as_fd().try_clone_to_owned().ok().map(File::from),
        state: Mutex::new(State { turn, ..State::default() }),
    });
    let watch = move || clock.watch();
    thread::Builder::new().spawn(watch).context("cannot start the clock of `--timeout`")?;
    Ok(())
}

/// Begins a turn, in place of the one that there may be.
pub(crate) fn begin(what: impl FnOnce() -> String) {
    if let Some(clock) = CLOCK.get() {
        let deadline = Instant::now().checked_add(clock.time);
        clock.state().turn = Some(Turn { deadline, what: what() });
    }
}

/// Ends the turn: until the next one begins time does not count.
pub(crate) fn pause() {
    if let Some(clock) = CLOCK.get() {
        clock.state().turn = None;
    }
}

/// Makes sure that what is still said at the end of the process is in a turn, if need be one of its own.
pub(crate) fn begin_end() {
    if CLOCK.get().is_some_and(|clock| clock.state().turn.is_none()) {
        begin(String::new);
    }
}

/// Whether the time of a turn was over while it lasted.
pub(crate) fn is_over() -> bool {
    CLOCK.get().is_some_and(|clock| clock.state().over)
}

/// What to say before the error if the clock ends the process.
pub(crate) fn set_last_words(words: impl FnOnce() -> String + Send + 'static) {
    if let Some(clock) = CLOCK.get() {
        clock.state().last_words = Some(Box::new(words));
    }
}

impl Clock {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a turn does not end although its time is over, then ends the process.
    fn watch(&'static self) -> ! {
        loop {
            let deadline = self.wait();
            thread::sleep(GRACE);
            let mut state = self.state();
            let Some(turn) = state.turn.take_if(|turn| turn.deadline == Some(deadline)) else { continue };
            let words = state.last_words.take();
            drop(state);
            let words = words.map_or_else(String::new, |words| words());
            let error = limits::explain(Trap::Interrupt.into(), &self.limits).context(turn.what);
            report::end_in_time(&words, &error, self.errors.as_ref());
        }
    }

    /// Returns when the time of a turn is over, and the guest has been told. The thread sleeps between: whatever begins
    /// meanwhile has at least as much time as it sleeps.
    fn wait(&self) -> Instant {
        loop {
            let mut state = self.state();
            let now = Instant::now();
            let left = match &state.turn {
                Some(Turn { deadline: Some(deadline), .. }) => match deadline.checked_duration_since(now) {
                    Some(left) if !left.is_zero() => left,
                    _ => {
                        let deadline = *deadline;
                        state.over = true;
                        // While the state is locked the turn does not end, so no other one is stopped.
                        self.engine.increment_epoch();
                        return deadline;
                    }
                },
                _ => self.time.max(Duration::from_millis(1)),
            };
            drop(state);
            thread::sleep(left);
        }
    }
}
