//! Vector operators where they are easy to get wrong: limits, NaN, zeros, order of lanes.

use upshift_core::V128;
use upshift_core::ops::simd::{self, Lane};
use upshift_core::ops::{BinaryOp, ExtractLaneOp, ReplaceLaneOp, TernaryOp, UnaryOp, float, op};

fn unary<O: UnaryOp<In = V128>>(a: V128) -> O::Out {
    O::eval(a).expect("vector operators do not trap")
}

fn binary<O: BinaryOp<Lhs = V128, Out = V128>>(a: V128, b: O::Rhs) -> V128 {
    O::eval(a, b).expect("vector operators do not trap")
}

/// A vector whose first lanes are given, the others zero.
fn lanes<T: Lane>(first: &[T]) -> V128 {
    let mut lanes = T::split(V128::default());
    lanes.as_mut()[..first.len()].copy_from_slice(first);
    T::join(lanes)
}

/// The bytes 0 to 15.
fn counting() -> V128 {
    V128(std::array::from_fn(|i| i as u8))
}

/// Bits of the lanes, which tell zeros and NaNs apart.
fn f32_bits(v: V128) -> [u32; 4] {
    u32::split(v)
}

#[test]
fn lane_0_is_lowest() {
    assert_eq!(u16::split(counting())[1], 0x0302);
    assert_eq!(u64::split(counting()), [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]);
    assert_eq!(op::I32x4ExtractLane::eval(counting(), 3), 0x0f0e_0d0c);
    let v = op::I16x8ReplaceLane::eval(counting(), 0xabcd_1234, 7);
    assert_eq!(&v.0[12..], [12, 13, 0x34, 0x12]);
}

#[test]
fn extraction_extends_by_sign() {
    let v = lanes(&[0x7fu8, 0x80]);
    assert_eq!(op::I8x16ExtractLaneS::eval(v, 1), -128);
    assert_eq!(op::I8x16ExtractLaneU::eval(v, 1), 128);
    assert_eq!(op::I16x8ExtractLaneS::eval(v, 0), -0x7f81);
}

#[test]
fn saturating_sums() {
    let a = lanes(&[100i8, -100, 127, -128]);
    let b = lanes(&[100i8, -100, 1, -1]);
    assert_eq!(binary::<op::I8x16AddSatS>(a, b), lanes(&[127i8, -128, 127, -128]));
    assert_eq!(binary::<op::I8x16Add>(a, b), lanes(&[-56i8, 56, -128, 127]));
    assert_eq!(binary::<op::I16x8SubSatS>(lanes(&[-32768i16]), lanes(&[1i16])), lanes(&[-32768i16]));
    assert_eq!(binary::<op::I16x8SubSatU>(lanes(&[1u16, 3]), lanes(&[2u16, 2])), lanes(&[0u16, 1]));
    assert_eq!(binary::<op::I8x16AddSatU>(lanes(&[200u8]), lanes(&[100u8])), lanes(&[255u8]));
}

#[test]
fn absolute_value_of_the_least_number_wraps() {
    assert_eq!(unary::<op::I8x16Abs>(lanes(&[-128i8, -1])), lanes(&[-128i8, 1]));
    assert_eq!(unary::<op::I64x2Neg>(lanes(&[i64::MIN, 5])), lanes(&[i64::MIN, -5]));
}

