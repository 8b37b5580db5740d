//! What lies behind all blocks because it is seldom reached: traps, calls that the interpreter has to do, and the routines that save
//! and restore registers.

use std::mem::offset_of;

use regalloc2::Allocation;
use upshift_asm::x64::{Gpr, Mem, RegMem, Size};
use upshift_asm::{Const, Label, Stub, Word};
use upshift_core::Trap;
use upshift_core::vm::{ObjectHeader, StoreCtx, VmCtx};

use super::Emitter;
use crate::code::Spot;
use crate::mach::x64::inst::{Detail, Test};
use crate::mach::x64::regs::{CTX, SCRATCH, allocatable};

/// Code that is to be written behind all blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cold {
    pub(super) label: Label,
    pub(super) path: Path,
}

/// What such code does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path {
    /// A trap of an instruction.
    Trap { trap: Trap, detail: Detail, inst: u32 },
    /// The interpreter calls: arguments go to their slots first.
    /// The labels are for the native way back, and for what it leads to, if it is not that of native calls.
    Call { number: u32, words: Const, back: Option<(Label, Label)> },
    /// A call of a function that does not belong to the instance: arguments go to their slots first. The label is behind the call.
    Foreign { number: u32, position: u32, behind: Label },
    /// Such a function replaces the running one: arguments go to their slots first.
    Replace { number: u32, words: Const },
    /// The interpreter replaces the running function: arguments go to their slots first.
    Run { number: u32, words: Const },
}

impl Emitter<'_, '_> {
    /// Stops with a trap if the flags say so.
    pub(super) fn emit_trap_if(&mut self, inst: usize, test: Test, trap: Trap, detail: Detail) {
        let label = self.asm.label();
        self.cold.push(Cold { label, path: Path::Trap { trap, detail, inst: inst as u32 } });
        self.emit_jcc(test, label);
    }

    /// Stops with a trap.
    pub(super) fn emit_trap(&mut self, trap: Trap, detail: Detail, allocs: &[Allocation], spot: Spot) {
        let at = self.asm.offset();
        self.tables.note_position(at, spot);
        match detail {
            Detail::None => {}
            Detail::Value => self.emit_detail(Gpr::RAX, allocs[0]),
            Detail::Element => {
                // Both may be in the other's place.
                let (index, array) = (self.rm(allocs[0]), self.rm(allocs[1]));
                self.emit_mov(Gpr::R11, array, Gpr::RAX, index);
                let len = Mem::base(Gpr::R11, offset_of!(ObjectHeader, len) as i32);
                self.asm.mov(Size::S32, Gpr::R11, len);
                self.asm.shl_imm(Size::S64, Gpr::R11, 32);
                self.asm.or(Size::S64, Gpr::RAX, Gpr::R11);
            }
            Detail::OutOfFuel => {
                self.asm.mov(Size::S64, Gpr::RAX, Mem::base(CTX, offset_of!(VmCtx, store) as i32));
                self.asm.mov_mi(Size::S64, Mem::base(Gpr::RAX, offset_of!(StoreCtx, fuel) as i32), 0);
            }
        }
        if self.is_leaf {
            self.asm.add_imm(Size::S64, Gpr::RSP, 8);
        }
        self.asm.mov_imm(Gpr::RDI, trap as u64);
        let place = self.asm.word(Word::Stub(Stub::Trap));
        self.asm.call_to(Mem::pool(place));
    }

    fn emit_detail(&mut self, target: Gpr, alloc: Allocation) {
        let source = self.rm(alloc);
        if source != RegMem::Reg(target) {
            self.asm.mov(Size::S64, target, source);
        }
    }

    /// Two moves at once.
    fn emit_mov(&mut self, first: Gpr, from_first: RegMem<Gpr>, second: Gpr, from_second: RegMem<Gpr>) {
        if from_second == RegMem::Reg(first) {
            if from_first == RegMem::Reg(second) {
                return self.asm.xchg(Size::S64, first, second);
            }
            self.asm.mov(Size::S64, second, from_second);
            self.asm.mov(Size::S64, first, from_first);
        } else {
            self.asm.mov(Size::S64, first, from_first);
            self.asm.mov(Size::S64, second, from_second);
        }
    }

    /// Jumps to a stub of the runtime.
    pub(super) fn emit_jump_to_stub(&mut self, stub: Stub) {
        let place = self.asm.word(Word::Stub(stub));
        self.asm.jmp_to(Mem::pool(place));
    }

    /// Writes all cold paths.
    pub(super) fn emit_cold_paths(&mut self) {
        for at in 0..self.cold.len() {
            let Cold { label, path } = self.cold[at];
            self.asm.bind(label);
            match path {
                Path::Trap { trap, detail, inst } => {
                    let allocs = self.allocs(inst as usize);
                    self.emit_trap(trap, detail, allocs, self.func.positions[inst as usize]);
                }
                Path::Call { number, words, back } => {
                    self.emit_spread_call(number);
                    self.emit_run_words(words, true);
                    if let Some((back, behind)) = back {
                        self.emit_call_back(number, back, behind);
                    }
                }
                Path::Foreign { number, position, behind } => {
                    self.emit_foreign_path(number, position, behind)
                }
                Path::Replace { number, words } => {
                    self.emit_spread_tail(number);
                    self.emit_replace_foreign(words);
                }
                Path::Run { number, words } => {
                    self.emit_spread_tail(number);
                    self.emit_run_words(words, true);
                }
            }
        }
        self.emit_saving();
    }

    /// The routines that save and restore the registers that are used around a cold safepoint.
    fn emit_saving(&mut self) {
        let Some((save, restore)) = self.ways.save else { return };
        self.asm.bind(save);
        for register in self.places.used {
            let to = self.slot(self.places.saved(register));
            self.emit_save(register, to);
        }
        self.asm.ret();
        self.asm.bind(restore);
        for register in self.places.used {
            let from = self.slot(self.places.saved(register));
            self.emit_restore(register, from);
        }
        self.asm.ret();
        debug_assert!(!allocatable().contains(crate::mach::x64::regs::float(SCRATCH)));
    }
}
