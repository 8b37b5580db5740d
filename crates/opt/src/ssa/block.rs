//! Blocks and how they end.

use upshift_core::Trap;
use upshift_core::index::TagIndex;

use super::{Block, Callee, Func, List, Pos, Value};

/// A straight run of instructions, and how it ends.
#[derive(Clone, PartialEq, Debug)]
pub struct BlockData {
    /// What each predecessor gives it.
    pub params: Vec<Value>,
    /// In the order in which they are executed.
    pub insts: Vec<Value>,
    /// Where control goes on.
    pub term: Terminator,
    /// Where the terminator comes from.
    pub pos: Pos,
}

/// A block and what it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// The block.
    pub block: Block,
    /// A value for each of its parameters.
    pub args: List,
}

impl Target {
    /// A block without parameters.
    #[must_use]
    pub fn new(block: Block) -> Target {
        Target { block, args: List::EMPTY }
    }
}

/// Where an exception leads to that comes out of a terminator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Landing {
    /// Exceptions of which tag; all if there is none.
    pub tag: Option<TagIndex>,
    /// Whether the block wants a reference to the exception.
    pub reference: bool,
    /// The block. It has no other predecessor and no parameters, and begins with [`Op::Caught`](super::Op::Caught) and
    /// [`Op::CaughtRef`](super::Op::CaughtRef).
    pub block: Block,
}

/// How a block ends. Landings are in the order in which they are tried; an exception that fits none leaves the function.
#[derive(Clone, PartialEq, Debug)]
pub enum Terminator {
    /// The block is being built, or not in use.
    None,
    /// Goes on there.
    Jump(Target),
    /// Goes on at the first target if the condition, an `i32`, is not zero, else at the second.
    Branch {
        /// The condition.
        cond: Value,
        /// If it is not zero.
        then: Target,
        /// If it is zero.
        otherwise: Target,
    },
    /// Goes on at one of several targets.
    Table {
        /// An `i32`.
        index: Value,
        /// For each index the position of its target in `targets`; the last one counts for all other indices.
        cases: Vec<u32>,
        /// Each of them once.
        targets: Vec<Target>,
    },
    /// Returns from the function.
    Return(List),
    /// Calls a function instead of this one.
    TailCall {
        /// What is called.
        callee: Callee,
        /// The operand of the callee, if it has one, and the arguments.
        args: List,
    },
    /// The last instruction of the block is a call whose exceptions are caught.
    Invoke {
        /// The call.
        call: Value,
        /// Where control goes on when it returns: a block without parameters or other predecessors, which begins with its
        /// results.
        normal: Block,
        /// Where exceptions lead.
        landings: Vec<Landing>,
        /// How many handlers and clauses the program has around it: what a search pays for, see `upshift_ir::handlers::Handler::steps`.
        steps: u32,
    },
    /// Throws a new exception.
    Throw {
        /// Its tag.
        tag: TagIndex,
        /// Its values.
        args: List,
        /// Where it leads.
        landings: Vec<Landing>,
        /// As for [`Invoke`](Terminator::Invoke).
        steps: u32,
    },
    /// Throws the exception of a reference, or traps if that is null.
    ThrowRef {
        /// The reference.
        exception: Value,
        /// Where it leads.
        landings: Vec<Landing>,
        /// As for [`Invoke`](Terminator::Invoke).
        steps: u32,
    },
    /// Traps.
    Trap(Trap),
}

impl Terminator {
    /// The landings, in the order in which they are tried.
    #[must_use]
    pub fn landings(&self) -> &[Landing] {
        match self {
            Terminator::Invoke { landings, .. }
            | Terminator::Throw { landings, .. }
            | Terminator::ThrowRef { landings, .. } => landings,
            _ => &[],
        }
    }

