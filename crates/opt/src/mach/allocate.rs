//! Registers for virtual registers, by regalloc2.
//!
//! In: a finished [`MFunc`]. Out: for each operand a register or a spill slot, and moves between instructions. Very large functions
//! get its quick algorithm, fastalloc, which needs linear time and spills what lives across blocks.
//!
//! Builds with debug assertions check each result by executing the function on symbols.

use regalloc2::{
    Algorithm, Block, Ctx, Function, Inst, InstRange, MachineEnv, Operand, OperandKind, Output, PRegSet,
    RegAllocError, RegClass, RegallocOptions, VReg,
};

use super::{MFunc, MachInst};

/// From this many instructions on, the quick algorithm is taken.
pub const QUICK_FROM: usize = 30_000;

/// Allocates registers, by the quick algorithm or by the one that takes more care. The context keeps its room from
/// one function to the next.
///
/// # Errors
/// When regalloc2 gives up.
///
/// # Panics
/// In builds with debug assertions, when the result is wrong.
pub fn allocate<'c, I: MachInst>(
    func: &MFunc<I>,
    env: &MachineEnv,
    quick: bool,
    ctx: &'c mut Ctx,
) -> Result<&'c Output, RegAllocError> {
    let algorithm = if quick { Algorithm::Fastalloc } else { Algorithm::Ion };
    let options = RegallocOptions { verbose_log: false, validate_ssa: cfg!(debug_assertions), algorithm };
    let view = View { func };
    let output = regalloc2::run_with_ctx(&view, env, &options, ctx)?;
    #[cfg(debug_assertions)]
    check(&view, env, output);
    Ok(output)
}

#[cfg(debug_assertions)]
fn check<I: MachInst>(view: &View<'_, I>, env: &MachineEnv, output: &Output) {
    /// What takes the checker too long.
    const MOST: usize = 50_000;
    if view.func.insts.len() > MOST {
        return;
    }
    let mut checker = regalloc2::checker::Checker::new(view, env);
    checker.prepare(output);
    if let Err(errors) = checker.run() {
        panic!("registers are allocated wrongly: {errors:?}");
    }
}

/// A machine function as regalloc2 wants to see it.
struct View<'f, I> {
    func: &'f MFunc<I>,
}

impl<I: MachInst> Function for View<'_, I> {
    fn num_insts(&self) -> usize {
        self.func.insts.len()
    }

    fn num_blocks(&self) -> usize {
        self.func.blocks.len()
    }

    fn entry_block(&self) -> Block {
        Block::new(0)
    }

    fn block_insns(&self, block: Block) -> InstRange {
        let insts = self.func.blocks[block.index()].insts;
        InstRange::new(Inst::new(insts.start as usize), Inst::new(insts.end as usize))
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.func.succs[self.func.blocks[block.index()].edges.range()]
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.func.preds[self.func.blocks[block.index()].preds.range()]
    }

    fn block_params(&self, block: Block) -> &[VReg] {
        &self.func.vregs[self.func.blocks[block.index()].params.range()]
    }

    fn is_ret(&self, inst: Inst) -> bool {
        self.func.insts[inst.index()].is_return()
    }

    fn is_branch(&self, inst: Inst) -> bool {
        self.func.insts[inst.index()].is_branch()
    }

    fn branch_blockparams(&self, block: Block, _: Inst, successor: usize) -> &[VReg] {
        let edges = &self.func.edges[self.func.blocks[block.index()].edges.range()];
        &self.func.vregs[edges[successor].args.range()]
    }

    fn inst_operands(&self, inst: Inst) -> &[Operand] {
        self.func.operands(inst.index())
    }

    fn inst_clobbers(&self, inst: Inst) -> PRegSet {
        let mut clobbers = self.func.insts[inst.index()].clobbers();
        if clobbers == PRegSet::empty() {
            return clobbers;
        }
        for operand in self.func.operands(inst.index()) {
            if let (OperandKind::Def, regalloc2::OperandConstraint::FixedReg(preg)) =
                (operand.kind(), operand.constraint())
            {
                clobbers.remove(preg);
            }
        }
        clobbers
    }

    fn num_vregs(&self) -> usize {
        self.func.vreg_count as usize
    }

    fn spillslot_size(&self, class: RegClass) -> usize {
        if class == RegClass::Float && self.func.has_vectors { 2 } else { 1 }
    }
}
