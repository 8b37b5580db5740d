//! Which locals stay in registers over a loop.
//!
//! At the head of a loop its most used locals are in registers, each in one of its own, where branches back to the head have to
//! have them again. What the loop sets is dirty there, so that nothing is stored in each iteration; where it calls, everything has to
//! be stored anyway, and is clean. A local that is set anew in each iteration before anybody reads it has nothing at the head that
//! anybody wants: it needs no register there, and branches to the head do not store it.

use upshift_core::index::LocalIndex;
use upshift_translate::CodeOptions;
use upshift_translate::backend::{Label, LocalRun, LoopSurvey, Slot};

use crate::cache::{Held, Kind};
use crate::cells::{DEADLINE_SLOT, EPOCH_SLOT, STORE_SLOT};
use crate::compiler::Compiler;
use crate::control::Pinned;
use crate::merge::Entry;
use crate::x64::{self, Class, Reg, RegSet};

/// How many uses of locals are looked at: a loop with more has the most used ones among them.
const MOST_USES: usize = 1024;

/// How many integers and how many floats and vectors stay at most: operations need the other registers.
const MOST: [usize; 2] = [7, 10];

/// How many locals that a loop sets anew are noted: branches to its head look at all of them.
const MOST_RENEWED: usize = 32;

/// The loop sets the local.
const SETS: u32 = 1;
/// The loop sets the local before it reads it.
const RENEWS: u32 = 2;
/// How much that is in no frame a loop wants at most.
const WANTED: usize = 7;

/// What is known of the locals.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    locals: Vec<LocalRun>,
    /// Whether any of them is a float or a vector.
    floats: bool,
    /// By local four times how much it is used in the loop that is looked at, and [`SETS`] and [`RENEWS`]; zero between loops.
    weights: Vec<u32>,
    /// The locals of that loop.
    used: Vec<LocalIndex>,
    /// What they are ordered by, and room for them in that order.
    order: Vec<u64>,
    sorted: Vec<LocalIndex>,
}

impl Pins {
    /// A function begins.
    pub(crate) fn begin(&mut self, locals: &[LocalRun]) {
        self.locals.clear();
        self.locals.extend_from_slice(locals);
        self.floats = locals.iter().any(|run| Kind::from(run.ty).class() == Class::Float);
        let count = locals.last().map_or(0, |run| run.first.0 + run.count) as usize;
        if self.weights.len() < count {
            self.weights.resize(count, 0);
        }
    }

    /// Collects the locals of a loop, most used first.
    fn collect(&mut self, survey: &LoopSurvey<'_>) {
        self.used.clear();
        for used in &survey.uses[..survey.uses.len().min(MOST_USES)] {
            let weight = &mut self.weights[used.local.0 as usize];
            if *weight == 0 {
                self.used.push(used.local);
                if used.renews && used.depth == survey.depth && !survey.calls {
                    *weight = RENEWS;
                }
            }
            // What is deeper is executed more often. With so many uses and such depths there is no overflow.
            let depth = u32::from(used.depth.saturating_sub(survey.depth)).min(6);
            *weight = (*weight + (4 << (3 * depth))) | if used.sets { SETS } else { 0 };
        }
        let Pins { weights, locals, .. } = self;
        // Of floats, whose operations need few registers, those that are renewed are in one anyway as long as they are wanted.
        let rank = |&local: &LocalIndex| {
            let weight = weights[local.0 as usize];
            let is_last = weight & RENEWS != 0 && place(locals, local).1.class() == Class::Float;
            !(weight >> if is_last { 7 } else { 2 })
        };
        self.order.clear();
        self.order.extend(self.used.iter().zip(0_u64..).map(|(local, at)| u64::from(rank(local)) << 32 | at));
        // No two are equal: of those with one rank the one that is used first comes first.
        self.order.sort_unstable();
        let Pins { order, used, sorted, .. } = self;
        sorted.clear();
        sorted.extend(order.iter().map(|&key| used[key as u32 as usize]));
        std::mem::swap(used, sorted);
    }

    /// Forgets the loop.
    fn forget(&mut self) {
        for local in &self.used {
            self.weights[local.0 as usize] = 0;
        }
    }
}

