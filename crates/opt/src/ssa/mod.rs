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
pub mod live;
pub mod loops;
mod op;
pub mod parse;
pub mod text;
pub mod verify;

use std::fmt;

use upshift_core::index::FuncIndex;
use upshift_core::types::ValType;
use upshift_core::value::V128;
use upshift_translate::backend::Frame;

pub use self::block::{BlockData, Landing, Target, Terminator};
pub use self::op::{Callee, Op, Vector, stored, unary_operand, unary_result};

/// A value, and the instruction that computes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub u32);

/// A block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block(pub u32);

impl Value {
    /// The value as a position in a slice.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Block {
    /// The block as a position in a slice.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ty {
    /// A 32-bit integer, zero-extended.
    I32,
    /// A 64-bit integer, or a reference to a function.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A vector of 128 bits; it takes two slots.
    V128,
    /// A reference of any other kind, 32 bits zero-extended: the collector may change it.
    Ref,
}

impl Ty {
    /// How values of a type of the program are represented.
    #[inline]
    #[must_use]
    pub fn of(ty: ValType) -> Ty {
        match ty {
            ValType::I32 => Ty::I32,
            ValType::I64 => Ty::I64,
            ValType::F32 => Ty::F32,
            ValType::F64 => Ty::F64,
            ValType::V128 => Ty::V128,
            ValType::Ref(ty) if ty.is_func() => Ty::I64,
            ValType::Ref(_) => Ty::Ref,
        }
    }

    /// How many slots a value takes.
    #[must_use]
    pub fn slots(self) -> u32 {
        1 + u32::from(self == Ty::V128)
    }

    /// Whether values lie in registers for floats and vectors.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Ty::F32 | Ty::F64 | Ty::V128)
    }

    /// The name in text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Ty::I32 => "i32",
            Ty::I64 => "i64",
            Ty::F32 => "f32",
            Ty::F64 => "f64",
            Ty::V128 => "v128",
            Ty::Ref => "ref",
        }
    }
}

/// A run of values in the pool of their function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List {
    start: u32,
    len: u32,
}

