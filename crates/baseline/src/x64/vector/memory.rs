//! Loads that make vectors of less than 16 bytes, and loads and stores of single lanes.

use upshift_asm::x64::{CpuFeature, Mem, Size, Xmm, XmmUnary};
use upshift_codegen::x64::vector::{Half, LoadForm, has_lane_access, load_form, widening};
use upshift_core::ops::memory::Load;
use upshift_translate::backend::{MemArg, Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;

impl Compiler<'_> {
    /// A load that makes a vector of less than 16 bytes. Returns whether it was one that there are instructions for.
    pub(crate) fn emit_vector_load(&mut self, op: Load, arg: MemArg, dst: Slot, address: Operand) -> bool {
        let Some(form) = load_form(op) else { return false };
        let Some(access) = self.access(arg, address, form.bytes()) else { return false };
        let result = self.result_apart();
        match form {
            LoadForm::Widen { bits, signed } if self.has(CpuFeature::Sse41) => {
                let mem = self.note_access(access);
                self.vector_unary(widening(bits, signed), result, mem);
            }
            LoadForm::Widen { bits, signed } => {
                let (loaded, scratch) = (self.alloc_xmm(), self.alloc_xmm());
                let mem = self.note_access(access);
                self.asm.movsd(loaded, mem);
                self.widen(bits, Half { high: false, signed }, result, loaded, scratch);
            }
            LoadForm::Splat(8) if self.has(CpuFeature::Avx2) => {
                let mem = self.note_access(access);
                self.asm.vpbroadcastb(result, mem);
            }
            LoadForm::Splat(16) if self.has(CpuFeature::Avx2) => {
                let mem = self.note_access(access);
                self.asm.vpbroadcastw(result, mem);
            }
            LoadForm::Splat(32) if self.has(CpuFeature::Avx) => {
                let mem = self.note_access(access);
                self.asm.vbroadcastss(result, mem);
            }
            LoadForm::Splat(64) if self.has(CpuFeature::Sse3) => {
                let mem = self.note_access(access);
                self.vector_unary(XmmUnary::MOVDDUP, result, mem);
            }
            LoadForm::Splat(bits @ (8 | 16)) => {
                let lane = self.alloc_gpr();
                let mem = self.note_access(access);
                if bits == 8 {
                    self.asm.movzx_8(Size::S32, lane, mem);
                } else {
                    self.asm.movzx_16(Size::S32, lane, mem);
                }
                self.asm.movd(Size::S32, result, lane);
                self.spread(bits, result, result);
            }
            LoadForm::Splat(bits) | LoadForm::Zero(bits) => {
                let mem = self.note_access(access);
                if bits == 32 {
                    self.asm.movss(result, mem)
                } else {
                    self.asm.movsd(result, mem)
                }
                if matches!(form, LoadForm::Splat(_)) {
                    self.spread(bits, result, result);
                }
            }
        }
        self.define(dst, result, Kind::V128);
        true
    }

    /// Loads so many bytes into a lane. Returns whether there are instructions for it.
    pub(crate) fn emit_load_lane(
        &mut self,
        bytes: u8,
        lane: u8,
        arg: MemArg,
        dst: Slot,
        address: Operand,
        vector: Operand,
    ) -> bool {
        if !has_lane_access(bytes, self.target.features) {
            return false;
        }
        let Some(access) = self.access(arg, address, bytes.into()) else { return false };
        let result = self.take_for_result(vector, address, Kind::V128).xmm();
        let mem = self.note_access(access);
        match bytes {
            1 => self.asm.pinsrb(result, mem, lane),
            2 => self.asm.pinsrw(result, mem, lane),
            4 => self.asm.pinsrd(Size::S32, result, mem, lane),
            _ if lane == 0 => self.asm.movlps(result, mem),
            _ => self.asm.movhps(result, mem),
        }
        self.define(dst, result, Kind::V128);
        true
    }

    /// Stores so many bytes of a lane. Returns whether there are instructions for it.
    pub(crate) fn emit_store_lane(
        &mut self,
        bytes: u8,
        lane: u8,
        arg: MemArg,
        address: Operand,
        vector: Operand,
    ) -> bool {
        if !has_lane_access(bytes, self.target.features) {
            return false;
        }
        let Some(access) = self.access(arg, address, bytes.into()) else { return false };
        let vector = self.use_vector(vector);
        if bytes == 2 && !self.has(CpuFeature::Sse41) {
            let value = self.alloc_gpr();
            self.asm.pextrw(value, vector, lane);
            let mem = self.note_access(access);
            self.asm.mov_mr(Size::S16, mem, value);
        } else {
            let mem = self.note_access(access);
            self.store_lane_to(bytes, lane, mem, vector);
        }
        self.done();
        true
    }

    fn store_lane_to(&mut self, bytes: u8, lane: u8, mem: Mem, vector: Xmm) {
        match bytes {
            1 => self.asm.pextrb(mem, vector, lane),
            2 => self.asm.pextrw_rm(mem, vector, lane),
            4 if lane == 0 => self.asm.movss_mr(mem, vector),
            4 => self.asm.pextrd(Size::S32, mem, vector, lane),
            _ if lane == 0 => self.asm.movlps_mr(mem, vector),
            _ => self.asm.movhps_mr(mem, vector),
        }
    }
}
