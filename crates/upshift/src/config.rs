//! What can be chosen about an [`Engine`](crate::Engine) before it is made.
//!
//! A [`Config`] is plain data with setters that chain. Nothing is checked until `Engine::new` reads it.

use upshift_interp::Dispatch;
use upshift_translate::features::{Feature, UnsupportedFeature};
use upshift_translate::{CodeOptions, Features, ModuleLimits};

use crate::vm::cache::Cache;
use crate::vm::observe::ProfilingStrategy;
use crate::vm::thresholds::Thresholds;
use crate::vm::tier::{Optimization, TierUp, Tiers};

/// Settings of an engine.
///
/// ```
/// use upshift::{Config, Engine, Module};
///
/// let mut config = Config::new();
/// config.wasm_simd(false).max_wasm_stack(1 << 20);
/// let engine = Engine::new(&config)?;
/// assert!(Module::new(&engine, "(module (func (param v128)))").is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) features: Features,
    /// The first feature that was asked for but does not exist.
    pub(crate) unsupported: Option<UnsupportedFeature>,
    pub(crate) dispatch: Dispatch,
    pub(crate) tiers: Tiers,
    pub(crate) tier_up: TierUp,
    /// What native code may use at most, see [`Config::processor_level`].
    pub(crate) processor_level: u8,
    pub(crate) jump_returns: bool,
    /// Whether optimized code is made without the passes that improve it.
    pub(crate) unimproved: bool,
    pub(crate) twins: Option<u64>,
    pub(crate) code: CodeOptions,
    pub(crate) max_wasm_stack: usize,
    pub(crate) max_native_stack: usize,
    pub(crate) memory_reservation: u64,
    pub(crate) gc_stress: bool,
    pub(crate) module_limits: ModuleLimits,
    pub(crate) profiler: ProfilingStrategy,
    pub(crate) debug_info: bool,
    pub(crate) cache: Option<Cache>,
    pub(crate) ahead_of_time: bool,
    /// How many events are traced at most.
    pub(crate) trace: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            features: Features::default(),
            unsupported: None,
            dispatch: Dispatch::default(),
            tiers: Tiers::default(),
            tier_up: TierUp::default(),
            processor_level: u8::MAX,
            jump_returns: false,
            unimproved: false,
            twins: None,
            code: CodeOptions::default(),
            max_wasm_stack: 8 << 20,
            max_native_stack: 1 << 20,
            memory_reservation: 8 << 30,
            gc_stress: false,
            module_limits: ModuleLimits::default(),
            profiler: ProfilingStrategy::default(),
            debug_info: false,
            cache: None,
            ahead_of_time: false,
            trace: 0,
        }
    }
}

