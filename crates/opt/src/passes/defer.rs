//! Defers computations to the first of their users within a block.
//!
//! ```text
//! block ─ instruction after instruction from the last ─ are its operands wanted at its first user anyway? ─▶ right in front of that
//! ```
//!
//! Requires SSA. Preserves it and what the program does: what moves only computes, and stays in its block.
//!
//! Programs push results on the stack and use them much later: a sum of thirty products may have all of them at once. A result that
//! waits takes a register, and where its operands wait too, that is one more than is needed. What computes such a result's operands
//! for it alone goes along.

use crate::ssa::{Block, Func, Terminator, Value};

use super::sink::{Placer, is_constant, is_movable};

/// How many instructions have to lie between a computation and its first user: what waits shortly does no harm.
const LEAST_DISTANCE: u32 = 12;

/// How many instructions move together at most.
const MOST_TOGETHER: usize = 16;

/// Moves instructions. Returns how many.
pub fn run(func: &mut Func) -> u32 {
    let is_long = |func: &Func, block: Block| func.block(block).insts.len() as u32 > LEAST_DISTANCE;
    if !func.layout.iter().any(|&block| is_long(func, block)) {
        return 0;
    }
    let mut deferring = Deferring {
        spans: vec![Span::default(); func.values.len()],
        moves: vec![false; func.values.len()],
        together: Vec::new(),
    };
    for &block in &func.layout {
        func.for_each_use(block, |value| {
            let span = &mut deferring.spans[value.index()];
            span.is_shared |= span.user.is_some_and(|user| user != block);
            span.user = Some(block);
            span.count += 1;
        });
    }
    let mut moved = 0;
    for at in 0..func.layout.len() {
        let block = func.layout[at];
        if is_long(func, block) {
            moved += deferring.block(func, block);
        }
    }
    moved
}

/// Where a value is used; places are those of instructions in the block that is looked at.
#[derive(Clone, Copy, Default)]
struct Span {
    /// How often it is used.
    count: u32,
    /// A block that uses it, and whether others do, too.
    user: Option<Block>,
    is_shared: bool,
    /// The instruction that makes it, or in front of which it is made; nothing if it comes from elsewhere.
    home: Option<u32>,
    /// The block that the next two are of.
    noted: Option<Block>,
    first: u32,
    last: u32,
}

struct Deferring {
    spans: Vec<Span>,
    /// What goes down, until it is placed.
    moves: Vec<bool>,
    /// What goes down together.
    together: Vec<Value>,
}

impl Deferring {
    fn block(&mut self, func: &mut Func, block: Block) -> u32 {
        let data = func.block(block);
        let end = data.insts.len() as u32;
        for (at, &inst) in data.insts.iter().enumerate() {
            self.spans[inst.index()].home = Some(at as u32);
        }
        data.term.for_each_use(func, |value| self.note(block, value, end));
        let mut moved = 0;
        for (at, &inst) in data.insts.iter().enumerate().rev() {
            let at = at as u32;
            if !self.moves[inst.index()] {
                let Span { noted, first: to, .. } = self.spans[inst.index()];
                let waits = noted == Some(block) && to - at > LEAST_DISTANCE && is_movable(func, inst);
                if waits && self.is_free(func, inst, at, to) {
                    moved += self.together.len() as u32;
                    for value in &self.together {
                        self.moves[value.index()] = true;
                        self.spans[value.index()].home = Some(to);
                    }
                }
            }
            let home = self.spans[inst.index()].home.unwrap_or(at);
            func.args(inst).iter().for_each(|&arg| self.note(block, arg, home));
        }
        for &inst in &data.insts {
            self.spans[inst.index()].home = None;
        }
        if moved > 0 {
            self.place(func, block);
        }
        moved
    }

    /// A value is used at a place.
    fn note(&mut self, block: Block, value: Value, at: u32) {
        let span = &mut self.spans[value.index()];
        if span.noted.replace(block) != Some(block) {
            (span.first, span.last) = (at, at);
        }
        (span.first, span.last) = (span.first.min(at), span.last.max(at));
    }

