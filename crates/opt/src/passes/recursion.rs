//! Makes loops of calls by which a function ends with a call of itself.
//!
//! ```text
//! f(x) = … return a + f(y)   becomes   f(x) = sum = 0; loop: … sum = sum + a; x = y; again
//!        … return b                                    …       return sum + b
//! ```
//!
//! Requires SSA that is simplified. Preserves it, and what the function returns and changes.
//!
//! A *self tail call* of the program becomes a jump in any function: there is one frame with or without it. A *call* whose result is
//! returned, as it is or put together with other values by one operator that is associative and commutative (`+ * & | ^` of integers),
//! becomes a jump only where nobody can tell:
//!
//! * Nothing in the function traps, and it calls nothing but itself. So nobody sees that frames are missing in a backtrace, but where the
//!   stack is exhausted, which is not the same in all tiers anyway. With fuel, each function may trap.
//! * Another call of itself remains, so that a recursion without an end ends as it does elsewhere: the stack is exhausted.
//! * The rounds of the loop come to an end: a parameter of 32 bits falls by a constant with each, and they go on only behind one side of a
//!   test of it with which the function begins. Otherwise a program that exhausts the stack elsewhere might run on for ever.

use upshift_core::ops::Binary;

use super::simplify;
use crate::ssa::dom::Dominators;
use crate::ssa::effects::Effect;
use crate::ssa::{Block, Callee, Func, List, Op, Pos, Target, Terminator, Ty, Value};

/// How many blocks there are at most between a call and the return.
const MOST_JUMPS: usize = 4;
/// How many instructions there are at most, and values that a block is given.
const MOST_BEHIND: usize = 32;

/// Makes loops of recursion. Returns whether there was any.
pub fn run(func: &mut Func) -> bool {
    let found = find(func);
    found.is_some_and(|found| {
        found.make_loop(func);
        true
    })
}

/// The calls that become jumps.
#[derive(Debug)]
pub(super) struct Recursion {
    /// The blocks that end with a tail call.
    replaced: Vec<Block>,
    returned: Vec<Site>,
    /// What puts results of calls together with other values.
    combined: Option<Binary>,
}

/// The calls of a function that become jumps, if there are any.
pub(super) fn find(func: &Func) -> Option<Recursion> {
    if func.osr.is_some() {
        return None;
    }
    let replaces =
        |term: &Terminator| matches!(term, Terminator::TailCall { callee, .. } if is_self(func, *callee));
    let replaced: Vec<Block> =
        func.layout.iter().copied().filter(|&block| replaces(&func.block(block).term)).collect();
    let (mut returned, mut combined) = returned(func);
    if !returned.is_empty() && !ends(func, &replaced, &returned) {
        (returned, combined) = (Vec::new(), None);
    }
    let is_any = !(replaced.is_empty() && returned.is_empty());
    is_any.then_some(Recursion { replaced, returned, combined })
}

impl Recursion {
    /// Makes the function in which it was found a loop.
    pub(super) fn make_loop(&self, func: &mut Func) {
        Rewriter::new(func, self.combined).run(&self.replaced, &self.returned);
        simplify(func);
    }
}

fn is_self(func: &Func, callee: Callee) -> bool {
    matches!(callee, Callee::Direct { func: callee, .. } if callee == func.index)
}

/// A call whose result is returned.
#[derive(Debug)]
struct Site {
    block: Block,
    /// Where in the block the call is.
    at: usize,
    /// The operations that put its result together with other values, in their order, and these values.
    chain: Vec<(Value, Value)>,
}

/// The calls that become jumps, and what puts their results together with other values, if anything does.
fn returned(func: &Func) -> (Vec<Site>, Option<Binary>) {
    let Some(calls) = calls_if_quiet(func) else { return (Vec::new(), None) };
    let (mut sites, mut combined) = (Vec::new(), None);
    for &block in &func.layout {
        let Some((site, op)) = site(func, block) else { continue };
        if op.is_none() || combined.is_none() || op == combined {
            combined = combined.or(op);
            sites.push(site);
        }
    }
    if sites.len() < calls { (sites, combined) } else { (Vec::new(), None) }
}

