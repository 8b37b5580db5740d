//! Optimized code of one function: of the whole, and of what follows from each loop on.
//!
//! ```text
//! whole ─▶ code or refusal        from a loop on ─▶ list, in the order of arrival ─▶ code or refusal
//! ```
//!
//! Each is made at most once and then stays, so whoever looks needs no lock: whoever publishes holds that of the set.

use std::sync::OnceLock;

use upshift_opt::Refusal;

use crate::vm::native::NativeFunc;

/// What the optimizing compiler has said to a function.
pub(crate) type Verdict = Result<NativeFunc, Refusal>;

/// Optimized code of a function.
#[derive(Default)]
pub(crate) struct Optimized {
    whole: OnceLock<Verdict>,
    from_loops: OnceLock<Box<FromLoop>>,
}

/// Code from a loop on, and what there is of others.
struct FromLoop {
    number: u32,
    verdict: Verdict,
    next: OnceLock<Box<FromLoop>>,
}

impl Optimized {
    /// What was said to the whole function, or to what follows from the loop of that number on; `None` if nobody has asked.
    pub(crate) fn get(&self, from_loop: Option<u32>) -> Option<&Verdict> {
        let Some(number) = from_loop else { return self.whole.get() };
        self.loops().find(|known| known.number == number).map(|known| &known.verdict)
    }

    /// Keeps what was said, if nothing was so far. Callers exclude each other.
    pub(super) fn set(&self, from_loop: Option<u32>, verdict: Verdict) {
        let Some(number) = from_loop else {
            self.whole.get_or_init(|| verdict);
            return;
        };
        let mut place = &self.from_loops;
        while let Some(known) = place.get() {
            if known.number == number {
                return;
            }
            place = &known.next;
        }
        place.get_or_init(|| Box::new(FromLoop { number, verdict, next: OnceLock::new() }));
    }

    /// All that was said, to the whole function first.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (Option<u32>, &Verdict)> {
        let whole = self.whole.get().map(|verdict| (None, verdict));
        whole.into_iter().chain(self.loops().map(|known| (Some(known.number), &known.verdict)))
    }

    /// From how many loops on there is code.
    pub(crate) fn loops_with_code(&self) -> usize {
        self.loops().filter(|known| known.verdict.is_ok()).count()
    }

    /// The code that an address lies in.
    pub(crate) fn at(&self, pc: usize) -> Option<&NativeFunc> {
        self.all().find(|code| code.offset_of(pc).is_some())
    }

    /// All code, the whole function's first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &NativeFunc> {
        let whole = self.whole.get().into_iter();
        whole.chain(self.loops().map(|known| &known.verdict)).filter_map(|verdict| verdict.as_ref().ok())
    }

    /// Why the whole function is refused.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.whole.get()?.as_ref().err()
    }

    fn loops(&self) -> impl Iterator<Item = &FromLoop> {
        std::iter::successors(self.from_loops.get(), |known| known.next.get()).map(|known| &**known)
    }
}

impl Drop for Optimized {
    /// Not one inside the other: there may be as many as loops.
    fn drop(&mut self) {
        let mut next = self.from_loops.take();
        while let Some(mut known) = next {
            next = known.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use upshift_opt::{Reason, Refusal};

    use super::Optimized;

    fn refusal(offset: u32) -> Refusal {
        Refusal { reason: Reason::TooLarge, offset, detail: Box::default() }
    }

    #[test]
    fn the_first_verdict_counts() {
        let optimized = Optimized::default();
        assert!(optimized.get(None).is_none() && optimized.get(Some(0)).is_none());
        for number in 0..=100 {
            optimized.set(Some(number), Err(refusal(number)));
            optimized.set(Some(number), Err(refusal(u32::MAX)));
        }
        for number in 0..=100 {
            let known = optimized.get(Some(number)).unwrap();
            assert_eq!(known.as_ref().unwrap_err().offset, number);
        }
        assert!(optimized.refusal().is_none() && optimized.get(Some(101)).is_none());
        optimized.set(None, Err(refusal(7)));
        optimized.set(None, Err(refusal(8)));
        assert_eq!(optimized.refusal().unwrap().offset, 7);
        assert!(optimized.all().next().is_none() && optimized.at(1).is_none());
    }
}
