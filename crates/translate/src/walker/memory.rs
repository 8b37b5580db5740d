//! Accesses to memories, and calls of the runtime's services, which take their operands in their homes.

use upshift_core::index::MemoryIndex;
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::ValType;
use upshift_core::vm::BuiltinOp;

use super::{Refusal, Step, Walker, refusal};
use crate::backend::{Backend, MemArg, Operand, Service, Slot};

impl<B: Backend> Walker<'_, '_, B> {
    pub(super) fn mem_arg(arg: wasmparser::MemArg) -> Result<MemArg, Refusal> {
        match arg.target {
            wasmparser::MemArgTarget::Memory(memory) => {
                Ok(MemArg { memory: MemoryIndex(memory), offset: arg.offset })
            }
            wasmparser::MemArgTarget::Array(_) => {
                Err(refusal("access to an array's payload is not supported"))
            }
        }
    }

    pub(super) fn load(&mut self, op: Load, ty: ValType, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let address = self.pop();
        let dst = self.stack.push_home(ty);
        self.announce_behind();
        self.backend.load(op, ty, arg, dst, address);
        Ok(())
    }

    pub(super) fn store(&mut self, op: Store, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let (address, value) = self.pop2();
        self.backend.store(op, arg, address, value);
        Ok(())
    }

    pub(super) fn load_lane(&mut self, bytes: u8, lane: u8, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let (address, vector) = self.pop2();
        let dst = self.stack.push_home(ValType::V128);
        self.announce_behind();
        self.backend.load_lane(bytes, lane, arg, dst, address, vector);
        Ok(())
    }

    pub(super) fn store_lane(&mut self, bytes: u8, lane: u8, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let (address, vector) = self.pop2();
        self.backend.store_lane(bytes, lane, arg, address, vector);
        Ok(())
    }

    pub(super) fn atomic(&mut self, op: Atomic, ty: ValType, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let shape = op.shape();
        // Only those that the access has, from the left.
        let mut operands = [Operand::Const(0, Slot(0)); 3];
        let operands = &mut operands[..match shape {
            AtomicShape::Load => 1,
            AtomicShape::Store | AtomicShape::ReadModifyWrite => 2,
            AtomicShape::CompareExchange => 3,
        }];
        for operand in operands.iter_mut().rev() {
            *operand = self.pop();
        }
        // A store has no result, but the slot is there.
        let dst = if shape == AtomicShape::Store { self.stack.next_home() } else { self.stack.push_home(ty) };
        self.backend.atomic(op, ty, arg, dst, operands);
        Ok(())
    }

    /// `memory.atomic.wait32` and its like: a service with the offset as one operand more.
    pub(super) fn atomic_service(&mut self, op: BuiltinOp, arg: wasmparser::MemArg, operands: usize) -> Step {
        let arg = Self::mem_arg(arg)?;
        self.stack.push_const(arg.offset, ValType::I64);
        self.builtin(op, arg.memory.0, 0, operands + 1, Some(ValType::I32))
    }

    pub(super) fn memory_size(&mut self, memory: u32) -> Step {
        let ty = self.module.memories[memory as usize].index.val_type();
        let dst = self.stack.push_home(ty);
        self.backend.memory_size(MemoryIndex(memory), dst);
        Ok(())
    }

    /// A service of the runtime with `operands` operands.
    pub(super) fn builtin(
        &mut self,
        op: BuiltinOp,
        x: u32,
        y: u32,
        operands: usize,
        result: Option<ValType>,
    ) -> Step {
        let base = self.flush_top(operands);
        self.safepoint();
        let (first, height) = (self.stack.height() - operands, self.stack.height());
        let operands = self.stack.operands(first..height);
        self.backend.builtin(&Service { op, x, y, base, operands, result });
        self.stack.truncate(first);
        if let Some(ty) = result {
            // A service may have a result but no operands; its slot is the next home either way.
            self.stack.push_home(ty);
        }
        Ok(())
    }

    pub(super) fn memory_index_type(&self, memory: u32) -> Option<ValType> {
        Some(self.module.memories[memory as usize].index.val_type())
    }

    pub(super) fn table_index_type(&self, table: u32) -> Option<ValType> {
        Some(self.module.tables[table as usize].index.val_type())
    }
}
