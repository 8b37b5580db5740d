//! How a loop uses locals, determined before its body is walked, for tiers that keep locals in registers across a loop.
//!
//! ```text
//! walker at a loop ─ read ahead to its end ─▶ Surveys ─ number of operator bytes before the loop ─▶ LoopSurvey
//! ```
//!
//! The walker reads ahead from an outermost loop to its end and surveys the nested loops in the same pass, so nothing outside
//! of loops is read. Uses of locals are listed in program order, one per operator; a consumer that needs a set builds it.
//! Nested loops share their entries, so a function has at most as many entries as operators.

use upshift_core::index::{LocalIndex, MemoryIndex};
use wasmparser::{MemArgTarget, Operator};

use crate::walker::code::Code;
use crate::walker::frequent::{self, Frequent};

/// An operator that reads or sets a local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalUse {
    /// The local.
    pub local: LocalIndex,
    /// Whether it is set.
    pub sets: bool,
    /// Whether it is set whenever the innermost loop goes round, before control can leave that: where nothing in the loop reads it
    /// before, what it has at the head is of no use.
    pub renews: bool,
    /// In how many loops the operator lies, counted from the outermost one that was surveyed: at least one.
    pub depth: u16,
}

/// What is known of a loop at its head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoopSurvey<'a> {
    /// All uses of locals in the loop and in loops inside of it.
    pub uses: &'a [LocalUse],
    /// Whether any of its operators calls a function.
    pub calls: bool,
    /// How many bytes its operators take.
    pub bytes: u32,
    /// In how many loops it lies, itself among them.
    pub depth: u16,
    /// How many of its loads and stores of integers and floats access memory 0.
    pub accesses: u32,
    /// The first other memory that they access in the outermost loop, and how many do.
    pub other: (MemoryIndex, u32),
}

impl LoopSurvey<'_> {
    /// The locals that the loop sets, once for each operator that does.
    pub fn assigned(&self) -> impl Iterator<Item = LocalIndex> {
        self.uses.iter().filter(|used| used.sets).map(|used| used.local)
    }
}

#[derive(Clone, Copy, Debug)]
struct Loop {
    /// Offset of its operator in the module.
    offset: u32,
    /// Its part of the uses.
    uses: (u32, u32),
    calls: bool,
    bytes: u32,
    depth: u16,
    /// Its place among the open blocks.
    block: u32,
    /// Whether control may have left it already.
    leaves: bool,
    /// Up to the loop's end how many accesses there were in front of it, then how many it has.
    accesses: [u32; 2],
}

/// The loops of an outermost loop, in the order of their heads.
#[derive(Debug, Default)]
pub(crate) struct Surveys {
    loops: Vec<Loop>,
    uses: Vec<LocalUse>,
    /// The open blocks while reading: whether each is a loop.
    blocks: Vec<bool>,
    /// The numbers of the open loops among them.
    open: Vec<u32>,
    /// How many these are.
    depth: u16,
    /// How many accesses were read so far to memory 0, and to another one.
    accesses: [u32; 2],
    /// The other memory.
    other: Option<u32>,
    /// Behind the outermost loop.
    end: u32,
    /// The next loop that the walker may come to.
    next: usize,
}

impl Surveys {
    /// Forgets the function before.
    pub(crate) fn clear(&mut self) {
        (self.end, self.next) = (0, 0);
        self.loops.clear();
    }

    /// Gives up what takes more room than for so many entries.
    pub(crate) fn trim(&mut self, most: usize) {
        if self.uses.capacity().max(self.loops.capacity()) > most {
            *self = Surveys::default();
        }
    }

