//! What is constant about an encoding, packed into words: [`Enc`].
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

/// The constant parts of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Enc {
    pub(super) legacy: Legacy,
    pub(super) vex: Vex,
    /// What stands in ModRM's `reg` if no register does.
    digit: u8,
}

/// What stands in front of ModRM, the first byte lowest:
///
/// | bits | what |
/// |---|---|
/// | 0–7 | REX, with W or without any bit |
/// | 8–31 | escape bytes and opcode |
/// | 32–37 | how many bits all of that has: 16, 24 or 32 |
/// | 38, 39 | the register in `reg`, in `rm` is a byte: 4–7 need a REX |
/// | 40–44 | how many bits the prefixes have that come before: 0, 8 or 16 |
/// | 45–47 | how many bytes all of that has, prefixes included |
/// | 48–63 | these prefixes |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Legacy(u64);

/// The same for VEX: the last byte of the opcode, the prefix (bits 8, 9), the map (bits 10, 11), W (bit 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Vex(u32);

const BITS: u32 = 32;
const BYTE_REG: u64 = 1 << 38;
const BYTE_RM: u64 = 1 << 39;
const PREFIX_BITS: u32 = 40;
const LEN: u32 = 45;
const PREFIXES: u32 = 48;

impl Enc {
    pub(super) const fn new(prefix: Prefix, map: Map, opcode: u8) -> Enc {
        let (prefix_byte, prefix_bits) = match prefix {
            Prefix::NP => (0, 0),
            Prefix::P66 => (0x66, 8),
            Prefix::F3 => (0xF3, 8),
            Prefix::F2 => (0xF2, 8),
        };
        let last = opcode as u64;
        let (bytes, bits) = match map {
            Map::M1 => (last, 16),
            Map::M0F => (0x0F | last << 8, 24),
            Map::M0F38 => (0x380F | last << 16, 32),
            Map::M0F3A => (0x3A0F | last << 16, 32),
        };
        let len = (bits + prefix_bits) / 8;
        let prefixes = prefix_bits << PREFIX_BITS | len << LEN | prefix_byte << PREFIXES;
        let vex = opcode as u32 | (prefix as u32) << 8 | (map as u32) << 10;
        Enc { legacy: Legacy(0x40 | bytes << 8 | bits << BITS | prefixes), vex: Vex(vex), digit: 0 }
    }

    const fn or(self, legacy: u64) -> Enc {
        Enc { legacy: Legacy(self.legacy.0 | legacy), ..self }
    }

    /// With W.
    pub(super) const fn w(self) -> Enc {
        Enc { vex: Vex(self.vex.0 | 1 << 15), ..self.or(8) }
    }

    /// With this number in place of ModRM's `reg`.
    pub(super) const fn with_digit(self, digit: u8) -> Enc {
        Enc { digit, ..self }
    }

    /// The number in place of ModRM's `reg`.
    #[inline]
    pub(super) const fn digit(self) -> u8 {
        self.digit
    }

    /// The register of the ModRM's `rm` is a byte.
    pub(super) const fn byte_rm(self) -> Enc {
        self.or(BYTE_RM)
    }

    /// With a prefix in front of the one that is there.
    const fn prefixed(self, byte: u8) -> Enc {
        let word = self.legacy.0;
        let prefixes = (word >> PREFIXES) << 8 | byte as u64;
        let rest = word & ((1 << PREFIXES) - 1);
        Enc { legacy: Legacy((rest | prefixes << PREFIXES) + (8 << PREFIX_BITS | 1 << LEN)), ..self }
    }

    /// With the prefix `F0`, in front of all others.
    #[inline]
    pub(super) const fn locked(self) -> Enc {
        self.prefixed(0xF0)
    }

    /// For a size that is not 8 bits: the prefix `66` or W.
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

    /// For any size, of an opcode whose neighbour below works on bytes. Both operands have the size.
    #[inline]
    pub(super) const fn sized(self, size: Size) -> Enc {
        match size {
            Size::S8 => self.byte_opcode().or(BYTE_REG | BYTE_RM),
            _ => self.wide(size),
        }
    }

    /// The same where the ModRM's `reg` is part of the opcode.
    #[inline]
    pub(super) const fn sized_rm(self, size: Size) -> Enc {
        match size {
            Size::S8 => self.byte_opcode().byte_rm(),
            _ => self.wide(size),
        }
    }

    const fn byte_opcode(self) -> Enc {
        Enc { legacy: Legacy(self.legacy.0 - (1 << (self.legacy.bits() - 8))), ..self }
    }

    /// With a number in the lowest bits of the opcode.
    #[inline]
    pub(super) const fn plus(self, number: u8) -> Enc {
        self.or((number as u64) << (self.legacy.bits() - 8))
    }
}

impl Legacy {
    /// REX, escape bytes and opcode.
    #[inline]
    pub(super) const fn rex_and_opcode(self) -> u64 {
        self.0 & 0xFFFF_FFFF
    }

    /// Their bits.
    #[inline]
    pub(super) const fn bits(self) -> u32 {
        (self.0 >> BITS) as u32 & 0x3F
    }

    /// The bytes of all, prefixes included.
    #[inline]
    pub(super) const fn len(self) -> usize {
        (self.0 >> LEN) as usize & 7
    }

    /// What comes before.
    #[inline]
    pub(super) const fn prefixes(self) -> u64 {
        self.0 >> PREFIXES
    }

    /// Their bits.
    #[inline]
    pub(super) const fn prefix_bits(self) -> u32 {
        (self.0 >> PREFIX_BITS) as u32 & 0x1F
    }

    /// REX and opcode, if that is all there is and no operand is a byte: most instructions of integers.
    #[inline]
    pub(super) const fn short(self) -> Option<u64> {
        /// What all of these have in common: 16 bits, two bytes, nothing before them.
        const SHORT: u64 = 16 | 2 << (LEN - BITS);
        if self.0 >> BITS == SHORT { Some(self.0 & 0xFFFF) } else { None }
    }

    /// Whether an operand is a byte.
    #[inline]
    pub(super) const fn has_bytes(self) -> bool {
        self.0 & (BYTE_REG | BYTE_RM) != 0
    }

    /// Whether the register in `reg` is a byte.
    #[inline]
    pub(super) const fn has_byte_reg(self) -> bool {
        self.0 & BYTE_REG != 0
    }

    /// Whether a byte operand is one of the registers that need a REX to be named.
    #[inline]
    pub(super) const fn needs_rex(self, reg: u8, rm: u8) -> bool {
        self.has_bytes() && ((self.0 & BYTE_REG != 0 && reg >= 4) || (self.0 & BYTE_RM != 0 && rm >= 4))
    }
}

impl Vex {
    /// The last byte of the opcode.
    #[inline]
    pub(super) const fn opcode(self) -> u64 {
        (self.0 & 0xFF) as u64
    }

    #[inline]
    pub(super) const fn prefix(self) -> u8 {
        (self.0 >> 8) as u8 & 3
    }

    #[inline]
    pub(super) const fn map(self) -> u8 {
        (self.0 >> 10) as u8 & 3
    }

    /// 8 for W, as in REX, or 0.
    #[inline]
    pub(super) const fn w(self) -> u8 {
        (self.0 >> 12) as u8 & 8
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
