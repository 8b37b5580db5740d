//! What is in registers: which slots of the frame have their value in one, and whether the slot itself has it too.
//!
//! ```text
//! slot ─▶ in memory only                       nothing is known here
//!      ─▶ in a register, clean                 the slot in memory has the same value
//!      ─▶ in a register, dirty                 the slot has to be stored before anybody looks at it there
//! ```
//!
//! Globals and what the instance has otherwise take part as slots above all others, see [`cells`](crate::cells). They are never dirty.
//!
//! A register may have the value of two slots, so that copies cost nothing. Nothing here emits code: whoever takes a dirty value
//! out of its register has stored it, or knows that it is dead.

use std::ops::Deref;

use upshift_core::types::ValType;
use upshift_translate::backend::Slot;

use crate::cells::CELLS;
use crate::merge::Entry;
use crate::x64::{Class, REGS, Reg, RegSet};

/// The type of a value, as far as registers care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    /// 32 bits, zero-extended in the register.
    I32,
    /// 64 bits.
    I64,
    /// A reference, 64 bits, which the collector may have to know.
    Ref,
    /// A float whose register is zero from there to 64 bits.
    F32,
    /// A float.
    F64,
    /// A vector, in two slots.
    V128,
}

impl Kind {
    /// The class of its registers.
    #[inline(always)]
    pub(crate) const fn class(self) -> Class {
        match self {
            Kind::I32 | Kind::I64 | Kind::Ref => Class::Int,
            Kind::F32 | Kind::F64 | Kind::V128 => Class::Float,
        }
    }

    /// How many slots it takes.
    pub(crate) const fn slots(self) -> u32 {
        if matches!(self, Kind::V128) { 2 } else { 1 }
    }
}

impl From<ValType> for Kind {
    #[inline]
    fn from(ty: ValType) -> Kind {
        match ty {
            ValType::I32 => Kind::I32,
            ValType::I64 => Kind::I64,
            ValType::F32 => Kind::F32,
            ValType::F64 => Kind::F64,
            ValType::V128 => Kind::V128,
            ValType::Ref(_) => Kind::Ref,
        }
    }
}

/// Where operands end that no operation uses up: all slots of the frame are below.
pub(crate) const NO_TOP: Slot = Slot(i32::MAX as u32);

/// Whether a slot of the frame lies at `top` or above. Those in no frame are negative here, so they never do.
#[inline]
pub(crate) fn is_from(slot: Slot, top: Slot) -> bool {
    debug_assert!(top <= NO_TOP, "the top is that of a frame");
    slot.0 as i32 >= top.0 as i32
}

/// Where a slot is in the map by slots, which begins with those in no frame.
#[inline(always)]
fn place(slot: Slot) -> usize {
    slot.0.wrapping_add(CELLS) as usize
}

/// A slot whose value a register has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    pub(crate) slot: Slot,
    pub(crate) kind: Kind,
    /// Whether the slot in memory does not have it.
    pub(crate) dirty: bool,
}

/// What stands where a register has no slot: no frame has one with this number.
const NOBODY: Held = Held { slot: NO_TOP, kind: Kind::I64, dirty: false };

/// The slots of a register: two at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holders {
    held: [Held; 2],
    len: usize,
}

impl Deref for Holders {
    type Target = [Held];

    #[inline]
    fn deref(&self) -> &[Held] {
        &self.held[..self.len]
    }
}

/// The state of all registers.
#[derive(Debug)]
pub(crate) struct Cache {
    /// By register its first slot, or [`NOBODY`].
    firsts: [Held; REGS],
    /// By register its second slot, or [`NOBODY`].
    seconds: [Held; REGS],
    /// The registers that hold something.
    used: RegSet,
    /// Those of them that have two slots, or a vector, which takes two as well.
    double: RegSet,
    /// Those of them that have something that is not in memory.
    dirty: RegSet,
    /// The registers that the running operation uses: nobody may take them.
    locked: RegSet,
    /// By [`place`] of the slot the register that has its value, if any has: whether it has, the register knows. So nothing needs to
    /// be done here when a register loses a slot.
    of_slot: Vec<u8>,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache {
            firsts: [NOBODY; REGS],
            seconds: [NOBODY; REGS],
            used: RegSet::EMPTY,
            double: RegSet::EMPTY,
            dirty: RegSet::EMPTY,
            locked: RegSet::EMPTY,
            of_slot: Vec::new(),
        }
    }
}

