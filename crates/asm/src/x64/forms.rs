//! The forms of instructions: how prefixes, opcode, registers, memory and immediate become bytes.
//!
//! Every instruction is put together in two words, what is in front of the displacement and the rest, and stored by
//! [`CodeBuffer::put`](crate::CodeBuffer::put).

use super::assembler::{Assembler, Distance};
use super::encoding::{Enc, Legacy, Vex};
use super::mem::{Mem, NO_BASE, NO_INDEX, POOL, Scale};
use super::regs::Gpr;

/// A part of an instruction: bytes, the first lowest, and how many they are.
#[derive(Clone, Copy)]
struct Part {
    bytes: u64,
    len: usize,
}

/// Prefixes, REX where it is needed, opcode and what comes behind.
///
/// This and what calls it is the way of most instructions: without branches on what differs from one to the next.
#[inline]
fn head(enc: Legacy, rex: u32, needed: bool, behind: Part) -> Part {
    let bytes = enc.rex_and_opcode() | u64::from(rex) | behind.bytes << enc.bits();
    // A REX without bits goes.
    let gone = usize::from(bytes as u8 == 0x40 && !needed);
    Part {
        bytes: bytes >> (8 * gone) << enc.prefix_bits() | enc.prefixes(),
        len: enc.len() + behind.len - gone,
    }
}

/// VEX and opcode. `rex` has the bits of a REX.
#[inline]
fn vex_head(vex: Vex, rex: u8, second: u8, behind: Part) -> Part {
    let rex = rex | vex.w();
    let last = u64::from((!second & 15) << 3 | vex.prefix());
    // Inverted, as all of VEX but W.
    let r = u64::from(!rex & 4) << 5;
    let (bytes, len) = if rex & 0b1011 == 0 && vex.map() == 1 {
        (0xC5 | (r | last) << 8 | vex.opcode() << 16, 3)
    } else {
        let xb = u64::from(!rex & 3) << 5;
        let w = u64::from(rex & 8) << 4;
        let first = r | xb | u64::from(vex.map());
        (0xC4 | first << 8 | (w | last) << 16 | vex.opcode() << 24, 4)
    };
    Part { bytes: bytes | behind.bytes << (8 * len), len: len + behind.len }
}

/// The bits of the REX for registers in `reg` and `rm`.
#[inline]
fn rex_of_registers(reg: u8, rm: u8) -> u32 {
    u32::from(reg) >> 3 << 2 | u32::from(rm) >> 3
}

/// The bits of the REX for a register in `reg` and a place in memory.
#[inline]
fn rex_of_memory(reg: u8, mem: Mem) -> u32 {
    // What is no register has more than four bits.
    let base = if mem.base < NO_BASE { u32::from(mem.base) >> 3 } else { 0 };
    u32::from(reg) >> 3 << 2 | u32::from(mem.index) >> 3 << 1 | base
}

#[inline]
fn modrm(mode: u32, reg: u8, rm: u32) -> u64 {
    u64::from(mode << 6 | (u32::from(reg) & 7) << 3 | rm & 7)
}

/// ModRM for two registers.
#[inline]
fn two_registers(reg: u8, rm: u8) -> Part {
    Part { bytes: modrm(3, reg, rm.into()), len: 1 }
}

/// The SIB, in the byte behind the ModRM.
#[inline]
fn sib(mem: Mem, base: u32) -> u64 {
    u64::from((mem.scale as u32) << 6 | (u32::from(mem.index) & 7) << 3 | base & 7) << 8
}

/// The mode in ModRM for a place with a base: 0 without displacement, 1 for one of a byte, 2 for one of four. So the displacement has as
/// many bytes as the square says.
#[inline]
fn mode(mem: Mem) -> u32 {
    // `rbp` and `r13` without displacement would mean something else.
    let there = u32::from(mem.disp != 0 || mem.base & 7 == 5);
    there << u32::from(mem.disp != i32::from(mem.disp as i8))
}

