//! Tables: growable arrays of references.
//!
//! An element is a slot: the address of a function's `FuncRec`, or the place of an object; 0 is null.
//! Generated code reaches the elements through the table's `TableRecord`, whose address never changes.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use upshift_core::types as core;
use upshift_core::vm::TableRecord;
use upshift_core::{IndexType, Trap};

use crate::context::{AsContext, AsContextMut};
use crate::store::{StoreId, StoreState};
use crate::types::TableType;
use crate::val::Ref;
use crate::vm::budget::MemoryShare;
use crate::vm::limit_exceeded::{LimitExceeded, MemoryUse};
use crate::vm::out_of_memory::OutOfMemory;
use crate::vm::stable::Stable;

/// The bytes of an element.
const ELEMENT: usize = size_of::<u64>();

/// A table of a store (wasm spec, "Execution / Runtime Structure / Table Instances").
///
/// ```
/// use upshift::{Engine, Func, Ref, RefType, Store, Table, TableType};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let table = Table::new(&mut store, TableType::new(RefType::FUNCREF, 2, None), Ref::Func(None))?;
/// let func = Func::wrap(&mut store, || {});
/// table.set(&mut store, 1, func.into())?;
/// assert!(table.get(&mut store, 0).unwrap().is_null());
/// assert!(!table.get(&mut store, 1).unwrap().is_null());
/// assert!(table.get(&mut store, 2).is_none());
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Table {
    store: StoreId,
    index: u32,
}

/// A table as the store holds it.
pub(crate) struct TableData {
    ty: core::TableType,
    /// Base and length of the elements, which are a vector taken apart.
    record: Stable<TableRecord>,
    capacity: usize,
    /// The type as the host gave it, which keeps the defined type that it may name; that of an instance's table is kept by its
    /// module.
    kept: Option<TableType>,
    /// What the capacity takes of the program's budget.
    share: MemoryShare,
}

/// Why a table did not grow.
#[derive(Debug)]
enum Refusal {
    /// The type forbids it.
    Forbidden,
    /// The system does not give the memory.
    NoMemory(OutOfMemory),
    /// The budget has not as much left.
    OverBudget(LimitExceeded),
}

/// The error when the system has no memory for so many elements.
fn no_memory(elements: u64) -> Refusal {
    Refusal::NoMemory(OutOfMemory::new("a table", elements.saturating_mul(ELEMENT as u64)))
}

impl TableData {
    /// A table of the type's minimal size.
    ///
    /// # Errors
    /// When the budget or the system does not have it, or the type forbids it.
    fn new(ty: core::TableType, init: u64, share: MemoryShare) -> Result<TableData> {
        let empty = ManuallyDrop::new(Vec::<u64>::new());
        let record = TableRecord { base: empty.as_ptr().cast_mut(), len: 0 };
        let mut table = TableData { ty, record: Stable::new(record), capacity: 0, kept: None, share };
        match table.grow(ty.minimum, init) {
            Ok(_) => Ok(table),
            Err(Refusal::OverBudget(exceeded)) => Err(exceeded.into()),
            Err(Refusal::NoMemory(refused)) => Err(refused.into()),
            Err(Refusal::Forbidden) => {
                bail!("a table of this type has at most {} elements", table.max_elements())
            }
        }
    }

    pub(crate) fn ty(&self) -> core::TableType {
        self.ty
    }

    pub(crate) fn record(&self) -> *mut TableRecord {
        self.record.as_ptr()
    }

    pub(crate) fn elements(&self) -> &[u64] {
        // SAFETY: base and length always describe initialised elements, which change only through `&mut self` or while
        // generated code runs, and then no reference is alive.
        unsafe {
            let record = &*self.record.as_ptr();
            std::slice::from_raw_parts(record.base, record.len)
        }
    }

    pub(crate) fn elements_mut(&mut self) -> &mut [u64] {
        // SAFETY: as in `elements`.
        unsafe {
            let record = &*self.record.as_ptr();
            std::slice::from_raw_parts_mut(record.base, record.len)
        }
    }

    /// The most elements that there may be.
    fn max_elements(&self) -> u64 {
        let addressable = if self.ty.index == IndexType::I64 { u64::MAX } else { u32::MAX.into() };
        self.ty.maximum.unwrap_or(u64::MAX).min(addressable)
    }

    /// Appends elements and returns the old size.
    fn grow(&mut self, delta: u64, init: u64) -> Result<u64, Refusal> {
        let old = self.elements().len() as u64;
        let new = old.checked_add(delta).filter(|&new| new <= self.max_elements());
        let new = new.ok_or(Refusal::Forbidden)?;
        let new = usize::try_from(new).map_err(|_| no_memory(new))?;
        self.reserve(new)?;
        let record = self.record.as_ptr();
        // SAFETY: the record and the capacity are the parts of a vector, and are so again below. There is room for the new
        // elements, so it does not move.
        unsafe {
            let elements = Vec::from_raw_parts((*record).base, (*record).len, self.capacity);
            let mut elements = ManuallyDrop::new(elements);
            elements.resize(new, init);
            (*record).len = elements.len();
        }
        Ok(old)
    }

