//! Every pure operator of WebAssembly, once: name, operand types, result type, semantics (wasm spec, "Numerics").
//!
//! [`for_each_pure_op!`](crate::for_each_pure_op) is the table. It is grouped into *sections*; the operators of one
//! section have the same shape and get the same operand forms in the interpreter. From the table come
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
    ($(#[$doc:meta])* $enum:ident { $($name:ident $text:literal ($($arg:ident),*) $out:ident),* $(,)? }) => {
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
            pub fn operands(self) -> &'static [ValType] {
                match self {
                    $($enum::$name => &[$(val_type!($arg)),*],)*
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

macro_rules! impl_binary {
    (pure $($name:ident ($l:ident, $r:ident) -> $o:ident = $f:expr;)*) => {$(
        impl BinaryOp for op::$name {
            const OP: Binary = Binary::$name;
            type Lhs = $l;
            type Rhs = $r;
            type Out = $o;
            #[inline(always)]
            fn eval(lhs: $l, rhs: $r) -> Result<$o, Trap> {
                Ok(apply2::<$l, $r, $o, _>($f, lhs, rhs))
            }
        }
    )*};
    (trap $($name:ident ($l:ident, $r:ident) -> $o:ident = $f:expr;)*) => {$(
        impl BinaryOp for op::$name {
            const OP: Binary = Binary::$name;
            type Lhs = $l;
            type Rhs = $r;
            type Out = $o;
            #[inline(always)]
            fn eval(lhs: $l, rhs: $r) -> Result<$o, Trap> {
                $f(lhs, rhs)
            }
        }
    )*};
}

macro_rules! impl_unary {
    (pure $($name:ident ($i:ident) -> $o:ident = $f:expr;)*) => {$(
        impl UnaryOp for op::$name {
            const OP: Unary = Unary::$name;
            type In = $i;
            type Out = $o;
            #[inline(always)]
            fn eval(value: $i) -> Result<$o, Trap> {
                Ok(apply1::<$i, $o, _>($f, value))
            }
        }
    )*};
    (trap $($name:ident ($i:ident) -> $o:ident = $f:expr;)*) => {$(
        impl UnaryOp for op::$name {
            const OP: Unary = Unary::$name;
            type In = $i;
            type Out = $o;
            #[inline(always)]
            fn eval(value: $i) -> Result<$o, Trap> {
                $f(value)
            }
        }
    )*};
}

macro_rules! define_pure_ops {
    (
        int_compare { $($ic:ident $ic_text:literal ($ic_l:ident, $ic_r:ident) -> $ic_o:ident = $ic_f:expr,
                        inverse $ic_inverse:ident, swapped $ic_swapped:ident;)* }
        float_compare { $($fc:ident $fc_text:literal ($fc_l:ident, $fc_r:ident) -> $fc_o:ident = $fc_f:expr;)* }
        int_commutative { $($ico:ident $ico_text:literal ($ico_l:ident, $ico_r:ident) -> $ico_o:ident = $ico_f:expr;)* }
        int_arithmetic { $($ia:ident $ia_text:literal ($ia_l:ident, $ia_r:ident) -> $ia_o:ident = $ia_f:expr;)* }
        int_rotate { $($ir:ident $ir_text:literal ($ir_l:ident, $ir_r:ident) -> $ir_o:ident = $ir_f:expr;)* }
        int_division_trap { $($id:ident $id_text:literal ($id_l:ident, $id_r:ident) -> $id_o:ident = $id_f:expr;)* }
        wide_sum { $($ws:ident $ws_text:literal ($ws_l:ident, $ws_r:ident) -> $ws_o:ident = $ws_f:expr;)* }
        wide_product { $($wp:ident $wp_text:literal ($wp_l:ident, $wp_r:ident) -> $wp_o:ident = $wp_f:expr;)* }
        float_commutative { $($fco:ident $fco_text:literal ($fco_l:ident, $fco_r:ident) -> $fco_o:ident = $fco_f:expr;)* }
        float_arithmetic { $($fa:ident $fa_text:literal ($fa_l:ident, $fa_r:ident) -> $fa_o:ident = $fa_f:expr;)* }
        float_other { $($fo:ident $fo_text:literal ($fo_l:ident, $fo_r:ident) -> $fo_o:ident = $fo_f:expr;)* }
        unary_hot { $($uh:ident $uh_text:literal ($uh_i:ident) -> $uh_o:ident = $uh_f:expr;)* }
        unary { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* }
        unary_trap { $($ut:ident $ut_text:literal ($ut_i:ident) -> $ut_o:ident = $ut_f:expr;)* }
        simd_unary { $($su:ident $su_text:literal ($su_i:ident) -> $su_o:ident = $su_f:expr;)* }
        canonical_nan { $($cn:ident $cn_text:literal ($cn_i:ident) -> $cn_o:ident = $cn_f:expr;)* }
        simd_binary { $($sb:ident $sb_text:literal ($sb_l:ident, $sb_r:ident) -> $sb_o:ident = $sb_f:expr;)* }
        simd_ternary { $($st:ident $st_text:literal ($st_a:ident, $st_b:ident, $st_c:ident) -> $st_o:ident = $st_f:expr;)* }
        simd_extract_lane { $($sx:ident $sx_text:literal ($sx_i:ident) -> $sx_o:ident = $sx_f:expr;)* }
        simd_replace_lane { $($sr:ident $sr_text:literal ($sr_v:ident, $sr_i:ident) -> $sr_o:ident = $sr_f:expr;)* }
    ) => {
        define_enum! {
            /// Operators with two operands.
            Binary {
                $($ic $ic_text ($ic_l, $ic_r) $ic_o,)*
                $($fc $fc_text ($fc_l, $fc_r) $fc_o,)*
                $($ico $ico_text ($ico_l, $ico_r) $ico_o,)*
                $($ia $ia_text ($ia_l, $ia_r) $ia_o,)*
                $($ir $ir_text ($ir_l, $ir_r) $ir_o,)*
                $($id $id_text ($id_l, $id_r) $id_o,)*
                $($fco $fco_text ($fco_l, $fco_r) $fco_o,)*
                $($fa $fa_text ($fa_l, $fa_r) $fa_o,)*
                $($fo $fo_text ($fo_l, $fo_r) $fo_o,)*
                $($sb $sb_text ($sb_l, $sb_r) $sb_o,)*
            }
        }
        define_enum! {
            /// Operators whose result has 128 bits: two results of the type that [`Wide::result`] returns, the lower half
            /// first. Operands of 128 bits are two operands here, in the same order.
            Wide {
                $($ws $ws_text (i64, i64, i64, i64) i64,)*
                $($wp $wp_text ($wp_l, $wp_r) i64,)*
            }
        }
        define_enum! {
            /// Operators with one operand.
            Unary {
                $($uh $uh_text ($uh_i) $uh_o,)*
                $($u $u_text ($u_i) $u_o,)*
                $($ut $ut_text ($ut_i) $ut_o,)*
                $($su $su_text ($su_i) $su_o,)*
                $($cn $cn_text ($cn_i) $cn_o,)*
            }
        }
        define_enum! {
            /// Operators with three vector operands.
            Ternary { $($st $st_text ($st_a, $st_b, $st_c) $st_o,)* }
        }
        define_enum! {
            /// Operators that take a lane out of a vector.
            ExtractLane { $($sx $sx_text ($sx_i) $sx_o,)* }
        }
        define_enum! {
            /// Operators that put a lane into a vector.
            ReplaceLane { $($sr $sr_text ($sr_v, $sr_i) $sr_o,)* }
        }

        impl Binary {
            /// For integer comparisons the one that is true when this is false.
            #[must_use]
            pub fn inverse(self) -> Option<Binary> {
                match self {
                    $(Binary::$ic => Some(Binary::$ic_inverse),)*
                    _ => None,
                }
            }

            /// For integer comparisons the one with exchanged operands; other commutative operators return themselves.
            #[must_use]
            pub fn swapped(self) -> Option<Binary> {
                match self {
                    $(Binary::$ic => Some(Binary::$ic_swapped),)*
                    $(Binary::$ico => Some(Binary::$ico),)*
                    $(Binary::$fco => Some(Binary::$fco),)*
                    _ => None,
                }
            }

            /// Whether the operator compares scalars.
            #[must_use]
            pub fn is_compare(self) -> bool {
                matches!(self, $(Binary::$ic)|* $(| Binary::$fc)*)
            }

            /// Whether the operator may trap.
            #[must_use]
            pub fn may_trap(self) -> bool {
                matches!(self, $(Binary::$id)|*)
            }
        }

        impl Unary {
            /// Whether the operator may trap.
            #[must_use]
            pub fn may_trap(self) -> bool {
                matches!(self, $(Unary::$ut)|*)
            }
        }

        /// One type per operator; its trait implementation is the operator's semantics.
        pub mod op {
            $(marker! { $ic $ic_text })*
            $(marker! { $fc $fc_text })*
            $(marker! { $ico $ico_text })*
            $(marker! { $ia $ia_text })*
            $(marker! { $ir $ir_text })*
            $(marker! { $id $id_text })*
            $(marker! { $ws $ws_text })*
            $(marker! { $wp $wp_text })*
            $(marker! { $fco $fco_text })*
            $(marker! { $fa $fa_text })*
            $(marker! { $fo $fo_text })*
            $(marker! { $uh $uh_text })*
            $(marker! { $u $u_text })*
            $(marker! { $ut $ut_text })*
            $(marker! { $su $su_text })*
            $(marker! { $cn $cn_text })*
            $(marker! { $sb $sb_text })*
            $(marker! { $st $st_text })*
            $(marker! { $sx $sx_text })*
            $(marker! { $sr $sr_text })*
        }

        impl_binary! { pure $($ic ($ic_l, $ic_r) -> $ic_o = $ic_f;)* }
        impl_binary! { pure $($fc ($fc_l, $fc_r) -> $fc_o = $fc_f;)* }
        impl_binary! { pure $($ico ($ico_l, $ico_r) -> $ico_o = $ico_f;)* }
        impl_binary! { pure $($ia ($ia_l, $ia_r) -> $ia_o = $ia_f;)* }
        impl_binary! { pure $($ir ($ir_l, $ir_r) -> $ir_o = $ir_f;)* }
        impl_binary! { trap $($id ($id_l, $id_r) -> $id_o = $id_f;)* }
        impl_binary! { pure $($fco ($fco_l, $fco_r) -> $fco_o = $fco_f;)* }
        impl_binary! { pure $($fa ($fa_l, $fa_r) -> $fa_o = $fa_f;)* }
        impl_binary! { pure $($fo ($fo_l, $fo_r) -> $fo_o = $fo_f;)* }
        impl_binary! { pure $($sb ($sb_l, $sb_r) -> $sb_o = $sb_f;)* }
        impl_unary! { pure $($uh ($uh_i) -> $uh_o = $uh_f;)* }
        impl_unary! { pure $($u ($u_i) -> $u_o = $u_f;)* }
        impl_unary! { trap $($ut ($ut_i) -> $ut_o = $ut_f;)* }
        impl_unary! { pure $($su ($su_i) -> $su_o = $su_f;)* }
        impl_unary! { pure $($cn ($cn_i) -> $cn_o = $cn_f;)* }

        $(impl WideSumOp for op::$ws {
            const OP: Wide = Wide::$ws;
            #[inline(always)]
            fn eval(lhs: u128, rhs: u128) -> u128 {
                apply2::<$ws_l, $ws_r, $ws_o, _>($ws_f, lhs, rhs)
            }
        })*
        $(impl WideProductOp for op::$wp {
            const OP: Wide = Wide::$wp;
            type In = $wp_l;
            #[inline(always)]
            fn eval(lhs: $wp_l, rhs: $wp_r) -> u128 {
                apply2::<$wp_l, $wp_r, $wp_o, _>($wp_f, lhs, rhs)
            }
        })*

        $(impl TernaryOp for op::$st {
            const OP: Ternary = Ternary::$st;
            #[inline(always)]
            fn eval(a: V128, b: V128, c: V128) -> V128 {
                let f: fn(V128, V128, V128) -> V128 = $st_f;
                f(a, b, c)
            }
        })*
        $(impl ExtractLaneOp for op::$sx {
            const OP: ExtractLane = ExtractLane::$sx;
            type Out = $sx_o;
            #[inline(always)]
            fn eval(vector: V128, lane: u8) -> $sx_o {
                let f: fn(V128, u8) -> $sx_o = $sx_f;
                f(vector, lane)
            }
        })*
        $(impl ReplaceLaneOp for op::$sr {
            const OP: ReplaceLane = ReplaceLane::$sr;
            type In = $sr_i;
            #[inline(always)]
            fn eval(vector: V128, value: $sr_i, lane: u8) -> V128 {
                let f: fn(V128, $sr_i, u8) -> V128 = $sr_f;
                f(vector, value, lane)
            }
        })*
    };
}

for_each_pure_op!([define_pure_ops]);
