//! The end of building a machine function, whatever the machine: from blocks as they were filled to what the allocator wants.
//!
//! ```text
//! order of filling ─ sort (a predecessor before each) ─ number, split critical edges ─ place ─ edges ─ cold blocks ─▶ MFunc
//! ```
//! In: blocks in the order in which they were filled, each with its terminator and the edges out of it. Out: what [`mach`](super)
//! promises of a finished function. Instructions are only moved if their order changes.

use regalloc2::{Operand, VReg};

use super::{BlockData, Builder, Edge, MBlock, MFunc, MachInst, Span};
use crate::code::Spot;

impl<I: MachInst> Builder<I> {
    /// The function, with blocks in the order in which they were filled, and critical edges split.
    #[must_use]
    pub fn finish(mut self) -> MFunc<I> {
        debug_assert!(self.current.is_none(), "the last block has no terminator");
        self.sort_blocks();
        let numbers = self.number_blocks();
        self.place_blocks(&numbers);
        self.collect_edges();
        self.find_cold_blocks();
        self.free_returned_parameters();
        self.func
    }

    /// A parameter that is returned as it came may be in any register until then. Were it bound to that of results, the allocator
    /// would keep it in the frame from the start where it is also wanted behind a call.
    fn free_returned_parameters(&mut self) {
        let func = &mut self.func;
        let Some(entry) = func.blocks.first().map(|block| block.insts.start as usize) else { return };
        let params: Vec<VReg> = func.operands(entry).iter().map(|operand| operand.vreg()).collect();
        if !func.insts.get(entry).is_some_and(MachInst::is_entry) || params.is_empty() {
            return;
        }
        for block in &func.blocks[..] {
            let last = block.insts.end as usize - 1;
            if !func.insts[last].is_value_return() {
                continue;
            }
            let at = func.operand_ends[last] as usize - 1;
            let vreg = func.operands[at].vreg();
            if params.contains(&vreg) {
                func.operands[at] = Operand::reg_use(vreg);
            }
        }
    }

    /// Brings blocks into an order in which each has a predecessor before it, as the allocator's checker wants and its guess of loops
    /// expects. Only landings are out of order in what comes in: they come behind the calls that lead to them.
    fn sort_blocks(&mut self) {
        let count = self.func.blocks.len();
        let mut sorting = Sorting {
            landings: vec![false; count],
            reached: vec![false; count],
            placed: vec![false; count],
            waits: vec![false; count],
            ready: Vec::new(),
            order: Vec::with_capacity(self.order.len()),
        };
        let calls = self.func.calls.iter().flat_map(|call| &call.landings);
        for landing in calls.chain(self.func.embeds.iter().flat_map(|embed| &embed.landings)) {
            sorting.landings[landing.block.0 as usize] = true;
            self.func.blocks[landing.block.0 as usize].cold = true;
        }
        for (at, &block) in self.order.iter().enumerate() {
            if at == 0 || sorting.reached[block.0 as usize] {
                sorting.place(&self.func, block);
            } else {
                sorting.waits[block.0 as usize] = true;
            }
        }
        // What nothing leads to.
        for &block in &self.order {
            sorting.place(&self.func, block);
        }
        self.is_sorted = self.order == sorting.order;
        self.order = sorting.order;
    }

    /// Blocks are cold that lead to cold blocks only, that only cold ones lead to, or that end in a trap.
    fn find_cold_blocks(&mut self) {
        let func = &mut self.func;
        for number in (1..func.blocks.len()).rev() {
            let data = func.blocks[number];
            let is_cold = |edge: &Edge| func.blocks[edge.to.0 as usize].cold;
            let ends = data.edges.start == data.edges.end;
            let leads_to_cold = if ends {
                func.insts[data.insts.end as usize - 1].is_trap()
            } else {
                func.edges[data.edges.range()].iter().all(is_cold)
            };
            func.blocks[number].cold |= leads_to_cold;
        }
        for number in 1..func.blocks.len() {
            let data = func.blocks[number];
            let mut before =
                func.preds[data.preds.range()].iter().filter(|pred| pred.index() < number).peekable();
            let is_reached = before.peek().is_some();
            let is_cold = is_reached && before.all(|pred| func.blocks[pred.index()].cold);
            func.blocks[number].cold |= is_cold;
        }
    }

