//! The compiler's state, and the walker's calls led to where each class of operation is compiled.
//!
//! Between two calls no operation is running: no register is locked. Flags of a comparison may wait for the branch that uses them
//! ([`Compiler::settle`] ends that), everything else is in slots or where the cache says.

use upshift_asm::AsmError;
use upshift_asm::x64::Assembler;
use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::{FuncType, IndexType, ValType};
use upshift_core::value::V128;
use upshift_core::vm::{MemoryMode, VmLayout, frame};
use upshift_ir::build::Builder;
use upshift_translate::backend::{
    Backend, Call, Callee, Catch, Charge, Frame, Handler, Label, Live, LocalRun, LoopSurvey, MemArg, Next,
    Operand, Operands, ReferenceNode, References, Return, Service, Slot,
};
use upshift_translate::{CodeOptions, ModuleInfo};

use crate::arguments::Arguments;
use crate::cache::Cache;
use crate::code::BaselineCode;
use crate::control::Control;
use crate::detour::Detour;
use crate::masks::Masks;
use crate::merge::Moves;
use crate::operands::Consumed;
use crate::pins::Pins;
use crate::tables::Tables;
use crate::x64::{Flags, Reg, Scaled};
use upshift_codegen::Target;

/// Compiles one function.
pub(crate) struct Compiler<'m> {
    pub(crate) module: &'m ModuleInfo,
    pub(crate) func: FuncIndex,
    pub(crate) layout: VmLayout,
    pub(crate) target: &'m Target,
    /// Whether it is noted where code comes from.
    positions: bool,
    /// Whether code takes fuel, and whether it looks at the epoch.
    pub(crate) options: CodeOptions,
    /// Whether there is a memory 0 with 32-bit addresses, everything that these reach being set aside.
    pub(crate) plain_memory: bool,
    pub(crate) frame: Frame,
    pub(crate) asm: &'m mut Assembler,
    /// What is in registers.
    pub(crate) cache: &'m mut Cache,
    /// The register that was given out last.
    pub(crate) last: Reg,
    /// The temporaries that the running operation uses up.
    pub(crate) consumed: Consumed,
    /// A comparison whose result is in the flags.
    pub(crate) flags: Option<Flags>,
    /// Where the last comparison of integers begins, with what its operands need, and ends.
    pub(crate) compared: (u32, u32),
    /// A comparison whose result a local has, and that is in the flags as long as the code is no longer than this.
    pub(crate) kept_flags: Option<(Flags, u32)>,
    /// The constant that was copied to an operand home last, for the operator that is compiled.
    pub(crate) copied: Option<(Slot, u64)>,
    /// The vectors that are masks.
    pub(crate) masks: Masks,
    /// What becomes of the result of the operation that comes, or runs.
    pub(crate) next: Option<Next>,
    /// A shift that the addition that comes next does as well.
    pub(crate) scaled: Option<Scaled>,
    /// The last branch, if it may lead around a trap.
    pub(crate) detour: Option<Detour>,
    /// Labels and loops.
    pub(crate) control: &'m mut Control,
    /// What is known of locals, for loops.
    pub(crate) pins: &'m mut Pins,
    /// What the next call brings to registers.
    pub(crate) arguments: &'m mut Arguments,
    /// What lies beside the code.
    pub(crate) tables: &'m mut Tables,
    /// Makes instructions of the interpreter, once one is wanted.
    pub(crate) builder: Option<Builder<'m>>,
}

/// What compilers use from one function to the next, so that they need not allocate it each time.
#[derive(Default)]
pub(crate) struct Room {
    asm: Assembler,
    cache: Cache,
    control: Control,
    pins: Pins,
    arguments: Arguments,
    tables: Tables,
}

impl Room {
    /// Gives up what only very large functions need.
    pub(crate) fn trim(&mut self) {
        const MOST_BYTES: usize = 1 << 18;
        if self.asm.buffer().capacity() > MOST_BYTES || self.control.is_large() {
            *self = Room::default();
        }
    }
}

