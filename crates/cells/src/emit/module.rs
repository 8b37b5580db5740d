//! A module while it is written: its functions, globals, constants and exports, and the helper functions that its code asks for.
//!
//! Helpers are functions that the language needs once for each type (text form, equality, order, functions of arrays, …). Code asks
//! for one by a [`Helper`]; it has a number at once and gets its code later, when [`crate::emit::emitter`] works off `pending`.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use wasm_encoder::{
    ConstExpr, DataCountSection, DataSection, ElementSection, Elements, Encode, EntityType, ExportKind,
    ExportSection, FunctionSection, GlobalSection, GlobalType, HeapType, ImportSection, Module as Encoder,
    RawSection, RefType, Section, SectionId, ValType,
};

use crate::artifact::Lambda;
use crate::builtins::Builtin;
use crate::check::program::{FunctionId, ImportId, Program};
use crate::diagnostic::Diagnostic;
use crate::emit::checkpoint::Graph;
use crate::emit::code::{Code, Symbol};
use crate::emit::layout::{Key, Layout, reference};
use crate::emit::runtime::Runtime;
use crate::source::Span;
use crate::types::{TypeId, Types};

/// A function that a module has when its code needs it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Helper {
    /// `(kind, position)`: the cell fails.
    Fail,
    /// `(kind, position, a, b)`: the cell fails, about two numbers.
    FailAbout,
    /// `(value, depth)`: writes the text form of an array, tuple or struct.
    Text(TypeId),
    /// `(a, b) -> i32`: whether two values are equal.
    Equal(TypeId),
    /// `(a, b) -> i32`: -1, 0 or 1 as a is less, equal or greater; 2 if there is no order, because of a NaN.
    Compare(TypeId),
    /// The operands and the position, if it can fail: a function of the language on values of these types.
    Builtin(Builtin, [TypeId; 3]),
    /// `(a, b, position) -> array`: the elements of both, which are of this type.
    Concat(TypeId),
    /// `(array, capacity)`: makes room for that many elements of this type.
    Grow(TypeId),
    /// `(keys, values, n)`: sorts the keys, of the first type, and the values with them if there is a second.
    Sort(TypeId, Option<TypeId>),
    /// `(value)`: writes a value of the type to a checkpoint.
    Save(TypeId),
    /// `() -> value`: reads one, which may be null.
    Load(TypeId),
    /// `(object)`: writes a reference to an object that has a mark: one of the type, or with `true` a box with a value of it.
    SaveReference(TypeId, bool),
    /// `() -> object`: reads one, which may be null.
    LoadReference(TypeId, bool),
    /// `(object)`: writes what is in such an object.
    SaveContent(TypeId, bool),
    /// `(object)`: reads it.
    LoadContent(TypeId, bool),
}

impl Helper {
    /// A number for each helper, by which the module knows it.
    fn key(self) -> Key {
        match self {
            Self::Fail => [0; 5],
            Self::FailAbout => [1, 0, 0, 0, 0],
            Self::Text(ty) => [2, ty.number(), 0, 0, 0],
            Self::Equal(ty) => [3, ty.number(), 0, 0, 0],
            Self::Compare(ty) => [4, ty.number(), 0, 0, 0],
            Self::Builtin(builtin, [a, b, c]) => [5, builtin as u32, a.number(), b.number(), c.number()],
            Self::Concat(ty) => [6, ty.number(), 0, 0, 0],
            Self::Grow(ty) => [7, ty.number(), 0, 0, 0],
            Self::Sort(ty, None) => [8, ty.number(), 0, 0, 0],
            Self::Sort(ty, Some(other)) => [8, ty.number(), 1, other.number(), 0],
            Self::Save(ty) => [9, ty.number(), 0, 0, 0],
            Self::Load(ty) => [10, ty.number(), 0, 0, 0],
            Self::SaveReference(ty, boxed) => [11, ty.number(), boxed.into(), 0, 0],
            Self::LoadReference(ty, boxed) => [12, ty.number(), boxed.into(), 0, 0],
            Self::SaveContent(ty, boxed) => [13, ty.number(), boxed.into(), 0, 0],
            Self::LoadContent(ty, boxed) => [14, ty.number(), boxed.into(), 0, 0],
        }
    }
}

/// What closures of one number are made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum LambdaOf {
    /// A closure of the program.
    Closure(FunctionId),
    /// A named function at the top level, as a value.
    Function(FunctionId),
    /// A function of another cell, as a value.
    Import(ImportId),
}

