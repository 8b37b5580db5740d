//! A [`Builder`] that is filled from the end of the function to its start.
//!
//! Lowering goes backwards, so that it knows of each value whether and how it is used before it comes to the instruction that makes
//! it. What it makes in one go is a *group*, in order; groups come last one first, and so do blocks, each of which is begun after all of
//! its groups. A value that is used before it is made has a register of its own, which becomes another name of the one that the value is
//! made in.
//!
//! After [`Backwards::finish`] all is as if the builder had been filled in order.

use std::ops::{Deref, DerefMut};

use regalloc2::{Operand, VReg};

use super::{Builder, MBlock, MFunc, MachInst, Span};
use crate::code::Spot;
use crate::ssa::Ty;

/// Where a group begins: the number of an instruction; or that a block begins here, which is a group without instructions.
#[derive(Clone, Copy, Debug)]
struct Group {
    start: u32,
    block: Option<MBlock>,
    /// How many blocks began in groups before it.
    begun: u32,
}

/// The builder, and what is needed to turn it round.
#[derive(Debug)]
pub(crate) struct Backwards<I: MachInst> {
    builder: Builder<I>,
    groups: Vec<Group>,
    /// The blocks that begin within groups, and in front of which instruction.
    begun: Vec<(u32, MBlock)>,
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
    pub(crate) fn new(builder: Builder<I>) -> Backwards<I> {
        Backwards { builder, groups: Vec::new(), begun: Vec::new(), names: Vec::new() }
    }

    /// A group begins.
    pub(crate) fn begin_group(&mut self) {
        self.note_blocks();
        if !self.builder.is_filling() {
            // The block that the group belongs to has a name only when it is begun.
            let nameless = self.builder.block();
            self.builder.switch_to(nameless);
            self.builder.order.pop();
        }
        let start = self.builder.func.insts.len() as u32;
        self.groups.push(Group { start, block: None, begun: self.begun.len() as u32 });
    }

    /// Notes which blocks have begun in the group that ends.
    fn note_blocks(&mut self) {
        let Builder { func, order, .. } = &mut self.builder;
        self.begun.extend(order.drain(..).map(|block| (func.blocks[block.0 as usize].insts.start, block)));
    }

    /// All groups since the end of a block belong to this one.
    pub(crate) fn begin_block(&mut self, block: MBlock) {
        self.note_blocks();
        let start = self.builder.func.insts.len() as u32;
        self.groups.push(Group { start, block: Some(block), begun: self.begun.len() as u32 });
    }

    /// A register for a value that is not made yet.
    pub(crate) fn placeholder(&mut self, ty: Ty) -> VReg {
        self.builder.vreg(ty)
    }

    /// A placeholder stands for this register.
    pub(crate) fn name(&mut self, placeholder: VReg, made: VReg) {
        debug_assert_eq!(placeholder.class(), made.class());
        self.names.push((placeholder, made));
    }

    /// The finished function.
    #[must_use]
    pub(crate) fn finish(mut self) -> MFunc<I> {
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
        self.note_blocks();
        let func = &mut self.builder.func;
        // Which edges an instruction has that ends a block, whatever name that had when it was ended.
        let mut edges = vec![None; func.insts.len()];
        for block in func.blocks.iter().filter(|block| block.insts.end > block.insts.start) {
            edges[block.insts.end as usize - 1] = Some(block.edges);
        }
        let turned = Turned::with_capacity(func.insts.len(), func.operands.len());
        let mut state = Turning { func, edges, turned, order: Vec::new(), current: None };
        while let Some(group) = self.groups.pop() {
            if let Some(block) = group.block {
                state.begin(block);
                continue;
            }
            let behind = state.func.insts.len() - state.turned.insts.len();
            let mut blocks = self.begun.drain(group.begun as usize..).peekable();
            for at in group.start as usize..behind {
                while let Some((_, block)) = blocks.next_if(|&(start, _)| start as usize == at) {
                    state.begin(block);
                }
                state.take(at);
            }
            blocks.for_each(|(_, block)| state.begin(block));
        }
        let Turning { turned, order, .. } = state;
        func.insts = turned.insts;
        func.operand_ends = turned.operand_ends;
        func.operands = turned.operands;
        func.positions = turned.positions;
        self.builder.order = order;
        self.builder.current = None;
    }
}

/// A function that is being turned round.
struct Turning<'f, I> {
    func: &'f mut MFunc<I>,
    edges: Vec<Option<Span>>,
    turned: Turned<I>,
    order: Vec<MBlock>,
    /// The block that what comes next belongs to.
    current: Option<MBlock>,
}

impl<I: MachInst> Turning<'_, I> {
    fn begin(&mut self, block: MBlock) {
        debug_assert!(self.current.is_none(), "the last block has no end");
        self.current = Some(block);
        self.order.push(block);
        self.func.blocks[block.0 as usize].insts.start = self.turned.insts.len() as u32;
    }

    fn take(&mut self, at: usize) {
        self.turned.take(self.func, at);
        if let Some(edges) = self.edges[at] {
            let block = self.current.take().expect("an end belongs to a block");
            let data = &mut self.func.blocks[block.0 as usize];
            data.insts.end = self.turned.insts.len() as u32;
            data.edges = edges;
        }
    }
}

/// Instructions in the order of the program.
struct Turned<I> {
    insts: Vec<I>,
    operand_ends: Vec<u32>,
    operands: Vec<Operand>,
    positions: Vec<Spot>,
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
