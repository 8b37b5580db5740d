//! When compiling a function pays.
//!
//! ```text
//! counter of a function runs out ─ arrived ─▶ Verdict ─┬▶ compile
//!                                                      └▶ wait for so many arrivals more
//! ```
//!
//! An *arrival* is a call or a turn of a loop. Nobody knows how long a program will run; the best guess is that it runs on for as long
//! as it has run. So native code is made of what has been busy for as long as compiling takes, and the longer the program runs,
//! the sooner: what little is lost then is a small part of the whole. The first native code of a process costs more than that of
//! one function, as memory, the handler of signals and the compiler itself have to be brought in.

use std::collections::HashMap;

/// What a store knows of the arrivals at its functions.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    /// At all functions whose counters have run out.
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

/// What a counter begins with.
pub(super) const FIRST: u32 = 100;

/// After how many arrivals in all the first function is compiled.
const START: u64 = 30_000;

/// How many arrivals at a function and at all, multiplied with each other, are enough.
const ENOUGH: u64 = 100_000_000;

/// After how many arrivals in all functions are compiled at their first call.
const AT_ONCE: u64 = 1_000_000;

/// A body with more bytes waits for as many arrivals more.
const SMALL: usize = 1000;

impl Arrivals {
    /// The counter of a function with so many bytes has run out.
    pub(super) fn arrived(&mut self, func: usize, body_bytes: usize) -> Verdict {
        let known = self.funcs.entry(func).or_insert(Waiting { arrivals: 0, last: FIRST });
        // One more than that finds the counter below zero.
        known.arrivals = known.arrivals.saturating_add(known.last + 1);
        self.total += u64::from(known.last) + 1;
        let needed = needed(self.total, body_bytes);
        let left = needed.saturating_sub(known.arrivals);
        if self.total >= START && left == 0 {
            let arrivals = known.arrivals;
            self.funcs.remove(&func);
            return Verdict::Compile(arrivals);
        }
        // While the program has hardly run, much may change until then.
        known.last = left.clamp(FIRST, MOST);
        Verdict::Wait(known.last)
    }

    /// Whether a function with so many bytes is compiled at its first call.
    pub(super) fn at_once(&self, body_bytes: usize) -> bool {
        self.total >= AT_ONCE && body_bytes <= SMALL
    }
}

/// The most arrivals between two looks.
const MOST: u32 = 5000;

/// How many arrivals at a function with so many bytes are enough, after so many in all.
fn needed(total: u64, body_bytes: usize) -> u32 {
    let by_time = (ENOUGH / total.max(1)).max(FIRST.into());
    let by_size = body_bytes.saturating_sub(SMALL) as u64;
    u32::try_from(by_time + by_size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Arrivals, FIRST, SMALL, START, Verdict, needed};

    /// After how many arrivals a function is compiled that nothing else runs beside.
    fn alone(arrivals: &mut Arrivals, func: usize, body_bytes: usize) -> u32 {
        loop {
            if let Verdict::Compile(arrivals) = arrivals.arrived(func, body_bytes) {
                return arrivals;
            }
        }
    }

    #[test]
    fn the_first_one_waits_longest() {
        let mut arrivals = Arrivals::default();
        let first = alone(&mut arrivals, 1, 10);
        // It may have been looked at just before.
        assert!((START..START + 5002).contains(&u64::from(first)), "{first}");
        let second = alone(&mut arrivals, 2, 10);
        let third = alone(&mut arrivals, 3, 10);
        assert!(second < first / 5 && third <= second, "{first} {second} {third}");
    }

    #[test]
    fn what_is_large_waits_longer_and_what_runs_long_shorter() {
        assert!(needed(START, 0) > needed(10 * START, 0));
        assert_eq!(needed(u64::MAX, SMALL), FIRST);
        assert_eq!(needed(u64::MAX, SMALL + 5000), FIRST + 5000);
        assert_eq!(needed(1, usize::MAX), u32::MAX);
    }

    #[test]
    fn a_program_that_runs_long_has_small_functions_compiled_at_once() {
        let mut arrivals = Arrivals::default();
        assert!(!arrivals.at_once(10));
        let mut func = 0;
        while arrivals.total < AT_ONCE {
            func += 1;
            alone(&mut arrivals, func, 10);
        }
        assert!(arrivals.at_once(SMALL) && !arrivals.at_once(SMALL + 1));
    }
}
