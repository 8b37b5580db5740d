//! The module model: what a validated module consists of, immutable and shared by all its instances.
//!
//! Index spaces hold imports first, then the module's own definitions, as in the specification ("Structure / Modules").
//! Function bodies stay in the module's bytes and are translated at their first call.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use upshift_core::index::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
use upshift_core::types::{FuncType, GlobalType, MemoryType, RefType, TableType, TypeId, TypeKind};
use upshift_core::value::V128;
use upshift_core::vm::{VmCounts, VmLayout};

use crate::bytes::ModuleBytes;
use crate::fixed::Fixed;
use crate::hints::BranchHints;
use crate::names::NameIndex;
use crate::operators::Operators;
use crate::registry::TypeHandle;
use crate::sites::CallSites;

/// A validated module without its instances' state.
#[derive(Debug, Default)]
pub struct ModuleInfo {
    /// The module's bytes; ranges below point into them.
    pub bytes: ModuleBytes,
    /// The type section, canonicalised.
    pub types: Vec<DefinedType>,
    /// The types that are defined together, so that they can refer to each other: groups of more than one, as ranges of
    /// type indices.
    pub rec_groups: Vec<Range<u32>>,
    /// What has to be imported, in order.
    pub imports: Vec<Import>,
    /// What is exported, in order; names are unique.
    pub exports: Vec<Export>,
    /// Types of all functions.
    pub funcs: Vec<TypeIndex>,
    /// Types of all tables.
    pub tables: Vec<TableType>,
    /// Types of all memories.
    pub memories: Vec<MemoryType>,
    /// Types of all globals.
    pub globals: Vec<GlobalType>,
    /// Types of all tags: functions without results, whose parameters are what an exception carries.
    pub tags: Vec<TypeIndex>,
    /// How many functions are imported.
    pub imported_funcs: u32,
    /// How many tables are imported.
    pub imported_tables: u32,
    /// How many memories are imported.
    pub imported_memories: u32,
    /// How many globals are imported.
    pub imported_globals: u32,
    /// How many tags are imported.
    pub imported_tags: u32,
    /// Where the contents of the code section begin: what addresses in debug information are relative to.
    pub code_start: u32,
    /// Bodies of the module's own functions: locals and operators, without the size in front.
    pub bodies: Vec<Range<u32>>,
    /// First value of the elements of the module's own tables; null where there is none.
    pub table_inits: Vec<Option<ConstExpr>>,
    /// Values of the module's own globals.
    pub global_inits: Vec<ConstExpr>,
    /// Element segments.
    pub elems: Vec<ElemSegment>,
    /// Data segments.
    pub datas: Vec<DataSegment>,
    /// The function to call after instantiation.
    pub start: Option<FuncIndex>,
    /// Custom sections: name and contents.
    pub customs: Vec<(Range<u32>, Range<u32>)>,
    /// The most slots that results of a function type or the values of an exception take: no operator pushes more.
    pub most_pushed: u32,
    /// The call sites that find their function at run time.
    pub call_sites: CallSites,
    /// Which operators its functions have that matter to others.
    pub operators: Operators,
    /// Which way branches are expected to go; read when somebody asks.
    pub(crate) branch_hints: OnceLock<BranchHints>,
    /// By table what is known of it if its elements never change; found when somebody asks.
    pub(crate) fixed_tables: OnceLock<Box<[Option<Fixed>]>>,
    /// Where names are; made when somebody asks, see [`names`](crate::names).
    pub(crate) names: OnceLock<NameIndex>,
}

/// An entry of the type section.
#[derive(Clone, Debug)]
pub struct DefinedType {
    /// The canonical id: equal types have equal ids within one registry, as long as somebody uses them.
    pub id: TypeId,
    /// The type, whose concrete references name canonical ids. The module keeps it.
    pub ty: TypeHandle,
}

impl DefinedType {
    /// The function type.
    ///
    /// # Panics
    /// When it is another type.
    #[must_use]
    pub fn func(&self) -> &Arc<FuncType> {
        self.ty.as_func().expect("validation has checked that this is a function type")
    }

    /// What references to it name.
    #[must_use]
    pub fn named(&self) -> (TypeKind, TypeId) {
        (self.ty.definition.composite.kind(), self.id)
    }
}