/// How many calls of itself a function has; nothing if something else in it may be seen from outside before it returns.
fn calls_if_quiet(func: &Func) -> Option<usize> {
    let mut calls = 0;
    for &block in &func.layout {
        let data = func.block(block);
        for &inst in &data.insts {
            match func.op(inst) {
                Op::Call(callee) if is_self(func, callee) => calls += 1,
                Op::Interrupt => {}
                op if op.effect().may_trap() => return None,
                _ => {}
            }
        }
        match data.term {
            Terminator::Jump(_)
            | Terminator::Branch { .. }
            | Terminator::Table { .. }
            | Terminator::Return(_) => {}
            Terminator::TailCall { callee, .. } if is_self(func, callee) => {}
            _ => return None,
        }
    }
    Some(calls)
}

/// The last call of itself in a block, if its result is returned, and what puts that together with other values.
fn site(func: &Func, block: Block) -> Option<(Site, Option<Binary>)> {
    let data = func.block(block);
    let is_call = |&inst: &Value| matches!(func.op(inst), Op::Call(callee) if is_self(func, callee));
    let at = data.insts.iter().rposition(is_call)?;
    let (call, behind) = (data.insts[at], &data.insts[at + 1..]);
    if behind.len() > MOST_BEHIND {
        return None;
    }
    let returned = values_returned(func, block)?;
    let results = func.results.len();
    let is_result = |value: Value, number: usize| {
        func.op(value) == Op::Result(number as u32) && func.args(value).first() == Some(&call)
    };
    // What is computed from the result.
    let mut late = vec![call];
    for &inst in behind {
        if func.args(inst).iter().any(|arg| late.contains(arg)) {
            late.push(inst);
        } else if func.op(inst).effect() != Effect::Pure {
            return None;
        }
    }
    let count = |inst: &&Value| !matches!(func.op(**inst), Op::Result(_));
    let computed = late[1..].iter().filter(count).count();
    if returned.iter().enumerate().all(|(number, &value)| is_result(value, number)) {
        let site = Site { block, at, chain: Vec::new() };
        return (computed == 0).then_some((site, None));
    }
    let &[mut value] = &returned[..] else { return None };
    debug_assert_eq!(results, 1);
    let (mut op, mut chain) = (None, Vec::new());
    while !is_result(value, 0) {
        let Op::Binary(this) = func.op(value) else { return None };
        if op.is_some_and(|op| op != this) || identity(this).is_none() || !late.contains(&value) {
            return None;
        }
        op = Some(this);
        let &[a, b] = func.args(value) else { return None };
        let (inner, other) = match (late.contains(&a), late.contains(&b)) {
            (true, false) => (a, b),
            (false, true) => (b, a),
            _ => return None,
        };
        chain.push((value, other));
        value = inner;
    }
    chain.reverse();
    (computed == chain.len()).then_some((Site { block, at, chain }, op))
}

/// What is returned where a block ends, if nothing happens between.
fn values_returned(func: &Func, block: Block) -> Option<Vec<Value>> {
    let mut term = &func.block(block).term;
    let mut given: Vec<(Value, Value)> = Vec::new();
    let find = |given: &[(Value, Value)], value: Value| {
        given.iter().rev().find(|&&(param, _)| param == value).map_or(value, |&(_, arg)| arg)
    };
    for _ in 0..MOST_JUMPS {
        match term {
            Terminator::Return(list) => {
                return Some(func.list(*list).iter().map(|&value| find(&given, value)).collect());
            }
            Terminator::Jump(target) => {
                let next = func.block(target.block);
                if !next.insts.is_empty() || next.params.len() > MOST_BEHIND {
                    return None;
                }
                let args: Vec<Value> = func.list(target.args).iter().map(|&arg| find(&given, arg)).collect();
                given.extend(next.params.iter().copied().zip(args));
                term = &next.term;
            }
            _ => return None,
        }
    }
    None
}

/// What is known of a number of 32 bits behind a test.
#[derive(Clone, Copy)]
enum Bound {
    /// It is not this.
    Not,
    /// It is at least so much more than the least number there is, signed or not.
    AtLeast(i64),
}

/// Whether a parameter falls with each call that becomes a jump, until the function returns for it. It has 32 bits: rounds with more would
/// end too, but nobody would see that.
fn ends(func: &Func, replaced: &[Block], returned: &[Site]) -> bool {
    let Some((param, bound, stays)) = first_test(func) else { return false };
    let Op::Arg(number) = func.op(param) else { return false };
    let dominators = Dominators::new(func);
    let tail_calls = replaced.iter().map(|&block| match func.block(block).term {
        Terminator::TailCall { args, .. } => (block, func.list(args)),
        _ => unreachable!("these blocks end so"),
    });
    let calls = returned.iter().map(|site| {
        let insts = &func.block(site.block).insts;
        (site.block, func.args(insts[site.at]))
    });
    tail_calls.chain(calls).all(|(block, args)| {
        let falls = decrease(func, args[number as usize], param).is_some_and(|step| match bound {
            Bound::Not => step == 1,
            Bound::AtLeast(room) => (1..=room).contains(&step),
        });
        falls && dominators.dominates(stays, block)
    })
}

