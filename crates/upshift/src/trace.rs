//! What becomes of functions while programs run: when each is translated, waits, is compiled, and goes to another tier.
//!
//! ```text
//! first call, counter that runs out, optimizer's thread ─ one event each ─▶ Tracer, bounded ─ Engine::take_trace ─▶ Trace
//! ```
//!
//! Events are noted where something slow happens anyway, never by code that runs: an engine that does not trace has nothing but a test
//! there, and one that does has no slower calls. Who wants to know where the time goes as well takes samples, as
//! [`WasmBacktrace::capture_up_to`](crate::WasmBacktrace::capture_up_to) shows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use anyhow::Result;
use upshift_core::index::FuncIndex;
use upshift_ir::FuncCode;

use crate::demangle::demangle;
use crate::module::{Module, WeakModule};
use crate::vm::code::NoNativeCode;
use crate::vm::native::{NativeFunc, NativeSet, Verdict};
use crate::vm::tier::{Compilation, Tier};

/// What became of the functions of an engine's modules, see [`Engine::take_trace`](crate::Engine::take_trace).
///
/// ```
/// use upshift::{Config, Engine, Instance, Module, Store, TraceWhat};
///
/// let engine = Engine::new(Config::new().trace(1000))?;
/// let module = Module::new(&engine, r#"(module (func $work (export "run")))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// let trace = engine.take_trace().expect("the engine traces");
/// let event = &trace.events[0];
/// assert!(matches!(event.what, TraceWhat::Translated { .. }));
/// assert_eq!(trace.functions[event.function].name.as_deref(), Some("work"));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trace {
    /// What the times of events count from: when the engine was made.
    pub begin: Instant,
    /// The threads on which something happened.
    pub threads: Vec<TraceThread>,
    /// The modules that they belong to; `None` for one that nobody has any longer.
    pub modules: Vec<Option<Module>>,
    /// The functions to which something happened.
    pub functions: Vec<TraceFunction>,
    /// What happened, by when it began.
    pub events: Vec<TraceEvent>,
    /// How many events are not among them for want of room: those that came last.
    pub dropped: u64,
}

/// A thread in a [`Trace`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TraceThread {
    /// Which one it is.
    pub id: ThreadId,
    /// Its name, if it has one. The engine's thread that optimizes is called `upshift-opt`.
    pub name: Option<String>,
}

/// A function in a [`Trace`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TraceFunction {
    /// Which of [`Trace::modules`] it belongs to.
    pub module: usize,
    /// Its index in the module.
    pub index: u32,
    /// Its name from the name section or else from an export, demangled. Guests choose names: they may be any text.
    pub name: Option<String>,
    /// The bytes of its body in the module.
    pub bytes: usize,
}

/// Something that happened to a function.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TraceEvent {
    /// When it began, counted from [`Trace::begin`].
    pub at: Duration,
    /// How long it took; 0 for what has no duration.
    pub took: Duration,
    /// On which of [`Trace::threads`]. What takes time there does not overlap.
    pub thread: usize,
    /// To which of [`Trace::functions`].
    pub function: usize,
    /// What it was.
    pub what: TraceWhat,
}

/// What happened in a [`TraceEvent`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TraceWhat {
    /// It was translated for the interpreter, at its first call.
    Translated {
        /// The bytes of the interpreter's code.
        code_bytes: usize,
    },
    /// It was put into the queue of the thread that optimizes. What is there already is not put there again, and what has no room
    /// any longer because others are hotter leaves it without an event.
    Queued {
        /// The number of the loop that the code is to begin at; `None` for the whole function.
        from_loop: Option<u32>,
        /// After how many calls and turns of loops.
        arrivals: u32,
    },
    /// Native code of it was made, or brought back from an earlier run ([`Trigger::Cache`](crate::Trigger::Cache)). The event has what
    /// publishing took as well, which [`Compilation::time`] has not.
    Compiled(Compilation),
    /// A compiler has refused it.
    Refused {
        /// The tier that it does not get.
        tier: Tier,
        /// The number of the loop that the code was to begin at; `None` for the whole function.
        from_loop: Option<u32>,
        /// Why.
        reason: String,
    },
    /// From now on calls of it lead to native code, in one instance.
    Installed {
        /// The tier of the code.
        tier: Tier,
    },
    /// In the middle of a call it went on in code of another tier, at a loop.
    Replaced {
        /// The tier that it comes from.
        from: Tier,
        /// The tier that it goes on in.
        to: Tier,
        /// The number of the loop, in the order of the function's text.
        at_loop: u32,
    },
}

/// Notes what happens, up to so many events.
pub(crate) struct Tracer {
    begin: Instant,
    most: usize,
    noted: Mutex<Noted>,
}

/// What was noted since the trace was taken the last time.
#[derive(Default)]
struct Noted {
    threads: Vec<TraceThread>,
    /// By where their descriptions lie, which stays their own place as long as they are here.
    modules: Vec<(usize, WeakModule)>,
    functions: Vec<TraceFunction>,
    /// The numbers of functions, by the place of their module and their index.
    numbers: HashMap<(usize, u32), usize>,
    events: Vec<TraceEvent>,
    dropped: u64,
}

impl Tracer {
    /// One that notes so many events; `None` if that is nothing.
    pub(crate) fn new(most: usize) -> Option<Tracer> {
        (most > 0).then(|| Tracer { begin: Instant::now(), most, noted: Mutex::default() })
    }

