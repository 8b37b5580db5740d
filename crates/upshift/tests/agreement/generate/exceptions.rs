//! Blocks that catch, and what is thrown in them.

use wasm_encoder::{Instruction as I, RefType, ValType};

use super::body::Maker;
use super::values::act;
use crate::program::{Block, BlockKind, Body, Clause, Label, Node};

impl Maker<'_> {
    /// Makes a block catch; what it catches leads to its own label where that fits, or to one around.
    pub(super) fn catching(&mut self, mut block: Block) -> Block {
        block.kind = BlockKind::Try;
        for _ in 0..1 + self.rng.below(2) {
            let tag = self.rng.chance(70).then(|| self.rng.below(self.shape.tags.len()));
            let carried = match tag {
                Some(tag) => self.shape.signature(self.shape.tags[tag]).0,
                None => Vec::new(),
            };
            let fitting: Vec<Label> =
                self.labels.iter().filter(|label| label.1 == carried).map(|label| label.0).collect();
            if !fitting.is_empty() {
                let label = *self.rng.pick(&fitting);
                block.catches.push(Clause { tag: tag.map(|tag| tag as u32), reference: false, label });
            }
        }
        block
    }

    /// A block in which something is thrown, perhaps by a function that it calls, and what is caught lands behind.
    pub(super) fn try_block(&mut self) -> Node {
        let tag = self.rng.below(self.shape.tags.len());
        let carried = self.shape.signature(self.shape.tags[tag]).0;
        let (outer, inner) = (self.label(), self.label());
        let reference = self.rng.chance(30);
        let mut caught = carried.clone();
        if reference {
            caught.push(ValType::Ref(RefType::EXNREF));
        }
        let labels = self.labels.len();
        self.labels.push((outer, caught.clone()));
        let mut body = self.body(Some((inner, Vec::new())), &[]);
        if self.rng.chance(60) {
            let condition = self.condition();
            let values = self.values(&carried);
            let values = self.over_others(values);
            let throw = self.when(condition, act(I::Throw(tag as u32), values));
            let at = self.rng.below(body.statements.len() + 1);
            body.statements.insert(at, throw);
        }
        self.labels.truncate(labels + 1);
        let mut attempt = self.block(BlockKind::Try, inner, Vec::new(), vec![body]);
        // The label inside of which the clauses lie is not that of the block itself.
        attempt.catches.push(Clause { tag: Some(tag as u32), reference, label: outer });
        if self.rng.chance(30) {
            attempt = self.catching(attempt);
        }
        self.labels.truncate(labels);
        let mut values = self.values(&carried);
        if reference {
            let exn = ValType::Ref(RefType::EXNREF);
            values.push(self.constant(exn));
        }
        let body = Body { statements: vec![Node::Block(Box::new(attempt))], values, ..Body::default() };
        let block = self.block(BlockKind::Block, outer, caught, vec![body]);
        let mut statements = self.put_away(Node::Block(Box::new(block)));
        if reference && self.shape.traps > 1 && self.rng.chance(30) {
            // Thrown again, or null.
            if let Some(Node::Op { op, .. }) = statements.first_mut() {
                *op = I::ThrowRef;
            }
        }
        self.many(statements)
    }
}
