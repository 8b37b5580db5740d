//! The walker's backend for tier 0: chooses instructions and writes code words.
//!
//! In: calls of [`Backend`], with operands in slots or constant. Out: the words of a function.
//!
//! Peepholes work on the last instruction, as long as no label was bound since:
//! * a value that was just computed is taken from the accumulator (`fuse::Accumulators`),
//! * a result that goes to a local is written there directly (`Builder::emit_set_local`),
//! * an instruction absorbs the previous one if nothing else uses that one's result (`fuse::Source`).
//!
//! A jump back to a loop that begins with a test becomes the test (`fuse::LoopTest`); a jump to a return becomes a return.
//!
//! ```text
//! Backend ─▶ pick a form (forms, memory, objects, calls) ─▶ join it with its predecessor (fuse) ─▶ words ─▶ labels, at the end
//! ```
//!
//! The walker counts slots from the first parameter, code counts from `fp`, which lies above parameters and header. The
//! difference is subtracted where instructions are written (`words`) and where the tables beside the code are
//! (`Builder::fp_slot`).
//!
//! Slots that are too far from `fp` for 16 bits go through scratch slots with `copy.wide`, so that big functions run on the
//! same instructions as small ones.

mod calls;
mod embed;
mod forms;
mod fuse;
mod labels;
mod memory;
mod objects;
mod side_tables;
mod words;

use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::ValType;
use upshift_core::value::V128;
use upshift_core::vm::{Preamble, VmLayout, frame};
use upshift_translate::ModuleInfo;
use upshift_translate::backend::{
    Backend, Call, Catch, Charge, Frame, Handler, Label, Live, LocalRun, LoopSurvey, MemArg, Operand,
    Operands, ReferenceNode, References, Return, Service, Slot,
};

pub use self::embed::instructions;
use self::forms::keeps_bits;
use self::fuse::Peephole;
use self::labels::{Fixup, TargetList};
pub use self::side_tables::SideTables;
use crate::func_code::FuncCode;
use crate::op::{Loc, Op, extract_lane_form, replace_lane_form, ternary_form, unary_form, wide_form};

/// The reference to nothing, as the second operand of comparisons; it is immediate there, so its home is not used.
const NULL: Operand = Operand::Const(0, Slot(0));

/// Builds the code of one function.
#[derive(Debug)]
pub struct Builder<'m> {
    module: &'m ModuleInfo,
    layout: VmLayout,
    frame: Frame,
    words: Vec<u64>,
    /// Where each label is bound.
    labels: Vec<u32>,
    fixups: Vec<Fixup>,
    target_lists: Vec<TargetList>,
    /// Jumps to heads of loops that are to be written at the end, each with its own label.
    back_edges: Vec<(Label, Label)>,
    /// The first of each such pair by the second, as far as there are any: a table can lead to many loops.
    back_edge_of: Vec<Option<Label>>,
    peephole: Peephole,
    /// Handlers and references, by words.
    tables: SideTables,
    /// The word where each loop begins, by its number; 0 for those that nothing reaches.
    loops: Vec<u32>,
    positions: Option<Vec<(u32, u32)>>,
}

impl<'m> Builder<'m> {
    /// A builder for a function of the module; with `positions` it notes where instructions come from.
    #[must_use]
    pub fn new(module: &'m ModuleInfo, func: FuncIndex, positions: bool) -> Builder<'m> {
        // Half a word per byte of the body is what most functions take.
        let size = module.body(func).map_or(0, |body| body.len());
        let mut words = Vec::with_capacity(size / 2 + 8);
        words.push(0);
        Builder::with_words(module, words, positions)
    }

    fn with_words(module: &'m ModuleInfo, words: Vec<u64>, positions: bool) -> Builder<'m> {
        Builder {
            module,
            layout: module.vm_layout(),
            frame: Frame { params: 0, results: 0, locals: 0, homes: 0, scratch: None },
            words,
            labels: Vec::new(),
            fixups: Vec::new(),
            target_lists: Vec::new(),
            back_edges: Vec::new(),
            back_edge_of: Vec::new(),
            peephole: Peephole::default(),
            tables: SideTables::default(),
            loops: Vec::new(),
            positions: positions.then(Vec::new),
        }
    }

    /// The finished code.
    #[must_use]
    pub fn finish(mut self) -> FuncCode {
        let tables = std::mem::take(&mut self.tables);
        let (handlers, references) = tables.finish(|label| self.place_of(label.0) as u32);
        FuncCode::new(self.frame, self.words.into(), handlers, references).with_loops(self.loops.into())
    }

    /// How many words the code takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.words.len()
    }

    /// The notes about positions.
    #[must_use]
    pub fn take_positions(&mut self) -> Vec<(u32, u32)> {
        self.positions.take().unwrap_or_default()
    }
}

impl Builder<'_> {
    /// Whether a global is an own one, and the offset of its cell in the context, or of the pointer to it.
    fn global_place(&self, global: GlobalIndex) -> (bool, u64) {
        match global.0.checked_sub(self.module.imported_globals) {
            Some(own) => (true, self.layout.global(own) as u64),
            None => (false, self.layout.imported_global(global.0) as u64),
        }
    }
}

