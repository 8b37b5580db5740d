//! From a machine function whose registers are allocated to bytes.
//!
//! ```text
//! MFunc, allocations ─ layout ─▶ blocks in order ─ insts, control, calls ─▶ Assembler, Tables
//!                                     └ cold paths, ways in, tables of branches ─▶ behind all blocks
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
mod reach;
mod vector;

use regalloc2::{
    Allocation, Edit, Inst as Number, OperandConstraint, OperandKind, OperandPos, Output, PReg, PRegSet,
    ProgPoint, RegClass,
};
use upshift_asm::x64::{Assembler, Gpr, Mem, RegMem, Size, Xmm};
use upshift_asm::{AsmError, Const, Label, Word};
use upshift_baseline::{Fault, Target};
use upshift_ir::build::Builder;
use upshift_translate::ModuleInfo;
use upshift_translate::backend::Frame;

use self::calls::Site;
use self::cold::Cold;
use self::headers::Headers;
use self::kept::Kept;
use super::inst::{Addr, Base, Inst, Memory};
use super::regs::{CTX, FLOATS, FP, INTS, MEM, SCRATCH};
use crate::code::{OptCode, PassSet, Stats};
use crate::mach::layout::Layout;
use crate::mach::tables::Tables;
use crate::mach::{Constant, MBlock, MFunc, MachInst};
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
    sites: Vec<Option<Site>>,
}

/// Writes the code of a function.
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
        sites: &mut room.sites,
        cold: &mut room.cold,
        words: &mut room.words,
        builder: None,
        ways: Ways::default(),
        branch_tables: Vec::new(),
        current: MBlock(0),
        next: None,
        flags: None,
        kept: Kept::default(),
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
    /// How many slots a float register needs.
    float_slots: u32,
}

impl Places {
    fn new(func: &MFunc<Inst>, output: &Output) -> Places {
        let float_slots = if func.has_vectors { 2 } else { 1 };
        let save = func.fixed_end;
        let saved = if func.has_safepoints { INTS.len() as u32 + u32::from(FLOATS) * float_slots } else { 0 };
        let spills = save.saturating_add(saved);
        let out = spills.saturating_add(output.num_spillslots as u32);
        Places { save, spills, out, end: out.saturating_add(func.out_slots), float_slots }
    }

    /// The slot of the save area for a register.
    fn saved(self, register: PReg) -> u32 {
        match register.class() {
            RegClass::Int => {
                let number = INTS.iter().position(|gpr| usize::from(gpr.number()) == register.hw_enc());
                self.save + number.unwrap_or(0) as u32
            }
            _ => self.save + INTS.len() as u32 + register.hw_enc() as u32 * self.float_slots,
        }
    }
}

