//! What can be chosen about an [`Engine`](crate::Engine) before it is made.
//!
//! A [`Config`] is plain data with setters that chain. Nothing is checked until `Engine::new` reads it.

use upshift_interp::Dispatch;
use upshift_translate::features::{Feature, UnsupportedFeature};
use upshift_translate::{CodeOptions, Features};

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
    pub(crate) code: CodeOptions,
    pub(crate) max_wasm_stack: usize,
    pub(crate) max_native_stack: usize,
    pub(crate) memory_reservation: u64,
    pub(crate) gc_stress: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            features: Features::default(),
            unsupported: None,
            dispatch: Dispatch::default(),
            code: CodeOptions::default(),
            max_wasm_stack: 8 << 20,
            max_native_stack: 1 << 20,
            memory_reservation: 8 << 30,
            gc_stress: false,
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

    /// How the interpreter goes from one instruction to the next.
    pub fn dispatch(&mut self, dispatch: Dispatch) -> &mut Config {
        self.dispatch = dispatch;
        self
    }

    /// Whether programs consume fuel, see [`Store::set_fuel`](crate::Store::set_fuel); off unless set.
    ///
    /// An operator costs one unit; `block`, `loop`, `else`, `end`, `nop`, `drop` and blocks that catch are free, bulk
    /// operations on memories, tables and arrays cost one more for each 64 bytes or elements, calls for each 64 slots of the
    /// callee's locals, exceptions for each 64 blocks and clauses that are looked at, and making an object for which others
    /// are collected for each 64 bytes that are left. A straight run of operators is paid for before its first one, so a
    /// program stops at the same operator with the same state wherever it runs.
    pub fn consume_fuel(&mut self, consume: bool) -> &mut Config {
        self.code.fuel = consume;
        self
    }

    /// Whether programs look at the engine's epoch, see [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline);
    /// off unless set. They look whenever they enter a function and whenever a loop goes round.
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

    /// Size of the stack that wasm frames of a store lie on, in bytes; 8 MiB unless set. A program that needs more
    /// traps with [`Trap::StackOverflow`](crate::Trap::StackOverflow).
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_wasm_stack = bytes;
        self
    }

    /// How much of the thread's own stack calls from wasm to the host and back to wasm may take, in bytes, counted
    /// from the outermost call; 1 MiB unless set. A deeper entry traps with
    /// [`Trap::StackOverflow`](crate::Trap::StackOverflow).
    ///
    /// The thread needs some more than that: the host functions themselves run on the same stack.
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
    /// With less, memories take only what they use and may move when they grow; the same happens when the system does
    /// not give the reservation.
    pub fn memory_reservation(&mut self, bytes: u64) -> &mut Config {
        self.memory_reservation = bytes;
        self
    }
}
