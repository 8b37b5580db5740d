//! Integer vectors, SSE2 to SSE4.2 and the same with VEX (AVX). The last letters of a name tell the lanes: `b` 8, `w` 16, `d` 32,
//! `q` 64 bits.

use super::assembler::Assembler;
use super::encoding::{Enc, Map, Prefix};
use super::mem::{Mem, Rm};
use super::regs::{Gpr, Size, Xmm};
use super::tables::{instructions, vector_instructions, vector_operations};
#[cfg(test)]
use super::tests::{Case, Shape};
use super::vector::{XmmBinary, XmmUnary};

vector_operations! { operations;
    "# Integer vectors: two operands"
    XmmBinary {
        PADDB paddb vpaddb: P66 M0F 0xFC, 16;
        PADDW paddw vpaddw: P66 M0F 0xFD, 16;
        PADDD paddd vpaddd: P66 M0F 0xFE, 16;
        PADDQ paddq vpaddq: P66 M0F 0xD4, 16;
        PADDSB paddsb vpaddsb: P66 M0F 0xEC, 16;
        PADDSW paddsw vpaddsw: P66 M0F 0xED, 16;
        PADDUSB paddusb vpaddusb: P66 M0F 0xDC, 16;
        PADDUSW paddusw vpaddusw: P66 M0F 0xDD, 16;
        PSUBB psubb vpsubb: P66 M0F 0xF8, 16;
        PSUBW psubw vpsubw: P66 M0F 0xF9, 16;
        PSUBD psubd vpsubd: P66 M0F 0xFA, 16;
        PSUBQ psubq vpsubq: P66 M0F 0xFB, 16;
        PSUBSB psubsb vpsubsb: P66 M0F 0xE8, 16;
        PSUBSW psubsw vpsubsw: P66 M0F 0xE9, 16;
        PSUBUSB psubusb vpsubusb: P66 M0F 0xD8, 16;
        PSUBUSW psubusw vpsubusw: P66 M0F 0xD9, 16;
        PMULLW pmullw vpmullw: P66 M0F 0xD5, 16;
        PMULHW pmulhw vpmulhw: P66 M0F 0xE5, 16;
        PMULHUW pmulhuw vpmulhuw: P66 M0F 0xE4, 16;
        PMULUDQ pmuludq vpmuludq: P66 M0F 0xF4, 16;
        /// Needs SSE4.1.
        PMULDQ pmuldq vpmuldq: P66 M0F38 0x28, 16;
        /// Needs SSE4.1.
        PMULLD pmulld vpmulld: P66 M0F38 0x40, 16;
        /// Needs SSSE3.
        PMULHRSW pmulhrsw vpmulhrsw: P66 M0F38 0x0B, 16;
        PMADDWD pmaddwd vpmaddwd: P66 M0F 0xF5, 16;
        /// Needs SSSE3.
        PMADDUBSW pmaddubsw vpmaddubsw: P66 M0F38 0x04, 16;
        PSADBW psadbw vpsadbw: P66 M0F 0xF6, 16;
        PAVGB pavgb vpavgb: P66 M0F 0xE0, 16;
        PAVGW pavgw vpavgw: P66 M0F 0xE3, 16;
        /// Needs SSE4.1.
        PMINSB pminsb vpminsb: P66 M0F38 0x38, 16;
        PMINSW pminsw vpminsw: P66 M0F 0xEA, 16;
        /// Needs SSE4.1.
        PMINSD pminsd vpminsd: P66 M0F38 0x39, 16;
        PMINUB pminub vpminub: P66 M0F 0xDA, 16;
        /// Needs SSE4.1.
        PMINUW pminuw vpminuw: P66 M0F38 0x3A, 16;
        /// Needs SSE4.1.
        PMINUD pminud vpminud: P66 M0F38 0x3B, 16;
        /// Needs SSE4.1.
        PMAXSB pmaxsb vpmaxsb: P66 M0F38 0x3C, 16;
        PMAXSW pmaxsw vpmaxsw: P66 M0F 0xEE, 16;
        /// Needs SSE4.1.
        PMAXSD pmaxsd vpmaxsd: P66 M0F38 0x3D, 16;
        PMAXUB pmaxub vpmaxub: P66 M0F 0xDE, 16;
        /// Needs SSE4.1.
        PMAXUW pmaxuw vpmaxuw: P66 M0F38 0x3E, 16;
        /// Needs SSE4.1.
        PMAXUD pmaxud vpmaxud: P66 M0F38 0x3F, 16;
        PCMPEQB pcmpeqb vpcmpeqb: P66 M0F 0x74, 16;
        PCMPEQW pcmpeqw vpcmpeqw: P66 M0F 0x75, 16;
        PCMPEQD pcmpeqd vpcmpeqd: P66 M0F 0x76, 16;
        /// Needs SSE4.1.
        PCMPEQQ pcmpeqq vpcmpeqq: P66 M0F38 0x29, 16;
        PCMPGTB pcmpgtb vpcmpgtb: P66 M0F 0x64, 16;
        PCMPGTW pcmpgtw vpcmpgtw: P66 M0F 0x65, 16;
        PCMPGTD pcmpgtd vpcmpgtd: P66 M0F 0x66, 16;
        /// Needs SSE4.2.
        PCMPGTQ pcmpgtq vpcmpgtq: P66 M0F38 0x37, 16;
        PAND pand vpand: P66 M0F 0xDB, 16;
        /// The second, without the bits of the first.
        PANDN pandn vpandn: P66 M0F 0xDF, 16;
        POR por vpor: P66 M0F 0xEB, 16;
        PXOR pxor vpxor: P66 M0F 0xEF, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSLLW psllw vpsllw: P66 M0F 0xF1, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSLLD pslld vpslld: P66 M0F 0xF2, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSLLQ psllq vpsllq: P66 M0F 0xF3, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSRLW psrlw vpsrlw: P66 M0F 0xD1, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSRLD psrld vpsrld: P66 M0F 0xD2, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSRLQ psrlq vpsrlq: P66 M0F 0xD3, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSRAW psraw vpsraw: P66 M0F 0xE1, 16;
        /// Shifts by a number of 64 bits, the same for all lanes.
        PSRAD psrad vpsrad: P66 M0F 0xE2, 16;
        PACKSSWB packsswb vpacksswb: P66 M0F 0x63, 16;
        PACKSSDW packssdw vpackssdw: P66 M0F 0x6B, 16;
        PACKUSWB packuswb vpackuswb: P66 M0F 0x67, 16;
        /// Needs SSE4.1.
        PACKUSDW packusdw vpackusdw: P66 M0F38 0x2B, 16;
        PUNPCKLBW punpcklbw vpunpcklbw: P66 M0F 0x60, 16;
        PUNPCKLWD punpcklwd vpunpcklwd: P66 M0F 0x61, 16;
        PUNPCKLDQ punpckldq vpunpckldq: P66 M0F 0x62, 16;
        PUNPCKLQDQ punpcklqdq vpunpcklqdq: P66 M0F 0x6C, 16;
        PUNPCKHBW punpckhbw vpunpckhbw: P66 M0F 0x68, 16;
        PUNPCKHWD punpckhwd vpunpckhwd: P66 M0F 0x69, 16;
        PUNPCKHDQ punpckhdq vpunpckhdq: P66 M0F 0x6A, 16;
        PUNPCKHQDQ punpckhqdq vpunpckhqdq: P66 M0F 0x6D, 16;
        /// Needs SSSE3.
        PSHUFB pshufb vpshufb: P66 M0F38 0x00, 16;
        /// Needs SSSE3.
        PHADDW phaddw vphaddw: P66 M0F38 0x01, 16;
        /// Needs SSSE3.
        PHADDD phaddd vphaddd: P66 M0F38 0x02, 16;
        /// Needs SSSE3.
        PSIGNB psignb vpsignb: P66 M0F38 0x08, 16;
        /// Needs SSSE3.
        PSIGNW psignw vpsignw: P66 M0F38 0x09, 16;
        /// Needs SSSE3.
        PSIGND psignd vpsignd: P66 M0F38 0x0A, 16;
    }
    "# Integer vectors: one operand"
    XmmUnary {
        MOVDQA movdqa vmovdqa: P66 M0F 0x6F, 16;
        /// 16 bytes from any address.
        MOVDQU movdqu vmovdqu: F3 M0F 0x6F, 16;
        /// The lower half; clears the upper one.
        MOVQ movq vmovq: F3 M0F 0x7E, 8;
        /// Needs SSSE3.
        PABSB pabsb vpabsb: P66 M0F38 0x1C, 16;
        /// Needs SSSE3.
        PABSW pabsw vpabsw: P66 M0F38 0x1D, 16;
        /// Needs SSSE3.
        PABSD pabsd vpabsd: P66 M0F38 0x1E, 16;
        /// Needs SSE4.1.
        PMOVSXBW pmovsxbw vpmovsxbw: P66 M0F38 0x20, 8;
        /// Needs SSE4.1.
        PMOVSXBD pmovsxbd vpmovsxbd: P66 M0F38 0x21, 4;
        /// Needs SSE4.1.
        PMOVSXWD pmovsxwd vpmovsxwd: P66 M0F38 0x23, 8;
        /// Needs SSE4.1.
        PMOVSXDQ pmovsxdq vpmovsxdq: P66 M0F38 0x25, 8;
        /// Needs SSE4.1.
        PMOVZXBW pmovzxbw vpmovzxbw: P66 M0F38 0x30, 8;
        /// Needs SSE4.1.
        PMOVZXBD pmovzxbd vpmovzxbd: P66 M0F38 0x31, 4;
        /// Needs SSE4.1.
        PMOVZXWD pmovzxwd vpmovzxwd: P66 M0F38 0x33, 8;
        /// Needs SSE4.1.
        PMOVZXDQ pmovzxdq vpmovzxdq: P66 M0F38 0x35, 8;
        /// Sets the zero flag when no bit is set in both, the carry when none of the second alone. Needs SSE4.1.
        PTEST ptest vptest: P66 M0F38 0x17, 16;
    }
}

