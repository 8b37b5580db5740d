//! Vectors: what all their operators are made of.
//!
//! ```text
//! operator ─ upshift_codegen::x64::vector ─▶ form ─▶ instructions
//!                                     └ the processor lacks what it needs: left to the interpreter
//! ```

mod binary;
mod lanes;
mod memory;
mod shuffle;
mod ternary;
mod unary;

use regalloc2::VReg;
use upshift_asm::x64::{XmmBinary, XmmUnary};

use super::Lowering;
use crate::mach::x64::{Fault, VectorOp};
use crate::ssa::{Ty, Value};

impl Lowering<'_> {
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