/// The bytes of the displacement in such a mode.
#[inline]
fn disp_len(mode: u32) -> usize {
    (mode * mode) as usize
}

/// ModRM, SIB, and how many bytes the displacement has, for a place with a base.
#[inline]
fn based(reg: u8, mem: Mem) -> (Part, usize) {
    let base = u32::from(mem.base);
    let mode = mode(mem);
    // `rsp` and `r12` as base are only there with a SIB.
    let part = if mem.index == NO_INDEX && base & 7 != 4 {
        Part { bytes: modrm(mode, reg, base), len: 1 }
    } else {
        Part { bytes: modrm(mode, reg, 4) | sib(mem, base), len: 2 }
    };
    (part, disp_len(mode))
}

/// ModRM and SIB for a place without a base, which has a displacement of 32 bits.
fn baseless(reg: u8, mem: Mem) -> Part {
    if mem.base == NO_BASE {
        Part { bytes: modrm(0, reg, 4) | sib(mem, 5), len: 2 }
    } else {
        Part { bytes: modrm(0, reg, 5), len: 1 }
    }
}

/// A short instruction with a place that has a base only, which is not `rsp` or `r12`: its bytes, and how many they are.
#[inline(always)]
fn short_based(word: u64, reg: u8, base: u8, disp: i32) -> (u64, usize) {
    let word = word | u64::from(rex_of_registers(reg, base)) | u64::from(disp as u32) << 24;
    // As `mode`, without branches: nobody foresees how far slots lie.
    let there = u32::from(disp != 0 || base & 7 == 5);
    let wide = u32::from(disp != i32::from(disp as i8));
    (word | modrm(there + wide, reg, base.into()) << 16, (3 + there + 3 * wide) as usize)
}

/// All but the displacement of an instruction with a place that has a base and an index, which is not multiplied, and how many bytes
/// that has.
#[inline(always)]
fn indexed(enc: Legacy, reg: u8, base: Gpr, index: Gpr, disp: i32) -> (Part, usize) {
    let mem = Mem::index(base, index, Scale::X1, disp);
    let rex = rex_of_registers(reg, mem.base) | u32::from(mem.index) >> 3 << 1;
    let mode = mode(mem);
    let bytes = modrm(mode, reg, 4) | sib(mem, mem.base.into());
    (head(enc, rex, enc.needs_rex(reg, 0), Part { bytes, len: 2 }), disp_len(mode))
}

/// # The forms of instructions
///
/// `reg` is the number of a register or the part of the opcode that takes its place. The lowest `imm_len` bytes of `imm` follow.
impl Assembler {
    /// An instruction without ModRM.
    #[inline]
    pub(super) fn put_plain(&mut self, enc: Enc, imm: u64, imm_len: usize) {
        self.put(head(enc.legacy, 0, false, Part { bytes: 0, len: 0 }), imm, imm_len);
    }

    /// An instruction that has its register in the lowest bits of the opcode.
    #[inline]
    pub(super) fn put_opcode_form(&mut self, enc: Enc, register: u8, imm: u64, imm_len: usize) {
        let enc = enc.plus(register & 7).legacy;
        let needed = enc.needs_rex(0, register);
        self.put(head(enc, u32::from(register) >> 3, needed, Part { bytes: 0, len: 0 }), imm, imm_len);
    }

    #[inline]
    pub(super) fn put_register_form(&mut self, enc: Enc, reg: u8, rm: u8, imm: u32, imm_len: usize) {
        if imm_len == 0 {
            self.put_registers(enc.legacy, reg, rm);
        } else {
            self.put_registers_imm(enc.legacy, reg, rm, imm, imm_len);
        }
    }

    #[inline(never)]
    fn put_registers(&mut self, enc: Legacy, reg: u8, rm: u8) {
        if let Some(word) = enc.short() {
            return self
                .put_short(word | u64::from(rex_of_registers(reg, rm)) | modrm(3, reg, rm.into()) << 16, 3);
        }
        let needed = enc.needs_rex(reg, rm);
        let part = head(enc, rex_of_registers(reg, rm), needed, two_registers(reg, rm));
        self.buffer.put_word(part.bytes, part.len);
    }

