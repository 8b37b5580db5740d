//! Takes out of loops what is the same in each round: loop-invariant code motion.
//!
//! ```text
//! block after block in reverse postorder ─ instruction in a loop ─ operands from outside? ─ worth it? ─▶ end of the block
//!                                                                                                        in front of the loop
//! ```
//!
//! Requires SSA. Preserves it and what the program does:
//! * What cannot trap moves if nothing in the loop changes what it reads.
//! * What may trap moves only if the first round is certain to execute it, before anything else that may trap, that changes
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
        is_moved: vec![false; func.values.len()],
    };
    for around in loops.iter() {
        motion.certain[around.index()] = Some(loops.head(around));
    }
    for &block in dominators.order() {
        motion.block(func, block);
    }
    let Motion { moved, is_moved, .. } = motion;
    let count: usize = moved.iter().map(Vec::len).sum();
    if count > 0 {
        for &block in dominators.order() {
            if loops.around(block).is_some() {
                func.block_mut(block).insts.retain(|&inst| !is_moved[inst.index()]);
            }
        }
        place(func, dominators, loops, moved);
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
    /// For each loop the block up to which all is certain to be executed in the first round, without an effect so far.
    certain: Vec<Option<Block>>,
    is_moved: Vec<bool>,
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
        // Where the first round goes on for certain.
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
                self.is_moved[value.index()] = true;
                self.moved[out_of.index()].push(value);
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

/// A new block between a loop and all ways that lead into it, which hands on what the head is given.
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
mod tests {
    use super::run;
    use crate::passes::aliases::Aliases;
    use crate::passes::{gvn, testing};
    use crate::ssa::Func;
    use crate::ssa::dom::Dominators;
    use crate::ssa::loops::Loops;
    use crate::ssa::parse::parse;

    fn move_out(func: &mut Func) -> u32 {
        let dominators = Dominators::new(func);
        let loops = Loops::new(func, &dominators, &func.predecessors());
        run(func, &dominators, &loops, Aliases::default())
    }

    fn moved(body: &str) -> String {
        let mut func = parse(&format!("func func0 (i32, i32, f64) -> ()\n{body}")).expect("it is SSA");
        move_out(&mut func);
        func.to_string().split_once('\n').expect("a header").1.to_owned()
    }

    #[test]
    fn what_is_expensive_leaves_with_what_it_needs() {
        // The sum goes because the product needs it; the difference is cheap and both its operands are wanted.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0)
b1(v2: i32):
  v3: i32 = i32.add v0, v1
  v4: i32 = i32.mul v3, v3
  v5: i32 = i32.sub v0, v1
  v6: i32 = i32.add v2, v4
  v7: i32 = i32.add v6, v5
  branch v7, b1(v7), b2
b2:
  return v0, v1, v3
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v3: i32 = i32.add v0, v1
  v4: i32 = i32.mul v3, v3
  jump b1(v0)
b1(v2: i32):
  v5: i32 = i32.sub v0, v1
  v6: i32 = i32.add v2, v4
  v7: i32 = i32.add v6, v5
  branch v7, b1(v7), b2
b2:
  return v0, v1, v3
";
        assert_eq!(moved(body), expected);
    }

    #[test]
    fn loads_stay_where_the_loop_stores() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1
b1:
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  v4: i32 = global.get global1
  v5: i32 = i32.add v3, v2
  v6 = global.set global1 v5
  v7: i32 = load32_u memory0 4 v0
  branch v4, b1, b2
b2:
  return v7
";
        // The first load comes first in the first round, and the second one directly behind it but for the set.
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  v5: i32 = i32.add v3, v2
  jump b1
b1:
  v4: i32 = global.get global1
  v6 = global.set global1 v5
  v7: i32 = load32_u memory0 4 v0
  branch v4, b1, b2
b2:
  return v7
";
        assert_eq!(moved(body), expected);
    }

    #[test]
    fn what_may_trap_stays_behind_an_exit_and_behind_fuel() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0)
b1(v2: i32):
  branch v2, b2, b3
b2:
  v3: i32 = i32.div_u v0, v1
  v4: i32 = load32_u memory0 0 v0
  v5: i32 = i32.sub v2, v3
  v6: i32 = i32.sub v5, v4
  jump b1(v6)
b3:
  jump b4
b4:
  v7 = charge 3
  v8: i32 = i32.rem_u v0, v1
  branch v8, b4, b5
b5:
  return
";
        assert_eq!(moved(body), body);
    }

    #[test]
    fn what_comes_first_leaves_all_loops_around() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  jump b3(v0)
b2:
  jump b3(v1)
b3(v2: i32):
  jump b4(v2)
b4(v3: i32):
  v4: i32 = i32.div_s v0, v1
  v5: i32 = i32.sub v3, v4
  branch v5, b4(v5), b5
b5:
  v6: i32 = i32.mul v0, v1
  v7: i32 = i32.sub v2, v6
  branch v7, b3(v7), b6
b6:
  return v0, v1
";
        // Two ways lead into the outer loop, so a block in front of it is made.
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  jump b7(v0)
b2:
  jump b7(v1)
b7(v8: i32):
  v4: i32 = i32.div_s v0, v1
  v6: i32 = i32.mul v0, v1
  jump b3(v8)
b3(v2: i32):
  jump b4(v2)
b4(v3: i32):
  v5: i32 = i32.sub v3, v4
  branch v5, b4(v5), b5
b5:
  v7: i32 = i32.sub v2, v6
  branch v7, b3(v7), b6
b6:
  return v0, v1
";
        assert_eq!(moved(body), expected);
    }

    #[test]
    fn only_few_leave() {
        let mut body = String::from("b0:\n  v0: i32 = arg 0\n  jump b1\nb1:\n");
        for at in 0..20 {
            body.push_str(&format!("  v{}: i32 = global.get global{at}\n", at + 1));
        }
        body.push_str("  branch v0, b1, b2\nb2:\n  return v0\n");
        let text = moved(&body);
        let (front, inside) = text.split_once("b1:").expect("a loop");
        let count = |part: &str| part.matches("global.get").count();
        assert_eq!(
            (count(front), count(inside)),
            (usize::from(super::MOST_GENERAL), 20 - usize::from(super::MOST_GENERAL))
        );
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(12, 4_000, |func| {
            let dominators = Dominators::new(func);
            gvn::run(func, &dominators);
            move_out(func)
        });
        assert!(changes > 400, "{changes}");
    }
}
