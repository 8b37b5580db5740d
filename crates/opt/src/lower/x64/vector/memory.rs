//! Loads that make vectors of less than 16 bytes, and loads and stores of single lanes.

use upshift_asm::x64::{CpuFeature, Size, XmmUnary};
use upshift_codegen::x64::vector::{Half, LoadForm, has_lane_access, load_form, widening};
use upshift_core::ops::memory::Load;

use crate::lower::x64::Lowering;
use crate::lower::x64::memory::Access;
use crate::mach::x64::{LoadOp, StoreOp, VectorOp};
use crate::ssa::{Op, Ty, Value};

impl Lowering<'_> {
    /// A load that makes a vector of less than 16 bytes.
    pub(in crate::lower::x64) fn lower_vector_load(&mut self, inst: Value, op: Load) {
        let place = self.place_of_load(inst);
        let load =
            |this: &mut Self, op| this.at(place, |this, address, fault| this.out.load(op, address, fault));
        let Some(form) = load_form(op) else { unreachable!("{op:?} loads a whole value") };
        let made = match form {
            LoadForm::Widen { bits, signed } if self.has(CpuFeature::Sse41) => {
                let op = widening(bits, signed);
                self.at(place, |this, address, fault| {
                    this.out.xmm_unary_load(op, Ty::V128, false, address, fault)
                })
            }
            LoadForm::Widen { bits, signed } => {
                let loaded = load(self, LoadOp::F64);
                self.widen(bits, Half { high: false, signed }, loaded)
            }
            LoadForm::Splat(bits) if let Some(op) = self.broadcast(bits) => {
                self.at(place, |this, address, fault| this.out.vector_load(op, 0, None, address, fault))
            }
            LoadForm::Splat(64) if self.has(CpuFeature::Sse3) => self.at(place, |this, address, fault| {
                this.out.xmm_unary_load(XmmUnary::MOVDDUP, Ty::V128, false, address, fault)
            }),
            LoadForm::Splat(bits @ (8 | 16)) => {
                let lane = load(self, if bits == 8 { LoadOp::Zx8 } else { LoadOp::Zx16 });
                let lane = self.out.int_to_xmm(Size::S32, lane);
                self.spread(bits, lane)
            }
            LoadForm::Splat(bits) => {
                let lane = load(self, if bits == 32 { LoadOp::F32 } else { LoadOp::F64 });
                self.spread(bits, lane)
            }
            LoadForm::Zero(bits) => {
                self.out.func.has_vectors = true;
                load(self, if bits == 32 { LoadOp::F32 } else { LoadOp::F64 })
            }
        };
        self.bind(inst, made);
    }

    /// What loads this many bits into all lanes by the load alone.
    fn broadcast(&self, bits: u32) -> Option<VectorOp> {
        match bits {
            8 if self.has(CpuFeature::Avx2) => Some(VectorOp::Pbroadcastb),
            16 if self.has(CpuFeature::Avx2) => Some(VectorOp::Pbroadcastw),
            32 if self.has(CpuFeature::Avx) => Some(VectorOp::Broadcastss),
            _ => None,
        }
    }

    /// Loads this many bytes into a lane.
    pub(in crate::lower::x64) fn lower_load_lane(&mut self, inst: Value) {
        let Op::LoadLane { bytes, lane, memory, offset } = self.func.op(inst) else {
            unreachable!("it is one")
        };
        let (address, access) = (self.arg(inst, 0), Access { memory, offset, bytes: bytes.into() });
        if !has_lane_access(bytes, self.target.features) || !self.can_access(access, address) {
            return self.embed(inst);
        }
        let vector = self.reg(self.arg(inst, 1));
        let place = self.access(access, address);
        let op = match bytes {
            1 => VectorOp::Pinsrb,
            2 => VectorOp::Pinsrw,
            4 => VectorOp::Pinsrd,
            _ if lane == 0 => VectorOp::Movlps,
            _ => VectorOp::Movhps,
        };
        let made = self
            .at(place, |this, address, fault| this.out.vector_load(op, lane, Some(vector), address, fault));
        self.bind(inst, made);
    }

    /// Stores this many bytes of a lane.
    pub(in crate::lower::x64) fn lower_store_lane(&mut self, inst: Value) {
        let Op::StoreLane { bytes, lane, memory, offset } = self.func.op(inst) else {
            unreachable!("it is one")
        };
        let (address, access) = (self.arg(inst, 0), Access { memory, offset, bytes: bytes.into() });
        if !has_lane_access(bytes, self.target.features) || !self.can_access(access, address) {
            return self.embed(inst);
        }
        let vector = self.reg(self.arg(inst, 1));
        let whole = match bytes {
            4 if lane == 0 => Some(StoreOp::F32),
            8 if lane == 0 => Some(StoreOp::F64),
            _ => None,
        };
        if bytes == 2 && !self.has(CpuFeature::Sse41) {
            let value = self.out.vector(VectorOp::Pextrw, lane, &[vector]);
            let place = self.access(access, address);
            return self
                .at(place, |this, address, fault| this.out.store(StoreOp::W16, address, fault, value));
        }
        let place = self.access(access, address);
        let op = match bytes {
            1 => VectorOp::Pextrb,
            2 => VectorOp::Pextrw,
            4 => VectorOp::Pextrd,
            _ => VectorOp::Movhps,
        };
        self.at(place, |this, address, fault| match whole {
            Some(store) => this.out.store(store, address, fault, vector),
            None => this.out.vector_store(op, lane, address, fault, vector),
        });
    }
}