/// The ways into the code.
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
    /// The routines that save and restore all registers.
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
    /// Through what calls return, by number.
    sites: &'a mut [Option<Site>],
    cold: &'a mut Vec<Cold>,
    words: &'a mut Vec<Word>,
    builder: Option<Builder<'m>>,
    ways: Ways,
    /// Tables of branches: their label, and the instruction.
    branch_tables: Vec<(Label, MBlock, u32)>,
    /// The block whose code is being written.
    current: MBlock,
    /// The block whose code comes next.
    next: Option<MBlock>,
    /// The register by whose value the flags are set that tell zero and sign, as the last instruction has left them.
    flags: Option<(Gpr, Size)>,
    /// The registers that have what lies in spill slots.
    kept: Kept,
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
        for (at, &block) in layout.order.iter().enumerate() {
            self.current = block;
            self.next = layout.order.get(at + 1).copied();
            if layout.begins_inner_loop(block) {
                self.asm.align(ALIGNMENT);
            }
            self.asm.bind(self.labels[block.0 as usize]);
            let preds = &self.func.preds[self.func.blocks[block.0 as usize].preds.range()];
            let last = at.checked_sub(1).map(|at| layout.order[at]);
            if !matches!((preds, last), ([pred], Some(last)) if pred.index() == last.0 as usize) {
                self.kept.clear();
            }
            self.emit_block(block);
        }
        self.kept.clear();
        self.emit_cold_paths();
        let entries = self.emit_ways_in(registers);
        self.emit_branch_tables();
        entries
    }

    fn finish(mut self, entries: Entries) -> Result<OptCode, AsmError> {
        self.patch_branch_tables();
        if self.tables.beyond {
            return Err(AsmError::TooLarge);
        }
        let code = self.asm.finish()?;
        let pool = code.pool;
        Ok(OptCode {
            frame_slots: self.places.end,
            entry: entries.word.offset() + pool,
            native_entry: 0,
            reg_entry: entries.registers,
            handlers: self.tables.take_handlers(pool),
            references: self.tables.take_references(),
            faults: self.tables.faults.as_slice().into(),
            owners: self.tables.take_owners(pool),
            positions: self.tables.take_positions(),
            stats: Stats {
                insts: self.func.insts.len() as u32,
                spills: self.spills(),
                embedded: self.embedded,
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
        self.flags = None;
        for at in insts.range() {
            let before = ProgPoint::before(Number::new(at));
            while let Some(&(point, Edit::Move { from, to })) = output.edits.get(edit) {
                if point > before {
                    break;
                }
                self.emit_move(from, to);
                edit += 1;
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
            self.emit_inst(block, at);
            self.kept.end_inst();
            // The collector may change what safepoints save.
            if matches!(inst, Inst::Safepoint(_)) || inst.clobbers() != PRegSet::empty() {
                self.kept.clear();
            }
        }
    }

    /// A move that the allocator wants. It leaves the flags alone.
    fn emit_move(&mut self, from: Allocation, to: Allocation) {
        if self.flags.is_some_and(|(register, _)| to.as_reg() == Some(super::regs::int(register))) {
            self.flags = None;
        }
        match (from.as_reg(), to.as_reg()) {
            (Some(from), Some(to)) => {
                self.kept.forget_register(to);
                self.emit_copy_register(from, to);
            }
            (Some(from), None) => {
                let slot = slot_number(to);
                if !self.kept.has(from, slot) {
                    self.kept.forget_slot(slot);
                    self.kept.set(from, slot);
                    let to = self.stack(to);
                    self.emit_save(from, to);
                }
            }
            (None, Some(to)) => {
                let slot = slot_number(from);
                if self.kept.has(to, slot) {
                    return;
                }
                match self.kept.find(slot, to.class()) {
                    Some(from) => self.emit_copy_register(from, to),
                    None => {
                        let from = self.stack(from);
                        self.emit_restore(to, from);
                    }
                }
                self.kept.set(to, slot);
            }
            (None, None) => {
                self.kept.forget_slot(slot_number(to));
                // Vectors need both halves, and where there are none, one slot is all.
                let (from, to) = (self.stack(from), self.stack(to));
                self.emit_copy(from, to, self.func.has_vectors);
            }
        }
    }

    fn emit_copy_register(&mut self, from: PReg, to: PReg) {
        match from.class() {
            RegClass::Int => {
                self.asm.mov(Size::S64, Gpr::new(to.hw_enc() as u8), Gpr::new(from.hw_enc() as u8));
            }
            _ => self.asm.movaps(Xmm::new(to.hw_enc() as u8), Xmm::new(from.hw_enc() as u8)),
        }
    }

    /// Stores all of a register that matters.
    fn emit_save(&mut self, from: PReg, to: Mem) {
        let number = from.hw_enc() as u8;
        match from.class() {
            RegClass::Int => self.asm.mov_mr(Size::S64, to, Gpr::new(number)),
            _ if self.func.has_vectors => self.asm.movups_mr(to, Xmm::new(number)),
            _ => self.asm.movsd_mr(to, Xmm::new(number)),
        }
    }

    fn emit_restore(&mut self, to: PReg, from: Mem) {
        let number = to.hw_enc() as u8;
        match to.class() {
            RegClass::Int => self.asm.mov(Size::S64, Gpr::new(number), from),
            _ if self.func.has_vectors => self.asm.movups(Xmm::new(number), from),
            _ => self.asm.movsd(Xmm::new(number), from),
        }
    }

    /// Copies a slot, or two.
    fn emit_copy(&mut self, from: Mem, to: Mem, vector: bool) {
        if vector {
            self.asm.movups(SCRATCH, from);
            self.asm.movups_mr(to, SCRATCH);
        } else {
            self.asm.movsd(SCRATCH, from);
            self.asm.movsd_mr(to, SCRATCH);
        }
    }
}

/// The number of a spill slot.
fn slot_number(alloc: Allocation) -> usize {
    alloc.as_stack().map_or(0, regalloc2::SpillSlot::index)
}

/// To what innermost loops and the entry for arguments in registers are aligned.
const ALIGNMENT: u32 = 32;

/// # Operands
impl<'a> Emitter<'a, '_> {
    /// Where the operands of an instruction are.
    #[inline]
    fn allocs(&self, inst: usize) -> &'a [Allocation] {
        let output: &'a Output = self.output;
        output.inst_allocs(Number::new(inst))
    }

    /// A slot, counted from `fp`.
    #[inline]
    fn slot(&self, slot: u32) -> Mem {
        // A frame whose slots are so far away is never entered: no stack has room for it.
        let bytes = i64::from(slot) * size_of::<u64>() as i64;
        Mem::base(FP, i32::try_from(bytes).unwrap_or(0))
    }

    /// A slot of the area for arguments and results.
    #[inline]
    fn out(&self, slot: u32) -> Mem {
        self.slot(self.places.out.saturating_add(slot))
    }

    /// A spill slot.
    #[inline]
    fn stack(&self, alloc: Allocation) -> Mem {
        self.slot(self.places.spills.saturating_add(slot_number(alloc) as u32))
    }

    #[inline]
    fn gpr(alloc: Allocation) -> Gpr {
        Gpr::new(alloc.index() as u8 & 15)
    }

    #[inline]
    fn xmm(alloc: Allocation) -> Xmm {
        Xmm::new(alloc.index() as u8 & 15)
    }

    /// An integer wherever it is.
    #[inline]
    fn rm(&self, alloc: Allocation) -> RegMem<Gpr> {
        if alloc.is_reg() {
            return RegMem::Reg(Self::gpr(alloc));
        }
        match self.kept.find(slot_number(alloc), RegClass::Int) {
            Some(kept) => RegMem::Reg(Gpr::new(kept.hw_enc() as u8)),
            None => RegMem::Mem(self.stack(alloc)),
        }
    }

    /// A float or vector wherever it is.
    #[inline]
    fn xrm(&self, alloc: Allocation) -> RegMem<Xmm> {
        if alloc.is_reg() {
            return RegMem::Reg(Self::xmm(alloc));
        }
        match self.kept.find(slot_number(alloc), RegClass::Float) {
            Some(kept) => RegMem::Reg(Xmm::new(kept.hw_enc() as u8)),
            None => RegMem::Mem(self.stack(alloc)),
        }
    }

    /// An address, whose registers are the next operands.
    fn addr(&mut self, addr: Addr, operands: &mut std::slice::Iter<'_, Allocation>) -> Mem {
        let base = match addr.base {
            Base::Reg => operands.next().map_or(FP, |&alloc| Self::gpr(alloc)),
            Base::Memory => MEM,
            Base::Context => CTX,
            Base::Frame | Base::Out => FP,
            Base::Const => {
                let place = match self.func.constants[addr.disp as usize] {
                    Constant::Word(bits) => self.asm.const64(bits),
                    Constant::Wide(bits) => self.asm.const128(bits),
                };
                return Mem::pool(place);
            }
            Base::None => {
                let index = operands.next().map_or(Gpr::RAX, |&alloc| Self::gpr(alloc));
                return match addr.index {
                    Some(scale) => Mem::scaled(index, scale, addr.disp),
                    None => Mem::absolute(addr.disp),
                };
            }
        };
        let disp = match addr.base {
            Base::Out => {
                let bytes = i64::from(self.places.out) * size_of::<u64>() as i64 + i64::from(addr.disp);
                i32::try_from(bytes).unwrap_or(0)
            }
            _ => addr.disp,
        };
        match addr.index {
            Some(scale) => {
                let index = operands.next().map_or(FP, |&alloc| Self::gpr(alloc));
                Mem::index(base, index, scale, disp)
            }
            None => Mem::base(base, disp),
        }
    }

    /// An operand in memory, whose registers are the next operands. The access is the next instruction.
    fn mem(&mut self, inst: usize, memory: Memory, operands: &mut std::slice::Iter<'_, Allocation>) -> Mem {
        let registers = operands.clone();
        let mem = self.addr(memory.addr, operands);
        if let Some(number) = memory.fault.in_memory() {
            let index = registers.as_slice().get(usize::from(memory.addr.base == Base::Reg));
            let index = index.filter(|_| memory.addr.index.is_some()).map(|&alloc| Self::gpr(alloc));
            let at = self.asm.offset();
            if at < Fault::END {
                self.tables.faults.push(Fault::new(at, number, index));
            } else {
                self.tables.beyond = true;
            }
            self.tables.note_position(at, self.func.positions[inst]);
        }
        mem
    }
}
