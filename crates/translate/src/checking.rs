//! Asserts the contract between the walker and a backend, in front of any backend.
//!
//! ```text
//! walker ─▶ CheckingBackend ─▶ a tier's backend
//!               └ which homes are stored here, and on all branches that lead here?  A breach is a panic that says where.
//! ```
//!
//! Debug builds translate through it, so all tests do. Its memory is proportional to the number of labels: it knows of the first
//! [`TRACKED`] homes of a frame and lets pass what happens above them.

use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::ValType;
use upshift_core::types::composite::CompositeType;
use upshift_core::value::V128;
use upshift_core::vm::frame;

use crate::ModuleInfo;
use crate::backend::{
    Backend, Call, Callee, Catch, Charge, Frame, Handler, Label, Live, LocalRun, LoopSurvey, MemArg, Next,
    Operand, Operands, ReferenceNode, References, Return, SCRATCH_SLOTS, SHORT_SLOTS, Service, Slot,
};

/// How many homes are looked after.
pub const TRACKED: usize = 256;

/// A set of homes, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Homes([u64; TRACKED / 64]);

impl Homes {
    fn contains(self, home: usize) -> bool {
        self.0[home / 64] >> (home % 64) & 1 == 1
    }

    fn set(&mut self, home: usize, stored: bool) {
        self.0[home / 64] &= !(1 << (home % 64));
        self.0[home / 64] |= u64::from(stored) << (home % 64);
    }

