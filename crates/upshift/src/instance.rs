//! Instances: a module's functions, memories, tables and globals in a store.
//!
//! ```text
//! InstanceData ─┬▶ VmCtx ┬ pointers to memories, tables, imports ┬ own globals ┬ own functions   one allocation, read by code
//!               └▶ handles of the same, state of the segments
//! ```
//!
//! Instances live until their store is dropped: a table or a funcref may refer to their functions at any time.

use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;

use anyhow::{Context, Result};
use upshift_core::index::{DataIndex, ElemIndex, FuncIndex, GlobalIndex};
use upshift_core::shown::Shown;
use upshift_core::vm::{FuncRec, GlobalCell, VmCtx, VmLayout};
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

/// The elements of a segment that can still be used.
pub(crate) enum Elems {
    /// None: the segment was dropped.
    Dropped,
    /// Those that the module lists as function indices.
    Funcs,
    /// The values of its expressions.
    Values(Box<[u64]>),
}

/// An instance as the store holds it.
pub(crate) struct InstanceData {
    pub(crate) handle: Instance,
    pub(crate) module: Module,
    pub(crate) ctx: NonNull<VmCtx>,
    pub(crate) layout: VmLayout,
    pub(crate) memories: Vec<Memory>,
    pub(crate) tables: Vec<Table>,
    pub(crate) globals: Vec<Global>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) elems: Box<[Elems]>,
    /// Whether a data segment was dropped.
    pub(crate) dropped: Box<[bool]>,
}

impl InstanceData {
    /// The size and alignment of a context.
    pub(crate) fn ctx_layout(layout: VmLayout) -> Layout {
        Layout::from_size_align(layout.size(), align_of::<VmCtx>())
            .expect("index spaces are bounded by validation")
    }

    /// The part of the context at an offset of its layout.
    ///
    /// # Safety
    /// The offset must be one that the layout gives for an index that the instance has.
    pub(crate) unsafe fn at<T>(&self, offset: usize) -> *mut T {
        debug_assert!(offset + size_of::<T>() <= self.layout.size());
        // SAFETY: the caller's promise; the context lives as long as the instance.
        unsafe { VmCtx::at(self.ctx.as_ptr(), offset) }
    }

    /// The record of a function of the index space.
    pub(crate) fn func_rec(&self, func: FuncIndex) -> NonNull<FuncRec> {
        let imported = self.module.info().imported_funcs;
        // SAFETY: validation keeps function indices within the index space, and pointers to imports are written first.
        let rec = unsafe {
            match func.0.checked_sub(imported) {
                None => *self.at::<*mut FuncRec>(self.layout.imported_func(func.0)),
                Some(own) => self.at(self.layout.func(own)),
            }
        };
        NonNull::new(rec).expect("records have addresses")
    }

    /// The cell of a global of the index space.
    pub(crate) fn global_cell(&self, global: GlobalIndex) -> *mut GlobalCell {
        let imported = self.module.info().imported_globals;
        // SAFETY: as in `func_rec`.
        unsafe {
            match global.0.checked_sub(imported) {
                None => *self.at::<*mut GlobalCell>(self.layout.imported_global(global.0)),
                Some(own) => self.at(self.layout.global(own)),
            }
        }
    }

    /// The elements of a segment from `start` on, as slots, if there are `len` of them.
    pub(crate) fn elements(
        &self,
        elem: ElemIndex,
        start: u64,
        len: u64,
    ) -> Option<impl ExactSizeIterator<Item = u64> + '_> {
        use upshift_translate::module::ElemItems;
        let funcs: &[FuncIndex] = match (&self.elems[elem.index()], &self.module.info().elem(elem).items) {
            (Elems::Funcs, ElemItems::Funcs(funcs)) => funcs,
            _ => &[],
        };
        let values: &[u64] = match &self.elems[elem.index()] {
            Elems::Values(values) => values,
            _ => &[],
        };
        let end = start.checked_add(len)?;
        if end > (funcs.len() + values.len()) as u64 {
            return None;
        }
        let range = start as usize..end as usize;
        let is_values = !values.is_empty();
        Some(range.map(move |i| {
            if is_values { values[i] } else { self.func_rec(funcs[i]).as_ptr().expose_provenance() as u64 }
        }))
    }

    /// The bytes of a data segment, none if it was dropped.
    pub(crate) fn data(&self, data: DataIndex) -> &[u8] {
        if self.dropped[data.index()] { &[] } else { self.module.info().data(data) }
    }

    fn item(&self, state: &StoreState, item: ExternIndex) -> Extern {
        match item {
            // SAFETY: the instance's functions are functions of its store.
            ExternIndex::Func(i) => unsafe { Func::from_rec(self.handle.store, self.func_rec(i)) }.into(),
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

impl Drop for InstanceData {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout when the instance was made.
        unsafe { dealloc(self.ctx.as_ptr().cast(), InstanceData::ctx_layout(self.layout)) };
    }
}

impl Instance {
    pub(crate) fn nth(store: &StoreState, index: usize) -> Instance {
        Instance { store: store.id, index: index as u32 }
    }

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
