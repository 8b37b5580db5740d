//! References to functions, and what asks whether a reference is null.

use upshift_core::index::FuncIndex;
use upshift_core::types::ValType;

use super::{Step, Walker};
use crate::backend::{Backend, Operand};

impl<B: Backend> Walker<'_, B> {
    pub(super) fn ref_func(&mut self, func: u32) -> Step {
        let dst = self.stack.push_home(ValType::FUNCREF);
        self.backend.ref_func(FuncIndex(func), dst);
        Ok(())
    }

    pub(super) fn ref_as_non_null(&mut self) -> Step {
        let top = self.stack.height() - 1;
        self.backend.ref_as_non_null(self.stack.operand(top));
        // The operand was read without being popped; in its home it may still be read once.
        Ok(())
    }

    pub(super) fn br_on_null(&mut self, depth: u32) -> Step {
        let (reference, ty) = self.stack.pop();
        self.conditional_branch(depth, |backend, sense, target| {
            backend.branch_if_null(reference, sense, target);
        });
        self.repush(reference, ty);
        Ok(())
    }

    pub(super) fn br_on_non_null(&mut self, depth: u32) -> Step {
        // The reference is one of the values that the branch carries.
        let reference = self.stack.operand(self.stack.height() - 1);
        self.conditional_branch(depth, |backend, sense, target| {
            backend.branch_if_null(reference, !sense, target);
        });
        self.pop();
        Ok(())
    }

    /// Pushes an operand that was just popped; nothing has changed since.
    pub(super) fn repush(&mut self, operand: Operand, ty: ValType) {
        match operand {
            Operand::Const(bits, _) => self.stack.push_const(bits, ty),
            Operand::Temp(_) => {
                self.stack.push_home(ty);
            }
            Operand::Local(_) => {
                let home = self.stack.push_home(ty);
                self.backend.copy(home, operand, ty);
            }
        }
    }
}
