//! Vectors as arrays of lanes (wasm spec, "Vector Operations").
//!
//! Rows of the [operator table](crate::ops) are written with the functions in this file, so that a row reads like the
//! operator's definition: `|a, b| simd::zip(a, b, i16::saturating_add)`.
//!
//! ```text
//! V128 ──Lane::split──▶ lanes ──map, zip, extend, narrow, …──▶ lanes ──Lane::join──▶ V128
//! ```
//!
//! Each of them is a loop over arrays of constant length, without branches or calls unless the function passed in has
//! some; LLVM turns that into vector code.
//!
//! Relaxed operators are deterministic: each behaves like the plain operator, and `relaxed_madd` rounds twice.

use std::ops::{Add, Mul, Sub};

use crate::value::V128;

/// A type of lanes.
pub trait Lane: Copy {
    /// The lanes of a whole vector.
    type Lanes: AsRef<[Self]> + AsMut<[Self]>;
    /// How many lanes a vector has.
    const COUNT: usize;
    /// All bits zero.
    const ZERO: Self;
    /// The lanes of a vector.
    fn split(vector: V128) -> Self::Lanes;
    /// The vector with the given lanes.
    fn join(lanes: Self::Lanes) -> V128;
}

/// The same 16 bytes in another grouping.
#[inline(always)]
fn regroup<A: Copy, B: Copy>(a: A) -> B {
    const { assert!(size_of::<A>() == size_of::<B>()) };
    // SAFETY: only called for arrays of bytes and arrays of arrays of bytes, of the same size.
    unsafe { std::mem::transmute_copy(&a) }
}

macro_rules! lane {
    ($($t:ty: $count:literal lanes of $bytes:literal bytes, zero $zero:literal;)*) => {$(
        impl Lane for $t {
            type Lanes = [$t; $count];
            const COUNT: usize = $count;
            const ZERO: $t = $zero;
            #[inline(always)]
            fn split(vector: V128) -> [$t; $count] {
                let bytes: [[u8; $bytes]; $count] = regroup(vector.0);
                bytes.map(<$t>::from_le_bytes)
            }
            #[inline(always)]
            fn join(lanes: [$t; $count]) -> V128 {
                V128(regroup(lanes.map(<$t>::to_le_bytes)))
            }
        }
    )*};
}

lane! {
    i8:  16 lanes of 1 bytes, zero 0;
    u8:  16 lanes of 1 bytes, zero 0;
    i16: 8 lanes of 2 bytes, zero 0;
    u16: 8 lanes of 2 bytes, zero 0;
    i32: 4 lanes of 4 bytes, zero 0;
    u32: 4 lanes of 4 bytes, zero 0;
    f32: 4 lanes of 4 bytes, zero 0.0;
    i64: 2 lanes of 8 bytes, zero 0;
    u64: 2 lanes of 8 bytes, zero 0;
    f64: 2 lanes of 8 bytes, zero 0.0;
}

/// The vector whose lane `i` is `f(i)`.
#[inline(always)]
fn build<T: Lane>(f: impl Fn(usize) -> T) -> V128 {
    let mut lanes = T::split(V128::default());
    for (i, lane) in lanes.as_mut().iter_mut().enumerate() {
        *lane = f(i);
    }
    T::join(lanes)
}

/// The vector with `value` in each lane.
#[inline(always)]
#[must_use]
pub fn splat<T: Lane>(value: T) -> V128 {
    build(|_| value)
}

/// One lane; a lane number counts modulo the number of lanes. This is also what the `store_lane` operators store.
#[inline(always)]
#[must_use]
pub fn extract<T: Lane>(vector: V128, lane: u8) -> T {
    T::split(vector).as_ref()[usize::from(lane) % T::COUNT]
}

/// The vector with one lane replaced; a lane number counts modulo the number of lanes. This is also what the
/// `load_lane` operators do with what they load.
#[inline(always)]
#[must_use]
pub fn replace<T: Lane>(vector: V128, value: T, lane: u8) -> V128 {
    let mut lanes = T::split(vector);
    lanes.as_mut()[usize::from(lane) % T::COUNT] = value;
    T::join(lanes)
}

