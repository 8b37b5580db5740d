//! Memory accesses and globals.
//!
//! Base and length of memories whose accesses are checked stay in registers as globals do, see [`cells`](crate::cells).
//!
//! What a global of the instance has stays in a register until something may set it that is not seen here: calls, and whatever the
//! interpreter or the host does. Setting it stores it at once, so that others find it in memory at any time.

use upshift_core::index::GlobalIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::{IndexType, ValType};
use upshift_core::vm::MemoryMode;
use upshift_translate::backend::{Backend, MemArg, Operand, Slot};

use crate::cache::{Held, Kind};
use crate::cells::Cell;
use crate::compiler::Compiler;
use crate::x64::{int_load, load_kind};

impl Compiler<'_> {
    /// Loads a value.
    pub(crate) fn compile_load(&mut self, op: Load, ty: ValType, arg: MemArg, dst: Slot, address: Operand) {
        if let Some(load) = int_load(op)
            && let Some(disp) = self.plain_displacement(arg, address)
        {
            return self.emit_plain_load(load, disp, dst, address);
        }
        if let Some(kind) = load_kind(op)
            && let Some(access) = self.access(arg, address, op.bytes())
        {
            let value = self.emit_memory_load(op, access);
            return self.define(dst, value, kind);
        }
        if self.emit_vector_load(op, arg, dst, address) {
            return;
        }
        self.embed(true, |builder| builder.load(op, ty, arg, dst, address));
    }

    /// Stores a value.
    pub(crate) fn compile_store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        if op != Store::V128Store
            && let Some(disp) = self.plain_displacement(arg, address)
        {
            return self.emit_plain_store(op, disp, address, value);
        }
        if let Some(access) = self.access(arg, address, op.bytes()) {
            self.emit_memory_store(op, access, value);
            return self.done();
        }
        self.embed(true, |builder| builder.store(op, arg, address, value));
    }

    /// Whether a memory is one that everything is set aside for that its addresses reach.
    fn is_guarded(&self, memory: u32) -> bool {
        let index = self.module.memories[memory as usize].index;
        index == IndexType::I32 && self.target.memories.get(memory as usize) == Some(&MemoryMode::Guard)
    }

    /// Where the base of a memory is, unless that is a matter of the convention.
    pub(crate) fn base_cell(&self, memory: u32) -> Cell {
        match self.is_guarded(memory) || self.module.memories[memory as usize].shared {
            true => Cell::FixedBase(memory),
            false => Cell::Base(memory),
        }
    }

    /// What accesses to a memory need, if it can be in registers. Another thread may make a shared memory longer at any time.
    pub(crate) fn cells_of_memory(&self, memory: u32) -> [Option<Cell>; 2] {
        if memory == 0 && self.plain_memory {
            return [None; 2];
        }
        let base = self.base_cell(memory);
        let more = match base {
            Cell::Base(_) => Some(Cell::Len(memory)),
            _ if self.is_guarded(memory) => None,
            _ => Some(Cell::Record(memory)),
        };
        [more, Some(base)]
    }

    /// The value of a global.
    pub(crate) fn load_global(&mut self, global: GlobalIndex, dst: Slot) {
        let kind = Kind::from(self.module.globals[global.index()].content);
        if let Some(slot) = self.slot_of_global(global, kind) {
            self.share(dst, Operand::Kept(slot), kind);
            return self.cache.forget_if(slot, self.control.pinned());
        }
        let cell = self.global_cell(global);
        let reg = self.alloc(kind.class());
        self.emit_load_from(reg, cell, kind);
        self.define(dst, reg, kind);
    }

    /// Sets a global.
    pub(crate) fn store_global(&mut self, global: GlobalIndex, value: Operand) {
        let kind = Kind::from(self.module.globals[global.index()].content);
        let value = self.use_reg(value, kind);
        let cell = self.global_cell(global);
        self.emit_store_to(cell, value, kind);
        self.done();
        let Some(slot) = self.slot_of_global(global, kind) else { return };
        self.cache.forget(slot);
        // A local that stays in a register would leave it, could it not be changed there.
        if self.cache.has_room(value) && !self.control.pinned().contains(value) {
            self.cache.bind(value, Held { slot, kind, dirty: false });
        }
    }

    /// The slot that stands for a global that can be in a register. Imported ones cannot, as two of them may be the same, nor can
    /// references, which the collector changes.
    fn slot_of_global(&self, global: GlobalIndex, kind: Kind) -> Option<Slot> {
        if matches!(kind, Kind::Ref | Kind::V128) {
            return None;
        }
        global.0.checked_sub(self.module.imported_globals).and_then(|own| Cell::Global(own).slot())
    }
}
