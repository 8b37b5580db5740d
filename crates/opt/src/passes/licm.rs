//! Loop-invariant code motion: takes out of loops what is the same in each iteration.
//!
//! ```text
//! block after block in reverse postorder ─ instruction in a loop ─ operands from outside? ─ worth it? ─▶ end of the block
//!                                                                                                        in front of the loop
//! ```
//!
//! Requires SSA. Preserves it and what the program does:
//! * What cannot trap moves if nothing in the loop changes what it reads.
//! * What may trap moves only if the first iteration is certain to execute it, before anything else that may trap, that changes
//!   something or that takes fuel.
//!
//! A value that leaves the loop takes a register for as long as the loop runs. So constants, comparisons and cheap operators stay,
//! unless what moves needs them or they free the register of their operand, and only few values leave each loop.

use upshift_core::ops::{Binary, Unary};

use crate::ssa::dom::Dominators;
use crate::ssa::effects::Effect;
use crate::ssa::loops::{Loop, Loops};
use crate::ssa::{Block, Func, Op, Predecessors, Target, Terminator, Value};

use super::aliases::Aliases;
use super::facts;
use super::ints::Int;
use super::table::{Table, hash};
use super::versions::{Classes, changes_within};

/// How many values in general registers leave a loop at most, of the 12 that there are.
const MOST_GENERAL: u8 = 5;

/// How many floats and vectors leave a loop at most, of 15 registers.
const MOST_FLOAT: u8 = 8;

/// How many loops an instruction leaves at once at most: deep nests would take time for each.
const MOST_LEVELS: u32 = 8;

/// Moves instructions. Returns how many. New blocks in front of loops are in the layout then, but not in `dominators` and `loops`.
pub fn run(func: &mut Func, dominators: &Dominators, loops: &Loops, aliases: Aliases<'_>) -> u32 {
    if loops.is_empty() {
        return 0;
    }
    let classes = Classes::new(func, aliases);
    let (_, changed) = changes_within(func, dominators, loops, &classes);
    let mut motion = Motion {
        loops,
        classes,
        changed,
        uses: func.use_counts(),
        home: vec![None; func.values.len()],
        movable: vec![None; func.values.len()],
        moved: vec![Vec::new(); loops.len()],
        taken: vec![(0, 0); loops.len()],
        certain: vec![None; loops.len()],
        left: vec![None; func.values.len()],
        outside: Table::with_capacity(0),
        same: Vec::new(),
    };
    for around in loops.iter() {
        motion.certain[around.index()] = Some(loops.head(around));
    }
    for &block in dominators.order() {
        motion.block(func, block);
    }
    let Motion { mut moved, left, same, .. } = motion;
    // What left an inner loop may have left an outer one later.
    for (around, values) in loops.iter().zip(&mut moved) {
        values.retain(|value| left[value.index()] == Some(around));
    }
    let count: usize = moved.iter().map(Vec::len).sum();
    if count > 0 {
        for &block in dominators.order() {
            if loops.around(block).is_some() {
                func.block_mut(block).insts.retain(|inst| left[inst.index()].is_none());
            }
        }
        place(func, dominators, loops, moved);
    }
    if !same.is_empty() {
        let mut replaced: Vec<Value> = (0..func.values.len() as u32).map(Value).collect();
        for (value, by) in same {
            replaced[value.index()] = by;
        }
        func.replace_uses(&mut replaced);
    }
    count as u32
}

struct Motion<'a> {
    loops: &'a Loops,
    classes: Classes,
    /// What may change in each loop.
    changed: Vec<u64>,
    uses: Vec<u32>,
    /// The innermost loop around each value, where it is now.
    home: Vec<Option<Loop>>,
    /// The outermost loop that a value could leave, if something needs it outside.
    movable: Vec<Option<Loop>>,
    /// What leaves each loop, in order.
    moved: Vec<Vec<Value>>,
    /// How many values leave each loop, in general registers and others.
    taken: Vec<(u8, u8)>,
    /// For each loop the block up to which all is certain to be executed in the first iteration, without an effect so far.
    certain: Vec<Option<Block>>,
    /// The outermost loop that each value has left, if any.
    left: Vec<Option<Loop>>,
    /// Values that have left a loop, by what they compute.
    outside: Table,
    /// Values that have left a loop where an equal one stands, and that one.
    same: Vec<(Value, Value)>,
}

