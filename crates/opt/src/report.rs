//! What has become of a function, for people who want to know where its time may go: a [`Report`].
//!
//! ```text
//! inline ─ Site ─▶ CallReport       MFunc, registers ─ loops, figures ─▶ Figures of the function, LoopReport of each loop
//! ```
//! It is made only if a [`Request`](crate::Request) wants one. Loops are those of machine code: what was unrolled, removed or inlined
//! is as it is there.

use std::fmt;

use regalloc2::{Edit, Inst as Number, OperandKind, Output, ProgPoint};
use upshift_core::Trap;
use upshift_core::index::FuncIndex;

use crate::code::{Inlined, Spot};
use crate::mach::{MFunc, MachInst};
use crate::passes::inline::{Site, Verdict};
use crate::ssa::Func;

/// What has become of a function.
///
/// ```
/// use upshift_asm::x64::CpuFeatures;
/// use upshift_codegen::Target;
/// use upshift_core::index::FuncIndex;
/// use upshift_core::vm::Returns;
/// use upshift_opt::{Report, Request, compile};
/// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};
///
/// let text = "(module (func (param i32)
///     (loop (br_if 0 (i32.div_u (i32.const 7) (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))";
/// let module = parse(wat::parse_str(text)?.into(), &Features::default(), &TypeRegistry::default())?;
/// let (features, returns) = (CpuFeatures::BASELINE, Returns::Paired);
/// let target = Target { features, returns, memories: [].into(), choices: false, counts: false, twins: None };
/// let mut report = Report::default();
/// let request = Request { report: Some(&mut report), ..Request::default() };
/// compile(&module, FuncIndex(0), CodeOptions::default(), &target, request)?;
/// assert_eq!((report.loops.len(), report.loops[0].depth, report.loops[0].figures.other_checks), (1, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Report {
    /// All of the function.
    pub figures: Figures,
    /// Its loops, in the order of their code, which is that of the program.
    pub loops: Vec<LoopReport>,
    /// Its direct calls that come back, in the order of the program.
    pub calls: Vec<CallReport>,
    /// The places in code of other functions, by number.
    pub inlined: Box<[Inlined]>,
}

/// What there is in a part of a function's code.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Figures {
    /// Machine instructions, without moves that the register allocator adds.
    pub instructions: u32,
    /// How many times values come back from the frame because there are not as many registers: moves, and operands in memory.
    pub reloads: u32,
    /// How many times values go to the frame therefore.
    pub spills: u32,
    /// Moves from one register to another that the register allocator adds.
    pub moves: u32,
    /// Comparisons of an address or an index with a bound, behind which is a trap.
    pub bounds_checks: u32,
    /// Other tests behind which is a trap: of divisors, of null references, of what a cast finds.
    pub other_checks: u32,
    /// Calls.
    pub calls: u32,
    /// Places where instructions of the interpreter are run.
    pub embedded: u32,
}

/// A loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoopReport {
    /// The first operator at its head that has code; [`Spot::NONE`] if there is none.
    pub place: Spot,
    /// How many loops there are around the blocks of this one, with itself.
    pub depth: u32,
    /// What there is in it, with the loops within it.
    pub figures: Figures,
}

/// A direct call that comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallReport {
    /// The offset of the operator in the module's bytes.
    pub offset: u32,
    /// What is called.
    pub callee: FuncIndex,
    /// How many loops are around it.
    pub depth: u32,
    /// Whether the callee's code stands in its place, or why not.
    pub verdict: Verdict,
}

impl CallReport {
    /// That of each call; `func` is the function that the calls were found in, with what stands in their place.
    pub(crate) fn all(sites: &[Site], func: &Func) -> Vec<CallReport> {
        let report = |&Site { call, callee, depth, verdict, .. }: &Site| {
            let position = func.chain(func.value(call).pos).last();
            CallReport { offset: position.map_or(0, |position| position.offset), callee, depth, verdict }
        };
        let mut calls: Vec<CallReport> = sites.iter().map(report).collect();
        calls.sort_by_key(|call| call.offset);
        calls
    }
}

