//! Dead-code elimination: drops instructions and parameters of blocks that nothing uses.
//!
//! Requires SSA without blocks that cannot be reached. Preserves it and all effects: what may trap stays, dead loads too, unless it is
//! certain not to trap. A parameter is live if something live uses it, so values that only circulate in a loop
//! vanish. The results of a call or of a wide operation stay with it.

use super::facts;
use super::params::Incoming;
use crate::ssa::{Func, Op, Value};

/// Drops them. Returns how many instructions and parameters.
pub fn run(func: &mut Func) -> u32 {
    let mut live = Live { marks: vec![false; func.values.len()], waiting: Vec::new() };
    let given = Incoming::new(func);
    let mut block_of: Vec<u32> = vec![0; func.values.len()];
    for &block in &func.layout {
        let data = func.block(block);
        for &param in &data.params {
            block_of[param.index()] = block.0;
        }
        for &inst in &data.insts {
            if !is_removable(func, inst) {
                live.mark(inst);
            }
        }
        data.term.operand().into_iter().for_each(|value| live.mark(value));
        func.list(data.term.list()).iter().for_each(|&value| live.mark(value));
    }
    while let Some(value) = live.waiting.pop() {
        func.args(value).iter().for_each(|&arg| live.mark(arg));
        if let Op::Param(number) = func.op(value) {
            for &list in given.of(block_of[value.index()] as usize) {
                live.mark(func.list(list)[number as usize]);
            }
        }
    }
    let marks = live.marks;
    let mut dropped = 0;
    for at in 0..func.layout.len() {
        let block = func.layout[at];
        let mut insts = std::mem::take(&mut func.block_mut(block).insts);
        let before = insts.len();
        insts.retain(|&inst| {
            marks[inst.index()] || matches!(func.op(inst), Op::Result(_)) && marks[func.args(inst)[0].index()]
        });
        dropped += (before - insts.len()) as u32;
        func.block_mut(block).insts = insts;
        dropped += func.block(block).params.iter().filter(|param| !marks[param.index()]).count() as u32;
    }
    func.retain_params(|_, param| marks[param.index()]);
    dropped
}

struct Live {
    marks: Vec<bool>,
    waiting: Vec<Value>,
}

impl Live {
    fn mark(&mut self, value: Value) {
        if !std::mem::replace(&mut self.marks[value.index()], true) {
            self.waiting.push(value);
        }
    }
}

/// Whether an instruction may go when nothing uses its result.
fn is_removable(func: &Func, inst: Value) -> bool {
    match func.op(inst) {
        // A block that exceptions lead to begins with all that it is given.
        Op::Caught(_) | Op::CaughtRef => false,
        op => op.effect().is_removable() || facts::never_traps(func, inst),
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::testing;

    fn without(body: &str) -> String {
        testing::after("(i32, i32) -> (i32)", body, |func| {
            run(func);
        })
    }

    #[test]
    fn what_nobody_uses_goes_unless_it_may_trap() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.add v0, v1
  v3: i32 = i32.mul v2, v2
  v4: i32 = load32_u memory0 0 v2
  v5: i32 = i32.div_u v0, v1
  v6: i32 = const 0x3
  v7: i32 = i32.div_u v0, v6
  v8: i32 = global.get global0
  v9: i32 = memory.size memory0
  v10 = call func1 type0 v0
  v11: i32 = result 0 v10
  return v1
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.add v0, v1
  v4: i32 = load32_u memory0 0 v2
  v5: i32 = i32.div_u v0, v1
  v10 = call func1 type0 v0
  v11: i32 = result 0 v10
  return v1
";
        assert_eq!(without(body), expected);
    }

    #[test]
    fn what_only_circulates_goes() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0, v1)
b1(v2: i32, v3: i32):
  v4: i32 = i32.add v2, v1
  v5: i32 = i32.sub v3, v1
  branch v5, b1(v4, v5), b2
b2:
  return v5
";
        let expected = "\
b0:
  v1: i32 = arg 1
  jump b1(v1)
b1(v3: i32):
  v5: i32 = i32.sub v3, v1
  branch v5, b1(v5), b2
b2:
  return v5
";
        assert_eq!(without(body), expected);
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(9, 4_000, run);
        assert!(changes > 2_000, "{changes}");
    }
}
