//! Takes conditions apart: a branch on several comparisons becomes a branch on each.
//!
//! ```text
//!   b0: c = i32.or (x == 1), (y == 2)        b0: branch (x == 1), b1, b3
//!       branch c, b1, b2                ─▶   b3: branch (y == 2), b1, b2
//! ```
//!
//! Requires and preserves SSA. A comparison whose result is a number takes four instructions where a branch takes one, and what is
//! decided by the first one need not look at the second. What only the second one needs is computed behind the first branch, if it has no
//! effect and cannot trap.

use upshift_core::ops::Binary;

use super::facts;
use super::sink::is_movable;
use crate::ssa::{Block, Func, Op, Target, Terminator, Value};

/// The most instructions that go behind a branch together.
const MOST_MOVED: usize = 16;
/// The most branches that one becomes.
const MOST_APART: usize = 8;
/// How much each of them may give the block that it may go to at once.
const MOST_GIVEN: usize = 16;

/// Takes branches apart. Returns how many there are more.
pub fn run(func: &mut Func) -> u32 {
    let is_any = func.layout.iter().any(|&block| connective(func, block).is_some());
    if !is_any {
        return 0;
    }
    let counts = func.use_counts();
    let old = std::mem::take(&mut func.layout);
    let mut layout = Vec::with_capacity(old.len() + 4);
    let mut more = 0;
    for block in old {
        // Blocks that come in this order, from the last one on.
        let mut waiting = vec![block];
        let mut apart = 1;
        while let Some(block) = waiting.pop() {
            while apart < MOST_APART
                && let Some(parts) = parts(func, &counts, block)
            {
                waiting.push(divide(func, &counts, block, parts));
                apart += 1;
            }
            layout.push(block);
        }
        more += apart as u32 - 1;
    }
    func.layout = layout;
    more
}

/// A condition of two.
struct Parts {
    /// Whether both have to hold, not one of them.
    is_both: bool,
    first: Value,
    second: Value,
}

/// What puts two numbers together that a block branches on, if anything does.
fn connective(func: &Func, block: Block) -> Option<(Value, bool)> {
    let Terminator::Branch { cond, .. } = func.block(block).term else { return None };
    match func.op(cond) {
        Op::Binary(Binary::I32Or) => Some((cond, false)),
        Op::Binary(Binary::I32And) => Some((cond, true)),
        _ => None,
    }
}

fn parts(func: &Func, counts: &[u32], block: Block) -> Option<Parts> {
    let (cond, is_both) = connective(func, block)?;
    let &[first, second] = func.args(cond) else { return None };
    let is_condition = |value: Value| {
        counts[value.index()] == 1
            && match func.op(value) {
                Op::Binary(Binary::I32Or | Binary::I32And) => facts::is_bool(func, value),
                Op::Binary(op) => op.is_compare(),
                _ => false,
            }
    };
    let mut given = 0;
    func.block(block).term.for_each_target(|target| given = given.max(func.list(target.args).len()));
    let fits =
        counts[cond.index()] == 1 && is_condition(first) && is_condition(second) && given <= MOST_GIVEN;
    fits.then_some(Parts { is_both, first, second })
}

/// Branches on the first part, and on the second one in a new block, which comes back.
fn divide(func: &mut Func, counts: &[u32], block: Block, parts: Parts) -> Block {
    let Parts { is_both, first, second } = parts;
    let next = func.new_block();
    let Terminator::Branch { cond, then, otherwise } = func.block(block).term else { return next };
    let mut moved = needed_for(func, counts, block, second);
    moved.push(cond);
    let insts = std::mem::take(&mut func.block_mut(block).insts);
    let (late, early): (Vec<_>, Vec<_>) = insts.into_iter().partition(|inst| moved.contains(inst));
    func.block_mut(block).insts = early;
    func.block_mut(next).insts = late.into_iter().filter(|&inst| inst != cond).collect();
    let beyond = if is_both { otherwise } else { then };
    let args = func.list(beyond.args).to_vec();
    let skips = Target { block: beyond.block, args: func.make_list(&args) };
    let goes_on = Target::new(next);
    let (now, not) = if is_both { (goes_on, skips) } else { (skips, goes_on) };
    let pos = func.block(block).pos;
    func.block_mut(block).term = Terminator::Branch { cond: first, then: now, otherwise: not };
    let data = func.block_mut(next);
    (data.term, data.pos) = (Terminator::Branch { cond: second, then, otherwise }, pos);
    next
}

