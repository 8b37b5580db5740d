//! Moves of integers: between registers and memory, with extension, by conditions, and as one access for all processors.

use super::assembler::{Assembler, Distance};
use super::encoding::{Enc, Legacy, Map, Prefix, imm_bytes};
use super::mem::{Mem, Rm};
use super::regs::{Cond, Gpr, Size};
use super::tables::instructions;
#[cfg(test)]
use super::tests::{Case, Shape};
use crate::pool::Const;

const fn enc(map: Map, opcode: u8) -> Enc {
    Enc::new(Prefix::NP, map, opcode)
}

/// # Constants and conditions
impl Assembler {
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

    /// Sets a register to 0, in two or three bytes. The flags are then those of a result 0.
    #[inline]
    pub fn zero(&mut self, target: Gpr) {
        self.xor(Size::S32, target, target);
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

    /// Changes the order of bytes, of 32 or 64 bits.
    #[inline]
    pub fn bswap(&mut self, size: Size, target: Gpr) {
        self.put_opcode_form(enc(Map::M0F, 0xC8).wide_vex(size), target.number(), 0, 0);
    }

    /// Compares 16 bytes of memory, at a multiple of 16, with `rdx:rax`. If equal, stores `rcx:rbx`, otherwise loads `rdx:rax`; the
    /// zero flag tells which. One access for all processors.
    #[inline]
    pub fn lock_cmpxchg16b(&mut self, target: Mem) {
        self.put_memory_form(enc(Map::M0F, 0xC7).w().locked(), 1, target, 0, 0);
    }
}

/// # What there is most of
///
/// The same instructions as those without the ending, written where they are asked for and not by a function that writes any
/// instruction. The base is none that needs a longer form.
///
/// # Panics
///
/// When the base is `rsp` or `r12`, or the size is not 32 or 64 bits.
impl Assembler {
    /// `mov target, [base + disp]`
    #[inline(always)]
    pub fn mov_based(&mut self, size: Size, target: Gpr, base: Gpr, disp: i32) {
        self.put_based(enc(Map::M1, 0x8B).wide_vex(size), target.number(), base, disp);
    }

    /// `mov [base + disp], source`
    #[inline(always)]
    pub fn mov_based_mr(&mut self, size: Size, base: Gpr, disp: i32, source: Gpr) {
        self.put_based(enc(Map::M1, 0x89).wide_vex(size), source.number(), base, disp);
    }

    /// `mov target, source`
    #[inline(always)]
    pub fn mov_registers(&mut self, size: Size, target: Gpr, source: Gpr) {
        self.put_short_registers(enc(Map::M1, 0x8B).wide_vex(size), target.number(), source.number());
    }

    /// `mov [base + disp], first`, and the same of the others to the places of 64 bits behind.
    #[inline(always)]
    pub fn mov_based_run(&mut self, base: Gpr, disp: i32, [first, second, third]: [Gpr; 3]) {
        if disp > 0 && disp <= i32::from(i8::MAX) - 16 {
            let enc = enc(Map::M1, 0x89).w();
            return self.put_three_based(enc, [first, second, third].map(Gpr::number), base, disp as u8);
        }
        self.mov_based_mr(Size::S64, base, disp, first);
        self.mov_based_mr(Size::S64, base, disp.saturating_add(8), second);
        self.mov_based_mr(Size::S64, base, disp.saturating_add(16), third);
    }

    /// `cmp first, [base + disp]`
    #[inline(always)]
    pub fn cmp_based(&mut self, size: Size, first: Gpr, base: Gpr, disp: i32) {
        self.put_based(enc(Map::M1, 0x3B).wide_vex(size), first.number(), base, disp);
    }

    /// `push [base + disp]`
    #[inline(always)]
    pub fn push_based(&mut self, base: Gpr, disp: i32) {
        self.put_based(enc(Map::M1, 0xFF), 6, base, disp);
    }

    /// `jmp [base + disp]`
    #[inline(always)]
    pub fn jmp_based(&mut self, base: Gpr, disp: i32) {
        self.put_based(enc(Map::M1, 0xFF), 4, base, disp);
    }

    /// `sub target, imm`
    #[inline(always)]
    pub fn sub_imm_based(&mut self, size: Size, target: Gpr, imm: i32) {
        let (opcode, len) = if imm == i32::from(imm as i8) { (0x83, 1) } else { (0x81, 4) };
        self.put_based_imm(enc(Map::M1, opcode).wide_vex(size), 5, target, imm, len);
    }

