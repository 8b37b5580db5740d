//! What is in registers: which slots of the frame have their value in one, and whether the slot itself has it too.
//!
//! ```text
//! slot ─▶ in memory only                       nothing is known here
//!      ─▶ in a register, clean                 the slot in memory has the same value
//!      ─▶ in a register, dirty                 the slot has to be stored before anybody looks at it there
//! ```
//!
//! The instance's own globals take part as slots above all others, see [`global_slot`]. They are never dirty.
//!
//! A register may have the value of two slots, so that copies cost nothing. Nothing here emits code: whoever takes a dirty value
//! out of its register has stored it, or knows that it is dead.

use upshift_core::types::ValType;
use upshift_translate::backend::Slot;

use crate::x64::{Class, REGS, Reg, RegSet};

/// The type of a value, as far as registers care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// How many of the instance's own globals can be in registers: programs keep their stack pointer in one of the first.
const GLOBALS: u32 = 64;

/// Where operands end that no operation uses up: all slots but those of globals are below.
pub(crate) const NO_TOP: Slot = Slot(i32::MAX as u32);

/// The slot that stands for an own global, if it can be in a register. It is in no frame: its place in memory is the global's.
pub(crate) fn global_slot(own: u32) -> Option<Slot> {
    (own < GLOBALS).then_some(Slot(own.wrapping_sub(GLOBALS)))
}

/// The own global that a slot stands for.
#[inline]
pub(crate) fn global_of(slot: Slot) -> Option<u32> {
    let own = slot.0.wrapping_add(GLOBALS);
    (own < GLOBALS).then_some(own)
}

/// Whether a slot of the frame lies at `top` or above. Those of globals are negative here, so they never do.
#[inline]
pub(crate) fn is_from(slot: Slot, top: Slot) -> bool {
    slot.0 as i32 >= top.0 as i32
}

/// Where a slot is in the map by slots, which begins with the globals.
#[inline(always)]
fn place(slot: Slot) -> usize {
    slot.0.wrapping_add(GLOBALS) as usize
}

/// A slot whose value a register has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    pub(crate) slot: Slot,
    pub(crate) kind: Kind,
    /// Whether the slot in memory does not have it.
    pub(crate) dirty: bool,
}

/// How many slots can share a register.
const SHARED: usize = 2;

/// A register's slots.
#[derive(Clone, Copy, Debug)]
struct Holder {
    held: [Held; SHARED],
    count: u8,
}

const NOBODY: Held = Held { slot: Slot(0), kind: Kind::I64, dirty: false };

/// No register, in the map by slots.
const NONE: u8 = u8::MAX;

/// The state of all registers.
#[derive(Debug)]
pub(crate) struct Cache {
    holders: [Holder; REGS],
    /// The registers that hold something.
    used: RegSet,
    /// The registers that the running operation uses: nobody may take them.
    locked: RegSet,
    /// By [`place`] of the slot the register that has its value.
    of_slot: Vec<u8>,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache {
            holders: [Holder { held: [NOBODY; SHARED], count: 0 }; REGS],
            used: RegSet::EMPTY,
            locked: RegSet::EMPTY,
            of_slot: Vec::new(),
        }
    }
}

impl Cache {
    /// The register that has the value of a slot.
    #[inline]
    pub(crate) fn find(&self, slot: Slot) -> Option<Reg> {
        match self.of_slot.get(place(slot)) {
            Some(&number) if number != NONE => Some(Reg::new(number)),
            _ => None,
        }
    }

    /// What a register has.
    #[inline]
    pub(crate) fn held(&self, reg: Reg) -> &[Held] {
        let holder = &self.holders[reg.index()];
        &holder.held[..usize::from(holder.count)]
    }

    /// What is known of a slot that is in a register.
    pub(crate) fn entry(&self, slot: Slot) -> Option<(Reg, Held)> {
        let reg = self.find(slot)?;
        self.held(reg).iter().find(|held| held.slot == slot).map(|&held| (reg, held))
    }

    /// The registers that hold something.
    pub(crate) fn used(&self) -> RegSet {
        self.used
    }

    /// The registers that are neither locked nor hold anything.
    #[inline]
    pub(crate) fn free(&self) -> RegSet {
        RegSet::ALL.without(self.used.or(self.locked))
    }

    /// The registers that an operation uses.
    pub(crate) fn locked(&self) -> RegSet {
        self.locked
    }

