//! Programs that are hard on compilers, by chance: what `wasm-smith` seldom makes, and always with an end.
//!
//! ```text
//! Shape (types, memories, table, globals, signatures) ─▶ bodies: statements, expressions ─▶ Program
//! ```
//!
//! Loops count, functions take from a global when they are entered and return at once when it is used up. One function in some
//! programs calls itself for ever; it touches nothing else.

mod atomics;
mod body;
mod calls;
mod control;
mod exceptions;
mod expressions;
mod memory;
mod objects;
mod pieces;
mod segments;
mod statements;
mod values;
mod vectors;

use wasm_encoder::{
    AbstractHeapType, ConstExpr, HeapType, Ieee32, Ieee64, Instruction as I, MemoryType, RefType,
    StorageType, TableType, ValType,
};

use crate::ops::{self, Care, Spec, Ty};
use crate::program::{Body, Func, Node, Program, Type};
use crate::rng::Rng;

/// What the functions of a program share.
pub(crate) struct Shape {
    pub(crate) types: Vec<Type>,
    pub(crate) host: Vec<u32>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<(ValType, ConstExpr)>,
    pub(crate) tags: Vec<u32>,
    /// The types of the functions.
    pub(crate) funcs: Vec<u32>,
    pub(crate) first: usize,
    pub(crate) table: Vec<Option<u32>>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) data: Vec<Vec<u8>>,
    pub(crate) elements: Vec<Vec<u32>>,
    /// Types of values; some more often.
    pub(crate) palette: Vec<ValType>,
    pub(crate) specs: Vec<Spec>,
    /// Whether NaNs have the same bits everywhere, so that they may be looked at.
    pub(crate) canonical: bool,
    /// Locals besides, and how large bodies are.
    pub(crate) locals: usize,
    pub(crate) budget: usize,
    /// Of a hundred expressions that may trap, how many are not kept from it.
    pub(crate) traps: usize,
}

/// The number of the global that all kinds of values are mixed into, so that a wrong one is seen.
pub(crate) const MIX: u32 = 1;

/// The numbers of the types of objects: structs, each a child of the one before, then arrays.
pub(crate) const STRUCTS: std::ops::Range<u32> = 0..3;
pub(crate) const ARRAYS: std::ops::Range<u32> = 3..11;

pub(crate) fn nullable(index: u32) -> RefType {
    RefType { nullable: true, heap_type: HeapType::Concrete(index) }
}

pub(crate) const fn abstract_type(ty: AbstractHeapType) -> RefType {
    RefType { nullable: true, heap_type: HeapType::Abstract { shared: false, ty } }
}

/// The types of objects.
fn objects() -> Vec<Type> {
    let val = StorageType::Val;
    let any = val(ValType::Ref(RefType::ANYREF));
    let fields = [
        val(ValType::I32),
        val(ValType::I64),
        StorageType::I8,
        any,
        // Those of the child.
        StorageType::I16,
        val(ValType::F64),
        val(ValType::V128),
        StorageType::I8,
        // Those of its child.
        val(ValType::Ref(nullable(0))),
        val(ValType::F32),
        val(ValType::I32),
    ];
    let mut types: Vec<Type> = [(4, None), (8, Some(0)), (11, Some(1))]
        .map(|(count, parent)| Type::Struct(fields[..count].to_vec(), parent))
        .into();
    types.extend(
        [
            val(ValType::I32),
            StorageType::I8,
            StorageType::I16,
            val(ValType::I64),
            val(ValType::F32),
            val(ValType::F64),
            val(ValType::V128),
            any,
        ]
        .map(Type::Array),
    );
    types
}

/// Types of references that programs may have.
fn references() -> Vec<ValType> {
    let mut all = vec![
        RefType::FUNCREF,
        RefType::EXTERNREF,
        RefType::ANYREF,
        RefType::ANYREF,
        RefType::I31REF,
        RefType::EXNREF,
        abstract_type(AbstractHeapType::Eq),
        abstract_type(AbstractHeapType::Struct),
        abstract_type(AbstractHeapType::Array),
    ];
    all.extend((STRUCTS.start..ARRAYS.end).map(nullable));
    all.into_iter().map(ValType::Ref).collect()
}

