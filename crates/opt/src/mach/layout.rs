//! Block layout: in which order the code of blocks lies.
//!
//! In: a finished function, and which of its blocks have no code of their own. Out: all other blocks, in the order of the program
//! with three exceptions: cold ones come last; in front of them come those that return from within a loop or only move values on the way
//! out of its midst, so that the loop itself is no longer than it has to be; and a loop that is left at its head is rotated: the head comes behind the rest
//! of the loop, so that its conditional branch leads back and no jump is needed.

use super::{MBlock, MFunc, MachInst};

/// The order of blocks, and what stands for blocks without code.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The blocks that have code.
    pub(crate) order: Vec<MBlock>,
    /// By block, the one whose code is executed where it is the target.
    forward: Vec<MBlock>,
    /// By block whether the code of an innermost loop begins with it.
    begins_inner: Vec<bool>,
    /// By block its place in the order, or `u32::MAX`.
    places: Vec<u32>,
    /// By the first block of a loop that was rotated, its head.
    heads: Vec<Option<MBlock>>,
    /// By block whether it only leads out of a loop, from its midst, or returns.
    leaves: Vec<bool>,
}

impl Layout {
    /// Finds the order. `is_empty` tells whether a block that only jumps has nothing to do before.
    pub(crate) fn run<I: MachInst>(&mut self, func: &MFunc<I>, is_empty: impl Fn(MBlock) -> bool) {
        self.find_forwards(func, is_empty);
        self.find_leaving(func);
        self.order.clear();
        let blocks = || (0..func.blocks.len() as u32).map(MBlock);
        let has_code = |&block: &MBlock| self.forward[block.0 as usize] == block;
        for (cold, leaves) in [(false, false), (false, true), (true, false), (true, true)] {
            let wanted = blocks().filter(|block| func.blocks[block.0 as usize].cold == cold);
            let wanted = wanted.filter(|block| self.leaves[block.0 as usize] == leaves);
            self.order.extend(wanted.filter(has_code));
        }
        self.turn_loops(func);
    }

    /// The block whose code is executed where this one is the target.
    #[must_use]
    pub(crate) fn target(&self, block: MBlock) -> MBlock {
        self.forward[block.0 as usize]
    }

    /// The block whose code lies behind that of another one.
    #[must_use]
    pub(crate) fn behind(&self, block: MBlock) -> Option<MBlock> {
        let place = self.places[block.0 as usize];
        self.order.get((place as usize).checked_add(1)?).copied()
    }

    /// Whether the code of a block lies behind that of another one.
    #[must_use]
    pub(crate) fn is_behind(&self, block: MBlock, other: MBlock) -> bool {
        self.places[block.0 as usize] > self.places[other.0 as usize]
    }

    /// Whether the code of an innermost loop begins with a block.
    #[must_use]
    pub(crate) fn begins_inner_loop(&self, block: MBlock) -> bool {
        self.begins_inner[block.0 as usize]
    }

    /// The head of the rotated loop whose code lies behind that of a block.
    #[must_use]
    pub(crate) fn head_of_loop_behind(&self, block: MBlock) -> Option<MBlock> {
        self.behind(block).and_then(|first| self.heads[first.0 as usize])
    }

    /// Whether a block has code of its own.
    #[must_use]
    pub(crate) fn has_code(&self, block: MBlock) -> bool {
        self.target(block) == block
    }

    fn find_forwards<I: MachInst>(&mut self, func: &MFunc<I>, is_empty: impl Fn(MBlock) -> bool) {
        self.forward.clear();
        self.forward.extend((0..func.blocks.len() as u32).map(MBlock));
        // From the last block on, so that most chains are short: what jumps forward finds the end already.
        for number in (1..func.blocks.len()).rev() {
            let block = MBlock(number as u32);
            if !is_empty(block) {
                continue;
            }
            let mut end = func.edges(block)[0].to;
            while self.forward[end.0 as usize] != end {
                end = self.forward[end.0 as usize];
            }
            // A loop without code keeps one block.
            if end != block {
                self.forward[number] = end;
            }
        }
        for number in 1..func.blocks.len() {
            let mut end = self.forward[number];
            while self.forward[end.0 as usize] != end {
                end = self.forward[end.0 as usize];
            }
            self.forward[number] = end;
        }
    }