impl Motion<'_> {
    fn block(&mut self, func: &Func, block: Block) {
        let around = self.loops.around(block);
        for &param in &func.block(block).params {
            self.home[param.index()] = around;
        }
        for &inst in &func.block(block).insts {
            self.home[inst.index()] = around;
            if let Some(around) = around {
                self.instruction(func, block, inst, around);
            }
        }
        // Where the first iteration goes on for certain.
        let next = match func.block(block).term {
            Terminator::Jump(target) => Some(target.block),
            _ => None,
        };
        let mut open = around;
        while let Some(around) = open.filter(|around| self.certain[around.index()] == Some(block)) {
            self.certain[around.index()] =
                next.filter(|&next| self.loops.contains(around, next) && next != self.loops.head(around));
            open = self.loops.parent(around);
        }
    }

    fn instruction(&mut self, func: &Func, block: Block, inst: Value, around: Loop) {
        let effect = match func.op(inst).effect() {
            Effect::MayTrap if facts::never_traps(func, inst) => Effect::Pure,
            effect => effect,
        };
        if let Some(out_of) = self.outermost(func, block, inst, around, effect) {
            match self.worth(func, inst, effect) {
                // On another path through the loop, the same may have left it already.
                Worth::Much if self.is_outside(func, inst, around) => {}
                Worth::Much => {
                    if let Some(out_of) = self.room(func, inst, around, out_of) {
                        self.take_out(func, inst, out_of);
                    }
                }
                Worth::Little if effect == Effect::Pure => self.movable[inst.index()] = Some(out_of),
                Worth::Little | Worth::Nothing => {}
            }
        }
        if effect.may_trap() || effect.writes() {
            // What comes later is behind this, in all loops that it has not left.
            let mut open = self.home[inst.index()];
            while let Some(around) = open.filter(|around| self.certain[around.index()] == Some(block)) {
                self.certain[around.index()] = None;
                open = self.loops.parent(around);
            }
        }
    }

    /// The outermost loop that an instruction can leave.
    fn outermost(
        &self,
        func: &Func,
        block: Block,
        inst: Value,
        around: Loop,
        effect: Effect,
    ) -> Option<Loop> {
        match func.op(inst) {
            Op::Const(_) | Op::ConstV128(_) | Op::Wide(_) | Op::Result(_) | Op::Caught(_) | Op::CaughtRef => {
                return None;
            }
            _ => {}
        }
        if func.value(inst).ty.is_none() && effect != Effect::MayTrap {
            return None;
        }
        let class = match effect {
            Effect::Pure | Effect::MayTrap => None,
            Effect::Load(..) => self.classes.of_load(func, inst)?,
            _ => return None,
        };
        let mut found = None;
        let mut next = Some(around);
        for _ in 0..MOST_LEVELS {
            let Some(around) = next else { break };
            let from_outside = func.args(inst).iter().all(|&arg| self.is_available(func, around, arg));
            let changes = class.is_some_and(|class| self.changed[around.index()] & 1 << class != 0);
            let traps = effect.may_trap() && self.certain[around.index()] != Some(block);
            if !from_outside || changes || traps {
                break;
            }
            found = Some(around);
            next = self.loops.parent(around);
        }
        found
    }

    /// Whether a value is outside of a loop, or can be.
    fn is_available(&self, func: &Func, around: Loop, value: Value) -> bool {
        let inside = self.home[value.index()].is_some_and(|home| self.loops.nests(around, home));
        !inside
            || self.movable[value.index()].is_some_and(|movable| self.loops.nests(movable, around))
            || matches!(func.op(value), Op::Const(_) | Op::ConstV128(_))
    }

    fn worth(&self, func: &Func, inst: Value, effect: Effect) -> Worth {
        if effect != Effect::Pure {
            return Worth::Much;
        }
        match func.op(inst) {
            Op::Binary(op) if op.is_compare() => Worth::Nothing,
            Op::Binary(op) if is_cheap(op) => self.worth_of_cheap(func, inst),
            Op::Unary(
                Unary::I32WrapI64
                | Unary::I64ExtendI32S
                | Unary::I64ExtendI32U
                | Unary::I32Extend8S
                | Unary::I32Extend16S
                | Unary::I64Extend8S
                | Unary::I64Extend16S
                | Unary::I64Extend32S,
            ) => self.worth_of_cheap(func, inst),
            Op::RefFunc(_) | Op::RefEq | Op::RefIsNull => Worth::Nothing,
            _ => Worth::Much,
        }
    }

    /// A cheap operator is worth a register if its operand does not need one any more.
    fn worth_of_cheap(&self, func: &Func, inst: Value) -> Worth {
        let frees = |&arg: &Value| func.constant(arg).is_none() && self.uses[arg.index()] == 1;
        if func.args(inst).iter().any(frees) { Worth::Much } else { Worth::Little }
    }

    /// The outermost of the loops up to `out_of` that has room for one more value that is kept all the time.
    fn room(&mut self, func: &Func, inst: Value, around: Loop, out_of: Loop) -> Option<Loop> {
        let Some(ty) = func.value(inst).ty else { return Some(out_of) };
        let mut found = None;
        let mut next = Some(around);
        while let Some(around) = next {
            let (general, float) = self.taken[around.index()];
            if if ty.is_float() { float >= MOST_FLOAT } else { general >= MOST_GENERAL } {
                break;
            }
            found = Some(around);
            next = self.loops.parent(around).filter(|_| around != out_of);
        }
        let found = found?;
        let mut next = Some(around);
        while let Some(around) = next {
            let (general, float) = &mut self.taken[around.index()];
            *if ty.is_float() { float } else { general } += 1;
            next = self.loops.parent(around).filter(|_| around != found);
        }
        Some(found)
    }

    /// Whether a value that can leave a loop is in front of it already: then it takes no register of its own.
    fn is_outside(&mut self, func: &Func, inst: Value, around: Loop) -> bool {
        let equal = |other: Value| {
            func.op(other) == func.op(inst)
                && func.args(other) == func.args(inst)
                && self.left[other.index()].is_some_and(|out_of| self.loops.nests(out_of, around))
        };
        let place = self.outside.place(hash(&func.op(inst), func.args(inst)), equal);
        let Some(other) = place.get(&self.outside) else { return false };
        self.home[inst.index()] = self.home[other.index()];
        self.left[inst.index()] = self.left[other.index()];
        self.same.push((inst, other));
        true
    }

    /// Takes an instruction out of a loop, after those of its operands that are inside.
    fn take_out(&mut self, func: &Func, inst: Value, out_of: Loop) {
        let mut waiting = vec![inst];
        while let Some(&value) = waiting.last() {
            let is_inside = |motion: &Self, value: Value| {
                motion.home[value.index()].is_some_and(|home| motion.loops.nests(out_of, home))
            };
            if !is_inside(self, value) {
                waiting.pop();
                continue;
            }
            let before = waiting.len();
            waiting.extend(func.args(value).iter().copied().filter(|&arg| is_inside(self, arg)));
            if waiting.len() == before {
                waiting.pop();
                self.home[value.index()] = self.loops.parent(out_of);
                self.left[value.index()] = Some(out_of);
                self.moved[out_of.index()].push(value);
                let place =
                    self.outside.place(hash(&func.op(value), func.args(value)), |other| other == value);
                self.outside.set(place, value);
            }
        }
    }
}

