//! Tiers: what executes functions, and the set of those that a call went through.
//!
//! ```text
//! entered functions ─ enter ─▶ Entered ─▶ TierPath, ascending
//! ```

use std::fmt;
use std::time::Duration;

use upshift_interp::native;
use upshift_opt::PassSet;

use crate::vm::thresholds::Thresholds;

/// What executes a function.
///
/// ```
/// use upshift::Tier;
///
/// assert_eq!(Tier::Interpreter.to_string(), "interpreter");
/// assert_eq!(Tier::ALL.map(Tier::number), [0, 1, 2]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
#[repr(u8)]
pub enum Tier {
    /// Tier 0, which runs the register IR.
    Interpreter = 0,
    /// Tier 1, machine code made in a single pass.
    Baseline = 1,
    /// Tier 2, optimized machine code.
    Optimizing = 2,
}

impl Tier {
    /// All tiers, the one that starts quickest first. Not every build has all of them, see
    /// [`is_available`](Self::is_available).
    pub const ALL: [Tier; 3] = [Tier::Interpreter, Tier::Baseline, Tier::Optimizing];

    /// The tier's number, counted from 0: the higher, the faster its code.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The tier in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Tier::Interpreter => "interpreter",
            Tier::Baseline => "baseline",
            Tier::Optimizing => "optimizing",
        }
    }

    /// Whether this build can execute code in the tier. Native code needs the feature `jit`, and the interpreter's handlers that
    /// jump to each other ([`Dispatch::Tail`](crate::Dispatch::Tail)) on Linux for x86-64. What the system allows is another
    /// matter, see [`Engine::no_native_code`](crate::Engine::no_native_code).
    ///
    /// ```
    /// use upshift::Tier;
    ///
    /// assert!(Tier::Interpreter.is_available());
    /// ```
    #[must_use]
    pub const fn is_available(self) -> bool {
        match self {
            Tier::Interpreter => true,
            Tier::Baseline | Tier::Optimizing => {
                cfg!(all(feature = "jit", target_os = "linux")) && native::AVAILABLE
            }
        }
    }
}

/// Which tiers functions run in: what [`Config::tiers`](crate::Config::tiers) takes.
///
/// ```
/// use upshift::{Config, Engine, Tier, Tiers};
///
/// let interpreted = Engine::new(Config::new().tiers(Tiers::Only(Tier::Interpreter)))?;
/// # drop(interpreted);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Tiers {
    /// Each function begins in the tier that starts quickest, and what is called often moves up.
    #[default]
    Auto,
    /// Each function runs in this tier from its first call.
    Only(Tier),
}

/// Why a function was compiled when it was, see [`Compilation`].
///
/// ```
/// use upshift::Trigger;
///
/// assert_eq!(Trigger::Loop.to_string(), "loop");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Trigger {
    /// It was called for the first time, and the engine's settings say that this is enough.
    FirstCall,
    /// It was called often.
    Calls,
    /// It repeated a loop often.
    Loop,
    /// An earlier run had made it, and kept it in a [`Cache`](crate::Cache).
    Cache,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Trigger::FirstCall => "first call",
            Trigger::Calls => "calls",
            Trigger::Loop => "loop",
            Trigger::Cache => "cache",
        })
    }
}

/// How native code of a function was made, see [`Module::compilation`](crate::Module::compilation).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Compilation {
    /// The tier that the code belongs to.
    pub tier: Tier,
    /// The number of the loop that it begins at, for a frame that ran that loop in a lower tier; `None` if it is the code of the whole
    /// function. Loops are counted in the order of the function's text.
    pub from_loop: Option<u32>,
    /// Why it was made.
    pub trigger: Trigger,
    /// After how many calls and turns of loops in one instance; 0 if they were not counted.
    pub arrivals: u32,
    /// How long the function waited for a thread that compiles other functions first; 0 if it did not.
    pub wait: Duration,
    /// What it took.
    pub time: Duration,
    /// The bytes of the code, constants included.
    pub code_bytes: usize,
    /// How many instructions of the interpreter the code runs, because the tier has no code of its own for what they do.
    pub embedded: usize,
    /// How many values go to the frame and come back, because there are not as many registers.
    pub spills: usize,
    /// How many calls have the code of what they call in their place.
    pub inlined: usize,
    pub(crate) passes_off: PassSet,
}

