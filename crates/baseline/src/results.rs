//! Where results go: straight into the register in which the local stays that gets them next.
//!
//! What such a local has now is dead once the operation has read its operands. So an operation whose first operand it is works in
//! place, and any other writes to the local's register in the loop.

use upshift_translate::backend::{Next, Operand, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
use crate::x64::{Class, Reg};

impl Compiler<'_> {
    /// The local that gets the result of the operation.
    fn next_local(&self) -> Option<Slot> {
        match self.next {
            Some(Next::Local(slot)) => Some(slot),
            _ => None,
        }
    }

    /// Whether an operand is the local that gets the result, so that its register can have it; the operation does not read it as
    /// `other` as well.
    fn is_next(&self, operand: Operand, other: Operand) -> bool {
        let slot = self.next_local();
        slot.is_some() && operand.slot() == slot && other.slot() != slot
    }

    /// Whether the register of an operand can have the result.
    pub(crate) fn is_spare(&mut self, operand: Operand, other: Operand, kind: Kind) -> bool {
        if !matches!(operand, Operand::Temp(_)) && !self.is_next(operand, other) {
            return false;
        }
        let reg = operand.slot().and_then(|slot| self.cached(slot, kind));
        reg.is_some_and(|reg| self.cache.has_room(reg))
    }

    /// The operands of an operation that commutes, so that the first is the one whose register can have the result, and whether it
    /// can.
    pub(crate) fn in_order(&mut self, lhs: Operand, rhs: Operand, kind: Kind) -> (Operand, Operand, bool) {
        let first = self.is_spare(lhs, rhs, kind);
        if let Operand::Const(..) = rhs {
            return (lhs, rhs, first);
        }
        let second = self.is_spare(rhs, lhs, kind);
        if second && (!first || self.is_next(rhs, lhs) && !self.is_next(lhs, rhs)) {
            (rhs, lhs, second)
        } else {
            (lhs, rhs, first)
        }
    }

    /// The register of an operand that is used up and has the slot of the result, and nothing else, if that is an integer's. It is the
    /// operation's own, and has the result under the same slot.
    #[inline(always)]
    pub(crate) fn in_place(&mut self, operand: Operand, dst: Slot) -> Option<Reg> {
        let reg = self.cache.find_first(dst)?;
        let is_its = operand == Operand::Temp(dst) && reg.class() == Class::Int;
        if !is_its || self.cache.double().contains(reg) {
            return None;
        }
        self.cache.lock(reg);
        Some(reg)
    }

    /// The operation is over; the register that [`in_place`](Self::in_place) has found has the result.
    #[inline(always)]
    pub(crate) fn define_in_place(&mut self, dst: Slot, reg: Reg, kind: Kind) {
        self.done();
        self.cache.renew(reg, Held { slot: dst, kind, dirty: true });
    }

    /// A register for the result, written by the instruction that reads the last operand or by a later one.
    pub(crate) fn alloc_result(&mut self, class: Class) -> Reg {
        if self.next.is_some()
            && let Some(pin) = self.result_pin(class, true)
        {
            return pin;
        }
        self.alloc(class)
    }

    /// A register for the result that none of the operands has, so that it may be written while they are wanted.
    pub(crate) fn alloc_apart(&mut self, class: Class) -> Reg {
        if self.next.is_some()
            && let Some(pin) = self.result_pin(class, false)
        {
            return pin;
        }
        self.alloc(class)
    }

    /// The register in which the local stays that gets the result, if it has nothing else. Others than the local's own value it
    /// never has; whether an operand of the operation may be that is for the caller to say.
    fn result_pin(&mut self, class: Class, may_be_operand: bool) -> Option<Reg> {
        let slot = self.next_local()?;
        let pin = self.control.pin_of(slot).filter(|pin| pin.class() == class)?;
        let locked = self.cache.locked().contains(pin);
        match *self.cache.held(pin) {
            [] if !locked => {}
            [held] if held.slot == slot && (may_be_operand || !locked) => self.cache.clear_reg(pin),
            _ => return None,
        }
        self.cache.lock(pin);
        Some(pin)
    }

    /// A register with the value of an operand, in which the result is computed; `other` is read by the instruction that does so, and
    /// was not asked for yet.
    pub(crate) fn take_for_result(&mut self, operand: Operand, other: Operand, kind: Kind) -> Reg {
        let spare = self.is_spare(operand, other, kind);
        self.take_known(operand, other, kind, spare)
    }

    /// The same where it is known whether the operand's register can have the result.
    pub(crate) fn take_known(&mut self, operand: Operand, other: Operand, kind: Kind, spare: bool) -> Reg {
        if spare {
            if let Some(slot) = operand.slot()
                && let Some(reg) = self.cached(slot, kind)
            {
                self.cache.clear_reg(reg);
                self.cache.lock(reg);
                return reg;
            }
        } else if self.next.is_some()
            && other.slot() != self.next_local()
            && let Some(slot) = operand.slot()
            && Some(slot) != self.next_local()
            && let Some(pin) = self.result_pin(kind.class(), false)
        {
            self.load_reg(pin, operand, kind);
            return pin;
        }
        self.take_reg(operand, kind)
    }
}
