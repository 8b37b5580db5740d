//! What a store remembers and decides about the tiers of its functions.

use std::cell::Cell;

use upshift_core::vm::{Entry, FuncRec, Returns};
use upshift_interp::native;

use crate::tier::osr::Osr;
use crate::tier::pays::{Arrivals, Verdict};
use crate::vm::thresholds::{Threshold, Thresholds};
use crate::vm::tier::{Dice, Optimization, Tier, TierUp, Tiering};

/// The most calls and turns between two random decisions.
const RANDOM_ARRIVALS: u32 = 12;

/// What a store remembers about the tiers of its functions.
#[derive(Clone, Debug)]
pub(crate) struct TierState {
    pub(super) tiering: Tiering,
    thresholds: Thresholds,
    dice: Dice,
    returns: Returns,
    arrivals: Arrivals,
    osr: Osr,
    /// The records of functions that random decisions have led to optimized code, where nobody asks about them.
    pub(super) optimized: Vec<usize>,
}

impl TierState {
    pub(crate) fn new(tiering: Tiering, returns: Returns) -> TierState {
        let up = match tiering {
            Tiering::WhenHot(up) | Tiering::AtRandom(up) => up,
            Tiering::Never | Tiering::AtFirstCall(_) => TierUp::default(),
        };
        let thresholds = up.thresholds;
        TierState {
            tiering,
            thresholds,
            dice: Dice::new(up.random.unwrap_or(0)),
            returns,
            arrivals: Arrivals::new(thresholds),
            osr: Osr::new(thresholds),
            optimized: Vec::new(),
        }
    }

    /// Whether there may be native code.
    #[inline]
    pub(crate) fn has_native_code(&self) -> bool {
        self.tiering != Tiering::Never
    }

    /// The tier that functions begin in, if it has code of them.
    pub(crate) fn first_tier(&self) -> Tier {
        match self.tiering {
            Tiering::AtFirstCall(tier) => tier,
            Tiering::Never | Tiering::WhenHot(_) | Tiering::AtRandom(_) => Tier::Interpreter,
        }
    }

    /// Whether the first call of a function may lead to another code than the interpreter's.
    pub(crate) fn asks_at_first_call(&self) -> bool {
        matches!(self.tiering, Tiering::AtFirstCall(_) | Tiering::AtRandom(_))
    }

    /// How many arrivals at a function there may be before it is looked at.
    pub(crate) fn counter(&mut self) -> i32 {
        match self.tiering {
            Tiering::Never | Tiering::AtFirstCall(_) => FuncRec::COUNTER_START,
            Tiering::WhenHot(up) => {
                let set = if up.skips_baseline { up.optimized_after } else { None };
                counter(set.or(up.after).unwrap_or(self.thresholds.get(Threshold::Busy)))
            }
            Tiering::AtRandom(_) => self.dice.below(RANDOM_ARRIVALS) as i32,
        }
    }

    /// How native code reaches a function that has none: what records begin with, but for their code and counter.
    pub(crate) fn start(&self) -> Entry {
        if self.tiering == Tiering::Never {
            return Entry::NONE;
        }
        let (native, reg_entry) = (native::call_interpreter(self.returns), native::spread(self.returns));
        Entry { native, reg_entry, ..Entry::NONE }
    }

    /// Whether functions that run a lot are optimized.
    pub(super) fn optimizes(&self) -> Option<TierUp> {
        match self.tiering {
            Tiering::WhenHot(up) if up.optimization != Optimization::Never => Some(up),
            _ => None,
        }
    }

    /// Whether native code of one pass is left out.
    pub(super) fn skips_baseline(&self) -> bool {
        self.optimizes().is_some_and(|up| up.skips_baseline)
    }

    /// How many arrivals there may be at a function with so many bytes in a lower tier before it is optimized; `None` if it is not.
    pub(super) fn optimized_after(&self, body_bytes: usize) -> Option<u32> {
        let up = self.optimizes()?;
        let waits = up.optimization == Optimization::AtOnce;
        Some(up.optimized_after.unwrap_or_else(|| self.thresholds.optimized_after(body_bytes, waits)))
    }

    /// After how many steps a function looks again that waits for optimized code, and was first thought to deserve it after so many.
    pub(super) fn look_after(&self, after: u32) -> u32 {
        self.thresholds.look_after(after)
    }

    /// What is known of functions that go to optimized code from loops.
    pub(super) fn osr(&mut self) -> &mut Osr {
        &mut self.osr
    }

    /// What to do with an interpreted function with so many bytes whose counter has run out.
    pub(super) fn arrived(&mut self, func: &FuncRec, body_bytes: usize) -> Verdict {
        match self.tiering {
            Tiering::WhenHot(TierUp { after: None, .. }) => {
                self.arrivals.arrived(std::ptr::from_ref(func).addr(), body_bytes)
            }
            Tiering::WhenHot(TierUp { after: Some(arrivals), .. }) => Verdict::Compile(arrivals),
            Tiering::Never | Tiering::AtFirstCall(_) | Tiering::AtRandom(_) => Verdict::Compile(0),
        }
    }

    /// There is native code already, so what is needed for any is there.
    pub(super) fn has_begun(&mut self) {
        self.arrivals.begin();
    }

    /// The tier that a function with so many bytes is compiled for at its first call, if it is.
    pub(super) fn at_once(&mut self, body_bytes: usize) -> Option<Tier> {
        match self.tiering {
            Tiering::AtFirstCall(tier) => Some(tier),
            Tiering::WhenHot(TierUp { after: None, skips_baseline: false, .. }) => {
                self.arrivals.at_once(body_bytes).then_some(Tier::Baseline)
            }
            Tiering::AtRandom(_) => Some(self.any_tier()),
            Tiering::Never | Tiering::WhenHot(_) => None,
        }
    }

    /// One of the tiers, if functions change their tier at random.
    pub(super) fn any_tier(&mut self) -> Tier {
        let all = match self.tiering {
            Tiering::AtRandom(up) if up.optimization != Optimization::Never => &Tier::ALL[..],
            _ => &Tier::ALL[..2],
        };
        all[self.dice.below(all.len() as u32) as usize]
    }

    /// Whether something happens that happens so many times of four, if functions change their tier at random.
    pub(super) fn chance(&mut self, of_four: u32) -> bool {
        self.tiering.asks() && self.dice.below(4) < of_four
    }

    /// Takes one of the functions that random decisions have led to optimized code.
    pub(super) fn take_optimized(&mut self) -> Option<usize> {
        let count = u32::try_from(self.optimized.len()).ok().filter(|&count| count > 0)?;
        Some(self.optimized.swap_remove(self.dice.below(count) as usize))
    }
}

/// So many arrivals as a counter has them.
pub(super) fn counter(arrivals: u32) -> i32 {
    i32::try_from(arrivals).unwrap_or(FuncRec::COUNTER_START)
}

/// Has a function looked at again after so many arrivals.
pub(super) fn look_after(counted: &Cell<i32>, arrivals: u32) {
    counted.set(counter(arrivals));
}
