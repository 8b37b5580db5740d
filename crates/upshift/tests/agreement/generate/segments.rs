//! What concerns memories and tables as wholes: growth, copies, segments that are copied from and dropped.

use wasm_encoder::{Instruction as I, ValType};

use super::body::Maker;
use super::values::{act, i32, i64, op};
use crate::program::Node;

fn constant(ty: ValType, value: i64) -> Node {
    if ty == ValType::I64 { i64(value) } else { i32(value as i32) }
}

impl Maker<'_> {
    /// Where a part of something with so many elements begins, and how long it is: within, mostly.
    pub(super) fn part(&mut self, len: usize) -> (Node, Node) {
        let risky = self.rng.chance(self.shape.traps);
        let from = self.rng.below(len + 1);
        let rest = if risky { 1000 } else { len - from };
        (i32(from as i32), i32(self.rng.below(rest + 1) as i32))
    }

    /// What concerns a memory as a whole.
    pub(super) fn bulk(&mut self) -> Node {
        let (memory, ty) = self.some_memory();
        if self.rng.chance(30) {
            let delta = *self.rng.pick(&[0, 1, 1, 1, 2, 100_000]);
            return act(I::Drop, vec![op(I::MemoryGrow(memory), vec![constant(ty, delta)], ty)]);
        }
        let (to, _) = self.address(memory, 1);
        match self.rng.below(3) {
            0 if !self.shape.data.is_empty() => {
                let data_index = self.rng.below(self.shape.data.len()) as u32;
                if self.rng.chance(3 * self.shape.traps) {
                    return act(I::DataDrop(data_index), Vec::new());
                }
                let (from, len) = self.part(self.shape.data[data_index as usize].len());
                act(I::MemoryInit { mem: memory, data_index }, vec![to, from, len])
            }
            1 => {
                let (src_mem, from_ty) = self.some_memory();
                let (from, _) = self.address(src_mem, 1);
                let both =
                    if ty == ValType::I64 && from_ty == ValType::I64 { ValType::I64 } else { ValType::I32 };
                let len = constant(both, self.rng.below(300) as i64);
                act(I::MemoryCopy { src_mem, dst_mem: memory }, vec![to, from, len])
            }
            _ => {
                let value = self.value(ValType::I32);
                let len = constant(ty, self.rng.below(300) as i64);
                act(I::MemoryFill(memory), vec![to, value, len])
            }
        }
    }

    /// Reads or changes the table of functions.
    pub(super) fn table(&mut self) -> Node {
        if !self.shape.tables.is_empty() && self.rng.chance(40) {
            return self.other_table();
        }
        let func = ValType::Ref(wasm_encoder::RefType::FUNCREF);
        let index = self.value(ValType::I32);
        let risky = self.rng.chance(self.shape.traps);
        let index = if risky { index } else { op(I::I32And, vec![index, i32(7)], ValType::I32) };
        match self.rng.below(8) {
            0 | 1 => {
                let value = op(I::TableGet(0), vec![index], func);
                act(I::Drop, vec![op(I::RefIsNull, vec![value], ValType::I32)])
            }
            2 => {
                let grown = op(I::TableGrow(0), vec![self.constant(func), i32(1)], ValType::I32);
                act(I::Drop, vec![grown])
            }
            3 => {
                let ((to, _), (from, len)) = (self.part(4), self.part(4));
                act(I::TableCopy { src_table: 0, dst_table: 0 }, vec![to, from, len])
            }
            4 => {
                let (to, len) = self.part(8);
                let value = self.value(func);
                act(I::TableFill(0), vec![to, value, len])
            }
            5 if !self.shape.elements.is_empty() => {
                let elem_index = self.rng.below(self.shape.elements.len()) as u32;
                if self.rng.chance(3 * self.shape.traps) {
                    return act(I::ElemDrop(elem_index), Vec::new());
                }
                let len = self.shape.elements[elem_index as usize].len().min(8);
                let (from, len) = self.part(len);
                act(I::TableInit { elem_index, table: 0 }, vec![i32(0), from, len])
            }
            _ => {
                let value = self.value(func);
                act(I::TableSet(0), vec![index, value])
            }
        }
    }

    /// Reads or changes the other table, which has any type of elements and of indices.
    fn other_table(&mut self) -> Node {
        let table = self.shape.tables[0];
        let element = ValType::Ref(table.element_type);
        let ty = if table.table64 { ValType::I64 } else { ValType::I32 };
        let minimum = table.minimum as usize;
        let most = minimum + if self.rng.chance(self.shape.traps) { 20 } else { 0 };
        let at = self.rng.below(most.max(1));
        let (index, rest) = (constant(ty, at as i64), most.saturating_sub(at));
        match self.rng.below(6) {
            0 => {
                let delta = constant(ty, self.rng.below(4) as i64);
                let value = self.value(element);
                act(I::Drop, vec![op(I::TableGrow(1), vec![value, delta], ty)])
            }
            1 => act(I::Drop, vec![op(I::TableSize(1), Vec::new(), ty)]),
            2 => {
                let (value, len) = (self.value(element), constant(ty, self.rng.below(rest + 1) as i64));
                act(I::TableFill(1), vec![index, value, len])
            }
            3 => {
                let len = constant(ty, self.rng.below(rest + 1) as i64);
                act(I::TableCopy { src_table: 1, dst_table: 1 }, vec![constant(ty, 0), index, len])
            }
            4 if rest > 0 => {
                let got = op(I::TableGet(1), vec![index], element);
                match self.some_local(element) {
                    Some(local) => act(I::LocalSet(local), vec![got]),
                    None => act(I::Drop, vec![got]),
                }
            }
            _ => {
                let value = self.value(element);
                // An index that is not known, taken modulo the size there is.
                if rest == 0 && !self.rng.chance(self.shape.traps) {
                    return act(I::Drop, vec![value]);
                }
                act(I::TableSet(1), vec![index, value])
            }
        }
    }
}
