//! Atomic accesses: which instructions change a value in memory.

use upshift_asm::x64::{Alu, Size};
use upshift_core::ops::atomic::Atomic;

/// How a read-modify-write operator changes the value in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// `lock xadd`
    Add,
    /// `lock xadd` of the negated operand.
    Subtract,
    /// `xchg`
    Exchange,
    /// An operation that has no instruction with the old value as its result: a loop around `lock cmpxchg`.
    Logic(Alu),
}

impl Change {
    /// The change that an operator makes; [`Change::Exchange`] for loads, stores and `cmpxchg`, which are not of this kind.
    ///
    /// ```
    /// use upshift_asm::x64::Alu;
    /// use upshift_codegen::x64::atomic::Change;
    /// use upshift_core::ops::atomic::Atomic;
    ///
    /// assert_eq!(Change::of(Atomic::AtomicXor16), Change::Logic(Alu::Xor));
    /// ```
    #[must_use]
    pub const fn of(op: Atomic) -> Change {
        use Atomic as A;
        match op {
            A::AtomicAdd8 | A::AtomicAdd16 | A::AtomicAdd32 | A::AtomicAdd64 => Change::Add,
            A::AtomicSub8 | A::AtomicSub16 | A::AtomicSub32 | A::AtomicSub64 => Change::Subtract,
            A::AtomicAnd8 | A::AtomicAnd16 | A::AtomicAnd32 | A::AtomicAnd64 => Change::Logic(Alu::And),
            A::AtomicOr8 | A::AtomicOr16 | A::AtomicOr32 | A::AtomicOr64 => Change::Logic(Alu::Or),
            A::AtomicXor8 | A::AtomicXor16 | A::AtomicXor32 | A::AtomicXor64 => Change::Logic(Alu::Xor),
            _ => Change::Exchange,
        }
    }
}

/// The operand size of an access of this many bytes: 1, 2, 4 or 8.
///
/// ```
/// use upshift_asm::x64::Size;
/// use upshift_codegen::x64::atomic::size_of_access;
///
/// assert_eq!(size_of_access(2), Size::S16);
/// ```
#[must_use]
pub const fn size_of_access(bytes: u32) -> Size {
    match bytes {
        1 => Size::S8,
        2 => Size::S16,
        4 => Size::S32,
        _ => Size::S64,
    }
}