/// What taking an instruction out of a loop is worth.
enum Worth {
    Much,
    /// Something only if an instruction that needs it leaves.
    Little,
    Nothing,
}

/// Whether an operator takes one fast instruction, which may even vanish in an address.
fn is_cheap(op: Binary) -> bool {
    Int::of(op).is_some_and(|(int, _)| {
        matches!(
            int,
            Int::Add
                | Int::Sub
                | Int::And
                | Int::Or
                | Int::Xor
                | Int::Shl
                | Int::ShrS
                | Int::ShrU
                | Int::Rotl
                | Int::Rotr
        )
    })
}

/// Puts what left each loop in front of it.
fn place(func: &mut Func, dominators: &Dominators, loops: &Loops, moved: Vec<Vec<Value>>) {
    let predecessors = func.predecessors();
    let mut new_blocks: Vec<(Block, Block)> = Vec::new();
    for (around, values) in loops.iter().zip(moved) {
        if values.is_empty() {
            continue;
        }
        let head = loops.head(around);
        let front = front_of(func, dominators, &predecessors, head);
        let block = front.unwrap_or_else(|| {
            let block = new_front(func, dominators, &predecessors, head);
            new_blocks.push((head, block));
            block
        });
        func.block_mut(block).insts.extend(values);
    }
    if new_blocks.is_empty() {
        return;
    }
    let mut in_front: Vec<Option<Block>> = vec![None; func.blocks.len()];
    for (head, block) in new_blocks {
        in_front[head.index()] = Some(block);
    }
    let layout = std::mem::take(&mut func.layout);
    func.layout =
        layout.into_iter().flat_map(|block| in_front[block.index()].into_iter().chain([block])).collect();
}

/// The block in front of a loop, if there is one that leads nowhere else.
fn front_of(func: &Func, dominators: &Dominators, predecessors: &Predecessors, head: Block) -> Option<Block> {
    let mut outside = outside(dominators, predecessors, head);
    match (outside.next(), outside.next()) {
        (Some(front), None) if matches!(func.block(front).term, Terminator::Jump(_)) => Some(front),
        _ => None,
    }
}

fn outside(dominators: &Dominators, predecessors: &Predecessors, head: Block) -> impl Iterator<Item = Block> {
    let from = predecessors.of(head).iter().copied();
    from.filter(move |&from| dominators.is_reachable(from) && !dominators.dominates(head, from))
}

/// A new block between a loop and all edges that lead into it, which passes on what the head is given.
fn new_front(func: &mut Func, dominators: &Dominators, predecessors: &Predecessors, head: Block) -> Block {
    let block = func.new_block();
    let types: Vec<_> = func.block(head).params.iter().map(|&param| func.ty(param)).collect();
    let given: Vec<Value> = types.into_iter().map(|ty| func.add_param(block, ty)).collect();
    let args = func.make_list(&given);
    func.block_mut(block).term = Terminator::Jump(Target { block: head, args });
    let mut last = None;
    for from in outside(dominators, predecessors, head) {
        // A table that leads here several times has its edges side by side.
        if last.replace(from) == Some(from) {
            continue;
        }
        func.block_mut(from).term.for_each_target_mut(|target| {
            if target.block == head {
                target.block = block;
            }
        });
    }
    block
}

#[cfg(test)]
mod tests;
