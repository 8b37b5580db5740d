//! Jump threading through the heads of loops, so that a state machine becomes the graph that it was made of.
//!
//! ```text
//! jump b2(3)  …  b2(v2): table v2 [b4 b5 b6 b7]   ─▶   jump b7
//! ```
//!
//! Go's compiler, LLVM where a graph has loops with several entries, and whoever writes automata by hand put a table of branches at the
//! head of a loop and jump there with the number of the next block. An edge that brings a constant to a block which only chooses by it
//! leads on to what is chosen. [`blocks`](super::blocks) does so too, but not with back edges, nor where something behind the block uses
//! its parameters.
//!
//! Requires SSA. Preserves it, and the instructions on each path. What the block was given does not dominate what is behind it any
//! more: each of its parameters that is used there is a variable, which each edge past the block assigns, and becomes a parameter
//! wherever several of its values meet (Braun et al., *Simple and Efficient Construction of Static Single Assignment Form*, CC 2013).
//! Cycles may have several entries behind this pass, if that saves most of the choices of a table. So it comes when most of what works
//! on loops has run.

use rustc_hash::FxHashMap;

use super::blocks::{decided, drop_unreachable, substitute};
use crate::ssa::dom::Dominators;
use crate::ssa::loops::Loops;
use crate::ssa::{Block, Func, List, Op, Pos, Predecessors, Target, Terminator, Value};

/// How many blocks are led past, each after a look at the whole function.
const MOST_CHOICES: u32 = 8;

/// How many edges may lie one behind the other through blocks that only pass on what they were given.
const MOST_PASSED: u32 = 4;

/// How many instructions of a block that chooses may be copied to each edge past it.
const MOST_METERS: usize = 2;

/// How many arguments there may be at most on edges that did not have them, besides as many as there are values.
const MOST_ARGUMENTS: usize = 1 << 12;

/// Threads jumps. Returns how many edges lead elsewhere. Some blocks may not be reached any more then.
pub fn run(func: &mut Func) -> u32 {
    let mut done: Vec<Block> = Vec::new();
    let mut changes = 0;
    for _ in 0..MOST_CHOICES {
        let Some((choice, edges)) = next_choice(func, &done) else { break };
        done.push(choice.block);
        // Passes that come later look at loops: a few edges less are not worth one with several entries.
        let all = edges_to(func, choice.block);
        let is_table = matches!(func.block(choice.block).term, Terminator::Table { .. });
        let before = (!is_table || 2 * edges.len() < all).then(|| func.clone());
        let led = lead_past(func, choice, &edges);
        match before {
            Some(before) if led > 0 && is_irreducible(func) && !is_irreducible(&before) => *func = before,
            _ => changes += led,
        }
    }
    changes
}

/// A block that does nothing but choose, and the number of the parameter by which it does.
#[derive(Clone, Copy)]
struct Choice {
    block: Block,
    number: u32,
}

/// The block to which most edges bring a constant, besides those that were looked at.
fn next_choice(func: &Func, done: &[Block]) -> Option<(Choice, Vec<Edge>)> {
    let mut numbers = vec![None; func.blocks.len()];
    let mut any = false;
    for &block in func.layout.iter().filter(|block| !done.contains(block)) {
        numbers[block.index()] = deciding_parameter(func, block);
        any |= numbers[block.index()].is_some();
    }
    if !any {
        return None;
    }
    let mut edges = deciding_edges(func, &numbers);
    let counts = edges.iter().fold(FxHashMap::default(), |mut counts: FxHashMap<Block, usize>, (to, _)| {
        *counts.entry(*to).or_default() += 1;
        counts
    });
    let block = func.layout.iter().copied().max_by_key(|block| counts.get(block).copied().unwrap_or(0))?;
    let number = numbers[block.index()].filter(|_| counts.contains_key(&block))?;
    edges.retain(|&(to, _)| to == block);
    Some((Choice { block, number }, edges.into_iter().map(|(_, edge)| edge).collect()))
}

fn edges_to(func: &Func, to: Block) -> usize {
    let mut edges = 0;
    for &block in &func.layout {
        func.block(block).term.for_each_target(|target| edges += usize::from(target.block == to));
    }
    edges
}

fn is_irreducible(func: &Func) -> bool {
    Loops::new(func, &Dominators::new(func), &func.predecessors()).is_irreducible()
}

