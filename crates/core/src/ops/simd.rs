//! Vector operators (wasm spec, "Vector Operations"; relaxed SIMD with its deterministic choices).

use crate::value::V128;

pub fn v128_not(a: V128) -> V128 { V128::from_u128(!a.as_u128()) }
pub fn i8x16_splat(a: u32) -> V128 { V128([a as u8; 16]) }
pub fn v128_any_true(a: V128) -> i32 { i32::from(a.as_u128() != 0) }
pub fn v128_and(a: V128, b: V128) -> V128 { V128::from_u128(a.as_u128() & b.as_u128()) }
pub fn i8x16_add(a: V128, b: V128) -> V128 { V128(std::array::from_fn(|i| a.0[i].wrapping_add(b.0[i]))) }
pub fn i8x16_shl(a: V128, n: u32) -> V128 { V128(a.0.map(|x| x << (n & 7))) }
pub fn v128_bitselect(a: V128, b: V128, c: V128) -> V128 { V128::from_u128(a.as_u128() & c.as_u128() | b.as_u128() & !c.as_u128()) }
pub fn i8x16_extract_lane_s(a: V128, lane: u8) -> i32 { i32::from(a.0[usize::from(lane) & 15] as i8) }
pub fn i8x16_replace_lane(mut a: V128, v: u32, lane: u8) -> V128 { a.0[usize::from(lane) & 15] = v as u8; a }
pub fn load8x8_s(bits: u64) -> V128 { V128::from_u128(bits.into()) }
pub fn load8x8_u(bits: u64) -> V128 { V128::from_u128(bits.into()) }
pub fn load16x4_s(bits: u64) -> V128 { V128::from_u128(bits.into()) }
pub fn load16x4_u(bits: u64) -> V128 { V128::from_u128(bits.into()) }
pub fn load32x2_s(bits: u64) -> V128 { V128::from_u128(bits.into()) }
pub fn load32x2_u(bits: u64) -> V128 { V128::from_u128(bits.into()) }
