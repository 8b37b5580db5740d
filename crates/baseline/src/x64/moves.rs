//! Values between registers, slots and constants. Nothing here touches the flags.

use std::mem::offset_of;

use upshift_asm::x64::{Gpr, Mem, Size};
use upshift_core::index::GlobalIndex;
use upshift_core::vm::{MemRecord, StoreCtx, VmCtx, frame};
use upshift_translate::backend::{Operand, Slot};

use super::integer::size_of_kind;
use super::{CTX, Class, FP, Reg};
use crate::cache::Kind;
use crate::cells::{Cell, is_cell};
use crate::compiler::Compiler;

/// Up to how many slots are copied by an instruction each.
pub(super) const UNROLLED: u32 = 8;
/// Up to how many slots are cleared by stores: the instruction for more takes its time to begin.
const ZEROED: u32 = 48;

impl Compiler<'_> {
    /// A slot of the frame, or the global that it stands for.
    #[inline]
    pub(crate) fn slot_mem(&self, slot: Slot) -> Mem {
        match Cell::of(slot) {
            Some(Cell::Global(own)) => Mem::base(CTX, self.layout.global(own) as i32),
            _ => Mem::base(FP, self.slot_disp(slot)),
        }
    }

    /// How many bytes a slot of the frame lies behind the frame pointer.
    #[inline]
    pub(super) fn slot_disp(&self, slot: Slot) -> i32 {
        // Where that is more than the number can hold, it does not matter: no stack has room for such a frame, which is never
        // entered.
        let slots = slot.0.wrapping_sub(frame::fp_offset(self.frame.params)) as i32;
        slots.wrapping_mul(size_of::<u64>() as i32)
    }

    /// Loads the value of a slot.
    pub(crate) fn emit_load(&mut self, reg: Reg, slot: Slot, kind: Kind) {
        if is_cell(slot) {
            return self.load_cell(reg, slot, kind);
        }
        let disp = self.slot_disp(slot);
        match kind.class() {
            Class::Int => self.asm.mov_based(size_of_kind(kind), reg.gpr(), FP, disp),
            Class::Float => self.emit_load_from(reg, Mem::base(FP, disp), kind),
        }
    }

    /// Loads what a slot stands for that is in no frame.
    #[inline(never)]
    fn load_cell(&mut self, reg: Reg, slot: Slot, kind: Kind) {
        let (context, field) = match Cell::of(slot) {
            None | Some(Cell::Global(_)) => {
                let mem = self.slot_mem(slot);
                return self.emit_load_from(reg, mem, kind);
            }
            Some(Cell::Store) => (offset_of!(VmCtx, store), None),
            Some(Cell::Epoch) => (offset_of!(VmCtx, epoch), None),
            Some(Cell::Objects) => (offset_of!(VmCtx, gc_base), None),
            Some(Cell::Record(memory)) => (self.layout.memory(memory), None),
            Some(Cell::Deadline) => (offset_of!(VmCtx, store), Some(offset_of!(StoreCtx, epoch_deadline))),
            Some(Cell::Base(memory) | Cell::FixedBase(memory)) => {
                (self.layout.memory(memory), Some(offset_of!(MemRecord, base)))
            }
            Some(Cell::Len(memory)) => (self.layout.memory(memory), Some(offset_of!(MemRecord, len))),
        };
        self.asm.mov(Size::S64, reg.gpr(), Mem::base(CTX, context as i32));
        if let Some(field) = field {
            self.asm.mov(Size::S64, reg.gpr(), Mem::base(reg.gpr(), field as i32));
        }
    }

    /// A register with what a slot stands for that is in no frame, to be read only.
    pub(crate) fn use_cell(&mut self, slot: Slot) -> Gpr {
        self.use_gpr(Operand::Kept(slot), Kind::I64)
    }

    /// Loads a value as a slot holds it.
    pub(crate) fn emit_load_from(&mut self, reg: Reg, mem: Mem, kind: Kind) {
        match kind {
            Kind::I32 => self.asm.mov(Size::S32, reg.gpr(), mem),
            Kind::I64 | Kind::Ref => self.asm.mov(Size::S64, reg.gpr(), mem),
            Kind::F32 => self.asm.movss(reg.xmm(), mem),
            Kind::F64 => self.asm.movsd(reg.xmm(), mem),
            Kind::V128 => self.asm.movups(reg.xmm(), mem),
        }
    }

    /// Stores a value to a slot.
    pub(crate) fn emit_store(&mut self, slot: Slot, reg: Reg, kind: Kind) {
        let disp = self.slot_disp(slot);
        match kind.class() {
            Class::Int => self.asm.mov_based_mr(Size::S64, FP, disp, reg.gpr()),
            Class::Float => self.emit_store_to(Mem::base(FP, disp), reg, kind),
        }
    }

    /// Stores a value as a slot holds it.
    pub(crate) fn emit_store_to(&mut self, mem: Mem, reg: Reg, kind: Kind) {
        match kind {
            Kind::I32 | Kind::I64 | Kind::Ref => self.asm.mov_mr(Size::S64, mem, reg.gpr()),
            Kind::F32 | Kind::F64 => self.asm.movsd_mr(mem, reg.xmm()),
            Kind::V128 => self.asm.movups_mr(mem, reg.xmm()),
        }
    }

    /// Copies a register.
    pub(crate) fn emit_move(&mut self, to: Reg, from: Reg, kind: Kind) {
        match kind.class() {
            Class::Int => self.asm.mov_registers(size_of_kind(kind), to.gpr(), from.gpr()),
            Class::Float => self.asm.movaps(to.xmm(), from.xmm()),
        }
    }

    /// Exchanges registers of the same class.
    pub(crate) fn emit_exchange(&mut self, a: Reg, b: Reg) {
        match a.class() {
            Class::Int => self.asm.xchg(Size::S64, a.gpr(), b.gpr()),
            Class::Float => {
                let (a, b) = (a.xmm(), b.xmm());
                self.asm.xorps(a, b);
                self.asm.xorps(b, a);
                self.asm.xorps(a, b);
            }
        }
    }

    /// Sets a register to the bits of a slot.
    pub(crate) fn emit_const(&mut self, reg: Reg, bits: u64, kind: Kind) {
        match (kind.class(), bits) {
            (Class::Int, _) => self.asm.mov_imm(reg.gpr(), bits),
            (Class::Float, 0) => self.asm.xorps(reg.xmm(), reg.xmm()),
            (Class::Float, _) => {
                let place = self.asm.const64(bits);
                self.asm.movsd(reg.xmm(), Mem::pool(place));
            }
        }
    }

    /// Stores a constant of one slot.
    pub(crate) fn emit_store_const(&mut self, slot: Slot, bits: u64, kind: Kind) {
        if let Ok(imm) = i32::try_from(bits as i64) {
            let disp = self.slot_disp(slot);
            return self.asm.mov_based_mi(Size::S64, FP, disp, imm);
        }
        let scratch = self.alloc_gpr();
        self.asm.mov_imm(scratch, bits);
        self.emit_store(slot, scratch.into(), if kind.class() == Class::Int { kind } else { Kind::I64 });
        self.cache.release(scratch.into());
    }

    /// Copies slots downwards, or to where they do not overlap.
    pub(crate) fn emit_copy_slots(&mut self, dst: Slot, src: Slot, slots: u32) {
        if slots <= UNROLLED {
            let scratch = self.alloc_gpr();
            for n in 0..slots {
                let (from, to) = (self.slot_mem(Slot(src.0 + n)), self.slot_mem(Slot(dst.0 + n)));
                self.asm.mov(Size::S64, scratch, from);
                self.asm.mov_mr(Size::S64, to, scratch);
            }
            return self.done();
        }
        for reg in [Gpr::RCX, Gpr::RSI, Gpr::RDI] {
            self.alloc_fixed(reg);
        }
        let (from, to) = (self.slot_mem(src), self.slot_mem(dst));
        self.asm.lea(Size::S64, Gpr::RSI, from);
        self.asm.lea(Size::S64, Gpr::RDI, to);
        self.repeat_copy(slots);
        self.done();
    }

    /// Copies so many slots from where `rsi` leads to where `rdi` does.
    pub(crate) fn repeat_copy(&mut self, slots: u32) {
        self.asm.mov_imm(Gpr::RCX, slots.into());
        // rep movsq
        self.asm.put_bytes(&[0xF3, 0x48, 0xA5]);
    }

    /// Sets slots to zero that no register has.
    pub(crate) fn emit_zero_slots(&mut self, first: Slot, slots: u32) {
        if slots <= ZEROED {
            let zero = self.alloc_xmm();
            if slots > 1 {
                self.asm.xorps(zero, zero);
            }
            let mut slot = first.0;
            while slot < first.0 + slots {
                let mem = self.slot_mem(Slot(slot));
                if slot + 1 < first.0 + slots {
                    self.asm.movups_mr(mem, zero);
                } else {
                    self.asm.mov_mi(Size::S64, mem, 0);
                }
                slot += 2;
            }
        } else {
            for reg in [Gpr::RCX, Gpr::RDI, Gpr::RAX] {
                self.alloc_fixed(reg);
            }
            let mem = self.slot_mem(first);
            self.asm.lea(Size::S64, Gpr::RDI, mem);
            self.asm.mov_imm(Gpr::RAX, 0);
            self.asm.mov_imm(Gpr::RCX, slots.into());
            // rep stosq
            self.asm.put_bytes(&[0xF3, 0x48, 0xAB]);
        }
        self.done();
    }

    /// Where a global is.
    pub(crate) fn global_cell(&mut self, global: GlobalIndex) -> Mem {
        match global.0.checked_sub(self.module.imported_globals) {
            Some(own) => Mem::base(CTX, self.layout.global(own) as i32),
            None => {
                let cell = self.alloc_gpr();
                self.asm.mov(Size::S64, cell, Mem::base(CTX, self.layout.imported_global(global.0) as i32));
                Mem::base(cell, 0)
            }
        }
    }
}
