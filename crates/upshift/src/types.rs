//! Types of everything that can be imported or exported, as the embedder sees them.
//!
//! `defined` has the types that modules and hosts define, `field` what structs and arrays consist of, `value` the types of values
//! and references, and this file what is made of them. None of them can be made of a bare number: what names a defined type holds
//! a handle to it.

mod defined;
mod field;
mod value;

use anyhow::{Result, ensure};
use upshift_core::IndexType;
use upshift_core::types as core;
use upshift_translate::ModuleInfo;
use upshift_translate::module::ExternIndex;

use crate::engine::Engine;

pub use defined::{ArrayType, Finality, FuncType, StructType};
pub use field::{FieldType, StorageType};
pub use value::{HeapType, RefType, ValType};

/// Whether a global or a field can be set, see [`GlobalType`] and [`FieldType`].
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

impl Mutability {
    fn of(mutable: bool) -> Mutability {
        if mutable { Mutability::Var } else { Mutability::Const }
    }
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
    content: ValType,
    mutability: Mutability,
}

impl GlobalType {
    /// A global type.
    #[must_use]
    pub fn new(content: ValType, mutability: Mutability) -> GlobalType {
        GlobalType { content, mutability }
    }

    /// The type of the value.
    #[must_use]
    pub fn content(&self) -> &ValType {
        &self.content
    }

    /// Whether the global can be set.
    #[must_use]
    pub fn mutability(&self) -> Mutability {
        self.mutability
    }

    /// Makes sure that the type can be used with an engine, and returns what its inside has for it.
    pub(crate) fn in_engine(&self, engine: &Engine) -> Result<core::GlobalType> {
        let content = self.content.in_engine(engine)?;
        Ok(core::GlobalType { content, mutable: self.mutability == Mutability::Var })
    }

    /// The type that the engine's inside means. If it names a defined one, somebody has to keep it meanwhile.
    pub(crate) fn of_core(engine: &Engine, ty: core::GlobalType) -> GlobalType {
        GlobalType::new(ValType::of_core(engine, ty.content), Mutability::of(ty.mutable))
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
    element: RefType,
    minimum: u64,
    maximum: Option<u64>,
    index: IndexType,
}

impl TableType {
    /// A table type with 32-bit indices.
    #[must_use]
    pub fn new(element: RefType, minimum: u32, maximum: Option<u32>) -> TableType {
        let (minimum, maximum) = (u64::from(minimum), maximum.map(u64::from));
        TableType { element, minimum, maximum, index: IndexType::I32 }
    }

    /// A table type with 64-bit indices.
    #[must_use]
    pub fn new64(element: RefType, minimum: u64, maximum: Option<u64>) -> TableType {
        TableType { element, minimum, maximum, index: IndexType::I64 }
    }

    /// What the table holds.
    #[must_use]
    pub fn element(&self) -> &RefType {
        &self.element
    }

    /// Size at creation, in elements.
    #[must_use]
    pub fn minimum(&self) -> u64 {
        self.minimum
    }

    /// Largest size, in elements; `None` if the type sets none.
    #[must_use]
    pub fn maximum(&self) -> Option<u64> {
        self.maximum
    }

    /// Whether indices have 64 bits.
    #[must_use]
    pub fn is_64(&self) -> bool {
        self.index == IndexType::I64
    }

    /// Makes sure that the type can be used with an engine, and returns what its inside has for it.
    pub(crate) fn in_engine(&self, engine: &Engine) -> Result<core::TableType> {
        let TableType { minimum, maximum, index, .. } = *self;
        Ok(core::TableType { element: self.element.in_engine(engine)?, minimum, maximum, index })
    }

    /// The type that the engine's inside means. If it names a defined one, somebody has to keep it meanwhile.
    pub(crate) fn of_core(engine: &Engine, ty: core::TableType) -> TableType {
        let core::TableType { element, minimum, maximum, index } = ty;
        TableType { element: RefType::of_core(engine, element), minimum, maximum, index }
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
            ExternIndex::Func(i) => FuncType::from_handle(engine, info.func_type(i).ty.clone()).into(),
            ExternIndex::Table(i) => TableType::of_core(engine, info.tables[i.index()]).into(),
            ExternIndex::Memory(i) => MemoryType { inner: info.memories[i.index()] }.into(),
            ExternIndex::Global(i) => GlobalType::of_core(engine, info.globals[i.index()]).into(),
            ExternIndex::Tag(i) => {
                TagType::new(FuncType::from_handle(engine, info.tag_type(i).ty.clone())).into()
            }
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
