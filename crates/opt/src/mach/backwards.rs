//! A [`Builder`] that is filled from the end of the function to its begin.
//!
//! Lowering goes backwards, so that it knows of each value whether and how it is wanted before it comes to the instruction that makes
//! it. What it makes in one go is a *group*, in order; groups come last one first, and so do blocks, each of which is begun after all of
//! its groups. A value that is used before it is made has a register of its own, which becomes another name of the one that the value is
//! made in.
//!
//! After [`Backwards::finish`] all is as if the builder had been filled in order.

use std::ops::{Deref, DerefMut};

use regalloc2::{Operand, VReg};

use super::{Builder, MBlock, MFunc, MachInst};
use crate::ssa::Ty;

/// Where a group begins: the number of an instruction; or that a block begins here, which is a group without instructions.
#[derive(Clone, Copy, Debug)]
struct Group {
    start: u32,
    block: Option<MBlock>,
}

/// The builder, and what is needed to turn it round.
#[derive(Debug)]
pub struct Backwards<I: MachInst> {
    builder: Builder<I>,
    groups: Vec<Group>,
    /// By register the one that it is another name of, or nothing.
    names: Vec<(VReg, VReg)>,
}

impl<I: MachInst> Deref for Backwards<I> {
    type Target = Builder<I>;
    fn deref(&self) -> &Builder<I> {
        &self.builder
    }
}

impl<I: MachInst> DerefMut for Backwards<I> {
    fn deref_mut(&mut self) -> &mut Builder<I> {
        &mut self.builder
    }
}

impl<I: MachInst> Backwards<I> {
    /// With an empty builder.
    #[must_use]
    pub fn new(builder: Builder<I>) -> Backwards<I> {
        Backwards { builder, groups: Vec::new(), names: Vec::new() }
    }

    /// A group begins.
    pub fn begin_group(&mut self) {
        if !self.builder.is_filling() {
            // The block that the group belongs to has a name only when it is begun.
            let nameless = self.builder.block();
            self.builder.switch_to(nameless);
            self.builder.order.pop();
        }
        let start = self.builder.func.insts.len() as u32;
        self.groups.push(Group { start, block: None });
    }

    /// All groups since the end of a block belong to this one.
    pub fn begin_block(&mut self, block: MBlock) {
        let start = self.builder.func.insts.len() as u32;
        self.groups.push(Group { start, block: Some(block) });
    }

    /// A register for a value that is not made yet.
    pub fn placeholder(&mut self, ty: Ty) -> VReg {
        self.builder.vreg(ty)
    }

    /// A placeholder stands for this register.
    pub fn name(&mut self, placeholder: VReg, made: VReg) {
        debug_assert_eq!(placeholder.class(), made.class());
        self.names.push((placeholder, made));
    }

    /// The finished function.
    #[must_use]
    pub fn finish(mut self) -> MFunc<I> {
        self.rename();
        self.turn();
        self.builder.finish()
    }

    /// Gives all registers their only names, which are numbered without gaps.
    fn rename(&mut self) {
        let func = &mut self.builder.func;
        const NONE: u32 = u32::MAX;
        let mut made = vec![NONE; func.vreg_count as usize];
        for (placeholder, register) in self.names.drain(..) {
            debug_assert_eq!(made[placeholder.vreg()], NONE, "a value is made once");
            made[placeholder.vreg()] = register.vreg() as u32;
        }
        let (mut numbers, mut count) = (vec![NONE; func.vreg_count as usize], 0);
        let mut rename = |vreg: VReg| {
            let mut at = vreg.vreg();
            while made[at] != NONE {
                at = made[at] as usize;
            }
            if numbers[at] == NONE {
                numbers[at] = count;
                count += 1;
            }
            VReg::new(numbers[at] as usize, vreg.class())
        };
        for operand in &mut func.operands {
            let vreg = rename(operand.vreg());
            *operand = Operand::new(vreg, operand.constraint(), operand.kind(), operand.pos());
        }
        for vreg in &mut func.vregs {
            *vreg = rename(*vreg);
        }
        func.vreg_count = count;
    }

    /// Brings groups into the order of the program.
    fn turn(&mut self) {
        let func = &mut self.builder.func;
        let count = func.insts.len();
        // Which block begins in the middle of a group, and which edges an instruction has that ends one.
        let mut begins = vec![None; count];
        for &block in &self.builder.order {
            begins[func.blocks[block.0 as usize].insts.start as usize] = Some(block);
        }
        let mut edges = vec![None; count];
        for block in &func.blocks {
            if let Some(last) = (block.insts.end as usize).checked_sub(1)
                && block.insts.end > block.insts.start
            {
                edges[last] = Some(block.edges);
            }
        }
        let mut order = Vec::with_capacity(func.blocks.len());
        let mut turned: Turned<I> = Turned::with_capacity(count, func.operands.len());
        let mut behind = count as u32;
        let mut current: Option<MBlock> = None;
        while let Some(group) = self.groups.pop() {
            if let Some(block) = group.block {
                behind = group.start;
                current = Some(block);
                order.push(block);
                func.blocks[block.0 as usize].insts.start = turned.insts.len() as u32;
                continue;
            }
            for at in group.start as usize..behind as usize {
                if let Some(block) = begins[at] {
                    current = Some(block);
                    order.push(block);
                    func.blocks[block.0 as usize].insts.start = turned.insts.len() as u32;
                }
                turned.take(func, at);
                if let Some(span) = edges[at] {
                    let block = current.take().expect("an end belongs to a block");
                    let data = &mut func.blocks[block.0 as usize];
                    data.insts.end = turned.insts.len() as u32;
                    data.edges = span;
                }
            }
            behind = group.start;
        }
        func.insts = turned.insts;
        func.operand_ends = turned.operand_ends;
        func.operands = turned.operands;
        func.positions = turned.positions;
        self.builder.order = order;
        self.builder.current = None;
    }
}

/// Instructions in the order of the program.
struct Turned<I> {
    insts: Vec<I>,
    operand_ends: Vec<u32>,
    operands: Vec<Operand>,
    positions: Vec<u32>,
}

impl<I: MachInst> Turned<I> {
    fn with_capacity(insts: usize, operands: usize) -> Turned<I> {
        Turned {
            insts: Vec::with_capacity(insts),
            operand_ends: Vec::with_capacity(insts),
            operands: Vec::with_capacity(operands),
            positions: Vec::with_capacity(insts),
        }
    }

    fn take(&mut self, func: &MFunc<I>, at: usize) {
        self.insts.push(func.insts[at]);
        self.operands.extend_from_slice(func.operands(at));
        self.operand_ends.push(self.operands.len() as u32);
        self.positions.push(func.positions[at]);
    }
}
