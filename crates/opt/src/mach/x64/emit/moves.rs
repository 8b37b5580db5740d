//! Moves between registers and slots, which the allocator wants between instructions.
//!
//! None changes the flags. What is in a register already, says [`Kept`](super::kept::Kept), is not read from its slot.

use regalloc2::{Allocation, PReg, RegClass};
use upshift_asm::x64::{Gpr, Mem, Size, Xmm};

use super::Emitter;
use super::operands::slot_number;
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