#[test]
fn narrowing_takes_signed_lanes_and_puts_the_first_operand_low() {
    let a = lanes(&[300i16, -300, -1, 128]);
    let b = lanes(&[1i16]);
    let mut expected = [127i8, -128, -1, 127, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(binary::<op::I8x16NarrowI16x8S>(a, b), i8::join(expected));
    expected[..4].copy_from_slice(&[-1, 0, 0, -128]);
    assert_eq!(binary::<op::I8x16NarrowI16x8U>(a, b), i8::join(expected));
    let wide = lanes(&[0x1_0000, -5, 0x9000]);
    assert_eq!(
        binary::<op::I16x8NarrowI32x4U>(wide, wide),
        u16::join([0xffff, 0, 0x9000, 0, 0xffff, 0, 0x9000, 0])
    );
    assert_eq!(i16::split(binary::<op::I16x8NarrowI32x4S>(wide, wide))[..3], [0x7fff, -5, 0x7fff]);
}

#[test]
fn rounded_products_and_means() {
    let a = lanes(&[-0x8000i16, -0x8000, 0x4000, 1]);
    let b = lanes(&[-0x8000i16, 0x7fff, 1, 0x3fff]);
    // 1 saturates; -0.99997 fits; a half rounds up; just below a half rounds down.
    assert_eq!(binary::<op::I16x8Q15MulrSatS>(a, b), lanes(&[0x7fffi16, -0x7fff, 1, 0]));
    assert_eq!(binary::<op::I16x8RelaxedQ15mulrS>(a, b), lanes(&[0x7fffi16, -0x7fff, 1, 0]));
    assert_eq!(binary::<op::I8x16AvgrU>(lanes(&[255u8, 0, 3]), lanes(&[255u8, 1, 4])), lanes(&[255u8, 1, 4]));
    assert_eq!(binary::<op::I16x8AvgrU>(lanes(&[65535u16, 6]), lanes(&[65534u16, 8])), lanes(&[65535u16, 7]));
}

#[test]
fn shifts_count_modulo_the_lane() {
    assert_eq!(binary::<op::I8x16Shl>(lanes(&[0x81u8]), 9), lanes(&[0x02u8]));
    assert_eq!(binary::<op::I8x16ShrS>(lanes(&[-128i8]), 15), lanes(&[-1i8]));
    assert_eq!(binary::<op::I16x8ShrU>(lanes(&[0x8000u16]), 17), lanes(&[0x4000u16]));
    assert_eq!(binary::<op::I32x4ShrS>(lanes(&[-8]), 33), lanes(&[-4]));
    assert_eq!(binary::<op::I64x2Shl>(lanes(&[1u64, 3]), 64 + 63), lanes(&[1u64 << 63, 1 << 63]));
}

#[test]
fn comparisons_fill_the_lane() {
    let (a, b) = (lanes(&[-1i8, 1, 2]), lanes(&[1i8, -1, 2]));
    assert_eq!(i8::split(binary::<op::I8x16LtS>(a, b))[..3], [-1, 0, 0]);
    assert_eq!(i8::split(binary::<op::I8x16LtU>(a, b))[..3], [0, -1, 0]);
    let (a, b) = (lanes(&[f64::NAN, -0.0]), lanes(&[f64::NAN, 0.0]));
    assert_eq!(binary::<op::F64x2Eq>(a, b), lanes(&[0i64, -1]));
    assert_eq!(binary::<op::F64x2Ne>(a, b), lanes(&[-1i64, 0]));
    assert_eq!(binary::<op::F64x2Ge>(a, b), lanes(&[0i64, -1]));
}

#[test]
fn tests_and_masks() {
    assert_eq!(unary::<op::V128AnyTrue>(V128::default()), 0);
    assert_eq!(unary::<op::V128AnyTrue>(V128::from_u128(1 << 127)), 1);
    // The bytes of each lane are not all zero, but one byte is.
    assert_eq!(unary::<op::I16x8AllTrue>(counting()), 1);
    assert_eq!(unary::<op::I8x16AllTrue>(counting()), 0);
    // For each lane alone and for all its neighbours.
    for i in 0..16 {
        let v = V128::from_u128(0x80 << (8 * i));
        assert_eq!(unary::<op::I8x16Bitmask>(v), 1 << i);
        assert_eq!(unary::<op::I8x16Bitmask>(unary::<op::V128Not>(v)), 0xffff ^ 1 << i);
        let (wide, top) = (i / 2, i % 2 == 1);
        assert_eq!(unary::<op::I16x8Bitmask>(v), if top { 1 << wide } else { 0 });
        assert_eq!(
            unary::<op::I16x8Bitmask>(unary::<op::V128Not>(v)),
            if top { 0xff ^ 1 << wide } else { 0xff }
        );
    }
    assert_eq!(unary::<op::I32x4Bitmask>(lanes(&[1, -1, i32::MAX, i32::MIN])), 0b1010);
    assert_eq!(unary::<op::I64x2Bitmask>(lanes(&[0, i64::MIN])), 0b10);
}

#[test]
fn bits_select() {
    let (a, b, mask) = (V128([0b1100; 16]), V128([0b1010; 16]), V128([0b0110; 16]));
    assert_eq!(op::V128Bitselect::eval(a, b, mask), V128([0b1100; 16]));
    assert_eq!(op::I16x8RelaxedLaneselect::eval(b, a, mask), V128([0b1010; 16]));
    assert_eq!(binary::<op::V128AndNot>(a, b), V128([0b0100; 16]));
}

#[test]
fn bytes_by_index() {
    let a = V128(std::array::from_fn(|i| 100 + i as u8));
    let indices = lanes(&[15u8, 0, 16, 31, 128, 255]);
    assert_eq!(binary::<op::I8x16Swizzle>(a, indices).0[..6], [115, 100, 0, 0, 0, 0]);
    assert_eq!(binary::<op::I8x16RelaxedSwizzle>(a, indices).0[..6], [115, 100, 0, 0, 0, 0]);
    let shuffled =
        simd::i8x16_shuffle(counting(), a, [0, 16, 15, 31, 1, 1, 1, 1, 17, 17, 17, 17, 2, 2, 2, 18]);
    assert_eq!(shuffled.0, [0, 100, 15, 115, 1, 1, 1, 1, 101, 101, 101, 101, 2, 2, 2, 102]);
}

#[test]
fn wide_products_and_sums() {
    let bytes = V128([0x80; 16]);
    assert_eq!(binary::<op::I16x8ExtMulLowI8x16S>(bytes, bytes), i16::join([0x4000; 8]));
    let bytes = V128([0xff; 16]);
    assert_eq!(binary::<op::I16x8ExtMulHighI8x16U>(bytes, bytes), u16::join([0xfe01; 8]));
    let words = lanes(&[1, 2, i32::MIN, u32::MAX as i32]);
    assert_eq!(binary::<op::I64x2ExtMulHighI32x4S>(words, words), lanes(&[1i64 << 62, 1]));
    assert_eq!(binary::<op::I64x2ExtMulLowI32x4U>(words, words), lanes(&[1u64, 4]));
    assert_eq!(unary::<op::I16x8ExtAddPairwiseI8x16S>(lanes(&[-128i8, -128, 1])), lanes(&[-256i16, 1]));
    assert_eq!(unary::<op::I32x4ExtAddPairwiseI16x8U>(lanes(&[0xffffu16, 0xffff])), lanes(&[0x1_fffeu32]));
    assert_eq!(unary::<op::I32x4ExtendHighI16x8S>(i16::join([0, 0, 0, 0, -1, 2, 0, 0])), lanes(&[-1, 2]));
}

#[test]
fn dot_products() {
    let least = lanes(&[-0x8000i16, -0x8000, 3, -4]);
    assert_eq!(binary::<op::I32x4DotI16x8S>(least, least), lanes(&[i32::MIN, 25]));
    let (a, b) = (lanes(&[-128i8, -128, 127, 127, -1, 2, -3, 4]), lanes(&[127i8, 127, 127, 127, 5, 6, 7, 8]));
    assert_eq!(binary::<op::I16x8RelaxedDotI8x16I7x16S>(a, b), lanes(&[-32512i16, 32258, 7, 11]));
    let c = lanes(&[1, 2, 3, i32::MIN]);
    assert_eq!(op::I32x4RelaxedDotI8x16I7x16AddS::eval(a, b, c), lanes(&[-253, 20, 3, i32::MIN]));
}

#[test]
fn the_wide_dot_product_is_made_of_the_narrow_one() {
    // Also where the narrow one wraps.
    for (a, b) in [(V128([0x80; 16]), V128([0x80; 16])), (counting(), V128([0xf3; 16]))] {
        let pairs = i16::split(binary::<op::I16x8RelaxedDotI8x16I7x16S>(a, b));
        let sums = [0, 2, 4, 6].map(|i| i32::from(pairs[i]) + i32::from(pairs[i + 1]));
        assert_eq!(op::I32x4RelaxedDotI8x16I7x16AddS::eval(a, b, V128::default()), i32::join(sums));
    }
}

#[test]
fn four_kinds_of_minimum() {
    let a = lanes(&[f32::NAN, 1.0, 0.0, -0.0]);
    let b = lanes(&[1.0, f32::NAN, -0.0, 0.0]);
    let (minus, one, nan) = ((-0.0f32).to_bits(), 1.0f32.to_bits(), f32::NAN.to_bits());
    // NaN wins and -0 is less than 0 …
    let min = f32::split(binary::<op::F32x4Min>(a, b));
    assert!(min[0].is_nan() && min[1].is_nan());
    assert_eq!(min[2..].iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [minus, minus]);
    assert_eq!(f32_bits(binary::<op::F32x4Max>(a, b))[2..], [0, 0]);
    assert_eq!(f32_bits(binary::<op::F32x4RelaxedMin>(a, b)), f32_bits(binary::<op::F32x4Min>(a, b)));
    // … but the pseudo-minimum is the first operand unless the second is less.
    assert_eq!(f32_bits(binary::<op::F32x4PMin>(a, b)), [nan, one, 0, minus]);
    assert_eq!(f32_bits(binary::<op::F32x4PMax>(a, b)), [nan, one, 0, minus]);
    assert_eq!(binary::<op::F64x2PMax>(lanes(&[1.0, 4.0]), lanes(&[2.0, 3.0])), lanes(&[2.0, 4.0]));
}

#[test]
fn multiplication_and_addition_round_twice() {
    // x·y = 1 + 2⁻¹⁵ + 2⁻²² + 2⁻³⁷, whose last bit the product loses.
    let x = simd::splat(1.0 + 2f32.powi(-22));
    let y = simd::splat(1.0 + 2f32.powi(-15));
    let z = simd::splat(1.0 + 2f32.powi(-15) + 2f32.powi(-22));
    assert_eq!(op::F32x4RelaxedMadd::eval(x, y, unary::<op::F32x4Neg>(z)), simd::splat(0.0f32));
    assert_eq!(op::F32x4RelaxedNmadd::eval(x, y, z), simd::splat(0.0f32));
    let (a, b, c) = (lanes(&[3.0, 2.0]), lanes(&[4.0, f64::INFINITY]), lanes(&[5.0, 1.0]));
    assert_eq!(op::F64x2RelaxedNmadd::eval(a, b, c), lanes(&[-7.0, f64::NEG_INFINITY]));
}

#[test]
fn conversions_saturate_and_leave_the_rest_zero() {
    let v = lanes(&[f32::NAN, 1e10, -1e10, -1.9]);
    assert_eq!(unary::<op::I32x4TruncSatF32x4S>(v), lanes(&[0, i32::MAX, i32::MIN, -1]));
    assert_eq!(unary::<op::I32x4TruncSatF32x4U>(v), lanes(&[0, u32::MAX, 0, 0]));
    assert_eq!(unary::<op::I32x4RelaxedTruncF32x4S>(v), unary::<op::I32x4TruncSatF32x4S>(v));
    assert_eq!(unary::<op::I32x4RelaxedTruncF32x4U>(v), unary::<op::I32x4TruncSatF32x4U>(v));
    let v = lanes(&[4_294_967_295.9, -2_147_483_648.9]);
    assert_eq!(unary::<op::I32x4TruncSatF64x2SZero>(v), lanes(&[i32::MAX, i32::MIN]));
    assert_eq!(unary::<op::I32x4TruncSatF64x2UZero>(v), lanes(&[u32::MAX, 0]));
    assert_eq!(unary::<op::I32x4RelaxedTruncF64x2SZero>(v), lanes(&[i32::MAX, i32::MIN]));
    assert_eq!(unary::<op::I32x4RelaxedTruncF64x2UZero>(v), lanes(&[u32::MAX, 0]));
    assert_eq!(unary::<op::F32x4DemoteF64x2Zero>(lanes(&[1e300, -0.5])), lanes(&[f32::INFINITY, -0.5]));
    assert_eq!(unary::<op::F64x2PromoteLowF32x4>(lanes(&[0.1f32, -2.0, 9.0])), lanes(&[0.1f32 as f64, -2.0]));
    assert_eq!(unary::<op::F64x2ConvertLowI32x4U>(lanes(&[u32::MAX, 1, 2])), lanes(&[4_294_967_295.0, 1.0]));
    // 2²⁴ + 1 is between two floats.
    assert_eq!(unary::<op::F32x4ConvertI32x4S>(lanes(&[16_777_217, -1])), lanes(&[16_777_216.0f32, -1.0]));
}

#[test]
fn rounding_is_that_of_the_standard_library() {
    fn same_32(a: f32, ours: fn(f32) -> f32, theirs: fn(f32) -> f32) {
        let (x, y) = (ours(a), theirs(a));
        assert!(x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan(), "{a:e}: {x:e} instead of {y:e}");
    }
    fn same_64(a: f64, ours: fn(f64) -> f64, theirs: fn(f64) -> f64) {
        let (x, y) = (ours(a), theirs(a));
        assert!(x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan(), "{a:e}: {x:e} instead of {y:e}");
    }
    // Steps that are odd meet all exponents, both signs and all endings of the mantissa.
    for bits in (0..=u32::MAX).step_by(4093) {
        let a = f32::from_bits(bits);
        same_32(a, float::ceil_32, f32::ceil);
        same_32(a, float::floor_32, f32::floor);
        same_32(a, float::trunc_32, f32::trunc);
        same_32(a, float::nearest_32, f32::round_ties_even);
    }
    // Halves and wholes with their neighbours, up to where no fraction is left.
    let exact = (0..54).flat_map(|n| [0.5, 1.0, 1.5, 2.5].map(|x| x * 2f64.powi(n)));
    for a in exact.flat_map(|a| [a.next_down(), a, a.next_up()]).flat_map(|a| [a, -a]) {
        same_64(a, float::ceil_64, f64::ceil);
        same_64(a, float::floor_64, f64::floor);
        same_64(a, float::trunc_64, f64::trunc);
        same_64(a, float::nearest_64, f64::round_ties_even);
    }
    for bits in (0..=u64::MAX).step_by(0x0000_0fff_ffff_fa35) {
        let a = f64::from_bits(bits);
        same_64(a, float::ceil_64, f64::ceil);
        same_64(a, float::floor_64, f64::floor);
        same_64(a, float::trunc_64, f64::trunc);
        same_64(a, float::nearest_64, f64::round_ties_even);
    }
}

#[test]
fn loads_extend_repeat_and_fill_with_zeros() {
    let bits = 0x8001_02fe_7f80_ff00;
    assert_eq!(simd::load8x8_s(bits), i16::join([0, -1, -128, 127, -2, 2, 1, -128]));
    assert_eq!(simd::load8x8_u(bits), u16::join([0, 0xff, 0x80, 0x7f, 0xfe, 2, 1, 0x80]));
    assert_eq!(simd::load16x4_s(bits), i32::join([-0x100, 0x7f80, 0x02fe, -0x7fff]));
    assert_eq!(simd::load16x4_u(bits), u32::join([0xff00, 0x7f80, 0x02fe, 0x8001]));
    assert_eq!(simd::load32x2_s(bits), i64::join([0x7f80_ff00, -0x7ffe_fd02]));
    assert_eq!(simd::load32x2_u(bits), u64::join([0x7f80_ff00, 0x8001_02fe]));
    assert_eq!(simd::load8_splat(7), V128([7; 16]));
    assert_eq!(simd::load16_splat(0x0102), u16::join([0x0102; 8]));
    assert_eq!(simd::load32_splat(9), u32::join([9; 4]));
    assert_eq!(simd::load64_splat(bits), u64::join([bits; 2]));
    assert_eq!(simd::load32_zero(0xffff_ffff), V128::from_u128(0xffff_ffff));
    assert_eq!(simd::load64_zero(bits), V128::from_u128(bits.into()));
}
