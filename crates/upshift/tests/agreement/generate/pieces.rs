//! Pieces that statements and expressions are made of: blocks around others, and what takes values off the stack.

use wasm_encoder::{Instruction as I, ValType};

use super::body::Maker;
use super::values::{act, get};
use crate::program::{Block, BlockKind, Body, Label, Node};

impl Maker<'_> {
    pub(super) fn block(
        &mut self,
        kind: BlockKind,
        label: Label,
        results: Vec<ValType>,
        bodies: Vec<Body>,
    ) -> Block {
        Block { kind, label, args: Vec::new(), params: Vec::new(), results, bodies, catches: Vec::new() }
    }

    pub(super) fn when(&mut self, condition: Node, then: Node) -> Node {
        let label = self.label();
        let body = Body { statements: vec![then], ..Body::default() };
        let mut block = self.block(BlockKind::If, label, Vec::new(), vec![body]);
        block.args = vec![condition];
        Node::Block(Box::new(block))
    }

    pub(super) fn if_else(&mut self, condition: Node, then: Node, other: Node, ty: ValType) -> Node {
        let label = self.label();
        let body = |value| Body { values: vec![value], ..Body::default() };
        let mut block = self.block(BlockKind::If, label, vec![ty], vec![body(then), body(other)]);
        block.args = vec![condition];
        Node::Block(Box::new(block))
    }

    /// Some statements and values, inside of one more block.
    pub(super) fn body(&mut self, label: Option<(Label, Vec<ValType>)>, results: &[ValType]) -> Body {
        let labels = self.labels.len();
        self.labels.extend(label);
        let statements = (0..1 + self.rng.below(4)).map(|_| self.statement()).collect();
        let values = self.values(results);
        self.labels.truncate(labels);
        Body { statements, values, ..Body::default() }
    }

    pub(super) fn many(&mut self, nodes: Vec<Node>) -> Node {
        let label = self.label();
        let body = Body { statements: nodes, ..Body::default() };
        Node::Block(Box::new(self.block(BlockKind::Block, label, Vec::new(), vec![body])))
    }

    pub(super) fn values(&mut self, types: &[ValType]) -> Vec<Node> {
        types.iter().map(|&ty| self.value(ty)).collect()
    }

    /// Operands of something that leaves the rest of the block out, perhaps with more values below them, which are dropped.
    pub(super) fn over_others(&mut self, args: Vec<Node>) -> Vec<Node> {
        let below = if self.rng.chance(45) { self.some_types(3) } else { Vec::new() };
        let mut all = self.values(&below);
        all.extend(args);
        all
    }

    /// Moves parameters of a block to locals, the last one first.
    pub(super) fn take(&mut self, params: &[ValType]) -> Vec<Node> {
        let mut rest = params.to_vec();
        let mut statements = Vec::new();
        while let Some(&ty) = rest.last() {
            let from = Node::Rest(rest.clone());
            rest.pop();
            statements.push(match self.some_local(ty) {
                Some(local) if self.rng.chance(80) => act(I::LocalSet(local), vec![from]),
                _ => act(I::Drop, vec![from]),
            });
        }
        statements
    }

    /// The first of several values; the others are put away.
    pub(super) fn first_of(&mut self, node: Node) -> Node {
        let ty = node.results()[0];
        let local = self.fresh(ty);
        let mut statements = self.put_away_but(node, 1);
        let last = statements.len() - 1;
        let Node::Op { args, .. } = &mut statements[last] else { unreachable!("it was made so") };
        let args = std::mem::take(args);
        statements[last] = act(I::LocalSet(local), args);
        let label = self.label();
        let body = Body { statements, values: vec![get(local, ty)], ..Body::default() };
        Node::Block(Box::new(self.block(BlockKind::Block, label, vec![ty], vec![body])))
    }

    /// Statements that take what a node leaves, the last value first.
    pub(super) fn put_away(&mut self, node: Node) -> Vec<Node> {
        self.put_away_but(node, 0)
    }

    pub(super) fn put_away_but(&mut self, node: Node, kept: usize) -> Vec<Node> {
        let mut rest = node.results().to_vec();
        let mut statements = Vec::new();
        let mut from = Some(node);
        while let Some(&ty) = rest.last() {
            let value = from.take().unwrap_or_else(|| Node::Rest(rest.clone()));
            rest.pop();
            statements.push(match self.some_local(ty) {
                Some(local) if rest.len() >= kept => act(I::LocalSet(local), vec![value]),
                _ => act(I::Drop, vec![value]),
            });
        }
        statements.extend(from);
        statements
    }
}
