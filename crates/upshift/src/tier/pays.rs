//! When compiling a function pays.
//!
//! ```text
//! counter of a function runs out ─ arrived ─▶ Verdict ─┬▶ compile
//!                                                      └▶ wait for so many arrivals more
//! ```
//!
//! An *arrival* is a call or a turn of a loop. Nobody knows how long a program will run; the best guess is that it runs on for as long
//! as it has run. The first native code of a process costs as much as that of many functions, as memory, the handler of signals and
//! the compiler itself have to be brought in. So a program is interpreted until it has run for about as long as that takes.
//! What is busy then is compiled, and so is each function from then on at its first call: to interpret it first would cost its
//! translation besides.

use std::collections::HashMap;

use crate::vm::thresholds::{Threshold, Thresholds};

/// What a store knows of the arrivals at its functions.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    thresholds: Thresholds,
    /// At all functions whose counters have run out, as far as they were interpreted.
    total: u64,
    /// At each of them, and how many it was to wait for last, by the address of its record.
    funcs: HashMap<usize, Waiting>,
}

/// A function that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    arrivals: u32,
    last: u32,
}

/// What to do with a function whose counter has run out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Compile it, after so many arrivals.
    Compile(u32),
    /// Look again after so many.
    Wait(u32),
}

impl Arrivals {
    pub(super) fn new(thresholds: Thresholds) -> Arrivals {
        Arrivals { thresholds, ..Arrivals::default() }
    }

    /// After how many arrivals in all the first function is compiled.
    fn start(&self) -> u64 {
        self.thresholds.get(Threshold::Start).into()
    }

    /// The counter of a function with so many bytes has run out.
    pub(super) fn arrived(&mut self, func: usize, body_bytes: usize) -> Verdict {
        let (start, busy) = (self.start(), self.thresholds.get(Threshold::Busy));
        let known = self.funcs.entry(func).or_insert(Waiting { arrivals: 0, last: busy });
        // The one that finds the counter below zero counts too.
        known.arrivals = known.arrivals.saturating_add(known.last).saturating_add(1);
        self.total += u64::from(known.last) + 1;
        let left_here = self.thresholds.baseline_after(body_bytes).saturating_sub(known.arrivals);
        let left_in_all = u32::try_from(start.saturating_sub(self.total)).unwrap_or(u32::MAX);
        if left_in_all == 0 && left_here == 0 {
            let arrivals = known.arrivals;
            self.funcs.remove(&func);
            return Verdict::Compile(arrivals);
        }
        // Others run too, so it looks again before it has done all by itself, but not so often that looking costs much.
        known.last = left_here.max(left_in_all.min(known.arrivals)).max(busy);
        Verdict::Wait(known.last)
    }

    /// What the first native code takes need not be waited for.
    pub(super) fn begin(&mut self) {
        self.total = self.total.max(self.start());
    }

    /// Whether a function with so many bytes is compiled at its first call.
    pub(super) fn at_once(&self, body_bytes: usize) -> bool {
        self.total >= self.start() && body_bytes <= self.thresholds.get(Threshold::Large) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrivals, Verdict};
    use crate::vm::thresholds::{Threshold, Thresholds};

    /// After how many arrivals a function is compiled that nothing else runs beside, and after how many looks.
    fn alone(arrivals: &mut Arrivals, func: usize, body_bytes: usize) -> (u32, u32) {
        for looks in 1.. {
            if let Verdict::Compile(arrivals) = arrivals.arrived(func, body_bytes) {
                return (arrivals, looks);
            }
        }
        unreachable!("it is compiled at some time")
    }

    #[test]
    fn the_first_one_waits_for_all() {
        let mut arrivals = Arrivals::default();
        let [start, busy, large] =
            [Threshold::Start, Threshold::Busy, Threshold::Large].map(|one| Thresholds::default().get(one));
        assert!(!arrivals.at_once(10));
        let (first, looks) = alone(&mut arrivals, 1, 10);
        assert!((start..start + 100).contains(&first), "{first}");
        assert!(looks < 20, "{looks}");
        // From then on each one is compiled that is busy, and new ones at once.
        assert_eq!(alone(&mut arrivals, 2, 10), (busy + 1, 1));
        assert!(arrivals.at_once(large as usize) && !arrivals.at_once(large as usize + 1));
    }

    #[test]
    fn what_is_large_waits_longer() {
        let thresholds = Thresholds::default();
        let mut arrivals = Arrivals { total: thresholds.get(Threshold::Start).into(), ..Arrivals::default() };
        let (after, looks) = alone(&mut arrivals, 1, thresholds.get(Threshold::Large) as usize + 5000);
        let busy = thresholds.get(Threshold::Busy);
        let least = 5000 * thresholds.get(Threshold::LargeByte) + busy;
        assert!((least..least + 2 * busy).contains(&after) && looks <= 3, "{after} {looks}");
    }

    #[test]
    fn a_start_of_nothing_has_everything_compiled_at_once() {
        let arrivals = Arrivals::new(Thresholds::default().with(Threshold::Start, 0));
        assert!(arrivals.at_once(10));
        let mut never = Arrivals::new(Thresholds::default().with(Threshold::Start, u32::MAX));
        assert!(matches!(never.arrived(1, 10), Verdict::Wait(_)) && !never.at_once(0));
    }
}
