//! Makes a program smaller as long as something stays true of it.
//!
//! Each step tries to take away one part: the rest of a list of statements by halves, the operands around a node, a block around
//! its body, a value, for which a constant stands then. What is not valid any more does not have the property either.

use wasm_encoder::{Ieee32, Ieee64, Instruction as I, ValType};

use crate::program::{Block, BlockKind, Body, Node, Program};

/// So many statements at the start of a function count its calls.
const FUEL: usize = 2;

/// The constant that stands for a value of a type; none where there is no null.
pub(crate) fn zero(ty: ValType) -> Option<Node> {
    let op = match ty {
        ValType::I32 => I::I32Const(0),
        ValType::I64 => I::I64Const(0),
        ValType::F32 => I::F32Const(Ieee32::new(0)),
        ValType::F64 => I::F64Const(Ieee64::new(0)),
        ValType::V128 => I::V128Const(0),
        ValType::Ref(ty) if ty.nullable => I::RefNull(ty.heap_type),
        ValType::Ref(_) => return None,
    };
    Some(Node::Op { op, args: Vec::new(), results: vec![ty] })
}

fn zeros(types: &[ValType]) -> Option<Vec<Node>> {
    types.iter().map(|&ty| zero(ty)).collect()
}

/// How many nodes a program has.
pub(crate) fn size(program: &Program) -> usize {
    fn of_node(node: &Node) -> usize {
        1 + match node {
            Node::Op { args, .. } | Node::Branch { args, .. } => args.iter().map(of_node).sum(),
            Node::Rest(_) => 0,
            Node::Block(block) => {
                block.args.iter().map(of_node).sum::<usize>()
                    + block.bodies.iter().map(of_body).sum::<usize>()
            }
        }
    }
    fn of_body(body: &Body) -> usize {
        body.statements.iter().chain(&body.values).map(of_node).sum()
    }
    program.funcs.iter().map(|func| of_body(&func.body)).sum()
}

/// Makes the program smaller; asks at most `questions` times whether what is left still has the property.
pub(crate) fn reduce(
    program: Program,
    mut questions: usize,
    has: &mut dyn FnMut(&Program) -> bool,
) -> Program {
    let mut best = program;
    loop {
        let before = size(&best);
        for func in 0..best.funcs.len() {
            reduce_func(&mut best, func, &mut questions, has);
        }
        if questions == 0 || size(&best) == before {
            return best;
        }
    }
}

fn reduce_func(
    best: &mut Program,
    func: usize,
    questions: &mut usize,
    has: &mut dyn FnMut(&Program) -> bool,
) {
    let mut attempt = |candidate: Program, best: &mut Program| {
        if *questions == 0 {
            return false;
        }
        *questions -= 1;
        let better = has(&candidate);
        if better {
            *best = candidate;
        }
        better
    };
    // The whole body at once.
    if !is_trivial(&best.funcs[func].body) {
        let mut candidate = best.clone();
        let body = &mut candidate.funcs[func].body;
        let values: Vec<ValType> = body.values.iter().flat_map(|node| node.results().to_vec()).collect();
        if let Some(values) = zeros(&values) {
            *body = Body { statements: Vec::new(), values, ..Body::default() };
            if attempt(candidate, best) {
                return;
            }
        }
    }
    let mut step = 0;
    loop {
        let mut candidate = best.clone();
        let mut left = step;
        // Each step is one possible change, in the order in which a walk over the tree meets them.
        match change_func(&mut candidate.funcs[func].body, &mut left) {
            Change::Done if attempt(candidate, best) => {}
            Change::Done | Change::Impossible => step += 1,
            Change::TooFar => return,
        }
    }
}

/// What a function begins with keeps it from calling others for ever, so it stays as long as there is a call.
fn change_func(body: &mut Body, left: &mut usize) -> Change {
    let calling = body.statements.iter().chain(&body.values).any(calls);
    body.kept = if calling { FUEL.min(body.statements.len()) } else { 0 };
    change_body(body, left)
}

fn calls(node: &Node) -> bool {
    match node {
        Node::Op { op, args, .. } => {
            use I::{Call, CallIndirect, CallRef, ReturnCall, ReturnCallIndirect, ReturnCallRef};
            matches!(
                op,
                Call(_)
                    | CallIndirect { .. }
                    | CallRef(_)
                    | ReturnCall(_)
                    | ReturnCallIndirect { .. }
                    | ReturnCallRef(_)
            ) || args.iter().any(calls)
        }
        Node::Branch { args, .. } => args.iter().any(calls),
        Node::Rest(_) => false,
        Node::Block(block) => {
            let bodies = block.bodies.iter().flat_map(|body| body.statements.iter().chain(&body.values));
            bodies.chain(&block.args).any(calls)
        }
    }
}

