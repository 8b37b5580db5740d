//! `i8x16.shuffle`: one instruction for the usual patterns, else two shuffles of bytes.

use upshift_asm::x64::{CpuFeature, Xmm, XmmBinary};
use upshift_codegen::x64::vector::{Pattern, Shuffle};
use upshift_translate::backend::{Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;

impl Compiler<'_> {
    /// A shuffle of bytes. Returns whether there are instructions for it.
    pub(crate) fn emit_shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand) -> bool {
        use XmmBinary as X;
        // Temporaries are never the same.
        let same = matches!((a, b), (Operand::Local(a, _), Operand::Local(b, _)) if a == b);
        let Some(shuffle) = Shuffle::of(lanes, same, self.target.features) else { return false };
        let operands = [self.use_vector(a), self.use_vector(b)];
        let (first, second) = (operands[shuffle.first], operands[shuffle.second]);
        let result = match shuffle.pattern {
            // Both are read twice.
            Pattern::Bytes if shuffle.first != shuffle.second => self.result_apart(),
            _ => self.vector_result(),
        };
        match shuffle.pattern {
            Pattern::Words(order) => self.asm.pshufd(result, first, order),
            Pattern::Unpack(op) => self.vector_op(op, result, first, second),
            Pattern::Consecutive(from) => {
                // The operand that it writes to is the one with the upper bytes.
                if self.has(CpuFeature::Avx) {
                    self.asm.vpalignr(result, second, first, from);
                } else {
                    self.copy_vector(result, second);
                    self.asm.palignr(result, first, from);
                }
            }
            Pattern::Blend(words) if self.has(CpuFeature::Avx) => {
                self.asm.vpblendw(result, first, second, words);
            }
            Pattern::Halves(order) if self.has(CpuFeature::Avx) => {
                self.asm.vshufps(result, first, second, order);
            }
            Pattern::Blend(words) => {
                self.copy_vector(result, first);
                self.asm.pblendw(result, second, words);
            }
            Pattern::Halves(order) => {
                self.copy_vector(result, first);
                self.asm.shufps(result, second, order);
            }
            Pattern::Bytes if shuffle.first == shuffle.second => {
                let order = self.vector_const(u128::from_le_bytes(shuffle.lanes));
                self.vector_op(X::PSHUFB, result, first, order);
            }
            Pattern::Bytes => self.shuffle_both(shuffle, result, first, second),
        }
        self.define(dst, result, Kind::V128);
        true
    }

    /// The bytes of each, with zeroes where the other's belong.
    fn shuffle_both(&mut self, shuffle: Shuffle, result: Xmm, a: Xmm, b: Xmm) {
        use XmmBinary as X;
        let other = self.alloc_xmm();
        let [of_a, of_b] = shuffle.orders().map(|order| self.vector_const(order));
        self.vector_op(X::PSHUFB, result, a, of_a);
        self.vector_op(X::PSHUFB, other, b, of_b);
        self.vector_op(X::POR, result, result, other);
    }
}
