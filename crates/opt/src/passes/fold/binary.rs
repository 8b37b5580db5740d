//! Rules for binary operators.

use upshift_core::ops::{Binary, Unary};

use super::super::facts;
use super::super::ints::{Int, Width};
use super::{Folder, Outcome, int, operand_of};
use crate::ssa::{Func, Op, Ty, Value};

/// What a product extends its operands with, if no instruction multiplies without that.
fn extension(op: Binary) -> Option<Unary> {
    Some(match op {
        Binary::I16x8ExtMulLowI8x16S => Unary::I16x8ExtendLowI8x16S,
        Binary::I16x8ExtMulLowI8x16U => Unary::I16x8ExtendLowI8x16U,
        Binary::I16x8ExtMulHighI8x16S => Unary::I16x8ExtendHighI8x16S,
        Binary::I16x8ExtMulHighI8x16U => Unary::I16x8ExtendHighI8x16U,
        _ => return None,
    })
}

impl Folder {
    pub(super) fn binary(&mut self, func: &mut Func, inst: Value, op: Binary) -> Outcome {
        let &[lhs, rhs] = func.args(inst) else { return Outcome::Stays };
        let constants = (func.constant(lhs), func.constant(rhs));
        if let (Some(lhs), Some(rhs)) = constants {
            return match op.fold(lhs, rhs) {
                Some(bits) => self.constant(func, inst, bits),
                None => Outcome::Stays,
            };
        }
        if let Some(extension) = extension(op) {
            return self.product_of_extended(func, inst, extension, [lhs, rhs]);
        }
        let Some((int, width)) = Int::of(op) else { return Outcome::Stays };
        // From here on, a constant is the second operand.
        if constants.0.is_some()
            && let Some(swapped) = op.swapped()
        {
            return self.change(func, inst, Op::Binary(swapped), &[rhs, lhs]);
        }
        let before = self.changes;
        if let Some(constant) = constants.1 {
            let outcome = match int {
                Int::Add | Int::Sub | Int::Mul => self.sum(func, inst, (int, width), lhs, constant),
                Int::And | Int::Or | Int::Xor => self.bitwise(func, inst, (int, width), lhs, constant),
                Int::DivS | Int::DivU | Int::RemS | Int::RemU => {
                    self.division(func, inst, (int, width), lhs, constant)
                }
                _ if int.is_shift() => self.shift(func, inst, (int, width), lhs, constant),
                _ => self.compare(func, inst, (int, width), lhs, constant),
            };
            if outcome != Outcome::Stays || self.changes > before {
                return outcome;
            }
        }
        self.of_two(func, inst, (int, width), lhs, rhs)
    }

    /// A product of extended lanes becomes one of lanes: the machine extends them in front of it anyway, and then each is extended
    /// once for all that needs it.
    fn product_of_extended(
        &mut self,
        func: &mut Func,
        inst: Value,
        extension: Unary,
        factors: [Value; 2],
    ) -> Outcome {
        let extended = factors.map(|factor| self.make(func, inst, Op::Unary(extension), Ty::V128, &[factor]));
        self.change(func, inst, Op::Binary(Binary::I16x8Mul), &extended)
    }

    /// Two operands of which the second may be anything.
    fn of_two(
        &mut self,
        func: &mut Func,
        inst: Value,
        (op, width): (Int, Width),
        lhs: Value,
        rhs: Value,
    ) -> Outcome {
        if lhs == rhs {
            return match op {
                Int::And | Int::Or => Outcome::Is(lhs),
                Int::Sub | Int::Xor => self.constant(func, inst, 0),
                Int::Eq | Int::LeS | Int::LeU | Int::GeS | Int::GeU => self.constant(func, inst, 1),
                Int::Ne | Int::LtS | Int::LtU | Int::GtS | Int::GtU => self.constant(func, inst, 0),
                _ => Outcome::Stays,
            };
        }
        if op.is_shift()
            && let Some((Int::And, _, by, mask)) = int(func, rhs)
            && let Some(mask) = func.constant(mask)
            && mask & u64::from(width.bits() - 1) == u64::from(width.bits() - 1)
        {
            // The operator masks its second operand itself.
            return self.change(func, inst, Op::Binary(op.at(width)), &[lhs, by]);
        }
        if let (Int::Add | Int::Sub, Some((Int::Sub, _, zero, negated))) = (op, int(func, rhs))
            && func.constant(zero) == Some(0)
        {
            let opposite = if op == Int::Add { Int::Sub } else { Int::Add };
            return self.change(func, inst, Op::Binary(opposite.at(width)), &[lhs, negated]);
        }
        if op.is_compare() && width == Width::Wide {
            // Extending keeps the order of the integers: zero-extension that of unsigned ones, sign-extension both.
            for (extension, signed) in [(Unary::I64ExtendI32U, false), (Unary::I64ExtendI32S, true)] {
                if let (Some(x), Some(y)) =
                    (operand_of(func, lhs, extension), operand_of(func, rhs, extension))
                    && (signed || !op.is_signed_order())
                {
                    return self.change(func, inst, Op::Binary(op.at(Width::Narrow)), &[x, y]);
                }
            }
        }
        Outcome::Stays
    }

