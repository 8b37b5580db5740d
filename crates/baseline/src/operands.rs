//! Operands in registers: what each operation asks for, and where it leaves its result.
//!
//! An operation goes like this:
//! ```text
//! let result = self.take_gpr(lhs, kind);      a register with the value, which may be overwritten
//! let source = self.source(rhs, kind);        immediate, register or memory, to be read only
//! self.asm.…(result, source);
//! self.define(dst, result, kind);             the result is in that register; the operation is over
//! ```
//! Registers that it got stay its own until [`Compiler::define`] or [`Compiler::done`]. Operands that are temporaries are dead
//! then. Loads, stores and copies that these methods emit leave the flags as they are.

use upshift_asm::x64::{Gpr, Mem, RegMem, Xmm};
use upshift_core::types::ValType;
use upshift_translate::backend::{Operand, Operands, Slot};

use crate::cache::{Held, Kind};
use crate::compiler::Compiler;
use crate::x64::{self, Class, Reg};

/// So many registers are left to operations before locals are loaded into the others.
const SCARCE: u32 = 2;

/// The most temporaries that one operation uses up.
const MOST: usize = 5;

/// The temporaries that the running operation uses up.
#[derive(Debug)]
pub(crate) struct Consumed {
    slots: [Slot; MOST],
    count: usize,
}

impl Default for Consumed {
    fn default() -> Consumed {
        Consumed { slots: [Slot(0); MOST], count: 0 }
    }
}

/// An operand that is only read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A constant, which is sign-extended where the operation has 64 bits.
    Imm(i32),
    /// In a register or in its slot.
    Place(RegMem<Gpr>),
}

