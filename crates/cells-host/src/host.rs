//! The host: a session, and the store in which its cells live.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use upshift::{Config, Engine, Instance, Linker, Module, UpdateDeadline};
use upshift_cells::host::RUNTIME;
use upshift_cells::session::{Cause, Committed, Session, Step, Timings, Tools};

use crate::faults;
use crate::imports::{self, Data};
use crate::limits::{Canceller, Options, Signals, Watchdog};
use crate::modules::Modules;
use crate::outcome::{Defined, Failure, Outcome, Performance};
use crate::report;
use crate::views::{Checked, Completions, Inspection, Name};
use crate::world::{Ground, World};

/// Why a host cannot do what it is asked for.
pub type Error = upshift::Error;

/// Runs cells and keeps what they define. It belongs to one thread.
///
/// ```
/// use upshift_cells_host::{Host, Options};
///
/// let mut host = Host::new(Options::default())?;
/// host.execute("a", "let x = 20");
/// let outcome = host.execute("b", "x * 2 + 2");
/// assert_eq!(outcome.value.as_deref(), Some("42"));
/// # Ok::<(), upshift_cells_host::Error>(())
/// ```
pub struct Host {
    pub(crate) options: Options,
    pub(crate) ground: Ground,
    pub(crate) session: Session,
    pub(crate) world: World,
    signals: Arc<Signals>,
    watchdog: Option<Watchdog>,
    /// With how many instances in the store it is time for a fresh one.
    pub(crate) compact_at: usize,
    /// How many bytes objects and memories took after the last move, and with how many it is time for the next.
    pub(crate) bytes: (u64, u64),
    /// Whether there was no memory for a cell, and the store is the same since.
    pub(crate) out_of_memory: bool,
}

/// How a run has ended.
enum Ran {
    Done,
    Failed(upshift::Error),
    /// Nothing was run, because cells are cancelled.
    Not,
}

impl Host {
    /// A host without cells.
    ///
    /// # Errors
    ///
    /// If the engine or its first store cannot be made.
    pub fn new(options: Options) -> Result<Self, Error> {
        let mut config = Config::new();
        config.epoch_interruption(true).consume_fuel(options.fuel.is_some());
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        imports::define(&mut linker)?;
        let runtime = Module::from_binary(&engine, RUNTIME)?;
        let ground = Ground { engine, linker, runtime, modules: Modules::default() };
        let signals = Arc::new(Signals::default());
        let world = world(&ground, &options, &signals)?;
        let session = Session::new(TOOLS);
        let mut host = Self {
            options,
            ground,
            session,
            world,
            signals,
            watchdog: None,
            compact_at: 0,
            bytes: (0, 0),
            out_of_memory: false,
        };
        host.compact_next(0);
        Ok(host)
    }

