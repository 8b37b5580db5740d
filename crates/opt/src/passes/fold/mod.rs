//! Computes what is known already, and says the rest in simpler operators.
//!
//! ```text
//! instruction ┬▶ [constants]  all operands constant: what the operator's own function computes (upshift_core::ops::fold)
//!             ├▶ [binary]     identities, powers of two, chains of constants, comparisons of comparisons
//!             ├▶ [unary]      extensions, wraps and signs that cancel out, references
//!             └▶ select, and the end of a block: conditions and indices that are known, negations
//! ```
//!
//! Requires SSA. Preserves it, the order of effects, and the bits of each result: a rule holds for all operands, wrapping ones and
//! NaNs included, and no rule makes an exit test out of another value than the program's. What traps stays, unless
//! it is certain not to. Changes values in place; where an instruction is another value already, its uses follow.
//! Instructions that nothing uses any more are left to [`dce`](super::dce).

mod binary;
mod terminator;
mod unary;

use upshift_core::ops::{Binary, Unary};

use super::facts;
use super::ints::{Int, Width};
use crate::ssa::{Func, Op, Pos, Ty, Value};

pub(crate) use self::terminator::fold_terminator;

/// How often an instruction is looked at again after a change: rules lead to simpler forms, so this is never reached.
const ROUNDS: u32 = 16;

/// What becomes of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It stays, in its old form or a new one.
    Stays,
    /// It computes what this value is already.
    Is(Value),
    /// It does nothing, and has no result.
    Nothing,
}

/// What folding has to know and leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// How often each value was used at the beginning; values made since then are counted as used often.
    uses: Vec<u32>,
    /// Instructions that were made, and have to stand before the one that was folded.
    pub(crate) made: Vec<Value>,
    /// How many rules were applied.
    pub(crate) changes: u32,
}

/// Folds all instructions and the ends of all blocks, once, in the order of the layout. Returns how many rules were applied.
pub(crate) fn run(func: &mut Func) -> u32 {
    let mut folder = Folder::new(func);
    let mut replaced: Vec<Value> = (0..func.values.len() as u32).map(Value).collect();
    for at in 0..func.layout.len() {
        let block = func.layout[at];
        let insts = std::mem::take(&mut func.block_mut(block).insts);
        let mut kept = Vec::with_capacity(insts.len());
        for inst in insts {
            for arg in func.args_mut(inst) {
                *arg = replaced[arg.index()];
            }
            let outcome = folder.fold(func, inst);
            for made in folder.made.drain(..) {
                debug_assert_eq!(replaced.len(), made.index());
                replaced.push(made);
                kept.push(made);
            }
            match outcome {
                Outcome::Stays => kept.push(inst),
                Outcome::Is(value) => replaced[inst.index()] = replaced[value.index()],
                Outcome::Nothing => {}
            }
        }
        func.block_mut(block).insts = kept;
        if let Some(operand) = func.block_mut(block).term.operand_mut() {
            *operand = replaced[operand.index()];
        }
        folder.changes += u32::from(fold_terminator(func, block));
    }
    func.replace_uses(&mut replaced);
    folder.changes
}

impl Folder {
    /// A folder for a function.
    #[must_use]
    pub(crate) fn new(func: &Func) -> Folder {
        Folder { uses: func.use_counts(), made: Vec::new(), changes: 0 }
    }

    /// Tells that uses of one value have become uses of another.
    pub(crate) fn move_uses(&mut self, from: Value, to: Value) {
        let count = self.uses.get(from.index()).copied().unwrap_or(2);
        if let Some(uses) = self.uses.get_mut(to.index()) {
            *uses += count;
        }
    }

    /// Folds an instruction whose operands are folded. What it made stands in [`made`](Self::made) then.
    pub(crate) fn fold(&mut self, func: &mut Func, inst: Value) -> Outcome {
        for _ in 0..ROUNDS {
            let before = self.changes;
            let outcome = match func.op(inst) {
                Op::Unary(op) => self.unary(func, inst, op),
                Op::Binary(op) => self.binary(func, inst, op),
                Op::Select => self.select(func, inst),
                Op::RefEq | Op::RefIsNull | Op::RefAsNonNull | Op::RefTest(_) | Op::RefCast(_) => {
                    self.reference(func, inst)
                }
                _ => return Outcome::Stays,
            };
            match outcome {
                Outcome::Stays if self.changes > before => {}
                Outcome::Stays => return outcome,
                _ => {
                    self.changes += 1;
                    return outcome;
                }
            }
        }
        Outcome::Stays
    }

