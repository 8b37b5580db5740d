//! From SSA to instructions of x86-64 with virtual registers.
//!
//! ```text
//! Func ─ blocks from the last, instructions from the last ─▶ group per instruction ─ Code, turned round ─▶ Builder ─▶ MFunc
//! ```
//! Going backwards, an instruction is met after all its users: what nothing uses and has no effect is left out, and so is what its only
//! user has folded into itself (a load, a comparison, an address), which is called *sunk*. Everything else stays where the program has it.
//! Constants do not hold registers for long: each user makes its own.
//!
//! What has no machine instructions runs as an instruction of the interpreter (`embed`), so no operator is refused.

mod atomic;
mod bytes;
mod calls;
mod compare;
mod control;
mod convert;
mod divide;
mod embed;
mod float;
mod integer;
mod memory;
mod objects;
mod operands;
mod remainder;
mod services;
mod vector;
mod wide;

use regalloc2::VReg;
use rustc_hash::FxHashMap;
use upshift_asm::x64::CpuFeature;
use upshift_codegen::Target;
use upshift_core::index::MemoryIndex;
use upshift_core::vm::{VmLayout, frame};
use upshift_translate::ModuleInfo;

use self::calls::{CaughtArea, CaughtIn};
use super::non_null::NonNull;
use super::pinned::Pinned;
use super::references::{self, LiveReferences, is_reference};
use super::uses::Uses;
use crate::code::{Inlined, Spot};
use crate::mach::backwards::Backwards;
use crate::mach::x64::Inst;
use crate::mach::{Builder, MBlock, MFunc};
use crate::ssa::dom::Dominators;
use crate::ssa::{Block, Func, Op, Pos, Position, Value};

/// Lowers a function. `room` is that of a machine function that is no longer needed. `None` if so many references live over so many
/// calls that all operands together are out of proportion to the function.
///
/// # Examples
/// ```
/// use upshift_asm::x64::CpuFeatures;
/// use upshift_codegen::Target;
/// use upshift_core::vm::Returns;
/// use upshift_opt::lower::x64::lower;
/// use upshift_opt::mach::x64::Inst;
/// use upshift_opt::mach::MFunc;
/// use upshift_opt::ssa::parse::parse;
/// use upshift_translate::ModuleInfo;
///
/// let func = parse("func func0 (i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  return v0\n")?;
/// let (features, returns) = (CpuFeatures::BASELINE, Returns::Paired);
/// let target = Target { features, returns, memories: [].into(), choices: false, counts: false, twins: None };
/// let machine = lower(&func, &ModuleInfo::default(), &target, MFunc::default()).expect("it is small");
/// assert!(matches!(machine.insts[..], [Inst::Entry, Inst::Return { .. }]));
/// # Ok::<(), upshift_opt::ssa::parse::ParseError>(())
/// ```
#[must_use]
pub fn lower(func: &Func, module: &ModuleInfo, target: &Target, room: MFunc<Inst>) -> Option<MFunc<Inst>> {
    let mut lowering = Lowering::new(func, module, target, room)?;
    lowering.run();
    (lowering.over_calls <= references::MOST).then(|| lowering.finish())
}

/// A function that is being lowered.
pub(super) struct Lowering<'a> {
    func: &'a Func,
    module: &'a ModuleInfo,
    layout: VmLayout,
    target: &'a Target,
    uses: Uses,
    non_null: NonNull,
    pinned: Pinned,
    /// The registers that have addresses with the base of the memory added, by number of the address, until these are made; empty if
    /// there are none.
    pins: Vec<Option<VReg>>,
    /// The block that is being lowered.
    block: Block,
    /// The register of each value that something uses, by number.
    regs: Vec<Option<VReg>>,
    /// Instructions that others have taken into themselves.
    sunk: Vec<bool>,
    /// Results that are needed of the instruction in front, and their numbers.
    results: Vec<(u32, Value)>,
    /// References that are live after each block.
    references: LiveReferences,
    /// How many references live over all calls so far, one counted for each.
    over_calls: usize,
    /// References that are live after the running instruction.
    live: Vec<Value>,
    /// How many of the list are not live any more, and stay in it for a while.
    dead: usize,
    /// Whether a value is live, by number.
    is_live: Vec<bool>,
    /// The epoch of the running instruction: loads of the one before can be sunk into it.
    epoch: u32,
    /// Where in the program the running instruction comes from.
    position: Spot,
    /// Places in code of other functions, by their numbers in the function.
    spots: FxHashMap<Pos, Spot>,
    /// Whether loads can be sunk at all: not into what is computed a second time.
    may_sink: bool,
    /// How many conditions are looked at, one inside the other.
    nested: u32,
    /// Whether operators take fuel, or the epoch is looked at: then services have to do both, too.
    is_metered: bool,
    /// How many instructions of the interpreter there are.
    embedded: u32,
    out: Backwards<Inst>,
    /// The block of each block of the function, by number.
    blocks: Vec<MBlock>,
    /// Where exceptions leave what is needed of them, if there are handlers.
    caught: Option<CaughtArea>,
    /// The blocks that exceptions lead to, in ascending order.
    caught_in: Vec<CaughtIn>,
}

