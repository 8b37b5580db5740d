//! All operators of vectors, by class, the relaxed ones among them: each has one result here. Lanes are picked when one is made.

use wasm_encoder::{Instruction as I, MemArg, ValType};

use super::body::Maker;
use super::values::{act, op};
use crate::ops::{
    Care, Spec,
    Ty::{self, F32, F64, I32, I64, V128},
};
use crate::program::Node;

/// `specs!(list, (operands) -> result, care: names)`
macro_rules! specs {
    ($list:ident, $operands:tt -> $result:ident, $care:ident: $($op:ident)*) => {
        $($list.push(spec(I::$op, operands!($operands), $result, Care::$care));)*
    };
}

macro_rules! operands {
    (($($operand:ident),*)) => { &[$($operand),*] };
}

fn spec(op: I<'static>, operands: &[Ty], result: Ty, care: Care) -> Spec {
    Spec { op, operands: operands.to_vec(), result, care }
}

/// The operators with vectors among operands and results.
pub(super) fn specs() -> Vec<Spec> {
    let mut list = Vec::new();
    integers(&mut list);
    floats(&mut list);
    lanes(&mut list);
    list
}

fn integers(list: &mut Vec<Spec>) {
    specs!(list, (V128, V128) -> V128, Nothing:
        I8x16Swizzle I8x16RelaxedSwizzle I16x8RelaxedQ15mulrS I16x8RelaxedDotI8x16I7x16S
        I8x16Eq I8x16Ne I8x16LtS I8x16LtU I8x16GtS I8x16GtU I8x16LeS I8x16LeU I8x16GeS I8x16GeU
        I16x8Eq I16x8Ne I16x8LtS I16x8LtU I16x8GtS I16x8GtU I16x8LeS I16x8LeU I16x8GeS I16x8GeU
        I32x4Eq I32x4Ne I32x4LtS I32x4LtU I32x4GtS I32x4GtU I32x4LeS I32x4LeU I32x4GeS I32x4GeU
        I64x2Eq I64x2Ne I64x2LtS I64x2GtS I64x2LeS I64x2GeS
        V128And V128AndNot V128Or V128Xor
        I8x16NarrowI16x8S I8x16NarrowI16x8U I8x16Add I8x16AddSatS I8x16AddSatU I8x16Sub I8x16SubSatS I8x16SubSatU
        I8x16MinS I8x16MinU I8x16MaxS I8x16MaxU I8x16AvgrU
        I16x8Q15MulrSatS I16x8NarrowI32x4S I16x8NarrowI32x4U I16x8Add I16x8AddSatS I16x8AddSatU I16x8Sub I16x8SubSatS
        I16x8SubSatU I16x8Mul I16x8MinS I16x8MinU I16x8MaxS I16x8MaxU I16x8AvgrU
        I16x8ExtMulLowI8x16S I16x8ExtMulHighI8x16S I16x8ExtMulLowI8x16U I16x8ExtMulHighI8x16U
        I32x4Add I32x4Sub I32x4Mul I32x4MinS I32x4MinU I32x4MaxS I32x4MaxU I32x4DotI16x8S
        I32x4ExtMulLowI16x8S I32x4ExtMulHighI16x8S I32x4ExtMulLowI16x8U I32x4ExtMulHighI16x8U
        I64x2Add I64x2Sub I64x2Mul
        I64x2ExtMulLowI32x4S I64x2ExtMulHighI32x4S I64x2ExtMulLowI32x4U I64x2ExtMulHighI32x4U);
    specs!(list, (V128) -> V128, Nothing:
        V128Not I8x16Abs I8x16Neg I8x16Popcnt I16x8Abs I16x8Neg I32x4Abs I32x4Neg I64x2Abs I64x2Neg
        I16x8ExtAddPairwiseI8x16S I16x8ExtAddPairwiseI8x16U I32x4ExtAddPairwiseI16x8S I32x4ExtAddPairwiseI16x8U
        I16x8ExtendLowI8x16S I16x8ExtendHighI8x16S I16x8ExtendLowI8x16U I16x8ExtendHighI8x16U
        I32x4ExtendLowI16x8S I32x4ExtendHighI16x8S I32x4ExtendLowI16x8U I32x4ExtendHighI16x8U
        I64x2ExtendLowI32x4S I64x2ExtendHighI32x4S I64x2ExtendLowI32x4U I64x2ExtendHighI32x4U
        I32x4TruncSatF32x4S I32x4TruncSatF32x4U I32x4TruncSatF64x2SZero I32x4TruncSatF64x2UZero
        I32x4RelaxedTruncF32x4S I32x4RelaxedTruncF32x4U I32x4RelaxedTruncF64x2SZero I32x4RelaxedTruncF64x2UZero
        F32x4ConvertI32x4S F32x4ConvertI32x4U F64x2ConvertLowI32x4S F64x2ConvertLowI32x4U);
    specs!(list, (V128, V128, V128) -> V128, Nothing:
        V128Bitselect I8x16RelaxedLaneselect I16x8RelaxedLaneselect I32x4RelaxedLaneselect I64x2RelaxedLaneselect
        I32x4RelaxedDotI8x16I7x16AddS);
    specs!(list, (V128, I32) -> V128, Nothing:
        I8x16Shl I8x16ShrS I8x16ShrU I16x8Shl I16x8ShrS I16x8ShrU I32x4Shl I32x4ShrS I32x4ShrU I64x2Shl I64x2ShrS I64x2ShrU);
    specs!(list, (V128) -> I32, Nothing:
        V128AnyTrue I8x16AllTrue I16x8AllTrue I32x4AllTrue I64x2AllTrue
        I8x16Bitmask I16x8Bitmask I32x4Bitmask I64x2Bitmask);
}

