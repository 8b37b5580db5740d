//! Which accesses to objects need no test for null: the reference was tested before, on every way there.
//!
//! In: a function. Out: by instruction whether its first operand is certain not to be null. That follows from accesses that dominate it,
//! which would have trapped, from casts, and from branches on `ref.is_null` and `ref.test`.

use crate::ssa::dom::Dominators;
use crate::ssa::{Block, Func, Op, Terminator, Value};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct NonNull {
    /// By instruction; empty if there are no objects.
    certain: Vec<bool>,
}

/// Whether an instruction has only been executed if its first operand is not null.
fn tests(op: Op) -> bool {
    match op {
        Op::FieldLoad { .. }
        | Op::FieldStore { .. }
        | Op::ElementLoad(_)
        | Op::ElementStore(_)
        | Op::ArrayLen
        | Op::RefAsNonNull => true,
        Op::RefCast(cast) => !cast.nullable,
        _ => false,
    }
}

impl NonNull {
    /// Looks at all instructions.
    pub(crate) fn new(func: &Func) -> NonNull {
        if !func.layout.iter().flat_map(|&block| &func.block(block).insts).any(|&inst| tests(func.op(inst))) {
            return NonNull::default();
        }
        let dominators = Dominators::new(func);
        let preds = func.predecessors();
        let mut certain = vec![false; func.values.len()];
        let mut known = vec![false; func.values.len()];
        // The blocks on the way down the tree of dominators, with how many facts there were before each.
        let mut way: Vec<(Block, usize)> = Vec::new();
        let mut facts: Vec<Value> = Vec::new();
        for &block in dominators.preorder() {
            while way.last().is_some_and(|&(last, _)| dominators.immediate(block) != Some(last)) {
                let (_, before) = way.pop().unwrap_or((block, 0));
                facts.drain(before..).for_each(|fact| known[fact.index()] = false);
            }
            way.push((block, facts.len()));
            let mut learn = |value: Value, facts: &mut Vec<Value>| {
                let is_new = !std::mem::replace(&mut known[value.index()], true);
                if is_new {
                    facts.push(value);
                }
                !is_new
            };
            if let [pred] = preds.of(block)
                && let Some(value) = by_branch(func, *pred, block)
            {
                learn(func.origin(value), &mut facts);
            }
            for &inst in &func.block(block).insts {
                if tests(func.op(inst)) {
                    certain[inst.index()] = learn(func.origin(func.args(inst)[0]), &mut facts);
                }
            }
        }
        NonNull { certain }
    }

    /// Whether the first operand of an access is certain not to be null.
    #[inline]
    pub(crate) fn is_certain(&self, inst: Value) -> bool {
        self.certain.get(inst.index()).is_some_and(|&certain| certain)
    }
}

/// The reference that is not null in a block because of the branch that leads there.
fn by_branch(func: &Func, pred: Block, block: Block) -> Option<Value> {
    let Terminator::Branch { cond, then, otherwise } = &func.block(pred).term else { return None };
    if then.block == otherwise.block {
        return None;
    }
    let holds = then.block == block;
    let is_not_null = match func.op(*cond) {
        Op::RefIsNull => !holds,
        Op::RefTest(cast) => holds && !cast.nullable,
        _ => false,
    };
    is_not_null.then(|| func.args(*cond)[0])
}

#[cfg(test)]
mod tests {
    use super::NonNull;
    use crate::ssa::parse::parse;
    use crate::ssa::{Func, Op, Value};

    /// Which loads of fields need no test, in the order of the text.
    fn certain(body: &str) -> Vec<bool> {
        let func = parse(&format!(
            "func func0 (ref, ref) -> (i32)\nb0:\n  v0: ref = arg 0\n  v1: ref = arg 1\n{body}"
        ));
        let func: Func = func.unwrap();
        let non_null = NonNull::new(&func);
        let loads = func.layout.iter().flat_map(|&block| &func.block(block).insts);
        let loads: Vec<Value> =
            loads.copied().filter(|&inst| matches!(func.op(inst), Op::FieldLoad { .. })).collect();
        loads.into_iter().map(|load| non_null.is_certain(load)).collect()
    }

    #[test]
    fn the_second_access_needs_no_test() {
        let body = "  v2: i32 = field.load32_u 8 v0\n  v3: i32 = field.load32_u 8 v1\n  v4: i32 = field.load32_u 8 v0\n  return v4\n";
        assert_eq!(certain(body), [false, false, true]);
    }

    #[test]
    fn a_branch_tells_on_one_of_its_ways() {
        let body = "  v2: i32 = ref.is_null v0\n  branch v2, b1, b2\nb1:\n  v3: i32 = field.load32_u 8 v0\n  return v3\nb2:\n  v4: i32 = field.load32_u 8 v0\n  return v4\n";
        assert_eq!(certain(body), [false, true]);
    }

    #[test]
    fn what_one_way_tells_is_not_known_where_it_meets_another() {
        let body = "  v2: i32 = ref.is_null v1\n  branch v2, b1, b2\nb1:\n  v3: i32 = field.load32_u 8 v0\n  jump b3\nb2:\n  jump b3\nb3:\n  v4: i32 = field.load32_u 8 v0\n  return v4\n";
        assert_eq!(certain(body), [false, false]);
    }
}
