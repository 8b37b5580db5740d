//! Moves computations down to the blocks that use them.
//!
//! ```text
//! block after block from the last ─ instruction used only further down ─ does it save a register? ─▶ in front of its first user
//! ```
//!
//! Requires SSA. Preserves it and what the program does: what moves has no effect, cannot trap, and leaves loops but never enters one.
//!
//! A result that waits for a use behind a branch takes a register all the way; where its operands are wanted there anyway, it is
//! computed there instead. What has a single user in its own block goes along with that, as long as no more values have to wait then than
//! before.

use crate::ssa::dom::Dominators;
use crate::ssa::effects::Effect;
use crate::ssa::loops::Loops;
use crate::ssa::{Block, Func, Op, Terminator, Value};

use super::facts;

/// How many instructions move together at most.
const MOST_TOGETHER: usize = 16;

/// How many blocks up the search for a block above all users goes at most.
const MOST_STEPS: u32 = 64;

/// Moves instructions. Returns how many.
pub fn run(func: &mut Func, dominators: &Dominators, loops: &Loops) -> u32 {
    if func.layout.len() < 2 {
        return 0;
    }
    let count = func.values.len();
    let mut sinking = Sinking {
        dominators,
        loops,
        counts: func.use_counts(),
        home: vec![None; count],
        uses: vec![Uses::default(); count],
        moved: 0,
    };
    for &block in dominators.order() {
        let data = func.block(block);
        data.params.iter().chain(&data.insts).for_each(|value| sinking.home[value.index()] = Some(block));
    }
    for &block in dominators.order().iter().rev() {
        sinking.block(func, block);
    }
    let moved = sinking.moved;
    if moved > 0 {
        place(func, dominators, sinking.home);
    }
    moved
}

/// From where a value is used, as far as it is known: blocks whose instructions have been placed.
#[derive(Clone, Copy, Default)]
struct Uses {
    /// The block from which all of them can be reached.
    above: Option<Block>,
    /// One of the blocks farthest down.
    last: Option<Block>,
    /// Whether looking for the block above would have taken too long.
    is_lost: bool,
}

struct Sinking<'a> {
    dominators: &'a Dominators,
    loops: &'a Loops,
    /// How often each value is used.
    counts: Vec<u32>,
    /// The block in which each value is made.
    home: Vec<Option<Block>>,
    uses: Vec<Uses>,
    moved: u32,
}

