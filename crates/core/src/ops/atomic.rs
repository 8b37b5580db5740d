//! Every atomic access to linear memory, once: its width, the operators that share it, its semantics (threads proposal).
//!
//! Operators that do the same to the same bits and return the same slot are one row: `i32.atomic.rmw8.add_u` and
//! `i64.atomic.rmw8.add_u` are both [`Atomic::AtomicAdd8`], because a slot holds an `i32` zero-extended. All accesses are
//! sequentially consistent. The operators that wait, notify and fence are not here: they do not compute.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

/// Calls the macro in brackets with the table of atomic accesses. Further arguments are passed on in front of the table.
///
/// A row reads `Name "text" width i32[operator] i64[operator] = semantics;`. The operators have the names of wasmparser's
/// `Operator`s; their results are an `i32` and an `i64`.
#[macro_export]
macro_rules! for_each_atomic_op {
    ([$($m:tt)+] $($args:tt)*) => { $($m)+! { $($args)*

    atomic_load {
        AtomicLoad8         "atomic.load8_u"          u8  i32[I32AtomicLoad8U] i64[I64AtomicLoad8U];
        AtomicLoad16        "atomic.load16_u"         u16 i32[I32AtomicLoad16U] i64[I64AtomicLoad16U];
        AtomicLoad32        "atomic.load32_u"         u32 i32[I32AtomicLoad] i64[I64AtomicLoad32U];
        AtomicLoad64        "atomic.load64"           u64 i32[] i64[I64AtomicLoad];
    }

    atomic_store {
        AtomicStore8        "atomic.store8"           u8  i32[I32AtomicStore8] i64[I64AtomicStore8];
        AtomicStore16       "atomic.store16"          u16 i32[I32AtomicStore16] i64[I64AtomicStore16];
        AtomicStore32       "atomic.store32"          u32 i32[I32AtomicStore] i64[I64AtomicStore32];
        AtomicStore64       "atomic.store64"          u64 i32[] i64[I64AtomicStore];
    }

    atomic_rmw {
        AtomicAdd8          "atomic.add8_u"           u8  i32[I32AtomicRmw8AddU] i64[I64AtomicRmw8AddU] = Width::add;
        AtomicAdd16         "atomic.add16_u"          u16 i32[I32AtomicRmw16AddU] i64[I64AtomicRmw16AddU] = Width::add;
        AtomicAdd32         "atomic.add32_u"          u32 i32[I32AtomicRmwAdd] i64[I64AtomicRmw32AddU] = Width::add;
        AtomicAdd64         "atomic.add64"            u64 i32[] i64[I64AtomicRmwAdd] = Width::add;
        AtomicSub8          "atomic.sub8_u"           u8  i32[I32AtomicRmw8SubU] i64[I64AtomicRmw8SubU] = Width::sub;
        AtomicSub16         "atomic.sub16_u"          u16 i32[I32AtomicRmw16SubU] i64[I64AtomicRmw16SubU] = Width::sub;
        AtomicSub32         "atomic.sub32_u"          u32 i32[I32AtomicRmwSub] i64[I64AtomicRmw32SubU] = Width::sub;
        AtomicSub64         "atomic.sub64"            u64 i32[] i64[I64AtomicRmwSub] = Width::sub;
        AtomicAnd8          "atomic.and8_u"           u8  i32[I32AtomicRmw8AndU] i64[I64AtomicRmw8AndU] = Width::and;
        AtomicAnd16         "atomic.and16_u"          u16 i32[I32AtomicRmw16AndU] i64[I64AtomicRmw16AndU] = Width::and;
        AtomicAnd32         "atomic.and32_u"          u32 i32[I32AtomicRmwAnd] i64[I64AtomicRmw32AndU] = Width::and;
        AtomicAnd64         "atomic.and64"            u64 i32[] i64[I64AtomicRmwAnd] = Width::and;
        AtomicOr8           "atomic.or8_u"            u8  i32[I32AtomicRmw8OrU] i64[I64AtomicRmw8OrU] = Width::or;
        AtomicOr16          "atomic.or16_u"           u16 i32[I32AtomicRmw16OrU] i64[I64AtomicRmw16OrU] = Width::or;
        AtomicOr32          "atomic.or32_u"           u32 i32[I32AtomicRmwOr] i64[I64AtomicRmw32OrU] = Width::or;
        AtomicOr64          "atomic.or64"             u64 i32[] i64[I64AtomicRmwOr] = Width::or;
        AtomicXor8          "atomic.xor8_u"           u8  i32[I32AtomicRmw8XorU] i64[I64AtomicRmw8XorU] = Width::xor;
        AtomicXor16         "atomic.xor16_u"          u16 i32[I32AtomicRmw16XorU] i64[I64AtomicRmw16XorU] = Width::xor;
        AtomicXor32         "atomic.xor32_u"          u32 i32[I32AtomicRmwXor] i64[I64AtomicRmw32XorU] = Width::xor;
        AtomicXor64         "atomic.xor64"            u64 i32[] i64[I64AtomicRmwXor] = Width::xor;
        AtomicXchg8         "atomic.xchg8_u"          u8  i32[I32AtomicRmw8XchgU] i64[I64AtomicRmw8XchgU] = Width::exchange;
        AtomicXchg16        "atomic.xchg16_u"         u16 i32[I32AtomicRmw16XchgU] i64[I64AtomicRmw16XchgU] = Width::exchange;
        AtomicXchg32        "atomic.xchg32_u"         u32 i32[I32AtomicRmwXchg] i64[I64AtomicRmw32XchgU] = Width::exchange;
        AtomicXchg64        "atomic.xchg64"           u64 i32[] i64[I64AtomicRmwXchg] = Width::exchange;
    }

    atomic_cmpxchg {
        AtomicCmpxchg8      "atomic.cmpxchg8_u"       u8  i32[I32AtomicRmw8CmpxchgU] i64[I64AtomicRmw8CmpxchgU];
        AtomicCmpxchg16     "atomic.cmpxchg16_u"      u16 i32[I32AtomicRmw16CmpxchgU] i64[I64AtomicRmw16CmpxchgU];
        AtomicCmpxchg32     "atomic.cmpxchg32_u"      u32 i32[I32AtomicRmwCmpxchg] i64[I64AtomicRmw32CmpxchgU];
        AtomicCmpxchg64     "atomic.cmpxchg64"        u64 i32[] i64[I64AtomicRmwCmpxchg];
    }
    } };
}

