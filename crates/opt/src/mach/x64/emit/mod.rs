//! From a machine function whose registers are allocated to bytes.
//!
//! ```text
//! MFunc, allocations ─ layout ─▶ blocks in order ─ insts, control, calls ─▶ Assembler, Tables
//!                                     └ cold paths, entries, tables of branches ─▶ behind all blocks
//! ```
//! Every operand is where the allocator says: in a register, or in a spill slot, which is then folded into the instruction. `xmm15`
//! is overwritten where a value goes from memory to memory.

mod calls;
mod cold;
mod control;
mod entry;
mod headers;
mod insts;
mod kept;
mod moves;
mod operands;
mod reach;
mod vector;

use regalloc2::{
    Allocation, Edit, Inst as Number, OperandConstraint, OperandKind, OperandPos, Output, PReg, PRegSet,
    ProgPoint, RegClass,
};
use rustc_hash::FxHashMap;
use upshift_asm::x64::{Assembler, Gpr, Size};
use upshift_asm::{AsmError, Const, Label, Word};
use upshift_codegen::Target;
use upshift_ir::build::Builder;
use upshift_translate::ModuleInfo;
use upshift_translate::backend::Frame;

use self::calls::Site;
use self::cold::Cold;
use self::headers::Headers;
use self::kept::Kept;
use super::inst::Inst;
use super::regs::allocatable;
use crate::code::{OptCode, PassSet, Stats};
use crate::mach::dead::DeadMoves;
use crate::mach::layout::Layout;
use crate::mach::tables::Tables;
use crate::mach::{MBlock, MFunc, MachInst};
use crate::ssa::Ty;

/// What emission has to know of the function besides its instructions.
#[derive(Clone, Copy, Debug)]
pub struct Body<'m> {
    /// The module.
    pub module: &'m ModuleInfo,
    /// For which machine and instance.
    pub target: &'m Target,
    /// How the other tiers divide the frame.
    pub frame: Frame,
    /// The types of the parameters.
    pub params: &'m [Ty],
    /// Whether it is for entry at a loop.
    pub is_loop: bool,
}

/// What is used from one function to the next.
#[derive(Default)]
pub struct Room {
    asm: Assembler,
    tables: Tables,
    layout: Layout,
    labels: Vec<Label>,
    cold: Vec<Cold>,
    words: Vec<Word>,
    bounds: Vec<u16>,
    headers: Headers,
    dead: DeadMoves,
    sites: Vec<Option<Site>>,
}

/// Writes the code of a function.
///
/// ```
/// use regalloc2::Ctx;
/// use upshift_asm::x64::{Alu, CpuFeatures, Size};
/// use upshift_codegen::Target;
/// use upshift_core::vm::Returns;
/// use upshift_opt::mach::allocate::allocate;
/// use upshift_opt::mach::x64::emit::{Body, Room, emit};
/// use upshift_opt::mach::x64::environment;
/// use upshift_opt::mach::{Builder, MFunc};
/// use upshift_opt::ssa::Ty;
/// use upshift_translate::ModuleInfo;
/// use upshift_translate::backend::Frame;
///
/// // The sum of two integers, which come in registers; each has a slot, too.
/// let (features, params) = (CpuFeatures::BASELINE, [Ty::I32, Ty::I32]);
/// let mut builder = Builder::new(MFunc::default(), features, 2, 0);
/// let entry = builder.block();
/// builder.switch_to(entry);
/// let args = builder.entry(&params);
/// let sum = builder.alu(Alu::Add, Size::S32, args[0], args[1]);
/// builder.ret(&[(sum, Ty::I32)]);
/// let func = builder.finish();
///
/// let mut ctx = Ctx::default();
/// let output = allocate(&func, &environment(), false, &mut ctx)?;
/// let target =
///     Target { features, returns: Returns::Paired, memories: [].into(), choices: false, counts: false, twins: None };
/// let frame = Frame { params: 2, results: 1, locals: 5, homes: 5, scratch: None };
/// let module = ModuleInfo::default();
/// let body = Body { module: &module, target: &target, frame, params: &params, is_loop: false };
/// let code = emit(&func, output, &body, &mut Room::default())?;
/// assert_eq!((code.stats.insts, code.stats.spills), (3, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there is more of it than distances reach.
pub fn emit(
    func: &MFunc<Inst>,
    output: &Output,
    body: &Body<'_>,
    room: &mut Room,
) -> Result<OptCode, AsmError> {
    room.asm.clear();
    room.tables.clear();
    room.labels.clear();
    room.cold.clear();
    room.sites.clear();
    room.sites.resize(func.calls.len(), None);
    room.headers.run(func);
    room.dead.run(func, output);
    let headers = &room.headers;
    let is_empty = |block: MBlock| {
        let insts = func.blocks[block.0 as usize].insts;
        insts.end - insts.start == 1 && func.insts[insts.start as usize] == Inst::Jump && {
            let first = Number::new(insts.start as usize);
            let at = output.edits.partition_point(|&(point, _)| point < ProgPoint::before(first));
            output.edits.get(at).is_none_or(|&(point, _)| point > ProgPoint::after(first))
                && headers.at_end(block).next().is_none()
        }
    };
    room.layout.run(func, is_empty);
    reach::bound(func, output, &room.layout, headers, &mut room.bounds);
    for _ in &func.blocks {
        room.labels.push(room.asm.label());
    }
    let places = Places::new(func, output);
    let mut emitter = Emitter {
        func,
        output,
        body,
        places,
        asm: &mut room.asm,
        tables: &mut room.tables,
        layout: &room.layout,
        labels: &room.labels,
        bounds: &room.bounds,
        headers,
        dead: &room.dead,
        sites: &mut room.sites,
        cold: &mut room.cold,
        words: &mut room.words,
        builder: None,
        ways: Ways::default(),
        branch_tables: Vec::new(),
        table_labels: vec![None; func.tables.len()],
        current: MBlock(0),
        next: None,
        flags: None,
        kept: Kept::default(),
        kept_behind: FxHashMap::default(),
        skipped: None,
        is_leaf: false,
        unused: None,
        is_cleared: false,
        embedded: 0,
    };
    emitter.is_leaf = emitter.leaves_return_address();
    let entries = emitter.run();
    emitter.finish(entries)
}

