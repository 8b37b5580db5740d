//! The walker's backend for tier 2: from operands in slots to values.
//!
//! ```text
//! Backend (seam) ─ operands: what do the slots hold? ─▶ instructions of the current block
//!     ├ branches, labels ─▶ edges: block and time (labels) ─▶ parameters where what they bring differs
//!     ├ handlers ─▶ calls and throws that end their block, a landing for each clause (handlers)
//!     └ end ─▶ what is never reached, trivial or dead goes; parameters and arguments are written (finish)
//! ```
//!
//! In: calls of [`Backend`](upshift_translate::Backend). Out: a [`Func`] that [`verify`](super::verify) accepts, in time and memory
//! proportional to the function and to what its blocks are given.
//!
//! The builder is never asked what a slot will be needed for. It notes who wrote what when (in `history`), and a merge or a loop gets
//! a parameter when what a slot holds behind it is needed for the first time. So nothing is made for what is dead.
//!
//! **Code that control does not reach** is not made: behind a jump there is no current block until a label is bound that something leads
//! to. A body for entry at a loop begins so, too: nothing is made until the head of the outermost loop around it, and what turns
//! out not to be reached from the entry goes in the end.
//!
//! **Constants** stand in the entry block, each once for a while: they dominate everything, and lowering makes them anew where
//! they are needed.

mod error;
mod finish;
mod handlers;
mod history;
mod labels;
mod seam;
mod values;

use rustc_hash::FxHashMap;
use upshift_core::index::FuncIndex;
use upshift_core::types::ValType;
use upshift_translate::backend::{Frame, Handler, LocalRun, Slot};
#[cfg(debug_assertions)]
use upshift_translate::checking::CheckingBackend;
use upshift_translate::{CodeOptions, ModuleInfo, WalkBuffers, walk_with};

pub use self::error::BuildError;
use self::handlers::{HandlerState, Site};
use self::history::{History, LabelId, Time};
use self::labels::{LabelState, Task};
use self::values::Constants;
use super::{Block, Func, Pos, Target, Terminator, Ty, Value};

/// SSA of a function of the module; with `osr` of a body for entry at the head of the loop with that number.
///
/// ```
/// use upshift_core::index::FuncIndex;
/// use upshift_opt::ssa::build::build;
/// use upshift_translate::{CodeOptions, Features, TypeRegistry, WalkBuffers, parse};
///
/// let bytes = wat::parse_str("(module (func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))")?;
/// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
/// let func = build(&module, FuncIndex(0), CodeOptions::default(), None, &mut WalkBuffers::default())?;
/// assert!(func.to_string().contains("i32.add v0, v1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When no tier can translate the function, when nothing reaches the loop, or when what its blocks are given is out of
/// proportion to it.
///
/// # Panics
/// When `func` is an import.
pub fn build(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    osr: Option<u32>,
    buffers: &mut WalkBuffers,
) -> Result<Func, BuildError> {
    let start = match osr {
        None => Start::Function,
        Some(number) => {
            let mut builder = Builder::new(module, func, Start::Nowhere);
            builder.walk(options, buffers)?;
            Start::Loop(builder.context().loops_around(number)?)
        }
    };
    let mut builder = Builder::new(module, func, start);
    builder.walk(options, buffers)?;
    let func = builder.finish()?;
    #[cfg(debug_assertions)]
    super::verify::verify(&func, Some(module))
        .unwrap_or_else(|error| panic!("SSA of {} is wrong: {error}\n{func}", func.index));
    Ok(func)
}

/// Where control comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Start {
    /// At the function's first operator.
    Function,
    /// At the head of a loop, the last of these; the others are those around it, from the outermost one inwards, so numbers ascend.
    /// Code is made from the head of the outermost one on.
    Loop(Vec<u32>),
    /// Nowhere: only the loops are looked at.
    Nowhere,
}

/// What a loop has to do with where control comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Entrance {
    /// Code is made from its head on.
    is_outermost: bool,
    /// Control comes in at its head.
    is_here: bool,
    /// Control comes in at its head, or at that of a loop inside of it.
    is_inside: bool,
}