impl Compiler<'_> {
    // Registers.

    /// A register of the class that has nothing; the operation's own.
    pub(crate) fn alloc(&mut self, class: Class) -> Reg {
        let free = self.cache.free().and(x64::allocatable(class));
        let reg = x64::first(class, free.without(self.control.pinned()))
            .or_else(|| x64::first(class, free))
            .unwrap_or_else(|| self.evict_one(class));
        self.last = reg;
        self.cache.lock(reg);
        reg
    }

    /// An integer register that has nothing.
    pub(crate) fn alloc_gpr(&mut self) -> Gpr {
        self.alloc(Class::Int).gpr()
    }

    /// A float register that has nothing.
    pub(crate) fn alloc_xmm(&mut self) -> Xmm {
        self.alloc(Class::Float).xmm()
    }

    /// Makes a certain register the operation's own; what it has moves elsewhere. To be asked for before any operand.
    pub(crate) fn alloc_fixed(&mut self, reg: impl Into<Reg>) {
        let reg = reg.into();
        debug_assert!(!self.cache.locked().contains(reg), "a certain register is asked for first");
        if !self.cache.held(reg).is_empty() {
            let free = self.cache.free().and(x64::allocatable(reg.class())).without(self.control.pinned());
            match x64::first(reg.class(), free) {
                Some(other) => self.move_contents(other, reg),
                None => self.evict(reg),
            }
        }
        self.cache.lock(reg);
    }

    /// Moves what a register has to one that has nothing.
    fn move_contents(&mut self, to: Reg, from: Reg) {
        let held: [Option<Held>; 2] = std::array::from_fn(|at| self.cache.held(from).get(at).copied());
        if let Some(Held { kind, .. }) = held[0] {
            self.emit_move(to, from, kind);
        }
        for held in held.into_iter().flatten() {
            self.cache.bind(to, held);
        }
    }

    /// Frees a register of the class: one that need not be stored and does not stay for long, if possible, and of these one whose turn
    /// it is, as those that were given out last are wanted soonest.
    #[cold]
    fn evict_one(&mut self, class: Class) -> Reg {
        let open = x64::allocatable(class).without(self.cache.locked());
        let short = open.without(self.control.pinned());
        // Locals that do not stay have to be stored sometime, if they are dirty; temporaries are wanted again soon.
        let locals = short.without(self.cache.holding_from(Slot(self.frame.homes), short));
        let reg = [locals.without(self.cache.dirty()), locals, short, open]
            .into_iter()
            .find_map(|regs| regs.next_after(self.last))
            .expect("an operation uses few registers");
        self.evict(reg);
        reg
    }

    /// Stores what a register has, as far as memory lacks it, and forgets it.
    pub(crate) fn evict(&mut self, reg: Reg) {
        self.store_dirty(reg);
        self.cache.clear_reg(reg);
    }

    /// Stores what a register has, as far as memory lacks it.
    pub(crate) fn store_dirty(&mut self, reg: Reg) {
        if self.cache.is_dirty(reg) {
            let Held { slot, kind, dirty } = self.cache.first(reg);
            if dirty {
                self.emit_store(slot, reg, kind);
            }
            if let [_, Held { slot, kind, dirty: true }] = *self.cache.held(reg) {
                self.emit_store(slot, reg, kind);
            }
            self.cache.clean(reg);
        }
    }

    /// Stores everything that memory lacks.
    pub(crate) fn flush(&mut self) {
        for reg in self.cache.dirty().iter() {
            self.store_dirty(reg);
        }
    }

    /// Stores the value of a slot, if memory lacks it.
    pub(crate) fn flush_slot(&mut self, slot: Slot) {
        if let Some((reg, Held { dirty: true, .. })) = self.cache.entry(slot) {
            self.store_dirty(reg);
        }
    }

    // Operands.

    /// The operand is dead when the operation is over, if it is a temporary.
    #[inline]
    pub(crate) fn consume(&mut self, operand: Operand) {
        if let Operand::Temp(slot) = operand {
            self.consumed.slots[self.consumed.count] = slot;
            self.consumed.count += 1;
        }
    }

    /// A register with the value of an operand, which must stay as it is.
    #[inline(never)]
    pub(crate) fn use_reg(&mut self, operand: Operand, kind: Kind) -> Reg {
        match self.in_register(operand, kind) {
            Some(reg) => reg,
            None => self.use_any(operand, kind),
        }
    }

    #[inline(never)]
    fn use_any(&mut self, operand: Operand, kind: Kind) -> Reg {
        self.consume(operand);
        if let Some(slot) = operand.slot()
            && let Some(reg) = self.cached(slot, kind)
        {
            self.cache.lock(reg);
            return reg;
        }
        self.load_operand(operand, kind)
    }

    /// A register into which an operand was loaded that none has.
    fn load_operand(&mut self, operand: Operand, kind: Kind) -> Reg {
        let slot = match operand {
            Operand::Const(bits, _) => {
                let reg = self.alloc(kind.class());
                self.emit_const(reg, bits, kind);
                return reg;
            }
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => slot,
        };
        let reg = match self.control.pin_of(slot) {
            Some(pin) if pin.class() == kind.class() && self.cache.free().contains(pin) => {
                self.cache.lock(pin);
                pin
            }
            _ => self.alloc(kind.class()),
        };
        self.emit_load(reg, slot, kind);
        if !matches!(operand, Operand::Temp(_)) {
            self.cache.bind(reg, Held { slot, kind, dirty: false });
        }
        reg
    }

    /// An integer register with the value of an operand, which must stay as it is.
    pub(crate) fn use_gpr(&mut self, operand: Operand, kind: Kind) -> Gpr {
        self.use_reg(operand, kind).gpr()
    }

    /// A float register with the value of an operand, which must stay as it is.
    pub(crate) fn use_xmm(&mut self, operand: Operand, kind: Kind) -> Xmm {
        self.use_reg(operand, kind).xmm()
    }

    /// A register with the value of an operand, which the operation may overwrite.
    pub(crate) fn take_reg(&mut self, operand: Operand, kind: Kind) -> Reg {
        if let Operand::Temp(slot) = operand
            && let Some(reg) = self.cached(slot, kind)
            && self.cache.has_room(reg)
        {
            self.cache.clear_reg(reg);
            self.cache.lock(reg);
            return reg;
        }
        self.consume(operand);
        let source = operand.slot().and_then(|slot| self.cached(slot, kind));
        if let Some(source) = source {
            self.cache.lock(source);
        }
        let reg = self.alloc(kind.class());
        match (operand, source) {
            (_, Some(source)) => self.emit_move(reg, source, kind),
            (Operand::Const(bits, _), _) => self.emit_const(reg, bits, kind),
            (Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot), _) => {
                self.emit_load(reg, slot, kind);
            }
        }
        reg
    }

    /// Brings the value of an operand to a register that the operation has already.
    pub(crate) fn load_reg(&mut self, reg: Reg, operand: Operand, kind: Kind) {
        self.consume(operand);
        let cached = operand.slot().and_then(|slot| self.cached(slot, kind));
        match (operand, cached) {
            (_, Some(cached)) => self.emit_move(reg, cached, kind),
            (Operand::Const(bits, _), _) => self.emit_const(reg, bits, kind),
            (Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot), _) => {
                self.emit_load(reg, slot, kind);
            }
        }
    }

    /// An integer register with the value of an operand, which the operation may overwrite.
    pub(crate) fn take_gpr(&mut self, operand: Operand, kind: Kind) -> Gpr {
        self.take_reg(operand, kind).gpr()
    }

    /// A float register with the value of an operand, which the operation may overwrite.
    pub(crate) fn take_xmm(&mut self, operand: Operand, kind: Kind) -> Xmm {
        self.take_reg(operand, kind).xmm()
    }

    /// An integer operand that is only read: immediate if it has 32 bits, in its slot if it is a temporary that is there.
    pub(crate) fn source(&mut self, operand: Operand, kind: Kind) -> Source {
        match immediate(operand, kind) {
            Some(value) => Source::Imm(value),
            None => Source::Place(self.place(operand, kind)),
        }
    }

    /// An integer operand that is only read, in a register or in its slot.
    #[inline]
    pub(crate) fn place(&mut self, operand: Operand, kind: Kind) -> RegMem<Gpr> {
        match self.in_register(operand, kind) {
            Some(reg) => RegMem::Reg(reg.gpr()),
            None => self.place_of_any(operand, kind),
        }
    }

    #[inline(never)]
    fn place_of_any(&mut self, operand: Operand, kind: Kind) -> RegMem<Gpr> {
        match self.temporary_in_memory(operand, kind) {
            Some(mem) => RegMem::Mem(mem),
            None => RegMem::Reg(self.use_gpr(operand, kind)),
        }
    }

    /// The register that an operand is in, if that is easy to find.
    #[inline]
    fn in_register(&mut self, operand: Operand, kind: Kind) -> Option<Reg> {
        let reg = self.cache.find_first(operand.slot()?)?;
        if reg.class() != kind.class() {
            return None;
        }
        self.consume(operand);
        self.cache.lock(reg);
        Some(reg)
    }

    /// A float operand that is only read, in a register or in its slot.
    pub(crate) fn float_place(&mut self, operand: Operand, kind: Kind) -> RegMem<Xmm> {
        if let Operand::Const(bits, _) = operand {
            return RegMem::Mem(Mem::pool(self.asm.const64(bits)));
        }
        match self.temporary_in_memory(operand, kind) {
            Some(mem) => RegMem::Mem(mem),
            None => RegMem::Reg(self.use_xmm(operand, kind)),
        }
    }

    /// Where a temporary is that no register has: loading it into one would be of no use to anybody else. A local stays there, too,
    /// if registers are scarce.
    pub(crate) fn temporary_in_memory(&mut self, operand: Operand, kind: Kind) -> Option<Mem> {
        let slot = operand.slot()?;
        if self.cached(slot, kind).is_some() {
            return None;
        }
        if !matches!(operand, Operand::Temp(_)) {
            let free = self.cache.free().and(x64::allocatable(kind.class()));
            let pinned = self.control.pin_of(slot).is_some_and(|pin| free.contains(pin));
            if pinned || free.without(self.control.pinned()).len() > SCARCE {
                return None;
            }
        }
        Some(self.slot_mem(slot))
    }

    /// The register that has the value of a slot. One of the other class stores it: the slot has the bits.
    #[inline]
    pub(crate) fn cached(&mut self, slot: Slot, kind: Kind) -> Option<Reg> {
        let reg = self.cache.find(slot)?;
        if reg.class() == kind.class() {
            return Some(reg);
        }
        self.store_and_forget(slot, reg);
        None
    }

    #[cold]
    fn store_and_forget(&mut self, slot: Slot, reg: Reg) {
        self.store_dirty(reg);
        self.cache.forget(slot);
    }

    // Results.

    /// The operation is over, without a result in a register.
    #[inline]
    pub(crate) fn done(&mut self) {
        if self.consumed.count > 0 {
            self.forget_consumed();
        }
        self.cache.unlock();
    }

    /// The same where the slot of the result is forgotten next: most often it is that of the only temporary.
    #[inline]
    fn done_for(&mut self, dst: Slot) {
        if self.consumed.count == 1 && self.consumed.slots[0] == dst {
            self.consumed.count = 0;
        }
        self.done();
    }

    #[inline(never)]
    fn forget_consumed(&mut self) {
        let [slot, ..] = self.consumed.slots;
        if self.consumed.count > 1 {
            return self.forget_all_consumed();
        }
        self.consumed.count = 0;
        self.cache.forget(slot);
    }

    #[inline(never)]
    fn forget_all_consumed(&mut self) {
        for &slot in self.consumed.slots.iter().take(self.consumed.count) {
            self.cache.forget(slot);
        }
        self.consumed.count = 0;
    }

    /// The operation is over; a register has the value of a slot, which memory lacks.
    #[inline]
    pub(crate) fn define(&mut self, dst: Slot, reg: impl Into<Reg>, kind: Kind) {
        self.done_for(dst);
        if kind == Kind::V128 {
            self.masks.forget(dst);
        }
        self.cache.bind(reg.into(), Held { slot: dst, kind, dirty: true });
    }

    /// The operation is over; the value of a slot is in memory only.
    pub(crate) fn define_in_memory(&mut self, dst: Slot, kind: Kind) {
        self.done_for(dst);
        self.cache.forget(dst);
        if kind == Kind::V128 {
            self.masks.forget(dst);
            self.cache.forget(Slot(dst.0 + 1));
        }
    }

    // Copies.

    /// Copies a value to an operand home.
    pub(crate) fn copy_value(&mut self, dst: Slot, src: Operand, ty: ValType) {
        if self.flags.is_some() {
            self.settle_for_copy(dst, src, Kind::from(ty));
        }
        // Most copies are of arguments.
        if !self.defer_argument(dst, src) {
            self.copy_now(dst, src, Kind::from(ty));
        }
    }

    #[inline(never)]
    fn copy_now(&mut self, dst: Slot, src: Operand, kind: Kind) {
        match src {
            Operand::Const(bits, _) => {
                // Most are arguments of calls, which have to be in memory.
                self.copied = Some((dst, bits));
                self.emit_store_const(dst, bits, kind);
                self.define_in_memory(dst, kind);
            }
            _ => self.share(dst, src, kind),
        }
    }

    /// The constant that the operator that is compiled has copied to a home, if that was its last one.
    pub(crate) fn known_copy(&self, home: Slot) -> Option<u64> {
        self.copied.filter(|&(slot, _)| slot == home).map(|(_, bits)| bits)
    }

    /// Copies a value to the home of a block's result. A constant goes to a register, as other branches have the result in one.
    pub(crate) fn carry_value(&mut self, dst: Slot, src: Operand, ty: ValType) {
        let Operand::Const(bits, _) = src else { return self.copy_value(dst, src, ty) };
        let kind = Kind::from(ty);
        let free = self.cache.free().and(x64::allocatable(kind.class())).without(self.control.pinned());
        if free.len() <= SCARCE {
            return self.copy_value(dst, src, ty);
        }
        self.settle_for_copy(dst, src, kind);
        let reg = self.alloc(kind.class());
        self.emit_const(reg, bits, kind);
        self.define(dst, reg, kind);
    }

    /// Copies a value to a local. One that stays in a register in this loop gets there at once, so that all branches find it there.
    pub(crate) fn set_local_value(&mut self, dst: Slot, src: Operand, ty: ValType) {
        self.kept_flags = None;
        if let (Some(flags), Operand::Temp(slot)) = (self.flags, src)
            && flags.dst == slot
        {
            self.settle_for(dst);
            self.move_to_local(dst, src, Kind::I32);
            return self.keep_flags(dst, flags.test);
        }
        self.move_to_local(dst, src, Kind::from(ty));
    }

    /// Takes a comparison out of the flags if it is what is copied. If its home gets the copy, nobody wants it any more, and it must
    /// not get there later. Other copies leave it in the flags.
    fn settle_for_copy(&mut self, dst: Slot, src: Operand, kind: Kind) {
        let Some(flags) = self.flags else { return };
        if src.slot() == Some(flags.dst) {
            self.settle();
        } else if (dst.0..dst.0 + kind.slots()).contains(&flags.dst.0) {
            self.flags = None;
        }
    }

    /// Copies a value to a local.
    pub(crate) fn move_to_local(&mut self, dst: Slot, src: Operand, kind: Kind) {
        let pin = self.control.pin_of(dst).filter(|&pin| match *self.cache.held(pin) {
            [] => true,
            [held] => held.slot == dst,
            _ => false,
        });
        let Some(pin) = pin else { return self.share(dst, src, kind) };
        let is_mask = kind == Kind::V128 && self.masks.has(src);
        self.cache.forget(dst);
        self.cache.lock(pin);
        self.load_reg(pin, src, kind);
        self.define(dst, pin, kind);
        if is_mask {
            self.masks.note(dst);
        }
    }

    /// Gives a slot the value of an operand: in the same register, if there is room.
    pub(crate) fn share(&mut self, dst: Slot, src: Operand, kind: Kind) {
        // What only a temporary has, which is dead now, has another name.
        if let Operand::Temp(slot) = src
            && let Some(reg) = self.cache.find_first(slot)
            && reg.class() == kind.class()
            && kind != Kind::V128
            && !self.cache.double().contains(reg)
        {
            self.cache.clear_reg(reg);
            return self.cache.bind(reg, Held { slot: dst, kind, dirty: true });
        }
        let reg = self.use_reg(src, kind);
        if kind == Kind::V128 {
            self.masks.copy(dst, src);
        }
        // What is dead makes room.
        self.done();
        if self.cache.find(dst) == Some(reg) {
            self.cache.forget(dst);
        }
        if self.cache.has_room(reg) {
            return self.cache.bind(reg, Held { slot: dst, kind, dirty: true });
        }
        self.cache.lock(reg);
        let other = self.alloc(kind.class());
        self.emit_move(other, reg, kind);
        self.define(dst, other, kind);
    }

    /// Copies operands, which are in their homes, to lower consecutive slots.
    pub(crate) fn copy_slots(&mut self, dst: Slot, src: Operands<'_>) {
        let Some(first) = src.first() else { return };
        self.masks.clear();
        let slots = src.slots();
        for slot in first.0..first.0 + slots {
            self.flush_slot(Slot(slot));
        }
        for slot in (dst.0..dst.0 + slots).chain(first.0..first.0 + slots) {
            self.cache.forget(Slot(slot));
        }
        self.emit_copy_slots(dst, first, slots);
    }
}

/// The constant of an integer operand, if instructions can have it as an immediate.
pub(crate) fn immediate(operand: Operand, kind: Kind) -> Option<i32> {
    let Operand::Const(bits, _) = operand else { return None };
    match kind {
        Kind::I32 => Some(bits as i32),
        _ => i32::try_from(bits as i64).ok(),
    }
}
