//! Single lanes: out of vectors and into them.

use regalloc2::VReg;
use upshift_asm::x64::{CpuFeature, Shift, Size};
use upshift_core::ops::{ExtractLane, ReplaceLane};

use crate::lower::x64::Lowering;
use crate::mach::x64::{Unary as Extend, VectorOp};
use crate::ssa::{Ty, Value};

impl Lowering<'_> {
    /// Takes a lane out of a vector.
    pub(in crate::lower::x64) fn lower_extract_lane(&mut self, inst: Value, op: ExtractLane, lane: u8) {
        use ExtractLane as E;
        let vector = self.reg(self.arg(inst, 0));
        let made = match op {
            E::F32x4ExtractLane => self.extract_f32(lane, vector),
            E::F64x2ExtractLane if lane == 0 => vector,
            E::F64x2ExtractLane => self.out.vector(VectorOp::Pshufd, 0b11_10_11_10, &[vector]),
            E::I8x16ExtractLaneS | E::I8x16ExtractLaneU => {
                let pair = self.out.vector(VectorOp::Pextrw, lane / 2, &[vector]);
                let byte =
                    if lane & 1 == 0 { pair } else { self.out.shift_imm(Shift::Shr, Size::S32, pair, 8) };
                let extend = if op == E::I8x16ExtractLaneS { Extend::Sx8 } else { Extend::Zx8 };
                self.out.unary(extend, Size::S32, byte)
            }
            E::I16x8ExtractLaneU => self.out.vector(VectorOp::Pextrw, lane, &[vector]),
            E::I16x8ExtractLaneS => {
                let word = self.out.vector(VectorOp::Pextrw, lane, &[vector]);
                self.out.unary(Extend::Sx16, Size::S32, word)
            }
            E::I32x4ExtractLane => self.extract_int(Size::S32, lane, vector),
            E::I64x2ExtractLane => self.extract_int(Size::S64, lane, vector),
        };
        self.bind(inst, made);
    }

    fn extract_int(&mut self, size: Size, lane: u8, vector: VReg) -> VReg {
        if lane == 0 {
            return self.out.xmm_to_int(size, vector);
        }
        if self.has(CpuFeature::Sse41) {
            let op = if size == Size::S32 { VectorOp::Pextrd } else { VectorOp::Pextrq };
            return self.out.vector(op, lane, &[vector]);
        }
        let order = if size == Size::S32 { lane } else { 0b11_10_11_10 };
        let moved = self.out.vector(VectorOp::Pshufd, order, &[vector]);
        self.out.xmm_to_int(size, moved)
    }

    /// A float of 32 bits, with nothing above.
    fn extract_f32(&mut self, lane: u8, vector: VReg) -> VReg {
        if self.has(CpuFeature::Sse41) {
            return self.out.vector(VectorOp::Insertps, lane << 6 | 0b1110, &[vector, vector]);
        }
        let moved = self.out.vector(VectorOp::Pshufd, lane, &[vector]);
        let zero = self.out.zero(Ty::V128);
        self.out.vector(VectorOp::Movss, 0, &[zero, moved])
    }

    /// Puts a lane into a vector.
    pub(in crate::lower::x64) fn lower_replace_lane(&mut self, inst: Value, op: ReplaceLane, lane: u8) {
        use ReplaceLane as R;
        let needs = matches!(op, R::I8x16ReplaceLane | R::I32x4ReplaceLane | R::F32x4ReplaceLane);
        if needs && !self.has(CpuFeature::Sse41) {
            return self.embed(inst);
        }
        let vector = self.reg(self.arg(inst, 0));
        let size = if op == R::I64x2ReplaceLane { Size::S64 } else { Size::S32 };
        let float = self.func.ty(self.arg(inst, 1)).is_float();
        let value = if float { self.reg(self.arg(inst, 1)) } else { self.reg_for(self.arg(inst, 1), size) };
        let made = match op {
            R::F32x4ReplaceLane => self.out.vector(VectorOp::Insertps, lane << 4, &[vector, value]),
            R::F64x2ReplaceLane => self.replace_half(lane, vector, value),
            R::I8x16ReplaceLane => self.out.vector(VectorOp::Pinsrb, lane, &[vector, value]),
            R::I16x8ReplaceLane => self.out.vector(VectorOp::Pinsrw, lane, &[vector, value]),
            R::I32x4ReplaceLane => self.out.vector(VectorOp::Pinsrd, lane, &[vector, value]),
            R::I64x2ReplaceLane if self.has(CpuFeature::Sse41) => {
                self.out.vector(VectorOp::Pinsrq, lane, &[vector, value])
            }
            R::I64x2ReplaceLane => {
                let moved = self.out.int_to_xmm(Size::S64, value);
                self.replace_half(lane, vector, moved)
            }
        };
        self.bind(inst, made);
    }

    /// Puts the lower half of a register into one half of another.
    fn replace_half(&mut self, half: u8, vector: VReg, value: VReg) -> VReg {
        self.out.vector(if half == 0 { VectorOp::Movsd } else { VectorOp::Movlhps }, 0, &[vector, value])
    }
}
