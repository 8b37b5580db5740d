//! Operands: where the allocator has put them, as registers and places in memory that the assembler takes.

use regalloc2::{Allocation, Inst as Number, Output, RegClass};
use upshift_asm::x64::{Gpr, Mem, RegMem, Xmm};
use upshift_codegen::Fault;

use super::Emitter;
use crate::mach::Constant;
use crate::mach::x64::inst::{Addr, Base, Memory};
use crate::mach::x64::regs::{CTX, FP, MEM};

/// The number of a spill slot.
pub(super) fn slot_number(alloc: Allocation) -> usize {
    alloc.as_stack().map_or(0, regalloc2::SpillSlot::index)
}

impl<'a> Emitter<'a, '_> {
    /// Where the operands of an instruction are.
    #[inline]
    pub(super) fn allocs(&self, inst: usize) -> &'a [Allocation] {
        let output: &'a Output = self.output;
        output.inst_allocs(Number::new(inst))
    }

    /// A slot, counted from `fp`.
    #[inline]
    pub(super) fn slot(&self, slot: u32) -> Mem {
        // A frame whose slots are so far away is never entered: no stack has room for it.
        let bytes = i64::from(slot) * size_of::<u64>() as i64;
        Mem::base(FP, i32::try_from(bytes).unwrap_or(0))
    }

    /// A slot of the area for arguments and results.
    #[inline]
    pub(super) fn out(&self, slot: u32) -> Mem {
        self.slot(self.places.out.saturating_add(slot))
    }

    /// A spill slot.
    #[inline]
    pub(super) fn stack(&self, alloc: Allocation) -> Mem {
        self.slot(self.places.spills.saturating_add(slot_number(alloc) as u32))
    }

    #[inline]
    pub(super) fn gpr(alloc: Allocation) -> Gpr {
        Gpr::new(alloc.index() as u8 & 15)
    }

    #[inline]
    pub(super) fn xmm(alloc: Allocation) -> Xmm {
        Xmm::new(alloc.index() as u8 & 15)
    }

    /// An integer wherever it is.
    #[inline]
    pub(super) fn rm(&self, alloc: Allocation) -> RegMem<Gpr> {
        if alloc.is_reg() {
            return RegMem::Reg(Self::gpr(alloc));
        }
        match self.kept.find(slot_number(alloc), RegClass::Int) {
            Some(kept) => RegMem::Reg(Gpr::new(kept.hw_enc() as u8)),
            None => RegMem::Mem(self.stack(alloc)),
        }
    }

    /// A float or vector wherever it is.
    #[inline]
    pub(super) fn xrm(&self, alloc: Allocation) -> RegMem<Xmm> {
        if alloc.is_reg() {
            return RegMem::Reg(Self::xmm(alloc));
        }
        match self.kept.find(slot_number(alloc), RegClass::Float) {
            Some(kept) => RegMem::Reg(Xmm::new(kept.hw_enc() as u8)),
            None => RegMem::Mem(self.stack(alloc)),
        }
    }

    /// An address, whose registers are the next operands.
    pub(super) fn addr(&mut self, addr: Addr, operands: &mut std::slice::Iter<'_, Allocation>) -> Mem {
        let base = match addr.base {
            Base::Reg => operands.next().map_or(FP, |&alloc| Self::gpr(alloc)),
            Base::Memory => MEM,
            Base::Context => CTX,
            Base::Frame | Base::Out => FP,
            Base::Const => {
                let place = match self.func.constants[addr.disp as usize] {
                    Constant::Word(bits) => self.asm.const64(bits),
                    Constant::Wide(bits) => self.asm.const128(bits),
                };
                return Mem::pool(place);
            }
            Base::None => {
                let index = operands.next().map_or(Gpr::RAX, |&alloc| Self::gpr(alloc));
                return match addr.index {
                    Some(scale) => Mem::scaled(index, scale, addr.disp),
                    None => Mem::absolute(addr.disp),
                };
            }
        };
        let disp = match addr.base {
            Base::Out => {
                let bytes = i64::from(self.places.out) * size_of::<u64>() as i64 + i64::from(addr.disp);
                i32::try_from(bytes).unwrap_or(0)
            }
            _ => addr.disp,
        };
        match addr.index {
            Some(scale) => {
                let index = operands.next().map_or(FP, |&alloc| Self::gpr(alloc));
                Mem::index(base, index, scale, disp)
            }
            None => Mem::base(base, disp),
        }
    }

    /// An operand in memory, whose registers are the next operands. The access is the next instruction.
    pub(super) fn mem(
        &mut self,
        inst: usize,
        memory: Memory,
        operands: &mut std::slice::Iter<'_, Allocation>,
    ) -> Mem {
        let registers = operands.clone();
        let mem = self.addr(memory.addr, operands);
        if let Some(number) = memory.fault.in_memory() {
            let is_based = memory.addr.base == Base::Reg;
            let gpr = |at: usize| registers.as_slice().get(at).map(|&alloc| Self::gpr(alloc));
            let at = self.asm.offset();
            if at < Fault::END {
                self.tables.faults.push(match (memory.addr.index, gpr(0)) {
                    (Some(_), _) => Fault::new(at, number, gpr(usize::from(is_based))),
                    (None, Some(pointer)) if is_based && number == 0 => {
                        Fault::by_pointer(at, number, pointer)
                    }
                    _ => Fault::new(at, number, None),
                });
            } else {
                self.tables.beyond = true;
            }
            self.tables.note_position(at, self.func.positions[inst]);
        }
        mem
    }
}
