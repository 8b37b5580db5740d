//! Moves between registers and slots, which the allocator wants between instructions.
//!
//! None changes the flags. What is in a register already, says [`Kept`](super::kept::Kept), is not read from its slot.

use regalloc2::{Allocation, PReg, RegClass};
use upshift_asm::x64::{Alu, Gpr, Mem, RegMem, Scale, Size, Xmm};

use super::Emitter;
use super::operands::slot_number;
use crate::mach::x64::inst::Inst;
use crate::mach::x64::regs::{SCRATCH, int};

impl Emitter<'_, '_> {
    /// A move that the allocator wants. It leaves the flags alone.
    pub(super) fn emit_move(&mut self, from: Allocation, to: Allocation) {
        if self.flags.is_some_and(|(register, _)| to.as_reg() == Some(int(register))) {
            self.flags = None;
        }
        match (from.as_reg(), to.as_reg()) {
            (Some(from), Some(to)) => {
                self.kept.forget_register(to);
                self.emit_copy_register(from, to);
            }
            (Some(from), None) => {
                let slot = slot_number(to);
                if !self.kept.has(from, slot) {
                    self.kept.forget_slot(slot);
                    self.kept.set(from, slot);
                    let to = self.stack(to);
                    self.emit_save(from, to);
                }
            }
            (None, Some(to)) => {
                let slot = slot_number(from);
                if self.kept.has(to, slot) {
                    return;
                }
                match self.kept.find(slot, to.class()) {
                    Some(from) => self.emit_copy_register(from, to),
                    None => {
                        let from = self.stack(from);
                        self.emit_restore(to, from);
                    }
                }
                self.kept.set(to, slot);
            }
            (None, None) => {
                self.kept.forget_slot(slot_number(to));
                // Vectors need both halves, and where there are none, one slot is all.
                let (from, to) = (self.stack(from), self.stack(to));
                self.emit_copy(from, to, self.func.has_vectors);
            }
        }
    }

    /// Whether nothing has to be done for a move.
    pub(super) fn is_done(&self, from: Allocation, to: Allocation) -> bool {
        match (from.as_reg(), to.as_reg()) {
            (Some(from), None) => self.kept.has(from, slot_number(to)),
            (None, Some(to)) => self.kept.has(to, slot_number(from)),
            _ => false,
        }
    }

    /// Whether an instruction can read its first operand where the last move in front of it takes it from. The move's target has the
    /// result then, so nothing else reads it.
    pub(super) fn is_part(&self, at: usize, from: Allocation, to: Allocation) -> bool {
        let is_first = |allocs: &[Allocation]| {
            matches!(allocs, &[first, second, result]
            if first == to && result == to && second.is_reg() && second != to)
        };
        match self.func.insts[at] {
            // Only the second operand can be in memory, and all that is read has to be there.
            Inst::Xmm { op, vex: true } => {
                let fits = op.is_scalar() || self.func.has_vectors;
                fits && from.is_stack() && is_first(self.allocs(at)) && op.commutes()
            }
            Inst::Alu(Alu::Add, _) => {
                from.is_reg() && is_first(self.allocs(at)) && !self.flags_are_wanted(at + 1)
            }
            _ => false,
        }
    }

    /// Writes an instruction of which the move in front [is a part](Self::is_part).
    pub(super) fn emit_with_move(&mut self, at: usize, from: Allocation) {
        let allocs = self.allocs(at);
        self.flags = None;
        match self.func.insts[at] {
            Inst::Xmm { op, .. } => {
                let (second, result) = (Self::xmm(allocs[1]), Self::xmm(allocs[2]));
                match self.xrm(from) {
                    RegMem::Reg(first) => self.asm.vex_binary(op, result, first, second),
                    memory => self.asm.vex_binary(op, result, second, memory),
                }
            }
            Inst::Alu(_, size) => {
                let sum = Mem::index(Self::gpr(from), Self::gpr(allocs[1]), Scale::X1, 0);
                self.asm.lea(size, Self::gpr(allocs[2]), sum);
            }
            _ => {}
        }
    }

    pub(super) fn emit_copy_register(&mut self, from: PReg, to: PReg) {
        match from.class() {
            RegClass::Int => {
                self.asm.mov(Size::S64, Gpr::new(to.hw_enc() as u8), Gpr::new(from.hw_enc() as u8));
            }
            _ => self.asm.movaps(Xmm::new(to.hw_enc() as u8), Xmm::new(from.hw_enc() as u8)),
        }
    }

    /// Stores all of a register that matters.
    pub(super) fn emit_save(&mut self, from: PReg, to: Mem) {
        let number = from.hw_enc() as u8;
        match from.class() {
            RegClass::Int => self.asm.mov_mr(Size::S64, to, Gpr::new(number)),
            _ if self.func.has_vectors => self.asm.movups_mr(to, Xmm::new(number)),
            _ => self.asm.movsd_mr(to, Xmm::new(number)),
        }
    }

    pub(super) fn emit_restore(&mut self, to: PReg, from: Mem) {
        let number = to.hw_enc() as u8;
        match to.class() {
            RegClass::Int => self.asm.mov(Size::S64, Gpr::new(number), from),
            _ if self.func.has_vectors => self.asm.movups(Xmm::new(number), from),
            _ => self.asm.movsd(Xmm::new(number), from),
        }
    }

    /// Copies a slot, or two.
    pub(super) fn emit_copy(&mut self, from: Mem, to: Mem, vector: bool) {
        if vector {
            self.asm.movups(SCRATCH, from);
            self.asm.movups_mr(to, SCRATCH);
        } else {
            self.asm.movsd(SCRATCH, from);
            self.asm.movsd_mr(to, SCRATCH);
        }
    }
}
