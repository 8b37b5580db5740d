//! Peepholes: what is known of the last instructions, and which of them a new instruction absorbs.

use upshift_core::ops::Binary;
use upshift_core::types::ValType;
use upshift_translate::backend::{Label, Operand, Slot};

use super::Builder;
use super::forms::small;
use crate::op::{Loc, Op, add_branch_form, binary_form, branch_form};

/// The accumulators and which slot each one mirrors.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accumulators {
    pub(super) int: Option<Slot>,
    pub(super) f32: Option<Slot>,
    pub(super) f64: Option<Slot>,
}

impl Accumulators {
    fn of(&mut self, ty: ValType) -> Option<&mut Option<Slot>> {
        match ty {
            ValType::I32 | ValType::I64 | ValType::Ref(_) => Some(&mut self.int),
            ValType::F32 => Some(&mut self.f32),
            ValType::F64 => Some(&mut self.f64),
            ValType::V128 => None,
        }
    }

    /// Whether the accumulator of the type holds what is in the slot.
    pub(super) fn holds(&mut self, ty: ValType, slot: Slot) -> bool {
        self.of(ty).is_some_and(|held| *held == Some(slot))
    }

    /// A slot is overwritten by something else.
    pub(super) fn forget(&mut self, slot: Slot) {
        for held in [&mut self.int, &mut self.f32, &mut self.f64] {
            if *held == Some(slot) {
                *held = None;
            }
        }
    }

    /// A value of the type was written to a slot and to the accumulator.
    pub(super) fn wrote(&mut self, ty: ValType, slot: Slot) {
        self.forget(slot);
        match self.of(ty) {
            Some(held) => *held = Some(slot),
            None => self.forget(Slot(slot.0 + 1)),
        }
    }
}

/// What an instruction computes, as far as the next one may want to do it itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// A comparison, or with `negated` its negation.
    Compare { op: Binary, lhs: Operand, rhs: Operand, negated: bool },
    /// The sum of a slot and another operand.
    Add { op: Binary, lhs: Slot, rhs: Operand },
    /// A slot shifted left by a constant.
    Shl { value: Slot, by: u64 },
    /// A product of floats.
    Mul { op: Binary, lhs: Slot, rhs: Slot },
    /// Anything else.
    Other,
}

/// The instruction written last, while peepholes may change it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// Its position in the words, with the copies and constants that it needs.
    pub(super) start: usize,
    /// Position of its first word.
    pub(super) head: usize,
    /// The slot that it writes, if that can still be changed.
    pub(super) dst: Slot,
    pub(super) ty: ValType,
    pub(super) source: Source,
    /// The accumulators before it.
    pub(super) before: Accumulators,
    /// The latch right before it.
    pub(super) below: Option<Latch>,
}

/// The last instruction, if it adds a small constant to a local: a comparison of that local and a branch may join it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latch {
    pub(super) start: usize,
    pub(super) local: Slot,
    pub(super) ty: ValType,
    pub(super) addend: i16,
    pub(super) before: Accumulators,
}

/// A comparison and branch that stands at the head of a loop: a jump back to it may test at once instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoopTest {
    /// Position of the branch.
    pub(super) start: usize,
    pub(super) op: Binary,
    pub(super) lhs: Operand,
    pub(super) rhs: Operand,
    pub(super) sense: bool,
    pub(super) exit: Label,
    /// Position behind the branch.
    pub(super) next: usize,
}

/// All that peepholes know.
#[derive(Debug, Default)]
pub(super) struct Peephole {
    pub(super) accumulators: Accumulators,
    pub(super) last: Option<Last>,
    pub(super) latch: Option<Latch>,
    /// Where the loop that was opened last begins.
    pub(super) loop_at: Option<usize>,
    /// The loops that begin with a test, ascending.
    pub(super) loop_tests: Vec<LoopTest>,
}

impl Peephole {
    /// Control may come from elsewhere, or what ran in between changes any slot: nothing is known any more.
    pub(super) fn reset(&mut self) {
        self.accumulators = Accumulators::default();
        self.seal();
    }

    /// What was written so far stays as it is.
    pub(super) fn seal(&mut self) {
        self.last = None;
        self.latch = None;
    }
}

