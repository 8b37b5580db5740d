//! Integer instructions: one table, a line per encoding as the manual has it, from which the methods are made.

use super::assembler::Assembler;
use super::encoding::{Enc, Map, Prefix};
use super::mem::{Mem, Rm};
use super::regs::{Cond, Gpr, Size};

/// Arithmetic and logic of two operands, by the number in the opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "they are mnemonics")]
pub enum Alu {
    Add,
    Or,
    Adc,
    Sbb,
    And,
    Sub,
    Xor,
    Cmp,
}

/// Shifts and rotations, by the number in the opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "they are mnemonics")]
pub enum Shift {
    Rol = 0,
    Ror = 1,
    Shl = 4,
    Shr = 5,
    Sar = 7,
}

const fn enc(map: Map, opcode: u8) -> Enc {
    Enc::new(Prefix::NP, map, opcode)
}

/// # Moves
impl Assembler {
    /// Loads or copies.
    #[inline]
    pub fn mov(&mut self, size: Size, target: Gpr, source: impl Rm<Gpr>) {
        source.encode(self, enc(Map::M1, 0x8B).sized(size), target.number(), 0, 0);
    }

    /// Stores.
    #[inline]
    pub fn mov_mr(&mut self, size: Size, target: Mem, source: Gpr) {
        self.put_memory_form(enc(Map::M1, 0x89).sized(size), source.number(), target, 0, 0);
    }

    /// Stores an immediate, sign-extended to 64 bits.
    #[inline]
    pub fn mov_mi(&mut self, size: Size, target: Mem, imm: i32) {
        self.put_memory_form(enc(Map::M1, 0xC7).sized_rm(size), 0, target, imm as u32, imm_len(size));
    }

    /// Sets all 64 bits of a register, in the shortest form that leaves the flags alone.
    #[inline(never)]
    pub fn mov_imm(&mut self, target: Gpr, imm: u64) {
        let number = target.number();
        if let Ok(low) = u32::try_from(imm) {
            self.put_opcode_form(enc(Map::M1, 0xB8), number, low.into(), 4);
        } else if let Ok(low) = i32::try_from(imm as i64) {
            self.put_register_form(enc(Map::M1, 0xC7).w(), 0, number, low as u32, 4);
        } else {
            self.put_opcode_form(enc(Map::M1, 0xB8).w(), number, imm, 8);
        }
    }

    /// Sets the flags as [`Assembler::xor`] does and the register to 0, in two or three bytes.
    #[inline]
    pub fn zero(&mut self, target: Gpr) {
        self.xor(Size::S32, target, target);
    }

    /// The address of a place in memory.
    ///
    /// # Panics
    ///
    /// For 8 bits.
    #[inline]
    pub fn lea(&mut self, size: Size, target: Gpr, source: Mem) {
        self.put_memory_form(enc(Map::M1, 0x8D).wide(size), target.number(), source, 0, 0);
    }
}

/// The bytes of an immediate: it has the operation's size, but never more than four.
#[inline]
const fn imm_len(size: Size) -> usize {
    match size {
        Size::S8 => 1,
        Size::S16 => 2,
        Size::S32 | Size::S64 => 4,
    }
}

/// # Arithmetic and logic by number
impl Assembler {
    /// `target = target op source`
    #[inline]
    pub fn alu(&mut self, op: Alu, size: Size, target: Gpr, source: impl Rm<Gpr>) {
        source.encode(self, enc(Map::M1, 0x03).plus((op as u8) << 3).sized(size), target.number(), 0, 0);
    }

    /// `target = target op source` in memory.
    #[inline]
    pub fn alu_mr(&mut self, op: Alu, size: Size, target: Mem, source: Gpr) {
        self.put_memory_form(
            enc(Map::M1, 0x01).plus((op as u8) << 3).sized(size),
            source.number(),
            target,
            0,
            0,
        );
    }

    /// `target = target op imm`, the immediate sign-extended to 64 bits, in one byte where it fits.
    #[inline]
    pub fn alu_imm(&mut self, op: Alu, size: Size, target: impl Rm<Gpr>, imm: i32) {
        if size == Size::S8 {
            target.encode(self, enc(Map::M1, 0x81).sized_rm(size), op as u8, imm as u32 & 0xFF, 1);
        } else if imm == imm as i8 as i32 {
            target.encode(self, enc(Map::M1, 0x83).wide(size), op as u8, imm as u32 & 0xFF, 1);
        } else {
            target.encode(self, enc(Map::M1, 0x81).wide(size), op as u8, imm as u32, imm_len(size));
        }
    }

