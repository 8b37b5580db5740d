//! Simplifies the control-flow graph: unreachable blocks, jump threading, empty blocks, straight chains of blocks.
//!
//! Requires SSA. Preserves it, the instructions and their order on each path. Four steps, each over all blocks:
//!
//! 1. unreachable blocks leave the layout,
//! 2. an edge that brings a constant to a block that only branches on it leads where that branch does (jump threading),
//! 3. an edge to a block that does nothing leads where that block does, unless arguments would have to be passed there,
//! 4. a block is merged into its only predecessor, if that has no other successor.
//!
//! Blocks that exceptions or returns of calls lead to stay as they are: they have no other predecessor.

use crate::ssa::{Block, BlockData, Func, List, Op, Pos, Target, Terminator, Value};

/// Simplifies. Returns how many blocks and edges have changed or gone.
pub fn run(func: &mut Func) -> u32 {
    let mut changes = drop_unreachable(func);
    changes += thread_jumps(func);
    changes += skip_empty(func);
    changes += drop_unreachable(func);
    changes + merge_chains(func)
}

/// Takes all blocks out of the layout that the entry does not lead to.
pub(super) fn drop_unreachable(func: &mut Func) -> u32 {
    let mut reached = vec![false; func.blocks.len()];
    let mut waiting = vec![func.entry];
    reached[func.entry.index()] = true;
    while let Some(block) = waiting.pop() {
        func.block(block).term.for_each_successor(|next| {
            if !std::mem::replace(&mut reached[next.index()], true) {
                waiting.push(next);
            }
        });
    }
    let before = func.layout.len();
    let mut layout = std::mem::take(&mut func.layout);
    layout.retain(|&block| {
        if !reached[block.index()] {
            *func.block_mut(block) = unused();
        }
        reached[block.index()]
    });
    func.layout = layout;
    (before - func.layout.len()) as u32
}

/// A block that is not in use.
fn unused() -> BlockData {
    BlockData { params: Vec::new(), insts: Vec::new(), term: Terminator::None, pos: Pos::NONE }
}

/// Changes the targets of a block's end: `f` returns another one, or nothing.
fn redirect(func: &mut Func, block: Block, mut f: impl FnMut(&mut Func, Target) -> Option<Target>) -> u32 {
    let mut term = std::mem::replace(&mut func.block_mut(block).term, Terminator::None);
    let mut changes = 0;
    term.for_each_target_mut(|target| {
        if let Some(other) = f(func, *target) {
            *target = other;
            changes += 1;
        }
    });
    if changes > 0
        && let Terminator::Table { cases, targets, .. } = &mut term
    {
        merge_targets(func, cases, targets);
    }
    func.block_mut(block).term = term;
    changes
}

/// Lets each target of a table appear once.
fn merge_targets(func: &Func, cases: &mut [u32], targets: &mut Vec<Target>) {
    // Targets that lead to the same block stand together in this order, and the first one of each run is kept.
    let mut order: Vec<u32> = (0..targets.len() as u32).collect();
    order.sort_by_key(|&at| (targets[at as usize].block, at));
    let mut same: Vec<u32> = (0..targets.len() as u32).collect();
    for pair in order.windows(2) {
        let (known, other) = (same[pair[0] as usize], pair[1]);
        let (a, b) = (targets[known as usize], targets[other as usize]);
        if a.block == b.block && func.list(a.args) == func.list(b.args) {
            same[other as usize] = known;
        }
    }
    let mut left: Vec<Target> = Vec::with_capacity(targets.len());
    let mut new = Vec::with_capacity(targets.len());
    for (at, &target) in targets.iter().enumerate() {
        if same[at] == at as u32 {
            new.push(left.len() as u32);
            left.push(target);
        } else {
            new.push(new[same[at] as usize]);
        }
    }
    for case in cases {
        *case = new[*case as usize];
    }
    *targets = left;
}

/// The number of the parameter that a block only branches on, if it does nothing else.
fn deciding_parameter(func: &Func, block: Block, uses: &[u32]) -> Option<u32> {
    let data = func.block(block);
    if !data.insts.is_empty() || !matches!(data.term, Terminator::Branch { .. } | Terminator::Table { .. }) {
        return None;
    }
    let Op::Param(number) = func.op(data.term.operand()?) else { return None };
    if data.params.get(number as usize) != data.term.operand().as_ref() {
        return None;
    }
    // Nothing behind the block may use what it was given: there would be two values for it then.
    let mut own = vec![0; data.params.len()];
    data.term.for_each_use(func, |value| {
        if let Op::Param(number) = func.op(value)
            && data.params.get(number as usize) == Some(&value)
        {
            own[number as usize] += 1;
        }
    });
    let all = data.params.iter().zip(&own).all(|(&param, &own)| uses[param.index()] == own);
    all.then_some(number)
}

