//! Gives values that come into a loop a name of their own inside: a parameter of the loop's head.
//!
//! ```text
//! value after value ─ where does it live? ─ used in a loop, and wanted behind it ─▶ parameter of the head, handed on in each round
//! ```
//!
//! Requires SSA. Preserves it and what the program does. It comes last: [`params`](super::params) would take it back.
//!
//! A value that is wanted in a loop and again behind a call has to be in the frame at times. The allocator of registers then often has it
//! there at the end of the loop too, and loads it in each round. A name that ends with the loop gets a register for as long, and costs
//! one move in front of the loop. So this is done for the outermost loops without calls, if what is around them has calls.

use std::collections::HashMap;

use upshift_core::ops::Unary;

use crate::ssa::dom::Dominators;
use crate::ssa::loops::{Loop, Loops};
use crate::ssa::{Block, Func, Op, Predecessors, Terminator, Value};

/// How many blocks are looked at, for all values together: from where a value is used up to where it is made.
const MOST_STEPS: usize = 1 << 20;

/// Gives names. Returns how many.
pub fn run(func: &mut Func, dominators: &Dominators, loops: &Loops) -> u32 {
    if loops.is_empty() || loops.is_irreducible() {
        return 0;
    }
    let Some(wanted) = Wanted::new(func, dominators, loops) else { return 0 };
    let Some(chosen) = candidates(func, dominators, &wanted) else { return 0 };
    let mut names =
        Names { wanted: &wanted, names: HashMap::new(), is_named: vec![false; func.values.len()] };
    let mut given: Vec<Vec<Value>> = vec![Vec::new(); func.blocks.len()];
    for &(around, value) in &chosen {
        let ty = func.ty(value);
        let head = loops.head(around);
        let name = func.add_param(head, ty);
        func.renamed.push((name, value));
        names.names.insert((around, value), name);
        names.is_named[value.index()] = true;
        given[head.index()].push(value);
    }
    if !chosen.is_empty() {
        rename(func, dominators, &names, &given);
    }
    chosen.len() as u32
}

/// The loops in which values get names: none is within another one.
struct Wanted<'a> {
    loops: &'a Loops,
    /// By number of a loop the one that it is or that it is in.
    of_loop: Vec<Option<Loop>>,
}

impl Wanted<'_> {
    /// Finds the outermost loops without calls in what has calls; nothing if there are none.
    fn new<'a>(func: &Func, dominators: &Dominators, loops: &'a Loops) -> Option<Wanted<'a>> {
        let calls = calls(func, dominators, loops);
        let calls_anywhere = dominators.order().iter().any(|&block| has_call(func, block));
        let mut of_loop: Vec<Option<Loop>> = vec![None; loops.len()];
        // Loops within others have lower numbers.
        for number in (0..loops.len()).rev() {
            let around = Loop(number as u32);
            let parent = loops.parent(around);
            let is_called_around = parent.map_or(calls_anywhere, |parent| calls[parent.index()]);
            of_loop[number] = if calls[number] {
                None
            } else if is_called_around && loops.head(around) != func.entry {
                Some(around)
            } else {
                parent.and_then(|parent| of_loop[parent.index()])
            };
        }
        of_loop.iter().any(Option::is_some).then_some(Wanted { loops, of_loop })
    }

    /// The loop that a block is in.
    fn around(&self, block: Block) -> Option<Loop> {
        self.loops.around(block).and_then(|around| self.of_loop[around.index()])
    }

    /// The loop that an edge stays in.
    fn over(&self, from: Block, to: Block) -> Option<Loop> {
        self.around(from).filter(|&around| self.loops.contains(around, to))
    }
}

/// Values that are used in a loop, made outside, and wanted behind it. `None` if finding them takes too long.
fn candidates(func: &Func, dominators: &Dominators, wanted: &Wanted<'_>) -> Option<Vec<(Loop, Value)>> {
    let mut homes = vec![None; func.values.len()];
    let mut uses = Vec::new();
    for &block in dominators.order() {
        let data = func.block(block);
        data.params.iter().chain(&data.insts).for_each(|value| homes[value.index()] = Some(block));
        let mut note = |value, around| {
            if !matches!(func.op(value), Op::Const(_) | Op::ConstV128(_)) {
                uses.push((value, block, around));
            }
        };
        let around = wanted.around(block);
        data.insts.iter().flat_map(|&inst| func.args(inst)).for_each(|&arg| note(arg, around));
        let operand = data.term.operand().into_iter();
        let list = func.list(data.term.list()).iter().copied();
        operand.chain(list).for_each(|value| note(value, around));
        data.term.for_each_target(|target| {
            // What is handed on out of a loop is not used within.
            let over = wanted.over(block, target.block);
            func.list(target.args).iter().for_each(|&arg| note(arg, over));
        });
    }
    uses.sort_unstable();
    uses.dedup();
    let mut found = Vec::new();
    let mut walk = Walk::new(func, wanted);
    for own in uses.chunk_by(|(value, ..), (other, ..)| value == other) {
        let value = own[0].0;
        let home = homes[value.index()]?;
        walk.up(value, home, own);
        if walk.steps > MOST_STEPS {
            return None;
        }
        // Another name of a value has no register of its own.
        if func.op(value) == Op::Unary(Unary::I64ExtendI32U) {
            continue;
        }
        for around in own.iter().filter_map(|&(_, _, around)| around) {
            let is_left = walk.left[around.index()].take_if(|&mut left| left == value).is_some();
            if is_left && !wanted.loops.contains(around, home) {
                found.push((around, value));
            }
        }
    }
    Some(found)
}

