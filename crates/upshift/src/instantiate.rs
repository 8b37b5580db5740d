//! From a module and its imports to an instance (wasm spec, "Instantiation").
//!
//! ```text
//! check imports ─▶ allocate context, memories ─▶ globals ─▶ tables ─▶ element segments ─▶ data segments ─▶ start
//! ```
//!
//! From the allocation on, the instance is in its store whatever happens: segments that were written before a trap may
//! have put its functions into tables of others.

use std::alloc::alloc_zeroed;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};
use upshift_core::Trap;
use upshift_core::index::{DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex};
use upshift_core::shown::Shown;
use upshift_core::vm::{Entry, FuncRec, GlobalCell, MemoryMode, VmCtx};
use upshift_translate::module::{ConstExpr, ElemItems, SegmentMode};

use crate::const_expr::evaluate;
use crate::context::AsContextMut;
use crate::engine::Engine;
use crate::exceptions::Tag;
use crate::externs::Extern;
use crate::func::invoke;
use crate::global::Global;
use crate::instance::{Elems, Instance, InstanceData};
use crate::matching::check_import;
use crate::memory::Memory;
use crate::module::Module;
use crate::store::StoreState;
use crate::table::Table;
use crate::vm::out_of_memory::OutOfMemory;
use crate::vm::stable::Stable;

/// Instantiates a module and calls its start function, and `begin` before that.
///
/// # Safety
/// `store` must be the root address of a live store that nobody uses meanwhile, and to which no reference is alive that
/// is used later.
pub(crate) unsafe fn instantiate(
    store: NonNull<StoreState>,
    module: &Module,
    imports: &[Extern],
    begin: impl FnOnce(),
) -> Result<Instance> {
    // SAFETY: the caller's promise; this reference ends before the start function runs.
    let (instance, start) = unsafe {
        let state = &mut *store.as_ptr();
        check_imports(state, module, imports)?;
        state.check_instance_count()?;
        let instance = allocate(state, module, imports)?;
        initialize(state, instance)?;
        let data = &*instance.as_ptr();
        (data.handle(), module.info().start.map(|start| data.func_rec(start)))
    };
    begin();
    if let Some(start) = start {
        // SAFETY: validation has checked that the function takes and returns nothing.
        unsafe { invoke(store, start, 0, |_| (), |_| ()) }?;
    }
    Ok(instance)
}

impl Instance {
    /// Instantiates a module with its imports in order, and calls its start function (wasm spec, "Execution / Modules /
    /// Instantiation").
    ///
    /// # Errors
    /// When number, types or store of the imports are wrong, the module belongs to another engine, a limit is reached, or
    /// initialisation traps. What a failed initialisation wrote to imported memories and tables stays.
    pub fn new(mut store: impl AsContextMut, module: &Module, imports: &[Extern]) -> Result<Instance> {
        let mut store = store.as_context_mut();
        // SAFETY: the context borrows the store uniquely until the instance is there.
        unsafe { instantiate(store.root(), module, imports, || ()) }
    }
}

fn check_imports(state: &StoreState, module: &Module, imports: &[Extern]) -> Result<()> {
    let info = module.info();
    ensure!(
        Engine::same(&state.engine, module.engine()),
        "cross-`Engine` instantiation is not supported: module and store belong to different engines"
    );
    if imports.len() != info.imports.len() {
        bail!("expected {} imports, found {}", info.imports.len(), imports.len());
    }
    for (want, given) in info.imports.iter().zip(imports) {
        ensure!(
            given.comes_from(state),
            "cross-`Store` instantiation is not supported: the import `{}::{}` belongs to another store",
            Shown::new(&want.module),
            Shown::new(&want.name)
        );
        check_import(state, module.engine(), info, want.item, given).with_context(|| {
            let (module, name) = (Shown::new(&want.module), Shown::new(&want.name));
            format!("incompatible import type for `{module}::{name}`")
        })?;
    }
    Ok(())
}

