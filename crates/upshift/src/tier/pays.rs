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

/// What a store knows of the arrivals at its functions.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
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

/// What a counter begins with: a function is busy that has been arrived at so often.
pub(super) const FIRST: u32 = 30;

/// After how many arrivals in all the first function is compiled.
const START: u64 = 30_000;

/// A body with more bytes waits for [`FOR_A_BYTE`] arrivals more for each of them, for as long as its compilation takes.
const LARGE: usize = 100_000;

/// See [`LARGE`].
const FOR_A_BYTE: u64 = 2;

/// How many arrivals at a function in a lower tier are worth a byte of its body to the optimizing compiler: about as long as that takes
/// for it, half a microsecond, if an arrival takes a nanosecond. Programs that have run so long are taken to run on for as long.
const OPTIMIZED_FOR_A_BYTE: u64 = 500;

/// The fewest arrivals before a function is optimized.
const OPTIMIZED_FIRST: u64 = 50_000;

/// How many times as many arrivals there are to be if the program waits for the compiler, which has to bring in what it takes.
const WAITING: u64 = 8;

/// After how many arrivals in a lower tier a function with so many bytes is optimized, by a thread or while the program waits.
pub(super) fn optimized_after(body_bytes: usize, waits: bool) -> u32 {
    let bytes = (body_bytes as u64).saturating_mul(OPTIMIZED_FOR_A_BYTE);
    let arrivals = bytes.saturating_add(OPTIMIZED_FIRST);
    let arrivals = if waits { arrivals.saturating_mul(WAITING) } else { arrivals };
    u32::try_from(arrivals).unwrap_or(u32::MAX)
}

impl Arrivals {
    /// The counter of a function with so many bytes has run out.
    pub(super) fn arrived(&mut self, func: usize, body_bytes: usize) -> Verdict {
        let known = self.funcs.entry(func).or_insert(Waiting { arrivals: 0, last: FIRST });
        // The one that finds the counter below zero counts too.
        known.arrivals = known.arrivals.saturating_add(known.last).saturating_add(1);
        self.total += u64::from(known.last) + 1;
        let left_here = needed(body_bytes).saturating_sub(known.arrivals);
        let left_in_all = u32::try_from(START.saturating_sub(self.total)).unwrap_or(u32::MAX);
        if left_in_all == 0 && left_here == 0 {
            let arrivals = known.arrivals;
            self.funcs.remove(&func);
            return Verdict::Compile(arrivals);
        }
        // Others run too, so it looks again before it has done all by itself, but not so often that looking costs much.
        known.last = left_here.max(left_in_all.min(known.arrivals)).max(FIRST);
        Verdict::Wait(known.last)
    }

    /// What the first native code takes need not be waited for.
    pub(super) fn begin(&mut self) {
        self.total = self.total.max(self.start());
    }

    /// Whether a function with so many bytes is compiled at its first call.
    pub(super) fn at_once(&self, body_bytes: usize) -> bool {
        self.total >= START && body_bytes <= LARGE
    }
}

/// How many arrivals at a function with so many bytes make it busy.
fn needed(body_bytes: usize) -> u32 {
    let more = (body_bytes.saturating_sub(LARGE) as u64).saturating_mul(FOR_A_BYTE);
    u32::try_from(more).unwrap_or(u32::MAX).saturating_add(FIRST)
}

#[cfg(test)]
mod tests {
    use super::{
        Arrivals, FIRST, LARGE, OPTIMIZED_FIRST, OPTIMIZED_FOR_A_BYTE, START, Verdict, WAITING, needed,
        optimized_after,
    };

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
        assert!(!arrivals.at_once(10));
        let (first, looks) = alone(&mut arrivals, 1, 10);
        assert!((START..START + 100).contains(&u64::from(first)), "{first}");
        assert!(looks < 20, "{looks}");
        // From then on each one is compiled that is busy, and new ones at once.
        assert_eq!(alone(&mut arrivals, 2, 10), (FIRST + 1, 1));
        assert!(arrivals.at_once(LARGE) && !arrivals.at_once(LARGE + 1));
    }

    #[test]
    fn what_takes_longer_to_optimize_has_to_run_longer() {
        let price = |bytes| u64::from(optimized_after(bytes, false));
        assert_eq!(price(0), OPTIMIZED_FIRST);
        assert_eq!(price(1000) - price(0), 1000 * OPTIMIZED_FOR_A_BYTE);
        assert_eq!(price(1_000_000) - price(999_000), price(1000) - price(0));
        assert_eq!(optimized_after(usize::MAX, false), u32::MAX);
        assert_eq!(u64::from(optimized_after(1000, true)), WAITING * price(1000));
    }

    #[test]
    fn what_is_large_waits_longer() {
        assert_eq!(needed(LARGE), FIRST);
        assert_eq!(needed(LARGE + 5000), FIRST + 10_000);
        assert_eq!(needed(usize::MAX), u32::MAX);
        let mut arrivals = Arrivals { total: START, ..Arrivals::default() };
        let (after, looks) = alone(&mut arrivals, 1, LARGE + 5000);
        assert!((10_000..10_100).contains(&after) && looks <= 3, "{after} {looks}");
    }
}
