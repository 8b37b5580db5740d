//! Floating-point instructions of SSE to SSE4.1 and the same with VEX (AVX): arithmetic, comparisons, conversions, moves, shuffles.

use super::assembler::Assembler;
use super::encoding::{Enc, Map, Prefix};
use super::mem::{Mem, Rm};
use super::regs::{Gpr, Size, Xmm};
use super::tables::{instructions, vector_instructions, vector_operations};
#[cfg(test)]
use super::tests::{Case, Shape};
use super::vector::{XmmBinary, XmmUnary};

vector_operations! { operations;
    "# Arithmetic of floats

`ss` and `sd` are scalars of 32 and 64 bits, `ps` and `pd` vectors. Scalar instructions leave the rest of the register as it was, or
take it from the first of three operands."
    XmmBinary {
        ADDPS addps vaddps: NP M0F 0x58, 16;
        ADDPD addpd vaddpd: P66 M0F 0x58, 16;
        ADDSS addss vaddss: F3 M0F 0x58, 4;
        ADDSD addsd vaddsd: F2 M0F 0x58, 8;
        MULPS mulps vmulps: NP M0F 0x59, 16;
        MULPD mulpd vmulpd: P66 M0F 0x59, 16;
        MULSS mulss vmulss: F3 M0F 0x59, 4;
        MULSD mulsd vmulsd: F2 M0F 0x59, 8;
        SUBPS subps vsubps: NP M0F 0x5C, 16;
        SUBPD subpd vsubpd: P66 M0F 0x5C, 16;
        SUBSS subss vsubss: F3 M0F 0x5C, 4;
        SUBSD subsd vsubsd: F2 M0F 0x5C, 8;
        /// The second operand where either is a NaN or both are zeroes.
        MINPS minps vminps: NP M0F 0x5D, 16;
        /// The second operand where either is a NaN or both are zeroes.
        MINPD minpd vminpd: P66 M0F 0x5D, 16;
        /// The second operand where either is a NaN or both are zeroes.
        MINSS minss vminss: F3 M0F 0x5D, 4;
        /// The second operand where either is a NaN or both are zeroes.
        MINSD minsd vminsd: F2 M0F 0x5D, 8;
        DIVPS divps vdivps: NP M0F 0x5E, 16;
        DIVPD divpd vdivpd: P66 M0F 0x5E, 16;
        DIVSS divss vdivss: F3 M0F 0x5E, 4;
        DIVSD divsd vdivsd: F2 M0F 0x5E, 8;
        /// The second operand where either is a NaN or both are zeroes.
        MAXPS maxps vmaxps: NP M0F 0x5F, 16;
        /// The second operand where either is a NaN or both are zeroes.
        MAXPD maxpd vmaxpd: P66 M0F 0x5F, 16;
        /// The second operand where either is a NaN or both are zeroes.
        MAXSS maxss vmaxss: F3 M0F 0x5F, 4;
        /// The second operand where either is a NaN or both are zeroes.
        MAXSD maxsd vmaxsd: F2 M0F 0x5F, 8;
        SQRTSS sqrtss vsqrtss: F3 M0F 0x51, 4;
        SQRTSD sqrtsd vsqrtsd: F2 M0F 0x51, 8;
        CVTSD2SS cvtsd2ss vcvtsd2ss: F2 M0F 0x5A, 8;
        CVTSS2SD cvtss2sd vcvtss2sd: F3 M0F 0x5A, 4;
        /// Needs SSE3.
        HADDPS haddps vhaddps: F2 M0F 0x7C, 16;
        /// Needs SSE3.
        HADDPD haddpd vhaddpd: P66 M0F 0x7C, 16;
        ANDPS andps vandps: NP M0F 0x54, 16;
        ANDPD andpd vandpd: P66 M0F 0x54, 16;
        /// The second, without the bits of the first.
        ANDNPS andnps vandnps: NP M0F 0x55, 16;
        /// The second, without the bits of the first.
        ANDNPD andnpd vandnpd: P66 M0F 0x55, 16;
        ORPS orps vorps: NP M0F 0x56, 16;
        ORPD orpd vorpd: P66 M0F 0x56, 16;
        XORPS xorps vxorps: NP M0F 0x57, 16;
        XORPD xorpd vxorpd: P66 M0F 0x57, 16;
        UNPCKLPS unpcklps vunpcklps: NP M0F 0x14, 16;
        UNPCKLPD unpcklpd vunpcklpd: P66 M0F 0x14, 16;
        UNPCKHPS unpckhps vunpckhps: NP M0F 0x15, 16;
        UNPCKHPD unpckhpd vunpckhpd: P66 M0F 0x15, 16;
    }
    "# Floats: one operand"
    XmmUnary {
        SQRTPS sqrtps vsqrtps: NP M0F 0x51, 16;
        SQRTPD sqrtpd vsqrtpd: P66 M0F 0x51, 16;
        /// Sets zero, parity and carry: unordered 111, greater 000, less 001, equal 100.
        UCOMISS ucomiss vucomiss: NP M0F 0x2E, 4;
        /// Sets zero, parity and carry: unordered 111, greater 000, less 001, equal 100.
        UCOMISD ucomisd vucomisd: P66 M0F 0x2E, 8;
        /// As `ucomiss`, but quiet NaNs raise the flag of invalid operations, too.
        COMISS comiss vcomiss: NP M0F 0x2F, 4;
        /// As `ucomisd`, but quiet NaNs raise the flag of invalid operations, too.
        COMISD comisd vcomisd: P66 M0F 0x2F, 8;
        CVTPS2PD cvtps2pd vcvtps2pd: NP M0F 0x5A, 8;
        CVTPD2PS cvtpd2ps vcvtpd2ps: P66 M0F 0x5A, 16;
        CVTDQ2PS cvtdq2ps vcvtdq2ps: NP M0F 0x5B, 16;
        CVTPS2DQ cvtps2dq vcvtps2dq: P66 M0F 0x5B, 16;
        CVTTPS2DQ cvttps2dq vcvttps2dq: F3 M0F 0x5B, 16;
        CVTDQ2PD cvtdq2pd vcvtdq2pd: F3 M0F 0xE6, 8;
        CVTPD2DQ cvtpd2dq vcvtpd2dq: F2 M0F 0xE6, 16;
        CVTTPD2DQ cvttpd2dq vcvttpd2dq: P66 M0F 0xE6, 16;
        MOVAPS movaps vmovaps: NP M0F 0x28, 16;
        MOVAPD movapd vmovapd: P66 M0F 0x28, 16;
        /// 16 bytes from any address.
        MOVUPS movups vmovups: NP M0F 0x10, 16;
        /// 16 bytes from any address.
        MOVUPD movupd vmovupd: P66 M0F 0x10, 16;
        /// Needs SSE3.
        MOVDDUP movddup vmovddup: F2 M0F 0x12, 8;
        /// Needs SSE3.
        MOVSLDUP movsldup vmovsldup: F3 M0F 0x12, 16;
        /// Needs SSE3.
        MOVSHDUP movshdup vmovshdup: F3 M0F 0x16, 16;
    }
}

