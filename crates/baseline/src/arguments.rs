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
use upshift_core::vm::registers::{ArgParam, ArgPlace, FLOAT_ARGS, INT_ARGS, arg_params};
use upshift_translate::backend::{Callee, Operand, Slot};

use crate::cache::{Held, Kind, NO_TOP};
use crate::compiler::Compiler;
use crate::merge::Entry;
use crate::tables::Kept;
use crate::x64::{Class, INT_ARG_REGS, LEADS, Reg, RegSet, arg_reg};

/// An argument, or a parameter, that comes in a register.
#[derive(Clone, Copy, Debug)]
struct Argument {
    slot: Slot,
    kind: Kind,
    reg: Reg,
}

impl Argument {
    /// What stands where there is none.
    const NONE: Argument = Argument { slot: NO_TOP, kind: Kind::I64, reg: Reg::new(0) };
}

/// How many arguments come in registers at most.
const MOST: usize = INT_ARGS + FLOAT_ARGS;

/// The arguments of the call that comes next.
#[derive(Debug)]
pub(crate) struct Arguments {
    list: [Argument; MOST],
    len: usize,
    /// What those are that are not in their slot or a register that has that.
    values: [Operand; MOST],
    /// By number which of them these are.
    valued: u16,
    /// Whether the interpreter is to make the call.
    embedded: bool,
}

impl Default for Arguments {
    fn default() -> Arguments {
        Arguments {
            list: [Argument::NONE; MOST],
            len: 0,
            values: [Operand::Temp(NO_TOP); MOST],
            valued: 0,
            embedded: false,
        }
    }
}

impl Arguments {
    /// Forgets everything.
    #[inline]
    pub(crate) fn reset(&mut self) {
        (self.len, self.valued) = (0, 0);
    }

    /// Whether the interpreter is to make the call.
    pub(crate) fn are_embedded(&self) -> bool {
        self.embedded
    }

    /// Notes which arguments of a function of this type come in registers, the first one being in a slot.
    #[inline]
    fn expect(&mut self, ty: &FuncType, base: Slot) {
        self.valued = 0;
        if ty.params().len() <= INT_ARGS && self.expect_ints(ty, base) {
            return;
        }
        let mut len = 0;
        for ArgParam { slot, ty, place } in arg_params(ty.params()) {
            if let Some(reg) = arg_reg(place) {
                self.list[len] = Argument { slot: Slot(base.0 + slot), kind: Kind::from(ty), reg };
                len += 1;
            }
        }
        self.len = len;
    }

    /// Notes the arguments if all are integers or references, as those of most functions; says whether they are.
    #[inline]
    fn expect_ints(&mut self, ty: &FuncType, base: Slot) -> bool {
        let params = ty.params();
        for ((argument, &ty), (number, &reg)) in
            self.list.iter_mut().zip(params).zip((0..).zip(&INT_ARG_REGS))
        {
            let kind = Kind::from(ty);
            if kind.class() != Class::Int {
                return false;
            }
            *argument = Argument { slot: Slot(base.0 + number), kind, reg };
        }
        self.len = params.len();
        true
    }

    #[inline]
    fn list(&self) -> &[Argument] {
        &self.list[..self.len]
    }

    /// What an argument is, if it is not in its slot or a register that has that.
    #[inline]
    fn value(&self, number: usize) -> Option<Operand> {
        (self.valued >> number & 1 != 0).then(|| self.values[number])
    }

    /// The number of the argument that has a slot. Those of most calls have one each.
    #[inline]
    fn find(&self, slot: Slot) -> Option<usize> {
        let list = self.list();
        let guess = slot.0.wrapping_sub(list.first()?.slot.0) as usize;
        match list.get(guess) {
            Some(argument) if argument.slot == slot => Some(guess),
            _ => list.iter().position(|argument| argument.slot == slot),
        }
    }
}

/// What comes in registers of parameters from a slot on.
fn in_registers(ty: &FuncType, base: Slot) -> impl Iterator<Item = Argument> + '_ {
    arg_params(ty.params()).filter_map(move |ArgParam { slot, ty, place }| {
        let reg = arg_reg(place)?;
        Some(Argument { slot: Slot(base.0 + slot), kind: Kind::from(ty), reg })
    })
}

