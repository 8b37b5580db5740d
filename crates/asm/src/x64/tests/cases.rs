//! [`Case`]: a line of a table as tests see it, the shape of its operands as a call and as what has to be decoded.

use super::operands::{Op, Operand};
use crate::x64::assembler::Assembler;
use crate::x64::mem::{Mem, RegMem};
use crate::x64::regs::{Gpr, Size, Xmm};
use crate::x64::{bits, floats, integer, moves, simd};

type GprRm = RegMem<Gpr>;
type XmmRm = RegMem<Xmm>;

/// A method that encodes an instruction.
pub(in crate::x64) struct Case {
    /// The method's name.
    pub(super) name: &'static str,
    /// How many bytes an operand in memory has, where it is not the size of the operation.
    bytes: Option<u32>,
    shape: Shape,
}

/// The operands of a method.
#[derive(Clone, Copy)]
pub(in crate::x64) enum Shape {
    AnyRegRm(fn(&mut Assembler, Size, Gpr, GprRm)),
    RegRm(fn(&mut Assembler, Size, Gpr, GprRm)),
    RegRm8(fn(&mut Assembler, Size, Gpr, GprRm)),
    RegRm16(fn(&mut Assembler, Size, Gpr, GprRm)),
    Reg64Rm32(fn(&mut Assembler, Gpr, GprRm)),
    RegMem(fn(&mut Assembler, Size, Gpr, Mem)),
    RegReg(fn(&mut Assembler, Size, Gpr, Gpr)),
    RegRmImm(fn(&mut Assembler, Size, Gpr, GprRm, i32)),
    Rm(fn(&mut Assembler, Size, GprRm)),
    RmCl(fn(&mut Assembler, Size, GprRm)),
    RmImm(fn(&mut Assembler, Size, GprRm, i32)),
    RmImm8(fn(&mut Assembler, Size, GprRm, u8)),
    WideRmImm8(fn(&mut Assembler, Size, GprRm, u8)),
    RmReg(fn(&mut Assembler, Size, GprRm, Gpr)),
    RmRegImm8(fn(&mut Assembler, Size, GprRm, Gpr, u8)),
    RmRegCl(fn(&mut Assembler, Size, GprRm, Gpr)),
    MemReg(fn(&mut Assembler, Size, Mem, Gpr)),
    MemImm(fn(&mut Assembler, Size, Mem, i32)),
    VexRegRm(fn(&mut Assembler, Size, Gpr, GprRm)),
    VexRegRmImm8(fn(&mut Assembler, Size, Gpr, GprRm, u8)),
    VexRegRmReg(fn(&mut Assembler, Size, Gpr, GprRm, Gpr)),
    VexRegRegRm(fn(&mut Assembler, Size, Gpr, Gpr, GprRm)),
    XmmRm(fn(&mut Assembler, Xmm, XmmRm)),
    XmmRmXmm0(fn(&mut Assembler, Xmm, XmmRm)),
    XmmXmmRm(fn(&mut Assembler, Xmm, Xmm, XmmRm)),
    XmmXmmRmXmm(fn(&mut Assembler, Xmm, Xmm, XmmRm, Xmm)),
    XmmRmImm8(fn(&mut Assembler, Xmm, XmmRm, u8)),
    XmmXmmRmImm8(fn(&mut Assembler, Xmm, Xmm, XmmRm, u8)),
    XmmReg(fn(&mut Assembler, Xmm, Xmm)),
    XmmXmmReg(fn(&mut Assembler, Xmm, Xmm, Xmm)),
    XmmImm8(fn(&mut Assembler, Xmm, u8)),
    XmmXmmImm8(fn(&mut Assembler, Xmm, Xmm, u8)),
    XmmMem(fn(&mut Assembler, Xmm, Mem)),
    XmmXmmMem(fn(&mut Assembler, Xmm, Xmm, Mem)),
    MemXmm(fn(&mut Assembler, Mem, Xmm)),
    XmmGpr(fn(&mut Assembler, Size, Xmm, GprRm)),
    XmmXmmGpr(fn(&mut Assembler, Size, Xmm, Xmm, GprRm)),
    GprXmm(fn(&mut Assembler, Size, Gpr, XmmRm)),
    GprXmmReg(fn(&mut Assembler, Gpr, Xmm)),
    RmXmm(fn(&mut Assembler, Size, GprRm, Xmm)),
    LaneToRm(fn(&mut Assembler, GprRm, Xmm, u8)),
    LaneToReg(fn(&mut Assembler, Gpr, Xmm, u8)),
    LaneToWide(fn(&mut Assembler, Size, GprRm, Xmm, u8)),
    LaneFromRm(fn(&mut Assembler, Xmm, GprRm, u8)),
    LaneFromRmVex(fn(&mut Assembler, Xmm, Xmm, GprRm, u8)),
    LaneFromWide(fn(&mut Assembler, Size, Xmm, GprRm, u8)),
    LaneFromWideVex(fn(&mut Assembler, Size, Xmm, Xmm, GprRm, u8)),
}

