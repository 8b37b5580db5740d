//! Which references that the collector may move are live at the end of each block.

use crate::ssa::{Block, Func, Op, Ty, Value};

/// How many references may be live at the ends of all blocks together, and over all calls together: each of the latter is an operand
/// of its call.
pub(super) const MOST: usize = 1 << 20;

/// For each block the references that are live at its end.
#[derive(Debug)]
pub(crate) struct LiveReferences {
    out: Vec<Vec<Value>>,
}

/// Whether a value is a reference that the collector may move.
pub(crate) fn is_reference(func: &Func, value: Value) -> bool {
    func.value(value).ty == Some(Ty::Ref) && !matches!(func.op(value), Op::Const(_))
}

impl LiveReferences {
    /// Goes from each use upwards to where the reference is made: as far as it lives, and no further. `None` if that would be
    /// [too many](MOST).
    pub(crate) fn new(func: &Func) -> Option<LiveReferences> {
        let mut live = LiveReferences { out: vec![Vec::new(); func.blocks.len()] };
        if !func.values.iter().any(|value| value.ty == Some(Ty::Ref)) {
            return Some(live);
        }
        let mut homes = vec![Block(u32::MAX); func.values.len()];
        let mut uses = Vec::new();
        for &block in &func.layout {
            let data = func.block(block);
            for &value in data.params.iter().chain(&data.insts) {
                homes[value.index()] = block;
            }
            func.for_each_use(block, |value| {
                if is_reference(func, value) {
                    uses.push((value, block));
                }
            });
        }
        uses.sort_unstable();
        uses.dedup();
        let predecessors = func.predecessors();
        // For which reference a block was the last one that was looked at.
        let mut seen = vec![Value(u32::MAX); func.blocks.len()];
        let mut waiting = Vec::new();
        let mut count = 0;
        for (value, block) in uses {
            waiting.push(block);
            while let Some(block) = waiting.pop() {
                if homes[value.index()] == block {
                    continue;
                }
                for &before in predecessors.of(block) {
                    if seen[before.index()] != value {
                        seen[before.index()] = value;
                        live.out[before.index()].push(value);
                        waiting.push(before);
                        count += 1;
                    }
                }
                if count > MOST {
                    return None;
                }
            }
        }
        Some(live)
    }

    /// Those behind a block.
    pub(crate) fn behind(&self, block: Block) -> &[Value] {
        &self.out[block.index()]
    }
}
