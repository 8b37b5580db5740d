//! The code of operations of vectors.

use regalloc2::Allocation;
use upshift_asm::x64::{CpuFeature, Gpr, Mem, RegMem, Rm, Size, Xmm, XmmBinary};

use super::Emitter;
use crate::mach::x64::regs::SCRATCH;
use crate::mach::x64::vector::{Shape, VectorOp};

/// `name(target, first, second, imm)` with VEX, or without, where the target is the first.
macro_rules! two_forms {
    ($self:ident, $legacy:ident $vex:ident, $target:expr, $first:expr, $second:expr, $($imm:expr)?) => {
        if $self.avx() {
            $self.asm.$vex($target, $first, $second $(, $imm)?)
        } else {
            $self.asm.$legacy($target, $second $(, $imm)?)
        }
    };
}

impl Emitter<'_, '_> {
    pub(super) fn avx(&self) -> bool {
        self.body.target.features.has(CpuFeature::Avx)
    }

    /// An operation on a scalar that leaves the rest of its target as it was. The rest becomes zero, which what has 32 bits has to
    /// be.
    pub(super) fn emit_scalar(&mut self, op: XmmBinary, vex: bool, target: Xmm, source: RegMem<Xmm>) {
        let clear = if source == RegMem::Reg(target) { SCRATCH } else { target };
        self.asm.xorps(clear, clear);
        if vex {
            return self.asm.vex_binary(op, target, clear, source);
        }
        self.asm.xmm_binary(op, clear, source);
        if clear != target {
            self.asm.movaps(target, clear);
        }
    }

    pub(super) fn emit_vector(&mut self, op: VectorOp, imm: u8, allocs: &[Allocation]) {
        let xmm = |number: usize| Self::xmm(allocs[number]);
        match op.shape() {
            Shape::Unary => self.emit_vector_unary(op, imm, xmm(1), self.xrm(allocs[0])),
            Shape::Broadcast => self.emit_broadcast(op, xmm(1), self.xrm(allocs[0])),
            Shape::Binary => self.emit_vector_binary(op, imm, xmm(2), xmm(0), self.xrm(allocs[1])),
            Shape::Parts => {
                let (target, first, second) = (xmm(2), xmm(0), xmm(1));
                match op {
                    VectorOp::Movss => two_forms!(self, movss_rr vmovss_rr, target, first, second,),
                    VectorOp::Movsd => two_forms!(self, movsd_rr vmovsd_rr, target, first, second,),
                    VectorOp::Movhlps => two_forms!(self, movhlps vmovhlps, target, first, second,),
                    _ => two_forms!(self, movlhps vmovlhps, target, first, second,),
                }
            }
            Shape::Shift => self.emit_vector_shift(op, imm, xmm(1), xmm(0)),
            Shape::ToInt => self.emit_to_int(op, imm, Self::gpr(allocs[1]), xmm(0)),
            Shape::FromInt => self.emit_from_int(op, imm, xmm(2), xmm(0), self.rm(allocs[1])),
            Shape::Blend => {
                let (target, second) = (xmm(3), self.xrm(allocs[1]));
                match op {
                    VectorOp::Pblendvb => self.asm.pblendvb(target, second),
                    VectorOp::Blendvps => self.asm.blendvps(target, second),
                    _ => self.asm.blendvpd(target, second),
                }
            }
            Shape::Fused => {
                let third = self.xrm(allocs[2]);
                match op {
                    VectorOp::Fmadd231ps => self.asm.vfmadd231ps(xmm(0), xmm(1), third),
                    VectorOp::Fmadd231pd => self.asm.vfmadd231pd(xmm(0), xmm(1), third),
                    VectorOp::Fnmadd231ps => self.asm.vfnmadd231ps(xmm(0), xmm(1), third),
                    _ => self.asm.vfnmadd231pd(xmm(0), xmm(1), third),
                }
            }
            Shape::Memory => unreachable!("{} has an operand in memory", op.name()),
        }
    }

    fn emit_vector_unary(&mut self, op: VectorOp, imm: u8, target: Xmm, source: RegMem<Xmm>) {
        match (op, self.avx()) {
            (VectorOp::Pshufd, true) => self.asm.vpshufd(target, source, imm),
            (VectorOp::Pshufd, false) => self.asm.pshufd(target, source, imm),
            (VectorOp::Pshufhw, true) => self.asm.vpshufhw(target, source, imm),
            (VectorOp::Pshufhw, false) => self.asm.pshufhw(target, source, imm),
            (VectorOp::Pshuflw, true) => self.asm.vpshuflw(target, source, imm),
            (VectorOp::Pshuflw, false) => self.asm.pshuflw(target, source, imm),
            (VectorOp::Roundps, true) => self.asm.vroundps(target, source, imm),
            (VectorOp::Roundps, false) => self.asm.roundps(target, source, imm),
            (VectorOp::Roundpd, true) => self.asm.vroundpd(target, source, imm),
            (VectorOp::Roundpd, false) => self.asm.roundpd(target, source, imm),
            _ => {
                // The rest of a scalar's source is zero, but for that of 64 bits.
                self.refresh(true, target, source);
                match op {
                    VectorOp::Roundss => self.asm.roundss(target, source, imm),
                    _ => self.asm.roundsd(target, source, imm),
                }
            }
        }
    }

    fn emit_broadcast(&mut self, op: VectorOp, target: Xmm, source: impl Rm<Xmm>) {
        match op {
            VectorOp::Pbroadcastb => self.asm.vpbroadcastb(target, source),
            VectorOp::Pbroadcastw => self.asm.vpbroadcastw(target, source),
            VectorOp::Pbroadcastq => self.asm.vpbroadcastq(target, source),
            _ => self.asm.vpbroadcastd(target, source),
        }
    }

