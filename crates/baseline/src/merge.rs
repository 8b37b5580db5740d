//! Where branches meet: which registers have what at each label, and how a branch conforms to that.
//!
//! The first branch to a label fixes its state as the one that it finds. Later ones conform: they move what is in other registers, load
//! what is only in memory, store what the label expects there. Before the label is bound, what all branches so far have in memory
//! as well can still be left out, which costs nobody anything. At the head of a loop nothing changes any more.
//!
//! What a branch does to conform may be a hundred times as long as the branch. So a function has a number of moves for that, in
//! proportion to its bytes ([`Moves`]), which only code that is written for it uses up. From then on values go to their slots in front
//! of each branch: new labels have nothing in registers, and others are reached by a stub behind the main line that loads what they
//! have there, one for each label. Tables of branches always lead there.

use upshift_asm::Label as Place;
use upshift_translate::backend::{Label, Slot};

use crate::cache::{Held, Kind};
use crate::cells::is_cell;
use crate::compiler::Compiler;
use crate::x64::{Class, REGS, Reg, RegSet};

/// How many moves between registers and slots a function may have that no operator asks for: where branches meet, and around cold
/// paths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moves {
    left: usize,
}

impl Moves {
    /// Those of a body with so many bytes. Ordinary code takes one for some ten bytes.
    pub(crate) fn of_body(bytes: usize) -> Moves {
        /// What small functions have, too.
        const FLOOR: usize = 128;
        Moves { left: bytes.saturating_add(FLOOR) }
    }

    /// Few, for tests of what happens without.
    pub(crate) fn few(bytes: usize) -> Moves {
        Moves { left: bytes % 24 }
    }

    /// Takes so many; says whether there were as many.
    pub(crate) fn take(&mut self, moves: usize) -> bool {
        let enough = moves <= self.left;
        self.left = self.left.saturating_sub(moves);
        enough
    }

    /// Whether none are left.
    pub(crate) fn are_used_up(self) -> bool {
        self.left == 0
    }
}

/// What a register has at a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) reg: Reg,
    pub(crate) held: Held,
}

/// What a branch has to do to conform.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    stores: Vec<(Slot, Reg, Kind)>,
    moves: Vec<(Reg, Reg, Kind)>,
    loads: Vec<(Reg, Slot, Kind)>,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A register is to have what another one has.
    pub(crate) fn move_to(&mut self, to: Reg, from: Reg, kind: Kind) {
        self.moves.push((to, from, kind));
    }

    /// A register is to have what a slot has.
    pub(crate) fn load(&mut self, reg: Reg, slot: Slot, kind: Kind) {
        self.loads.push((reg, slot, kind));
    }

    fn len(&self) -> usize {
        self.stores.len() + self.moves.len() + self.loads.len()
    }

    pub(crate) fn clear(&mut self) {
        self.stores.clear();
        self.moves.clear();
        self.loads.clear();
    }
}

