//! Bodies of functions: statements and expressions of a type, by chance, until a budget is used up.

use wasm_encoder::{Instruction as I, RefType, ValType};

use super::values::{act, get, i32, op};
use super::{MIX, Shape};
use crate::program::{Block, BlockKind, Body, Branch, Clause, Func, Label, Node, WHOLE};
use crate::rng::Rng;

/// What makes a body.
pub(super) struct Maker<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) shape: &'a Shape,
    func: usize,
    locals: Vec<ValType>,
    /// Locals that anything may change.
    user: Vec<u32>,
    /// Locals that may be read: counters of loops.
    pub(super) counters: Vec<u32>,
    /// Labels that may be branched to, with what they carry: forward ones.
    pub(super) labels: Vec<(Label, Vec<ValType>)>,
    next_label: Label,
    /// How many more nodes may be made.
    budget: i64,
    depth: usize,
    /// How many turns the innermost loop may have, so that those around it do not multiply to too many.
    pub(super) turns: usize,
}

/// The body of function number `func`.
pub(super) fn function(rng: &mut Rng, shape: &Shape, func: usize) -> Func {
    let (params, results) = shape.signature(shape.funcs[func]);
    let budget = shape.budget as i64 / 2 + rng.below(shape.budget) as i64;
    let mut maker = Maker {
        rng,
        shape,
        func,
        user: (0..params.len() as u32).collect(),
        locals: params.clone(),
        counters: Vec::new(),
        labels: vec![(WHOLE, results.clone())],
        next_label: 1,
        budget,
        depth: 0,
        turns: 300,
    };
    for _ in 0..shape.locals {
        let ty = *maker.rng.pick(&shape.palette);
        let local = maker.fresh(ty);
        maker.user.push(local);
    }
    let mut statements = maker.take_fuel(&results);
    while maker.budget > 0 {
        statements.push(maker.statement());
    }
    maker.budget = 10;
    if maker.rng.chance(70) {
        statements.extend(maker.mix_locals());
    }
    let values = maker.tail(&results);
    Func {
        ty: shape.funcs[func],
        locals: maker.locals.split_off(params.len()),
        body: Body { statements, values, ..Body::default() },
    }
}

