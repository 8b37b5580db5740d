//! Every access to linear memory, once: its width, and how bytes become a value (wasm spec, "Memory Instructions").
//!
//! Operators that read the same bits into the same slot are one row: `i64.load8_u` and `i32.load8_u` are both
//! [`Load::Load8U`], because a slot holds an `i32` zero-extended; likewise all 4-byte stores are [`Store::Store32`].

use crate::ops::simd;
use crate::value::{SlotValue, V128};

/// Calls the macro in brackets with the table of memory accesses. Further arguments are passed on in front of the table.
///
/// A row reads `Name "text" bytes => slot type = conversion;`. The scalar loads and the stores have forms with the address
/// or the value in an accumulator, the vector accesses have not.
#[macro_export]
macro_rules! for_each_memory_op {
    ([$($m:tt)+] $($args:tt)*) => { $($m)+! { $($args)*

    load {
        Load8U    "load8_u"      [u8; 1] => u32 = |b| u32::from(b[0]);
        Load8S32  "load8_s.i32"  [u8; 1] => i32 = |b| i32::from(b[0] as i8);
        Load8S64  "load8_s.i64"  [u8; 1] => i64 = |b| i64::from(b[0] as i8);
        Load16U   "load16_u"     [u8; 2] => u32 = |b| u32::from(u16::from_le_bytes(b));
        Load16S32 "load16_s.i32" [u8; 2] => i32 = |b| i32::from(i16::from_le_bytes(b));
        Load16S64 "load16_s.i64" [u8; 2] => i64 = |b| i64::from(i16::from_le_bytes(b));
        Load32U   "load32_u"     [u8; 4] => u32 = u32::from_le_bytes;
        Load32S64 "load32_s.i64" [u8; 4] => i64 = |b| i64::from(i32::from_le_bytes(b));
        Load64    "load64"       [u8; 8] => u64 = u64::from_le_bytes;
        LoadF32   "load.f32"     [u8; 4] => f32 = f32::from_le_bytes;
        LoadF64   "load.f64"     [u8; 8] => f64 = f64::from_le_bytes;
    }

    simd_load {
        V128Load        "v128.load"         [u8; 16] => V128 = V128;
        V128Load8x8S    "v128.load8x8_s"    [u8; 8] => V128 = |b| simd::load8x8_s(u64::from_le_bytes(b));
        V128Load8x8U    "v128.load8x8_u"    [u8; 8] => V128 = |b| simd::load8x8_u(u64::from_le_bytes(b));
        V128Load16x4S   "v128.load16x4_s"   [u8; 8] => V128 = |b| simd::load16x4_s(u64::from_le_bytes(b));
        V128Load16x4U   "v128.load16x4_u"   [u8; 8] => V128 = |b| simd::load16x4_u(u64::from_le_bytes(b));
        V128Load32x2S   "v128.load32x2_s"   [u8; 8] => V128 = |b| simd::load32x2_s(u64::from_le_bytes(b));
        V128Load32x2U   "v128.load32x2_u"   [u8; 8] => V128 = |b| simd::load32x2_u(u64::from_le_bytes(b));
        V128Load8Splat  "v128.load8_splat"  [u8; 1] => V128 = |b| V128([b[0]; 16]);
        V128Load16Splat "v128.load16_splat" [u8; 2] => V128 = |b| splat(&b);
        V128Load32Splat "v128.load32_splat" [u8; 4] => V128 = |b| splat(&b);
        V128Load64Splat "v128.load64_splat" [u8; 8] => V128 = |b| splat(&b);
        V128Load32Zero  "v128.load32_zero"  [u8; 4] => V128 = |b| V128::from_u128(u128::from(u32::from_le_bytes(b)));
        V128Load64Zero  "v128.load64_zero"  [u8; 8] => V128 = |b| V128::from_u128(u128::from(u64::from_le_bytes(b)));
    }

    store {
        Store8  "store8"  u64 => [u8; 1] = |v| [v as u8];
        Store16 "store16" u64 => [u8; 2] = |v| (v as u16).to_le_bytes();
        Store32 "store32" u64 => [u8; 4] = |v| (v as u32).to_le_bytes();
        Store64 "store64" u64 => [u8; 8] = u64::to_le_bytes;
    }

    simd_store {
        V128Store "v128.store" V128 => [u8; 16] = |v| v.0;
    }
    } };
}

/// The vector that repeats `lane`.
#[inline(always)]
fn splat(lane: &[u8]) -> V128 {
    V128(std::array::from_fn(|i| lane[i % lane.len()]))
}