    /// Counts predecessors and gives each block its number, in the order of code, with room for blocks on critical edges. Returns
    /// the numbers by old number, and how many blocks there are.
    fn number_blocks(&mut self) -> Numbers {
        let count = self.func.blocks.len();
        let mut numbers = Numbers {
            new: vec![u32::MAX; count],
            preds: vec![0; count],
            returns: vec![false; count],
            has_returns: false,
            total: 0,
            splits: 0,
        };
        for &block in &self.order {
            for edge in self.func.edges(block) {
                numbers.preds[edge.to.0 as usize] += 1;
            }
        }
        for &block in &self.order {
            let returns = self.only_returns(block, numbers.preds[block.0 as usize]);
            numbers.returns[block.0 as usize] = returns;
            numbers.has_returns |= returns;
        }
        for &block in &self.order {
            if numbers.returns[block.0 as usize] {
                continue;
            }
            numbers.new[block.0 as usize] = numbers.total;
            numbers.total += 1;
            let edges = self.func.blocks[block.0 as usize].edges;
            let splits = self.critical(edges, &numbers.preds);
            numbers.total += splits;
            numbers.splits += splits;
        }
        numbers
    }

    /// Whether a block does nothing but return, and few enough others lead to it that each of them does so itself: no value has to
    /// be where all of them have it.
    fn only_returns(&self, block: MBlock, preds: u32) -> bool {
        const MOST: u32 = 6;
        let insts = self.func.blocks[block.0 as usize].insts;
        let at = insts.start as usize;
        (2..=MOST).contains(&preds)
            && insts.end - insts.start == 1
            && self.func.insts[at].is_return()
            && !self.func.insts[at].is_trap()
            && self.func.operands(at).len() < 2
    }

    /// How many of the edges out of a block are critical.
    fn critical(&self, edges: Span, preds: &[u32]) -> u32 {
        let edges = &self.func.edges[edges.range()];
        if edges.len() < 2 {
            return 0;
        }
        edges.iter().filter(|edge| preds[edge.to.0 as usize] > 1).count() as u32
    }

    /// Brings blocks into their order, edges into that of their blocks, and puts in the blocks on critical edges.
    fn place_blocks(&mut self, numbers: &Numbers) {
        let func = &mut self.func;
        let splits = numbers.splits as usize;
        let mut blocks = Vec::with_capacity(numbers.total as usize);
        let mut edges = Vec::with_capacity(func.edges.len() + splits);
        // Instructions stay where they are, or all are placed anew.
        let moves = splits != 0 || numbers.has_returns || !self.is_sorted;
        let mut placed = Placed::default();
        if moves {
            placed.reserve(func.insts.len() + splits, func.operands.len());
        }
        for &block in &self.order {
            if numbers.returns[block.0 as usize] {
                continue;
            }
            let mut data = func.blocks[block.0 as usize];
            let mut own = &func.edges[data.edges.range()];
            let mut old = data.insts.range();
            let returns = match own {
                &[edge] if numbers.returns[edge.to.0 as usize] => Some(edge),
                _ => None,
            };
            if let Some(edge) = returns {
                old.end -= 1;
                own = &[];
                data.insts = placed.copy(func, old);
                data.insts.end = placed.returning(func, edge).end;
            } else if moves {
                data.insts = placed.copy(func, old);
            }
            let first = edges.len() as u32;
            let number = blocks.len() as u32;
            let mut next = number + 1;
            for &edge in own {
                let is_critical = own.len() > 1 && numbers.preds[edge.to.0 as usize] > 1;
                if is_critical {
                    edges.push(Edge { to: MBlock(next), args: Span::default() });
                    next += 1;
                } else {
                    edges.push(Edge { to: MBlock(numbers.new[edge.to.0 as usize]), ..edge });
                }
            }
            data.edges = Span { start: first, end: edges.len() as u32 };
            blocks.push(data);
            for &edge in own.iter().filter(|edge| own.len() > 1 && numbers.preds[edge.to.0 as usize] > 1) {
                let cold = data.cold || func.blocks[edge.to.0 as usize].cold;
                let start = edges.len() as u32;
                if numbers.returns[edge.to.0 as usize] {
                    let insts = placed.returning(func, edge);
                    let edges = Span { start, end: start };
                    blocks.push(BlockData { insts, edges, cold, ..BlockData::default() });
                    continue;
                }
                let insts = placed.jump();
                edges.push(Edge { to: MBlock(numbers.new[edge.to.0 as usize]), ..edge });
                let edges = Span { start, end: start + 1 };
                blocks.push(BlockData { insts, edges, cold, ..BlockData::default() });
            }
        }
        for landing in func.calls.iter_mut().flat_map(|call| &mut call.landings) {
            landing.block = MBlock(numbers.new[landing.block.0 as usize]);
        }
        for landing in func.embeds.iter_mut().flat_map(|embed| &mut embed.landings) {
            landing.block = MBlock(numbers.new[landing.block.0 as usize]);
        }
        func.blocks = blocks;
        func.edges = edges;
        if moves {
            let Placed { insts, ends, operands, positions } = placed;
            (func.insts, func.operand_ends, func.operands, func.positions) =
                (insts, ends, operands, positions);
        }
    }

