//! Labels: what leads to them, and what is where they are bound.
//!
//! ```text
//! branch ─▶ edge: block, which of its targets, time ─ bind ─▶ one edge: everything as it was then
//!                                                        └─▶ several: a block with parameters for carried operands at once,
//!                                                            for locals when they are read
//! ```
//!
//! All edges of a label but a loop's come before it is bound; those of a loop before it ends.

use upshift_translate::backend::{Label, Live, LoopSurvey, Slot};

use super::history::{Content, EntryId, LabelId, Time};
use super::{Builder, Entrance, LoopRange, Region, UNKNOWN};
use crate::ssa::{Block, Target, Terminator, Ty, Value};

/// What leads to a label.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The block that ends with it.
    pub(super) block: Block,
    /// Which of the targets of its terminator leads here.
    pub(super) target: u32,
    /// What the slots hold: what they held then.
    pub(super) time: Time,
    /// What an exception puts into slots.
    pub(super) payload: Option<u32>,
}

impl Edge {
    /// The time of the edge by which control comes in at a loop: slots hold what is in the frame.
    const ENTRY: Time = Time(u32::MAX);

    pub(super) fn is_entry(self) -> bool {
        self.time == Edge::ENTRY
    }
}

/// A parameter of a label's block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param {
    pub(super) slot: Slot,
    pub(super) value: Value,
    /// Where its arguments begin, one for each edge of the label.
    pub(super) args: u32,
}

impl Param {
    /// The arguments are not known yet.
    pub(super) const UNKNOWN: u32 = u32::MAX;
}

/// A parameter whose arguments are needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) label: LabelId,
    pub(super) number: u32,
    /// What the slot held on all edges was written in this entry or before.
    pub(super) below: EntryId,
}

/// What is known of a label.
#[derive(Debug, Default)]
pub(super) struct LabelState {
    pub(super) edges: Vec<Edge>,
    /// Its block, once it is bound.
    pub(super) block: Option<Block>,
    pub(super) params: Vec<Param>,
    /// Whether exceptions lead to it: such edges are made when their handler ends, so they are not in the order of their times.
    pub(super) has_payloads: bool,
    /// Whether nothing more will lead to it.
    pub(super) is_complete: bool,
    /// The branch table of which it was a target last, and which.
    pub(super) table: (u32, u32),
}

