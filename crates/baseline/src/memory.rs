//! Memory accesses and globals.

use upshift_core::index::GlobalIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_translate::backend::{Backend, MemArg, Operand, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;

impl Compiler<'_> {
    /// Loads a value.
    pub(crate) fn compile_load(&mut self, op: Load, arg: MemArg, dst: Slot, address: Operand) {
        self.embed(true, |builder| builder.load(op, arg, dst, address));
    }

    /// Stores a value.
    pub(crate) fn compile_store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        self.embed(true, |builder| builder.store(op, arg, address, value));
    }

    /// The value of a global.
    pub(crate) fn load_global(&mut self, global: GlobalIndex, dst: Slot) {
        let kind = Kind::from(self.module.globals[global.index()].content);
        if kind == Kind::V128 {
            return self.embed(false, |builder| builder.global_get(global, dst));
        }
        let cell = self.global_cell(global);
        let reg = self.alloc(kind.class());
        self.emit_load_from(reg, cell, kind);
        self.define(dst, reg, kind);
    }

    /// Sets a global.
    pub(crate) fn store_global(&mut self, global: GlobalIndex, value: Operand) {
        let kind = Kind::from(self.module.globals[global.index()].content);
        if kind == Kind::V128 {
            return self.embed(false, |builder| builder.global_set(global, value));
        }
        let value = self.use_reg(value, kind);
        let cell = self.global_cell(global);
        self.emit_store_to(cell, value, kind);
        self.done();
    }
}
