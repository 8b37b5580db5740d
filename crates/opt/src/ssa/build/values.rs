//! What slots hold: operands, constants, what was there at the entry, and parameters where paths meet that differ.

use upshift_core::types::ValType;
use upshift_core::value::V128;
use upshift_translate::backend::{self, Call, MemArg, Operand, Slot};

use super::history::{Content, EntryId, Found, LabelId, Time};
use super::labels::{Edge, LabelState, Param, Task};
use super::{Builder, Start};
use crate::ssa::{Callee, Op, Pos, Target, Terminator, Ty, Value};

/// Constants that were made recently.
#[derive(Debug)]
pub(super) struct Constants {
    recent: Box<[Option<(u64, Ty, Value)>; Constants::ROOM]>,
    zero_vector: Option<Value>,
}

impl Constants {
    const ROOM: usize = 128;

    fn place(bits: u64, ty: Ty) -> usize {
        let mixed = (bits ^ (ty as u64) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 57) as usize
    }
}

impl Default for Constants {
    fn default() -> Self {
        Constants { recent: Box::new([None; Constants::ROOM]), zero_vector: None }
    }
}

impl Builder<'_> {
    // Instructions.

    /// An instruction of the current block.
    pub(super) fn emit(&mut self, op: Op, ty: Option<Ty>, args: &[Value]) -> Value {
        let pos = self.here();
        let value = self.func.add_value(op, ty, args, pos);
        if let Some(block) = self.current {
            self.func.block_mut(block).insts.push(value);
        }
        value
    }

    /// An instruction whose result goes to a slot.
    pub(super) fn define(&mut self, dst: Slot, op: Op, ty: Ty, args: &[Value]) {
        let value = self.emit(op, Some(ty), args);
        self.history.write(dst, Content::Value(value));
    }

    /// A constant with the bits of its slot.
    pub(super) fn constant(&mut self, bits: u64, ty: Ty) -> Value {
        if ty == Ty::V128 {
            return self.zero_vector();
        }
        let place = Constants::place(bits, ty);
        match self.constants.recent[place] {
            Some((known, of, value)) if known == bits && of == ty => value,
            _ => {
                let value = self.func.append(self.func.entry, Op::Const(bits), Some(ty), &[], Pos::NONE);
                self.constants.recent[place] = Some((bits, ty, value));
                value
            }
        }
    }

    pub(super) fn vector(&mut self, bits: V128) -> Value {
        let vector = self.func.vector(bits);
        self.func.append(self.func.entry, Op::ConstV128(vector), Some(Ty::V128), &[], Pos::NONE)
    }

    fn zero_vector(&mut self) -> Value {
        match self.constants.zero_vector {
            Some(value) => value,
            None => {
                let value = self.vector(V128::default());
                self.constants.zero_vector = Some(value);
                value
            }
        }
    }

    // Operands.

    /// The value of an operand; `ty` is that of a constant.
    pub(super) fn operand(&mut self, operand: Operand, ty: Ty) -> Value {
        match operand {
            Operand::Const(bits, _) => self.constant(bits, ty),
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => self.read(slot),
        }
    }

    /// The values in consecutive slots.
    pub(super) fn read_all(&mut self, first: Slot, types: impl Iterator<Item = ValType>) {
        let mut slot = first;
        for ty in types {
            let value = self.read(slot);
            self.operands.push(value);
            slot.0 += ty.slots();
        }
    }

    /// The address of an access.
    pub(super) fn address(&mut self, arg: MemArg, address: Operand) -> Value {
        let ty = self.module.memories[arg.memory.index()].index.val_type();
        self.operand(address, Ty::of(ty))
    }

    /// The callee and its operand, if it has one, which is put in front of the arguments.
    pub(super) fn callee(&mut self, call: &Call<'_>) -> Callee {
        let site = call.site;
        match call.callee {
            backend::Callee::Direct(func) => Callee::Direct { func, ty: self.module.funcs[func.index()] },
            backend::Callee::Indirect { table, ty, index } => {
                let of = self.module.tables[table.index()].index.val_type();
                let index = self.operand(index, Ty::of(of));
                self.operands.push(index);
                Callee::Indirect { table, ty, site }
            }
            backend::Callee::Ref { ty, function } => {
                let function = self.operand(function, Ty::I64);
                self.operands.push(function);
                Callee::Ref { ty, site }
            }
        }
    }

    /// What a slot holds now.
    pub(super) fn read(&mut self, slot: Slot) -> Value {
        let now = self.history.now();
        if let Found::Entry(entry) = self.history.find(self.history.latest(slot), now)
            && let Content::Value(value) = self.history.content(entry)
        {
            return value;
        }
        let value = self.value_at(slot, now, self.history.latest(slot));
        self.history.note(slot, value);
        self.run_tasks();
        value
    }

    /// What a slot held at a time; `below` is an entry of it as for [`History::find`](super::history::History::find).
    pub(super) fn value_at(&mut self, slot: Slot, mut time: Time, mut below: EntryId) -> Value {
        loop {
            match self.history.find(below, time) {
                Found::Nothing => return self.initial(slot),
                Found::Entry(entry) => match self.history.content(entry) {
                    Content::Value(value) => return value,
                    Content::Head(label) => {
                        let value = self.head_param(label, slot);
                        self.history.set_value(entry, value);
                        return value;
                    }
                    Content::As(earlier) => (time, below) = (earlier, entry),
                },
                Found::Merge(label, entry) => {
                    let LabelState { edges, has_payloads, .. } = &self.labels[label.0 as usize];
                    // Most often the slot was written before the first of the edges, and not since.
                    if let [first, .., last] = **edges
                        && !has_payloads
                        && self.history.holds_between(entry, first.time, last.time)
                    {
                        (time, below) = (first.time, entry);
                        self.steps += 1;
                        continue;
                    }
                    // What is in homes here lies below the block's operands, where all paths leave it as it was.
                    if edges.len() > 1 && self.is_local(slot) {
                        return self.merge_param(label, slot, entry);
                    }
                    let edge = edges[0];
                    if let Some(value) = self.payload(edge, slot) {
                        return value;
                    }
                    (time, below) = (edge.time, entry);
                }
            }
            self.steps += 1;
        }
    }

    fn is_local(&self, slot: Slot) -> bool {
        slot.0 < self.context().frame.homes
    }

    /// What a slot holds on the path from an edge's block.
    pub(super) fn value_on(&mut self, edge: Edge, slot: Slot, ty: Ty, below: EntryId) -> Value {
        if edge.is_entry() {
            return self.load(slot, ty);
        }
        match self.payload(edge, slot) {
            Some(value) => value,
            None => self.value_at(slot, edge.time, below),
        }
    }

    /// What an exception puts into a slot on an edge.
    fn payload(&self, edge: Edge, slot: Slot) -> Option<Value> {
        let payload = &self.payloads[edge.payload? as usize];
        let at = payload.binary_search_by_key(&slot, |&(slot, _)| slot).ok()?;
        Some(payload[at].1)
    }

    // What was there at the entry.

    /// The function's parameters in the entry block, which leads to the first block of the program.
    pub(super) fn function_begins(&mut self) {
        let entry = self.func.entry;
        let mut slot = 0;
        for at in 0..self.func.params.len() {
            let ty = self.func.params[at];
            let value = self.func.append(entry, Op::Arg(at as u32), Some(ty), &[], Pos::NONE);
            self.params.resize(slot + 1, None);
            self.params[slot] = Some(value);
            slot += ty.slots() as usize;
        }
        let first = self.continue_in_new_block();
        self.func.block_mut(entry).term = Terminator::Jump(Target::new(first));
    }

    fn initial(&mut self, slot: Slot) -> Value {
        let ty = self.context().types.get(slot.0 as usize).copied().flatten();
        if let Start::Loop(_) = self.start {
            // What is not a local is an operand of the outermost loop that lies below it.
            let ty = ty.or_else(|| self.below.get(&slot.0).copied());
            return self.load(slot, ty.unwrap_or(Ty::I64));
        }
        if let Some(&Some(param)) = self.params.get(slot.0 as usize) {
            return param;
        }
        debug_assert!(ty.is_some(), "slot {} is read before it is written", slot.0);
        self.constant(0, ty.unwrap_or(Ty::I64))
    }

    /// What was in a slot of the frame when control came in. The slot of an operand may have others where loops around the one
    /// begin at which that is.
    pub(super) fn load(&mut self, slot: Slot, ty: Ty) -> Value {
        if let Some(&value) = self.loads.get(&(slot.0, ty)) {
            return value;
        }
        let value = self.func.append(self.func.entry, Op::SlotLoad(slot), Some(ty), &[], Pos::NONE);
        self.loads.insert((slot.0, ty), value);
        value
    }

    // Parameters.

    /// The parameter of a loop's head for a local that the loop assigns.
    fn head_param(&mut self, label: LabelId, slot: Slot) -> Value {
        let ty = self.context().types.get(slot.0 as usize).copied().flatten();
        let param = self.add_param(label, slot, ty.unwrap_or(Ty::I64));
        let label_state = &self.labels[label.0 as usize];
        if label_state.is_complete {
            let number = label_state.params.len() as u32 - 1;
            self.tasks.push(Task { label, number, below: self.history.latest(slot) });
        }
        param
    }

    /// The parameter of a merge for a local that one of the paths to it has written.
    fn merge_param(&mut self, label: LabelId, slot: Slot, entry: EntryId) -> Value {
        if let Some(&known) = self.merged.get(&(label.0, slot.0)) {
            return known;
        }
        let ty = self.context().types[slot.0 as usize].unwrap_or(Ty::I64);
        let param = self.add_param(label, slot, ty);
        self.merged.insert((label.0, slot.0), param);
        let number = self.labels[label.0 as usize].params.len() as u32 - 1;
        self.tasks.push(Task { label, number, below: entry });
        param
    }

    /// One more parameter, whose arguments are found later.
    pub(super) fn add_param(&mut self, label: LabelId, slot: Slot, ty: Ty) -> Value {
        let params = self.labels[label.0 as usize].params.len() as u32;
        let value = self.func.add_value(Op::Param(params), Some(ty), &[], Pos::NONE);
        self.labels[label.0 as usize].params.push(Param { slot, value, args: Param::UNKNOWN });
        value
    }

    /// Finds the arguments of parameters, and of those that become necessary by that.
    pub(super) fn run_tasks(&mut self) {
        while let Some(Task { label, number, below }) = self.tasks.pop() {
            let state = &self.labels[label.0 as usize];
            let (edges, Param { slot, value, .. }) = (state.edges.len(), state.params[number as usize]);
            let (ty, first) = (self.func.ty(value), self.args.len());
            self.args.resize(first + edges, value);
            for at in 0..edges {
                let edge = self.labels[label.0 as usize].edges[at];
                self.args[first + at] = self.value_on(edge, slot, ty, below);
            }
            self.labels[label.0 as usize].params[number as usize].args = first as u32;
            self.check_steps();
        }
    }
}
