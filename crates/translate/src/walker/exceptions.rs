//! Exceptions: where they are caught and how they are thrown.
//!
//! ```text
//! try_table ─▶ Handler, its clauses ─▶ label of the block that a clause names, with the values where branches put them
//! try       ─▶ Handler, its clauses ─▶ label of a catch part:  exception | values        (the first draft)
//! ```
//!
//! Entering and leaving a block with a handler costs no instruction: the backend notes which code belongs to which handler.
//! A clause delivers its values where a branch to its label would have put them, so it needs no code of its own, unless the
//! label is the function's: then it leads to a return behind the function's last operator.
//!
//! So a `throw` whose clause is certain, one around it in the same function, is a branch to the clause's label, in all tiers alike.

use upshift_core::index::TagIndex;
use upshift_core::types::ValType;

use super::control::{Control, Kind, Signature};
use super::{Step, Walker};
use crate::backend::{Backend, Catch, Handler, Label, Operand, Return, Slot};

/// A return with the values of an exception.
#[derive(Clone, Copy, Debug)]
pub(super) struct CatchReturn {
    label: Label,
    /// First of the results.
    base: Slot,
}

/// A handler around the current operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenHandler {
    /// Where its clauses begin among those of all such handlers.
    first: usize,
    /// Whether they are known: those of the first draft's come behind the code that they are for.
    is_known: bool,
}

/// A clause of a handler around the current operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenClause {
    /// Exceptions of which tag it catches; all if there is none.
    tag: Option<TagIndex>,
    /// The number of the block to whose label it leads.
    target: usize,
    reference: bool,
}

/// Of how many handlers and clauses a `throw` asks whether they catch it: else many of one in many of the other would take for ever.
const MOST_ASKED: usize = 16;

impl<B: Backend> Walker<'_, '_, B> {
    /// What catches the exceptions of the current operator.
    fn handler(&self) -> Option<Handler> {
        self.control.last().and_then(|control| control.handler)
    }

    /// Opens a handler around what follows, whose clauses come at once or behind that.
    fn open_handler(&mut self, is_known: bool) -> Handler {
        let handler = Handler(self.handlers);
        self.handlers += 1;
        self.backend.open_handler(handler, self.handler());
        self.open_handlers.push(OpenHandler { first: self.open_clauses.len(), is_known });
        handler
    }

    /// Opens the block whose exceptions go to the handler.
    fn push_handled(&mut self, kind: Kind, signature: Signature, handler: Handler) {
        self.push_block(kind, signature, None);
        if let Some(control) = self.control.last_mut() {
            control.handler = Some(handler);
        }
    }

    /// Closes the handler that a block which was just taken off the control stack has for itself, if any. What none of its
    /// clauses fits goes to the handler around it, or to that of a `delegate`.
    pub(super) fn close_handler(&mut self, control: &Control, delegate: Option<Option<Handler>>) {
        let outer = self.handler();
        if let Some(handler) = control.handler
            && control.handler != outer
        {
            self.end_handler(handler, delegate.unwrap_or(outer));
        }
    }

    /// The handler that was opened last ends.
    fn end_handler(&mut self, handler: Handler, next: Option<Handler>) {
        if let Some(OpenHandler { first, .. }) = self.open_handlers.pop() {
            self.open_clauses.truncate(first);
        }
        self.backend.close_handler(handler, next);
    }

    pub(super) fn try_table(&mut self, table: &wasmparser::TryTable) -> Step {
        use wasmparser::Catch as Clause;
        self.flush();
        let signature = self.signature(table.ty)?;
        self.open(signature);
        let handler = self.open_handler(true);
        for clause in &table.catches {
            let (tag, depth, wants_reference) = match *clause {
                Clause::One { tag, label } => (Some(TagIndex(tag)), label, false),
                Clause::OneRef { tag, label } => (Some(TagIndex(tag)), label, true),
                Clause::All { label } => (None, label, false),
                Clause::AllRef { label } => (None, label, true),
            };
            let (target, payload) = self.landing(depth);
            let slots = tag.map_or(0, |tag| self.module.tag_type(tag).func().param_slots());
            let reference = wants_reference.then_some(Slot(payload.0 + slots));
            self.backend.catch(handler, &Catch { tag, target, payload, reference });
            let target = self.target(depth);
            self.open_clauses.push(OpenClause { tag, target, reference: wants_reference });
        }
        self.push_handled(Kind::Block, signature, handler);
        Ok(())
    }

    /// The label of an open block, and where it wants the values that a branch carries.
    fn landing(&mut self, depth: u32) -> (Label, Slot) {
        let index = self.target(depth);
        if self.control[index].kind != Kind::Func {
            return (self.label(index), self.control[index].base);
        }
        let base = self.stack.next_home();
        if let Some(known) = self.catch_returns.last().filter(|known| known.base == base) {
            return (known.label, base);
        }
        // The frame has to have room for the results.
        let height = self.stack.height();
        self.stack.push_homes(self.ty.results());
        self.stack.truncate(height);
        let label = self.backend.new_label();
        self.catch_returns.push(CatchReturn { label, base });
        (label, base)
    }

