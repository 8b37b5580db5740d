//! Calls of all kinds, in tail position as well: direct ones, through the table, by reference.

use wasm_encoder::{Instruction as I, RefType, ValType};

use super::body::Maker;
use super::values::{i32, op};
use crate::program::{BlockKind, Body, Node};

impl Maker<'_> {
    /// A call of any kind and the types of its results. In tail position if its caller returns the same.
    pub(super) fn call(&mut self, tail: bool) -> (Node, Vec<ValType>) {
        let (callee, mut ty) = self.some_callee();
        let kind = self.rng.below(10);
        let mut entry = None;
        if kind < 4 {
            let mut at = self.rng.below(self.shape.table.len());
            if self.shape.table[at].is_none() && !self.rng.chance(self.shape.traps) {
                at = (at + 1) % self.shape.table.len();
            }
            let known = self.shape.table[at].filter(|_| !self.rng.chance(self.shape.traps));
            if let Some(func) = known {
                ty = self.shape.funcs[func as usize];
            }
            entry = Some(at as i32);
        }
        let (params, results) = self.shape.signature(ty);
        let mut args = self.values(&params);
        let instruction = if let Some(at) = entry {
            args.push(i32(at));
            if tail {
                I::ReturnCallIndirect { type_index: ty, table_index: 0 }
            } else {
                I::CallIndirect { type_index: ty, table_index: 0 }
            }
        } else if kind < 6 {
            let heap_type = wasm_encoder::HeapType::Concrete(ty);
            let exact = ValType::Ref(RefType { nullable: false, heap_type });
            let null = self.rng.chance(self.shape.traps);
            let of = if null { I::RefNull(heap_type) } else { I::RefFunc(callee) };
            args.push(op(of, Vec::new(), exact));
            if tail { I::ReturnCallRef(ty) } else { I::CallRef(ty) }
        } else if tail {
            I::ReturnCall(callee)
        } else {
            I::Call(callee)
        };
        let types = if tail { Vec::new() } else { results.clone() };
        (Node::Op { op: instruction, args, results: types }, results)
    }

    /// A call with its first result, if it has the type.
    pub(super) fn call_value(&mut self, ty: ValType) -> Node {
        let (call, results) = self.call(false);
        if results.first() != Some(&ty) {
            // What it gives back is put away, and the value is another one.
            let value = self.simple(ty);
            let statements = self.put_away(call);
            let label = self.label();
            let body = Body { statements, values: vec![value], ..Body::default() };
            return Node::Block(Box::new(self.block(BlockKind::Block, label, vec![ty], vec![body])));
        }
        if results.len() == 1 {
            return call;
        }
        self.first_of(call)
    }

    /// The results, or a call in tail position that has the same.
    pub(super) fn tail(&mut self, results: &[ValType]) -> Vec<Node> {
        if self.rng.chance(20) {
            let (call, types) = self.call(true);
            if types == results {
                let label = self.label();
                let body = Body { values: vec![call], ..Body::default() };
                let block = self.block(BlockKind::Block, label, results.to_vec(), vec![body]);
                return vec![Node::Block(Box::new(block))];
            }
        }
        self.values(results)
    }
}