/// How many arguments of targets [`thread_jumps`] may copy, besides as many as there are values: a block with many edges in and many
/// arguments on its edges out would have their product.
const MOST_COPIED: usize = 1 << 12;

/// Leads edges that bring a constant past the block that only branches on it.
fn thread_jumps(func: &mut Func) -> u32 {
    let mut any = false;
    for at in 0..func.layout.len() {
        let data = func.block(func.layout[at]);
        any |= data.insts.is_empty() && data.term.operand().is_some() && !data.params.is_empty();
    }
    if !any {
        return 0;
    }
    let uses = func.use_counts();
    let deciding: Vec<Option<u32>> =
        (0..func.blocks.len() as u32).map(|block| deciding_parameter(func, Block(block), &uses)).collect();
    let mut place = vec![0; func.blocks.len()];
    for (at, block) in func.layout.iter().enumerate() {
        place[block.index()] = at;
    }
    let (mut changes, mut room) = (0, func.values.len() + MOST_COPIED);
    for at in 0..func.layout.len() {
        let block = func.layout[at];
        changes += redirect(func, block, |func, target| {
            // Back edges stay: past the head of a loop they would make it one with several entries.
            let number = deciding[target.block.index()].filter(|_| place[target.block.index()] > at)?;
            let bits = func.constant(func.list(target.args)[number as usize])?;
            let next = decided(&func.block(target.block).term, bits as u32)?;
            room = room.checked_sub(next.args.len())?;
            Some(Target { block: next.block, args: substitute(func, target, next.args) })
        });
    }
    changes
}

/// Where a terminator leads that chooses by a constant, if it chooses.
pub(super) fn decided(term: &Terminator, bits: u32) -> Option<Target> {
    match term {
        Terminator::Branch { then, otherwise, .. } => Some(if bits != 0 { *then } else { *otherwise }),
        Terminator::Table { cases, targets, .. } => {
            let case = (bits as usize).min(cases.len() - 1);
            Some(targets[cases[case] as usize])
        }
        _ => None,
    }
}

/// A list of a block's terminator, with what an edge gives the block in place of its parameters.
pub(super) fn substitute(func: &mut Func, given: Target, list: List) -> List {
    let values: Vec<Value> = func
        .list(list)
        .iter()
        .map(|&value| match func.op(value) {
            Op::Param(number) if func.block(given.block).params.get(number as usize) == Some(&value) => {
                func.list(given.args)[number as usize]
            }
            _ => value,
        })
        .collect();
    func.make_list(&values)
}

/// Leads edges past blocks that do nothing.
fn skip_empty(func: &mut Func) -> u32 {
    // Where each block leads that does nothing, itself for others.
    let mut next: Vec<Block> = (0..func.blocks.len() as u32).map(Block).collect();
    let mut any = false;
    for &block in &func.layout {
        let data = func.block(block);
        if let Terminator::Jump(target) = data.term
            && data.insts.is_empty()
            && data.params.is_empty()
            && target.args.is_empty()
            && block != func.entry
        {
            next[block.index()] = target.block;
            any = true;
        }
    }
    if !any {
        return 0;
    }
    find_ends(&mut next);
    let mut changes = 0;
    for at in 0..func.layout.len() {
        changes += redirect(func, func.layout[at], |_, target| {
            let end = next[target.block.index()];
            (end != target.block).then(|| Target::new(end))
        });
    }
    changes
}

/// Lets each block lead to the end of its chain. One block of a cycle is its own end.
fn find_ends(next: &mut [Block]) {
    const NOBODY: u32 = u32::MAX;
    let mut seen_from = vec![NOBODY; next.len()];
    let mut chain = Vec::new();
    for start in 0..next.len() as u32 {
        let mut block = Block(start);
        while next[block.index()] != block && seen_from[block.index()] == NOBODY {
            seen_from[block.index()] = start;
            chain.push(block);
            block = next[block.index()];
        }
        if seen_from[block.index()] == start {
            next[block.index()] = block;
        }
        let end = next[block.index()];
        for block in chain.drain(..) {
            next[block.index()] = end;
        }
    }
}

