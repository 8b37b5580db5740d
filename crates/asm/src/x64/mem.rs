//! Operands: [`Mem`] for memory, and the traits that let one method take a register or memory.

use super::assembler::Assembler;
use super::encoding::Enc;
use super::regs::{Gpr, Xmm};
use crate::buffer::Label;
use crate::pool::Const;

/// What an index is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scale {
    /// 1.
    X1,
    /// 2.
    X2,
    /// 4.
    X4,
    /// 8.
    X8,
}

/// An operand in memory: base, scaled index and displacement, or a place in the code or the pool.
///
/// # Examples
///
/// ```
/// use upshift_asm::x64::{Assembler, Gpr, Mem, Scale, Size};
///
/// let mut asm = Assembler::new();
/// asm.mov(Size::S64, Gpr::RAX, Mem::base(Gpr::RBX, -24));
/// asm.lea(Size::S64, Gpr::RCX, Mem::index(Gpr::R15, Gpr::RAX, Scale::X1, 0x1000));
/// assert_eq!(asm.finish().unwrap().bytes, [0x48, 0x8B, 0x43, 0xE8, 0x49, 0x8D, 0x8C, 0x07, 0x00, 0x10, 0x00, 0x00]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mem {
    /// A register's number or one of the following.
    pub(super) base: u8,
    /// A register's number, or that of `rsp` for none, as it is encoded.
    pub(super) index: u8,
    pub(super) scale: Scale,
    /// The displacement, the label's number or the offset in the pool.
    pub(super) disp: i32,
}

/// Only index and displacement.
pub(super) const NO_BASE: u8 = 16;
/// A label.
pub(super) const LABEL: u8 = 17;
/// A place in the pool.
pub(super) const POOL: u8 = 18;

/// What stands in the encoding for no index.
pub(super) const NO_INDEX: u8 = 4;

impl Mem {
    /// `[base + disp]`
    #[inline]
    pub const fn base(base: Gpr, disp: i32) -> Mem {
        Mem { base: base.number(), index: NO_INDEX, scale: Scale::X1, disp }
    }

    /// `[base + index * scale + disp]`
    ///
    /// # Panics
    ///
    /// When the index is `rsp`, which cannot be one.
    #[inline]
    pub const fn index(base: Gpr, index: Gpr, scale: Scale, disp: i32) -> Mem {
        assert!(index.number() != NO_INDEX, "rsp is no index");
        Mem { base: base.number(), index: index.number(), scale, disp }
    }

    /// `[index * scale + disp]`
    ///
    /// # Panics
    ///
    /// When the index is `rsp`, which cannot be one.
    #[inline]
    pub const fn scaled(index: Gpr, scale: Scale, disp: i32) -> Mem {
        assert!(index.number() != NO_INDEX, "rsp is no index");
        Mem { base: NO_BASE, index: index.number(), scale, disp }
    }

    /// The lowest and the highest 2 GiB of the address space: `[disp]`, sign-extended.
    #[inline]
    pub const fn absolute(disp: i32) -> Mem {
        Mem { base: NO_BASE, index: NO_INDEX, scale: Scale::X1, disp }
    }

    /// The place of a label of the same code.
    #[inline]
    pub const fn label(label: Label) -> Mem {
        Mem { base: LABEL, index: NO_INDEX, scale: Scale::X1, disp: label.number() as i32 }
    }

    /// A place in the pool.
    #[inline]
    pub const fn pool(place: Const) -> Mem {
        Mem { base: POOL, index: NO_INDEX, scale: Scale::X1, disp: place.offset() as i32 }
    }

    /// The label of an operand that is one.
    #[inline]
    pub(super) fn target(self) -> Label {
        debug_assert_eq!(self.base, LABEL);
        Label::numbered(self.disp as u32)
    }

