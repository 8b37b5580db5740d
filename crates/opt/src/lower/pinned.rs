//! Which addresses are worth a register in a loop that has the base of the memory added to them already.
//!
//! In: a function. Out: for each innermost loop the addresses from outside of it, at which it both loads from and stores to one place.
//!
//! Such a place is often a variable that the loop changes each time round, so that a load waits for the store of the round before. Many
//! processors hand the value on at once if both name the place by one register and a displacement; with an index it takes them five
//! cycles.

use upshift_core::index::MemoryIndex;

use super::uses::resolve;
use crate::ssa::dom::Dominators;
use crate::ssa::loops::{Loop, Loops};
use crate::ssa::{Block, Func, Op, Value};

/// How many addresses have such registers in a loop at most.
const MOST: usize = 3;

/// How many stores of a loop are looked at.
const MOST_STORES: usize = 32;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Pinned {
    /// By loop.
    addresses: Vec<[Option<Value>; MOST]>,
    /// The innermost loop around each block; empty if there are no addresses.
    around: Vec<Option<Loop>>,
}

impl Pinned {
    /// Looks at all accesses of memory 0.
    pub(crate) fn new(func: &Func, dominators: &Dominators) -> Pinned {
        let mut is_stored = vec![false; func.values.len()];
        let insts = || func.layout.iter().flat_map(|&block| &func.block(block).insts);
        for (address, _) in insts().filter_map(|&inst| store(func, inst)) {
            is_stored[address.index()] = true;
        }
        let mut loads = insts().filter_map(|&inst| load(func, inst));
        if !loads.any(|(address, _)| is_stored[address.index()]) {
            return Pinned::default();
        }
        let loops = Loops::new(func, dominators, &func.predecessors());
        if loops.is_empty() {
            return Pinned::default();
        }
        let mut home = vec![None; func.values.len()];
        for &block in &func.layout {
            let data = func.block(block);
            data.params.iter().chain(&data.insts).for_each(|value| home[value.index()] = loops.around(block));
        }
        let inner = |block: &Block| {
            let around = loops.around(*block).filter(|&around| loops.is_innermost(around));
            around.map(|around| (around, &func.block(*block).insts))
        };
        let is_given = |address: Value, around: Loop| home[address.index()] != Some(around);
        let mut stores: Vec<Vec<(Value, u64)>> = vec![Vec::new(); loops.len()];
        for (around, insts) in func.layout.iter().filter_map(inner) {
            let places = insts.iter().filter_map(|&inst| store(func, inst));
            let stores = &mut stores[around.index()];
            let room = MOST_STORES - stores.len();
            stores.extend(places.filter(|&(address, _)| is_given(address, around)).take(room));
        }
        let mut addresses = vec![[None; MOST]; loops.len()];
        for (around, insts) in func.layout.iter().filter_map(inner) {
            for place in insts.iter().filter_map(|&inst| load(func, inst)) {
                let known = &mut addresses[around.index()];
                if stores[around.index()].contains(&place)
                    && !known.contains(&Some(place.0))
                    && let Some(free) = known.iter_mut().find(|known| known.is_none())
                {
                    *free = Some(place.0);
                }
            }
        }
        let around = (0..func.blocks.len() as u32).map(|block| loops.around(Block(block))).collect();
        Pinned { addresses, around }
    }

    /// Whether there are any.
    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Whether an address has such a register in a block.
    pub(crate) fn contains(&self, address: Value, block: Block) -> bool {
        let around = self.around.get(block.index()).copied().flatten();
        around.is_some_and(|around| self.addresses[around.index()].contains(&Some(address)))
    }
}

/// The address and offset of a load from memory 0.
fn load(func: &Func, inst: Value) -> Option<(Value, u64)> {
    match func.op(inst) {
        Op::Load { memory: MemoryIndex(0), offset, .. } => variable(func, inst, offset),
        _ => None,
    }
}

/// The address and offset of a store to memory 0.
fn store(func: &Func, inst: Value) -> Option<(Value, u64)> {
    match func.op(inst) {
        Op::Store { memory: MemoryIndex(0), offset, .. } => variable(func, inst, offset),
        _ => None,
    }
}

fn variable(func: &Func, inst: Value, offset: u64) -> Option<(Value, u64)> {
    let address = resolve(func, func.args(inst)[0]);
    func.constant(address).is_none().then_some((address, offset))
}
