//! Each call of the walker: checked first, then passed on.

use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::{FuncType, ValType};
use upshift_core::value::V128;

use super::{Block, CheckingBackend};
use crate::backend::{
    Backend, Call, Callee, Catch, Charge, Frame, Handler, Label, Live, LocalRun, LoopSurvey, MemArg, Next,
    Operand, Operands, ReferenceNode, References, Return, Service, Slot,
};

impl<B: Backend> Backend for CheckingBackend<'_, '_, B> {
    fn begin(&mut self, frame: &Frame, locals: &[LocalRun]) {
        self.begin_frame(frame, locals);
        self.inner.begin(frame, locals);
    }

    fn wants_survey(&self) -> bool {
        self.inner.wants_survey()
    }

    fn position(&mut self, offset: u32) {
        self.offset = offset;
        self.inner.position(offset);
    }

    fn next(&mut self, next: Next) {
        self.inner.next(next);
    }

    fn new_label(&mut self) -> Label {
        let label = self.inner.new_label();
        self.expect_new(label);
        label
    }

    fn bind(&mut self, label: Label, live: Live<'_>) {
        self.bound(label, live);
        self.inner.bind(label, live);
    }

    fn loop_head(&mut self, number: u32, live: Live<'_>, survey: Option<&LoopSurvey<'_>>) {
        self.loop_begins(number, live);
        self.inner.loop_head(number, live, survey);
    }

    fn loop_end(&mut self, number: u32) {
        self.loop_ends(number);
        self.inner.loop_end(number);
    }

    fn open(&mut self, base: Slot) {
        self.event();
        self.blocks.push(Block::Plain);
        self.inner.open(base);
    }

    fn close(&mut self) {
        self.block_ends();
        self.inner.close();
    }

    fn charge(&mut self) -> Charge {
        self.event();
        self.expect(self.charge.is_none(), "a charge begins before the one before it is set");
        let charge = self.inner.charge();
        self.charge = Some(charge);
        charge
    }

    fn set_charge(&mut self, charge: Charge, fuel: u32) {
        let open = self.charge.take();
        self.expect(open == Some(charge), "a charge is set that was not the last to begin");
        self.inner.set_charge(charge, fuel);
    }

    fn check_interrupt(&mut self, top: Slot) {
        self.event();
        self.dead_from(top);
        self.inner.check_interrupt(top);
    }

    fn copy(&mut self, dst: Slot, src: Operand, ty: ValType) {
        self.event();
        let reference = self.read_as(src, ty);
        self.write_value(dst, reference);
        self.inner.copy(dst, src, ty);
    }

    fn carry(&mut self, dst: Slot, src: Operand, ty: ValType) {
        self.event();
        let reference = self.read_as(src, ty);
        self.write_value(dst, reference);
        self.inner.carry(dst, src, ty);
    }

    fn set_local(&mut self, local: LocalIndex, dst: Slot, src: Operand, ty: ValType) {
        self.event();
        self.read_as(src, ty);
        self.expect(self.local(local) == Some((dst, ty)), "a local is set that lies elsewhere");
        self.inner.set_local(local, dst, src, ty);
    }

    fn copy_span(&mut self, dst: Slot, src: Operands<'_>) {
        self.event();
        self.span(dst, src);
        self.inner.copy_span(dst, src);
    }

    fn discard(&mut self, operand: Operand) {
        self.event();
        self.read(operand);
        self.inner.discard(operand);
    }

    fn const_v128(&mut self, dst: Slot, value: V128) {
        self.event();
        self.write(dst);
        self.inner.const_v128(dst, value);
    }