/// Merges blocks into their only predecessors.
fn merge_chains(func: &mut Func) -> u32 {
    let mut edges_in = vec![0u32; func.blocks.len()];
    for &block in &func.layout {
        func.block(block).term.for_each_successor(|next| edges_in[next.index()] += 1);
    }
    let mut replaced: Vec<Value> = Vec::new();
    let mut joined = vec![false; func.blocks.len()];
    let mut changes = 0;
    for at in 0..func.layout.len() {
        let block = func.layout[at];
        if joined[block.index()] {
            continue;
        }
        while let Terminator::Jump(target) = func.block(block).term {
            let next = target.block;
            if edges_in[next.index()] != 1 || next == block || next == func.entry {
                break;
            }
            let data = std::mem::replace(func.block_mut(next), unused());
            if !data.params.is_empty() && replaced.is_empty() {
                replaced = (0..func.values.len() as u32).map(Value).collect();
            }
            for (&param, &arg) in data.params.iter().zip(func.list(target.args)) {
                replaced[param.index()] = arg;
            }
            let into = func.block_mut(block);
            into.insts.extend_from_slice(&data.insts);
            into.term = data.term;
            into.pos = data.pos;
            joined[next.index()] = true;
            changes += 1;
        }
    }
    if changes > 0 {
        func.layout.retain(|block| !joined[block.index()]);
    }
    if !replaced.is_empty() {
        func.replace_uses(&mut replaced);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::testing;

    fn cleared(body: &str) -> String {
        testing::after("(i32, i32) -> (i32)", body, |func| {
            run(func);
        })
    }

    #[test]
    fn blocks_that_nothing_leads_to_go() {
        let body = "\
b0:
  v0: i32 = arg 0
  return v0
b1:
  jump b2(v0)
b2(v1: i32):
  jump b1
";
        assert_eq!(cleared(body), "b0:\n  v0: i32 = arg 0\n  return v0\n");
    }

    #[test]
    fn chains_become_one_block() {
        let body = "\
b0:
  v0: i32 = arg 0
  jump b1(v0)
b1(v1: i32):
  v2: i32 = i32.add v1, v1
  jump b2(v2)
b2(v3: i32):
  return v3
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v2: i32 = i32.add v0, v0
  return v2
";
        assert_eq!(cleared(body), expected);
    }

    #[test]
    fn edges_to_empty_blocks_lead_on() {
        let body = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b2
b1:
  jump b3
b2:
  v1: i32 = i32.add v0, v0
  branch v1, b3, b4
b3:
  jump b4
b4:
  return v0
";
        let expected = "\
b0:
  v0: i32 = arg 0
  branch v0, b4, b2
b2:
  v1: i32 = i32.add v0, v0
  branch v1, b4, b4
b4:
  return v0
";
        assert_eq!(cleared(body), expected);
    }

    #[test]
    fn blocks_that_move_values_stay() {
        let body = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b2
b1:
  jump b3(v0)
b2:
  v1: i32 = i32.add v0, v0
  jump b3(v1)
b3(v2: i32):
  return v2
";
        assert_eq!(cleared(body), body);
    }

    #[test]
    fn empty_loops_stay() {
        let body = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b3
b1:
  jump b2
b2:
  jump b1
b3:
  return v0
";
        let expected = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b3
b1:
  jump b1
b3:
  return v0
";
        assert_eq!(cleared(body), expected);
    }

    #[test]
    fn constants_thread_jumps() {
        // `a && b` as structured code has it: the first arm brings 0 along.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = const 0x0
  branch v0, b1, b2
b1:
  v3: i32 = i32.add v1, v1
  jump b3(v3)
b2:
  jump b3(v2)
b3(v4: i32):
  branch v4, b4, b5
b4:
  v5: i32 = i32.mul v1, v0
  return v5
b5:
  return v0
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = const 0x0
  branch v0, b1, b5
b1:
  v3: i32 = i32.add v1, v1
  branch v3, b4, b5
b4:
  v5: i32 = i32.mul v1, v0
  return v5
b5:
  return v0
";
        // That the empty block 2 leads on is seen the second time.
        assert_eq!(cleared(&cleared(body)), expected);
    }

    #[test]
    fn a_deciding_value_that_is_wanted_later_keeps_its_block() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x0
  branch v0, b1, b2
b1:
  jump b3(v0)
b2:
  jump b3(v1)
b3(v2: i32):
  branch v2, b4, b5
b4:
  return v2
b5:
  return v0
";
        assert_eq!(cleared(body), body);
    }

    #[test]
    fn tables_have_each_target_once() {
        let body = "\
b0:
  v0: i32 = arg 0
  table v0 [0 1 2 3] b1, b2, b3, b4
b1:
  jump b3
b2:
  jump b4
b3:
  return v0
b4:
  v1: i32 = arg 1
  return v1
";
        let expected = "\
b0:
  v0: i32 = arg 0
  table v0 [0 1 0 1] b3, b4
b3:
  return v0
b4:
  v1: i32 = arg 1
  return v1
";
        assert_eq!(cleared(body), expected);
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(6, 4_000, run);
        assert!(changes > 400, "{changes}");
    }
}
