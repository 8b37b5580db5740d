//! Into a function, out of it, to others, to the interpreter's handlers and to the runtime's stubs.
//!
//! The frame pointer and the context change in these sequences only, which contain nothing that can fault.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_asm::{Const, Label, Stub, Word};
use upshift_core::Trap;
use upshift_core::index::TableIndex;
use upshift_core::vm::{FuncRec, MemRecord, Returns, StoreCtx, TableRecord, VmCtx, frame};
use upshift_translate::backend::{Callee, Slot};

use super::moves::UNROLLED;
use super::{CTX, Class, FLOAT_RESULT, FP, FREE, LEADS, MEM, RESULT};
use crate::cache::Kind;
use crate::cells::{DEADLINE_SLOT, EPOCH_SLOT, STORE_SLOT};
use crate::compiler::Compiler;

/// How many bytes the instruction has that brings back the frame pointer after a call.
const LANDING_LEN: u32 = 7;

/// The byte that a slot of the header lies from the frame pointer.
const fn header(slot: isize) -> i32 {
    slot as i32 * size_of::<u64>() as i32
}

impl Compiler<'_> {
    /// Drops the return address of a call by an instruction.
    pub(crate) fn emit_drop_return(&mut self) {
        if self.target.returns == Returns::Paired {
            // An addition would make the processor bring the stack pointer up to date first.
            self.asm.pop(LEADS);
        }
    }

    /// The entry for native callers with arguments in registers: checks the stack for a frame whose size is not known yet. Returns where the size is to be put.
    pub(crate) fn emit_entry(&mut self, overflow: Label) -> u32 {
        self.asm.lea_wide(LEADS, FP, 0);
        let size = self.asm.offset() - 4;
        self.asm.cmp_based(Size::S64, LEADS, CTX, offset_of!(VmCtx, stack_limit) as i32);
        self.asm.jcc(Cond::A, overflow);
        size
    }

    /// Jumps to a stub of the runtime.
    pub(crate) fn emit_jump_to_stub(&mut self, stub: Stub) {
        let place = self.asm.word(Word::Stub(stub));
        self.asm.jmp_to(Mem::pool(place));
    }

    /// Leaves an operand for the description of a trap.
    pub(crate) fn leave_for_trap(&mut self, operand: Gpr) {
        if operand != RESULT {
            self.asm.mov(Size::S64, RESULT, operand);
        }
    }

    /// Stops with a trap.
    pub(crate) fn emit_trap(&mut self, trap: Trap) {
        self.asm.mov_imm(Gpr::RDI, trap as u64);
        let place = self.asm.word(Word::Stub(Stub::Trap));
        self.asm.call_to(Mem::pool(place));
    }

    /// What is in the registers of handlers goes to where native code has it.
    pub(crate) fn emit_arrival(&mut self) {
        self.asm.mov_registers(Size::S64, FP, Gpr::RDX);
        self.asm.mov_registers(Size::S64, CTX, Gpr::RDI);
        self.asm.mov_registers(Size::S64, MEM, Gpr::RCX);
    }

    /// Notes that native code was entered.
    pub(crate) fn emit_entered(&mut self) {
        /// The number of the tier.
        const TIER: usize = 1;
        self.asm.mov_based(Size::S64, Gpr::RAX, CTX, offset_of!(VmCtx, store) as i32);
        let entered = (offset_of!(StoreCtx, entered) + TIER) as i32;
        self.asm.mov_mi(Size::S8, Mem::base(Gpr::RAX, entered), 1);
    }

    /// Counts the function's record down; to a label if the counter was at its end.
    pub(crate) fn emit_count(&mut self, out: Label) -> u32 {
        let record = self.layout.func(self.func.0 - self.module.imported_funcs);
        let counter = Mem::base(CTX, (record + offset_of!(FuncRec, counter)) as i32);
        self.asm.sub_imm(Size::S32, counter, 1);
        // The instruction ends with its only byte that says how much.
        let step = self.asm.offset() - 1;
        self.asm.jcc(Cond::S, out);
        step
    }

    /// The landing of all calls with a result of this class, from handlers. `rsi` is the address of the word that led here; the one
    /// before it has the address of the landing from native code, which begins with what was just done.
    pub(crate) fn emit_call_landing(&mut self, result: Option<Kind>) {
        self.emit_arrival();
        match result {
            Some(Kind::F64) => self.asm.movaps(FLOAT_RESULT, upshift_asm::x64::Xmm::XMM1),
            None => {}
            // Handlers may have left anything in the upper half.
            Some(Kind::F32) => {
                self.asm.movd_rm(Size::S32, RESULT, FLOAT_RESULT);
                self.asm.movd(Size::S32, FLOAT_RESULT, RESULT);
            }
            Some(Kind::I32) => self.asm.mov_registers(Size::S32, RESULT, Gpr::R9),
            Some(_) => self.asm.mov_registers(Size::S64, RESULT, Gpr::R9),
        }
        self.asm.mov_based(Size::S64, Gpr::RCX, Gpr::RSI, -8);
        self.asm.add_imm_based(Size::S64, Gpr::RCX, LANDING_LEN as i32);
        self.asm.jmp_to(Gpr::RCX);
    }

    /// Runs instructions of the interpreter.
    pub(crate) fn emit_run_words(&mut self, words: Const, memory: bool) {
        self.asm.lea_pool(Gpr::RSI, words);
        self.asm.mov_registers(Size::S64, Gpr::RDI, CTX);
        self.asm.mov_registers(Size::S64, Gpr::RDX, FP);
        if memory {
            self.asm.mov_based(Size::S64, Gpr::R8, CTX, offset_of!(VmCtx, mem0) as i32);
            self.asm.mov_based(Size::S64, Gpr::RCX, Gpr::R8, offset_of!(MemRecord, base) as i32);
            self.asm.mov_based(Size::S64, Gpr::R8, Gpr::R8, offset_of!(MemRecord, len) as i32);
        }
        self.asm.jmp_based(Gpr::RSI, 0);
    }

    /// Calls the function whose record `rax` leads to, with its frame at a slot; `landing` is the word through which handlers return.
    /// Nothing is in other registers but arguments.
    pub(crate) fn emit_call(&mut self, callee: Slot, landing: Const) {
        self.emit_callee(callee, landing);
        let entry = offset_of!(FuncRec, reg_entry) as i32;
        match self.target.returns {
            Returns::Paired => self.asm.call_based(Gpr::RAX, entry),
            Returns::Jump => self.asm.jmp_to(Mem::base(Gpr::RAX, entry)),
        }
    }

    /// The same where the function may belong to another instance, or the host.
    pub(crate) fn emit_foreign_call(&mut self, callee: Slot, landing: Const) {
        self.emit_callee(callee, landing);
        match self.target.returns {
            Returns::Paired => {
                let stub = self.asm.word(Word::Stub(Stub::CallForeignPaired));
                self.asm.call_to(Mem::pool(stub));
            }
            Returns::Jump => self.emit_jump_to_stub(Stub::CallForeignJump),
        }
    }

    /// The same where the function was found at run time. If it does not belong to the running instance, a path that begins at
    /// `foreign` and ends at `back` sees to that.
    pub(crate) fn emit_found_call(&mut self, callee: Slot, landing: Const, foreign: Label, back: Label) {
        self.emit_branch_if_foreign(foreign);
        self.asm.mov(Size::S64, FREE, Mem::base(RESULT, offset_of!(FuncRec, reg_entry) as i32));
        self.asm.bind(back);
        self.emit_callee(callee, landing);
        match self.target.returns {
            Returns::Paired => self.asm.call_to(FREE),
            Returns::Jump => self.asm.jmp_to(FREE),
        }
    }

    /// The path for functions of other instances and the host, which have their arguments in slots: where they are called is in the
    /// register for that, and the site knows.
    pub(crate) fn emit_foreign(&mut self, site: usize, back: Label) {
        let stub = match self.target.returns {
            Returns::Paired => Stub::CallForeignPaired,
            Returns::Jump => Stub::CallForeignJump,
        };
        self.emit_note_foreign(site);
        let stub = self.asm.word(Word::Stub(stub));
        self.asm.mov(Size::S64, FREE, Mem::pool(stub));
        self.asm.jmp(back);
    }

    /// Notes for a call site that it has called a function that does not belong to the instance.
    pub(crate) fn emit_note_foreign(&mut self, site: usize) {
        // As `CallTarget::MANY`: no function of the instance has this number.
        self.asm.mov_mi(Size::S32, Mem::base(CTX, site as i32), -1);
    }

    /// Replaces the running function by the one whose record is in the register for that and which may belong to another instance or
    /// the host, with arguments from a slot on. The words let the interpreter do it.
    pub(crate) fn emit_replace(&mut self, words: Const, args: Slot) {
        let (from, to) = (self.slot_mem(args), self.slot_mem(Slot(0)));
        self.asm.lea_pool(Gpr::RSI, words);
        self.asm.lea(Size::S64, Gpr::RDX, from);
        self.asm.lea(Size::S64, Gpr::RCX, to);
        self.emit_jump_to_stub(match self.target.returns {
            Returns::Paired => Stub::ReplaceForeignPaired,
            Returns::Jump => Stub::ReplaceForeignJump,
        });
    }

    /// Writes the header of a frame at a slot, and goes over to that.
    fn emit_callee(&mut self, callee: Slot, landing: Const) {
        let bytes = self.slot_disp(callee);
        self.asm.lea_pool(LEADS, landing);
        const _: () =
            assert!(frame::CALLER_FP == frame::RETURN_IP + 1 && frame::FUNC == frame::RETURN_IP + 2);
        self.asm.mov_based_run(FP, bytes.saturating_add(header(frame::RETURN_IP)), [LEADS, FP, Gpr::RAX]);
        self.asm.add_imm_based(Size::S64, FP, bytes);
    }

    /// The landing of a call from native code, which leaves the address of the call's first slot in the frame pointer.
    pub(crate) fn emit_landing(&mut self, base: Slot) {
        let bytes = i32::try_from(-self.fp_slot(base) * 8).unwrap_or(0);
        self.asm.lea_wide(FP, FP, bytes);
    }

    /// Reads the header and leaves the frame: the frame pointer is then the address where results go. The carry flag says whether
    /// whoever wants the result in its slot has to store it there.
    fn emit_leave(&mut self, in_register: bool) {
        self.asm.mov_based(Size::S64, Gpr::RSI, FP, header(frame::RETURN_IP));
        self.asm.mov_based(Size::S64, Gpr::R11, FP, header(frame::CALLER_FP));
        let bytes = frame::fp_offset(self.frame.params) as i32 * 8;
        if in_register {
            self.asm.add_imm_based(Size::S64, FP, -bytes);
        } else {
            self.asm.sub_imm_based(Size::S64, FP, bytes);
        }
    }

    /// Goes on where the word in front of `rsi` says.
    fn emit_go_on(&mut self) {
        match self.target.returns {
            Returns::Paired => {
                self.asm.push_based(Gpr::RSI, -8);
                self.asm.ret();
            }
            Returns::Jump => self.asm.jmp_based(Gpr::RSI, -8),
        }
    }

    /// Returns nothing, or what is in the register for results.
    pub(crate) fn emit_return(&mut self, result: Option<Kind>) {
        let class = result.map(Kind::class);
        self.emit_leave(class == Some(Class::Int));
        if class == Some(Class::Float) {
            self.asm.movsd_mr(Mem::base(FP, 0), FLOAT_RESULT);
        }
        self.emit_go_on();
    }

    /// Returns slots.
    pub(crate) fn emit_return_slots(&mut self, first: Slot, slots: u32) {
        let from = self.slot_mem(first);
        if slots <= 8 {
            self.asm.lea(Size::S64, Gpr::RCX, from);
            self.emit_leave(false);
            for n in 0..slots as i32 {
                self.asm.mov(Size::S64, Gpr::RAX, Mem::base(Gpr::RCX, 8 * n));
                self.asm.mov_mr(Size::S64, Mem::base(FP, 8 * n), Gpr::RAX);
            }
        } else {
            self.asm.lea(Size::S64, Gpr::RAX, from);
            self.emit_leave(false);
            self.asm.mov(Size::S64, Gpr::R8, Gpr::RSI);
            self.asm.mov(Size::S64, Gpr::RSI, Gpr::RAX);
            self.asm.mov(Size::S64, Gpr::RDI, FP);
            self.repeat_copy(slots);
            self.asm.mov(Size::S64, Gpr::RSI, Gpr::R8);
        }
        self.emit_go_on();
    }
}