    /// Nobody may take the register until [`unlock`](Self::unlock).
    #[inline]
    pub(crate) fn lock(&mut self, reg: Reg) {
        self.locked.insert(reg);
    }

    /// The register may be taken again.
    pub(crate) fn release(&mut self, reg: Reg) {
        self.locked.remove(reg);
    }

    /// No operation is running.
    #[inline]
    pub(crate) fn unlock(&mut self) {
        self.locked = RegSet::EMPTY;
    }

    /// Whether another slot can share the register.
    pub(crate) fn has_room(&self, reg: Reg) -> bool {
        usize::from(self.holders[reg.index()].count) < SHARED
    }

    /// A register gets the value of a slot; whatever was known of the slot is forgotten.
    ///
    /// # Panics
    /// When the register has too many slots.
    pub(crate) fn bind(&mut self, reg: Reg, held: Held) {
        self.map(held.slot, reg);
        if held.kind == Kind::V128 {
            self.map(Slot(held.slot.0 + 1), reg);
        }
        let holder = &mut self.holders[reg.index()];
        holder.held[usize::from(holder.count)] = held;
        holder.count += 1;
        self.used.insert(reg);
    }

    /// Maps a slot to a register, and to no other any more.
    #[inline]
    fn map(&mut self, slot: Slot, reg: Reg) {
        let at = place(slot);
        if at >= self.of_slot.len() {
            self.make_room(at);
        }
        if self.of_slot[at] != NONE {
            self.unbind(Reg::new(self.of_slot[at]), slot);
        }
        self.of_slot[at] = reg.index() as u8;
    }

    #[cold]
    fn make_room(&mut self, at: usize) {
        self.of_slot.resize((at + 1).next_multiple_of(64), NONE);
    }

    /// The value of a slot is dead, or is in memory.
    #[inline]
    pub(crate) fn forget(&mut self, slot: Slot) {
        if let Some(reg) = self.find(slot) {
            self.unbind(reg, slot);
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
            for at in (0..usize::from(self.holders[reg.index()].count)).rev() {
                let held = self.holders[reg.index()].held[at];
                if is_from(held.slot, top) {
                    self.unbind(reg, held.slot);
                }
            }
        }
    }

    /// Forgets the globals: somebody may have set them.
    pub(crate) fn forget_globals(&mut self) {
        for reg in self.used.iter() {
            for at in (0..usize::from(self.holders[reg.index()].count)).rev() {
                let held = self.holders[reg.index()].held[at];
                if global_of(held.slot).is_some() {
                    self.unbind(reg, held.slot);
                }
            }
        }
    }

    fn unbind(&mut self, reg: Reg, slot: Slot) {
        let holder = &mut self.holders[reg.index()];
        let count = usize::from(holder.count);
        let covers = |held: &Held| slot.0.wrapping_sub(held.slot.0) < held.kind.slots();
        let at =
            holder.held[..count].iter().position(covers).expect("the map names the register that has it");
        let held = holder.held[at];
        holder.held[at] = holder.held[count - 1];
        holder.count -= 1;
        if holder.count == 0 {
            self.used.remove(reg);
        }
        self.of_slot[place(held.slot)] = NONE;
        if held.kind == Kind::V128 {
            self.of_slot[place(held.slot) + 1] = NONE;
        }
    }

    /// A register has nothing any more.
    pub(crate) fn clear_reg(&mut self, reg: Reg) {
        self.unmap_all(reg);
        self.used.remove(reg);
    }

    /// No register has anything any more.
    pub(crate) fn clear(&mut self) {
        for reg in self.used.iter() {
            self.unmap_all(reg);
        }
        self.used = RegSet::EMPTY;
    }

    /// Forgets the slots of a register.
    #[inline]
    fn unmap_all(&mut self, reg: Reg) {
        let holder = &mut self.holders[reg.index()];
        for held in &holder.held[..usize::from(holder.count)] {
            self.of_slot[place(held.slot)] = NONE;
            if held.kind == Kind::V128 {
                self.of_slot[place(held.slot) + 1] = NONE;
            }
        }
        holder.count = 0;
    }

    /// What a register has is in memory as well.
    pub(crate) fn clean(&mut self, reg: Reg) {
        let holder = &mut self.holders[reg.index()];
        for held in &mut holder.held[..usize::from(holder.count)] {
            held.dirty = false;
        }
    }

    /// Whether a register has something that is not in memory.
    #[inline]
    pub(crate) fn is_dirty(&self, reg: Reg) -> bool {
        self.held(reg).iter().any(|held| held.dirty)
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
