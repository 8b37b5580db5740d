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
mod throws;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TypeSection,
};

use self::ops::{Spec, Ty};
use self::throws::Throws;
use crate::compare::Modules;
use crate::rng::Rng;

/// The parts of the module that bodies refer to.
struct Shape {
    /// Function types: parameters, results. Bodies add those of their blocks.
    types: Vec<(Vec<Ty>, Vec<Ty>)>,
    /// The type of each function, imported ones first.
    funcs: Vec<u32>,
    /// How many functions are imported; if any is, memories, table and fuel are, too.
    imported: usize,
    /// The types of the functions in the table; `None` is a null.
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
        let mut table: Vec<_> = (0..8).map(|_| Some(*rng.pick(&funcs))).collect();
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
        let filler = (Ty::I64, 0);
        Shape { types, funcs, imported: 0, table, globals, memories, palette, specs, filler }
    }

    /// A module that shares everything with this one except for some global variables.
    fn second(&self, rng: &mut Rng) -> Shape {
        let own = (0..1 + rng.below(4)).map(|_| rng.below(self.types.len()) as u32);
        Shape {
            types: self.types.clone(),
            funcs: self.funcs.iter().copied().chain(own).collect(),
            imported: self.funcs.len(),
            table: self.table.clone(),
            globals: self.globals.clone(),
            memories: self.memories.clone(),
            palette: self.palette.clone(),
            specs: self.specs.clone(),
            filler: self.filler,
        }
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

impl Shape {
    fn block_type(&mut self, params: &[Ty], results: &[Ty]) -> BlockType {
        match (params, results) {
            ([], []) => BlockType::Empty,
            ([], [ty]) => BlockType::Result(ty.val_type()),
            _ => BlockType::FunctionType(self.type_index(params, results)),
        }
    }

    /// Parameters and results of a block.
    fn signature(&self, ty: BlockType) -> (Vec<Ty>, Vec<Ty>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Result(result) => {
                let result = Ty::ALL.into_iter().find(|ty| ty.val_type() == result);
                (Vec::new(), vec![result.expect("all values have one of these types")])
            }
            BlockType::FunctionType(index) => self.types[index as usize].clone(),
        }
    }
}

/// The modules for a generator state: one, or two that call each other.
///
/// Some come in two forms that do the same, because the one for Upshift has what wasmi cannot do: functions with so many
/// locals that slot numbers need more than 16 bits, or exceptions in the place of branches.
pub(crate) fn modules(rng: &mut Rng, _index: u64) -> Option<Modules> {
    let none = (Ty::I64, 0);
    let (filler, throws) = match rng.below(100) {
        // The border then lies among the locals or the operands.
        0..3 => (Some((Ty::V128, 32_750 + rng.below(18))), false),
        3 => (Some((Ty::V128, 45_000)), true),
        4..40 => (None, true),
        _ => (None, false),
    };
    let seed = throws.then(|| rng.next());
    if filler.is_none() && seed.is_none() {
        return Some(Modules::both(linked(rng, none, None)));
    }
    let upshift = linked(&mut rng.clone(), filler.unwrap_or(none), seed);
    Some(Modules { upshift, other: linked(rng, none, None) })
}

/// The modules; with a seed for exceptions in their second form.
fn linked(rng: &mut Rng, filler: (Ty, usize), throws: Option<u64>) -> Vec<Vec<u8>> {
    let first = Shape { filler, ..Shape::new(rng) };
    let second = rng.chance(40).then(|| first.second(rng));
    let mut tags = Vec::new();
    let shapes = [Some(first), second].into_iter().flatten();
    shapes.map(|shape| module(rng, shape, throws, &mut tags)).collect()
}

/// Where a module gets something from: itself, or the first module.
struct Sections {
    imports: ImportSection,
    funcs: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
}

