//! Blocks: how they open and how they end. At each label, the operands of all incoming paths are in the same homes.

use super::control::{Control, Kind, Signature};
use super::{Refusal, Step, Walker, malformed, val_type};
use crate::backend::{Backend, Handler, Label, SHORT_SLOTS};
use upshift_core::index::TypeIndex;

impl<B: Backend> Walker<'_, '_, B> {
    /// Opens a block whose parameters are the topmost operands; the backend knows of it already.
    pub(super) fn push_block(&mut self, kind: Kind, signature: Signature, label: Option<Label>) {
        let height = self.stack.height() - signature.params(self.module).len();
        let base = self.stack.home(height);
        let handler = self.control.last().and_then(|control| control.handler);
        let mut control = Control { kind, signature, height, label, base, handler, carried: 0 };
        control.carried = control.label_types(self.module).len() as u32;
        self.control.push(control);
    }

    pub(super) fn signature(&self, ty: wasmparser::BlockType) -> Result<Signature, Refusal> {
        Ok(match ty {
            wasmparser::BlockType::Empty => Signature::Empty,
            wasmparser::BlockType::Type(ty) => Signature::Result(val_type(self.module, ty)?),
            wasmparser::BlockType::FuncType(index) => Signature::Func(TypeIndex(index)),
        })
    }

    /// Tells the backend of a block that opens, with its parameters on top of the stack.
    pub(super) fn open(&mut self, signature: Signature) {
        let params = signature.params(self.module).len();
        self.backend.open(self.stack.home(self.stack.height() - params));
    }

    pub(super) fn block(&mut self, signature: Signature) -> Step {
        self.flush();
        self.open(signature);
        self.push_block(Kind::Block, signature, None);
        Ok(())
    }

    pub(super) fn loop_(&mut self, signature: Signature) -> Step {
        self.flush();
        // A parameter has another value in each iteration, of which only the loop's type is known.
        let params = signature.params(self.module);
        self.flush_top(params.len());
        self.stack.retype_top(params);
        self.open(signature);
        let label = self.backend.new_label();
        self.bind(label);
        let number = self.loops;
        self.loops += 1;
        self.loop_head(number)?;
        self.check_interrupt();
        self.push_block(Kind::Loop(number), signature, Some(label));
        Ok(())
    }

    /// Tells the backend of a loop whose head was just bound.
    fn loop_head(&mut self, number: u32) -> Step {
        if !self.backend.wants_survey() {
            self.backend.loop_head(number, self.stack.live(), None);
            return Ok(());
        }
        let (offset, body) = (self.offset, self.body);
        let survey = self.surveys.at(offset, || body.code_from(offset)).map_err(malformed)?;
        self.backend.loop_head(number, self.stack.live(), Some(&survey));
        Ok(())
    }

    pub(super) fn if_(&mut self, signature: Signature) -> Step {
        let condition = self.pop();
        self.flush();
        // Both arms start from the same state, so parameters have to be in their homes, not constant in one of them.
        self.flush_top(signature.params(self.module).len());
        self.open(signature);
        let otherwise = self.backend.new_label();
        self.backend.branch_if(condition, false, otherwise);
        self.end_run();
        self.push_block(Kind::If { otherwise }, signature, None);
        Ok(())
    }

    /// Puts the values that fall out of a block's end into the places where branches put them.
    pub(super) fn fall_through(&mut self) {
        let control = self.control.last().expect("the function's block is open");
        let count = control.signature.results(self.module).len();
        if control.kind == Kind::Func {
            self.return_top(count);
        } else {
            let base = control.base;
            self.carry(count, base);
        }
    }

    pub(super) fn else_(&mut self) -> Step {
        let index = self.control.len() - 1;
        let Kind::If { otherwise } = self.control[index].kind else {
            unreachable!("validation pairs else with if");
        };
        if self.reachable {
            self.fall_through();
            let end = self.label(index);
            self.backend.jump(end);
        }
        let control = &mut self.control[index];
        control.kind = Kind::Else;
        let Control { signature, height, .. } = *control;
        self.stack.truncate(height);
        self.stack.push_homes(signature.params(self.module));
        self.bind(otherwise);
        self.reachable = true;
        Ok(())
    }

    pub(super) fn end(&mut self) -> Step {
        self.end_block(None)
    }

    /// Ends the innermost block; `delegate` says where exceptions go that come out of it, if a `delegate` does.
    pub(super) fn end_block(&mut self, delegate: Option<Option<Handler>>) -> Step {
        if self.reachable {
            self.fall_through();
        }
        let control = self.control.pop().expect("validation pairs end with a block");
        if control.kind == Kind::Func {
            self.end_function();
            return Ok(());
        }
        self.close_handler(&control, delegate);
        self.stack.truncate(control.height);
        self.stack.push_homes(control.signature.results(self.module));
        match control.kind {
            // Without an else, control arrives here with the parameters as results.
            Kind::If { otherwise } => {
                self.bind(otherwise);
                self.reachable = true;
            }
            Kind::Loop(number) => self.backend.loop_end(number),
            _ => {}
        }
        if !matches!(control.kind, Kind::Loop(_))
            && let Some(label) = control.label
        {
            self.bind(label);
            self.reachable = true;
        }
        self.backend.close();
        Ok(())
    }

    /// Ends the function behind its last operator.
    fn end_function(&mut self) {
        self.end_run();
        self.end_catch_returns();
        if self.references_seen {
            let (locals, nodes) = self.stack.all_references();
            self.backend.references(locals, nodes);
        }
        let frame = self.stack.max_slot().max(self.ty.result_slots());
        assert!(frame <= SHORT_SLOTS || self.has_scratch, "a frame of {frame} slots has no scratch slots");
        self.backend.end(frame);
    }
}
