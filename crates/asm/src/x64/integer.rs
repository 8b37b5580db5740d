//! Integer instructions: arithmetic, logic, multiplication and division, shifts and rotations.

use super::assembler::Assembler;
use super::encoding::{Enc, Map, Prefix, imm_bytes};
use super::mem::{Mem, Rm};
use super::regs::{Gpr, Size};
use super::tables::instructions;
#[cfg(test)]
use super::tests::{Case, Shape};

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

const fn enc(opcode: u8) -> Enc {
    Enc::new(Prefix::NP, Map::M1, opcode)
}

/// # Arithmetic and logic by number
impl Assembler {
    /// `op target, source`
    #[inline]
    pub fn alu(&mut self, op: Alu, size: Size, target: Gpr, source: impl Rm<Gpr>) {
        source.encode(self, enc(0x03).plus((op as u8) << 3).sized(size), target.number(), 0, 0);
    }

    /// `op target, source` with the target in memory.
    #[inline]
    pub fn alu_mr(&mut self, op: Alu, size: Size, target: Mem, source: Gpr) {
        self.put_memory_form(enc(0x01).plus((op as u8) << 3).sized(size), source.number(), target, 0, 0);
    }

    /// `op target, imm`, the immediate sign-extended to 64 bits, in one byte where it fits.
    #[inline]
    pub fn alu_imm(&mut self, op: Alu, size: Size, target: impl Rm<Gpr>, imm: i32) {
        if size == Size::S8 {
            target.encode(self, enc(0x81).sized_rm(size), op as u8, imm as u32, 1);
        } else if imm == i32::from(imm as i8) {
            target.encode(self, enc(0x83).wide(size), op as u8, imm as u32, 1);
        } else {
            target.encode(self, enc(0x81).wide(size), op as u8, imm as u32, imm_bytes(size));
        }
    }

    /// `op target, imm`: shifts or rotates. By 1 there is a shorter form.
    #[inline]
    pub fn shift_imm(&mut self, op: Shift, size: Size, target: impl Rm<Gpr>, by: u8) {
        if by == 1 {
            return target.encode(self, enc(0xD1).sized_rm(size), op as u8, 0, 0);
        }
        target.encode(self, enc(0xC1).sized_rm(size), op as u8, by.into(), 1);
    }

    /// `op target, cl`: shifts or rotates.
    #[inline]
    pub fn shift_cl(&mut self, op: Shift, size: Size, target: impl Rm<Gpr>) {
        target.encode(self, enc(0xD3).sized_rm(size), op as u8, 0, 0);
    }
}

macro_rules! by_number {
    ($($op:ident $name:ident $name_mr:ident $name_imm:ident)* ; $($shift:ident $shift_imm:ident $shift_cl:ident)*) => {
        /// # Arithmetic and logic
        impl Assembler { $(
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
        )* }

        /// # Shifts and rotations
        impl Assembler { $(
            #[doc = concat!("`", stringify!($shift), " target, imm`")]
            #[inline]
            pub fn $shift_imm(&mut self, size: Size, target: impl Rm<Gpr>, by: u8) {
                self.shift_imm(Shift::$shift, size, target, by);
            }

            #[doc = concat!("`", stringify!($shift), " target, cl`")]
            #[inline]
            pub fn $shift_cl(&mut self, size: Size, target: impl Rm<Gpr>) {
                self.shift_cl(Shift::$shift, size, target);
            }
        )* }

        /// The instructions with a number.
        #[cfg(test)]
        pub(super) fn by_number() -> Vec<Case> {
            vec![
                $(
                    Case::new(stringify!($name), &[], Shape::AnyRegRm(|asm, size, target, source| asm.$name(size, target, source))),
                    Case::new(stringify!($name_mr), &[], Shape::MemReg(|asm, size, target, source| asm.$name_mr(size, target, source))),
                    Case::new(stringify!($name_imm), &[], Shape::RmImm(|asm, size, target, imm| asm.$name_imm(size, target, imm))),
                )*
                $(
                    Case::new(stringify!($shift_imm), &[], Shape::RmImm8(|asm, size, target, by| asm.$shift_imm(size, target, by))),
                    Case::new(stringify!($shift_cl), &[], Shape::RmCl(|asm, size, target| asm.$shift_cl(size, target))),
                )*
            ]
        }
    };
}

