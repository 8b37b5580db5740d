//! Every pure operator of WebAssembly, once: name, operand types, result type, semantics (wasm spec, "Numerics").
//!
//! [`for_each_pure_op!`](crate::for_each_pure_op) is the table. It is grouped into *kinds*, by the number of operands, and
//! these into *sections*, whose operators get the same operand forms in the interpreter. From the table come
//!
//! * the enums [`Binary`], [`Wide`], [`Unary`], [`Ternary`], [`ExtractLane`], [`ReplaceLane`] by which the walker names an operator
//!   to a backend,
//! * one zero-sized type per operator in [`op`], whose trait implementation is the operator's semantics: the
//!   interpreter's handlers, constant folding and tests all run the same function.
//!
//! The table itself is in `ops/table.rs`; a row's function is a Rust operation or one of [`int`], [`float`], [`simd`],
//! [`mod@reference`].

pub mod atomic;
pub mod float;
pub mod fold;
pub mod int;
pub mod memory;
pub mod reference;
pub mod simd;
mod table;

use crate::Trap;
use crate::for_each_pure_op;
use crate::types::ValType;
use crate::value::{SlotValue, V128};

/// A Rust type of an operand as the wasm type it stands for.
macro_rules! val_type {
    (i32) => {
        ValType::I32
    };
    (u32) => {
        ValType::I32
    };
    (i64) => {
        ValType::I64
    };
    (u64) => {
        ValType::I64
    };
    (f32) => {
        ValType::F32
    };
    (f64) => {
        ValType::F64
    };
    (V128) => {
        ValType::V128
    };
}

/// An operator with two operands.
pub trait BinaryOp {
    /// The operator's name in the enum.
    const OP: Binary;
    /// First operand.
    type Lhs: SlotValue;
    /// Second operand.
    type Rhs: SlotValue;
    /// Result.
    type Out: SlotValue;
    /// The semantics.
    ///
    /// # Errors
    /// The trap that the specification prescribes; operators that cannot trap never fail.
    fn eval(lhs: Self::Lhs, rhs: Self::Rhs) -> Result<Self::Out, Trap>;
}

/// An operator with two operands of 128 bits and a result of 128 bits.
pub trait WideSumOp {
    /// The operator's name in the enum.
    const OP: Wide;
    /// The semantics.
    fn eval(lhs: u128, rhs: u128) -> u128;
}

/// An operator with two operands of 64 bits and a result of 128 bits.
pub trait WideProductOp {
    /// The operator's name in the enum.
    const OP: Wide;
    /// Both operands.
    type In: SlotValue;
    /// The semantics.
    fn eval(lhs: Self::In, rhs: Self::In) -> u128;
}

/// An operator with one operand.
pub trait UnaryOp {
    /// The operator's name in the enum.
    const OP: Unary;
    /// Operand.
    type In: SlotValue;
    /// Result.
    type Out: SlotValue;
    /// The semantics.
    ///
    /// # Errors
    /// The trap that the specification prescribes; operators that cannot trap never fail.
    fn eval(value: Self::In) -> Result<Self::Out, Trap>;
}

/// An operator with three vector operands.
pub trait TernaryOp {
    /// The operator's name in the enum.
    const OP: Ternary;
    /// The semantics.
    fn eval(a: V128, b: V128, c: V128) -> V128;
}

/// An operator that takes a lane out of a vector.
pub trait ExtractLaneOp {
    /// The operator's name in the enum.
    const OP: ExtractLane;
    /// Result.
    type Out: SlotValue;
    /// The semantics.
    fn eval(vector: V128, lane: u8) -> Self::Out;
}

/// An operator that puts a lane into a vector.
pub trait ReplaceLaneOp {
    /// The operator's name in the enum.
    const OP: ReplaceLane;
    /// The new lane.
    type In: SlotValue;
    /// The semantics.
    fn eval(vector: V128, value: Self::In, lane: u8) -> V128;
}

macro_rules! marker {
    ($name:ident $text:literal) => {
        #[doc = concat!("`", $text, "`")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
    };
}

macro_rules! define_enum {
    ($(#[$doc:meta])* $enum:ident { $($name:ident $text:literal [$operands:expr] $out:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub enum $enum {
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl $enum {
            /// All operators of this shape, in the order of the table.
            pub const ALL: &'static [$enum] = &[$($enum::$name,)*];

            /// The operator's name in the text format.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $($enum::$name => $text,)*
                }
            }

            /// The operand types.
            #[must_use]
            pub const fn operands(self) -> &'static [ValType] {
                match self {
                    $($enum::$name => $operands,)*
                }
            }

            /// The result type.
            #[must_use]
            pub const fn result(self) -> ValType {
                match self {
                    $($enum::$name => val_type!($out),)*
                }
            }
        }
    };
}

