//! What else than slots of the frame may be in registers: own globals, and what accesses to memories and objects, fuel and interruption need
//! of the instance and its store.
//!
//! Each has a slot above all others, which is in no frame: its place in memory is elsewhere. Registers have them as they have locals,
//! but never dirty ones, and nobody else may hold them as an operand but for globals.

use upshift_translate::backend::Slot;

/// How many of the instance's own globals can be in registers: programs keep their stack pointer in one of the first.
const GLOBALS: u32 = 64;

/// Of how many memories something can be.
const MEMORIES: u32 = 4;

/// What a slot stands for that is in no frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cell {
    /// One of the instance's own globals. Imported ones may be two names of one global.
    Global(u32),
    /// The epoch in which the program is to be interrupted.
    Deadline,
    /// The base of a memory that moves.
    Base(u32),
    /// The length of a memory that no other thread grows.
    Len(u32),
    /// The address of the store's context.
    Store,
    /// The address of the epoch.
    Epoch,
    /// What references to objects are relative to.
    Objects,
    /// The base of a memory that stays.
    FixedBase(u32),
    /// The address of a memory's record.
    Record(u32),
}

/// Where the kinds begin; those that never change come last.
const DEADLINE: u32 = GLOBALS;
const BASE: u32 = DEADLINE + 1;
const LEN: u32 = BASE + MEMORIES;
const STORE: u32 = LEN + MEMORIES;
const EPOCH: u32 = STORE + 1;
const OBJECTS: u32 = EPOCH + 1;
const FIXED_BASE: u32 = OBJECTS + 1;
const RECORD: u32 = FIXED_BASE + MEMORIES;

/// How many there are.
pub(crate) const CELLS: u32 = RECORD + MEMORIES;

/// The slot of [`Cell::Store`].
pub(crate) const STORE_SLOT: Slot = slot_of(STORE);
/// The slot of [`Cell::Epoch`].
pub(crate) const EPOCH_SLOT: Slot = slot_of(EPOCH);
/// The slot of [`Cell::Objects`].
pub(crate) const OBJECTS_SLOT: Slot = slot_of(OBJECTS);
/// The slot of [`Cell::Deadline`].
pub(crate) const DEADLINE_SLOT: Slot = slot_of(DEADLINE);

const fn slot_of(number: u32) -> Slot {
    Slot(number.wrapping_sub(CELLS))
}

impl Cell {
    /// Its slot, if it can be in a register.
    pub(crate) fn slot(self) -> Option<Slot> {
        let (start, most, number) = match self {
            Cell::Global(own) => (0, GLOBALS, own),
            Cell::Deadline => (DEADLINE, 1, 0),
            Cell::Base(memory) => (BASE, MEMORIES, memory),
            Cell::Len(memory) => (LEN, MEMORIES, memory),
            Cell::Store => (STORE, 1, 0),
            Cell::Epoch => (EPOCH, 1, 0),
            Cell::Objects => (OBJECTS, 1, 0),
            Cell::FixedBase(memory) => (FIXED_BASE, MEMORIES, memory),
            Cell::Record(memory) => (RECORD, MEMORIES, memory),
        };
        (number < most).then_some(slot_of(start + number))
    }

    /// What a slot stands for, if it is in no frame.
    #[inline]
    pub(crate) fn of(slot: Slot) -> Option<Cell> {
        let number = slot.0.wrapping_add(CELLS);
        Some(match number {
            0..GLOBALS => Cell::Global(number),
            DEADLINE => Cell::Deadline,
            BASE..LEN => Cell::Base(number - BASE),
            LEN..STORE => Cell::Len(number - LEN),
            STORE => Cell::Store,
            EPOCH => Cell::Epoch,
            OBJECTS => Cell::Objects,
            FIXED_BASE..RECORD => Cell::FixedBase(number - FIXED_BASE),
            RECORD..CELLS => Cell::Record(number - RECORD),
            _ => return None,
        })
    }
}

/// Whether a slot is in no frame.
#[inline]
pub(crate) fn is_cell(slot: Slot) -> bool {
    slot.0.wrapping_add(CELLS) < CELLS
}

/// Whether a slot stands for what is the same as long as the instance lives.
#[inline]
pub(crate) fn is_fixed(slot: Slot) -> bool {
    (STORE..CELLS).contains(&slot.0.wrapping_add(CELLS))
}

#[cfg(test)]
mod tests {
    use super::{CELLS, Cell, is_cell, is_fixed};
    use upshift_translate::backend::Slot;

    #[test]
    fn slots_and_cells_are_the_same() {
        let slots = (0..CELLS).map(|number| Slot(number.wrapping_sub(CELLS)));
        for slot in slots {
            let cell = Cell::of(slot).unwrap();
            assert_eq!(cell.slot(), Some(slot));
            let fixed = matches!(
                cell,
                Cell::Store | Cell::Epoch | Cell::Objects | Cell::FixedBase(_) | Cell::Record(_)
            );
            assert!(is_cell(slot) && is_fixed(slot) == fixed, "{cell:?}");
        }
        assert_eq!(Cell::of(Slot(0)).or(Cell::of(Slot(i32::MAX as u32))), None);
        assert_eq!(Cell::Global(64).slot().or(Cell::Len(4).slot()), None);
    }
}