    /// The instruction becomes another one with the same result.
    fn change(&mut self, func: &mut Func, inst: Value, op: Op, args: &[Value]) -> Outcome {
        func.change(inst, op, args);
        self.changes += 1;
        Outcome::Stays
    }

    /// The instruction becomes a constant.
    fn constant(&mut self, func: &mut Func, inst: Value, bits: u64) -> Outcome {
        self.change(func, inst, Op::Const(bits), &[])
    }

    /// The instruction becomes an operator on a value and a constant.
    fn with_constant(
        &mut self,
        func: &mut Func,
        inst: Value,
        (int, width): (Int, Width),
        value: Value,
        bits: u64,
    ) -> Outcome {
        let ty = match width {
            Width::Narrow => Ty::I32,
            Width::Wide => Ty::I64,
        };
        let constant = self.make(func, inst, Op::Const(bits & width.ones()), ty, &[]);
        self.change(func, inst, Op::Binary(int.at(width)), &[value, constant])
    }

    /// A new instruction that stands before one and comes from the same place.
    fn make(&mut self, func: &mut Func, before: Value, op: Op, ty: Ty, args: &[Value]) -> Value {
        let pos = if matches!(op, Op::Const(_)) { Pos::NONE } else { func.value(before).pos };
        let made = func.add_value(op, Some(ty), args, pos);
        self.made.push(made);
        made
    }

    /// Whether nothing but the instruction that is folded uses a value: it goes when the instruction no longer uses it.
    fn is_used_once(&self, value: Value) -> bool {
        self.uses.get(value.index()).is_some_and(|&uses| uses <= 1)
    }

    fn select(&mut self, func: &mut Func, inst: Value) -> Outcome {
        let &[cond, if_true, if_false] = func.args(inst) else { return Outcome::Stays };
        if let Some(cond) = func.constant(cond) {
            return Outcome::Is(if cond as u32 != 0 { if_true } else { if_false });
        }
        if if_true == if_false {
            return Outcome::Is(if_true);
        }
        if let Some((cond, sense)) = condition(func, cond) {
            let (if_true, if_false) = if sense { (if_true, if_false) } else { (if_false, if_true) };
            return self.change(func, inst, Op::Select, &[cond, if_true, if_false]);
        }
        // A choice of one and zero is the condition itself, if that is one of these.
        let arms = (func.constant(if_true), func.constant(if_false));
        let Some(op) = (match (arms, func.ty(inst)) {
            ((Some(1), Some(0)), Ty::I32 | Ty::I64) => Some(Binary::I32Ne),
            ((Some(0), Some(1)), Ty::I32 | Ty::I64) => Some(Binary::I32Eq),
            _ => None,
        }) else {
            return Outcome::Stays;
        };
        let narrow = func.ty(inst) == Ty::I32;
        if op == Binary::I32Ne && facts::is_bool(func, cond) {
            if narrow {
                return Outcome::Is(cond);
            }
            return self.change(func, inst, Op::Unary(Unary::I64ExtendI32U), &[cond]);
        }
        if narrow {
            return self.with_constant(
                func,
                inst,
                (if op == Binary::I32Ne { Int::Ne } else { Int::Eq }, Width::Narrow),
                cond,
                0,
            );
        }
        let zero = self.make(func, inst, Op::Const(0), Ty::I32, &[]);
        let test = self.make(func, inst, Op::Binary(op), Ty::I32, &[cond, zero]);
        self.change(func, inst, Op::Unary(Unary::I64ExtendI32U), &[test])
    }
}

/// What a condition tests for being zero or not, and whether it is true when that is not zero: one step towards the value that the
/// machine can test as well.
fn condition(func: &Func, cond: Value) -> Option<(Value, bool)> {
    let Op::Binary(op @ (Binary::I32Eq | Binary::I32Ne)) = func.op(cond) else { return None };
    let &[value, zero] = func.args(cond) else { return None };
    (func.constant(zero) == Some(0)).then_some((value, op == Binary::I32Ne))
}

/// The operator and the operands of a binary instruction on integers.
fn int(func: &Func, value: Value) -> Option<(Int, Width, Value, Value)> {
    let Op::Binary(op) = func.op(value) else { return None };
    let (int, width) = Int::of(op)?;
    let &[lhs, rhs] = func.args(value) else { return None };
    Some((int, width, lhs, rhs))
}

/// The operand of a unary instruction.
fn operand_of(func: &Func, value: Value, op: Unary) -> Option<Value> {
    (func.op(value) == Op::Unary(op)).then(|| func.args(value)[0])
}

#[cfg(test)]
mod tests;
