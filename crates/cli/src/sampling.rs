//! Samples of a program that runs: which functions are active, looked at again and again.
//!
//! ```text
//! thread ─ every millisecond ─▶ epoch ─ next loop head or entry of a function ─▶ callback ─ backtrace ─▶ Samples
//! ```
//!
//! The engine takes them itself, where programs look at the epoch. So they need no signals and no symbols of the system,
//! and are the same whatever executes the program; but what happens between two such places counts for the second one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use upshift::{Engine, Module, Store, UpdateDeadline, WasmBacktrace};

use crate::clock;
use crate::program::Host;

/// The time between two looks.
pub(crate) const INTERVAL: Duration = Duration::from_millis(1);

/// How many functions of a stack are looked at: more would take longer than they tell.
pub(crate) const DEPTH: usize = 512;

/// What was seen.
#[derive(Clone, Default)]
pub(crate) struct Samples {
    /// How many samples there are.
    pub(crate) taken: u64,
    /// How many of them had deeper stacks than were looked at.
    pub(crate) cut: u64,
    /// How many were of a function of another module.
    pub(crate) elsewhere: u64,
    /// For each function of the module, by its index.
    pub(crate) functions: Vec<FunctionSamples>,
    /// How often the clock has ticked.
    pub(crate) ticks: u64,
    /// How long the program ran.
    pub(crate) time: Duration,
}

/// How often a function was seen.
#[derive(Clone, Copy, Default)]
pub(crate) struct FunctionSamples {
    /// As the innermost one.
    pub(crate) innermost: u64,
    /// Anywhere on the stack.
    pub(crate) on_stack: u64,
    /// The number of the last sample that it was on the stack of: recursion counts once.
    last: u64,
}

impl Samples {
    fn add(&mut self, module: &Module, backtrace: &WasmBacktrace) {
        self.taken += 1;
        self.cut += u64::from(backtrace.is_elided());
        for (depth, frame) in backtrace.frames().iter().enumerate() {
            if !Module::same(frame.module(), module) {
                self.elsewhere += u64::from(depth == 0);
                continue;
            }
            let Some(seen) = self.functions.get_mut(frame.func_index() as usize) else { continue };
            seen.innermost += u64::from(depth == 0);
            if seen.last != self.taken {
                seen.last = self.taken;
                seen.on_stack += 1;
            }
        }
    }
}

/// Takes samples of a store's programs until it is finished.
pub(crate) struct Sampler {
    samples: Arc<Mutex<Samples>>,
    done: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
    begin: Instant,
}

impl Sampler {
    /// Begins to take samples of the functions of a module. The programs are stopped when their time is over.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn begin(store: &mut Store<Host>, module: &Module) -> Result<Sampler> {
        let functions = vec![FunctionSamples::default(); module.info().funcs.len()];
        let samples = Arc::new(Mutex::new(Samples { functions, ..Samples::default() }));
        let (module, filled) = (module.clone(), Arc::clone(&samples));
        store.epoch_deadline_callback(move |store| {
            if clock::is_over() {
                return Ok(UpdateDeadline::Interrupt);
            }
            let backtrace = WasmBacktrace::capture_up_to(&store, DEPTH);
            filled.lock().unwrap_or_else(PoisonError::into_inner).add(&module, &backtrace);
            Ok(UpdateDeadline::Continue(1))
        });
        store.set_epoch_deadline(1);
        let done = Arc::new(AtomicBool::new(false));
        let (engine, until) = (store.engine().clone(), Arc::clone(&done));
        let thread = thread::Builder::new().spawn(move || tick(&engine, &until));
        let thread = thread.context("cannot start the clock that takes samples")?;
        Ok(Sampler { samples, done, thread, begin: Instant::now() })
    }

    /// Takes no more samples.
    pub(crate) fn finish(self) -> Samples {
        let time = self.begin.elapsed();
        self.done.store(true, Ordering::Relaxed);
        let ticks = self.thread.join().unwrap_or(0);
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        Samples { ticks, time, ..samples.clone() }
    }
}

/// Lets the epochs go by until it is `done`; returns how many did.
fn tick(engine: &Engine, done: &AtomicBool) -> u64 {
    let mut ticks = 0;
    loop {
        thread::sleep(INTERVAL);
        if done.load(Ordering::Relaxed) {
            return ticks;
        }
        engine.increment_epoch();
        ticks += 1;
    }
}
