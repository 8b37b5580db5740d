//! Loops, tables of branches and deep nests of blocks: what makes state meet at labels.

use wasm_encoder::{Instruction as I, ValType};

use super::body::Maker;
use super::values::{act, get, i32, i64, op};
use crate::program::{BlockKind, Body, Branch, Label, Node};

/// How a loop counts.
struct Count {
    ty: ValType,
    counter: u32,
    step: i64,
    end: i64,
}

impl Count {
    fn constant(&self, value: i64) -> Node {
        if self.ty == ValType::I64 { i64(value) } else { i32(value as i32) }
    }

    fn next(&self) -> Node {
        let add = if self.ty == ValType::I64 { I::I64Add } else { I::I32Add };
        op(add, vec![get(self.counter, self.ty), self.constant(self.step)], self.ty)
    }

    fn is_over(&self) -> Node {
        let over = if self.ty == ValType::I64 { I::I64GeU } else { I::I32GeU };
        op(over, vec![get(self.counter, self.ty), self.constant(self.end)], ValType::I32)
    }
}

impl Maker<'_> {
    /// A loop that carries values around: one that tests at its end, or one that tests at its head and may be repeated from
    /// everywhere within.
    pub(super) fn counted(&mut self, carried: Vec<ValType>) -> Node {
        let most = *self.rng.pick(&[1, 3, 8, 8, 20, 60, 300]);
        let turns = 1 + self.rng.below(self.turns.min(most));
        let outer = self.turns;
        self.turns = (outer / turns).max(1);
        let ty = if self.rng.chance(25) { ValType::I64 } else { ValType::I32 };
        let counter = self.fresh(ty);
        self.counters.push(counter);
        let step = *self.rng.pick(&[1i64, 1, 1, 4, 8]);
        let count = Count { ty, counter, step, end: turns as i64 * step };
        let (around, exit) = (self.label(), self.label());
        let args = self.values(&carried);
        let labels = self.labels.len();
        self.labels.push((exit, carried.clone()));
        let body = if self.rng.chance(40) {
            self.repeated(&count, around, exit, &carried)
        } else {
            self.rotated(&count, around, exit, &carried)
        };
        self.labels.truncate(labels);
        self.counters.pop();
        self.turns = outer;
        let mut round = self.block(BlockKind::Loop, around, carried.clone(), vec![body]);
        (round.args, round.params) = (args, carried.clone());
        let begin = act(I::LocalSet(counter), vec![count.constant(0)]);
        let round = Node::Block(Box::new(round));
        if self.rng.chance(25) {
            // Local variables are zero in the beginning, so this may come behind: nothing is between the loop and what is around.
            // Who leaves the loop otherwise finds the counter where it was, and turns less often.
            let body = Body { values: vec![round], ..Body::default() };
            let round =
                Node::Block(Box::new(self.block(BlockKind::Block, exit, carried.clone(), vec![body])));
            let label = self.label();
            let body = Body { values: vec![round, begin], ..Body::default() };
            return Node::Block(Box::new(self.block(BlockKind::Block, label, carried, vec![body])));
        }
        let body = Body { statements: vec![begin], values: vec![round], ..Body::default() };
        Node::Block(Box::new(self.block(BlockKind::Block, exit, carried, vec![body])))
    }

    /// The body of a loop that tests at its end.
    fn rotated(&mut self, count: &Count, around: Label, exit: Label, carried: &[ValType]) -> Body {
        let mut statements = self.take(carried);
        if carried.is_empty() && self.rng.chance(40) {
            // The test is at the head, too: for a while it is false.
            let (targets, args) = (vec![exit], vec![count.is_over()]);
            statements.push(Node::Branch { op: Branch::If, targets, args, results: Vec::new() });
        }
        statements.extend((0..1 + self.rng.below(4)).map(|_| self.statement()));
        let mut args = self.values(carried);
        let next = op(I::LocalTee(count.counter), vec![count.next()], count.ty);
        let less = if count.ty == ValType::I64 { I::I64LtU } else { I::I32LtU };
        args.push(op(less, vec![next, count.constant(count.end)], ValType::I32));
        let results = carried.to_vec();
        let back = Node::Branch { op: Branch::If, targets: vec![around], args, results };
        Body { statements, values: vec![back], ..Body::default() }
    }

    /// The body of a loop that tests at its head, so that whatever may branch may branch back, what catches too.
    fn repeated(&mut self, count: &Count, around: Label, exit: Label, carried: &[ValType]) -> Body {
        let mut args = if carried.is_empty() { Vec::new() } else { vec![Node::Rest(carried.to_vec())] };
        args.push(count.is_over());
        // What is carried stays on the stack.
        let test = Node::Branch { op: Branch::If, targets: vec![exit], args, results: carried.to_vec() };
        let mut statements = vec![test, act(I::LocalSet(count.counter), vec![count.next()])];
        let kept = statements.len();
        statements.extend(self.take(carried));
        let labels = self.labels.len();
        // More than once: so it is chosen more often.
        let weight = 1 + self.rng.below(4);
        self.labels.extend(std::iter::repeat_n((around, carried.to_vec()), weight));
        statements.extend((0..1 + self.rng.below(5)).map(|_| self.statement()));
        let values = self.values(carried);
        self.labels.truncate(labels);
        let values = if self.rng.chance(60) {
            let (args, results) = (self.over_others(values), carried.to_vec());
            vec![Node::Branch { op: Branch::Always, targets: vec![around], args, results }]
        } else {
            values
        };
        Body { kept, statements, values }
    }

    /// Blocks that a table of branches leads out of, with a value or without.
    pub(super) fn switch(&mut self) -> Node {
        let types = if self.rng.chance(40) { vec![self.some_type()] } else { Vec::new() };
        let deep = self.rng.chance(3);
        let count = if deep { 30 + self.rng.below(100) } else { 2 + self.rng.below(3) };
        let arms: Vec<Label> = (0..count).map(|_| self.label()).collect();
        let mut args = self.values(&types);
        let index = self.value(ValType::I32);
        let mask = i32((count.next_power_of_two() - 1) as i32);
        args.push(if deep { op(I::I32And, vec![index, mask], ValType::I32) } else { index });
        let entries = if deep { count } else { 1 + self.rng.below(6) };
        let mut targets: Vec<Label> = (0..entries).map(|_| *self.rng.pick(&arms)).collect();
        let fitting: Vec<Label> =
            self.labels.iter().filter(|label| label.1 == types).map(|label| label.0).collect();
        while !fitting.is_empty() && self.rng.chance(40) {
            targets.push(*self.rng.pick(&fitting));
        }
        targets.push(*self.rng.pick(&arms));
        let last = self.rng.below(targets.len());
        let end = targets.len() - 1;
        targets.swap(last, end);
        let args = self.over_others(args);
        let mut node = Node::Branch { op: Branch::Table, targets, args, results: types.clone() };
        for (number, &arm) in arms.iter().enumerate() {
            let body = if number == 0 {
                Body { values: vec![node], ..Body::default() }
            } else {
                let mut statements = self.put_away(node);
                statements.push(self.statement());
                Body { statements, values: self.values(&types), ..Body::default() }
            };
            node = Node::Block(Box::new(self.block(BlockKind::Block, arm, types.clone(), vec![body])));
        }
        let statements = self.put_away(node);
        self.many(statements)
    }
}
