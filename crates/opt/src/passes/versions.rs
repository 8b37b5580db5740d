//! The classes of state of a function, and which of them may change on the paths between blocks.
//!
//! A set of classes is 64 bits. What changes between a block's dominator and the block is found block after block in reverse postorder:
//! it is what changes in the blocks on the paths from the dominator to a predecessor, which are known by then, and at a loop's head
//! what changes anywhere in the loop. The paths lie in the tree of dominators; pointers that skip parts of it, with what changes
//! there, make each query take logarithmic time.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::aliases::Aliases;
use super::table::Mix;
use crate::ssa::dom::Dominators;
use crate::ssa::effects::{Alias, Effect};
use crate::ssa::loops::Loops;
use crate::ssa::{Block, Func, Op, Value};

/// All classes.
pub(super) const ALL: u64 = u64::MAX;

/// The class of all that comes after the first ones.
const REST: u8 = 63;

/// Numbers for the classes of state that a function reads or changes.
pub(super) struct Classes {
    numbers: HashMap<Alias, Option<u8>, BuildHasherDefault<Mix>>,
    /// Those that there are.
    pub(super) used: u64,
    /// How many loads there are.
    pub(super) loads: u32,
    /// Whether there are stores too.
    pub(super) has_stores: bool,
}

impl Classes {
    pub(super) fn new(func: &Func, aliases: Aliases<'_>) -> Classes {
        let mut classes = Classes { numbers: HashMap::default(), used: 0, loads: 0, has_stores: false };
        let mut names: HashMap<Alias, u8> = HashMap::new();
        let mut stores = 0;
        for &block in &func.layout {
            for &inst in &func.block(block).insts {
                let alias = match func.op(inst).effect() {
                    Effect::Load(alias, _) => {
                        classes.loads += 1;
                        alias
                    }
                    Effect::Store(alias, _) => {
                        stores += 1;
                        alias
                    }
                    _ => continue,
                };
                classes.numbers.entry(alias).or_insert_with(|| {
                    let class = aliases.class(alias)?;
                    let next = names.len().min(usize::from(REST)) as u8;
                    Some(if class == Alias::Constant { u8::MAX } else { *names.entry(class).or_insert(next) })
                });
            }
        }
        classes.used = names.values().fold(0, |used, &number| used | 1 << number);
        classes.has_stores = stores > 0 && classes.loads > 0;
        classes
    }

    /// The class that a load reads, if it is one whose changes are known. What never changes has the class `None`.
    pub(super) fn of_load(&self, func: &Func, inst: Value) -> Option<Option<u8>> {
        let Effect::Load(alias, _) = func.op(inst).effect() else { return None };
        let number = self.numbers.get(&alias).copied().flatten()?;
        Some((number != u8::MAX).then_some(number))
    }

    /// The class that a store changes, if changes of it are looked at.
    pub(super) fn of_store(&self, func: &Func, inst: Value) -> Option<u8> {
        let Effect::Store(alias, _) = func.op(inst).effect() else { return None };
        self.numbers.get(&alias).copied().flatten().filter(|&number| number != u8::MAX)
    }

    /// What an instruction may change.
    pub(super) fn changed_by(&self, func: &Func, inst: Value) -> u64 {
        match func.op(inst) {
            Op::Const(_) | Op::Binary(_) | Op::Unary(_) => 0,
            op => match op.effect() {
                Effect::Call => ALL,
                Effect::Store(..) => self.of_store(func, inst).map_or(0, |class| 1 << class),
                _ => 0,
            },
        }
    }
}

/// What may change between each block's dominator and the block.
pub(super) struct Changes {
    before: Vec<u64>,
}

impl Changes {
    pub(super) fn new(func: &Func, dominators: &Dominators, loops: &Loops, classes: &Classes) -> Changes {
        let count = func.blocks.len();
        let (within, in_loop) = changes_within(func, dominators, loops, classes);
        let predecessors = func.predecessors();
        let mut before = vec![0u64; count];
        let mut paths = Paths::new(count);
        for &block in dominators.order() {
            let Some(dominator) = dominators.immediate(block) else { continue };
            let mut changed = 0;
            for &from in predecessors.of(block) {
                let Some(position) = dominators.position(from) else { continue };
                if Some(position) < dominators.position(block) {
                    changed |= paths.between(dominator, from);
                } else if dominators.dominates(block, from) {
                    let of = loops.around(block).filter(|&around| loops.head(around) == block);
                    changed |= of.map_or(ALL, |of| in_loop[of.index()]);
                } else {
                    changed = ALL;
                }
            }
            before[block.index()] = changed;
            paths.add(block, dominator, changed | within[block.index()]);
        }
        Changes { before }
    }

    /// What may change on the paths from the block's immediate dominator to it.
    pub(super) fn before(&self, block: Block) -> u64 {
        self.before[block.index()]
    }
}

/// What may change in each block and in each loop.
pub(super) fn changes_within(
    func: &Func,
    dominators: &Dominators,
    loops: &Loops,
    classes: &Classes,
) -> (Vec<u64>, Vec<u64>) {
    let mut within = vec![0u64; func.blocks.len()];
    let mut in_loop = vec![0u64; loops.len()];
    for &block in dominators.order() {
        let insts = &func.block(block).insts;
        within[block.index()] =
            insts.iter().fold(0, |changed, &inst| changed | classes.changed_by(func, inst));
        if let Some(around) = loops.around(block) {
            in_loop[around.index()] |= within[block.index()];
        }
    }
    for inner in loops.iter() {
        if let Some(outer) = loops.parent(inner) {
            in_loop[outer.index()] |= in_loop[inner.index()];
        }
    }
    (within, in_loop)
}

/// What changes on paths up the tree of dominators.
struct Paths {
    parent: Vec<Block>,
    /// What changes in a block and between its parent and it.
    own: Vec<u64>,
    depth: Vec<u32>,
    /// A block further up, chosen so that each query takes few steps.
    skip: Vec<Block>,
    /// What changes on the path there, without the end.
    skipped: Vec<u64>,
}

impl Paths {
    fn new(blocks: usize) -> Paths {
        Paths {
            parent: (0..blocks as u32).map(Block).collect(),
            own: vec![0; blocks],
            depth: vec![0; blocks],
            skip: (0..blocks as u32).map(Block).collect(),
            skipped: vec![0; blocks],
        }
    }

    /// Adds a block below its parent.
    fn add(&mut self, block: Block, parent: Block, own: u64) {
        let at = block.index();
        self.parent[at] = parent;
        self.own[at] = own;
        self.depth[at] = self.depth[parent.index()] + 1;
        let (first, second) = (self.skip[parent.index()], self.skip[self.skip[parent.index()].index()]);
        let depth = |block: Block| self.depth[block.index()];
        if depth(parent) - depth(first) == depth(first) - depth(second) {
            self.skip[at] = second;
            self.skipped[at] = own | self.skipped[parent.index()] | self.skipped[first.index()];
        } else {
            self.skip[at] = parent;
            self.skipped[at] = own;
        }
    }

    /// What changes from the end of `top` to the end of `block`, which it dominates.
    fn between(&self, top: Block, mut block: Block) -> u64 {
        let mut changed = 0;
        while block != top {
            let at = block.index();
            if self.depth[self.skip[at].index()] >= self.depth[top.index()] {
                changed |= self.skipped[at];
                block = self.skip[at];
            } else {
                changed |= self.own[at];
                block = self.parent[at];
            }
        }
        changed
    }
}
