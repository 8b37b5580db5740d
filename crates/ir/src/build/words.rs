//! Writing instructions: words, operands in slots, and copies for slots whose numbers are too large for an instruction.

use upshift_core::types::ValType;
use upshift_core::vm::frame;
use upshift_translate::backend::{Label, Operand, Slot};

use super::Builder;
use super::forms::Vec2;
use super::fuse::{Last, Source};
use super::labels::Fixup;
use crate::op::{Field, Op, back_edge_form, encode, last_place};

impl Builder<'_> {
    /// A slot as code names it: the walker counts from the first parameter, code from `fp`.
    pub(super) fn fp_slot(&self, slot: Slot) -> i32 {
        slot.0 as i32 - frame::fp_offset(self.frame.params) as i32
    }

    /// Whether 16 bits are enough for a slot.
    pub(super) fn is_near(&self, slot: Slot) -> bool {
        i16::try_from(self.fp_slot(slot)).is_ok()
    }

    /// Writes an instruction; `values` are its fields without accumulators and target lists, slots as the walker counts them.
    /// Returns where it starts.
    pub(super) fn emit(&mut self, op: Op, values: &[u64]) -> usize {
        if values.iter().any(|&value| value > i16::MAX as u64) && self.needs_wide_slots(op, values) {
            return self.emit_wide(op, values);
        }
        self.peephole.seal();
        let start = self.words.len();
        encode(&mut self.words, op, values, frame::fp_offset(self.frame.params));
        start
    }

    #[cold]
    pub(super) fn needs_wide_slots(&self, op: Op, values: &[u64]) -> bool {
        fields_with_values(op).zip(values).any(|(field, &value)| self.is_far(field, value))
    }

    /// Whether a field is a slot that is too far from `fp` for its bits.
    fn is_far(&self, field: Field, value: u64) -> bool {
        field.is_slot() && field.bits() == 16 && !self.is_near(Slot(value as u32))
    }

    /// Writes an instruction with slots above 16 bits: copies through the scratch slots before and after it.
    #[cold]
    pub(super) fn emit_wide(&mut self, op: Op, values: &[u64]) -> usize {
        let scratch = self.frame.scratch.expect("a frame with such slots has scratch slots");
        let mut narrow = values.to_vec();
        let mut next = u64::from(scratch);
        let mut after = Vec::new();
        for (field, value) in fields_with_values(op).zip(&mut narrow) {
            if !self.is_far(field, *value) {
                continue;
            }
            let slots = if matches!(field, Field::DstV | Field::SrcV) { 2 } else { 1 };
            for i in 0..slots {
                if matches!(field, Field::Src | Field::SrcV) {
                    self.emit(Op::CopyWide, &[next + i, *value + i]);
                } else {
                    after.push([*value + i, next + i]);
                }
            }
            *value = next;
            next += slots;
        }
        let start = self.emit(op, &narrow);
        for copy in after {
            self.emit(Op::CopyWide, &copy);
        }
        start
    }

    /// Writes an instruction that makes a value of a type; peepholes may change it as long as it is the last one.
    #[inline]
    pub(super) fn emit_value(&mut self, op: Op, ty: ValType, dst: Slot, values: &[u64]) {
        let mut all = [0; 8];
        all[0] = u64::from(dst.0);
        all[1..=values.len()].copy_from_slice(values);
        self.emit_made(op, ty, &all, 1 + values.len());
    }

    /// The same with up to two values besides the destination.
    #[inline]
    pub(super) fn emit_value_of(&mut self, op: Op, ty: ValType, dst: Slot, values: Vec2) {
        let ([a, b], count) = values.parts();
        self.emit_made(op, ty, &[u64::from(dst.0), a, b, 0, 0, 0, 0, 0], 1 + count);
    }

    /// The same with all `count` fields, of which the first is the destination.
    #[inline(never)]
    fn emit_made(&mut self, op: Op, ty: ValType, all: &[u64; 8], count: usize) {
        let (start, before, below) = (self.words.len(), self.peephole.accumulators, self.peephole.latch);
        let dst = Slot(all[0] as u32);
        let head = self.emit(op, &all[..count]);
        self.peephole.accumulators.wrote(ty, dst);
        if self.is_near(dst) {
            self.peephole.last = Some(Last { start, head, dst, ty, source: Source::Other, before, below });
        }
    }

    /// Writes an instruction whose field number `target` is a branch target.
    pub(super) fn emit_branch(&mut self, op: Op, values: &[u64], label: Label) {
        // A label that is bound already is the head of a loop.
        let (op, label) = match back_edge_form(op) {
            _ if !self.is_bound(label) => (op, label),
            Some(back_edge) => (back_edge, label),
            None => (op, self.back_edge_at_end(label)),
        };
        let mut all = [0; 8];
        all[..values.len()].copy_from_slice(values);
        let start = self.emit(op, &all[..=values.len()]);
        // The target is the last field.
        let (word, shift) = last_place(op);
        self.fixups.push(Fixup { label, start: start as u32, word: word as u8, shift: shift as u8 });
    }

    /// The slot of an operand; a constant is put into its home.
    pub(super) fn slot(&mut self, operand: Operand) -> Slot {
        match operand {
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => slot,
            Operand::Const(bits, home) => {
                self.constant(home, bits);
                home
            }
        }
    }

    pub(super) fn constant(&mut self, dst: Slot, bits: u64) {
        // The slot is the same for all types; a float constant is in the integer accumulator too, where nobody looks for it.
        if let Ok(bits) = u32::try_from(bits) {
            self.emit_value(Op::Const32, ValType::I64, dst, &[u64::from(bits)]);
        } else {
            self.emit_value(Op::Const64, ValType::I64, dst, &[bits]);
        }
    }

    /// Copies a value to a slot.
    pub(super) fn emit_copy(&mut self, dst: Slot, src: Operand, ty: ValType) {
        match src {
            Operand::Const(bits, _) => self.constant(dst, bits),
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) if ty == ValType::V128 => {
                self.emit_value(Op::CopyV128, ty, dst, &[u64::from(slot.0)]);
            }
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => {
                // The copy moves bits through the integer accumulator, whatever they mean.
                self.emit_value(Op::Copy, ValType::I64, dst, &[u64::from(slot.0)]);
            }
        }
    }

    pub(super) fn truncate(&mut self, start: usize) {
        self.words.truncate(start);
        self.tables.truncate(start as u32);
        if let Some(positions) = &mut self.positions {
            // What replaces the removed words comes from the newest of their operators: it is the one that can trap.
            let mut newest = None;
            while let Some((_, offset)) = positions.pop_if(|(word, _)| *word as usize > start) {
                newest = newest.or(Some(offset));
            }
            match (newest, positions.last_mut()) {
                (Some(offset), Some(last)) if last.0 as usize == start => last.1 = offset,
                (Some(offset), _) => positions.push((start as u32, offset)),
                (None, _) => {}
            }
        }
    }
}

fn fields_with_values(op: Op) -> impl Iterator<Item = Field> {
    op.fields().iter().copied().filter(|field| field.bits() != 0)
}
