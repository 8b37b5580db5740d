//! The tables beside the code, while it is being written: owners of words, positions, faults, handlers and references.
//!
//! In: notes at offsets of the code, in ascending order. Out: the tables of [`OptCode`](crate::OptCode).

use upshift_asm::Const;
use upshift_codegen::Fault;
use upshift_core::vm::frame;
use upshift_ir::handlers::{Clause, Handler, Handlers, Region};
use upshift_ir::references::ReferenceMaps;

use super::{Landing, MBlock};
use crate::code::{Inlined, Spot};

/// Positions with their places, and those in code of other functions by number.
pub(crate) type Positions = (Box<[(u32, Spot)]>, Box<[Inlined]>);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Unchecked accesses.
    pub(crate) faults: Vec<Fault>,
    /// Whether an unchecked access lies further on than the table can tell.
    pub(crate) beyond: bool,
    /// Places of the pool from which on words belong to a position.
    owners: Vec<(u32, u32)>,
    positions: Vec<(u32, Spot)>,
    points: Vec<(u32, Option<u32>)>,
    nodes: Vec<(i32, Option<u32>)>,
    regions: Vec<Region>,
    handlers: Vec<(Vec<Clause>, u32)>,
    /// The words that exceptions come in through, by block.
    arrivals: Vec<(MBlock, Const)>,
}

impl Tables {
    /// Forgets the function but keeps the room.
    pub(crate) fn clear(&mut self) {
        self.faults.clear();
        self.beyond = false;
        self.owners.clear();
        self.positions.clear();
        self.points.clear();
        self.nodes.clear();
        self.regions.clear();
        self.handlers.clear();
        self.arrivals.clear();
    }

    /// From a place of the pool on, words belong to a position.
    pub(crate) fn own(&mut self, words: Const, position: u32) {
        self.owners.push((words.offset(), position));
    }

    /// What is at a position comes from the operator at a place.
    pub(crate) fn note_position(&mut self, at: u32, spot: Spot) {
        match self.positions.last_mut() {
            Some(last) if last.1 == spot => {}
            Some(last) if last.0 == at => last.1 = spot,
            _ => self.positions.push((at, spot)),
        }
    }

    /// At a position these slots are references.
    pub(crate) fn note_references(&mut self, at: u32, slots: impl Iterator<Item = i32>) {
        let mut list = None;
        for slot in slots {
            self.nodes.push((slot, list));
            list = Some(self.nodes.len() as u32 - 1);
        }
        if list.is_some() || self.points.last().is_some_and(|&(_, last)| last.is_some()) {
            self.points.push((at, list));
        }
    }

    /// From a position on, up to another one, exceptions go to these landings, and a search pays for so many steps. Nothing is noted
    /// where the program has no handlers.
    pub(crate) fn note_handler(
        &mut self,
        range: (u32, u32),
        landings: &[Landing],
        steps: u32,
        param_slots: u32,
    ) {
        if steps == 0 {
            return;
        }
        let fp_offset = frame::fp_offset(param_slots) as i32;
        let clause = |landing: &Landing| Clause {
            tag: landing.tag,
            payload: landing.tag.map_or(0, |_| landing.payload.0 as i32 - fp_offset),
            reference: landing.reference.map(|slot| slot.0 as i32 - fp_offset),
            target: landing.block.0,
        };
        self.handlers.push((landings.iter().map(clause).collect(), steps));
        self.regions.pop_if(|last| last.start == range.0);
        self.regions.push(Region { start: range.0, handler: Some(self.handlers.len() as u32 - 1) });
        self.regions.push(Region { start: range.1, handler: None });
    }

    /// Exceptions come in at a block through a word.
    pub(crate) fn note_arrival(&mut self, block: MBlock, word: Const) {
        self.arrivals.push((block, word));
    }

    /// The blocks that exceptions lead to.
    pub(crate) fn landing_blocks(&self) -> Vec<MBlock> {
        let blocks =
            self.handlers.iter().flat_map(|(clauses, _)| clauses).map(|clause| MBlock(clause.target));
        blocks.collect()
    }

    /// What catches exceptions, with the pool at its place.
    pub(crate) fn take_handlers(&mut self, pool: u32) -> Handlers {
        self.arrivals.sort_unstable_by_key(|&(block, _)| block);
        let word = |block: u32| {
            let at = self.arrivals.partition_point(|&(known, _)| known.0 < block);
            self.arrivals[at].1.offset() + pool
        };
        let finish = |&(ref clauses, steps): &(Vec<Clause>, u32)| Handler {
            clauses: clauses.iter().map(|clause| Clause { target: word(clause.target), ..*clause }).collect(),
            outer: None,
            steps,
        };
        let handlers = self.handlers.iter().map(finish).collect();
        Handlers { regions: self.regions.as_slice().into(), handlers }
    }

    /// The references.
    pub(crate) fn take_references(&mut self) -> ReferenceMaps {
        ReferenceMaps::new([]).with_lists(self.nodes.iter().copied(), self.points.iter().copied())
    }

    /// All owners, with the pool at its place.
    pub(crate) fn take_owners(&mut self, pool: u32) -> Box<[(u32, u32)]> {
        self.owners.sort_unstable();
        self.owners.iter().map(|&(at, position)| (at + pool, position)).collect()
    }

    /// All positions, and those places of a table that are among them, with the calls that led there.
    pub(crate) fn take_positions(&mut self, all: &[Inlined]) -> Positions {
        let (mut places, mut numbers) = (Vec::new(), vec![None; all.len()]);
        for (_, spot) in &mut self.positions {
            *spot = keep(*spot, all, &mut numbers, &mut places);
        }
        (self.positions.as_slice().into(), places.into())
    }
}

/// The place in the table of those that are kept. As deep as calls are inlined into each other.
fn keep(spot: Spot, all: &[Inlined], numbers: &mut [Option<Spot>], kept: &mut Vec<Inlined>) -> Spot {
    let Some(number) = spot.number() else { return spot };
    if let Some(known) = numbers[number] {
        return known;
    }
    let call = keep(all[number].call, all, numbers, kept);
    kept.push(Inlined { call, ..all[number] });
    let new = Spot::inlined(kept.len() as u32 - 1);
    numbers[number] = Some(new);
    new
}