/// Makes the instance with its globals, tables and memories; the segments wait.
fn allocate(state: &mut StoreState, module: &Module, imports: &[Extern]) -> Result<NonNull<InstanceData>> {
    let info = module.info();
    let stack_limit = state.prepare_stack()?;
    let layout = info.vm_layout();
    let alloc_layout = InstanceData::ctx_layout(layout);
    // SAFETY: a context is never empty.
    let ctx = NonNull::new(unsafe { alloc_zeroed(alloc_layout) }.cast::<VmCtx>());
    let ctx = ctx.ok_or(OutOfMemory::new("an instance", alloc_layout.size() as u64))?;
    let data = Stable::new(InstanceData {
        store: state.id,
        index: state.instances.len() as u32,
        module: module.clone(),
        ctx,
        layout,
        memories: Vec::with_capacity(info.memories.len()),
        tables: Vec::with_capacity(info.tables.len()),
        globals: Vec::with_capacity(info.globals.len()),
        tags: Vec::with_capacity(info.tags.len()),
        elems: Box::default(),
        dropped: info.datas.iter().map(|_| false).collect(),
        native: OnceLock::new(),
    });
    let instance = data.as_non_null();
    state.instances.push(data);

    // SAFETY: the instance is in its stable place and no code knows it yet.
    let data = unsafe { &mut *instance.as_ptr() };
    let mut imported_funcs = 0;
    for import in imports {
        match import {
            Extern::Func(func) => {
                // SAFETY: as many functions are imported as the layout has room for, as was checked.
                unsafe { *data.at(layout.imported_func(imported_funcs)) = func.rec(state).as_ptr() };
                imported_funcs += 1;
            }
            Extern::Global(global) => data.globals.push(*global),
            Extern::Table(table) => data.tables.push(*table),
            Extern::Memory(memory) => data.memories.push(*memory),
            Extern::Tag(tag) => data.tags.push(*tag),
            Extern::SharedMemory(memory) => data.memories.push(Memory::of_shared(state, memory)),
        }
    }
    for (i, global) in (0..).zip(&data.globals) {
        // SAFETY: these are the imported globals, and no code knows the context yet.
        unsafe { *data.at(layout.imported_global(i)) = global.in_state(state).cell() };
    }
    make_funcs(state, data);
    for own in info.imported_tags as usize..info.tags.len() {
        data.tags.push(Tag::of_instance(state, module, TagIndex::new(own)));
    }
    for &ty in &info.memories[info.imported_memories as usize..] {
        data.memories.push(Memory::create(state, ty)?);
    }
    if module.may_meet_objects() {
        // Before the context is written, and whether it succeeds or not for good: the base in it never changes.
        let makes_objects = info.types.iter().any(|ty| ty.ty.as_func().is_none());
        let reserved = state.reserve_heap(makes_objects);
        // Without a heap the module runs until it makes an object, which says why it cannot.
        let _ = reserved;
    }
    let stack = &mut Vec::new();
    let records = module.records();
    if !records.is_empty() {
        state.register_types(records);
        // Constant expressions move nothing, so what is garbage by now has to go before them.
        state.collect_if_half_full()?;
    }
    make_globals(state, data, stack)?;
    make_tables(state, data, stack)?;
    data.elems = info.elems.iter().map(|_| Elems::Funcs).collect();
    for (i, elem) in info.elems.iter().enumerate() {
        // Each is in its place before the next one makes objects.
        data.elems[i] = elements(state, data, &elem.items, stack)?;
    }
    write_context(state, instance, stack_limit);
    Ok(instance)
}

/// Writes all of the context that was not needed before. From here on it does not change, but for the values of globals and
/// what calls write into the records of functions.
fn write_context(state: &StoreState, instance: NonNull<InstanceData>, stack_limit: *mut u64) {
    // SAFETY: the instance is in its stable place and no code knows it yet.
    let data = unsafe { instance.as_ref() };
    let memory0 =
        data.memories.first().map_or(state.no_memory.as_ptr(), |first| first.in_state(state).record());
    // SAFETY: the context was allocated with the layout; what it points to lives as long as the store.
    unsafe {
        for (i, memory) in (0..).zip(&data.memories) {
            *data.at(data.layout.memory(i)) = memory.in_state(state).record();
        }
        for (i, table) in (0..).zip(&data.tables) {
            *data.at(data.layout.table(i)) = table.in_state(state).record();
        }
        let guarded = (*memory0).mode == MemoryMode::Guard;
        data.ctx.write(VmCtx {
            store: state.root().as_ptr().cast(),
            mem0: memory0,
            mem0_base: if guarded { (*memory0).base } else { std::ptr::null_mut() },
            stack_limit,
            builtins: (*state.host_ctx.as_ptr()).builtins,
            epoch: state.engine.epoch(),
            gc_base: state.gc.heap.base(),
            instance: instance.as_ptr().cast(),
        });
    }
}