impl Cache {
    /// The register that has the value of a slot.
    #[inline]
    pub(crate) fn find(&self, slot: Slot) -> Option<Reg> {
        let reg = Reg::new(*self.of_slot.get(place(slot))?);
        if self.firsts[reg.index()].slot == slot {
            return Some(reg);
        }
        if self.double.contains(reg) { self.find_second(reg, slot) } else { None }
    }

    /// The register that has a slot first, unless that is one of two: what [`find`](Self::find) finds most often.
    #[inline(always)]
    pub(crate) fn find_first(&self, slot: Slot) -> Option<Reg> {
        let reg = Reg::new(*self.of_slot.get(place(slot))?);
        (self.firsts[reg.index()].slot == slot).then_some(reg)
    }

    /// The register if it has the slot as its second one, or as the second one of a vector.
    #[inline(never)]
    fn find_second(&self, reg: Reg, slot: Slot) -> Option<Reg> {
        self.held(reg).iter().any(|held| held.covers(slot)).then_some(reg)
    }

    /// What a register has.
    #[inline]
    pub(crate) fn held(&self, reg: Reg) -> Holders {
        let held = [self.firsts[reg.index()], self.seconds[reg.index()]];
        let second = self.double.contains(reg) && held[1].slot != NOBODY.slot;
        Holders { held, len: usize::from(self.used.contains(reg)) + usize::from(second) }
    }

    /// What a register has first.
    #[inline]
    pub(crate) fn first(&self, reg: Reg) -> Held {
        self.firsts[reg.index()]
    }

    /// What is known of a slot that is in a register.
    pub(crate) fn entry(&self, slot: Slot) -> Option<(Reg, Held)> {
        let reg = self.find(slot)?;
        let first = self.first(reg);
        if first.slot == slot {
            return Some((reg, first));
        }
        self.held(reg).iter().find(|held| held.slot == slot).map(|&held| (reg, held))
    }

    /// The registers that hold something.
    #[inline]
    pub(crate) fn used(&self) -> RegSet {
        self.used
    }

    /// The registers that have two slots, or a vector.
    #[inline]
    pub(crate) fn double(&self) -> RegSet {
        self.double
    }

    /// The registers that have something that is not in memory.
    #[inline]
    pub(crate) fn dirty(&self) -> RegSet {
        self.dirty
    }

    /// The registers that are neither locked nor hold anything.
    #[inline]
    pub(crate) fn free(&self) -> RegSet {
        RegSet::ALL.without(self.used.or(self.locked))
    }

    /// The registers that an operation uses.
    #[inline]
    pub(crate) fn locked(&self) -> RegSet {
        self.locked
    }

    /// Nobody may take the register until [`unlock`](Self::unlock).
    #[inline]
    pub(crate) fn lock(&mut self, reg: Reg) {
        self.locked.insert(reg);
    }

    /// The register may be taken again.
    #[inline]
    pub(crate) fn release(&mut self, reg: Reg) {
        self.locked.remove(reg);
    }

    /// No operation is running.
    #[inline]
    pub(crate) fn unlock(&mut self) {
        self.locked = RegSet::EMPTY;
    }

    /// Whether another slot can share the register.
    #[inline]
    pub(crate) fn has_room(&self, reg: Reg) -> bool {
        !self.double.contains(reg) || self.seconds[reg.index()].slot == NOBODY.slot
    }

    /// A register gets the value of a slot; whatever was known of the slot is forgotten.
    #[inline(never)]
    pub(crate) fn bind(&mut self, reg: Reg, held: Held) {
        let (own, at) = (RegSet::of(reg), place(held.slot));
        if let Some(&number) = self.of_slot.get(at)
            && let before = Reg::new(number)
            && !self.double.contains(before)
            && held.kind != Kind::V128
        {
            if self.firsts[before.index()].slot == held.slot {
                self.clear_single(before);
            }
            if self.used.and(own) == RegSet::EMPTY {
                self.of_slot[at] = reg.index() as u8;
                self.firsts[reg.index()] = held;
                self.used = self.used.or(own);
                self.dirty = self.dirty.or(RegSet::of_if(reg, held.dirty));
                return;
            }
        }
        self.bind_any(reg, held);
    }

