//! If-conversion: makes selects of branches over next to nothing, where the processor would predict badly.
//!
//! ```text
//!   b0: branch c, b1, b2        b0: v = i32.add x, 1
//!   b1: v = i32.add x, 1            w = select c, v, x
//!       jump b2(v)         ─▶       jump b2(w)
//!   b2(w): …                    b2(w): …
//! ```
//!
//! Requires and preserves SSA. The arms have one predecessor and together few instructions, pure and cheap, and bring few different values.
//! The condition compares what was loaded just before: data, which is hard to predict. Where an arm brings one of the compared values
//! itself (a search for the least element), each round would wait for the last one's select, and the branch stays.

use upshift_core::ops::Binary;

use super::ints::Int;
use crate::ssa::{Block, Func, List, Op, Target, Terminator, Ty, Value};

/// What a branch may be over.
#[derive(Clone, Copy)]
struct Limits {
    /// Instructions in both arms together.
    instructions: usize,
    /// Values that differ.
    selects: usize,
    /// Which conditions.
    condition: fn(&Func, Value) -> bool,
}

/// What pays.
const WORTH_IT: Limits = Limits { instructions: 2, selects: 2, condition: compares_data };

/// Converts branches. Returns how many; their arms are unreachable then.
pub fn run(func: &mut Func) -> u32 {
    within(func, WORTH_IT)
}

fn within(func: &mut Func, limits: Limits) -> u32 {
    let mut edges_in = vec![0u32; func.blocks.len()];
    for &block in &func.layout {
        func.block(block).term.for_each_successor(|next| edges_in[next.index()] += 1);
    }
    let mut changes = 0;
    // Inner ones first, so that what is left of them may be part of an outer arm.
    for at in (0..func.layout.len()).rev() {
        let block = func.layout[at];
        if let Terminator::Branch { cond, then, otherwise } = func.block(block).term
            && (limits.condition)(func, cond)
            && let Some((arms, [then, otherwise])) =
                meeting(func, &edges_in, block, [then, otherwise], limits)
            && let Some(chosen) = choices(func, cond, [then.args, otherwise.args], limits)
        {
            convert(func, block, cond, &arms, then, otherwise, chosen);
            edges_in[then.block.index()] -= 1;
            changes += 1;
        }
    }
    changes
}

/// Whether a condition compares something that was loaded.
fn compares_data(func: &Func, cond: Value) -> bool {
    let Op::Binary(op) = func.op(cond) else { return false };
    op.is_compare() && func.args(cond).iter().any(|&arg| is_loaded(func, arg))
}

/// Whether a value comes from memory, itself or by one operator.
fn is_loaded(func: &Func, value: Value) -> bool {
    let is_load =
        |value: Value| matches!(func.op(value), Op::Load { .. } | Op::FieldLoad { .. } | Op::ElementLoad(_));
    match func.op(value) {
        Op::Unary(_) => is_load(func.args(value)[0]),
        Op::Binary(_) => func.args(value).iter().any(|&arg| is_load(arg)),
        _ => is_load(value),
    }
}

/// The arms of a branch that meet at once, and what they bring to the block where they do.
fn meeting(
    func: &Func,
    edges_in: &[u32],
    block: Block,
    [then, otherwise]: [Target; 2],
    limits: Limits,
) -> Option<(Vec<Block>, [Target; 2])> {
    // Where an arm leads, if it is one.
    let arm = |target: Target| match func.block(target.block).term {
        Terminator::Jump(next)
            if edges_in[target.block.index()] == 1
                && target.args.is_empty()
                && func.block(target.block).params.is_empty()
                && next.block != target.block
                && func.block(target.block).insts.iter().all(|&inst| is_cheap(func, inst)) =>
        {
            Some(next)
        }
        _ => None,
    };
    let (arms, ends) = match (arm(then), arm(otherwise)) {
        (Some(x), Some(y)) if x.block == y.block => (vec![then.block, otherwise.block], [x, y]),
        (Some(x), _) if x.block == otherwise.block => (vec![then.block], [x, otherwise]),
        (_, Some(y)) if y.block == then.block => (vec![otherwise.block], [then, y]),
        _ => return None,
    };
    let count: usize = arms.iter().map(|&arm| instructions(func, arm).count()).sum();
    (ends[0].block != block && count <= limits.instructions).then_some((arms, ends))
}