    /// Where a block leads that does nothing but move values.
    fn only_leads<I: MachInst>(&self, func: &MFunc<I>, block: MBlock) -> Option<MBlock> {
        let data = func.blocks[block.0 as usize];
        match func.edges(block) {
            [edge] if data.insts.end - data.insts.start == 1 => Some(self.target(edge.to)),
            _ => None,
        }
    }

    /// Finds blocks that return, and those that only lead out of the midst of the innermost loop around them. From its head, control goes
    /// on behind the loop.
    fn find_leaving<I: MachInst>(&mut self, func: &MFunc<I>) {
        self.leaves.clear();
        self.leaves.resize(func.blocks.len(), false);
        let mut open: Vec<(usize, usize)> = Vec::new();
        for number in 0..func.blocks.len() {
            while open.last().is_some_and(|&(_, latch)| latch < number) {
                open.pop();
            }
            if let Some(latch) = latch(func, number) {
                open.push((number, latch));
            }
            let Some(&(head, latch)) = open.last() else { continue };
            let block = MBlock(number as u32);
            let leads = self.only_leads(func, block);
            self.leaves[number] = func.edges(block).is_empty()
                || number > head + 1 && leads.is_some_and(|to| !(head..=latch).contains(&(to.0 as usize)));
        }
    }

    /// Finds loops by the edges that lead back, and turns those that are left at their head.
    fn turn_loops<I: MachInst>(&mut self, func: &MFunc<I>) {
        let count = func.blocks.len();
        self.begins_inner.clear();
        self.begins_inner.resize(count, false);
        self.heads.clear();
        self.heads.resize(count, None);
        self.places.clear();
        self.places.resize(count, u32::MAX);
        for (place, block) in self.order.iter().enumerate() {
            self.places[block.0 as usize] = place as u32;
        }
        // Heads from the last one on: inner loops come before those around them. The next head behind is inside if it is not
        // behind the end.
        let mut next_head = u32::MAX;
        for head in (0..count).rev() {
            let data = &func.blocks[head];
            let Some(latch) = latch(func, head) else { continue };
            self.begins_inner[self.forward[head].0 as usize] |= next_head as usize > latch;
            next_head = head as u32;
            if !data.cold {
                self.turn(func, MBlock(head as u32), MBlock(latch as u32));
            }
        }
    }

    fn turn<I: MachInst>(&mut self, func: &MFunc<I>, head: MBlock, latch: MBlock) {
        let edges = func.edges(head);
        let is_between = |block: MBlock| head.0 <= block.0 && block.0 <= latch.0;
        let inside = |block: MBlock| {
            let returns = func.edges(block).is_empty();
            is_between(block) && !returns && self.only_leads(func, block).is_none_or(is_between)
        };
        let is_left = edges.len() == 2 && edges.iter().any(|edge| !inside(self.target(edge.to)));
        // The last block of the loop that has code, which must do nothing but jump to the head.
        let start = self.places[head.0 as usize];
        if !is_left || start == u32::MAX || head == latch {
            return;
        }
        // The head, and what moves values on the way out of it.
        let next = self.order.get(start as usize + 1);
        let turned = 1 + usize::from(next.is_some_and(|&next| {
            !inside(next) && is_between(next) && edges.iter().any(|edge| self.target(edge.to) == next)
        }));
        let behind = self.order[start as usize + turned..]
            .iter()
            .position(|&block| !inside(block))
            .map_or(self.order.len(), |at| start as usize + turned + at);
        let last = self.order[behind - 1];
        let jumps = matches!(func.edges(last), [edge] if self.target(edge.to) == head);
        if !jumps || behind == start as usize + turned {
            return;
        }
        self.order[start as usize..behind].rotate_left(turned);
        let first = self.order[start as usize];
        self.heads[first.0 as usize] = Some(head);
        let is_inner = std::mem::take(&mut self.begins_inner[head.0 as usize]);
        self.begins_inner[first.0 as usize] |= is_inner;
        for place in start as usize..behind {
            self.places[self.order[place].0 as usize] = place as u32;
        }
    }
}

/// The last block that leads back to one, if it is the head of a loop.
fn latch<I: MachInst>(func: &MFunc<I>, head: usize) -> Option<usize> {
    let preds = &func.preds[func.blocks[head].preds.range()];
    preds.iter().map(|pred| pred.index()).max().filter(|&latch| latch >= head)
}