    /// Finds what moves together with a computation, if it takes no further register in front of another instruction: its operands are
    /// wanted there or behind it, or are computed for it alone. One of them may have its last use here, if it has waited for long: it
    /// waits in place of the result, and most likely in the frame already.
    fn is_free(&mut self, func: &Func, inst: Value, at: u32, to: u32) -> bool {
        let mut has_waited = false;
        self.together.clear();
        self.together.push(inst);
        let mut next = 0;
        while let Some(&value) = self.together.get(next) {
            next += 1;
            for &arg in func.args(value) {
                let span = self.spans[arg.index()];
                // What other blocks use, too, is most likely wanted behind this one.
                let waits = span.is_shared || span.noted.is_some() && span.last >= to;
                if is_constant(func, arg) || waits {
                    continue;
                }
                let Some(home) = span.home else { return false };
                if span.count == 1 && self.together.len() < MOST_TOGETHER && is_movable(func, arg) {
                    self.together.push(arg);
                } else if has_waited || home + LEAST_DISTANCE >= at {
                    return false;
                } else {
                    has_waited = true;
                }
            }
        }
        true
    }

    /// Brings instructions into their order: what has moved in front of its first user.
    fn place(&mut self, func: &mut Func, block: Block) {
        let old = std::mem::take(&mut func.block_mut(block).insts);
        let mut placer =
            Placer { func: &*func, insts: Vec::with_capacity(old.len()), moves: &mut self.moves };
        let is_missing = |moves: &[bool], value: Value| moves[value.index()];
        // The call comes last.
        let last = old.len() - usize::from(matches!(func.block(block).term, Terminator::Invoke { .. }));
        for &inst in &old[..last] {
            if !is_missing(placer.moves, inst) {
                placer.users(inst, is_missing);
            }
        }
        // What only the end of the block uses.
        for &inst in &old[..last] {
            if is_missing(placer.moves, inst) {
                placer.users(inst, is_missing);
            }
        }
        placer.insts.extend_from_slice(&old[last..]);
        let insts = placer.insts;
        func.block_mut(block).insts = insts;
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::passes::testing;

    /// A block in which a product waits for its user behind thirteen loads.
    fn waiting(product: &str, between: &str, end: &str) -> String {
        let mut body = format!("b0:\n  v0: i32 = arg 0\n  v1: i32 = arg 1\n{product}");
        for number in 3..16 {
            body += &format!("  v{number}: i32 = load32_u memory0 {number} v0\n");
        }
        format!("{body}{between}  v17: i32 = i32.xor v2, v15\n{end}")
    }

    fn deferred(body: &str) -> String {
        testing::after("(i32, i32) -> (i32)", body, |func| {
            run(func);
        })
    }

    const PRODUCT: &str = "  v2: i32 = i32.mul v0, v1\n";

    #[test]
    fn what_waits_though_its_operands_do_is_computed_late() {
        let end = "  v18: i32 = i32.sub v17, v0\n  v19: i32 = i32.sub v18, v1\n  return v19\n";
        assert_eq!(deferred(&waiting(PRODUCT, "", end)), waiting("", PRODUCT, end));
    }

    #[test]
    fn what_its_operands_are_computed_from_goes_along() {
        let both = "  v16: i32 = i32.shl v0, v1\n  v2: i32 = i32.mul v16, v1\n";
        let end = "  v18: i32 = i32.sub v17, v0\n  v19: i32 = i32.sub v18, v1\n  return v19\n";
        assert_eq!(deferred(&waiting(both, "", end)), waiting("", both, end));
    }

    #[test]
    fn what_would_keep_an_operand_waiting_stays() {
        let end = "  v18: i32 = i32.sub v17, v0\n  return v18\n";
        let body = waiting(PRODUCT, "", end);
        assert_eq!(deferred(&body), body, "nothing else needs v1 any more");
    }

    #[test]
    fn what_may_trap_stays() {
        let end = "  v18: i32 = i32.sub v17, v0\n  v19: i32 = i32.sub v18, v1\n  return v19\n";
        for inst in ["i32.div_u v0, v1", "load32_u memory0 0 v1"] {
            let body = waiting(&format!("  v2: i32 = {inst}\n"), "", end);
            assert_eq!(deferred(&body), body);
        }
    }

    #[test]
    fn random_programs_do_the_same() {
        let changes = testing::check(37, 4_000, run);
        assert!(changes > 100, "{changes}");
    }
}