/// The number of the parameter by which a block chooses, if it does nothing else but what each round of a metered loop does.
fn deciding_parameter(func: &Func, block: Block) -> Option<u32> {
    let data = func.block(block);
    let meters = |&inst: &Value| matches!(func.op(inst), Op::Charge(_) | Op::Interrupt);
    let chooses = matches!(data.term, Terminator::Branch { .. } | Terminator::Table { .. });
    if !chooses || data.insts.len() > MOST_METERS || !data.insts.iter().all(meters) {
        return None;
    }
    let Op::Param(number) = func.op(data.term.operand()?) else { return None };
    (data.params.get(number as usize) == data.term.operand().as_ref()).then_some(number)
}

/// An edge that brings a constant to a block that chooses, perhaps through blocks that only pass on what they were given.
struct Edge {
    from: Block,
    /// Its place among the targets there.
    at: u32,
}

/// The edges that bring a constant to blocks that choose, with those. `numbers` has the deciding parameter of each block.
fn deciding_edges(func: &Func, numbers: &[Option<u32>]) -> Vec<(Block, Edge)> {
    let passes = passing_blocks(func);
    let mut edges = Vec::new();
    for &from in &func.layout {
        let mut at = 0;
        func.block(from).term.for_each_target(|&target| {
            let way =
                way(func, target, |block| numbers[block.index()].is_some(), |block| passes[block.index()]);
            if let Some(&Target { block: to, args }) = way.last()
                && let Some(number) = numbers[to.index()]
                && to != from
                && func.constant(given_first(func, &way, func.list(args)[number as usize])).is_some()
            {
                edges.push((to, Edge { from, at }));
            }
            at += 1;
        });
    }
    edges
}

/// By block whether it only passes on what it was given, which nothing else uses.
fn passing_blocks(func: &Func) -> Vec<bool> {
    let uses = func.use_counts();
    let mut passes = vec![false; func.blocks.len()];
    let mut own = Vec::new();
    for &block in &func.layout {
        let data = func.block(block);
        let Terminator::Jump(next) = data.term else { continue };
        if data.insts.is_empty() {
            own.clear();
            own.resize(data.params.len(), 0);
            for &arg in func.list(next.args) {
                if let Some(number) = parameter(func, &data.params, arg) {
                    own[number] += 1;
                }
            }
            passes[block.index()] =
                data.params.iter().zip(&own).all(|(param, &own)| uses[param.index()] == own);
        }
    }
    passes
}

/// The edges from one on through blocks that pass on what they were given, up to the one to a block that is sought; nothing if there is
/// no such way.
fn way(
    func: &Func,
    mut target: Target,
    is_sought: impl Fn(Block) -> bool,
    passes: impl Fn(Block) -> bool,
) -> Vec<Target> {
    let mut way = Vec::new();
    for _ in 0..MOST_PASSED {
        way.push(target);
        if is_sought(target.block) {
            return way;
        }
        match func.block(target.block).term {
            Terminator::Jump(next) if passes(target.block) => target = next,
            _ => break,
        }
    }
    Vec::new()
}

/// What a value that the last edge of a way gives is where the first one begins.
fn given_first(func: &Func, way: &[Target], mut value: Value) -> Value {
    for edge in way.iter().rev().skip(1) {
        match parameter(func, &func.block(edge.block).params, value) {
            Some(number) => value = func.list(edge.args)[number],
            None => break,
        }
    }
    value
}

/// What an edge gives a block that chooses, perhaps through others.
fn given(func: &mut Func, choice: Block, edge: &Edge) -> Option<List> {
    let mut first = None;
    let mut at = 0;
    func.block(edge.from).term.for_each_target(|&target| {
        if at == edge.at {
            first = Some(target);
        }
        at += 1;
    });
    // The blocks between were found to pass on everything.
    let way = way(func, first?, |block| block == choice, |_| true);
    let args = func.list(way.last()?.args);
    let values: Vec<Value> = args.iter().map(|&value| given_first(func, &way, value)).collect();
    Some(func.make_list(&values))
}