    /// A register that has a slot, and no other, gets another value of it.
    #[inline]
    pub(crate) fn renew(&mut self, reg: Reg, held: Held) {
        debug_assert!(
            self.find(held.slot) == Some(reg) && !self.double.contains(reg),
            "it has only this slot"
        );
        self.firsts[reg.index()] = held;
        self.dirty = self.dirty.or(RegSet::of_if(reg, held.dirty));
    }

    #[inline(never)]
    fn bind_any(&mut self, reg: Reg, held: Held) {
        self.forget(held.slot);
        debug_assert!(self.has_room(reg), "a register has two slots at most");
        if held.kind == Kind::V128 {
            self.forget(Slot(held.slot.0 + 1));
            self.map(Slot(held.slot.0 + 1), reg);
        }
        debug_assert!(self.has_room(reg), "a register has two slots at most");
        let second = self.used.contains(reg);
        if second || held.kind == Kind::V128 {
            self.double.insert(reg);
        }
        let holders = if second { &mut self.seconds } else { &mut self.firsts };
        holders[reg.index()] = held;
        self.used.insert(reg);
        if held.dirty {
            self.dirty.insert(reg);
        }
        self.map(held.slot, reg);
    }

    /// The registers have what these entries say below a slot, and nothing else. Each slot was known once, or is that of a local.
    pub(crate) fn replace(&mut self, entries: &[Entry], top: Slot) {
        self.clear();
        let (mut used, mut dirty) = (RegSet::EMPTY, RegSet::EMPTY);
        for entry in entries {
            let (reg, held) = (entry.reg, &entry.held);
            if is_from(held.slot, top) {
                continue;
            }
            used.insert(reg);
            dirty = dirty.or(RegSet::of_if(reg, held.dirty));
            self.firsts[reg.index()] = *held;
            self.of_slot[place(held.slot)] = reg.index() as u8;
            if held.kind == Kind::V128 {
                self.double.insert(reg);
                self.of_slot[place(held.slot) + 1] = reg.index() as u8;
            }
        }
        (self.used, self.dirty) = (used, dirty);
    }

    /// Makes room for so many slots of the frame.
    pub(crate) fn make_room(&mut self, slots: u32) {
        let len = (slots + CELLS) as usize;
        if self.of_slot.len() < len {
            self.of_slot.resize(len, 0);
        }
    }

    /// Maps a slot to a register.
    #[inline]
    fn map(&mut self, slot: Slot, reg: Reg) {
        match self.of_slot.get_mut(place(slot)) {
            Some(known) => *known = reg.index() as u8,
            None => self.map_higher(slot, reg),
        }
    }

    #[cold]
    #[inline(never)]
    fn map_higher(&mut self, slot: Slot, reg: Reg) {
        let at = place(slot);
        self.of_slot.resize((at + 1).next_multiple_of(64), 0);
        self.of_slot[at] = reg.index() as u8;
    }

    /// The value of a slot is dead, or is in memory.
    #[inline]
    pub(crate) fn forget(&mut self, slot: Slot) {
        let Some(&number) = self.of_slot.get(place(slot)) else { return };
        let reg = Reg::new(number);
        if self.double.contains(reg) {
            self.forget_second(slot);
        } else if self.firsts[reg.index()].slot == slot {
            self.clear_single(reg);
        }
    }

    #[inline(never)]
    fn forget_second(&mut self, slot: Slot) {
        if let Some(reg) = self.find(slot) {
            self.unbind_one(reg, slot);
        }
    }

    /// Forgets a slot whose value is in memory, if one of these registers has it.
    pub(crate) fn forget_if(&mut self, slot: Slot, regs: RegSet) {
        if self.find(slot).is_some_and(|reg| regs.contains(reg)) {
            self.forget(slot);
        }
    }

    /// Forgets the slots from one on.
    pub(crate) fn forget_from(&mut self, top: Slot) {
        for reg in self.used.iter() {
            if is_from(self.firsts[reg.index()].slot, top) || self.double.contains(reg) {
                self.forget_each(reg, |slot| is_from(slot, top));
            }
        }
    }

    /// Those of some registers that have a slot from one on.
    pub(crate) fn holding_from(&self, top: Slot, regs: RegSet) -> RegSet {
        let mut holding = RegSet::EMPTY;
        for reg in regs.iter() {
            let is_holding = match self.double.contains(reg) {
                true => self.held(reg).iter().any(|held| is_from(held.slot, top)),
                false => self.used.contains(reg) && is_from(self.firsts[reg.index()].slot, top),
            };
            if is_holding {
                holding.insert(reg);
            }
        }
        holding
    }