/// What a block computes but for constants.
fn instructions(func: &Func, block: Block) -> impl Iterator<Item = Value> {
    func.block(block).insts.iter().copied().filter(|&inst| !matches!(func.op(inst), Op::Const(_)))
}

/// Whether an instruction may be executed speculatively: it takes a cycle and does nothing else.
fn is_cheap(func: &Func, inst: Value) -> bool {
    match func.op(inst) {
        Op::Const(_) => true,
        Op::Binary(op) => Int::of(op).is_some_and(|(int, _)| {
            int != Int::Mul && !op.may_trap() && op != Binary::I64Rotl && op != Binary::I64Rotr
        }),
        Op::Unary(op) => {
            let [operand] = *op.operands() else { return false };
            let is_integer = |ty| matches!(Ty::of(ty), Ty::I32 | Ty::I64);
            !op.may_trap() && is_integer(operand) && is_integer(op.result())
        }
        _ => false,
    }
}

/// The positions at which the arms bring different values, if a select for each is worth it.
fn choices(func: &Func, cond: Value, [then, otherwise]: [List; 2], limits: Limits) -> Option<Vec<usize>> {
    let pairs = func.list(then).iter().zip(func.list(otherwise));
    let different: Vec<usize> = pairs.enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
    let compared = func.args(cond);
    let fits = |&at: &usize| {
        let pair = [func.list(then)[at], func.list(otherwise)[at]];
        matches!(func.ty(pair[0]), Ty::I32 | Ty::I64) && pair.iter().all(|value| !compared.contains(value))
    };
    (different.len() <= limits.selects && different.iter().all(fits)).then_some(different)
}

fn convert(
    func: &mut Func,
    block: Block,
    cond: Value,
    arms: &[Block],
    then: Target,
    otherwise: Target,
    chosen: Vec<usize>,
) {
    for &arm in arms {
        let insts = std::mem::take(&mut func.block_mut(arm).insts);
        func.block_mut(block).insts.extend(insts);
    }
    let pos = func.block(block).pos;
    let mut args = func.list(then.args).to_vec();
    for at in chosen {
        let (a, b) = (args[at], func.list(otherwise.args)[at]);
        let ty = func.ty(a);
        args[at] = func.append(block, Op::Select, Some(ty), &[cond, a, b], pos);
    }
    let args = func.make_list(&args);
    func.block_mut(block).term = Terminator::Jump(Target { block: then.block, args });
    for &arm in arms {
        func.block_mut(arm).term = Terminator::Trap(upshift_core::Trap::UnreachableCodeReached);
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, run, within};
    use crate::passes::{blocks, testing};

    fn selected(body: &str) -> String {
        testing::after("(i32, i32) -> ()", body, |func| {
            run(func);
            blocks::run(func);
        })
    }

    #[test]
    fn a_step_that_depends_on_data_is_selected() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = load32_u memory0 4 v0
  v4: i32 = i32.lt_s v2, v3
  branch v4, b1, b2(v1)
b1:
  v5: i32 = const 0x1
  v6: i32 = i32.add v1, v5
  jump b2(v6)
b2(v7: i32):
  return v7
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = load32_u memory0 4 v0
  v4: i32 = i32.lt_s v2, v3
  v5: i32 = const 0x1
  v6: i32 = i32.add v1, v5
  v8: i32 = select v4, v6, v1
  return v8
";
        assert_eq!(selected(body), expected);
    }

    #[test]
    fn what_can_be_foreseen_traps_or_waits_for_itself_stays_a_branch() {
        let program = |compared: &str, arm: &str, brought: &str| {
            format!(
                "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v4: i32 = i32.lt_s {compared}, v1
  branch v4, b1, b2(v1)
b1:
  v6: i32 = {arm} v0, v0
  jump b2({brought})
b2(v7: i32):
  return v7
"
            )
        };
        // No data; a division; the least of two values.
        for (compared, arm, brought) in
            [("v0", "i32.add", "v6"), ("v2", "i32.div_u", "v6"), ("v2", "i32.add", "v2")]
        {
            let body = program(compared, arm, brought);
            assert_eq!(selected(&body), body);
        }
    }

    #[test]
    fn random_programs_do_the_same() {
        // Whatever the condition and the number of instructions: there is little of the kind that pays.
        let limits = Limits { instructions: 100, selects: 4, condition: |_, _| true };
        let changes = testing::check(14, 4_000, |func| {
            let changes = within(func, limits);
            blocks::run(func);
            changes
        });
        assert!(changes > 5, "{changes}");
    }
}