impl<'a> Lowering<'a> {
    fn new(
        func: &'a Func,
        module: &'a ModuleInfo,
        target: &'a Target,
        room: MFunc<Inst>,
    ) -> Option<Lowering<'a>> {
        let references = LiveReferences::new(func)?;
        // A body for entry at a loop has the frame of the other tiers below its own.
        let fixed_start = match func.osr {
            Some(_) => func.frame_slots - frame::fp_offset(func.frame.params),
            None => 0,
        };
        let mut builder = Builder::new(room, target.features, func.frame.params, fixed_start);
        let mut blocks = vec![MBlock(u32::MAX); func.blocks.len()];
        for &block in &func.layout {
            blocks[block.index()] = builder.block();
        }
        let count = func.values.len();
        Some(Lowering {
            func,
            module,
            layout: module.vm_layout(),
            target,
            uses: Uses::new(func),
            non_null: NonNull::new(func),
            pinned: Pinned::default(),
            pins: Vec::new(),
            block: func.entry,
            regs: vec![None; count],
            sunk: vec![false; count],
            results: Vec::new(),
            references,
            over_calls: 0,
            live: Vec::new(),
            dead: 0,
            is_live: vec![false; count],
            epoch: 0,
            position: Spot::NONE,
            spots: FxHashMap::default(),
            may_sink: true,
            nested: 0,
            is_metered: func.values.iter().any(|value| matches!(value.op, Op::Charge(_) | Op::Interrupt)),
            embedded: 0,
            out: Backwards::new(builder),
            blocks,
            caught: None,
            caught_in: Vec::new(),
        })
    }

    fn run(&mut self) {
        self.find_handlers();
        let func = self.func;
        let dominators = Dominators::new(func);
        if self.is_guarded(MemoryIndex(0)) {
            self.pinned = Pinned::new(func, &dominators);
            if !self.pinned.is_empty() {
                self.pins = vec![None; func.values.len()];
            }
        }
        for block in order(func, &dominators).into_iter().rev() {
            let data = func.block(block);
            self.block = block;
            self.begin_live(block);
            self.begin_group(data.pos, self.uses.last_epoch(block));
            self.lower_terminator(block);
            data.term.for_each_use(func, |value| self.add_live(value));
            for &inst in data.insts.iter().rev() {
                self.remove_live(inst);
                self.lower_pin(inst, data.pos);
                if self.is_wanted(inst) {
                    self.begin_group(func.value(inst).pos, self.uses.epoch(inst));
                    self.lower_inst(block, inst);
                }
                func.args(inst).iter().for_each(|&arg| self.add_live(arg));
            }
            data.params.iter().for_each(|&param| self.lower_pin(param, data.pos));
            if block == func.entry {
                self.lower_entry();
            }
            let params: Vec<VReg> = data.params.iter().map(|&param| self.param(param)).collect();
            let number = self.blocks[block.index()];
            self.out.set_params(number, &params);
            self.out.begin_block(number);
        }
    }

    fn finish(self) -> MFunc<Inst> {
        self.out.finish()
    }

    fn begin_group(&mut self, pos: Pos, epoch: u32) {
        self.out.begin_group();
        self.position = self.spot(pos);
        self.out.set_position(self.position);
        self.epoch = epoch;
    }

    /// Where in the program something comes from.
    fn spot(&mut self, pos: Pos) -> Spot {
        let Some(&Position { func, offset, parent }) = self.func.position(pos) else { return Spot::NONE };
        if parent == Pos::NONE {
            return Spot::own(offset);
        }
        if let Some(&known) = self.spots.get(&pos) {
            return known;
        }
        let call = self.spot(parent);
        let inlined = &mut self.out.func.inlined;
        inlined.push(Inlined { func, offset, call });
        let spot = Spot::inlined(inlined.len() as u32 - 1);
        self.spots.insert(pos, spot);
        spot
    }

    // References that are live after the running instruction.

    fn begin_live(&mut self, block: Block) {
        for value in self.live.drain(..) {
            self.is_live[value.index()] = false;
        }
        self.dead = 0;
        for &value in self.references.behind(block) {
            self.live.push(value);
            self.is_live[value.index()] = true;
        }
    }

    fn add_live(&mut self, value: Value) {
        if is_reference(self.func, value) && !std::mem::replace(&mut self.is_live[value.index()], true) {
            self.live.push(value);
        }
    }

    fn remove_live(&mut self, value: Value) {
        if std::mem::replace(&mut self.is_live[value.index()], false) {
            // Going backwards, a value is never live again above its definition.
            self.dead += 1;
            if 2 * self.dead > self.live.len() {
                self.live.retain(|&other| self.is_live[other.index()]);
                self.dead = 0;
            }
        }
    }

    /// Whether an instruction has to be there.
    fn is_wanted(&self, inst: Value) -> bool {
        let op = self.func.op(inst);
        !self.sunk[inst.index()]
            && (self.is_used(inst) || !op.effect().is_removable() || matches!(op, Op::Wide(_)))
    }

    fn has(&self, feature: CpuFeature) -> bool {
        self.target.features.has(feature)
    }

    fn lower_inst(&mut self, block: Block, inst: Value) {
        match self.func.op(inst) {
            // Constants are made where they are used, arguments at the start.
            Op::None | Op::Param(_) | Op::Arg(_) | Op::Const(_) | Op::ConstV128(_) => {}
            Op::SlotLoad(slot) => {
                let slot = self.out.fp_slot(slot);
                let made = self.out.load_slot(slot, self.func.ty(inst));
                self.bind(inst, made);
            }
            Op::Unary(op) => self.lower_unary(inst, op),
            Op::Binary(op) => self.lower_binary(inst, op),
            Op::Ternary(op) => self.lower_ternary(inst, op),
            Op::Wide(op) => self.lower_wide(inst, op),
            Op::ExtractLane(op, lane) => self.lower_extract_lane(inst, op, lane),
            Op::ReplaceLane(op, lane) => self.lower_replace_lane(inst, op, lane),
            Op::Shuffle(lanes) => self.lower_shuffle(inst, self.func.vectors[lanes.0 as usize].0),
            Op::Select => self.lower_select(inst),
            Op::Load { op, memory, offset } => self.lower_load_of(inst, op, memory, offset),
            Op::Store { op, memory, offset } => self.lower_store(inst, op, memory, offset),
            Op::LoadLane { .. } => self.lower_load_lane(inst),
            Op::StoreLane { .. } => self.lower_store_lane(inst),
            Op::Atomic { op, memory, offset } => self.lower_atomic(inst, op, memory, offset),
            Op::Fence => self.out.fence(),
            Op::MemorySize(memory) => self.lower_memory_size(inst, memory),
            Op::GlobalGet(global) => self.lower_global_get(inst, global),
            Op::GlobalSet(global) => self.lower_global_set(inst, global),
            Op::RefFunc(func) => self.lower_ref_func(inst, func),
            Op::RefEq | Op::RefIsNull | Op::RefTest(_) => self.lower_condition(inst),
            Op::RefAsNonNull => self.lower_non_null(inst),
            Op::FieldLoad { op, .. } | Op::ElementLoad(op) => self.lower_load(inst, op),
            Op::FieldStore { op, offset } => self.lower_field_store(inst, op, offset),
            Op::ElementStore(op) => self.lower_element_store(inst, op),
            Op::ArrayLen => self.lower_array_len(inst),
            Op::RefCast(cast) => self.lower_ref_cast(inst, cast),
            Op::StructNew { ty, default } => self.lower_struct_new(inst, ty, default),
            Op::Service { op, x, y } => self.lower_service(inst, op, x, y),
            Op::Call(callee) => self.lower_call(inst, callee),
            Op::Result(number) => self.lower_result(inst, number),
            Op::Caught(number) => self.lower_caught(inst, block, Some(number)),
            Op::CaughtRef => self.lower_caught(inst, block, None),
            Op::Charge(amount) => self.lower_charge(amount),
            Op::Interrupt => self.lower_interrupt(),
        }
    }
}

/// The blocks in the order of the program, but each behind the one that it is certain to come from: so values are made in front of where
/// they are used. Blocks that exceptions lead to come right behind where these come from.
fn order(func: &Func, dominators: &Dominators) -> Vec<Block> {
    let mut order = Vec::with_capacity(func.layout.len());
    let mut is_placed = vec![false; func.blocks.len()];
    // Blocks that come too early in the layout, by the one that they wait for.
    let mut early: Vec<Vec<Block>> = vec![Vec::new(); func.blocks.len()];
    for &block in &func.layout {
        if let Some(above) = dominators.immediate(block)
            && !is_placed[above.index()]
        {
            early[above.index()].push(block);
            continue;
        }
        let mut next = vec![block];
        while let Some(block) = next.pop() {
            if std::mem::replace(&mut is_placed[block.index()], true) {
                continue;
            }
            order.push(block);
            next.extend(std::mem::take(&mut early[block.index()]).into_iter().rev());
            next.extend(func.block(block).term.landings().iter().rev().map(|landing| landing.block));
        }
    }
    order
}
