//! Which vectors have lanes with either all bits set or none, as comparisons make them: what chooses between vectors by such a mask
//! can take whole bytes.

use upshift_translate::backend::{Operand, Slot};

/// Slots with such vectors. Few are known at a time: masks are used soon.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    slots: [Option<Slot>; 4],
    /// The number of the one that was noted last, from 1 on; 0 if there is none.
    last: usize,
}

impl Masks {
    /// A slot has a mask.
    pub(crate) fn note(&mut self, slot: Slot) {
        if !self.slots.contains(&Some(slot)) {
            let at = self.last % self.slots.len();
            self.slots[at] = Some(slot);
            self.last = at + 1;
        }
    }

    /// A slot has another vector.
    pub(crate) fn forget(&mut self, slot: Slot) {
        if self.last != 0 {
            for known in &mut self.slots {
                *known = known.filter(|&known| known != slot);
            }
        }
    }

    /// Slots may have other vectors.
    pub(crate) fn clear(&mut self) {
        if self.last != 0 {
            *self = Masks::default();
        }
    }

    /// A slot has the vector of an operand.
    pub(crate) fn copy(&mut self, slot: Slot, from: Operand) {
        if self.has(from) { self.note(slot) } else { self.forget(slot) }
    }

    /// Whether an operand is a mask.
    pub(crate) fn has(&self, operand: Operand) -> bool {
        self.last != 0 && operand.slot().is_some_and(|slot| self.slots.contains(&Some(slot)))
    }
}

#[cfg(test)]
mod tests {
    use upshift_translate::backend::{Operand, Slot};

    use super::Masks;

    #[test]
    fn masks_are_known_until_their_slot_has_something_else() {
        let (mut masks, of) = (Masks::default(), |slot| Operand::Temp(Slot(slot)));
        masks.note(Slot(4));
        masks.copy(Slot(8), of(4));
        masks.copy(Slot(4), of(6));
        assert_eq!([4, 6, 8].map(|slot| masks.has(of(slot))), [false, false, true]);
        for slot in 10..14 {
            masks.note(Slot(slot));
        }
        assert!(!masks.has(of(8)) && masks.has(of(13)));
        masks.clear();
        assert!(!masks.has(of(13)));
    }
}
