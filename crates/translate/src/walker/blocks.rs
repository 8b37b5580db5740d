//! Blocks: how they open and how they end, with the operands of all paths in the same homes.

use super::control::{Control, Kind, Signature};
use super::{Step, Walker, val_type};
use crate::backend::{Backend, Label};

impl<B: Backend> Walker<'_, B> {
    pub(super) fn open(&mut self, kind: Kind, signature: Signature, label: Option<Label>) {
        let height = self.stack.height() - signature.params().len();
        let base = self.stack.home(height);
        let handler = self.control.last().and_then(|control| control.handler);
        self.control.push(Control { kind, signature, height, label, base, handler });
    }

    pub(super) fn signature(&self, ty: wasmparser::BlockType) -> Result<Signature, String> {
        Ok(match ty {
            wasmparser::BlockType::Empty => Signature::Empty,
            wasmparser::BlockType::Type(ty) => Signature::Result(val_type(self.module, ty)?),
            wasmparser::BlockType::FuncType(index) => {
                Signature::Func(self.module.types[index as usize].func().clone())
            }
        })
    }

    pub(super) fn block(&mut self, ty: wasmparser::BlockType) -> Step {
        self.flush();
        let signature = self.signature(ty)?;
        self.open(Kind::Block, signature, None);
        Ok(())
    }

    pub(super) fn loop_(&mut self, ty: wasmparser::BlockType) -> Step {
        self.flush();
        let signature = self.signature(ty)?;
        // A parameter has another value in each iteration, of which only the loop's type is known.
        self.flush_top(signature.params().len());
        self.stack.retype_top(signature.params());
        let label = self.backend.new_label();
        self.bind(label);
        self.backend.loop_head(self.loops);
        self.loops += 1;
        self.check_interrupt();
        self.open(Kind::Loop, signature, Some(label));
        Ok(())
    }

    pub(super) fn if_(&mut self, ty: wasmparser::BlockType) -> Step {
        let condition = self.pop();
        self.flush();
        let signature = self.signature(ty)?;
        // Both arms start from the same state, so parameters have to be in their homes, not constant in one of them.
        self.flush_top(signature.params().len());
        let otherwise = self.backend.new_label();
        self.backend.branch_if(condition, false, otherwise);
        self.end_run();
        self.open(Kind::If { otherwise }, signature, None);
        Ok(())
    }

    /// Puts the values that fall out of a block's end into the places where branches put them.
    pub(super) fn fall_through(&mut self) {
        let control = self.control.last().expect("the function's block is open");
        let count = control.signature.results().len();
        if control.kind == Kind::Func {
            let values = self.return_values(count);
            self.backend.ret(values);
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
        self.bind(otherwise);
        let control = &mut self.control[index];
        control.kind = Kind::Else;
        let signature = control.signature.clone();
        self.stack.truncate(control.height);
        for &param in signature.params() {
            self.stack.push_home(param);
        }
        self.reachable = true;
        Ok(())
    }

    pub(super) fn end(&mut self) -> Step {
        if self.reachable {
            self.fall_through();
        }
        let control = self.control.pop().expect("validation pairs end with a block");
        let handler = self.control.last().and_then(|control| control.handler);
        if handler != control.handler {
            self.backend.set_handler(handler);
        }
        match control.kind {
            Kind::Func => {
                self.end_run();
                self.end_handlers();
                if self.references_seen {
                    let (locals, nodes) = self.stack.all_references();
                    self.backend.references(locals, nodes);
                }
                let frame = self.stack.max_slot().max(self.ty.result_slots());
                self.backend.end(frame);
                return Ok(());
            }
            // Without an else, control arrives here with the parameters as results.
            Kind::If { otherwise } => {
                self.bind(otherwise);
                self.reachable = true;
            }
            Kind::Block | Kind::Else | Kind::Loop | Kind::Try(_) | Kind::Catch(_) => {}
        }
        if control.kind != Kind::Loop
            && let Some(label) = control.label
        {
            self.bind(label);
            self.reachable = true;
        }
        self.stack.truncate(control.height);
        for &result in control.signature.results() {
            self.stack.push_home(result);
        }
        Ok(())
    }
}
