//! What a loop stores at the end of each round and loads again in the next one: the value is a parameter of the loop instead.
//!
//! ```text
//! head      what is known of the loop's places in front of it, and the versions with which a round begins
//! load      of such a version, at an address from outside, known in front of the loop ─▶ a candidate
//! latch     is the place known at the end of the round, too? else it is none
//! behind all blocks: a parameter in the place of the load
//! ```
//!
//! The load vanishes under the access in front of the loop that the place is known by, so it would not trap.

use crate::ssa::dom::Dominators;
use crate::ssa::loops::{Loop, Loops};
use crate::ssa::{Block, Func, Predecessors, Terminator, Value};

use super::access::{Access, Form, Place};

/// How many places a loop carries in parameters at most: each takes a register.
const MOST: usize = 4;

/// How many blocks may lead back: each of them gets a move for each place.
const MOST_LATCHES: usize = 8;

/// A loop that is being walked through.
#[derive(Clone)]
struct Head {
    /// The only block that leads into it.
    front: Block,
    /// The versions of all classes in front of it, and where a round begins.
    versions: [[u32; 64]; 2],
    /// How many blocks lead back.
    latches: usize,
    /// Its candidates, as numbers.
    candidates: Vec<usize>,
}

/// A load that may become a parameter.
pub(super) struct Candidate {
    pub(super) place: Place,
    pub(super) form: Form,
    pub(super) class: u8,
    head: Block,
    /// The load, and the block that it stands in.
    inst: Value,
    block: Block,
    /// What it is in the first round.
    first: Value,
    /// What it is in the rounds that follow on each latch; nothing if that is what it was before.
    next: Vec<(Block, Option<Value>)>,
}

impl Candidate {
    /// The load.
    pub(super) fn inst(&self) -> Value {
        self.inst
    }
}

/// What is known of all loops so far.
pub(super) struct Carrying<'a> {
    dominators: &'a Dominators,
    loops: &'a Loops,
    predecessors: Predecessors,
    heads: Vec<Option<Box<Head>>>,
    pub(super) candidates: Vec<Candidate>,
    /// The block of each value that has been met.
    home: Vec<Option<Block>>,
}

impl<'a> Carrying<'a> {
    pub(super) fn new(func: &Func, dominators: &'a Dominators, loops: &'a Loops) -> Carrying<'a> {
        Carrying {
            dominators,
            loops,
            predecessors: func.predecessors(),
            heads: vec![None; loops.len()],
            candidates: Vec::new(),
            home: vec![None; func.values.len()],
        }
    }

    /// A block begins, with the versions at the end of the block above it in the tree, and with its own.
    pub(super) fn begin(&mut self, func: &Func, block: Block, before: &[u32; 64], within: &[u32; 64]) {
        for &value in func.block(block).params.iter().chain(&func.block(block).insts) {
            self.home[value.index()] = Some(block);
        }
        let Some(around) = self.loops.around(block).filter(|&around| self.loops.head(around) == block) else {
            return;
        };
        let preds = self.predecessors.of(block);
        let passes = |pred: &Block| {
            let term = &func.block(*pred).term;
            matches!(term, Terminator::Jump(_) | Terminator::Branch { .. } | Terminator::Table { .. })
        };
        let is_latch = |pred: &&Block| self.dominators.dominates(block, **pred);
        let Some(front) = self.dominators.immediate(block) else { return };
        let latches = preds.iter().filter(is_latch).count();
        let enters_once = preds.iter().all(|pred| is_latch(&pred) || *pred == front);
        if latches <= MOST_LATCHES && enters_once && preds.iter().all(passes) && func.entry != block {
            let versions = [*before, *within];
            self.heads[around.index()] =
                Some(Box::new(Head { front, versions, latches, candidates: Vec::new() }));
        }
    }

    /// In which version and up to which block a place of a load has to be known for the load to be a candidate, and whether it may be one.
    pub(super) fn front(
        &self,
        func: &Func,
        block: Block,
        access: &Access,
        class: u8,
        version: u32,
    ) -> Option<(u32, Block)> {
        let around = self.loops.around(block)?;
        let head = self.heads[around.index()].as_deref()?;
        let [before, within] = head.versions.map(|versions| versions[usize::from(class)]);
        let is_outside = |value: Value| {
            func.constant(value).is_some()
                || self.home[value.index()].is_some_and(|home| !self.loops.contains(around, home))
        };
        let can = version == within
            && version != before
            && head.candidates.len() < MOST
            && access.place.operands().all(is_outside);
        can.then_some((before, head.front))
    }

    /// A load becomes a candidate, with what is known in front of the loop.
    pub(super) fn add(&mut self, block: Block, inst: Value, access: &Access, class: u8, first: Value) {
        let Some(around) = self.loops.around(block) else { return };
        let Some(head) = &mut self.heads[around.index()] else { return };
        head.candidates.push(self.candidates.len());
        let Access { place, form, .. } = *access;
        let head = self.loops.head(around);
        self.candidates.push(Candidate { place, form, class, head, inst, block, first, next: Vec::new() });
    }

    /// The candidates of loops that a block leads back to, as numbers, with the version that a round of the loop begins with.
    pub(super) fn of_latch(&self, func: &Func, block: Block) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        func.block(block).term.for_each_target(|target| {
            let around =
                self.loops.around(target.block).filter(|&around| self.loops.head(around) == target.block);
            let head = around.and_then(|around: Loop| self.heads[around.index()].as_deref());
            if let Some(head) = head.filter(|_| self.dominators.dominates(target.block, block)) {
                let version = |&number: &usize| head.versions[1][usize::from(self.candidates[number].class)];
                found.extend(head.candidates.iter().map(|number| (*number, version(number))));
            }
        });
        found
    }

    /// What a candidate is in the next round when control comes from a latch.
    pub(super) fn note(&mut self, number: usize, latch: Block, value: Option<Value>) {
        self.candidates[number].next.push((latch, value));
    }

    /// Makes parameters of the candidates whose place is known on all latches. Returns how many.
    pub(super) fn finish(self, func: &mut Func, replaced: &mut Vec<Value>) -> u32 {
        let Carrying { loops, heads, candidates, predecessors, .. } = self;
        let mut carried = 0;
        for Candidate { head, inst, block, first, next, .. } in candidates {
            let Some(known) = loops.around(head).and_then(|around| heads[around.index()].as_deref()) else {
                continue;
            };
            if next.len() != known.latches {
                continue;
            }
            let param = func.add_param(head, func.ty(inst));
            replaced.push(param);
            replaced[inst.index()] = param;
            func.block_mut(block).insts.retain(|&other| other != inst);
            let mut last = None;
            for &pred in predecessors.of(head) {
                // A block that leads there several times has its edges side by side.
                if last.replace(pred) == Some(pred) {
                    continue;
                }
                let found = next.iter().find(|&&(latch, _)| latch == pred);
                let given = found.map_or(first, |&(_, value)| value.unwrap_or(param));
                let mut term = std::mem::replace(&mut func.block_mut(pred).term, Terminator::None);
                term.for_each_target_mut(|target| {
                    if target.block == head {
                        let mut args = func.list(target.args).to_vec();
                        args.push(given);
                        target.args = func.make_list(&args);
                    }
                });
                func.block_mut(pred).term = term;
            }
            carried += 1;
        }
        carried
    }
}
