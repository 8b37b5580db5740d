//! Which locals stay in registers over a loop.
//!
//! At the head of a loop its most used locals are in registers, each in one of its own, where branches back to the head have to
//! have them again. What the loop sets is dirty there, so that nothing is stored in each iteration; where it calls, everything has to
//! be stored anyway, and is clean.

use upshift_core::index::LocalIndex;
use upshift_translate::backend::{Label, LocalRun, LoopSurvey, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
use crate::control::Pinned;
use crate::merge::Entry;
use crate::x64::{self, Class, Reg, RegSet};

/// How many uses of locals are looked at: a loop with more has the most used ones among them.
const MOST_USES: usize = 1024;

/// How many integers and how many floats and vectors stay at most: operations need the other registers.
const MOST: [usize; 2] = [7, 10];

/// What is known of the locals.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    locals: Vec<LocalRun>,
    /// Whether any of them is a float or a vector.
    floats: bool,
    /// By local twice how much it is used in the loop that is looked at, and one more if that sets it; zero between loops.
    weights: Vec<u32>,
    /// The locals of that loop.
    used: Vec<LocalIndex>,
}

impl Pins {
    /// A function begins.
    pub(crate) fn begin(&mut self, locals: &[LocalRun]) {
        self.locals.clear();
        self.locals.extend_from_slice(locals);
        self.floats = locals.iter().any(|run| Kind::from(run.ty).class() == Class::Float);
    }

    /// Slot and kind of a local.
    fn place(&self, local: LocalIndex) -> (Slot, Kind) {
        let run = &self.locals[self.locals.partition_point(|run| run.first <= local) - 1];
        (Slot(run.slot.0 + (local.0 - run.first.0) * run.ty.slots()), Kind::from(run.ty))
    }

    /// Collects the locals of a loop, most used first.
    fn collect(&mut self, survey: &LoopSurvey<'_>) {
        self.used.clear();
        for used in survey.uses.iter().take(MOST_USES) {
            let at = used.local.0 as usize;
            if self.weights.len() <= at {
                self.weights.resize(at + 1, 0);
            }
            let weight = &mut self.weights[at];
            if *weight == 0 {
                self.used.push(used.local);
            }
            // What is deeper is executed more often. With so many uses and such depths there is no overflow.
            let depth = u32::from(used.depth.saturating_sub(survey.depth)).min(6);
            *weight = (*weight + (2 << (3 * depth))) | u32::from(used.sets);
        }
        let weights = &self.weights;
        self.used.sort_by_key(|local| std::cmp::Reverse(weights[local.0 as usize] >> 1));
    }

    /// Forgets the loop.
    fn forget(&mut self) {
        for local in &self.used {
            self.weights[local.0 as usize] = 0;
        }
    }
}

impl Compiler<'_> {
    /// Decides what registers have at the head of a loop, and fixes that as the state of its label. Returns what these are.
    pub(crate) fn pin(&mut self, label: Label, survey: Option<&LoopSurvey<'_>>) -> Pinned {
        let start = self.control.entries.len() as u32;
        let mut regs = RegSet::EMPTY;
        if let Some(survey) = survey
            && !self.control.moves.are_used_up()
        {
            self.pins.collect(survey);
            regs = self.choose_pins(survey.calls);
            self.pins.forget();
        }
        let entries = (start, self.control.entries.len() as u32);
        self.control.moves.take((entries.1 - entries.0) as usize);
        self.control.labels[label.0 as usize].state = Some(entries);
        Pinned { regs, entries }
    }

    /// Adds the entries of the locals that were collected, and of what stays in the loop around, as long as there are registers.
    fn choose_pins(&mut self, calls: bool) -> RegSet {
        let mut taken = RegSet::EMPTY;
        let mut count = [0, 0];
        for at in 0..self.pins.used.len() {
            let local = self.pins.used[at];
            let (slot, kind) = self.pins.place(local);
            if kind == Kind::Ref {
                continue;
            }
            let class = kind.class();
            if count[class as usize] == MOST[class as usize] {
                if count == MOST || !self.pins.floats {
                    break;
                }
                continue;
            }
            let known = self.cache.entry(slot).filter(|(reg, _)| reg.class() == class);
            let Some(reg) = self.pin_register(class, known.map(|(reg, _)| reg), taken) else { continue };
            taken.insert(reg);
            count[class as usize] += 1;
            // A call stores all that is dirty: what the loop sets is better stored at its end, once.
            let sets = self.pins.weights[local.0 as usize] & 1 == 1;
            let dirty = !calls && (sets || known.is_some_and(|(_, held)| held.dirty));
            self.control.entries.push(Entry { reg, held: Held { slot, kind, dirty } });
        }
        if !calls {
            self.keep_pins(&mut taken, &mut count);
        }
        taken
    }

    /// Adds what stays in registers in the loop around, where it is there now and nobody took its register.
    fn keep_pins(&mut self, taken: &mut RegSet, count: &mut [usize; 2]) {
        let (start, end) = self.control.pins_around();
        for at in start..end {
            let Entry { reg, held: Held { slot, .. } } = self.control.entries[at as usize];
            let class = reg.class() as usize;
            if taken.contains(reg) || count[class] == MOST[class] {
                continue;
            }
            if let Some((now, held)) = self.cache.entry(slot)
                && now == reg
                && self.cache.held(reg).len() == 1
            {
                taken.insert(reg);
                count[class] += 1;
                self.control.entries.push(Entry { reg, held });
            }
        }
    }

    /// The register for a local that is in `known` now: that one, if it can last and is not taken.
    fn pin_register(&self, class: Class, known: Option<Reg>, taken: RegSet) -> Option<Reg> {
        let left = x64::lasting(class).without(taken);
        known
            .filter(|&known| left.contains(known))
            .or_else(|| x64::best_lasting(class, left.without(self.cache.used())))
            .or_else(|| x64::best_lasting(class, left))
    }
}