impl Figures {
    /// All figures with the names that people read, in the order of a table's columns.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u32); 8] {
        [
            ("instructions", self.instructions),
            ("reloads", self.reloads),
            ("spills", self.spills),
            ("moves", self.moves),
            ("bounds checks", self.bounds_checks),
            ("other checks", self.other_checks),
            ("calls", self.calls),
            ("embedded", self.embedded),
        ]
    }

    fn add(&mut self, other: Figures) {
        self.instructions += other.instructions;
        self.reloads += other.reloads;
        self.spills += other.spills;
        self.moves += other.moves;
        self.bounds_checks += other.bounds_checks;
        self.other_checks += other.other_checks;
        self.calls += other.calls;
        self.embedded += other.embedded;
    }

    fn of_block<I: MachInst>(func: &MFunc<I>, block: usize, output: &Output) -> Figures {
        let insts = func.blocks[block].insts.range();
        let mut figures = Figures { instructions: insts.len() as u32, ..Figures::default() };
        for at in insts.clone() {
            let inst = func.insts[at];
            match inst.check() {
                Some(Trap::MemoryOutOfBounds | Trap::TableOutOfBounds | Trap::ArrayOutOfBounds) => {
                    figures.bounds_checks += 1;
                }
                Some(_) => figures.other_checks += 1,
                None => {}
            }
            figures.calls += u32::from(inst.is_call());
            figures.embedded += u32::from(inst.is_embedded());
            // What lives over a call is not read there.
            if !inst.is_call() && !inst.is_embedded() {
                let places = func.operands(at).iter().zip(output.inst_allocs(Number::new(at)));
                let reads =
                    places.filter(|(operand, place)| operand.kind() == OperandKind::Use && place.is_stack());
                figures.reloads += reads.count() as u32;
            }
        }
        let first = ProgPoint::before(Number::new(insts.start));
        let behind = ProgPoint::before(Number::new(insts.end));
        let start = output.edits.partition_point(|&(point, _)| point < first);
        let end = output.edits.partition_point(|&(point, _)| point < behind);
        for &(_, Edit::Move { from, to }) in &output.edits[start..end] {
            figures.reloads += u32::from(from.is_stack());
            figures.spills += u32::from(to.is_stack());
            figures.moves += u32::from(!from.is_stack() && !to.is_stack());
        }
        figures
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, number)) in self.named().into_iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{number} {name}")?;
        }
        Ok(())
    }
}

/// The loops of a function's code, and what there is in each and in all of it.
pub(crate) fn figures<I: MachInst>(func: &MFunc<I>, output: &Output) -> (Figures, Vec<LoopReport>) {
    let nest = Nest::new(func);
    let mut all = Figures::default();
    let mut own = vec![Figures::default(); func.blocks.len()];
    for block in 0..func.blocks.len() {
        let figures = Figures::of_block(func, block, output);
        all.add(figures);
        if let Some(head) = nest.around(block) {
            own[head].add(figures);
        }
    }
    // Heads of inner loops come behind those of outer ones.
    for &head in nest.heads.iter().rev() {
        if let Some(outer) = nest.outer(head) {
            let figures = own[head];
            own[outer].add(figures);
        }
    }
    let mut depths = vec![0; func.blocks.len()];
    let mut loops = Vec::with_capacity(nest.heads.len());
    for &head in &nest.heads {
        depths[head] = 1 + nest.outer(head).map_or(0, |outer| depths[outer]);
        let places = &func.positions[func.blocks[head].insts.range()];
        let place = places.iter().copied().find(|&place| place != Spot::NONE).unwrap_or(Spot::NONE);
        loops.push(LoopReport { place, depth: depths[head], figures: own[head] });
    }
    (all, loops)
}

/// Which loops there are, and what is in which.
struct Nest {
    /// The heads of all loops, ascending.
    heads: Vec<usize>,
    /// By block the head of the innermost loop around it; by head, that of its own loop.
    around: Vec<u32>,
    /// By head the head of the loop around its loop.
    outer: Vec<u32>,
}

impl Nest {
    const NONE: u32 = u32::MAX;

    /// Finds loops by the edges that lead back, the inner ones first: those of what is behind in the program.
    fn new<I: MachInst>(func: &MFunc<I>) -> Nest {
        let count = func.blocks.len();
        let mut nest =
            Nest { heads: Vec::new(), around: vec![Nest::NONE; count], outer: vec![Nest::NONE; count] };
        // By block the head of a loop that it is in, not always the outermost that is known; itself if there is none.
        let mut links: Vec<u32> = (0..count as u32).collect();
        let mut waiting: Vec<usize> = Vec::new();
        for head in (0..count).rev() {
            let preds = |block: usize| {
                let preds = &func.preds[func.blocks[block].preds.range()];
                preds.iter().map(|pred| pred.index()).filter(|&pred| pred >= head)
            };
            waiting.extend(preds(head));
            if waiting.is_empty() {
                continue;
            }
            nest.heads.push(head);
            nest.around[head] = head as u32;
            while let Some(block) = waiting.pop() {
                let outermost = find(&mut links, block);
                if outermost == head {
                    continue;
                }
                links[outermost] = head as u32;
                if nest.around[outermost] == outermost as u32 {
                    nest.outer[outermost] = head as u32;
                } else {
                    nest.around[outermost] = head as u32;
                }
                waiting.extend(preds(outermost));
            }
        }
        nest.heads.reverse();
        nest
    }

    fn around(&self, block: usize) -> Option<usize> {
        (self.around[block] != Nest::NONE).then_some(self.around[block] as usize)
    }

