//! Services of the runtime: what only looks at an instance's tables has instructions, the interpreter does the rest.

use std::mem::offset_of;

use regalloc2::VReg;
use upshift_asm::Stub;
use upshift_asm::x64::{Alu, Cond, Scale, Size};
use upshift_core::Trap;
use upshift_core::types::IndexType;
use upshift_core::vm::{BuiltinOp, MemRecord, TableRecord};

use super::Lowering;
use crate::mach::x64::{Address, Detail, Fault, LoadOp, StoreOp, Test};
use crate::ssa::Value;

impl Lowering<'_> {
    /// A service of the runtime.
    pub(super) fn lower_service(&mut self, inst: Value, op: BuiltinOp, table: u32, other: u32) {
        match op {
            BuiltinOp::MemoryCopy if self.has_bulk(table) && self.has_bulk(other) => {
                self.lower_bulk(inst, Stub::CopyBytes, &[(1, other), (0, table)]);
            }
            BuiltinOp::MemoryFill if self.has_bulk(table) => {
                self.lower_bulk(inst, Stub::FillBytes, &[(0, table)]);
            }
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

    /// Whether bytes of a memory are copied and filled without the interpreter: those of 64-bit memories may lie anywhere, where code is
    /// metered the bytes are paid for, and a shared memory may have grown when the interpreter looks again.
    fn has_bulk(&self, memory: u32) -> bool {
        let ty = &self.module.memories[memory as usize];
        !self.is_metered && !ty.shared && ty.index == IndexType::I32
    }

    /// Copies or fills bytes by a function of the runtime, if they are all there. If not, the interpreter has its trap. `places` are
    /// those of the operands that are addresses, and their memories.
    fn lower_bulk(&mut self, inst: Value, function: Stub, places: &[(usize, u32)]) {
        let args = [0, 1, 2].map(|at| self.reg(self.arg(inst, at)));
        let mut operands = args;
        let missing = self.out.cold_block();
        let mut known = None;
        for &(place, memory) in places {
            let record = match known {
                Some((of, record)) if of == memory => record,
                _ => self.load_context(self.layout.memory(memory)),
            };
            known = Some((memory, record));
            let fits = self.out.block();
            let end = self.out.lea(Size::S64, Address::register(args[place], 0).index(args[2], Scale::X1));
            let len = Address::register(record, offset_of!(MemRecord, len) as i32);
            self.out.cmp_load(Size::S64, end, len, Fault::NONE);
            self.out.branch(Test::If(Cond::A), (missing, &[]), (fits, &[]));
            self.out.switch_to(fits);
            let base = Address::register(record, offset_of!(MemRecord, base) as i32);
            operands[place] = self.out.alu_load(Alu::Add, Size::S64, args[place], base, Fault::NONE);
        }
        self.out.bulk(function, operands);
        let over = self.out.block();
        self.out.jump(over, &[]);
        self.out.switch_to(missing);
        self.embed_trap(inst, &args);
        self.out.switch_to(over);
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