impl Sinking<'_> {
    fn block(&mut self, func: &Func, block: Block) {
        let data = func.block(block);
        data.term.for_each_use(func, |value| self.note(value, block));
        for &inst in data.insts.iter().rev() {
            if self.home[inst.index()] == Some(block)
                && let Some(to) = self.target(func, block, inst)
                && let Some(together) = self.together(func, block, inst)
            {
                self.moved += together.len() as u32;
                together.iter().for_each(|value| self.home[value.index()] = Some(to));
            }
            let home = self.home[inst.index()].unwrap_or(block);
            func.args(inst).iter().for_each(|&arg| self.note(arg, home));
        }
    }

    /// A value is used in a block.
    fn note(&mut self, value: Value, block: Block) {
        let uses = &mut self.uses[value.index()];
        uses.last.get_or_insert(block);
        let Some(mut above) = uses.above else {
            uses.above = Some(block);
            return;
        };
        let (dominators, mut other) = (self.dominators, block);
        let mut steps = 0;
        while above != other {
            let deeper =
                if dominators.position(above) > dominators.position(other) { &mut above } else { &mut other };
            match dominators.immediate(*deeper) {
                Some(next) if steps < MOST_STEPS => *deeper = next,
                _ => {
                    uses.is_lost = true;
                    return;
                }
            }
            steps += 1;
        }
        uses.above = Some(above);
    }

    /// The block that an instruction could move to.
    fn target(&self, func: &Func, block: Block, inst: Value) -> Option<Block> {
        let uses = self.uses[inst.index()];
        let mut to = uses.above.filter(|_| !uses.is_lost)?;
        if to == block || !is_movable(func, inst) {
            return None;
        }
        let from = self.loops.around(block);
        let enters = |to| {
            self.loops
                .around(to)
                .is_some_and(|around| from.is_none_or(|from| !self.loops.nests(around, from)))
        };
        let mut steps = 0;
        while enters(to) {
            to = self.dominators.immediate(to).filter(|_| steps < MOST_STEPS)?;
            steps += 1;
        }
        (to != block).then_some(to)
    }

    /// The instructions that move together with one, itself first, unless more values would have to wait than before.
    fn together(&self, func: &Func, block: Block, inst: Value) -> Option<Vec<Value>> {
        let mut together = vec![inst];
        let mut waiting = 0;
        let mut seen: Vec<Value> = Vec::new();
        let mut at = 0;
        while let Some(&value) = together.get(at) {
            at += 1;
            for &arg in func.args(value) {
                if is_constant(func, arg) || seen.contains(&arg) || self.waits(block, arg) {
                    continue;
                }
                let is_here = self.home[arg.index()] == Some(block);
                let is_only = self.counts[arg.index()] == 1;
                if is_here && is_only && is_movable(func, arg) && together.len() < MOST_TOGETHER {
                    together.push(arg);
                } else if is_here && is_only && !matches!(func.op(arg), Op::Param(_) | Op::Arg(_)) {
                    // What is loaded for this instruction becomes part of it.
                    return None;
                } else {
                    seen.push(arg);
                    waiting += 1;
                }
            }
            if waiting > 1 {
                return None;
            }
        }
        Some(together)
    }

    /// Whether a value is wanted behind a block in any case.
    fn waits(&self, block: Block, value: Value) -> bool {
        let uses = self.uses[value.index()];
        let is_below = |other: Option<Block>| {
            other.is_some_and(|other| other != block && self.dominators.dominates(block, other))
        };
        // What comes from outside of a loop is there in each round.
        let comes_from_outside = || {
            let around = self.loops.around(block);
            around.is_some_and(|around| {
                self.home[value.index()].is_none_or(|home| !self.loops.contains(around, home))
            })
        };
        is_below(uses.last) || is_below(uses.above) || comes_from_outside()
    }
}

pub(super) fn is_constant(func: &Func, value: Value) -> bool {
    matches!(func.op(value), Op::Const(_) | Op::ConstV128(_))
}

/// Whether an instruction may stand further down.
pub(super) fn is_movable(func: &Func, inst: Value) -> bool {
    match func.op(inst) {
        // They stand at the begin of a block or right behind something.
        Op::Param(_)
        | Op::Arg(_)
        | Op::SlotLoad(_)
        | Op::Wide(_)
        | Op::Result(_)
        | Op::Caught(_)
        | Op::CaughtRef => false,
        // Each user makes its own.
        Op::Const(_) | Op::ConstV128(_) => false,
        op => match op.effect() {
            Effect::Pure => true,
            Effect::MayTrap => facts::never_traps(func, inst),
            _ => false,
        },
    }
}

/// Brings instructions into the blocks where they belong, each in front of the first one that uses it, or at the end.
fn place(func: &mut Func, dominators: &Dominators, home: Vec<Option<Block>>) {
    let mut moves = vec![false; func.values.len()];
    let mut comes: Vec<Vec<Value>> = vec![Vec::new(); func.blocks.len()];
    for &block in dominators.order() {
        let mut insts = std::mem::take(&mut func.block_mut(block).insts);
        insts.retain(|&inst| {
            if let Some(to) = home[inst.index()].filter(|&to| to != block) {
                moves[inst.index()] = true;
                comes[to.index()].push(inst);
            }
            !moves[inst.index()]
        });
        func.block_mut(block).insts = insts;
    }
    for &block in dominators.order() {
        let is_missing =
            |moves: &[bool], value: Value| moves[value.index()] && home[value.index()] == Some(block);
        let old = std::mem::take(&mut func.block_mut(block).insts);
        let mut placer = Placer { func: &*func, insts: Vec::with_capacity(old.len()), moves: &mut moves };
        let (old, call) = match placer.func.block(block).term {
            // The call comes last.
            Terminator::Invoke { .. } => old.split_at(old.len() - 1),
            _ => (&old[..], &[][..]),
        };
        for &inst in old {
            placer.users(inst, is_missing);
        }
        // What only blocks further down use.
        for &value in &comes[block.index()] {
            if is_missing(placer.moves, value) {
                placer.users(value, is_missing);
            }
        }
        placer.insts.extend_from_slice(call);
        let insts = placer.insts;
        func.block_mut(block).insts = insts;
    }
}