/// What kind of thing is imported or exported, and its index in its space.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExternIndex {
    /// A function.
    Func(FuncIndex),
    /// A table.
    Table(TableIndex),
    /// A memory.
    Memory(MemoryIndex),
    /// A global.
    Global(GlobalIndex),
    /// A tag.
    Tag(TagIndex),
}

/// The type of something imported or exported.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExternType {
    /// The type of a function and its canonical id.
    Func(TypeId, Arc<FuncType>),
    /// The type of a table.
    Table(TableType),
    /// The type of a memory.
    Memory(MemoryType),
    /// The type of a global.
    Global(GlobalType),
    /// The function type of a tag and its canonical id.
    Tag(TypeId, Arc<FuncType>),
}

/// An import; its type is that of the index space entry it makes.
#[derive(Clone, Debug)]
pub struct Import {
    /// First name.
    pub module: Box<str>,
    /// Second name.
    pub name: Box<str>,
    /// What it becomes.
    pub item: ExternIndex,
}

/// An export.
#[derive(Clone, Debug)]
pub struct Export {
    /// The name.
    pub name: Box<str>,
    /// What is exported.
    pub item: ExternIndex,
}

/// An operator of a constant expression, in postfix order (wasm spec, "Constant Expressions").
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ConstOp {
    /// `i32.const`
    I32(i32),
    /// `i64.const`
    I64(i64),
    /// `f32.const`, as bits
    F32(u32),
    /// `f64.const`, as bits
    F64(u64),
    /// `v128.const`
    V128(V128),
    /// `ref.null`
    RefNull,
    /// `ref.func`
    RefFunc(FuncIndex),
    /// `global.get`
    GlobalGet(GlobalIndex),
    /// `i32.add`
    I32Add,
    /// `i32.sub`
    I32Sub,
    /// `i32.mul`
    I32Mul,
    /// `i64.add`
    I64Add,
    /// `i64.sub`
    I64Sub,
    /// `i64.mul`
    I64Mul,
    /// `ref.i31`
    RefI31,
    /// `struct.new`
    StructNew(TypeIndex),
    /// `struct.new_default`
    StructNewDefault(TypeIndex),
    /// `array.new`
    ArrayNew(TypeIndex),
    /// `array.new_default`
    ArrayNewDefault(TypeIndex),
    /// `array.new_fixed` with so many elements
    ArrayNewFixed(TypeIndex, u32),
}

/// A constant expression.
#[derive(Clone, PartialEq, Debug)]
pub struct ConstExpr {
    /// The operators.
    pub ops: Box<[ConstOp]>,
}

/// How a segment reaches its table or memory.
#[derive(Clone, PartialEq, Debug)]
pub enum SegmentMode<I> {
    /// Only by `table.init` or `memory.init`.
    Passive,
    /// Copied at instantiation to the given offset.
    Active(I, ConstExpr),
    /// Only declares functions that `ref.func` names.
    Declared,
}

/// An element segment.
#[derive(Clone, PartialEq, Debug)]
pub struct ElemSegment {
    /// What the elements are.
    pub ty: RefType,
    /// Passive, active or declared.
    pub mode: SegmentMode<TableIndex>,
    /// The elements.
    pub items: ElemItems,
}

/// The elements of a segment.
#[derive(Clone, PartialEq, Debug)]
pub enum ElemItems {
    /// Function indices, the compact form.
    Funcs(Box<[FuncIndex]>),
    /// Expressions.
    Exprs(Box<[ConstExpr]>),
}

impl ElemItems {
    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            ElemItems::Funcs(items) => items.len(),
            ElemItems::Exprs(items) => items.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A data segment.
#[derive(Clone, PartialEq, Debug)]
pub struct DataSegment {
    /// Passive or active.
    pub mode: SegmentMode<MemoryIndex>,
    /// The bytes, as a range of the module's.
    pub bytes: Range<u32>,
}

impl ModuleInfo {
    /// The type of a function.
    #[must_use]
    pub fn func_type(&self, func: FuncIndex) -> &DefinedType {
        &self.types[self.funcs[func.index()].index()]
    }

    /// The type of a tag.
    #[must_use]
    pub fn tag_type(&self, tag: TagIndex) -> &DefinedType {
        &self.types[self.tags[tag.index()].index()]
    }

