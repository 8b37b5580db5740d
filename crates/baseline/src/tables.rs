//! What lies beside the code of the function that is being compiled: handlers and references by positions, owners of what is not in
//! the main line, cold paths that wait for its end.

use upshift_asm::x64::Gpr;
use upshift_asm::{Const, Label, Word};
use upshift_core::Trap;
use upshift_ir::build::SideTables;

use crate::compiler::Compiler;
use crate::x64::Misfit;

/// Code behind the main line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ColdPath {
    /// Stops with a trap.
    Trap(Trap),
    /// Takes all fuel that is left and stops.
    OutOfFuel,
    /// A float does not fit into an integer: goes back with the nearest one, or stops.
    Misfit { misfit: Misfit, back: Option<Label> },
    /// Stops because an access would end behind a memory. A register has the end, which is so many bytes behind the address.
    OutOfBounds { end: Gpr, behind: u64 },
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
#[derive(Debug)]
pub(crate) struct Tables {
    /// Handlers and references.
    pub(crate) side: SideTables,
    /// Code offsets and module offsets, if wanted.
    positions: Option<Vec<(u32, u32)>>,
    cold: Vec<Cold>,
    /// Which position code behind the main line belongs to, from an offset on.
    owners: Vec<(u32, u32)>,
    /// The same for words of the pool, by offsets in it.
    pool_owners: Vec<(u32, u32)>,
    /// Offsets of unchecked accesses and their memories.
    pub(crate) faults: Vec<(u32, u32)>,
    /// How many instructions of the interpreter there are.
    pub(crate) embedded: u32,
    /// Words that are about to go to the pool.
    pub(crate) words: Vec<Word>,
}

impl Tables {
    /// Empty tables.
    pub(crate) fn new(positions: bool) -> Tables {
        Tables {
            side: SideTables::default(),
            positions: positions.then(Vec::new),
            cold: Vec::new(),
            owners: Vec::new(),
            pool_owners: Vec::new(),
            faults: Vec::new(),
            embedded: 0,
            words: Vec::new(),
        }
    }

    /// What follows at a code offset comes from an operator at an offset of the module.
    #[inline]
    pub(crate) fn note_position(&mut self, at: u32, offset: u32) {
        if let Some(positions) = &mut self.positions {
            match positions.last_mut() {
                Some(last) if last.0 == at => last.1 = offset,
                _ => positions.push((at, offset)),
            }
        }
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

    /// All owners, with the pool at its place.
    pub(crate) fn take_owners(&mut self, pool: u32) -> Box<[(u32, u32)]> {
        let mut owners = std::mem::take(&mut self.owners);
        owners.extend(self.pool_owners.iter().map(|&(at, position)| (at + pool, position)));
        owners.into()
    }
}

impl Compiler<'_> {
    /// The label of a path that is written behind the main line. It belongs to the code that comes next.
    pub(crate) fn cold(&mut self, path: ColdPath) -> Label {
        let label = self.asm.label();
        self.tables.cold.push(Cold { label, position: self.asm.offset(), path });
        label
    }

    /// The label of a path that stops with a trap.
    pub(crate) fn trap(&mut self, trap: Trap) -> Label {
        self.cold(ColdPath::Trap(trap))
    }

    /// Writes the cold paths.
    pub(crate) fn emit_cold_paths(&mut self) {
        for Cold { label, position, path } in std::mem::take(&mut self.tables.cold) {
            self.tables.own(self.asm.offset(), position);
            self.asm.bind(label);
            match path {
                ColdPath::Trap(trap) => self.emit_trap(trap),
                ColdPath::Misfit { misfit, back } => self.emit_misfit(misfit, back),
                ColdPath::OutOfBounds { end, behind } => {
                    self.emit_out_of_bounds(end, behind);
                    self.emit_trap(Trap::MemoryOutOfBounds);
                }
                ColdPath::OutOfFuel => {
                    self.emit_no_fuel();
                    self.emit_trap(Trap::OutOfFuel);
                }
            }
        }
    }
}