    /// The same with another displacement on top, or `None` where that does not fit or the operand is a label.
    #[inline]
    pub const fn plus(self, bytes: i32) -> Option<Mem> {
        match self.disp.checked_add(bytes) {
            Some(disp) if self.base != LABEL && !(self.base == POOL && disp < 0) => {
                Some(Mem { disp, ..self })
            }
            _ => None,
        }
    }
}

impl Mem {
    /// Encodes an instruction with this operand and a vector register.
    #[inline]
    pub(super) fn encode_xmm(self, asm: &mut Assembler, enc: Enc, register: Xmm) {
        asm.put_memory_form(enc, register.number(), self, 0, 0);
    }

    /// The same with VEX.
    #[inline]
    pub(super) fn encode_xmm_vex(self, asm: &mut Assembler, enc: Enc, register: Xmm) {
        asm.put_vex_memory_form(enc, register.number(), 0, self, 0, 0);
    }
}

impl From<Const> for Mem {
    fn from(place: Const) -> Mem {
        Mem::pool(place)
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A register or memory, where an encoding takes either: the `r/m` of the manuals. `R` is the kind of the register.
pub trait Rm<R>: Copy + sealed::Sealed {
    /// Encodes an instruction with this operand, with `reg` in the field for the other register, and appends the lowest `imm_len`
    /// bytes of `imm`.
    #[doc(hidden)]
    fn encode(self, asm: &mut Assembler, enc: Enc, reg: u8, imm: u32, imm_len: usize);

    /// The same as a three-operand instruction, `second` being the register in the prefix.
    #[doc(hidden)]
    fn encode_vex(self, asm: &mut Assembler, enc: Enc, reg: u8, second: u8, imm: u32, imm_len: usize);
}

macro_rules! register_operand {
    ($register:ident) => {
        impl sealed::Sealed for $register {}

        impl Rm<$register> for $register {
            #[inline]
            fn encode(self, asm: &mut Assembler, enc: Enc, reg: u8, imm: u32, imm_len: usize) {
                asm.put_register_form(enc, reg, self.number(), imm, imm_len);
            }

            #[inline]
            fn encode_vex(
                self,
                asm: &mut Assembler,
                enc: Enc,
                reg: u8,
                second: u8,
                imm: u32,
                imm_len: usize,
            ) {
                asm.put_vex_register_form(enc, reg, second, self.number(), imm, imm_len);
            }
        }
    };
}

register_operand!(Gpr);
register_operand!(Xmm);

impl sealed::Sealed for Mem {}

impl<R> Rm<R> for Mem {
    #[inline]
    fn encode(self, asm: &mut Assembler, enc: Enc, reg: u8, imm: u32, imm_len: usize) {
        asm.put_memory_form(enc, reg, self, imm, imm_len);
    }

    #[inline]
    fn encode_vex(self, asm: &mut Assembler, enc: Enc, reg: u8, second: u8, imm: u32, imm_len: usize) {
        asm.put_vex_memory_form(enc, reg, second, self, imm, imm_len);
    }
}

/// A register or memory that is only known at run time of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegMem<R> {
    /// A register.
    Reg(R),
    /// Memory.
    Mem(Mem),
}

impl<R> sealed::Sealed for RegMem<R> {}

impl<R: Rm<R>> Rm<R> for RegMem<R> {
    #[inline]
    fn encode(self, asm: &mut Assembler, enc: Enc, reg: u8, imm: u32, imm_len: usize) {
        match self {
            RegMem::Reg(register) => register.encode(asm, enc, reg, imm, imm_len),
            RegMem::Mem(mem) => asm.put_memory_form(enc, reg, mem, imm, imm_len),
        }
    }

    #[inline]
    fn encode_vex(self, asm: &mut Assembler, enc: Enc, reg: u8, second: u8, imm: u32, imm_len: usize) {
        match self {
            RegMem::Reg(register) => register.encode_vex(asm, enc, reg, second, imm, imm_len),
            RegMem::Mem(mem) => asm.put_vex_memory_form(enc, reg, second, mem, imm, imm_len),
        }
    }
}