impl Shape {
    fn new(rng: &mut Rng) -> Shape {
        let canonical = rng.chance(40);
        let mut palette = vec![ValType::I32, ValType::I32, ValType::I32, ValType::I64, ValType::I64];
        if rng.chance(60) {
            palette.extend([ValType::F64, ValType::F32]);
        }
        if rng.chance(25) {
            palette.push(ValType::V128);
            if rng.chance(40) {
                palette.extend([ValType::V128; 3]);
            }
        }
        let with_references = rng.chance(40);
        if with_references {
            let all = references();
            for _ in 0..1 + rng.below(6) {
                palette.push(*rng.pick(&all));
            }
        }
        let mut types = objects();
        let objects = types.len();
        for _ in 0..3 + rng.below(3) {
            let few = !rng.chance(10);
            let mut list =
                |max: usize| (0..rng.below(max + 1)).map(|_| *rng.pick(&palette)).collect::<Vec<_>>();
            let (params, results) = match few {
                true => (list(5), list(3)),
                false => (list(40), list(12)),
            };
            types.push(Type::Func(params, results));
        }
        let pick = |rng: &mut Rng| (objects + rng.below(types.len() - objects)) as u32;
        let funcs: Vec<u32> = (0..2 + rng.below(4)).map(|_| pick(rng)).collect();
        let first = if rng.chance(30) { 1 + rng.below(funcs.len() - 1) } else { funcs.len() };
        let host = (0..1 + rng.below(2)).map(|_| pick(rng)).collect();
        let mut table: Vec<_> = (0..8).map(|_| Some(rng.below(funcs.len()) as u32)).collect();
        table[rng.below(8)] = None;
        let tags = (0..1 + rng.below(3)).map(|_| rng.below(palette.len().min(4)));
        let tags: Vec<Type> = tags.map(|n| Type::Func(palette[..n].to_vec(), Vec::new())).collect();
        let tags: Vec<u32> = tags
            .into_iter()
            .map(|ty| {
                types.push(ty);
                types.len() as u32 - 1
            })
            .collect();
        let mut globals =
            vec![(ValType::I32, ConstExpr::i32_const(0)), (ValType::I64, ConstExpr::i64_const(0))];
        for _ in 0..3 + rng.below(4) {
            let ty = *rng.pick(&palette);
            globals.push((ty, initial(rng, ty)));
        }
        let memories = (0..*rng.pick(&[1, 1, 1, 1, 2, 3])).map(|_| memory_type(rng)).collect();
        let specs = specs(&palette, canonical);
        let tables = if with_references && rng.chance(50) {
            let elements = references().into_iter().filter(|ty| !matches!(ty, ValType::Ref(RefType::EXNREF)));
            let ValType::Ref(element_type) = *rng.pick(&elements.collect::<Vec<_>>()) else {
                unreachable!("all are references")
            };
            let (minimum, table64) = (rng.below(10) as u64, rng.chance(50));
            vec![TableType { element_type, table64, minimum, maximum: Some(20), shared: false }]
        } else {
            Vec::new()
        };
        let data = (0..rng.below(3))
            .map(|_| {
                let len = rng.below(200);
                rng.bytes(len)
            })
            .collect();
        let elements =
            (0..rng.below(3)).map(|_| (0..rng.below(9)).map(|_| rng.below(first) as u32).collect()).collect();
        Shape {
            types,
            host,
            memories,
            globals,
            tags,
            funcs,
            first,
            table,
            tables,
            data,
            elements,
            palette,
            specs,
            canonical,
            locals: *rng.pick(&[0, 2, 4, 8, 8, 16, 30]),
            budget: *rng.pick(&[8, 20, 40, 80, 150, 300]),
            traps: *rng.pick(&[0, 0, 1, 3]),
        }
    }

    /// Parameters and results of a function type.
    pub(crate) fn signature(&self, ty: u32) -> (Vec<ValType>, Vec<ValType>) {
        match &self.types[ty as usize] {
            Type::Func(params, results) => (params.clone(), results.clone()),
            other => unreachable!("{other:?} is no type of functions"),
        }
    }
}

