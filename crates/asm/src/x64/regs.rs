//! Registers, operand sizes and conditions, by their numbers in the encoding.

use std::fmt;

macro_rules! registers {
    ($type:ident: $($name:ident $number:literal)*) => {
        impl $type {
            $(#[doc = concat!("Register ", $number, ".")] pub const $name: $type = $type($number);)*

            /// The register with this number.
            ///
            /// # Panics
            ///
            /// When there are not so many.
            #[inline]
            pub const fn new(number: u8) -> Self {
                assert!(number < 16, "there are 16 registers");
                $type(number)
            }

            /// Its number, less than 16.
            #[inline]
            pub const fn number(self) -> u8 {
                self.0
            }
        }
    };
}

/// A general-purpose register. Which part of it an instruction uses is the instruction's [`Size`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gpr(u8);

registers! {
    Gpr: RAX 0 RCX 1 RDX 2 RBX 3 RSP 4 RBP 5 RSI 6 RDI 7 R8 8 R9 9 R10 10 R11 11 R12 12 R13 13 R14 14 R15 15
}

impl fmt::Debug for Gpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LOW: [&str; 8] = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];
        match LOW.get(usize::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "r{}", self.0),
        }
    }
}

/// A vector register, of which scalars use the lowest part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xmm(u8);

registers! {
    Xmm: XMM0 0 XMM1 1 XMM2 2 XMM3 3 XMM4 4 XMM5 5 XMM6 6 XMM7 7 XMM8 8 XMM9 9 XMM10 10 XMM11 11 XMM12 12 XMM13 13 XMM14 14 XMM15 15
}

impl fmt::Debug for Xmm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "xmm{}", self.0)
    }
}

/// How many bits of a register or of memory an integer instruction works on. One of 32 bits clears the upper half of the register
/// that it writes, those of 8 and 16 leave the rest as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// 8 bits, always the lowest ones: `ah` and its like do not exist here.
    S8,
    /// 16 bits.
    S16,
    /// 32 bits.
    S32,
    /// 64 bits.
    S64,
}

impl Size {
    /// The number of bytes.
    #[inline]
    pub const fn bytes(self) -> u32 {
        1 << self as u32
    }
}

/// What conditional instructions ask of the flags, by its number in the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cond {
    /// Overflow.
    O,
    /// No overflow.
    No,
    /// Below: unsigned less; carry.
    B,
    /// Above or equal: unsigned; no carry.
    Ae,
    /// Equal; zero.
    E,
    /// Not equal; not zero.
    Ne,
    /// Below or equal: unsigned.
    Be,
    /// Above: unsigned greater.
    A,
    /// Sign: negative.
    S,
    /// No sign.
    Ns,
    /// Parity: a comparison of floats was unordered.
    P,
    /// No parity: a comparison of floats was ordered.
    Np,
    /// Less: signed.
    L,
    /// Greater or equal: signed.
    Ge,
    /// Less or equal: signed.
    Le,
    /// Greater: signed.
    G,
}

impl Cond {
    /// All, by number.
    pub const ALL: [Cond; 16] = [
        Cond::O,
        Cond::No,
        Cond::B,
        Cond::Ae,
        Cond::E,
        Cond::Ne,
        Cond::Be,
        Cond::A,
        Cond::S,
        Cond::Ns,
        Cond::P,
        Cond::Np,
        Cond::L,
        Cond::Ge,
        Cond::Le,
        Cond::G,
    ];

    /// The condition that holds exactly when this one does not.
    #[inline]
    #[must_use]
    pub const fn inverted(self) -> Cond {
        Cond::ALL[self as usize ^ 1]
    }

    /// The condition of a comparison whose operands change places. Conditions that are no comparisons of integers stay.
    #[inline]
    #[must_use]
    pub const fn swapped(self) -> Cond {
        match self {
            Cond::B => Cond::A,
            Cond::A => Cond::B,
            Cond::Ae => Cond::Be,
            Cond::Be => Cond::Ae,
            Cond::L => Cond::G,
            Cond::G => Cond::L,
            Cond::Ge => Cond::Le,
            Cond::Le => Cond::Ge,
            other => other,
        }
    }
}