/// Goes from each use of a value upwards to where it is made.
struct Walk<'a> {
    wanted: &'a Wanted<'a>,
    predecessors: Predecessors,
    /// The last value that was found at the begin of each block.
    seen: Vec<Option<Value>>,
    /// The last value that was found at an exit of each loop.
    left: Vec<Option<Value>>,
    waiting: Vec<Block>,
    steps: usize,
}

impl Walk<'_> {
    fn new<'a>(func: &Func, wanted: &'a Wanted<'a>) -> Walk<'a> {
        Walk {
            wanted,
            predecessors: func.predecessors(),
            seen: vec![None; func.blocks.len()],
            left: vec![None; wanted.of_loop.len()],
            waiting: Vec::new(),
            steps: 0,
        }
    }

    fn up(&mut self, value: Value, home: Block, uses: &[(Value, Block, Option<Loop>)]) {
        self.waiting.extend(uses.iter().map(|&(_, block, _)| block));
        while let Some(block) = self.waiting.pop() {
            if block == home || self.seen[block.index()].replace(value) == Some(value) {
                continue;
            }
            for &before in self.predecessors.of(block) {
                self.waiting.push(before);
                self.steps += 1;
                if let Some(around) = self.wanted.around(before)
                    && !self.wanted.loops.contains(around, block)
                {
                    self.left[around.index()] = Some(value);
                }
            }
        }
    }
}

/// Which loops have calls in them: no register keeps its value over those.
fn calls(func: &Func, dominators: &Dominators, loops: &Loops) -> Vec<bool> {
    let mut calls = vec![false; loops.len()];
    for &block in dominators.order() {
        if let Some(around) = loops.around(block) {
            calls[around.index()] |= has_call(func, block);
        }
    }
    // Loops within others have lower numbers.
    for around in loops.iter() {
        if let Some(parent) = loops.parent(around) {
            calls[parent.index()] |= calls[around.index()];
        }
    }
    calls
}

fn has_call(func: &Func, block: Block) -> bool {
    let data = func.block(block);
    let ends = matches!(data.term, Terminator::Invoke { .. });
    ends || data.insts.iter().any(|&inst| matches!(func.op(inst), Op::Call(_) | Op::Service { .. }))
}

/// The names that values have in loops.
struct Names<'a> {
    wanted: &'a Wanted<'a>,
    names: HashMap<(Loop, Value), Value>,
    /// Whether a value has any.
    is_named: Vec<bool>,
}

impl Names<'_> {
    /// What a value is called in a loop.
    fn within(&self, value: Value, around: Option<Loop>) -> Value {
        let Some(around) = around.filter(|_| self.is_named.get(value.index()) == Some(&true)) else {
            return value;
        };
        self.names.get(&(around, value)).copied().unwrap_or(value)
    }
}

/// Writes names in place of values, and gives heads of loops what they are names for: `given`, by block.
fn rename(func: &mut Func, dominators: &Dominators, names: &Names<'_>, given: &[Vec<Value>]) {
    for &block in dominators.order() {
        let around = names.wanted.around(block);
        for at in 0..func.block(block).insts.len() {
            let inst = func.block(block).insts[at];
            func.args_mut(inst).iter_mut().for_each(|arg| *arg = names.within(*arg, around));
        }
        let mut term = std::mem::replace(&mut func.block_mut(block).term, Terminator::None);
        if let Some(operand) = term.operand_mut() {
            *operand = names.within(*operand, around);
        }
        func.list_mut(term.list()).iter_mut().for_each(|arg| *arg = names.within(*arg, around));
        term.for_each_target_mut(|target| {
            let over = names.wanted.over(block, target.block);
            let gets = &given[target.block.index()];
            let args = func.list(target.args).iter().chain(gets).map(|&arg| names.within(arg, over));
            let args: Vec<Value> = args.collect();
            if gets.is_empty() {
                func.list_mut(target.args).copy_from_slice(&args);
            } else {
                target.args = func.make_list(&args);
            }
        });
        func.block_mut(block).term = term;
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::testing;
    use crate::ssa::Func;
    use crate::ssa::dom::Dominators;
    use crate::ssa::loops::Loops;
    use crate::ssa::parse::parse;

    fn split(func: &mut Func) -> u32 {
        let dominators = Dominators::new(func);
        let loops = Loops::new(func, &dominators, &func.predecessors());
        run(func, &dominators, &loops)
    }

    fn named(body: &str) -> String {
        let mut func = parse(&format!("func func0 (i32, i32) -> (i32)\n{body}")).expect("it is SSA");
        split(&mut func);
        func.to_string().split_once('\n').expect("a header").1.to_owned()
    }

    /// A loop, and what comes behind it; `call` comes last but one.
    fn around(call: &str) -> String {
        format!(
            "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0)
b1(v2: i32):
  v3: i32 = i32.add v2, v1
  v4: i32 = i32.sub v3, v0
  branch v4, b1(v4), b2(v1)
b2(v5: i32):
{call}  v8: i32 = i32.add v5, v1
  return v8
"
        )
    }

    #[test]
    fn what_is_wanted_in_the_loop_and_behind_a_call_gets_a_name() {
        let call = "  v6 = call func1 type0 v5\n";
        // `v0` is wanted in the loop only, and what is handed on at its exit is not used in it.
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0, v1)
b1(v2: i32, v9: i32):
  v3: i32 = i32.add v2, v9
  v4: i32 = i32.sub v3, v0
  branch v4, b1(v4, v9), b2(v1)
b2(v5: i32):
  v6 = call func1 type0 v5
  v8: i32 = i32.add v5, v1
  return v8
";
        assert_eq!(named(&around(call)), expected);
    }

    #[test]
    fn without_calls_around_the_loop_nothing_gets_a_name() {
        assert_eq!(named(&around("")), around(""));
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(29, 4_000, split);
        assert!(changes > 100, "{changes}");
    }
}