fn make_funcs(state: &mut StoreState, data: &InstanceData) {
    let info = data.module.info();
    let translate_stub = upshift_interp::stubs::translate();
    let start = state.tier.start();
    // The first call of each finds what other instances have compiled.
    let ask = state.tier.asks_at_first_call() || !data.module.native().is_empty();
    for own in 0..info.bodies.len() {
        let func = FuncIndex(info.imported_funcs + own as u32);
        let known = if ask { None } else { data.module.translated(func) };
        let code = known.map_or(translate_stub, upshift_ir::FuncCode::entry);
        // SAFETY: the record lies in the context, which no code knows yet.
        unsafe {
            let ty = info.func_type(func);
            let entry = Entry { code, counter: state.tier.counter(), ..start };
            data.func_rec(func).write(FuncRec::new(entry, data.ctx.as_ptr(), ty.id, ty.func(), func.0));
        }
    }
}

fn make_globals(state: &mut StoreState, data: &mut InstanceData, stack: &mut Vec<GlobalCell>) -> Result<()> {
    let module = data.module.clone();
    let info = module.info();
    let imported = info.imported_globals as usize;
    for (i, init) in info.global_inits.iter().enumerate() {
        let cell = data.global_cell(GlobalIndex::new(imported + i));
        // SAFETY: the cell lies in the context, which no code knows yet.
        unsafe { *cell = evaluate(state, data, init, stack)? };
        data.globals.push(Global::of_instance(state, info.globals[imported + i], cell));
    }
    Ok(())
}

fn make_tables(state: &mut StoreState, data: &mut InstanceData, stack: &mut Vec<GlobalCell>) -> Result<()> {
    let module = data.module.clone();
    let info = module.info();
    for (&ty, init) in info.tables[info.imported_tables as usize..].iter().zip(&info.table_inits) {
        let init = match init {
            Some(init) => evaluate(state, data, init, stack)?.slots[0],
            None => 0,
        };
        data.tables.push(Table::create(state, ty, init)?);
    }
    Ok(())
}

fn elements(
    state: &mut StoreState,
    data: &InstanceData,
    items: &ElemItems,
    stack: &mut Vec<GlobalCell>,
) -> Result<Elems> {
    match items {
        ElemItems::Funcs(_) => Ok(Elems::Funcs),
        ElemItems::Exprs(exprs) => {
            let mut value = |expr| Ok(evaluate(state, data, expr, stack)?.slots[0]);
            Ok(Elems::Values(exprs.iter().map(&mut value).collect::<Result<_>>()?))
        }
    }
}

/// Copies the active segments to where they belong.
fn initialize(state: &mut StoreState, instance: NonNull<InstanceData>) -> Result<()> {
    // SAFETY: instances live as long as their store; this reference is used for what never changes.
    let module = unsafe { (*instance.as_ptr()).module.clone() };
    let info = module.info();
    let stack = &mut Vec::new();
    let mut offset = |state: &mut StoreState, expr: &ConstExpr| -> Result<u64> {
        // SAFETY: as above.
        Ok(evaluate(state, unsafe { &*instance.as_ptr() }, expr, stack)?.slots[0])
    };
    for (i, segment) in info.elems.iter().enumerate() {
        let elem = ElemIndex::new(i);
        match &segment.mode {
            SegmentMode::Passive => continue,
            SegmentMode::Active(table, at) => {
                let (at, len) = (offset(state, at)?, segment.items.len() as u64);
                table_init(state, instance, *table, elem, (at, 0, len)).with_context(|| {
                    // SAFETY: as above.
                    let size = unsafe { (&(*instance.as_ptr()).tables)[table.index()] }.in_state(state).elements().len();
                    format!(
                        "element segment {i} with {len} elements cannot be copied to {at}: table {} has {size} elements",
                        table.0
                    )
                })?;
            }
            SegmentMode::Declared => {}
        }
        drop_elem(instance, elem);
    }
    for (i, segment) in info.datas.iter().enumerate() {
        if let SegmentMode::Active(memory, at) = &segment.mode {
            let data = DataIndex::new(i);
            let len = u64::from(segment.bytes.end - segment.bytes.start);
            let at = offset(state, at)?;
            memory_init(state, instance, *memory, data, (at, 0, len)).with_context(|| {
                // SAFETY: as above.
                let size = unsafe { (&(*instance.as_ptr()).memories)[memory.index()] }.in_state(state).len();
                format!(
                    "data segment {i} with {len} bytes cannot be copied to {at:#x}: memory {} has {size:#x} bytes",
                    memory.0
                )
            })?;
            drop_data(instance, data);
        }
    }
    Ok(())
}

