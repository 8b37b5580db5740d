//! Machine functions: what lowering makes, the register allocator fills in and emission turns into bytes.
//!
//! ```text
//! SSA ─ lower ─▶ Builder ─ finish ─▶ MFunc (virtual registers) ─ allocate ─▶ Allocated ─ emit ─▶ OptCode
//! ```
//! Instructions lie in one vector, block behind block, and their operands for the allocator in another: each instruction has a range
//! of it, in the order that its variant documents. What instructions there are is up to the machine ([`x64`]); all else here is the
//! same for each.
//!
//! After [`Builder::finish`]: blocks are numbered in the order of their code, the entry block has no predecessors, no edge leads from
//! a block with several successors to one with several predecessors (edge blocks split them), and each block ends with its only
//! terminator.
//!
//! Flags: an instruction that sets flags for another stands directly in front of it. Moves that the allocator puts in between, and
//! constants, leave flags alone.

pub mod allocate;
pub(crate) mod backwards;
mod build;
pub(crate) mod dead;
mod finish;
pub(crate) mod layout;
pub(crate) mod live;
mod sites;
mod tables;
pub mod text;
pub mod x64;

pub use build::Builder;
use regalloc2::{Operand, PRegSet, VReg};
pub use sites::{CallSite, Elements, EmbedSite, Found, Landing, Words};
use upshift_core::Trap;

use crate::code::{Inlined, Spot};
use crate::ssa::Ty;

/// What is constant for all instructions of a machine.
pub trait MachInst: Copy {
    /// What is known of the processor.
    type Machine: Copy + std::fmt::Debug;
    /// Whether it ends a block and leaves the function.
    fn is_return(&self) -> bool;
    /// Whether it ends a block and has successors.
    fn is_branch(&self) -> bool;
    /// Whether it defines the parameters of the function.
    fn is_entry(&self) -> bool;
    /// Whether it returns a value whose register does not matter.
    fn is_value_return(&self) -> bool;
    /// Whether control gets no further than here.
    fn is_trap(&self) -> bool;
    /// The trap that it stops with if a test fails that it is for.
    fn check(&self) -> Option<Trap>;
    /// Whether it calls a function.
    fn is_call(&self) -> bool;
    /// Whether it runs instructions of the interpreter.
    fn is_embedded(&self) -> bool;
    /// The registers that it overwrites besides those of its operands. Results may be among them.
    fn clobbers(&self) -> PRegSet;
    /// The jump that ends blocks of split edges.
    fn jump() -> Self;
}

/// A block, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MBlock(pub u32);

/// A part of one of the function's pools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// The first element.
    pub start: u32,
    /// The one behind the last.
    pub end: u32,
}

impl Span {
    /// As a range of indices.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What is known of a block.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockData {
    /// Its instructions.
    pub insts: Span,
    /// Its parameters, in [`MFunc::vregs`].
    pub params: Span,
    /// Its successors, in [`MFunc::edges`].
    pub edges: Span,
    /// Its predecessors, in [`MFunc::preds`].
    pub preds: Span,
    /// Whether it is hardly ever reached: its code comes last.
    pub cold: bool,
}

/// An edge to a successor.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Where it leads.
    pub to: MBlock,
    /// What the parameters there get, in [`MFunc::vregs`].
    pub args: Span,
}

/// A constant in the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Constant {
    /// 8 bytes.
    Word(u64),
    /// 16 bytes at a multiple of 16.
    Wide(u128),
}

/// A function of machine instructions.
#[derive(Debug)]
pub struct MFunc<I> {
    /// All instructions.
    pub insts: Vec<I>,
    /// By instruction where its operands end; they begin where those of the one before end.
    pub operand_ends: Vec<u32>,
    /// The operands of all instructions.
    pub operands: Vec<Operand>,
    /// By instruction the place of the operator that it comes from.
    pub positions: Vec<Spot>,
    /// Places in code of other functions, by number.
    pub inlined: Vec<Inlined>,
    /// All blocks.
    pub blocks: Vec<BlockData>,
    /// All edges.
    pub edges: Vec<Edge>,
    /// The successors, as the allocator wants them: the blocks of [`MFunc::edges`].
    pub succs: Vec<regalloc2::Block>,
    /// All predecessors.
    pub preds: Vec<regalloc2::Block>,
    /// Parameters and arguments of blocks.
    pub vregs: Vec<VReg>,
    /// Constants that instructions load, by number.
    pub constants: Vec<Constant>,
    /// Calls, by number.
    pub calls: Vec<CallSite>,
    /// Instructions of the interpreter, by number.
    pub embeds: Vec<EmbedSite>,
    /// Returns, by number: the types of what they return.
    pub returns: Vec<Vec<Ty>>,
    /// Tables of branches, by number: which successor each index leads to.
    pub tables: Vec<Box<[u32]>>,
    /// How many slots the area for arguments and results has, at the end of the frame.
    pub out_slots: u32,
    /// Where the fixed part of the frame ends, counted from `fp`: what [`Builder::area`] has given out lies below.
    pub fixed_end: u32,
    /// How many virtual registers there are.
    pub vreg_count: u32,
    /// Whether any of them is a vector of 128 bits.
    pub has_vectors: bool,
    /// Whether there are safepoints that leave registers alone.
    pub has_safepoints: bool,
}

impl<I> Default for MFunc<I> {
    fn default() -> MFunc<I> {
        MFunc {
            insts: Vec::new(),
            operand_ends: Vec::new(),
            operands: Vec::new(),
            positions: Vec::new(),
            inlined: Vec::new(),
            blocks: Vec::new(),
            edges: Vec::new(),
            succs: Vec::new(),
            preds: Vec::new(),
            vregs: Vec::new(),
            constants: Vec::new(),
            calls: Vec::new(),
            embeds: Vec::new(),
            returns: Vec::new(),
            tables: Vec::new(),
            out_slots: 0,
            fixed_end: 0,
            vreg_count: 0,
            has_vectors: false,
            has_safepoints: false,
        }
    }
}

impl<I> MFunc<I> {
    /// The operands of an instruction.
    #[inline]
    #[must_use]
    pub fn operands(&self, inst: usize) -> &[Operand] {
        let start = if inst == 0 { 0 } else { self.operand_ends[inst - 1] };
        &self.operands[start as usize..self.operand_ends[inst] as usize]
    }

    /// The edges out of a block.
    #[inline]
    #[must_use]
    pub fn edges(&self, block: MBlock) -> &[Edge] {
        &self.edges[self.blocks[block.0 as usize].edges.range()]
    }

    /// Empty again, but with its room.
    pub fn clear(&mut self) {
        self.insts.clear();
        self.operand_ends.clear();
        self.operands.clear();
        self.positions.clear();
        self.inlined.clear();
        self.blocks.clear();
        self.edges.clear();
        self.succs.clear();
        self.preds.clear();
        self.vregs.clear();
        self.constants.clear();
        self.calls.clear();
        self.embeds.clear();
        self.returns.clear();
        self.tables.clear();
        self.out_slots = 0;
        self.fixed_end = 0;
        self.vreg_count = 0;
        self.has_vectors = false;
        self.has_safepoints = false;
    }
}