    #[inline(never)]
    fn put_registers_imm(&mut self, enc: Legacy, reg: u8, rm: u8, imm: u32, imm_len: usize) {
        if let Some(word) = enc.short() {
            let word = word | u64::from(rex_of_registers(reg, rm)) | modrm(3, reg, rm.into()) << 16;
            return self.put_short(word | u64::from(imm) << 24, 3 + imm_len);
        }
        let needed = enc.needs_rex(reg, rm);
        self.put(head(enc, rex_of_registers(reg, rm), needed, two_registers(reg, rm)), imm.into(), imm_len);
    }

    #[inline]
    pub(super) fn put_memory_form(&mut self, enc: Enc, reg: u8, mem: Mem, imm: u32, imm_len: usize) {
        if imm_len == 0 {
            self.put_memory(enc.legacy, reg, mem);
        } else {
            self.put_any_memory(enc.legacy, reg, mem, imm, imm_len);
        }
    }

    /// Slots of a frame and the like, most of what there is, have only a base, and accesses to a memory base and index; all else
    /// goes the longer way.
    #[inline(never)]
    fn put_memory(&mut self, enc: Legacy, reg: u8, mem: Mem) {
        if let Some(word) = enc.short()
            && mem.index == NO_INDEX
            && mem.base < NO_BASE
            && mem.base & 7 != 4
        {
            return self.put_short_based(word, reg, mem.base, mem.disp);
        }
        if mem.base >= NO_BASE || enc.has_byte_reg() {
            return self.put_any_memory(enc, reg, mem, 0, 0);
        }
        if mem.index != NO_INDEX || mem.base & 7 == 4 {
            return self.put_indexed(enc, reg, mem);
        }
        let mode = mode(mem);
        let behind = Part { bytes: modrm(mode, reg, mem.base.into()), len: 1 };
        let part = head(enc, rex_of_registers(reg, mem.base), false, behind);
        self.put(part, u64::from(mem.disp as u32), disp_len(mode));
    }

    #[inline(never)]
    fn put_indexed(&mut self, enc: Legacy, reg: u8, mem: Mem) {
        let base = u32::from(mem.base);
        let rex = rex_of_registers(reg, mem.base) | u32::from(mem.index) >> 3 << 1;
        if let Some(word) = enc.short() {
            let there = u32::from(mem.disp != 0 || mem.base & 7 == 5);
            let wide = u32::from(mem.disp != i32::from(mem.disp as i8));
            let bytes = modrm(there + wide, reg, 4) | sib(mem, base);
            let word = word | u64::from(rex) | bytes << 16 | u64::from(mem.disp as u32) << 32;
            return self.put_short(word, (4 + there + 3 * wide) as usize);
        }
        let mode = mode(mem);
        let bytes = modrm(mode, reg, 4) | sib(mem, base);
        self.put(head(enc, rex, false, Part { bytes, len: 2 }), u64::from(mem.disp as u32), disp_len(mode));
    }

    /// The same as [`put_memory_form`](Self::put_memory_form) for a short instruction with a place that has a base only, which is
    /// not `rsp` or `r12`.
    #[inline(always)]
    pub(super) fn put_based(&mut self, enc: Enc, reg: u8, base: Gpr, disp: i32) {
        assert!(base.number() & 7 != 4, "the base needs a longer form");
        let word = enc.legacy.short().expect("the instruction is short");
        self.put_short_based(word, reg, base.number(), disp);
    }

    /// The same with two registers.
    #[inline(always)]
    pub(super) fn put_short_registers(&mut self, enc: Enc, reg: u8, rm: u8) {
        let word = enc.legacy.short().expect("the instruction is short");
        self.put_short(word | u64::from(rex_of_registers(reg, rm)) | modrm(3, reg, rm.into()) << 16, 3);
    }