    fn outer(&self, head: usize) -> Option<usize> {
        (self.outer[head] != Nest::NONE).then_some(self.outer[head] as usize)
    }
}

/// The end of a chain of links, which gets shorter on the way.
fn find(links: &mut [u32], block: usize) -> usize {
    let mut at = block;
    while links[at] as usize != at {
        links[at] = links[links[at] as usize];
        at = links[at] as usize;
    }
    at
}

#[cfg(test)]
mod tests {
    use upshift_asm::x64::CpuFeatures;
    use upshift_codegen::Target;
    use upshift_core::vm::Returns;
    use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};

    use super::*;
    use crate::{PassSet, Request, compile};

    fn report(text: &str, func: FuncIndex, off: PassSet) -> Report {
        let bytes = wat::parse_str(text).unwrap();
        let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
        let (features, returns) = (CpuFeatures::BASELINE, Returns::Paired);
        let target =
            Target { features, returns, memories: [].into(), choices: false, counts: false, twins: None };
        let mut report = Report::default();
        let request = Request { off, report: Some(&mut report), ..Request::default() };
        compile(&module, func, CodeOptions::default(), &target, request).unwrap();
        report
    }

    #[test]
    fn loops_nest_and_count_what_is_within_them() {
        let text = "(module (func (param i32 i32)
            (loop $outer
                (loop $first (br_if $first (i32.div_u (local.get 0) (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))))
                (loop $second (br_if $second (i32.rem_u (local.get 1) (local.tee 0 (i32.sub (local.get 0) (i32.const 3))))))
                (br_if $outer (i32.div_s (local.get 0) (local.get 1))))
            (loop $third (br_if $third (local.tee 0 (i32.shr_u (local.get 0) (i32.const 1)))))))";
        let report = report(text, FuncIndex(0), PassSet::all());
        let seen: Vec<_> = report.loops.iter().map(|each| (each.depth, each.figures.other_checks)).collect();
        // A signed division has a second check: of its overflow.
        assert_eq!(seen, [(1, 4), (2, 1), (2, 1), (1, 0)]);
        assert_eq!((report.figures.other_checks, report.figures.bounds_checks), (4, 0));
        let sum: u32 =
            report.loops.iter().filter(|each| each.depth == 1).map(|each| each.figures.instructions).sum();
        assert!(sum < report.figures.instructions, "{report:?}");
        assert!(report.loops.is_sorted_by_key(|each| each.place.offset(&report.inlined)), "{report:?}");
    }

    #[test]
    fn what_has_no_register_is_counted_where_it_is_moved() {
        // Twenty values live over a loop that needs the registers, and are wanted behind it.
        let locals: String = (2..22)
            .map(|local| format!("(local.set {local} (i64.mul (local.get 0) (i64.const {local}{local})))"))
            .collect();
        let sums: String = (2..22)
            .map(|local| {
                format!("(local.set 0 (i64.xor (i64.mul (local.get 0) (i64.const 7)) (local.get {local})))")
            })
            .collect();
        let text = format!(
            "(module (func (param i64 i64) (result i64) (local {})
                {locals}
                (loop $loop {sums} (br_if $loop (i64.eqz (local.tee 1 (i64.add (local.get 1) (i64.const 1))))))
                (local.get 0)))",
            "i64 ".repeat(20)
        );
        let report = report(&text, FuncIndex(0), PassSet::default());
        let [each] = report.loops[..] else { panic!("{report:?}") };
        assert!(each.figures.reloads >= 6 && each.figures.reloads <= 20, "{report:?}");
        assert!(report.figures.spills >= 6 && each.figures.spills == 0, "{report:?}");
    }

    #[test]
    fn calls_say_what_became_of_them() {
        let text = "(module
            (import \"\" \"\" (func $import (param i32) (result i32)))
            (func (param i32) (result i32)
                (loop $loop
                    (local.set 0 (call $small (local.get 0)))
                    (br_if $loop (local.get 0)))
                (call $import (local.get 0)) (call $small))
            (func $small (param i32) (result i32) (i32.shl (local.get 0) (i32.const 3))))";
        let report = report(text, FuncIndex(1), PassSet::default());
        let seen: Vec<_> = report.calls.iter().map(|call| (call.callee.0, call.depth)).collect();
        assert_eq!(seen, [(2, 1), (0, 0), (2, 0)]);
        let texts: Vec<_> = report.calls.iter().map(|call| call.verdict.to_string()).collect();
        assert_eq!(
            texts,
            ["inlined, 1 instructions", "kept, the callee is imported", "inlined, 1 instructions"]
        );
        assert_eq!(report.figures.calls, 1);
        // The same operators as in the module, in its order.
        assert!(report.calls.is_sorted_by(|a, b| a.offset < b.offset));
    }
}
