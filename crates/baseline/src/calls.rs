//! Into the function, calls of others, and out of it.
//!
//! The first arguments come in registers, see [`arguments`](crate::arguments), all others and results lie in slots, and every other
//! value is in its slot over a call. Behind it nothing is in a register but the first result, if it is the only one.

use upshift_asm::{Const, Label, Stub, Word};
use upshift_core::index::FuncIndex;
use upshift_core::types::ValType;
use upshift_core::vm::frame;
use upshift_ir::build::SideTables;
use upshift_translate::backend::{Backend, Call, Callee, Frame, Operand, Return, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
use crate::tables::{ColdPath, Kept};
use crate::x64::{Class, FLOAT_RESULT, FREE, LEADS, RESULT, Reg};

/// The kinds of results for which calls have a landing from handlers: none, and those that have to be moved or extended.
pub(crate) const LANDINGS: [Option<Kind>; 5] =
    [None, Some(Kind::F32), Some(Kind::F64), Some(Kind::I32), Some(Kind::I64)];

/// What stands for the start of a function where others ask by the number of a loop.
pub const START: u32 = u32::MAX;

impl<'m> Compiler<'m> {
    /// The entry for native callers, and what each entry goes on with: locals that are not parameters are zero.
    pub(crate) fn prologue(&mut self, frame: &Frame) {
        self.frame = *frame;
        self.cache.make_room(frame.homes);
        self.tables.side = SideTables::new(frame.params);
        self.emit_drop_return();
        self.control.begin(self.asm);
        let overflow = self.control.overflow();
        self.control.frame_size_at = self.emit_entry(overflow);
        self.asm.bind(self.control.body());
        self.take_parameters();
        if self.target.counts {
            let around = self.control.counts.open(self.asm.offset());
            self.count(START, around);
        }
        if frame.homes > frame.locals {
            self.emit_zero_slots(Slot(frame.locals), frame.homes - frame.locals);
        }
    }

    /// What the function ends with: cold paths, entries and landings from handlers.
    pub(crate) fn epilogue(&mut self, frame_slots: u32) {
        self.settle();
        let frame_slots = frame_slots - frame::fp_offset(self.frame.params);
        self.control.frame_slots = frame_slots;
        self.control.main = self.asm.offset();
        self.control.counts.close(self.asm);
        self.emit_cold_paths();
        // What follows belongs to the function's begin.
        self.tables.own(self.asm.offset(), 0);
        self.asm.bind(self.control.overflow());
        self.emit_jump_to_stub(Stub::Overflow);
        let entry = self.asm.here();
        self.emit_arrival();
        self.emit_entered();
        if self.has_register_parameters() {
            let load = self.asm.label();
            self.asm.jmp_short(load);
            self.control.native_entry = self.asm.offset();
            self.tables.own(self.asm.offset(), 0);
            self.emit_drop_return();
            self.asm.bind(load);
            self.load_parameters();
            // Handlers have looked at the stack, so there is room.
            self.asm.jmp(self.control.start());
        } else {
            self.asm.jmp(self.control.body());
        }
        // What no stack has room for has no size that an instruction could name.
        let size = frame_slots.saturating_mul(8).min(i32::MAX as u32);
        self.asm.patch_u32(self.control.frame_size_at, size);
        let preamble = u64::from(frame_slots) * 8;
        self.control.entry = Some(self.asm.words(&[Word::Value(preamble), Word::Label(entry)]));
        self.emit_arrivals();
        self.emit_call_landings();
    }

    /// A call.
    pub(crate) fn compile_call(&mut self, call: &Call<'_>) {
        self.masks.clear();
        let embedded = if call.tail { self.is_twins_turn() } else { self.arguments.are_embedded() };
        if embedded {
            return if call.tail {
                self.embed_last(|builder| builder.call(call))
            } else {
                self.embed_call(call)
            };
        }
        match (self.is_import(call.callee), call.tail) {
            (false, false) => self.call_function(call),
            (false, true) => self.tail_call(call),
            (true, false) => self.call_import(call),
            (true, true) => self.tail_call_import(call),
        }
    }

    /// Whether a call that comes is one of an imported function.
    pub(crate) fn is_import(&self, callee: Callee) -> bool {
        matches!(callee, Callee::Direct(func) if func.0 < self.module.imported_funcs)
    }

    /// Calls a function of the instance, or one that is found at run time. Where there is none, the interpreter finds that out, too.
    fn call_function(&mut self, call: &Call<'_>) {
        let native = self.asm.label();
        let callee = Slot(call.base.0 + frame::fp_offset(call.ty.param_slots()));
        match call.callee {
            Callee::Direct(func) => {
                let landing = self.return_words(native, call);
                self.emit_own_func(RESULT, self.own_func(func));
                self.emit_call(callee, landing);
            }
            _ => {
                let (landing, kept) = self.find_function(call, native);
                if self.may_be_foreign(call.callee) {
                    let back = self.asm.label();
                    let site = self.layout.call_site(call.site);
                    let foreign = self.cold(ColdPath::Foreign { site, kept, back });
                    self.emit_found_call(callee, landing, foreign, back);
                } else {
                    self.emit_call(callee, landing);
                }
            }
        }
        self.arguments.reset();
        self.arrive_from_call(native, call);
    }

    /// Calls an imported function, which belongs to another instance or the host.
    fn call_import(&mut self, call: &Call<'_>) {
        let Callee::Direct(func) = call.callee else { unreachable!("imports are called by their index") };
        let native = self.asm.label();
        let landing = self.return_words(native, call);
        self.emit_imported_func(RESULT, self.layout.imported_func(func.0));
        let callee = Slot(call.base.0 + frame::fp_offset(call.ty.param_slots()));
        self.emit_foreign_call(callee, landing);
        self.arrive_from_call(native, call);
    }

    /// Brings all values to where they have to be for a call that comes next. Returns the word that it returns through.
    fn return_words(&mut self, native: Label, call: &Call<'_>) -> Const {
        self.pass_arguments(None);
        let landing = self.call_landing(call);
        let words = self.asm.addresses([native, landing]);
        self.tables.own_words(words, self.asm.offset());
        words.plus(size_of::<u64>() as u32)
    }

    /// Finds the function to call at run time. Returns where the landing from handlers is, and what arguments are in registers.
    fn find_function(&mut self, call: &Call<'_>, native: Label) -> (Const, Kept) {
        self.make_words(|builder| builder.call(call));
        let landing = self.return_through(native, call);
        self.pass_arguments(self.leads_to(call.callee));
        let words = self.place_words();
        let kept = self.keep_arguments();
        let other = self.cold(ColdPath::Run { words, kept, back: None });
        self.emit_find_func(call.callee, LEADS, FREE, other);
        (words.plus(landing), kept)
    }

    /// Whether a function that is found at run time may belong to another instance, or the host.
    fn may_be_foreign(&self, callee: Callee) -> bool {
        match callee {
            Callee::Indirect { table, .. } => {
                self.module.fixed_table(table).is_none_or(|fixed| !fixed.is_own)
            }
            Callee::Direct(_) | Callee::Ref { .. } => true,
        }
    }

    /// The operand by which a function is found at run time.
    fn leads_to(&self, callee: Callee) -> Option<(Operand, Kind)> {
        match callee {
            Callee::Direct(_) => None,
            Callee::Ref { function, .. } => Some((function, Kind::Ref)),
            Callee::Indirect { table, index, .. } => {
                Some((index, Kind::from(self.module.tables[table.index()].index.val_type())))
            }
        }
    }

    /// Adds the words that a call returns through to the collected ones: the last word of a call of the interpreter is the one in
    /// front of where it returns to. Returns which byte the landing from handlers is at.
    fn return_through(&mut self, native: Label, call: &Call<'_>) -> u32 {
        let landing = self.call_landing(call);
        self.tables.words.pop();
        self.tables.words.extend([Word::Label(native), Word::Label(landing)]);
        (self.tables.words.len() as u32 - 1) * size_of::<u64>() as u32
    }

    /// Replaces the running function by an imported one.
    fn tail_call_import(&mut self, call: &Call<'_>) {
        let Callee::Direct(func) = call.callee else { unreachable!("imports are called by their index") };
        self.flush_for_tail_call(call);
        self.make_words(|builder| builder.call(call));
        let words = self.place_words();
        self.emit_imported_func(RESULT, self.layout.imported_func(func.0));
        self.emit_replace(words, call.base);
        self.leave();
    }

    /// Replaces the running function by another one, or lets the interpreter do it: if the function is not there, or has no room for its
    /// frame, which is a trap of the running function.
    fn tail_call(&mut self, call: &Call<'_>) {
        self.flush_for_tail_call(call);
        self.make_words(|builder| builder.call(call));
        let words = self.place_words();
        let other = self.cold(ColdPath::Run { words, kept: Kept::NONE, back: None });
        match call.callee {
            Callee::Direct(func) => {
                self.alloc_fixed(RESULT);
                self.emit_own_func(RESULT, self.own_func(func));
            }
            callee => {
                self.alloc_fixed(RESULT);
                if let Some((operand, kind)) = self.leads_to(callee) {
                    let (operand, scratch) = (self.use_gpr(operand, kind), self.alloc_gpr());
                    self.emit_find_func(callee, operand, scratch, other);
                }
                if self.may_be_foreign(callee) {
                    let site = self.layout.call_site(call.site);
                    let foreign = self.cold(ColdPath::Replace { words, args: call.base, site });
                    self.emit_branch_if_foreign(foreign);
                }
                self.done();
                self.alloc_fixed(RESULT);
            }
        }
        self.emit_tail_call(call.base, call.ty.param_slots(), other);
        self.leave();
    }

    /// Stores what the interpreter's tail call reads: arguments, and what leads to the function. Nobody asks for locals any more.
    fn flush_for_tail_call(&mut self, call: &Call<'_>) {
        if let Callee::Indirect { index: operand, .. } | Callee::Ref { function: operand, .. } = call.callee
            && let Some(slot) = operand.slot()
        {
            self.flush_slot(slot);
        }
        for reg in self.cache.dirty().iter() {
            if self.cache.held(reg).iter().any(|held| held.dirty && held.slot >= call.base) {
                self.store_dirty(reg);
            }
        }
    }

    /// The offset of the record of an own function.
    fn own_func(&self, func: FuncIndex) -> usize {
        self.layout.func(func.0 - self.module.imported_funcs)
    }

    /// Lets the interpreter call.
    fn embed_call(&mut self, call: &Call<'_>) {
        self.collect_words(|builder| builder.call(call));
        let native = self.asm.label();
        self.return_through(native, call);
        self.run_words(true);
        self.arrive_from_call(native, call);
    }

    /// What follows a call.
    fn arrive_from_call(&mut self, native: Label, call: &Call<'_>) {
        self.asm.bind(native);
        self.emit_landing(call.base);
        self.take_result(call.base, result_kind(call.ty.results()));
    }

    /// The only result of a call is in a register, and if that is one of floats in its slot as well.
    fn take_result(&mut self, slot: Slot, kind: Option<Kind>) {
        let Some(kind) = kind else { return };
        self.cache.bind(result_reg(kind), Held { slot, kind, dirty: kind.class() == Class::Int });
    }

    /// The landing of calls with such a result, from handlers.
    fn call_landing(&mut self, call: &Call<'_>) -> Label {
        let number = match result_kind(call.ty.results()) {
            None => 0,
            Some(Kind::F32) => 1,
            Some(Kind::F64) => 2,
            Some(Kind::I32) => 3,
            Some(_) => 4,
        };
        *self.control.call_landings[number].get_or_insert_with(|| self.asm.label())
    }

    /// The landings that calls need.
    fn emit_call_landings(&mut self) {
        for (kind, label) in LANDINGS.into_iter().zip(self.control.call_landings) {
            if let Some(label) = label {
                self.tables.own(self.asm.offset(), 0);
                self.asm.bind(label);
                self.emit_call_landing(kind);
            }
        }
    }

    /// A return.
    pub(crate) fn compile_return(&mut self, values: Return<'_>) {
        match values {
            Return::None => self.emit_return(None),
            Return::One(
                Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot),
                ValType::V128,
            ) => {
                self.flush_slot(slot);
                self.emit_return_slots(slot, 2);
            }
            Return::One(operand, ty) => {
                let kind = Kind::from(ty);
                self.bring(operand, result_reg(kind), kind);
                self.emit_return(Some(kind));
            }
            Return::Span(first, _) => {
                for slot in first.0..first.0 + self.frame.results {
                    self.flush_slot(Slot(slot));
                }
                self.emit_return_slots(first, self.frame.results);
            }
        }
        self.leave();
    }

    /// Brings an operand to a register, whatever that has: control leaves the function.
    fn bring(&mut self, operand: Operand, reg: Reg, kind: Kind) {
        let cached = operand.slot().and_then(|slot| self.cached(slot, kind));
        match (operand, cached) {
            (_, Some(cached)) if cached == reg => {}
            (_, Some(cached)) => self.emit_move(reg, cached, kind),
            (Operand::Const(bits, _), _) => self.emit_const(reg, bits, kind),
            (Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot), _) => {
                self.emit_load(reg, slot, kind);
            }
        }
    }

    /// Where the entry words are in the pool, once the function has ended.
    pub(crate) fn entry(&self) -> Const {
        self.control.entry.expect("the walker ends each function")
    }
}

/// The kind of the only result, if there is one that a register has.
fn result_kind(results: &[ValType]) -> Option<Kind> {
    match *results {
        [ValType::V128] => None,
        [ty] => Some(Kind::from(ty)),
        _ => None,
    }
}

/// Where a call leaves its only result.
fn result_reg(kind: Kind) -> Reg {
    match kind.class() {
        Class::Int => RESULT.into(),
        Class::Float => FLOAT_RESULT.into(),
    }
}
