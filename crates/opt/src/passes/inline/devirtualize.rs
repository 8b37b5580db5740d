//! Makes direct calls of those whose function is known: of elements of a table that nobody writes to, by a constant, and by a reference
//! that names the function.
//!
//! Requires SSA. Preserves it, and the order of effects. A call that traps, because there is no such function or it has another type,
//! stays as it is.

use upshift_core::index::{FuncIndex, TypeIndex};

use super::Source;
use crate::ssa::{Callee, Func, List, Op, Terminator, Value};

/// Makes direct calls. Returns those that come back.
pub(super) fn run(func: &mut Func, source: &dyn Source) -> Vec<Value> {
    let mut made = Vec::new();
    for at in 0..func.layout.len() {
        let block = func.layout[at];
        for inst in 0..func.block(block).insts.len() {
            let call = func.block(block).insts[inst];
            let Op::Call(callee) = func.op(call) else { continue };
            let args = func.value(call).args;
            let Some((callee, ty)) = known(func, source, callee, args) else { continue };
            let data = func.value_mut(call);
            (data.op, data.args) = (Op::Call(Callee::Direct { func: callee, ty }), args.behind_first());
            made.push(call);
        }
        let Terminator::TailCall { callee, args } = func.block(block).term else { continue };
        if let Some((callee, ty)) = known(func, source, callee, args) {
            let callee = Callee::Direct { func: callee, ty };
            func.block_mut(block).term = Terminator::TailCall { callee, args: args.behind_first() };
        }
    }
    made
}

/// The function that is called, and its type, if it is always the same one.
fn known(func: &Func, source: &dyn Source, callee: Callee, args: List) -> Option<(FuncIndex, TypeIndex)> {
    let first = func.op(*func.list(args).first()?);
    match (callee, first) {
        (Callee::Indirect { table, ty, .. }, Op::Const(index)) => {
            Some((source.element(table, ty, index)?, ty))
        }
        (Callee::Ref { ty, .. }, Op::RefFunc(func)) => Some((func, ty)),
        _ => None,
    }
}