by_number! {
    Add add add_mr add_imm
    Or or or_mr or_imm
    Adc adc adc_mr adc_imm
    Sbb sbb sbb_mr sbb_imm
    And and and_mr and_imm
    Sub sub sub_mr sub_imm
    Xor xor xor_mr xor_imm
    Cmp cmp cmp_mr cmp_imm
    ;
    Rol rol_imm rol_cl
    Ror ror_imm ror_cl
    Shl shl_imm shl_cl
    Shr shr_imm shr_cl
    Sar sar_imm sar_cl
}

instructions! { table;
    "# One operand

Opcodes are those for 32 bits; those for bytes are one less."
    [Rm(size: Size, target: impl Rm<Gpr>) |asm, enc| target.encode(asm, enc.sized_rm(size), enc.digit(), 0, 0)] {
        /// Inverts all bits; leaves the flags.
        not: NP M1 0xF7 / 2;
        /// The number with the other sign.
        neg: NP M1 0xF7 / 3;
        /// `rdx:rax = rax * target`, unsigned; for 8 bits `ax = al * target`.
        mul: NP M1 0xF7 / 4;
        /// `rdx:rax = rax * target`, signed; for 8 bits `ax = al * target`.
        imul_wide: NP M1 0xF7 / 5;
        /// `rax, rdx = rdx:rax / target`, quotient and remainder, unsigned. Raises an exception where the quotient does not fit.
        div: NP M1 0xF7 / 6;
        /// `rax, rdx = rdx:rax / target`, quotient and remainder, signed. Raises an exception where the quotient does not fit.
        idiv: NP M1 0xF7 / 7;
        /// Adds 1; leaves the carry.
        inc: NP M1 0xFF / 0;
        /// Subtracts 1; leaves the carry.
        dec: NP M1 0xFF / 1;
    }
    "# Multiplication in one register, of 16, 32 or 64 bits"
    [RegRm(size: Size, target: Gpr, source: impl Rm<Gpr>) |asm, enc| source.encode(asm, enc.wide(size), target.number(), 0, 0)] {
        imul: NP M0F 0xAF;
    }
    "# Shifts of two registers, of 16, 32 or 64 bits"
    [RmRegImm8(size: Size, target: impl Rm<Gpr>, source: Gpr, by: u8) |asm, enc|
        target.encode(asm, enc.wide(size), source.number(), by.into(), 1)] {
        /// Shifts left and fills up with the highest bits of the source.
        shld_imm: NP M0F 0xA4;
        /// Shifts right and fills up with the lowest bits of the source.
        shrd_imm: NP M0F 0xAC;
    }
    "# Shifts of two registers by `cl`, of 16, 32 or 64 bits"
    [RmRegCl(size: Size, target: impl Rm<Gpr>, source: Gpr) |asm, enc| target.encode(asm, enc.wide(size), source.number(), 0, 0)] {
        /// Shifts left and fills up with the highest bits of the source.
        shld_cl: NP M0F 0xA5;
        /// Shifts right and fills up with the lowest bits of the source.
        shrd_cl: NP M0F 0xAD;
    }
    "# Comparison by `and`"
    [RmReg(size: Size, first: impl Rm<Gpr>, second: Gpr) |asm, enc| first.encode(asm, enc.sized(size), second.number(), 0, 0)] {
        test: NP M1 0x85;
    }
    "# Comparison by `and` with an immediate, which is sign-extended to 64 bits"
    [RmImm(size: Size, first: impl Rm<Gpr>, imm: i32) |asm, enc|
        first.encode(asm, enc.sized_rm(size), enc.digit(), imm as u32, imm_bytes(size))] {
        test_imm: NP M1 0xF7 / 0;
    }
    "# Multiplication by an immediate, of 16, 32 or 64 bits"
    [RegRmImm(size: Size, target: Gpr, source: impl Rm<Gpr>, imm: i32) |asm, enc| if imm == i32::from(imm as i8) {
        // The opcode with an immediate of one byte is two higher.
        source.encode(asm, enc.plus(2).wide(size), target.number(), imm as u32, 1);
    } else {
        source.encode(asm, enc.wide(size), target.number(), imm as u32, imm_bytes(size));
    }] {
        imul_imm: NP M1 0x69;
    }
}
