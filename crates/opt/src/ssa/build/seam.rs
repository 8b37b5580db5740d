//! Each call of the walker: which instruction it becomes. Without a current block, nothing is made.

use upshift_core::Trap;
use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::ValType;
use upshift_core::types::composite::CompositeType;
use upshift_core::value::V128;
use upshift_translate::backend::{
    Backend, Call, Catch, Charge, Frame, Handler, Label, Live, LocalRun, LoopSurvey, MemArg, Operand,
    Operands, ReferenceNode, References, Return, Service, Slot,
};

use super::history::Content;
use super::{Builder, Region, Start, UNKNOWN};
use crate::ssa::{self, Op, Terminator, Ty, Value};

/// Leaves a method where control does not come.
macro_rules! reached {
    ($builder:ident) => {
        if $builder.current.is_none() {
            return;
        }
    };
}

impl Backend for Builder<'_> {
    fn begin(&mut self, frame: &Frame, locals: &[LocalRun]) {
        self.context_mut().begin(frame, locals);
        self.func.frame = *frame;
        self.history.add_slots(frame.homes);
        if self.start == Start::Function {
            self.function_begins();
        }
    }

    fn wants_survey(&self) -> bool {
        true
    }

    fn position(&mut self, offset: u32) {
        (self.offset, self.pos) = (offset, None);
    }

    fn new_label(&mut self) -> Label {
        self.make_label()
    }

    fn bind(&mut self, label: Label, live: Live<'_>) {
        self.bind_label(label, live);
    }

    fn loop_head(&mut self, number: u32, live: Live<'_>, survey: Option<&LoopSurvey<'_>>) {
        self.enter_loop(number, live, survey);
    }

    fn loop_end(&mut self, _number: u32) {
        self.leave_loop();
    }

    fn open(&mut self, base: Slot) {
        let since = self.history.now();
        self.linear_since = since;
        self.context_mut().regions.push(Region { since, base });
    }

    fn close(&mut self) {
        self.linear_since = self.history.now();
        self.context_mut().regions.pop();
    }

    fn charge(&mut self) -> Charge {
        match self.current {
            Some(_) => Charge(self.emit(Op::Charge(0), None, &[]).0),
            None => Charge(u32::MAX),
        }
    }

    fn set_charge(&mut self, charge: Charge, fuel: u32) {
        if let Some(inst) = self.func.values.get_mut(charge.0 as usize) {
            inst.op = Op::Charge(fuel);
        }
    }

    fn check_interrupt(&mut self, _top: Slot) {
        reached!(self);
        self.emit(Op::Interrupt, None, &[]);
    }

    fn copy(&mut self, dst: Slot, src: Operand, ty: ValType) {
        reached!(self);
        let value = self.operand(src, Ty::of(ty));
        self.history.write(dst, Content::Value(value));
    }

    fn set_local(&mut self, _local: LocalIndex, dst: Slot, src: Operand, ty: ValType) {
        self.copy(dst, src, ty);
    }

    fn copy_span(&mut self, dst: Slot, src: Operands<'_>) {
        reached!(self);
        let Some(first) = src.first() else { return };
        for (slot, _) in src.in_homes() {
            let value = self.read(slot);
            self.history.write(Slot(dst.0 + (slot.0 - first.0)), Content::Value(value));
        }
    }

    fn const_v128(&mut self, dst: Slot, value: V128) {
        reached!(self);
        let value = self.vector(value);
        self.history.write(dst, Content::Value(value));
    }

    fn binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        reached!(self);
        let types = op.operands();
        let lhs = self.operand(lhs, Ty::of(types[0]));
        let rhs = self.operand(rhs, Ty::of(types[1]));
        self.define(dst, Op::Binary(op), Ty::of(op.result()), &[lhs, rhs]);
    }

    fn wide(&mut self, op: Wide, dst: [Slot; 2], operands: &[Operand]) {
        reached!(self);
        let mut args = std::mem::take(&mut self.operands);
        for (&operand, &ty) in operands.iter().zip(op.operands()) {
            args.push(self.operand(operand, Ty::of(ty)));
        }
        let wide = self.emit(Op::Wide(op), None, &args);
        args.clear();
        self.operands = args;
        for (number, dst) in dst.into_iter().enumerate() {
            self.define(dst, Op::Result(number as u32), Ty::of(op.result()), &[wide]);
        }
    }

    fn unary(&mut self, op: Unary, dst: Slot, value: Operand) {
        reached!(self);
        let value = self.operand(value, ssa::unary_operand(op));
        self.define(dst, Op::Unary(op), ssa::unary_result(op), &[value]);
    }

    fn ternary(&mut self, op: Ternary, dst: Slot, operands: [Operand; 3]) {
        reached!(self);
        let args = operands.map(|operand| self.operand(operand, Ty::V128));
        self.define(dst, Op::Ternary(op), Ty::of(op.result()), &args);
    }

    fn extract_lane(&mut self, op: ExtractLane, lane: u8, dst: Slot, vector: Operand) {
        reached!(self);
        let vector = self.operand(vector, Ty::V128);
        self.define(dst, Op::ExtractLane(op, lane), Ty::of(op.result()), &[vector]);
    }

    fn replace_lane(&mut self, op: ReplaceLane, lane: u8, dst: Slot, vector: Operand, value: Operand) {
        reached!(self);
        let vector = self.operand(vector, Ty::V128);
        let value = self.operand(value, Ty::of(op.operands()[1]));
        self.define(dst, Op::ReplaceLane(op, lane), Ty::V128, &[vector, value]);
    }

    fn shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand) {
        reached!(self);
        let lanes = self.func.vector(V128(lanes));
        let (a, b) = (self.operand(a, Ty::V128), self.operand(b, Ty::V128));
        self.define(dst, Op::Shuffle(lanes), Ty::V128, &[a, b]);
    }

    fn select(&mut self, ty: ValType, dst: Slot, condition: Operand, if_true: Operand, if_false: Operand) {
        reached!(self);
        let ty = Ty::of(ty);
        let condition = self.operand(condition, Ty::I32);
        let (if_true, if_false) = (self.operand(if_true, ty), self.operand(if_false, ty));
        self.define(dst, Op::Select, ty, &[condition, if_true, if_false]);
    }

    fn load(&mut self, op: Load, ty: ValType, arg: MemArg, dst: Slot, address: Operand) {
        reached!(self);
        let address = self.address(arg, address);
        let MemArg { memory, offset } = arg;
        self.define(dst, Op::Load { op, memory, offset }, Ty::of(ty), &[address]);
    }

    fn store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        reached!(self);
        let address = self.address(arg, address);
        let value = self.operand(value, ssa::stored(op));
        let MemArg { memory, offset } = arg;
        self.emit(Op::Store { op, memory, offset }, None, &[address, value]);
    }

    fn load_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, dst: Slot, address: Operand, vector: Operand) {
        reached!(self);
        let address = self.address(arg, address);
        let vector = self.operand(vector, Ty::V128);
        let MemArg { memory, offset } = arg;
        self.define(dst, Op::LoadLane { bytes, lane, memory, offset }, Ty::V128, &[address, vector]);
    }

    fn store_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, address: Operand, vector: Operand) {
        reached!(self);
        let address = self.address(arg, address);
        let vector = self.operand(vector, Ty::V128);
        let MemArg { memory, offset } = arg;
        self.emit(Op::StoreLane { bytes, lane, memory, offset }, None, &[address, vector]);
    }

    fn atomic(&mut self, op: Atomic, ty: ValType, arg: MemArg, dst: Slot, operands: &[Operand]) {
        reached!(self);
        let ty = Ty::of(ty);
        let mut args = [Value(0); 3];
        args[0] = self.address(arg, operands[0]);
        for (arg, &operand) in args.iter_mut().zip(operands).skip(1) {
            *arg = self.operand(operand, ty);
        }
        let args = &args[..operands.len()];
        let MemArg { memory, offset } = arg;
        let access = Op::Atomic { op, memory, offset };
        match op.shape() {
            AtomicShape::Store => {
                self.emit(access, None, args);
            }
            _ => self.define(dst, access, ty, args),
        }
    }

    fn fence(&mut self) {
        reached!(self);
        self.emit(Op::Fence, None, &[]);
    }

    fn memory_size(&mut self, memory: MemoryIndex, dst: Slot) {
        reached!(self);
        let ty = self.module.memories[memory.index()].index.val_type();
        self.define(dst, Op::MemorySize(memory), Ty::of(ty), &[]);
    }

    fn global_get(&mut self, global: GlobalIndex, dst: Slot) {
        reached!(self);
        let ty = Ty::of(self.module.globals[global.index()].content);
        self.define(dst, Op::GlobalGet(global), ty, &[]);
    }

    fn global_set(&mut self, global: GlobalIndex, value: Operand) {
        reached!(self);
        let value = self.operand(value, Ty::of(self.module.globals[global.index()].content));
        self.emit(Op::GlobalSet(global), None, &[value]);
    }

    fn ref_func(&mut self, func: FuncIndex, dst: Slot) {
        reached!(self);
        self.define(dst, Op::RefFunc(func), Ty::I64, &[]);
    }

    fn ref_eq(&mut self, dst: Slot, lhs: Operand, rhs: Operand) {
        reached!(self);
        let (lhs, rhs) = (self.operand(lhs, Ty::Ref), self.operand(rhs, Ty::Ref));
        self.define(dst, Op::RefEq, Ty::I32, &[lhs, rhs]);
    }

    fn ref_is_null(&mut self, dst: Slot, reference: Operand) {
        reached!(self);
        let reference = self.operand(reference, Ty::Ref);
        self.define(dst, Op::RefIsNull, Ty::I32, &[reference]);
    }

    fn ref_as_non_null(&mut self, value: Operand) {
        reached!(self);
        let value = self.operand(value, Ty::Ref);
        self.emit(Op::RefAsNonNull, None, &[value]);
    }

    fn builtin(&mut self, service: &Service<'_>) {
        reached!(self);
        let &Service { op, x, y, base, operands, result } = service;
        self.read_all(base, operands.types());
        let args = std::mem::take(&mut self.operands);
        let value = self.emit(Op::Service { op, x, y }, result.map(Ty::of), &args);
        self.operands = args;
        self.operands.clear();
        if result.is_some() {
            self.history.write(base, Content::Value(value));
        }
    }

    fn open_handler(&mut self, handler: Handler, outer: Option<Handler>) {
        self.enter_handler(handler, outer);
    }

    fn catch(&mut self, handler: Handler, clause: &Catch) {
        self.add_clause(handler, clause);
    }

    fn close_handler(&mut self, handler: Handler, next: Option<Handler>) {
        self.leave_handler(handler, next);
    }

    fn throw(&mut self, tag: TagIndex, payload: Slot) {
        reached!(self);
        let module = self.module;
        self.read_all(payload, module.tag_type(tag).func().params().iter().copied());
        let args = self.func.make_list(&self.operands);
        self.operands.clear();
        self.add_site();
        self.terminate(Terminator::Throw { tag, args, landings: Vec::new(), steps: 0 });
    }

    fn throw_ref(&mut self, exception: Operand) {
        reached!(self);
        let exception = self.operand(exception, Ty::Ref);
        self.add_site();
        self.terminate(Terminator::ThrowRef { exception, landings: Vec::new(), steps: 0 });
    }

    fn safepoint(&mut self, _operands: Option<References>) {}
    fn references(&mut self, _locals: &[Slot], _nodes: &[ReferenceNode]) {}

    fn struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>) {
        reached!(self);
        let module = self.module;
        if let (Some(first), CompositeType::Struct(types)) =
            (fields, &module.types[ty.index()].ty.definition.composite)
        {
            self.read_all(first, types.iter().map(|field| field.storage.unpack()));
        }
        let args = std::mem::take(&mut self.operands);
        self.define(dst, Op::StructNew { ty, default: fields.is_none() }, Ty::Ref, &args);
        self.operands = args;
        self.operands.clear();
    }

    fn field_load(&mut self, op: Load, ty: ValType, offset: u32, dst: Slot, object: Operand) {
        reached!(self);
        let object = self.operand(object, Ty::Ref);
        self.define(dst, Op::FieldLoad { op, offset }, Ty::of(ty), &[object]);
    }

    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        reached!(self);
        let object = self.operand(object, Ty::Ref);
        let value = self.operand(value, ssa::stored(op));
        self.emit(Op::FieldStore { op, offset }, None, &[object, value]);
    }

    fn element_load(&mut self, op: Load, ty: ValType, dst: Slot, array: Operand, index: Operand) {
        reached!(self);
        let array = self.operand(array, Ty::Ref);
        let index = self.operand(index, Ty::I32);
        self.define(dst, Op::ElementLoad(op), Ty::of(ty), &[array, index]);
    }

    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        reached!(self);
        let array = self.operand(array, Ty::Ref);
        let index = self.operand(index, Ty::I32);
        let value = self.operand(value, ssa::stored(op));
        self.emit(Op::ElementStore(op), None, &[array, index, value]);
    }

    fn array_len(&mut self, dst: Slot, array: Operand) {
        reached!(self);
        let array = self.operand(array, Ty::Ref);
        self.define(dst, Op::ArrayLen, Ty::I32, &[array]);
    }

    fn ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand) {
        reached!(self);
        let reference = self.operand(reference, Ty::Ref);
        self.define(dst, Op::RefTest(cast), Ty::I32, &[reference]);
    }

    fn ref_cast(&mut self, cast: Cast, reference: Operand) {
        reached!(self);
        let reference = self.operand(reference, Ty::Ref);
        self.emit(Op::RefCast(cast), None, &[reference]);
    }

    fn branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label, _free: Slot) {
        reached!(self);
        let reference = self.operand(reference, Ty::Ref);
        let cond = self.emit(Op::RefTest(cast), Some(Ty::I32), &[reference]);
        self.branch_on(cond, sense, target);
    }

    fn unreachable(&mut self) {
        reached!(self);
        self.terminate(Terminator::Trap(Trap::UnreachableCodeReached));
    }

    fn jump(&mut self, target: Label) {
        self.jump_to(target);
    }

    fn branch_if(&mut self, condition: Operand, sense: bool, target: Label) {
        reached!(self);
        if let Operand::Const(bits, _) = condition {
            return self.branch_known((bits as u32 != 0) == sense, target);
        }
        let cond = self.operand(condition, Ty::I32);
        self.branch_on(cond, sense, target);
    }

    fn branch_if_null(&mut self, reference: Operand, sense: bool, target: Label) {
        reached!(self);
        if let Operand::Const(..) = reference {
            return self.branch_known(sense, target);
        }
        let reference = self.operand(reference, Ty::Ref);
        let cond = self.emit(Op::RefIsNull, Some(Ty::I32), &[reference]);
        self.branch_on(cond, sense, target);
    }

    fn branch_table(&mut self, index: Operand, targets: &[Label]) {
        let Some(block) = self.current else { return };
        if let Operand::Const(index, _) = index {
            let at = (index as u32 as usize).min(targets.len() - 1);
            return self.jump_to(targets[at]);
        }
        let index = self.operand(index, Ty::I32);
        self.tables += 1;
        let (mut cases, mut distinct) = (Vec::with_capacity(targets.len()), Vec::new());
        for &label in targets {
            let known = &mut self.labels[label.0 as usize].table;
            if known.0 != self.tables {
                *known = (self.tables, distinct.len() as u32);
                distinct.push(label);
            }
            cases.push(known.1);
        }
        if let [only] = *distinct {
            return self.jump_to(only);
        }
        self.terminate(Terminator::Table { index, cases, targets: vec![UNKNOWN; distinct.len()] });
        for (at, label) in distinct.into_iter().enumerate() {
            self.branch_from(block, at as u32, label);
        }
    }

    fn call(&mut self, call: &Call<'_>) {
        reached!(self);
        let callee = self.callee(call);
        self.read_all(call.base, call.ty.params().iter().copied());
        let args = std::mem::take(&mut self.operands);
        if call.tail {
            let args = self.func.make_list(&args);
            self.terminate(Terminator::TailCall { callee, args });
        } else {
            let value = self.emit(Op::Call(callee), None, &args);
            if self.add_site() {
                self.go_on_behind(value);
            }
            let mut slot = call.base;
            for (number, &ty) in call.ty.results().iter().enumerate() {
                self.define(slot, Op::Result(number as u32), Ty::of(ty), &[value]);
                slot.0 += ty.slots();
            }
            self.check_steps();
        }
        self.operands = args;
        self.operands.clear();
    }

    fn ret(&mut self, values: Return<'_>) {
        reached!(self);
        match values {
            Return::None => {}
            Return::One(operand, ty) => {
                let value = self.operand(operand, Ty::of(ty));
                self.operands.push(value);
            }
            Return::Span(first, types) => self.read_all(first, types.iter().copied()),
        }
        let values = self.func.make_list(&self.operands);
        self.operands.clear();
        self.terminate(Terminator::Return(values));
    }

    fn end(&mut self, frame_slots: u32) {
        self.func.frame_slots = frame_slots;
    }
}
