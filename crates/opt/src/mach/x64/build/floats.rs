//! Instructions on floats and vectors.

use regalloc2::{Operand, RegClass, VReg};
use upshift_asm::x64::{CpuFeature, Size, Xmm, XmmBinary, XmmUnary};

use super::Address;
use crate::mach::Builder;
use crate::mach::x64::inst::{Fault, Inst};
use crate::mach::x64::regs::float;
use crate::mach::x64::vector::{Shape, VectorOp};
use crate::ssa::Ty;

/// # Floats and vectors
impl Builder<Inst> {
    /// Operands of vectors in memory have to be aligned without VEX, and spilled ones are not.
    fn any_xmm(&mut self, ty: Ty, value: VReg) {
        if ty == Ty::V128 && !self.machine.has(CpuFeature::Avx) { self.u(value) } else { self.any(value) }
    }

    /// `lhs op rhs`, of scalars or vectors.
    pub fn xmm(&mut self, op: XmmBinary, ty: Ty, lhs: VReg, rhs: VReg) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        self.u(lhs);
        // Operations of whole registers are used on scalars, too.
        if vex || op.is_scalar() {
            self.any(rhs)
        } else {
            self.u(rhs)
        }
        self.xmm_result(Inst::Xmm { op, vex }, !vex)
    }

    /// The same with an operand in memory: 16 bytes have to be a constant of the pool, or the processor has AVX.
    pub fn xmm_load(&mut self, op: XmmBinary, ty: Ty, lhs: VReg, address: Address, fault: Fault) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        self.u(lhs);
        let memory = self.memory(address, fault);
        self.xmm_result(Inst::XmmLoad { op, vex, memory }, !vex)
    }

    /// An operation on one operand. `fresh` if it leaves the upper part of its target as it was, as roots and conversions of scalars
    /// do.
    pub fn xmm_unary(&mut self, op: XmmUnary, ty: Ty, fresh: bool, value: VReg) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        if vex || op == XmmUnary::MOVQ {
            self.any(value)
        } else {
            self.u(value)
        }
        self.xmm_result(Inst::XmmUnary { op, vex, fresh }, false)
    }

    /// The same with an operand in memory.
    pub fn xmm_unary_load(
        &mut self,
        op: XmmUnary,
        ty: Ty,
        fresh: bool,
        address: Address,
        fault: Fault,
    ) -> VReg {
        self.func.has_vectors |= ty == Ty::V128;
        let vex = self.machine.has(CpuFeature::Avx);
        let memory = self.memory(address, fault);
        self.xmm_result(Inst::XmmUnaryLoad { op, vex, fresh, memory }, false)
    }

    /// A scalar operation on one operand whose instruction has two, as roots and conversions have. Upper bits become zero.
    pub fn scalar(&mut self, op: XmmBinary, value: VReg) -> VReg {
        let vex = self.machine.has(CpuFeature::Avx);
        self.any(value);
        self.xmm_result(Inst::Scalar { op, vex }, false)
    }

    /// An operation of vectors: its sources in order, without the last one if that is in memory.
    ///
    /// The shape tells which they are; the result is an integer for [`Shape::ToInt`].
    pub fn vector(&mut self, op: VectorOp, imm: u8, sources: &[VReg]) -> VReg {
        self.func.has_vectors = true;
        let vex = self.machine.has(CpuFeature::Avx);
        let class = if op.shape() == Shape::ToInt { RegClass::Int } else { RegClass::Float };
        match (op.shape(), sources) {
            (Shape::Unary | Shape::Broadcast, &[value]) => {
                let scalar = matches!(
                    op,
                    VectorOp::Roundss
                        | VectorOp::Roundsd
                        | VectorOp::Pbroadcastb
                        | VectorOp::Pbroadcastw
                        | VectorOp::Pbroadcastd
                        | VectorOp::Pbroadcastq
                );
                self.any_xmm(if scalar { Ty::F64 } else { Ty::V128 }, value);
            }
            (Shape::Binary, &[first, second]) => {
                self.u(first);
                // In memory, the instruction would take a lane that is somewhere else.
                if op == VectorOp::Insertps { self.u(second) } else { self.any_xmm(Ty::V128, second) }
            }
            (Shape::FromInt, &[first, second]) => {
                self.u(first);
                self.any(second);
            }
            (Shape::Blend, &[first, second, signs]) => {
                // Where there are both, the form that has its signs in xmm0 takes a cycle, the other one three.
                self.u(first);
                self.u(second);
                self.operand(Operand::reg_fixed_use(signs, float(Xmm::XMM0)));
            }
            (Shape::Fused, &[sum, first, second]) => {
                self.u(sum);
                self.u(first);
                self.any(second);
            }
            _ => sources.iter().for_each(|&source| self.u(source)),
        }
        let reuse = match op.shape() {
            Shape::Unary | Shape::Broadcast | Shape::ToInt => false,
            Shape::Fused | Shape::Blend => true,
            _ => !vex,
        };
        let result = if reuse { self.d_reuse(class) } else { self.d(class) };
        self.push(Inst::Vector { op, imm });
        result
    }

    /// The same with the last source in memory. `first` is the source in front, if the shape has one.
    pub fn vector_load(
        &mut self,
        op: VectorOp,
        imm: u8,
        first: Option<VReg>,
        address: Address,
        fault: Fault,
    ) -> VReg {
        self.func.has_vectors = true;
        debug_assert_eq!(first.is_some(), op.loads_behind(), "{}", op.name());
        let reuse = first.is_some() && !self.machine.has(CpuFeature::Avx);
        if let Some(first) = first {
            self.u(first);
        }
        let memory = self.memory(address, fault);
        self.xmm_result(Inst::VectorLoad { op, imm, memory }, reuse)
    }

    /// Stores a lane or a half.
    pub fn vector_store(&mut self, op: VectorOp, imm: u8, address: Address, fault: Fault, value: VReg) {
        self.func.has_vectors = true;
        self.u(value);
        let memory = self.memory(address, fault);
        self.push(Inst::VectorStore { op, imm, memory });
    }

    /// Sets flags by whether a vector is zero. Needs SSE4.1.
    pub fn test_xmm(&mut self, value: VReg) {
        self.u(value);
        self.push(Inst::TestXmm { vex: self.machine.has(CpuFeature::Avx) });
    }

    /// Compares floats.
    pub fn ucomi(&mut self, double: bool, lhs: VReg, rhs: VReg) {
        self.u(lhs);
        self.any(rhs);
        self.push(Inst::Ucomi { double });
    }

    /// Compares a float with memory.
    pub fn ucomi_load(&mut self, double: bool, lhs: VReg, address: Address, fault: Fault) {
        self.u(lhs);
        let memory = self.memory(address, fault);
        self.push(Inst::UcomiLoad { double, memory });
    }

    /// A signed integer of that size as a float.
    pub fn from_int(&mut self, double: bool, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.xmm_result(Inst::FromInt { double, size }, false)
    }

    /// A float as a signed integer of that size, truncated.
    pub fn to_int(&mut self, double: bool, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.int(Inst::ToInt { double, size })
    }

    /// Bits of an integer in the lowest lane, all others zero.
    pub fn int_to_xmm(&mut self, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.xmm_result(Inst::IntToXmm(size), false)
    }

    /// The bits of the lowest lane.
    pub fn xmm_to_int(&mut self, size: Size, value: VReg) -> VReg {
        self.any(value);
        self.int(Inst::XmmToInt(size))
    }
}
