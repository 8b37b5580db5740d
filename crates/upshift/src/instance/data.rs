//! Instances, as a store holds them: a module's functions, memories, tables and globals.
//!
//! ```text
//! InstanceData ─┬▶ VmCtx ┬ pointers to memories, tables, imports ┬ own globals ┬ own functions   one allocation, read by code
//!               └▶ handles of the same, state of the segments
//! ```
//!
//! Instances live until their store is dropped: a table or a funcref may refer to their functions at any time.

use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use upshift_core::index::{DataIndex, ElemIndex, FuncIndex, GlobalIndex};
use upshift_core::vm::{FuncRec, GlobalCell, MemoryMode, VmCtx, VmLayout};

use crate::exceptions::Tag;
use crate::global::Global;
use crate::memory::Memory;
use crate::module::Module;
use crate::store::StoreId;
use crate::table::Table;
use crate::vm::code::{NativeKind, NoNativeCode};
use crate::vm::code_object::CodeObject;
use crate::vm::native::NativeSet;

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
    pub(crate) store: StoreId,
    /// Its number among those of the store.
    pub(crate) index: u32,
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
    /// Where native code of its functions is found; nothing before there is any.
    pub(crate) native: OnceLock<Arc<NativeSet>>,
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

    /// The modes of its memories, which code is made for. The context must have been written.
    fn memory_modes(&self) -> Box<[MemoryMode]> {
        // SAFETY: the records of an instance's memories live as long as its store.
        let mode = |memory| unsafe { (*VmCtx::memory(self.ctx.as_ptr(), memory)).mode };
        (0..self.memories.len()).map(mode).collect()
    }

    /// Where native code of its functions is found.
    ///
    /// # Errors
    /// When the process has no memory for native code.
    pub(crate) fn native_set(&self) -> Result<&NativeSet, NoNativeCode> {
        if let Some(set) = self.native.get() {
            return Ok(set);
        }
        let engine = self.module.engine();
        let (info, modes) = (self.module.info(), self.memory_modes());
        let kept = self.module.kept();
        let set = self.module.native().set(info, &modes, engine.machine(), engine.observers(), kept)?;
        Ok(self.native.get_or_init(|| set))
    }

    /// The same, if there may be any code in it.
    pub(crate) fn known_native_set(&self) -> Option<&NativeSet> {
        if let Some(set) = self.native.get() {
            return Some(set);
        }
        let set = self.module.native().known(&self.memory_modes())?;
        Some(self.native.get_or_init(|| set))
    }

    /// Code of one of the module's own functions, as far as it was made: native code of a kind that an address lies in, or else the
    /// interpreter's.
    #[inline]
    pub(crate) fn code(
        &self,
        func: FuncIndex,
        native: Option<(NativeKind, usize)>,
    ) -> Option<CodeObject<'_>> {
        if let Some((kind, pc)) = native {
            let own = self.module.own(func);
            return Some(CodeObject::Native(self.native.get()?.at(own, kind, pc)?));
        }
        Some(CodeObject::Interpreter(self.module.translated(func)?))
    }

    /// The bytes of a data segment, none if it was dropped.
    pub(crate) fn data(&self, data: DataIndex) -> &[u8] {
        if self.dropped[data.index()] { &[] } else { self.module.info().data(data) }
    }
}

impl Drop for InstanceData {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout when the instance was made.
        unsafe { dealloc(self.ctx.as_ptr().cast(), InstanceData::ctx_layout(self.layout)) };
    }
}