/// A module; with a seed for exceptions in its second form, with the tags of the module before, in whose place its own are left.
fn module(rng: &mut Rng, mut shape: Shape, throws: Option<u64>, tags: &mut Vec<Vec<Ty>>) -> Vec<u8> {
    let mut code = CodeSection::new();
    let mut throws = throws.map(|seed| Throws::new(seed, tags));
    for func in shape.imported..shape.funcs.len() {
        code.function(&body::function(rng, &mut shape, func, throws.as_mut()));
    }
    let mut sections = Sections {
        imports: ImportSection::new(),
        funcs: FunctionSection::new(),
        tables: TableSection::new(),
        memories: MemorySection::new(),
        globals: GlobalSection::new(),
        exports: ExportSection::new(),
        elements: ElementSection::new(),
    };
    sections.add_funcs(&shape);
    sections.add_table(&shape);
    sections.add_memories(&shape);
    sections.add_globals(&shape, rng);
    let tag_section = throws.as_ref().map(|throws| throws.finish(&mut shape, &mut sections, &mut code));
    *tags = throws.map(Throws::tags).unwrap_or_default();
    let mut types = TypeSection::new();
    for (params, results) in &shape.types {
        let list = |types: &[Ty]| types.iter().map(|ty| ty.val_type()).collect::<Vec<_>>();
        types.ty().function(list(params), list(results));
    }
    let mut module = Module::new();
    module.section(&types).section(&sections.imports).section(&sections.funcs).section(&sections.tables);
    module.section(&sections.memories);
    if let Some(tags) = &tag_section {
        module.section(tags);
    }
    module.section(&sections.globals).section(&sections.exports);
    module.section(&sections.elements).section(&code);
    module.finish()
}

impl Sections {
    fn add_funcs(&mut self, shape: &Shape) {
        for (index, &ty) in shape.funcs.iter().enumerate() {
            if index < shape.imported {
                self.imports.import("first", &format!("f{index}"), EntityType::Function(ty));
            } else {
                self.funcs.function(ty);
                self.exports.export(&format!("f{index}"), ExportKind::Func, index as u32);
            }
        }
    }

    fn add_table(&mut self, shape: &Shape) {
        let (element_type, minimum) = (RefType::FUNCREF, shape.table.len() as u64);
        let ty = TableType { element_type, table64: false, minimum, maximum: Some(minimum), shared: false };
        let second = shape.imported > 0;
        if second {
            self.imports.import("first", "t", ty);
        } else {
            self.tables.table(ty);
            self.exports.export("t", ExportKind::Table, 0);
        }
        for (entry, ty) in shape.table.iter().enumerate() {
            // The second module replaces what it has a function for.
            let own = shape.imported..shape.funcs.len();
            let fitting: Vec<usize> = own.filter(|&func| Some(shape.funcs[func]) == *ty).collect();
            if !fitting.is_empty() {
                let func = fitting[entry % fitting.len()] as u32;
                let at = ConstExpr::i32_const(entry as i32);
                self.elements.active(None, &at, Elements::Functions([func].as_slice().into()));
            }
        }
    }

    fn add_memories(&mut self, shape: &Shape) {
        for (index, &memory64) in shape.memories.iter().enumerate() {
            let (minimum, maximum, name) = (PAGES.0, Some(PAGES.1), format!("m{index}"));
            let ty = MemoryType { minimum, maximum, memory64, shared: false, page_size_log2: None };
            if shape.imported > 0 {
                self.imports.import("first", &name, ty);
            } else {
                self.memories.memory(ty);
                self.exports.export(&name, ExportKind::Memory, index as u32);
            }
        }
    }

    fn add_globals(&mut self, shape: &Shape, rng: &mut Rng) {
        for (index, &ty) in shape.globals.iter().enumerate() {
            let second = shape.imported > 0;
            let name = if index == 0 { "fuel".to_string() } else { format!("g{index}") };
            let bits = rng.interesting();
            let init = match ty {
                Ty::I32 => ConstExpr::i32_const(bits as i32),
                Ty::I64 => ConstExpr::i64_const(bits as i64),
                Ty::F32 => ConstExpr::f32_const(wasm_encoder::Ieee32::from(bits as i16 as f32)),
                Ty::F64 => ConstExpr::f64_const(wasm_encoder::Ieee64::from(bits as i32 as f64)),
                Ty::V128 => ConstExpr::v128_const(i128::from(bits) << 32),
            };
            let ty = GlobalType { val_type: ty.val_type(), mutable: true, shared: false };
            // The fuel is for both, and so is the first half of the others.
            if second && index < shape.globals.len().div_ceil(2) {
                self.imports.import("first", &name, ty);
            } else {
                self.globals.global(ty, &init);
                let name = if second { format!("second {name}") } else { name };
                self.exports.export(&name, ExportKind::Global, index as u32);
            }
        }
    }
}