/// A function of the module.
struct Function {
    ty: u32,
    code: Code,
}

/// A module.
pub(crate) struct Module<'a> {
    pub types: &'a Types,
    /// What is compiled; an empty one for modules of checkpoints.
    pub program: &'a Program,
    /// The closures whose code is in this module, by number.
    pub lambdas: Vec<Lambda>,
    /// By number: what they are made of, and the index of their code.
    pub lambda_codes: Vec<(LambdaOf, u32)>,
    pub layout: Layout,
    /// What is wrong with the cell although it is well-typed: the first limit that it exceeds.
    pub error: Option<Diagnostic>,
    /// What the functions of a checkpoint share; nothing for cells.
    pub graph: Option<Graph>,
    /// Helpers without code.
    pub pending: VecDeque<(Helper, u32)>,
    runtime: Vec<Option<u32>>,
    runtime_order: Vec<Runtime>,
    instance: bool,
    mark: bool,
    imported: Vec<(String, EntityType)>,
    imported_functions: u32,
    imported_globals: u32,
    functions: Vec<Option<Function>>,
    globals: Vec<ValType>,
    helpers: FxHashMap<Key, u32>,
    /// The bytes of all constant texts.
    texts: Vec<u8>,
    text_places: FxHashMap<Box<[u8]>, u32>,
    /// By where a text begins: the global in which it lies once it has been made.
    kept_texts: FxHashMap<Key, u32>,
    exports: Vec<(String, ExportKind, Symbol)>,
    referenced: Vec<Symbol>,
}

/// A module that is complete.
pub(crate) struct Finished {
    pub wasm: Vec<u8>,
    /// From which offset in the module on the code is for which position in the source.
    pub positions: Vec<(u32, u32)>,
    /// How many functions are imported: the index of the first of the module's own.
    pub first_function: u32,
}

/// What engines allow for the code of one function.
const MOST_CODE: usize = 7_654_321;
/// How many locals a function may have, parameters among them.
const MOST_LOCALS: usize = 50_000;

impl<'a> Module<'a> {
    pub(crate) fn new(types: &'a Types, program: &'a Program) -> Self {
        Self {
            types,
            program,
            lambdas: Vec::new(),
            lambda_codes: Vec::new(),
            layout: Layout::default(),
            error: None,
            graph: None,
            pending: VecDeque::new(),
            runtime: vec![None; Runtime::COUNT],
            runtime_order: Vec::new(),
            instance: false,
            mark: false,
            imported: Vec::new(),
            imported_functions: 0,
            imported_globals: 0,
            functions: Vec::new(),
            globals: Vec::new(),
            helpers: FxHashMap::default(),
            texts: Vec::new(),
            text_places: FxHashMap::default(),
            kept_texts: FxHashMap::default(),
            exports: Vec::new(),
            referenced: Vec::new(),
        }
    }

    /// Notes that the cell exceeds a limit.
    pub(crate) fn refuse(&mut self, span: Span, message: &str) {
        self.error.get_or_insert_with(|| Diagnostic::error(span, message));
    }

    /// A value in locals and on the stack.
    pub(crate) fn value(&mut self, ty: TypeId) -> Option<ValType> {
        self.layout.value(self.types, ty)
    }

    /// A function imported from another cell.
    pub(crate) fn import_function(&mut self, name: &str, ty: u32) -> Symbol {
        self.imported.push((name.into(), EntityType::Function(ty)));
        self.imported_functions += 1;
        Symbol::ImportedFunction(self.imported_functions - 1)
    }

    /// A global imported from another cell.
    pub(crate) fn import_global(&mut self, name: &str, ty: ValType) -> Symbol {
        let global = GlobalType { val_type: ty, mutable: true, shared: false };
        self.imported.push((name.into(), EntityType::Global(global)));
        self.imported_globals += 1;
        Symbol::ImportedGlobal(self.imported_globals - 1)
    }

    /// A function whose code comes later.
    pub(crate) fn declare(&mut self) -> u32 {
        self.functions.push(None);
        self.functions.len() as u32 - 1
    }

