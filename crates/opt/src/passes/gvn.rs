//! Computes equal things once: global value numbering, with folding (`fold`) on the way.
//!
//! ```text
//! block after block, each before those that it dominates:
//! instruction ─ operands replaced ─ fold ─ equal one in a dominating block? ┬ yes ─▶ its uses become uses of that one
//!                                                                           └ no ──▶ kept, and found from here on
//! ```
//!
//! Requires SSA. Preserves it and the order of what has effects. Pure instructions vanish under an equal one that dominates them, and so do
//! those that may only trap: what was executed before did not trap. Loads are left to [`loads`](super::loads). Where equal constants
//! come together, the one that is left may stand far above its uses: lowering makes constants where they are used. A branch on a value
//! that has been decided on every path to it becomes a jump.

use rustc_hash::FxHashMap;

use crate::ssa::dom::Dominators;
use crate::ssa::effects::Effect;
use crate::ssa::{Block, Func, Op, Terminator, Ty, Value};

use super::fold::{Folder, Outcome, fold_terminator};
use super::table::Table;

/// Numbers all instructions in blocks that can be reached. Returns how many vanished or were folded.
pub fn run(func: &mut Func, dominators: &Dominators) -> u32 {
    let mut numbering = Numbering {
        folder: Folder::new(func),
        replaced: (0..func.values.len() as u32).map(Value).collect(),
        block_of: vec![func.entry; func.values.len()],
        known: Table::with_capacity(func.values.len()),
        edges: vec![0; func.blocks.len()],
        decided: FxHashMap::default(),
        vanished: 0,
    };
    for &block in &func.layout {
        func.block(block).term.for_each_successor(|next| {
            let edges = &mut numbering.edges[next.index()];
            *edges = edges.saturating_add(1);
        });
    }
    for &block in dominators.preorder() {
        numbering.block(func, dominators, block);
    }
    func.replace_uses(&mut numbering.replaced);
    numbering.vanished + numbering.folder.changes
}

struct Numbering {
    folder: Folder,
    /// What stands for each value now.
    replaced: Vec<Value>,
    /// Where each value in the table is.
    block_of: Vec<Block>,
    known: Table,
    /// How many edges lead to each block, as far as a byte says it.
    edges: Vec<u8>,
    /// The blocks that only one edge of a branch leads to, and whether it is the one for a condition that is not zero: by the condition.
    decided: FxHashMap<Value, Vec<(Block, bool)>>,
    vanished: u32,
}

/// How many branches on one value are looked at: those of the arms of others cannot pile up above a branch.
const MOST_DECIDED: usize = 8;

impl Numbering {
    fn block(&mut self, func: &mut Func, dominators: &Dominators, block: Block) {
        let insts = std::mem::take(&mut func.block_mut(block).insts);
        let mut kept = Vec::with_capacity(insts.len());
        for inst in insts {
            self.replace_operands(func, inst);
            let outcome = self.folder.fold(func, inst);
            for made in std::mem::take(&mut self.folder.made) {
                debug_assert_eq!(self.replaced.len(), made.index());
                self.replaced.push(made);
                self.block_of.push(block);
                self.replace_operands(func, made);
                self.number(func, dominators, block, made, &mut kept);
            }
            match outcome {
                Outcome::Stays => {
                    self.replace_operands(func, inst);
                    self.number(func, dominators, block, inst, &mut kept);
                }
                Outcome::Is(value) => self.replace(inst, value),
                Outcome::Nothing => {}
            }
        }
        func.block_mut(block).insts = kept;
        if let Some(operand) = func.block_mut(block).term.operand_mut() {
            *operand = self.replaced[operand.index()];
        }
        self.folder.changes += u32::from(fold_terminator(func, block));
        self.decide(func, dominators, block);
    }

    /// A branch goes where one on the same value went, if all ways to it come through one edge of that.
    fn decide(&mut self, func: &mut Func, dominators: &Dominators, block: Block) {
        let Terminator::Branch { cond, then, otherwise } = func.block(block).term else { return };
        let decided = self.decided.entry(cond).or_default();
        let is_above = |&&(above, _): &&(Block, bool)| dominators.dominates(above, block);
        if let Some(&(_, is_taken)) = decided.iter().rev().take(MOST_DECIDED).find(is_above) {
            func.block_mut(block).term = Terminator::Jump(if is_taken { then } else { otherwise });
            self.folder.changes += 1;
            return;
        }
        for (next, is_taken) in [(then.block, true), (otherwise.block, false)] {
            if self.edges[next.index()] == 1 {
                decided.push((next, is_taken));
            }
        }
    }