/// `f` of each lane. Both lane types have the same width.
#[inline(always)]
#[must_use]
pub fn map<S: Lane, D: Lane>(a: V128, f: impl Fn(S) -> D) -> V128 {
    const { assert!(S::COUNT == D::COUNT) };
    let a = S::split(a);
    build(|i| f(a.as_ref()[i]))
}

/// `f` of each lane and `n`; the operand of a shift counts modulo the lane's width, as in the wrapping shifts of Rust.
#[inline(always)]
#[must_use]
pub fn shift<T: Lane>(a: V128, n: u32, f: impl Fn(T, u32) -> T) -> V128 {
    map(a, |x| f(x, n))
}

/// `f` of each pair of lanes.
#[inline(always)]
#[must_use]
pub fn zip<T: Lane>(a: V128, b: V128, f: impl Fn(T, T) -> T) -> V128 {
    let (a, b) = (T::split(a), T::split(b));
    build(|i| f(a.as_ref()[i], b.as_ref()[i]))
}

/// A comparison: lanes for which `f` holds are all ones, the others all zeros.
#[inline(always)]
#[must_use]
pub fn compare<T: Mask>(a: V128, b: V128, f: impl Fn(&T, &T) -> bool) -> V128 {
    let (a, b) = (T::split(a), T::split(b));
    build(|i| T::mask(f(&a.as_ref()[i], &b.as_ref()[i])))
}

/// A type of lanes that can be compared.
pub trait Mask: Lane {
    /// The result of a comparison, as wide as the lane.
    type Bits: Lane;
    /// All ones or all zeros.
    fn mask(condition: bool) -> Self::Bits;
}

macro_rules! mask {
    ($($t:ty: $bits:ty;)*) => {$(
        impl Mask for $t {
            type Bits = $bits;
            #[inline(always)]
            fn mask(condition: bool) -> $bits {
                -<$bits>::from(condition)
            }
        }
    )*};
}

mask! {
    i8: i8; u8: i8; i16: i16; u16: i16; i32: i32; u32: i32; f32: i32; i64: i64; u64: i64; f64: i64;
}

/// Whether no lane is zero.
#[inline(always)]
#[must_use]
pub fn all_true<T: Lane + PartialEq>(a: V128) -> i32 {
    i32::from(T::split(a).as_ref().iter().fold(true, |all, lane| all & (*lane != T::ZERO)))
}