/// What of a block is computed for a value alone, and may as well be computed later.
fn needed_for(func: &Func, counts: &[u32], block: Block, value: Value) -> Vec<Value> {
    let insts = &func.block(block).insts;
    let mut needed = Vec::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        let may_move = counts[value.index()] == 1 && is_movable(func, value);
        if may_move && needed.len() < MOST_MOVED && insts.contains(&value) {
            needed.push(value);
            waiting.extend_from_slice(func.args(value));
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use upshift_core::ops::Binary;

    use super::run;
    use crate::passes::testing;
    use crate::ssa::{Func, Op, Terminator, Ty};

    fn apart(body: &str) -> String {
        testing::after("(i32, i32) -> (i32)", body, |func| _ = run(func))
    }

    #[test]
    fn each_comparison_has_a_branch() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.eq v0, v1
  v3: i32 = i32.mul v0, v0
  v4: i32 = i32.lt_s v3, v1
  v5: i32 = i32.gt_u v0, v1
  v6: i32 = i32.and v4, v5
  v7: i32 = i32.or v2, v6
  branch v7, b1(v0), b2
b1(v8: i32):
  return v8
b2:
  return v1
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.eq v0, v1
  branch v2, b1(v0), b3
b3:
  v3: i32 = i32.mul v0, v0
  v4: i32 = i32.lt_s v3, v1
  branch v4, b4, b2
b4:
  v5: i32 = i32.gt_u v0, v1
  branch v5, b1(v0), b2
b1(v8: i32):
  return v8
b2:
  return v1
";
        assert_eq!(apart(body), expected);
    }

    #[test]
    fn what_has_an_effect_stays_in_front() {
        let body = |inst: &str| {
            format!(
                "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.eq v0, v1
  v3: i32 = {inst}
{{}}  branch {{}}, b1, b2
b1:
  return v0
b2:
  return v1
"
            )
        };
        for inst in ["load32_u memory0 0 v0", "i32.div_s v0, v1"] {
            let body = body(inst);
            let (late, or) = ("  v4: i32 = i32.lt_s v3, v1\n", "  v5: i32 = i32.or v2, v4\n");
            let before = body.replacen("{}", &format!("{late}{or}"), 1).replacen("{}", "v5", 1);
            let block = format!("  branch v2, b1, b3\nb3:\n{late}");
            let expected = body.replacen("{}", &block, 1).replacen("{}", "v4", 1);
            assert_eq!(apart(&before), expected, "{inst}");
        }
    }

    #[test]
    fn numbers_and_what_others_use_stay_together() {
        let program = |first: &str, second: &str, op: &str, result: &str| {
            format!(
                "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = {first}
  v3: i32 = {second}
  v4: i32 = i32.{op} v2, v3
  branch v4, b1, b2
b1:
  return {result}
b2:
  return v1
"
            )
        };
        let (equal, less) = ("i32.eq v0, v1", "i32.lt_s v0, v1");
        assert_ne!(apart(&program(equal, less, "or", "v0")), program(equal, less, "or", "v0"));
        for (first, second, op, result) in [
            ("i32.add v0, v1", less, "or", "v0"),
            ("i32.add v0, v1", less, "and", "v0"),
            (equal, "i32.or v0, v1", "and", "v0"),
            (equal, less, "xor", "v0"),
            (equal, less, "or", "v2"),
            (equal, less, "or", "v3"),
            (equal, less, "or", "v4"),
        ] {
            let body = program(first, second, op, result);
            assert_eq!(apart(&body), body);
        }
    }

    #[test]
    fn a_branch_becomes_no_more_than_a_few() {
        let mut body = "b0:\n  v0: i32 = arg 0\n  v1: i32 = arg 1\n".to_owned();
        for number in 2..18 {
            body += &format!("  v{number}: i32 = i32.lt_s v0, v1\n");
        }
        // Two of those before make each: a tree.
        for number in 18..33 {
            let first = 2 * number - 34;
            body += &format!("  v{number}: i32 = i32.or v{first}, v{}\n", first + 1);
        }
        body += "  branch v32, b1, b2\nb1:\n  return v0\nb2:\n  return v1\n";
        assert_eq!(apart(&body).matches("branch").count(), super::MOST_APART);
    }

    /// Makes conditions of several comparisons that are what they were.
    fn put_together(func: &mut Func) {
        for block in func.layout.clone() {
            let Terminator::Branch { cond, .. } = func.block(block).term else { continue };
            let pos = func.block(block).pos;
            let mut add = |op: Op, args: &[_]| func.append(block, op, Some(Ty::I32), args, pos);
            let zero = add(Op::Const(0), &[]);
            let five = add(Op::Const(5), &[]);
            let mut binary = |op: Binary, a, b| add(Op::Binary(op), &[a, b]);
            let holds = binary(Binary::I32Ne, cond, zero);
            let (below, above) = (binary(Binary::I32LtU, cond, five), binary(Binary::I32GeU, cond, five));
            let is_odd = block.0 % 2 == 1;
            let (inner, outer) = match is_odd {
                true => (Binary::I32Or, Binary::I32And),
                false => (Binary::I32And, Binary::I32Or),
            };
            let certain = binary(inner, below, above);
            let new =
                if block.0 % 3 == 0 { binary(outer, holds, certain) } else { binary(outer, certain, holds) };
            if let Terminator::Branch { cond, .. } = &mut func.block_mut(block).term {
                *cond = new;
            }
        }
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(15, 2_000, |func| {
            put_together(func);
            run(func)
        });
        assert!(changes > 500, "{changes}");
    }
}
