//! What lies beside the code of the function that is being compiled: handlers and references by positions, owners of what is not in
//! the main line, cold paths that wait for its end.

use upshift_asm::x64::Gpr;
use upshift_asm::{Const, Label, Word};
use upshift_core::Trap;
use upshift_ir::build::SideTables;
use upshift_translate::backend::Slot;

use crate::cache::{Cache, Kind, NO_TOP, is_from};
use crate::compiler::Compiler;
use crate::merge::Entry;
use crate::x64::{Misfit, Reg, Similar};
use upshift_codegen::Fault;

/// Code behind the main line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ColdPath {
    /// Stops with a trap.
    Trap(Trap),
    /// Takes all fuel that is left and stops.
    OutOfFuel,
    /// A float does not fit into an integer: goes back with the nearest one, or stops.
    Misfit(Misfit),
    /// Floats of which the lesser or greater is wanted are equal or NaN.
    Similar(Similar),
    /// Stops because an access would end behind a memory. A register has the end, which is so many bytes behind the address.
    OutOfBounds { end: Gpr, behind: u64 },
    /// Stops because an array, whose address a register has, is shorter.
    ElementOutOfBounds { array: Gpr, index: Gpr },
    /// Stops because an atomic access is not at a multiple of its size.
    Misaligned { address: Gpr },
    /// Stops because a reference did not pass a test.
    CastFailure { reference: Gpr },
    /// Runs words of the interpreter, with all that is kept in its slots. Where they come back, at the first label, registers get
    /// it again, and the code goes on at the second one.
    Run { words: Const, kept: Kept, back: Option<(Label, Label)> },
    /// A call has found a function that does not belong to the instance: notes that for the call site, whose cell is at an offset of
    /// the context, and goes back with what calls it.
    Foreign { site: usize, kept: Kept, back: Label },
    /// A tail call has found one: notes that, too, and the function replaces the running one, with arguments from a slot on.
    Replace { words: Const, args: Slot, site: usize },
    /// Loads what was left in a slot, and goes back.
    Load { reg: Reg, slot: Slot, kind: Kind, back: Label },
}

/// What registers have where a cold path begins: a part of [`Tables::kept`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    start: u32,
    end: u32,
    /// From this slot on, values are used up: nothing gets them back.
    dead: Slot,
}

impl Kept {
    /// Nothing, or nothing that is not in its slot and wanted again.
    pub(crate) const NONE: Kept = Kept { start: 0, end: 0, dead: Slot(0) };
}

/// A cold path that is to be written.
#[derive(Clone, Copy, Debug)]
struct Cold {
    label: Label,
    /// The position that it belongs to.
    position: u32,
    path: ColdPath,
}

/// The tables of a function.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Handlers and references.
    pub(crate) side: SideTables,
    /// Code offsets and module offsets, if wanted.
    positions: Option<Vec<(u32, u32)>>,
    cold: Vec<Cold>,
    /// What cold paths keep.
    kept: Vec<Entry>,
    /// Which position code behind the main line belongs to, from an offset on.
    owners: Vec<(u32, u32)>,
    /// The same for words of the pool, by offsets in it.
    pool_owners: Vec<(u32, u32)>,
    /// Accesses without a check.
    pub(crate) faults: Vec<Fault>,
    /// How many instructions of the interpreter there are.
    pub(crate) embedded: u32,
    /// Words that are about to go to the pool.
    pub(crate) words: Vec<Word>,
    /// Where a table of branches leads.
    pub(crate) entries: Vec<Label>,
    /// Where tables of branches begin in the pool, and how many entries each has.
    pub(crate) branch_tables: Vec<(u32, u32)>,
}

impl Tables {
    /// Notes what a cold path keeps, from which nothing comes back.
    pub(crate) fn keep_all(&mut self, entries: impl Iterator<Item = Entry>) -> Kept {
        let start = self.kept.len() as u32;
        self.kept.extend(entries);
        Kept { start, end: self.kept.len() as u32, dead: NO_TOP }
    }

    /// Has positions noted, or not.
    pub(crate) fn note_positions(&mut self, wanted: bool) {
        self.positions = wanted.then(Vec::new);
    }

    /// Forgets the function but keeps the room.
    pub(crate) fn reset(&mut self) {
        // All fields are named, so that none is forgotten.
        let Tables {
            // The prologue replaces it.
            side: _,
            positions,
            cold,
            kept,
            owners,
            pool_owners,
            faults,
            embedded,
            words,
            entries,
            branch_tables,
        } = self;
        *positions = None;
        *embedded = 0;
        cold.clear();
        kept.clear();
        owners.clear();
        pool_owners.clear();
        faults.clear();
        words.clear();
        entries.clear();
        branch_tables.clear();
    }

    /// What follows at a code offset comes from an operator at an offset of the module.
    pub(crate) fn note_position(&mut self, at: u32, offset: u32) {
        if let Some(positions) = &mut self.positions {
            match positions.last_mut() {
                Some(last) if last.0 == at => last.1 = offset,
                _ => positions.push((at, offset)),
            }
        }
    }