impl Compiler<'_> {
    /// The parameters are in their registers.
    pub(crate) fn take_parameters(&mut self) {
        for Argument { slot, kind, reg } in in_registers(self.module.func_type(self.func).func(), Slot(0)) {
            self.cache.bind(reg, Held { slot, kind, dirty: true });
        }
    }

    /// Loads the parameters to their registers.
    pub(crate) fn load_parameters(&mut self) {
        for Argument { slot, kind, reg } in in_registers(self.module.func_type(self.func).func(), Slot(0)) {
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
        self.arguments.reset();
        self.arguments.embedded = self.is_twins_turn();
        // Others than functions of the instance have all arguments in slots.
        if !self.arguments.embedded && !self.is_import(callee) {
            self.arguments.expect(ty, base);
            // What is found at run time has cold paths that store them.
            let times = if matches!(callee, Callee::Direct(_)) { 1 } else { 2 };
            if !self.control.arguments.take(times * self.arguments.len) {
                self.arguments.reset();
                self.arguments.embedded = true;
            }
        }
    }

    /// Leaves a copy to the home of an argument to the call, if a register brings it. Whether it is one.
    #[inline]
    pub(crate) fn defer_argument(&mut self, dst: Slot, src: Operand) -> bool {
        let Some(number) = self.arguments.find(dst) else { return false };
        self.arguments.values[number] = src;
        self.arguments.valued |= 1 << number;
        self.cache.forget(dst);
        if self.arguments.list[number].kind == Kind::V128 {
            self.cache.forget(Slot(dst.0 + 1));
        }
        true
    }

    /// Brings arguments to their registers, and what leads to the callee to [`LEADS`]. All else is in its slot then.
    pub(crate) fn pass_arguments(&mut self, lead: Option<(Operand, Kind)>) {
        let (passing, constants) = self.plan_arguments();
        let mut constant_lead = None;
        match lead {
            None => {}
            Some((Operand::Const(bits, _), kind)) => constant_lead = Some((bits, kind)),
            Some((Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot), kind)) => {
                self.plan_argument(LEADS.into(), slot, kind);
            }
        }
        self.store_around_call(passing);
        self.conform();
        let mut rest = constants;
        while rest != 0 {
            let number = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            if let Operand::Const(bits, _) = self.arguments.values[number] {
                let Argument { reg, kind, .. } = self.arguments.list[number];
                self.emit_const(reg, bits, kind);
            }
        }
        if let Some((bits, kind)) = constant_lead {
            self.emit_const(LEADS.into(), bits, kind);
        }
        self.done();
        self.cache.clear();
    }

    /// Plans how arguments get to their registers, but for constants. Returns which registers have arguments from their slots, which
    /// need not be stored there, and by number which arguments are constants.
    fn plan_arguments(&mut self) -> (RegSet, u16) {
        self.control.plan.clear();
        let (mut passing, mut constants) = (RegSet::EMPTY, 0);
        for number in 0..self.arguments.len {
            let Argument { slot, kind, reg } = self.arguments.list[number];
            match self.arguments.value(number) {
                None => passing = passing.or(self.plan_argument(reg, slot, kind)),
                Some(Operand::Const(..)) => constants |= 1 << number,
                Some(Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot)) => {
                    self.plan_argument(reg, slot, kind);
                }
            }
        }
        (passing, constants)
    }

    /// Plans how a register gets the value of a slot. Returns the register of its class that has that.
    #[inline]
    fn plan_argument(&mut self, reg: Reg, slot: Slot, kind: Kind) -> RegSet {
        match self.cache.find(slot) {
            Some(found) if found.class() == reg.class() => {
                if found != reg {
                    self.control.plan.move_to(reg, found, kind);
                }
                RegSet::of(found)
            }
            _ => {
                self.control.plan.load(reg, slot, kind);
                RegSet::EMPTY
            }
        }
    }

    /// Stores what memory lacks in front of a call, but for arguments that these registers have.
    fn store_around_call(&mut self, passing: RegSet) {
        let double = self.cache.double();
        // Where an argument is the only one, nothing else is.
        for reg in self.cache.dirty().without(passing.without(double)).iter() {
            if !double.contains(reg) {
                let Held { slot, kind, .. } = self.cache.first(reg);
                self.emit_store(slot, reg, kind);
                continue;
            }
            let held: [Option<Held>; 2] = std::array::from_fn(|at| self.cache.held(reg).get(at).copied());
            for Held { slot, kind, dirty } in held.into_iter().flatten() {
                if dirty && !(passing.contains(reg) && self.arguments.find(slot).is_some()) {
                    self.emit_store(slot, reg, kind);
                }
            }
        }
    }

    /// What a cold path has to store for the interpreter to make the call whose arguments are in registers.
    pub(crate) fn keep_arguments(&mut self) -> Kept {
        let entry =
            |&Argument { slot, kind, reg }: &Argument| Entry { reg, held: Held { slot, kind, dirty: true } };
        self.tables.keep_all(self.arguments.list().iter().map(entry))
    }
}