impl Builder<'_> {
    pub(super) fn make_label(&mut self) -> Label {
        self.labels.push(LabelState::default());
        Label(self.labels.len() as u32 - 1)
    }

    /// Notes that a target of a block's terminator leads to a label.
    pub(super) fn add_edge(&mut self, label: Label, edge: Edge) {
        let state = &mut self.labels[label.0 as usize];
        state.edges.push(edge);
        state.has_payloads |= edge.payload.is_some();
        if let Some(block) = state.block {
            self.lead(edge, block);
        }
    }

    /// Notes an edge of the current block, which is about to end.
    pub(super) fn branch_from(&mut self, block: Block, target: u32, label: Label) {
        let time = self.history.now();
        self.add_edge(label, Edge { block, target, time, payload: None });
    }

    /// Lets the target of an edge be a block.
    fn lead(&mut self, edge: Edge, to: Block) {
        if edge.is_entry() {
            return;
        }
        if let Some(target) = self.func.block_mut(edge.block).term.target_mut(edge.target) {
            target.block = to;
        }
    }

    /// Ends the current block with a jump to a label.
    pub(super) fn jump_to(&mut self, label: Label) {
        if let Some(block) = self.current {
            self.terminate(Terminator::Jump(UNKNOWN));
            self.branch_from(block, 0, label);
        }
    }

    /// Ends the current block with a condition; control goes on in a new block where it does not hold.
    pub(super) fn branch_on(&mut self, cond: Value, sense: bool, label: Label) {
        let Some(block) = self.current else { return };
        self.terminate(Terminator::Branch { cond, then: UNKNOWN, otherwise: UNKNOWN });
        let next = Target::new(self.continue_in_new_block());
        if let Terminator::Branch { then, otherwise, .. } = &mut self.func.block_mut(block).term {
            *(if sense { otherwise } else { then }) = next;
        }
        self.branch_from(block, u32::from(!sense), label);
    }

    /// The same where the condition is known.
    pub(super) fn branch_known(&mut self, taken: bool, label: Label) {
        if taken {
            self.jump_to(label);
        }
    }

    /// Goes on in a new block behind a call whose exceptions are caught.
    pub(super) fn go_on_behind(&mut self, call: Value) {
        let Some(block) = self.current else { return };
        self.terminate(Terminator::None);
        let normal = self.continue_in_new_block();
        self.func.block_mut(block).term = Terminator::Invoke { call, normal, landings: Vec::new(), steps: 0 };
    }

    pub(super) fn bind_label(&mut self, label: Label, live: Live<'_>) {
        let id = LabelId(label.0);
        self.last_bound = id;
        if self.refused || self.labels[label.0 as usize].edges.is_empty() {
            // Whether anything leads to a loop's head later is not known yet.
            return;
        }
        self.jump_to(label);
        let region = self.context().region();
        let state = &mut self.labels[label.0 as usize];
        state.is_complete = true;
        let single = state.edges.len() == 1;
        let first = state.edges[0];
        if single && first.payload.is_none() && first.time >= self.linear_since {
            self.restore(first.time);
        } else {
            self.history.merge(id, region.since);
            self.linear_since = self.history.now();
        }
        let block = if single { self.join(first) } else { None };
        let block = block.unwrap_or_else(|| self.continue_in_new_block());
        self.labels[label.0 as usize].block = Some(block);
        for at in 0..self.labels[label.0 as usize].edges.len() {
            let edge = self.labels[label.0 as usize].edges[at];
            self.lead(edge, block);
        }
        if !single {
            self.carry(id, region, live);
        } else if first.payload.is_some() {
            self.deliver(first);
        }
    }

    /// Goes on in the block that jumps here, if it is the last one.
    fn join(&mut self, edge: Edge) -> Option<Block> {
        let block = edge.block;
        let is_last = self.func.layout.last() == Some(&block);
        if !is_last || !matches!(self.func.block(block).term, Terminator::Jump(_)) {
            return None;
        }
        self.func.block_mut(block).term = Terminator::None;
        self.current = Some(block);
        Some(block)
    }

    /// Brings back what the slots held when control left for here, which is not long ago.
    fn restore(&mut self, time: Time) {
        let from = match self.restored {
            Some((known, done)) if known == time => done,
            _ => time,
        };
        self.history.restore(from, time);
        self.restored = Some((time, self.history.now()));
    }

    /// Operands that all paths bring become parameters.
    fn carry(&mut self, label: LabelId, region: Region, live: Live<'_>) {
        let first = self.labels[label.0 as usize].params.len() as u32;
        for (slot, ty) in live.operands.in_homes().rev().take_while(|&(slot, _)| slot >= region.base) {
            let value = self.add_param(label, slot, Ty::of(ty));
            self.history.write(slot, Content::Value(value));
        }
        self.want_args(label, first);
    }

    /// What an exception brings to a label that nothing else leads to.
    fn deliver(&mut self, edge: Edge) {
        let Some(payload) = edge.payload else { return };
        for at in 0..self.payloads[payload as usize].len() {
            let (slot, value) = self.payloads[payload as usize][at];
            self.history.write(slot, Content::Value(value));
        }
    }

    /// Finds the arguments of all parameters from one on.
    fn want_args(&mut self, label: LabelId, first: u32) {
        let end = self.labels[label.0 as usize].params.len() as u32;
        for number in first..end {
            let slot = self.labels[label.0 as usize].params[number as usize].slot;
            self.tasks.push(Task { label, number, below: self.history.latest(slot) });
        }
        self.run_tasks();
    }

    // Loops.

    pub(super) fn enter_loop(&mut self, number: u32, live: Live<'_>, survey: Option<&LoopSurvey<'_>>) {
        let (label, offset) = (self.last_bound, self.offset);
        let bytes = survey.map_or(0, |survey| survey.bytes);
        let context = self.context_mut();
        context.ranges.push(LoopRange { start: offset, end: offset + bytes });
        context.loops.push(None);
        let entrance = match self.contexts.len() == 1 && !self.refused {
            true => self.start.entrance(number),
            false => Entrance::default(),
        };
        if self.current.is_none() && !entrance.is_outermost && !entrance.is_here {
            return;
        }
        let head = self.begin_head(label, entrance.is_here);
        let since = self.history.now();
        if entrance.is_outermost {
            for (slot, ty) in live.operands.in_homes() {
                self.below.insert(slot.0, Ty::of(ty));
            }
        }
        let mut base = self.context().region().base;
        self.steps += survey.map_or(0, |survey| survey.uses.len() as u64);
        self.check_steps();
        if self.refused {
            return;
        }
        for local in survey.into_iter().flat_map(LoopSurvey::assigned) {
            let slot = self.context().slots[local.index()];
            if !self.history.is_written_since(slot, since) {
                self.history.write(slot, Content::Head(label));
                if entrance.is_outermost {
                    self.assigned.push(slot);
                }
            }
        }
        if entrance.is_inside && !entrance.is_outermost {
            base = Slot(0);
            self.forget(label, since);
        }
        if entrance.is_here {
            self.context_mut().regions.iter_mut().for_each(|region| region.base = Slot(0));
        }
        for (slot, ty) in live.operands.in_homes().rev().take_while(|&(slot, _)| slot >= base) {
            let value = self.add_param(label, slot, Ty::of(ty));
            self.history.write(slot, Content::Value(value));
        }
        self.context_mut().loops.pop();
        self.context_mut().loops.push(Some(label));
        self.current = Some(head);
        self.linear_since = self.history.now();
    }

    /// Between the outermost loop's head and the one where control comes in, a loop may iterate with what the frame held
    /// then: nothing that the outermost loop changes is certain at its head.
    fn forget(&mut self, label: LabelId, since: Time) {
        self.steps += self.assigned.len() as u64;
        for at in 0..self.assigned.len() {
            let slot = self.assigned[at];
            if !self.history.is_written_since(slot, since) {
                self.history.write(slot, Content::Head(label));
            }
        }
    }

    /// The block of a loop's head, to which the current block leads, and the entry if control comes in here.
    fn begin_head(&mut self, label: LabelId, is_entry: bool) -> Block {
        self.jump_to(Label(label.0));
        let head = self.continue_in_new_block();
        let state = &mut self.labels[label.0 as usize];
        state.block = Some(head);
        if is_entry {
            let block = self.func.entry;
            self.func.block_mut(block).term = Terminator::Jump(Target::new(head));
            state.edges.push(Edge { block, target: 0, time: Edge::ENTRY, payload: None });
        }
        for at in 0..self.labels[label.0 as usize].edges.len() {
            let edge = self.labels[label.0 as usize].edges[at];
            self.lead(edge, head);
        }
        head
    }

    pub(super) fn leave_loop(&mut self) {
        let Some(Some(label)) = self.context_mut().loops.pop() else { return };
        self.labels[label.0 as usize].is_complete = true;
        if !self.refused {
            self.want_args(label, 0);
        }
    }
}
