//! Copies code of a callee, as a whole or the tree of its guard.
//!
//! In: where the call was, and the block where its results are wanted. Out: copies with values, blocks and places of the caller; the
//! callee's arguments are those of the call, and what it returns goes to the block where control goes on.

use super::guard::{Next, Node};
use super::splice::{Call, Splicer};
use crate::ssa::{
    Block, Func, Landing, List, Op, Pos, Position, Target, Terminator, Value, ValueData, Vector,
};

/// A value that has no copy.
const NONE: Value = Value(u32::MAX);

/// Copies code of a callee.
pub(super) struct Copy<'a, 'b> {
    splicer: &'a mut Splicer<'b>,
    from: &'a Func,
    call: &'a Call,
    /// What values of the callee are in the caller, by number.
    values: Vec<Value>,
    /// What its blocks are, by number. Only of whole functions.
    blocks: Vec<Block>,
    /// What its places are, by number.
    places: Vec<Pos>,
}

impl<'a, 'b> Copy<'a, 'b> {
    pub(super) fn new(splicer: &'a mut Splicer<'b>, from: &'a Func, call: &'a Call) -> Copy<'a, 'b> {
        let (values, places) = (vec![NONE; from.values.len()], vec![Pos::NONE; from.positions.len()]);
        Copy { splicer, from, call, values, blocks: Vec::new(), places }
    }

    // Whole functions.

    /// Copies the function. It begins at the end of the block where the call was.
    pub(super) fn whole(&mut self) {
        let from = self.from;
        self.blocks = vec![self.call.before; from.blocks.len()];
        for &block in &from.layout {
            if block != from.entry {
                self.blocks[block.index()] = self.splicer.func.new_block();
            }
            let data = from.block(block);
            data.params.iter().chain(&data.insts).for_each(|&value| self.name(value));
        }
        for &block in &from.layout {
            let copy = self.blocks[block.index()];
            if block != from.entry {
                self.splicer.layout.push(copy);
            }
            self.block(block, copy);
        }
    }

    /// Gives a value its copy, which is not filled in yet.
    fn name(&mut self, value: Value) {
        let func = &mut *self.splicer.func;
        self.values[value.index()] = match self.from.op(value) {
            Op::Arg(number) => func.list(self.call.args)[number as usize],
            _ => func.add_value(Op::None, None, &[], Pos::NONE),
        };
    }

    fn block(&mut self, block: Block, copy: Block) {
        let from = self.from.block(block);
        let params: Vec<Value> = from.params.iter().map(|&param| self.fill(param)).collect();
        if block != self.from.entry {
            self.splicer.func.block_mut(copy).params = params;
        }
        for &inst in &from.insts {
            if !matches!(self.from.op(inst), Op::Arg(_)) {
                let inst = self.fill(inst);
                self.splicer.func.block_mut(copy).insts.push(inst);
            }
        }
        let term = self.terminator(&from.term, copy);
        let pos = self.pos(from.pos);
        let data = self.splicer.func.block_mut(copy);
        (data.term, data.pos) = (term, pos);
    }

    /// Fills in the copy of a value.
    fn fill(&mut self, value: Value) -> Value {
        let &ValueData { op, ty, args, pos } = self.from.value(value);
        let data = ValueData { op: self.op(op), ty, args: self.list(args), pos: self.pos(pos) };
        let copy = self.values[value.index()];
        *self.splicer.func.value_mut(copy) = data;
        copy
    }

    /// How the copy of a block ends.
    fn terminator(&mut self, term: &Terminator, copy: Block) -> Terminator {
        let value = |this: &Self, value: Value| this.values[value.index()];
        match *term {
            Terminator::None => Terminator::None,
            Terminator::Jump(target) => Terminator::Jump(self.target(target)),
            Terminator::Branch { cond, then, otherwise } => Terminator::Branch {
                cond: value(self, cond),
                then: self.target(then),
                otherwise: self.target(otherwise),
            },
            Terminator::Table { index, ref cases, ref targets } => Terminator::Table {
                index: value(self, index),
                cases: cases.clone(),
                targets: targets.iter().map(|&target| self.target(target)).collect(),
            },
            Terminator::Return(list) => {
                Terminator::Jump(Target { block: self.call.join, args: self.list(list) })
            }
            // The callee's frame goes: what it calls instead is called from where it was called itself.
            Terminator::TailCall { callee, args } => {
                let args = self.list(args);
                let func = &mut *self.splicer.func;
                let args = func.list(args).to_vec();
                let made = func.append(copy, Op::Call(callee), None, &args, self.call.pos);
                self.splicer.return_results(self.call, &self.from.results, made, copy);
                self.splicer.func.block(copy).term.clone()
            }
            Terminator::Invoke { call, normal, ref landings, steps } => Terminator::Invoke {
                call: value(self, call),
                normal: self.blocks[normal.index()],
                landings: self.landings(landings),
                steps,
            },
            Terminator::Throw { tag, args, ref landings, steps } => {
                Terminator::Throw { tag, args: self.list(args), landings: self.landings(landings), steps }
            }
            Terminator::ThrowRef { exception, ref landings, steps } => Terminator::ThrowRef {
                exception: value(self, exception),
                landings: self.landings(landings),
                steps,
            },
            Terminator::Trap(trap) => Terminator::Trap(trap),
        }
    }