impl Compilation {
    /// The names of the passes that were left out because the function is so large.
    pub fn passes_off(&self) -> impl Iterator<Item = &'static str> {
        self.passes_off.names()
    }
}

/// Whether functions that run a lot are optimized while programs run: what
/// [`Config::optimization`](crate::Config::optimization) takes.
///
/// ```
/// use upshift::{Config, Engine, Optimization};
///
/// // Each run does the same at the same time, whatever other threads do.
/// let engine = Engine::new(Config::new().optimization(Optimization::AtOnce))?;
/// # drop(engine);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Optimization {
    /// They are not.
    Never,
    /// By a thread of the engine's, while the program runs on. It begins when it is wanted for the first time, and ends with the
    /// engine. Where all threads share one processor it would only take time from the program: there it is the same as
    /// [`AtOnce`](Self::AtOnce). Where the system gives no thread, nothing is optimized.
    #[default]
    Background,
    /// By the thread that runs them, while the program waits: so that it is the same each time.
    AtOnce,
}

/// When functions move up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct TierUp {
    /// How much functions have to run before.
    pub(crate) thresholds: Thresholds,
    /// How many calls and turns of loops a function makes in the interpreter before, if not as many as these say.
    pub(crate) after: Option<u32>,
    /// What random decisions begin with, if that is how functions change their tier.
    pub(crate) random: Option<u64>,
    /// Whether there is optimized code.
    pub(crate) optimization: Optimization,
    /// How many calls and turns of loops a function makes before that, if not as many as the thresholds say.
    pub(crate) optimized_after: Option<u32>,
    /// Whether functions go to optimized code from the interpreter.
    pub(crate) skips_baseline: bool,
}

/// What an engine does about native code of functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Tiering {
    /// There is none.
    #[default]
    Never,
    /// It is made at the first call, by the compiler of a tier.
    AtFirstCall(Tier),
    /// It is made after so many calls and turns of loops as are set.
    WhenHot(TierUp),
    /// Functions change between it and the interpreter at random.
    AtRandom(TierUp),
}

impl Tiering {
    /// Whether code asks at the heads of loops where to go on.
    pub(crate) fn asks(self) -> bool {
        matches!(self, Tiering::AtRandom(_))
    }

    /// Whether code made in a single pass counts its calls and the turns of its loops.
    pub(crate) fn counts(self) -> bool {
        match self {
            Tiering::Never | Tiering::AtFirstCall(_) => false,
            Tiering::WhenHot(up) | Tiering::AtRandom(up) => up.optimization != Optimization::Never,
        }
    }
}

/// Random decisions, the same ones for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below `end`, by SplitMix64.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * u128::from(end)) >> 64) as u32
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The tiers that executed a call and what it called, in ascending order. There is at least one.
///
/// As text it is their names with arrows between them: a call of which some was executed in one tier and some in
/// another has both.
///
/// ```
/// use upshift::{Engine, Instance, Module, Store, Tier};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func (export "run")))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// let tiers = store.last_call_tiers().expect("there was a call");
/// assert_eq!(tiers.iter().collect::<Vec<_>>(), [Tier::Interpreter]);
/// assert_eq!(tiers.to_string(), "interpreter");
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TierPath(pub(crate) Entered);

impl TierPath {
    /// The tiers, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Tier> {
        self.0.iter()
    }
}

impl fmt::Display for TierPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, tier) in self.iter().enumerate() {
            let arrow = if i == 0 { "" } else { "→" };
            write!(f, "{arrow}{}", tier.name())?;
        }
        Ok(())
    }
}

/// The set of tiers that were entered: a bit for each, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Entered(u8);

impl Entered {
    /// From what is not 0 for each tier that was entered.
    pub(crate) fn of(entered: [u8; Tier::ALL.len()]) -> Entered {
        Entered((0..).zip(entered).map(|(number, entered)| u8::from(entered != 0) << number).sum())
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Tier> {
        Tier::ALL.into_iter().filter(move |tier| self.0 & 1 << tier.number() != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entered, Tier, TierPath};

    #[test]
    fn a_path_ascends_whatever_was_entered_first() {
        assert_eq!(Entered::of([0; 3]).iter().count(), 0);
        let path = TierPath(Entered::of([1, 0, 7]));
        assert_eq!(path.iter().collect::<Vec<_>>(), [Tier::Interpreter, Tier::Optimizing]);
        assert_eq!(path.to_string(), "interpreter→optimizing");
    }
}