/// Leads edges past a block that chooses. Returns how many.
fn lead_past(func: &mut Func, Choice { block: choice, number }: Choice, edges: &[Edge]) -> u32 {
    let variables = used_behind(func, choice);
    if arguments(func, choice, variables.len(), edges.len()) > func.values.len() + MOST_ARGUMENTS {
        return 0;
    }
    let mut paths = Paths {
        choice,
        params: func.block(choice).params.clone(),
        given: FxHashMap::default(),
        at_start: FxHashMap::default(),
        joins: Vec::new(),
    };
    let meters: Vec<(Op, Pos)> =
        func.block(choice).insts.iter().map(|&inst| (func.op(inst), func.value(inst).pos)).collect();
    let mut new_blocks = Vec::new();
    for edge in edges {
        let &Edge { from, at } = edge;
        let Some(given) = given(func, choice, edge) else { continue };
        let next = chosen(func, choice, given, number);
        let mut term = std::mem::replace(&mut func.block_mut(from).term, Terminator::None);
        let mut end = from;
        if let Terminator::Jump(target) = &mut term {
            *target = next;
        } else if let Some(target) = term.target_mut(at) {
            end = func.new_block();
            *target = Target::new(end);
            func.block_mut(end).term = Terminator::Jump(next);
            func.block_mut(end).pos = func.block(from).pos;
            new_blocks.push((from, end));
        }
        paths.given.insert(end, given);
        for &(op, pos) in &meters {
            func.append(end, op, None, &[], pos);
        }
        func.block_mut(from).term = term;
    }
    insert_behind(func, &new_blocks);
    if !variables.is_empty() {
        paths.rename(func);
    }
    edges.len() as u32
}

/// How many arguments edges get at most: those of the block that chooses, and each variable on all others.
fn arguments(func: &Func, choice: Block, variables: usize, edges: usize) -> usize {
    let (mut given, mut all) = (0, 0_usize);
    func.block(choice).term.for_each_target(|target| given = given.max(func.list(target.args).len()));
    for &block in &func.layout {
        func.block(block).term.for_each_target(|_| all += 1);
    }
    let params = func.block(choice).params.len();
    edges.saturating_mul(params + given).saturating_add(all.saturating_mul(variables))
}

/// The parameters of a block that others use.
fn used_behind(func: &Func, choice: Block) -> Vec<Value> {
    let params = &func.block(choice).params;
    let mut used = vec![false; params.len()];
    for &block in func.layout.iter().filter(|&&block| block != choice) {
        func.for_each_use(block, |value| {
            if let Some(number) = parameter(func, params, value) {
                used[number] = true;
            }
        });
    }
    params.iter().zip(used).filter(|&(_, used)| used).map(|(&param, _)| param).collect()
}

/// Which of these parameters a value is.
fn parameter(func: &Func, params: &[Value], value: Value) -> Option<usize> {
    match func.op(value) {
        Op::Param(number) if params.get(number as usize) == Some(&value) => Some(number as usize),
        _ => None,
    }
}

/// Where an edge leads that gives these values to a block that chooses by a constant.
fn chosen(func: &mut Func, choice: Block, given: List, number: u32) -> Target {
    let bits = func.constant(func.list(given)[number as usize]).unwrap_or(0) as u32;
    let given = Target { block: choice, args: given };
    let next = decided(&func.block(choice).term, bits).unwrap_or(given);
    Target { block: next.block, args: substitute(func, given, next.args) }
}

/// Puts new blocks into the layout, each behind the one that leads there.
fn insert_behind(func: &mut Func, new_blocks: &[(Block, Block)]) {
    if new_blocks.is_empty() {
        return;
    }
    let mut behind: FxHashMap<Block, Vec<Block>> = FxHashMap::default();
    for &(from, block) in new_blocks {
        behind.entry(from).or_default().push(block);
    }
    let layout = std::mem::take(&mut func.layout);
    for block in layout {
        func.layout.push(block);
        func.layout.extend(behind.remove(&block).into_iter().flatten());
    }
}

/// The values of the variables on all paths: a variable is named by the parameter that it was.
struct Paths {
    choice: Block,
    /// The variables, and other parameters of the choice: it may be gone.
    params: Vec<Value>,
    /// What blocks that lead past the choice assign to its parameters at their ends, by values from before.
    given: FxHashMap<Block, List>,
    /// What is known already: the value at the start of a block.
    at_start: FxHashMap<(Block, Value), Value>,
    /// The new parameters in the order in which they were made: the block, the variable, the parameter.
    joins: Vec<(Block, Value, Value)>,
}

