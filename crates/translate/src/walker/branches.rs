//! Branches: the values that they carry go to the homes of the target's results, or out of the function.

use super::control::Kind;
use super::{Step, Walker};
use crate::backend::{Backend, Label, Operand, Return, Slot};

impl<B: Backend> Walker<'_, B> {
    /// Copies the topmost `count` operands to consecutive slots from `base` on, their own homes or below.
    pub(super) fn carry(&mut self, count: usize, base: Slot) {
        let first = self.stack.height() - count;
        let mut dst = base.0;
        let mut position = first;
        while position < self.stack.height() {
            let ty = self.stack.ty(position);
            let operand = self.stack.operand(position);
            // Runs of operands that are in their homes move together.
            let mut slots = 0;
            while position < self.stack.height()
                && matches!(self.stack.operand(position), Operand::Temp(slot) if slot.0 != dst + slots)
            {
                slots += self.stack.ty(position).slots();
                position += 1;
            }
            if slots > ty.slots() {
                let src = operand.slot().expect("a run consists of operands in their homes");
                self.backend.copy_span(Slot(dst), src, slots);
                dst += slots;
                continue;
            }
            if slots == 0 {
                position += 1;
            }
            if operand != Operand::Temp(Slot(dst)) {
                self.backend.copy(Slot(dst), operand, ty);
            }
            dst += ty.slots();
        }
    }

    pub(super) fn return_values(&mut self, count: usize) -> Return {
        match count {
            0 => Return::None,
            1 => {
                let top = self.stack.height() - 1;
                Return::One(self.stack.operand(top), self.stack.ty(top))
            }
            _ => {
                let first = self.flush_top(count);
                Return::Span(first, self.ty.result_slots())
            }
        }
    }

    /// The label of an open block.
    pub(super) fn label(&mut self, index: usize) -> Label {
        if let Some(label) = self.control[index].label {
            return label;
        }
        let label = self.backend.new_label();
        self.control[index].label = Some(label);
        label
    }

    pub(super) fn target(&self, depth: u32) -> usize {
        self.control.len() - 1 - depth as usize
    }

    /// Whether a branch to the block has to do something besides jumping.
    pub(super) fn branch_needs_code(&self, index: usize) -> bool {
        let control = &self.control[index];
        if control.kind == Kind::Func {
            return true;
        }
        let count = control.label_types().len();
        let first = self.stack.height() - count;
        let mut dst = control.base.0;
        (first..self.stack.height()).any(|position| {
            let in_place = self.stack.operand(position) == Operand::Temp(Slot(dst));
            dst += self.stack.ty(position).slots();
            !in_place
        })
    }

    /// Emits an unconditional branch.
    pub(super) fn branch(&mut self, index: usize) {
        let control = &self.control[index];
        let count = control.label_types().len();
        if control.kind == Kind::Func {
            let values = self.return_values(count);
            self.backend.ret(values);
            return;
        }
        let base = control.base;
        self.carry(count, base);
        let label = self.label(index);
        self.backend.jump(label);
    }

    /// Emits a branch that is taken on a condition: `test(backend, sense, target)` emits the test.
    pub(super) fn conditional_branch(&mut self, depth: u32, test: impl FnOnce(&mut B, bool, Label)) {
        let index = self.target(depth);
        if self.branch_needs_code(index) {
            if self.control[index].label_types().len() > 1 {
                // Several results leave from their homes. They go there on both paths, because what the model says after
                // the branch has to hold where it was not taken, too.
                self.flush_top(self.control[index].label_types().len());
            }
            let skip = self.backend.new_label();
            test(self.backend, false, skip);
            self.branch(index);
            self.backend.bind(skip);
        } else {
            let label = self.label(index);
            test(self.backend, true, label);
        }
        self.end_run();
    }

    pub(super) fn br(&mut self, depth: u32) -> Step {
        let index = self.target(depth);
        self.branch(index);
        self.unreachable_from_here()
    }

    pub(super) fn br_if(&mut self, depth: u32) -> Step {
        let condition = self.pop();
        self.conditional_branch(depth, |backend, sense, target| backend.branch_if(condition, sense, target));
        Ok(())
    }

    pub(super) fn br_table(&mut self, table: &wasmparser::BrTable<'_>) -> Result<(), String> {
        let index = self.pop();
        let carried = self.control[self.target(table.default())].label_types().len();
        // The values leave from their homes, whichever target is taken. An index that is a temporary lies above them.
        self.flush_top(carried);
        // One piece of code per distinct target that needs any.
        let mut stubs: Vec<(u32, Label)> = Vec::new();
        let mut labels = Vec::with_capacity(table.len() as usize + 1);
        let mut seen = std::collections::HashMap::new();
        for depth in table.targets().chain(std::iter::once(Ok(table.default()))) {
            let depth = depth.map_err(|error| error.to_string())?;
            let label = *seen.entry(depth).or_insert_with(|| {
                let target = self.target(depth);
                if self.branch_needs_code(target) {
                    let label = self.backend.new_label();
                    stubs.push((depth, label));
                    label
                } else {
                    self.label(target)
                }
            });
            labels.push(label);
        }
        self.backend.branch_table(index, &labels);
        for (depth, label) in stubs {
            self.backend.bind(label);
            let target = self.target(depth);
            self.branch(target);
        }
        self.unreachable_from_here()
    }

    pub(super) fn return_(&mut self) -> Step {
        self.branch(0);
        self.unreachable_from_here()
    }

    pub(super) fn trap(&mut self) -> Step {
        self.backend.unreachable();
        self.unreachable_from_here()
    }

    pub(super) fn unreachable_from_here(&mut self) -> Step {
        let control = self.control.last().expect("the function's block is open");
        self.stack.truncate(control.height);
        self.end_run();
        self.reachable = false;
        self.skipped = 0;
        Ok(())
    }
}