    /// Forgets slots of a register.
    fn forget_each(&mut self, reg: Reg, goes: impl Fn(Slot) -> bool) {
        for held in self.held(reg).iter().rev() {
            if goes(held.slot) {
                self.unbind_one(reg, held.slot);
            }
        }
    }

    /// Forgets a slot of a register that may have another one.
    #[inline(never)]
    fn unbind_one(&mut self, reg: Reg, slot: Slot) {
        let (first, second) = (self.firsts[reg.index()], self.seconds[reg.index()]);
        let stays = if first.covers(slot) { second } else { first };
        self.clear_reg(reg);
        if stays.slot != NOBODY.slot && !stays.covers(slot) {
            self.firsts[reg.index()] = stays;
            self.used.insert(reg);
            if stays.kind == Kind::V128 {
                self.double.insert(reg);
            }
            if stays.dirty {
                self.dirty.insert(reg);
            }
        }
    }

    /// A register has nothing any more.
    #[inline]
    pub(crate) fn clear_reg(&mut self, reg: Reg) {
        self.clear_single(reg);
        self.seconds[reg.index()] = NOBODY;
        self.double.remove(reg);
    }

    /// The same if it had one slot only.
    #[inline]
    fn clear_single(&mut self, reg: Reg) {
        self.firsts[reg.index()] = NOBODY;
        let others = RegSet::ALL.without(RegSet::of(reg));
        self.used = self.used.and(others);
        self.dirty = self.dirty.and(others);
    }

    /// No register has anything any more.
    #[inline]
    pub(crate) fn clear(&mut self) {
        // Without a look at each register: nobody foresees how many have something.
        let (ints, floats) = self.firsts.split_at_mut(REGS / 2);
        ints.fill(NOBODY);
        if self.used.without(RegSet::INTS) != RegSet::EMPTY {
            floats.fill(NOBODY);
        }
        for reg in self.double.iter() {
            self.seconds[reg.index()] = NOBODY;
        }
        self.used = RegSet::EMPTY;
        self.double = RegSet::EMPTY;
        self.dirty = RegSet::EMPTY;
    }

    /// What a register has is in memory as well.
    #[inline]
    pub(crate) fn clean(&mut self, reg: Reg) {
        self.firsts[reg.index()].dirty = false;
        self.seconds[reg.index()].dirty = false;
        self.dirty.remove(reg);
    }

    /// Whether a register has something that is not in memory.
    #[inline]
    pub(crate) fn is_dirty(&self, reg: Reg) -> bool {
        self.dirty.contains(reg)
    }
}

impl Held {
    /// Whether a slot is the value's, or one of a vector's two.
    #[inline]
    fn covers(&self, slot: Slot) -> bool {
        slot.0.wrapping_sub(self.slot.0) < self.kind.slots()
    }
}

#[cfg(test)]
mod tests {
    use upshift_translate::backend::Slot;

    use super::{Cache, Held, Kind};
    use crate::x64::{Reg, RegSet};

    fn held(slot: u32, kind: Kind, dirty: bool) -> Held {
        Held { slot: Slot(slot), kind, dirty }
    }

    #[test]
    fn registers_share_and_forget() {
        let (mut cache, a, b) = (Cache::default(), Reg::new(1), Reg::new(20));
        cache.bind(a, held(7, Kind::I32, true));
        cache.bind(a, held(9, Kind::I32, false));
        cache.bind(b, held(3, Kind::V128, true));
        assert!(!cache.has_room(a) && cache.has_room(b) && cache.is_dirty(a));
        assert_eq!(
            [7, 9, 3, 4, 5].map(|slot| cache.find(Slot(slot))),
            [Some(a), Some(a), Some(b), Some(b), None]
        );
        // A new value of a slot ends what was known, also of a vector of which it is one half.
        cache.bind(a, held(7, Kind::I64, false));
        assert!(!cache.is_dirty(a));
        cache.forget(Slot(4));
        assert_eq!((cache.find(Slot(3)), cache.used().contains(b)), (None, false));
        cache.forget_from(Slot(8));
        assert_eq!((cache.find(Slot(7)), cache.find(Slot(9))), (Some(a), None));
        cache.clear();
        assert!(cache.used() == RegSet::EMPTY && cache.find(Slot(7)).is_none());
    }
}
