//! From SSA to instructions of x86-64 with virtual registers.
//!
//! ```text
//! Func ─ blocks from the last, instructions from the last ─▶ group per instruction ─ Code, turned round ─▶ Builder ─▶ MFunc
//! ```
//! Going backwards, an instruction is met after all that use it: what nobody wants and has no effect is left out, and what its only
//! user has taken into itself (a load, a comparison, an address) is *sunk* and left out, too. Everything else stands where the program has
//! it. Constants are no registers' business for long: each user makes its own.
//!
//! What has no instructions here runs as an instruction of the interpreter (`embed`), so nothing is refused.

mod code;
mod compare;
mod control;
mod divide;
mod integer;
mod memory;
mod operands;

use regalloc2::VReg;
use upshift_asm::x64::CpuFeature;
use upshift_baseline::Target;
use upshift_core::vm::VmLayout;
use upshift_translate::ModuleInfo;
use upshift_translate::backend::CodeOptions;

use self::code::Code;
use super::uses::Uses;
use crate::mach::x64::Inst;
use crate::mach::{Builder, MBlock, MFunc};
use crate::ssa::effects::Effect;
use crate::ssa::{Block, Func, Op, Pos, Value};

/// Lowers a function. `room` is that of a machine function that is no longer needed.
#[must_use]
pub fn lower(
    func: &Func,
    module: &ModuleInfo,
    options: CodeOptions,
    target: &Target,
    room: MFunc<Inst>,
) -> MFunc<Inst> {
    let mut lowering = Lowering::new(func, module, options, target, room);
    lowering.run();
    lowering.finish()
}

/// A function that is being lowered.
pub(super) struct Lowering<'a> {
    func: &'a Func,
    module: &'a ModuleInfo,
    layout: VmLayout,
    options: CodeOptions,
    target: &'a Target,
    uses: Uses,
    /// The register of each value that somebody wants, by number.
    regs: Vec<Option<VReg>>,
    /// Instructions that others have taken into themselves.
    sunk: Vec<bool>,
    /// The epoch of the instruction that is being lowered: loads of the one before can be sunk into it.
    epoch: u32,
    /// Whether loads can be sunk at all: not into what is computed a second time.
    may_sink: bool,
    builder: Builder<Inst>,
    code: Code,
    /// The block of each block of the function, by number.
    blocks: Vec<MBlock>,
}

impl<'a> Lowering<'a> {
    fn new(
        func: &'a Func,
        module: &'a ModuleInfo,
        options: CodeOptions,
        target: &'a Target,
        room: MFunc<Inst>,
    ) -> Lowering<'a> {
        let mut builder = Builder::new(room);
        let mut blocks = vec![MBlock(u32::MAX); func.blocks.len()];
        for &block in &func.layout {
            blocks[block.index()] = builder.block();
        }
        Lowering {
            func,
            module,
            layout: module.vm_layout(),
            options,
            target,
            uses: Uses::new(func),
            regs: vec![None; func.values.len()],
            sunk: vec![false; func.values.len()],
            epoch: 0,
            may_sink: true,
            builder,
            code: Code::default(),
            blocks,
        }
    }

    fn run(&mut self) {
        let func = self.func;
        for &block in func.layout.iter().rev() {
            let data = func.block(block);
            self.begin_group(data.pos, self.uses.last_epoch(block));
            self.lower_terminator(block);
            for &inst in data.insts.iter().rev() {
                if self.is_wanted(inst) {
                    self.begin_group(func.value(inst).pos, self.uses.epoch(inst));
                    self.lower_inst(inst);
                }
            }
            self.begin_group(Pos::NONE, 0);
            self.begin_block(block);
        }
    }

    fn finish(mut self) -> MFunc<Inst> {
        self.code.deliver(&mut self.builder);
        self.builder.finish()
    }

    fn begin_group(&mut self, pos: Pos, epoch: u32) {
        self.code.group();
        self.code.position = self.offset(pos);
        self.epoch = epoch;
    }

    /// Where in the module something comes from.
    fn offset(&self, pos: Pos) -> u32 {
        self.func.position(pos).map_or(0, |position| position.offset)
    }

    fn begin_block(&mut self, block: Block) {
        let number = self.blocks[block.index()];
        let func = self.func;
        let params: Vec<VReg> = func.block(block).params.iter().map(|&param| self.def(param)).collect();
        self.builder.set_params(number, &params);
        self.code.begin(number);
    }

    /// Whether an instruction has to be there.
    fn is_wanted(&self, inst: Value) -> bool {
        if self.sunk[inst.index()] {
            return false;
        }
        let effect = self.func.op(inst).effect();
        self.regs[inst.index()].is_some() || !effect.is_removable() || matches!(self.func.op(inst), Op::Wide(_))
    }

    fn has(&self, feature: CpuFeature) -> bool {
        self.target.features.has(feature)
    }

    fn lower_inst(&mut self, inst: Value) {
        match self.func.op(inst) {
            Op::None | Op::Param(_) | Op::Const(_) | Op::ConstV128(_) => {}
            Op::Binary(op) => self.lower_binary(inst, op),
            Op::Unary(op) => self.lower_unary(inst, op),
            Op::Load { .. } => self.lower_load(inst),
            Op::Store { .. } => self.lower_store(inst),
            _ => todo!(),
        }
    }
}
