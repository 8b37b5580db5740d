//! The plain operators with their types, grouped as the generator chooses among them.

use wasm_encoder::{Instruction as I, ValType};

/// Types of values that the generator makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Ty {
    I32,
    I64,
    F32,
    F64,
    V128,
}

use Ty::{F32, F64, I32, I64, V128};

impl Ty {
    pub(crate) const ALL: [Ty; 5] = [I32, I64, F32, F64, V128];

    pub(crate) fn val_type(self) -> ValType {
        match self {
            I32 => ValType::I32,
            I64 => ValType::I64,
            F32 => ValType::F32,
            F64 => ValType::F64,
            V128 => ValType::V128,
        }
    }
}

/// What has to be done besides giving operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Care {
    Nothing,
    /// Traps when the second operand is zero.
    Divisor,
    /// Shows the bits of its last operand, which therefore must not be a NaN of unknown bits.
    BitsOfLast,
    /// Makes `f32` lanes that may be NaNs of unknown bits, inside of a value whose bits are visible.
    NanF32x4,
    /// The same for `f64` lanes.
    NanF64x2,
}

/// An operator.
#[derive(Clone)]
pub(crate) struct Spec {
    pub(crate) op: I<'static>,
    pub(crate) operands: Vec<Ty>,
    pub(crate) result: Ty,
    pub(crate) care: Care,
}

/// Integer comparisons, which branches and selections melt with.
pub(crate) fn compares() -> Vec<Spec> {
    let ints32 = [
        I::I32Eq,
        I::I32Ne,
        I::I32LtS,
        I::I32LtU,
        I::I32GtS,
        I::I32GtU,
        I::I32LeS,
        I::I32LeU,
        I::I32GeS,
        I::I32GeU,
    ];
    let ints64 = [
        I::I64Eq,
        I::I64Ne,
        I::I64LtS,
        I::I64LtU,
        I::I64GtS,
        I::I64GtU,
        I::I64LeS,
        I::I64LeU,
        I::I64GeS,
        I::I64GeU,
    ];
    let floats32 = [I::F32Eq, I::F32Ne, I::F32Lt, I::F32Gt, I::F32Le, I::F32Ge];
    let floats64 = [I::F64Eq, I::F64Ne, I::F64Lt, I::F64Gt, I::F64Le, I::F64Ge];
    let mut specs = Vec::new();
    same(&mut specs, ints32, &[I32, I32], I32, Care::Nothing);
    same(&mut specs, ints64, &[I64, I64], I32, Care::Nothing);
    same(&mut specs, floats32, &[F32, F32], I32, Care::Nothing);
    same(&mut specs, floats64, &[F64, F64], I32, Care::Nothing);
    specs
}

fn same(
    specs: &mut Vec<Spec>,
    ops: impl IntoIterator<Item = I<'static>>,
    operands: &[Ty],
    result: Ty,
    care: Care,
) {
    specs.extend(ops.into_iter().map(|op| Spec { op, operands: operands.to_vec(), result, care }));
}

/// Everything that computes a value from values.
pub(crate) fn pure(simd: bool) -> Vec<Spec> {
    let mut specs = compares();
    let s = &mut specs;
    same(s, [I::I32Eqz], &[I32], I32, Care::Nothing);
    same(s, [I::I64Eqz], &[I64], I32, Care::Nothing);
    let ints = [
        I::I32Add,
        I::I32Sub,
        I::I32Mul,
        I::I32And,
        I::I32Or,
        I::I32Xor,
        I::I32Shl,
        I::I32ShrS,
        I::I32ShrU,
        I::I32Rotl,
        I::I32Rotr,
        I::I32Add,
        I::I32Sub,
    ];
    same(s, ints, &[I32, I32], I32, Care::Nothing);
    let ints = [
        I::I64Add,
        I::I64Sub,
        I::I64Mul,
        I::I64And,
        I::I64Or,
        I::I64Xor,
        I::I64Shl,
        I::I64ShrS,
        I::I64ShrU,
        I::I64Rotl,
        I::I64Rotr,
        I::I64Add,
        I::I64Sub,
    ];
    same(s, ints, &[I64, I64], I64, Care::Nothing);
    same(s, [I::I32DivS, I::I32DivU, I::I32RemS, I::I32RemU], &[I32, I32], I32, Care::Divisor);
    same(s, [I::I64DivS, I::I64DivU, I::I64RemS, I::I64RemU], &[I64, I64], I64, Care::Divisor);
    let ints = [I::I32Clz, I::I32Ctz, I::I32Popcnt, I::I32Extend8S, I::I32Extend16S];
    same(s, ints, &[I32], I32, Care::Nothing);
    let ints = [I::I64Clz, I::I64Ctz, I::I64Popcnt, I::I64Extend8S, I::I64Extend16S, I::I64Extend32S];
    same(s, ints, &[I64], I64, Care::Nothing);
    let floats = [I::F32Add, I::F32Sub, I::F32Mul, I::F32Div, I::F32Min, I::F32Max, I::F32Sub, I::F32Div];
    same(s, floats, &[F32, F32], F32, Care::Nothing);
    let floats = [I::F64Add, I::F64Sub, I::F64Mul, I::F64Div, I::F64Min, I::F64Max, I::F64Sub, I::F64Div];
    same(s, floats, &[F64, F64], F64, Care::Nothing);
    let floats = [I::F32Abs, I::F32Neg, I::F32Ceil, I::F32Floor, I::F32Trunc, I::F32Nearest, I::F32Sqrt];
    same(s, floats, &[F32], F32, Care::Nothing);
    let floats = [I::F64Abs, I::F64Neg, I::F64Ceil, I::F64Floor, I::F64Trunc, I::F64Nearest, I::F64Sqrt];
    same(s, floats, &[F64], F64, Care::Nothing);
    same(s, [I::F32Copysign], &[F32, F32], F32, Care::BitsOfLast);
    same(s, [I::F64Copysign], &[F64, F64], F64, Care::BitsOfLast);
    conversions(s);
    if simd {
        vectors(s);
    }
    specs
}

