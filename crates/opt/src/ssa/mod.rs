//! SSA: a function as blocks of instructions, each of which is the value that it computes.
//!
//! ```text
//! Func ─ layout ─▶ Block ─▶ BlockData { params, insts, term } ─▶ Value ─▶ ValueData { op, ty, args, pos }
//!                                            └ Target { block, args }: what the block is given
//! ```
//!
//! **Values** are defined once: as a block's parameter or as an instruction, which need not have a result (its type is `None`
//! then). A definition dominates its uses. An `i32` is always known to be zero-extended; references that the collector may move
//! are of type [`Ty::Ref`] wherever they are, and no operation makes an integer of one. References to functions are [`Ty::I64`].
//!
//! **Order.** Instructions that have [effects] stay in the order of the program; pure ones stand where the program has
//! them, until a pass moves them. [`Func::layout`] has the blocks in the order of the program; blocks that are not in it are not in use.
//!
//! **Entry.** The entry block has no predecessors and no parameters. It begins with the function's parameters
//! ([`Op::Arg`]), or, in a body for entry at a loop ([`Func::osr`]), with what is in the frame ([`Op::SlotLoad`]).
//!
//! **Exceptions.** A call whose exceptions are caught ends its block ([`Terminator::Invoke`]). The block behind it and those that
//! exceptions lead to have no other predecessor, so they need no parameters: what is theirs alone are their first instructions.

mod block;
pub mod build;
pub mod dom;
pub mod effects;
mod entities;
pub mod live;
pub mod loops;
mod op;
pub mod parse;
pub mod text;
pub mod verify;

use upshift_core::index::FuncIndex;
use upshift_core::value::V128;
use upshift_translate::backend::Frame;

pub use self::block::{BlockData, Landing, Target, Terminator};
pub use self::entities::{Block, List, Pos, Position, Ty, Value};
pub use self::op::{Callee, Op, Vector, stored, unary_operand, unary_result};

/// An instruction or a parameter.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ValueData {
    /// What it does.
    pub op: Op,
    /// The type of the result, if there is one.
    pub ty: Option<Ty>,
    /// The operands.
    pub args: List,
    /// Where it comes from.
    pub pos: Pos,
}

/// A function.
///
/// ```
/// use upshift_core::index::FuncIndex;
/// use upshift_opt::ssa::{Func, Op, Pos, Terminator, Ty, verify};
///
/// let mut func = Func::new(FuncIndex(0), vec![Ty::I32], vec![Ty::I32]);
/// let entry = func.entry;
/// let arg = func.append(entry, Op::Arg(0), Some(Ty::I32), &[], Pos::NONE);
/// let values = func.make_list(&[arg]);
/// func.block_mut(entry).term = Terminator::Return(values);
/// assert_eq!(verify::verify(&func, None), Ok(()));
/// assert_eq!(func.to_string(), "func func0 (i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  return v0\n");
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Func {
    /// Which function of the module it is.
    pub index: FuncIndex,
    /// The types of its parameters.
    pub params: Vec<Ty>,
    /// The types of its results.
    pub results: Vec<Ty>,
    /// If the body is for entry at a loop, the loop's number.
    pub osr: Option<u32>,
    /// How the frame of the other tiers is divided.
    pub frame: Frame,
    /// How many slots their frame has.
    pub frame_slots: u32,
    /// Where control begins.
    pub entry: Block,
    /// The blocks that are in use, in the order of the program.
    pub layout: Vec<Block>,
    /// All blocks, by number.
    pub blocks: Vec<BlockData>,
    /// All values, by number.
    pub values: Vec<ValueData>,
    /// Constants of 128 bits.
    pub vectors: Vec<V128>,
    /// Places in the program.
    pub positions: Vec<Position>,
    /// Parameters that are only other names of values, by ascending number: what is known of those holds for them.
    pub renamed: Vec<(Value, Value)>,
    lists: Vec<Value>,
}

impl Func {
    /// A function with an empty entry block, which is in the layout.
    #[must_use]
    pub fn new(index: FuncIndex, params: Vec<Ty>, results: Vec<Ty>) -> Func {
        let mut func = Func {
            index,
            params,
            results,
            osr: None,
            frame: Frame { params: 0, results: 0, locals: 0, homes: 0, scratch: None },
            frame_slots: 0,
            entry: Block(0),
            layout: Vec::new(),
            blocks: Vec::new(),
            values: Vec::new(),
            vectors: Vec::new(),
            positions: Vec::new(),
            renamed: Vec::new(),
            lists: Vec::new(),
        };
        func.entry = func.new_block();
        func.layout.push(func.entry);
        func
    }

