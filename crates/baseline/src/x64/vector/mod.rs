//! Vectors: what all their operators are made of.
//!
//! ```text
//! operator ─ upshift_codegen::x64::vector ─▶ form ─▶ instructions
//!                                     └ the processor lacks what it needs: left to the interpreter
//! ```
//! With AVX, operations have a third operand for their result, and memory operands need no alignment; otherwise the result takes the
//! place of the first operand. Both kinds stand side by side: instructions of 128 bits with VEX clear what registers have above, and
//! compiled code leaves nothing there, so no state has to be kept from those without.

mod binary;
mod lanes;
mod memory;
mod shuffle;
mod ternary;
mod unary;

use upshift_asm::x64::{CpuFeature, Mem, RegMem, Rm, Xmm, XmmBinary, XmmUnary};
use upshift_translate::backend::Operand;

use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::x64::Class;

/// A shift of all lanes by the same constant: `shift_lanes!(self, psrlw_imm vpsrlw_imm, target, source, by)`.
macro_rules! shift_lanes {
    ($compiler:expr, $legacy:ident $vex:ident, $target:expr, $source:expr, $by:expr) => {{
        let (target, source) = ($target, $source);
        if $compiler.has(CpuFeature::Avx) {
            $compiler.asm.$vex(target, source, $by)
        } else {
            $compiler.copy_vector(target, source);
            $compiler.asm.$legacy(target, $by)
        }
    }};
}
use shift_lanes;

impl Compiler<'_> {
    pub(super) fn has(&self, feature: CpuFeature) -> bool {
        self.target.features.has(feature)
    }

    /// A register with a vector.
    fn use_vector(&mut self, operand: Operand) -> Xmm {
        self.use_xmm(operand, Kind::V128)
    }

    /// A register for the result of one instruction, or of several of which the last one reads the operands. Without AVX it has to
    /// be another one than theirs, as the first operand is copied there before the second one is read.
    fn vector_result(&mut self) -> Xmm {
        if self.has(CpuFeature::Avx) { self.alloc_result(Class::Float).xmm() } else { self.result_apart() }
    }

    /// A register for the result that no operand has.
    fn result_apart(&mut self) -> Xmm {
        self.alloc_apart(Class::Float).xmm()
    }

    /// A vector that is only read, where instructions can have it in memory in its slots.
    fn vector_place(&mut self, operand: Operand) -> RegMem<Xmm> {
        // Slots lie at multiples of 8.
        if self.has(CpuFeature::Avx)
            && let Some(mem) = self.temporary_in_memory(operand, Kind::V128)
        {
            return RegMem::Mem(mem);
        }
        RegMem::Reg(self.use_vector(operand))
    }

    /// A constant in the pool.
    fn vector_const(&mut self, bits: u128) -> Mem {
        Mem::pool(self.asm.const128(bits))
    }

    /// Copies a register to another one.
    fn copy_vector(&mut self, target: Xmm, source: Xmm) {
        if target != source {
            self.asm.movaps(target, source);
        }
    }

    /// Clears a register.
    fn clear_vector(&mut self, target: Xmm) {
        self.asm.xorps(target, target);
    }

    /// Sets all bits of a register.
    fn fill_vector(&mut self, target: Xmm) {
        self.asm.pcmpeqd(target, target);
    }

    /// `target = a op b`. The target is not `b`, unless it is `a`, too.
    fn vector_op(&mut self, op: XmmBinary, target: Xmm, a: Xmm, b: impl Rm<Xmm>) {
        if self.has(CpuFeature::Avx) {
            self.asm.vex_binary(op, target, a, b);
        } else {
            self.copy_vector(target, a);
            self.asm.xmm_binary(op, target, b);
        }
    }

    /// `target = op source`
    fn vector_unary(&mut self, op: XmmUnary, target: Xmm, source: impl Rm<Xmm>) {
        if self.has(CpuFeature::Avx) {
            self.asm.vex_unary(op, target, source);
        } else {
            self.asm.xmm_unary(op, target, source);
        }
    }

    /// All bits of the lanes of `target` where a comparison of floats with this number holds, see
    /// [`cmpps`](upshift_asm::x64::Assembler::cmpps).
    fn compare_lanes(&mut self, double: bool, number: u8, target: Xmm, a: Xmm, b: Xmm) {
        match (self.has(CpuFeature::Avx), double) {
            (true, false) => self.asm.vcmpps(target, a, b, number),
            (true, true) => self.asm.vcmppd(target, a, b, number),
            (false, double) => {
                self.copy_vector(target, a);
                if double { self.asm.cmppd(target, b, number) } else { self.asm.cmpps(target, b, number) }
            }
        }
    }

    /// `target = mask ? a : target`, for each bit; `a` is overwritten.
    fn blend_bits(&mut self, target: Xmm, a: Xmm, mask: Xmm) {
        self.vector_op(XmmBinary::ANDPS, a, a, mask);
        // `mask` without a copy of its own: what it excludes goes to the target.
        if self.has(CpuFeature::Avx) {
            self.asm.vex_binary(XmmBinary::ANDNPS, target, mask, target);
        } else {
            self.asm.xmm_binary(XmmBinary::ANDNPS, mask, target);
            self.copy_vector(target, mask);
        }
        self.vector_op(XmmBinary::ORPS, target, target, a);
    }
}
