//! What can be folded into instructions: how often values are used, and what lies between two instructions.
//!
//! A load whose only user is a later instruction becomes an operand of it, if nothing in between has an effect: then nothing can tell
//! that it is executed later. *Epochs* decide that: each instruction with an effect begins a new one, and so does each block.

use crate::ssa::effects::Effect;
use crate::ssa::{Block, Func, Op, Value};
use upshift_core::ops::Unary;

/// What is known of all values of a function.
#[derive(Debug)]
pub(crate) struct Uses {
    /// How often each value is used, by number; uses through another name for it count.
    counts: Vec<u32>,
    /// The epoch in which each instruction stands.
    epochs: Vec<u32>,
    /// The last epoch of each block, by number.
    last: Vec<u32>,
}

/// The value that another one is only a name for: a register with an `i32` has the same number of 64 bits in it.
#[inline]
pub(crate) fn resolve(func: &Func, mut value: Value) -> Value {
    while func.op(value) == Op::Unary(Unary::I64ExtendI32U) {
        value = func.args(value)[0];
    }
    value
}

impl Uses {
    /// Looks at all instructions.
    pub(crate) fn new(func: &Func) -> Uses {
        let mut uses = Uses {
            counts: vec![0; func.values.len()],
            epochs: vec![0; func.values.len()],
            last: vec![0; func.blocks.len()],
        };
        let mut epoch = 0;
        for &block in &func.layout {
            epoch += 1;
            let data = func.block(block);
            for &inst in &data.insts {
                uses.epochs[inst.index()] = epoch;
                epoch += u32::from(func.op(inst).effect() != Effect::Pure);
                if func.op(inst) != Op::Unary(Unary::I64ExtendI32U) {
                    func.args(inst).iter().for_each(|&arg| uses.count(func, arg));
                }
            }
            data.term.for_each_use(func, |value| uses.count(func, value));
            uses.last[block.index()] = epoch;
        }
        uses
    }

    fn count(&mut self, func: &Func, value: Value) {
        self.counts[resolve(func, value).index()] += 1;
    }

    /// How often a value is used.
    #[inline]
    pub(crate) fn count_of(&self, value: Value) -> u32 {
        self.counts[value.index()]
    }

    /// The epoch in which an instruction stands.
    #[inline]
    pub(crate) fn epoch(&self, inst: Value) -> u32 {
        self.epochs[inst.index()]
    }

    /// The epoch in which the terminator of a block stands.
    #[inline]
    pub(crate) fn last_epoch(&self, block: Block) -> u32 {
        self.last[block.index()]
    }

    /// Whether an instruction with an effect can be executed in an epoch instead of where it stands: nothing is in between.
    #[inline]
    pub(crate) fn is_last_before(&self, inst: Value, epoch: u32) -> bool {
        self.epochs[inst.index()] + 1 == epoch
    }
}
