//! Branches, tables of branches, and returns.

use regalloc2::{Allocation, Edit, Inst as Number, ProgPoint};
use upshift_asm::Label;
use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size, Xmm};
use upshift_core::vm::{Returns, frame};

use super::Emitter;
use super::kept::Kept;
use super::reach::{copied_test, is_short_choice, reaches};
use crate::mach::MBlock;
use crate::mach::x64::build::slots;
use crate::mach::x64::inst::{Inst, Test};
use crate::mach::x64::regs::FP;
use crate::ssa::Ty;

/// Up to how many slots are copied by an instruction each.
const UNROLLED: u32 = 8;

/// The byte that a slot of the header lies from the frame pointer.
pub(super) const fn header(slot: isize) -> i32 {
    slot as i32 * size_of::<u64>() as i32
}

impl Emitter<'_, '_> {
    /// The label of a block, or of the one that stands for it.
    pub(super) fn label(&self, block: MBlock) -> Label {
        self.labels[self.layout.target(block).0 as usize]
    }

    /// Whether the code of a block is there already.
    fn is_written(&self, block: MBlock) -> bool {
        !self.layout.is_behind(self.layout.target(block), self.current)
    }

    fn comes_next(&self, block: MBlock) -> bool {
        self.next == Some(self.layout.target(block))
    }

    /// Goes on at a block.
    pub(super) fn emit_jump(&mut self, to: MBlock) {
        if !self.comes_next(to) {
            let label = self.label(to);
            if self.is_near(to) { self.asm.jmp_short(label) } else { self.asm.jmp(label) }
        }
    }

    /// Whether a short branch from the end of the block that is being written reaches one that is still to be.
    fn is_near(&self, to: MBlock) -> bool {
        let aligns = self.loop_alignment() as u16 - 1;
        reaches(self.layout, self.bounds, aligns, self.current, self.layout.target(to))
    }

    /// Goes on at a block, or does what that does if it only returns, chooses the next round of the loop that it begins, so that each
    /// operation of an interpreter has its own jump to the next one, or tests whether the loop right behind is entered.
    pub(super) fn emit_jump_or_copy(&mut self, to: MBlock) {
        let to = self.layout.target(to);
        let insts = self.func.blocks[to.0 as usize].insts;
        let returns = insts.end - insts.start == 1
            && matches!(self.func.insts[insts.start as usize], Inst::Return { number, .. }
                if self.func.returns[number as usize].len() < 2);
        let chooses = || is_short_choice(self.func, to) && self.is_written(to);
        let copies = returns || self.copies_test(self.current, to) || chooses();
        if !self.comes_next(to) && copies { self.emit_block(to) } else { self.emit_jump(to) }
    }

    /// Whether a block that jumps to the head of a rotated loop has a copy of its test instead: what only tests, and moves nothing.
    pub(super) fn copies_test(&self, from: MBlock, head: MBlock) -> bool {
        let insts = self.func.blocks[head.0 as usize].insts;
        let edits = &self.output.edits;
        let start = ProgPoint::before(Number::new(insts.start as usize));
        let behind = || edits.get(edits.partition_point(|&(point, _)| point < start));
        let end = ProgPoint::before(Number::new(insts.end as usize));
        copied_test(self.func, self.layout, from, head).is_some()
            && behind().is_none_or(|&(point, _)| point >= end)
            && self.headers.at_end(head).next().is_none()
    }

    /// Whether control comes to a block only from the one whose code lies in front of it, and falls into it.
    pub(super) fn is_fallen_into(&self, block: MBlock, last: MBlock) -> bool {
        // From a copy of that one control comes with other values in registers.
        let comes_from_last = || !self.is_copied(last);
        let mut preds = self.predecessors(block);
        let mut is_certain = None;
        preds.all(|pred| match pred == last {
            true => *is_certain.get_or_insert_with(comes_from_last),
            false => self.has_copy(pred, block),
        })
    }

    /// Whether a block ends with a copy of a test in place of a jump to it.
    fn has_copy(&self, block: MBlock, head: MBlock) -> bool {
        let end = self.func.blocks[block.0 as usize].insts.end as usize;
        let jumps = self.func.insts[end - 1] == Inst::Jump && self.func.edges(block)[0].to == head;
        jumps && self.layout.has_code(block) && self.copies_test(block, head)
    }

    /// Whether another block ends with a copy of this one, which tests whether a loop goes on.
    fn is_copied(&self, head: MBlock) -> bool {
        self.predecessors(head).any(|pred| self.has_copy(pred, head))
    }

