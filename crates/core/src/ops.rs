//! Every pure operator of WebAssembly, once: name, operand types, result type, semantics (wasm spec, "Numerics").
//!
//! [`for_each_pure_op!`](crate::for_each_pure_op) is the table. It is grouped into *sections*; the operators of one
//! section have the same shape and get the same operand forms in the interpreter. From the table come
//!
//! * the enums [`Binary`], [`Unary`], [`Ternary`], [`ExtractLane`], [`ReplaceLane`] by which the walker names an operator
//!   to a backend,
//! * one zero-sized type per operator in [`op`], whose trait implementation is the operator's semantics: the
//!   interpreter's handlers, constant folding and tests all run the same function.
//!
//! A row reads `Name "text" (operand types) -> result type = function;`. The Rust types say how the bits are taken: `i32`
//! and `u32` are both a wasm `i32`. Functions of the sections whose names end in `_trap` return a `Result`.
//! The variants have the names of wasmparser's `Operator`s.

pub mod float;
pub mod int;
pub mod memory;
pub mod simd;

use crate::Trap;
use crate::types::ValType;
use crate::value::{SlotValue, V128};

/// Calls the macro in brackets with the whole table of pure operators, see [`ops`](crate::ops). Further arguments are passed on
/// in front of the table.
#[macro_export]
macro_rules! for_each_pure_op {
    ([$($m:tt)+] $($args:tt)*) => { $($m)+! { $($args)*

    // Integer comparisons: `inverse` is true when this is false, `swapped` is this with its operands exchanged.
    int_compare {
        I32Eq  "i32.eq"   (i32, i32) -> i32 = |a, b| i32::from(a == b), inverse I32Ne,  swapped I32Eq;
        I32Ne  "i32.ne"   (i32, i32) -> i32 = |a, b| i32::from(a != b), inverse I32Eq,  swapped I32Ne;
        I32LtS "i32.lt_s" (i32, i32) -> i32 = |a, b| i32::from(a < b),  inverse I32GeS, swapped I32GtS;
        I32LtU "i32.lt_u" (u32, u32) -> i32 = |a, b| i32::from(a < b),  inverse I32GeU, swapped I32GtU;
        I32GtS "i32.gt_s" (i32, i32) -> i32 = |a, b| i32::from(a > b),  inverse I32LeS, swapped I32LtS;
        I32GtU "i32.gt_u" (u32, u32) -> i32 = |a, b| i32::from(a > b),  inverse I32LeU, swapped I32LtU;
        I32LeS "i32.le_s" (i32, i32) -> i32 = |a, b| i32::from(a <= b), inverse I32GtS, swapped I32GeS;
        I32LeU "i32.le_u" (u32, u32) -> i32 = |a, b| i32::from(a <= b), inverse I32GtU, swapped I32GeU;
        I32GeS "i32.ge_s" (i32, i32) -> i32 = |a, b| i32::from(a >= b), inverse I32LtS, swapped I32LeS;
        I32GeU "i32.ge_u" (u32, u32) -> i32 = |a, b| i32::from(a >= b), inverse I32LtU, swapped I32LeU;
        I64Eq  "i64.eq"   (i64, i64) -> i32 = |a, b| i32::from(a == b), inverse I64Ne,  swapped I64Eq;
        I64Ne  "i64.ne"   (i64, i64) -> i32 = |a, b| i32::from(a != b), inverse I64Eq,  swapped I64Ne;
        I64LtS "i64.lt_s" (i64, i64) -> i32 = |a, b| i32::from(a < b),  inverse I64GeS, swapped I64GtS;
        I64LtU "i64.lt_u" (u64, u64) -> i32 = |a, b| i32::from(a < b),  inverse I64GeU, swapped I64GtU;
        I64GtS "i64.gt_s" (i64, i64) -> i32 = |a, b| i32::from(a > b),  inverse I64LeS, swapped I64LtS;
        I64GtU "i64.gt_u" (u64, u64) -> i32 = |a, b| i32::from(a > b),  inverse I64LeU, swapped I64LtU;
        I64LeS "i64.le_s" (i64, i64) -> i32 = |a, b| i32::from(a <= b), inverse I64GtS, swapped I64GeS;
        I64LeU "i64.le_u" (u64, u64) -> i32 = |a, b| i32::from(a <= b), inverse I64GtU, swapped I64GeU;
        I64GeS "i64.ge_s" (i64, i64) -> i32 = |a, b| i32::from(a >= b), inverse I64LtS, swapped I64LeS;
        I64GeU "i64.ge_u" (u64, u64) -> i32 = |a, b| i32::from(a >= b), inverse I64LtU, swapped I64LeU;
    }

    // Float comparisons: NaN makes the inverse another operator, so there is none.
    float_compare {
        F32Eq "f32.eq" (f32, f32) -> i32 = |a, b| i32::from(a == b);
        F32Ne "f32.ne" (f32, f32) -> i32 = |a, b| i32::from(a != b);
        F32Lt "f32.lt" (f32, f32) -> i32 = |a, b| i32::from(a < b);
        F32Gt "f32.gt" (f32, f32) -> i32 = |a, b| i32::from(a > b);
        F32Le "f32.le" (f32, f32) -> i32 = |a, b| i32::from(a <= b);
        F32Ge "f32.ge" (f32, f32) -> i32 = |a, b| i32::from(a >= b);
        F64Eq "f64.eq" (f64, f64) -> i32 = |a, b| i32::from(a == b);
        F64Ne "f64.ne" (f64, f64) -> i32 = |a, b| i32::from(a != b);
        F64Lt "f64.lt" (f64, f64) -> i32 = |a, b| i32::from(a < b);
        F64Gt "f64.gt" (f64, f64) -> i32 = |a, b| i32::from(a > b);
        F64Le "f64.le" (f64, f64) -> i32 = |a, b| i32::from(a <= b);
        F64Ge "f64.ge" (f64, f64) -> i32 = |a, b| i32::from(a >= b);
    }

    int_commutative {
        I32Add "i32.add" (u32, u32) -> u32 = u32::wrapping_add;
        I32Mul "i32.mul" (u32, u32) -> u32 = u32::wrapping_mul;
        I32And "i32.and" (u32, u32) -> u32 = |a, b| a & b;
        I32Or  "i32.or"  (u32, u32) -> u32 = |a, b| a | b;
        I32Xor "i32.xor" (u32, u32) -> u32 = |a, b| a ^ b;
        I64Add "i64.add" (u64, u64) -> u64 = u64::wrapping_add;
        I64Mul "i64.mul" (u64, u64) -> u64 = u64::wrapping_mul;
        I64And "i64.and" (u64, u64) -> u64 = |a, b| a & b;
        I64Or  "i64.or"  (u64, u64) -> u64 = |a, b| a | b;
        I64Xor "i64.xor" (u64, u64) -> u64 = |a, b| a ^ b;
    }

    int_arithmetic {
        I32Sub  "i32.sub"   (u32, u32) -> u32 = u32::wrapping_sub;
        I32Shl  "i32.shl"   (u32, u32) -> u32 = u32::wrapping_shl;
        I32ShrS "i32.shr_s" (i32, u32) -> i32 = i32::wrapping_shr;
        I32ShrU "i32.shr_u" (u32, u32) -> u32 = u32::wrapping_shr;
        I64Sub  "i64.sub"   (u64, u64) -> u64 = u64::wrapping_sub;
        I64Shl  "i64.shl"   (u64, u64) -> u64 = |a, b| a.wrapping_shl(b as u32);
        I64ShrS "i64.shr_s" (i64, u64) -> i64 = |a, b| a.wrapping_shr(b as u32);
        I64ShrU "i64.shr_u" (u64, u64) -> u64 = |a, b| a.wrapping_shr(b as u32);
    }

    int_rotate {
        I32Rotl "i32.rotl" (u32, u32) -> u32 = |a, b| a.rotate_left(b & 31);
        I32Rotr "i32.rotr" (u32, u32) -> u32 = |a, b| a.rotate_right(b & 31);
        I64Rotl "i64.rotl" (u64, u64) -> u64 = |a, b| a.rotate_left(b as u32 & 63);
        I64Rotr "i64.rotr" (u64, u64) -> u64 = |a, b| a.rotate_right(b as u32 & 63);
    }

    int_division_trap {
        I32DivS "i32.div_s" (i32, i32) -> i32 = int::div_s_32;
        I32DivU "i32.div_u" (u32, u32) -> u32 = int::div_u_32;
        I32RemS "i32.rem_s" (i32, i32) -> i32 = int::rem_s_32;
        I32RemU "i32.rem_u" (u32, u32) -> u32 = int::rem_u_32;
        I64DivS "i64.div_s" (i64, i64) -> i64 = int::div_s_64;
        I64DivU "i64.div_u" (u64, u64) -> u64 = int::div_u_64;
        I64RemS "i64.rem_s" (i64, i64) -> i64 = int::rem_s_64;
        I64RemU "i64.rem_u" (u64, u64) -> u64 = int::rem_u_64;
    }

    float_commutative {
        F32Add "f32.add" (f32, f32) -> f32 = |a, b| a + b;
        F32Mul "f32.mul" (f32, f32) -> f32 = |a, b| a * b;
        F64Add "f64.add" (f64, f64) -> f64 = |a, b| a + b;
        F64Mul "f64.mul" (f64, f64) -> f64 = |a, b| a * b;
    }

    float_arithmetic {
        F32Sub "f32.sub" (f32, f32) -> f32 = |a, b| a - b;
        F32Div "f32.div" (f32, f32) -> f32 = |a, b| a / b;
        F64Sub "f64.sub" (f64, f64) -> f64 = |a, b| a - b;
        F64Div "f64.div" (f64, f64) -> f64 = |a, b| a / b;
    }

    float_other {
        F32Min      "f32.min"      (f32, f32) -> f32 = float::min_32;
        F32Max      "f32.max"      (f32, f32) -> f32 = float::max_32;
        F32Copysign "f32.copysign" (f32, f32) -> f32 = f32::copysign;
        F64Min      "f64.min"      (f64, f64) -> f64 = float::min_64;
        F64Max      "f64.max"      (f64, f64) -> f64 = float::max_64;
        F64Copysign "f64.copysign" (f64, f64) -> f64 = f64::copysign;
    }

    // Unary operators that often follow the operator that makes their operand.
    unary_hot {
        I32WrapI64     "i32.wrap_i64"      (u64) -> u32 = |a| a as u32;
        I64ExtendI32S  "i64.extend_i32_s"  (i32) -> i64 = i64::from;
        I64ExtendI32U  "i64.extend_i32_u"  (u32) -> u64 = u64::from;
        I32Extend8S    "i32.extend8_s"     (i32) -> i32 = |a| i32::from(a as i8);
        I32Extend16S   "i32.extend16_s"    (i32) -> i32 = |a| i32::from(a as i16);
        I64Extend8S    "i64.extend8_s"     (i64) -> i64 = |a| i64::from(a as i8);
        I64Extend16S   "i64.extend16_s"    (i64) -> i64 = |a| i64::from(a as i16);
        I64Extend32S   "i64.extend32_s"    (i64) -> i64 = |a| i64::from(a as i32);
        F32Abs         "f32.abs"           (f32) -> f32 = f32::abs;
        F32Neg         "f32.neg"           (f32) -> f32 = |a| -a;
        F32Sqrt        "f32.sqrt"          (f32) -> f32 = f32::sqrt;
        F64Abs         "f64.abs"           (f64) -> f64 = f64::abs;
        F64Neg         "f64.neg"           (f64) -> f64 = |a| -a;
        F64Sqrt        "f64.sqrt"          (f64) -> f64 = f64::sqrt;
        F32ConvertI32S "f32.convert_i32_s" (i32) -> f32 = |a| a as f32;
        F32ConvertI32U "f32.convert_i32_u" (u32) -> f32 = |a| a as f32;
        F64ConvertI32S "f64.convert_i32_s" (i32) -> f64 = f64::from;
        F64ConvertI32U "f64.convert_i32_u" (u32) -> f64 = f64::from;
        F32DemoteF64   "f32.demote_f64"    (f64) -> f32 = |a| a as f32;
        F64PromoteF32  "f64.promote_f32"   (f32) -> f64 = f64::from;
    }

    unary {
        I32Clz            "i32.clz"               (u32) -> u32 = u32::leading_zeros;
        I32Ctz            "i32.ctz"               (u32) -> u32 = u32::trailing_zeros;
        I32Popcnt         "i32.popcnt"            (u32) -> u32 = u32::count_ones;
        I64Clz            "i64.clz"               (u64) -> u64 = |a| u64::from(a.leading_zeros());
        I64Ctz            "i64.ctz"               (u64) -> u64 = |a| u64::from(a.trailing_zeros());
        I64Popcnt         "i64.popcnt"            (u64) -> u64 = |a| u64::from(a.count_ones());
        F32Ceil           "f32.ceil"              (f32) -> f32 = f32::ceil;
        F32Floor          "f32.floor"             (f32) -> f32 = f32::floor;
        F32Trunc          "f32.trunc"             (f32) -> f32 = f32::trunc;
        F32Nearest        "f32.nearest"           (f32) -> f32 = f32::round_ties_even;
        F64Ceil           "f64.ceil"              (f64) -> f64 = f64::ceil;
        F64Floor          "f64.floor"             (f64) -> f64 = f64::floor;
        F64Trunc          "f64.trunc"             (f64) -> f64 = f64::trunc;
        F64Nearest        "f64.nearest"           (f64) -> f64 = f64::round_ties_even;
        F32ConvertI64S    "f32.convert_i64_s"     (i64) -> f32 = |a| a as f32;
        F32ConvertI64U    "f32.convert_i64_u"     (u64) -> f32 = |a| a as f32;
        F64ConvertI64S    "f64.convert_i64_s"     (i64) -> f64 = |a| a as f64;
        F64ConvertI64U    "f64.convert_i64_u"     (u64) -> f64 = |a| a as f64;
        I32ReinterpretF32 "i32.reinterpret_f32"   (f32) -> u32 = f32::to_bits;
        I64ReinterpretF64 "i64.reinterpret_f64"   (f64) -> u64 = f64::to_bits;
        F32ReinterpretI32 "f32.reinterpret_i32"   (u32) -> f32 = f32::from_bits;
        F64ReinterpretI64 "f64.reinterpret_i64"   (u64) -> f64 = f64::from_bits;
        I32TruncSatF32S   "i32.trunc_sat_f32_s"   (f32) -> i32 = |a| a as i32;
        I32TruncSatF32U   "i32.trunc_sat_f32_u"   (f32) -> u32 = |a| a as u32;
        I32TruncSatF64S   "i32.trunc_sat_f64_s"   (f64) -> i32 = |a| a as i32;
        I32TruncSatF64U   "i32.trunc_sat_f64_u"   (f64) -> u32 = |a| a as u32;
        I64TruncSatF32S   "i64.trunc_sat_f32_s"   (f32) -> i64 = |a| a as i64;
        I64TruncSatF32U   "i64.trunc_sat_f32_u"   (f32) -> u64 = |a| a as u64;
        I64TruncSatF64S   "i64.trunc_sat_f64_s"   (f64) -> i64 = |a| a as i64;
        I64TruncSatF64U   "i64.trunc_sat_f64_u"   (f64) -> u64 = |a| a as u64;
    }

    unary_trap {
        I32TruncF32S "i32.trunc_f32_s" (f32) -> i32 = float::trunc_f32_i32;
        I32TruncF32U "i32.trunc_f32_u" (f32) -> u32 = float::trunc_f32_u32;
        I32TruncF64S "i32.trunc_f64_s" (f64) -> i32 = float::trunc_f64_i32;
        I32TruncF64U "i32.trunc_f64_u" (f64) -> u32 = float::trunc_f64_u32;
        I64TruncF32S "i64.trunc_f32_s" (f32) -> i64 = float::trunc_f32_i64;
        I64TruncF32U "i64.trunc_f32_u" (f32) -> u64 = float::trunc_f32_u64;
        I64TruncF64S "i64.trunc_f64_s" (f64) -> i64 = float::trunc_f64_i64;
        I64TruncF64U "i64.trunc_f64_u" (f64) -> u64 = float::trunc_f64_u64;
    }

    // Vector operators, with splats, tests, bit masks, shifts and conversions among them.
    simd_unary {
        V128Not "v128.not" (V128) -> V128 = simd::v128_not;
        I8x16Splat "i8x16.splat" (u32) -> V128 = simd::i8x16_splat;
        V128AnyTrue "v128.any_true" (V128) -> i32 = simd::v128_any_true;
    }

    simd_binary {
        V128And "v128.and" (V128, V128) -> V128 = simd::v128_and;
        I8x16Add "i8x16.add" (V128, V128) -> V128 = simd::i8x16_add;
        I8x16Shl "i8x16.shl" (V128, u32) -> V128 = simd::i8x16_shl;
    }

    simd_ternary {
        V128Bitselect "v128.bitselect" (V128, V128, V128) -> V128 = simd::v128_bitselect;
    }

    // Lane numbers are checked by validation, the functions mask them.
    simd_extract_lane {
        I8x16ExtractLaneS "i8x16.extract_lane_s" (V128) -> i32 = simd::i8x16_extract_lane_s;
    }

    simd_replace_lane {
        I8x16ReplaceLane "i8x16.replace_lane" (V128, u32) -> V128 = simd::i8x16_replace_lane;
    }
    } };
}