fn conversions(s: &mut Vec<Spec>) {
    same(s, [I::I32WrapI64], &[I64], I32, Care::Nothing);
    same(s, [I::I64ExtendI32S, I::I64ExtendI32U], &[I32], I64, Care::Nothing);
    same(s, [I::I32TruncSatF32S, I::I32TruncSatF32U], &[F32], I32, Care::Nothing);
    same(s, [I::I32TruncSatF64S, I::I32TruncSatF64U], &[F64], I32, Care::Nothing);
    same(s, [I::I64TruncSatF32S, I::I64TruncSatF32U], &[F32], I64, Care::Nothing);
    same(s, [I::I64TruncSatF64S, I::I64TruncSatF64U], &[F64], I64, Care::Nothing);
    same(s, [I::F32ConvertI32S, I::F32ConvertI32U], &[I32], F32, Care::Nothing);
    same(s, [I::F32ConvertI64S, I::F32ConvertI64U], &[I64], F32, Care::Nothing);
    same(s, [I::F64ConvertI32S, I::F64ConvertI32U], &[I32], F64, Care::Nothing);
    same(s, [I::F64ConvertI64S, I::F64ConvertI64U], &[I64], F64, Care::Nothing);
    same(s, [I::F32DemoteF64], &[F64], F32, Care::Nothing);
    same(s, [I::F64PromoteF32], &[F32], F64, Care::Nothing);
    same(s, [I::F32ReinterpretI32], &[I32], F32, Care::Nothing);
    same(s, [I::F64ReinterpretI64], &[I64], F64, Care::Nothing);
    same(s, [I::I32ReinterpretF32], &[F32], I32, Care::BitsOfLast);
    same(s, [I::I64ReinterpretF64], &[F64], I64, Care::BitsOfLast);
}