    /// `lea target, [base + disp]`
    #[inline(always)]
    pub fn lea_based(&mut self, size: Size, target: Gpr, base: Gpr, disp: i32) {
        self.put_based(enc(Map::M1, 0x8D).wide_vex(size), target.number(), base, disp);
    }

    /// `call [base + disp]`
    #[inline(always)]
    pub fn call_based(&mut self, base: Gpr, disp: i32) {
        self.put_based(enc(Map::M1, 0xFF), 2, base, disp);
    }

    /// `add target, imm`
    #[inline(always)]
    pub fn add_imm_based(&mut self, size: Size, target: Gpr, imm: i32) {
        let (opcode, len) = if imm == i32::from(imm as i8) { (0x83, 1) } else { (0x81, 4) };
        self.put_based_imm(enc(Map::M1, opcode).wide_vex(size), 0, target, imm, len);
    }

    /// `mov [base + disp], imm`, the immediate sign-extended to 64 bits.
    #[inline(always)]
    pub fn mov_based_mi(&mut self, size: Size, base: Gpr, disp: i32, imm: i32) {
        let enc = enc(Map::M1, 0xC7).wide_vex(size);
        self.put_based_and_imm(enc, 0, base, disp, imm);
    }

    /// `lea target, [base + disp]` with 64 bits and four bytes of displacement, whatever it is.
    #[inline(always)]
    pub fn lea_wide(&mut self, target: Gpr, base: Gpr, disp: i32) {
        self.put_wide_based(enc(Map::M1, 0x8D).w(), target.number(), base, disp);
    }

    /// `lea target, [place]` with 64 bits.
    #[inline(always)]
    pub fn lea_pool(&mut self, target: Gpr, place: Const) {
        let at = self.offset() + 3;
        self.put_pool(enc(Map::M1, 0x8D).w(), target.number(), place.offset().wrapping_sub(4));
        self.buffer.refer_to_pool(at, Distance::Rel32);
    }
}

/// How an integer is loaded: how much of it, and how that is extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IntLoad(Legacy);

impl IntLoad {
    /// 8 bits, filled up with zeroes.
    pub const ZERO_8: IntLoad = IntLoad(enc(Map::M0F, 0xB6).legacy);
    /// 8 bits, filled up with the sign to 32.
    pub const SIGN_8_TO_32: IntLoad = IntLoad(enc(Map::M0F, 0xBE).legacy);
    /// 8 bits, filled up with the sign to 64.
    pub const SIGN_8_TO_64: IntLoad = IntLoad(enc(Map::M0F, 0xBE).w().legacy);
    /// 16 bits, filled up with zeroes.
    pub const ZERO_16: IntLoad = IntLoad(enc(Map::M0F, 0xB7).legacy);
    /// 16 bits, filled up with the sign to 32.
    pub const SIGN_16_TO_32: IntLoad = IntLoad(enc(Map::M0F, 0xBF).legacy);
    /// 16 bits, filled up with the sign to 64.
    pub const SIGN_16_TO_64: IntLoad = IntLoad(enc(Map::M0F, 0xBF).w().legacy);
    /// 32 bits, filled up with zeroes.
    pub const WHOLE_32: IntLoad = IntLoad(enc(Map::M1, 0x8B).legacy);
    /// 32 bits, filled up with the sign to 64.
    pub const SIGN_32_TO_64: IntLoad = IntLoad(enc(Map::M1, 0x63).w().legacy);
    /// 64 bits.
    pub const WHOLE_64: IntLoad = IntLoad(enc(Map::M1, 0x8B).w().legacy);
}

/// # Accesses with base and index
///
/// As those of the same instructions with any place in memory. The index is not `rsp`.
impl Assembler {
    /// Loads an integer.
    #[inline]
    pub fn load_indexed(&mut self, load: IntLoad, target: Gpr, base: Gpr, index: Gpr, disp: i32) {
        self.put_base_index(load.0, target.number(), base, index, disp);
    }

    /// Stores an integer.
    #[inline]
    pub fn store_indexed(&mut self, size: Size, base: Gpr, index: Gpr, disp: i32, source: Gpr) {
        const STORE: Enc = enc(Map::M1, 0x89);
        const STORES: [Legacy; 4] = by_size([
            STORE.sized(Size::S8),
            STORE.sized(Size::S16),
            STORE.sized(Size::S32),
            STORE.sized(Size::S64),
        ]);
        self.put_base_index(STORES[size as usize], source.number(), base, index, disp);
    }

