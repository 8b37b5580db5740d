//! Operands of all classes: registers that need a REX and that do not, bases that need a SIB or a displacement, displacements of all
//! lengths, places in the code and in the pool.

use crate::buffer::Label;
use crate::pool::Const;
use crate::x64::mem::{LABEL, Mem, NO_BASE, NO_INDEX, POOL, RegMem, Scale};
use crate::x64::regs::{Gpr, Size, Xmm};

/// What is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Gpr(Gpr, Size),
    Xmm(Xmm),
    Mem(Place, u32),
    /// Its lowest bits, as many as the operation has, and how many bytes these are.
    Imm(u64),
}

impl Op {
    /// An immediate that is sign-extended to the size of the operation.
    pub(super) fn imm(value: i32, size: Size) -> Op {
        Op::Imm(i64::from(value) as u64 & mask(size))
    }
}

/// The bits of a size.
pub(super) fn mask(size: Size) -> u64 {
    u64::MAX >> (64 - 8 * size.bytes())
}

/// An address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An offset in the object.
    Offset(Target),
    Address {
        base: Option<Gpr>,
        index: Option<Gpr>,
        scale: u32,
        disp: i64,
    },
}

/// Where a relative operand leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To the label with this number: [`BEFORE`] or [`BEHIND`].
    Label(u32),
    /// So far into the pool.
    Pool(u32),
}

/// The label in front of the instruction.
pub(super) const BEFORE: u32 = 0;
/// The label behind the instruction.
pub(super) const BEHIND: u32 = 1;

/// A register, of a kind that the shape knows, or memory.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Reg(u8),
    Mem(Mem),
}

impl Operand {
    pub(super) fn gpr(self) -> RegMem<Gpr> {
        match self {
            Operand::Reg(number) => RegMem::Reg(Gpr::new(number)),
            Operand::Mem(mem) => RegMem::Mem(mem),
        }
    }

    pub(super) fn xmm(self) -> RegMem<Xmm> {
        match self {
            Operand::Reg(number) => RegMem::Reg(Xmm::new(number)),
            Operand::Mem(mem) => RegMem::Mem(mem),
        }
    }

    pub(super) fn mem(self) -> Option<Mem> {
        match self {
            Operand::Reg(_) => None,
            Operand::Mem(mem) => Some(mem),
        }
    }

    pub(super) fn reg(self) -> Option<u8> {
        match self {
            Operand::Reg(number) => Some(number),
            Operand::Mem(_) => None,
        }
    }

    /// As it is decoded.
    pub(super) fn op(self, register: impl FnOnce(u8) -> Op, bytes: u32) -> Op {
        match self {
            Operand::Reg(number) => register(number),
            Operand::Mem(mem) => Op::Mem(place(mem), bytes),
        }
    }
}

fn place(mem: Mem) -> Place {
    match mem.base {
        LABEL => Place::Offset(Target::Label(mem.disp as u32)),
        POOL => Place::Offset(Target::Pool(mem.disp as u32)),
        base => Place::Address {
            base: (base != NO_BASE).then(|| Gpr::new(base)),
            index: (mem.index != NO_INDEX).then(|| Gpr::new(mem.index)),
            scale: if mem.index == NO_INDEX { 1 } else { 1 << mem.scale as u32 },
            disp: mem.disp.into(),
        },
    }
}

/// Displacements around each change of the encoding.
const DISPLACEMENTS: [i32; 12] =
    [0, 1, -1, 8, 127, 128, -128, -129, 0x1234_5678, -0x1234_5678, i32::MAX, i32::MIN];

/// Registers of all classes: with and without REX, and those whose numbers mean something else in ModRM or SIB.
const CLASSES: [Gpr; 8] = [Gpr::RAX, Gpr::RBX, Gpr::RSP, Gpr::RBP, Gpr::RDI, Gpr::R8, Gpr::R12, Gpr::R13];

/// Places in memory.
pub(super) fn memory() -> Vec<Mem> {
    let mut all = Vec::new();
    for base in (0..16).map(Gpr::new) {
        all.extend(DISPLACEMENTS.map(|disp| Mem::base(base, disp)));
    }
    let scales = [Scale::X1, Scale::X2, Scale::X4, Scale::X8];
    for base in CLASSES {
        for index in (0..16).map(Gpr::new).filter(|&index| index != Gpr::RSP) {
            for disp in [0, -24, 4096] {
                all.push(Mem::index(base, index, scales[usize::from(index.number() % 4)], disp));
            }
        }
        if base != Gpr::RSP {
            all.extend(scales.map(|scale| Mem::scaled(base, scale, 64)));
        }
    }
    all.extend([Mem::absolute(0x7000_0000), Mem::absolute(-4096)]);
    all.extend([BEFORE, BEHIND].map(|label| Mem::label(Label::numbered(label))));
    all.extend([0, 8].map(|offset| Mem::pool(Const(offset))));
    all
}

/// Pairs of a register and a register or memory: all pairs of registers, and each place in memory with some registers.
pub(super) fn pairs() -> Vec<(u8, Operand)> {
    let mut all = Vec::new();
    for reg in 0..16 {
        all.extend((0..16).map(|rm| (reg, Operand::Reg(rm))));
    }
    for (i, mem) in memory().into_iter().enumerate() {
        for k in 0..3 {
            all.push((((i + 5 * k) % 16) as u8, Operand::Mem(mem)));
        }
    }
    all
}

/// Immediates around each change of the encoding.
pub(super) const IMMEDIATES: [i32; 11] = [0, 1, -1, 7, 127, 128, -128, -129, 0x1234_5678, i32::MAX, i32::MIN];