fn vectors(s: &mut Vec<Spec>) {
    same(s, [I::I8x16Splat, I::I16x8Splat, I::I32x4Splat], &[I32], V128, Care::Nothing);
    same(s, [I::I64x2Splat], &[I64], V128, Care::Nothing);
    same(s, [I::F32x4Splat], &[F32], V128, Care::BitsOfLast);
    same(s, [I::F64x2Splat], &[F64], V128, Care::BitsOfLast);
    let lanes = [
        I::I8x16ExtractLaneS(3),
        I::I8x16ExtractLaneU(15),
        I::I16x8ExtractLaneS(7),
        I::I16x8ExtractLaneU(0),
        I::I32x4ExtractLane(2),
        I::V128AnyTrue,
        I::I8x16AllTrue,
        I::I32x4AllTrue,
        I::I8x16Bitmask,
        I::I64x2Bitmask,
    ];
    same(s, lanes, &[V128], I32, Care::Nothing);
    same(s, [I::I64x2ExtractLane(1)], &[V128], I64, Care::Nothing);
    same(s, [I::F32x4ExtractLane(1)], &[V128], F32, Care::Nothing);
    same(s, [I::F64x2ExtractLane(0)], &[V128], F64, Care::Nothing);
    let lanes = [I::I8x16ReplaceLane(9), I::I16x8ReplaceLane(3), I::I32x4ReplaceLane(1)];
    same(s, lanes, &[V128, I32], V128, Care::Nothing);
    same(s, [I::I64x2ReplaceLane(0)], &[V128, I64], V128, Care::Nothing);
    same(s, [I::F32x4ReplaceLane(3)], &[V128, F32], V128, Care::BitsOfLast);
    same(s, [I::F64x2ReplaceLane(1)], &[V128, F64], V128, Care::BitsOfLast);
    let ints = [
        I::I8x16Add,
        I::I16x8Sub,
        I::I32x4Add,
        I::I64x2Mul,
        I::I32x4Mul,
        I::V128And,
        I::V128Or,
        I::V128Xor,
        I::V128AndNot,
        I::I8x16Swizzle,
        I::I8x16Eq,
        I::I32x4LtS,
        I::I16x8GtU,
        I::I64x2GeS,
        I::I8x16MinU,
        I::I16x8MaxS,
        I::I8x16AddSatS,
        I::I16x8SubSatU,
        I::I32x4DotI16x8S,
        I::I8x16NarrowI16x8U,
        I::I16x8ExtMulHighI8x16S,
        I::I16x8Q15MulrSatS,
        I::I8x16AvgrU,
        I::F32x4Lt,
        I::F64x2Ge,
        I::I8x16Shuffle([0, 17, 2, 31, 4, 5, 22, 7, 8, 25, 10, 11, 28, 13, 14, 16]),
    ];
    same(s, ints, &[V128, V128], V128, Care::Nothing);
    let shifts = [I::I8x16Shl, I::I16x8ShrS, I::I32x4ShrU, I::I64x2Shl];
    same(s, shifts, &[V128, I32], V128, Care::Nothing);
    let unary = [
        I::V128Not,
        I::I8x16Neg,
        I::I16x8Abs,
        I::I64x2Abs,
        I::I8x16Popcnt,
        I::I32x4ExtendLowI16x8S,
        I::I64x2ExtendHighI32x4U,
        I::I32x4TruncSatF32x4S,
        I::I32x4TruncSatF64x2UZero,
        I::F32x4ConvertI32x4U,
        I::F64x2ConvertLowI32x4S,
        I::I16x8ExtAddPairwiseI8x16U,
        I::F32x4Neg,
        I::F64x2Abs,
    ];
    same(s, unary, &[V128], V128, Care::Nothing);
    same(s, [I::V128Bitselect], &[V128, V128, V128], V128, Care::Nothing);
    let floats = [I::F32x4Add, I::F32x4Sub, I::F32x4Mul, I::F32x4Div, I::F32x4Min, I::F32x4Max];
    same(s, floats, &[V128, V128], V128, Care::NanF32x4);
    let floats = [I::F64x2Add, I::F64x2Sub, I::F64x2Mul, I::F64x2Div, I::F64x2Min, I::F64x2Max];
    same(s, floats, &[V128, V128], V128, Care::NanF64x2);
    let floats = [I::F32x4Sqrt, I::F32x4Nearest, I::F32x4DemoteF64x2Zero];
    same(s, floats, &[V128], V128, Care::NanF32x4);
    same(s, [I::F64x2Sqrt, I::F64x2Floor, I::F64x2PromoteLowF32x4], &[V128], V128, Care::NanF64x2);
}

/// A kind of memory access: the type of the value, its size as a binary logarithm, and how to make the instruction.
pub(crate) struct Access {
    pub(crate) ty: Ty,
    pub(crate) log2: u32,
    pub(crate) make: fn(wasm_encoder::MemArg) -> I<'static>,
}

macro_rules! accesses {
    ($name:ident { $($ty:ident $log2:literal $op:ident,)* }) => {
        pub(crate) const $name: &[Access] =
            &[$(Access { ty: $ty, log2: $log2, make: I::$op as fn(wasm_encoder::MemArg) -> I<'static> },)*];
    };
}

accesses!(LOADS {
    I32 2 I32Load, I32 0 I32Load8S, I32 0 I32Load8U, I32 1 I32Load16S, I32 1 I32Load16U, I32 2 I32Load,
    I64 3 I64Load, I64 0 I64Load8S, I64 0 I64Load8U, I64 1 I64Load16S, I64 1 I64Load16U, I64 2 I64Load32S,
    I64 2 I64Load32U, F32 2 F32Load, F64 3 F64Load,
    V128 4 V128Load, V128 3 V128Load8x8S, V128 3 V128Load16x4U, V128 3 V128Load32x2S, V128 0 V128Load8Splat,
    V128 2 V128Load32Splat, V128 3 V128Load64Splat, V128 2 V128Load32Zero, V128 3 V128Load64Zero,
});

accesses!(STORES {
    I32 2 I32Store, I32 0 I32Store8, I32 1 I32Store16, I32 2 I32Store,
    I64 3 I64Store, I64 0 I64Store8, I64 1 I64Store16, I64 2 I64Store32,
    F32 2 F32Store, F64 3 F64Store, V128 4 V128Store,
});