/// [`bitmask`] of 16 lanes: a product moves the 8 sign bits of each half to its top byte.
#[inline(always)]
#[must_use]
pub fn bitmask_8(a: V128) -> i32 {
    let signs = |half: u64| (half >> 7 & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let [low, high] = u64::split(a);
    (signs(low) | signs(high) << 8) as i32
}

/// [`bitmask`] of 8 lanes: a product moves the 4 sign bits of each half to its top bits.
#[inline(always)]
#[must_use]
pub fn bitmask_16(a: V128) -> i32 {
    let signs = |half: u64| (half >> 15 & 0x0001_0001_0001_0001).wrapping_mul(0x1000_2000_4000_8000) >> 60;
    let [low, high] = u64::split(a);
    (signs(low) | signs(high) << 4) as i32
}

/// The sign bits of the lanes, that of lane 0 lowest.
#[inline(always)]
#[must_use]
pub fn bitmask<T: Lane + PartialOrd>(a: V128) -> i32 {
    let signs = T::split(a);
    let signs = signs.as_ref().iter().enumerate();
    signs.fold(0, |mask, (i, lane)| mask | i32::from(*lane < T::ZERO) << i)
}

/// Each lane of the low half, widened; for floats the conversion is exact.
#[inline(always)]
#[must_use]
pub fn extend_low<S: Lane, D: Lane + From<S>>(a: V128) -> V128 {
    const { assert!(S::COUNT == 2 * D::COUNT) };
    let a = S::split(a);
    build(|i| D::from(a.as_ref()[i]))
}

/// Each lane of the high half, widened.
#[inline(always)]
#[must_use]
pub fn extend_high<S: Lane, D: Lane + From<S>>(a: V128) -> V128 {
    const { assert!(S::COUNT == 2 * D::COUNT) };
    let a = S::split(a);
    build(|i| D::from(a.as_ref()[i + D::COUNT]))
}

/// The full products of the lanes of the low halves.
#[inline(always)]
#[must_use]
pub fn extmul_low<S: Lane, D: Lane + From<S> + Mul<Output = D>>(a: V128, b: V128) -> V128 {
    zip(extend_low::<S, D>(a), extend_low::<S, D>(b), D::mul)
}

/// The full products of the lanes of the high halves.
#[inline(always)]
#[must_use]
pub fn extmul_high<S: Lane, D: Lane + From<S> + Mul<Output = D>>(a: V128, b: V128) -> V128 {
    zip(extend_high::<S, D>(a), extend_high::<S, D>(b), D::mul)
}

/// The full sums of neighbours.
#[inline(always)]
#[must_use]
pub fn extadd_pairwise<S: Lane, D: Lane + From<S> + Add<Output = D>>(a: V128) -> V128 {
    const { assert!(S::COUNT == 2 * D::COUNT) };
    let a = S::split(a);
    build(|i| D::from(a.as_ref()[2 * i]) + D::from(a.as_ref()[2 * i + 1]))
}

/// Each lane of `a`, then of `b`, made half as wide by `f`.
#[inline(always)]
#[must_use]
pub fn narrow<S: Lane, D: Lane>(a: V128, b: V128, f: impl Fn(S) -> D) -> V128 {
    const { assert!(2 * S::COUNT == D::COUNT) };
    let (a, b) = (S::split(a), S::split(b));
    build(|i| f(if i < S::COUNT { a.as_ref()[i] } else { b.as_ref()[i - S::COUNT] }))
}

/// Each lane made half as wide by `f`; the high half is zero.
#[inline(always)]
#[must_use]
pub fn narrow_zero<S: Lane, D: Lane>(a: V128, f: impl Fn(S) -> D) -> V128 {
    const { assert!(2 * S::COUNT == D::COUNT) };
    let a = S::split(a);
    build(|i| if i < S::COUNT { f(a.as_ref()[i]) } else { D::ZERO })
}

macro_rules! saturate {
    ($($name:ident: $wide:ty => $narrow:ty;)*) => {$(
        /// The nearest number of the narrower type.
        #[inline(always)]
        #[must_use]
        pub fn $name(x: $wide) -> $narrow {
            x.clamp(<$narrow>::MIN as $wide, <$narrow>::MAX as $wide) as $narrow
        }
    )*};
}

saturate! {
    sat_i8:  i16 => i8;
    sat_u8:  i16 => u8;
    sat_i16: i32 => i16;
    sat_u16: i32 => u16;
}

/// `f` of the bits of two vectors.
#[inline(always)]
#[must_use]
pub fn bits(a: V128, b: V128, f: impl Fn(u128, u128) -> u128) -> V128 {
    V128::from_u128(f(a.as_u128(), b.as_u128()))
}

/// Bits of `a` where `mask` is one, of `b` where it is zero.
#[inline(always)]
#[must_use]
pub fn bitselect(a: V128, b: V128, mask: V128) -> V128 {
    let mask = mask.as_u128();
    V128::from_u128(a.as_u128() & mask | b.as_u128() & !mask)
}

/// `a · b + c`, rounded after the product and after the sum.
#[inline(always)]
#[must_use]
pub fn madd<T: Lane + Mul<Output = T> + Add<Output = T>>(a: V128, b: V128, c: V128) -> V128 {
    zip(zip(a, b, T::mul), c, T::add)
}

/// `-(a · b) + c`, rounded after the product and after the sum.
#[inline(always)]
#[must_use]
pub fn nmadd<T: Lane + Mul<Output = T> + Sub<Output = T>>(a: V128, b: V128, c: V128) -> V128 {
    zip(c, zip(a, b, T::mul), T::sub)
}

/// `i8x16.shuffle`: the bytes of `a` (lanes 0 to 15) and `b` (16 to 31) that `lanes` names; indices count modulo 32.
#[inline(always)]
#[must_use]
pub fn i8x16_shuffle(a: V128, b: V128, lanes: [u8; 16]) -> V128 {
    let mut table = [0; 32];
    table[..16].copy_from_slice(&a.0);
    table[16..].copy_from_slice(&b.0);
    build(|i| table[usize::from(lanes[i] & 31)])
}

/// The bytes of `a` that the bytes of `indices` name; zero for an index beyond 15.
#[inline(always)]
#[must_use]
pub fn swizzle(a: V128, indices: V128) -> V128 {
    // All indices beyond 15 become 16, a lane of the zero vector, so that nothing branches on data.
    let indices = map(indices, |i: u8| i.min(16));
    i8x16_shuffle(a, V128::default(), indices.0)
}

/// The mean, rounded up.
#[inline(always)]
#[must_use]
pub fn avgr_u8(a: u8, b: u8) -> u8 {
    (u16::from(a) + u16::from(b)).div_ceil(2) as u8
}

/// The mean, rounded up.
#[inline(always)]
#[must_use]
pub fn avgr_u16(a: u16, b: u16) -> u16 {
    (u32::from(a) + u32::from(b)).div_ceil(2) as u16
}

/// The product of numbers with 15 fraction bits, rounded to nearest (ties up) and saturated.
#[inline(always)]
#[must_use]
pub fn q15mulr_sat(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 0x4000) >> 15;
    // Only -1 · -1 = 1 is out of range.
    product.min(0x7fff) as i16
}

