//! Which registers still have what lies in spill slots.
//!
//! The allocator stores a value once and then names its slot wherever a slot will do. Shortly after the store the value is still in its
//! register, and reading it there does not wait for memory. What the current block has done is known, and what its predecessor did if
//! there is only one; what is not known is read from memory.

use regalloc2::{PReg, RegClass};

/// How many registers of a class there are.
const REGISTERS: usize = 16;

/// By register the slot that has the same value.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Kept {
    /// The slot's number and 1, or 0: integers, then floats.
    slots: [u32; 2 * REGISTERS],
    /// The registers that the running instruction writes, by the same numbers.
    written: u32,
    /// Those of them that it may write before it has read its operands.
    early: u32,
}

impl Kept {
    fn number(register: PReg) -> usize {
        usize::from(register.class() != RegClass::Int) * REGISTERS + register.hw_enc()
    }

    /// Nothing is known any more.
    pub(super) fn clear(&mut self) {
        *self = Kept::default();
    }

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.iter().all(|&slot| slot == 0)
    }

    /// The register and the slot have the same value from now on.
    pub(super) fn set(&mut self, register: PReg, slot: usize) {
        self.slots[Kept::number(register)] = slot as u32 + 1;
    }

    /// The register gets another value.
    pub(super) fn forget_register(&mut self, register: PReg) {
        self.slots[Kept::number(register)] = 0;
    }

    /// The slot gets another value.
    pub(super) fn forget_slot(&mut self, slot: usize) {
        for kept in &mut self.slots {
            if *kept == slot as u32 + 1 {
                *kept = 0;
            }
        }
    }

    /// Whether the register has the value of the slot.
    pub(super) fn has(&self, register: PReg, slot: usize) -> bool {
        self.slots[Kept::number(register)] == slot as u32 + 1
    }

    /// A register that has the value of the slot, and still has it when the running instruction reads its operands.
    pub(super) fn find(&self, slot: usize, class: RegClass) -> Option<PReg> {
        let first = usize::from(class != RegClass::Int) * REGISTERS;
        let is_kept = |&number: &usize| {
            self.slots[first + number] == slot as u32 + 1 && self.early & (1 << (first + number)) == 0
        };
        (0..REGISTERS).find(is_kept).map(|number| PReg::new(number, class))
    }

    /// The running instruction writes the register, perhaps before it has read its operands.
    pub(super) fn write(&mut self, register: PReg, is_early: bool) {
        self.written |= 1 << Kept::number(register);
        self.early |= u32::from(is_early) << Kept::number(register);
    }

    /// The running instruction is over.
    pub(super) fn end_inst(&mut self) {
        self.early = 0;
        let mut written = std::mem::take(&mut self.written);
        while written != 0 {
            self.slots[written.trailing_zeros() as usize] = 0;
            written &= written - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use regalloc2::{PReg, RegClass};

    use super::Kept;

    fn int(number: usize) -> PReg {
        PReg::new(number, RegClass::Int)
    }

    #[test]
    fn a_value_is_found_until_register_or_slot_get_another() {
        let mut kept = Kept::default();
        kept.set(int(3), 0);
        kept.set(int(5), 0);
        kept.set(PReg::new(3, RegClass::Float), 7);
        assert!(kept.has(int(3), 0) && !kept.has(int(3), 7));
        assert_eq!(kept.find(0, RegClass::Int), Some(int(3)));
        assert_eq!(kept.find(0, RegClass::Float), None);
        kept.forget_register(int(3));
        assert_eq!(kept.find(0, RegClass::Int), Some(int(5)));
        kept.forget_slot(0);
        assert_eq!(kept.find(0, RegClass::Int), None);
        assert_eq!(kept.find(7, RegClass::Float), Some(PReg::new(3, RegClass::Float)));
    }

    #[test]
    fn an_operand_is_not_read_from_a_register_that_may_be_overwritten_before() {
        let mut kept = Kept::default();
        kept.set(int(1), 4);
        kept.write(int(1), true);
        assert_eq!(kept.find(4, RegClass::Int), None, "it is overwritten early");
        kept.end_inst();
        assert!(!kept.has(int(1), 4));
        kept.set(int(1), 4);
        kept.write(int(1), false);
        assert_eq!(kept.find(4, RegClass::Int), Some(int(1)), "it is read first");
        kept.end_inst();
        assert_eq!(kept.find(4, RegClass::Int), None);
    }
}