impl Paths {
    /// Gives each use of a variable the value that it has there.
    fn rename(&mut self, func: &mut Func) {
        drop_unreachable(func);
        let preds = func.predecessors();
        for at in 0..func.layout.len() {
            let block = func.layout[at];
            if block == self.choice {
                continue;
            }
            let mut uses = Vec::new();
            func.for_each_use(block, |value| uses.extend(self.is_variable(func, value).then_some(value)));
            for variable in uses {
                self.at_start(func, &preds, block, variable);
            }
        }
        // A new parameter may need others on the edges to its block.
        let mut done = 0;
        while let Some(&(block, variable, _)) = self.joins.get(done) {
            for &pred in preds.of(block) {
                self.at_end(func, &preds, pred, variable);
            }
            done += 1;
        }
        self.replace(func);
        self.pass(func, &preds);
    }

    /// The value of a variable at the start of a block.
    fn at_start(&mut self, func: &mut Func, preds: &Predecessors, block: Block, variable: Value) -> Value {
        let (mut at, mut sought) = (block, variable);
        let mut way = Vec::new();
        let found = loop {
            if let Some(&known) = self.at_start.get(&(at, sought)) {
                break known;
            }
            way.push((at, sought));
            let pred = match *preds.of(at) {
                [pred] => pred,
                // The entry, where no variable is used.
                [] => break sought,
                _ => {
                    let param = func.add_param(at, func.ty(sought));
                    self.joins.push((at, sought, param));
                    break param;
                }
            };
            if pred == self.choice {
                break sought;
            }
            match self.assigned(func, pred, sought) {
                Some(value) if self.is_variable(func, value) => sought = value,
                Some(value) => break value,
                None => {}
            }
            at = pred;
        };
        self.at_start.extend(way.into_iter().map(|place| (place, found)));
        found
    }

    /// The value of a variable at the end of a block.
    fn at_end(&mut self, func: &mut Func, preds: &Predecessors, block: Block, variable: Value) -> Value {
        if block == self.choice {
            return variable;
        }
        match self.assigned(func, block, variable) {
            Some(value) if !self.is_variable(func, value) => value,
            Some(other) => self.at_start(func, preds, block, other),
            None => self.at_start(func, preds, block, variable),
        }
    }

    /// What a block that leads past the choice assigns to a variable.
    fn assigned(&self, func: &Func, block: Block, variable: Value) -> Option<Value> {
        let Op::Param(number) = func.op(variable) else { return None };
        self.given.get(&block).map(|&given| func.list(given)[number as usize])
    }

    fn is_variable(&self, func: &Func, value: Value) -> bool {
        parameter(func, &self.params, value).is_some()
    }

    /// Replaces what blocks use.
    fn replace(&self, func: &mut Func) {
        for at in 0..func.layout.len() {
            let block = func.layout[at];
            if block == self.choice {
                continue;
            }
            let here = |value: Value| self.at_start.get(&(block, value)).copied().unwrap_or(value);
            for number in 0..func.block(block).insts.len() {
                let inst = func.block(block).insts[number];
                func.args_mut(inst).iter_mut().for_each(|value| *value = here(*value));
            }
            let mut lists = vec![func.block(block).term.list()];
            func.block(block).term.for_each_target(|target| lists.push(target.args));
            for list in lists {
                func.list_mut(list).iter_mut().for_each(|value| *value = here(*value));
            }
            if let Some(operand) = func.block_mut(block).term.operand_mut() {
                *operand = here(*operand);
            }
        }
    }