fn is_trivial(body: &Body) -> bool {
    let trivial = |node: &Node| matches!(node, Node::Op { args, .. } if args.is_empty());
    body.statements.is_empty() && body.values.iter().all(trivial)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Done,
    /// There is such a change, but it would lead to nothing that is valid or smaller.
    Impossible,
    /// There are fewer changes.
    TooFar,
}

/// Whether this change is the one that is looked for.
fn is_it(left: &mut usize) -> bool {
    if *left == 0 {
        return true;
    }
    *left -= 1;
    false
}

fn change_body(body: &mut Body, left: &mut usize) -> Change {
    let kept: Vec<Node> = body.statements.drain(..body.kept).collect();
    let change = change_rest(body, left);
    body.statements.splice(0..0, kept);
    change
}

fn change_rest(body: &mut Body, left: &mut usize) -> Change {
    // Half of the statements, a quarter, and so on to single ones.
    let len = body.statements.len();
    let mut part = len;
    while part > 0 {
        for start in (0..len).step_by(part) {
            if is_it(left) {
                body.statements.drain(start..(start + part).min(len));
                return Change::Done;
            }
        }
        part /= 2;
    }
    change_list(&mut body.statements, left).or_else(|| change_list(&mut body.values, left))
}

impl Change {
    fn or_else(self, next: impl FnOnce() -> Change) -> Change {
        if self == Change::TooFar { next() } else { self }
    }
}

fn change_list(nodes: &mut Vec<Node>, left: &mut usize) -> Change {
    let mut at = 0;
    while at < nodes.len() {
        if let Some(change) = replace(nodes, at, left) {
            return change;
        }
        let change = match &mut nodes[at] {
            Node::Rest(_) => Change::TooFar,
            Node::Op { args, .. } | Node::Branch { args, .. } => change_list(args, left),
            Node::Block(block) => change_block(block, left),
        };
        if change != Change::TooFar {
            return change;
        }
        at += 1;
    }
    Change::TooFar
}

fn change_block(block: &mut Block, left: &mut usize) -> Change {
    let mut change = change_list(&mut block.args, left);
    for body in &mut block.bodies {
        if block.kind == BlockKind::Loop && body.kept == 0 {
            change = change.or_else(|| change_loop(body, left));
        } else {
            change = change.or_else(|| change_body(body, left));
        }
    }
    for at in 0..block.catches.len() {
        if change == Change::TooFar && is_it(left) {
            block.catches.remove(at);
            return Change::Done;
        }
    }
    change
}

/// The branch back is left away or stays, with all that it decides by: a loop has to end.
fn change_loop(body: &mut Body, left: &mut usize) -> Change {
    if is_it(left) {
        let Some(back) = body.values.first() else { return Change::Impossible };
        let Some(values) = zeros(back.results()) else { return Change::Impossible };
        body.values = values;
        return Change::Done;
    }
    let values = std::mem::take(&mut body.values);
    let change = change_body(body, left);
    body.values = values;
    match body.values.first_mut() {
        Some(Node::Branch { args, .. }) if change == Change::TooFar => {
            let condition = args.pop();
            let change = change_list(args, left);
            args.extend(condition);
            change
        }
        _ => change,
    }
}

/// Puts something else in the place of a node.
fn replace(nodes: &mut Vec<Node>, at: usize, left: &mut usize) -> Option<Change> {
    let node = &nodes[at];
    let results = node.results().to_vec();
    let trivial = matches!(node, Node::Op { args, .. } if args.is_empty());
    if is_it(left) {
        // A constant may be simpler than another one, but it must not be tried for ever.
        let constant = |op: &I| {
            matches!(
                op,
                I::I32Const(_)
                    | I::I64Const(_)
                    | I::F32Const(_)
                    | I::F64Const(_)
                    | I::V128Const(_)
                    | I::RefNull(_)
            )
        };
        let simple = trivial && matches!(node, Node::Op { op, .. } if constant(op));
        let zeros = zeros(&results).filter(|_| !simple && !matches!(node, Node::Rest(_)));
        return Some(match zeros {
            Some(zeros) => {
                nodes.splice(at..=at, zeros);
                Change::Done
            }
            None => Change::Impossible,
        });
    }
    let inner: &[Node] = match node {
        Node::Op { args, .. } | Node::Branch { args, .. } => args,
        Node::Block(block) => {
            if is_it(left) {
                return Some(match unwrap(block) {
                    Some(inside) => {
                        nodes.splice(at..=at, inside);
                        Change::Done
                    }
                    None => Change::Impossible,
                });
            }
            &block.args
        }
        Node::Rest(_) => &[],
    };
    for part in inner {
        if is_it(left) {
            if part.results() != results {
                return Some(Change::Impossible);
            }
            nodes[at] = part.clone();
            return Some(Change::Done);
        }
    }
    None
}

/// What is in a block without parameters.
fn unwrap(block: &Block) -> Option<Vec<Node>> {
    if !block.params.is_empty() {
        return None;
    }
    let body = block.bodies.first()?;
    Some(body.statements.iter().chain(&body.values).cloned().collect())
}
