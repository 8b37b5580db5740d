//! The engine: settings and canonical types that modules and stores share.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Error, Result, ensure};
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::shown::Shown;
use upshift_core::vm::Returns;
use upshift_interp::{Dispatch, native as interpreter};
use upshift_opt::Reason;
use upshift_translate::module::ExternIndex;
use upshift_translate::{ModuleInfo, ModuleLimit, TypeRegistry, names};

use crate::config::Config;
use crate::demangle::demangle;
use crate::module::Module;
use crate::trace::{Trace, Tracer};
use crate::vm::adaptors::Adaptors;
use crate::vm::cache::artifact;
use crate::vm::code::{CodeSet, NoNativeCode};
use crate::vm::native::{self, Machine};
use crate::vm::observe::Observers;
use crate::vm::optimizer::{Optimizer, has_one_processor};
use crate::vm::pool::Pools;
use crate::vm::thresholds::{Threshold, Thresholds};
use crate::vm::tier::{Optimization, Tier, TierUp, Tiering, Tiers};

/// The largest value stack, in bytes; slots of a frame are addressed within it.
const MAX_WASM_STACK: u64 = 1 << 32;

/// The tiers of this build, as the reader of an error wants to see them.
fn available() -> String {
    let tiers = Tier::ALL.into_iter().filter(|tier| tier.is_available());
    tiers.map(|tier| format!("{} (`{tier}`)", tier.number())).collect::<Vec<_>>().join(", ")
}

/// What modules and stores share. Cheap to clone, usable from all threads.
///
/// An engine keeps some of the mappings that memories, stacks and heaps of dropped stores had, filled with zeroes, so that the next
/// store is made quickly: at most 64 of each, in which at most 5 MiB of memory are used.
///
/// ```
/// use upshift::{Engine, Module};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, "(module)")?;
/// assert!(Engine::same(module.engine(), &engine));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

impl Default for Engine {
    /// An engine with the default settings.
    ///
    /// # Panics
    /// In a build that cannot run any code, where [`Engine::new`] gives an error: one without the feature `loop-dispatch` whose
    /// compiler left calls where the handlers of the interpreter have to jump.
    fn default() -> Engine {
        Engine::new(&Config::default()).unwrap_or_else(|error| panic!("{error}"))
    }
}

struct EngineInner {
    config: Config,
    types: TypeRegistry,
    epoch: AtomicU64,
    pools: Arc<Pools>,
    tiering: Tiering,
    no_native_code: OnceLock<NoNativeCode>,
    /// Whether the system has refused everything that native code needs, so that nobody asks again.
    is_refused: AtomicBool,
    observers: Option<Arc<Observers>>,
    tracer: Option<Tracer>,
    adaptors: Adaptors,
    optimizer: Optimizer,
    /// How often the optimizing compiler has refused something, by reasons.
    refused: [AtomicUsize; Reason::ALL.len()],
}

/// What was compiled ahead of time, see [`Engine::detect_precompiled`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Precompiled {
    /// A module: what [`Module::deserialize`](crate::Module::deserialize) takes.
    Module,
}

/// Why a module that was compiled ahead of time cannot be used: what errors of
/// [`Module::deserialize`](crate::Module::deserialize) downcast to.
///
/// ```
/// use upshift::{Config, Engine, Module, PrecompiledError, Tier};
///
/// # if !Tier::Optimizing.is_available() { return Ok(()) }
/// let bytes = Engine::default().precompile_module(b"\0asm\x01\0\0\0")?;
/// let metered = Engine::new(Config::new().consume_fuel(true))?;
/// // SAFETY: nobody else has had the bytes.
/// let error = unsafe { Module::deserialize(&metered, bytes) }.unwrap_err();
/// assert_eq!(error.downcast_ref(), Some(&PrecompiledError::OtherSettings));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PrecompiledError {
    /// Another build of Upshift has made it.
    OtherVersion,
    /// It is for another processor, or for an engine with other settings.
    OtherSettings,
    /// It is not what was made.
    Damaged,
}

