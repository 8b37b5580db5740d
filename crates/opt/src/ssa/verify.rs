//! Whether SSA is well-formed: what later steps rely on.
//!
//! ```text
//! Func ─ blocks: who leads where ─ values: defined once, before they are used ─ types ─▶ Ok, or the first thing that is wrong
//! ```
//!
//! Types are checked as far as the function alone tells them; with its module, also those of calls, globals, fields and services.
//! No operation takes a [`Ty::Ref`](super::Ty::Ref) for an integer, so references that the collector may change are known as such everywhere.

mod types;

use std::fmt;

use upshift_translate::ModuleInfo;

use super::dom::Dominators;
use super::{Block, Func, Op, Predecessors, Terminator, Value, text};

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The block where that is.
    pub block: Block,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.block, self.reason)
    }
}

impl std::error::Error for VerifyError {}

/// What is wrong, in a block that the caller knows.
type Checked = Result<(), String>;

/// Checks a function.
///
/// ```
/// use upshift_opt::ssa::parse::parse;
/// use upshift_opt::ssa::verify::verify;
///
/// let func = parse("func func0 () -> ()\nb0:\n  v1: i32 = i32.clz v0\n  v0: i32 = const 0x0\n  return\n")?;
/// assert_eq!(verify(&func, None).unwrap_err().to_string(), "b0: v1: i32 = i32.clz v0: v0 is used before it is defined");
/// # Ok::<(), upshift_opt::ssa::parse::ParseError>(())
/// ```
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(func: &Func, module: Option<&ModuleInfo>) -> Result<(), VerifyError> {
    let mut is_used = vec![false; func.blocks.len()];
    for &block in &func.layout {
        let known = is_used.get_mut(block.index()).map(|used| std::mem::replace(used, true));
        if known != Some(false) {
            return Err(VerifyError {
                block,
                reason: "the block is in the layout twice, or does not exist".into(),
            });
        }
    }
    each_block(func, |block| check_edges(func, block, &is_used))?;
    let predecessors = func.predecessors();
    each_block(func, |block| check_place(func, block, &predecessors))?;
    let mut verifier = Verifier {
        func,
        module,
        predecessors,
        dominators: Dominators::new(func),
        places: vec![None; func.values.len()],
    };
    each_block(func, |block| verifier.define(block))?;
    each_block(func, |block| verifier.check_block(block))
}

fn each_block(func: &Func, mut check: impl FnMut(Block) -> Checked) -> Result<(), VerifyError> {
    func.layout.iter().try_for_each(|&block| check(block).map_err(|reason| VerifyError { block, reason }))
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Terminators lead to blocks in use, with as many values as those have parameters.
fn check_edges(func: &Func, block: Block, is_used: &[bool]) -> Checked {
    let term = &func.block(block).term;
    expect(*term != Terminator::None, || "the block has no end".into())?;
    let mut unknown = None;
    term.for_each_successor(|next| {
        if is_used.get(next.index()) != Some(&true) {
            unknown = Some(next);
        }
    });
    if let Some(next) = unknown {
        return Err(format!("it leads to {next}, which is not in the layout"));
    }
    let mut wrong = Ok(());
    term.for_each_target(|target| {
        let (args, params) = (func.list(target.args), &func.block(target.block).params);
        if args.len() != params.len() {
            wrong =
                Err(format!("{} is given {} values instead of {}", target.block, args.len(), params.len()));
        }
    });
    wrong?;
    if let Terminator::Table { cases, targets, .. } = term {
        let is_target = |&case: &u32| (case as usize) < targets.len();
        expect(!cases.is_empty() && cases.iter().all(is_target), || "a case has no target".into())?;
    }
    Ok(())
}

/// The entry is where nothing leads to, and blocks around calls belong to them alone.
fn check_place(func: &Func, block: Block, predecessors: &Predecessors) -> Checked {
    let data = func.block(block);
    if block == func.entry {
        let alone = predecessors.of(block).is_empty() && data.params.is_empty();
        expect(alone, || "the entry has predecessors or parameters".into())?;
    }
    let mut shared = None;
    let mut own = |next: Block| {
        if predecessors.of(next).len() != 1 || !func.block(next).params.is_empty() {
            shared = Some(next);
        }
    };
    data.term.landings().iter().for_each(|landing| own(landing.block));
    if let Terminator::Invoke { call, normal, .. } = data.term {
        own(normal);
        let is_last = data.insts.last() == Some(&call) && matches!(func.op(call), Op::Call(_));
        expect(is_last, || format!("{call} is not the call that ends the block"))?;
    }
    shared.map_or(Ok(()), |next| Err(format!("{next} has other predecessors, or parameters")))
}

/// Where a value is defined.
#[derive(Clone, Copy, Debug)]
struct Place {
    block: Block,
    /// 0 for parameters.
    at: u32,
}

struct Verifier<'a> {
    func: &'a Func,
    module: Option<&'a ModuleInfo>,
    predecessors: Predecessors,
    dominators: Dominators,
    places: Vec<Option<Place>>,
}

