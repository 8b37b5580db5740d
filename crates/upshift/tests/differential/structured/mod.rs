//! A generator of modules that is hard on the translation: few locals, much traffic between them and the operand stack, and
//! control flow in the middle of expressions.
//!
//! ```text
//! Shape (types, memories, table, globals) ─▶ bodies ─▶ module
//! ```
//!
//! Every module ends: functions take fuel from a global, loops count down.

mod body;
mod ops;

use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, FunctionSection,
    GlobalSection, GlobalType, MemorySection, MemoryType, Module, RefType, TableSection, TableType,
    TypeSection,
};

use self::ops::{Spec, Ty};
use crate::compare::Modules;
use crate::rng::Rng;

/// The parts of the module that bodies refer to.
struct Shape {
    /// Function types: parameters, results. Bodies add those of their blocks.
    types: Vec<(Vec<Ty>, Vec<Ty>)>,
    /// The type of each function.
    funcs: Vec<u32>,
    /// The functions in the table; `None` is a null.
    table: Vec<Option<u32>>,
    /// Types of the global variables; number 0 is the fuel.
    globals: Vec<Ty>,
    /// Whether the addresses of each memory have 64 bits.
    memories: Vec<bool>,
    /// Types that may be used, some of them more often.
    palette: Vec<Ty>,
    specs: Vec<Spec>,
    /// Locals that each function has besides those that it uses.
    filler: (Ty, usize),
}

/// Pages of each memory, at first and at most.
const PAGES: (u64, u64) = (2, 4);

impl Shape {
    fn new(rng: &mut Rng) -> Shape {
        let mut palette = vec![Ty::I32, Ty::I32, Ty::I64];
        let all: &[&[Ty]] = &[&[], &[Ty::F64, Ty::F32], &[Ty::V128], &[Ty::I64, Ty::F32, Ty::F64, Ty::V128]];
        palette.extend(*rng.pick(all));
        let mut types = Vec::new();
        for _ in 0..3 + rng.below(3) {
            let mut list =
                |max: usize| (0..rng.below(max + 1)).map(|_| *rng.pick(&palette)).collect::<Vec<_>>();
            let (params, results) = (list(4), list(3));
            types.push((params, results));
        }
        let funcs: Vec<u32> = (0..2 + rng.below(4)).map(|_| rng.below(types.len()) as u32).collect();
        let mut table: Vec<_> = (0..8).map(|_| Some(rng.below(funcs.len()) as u32)).collect();
        table[5] = None;
        let globals = [Ty::I32].into_iter().chain(Ty::ALL).filter(|ty| palette.contains(ty)).collect();
        let memories = match rng.below(6) {
            0 => vec![true],
            1 => vec![false, true],
            2 => vec![true, false],
            _ => vec![false],
        };
        let specs = ops::pure(palette.contains(&Ty::V128));
        let specs = specs
            .into_iter()
            .filter(|spec| {
                palette.contains(&spec.result) && spec.operands.iter().all(|ty| palette.contains(ty))
            })
            .collect();
        Shape { types, funcs, table, globals, memories, palette, specs, filler: (Ty::I64, 0) }
    }

    /// The number of a function type.
    fn type_index(&mut self, params: &[Ty], results: &[Ty]) -> u32 {
        let found = self.types.iter().position(|(p, r)| p == params && r == results);
        found.unwrap_or_else(|| {
            self.types.push((params.to_vec(), results.to_vec()));
            self.types.len() - 1
        }) as u32
    }
}

/// The module for a generator state.
///
/// Some modules come in two forms that do the same: in that for Upshift functions have so many locals that slot numbers need
/// more than 16 bits, which is more than wasmi can do.
pub(crate) fn modules(rng: &mut Rng, _index: u64) -> Option<Modules> {
    let filler = match rng.below(100) {
        // The border then lies among the locals or the operands.
        0..3 => (Ty::V128, 32_750 + rng.below(18)),
        3 => (Ty::V128, 45_000),
        _ => return Some(Modules::both(module(rng, (Ty::I64, 0)))),
    };
    let upshift = module(&mut rng.clone(), filler);
    Some(Modules { upshift, wasmi: module(rng, (Ty::I64, 0)) })
}

fn module(rng: &mut Rng, filler: (Ty, usize)) -> Vec<u8> {
    let mut shape = Shape { filler, ..Shape::new(rng) };
    let mut code = CodeSection::new();
    for func in 0..shape.funcs.len() {
        code.function(&body::function(rng, &mut shape, func));
    }
    let mut types = TypeSection::new();
    for (params, results) in &shape.types {
        let list = |types: &[Ty]| types.iter().map(|ty| ty.val_type()).collect::<Vec<_>>();
        types.ty().function(list(params), list(results));
    }
    let mut exports = ExportSection::new();
    let mut funcs = FunctionSection::new();
    for (index, &ty) in shape.funcs.iter().enumerate() {
        funcs.function(ty);
        exports.export(&format!("f{index}"), ExportKind::Func, index as u32);
    }
    let mut tables = TableSection::new();
    let size = shape.table.len() as u64;
    let element_type = RefType::FUNCREF;
    tables.table(TableType {
        element_type,
        table64: false,
        minimum: size,
        maximum: Some(size),
        shared: false,
    });
    let mut elements = ElementSection::new();
    let entries = shape.table.iter().map(|entry| match entry {
        Some(func) => ConstExpr::ref_func(*func),
        None => ConstExpr::ref_null(wasm_encoder::HeapType::FUNC),
    });
    let entries: Vec<_> = entries.collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Expressions(RefType::FUNCREF, entries.into()));
    let mut memories = MemorySection::new();
    for (index, &memory64) in shape.memories.iter().enumerate() {
        let (minimum, maximum) = (PAGES.0, Some(PAGES.1));
        memories.memory(MemoryType { minimum, maximum, memory64, shared: false, page_size_log2: None });
        exports.export(&format!("m{index}"), ExportKind::Memory, index as u32);
    }
    let mut globals = GlobalSection::new();
    for (index, &ty) in shape.globals.iter().enumerate() {
        let bits = rng.interesting();
        let init = match ty {
            Ty::I32 => ConstExpr::i32_const(bits as i32),
            Ty::I64 => ConstExpr::i64_const(bits as i64),
            Ty::F32 => ConstExpr::f32_const(wasm_encoder::Ieee32::from(bits as i16 as f32)),
            Ty::F64 => ConstExpr::f64_const(wasm_encoder::Ieee64::from(bits as i32 as f64)),
            Ty::V128 => ConstExpr::v128_const(i128::from(bits) << 32),
        };
        globals.global(GlobalType { val_type: ty.val_type(), mutable: true, shared: false }, &init);
        let name = if index == 0 { "fuel".to_string() } else { format!("g{index}") };
        exports.export(&name, ExportKind::Global, index as u32);
    }
    let mut module = Module::new();
    module.section(&types).section(&funcs).section(&tables).section(&memories).section(&globals);
    module.section(&exports).section(&elements).section(&code);
    module.finish()
}
