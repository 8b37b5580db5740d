//! What a cell may take, and how it is stopped from outside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use upshift::Engine;
use upshift_cells::session::Cause;

/// What each run of a cell may take. Whatever is above ends the cell, not the session.
#[derive(Clone, Debug)]
pub struct Options {
    /// Fuel: about one unit for each operator of WebAssembly, see `upshift::Config::consume_fuel`. Counting costs some speed, so `None` is
    /// quicker than a large number.
    pub fuel: Option<u64>,
    /// Bytes of objects that the session's values may take, and as many of the runtime's memory.
    pub memory: Option<usize>,
    /// Time for the run of a cell; compiling it is not counted.
    pub time: Option<Duration>,
    /// Bytes that a cell may print.
    pub output: usize,
}

impl Default for Options {
    /// No limits of fuel and time, 512 MiB of objects, 8 MiB of output.
    fn default() -> Self {
        Self { fuel: None, memory: Some(512 << 20), time: None, output: 8 << 20 }
    }
}

impl Options {
    /// How much of what a cell has wanted too much of it may have, for messages.
    pub(crate) fn told(&self, cause: &Cause) -> Option<String> {
        let bytes = |bytes: usize| {
            if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
        };
        match cause {
            Cause::Fuel => self.fuel.map(|fuel| format!("{fuel} units")),
            Cause::Memory => self.memory.map(bytes),
            Cause::Time => self.time.map(|time| format!("{time:?}")),
            Cause::Output => Some(bytes(self.output)),
            _ => None,
        }
    }
}

/// Stops what a [`crate::Host`] runs, from any thread.
///
/// ```
/// use std::thread;
/// use std::time::Duration;
/// use upshift_cells_host::{FailureKind, Host, Options};
///
/// let mut host = Host::new(Options::default())?;
/// let canceller = host.canceller();
/// let other = thread::spawn(move || {
///     thread::sleep(Duration::from_millis(20));
///     canceller.cancel();
/// });
/// let outcome = host.execute("1", "loop { }");
/// assert_eq!(outcome.error.unwrap().kind, FailureKind::Cancelled);
/// other.join().unwrap();
/// # Ok::<(), upshift_cells_host::Error>(())
/// ```
#[derive(Clone)]
pub struct Canceller {
    pub(crate) engine: Engine,
    pub(crate) signals: Arc<Signals>,
}

impl Canceller {
    /// Ends the running cell soon. Cells that are run later are ended too, as soon as they begin, until [`Canceller::clear`] is called: so
    /// a cell that is just about to begin cannot slip through.
    pub fn cancel(&self) {
        self.signals.cancelled.store(true, Ordering::SeqCst);
        self.engine.increment_epoch();
    }

    /// Lets cells run again.
    pub fn clear(&self) {
        self.signals.cancelled.store(false, Ordering::SeqCst);
    }

    /// Whether cells are ended.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.signals.cancelled.load(Ordering::SeqCst)
    }
}

/// What other threads tell a run; a run looks when the epoch changes.
#[derive(Default)]
pub(crate) struct Signals {
    pub(crate) cancelled: AtomicBool,
    /// The time of the current run is over.
    pub(crate) late: AtomicBool,
}

/// A thread that begins a new epoch when the time of a run is over. It is started by the first run with a limit, and sleeps until a
/// deadline of which it knows: a run with a later one leaves it alone.
pub(crate) struct Watchdog {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// When the current run has to end.
    deadline: Option<Instant>,
    /// Until when the thread sleeps; `None` if it waits to be told.
    sleeps_until: Option<Instant>,
    /// The host has ended.
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watchdog {
    /// Starts the thread.
    pub(crate) fn new(engine: &Engine, signals: &Arc<Signals>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let (engine, signals, watched) = (engine.clone(), Arc::downgrade(signals), Arc::clone(&shared));
        thread::Builder::new()
            .name("cells-deadline".into())
            .spawn(move || watch(&watched, &engine, &signals))?;
        Ok(Self { shared })
    }

    /// A run begins that has to end by then.
    pub(crate) fn begin(&self, deadline: Instant) {
        let mut state = self.shared.lock();
        state.deadline = Some(deadline);
        if state.sleeps_until.is_none_or(|until| until > deadline) {
            self.shared.changed.notify_one();
        }
    }

    /// The run has ended.
    pub(crate) fn end(&self) {
        self.shared.lock().deadline = None;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
    }
}

fn watch(shared: &Shared, engine: &Engine, signals: &Weak<Signals>) {
    let mut state = shared.lock();
    while !state.ended {
        let Some(deadline) = state.deadline else {
            state.sleeps_until = None;
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            state.deadline = None;
            let Some(signals) = signals.upgrade() else { return };
            signals.late.store(true, Ordering::SeqCst);
            engine.increment_epoch();
            continue;
        }
        state.sleeps_until = Some(deadline);
        state = shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}