    /// Three of them with W, whose displacements have one byte each and are 8 apart.
    #[inline(always)]
    pub(super) fn put_three_based(&mut self, enc: Enc, regs: [u8; 3], base: Gpr, disp: u8) {
        assert!(base.number() & 7 != 4, "the base needs a longer form");
        let word = enc.legacy.short().expect("the instruction is short");
        let [first, second, third] = regs.map(|reg| {
            word | u64::from(rex_of_registers(reg, base.number())) | modrm(1, reg, base.number().into()) << 16
        });
        let disps = u64::from(disp) << 24 | u64::from(disp + 8) << 56;
        self.buffer.put(first | second << 32 | disps, 8, third | u64::from(disp + 16) << 24, 4);
    }

    /// The same with four bytes of displacement, whatever it is, and W.
    #[inline(always)]
    pub(super) fn put_wide_based(&mut self, enc: Enc, reg: u8, base: Gpr, disp: i32) {
        assert!(base.number() & 7 != 4, "the base needs a longer form");
        let word = enc.legacy.short().expect("the instruction is short");
        let rex = u64::from(rex_of_registers(reg, base.number()));
        let word = word | rex | modrm(2, reg, base.number().into()) << 16 | u64::from(disp as u32) << 24;
        self.buffer.put_word(word, 7);
    }

    /// The same with an immediate of four bytes behind it, and W.
    #[inline(always)]
    pub(super) fn put_based_and_imm(&mut self, enc: Enc, reg: u8, base: Gpr, disp: i32, imm: i32) {
        assert!(base.number() & 7 != 4, "the base needs a longer form");
        let word = enc.legacy.short().expect("the instruction is short");
        let (word, len) = short_based(word, reg, base.number(), disp);
        let gone = usize::from(word as u8 == 0x40);
        self.buffer.put(word >> (8 * gone), len - gone, u64::from(imm as u32), 4);
    }

    /// A place with a base and an index, which is not multiplied.
    #[inline(always)]
    pub(super) fn put_base_index(&mut self, enc: Legacy, reg: u8, base: Gpr, index: Gpr, disp: i32) {
        let (part, disp_len) = indexed(enc, reg, base, index, disp);
        self.put(part, u64::from(disp as u32), disp_len);
    }

    /// The same with an immediate, and without a register.
    #[inline(always)]
    pub(super) fn put_base_index_imm(
        &mut self,
        enc: Legacy,
        base: Gpr,
        index: Gpr,
        disp: i32,
        imm: u32,
        imm_len: usize,
    ) {
        let (part, disp_len) = indexed(enc, 0, base, index, disp);
        self.put_displaced(part, disp as u32, disp_len, imm, imm_len);
    }

    /// The same for a register and an immediate.
    #[inline(always)]
    pub(super) fn put_based_imm(&mut self, enc: Enc, reg: u8, rm: Gpr, imm: i32, imm_len: usize) {
        let word = enc.legacy.short().expect("the instruction is short");
        let word =
            word | u64::from(rex_of_registers(reg, rm.number())) | modrm(3, reg, rm.number().into()) << 16;
        self.put_short(word | u64::from(imm as u32) << 24, 3 + imm_len);
    }

    /// The same for a register and a place in the pool, with W.
    #[inline(always)]
    pub(super) fn put_pool(&mut self, enc: Enc, reg: u8, disp: u32) {
        let word = enc.legacy.short().expect("the instruction is short");
        let word = word | u64::from(rex_of_registers(reg, 0)) | modrm(0, reg, 5) << 16;
        self.buffer.put_word(word | u64::from(disp) << 24, 7);
    }

    /// A short instruction with a place that has a base only, which is not `rsp` or `r12`.
    #[inline(always)]
    fn put_short_based(&mut self, word: u64, reg: u8, base: u8, disp: i32) {
        let (word, len) = short_based(word, reg, base, disp);
        self.put_short(word, len);
    }

