//! Types of everything that can be imported or exported, as the embedder sees them.
//!
//! Value types come from the core crate as they are. Function types carry their engine, because two of them are equal
//! if their canonical ids are; the others wrap the core's types and hide what most embedders do not need.

mod object;

use std::fmt;
use std::sync::Arc;

use anyhow::{Result, ensure};
use upshift_core::types as core;
use upshift_core::{IndexType, RefType, TypeId, ValType};
use upshift_translate::ModuleInfo;
use upshift_translate::module::ExternIndex;

use crate::engine::Engine;

pub use object::{ArrayType, StructType};

/// The type of a function (wasm spec, "Structure / Types / Function Types").
///
/// Two of them are equal if they belong to one engine and have the same parameters and results.
///
/// ```
/// use upshift::{Engine, FuncType, ValType};
///
/// let engine = Engine::default();
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], [ValType::F64]);
/// assert_eq!(ty.params().len(), 2);
/// assert_eq!(ty.to_string(), "(i32, i64) -> (f64)");
/// ```
#[derive(Clone)]
pub struct FuncType {
    engine: Engine,
    id: TypeId,
    ty: Arc<core::FuncType>,
}

impl FuncType {
    /// A function type from the types of its parameters and results.
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        let id = engine.types().intern_func(core::FuncType::new(params, results));
        FuncType::from_id(engine, id)
    }

    pub(crate) fn from_id(engine: &Engine, id: TypeId) -> FuncType {
        FuncType { engine: engine.clone(), id, ty: engine.types().func(id) }
    }

    pub(crate) fn id(&self) -> TypeId {
        self.id
    }

    pub(crate) fn core(&self) -> &Arc<core::FuncType> {
        &self.ty
    }

    /// The engine that the type belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The parameter types.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.ty.params().iter().copied()
    }

    /// The result types.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.ty.results().iter().copied()
    }

    /// The type of one parameter.
    #[must_use]
    pub fn param(&self, index: usize) -> Option<ValType> {
        self.ty.params().get(index).copied()
    }

    /// The type of one result.
    #[must_use]
    pub fn result(&self, index: usize) -> Option<ValType> {
        self.ty.results().get(index).copied()
    }
}

impl PartialEq for FuncType {
    fn eq(&self, other: &FuncType) -> bool {
        self.id == other.id && Engine::same(&self.engine, &other.engine)
    }
}

impl Eq for FuncType {}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.fmt(f)
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FuncType[{}]{}", self.id.0, self.ty)
    }
}

/// Whether a global can be set, see [`GlobalType`].
///
/// ```
/// use upshift::{Engine, Global, GlobalType, Mutability, Store, Val, ValType};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let constant = Global::new(&mut store, GlobalType::new(ValType::I32, Mutability::Const), Val::I32(1))?;
/// assert!(constant.set(&mut store, Val::I32(2)).is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mutability {
    /// It keeps its first value.
    Const,
    /// It can be set.
    Var,
}

/// The type of a global (wasm spec, "Structure / Types / Global Types").
///
/// ```
/// use upshift::{GlobalType, Mutability, ValType};
///
/// let ty = GlobalType::new(ValType::I64, Mutability::Var);
/// assert_eq!(*ty.content(), ValType::I64);
/// assert_eq!(ty.mutability(), Mutability::Var);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GlobalType {
    pub(crate) inner: core::GlobalType,
}

impl GlobalType {
    /// A global type.
    #[must_use]
    pub fn new(content: ValType, mutability: Mutability) -> GlobalType {
        GlobalType { inner: core::GlobalType { content, mutable: mutability == Mutability::Var } }
    }

    /// The type of the value.
    #[must_use]
    pub fn content(&self) -> &ValType {
        &self.inner.content
    }

    /// Whether the global can be set.
    #[must_use]
    pub fn mutability(&self) -> Mutability {
        if self.inner.mutable { Mutability::Var } else { Mutability::Const }
    }
}