    /// The type of something imported or exported.
    #[must_use]
    pub fn extern_type(&self, item: ExternIndex) -> ExternType {
        match item {
            ExternIndex::Func(func) => {
                let ty = self.func_type(func);
                ExternType::Func(ty.id, Arc::clone(ty.func()))
            }
            ExternIndex::Table(table) => ExternType::Table(self.tables[table.index()]),
            ExternIndex::Memory(memory) => ExternType::Memory(self.memories[memory.index()]),
            ExternIndex::Global(global) => ExternType::Global(self.globals[global.index()]),
            ExternIndex::Tag(tag) => {
                let ty = self.tag_type(tag);
                ExternType::Tag(ty.id, Arc::clone(ty.func()))
            }
        }
    }

    /// What an import has to match.
    #[must_use]
    pub fn import_type(&self, import: &Import) -> ExternType {
        self.extern_type(import.item)
    }

    /// The type of an export.
    #[must_use]
    pub fn export_type(&self, export: &Export) -> ExternType {
        self.extern_type(export.item)
    }

    /// The export of the given name. Takes time proportional to the number of exports.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<ExternIndex> {
        self.exports.iter().find(|export| *export.name == *name).map(|export| export.item)
    }

    /// The body of a function, `None` for an import.
    #[must_use]
    pub fn body(&self, func: FuncIndex) -> Option<Range<u32>> {
        let own = func.0.checked_sub(self.imported_funcs)?;
        Some(self.bodies[own as usize].clone())
    }

    /// The bytes of a range.
    #[must_use]
    pub fn slice(&self, range: &Range<u32>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }

    /// Which way branches are expected to go.
    #[must_use]
    pub fn branch_hints(&self) -> &BranchHints {
        self.branch_hints.get_or_init(|| BranchHints::read(self))
    }

    /// Where the arrays of an instance's context lie.
    #[must_use]
    pub fn vm_layout(&self) -> VmLayout {
        let own = |all: usize, imported: u32| all as u32 - imported;
        VmLayout::new(&VmCounts {
            memories: self.memories.len() as u32,
            tables: self.tables.len() as u32,
            imported_funcs: self.imported_funcs,
            imported_globals: self.imported_globals,
            own_globals: own(self.globals.len(), self.imported_globals),
            own_funcs: own(self.funcs.len(), self.imported_funcs),
            call_sites: self.call_sites.total(),
        })
    }

    /// Whether code of the module may come across an object of the collector's heap: the module defines types of objects or
    /// has tags, whose exceptions are objects where code refers to them, or names references that are not to functions.
    ///
    /// What code gets, it gets by parameters, results, globals, tables and the values of exceptions, whose types are all
    /// looked at. An `externref` counts, because `any.convert_extern` makes an object of one that was an object before. What
    /// `catch_all_ref` catches of others does not: only the runtime looks into exceptions.
    ///
    /// ```
    /// # fn info(text: &str) -> upshift_translate::ModuleInfo {
    /// #     let bytes = wat::parse_str(text).unwrap();
    /// #     upshift_translate::parse(bytes.into(), &Default::default(), &Default::default()).unwrap()
    /// # }
    /// assert!(!info("(module (table 1 funcref) (func (param i32) (local externref)))").may_meet_objects());
    /// assert!(info("(module (type (array i8)))").may_meet_objects());
    /// assert!(info("(module (tag))").may_meet_objects());
    /// assert!(info("(module (func (param externref)))").may_meet_objects());
    /// ```
    #[must_use]
    pub fn may_meet_objects(&self) -> bool {
        let values = |func: &FuncType| func.params_and_results().iter().any(|ty| ty.is_traced());
        !self.tags.is_empty()
            || self.types.iter().any(|ty| ty.ty.as_func().is_none_or(|func| values(func)))
            || self.tables.iter().any(|table| table.element.is_traced())
            || self.globals.iter().any(|global| global.content.is_traced())
    }

    /// The bytes of a data segment.
    ///
    /// # Panics
    /// When the module has no such segment.
    #[must_use]
    pub fn data(&self, data: DataIndex) -> &[u8] {
        self.slice(&self.datas[data.index()].bytes)
    }

    /// An element segment.
    ///
    /// # Panics
    /// When the module has no such segment.
    #[must_use]
    pub fn elem(&self, elem: ElemIndex) -> &ElemSegment {
        &self.elems[elem.index()]
    }
}
