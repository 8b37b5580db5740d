//! Exceptions: which calls and throws lead to which clauses.
//!
//! ```text
//! call or throw in a handler ─▶ site, noted with the handler ─ clauses ─▶ a landing block for each: caught values, jump to the target
//!                                                    └ handler ends ─▶ what none of its clauses catches for certain belongs to the next
//! ```
//!
//! The clauses of a `try_table` are known when it opens, those of the first draft's `try` come behind it. Either way all calls and
//! throws of a handler are known when it has ended, and the handlers around it end later: so landings are made then, inner
//! handlers first, which is the order in which clauses are tried.

use upshift_core::index::TagIndex;
use upshift_translate::backend::{Catch, Handler, Slot};

use super::history::Time;
use super::labels::Edge;
use super::{Builder, UNKNOWN};
use crate::ssa::{Block, Landing, Op, Terminator, Ty, Value};

/// What is known of a handler.
#[derive(Debug, Default)]
pub(super) struct HandlerState {
    /// The handler around it, and once it is closed, the one that is tried next.
    outer: Option<Handler>,
    is_closed: bool,
    /// How many clauses it has.
    written: u32,
    /// Clauses that wait for the handler's end.
    clauses: Vec<Catch>,
    /// What throws inside of it, by number.
    sites: Vec<u32>,
}

/// A call or a throw whose exceptions are caught.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// The block that it ends.
    block: Block,
    /// The handler that is tried first.
    handler: Handler,
    /// What slots hold there.
    time: Time,
    /// Whether a clause catches everything.
    is_caught: bool,
}

impl Builder<'_> {
    pub(super) fn enter_handler(&mut self, handler: Handler, outer: Option<Handler>) {
        let context = self.context_mut();
        while context.handlers.len() <= handler.0 as usize {
            context.handlers.push(HandlerState::default());
        }
        context.handlers[handler.0 as usize].outer = outer;
        context.handler = Some(handler);
    }

    pub(super) fn add_clause(&mut self, handler: Handler, clause: &Catch) {
        let state = &mut self.context_mut().handlers[handler.0 as usize];
        state.written += 1;
        if state.is_closed {
            self.land_all(handler, clause);
        } else {
            state.clauses.push(*clause);
        }
    }

    pub(super) fn leave_handler(&mut self, handler: Handler, next: Option<Handler>) {
        let state = &mut self.context_mut().handlers[handler.0 as usize];
        state.is_closed = true;
        let (outer, clauses) =
            (std::mem::replace(&mut state.outer, next), std::mem::take(&mut state.clauses));
        for clause in &clauses {
            self.land_all(handler, clause);
        }
        self.context_mut().handler = outer;
        let Some(next) = next else { return };
        let sites = std::mem::take(&mut self.context_mut().handlers[handler.0 as usize].sites);
        self.steps += sites.len() as u64;
        let left = sites.iter().copied().filter(|&site| !self.sites[site as usize].is_caught);
        let left: Vec<u32> = left.collect();
        let context = self.context_mut();
        context.handlers[next.0 as usize].sites.extend(left);
        context.handlers[handler.0 as usize].sites = sites;
    }

    /// Notes that the current block ends with something that may throw. Returns whether anything may catch that.
    pub(super) fn add_site(&mut self) -> bool {
        let (Some(block), Some(handler)) = (self.current, self.context().handler) else { return false };
        self.sites.push(Site { block, handler, time: self.history.now(), is_caught: false });
        let site = self.sites.len() as u32 - 1;
        self.context_mut().handlers[handler.0 as usize].sites.push(site);
        true
    }

    /// Leads the exceptions of all that throws in a handler to a clause.
    fn land_all(&mut self, handler: Handler, clause: &Catch) {
        for at in 0..self.context().handlers[handler.0 as usize].sites.len() {
            let site = self.context().handlers[handler.0 as usize].sites[at];
            self.land(site, clause);
            if self.refused {
                return;
            }
        }
    }

    /// Writes beside all that throws what a search for its handler pays for: what the program has around it, whether it has landings
    /// for all of that or not.
    pub(super) fn note_steps(&mut self) {
        let mut steps: Vec<u32> = Vec::new();
        for state in &self.context().handlers {
            let around = state.outer.map_or(0, |outer| steps[outer.0 as usize]);
            steps.push(upshift_ir::handlers::steps(state.written, around));
        }
        for site in &self.sites {
            if let Some(noted) = self.func.block_mut(site.block).term.steps_mut() {
                *noted = steps[site.handler.0 as usize];
            }
        }
    }

    fn land(&mut self, site: u32, clause: &Catch) {
        let Site { block, time, is_caught, .. } = self.sites[site as usize];
        let landings = self.func.block(block).term.landings();
        let is_known = clause.tag.is_some() && landings.iter().any(|landing| landing.tag == clause.tag);
        self.steps += 1 + landings.len() as u64;
        self.check_steps();
        if self.refused || is_caught || is_known {
            return;
        }
        let pos = self.func.block(block).pos;
        let landing = self.func.new_block();
        let mut payload = Vec::new();
        let mut caught = |builder: &mut Self, slot: Slot, op, ty| {
            let value = builder.func.append(landing, op, Some(ty), &[], pos);
            payload.push((slot, value));
        };
        if let Some(TagIndex(tag)) = clause.tag {
            let mut slot = clause.payload;
            let ty = self.module.tag_type(TagIndex(tag));
            for (at, &param) in ty.func().params().iter().enumerate() {
                caught(self, slot, Op::Caught(at as u32), Ty::of(param));
                slot.0 += param.slots();
            }
        }
        if let Some(slot) = clause.reference {
            caught(self, slot, Op::CaughtRef, Ty::Ref);
        }
        payload.sort_unstable_by_key(|&(slot, _): &(Slot, Value)| slot);
        self.steps += payload.len() as u64;
        self.payloads.push(payload.into());
        let data = self.func.block_mut(landing);
        (data.term, data.pos) = (Terminator::Jump(UNKNOWN), pos);
        let reference = clause.reference.is_some();
        let made = Landing { tag: clause.tag, reference, block: landing };
        if let Some(landings) = self.func.block_mut(block).term.landings_mut() {
            landings.push(made);
        }
        self.sites[site as usize].is_caught = clause.tag.is_none();
        let payload = Some(self.payloads.len() as u32 - 1);
        self.add_edge(clause.target, Edge { block: landing, target: 0, time, payload });
    }
}