    // Blocks.

    /// A new block, which is not in the layout.
    pub fn new_block(&mut self) -> Block {
        let block = Block(self.blocks.len() as u32);
        self.blocks.push(BlockData {
            params: Vec::new(),
            insts: Vec::new(),
            term: Terminator::None,
            pos: Pos::NONE,
        });
        block
    }

    /// A block.
    #[inline]
    #[must_use]
    pub fn block(&self, block: Block) -> &BlockData {
        &self.blocks[block.index()]
    }

    /// A block, to change it.
    #[inline]
    pub fn block_mut(&mut self, block: Block) -> &mut BlockData {
        &mut self.blocks[block.index()]
    }

    /// One more parameter for a block; its predecessors have to pass one more value.
    pub fn add_param(&mut self, block: Block, ty: Ty) -> Value {
        let number = self.block(block).params.len() as u32;
        let value = self.add_value(Op::Param(number), Some(ty), &[], Pos::NONE);
        self.block_mut(block).params.push(value);
        value
    }

    /// What a value is a name for that was given to it; else itself.
    #[must_use]
    pub fn origin(&self, value: Value) -> Value {
        let found = self.renamed.binary_search_by_key(&value, |&(name, _)| name);
        found.map_or(value, |at| self.renamed[at].1)
    }

    /// Drops the parameters that `keep` does not want, and what predecessors give for them. Nothing may use them.
    pub fn retain_params(&mut self, mut keep: impl FnMut(&Func, Value) -> bool) {
        let mut kept: Vec<Option<Box<[bool]>>> = vec![None; self.blocks.len()];
        for at in 0..self.layout.len() {
            let block = self.layout[at];
            let wanted: Box<[bool]> =
                self.block(block).params.iter().map(|&param| keep(self, param)).collect();
            if wanted.iter().all(|&wanted| wanted) {
                continue;
            }
            let params = std::mem::take(&mut self.block_mut(block).params);
            let mut left = Vec::new();
            for (&param, &wanted) in params.iter().zip(&wanted) {
                if wanted {
                    self.values[param.index()].op = Op::Param(left.len() as u32);
                    left.push(param);
                } else {
                    self.values[param.index()].op = Op::None;
                }
            }
            self.block_mut(block).params = left;
            kept[block.index()] = Some(wanted);
        }
        let Func { layout, blocks, lists, .. } = self;
        for &block in &*layout {
            blocks[block.index()].term.for_each_target_mut(|target| {
                let Some(wanted) = &kept[target.block.index()] else { return };
                let start = target.args.start as usize;
                let mut len = 0;
                for (at, _) in wanted.iter().enumerate().filter(|&(_, &wanted)| wanted) {
                    lists[start + len] = lists[start + at];
                    len += 1;
                }
                target.args.len = len as u32;
            });
        }
    }

