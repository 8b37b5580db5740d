//! What SSA consists of, by number: values, blocks, types, lists of values and places in the program.
//!
//! All are small and copied freely. A number means something in its [`Func`](super::Func) only.

use std::fmt;

use upshift_core::index::FuncIndex;
use upshift_core::types::ValType;

/// A value, and the instruction that computes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub u32);

/// A block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block(pub u32);

impl Value {
    /// The value as a position in a slice.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Block {
    /// The block as a position in a slice.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ty {
    /// A 32-bit integer, zero-extended.
    I32,
    /// A 64-bit integer, or a reference to a function.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A vector of 128 bits; it takes two slots.
    V128,
    /// A reference of any other kind, 32 bits zero-extended: the collector may change it.
    Ref,
}

impl Ty {
    /// How values of a type of the program are represented.
    #[inline]
    #[must_use]
    pub fn of(ty: ValType) -> Ty {
        match ty {
            ValType::I32 => Ty::I32,
            ValType::I64 => Ty::I64,
            ValType::F32 => Ty::F32,
            ValType::F64 => Ty::F64,
            ValType::V128 => Ty::V128,
            ValType::Ref(ty) if ty.is_func() => Ty::I64,
            ValType::Ref(_) => Ty::Ref,
        }
    }

    /// How many slots a value takes.
    #[must_use]
    pub fn slots(self) -> u32 {
        1 + u32::from(self == Ty::V128)
    }

    /// Whether values lie in registers for floats and vectors.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Ty::F32 | Ty::F64 | Ty::V128)
    }

    /// The name in text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Ty::I32 => "i32",
            Ty::I64 => "i64",
            Ty::F32 => "f32",
            Ty::F64 => "f64",
            Ty::V128 => "v128",
            Ty::Ref => "ref",
        }
    }
}

/// A run of values in the pool of their function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl List {
    /// No values.
    pub const EMPTY: List = List { start: 0, len: 0 };

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The same without the first one, if there is one.
    #[must_use]
    pub fn behind_first(self) -> List {
        if self.len == 0 { self } else { List { start: self.start + 1, len: self.len - 1 } }
    }

    #[inline]
    pub(super) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// Where in the program something comes from: a number in [`Func::positions`](super::Func::positions).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pos(pub u32);

impl Pos {
    /// Nowhere: made by the compiler.
    pub const NONE: Pos = Pos(u32::MAX);
}

/// A place in the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The function whose operator it is.
    pub func: FuncIndex,
    /// Offset of the operator in the module.
    pub offset: u32,
    /// Where the call of `func` comes from, if it was inlined; else [`Pos::NONE`].
    pub parent: Pos,
}