/// Puts instructions in order: what has no place of its own goes in front of what uses it.
pub(super) struct Placer<'a> {
    pub(super) func: &'a Func,
    /// Those that are in order.
    pub(super) insts: Vec<Value>,
    /// What has not found its place yet.
    pub(super) moves: &'a mut [bool],
}

impl Placer<'_> {
    /// Adds what an instruction uses, as far as it is missing, and then the instruction.
    pub(super) fn users(&mut self, inst: Value, is_missing: impl Fn(&[bool], Value) -> bool) {
        let mut waiting = vec![inst];
        while let Some(&value) = waiting.last() {
            let before = waiting.len();
            waiting.extend(self.func.args(value).iter().copied().filter(|&arg| is_missing(self.moves, arg)));
            if waiting.len() == before {
                waiting.pop();
                if value == inst || is_missing(self.moves, value) {
                    self.insts.push(value);
                    self.moves[value.index()] = false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::testing;
    use crate::ssa::Func;
    use crate::ssa::dom::Dominators;
    use crate::ssa::loops::Loops;

    fn sink(func: &mut Func) -> u32 {
        let dominators = Dominators::new(func);
        let loops = Loops::new(func, &dominators, &func.predecessors());
        run(func, &dominators, &loops)
    }

    fn sunk(body: &str) -> String {
        testing::after("(i32, i32) -> (i32)", body, |func| {
            sink(func);
        })
    }

    #[test]
    fn what_saves_a_register_goes_where_it_is_used() {
        // Both operands of the sum wait for b1 anyway; the product has none that does, the load may trap.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.xor v0, v1
  v3: i32 = i32.add v2, v0
  v4: i32 = load32_u memory0 0 v0
  v5: i32 = load32_u memory0 4 v0
  v6: i32 = i32.mul v4, v5
  branch v6, b1, b2
b1:
  v7: i32 = i32.sub v0, v1
  v8: i32 = i32.or v7, v3
  v9: i32 = i32.or v8, v6
  return v9
b2:
  return v4
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v4: i32 = load32_u memory0 0 v0
  v5: i32 = load32_u memory0 4 v0
  v6: i32 = i32.mul v4, v5
  branch v6, b1, b2
b1:
  v7: i32 = i32.sub v0, v1
  v2: i32 = i32.xor v0, v1
  v3: i32 = i32.add v2, v0
  v8: i32 = i32.or v7, v3
  v9: i32 = i32.or v8, v6
  return v9
b2:
  return v4
";
        assert_eq!(sunk(body), expected);
    }

    #[test]
    fn nothing_enters_a_loop_but_it_may_leave_one() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.xor v0, v1
  jump b1(v0)
b1(v3: i32):
  v4: i32 = i32.sub v3, v1
  v5: i32 = i32.xor v4, v0
  v6: i32 = i32.or v4, v2
  branch v6, b1(v4), b2
b2:
  v7: i32 = i32.add v5, v4
  return v7
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.xor v0, v1
  jump b1(v0)
b1(v3: i32):
  v4: i32 = i32.sub v3, v1
  v6: i32 = i32.or v4, v2
  branch v6, b1(v4), b2
b2:
  v5: i32 = i32.xor v4, v0
  v7: i32 = i32.add v5, v4
  return v7
";
        assert_eq!(sunk(body), expected);
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(31, 4_000, sink);
        assert!(changes > 1_000, "{changes}");
    }
}
