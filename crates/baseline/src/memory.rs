//! Memory accesses and globals.

use upshift_core::index::GlobalIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::ValType;
use upshift_translate::backend::{Backend, MemArg, Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::x64::{load_bytes, load_kind, store_bytes};

impl Compiler<'_> {
    /// Loads a value.
    pub(crate) fn compile_load(&mut self, op: Load, ty: ValType, arg: MemArg, dst: Slot, address: Operand) {
        if let Some(kind) = load_kind(op)
            && let Some(access) = self.access(arg, address, load_bytes(op))
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
        if let Some(access) = self.access(arg, address, store_bytes(op)) {
            self.emit_memory_store(op, access, value);
            return self.done();
        }
        self.embed(true, |builder| builder.store(op, arg, address, value));
    }

    /// The value of a global.
    pub(crate) fn load_global(&mut self, global: GlobalIndex, dst: Slot) {
        let kind = Kind::from(self.module.globals[global.index()].content);
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
    }
}