fn floats(list: &mut Vec<Spec>) {
    specs!(list, (V128, V128) -> V128, Nothing:
        F32x4Eq F32x4Ne F32x4Lt F32x4Gt F32x4Le F32x4Ge F64x2Eq F64x2Ne F64x2Lt F64x2Gt F64x2Le F64x2Ge
        F32x4PMin F32x4PMax F64x2PMin F64x2PMax);
    specs!(list, (V128) -> V128, Nothing: F32x4Abs F32x4Neg F64x2Abs F64x2Neg);
    specs!(list, (V128, V128) -> V128, NanF32x4:
        F32x4Add F32x4Sub F32x4Mul F32x4Div F32x4Min F32x4Max F32x4RelaxedMin F32x4RelaxedMax);
    specs!(list, (V128, V128) -> V128, NanF64x2:
        F64x2Add F64x2Sub F64x2Mul F64x2Div F64x2Min F64x2Max F64x2RelaxedMin F64x2RelaxedMax);
    specs!(list, (V128) -> V128, NanF32x4:
        F32x4Ceil F32x4Floor F32x4Trunc F32x4Nearest F32x4Sqrt F32x4DemoteF64x2Zero);
    specs!(list, (V128) -> V128, NanF64x2: F64x2Ceil F64x2Floor F64x2Trunc F64x2Nearest F64x2Sqrt F64x2PromoteLowF32x4);
    specs!(list, (V128, V128, V128) -> V128, NanF32x4: F32x4RelaxedMadd F32x4RelaxedNmadd);
    specs!(list, (V128, V128, V128) -> V128, NanF64x2: F64x2RelaxedMadd F64x2RelaxedNmadd);
}

fn lanes(list: &mut Vec<Spec>) {
    specs!(list, (I32) -> V128, Nothing: I8x16Splat I16x8Splat I32x4Splat);
    specs!(list, (I64) -> V128, Nothing: I64x2Splat);
    specs!(list, (F32) -> V128, BitsOfLast: F32x4Splat);
    specs!(list, (F64) -> V128, BitsOfLast: F64x2Splat);
    let nothing = Care::Nothing;
    list.push(spec(I::I8x16Shuffle([0; 16]), &[V128, V128], V128, nothing));
    list.push(spec(I::I8x16Shuffle([0; 16]), &[V128, V128], V128, nothing));
    for extract in [
        I::I8x16ExtractLaneS(0),
        I::I8x16ExtractLaneU(0),
        I::I16x8ExtractLaneS(0),
        I::I16x8ExtractLaneU(0),
        I::I32x4ExtractLane(0),
    ] {
        list.push(spec(extract, &[V128], I32, nothing));
    }
    list.push(spec(I::I64x2ExtractLane(0), &[V128], I64, nothing));
    list.push(spec(I::F32x4ExtractLane(0), &[V128], F32, nothing));
    list.push(spec(I::F64x2ExtractLane(0), &[V128], F64, nothing));
    for replace in [I::I8x16ReplaceLane(0), I::I16x8ReplaceLane(0), I::I32x4ReplaceLane(0)] {
        list.push(spec(replace, &[V128, I32], V128, nothing));
    }
    list.push(spec(I::I64x2ReplaceLane(0), &[V128, I64], V128, nothing));
    list.push(spec(I::F32x4ReplaceLane(0), &[V128, F32], V128, Care::BitsOfLast));
    list.push(spec(I::F64x2ReplaceLane(0), &[V128, F64], V128, Care::BitsOfLast));
}

