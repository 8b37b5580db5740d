//! Copies code of callees into their caller.
//!
//! ```text
//! block ─ call ─ rest   becomes   block ─▶ copy ─┬▶ join: results as parameters, rest
//!                                                └▶ the call, if it is still there ─▶ join
//! ```
//!
//! All calls are replaced in one go over the caller, so its instructions are moved once. Where exceptions of a call are caught, the
//! block behind it is the join already.

use rustc_hash::FxHashMap;
use upshift_core::index::TableIndex;
use upshift_core::ops::Binary;
use upshift_core::vm::BuiltinOp;

use super::copy::Copy;
use super::{Choice, Expected, Test};
use crate::ssa::{Block, BlockData, Func, List, Op, Pos, Target, Terminator, Ty, Value, ValueData};

/// Replaces calls.
pub(super) fn run(func: &mut Func, plan: &FxHashMap<Value, Choice>) {
    let old = std::mem::take(&mut func.layout);
    let mut splicer = Splicer { func, layout: Vec::with_capacity(old.len() + 4 * plan.len()) };
    for block in old {
        splicer.block(block, plan);
    }
    let Splicer { func, layout } = splicer;
    func.layout = layout;
}

/// The caller.
pub(super) struct Splicer<'a> {
    pub(super) func: &'a mut Func,
    /// The blocks in their new order.
    pub(super) layout: Vec<Block>,
}

/// A call that is being replaced.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) call: Value,
    pub(super) args: List,
    pub(super) pos: Pos,
    /// The block that ends where the call was.
    pub(super) before: Block,
    /// Where control goes on. Its parameters are the results.
    pub(super) join: Block,
    /// How the block of the call ends if its exceptions are caught.
    invoke: Option<Terminator>,
}

