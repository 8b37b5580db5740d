//! Where branches meet: which registers have what at each label, and how a branch conforms to that.
//!
//! The first branch to a label fixes its state as the one that it finds. Later ones conform: they move what is in other registers, load
//! what is only in memory, store what the label expects there. Before the label is bound, what all branches so far have in memory
//! as well can still be left out, which costs nobody anything. At the head of a loop nothing changes any more.

use upshift_translate::backend::{Label, Slot};

use crate::cache::{Held, Kind, global_of, is_from};
use crate::compiler::Compiler;
use crate::x64::Reg;

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
        self.stores.is_empty() && self.moves.is_empty() && self.loads.is_empty()
    }

    fn clear(&mut self) {
        self.stores.clear();
        self.moves.clear();
        self.loads.clear();
    }
}

impl Compiler<'_> {
    /// Sees to it that each register has one slot only, as labels want it: what has to be there for a loop, or else what memory
    /// lacks. The flags stay.
    pub(crate) fn unshare(&mut self) {
        for reg in self.cache.used().iter() {
            if let [first, second, ..] = *self.cache.held(reg) {
                let stays = self.control.pinned().contains(reg);
                let first_goes = second.dirty && !first.dirty && !stays || global_of(first.slot).is_some();
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
        self.unshare();
        let start = self.control.entries.len() as u32;
        for reg in self.cache.used().iter() {
            if let Some(&held) = self.cache.held(reg).first() {
                self.control.entries.push(Entry { reg, held });
            }
        }
        let end = self.control.entries.len() as u32;
        self.control.labels[label.0 as usize].state = Some((start, end));
    }

    /// Plans what a branch from here has to do to conform to the state of a label.
    pub(crate) fn plan(&mut self, label: Label) {
        let known = &self.control.labels[label.0 as usize];
        let (start, mut end) = known.state.expect("only called when a state is fixed");
        let bound = known.bound;
        let pinned = self.control.pinned();
        let plan = &mut self.control.plan;
        let entries = &mut self.control.entries;
        plan.clear();
        for reg in self.cache.used().iter() {
            for &Held { slot, kind, dirty } in self.cache.held(reg) {
                if !dirty {
                    continue;
                }
                match entries[start as usize..end as usize].iter_mut().find(|entry| entry.held.slot == slot) {
                    Some(entry) if !bound => entry.held.dirty = true,
                    Some(entry) if entry.held.dirty => {}
                    _ => plan.stores.push((slot, reg, kind)),
                }
            }
        }
        let mut at = start;
        while at < end {
            let Entry { reg, held: Held { slot, kind, dirty } } = entries[at as usize];
            match self.cache.find(slot) {
                Some(found) if found == reg => {}
                _ if !bound && global_of(slot).is_some() => {
                    // It may not be wanted any more.
                    end -= 1;
                    entries[at as usize] = entries[end as usize];
                    continue;
                }
                Some(found) if found.class() == reg.class() => plan.moves.push((reg, found, kind)),
                found => {
                    if let Some(found) = found
                        && let Some(held) =
                            self.cache.held(found).iter().find(|held| held.slot == slot && held.dirty)
                    {
                        plan.stores.push((slot, found, held.kind));
                    }
                    // What stays in the loop is wanted again.
                    if bound || dirty || pinned.contains(reg) {
                        plan.loads.push((reg, slot, kind));
                    } else {
                        end -= 1;
                        entries[at as usize] = entries[end as usize];
                        continue;
                    }
                }
            }
            at += 1;
        }
        self.control.labels[label.0 as usize].state = Some((start, end));
    }

    /// Does what was planned. The flags stay; what the cache knows does, too.
    pub(crate) fn conform(&mut self) {
        let mut plan = std::mem::take(&mut self.control.plan);
        for &(slot, reg, kind) in &plan.stores {
            self.emit_store(slot, reg, kind);
        }
        self.move_in_parallel(&mut plan.moves);
        for &(reg, slot, kind) in &plan.loads {
            self.emit_load(reg, slot, kind);
        }
        self.control.plan = plan;
    }

    /// Moves between registers as if all moves happened at once.
    fn move_in_parallel(&mut self, moves: &mut Vec<(Reg, Reg, Kind)>) {
        while let Some(&(to, from, kind)) = moves.last() {
            let free = moves.iter().position(|&(to, _, _)| moves.iter().all(|&(_, from, _)| from != to));
            if let Some(at) = free {
                let (to, from, kind) = moves.swap_remove(at);
                self.emit_move(to, from, kind);
                continue;
            }
            // All that is left goes in circles.
            moves.pop();
            let _ = kind;
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
        self.cache.clear();
        let (start, end) = self.control.labels[label.0 as usize].state.unwrap_or((0, 0));
        for at in start..end {
            let Entry { reg, held } = self.control.entries[at as usize];
            if !is_from(held.slot, top) {
                self.cache.bind(reg, held);
            }
        }
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