impl Compiler<'_> {
    /// The record of an own function, which lies at an offset of the context.
    pub(crate) fn emit_own_func(&mut self, to: Gpr, offset: usize) {
        self.asm.lea_based(Size::S64, to, CTX, offset as i32);
    }

    /// The record of an imported function, whose address lies at an offset of the context.
    pub(crate) fn emit_imported_func(&mut self, to: Gpr, offset: usize) {
        self.asm.mov(Size::S64, to, Mem::base(CTX, offset as i32));
    }

    /// Goes to a label if a reference is null.
    pub(crate) fn emit_branch_if_null(&mut self, reference: Gpr, target: Label) {
        self.asm.test(Size::S64, reference, reference);
        self.asm.jcc(Cond::E, target);
    }

    /// A register with the number of elements of a table.
    pub(crate) fn emit_table_size(&mut self, table: TableIndex) -> Gpr {
        let size = self.emit_table(table);
        self.asm.mov(Size::S64, size, Mem::base(size, offset_of!(TableRecord, len) as i32));
        size
    }

    /// The record of the function that is called, to the register for that; to `other` if it is not there or not of the expected type.
    /// A register has what leads to it, another one gets something else.
    pub(crate) fn emit_find_func(&mut self, callee: Callee, operand: Gpr, scratch: Gpr, other: Label) {
        match callee {
            Callee::Direct(_) => unreachable!("it need not be found"),
            Callee::Ref { .. } => {
                self.asm.mov(Size::S64, RESULT, operand);
                self.emit_branch_if_null(RESULT, other);
            }
            Callee::Indirect { table, ty, .. } => {
                let (expected, fixed) = (self.module.types[ty.index()].id, self.module.fixed_table(table));
                self.asm.mov(Size::S64, scratch, Mem::base(CTX, self.layout.table(table.0) as i32));
                let len = fixed.and_then(|fixed| i32::try_from(fixed.len).ok());
                let element = self.emit_element(scratch, operand, len, other);
                self.asm.mov(Size::S64, RESULT, element);
                self.emit_branch_if_null(RESULT, other);
                if fixed.is_none_or(|fixed| fixed.ty != Some(expected)) {
                    let found = Mem::base(RESULT, offset_of!(FuncRec, ty) as i32);
                    self.asm.cmp_imm(Size::S32, found, expected.0 as i32);
                    self.asm.jcc(Cond::Ne, other);
                }
            }
        }
    }

    /// Goes to a label if the function whose record is in the register for that does not belong to the running instance.
    pub(crate) fn emit_branch_if_foreign(&mut self, other: Label) {
        self.asm.cmp_mr(Size::S64, Mem::base(RESULT, offset_of!(FuncRec, vmctx) as i32), CTX);
        self.asm.jcc(Cond::Ne, other);
    }

    /// Where an element of the table with that record is, which has so many elements if that is known; to `out` if there is none. The
    /// register has something else then.
    pub(crate) fn emit_element(&mut self, record: Gpr, index: Gpr, len: Option<i32>, out: Label) -> Mem {
        match len {
            Some(len) => self.asm.cmp_imm(Size::S64, index, len),
            None => self.asm.cmp(Size::S64, index, Mem::base(record, offset_of!(TableRecord, len) as i32)),
        }
        self.asm.jcc(Cond::Ae, out);
        self.asm.mov(Size::S64, record, Mem::base(record, offset_of!(TableRecord, base) as i32));
        Mem::index(record, index, Scale::X8, 0)
    }

    /// A register with the address of the record of a table.
    pub(crate) fn emit_table(&mut self, table: TableIndex) -> Gpr {
        let record = self.alloc_gpr();
        self.asm.mov(Size::S64, record, Mem::base(CTX, self.layout.table(table.0) as i32));
        record
    }

    /// Replaces the running function by the one whose record is in the register for that, with arguments from a slot on; to
    /// `no_room` if its frame does not fit.
    pub(crate) fn emit_tail_call(&mut self, args: Slot, params: u32, no_room: Label) {
        // Behind the caller's frame come as many parameters, then the header.
        let moved = (i64::from(params) - i64::from(self.frame.params)) as i32 * 8;
        let [size, ip, caller] = [Gpr::RCX, Gpr::R8, Gpr::R11];
        for reg in [size, ip, caller] {
            self.alloc_fixed(reg);
        }
        self.asm.mov(Size::S64, size, Mem::base(RESULT, offset_of!(FuncRec, code) as i32));
        self.asm.mov(Size::S64, size, Mem::base(size, 0));
        self.asm.lea(Size::S64, size, Mem::index(FP, size, Scale::X1, moved));
        self.asm.cmp(Size::S64, size, Mem::base(CTX, offset_of!(VmCtx, stack_limit) as i32));
        self.asm.jcc(Cond::A, no_room);
        // Arguments may overwrite the header.
        self.asm.mov(Size::S64, ip, Mem::base(FP, header(frame::RETURN_IP)));
        self.asm.mov(Size::S64, caller, Mem::base(FP, header(frame::CALLER_FP)));
        self.emit_move_arguments(args, params);
        if moved != 0 {
            self.asm.add_imm(Size::S64, FP, moved);
            self.asm.mov_mr(Size::S64, Mem::base(FP, header(frame::RETURN_IP)), ip);
            self.asm.mov_mr(Size::S64, Mem::base(FP, header(frame::CALLER_FP)), caller);
        }
        self.asm.mov_mr(Size::S64, Mem::base(FP, header(frame::FUNC)), RESULT);
        if self.target.returns == Returns::Paired {
            // The callee drops its return address, or returns by it. A call would leave one where the processor foresees returns.
            self.asm.push_rm(Mem::base(ip, -8));
        }
        self.asm.jmp_to(Mem::base(RESULT, offset_of!(FuncRec, native) as i32));
    }

    /// Moves arguments down to where the running function has its own. They are in their slots, and may be in registers as well.
    fn emit_move_arguments(&mut self, args: Slot, params: u32) {
        let scratch = Gpr::RCX;
        if params > UNROLLED {
            let (from, to) = (self.slot_mem(args), self.slot_mem(Slot(0)));
            self.asm.lea(Size::S64, Gpr::RSI, from);
            self.asm.lea(Size::S64, Gpr::RDI, to);
            return self.repeat_copy(params);
        }
        for n in 0..params {
            let from = Slot(args.0 + n);
            match self.cache.entry(from) {
                Some((reg, held)) if held.kind != Kind::V128 => self.emit_store(Slot(n), reg, held.kind),
                _ => {
                    let (from, to) = (self.slot_mem(from), self.slot_mem(Slot(n)));
                    self.asm.mov(Size::S64, scratch, from);
                    self.asm.mov_mr(Size::S64, to, scratch);
                }
            }
        }
    }

    /// Compares the epoch with the one in which the program is to be interrupted: it is time if it is not below.
    pub(crate) fn emit_epoch(&mut self) {
        let [epoch, deadline] = [EPOCH_SLOT, DEADLINE_SLOT].map(|slot| self.use_cell(slot));
        self.asm.cmp_mr(Size::S64, Mem::base(epoch, 0), deadline);
    }

    /// Stops because there is not as much fuel as is wanted, of which nothing is left. Where that was so is the place of the call,
    /// as for the stub; the function has what follows only once.
    pub(crate) fn emit_out_of_fuel(&mut self) {
        if let Some(place) = self.control.out_of_fuel {
            return self.asm.call(place);
        }
        let place = self.asm.label();
        self.control.out_of_fuel = Some(place);
        self.asm.call(place);
        self.asm.bind(place);
        self.asm.mov(Size::S64, Gpr::RAX, Mem::base(CTX, offset_of!(VmCtx, store) as i32));
        self.asm.mov_mi(Size::S64, Mem::base(Gpr::RAX, offset_of!(StoreCtx, fuel) as i32), 0);
        self.asm.mov_imm(Gpr::RDI, Trap::OutOfFuel as u64);
        self.emit_jump_to_stub(Stub::Trap);
    }

    /// Takes an amount of fuel that is not known yet; the flags say whether there was less. Returns where the amount is to be put.
    pub(crate) fn emit_take_fuel(&mut self) -> u32 {
        let store = self.use_cell(STORE_SLOT);
        // The form with four bytes, which are the last ones.
        self.asm.sub_imm(Size::S64, Mem::base(store, offset_of!(StoreCtx, fuel) as i32), i32::MAX);
        self.asm.offset() - 4
    }
}