impl Start {
    fn entrance(&self, number: u32) -> Entrance {
        match self {
            Start::Loop(around) => Entrance {
                is_outermost: around.first() == Some(&number),
                is_here: around.last() == Some(&number),
                is_inside: around.binary_search(&number).is_ok(),
            },
            _ => Entrance::default(),
        }
    }
}

/// A block of the program that is open.
#[derive(Clone, Copy, Debug)]
struct Region {
    /// When it opened.
    since: Time,
    /// What is in homes below does not change inside.
    base: Slot,
}

/// Where a loop lies in the module.
#[derive(Clone, Copy, Debug)]
struct LoopRange {
    start: u32,
    end: u32,
}

/// What belongs to a function that is being walked. Inlined functions have their own on top of their callers'.
#[derive(Debug)]
struct Context {
    func: FuncIndex,
    frame: Frame,
    /// Where the call comes from, if it is inlined.
    parent: Pos,
    /// The type of each slot below the homes that is a parameter or a local.
    types: Vec<Option<Ty>>,
    /// The slot of each local.
    slots: Vec<Slot>,
    /// The open blocks.
    regions: Vec<Region>,
    /// The labels of the open loops.
    loops: Vec<Option<LabelId>>,
    /// All loops so far.
    ranges: Vec<LoopRange>,
    handlers: Vec<HandlerState>,
    /// What catches exceptions now.
    handler: Option<Handler>,
}

impl Context {
    fn new(func: FuncIndex, parent: Pos) -> Context {
        Context {
            func,
            frame: Frame { params: 0, results: 0, locals: 0, homes: 0, scratch: None },
            parent,
            types: Vec::new(),
            slots: Vec::new(),
            regions: Vec::new(),
            loops: Vec::new(),
            ranges: Vec::new(),
            handlers: Vec::new(),
            handler: None,
        }
    }

    fn begin(&mut self, frame: &Frame, locals: &[LocalRun]) {
        self.frame = *frame;
        self.types = vec![None; frame.homes as usize];
        for run in locals {
            let ty = Ty::of(run.ty);
            for at in 0..run.count {
                let slot = run.slot.0 + at * ty.slots();
                self.types[slot as usize] = Some(ty);
                self.slots.push(Slot(slot));
            }
        }
        self.regions.push(Region { since: Time(0), base: Slot(frame.homes) });
    }

    /// The innermost open block.
    fn region(&self) -> Region {
        self.regions.last().copied().unwrap_or(Region { since: Time(0), base: Slot(self.frame.homes) })
    }

    /// The numbers of the loops around the loop with a number, from the outside inwards, and its own.
    fn loops_around(&self, number: u32) -> Result<Vec<u32>, BuildError> {
        let inner = self.ranges.get(number as usize).ok_or(BuildError::NoSuchLoop)?.start;
        let around = self.ranges.iter().zip(0..);
        let around = around.filter(|(range, _)| range.start <= inner && inner < range.end);
        Ok(around.map(|(_, number)| number).collect())
    }
}

/// Builds one function.
#[derive(Debug)]
struct Builder<'m> {
    module: &'m ModuleInfo,
    func: Func,
    start: Start,
    contexts: Vec<Context>,
    /// Where instructions go; without it control does not come here.
    current: Option<Block>,
    /// The operator that is walked, and its number once something came of it.
    offset: u32,
    pos: Option<Pos>,
    history: History,
    labels: Vec<LabelState>,
    /// The label that was bound last.
    last_bound: LabelId,
    /// Since then no block opened or ended and no paths met.
    linear_since: Time,
    /// The last time that slots were brought back to, and when that was done.
    restored: Option<(Time, Time)>,
    /// Parameters of merges, by label and slot.
    merged: FxHashMap<(u32, u32), Value>,
    /// Parameters whose arguments are needed.
    tasks: Vec<Task>,
    /// Arguments of parameters, one for each edge.
    args: Vec<Value>,
    constants: Constants,
    /// What was loaded from slots at the entry, by slot and type.
    loads: FxHashMap<(u32, Ty), Value>,
    /// The types of the operands of the outermost loop around the one where control comes in, by slot.
    below: FxHashMap<u32, Ty>,
    /// The function's parameters, by slot.
    params: Vec<Option<Value>>,
    /// Calls and throws whose exceptions are caught.
    sites: Vec<Site>,
    /// What exceptions put into slots on their way to a label.
    payloads: Vec<Box<[(Slot, Value)]>>,
    /// The locals that the outermost loop assigns around the one where control comes in.
    assigned: Vec<Slot>,
    /// How often calls and throws were passed on from handler to handler, and how many landings they have.
    steps: u64,
    /// How many steps are in proportion to the function.
    most_steps: u64,
    /// How many values are in proportion to the function: calls with a thousand results each take three bytes.
    most_values: usize,
    /// Steps or values were not enough: nothing more is made.
    refused: bool,
    /// For operands of one instruction.
    operands: Vec<Value>,
    /// For the targets of a branch table: the table that a label was a target of last, and which.
    tables: u32,
}

