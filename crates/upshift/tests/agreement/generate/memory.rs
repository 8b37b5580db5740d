//! Accesses to memories: most within, many near the end, some far beyond.

use wasm_encoder::{Instruction as I, MemArg, MemArgTarget, ValType};

use super::body::Maker;
use super::values::{act, i32, i64, op};
use crate::ops::{LOADS, STORES};
use crate::program::Node;

impl Maker<'_> {
    pub(super) fn some_memory(&mut self) -> (u32, ValType) {
        let at = self.rng.below(self.shape.memories.len());
        (at as u32, self.index_type(at))
    }

    fn index_type(&self, memory: usize) -> ValType {
        if self.shape.memories[memory].memory64 { ValType::I64 } else { ValType::I32 }
    }

    /// An address and an offset, which together are multiples of `align` if they are within.
    pub(super) fn address(&mut self, memory: u32, align: u64) -> (Node, u64) {
        let ty = self.index_type(memory as usize);
        let wide = ty == ValType::I64;
        let (minimum, page_log2) = {
            let memory = &self.shape.memories[memory as usize];
            (memory.minimum, memory.page_size_log2.unwrap_or(16))
        };
        let bytes = minimum << page_log2;
        let constant = |value: u64| if wide { i64(value as i64) } else { i32(value as i32) };
        let risky = self.shape.traps > 0 && self.rng.chance(self.shape.traps);
        if risky {
            return match self.rng.below(5) {
                // At the border of what there was in the beginning.
                0 => (constant(bytes.wrapping_sub(self.rng.below(18) as u64)), self.rng.below(3) as u64),
                // At the border of what there is.
                1 => {
                    let size = op(I::MemorySize(memory), Vec::new(), ty);
                    let (shl, sub) = if wide { (I::I64Shl, I::I64Sub) } else { (I::I32Shl, I::I32Sub) };
                    let end = op(shl, vec![size, constant(u64::from(page_log2))], ty);
                    let back = constant(self.rng.below(20) as u64);
                    (op(sub, vec![end, back], ty), 0)
                }
                2 => (self.value(ty), *self.rng.pick(&[0xffff_ffff, 0x8000_0000, 0xffff, 0x1_0000])),
                3 if wide => (self.value(ty), self.rng.interesting()),
                3 => (self.value(ty), u64::from(self.rng.interesting() as u32)),
                _ => (self.value(ty), 0),
            };
        }
        // Within, if it has a page at all.
        let room = if page_log2 == 0 { bytes.saturating_sub(17) } else { 0xffe0 };
        let offset = if self.rng.chance(50) {
            0
        } else {
            self.rng.below((room / 2 + 1) as usize) as u64 & !(align - 1)
        };
        let mask = ((room - offset + 1).next_power_of_two() / 2).saturating_sub(1) & !(align - 1);
        if self.rng.chance(15) {
            return (constant(self.rng.next() & mask), offset);
        }
        let index = self.value(ty);
        let and = if wide { I::I64And } else { I::I32And };
        (op(and, vec![index, constant(mask)], ty), offset)
    }

    pub(super) fn access(&mut self, log2: u32, aligned: bool) -> (MemArg, Node) {
        let (memory, _) = self.some_memory();
        let (address, offset) = self.address(memory, if aligned { 1 << log2 } else { 1 });
        let align = if aligned { log2 } else { self.rng.below(log2 as usize + 1) as u32 };
        (MemArg { offset, align, target: MemArgTarget::Memory(memory), ordering: None }, address)
    }

    pub(super) fn load(&mut self, ty: ValType) -> Option<Node> {
        match ty {
            ValType::I32 | ValType::I64 if self.rng.chance(12) => return Some(self.atomic(ty)),
            ValType::V128 if self.rng.chance(60) => return Some(self.load_vector()),
            _ => {}
        }
        let fitting: Vec<usize> = (0..LOADS.len()).filter(|&at| LOADS[at].ty.val_type() == ty).collect();
        if fitting.is_empty() {
            return None;
        }
        let load = &LOADS[*self.rng.pick(&fitting)];
        let (arg, address) = self.access(load.log2, false);
        Some(op((load.make)(arg), vec![address], ty))
    }

    pub(super) fn store(&mut self) -> Node {
        if self.rng.chance(5) {
            return self.store_atomic();
        }
        if self.shape.palette.contains(&ValType::V128) && self.rng.chance(15) {
            return self.store_lane();
        }
        let fitting: Vec<usize> =
            (0..STORES.len()).filter(|&at| self.shape.palette.contains(&STORES[at].ty.val_type())).collect();
        let store = &STORES[*self.rng.pick(&fitting)];
        let (arg, address) = self.access(store.log2, false);
        let value = self.value(store.ty.val_type());
        let value = self.without_nan(value);
        act((store.make)(arg), vec![address, value])
    }

    pub(super) fn size(&mut self) -> Node {
        let (memory, ty) = self.some_memory();
        let size = op(I::MemorySize(memory), Vec::new(), ty);
        if ty == ValType::I64 { op(I::I32WrapI64, vec![size], ValType::I32) } else { size }
    }
}
