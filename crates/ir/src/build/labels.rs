//! Positions that are known only at the end of the function: branch targets.

use upshift_translate::backend::{Label, Operand};

use super::Builder;
use crate::op::Op;

/// A branch target of 32 bits that is not known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixup {
    pub(super) label: Label,
    /// Start of the branch instruction.
    pub(super) start: u32,
    /// The word of the instruction that holds the target.
    pub(super) word: u8,
    /// Its lowest bit.
    pub(super) shift: u8,
}

/// A list of targets, each of which is a word that holds the number of a label until the function ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct TargetList {
    /// Start of the branch instruction.
    pub(super) start: u32,
    pub(super) first: u32,
    pub(super) count: u32,
}

/// The place of a label that is not bound yet.
const UNBOUND: u32 = u32::MAX;

impl Builder<'_> {
    /// The word where a label is bound.
    ///
    /// # Panics
    /// When it never was.
    pub(super) fn place_of(&self, label: u32) -> usize {
        let place = self.labels[label as usize];
        assert_ne!(place, UNBOUND, "the walker binds all labels that it uses");
        place as usize
    }

    pub(super) fn is_bound(&self, label: Label) -> bool {
        self.labels[label.0 as usize] != UNBOUND
    }

    /// A label at the end of the code, from where a jump leads back to the head of a loop.
    pub(super) fn back_edge_at_end(&mut self, head: Label) -> Label {
        if self.back_edge_of.len() <= head.0 as usize {
            self.back_edge_of.resize(head.0 as usize + 1, None);
        }
        if let Some(label) = self.back_edge_of[head.0 as usize] {
            return label;
        }
        let label = self.make_label();
        self.back_edge_of[head.0 as usize] = Some(label);
        self.back_edges.push((label, head));
        label
    }

    /// Writes the jumps that [`back_edge_at_end`](Self::back_edge_at_end) has promised.
    pub(super) fn emit_back_edges(&mut self) {
        for (label, head) in std::mem::take(&mut self.back_edges) {
            self.bind_here(label);
            self.emit_branch(Op::Br, &[], head);
        }
    }

    pub(super) fn bind_here(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.words.len() as u32;
        self.peephole.reset();
    }

    pub(super) fn make_label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        Label(self.labels.len() as u32 - 1)
    }

    pub(super) fn emit_branch_table(&mut self, index: Operand, targets: &[Label]) {
        let index = self.slot(index);
        let start = self.emit(Op::BrTable, &[u64::from(index.0), targets.len() as u64 - 1]);
        let (start, first, count) = (start as u32, self.words.len() as u32, targets.len() as u32);
        self.target_lists.push(TargetList { start, first, count });
        for &target in targets {
            let label = if self.is_bound(target) { self.back_edge_at_end(target) } else { target };
            self.words.push(u64::from(label.0));
        }
    }

    /// Fills in all branch targets.
    pub(super) fn resolve_targets(&mut self) {
        for &Fixup { label, start, word, shift } in &self.fixups {
            let (to, start) = (self.place_of(label.0), start as usize);
            if Op::first_of(&self.words[start..]) == Some(Op::Br)
                && let Some(Op::Return | Op::ReturnS | Op::ReturnI | Op::ReturnF32S | Op::ReturnF64S) =
                    Op::first_of(&self.words[to..])
            {
                // A jump to a return returns at once: both take two words.
                self.words[start + 1] = self.words[to + 1];
                continue;
            }
            let distance = to as i64 - start as i64;
            self.words[start + usize::from(word)] |= truncated(distance as u64, 32) << shift;
        }
        for &TargetList { start, first, count } in &self.target_lists {
            for word in first as usize..(first + count) as usize {
                let to = self.place_of(self.words[word] as u32);
                self.words[word] = (to as i64 - i64::from(start)) as u64;
            }
        }
        self.fixups.clear();
        self.target_lists.clear();
    }
}

fn truncated(value: u64, bits: u32) -> u64 {
    value & (u64::MAX >> (64 - bits))
}
