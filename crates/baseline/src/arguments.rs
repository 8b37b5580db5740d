//! Arguments and parameters in registers, as [`arg_params`] says.
//!
//! ```text
//! arguments ─▶ Arguments: which register each comes in
//! copy ──────▶ what it is, if that is a constant or a local: it gets there without a detour
//! call ──────▶ all at once are moved, loaded or made there; what else is in registers is stored
//! ```
//! To the callee, a parameter in a register is a local that is not in its slot yet: it is stored at the callee's first call, if there is
//! one. Handlers have parameters in slots, so entries for them load the registers first.

use upshift_core::types::FuncType;
use upshift_core::vm::registers::{ArgParam, ArgPlace, arg_params};
use upshift_translate::backend::{Callee, Operand, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
use crate::merge::Entry;
use crate::tables::Kept;
use crate::x64::{LEADS, Reg, RegSet, arg_reg};

/// An argument, or a parameter, that comes in a register.
#[derive(Clone, Copy, Debug)]
struct Argument {
    slot: Slot,
    kind: Kind,
    reg: Reg,
    /// What it is, if it is not in its slot or a register that has that.
    value: Option<Operand>,
}

/// The arguments of the call that comes next.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    list: Vec<Argument>,
    /// Whether the interpreter is to make the call.
    embedded: bool,
}

impl Arguments {
    /// Forgets everything but keeps the room.
    pub(crate) fn reset(&mut self) {
        self.list.clear();
    }

    /// Whether the interpreter is to make the call.
    pub(crate) fn are_embedded(&self) -> bool {
        self.embedded
    }
}

/// What comes in registers of parameters from a slot on.
fn in_registers(ty: &FuncType, base: Slot) -> impl Iterator<Item = Argument> + '_ {
    arg_params(ty.params()).filter_map(move |ArgParam { slot, ty, place }| {
        let reg = arg_reg(place)?;
        Some(Argument { slot: Slot(base.0 + slot), kind: Kind::from(ty), reg, value: None })
    })
}

impl Compiler<'_> {
    /// The parameters are in their registers.
    pub(crate) fn take_parameters(&mut self) {
        for Argument { slot, kind, reg, .. } in in_registers(self.module.func_type(self.func).func(), Slot(0))
        {
            self.cache.bind(reg, Held { slot, kind, dirty: true });
        }
    }

    /// Loads the parameters to their registers.
    pub(crate) fn load_parameters(&mut self) {
        for Argument { slot, kind, reg, .. } in in_registers(self.module.func_type(self.func).func(), Slot(0))
        {
            self.emit_load(reg, slot, kind);
        }
    }

    /// Whether any parameter comes in a register.
    pub(crate) fn has_register_parameters(&self) -> bool {
        let params = self.module.func_type(self.func).func().params();
        arg_params(params).next().is_some_and(|param| param.place != ArgPlace::Slot)
    }

    /// A call follows. The interpreter makes it in tests, and where the function has used up its moves: calls of functions with many
    /// results and arguments may have two bytes and nothing between them.
    pub(crate) fn expect_arguments(&mut self, callee: Callee, ty: &FuncType, base: Slot) {
        self.arguments.list.clear();
        self.arguments.embedded = self.is_twins_turn();
        // Others than functions of the instance have all arguments in slots.
        if !self.arguments.embedded && !self.is_import(callee) {
            self.arguments.list.extend(in_registers(ty, base));
            // What is found at run time has cold paths that store them.
            let times = if matches!(callee, Callee::Direct(_)) { 1 } else { 2 };
            if !self.control.arguments.take(times * self.arguments.list.len()) {
                self.arguments.list.clear();
                self.arguments.embedded = true;
            }
        }
    }

    /// Leaves a copy to the home of an argument to the call, if a register brings it. Whether it is one.
    #[inline]
    pub(crate) fn defer_argument(&mut self, dst: Slot, src: Operand) -> bool {
        !self.arguments.list.is_empty() && self.defer(dst, src)
    }

    fn defer(&mut self, dst: Slot, src: Operand) -> bool {
        let Some(argument) = self.arguments.list.iter_mut().find(|argument| argument.slot == dst) else {
            return false;
        };
        argument.value = Some(src);
        for slot in dst.0..dst.0 + argument.kind.slots() {
            self.cache.forget(Slot(slot));
        }
        true
    }

    /// Brings arguments to their registers, and what leads to the callee to [`LEADS`]. All else is in its slot then.
    pub(crate) fn pass_arguments(&mut self, lead: Option<(Operand, Kind)>) {
        let arguments = std::mem::take(&mut self.arguments.list);
        // Registers of arguments from their slots, which need not be stored there.
        let mut passing = RegSet::EMPTY;
        for Argument { slot, reg, value, .. } in &arguments {
            if value.is_none()
                && let Some(found) = self.cache.find(*slot)
                && found.class() == reg.class()
            {
                passing.insert(found);
            }
        }
        for reg in self.cache.dirty().iter() {
            let held: [Option<Held>; 2] = std::array::from_fn(|at| self.cache.held(reg).get(at).copied());
            for Held { slot, kind, dirty } in held.into_iter().flatten() {
                let passes =
                    || passing.contains(reg) && arguments.iter().any(|argument| argument.slot == slot);
                if dirty && !passes() {
                    self.emit_store(slot, reg, kind);
                }
            }
        }
        self.control.plan.clear();
        let lead =
            lead.map(|(value, kind)| Argument { slot: Slot(0), kind, reg: LEADS.into(), value: Some(value) });
        let all = || arguments.iter().copied().chain(lead);
        for Argument { slot, kind, reg, value } in all() {
            let slot = match value {
                None => slot,
                Some(Operand::Const(..)) => continue,
                Some(Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot)) => slot,
            };
            match self.cache.find(slot) {
                Some(found) if found == reg => {}
                Some(found) if found.class() == reg.class() => self.control.plan.move_to(reg, found, kind),
                _ => self.control.plan.load(reg, slot, kind),
            }
        }
        self.conform();
        for Argument { kind, reg, value, .. } in all() {
            if let Some(Operand::Const(bits, _)) = value {
                self.emit_const(reg, bits, kind);
            }
        }
        self.arguments.list = arguments;
        self.done();
        self.cache.clear();
    }

    /// What a cold path has to store for the interpreter to make the call whose arguments are in registers.
    pub(crate) fn keep_arguments(&mut self) -> Kept {
        let entry = |&Argument { slot, kind, reg, .. }: &Argument| Entry {
            reg,
            held: Held { slot, kind, dirty: true },
        };
        self.tables.keep_all(self.arguments.list.iter().map(entry))
    }
}
