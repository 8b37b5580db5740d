//! What is constant about an encoding, packed into one word: [`Enc`].
//!
//! An instruction is `legacy prefixes, REX, opcode with its escape bytes, ModRM, SIB, displacement, immediate`. The first and third
//! parts are known when the compiler is built; here they lie ready to be shifted into place.

use super::regs::Size;

/// The prefix that belongs to an opcode.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// None.
    NP,
    P66,
    F3,
    F2,
}

/// The escape bytes in front of an opcode.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Map {
    /// None.
    M1,
    /// `0F`.
    M0F,
    /// `0F 38`.
    M0F38,
    /// `0F 3A`.
    M0F3A,
}

/// The constant parts of an encoding:
///
/// | bits | what |
/// |---|---|
/// | 0–15 | legacy prefixes, the first lowest |
/// | 16–39 | escape bytes and opcode, the first lowest |
/// | 40–45 | the bits of the legacy prefixes: 0, 8 or 16 |
/// | 46–51 | the bits of escape bytes and opcode: 8, 16 or 24 |
/// | 52 | REX.W |
/// | 53, 54 | the register, the register or memory is a byte: 4–7 need a REX |
/// | 55–56 | the prefix as VEX has it |
/// | 57–58 | the map as VEX has it |
/// | 59–61 | the digit that takes ModRM's `reg` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Enc(u64);

const PREFIX_BITS: u32 = 40;
const OPCODE_BITS: u32 = 46;
const W: u64 = 1 << 52;
const BYTE_REG: u64 = 1 << 53;
const BYTE_RM: u64 = 1 << 54;

impl Enc {
    pub(super) const fn new(prefix: Prefix, map: Map, opcode: u8) -> Enc {
        let (prefix_byte, prefix_bits) = match prefix {
            Prefix::NP => (0, 0),
            Prefix::P66 => (0x66, 8),
            Prefix::F3 => (0xF3, 8),
            Prefix::F2 => (0xF2, 8),
        };
        let opcode = opcode as u64;
        let (bytes, opcode_bits) = match map {
            Map::M1 => (opcode, 8),
            Map::M0F => (0x0F | opcode << 8, 16),
            Map::M0F38 => (0x380F | opcode << 16, 24),
            Map::M0F3A => (0x3A0F | opcode << 16, 24),
        };
        let vex = (prefix as u64) << 55 | (map as u64) << 57;
        Enc(prefix_byte | bytes << 16 | prefix_bits << PREFIX_BITS | opcode_bits << OPCODE_BITS | vex)
    }

    /// With REX.W.
    pub(super) const fn w(self) -> Enc {
        Enc(self.0 | W)
    }

    /// With this number in place of ModRM's `reg`.
    pub(super) const fn with_digit(self, digit: u8) -> Enc {
        Enc(self.0 | (digit as u64) << 59)
    }

    /// The number in place of ModRM's `reg`.
    #[inline]
    pub(super) const fn digit(self) -> u8 {
        (self.0 >> 59) as u8 & 7
    }

    /// With the prefix `F0`, in front of all others.
    #[inline]
    pub(super) const fn locked(self) -> Enc {
        self.prefixed(0xF0)
    }

    /// For 32 or 64 bits: W.
    ///
    /// # Panics
    ///
    /// For 8 and 16 bits: there is no such instruction.
    #[inline]
    pub(super) const fn wide_vex(self, size: Size) -> Enc {
        match size {
            Size::S8 | Size::S16 => panic!("this instruction works on 32 or 64 bits"),
            Size::S32 => self,
            Size::S64 => self.w(),
        }
    }

    /// The register of the ModRM's `reg` is a byte.
    pub(super) const fn byte_reg(self) -> Enc {
        Enc(self.0 | BYTE_REG)
    }

    /// The register of the ModRM's `rm` is a byte.
    pub(super) const fn byte_rm(self) -> Enc {
        Enc(self.0 | BYTE_RM)
    }

    /// With a legacy prefix in front of the one that is there.
    const fn prefixed(self, byte: u8) -> Enc {
        let rest = self.0 & !0xFFFF;
        Enc((rest | (self.0 & 0xFF) << 8 | byte as u64) + (8 << PREFIX_BITS))
    }

    /// For a size that is not 8 bits: the prefix `66` or REX.W.
    ///
    /// # Panics
    ///
    /// For 8 bits: there is no such instruction.
    #[inline]
    pub(super) const fn wide(self, size: Size) -> Enc {
        match size {
            Size::S8 => panic!("no form of this instruction works on bytes"),
            Size::S16 => self.prefixed(0x66),
            Size::S32 => self,
            Size::S64 => self.w(),
        }
    }

    /// For any size, of an opcode whose neighbour below works on bytes. Both operands have the size.
    #[inline]
    pub(super) const fn sized(self, size: Size) -> Enc {
        match size {
            Size::S8 => Enc(self.0 - self.lowest_opcode_bit()).byte_reg().byte_rm(),
            _ => self.wide(size),
        }
    }

    /// The same where the ModRM's `reg` is part of the opcode.
    #[inline]
    pub(super) const fn sized_rm(self, size: Size) -> Enc {
        match size {
            Size::S8 => Enc(self.0 - self.lowest_opcode_bit()).byte_rm(),
            _ => self.wide(size),
        }
    }

    const fn lowest_opcode_bit(self) -> u64 {
        1 << (8 + self.opcode_bits())
    }

    /// With a number in the lowest three bits of the opcode, or in the lowest four for a condition.
    #[inline]
    pub(super) const fn plus(self, number: u8) -> Enc {
        Enc(self.0 + ((number as u64) << (8 + self.opcode_bits())))
    }

    #[inline]
    pub(super) const fn prefixes(self) -> u64 {
        self.0 & 0xFFFF
    }

    #[inline]
    pub(super) const fn prefix_bits(self) -> u32 {
        (self.0 >> PREFIX_BITS) as u32 & 0x3F
    }

    #[inline]
    pub(super) const fn opcode(self) -> u64 {
        self.0 >> 16 & 0xFF_FFFF
    }

    #[inline]
    pub(super) const fn opcode_bits(self) -> u32 {
        (self.0 >> OPCODE_BITS) as u32 & 0x3F
    }

    /// 8 for REX.W, as in the prefix, or 0.
    #[inline]
    pub(super) const fn rex_w(self) -> u8 {
        (self.0 >> 49) as u8 & 8
    }

    /// Whether a byte operand is one of the registers that need a REX to be named.
    #[inline]
    pub(super) const fn needs_rex(self, reg: u8, rm: u8) -> bool {
        (self.0 & BYTE_REG != 0 && reg >= 4) || self.needs_rex_rm(rm)
    }

    #[inline]
    const fn needs_rex_rm(self, rm: u8) -> bool {
        self.0 & BYTE_RM != 0 && rm >= 4
    }

    /// The last byte of the opcode, for VEX.
    #[inline]
    pub(super) const fn last_opcode(self) -> u8 {
        (self.0 >> (8 + self.opcode_bits())) as u8
    }

    /// Prefix as VEX has it.
    #[inline]
    pub(super) const fn vex_prefix(self) -> u8 {
        (self.0 >> 55) as u8 & 3
    }

    /// Map as VEX has it.
    #[inline]
    pub(super) const fn vex_map(self) -> u8 {
        (self.0 >> 57) as u8 & 3
    }
}

/// The bytes of an immediate: it has the operation's size, but never more than four.
#[inline]
pub(super) const fn imm_bytes(size: Size) -> usize {
    match size {
        Size::S8 => 1,
        Size::S16 => 2,
        Size::S32 | Size::S64 => 4,
    }
}