    /// A short instruction, which begins with a REX: that goes if it is without bits.
    #[inline(always)]
    fn put_short(&mut self, word: u64, len: usize) {
        let gone = usize::from(word as u8 == 0x40);
        self.buffer.put_word(word >> (8 * gone), len - gone);
    }

    #[inline(never)]
    fn put_any_memory(&mut self, enc: Legacy, reg: u8, mem: Mem, imm: u32, imm_len: usize) {
        let rex = rex_of_memory(reg, mem);
        let needed = enc.needs_rex(reg, 0);
        if mem.base < NO_BASE {
            let (behind, disp_len) = based(reg, mem);
            self.put_displaced(head(enc, rex, needed, behind), mem.disp as u32, disp_len, imm, imm_len);
        } else {
            self.put_baseless(head(enc, rex, needed, baseless(reg, mem)), mem, imm, imm_len);
        }
    }

    #[inline]
    pub(super) fn put_vex_register_form(
        &mut self,
        enc: Enc,
        reg: u8,
        second: u8,
        rm: u8,
        imm: u32,
        imm_len: usize,
    ) {
        self.put_vex_registers(enc.vex, reg, second, rm, imm, imm_len);
    }

    #[inline(never)]
    fn put_vex_registers(&mut self, vex: Vex, reg: u8, second: u8, rm: u8, imm: u32, imm_len: usize) {
        let rex = rex_of_registers(reg, rm) as u8;
        self.put(vex_head(vex, rex, second, two_registers(reg, rm)), imm.into(), imm_len);
    }

    #[inline]
    pub(super) fn put_vex_memory_form(
        &mut self,
        enc: Enc,
        reg: u8,
        second: u8,
        mem: Mem,
        imm: u32,
        imm_len: usize,
    ) {
        self.put_vex_memory(enc.vex, reg, second, mem, imm, imm_len);
    }

    #[inline(never)]
    fn put_vex_memory(&mut self, vex: Vex, reg: u8, second: u8, mem: Mem, imm: u32, imm_len: usize) {
        let rex = rex_of_memory(reg, mem) as u8;
        if mem.base < NO_BASE {
            let (behind, disp_len) = based(reg, mem);
            self.put_displaced(vex_head(vex, rex, second, behind), mem.disp as u32, disp_len, imm, imm_len);
        } else {
            self.put_baseless(vex_head(vex, rex, second, baseless(reg, mem)), mem, imm, imm_len);
        }
    }

    #[inline]
    fn put_displaced(&mut self, part: Part, disp: u32, disp_len: usize, imm: u32, imm_len: usize) {
        let disp = u64::from(disp) & ((1 << (8 * disp_len)) - 1);
        self.put(part, disp | u64::from(imm) << (8 * disp_len), disp_len + imm_len);
    }

    #[inline(never)]
    fn put_baseless(&mut self, part: Part, mem: Mem, imm: u32, imm_len: usize) {
        let disp = match mem.base {
            NO_BASE => mem.disp as u32,
            _ => self.relative(mem, part.len, imm_len),
        };
        self.put_displaced(part, disp, 4, imm, imm_len);
    }

    /// The displacement of a place in the code or the pool, for an instruction that has so many bytes in front of it.
    fn relative(&mut self, mem: Mem, front: usize, imm_len: usize) -> u32 {
        let at = self.offset() + front as u32;
        let behind = 4 + imm_len as u32;
        if mem.base == POOL {
            self.buffer.refer_to_pool(at, Distance::Rel32);
            return (mem.disp as u32).wrapping_sub(behind);
        }
        let label = mem.target();
        match self.place(label) {
            Some(place) => place.wrapping_sub(at).wrapping_sub(behind),
            None => {
                self.buffer.refer_to_label(at, label, Distance::Rel32);
                behind.wrapping_neg()
            }
        }
    }

    #[inline]
    fn put(&mut self, part: Part, rest: u64, rest_len: usize) {
        self.buffer.put(part.bytes, part.len, rest, rest_len);
    }
}