    fn replace_operands(&self, func: &mut Func, inst: Value) {
        for arg in func.args_mut(inst) {
            *arg = self.replaced[arg.index()];
        }
    }

    fn replace(&mut self, value: Value, by: Value) {
        let by = self.replaced[by.index()];
        self.replaced[value.index()] = by;
        self.folder.move_uses(value, by);
    }

    /// Keeps an instruction, unless an equal one dominates it.
    fn number(
        &mut self,
        func: &Func,
        dominators: &Dominators,
        block: Block,
        inst: Value,
        kept: &mut Vec<Value>,
    ) {
        if !is_numbered(func, inst) {
            kept.push(inst);
            return;
        }
        let place = self.known.place(hash(func, inst), |other| equal(func, inst, other));
        if let Some(known) = place.get(&self.known)
            && dominators.dominates(self.block_of[known.index()], block)
        {
            self.vanished += 1;
            self.replace(inst, known);
            return;
        }
        // What is there does not dominate this block, so it dominates none of those that follow.
        self.known.set(place, inst);
        self.block_of[inst.index()] = block;
        kept.push(inst);
    }
}

/// Whether equal instructions compute the same wherever they are.
fn is_numbered(func: &Func, inst: Value) -> bool {
    match func.op(inst) {
        Op::Param(_) | Op::Arg(_) | Op::SlotLoad(_) | Op::Caught(_) | Op::CaughtRef => false,
        // Its results are those of the instruction; they are all numbered with it.
        Op::Wide(_) => true,
        Op::Result(_) => matches!(func.op(func.args(inst)[0]), Op::Wide(_)),
        op => matches!(op.effect(), Effect::Pure | Effect::MayTrap),
    }
}

/// Operands in an order that is the same for `a + b` and `b + a`. The instruction itself keeps its own order.
fn operands(func: &Func, inst: Value) -> (Value, Value) {
    let args = func.args(inst);
    let (first, second) = (args[0], args[1]);
    let commutes = match func.op(inst) {
        // Which of two NaNs is the result depends on the order.
        Op::Binary(op) if func.ty(args[0]) == Ty::I32 || func.ty(args[0]) == Ty::I64 => {
            op.swapped() == Some(op)
        }
        Op::RefEq => true,
        _ => false,
    };
    if commutes && second < first { (second, first) } else { (first, second) }
}

fn equal(func: &Func, a: Value, b: Value) -> bool {
    let (x, y) = (func.value(a), func.value(b));
    if x.op != y.op || x.ty != y.ty {
        return false;
    }
    let (args, others) = (func.list(x.args), func.list(y.args));
    match args.len() {
        2 if others.len() == 2 => operands(func, a) == operands(func, b),
        _ => args == others,
    }
}

