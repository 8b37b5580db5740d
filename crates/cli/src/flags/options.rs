//! Everything that flags and files say, before anything is made of it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use upshift::{Config, Dispatch, Optimization, ProfilingStrategy, Thresholds, Tiers};
use upshift_wasi::Access;

use crate::limits::Limits;
use crate::timeline;

/// What the setters of the flags fill.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// What the command line ends with; verbs with a guest have one, `compare` two.
    pub(crate) files: Vec<OsString>,
    /// The guest's arguments, without its name.
    pub(crate) args: Vec<OsString>,
    pub(crate) invoke: Option<String>,
    pub(crate) batch: bool,
    pub(crate) argv0: Option<OsString>,
    pub(crate) dirs: Vec<GuestDir>,
    /// Addresses to listen at.
    pub(crate) listeners: Vec<SocketAddr>,
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) inherit_env: bool,
    /// Name under which others import from it, and file.
    pub(crate) preloads: Vec<(String, OsString)>,
    /// What becomes of imports that nobody offers; an error unless set.
    pub(crate) unknown_imports: Option<UnknownImports>,
    pub(crate) threads: bool,
    pub(crate) limits: Limits,
    pub(crate) sandbox: bool,
    pub(crate) deterministic: bool,
    pub(crate) canonical_nans: bool,
    pub(crate) stats: Option<Stats>,
    pub(crate) trace_wasi: bool,
    /// The file that becomes the timeline of tiers.
    pub(crate) trace_tiers: Option<OsString>,
    pub(crate) json: bool,
    /// The file that each iteration reads as its standard input.
    pub(crate) input: Option<OsString>,
    /// Whether the guest's output is shown where it is discarded otherwise.
    pub(crate) guest_output: bool,
    /// How often to measure; as often as fits into the time if nothing is said.
    pub(crate) iterations: Option<usize>,
    /// How long to measure.
    pub(crate) time: Option<Duration>,
    /// Whether to look at functions without running them.
    pub(crate) is_static: bool,
    /// How many functions to show; `usize::MAX` for all.
    pub(crate) top: Option<usize>,
    pub(crate) dispatch: Option<Dispatch>,
    pub(crate) tiers: Tiers,
    /// Whether native code calls and returns by jumps.
    pub(crate) jump_returns: bool,
    /// Whether and how busy functions are optimized.
    pub(crate) optimization: Optimization,
    /// How much functions have to run before they move up.
    pub(crate) thresholds: Thresholds,
    /// Whether `analyze` shows when functions move up.
    pub(crate) shows_tiering: bool,
    pub(crate) profiler: ProfilingStrategy,
    /// Whether debuggers are told of native code.
    pub(crate) debug_info: bool,
    pub(crate) dump: Vec<Dump>,
    pub(crate) func: Option<String>,
    /// A switch of the engine's, and whether the feature is allowed.
    pub(crate) features: Vec<(SetFeature, bool)>,
    /// Whether machine code that a file has is executed.
    pub(crate) allow_precompiled: bool,
    /// Where what is made goes.
    pub(crate) output: Option<OsString>,
    /// Whether optimized code of earlier runs is left alone, and none is kept.
    pub(crate) no_cache: bool,
    /// Where code is kept, if not where the user's caches are.
    pub(crate) cache_dir: Option<OsString>,
    /// The settings file that was named.
    pub(crate) config: Option<OsString>,
}

/// A directory for the guest.
#[derive(Debug)]
pub(crate) struct GuestDir {
    pub(crate) host: PathBuf,
    /// The guest's name for it.
    pub(crate) guest: String,
    pub(crate) access: Access,
}

/// Allows or forbids one feature.
pub(crate) type SetFeature = fn(&mut Config, bool) -> &mut Config;

/// A form of a function that can be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dump {
    /// The code of the interpreter.
    Ir,
    /// What the optimizing compiler has in SSA, after each step.
    Ssa,
    /// Its machine instructions.
    Mach,
    /// The machine code of tier 1, or of tier 2 if that was chosen.
    Asm,
    /// The same as nothing but bytes.
    AsmBytes,
}

/// What stands for imports that nobody offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UnknownImports {
    /// Functions that fail.
    Trap,
    /// Functions that return zero or null, and other things full of those.
    Default,
}

/// What to tell about a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stats {
    /// What costs nothing to know.
    Cheap,
    /// Operators too, which have to be counted.
    Count,
}

/// The form of a listing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Listing {
    Text,
    Json,
}

impl Options {
    /// The settings of the engine.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        config
            .tiers(self.tiers)
            .optimization(match self.optimization {
                // How deep calls may be nested depends on how far a thread has come.
                Optimization::Background if self.deterministic => Optimization::AtOnce,
                chosen => chosen,
            })
            .thresholds(self.thresholds)
            .jump_returns(self.jump_returns)
            .profiler(self.profiler)
            .debug_info(self.debug_info);
        if let Some(dispatch) = self.dispatch {
            config.dispatch(dispatch);
        }
        if let Some(stack) = self.limits.stack {
            config.max_wasm_stack(stack);
        }
        config.module_limits(self.limits.modules());
        config.canonical_nans(self.canonical_nans || self.deterministic);
        config.consume_fuel(self.limits.fuel.is_some() || self.stats == Some(Stats::Count));
        config.epoch_interruption(self.limits.timeout.is_some() || self.trace_tiers.is_some());
        config.trace(if self.trace_tiers.is_some() { timeline::MOST_EVENTS } else { 0 });
        for &(set, allowed) in &self.features {
            set(&mut config, allowed);
        }
        config
    }

    /// The fuel that the guest begins with, when there is fuel.
    pub(crate) fn fuel(&self) -> u64 {
        self.limits.fuel.unwrap_or(u64::MAX)
    }

    /// How many files are the standard input.
    pub(crate) fn standard_inputs(&self) -> usize {
        self.files.iter().chain(&self.input).filter(|file| *file == "-").count()
    }

    pub(crate) fn listing(&self) -> Listing {
        if self.json { Listing::Json } else { Listing::Text }
    }
}