    /// Passes the values to the new parameters.
    fn pass(&mut self, func: &mut Func, preds: &Predecessors) {
        let mut of_block: FxHashMap<Block, Vec<Value>> = FxHashMap::default();
        for &(block, variable, _) in &self.joins {
            of_block.entry(block).or_default().push(variable);
        }
        for at in 0..func.layout.len() {
            let block = func.layout[at];
            let mut term = std::mem::replace(&mut func.block_mut(block).term, Terminator::None);
            term.for_each_target_mut(|target| {
                let Some(variables) = of_block.get(&target.block) else { return };
                let mut args = func.list(target.args).to_vec();
                args.extend(variables.iter().map(|&variable| self.at_end(func, preds, block, variable)));
                target.args = func.make_list(&args);
            });
            func.block_mut(block).term = term;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::testing::{self, Random};
    use crate::passes::{blocks, simplify};
    use crate::ssa::dom::Dominators;
    use crate::ssa::verify::verify;
    use crate::ssa::{Op, Pos, Terminator, Ty};

    fn threaded(signature: &str, body: &str) -> String {
        testing::after(signature, body, |func| {
            run(func);
            simplify(func);
        })
    }

    #[test]
    fn a_state_machine_without_other_entries_has_no_table_left() {
        // 0 adds, 1 doubles, others return: 0 goes on with 1, and that with 0 again or with 2.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x0
  v2: i32 = const 0x1
  v3: i32 = const 0x2
  jump b1(v1, v0)
b1(v4: i32, v5: i32):
  table v4 [0 1 2] b2, b3, b4
b2:
  v6: i32 = i32.add v5, v2
  jump b1(v2, v6)
b3:
  v7: i32 = i32.add v5, v5
  branch v7, b1(v1, v7), b1(v3, v7)
b4:
  return v5
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x0
  v2: i32 = const 0x1
  v3: i32 = const 0x2
  jump b2(v0)
b2(v8: i32):
  v6: i32 = i32.add v8, v2
  v7: i32 = i32.add v6, v6
  branch v7, b5, b4
b5:
  jump b2(v7)
b4:
  return v7
";
        assert_eq!(threaded("(i32) -> (i32)", body), expected);
    }

    #[test]
    fn what_the_block_was_given_is_a_parameter_where_paths_meet() {
        // The first choice is not known. Behind it, 1 leads to 1 by a constant, with another value.
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = const 0x1
  jump b1(v0, v1)
b1(v3: i32, v4: i32):
  table v3 [0 1] b2, b3
b2:
  return v4
b3:
  v5: i32 = i32.sub v4, v2
  branch v5, b4, b2
b4:
  jump b1(v2, v5)
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = const 0x1
  table v0 [0 1] b2(v1), b3(v1)
b2(v6: i32):
  return v6
b3(v7: i32):
  v5: i32 = i32.sub v7, v2
  branch v5, b5, b2(v7)
b5:
  jump b3(v5)
";
        assert_eq!(threaded("(i32, i32) -> (i32)", body), expected);
    }

    #[test]
    fn constants_come_through_blocks_that_only_pass_them_on() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x0
  v2: i32 = const 0x1
  jump b1(v0, v0)
b1(v3: i32, v4: i32):
  branch v3, b2, b5
b2:
  v5: i32 = i32.sub v4, v2
  branch v5, b3(v2), b3(v1)
b3(v6: i32):
  jump b4(v5, v6)
b4(v7: i32, v8: i32):
  jump b1(v8, v7)
b5:
  return v4
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x0
  v2: i32 = const 0x1
  branch v0, b2(v0), b5(v0)
b2(v9: i32):
  v5: i32 = i32.sub v9, v2
  branch v5, b6, b7
b6:
  jump b2(v5)
b7:
  jump b5(v5)
b5(v10: i32):
  return v10
";
        assert_eq!(threaded("(i32) -> (i32)", body), expected);
    }

    #[test]
    fn edges_that_would_have_too_many_arguments_stay() {
        // Many edges to a block that passes on one number, beside many other values.
        let program = |count: usize| {
            let list = |what: &dyn Fn(usize) -> String| (0..count).map(what).collect::<Vec<_>>().join(", ");
            let values: String = (0..count).map(|at| format!("  v{}: i32 = i32.clz v0\n", 10 + at)).collect();
            let given = list(&|at| format!("v{}", 10 + at));
            let params = list(&|at| format!("v{}: i32", 1000 + at));
            let passed = list(&|at| format!("v{}", 1000 + at));
            let taken = list(&|at| format!("v{}: i32", 2000 + at));
            let edges = list(&|_| "b2(v1)".into());
            let cases = (0..count).map(|at| at.to_string()).collect::<Vec<_>>().join(" ");
            format!(
                "b0:\n  v0: i32 = arg 0\n  v1: i32 = const 0x1\n{values}  jump b1\nb1:\n  table v0 [{cases}] {edges}\n\
                 b2(v2: i32):\n  jump b3(v2, {given})\nb3(v3: i32, {params}):\n  branch v3, b4({passed}), b1\n\
                 b4({taken}):\n  return v2000\n"
            )
        };
        let changes = |count: usize| {
            let text = format!("func func0 (i32) -> (i32)\n{}", program(count));
            run(&mut crate::ssa::parse::parse(&text).expect("it is SSA"))
        };
        assert_eq!([20, 300].map(changes), [20, 0]);
    }

    #[test]
    fn a_choice_by_something_else_stays() {
        let body = "\
b0:
  v0: i32 = arg 0
  jump b1(v0)
b1(v1: i32):
  v2: i32 = i32.add v1, v0
  branch v2, b2, b3
b2:
  v3: i32 = const 0x1
  jump b1(v3)
b3:
  return v2
";
        assert_eq!(threaded("(i32) -> (i32)", body), body);
    }

    #[test]
    fn what_is_charged_for_a_round_is_charged_on_the_way_past() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x1
  jump b1(v0)
b1(v2: i32):
  v3 = charge 4
  v4 = interrupt
  branch v2, b2, b3
b2:
  v5: i32 = load32_u memory0 0 v0
  branch v5, b1(v1), b3
b3:
  return v0
";
        let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x1
  v3 = charge 4
  v4 = interrupt
  branch v0, b2, b3
b2:
  v5: i32 = load32_u memory0 0 v0
  branch v5, b4, b3
b4:
  v6 = charge 4
  v7 = interrupt
  jump b2
b3:
  return v0
";
        assert_eq!(threaded("(i32) -> (i32)", body), expected);
    }

