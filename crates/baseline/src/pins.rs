//! Which locals stay in registers over a loop.
//!
//! At the head of a loop without calls its most used locals are in registers, each in one of its own, where branches back to the
//! head have to have them again. What the loop sets is dirty there, so that nothing is stored in each iteration.

use upshift_core::index::LocalIndex;
use upshift_translate::backend::{Label, LocalRun, LoopSurvey, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
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
    /// By local how much it is used in the loop that is looked at; zero between loops.
    weights: Vec<u32>,
    /// The locals of that loop.
    used: Vec<LocalIndex>,
    /// Which of them it sets.
    set: Vec<bool>,
}

impl Pins {
    /// A function begins.
    pub(crate) fn begin(&mut self, locals: &[LocalRun]) {
        self.locals.clear();
        self.locals.extend_from_slice(locals);
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
                self.set.resize(at + 1, false);
            }
            if self.weights[at] == 0 {
                self.used.push(used.local);
                self.set[at] = false;
            }
            self.set[at] |= used.sets;
            // What is deeper is executed more often.
            let depth = u32::from(used.depth.saturating_sub(survey.depth)).min(6);
            self.weights[at] = self.weights[at].saturating_add(1 << (3 * depth));
        }
        let weights = &self.weights;
        self.used.sort_by_key(|local| std::cmp::Reverse(weights[local.0 as usize]));
    }

    /// Forgets the loop.
    fn forget(&mut self) {
        for local in &self.used {
            self.weights[local.0 as usize] = 0;
        }
    }
}

impl Compiler<'_> {
    /// Decides what registers have at the head of a loop, and fixes that as the state of its label. Answers which these are.
    pub(crate) fn pin(&mut self, label: Label, survey: Option<&LoopSurvey<'_>>) -> RegSet {
        let start = self.control.entries.len();
        let mut pinned = RegSet::EMPTY;
        if let Some(survey) = survey.filter(|survey| !survey.calls) {
            self.pins.collect(survey);
            pinned = self.choose_pins();
            self.pins.forget();
        }
        let end = self.control.entries.len();
        self.control.labels[label.0 as usize].state = Some((start as u32, end as u32));
        pinned
    }

    /// Adds the entries of the locals that were collected.
    fn choose_pins(&mut self) -> RegSet {
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
                if count == MOST {
                    break;
                }
                continue;
            }
            let known = self.cache.entry(slot).filter(|(reg, _)| reg.class() == class);
            let Some(reg) = self.pin_register(class, known.map(|(reg, _)| reg), taken) else { continue };
            taken.insert(reg);
            count[class as usize] += 1;
            let dirty = self.pins.set[local.0 as usize] || known.is_some_and(|(_, held)| held.dirty);
            self.control.entries.push(Entry { reg, held: Held { slot, kind, dirty } });
        }
        taken
    }

    /// The register for a local that is in `known` now: that one, if it can last and is not taken.
    fn pin_register(&self, class: Class, known: Option<Reg>, taken: RegSet) -> Option<Reg> {
        let lasts = |reg: &Reg| !taken.contains(*reg);
        let used = self.cache.used();
        known
            .filter(|&known| x64::lasting(class).any(|reg| reg == known) && lasts(&known))
            .or_else(|| x64::lasting(class).find(|reg| lasts(reg) && !used.contains(*reg)))
            .or_else(|| x64::lasting(class).find(lasts))
    }
}