    /// Makes room for so many elements in all. Growing by few at a time makes room for as many as there are already, so that
    /// not all elements are copied each time, unless the budget has only room for fewer.
    fn reserve(&mut self, elements: usize) -> Result<(), Refusal> {
        if elements <= self.capacity {
            return Ok(());
        }
        let most = usize::try_from(self.max_elements()).unwrap_or(usize::MAX);
        let ample = self.capacity.saturating_mul(2).min(most).max(elements);
        let before = self.share.bytes();
        let mut taken = |capacity: usize| {
            let bytes = capacity.checked_mul(ELEMENT).filter(|&bytes| isize::try_from(bytes).is_ok());
            let bytes = bytes.ok_or(no_memory(capacity as u64))?;
            self.share.resize(bytes, MemoryUse::Table).map_err(Refusal::OverBudget)?;
            Ok(capacity)
        };
        let capacity = taken(ample).or_else(|_| taken(elements))?;
        let record = self.record.as_ptr();
        // SAFETY: the record and the capacity are the parts of a vector, and are those of its successor again below.
        let vector = unsafe { Vec::from_raw_parts((*record).base, (*record).len, self.capacity) };
        let mut vector = ManuallyDrop::new(vector);
        let more = capacity - vector.len();
        let room = vector.try_reserve_exact(more);
        self.capacity = vector.capacity();
        // SAFETY: the record is alive, and no reference to it is.
        unsafe { (*record).base = vector.as_mut_ptr() };
        room.map_err(|_| {
            self.share.shrink(before);
            no_memory(capacity as u64)
        })
    }

    /// How many bytes are set or moved when so many elements are appended; none if the type forbids it.
    fn bytes_of_growth(&self, delta: u64) -> u64 {
        let old = self.elements().len() as u64;
        match old.checked_add(delta).filter(|&new| new <= self.max_elements()) {
            Some(new) if new > self.capacity as u64 => new.saturating_mul(ELEMENT as u64),
            Some(_) => delta.saturating_mul(ELEMENT as u64),
            None => 0,
        }
    }

    /// The positions `start .. start + len`, if all of them exist.
    pub(crate) fn range(&self, start: u64, len: u64) -> Result<Range<usize>, Trap> {
        let end = start.checked_add(len).filter(|&end| end <= self.elements().len() as u64);
        let end = end.ok_or(Trap::TableOutOfBounds)?;
        Ok(start as usize..end as usize)
    }
}

impl Drop for TableData {
    fn drop(&mut self) {
        // SAFETY: the record and the capacity are the parts of a vector.
        drop(unsafe {
            let record = &*self.record.as_ptr();
            Vec::from_raw_parts(record.base, record.len, self.capacity)
        });
    }
}

impl fmt::Debug for TableData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableData").field("ty", &self.ty).finish_non_exhaustive()
    }
}