    /// The code of a function.
    pub(crate) fn define(&mut self, index: u32, ty: u32, code: Code, span: Span) {
        if code.local_count() > MOST_LOCALS {
            self.refuse(span, "this function has too many variables: 50000 is the limit");
        }
        if code.bytes.len() + 5 * code.symbols.len() > MOST_CODE {
            self.refuse(span, "this function is too large");
        }
        for &(at, symbol) in &code.symbols {
            match symbol {
                Symbol::Runtime(function) => {
                    if self.runtime[function as usize].is_none() {
                        self.runtime[function as usize] = Some(self.runtime_order.len() as u32);
                        self.runtime_order.push(function);
                    }
                }
                Symbol::Instance => self.instance = true,
                Symbol::Mark => self.mark = true,
                Symbol::Function(_) | Symbol::ImportedFunction(_) => {
                    if code.bytes[at as usize - 1] == 0xd2 {
                        self.referenced.push(symbol);
                    }
                }
                Symbol::ImportedGlobal(_) | Symbol::Global(_) => {}
            }
        }
        self.functions[index as usize] = Some(Function { ty, code });
    }

    /// The number of a helper.
    pub(crate) fn helper(&mut self, helper: Helper) -> Symbol {
        let key = helper.key();
        if let Some(&index) = self.helpers.get(&key) {
            return Symbol::Function(index);
        }
        let index = self.declare();
        self.helpers.insert(key, index);
        self.pending.push_back((helper, index));
        Symbol::Function(index)
    }

    /// A mutable global with the default value of its type.
    pub(crate) fn global(&mut self, ty: ValType) -> Symbol {
        self.globals.push(ty);
        Symbol::Global(self.globals.len() as u32 - 1)
    }

    /// Exports a function or global.
    pub(crate) fn export(&mut self, name: String, symbol: Symbol) {
        let kind = match symbol {
            Symbol::Runtime(_) | Symbol::ImportedFunction(_) | Symbol::Function(_) => ExportKind::Func,
            Symbol::Instance | Symbol::Mark | Symbol::ImportedGlobal(_) | Symbol::Global(_) => {
                ExportKind::Global
            }
        };
        self.exports.push((name, kind, symbol));
    }

    /// Where a constant text begins in the module's data.
    pub(crate) fn text(&mut self, text: &[u8]) -> u32 {
        if let Some(&at) = self.text_places.get(text) {
            return at;
        }
        let at = self.texts.len() as u32;
        self.texts.extend_from_slice(text);
        self.text_places.insert(text.into(), at);
        at
    }

    /// The same, and the global in which it lies once it has been made.
    pub(crate) fn kept_text(&mut self, text: &[u8]) -> (u32, Symbol) {
        let at = self.text(text);
        let key = [at, text.len() as u32, 0, 0, 0];
        let global = match self.kept_texts.get(&key) {
            Some(&global) => global,
            None => {
                let string = self.layout.string();
                self.globals.push(reference(string));
                let global = self.globals.len() as u32 - 1;
                self.kept_texts.insert(key, global);
                global
            }
        };
        (at, Symbol::Global(global))
    }

    /// Puts everything together. All helpers have their code by now.
    pub(crate) fn finish(mut self) -> Finished {
        let imports = self.imports();
        let runtime_functions = self.runtime_order.len() as u32;
        let first_function = runtime_functions + self.imported_functions;
        let first_imported_global = u32::from(self.instance) + u32::from(self.mark);
        let first_global = first_imported_global + self.imported_globals;
        let (runtime, instance) = (&self.runtime, self.instance);
        let resolve = |symbol: Symbol| match symbol {
            Symbol::Runtime(function) => runtime[function as usize].unwrap_or_default(),
            Symbol::ImportedFunction(index) => runtime_functions + index,
            Symbol::Function(index) => first_function + index,
            Symbol::Instance => 0,
            Symbol::Mark => u32::from(instance),
            Symbol::ImportedGlobal(index) => first_imported_global + index,
            Symbol::Global(index) => first_global + index,
        };

        let mut encoder = Encoder::new();
        let types = self.layout.section();
        encoder.section(&RawSection { id: SectionId::Type as u8, data: &types });
        section(&mut encoder, &imports, imports.is_empty());
        let mut functions = FunctionSection::new();
        for function in self.functions.iter().flatten() {
            functions.function(function.ty);
        }
        section(&mut encoder, &functions, functions.is_empty());
        let mut globals = GlobalSection::new();
        for &ty in &self.globals {
            globals.global(GlobalType { val_type: ty, mutable: true, shared: false }, &default(ty));
        }
        section(&mut encoder, &globals, globals.is_empty());
        let mut exports = ExportSection::new();
        for (name, kind, symbol) in &self.exports {
            exports.export(name, *kind, resolve(*symbol));
        }
        section(&mut encoder, &exports, exports.is_empty());
        // Functions that are taken as values have to be declared somewhere outside of code; exports do that too.
        let exported: Vec<u32> = self
            .exports
            .iter()
            .filter(|export| export.1 == ExportKind::Func)
            .map(|export| resolve(export.2))
            .collect();
        let mut indices: Vec<u32> = self.referenced.iter().map(|&symbol| resolve(symbol)).collect();
        indices.sort_unstable();
        indices.dedup();
        indices.retain(|index| !exported.contains(index));
        if !indices.is_empty() {
            let mut elements = ElementSection::new();
            elements.declared(Elements::Functions(indices.as_slice().into()));
            encoder.section(&elements);
        }
        if !self.text_places.is_empty() {
            encoder.section(&DataCountSection { count: 1 });
        }
        let mut wasm = encoder.finish();
        let positions =
            code_section(&mut wasm, self.functions.iter().flatten().map(|function| &function.code), resolve);
        if !self.text_places.is_empty() {
            let mut data = DataSection::new();
            data.passive(self.texts.iter().copied());
            data.append_to(&mut wasm);
        }
        Finished { wasm, positions, first_function }
    }

