//! `i8x16.shuffle`: one instruction for the usual patterns, else two shuffles of bytes.

use regalloc2::VReg;
use upshift_asm::x64::XmmBinary;
use upshift_codegen::x64::vector::{Pattern, Shuffle};

use crate::lower::x64::Lowering;
use crate::mach::x64::VectorOp;
use crate::ssa::Value;

impl Lowering<'_> {
    /// A shuffle of bytes.
    pub(in crate::lower::x64) fn lower_shuffle(&mut self, inst: Value, lanes: [u8; 16]) {
        let operands = [0, 1].map(|at| self.resolve(self.arg(inst, at)));
        let same = operands[0] == operands[1];
        let Some(shuffle) = Shuffle::of(lanes, same, self.target.features) else { return self.embed(inst) };
        let first = self.reg(operands[shuffle.first]);
        let one = shuffle.first == shuffle.second;
        let second = if one { first } else { self.reg(operands[shuffle.second]) };
        let made = match shuffle.pattern {
            Pattern::Words(order) => self.out.vector(VectorOp::Pshufd, order, &[first]),
            Pattern::Unpack(op) => self.vector_op(op, first, second),
            // The first operand is the one with the upper bytes.
            Pattern::Consecutive(from) => self.out.vector(VectorOp::Palignr, from, &[second, first]),
            Pattern::Blend(words) => self.out.vector(VectorOp::Pblendw, words, &[first, second]),
            Pattern::Halves(order) => self.out.vector(VectorOp::Shufps, order, &[first, second]),
            Pattern::Bytes if one => {
                self.vector_op_const(XmmBinary::PSHUFB, first, u128::from_le_bytes(shuffle.lanes))
            }
            Pattern::Bytes => self.shuffle_both(shuffle, first, second),
        };
        self.bind(inst, made);
    }

    /// The bytes of each, with zeroes where the other's belong.
    fn shuffle_both(&mut self, shuffle: Shuffle, a: VReg, b: VReg) -> VReg {
        use XmmBinary as X;
        let [of_a, of_b] = shuffle.orders();
        let first = self.vector_op_const(X::PSHUFB, a, of_a);
        let second = self.vector_op_const(X::PSHUFB, b, of_b);
        self.vector_op(X::POR, first, second)
    }
}
