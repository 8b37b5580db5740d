//! How a function begins that often returns at once: its *guard*.
//!
//! ```text
//! entry: pure ─ branch ─┬▶ pure ─▶ return
//!                       └▶ pure ─ branch ─┬▶ return
//!                                         └▶ anything else: the call
//! ```
//!
//! A guard is a tree of blocks from the entry on, whose instructions neither change anything nor trap, with at least one path to a
//! return. Where the tree ends otherwise, nothing has happened yet, so the function can be called there after all. Heads of loops are not
//! in it: they seldom return the first time.

use std::sync::Arc;

use crate::ssa::{Block, Func, Op, Target, Terminator};

/// The most instructions of all blocks of a guard, constants aside.
const MOST_INSTS: u32 = 12;
/// The most blocks on a path.
const MOST_BLOCKS: usize = 6;

/// The guard of a function.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// How it begins.
    pub(super) tree: Node,
    /// How many instructions it has, constants aside.
    pub(super) size: u32,
    /// The function whose blocks these are, if the callee has become a loop since.
    pub(super) func: Option<Arc<Func>>,
}

/// A block of the tree, and how it ends.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) block: Block,
    pub(super) next: Next,
}

/// How a block of the tree ends. What leads out of the tree is `None`.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// With a return.
    Return,
    /// With a jump.
    Jump(Box<Node>),
    /// With a test.
    Branch([Option<Box<Node>>; 2]),
}

/// Finds the guard.
pub(super) fn find(func: &Func) -> Option<Guard> {
    let mut finder = Finder { func, heads: heads(func), depth: 0, left: MOST_INSTS };
    let tree = finder.node(func.entry)?;
    Some(Guard { tree, size: MOST_INSTS - finder.left, func: None })
}

/// The blocks that ones lead to which come later.
pub(super) fn heads(func: &Func) -> Vec<bool> {
    let (mut is_head, mut is_done) = (vec![false; func.blocks.len()], vec![false; func.blocks.len()]);
    for &block in &func.layout {
        is_done[block.index()] = true;
        func.block(block).term.for_each_successor(|next| is_head[next.index()] |= is_done[next.index()]);
    }
    is_head
}

struct Finder<'a> {
    func: &'a Func,
    heads: Vec<bool>,
    /// How many blocks there are from the entry to here.
    depth: usize,
    /// How many more instructions there may be.
    left: u32,
}

impl Finder<'_> {
    /// The tree from a block on, if there is a return in it.
    fn node(&mut self, block: Block) -> Option<Node> {
        if self.depth == MOST_BLOCKS || self.heads[block.index()] {
            return None;
        }
        let before = self.left;
        self.depth += 1;
        let next = self.pay_for(block).and_then(|()| self.next(block));
        self.depth -= 1;
        if next.is_none() {
            self.left = before;
        }
        Some(Node { block, next: next? })
    }

    /// Counts the instructions of a block, if all of them may be there.
    fn pay_for(&mut self, block: Block) -> Option<()> {
        let func = self.func;
        for &inst in &func.block(block).insts {
            match func.op(inst) {
                Op::Arg(_) | Op::Const(_) | Op::ConstV128(_) => {}
                op if op.effect().is_removable() => self.left = self.left.checked_sub(1)?,
                _ => return None,
            }
        }
        Some(())
    }

    fn next(&mut self, block: Block) -> Option<Next> {
        match self.func.block(block).term {
            Terminator::Return(_) => Some(Next::Return),
            Terminator::Jump(Target { block, .. }) => Some(Next::Jump(Box::new(self.node(block)?))),
            Terminator::Branch { then, otherwise, .. } => {
                self.left = self.left.checked_sub(1)?;
                let sides = [then, otherwise].map(|target| self.node(target.block).map(Box::new));
                sides.iter().any(Option::is_some).then_some(Next::Branch(sides))
            }
            _ => None,
        }
    }
}
