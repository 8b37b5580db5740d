//! Rules for the ends of blocks.

use super::condition;
use crate::ssa::{Block, Func, Target, Terminator, Value};

/// Folds the end of a block. Returns whether it changed. Edges may go: blocks that nothing leads to any more are
/// left to [`dce`](super::super::dce).
pub(crate) fn fold_terminator(func: &mut Func, block: Block) -> bool {
    let mut changed = false;
    loop {
        let folded = match &func.block(block).term {
            Terminator::Branch { cond, then, otherwise } => branch(func, *cond, then, otherwise),
            Terminator::Table { index, cases, targets } => table(func, *index, cases, targets),
            _ => None,
        };
        let Some(term) = folded else { return changed };
        func.block_mut(block).term = term;
        changed = true;
    }
}

fn branch(func: &Func, cond: Value, then: &Target, otherwise: &Target) -> Option<Terminator> {
    if let Some(bits) = func.constant(cond) {
        return Some(Terminator::Jump(if bits as u32 != 0 { *then } else { *otherwise }));
    }
    if then.block == otherwise.block && func.list(then.args) == func.list(otherwise.args) {
        return Some(Terminator::Jump(*then));
    }
    let (cond, sense) = condition(func, cond)?;
    let (then, otherwise) = if sense { (then, otherwise) } else { (otherwise, then) };
    Some(Terminator::Branch { cond, then: *then, otherwise: *otherwise })
}

fn table(func: &Func, index: Value, cases: &[u32], targets: &[Target]) -> Option<Terminator> {
    let target = |case: usize| targets[cases[case] as usize];
    let last = cases.len().checked_sub(1)?;
    if let Some(bits) = func.constant(index) {
        return Some(Terminator::Jump(target((bits as u32 as usize).min(last))));
    }
    match cases {
        [_] => Some(Terminator::Jump(target(0))),
        [_, _] => Some(Terminator::Branch { cond: index, then: target(1), otherwise: target(0) }),
        _ if targets.len() == 1 => Some(Terminator::Jump(targets[0])),
        _ => None,
    }
}