vector_instructions! { table;
    "# Integer vectors: shuffles by an immediate"
    [XmmRmImm8(target: Xmm, source: impl Rm<Xmm>, imm: u8) |asm, enc| source.encode(asm, enc, target.number(), imm.into(), 1)]
    [XmmRmImm8(target: Xmm, source: impl Rm<Xmm>, imm: u8) |asm, enc| source.encode_vex(asm, enc, target.number(), 0, imm.into(), 1)] {
        pshufd vpshufd: P66 M0F 0x70, 16;
        pshufhw vpshufhw: F3 M0F 0x70, 16;
        pshuflw vpshuflw: F2 M0F 0x70, 16;
    }
    "# Integer vectors: two operands and an immediate"
    [XmmRmImm8(target: Xmm, source: impl Rm<Xmm>, imm: u8) |asm, enc| source.encode(asm, enc, target.number(), imm.into(), 1)]
    [XmmXmmRmImm8(target: Xmm, first: Xmm, second: impl Rm<Xmm>, imm: u8) |asm, enc|
        second.encode_vex(asm, enc, target.number(), first.number(), imm.into(), 1)] {
        /// Needs SSSE3.
        palignr vpalignr: P66 M0F3A 0x0F, 16;
        /// Needs SSE4.1.
        pblendw vpblendw: P66 M0F3A 0x0E, 16;
    }
    "# Integer vectors: shifts by an immediate, `dq` by bytes"
    [XmmImm8(target: Xmm, by: u8) |asm, enc| target.encode(asm, enc, enc.digit(), by.into(), 1)]
    [XmmXmmImm8(target: Xmm, source: Xmm, by: u8) |asm, enc|
        source.encode_vex(asm, enc, enc.digit(), target.number(), by.into(), 1)] {
        psrlw_imm vpsrlw_imm: P66 M0F 0x71 / 2;
        psraw_imm vpsraw_imm: P66 M0F 0x71 / 4;
        psllw_imm vpsllw_imm: P66 M0F 0x71 / 6;
        psrld_imm vpsrld_imm: P66 M0F 0x72 / 2;
        psrad_imm vpsrad_imm: P66 M0F 0x72 / 4;
        pslld_imm vpslld_imm: P66 M0F 0x72 / 6;
        psrlq_imm vpsrlq_imm: P66 M0F 0x73 / 2;
        psrldq_imm vpsrldq_imm: P66 M0F 0x73 / 3;
        psllq_imm vpsllq_imm: P66 M0F 0x73 / 6;
        pslldq_imm vpslldq_imm: P66 M0F 0x73 / 7;
    }
    "# Integer vectors: stores"
    [MemXmm(target: Mem, source: Xmm) |asm, enc| target.encode_xmm(asm, enc, source)]
    [MemXmm(target: Mem, source: Xmm) |asm, enc| target.encode_xmm_vex(asm, enc, source)] {
        movdqa_mr vmovdqa_mr: P66 M0F 0x7F, 16;
        /// 16 bytes to any address.
        movdqu_mr vmovdqu_mr: F3 M0F 0x7F, 16;
        /// The lower half.
        movq_mr vmovq_mr: P66 M0F 0xD6, 8;
    }
    "# Integer vectors: from a register or memory of 32 or 64 bits

`movd` of 64 bits is `movq` in the manuals."
    [XmmGpr(size: Size, target: Xmm, source: impl Rm<Gpr>) |asm, enc| source.encode(asm, enc.wide_vex(size), target.number(), 0, 0)]
    [XmmGpr(size: Size, target: Xmm, source: impl Rm<Gpr>) |asm, enc|
        source.encode_vex(asm, enc.wide_vex(size), target.number(), 0, 0, 0)] {
        /// Clears the rest of the register.
        movd vmovd: P66 M0F 0x6E;
    }
    "# Integer vectors: to a register or memory of 32 or 64 bits"
    [RmXmm(size: Size, target: impl Rm<Gpr>, source: Xmm) |asm, enc| target.encode(asm, enc.wide_vex(size), source.number(), 0, 0)]
    [RmXmm(size: Size, target: impl Rm<Gpr>, source: Xmm) |asm, enc|
        target.encode_vex(asm, enc.wide_vex(size), source.number(), 0, 0, 0)] {
        /// The lowest lane.
        movd_rm vmovd_rm: P66 M0F 0x7E;
    }
    "# Integer vectors: highest bits of all bytes as an integer"
    [GprXmmReg(target: Gpr, source: Xmm) |asm, enc| source.encode(asm, enc, target.number(), 0, 0)]
    [GprXmmReg(target: Gpr, source: Xmm) |asm, enc| source.encode_vex(asm, enc, target.number(), 0, 0, 0)] {
        pmovmskb vpmovmskb: P66 M0F 0xD7;
    }
    "# Integer vectors: a lane of 8 or 16 bits, to a register, zero-extended, or memory"
    [LaneToRm(target: impl Rm<Gpr>, source: Xmm, lane: u8) |asm, enc| target.encode(asm, enc, source.number(), lane.into(), 1)]
    [LaneToRm(target: impl Rm<Gpr>, source: Xmm, lane: u8) |asm, enc|
        target.encode_vex(asm, enc, source.number(), 0, lane.into(), 1)] {
        /// Needs SSE4.1.
        pextrb vpextrb: P66 M0F3A 0x14, 1;
        /// Needs SSE4.1.
        pextrw_rm vpextrw_rm: P66 M0F3A 0x15, 2;
    }
    "# Integer vectors: a lane of 16 bits to a register, zero-extended"
    [LaneToReg(target: Gpr, source: Xmm, lane: u8) |asm, enc| source.encode(asm, enc, target.number(), lane.into(), 1)]
    [LaneToReg(target: Gpr, source: Xmm, lane: u8) |asm, enc| source.encode_vex(asm, enc, target.number(), 0, lane.into(), 1)] {
        pextrw vpextrw: P66 M0F 0xC5;
    }
    "# Integer vectors: a lane of 32 or 64 bits, to a register or memory"
    [LaneToWide(size: Size, target: impl Rm<Gpr>, source: Xmm, lane: u8) |asm, enc|
        target.encode(asm, enc.wide_vex(size), source.number(), lane.into(), 1)]
    [LaneToWide(size: Size, target: impl Rm<Gpr>, source: Xmm, lane: u8) |asm, enc|
        target.encode_vex(asm, enc.wide_vex(size), source.number(), 0, lane.into(), 1)] {
        /// `pextrq` in the manuals for 64 bits. Needs SSE4.1.
        pextrd vpextrd: P66 M0F3A 0x16;
    }
    "# Integer vectors: into a lane of 8 or 16 bits"
    [LaneFromRm(target: Xmm, source: impl Rm<Gpr>, lane: u8) |asm, enc| source.encode(asm, enc, target.number(), lane.into(), 1)]
    [LaneFromRmVex(target: Xmm, first: Xmm, second: impl Rm<Gpr>, lane: u8) |asm, enc|
        second.encode_vex(asm, enc, target.number(), first.number(), lane.into(), 1)] {
        /// Needs SSE4.1.
        pinsrb vpinsrb: P66 M0F3A 0x20, 1;
        pinsrw vpinsrw: P66 M0F 0xC4, 2;
    }
    "# Integer vectors: into a lane of 32 or 64 bits"
    [LaneFromWide(size: Size, target: Xmm, source: impl Rm<Gpr>, lane: u8) |asm, enc|
        source.encode(asm, enc.wide_vex(size), target.number(), lane.into(), 1)]
    [LaneFromWideVex(size: Size, target: Xmm, first: Xmm, second: impl Rm<Gpr>, lane: u8) |asm, enc|
        second.encode_vex(asm, enc.wide_vex(size), target.number(), first.number(), lane.into(), 1)] {
        /// `pinsrq` in the manuals for 64 bits. Needs SSE4.1.
        pinsrd vpinsrd: P66 M0F3A 0x22;
    }
}

instructions! { avx2;
    "# Broadcasts of the lowest lane"
    [XmmRm(target: Xmm, source: impl Rm<Xmm>) |asm, enc| source.encode_vex(asm, enc, target.number(), 0, 0, 0)] {
        /// Needs AVX2.
        vpbroadcastb: P66 M0F38 0x78, 1;
        /// Needs AVX2.
        vpbroadcastw: P66 M0F38 0x79, 2;
        /// Needs AVX2.
        vpbroadcastd: P66 M0F38 0x58, 4;
        /// Needs AVX2.
        vpbroadcastq: P66 M0F38 0x59, 8;
    }
}
