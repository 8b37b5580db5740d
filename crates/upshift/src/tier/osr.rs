//! On-stack replacement: from which loop on the frame of a function goes on in optimized code.
//!
//! ```text
//! counter runs out at a loop ─ seek, at some heads in a row ─┬▶ one that there is code from: the frame goes on in it
//!                                                            └▶ the outermost one seen: what is requested
//! ```
//!
//! Code that begins at a loop has all loops around it, too, but control comes into these in their middle, which makes them worse. The
//! counter runs out in the innermost loop most of the time. So the heads that come next are looked at before anything is requested:
//! those of loops inside have higher numbers.

use std::collections::HashMap;

use crate::vm::thresholds::{Threshold, Thresholds};

/// How many heads there are for an arrival after which a function is optimized, where that is soon.
const FOR_AN_ARRIVAL: u32 = 16;

/// What is known of a function.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Whether a frame went on in code that begins at a loop.
    entered: bool,
    /// How many heads were looked at, one after the other.
    sought: u32,
    /// The lowest number among them.
    outermost: Option<u32>,
    /// From how many loops there was code then.
    codes: usize,
}

/// What to do at the head of a loop that there is no code from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seek {
    /// Look at the next head.
    On,
    /// Request code from the loop of this number on.
    Found(u32),
}

/// What is known of functions, by the addresses of their records.
#[derive(Clone, Debug, Default)]
pub(super) struct Osr {
    thresholds: Thresholds,
    funcs: HashMap<usize, Known>,
}

impl Osr {
    pub(super) fn new(thresholds: Thresholds) -> Osr {
        Osr { thresholds, ..Osr::default() }
    }

    /// A function is at the head of a loop that there is no optimized code from, but from so many others of it. It is optimized after so
    /// many arrivals: no more heads are looked at than that.
    pub(super) fn seek(&mut self, func: usize, number: u32, codes: usize, after: u32) -> Seek {
        let known = self.funcs.entry(func).or_default();
        if known.codes != codes {
            // There may be a way in now.
            *known = Known { entered: known.entered, codes, ..Known::default() };
        }
        let outermost = known.outermost.map_or(number, |other| other.min(number));
        known.outermost = Some(outermost);
        let most = match codes {
            // There is none outside of the first one.
            0 if outermost == 0 => 0,
            0 => self.thresholds.get(Threshold::Heads).min(after),
            _ => self.thresholds.get(Threshold::MoreHeads).min(after.saturating_mul(FOR_AN_ARRIVAL)),
        };
        if known.sought >= most {
            known.sought = u32::MAX;
            return Seek::Found(outermost);
        }
        known.sought += 1;
        Seek::On
    }

    /// A frame goes on in code that begins at a loop. Returns whether one did before.
    pub(super) fn enter(&mut self, func: usize) -> bool {
        let known = self.funcs.entry(func).or_default();
        std::mem::replace(known, Known { entered: true, codes: known.codes, ..Known::default() }).entered
    }

    /// All calls of the function lead to optimized code.
    pub(super) fn forget(&mut self, func: usize) {
        self.funcs.remove(&func);
    }
}

#[cfg(test)]
mod tests {
    use super::{Osr, Seek};
    use crate::vm::thresholds::{Threshold, Thresholds};

    fn heads(threshold: Threshold) -> usize {
        Thresholds::default().get(threshold) as usize
    }

    /// What is found when these heads come again and again, and after how many.
    fn found(osr: &mut Osr, heads: &[u32], codes: usize) -> (u32, usize) {
        for (count, &head) in heads.iter().cycle().enumerate() {
            if let Seek::Found(number) = osr.seek(1, head, codes, 1000) {
                return (number, count);
            }
        }
        unreachable!("the heads never end")
    }

    #[test]
    fn the_outermost_loop_is_found() {
        let mut osr = Osr::default();
        assert_eq!(found(&mut osr, &[5, 5, 5, 4, 5, 5, 3], 0), (3, heads(Threshold::Heads)));
        // It is not looked for again until there is code.
        assert_eq!(found(&mut osr, &[5, 4], 0), (3, 0));
        // What is optimized soon is not looked at for long.
        let mut soon = Osr::default();
        let seeks = (0..10).map(|_| soon.seek(1, 7, 0, 2));
        assert_eq!(seeks.filter(|&seek| seek == Seek::On).count(), 2);
        // There is nothing outside of the first loop.
        assert_eq!(found(&mut Osr::default(), &[2, 1, 0, 1], 0), (0, 2));
    }

    #[test]
    fn a_function_that_does_not_come_to_where_code_begins_gets_more() {
        let mut osr = Osr::default();
        assert_eq!(found(&mut osr, &[3], 0), (3, heads(Threshold::Heads)));
        assert_eq!(found(&mut osr, &[7, 6], 1), (6, heads(Threshold::MoreHeads)));
        assert_eq!(found(&mut osr, &[0], 2), (0, heads(Threshold::MoreHeads)));
    }

    #[test]
    fn it_is_known_whether_a_frame_entered_code_of_a_loop() {
        let mut osr = Osr::default();
        assert_eq!(osr.seek(1, 4, 0, 1000), Seek::On);
        assert!(!osr.enter(1) && osr.enter(1) && !osr.enter(2));
        osr.forget(1);
        assert!(!osr.enter(1));
    }
}
