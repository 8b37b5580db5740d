//! Positions that are known only at the end of the function: branch targets, and the ranges in the tables beside the code.

use upshift_translate::backend::{Catch, Handler, Label, Operand, ReferenceNode, References, Slot};

use super::Builder;
use crate::handlers::{self, Region};
use crate::op::Op;
use crate::references::ReferenceMaps;

/// A branch target of 32 bits that is not known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixup {
    pub(super) label: Label,
    /// Start of the branch instruction.
    pub(super) start: u32,
    /// The word of the instruction that holds the target.
    pub(super) word: u8,
    /// Its lowest bit.
    pub(super) shift: u8,
}

/// A list of targets, each of which is a word that holds the number of a label until the function ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct TargetList {
    /// Start of the branch instruction.
    pub(super) start: u32,
    pub(super) first: u32,
    pub(super) count: u32,
}

/// A handler whose clauses are not all known yet.
#[derive(Debug, Default)]
pub(super) struct PendingHandler {
    clauses: Vec<handlers::Clause>,
    outer: Option<u32>,
}

impl PendingHandler {
    pub(super) fn finish(self) -> handlers::Handler {
        handlers::Handler { clauses: self.clauses.into(), outer: self.outer }
    }
}

/// The place of a label that is not bound yet.
const UNBOUND: u32 = u32::MAX;

impl Builder<'_> {
    /// The word where a label is bound.
    ///
    /// # Panics
    /// When it never was.
    pub(super) fn place_of(&self, label: u32) -> usize {
        let place = self.labels[label as usize];
        assert_ne!(place, UNBOUND, "the walker binds all labels that it uses");
        place as usize
    }

    pub(super) fn is_bound(&self, label: Label) -> bool {
        self.labels[label.0 as usize] != UNBOUND
    }

    /// A label at the end of the code, from where a jump leads back to the head of a loop.
    pub(super) fn back_edge_at_end(&mut self, head: Label) -> Label {
        if self.back_edge_of.len() <= head.0 as usize {
            self.back_edge_of.resize(head.0 as usize + 1, None);
        }
        if let Some(label) = self.back_edge_of[head.0 as usize] {
            return label;
        }
        let label = self.make_label();
        self.back_edge_of[head.0 as usize] = Some(label);
        self.back_edges.push((label, head));
        label
    }

    /// Writes the jumps that [`back_edge_at_end`](Self::back_edge_at_end) has promised.
    pub(super) fn emit_back_edges(&mut self) {
        for (label, head) in std::mem::take(&mut self.back_edges) {
            self.bind_here(label);
            self.emit_branch(Op::Br, &[], head);
        }
    }

    pub(super) fn bind_here(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.words.len() as u32;
        self.peephole.reset();
    }

    pub(super) fn make_label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        Label(self.labels.len() as u32 - 1)
    }

    pub(super) fn emit_branch_table(&mut self, index: Operand, targets: &[Label]) {
        let index = self.slot(index);
        let start = self.emit(Op::BrTable, &[u64::from(index.0), targets.len() as u64 - 1]);
        let (start, first, count) = (start as u32, self.words.len() as u32, targets.len() as u32);
        self.target_lists.push(TargetList { start, first, count });
        for &target in targets {
            let label = if self.is_bound(target) { self.back_edge_at_end(target) } else { target };
            self.words.push(u64::from(label.0));
        }
    }

    /// Fills in all branch targets.
    pub(super) fn resolve_targets(&mut self) {
        for &Fixup { label, start, word, shift } in &self.fixups {
            let (to, start) = (self.place_of(label.0), start as usize);
            if Op::first_of(&self.words[start..]) == Some(Op::Br)
                && let Some(Op::Return | Op::ReturnS | Op::ReturnI | Op::ReturnF32S | Op::ReturnF64S) =
                    Op::first_of(&self.words[to..])
            {
                // A jump to a return returns at once: both take two words.
                self.words[start + 1] = self.words[to + 1];
                continue;
            }
            let distance = to as i64 - start as i64;
            self.words[start + usize::from(word)] |= truncated(distance as u64, 32) << shift;
        }
        for &TargetList { start, first, count } in &self.target_lists {
            for word in first as usize..(first + count) as usize {
                let to = self.place_of(self.words[word] as u32);
                self.words[word] = (to as i64 - i64::from(start)) as u64;
            }
        }
        self.fixups.clear();
        self.target_lists.clear();
    }

    pub(super) fn note_handler(&mut self, handler: Handler, outer: Option<Handler>) {
        let Handler(number) = handler;
        debug_assert_eq!(number as usize, self.handlers.len(), "handlers are opened in order");
        let outer = outer.map(|Handler(number)| number);
        self.handlers.push(PendingHandler { outer, ..PendingHandler::default() });
        self.regions.push(Region { start: self.words.len() as u32, handler: Some(number) });
    }

    pub(super) fn note_clause(&mut self, Handler(number): Handler, clause: &Catch) {
        let clause = handlers::Clause {
            tag: clause.tag,
            payload: clause.tag.map_or(0, |_| self.fp_slot(clause.payload)),
            reference: clause.reference.map(|slot| self.fp_slot(slot)),
            target: clause.target.0,
        };
        self.handlers[number as usize].clauses.push(clause);
    }

    pub(super) fn end_handler(&mut self, Handler(number): Handler, next: Option<Handler>) {
        let handler = &mut self.handlers[number as usize];
        let around = std::mem::replace(&mut handler.outer, next.map(|Handler(number)| number));
        self.regions.push(Region { start: self.words.len() as u32, handler: around });
    }

    /// Brings regions and handlers into their final form.
    pub(super) fn end_handlers(&mut self) {
        // Of several changes at one place the last one counts; one that changes nothing is none.
        let mut regions: Vec<Region> = Vec::with_capacity(self.regions.len());
        for &region in &self.regions {
            regions.pop_if(|last| last.start == region.start);
            if regions.last().and_then(|last| last.handler) != region.handler {
                regions.push(region);
            }
        }
        self.regions = regions;
        let mut handlers = std::mem::take(&mut self.handlers);
        for clause in handlers.iter_mut().flat_map(|handler| &mut handler.clauses) {
            clause.target = self.place_of(clause.target) as u32;
        }
        self.handlers = handlers;
    }

    pub(super) fn note_references(&mut self, operands: Option<References>) {
        let list = operands.map(|References(number)| number);
        let start = self.words.len() as u32;
        self.reference_points.pop_if(|&mut (at, _)| at == start);
        if self.reference_points.last().and_then(|&(_, list)| list) != list {
            self.reference_points.push((start, list));
        }
    }

    pub(super) fn end_references(&mut self, locals: &[Slot], nodes: &[ReferenceNode]) {
        let points = std::mem::take(&mut self.reference_points);
        let node =
            |node: &ReferenceNode| (self.fp_slot(node.slot), node.below.map(|References(number)| number));
        self.references = ReferenceMaps::new(locals.iter().map(|&slot| self.fp_slot(slot)))
            .with_lists(nodes.iter().map(node), points);
    }
}

fn truncated(value: u64, bits: u32) -> u64 {
    value & (u64::MAX >> (64 - bits))
}