/// How bytes of a memory become a value.
pub trait LoadOp {
    /// The operator's name in the enum.
    const OP: Load;
    /// The bytes.
    type Bytes: Copy;
    /// The value.
    type Out: SlotValue;
    /// The conversion.
    fn eval(bytes: Self::Bytes) -> Self::Out;
}

/// How a value becomes bytes of a memory.
pub trait StoreOp {
    /// The operator's name in the enum.
    const OP: Store;
    /// The value.
    type In: SlotValue;
    /// The bytes.
    type Bytes: Copy;
    /// The conversion.
    fn eval(value: Self::In) -> Self::Bytes;
}

macro_rules! define_enum {
    ($(#[$doc:meta])* $enum:ident { $($name:ident $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub enum $enum {
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl $enum {
            /// All of them, in the order of the table.
            pub const ALL: &'static [$enum] = &[$($enum::$name,)*];

            /// The name in dumps.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $($enum::$name => $text,)*
                }
            }
        }
    };
}

macro_rules! define_memory_ops {
    (
        load { $($l:ident $l_text:literal $l_bytes:ty => $l_out:ident = $l_f:expr;)* }
        simd_load { $($vl:ident $vl_text:literal $vl_bytes:ty => $vl_out:ident = $vl_f:expr;)* }
        store { $($s:ident $s_text:literal $s_in:ident => $s_bytes:ty = $s_f:expr;)* }
        simd_store { $($vs:ident $vs_text:literal $vs_in:ident => $vs_bytes:ty = $vs_f:expr;)* }
    ) => {
        define_enum! {
            /// Loads of whole values.
            Load { $($l $l_text)* $($vl $vl_text)* }
        }
        define_enum! {
            /// Stores of whole values.
            Store { $($s $s_text)* $($vs $vs_text)* }
        }

        impl Load {
            /// How many bytes of memory it reads.
            ///
            /// ```
            /// use upshift_core::ops::memory::Load;
            ///
            /// assert_eq!((Load::Load16S64.bytes(), Load::V128Load32x2U.bytes()), (2, 8));
            /// ```
            #[inline]
            #[must_use]
            pub const fn bytes(self) -> u32 {
                match self {
                    $(Load::$l => size_of::<$l_bytes>() as u32,)*
                    $(Load::$vl => size_of::<$vl_bytes>() as u32,)*
                }
            }
        }

        impl Store {
            /// How many bytes of memory it writes.
            ///
            /// ```
            /// use upshift_core::ops::memory::Store;
            ///
            /// assert_eq!((Store::Store16.bytes(), Store::V128Store.bytes()), (2, 16));
            /// ```
            #[inline]
            #[must_use]
            pub const fn bytes(self) -> u32 {
                match self {
                    $(Store::$s => size_of::<$s_bytes>() as u32,)*
                    $(Store::$vs => size_of::<$vs_bytes>() as u32,)*
                }
            }
        }

        /// One type per access; its trait implementation is the conversion.
        pub mod op {
            $(#[doc = concat!("`", $l_text, "`")] #[derive(Clone, Copy, Debug)] pub struct $l;)*
            $(#[doc = concat!("`", $vl_text, "`")] #[derive(Clone, Copy, Debug)] pub struct $vl;)*
            $(#[doc = concat!("`", $s_text, "`")] #[derive(Clone, Copy, Debug)] pub struct $s;)*
            $(#[doc = concat!("`", $vs_text, "`")] #[derive(Clone, Copy, Debug)] pub struct $vs;)*
        }

        define_memory_ops! { @load $($l $l_bytes => $l_out = $l_f;)* $($vl $vl_bytes => $vl_out = $vl_f;)* }
        define_memory_ops! { @store $($s $s_in => $s_bytes = $s_f;)* $($vs $vs_in => $vs_bytes = $vs_f;)* }
    };
    (@load $($name:ident $bytes:ty => $out:ident = $f:expr;)*) => {$(
        impl LoadOp for op::$name {
            const OP: Load = Load::$name;
            type Bytes = $bytes;
            type Out = $out;
            #[inline(always)]
            fn eval(bytes: $bytes) -> $out {
                let f: fn($bytes) -> $out = $f;
                f(bytes)
            }
        }
    )*};
    (@store $($name:ident $in:ident => $bytes:ty = $f:expr;)*) => {$(
        impl StoreOp for op::$name {
            const OP: Store = Store::$name;
            type In = $in;
            type Bytes = $bytes;
            #[inline(always)]
            fn eval(value: $in) -> $bytes {
                let f: fn($in) -> $bytes = $f;
                f(value)
            }
        }
    )*};
}

for_each_memory_op!([define_memory_ops]);