fn memory_type(rng: &mut Rng) -> MemoryType {
    let memory64 = rng.chance(20);
    let shared = !memory64 && rng.chance(10);
    let page_size_log2 = (!shared && rng.chance(8)).then_some(0);
    let (minimum, maximum) = if page_size_log2.is_some() {
        (17 + rng.below(100) as u64, 200)
    } else {
        (if rng.chance(6) { 0 } else { 1 + rng.below(2) as u64 }, 4)
    };
    let maximum = (shared || rng.chance(80)).then_some(maximum);
    MemoryType { minimum, maximum, memory64, shared, page_size_log2 }
}

fn initial(rng: &mut Rng, ty: ValType) -> ConstExpr {
    let bits = rng.interesting();
    match ty {
        ValType::I32 => ConstExpr::i32_const(bits as i32),
        ValType::I64 => ConstExpr::i64_const(bits as i64),
        ValType::F32 => ConstExpr::f32_const(Ieee32::from(bits as i16 as f32)),
        ValType::F64 => ConstExpr::f64_const(Ieee64::from(bits as i32 as f64)),
        ValType::V128 => ConstExpr::v128_const(i128::from(bits) << 32 | i128::from(bits)),
        ValType::Ref(ty) => ConstExpr::ref_null(ty.heap_type),
    }
}

/// The operators of the palette's types, those that trap among them.
fn specs(palette: &[ValType], canonical: bool) -> Vec<Spec> {
    let mut specs = ops::pure(false);
    if palette.contains(&ValType::V128) {
        specs.extend(vectors::specs());
    }
    let truncs = [
        (I::I32TruncF32S, Ty::F32, Ty::I32),
        (I::I32TruncF32U, Ty::F32, Ty::I32),
        (I::I32TruncF64S, Ty::F64, Ty::I32),
        (I::I32TruncF64U, Ty::F64, Ty::I32),
        (I::I64TruncF32S, Ty::F32, Ty::I64),
        (I::I64TruncF32U, Ty::F32, Ty::I64),
        (I::I64TruncF64S, Ty::F64, Ty::I64),
        (I::I64TruncF64U, Ty::F64, Ty::I64),
    ];
    let trunc = |(op, from, result)| Spec { op, operands: vec![from], result, care: Care::Divisor };
    specs.extend(truncs.map(trunc));
    specs.retain(|spec| {
        let lanes = matches!(spec.care, Care::NanF32x4 | Care::NanF64x2);
        (canonical || !lanes)
            && palette.contains(&spec.result.val_type())
            && spec.operands.iter().all(|ty| palette.contains(&ty.val_type()))
    });
    specs
}

/// A program, and whether NaNs have to be canonical where it runs.
pub(crate) fn program(rng: &mut Rng) -> (Program, bool) {
    let mut shape = Shape::new(rng);
    if rng.chance(2) {
        (shape.locals, shape.budget) = (1000, 100);
    } else if rng.chance(2) {
        shape.budget = 1500;
    }
    let mut funcs: Vec<Func> = (0..shape.funcs.len()).map(|func| body::function(rng, &shape, func)).collect();
    if rng.chance(4) {
        funcs.push(endless(&mut shape, funcs.len(), rng.chance(50)));
    }
    let Shape {
        types, host, memories, globals, tags, first, table, tables, data, elements, canonical, ..
    } = shape;
    let first = if first == funcs.len() - 1 && rng.chance(50) { funcs.len() } else { first };
    (Program { types, host, memories, globals, tags, funcs, first, table, tables, data, elements }, canonical)
}

/// A function that calls itself until the stack is used up.
fn endless(shape: &mut Shape, number: usize, wide: bool) -> Func {
    shape.types.push(Type::Func(vec![ValType::I32], vec![ValType::I32]));
    let call = Node::Op {
        op: I::Call((shape.host.len() + number) as u32),
        args: vec![Node::Op { op: I::LocalGet(0), args: Vec::new(), results: vec![ValType::I32] }],
        results: vec![ValType::I32],
    };
    let eqz = Node::Op { op: I::I32Eqz, args: vec![call], results: vec![ValType::I32] };
    Func {
        ty: shape.types.len() as u32 - 1,
        locals: vec![ValType::I64; if wide { 300 } else { 0 }],
        body: Body { values: vec![eqz], ..Body::default() },
    }
}