/// `i32x4.dot_i16x8_s` of two pairs of neighbours, each pair in one lane. Only four times -32768 overflows, it wraps.
#[inline(always)]
#[must_use]
pub fn dot_i16(a: i32, b: i32) -> i32 {
    let low = |x: i32| i32::from(x as i16);
    (low(a) * low(b)).wrapping_add((a >> 16) * (b >> 16))
}

/// `i16x8.relaxed_dot_i8x16_i7x16_s` of two pairs of neighbours: both operands are signed, a large sum wraps.
#[inline(always)]
#[must_use]
pub fn dot_i8(a: i16, b: i16) -> i16 {
    let low = |x: i16| i16::from(x as i8);
    (low(a) * low(b)).wrapping_add((a >> 8) * (b >> 8))
}

/// `i32x4.relaxed_dot_i8x16_i7x16_add_s` without the addition: the sum of two neighbours of [`dot_i8`].
#[inline(always)]
#[must_use]
pub fn dot_dot_i8(a: i32, b: i32) -> i32 {
    let byte = |x: i32, i: u32| i32::from((x >> (8 * i)) as i8);
    let product = |i: u32| byte(a, i) * byte(b, i);
    let pair = |i: u32| i32::from((product(i) + product(i + 1)) as i16);
    pair(0) + pair(2)
}

macro_rules! loads {
    ($($name:ident $text:literal ($t:ty) = $f:expr;)*) => {$(
        #[doc = concat!("What `", $text, "` makes of the little-endian bits that it reads.")]
        #[inline(always)]
        #[must_use]
        pub fn $name(bits: $t) -> V128 {
            let f: fn($t) -> V128 = $f;
            f(bits)
        }
    )*};
}

loads! {
    load8x8_s    "v128.load8x8_s"    (u64) = |bits| extend_low::<i8, i16>(load64_zero(bits));
    load8x8_u    "v128.load8x8_u"    (u64) = |bits| extend_low::<u8, u16>(load64_zero(bits));
    load16x4_s   "v128.load16x4_s"   (u64) = |bits| extend_low::<i16, i32>(load64_zero(bits));
    load16x4_u   "v128.load16x4_u"   (u64) = |bits| extend_low::<u16, u32>(load64_zero(bits));
    load32x2_s   "v128.load32x2_s"   (u64) = |bits| extend_low::<i32, i64>(load64_zero(bits));
    load32x2_u   "v128.load32x2_u"   (u64) = |bits| extend_low::<u32, u64>(load64_zero(bits));
    load8_splat  "v128.load8_splat"  (u8)  = splat;
    load16_splat "v128.load16_splat" (u16) = splat;
    load32_splat "v128.load32_splat" (u32) = splat;
    load64_splat "v128.load64_splat" (u64) = splat;
    load32_zero  "v128.load32_zero"  (u32) = |bits| replace(V128::default(), bits, 0);
    load64_zero  "v128.load64_zero"  (u64) = |bits| replace(V128::default(), bits, 0);
}