impl fmt::Display for PrecompiledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PrecompiledError::OtherVersion => {
                "the module was compiled ahead of time by another version: compile it anew"
            }
            PrecompiledError::OtherSettings => {
                "the module was compiled ahead of time for another processor or for other settings: compile it anew"
            }
            PrecompiledError::Damaged => "the module that was compiled ahead of time is damaged",
        })
    }
}

impl std::error::Error for PrecompiledError {}

/// What the settings say about native code, or why there is none.
fn tiering(config: &Config) -> Result<Tiering, NoNativeCode> {
    let wanted = match (config.tiers, config.tier_up) {
        (Tiers::Only(Tier::Interpreter), _) => return Ok(Tiering::Never),
        (Tiers::Only(tier), _) => Tiering::AtFirstCall(tier),
        (Tiers::Auto, up @ TierUp { random: Some(_), .. }) => Tiering::AtRandom(up),
        (Tiers::Auto, mut up) => {
            if up.optimization == Optimization::Background && has_one_processor() {
                up.optimization = Optimization::AtOnce;
            }
            Tiering::WhenHot(up)
        }
    };
    if !Tier::Baseline.is_available() {
        return Err(NoNativeCode::Unsupported);
    }
    if config.dispatch != Dispatch::Tail {
        return Err(NoNativeCode::Dispatch);
    }
    if let Tiering::AtFirstCall(_) = wanted {
        // Other engines ask when there is something to compile.
        CodeSet::create()?;
    }
    Ok(wanted)
}

/// What profilers and debuggers call a function: as backtraces do.
fn symbol_name(info: &ModuleInfo, func: FuncIndex) -> String {
    let module = names::module_name(info).map_or(String::new(), |name| format!("{}!", Shown::new(name)));
    let exported = || names::export_name(info, ExternIndex::Func(func));
    match names::function_name(info, func).or_else(exported) {
        Some(name) => format!("{module}{}", Shown::new(&demangle(name))),
        None => format!("{module}func[{}]", func.0),
    }
}

impl Engine {
    /// An engine with the given settings.
    ///
    /// # Errors
    /// When the settings ask for something that is not there or contradicts itself, and when this build has no dispatch that is
    /// safe ([`Dispatch::effective`]).
    pub fn new(config: &Config) -> Result<Engine> {
        if let Some(unsupported) = config.unsupported {
            return Err(unsupported.into());
        }
        if let Tiers::Only(tier) = config.tiers {
            ensure!(
                tier.is_available(),
                "tier {} (`{tier}`) is not in this build: it has {}",
                tier.number(),
                available()
            );
        }
        ensure!(config.max_wasm_stack >= 4096, "`max_wasm_stack` must be 4096 bytes or more");
        ensure!(config.max_wasm_stack as u64 <= MAX_WASM_STACK, "`max_wasm_stack` must be 4 GiB or less");
        let config = Config { dispatch: config.dispatch.effective()?, ..config.clone() };
        // They may have a say in where code lies.
        let observers = Observers::new(config.profiler, config.debug_info, symbol_name)
            .context("profilers cannot be told of native code")?;
        let (tiering, no_native_code) = match tiering(&config) {
            Ok(tiering) => (tiering, OnceLock::new()),
            Err(reason) if config.tiers == Tiers::Auto => (Tiering::Never, reason.into()),
            Err(reason) => return Err(Error::new(reason).context("functions cannot run in native code")),
        };
        let queue = config.tier_up.thresholds.get(Threshold::Queue) as usize;
        let tracer = Tracer::new(config.trace);
        let inner = EngineInner {
            config,
            types: TypeRegistry::default(),
            epoch: AtomicU64::default(),
            pools: Arc::default(),
            tiering,
            no_native_code,
            is_refused: AtomicBool::default(),
            observers,
            adaptors: Adaptors::default(),
            optimizer: Optimizer::new(queue),
            refused: Default::default(),
            tracer,
        };
        Ok(Engine { inner: Arc::new(inner) })
    }