/// Calls a row's function. A closure gets its parameter types from here, and nothing but a direct call remains of it,
/// which matters to how well LLVM sees through vectors.
#[inline(always)]
fn apply1<A, R, F: Fn(A) -> R>(f: F, a: A) -> R {
    f(a)
}

/// The same for two operands.
#[inline(always)]
fn apply2<A, B, R, F: Fn(A, B) -> R>(f: F, a: A, b: B) -> R {
    f(a, b)
}

/// What a row's function gives: sections whose names end in `_trap` have functions that may fail.
macro_rules! outcome {
    (@int_division_trap $call:expr) => {
        $call
    };
    (@unary_trap $call:expr) => {
        $call
    };
    (@$section:ident $call:expr) => {
        Ok($call)
    };
}

/// Whether the operators of a section may trap.
macro_rules! may_trap {
    (int_division_trap) => {
        true
    };
    (unary_trap) => {
        true
    };
    ($section:ident) => {
        false
    };
}

/// Whether the operators of a section compare scalars.
macro_rules! is_compare {
    (int_compare) => {
        true
    };
    (float_compare) => {
        true
    };
    ($section:ident) => {
        false
    };
}

/// The operator with exchanged operands.
macro_rules! swapped {
    (@int_compare $name:ident $swapped:ident) => {
        Some(Binary::$swapped)
    };
    (@int_commutative $name:ident) => {
        Some(Binary::$name)
    };
    (@float_commutative $name:ident) => {
        Some(Binary::$name)
    };
    (@$section:ident $name:ident) => {
        None
    };
}

/// An operator that may not be there.
macro_rules! optional {
    () => {
        None
    };
    ($name:ident) => {
        Some(Binary::$name)
    };
}

macro_rules! impl_unary {
    ($section:ident $($name:ident ($i:ident) -> $o:ident = $f:expr;)*) => {$(
        impl UnaryOp for op::$name {
            const OP: Unary = Unary::$name;
            type In = $i;
            type Out = $o;
            #[inline(always)]
            fn eval(value: $i) -> Result<$o, Trap> {
                outcome!(@$section apply1::<$i, _, _>($f, value))
            }
        }
    )*};
}

macro_rules! impl_wide {
    (@wide_sum $name:ident ($l:ident, $r:ident) -> $o:ident = $f:expr) => {
        impl WideSumOp for op::$name {
            const OP: Wide = Wide::$name;
            #[inline(always)]
            fn eval(lhs: u128, rhs: u128) -> u128 {
                apply2::<$l, $r, $o, _>($f, lhs, rhs)
            }
        }
    };
    (@wide_product $name:ident ($l:ident, $r:ident) -> $o:ident = $f:expr) => {
        impl WideProductOp for op::$name {
            const OP: Wide = Wide::$name;
            type In = $l;
            #[inline(always)]
            fn eval(lhs: $l, rhs: $r) -> u128 {
                apply2::<$l, $r, $o, _>($f, lhs, rhs)
            }
        }
    };
}

/// The operand types of a wide operator, whose operands of 128 bits are two each.
macro_rules! wide_operands {
    (@wide_sum $l:ident $r:ident) => {
        &[ValType::I64, ValType::I64, ValType::I64, ValType::I64]
    };
    (@wide_product $l:ident $r:ident) => {
        &[val_type!($l), val_type!($r)]
    };
}