macro_rules! wasm_features {
    ($($name:ident $feature:ident $what:literal;)*) => {
        impl Config {
            $(
                #[doc = concat!("Allows or forbids ", $what, ".")]
                ///
                /// Unless set, what this version implements is allowed and everything else forbidden. Allowing what it does
                /// not implement makes `Engine::new` fail. The error of a module that needs what is forbidden names the method.
                pub fn $name(&mut self, allowed: bool) -> &mut Config {
                    self.feature(Feature::$feature, allowed)
                }
            )*
        }

        /// The method of [`Config`] that allows a feature, if there is one.
        pub(crate) fn setter(feature: Feature) -> Option<&'static str> {
            match feature {
                $(Feature::$feature => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

wasm_features! {
    wasm_reference_types ReferenceTypes "references as values and several tables";
    wasm_multi_value MultiValue "several results of functions and blocks";
    wasm_bulk_memory BulkMemory "copying and filling of memories and tables";
    wasm_simd Simd "128-bit vectors";
    wasm_relaxed_simd RelaxedSimd "vector instructions whose results may differ between machines";
    wasm_tail_call TailCall "calls that replace their caller";
    wasm_extended_const ExtendedConst "integer arithmetic in constant expressions";
    wasm_multi_memory MultiMemory "several memories in one module";
    wasm_memory64 Memory64 "memories and tables with 64-bit addresses";
    wasm_function_references FunctionReferences "typed references to functions";
    wasm_gc Gc "garbage-collected structs and arrays";
    wasm_exceptions Exceptions "exceptions";
    wasm_legacy_exceptions LegacyExceptions "the first draft of exceptions, which older compilers use";
    wasm_threads Threads "shared memories and atomic instructions";
    wasm_custom_page_sizes CustomPageSizes "memories with pages of one byte";
    wasm_wide_arithmetic WideArithmetic "128-bit integer arithmetic";
    wasm_stack_switching StackSwitching "continuations";
}

impl Config {
    /// Allows everything that is implemented, for the project's own tools: not part of the stable interface.
    #[doc(hidden)]
    pub fn every_feature(&mut self) -> &mut Config {
        self.features = Features::all();
        self
    }

    /// What is allowed, for the project's own tools: not part of the stable interface.
    #[doc(hidden)]
    #[must_use]
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// What a module may contain, for the project's own tools: not part of the stable interface.
    #[doc(hidden)]
    #[must_use]
    pub fn limits_of_modules(&self) -> &ModuleLimits {
        &self.module_limits
    }

    /// The default settings.
    #[must_use]
    pub fn new() -> Config {
        Config::default()
    }

    fn feature(&mut self, feature: Feature, allowed: bool) -> &mut Config {
        if let Err(error) = self.features.set(feature, allowed) {
            self.unsupported.get_or_insert(error);
        }
        self
    }

    /// How a profiler is told of native code; not at all unless set. `docs/profiling.md` shows how to go on from there.
    ///
    /// `Engine::new` makes the profiler's file, and fails when it cannot; where there is no native code the file names no function.
    ///
    /// ```no_run
    /// use upshift::{Config, Engine, ProfilingStrategy};
    ///
    /// let engine = Engine::new(Config::new().profiler(ProfilingStrategy::PerfMap))?;
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn profiler(&mut self, strategy: ProfilingStrategy) -> &mut Config {
        self.profiler = strategy;
        self
    }

    /// Whether a debugger that is attached to the process, gdb or lldb, is told the names of functions with native code, and how their
    /// frames end. Not unless set: it takes a kilobyte for each function, and time when a debugger is there.
    ///
    /// ```
    /// use upshift::{Config, Engine};
    ///
    /// let engine = Engine::new(Config::new().debug_info(true))?;
    /// # drop(engine);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn debug_info(&mut self, told: bool) -> &mut Config {
        self.debug_info = told;
        self
    }

    /// Traces what becomes of functions: when each is translated, waits for the optimizing compiler, is compiled and goes to other code.
    /// [`Engine::take_trace`](crate::Engine::take_trace) gives it to the host. Nothing is traced unless set.
    ///
    /// So many events are kept until they are taken; what comes when there is no room is only counted. An event has less than 200
    /// bytes, and for each function there are about three. Programs run as fast as without: what is traced takes much longer itself.
    ///
    /// ```
    /// use upshift::{Config, Engine};
    ///
    /// let engine = Engine::new(Config::new().trace(100_000))?;
    /// assert!(engine.take_trace().is_some());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn trace(&mut self, most_events: usize) -> &mut Config {
        self.trace = most_events;
        self
    }

    /// How the interpreter goes from one instruction to the next.
    pub fn dispatch(&mut self, dispatch: Dispatch) -> &mut Config {
        self.dispatch = dispatch;
        self
    }

    /// Which tiers functions run in; [`Tiers::Auto`] unless set. Results, traps and fuel are the same in all of them.
    ///
    /// Asking for one that this build does not have makes `Engine::new` fail, see
    /// [`Tier::is_available`](crate::Tier::is_available).
    ///
    /// ```
    /// use upshift::{Config, Engine, Tier, Tiers};
    ///
    /// for tier in Tier::ALL {
    ///     let engine = Engine::new(Config::new().tiers(Tiers::Only(tier)));
    ///     assert_eq!(engine.is_ok(), tier.is_available());
    /// }
    /// ```
    pub fn tiers(&mut self, tiers: Tiers) -> &mut Config {
        self.tiers = tiers;
        self
    }

    /// With [`Tiers::Auto`], how often a function is called or repeats a loop in the interpreter before it moves up; for tests and
    /// measurements of Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn tier_up_after(&mut self, arrivals: u32) -> &mut Config {
        self.tier_up.after = Some(arrivals);
        self
    }

    /// With [`Tiers::Auto`], lets functions change their tier at calls and turns of loops that this number picks at random; for
    /// tests of Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn random_tiers(&mut self, seed: u64) -> &mut Config {
        self.tier_up.random = Some(seed);
        self
    }

    /// Whether and how functions that run a lot are optimized while programs run, with [`Tiers::Auto`];
    /// [`Optimization::Background`] unless set. Results, traps and fuel are the same, whatever is set,
    /// but for how deep calls may be nested: frames of optimized code have other sizes, and with [`Optimization::Background`] it is up to a
    /// thread when they come.
    ///
    /// ```
    /// use upshift::{Config, Engine, Optimization};
    ///
    /// // Neither a thread nor the memory that an optimizing compiler takes.
    /// let engine = Engine::new(Config::new().optimization(Optimization::Never))?;
    /// # drop(engine);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn optimization(&mut self, optimization: Optimization) -> &mut Config {
        self.tier_up.optimization = optimization;
        self
    }

    /// Keeps optimized code beyond the process, or not (default): modules that an earlier run has had optimized code of begin with
    /// that, and what [`Module::store_code`](crate::Module::store_code) finds is kept. It changes how soon programs are fast, and
    /// nothing else.
    ///
    /// ```
    /// use upshift::{Cache, CacheConfig, Config, Engine};
    ///
    /// let cache = Cache::new(CacheConfig::new().with_directory("/var/cache/host/code"))?;
    /// let engine = Engine::new(Config::new().cache(Some(cache)))?;
    /// # drop(engine);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn cache(&mut self, cache: Option<Cache>) -> &mut Config {
        self.cache = cache;
        self
    }

    /// How much functions have to run before they move up, with [`Tiers::Auto`]; [`Thresholds::default`] unless set.
    ///
    /// ```
    /// use upshift::{Config, Engine};
    ///
    /// let engine = Engine::new(Config::new().thresholds("start=1000,optimize=20_000".parse()?))?;
    /// # drop(engine);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn thresholds(&mut self, thresholds: Thresholds) -> &mut Config {
        self.tier_up.thresholds = thresholds;
        self
    }

    /// With [`Tiers::Auto`], how often a function is called or repeats a loop in a lower tier before it is optimized; for tests and
    /// measurements of Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn optimize_after(&mut self, arrivals: u32) -> &mut Config {
        self.tier_up.optimized_after = Some(arrivals);
        self
    }

    /// With [`Tiers::Auto`], whether functions go from the interpreter to optimized code, without a tier between; for tests and
    /// measurements of Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn skip_baseline(&mut self, skip: bool) -> &mut Config {
        self.tier_up.skips_baseline = skip;
        self
    }

    /// Whether optimized code is made without any of the passes that improve it, which may not change what programs do; for tests of
    /// Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn unimproved(&mut self, unimproved: bool) -> &mut Config {
        self.unimproved = unimproved;
        self
    }

    /// Lets the interpreter do operators in the middle of native code of [`Tier::Baseline`] that have machine code: all of them for 0, and
    /// some that other numbers pick at random. For tests of Upshift itself, of builds with assertions: not part of the stable interface.
    #[doc(hidden)]
    pub fn embedded_twins(&mut self, seed: u64) -> &mut Config {
        self.twins = Some(seed);
        self
    }

    /// Compiles each module ahead of time when it is made, and takes it back from the bytes; for tests of Upshift itself: not part of
    /// the stable interface.
    #[doc(hidden)]
    pub fn ahead_of_time(&mut self, ahead: bool) -> &mut Config {
        self.ahead_of_time = ahead;
        self
    }

    /// Lets native code use only what processors of this level have, 1 to 3 of x86-64 (SSE2, SSE4.2, AVX2), 12 (SSE4.1) or 22 (AVX),
    /// as far as this one has it;
    /// for tests of Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn processor_level(&mut self, level: u8) -> &mut Config {
        self.processor_level = level;
        self
    }

    /// Whether native code calls and returns by jumps, as it does anyway where the system checks return addresses, and not by calls
    /// that the processor can foresee the ends of; for tests and measurements of Upshift itself: not part of the stable interface.
    #[doc(hidden)]
    pub fn jump_returns(&mut self, jumps: bool) -> &mut Config {
        self.jump_returns = jumps;
        self
    }

    /// Whether programs consume fuel, see [`Store::set_fuel`](crate::Store::set_fuel); off unless set.
    ///
    /// A unit is never more than about a microsecond of work. What programs pay:
    ///
    /// | what | units |
    /// |---|---|
    /// | an operator | 1; but `block`, `else`, `end`, `nop`, `drop` and blocks that catch are free |
    /// | a call, a return, a branch, a `throw` or `throw_ref` | 1 more for each 64 slots of the values that it takes along: arguments and results of a call. A slot has 8 bytes, a `v128` takes two |
    /// | entering a function | 1 for each 64 slots of locals that are not parameters |
    /// | making an object | 1 more for each 64 bytes of it, header included; also an exception that a clause wants a reference to |
    /// | `memory.copy`, `.fill`, `.init`, `table.*`, `array.*` | 1 more for each 64 bytes that are written; an element of a table has 8 bytes |
    /// | `table.grow` | 1 more for each 64 bytes that are added, and for each 64 bytes of the table when it has to move, which it does when it has doubled |
    /// | `memory.grow` | 1 more for each 256 KiB that the memory has, if it may move: with 64-bit addresses, with small pages, or with a small [`memory_reservation`](Self::memory_reservation) |
    /// | what is thrown, on its way to a handler | 1 for each 64 blocks and clauses that are looked at, where a frame counts as 8 of them |
    /// | a call of a host function | 1 more, and 1 for each 8 slots of arguments and results; besides, what the function [takes](crate::Store::consume_fuel) |
    ///
    /// Parts of a unit are free, each time. A straight run of operators is paid for before its first one, and what depends on
    /// lengths once its bounds were checked and before anything is done. So a program stops at the same operator with the
    /// same state wherever it runs, and what does not fit within its bounds traps for that.
    ///
    /// Collecting objects is free: it is bounded by what programs make. A heap in which so little is left that its objects, the
    /// frames and other places of references are not in proportion (eight to one) is full, with
    /// [`Trap::GcHeapOutOfMemory`](crate::Trap::GcHeapOutOfMemory). Free is also what happens once for each function of a
    /// module: its translation.
    pub fn consume_fuel(&mut self, consume: bool) -> &mut Config {
        self.code.fuel = consume;
        self
    }

    /// Whether programs look at the engine's epoch, see [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline);
    /// off unless set. They look whenever they enter a function and whenever a loop goes round, and in the middle of what may
    /// take long: operations on more than a megabyte, the search for a handler, and before objects are collected. An
    /// operation that is interrupted in its middle has been done in part.
    pub fn epoch_interruption(&mut self, interruption: bool) -> &mut Config {
        self.code.interruption = interruption;
        self
    }

    /// Whether all NaNs that arithmetic makes have the same bits (the positive quiet NaN without payload), so that
    /// programs compute the same on all machines (wasm spec, "Appendix / Profiles / Deterministic Profile"); off unless
    /// set. Relaxed vector operators do so in any case.
    pub fn canonical_nans(&mut self, canonical: bool) -> &mut Config {
        self.code.canonical_nans = canonical;
        self
    }

    /// What modules may contain; [`ModuleLimits::default`] unless set. A module with more is refused with an error that
    /// downcasts to [`ModuleLimitExceeded`](crate::ModuleLimitExceeded), before it takes much memory or time.
    ///
    /// The limits bound the time that [`Module::new`](crate::Module::new) and the first calls of functions take: it is in
    /// proportion to the module's bytes, and nothing else stops it. A host that wants to bound it further lowers
    /// [`ModuleLimit::ModuleSize`](crate::ModuleLimit::ModuleSize).
    ///
    /// ```
    /// use upshift::{Config, Engine, Module, ModuleLimit, ModuleLimitExceeded, ModuleLimits};
    ///
    /// let limits = ModuleLimits::strict().with(ModuleLimit::Memories, 1);
    /// let engine = Engine::new(Config::new().module_limits(limits))?;
    /// assert!(Module::new(&engine, "(module (memory 1))").is_ok());
    /// let error = Module::new(&engine, "(module (memory 1) (memory 1))").unwrap_err();
    /// let exceeded: &ModuleLimitExceeded = error.downcast_ref().expect("it is about a limit");
    /// assert_eq!((exceeded.limit.name(), exceeded.allowed, exceeded.wanted), ("memories", 1, 2));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn module_limits(&mut self, limits: ModuleLimits) -> &mut Config {
        self.module_limits = limits;
        self
    }

    /// Size of the stack that wasm frames of a store lie on, in bytes; 8 MiB unless set. A program that needs more
    /// traps with [`Trap::StackOverflow`](crate::Trap::StackOverflow).
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_wasm_stack = bytes;
        self
    }

    /// How much of the thread's own stack calls from wasm to the host and back to wasm may take at most, in bytes, counted
    /// from the outermost call; 1 MiB unless set. A deeper entry traps with
    /// [`Trap::StackOverflow`](crate::Trap::StackOverflow).
    ///
    /// On a thread whose stack is smaller, or mostly used, entries trap earlier: the last 256 KiB, or half of a stack that has
    /// less than 512 KiB, are left to the host functions, which run on the same stack. Of a stack that is not the thread's own, as
    /// libraries for coroutines make them, the size is not known; there entries may take 128 KiB.
    pub fn max_native_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_native_stack = bytes;
        self
    }

    /// Whether objects are collected whenever one is made, which finds references that the collector is not told of; for
    /// tests of Upshift itself. Off unless set.
    #[doc(hidden)]
    pub fn gc_stress(&mut self, stress: bool) -> &mut Config {
        self.gc_stress = stress;
        self
    }

    /// Address space to set aside for each 32-bit memory, in bytes; 8 GiB unless set, with which a memory never moves.
    /// With less, memories take only what they use and may move when they grow; the same holds for a memory whose reservation
    /// the system does not give when it is made.
    pub fn memory_reservation(&mut self, bytes: u64) -> &mut Config {
        self.memory_reservation = bytes;
        self
    }
}