    /// Why functions that should run in native code do not, or not all of them; `None` as long as there is no reason.
    ///
    /// Programs run all the same, in the interpreter. With [`Tiers::Only`] an engine is not made where this is known at once; memory
    /// may run out later.
    ///
    /// ```
    /// use upshift::{Config, Dispatch, Engine, NoNativeCode, Tier};
    ///
    /// # if !Dispatch::LOOP_AVAILABLE || !Tier::Baseline.is_available() { return Ok(()) }
    /// let engine = Engine::new(Config::new().dispatch(Dispatch::Loop))?;
    /// assert!(matches!(engine.no_native_code(), Some(NoNativeCode::Dispatch)));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn no_native_code(&self) -> Option<&NoNativeCode> {
        self.inner.no_native_code.get()
    }

    /// Whether nothing more is compiled, because the system gives no memory for it.
    pub(crate) fn is_refused_native_code(&self) -> bool {
        self.inner.is_refused.load(Ordering::Relaxed)
    }

    /// Keeps the first reason, and whether there is to be none at all.
    #[cold]
    pub(crate) fn note_no_native_code(&self, reason: NoNativeCode) {
        self.inner.is_refused.fetch_or(reason.is_final(), Ordering::Relaxed);
        self.inner.no_native_code.get_or_init(|| reason);
    }

    /// How many functions, and parts of functions from loops on, the optimizing compiler has refused so far, by reasons; for tests of
    /// Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn refusals(&self) -> impl Iterator<Item = (Reason, usize)> {
        let refused = self.inner.refused.iter().map(|count| count.load(Ordering::Relaxed));
        Reason::ALL.iter().copied().zip(refused).filter(|&(_, count)| count > 0)
    }

    /// Waits until all that was requested of the thread that optimizes is done, or cannot be; for tests of Upshift itself: not part of
    /// the stable interface.
    #[doc(hidden)]
    pub fn finish_optimizing(&self) {
        self.inner.optimizer.finish();
    }

    /// The optimizing compiler has refused something.
    pub(crate) fn note_refusal(&self, reason: Reason) {
        self.inner.refused[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Who is told of native code.
    pub(crate) fn observers(&self) -> Option<&Arc<Observers>> {
        self.inner.observers.as_ref()
    }

    /// Takes what was traced since it was taken the last time, if [`Config::trace`](crate::Config::trace) says that anything is.
    ///
    /// ```
    /// use upshift::{Config, Engine};
    ///
    /// assert!(Engine::default().take_trace().is_none());
    /// let engine = Engine::new(Config::new().trace(1000))?;
    /// assert_eq!(engine.take_trace().map(|trace| trace.events.len()), Some(0));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn take_trace(&self) -> Option<Trace> {
        self.tracer().map(Tracer::take)
    }

    /// Who notes what becomes of functions.
    pub(crate) fn tracer(&self) -> Option<&Tracer> {
        self.inner.tracer.as_ref()
    }

    /// What leads calls with arguments in registers to code that has them in slots.
    pub(crate) fn adaptors(&self) -> &Adaptors {
        &self.inner.adaptors
    }

    /// Who optimizes functions.
    pub(crate) fn optimizer(&self) -> &Optimizer {
        &self.inner.optimizer
    }

    /// When functions move up, see [`Config::thresholds`](crate::Config::thresholds).
    #[must_use]
    pub fn thresholds(&self) -> &Thresholds {
        &self.inner.config.tier_up.thresholds
    }

    /// Whether and by whom functions are optimized: what [`Config::optimization`](crate::Config::optimization) asks for, but
    /// [`Optimization::AtOnce`] instead of a thread where there is one processor, and [`Optimization::Never`] where there is no native code
    /// or functions do not move up.
    ///
    /// ```
    /// use upshift::{Config, Engine, Optimization, Tier, Tiers};
    ///
    /// let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Interpreter)))?;
    /// assert_eq!(engine.optimization(), Optimization::Never);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn optimization(&self) -> Optimization {
        match self.inner.tiering {
            Tiering::Never | Tiering::AtFirstCall(_) => Optimization::Never,
            Tiering::WhenHot(up) | Tiering::AtRandom(up) => up.optimization,
        }
    }

    /// What happens about native code of functions.
    pub(crate) fn tiering(&self) -> Tiering {
        self.inner.tiering
    }

    /// How native code calls and returns.
    pub(crate) fn returns(&self) -> Returns {
        if self.inner.config.jump_returns { Returns::Jump } else { interpreter::allowed_returns() }
    }

    /// What native code is made for.
    pub(crate) fn machine(&self) -> Machine {
        Machine {
            level: self.inner.config.processor_level,
            returns: self.returns(),
            choices: self.tiering().asks(),
            counts: self.tiering().counts(),
            unimproved: self.inner.config.unimproved,
            twins: self.inner.config.twins,
        }
    }

    /// Whether bytes, or the first of many, are those of a module that was compiled ahead of time, perhaps by another version or for
    /// something else.
    ///
    /// ```
    /// use upshift::Engine;
    ///
    /// assert!(Engine::detect_precompiled(b"\0asm\x01\0\0\0").is_none());
    /// ```
    #[must_use]
    pub fn detect_precompiled(bytes: &[u8]) -> Option<Precompiled> {
        artifact::is_artifact(bytes).then_some(Precompiled::Module)
    }

    /// Compiles a module ahead of time, see [`Module::serialize`](crate::Module::serialize).
    ///
    /// # Errors
    /// When the bytes are no valid module, and when there is no native code on this system.
    pub fn precompile_module(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        Module::new(self, bytes)?.serialize()
    }

    /// Whatever optimized code depends on besides the module, the memories of instances, and this build, and whether a module is valid.
    pub(crate) fn code_settings(&self) -> String {
        let Config { features, module_limits, code, unimproved, .. } = self.config();
        let Target { features: processor, returns, memories: _, choices: _, counts: _, twins: _ } =
            native::target(&[], self.machine());
        let limits = ModuleLimit::ALL.iter().map(|&limit| module_limits.get(limit)).collect::<Vec<_>>();
        format!("{features:?} {limits:?} {code:?} {processor:?} {returns:?} {unimproved}")
    }

    /// How the interpreter really goes from one instruction to the next: [`Dispatch::Loop`], whatever the settings say, if the
    /// other way is not safe in this build, see [`Dispatch::effective`].
    #[must_use]
    pub fn dispatch(&self) -> Dispatch {
        self.inner.config.dispatch
    }

    /// Whether both are the same engine. Modules and stores of different engines cannot be combined.
    #[must_use]
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.inner, &b.inner)
    }

    /// The settings, with what became of those that this build cannot follow.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Begins the next epoch. Programs whose deadline that is are interrupted soon, see
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline). May be called from any thread, also from a signal
    /// handler: it only adds to a number.
    pub fn increment_epoch(&self) {
        self.inner.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether its code counts fuel, see [`Config::consume_fuel`](crate::Config::consume_fuel): for host functions that
    /// pay for what they do.
    ///
    /// ```
    /// use upshift::{Config, Engine};
    ///
    /// assert!(Engine::new(Config::new().consume_fuel(true))?.consumes_fuel());
    /// assert!(!Engine::default().consumes_fuel());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn consumes_fuel(&self) -> bool {
        self.inner.config.code.fuel
    }

    pub(crate) fn epoch(&self) -> &AtomicU64 {
        &self.inner.epoch
    }

    /// How many defined types there are: those that modules, stores and handles of this engine use. Equal types are one.
    ///
    /// ```
    /// use upshift::{Engine, FuncType, Module, ValType};
    ///
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, "(module (func) (func (param i32)))")?;
    /// let ty = FuncType::new(&engine, [ValType::I32], []);
    /// assert_eq!(engine.type_count(), 2);
    /// drop(module);
    /// assert_eq!(engine.type_count(), 1);
    /// # drop(ty);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn type_count(&self) -> usize {
        self.inner.types.len()
    }

    /// Mappings for the next memory or stack.
    pub(crate) fn pools(&self) -> &Arc<Pools> {
        &self.inner.pools
    }

    pub(crate) fn types(&self) -> &TypeRegistry {
        &self.inner.types
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", self.config()).finish_non_exhaustive()
    }
}
