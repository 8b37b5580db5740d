//! What the headers of callees' frames have already from calls before.
//!
//! A caller writes three words behind the arguments: through what the callee returns, its own frame pointer, and the callee's record.
//! They are still there when the callee is back, if it did not replace itself. So a call whose header lies where that of the call before
//! lay has to write only what differs; and what is the same for all calls of an innermost loop is written in front of it.
//!
//! In: a machine function, and which of its calls leave headers alone. Out: which words each call has to write, and which blocks
//! write some at their end.

use crate::mach::sites::{CallSite, Found};
use crate::mach::x64::build::slots;
use crate::mach::x64::inst::Inst;
use crate::mach::{MBlock, MFunc};

/// The words of a header that are to be written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Wanted {
    /// The word through which the callee returns.
    pub(super) site: bool,
    /// The caller's frame pointer.
    pub(super) caller: bool,
    /// The callee's record.
    pub(super) record: bool,
}

impl Wanted {
    pub(super) const ALL: Wanted = Wanted { site: true, caller: true, record: true };

    fn any(self) -> bool {
        self.site || self.caller || self.record
    }
}

/// What is known of the area for arguments: one header, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Known {
    /// The slot of its first word.
    at: u32,
    /// The call whose word it has.
    site: Option<u32>,
    caller: bool,
    record: Option<i32>,
}

impl Known {
    /// What is known on both ways.
    fn meet(self, other: Known) -> Known {
        if self.at != other.at {
            return Known::default();
        }
        Known {
            at: self.at,
            site: self.site.filter(|_| self.site == other.site),
            caller: self.caller && other.caller,
            record: self.record.filter(|_| self.record == other.record),
        }
    }

    /// Slots get other values.
    fn forget(&mut self, first: u32, end: u32) {
        let hits = |word: u32| (first..end).contains(&(self.at + word));
        let [site, caller, record] = [hits(0), hits(1), hits(2)];
        self.site = self.site.filter(|_| !site);
        self.caller &= !caller;
        self.record = self.record.filter(|_| !record);
    }

