//! Services of the runtime: what only looks at an instance's tables has instructions, the interpreter does the rest.

use std::mem::offset_of;

use regalloc2::VReg;
use upshift_asm::x64::{Cond, Scale, Size};
use upshift_core::Trap;
use upshift_core::vm::{BuiltinOp, TableRecord};

use super::Lowering;
use crate::mach::x64::{Address, Detail, Fault, LoadOp, StoreOp, Test};
use crate::ssa::Value;

impl Lowering<'_> {
    /// A service of the runtime.
    pub(super) fn lower_service(&mut self, inst: Value, op: BuiltinOp, table: u32) {
        match op {
            BuiltinOp::TableSize => {
                let record = self.load_context(self.layout.table(table));
                let len = Address::register(record, offset_of!(TableRecord, len) as i32);
                let made = self.out.load(LoadOp::W64, len, Fault::NONE);
                self.bind(inst, made);
            }
            BuiltinOp::TableGet => {
                let element = self.table_element(table, self.arg(inst, 0));
                let made = self.out.load(LoadOp::W64, element, Fault::NONE);
                self.bind(inst, made);
            }
            BuiltinOp::TableSet => {
                let value = self.reg(self.arg(inst, 1));
                let element = self.table_element(table, self.arg(inst, 0));
                self.out.store(StoreOp::W64, element, Fault::NONE, value);
            }
            _ => self.embed(inst),
        }
    }

    /// Where an element of a table is; a trap if there is none.
    fn table_element(&mut self, table: u32, index: Value) -> Address {
        let index: VReg = self.reg(index);
        let record = self.load_context(self.layout.table(table));
        let len = Address::register(record, offset_of!(TableRecord, len) as i32);
        self.out.cmp_load(Size::S64, index, len, Fault::NONE);
        self.out.trap_if(Test::If(Cond::Ae), Trap::TableOutOfBounds, Detail::Value, &[index]);
        let base = Address::register(record, offset_of!(TableRecord, base) as i32);
        let base = self.out.load(LoadOp::W64, base, Fault::NONE);
        Address::register(base, 0).index(index, Scale::X8)
    }
}