/// The type of a table; sizes in elements (wasm spec, "Structure / Types / Table Types").
///
/// ```
/// use upshift::{RefType, TableType};
///
/// let ty = TableType::new(RefType::FUNCREF, 10, None);
/// assert_eq!((ty.minimum(), ty.maximum()), (10, None));
/// assert_eq!(*ty.element(), RefType::FUNCREF);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    pub(crate) inner: core::TableType,
}

impl TableType {
    /// A table type with 32-bit indices.
    #[must_use]
    pub fn new(element: RefType, minimum: u32, maximum: Option<u32>) -> TableType {
        let (minimum, maximum) = (u64::from(minimum), maximum.map(u64::from));
        TableType { inner: core::TableType { element, minimum, maximum, index: IndexType::I32 } }
    }

    /// A table type with 64-bit indices.
    #[must_use]
    pub fn new64(element: RefType, minimum: u64, maximum: Option<u64>) -> TableType {
        TableType { inner: core::TableType { element, minimum, maximum, index: IndexType::I64 } }
    }

    /// What the table holds.
    #[must_use]
    pub fn element(&self) -> &RefType {
        &self.inner.element
    }

    /// Size at creation, in elements.
    #[must_use]
    pub fn minimum(&self) -> u64 {
        self.inner.minimum
    }

    /// Largest size, in elements; `None` if the type sets none.
    #[must_use]
    pub fn maximum(&self) -> Option<u64> {
        self.inner.maximum
    }

    /// Whether indices have 64 bits.
    #[must_use]
    pub fn is_64(&self) -> bool {
        self.inner.index == IndexType::I64
    }
}

/// The type of a memory; sizes in pages (wasm spec, "Structure / Types / Memory Types").
///
/// A type whose minimum is above its maximum can be made, but no memory of it.
///
/// ```
/// use upshift::MemoryType;
///
/// let ty = MemoryType::new(1, Some(16));
/// assert_eq!(ty.maximum().unwrap() * ty.page_size(), 1 << 20);
/// assert!(!ty.is_64());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    pub(crate) inner: core::MemoryType,
}

impl MemoryType {
    /// A memory type with 32-bit addresses and pages of 64 KiB; sizes in pages.
    #[must_use]
    pub fn new(minimum: u32, maximum: Option<u32>) -> MemoryType {
        MemoryType::with(u64::from(minimum), maximum.map(u64::from), IndexType::I32)
    }

    /// The type of a [`SharedMemory`](crate::SharedMemory) with 32-bit addresses and pages of 64 KiB; sizes in pages.
    #[must_use]
    pub fn shared(minimum: u32, maximum: u32) -> MemoryType {
        let mut ty = MemoryType::new(minimum, Some(maximum));
        ty.inner.shared = true;
        ty
    }

    /// A memory type with 64-bit addresses and pages of 64 KiB; sizes in pages.
    #[must_use]
    pub fn new64(minimum: u64, maximum: Option<u64>) -> MemoryType {
        MemoryType::with(minimum, maximum, IndexType::I64)
    }

    fn with(minimum: u64, maximum: Option<u64>, index: IndexType) -> MemoryType {
        let inner = core::MemoryType { minimum, maximum, index, shared: false, page_size_log2: 16 };
        MemoryType { inner }
    }

    /// Size at creation, in pages.
    #[must_use]
    pub fn minimum(&self) -> u64 {
        self.inner.minimum
    }

    /// Largest size, in pages; `None` if the type sets none.
    #[must_use]
    pub fn maximum(&self) -> Option<u64> {
        self.inner.maximum
    }

    /// Whether addresses have 64 bits.
    #[must_use]
    pub fn is_64(&self) -> bool {
        self.inner.index == IndexType::I64
    }

    /// Whether several threads may use the memory at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.inner.shared
    }

    /// Size of a page, in bytes; 65536 unless the module chose otherwise.
    #[must_use]
    pub fn page_size(&self) -> u64 {
        1 << self.inner.page_size_log2
    }

    /// Binary logarithm of the size of a page.
    #[must_use]
    pub fn page_size_log2(&self) -> u8 {
        self.inner.page_size_log2
    }
}

