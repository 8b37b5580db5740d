//! The forest of loops: which blocks are executed repeatedly.
//!
//! In: a function and its [`Dominators`]. Out: a loop for each block that dominates one of its predecessors, with all
//! blocks from which control gets there without leaving. Loops nest or have no block in common; cycles with several entries
//! are no loops. It holds as long as no terminator changes.

use super::dom::Dominators;
use super::{Block, Func, Predecessors};

/// A loop. Numbers begin with the innermost ones: a loop has a lower number than those around it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Loop(pub u32);

impl Loop {
    /// The loop as a position in a slice.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Copy, Debug)]
struct LoopData {
    head: Block,
    parent: Option<Loop>,
    depth: u32,
    /// How many loops it is, with those within it.
    count: u32,
    /// Its place in an order in which those within it follow directly.
    place: u32,
}

/// The loops of a function.
///
/// ```
/// use upshift_opt::ssa::Block;
/// use upshift_opt::ssa::dom::Dominators;
/// use upshift_opt::ssa::loops::Loops;
/// use upshift_opt::ssa::parse::parse;
///
/// let text = "func func0 (i32) -> ()\nb0:\n  v0: i32 = arg 0\n  jump b1\nb1:\n  branch v0, b1, b2\nb2:\n  return\n";
/// let func = parse(text)?;
/// let loops = Loops::new(&func, &Dominators::new(&func), &func.predecessors());
/// assert_eq!((loops.len(), loops.depth(Block(1)), loops.depth(Block(2))), (1, 1, 0));
/// # Ok::<(), upshift_opt::ssa::parse::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Loops {
    loops: Vec<LoopData>,
    /// The innermost loop around each block.
    around: Vec<Option<Loop>>,
    irreducible: bool,
}

impl Loops {
    /// The loops of all blocks that can be reached.
    #[must_use]
    pub fn new(func: &Func, dominators: &Dominators, predecessors: &Predecessors) -> Loops {
        let mut found =
            Loops { loops: Vec::new(), around: vec![None; func.blocks.len()], irreducible: false };
        // For each loop one further out, with compressed paths.
        let mut outer: Vec<u32> = Vec::new();
        let mut waiting = Vec::new();
        // Inner heads come before the outer ones that dominate them.
        for &head in dominators.preorder().iter().rev() {
            let from = predecessors.of(head).iter().copied().filter(|&block| dominators.is_reachable(block));
            waiting.extend(from.filter(|&block| dominators.dominates(head, block)));
            if waiting.is_empty() {
                continue;
            }
            let number = found.loops.len() as u32;
            outer.push(number);
            found.loops.push(LoopData { head, parent: None, depth: 1, count: 1, place: 0 });
            found.collect(Loop(number), &mut outer, &mut waiting, (dominators, predecessors));
        }
        found.nest();
        found.irreducible = dominators.order().iter().any(|&block| {
            let mut irreducible = false;
            func.block(block).term.for_each_successor(|next| {
                irreducible |= dominators.position(next) <= dominators.position(block)
                    && !dominators.dominates(next, block);
            });
            irreducible
        });
        found
    }

    /// Collects the blocks of a loop from those that lead back to its head.
    fn collect(
        &mut self,
        this: Loop,
        outer: &mut [u32],
        waiting: &mut Vec<Block>,
        (dominators, predecessors): (&Dominators, &Predecessors),
    ) {
        let head = self.head(this);
        self.around[head.index()] = Some(this);
        while let Some(block) = waiting.pop() {
            let entry = match self.around[block.index()] {
                None => {
                    self.around[block.index()] = Some(this);
                    block
                }
                Some(inner) => {
                    let outermost = outermost(outer, inner.0);
                    if outermost == this.0 {
                        continue;
                    }
                    outer[outermost as usize] = this.0;
                    self.loops[outermost as usize].parent = Some(this);
                    self.loops[outermost as usize].head
                }
            };
            let from = predecessors.of(entry).iter().copied();
            waiting.extend(from.filter(|&block| dominators.is_reachable(block)));
        }
    }