/// The parameter that the first test of a function looks at, what is known of it on one side, and the block there.
fn first_test(func: &Func) -> Option<(Value, Bound, Block)> {
    let Terminator::Branch { mut cond, then, otherwise } = func.block(func.entry).term else { return None };
    let mut sides = [(then.block, true), (otherwise.block, false)];
    // A test that says the opposite of another one.
    while let (Op::Binary(Binary::I32Eq), &[inner, with]) = (func.op(cond), func.args(cond)) {
        if func.constant(with) != Some(0) || matches!(func.op(inner), Op::Arg(_)) {
            break;
        }
        cond = inner;
        sides.iter_mut().for_each(|(_, holds)| *holds = !*holds);
    }
    let predecessors = func.predecessors();
    sides.into_iter().find_map(|(stays, holds)| {
        let (param, bound) = known(func, cond, holds)?;
        (predecessors.of(stays).len() == 1).then_some((param, bound, stays))
    })
}

/// What is known of a value if a condition holds, or if it does not.
fn known(func: &Func, cond: Value, holds: bool) -> Option<(Value, Bound)> {
    let Op::Binary(op) = func.op(cond) else { return holds.then_some((cond, Bound::Not)) };
    let &[value, with] = func.args(cond) else { return None };
    let with = func.constant(with)?;
    let signed = i64::from(with as u32 as i32) - i64::from(i32::MIN);
    let unsigned = i64::from(with as u32);
    let bound = match (op, holds) {
        (Binary::I32Ne, true) | (Binary::I32Eq, false) => Bound::Not,
        (Binary::I32GeS, true) | (Binary::I32LtS, false) => Bound::AtLeast(signed),
        (Binary::I32GeU, true) | (Binary::I32LtU, false) => Bound::AtLeast(unsigned),
        // Where no number is greater, the test never passes.
        (Binary::I32GtS, true) | (Binary::I32LeS, false) => Bound::AtLeast(signed + 1),
        (Binary::I32GtU, true) | (Binary::I32LeU, false) => Bound::AtLeast(unsigned + 1),
        _ => return None,
    };
    Some((value, bound))
}

/// How much less a value is than a parameter, modulo 2³², if that is a constant; it counts as signed.
fn decrease(func: &Func, value: Value, param: Value) -> Option<i64> {
    let (Op::Binary(op), &[from, by]) = (func.op(value), func.args(value)) else { return None };
    let by = func.constant(by).filter(|_| from == param)?;
    let by = i64::from(by as u32 as i32);
    match op {
        Binary::I32Sub => Some(by),
        Binary::I32Add => Some(-by),
        _ => None,
    }
}

/// The operand with which an operator leaves the other one as it is, if it is one that may be done in any order.
fn identity(op: Binary) -> Option<(Ty, u64)> {
    Some(match op {
        Binary::I32Add | Binary::I32Or | Binary::I32Xor => (Ty::I32, 0),
        Binary::I32Mul => (Ty::I32, 1),
        Binary::I32And => (Ty::I32, u64::from(u32::MAX)),
        Binary::I64Add | Binary::I64Or | Binary::I64Xor => (Ty::I64, 0),
        Binary::I64Mul => (Ty::I64, 1),
        Binary::I64And => (Ty::I64, u64::MAX),
        _ => return None,
    })
}

struct Rewriter<'f> {
    func: &'f mut Func,
    head: Block,
    /// Which arguments of a call are parameters of the loop: those that the function looks at.
    args: Vec<usize>,
    /// What has been put together in the rounds before, and how.
    sum: Option<(Value, Binary)>,
}

