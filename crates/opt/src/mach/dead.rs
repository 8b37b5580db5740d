//! Moves of the allocator that nothing reads.
//!
//! In: a function and its allocation. Out: which moves are overwritten within their block before anything reads where they lead.
//!
//! The allocator gives a value whose home is a slot one short life in a register after the other, and stores it behind each; of a chain of
//! two-address instructions it stores every link, though only the last one is wanted.

use regalloc2::{Allocation, Edit, Inst, InstPosition, OperandKind, Output, PRegSet, ProgPoint};

use super::{MFunc, MachInst};

/// Which moves nothing reads, and the room to find out.
#[derive(Debug, Default)]
pub(crate) struct DeadMoves {
    /// By number of the move.
    dead: Vec<bool>,
    /// By slot, the number of the last block in which it is overwritten before it is read, from the place on that is looked at.
    slots: Vec<u32>,
}

impl DeadMoves {
    /// Finds them.
    pub(crate) fn run<I: MachInst>(&mut self, func: &MFunc<I>, output: &Output) {
        self.dead.clear();
        self.dead.resize(output.edits.len(), false);
        self.slots.clear();
        self.slots.resize(output.num_spillslots, u32::MAX);
        let mut start = 0;
        for (number, block) in func.blocks.iter().enumerate() {
            let behind = ProgPoint::before(Inst::new(block.insts.end as usize));
            let count = output.edits[start..].iter().take_while(|&&(point, _)| point < behind).count();
            // What overwrites a move is most often another one.
            if count > 1 {
                self.block(func, output, number, start..start + count);
            }
            start += count;
        }
    }

    /// Whether nothing reads where a move leads.
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.dead.get(number).is_some_and(|&dead| dead)
    }

    /// Goes backwards through a block, behind which all may be read.
    fn block<I: MachInst>(
        &mut self,
        func: &MFunc<I>,
        output: &Output,
        number: usize,
        edits: std::ops::Range<usize>,
    ) {
        let mut overwritten =
            Overwritten { registers: PRegSet::empty(), slots: &mut self.slots, block: number as u32 };
        let mut next = edits.end;
        for at in func.blocks[number].insts.range().rev() {
            for position in [InstPosition::After, InstPosition::Before] {
                if position == InstPosition::Before {
                    overwritten.instruction(func, output, at);
                }
                let point = ProgPoint::new(Inst::new(at), position);
                while next > edits.start && output.edits[next - 1].0 >= point {
                    next -= 1;
                    let Edit::Move { from, to } = output.edits[next].1;
                    if overwritten.contains(to) {
                        self.dead[next] = true;
                    } else {
                        overwritten.set(to, true);
                        overwritten.set(from, false);
                    }
                }
            }
            if next == edits.start {
                break;
            }
        }
    }
}

/// What is overwritten before it is read.
struct Overwritten<'a> {
    registers: PRegSet,
    slots: &'a mut [u32],
    block: u32,
}

impl Overwritten<'_> {
    fn contains(&self, place: Allocation) -> bool {
        match (place.as_reg(), place.as_stack()) {
            (Some(register), _) => self.registers.contains(register),
            (_, Some(slot)) => self.slots.get(slot.index()) == Some(&self.block),
            _ => false,
        }
    }

    fn set(&mut self, place: Allocation, is_overwritten: bool) {
        if let Some(register) = place.as_reg() {
            if is_overwritten {
                self.registers.add(register);
            } else {
                self.registers.remove(register);
            }
        } else if let Some(slot) = place.as_stack()
            && let Some(block) = self.slots.get_mut(slot.index())
        {
            *block = if is_overwritten { self.block } else { u32::MAX };
        }
    }

    /// An instruction reads before it writes.
    fn instruction<I: MachInst>(&mut self, func: &MFunc<I>, output: &Output, at: usize) {
        self.registers.union_from(func.insts[at].clobbers());
        let (operands, allocs) = (func.operands(at), output.inst_allocs(Inst::new(at)));
        for (operand, &alloc) in operands.iter().zip(allocs) {
            if operand.kind() == OperandKind::Def {
                self.set(alloc, true);
            }
        }
        for (operand, &alloc) in operands.iter().zip(allocs) {
            if operand.kind() == OperandKind::Use {
                self.set(alloc, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use regalloc2::{Allocation, Ctx, Edit, Inst as Number, PReg, ProgPoint, RegClass, SpillSlot};
    use upshift_asm::x64::{Alu, CpuFeatures, Size};

    use super::DeadMoves;
    use crate::mach::allocate::allocate;
    use crate::mach::x64::environment;
    use crate::mach::{Builder, MFunc};
    use crate::ssa::Ty;

    /// Which moves nothing reads, in front of the instructions with these numbers, in a function that adds twice and returns.
    fn dead(moves: &[(usize, Allocation, Allocation)]) -> Vec<bool> {
        let mut builder = Builder::new(MFunc::default(), CpuFeatures::ALL, 1, 0);
        let entry = builder.block();
        builder.switch_to(entry);
        let params = builder.entry(&[Ty::I64]);
        let sum = builder.alu_imm(Alu::Add, Size::S64, params[0], 1);
        let sum = builder.alu_imm(Alu::Add, Size::S64, sum, 2);
        builder.ret(&[(sum, Ty::I64)]);
        let func = builder.finish();
        let mut ctx = Ctx::default();
        let mut output = allocate(&func, &environment(), false, &mut ctx).expect("it is small").clone();
        let edit = |&(at, from, to)| (ProgPoint::before(Number::new(at)), Edit::Move { from, to });
        output.edits = moves.iter().map(edit).collect();
        output.num_spillslots = 2;
        let mut found = DeadMoves::default();
        found.run(&func, &output);
        (0..moves.len()).map(|number| found.contains(number)).collect()
    }

    /// A register that the function does not use.
    fn register(number: usize) -> Allocation {
        Allocation::reg(PReg::new(number, RegClass::Int))
    }

    fn slot(number: usize) -> Allocation {
        Allocation::stack(SpillSlot::new(number))
    }

    #[test]
    fn what_is_overwritten_before_it_is_read_is_dead() {
        let (one, other) = (register(12), register(13));
        assert_eq!(dead(&[(1, one, slot(0)), (2, other, slot(0))]), [true, false]);
        assert_eq!(dead(&[(1, slot(0), one), (2, slot(1), one)]), [true, false]);
        // What nothing reads does not read, either.
        assert_eq!(
            dead(&[(1, one, slot(0)), (2, slot(0), other), (3, slot(1), other), (3, one, slot(0))]),
            [true, true, false, false]
        );
    }

    #[test]
    fn what_is_read_in_between_or_may_be_behind_the_block_is_not() {
        let (one, other) = (register(12), register(13));
        assert_eq!(dead(&[(1, one, slot(0)), (2, slot(0), other), (3, one, slot(0))]), [false; 3]);
        assert_eq!(dead(&[(1, one, slot(0)), (2, other, slot(1))]), [false; 2]);
        // The additions read some register.
        let is_read = |&place: &Allocation| !dead(&[(1, one, place), (3, other, place)])[0];
        assert!((1..3).contains(&(0..11).map(register).filter(is_read).count()));
    }
}