    fn predecessors(&self, block: MBlock) -> impl Iterator<Item = MBlock> + use<'_> {
        let preds = &self.func.preds[self.func.blocks[block.0 as usize].preds.range()];
        preds.iter().map(|pred| MBlock(pred.index() as u32))
    }

    /// What is known of registers at the beginning of a block that the code in front of it does not fall into.
    pub(super) fn kept_before(&self, block: MBlock) -> Kept {
        let mut at = block;
        while let Some(pred) = self.only_predecessor(at) {
            if self.layout.has_code(pred) {
                return self.kept_behind.get(&pred).cloned().unwrap_or_default();
            }
            at = pred;
        }
        Kept::default()
    }

    /// Keeps what is known of registers at the end of a block for those that control comes to from there alone.
    pub(super) fn note_kept(&mut self, block: MBlock) {
        let wanted =
            || self.func.edges(block).iter().any(|edge| self.only_predecessor(edge.to) == Some(block));
        if !self.kept.is_empty() && wanted() && !self.is_copied(block) {
            self.kept_behind.insert(block, self.kept.clone());
        }
    }

    fn only_predecessor(&self, block: MBlock) -> Option<MBlock> {
        let mut preds = self.predecessors(block);
        preds.next().filter(|_| preds.next().is_none())
    }

    /// Ends a block with two successors.
    pub(super) fn emit_branch(&mut self, block: MBlock, test: Test) {
        let edges = self.func.edges(block);
        let (then, otherwise) = (self.beyond(edges[0].to), self.beyond(edges[1].to));
        if let Some(next) = self.next
            && block == self.current
            && self.only_predecessor(next) == Some(block)
            && self.beyond(next) != next
            && !self.is_copied(block)
        {
            self.skipped = Some(next);
            self.next = self.layout.behind(next);
        }
        if self.layout.target(then) == self.layout.target(otherwise) {
            return self.emit_jump(then);
        }
        if self.comes_next(then) {
            self.emit_branch_to(test.not(), otherwise);
        } else if !self.comes_next(otherwise) && self.is_written(otherwise) {
            // What leads back is the way that is taken most often.
            self.emit_branch_to(test.not(), otherwise);
            self.emit_jump(then);
        } else {
            self.emit_branch_to(test, then);
            self.emit_jump(otherwise);
        }
    }

    /// Where a block leads that has nothing to do because all that it moves is there already; else itself.
    fn beyond(&self, block: MBlock) -> MBlock {
        let insts = self.func.blocks[block.0 as usize].insts;
        if insts.end - insts.start != 1
            || self.func.insts[insts.start as usize] != Inst::Jump
            || self.only_predecessor(block).is_none()
            || self.headers.at_end(block).next().is_some()
        {
            return block;
        }
        let edits = &self.output.edits;
        let start = ProgPoint::before(Number::new(insts.start as usize));
        let end = ProgPoint::before(Number::new(insts.end as usize));
        let moves = &edits[edits.partition_point(|&(point, _)| point < start)..];
        let moves = moves.iter().take_while(|&&(point, _)| point < end);
        let mut moves = moves.map(|&(_, Edit::Move { from, to })| (from, to));
        if moves.all(|(from, to)| self.is_done(from, to)) { self.func.edges(block)[0].to } else { block }
    }

    fn emit_branch_to(&mut self, test: Test, to: MBlock) {
        let label = self.label(to);
        if !self.is_near(to) {
            return self.emit_jcc(test, label);
        }
        match test {
            Test::If(cond) => self.asm.jcc_short(cond, label),
            Test::NotEqual => {
                self.asm.jcc_short(Cond::Ne, label);
                self.asm.jcc_short(Cond::P, label);
            }
            Test::Equal => {
                let unordered = self.asm.label();
                self.asm.jcc_short(Cond::P, unordered);
                self.asm.jcc_short(Cond::E, label);
                self.asm.bind(unordered);
            }
        }
    }

    /// Goes to a label if the flags say so.
    pub(super) fn emit_jcc(&mut self, test: Test, label: Label) {
        match test {
            Test::If(cond) => self.asm.jcc(cond, label),
            Test::NotEqual => {
                self.asm.jcc(Cond::Ne, label);
                self.asm.jcc(Cond::P, label);
            }
            Test::Equal => {
                let unordered = self.asm.label();
                self.asm.jcc_short(Cond::P, unordered);
                self.asm.jcc(Cond::E, label);
                self.asm.bind(unordered);
            }
        }
    }

    /// Goes to the block that a table has for the index.
    pub(super) fn emit_table(&mut self, block: MBlock, number: u32, index: Gpr, [table, target]: [Gpr; 2]) {
        let cases = &self.func.tables[number as usize];
        let edges = self.func.edges(block);
        let last = edges[cases[cases.len() - 1] as usize].to;
        if cases.len() == 1 {
            return self.emit_jump(last);
        }
        let default = self.label(last);
        self.asm.cmp_imm(Size::S32, index, cases.len() as i32 - 1);
        self.asm.jcc(Cond::Ae, default);
        let entries = match self.table_labels[number as usize] {
            Some(entries) => entries,
            None => {
                let entries = self.asm.label();
                self.table_labels[number as usize] = Some(entries);
                self.branch_tables.push((entries, block, number));
                entries
            }
        };
        self.asm.lea(Size::S64, table, Mem::label(entries));
        self.asm.movsxd(target, Mem::index(table, index, Scale::X4, 0));
        self.asm.add(Size::S64, target, table);
        self.asm.jmp_to(target);
    }

    /// Room for the tables, each of whose entries is the distance from the table's start.
    pub(super) fn emit_branch_tables(&mut self) {
        for at in 0..self.branch_tables.len() {
            let (label, _, number) = self.branch_tables[at];
            // Padding as between functions: it is never executed.
            while !self.asm.offset().is_multiple_of(size_of::<u32>() as u32) {
                self.asm.int3();
            }
            self.asm.bind(label);
            for _ in 1..self.func.tables[number as usize].len() {
                self.asm.put_bytes(&[0; 4]);
            }
        }
    }

    /// Writes the tables, now that all blocks have their places.
    pub(super) fn patch_branch_tables(&mut self) {
        for at in 0..self.branch_tables.len() {
            let (label, block, number) = self.branch_tables[at];
            let table = self.asm.place(label).unwrap_or(0);
            let cases = &self.func.tables[number as usize];
            let edges = self.func.edges(block);
            for (number, &case) in cases[..cases.len() - 1].iter().enumerate() {
                let target = self.label(edges[case as usize].to);
                let place = self.asm.place(target).unwrap_or(0);
                self.asm.patch_u32(table + 4 * number as u32, place.wrapping_sub(table));
            }
        }
    }

    /// Returns: one value is in its register, more are in the area for arguments.
    pub(super) fn emit_return(&mut self, number: u32, allocs: &[Allocation]) {
        match *self.func.returns[number as usize] {
            [] => self.emit_leave(),
            [Ty::V128] => {
                self.emit_leave();
                self.asm.movups_mr(Mem::base(FP, 0), Self::xmm(allocs[0]));
            }
            [ty] if ty.is_float() => {
                let (value, result) = (Self::xmm(allocs[0]), Xmm::XMM0);
                if value != result {
                    self.asm.movaps(result, value);
                }
                self.emit_leave();
                self.asm.movsd_mr(Mem::base(FP, 0), result);
            }
            [_] => {
                // Leaving takes registers, but not that one.
                let (value, result) = (Self::gpr(allocs[0]), Gpr::RAX);
                if value != result {
                    self.asm.mov(Size::S64, result, value);
                }
                self.emit_leave();
                self.asm.mov_mr(Size::S64, Mem::base(FP, 0), result);
            }
            ref types => self.emit_return_slots(slots(types)),
        }
        self.emit_go_on();
    }

    fn emit_return_slots(&mut self, count: u32) {
        let from = self.out(0);
        if count <= UNROLLED {
            self.asm.lea(Size::S64, Gpr::RCX, from);
            self.emit_leave();
            for n in 0..count as i32 {
                self.asm.mov(Size::S64, Gpr::RAX, Mem::base(Gpr::RCX, 8 * n));
                self.asm.mov_mr(Size::S64, Mem::base(FP, 8 * n), Gpr::RAX);
            }
            return;
        }
        self.asm.lea(Size::S64, Gpr::RAX, from);
        self.emit_leave();
        self.asm.mov(Size::S64, Gpr::R8, Gpr::RSI);
        self.asm.mov(Size::S64, Gpr::RSI, Gpr::RAX);
        self.asm.mov(Size::S64, Gpr::RDI, FP);
        self.emit_repeat_copy(count);
        self.asm.mov(Size::S64, Gpr::RSI, Gpr::R8);
    }

    /// Copies this many slots upwards from `rsi` to `rdi`, by way of `rcx`.
    pub(super) fn emit_repeat_copy(&mut self, count: u32) {
        self.asm.mov_imm(Gpr::RCX, count.into());
        // rep movsq
        self.asm.put_bytes(&[0xF3, 0x48, 0xA5]);
    }

    /// Reads the header and leaves the frame: the frame pointer is then the address where results go.
    fn emit_leave(&mut self) {
        self.asm.mov(Size::S64, Gpr::RSI, Mem::base(FP, header(frame::RETURN_IP)));
        self.asm.mov(Size::S64, Gpr::R11, Mem::base(FP, header(frame::CALLER_FP)));
        let bytes = frame::fp_offset(self.body.frame.params) as i32 * 8;
        self.asm.sub_imm(Size::S64, FP, bytes);
    }

    /// Goes on where the word in front of `rsi` says.
    fn emit_go_on(&mut self) {
        if self.is_leaf {
            return self.asm.ret();
        }
        let word = Mem::base(Gpr::RSI, -8);
        match self.body.target.returns {
            Returns::Paired => {
                self.asm.push_rm(word);
                self.asm.ret();
            }
            Returns::Jump => self.asm.jmp_to(word),
        }
    }
}