    /// Takes what was noted.
    pub(crate) fn take(&self) -> Trace {
        let Noted { threads, modules, functions, mut events, dropped, .. } =
            std::mem::take(&mut *self.noted());
        // What takes long is noted at its end.
        events.sort_by_key(|event| event.at);
        let modules = modules.into_iter().map(|(_, module)| module.upgrade()).collect();
        Trace { begin: self.begin, threads, modules, functions, events, dropped }
    }

    /// Notes what began at a time and ends now, or what happens now. On the thread that optimizes this has to be
    /// [aside](crate::vm::forks::aside), for it takes a lock.
    #[cold]
    fn note(&self, module: &Module, func: FuncIndex, since: Option<Instant>, what: TraceWhat) {
        let now = Instant::now();
        let begin = since.unwrap_or(now);
        let mut noted = self.noted();
        if noted.events.len() >= self.most {
            noted.dropped += 1;
            return;
        }
        let (at, took) = (begin.duration_since(self.begin), now.duration_since(begin));
        let (thread, function) = (noted.thread(), noted.function(module, func));
        noted.events.push(TraceEvent { at, took, thread, function, what });
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    /// The number of this thread.
    fn thread(&mut self) -> usize {
        let thread = thread::current();
        let known = self.threads.iter().position(|known| known.id == thread.id());
        known.unwrap_or_else(|| {
            self.threads.push(TraceThread { id: thread.id(), name: thread.name().map(str::to_owned) });
            self.threads.len() - 1
        })
    }

    /// The number of a function.
    fn function(&mut self, module: &Module, func: FuncIndex) -> usize {
        let address = std::ptr::from_ref(module.info()).addr();
        let key = (address, func.0);
        if let Some(&number) = self.numbers.get(&key) {
            return number;
        }
        let known = self.modules.iter().position(|&(known, _)| known == address);
        let number_of_module = known.unwrap_or_else(|| {
            self.modules.push((address, module.downgrade()));
            self.modules.len() - 1
        });
        let number = self.functions.len();
        self.functions.push(TraceFunction {
            module: number_of_module,
            index: func.0,
            name: module.func_name(func).map(|name| demangle(name).into_owned()),
            bytes: module.info().body(func).map_or(0, |body| body.len()),
        });
        self.numbers.insert(key, number);
        number
    }
}

/// The interpreter's code of a function, translated if this is its first use.
///
/// # Errors
/// When it cannot be translated.
pub(crate) fn translated(module: &Module, func: FuncIndex) -> Result<&FuncCode> {
    let Some(tracer) = module.engine().tracer().filter(|_| module.translated(func).is_none()) else {
        return module.code(func);
    };
    let begin = Instant::now();
    let code = module.code(func)?;
    let code_bytes = size_of_val(code.words());
    tracer.note(module, func, Some(begin), TraceWhat::Translated { code_bytes });
    Ok(code)
}

/// What `make` makes of a function in a single pass, if it has none in the set.
pub(crate) fn compiled<'a>(
    module: &Module,
    set: &NativeSet,
    func: FuncIndex,
    make: impl FnOnce() -> Result<&'a NativeFunc, NoNativeCode>,
) -> Result<&'a NativeFunc, NoNativeCode> {
    let own = module.own(func);
    // Whoever was refused once is refused again, in no time.
    let is_new = || set.baseline(own).is_none() && module.code_refusal(func.0).is_none();
    let Some(tracer) = module.engine().tracer().filter(|_| is_new()) else { return make() };
    let begin = Instant::now();
    let made = make();
    let what = match &made {
        Ok(code) => TraceWhat::Compiled(code.compilation),
        Err(NoNativeCode::Refused(refusal)) => refused(Tier::Baseline, None, refusal),
        Err(_) => return made,
    };
    tracer.note(module, func, Some(begin), what);
    made
}

/// The optimizing compiler has made something of a function, or of what follows from a loop of it on.
pub(crate) fn optimized(
    module: &Module,
    func: FuncIndex,
    from_loop: Option<u32>,
    begin: Instant,
    verdict: &Verdict,
) {
    let Some(tracer) = module.engine().tracer() else { return };
    let what = match verdict {
        Ok(code) => TraceWhat::Compiled(code.compilation),
        Err(refusal) => refused(Tier::Optimizing, from_loop, refusal),
    };
    tracer.note(module, func, Some(begin), what);
}

fn refused(tier: Tier, from_loop: Option<u32>, reason: &dyn fmt::Display) -> TraceWhat {
    TraceWhat::Refused { tier, from_loop, reason: reason.to_string() }
}

/// A function waits for the thread that optimizes.
pub(crate) fn queued(module: &Module, func: FuncIndex, from_loop: Option<u32>, arrivals: u32) {
    if let Some(tracer) = module.engine().tracer() {
        tracer.note(module, func, None, TraceWhat::Queued { from_loop, arrivals });
    }
}

/// Calls of a function lead to native code.
pub(crate) fn installed(module: &Module, func: FuncIndex, tier: Tier) {
    if let Some(tracer) = module.engine().tracer() {
        tracer.note(module, func, None, TraceWhat::Installed { tier });
    }
}

/// A frame goes on in code of another tier, at a loop if it stands at one.
pub(crate) fn replaced(module: &Module, func: FuncIndex, [from, to]: [Tier; 2], at_loop: Option<u32>) {
    if let (Some(tracer), Some(at_loop)) = (module.engine().tracer(), at_loop) {
        tracer.note(module, func, None, TraceWhat::Replaced { from, to, at_loop });
    }
}
