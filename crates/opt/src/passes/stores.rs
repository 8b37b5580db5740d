//! Dead-store elimination: drops stores to globals that are overwritten before anything can see them.
//!
//! Requires and preserves SSA. A store goes if the same block stores to the same global later, and nothing in between reads a
//! global that may be the same, calls, takes fuel or may trap: the host sees the globals of a program that was stopped.

use super::aliases::Aliases;
use crate::ssa::effects::Alias;
use crate::ssa::{Func, Op, Value};

/// How many globals are remembered as overwritten: each read of one goes through all of them.
const MOST_OVERWRITTEN: usize = 64;

/// Drops them. Returns how many.
pub fn run(func: &mut Func, aliases: Aliases<'_>) -> u32 {
    let mut dropped = 0;
    // The globals that are overwritten before anything looks.
    let mut overwritten = Vec::new();
    for at in 0..func.layout.len() {
        let block = func.layout[at];
        let is_store = |inst: &Value| matches!(func.op(*inst), Op::GlobalSet(_));
        if func.block(block).insts.iter().filter(|inst| is_store(inst)).count() < 2 {
            continue;
        }
        let insts = std::mem::take(&mut func.block_mut(block).insts);
        overwritten.clear();
        let mut kept = Vec::with_capacity(insts.len());
        for &inst in insts.iter().rev() {
            match func.op(inst) {
                Op::GlobalSet(global) if overwritten.contains(&global) => {
                    dropped += 1;
                    continue;
                }
                Op::GlobalSet(global) if overwritten.len() < MOST_OVERWRITTEN => overwritten.push(global),
                Op::GlobalSet(_) => {}
                Op::GlobalGet(global) => {
                    let read = aliases.class(Alias::Global(global));
                    overwritten.retain(|&other| aliases.class(Alias::Global(other)) != read);
                }
                op if op.effect().may_trap() && !super::facts::never_traps(func, inst) => overwritten.clear(),
                _ => {}
            }
            kept.push(inst);
        }
        kept.reverse();
        func.block_mut(block).insts = kept;
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::aliases::Aliases;
    use crate::passes::testing;

    #[test]
    fn what_is_overwritten_unseen_goes() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1 = global.set global0 v0
  v2 = global.set global1 v0
  v3: i32 = i32.add v0, v0
  v4 = global.set global0 v3
  v5: i32 = global.get global1
  v6 = global.set global1 v5
  v7: i32 = load32_u memory0 0 v0
  v8 = global.set global0 v7
  return
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v2 = global.set global1 v0
  v3: i32 = i32.add v0, v0
  v4 = global.set global0 v3
  v5: i32 = global.get global1
  v6 = global.set global1 v5
  v7: i32 = load32_u memory0 0 v0
  v8 = global.set global0 v7
  return
";
        let after = testing::after("(i32) -> ()", body, |func| assert_eq!(run(func, Aliases::default()), 1));
        assert_eq!(after, expected);
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(10, 4_000, |func| run(func, Aliases::default()));
        assert!(changes > 40, "{changes}");
    }
}
