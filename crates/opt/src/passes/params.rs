//! Redundant block parameters: drops those to which all edges bring the same value.
//!
//! Requires SSA without blocks that cannot be reached. Preserves it. A parameter goes if it is given one value besides itself, which
//! dominates the block then, or equal constants, which are made again in the block.

use crate::ssa::{Func, List, Op, Pos, Value};

/// Rounds over all parameters: each frees those that were given a dropped one. More than that are hardly ever of use, and deep
/// nests of loops would take one for each.
const ROUNDS: u32 = 16;

/// Drops them. Returns how many.
pub fn run(func: &mut Func) -> u32 {
    if func.layout.iter().all(|&block| func.block(block).params.is_empty()) {
        return 0;
    }
    let incoming = Incoming::new(func);
    let mut replaced: Vec<Value> = (0..func.values.len() as u32).map(Value).collect();
    let mut dropped = 0;
    // The constants that the block begins with, the last one first.
    let mut made = Vec::new();
    for _ in 0..ROUNDS {
        let before = dropped;
        for at in 0..func.layout.len() {
            let block = func.layout[at];
            made.clear();
            for number in 0..func.block(block).params.len() {
                let param = func.block(block).params[number];
                if replaced[param.index()] != param {
                    continue;
                }
                let given = incoming.of(block.index()).iter().map(|&list| func.list(list)[number]);
                replaced[param.index()] = match only(func, &mut replaced, param, given) {
                    Only::Value(value) => value,
                    Only::Constant(bits) => {
                        let constant = func.add_value(Op::Const(bits), func.value(param).ty, &[], Pos::NONE);
                        made.push(constant);
                        replaced.push(constant);
                        constant
                    }
                    Only::Several => continue,
                };
                dropped += 1;
            }
            func.block_mut(block).insts.splice(0..0, made.iter().rev().copied());
        }
        if dropped == before {
            break;
        }
    }
    if dropped > 0 {
        let gone: Vec<bool> = replaced.iter().enumerate().map(|(at, &value)| value.index() != at).collect();
        func.replace_uses(&mut replaced);
        func.retain_params(|_, param| !gone[param.index()]);
    }
    dropped
}

/// What each block is given on each edge to it.
pub(super) struct Incoming {
    starts: Vec<u32>,
    lists: Vec<List>,
}

impl Incoming {
    pub(super) fn new(func: &Func) -> Incoming {
        let mut starts = vec![0u32; func.blocks.len() + 1];
        for &block in &func.layout {
            func.block(block).term.for_each_target(|target| starts[target.block.index() + 1] += 1);
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut lists = vec![List::EMPTY; starts[func.blocks.len()] as usize];
        for &block in &func.layout {
            func.block(block).term.for_each_target(|target| {
                let place = &mut next[target.block.index()];
                lists[*place as usize] = target.args;
                *place += 1;
            });
        }
        Incoming { starts, lists }
    }

    /// The lists for a block, one for each edge.
    pub(super) fn of(&self, block: usize) -> &[List] {
        &self.lists[self.starts[block] as usize..self.starts[block + 1] as usize]
    }
}

/// What a parameter is given.
enum Only {
    Value(Value),
    Constant(u64),
    Several,
}

fn only(func: &Func, replaced: &mut [Value], param: Value, given: impl Iterator<Item = Value>) -> Only {
    let mut first = None;
    let mut same = true;
    for value in given {
        let value = find(replaced, value);
        match first {
            _ if value == param => {}
            None => first = Some(value),
            Some(first) if first == value => {}
            Some(first) => match (func.constant(first), func.constant(value)) {
                (Some(a), Some(b)) if a == b => same = false,
                _ => return Only::Several,
            },
        }
    }
    match first {
        Some(value) if same => Only::Value(value),
        Some(value) => func.constant(value).map_or(Only::Several, Only::Constant),
        None => Only::Several,
    }
}

fn find(replaced: &mut [Value], mut value: Value) -> Value {
    while replaced[value.index()] != value {
        let next = replaced[value.index()];
        replaced[value.index()] = replaced[next.index()];
        value = next;
    }
    value
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
    fn what_all_edges_bring_is_no_parameter() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  jump b3(v1, v0)
b2:
  jump b3(v1, v1)
b3(v2: i32, v3: i32):
  v4: i32 = i32.add v2, v3
  return v4
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  jump b3(v0)
b2:
  jump b3(v1)
b3(v3: i32):
  v4: i32 = i32.add v1, v3
  return v4
";
        assert_eq!(without(body), expected);
    }

    #[test]
    fn what_loops_pass_on_unchanged_is_no_parameter() {
        // Two loops, one in the other: the inner one passes on what it was given, and only then the outer one does.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0, v1)
b1(v2: i32, v3: i32):
  jump b2(v2, v3)
b2(v4: i32, v5: i32):
  v6: i32 = i32.add v5, v4
  branch v6, b2(v4, v6), b3
b3:
  branch v4, b1(v4, v6), b4
b4:
  return v4
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v1)
b1(v3: i32):
  jump b2(v3)
b2(v5: i32):
  v6: i32 = i32.add v5, v0
  branch v6, b2(v6), b3
b3:
  branch v0, b1(v6), b4
b4:
  return v0
";
        assert_eq!(without(body), expected);
    }

    #[test]
    fn equal_constants_are_made_again() {
        let body = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b2
b1:
  v1: i32 = const 0x7
  jump b3(v1)
b2:
  v2: i32 = const 0x7
  jump b3(v2)
b3(v3: i32):
  return v3
";
        let expected = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b2
b1:
  v1: i32 = const 0x7
  jump b3
b2:
  v2: i32 = const 0x7
  jump b3
b3:
  v4: i32 = const 0x7
  return v4
";
        assert_eq!(without(body), expected);
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(8, 4_000, run);
        assert!(changes > 100, "{changes}");
    }
}