macro_rules! define_pure_ops {
    (
        binary { $($bs:ident { $(
            $b:ident $b_text:literal ($b_l:ident, $b_r:ident) -> $b_o:ident = $b_f:expr
                $(, inverse $b_inverse:ident, swapped $b_swapped:ident)?;
        )* })* }
        wide { $($ws:ident { $($w:ident $w_text:literal ($w_l:ident, $w_r:ident) -> $w_o:ident = $w_f:expr;)* })* }
        unary { $($us:ident { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* })* }
        canonical_nan { $($n:ident $n_text:literal ($n_i:ident) -> $n_o:ident = $n_f:expr;)* }
        ternary { $($t:ident $t_text:literal ($t_a:ident, $t_b:ident, $t_c:ident) -> $t_o:ident = $t_f:expr;)* }
        extract_lane { $($x:ident $x_text:literal ($x_i:ident) -> $x_o:ident = $x_f:expr;)* }
        replace_lane { $($r:ident $r_text:literal ($r_v:ident, $r_i:ident) -> $r_o:ident = $r_f:expr;)* }
    ) => {
        define_enum! {
            /// Operators with two operands.
            Binary { $($($b $b_text [&[val_type!($b_l), val_type!($b_r)]] $b_o,)*)* }
        }
        define_enum! {
            /// Operators whose result has 128 bits: two results of the type that [`Wide::result`] returns, the lower half
            /// first. Operands of 128 bits are two operands here, in the same order.
            Wide { $($($w $w_text [wide_operands!(@$ws $w_l $w_r)] i64,)*)* }
        }
        define_enum! {
            /// Operators with one operand.
            Unary {
                $($($u $u_text [&[val_type!($u_i)]] $u_o,)*)*
                $($n $n_text [&[val_type!($n_i)]] $n_o,)*
            }
        }
        define_enum! {
            /// Operators with three vector operands.
            Ternary { $($t $t_text [&[val_type!($t_a), val_type!($t_b), val_type!($t_c)]] $t_o,)* }
        }
        define_enum! {
            /// Operators that take a lane out of a vector.
            ExtractLane { $($x $x_text [&[val_type!($x_i)]] $x_o,)* }
        }
        define_enum! {
            /// Operators that put a lane into a vector.
            ReplaceLane { $($r $r_text [&[val_type!($r_v), val_type!($r_i)]] $r_o,)* }
        }

        impl Binary {
            /// For integer comparisons the one that is true when this is false.
            #[must_use]
            pub fn inverse(self) -> Option<Binary> {
                match self {
                    $($(Binary::$b => optional!($($b_inverse)?),)*)*
                }
            }

            /// For integer comparisons the one with exchanged operands; other commutative operators return themselves.
            #[must_use]
            pub fn swapped(self) -> Option<Binary> {
                match self {
                    $($(Binary::$b => swapped!(@$bs $b $($b_swapped)?),)*)*
                }
            }

            /// Whether the operator compares scalars.
            #[must_use]
            pub fn is_compare(self) -> bool {
                match self {
                    $($(Binary::$b => is_compare!($bs),)*)*
                }
            }

            /// Whether the operator may trap.
            #[must_use]
            pub fn may_trap(self) -> bool {
                match self {
                    $($(Binary::$b => may_trap!($bs),)*)*
                }
            }
        }

        impl Unary {
            /// Whether the operator may trap.
            #[must_use]
            pub fn may_trap(self) -> bool {
                match self {
                    $($(Unary::$u => may_trap!($us),)*)*
                    $(Unary::$n => false,)*
                }
            }
        }

        /// One type per operator; its trait implementation is the operator's semantics.
        pub mod op {
            $($(marker! { $b $b_text })*)*
            $($(marker! { $w $w_text })*)*
            $($(marker! { $u $u_text })*)*
            $(marker! { $n $n_text })*
            $(marker! { $t $t_text })*
            $(marker! { $x $x_text })*
            $(marker! { $r $r_text })*
        }

        $($(impl BinaryOp for op::$b {
            const OP: Binary = Binary::$b;
            type Lhs = $b_l;
            type Rhs = $b_r;
            type Out = $b_o;
            #[inline(always)]
            fn eval(lhs: $b_l, rhs: $b_r) -> Result<$b_o, Trap> {
                outcome!(@$bs apply2::<$b_l, $b_r, _, _>($b_f, lhs, rhs))
            }
        })*)*
        $($(impl_wide! { @$ws $w ($w_l, $w_r) -> $w_o = $w_f })*)*
        $(impl_unary! { $us $($u ($u_i) -> $u_o = $u_f;)* })*
        impl_unary! { canonical_nan $($n ($n_i) -> $n_o = $n_f;)* }

        $(impl TernaryOp for op::$t {
            const OP: Ternary = Ternary::$t;
            #[inline(always)]
            fn eval(a: V128, b: V128, c: V128) -> V128 {
                let f: fn(V128, V128, V128) -> V128 = $t_f;
                f(a, b, c)
            }
        })*
        $(impl ExtractLaneOp for op::$x {
            const OP: ExtractLane = ExtractLane::$x;
            type Out = $x_o;
            #[inline(always)]
            fn eval(vector: V128, lane: u8) -> $x_o {
                let f: fn(V128, u8) -> $x_o = $x_f;
                f(vector, lane)
            }
        })*
        $(impl ReplaceLaneOp for op::$r {
            const OP: ReplaceLane = ReplaceLane::$r;
            type In = $r_i;
            #[inline(always)]
            fn eval(vector: V128, value: $r_i, lane: u8) -> V128 {
                let f: fn(V128, $r_i, u8) -> V128 = $r_f;
                f(vector, value, lane)
            }
        })*
    };
}

for_each_pure_op!([define_pure_ops]);
