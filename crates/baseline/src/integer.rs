//! Integers: which operators have instructions, comparisons that wait in the flags, and choice by a condition.

use upshift_asm::x64::{Alu, Cond};
use upshift_core::ops::{Binary, Unary};
use upshift_core::types::ValType;
use upshift_translate::backend::{Backend, Next, Operand, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
use crate::x64::{Flags, IntOp, Test, int_op};

impl Compiler<'_> {
    /// A binary operator.
    #[inline]
    pub(crate) fn compile_binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        // Most have neither flags before them nor a constant in front of another operand.
        let is_usual = self.flags.is_none()
            && !(op == Binary::I32Eq && self.kept_flags.is_some())
            && !matches!(lhs, Operand::Const(..));
        if is_usual {
            self.compile_ordered(op, dst, lhs, rhs);
        } else {
            self.compile_unusual(op, dst, lhs, rhs);
        }
    }

    #[inline(never)]
    fn compile_unusual(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        if let (Binary::I32Eq | Binary::I64Eq, Operand::Temp(slot), Operand::Const(0, _), Some(flags)) =
            (op, lhs, rhs, self.flags)
            && flags.dst == slot
        {
            self.flags = Some(Flags { dst, test: flags.test.inverted() });
            return;
        }
        if let (Binary::I32Eq, Operand::Local(_, slot), Operand::Const(0, _)) = (op, lhs, rhs)
            && let Some(test) = self.kept_test(slot)
        {
            return self.define_flags(dst, test.inverted());
        }
        self.settle();
        let (op, lhs, rhs) = match (lhs, rhs) {
            (Operand::Const(..), Operand::Temp(_) | Operand::Kept(_) | Operand::Local(..)) => {
                op.swapped().map_or((op, lhs, rhs), |swapped| (swapped, rhs, lhs))
            }
            _ => (op, lhs, rhs),
        };
        self.compile_ordered(op, dst, lhs, rhs);
    }

    /// The same without flags, and with a constant as the second operand if only one is and it can be.
    #[inline(never)]
    fn compile_ordered(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        let Some((int_op, kind)) = int_op(op) else { return self.compile_float_binary(op, dst, lhs, rhs) };
        match int_op {
            IntOp::Alu(Alu::And) if self.next == Some(Next::Test) => {
                let test = self.test_bits(kind, lhs, rhs);
                self.define_flags(dst, test);
            }
            IntOp::Compare(cond) => {
                let test = self.compare(cond, kind, lhs, rhs);
                self.define_flags(dst, test);
            }
            IntOp::Alu(alu) => self.emit_alu(alu, kind, dst, lhs, rhs),
            IntOp::Mul => self.emit_mul(kind, dst, lhs, rhs),
            IntOp::Shift(shift) => self.emit_shift(shift, kind, dst, lhs, rhs),
            IntOp::Divide(division) => self.emit_division(division, kind, dst, lhs, rhs),
        }
    }

    /// The operation is over; its result, an `i32`, is in the flags.
    pub(crate) fn define_flags(&mut self, dst: Slot, test: Test) {
        self.define_in_memory(dst, Kind::I32);
        self.flags = Some(Flags { dst, test });
    }

    /// The test of a condition: of the flags that are set already, or of a value that is not zero. The operation goes on.
    pub(crate) fn test_of(&mut self, condition: Operand) -> Test {
        if let (Some(flags), Operand::Temp(slot)) = (self.flags, condition)
            && flags.dst == slot
        {
            self.flags = None;
            return flags.test;
        }
        if let Operand::Local(_, slot) = condition
            && let Some(test) = self.kept_test(slot)
        {
            return test;
        }
        self.settle();
        self.compare(Cond::Ne, Kind::I32, condition, Operand::Const(0, Slot(0)))
    }

    /// A unary operator.
    pub(crate) fn compile_unary(&mut self, op: Unary, dst: Slot, value: Operand) {
        if !self.emit_int_unary(op, dst, value)
            && !self.compile_float_unary(op, dst, value)
            && !self.emit_vector_unary(op, dst, value)
        {
            self.embed(false, |builder| builder.unary(op, dst, value));
        }
    }

    /// Gives a slot the value of an operand under another type, in the same register if there is room.
    pub(crate) fn retype(&mut self, dst: Slot, value: Operand, from: Kind, to: Kind) {
        let reg = self.use_reg(value, from);
        self.done();
        if self.cache.find(dst) == Some(reg) {
            self.cache.forget(dst);
        }
        if self.cache.has_room(reg) {
            return self.cache.bind(reg, Held { slot: dst, kind: to, dirty: true });
        }
        self.cache.lock(reg);
        let other = self.alloc(to.class());
        self.emit_move(other, reg, to);
        self.define(dst, other, to);
    }

    /// One of two values.
    pub(crate) fn compile_select(
        &mut self,
        ty: ValType,
        dst: Slot,
        condition: Operand,
        if_true: Operand,
        if_false: Operand,
    ) {
        let kind = Kind::from(ty);
        let test = self.test_of(condition);
        // Works in the register of the local that gets the result, whichever of the two it is.
        let second = !self.is_spare(if_false, if_true, kind) && self.is_spare(if_true, if_false, kind);
        let (test, if_true, if_false) =
            if second { (test.inverted(), if_false, if_true) } else { (test, if_true, if_false) };
        let result = self.take_for_result(if_false, if_true, kind);
        self.emit_select(test, kind, result, if_true);
        self.define(dst, result, kind);
    }
}
