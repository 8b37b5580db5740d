//! What can be imported and exported: functions, globals, tables, memories, tags.

use crate::context::AsContext;
use crate::engine::Engine;
use crate::exceptions::Tag;
use crate::func::Func;
use crate::global::Global;
use crate::memory::{Memory, SharedMemory};
use crate::store::StoreState;
use crate::table::Table;
use crate::types::ExternType;

/// Something that an instance exports or imports (wasm spec, "Execution / Runtime Structure / External Values").
///
/// ```
/// use upshift::{Engine, Extern, Memory, MemoryType, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let item = Extern::from(Memory::new(&mut store, MemoryType::new(1, None))?);
/// assert!(item.clone().into_func().is_none());
/// assert_eq!(item.into_memory().unwrap().size(&store), 1);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A global.
    Global(Global),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A tag.
    Tag(Tag),
    /// A memory that several threads may use at once.
    SharedMemory(SharedMemory),
}

macro_rules! extern_kinds {
    ($($variant:ident $into:ident $text:literal;)*) => {
        impl Extern {
            $(
                #[doc = concat!("The ", $text, ", if it is one.")]
                #[must_use]
                pub fn $into(self) -> Option<$variant> {
                    if let Extern::$variant(item) = self { Some(item) } else { None }
                }
            )*

            /// The type.
            ///
            /// # Panics
            /// When the item belongs to another store.
            pub fn ty(&self, store: impl AsContext) -> ExternType {
                match self {
                    $(Extern::$variant(item) => item.ty(store).into(),)*
                    Extern::SharedMemory(memory) => memory.ty().into(),
                }
            }

            /// The shared memory, if it is one.
            #[must_use]
            pub fn into_shared_memory(self) -> Option<SharedMemory> {
                if let Extern::SharedMemory(memory) = self { Some(memory) } else { None }
            }

            /// Whether the item can be used in the store. A shared memory belongs to no store, but to an engine.
            pub(crate) fn comes_from(&self, store: &StoreState) -> bool {
                match self {
                    $(Extern::$variant(item) => item.store_id() == store.id,)*
                    Extern::SharedMemory(memory) => Engine::same(memory.engine(), &store.engine),
                }
            }
        }

        $(
            impl From<$variant> for Extern {
                fn from(item: $variant) -> Extern {
                    Extern::$variant(item)
                }
            }
        )*
    };
}

impl From<SharedMemory> for Extern {
    fn from(memory: SharedMemory) -> Extern {
        Extern::SharedMemory(memory)
    }
}

extern_kinds! {
    Func into_func "function";
    Global into_global "global";
    Table into_table "table";
    Memory into_memory "memory";
    Tag into_tag "tag";
}

/// An export of an instance (wasm spec, "Execution / Runtime Structure / Export Instances"); comes from
/// [`Instance::exports`](crate::Instance::exports).
///
/// ```
/// use upshift::{Engine, Instance, Module, Store};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (memory (export "memory") 1))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let export = instance.exports(&mut store).next().unwrap();
/// assert_eq!(export.name(), "memory");
/// assert!(export.into_memory().is_some());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Export<'instance> {
    pub(crate) name: &'instance str,
    pub(crate) item: Extern,
}

impl<'instance> Export<'instance> {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &'instance str {
        self.name
    }

    /// What is exported.
    #[must_use]
    pub fn into_extern(self) -> Extern {
        self.item
    }

    /// The function, if it is one.
    #[must_use]
    pub fn into_func(self) -> Option<Func> {
        self.item.into_func()
    }

    /// The memory, if it is one.
    #[must_use]
    pub fn into_memory(self) -> Option<Memory> {
        self.item.into_memory()
    }

    /// The shared memory, if it is one.
    #[must_use]
    pub fn into_shared_memory(self) -> Option<SharedMemory> {
        self.item.into_shared_memory()
    }

    /// The table, if it is one.
    #[must_use]
    pub fn into_table(self) -> Option<Table> {
        self.item.into_table()
    }

    /// The global, if it is one.
    #[must_use]
    pub fn into_global(self) -> Option<Global> {
        self.item.into_global()
    }

    /// The tag, if it is one.
    #[must_use]
    pub fn into_tag(self) -> Option<Tag> {
        self.item.into_tag()
    }
}