    /// What of this is not there yet.
    fn missing(self, there: Known) -> Wanted {
        let there = if there.at == self.at { there } else { Known::default() };
        Wanted {
            site: self.site.is_some() && self.site != there.site,
            caller: self.caller && !there.caller,
            record: self.record.is_some() && self.record != there.record,
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Headers {
    /// By call the words that it writes.
    calls: Vec<Wanted>,
    /// Blocks that write words of a call's header at their end, ascending.
    ends: Vec<(MBlock, u32, Wanted)>,
    /// Whether a call relies on what was there before.
    pub(super) are_shared: bool,
    /// By block its instructions that matter.
    events: Vec<(u32, u32)>,
    insts: Vec<u32>,
    known: Vec<Option<Known>>,
    loops: Vec<MBlock>,
    is_inside: Vec<u32>,
}

/// So many blocks an innermost loop has at most for its headers to be written in front of it.
const LARGEST_LOOP: usize = 64;
/// So often all blocks are gone through at most.
const MOST_ROUNDS: usize = 8;

/// The header that a call needs. Its record is known if the callee is.
fn header_for(number: u32, call: &CallSite) -> Known {
    let record = match call.found {
        Found::Own(record) | Found::Itself(record) => Some(record),
        _ => None,
    };
    Known { at: slots(&call.params), site: Some(number), caller: true, record }
}

/// The header of a call, as far as it leaves one.
fn header_of(number: u32, call: &CallSite) -> Option<Known> {
    if !call.keeps_header || matches!(call.found, Found::Elsewhere(_)) {
        return None;
    }
    let mut known = header_for(number, call);
    known.forget(0, slots(&call.results));
    Some(known)
}

/// The words that are left behind a call whose callee is found at run time.
pub(super) fn left_by(number: u32, call: &CallSite) -> Wanted {
    let known = Known { record: None, ..header_of(number, call).unwrap_or_default() };
    known.missing(Known::default())
}

impl Headers {
    /// Which words a call writes.
    pub(super) fn of_call(&self, number: u32) -> Wanted {
        self.calls[number as usize]
    }

    /// What a block writes at its end.
    pub(super) fn at_end(&self, block: MBlock) -> impl Iterator<Item = (u32, Wanted)> + '_ {
        let first = self.ends.partition_point(|end| end.0 < block);
        let here = self.ends[first..].iter().take_while(move |end| end.0 == block);
        here.map(|&(_, call, wanted)| (call, wanted))
    }

    /// Finds all that for a function.
    pub(super) fn run(&mut self, func: &MFunc<Inst>) {
        self.calls.clear();
        self.calls.resize(func.calls.len(), Wanted::ALL);
        self.ends.clear();
        self.are_shared = false;
        if !func.calls.iter().any(|call| call.keeps_header) {
            return;
        }
        self.find_events(func);
        self.find_loops(func);
        if self.solve(func) {
            self.finish(func);
        } else {
            self.ends.clear();
        }
    }

    fn find_events(&mut self, func: &MFunc<Inst>) {
        self.events.clear();
        self.insts.clear();
        for data in &func.blocks {
            let first = self.insts.len() as u32;
            let matters = |&inst: &u32| {
                matches!(
                    func.insts[inst as usize],
                    Inst::StoreOut { .. }
                        | Inst::Call(_)
                        | Inst::Invoke(_)
                        | Inst::Embed(_)
                        | Inst::EmbedLast(_)
                        | Inst::EmbedInvoke(_)
                        | Inst::Safepoint(_)
                )
            };
            self.insts.extend((data.insts.start..data.insts.end).filter(matters));
            self.events.push((first, self.insts.len() as u32));
        }
    }

    fn events(&self, block: MBlock) -> &[u32] {
        let (first, end) = self.events[block.0 as usize];
        &self.insts[first as usize..end as usize]
    }

    /// Finds what is to be written in front of innermost loops.
    fn find_loops(&mut self, func: &MFunc<Inst>) {
        self.is_inside.clear();
        self.is_inside.resize(func.blocks.len(), u32::MAX);
        for head in (0..func.blocks.len()).rev() {
            let preds = &func.preds[func.blocks[head].preds.range()];
            if !preds.iter().any(|pred| pred.index() >= head) || !self.find_inside(func, head) {
                continue;
            }
            let Some((call, wanted)) = self.shared_words(func) else { continue };
            let outside = |pred: &&regalloc2::Block| self.is_inside[pred.index()] != head as u32;
            let ways = preds.iter().filter(outside).map(|pred| MBlock(pred.index() as u32));
            let ways: Vec<MBlock> = ways.collect();
            let jumps = |way: &MBlock| {
                let insts = func.blocks[way.0 as usize].insts;
                matches!(func.insts[insts.end as usize - 1], Inst::Jump)
            };
            if ways.iter().all(jumps) {
                self.ends.extend(ways.iter().map(|&way| (way, call, wanted)));
            }
        }
        self.ends.sort_unstable_by_key(|&(block, call, _)| (block, call));
    }

    /// Finds the blocks of the loop with a head. Whether it is a small one without others inside.
    fn find_inside(&mut self, func: &MFunc<Inst>, head: usize) -> bool {
        self.loops.clear();
        self.is_inside[head] = head as u32;
        self.loops.push(MBlock(head as u32));
        let mut done = 0;
        while let Some(&block) = self.loops.get(done) {
            done += 1;
            let at = block.0 as usize;
            for pred in &func.preds[func.blocks[at].preds.range()] {
                let leads_back = pred.index() >= at;
                if at != head && leads_back {
                    return false;
                }
                if (at == head && !leads_back) || self.is_inside[pred.index()] == head as u32 {
                    continue;
                }
                if self.loops.len() == LARGEST_LOOP || pred.index() < head {
                    return false;
                }
                self.is_inside[pred.index()] = head as u32;
                self.loops.push(MBlock(pred.index() as u32));
            }
        }
        true
    }

    /// The words that are the same for all calls of the loop, and the first of these calls.
    fn shared_words(&self, func: &MFunc<Inst>) -> Option<(u32, Wanted)> {
        let mut shared: Option<(u32, Known)> = None;
        let insts = || self.loops.iter().flat_map(|&block| self.events(block));
        for &inst in insts() {
            match func.insts[inst as usize] {
                Inst::StoreOut { .. } => {}
                Inst::Call(number) => {
                    let known = header_of(number, &func.calls[number as usize])?;
                    shared = Some(match shared {
                        None => (number, known),
                        Some((first, other)) if other.at == known.at => (first, other.meet(known)),
                        Some(_) => return None,
                    });
                }
                _ => return None,
            }
        }
        let (first, mut known) = shared?;
        for &inst in insts() {
            if let Inst::StoreOut { slot, vector } = func.insts[inst as usize] {
                known.forget(slot, slot + 1 + u32::from(vector));
            }
        }
        let wanted = known.missing(Known::default());
        wanted.any().then_some((first, wanted))
    }

    /// What is known behind an instruction.
    fn step(func: &MFunc<Inst>, inst: u32, known: &mut Known) {
        match func.insts[inst as usize] {
            Inst::StoreOut { slot, vector } => known.forget(slot, slot + 1 + u32::from(vector)),
            Inst::Call(number) | Inst::Invoke(number) => {
                *known = header_of(number, &func.calls[number as usize]).unwrap_or_default();
            }
            _ => *known = Known::default(),
        }
    }

    /// What is known once a block has written what it writes at its end.
    fn step_end(func: &MFunc<Inst>, call: u32, wanted: Wanted, known: &mut Known) {
        let Some(header) = header_of(call, &func.calls[call as usize]) else { return };
        if known.at != header.at {
            *known = Known { at: header.at, ..Known::default() };
        }
        if wanted.site {
            known.site = header.site;
        }
        if wanted.record {
            known.record = header.record;
        }
        known.caller |= wanted.caller;
    }

    /// Finds what is known where blocks begin. Whether that came to an end.
    fn solve(&mut self, func: &MFunc<Inst>) -> bool {
        self.known.clear();
        self.known.resize(func.blocks.len(), None);
        self.known[0] = Some(Known::default());
        for _ in 0..MOST_ROUNDS {
            let mut changes = false;
            for number in 0..func.blocks.len() {
                let Some(mut known) = self.known[number] else { continue };
                let block = MBlock(number as u32);
                for &inst in self.events(block) {
                    Headers::step(func, inst, &mut known);
                }
                for (call, wanted) in self.at_end(block) {
                    Headers::step_end(func, call, wanted, &mut known);
                }
                for (way, edge) in func.edges(block).iter().enumerate() {
                    // What exceptions lead to knows nothing: they come from anywhere inside of the callee.
                    let known =
                        if way > 0 && self.ends_by_call(func, block) { Known::default() } else { known };
                    let there = &mut self.known[edge.to.0 as usize];
                    let met = there.map_or(known, |there| there.meet(known));
                    changes |= *there != Some(met);
                    *there = Some(met);
                }
            }
            if !changes {
                return true;
            }
        }
        false
    }

    fn ends_by_call(&self, func: &MFunc<Inst>, block: MBlock) -> bool {
        let last = func.blocks[block.0 as usize].insts.end - 1;
        matches!(func.insts[last as usize], Inst::Invoke(_) | Inst::EmbedInvoke(_))
    }

    /// Notes what each call and each block has to write.
    fn finish(&mut self, func: &MFunc<Inst>) {
        let mut ends = std::mem::take(&mut self.ends);
        for number in 0..func.blocks.len() {
            let Some(mut known) = self.known[number] else { continue };
            let (first, end) = self.events[number];
            for event in first..end {
                let inst = self.insts[event as usize];
                if let Inst::Call(number) | Inst::Invoke(number) = func.insts[inst as usize] {
                    let header = header_for(number, &func.calls[number as usize]);
                    let missing = header.missing(known);
                    let wanted = Wanted { record: header.record.is_none() || missing.record, ..missing };
                    self.are_shared |= wanted != Wanted::ALL;
                    self.calls[number as usize] = wanted;
                }
                Headers::step(func, inst, &mut known);
            }
            let first = ends.partition_point(|end| end.0.0 < number as u32);
            for (_, call, wanted) in ends[first..].iter_mut().take_while(|end| end.0.0 == number as u32) {
                if let Some(header) = header_of(*call, &func.calls[*call as usize]) {
                    let missing = header.missing(known);
                    let before = *wanted;
                    *wanted = Wanted {
                        site: before.site && missing.site,
                        caller: before.caller && missing.caller,
                        record: before.record && missing.record,
                    };
                    Headers::step_end(func, *call, before, &mut known);
                }
            }
        }
        ends.retain(|end| end.2.any());
        self.ends = ends;
    }
}