    /// Sums, differences and products with a constant.
    fn sum(
        &mut self,
        func: &mut Func,
        inst: Value,
        (op, width): (Int, Width),
        lhs: Value,
        constant: u64,
    ) -> Outcome {
        match (op, constant) {
            (Int::Add | Int::Sub, 0) | (Int::Mul, 1) => return Outcome::Is(lhs),
            (Int::Mul, 0) => return self.constant(func, inst, 0),
            (Int::Sub, _) => {
                return self.with_constant(func, inst, (Int::Add, width), lhs, constant.wrapping_neg());
            }
            (Int::Mul, _) if constant.is_power_of_two() => {
                let by = u64::from(constant.trailing_zeros());
                return self.with_constant(func, inst, (Int::Shl, width), lhs, by);
            }
            _ => {}
        }
        // Wrapping sums and products may be done in any order.
        if let Some((inner, _, value, other)) = int(func, lhs)
            && inner == op
            && let Some(other) = func.constant(other)
            && let Some(both) = op.at(width).fold(other, constant)
            && (self.is_used_once(lhs) || (op, both) == (Int::Add, 0))
        {
            return self.with_constant(func, inst, (op, width), value, both);
        }
        Outcome::Stays
    }

    /// Bits of a constant.
    fn bitwise(
        &mut self,
        func: &mut Func,
        inst: Value,
        (op, width): (Int, Width),
        lhs: Value,
        constant: u64,
    ) -> Outcome {
        match op {
            Int::And if constant == 0 => return self.constant(func, inst, 0),
            Int::Or if constant == width.ones() => return self.constant(func, inst, constant),
            Int::Or | Int::Xor if constant == 0 => return Outcome::Is(lhs),
            // All bits that the value can have are kept.
            Int::And if constant.trailing_ones() >= facts::bits(func, lhs) => return Outcome::Is(lhs),
            Int::Xor if constant == 1 && width == Width::Narrow && facts::is_bool(func, lhs) => {
                return self.with_constant(func, inst, (Int::Eq, width), lhs, 0);
            }
            _ => {}
        }
        if let Some((inner, _, value, other)) = int(func, lhs)
            && inner == op
            && self.is_used_once(lhs)
            && let Some(other) = func.constant(other)
            && let Some(both) = op.at(width).fold(other, constant)
        {
            return self.with_constant(func, inst, (op, width), value, both);
        }
        Outcome::Stays
    }

    /// Shifts and rotations by a constant.
    fn shift(
        &mut self,
        func: &mut Func,
        inst: Value,
        (op, width): (Int, Width),
        lhs: Value,
        constant: u64,
    ) -> Outcome {
        let bits = width.bits();
        let by = constant as u32 % bits;
        if by == 0 {
            return Outcome::Is(lhs);
        }
        if u64::from(by) != constant {
            return self.with_constant(func, inst, (op, width), lhs, u64::from(by));
        }
        match op {
            Int::ShrU if facts::bits(func, lhs) <= by => return self.constant(func, inst, 0),
            Int::ShrS if facts::is_non_negative(func, lhs) => {
                return self.with_constant(func, inst, (Int::ShrU, width), lhs, constant);
            }
            _ => {}
        }
        let Some((inner, _, value, inner_by)) = int(func, lhs) else { return Outcome::Stays };
        let Some(inner_by) = func.constant(inner_by) else { return Outcome::Stays };
        if !inner.is_shift() || !self.is_used_once(lhs) {
            return Outcome::Stays;
        }
        let inner_by = inner_by as u32 % bits;
        if inner == op && matches!(op, Int::Shl | Int::ShrU | Int::ShrS) {
            let sum = inner_by + by;
            return match op {
                Int::ShrS => self.with_constant(func, inst, (op, width), value, sum.min(bits - 1).into()),
                _ if sum >= bits => self.constant(func, inst, 0),
                _ => self.with_constant(func, inst, (op, width), value, sum.into()),
            };
        }
        if inner_by != by {
            return Outcome::Stays;
        }
        // There and back. A mask has to fit into an instruction, which 32 bits do, those of a sign-extended number too.
        match (inner, op) {
            (Int::Shl, Int::ShrU) if width.ones() >> by <= 0xffff_ffff => {
                self.with_constant(func, inst, (Int::And, width), value, width.ones() >> by)
            }
            (Int::ShrU, Int::Shl) if by < 32 => {
                self.with_constant(func, inst, (Int::And, width), value, width.ones() << by)
            }
            (Int::Shl, Int::ShrS) => {
                let extension = match (width, bits - by) {
                    (Width::Narrow, 8) => Unary::I32Extend8S,
                    (Width::Narrow, 16) => Unary::I32Extend16S,
                    (Width::Wide, 8) => Unary::I64Extend8S,
                    (Width::Wide, 16) => Unary::I64Extend16S,
                    (Width::Wide, 32) => Unary::I64Extend32S,
                    _ => return Outcome::Stays,
                };
                self.change(func, inst, Op::Unary(extension), &[value])
            }
            _ => Outcome::Stays,
        }
    }