impl Maker<'_> {
    /// A local that nobody else changes.
    pub(super) fn fresh(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        self.locals.len() as u32 - 1
    }

    pub(super) fn label(&mut self) -> Label {
        self.next_label += 1;
        self.next_label - 1
    }

    /// Without fuel the function returns something at once: a trap would end the whole call.
    fn take_fuel(&mut self, results: &[ValType]) -> Vec<Node> {
        let fuel = || op(I::GlobalGet(0), Vec::new(), ValType::I32);
        let values = results.iter().map(|&ty| self.constant(ty)).collect();
        let out = self.when(op(I::I32Eqz, vec![fuel()], ValType::I32), act(I::Return, values));
        vec![out, act(I::GlobalSet(0), vec![op(I::I32Sub, vec![fuel(), i32(1)], ValType::I32)])]
    }

    fn spent(&self) -> bool {
        self.budget <= 0 || self.depth > 7
    }

    pub(super) fn some_type(&mut self) -> ValType {
        *self.rng.pick(&self.shape.palette)
    }

    pub(super) fn some_types(&mut self, most: usize) -> Vec<ValType> {
        (0..self.rng.below(most + 1)).map(|_| self.some_type()).collect()
    }

    /// A function, with its number in the module and its type: one of the host, one of the first module, or a later one.
    pub(super) fn some_callee(&mut self) -> (u32, u32) {
        let hosts = self.shape.host.len();
        // The first module does not know the second one.
        let known = if self.func < self.shape.first { self.shape.first } else { self.shape.funcs.len() };
        if self.rng.chance(20) {
            let host = self.rng.below(hosts);
            return (host as u32, self.shape.host[host]);
        }
        let func = self.rng.below(known);
        ((hosts + func) as u32, self.shape.funcs[func])
    }

    // Pieces that others are made of.

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
    fn body(&mut self, label: Option<(Label, Vec<ValType>)>, results: &[ValType]) -> Body {
        let labels = self.labels.len();
        self.labels.extend(label);
        let statements = (0..1 + self.rng.below(4)).map(|_| self.statement()).collect();
        let values = self.values(results);
        self.labels.truncate(labels);
        Body { statements, values, ..Body::default() }
    }

    pub(super) fn values(&mut self, types: &[ValType]) -> Vec<Node> {
        types.iter().map(|&ty| self.value(ty)).collect()
    }

    fn condition(&mut self) -> Node {
        if self.rng.chance(20) {
            return self.value(ValType::I32);
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

    // Expressions.

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
    fn special(&mut self, ty: ValType) -> Node {
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
    fn wide(&mut self) -> Node {
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

    fn has_references(&self) -> bool {
        self.shape.palette.iter().any(|ty| matches!(ty, ValType::Ref(_)))
    }

    fn select(&mut self, ty: ValType) -> Node {
        let args = vec![self.value(ty), self.value(ty), self.condition()];
        let typed = matches!(ty, ValType::Ref(_)) || self.rng.chance(20);
        op(if typed { I::TypedSelect(ty) } else { I::Select }, args, ty)
    }

    /// Operands of something that leaves the rest of the block out, perhaps with more values below them, which are dropped.
    pub(super) fn over_others(&mut self, args: Vec<Node>) -> Vec<Node> {
        let below = if self.rng.chance(45) { self.some_types(3) } else { Vec::new() };
        let mut all = self.values(&below);
        all.extend(args);
        all
    }

    /// A block that may be left early with its value, with parameters or without.
    fn block_value(&mut self, ty: ValType) -> Node {
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

    // Calls.

    /// A call of any kind and the types of its results. In tail position if its caller returns the same.
    fn call(&mut self, tail: bool) -> (Node, Vec<ValType>) {
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
    fn call_value(&mut self, ty: ValType) -> Node {
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

    /// The first of several values; the others are put away.
    fn first_of(&mut self, node: Node) -> Node {
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

    fn put_away_but(&mut self, node: Node, kept: usize) -> Vec<Node> {
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

    /// The results, or a call in tail position that has the same.
    fn tail(&mut self, results: &[ValType]) -> Vec<Node> {
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

    // Statements.

    pub(super) fn many(&mut self, nodes: Vec<Node>) -> Node {
        let label = self.label();
        let body = Body { statements: nodes, ..Body::default() };
        Node::Block(Box::new(self.block(BlockKind::Block, label, Vec::new(), vec![body])))
    }

    /// Something that leaves the stack as it was.
    pub(super) fn statement(&mut self) -> Node {
        self.budget -= 1;
        if self.spent() {
            return self.assign();
        }
        self.depth += 1;
        let node = match self.rng.below(100) {
            0..26 => self.assign(),
            26..30 => {
                let ty = self.some_type();
                let value = self.value(ty);
                self.mix(value)
            }
            30..44 => self.store(),
            44..52 => {
                let condition = self.condition();
                let label = self.label();
                let then = self.body(Some((label, Vec::new())), &[]);
                let mut bodies = vec![then];
                if self.rng.chance(50) {
                    bodies.push(self.body(Some((label, Vec::new())), &[]));
                }
                let mut block = self.block(BlockKind::If, label, Vec::new(), bodies);
                block.args = vec![condition];
                Node::Block(Box::new(block))
            }
            52..66 => {
                let carried = if self.rng.chance(30) { self.some_types(3) } else { Vec::new() };
                let node = self.counted(carried);
                let statements = self.put_away(node);
                self.many(statements)
            }
            66..72 => self.branch(),
            72..76 => self.switch(),
            76..82 => {
                let (call, _) = self.call(false);
                let statements = self.put_away(call);
                self.many(statements)
            }
            82..86 => self.bulk(),
            86..90 => self.try_block(),
            90..92 => self.leave(),
            92..95 if self.has_references() => self.change_object(),
            95..97 => self.table(),
            97..99 => {
                let ty = self.some_type();
                let value = self.value(ty);
                self.mix(value)
            }
            _ => {
                let ty = self.some_type();
                let value = self.value(ty);
                act(I::Drop, vec![value])
            }
        };
        self.depth -= 1;
        node
    }

    fn assign(&mut self) -> Node {
        if self.rng.chance(20) && self.shape.globals.len() > 2 {
            let global = 2 + self.rng.below(self.shape.globals.len() - 2);
            let value = self.value(self.shape.globals[global].0);
            return act(I::GlobalSet(global as u32), vec![value]);
        }
        if self.user.is_empty() {
            return act(I::Nop, Vec::new());
        }
        let local = *self.rng.pick(&self.user);
        let value = self.value(self.locals[local as usize]);
        act(I::LocalSet(local), vec![value])
    }

    /// Mixes a value into the global that is for it.
    fn mix(&mut self, value: Node) -> Node {
        let wide = ValType::I64;
        let ty = value.results()[0];
        let bits = match ty {
            ValType::I32 => op(I::I64ExtendI32U, vec![value], wide),
            ValType::I64 => value,
            ValType::F32 => {
                let bits = op(I::I32ReinterpretF32, vec![self.without_nan(value)], ValType::I32);
                op(I::I64ExtendI32U, vec![bits], wide)
            }
            ValType::F64 => op(I::I64ReinterpretF64, vec![self.without_nan(value)], wide),
            ValType::V128 => {
                let local = self.fresh(ty);
                let low = op(I::I64x2ExtractLane(0), vec![op(I::LocalTee(local), vec![value], ty)], wide);
                let high = op(I::I64x2ExtractLane(1), vec![get(local, ty)], wide);
                op(I::I64Xor, vec![low, op(I::I64Rotl, vec![high, super::values::i64(7)], wide)], wide)
            }
            ValType::Ref(_) => op(I::I64ExtendI32U, vec![op(I::RefIsNull, vec![value], ValType::I32)], wide),
        };
        let before = op(I::GlobalGet(MIX), Vec::new(), wide);
        let turned = op(I::I64Mul, vec![before, super::values::i64(0x5851_f42d_4c95_7f2d)], wide);
        act(I::GlobalSet(MIX), vec![op(I::I64Add, vec![turned, bits], wide)])
    }

    /// Mixes local variables, so that all that was computed is seen.
    fn mix_locals(&mut self) -> Vec<Node> {
        let locals: Vec<u32> = self.user.iter().copied().take(20).collect();
        locals.into_iter().map(|local| self.mix(get(local, self.locals[local as usize]))).collect()
    }

    /// A branch out of some blocks, with their values, under a condition.
    fn branch(&mut self) -> Node {
        let (target, types) = self.rng.pick(&self.labels).clone();
        let mut args = self.values(&types);
        let condition = self.condition();
        match self.rng.below(3) {
            0 => {
                let args = self.over_others(args);
                let out =
                    Node::Branch { op: Branch::Always, targets: vec![target], args, results: Vec::new() };
                self.when(condition, out)
            }
            1 if self.has_references() && types.is_empty() => {
                let value = self.value(ValType::Ref(RefType::ANYREF));
                let results = vec![ValType::Ref(RefType { nullable: false, ..RefType::ANYREF })];
                let there =
                    Node::Branch { op: Branch::OnNull, targets: vec![target], args: vec![value], results };
                act(I::Drop, vec![there])
            }
            _ => {
                args.push(condition);
                let branch = Node::Branch { op: Branch::If, targets: vec![target], args, results: types };
                let statements = self.put_away(branch);
                self.many(statements)
            }
        }
    }

    /// Leaves the function, under a condition.
    fn leave(&mut self) -> Node {
        let exception = ValType::Ref(RefType::EXNREF);
        if self.shape.palette.contains(&exception) && self.rng.chance(20) {
            // What was caught somewhere is thrown again, perhaps by another function.
            let (local, value) = (self.fresh(exception), self.value(exception));
            let again = act(I::ThrowRef, vec![get(local, exception)]);
            return self.unless_null(op(I::LocalTee(local), vec![value], exception), again);
        }
        let condition = self.condition();
        let results = self.labels[0].1.clone();
        if self.shape.traps > 2 && self.rng.chance(10) {
            return self.when(condition, act(I::Unreachable, Vec::new()));
        }
        if self.rng.chance(40) {
            let (call, types) = self.call(true);
            if types == results {
                return self.when(condition, call);
            }
        }
        let values = self.values(&results);
        let values = self.over_others(values);
        self.when(condition, act(I::Return, values))
    }

    // Exceptions.

    /// Makes a block catch; what it catches leads to its own label where that fits, or to one around.
    fn catching(&mut self, mut block: Block) -> Block {
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
    fn try_block(&mut self) -> Node {
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
