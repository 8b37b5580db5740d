//! Atomic accesses. All are sequentially consistent: loads are plain ones, because everything that writes has the prefix `lock` or is
//! an exchange.

use upshift_asm::x64::{Cond, Gpr, Mem, Size};
use upshift_codegen::x64::atomic::{Change, size_of_access};
use upshift_core::Trap;
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::types::IndexType;
use upshift_translate::backend::{MemArg, Operand, Slot};

use super::memory::Access;
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::tables::ColdPath;

impl Compiler<'_> {
    /// An atomic access. Returns whether there are instructions for it.
    pub(crate) fn emit_atomic(&mut self, op: Atomic, arg: MemArg, dst: Slot, operands: &[Operand]) -> bool {
        let (bytes, address) = (op.bytes(), operands[0]);
        // Such an access always traps.
        let misaligned = |bits: u64| !bits.wrapping_add(arg.offset).is_multiple_of(bytes.into());
        if matches!(address, Operand::Const(bits, _) if misaligned(bits)) {
            return false;
        }
        let shape = op.shape();
        let loops = matches!(Change::of(op), Change::Logic(_)) && shape == AtomicShape::ReadModifyWrite;
        if loops || shape == AtomicShape::CompareExchange {
            // What is compared and exchanged is there.
            self.alloc_fixed(Gpr::RAX);
        }
        self.check_alignment(arg, address, bytes);
        let Some(access) = self.access(arg, address, bytes) else {
            self.done();
            return false;
        };
        match (shape, operands) {
            (AtomicShape::Load, _) => {
                let result = self.alloc_gpr();
                self.load_zero_extended(bytes, result, access);
                self.define(dst, result, Kind::I64);
            }
            (AtomicShape::Store, &[_, value]) => {
                let value = self.operand_copy(value, bytes);
                let mem = self.note_access(access);
                self.asm.xchg_mr(size_of_access(bytes), mem, value);
                self.done();
            }
            (AtomicShape::ReadModifyWrite, &[_, value]) => {
                let result = self.emit_change(Change::of(op), bytes, access, value);
                self.define(dst, result, Kind::I64);
            }
            (AtomicShape::CompareExchange, &[_, expected, replacement]) => {
                self.emit_compare_exchange(bytes, access, expected, replacement);
                self.define(dst, Gpr::RAX, Kind::I64);
            }
            _ => unreachable!("an access has as many operands as its shape says"),
        }
        true
    }

    /// Traps unless the address with the offset is a multiple of the size. That comes before the bounds.
    fn check_alignment(&mut self, arg: MemArg, address: Operand, bytes: u32) {
        if bytes == 1 || matches!(address, Operand::Const(..)) {
            return;
        }
        let wide = self.module.memories[arg.memory.index()].index == IndexType::I64;
        // The access uses it once more.
        let address = self.use_gpr(address.kept(), if wide { Kind::I64 } else { Kind::I32 });
        let more = (arg.offset % u64::from(bytes)) as i32;
        let sum = if more == 0 {
            address
        } else {
            let sum = self.alloc_gpr();
            self.asm.lea(Size::S32, sum, Mem::base(address, more));
            sum
        };
        let out = self.cold(ColdPath::Misaligned { address });
        self.asm.test_imm(Size::S32, sum, bytes as i32 - 1);
        self.asm.jcc(Cond::Ne, out);
    }

    fn load_zero_extended(&mut self, bytes: u32, target: Gpr, access: Access) {
        let mem = self.note_access(access);
        match bytes {
            1 => self.asm.movzx_8(Size::S32, target, mem),
            2 => self.asm.movzx_16(Size::S32, target, mem),
            4 => self.asm.mov(Size::S32, target, mem),
            _ => self.asm.mov(Size::S64, target, mem),
        }
    }

    fn zero_extend(&mut self, bytes: u32, reg: Gpr) {
        match bytes {
            1 => self.asm.movzx_8(Size::S32, reg, reg),
            2 => self.asm.movzx_16(Size::S32, reg, reg),
            // 32 bits clear the others.
            _ => {}
        }
    }

    /// A register of the operation's own with an operand of which only so many bytes count. It may be an `i32` or an `i64`.
    fn operand_copy(&mut self, value: Operand, bytes: u32) -> Gpr {
        if bytes == 8 {
            return self.take_gpr(value, Kind::I64);
        }
        let value = self.stored_value(value, size_of_access(bytes)).gpr();
        let copy = self.alloc_gpr();
        self.asm.mov(Size::S32, copy, value);
        copy
    }

    /// Changes the value in memory. Returns where the old one is.
    fn emit_change(&mut self, change: Change, bytes: u32, access: Access, value: Operand) -> Gpr {
        let size = size_of_access(bytes);
        let result = match change {
            Change::Add | Change::Subtract => {
                let value = self.operand_copy(value, bytes);
                if matches!(change, Change::Subtract) {
                    self.asm.neg(Size::S64, value);
                }
                let mem = self.note_access(access);
                self.asm.lock_xadd(size, mem, value);
                value
            }
            Change::Exchange => {
                let value = self.operand_copy(value, bytes);
                let mem = self.note_access(access);
                self.asm.xchg_mr(size, mem, value);
                value
            }
            Change::Logic(op) => {
                let value = self.stored_value(value, size).gpr();
                let changed = self.alloc_gpr();
                self.load_zero_extended(bytes, Gpr::RAX, access);
                let again = self.asm.here();
                self.asm.mov(Size::S64, changed, Gpr::RAX);
                self.asm.alu(op, Size::S64, changed, value);
                let mem = self.note_access(access);
                self.asm.lock_cmpxchg(size, mem, changed);
                self.asm.jcc_short(Cond::Ne, again);
                return Gpr::RAX;
            }
        };
        self.zero_extend(bytes, result);
        result
    }

    /// Leaves the old value in `rax`.
    fn emit_compare_exchange(&mut self, bytes: u32, access: Access, expected: Operand, replacement: Operand) {
        let size = size_of_access(bytes);
        let expected = self.stored_value(expected, size).gpr();
        let replacement = self.stored_value(replacement, size).gpr();
        // Nothing is written to `rax` when that is the old value, so 32 bits of it clear the others here.
        self.asm.mov(if bytes == 8 { Size::S64 } else { Size::S32 }, Gpr::RAX, expected);
        let mem = self.note_access(access);
        self.asm.lock_cmpxchg(size, mem, replacement);
        self.zero_extend(bytes, Gpr::RAX);
    }

    /// Leaves the address for the description of the trap.
    pub(crate) fn emit_misaligned(&mut self, address: Gpr) {
        self.leave_for_trap(address);
        self.emit_trap(Trap::HeapMisaligned);
    }
}