    /// The landings, to add some, if the terminator may have any.
    pub fn landings_mut(&mut self) -> Option<&mut Vec<Landing>> {
        match self {
            Terminator::Invoke { landings, .. }
            | Terminator::Throw { landings, .. }
            | Terminator::ThrowRef { landings, .. } => Some(landings),
            _ => None,
        }
    }

    /// What a search for a handler pays for, if the terminator may throw.
    pub fn steps_mut(&mut self) -> Option<&mut u32> {
        match self {
            Terminator::Invoke { steps, .. }
            | Terminator::Throw { steps, .. }
            | Terminator::ThrowRef { steps, .. } => Some(steps),
            _ => None,
        }
    }

    /// Calls `f` with each block that control may go to from here: one call for each edge, in a fixed order.
    pub fn for_each_successor(&self, mut f: impl FnMut(Block)) {
        match self {
            Terminator::Jump(target) => f(target.block),
            Terminator::Branch { then, otherwise, .. } => {
                f(then.block);
                f(otherwise.block);
            }
            Terminator::Table { targets, .. } => targets.iter().for_each(|target| f(target.block)),
            Terminator::Invoke { normal, .. } => f(*normal),
            _ => {}
        }
        self.landings().iter().for_each(|landing| f(landing.block));
    }

    /// Calls `f` with each target that can have arguments, in the order of
    /// [`for_each_successor`](Self::for_each_successor).
    pub fn for_each_target(&self, mut f: impl FnMut(&Target)) {
        match self {
            Terminator::Jump(target) => f(target),
            Terminator::Branch { then, otherwise, .. } => {
                f(then);
                f(otherwise);
            }
            Terminator::Table { targets, .. } => targets.iter().for_each(f),
            _ => {}
        }
    }

    /// The same, to change them.
    pub fn for_each_target_mut(&mut self, mut f: impl FnMut(&mut Target)) {
        match self {
            Terminator::Jump(target) => f(target),
            Terminator::Branch { then, otherwise, .. } => {
                f(then);
                f(otherwise);
            }
            Terminator::Table { targets, .. } => targets.iter_mut().for_each(f),
            _ => {}
        }
    }

    /// The target with a position in the order of [`for_each_target`](Self::for_each_target), to change it.
    pub fn target_mut(&mut self, at: u32) -> Option<&mut Target> {
        match self {
            Terminator::Jump(target) => (at == 0).then_some(target),
            Terminator::Branch { then, otherwise, .. } => match at {
                0 => Some(then),
                1 => Some(otherwise),
                _ => None,
            },
            Terminator::Table { targets, .. } => targets.get_mut(at as usize),
            _ => None,
        }
    }

    /// The one value that the terminator reads besides lists: a condition, an index or an exception.
    #[must_use]
    pub fn operand(&self) -> Option<Value> {
        match *self {
            Terminator::Branch { cond, .. } => Some(cond),
            Terminator::Table { index, .. } => Some(index),
            Terminator::ThrowRef { exception, .. } => Some(exception),
            _ => None,
        }
    }

    /// The same, to change it.
    pub fn operand_mut(&mut self) -> Option<&mut Value> {
        match self {
            Terminator::Branch { cond, .. } => Some(cond),
            Terminator::Table { index, .. } => Some(index),
            Terminator::ThrowRef { exception, .. } => Some(exception),
            _ => None,
        }
    }

    /// The values that are returned, passed or thrown.
    #[must_use]
    pub fn list(&self) -> List {
        match *self {
            Terminator::Return(args) | Terminator::TailCall { args, .. } | Terminator::Throw { args, .. } => {
                args
            }
            _ => List::EMPTY,
        }
    }

    /// Calls `f` with each value that the terminator reads, arguments of targets included.
    pub fn for_each_use(&self, func: &Func, mut f: impl FnMut(Value)) {
        self.operand().into_iter().for_each(&mut f);
        func.list(self.list()).iter().copied().for_each(&mut f);
        self.for_each_target(|target| func.list(target.args).iter().copied().for_each(&mut f));
    }
}
