//! Asserts the contract between the walker and a backend, in front of any backend.
//!
//! ```text
//! walker ─▶ CheckingBackend ─▶ a tier's backend
//!               └ which homes are stored here, which of them with references, and on all branches that lead here?
//!                 A breach is a panic that says where.
//! ```
//!
//! Debug builds translate through it, so all tests do. Its memory is proportional to the number of labels: it follows only the
//! first homes of a frame (`TRACKED` of them) and checks nothing above.

mod homes;
mod seam;

use upshift_core::index::{LocalIndex, TypeIndex};
use upshift_core::types::ValType;
use upshift_core::types::composite::CompositeType;
use upshift_core::vm::frame;

use self::homes::{Stores, TRACKED, is_reference};
use crate::ModuleInfo;
use crate::backend::{
    Backend, Call, Callee, Catch, Charge, Frame, Handler, Label, Live, LocalRun, Operand, Operands,
    ReferenceNode, References, Return, SCRATCH_SLOTS, SHORT_SLOTS, Service, Slot,
};

#[derive(Clone, Copy, Debug, Default)]
struct LabelState {
    /// What was stored on all branches to it so far.
    incoming: Option<Stores>,
    /// What is wanted there, once it is bound.
    bound: Option<Stores>,
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
    stored: Stores,
    reachable: bool,
    labels: Vec<LabelState>,
    /// The label that was bound by the last call.
    just_bound: Option<Label>,
    blocks: Vec<Block>,
    loops: u32,
    /// What was stored where each handler opened.
    handlers: Vec<Stores>,
    open_handlers: Vec<Handler>,
    charge: Option<Charge>,
    /// What was stored at all safepoints with a list.
    lists: Vec<Option<Stores>>,
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
            stored: Stores::default(),
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

    /// Reads a home; returns whether a reference may be in it.
    #[track_caller]
    fn read_slot(&mut self, slot: Slot, kept: bool) -> bool {
        self.expect(slot.0 >= self.frame.homes, "an operand in a home that lies among the locals");
        let Some(home) = self.home(slot) else { return true };
        assert!(
            self.stored.valid.contains(home),
            "contract of the backend at offset {:#x}: slot {} is read but not stored, or was used up",
            self.offset,
            slot.0
        );
        let reference = self.stored.references.contains(home);
        if !kept {
            self.stored.free(home);
        }
        reference
    }

    /// Reads a home that has to hold a reference if the type says so.
    #[track_caller]
    fn read_slot_as(&mut self, slot: Slot, ty: ValType) {
        let reference = self.read_slot(slot, false);
        self.expect(reference || !ty.is_traced(), "something else is read as a reference");
    }

    /// Reads an operand; returns whether it may be a reference.
    #[track_caller]
    fn read(&mut self, operand: Operand) -> bool {
        match operand {
            Operand::Temp(slot) => self.read_slot(slot, false),
            Operand::Kept(slot) => self.read_slot(slot, true),
            Operand::Local(local, slot) => {
                let declared = self.local(local);
                self.expect(
                    declared.is_some_and(|(at, _)| at == slot),
                    "a local is read that lies elsewhere",
                );
                declared.is_some_and(|(_, ty)| is_reference(ty))
            }
            Operand::Const(..) => true,
        }
    }

    /// Reads an operand that has to be a reference if the type says so; returns whether it may be one.
    #[track_caller]
    fn read_as(&mut self, operand: Operand, ty: ValType) -> bool {
        let reference = self.read(operand);
        self.expect(reference || !ty.is_traced(), "something else is read as a reference");
        reference && (is_reference(ty) || !matches!(operand, Operand::Const(..)))
    }

    /// Reads an operand that stays on the stack.
    #[track_caller]
    fn read_kept(&mut self, operand: Operand) {
        self.expect(!matches!(operand, Operand::Temp(_)), "what is only looked at is still wanted");
        self.read(operand);
    }

    /// Reads a reference to an object.
    #[track_caller]
    fn read_object(&mut self, operand: Operand) {
        let reference = self.read(operand);
        self.expect(reference, "something else is read as a reference");
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
        for (slot, ty) in operands.in_homes() {
            self.read_slot_as(slot, ty);
        }
    }

    #[track_caller]
    fn read_slots(&mut self, first: Slot, types: impl Iterator<Item = ValType>) {
        let mut slot = first;
        for ty in types {
            self.read_slot_as(slot, ty);
            slot.0 += ty.slots();
        }
    }

    /// Writes a number.
    #[track_caller]
    fn write(&mut self, slot: Slot) {
        self.write_value(slot, false);
    }

    /// Writes a value of a type.
    #[track_caller]
    fn write_as(&mut self, slot: Slot, ty: ValType) {
        self.write_value(slot, is_reference(ty));
    }

    #[track_caller]
    fn write_value(&mut self, slot: Slot, reference: bool) {
        self.expect(slot.0 >= self.frame.homes, "a result goes to a slot among the locals");
        self.highest = self.highest.max(slot.0 + 1);
        if let Some(home) = self.home(slot) {
            self.stored.store(home, reference);
        }
    }

