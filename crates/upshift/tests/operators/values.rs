//! Values at the edges of what operators do.

use upshift::Val;
use upshift_core::{V128, ValType};

pub(crate) const I32: [u32; 18] = [
    0,
    1,
    2,
    7,
    8,
    31,
    32,
    33,
    0x7f,
    0x80,
    0xff80,
    0xffff,
    0x1234_5678,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fffe,
    0xffff_ffff,
];

pub(crate) const I64: [u64; 18] = [
    0,
    1,
    2,
    31,
    63,
    64,
    65,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x0020_0000_0000_0001,
    0x1234_5678_9abc_def0,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0x8000_0000_0000_0401,
    0xffff_ffff_ffff_fbff,
    0xffff_ffff_ffff_ffff,
];

/// Zeroes, halves, the edges of integers, infinities, and NaNs: quiet and signalling, with both signs.
pub(crate) fn f32s() -> Vec<u32> {
    let numbers = [
        0.0,
        1.0,
        0.5,
        1.5,
        2.5,
        0.999_999_94,
        1e-45,
        8_388_607.5,
        16_777_217.0,
        2_147_483_520.0,
        2_147_483_648.0,
        4_294_967_040.0,
        4_294_967_296.0,
        9.223_371e18,
        9.223_372e18,
        1.844_674_3e19,
        1.844_674_4e19,
        f32::MAX,
        f32::INFINITY,
    ];
    let signed = numbers.iter().flat_map(|number: &f32| [number.to_bits(), (-number).to_bits()]);
    signed.chain([0x7fc0_0000, 0xffc0_0000, 0x7fe0_0001, 0x7fa0_0000, 0xff80_0001]).collect()
}

/// The same with 64 bits.
pub(crate) fn f64s() -> Vec<u64> {
    let numbers = [
        0.0,
        1.0,
        0.5,
        1.5,
        2.5,
        0.999_999_999_999_999_9,
        5e-324,
        4_503_599_627_370_495.5,
        9_007_199_254_740_993.0,
        2_147_483_647.0,
        2_147_483_647.5,
        2_147_483_648.0,
        2_147_483_648.5,
        2_147_483_649.0,
        4_294_967_295.0,
        4_294_967_295.5,
        4_294_967_296.0,
        9_223_372_036_854_774_784.0,
        9_223_372_036_854_775_808.0,
        18_446_744_073_709_549_568.0,
        18_446_744_073_709_551_616.0,
        1e40,
        f64::MAX,
        f64::INFINITY,
    ];
    let signed = numbers.iter().flat_map(|number: &f64| [number.to_bits(), (-number).to_bits()]);
    let nans = [0x7ff8 << 48, 0xfff8 << 48, 0x7ffc_0000_0000_0001, 0x7ff4 << 48, 0xfff0_0000_0000_0001];
    signed.chain(nans).collect()
}

/// Vectors of lanes that are edges in some width.
pub(crate) fn v128s() -> Vec<u128> {
    let bytes: [u8; 16] =
        [0, 1, 2, 0x7f, 0x80, 0x81, 0xff, 0xfe, 0x0f, 0xf0, 0x10, 0x70, 0x55, 0xaa, 0x1f, 0x40];
    let words: [u16; 8] = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x00ff, 0xff80];
    let halves = |words: [u16; 8]| words.iter().rev().fold(0_u128, |all, &word| all << 16 | u128::from(word));
    let quarters =
        |lanes: [u32; 4]| lanes.iter().rev().fold(0_u128, |all, &lane| all << 32 | u128::from(lane));
    let pair = |low: u64, high: u64| u128::from(high) << 64 | u128::from(low);
    let mut all = vec![0, u128::MAX, u128::from_le_bytes(bytes), u128::from_be_bytes(bytes)];
    let mut rotated = bytes;
    rotated.rotate_left(5);
    all.extend([u128::from_le_bytes(rotated), halves(words), halves([0x8000; 8]), halves([0x00ff; 8])]);
    let mut turned = words;
    turned.rotate_left(3);
    all.push(halves(turned));
    all.extend(I32.chunks(4).map(|four| quarters(std::array::from_fn(|at| four[at % four.len()]))));
    all.extend(I64.chunks(2).step_by(3).map(|two| pair(two[0], two[two.len() - 1])));
    all.push(pair(1 << 63, (1 << 63) - 1));
    let (singles, doubles) = (f32s(), f64s());
    all.extend(singles.chunks(4).map(|four| quarters(std::array::from_fn(|at| four[at % four.len()]))));
    all.extend(doubles.chunks(2).map(|two| pair(two[0], two[two.len() - 1])));
    all
}

/// All edges of a type.
pub(crate) fn edges(ty: ValType) -> Vec<Val> {
    match ty {
        ValType::I32 => I32.iter().map(|&v| Val::I32(v as i32)).collect(),
        ValType::I64 => I64.iter().map(|&v| Val::I64(v as i64)).collect(),
        ValType::F32 => f32s().into_iter().map(Val::F32).collect(),
        ValType::F64 => f64s().into_iter().map(Val::F64).collect(),
        ValType::V128 => v128s().into_iter().map(|v| Val::V128(V128::from_u128(v))).collect(),
        ValType::Ref(_) => unreachable!("pure operators have no references"),
    }
}

/// An instruction that makes a value.
pub(crate) fn constant(value: &Val) -> String {
    match value {
        Val::I32(v) => format!("(i32.const {v})"),
        Val::I64(v) => format!("(i64.const {v})"),
        Val::F32(v) => format!("(f32.reinterpret_i32 (i32.const {v}))"),
        Val::F64(v) => format!("(f64.reinterpret_i64 (i64.const {v}))"),
        Val::V128(v) => {
            let [low, high] = [v.as_u128() as u64, (v.as_u128() >> 64) as u64];
            format!("(v128.const i64x2 {low} {high})")
        }
        other => unreachable!("there is no constant for {other:?}"),
    }
}

/// The name of a type in the text format.
pub(crate) fn name(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        ValType::V128 => "v128",
        ValType::Ref(_) => unreachable!("pure operators have no references"),
    }
}