    /// The predecessors of all blocks in the layout.
    #[must_use]
    pub fn predecessors(&self) -> Predecessors {
        let mut starts = vec![0; self.blocks.len() + 1];
        for &block in &self.layout {
            self.block(block).term.for_each_successor(|next| starts[next.index() + 1] += 1);
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut blocks = vec![Block(0); starts[starts.len() - 1] as usize];
        let mut next = starts.clone();
        for &block in &self.layout {
            self.block(block).term.for_each_successor(|successor| {
                let place = &mut next[successor.index()];
                blocks[*place as usize] = block;
                *place += 1;
            });
        }
        Predecessors { starts, blocks }
    }

    // Values.

    /// A new instruction, which is in no block.
    pub fn add_value(&mut self, op: Op, ty: Option<Ty>, args: &[Value], pos: Pos) -> Value {
        let args = self.make_list(args);
        let value = Value(self.values.len() as u32);
        self.values.push(ValueData { op, ty, args, pos });
        value
    }

    /// A new instruction at the end of a block.
    pub fn append(&mut self, block: Block, op: Op, ty: Option<Ty>, args: &[Value], pos: Pos) -> Value {
        let value = self.add_value(op, ty, args, pos);
        self.block_mut(block).insts.push(value);
        value
    }

    /// An instruction.
    #[inline]
    #[must_use]
    pub fn value(&self, value: Value) -> &ValueData {
        &self.values[value.index()]
    }

    /// An instruction, to change it.
    #[inline]
    pub fn value_mut(&mut self, value: Value) -> &mut ValueData {
        &mut self.values[value.index()]
    }

    /// What an instruction does.
    #[inline]
    #[must_use]
    pub fn op(&self, value: Value) -> Op {
        self.value(value).op
    }

    /// The type of a value.
    ///
    /// # Panics
    /// When the instruction has no result.
    #[inline]
    #[must_use]
    #[track_caller]
    pub fn ty(&self, value: Value) -> Ty {
        self.value(value).ty.expect("an instruction without a result is used as a value")
    }

    /// The bits of a constant that is no vector.
    #[inline]
    #[must_use]
    pub fn constant(&self, value: Value) -> Option<u64> {
        match self.op(value) {
            Op::Const(bits) => Some(bits),
            _ => None,
        }
    }

    /// The operands of an instruction.
    #[inline]
    #[must_use]
    pub fn args(&self, value: Value) -> &[Value] {
        self.list(self.value(value).args)
    }

    /// The operands of an instruction, to change them.
    #[inline]
    pub fn args_mut(&mut self, value: Value) -> &mut [Value] {
        let args = self.value(value).args;
        self.list_mut(args)
    }

    /// Makes an instruction another one: whoever uses it finds the new one, at the same place.
    pub fn change(&mut self, value: Value, op: Op, args: &[Value]) {
        let old = self.value(value).args;
        let args = if args.len() <= old.len() {
            let list = List { start: old.start, len: args.len() as u32 };
            self.list_mut(list).copy_from_slice(args);
            list
        } else {
            self.make_list(args)
        };
        let data = self.value_mut(value);
        data.op = op;
        data.args = args;
    }

    /// A constant vector in the table. Equal ones have the same number, unless there are many others between.
    pub fn vector(&mut self, bits: V128) -> Vector {
        const RECENT: usize = 32;
        let first = self.vectors.len().saturating_sub(RECENT);
        let at = self.vectors[first..].iter().position(|&known| known == bits).unwrap_or_else(|| {
            self.vectors.push(bits);
            self.vectors.len() - 1 - first
        });
        Vector((first + at) as u32)
    }

    /// Replaces all uses of values: `map` has the replacement for each value by number, itself where nothing changes. Chains of
    /// replacements are followed.
    pub fn replace_uses(&mut self, map: &mut [Value]) {
        for at in 0..map.len() {
            let mut end = map[at];
            while map[end.index()] != end {
                end = map[end.index()];
            }
            // So that each chain is followed once.
            let mut next = Value(at as u32);
            while map[next.index()] != end {
                next = std::mem::replace(&mut map[next.index()], end);
            }
        }
        // Lists that nothing uses any more do no harm.
        for value in &mut self.lists {
            *value = map[value.index()];
        }
        for block in &mut self.blocks {
            if let Some(operand) = block.term.operand_mut() {
                *operand = map[operand.index()];
            }
        }
    }

    /// Calls `f` with each value that a block reads: operands of its instructions, then what its terminator reads.
    pub fn for_each_use(&self, block: Block, mut f: impl FnMut(Value)) {
        let data = self.block(block);
        for &inst in &data.insts {
            self.args(inst).iter().copied().for_each(&mut f);
        }
        data.term.for_each_use(self, f);
    }

    /// How often each value is used, by number.
    #[must_use]
    pub fn use_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.values.len()];
        for &block in &self.layout {
            self.for_each_use(block, |value| counts[value.index()] += 1);
        }
        counts
    }

    // Lists.

    /// The values of a list.
    #[inline]
    #[must_use]
    pub fn list(&self, list: List) -> &[Value] {
        &self.lists[list.range()]
    }

    /// The values of a list, to change them.
    #[inline]
    pub fn list_mut(&mut self, list: List) -> &mut [Value] {
        &mut self.lists[list.range()]
    }

    /// A new list.
    #[inline]
    pub fn make_list(&mut self, values: &[Value]) -> List {
        let start = self.lists.len() as u32;
        self.lists.extend_from_slice(values);
        List { start, len: values.len() as u32 }
    }

    // Positions.

    /// The place that a number stands for.
    #[must_use]
    pub fn position(&self, pos: Pos) -> Option<&Position> {
        self.positions.get(pos.0 as usize)
    }

    /// The chain of a place: the place itself, then the calls that led there, from the innermost to one of the function itself.
    pub fn chain(&self, pos: Pos) -> impl Iterator<Item = &Position> {
        let first = self.position(pos);
        std::iter::successors(first, |position| self.position(position.parent))
    }
}

/// The predecessors of each block: a block is there once for each of its edges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Predecessors {
    starts: Vec<u32>,
    blocks: Vec<Block>,
}

impl Predecessors {
    /// The predecessors of a block.
    #[must_use]
    pub fn of(&self, block: Block) -> &[Block] {
        &self.blocks[self.starts[block.index()] as usize..self.starts[block.index() + 1] as usize]
    }
}

#[cfg(test)]
mod tests;
