//! Statements: what changes variables and memories, branches, and leaves the function.

use wasm_encoder::{Instruction as I, RefType, ValType};

use super::MIX;
use super::body::Maker;
use super::values::{act, get, i32, i64, op};
use crate::program::{BlockKind, Branch, Node};

impl Maker<'_> {
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
            97 => self.rarely_fails(),
            _ => {
                let ty = self.some_type();
                let value = self.value(ty);
                act(I::Drop, vec![value])
            }
        };
        self.depth -= 1;
        node
    }

    /// A check that hardly ever fails.
    fn rarely_fails(&mut self) -> Node {
        let (value, other) = (self.value(ValType::I32), i32(self.rng.below(1 << 30) as i32));
        let fails = op(I::I32Eq, vec![value, other], ValType::I32);
        self.when(fails, act(I::Unreachable, Vec::new()))
    }

    /// A global or a local of integers gets what a chain of operators makes of it, if there is one.
    fn turn(&mut self) -> Option<Node> {
        let ty = *self.rng.pick(&[ValType::I32, ValType::I64]);
        let fitting = |at: &usize| self.shape.globals[*at].0 == ty;
        let globals: Vec<usize> = (2..self.shape.globals.len()).filter(fitting).collect();
        if !globals.is_empty() && self.rng.chance(40) {
            let global = *self.rng.pick(&globals) as u32;
            let value = self.chain(ty, op(I::GlobalGet(global), Vec::new(), ty));
            return Some(act(I::GlobalSet(global), vec![value]));
        }
        let local = self.some_local(ty)?;
        let value = self.chain(ty, get(local, ty));
        Some(act(I::LocalSet(local), vec![value]))
    }

    pub(super) fn assign(&mut self) -> Node {
        if self.rng.chance(15)
            && let Some(turned) = self.turn()
        {
            return turned;
        }
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
    pub(super) fn mix(&mut self, value: Node) -> Node {
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
                op(I::I64Xor, vec![low, op(I::I64Rotl, vec![high, i64(7)], wide)], wide)
            }
            ValType::Ref(_) => op(I::I64ExtendI32U, vec![op(I::RefIsNull, vec![value], ValType::I32)], wide),
        };
        let before = op(I::GlobalGet(MIX), Vec::new(), wide);
        let turned = op(I::I64Mul, vec![before, i64(0x5851_f42d_4c95_7f2d)], wide);
        act(I::GlobalSet(MIX), vec![op(I::I64Add, vec![turned, bits], wide)])
    }

    /// Mixes local variables, so that all that was computed is seen.
    pub(super) fn mix_locals(&mut self) -> Vec<Node> {
        let locals: Vec<u32> = self.user.iter().copied().take(20).collect();
        locals.into_iter().map(|local| self.mix(get(local, self.locals[local as usize]))).collect()
    }

    /// A branch out of some blocks, with their values, under a condition.
    pub(super) fn branch(&mut self) -> Node {
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
    pub(super) fn leave(&mut self) -> Node {
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
}