/// Slot and kind of a local.
fn place(locals: &[LocalRun], local: LocalIndex) -> (Slot, Kind) {
    let run = &locals[locals.partition_point(|run| run.first <= local) - 1];
    (Slot(run.slot.0 + (local.0 - run.first.0) * run.ty.slots()), Kind::from(run.ty))
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
            regs = self.choose_pins(survey);
            self.note_renewed(label);
            self.pins.forget();
        }
        let entries = (start, self.control.entries.len() as u32);
        self.control.moves.take((entries.1 - entries.0) as usize);
        self.control.labels[label.0 as usize].state = Some(entries);
        Pinned { regs, entries }
    }

    /// Adds the entries of the locals that were collected, of what accesses and metering need, and of what stays in the loop around, as
    /// long as there are registers.
    fn choose_pins(&mut self, survey: &LoopSurvey<'_>) -> RegSet {
        let calls = survey.calls;
        let mut taken = RegSet::EMPTY;
        let mut count = [0, 0];
        let cells = if calls { [None; WANTED] } else { self.wanted_cells(survey) };
        let mut cells = cells.into_iter().flatten().peekable();
        for at in 0..self.pins.used.len() {
            let local = self.pins.used[at];
            let weight = self.pins.weights[local.0 as usize] >> 2;
            while let Some((slot, _)) = cells.next_if(|&(_, uses)| uses > weight) {
                self.pin_cell(slot, &mut taken, &mut count);
            }
            let (slot, kind) = place(&self.pins.locals, local);
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
            let sets = self.pins.weights[local.0 as usize] & SETS != 0;
            let dirty = !calls && (sets || known.is_some_and(|(_, held)| held.dirty));
            self.control.entries.push(Entry { reg, held: Held { slot, kind, dirty } });
        }
        for (slot, _) in cells {
            self.pin_cell(slot, &mut taken, &mut count);
        }
        if !calls {
            self.keep_pins(&mut taken, &mut count);
        }
        taken
    }

    /// Notes of the head of the loop whose locals were collected which of them have nothing there that anybody wants.
    fn note_renewed(&mut self, head: Label) {
        let start = self.control.renewed.len() as u32;
        let Pins { used, weights, locals, .. } = &self.pins;
        let renewed = used.iter().filter(|local| weights[local.0 as usize] & RENEWS != 0);
        let slots = renewed.map(|&local| place(locals, local)).filter(|&(_, kind)| kind != Kind::Ref);
        self.control.renewed.extend(slots.map(|(slot, _)| slot).take(MOST_RENEWED));
        self.control.labels[head.0 as usize].renewed = (start, self.control.renewed.len() as u32);
    }

    /// What is in no frame and wanted in a loop, with how often, most often first.
    fn wanted_cells(&self, survey: &LoopSurvey<'_>) -> [Option<(Slot, u32)>; WANTED] {
        let memory = |memory: u32, accesses: u32| {
            let cells = if accesses == 0 { [None; 2] } else { self.cells_of_memory(memory) };
            cells.map(|cell| Some((cell?.slot()?, accesses)))
        };
        let (other, accesses) = survey.other;
        let ([a, b], [c, d]) = (memory(0, survey.accesses), memory(other.0, accesses));
        let memories = if survey.accesses < accesses { [c, d, a, b] } else { [a, b, c, d] };
        let [a, b, c, d] = memories;
        let CodeOptions { fuel, interruption, .. } = self.options;
        let metering = |is: bool, slot: Slot| is.then_some((slot, 0));
        let [store, deadline, epoch] = [
            metering(fuel, STORE_SLOT),
            metering(interruption, DEADLINE_SLOT),
            metering(interruption, EPOCH_SLOT),
        ];
        [a, b, c, d, store, deadline, epoch]
    }

    /// Adds the entry of what is in no frame.
    fn pin_cell(&mut self, slot: Slot, taken: &mut RegSet, count: &mut [usize; 2]) {
        let class = Class::Int;
        if count[class as usize] == MOST[class as usize] {
            return;
        }
        let Some(reg) = self.pin_register(class, self.cache.find(slot), *taken) else { return };
        taken.insert(reg);
        count[class as usize] += 1;
        self.control.entries.push(Entry { reg, held: Held { slot, kind: Kind::I64, dirty: false } });
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