    /// Shifts or rotates by an immediate.
    #[inline]
    pub fn shift_imm(&mut self, op: Shift, size: Size, target: impl Rm<Gpr>, by: u8) {
        target.encode(self, enc(Map::M1, 0xC1).sized_rm(size), op as u8, by.into(), 1);
    }

    /// Shifts or rotates by `cl`.
    #[inline]
    pub fn shift_cl(&mut self, op: Shift, size: Size, target: impl Rm<Gpr>) {
        target.encode(self, enc(Map::M1, 0xD3).sized_rm(size), op as u8, 0, 0);
    }

    /// Sets a byte to 1 if the condition holds, else to 0. The rest of the register stays.
    #[inline]
    pub fn setcc(&mut self, cond: Cond, target: impl Rm<Gpr>) {
        target.encode(self, enc(Map::M0F, 0x90).plus(cond as u8).byte_rm(), 0, 0, 0);
    }

    /// Copies if the condition holds. With 32 bits the upper half is cleared either way.
    ///
    /// # Panics
    ///
    /// For 8 bits.
    #[inline]
    pub fn cmov(&mut self, cond: Cond, size: Size, target: Gpr, source: impl Rm<Gpr>) {
        source.encode(self, enc(Map::M0F, 0x40).plus(cond as u8).wide(size), target.number(), 0, 0);
    }
}

macro_rules! alu {
    ($($op:ident $name:ident $name_mr:ident $name_imm:ident)*) => {
        /// # Arithmetic and logic
        impl Assembler {
            $(
                #[doc = concat!("`", stringify!($name), " target, source`")]
                #[inline]
                pub fn $name(&mut self, size: Size, target: Gpr, source: impl Rm<Gpr>) {
                    self.alu(Alu::$op, size, target, source);
                }

                #[doc = concat!("`", stringify!($name), " target, source` with the target in memory.")]
                #[inline]
                pub fn $name_mr(&mut self, size: Size, target: Mem, source: Gpr) {
                    self.alu_mr(Alu::$op, size, target, source);
                }

                #[doc = concat!("`", stringify!($name), " target, imm`, the immediate sign-extended to 64 bits.")]
                #[inline]
                pub fn $name_imm(&mut self, size: Size, target: impl Rm<Gpr>, imm: i32) {
                    self.alu_imm(Alu::$op, size, target, imm);
                }
            )*
        }
    };
}

alu! {
    Add add add_mr add_imm
    Or or or_mr or_imm
    Adc adc adc_mr adc_imm
    Sbb sbb sbb_mr sbb_imm
    And and and_mr and_imm
    Sub sub sub_mr sub_imm
    Xor xor xor_mr xor_imm
    Cmp cmp cmp_mr cmp_imm
}

macro_rules! shifts {
    ($($op:ident $name_imm:ident $name_cl:ident)*) => {
        /// # Shifts and rotations
        impl Assembler {
            $(
                #[doc = concat!("`", stringify!($op), " target, imm`")]
                #[inline]
                pub fn $name_imm(&mut self, size: Size, target: impl Rm<Gpr>, by: u8) {
                    self.shift_imm(Shift::$op, size, target, by);
                }

                #[doc = concat!("`", stringify!($op), " target, cl`")]
                #[inline]
                pub fn $name_cl(&mut self, size: Size, target: impl Rm<Gpr>) {
                    self.shift_cl(Shift::$op, size, target);
                }
            )*
        }
    };
}

shifts! {
    Rol rol_imm rol_cl
    Ror ror_imm ror_cl
    Shl shl_imm shl_cl
    Shr shr_imm shr_cl
    Sar sar_imm sar_cl
}

/// # Tests, increments
impl Assembler {
    /// Sets the flags as [`Assembler::and`] would.
    #[inline]
    pub fn test(&mut self, size: Size, first: impl Rm<Gpr>, second: Gpr) {
        first.encode(self, enc(Map::M1, 0x85).sized(size), second.number(), 0, 0);
    }

    /// Sets the flags as [`Assembler::and_imm`] would.
    #[inline]
    pub fn test_imm(&mut self, size: Size, first: impl Rm<Gpr>, imm: i32) {
        first.encode(self, enc(Map::M1, 0xF7).sized_rm(size), 0, imm as u32, imm_len(size));
    }

    /// Adds 1; leaves the carry.
    #[inline]
    pub fn inc(&mut self, size: Size, target: impl Rm<Gpr>) {
        target.encode(self, enc(Map::M1, 0xFF).sized_rm(size), 0, 0, 0);
    }

    /// Subtracts 1; leaves the carry.
    #[inline]
    pub fn dec(&mut self, size: Size, target: impl Rm<Gpr>) {
        target.encode(self, enc(Map::M1, 0xFF).sized_rm(size), 1, 0, 0);
    }
}