fn hash(func: &Func, inst: Value) -> u32 {
    let args = func.args(inst);
    match args.len() {
        2 => {
            let (first, second) = operands(func, inst);
            super::table::hash(&func.op(inst), &[first, second])
        }
        _ => super::table::hash(&func.op(inst), args),
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::testing;
    use crate::ssa::dom::Dominators;

    fn numbered(body: &str) -> String {
        testing::after("(i32, i32, f64) -> ()", body, |func| {
            let dominators = Dominators::new(func);
            run(func, &dominators);
        })
    }

    #[test]
    fn equal_instructions_are_computed_once() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.add v0, v1
  v3: i32 = i32.add v1, v0
  v4: i32 = i32.sub v0, v1
  v5: i32 = i32.sub v1, v0
  v6: i32 = i32.mul v3, v4
  v7: i32 = i32.mul v2, v4
  return v6, v7, v5
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.add v0, v1
  v4: i32 = i32.sub v0, v1
  v5: i32 = i32.sub v1, v0
  v6: i32 = i32.mul v2, v4
  return v6, v6, v5
";
        assert_eq!(numbered(body), expected);
    }

    #[test]
    fn sums_of_floats_keep_their_order() {
        let body = "\
b0:
  v0: f64 = arg 2
  v1: f64 = f64.neg v0
  v2: f64 = f64.add v0, v1
  v3: f64 = f64.add v1, v0
  return v2, v3
";
        assert_eq!(numbered(body), body);
    }

    #[test]
    fn an_equal_one_has_to_dominate() {
        // Neither arm sees what the other computes, and the block behind both sees neither; what stands above, all see.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.add v0, v1
  branch v0, b1, b2
b1:
  v3: i32 = i32.add v0, v1
  v4: i32 = i32.mul v0, v1
  jump b3(v3, v4)
b2:
  v5: i32 = i32.mul v0, v1
  jump b3(v5, v5)
b3(v6: i32, v7: i32):
  v8: i32 = i32.mul v0, v1
  v9: i32 = i32.add v0, v1
  return v6, v7, v8, v9
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.add v0, v1
  branch v0, b1, b2
b1:
  v4: i32 = i32.mul v0, v1
  jump b3(v2, v4)
b2:
  v5: i32 = i32.mul v0, v1
  jump b3(v5, v5)
b3(v6: i32, v7: i32):
  v8: i32 = i32.mul v0, v1
  return v6, v7, v8, v2
";
        assert_eq!(numbered(body), expected);
    }

    #[test]
    fn what_was_decided_is_not_asked_again() {
        // Behind both arms nothing is known; the edge back to the head knows no more than the one into the loop.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.lt_s v0, v1
  branch v2, b1, b2
b1:
  v3: i32 = i32.lt_s v0, v1
  branch v3, b3(v0), b2
b2:
  v4: i32 = i32.lt_s v0, v1
  branch v4, b3(v1), b4
b3(v5: i32):
  branch v2, b3(v5), b5
b4:
  branch v2, b5, b6
b5:
  return v0
b6:
  return v1
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.lt_s v0, v1
  branch v2, b1, b2
b1:
  jump b3(v0)
b2:
  branch v2, b3(v1), b4
b3(v5: i32):
  branch v2, b3(v5), b5
b4:
  jump b6
b5:
  return v0
b6:
  return v1
";
        assert_eq!(numbered(body), expected);
    }

    #[test]
    fn what_may_trap_vanishes_under_an_equal_one_alone() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  v2: i32 = i32.div_s v0, v1
  v3: i32 = i32.div_s v0, v1
  jump b3(v3)
b2:
  jump b3(v0)
b3(v4: i32):
  v5: i32 = i32.div_s v0, v1
  return v4, v5
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  v2: i32 = i32.div_s v0, v1
  jump b3(v2)
b2:
  jump b3(v0)
b3(v4: i32):
  v5: i32 = i32.div_s v0, v1
  return v4, v5
";
        assert_eq!(numbered(body), expected);
    }

    #[test]
    fn folding_sees_what_numbering_found() {
        // The difference of equal sums.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.add v0, v1
  v3: i32 = i32.add v1, v0
  v4: i32 = i32.sub v2, v3
  return v4
";
        assert!(numbered(body).contains("v4: i32 = const 0x0"));
    }

    #[test]
    fn both_halves_of_wide_results() {
        let body = "\
b0:
  v0: i64 = const 0x7
  v1: i64 = const 0x9
  v2 = i64.mul_wide_u v0, v1
  v3: i64 = result 0 v2
  v4: i64 = result 1 v2
  v5 = i64.mul_wide_u v0, v1
  v6: i64 = result 0 v5
  v7: i64 = result 1 v5
  return v3, v4, v6, v7
";
        let expected = "\
b0:
  v0: i64 = const 0x7
  v1: i64 = const 0x9
  v2 = i64.mul_wide_u v0, v1
  v3: i64 = result 0 v2
  v4: i64 = result 1 v2
  return v3, v4, v3, v4
";
        assert_eq!(numbered(body), expected);
    }

    #[test]
    fn calls_and_loads_are_left_alone() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = load32_u memory0 0 v0
  v2: i32 = load32_u memory0 0 v0
  v3 = call func1 type0 v0
  v4: i32 = result 0 v3
  v5 = call func1 type0 v0
  v6: i32 = result 0 v5
  return v1, v2, v4, v6
";
        assert_eq!(numbered(body), body);
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(5, 4_000, |func| {
            let dominators = Dominators::new(func);
            run(func, &dominators)
        });
        assert!(changes > 4_000, "{changes}");
    }
}
