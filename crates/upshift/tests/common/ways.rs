//! The ways in which code runs, for tests of what has to be the same in all of them.

use upshift::{Config, Dispatch, Optimization, Tier, Tiers};

/// A way in which code runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// In the interpreter, by one loop.
    Loop,
    /// In the interpreter, by handlers that jump to each other.
    Tail,
    /// In native code from the first call of each function.
    Baseline,
    /// In optimized code from the first call of each function.
    Optimized,
    /// In optimized code that was made ahead of time, and was bytes between.
    Ahead,
    /// In all tiers, one after the other: functions move up after a few calls and turns of loops.
    Rising,
    /// In all tiers, with functions that change theirs at random.
    Random,
}

impl Way {
    /// Those that there are in this build.
    pub(crate) fn all() -> Vec<Way> {
        let native = Tier::Baseline.is_available();
        let native_ways = [Way::Baseline, Way::Optimized, Way::Ahead, Way::Rising, Way::Random];
        let all = [Way::Loop, Way::Tail].into_iter().chain(native_ways);
        all.filter(|way| native || matches!(way, Way::Loop | Way::Tail)).collect()
    }

    /// Those in which each frame has the slots that the function's text says: optimized code has what it needs.
    pub(crate) fn with_whole_frames() -> Vec<Way> {
        let has_less = |way: &Way| matches!(way, Way::Optimized | Way::Ahead | Way::Rising | Way::Random);
        Way::all().into_iter().filter(|way| !has_less(way)).collect()
    }

    /// Settings with which code runs this way.
    pub(crate) fn config(self) -> Config {
        let mut config = Config::new();
        self.set(&mut config);
        config
    }

    /// Changes settings so that code runs this way.
    pub(crate) fn set(self, config: &mut Config) -> &mut Config {
        match self {
            Way::Loop => config.dispatch(Dispatch::Loop),
            Way::Tail => config.dispatch(Dispatch::Tail).tiers(Tiers::Only(Tier::Interpreter)),
            Way::Baseline => config.tiers(Tiers::Only(Tier::Baseline)),
            Way::Optimized => config.tiers(Tiers::Only(Tier::Optimizing)),
            Way::Ahead => config.ahead_of_time(true),
            Way::Rising => config.tier_up_after(3).optimize_after(5).optimization(Optimization::AtOnce),
            Way::Random => config.random_tiers(1).optimization(Optimization::AtOnce),
        }
    }
}

/// A function `$nop` that does nothing, in so many bytes that it is called and not inlined.
pub(crate) fn nop() -> String {
    format!("(func $nop {})", "nop ".repeat(1000))
}

/// The body of a function without results whose frame has at least so many slots in all tiers: so many values wait for a call, in front of
/// which they are computed, as they might trap. The module has a mutable global `$g` of type `i64`, which is 0 and stays so, and a function
/// `$nop` as [`nop`] makes it.
pub(crate) fn wide_body(slots: usize) -> String {
    let value = |n| format!("(i64.div_u (i64.const 1) (i64.add (global.get $g) (i64.const {}))) ", 2 * n + 3);
    let values = (0..slots).map(value);
    format!("{} (call $nop) {} (global.set $g)", values.collect::<String>(), "i64.add ".repeat(slots - 1))
}