impl List {
    /// No values.
    pub const EMPTY: List = List { start: 0, len: 0 };

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    #[inline]
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// Where in the program something comes from: a number in [`Func::positions`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pos(pub u32);

impl Pos {
    /// Nowhere: made by the compiler.
    pub const NONE: Pos = Pos(u32::MAX);
}

/// A place in the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The function whose operator it is.
    pub func: FuncIndex,
    /// Offset of the operator in the module.
    pub offset: u32,
    /// Where the call of `func` comes from, if it was inlined; else [`Pos::NONE`].
    pub parent: Pos,
}

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

    /// One parameter more for a block; its predecessors have to hand over one value more.
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
        // Lists that nobody uses any more do no harm.
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
mod tests {
    use upshift_core::TypeId;
    use upshift_core::cast::{Cast, CastTarget};
    use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};
    use upshift_core::ops::atomic::Atomic;
    use upshift_core::ops::memory::{Load, Store};
    use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
    use upshift_core::value::V128;
    use upshift_core::vm::BuiltinOp;
    use upshift_translate::backend::Slot;

    use super::{
        Block, Callee, Func, List, Op, Pos, Position, Terminator, Ty, Value, ValueData, parse, text,
    };

    #[test]
    fn instructions_are_small() {
        assert_eq!((size_of::<Op>(), size_of::<ValueData>()), (24, 40));
    }

    /// Every operation that there is, with as many operands as it has no matter of what type.
    fn all_ops(func: &mut Func) -> Vec<Op> {
        let (memory, offset, ty) = (MemoryIndex(3), u64::MAX - 1, TypeIndex(4));
        let cast = Cast { nullable: true, target: CastTarget::Object, ty: TypeId(5), depth: 2 };
        let lanes = func.vector(V128::from_u128(u128::MAX / 3));
        let calls = [
            Callee::Direct { func: FuncIndex(7), ty },
            Callee::Indirect { table: TableIndex(1), ty, site: 9 },
            Callee::Ref { ty, site: 10 },
        ];
        let mut ops = vec![
            Op::Arg(2),
            Op::SlotLoad(Slot(8)),
            Op::Const(u64::MAX),
            Op::ConstV128(lanes),
            Op::Shuffle(lanes),
            Op::Select,
            Op::LoadLane { bytes: 4, lane: 3, memory, offset },
            Op::StoreLane { bytes: 1, lane: 15, memory, offset },
            Op::Fence,
            Op::MemorySize(memory),
            Op::GlobalGet(GlobalIndex(1)),
            Op::GlobalSet(GlobalIndex(2)),
            Op::RefFunc(FuncIndex(3)),
            Op::RefEq,
            Op::RefIsNull,
            Op::RefAsNonNull,
            Op::ArrayLen,
            Op::RefTest(cast),
            Op::RefCast(cast),
            Op::StructNew { ty, default: false },
            Op::StructNew { ty, default: true },
            Op::Result(1),
            Op::Caught(2),
            Op::CaughtRef,
            Op::Charge(12),
            Op::Interrupt,
        ];
        ops.extend(calls.map(Op::Call));
        ops.extend(Unary::ALL.iter().map(|&op| Op::Unary(op)));
        ops.extend(Binary::ALL.iter().map(|&op| Op::Binary(op)));
        ops.extend(Ternary::ALL.iter().map(|&op| Op::Ternary(op)));
        ops.extend(Wide::ALL.iter().map(|&op| Op::Wide(op)));
        ops.extend(ExtractLane::ALL.iter().map(|&op| Op::ExtractLane(op, 1)));
        ops.extend(ReplaceLane::ALL.iter().map(|&op| Op::ReplaceLane(op, 2)));
        ops.extend(Load::ALL.iter().map(|&op| Op::Load { op, memory, offset }));
        ops.extend(Load::ALL.iter().map(|&op| Op::FieldLoad { op, offset: 16 }));
        ops.extend(Load::ALL.iter().map(|&op| Op::ElementLoad(op)));
        ops.extend(Store::ALL.iter().map(|&op| Op::Store { op, memory, offset }));
        ops.extend(Store::ALL.iter().map(|&op| Op::FieldStore { op, offset: 16 }));
        ops.extend(Store::ALL.iter().map(|&op| Op::ElementStore(op)));
        ops.extend(Atomic::ALL.iter().map(|&op| Op::Atomic { op, memory, offset }));
        ops.extend(BuiltinOp::ALL.iter().map(|&op| Op::Service { op, x: 1, y: 2 }));
        ops
    }

    #[test]
    fn each_operation_comes_back_from_its_text() {
        let mut func = Func::new(FuncIndex(6), vec![Ty::I32], vec![Ty::F64, Ty::Ref]);
        (func.osr, func.frame_slots, func.frame.homes, func.frame.scratch) = (Some(3), 9, 7, Some(2));
        func.positions.push(Position { func: FuncIndex(6), offset: 0x20, parent: Pos::NONE });
        func.positions.push(Position { func: FuncIndex(2), offset: 0x10, parent: Pos(0) });
        let ops = all_ops(&mut func);
        let entry = func.entry;
        let first = func.append(entry, Op::Arg(0), Some(Ty::I32), &[], Pos::NONE);
        for &op in &ops {
            func.append(entry, op, Some(Ty::V128), &[first, first], Pos(1));
        }
        func.block_mut(entry).term = Terminator::Return(List::EMPTY);
        let printed = text::print(&func);
        let read = parse::parse(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
        assert_eq!(text::print(&read), printed);
        for (at, &op) in ops.iter().enumerate() {
            assert_eq!(
                read.op(Value(at as u32 + 1)),
                op,
                "{}",
                text::instruction(&read, Value(at as u32 + 1))
            );
        }
        assert!(printed.contains("; 0x10 func2 < 0x20 func6\n"), "{printed}");
    }

    /// Each terminator.
    const BLOCKS: &str = "\
func func0 (i32) -> (i32)
b0:
  v0: i32 = arg 0
  branch v0, b1(v0, v0), b2                   ; 0x12
b1(v1: i32, v2: i32):
  table v1 [0 1 0 1] b1(v1, v2), b2
b2:
  v4: ref = const 0x0
  v5 = call func3 type0 v0
  invoke v5, b4, catch tag0 b5, catch_ref tag1 b6, catch_all b7, catch_all_ref b8
b4:
  v6: i32 = result 0 v5
  throw tag0 v6, v0, catch_all b9
b5:
  throw tag1
b6:
  throw_ref v4, catch_ref tag2 b10
b7:
  tail_call_indirect table0 type0 2 v0, v0
b8:
  trap UnreachableCodeReached
b9:
  tail_call func1 type0 v0
b10:
  jump b11
b11:
  return v0
";

    #[test]
    fn blocks_come_back_from_their_text() {
        let func = parse::parse(BLOCKS).unwrap();
        assert_eq!(text::print(&func), BLOCKS);
        let predecessors = func.predecessors();
        assert_eq!(predecessors.of(Block(1)), [Block(0), Block(1)]);
        assert_eq!(predecessors.of(Block(2)), [Block(0), Block(1)]);
        assert_eq!(predecessors.of(Block(9)), [Block(4)]);
        assert_eq!(func.use_counts()[..3], [9, 2, 1]);
        for wrong in [
            "func func0 () -> ()",
            "b0:\n  v0: i32 = i32.plus v1",
            "b0:\n  v0: i33 = arg 0",
            "b0:\n  v0: i32 = arg 0 1",
            "b0:\n  jump",
            "  return",
        ] {
            assert!(parse::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn uses_are_replaced_and_parameters_dropped() {
        let mut func = parse::parse(BLOCKS).unwrap();
        let mut map: Vec<Value> = (0..func.values.len() as u32).map(Value).collect();
        // A chain: v6 is v1, which is v0.
        (map[6], map[1]) = (Value(1), Value(0));
        func.replace_uses(&mut map);
        func.retain_params(|_, param| param != Value(1));
        let printed = text::print(&func);
        for line in
            ["b1(v2: i32):", "branch v0, b1(v0), b2", "table v0 [0 1 0 1] b1(v2), b2", "throw tag0 v0, v0, "]
        {
            assert!(printed.contains(line), "{line} should be in\n{printed}");
        }
        assert_eq!((func.op(Value(1)), func.op(Value(2))), (Op::None, Op::Param(0)));
    }
}
