//! The cost of operators in fuel.
//!
//! ```text
//! operator ─ cost ─▶ sum of the straight run ─▶ Backend::set_charge, in front of the run's first operator
//! ```
//!
//! Only static costs are charged here, so they are the same in every tier: an operator, the values that it carries, the size of
//! a struct. What depends on run-time values, like lengths, is charged by the services that do the work.

use upshift_core::fuel::{BYTES_PER_UNIT, SLOTS_PER_UNIT};
use upshift_core::index::{FuncIndex, TagIndex};
use upshift_core::types::{FuncType, ValType};
use wasmparser::Operator;

use super::Walker;
use crate::backend::Backend;

/// The most fuel that one charge takes: instructions have signed numbers of 32 bits.
const MOST: u32 = i32::MAX as u32;

/// What setting or moving so many slots costs besides the operator.
pub(super) fn of_slots(slots: u64) -> u32 {
    u32::try_from(slots / SLOTS_PER_UNIT).unwrap_or(MOST).min(MOST)
}

fn of_type(ty: &FuncType) -> u32 {
    of_slots(u64::from(ty.param_slots()) + u64::from(ty.result_slots()))
}

impl<B: Backend> Walker<'_, '_, B> {
    /// Charges for an operator that control reaches, together with those before it in the same straight run.
    pub(super) fn charge(&mut self, operator: &Operator<'_>) {
        let cost = self.cost(operator);
        if cost > 0 {
            self.add_charge(cost);
        }
    }

    #[inline(never)]
    pub(super) fn add_charge(&mut self, cost: u32) {
        let sum = self
            .run
            .and_then(|(charge, fuel)| Some((charge, fuel.checked_add(cost).filter(|&sum| sum <= MOST)?)));
        self.run = Some(sum.unwrap_or_else(|| {
            // The first of its run, or more than one charge can hold.
            self.end_run();
            (self.backend.charge(), cost)
        }));
    }

    /// The run of operators ends here: control may leave it, or arrive from elsewhere.
    pub(super) fn end_run(&mut self) {
        if let Some((charge, fuel)) = self.run.take() {
            self.backend.set_charge(charge, fuel);
        }
    }

    /// What an operator costs: nothing if it only gives code its shape.
    fn cost(&self, operator: &Operator<'_>) -> u32 {
        use Operator as O;
        let more = match *operator {
            // Nothing is executed for these, or it is part of what was paid for before. A `loop` is not among them: where the
            // epoch is looked at, that happens there; and a `catch` is jumped over.
            O::Block { .. } | O::Else | O::End | O::Nop | O::Drop => return 0,
            O::TryTable { .. } | O::Try { .. } | O::Delegate { .. } => return 0,
            O::StructNew { struct_type_index: ty } | O::StructNewDefault { struct_type_index: ty } => {
                let layout = self.module.types[ty as usize].ty.layout.as_ref();
                layout.map_or(0, |layout| layout.size() / BYTES_PER_UNIT as u32)
            }
            O::Call { function_index: func } | O::ReturnCall { function_index: func } => {
                of_type(self.module.func_type(FuncIndex(func)).func())
            }
            O::CallIndirect { type_index: ty, .. }
            | O::CallRef { type_index: ty }
            | O::ReturnCallIndirect { type_index: ty, .. }
            | O::ReturnCallRef { type_index: ty } => of_type(self.module.types[ty as usize].func()),
            O::Throw { tag_index: tag } => {
                of_slots(self.module.tag_type(TagIndex(tag)).func().param_slots().into())
            }
            O::Return => of_slots(self.ty.result_slots().into()),
            O::Br { relative_depth: depth }
            | O::BrIf { relative_depth: depth }
            | O::BrOnNull { relative_depth: depth }
            | O::BrOnNonNull { relative_depth: depth }
            | O::BrOnCast { relative_depth: depth, .. }
            | O::BrOnCastFail { relative_depth: depth, .. } => self.carried(depth),
            // All targets take the same values.
            O::BrTable { ref targets } => self.carried(targets.default()),
            _ => 0,
        };
        more.saturating_add(1)
    }

    /// What the values cost that a branch carries.
    fn carried(&self, depth: u32) -> u32 {
        let control = &self.control[self.target(depth)];
        if control.carried == 0 {
            return 0;
        }
        let types = control.label_types(self.module);
        of_slots(types.iter().map(|ty: &ValType| u64::from(ty.slots())).sum())
    }
}