impl Builder<'_> {
    /// Notes what the instruction written last computes; `start` and the rest tell the state before all that it needed.
    pub(super) fn note(&mut self, source: Source, start: usize, before: Accumulators, below: Option<Latch>) {
        if let Some(last) = &mut self.peephole.last {
            *last = Last { source, start, before, below, ..*last };
        }
    }

    /// What computed the operand, if the last instruction did and nothing else can see the result.
    pub(super) fn source(&self, operand: Operand) -> Source {
        match self.peephole.last {
            Some(last) if operand == Operand::Temp(last.dst) => last.source,
            _ => Source::Other,
        }
    }

    /// Removes the last instruction, whose work another one will do.
    pub(super) fn take_last(&mut self) {
        let last = self.peephole.last.take().expect("only called when `source` found something");
        self.truncate(last.start);
        self.peephole.accumulators = last.before;
        self.peephole.latch = last.below;
    }

    pub(super) fn emit_set_local(&mut self, dst: Slot, src: Operand, ty: ValType) {
        if let Some(last) = self.peephole.last
            && src == Operand::Temp(last.dst)
            && self.is_near(dst)
        {
            let narrow = u64::from(self.fp_slot(dst) as u16);
            let word = &mut self.words[last.head + 1];
            *word = *word & !0xffff_0000 | narrow << 16;
            self.peephole.accumulators.wrote(last.ty, dst);
            // It writes a local now, so it has to stay; only a branch on that local may still join it.
            self.peephole.seal();
            if let Source::Add { op, lhs, rhs: Operand::Const(bits, _) } = last.source
                && lhs == dst
                && let Some(addend) = small(bits, op.result())
            {
                self.peephole.latch = Some(Latch {
                    start: last.start,
                    local: dst,
                    ty: op.result(),
                    addend,
                    before: last.before,
                });
            }
            return;
        }
        self.emit_copy(dst, src, ty);
    }

    pub(super) fn emit_binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        let (mut start, mut before, mut below) =
            (self.words.len(), self.peephole.accumulators, self.peephole.latch);
        let mut source = Self::describe(op, lhs, rhs);
        // `i32.eqz` of a comparison is the inverse comparison; if there is none, a branch can still test the other way round.
        if let (Binary::I32Eq, Operand::Const(0, _)) = (op, rhs)
            && let Source::Compare { op, lhs, rhs, negated } = self.source(lhs)
        {
            if let Some(inverse) = op.inverse() {
                self.take_last();
                return self.emit_binary(inverse, dst, lhs, rhs);
            }
            source = Source::Compare { op, lhs, rhs, negated: !negated };
            let last = self.peephole.last.expect("it computed the operand");
            (start, before, below) = (last.start, last.before, last.below);
        }
        if self.fuse_product(op, dst, lhs, rhs) || self.fuse_shift(op, dst, lhs, rhs) {
            return;
        }
        let (form, values) = self.pick_binary(op, lhs, rhs, binary_form);
        self.emit_value_of(form, op.result(), dst, values);
        self.note(source, start, before, below);
    }

    /// Fuses an addition of floats with the product that is one of its operands.
    pub(super) fn fuse_product(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) -> bool {
        let (form, product_op, either) = match op {
            Binary::F32Add => (Op::F32MulAdd, Binary::F32Mul, true),
            Binary::F64Add => (Op::F64MulAdd, Binary::F64Mul, true),
            Binary::F32Sub => (Op::F32MulSub, Binary::F32Mul, false),
            Binary::F64Sub => (Op::F64MulSub, Binary::F64Mul, false),
            _ => return false,
        };
        for (product, other, allowed) in [(rhs, lhs, true), (lhs, rhs, either)] {
            if let Source::Mul { op: mul, lhs: a, rhs: b } = self.source(product)
                && mul == product_op
                && allowed
                && let Some(other) = other.slot()
            {
                self.take_last();
                self.emit_value(form, op.result(), dst, &[a, b, other].map(|slot| u64::from(slot.0)));
                return true;
            }
        }
        false
    }

    /// Fuses an addition with the shift that is one of its operands.
    pub(super) fn fuse_shift(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) -> bool {
        for (shifted, other) in [(lhs, rhs), (rhs, lhs)] {
            if let Source::Shl { value, by } = self.source(shifted)
                && op == Binary::I32Add
                && let Some(other) = other.slot()
            {
                self.take_last();
                let values = [u64::from(other.0), u64::from(value.0), by];
                self.emit_value(Op::I32AddShl, ValType::I32, dst, &values);
                return true;
            }
        }
        false
    }

    /// What a binary operator computes, for the peepholes of the next instruction. Operands have to be in slots by now.
    pub(super) fn describe(op: Binary, lhs: Operand, rhs: Operand) -> Source {
        if op.is_compare() {
            return Source::Compare { op, lhs, rhs, negated: false };
        }
        match (op, lhs.slot(), rhs.slot(), lhs, rhs) {
            (Binary::I32Add | Binary::I64Add, Some(lhs), _, _, _) => Source::Add { op, lhs, rhs },
            (Binary::I32Add | Binary::I64Add, None, Some(rhs), _, _) => {
                Source::Add { op, lhs: rhs, rhs: lhs }
            }
            (Binary::I32Shl, Some(value), None, _, Operand::Const(by, _)) => {
                Source::Shl { value, by: by & 31 }
            }
            (Binary::F32Mul | Binary::F64Mul, Some(lhs), Some(rhs), _, _) => Source::Mul { op, lhs, rhs },
            _ => Source::Other,
        }
    }

    pub(super) fn emit_jump(&mut self, target: Label) {
        // A loop that begins with its test is left from its end instead.
        let place = self.labels[target.0 as usize] as usize;
        let tests = &self.peephole.loop_tests;
        if let Ok(at) = tests.binary_search_by_key(&place, |test| test.start) {
            let test = tests[at];
            self.labels.push(test.next as u32);
            let again = Label(self.labels.len() as u32 - 1);
            self.branch_compare(test.op, test.lhs, test.rhs, !test.sense, again);
            return self.emit_branch(Op::Br, &[], test.exit);
        }
        self.emit_branch(Op::Br, &[], target);
    }

    pub(super) fn emit_branch_if(&mut self, condition: Operand, sense: bool, target: Label) {
        let (op, lhs, rhs, sense) = match self.source(condition) {
            Source::Compare { op, lhs, rhs, negated } => {
                self.take_last();
                (op, lhs, rhs, sense != negated)
            }
            // The second operand is immediate in any case, so its home is not used.
            _ => (Binary::I32Ne, condition, Operand::Const(0, Slot(0)), sense),
        };
        self.branch_compare(op, lhs, rhs, sense, target);
    }

    /// A branch that is taken if the comparison yields `sense`.
    pub(super) fn branch_compare(
        &mut self,
        op: Binary,
        lhs: Operand,
        rhs: Operand,
        sense: bool,
        target: Label,
    ) {
        if self.add_and_branch(op, lhs, rhs, sense, target) {
            return;
        }
        let start = self.words.len();
        let (form, values) = self.pick_binary(op, lhs, rhs, |op, lhs, rhs| branch_form(op, sense, lhs, rhs));
        let at_head = self.peephole.loop_at == Some(start) && self.words.len() == start;
        self.emit_branch(form, values.as_slice(), target);
        // Operands that other code has to make first cannot be tested again elsewhere.
        if at_head && ![lhs, rhs].iter().any(|operand| matches!(operand, Operand::Temp(_) | Operand::Kept(_)))
        {
            let next = self.words.len();
            self.peephole.loop_tests.push(LoopTest { start, op, lhs, rhs, sense, exit: target, next });
        }
    }

    /// The same, together with the addition to the compared local that was written last.
    pub(super) fn add_and_branch(
        &mut self,
        op: Binary,
        lhs: Operand,
        rhs: Operand,
        sense: bool,
        target: Label,
    ) -> bool {
        let Some(latch) = self.peephole.latch else { return false };
        let is_local = |operand| matches!(operand, Operand::Local(_, slot) if slot == latch.local);
        let (op, rhs) = match op.swapped() {
            _ if is_local(lhs) && !is_local(rhs) => (op, rhs),
            Some(swapped) if is_local(rhs) && !is_local(lhs) => (swapped, lhs),
            _ => return false,
        };
        let (second, value) = match rhs {
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) if !self.is_near(slot) => {
                return false;
            }
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => {
                (Loc::Slot, u64::from(slot.0))
            }
            Operand::Const(bits, _) => match small(bits, latch.ty) {
                Some(value) => (Loc::Imm, value as u64),
                None => return false,
            },
        };
        let Some(form) = add_branch_form(op, sense, second) else { return false };
        if op.operands()[0] != latch.ty {
            return false;
        }
        self.truncate(latch.start);
        self.peephole.accumulators = latch.before;
        self.emit_branch(form, &[u64::from(latch.local.0), latch.addend as u64, value], target);
        self.peephole.accumulators.wrote(latch.ty, latch.local);
        true
    }
}
