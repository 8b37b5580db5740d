//! Which blocks lie on every path to a block: the tree of dominators.
//!
//! In: a function's blocks and how they end. Out: the blocks that control can reach, in reverse postorder, the immediate
//! dominator of each, and intervals by which one comparison says whether a block dominates another. It holds as long as no
//! terminator changes.
//!
//! The algorithm is that of Lengauer and Tarjan with path compression: bodies for entry at a loop may have cycles with
//! several entries, and chains of blocks can be as long as a function. Nothing here recurses.

use super::{Block, Func};

/// No number.
const NONE: u32 = u32::MAX;

/// The dominators of a function's blocks.
///
/// ```
/// use upshift_opt::ssa::Block;
/// use upshift_opt::ssa::dom::Dominators;
/// use upshift_opt::ssa::parse::parse;
///
/// let text = "func func0 (i32) -> ()\nb0:\n  v0: i32 = arg 0\n  branch v0, b1, b2\nb1:\n  jump b2\nb2:\n  return\n";
/// let dominators = Dominators::new(&parse(text)?);
/// assert_eq!(dominators.immediate(Block(2)), Some(Block(0)));
/// assert!(dominators.dominates(Block(0), Block(1)) && !dominators.dominates(Block(1), Block(2)));
/// # Ok::<(), upshift_opt::ssa::parse::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dominators {
    /// The blocks that can be reached, each before those that it dominates.
    order: Vec<Block>,
    /// The position of each block in `order`.
    position: Vec<u32>,
    /// The immediate dominator of each block.
    parent: Vec<u32>,
    /// The blocks that can be reached, in an order of the tree: each directly before all that it dominates.
    preorder: Vec<Block>,
    /// The first position of each block's part of `preorder`, and the one behind the last.
    interval: Vec<(u32, u32)>,
}

impl Dominators {
    /// The dominators of all blocks that can be reached from the entry.
    #[must_use]
    pub fn new(func: &Func) -> Dominators {
        let walk = Walk::new(func);
        let parent = immediate(&walk, func.blocks.len());
        let mut position = vec![NONE; func.blocks.len()];
        for (at, block) in walk.order.iter().enumerate() {
            position[block.index()] = at as u32;
        }
        let (preorder, interval) = intervals(&walk.order, &parent);
        Dominators { order: walk.order, position, parent, preorder, interval }
    }

    /// The blocks that can be reached, in reverse postorder: only edges back to the head of a cycle lead to an earlier one.
    #[must_use]
    pub fn order(&self) -> &[Block] {
        &self.order
    }

    /// The blocks that can be reached, in an order of the tree: each is directly followed by all that it dominates.
    #[must_use]
    pub fn preorder(&self) -> &[Block] {
        &self.preorder
    }

    /// The position of a block in [`order`](Self::order); none if it cannot be reached.
    #[inline]
    #[must_use]
    pub fn position(&self, block: Block) -> Option<u32> {
        Some(self.position[block.index()]).filter(|&at| at != NONE)
    }

    /// Whether control can reach a block.
    #[inline]
    #[must_use]
    pub fn is_reachable(&self, block: Block) -> bool {
        self.position[block.index()] != NONE
    }

    /// The immediate dominator: the last of the other blocks that lie on all paths to it. The entry has none.
    #[inline]
    #[must_use]
    pub fn immediate(&self, block: Block) -> Option<Block> {
        Some(Block(self.parent[block.index()])).filter(|parent| parent.0 != NONE)
    }

    /// Whether `a` lies on all paths to `b`, or is `b`. Both have to be reachable.
    #[inline]
    #[must_use]
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let (outer, inner) = (self.interval[a.index()], self.interval[b.index()]);
        outer.0 <= inner.0 && inner.0 < outer.1
    }
}

/// A walk through the blocks, deepest first.
struct Walk {
    /// Blocks in the order in which they were found.
    found: Vec<Block>,
    /// The position of the block from which each was found.
    from: Vec<u32>,
    /// Reverse postorder.
    order: Vec<Block>,
    /// Where the edges begin that lead to each block in `found`.
    starts: Vec<u32>,
    /// Positions of predecessors in `found`.
    predecessors: Vec<u32>,
}