    /// Returns what clauses catch that lead out of the function.
    pub(super) fn end_catch_returns(&mut self) {
        for at in 0..self.catch_returns.len() {
            let CatchReturn { label, base } = self.catch_returns[at];
            self.stack.begin_at(base);
            self.stack.push_homes(self.ty.results());
            self.bind(label);
            self.backend.ret(match *self.ty.results() {
                [] => Return::None,
                [ty] => Return::One(Operand::Temp(base), ty),
                _ => Return::Span(base, self.ty.results()),
            });
        }
    }

    pub(super) fn throw(&mut self, tag: u32) -> Step {
        let tag = TagIndex(tag);
        if let Some(target) = self.certain_target(tag) {
            self.branch(target);
            return self.unreachable_from_here();
        }
        let count = self.module.tag_type(tag).func().params().len();
        let payload = self.flush_top(count);
        self.safepoint();
        self.backend.throw(tag, payload);
        self.unreachable_from_here()
    }

    /// The block to whose label an exception with a tag leads that the current operator throws, if that is certain and nobody wants
    /// a reference to the exception.
    fn certain_target(&self, tag: TagIndex) -> Option<usize> {
        let mut end = self.open_clauses.len();
        let mut asked = 0;
        for handler in self.open_handlers.iter().rev() {
            let clauses = &self.open_clauses[handler.first..end];
            asked += 1 + clauses.len();
            if !handler.is_known || asked > MOST_ASKED {
                return None;
            }
            for clause in clauses {
                match clause.tag.map_or(Some(true), |caught| self.is_same_tag(tag, caught)) {
                    Some(true) => return (!clause.reference).then_some(clause.target),
                    Some(false) => {}
                    None => return None,
                }
            }
            end = handler.first;
        }
        None
    }

    /// Whether two tags are the same in all instances, if the module says so: of its own tags each is different from all others, but two
    /// imports may be the same, if their types are.
    fn is_same_tag(&self, a: TagIndex, b: TagIndex) -> Option<bool> {
        let are_imported = a.0.max(b.0) < self.module.imported_tags;
        if a == b {
            Some(true)
        } else if are_imported && self.module.tag_type(a).id == self.module.tag_type(b).id {
            None
        } else {
            Some(false)
        }
    }

    pub(super) fn throw_ref(&mut self) -> Step {
        self.safepoint();
        let exception = self.pop();
        self.backend.throw_ref(exception);
        self.unreachable_from_here()
    }

    // The first draft.

    pub(super) fn try_(&mut self, ty: wasmparser::BlockType) -> Step {
        self.flush();
        let signature = self.signature(ty)?;
        self.open(signature);
        let handler = self.open_handler(false);
        self.push_handled(Kind::Try(handler), signature, handler);
        Ok(())
    }

    /// `catch` with a tag, or `catch_all`.
    pub(super) fn catch(&mut self, tag: Option<u32>) -> Step {
        let index = self.control.len() - 1;
        let (Kind::Try(handler) | Kind::Catch(handler)) = self.control[index].kind else {
            unreachable!("validation pairs catch with try");
        };
        if self.reachable {
            self.fall_through();
            let end = self.label(index);
            self.backend.jump(end);
        }
        let outer = index.checked_sub(1).and_then(|around| self.control[around].handler);
        if let Kind::Try(_) = self.control[index].kind {
            self.end_handler(handler, outer);
        }
        let control = &mut self.control[index];
        control.kind = Kind::Catch(handler);
        control.handler = outer;
        self.stack.truncate(control.height);
        // A `rethrow` may want the exception again, so it stays below what it carries.
        let reference = self.stack.push_home(ValType::EXNREF);
        let payload = self.stack.next_home();
        let tag = tag.map(TagIndex);
        if let Some(tag) = tag {
            self.stack.push_homes(self.module.tag_type(tag).func().params());
        }
        let target = self.backend.new_label();
        self.backend.catch(handler, &Catch { tag, target, payload, reference: Some(reference) });
        self.bind(target);
        self.reachable = true;
        Ok(())
    }

    pub(super) fn rethrow(&mut self, depth: u32) -> Step {
        let control = &self.control[self.target(depth)];
        // Another `rethrow` may follow.
        let exception = Operand::Kept(self.stack.home(control.height));
        self.safepoint();
        self.backend.throw_ref(exception);
        self.unreachable_from_here()
    }

    /// Ends a `try` whose exceptions go to whatever catches those of an outer block.
    pub(super) fn delegate(&mut self, depth: u32) -> Step {
        let index = self.control.len() - 1;
        let Kind::Try(_) = self.control[index].kind else {
            unreachable!("validation pairs delegate with try");
        };
        // The depth counts from the block around the `try`.
        let next = self.control[index - 1 - depth as usize].handler;
        self.end_block(Some(next))
    }
}