    /// Makes some blocks of a random function choose and do nothing else, and edges to them bring constants.
    fn with_choices(random: &mut Random) -> crate::ssa::Func {
        let mut func = testing::random(random);
        for at in 1..func.layout.len() {
            let block = func.layout[at];
            let params = &func.block(block).params;
            let Some(&param) = params.iter().find(|&&param| func.ty(param) == Ty::I32) else { continue };
            let Op::Param(number) = func.op(param) else { continue };
            let mut term = func.block(block).term.clone();
            if !matches!(term, Terminator::Branch { .. } | Terminator::Table { .. }) || random.below(3) == 0 {
                continue;
            }
            // What is computed here may be used elsewhere, so it moves to where it can be: into the entry, as constants.
            let insts = std::mem::take(&mut func.block_mut(block).insts);
            for inst in insts {
                if let Some(ty) = func.value(inst).ty {
                    let bits = testing::bits_of(ty, random.number());
                    func.change(inst, Op::Const(bits), &[]);
                    let entry = func.entry;
                    func.block_mut(entry).insts.push(inst);
                }
            }
            if random.below(3) == 0 {
                func.append(block, Op::Charge(at as u32), None, &[], Pos::NONE);
            }
            if let Some(operand) = term.operand_mut() {
                *operand = param;
            }
            func.block_mut(block).term = term;
            for from in func.layout.clone() {
                let mut lists = Vec::new();
                func.block(from).term.for_each_target(|target| {
                    lists.extend((target.block == block).then_some(target.args));
                });
                for list in lists {
                    if random.below(3) > 0 {
                        let bits = random.below(4) as u64;
                        let entry = func.entry;
                        let constant = func.append(entry, Op::Const(bits), Some(Ty::I32), &[], Pos::NONE);
                        func.list_mut(list)[number as usize] = constant;
                    }
                }
            }
        }
        func
    }

    #[test]
    fn programs_do_the_same() {
        let mut random = Random(11);
        let (mut changed, mut tangled) = (0, 0);
        for _ in 0..20_000 {
            let mut func = with_choices(&mut random);
            blocks::run(&mut func);
            verify(&func, None).unwrap_or_else(|error| panic!("{error}\n{func}"));
            let before = func.clone();
            if run(&mut func) == 0 {
                assert_eq!(func.to_string(), before.to_string());
                continue;
            }
            changed += 1;
            simplify(&mut func);
            verify(&func, None).unwrap_or_else(|error| panic!("{error}\n{before}\n{func}"));
            let dominators = Dominators::new(&func);
            let loops = crate::ssa::loops::Loops::new(&func, &dominators, &func.predecessors());
            tangled += u32::from(loops.is_irreducible());
            for _ in 0..4 {
                let args = [random.number() & 0xffff_ffff, random.below(4) as u64, random.number()];
                let (left, right) = (testing::observe(&func, args), testing::observe(&before, args));
                assert!(testing::same(&left, &right), "{before}\n{func}\n{left:?}\n{right:?}");
            }
        }
        assert!(
            changed > 2000 && tangled > 100,
            "{changed} were changed, {tangled} have loops with several entries"
        );
    }
}