impl Compiler<'_> {
    /// Sees to it that each register has one slot only, as labels want it: what has to be there for a loop, or else what memory
    /// lacks. The flags stay.
    pub(crate) fn unshare(&mut self) {
        for reg in self.cache.double().iter() {
            if let [first, second, ..] = *self.cache.held(reg) {
                let stays = self.control.pinned().contains(reg);
                let first_goes = second.dirty && !first.dirty && !stays || is_cell(first.slot);
                let other = if first_goes { first } else { second };
                if other.dirty {
                    self.emit_store(other.slot, reg, other.kind);
                }
                self.cache.forget(other.slot);
            }
        }
    }

    /// The state of now becomes that of a label.
    pub(crate) fn fix_state(&mut self, label: Label) {
        let start = self.control.entries.len() as u32;
        if self.control.moves.take(self.cache.used().len() as usize) {
            self.unshare();
            let used = self.cache.used();
            self.control.entries.reserve(REGS);
            for reg in used.iter() {
                self.control.entries.push(Entry { reg, held: self.cache.first(reg) });
            }
        } else {
            self.flush();
        }
        let end = self.control.entries.len() as u32;
        self.control.labels[label.0 as usize].state = Some((start, end));
    }

    /// How a branch from here gets to a label. What was planned remains to be done on the way there. The flags stay.
    pub(crate) fn approach(&mut self, label: Label) -> Place {
        let known = self.control.labels[label.0 as usize];
        if known.state.is_none() {
            self.fix_state(label);
            self.control.plan.clear();
            return known.place;
        }
        self.plan(label);
        if self.control.moves.take(self.control.plan.len()) {
            return known.place;
        }
        self.flush();
        self.approach_from_slots(label)
    }

    /// How a branch gets to a label if all values are in their slots; nothing else remains to be done.
    pub(crate) fn approach_from_slots(&mut self, label: Label) -> Place {
        let known = self.control.labels[label.0 as usize];
        if known.state.is_none() {
            self.fix_state(label);
        } else {
            self.plan(label);
        }
        if known.state.is_none() || self.control.plan.is_empty() {
            self.control.plan.clear();
            return known.place;
        }
        self.control.plan.clear();
        match known.from_slots {
            Some(stub) => stub,
            None => {
                let stub = self.asm.label();
                self.control.labels[label.0 as usize].from_slots = Some(stub);
                self.control.from_slots.push(label);
                stub
            }
        }
    }

    /// Writes the ways to labels from where all values are in slots.
    pub(crate) fn emit_ways_from_slots(&mut self) {
        let labels = std::mem::take(&mut self.control.from_slots);
        for &label in &labels {
            let known = self.control.labels[label.0 as usize];
            let Some(stub) = known.from_slots else { continue };
            self.tables.own(self.asm.offset(), self.asm.place(known.place).unwrap_or(0));
            self.asm.bind(stub);
            self.load_state(label);
            self.asm.jmp(known.place);
        }
        self.control.from_slots = labels;
    }

    /// Plans what a branch from here has to do to conform to the state of a label.
    pub(crate) fn plan(&mut self, label: Label) {
        let known = &self.control.labels[label.0 as usize];
        let (start, mut end) = known.state.expect("only called when a state is fixed");
        let (bound, renewed) = (known.bound, known.renewed);
        let pinned = self.control.pinned();
        let Compiler { cache, control, .. } = self;
        let (plan, entries) = (&mut control.plan, &mut control.entries);
        plan.clear();
        let renewed = &control.renewed[renewed.0 as usize..renewed.1 as usize];
        // The registers whose only value the label expects somewhere; those whose value it may find in memory only where it expects
        // one that memory has; and those that have to be stored.
        let (mut expected, mut clean, mut stored) = (RegSet::EMPTY, RegSet::EMPTY, RegSet::EMPTY);
        let mut at = start as usize;
        let double = cache.double();
        // Most registers have what they are to have.
        for &Entry { reg, held: Held { slot, dirty, .. } } in &entries[at..end as usize] {
            if cache.first(reg).slot != slot || double.contains(reg) {
                break;
            }
            expected.insert(reg);
            clean = clean.or(RegSet::of_if(reg, !dirty));
            at += 1;
        }
        while let Some(&entry) = entries[..end as usize].get(at) {
            at += 1;
            let Entry { reg, held: Held { slot, kind, dirty } } = entry;
            if cache.first(reg).slot == slot && !double.contains(reg) {
                expected.insert(reg);
                clean = clean.or(RegSet::of_if(reg, !dirty));
                continue;
            }
            let found = cache.find(slot);
            // What is in no frame may not be wanted any more.
            let leaves = !bound && found != Some(reg) && is_cell(slot);
            if let Some(found) = found
                && !leaves
            {
                if !double.contains(found) {
                    expected.insert(found);
                    clean = clean.or(RegSet::of_if(found, !dirty));
                }
                if found.class() == reg.class() {
                    if found != reg {
                        plan.moves.push((reg, found, kind));
                    }
                    continue;
                }
                stored.insert(found);
            }
            // What stays in the loop is wanted again.
            if !leaves && (bound || dirty || pinned.contains(reg)) {
                // Of an integer somebody may expect that it has no upper half.
                if reg.class() == Class::Int || !renewed.contains(&slot) {
                    plan.loads.push((reg, slot, kind));
                }
            } else {
                end -= 1;
                at -= 1;
                entries[at] = entries[end as usize];
            }
        }
        let entries = &mut entries[start as usize..end as usize];
        let late = cache.dirty().and(expected).and(clean);
        if bound {
            stored = stored.or(late);
        } else if late != RegSet::EMPTY {
            for Entry { reg, held } in &mut *entries {
                held.dirty |= match cache.first(*reg).slot == held.slot {
                    true => late.contains(*reg),
                    false => cache
                        .find(held.slot)
                        .is_some_and(|found| late.contains(found) && found.class() == reg.class()),
                };
            }
        }
        for reg in cache.dirty().without(expected.without(stored)).iter() {
            if !double.contains(reg) {
                let Held { slot, kind, .. } = cache.first(reg);
                if !renewed.contains(&slot) {
                    plan.stores.push((slot, reg, kind));
                }
                continue;
            }
            for &Held { slot, kind, .. } in cache.held(reg).iter().filter(|held| held.dirty) {
                if renewed.contains(&slot) {
                    continue;
                }
                match entries.iter_mut().find(|entry| entry.held.slot == slot) {
                    Some(entry) if entry.reg.class() == reg.class() => {
                        if !bound {
                            entry.held.dirty = true;
                        } else if !entry.held.dirty {
                            plan.stores.push((slot, reg, kind));
                        }
                    }
                    _ => plan.stores.push((slot, reg, kind)),
                }
            }
        }
        control.labels[label.0 as usize].state = Some((start, end));
    }

    /// Does what was planned. The flags stay; what the cache knows does, too.
    #[inline]
    pub(crate) fn conform(&mut self) {
        if !self.control.plan.is_empty() {
            self.do_plan();
        }
    }

    #[inline(never)]
    fn do_plan(&mut self) {
        for at in 0..self.control.plan.stores.len() {
            let (slot, reg, kind) = self.control.plan.stores[at];
            self.emit_store(slot, reg, kind);
        }
        if let [(to, from, kind)] = self.control.plan.moves[..] {
            self.emit_move(to, from, kind);
        } else if !self.control.plan.moves.is_empty() {
            let mut moves = std::mem::take(&mut self.control.plan.moves);
            self.move_in_parallel(&mut moves);
            self.control.plan.moves = moves;
        }
        for at in 0..self.control.plan.loads.len() {
            let (reg, slot, kind) = self.control.plan.loads[at];
            self.emit_load(reg, slot, kind);
        }
    }

    /// Moves between registers as if all moves happened at once.
    fn move_in_parallel(&mut self, moves: &mut Vec<(Reg, Reg, Kind)>) {
        while !moves.is_empty() {
            let read = moves.iter().fold(RegSet::EMPTY, |read, &(_, from, _)| read.or(RegSet::of(from)));
            if let Some(at) = moves.iter().position(|&(to, _, _)| !read.contains(to)) {
                let (to, from, kind) = moves.swap_remove(at);
                self.emit_move(to, from, kind);
                continue;
            }
            // All that is left goes in circles.
            let Some((to, from, _)) = moves.pop() else { return };
            self.emit_exchange(to, from);
            for other in moves.iter_mut() {
                if other.1 == to {
                    other.1 = from;
                } else if other.1 == from {
                    other.1 = to;
                }
            }
            moves.retain(|&(to, from, _)| to != from);
        }
    }

    /// What the registers have at a label is known of now, but for what is dead.
    pub(crate) fn take_state(&mut self, label: Label, top: Slot) {
        let (start, end) = self.control.labels[label.0 as usize].state.unwrap_or((0, 0));
        let entries = &self.control.entries[start as usize..end as usize];
        self.cache.replace(entries, top);
        self.masks.clear();
    }

    /// Loads what the registers have at a label from memory, where everything is.
    pub(crate) fn load_state(&mut self, label: Label) {
        let (start, end) = self.control.labels[label.0 as usize].state.unwrap_or((0, 0));
        for at in start..end {
            let Entry { reg, held } = self.control.entries[at as usize];
            self.emit_load(reg, held.slot, held.kind);
        }
    }
}