impl Splicer<'_> {
    /// Replaces the calls of a block.
    fn block(&mut self, block: Block, plan: &FxHashMap<Value, Choice>) {
        self.layout.push(block);
        if !self.func.block(block).insts.iter().any(|inst| plan.contains_key(inst)) {
            return;
        }
        let empty =
            BlockData { params: Vec::new(), insts: Vec::new(), term: Terminator::None, pos: Pos::NONE };
        let BlockData { params, insts, term, pos } = std::mem::replace(self.func.block_mut(block), empty);
        self.func.block_mut(block).params = params;
        let mut term = Some(term);
        let mut current = block;
        let mut rest = &insts[..];
        while let Some((&inst, behind)) = rest.split_first() {
            rest = behind;
            let Some(choice) = plan.get(&inst) else {
                self.func.block_mut(current).insts.push(inst);
                continue;
            };
            let &ValueData { args, pos: at, .. } = self.func.value(inst);
            let mut call = Call { call: inst, args, pos: at, before: current, join: current, invoke: None };
            if let Some(Terminator::Invoke { call: last, normal, .. }) = term
                && last == inst
            {
                (call.join, call.invoke) = (normal, term.take());
                let insts = std::mem::take(&mut self.func.block_mut(normal).insts);
                let results = self.results(inst, &insts);
                self.func.block_mut(normal).insts = insts[results..].to_vec();
                self.name_results(&call, choice, &insts[..results]);
                self.replace(&call, choice);
            } else {
                call.join = self.func.new_block();
                let results = self.results(inst, rest);
                self.name_results(&call, choice, &rest[..results]);
                rest = &rest[results..];
                self.replace(&call, choice);
                self.layout.push(call.join);
            }
            current = call.join;
        }
        if let Some(term) = term {
            let data = self.func.block_mut(current);
            (data.term, data.pos) = (term, pos);
        }
    }

    /// How many results of a call instructions begin with.
    fn results(&self, call: Value, insts: &[Value]) -> usize {
        let is_result = |&&inst: &&Value| {
            matches!(self.func.op(inst), Op::Result(_)) && self.func.args(inst).first() == Some(&call)
        };
        insts.iter().take_while(is_result).count()
    }

    /// Makes the results of a call parameters of the block where control goes on.
    fn name_results(&mut self, call: &Call, choice: &Choice, results: &[Value]) {
        let mut named = vec![None; choice.results().len()];
        for &result in results {
            if let Op::Result(number) = self.func.op(result) {
                named[number as usize] = Some(result);
            }
        }
        for ((number, &ty), param) in (0..).zip(choice.results()).zip(named) {
            let Some(param) = param else {
                self.func.add_param(call.join, ty);
                continue;
            };
            let data = ValueData { op: Op::Param(number), ty: Some(ty), args: List::EMPTY, pos: Pos::NONE };
            *self.func.value_mut(param) = data;
            self.func.block_mut(call.join).params.push(param);
        }
    }

    fn replace(&mut self, call: &Call, choice: &Choice) {
        let Choice { known, is_whole, test } = choice;
        let is_called = !is_whole || test.is_some();
        let slow = if is_called { self.func.new_block() } else { call.before };
        let mut direct = call.clone();
        if let Some(expected) = test {
            direct.before = self.test(call, *expected, slow);
            direct.args = call.args.behind_first();
        }
        if *is_whole {
            Copy::new(self, &known.func, &direct).whole();
        } else {
            let Some(guard) = &known.guard else { unreachable!("it was chosen because it has one") };
            let from = guard.func.as_deref().unwrap_or(&known.func);
            Copy::new(self, from, &direct).tree(&guard.tree, direct.before, slow);
        }
        if is_called {
            self.layout.push(slow);
            self.call_after_all(call, &known.func.results, slow);
        }
    }

    /// Tests whether a call calls what is expected, and goes on at `slow` if not. Returns the block where it does.
    fn test(&mut self, call: &Call, expected: Expected, slow: Block) -> Block {
        let leads = self.func.list(call.args)[0];
        let pos = call.pos;
        let mut at = call.before;
        let index_ty = self.func.ty(leads);
        let [eq, lt] = match index_ty {
            Ty::I32 => [Binary::I32Eq, Binary::I32LtU],
            _ => [Binary::I64Eq, Binary::I64LtU],
        };
        let append = |func: &mut Func, at: Block, op: Op, ty: Ty, args: &[Value]| {
            func.append(at, op, Some(ty), args, pos)
        };
        let func = &mut *self.func;
        let cond = match expected.test {
            Test::Index(index) => {
                let index = append(func, at, Op::Const(index), index_ty, &[]);
                append(func, at, Op::Binary(eq), Ty::I32, &[leads, index])
            }
            Test::Element(TableIndex(x)) => {
                let service = |op| Op::Service { op, x, y: 0 };
                let size = append(func, at, service(BuiltinOp::TableSize), index_ty, &[]);
                let is_there = append(func, at, Op::Binary(lt), Ty::I32, &[leads, size]);
                let there = self.branch((at, pos), is_there, slow);
                at = there;
                let func = &mut *self.func;
                let found = append(func, at, service(BuiltinOp::TableGet), Ty::I64, &[leads]);
                let wanted = append(func, at, Op::RefFunc(expected.func), Ty::I64, &[]);
                append(func, at, Op::Binary(Binary::I64Eq), Ty::I32, &[found, wanted])
            }
            Test::Reference => {
                let wanted = append(func, at, Op::RefFunc(expected.func), Ty::I64, &[]);
                append(func, at, Op::Binary(Binary::I64Eq), Ty::I32, &[leads, wanted])
            }
        };
        self.branch((at, pos), cond, slow)
    }

    /// Ends a block with a branch to one that comes next, or to `slow`. Returns the one that comes next.
    fn branch(&mut self, (block, pos): (Block, Pos), cond: Value, slow: Block) -> Block {
        let next = self.func.new_block();
        let data = self.func.block_mut(block);
        data.term = Terminator::Branch { cond, then: Target::new(next), otherwise: Target::new(slow) };
        data.pos = pos;
        self.layout.push(next);
        next
    }

    /// Fills the block of a call in front of which there is a guard.
    fn call_after_all(&mut self, call: &Call, results: &[Ty], block: Block) {
        self.func.block_mut(block).insts.push(call.call);
        self.func.block_mut(block).pos = call.pos;
        let mut behind = block;
        if let Some(Terminator::Invoke { landings, steps, .. }) = &call.invoke {
            behind = self.func.new_block();
            let invoke = Terminator::Invoke {
                call: call.call,
                normal: behind,
                landings: landings.clone(),
                steps: *steps,
            };
            self.func.block_mut(block).term = invoke;
            self.layout.push(behind);
        }
        self.return_results(call, results, call.call, behind);
    }

    /// Ends a block behind a call whose results are those of the call that is replaced.
    pub(super) fn return_results(&mut self, call: &Call, results: &[Ty], made: Value, block: Block) {
        let results = (0..).zip(results);
        let results: Vec<Value> = results
            .map(|(number, &ty)| self.func.append(block, Op::Result(number), Some(ty), &[made], call.pos))
            .collect();
        let args = self.func.make_list(&results);
        let data = self.func.block_mut(block);
        (data.term, data.pos) = (Terminator::Jump(Target { block: call.join, args }), call.pos);
    }
}
