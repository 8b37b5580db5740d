//! References to functions, comparisons of references, and null checks.

use upshift_core::index::FuncIndex;
use upshift_core::types::ValType;

use super::{Step, Walker};
use crate::backend::{Backend, Operand};

impl<B: Backend> Walker<'_, '_, B> {
    pub(super) fn ref_func(&mut self, func: u32) -> Step {
        let dst = self.stack.push_home(ValType::FUNCREF);
        self.backend.ref_func(FuncIndex(func), dst);
        Ok(())
    }

    pub(super) fn ref_eq(&mut self) -> Step {
        let (lhs, rhs) = self.pop2();
        let dst = self.stack.push_home(ValType::I32);
        self.backend.ref_eq(dst, lhs, rhs);
        Ok(())
    }

    pub(super) fn ref_is_null(&mut self) -> Step {
        let reference = self.pop();
        let dst = self.stack.push_home(ValType::I32);
        self.backend.ref_is_null(dst, reference);
        Ok(())
    }

    /// The topmost operand, which stays on the stack.
    pub(super) fn top(&self) -> Operand {
        self.stack.operand(self.stack.height() - 1).kept()
    }

    pub(super) fn ref_as_non_null(&mut self) -> Step {
        let reference = self.top();
        self.backend.ref_as_non_null(reference);
        Ok(())
    }

    pub(super) fn br_on_null(&mut self, depth: u32) -> Step {
        let (reference, ty) = self.stack.pop();
        let tested = reference.kept();
        self.conditional_branch(depth, Some((reference, ty)), |backend, sense, target| {
            backend.branch_if_null(tested, sense, target);
        })
    }

    pub(super) fn br_on_non_null(&mut self, depth: u32) -> Step {
        // The reference is one of the values that the branch carries.
        let reference = self.top();
        self.conditional_branch(depth, None, |backend, sense, target| {
            backend.branch_if_null(reference, !sense, target);
        })?;
        let null = self.pop();
        self.backend.discard(null);
        Ok(())
    }

    /// Pushes an operand that was just popped; nothing has changed since.
    pub(super) fn repush(&mut self, operand: Operand, ty: ValType) {
        match operand {
            Operand::Const(bits, _) => self.stack.push_const(bits, ty),
            Operand::Temp(_) | Operand::Kept(_) => {
                self.stack.push_home(ty);
            }
            Operand::Local(local, _) => self.stack.push_local(local.0),
        }
    }
}