    /// The survey of the loop whose operator lies at an offset; `from` reads from there on.
    ///
    /// # Errors
    /// When the body is malformed, which validation excludes.
    pub(crate) fn at<'a>(
        &mut self,
        offset: u32,
        from: impl FnOnce() -> Code<'a>,
    ) -> wasmparser::Result<LoopSurvey<'_>> {
        if offset >= self.end {
            self.read(from())?;
        }
        // Loops that control does not reach are read, but never asked for.
        while self.loops[self.next].offset < offset {
            self.next += 1;
        }
        let Loop { uses: (first, end), calls, bytes, depth, accesses, .. } = self.loops[self.next];
        Ok(LoopSurvey {
            uses: &self.uses[first as usize..end as usize],
            calls,
            bytes,
            depth,
            accesses: accesses[0],
            other: (MemoryIndex(self.other.unwrap_or(0)), accesses[1]),
        })
    }

    /// Reads a loop from its operator to its end.
    fn read(&mut self, mut code: Code<'_>) -> wasmparser::Result<()> {
        self.next = 0;
        self.loops.clear();
        self.uses.clear();
        self.blocks.clear();
        self.open.clear();
        (self.accesses, self.other) = ([0; 2], None);
        while let Some((frequent, word)) = code.next() {
            match *frequent {
                Frequent::LocalGet => self.note(code.index(word), false),
                Frequent::LocalSet | Frequent::LocalTee => self.note(code.index(word), true),
                Frequent::Br | Frequent::BrIf => self.note_branch(code.index(word)),
                Frequent::GlobalGet | Frequent::GlobalSet | Frequent::I32Const | Frequent::I64Const => {
                    code.skip_number(word);
                }
                Frequent::Call => {
                    code.skip_number(word);
                    self.note_call();
                }
                Frequent::IsZero(_)
                | Frequent::Compare(_)
                | Frequent::Unary(..)
                | Frequent::Binary(..)
                | Frequent::Drop
                | Frequent::Select
                | Frequent::Else
                | Frequent::Return
                | Frequent::Unreachable => code.plain(),
                Frequent::CallIndirect => {
                    code.two_indices(word);
                    self.note_call();
                }
                Frequent::Load(..) | Frequent::Store(_) => match code.skip_plain_mem_arg(word) {
                    true => self.accesses[0] += 1,
                    false => self.note_named(&code.apart(Code::operator)?),
                },
                Frequent::Block | Frequent::If | Frequent::Loop => {
                    let offset = code.offset();
                    if code.plain_block_type(word).is_none() {
                        code.apart(Code::operator)?;
                    }
                    match *frequent {
                        Frequent::Loop => self.begin_loop(offset),
                        _ => self.blocks.push(false),
                    }
                }
                Frequent::End => {
                    code.plain();
                    self.end_block(code.offset());
                    if self.blocks.is_empty() {
                        break;
                    }
                }
                Frequent::Rare => match code.apart(Code::operator)? {
                    Operator::TryTable { .. } | Operator::Try { .. } => self.blocks.push(false),
                    // It ends a block inside of the loop.
                    Operator::Delegate { .. } => self.end_block(code.offset()),
                    Operator::CallRef { .. }
                    | Operator::ReturnCall { .. }
                    | Operator::ReturnCallIndirect { .. }
                    | Operator::ReturnCallRef { .. } => self.note_call(),
                    Operator::BrTable { .. }
                    | Operator::BrOnNull { .. }
                    | Operator::BrOnNonNull { .. }
                    | Operator::BrOnCast { .. }
                    | Operator::BrOnCastFail { .. }
                    | Operator::Throw { .. }
                    | Operator::ThrowRef
                    | Operator::Rethrow { .. } => self.note_branch(u32::MAX),
                    _ => {}
                },
            }
        }
        self.end = code.offset();
        code.check_end()
    }

    /// Notes a load or a store that names its memory.
    #[cold]
    fn note_named(&mut self, operator: &Operator<'_>) {
        let Some(MemArgTarget::Memory(memory)) = frequent::mem_arg(operator).map(|arg| arg.target) else {
            return;
        };
        if memory == 0 {
            self.accesses[0] += 1;
            return;
        }
        let same = *self.other.get_or_insert(memory) == memory;
        self.accesses[1] += u32::from(same);
    }

    fn end_block(&mut self, end: u32) {
        if self.blocks.pop() == Some(true) {
            self.end_loop(end);
        }
    }

    /// Counts the open loops.
    fn count(&mut self) {
        self.depth = self.open.len().try_into().unwrap_or(u16::MAX);
    }

    #[inline(always)]
    fn note(&mut self, local: u32, sets: bool) {
        let stays = || self.open.last().is_some_and(|&number| !self.loops[number as usize].leaves);
        let renews = sets && self.blocks.last() == Some(&true) && stays();
        self.uses.push(LocalUse { local: LocalIndex(local), sets, renews, depth: self.depth });
    }

    /// Notes a branch in the loops that it leads out of: those that begin inside of the block that it leads to.
    fn note_branch(&mut self, label: u32) {
        let left = self.blocks.len() as i64 - 1 - i64::from(label);
        for &number in self.open.iter().rev() {
            let around = &mut self.loops[number as usize];
            if i64::from(around.block) <= left {
                break;
            }
            around.leaves = true;
        }
    }

    /// Notes a call in the innermost loop; the others learn of it when that ends.
    fn note_call(&mut self) {
        if let Some(&number) = self.open.last() {
            self.loops[number as usize].calls = true;
        }
    }

    fn begin_loop(&mut self, offset: u32) {
        let (first, block) = (self.uses.len() as u32, self.blocks.len() as u32);
        self.blocks.push(true);
        self.open.push(self.loops.len() as u32);
        self.count();
        self.loops.push(Loop {
            offset,
            uses: (first, first),
            calls: false,
            bytes: 0,
            depth: self.depth,
            accesses: self.accesses,
            block,
            leaves: false,
        });
    }

    fn end_loop(&mut self, end: u32) {
        let Some(number) = self.open.pop() else { return };
        self.count();
        let ended = &mut self.loops[number as usize];
        ended.uses.1 = self.uses.len() as u32;
        ended.bytes = end - ended.offset;
        ended.accesses = std::array::from_fn(|at| self.accesses[at] - ended.accesses[at]);
        if ended.calls {
            self.note_call();
        }
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::index::{LocalIndex, MemoryIndex};
    use wasmparser::{BinaryReader, FunctionBody};

    use super::{LocalUse, Surveys};
    use crate::walker::code::Body;
    use crate::{Features, ModuleInfo, TypeRegistry, parse};

    fn module(wat: &str) -> ModuleInfo {
        let bytes = wat::parse_str(wat).unwrap();
        parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap()
    }

    /// The survey of each loop of the only function, and whether it was read ahead.
    fn surveys(wat: &str) -> Vec<(Vec<LocalUse>, bool, u32, u16)> {
        let module = module(wat);
        let range = module.bodies[0].clone();
        let bytes = module.slice(&range);
        let padded = Body::new(&module.bytes, &range);
        let body = FunctionBody::new(BinaryReader::new(bytes, u64::from(range.start)));
        let mut reader = body.get_operators_reader().unwrap();
        let (mut surveys, mut found) = (Surveys::default(), Vec::new());
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset().unwrap();
            if let wasmparser::Operator::Loop { .. } = operator {
                let from = || padded.code_from(offset as u32);
                let survey = surveys.at(offset as u32, from).unwrap();
                found.push((survey.uses.to_vec(), survey.calls, survey.bytes, survey.depth));
            }
        }
        found
    }

    fn used(local: u32, sets: bool, depth: u16) -> LocalUse {
        LocalUse { local: LocalIndex(local), sets, renews: false, depth }
    }

    fn renewed(local: u32, depth: u16) -> LocalUse {
        LocalUse { local: LocalIndex(local), sets: true, renews: true, depth }
    }

    #[test]
    fn loops_know_their_accesses() {
        let module = module(
            "(module (memory $a 1) (memory $b 1) (memory $c 1) (func
                (drop (i32.load (i32.const 0)))
                (loop
                    (drop (i32.load $c offset=70000 (i32.const 0)))
                    (loop
                        (i64.store $c (i32.const 0) (i64.const 1))
                        (f64.store $b (i32.const 0) (f64.const 1))
                        (f32.store (i32.const 0) (f32.const 1)))
                    (drop (i64.load8_s offset=1 (i32.const 0))))))",
        );
        let range = module.bodies[0].clone();
        let bytes = module.slice(&range);
        let at = bytes.iter().position(|&byte| byte == 0x03).unwrap();
        let inner = at + bytes[at + 1..].iter().position(|&byte| byte == 0x03).unwrap() + 1;
        let offset = |at: usize| range.start + at as u32;
        let mut surveys = Surveys::default();
        let body = Body::new(&module.bytes, &range);
        let outer = surveys.at(offset(at), || body.code_from(offset(at))).unwrap();
        assert_eq!((outer.accesses, outer.other), (2, (MemoryIndex(2), 2)));
        let inner = surveys.at(offset(inner), || unreachable!("it was read")).unwrap();
        assert_eq!((inner.accesses, inner.other), (1, (MemoryIndex(2), 1)));
    }

    /// A memory may be named although it is the first one, and nothing is both the first and another one.
    #[test]
    fn the_first_memory_may_be_named() {
        let mut bytes = wat::parse_str(
            "(module (memory $a 1) (memory $b 1) (func (loop (drop (i32.load $b (i32.const 0))) (drop (i32.load (i32.const 0))))))",
        )
        .unwrap();
        let named = [0x28, 0x42, 0x01];
        let at = bytes.windows(3).position(|bytes| bytes == named).unwrap();
        bytes[at + 2] = 0;
        let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
        let range = module.bodies[0].clone();
        let offset = range.start + module.slice(&range).iter().position(|&byte| byte == 0x03).unwrap() as u32;
        let (mut surveys, body) = (Surveys::default(), Body::new(&module.bytes, &range));
        let survey = surveys.at(offset, || body.code_from(offset)).unwrap();
        assert_eq!((survey.accesses, survey.other), (2, (MemoryIndex(0), 0)));
    }

    #[test]
    fn loops_know_their_own_and_those_inside() {
        let found = surveys(
            "(module (func $f (param i32 i32 i32)
                (local.set 2 (local.get 0))
                (loop
                    (local.set 0 (local.get 1))
                    (block (loop (drop (local.tee 1 (i32.const 5))) (call $f (i32.const 0) (i32.const 0) (i32.const 0))))
                    (loop (nop)))
                (loop (drop (local.get 2)))))",
        );
        // `local.tee` in the first inner loop is two loops deep.
        let outer = vec![used(1, false, 1), renewed(0, 1), renewed(1, 2)];
        let calls: Vec<bool> = found.iter().map(|found| found.1).collect();
        let depths: Vec<u16> = found.iter().map(|found| found.3).collect();
        assert_eq!(found[0].0, outer);
        assert_eq!(found[1].0, [renewed(1, 2)]);
        assert_eq!(found[2].0, []);
        assert_eq!(found[3].0, [used(2, false, 1)]);
        assert_eq!((calls, depths), (vec![true, true, false, false], vec![1, 2, 2, 1]));
        // `loop`, its type, `nop` and `end` take a byte each.
        assert_eq!(found[2].2, 4);
    }

    #[test]
    fn what_a_loop_sets_before_it_can_be_left_is_renewed() {
        let found = surveys(
            "(module (func (param i32 i32)
                (block $out
                    (loop $head
                        (br_if $head (local.get 0))
                        (local.set 1 (i32.const 1))
                        (block $inside (br_if $inside (local.get 0)) (local.set 1 (i32.const 2)))
                        (loop (br_if $head (local.get 0)) (local.set 0 (i32.const 3)))
                        (local.set 1 (i32.const 4))
                        (br_if $out (local.get 0))
                        (local.set 1 (i32.const 5))))))",
        );
        let renews: Vec<bool> = found[0].0.iter().filter(|used| used.sets).map(|used| used.renews).collect();
        assert_eq!(renews, [true, false, false, true, false]);
    }
}
