//! Arithmetic whose results have 128 bits, in two registers.

use regalloc2::VReg;
use upshift_asm::x64::{Alu, Size};
use upshift_core::ops::Wide;

use super::Lowering;
use super::operands::Source;
use crate::ssa::Value;

impl Lowering<'_> {
    /// An operator with a result of 128 bits: its halves are for the results behind it.
    pub(super) fn lower_wide(&mut self, inst: Value, op: Wide) {
        let wanted = std::mem::take(&mut self.results);
        if wanted.is_empty() {
            return;
        }
        let made = match op {
            Wide::I64Add128 => self.wide_sum(inst, [Alu::Add, Alu::Adc]),
            Wide::I64Sub128 => self.wide_sum(inst, [Alu::Sub, Alu::Sbb]),
            _ => {
                let (lhs, rhs) = (self.reg(self.arg(inst, 0)), self.reg(self.arg(inst, 1)));
                let (low, high) = self.out.mul_wide(op == Wide::I64MulWideS, Size::S64, lhs, rhs);
                [low, high]
            }
        };
        for (number, value) in wanted {
            self.bind(value, made[number as usize]);
        }
    }

    /// Adds or subtracts the lower halves, then the upper ones with what is carried.
    fn wide_sum(&mut self, inst: Value, ops: [Alu; 2]) -> [VReg; 2] {
        // Whatever needs instructions comes first: nothing may change the carry.
        let operand = |this: &mut Self, at: usize| {
            let value = this.arg(inst, at);
            match this.imm(value, Size::S64) {
                Some(imm) => Source::Imm(imm),
                None => Source::Reg(this.reg(value)),
            }
        };
        let lhs = [self.reg(self.arg(inst, 0)), self.reg(self.arg(inst, 1))];
        let rhs = [operand(self, 2), operand(self, 3)];
        let low = self.alu(ops[0], Size::S64, lhs[0], rhs[0]);
        [low, self.alu(ops[1], Size::S64, lhs[1], rhs[1])]
    }
}