    fn intersect(&mut self, other: Homes) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= other;
        }
    }

    /// A home of this set that the other lacks.
    fn lacking(self, other: Homes) -> Option<usize> {
        (0..TRACKED).find(|&home| self.contains(home) && !other.contains(home))
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct LabelState {
    /// What was stored on all branches to it so far.
    incoming: Option<Homes>,
    /// What is wanted there, once it is bound.
    bound: Option<Homes>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Block {
    Plain,
    Loop(u32),
    /// A loop behind its last operator.
    Ended,
}

/// A backend that passes everything on to another and panics when the [contract](crate::backend) is broken.
///
/// ```
/// use upshift_core::index::FuncIndex;
/// use upshift_translate::checking::CheckingBackend;
/// use upshift_translate::null::Null;
/// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse, walk};
///
/// let bytes = wat::parse_str("(module (func (param i32) (result i32) (local.get 0)))").unwrap();
/// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
/// let mut null = Null::default();
/// let mut backend = CheckingBackend::new(&module, &mut null);
/// walk(&module, FuncIndex(0), CodeOptions::default(), &mut backend).unwrap();
/// ```
#[derive(Debug)]
pub struct CheckingBackend<'m, 'b, B> {
    module: &'m ModuleInfo,
    inner: &'b mut B,
    frame: Frame,
    locals: Vec<LocalRun>,
    /// The operator that is translated.
    offset: u32,
    /// The homes whose values may be read.
    stored: Homes,
    reachable: bool,
    labels: Vec<LabelState>,
    /// The label that was bound by the last call.
    just_bound: Option<Label>,
    blocks: Vec<Block>,
    loops: u32,
    /// What was stored where each handler opened.
    handlers: Vec<Homes>,
    open_handlers: Vec<Handler>,
    charge: Option<Charge>,
    /// What was stored at all safepoints with a list.
    lists: Vec<Option<Homes>>,
    /// The slot behind the highest that was written.
    highest: u32,
    ended: bool,
}

impl<'m, 'b, B: Backend> CheckingBackend<'m, 'b, B> {
    /// In front of a backend for a function of the module.
    pub fn new(module: &'m ModuleInfo, inner: &'b mut B) -> Self {
        CheckingBackend {
            module,
            inner,
            frame: Frame { params: 0, results: 0, locals: 0, homes: 0, scratch: None },
            locals: Vec::new(),
            offset: 0,
            stored: Homes::default(),
            reachable: true,
            labels: Vec::new(),
            just_bound: None,
            blocks: Vec::new(),
            loops: 0,
            handlers: Vec::new(),
            open_handlers: Vec::new(),
            charge: None,
            lists: Vec::new(),
            highest: 0,
            ended: false,
        }
    }

    #[track_caller]
    fn expect(&self, holds: bool, otherwise: &str) {
        assert!(holds, "contract of the backend at offset {:#x}: {otherwise}", self.offset);
    }

    /// Code is made here.
    #[track_caller]
    fn event(&mut self) {
        self.just_bound = None;
        self.expect(self.reachable && !self.ended, "code that control does not reach");
    }

    /// The number of a home, if it is looked after.
    fn home(&self, slot: Slot) -> Option<usize> {
        let home = slot.0.checked_sub(self.frame.homes)? as usize;
        (home < TRACKED).then_some(home)
    }

    #[track_caller]
    fn read_slot(&mut self, slot: Slot, kept: bool) {
        self.expect(slot.0 >= self.frame.homes, "an operand in a home that lies among the locals");
        if let Some(home) = self.home(slot) {
            let stored = self.stored.contains(home);
            assert!(
                stored,
                "contract of the backend at offset {:#x}: slot {} is read but not stored, or was used up",
                self.offset, slot.0
            );
            self.stored.set(home, kept);
        }
    }

    #[track_caller]
    fn read(&mut self, operand: Operand) {
        match operand {
            Operand::Temp(slot) => self.read_slot(slot, false),
            Operand::Kept(slot) => self.read_slot(slot, true),
            Operand::Local(local, slot) => {
                self.expect(self.local(local) == Some(slot), "a local is read that lies elsewhere");
            }
            Operand::Const(..) => {}
        }
    }

    /// Reads an operand that stays on the stack.
    #[track_caller]
    fn read_kept(&mut self, operand: Operand) {
        self.expect(!matches!(operand, Operand::Temp(_)), "what is only looked at is still wanted");
        self.read(operand);
    }

    #[track_caller]
    fn read_each(&mut self, operands: &[Operand]) {
        for &operand in operands {
            self.read(operand);
        }
    }

    #[track_caller]
    fn read_all(&mut self, operands: Operands<'_>) {
        self.expect(
            operands.in_homes().count() == operands.len(),
            "operands that have to be in their homes are not",
        );
        for (slot, _) in operands.in_homes() {
            self.read_slot(slot, false);
        }
    }

    #[track_caller]
    fn read_slots(&mut self, first: Slot, types: impl Iterator<Item = ValType>) {
        let mut slot = first;
        for ty in types {
            self.read_slot(slot, false);
            slot.0 += ty.slots();
        }
    }

    #[track_caller]
    fn write(&mut self, slot: Slot) {
        self.expect(slot.0 >= self.frame.homes, "a result goes to a slot among the locals");
        self.highest = self.highest.max(slot.0 + 1);
        if let Some(home) = self.home(slot) {
            self.stored.set(home, true);
        }
    }

    #[track_caller]
    fn write_all(&mut self, first: Slot, types: impl Iterator<Item = ValType>) {
        let mut slot = first;
        for ty in types {
            self.write(slot);
            slot.0 += ty.slots();
        }
    }

    /// What lies from a slot on may be overwritten.
    fn dead_from(&mut self, top: Slot) {
        let first = self.home(top).unwrap_or(if top.0 < self.frame.homes { 0 } else { TRACKED });
        for home in first..TRACKED {
            self.stored.set(home, false);
        }
    }

    fn local(&self, local: LocalIndex) -> Option<Slot> {
        let at = self.locals.partition_point(|run| run.first <= local).checked_sub(1)?;
        let run = self.locals[at];
        let n = local.0 - run.first.0;
        (n < run.count).then(|| Slot(run.slot.0 + n * run.ty.slots()))
    }

    fn begin_frame(&mut self, frame: &Frame, locals: &[LocalRun]) {
        self.frame = *frame;
        self.locals = locals.to_vec();
        let scratch = if frame.scratch.is_some() { SCRATCH_SLOTS } else { 0 };
        self.expect(
            frame.locals == frame.params + frame::HEADER_SLOTS + scratch,
            "parameters, header, scratch slots and locals do not follow each other",
        );
        let (mut local, mut slot) = (0, 0);
        for run in locals {
            if slot == frame.params && slot < frame.locals {
                slot = frame.locals;
            }
            self.expect(
                (run.first.0, run.slot.0) == (local, slot),
                "locals do not follow each other without gaps",
            );
            local += run.count;
            slot += run.count * run.ty.slots();
        }
        self.expect(slot == frame.homes || frame.homes == frame.locals, "homes do not follow the locals");
    }

    fn label(&mut self, label: Label) -> &mut LabelState {
        if self.labels.len() <= label.0 as usize {
            self.labels.resize(label.0 as usize + 1, LabelState::default());
        }
        &mut self.labels[label.0 as usize]
    }

    #[track_caller]
    fn expect_new(&mut self, label: Label) {
        let state = *self.label(label);
        self.expect(state.incoming.is_none() && state.bound.is_none(), "a new label is an old one");
    }

    fn wanted(&self, live: Live<'_>) -> Homes {
        let mut wanted = Homes::default();
        // The others have their homes above those that are looked after.
        for (slot, _) in live.operands.lowest(TRACKED).in_homes() {
            match self.home(slot) {
                Some(home) => wanted.set(home, true),
                None => break,
            }
        }
        wanted
    }

    #[track_caller]
    fn expect_stored(&self, wanted: Homes, stored: Homes, place: &str) {
        if let Some(home) = wanted.lacking(stored) {
            let slot = self.frame.homes as usize + home;
            panic!("contract of the backend at offset {:#x}: slot {slot} is not stored {place}", self.offset);
        }
    }

    #[track_caller]
    fn bound(&mut self, label: Label, live: Live<'_>) {
        let LabelState { incoming, bound } = *self.label(label);
        self.expect(!self.ended && bound.is_none(), "a label is bound twice");
        self.expect(self.reachable || incoming.is_some(), "a label is bound that nothing leads to");
        let wanted = self.wanted(live);
        if self.reachable {
            self.expect_stored(wanted, self.stored, "where control falls into a label");
        }
        if let Some(incoming) = incoming {
            self.expect_stored(wanted, incoming, "on a branch to a label");
        }
        self.label(label).bound = Some(wanted);
        self.stored = wanted;
        self.reachable = true;
        self.just_bound = Some(label);
    }

    #[track_caller]
    fn edge(&mut self, label: Label) {
        self.edge_with(label, self.stored);
    }

    #[track_caller]
    fn edge_with(&mut self, label: Label, stored: Homes) {
        let state = self.label(label);
        match state.incoming.as_mut() {
            Some(incoming) => incoming.intersect(stored),
            None => state.incoming = Some(stored),
        }
        if let Some(wanted) = state.bound {
            self.expect_stored(wanted, stored, "on a branch back to a label");
        }
    }

    #[track_caller]
    fn loop_begins(&mut self, number: u32, live: Live<'_>) {
        let bound = self.just_bound.take();
        self.expect(bound.is_some(), "a loop's head does not follow its label at once");
        self.expect(number == self.loops, "loops are not numbered in order");
        self.expect(self.wanted(live) == self.stored, "a loop's head has other operands than its label");
        self.expect(self.blocks.last() == Some(&Block::Plain), "a loop is not the block that was opened");
        self.loops += 1;
        self.blocks.pop();
        self.blocks.push(Block::Loop(number));
    }

    #[track_caller]
    fn loop_ends(&mut self, number: u32) {
        let block = self.blocks.pop();
        self.expect(block == Some(Block::Loop(number)), "a loop ends that is not the innermost block");
        self.blocks.push(Block::Ended);
    }

    #[track_caller]
    fn block_ends(&mut self) {
        let block = self.blocks.pop();
        self.expect(
            matches!(block, Some(Block::Plain | Block::Ended)),
            "no block ends, or a loop without its end",
        );
    }

    #[track_caller]
    fn handler_opens(&mut self, handler: Handler, outer: Option<Handler>) {
        self.expect(handler.0 as usize == self.handlers.len(), "handlers are not numbered in order");
        self.expect(
            outer == self.open_handlers.last().copied(),
            "a handler opens inside of another than it says",
        );
        self.handlers.push(self.stored);
        self.open_handlers.push(handler);
    }

    #[track_caller]
    fn clause(&mut self, handler: Handler, clause: &Catch) {
        self.expect((handler.0 as usize) < self.handlers.len(), "a clause of a handler that never opened");
        let mut stored = self.handlers[handler.0 as usize];
        let mut slot = clause.payload;
        let types = clause.tag.map(|tag| self.module.tag_type(tag).func().params());
        for ty in types.unwrap_or_default() {
            if let Some(home) = self.home(slot) {
                stored.set(home, true);
            }
            slot.0 += ty.slots();
        }
        if let Some(reference) = clause.reference {
            slot.0 = slot.0.max(reference.0 + 1);
            if let Some(home) = self.home(reference) {
                stored.set(home, true);
            }
        }
        self.highest = self.highest.max(slot.0);
        self.edge_with(clause.target, stored);
    }

    #[track_caller]
    fn service(&mut self, service: &Service<'_>) {
        if let Some(first) = service.operands.first() {
            self.expect(first == service.base, "a service's operands begin elsewhere");
        }
        self.read_all(service.operands);
        self.dead_from(service.base);
        if service.result.is_some() {
            self.write(service.base);
        }
    }

    #[track_caller]
    fn fields(&mut self, ty: TypeIndex, first: Option<Slot>) {
        let CompositeType::Struct(fields) = &self.module.types[ty.index()].ty.definition.composite else {
            return self.expect(false, "a struct is made of another type");
        };
        if let Some(first) = first {
            self.read_slots(first, fields.iter().map(|field| field.storage.unpack()));
        }
    }

    #[track_caller]
    fn calls(&mut self, call: &Call<'_>) {
        match call.callee {
            Callee::Indirect { index: operand, .. } | Callee::Ref(operand) => self.read(operand),
            Callee::Direct(_) => {}
        }
        self.read_slots(call.base, call.ty.params().iter().copied());
        if call.tail {
            self.reachable = false;
            return;
        }
        self.dead_from(call.base);
        self.write_all(call.base, call.ty.results().iter().copied());
    }

    #[track_caller]
    fn returns(&mut self, values: Return<'_>) {
        match values {
            Return::None => {}
            Return::One(operand, _) => self.read(operand),
            Return::Span(first, types) => {
                let slots: u32 = types.iter().map(|ty| ty.slots()).sum();
                self.expect(slots == self.frame.results, "a function returns other values than its results");
                self.read_slots(first, types.iter().copied());
            }
        }
    }

    fn note_list(&mut self, operands: Option<References>) {
        if let Some(References(list)) = operands {
            let list = list as usize;
            if self.lists.len() <= list {
                self.lists.resize(list + 1, None);
            }
            match &mut self.lists[list] {
                Some(stored) => stored.intersect(self.stored),
                empty => *empty = Some(self.stored),
            }
        }
    }

    #[track_caller]
    fn check_lists(&self, locals: &[Slot], nodes: &[ReferenceNode]) {
        for local in locals {
            self.expect(local.0 < self.frame.homes, "a local that is a reference lies among the homes");
        }
        for (number, stored) in self.lists.iter().enumerate() {
            let Some(stored) = *stored else { continue };
            let mut next = Some(References(number as u32));
            // Lists may be long and share their ends.
            for _ in 0..TRACKED {
                let Some(References(at)) = next else { break };
                self.expect(
                    (at as usize) < nodes.len(),
                    "a list of references has an element that is not there",
                );
                let node = nodes[at as usize];
                if let Some(home) = self.home(node.slot) {
                    self.expect(stored.contains(home), "a reference map names a home that was not stored");
                }
                self.expect(node.below.is_none_or(|below| below.0 < at), "a list of references goes round");
                next = node.below;
            }
        }
    }

    #[track_caller]
    fn function_ends(&mut self, frame_slots: u32) {
        self.expect(!self.ended && !self.reachable, "control runs off the end");
        self.expect(self.blocks.is_empty() && self.open_handlers.is_empty(), "something is still open");
        self.expect(self.charge.is_none(), "a charge was not set");
        let unbound = self.labels.iter().find(|label| label.incoming.is_some() && label.bound.is_none());
        self.expect(unbound.is_none(), "a label was used but not bound");
        self.expect(self.highest <= frame_slots, "a slot was written outside of the frame");
        self.expect(
            frame_slots <= SHORT_SLOTS || self.frame.scratch.is_some(),
            "a large frame has no scratch slots",
        );
        self.ended = true;
    }
}

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

    fn open(&mut self) {
        self.event();
        self.blocks.push(Block::Plain);
        self.inner.open();
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
        self.read(src);
        self.write(dst);
        self.inner.copy(dst, src, ty);
    }

    fn set_local(&mut self, local: LocalIndex, dst: Slot, src: Operand, ty: ValType) {
        self.event();
        self.read(src);
        self.expect(self.local(local) == Some(dst), "a local is set that lies elsewhere");
        self.inner.set_local(local, dst, src, ty);
    }

    fn copy_span(&mut self, dst: Slot, src: Operands<'_>) {
        self.event();
        self.read_all(src);
        self.write_all(dst, src.types());
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
        self.write(dst);
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
        self.read_each(&[condition, if_true, if_false]);
        self.write(dst);
        self.inner.select(ty, dst, condition, if_true, if_false);
    }

    fn load(&mut self, op: Load, arg: MemArg, dst: Slot, address: Operand) {
        self.event();
        self.read(address);
        self.write(dst);
        self.inner.load(op, arg, dst, address);
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

    fn atomic(&mut self, op: Atomic, arg: MemArg, dst: Slot, operands: &[Operand]) {
        self.event();
        self.read_each(operands);
        if op.shape() != AtomicShape::Store {
            self.write(dst);
        }
        self.inner.atomic(op, arg, dst, operands);
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
        self.write(dst);
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
        self.read(exception);
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
        self.write(dst);
        self.inner.struct_new(ty, dst, fields);
    }

    fn field_load(&mut self, op: Load, ty: ValType, offset: u32, dst: Slot, object: Operand) {
        self.event();
        self.read(object);
        self.write(dst);
        self.inner.field_load(op, ty, offset, dst, object);
    }

    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        self.event();
        self.read_each(&[object, value]);
        self.inner.field_store(op, offset, object, value);
    }

    fn element_load(&mut self, op: Load, ty: ValType, dst: Slot, array: Operand, index: Operand) {
        self.event();
        self.read_each(&[array, index]);
        self.write(dst);
        self.inner.element_load(op, ty, dst, array, index);
    }

    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        self.event();
        self.read_each(&[array, index, value]);
        self.inner.element_store(op, array, index, value);
    }

    fn array_len(&mut self, dst: Slot, array: Operand) {
        self.event();
        self.read(array);
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

#[cfg(test)]
mod tests;