    /// What cells may take.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What stops cells from other threads.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller { engine: self.ground.engine.clone(), signals: Arc::clone(&self.signals) }
    }

    /// Compiles and runs a cell. What it defines replaces what the cell with this id defined before; if it fails, nothing does.
    pub fn execute(&mut self, cell: &str, source: &str) -> Outcome {
        let outcome = self.run_cell(cell, source);
        self.compact_if_due();
        outcome
    }

    /// The same, and `sink` gets what the cell prints as soon as it does, in pieces of whole characters. The outcome has all of it too.
    ///
    /// # Panics
    ///
    /// If `sink` does.
    pub fn execute_with(&mut self, cell: &str, source: &str, sink: impl FnMut(&str) + 'static) -> Outcome {
        self.world.store.data_mut().sink = Some(Box::new(sink));
        let outcome = self.run_cell(cell, source);
        self.world.store.data_mut().sink = None;
        self.compact_if_due();
        outcome
    }

    fn run_cell(&mut self, cell: &str, source: &str) -> Outcome {
        self.compact_if_out_of_memory();
        self.world.store.data_mut().begin();
        let start = nanoseconds();
        let step = match self.session.prepare(cell, source) {
            Ok(step) => step,
            Err(rejected) => {
                let failure = report::rejected(cell, source, &rejected.diagnostics);
                let performance = self.performance(start, &rejected.timings, None, 0, 0);
                let stale = report::texts(&self.session.stale());
                return Outcome { error: Some(failure), stale, performance, ..Outcome::default() };
            }
        };
        let prepared = nanoseconds();
        let instance = self.world.add(&mut self.ground, &step);
        let instantiated = nanoseconds();
        let was_run = instance.is_ok();
        let ran = instance.map_or_else(Ran::Failed, |instance| self.run(instance));
        let ended = nanoseconds();

        let mut outcome = Outcome::default();
        match ran {
            Ran::Done => {
                let Committed { defined, stale, dropped } = self.session.commit(&step);
                self.world.forget(&dropped);
                outcome.ty = step.artifact.value_type.clone();
                outcome.value =
                    outcome.ty.is_some().then(|| std::mem::take(&mut self.world.store.data_mut().value));
                outcome.defined =
                    defined.into_iter().map(|(name, ty)| Defined { name: name.to_string(), ty }).collect();
                outcome.stale = report::texts(&stale);
            }
            Ran::Failed(error) => {
                let cause = faults::cause(&error, &self.signals);
                let frames = faults::frames(&error, &self.world);
                let failure = Failure::from(self.session.explain(&step, &cause, &frames));
                outcome.error = Some(failure.with_limit(self.options.told(&cause)));
                let dropped = if was_run { self.session.abandon(&step) } else { vec![step.instance] };
                self.world.forget(&dropped);
                // What nobody can reach any more may be what takes it.
                self.out_of_memory |= cause == Cause::Memory;
            }
            Ran::Not => {
                outcome.error = Some(Failure::from(self.session.explain(&step, &Cause::Cancelled, &[])));
                self.world.forget(&[step.instance]);
            }
        }
        outcome.output = std::mem::take(&mut self.world.store.data_mut().output);
        if outcome.error.is_some() {
            outcome.stale = report::texts(&self.session.stale());
        }
        outcome.warnings = report::diagnostics(source, &step.artifact.warnings);
        outcome.performance = self.performance(
            start,
            &step.timings,
            Some(&step),
            instantiated - prepared,
            ended - instantiated,
        );
        outcome
    }

    /// Calls `run` within the limits.
    fn run(&mut self, instance: Instance) -> Ran {
        self.signals.late.store(false, Ordering::SeqCst);
        self.world.store.set_epoch_deadline(1);
        if let Some(fuel) = self.options.fuel
            && let Err(error) = self.world.store.set_fuel(fuel)
        {
            return Ran::Failed(error);
        }
        if let Some(time) = self.options.time {
            if self.watchdog.is_none() {
                match Watchdog::new(&self.ground.engine, &self.signals) {
                    Ok(watchdog) => self.watchdog = Some(watchdog),
                    Err(error) => return Ran::Failed(error.into()),
                }
            }
            if let (Some(watchdog), Some(deadline)) = (&self.watchdog, Instant::now().checked_add(time)) {
                watchdog.begin(deadline);
            }
        }
        // Whoever cancels sets the mark first and then begins an epoch: if the mark is not there yet, the epoch comes during the run.
        let ran = if self.signals.cancelled.load(Ordering::SeqCst) {
            Ran::Not
        } else {
            self.world.call(instance, "run").map_or_else(Ran::Failed, |()| Ran::Done)
        };
        if let Some(watchdog) = &self.watchdog {
            watchdog.end();
        }
        self.world.unlimited();
        ran
    }

    fn performance(
        &self,
        start: u64,
        timings: &Timings,
        step: Option<&Step>,
        instantiate: u64,
        run: u64,
    ) -> Performance {
        let ms = |nanoseconds: u64| nanoseconds as f64 / 1e6;
        let total_ms = ms(nanoseconds() - start);
        Performance {
            parse_ms: ms(timings.parse),
            check_ms: ms(timings.check),
            emit_ms: ms(timings.emit),
            instantiate_ms: ms(instantiate),
            run_ms: ms(run),
            total_ms,
            target_ms: Performance::TARGET_MS,
            target_met: total_ms <= Performance::TARGET_MS,
            wasm_bytes: step.map_or(0, |step| step.artifact.wasm.len()),
            memory_bytes: self.memory_bytes(),
            cached: step.is_some_and(|step| step.cached),
        }
    }

    /// Forgets a cell and what it has defined, as when it is deleted from a notebook. Returns the cells that are stale now.
    pub fn remove(&mut self, cell: &str) -> Vec<String> {
        let Committed { stale, dropped, .. } = self.session.remove(cell);
        self.world.forget(&dropped);
        report::texts(&stale)
    }

    /// Forgets all cells. What was compiled stays in the cache.
    ///
    /// # Errors
    ///
    /// If there is no memory for a new store; then nothing has changed.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.world = self.fresh_world()?;
        self.session.clear();
        self.compact_next(0);
        Ok(())
    }

    /// Forgets all cells and what was compiled.
    ///
    /// # Errors
    ///
    /// If there is no memory for a new store; then nothing has changed.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.restart()?;
        self.session.clear_cache();
        self.ground.modules = Modules::default();
        Ok(())
    }

    pub(crate) fn fresh_world(&self) -> Result<World, Error> {
        world(&self.ground, &self.options, &self.signals)
    }

    /// What is wrong with a source, without running it.
    pub fn check(&mut self, source: &str) -> Checked {
        let checked = self.session.check(source);
        Checked { diagnostics: report::diagnostics(source, &checked.diagnostics), ty: checked.value_type }
    }

    /// What has been defined, in the order of the names.
    #[must_use]
    pub fn names(&self) -> Vec<Name> {
        self.session.names().into_iter().map(Name::from).collect()
    }

    /// What may stand at byte `offset` of a source.
    pub fn complete(&mut self, source: &str, offset: u32) -> Completions {
        self.session.complete(source, offset).into()
    }

    /// What stands at byte `offset` of a source.
    pub fn inspect(&mut self, source: &str, offset: u32) -> Option<Inspection> {
        self.session.inspect(source, offset).map(Inspection::from)
    }

    /// Bytes that the objects and memories of the session take, objects that nobody refers to any more among them.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.world.bytes()
    }

    /// How many instances of cells something may still need.
    #[must_use]
    pub fn live_instances(&self) -> usize {
        self.session.live_instances()
    }

    /// How many instances the store has, those that nobody needs any more among them.
    #[must_use]
    pub fn store_instances(&self) -> usize {
        self.world.store.usage().instances
    }
}

/// With how many instances a new store is left for a fresh one, if none of them lives.
pub(crate) const COMPACT_AT: usize = 512;

fn world(ground: &Ground, options: &Options, signals: &Arc<Signals>) -> Result<World, Error> {
    let signals = Arc::clone(signals);
    World::new(ground, Data::new(options), move || {
        if signals.cancelled.load(Ordering::SeqCst) || signals.late.load(Ordering::SeqCst) {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Continue(1)
        }
    })
}

/// What sessions need of this host.
pub(crate) const TOOLS: Tools =
    Tools { clock: nanoseconds, read_float: |digits| digits.parse().unwrap_or(f64::NAN) };

/// Nanoseconds since the first call in this process.
fn nanoseconds() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}