impl Walk {
    fn new(func: &Func) -> Walk {
        let mut number = vec![NONE; func.blocks.len()];
        let (mut found, mut from, mut order) = (vec![func.entry], vec![0], Vec::new());
        number[func.entry.index()] = 0;
        // The successors that are still to be looked at lie on one stack; each open block has a part of it.
        let mut waiting = Vec::new();
        let mut open = vec![(func.entry, 0)];
        push_successors(func, func.entry, &mut waiting);
        while let Some(&(block, base)) = open.last() {
            if waiting.len() == base {
                order.push(block);
                open.pop();
                continue;
            }
            let Some(next) = waiting.pop() else { break };
            if number[next.index()] == NONE {
                number[next.index()] = found.len() as u32;
                from.push(number[block.index()]);
                found.push(next);
                open.push((next, waiting.len()));
                push_successors(func, next, &mut waiting);
            }
        }
        order.reverse();

        let mut starts = vec![0u32; found.len() + 1];
        for &block in &found {
            func.block(block).term.for_each_successor(|next| starts[number[next.index()] as usize + 1] += 1);
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut predecessors = vec![0; starts[found.len()] as usize];
        let mut next_place = starts.clone();
        for (at, &block) in found.iter().enumerate() {
            func.block(block).term.for_each_successor(|next| {
                let place = &mut next_place[number[next.index()] as usize];
                predecessors[*place as usize] = at as u32;
                *place += 1;
            });
        }
        Walk { found, from, order, starts, predecessors }
    }

    fn predecessors(&self, at: u32) -> &[u32] {
        &self.predecessors[self.starts[at as usize] as usize..self.starts[at as usize + 1] as usize]
    }
}

/// Pushes a block's successors. The first one comes first in reverse postorder, as it does in the program, if it is visited last.
fn push_successors(func: &Func, block: Block, stack: &mut Vec<Block>) {
    func.block(block).term.for_each_successor(|next| stack.push(next));
}

/// The forest of the algorithm: what was linked already, with compressed paths.
struct Forest {
    ancestor: Vec<u32>,
    /// The block with the least semidominator on the compressed path above.
    label: Vec<u32>,
    semi: Vec<u32>,
    path: Vec<u32>,
}

impl Forest {
    /// The block with the least semidominator between `at` and the root of its tree.
    fn least(&mut self, at: u32) -> u32 {
        if self.ancestor[at as usize] == NONE {
            return self.label[at as usize];
        }
        let mut top = at;
        while self.ancestor[self.ancestor[top as usize] as usize] != NONE {
            self.path.push(top);
            top = self.ancestor[top as usize];
        }
        while let Some(below) = self.path.pop() {
            let above = self.ancestor[below as usize];
            let (best, own) = (self.label[above as usize], self.label[below as usize]);
            if self.semi[best as usize] < self.semi[own as usize] {
                self.label[below as usize] = best;
            }
            self.ancestor[below as usize] = self.ancestor[above as usize];
        }
        self.label[at as usize]
    }
}

/// The immediate dominator of each block, by number.
fn immediate(walk: &Walk, blocks: usize) -> Vec<u32> {
    let count = walk.found.len() as u32;
    let numbers: Vec<u32> = (0..count).collect();
    let mut forest = Forest {
        ancestor: vec![NONE; numbers.len()],
        label: numbers.clone(),
        semi: numbers,
        path: Vec::new(),
    };
    let mut dominator = vec![0u32; count as usize];
    // The blocks whose semidominator a block is, as lists.
    let mut bucket = vec![NONE; count as usize];
    let mut next = vec![NONE; count as usize];
    for at in (1..count).rev() {
        for &predecessor in walk.predecessors(at) {
            let least = forest.least(predecessor);
            forest.semi[at as usize] = forest.semi[at as usize].min(forest.semi[least as usize]);
        }
        let semi = forest.semi[at as usize] as usize;
        next[at as usize] = std::mem::replace(&mut bucket[semi], at);
        let parent = walk.from[at as usize];
        forest.ancestor[at as usize] = parent;
        let mut member = std::mem::replace(&mut bucket[parent as usize], NONE);
        while member != NONE {
            let least = forest.least(member);
            let earlier = forest.semi[least as usize] < forest.semi[member as usize];
            dominator[member as usize] = if earlier { least } else { parent };
            member = next[member as usize];
        }
    }
    for at in 1..count {
        if dominator[at as usize] != forest.semi[at as usize] {
            dominator[at as usize] = dominator[dominator[at as usize] as usize];
        }
    }
    let mut parents = vec![NONE; blocks];
    for at in 1..count as usize {
        parents[walk.found[at].index()] = walk.found[dominator[at] as usize].0;
    }
    parents
}

/// An order of the tree in which children keep their order, and the part of it that each block dominates.
fn intervals(order: &[Block], parent: &[u32]) -> (Vec<Block>, Vec<(u32, u32)>) {
    let mut interval = vec![(NONE, NONE); parent.len()];
    let mut sizes = vec![0u32; parent.len()];
    for &block in order.iter().rev() {
        sizes[block.index()] += 1;
        if parent[block.index()] != NONE {
            sizes[parent[block.index()] as usize] += sizes[block.index()];
        }
    }
    // Where the next child of each block goes.
    let mut next = vec![0u32; parent.len()];
    let mut preorder = vec![Block(0); order.len()];
    for &block in order {
        let start = match parent[block.index()] {
            NONE => 0,
            parent => {
                let start = next[parent as usize];
                next[parent as usize] += sizes[block.index()];
                start
            }
        };
        interval[block.index()] = (start, start + sizes[block.index()]);
        next[block.index()] = start + 1;
        preorder[start as usize] = block;
    }
    (preorder, interval)
}

#[cfg(test)]
pub(crate) mod tests {
    use upshift_core::index::FuncIndex;

    use super::Dominators;
    use crate::ssa::{Block, Func, Op, Pos, Target, Terminator, Ty};