impl Backend for Builder<'_> {
    fn begin(&mut self, frame: &Frame, _locals: &[LocalRun]) {
        self.frame = *frame;
        self.tables = SideTables::new(frame.params);
        if frame.homes > frame.locals {
            self.emit(Op::ZeroSpan, &[u64::from(frame.locals), u64::from(frame.homes - frame.locals)]);
        }
    }

    fn position(&mut self, offset: u32) {
        if let Some(positions) = &mut self.positions {
            let word = self.words.len() as u32;
            match positions.last_mut() {
                Some(last) if last.0 == word => last.1 = offset,
                _ => positions.push((word, offset)),
            }
        }
    }

    fn new_label(&mut self) -> Label {
        self.make_label()
    }

    fn bind(&mut self, label: Label, _live: Live<'_>) {
        self.bind_here(label);
    }

    fn loop_head(&mut self, number: u32, _live: Live<'_>, _survey: Option<&LoopSurvey<'_>>) {
        self.peephole.loop_at = Some(self.words.len());
        let number = number as usize;
        if self.loops.len() <= number {
            self.loops.resize(number + 1, 0);
        }
        self.loops[number] = self.words.len() as u32;
    }

    fn charge(&mut self) -> Charge {
        Charge(self.emit(Op::Charge, &[0]) as u32)
    }

    fn set_charge(&mut self, charge: Charge, fuel: u32) {
        self.words[charge.0 as usize + 1] |= u64::from(fuel) << 32;
    }

    fn check_interrupt(&mut self, top: Slot) {
        self.emit(Op::CheckInterrupt, &[u64::from(top.0)]);
        self.peephole.reset();
    }

    fn copy(&mut self, dst: Slot, src: Operand, ty: ValType) {
        self.emit_copy(dst, src, ty);
    }

    fn set_local(&mut self, _local: LocalIndex, dst: Slot, src: Operand, ty: ValType) {
        self.emit_set_local(dst, src, ty);
    }

    fn copy_span(&mut self, dst: Slot, src: Operands<'_>) {
        let Some(first) = src.first() else { return };
        // Spans are as long as the results of a block, which validation bounds to 1000 values.
        let slots = src.slots();
        self.emit(Op::CopySpan, &[u64::from(slots), u64::from(dst.0), u64::from(first.0)]);
        for slot in dst.0..dst.0 + slots {
            self.peephole.accumulators.forget(Slot(slot));
        }
    }

    fn const_v128(&mut self, dst: Slot, value: V128) {
        let bits = value.as_u128();
        self.emit_value(Op::ConstV128, ValType::V128, dst, &[bits as u64, (bits >> 64) as u64]);
    }

    fn binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        self.emit_binary(op, dst, lhs, rhs);
    }

    fn wide(&mut self, op: Wide, dst: [Slot; 2], operands: &[Operand]) {
        let mut values = [0; 6];
        for (value, slot) in values.iter_mut().zip(dst) {
            *value = u64::from(slot.0);
        }
        for (value, &operand) in values[2..].iter_mut().zip(operands) {
            *value = u64::from(self.slot(operand).0);
        }
        self.emit(wide_form(op), &values[..2 + operands.len()]);
        // The upper half is written last.
        for slot in dst {
            self.peephole.accumulators.wrote(op.result(), slot);
        }
    }

    fn unary(&mut self, op: Unary, dst: Slot, value: Operand) {
        let ty = op.operands()[0];
        let slot = self.slot(value);
        if slot == dst && keeps_bits(op) {
            return;
        }
        match unary_form(op, Loc::Acc) {
            Some(form) if self.peephole.accumulators.holds(ty, slot) => {
                self.emit_value(form, op.result(), dst, &[])
            }
            _ => {
                let form = unary_form(op, Loc::Slot).expect("all operators have a form with slots");
                self.emit_value(form, op.result(), dst, &[u64::from(slot.0)]);
            }
        }
    }

    fn ternary(&mut self, op: Ternary, dst: Slot, operands: [Operand; 3]) {
        let slots = operands.map(|operand| u64::from(self.slot(operand).0));
        self.emit_value(ternary_form(op), op.result(), dst, &slots);
    }

    fn extract_lane(&mut self, op: ExtractLane, lane: u8, dst: Slot, vector: Operand) {
        let vector = self.slot(vector);
        self.emit_value(extract_lane_form(op), op.result(), dst, &[u64::from(vector.0), u64::from(lane)]);
    }

    fn replace_lane(&mut self, op: ReplaceLane, lane: u8, dst: Slot, vector: Operand, value: Operand) {
        let vector = self.slot(vector);
        let value = self.slot(value);
        let values = [u64::from(vector.0), u64::from(value.0), u64::from(lane)];
        self.emit_value(replace_lane_form(op), ValType::V128, dst, &values);
    }

    fn shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand) {
        let a = self.slot(a);
        let b = self.slot(b);
        let lanes = u128::from_le_bytes(lanes);
        let values = [u64::from(a.0), u64::from(b.0), lanes as u64, (lanes >> 64) as u64];
        self.emit_value(Op::Shuffle, ValType::V128, dst, &values);
    }

    fn select(&mut self, ty: ValType, dst: Slot, condition: Operand, if_true: Operand, if_false: Operand) {
        let if_true = u64::from(self.slot(if_true).0);
        let if_false = u64::from(self.slot(if_false).0);
        let condition = self.slot(condition);
        if ty == ValType::V128 {
            let values = [if_true, if_false, u64::from(condition.0)];
            return self.emit_value(Op::SelectV128, ty, dst, &values);
        }
        // The chosen bits go through the integer accumulator, whatever they mean.
        if self.peephole.accumulators.holds(ValType::I32, condition) {
            self.emit_value(Op::SelectA, ValType::I64, dst, &[if_true, if_false]);
        } else {
            self.emit_value(Op::Select, ValType::I64, dst, &[if_true, if_false, u64::from(condition.0)]);
        }
    }

    fn load(&mut self, op: Load, _ty: ValType, arg: MemArg, dst: Slot, address: Operand) {
        self.emit_load(op, arg, dst, address);
    }

    fn store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        self.emit_store(op, arg, address, value);
    }

    fn load_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, dst: Slot, address: Operand, vector: Operand) {
        self.emit_load_lane(bytes, lane, arg, dst, address, vector);
    }

    fn store_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, address: Operand, vector: Operand) {
        self.emit_store_lane(bytes, lane, arg, address, vector);
    }

    fn atomic(&mut self, op: Atomic, _ty: ValType, arg: MemArg, dst: Slot, operands: &[Operand]) {
        self.emit_atomic(op, arg, dst, operands);
    }

    fn fence(&mut self) {
        self.emit(Op::Fence, &[]);
    }

    fn memory_size(&mut self, memory: MemoryIndex, dst: Slot) {
        let page = u64::from(self.module.memories[memory.index()].page_size_log2);
        self.emit_value(Op::MemorySize, ValType::I64, dst, &[u64::from(memory.0), page]);
    }

    fn global_get(&mut self, global: GlobalIndex, dst: Slot) {
        let ty = self.module.globals[global.index()].content;
        let vector = ty == ValType::V128;
        let (own, place) = self.global_place(global);
        let op = match (own, vector) {
            (true, false) => Op::GlobalGet,
            (true, true) => Op::GlobalGetV128,
            (false, false) => Op::GlobalGetImport,
            (false, true) => Op::GlobalGetImportV128,
        };
        // The bits of a scalar go through the integer accumulator.
        self.emit_value(op, if vector { ty } else { ValType::I64 }, dst, &[place]);
    }

    fn global_set(&mut self, global: GlobalIndex, value: Operand) {
        let ty = self.module.globals[global.index()].content;
        let vector = ty == ValType::V128;
        let value = u64::from(self.slot(value).0);
        let (own, place) = self.global_place(global);
        let op = match (own, vector) {
            (true, false) => Op::GlobalSet,
            (true, true) => Op::GlobalSetV128,
            (false, false) => Op::GlobalSetImport,
            (false, true) => Op::GlobalSetImportV128,
        };
        self.emit(op, &[value, place]);
    }

    fn ref_func(&mut self, func: FuncIndex, dst: Slot) {
        let (own, place) = self.func_place(func);
        let op = if own { Op::RefFunc } else { Op::RefFuncImport };
        self.emit_value(op, ValType::FUNCREF, dst, &[place]);
    }

    fn ref_as_non_null(&mut self, value: Operand) {
        let slot = self.slot(value);
        self.emit(Op::RefAsNonNull, &[u64::from(slot.0)]);
    }

    fn ref_eq(&mut self, dst: Slot, lhs: Operand, rhs: Operand) {
        // References are compared by their bits, and null has none.
        self.emit_binary(Binary::I64Eq, dst, lhs, rhs);
    }

    fn ref_is_null(&mut self, dst: Slot, reference: Operand) {
        self.emit_binary(Binary::I64Eq, dst, reference, NULL);
    }

    fn builtin(&mut self, service: &Service<'_>) {
        let &Service { op, mut x, y, base, .. } = service;
        if op.effects().of_type {
            x = self.module.types[x as usize].id.0;
        }
        self.emit(Op::Builtin, &[op as u64, u64::from(base.0), u64::from(x), u64::from(y)]);
        self.peephole.reset();
    }

    fn open_handler(&mut self, handler: Handler, outer: Option<Handler>) {
        self.tables.open_handler(self.words.len() as u32, handler, outer);
    }

    fn catch(&mut self, handler: Handler, clause: &Catch) {
        self.tables.catch(handler, clause);
    }

    fn close_handler(&mut self, handler: Handler, next: Option<Handler>) {
        self.tables.close_handler(self.words.len() as u32, handler, next);
    }

    fn throw(&mut self, tag: TagIndex, payload: Slot) {
        self.emit(Op::Throw, &[u64::from(payload.0), u64::from(tag.0)]);
    }

    fn throw_ref(&mut self, exception: Operand) {
        let slot = self.slot(exception);
        self.emit(Op::ThrowRef, &[u64::from(slot.0)]);
    }

    fn safepoint(&mut self, operands: Option<References>) {
        self.tables.safepoint(self.words.len() as u32, operands);
    }

    fn references(&mut self, locals: &[Slot], nodes: &[ReferenceNode]) {
        self.tables.references(locals, nodes);
    }

    fn struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>) {
        self.emit_struct_new(ty, dst, fields);
    }

    fn field_load(&mut self, op: Load, _ty: ValType, offset: u32, dst: Slot, object: Operand) {
        self.emit_field_load(op, offset, dst, object);
    }

    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        self.emit_field_store(op, offset, object, value);
    }

    fn element_load(&mut self, op: Load, _ty: ValType, dst: Slot, array: Operand, index: Operand) {
        self.emit_element_load(op, dst, array, index);
    }

    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        self.emit_element_store(op, array, index, value);
    }

    fn array_len(&mut self, dst: Slot, array: Operand) {
        let array = self.slot(array);
        self.emit_value(Op::ArrayLen, ValType::I32, dst, &[u64::from(array.0)]);
    }

    fn ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand) {
        self.emit_ref_test(cast, dst, reference);
    }

    fn ref_cast(&mut self, cast: Cast, reference: Operand) {
        self.emit_ref_cast(cast, reference);
    }

    fn branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label, _free: Slot) {
        self.emit_branch_if_cast(cast, reference, sense, target);
    }

    fn unreachable(&mut self) {
        self.emit(Op::Unreachable, &[]);
    }

    fn jump(&mut self, target: Label) {
        self.emit_jump(target);
    }

    fn branch_if(&mut self, condition: Operand, sense: bool, target: Label) {
        self.emit_branch_if(condition, sense, target);
    }

    fn branch_if_null(&mut self, reference: Operand, sense: bool, target: Label) {
        self.branch_compare(Binary::I64Eq, reference, Operand::Const(0, Slot(0)), sense, target);
    }

    fn branch_table(&mut self, index: Operand, targets: &[Label]) {
        self.emit_branch_table(index, targets);
    }

    fn call(&mut self, call: &Call<'_>) {
        self.emit_call(call);
    }

    fn ret(&mut self, values: Return<'_>) {
        self.emit_return(values);
    }

    fn end(&mut self, frame_slots: u32) {
        let frame_slots = frame_slots - frame::fp_offset(self.frame.params);
        self.words[0] = Preamble { frame_slots }.to_word();
        self.emit_back_edges();
        self.resolve_targets();
    }
}
