//! Single lanes: out of vectors and into them.

use upshift_asm::x64::{CpuFeature, RegMem, Size, Xmm};
use upshift_core::ops::{ExtractLane, ReplaceLane};
use upshift_translate::backend::{Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::x64::Class;

impl Compiler<'_> {
    /// Takes a lane out of a vector.
    pub(crate) fn emit_extract_lane(&mut self, op: ExtractLane, lane: u8, dst: Slot, vector: Operand) {
        use ExtractLane as E;
        let kind = Kind::from(op.result());
        if op == E::F64x2ExtractLane && lane & 1 == 0 {
            // What is above a float does not matter.
            let result = self.take_for_result(vector, Operand::Const(0, dst), Kind::V128);
            return self.define(dst, result, kind);
        }
        let vector = self.use_vector(vector);
        if matches!(op, E::F32x4ExtractLane | E::F64x2ExtractLane) {
            let result = self.result_apart();
            if op == E::F32x4ExtractLane {
                self.extract_f32(lane, result, vector);
            } else {
                self.asm.pshufd(result, vector, 0b11_10_11_10);
            }
            return self.define(dst, result, kind);
        }
        let result = self.alloc_result(Class::Int).gpr();
        match op {
            E::I8x16ExtractLaneS | E::I8x16ExtractLaneU => {
                self.asm.pextrw(result, vector, lane / 2);
                if lane & 1 != 0 {
                    self.asm.shr_imm(Size::S32, result, 8);
                }
                match op {
                    E::I8x16ExtractLaneS => self.asm.movsx_8(Size::S32, result, result),
                    _ => self.asm.movzx_8(Size::S32, result, result),
                }
            }
            E::I16x8ExtractLaneU => self.asm.pextrw(result, vector, lane),
            E::I16x8ExtractLaneS => {
                self.asm.pextrw(result, vector, lane);
                self.asm.movsx_16(Size::S32, result, result);
            }
            _ => {
                let size = if op == E::I32x4ExtractLane { Size::S32 } else { Size::S64 };
                if lane == 0 {
                    self.asm.movd_rm(size, result, vector);
                } else if self.has(CpuFeature::Sse41) {
                    self.asm.pextrd(size, result, vector, lane);
                } else {
                    let moved = self.alloc_xmm();
                    self.asm.pshufd(moved, vector, if size == Size::S32 { lane } else { 0b11_10_11_10 });
                    self.asm.movd_rm(size, result, moved);
                }
            }
        }
        self.define(dst, result, kind);
    }

    /// A float of 32 bits, with nothing above.
    fn extract_f32(&mut self, lane: u8, result: Xmm, vector: Xmm) {
        if self.has(CpuFeature::Avx) {
            return self.asm.vinsertps(result, vector, vector, lane << 6 | 0b1110);
        }
        if self.has(CpuFeature::Sse41) {
            return self.asm.insertps(result, vector, lane << 6 | 0b1110);
        }
        let moved = self.alloc_xmm();
        self.asm.pshufd(moved, vector, lane);
        self.clear_vector(result);
        self.asm.movss_rr(result, moved);
    }

    /// Puts a lane into a vector. Returns whether there are instructions for it.
    pub(crate) fn emit_replace_lane(
        &mut self,
        op: ReplaceLane,
        lane: u8,
        dst: Slot,
        vector: Operand,
        value: Operand,
    ) -> bool {
        use ReplaceLane as R;
        let needs = matches!(op, R::I8x16ReplaceLane | R::I32x4ReplaceLane | R::F32x4ReplaceLane);
        if needs && !self.has(CpuFeature::Sse41) {
            return false;
        }
        let result = self.take_for_result(vector, value, Kind::V128).xmm();
        let kind = Kind::from(op.operands()[1]);
        match op {
            R::F32x4ReplaceLane => {
                let value = self.use_xmm(value, kind);
                self.asm.insertps(result, value, lane << 4);
            }
            R::F64x2ReplaceLane => {
                let value = self.use_xmm(value, kind);
                self.replace_half(lane, result, value);
            }
            // An instruction that takes bytes of memory finds them at the begin of the slot.
            R::I8x16ReplaceLane => {
                let value = self.place(value, kind);
                self.asm.pinsrb(result, value, lane);
            }
            R::I16x8ReplaceLane => {
                let value = self.place(value, kind);
                self.asm.pinsrw(result, value, lane);
            }
            R::I32x4ReplaceLane => {
                let value = self.place(value, kind);
                self.asm.pinsrd(Size::S32, result, value, lane);
            }
            R::I64x2ReplaceLane => {
                let value: RegMem<_> = self.place(value, kind);
                if self.has(CpuFeature::Sse41) {
                    self.asm.pinsrd(Size::S64, result, value, lane);
                } else {
                    let moved = self.alloc_xmm();
                    self.asm.movd(Size::S64, moved, value);
                    self.replace_half(lane, result, moved);
                }
            }
        }
        self.define(dst, result, Kind::V128);
        true
    }

    /// Puts the lower half of a register into one half of another.
    pub(super) fn replace_half(&mut self, half: u8, target: Xmm, source: Xmm) {
        if half == 0 {
            self.asm.movsd_rr(target, source);
        } else {
            self.asm.movlhps(target, source);
        }
    }
}