    /// What was at `end` is what begins at `start` now, and what was at `behind` begins at `now`; nothing else is between.
    pub(crate) fn move_positions(&mut self, start: u32, end: u32, behind: u32, now: u32) {
        let Some(positions) = &mut self.positions else { return };
        let from = positions.partition_point(|&(at, _)| at < start);
        let find =
            |wanted: u32| positions[from..].iter().find(|&&(at, _)| at == wanted).map(|&(_, offset)| offset);
        let (trap, next) = (find(end), find(behind));
        positions.truncate(from);
        positions.extend(trap.map(|offset| (start, offset)));
        positions.extend(next.map(|offset| (now, offset)));
    }

    /// The positions that were noted.
    pub(crate) fn take_positions(&mut self) -> Vec<(u32, u32)> {
        self.positions.take().unwrap_or_default()
    }

    /// From an offset on, code behind the main line belongs to a position.
    pub(crate) fn own(&mut self, offset: u32, position: u32) {
        self.owners.push((offset, position));
    }

    /// From a place of the pool on, words belong to a position.
    pub(crate) fn own_words(&mut self, place: Const, position: u32) {
        self.pool_owners.push((place.offset(), position));
    }

    /// Notes all that is in registers.
    pub(crate) fn keep(&mut self, cache: &Cache, dead: Slot) -> Kept {
        let start = self.kept.len() as u32;
        for reg in cache.used().iter() {
            self.kept.extend(cache.held(reg).iter().map(|&held| Entry { reg, held }));
        }
        Kept { start, end: self.kept.len() as u32, dead }
    }

    /// The tables of branches, with the pool at its place.
    pub(crate) fn take_branch_tables(&mut self, pool: u32) -> Box<[(u32, u32)]> {
        self.branch_tables.iter().map(|&(at, entries)| (at + pool, entries)).collect()
    }

    /// All owners, with the pool at its place.
    pub(crate) fn take_owners(&mut self, pool: u32) -> Box<[(u32, u32)]> {
        self.owners.extend(self.pool_owners.drain(..).map(|(at, position)| (at + pool, position)));
        self.owners.as_slice().into()
    }
}

impl Compiler<'_> {
    /// The label of a path that is written behind the main line. It belongs to the code that comes next.
    pub(crate) fn cold(&mut self, path: ColdPath) -> Label {
        self.cold_at(self.asm.offset(), path)
    }

    /// The same for a path that belongs to a position.
    pub(crate) fn cold_at(&mut self, position: u32, path: ColdPath) -> Label {
        let label = self.asm.label();
        self.tables.cold.push(Cold { label, position, path });
        label
    }

    /// The label of a path that stops with a trap.
    pub(crate) fn trap(&mut self, trap: Trap) -> Label {
        self.cold(ColdPath::Trap(trap))
    }

    /// Writes the cold paths.
    pub(crate) fn emit_cold_paths(&mut self) {
        for at in 0..self.tables.cold.len() {
            let Cold { label, position, path } = self.tables.cold[at];
            self.tables.own(self.asm.offset(), position);
            self.asm.bind(label);
            match path {
                ColdPath::Trap(trap) => self.emit_trap(trap),
                ColdPath::Misfit(misfit) => self.emit_misfit(misfit),
                ColdPath::Similar(similar) => self.emit_similar(similar),
                ColdPath::OutOfBounds { end, behind } => {
                    self.emit_out_of_bounds(end, behind);
                    self.emit_trap(Trap::MemoryOutOfBounds);
                }
                ColdPath::ElementOutOfBounds { array, index } => {
                    self.emit_element_out_of_bounds(array, index);
                    self.emit_trap(Trap::ArrayOutOfBounds);
                }
                ColdPath::Misaligned { address } => self.emit_misaligned(address),
                ColdPath::CastFailure { reference } => {
                    self.leave_for_trap(reference);
                    self.emit_trap(Trap::CastFailure);
                }
                ColdPath::Run { words, kept, back } => self.emit_run_cold(words, kept, back),
                ColdPath::Foreign { site, kept, back } => {
                    self.store_kept(kept);
                    self.emit_foreign(site, back);
                }
                ColdPath::Replace { words, args, site } => {
                    self.emit_note_foreign(site);
                    self.emit_replace(words, args);
                }
                ColdPath::Load { reg, slot, kind, back } => {
                    self.emit_load(reg, slot, kind);
                    self.asm.jmp(back);
                }
                ColdPath::OutOfFuel => self.emit_out_of_fuel(),
            }
        }
    }

    /// Stores what a cold path keeps, as far as memory lacks it.
    fn store_kept(&mut self, kept: Kept) {
        for at in kept.start as usize..kept.end as usize {
            let Entry { reg, held } = self.tables.kept[at];
            if held.dirty {
                self.emit_store(held.slot, reg, held.kind);
            }
        }
    }

    fn emit_run_cold(&mut self, words: Const, kept: Kept, back: Option<(Label, Label)>) {
        self.store_kept(kept);
        self.emit_run_words(words, true);
        let Some((landing, back)) = back else { return };
        self.asm.bind(landing);
        for at in kept.start as usize..kept.end as usize {
            let Entry { reg, held } = self.tables.kept[at];
            if !is_from(held.slot, kept.dead) {
                self.emit_load(reg, held.slot, held.kind);
            }
        }
        self.asm.jmp(back);
    }
}
