//! The entries of the function: from callers with arguments in registers or in slots, from handlers, and from exceptions.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Size, Xmm};
use upshift_asm::{Label, Stub, Word};
use upshift_core::vm::{Returns, STACK_RESERVE, StoreCtx, VmCtx, frame};

use super::calls::LANDINGS;
use super::control::header;
use super::{ALIGNMENT, Emitter, Entries};
use crate::code::Spot;
use crate::mach::x64::build::{Place, places};
use crate::mach::x64::inst::Inst;
use crate::mach::x64::regs::{CTX, FP, MEM};
use crate::ssa::Ty;

/// The number of the tier.
const TIER: usize = 2;

impl Emitter<'_, '_> {
    /// The entries for native callers. Returns where the one for arguments in registers is.
    pub(super) fn emit_prologue(&mut self) -> u32 {
        let body = self.asm.label();
        self.ways.body = Some(body);
        if self.body.is_loop {
            self.asm.bind(body);
            return 0;
        }
        self.tables.note_position(0, Spot::NONE);
        self.emit_entered();
        self.emit_load_parameters();
        // What an entry does lies in one line of the cache: calls are as fast as branches are found.
        self.asm.align(ALIGNMENT);
        let registers = self.asm.here();
        let at = self.asm.offset();
        self.ways.registers = Some(registers);
        if self.body.target.returns == Returns::Paired && !self.is_leaf {
            self.asm.add_imm(Size::S64, Gpr::RSP, 8);
        }
        if !self.fits_in_reserve() {
            let overflow = self.asm.label();
            self.ways.overflow = Some(overflow);
            self.asm.lea(Size::S64, Gpr::R11, Mem::base(FP, self.frame_bytes()));
            self.asm.cmp(Size::S64, Gpr::R11, Mem::base(CTX, offset_of!(VmCtx, stack_limit) as i32));
            self.asm.jcc(Cond::A, overflow);
        }
        self.asm.bind(body);
        at
    }

    /// What no stack has room for has no size that an instruction could name.
    fn frame_bytes(&self) -> i32 {
        i32::try_from(u64::from(self.places.end) * 8).unwrap_or(i32::MAX)
    }

    /// Whether the frame of a function that calls nothing needs no check.
    fn fits_in_reserve(&self) -> bool {
        self.func.calls.is_empty()
            && self.func.embeds.is_empty()
            && self.places.end as usize <= STACK_RESERVE / 2
    }

    /// Whether the return address of a native caller stays on the stack of the machine: nothing here wants the stack but returns,
    /// and traps, which drop it.
    pub(super) fn leaves_return_address(&self) -> bool {
        let wants_stack = |inst: &Inst| matches!(inst, Inst::Bulk(_));
        self.body.target.returns == Returns::Paired
            && !self.body.is_loop
            && self.fits_in_reserve()
            && !self.func.insts.iter().any(wants_stack)
    }

    /// Loads what callers with arguments in registers have there.
    fn emit_load_parameters(&mut self) {
        let params = self.body.params;
        let mut slot = -(frame::fp_offset(self.body.frame.params) as i32);
        for (&ty, place) in params.iter().zip(places(params)) {
            if let Place::Register(register) = place {
                let mem = Mem::base(FP, slot * 8);
                let number = register.hw_enc() as u8;
                match ty {
                    Ty::I32 => self.asm.mov(Size::S32, Gpr::new(number), mem),
                    Ty::I64 | Ty::Ref => self.asm.mov(Size::S64, Gpr::new(number), mem),
                    Ty::F32 => self.asm.movss(Xmm::new(number), mem),
                    Ty::F64 => self.asm.movsd(Xmm::new(number), mem),
                    Ty::V128 => self.asm.movups(Xmm::new(number), mem),
                }
            }
            slot += ty.slots() as i32;
        }
    }

    /// All other entries. The places of words count from the start of the pool.
    pub(super) fn emit_ways_in(&mut self, registers: u32) -> Entries {
        self.tables.note_position(self.asm.offset(), Spot::NONE);
        if let Some(overflow) = self.ways.overflow {
            self.asm.bind(overflow);
            self.emit_jump_to_stub(Stub::Overflow);
        }
        for block in self.tables.landing_blocks() {
            let word = self.emit_arrival_at(block);
            self.tables.note_arrival(block, word);
        }
        for (result, label) in LANDINGS.into_iter().zip(self.ways.landings) {
            if let Some(label) = label {
                self.asm.bind(label);
                self.emit_call_landing(result);
            }
        }
        let entry = self.asm.here();
        self.emit_arrival();
        self.emit_entered();
        if self.is_leaf {
            self.asm.mov(Size::S64, Gpr::RSI, Mem::base(FP, header(frame::RETURN_IP)));
            self.asm.push_rm(Mem::base(Gpr::RSI, -8));
        }
        if !self.body.is_loop {
            self.emit_load_parameters();
        }
        if let Some(body) = self.ways.body {
            self.asm.jmp(body);
        }
        // A loop's body is entered with a frame that may have to grow, which the caller of the word has looked at, too.
        let preamble = u64::from(self.places.end) * 8;
        let word = self.asm.words(&[Word::Value(preamble), Word::Label(entry)]);
        self.tables.own(word, 0);
        Entries { word, registers }
    }

    /// A word through which an exception comes to a block.
    fn emit_arrival_at(&mut self, block: crate::mach::MBlock) -> upshift_asm::Const {
        let arrival: Label = self.asm.here();
        self.emit_arrival();
        let label = self.label(block);
        self.asm.jmp(label);
        let word = self.asm.words(&[Word::Label(arrival)]);
        let position = self.asm.offset();
        self.tables.own(word, position - 1);
        word
    }

    /// What is in the registers of handlers goes to where native code has it.
    pub(super) fn emit_arrival(&mut self) {
        self.asm.mov(Size::S64, FP, Gpr::RDX);
        self.asm.mov(Size::S64, CTX, Gpr::RDI);
        self.asm.mov(Size::S64, MEM, Gpr::RCX);
    }

    /// Notes that code of this tier was entered.
    fn emit_entered(&mut self) {
        self.asm.mov(Size::S64, Gpr::RAX, Mem::base(CTX, offset_of!(VmCtx, store) as i32));
        let entered = (offset_of!(StoreCtx, entered) + TIER) as i32;
        self.asm.mov_mi(Size::S8, Mem::base(Gpr::RAX, entered), 1);
    }
}
