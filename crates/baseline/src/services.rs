//! Services of the runtime and what else belongs to the instance: tables, references to functions, the size of a memory, the look at
//! the clock of interruptions.
//!
//! What only looks at the instance's records has instructions, and bytes are copied and filled by functions in C. What makes anything larger is left to the
//! interpreter, and so is each case that ends in a trap: it finds all operands in their slots.

use upshift_asm::Stub;
use upshift_core::Trap;
use upshift_core::index::{FuncIndex, MemoryIndex, TableIndex};
use upshift_core::types::IndexType;
use upshift_core::vm::BuiltinOp;
use upshift_translate::backend::{Backend, Operand, Service, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;

impl Compiler<'_> {
    /// Interrupts the program if its time has come. Registers keep what they have, but for references that the collector changes.
    pub(crate) fn compile_check(&mut self, top: Slot) {
        let back = self.asm.label();
        let epoch = self.emit_epoch();
        let now = self.embed_cold(Some(back), |builder| builder.check_interrupt(top));
        self.emit_branch_if_due(epoch, now);
        self.asm.bind(back);
        self.done();
    }

    /// The size of a memory in pages.
    pub(crate) fn size_of_memory(&mut self, memory: MemoryIndex, dst: Slot) {
        let size = self.emit_memory_size(memory);
        self.define(dst, size, Kind::I64);
    }

    /// A reference to a function.
    pub(crate) fn reference_to(&mut self, func: FuncIndex, dst: Slot) {
        let reference = self.alloc_gpr();
        match func.0.checked_sub(self.module.imported_funcs) {
            Some(own) => self.emit_own_func(reference, self.layout.func(own)),
            None => self.emit_imported_func(reference, self.layout.imported_func(func.0)),
        }
        self.define(dst, reference, Kind::Ref);
    }

    /// Traps if a reference is null.
    pub(crate) fn check_null(&mut self, reference: Operand) {
        let reference = self.use_gpr(reference, Kind::Ref);
        let null = self.trap(Trap::NullReference);
        self.emit_branch_if_null(reference, null);
        self.done();
    }

    /// A service of the runtime.
    pub(crate) fn compile_service(&mut self, service: &Service<'_>) {
        let (table, base) = (TableIndex(service.x), service.base);
        match service.op {
            BuiltinOp::TableSize => {
                let size = self.emit_table_size(table);
                self.define(base, size, Kind::I64);
            }
            BuiltinOp::TableGet => {
                let (index, record) = (self.element_index(table, base), self.emit_table(table));
                let out = self.embed_cold(None, |builder| builder.builtin(service));
                let element = self.emit_element(record, index, out);
                self.emit_load_from(record.into(), element, Kind::Ref);
                self.define(base, record, Kind::Ref);
            }
            BuiltinOp::TableSet => {
                let index = self.element_index(table, base);
                let value = self.use_gpr(Operand::Temp(Slot(base.0 + 1)), Kind::Ref);
                let record = self.emit_table(table);
                let out = self.embed_cold(None, |builder| builder.builtin(service));
                let element = self.emit_element(record, index, out);
                self.emit_store_to(element, value.into(), Kind::Ref);
                self.done();
            }
            BuiltinOp::MemoryCopy if self.has_bulk(service.x) && self.has_bulk(service.y) => {
                self.compile_bulk(service, Stub::CopyBytes);
            }
            BuiltinOp::MemoryFill if self.has_bulk(service.x) => self.compile_bulk(service, Stub::FillBytes),
            _ => self.embed(false, |builder| builder.builtin(service)),
        }
    }

    /// Whether bytes of a memory are copied and filled without the interpreter: those of 64-bit memories may lie anywhere, and where code
    /// is metered the bytes are paid for.
    fn has_bulk(&self, memory: u32) -> bool {
        !self.metered && self.module.memories[memory as usize].index == IndexType::I32
    }

    /// Copies or fills bytes by a function of the runtime, if they are all there. If not, the interpreter has its trap.
    fn compile_bulk(&mut self, service: &Service<'_>, function: Stub) {
        // The function uses most registers.
        self.flush_below(service.base);
        let back = self.asm.label();
        self.emit_bulk(service, function, back);
        self.done();
        self.drop_for_handlers();
        self.asm.bind(back);
    }

    /// A register with the index that is the first operand of a service.
    fn element_index(&mut self, table: TableIndex, base: Slot) -> upshift_asm::x64::Gpr {
        let kind = Kind::from(self.module.tables[table.index()].index.val_type());
        self.use_gpr(Operand::Temp(base), kind)
    }
}