    /// Divisions by a constant. Signed ones by powers of two take several instructions: lowering makes them.
    fn division(
        &mut self,
        func: &mut Func,
        inst: Value,
        (op, width): (Int, Width),
        lhs: Value,
        divisor: u64,
    ) -> Outcome {
        match op {
            _ if divisor == 0 => Outcome::Stays,
            Int::DivS | Int::DivU if divisor == 1 => Outcome::Is(lhs),
            Int::RemS | Int::RemU if divisor == 1 => self.constant(func, inst, 0),
            Int::RemS if divisor == width.ones() => self.constant(func, inst, 0),
            Int::DivU if divisor.is_power_of_two() => {
                self.with_constant(func, inst, (Int::ShrU, width), lhs, divisor.trailing_zeros().into())
            }
            Int::RemU if divisor.is_power_of_two() => {
                self.with_constant(func, inst, (Int::And, width), lhs, divisor - 1)
            }
            // For integers that are not negative both are the same, and the unsigned one is simpler.
            Int::DivS | Int::RemS if divisor < width.least() && facts::is_non_negative(func, lhs) => {
                let op = if op == Int::DivS { Int::DivU } else { Int::RemU };
                self.with_constant(func, inst, (op, width), lhs, divisor)
            }
            _ => Outcome::Stays,
        }
    }

    /// Comparisons with a constant.
    fn compare(
        &mut self,
        func: &mut Func,
        inst: Value,
        (op, width): (Int, Width),
        lhs: Value,
        constant: u64,
    ) -> Outcome {
        let (ones, least) = (width.ones(), width.least());
        match (op, constant) {
            (Int::LtU, 0) => return self.constant(func, inst, 0),
            (Int::GeU, 0) => return self.constant(func, inst, 1),
            (Int::GtU, all) if all == ones => return self.constant(func, inst, 0),
            (Int::LeU, all) if all == ones => return self.constant(func, inst, 1),
            (Int::LtS, min) if min == least => return self.constant(func, inst, 0),
            (Int::GeS, min) if min == least => return self.constant(func, inst, 1),
            (Int::GtS, max) if max == least - 1 => return self.constant(func, inst, 0),
            (Int::LeS, max) if max == least - 1 => return self.constant(func, inst, 1),
            (Int::LtU, 1) | (Int::LeU, 0) => return self.with_constant(func, inst, (Int::Eq, width), lhs, 0),
            (Int::GeU, 1) | (Int::GtU, 0) => return self.with_constant(func, inst, (Int::Ne, width), lhs, 0),
            _ => {}
        }
        let bound = facts::bits(func, lhs);
        if bound < 64 && constant >> bound != 0 {
            // The constant is above all that the value can be.
            match op {
                Int::Eq | Int::GtU | Int::GeU => return self.constant(func, inst, 0),
                Int::Ne | Int::LtU | Int::LeU => return self.constant(func, inst, 1),
                _ => {}
            }
        }
        if matches!(op, Int::Eq | Int::Ne) {
            let before = self.changes;
            let outcome = self.equality(func, inst, (op, width), lhs, constant);
            if outcome != Outcome::Stays || self.changes > before {
                return outcome;
            }
        }
        if width == Width::Wide
            && let Some(narrow) = narrow_constant(func, lhs, op, constant)
        {
            return self.with_constant(func, inst, (op, Width::Narrow), func.args(lhs)[0], narrow);
        }
        Outcome::Stays
    }

    /// Whether a value is or is not a constant.
    fn equality(
        &mut self,
        func: &mut Func,
        inst: Value,
        (op, width): (Int, Width),
        lhs: Value,
        constant: u64,
    ) -> Outcome {
        if width == Width::Narrow && constant <= 1 && facts::is_bool(func, lhs) {
            if (op == Int::Ne) == (constant == 0) {
                return Outcome::Is(lhs);
            }
            // Here it is whether the value is zero.
            if let Op::Binary(compare) = func.op(lhs)
                && let Some(inverse) = compare.inverse()
            {
                let operands = func.args(lhs).to_vec();
                return self.change(func, inst, Op::Binary(inverse), &operands);
            }
            if (op, constant) != (Int::Eq, 0) {
                return self.with_constant(func, inst, (Int::Eq, width), lhs, 0);
            }
        }
        if constant == 0
            && let Some((Int::Sub | Int::Xor, _, x, y)) = int(func, lhs)
            && self.is_used_once(lhs)
        {
            return self.change(func, inst, Op::Binary(op.at(width)), &[x, y]);
        }
        Outcome::Stays
    }
}

/// The constant with 32 bits to which the operand of an extension compares as the extended one does to a constant.
fn narrow_constant(func: &Func, value: Value, op: Int, constant: u64) -> Option<u64> {
    match func.op(value) {
        Op::Unary(Unary::I64ExtendI32U) => {
            (!op.is_signed_order() && constant <= 0xffff_ffff).then_some(constant)
        }
        Op::Unary(Unary::I64ExtendI32S) => {
            (constant as i64 == i64::from(constant as i32)).then_some(constant & 0xffff_ffff)
        }
        _ => None,
    }
}
