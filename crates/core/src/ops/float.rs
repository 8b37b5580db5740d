//! Float operators that are not single Rust expressions (wasm spec, "Floating-Point Operations").
//!
//! They have no branches and no calls into the C library, which is what `f32::floor` and the like become where the
//! processor has no instruction for them: a call forces an interpreter handler to save registers, and both keep LLVM from
//! vectorising a loop over lanes.

use crate::Trap;

macro_rules! canonical_nan {
    ($($t:ty: $name:ident;)*) => {$(
        /// The value, or the positive quiet NaN without payload for any NaN.
        #[inline(always)]
        #[must_use]
        pub fn $name(a: $t) -> $t {
            if a.is_nan() { <$t>::from_bits(<$t>::INFINITY.to_bits() | 1 << (<$t>::MANTISSA_DIGITS - 2)) } else { a }
        }
    )*};
}

canonical_nan! {
    f32: canonical_nan_32;
    f64: canonical_nan_64;
}

macro_rules! min_max {
    ($($t:ty: $min:ident $max:ident $pmin:ident $pmax:ident;)*) => {$(
        /// The smaller operand; NaN if one is NaN; -0 is smaller than +0.
        #[inline(always)]
        #[must_use]
        pub fn $min(a: $t, b: $t) -> $t {
            // Two selects that differ only for zeros of both signs and for NaN: each is one machine instruction.
            let (x, y) = (if a < b { a } else { b }, if b < a { b } else { a });
            let both = <$t>::from_bits(x.to_bits() | y.to_bits());
            if a.is_nan() | b.is_nan() { a + b } else { both }
        }

        /// The larger operand; NaN if one is NaN; +0 is larger than -0.
        #[inline(always)]
        #[must_use]
        pub fn $max(a: $t, b: $t) -> $t {
            // Two selects that differ only for zeros of both signs and for NaN: each is one machine instruction.
            let (x, y) = (if a > b { a } else { b }, if b > a { b } else { a });
            let both = <$t>::from_bits(x.to_bits() & y.to_bits());
            if a.is_nan() | b.is_nan() { a + b } else { both }
        }

        /// `b` if it is less than `a`, else `a`: NaN and zeros get no special treatment.
        #[inline(always)]
        #[must_use]
        pub fn $pmin(a: $t, b: $t) -> $t {
            if b < a { b } else { a }
        }

        /// `b` if `a` is less than it, else `a`: NaN and zeros get no special treatment.
        #[inline(always)]
        #[must_use]
        pub fn $pmax(a: $t, b: $t) -> $t {
            if a < b { b } else { a }
        }
    )*};
}

min_max! {
    f32: min_32 max_32 pmin_32 pmax_32;
    f64: min_64 max_64 pmin_64 pmax_64;
}

macro_rules! rounding {
    ($($t:ty, $integral:literal: $ceil:ident $floor:ident $trunc:ident $nearest:ident;)*) => {$(
        /// The nearest integer, ties to even.
        #[inline(always)]
        #[must_use]
        pub fn $nearest(a: $t) -> $t {
            // From this power of two on all floats are integers, so adding it makes the hardware round.
            let integer = (a.abs() + $integral) - $integral;
            // The order of the branches gives NaN to the arithmetic, which quiets it.
            if a.abs() >= $integral { a } else { integer.copysign(a) }
        }

        /// The least integer that is not less.
        #[inline(always)]
        #[must_use]
        pub fn $ceil(a: $t) -> $t {
            let integer = $nearest(a);
            (if integer < a { integer + 1.0 } else { integer }).copysign(a)
        }

        /// The greatest integer that is not greater.
        #[inline(always)]
        #[must_use]
        pub fn $floor(a: $t) -> $t {
            let integer = $nearest(a);
            (if integer > a { integer - 1.0 } else { integer }).copysign(a)
        }

        /// The integer part.
        #[inline(always)]
        #[must_use]
        pub fn $trunc(a: $t) -> $t {
            $floor(a.abs()).copysign(a)
        }
    )*};
}

rounding! {
    f32, 8_388_608.0: ceil_32 floor_32 trunc_32 nearest_32;
    f64, 4_503_599_627_370_496.0: ceil_64 floor_64 trunc_64 nearest_64;
}

macro_rules! truncate {
    // `$low` and `$high` are the nearest floats outside of the integer's range, so both compares are strict.
    ($($name:ident: $f:ty => $i:ty, $low:expr, $high:expr;)*) => {$(
        /// The integer part.
        ///
        /// # Errors
        /// Invalid conversion for NaN, overflow for values outside of the integer's range.
        #[inline(always)]
        pub fn $name(a: $f) -> Result<$i, Trap> {
            if a > $low && a < $high {
                Ok(a as $i)
            } else if a.is_nan() {
                Err(Trap::BadConversionToInteger)
            } else {
                Err(Trap::IntegerOverflow)
            }
        }
    )*};
}

truncate! {
    trunc_f32_i32: f32 => i32, -2_147_483_904.0, 2_147_483_648.0;
    trunc_f32_u32: f32 => u32, -1.0, 4_294_967_296.0;
    trunc_f64_i32: f64 => i32, -2_147_483_649.0, 2_147_483_648.0;
    trunc_f64_u32: f64 => u32, -1.0, 4_294_967_296.0;
    trunc_f32_i64: f32 => i64, -9_223_373_136_366_403_584.0, 9_223_372_036_854_775_808.0;
    trunc_f32_u64: f32 => u64, -1.0, 18_446_744_073_709_551_616.0;
    trunc_f64_i64: f64 => i64, -9_223_372_036_854_777_856.0, 9_223_372_036_854_775_808.0;
    trunc_f64_u64: f64 => u64, -1.0, 18_446_744_073_709_551_616.0;
}

#[cfg(test)]
mod tests {
    use super::{max_64, min_32, trunc_f32_i32, trunc_f32_u32, trunc_f64_i64};
    use crate::Trap;

    #[test]
    fn zeros_and_nans() {
        assert_eq!(min_32(0.0, -0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(max_64(-0.0, 0.0).to_bits(), 0.0f64.to_bits());
        assert!(min_32(f32::NAN, 1.0).is_nan() && max_64(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn truncation_at_the_limits() {
        assert_eq!(trunc_f32_i32(-2_147_483_648.0), Ok(i32::MIN));
        assert_eq!(trunc_f32_i32(2_147_483_648.0), Err(Trap::IntegerOverflow));
        assert_eq!(trunc_f32_u32(-0.9), Ok(0));
        assert_eq!(trunc_f64_i64(f64::NAN), Err(Trap::BadConversionToInteger));
        assert_eq!(trunc_f64_i64(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
    }
}
