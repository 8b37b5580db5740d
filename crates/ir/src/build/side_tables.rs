//! What lies beside the code of a function, collected while the code is made: which handler catches the exceptions of which part,
//! and which operands are references where.
//!
//! ```text
//! Backend's handlers, clauses, safepoints ─ with the position where the code stands ─▶ SideTables ─ finish ─▶ Handlers, ReferenceMaps
//! ```
//!
//! A *position* is whatever the tier counts its code in, ascending: words in the interpreter, bytes in native code. Slots come in
//! as the walker counts them and leave as code does, from `fp`.

use upshift_core::vm::frame;
use upshift_translate::backend::{Catch, Handler, Label, ReferenceNode, References, Slot};

use crate::handlers::{self, Handlers, Region};
use crate::references::ReferenceMaps;

/// A handler whose clauses are not all known yet; their targets are labels until the function ends.
#[derive(Debug, Default)]
struct PendingHandler {
    clauses: Vec<handlers::Clause>,
    outer: Option<u32>,
}

/// The tables of a function whose code is being made.
#[derive(Debug, Default)]
pub struct SideTables {
    /// How far `fp` lies above the first parameter.
    fp_offset: i32,
    /// Where the handler of exceptions changes.
    regions: Vec<Region>,
    handlers: Vec<PendingHandler>,
    /// From which positions on which operands are references.
    points: Vec<(u32, Option<u32>)>,
    references: ReferenceMaps,
}

impl SideTables {
    /// Empty tables of a function with so many parameter slots.
    #[must_use]
    pub fn new(param_slots: u32) -> SideTables {
        SideTables { fp_offset: frame::fp_offset(param_slots) as i32, ..SideTables::default() }
    }

    fn fp_slot(&self, slot: Slot) -> i32 {
        slot.0 as i32 - self.fp_offset
    }

    /// From a position on exceptions go to a handler, around which is `outer`.
    pub fn open_handler(&mut self, at: u32, Handler(number): Handler, outer: Option<Handler>) {
        debug_assert_eq!(number as usize, self.handlers.len(), "handlers are opened in order");
        let outer = outer.map(|Handler(number)| number);
        self.handlers.push(PendingHandler { outer, ..PendingHandler::default() });
        self.regions.push(Region { start: at, handler: Some(number) });
    }

    /// Adds a clause to a handler.
    pub fn catch(&mut self, Handler(number): Handler, clause: &Catch) {
        let clause = handlers::Clause {
            tag: clause.tag,
            payload: clause.tag.map_or(0, |_| self.fp_slot(clause.payload)),
            reference: clause.reference.map(|slot| self.fp_slot(slot)),
            target: clause.target.0,
        };
        self.handlers[number as usize].clauses.push(clause);
    }

    /// From a position on exceptions go to what was around the handler; what it does not catch goes to `next`.
    pub fn close_handler(&mut self, at: u32, Handler(number): Handler, next: Option<Handler>) {
        let handler = &mut self.handlers[number as usize];
        let around = std::mem::replace(&mut handler.outer, next.map(|Handler(number)| number));
        self.regions.push(Region { start: at, handler: around });
    }

    /// What comes from a position on may make the collector run, for which a list of operands counts.
    pub fn safepoint(&mut self, at: u32, operands: Option<References>) {
        let list = operands.map(|References(number)| number);
        self.points.pop_if(|&mut (point, _)| point == at);
        if self.points.last().and_then(|&(_, list)| list) != list {
            self.points.push((at, list));
        }
    }

    /// The locals that are references, and the elements of all lists.
    pub fn references(&mut self, locals: &[Slot], nodes: &[ReferenceNode]) {
        let points = std::mem::take(&mut self.points);
        let node =
            |node: &ReferenceNode| (self.fp_slot(node.slot), node.below.map(|References(number)| number));
        self.references = ReferenceMaps::new(locals.iter().map(|&slot| self.fp_slot(slot)))
            .with_lists(nodes.iter().map(node), points);
    }

    /// The code from a position on is taken back. Nothing that can throw ever is, so it does not matter on which side its successor
    /// lies.
    pub fn truncate(&mut self, at: u32) {
        for region in self.regions.iter_mut().rev().take_while(|region| region.start > at) {
            region.start = at;
        }
    }

    /// Whether clauses lead to labels.
    #[must_use]
    pub fn has_handlers(&self) -> bool {
        !self.handlers.is_empty()
    }

    /// The labels that clauses lead to.
    pub fn targets(&self) -> impl Iterator<Item = Label> + '_ {
        self.handlers.iter().flat_map(|handler| &handler.clauses).map(|clause| Label(clause.target))
    }

    /// The tables in their final form; `place` tells where control goes on that an exception brings to a label.
    pub fn finish(self, mut place: impl FnMut(Label) -> u32) -> (Handlers, ReferenceMaps) {
        if self.regions.is_empty() && self.handlers.is_empty() {
            return (Handlers::default(), self.references);
        }
        // Of several changes at one position the last one counts; one that changes nothing is none.
        let mut regions: Vec<Region> = Vec::with_capacity(self.regions.len());
        for region in self.regions {
            regions.pop_if(|last| last.start == region.start);
            if regions.last().and_then(|last| last.handler) != region.handler {
                regions.push(region);
            }
        }
        let mut handlers: Vec<handlers::Handler> = Vec::with_capacity(self.handlers.len());
        for PendingHandler { mut clauses, outer } in self.handlers {
            for clause in &mut clauses {
                clause.target = place(Label(clause.target));
            }
            let around = outer.map_or(0, |outer| handlers[outer as usize].steps);
            let steps = handlers::steps(clauses.len() as u32, around);
            handlers.push(handlers::Handler { clauses: clauses.into(), outer, steps });
        }
        (Handlers { regions: regions.into(), handlers: handlers.into() }, self.references)
    }
}