    /// Successors and predecessors as the allocator wants them.
    fn collect_edges(&mut self) {
        let func = &mut self.func;
        func.succs.extend(func.edges.iter().map(|edge| regalloc2::Block::new(edge.to.0 as usize)));
        let mut counts = vec![0; func.blocks.len()];
        for edge in &func.edges {
            counts[edge.to.0 as usize] += 1;
        }
        let mut start = 0;
        for (block, count) in func.blocks.iter_mut().zip(counts) {
            block.preds = Span { start, end: start };
            start += count;
        }
        func.preds.resize(start as usize, regalloc2::Block::invalid());
        for number in 0..func.blocks.len() {
            for at in func.blocks[number].edges.range() {
                let preds = &mut func.blocks[func.edges[at].to.0 as usize].preds;
                func.preds[preds.end as usize] = regalloc2::Block::new(number);
                preds.end += 1;
            }
        }
    }
}

/// Blocks on their way into another order, by their numbers.
struct Sorting {
    /// Whether exceptions lead there.
    landings: Vec<bool>,
    /// Whether a block that has its place leads there.
    reached: Vec<bool>,
    /// Whether it has its place.
    placed: Vec<bool>,
    /// Whether it takes its place as soon as it is reached.
    waits: Vec<bool>,
    /// What is to be placed next, the last one first.
    ready: Vec<MBlock>,
    order: Vec<MBlock>,
}

impl Sorting {
    fn place<I: MachInst>(&mut self, func: &MFunc<I>, block: MBlock) {
        self.ready.push(block);
        while let Some(block) = self.ready.pop() {
            if std::mem::replace(&mut self.placed[block.0 as usize], true) {
                continue;
            }
            self.order.push(block);
            for edge in func.edges(block).iter().rev() {
                let to = edge.to.0 as usize;
                self.reached[to] = true;
                if self.landings[to] || self.waits[to] {
                    self.ready.push(edge.to);
                }
            }
        }
    }
}

/// The numbers of blocks in the order of code.
struct Numbers {
    /// By old number.
    new: Vec<u32>,
    /// How many edges lead to each, by old number.
    preds: Vec<u32>,
    /// Whether those that lead there return instead, by old number.
    returns: Vec<bool>,
    /// Whether any do.
    has_returns: bool,
    /// How many there are, with those on critical edges.
    total: u32,
    /// How many of them are on critical edges.
    splits: u32,
}

/// Instructions in the order of blocks.
struct Placed<I> {
    insts: Vec<I>,
    ends: Vec<u32>,
    operands: Vec<Operand>,
    positions: Vec<Spot>,
}

impl<I> Default for Placed<I> {
    fn default() -> Placed<I> {
        Placed { insts: Vec::new(), ends: Vec::new(), operands: Vec::new(), positions: Vec::new() }
    }
}

impl<I: MachInst> Placed<I> {
    fn reserve(&mut self, insts: usize, operands: usize) {
        self.insts.reserve(insts);
        self.ends.reserve(insts);
        self.positions.reserve(insts);
        self.operands.reserve(operands);
    }

    /// Adds instructions of the function, with their operands.
    fn copy(&mut self, func: &MFunc<I>, old: std::ops::Range<usize>) -> Span {
        let start = self.insts.len() as u32;
        let first = old.start.checked_sub(1).map_or(0, |before| func.operand_ends[before]);
        let behind = old.end.checked_sub(1).map_or(0, |last| func.operand_ends[last]);
        let moved = (self.operands.len() as u32).wrapping_sub(first);
        self.insts.extend_from_slice(&func.insts[old.clone()]);
        self.ends.extend(func.operand_ends[old.clone()].iter().map(|&end| end.wrapping_add(moved)));
        self.operands.extend_from_slice(&func.operands[first as usize..behind as usize]);
        self.positions.extend_from_slice(&func.positions[old]);
        Span { start, end: self.insts.len() as u32 }
    }

    /// Adds the return of a block that does nothing else, for one that leads there.
    fn returning(&mut self, func: &MFunc<I>, edge: Edge) -> Span {
        let data = func.blocks[edge.to.0 as usize];
        let at = data.insts.start as usize;
        let args = &func.vregs[edge.args.range()];
        let params = &func.vregs[data.params.range()];
        for &operand in func.operands(at) {
            let value = params.iter().position(|&param| param == operand.vreg());
            let vreg = value.map_or(operand.vreg(), |number| args[number]);
            self.operands.push(Operand::new(vreg, operand.constraint(), operand.kind(), operand.pos()));
        }
        let start = self.insts.len() as u32;
        self.insts.push(func.insts[at]);
        self.ends.push(self.operands.len() as u32);
        self.positions.push(func.positions[at]);
        Span { start, end: start + 1 }
    }

    /// Adds the jump of a block on a critical edge.
    fn jump(&mut self) -> Span {
        let start = self.insts.len() as u32;
        self.insts.push(I::jump());
        self.ends.push(self.operands.len() as u32);
        self.positions.push(self.positions.last().copied().unwrap_or(Spot::NONE));
        Span { start, end: start + 1 }
    }
}
