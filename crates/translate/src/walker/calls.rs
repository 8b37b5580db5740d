//! Calls: the arguments are the topmost operands, in their homes; the results replace them there.

use upshift_core::index::{FuncIndex, TableIndex, TypeIndex};
use upshift_core::types::FuncType;

use super::{Step, Walker, copy};
use crate::backend::{Backend, Call, Callee};

impl<B: Backend> Walker<'_, '_, B> {
    pub(super) fn call(&mut self, callee: Callee, ty: &FuncType, tail: bool) -> Step {
        if !tail {
            let base = self.stack.home(self.stack.height() - ty.params().len());
            self.backend.arguments(callee, ty, base);
        }
        let Walker { stack, backend, .. } = self;
        let base = stack.spill_and_pop(ty.params().len(), |spill| copy(*backend, spill));
        if !tail {
            // The arguments belong to the callee.
            self.safepoint();
        }
        let site = self.next_site;
        if !matches!(callee, Callee::Direct(_)) {
            self.next_site += 1;
        }
        self.backend.call(&Call { callee, ty, base, tail, site });
        self.end_run();
        if tail {
            return self.unreachable_from_here();
        }
        self.stack.push_homes(ty.results());
        Ok(())
    }

    pub(super) fn call_direct(&mut self, func: u32, tail: bool) -> Step {
        let ty = self.module.func_type(FuncIndex(func)).func();
        self.call(Callee::Direct(FuncIndex(func)), ty, tail)
    }

    pub(super) fn call_indirect(&mut self, ty: u32, table: u32, tail: bool) -> Step {
        let func = self.module.types[ty as usize].func();
        let index = self.pop();
        self.call(Callee::Indirect { table: TableIndex(table), ty: TypeIndex(ty), index }, func, tail)
    }

    pub(super) fn call_ref(&mut self, ty: u32, tail: bool) -> Step {
        let func = self.module.types[ty as usize].func();
        let reference = self.pop();
        self.call(Callee::Ref { ty: TypeIndex(ty), function: reference }, func, tail)
    }
}