impl<'f> Rewriter<'f> {
    /// Makes the entry the head of a loop, behind a new one.
    fn new(func: &'f mut Func, combined: Option<Binary>) -> Rewriter<'f> {
        let head = func.entry;
        let entry = func.new_block();
        func.entry = entry;
        func.layout.insert(0, entry);
        let (mut args, mut given) = (Vec::new(), Vec::new());
        let insts = std::mem::take(&mut func.block_mut(head).insts);
        let (params, insts): (Vec<_>, Vec<_>) =
            insts.into_iter().partition(|&inst| matches!(func.op(inst), Op::Arg(_)));
        for param in params {
            let (op, ty, pos) = (func.op(param), func.value(param).ty, func.value(param).pos);
            let Op::Arg(number) = op else { continue };
            given.push(func.append(entry, op, ty, &[], pos));
            func.change(param, Op::Param(args.len() as u32), &[]);
            func.value_mut(param).pos = Pos::NONE;
            func.block_mut(head).params.push(param);
            args.push(number as usize);
        }
        func.block_mut(head).insts = insts;
        let sum = combined.and_then(|op| {
            let (ty, identity) = identity(op)?;
            given.push(func.append(entry, Op::Const(identity), Some(ty), &[], Pos::NONE));
            Some((func.add_param(head, ty), op))
        });
        let target = Target { block: head, args: func.make_list(&given) };
        func.block_mut(entry).term = Terminator::Jump(target);
        Rewriter { func, head, args, sum }
    }

    fn run(&mut self, replaced: &[Block], returned: &[Site]) {
        for &block in replaced {
            let Terminator::TailCall { args, .. } = self.func.block(block).term else { continue };
            let again = self.again(args, self.sum.map(|(sum, _)| sum));
            self.func.block_mut(block).term = Terminator::Jump(again);
        }
        for site in returned {
            self.turn(site);
        }
        let Some((sum, op)) = self.sum else { return };
        for at in 0..self.func.layout.len() {
            let block = self.func.layout[at];
            let Terminator::Return(list) = self.func.block(block).term else { continue };
            let (value, pos) = (self.func.list(list)[0], self.func.block(block).pos);
            let ty = self.func.ty(sum);
            let value = self.func.append(block, Op::Binary(op), Some(ty), &[sum, value], pos);
            let list = self.func.make_list(&[value]);
            self.func.block_mut(block).term = Terminator::Return(list);
        }
    }

    /// Where the loop goes on, with the arguments of a call.
    fn again(&mut self, args: List, sum: Option<Value>) -> Target {
        let args = self.args.iter().map(|&number| self.func.list(args)[number]);
        let given: Vec<Value> = args.chain(sum).collect();
        Target { block: self.head, args: self.func.make_list(&given) }
    }

    /// Makes a call whose result is returned a jump to the head.
    fn turn(&mut self, site: &Site) {
        let &Site { block, at, ref chain } = site;
        let func = &mut *self.func;
        let mut behind = func.block_mut(block).insts.split_off(at);
        let call = behind.remove(0);
        let args = func.value(call).args;
        let is_chain = |inst: Value| chain.iter().any(|&(combined, _)| combined == inst);
        behind.retain(|&inst| !is_chain(inst) && func.args(inst).first() != Some(&call));
        func.block_mut(block).insts.append(&mut behind);
        let mut sum = self.sum.map(|(sum, _)| sum);
        for &(combined, other) in chain {
            let Some(before) = sum else { continue };
            func.args_mut(combined).copy_from_slice(&[before, other]);
            func.block_mut(block).insts.push(combined);
            sum = Some(combined);
        }
        let again = self.again(args, sum);
        self.func.block_mut(block).term = Terminator::Jump(again);
    }
}

#[cfg(test)]
mod tests {
    use crate::passes::testing;
    use crate::ssa::verify::verify;

    #[track_caller]
    fn looped(signature: &str, body: &str) -> String {
        testing::after(signature, body, |func| {
            super::run(func);
            verify(func, None).unwrap_or_else(|error| panic!("{error}\n{func}"));
        })
    }

    const FIB: &str = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x2
  v2: i32 = i32.lt_s v0, v1
  branch v2, b1(v0), b2
b2:
  v3: i32 = const 0x1
  v4: i32 = i32.sub v0, v3
  v5 = call func0 type0 v4                      ; 0x20
  v6: i32 = result 0 v5                         ; 0x20
  v7: i32 = i32.sub v0, v1
  v8 = call func0 type0 v7                      ; 0x24
  v9: i32 = result 0 v8                         ; 0x24
  v10: i32 = i32.add v6, v9
  jump b1(v10)
b1(v11: i32):
  return v11
";

    #[test]
    fn what_is_added_to_a_call_is_summed_up() {
        let expected = "\
b3:
  v12: i32 = arg 0
  v13: i32 = const 0x0
  jump b0(v12, v13)
b0(v0: i32, v14: i32):
  v1: i32 = const 0x2
  v2: i32 = i32.lt_s v0, v1
  branch v2, b1, b2
b2:
  v3: i32 = const 0x1
  v4: i32 = i32.sub v0, v3
  v5 = call func0 type0 v4                    ; 0x20
  v6: i32 = result 0 v5                       ; 0x20
  v7: i32 = i32.sub v0, v1
  v10: i32 = i32.add v14, v6
  jump b0(v7, v10)
b1:
  v15: i32 = i32.add v14, v0
  return v15
";
        assert_eq!(looped("(i32) -> (i32)", FIB), expected);
    }