/// A Rust type of an operand as the wasm type it stands for.
macro_rules! val_type {
    (i32) => { ValType::I32 };
    (u32) => { ValType::I32 };
    (i64) => { ValType::I64 };
    (u64) => { ValType::I64 };
    (f32) => { ValType::F32 };
    (f64) => { ValType::F64 };
    (V128) => { ValType::V128 };
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
            pub fn result(self) -> ValType {
                match self {
                    $($enum::$name => val_type!($out),)*
                }
            }
        }
    };
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
                let f: fn($l, $r) -> $o = $f;
                Ok(f(lhs, rhs))
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
                let f: fn($i) -> $o = $f;
                Ok(f(value))
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
        float_commutative { $($fco:ident $fco_text:literal ($fco_l:ident, $fco_r:ident) -> $fco_o:ident = $fco_f:expr;)* }
        float_arithmetic { $($fa:ident $fa_text:literal ($fa_l:ident, $fa_r:ident) -> $fa_o:ident = $fa_f:expr;)* }
        float_other { $($fo:ident $fo_text:literal ($fo_l:ident, $fo_r:ident) -> $fo_o:ident = $fo_f:expr;)* }
        unary_hot { $($uh:ident $uh_text:literal ($uh_i:ident) -> $uh_o:ident = $uh_f:expr;)* }
        unary { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* }
        unary_trap { $($ut:ident $ut_text:literal ($ut_i:ident) -> $ut_o:ident = $ut_f:expr;)* }
        simd_unary { $($su:ident $su_text:literal ($su_i:ident) -> $su_o:ident = $su_f:expr;)* }
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
            /// Operators with one operand.
            Unary {
                $($uh $uh_text ($uh_i) $uh_o,)*
                $($u $u_text ($u_i) $u_o,)*
                $($ut $ut_text ($ut_i) $ut_o,)*
                $($su $su_text ($su_i) $su_o,)*
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

            /// For integer comparisons the one with exchanged operands; other commutative operators answer themselves.
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
            $(marker! { $fco $fco_text })*
            $(marker! { $fa $fa_text })*
            $(marker! { $fo $fo_text })*
            $(marker! { $uh $uh_text })*
            $(marker! { $u $u_text })*
            $(marker! { $ut $ut_text })*
            $(marker! { $su $su_text })*
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

        $(impl TernaryOp for op::$st {
            const OP: Ternary = Ternary::$st;
            #[inline(always)]
            fn eval(a: V128, b: V128, c: V128) -> V128 {
                $st_f(a, b, c)
            }
        })*
        $(impl ExtractLaneOp for op::$sx {
            const OP: ExtractLane = ExtractLane::$sx;
            type Out = $sx_o;
            #[inline(always)]
            fn eval(vector: V128, lane: u8) -> $sx_o {
                $sx_f(vector, lane)
            }
        })*
        $(impl ReplaceLaneOp for op::$sr {
            const OP: ReplaceLane = ReplaceLane::$sr;
            type In = $sr_i;
            #[inline(always)]
            fn eval(vector: V128, value: $sr_i, lane: u8) -> V128 {
                $sr_f(vector, value, lane)
            }
        })*
    };
}

for_each_pure_op!([define_pure_ops]);