/// How many bytes of code a byte of a function becomes in most functions, at most.
const USUAL_GROWTH: usize = 5;

impl<'m> Compiler<'m> {
    /// A compiler for a function of the module with so many bytes; with `positions` it notes where code comes from.
    pub(crate) fn new(
        module: &'m ModuleInfo,
        func: FuncIndex,
        target: &'m Target,
        body_bytes: usize,
        options: CodeOptions,
        positions: bool,
        room: &'m mut Room,
    ) -> Compiler<'m> {
        let frame = Frame { params: 0, results: 0, locals: 0, homes: 0, scratch: None };
        let Room { asm, cache, control, pins, arguments, tables } = room;
        // The function before may have ended with an error.
        asm.clear();
        asm.reserve(body_bytes.saturating_mul(USUAL_GROWTH));
        cache.clear();
        cache.unlock();
        control.reset();
        arguments.reset();
        tables.reset();
        control.moves = if target.choices { Moves::few(body_bytes) } else { Moves::of_body(body_bytes) };
        control.arguments = control.moves;
        tables.note_positions(positions);
        Compiler {
            module,
            func,
            layout: module.vm_layout(),
            target,
            positions,
            options,
            plain_memory: module.memories.first().is_some_and(|memory| memory.index == IndexType::I32)
                && target.memories.first() == Some(&MemoryMode::Guard),
            frame,
            asm,
            cache,
            last: Reg::new(0),
            consumed: Consumed::default(),
            flags: None,
            compared: (0, 0),
            kept_flags: None,
            copied: None,
            masks: Masks::default(),
            next: None,
            scaled: None,
            detour: None,
            control,
            pins,
            arguments,
            tables,
            builder: None,
        }
    }

    /// The finished code.
    pub(crate) fn finish(&mut self) -> Result<BaselineCode, AsmError> {
        let code = self.asm.finish()?;
        let pool = code.pool;
        let side = std::mem::take(&mut self.tables.side);
        let (handlers, references) = side.finish(|label| self.control.catch_word(label).offset() + pool);
        Ok(BaselineCode {
            frame: self.frame,
            frame_slots: self.control.frame_slots,
            entry: self.entry().offset() + pool,
            native_entry: self.control.native_entry,
            reg_entry: 0,
            main: self.control.main,
            loops: self.control.loop_words(pool),
            owners: self.tables.take_owners(pool),
            handlers,
            references,
            tables: self.tables.take_branch_tables(pool),
            faults: self.tables.faults.as_slice().into(),
            embedded: self.tables.embedded,
            code,
        })
    }

    #[cold]
    fn note_position(&mut self, offset: u32) {
        self.tables.note_position(self.asm.offset(), offset);
    }

    /// How far a slot lies above the frame pointer, in slots.
    pub(crate) fn fp_slot(&self, slot: Slot) -> i64 {
        i64::from(slot.0) - i64::from(frame::fp_offset(self.frame.params))
    }
}