    fn target(&mut self, target: Target) -> Target {
        Target { block: self.blocks[target.block.index()], args: self.list(target.args) }
    }

    fn landings(&self, landings: &[Landing]) -> Vec<Landing> {
        let block = |landing: &Landing| self.blocks[landing.block.index()];
        landings.iter().map(|landing| Landing { block: block(landing), ..*landing }).collect()
    }

    // Guards.

    /// Copies the tree of a guard to the end of a block; what leads out of it leads to `slow`.
    pub(super) fn tree(&mut self, node: &Node, into: Block, slow: Block) {
        let from = self.from.block(node.block);
        for &inst in &from.insts {
            self.name(inst);
            if !matches!(self.from.op(inst), Op::Arg(_)) {
                let inst = self.fill(inst);
                self.splicer.func.block_mut(into).insts.push(inst);
            }
        }
        let term = match (&node.next, &from.term) {
            (Next::Jump(next), Terminator::Jump(target)) => {
                self.give(target);
                return self.tree(next, into, slow);
            }
            (Next::Branch(sides), Terminator::Branch { cond, then, otherwise }) => {
                let cond = self.values[cond.index()];
                let then = self.side(sides[0].as_deref(), then, slow);
                let otherwise = self.side(sides[1].as_deref(), otherwise, slow);
                Terminator::Branch { cond, then, otherwise }
            }
            (Next::Return, Terminator::Return(list)) => {
                Terminator::Jump(Target { block: self.call.join, args: self.list(*list) })
            }
            _ => unreachable!("the tree is that of the function"),
        };
        let pos = self.pos(from.pos);
        let data = self.splicer.func.block_mut(into);
        (data.term, data.pos) = (term, pos);
    }

    /// Copies the tree behind one side of a test.
    fn side(&mut self, side: Option<&Node>, target: &Target, slow: Block) -> Target {
        let Some(side) = side else { return Target::new(slow) };
        let block = self.splicer.func.new_block();
        self.splicer.layout.push(block);
        self.give(target);
        self.tree(side, block, slow);
        Target::new(block)
    }

    /// Parameters of a block are what it is given, when it is copied for one edge.
    fn give(&mut self, target: &Target) {
        let given = self.from.list(target.args).iter().map(|arg| self.values[arg.index()]);
        let given: Vec<Value> = given.collect();
        for (param, given) in self.from.block(target.block).params.iter().zip(given) {
            self.values[param.index()] = given;
        }
    }

    // What both consist of.

    /// What an operation is in the caller.
    fn op(&mut self, op: Op) -> Op {
        let mut vector = |Vector(number)| self.splicer.func.vector(self.from.vectors[number as usize]);
        match op {
            Op::ConstV128(number) => Op::ConstV128(vector(number)),
            Op::Shuffle(number) => Op::Shuffle(vector(number)),
            op => op,
        }
    }

    fn list(&mut self, list: List) -> List {
        let values = self.from.list(list).iter().map(|value| self.values[value.index()]);
        let values: Vec<Value> = values.collect();
        self.splicer.func.make_list(&values)
    }

    /// A place of the callee as one that the call leads to.
    fn pos(&mut self, pos: Pos) -> Pos {
        let Some(&Position { func, offset, parent }) = self.from.position(pos) else { return Pos::NONE };
        if self.places[pos.0 as usize] != Pos::NONE {
            return self.places[pos.0 as usize];
        }
        let parent = if parent == Pos::NONE { self.call.pos } else { self.pos(parent) };
        let positions = &mut self.splicer.func.positions;
        positions.push(Position { func, offset, parent });
        let copy = Pos(positions.len() as u32 - 1);
        self.places[pos.0 as usize] = copy;
        copy
    }
}