/// Makes a [`MemoryType`] of which more than the sizes is to be chosen.
///
/// ```
/// use upshift::MemoryTypeBuilder;
///
/// let ty = MemoryTypeBuilder::new().min(100).max(Some(5000)).page_size_log2(0).build()?;
/// assert_eq!((ty.minimum(), ty.page_size()), (100, 1));
/// assert!(MemoryTypeBuilder::new().page_size_log2(12).build().is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryTypeBuilder {
    ty: core::MemoryType,
}

impl Default for MemoryTypeBuilder {
    fn default() -> MemoryTypeBuilder {
        MemoryTypeBuilder { ty: MemoryType::new(0, None).inner }
    }
}

impl MemoryTypeBuilder {
    /// An empty memory without maximum, 32-bit addresses, pages of 64 KiB.
    #[must_use]
    pub fn new() -> MemoryTypeBuilder {
        MemoryTypeBuilder::default()
    }

    /// Size at creation, in pages.
    pub fn min(&mut self, minimum: u64) -> &mut MemoryTypeBuilder {
        self.ty.minimum = minimum;
        self
    }

    /// Largest size, in pages.
    pub fn max(&mut self, maximum: Option<u64>) -> &mut MemoryTypeBuilder {
        self.ty.maximum = maximum;
        self
    }

    /// Whether addresses have 64 bits.
    pub fn memory64(&mut self, memory64: bool) -> &mut MemoryTypeBuilder {
        self.ty.index = if memory64 { IndexType::I64 } else { IndexType::I32 };
        self
    }

    /// Whether several threads may use the memory at once; then it needs a maximum.
    pub fn shared(&mut self, shared: bool) -> &mut MemoryTypeBuilder {
        self.ty.shared = shared;
        self
    }

    /// Binary logarithm of the size of a page in bytes: 0 or 16.
    pub fn page_size_log2(&mut self, log2: u8) -> &mut MemoryTypeBuilder {
        self.ty.page_size_log2 = log2;
        self
    }

    /// The type.
    ///
    /// # Errors
    /// When pages have another size than 1 or 65536 bytes, the sizes contradict each other or are more than addresses can
    /// reach, or a shared memory has no maximum.
    pub fn build(&self) -> Result<MemoryType> {
        let ty = self.ty;
        ensure!(
            matches!(ty.page_size_log2, 0 | 16),
            "pages of 2^{} bytes are not possible: they have 1 or 65536 bytes",
            ty.page_size_log2
        );
        let most = ty.addressable_pages();
        for size in [Some(ty.minimum), ty.maximum].into_iter().flatten() {
            ensure!(size <= most, "a memory of {size} pages is not possible: this type has at most {most}");
        }
        ensure!(
            ty.maximum.is_none_or(|maximum| ty.minimum <= maximum),
            "the minimum of {} pages is above the maximum",
            ty.minimum
        );
        ensure!(!ty.shared || ty.maximum.is_some(), "a shared memory needs a maximum size");
        Ok(MemoryType { inner: ty })
    }
}

/// The type of a tag (wasm spec, "Structure / Types / Tag Types"): the parameters of a function type without results are what
/// an exception carries.
///
/// ```
/// use upshift::{Engine, FuncType, TagType, ValType};
///
/// let engine = Engine::default();
/// let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
/// assert_eq!(ty.ty().param(0), Some(ValType::I32));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagType {
    ty: FuncType,
}

impl TagType {
    /// A tag type. One with results can be made, but no tag of it.
    #[must_use]
    pub fn new(ty: FuncType) -> TagType {
        TagType { ty }
    }

    /// The function type.
    #[must_use]
    pub fn ty(&self) -> &FuncType {
        &self.ty
    }
}

