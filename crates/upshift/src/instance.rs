//! Instances, as the host sees them: what their modules export.
//!
//! ```text
//! Instance ─ number ─▶ InstanceData of the store ─ name ─▶ Extern
//! ```

mod call_targets;
mod data;

use anyhow::{Context, Result};
use upshift_core::index::FuncIndex;
use upshift_core::shown::Shown;
use upshift_translate::module::ExternIndex;

use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::exceptions::Tag;
use crate::externs::{Export, Extern};
use crate::func::{Func, TypedFunc, WasmParams, WasmResults};
use crate::global::Global;
use crate::memory::{Memory, SharedMemory};
use crate::module::Module;
use crate::store::{StoreId, StoreState};
use crate::table::Table;

pub(crate) use data::{Elems, InstanceData};

/// An instance of a module in a store (wasm spec, "Execution / Runtime Structure / Module Instances").
///
/// It lives as long as its store.
///
/// ```
/// use upshift::{Engine, Instance, Module, Store};
///
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (memory (export "memory") 1)
///         (func (export "first") (result i32) (i32.load8_u (i32.const 0))))"#,
/// )?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let memory = instance.get_memory(&mut store, "memory").unwrap();
/// memory.data_mut(&mut store)[0] = 9;
/// let first = instance.get_typed_func::<(), i32>(&mut store, "first")?;
/// assert_eq!(first.call(&mut store, ())?, 9);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Instance {
    store: StoreId,
    index: u32,
}

impl InstanceData {
    /// The handle of the instance.
    pub(crate) fn handle(&self) -> Instance {
        Instance { store: self.store, index: self.index }
    }

    fn item(&self, state: &StoreState, item: ExternIndex) -> Extern {
        match item {
            // SAFETY: the instance's functions are functions of its store.
            ExternIndex::Func(i) => unsafe { Func::from_rec(self.store, self.func_rec(i)) }.into(),
            ExternIndex::Table(i) => self.tables[i.index()].into(),
            ExternIndex::Memory(i) => {
                let memory = self.memories[i.index()];
                memory.in_state(state).shared().map_or(memory.into(), |shared| shared.clone().into())
            }
            ExternIndex::Global(i) => self.globals[i.index()].into(),
            ExternIndex::Tag(i) => self.tags[i.index()].into(),
        }
    }
}

impl Instance {
    /// The module.
    ///
    /// # Panics
    /// When the instance belongs to another store, as all methods do.
    pub fn module<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a Module {
        &self.in_state(store.into().state()).module
    }

    /// All exports, in the order of the module.
    pub fn exports<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> impl ExactSizeIterator<Item = Export<'a>> + 'a {
        let (state, _) = store.into().split();
        let state: &StoreState = state;
        let data = self.in_state(state);
        let exports = data.module.info().exports.iter();
        exports.map(|export| Export { name: &export.name, item: data.item(state, export.item) })
    }

    /// The export of a name.
    pub fn get_export(&self, mut store: impl AsContextMut, name: &str) -> Option<Extern> {
        let mut store = store.as_context_mut();
        let state: &StoreState = store.state();
        let data = self.in_state(state);
        Some(data.item(state, data.module.export(name)?))
    }

    /// The exported function of a name.
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// The function of an index of the module, exported or not, for the project's own tools: not part of the stable interface.
    #[doc(hidden)]
    pub fn func_at(&self, store: impl AsContext, index: u32) -> Option<Func> {
        let data = self.in_state(store.as_context().state());
        let func = FuncIndex(index);
        data.module.info().funcs.get(func.index())?;
        // SAFETY: the instance's functions are functions of its store.
        Some(unsafe { Func::from_rec(self.store, data.func_rec(func)) })
    }

    /// The exported function of a name, with its types checked.
    ///
    /// # Errors
    /// When there is no such function, or it has other types.
    pub fn get_typed_func<Params: WasmParams, Results: WasmResults>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<Params, Results>> {
        let func = self
            .get_func(&mut store, name)
            .with_context(|| format!("failed to find function export `{}`", Shown::new(name)))?;
        func.typed(store.as_context())
            .with_context(|| format!("failed to convert function `{}` to given type", Shown::new(name)))
    }

    /// The exported memory of a name.
    pub fn get_memory(&self, store: impl AsContextMut, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// The exported shared memory of a name.
    pub fn get_shared_memory(&self, store: impl AsContextMut, name: &str) -> Option<SharedMemory> {
        self.get_export(store, name)?.into_shared_memory()
    }

    /// The exported table of a name.
    pub fn get_table(&self, store: impl AsContextMut, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// The exported global of a name.
    pub fn get_global(&self, store: impl AsContextMut, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// The exported tag of a name.
    pub fn get_tag(&self, store: impl AsContextMut, name: &str) -> Option<Tag> {
        self.get_export(store, name)?.into_tag()
    }

    fn in_state(self, state: &StoreState) -> &InstanceData {
        state.check(self.store);
        // SAFETY: the store owns the instance, and instances change only in single steps of builtins and of
        // instantiation, while no reference to them is alive.
        unsafe { &*state.instances[self.index as usize].as_ptr() }
    }
}