/// Where the parts of the frame are, in slots from `fp`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// Where registers are saved at cold safepoints.
    save: u32,
    spills: u32,
    out: u32,
    end: u32,
    /// Which registers hold values anywhere in the function: those that are saved.
    used: PRegSet,
    /// How many slots a float register needs.
    float_slots: u32,
}

impl Places {
    fn new(func: &MFunc<Inst>, output: &Output) -> Places {
        let float_slots = if func.has_vectors { 2 } else { 1 };
        let save = func.fixed_end;
        let used = if func.has_safepoints { used_registers(output) } else { PRegSet::empty() };
        let mut places = Places { save, spills: save, out: save, end: save, used, float_slots };
        let saved: u32 = used.into_iter().map(|register| places.slots(register)).sum();
        places.spills = save.saturating_add(saved);
        places.out = places.spills.saturating_add(output.num_spillslots as u32);
        places.end = places.out.saturating_add(func.out_slots);
        places
    }

    fn slots(self, register: PReg) -> u32 {
        if register.class() == RegClass::Int { 1 } else { self.float_slots }
    }

    /// The slot of the save area for a register that is used.
    fn saved(self, register: PReg) -> u32 {
        let before = self.used.into_iter().take_while(|&other| other != register);
        self.save + before.map(|other| self.slots(other)).sum::<u32>()
    }
}

/// The allocatable registers that hold something anywhere in the function.
pub(super) fn used_registers(output: &Output) -> PRegSet {
    let moved = output.edits.iter().flat_map(|&(_, Edit::Move { from, to })| [from, to]);
    let all = output.allocs.iter().copied().chain(moved).filter_map(Allocation::as_reg);
    let mut used = PRegSet::empty();
    all.filter(|&register| allocatable().contains(register)).for_each(|register| used.add(register));
    used
}

/// The entries of the code.
pub(super) struct Entries {
    /// The word of the preamble, or the one that leads to a loop.
    word: Const,
    /// The code for arguments in registers.
    registers: u32,
}

/// Labels that are not those of blocks.
#[derive(Default)]
pub(super) struct Ways {
    /// Where all entries go on.
    body: Option<Label>,
    /// The entry for arguments in registers.
    registers: Option<Label>,
    /// Where a frame without room leads.
    overflow: Option<Label>,
    /// The landings of calls from handlers, by kind of the result.
    landings: [Option<Label>; calls::LANDINGS.len()],
    /// The routines that save and restore all registers that are used.
    save: Option<(Label, Label)>,
}

/// Writes one function.
pub(super) struct Emitter<'a, 'm> {
    func: &'a MFunc<Inst>,
    output: &'a Output,
    body: &'a Body<'m>,
    places: Places,
    asm: &'a mut Assembler,
    tables: &'a mut Tables,
    layout: &'a Layout,
    labels: &'a [Label],
    /// How many bytes blocks have at most.
    bounds: &'a [u16],
    headers: &'a Headers,
    /// The moves that nothing reads.
    dead: &'a DeadMoves,
    /// Through what calls return, by number.
    sites: &'a mut [Option<Site>],
    cold: &'a mut Vec<Cold>,
    words: &'a mut Vec<Word>,
    builder: Option<Builder<'m>>,
    ways: Ways,
    /// Tables of branches: their label, and the instruction.
    branch_tables: Vec<(Label, MBlock, u32)>,
    /// The label of each table that has one, by number.
    table_labels: Vec<Option<Label>>,
    /// The block whose code is being written.
    current: MBlock,
    /// The block whose code comes next.
    next: Option<MBlock>,
    /// The register by whose value the flags are set that tell zero and sign, as the last instruction has left them.
    flags: Option<(Gpr, Size)>,
    /// The registers that have what lies in spill slots.
    kept: Kept,
    /// The same at the end of blocks that others come from alone whose code does not lie right behind.
    kept_behind: FxHashMap<MBlock, Kept>,
    /// The next block, if it is left out.
    skipped: Option<MBlock>,
    /// Whether the return address of a native caller is on the stack of the machine.
    is_leaf: bool,
    /// A register that the function never uses, if there is one, once somebody has looked for it.
    unused: Option<Option<Gpr>>,
    /// Whether the register of which the next instruction sets the lowest byte has no other bits.
    is_cleared: bool,
    embedded: u32,
}