vector_instructions! { table;
    "# Floats: two operands and an immediate"
    [XmmRmImm8(target: Xmm, source: impl Rm<Xmm>, imm: u8) |asm, enc| source.encode(asm, enc, target.number(), imm.into(), 1)]
    [XmmXmmRmImm8(target: Xmm, first: Xmm, second: impl Rm<Xmm>, imm: u8) |asm, enc|
        second.encode_vex(asm, enc, target.number(), first.number(), imm.into(), 1)] {
        /// All bits of a lane where the comparison with this number holds: 0 equal, 1 less, 2 less or equal, 3 unordered, 4 to 7 the
        /// opposites.
        cmpps vcmpps: NP M0F 0xC2, 16;
        /// See [`Assembler::cmpps`].
        cmppd vcmppd: P66 M0F 0xC2, 16;
        /// See [`Assembler::cmpps`].
        cmpss vcmpss: F3 M0F 0xC2, 4;
        /// See [`Assembler::cmpps`].
        cmpsd vcmpsd: F2 M0F 0xC2, 8;
        shufps vshufps: NP M0F 0xC6, 16;
        shufpd vshufpd: P66 M0F 0xC6, 16;
        /// Rounds: 8 to nearest, 9 down, 10 up, 11 to zero, without raising the flag of inexact results. Needs SSE4.1.
        roundss vroundss: P66 M0F3A 0x0A, 4;
        /// Rounds: 8 to nearest, 9 down, 10 up, 11 to zero, without raising the flag of inexact results. Needs SSE4.1.
        roundsd vroundsd: P66 M0F3A 0x0B, 8;
        /// Needs SSE4.1.
        insertps vinsertps: P66 M0F3A 0x21, 4;
        /// Needs SSE4.1.
        blendps vblendps: P66 M0F3A 0x0C, 16;
        /// Needs SSE4.1.
        blendpd vblendpd: P66 M0F3A 0x0D, 16;
    }
    "# Floats: one operand and an immediate"
    [XmmRmImm8(target: Xmm, source: impl Rm<Xmm>, imm: u8) |asm, enc| source.encode(asm, enc, target.number(), imm.into(), 1)]
    [XmmRmImm8(target: Xmm, source: impl Rm<Xmm>, imm: u8) |asm, enc| source.encode_vex(asm, enc, target.number(), 0, imm.into(), 1)] {
        /// See [`Assembler::roundss`].
        roundps vroundps: P66 M0F3A 0x08, 16;
        /// See [`Assembler::roundsd`].
        roundpd vroundpd: P66 M0F3A 0x09, 16;
    }
    "# Floats and integers: the integer is a register or memory of 32 or 64 bits"
    [XmmGpr(size: Size, target: Xmm, source: impl Rm<Gpr>) |asm, enc| source.encode(asm, enc.wide_vex(size), target.number(), 0, 0)]
    [XmmXmmGpr(size: Size, target: Xmm, first: Xmm, second: impl Rm<Gpr>) |asm, enc|
        second.encode_vex(asm, enc.wide_vex(size), target.number(), first.number(), 0, 0)] {
        /// Leaves the rest of the register as it was, on which it therefore waits.
        cvtsi2ss vcvtsi2ss: F3 M0F 0x2A;
        /// Leaves the rest of the register as it was, on which it therefore waits.
        cvtsi2sd vcvtsi2sd: F2 M0F 0x2A;
    }
    "# Floats to integers of 32 or 64 bits"
    [GprXmm(size: Size, target: Gpr, source: impl Rm<Xmm>) |asm, enc| source.encode(asm, enc.wide_vex(size), target.number(), 0, 0)]
    [GprXmm(size: Size, target: Gpr, source: impl Rm<Xmm>) |asm, enc|
        source.encode_vex(asm, enc.wide_vex(size), target.number(), 0, 0, 0)] {
        /// Towards zero; only the highest bit is set where the result does not fit.
        cvttss2si vcvttss2si: F3 M0F 0x2C, 4;
        /// Towards zero; only the highest bit is set where the result does not fit.
        cvttsd2si vcvttsd2si: F2 M0F 0x2C, 8;
        /// To nearest; only the highest bit is set where the result does not fit.
        cvtss2si vcvtss2si: F3 M0F 0x2D, 4;
        /// To nearest; only the highest bit is set where the result does not fit.
        cvtsd2si vcvtsd2si: F2 M0F 0x2D, 8;
    }
    "# Signs of all lanes as an integer"
    [GprXmmReg(target: Gpr, source: Xmm) |asm, enc| source.encode(asm, enc, target.number(), 0, 0)]
    [GprXmmReg(target: Gpr, source: Xmm) |asm, enc| source.encode_vex(asm, enc, target.number(), 0, 0, 0)] {
        movmskps vmovmskps: NP M0F 0x50;
        movmskpd vmovmskpd: P66 M0F 0x50;
    }
    "# Loads of scalars, which clear the rest of the register"
    [XmmMem(target: Xmm, source: Mem) |asm, enc| source.encode_xmm(asm, enc, target)]
    [XmmMem(target: Xmm, source: Mem) |asm, enc| source.encode_xmm_vex(asm, enc, target)] {
        movss vmovss: F3 M0F 0x10, 4;
        movsd vmovsd: F2 M0F 0x10, 8;
    }
    "# Stores of floats"
    [MemXmm(target: Mem, source: Xmm) |asm, enc| target.encode_xmm(asm, enc, source)]
    [MemXmm(target: Mem, source: Xmm) |asm, enc| target.encode_xmm_vex(asm, enc, source)] {
        movss_mr vmovss_mr: F3 M0F 0x11, 4;
        movsd_mr vmovsd_mr: F2 M0F 0x11, 8;
        movaps_mr vmovaps_mr: NP M0F 0x29, 16;
        movapd_mr vmovapd_mr: P66 M0F 0x29, 16;
        /// 16 bytes to any address.
        movups_mr vmovups_mr: NP M0F 0x11, 16;
        /// 16 bytes to any address.
        movupd_mr vmovupd_mr: P66 M0F 0x11, 16;
        /// Stores the lower half.
        movlps_mr vmovlps_mr: NP M0F 0x13, 8;
        /// Stores the upper half.
        movhps_mr vmovhps_mr: NP M0F 0x17, 8;
    }
    "# Registers of floats: the lowest lane, or a half, from the second"
    [XmmReg(target: Xmm, source: Xmm) |asm, enc| source.encode(asm, enc, target.number(), 0, 0)]
    [XmmXmmReg(target: Xmm, first: Xmm, second: Xmm) |asm, enc|
        second.encode_vex(asm, enc, target.number(), first.number(), 0, 0)] {
        movss_rr vmovss_rr: F3 M0F 0x10;
        movsd_rr vmovsd_rr: F2 M0F 0x10;
        /// The upper half of the second in the lower one.
        movhlps vmovhlps: NP M0F 0x12;
        /// The lower half of the second in the upper one.
        movlhps vmovlhps: NP M0F 0x16;
    }
    "# Loads of one half"
    [XmmMem(target: Xmm, source: Mem) |asm, enc| source.encode_xmm(asm, enc, target)]
    [XmmXmmMem(target: Xmm, first: Xmm, second: Mem) |asm, enc|
        asm.put_vex_memory_form(enc, target.number(), first.number(), second, 0, 0)] {
        /// Into the lower half.
        movlps vmovlps: NP M0F 0x12, 8;
        /// Into the upper half.
        movhps vmovhps: NP M0F 0x16, 8;
    }
}

