//! Instructions that look at single bits: counts, searches, and the groups BMI1 and BMI2, which leave the flags alone or set them
//! by the result.

use super::assembler::Assembler;
use super::encoding::{Enc, Map, Prefix};
use super::mem::Rm;
use super::regs::{Gpr, Size};
use super::tables::instructions;
#[cfg(test)]
use super::tests::{Case, Shape};

instructions! { table;
    "# Counts and searches, of 16, 32 or 64 bits"
    [RegRm(size: Size, target: Gpr, source: impl Rm<Gpr>) |asm, enc| source.encode(asm, enc.wide(size), target.number(), 0, 0)] {
        /// The number of the lowest bit that is set. For 0 the zero flag is set and the target undefined.
        bsf: NP M0F 0xBC;
        /// The number of the highest bit that is set. For 0 the zero flag is set and the target undefined.
        bsr: NP M0F 0xBD;
        /// How many bits are set. Needs POPCNT.
        popcnt: F3 M0F 0xB8;
        /// How many zeroes are below the lowest bit that is set. Needs BMI1: without it this is [`Assembler::bsf`].
        tzcnt: F3 M0F 0xBC;
        /// How many zeroes are above the highest bit that is set. Needs LZCNT: without it this is [`Assembler::bsr`].
        lzcnt: F3 M0F 0xBD;
    }
    "# Single bits, of 16, 32 or 64 bits"
    [WideRmImm8(size: Size, target: impl Rm<Gpr>, bit: u8) |asm, enc| target.encode(asm, enc.wide(size), enc.digit(), bit.into(), 1)] {
        /// Copies the bit to the carry.
        bt_imm: NP M0F 0xBA / 4;
        /// Copies the bit to the carry and sets it.
        bts_imm: NP M0F 0xBA / 5;
        /// Copies the bit to the carry and clears it.
        btr_imm: NP M0F 0xBA / 6;
        /// Copies the bit to the carry and inverts it.
        btc_imm: NP M0F 0xBA / 7;
    }
    "# BMI1 and BMI2: the last operand is a register, of 32 or 64 bits"
    [VexRegRmReg(size: Size, target: Gpr, source: impl Rm<Gpr>, by: Gpr) |asm, enc|
        source.encode_vex(asm, enc.wide_vex(size), target.number(), by.number(), 0, 0)] {
        /// Extracts as many bits as the second byte of `by` says, from the bit on that its first byte says. Needs BMI1.
        bextr: NP M0F38 0xF7;
        /// Clears the bits from the one on that the lowest byte of `by` says. Needs BMI2.
        bzhi: NP M0F38 0xF5;
        /// Needs BMI2.
        shlx: P66 M0F38 0xF7;
        /// Needs BMI2.
        sarx: F3 M0F38 0xF7;
        /// Needs BMI2.
        shrx: F2 M0F38 0xF7;
    }
    "# BMI1 and BMI2: the last operand is a register or memory, of 32 or 64 bits"
    [VexRegRegRm(size: Size, target: Gpr, first: Gpr, second: impl Rm<Gpr>) |asm, enc|
        second.encode_vex(asm, enc.wide_vex(size), target.number(), first.number(), 0, 0)] {
        /// The second, without the bits of the first. Needs BMI1.
        andn: NP M0F38 0xF2;
        /// Spreads the lowest bits of the first over those that are set in the second. Needs BMI2.
        pdep: F2 M0F38 0xF5;
        /// Gathers the bits of the first that are set in the second. Needs BMI2.
        pext: F3 M0F38 0xF5;
    }
    "# BMI1: lowest set bit, of 32 or 64 bits"
    [VexRegRm(size: Size, target: Gpr, source: impl Rm<Gpr>) |asm, enc|
        source.encode_vex(asm, enc.wide_vex(size), enc.digit(), target.number(), 0, 0)] {
        /// Without the lowest bit that is set. Needs BMI1.
        blsr: NP M0F38 0xF3 / 1;
        /// All bits up to the lowest that is set. Needs BMI1.
        blsmsk: NP M0F38 0xF3 / 2;
        /// Only the lowest bit that is set. Needs BMI1.
        blsi: NP M0F38 0xF3 / 3;
    }
    "# BMI2: rotation by an immediate, of 32 or 64 bits"
    [VexRegRmImm8(size: Size, target: Gpr, source: impl Rm<Gpr>, by: u8) |asm, enc|
        source.encode_vex(asm, enc.wide_vex(size), target.number(), 0, by.into(), 1)] {
        /// Needs BMI2.
        rorx: F2 M0F3A 0xF0;
    }
}