/// Makes sure that `table.init` would stay within the bounds: destination, source and length.
pub(crate) fn check_table_init(
    state: &StoreState,
    instance: NonNull<InstanceData>,
    table: TableIndex,
    elem: ElemIndex,
    (dst, src, len): (u64, u64, u64),
) -> Result<Range<usize>, Trap> {
    // SAFETY: instances live as long as their store and are not changed meanwhile.
    let data = unsafe { &*instance.as_ptr() };
    data.elements(elem, src, len).map(|_| ()).ok_or(Trap::TableOutOfBounds)?;
    data.tables[table.index()].in_state(state).range(dst, len)
}

/// `table.init`: destination, source and length.
pub(crate) fn table_init(
    state: &mut StoreState,
    instance: NonNull<InstanceData>,
    table: TableIndex,
    elem: ElemIndex,
    (dst, src, len): (u64, u64, u64),
) -> Result<(), Trap> {
    let range = check_table_init(state, instance, table, elem, (dst, src, len))?;
    // SAFETY: instances live as long as their store and are not changed meanwhile.
    let data = unsafe { &*instance.as_ptr() };
    let table = data.tables[table.index()].in_state_mut(state);
    for (slot, value) in
        table.elements_mut()[range].iter_mut().zip(data.elements(elem, src, len).into_iter().flatten())
    {
        *slot = value;
    }
    Ok(())
}

/// Makes sure that `memory.init` would stay within the bounds: destination, source and length.
pub(crate) fn check_memory_init(
    state: &StoreState,
    instance: NonNull<InstanceData>,
    memory: MemoryIndex,
    segment: DataIndex,
    (dst, src, len): (u64, u64, u64),
) -> Result<Range<usize>, Trap> {
    // SAFETY: instances live as long as their store and are not changed meanwhile.
    let data = unsafe { &*instance.as_ptr() };
    let available = data.data(segment).len() as u64;
    src.checked_add(len).filter(|&end| end <= available).ok_or(Trap::MemoryOutOfBounds)?;
    data.memories[memory.index()].in_state(state).range(dst, len)
}

/// `memory.init`: destination, source and length.
pub(crate) fn memory_init(
    state: &mut StoreState,
    instance: NonNull<InstanceData>,
    memory: MemoryIndex,
    segment: DataIndex,
    (dst, src, len): (u64, u64, u64),
) -> Result<(), Trap> {
    let range = check_memory_init(state, instance, memory, segment, (dst, src, len))?;
    // SAFETY: instances live as long as their store and are not changed meanwhile.
    let data = unsafe { &*instance.as_ptr() };
    let bytes = &data.data(segment)[src as usize..(src + len) as usize];
    data.memories[memory.index()].in_state_mut(state).write(range, bytes);
    Ok(())
}

/// `elem.drop`.
pub(crate) fn drop_elem(instance: NonNull<InstanceData>, elem: ElemIndex) {
    // SAFETY: instances live as long as their store, and no other reference to this one is alive.
    unsafe { (*instance.as_ptr()).elems[elem.index()] = Elems::Dropped };
}

/// `data.drop`.
pub(crate) fn drop_data(instance: NonNull<InstanceData>, data: DataIndex) {
    // SAFETY: as in `drop_elem`.
    unsafe { (*instance.as_ptr()).dropped[data.index()] = true };
}
