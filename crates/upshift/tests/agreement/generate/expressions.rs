//! Expressions with a value of a type: constants, variables, operators, and blocks that may be left early.

use wasm_encoder::{Instruction as I, ValType};

use super::body::Maker;
use super::values::{get, i64, op};
use crate::program::{BlockKind, Body, Branch, Node};

impl Maker<'_> {
    /// An expression with a value of the type.
    pub(super) fn value(&mut self, ty: ValType) -> Node {
        self.budget -= 1;
        if self.spent() {
            return self.simple(ty);
        }
        self.depth += 1;
        let node = match self.rng.below(100) {
            0..30 => self.simple(ty),
            30..33 if self.has_references() => self.of_object(ty).unwrap_or_else(|| self.simple(ty)),
            33..40 if ty == ValType::I32 => self.condition(),
            30..60 => self.operator(ty).unwrap_or_else(|| self.special(ty)),
            60..70 => self.load(ty).unwrap_or_else(|| self.special(ty)),
            70..76 => self.select(ty),
            76..80 => {
                let (condition, then, other) = (self.condition(), self.value(ty), self.value(ty));
                self.if_else(condition, then, other, ty)
            }
            80..86 => self.block_value(ty),
            86..90 => self.call_value(ty),
            90..94 => match self.some_local(ty) {
                Some(local) => {
                    let value = self.value(ty);
                    op(I::LocalTee(local), vec![value], ty)
                }
                None => self.special(ty),
            },
            94..96 => self.counted(vec![ty]),
            _ => self.special(ty),
        };
        self.depth -= 1;
        node
    }

    pub(super) fn condition(&mut self) -> Node {
        if self.rng.chance(20) {
            return self.value(ValType::I32);
        }
        if self.rng.chance(20) {
            return self.bits_in_common();
        }
        let all: Vec<usize> =
            (0..self.shape.specs.len()).filter(|&at| self.shape.specs[at].operands.len() == 2).collect();
        let compare = |at: &&usize| {
            let spec = &self.shape.specs[**at];
            spec.result.val_type() == ValType::I32 && spec.care == crate::ops::Care::Nothing
        };
        let fitting: Vec<usize> = all.iter().filter(compare).copied().collect();
        let spec = self.shape.specs[*self.rng.pick(&fitting)].clone();
        let args = spec.operands.iter().map(|ty| self.value(ty.val_type())).collect();
        op(spec.op, args, ValType::I32)
    }

    /// Whether two integers have bits in common, or have none.
    fn bits_in_common(&mut self) -> Node {
        let wide = self.rng.chance(40);
        let (ty, and) = if wide { (ValType::I64, I::I64And) } else { (ValType::I32, I::I32And) };
        let both =
            vec![self.simple(ty), if self.rng.chance(60) { self.constant(ty) } else { self.value(ty) }];
        let common = op(and, both, ty);
        match (wide, self.rng.chance(50)) {
            (true, true) => op(I::I64Eqz, vec![common], ValType::I32),
            (true, false) => op(I::I64Ne, vec![common, i64(0)], ValType::I32),
            (false, true) => op(I::I32Eqz, vec![common], ValType::I32),
            (false, false) => common,
        }
    }

    /// What operators without traps make of an old value, of constants and of locals.
    pub(super) fn chain(&mut self, ty: ValType, old: Node) -> Node {
        let ops = if ty == ValType::I64 {
            [I::I64Xor, I::I64Add, I::I64Sub, I::I64Mul, I::I64Rotl, I::I64ShrU]
        } else {
            [I::I32Xor, I::I32Add, I::I32Sub, I::I32Mul, I::I32Rotl, I::I32ShrU]
        };
        let other = self.simple(ty);
        let both = if self.rng.chance(50) { vec![old, other] } else { vec![other, old] };
        let mut value = op(self.rng.pick(&ops).clone(), both, ty);
        for _ in 0..self.rng.below(4) {
            let next = match self.some_local(ty) {
                Some(local) if self.rng.chance(50) => get(local, ty),
                _ => self.constant(ty),
            };
            value = op(self.rng.pick(&ops).clone(), vec![value, next], ty);
        }
        value
    }

    pub(super) fn some_local(&mut self, ty: ValType) -> Option<u32> {
        let fitting: Vec<u32> =
            self.user.iter().copied().filter(|&local| self.locals[local as usize] == ty).collect();
        (!fitting.is_empty()).then(|| *self.rng.pick(&fitting))
    }

    pub(super) fn simple(&mut self, ty: ValType) -> Node {
        if self.rng.chance(25) {
            return self.constant(ty);
        }
        if self.rng.chance(20) {
            let counters: Vec<u32> =
                self.counters.iter().copied().filter(|&local| self.locals[local as usize] == ty).collect();
            if !counters.is_empty() {
                return get(*self.rng.pick(&counters), ty);
            }
        }
        if self.rng.chance(20) {
            let fitting = |at: &usize| *at > 0 && self.shape.globals[*at].0 == ty;
            let globals: Vec<usize> = (0..self.shape.globals.len()).filter(fitting).collect();
            if !globals.is_empty() {
                return op(I::GlobalGet(*self.rng.pick(&globals) as u32), Vec::new(), ty);
            }
        }
        match self.some_local(ty) {
            Some(local) => get(local, ty),
            None => self.constant(ty),
        }
    }

    /// What only some types have.
    pub(super) fn special(&mut self, ty: ValType) -> Node {
        match ty {
            ValType::Ref(reference) => self.reference(reference),
            ValType::I32 if self.rng.chance(20) => self.size(),
            ValType::I32 if self.has_references() && self.rng.chance(60) => self.of_reference(),
            ValType::I64 if self.rng.chance(30) => self.wide(),
            _ if self.has_references() => self.of_object(ty).unwrap_or_else(|| self.simple(ty)),
            _ => self.simple(ty),
        }
    }

    /// The lower half of arithmetic with 128 bits; the upper one goes to a local.
    pub(super) fn wide(&mut self) -> Node {
        let wide = ValType::I64;
        let (instruction, count) = match self.rng.below(4) {
            0 => (I::I64Add128, 4),
            1 => (I::I64Sub128, 4),
            2 => (I::I64MulWideS, 2),
            _ => (I::I64MulWideU, 2),
        };
        let args = self.values(&vec![wide; count]);
        let both = Node::Op { op: instruction, args, results: vec![wide; 2] };
        self.first_of(both)
    }

    pub(super) fn has_references(&self) -> bool {
        self.shape.palette.iter().any(|ty| matches!(ty, ValType::Ref(_)))
    }

    pub(super) fn select(&mut self, ty: ValType) -> Node {
        let args = vec![self.value(ty), self.value(ty), self.condition()];
        let typed = matches!(ty, ValType::Ref(_)) || self.rng.chance(20);
        op(if typed { I::TypedSelect(ty) } else { I::Select }, args, ty)
    }

    /// A block that may be left early with its value, with parameters or without.
    pub(super) fn block_value(&mut self, ty: ValType) -> Node {
        let label = self.label();
        let params = self.some_types(2);
        let args = self.values(&params);
        let labels = self.labels.len();
        self.labels.push((label, vec![ty]));
        let mut statements = self.take(&params);
        statements.extend((0..1 + self.rng.below(3)).map(|_| self.statement()));
        let value = self.value(ty);
        let condition = self.condition();
        let value = match self.rng.below(10) {
            0..5 => {
                let args = vec![value, condition];
                Node::Branch { op: Branch::If, targets: vec![label], args, results: vec![ty] }
            }
            5..7 => {
                let args = self.over_others(vec![value]);
                Node::Branch { op: Branch::Always, targets: vec![label], args, results: vec![ty] }
            }
            _ => value,
        };
        self.labels.truncate(labels);
        let mut block = self.block(
            BlockKind::Block,
            label,
            vec![ty],
            vec![Body { statements, values: vec![value], ..Body::default() }],
        );
        (block.args, block.params) = (args, params);
        if self.rng.chance(15) {
            block = self.catching(block);
        }
        Node::Block(Box::new(block))
    }
}
