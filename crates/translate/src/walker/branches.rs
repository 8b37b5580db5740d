//! Branches: the values that they carry go to the homes of the target's results, or are returned.

use upshift_core::types::ValType;

use super::control::Kind;
use super::{Step, Walker, malformed};
use crate::backend::{Backend, Label, Operand, Return, Slot};

impl<B: Backend> Walker<'_, '_, B> {
    /// Copies the topmost `count` operands to consecutive slots from `base` on, their own homes or below.
    pub(super) fn carry(&mut self, count: usize, base: Slot) {
        let first = self.stack.height() - count;
        let mut dst = base.0;
        let mut position = first;
        while position < self.stack.height() {
            let ty = self.stack.ty(position);
            let (start, operand) = (position, self.stack.operand(position));
            // Runs of operands that are in their homes move together.
            let mut slots = 0;
            while position < self.stack.height()
                && matches!(self.stack.operand(position), Operand::Temp(slot) if slot.0 != dst + slots)
            {
                slots += self.stack.ty(position).slots();
                position += 1;
            }
            if slots > ty.slots() {
                self.backend.copy_span(Slot(dst), self.stack.operands(start..position));
                dst += slots;
                continue;
            }
            if slots == 0 {
                position += 1;
            }
            if operand != Operand::Temp(Slot(dst)) {
                self.backend.carry(Slot(dst), operand, ty);
            }
            dst += ty.slots();
        }
    }

    /// Returns the topmost `count` operands.
    pub(super) fn return_top(&mut self, count: usize) {
        let values = match count {
            0 => Return::None,
            1 => {
                let top = self.stack.height() - 1;
                Return::One(self.stack.operand(top), self.stack.ty(top))
            }
            _ => Return::Span(self.flush_top(count), self.ty.results()),
        };
        self.backend.ret(values);
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
    fn branch_needs_code(&self, index: usize) -> bool {
        let control = &self.control[index];
        if control.kind == Kind::Func {
            return true;
        }
        let first = self.stack.height() - control.carried as usize;
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
        let count = control.carried as usize;
        if control.kind == Kind::Func {
            return self.return_top(count);
        }
        let base = control.base;
        self.carry(count, base);
        let label = self.label(index);
        self.backend.jump(label);
    }

    /// Emits a branch that is taken on a condition: `test(backend, sense, target)` emits the test. An operand that was popped
    /// can be `kept` for where it is not taken.
    pub(super) fn conditional_branch(
        &mut self,
        depth: u32,
        kept: Option<(Operand, ValType)>,
        test: impl FnOnce(&mut B, bool, Label),
    ) -> Step {
        let index = self.target(depth);
        let skip = if self.branch_needs_code(index) {
            let carried = self.control[index].carried as usize;
            if carried > 1 {
                // Several results leave from their homes. They go there on both paths, because what the model says after
                // the branch has to hold where it was not taken, too.
                self.flush_top(carried);
            }
            let skip = self.backend.new_label();
            test(self.backend, false, skip);
            self.branch(index);
            Some(skip)
        } else {
            let label = self.label(index);
            test(self.backend, true, label);
            None
        };
        if let Some((operand, ty)) = kept {
            self.repush(operand, ty);
        }
        match skip {
            Some(skip) => self.bind(skip),
            None => self.end_run(),
        }
        Ok(())
    }

    pub(super) fn br(&mut self, depth: u32) -> Step {
        let index = self.target(depth);
        self.branch(index);
        self.unreachable_from_here()
    }

    pub(super) fn br_if(&mut self, depth: u32) -> Step {
        let condition = self.pop();
        self.conditional_branch(depth, None, |backend, sense, target| {
            backend.branch_if(condition, sense, target);
        })
    }

    pub(super) fn br_table(&mut self, table: &wasmparser::BrTable<'_>) -> Step {
        let index = self.pop();
        let carried = self.control[self.target(table.default())].carried as usize;
        // The values leave from their homes, whichever target is taken. An index that is a temporary lies above them.
        self.flush_top(carried);
        let mut targets = std::mem::take(self.targets);
        targets.begin(self.control.len());
        for depth in table.targets().chain(std::iter::once(Ok(table.default()))) {
            let depth = depth.map_err(malformed)?;
            targets.push(depth, || {
                let target = self.target(depth);
                if self.branch_needs_code(target) {
                    (self.backend.new_label(), true)
                } else {
                    (self.label(target), false)
                }
            });
        }
        self.backend.branch_table(index, &targets.labels);
        for &(depth, label) in &targets.stubs {
            self.bind(label);
            let target = self.target(depth);
            self.branch(target);
        }
        *self.targets = targets;
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
        Ok(())
    }
}

/// The targets of a `br_table`: one label for each distinct depth, and which of these lead to code of their own.
#[derive(Debug, Default)]
pub(super) struct BranchTargets {
    labels: Vec<Label>,
    stubs: Vec<(u32, Label)>,
    /// The label of each depth, while the number beside it is that of the current table.
    by_depth: Vec<(u32, Label)>,
    table: u32,
}

impl BranchTargets {
    /// Begins with a table below so many blocks.
    fn begin(&mut self, blocks: usize) {
        self.labels.clear();
        self.stubs.clear();
        self.table = self.table.wrapping_add(1);
        if self.table == 0 {
            self.by_depth.clear();
            self.table = 1;
        }
        if self.by_depth.len() < blocks {
            self.by_depth.resize(blocks, (0, Label(0)));
        }
    }

    /// Adds a target; `make` makes its label when the depth is new, and tells whether that leads to code of its own.
    fn push(&mut self, depth: u32, make: impl FnOnce() -> (Label, bool)) {
        let known = &mut self.by_depth[depth as usize];
        if known.0 != self.table {
            let (label, needs_code) = make();
            *known = (self.table, label);
            if needs_code {
                self.stubs.push((depth, label));
            }
        }
        self.labels.push(known.1);
    }

    pub(super) fn capacity(&self) -> usize {
        self.labels.capacity().max(self.by_depth.capacity())
    }
}