impl Verifier<'_> {
    fn define(&mut self, block: Block) -> Checked {
        let data = self.func.block(block);
        let params = data.params.iter().map(|&param| (param, 0));
        let insts = data.insts.iter().zip(1..).map(|(&inst, at)| (inst, at));
        for (value, at) in params.chain(insts) {
            let known = self.places.get_mut(value.index()).ok_or(format!("{value} does not exist"))?;
            expect(known.replace(Place { block, at }).is_none(), || format!("{value} is defined twice"))?;
        }
        for (at, &param) in data.params.iter().enumerate() {
            let is_param = self.func.op(param) == Op::Param(at as u32) && self.func.value(param).ty.is_some();
            expect(is_param, || format!("{param} is no parameter, or has another number"))?;
        }
        Ok(())
    }

    fn check_block(&self, block: Block) -> Checked {
        let data = self.func.block(block);
        for (at, &inst) in data.insts.iter().enumerate() {
            let here = Place { block, at: at as u32 + 1 };
            self.check_inst(inst, here)
                .map_err(|reason| format!("{}: {reason}", text::instruction(self.func, inst)))?;
        }
        let end = Place { block, at: u32::MAX };
        self.check_terminator(&data.term, end)
            .map_err(|reason| format!("{}: {reason}", text::terminator(self.func, &data.term)))
    }

    fn check_inst(&self, inst: Value, here: Place) -> Checked {
        for &arg in self.func.args(inst) {
            self.check_use(arg, here)?;
        }
        self.check_position(inst, here)?;
        types::check(self.func, self.module, inst)
    }

    /// A definition comes before its uses, on every path to them.
    fn check_use(&self, value: Value, here: Place) -> Checked {
        let place = self.places.get(value.index()).copied().flatten();
        let place = place.ok_or_else(|| format!("{value} is defined nowhere"))?;
        expect(self.func.value(value).ty.is_some() || self.is_whole(value), || {
            format!("{value} has no result")
        })?;
        let before = if place.block == here.block {
            place.at < here.at
        } else {
            // What cannot be reached is executed after everything.
            !self.dominators.is_reachable(here.block)
                || self.dominators.is_reachable(place.block)
                    && self.dominators.dominates(place.block, here.block)
        };
        expect(before, || format!("{value} is used before it is defined"))
    }

    /// Whether a value stands for several results.
    fn is_whole(&self, value: Value) -> bool {
        matches!(self.func.op(value), Op::Call(_) | Op::Wide(_))
    }

    /// Some instructions have a place where they have to be.
    fn check_position(&self, inst: Value, here: Place) -> Checked {
        let data = self.func.block(here.block);
        let before = &data.insts[..here.at as usize - 1];
        match self.func.op(inst) {
            Op::None | Op::Param(_) => Err("this is no instruction".into()),
            Op::Arg(_) => expect(here.block == self.func.entry && self.func.osr.is_none(), || {
                "arguments are in the entry block of a whole function".into()
            }),
            Op::SlotLoad(_) => expect(here.block == self.func.entry && self.func.osr.is_some(), || {
                "slots are loaded in the entry block of a body for a loop".into()
            }),
            Op::Caught(_) | Op::CaughtRef => {
                let only_caught =
                    before.iter().all(|&inst| matches!(self.func.op(inst), Op::Caught(_) | Op::CaughtRef));
                let is_landing = match *self.predecessors.of(here.block) {
                    [from] => {
                        let landings = self.func.block(from).term.landings();
                        landings.iter().any(|landing| landing.block == here.block)
                    }
                    _ => false,
                };
                expect(only_caught && is_landing, || "nothing is caught here".into())
            }
            Op::Result(_) => {
                let whole = self.func.args(inst).first().copied();
                let is_result = |&inst: &Value| {
                    matches!(self.func.op(inst), Op::Result(_))
                        && self.func.args(inst).first() == whole.as_ref()
                };
                let others = before.iter().rev().take_while(|&inst| is_result(inst)).count();
                let behind = match before.len().checked_sub(others + 1) {
                    Some(at) => Some(before[at]) == whole,
                    None => match *self.predecessors.of(here.block) {
                        [from] => {
                            let term = &self.func.block(from).term;
                            matches!(*term, Terminator::Invoke { call, .. } if Some(call) == whole)
                        }
                        _ => false,
                    },
                };
                expect(behind, || "it is not behind what it is a result of".into())
            }
            _ => Ok(()),
        }
    }

    fn check_terminator(&self, term: &Terminator, end: Place) -> Checked {
        let mut checked = Ok(());
        term.for_each_use(self.func, |value| {
            if checked.is_ok() {
                checked = self.check_use(value, end);
            }
        });
        checked?;
        types::check_terminator(self.func, self.module, term)
    }
}