    fn imports(&mut self) -> ImportSection {
        let mut imports = ImportSection::new();
        for index in 0..self.runtime_order.len() {
            let function = self.runtime_order[index];
            let ty = function.function_type(&mut self.layout, self.types);
            imports.import("runtime", function.name(), EntityType::Function(ty));
        }
        if self.instance {
            let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
            imports.import("session", "instance", EntityType::Global(ty));
        }
        if self.mark {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            imports.import("runtime", "mark", EntityType::Global(ty));
        }
        for (name, ty) in &self.imported {
            imports.import("cells", name, *ty);
        }
        imports
    }
}

fn section(encoder: &mut Encoder, section: &impl Section, empty: bool) {
    if !empty {
        encoder.section(section);
    }
}

/// The value of a global before anything is assigned.
fn default(ty: ValType) -> ConstExpr {
    match ty {
        ValType::I64 => ConstExpr::i64_const(0),
        ValType::F64 => ConstExpr::f64_const(0.0.into()),
        ValType::Ref(RefType { heap_type, .. }) => ConstExpr::ref_null(heap_type),
        ValType::I32 => ConstExpr::i32_const(0),
        ValType::F32 | ValType::V128 => ConstExpr::ref_null(HeapType::Abstract {
            shared: false,
            ty: wasm_encoder::AbstractHeapType::None,
        }),
    }
}

/// Appends the section of code, with the indices of symbols in their places; returns the positions by offset in the module.
fn code_section<'c>(
    wasm: &mut Vec<u8>,
    codes: impl Iterator<Item = &'c Code>,
    resolve: impl Fn(Symbol) -> u32,
) -> Vec<(u32, u32)> {
    let mut body = Vec::new();
    let mut content = Vec::new();
    let mut positions = Vec::new();
    let mut count = 0u32;
    for code in codes {
        count += 1;
        body.clear();
        code.encode_locals(&mut body);
        let first = positions.len();
        let mut marks = code.positions.iter().peekable();
        let mut done = 0;
        for &(at, symbol) in &code.symbols {
            // An instruction begins before the place of its index, so what is marked up to there comes first.
            while let Some(&&(mark, position)) = marks.peek().filter(|&&&(mark, _)| mark < at) {
                marks.next();
                positions.push(((body.len() + mark as usize - done) as u32, position));
            }
            body.extend_from_slice(&code.bytes[done..at as usize]);
            done = at as usize;
            resolve(symbol).encode(&mut body);
        }
        for &(mark, position) in marks {
            positions.push(((body.len() + mark as usize - done) as u32, position));
        }
        body.extend_from_slice(&code.bytes[done..]);
        body.len().encode(&mut content);
        // A function is entered before its locals are: what begins with its code begins there.
        if let Some(entry) =
            positions.get_mut(first).filter(|_| code.positions.first().is_some_and(|mark| mark.0 == 0))
        {
            entry.0 = 0;
        }
        for place in &mut positions[first..] {
            place.0 += content.len() as u32;
        }
        content.extend_from_slice(&body);
    }
    if count == 0 {
        return positions;
    }
    let mut head = Vec::new();
    count.encode(&mut head);
    wasm.push(10);
    (head.len() + content.len()).encode(wasm);
    wasm.extend_from_slice(&head);
    for place in &mut positions {
        place.0 += wasm.len() as u32;
    }
    wasm.extend_from_slice(&content);
    positions
}