    /// A function of blocks that lead to the given ones: the first has number 0 and is the entry.
    pub(crate) fn graph(edges: &[&[u32]]) -> Func {
        let mut func = Func::new(FuncIndex(0), Vec::new(), Vec::new());
        let cond = func.append(func.entry, Op::Const(1), Some(Ty::I32), &[], Pos::NONE);
        for _ in 1..edges.len() {
            let block = func.new_block();
            func.layout.push(block);
        }
        for (at, next) in edges.iter().enumerate() {
            let target = |at: usize| Target::new(Block(next[at]));
            func.blocks[at].term = match next.len() {
                0 => Terminator::Return(crate::ssa::List::EMPTY),
                1 => Terminator::Jump(target(0)),
                2 => Terminator::Branch { cond, then: target(0), otherwise: target(1) },
                count => Terminator::Table {
                    index: cond,
                    cases: (0..count as u32).collect(),
                    targets: (0..count).map(target).collect(),
                },
            };
        }
        func
    }

    /// Graphs of all shapes, the same ones each time.
    pub(crate) fn random_graphs(count: u32) -> impl Iterator<Item = Func> {
        let mut state = 1u64;
        let mut next = move |below: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32 % below
        };
        (0..count).map(move |_| {
            let blocks = 1 + next(12);
            let edges: Vec<Vec<u32>> = (0..blocks)
                // Nothing leads to the entry.
                .map(|_| (0..next(4)).filter(|_| blocks > 1).map(|_| 1 + next(blocks - 1)).collect())
                .collect();
            graph(&edges.iter().map(Vec::as_slice).collect::<Vec<_>>())
        })
    }

    /// The blocks that can be reached from one without passing another.
    pub(crate) fn reached(func: &Func, from: Block, without: Option<Block>) -> Vec<bool> {
        let mut reached = vec![false; func.blocks.len()];
        let mut waiting = vec![from];
        while let Some(block) = waiting.pop() {
            if Some(block) != without && !std::mem::replace(&mut reached[block.index()], true) {
                func.block(block).term.for_each_successor(|next| waiting.push(next));
            }
        }
        reached
    }

    #[test]
    fn dominators_are_those_of_the_definition() {
        for func in random_graphs(3000) {
            let dominators = Dominators::new(&func);
            let reachable = reached(&func, func.entry, None);
            for a in 0..func.blocks.len() as u32 {
                assert_eq!(dominators.is_reachable(Block(a)), reachable[a as usize]);
                let without = reached(&func, func.entry, Some(Block(a)));
                for b in 0..func.blocks.len() as u32 {
                    if reachable[a as usize] && reachable[b as usize] {
                        let expected = !without[b as usize];
                        assert_eq!(dominators.dominates(Block(a), Block(b)), expected, "{a} {b} in {func:?}");
                    }
                }
                // The immediate dominator is the one that all others dominate.
                if let Some(parent) = dominators.immediate(Block(a)) {
                    assert!(parent != Block(a) && dominators.dominates(parent, Block(a)));
                    for &b in dominators.order() {
                        if b != Block(a) && dominators.dominates(b, Block(a)) {
                            assert!(dominators.dominates(b, parent));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn orders_hold_each_reachable_block_once() {
        for func in random_graphs(500) {
            let dominators = Dominators::new(&func);
            let count = reached(&func, func.entry, None).iter().filter(|&&reached| reached).count();
            for order in [dominators.order(), dominators.preorder()] {
                assert_eq!(order.len(), count);
                for (at, &block) in order.iter().enumerate() {
                    assert!(dominators.is_reachable(block) && !order[..at].contains(&block));
                    if let Some(parent) = dominators.immediate(block) {
                        assert!(order[..at].contains(&parent));
                    }
                }
            }
            assert!(
                dominators
                    .order()
                    .iter()
                    .enumerate()
                    .all(|(at, &b)| dominators.position(b) == Some(at as u32))
            );
        }
    }

    #[test]
    fn the_first_successor_comes_first() {
        let dominators = Dominators::new(&graph(&[&[1, 2], &[3], &[3], &[]]));
        assert_eq!(dominators.order(), [Block(0), Block(1), Block(2), Block(3)]);
        assert_eq!(dominators.immediate(Block(3)), Some(Block(0)));
    }

    /// A chain as long as a large function, each of whose blocks also leads to the end: no walk goes up the chain for each.
    #[test]
    fn long_chains_take_no_long_walks() {
        let count = 200_000u32;
        let edges: Vec<[u32; 2]> = (0..count).map(|at| [at + 1, count + 1]).collect();
        let mut edges: Vec<&[u32]> = edges.iter().map(|next| &next[..]).collect();
        let last = [count + 1];
        edges.push(&last);
        edges.push(&[]);
        let dominators = Dominators::new(&graph(&edges));
        assert_eq!(dominators.immediate(Block(count + 1)), Some(Block(0)));
        assert_eq!(dominators.immediate(Block(count)), Some(Block(count - 1)));
    }
}
