//! Services of the runtime and what else belongs to the instance: tables, references to functions, the size of a memory, the look at
//! the clock of interruptions.
//!
//! What only looks at the instance's records has instructions, and bytes are copied and filled by instructions or functions in C. What makes anything larger is left to the
//! interpreter, and so is each case that ends in a trap: it finds all operands in their slots.

use upshift_asm::x64::Cond;
use upshift_core::Trap;
use upshift_core::fuel::BYTES_PER_UNIT;
use upshift_core::index::{FuncIndex, MemoryIndex, TableIndex};
use upshift_core::vm::BuiltinOp;
use upshift_translate::backend::{Backend, Operand, Service, Slot};

use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::x64::{Bulk, SMALL};

impl Compiler<'_> {
    /// Interrupts the program if its time has come. Registers keep what they have, but for references that the collector changes.
    pub(crate) fn compile_check(&mut self, top: Slot) {
        let (start, back) = (self.asm.offset(), self.asm.label());
        self.emit_epoch();
        let end = self.asm.offset();
        let now = self.embed_cold(Some(back), |builder| builder.check_interrupt(top));
        // What the cold path wants stored in front of it would not be done again.
        if self.asm.offset() == end {
            self.note_meter(start, |meter| &mut meter.check);
        }
        self.asm.jcc(Cond::Ae, now);
        self.asm.bind(back);
        self.note_metered(start);
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
        self.masks.clear();
        let (table, base) = (TableIndex(service.x), service.base);
        match service.op {
            BuiltinOp::TableSize => {
                let size = self.emit_table_size(table);
                self.define(base, size, Kind::I64);
            }
            BuiltinOp::TableGet => {
                let (index, record) = (self.element_index(table, base), self.emit_table(table));
                let out = self.embed_cold(None, |builder| builder.builtin(service));
                let element = self.emit_element(record, index, None, out);
                self.emit_load_from(record.into(), element, Kind::Ref);
                self.define(base, record, Kind::Ref);
            }
            BuiltinOp::TableSet => {
                let index = self.element_index(table, base);
                let value = self.use_gpr(Operand::Temp(Slot(base.0 + 1)), Kind::Ref);
                let record = self.emit_table(table);
                let out = self.embed_cold(None, |builder| builder.builtin(service));
                let element = self.emit_element(record, index, None, out);
                self.emit_store_to(element, value.into(), Kind::Ref);
                self.done();
            }
            BuiltinOp::MemoryCopy => self.compile_bulk(service, Bulk::CopyBytes),
            BuiltinOp::MemoryFill => self.compile_bulk(service, Bulk::FillBytes),
            BuiltinOp::TableCopy => self.compile_bulk(service, Bulk::CopyElements),
            BuiltinOp::TableFill => self.compile_bulk(service, Bulk::FillElements),
            BuiltinOp::ArrayNew => self.emit_array_new(service, true),
            BuiltinOp::ArrayNewDefault => self.emit_array_new(service, false),
            BuiltinOp::ArrayNewFixed if self.emit_array_new_fixed(service) => {}
            BuiltinOp::ArrayFill => self.emit_array_fill(service),
            BuiltinOp::ArrayCopy => self.compile_array_copy(service),
            _ => self.embed(false, |builder| builder.builtin(service)),
        }
    }

    /// Copies elements by a function of the runtime, if they are all there. If not, the interpreter has its trap.
    fn compile_array_copy(&mut self, service: &Service<'_>) {
        // The function uses most registers.
        self.flush_below(service.base);
        let back = self.asm.label();
        self.emit_array_copy(service, back);
        self.done();
        self.drop_for_handlers();
        self.asm.bind(back);
    }

    /// Copies or fills bytes or elements, if they are all there: a few bytes through registers, others by a function of the runtime. If
    /// not, the interpreter has its trap.
    fn compile_bulk(&mut self, service: &Service<'_>, bulk: Bulk) {
        let most = if self.options.fuel { BYTES_PER_UNIT - 1 } else { SMALL.into() };
        if matches!(bulk, Bulk::CopyBytes | Bulk::FillBytes)
            && let Some(bytes) = self.known_copy(Slot(service.base.0 + 2))
            && (1..=most).contains(&bytes)
        {
            return self.emit_small_bulk(service, bulk, bytes as u32);
        }
        // The function uses most registers.
        self.flush_below(service.base);
        let back = self.asm.label();
        self.emit_bulk(service, bulk, back);
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