/// An unsigned integer that memory is accessed by at once.
pub trait Width: Copy + PartialEq {
    /// The cell of memory.
    type Cell;
    /// The lower bits of a slot.
    fn from_slot(bits: u64) -> Self;
    /// The slot with zeros above.
    fn to_slot(self) -> u64;
    /// The value.
    fn load(cell: &Self::Cell, order: Ordering) -> Self;
    /// Replaces the value.
    fn store(cell: &Self::Cell, value: Self, order: Ordering);
    /// Replaces the value and returns the old one, as all below do.
    fn exchange(cell: &Self::Cell, value: Self) -> Self;
    /// Adds and wraps.
    fn add(cell: &Self::Cell, value: Self) -> Self;
    /// Subtracts and wraps.
    fn sub(cell: &Self::Cell, value: Self) -> Self;
    /// Keeps the bits that are set in both.
    fn and(cell: &Self::Cell, value: Self) -> Self;
    /// Sets bits.
    fn or(cell: &Self::Cell, value: Self) -> Self;
    /// Flips bits.
    fn xor(cell: &Self::Cell, value: Self) -> Self;
    /// Replaces the value if it is the expected one.
    fn compare_exchange(cell: &Self::Cell, expected: Self, replacement: Self) -> Self;
}

macro_rules! widths {
    ($($int:ident $cell:ident)*) => {$(
        impl Width for $int {
            type Cell = $cell;
            #[inline(always)]
            fn from_slot(bits: u64) -> $int {
                bits as $int
            }
            #[inline(always)]
            fn to_slot(self) -> u64 {
                u64::from(self)
            }
            #[inline(always)]
            fn load(cell: &$cell, order: Ordering) -> $int {
                cell.load(order)
            }
            #[inline(always)]
            fn store(cell: &$cell, value: $int, order: Ordering) {
                cell.store(value, order);
            }
            #[inline(always)]
            fn exchange(cell: &$cell, value: $int) -> $int {
                cell.swap(value, Ordering::SeqCst)
            }
            #[inline(always)]
            fn add(cell: &$cell, value: $int) -> $int {
                cell.fetch_add(value, Ordering::SeqCst)
            }
            #[inline(always)]
            fn sub(cell: &$cell, value: $int) -> $int {
                cell.fetch_sub(value, Ordering::SeqCst)
            }
            #[inline(always)]
            fn and(cell: &$cell, value: $int) -> $int {
                cell.fetch_and(value, Ordering::SeqCst)
            }
            #[inline(always)]
            fn or(cell: &$cell, value: $int) -> $int {
                cell.fetch_or(value, Ordering::SeqCst)
            }
            #[inline(always)]
            fn xor(cell: &$cell, value: $int) -> $int {
                cell.fetch_xor(value, Ordering::SeqCst)
            }
            #[inline(always)]
            fn compare_exchange(cell: &$cell, expected: $int, replacement: $int) -> $int {
                match cell.compare_exchange(expected, replacement, Ordering::SeqCst, Ordering::SeqCst) {
                    Ok(old) | Err(old) => old,
                }
            }
        }
    )*};
}

