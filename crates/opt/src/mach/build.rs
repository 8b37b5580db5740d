//! How lowering makes a machine function, whatever the machine: blocks, virtual registers, edges.
//!
//! In: blocks in any order of creation; each is filled in one go, between [`Builder::switch_to`] and its terminator. Out, after
//! [`Builder::finish`]: blocks in the order in which they were filled, critical edges split in place, predecessors known.

use regalloc2::{Operand, RegClass, VReg};

use upshift_core::vm::frame;
use upshift_translate::backend::Slot;

use super::{BlockData, Edge, MBlock, MFunc, MachInst, Span};
use crate::code::Spot;
use crate::ssa::Ty;

/// Makes a machine function. The machine's folder adds a method for each kind of instruction.
#[derive(Debug)]
pub struct Builder<I: MachInst> {
    /// What the processor has.
    pub machine: I::Machine,
    /// What is there so far. Blocks are numbered by creation until it is finished.
    pub func: MFunc<I>,
    /// In which order blocks were filled.
    pub(super) order: Vec<MBlock>,
    pub(super) current: Option<MBlock>,
    position: Spot,
    /// How many slots the function's parameters take.
    param_slots: u32,
    /// Whether instructions are in the order of their blocks.
    pub(super) is_sorted: bool,
}

impl<I: MachInst> Builder<I> {
    /// Goes on with the room of a function that is no longer needed. `param_slots` are those of the function's parameters;
    /// the fixed part of the frame begins at the slot, counted from `fp`: 0, or in a body for entry at a loop the end of the
    /// frame that the other tiers have.
    #[must_use]
    pub fn new(mut room: MFunc<I>, machine: I::Machine, param_slots: u32, fixed_start: u32) -> Builder<I> {
        room.clear();
        room.fixed_end = fixed_start;
        Builder {
            machine,
            func: room,
            order: Vec::new(),
            current: None,
            position: Spot::NONE,
            param_slots,
            is_sorted: true,
        }
    }

    /// This many slots in the fixed part of the frame, for as long as the function runs.
    pub fn area(&mut self, slots: u32) -> Slot {
        let first = self.func.fixed_end;
        self.func.fixed_end += slots;
        Slot(first + frame::fp_offset(self.param_slots))
    }

    /// How far a slot lies above the frame pointer, in slots.
    #[must_use]
    pub fn fp_slot(&self, slot: Slot) -> i32 {
        slot.0 as i32 - frame::fp_offset(self.param_slots) as i32
    }

    /// A virtual register for values of a type.
    #[inline]
    pub fn vreg(&mut self, ty: Ty) -> VReg {
        let class = match ty {
            Ty::I32 | Ty::I64 | Ty::Ref => RegClass::Int,
            Ty::F32 | Ty::F64 => RegClass::Float,
            Ty::V128 => {
                self.func.has_vectors = true;
                RegClass::Float
            }
        };
        self.vreg_of(class)
    }

    /// A virtual register of a class. Vectors want [`vreg`](Self::vreg).
    #[inline]
    pub fn vreg_of(&mut self, class: RegClass) -> VReg {
        let number = self.func.vreg_count;
        self.func.vreg_count += 1;
        VReg::new(number as usize, class)
    }

    /// A block, which is still empty.
    pub fn block(&mut self) -> MBlock {
        self.func.blocks.push(BlockData::default());
        MBlock(self.func.blocks.len() as u32 - 1)
    }

    /// A block that is hardly ever reached.
    pub fn cold_block(&mut self) -> MBlock {
        let block = self.block();
        self.func.blocks[block.0 as usize].cold = true;
        block
    }

    /// Says that a block is hardly ever reached.
    pub fn set_cold(&mut self, block: MBlock) {
        self.func.blocks[block.0 as usize].cold = true;
    }

    /// Gives a block its parameters, once.
    pub fn set_params(&mut self, block: MBlock, params: &[VReg]) {
        let span = self.pool(params);
        self.func.blocks[block.0 as usize].params = span;
    }

    /// What comes next belongs to a block. The first one is the entry.
    pub fn switch_to(&mut self, block: MBlock) {
        debug_assert!(self.current.is_none(), "the last block has no terminator");
        let start = self.func.insts.len() as u32;
        self.func.blocks[block.0 as usize].insts = Span { start, end: start };
        self.order.push(block);
        self.current = Some(block);
    }

    /// Whether a block is being filled.
    #[must_use]
    pub fn is_filling(&self) -> bool {
        self.current.is_some()
    }

    /// What comes next comes from the operator at that place.
    #[inline]
    pub fn set_position(&mut self, position: Spot) {
        self.position = position;
    }

    /// Adds an operand to the instruction that comes next.
    #[inline]
    pub fn operand(&mut self, operand: Operand) {
        self.func.operands.push(operand);
    }

    /// Adds an instruction, whose operands were added before.
    #[inline]
    pub fn push(&mut self, inst: I) {
        self.func.insts.push(inst);
        self.func.operand_ends.push(self.func.operands.len() as u32);
        self.func.positions.push(self.position);
    }

    /// Ends the block with an instruction that leaves the function, or with one whose edges are these.
    pub fn terminate(&mut self, inst: I, edges: &[(MBlock, &[VReg])]) {
        self.push(inst);
        let start = self.func.edges.len() as u32;
        for &(to, args) in edges {
            let args = self.pool(args);
            self.func.edges.push(Edge { to, args });
        }
        self.end_block(start);
    }

    fn end_block(&mut self, edges: u32) {
        let block = self.current.take().expect("a block is being filled");
        let end = self.func.insts.len() as u32;
        let data = &mut self.func.blocks[block.0 as usize];
        data.insts.end = end;
        data.edges = Span { start: edges, end: self.func.edges.len() as u32 };
    }

    fn pool(&mut self, vregs: &[VReg]) -> Span {
        let start = self.func.vregs.len() as u32;
        self.func.vregs.extend_from_slice(vregs);
        Span { start, end: self.func.vregs.len() as u32 }
    }
}