impl<'m> Builder<'m> {
    fn new(module: &'m ModuleInfo, index: FuncIndex, start: Start) -> Builder<'m> {
        let ty = module.func_type(index).func();
        let types = |types: &[ValType]| types.iter().map(|&ty| Ty::of(ty)).collect();
        let mut func = Func::new(index, types(ty.params()), types(ty.results()));
        if let Start::Loop(around) = &start {
            func.osr = around.last().copied();
        }
        let bytes = module.body(index).map_or(0, |body| u64::from(body.end - body.start));
        Builder {
            module,
            func,
            start,
            contexts: vec![Context::new(index, Pos::NONE)],
            current: None,
            offset: 0,
            pos: None,
            history: History::default(),
            labels: Vec::new(),
            last_bound: LabelId(0),
            linear_since: Time(0),
            restored: None,
            merged: FxHashMap::default(),
            tasks: Vec::new(),
            args: Vec::new(),
            constants: Constants::default(),
            loads: FxHashMap::default(),
            below: FxHashMap::default(),
            params: Vec::new(),
            sites: Vec::new(),
            payloads: Vec::new(),
            assigned: Vec::new(),
            steps: 0,
            most_steps: 1_000_000 + 128 * bytes,
            most_values: (1 << 18) + 4 * bytes as usize,
            refused: false,
            operands: Vec::new(),
            tables: 0,
        }
    }

    fn walk(&mut self, options: CodeOptions, buffers: &mut WalkBuffers) -> Result<(), BuildError> {
        let (module, func) = (self.module, self.func.index);
        #[cfg(debug_assertions)]
        let backend = &mut CheckingBackend::new(module, self);
        #[cfg(not(debug_assertions))]
        let backend = self;
        walk_with(buffers, module, func, options, backend).map_err(BuildError::Translate)
    }

    /// The function whose operators are walked.
    fn context(&self) -> &Context {
        self.contexts.last().expect("a function is walked")
    }

    fn context_mut(&mut self) -> &mut Context {
        self.contexts.last_mut().expect("a function is walked")
    }

    /// The place of the operator that is walked.
    fn here(&mut self) -> Pos {
        if let Some(pos) = self.pos {
            return pos;
        }
        let Context { func, parent, .. } = *self.context();
        self.func.positions.push(super::Position { func, offset: self.offset, parent });
        let pos = Pos(self.func.positions.len() as u32 - 1);
        self.pos = Some(pos);
        pos
    }

    // Blocks.

    /// A new block behind all others, where instructions go now.
    fn continue_in_new_block(&mut self) -> Block {
        let block = self.func.new_block();
        self.func.layout.push(block);
        self.current = Some(block);
        block
    }

    /// Ends the current block; control does not come here any more.
    fn terminate(&mut self, term: Terminator) {
        let pos = self.here();
        if let Some(block) = self.current.take() {
            let data = self.func.block_mut(block);
            (data.term, data.pos) = (term, pos);
        }
    }

    fn has_too_many_values(&self) -> bool {
        self.func.values.len() > self.most_values
    }

    /// Nothing more is made if too much was done already, or there are too many values.
    fn check_steps(&mut self) {
        let too_many_steps = self.steps + self.args.len() as u64 > self.most_steps;
        if too_many_steps || self.has_too_many_values() {
            self.refused = true;
            self.current = None;
            self.tasks.clear();
        }
    }
}

/// A target that is not known yet.
const UNKNOWN: Target = Target { block: Block(u32::MAX), args: super::List::EMPTY };
