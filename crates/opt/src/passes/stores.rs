//! Dead-store elimination: drops stores to globals and memories that are overwritten before anything can see them.
//!
//! Requires and preserves SSA. A store to a global goes if the same block stores to the same global later, and nothing in between
//! reads a global that may be the same, calls, takes fuel or may trap: the host sees the globals of a program that was stopped.
//! One to a memory goes if the next instruction that is not pure stores as many bytes to the same place: that traps for it, at its place
//! in the program.

use super::aliases::Aliases;
use crate::ssa::effects::{Alias, Effect};
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
        let is_store = |inst: &Value| matches!(func.op(*inst), Op::GlobalSet(_) | Op::Store { .. });
        if func.block(block).insts.iter().filter(|inst| is_store(inst)).count() < 2 {
            continue;
        }
        let insts = std::mem::take(&mut func.block_mut(block).insts);
        overwritten.clear();
        // The store behind which all is pure.
        let mut behind = None;
        let mut kept = Vec::with_capacity(insts.len());
        for &inst in insts.iter().rev() {
            if let Some(behind) = behind
                && is_overwritten(func, inst, behind)
            {
                func.value_mut(behind).pos = func.value(inst).pos;
                dropped += 1;
                continue;
            }
            behind = match func.op(inst) {
                Op::Store { .. } => Some(inst),
                op if op.effect() == Effect::Pure => behind,
                _ => None,
            };
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

/// Whether a store writes to the same bytes as a later one.
fn is_overwritten(func: &Func, inst: Value, later: Value) -> bool {
    let (Op::Store { op, memory, offset }, Op::Store { op: other, memory: its_memory, offset: its_offset }) =
        (func.op(inst), func.op(later))
    else {
        return false;
    };
    op.bytes() == other.bytes()
        && (memory, offset) == (its_memory, its_offset)
        && func.args(inst)[0] == func.args(later)[0]
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
    fn what_is_overwritten_in_memory_at_once_goes() {
        // The next one is wider, and may trap where this one does not; then a load looks; then a global is changed first.
        let body = "\
b0:
  v0: i32 = arg 0
  v1 = store32 memory0 8 v0, v0
  v2: i32 = i32.add v0, v0
  v3 = store32 memory0 8 v0, v2
  v4: i64 = i64.extend_i32_u v2
  v5 = store64 memory0 8 v0, v4
  v6: i32 = load32_u memory0 8 v0
  v7 = store64 memory0 8 v0, v4
  v8 = global.set global0 v6
  v9 = store64 memory0 8 v0, v4
  return
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v2: i32 = i32.add v0, v0
  v3 = store32 memory0 8 v0, v2
  v4: i64 = i64.extend_i32_u v2
  v5 = store64 memory0 8 v0, v4
  v6: i32 = load32_u memory0 8 v0
  v7 = store64 memory0 8 v0, v4
  v8 = global.set global0 v6
  v9 = store64 memory0 8 v0, v4
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
