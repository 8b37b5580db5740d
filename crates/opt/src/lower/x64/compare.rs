//! Conditions: comparisons whose result is in the flags, for branches, choices and numbers.

use upshift_asm::x64::{Cond, Size};
use upshift_core::ops::memory::Load;
use upshift_core::ops::{Binary, Unary};

use super::Lowering;
use super::integer::{IntOp, int_op};
use super::objects::has_test;
use super::operands::{Source, size_of, whole};
use crate::mach::x64::Test;
use crate::ssa::{Op, Ty, Value};

/// So many tests of whether a condition holds may be one inside the other before one gets a register: a program may have any number of
/// them, and somebody may want each.
const MOST_NESTED: u32 = 8;

impl Lowering<'_> {
    /// Sets the flags by a condition: what they have to be asked so that it is not zero (`sense`) or zero.
    pub(super) fn condition(&mut self, cond: Value, sense: bool) -> Test {
        let cond = self.low_of(cond);
        let sole = self.uses.count_of(cond) <= 1 && !self.is_used(cond);
        // What something else uses is computed a second time, if it is cheap; but it may not load a second time.
        let sinks = self.may_sink;
        self.may_sink = sinks && sole;
        self.nested += 1;
        let test = self.test_of(cond, sole);
        self.nested -= 1;
        self.may_sink = sinks;
        if sense { test } else { test.not() }
    }

    /// Sets the flags by a condition, which may take loads into itself only if it is computed nowhere else (`sole`).
    pub(super) fn test_of(&mut self, cond: Value, sole: bool) -> Test {
        match self.func.op(cond) {
            Op::Binary(Binary::I32Eq) if self.constant(self.arg(cond, 1)) == Some(0) => {
                let value = self.arg(cond, 0);
                if self.is_condition(value) {
                    return self.condition(value, false);
                }
                self.compare(Binary::I32Eq, value, self.arg(cond, 1))
            }
            Op::Binary(Binary::I32Ne)
                if self.constant(self.arg(cond, 1)) == Some(0) && self.is_condition(self.arg(cond, 0)) =>
            {
                self.condition(self.arg(cond, 0), true)
            }
            Op::Binary(op) if op.is_compare() => self.compare(op, self.arg(cond, 0), self.arg(cond, 1)),
            // References may have been changed by the collector since the program compared them.
            Op::RefIsNull | Op::RefEq | Op::RefTest(_) if self.uses.epoch(cond) != self.epoch => {
                self.is_not_zero(cond)
            }
            Op::RefIsNull => self.compare_null(self.arg(cond, 0)),
            Op::RefEq => {
                let (lhs, rhs) = (self.reg(self.arg(cond, 0)), self.reg(self.arg(cond, 1)));
                self.out.cmp(Size::S64, lhs, rhs);
                Test::If(Cond::E)
            }
            Op::RefTest(cast) if sole && has_test(cast) => self.cast_test(cast, self.arg(cond, 0)),
            Op::Unary(op) if sole && is_vector_test(op) => match self.vector_condition(op, self.arg(cond, 0))
            {
                Some(test) => test,
                None => self.is_not_zero(cond),
            },
            _ => self.is_not_zero(cond),
        }
    }

    fn is_not_zero(&mut self, cond: Value) -> Test {
        if self.compare_remainder(cond, Size::S32) {
            return Test::If(Cond::A);
        }
        self.compare_zero(cond, Size::S32);
        Test::If(Cond::Ne)
    }

    /// Whether a value is a condition that needs no register.
    fn is_condition(&self, value: Value) -> bool {
        if self.nested >= MOST_NESTED {
            return false;
        }
        let value = self.low_of(value);
        match self.func.op(value) {
            Op::Binary(op) => op.is_compare(),
            Op::RefIsNull | Op::RefEq => true,
            Op::RefTest(_) => self.uses.count_of(value) == 1,
            Op::Unary(op) => is_vector_test(op) && self.uses.count_of(value) == 1,
            _ => false,
        }
    }

    /// Compares integers or floats.
    pub(super) fn compare(&mut self, op: Binary, lhs: Value, rhs: Value) -> Test {
        match int_op(op) {
            Some(IntOp::Compare(cond)) => self.compare_ints(op, cond, lhs, rhs),
            _ => self.compare_floats(op, lhs, rhs),
        }
    }

    fn compare_ints(&mut self, op: Binary, cond: Cond, lhs: Value, rhs: Value) -> Test {
        let size = size_of(self.func.ty(lhs));
        let swap = self.imm(lhs, size).is_some() && self.imm(rhs, size).is_none()
            || self.imm(rhs, size).is_none()
                && self.sinkable(rhs) != Some(whole(size))
                && self.sinkable(lhs) == Some(whole(size));
        let (cond, lhs, rhs) = match op.swapped().and_then(int_op) {
            Some(IntOp::Compare(swapped)) if swap => (swapped, rhs, lhs),
            _ => (cond, lhs, rhs),
        };
        if let Some(imm) = self.imm(rhs, size) {
            return self.compare_imm(cond, size, lhs, imm);
        }
        let source = self.source(rhs, size);
        let lhs = self.reg_for(lhs, size);
        match source {
            Source::Reg(rhs) => self.out.cmp(size, lhs, rhs),
            Source::Imm(imm) => self.out.cmp_imm(size, lhs, imm),
            Source::Mem(place) => {
                self.at(place, |this, address, fault| this.out.cmp_load(size, lhs, address, fault));
            }
        }
        Test::If(cond)
    }

    fn compare_imm(&mut self, cond: Cond, size: Size, lhs: Value, imm: i32) -> Test {
        if imm == 0 && matches!(cond, Cond::E | Cond::Ne) {
            return self.compare_with_zero(cond, size, lhs);
        }
        if let Some(place) = self.sink(lhs, whole(size)) {
            self.at(place, |this, address, fault| this.out.cmp_load_imm(size, address, fault, imm));
            return Test::If(cond);
        }
        let unsigned = matches!(cond, Cond::E | Cond::Ne | Cond::B | Cond::Be | Cond::A | Cond::Ae);
        if unsigned {
            // Unsigned numbers of 8 or 16 bits can be compared where they are.
            let narrow = match self.sinkable(lhs) {
                Some(Load::Load8U) if (0..=0xff).contains(&imm) => {
                    Some((Size::S8, i32::from(imm as u8 as i8)))
                }
                Some(Load::Load16U) if (0..=0xffff).contains(&imm) => {
                    Some((Size::S16, i32::from(imm as u16 as i16)))
                }
                _ => None,
            };
            if let Some((size, imm)) = narrow {
                let place = self.sink_any(lhs);
                self.at(place, |this, address, fault| this.out.cmp_load_imm(size, address, fault, imm));
                return Test::If(cond);
            }
            // And so can the lowest byte of a register.
            if (0..=0xff).contains(&imm)
                && let Some(value) = self.lowest_byte(lhs)
            {
                let value = self.reg(value);
                self.out.cmp_imm(Size::S8, value, i32::from(imm as u8 as i8));
                return Test::If(cond);
            }
        }
        // Signed numbers of 8 bits keep their order when they are extended, also as unsigned ones.
        if i8::try_from(imm).is_ok() {
            let wanted = if size == Size::S64 { Load::Load8S64 } else { Load::Load8S32 };
            if self.sinkable(lhs) == Some(wanted) {
                let place = self.sink_any(lhs);
                self.at(place, |this, address, fault| this.out.cmp_load_imm(Size::S8, address, fault, imm));
                return Test::If(cond);
            }
            if let Some(value) = self.extended_byte(lhs, size) {
                let value = self.reg(value);
                self.out.cmp_imm(Size::S8, value, imm);
                return Test::If(cond);
            }
        }
        let lhs = self.reg_for(lhs, size);
        self.out.cmp_imm(size, lhs, imm);
        Test::If(cond)
    }

    /// What an integer of a size is the sign-extended lowest byte of, if nothing else uses it.
    fn extended_byte(&self, value: Value, size: Size) -> Option<Value> {
        // One of 32 bits may be extended once more, by zeroes: it has another order then.
        let wanted = if size == Size::S64 { Unary::I64Extend8S } else { Unary::I32Extend8S };
        let value = self.resolve(value);
        if self.func.op(value) != Op::Unary(wanted) {
            return None;
        }
        let byte = self.low_of(self.arg(value, 0));
        (self.uses.count_of(value) == 1 && !self.is_used(value) && self.constant(byte).is_none())
            .then_some(byte)
    }

    /// What an integer is the lowest byte of, if nothing else uses it.
    fn lowest_byte(&self, value: Value) -> Option<Value> {
        let (op, lhs, mask) = self.sole_binary(value)?;
        let is_mask = matches!(op, Binary::I32And | Binary::I64And) && self.constant(mask) == Some(0xff);
        let lhs = self.low_of(lhs);
        (is_mask && self.constant(lhs).is_none() && self.sinkable(lhs).is_none()).then_some(lhs)
    }

    /// Compares with zero: whether it is equal or not. A conjunction need not be computed for that.
    fn compare_with_zero(&mut self, cond: Cond, size: Size, value: Value) -> Test {
        if self.compare_remainder(value, size) {
            return Test::If(if cond == Cond::E { Cond::Be } else { Cond::A });
        }
        self.compare_zero(value, size);
        Test::If(cond)
    }

    /// Sets the flags by whether a value of a size is zero.
    fn compare_zero(&mut self, value: Value, size: Size) {
        let value = if size == Size::S64 { self.resolve(value) } else { self.low_of(value) };
        if let Some((Binary::I32And | Binary::I64And, lhs, rhs)) = self.sole_binary(value) {
            return self.test_bits(size, lhs, rhs);
        }
        if let Some(place) = self.sink(value, whole(size)) {
            return self.at(place, |this, address, fault| this.out.cmp_load_imm(size, address, fault, 0));
        }
        let narrow = match self.sinkable(value) {
            Some(Load::Load8U | Load::Load8S32 | Load::Load8S64) => Some(Size::S8),
            Some(Load::Load16U | Load::Load16S32 | Load::Load16S64) => Some(Size::S16),
            _ => None,
        };
        if let Some(size) = narrow {
            let place = self.sink_any(value);
            return self.at(place, |this, address, fault| this.out.cmp_load_imm(size, address, fault, 0));
        }
        if let Some(byte) = self.extended_byte(value, size) {
            let byte = self.reg(byte);
            return self.out.cmp_imm(Size::S8, byte, 0);
        }
        let value = self.reg_for(value, size);
        self.out.cmp_imm(size, value, 0);
    }

    /// Sets the flags by a conjunction.
    fn test_bits(&mut self, size: Size, lhs: Value, rhs: Value) {
        let (lhs, rhs) = if self.constant(lhs).is_some() { (rhs, lhs) } else { (lhs, rhs) };
        let Some(imm) = self.imm(rhs, size) else {
            let (lhs, rhs) = (self.reg_for(lhs, size), self.reg_for(rhs, size));
            return self.out.test(size, lhs, rhs);
        };
        let narrow = match self.sinkable(lhs) {
            Some(Load::Load8U) if (0..=0xff).contains(&imm) => Some((Size::S8, i32::from(imm as u8 as i8))),
            Some(op) if op == whole(size) => Some((size, imm)),
            _ => None,
        };
        if let Some((size, imm)) = narrow {
            let place = self.sink_any(lhs);
            return self.at(place, |this, address, fault| this.out.test_load_imm(size, address, fault, imm));
        }
        let lhs = self.reg_for(lhs, size);
        // The upper bits of an immediate that is not negative are zeroes.
        let size = if imm >= 0 { Size::S32 } else { size };
        self.out.test_imm(size, lhs, imm);
    }

    /// Compares a reference with null.
    pub(super) fn compare_null(&mut self, reference: Value) -> Test {
        let reference = self.reg(reference);
        self.out.cmp_imm(Size::S64, reference, 0);
        Test::If(Cond::E)
    }

    /// Compares floats. Unordered operands are as if the first was below, so only "greater" needs one flag.
    fn compare_floats(&mut self, op: Binary, lhs: Value, rhs: Value) -> Test {
        use Binary as B;
        let double = self.func.ty(lhs) == Ty::F64;
        let wanted = if double { Load::LoadF64 } else { Load::LoadF32 };
        let (test, swap) = match op {
            B::F32Eq | B::F64Eq => (Test::Equal, false),
            B::F32Ne | B::F64Ne => (Test::NotEqual, false),
            B::F32Gt | B::F64Gt => (Test::If(Cond::A), false),
            B::F32Ge | B::F64Ge => (Test::If(Cond::Ae), false),
            B::F32Lt | B::F64Lt => (Test::If(Cond::A), true),
            _ => (Test::If(Cond::Ae), true),
        };
        let commutes = matches!(test, Test::Equal | Test::NotEqual);
        let swap = swap
            || commutes
                && self.constant(rhs).is_none()
                && self.sinkable(rhs) != Some(wanted)
                && (self.constant(lhs).is_some() || self.sinkable(lhs) == Some(wanted));
        let (lhs, rhs) = if swap { (rhs, lhs) } else { (lhs, rhs) };
        let place = self.float_place(rhs);
        match place {
            Some(place) => {
                let lhs = self.reg(lhs);
                self.at(place, |this, address, fault| this.out.ucomi_load(double, lhs, address, fault));
            }
            None => {
                let (lhs, rhs) = (self.reg(lhs), self.reg(rhs));
                self.out.ucomi(double, lhs, rhs);
            }
        }
        test
    }

    /// A condition of references as a number.
    pub(super) fn lower_condition(&mut self, inst: Value) {
        if let Op::RefTest(cast) = self.func.op(inst)
            && !has_test(cast)
        {
            return self.embed(inst);
        }
        let test = self.test_of(inst, true);
        let made = self.out.set(test);
        self.bind(inst, made);
    }

    /// One of two values.
    pub(super) fn lower_select(&mut self, inst: Value) {
        let &[cond, if_true, if_false] = self.func.args(inst) else {
            unreachable!("a choice has three operands")
        };
        let ty = self.func.ty(inst);
        // Whatever needs instructions comes before the flags.
        let (if_true, if_false) = (self.reg(if_true), self.reg(if_false));
        let test = self.condition(cond, true);
        let made = self.out.select(test, ty, if_true, if_false);
        self.bind(inst, made);
    }
}

/// Whether an operator asks something of a whole vector.
fn is_vector_test(op: Unary) -> bool {
    matches!(
        op,
        Unary::V128AnyTrue
            | Unary::I8x16AllTrue
            | Unary::I16x8AllTrue
            | Unary::I32x4AllTrue
            | Unary::I64x2AllTrue
    )
}