    #[track_caller]
    fn write_all(&mut self, first: Slot, types: impl Iterator<Item = ValType>) {
        let mut slot = first;
        for ty in types {
            self.write_as(slot, ty);
            slot.0 += ty.slots();
        }
    }

    /// Moves operands to consecutive slots, whatever of these is an operand's.
    #[track_caller]
    fn span(&mut self, dst: Slot, src: Operands<'_>) {
        let references: Vec<bool> = src
            .in_homes()
            .map(|(slot, _)| self.home(slot).is_none_or(|home| self.stored.references.contains(home)))
            .collect();
        self.read_all(src);
        let mut slot = dst;
        for (ty, reference) in src.types().zip(references) {
            self.write_value(slot, reference);
            slot.0 += ty.slots();
        }
    }

    /// What lies from a slot on may be overwritten.
    fn dead_from(&mut self, top: Slot) {
        let first = self.home(top).unwrap_or(if top.0 < self.frame.homes { 0 } else { TRACKED });
        for home in first..TRACKED {
            self.stored.free(home);
        }
    }

    /// Where a local is, and its type.
    fn local(&self, local: LocalIndex) -> Option<(Slot, ValType)> {
        let at = self.locals.partition_point(|run| run.first <= local).checked_sub(1)?;
        let run = self.locals[at];
        let n = local.0 - run.first.0;
        (n < run.count).then(|| (Slot(run.slot.0 + n * run.ty.slots()), run.ty))
    }

    /// Whether a local that the collector has to know is there.
    fn is_traced_local(&self, slot: Slot) -> bool {
        let Some(at) = self.locals.partition_point(|run| run.slot <= slot).checked_sub(1) else {
            return false;
        };
        let run = self.locals[at];
        run.ty.is_traced() && slot.0 - run.slot.0 < run.count
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

    fn wanted(&self, live: Live<'_>) -> Stores {
        let mut wanted = Stores::default();
        // The others have their homes above those that are looked after.
        for (slot, ty) in live.operands.lowest(TRACKED).in_homes() {
            match self.home(slot) {
                Some(home) => wanted.store(home, ty.is_traced()),
                None => break,
            }
        }
        wanted
    }

    #[track_caller]
    fn expect_stored(&self, wanted: Stores, stored: Stores, place: &str) {
        let breach = |lacking: Option<usize>, what: &str| {
            if let Some(home) = lacking {
                let slot = self.frame.homes as usize + home;
                panic!("contract of the backend at offset {:#x}: slot {slot} {what} {place}", self.offset);
            }
        };
        breach(wanted.valid.lacking(stored.valid), "is not stored");
        breach(wanted.references.lacking(stored.references), "holds no reference");
    }

    #[track_caller]
    fn bound(&mut self, label: Label, live: Live<'_>) {
        let LabelState { incoming, bound } = *self.label(label);
        self.expect(!self.ended && bound.is_none(), "a label is bound twice");
        self.expect(self.reachable || incoming.is_some(), "a label is bound that nothing leads to");
        let wanted = self.wanted(live);
        // What is said of types is less than what is known: an `i31` passes for an `i32` until a label has a wider type for it.
        let mut stored = self.stored;
        if self.reachable {
            self.expect_stored(wanted, stored, "where control falls into a label");
        }
        if let Some(incoming) = incoming {
            self.expect_stored(wanted, incoming, "on a branch to a label");
            stored = incoming;
            if self.reachable {
                stored.intersect(self.stored);
            }
        }
        stored.restrict(wanted.valid);
        self.label(label).bound = Some(wanted);
        self.stored = stored;
        self.reachable = true;
        self.just_bound = Some(label);
    }

    #[track_caller]
    fn edge(&mut self, label: Label) {
        self.edge_with(label, self.stored);
    }

    #[track_caller]
    fn edge_with(&mut self, label: Label, stored: Stores) {
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
        self.expect(
            self.wanted(live).valid == self.stored.valid,
            "a loop's head has other operands than its label",
        );
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
                stored.store(home, is_reference(*ty));
            }
            slot.0 += ty.slots();
        }
        if let Some(reference) = clause.reference {
            slot.0 = slot.0.max(reference.0 + 1);
            if let Some(home) = self.home(reference) {
                stored.store(home, true);
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
        if let Some(ty) = service.result {
            self.write_as(service.base, ty);
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
            Callee::Indirect { index: operand, .. } | Callee::Ref { function: operand, .. } => {
                self.read(operand);
            }
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
            Return::One(operand, ty) => {
                self.read_as(operand, ty);
            }
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
            self.expect(self.is_traced_local(*local), "a reference map names a local that is none");
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
                    self.expect(
                        stored.valid.contains(home),
                        "a reference map names a home that was not stored",
                    );
                    self.expect(
                        stored.references.contains(home),
                        "a reference map names a home whose last store was no reference",
                    );
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

#[cfg(test)]
mod tests;
