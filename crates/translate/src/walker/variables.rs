//! Globals, and locals: on the operand stack model, a local that was read is an alias until the local changes.

use upshift_core::index::{GlobalIndex, LocalIndex};

use super::{Step, Walker, copy};
use crate::backend::{Backend, Operand};

impl<B: Backend> Walker<'_, '_, B> {
    /// Sets a local; with `tee` its value stays on the stack, as an alias.
    pub(super) fn local_set(&mut self, local: u32, tee: bool) -> Step {
        let value = self.pop();
        let (slot, ty) = self.stack.local(local);
        let local_index = LocalIndex(local);
        if value != Operand::Local(local_index, slot) {
            if self.stack.has_alias(local) {
                self.spill_aliases(local);
            }
            self.backend.set_local(local_index, slot, value, ty);
        }
        if tee {
            self.stack.push_local(local);
        }
        Ok(())
    }

    /// Copies aliases of a local, which is about to change, to their homes.
    #[inline(never)]
    fn spill_aliases(&mut self, local: u32) {
        if self.stack.has_deep_alias(local) {
            self.flush();
        }
        let Walker { stack, backend, .. } = self;
        stack.spill_aliases(local, |spill| copy(*backend, spill));
    }

    pub(super) fn global_get(&mut self, global: u32) -> Step {
        let ty = self.module.globals[global as usize].content;
        let dst = self.stack.push_home(ty);
        self.backend.global_get(GlobalIndex(global), dst);
        Ok(())
    }

    pub(super) fn global_set(&mut self, global: u32) -> Step {
        let value = self.pop();
        self.backend.global_set(GlobalIndex(global), value);
        Ok(())
    }
}