    /// Stores an immediate, which is sign-extended to 64 bits.
    #[inline]
    pub fn store_imm_indexed(&mut self, size: Size, base: Gpr, index: Gpr, disp: i32, imm: i32) {
        const STORE: Enc = enc(Map::M1, 0xC7);
        const STORES: [Legacy; 4] = by_size([
            STORE.sized_rm(Size::S8),
            STORE.sized_rm(Size::S16),
            STORE.sized_rm(Size::S32),
            STORE.sized_rm(Size::S64),
        ]);
        self.put_base_index_imm(STORES[size as usize], base, index, disp, imm as u32, imm_bytes(size));
    }
}

const fn by_size(encs: [Enc; 4]) -> [Legacy; 4] {
    [encs[0].legacy, encs[1].legacy, encs[2].legacy, encs[3].legacy]
}

instructions! { table;
    "# Moves

Opcodes are those for 32 bits; those for bytes are one less."
    [AnyRegRm(size: Size, target: Gpr, source: impl Rm<Gpr>) |asm, enc| source.encode(asm, enc.sized(size), target.number(), 0, 0)] {
        mov: NP M1 0x8B;
    }
    "# Stores"
    [MemReg(size: Size, target: Mem, source: Gpr) |asm, enc| asm.put_memory_form(enc.sized(size), source.number(), target, 0, 0)] {
        mov_mr: NP M1 0x89;
        /// Exchanges, as one access for all processors.
        xchg_mr: NP M1 0x87;
    }
    "# Stores of an immediate, which is sign-extended to 64 bits"
    [MemImm(size: Size, target: Mem, imm: i32) |asm, enc|
        asm.put_memory_form(enc.sized_rm(size), enc.digit(), target, imm as u32, imm_bytes(size))] {
        mov_mi: NP M1 0xC7 / 0;
    }
    "# Exchanges of registers"
    [RegReg(size: Size, first: Gpr, second: Gpr) |asm, enc| first.encode(asm, enc.sized(size), second.number(), 0, 0)] {
        xchg: NP M1 0x87;
    }
    "# Addresses, of 16, 32 or 64 bits"
    [RegMem(size: Size, target: Gpr, source: Mem) |asm, enc| asm.put_memory_form(enc.wide(size), target.number(), source, 0, 0)] {
        lea: NP M1 0x8D, 0;
    }
    "# Extensions of bytes to 16, 32 or 64 bits"
    [RegRm8(size: Size, target: Gpr, source: impl Rm<Gpr>) |asm, enc|
        source.encode(asm, enc.byte_rm().wide(size), target.number(), 0, 0)] {
        /// Fills up with zeroes.
        movzx_8: NP M0F 0xB6, 1;
        /// Fills up with the sign.
        movsx_8: NP M0F 0xBE, 1;
    }
    "# Extensions of 16 bits to 32 or 64"
    [RegRm16(size: Size, target: Gpr, source: impl Rm<Gpr>) |asm, enc| source.encode(asm, enc.wide_vex(size), target.number(), 0, 0)] {
        /// Fills up with zeroes.
        movzx_16: NP M0F 0xB7, 2;
        /// Fills up with the sign.
        movsx_16: NP M0F 0xBF, 2;
    }
    "# Extension of 32 bits to 64"
    [Reg64Rm32(target: Gpr, source: impl Rm<Gpr>) |asm, enc| source.encode(asm, enc.w(), target.number(), 0, 0)] {
        /// Fills up with the sign. (`mov` of 32 bits fills up with zeroes.)
        movsxd: NP M1 0x63, 4;
    }
    "# One access for all processors

Each begins with the prefix `lock`."
    [MemReg(size: Size, target: Mem, source: Gpr) |asm, enc|
        asm.put_memory_form(enc.sized(size).locked(), source.number(), target, 0, 0)] {
        lock_add: NP M1 0x01;
        lock_or: NP M1 0x09;
        lock_and: NP M1 0x21;
        lock_sub: NP M1 0x29;
        lock_xor: NP M1 0x31;
        /// Compares memory with `rax`. If equal, stores the source, otherwise loads `rax`; the zero flag tells which.
        lock_cmpxchg: NP M0F 0xB1;
        /// Adds the source to memory and leaves in the source what was there.
        lock_xadd: NP M0F 0xC1;
    }
}
