//! Arithmetic whose results have 128 bits, in two registers.

use upshift_asm::x64::{Alu, Gpr, Size};
use upshift_core::ops::Wide;
use upshift_translate::backend::{Operand, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
use crate::operands::Source;

impl Compiler<'_> {
    /// An operator with a result of 128 bits.
    pub(crate) fn emit_wide(&mut self, op: Wide, dst: [Slot; 2], operands: &[Operand]) {
        let results = match (op, operands) {
            (Wide::I64Add128, &[a, b, c, d]) => self.emit_wide_sum([Alu::Add, Alu::Adc], [a, b], [c, d]),
            (Wide::I64Sub128, &[a, b, c, d]) => self.emit_wide_sum([Alu::Sub, Alu::Sbb], [a, b], [c, d]),
            (_, operands) => {
                self.emit_wide_product(op == Wide::I64MulWideS, operands[0], operands[1]);
                [Gpr::RAX, Gpr::RDX]
            }
        };
        self.done();
        for (slot, reg) in dst.into_iter().zip(results) {
            self.cache.bind(reg.into(), Held { slot, kind: Kind::I64, dirty: true });
        }
    }

    /// Adds or subtracts the lower halves, then the upper ones with what is carried.
    fn emit_wide_sum(&mut self, ops: [Alu; 2], lhs: [Operand; 2], rhs: [Operand; 2]) -> [Gpr; 2] {
        // Nothing is left to be done in between that could change the carry.
        let results = lhs.map(|operand| self.take_gpr(operand, Kind::I64));
        let sources = rhs.map(|operand| self.source(operand, Kind::I64));
        for ((op, result), source) in ops.into_iter().zip(results).zip(sources) {
            match source {
                Source::Imm(imm) => self.asm.alu_imm(op, Size::S64, result, imm),
                Source::Place(place) => self.asm.alu(op, Size::S64, result, place),
            }
        }
        results
    }

    /// Leaves the product in `rdx:rax`.
    fn emit_wide_product(&mut self, signed: bool, lhs: Operand, rhs: Operand) {
        self.alloc_fixed(Gpr::RAX);
        self.alloc_fixed(Gpr::RDX);
        let factor = self.place(rhs, Kind::I64);
        self.load_into(Gpr::RAX, lhs, Kind::I64);
        if signed { self.asm.imul_wide(Size::S64, factor) } else { self.asm.mul(Size::S64, factor) }
    }
}