// The host's order of bytes is the guest's: the interpreter is for little-endian hosts only.
widths! { u8 AtomicU8 u16 AtomicU16 u32 AtomicU32 u64 AtomicU64 }

/// How wide an access is.
pub trait AtomicOp {
    /// The operator's name in the enum.
    const OP: Atomic;
    /// What is accessed.
    type Width: Width;
}

/// An access that reads a value and writes one made of it and an operand.
pub trait AtomicRmwOp: AtomicOp {
    /// The semantics; the result is the old value.
    fn eval(cell: &<Self::Width as Width>::Cell, operand: Self::Width) -> Self::Width;
}

/// What an access does, which says what its operands besides the address are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AtomicShape {
    /// Returns the value.
    Load,
    /// Takes a value and returns nothing.
    Store,
    /// Takes an operand and returns the old value.
    ReadModifyWrite,
    /// Takes the expected value and the one that replaces it, of which as many bits count as the access has, and returns the old
    /// value.
    CompareExchange,
}

macro_rules! define_atomic_ops {
    (
        atomic_load { $($l:ident $l_text:literal $l_w:ident i32[$($l_32:ident)?] i64[$l_64:ident];)* }
        atomic_store { $($s:ident $s_text:literal $s_w:ident i32[$($s_32:ident)?] i64[$s_64:ident];)* }
        atomic_rmw { $($r:ident $r_text:literal $r_w:ident i32[$($r_32:ident)?] i64[$r_64:ident] = $r_f:expr;)* }
        atomic_cmpxchg { $($c:ident $c_text:literal $c_w:ident i32[$($c_32:ident)?] i64[$c_64:ident];)* }
    ) => {
        define_atomic_ops! { @all
            $($l $l_text $l_w Load;)*
            $($s $s_text $s_w Store;)*
            $($r $r_text $r_w ReadModifyWrite;)*
            $($c $c_text $c_w CompareExchange;)*
        }

        $(impl AtomicRmwOp for op::$r {
            #[inline(always)]
            fn eval(cell: &<$r_w as Width>::Cell, operand: $r_w) -> $r_w {
                let f: fn(&<$r_w as Width>::Cell, $r_w) -> $r_w = $r_f;
                f(cell, operand)
            }
        })*
    };
    (@all $($name:ident $text:literal $w:ident $shape:ident;)*) => {
        /// Atomic accesses.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub enum Atomic {
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl Atomic {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Atomic] = &[$(Atomic::$name,)*];

            /// The name in dumps.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Atomic::$name => $text,)*
                }
            }

            /// How many bytes are accessed.
            #[must_use]
            pub fn bytes(self) -> u32 {
                match self {
                    $(Atomic::$name => size_of::<$w>() as u32,)*
                }
            }

            /// What the access does.
            #[must_use]
            pub fn shape(self) -> AtomicShape {
                match self {
                    $(Atomic::$name => AtomicShape::$shape,)*
                }
            }
        }

        /// One type per access.
        pub mod op {
            $(#[doc = concat!("`", $text, "`")] #[derive(Clone, Copy, Debug)] pub struct $name;)*
        }

        $(impl AtomicOp for op::$name {
            const OP: Atomic = Atomic::$name;
            type Width = $w;
        })*
    };
}

for_each_atomic_op!([define_atomic_ops]);