instructions! { sse_only;
    "# Choice by signs of `xmm0`"
    [XmmRmXmm0(target: Xmm, source: impl Rm<Xmm>) |asm, enc| source.encode(asm, enc, target.number(), 0, 0)] {
        /// Needs SSE4.1.
        blendvps: P66 M0F38 0x14, 16;
        /// Needs SSE4.1.
        blendvpd: P66 M0F38 0x15, 16;
        /// Needs SSE4.1.
        pblendvb: P66 M0F38 0x10, 16;
    }
}

instructions! { vex_only;
    "# Choice by signs"
    [XmmXmmRmXmm(target: Xmm, first: Xmm, second: impl Rm<Xmm>, signs: Xmm) |asm, enc|
        second.encode_vex(asm, enc, target.number(), first.number(), u32::from(signs.number()) << 4, 1)] {
        /// Needs AVX.
        vblendvps: P66 M0F3A 0x4A, 16;
        /// Needs AVX.
        vblendvpd: P66 M0F3A 0x4B, 16;
        /// Needs AVX.
        vpblendvb: P66 M0F3A 0x4C, 16;
    }
    "# Fused multiplication and addition of 32-bit lanes

The digits tell which operands are multiplied and which is added: `231` is `target = first * second + target`."
    [XmmXmmRm(target: Xmm, first: Xmm, second: impl Rm<Xmm>) |asm, enc|
        second.encode_vex(asm, enc, target.number(), first.number(), 0, 0)] {
        /// Needs FMA.
        vfmadd213ps: P66 M0F38 0xA8, 16;
        /// Needs FMA.
        vfmadd231ps: P66 M0F38 0xB8, 16;
        /// Needs FMA.
        vfnmadd213ps: P66 M0F38 0xAC, 16;
        /// Needs FMA.
        vfnmadd231ps: P66 M0F38 0xBC, 16;
    }
    "# Fused multiplication and addition of 64-bit lanes"
    [XmmXmmRm(target: Xmm, first: Xmm, second: impl Rm<Xmm>) |asm, enc|
        second.encode_vex(asm, enc.w(), target.number(), first.number(), 0, 0)] {
        /// Needs FMA.
        vfmadd213pd: P66 M0F38 0xA8, 16;
        /// Needs FMA.
        vfmadd231pd: P66 M0F38 0xB8, 16;
        /// Needs FMA.
        vfnmadd213pd: P66 M0F38 0xAC, 16;
        /// Needs FMA.
        vfnmadd231pd: P66 M0F38 0xBC, 16;
    }
    "# Broadcast of memory"
    [XmmMem(target: Xmm, source: Mem) |asm, enc| source.encode_xmm_vex(asm, enc, target)] {
        /// Needs AVX.
        vbroadcastss: P66 M0F38 0x18, 4;
    }
}