impl Table {
    /// A table of the host, filled with `init`.
    ///
    /// # Errors
    /// When the type belongs to another engine, `init` is not of the element type or belongs to another store, or the type,
    /// the store's limiter, its budget or the system forbids so large a table. Without a limiter there are at most 10 million
    /// elements.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Ref) -> Result<Table> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let inner = ty.in_engine(&state.engine)?;
        let init = init.to_slot(state, inner.element)?;
        let table = Table::create(state, inner, init)?;
        table.in_state_mut(state).kept = Some(ty);
        Ok(table)
    }

    pub(crate) fn create(state: &mut StoreState, ty: core::TableType, init: u64) -> Result<Table> {
        state.check_table_count()?;
        ensure!(
            state.table_may_grow(0, ty.minimum, ty.maximum)?,
            "a table of {} elements is above the store's limit",
            ty.minimum
        );
        let share = state.memory_share();
        let table = TableData::new(ty, init, share)
            .with_context(|| format!("cannot create a table of {} elements", ty.minimum));
        if let Err(error) = &table {
            state.table_grow_failed(0, ty.minimum)?;
            state.explain_failure(error)?;
        }
        state.tables.push(table?);
        Ok(Table { store: state.id, index: (state.tables.len() - 1) as u32 })
    }

    /// The type; its minimum is the size at creation.
    ///
    /// # Panics
    /// When the table belongs to another store, as all methods do.
    pub fn ty(&self, store: impl AsContext) -> TableType {
        let store = store.as_context();
        let state = store.state();
        TableType::of_core(&state.engine, self.in_state(state).ty)
    }

    /// The number of elements.
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.in_state(store.as_context().state()).elements().len() as u64
    }

    /// An element; `None` if there is none at the index.
    pub fn get(&self, store: impl AsContext, index: u64) -> Option<Ref> {
        let store = store.as_context();
        let table = self.in_state(store.state());
        let slot = *table.elements().get(usize::try_from(index).ok()?)?;
        // SAFETY: a table holds references of its type, made in its store.
        Some(unsafe { Ref::from_slot(store.state(), table.ty.element, slot) })
    }

    /// Sets an element.
    ///
    /// # Errors
    /// When there is no such element, or the value is not of the element type or belongs to another store.
    pub fn set(&self, store: impl AsContextMut, index: u64, value: Ref) -> Result<()> {
        self.fill(store, index, value, 1)
    }

    /// Appends `delta` elements and returns the old size in elements.
    ///
    /// # Errors
    /// When the type, the store's limiter, its budget or the system forbids it, or the value is not of the element type or
    /// belongs to another store; and with the error of the limiter.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, init: Ref) -> Result<u64> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let slot = init.to_slot(state, self.in_state(state).ty.element)?;
        let old = self.grow_in_state(state, (delta, slot), |_, _| Ok(()))?;
        old.with_context(|| format!("failed to grow table by `{delta}`"))
    }

    /// Appends elements and returns the old size; `None` if the type, the limiter, the budget or the system forbids it. `pay` is
    /// told how many bytes will be set or moved, when nothing but the system and the budget can refuse them any more.
    ///
    /// # Errors
    /// When the limiter or `pay` says so.
    pub(crate) fn grow_in_state(
        self,
        state: &mut StoreState,
        (delta, init): (u64, u64),
        pay: impl FnOnce(&mut StoreState, u64) -> Result<()>,
    ) -> Result<Option<u64>> {
        let table = self.in_state(state);
        let (old, maximum) = (table.elements().len() as u64, table.ty.maximum);
        // What the type forbids is not the limiter's business: it may count what it allows.
        let Some(new) = old.checked_add(delta).filter(|&new| new <= table.max_elements()) else {
            return Ok(None);
        };
        if delta > 0 && !state.table_may_grow(old, new, maximum)? {
            return Ok(None);
        }
        let bytes = self.in_state(state).bytes_of_growth(delta);
        if let Err(error) = pay(state, bytes) {
            state.table_grow_failed(old, new)?;
            return Err(error);
        }
        match self.in_state_mut(state).grow(delta, init) {
            Ok(old) => return Ok(Some(old)),
            Err(Refusal::Forbidden | Refusal::NoMemory(_)) => state.table_grow_failed(old, new)?,
            Err(Refusal::OverBudget(exceeded)) => {
                state.table_grow_failed(old, new)?;
                state.budget_exceeded(exceeded)?;
            }
        }
        Ok(None)
    }

    /// Sets `len` elements from `index` on.
    ///
    /// # Errors
    /// When not all of them exist, or the value is not of the element type or belongs to another store.
    pub fn fill(&self, mut store: impl AsContextMut, index: u64, value: Ref, len: u64) -> Result<()> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let slot = value.to_slot(state, self.in_state(state).ty.element)?;
        let table = self.in_state_mut(state);
        let range = table.range(index, len)?;
        table.elements_mut()[range].fill(slot);
        Ok(())
    }

    /// Copies `len` elements, which may overlap.
    ///
    /// # Errors
    /// When a range reaches outside of its table, or the element types do not fit.
    pub fn copy(
        mut store: impl AsContextMut,
        dst: &Table,
        dst_index: u64,
        src: &Table,
        src_index: u64,
        len: u64,
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let (to, from) = (dst.in_state(state).ty.element, src.in_state(state).ty.element);
        if !from.matches(to, state.engine.types()) {
            bail!("type mismatch: expected {to}, found {from}");
        }
        Ok(Table::copy_within(state, (*dst, dst_index), (*src, src_index), len)?)
    }

    /// `table.copy` between tables whose types were checked.
    pub(crate) fn copy_within(
        state: &StoreState,
        (dst, dst_index): (Table, u64),
        (src, src_index): (Table, u64),
        len: u64,
    ) -> Result<(), Trap> {
        let (dst, src) = (dst.in_state(state), src.in_state(state));
        let from = src.range(src_index, len)?;
        let to = dst.range(dst_index, len)?;
        // SAFETY: both ranges were checked, `copy` allows them to overlap, and no reference to the elements is alive.
        unsafe {
            let (to_base, from_base) = ((*dst.record()).base, (*src.record()).base);
            std::ptr::copy(from_base.add(from.start), to_base.add(to.start), from.len());
        }
        Ok(())
    }

    pub(crate) fn in_state(self, state: &StoreState) -> &TableData {
        state.check(self.store);
        &state.tables[self.index as usize]
    }

    pub(crate) fn in_state_mut(self, state: &mut StoreState) -> &mut TableData {
        state.check(self.store);
        &mut state.tables[self.index as usize]
    }

    pub(crate) fn store_id(self) -> StoreId {
        self.store
    }
}