/// Everything that the tables have.
pub(super) fn all() -> Vec<Case> {
    [
        integer::by_number(),
        integer::table(),
        moves::table(),
        bits::table(),
        floats::operations(),
        floats::table(),
        floats::sse_only(),
        floats::vex_only(),
        simd::operations(),
        simd::table(),
        simd::avx2(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is put into the places of a shape; each takes what it has a place for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands {
    pub(super) size: Size,
    pub(super) reg: u8,
    pub(super) rm: Operand,
    pub(super) third: u8,
    pub(super) imm: i32,
}

impl Case {
    pub(in crate::x64) fn new(name: &'static str, bytes: &[u32], shape: Shape) -> Case {
        Case { name, bytes: bytes.first().copied(), shape }
    }

    /// The mnemonic, without prefix.
    pub(super) fn mnemonic(&self, size: Size) -> String {
        let name = self.name.strip_prefix("lock_").unwrap_or(self.name);
        let name = name.split('_').next().expect("there is a first part");
        match name {
            "movd" | "vmovd" | "pextrd" | "vpextrd" | "pinsrd" | "vpinsrd" if size == Size::S64 => {
                format!("{}q", &name[..name.len() - 1])
            }
            name => name.to_owned(),
        }
    }

    /// The sizes that the method takes, or just one where it takes none.
    pub(super) fn sizes(&self) -> &'static [Size] {
        use Size::{S8, S16, S32, S64};
        match self.shape {
            Shape::AnyRegRm(_)
            | Shape::RegReg(_)
            | Shape::Rm(_)
            | Shape::RmCl(_)
            | Shape::RmImm(_)
            | Shape::RmImm8(_)
            | Shape::RmReg(_)
            | Shape::MemReg(_)
            | Shape::MemImm(_) => &[S8, S16, S32, S64],
            Shape::RegRm(_)
            | Shape::RegRm8(_)
            | Shape::RegMem(_)
            | Shape::RegRmImm(_)
            | Shape::WideRmImm8(_)
            | Shape::RmRegImm8(_)
            | Shape::RmRegCl(_) => &[S16, S32, S64],
            Shape::RegRm16(_)
            | Shape::VexRegRm(_)
            | Shape::VexRegRmImm8(_)
            | Shape::VexRegRmReg(_)
            | Shape::VexRegRegRm(_)
            | Shape::XmmGpr(_)
            | Shape::XmmXmmGpr(_)
            | Shape::GprXmm(_)
            | Shape::RmXmm(_)
            | Shape::LaneToWide(_)
            | Shape::LaneFromWide(_)
            | Shape::LaneFromWideVex(_) => &[S32, S64],
            _ => &[S32],
        }
    }

    /// Encodes the instruction with these operands, and says what has to be decoded. `None` if one of them cannot stand there.
    pub(super) fn encode(&self, asm: &mut Assembler, operands: Operands) -> Option<Vec<Op>> {
        let Operands { size, reg, rm, third, imm } = operands;
        let bytes = self.bytes.unwrap_or(size.bytes());
        let r = Gpr::new(reg);
        let x = Xmm::new(reg);
        let x3 = Xmm::new(third);
        let r3 = Gpr::new(third);
        let byte = imm as u8;
        // Operands as methods take them.
        let g = || rm.gpr();
        let v = || rm.xmm();
        // The same as they are decoded.
        let reg_op = Op::Gpr(r, size);
        let rm_op = |register_size| rm.op(|number| Op::Gpr(Gpr::new(number), register_size), bytes);
        let xmm_op = || rm.op(|number| Op::Xmm(Xmm::new(number)), bytes);
        let imm_op = Op::imm(imm, size);
        let byte_op = Op::imm(i32::from(byte), Size::S8);
        let cl = Op::Gpr(Gpr::RCX, Size::S8);
        Some(match self.shape {
            Shape::AnyRegRm(f) | Shape::RegRm(f) | Shape::VexRegRm(f) => {
                f(asm, size, r, g());
                vec![reg_op, rm_op(size)]
            }
            Shape::RegRm8(f) => {
                f(asm, size, r, g());
                vec![reg_op, rm_op(Size::S8)]
            }
            Shape::RegRm16(f) => {
                f(asm, size, r, g());
                vec![reg_op, rm_op(Size::S16)]
            }
            Shape::Reg64Rm32(f) => {
                f(asm, r, g());
                vec![Op::Gpr(r, Size::S64), rm_op(Size::S32)]
            }
            Shape::RegMem(f) => {
                f(asm, size, r, rm.mem()?);
                vec![reg_op, rm_op(size)]
            }
            Shape::RegReg(f) => {
                f(asm, size, Gpr::new(rm.reg()?), r);
                vec![rm_op(size), reg_op]
            }
            Shape::RegRmImm(f) => {
                f(asm, size, r, g(), imm);
                vec![reg_op, rm_op(size), imm_op]
            }
            Shape::Rm(f) => {
                f(asm, size, g());
                vec![rm_op(size)]
            }
            Shape::RmCl(f) => {
                f(asm, size, g());
                vec![rm_op(size), cl]
            }
            Shape::RmImm(f) => {
                f(asm, size, g(), imm);
                vec![rm_op(size), imm_op]
            }
            Shape::RmImm8(f) | Shape::WideRmImm8(f) => {
                f(asm, size, g(), byte);
                vec![rm_op(size), byte_op]
            }
            Shape::RmReg(f) => {
                f(asm, size, g(), r);
                vec![rm_op(size), reg_op]
            }
            Shape::RmRegImm8(f) => {
                f(asm, size, g(), r, byte);
                vec![rm_op(size), reg_op, byte_op]
            }
            Shape::RmRegCl(f) => {
                f(asm, size, g(), r);
                vec![rm_op(size), reg_op, cl]
            }
            Shape::MemReg(f) => {
                f(asm, size, rm.mem()?, r);
                vec![rm_op(size), reg_op]
            }
            Shape::MemImm(f) => {
                f(asm, size, rm.mem()?, imm);
                vec![rm_op(size), imm_op]
            }
            Shape::VexRegRmImm8(f) => {
                f(asm, size, r, g(), byte);
                vec![reg_op, rm_op(size), byte_op]
            }
            Shape::VexRegRmReg(f) => {
                f(asm, size, r, g(), r3);
                vec![reg_op, rm_op(size), Op::Gpr(r3, size)]
            }
            Shape::VexRegRegRm(f) => {
                f(asm, size, r, r3, g());
                vec![reg_op, Op::Gpr(r3, size), rm_op(size)]
            }
            Shape::XmmRm(f) | Shape::XmmRmXmm0(f) => {
                f(asm, x, v());
                vec![Op::Xmm(x), xmm_op()]
            }
            Shape::XmmXmmRm(f) => {
                f(asm, x, x3, v());
                vec![Op::Xmm(x), Op::Xmm(x3), xmm_op()]
            }
            Shape::XmmXmmRmXmm(f) => {
                let x4 = Xmm::new(byte & 15);
                f(asm, x, x3, v(), x4);
                vec![Op::Xmm(x), Op::Xmm(x3), xmm_op(), Op::Xmm(x4)]
            }
            Shape::XmmRmImm8(f) => {
                f(asm, x, v(), byte);
                vec![Op::Xmm(x), xmm_op(), byte_op]
            }
            Shape::XmmXmmRmImm8(f) => {
                f(asm, x, x3, v(), byte);
                vec![Op::Xmm(x), Op::Xmm(x3), xmm_op(), byte_op]
            }
            Shape::XmmReg(f) => {
                f(asm, x, Xmm::new(rm.reg()?));
                vec![Op::Xmm(x), xmm_op()]
            }
            Shape::XmmXmmReg(f) => {
                f(asm, x, x3, Xmm::new(rm.reg()?));
                vec![Op::Xmm(x), Op::Xmm(x3), xmm_op()]
            }
            Shape::XmmImm8(f) => {
                f(asm, x, byte);
                vec![Op::Xmm(x), byte_op]
            }
            Shape::XmmXmmImm8(f) => {
                f(asm, x3, x, byte);
                vec![Op::Xmm(x3), Op::Xmm(x), byte_op]
            }
            Shape::XmmMem(f) => {
                f(asm, x, rm.mem()?);
                vec![Op::Xmm(x), xmm_op()]
            }
            Shape::XmmXmmMem(f) => {
                f(asm, x, x3, rm.mem()?);
                vec![Op::Xmm(x), Op::Xmm(x3), xmm_op()]
            }
            Shape::MemXmm(f) => {
                f(asm, rm.mem()?, x);
                vec![xmm_op(), Op::Xmm(x)]
            }
            Shape::XmmGpr(f) => {
                f(asm, size, x, g());
                vec![Op::Xmm(x), rm_op(size)]
            }
            Shape::XmmXmmGpr(f) => {
                f(asm, size, x, x3, g());
                vec![Op::Xmm(x), Op::Xmm(x3), rm_op(size)]
            }
            Shape::GprXmm(f) => {
                f(asm, size, r, v());
                vec![reg_op, xmm_op()]
            }
            Shape::GprXmmReg(f) => {
                f(asm, r, Xmm::new(rm.reg()?));
                vec![reg_op, xmm_op()]
            }
            Shape::RmXmm(f) => {
                f(asm, size, g(), x);
                vec![rm_op(size), Op::Xmm(x)]
            }
            Shape::LaneToRm(f) => {
                f(asm, g(), x, byte);
                vec![rm_op(Size::S32), Op::Xmm(x), byte_op]
            }
            Shape::LaneToReg(f) => {
                f(asm, r, Xmm::new(rm.reg()?), byte);
                vec![reg_op, xmm_op(), byte_op]
            }
            Shape::LaneToWide(f) => {
                f(asm, size, g(), x, byte);
                vec![rm_op(size), Op::Xmm(x), byte_op]
            }
            Shape::LaneFromRm(f) => {
                f(asm, x, g(), byte);
                vec![Op::Xmm(x), rm_op(Size::S32), byte_op]
            }
            Shape::LaneFromRmVex(f) => {
                f(asm, x, x3, g(), byte);
                vec![Op::Xmm(x), Op::Xmm(x3), rm_op(Size::S32), byte_op]
            }
            Shape::LaneFromWide(f) => {
                f(asm, size, x, g(), byte);
                vec![Op::Xmm(x), rm_op(size), byte_op]
            }
            Shape::LaneFromWideVex(f) => {
                f(asm, size, x, x3, g(), byte);
                vec![Op::Xmm(x), Op::Xmm(x3), rm_op(size), byte_op]
            }
        })
    }
}