impl Backend for Compiler<'_> {
    fn begin(&mut self, frame: &Frame, locals: &[LocalRun]) {
        self.pins.begin(locals);
        self.prologue(frame);
    }

    fn wants_survey(&self) -> bool {
        true
    }

    #[inline(always)]
    fn position(&mut self, offset: u32) {
        (self.next, self.copied) = (None, None);
        if self.positions {
            self.note_position(offset);
        }
    }

    fn next(&mut self, next: Next) {
        self.next = Some(next);
    }

    fn new_label(&mut self) -> Label {
        self.make_label()
    }

    fn bind(&mut self, label: Label, live: Live<'_>) {
        self.settle();
        self.kept_flags = None;
        self.bind_label(label, live.top);
    }

    fn loop_head(&mut self, number: u32, _live: Live<'_>, survey: Option<&LoopSurvey<'_>>) {
        self.enter_loop(number, survey);
    }

    fn loop_end(&mut self, _number: u32) {
        self.leave_loop();
    }

    fn charge(&mut self) -> Charge {
        self.settle();
        self.take_fuel()
    }

    fn set_charge(&mut self, charge: Charge, fuel: u32) {
        debug_assert!(i32::try_from(fuel).is_ok(), "the instruction extends the sign");
        self.asm.patch_u32(charge.0, fuel);
    }

    fn check_interrupt(&mut self, top: Slot) {
        self.settle();
        self.compile_check(top);
    }

    fn copy(&mut self, dst: Slot, src: Operand, ty: ValType) {
        self.copy_value(dst, src, ty);
    }

    fn carry(&mut self, dst: Slot, src: Operand, ty: ValType) {
        self.carry_value(dst, src, ty);
    }

    fn set_local(&mut self, _local: LocalIndex, dst: Slot, src: Operand, ty: ValType) {
        self.set_local_value(dst, src, ty);
    }

    fn copy_span(&mut self, dst: Slot, src: Operands<'_>) {
        self.settle();
        self.copy_slots(dst, src);
    }

    fn discard(&mut self, operand: Operand) {
        self.settle();
        self.consume(operand);
        self.done();
    }

    fn const_v128(&mut self, dst: Slot, value: V128) {
        if self.twin(false, |builder| builder.const_v128(dst, value)) {
            return;
        }
        self.settle();
        self.emit_vector_constant(dst, value.as_u128());
    }

    fn binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        if self.twin(false, |builder| builder.binary(op, dst, lhs, rhs)) {
            return;
        }
        self.compile_binary(op, dst, lhs, rhs);
    }

    fn wide(&mut self, op: Wide, dst: [Slot; 2], operands: &[Operand]) {
        if self.twin(false, |builder| builder.wide(op, dst, operands)) {
            return;
        }
        self.settle();
        self.emit_wide(op, dst, operands);
    }

    fn unary(&mut self, op: Unary, dst: Slot, value: Operand) {
        if self.twin(false, |builder| builder.unary(op, dst, value)) {
            return;
        }
        self.settle();
        self.compile_unary(op, dst, value);
    }

    fn ternary(&mut self, op: Ternary, dst: Slot, operands: [Operand; 3]) {
        if self.twin(false, |builder| builder.ternary(op, dst, operands)) {
            return;
        }
        self.settle();
        self.emit_vector_ternary(op, dst, operands);
    }

    fn extract_lane(&mut self, op: ExtractLane, lane: u8, dst: Slot, vector: Operand) {
        if self.twin(false, |builder| builder.extract_lane(op, lane, dst, vector)) {
            return;
        }
        self.settle();
        self.emit_extract_lane(op, lane, dst, vector);
    }

    fn replace_lane(&mut self, op: ReplaceLane, lane: u8, dst: Slot, vector: Operand, value: Operand) {
        if self.twin(false, |builder| builder.replace_lane(op, lane, dst, vector, value)) {
            return;
        }
        self.settle();
        if !self.emit_replace_lane(op, lane, dst, vector, value) {
            self.embed(false, |builder| builder.replace_lane(op, lane, dst, vector, value));
        }
    }

    fn shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand) {
        if self.twin(false, |builder| builder.shuffle(lanes, dst, a, b)) {
            return;
        }
        self.settle();
        if !self.emit_shuffle(lanes, dst, a, b) {
            self.embed(false, |builder| builder.shuffle(lanes, dst, a, b));
        }
    }

    fn select(&mut self, ty: ValType, dst: Slot, condition: Operand, if_true: Operand, if_false: Operand) {
        if self.twin(false, |builder| builder.select(ty, dst, condition, if_true, if_false)) {
            return;
        }
        self.compile_select(ty, dst, condition, if_true, if_false);
    }

    fn load(&mut self, op: Load, ty: ValType, arg: MemArg, dst: Slot, address: Operand) {
        if self.twin(true, |builder| builder.load(op, ty, arg, dst, address)) {
            return;
        }
        self.settle();
        self.compile_load(op, ty, arg, dst, address);
    }

    fn store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        if self.twin(true, |builder| builder.store(op, arg, address, value)) {
            return;
        }
        self.settle();
        self.compile_store(op, arg, address, value);
    }

    fn load_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, dst: Slot, address: Operand, vector: Operand) {
        if self.twin(true, |builder| builder.load_lane(bytes, lane, arg, dst, address, vector)) {
            return;
        }
        self.settle();
        if !self.emit_load_lane(bytes, lane, arg, dst, address, vector) {
            self.embed(true, |builder| builder.load_lane(bytes, lane, arg, dst, address, vector));
        }
    }

    fn store_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, address: Operand, vector: Operand) {
        if self.twin(true, |builder| builder.store_lane(bytes, lane, arg, address, vector)) {
            return;
        }
        self.settle();
        if !self.emit_store_lane(bytes, lane, arg, address, vector) {
            self.embed(true, |builder| builder.store_lane(bytes, lane, arg, address, vector));
        }
    }

    fn atomic(&mut self, op: Atomic, ty: ValType, arg: MemArg, dst: Slot, operands: &[Operand]) {
        if self.twin(true, |builder| builder.atomic(op, ty, arg, dst, operands)) {
            return;
        }
        self.settle();
        if !self.emit_atomic(op, arg, dst, operands) {
            self.embed(true, |builder| builder.atomic(op, ty, arg, dst, operands));
        }
    }

    fn fence(&mut self) {
        self.settle();
        self.asm.mfence();
    }

    fn memory_size(&mut self, memory: MemoryIndex, dst: Slot) {
        if self.twin(false, |builder| builder.memory_size(memory, dst)) {
            return;
        }
        self.settle();
        self.size_of_memory(memory, dst);
    }

    fn global_get(&mut self, global: GlobalIndex, dst: Slot) {
        if self.twin(false, |builder| builder.global_get(global, dst)) {
            return;
        }
        self.settle();
        self.load_global(global, dst);
    }

    fn global_set(&mut self, global: GlobalIndex, value: Operand) {
        if self.twin(false, |builder| builder.global_set(global, value)) {
            return;
        }
        self.settle();
        self.store_global(global, value);
    }

    fn ref_func(&mut self, func: FuncIndex, dst: Slot) {
        if self.twin(false, |builder| builder.ref_func(func, dst)) {
            return;
        }
        self.settle();
        self.reference_to(func, dst);
    }

    fn ref_eq(&mut self, dst: Slot, lhs: Operand, rhs: Operand) {
        if self.twin(false, |builder| builder.ref_eq(dst, lhs, rhs)) {
            return;
        }
        // References are compared by their bits.
        self.compile_binary(Binary::I64Eq, dst, lhs, rhs);
    }

    fn ref_is_null(&mut self, dst: Slot, reference: Operand) {
        if self.twin(false, |builder| builder.ref_is_null(dst, reference)) {
            return;
        }
        self.compile_binary(Binary::I64Eq, dst, reference, NULL);
    }

    fn ref_as_non_null(&mut self, value: Operand) {
        if self.twin(false, |builder| builder.ref_as_non_null(value)) {
            return;
        }
        self.settle();
        self.check_null(value);
    }

    fn builtin(&mut self, service: &Service<'_>) {
        if self.twin(false, |builder| builder.builtin(service)) {
            return;
        }
        self.settle();
        self.compile_service(service);
    }

    fn open_handler(&mut self, handler: Handler, outer: Option<Handler>) {
        self.settle();
        self.detour = None;
        self.tables.side.open_handler(self.asm.offset(), handler, outer);
    }

    fn catch(&mut self, handler: Handler, clause: &Catch) {
        self.note_catch(clause.target);
        self.tables.side.catch(handler, clause);
    }

    fn close_handler(&mut self, handler: Handler, next: Option<Handler>) {
        self.settle();
        self.detour = None;
        self.tables.side.close_handler(self.asm.offset(), handler, next);
    }

    fn throw(&mut self, tag: TagIndex, payload: Slot) {
        self.settle();
        self.embed_last(|builder| builder.throw(tag, payload));
    }

    fn throw_ref(&mut self, exception: Operand) {
        self.settle();
        self.embed_last(|builder| builder.throw_ref(exception));
    }

    fn safepoint(&mut self, operands: Option<References>) {
        self.settle();
        self.tables.side.safepoint(self.asm.offset(), operands);
    }

    fn references(&mut self, locals: &[Slot], nodes: &[ReferenceNode]) {
        self.tables.side.references(locals, nodes);
    }

    fn struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>) {
        if self.twin(false, |builder| builder.struct_new(ty, dst, fields)) {
            return;
        }
        self.settle();
        if !self.emit_struct_new(ty, dst, fields) {
            self.embed(false, |builder| builder.struct_new(ty, dst, fields));
        }
    }

    fn field_load(&mut self, op: Load, ty: ValType, offset: u32, dst: Slot, object: Operand) {
        if self.twin(false, |builder| builder.field_load(op, ty, offset, dst, object)) {
            return;
        }
        self.settle();
        self.emit_field_load(op, ty.into(), offset, dst, object);
    }

    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        if self.twin(false, |builder| builder.field_store(op, offset, object, value)) {
            return;
        }
        self.settle();
        self.emit_field_store(op, offset, object, value);
    }

    fn element_load(&mut self, op: Load, ty: ValType, dst: Slot, array: Operand, index: Operand) {
        if self.twin(false, |builder| builder.element_load(op, ty, dst, array, index)) {
            return;
        }
        self.settle();
        self.emit_element_load(op, ty.into(), dst, array, index);
    }

    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        if self.twin(false, |builder| builder.element_store(op, array, index, value)) {
            return;
        }
        self.settle();
        self.emit_element_store(op, array, index, value);
    }

    fn array_len(&mut self, dst: Slot, array: Operand) {
        if self.twin(false, |builder| builder.array_len(dst, array)) {
            return;
        }
        self.settle();
        self.emit_array_len(dst, array);
    }

    fn ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand) {
        if self.twin(false, |builder| builder.ref_test(cast, dst, reference)) {
            return;
        }
        self.settle();
        self.compile_ref_test(cast, dst, reference);
    }

    fn ref_cast(&mut self, cast: Cast, reference: Operand) {
        if self.twin(false, |builder| builder.ref_cast(cast, reference)) {
            return;
        }
        self.settle();
        self.compile_ref_cast(cast, reference);
    }

    fn branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label, free: Slot) {
        self.settle();
        self.branch_on_cast(cast, reference, sense, target, free);
    }

    fn unreachable(&mut self) {
        self.settle();
        self.trap_here(upshift_core::Trap::UnreachableCodeReached);
    }

    fn jump(&mut self, target: Label) {
        self.settle();
        self.jump_to(target);
    }

    fn branch_if(&mut self, condition: Operand, sense: bool, target: Label) {
        self.branch_on(condition, sense, target);
    }

    fn branch_if_null(&mut self, reference: Operand, sense: bool, target: Label) {
        self.settle();
        self.branch_on_null(reference, sense, target);
    }

    fn branch_table(&mut self, index: Operand, targets: &[Label]) {
        self.settle();
        self.branch_by_table(index, targets);
    }

    fn arguments(&mut self, callee: Callee, ty: &FuncType, base: Slot) {
        self.expect_arguments(callee, ty, base);
    }

    fn call(&mut self, call: &Call<'_>) {
        self.settle();
        self.compile_call(call);
    }

    fn ret(&mut self, values: Return<'_>) {
        self.settle();
        self.compile_return(values);
    }

    fn end(&mut self, frame_slots: u32) {
        self.epilogue(frame_slots);
    }
}

/// The reference to nothing; it is immediate where it is compared.
const NULL: Operand = Operand::Const(0, Slot(0));
