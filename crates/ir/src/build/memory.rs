//! Accesses to memories: those to memory 0 use the base and length that the interpreter keeps in registers.

use upshift_core::index::MemoryIndex;
use upshift_core::ops::Binary;
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::{IndexType, ValType};
use upshift_translate::backend::{MemArg, Operand, Slot};

use super::Builder;
use super::fuse::Source;
use crate::op::{Access, Loc, Op, atomic_form, load_form, load_sum_form, store_form};

impl Builder<'_> {
    /// The offset, if the access can use the base and length that the interpreter keeps in registers.
    pub(super) fn fast_offset(&self, arg: MemArg) -> Option<u64> {
        let memory = &self.module.memories[arg.memory.index()];
        let fast = arg.memory == MemoryIndex(0) && memory.index == IndexType::I32 && !memory.shared;
        fast.then_some(arg.offset)
    }

    /// How an access reaches the memory if it has to look for it.
    pub(super) fn slow_access(&self, arg: MemArg) -> Access {
        if self.module.memories[arg.memory.index()].shared { Access::Shared } else { Access::Any }
    }

    pub(super) fn emit_load(&mut self, op: Load, arg: MemArg, dst: Slot, address: Operand) {
        let ty = load_type(op);
        if let Some(offset) = self.fast_offset(arg) {
            if let Operand::Const(base, _) = address
                && let Ok(address) = u32::try_from(base + offset)
                && let Some(form) = load_form(op, Access::Constant)
            {
                return self.emit_value(form, ty, dst, &[u64::from(address)]);
            }
            if let Source::Add { op: Binary::I32Add, lhs, rhs } = self.source(address)
                && let Some(form) = load_sum_form(op, if rhs.slot().is_some() { Loc::Slot } else { Loc::Imm })
            {
                self.take_last();
                let second = match rhs {
                    Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => u64::from(slot.0),
                    Operand::Const(bits, _) => bits as u32 as i32 as i64 as u64,
                };
                return self.emit_value(form, ty, dst, &[u64::from(lhs.0), second, offset]);
            }
            let slot = self.slot(address);
            if self.peephole.accumulators.holds(ValType::I32, slot)
                && let Some(form) = load_form(op, Access::Acc)
            {
                return self.emit_value(form, ty, dst, &[offset]);
            }
            if offset <= 0xffff {
                let form = load_form(op, Access::Slot).expect("all loads have this form");
                return self.emit_value(form, ty, dst, &[u64::from(slot.0), offset]);
            }
        }
        let slot = self.slot(address);
        let form = load_form(op, self.slow_access(arg)).expect("all loads have this form");
        self.emit_value(form, ty, dst, &[u64::from(slot.0), u64::from(arg.memory.0), arg.offset]);
    }

    pub(super) fn emit_store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        if let Some(offset) = self.fast_offset(arg) {
            if let Operand::Const(base, _) = address
                && let Ok(address) = u32::try_from(base + offset)
                && store_form(op, Access::Constant, Loc::Slot).is_some()
            {
                let value = self.slot(value);
                let form = store_form(op, Access::Constant, Loc::Slot).expect("checked above");
                self.emit(form, &[u64::from(value.0), u64::from(address)]);
                return;
            }
            let address = self.slot(address);
            if let Operand::Const(bits, _) = value
                && offset <= 0xffff
                && let Some(form) = store_form(op, Access::Slot, Loc::Imm)
                && let Some(imm) = store_immediate(op, bits)
            {
                self.emit(form, &[u64::from(address.0), imm, offset]);
                return;
            }
            let value = self.slot(value);
            let address_in_acc = self.peephole.accumulators.holds(ValType::I32, address);
            // Scalars of all types are stored by their bits, and the integer accumulator holds integers only.
            let value_in_acc = self.peephole.accumulators.holds(ValType::I64, value);
            if let Some(form) = store_form(op, Access::Acc, Loc::Slot)
                && address_in_acc
                && address != value
            {
                self.emit(form, &[u64::from(value.0), offset]);
                return;
            }
            if let Some(form) = store_form(op, Access::Slot, Loc::Acc)
                && value_in_acc
                && address != value
            {
                self.emit(form, &[u64::from(address.0), offset]);
                return;
            }
            if offset <= 0xffff {
                let form = store_form(op, Access::Slot, Loc::Slot).expect("all stores have this form");
                self.emit(form, &[u64::from(address.0), u64::from(value.0), offset]);
                return;
            }
            let form = store_form(op, Access::Any, Loc::Slot).expect("all stores have this form");
            self.emit(form, &[u64::from(address.0), u64::from(value.0), u64::from(arg.memory.0), arg.offset]);
            return;
        }
        let address = self.slot(address);
        let value = self.slot(value);
        let form = store_form(op, self.slow_access(arg), Loc::Slot).expect("all stores have this form");
        self.emit(form, &[u64::from(address.0), u64::from(value.0), u64::from(arg.memory.0), arg.offset]);
    }

    pub(super) fn emit_load_lane(
        &mut self,
        bytes: u8,
        lane: u8,
        arg: MemArg,
        dst: Slot,
        address: Operand,
        vector: Operand,
    ) {
        let op = match bytes {
            1 => Op::V128Load8Lane,
            2 => Op::V128Load16Lane,
            4 => Op::V128Load32Lane,
            _ => Op::V128Load64Lane,
        };
        let address = self.slot(address);
        let vector = self.slot(vector);
        let memory = u64::from(arg.memory.0);
        let values = [u64::from(vector.0), u64::from(address.0), memory, arg.offset, u64::from(lane)];
        self.emit_value(op, ValType::V128, dst, &values);
    }

    pub(super) fn emit_store_lane(
        &mut self,
        bytes: u8,
        lane: u8,
        arg: MemArg,
        address: Operand,
        vector: Operand,
    ) {
        let op = match bytes {
            1 => Op::V128Store8Lane,
            2 => Op::V128Store16Lane,
            4 => Op::V128Store32Lane,
            _ => Op::V128Store64Lane,
        };
        let address = self.slot(address);
        let vector = self.slot(vector);
        let memory = u64::from(arg.memory.0);
        self.emit(op, &[u64::from(address.0), u64::from(vector.0), memory, arg.offset, u64::from(lane)]);
    }

    pub(super) fn emit_atomic(&mut self, op: Atomic, arg: MemArg, dst: Slot, operands: &[Operand]) {
        // The operands, the memory and the offset; the result comes before them.
        let mut values = [0; 5];
        for (value, &operand) in values.iter_mut().zip(operands) {
            *value = u64::from(self.slot(operand).0);
        }
        values[operands.len()] = u64::from(arg.memory.0);
        values[operands.len() + 1] = arg.offset;
        let values = &values[..operands.len() + 2];
        if op.shape() == AtomicShape::Store {
            self.emit(atomic_form(op), values);
        } else {
            self.emit_value(atomic_form(op), ValType::I64, dst, values);
        }
    }
}

/// The immediate for storing a constant: only the stored bytes have to be right.
fn store_immediate(op: Store, bits: u64) -> Option<u64> {
    let signed = match op {
        Store::Store8 => i64::from(bits as i8),
        Store::Store16 => i64::from(bits as i16),
        Store::Store32 => i64::from(bits as i32),
        Store::Store64 => bits as i64,
        Store::V128Store => return None,
    };
    (i64::from(signed as i16) == signed).then_some(signed as u64)
}

/// The type of a loaded value, as far as accumulators care.
pub(super) fn load_type(op: Load) -> ValType {
    match op {
        Load::LoadF32 => ValType::F32,
        Load::LoadF64 => ValType::F64,
        Load::Load8U
        | Load::Load8S32
        | Load::Load8S64
        | Load::Load16U
        | Load::Load16S32
        | Load::Load16S64
        | Load::Load32U
        | Load::Load32S64
        | Load::Load64 => ValType::I64,
        _ => ValType::V128,
    }
}
