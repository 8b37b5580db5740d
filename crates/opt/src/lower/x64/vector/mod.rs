//! Vectors: what all their operators are made of.
//!
//! ```text
//! operator ─ a line of a table (binary, unary, ternary) ─▶ form, feature that it needs ─▶ instructions
//!                                                            └ the processor lacks it: left to the interpreter
//! ```

mod binary;
mod lanes;
mod memory;
mod shuffle;
mod ternary;
mod unary;

use regalloc2::VReg;
use upshift_asm::x64::{CpuFeature, XmmBinary, XmmUnary};

use super::Lowering;
use crate::mach::x64::{Fault, VectorOp};
use crate::ssa::{Ty, Value};

/// A line of a table: how an operator is computed, and what the processor must have for that.
#[derive(Clone, Copy)]
struct Line<F> {
    form: F,
    needs: Option<CpuFeature>,
}

/// A form that all processors have instructions for.
const fn any<F: Copy>(form: F) -> Line<F> {
    Line { form, needs: None }
}

/// A form that needs a feature.
const fn with<F: Copy>(feature: CpuFeature, form: F) -> Line<F> {
    Line { form, needs: Some(feature) }
}

/// 16 lanes with the same bits.
const fn splat8(lane: u8) -> u128 {
    u128::from_le_bytes([lane; 16])
}

/// 8 lanes with the same bits.
const fn splat16(lane: u16) -> u128 {
    lane as u128 * (u128::MAX / u16::MAX as u128)
}

/// 4 lanes with the same bits.
const fn splat32(lane: u32) -> u128 {
    lane as u128 * (u128::MAX / u32::MAX as u128)
}

/// 2 lanes with the same bits.
const fn splat64(lane: u64) -> u128 {
    lane as u128 * (u128::MAX / u64::MAX as u128)
}

/// Comparisons of floats by their number.
mod number {
    pub(super) const EQUAL: u8 = 0;
    pub(super) const LESS: u8 = 1;
    pub(super) const LESS_OR_EQUAL: u8 = 2;
    pub(super) const UNORDERED: u8 = 3;
    pub(super) const NOT_EQUAL: u8 = 4;
}

impl Lowering<'_> {
    /// The form of a line, if the processor has what it needs.
    fn available<F>(&self, line: Option<Line<F>>) -> Option<F> {
        let line = line?;
        line.needs.is_none_or(|feature| self.has(feature)).then_some(line.form)
    }

    /// `a op b`
    fn vector_op(&mut self, op: XmmBinary, a: VReg, b: VReg) -> VReg {
        self.out.xmm(op, Ty::V128, a, b)
    }

    /// `a op constant`
    fn vector_op_const(&mut self, op: XmmBinary, a: VReg, bits: u128) -> VReg {
        let place = self.out.const128(bits);
        self.out.xmm_load(op, Ty::V128, a, place, Fault::NONE)
    }

    /// `op a`
    fn vector_unary(&mut self, op: XmmUnary, a: VReg) -> VReg {
        self.out.xmm_unary(op, Ty::V128, false, a)
    }

    /// All bits of a register inverted.
    fn vector_not(&mut self, a: VReg) -> VReg {
        self.vector_op_const(XmmBinary::PXOR, a, u128::MAX)
    }

    /// All bits of the lanes where a comparison of floats with this number holds.
    fn compare_lanes(&mut self, double: bool, number: u8, a: VReg, b: VReg) -> VReg {
        self.out.vector(if double { VectorOp::Cmppd } else { VectorOp::Cmpps }, number, &[a, b])
    }

    /// `mask ? a : b`, for each bit.
    fn blend_bits(&mut self, a: VReg, b: VReg, mask: VReg) -> VReg {
        let chosen = self.vector_op(XmmBinary::ANDPS, a, mask);
        let other = self.vector_op(XmmBinary::ANDNPS, mask, b);
        self.vector_op(XmmBinary::ORPS, chosen, other)
    }

    /// Lets the interpreter do a vector operator that the processor has no instructions for.
    fn bind_or_embed(&mut self, inst: Value, made: Option<VReg>) {
        match made {
            Some(made) => self.bind(inst, made),
            None => self.embed(inst),
        }
    }
}