    /// Tells all loops how deep they are and which are within them. Parents have higher numbers than what is inside.
    fn nest(&mut self) {
        for at in 0..self.loops.len() {
            if let Some(parent) = self.loops[at].parent {
                self.loops[parent.index()].count += self.loops[at].count;
            }
        }
        let mut next = vec![0; self.loops.len()];
        let mut next_outermost = 0;
        for at in (0..self.loops.len()).rev() {
            let free = match self.loops[at].parent {
                Some(parent) => {
                    self.loops[at].depth = self.loops[parent.index()].depth + 1;
                    &mut next[parent.index()]
                }
                None => &mut next_outermost,
            };
            let place = *free;
            *free += self.loops[at].count;
            next[at] = place + 1;
            self.loops[at].place = place;
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.loops.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.loops.is_empty()
    }

    /// All of them; inner ones before those around them.
    pub fn iter(&self) -> impl Iterator<Item = Loop> + use<> {
        (0..self.loops.len() as u32).map(Loop)
    }

    /// The innermost loop around a block.
    #[inline]
    #[must_use]
    pub fn around(&self, block: Block) -> Option<Loop> {
        self.around[block.index()]
    }

    /// How many loops are around a block.
    #[inline]
    #[must_use]
    pub fn depth(&self, block: Block) -> u32 {
        self.around(block).map_or(0, |inner| self.loops[inner.index()].depth)
    }

    /// The block by which control enters, and to which it comes back.
    #[inline]
    #[must_use]
    pub fn head(&self, of: Loop) -> Block {
        self.loops[of.index()].head
    }

    /// The loop around a loop.
    #[inline]
    #[must_use]
    pub fn parent(&self, of: Loop) -> Option<Loop> {
        self.loops[of.index()].parent
    }

    /// Whether a loop has no other inside.
    #[must_use]
    pub fn is_innermost(&self, of: Loop) -> bool {
        self.loops[of.index()].count == 1
    }

    /// Whether `inner` is `outer` or within it.
    #[inline]
    #[must_use]
    pub fn nests(&self, outer: Loop, inner: Loop) -> bool {
        let outer = &self.loops[outer.index()];
        (outer.place..outer.place + outer.count).contains(&self.loops[inner.index()].place)
    }

    /// Whether a block belongs to a loop, or to one within it.
    #[inline]
    #[must_use]
    pub fn contains(&self, of: Loop, block: Block) -> bool {
        self.around(block).is_some_and(|inner| self.nests(of, inner))
    }

    /// Whether there are cycles besides the loops: such with several entries.
    #[must_use]
    pub fn is_irreducible(&self) -> bool {
        self.irreducible
    }
}

/// The outermost loop known so far around a loop.
fn outermost(outer: &mut [u32], mut at: u32) -> u32 {
    while outer[at as usize] != at {
        outer[at as usize] = outer[outer[at as usize] as usize];
        at = outer[at as usize];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::Loops;
    use crate::ssa::Block;
    use crate::ssa::dom::Dominators;
    use crate::ssa::dom::tests::{graph, random_graphs, reached};

    fn loops(func: &crate::ssa::Func) -> (Dominators, Loops) {
        let dominators = Dominators::new(func);
        let loops = Loops::new(func, &dominators, &func.predecessors());
        (dominators, loops)
    }

    #[test]
    fn loops_are_those_of_the_definition() {
        for func in random_graphs(3000) {
            let (dominators, loops) = loops(&func);
            let blocks = dominators.order();
            let mut heads = 0;
            for &head in blocks {
                // A block is in the loop if it leads to a predecessor of the head that the head dominates, without the head.
                let back: Vec<Block> = (func.predecessors().of(head).iter().copied())
                    .filter(|&from| dominators.is_reachable(from) && dominators.dominates(head, from))
                    .collect();
                if back.is_empty() {
                    continue;
                }
                heads += 1;
                let this = loops.iter().find(|&l| loops.head(l) == head).expect("a loop for each head");
                for &block in blocks {
                    let around = reached(&func, block, Some(head));
                    let inside = block == head || back.iter().any(|from| around[from.index()]);
                    // Cycles with several entries may lead out of the part that the head dominates.
                    if dominators.dominates(head, block) || !loops.is_irreducible() {
                        assert_eq!(loops.contains(this, block), inside, "{block} in {head}: {func:?}");
                    }
                }
            }
            assert_eq!(heads, loops.len());
        }
    }

    #[test]
    fn depths_count_the_loops_around() {
        for func in random_graphs(1000) {
            let (dominators, loops) = loops(&func);
            for &block in dominators.order() {
                let around = loops.iter().filter(|&l| loops.contains(l, block)).count();
                assert_eq!(loops.depth(block) as usize, around);
                assert_eq!(loops.around(block), loops.iter().find(|&l| loops.contains(l, block)));
            }
        }
    }

    #[test]
    fn a_nest_of_loops() {
        // 1 and 2 are heads, 2 within 1; a third loop, 5, comes behind.
        let func = graph(&[&[1], &[2], &[2, 3], &[1, 4], &[5], &[5, 6], &[]]);
        let (_, loops) = loops(&func);
        let depths: Vec<u32> = (0..7).map(|at| loops.depth(Block(at))).collect();
        assert_eq!(depths, [0, 1, 2, 1, 0, 1, 0]);
        let inner = loops.around(Block(2)).expect("a loop");
        let outer = loops.parent(inner).expect("a loop around it");
        assert_eq!((loops.head(inner), loops.head(outer)), (Block(2), Block(1)));
        assert!(loops.is_innermost(inner) && !loops.is_innermost(outer));
        assert!(loops.nests(outer, inner) && !loops.nests(inner, outer));
        assert!(!loops.nests(outer, loops.around(Block(5)).expect("a loop")));
        assert!(!loops.is_irreducible());
    }

    #[test]
    fn cycles_with_two_entries_are_no_loops() {
        let (_, loops) = loops(&graph(&[&[1, 2], &[2], &[1]]));
        assert!(loops.is_empty() && loops.is_irreducible());
    }
}