impl Maker<'_> {
    /// The operator with lanes by chance, if it has any.
    pub(super) fn with_lanes(&mut self, op: I<'static>) -> I<'static> {
        let rng = &mut *self.rng;
        match op {
            I::I8x16Shuffle(_) => match rng.below(4) {
                // Bytes in their places, from either operand; runs of neighbours; one byte everywhere.
                0 => I::I8x16Shuffle(std::array::from_fn(|at| at as u8 + 16 * rng.below(2) as u8)),
                1 => {
                    let first = rng.below(17) as u8;
                    I::I8x16Shuffle(std::array::from_fn(|at| (first + at as u8) & 31))
                }
                2 => I::I8x16Shuffle([rng.below(32) as u8; 16]),
                _ => I::I8x16Shuffle(std::array::from_fn(|_| rng.below(32) as u8)),
            },
            I::I8x16ExtractLaneS(_) => I::I8x16ExtractLaneS(rng.below(16) as u8),
            I::I8x16ExtractLaneU(_) => I::I8x16ExtractLaneU(rng.below(16) as u8),
            I::I8x16ReplaceLane(_) => I::I8x16ReplaceLane(rng.below(16) as u8),
            I::I16x8ExtractLaneS(_) => I::I16x8ExtractLaneS(rng.below(8) as u8),
            I::I16x8ExtractLaneU(_) => I::I16x8ExtractLaneU(rng.below(8) as u8),
            I::I16x8ReplaceLane(_) => I::I16x8ReplaceLane(rng.below(8) as u8),
            I::I32x4ExtractLane(_) => I::I32x4ExtractLane(rng.below(4) as u8),
            I::I32x4ReplaceLane(_) => I::I32x4ReplaceLane(rng.below(4) as u8),
            I::F32x4ExtractLane(_) => I::F32x4ExtractLane(rng.below(4) as u8),
            I::F32x4ReplaceLane(_) => I::F32x4ReplaceLane(rng.below(4) as u8),
            I::I64x2ExtractLane(_) => I::I64x2ExtractLane(rng.below(2) as u8),
            I::I64x2ReplaceLane(_) => I::I64x2ReplaceLane(rng.below(2) as u8),
            I::F64x2ExtractLane(_) => I::F64x2ExtractLane(rng.below(2) as u8),
            I::F64x2ReplaceLane(_) => I::F64x2ReplaceLane(rng.below(2) as u8),
            other => other,
        }
    }

    /// A load of a kind that only vectors have.
    pub(super) fn load_vector(&mut self) -> Node {
        if self.rng.chance(40) {
            let log2 = self.rng.below(4) as u32;
            let lane = self.rng.below(16 >> log2) as u8;
            let (memarg, address) = self.access(log2, false);
            let load = match log2 {
                0 => I::V128Load8Lane { memarg, lane },
                1 => I::V128Load16Lane { memarg, lane },
                2 => I::V128Load32Lane { memarg, lane },
                _ => I::V128Load64Lane { memarg, lane },
            };
            let into = self.value(ValType::V128);
            return op(load, vec![address, into], ValType::V128);
        }
        let (log2, make) = *self.rng.pick(&[
            (3, I::V128Load8x8S as fn(MemArg) -> I<'static>),
            (3, I::V128Load8x8U),
            (3, I::V128Load16x4S),
            (3, I::V128Load16x4U),
            (3, I::V128Load32x2S),
            (3, I::V128Load32x2U),
            (0, I::V128Load8Splat),
            (1, I::V128Load16Splat),
            (2, I::V128Load32Splat),
            (3, I::V128Load64Splat),
            (2, I::V128Load32Zero),
            (3, I::V128Load64Zero),
        ]);
        let (memarg, address) = self.access(log2, false);
        op(make(memarg), vec![address], ValType::V128)
    }

    /// A store of one lane.
    pub(super) fn store_lane(&mut self) -> Node {
        let log2 = self.rng.below(4) as u32;
        let lane = self.rng.below(16 >> log2) as u8;
        let (memarg, address) = self.access(log2, false);
        let value = self.value(ValType::V128);
        let store = match log2 {
            0 => I::V128Store8Lane { memarg, lane },
            1 => I::V128Store16Lane { memarg, lane },
            2 => I::V128Store32Lane { memarg, lane },
            _ => I::V128Store64Lane { memarg, lane },
        };
        act(store, vec![address, value])
    }
}
