//! Branches, calls, the stack, and what stands alone.

use super::assembler::{Assembler, Distance};
use super::encoding::{Enc, Map, Prefix};
use super::mem::Rm;
use super::regs::{Cond, Gpr, Size};
use crate::buffer::Label;

const fn enc(map: Map, opcode: u8) -> Enc {
    Enc::new(Prefix::NP, map, opcode)
}

/// # Branches and calls
///
/// Branches back take two bytes where their target is near enough. Those to labels that are not bound yet have room for any
/// distance; the endings `_short` promise that the target will be within 127 bytes, otherwise [`Assembler::finish`] fails.
impl Assembler {
    /// Jumps to a label.
    #[inline]
    pub fn jmp(&mut self, target: Label) {
        self.branch(enc(Map::M1, 0xEB), enc(Map::M1, 0xE9), target);
    }

    /// Jumps to a label if the condition holds.
    #[inline]
    pub fn jcc(&mut self, cond: Cond, target: Label) {
        self.branch(enc(Map::M1, 0x70).plus(cond as u8), enc(Map::M0F, 0x80).plus(cond as u8), target);
    }

    /// Jumps to a label that will be near.
    #[inline]
    pub fn jmp_short(&mut self, target: Label) {
        self.short(enc(Map::M1, 0xEB), target);
    }

    /// Jumps to a label that will be near if the condition holds.
    #[inline]
    pub fn jcc_short(&mut self, cond: Cond, target: Label) {
        self.short(enc(Map::M1, 0x70).plus(cond as u8), target);
    }

    /// Calls a label.
    #[inline]
    pub fn call(&mut self, target: Label) {
        self.near(enc(Map::M1, 0xE8), target);
    }

    /// Jumps to an address.
    #[inline]
    pub fn jmp_to(&mut self, address: impl Rm<Gpr>) {
        address.encode(self, enc(Map::M1, 0xFF), 4, 0, 0);
    }

    /// Calls an address.
    #[inline]
    pub fn call_to(&mut self, address: impl Rm<Gpr>) {
        address.encode(self, enc(Map::M1, 0xFF), 2, 0, 0);
    }

    /// Returns.
    #[inline]
    pub fn ret(&mut self) {
        self.put_plain(enc(Map::M1, 0xC3), 0, 0);
    }

    #[inline(never)]
    fn branch(&mut self, short: Enc, near: Enc, target: Label) {
        match self.place(target) {
            // Short forms have two bytes.
            Some(place) if self.offset() + 2 - place <= 128 => {
                let distance = place.wrapping_sub(self.offset() + 2);
                self.put_plain(short, u64::from(distance as u8), 1);
            }
            _ => self.near(near, target),
        }
    }

    fn near(&mut self, enc: Enc, target: Label) {
        let at = self.offset() + enc.opcode_bits() / 8;
        let written = match self.place(target) {
            Some(place) => place.wrapping_sub(at + 4),
            None => {
                self.buffer.refer_to_label(at, target, Distance::Rel32);
                4_u32.wrapping_neg()
            }
        };
        self.put_plain(enc, written.into(), 4);
    }

    fn short(&mut self, enc: Enc, target: Label) {
        let at = self.offset() + 1;
        self.buffer.refer_to_label(at, target, Distance::Rel8);
        self.put_plain(enc, 0xFF, 1);
    }
}

/// # The native stack
impl Assembler {
    /// Pushes 64 bits.
    #[inline]
    pub fn push(&mut self, source: Gpr) {
        self.put_opcode_form(enc(Map::M1, 0x50), source.number(), 0, 0);
    }

    /// Pushes 64 bits from memory (or a register, in a longer form).
    #[inline]
    pub fn push_rm(&mut self, source: impl Rm<Gpr>) {
        source.encode(self, enc(Map::M1, 0xFF), 6, 0, 0);
    }

    /// Pushes an immediate, sign-extended.
    #[inline]
    pub fn push_imm(&mut self, imm: i32) {
        if let Ok(byte) = i8::try_from(imm) {
            self.put_plain(enc(Map::M1, 0x6A), u64::from(byte as u8), 1);
        } else {
            self.put_plain(enc(Map::M1, 0x68), u64::from(imm as u32), 4);
        }
    }

    /// Pops 64 bits.
    #[inline]
    pub fn pop(&mut self, target: Gpr) {
        self.put_opcode_form(enc(Map::M1, 0x58), target.number(), 0, 0);
    }

    /// Pops 64 bits into memory (or a register, in a longer form).
    #[inline]
    pub fn pop_rm(&mut self, target: impl Rm<Gpr>) {
        target.encode(self, enc(Map::M1, 0x8F), 0, 0, 0);
    }
}

/// # What stands alone
impl Assembler {
    /// Raises an invalid-opcode exception.
    #[inline]
    pub fn ud2(&mut self) {
        self.put_plain(enc(Map::M0F, 0x0B), 0, 0);
    }

    /// Raises a breakpoint exception.
    #[inline]
    pub fn int3(&mut self) {
        self.put_plain(enc(Map::M1, 0xCC), 0, 0);
    }

    /// Waits until all earlier loads and stores are visible to all processors.
    #[inline]
    pub fn mfence(&mut self) {
        self.put_plain(enc(Map::M0F, 0xAE), 0xF0, 1);
    }

    /// Tells the processor that a loop waits for another thread.
    #[inline]
    pub fn pause(&mut self) {
        self.put_plain(Enc::new(Prefix::F3, Map::M1, 0x90), 0, 0);
    }

    /// Extends the sign of `eax` into `edx`, or of `rax` into `rdx`: the upper half of what [`Assembler::idiv`] divides.
    ///
    /// # Panics
    ///
    /// For 8 bits.
    #[inline]
    pub fn cdq(&mut self, size: Size) {
        self.put_plain(enc(Map::M1, 0x99).wide(size), 0, 0);
    }

    /// So many bytes of instructions that do nothing, in the longest forms that Intel recommends.
    pub fn nop(&mut self, mut bytes: usize) {
        const FORMS: [&[u8]; 9] = [
            &[0x90],
            &[0x66, 0x90],
            &[0x0F, 0x1F, 0x00],
            &[0x0F, 0x1F, 0x40, 0x00],
            &[0x0F, 0x1F, 0x44, 0x00, 0x00],
            &[0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00],
            &[0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00],
            &[0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
            &[0x66, 0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
        ];
        while bytes > 0 {
            let form = FORMS[bytes.min(FORMS.len()) - 1];
            self.buffer.put_bytes(form);
            bytes -= form.len();
        }
    }

    /// Does nothing up to the next multiple of `align`, a power of two.
    pub fn align(&mut self, align: u32) {
        let missing = self.offset().next_multiple_of(align) - self.offset();
        self.nop(missing as usize);
    }
}