    #[test]
    fn a_chain_of_one_operator_is_taken_apart() {
        let body = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b2
b2:
  return v0
b1:
  v5 = call func0 type0 v0
  v6: i32 = result 0 v5
  v13: i32 = const 0xffffffff
  v7: i32 = i32.add v0, v13
  v8 = call func0 type0 v7
  v9: i32 = result 0 v8
  v10: i32 = i32.mul v6, v9
  v11: i32 = i32.clz v0
  v12: i32 = i32.mul v10, v11
  return v12
";
        let expected = "\
b3:
  v14: i32 = arg 0
  v15: i32 = const 0x1
  jump b0(v14, v15)
b0(v0: i32, v16: i32):
  branch v0, b1, b2
b2:
  v17: i32 = i32.mul v16, v0
  return v17
b1:
  v5 = call func0 type0 v0
  v6: i32 = result 0 v5
  v13: i32 = const 0xffffffff
  v7: i32 = i32.add v0, v13
  v11: i32 = i32.clz v0
  v10: i32 = i32.mul v16, v6
  v12: i32 = i32.mul v10, v11
  jump b0(v7, v12)
";
        assert_eq!(looped("(i32) -> (i32)", body), expected);
    }

    #[test]
    fn self_tail_calls_are_loops_in_any_function() {
        let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2 = store32 memory0 0 v0, v1
  branch v0, b1, b2
b1:
  tail_call func0 type0 v1, v0
b2:
  return v1
";
        let expected = "\
b3:
  v3: i32 = arg 0
  v4: i32 = arg 1
  jump b0(v3, v4)
b0(v0: i32, v1: i32):
  v2 = store32 memory0 0 v0, v1
  branch v0, b1, b2
b1:
  jump b0(v1, v0)
b2:
  return v1
";
        assert_eq!(looped("(i32, i32) -> (i32)", body), expected);
    }

    #[test]
    fn nothing_changes_where_it_could_be_seen() {
        let with = |inst: &str| {
            FIB.replace("  v7: i32 = i32.sub v0, v1\n", &format!("  v7: i32 = i32.sub v0, v1\n  {inst}\n"))
        };
        let seen = [
            "v12: i32 = load32_u memory0 0 v0",
            "v12 = charge 1",
            "v12 = call func1 type0 v0",
            "v12: i32 = i32.div_s v0, v1",
        ];
        for inst in seen {
            let body = with(inst);
            assert_eq!(looped("(i32) -> (i32)", &body), looped_not(&body), "{inst}");
        }
        assert_ne!(looped("(i32) -> (i32)", &with("v12 = interrupt")), looped_not(&with("v12 = interrupt")));
        // The operator depends on the order, two operators do not go together, and the result is used twice.
        for (from, to) in [
            ("v10: i32 = i32.add v6, v9", "v10: i32 = i32.sub v6, v9"),
            ("v10: i32 = i32.add v6, v9", "v12: i32 = i32.mul v0, v9\n  v10: i32 = i32.add v12, v6"),
            ("v10: i32 = i32.add v6, v9", "v10: i32 = i32.add v9, v9"),
            // It is not certain that the rounds end.
            ("i32.sub v0, v1", "i32.add v0, v1"),
            ("i32.sub v0, v1", "i32.sub v4, v1"),
            ("i32.sub v0, v1", "i32.clz v0"),
            ("i32.lt_s v0, v1", "i32.gt_s v0, v1"),
            ("i32.lt_s v0, v1", "i32.eq v0, v1"),
            ("v1: i32 = const 0x2", "v1: i32 = const 0x80000001"),
            // No other call remains.
            (
                "  v5 = call func0 type0 v4                      ; 0x20\n  v6: i32 = result 0 v5                         ; 0x20\n",
                "  v6: i32 = i32.clz v4\n",
            ),
        ] {
            let body = FIB.replace(from, to);
            assert_ne!(body, FIB);
            assert_eq!(looped("(i32) -> (i32)", &body), looped_not(&body), "{to}");
        }
    }

    /// The text as it is printed.
    fn looped_not(body: &str) -> String {
        testing::after("(i32) -> (i32)", body, |_| ())
    }
}