    fn emit_vector_binary(&mut self, op: VectorOp, imm: u8, target: Xmm, first: Xmm, second: impl Rm<Xmm>) {
        match op {
            VectorOp::Shufps => two_forms!(self, shufps vshufps, target, first, second, imm),
            VectorOp::Shufpd => two_forms!(self, shufpd vshufpd, target, first, second, imm),
            VectorOp::Cmpps => two_forms!(self, cmpps vcmpps, target, first, second, imm),
            VectorOp::Cmppd => two_forms!(self, cmppd vcmppd, target, first, second, imm),
            VectorOp::Cmpss => two_forms!(self, cmpss vcmpss, target, first, second, imm),
            VectorOp::Cmpsd => two_forms!(self, cmpsd vcmpsd, target, first, second, imm),
            VectorOp::Palignr => two_forms!(self, palignr vpalignr, target, first, second, imm),
            VectorOp::Pblendw => two_forms!(self, pblendw vpblendw, target, first, second, imm),
            VectorOp::Blendps => two_forms!(self, blendps vblendps, target, first, second, imm),
            VectorOp::Blendpd => two_forms!(self, blendpd vblendpd, target, first, second, imm),
            _ => two_forms!(self, insertps vinsertps, target, first, second, imm),
        }
    }

    fn emit_vector_shift(&mut self, op: VectorOp, by: u8, target: Xmm, source: Xmm) {
        macro_rules! shift {
            ($legacy:ident $vex:ident) => {
                if self.avx() { self.asm.$vex(target, source, by) } else { self.asm.$legacy(target, by) }
            };
        }
        match op {
            VectorOp::Psrlw => shift!(psrlw_imm vpsrlw_imm),
            VectorOp::Psraw => shift!(psraw_imm vpsraw_imm),
            VectorOp::Psllw => shift!(psllw_imm vpsllw_imm),
            VectorOp::Psrld => shift!(psrld_imm vpsrld_imm),
            VectorOp::Psrad => shift!(psrad_imm vpsrad_imm),
            VectorOp::Pslld => shift!(pslld_imm vpslld_imm),
            VectorOp::Psrlq => shift!(psrlq_imm vpsrlq_imm),
            VectorOp::Psllq => shift!(psllq_imm vpsllq_imm),
            VectorOp::Psrldq => shift!(psrldq_imm vpsrldq_imm),
            _ => shift!(pslldq_imm vpslldq_imm),
        }
    }

    fn emit_to_int(&mut self, op: VectorOp, lane: u8, target: Gpr, source: Xmm) {
        match op {
            VectorOp::Pextrb => self.asm.pextrb(target, source, lane),
            VectorOp::Pextrw => self.asm.pextrw(target, source, lane),
            VectorOp::Pextrd => self.asm.pextrd(Size::S32, target, source, lane),
            VectorOp::Pextrq => self.asm.pextrd(Size::S64, target, source, lane),
            VectorOp::Movmskps => self.asm.movmskps(target, source),
            VectorOp::Movmskpd => self.asm.movmskpd(target, source),
            _ => self.asm.pmovmskb(target, source),
        }
    }

    fn emit_from_int(&mut self, op: VectorOp, lane: u8, target: Xmm, first: Xmm, second: impl Rm<Gpr>) {
        match (op, self.avx()) {
            (VectorOp::Pinsrb, true) => self.asm.vpinsrb(target, first, second, lane),
            (VectorOp::Pinsrb, false) => self.asm.pinsrb(target, second, lane),
            (VectorOp::Pinsrw, true) => self.asm.vpinsrw(target, first, second, lane),
            (VectorOp::Pinsrw, false) => self.asm.pinsrw(target, second, lane),
            (VectorOp::Pinsrd, true) => self.asm.vpinsrd(Size::S32, target, first, second, lane),
            (VectorOp::Pinsrd, false) => self.asm.pinsrd(Size::S32, target, second, lane),
            (_, true) => self.asm.vpinsrd(Size::S64, target, first, second, lane),
            (_, false) => self.asm.pinsrd(Size::S64, target, second, lane),
        }
    }

    /// The form with an operand in memory.
    pub(super) fn emit_vector_load(&mut self, op: VectorOp, imm: u8, target: Xmm, first: Xmm, mem: Mem) {
        match (op, op.shape()) {
            (VectorOp::Broadcastss, _) => self.asm.vbroadcastss(target, mem),
            (VectorOp::Movlps, _) => two_forms!(self, movlps vmovlps, target, first, mem,),
            (VectorOp::Movhps, _) => two_forms!(self, movhps vmovhps, target, first, mem,),
            (_, Shape::Unary) => self.emit_vector_unary(op, imm, target, RegMem::Mem(mem)),
            (_, Shape::Broadcast) => self.emit_broadcast(op, target, mem),
            (_, Shape::FromInt) => self.emit_from_int(op, imm, target, first, mem),
            _ => self.emit_vector_binary(op, imm, target, first, mem),
        }
    }

    /// The form that stores.
    pub(super) fn emit_vector_store(&mut self, op: VectorOp, imm: u8, mem: Mem, source: Xmm) {
        match op {
            VectorOp::Movlps => self.asm.movlps_mr(mem, source),
            VectorOp::Movhps => self.asm.movhps_mr(mem, source),
            VectorOp::Pextrb => self.asm.pextrb(mem, source, imm),
            VectorOp::Pextrw => self.asm.pextrw_rm(mem, source, imm),
            VectorOp::Pextrd => self.asm.pextrd(Size::S32, mem, source, imm),
            _ => self.asm.pextrd(Size::S64, mem, source, imm),
        }
    }
}