impl Emitter<'_, '_> {
    fn run(&mut self) -> Entries {
        let registers = self.emit_prologue();
        let layout = self.layout;
        let mut last = None;
        for (at, &block) in layout.order.iter().enumerate() {
            if self.skipped.take() == Some(block) {
                continue;
            }
            self.current = block;
            self.next = layout.order.get(at + 1).copied();
            if layout.begins_inner_loop(block) {
                self.asm.align(self.loop_alignment());
            }
            self.asm.bind(self.labels[block.0 as usize]);
            if !last.is_some_and(|last| self.is_fallen_into(block, last)) {
                self.flags = None;
                self.kept = self.kept_before(block);
            }
            self.emit_block(block);
            self.note_kept(block);
            last = Some(block);
        }
        self.kept.clear();
        self.emit_cold_paths();
        let entries = self.emit_ways_in(registers);
        self.emit_branch_tables();
        entries
    }

    /// To what innermost loops are aligned.
    fn loop_alignment(&self) -> u32 {
        if self.func.calls.is_empty() { ALIGNMENT } else { ALIGNMENT_OF_CALLS }
    }

    fn finish(mut self, entries: Entries) -> Result<OptCode, AsmError> {
        self.patch_branch_tables();
        if self.tables.beyond {
            return Err(AsmError::TooLarge);
        }
        let code = self.asm.finish()?;
        let pool = code.pool;
        let (positions, inlined) = self.tables.take_positions(&self.func.inlined);
        Ok(OptCode {
            frame_slots: self.places.end,
            entry: entries.word.offset() + pool,
            native_entry: 0,
            reg_entry: entries.registers,
            handlers: self.tables.take_handlers(pool),
            references: self.tables.take_references(),
            faults: self.tables.faults.as_slice().into(),
            owners: self.tables.take_owners(pool),
            positions,
            inlined,
            stats: Stats {
                insts: self.func.insts.len() as u32,
                spills: self.spills(),
                embedded: self.embedded,
                inlined: 0,
                guarded: 0,
                passes_off: PassSet::default(),
            },
            code,
        })
    }

    /// How many times values go to the frame or come back.
    fn spills(&self) -> u32 {
        let is_spill = |edit: &(ProgPoint, Edit)| {
            let Edit::Move { from, to } = edit.1;
            from.is_stack() || to.is_stack()
        };
        self.output.edits.iter().filter(|&edit| is_spill(edit)).count() as u32
    }

    fn emit_block(&mut self, block: MBlock) {
        let insts = self.func.blocks[block.0 as usize].insts;
        let output = self.output;
        let first = ProgPoint::before(Number::new(insts.start as usize));
        let mut edit = output.edits.partition_point(|&(point, _)| point < first);
        for at in insts.range() {
            let before = ProgPoint::before(Number::new(at));
            // What the first operand is moved from, if the instruction can read it there.
            let mut part = None;
            while let Some(&(point, Edit::Move { from, to })) = output.edits.get(edit) {
                if point > before {
                    break;
                }
                edit += 1;
                if self.dead.contains(edit - 1) {
                    continue;
                }
                let is_last = output.edits.get(edit).is_none_or(|&(point, _)| point > before);
                if is_last && self.is_part(at, from, to) {
                    part = Some(from);
                } else {
                    self.emit_move(from, to);
                }
            }
            if at + 1 == insts.end as usize {
                for (call, wanted) in self.headers.at_end(block) {
                    self.emit_header_ahead(call, wanted);
                }
            }
            let inst = self.func.insts[at];
            for (operand, alloc) in self.func.operands(at).iter().zip(self.allocs(at)) {
                if let (OperandKind::Def, Some(register)) = (operand.kind(), alloc.as_reg()) {
                    // What reuses the register of an operand has that operand there already.
                    let reuses = matches!(operand.constraint(), OperandConstraint::Reuse(_));
                    self.kept.write(register, reuses || operand.pos() == OperandPos::Early);
                }
            }
            match part {
                Some(from) => self.emit_with_move(at, from),
                None => self.emit_inst(block, at),
            }
            self.kept.end_inst();
            // The collector may change what safepoints save.
            if matches!(inst, Inst::Safepoint(_)) || inst.clobbers() != PRegSet::empty() {
                self.kept.clear();
            }
        }
    }
}

/// To what innermost loops and the entry for arguments in registers are aligned.
const ALIGNMENT: u32 = 32;
/// The same for loops of functions that call others: what is behind a return is fetched in lines of the cache.
const ALIGNMENT_OF_CALLS: u32 = 64;