    fn binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        self.event();
        self.read_each(&[lhs, rhs]);
        self.write(dst);
        self.inner.binary(op, dst, lhs, rhs);
    }

    fn wide(&mut self, op: Wide, dst: [Slot; 2], operands: &[Operand]) {
        self.event();
        self.read_each(operands);
        self.write(dst[0]);
        self.write(dst[1]);
        self.inner.wide(op, dst, operands);
    }

    fn unary(&mut self, op: Unary, dst: Slot, value: Operand) {
        self.event();
        self.read(value);
        // What is made here has the type of an integer.
        self.write_value(dst, op == Unary::RefI31);
        self.inner.unary(op, dst, value);
    }

    fn ternary(&mut self, op: Ternary, dst: Slot, operands: [Operand; 3]) {
        self.event();
        self.read_each(&operands);
        self.write(dst);
        self.inner.ternary(op, dst, operands);
    }

    fn extract_lane(&mut self, op: ExtractLane, lane: u8, dst: Slot, vector: Operand) {
        self.event();
        self.read(vector);
        self.write(dst);
        self.inner.extract_lane(op, lane, dst, vector);
    }

    fn replace_lane(&mut self, op: ReplaceLane, lane: u8, dst: Slot, vector: Operand, value: Operand) {
        self.event();
        self.read_each(&[vector, value]);
        self.write(dst);
        self.inner.replace_lane(op, lane, dst, vector, value);
    }

    fn shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand) {
        self.event();
        self.read_each(&[a, b]);
        self.write(dst);
        self.inner.shuffle(lanes, dst, a, b);
    }

    fn select(&mut self, ty: ValType, dst: Slot, condition: Operand, if_true: Operand, if_false: Operand) {
        self.event();
        self.read(condition);
        self.read_as(if_true, ty);
        self.read_as(if_false, ty);
        self.write_as(dst, ty);
        self.inner.select(ty, dst, condition, if_true, if_false);
    }

    fn load(&mut self, op: Load, ty: ValType, arg: MemArg, dst: Slot, address: Operand) {
        self.event();
        self.read(address);
        self.write(dst);
        self.inner.load(op, ty, arg, dst, address);
    }

    fn store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        self.event();
        self.read_each(&[address, value]);
        self.inner.store(op, arg, address, value);
    }

    fn load_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, dst: Slot, address: Operand, vector: Operand) {
        self.event();
        self.read_each(&[address, vector]);
        self.write(dst);
        self.inner.load_lane(bytes, lane, arg, dst, address, vector);
    }

    fn store_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, address: Operand, vector: Operand) {
        self.event();
        self.read_each(&[address, vector]);
        self.inner.store_lane(bytes, lane, arg, address, vector);
    }

    fn atomic(&mut self, op: Atomic, ty: ValType, arg: MemArg, dst: Slot, operands: &[Operand]) {
        self.event();
        self.read_each(operands);
        if op.shape() != AtomicShape::Store {
            self.write(dst);
        }
        self.inner.atomic(op, ty, arg, dst, operands);
    }

    fn fence(&mut self) {
        self.event();
        self.inner.fence();
    }

    fn memory_size(&mut self, memory: MemoryIndex, dst: Slot) {
        self.event();
        self.write(dst);
        self.inner.memory_size(memory, dst);
    }

    fn global_get(&mut self, global: GlobalIndex, dst: Slot) {
        self.event();
        self.write_as(dst, self.module.globals[global.index()].content);
        self.inner.global_get(global, dst);
    }

    fn global_set(&mut self, global: GlobalIndex, value: Operand) {
        self.event();
        self.read(value);
        self.inner.global_set(global, value);
    }

    fn ref_func(&mut self, func: FuncIndex, dst: Slot) {
        self.event();
        self.write(dst);
        self.inner.ref_func(func, dst);
    }

    fn ref_eq(&mut self, dst: Slot, lhs: Operand, rhs: Operand) {
        self.event();
        self.read_each(&[lhs, rhs]);
        self.write(dst);
        self.inner.ref_eq(dst, lhs, rhs);
    }

    fn ref_is_null(&mut self, dst: Slot, reference: Operand) {
        self.event();
        self.read(reference);
        self.write(dst);
        self.inner.ref_is_null(dst, reference);
    }

    fn ref_as_non_null(&mut self, value: Operand) {
        self.event();
        self.read_kept(value);
        self.inner.ref_as_non_null(value);
    }

    fn builtin(&mut self, service: &Service<'_>) {
        self.event();
        self.service(service);
        self.inner.builtin(service);
    }

    fn open_handler(&mut self, handler: Handler, outer: Option<Handler>) {
        self.handler_opens(handler, outer);
        self.inner.open_handler(handler, outer);
    }

    fn catch(&mut self, handler: Handler, clause: &Catch) {
        self.clause(handler, clause);
        self.inner.catch(handler, clause);
    }

    fn close_handler(&mut self, handler: Handler, next: Option<Handler>) {
        let open = self.open_handlers.pop();
        self.expect(open == Some(handler), "handlers close out of order");
        self.expect(next.is_none_or(|next| next < handler), "a handler leads to one inside of it");
        self.inner.close_handler(handler, next);
    }

    fn throw(&mut self, tag: TagIndex, payload: Slot) {
        self.event();
        let types = self.module.tag_type(tag).func().params();
        self.read_slots(payload, types.iter().copied());
        self.reachable = false;
        self.inner.throw(tag, payload);
    }

    fn throw_ref(&mut self, exception: Operand) {
        self.event();
        self.read_object(exception);
        self.reachable = false;
        self.inner.throw_ref(exception);
    }

    fn safepoint(&mut self, operands: Option<References>) {
        self.note_list(operands);
        self.inner.safepoint(operands);
    }

    fn references(&mut self, locals: &[Slot], nodes: &[ReferenceNode]) {
        self.check_lists(locals, nodes);
        self.inner.references(locals, nodes);
    }

    fn struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>) {
        self.event();
        self.fields(ty, fields);
        self.write_value(dst, true);
        self.inner.struct_new(ty, dst, fields);
    }

    fn field_load(&mut self, op: Load, ty: ValType, offset: u32, dst: Slot, object: Operand) {
        self.event();
        self.read_object(object);
        self.write_as(dst, ty);
        self.inner.field_load(op, ty, offset, dst, object);
    }

    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        self.event();
        self.read_object(object);
        self.read(value);
        self.inner.field_store(op, offset, object, value);
    }

    fn element_load(&mut self, op: Load, ty: ValType, dst: Slot, array: Operand, index: Operand) {
        self.event();
        self.read_object(array);
        self.read(index);
        self.write_as(dst, ty);
        self.inner.element_load(op, ty, dst, array, index);
    }

    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        self.event();
        self.read_object(array);
        self.read_each(&[index, value]);
        self.inner.element_store(op, array, index, value);
    }

    fn array_len(&mut self, dst: Slot, array: Operand) {
        self.event();
        self.read_object(array);
        self.write(dst);
        self.inner.array_len(dst, array);
    }

    fn ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand) {
        self.event();
        self.read(reference);
        self.write(dst);
        self.inner.ref_test(cast, dst, reference);
    }

    fn ref_cast(&mut self, cast: Cast, reference: Operand) {
        self.event();
        self.read_kept(reference);
        self.inner.ref_cast(cast, reference);
    }

    fn branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label, free: Slot) {
        self.event();
        self.read_kept(reference);
        self.edge(target);
        self.inner.branch_if_cast(cast, reference, sense, target, free);
    }

    fn unreachable(&mut self) {
        self.event();
        self.reachable = false;
        self.inner.unreachable();
    }

    fn jump(&mut self, target: Label) {
        self.event();
        self.edge(target);
        self.reachable = false;
        self.inner.jump(target);
    }

    fn branch_if(&mut self, condition: Operand, sense: bool, target: Label) {
        self.event();
        self.read(condition);
        self.edge(target);
        self.inner.branch_if(condition, sense, target);
    }

    fn branch_if_null(&mut self, reference: Operand, sense: bool, target: Label) {
        self.event();
        self.read_kept(reference);
        self.edge(target);
        self.inner.branch_if_null(reference, sense, target);
    }

    fn branch_table(&mut self, index: Operand, targets: &[Label]) {
        self.event();
        self.read(index);
        for &target in targets {
            self.edge(target);
        }
        self.reachable = false;
        self.inner.branch_table(index, targets);
    }

    fn arguments(&mut self, callee: Callee, ty: &FuncType, base: Slot) {
        self.inner.arguments(callee, ty, base);
    }

    fn call(&mut self, call: &Call<'_>) {
        self.event();
        self.calls(call);
        self.inner.call(call);
    }

    fn ret(&mut self, values: Return<'_>) {
        self.event();
        self.returns(values);
        self.reachable = false;
        self.inner.ret(values);
    }

    fn end(&mut self, frame_slots: u32) {
        self.function_ends(frame_slots);
        self.inner.end(frame_slots);
    }
}