/// The type of something that can be imported or exported (wasm spec, "Structure / Types / External Types").
///
/// ```
/// use upshift::{ExternType, MemoryType};
///
/// let ty = ExternType::from(MemoryType::new(1, None));
/// assert_eq!(ty.unwrap_memory().minimum(), 1);
/// assert!(ty.func().is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A global.
    Global(GlobalType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A tag.
    Tag(TagType),
}

macro_rules! extern_type_accessors {
    ($($variant:ident $ty:ident $get:ident $unwrap:ident $text:literal;)*) => {
        impl ExternType {
            $(
                #[doc = concat!("The type, if it is that of a ", $text, ".")]
                #[must_use]
                pub fn $get(&self) -> Option<&$ty> {
                    if let ExternType::$variant(ty) = self { Some(ty) } else { None }
                }

                #[doc = concat!("The type of a ", $text, ".")]
                ///
                /// # Panics
                /// When it is the type of something else.
                #[must_use]
                pub fn $unwrap(&self) -> &$ty {
                    self.$get().expect(concat!("expected the type of a ", $text))
                }
            )*

            /// The kind of thing, as messages have it.
            pub(crate) fn kind(&self) -> &'static str {
                match self {
                    $(ExternType::$variant(_) => $text,)*
                }
            }
        }

        $(
            impl From<$ty> for ExternType {
                fn from(ty: $ty) -> ExternType {
                    ExternType::$variant(ty)
                }
            }
        )*
    };
}

extern_type_accessors! {
    Func FuncType func unwrap_func "function";
    Global GlobalType global unwrap_global "global";
    Table TableType table unwrap_table "table";
    Memory MemoryType memory unwrap_memory "memory";
    Tag TagType tag unwrap_tag "tag";
}

impl ExternType {
    /// The type of an entry of a module's index spaces.
    pub(crate) fn of(engine: &Engine, info: &ModuleInfo, item: ExternIndex) -> ExternType {
        match item {
            ExternIndex::Func(i) => FuncType::from_id(engine, info.func_type(i).id).into(),
            ExternIndex::Table(i) => TableType { inner: info.tables[i.index()] }.into(),
            ExternIndex::Memory(i) => MemoryType { inner: info.memories[i.index()] }.into(),
            ExternIndex::Global(i) => GlobalType { inner: info.globals[i.index()] }.into(),
            ExternIndex::Tag(i) => TagType::new(FuncType::from_id(engine, info.tag_type(i).id)).into(),
        }
    }
}

/// Something that a module wants to import (wasm spec, "Structure / Modules / Imports").
///
/// ```
/// use upshift::{Engine, Module};
///
/// let module = Module::new(&Engine::default(), r#"(module (import "env" "memory" (memory 2)))"#)?;
/// let import = module.imports().next().unwrap();
/// assert_eq!((import.module(), import.name()), ("env", "memory"));
/// assert_eq!(import.ty().unwrap_memory().minimum(), 2);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImportType<'module> {
    pub(crate) module: &'module str,
    pub(crate) name: &'module str,
    pub(crate) ty: ExternType,
}

impl<'module> ImportType<'module> {
    /// The first of its two names, by custom that of a module.
    #[must_use]
    pub fn module(&self) -> &'module str {
        self.module
    }

    /// The second of its two names.
    #[must_use]
    pub fn name(&self) -> &'module str {
        self.name
    }

    /// The type that is asked for.
    #[must_use]
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

/// Something that a module exports (wasm spec, "Structure / Modules / Exports"); comes from
/// [`Module::exports`](crate::Module::exports).
///
/// ```
/// use upshift::{Engine, Module};
///
/// let module = Module::new(&Engine::default(), r#"(module (memory (export "memory") 2))"#)?;
/// let export = module.exports().next().unwrap();
/// assert_eq!(export.name(), "memory");
/// assert_eq!(export.ty().unwrap_memory().minimum(), 2);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ExportType<'module> {
    pub(crate) name: &'module str,
    pub(crate) ty: ExternType,
}

impl<'module> ExportType<'module> {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &'module str {
        self.name
    }

    /// The type of what is exported.
    #[must_use]
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}