#[cfg(test)]
mod tests {
    use super::verify;
    use crate::ssa::parse::parse;

    #[track_caller]
    fn verdict(body: &str) -> String {
        let func =
            parse(&format!("func func0 (i32, ref) -> (i32)\n{body}")).unwrap_or_else(|e| panic!("{e}"));
        verify(&func, None).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn what_is_right_passes() {
        let right = "\
b0:
  v0: i32 = arg 0
  v1: ref = arg 1
  v2: i64 = const 0x5
  branch v0, b1(v0), b2
b1(v3: i32):
  v4 = i64.add128 v2, v2, v2, v2
  v5: i64 = result 0 v4
  v6: i64 = result 1 v4
  v7: i32 = i32.add v3, v0
  branch v7, b1(v7), b2
b2:
  v8 = call func3 type0 v0
  invoke v8, b3, catch tag0 b4, catch_all_ref b5
b3:
  v9: i32 = result 0 v8
  v10: i32 = ref.is_null v1
  return v9
b4:
  v11: i32 = caught 0
  return v11
b5:
  v12: ref = caught_ref
  throw_ref v12
";
        assert_eq!(verdict(right), "");
    }

    #[test]
    fn each_breach_is_found() {
        let cases = [
            ("b0:\n  jump b1\n", "b0: it leads to b1, which is not in the layout"),
            ("b0:\n  v0: i32 = arg 0\nb1:\n  return v0\n", "b0: the block has no end"),
            ("b0:\n  jump b0\n", "b0: the entry has predecessors or parameters"),
            (
                "b0:\n  v0: i32 = arg 0\n  jump b1\nb1(v1: i32):\n  return v1\n",
                "b0: b1 is given 0 values instead of 1",
            ),
            ("b0:\n  v0: i32 = arg 0\n  v0: i32 = arg 0\n  return v0\n", "b0: v0 is defined twice"),
            (
                "b0:\n  v0: i32 = arg 0\n  branch v0, b1, b2\nb1:\n  v1: i32 = i32.clz v0\n  jump b2\nb2:\n  return v1\n",
                "b2: return v1: v1 is used before it is defined",
            ),
            ("b0:\n  return v7\n", "b0: return v7: v7 is defined nowhere"),
            (
                "b0:\n  v0: i32 = arg 0\n  v1: i64 = i32.clz v0\n  return v0\n",
                "b0: v1: i64 = i32.clz v0: the result is of another type",
            ),
            (
                "b0:\n  v0: i64 = const 0x1\n  v1: i32 = i32.clz v0\n  return v1\n",
                "b0: v1: i32 = i32.clz v0: v0 is of type i64 instead of i32",
            ),
            (
                "b0:\n  v1: ref = arg 1\n  v2: i32 = i32.clz v1\n  return v2\n",
                "b0: v2: i32 = i32.clz v1: v1 is of type ref instead of i32",
            ),
            (
                "b0:\n  v1: ref = arg 1\n  v2 = store32 memory0 0 v1, v1\n  return v1\n",
                "b0: v2 = store32 memory0 0 v1, v1: v1 is of type ref instead of an integer",
            ),
            ("b0:\n  v0: i32 = arg 0\n  return v0, v0\n", "b0: return v0, v0: 2 operands instead of 1"),
            (
                "b0:\n  jump b1\nb1:\n  v0: i32 = arg 0\n  return v0\n",
                "b1: v0: i32 = arg 0: arguments are in the entry block of a whole function",
            ),
            ("b0:\n  v0: i32 = caught 0\n  return v0\n", "b0: v0: i32 = caught 0: nothing is caught here"),
            (
                "b0:\n  v1 = call func1 type0\n  v2: i32 = const 0x0\n  v3: i32 = result 0 v1\n  return v3\n",
                "b0: v3: i32 = result 0 v1: it is not behind what it is a result of",
            ),
            (
                "b0:\n  v0: i32 = arg 0\n  v1 = call func1 type0\n  invoke v1, b1, catch_all b2\nb1:\n  jump b2\nb2:\n  return v0\n",
                "b0: b2 has other predecessors, or parameters",
            ),
            (
                "b0:\n  v1 = call func1 type0\n  v0: i32 = const 0x0\n  invoke v1, b1\nb1:\n  return v0\n",
                "b0: v1 is not the call that ends the block",
            ),
            ("b0:\n  v0: i32 = arg 0\n  table v0 [0 1] b1\nb1:\n  return v0\n", "b0: a case has no target"),
        ];
        for (body, expected) in cases {
            assert_eq!(verdict(body), expected, "{body}");
        }
    }
}
