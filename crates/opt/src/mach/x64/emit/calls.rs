//! Calls, and instructions of the interpreter in the middle of the function.
//!
//! The frame pointer and the context change in these sequences only, which contain nothing that can fault. A call belongs to the
//! position where its sequence begins.

use std::mem::offset_of;

use regalloc2::{Allocation, OperandKind, OperandPos};
use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size, Xmm};
use upshift_asm::{Const, Label, Stub, Word};
use upshift_core::vm::{FuncRec, MemRecord, Returns, TableRecord, VmCtx, frame};
use upshift_ir::build::{Builder, instructions};
use upshift_translate::backend::Slot;

use super::cold::{Cold, Path};
use super::control::header;
use super::headers::{Wanted, left_by};
use super::{Emitter, used_registers};
use crate::mach::sites::{CallSite, Found, Words};
use crate::mach::x64::build::{MOST_TAIL_SLOTS, Place, places, slots, tail_places};
use crate::mach::x64::regs::{CTX, FP, INTS, SCRATCH, int};
use crate::ssa::Ty;

/// The kinds of results for which calls have a landing from handlers: none, and those that have to be moved or extended.
pub(super) const LANDINGS: [Option<Ty>; 5] =
    [None, Some(Ty::F32), Some(Ty::F64), Some(Ty::I32), Some(Ty::I64)];

/// How many bytes the instruction has that brings back the frame pointer after a call.
const LANDING_LEN: u32 = 7;

/// `lea rbx, [rbx + disp]` with four bytes of displacement, whatever it is: `REX.W 8D /r`.
const LEA_FP: [u8; 3] = [0x48, 0x8D, 0x80 | FP.number() << 3 | FP.number()];

/// The address of the record of the function that is called.
const RECORD: Gpr = Gpr::RAX;
/// What leads to the callee, and then the word that it returns through.
const LEADS: Gpr = Gpr::R11;
/// No argument is there, and nothing else over a call.
const FREE: Gpr = Gpr::RBP;

/// Through what a call returns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// Where native code returns to.
    label: Label,
    /// The address of that, and the landing from handlers.
    words: Const,
}

impl Site {
    /// The word that the header of the callee names.
    fn landing(self) -> Const {
        self.words.plus(size_of::<u64>() as u32)
    }
}

impl<'m> Emitter<'_, 'm> {
    /// A call, which ends its block if exceptions lead to landings.
    pub(super) fn emit_call_site(&mut self, inst: usize, number: u32) {
        let func = self.func;
        let call = &func.calls[number as usize];
        let position = self.asm.offset();
        self.begin_site(inst, position, &[]);
        let (native, behind) = (self.asm.label(), self.asm.label());
        let site = self.site(number);
        self.tables.own(site.words, position);
        if let Found::Elsewhere(record) = call.found {
            self.asm.mov(Size::S64, RECORD, Mem::base(CTX, record));
            self.emit_foreign_call(number, site.landing());
            self.asm.bind(site.label);
        } else {
            // Where the interpreter returns natively if it calls, because native code cannot.
            let back = if self.headers.are_shared { native } else { site.label };
            let words = self.make_call_words(number, position, back).unwrap_or(site.words);
            let path = Path::Call { number, words, back: self.headers.are_shared.then_some((back, behind)) };
            self.emit_find(call.found, self.headers.of_call(number).record, path);
            self.emit_branch_if_foreign(call.found, Path::Foreign { number, position, behind });
            self.emit_native_call(number, site.landing());
            self.asm.bind(site.label);
        }
        self.emit_landing();
        self.asm.bind(behind);
        if call.stores_result {
            let slot = self.out(0);
            self.asm.mov_mr(Size::S64, slot, RECORD);
        }
        let end = self.asm.offset();
        self.tables.note_handler((position, end), &call.landings, call.steps, self.body.frame.params);
    }

    /// The words by which the interpreter calls, and what it returns through to native code, if it ever does.
    fn make_call_words(&mut self, number: u32, position: u32, native: Label) -> Option<Const> {
        let func = self.func;
        let call = &func.calls[number as usize];
        let make = call.words.as_ref()?;
        self.words.clear();
        self.make_words(make);
        // The last word of a call of the interpreter is the one in front of where it returns to.
        self.words.pop();
        let landing = self.call_landing(&call.results);
        self.words.extend([Word::Label(native), Word::Label(landing)]);
        Some(self.place_words(position))
    }

    /// Through what a call returns: made when somebody asks first.
    fn site(&mut self, number: u32) -> Site {
        if let Some(site) = self.sites[number as usize] {
            return site;
        }
        let label = self.asm.label();
        let landing = self.call_landing(&self.func.calls[number as usize].results);
        let words = self.asm.words(&[Word::Label(label), Word::Label(landing)]);
        let site = Site { label, words };
        self.sites[number as usize] = Some(site);
        site
    }

    /// Notes what a frame that stands at a position looks like: references over it, and those in slots for arguments.
    fn begin_site(&mut self, inst: usize, position: u32, arguments: &[u32]) {
        self.tables.note_position(position, self.func.positions[inst]);
        let places = self.places;
        let over = |&(operand, _): &(&regalloc2::Operand, &Allocation)| {
            operand.kind() == OperandKind::Use && operand.pos() == OperandPos::Late
        };
        let slot = |alloc: &Allocation| match (alloc.as_stack(), alloc.as_reg()) {
            (Some(slot), _) => (places.spills + slot.index() as u32) as i32,
            (None, Some(register)) => places.saved(register) as i32,
            (None, None) => 0,
        };
        let allocs = self.allocs(inst);
        let live = self.func.operands(inst).iter().zip(allocs).filter(over).map(|(_, alloc)| slot(alloc));
        let arguments = arguments.iter().map(|&slot| (places.out + slot) as i32);
        self.tables.note_references(position, live.chain(arguments));
    }

    /// Collects the words of instructions of the interpreter whose operands are in the area for arguments.
    fn make_words(&mut self, words: &Words) {
        let base = Slot(self.places.out + frame::fp_offset(self.body.frame.params));
        let (module, frame) = (self.body.module, &self.body.frame);
        let builder = self.builder.get_or_insert_with(|| Builder::for_embedding(module, frame));
        for (op, made) in instructions(builder.embed(|builder| words.make(builder, base))) {
            self.words.push(Word::Handler(op as u16));
            self.words.extend(made[1..].iter().map(|&word| Word::Value(word)));
            self.embedded += 1;
        }
    }

    /// Puts the collected words into the pool.
    fn place_words(&mut self, position: u32) -> Const {
        let words = self.asm.words(self.words);
        self.tables.own(words, position);
        words
    }

    /// The landing of calls with such results, from handlers.
    fn call_landing(&mut self, results: &[Ty]) -> Label {
        let number = match results {
            [Ty::F32] => 1,
            [Ty::F64] => 2,
            [Ty::I32] => 3,
            [Ty::I64 | Ty::Ref] => 4,
            _ => 0,
        };
        let asm = &mut *self.asm;
        *self.ways.landings[number].get_or_insert_with(|| asm.label())
    }

    /// The record of the function that is called, in its register. Where it is not there or not of the expected type, a cold path does
    /// the call. One of the own instance is found only if it is `wanted`.
    fn emit_find(&mut self, found: Found, wanted: bool, path: Path) {
        match found {
            Found::Own(record) | Found::Itself(record) => {
                if wanted {
                    self.asm.lea(Size::S64, RECORD, Mem::base(CTX, record));
                }
                return;
            }
            Found::Elsewhere(_) => return,
            Found::Element { .. } | Found::Reference => {}
        }
        let label = self.asm.label();
        self.cold.push(Cold { label, path });
        if let Found::Element { table, ty, known } = found {
            self.asm.mov(Size::S64, FREE, Mem::base(CTX, table));
            match known.len.and_then(|len| i32::try_from(len).ok()) {
                Some(len) => self.asm.cmp_imm(Size::S64, LEADS, len),
                None => {
                    let len = Mem::base(FREE, offset_of!(TableRecord, len) as i32);
                    self.asm.cmp(Size::S64, LEADS, len);
                }
            }
            self.asm.jcc(Cond::Ae, label);
            self.asm.mov(Size::S64, FREE, Mem::base(FREE, offset_of!(TableRecord, base) as i32));
            self.asm.mov(Size::S64, RECORD, Mem::index(FREE, LEADS, Scale::X8, 0));
            self.asm.test(Size::S64, RECORD, RECORD);
            self.asm.jcc(Cond::E, label);
            if !known.are_typed {
                let found = Mem::base(RECORD, offset_of!(FuncRec, ty) as i32);
                self.asm.cmp_imm(Size::S32, found, ty as i32);
                self.asm.jcc(Cond::Ne, label);
            }
        } else {
            self.asm.mov(Size::S64, RECORD, LEADS);
            self.asm.test(Size::S64, RECORD, RECORD);
            self.asm.jcc(Cond::E, label);
        }
    }

    /// Takes a cold path if the function that was found does not belong to the running instance.
    fn emit_branch_if_foreign(&mut self, found: Found, path: Path) {
        let is_own = match found {
            Found::Element { known, .. } => known.are_own,
            Found::Reference => false,
            Found::Own(_) | Found::Itself(_) | Found::Elsewhere(_) => true,
        };
        if !is_own {
            let label = self.asm.label();
            self.cold.push(Cold { label, path });
            self.asm.cmp_mr(Size::S64, Mem::base(RECORD, offset_of!(FuncRec, vmctx) as i32), CTX);
            self.asm.jcc(Cond::Ne, label);
        }
    }

    /// The cold path for calls of functions that do not belong to the instance: arguments go to their slots. Control goes on at
    /// `behind`, with the header as it would be after other calls.
    pub(super) fn emit_foreign_path(&mut self, number: u32, position: u32, behind: Label) {
        self.emit_spread_call(number);
        let back = self.asm.label();
        let landing = self.call_landing(&self.func.calls[number as usize].results);
        let words = self.asm.words(&[Word::Label(back), Word::Label(landing)]);
        self.tables.own(words, position);
        self.emit_foreign_call(number, Site { label: back, words }.landing());
        if self.headers.are_shared {
            self.emit_call_back(number, back, behind);
        } else {
            self.asm.bind(back);
            self.emit_landing();
            self.asm.jmp(behind);
        }
    }

    /// The byte from the frame pointer where the callee's frame begins.
    fn callee_at(&self, call: &CallSite) -> i32 {
        let callee = self.places.out.saturating_add(frame::fp_offset(slots(&call.params)));
        i32::try_from(u64::from(callee) * 8).unwrap_or(0)
    }

    /// Calls the function whose record is in the register for it, or in the header, with arguments in registers. Handlers return
    /// through `landing`.
    fn emit_native_call(&mut self, number: u32, landing: Const) {
        let call = &self.func.calls[number as usize];
        let bytes = self.callee_at(call);
        self.emit_header(bytes, self.headers.of_call(number), landing);
        self.asm.add_imm(Size::S64, FP, bytes);
        let entry = offset_of!(FuncRec, reg_entry) as i32;
        let paired = self.body.target.returns == Returns::Paired;
        match (call.found, self.ways.registers) {
            (Found::Itself(_), Some(own)) if paired => self.asm.call(own),
            (Found::Itself(_), Some(own)) => self.asm.jmp(own),
            (Found::Own(record) | Found::Itself(record), _) if paired => {
                self.asm.call_to(Mem::base(CTX, record + entry));
            }
            (Found::Own(record) | Found::Itself(record), _) => {
                self.asm.jmp_to(Mem::base(CTX, record + entry));
            }
            _ if paired => self.asm.call_to(Mem::base(RECORD, entry)),
            _ => self.asm.jmp_to(Mem::base(RECORD, entry)),
        }
    }

    /// Calls the function whose record is in the register for it and which does not belong to the instance, with arguments in slots.
    fn emit_foreign_call(&mut self, number: u32, landing: Const) {
        let bytes = self.callee_at(&self.func.calls[number as usize]);
        self.emit_header(bytes, Wanted::ALL, landing);
        self.asm.add_imm(Size::S64, FP, bytes);
        if self.body.target.returns == Returns::Paired {
            let stub = self.asm.word(Word::Stub(Stub::CallForeignPaired));
            self.asm.call_to(Mem::pool(stub));
        } else {
            self.emit_jump_to_stub(Stub::CallForeignJump);
        }
    }

    /// Writes words of the callee's header. The record is in its register.
    fn emit_header(&mut self, callee: i32, wanted: Wanted, landing: Const) {
        let at = |slot: isize| Mem::base(FP, callee.saturating_add(header(slot)));
        if wanted.site {
            self.asm.lea(Size::S64, LEADS, Mem::pool(landing));
            self.asm.mov_mr(Size::S64, at(frame::RETURN_IP), LEADS);
        }
        if wanted.caller {
            self.asm.mov_mr(Size::S64, at(frame::CALLER_FP), FP);
        }
        if wanted.record {
            self.asm.mov_mr(Size::S64, at(frame::FUNC), RECORD);
        }
    }

    /// Writes words of the header of a call that comes later. Only flags and registers that nobody has are as good as before.
    pub(super) fn emit_header_ahead(&mut self, number: u32, wanted: Wanted) {
        let call = &self.func.calls[number as usize];
        let (bytes, landing) = (self.callee_at(call), self.site(number).landing());
        let at = |slot: isize| Mem::base(FP, bytes.saturating_add(header(slot)));
        if wanted.site || wanted.record {
            // Any register that the function uses may have a value here.
            let free = self.unused_register();
            let scratch = free.unwrap_or(LEADS);
            if free.is_none() {
                self.asm.movd(Size::S64, SCRATCH, scratch);
            }
            if wanted.site {
                self.asm.lea(Size::S64, scratch, Mem::pool(landing));
                self.asm.mov_mr(Size::S64, at(frame::RETURN_IP), scratch);
            }
            if let (Found::Own(record) | Found::Itself(record), true) = (call.found, wanted.record) {
                self.asm.lea(Size::S64, scratch, Mem::base(CTX, record));
                self.asm.mov_mr(Size::S64, at(frame::FUNC), scratch);
            }
            if free.is_none() {
                self.asm.movd_rm(Size::S64, scratch, SCRATCH);
            }
        }
        if wanted.caller {
            self.asm.mov_mr(Size::S64, at(frame::CALLER_FP), FP);
        }
    }

    /// A register in which the function never has a value.
    fn unused_register(&mut self) -> Option<Gpr> {
        let output = self.output;
        *self.unused.get_or_insert_with(|| {
            let used = used_registers(output);
            INTS.into_iter().find(|&register| !used.contains(int(register)))
        })
    }

    /// Where the interpreter returns natively after a call that native code could not do: the header is what it would be if it had.
    pub(super) fn emit_call_back(&mut self, number: u32, back: Label, behind: Label) {
        self.asm.bind(back);
        self.emit_landing();
        let call = &self.func.calls[number as usize];
        let (bytes, landing) = (self.callee_at(call), self.site(number).landing());
        self.emit_header(bytes, left_by(number, call), landing);
        self.asm.jmp(behind);
    }

    /// The landing of a call from native code, which leaves the address of the call's first slot in the frame pointer.
    fn emit_landing(&mut self) {
        let bytes = i32::try_from(-i64::from(self.places.out) * 8).unwrap_or(0);
        self.asm.put_bytes(&LEA_FP);
        self.asm.put_bytes(&bytes.to_le_bytes());
    }

    /// The landing of all calls with a result of this type, from handlers. `rsi` is the address of the word that led here; the one
    /// before it has the address of the landing from native code, which begins with what was just done.
    pub(super) fn emit_call_landing(&mut self, result: Option<Ty>) {
        self.emit_arrival();
        match result {
            Some(Ty::F64) => self.asm.movaps(Xmm::XMM0, Xmm::XMM1),
            None => {}
            // Handlers may have left anything in the upper half.
            Some(Ty::F32) => {
                self.asm.movd_rm(Size::S32, RECORD, Xmm::XMM0);
                self.asm.movd(Size::S32, Xmm::XMM0, RECORD);
            }
            Some(Ty::I32) => self.asm.mov(Size::S32, RECORD, Gpr::R9),
            Some(_) => self.asm.mov(Size::S64, RECORD, Gpr::R9),
        }
        self.asm.mov(Size::S64, Gpr::RCX, Mem::base(Gpr::RSI, -8));
        self.asm.add_imm(Size::S64, Gpr::RCX, LANDING_LEN as i32);
        self.asm.jmp_to(Gpr::RCX);
    }

    /// Arguments of a call, and what leads to the callee, go to the slots for them, where the interpreter finds them.
    pub(super) fn emit_spread_call(&mut self, number: u32) {
        self.emit_spread(number, &places(&self.func.calls[number as usize].params));
    }

    /// Stores arguments that are in registers, and what leads to the callee, to their slots.
    fn emit_spread(&mut self, number: u32, places: &[Place]) {
        let func = self.func;
        let params = &func.calls[number as usize].params;
        let mut slot = 0;
        for (&ty, place) in params.iter().zip(places) {
            let to = self.out(slot);
            if let Place::Register(register) = *place {
                let number = register.hw_enc() as u8;
                match ty {
                    Ty::I32 | Ty::I64 | Ty::Ref => self.asm.mov_mr(Size::S64, to, Gpr::new(number)),
                    Ty::F32 | Ty::F64 => self.asm.movsd_mr(to, Xmm::new(number)),
                    Ty::V128 => self.asm.movups_mr(to, Xmm::new(number)),
                }
            }
            slot += ty.slots();
        }
        let behind = self.out(slot);
        self.asm.mov_mr(Size::S64, behind, LEADS);
    }

    /// Runs instructions of the interpreter.
    pub(super) fn emit_run_words(&mut self, words: Const, memory: bool) {
        self.asm.lea(Size::S64, Gpr::RSI, Mem::pool(words));
        self.asm.mov(Size::S64, Gpr::RDI, CTX);
        self.asm.mov(Size::S64, Gpr::RDX, FP);
        if memory {
            self.asm.mov(Size::S64, Gpr::R8, Mem::base(CTX, offset_of!(VmCtx, mem0) as i32));
            self.asm.mov(Size::S64, Gpr::RCX, Mem::base(Gpr::R8, offset_of!(MemRecord, base) as i32));
            self.asm.mov(Size::S64, Gpr::R8, Mem::base(Gpr::R8, offset_of!(MemRecord, len) as i32));
        }
        self.asm.jmp_to(Mem::base(Gpr::RSI, 0));
    }

    /// Instructions of the interpreter, behind which control goes on, if it does.
    pub(super) fn emit_embed(&mut self, inst: usize, number: u32) {
        let func = self.func;
        let embed = &func.embeds[number as usize];
        let position = self.asm.offset();
        self.begin_site(inst, position, &embed.references);
        self.words.clear();
        self.make_words(&embed.words);
        let behind = self.asm.label();
        self.words.push(Word::Label(behind));
        let words = self.place_words(position);
        self.emit_run_words(words, embed.memory);
        self.asm.bind(behind);
        let end = self.asm.offset();
        self.tables.note_handler((position, end), &embed.landings, embed.steps, self.body.frame.params);
    }

    /// The same with all registers saved around.
    pub(super) fn emit_safepoint(&mut self, inst: usize, number: u32) {
        let asm = &mut *self.asm;
        let (save, restore) = *self.ways.save.get_or_insert_with(|| (asm.label(), asm.label()));
        self.asm.call(save);
        self.emit_embed(inst, number);
        self.asm.call(restore);
    }

    /// Replaces the running function. Arguments are where [`tail_places`] says, or in the area for them if the callee is an import.
    pub(super) fn emit_tail_call(&mut self, inst: usize, number: u32) {
        let func = self.func;
        let call = &func.calls[number as usize];
        let position = self.asm.offset();
        self.begin_site(inst, position, &[]);
        self.words.clear();
        if let Some(words) = &call.words {
            self.make_words(words);
        }
        let words = self.place_words(position);
        if let Found::Elsewhere(record) = call.found {
            self.asm.mov(Size::S64, RECORD, Mem::base(CTX, record));
            return self.emit_replace_foreign(words);
        }
        let no_room = self.asm.label();
        let path = Path::Run { number, words };
        self.cold.push(Cold { label: no_room, path });
        self.emit_find(call.found, true, path);
        self.emit_branch_if_foreign(call.found, Path::Replace { number, words });
        self.emit_replace_frame(call, no_room);
    }

    /// Arguments of a tail call, and what leads to the callee, go to the slots for them, where the interpreter finds them.
    pub(super) fn emit_spread_tail(&mut self, number: u32) {
        self.emit_spread(number, &tail_places(&self.func.calls[number as usize].params));
    }

    /// Jumps to the function whose record is in the register for it, in the place of the running one; to `no_room` if its frame
    /// does not fit.
    fn emit_replace_frame(&mut self, call: &CallSite, no_room: Label) {
        let places = tail_places(&call.params);
        let in_registers = places.iter().any(|place| matches!(place, Place::Register(_)));
        let params = slots(&call.params);
        // Behind the caller's frame come as many parameters, then the header.
        let moved = (i64::from(params) - i64::from(self.body.frame.params)) as i32 * 8;
        // No argument is in these, nor what leads to the callee.
        let [size, ip, caller] = [FREE, Gpr::R12, Gpr::R13];
        self.asm.mov(Size::S64, size, Mem::base(RECORD, offset_of!(FuncRec, code) as i32));
        self.asm.mov(Size::S64, size, Mem::base(size, 0));
        self.asm.lea(Size::S64, size, Mem::index(FP, size, Scale::X1, moved));
        self.asm.cmp(Size::S64, size, Mem::base(CTX, offset_of!(VmCtx, stack_limit) as i32));
        self.asm.jcc(Cond::A, no_room);
        // Arguments may overwrite the header.
        self.asm.mov(Size::S64, ip, Mem::base(FP, header(frame::RETURN_IP)));
        if moved != 0 {
            self.asm.mov(Size::S64, caller, Mem::base(FP, header(frame::CALLER_FP)));
        }
        self.emit_move_arguments(&call.params, &places);
        if moved != 0 {
            self.asm.add_imm(Size::S64, FP, moved);
            self.asm.mov_mr(Size::S64, Mem::base(FP, header(frame::RETURN_IP)), ip);
            self.asm.mov_mr(Size::S64, Mem::base(FP, header(frame::CALLER_FP)), caller);
        }
        if moved != 0 || !matches!(call.found, Found::Itself(_)) {
            self.asm.mov_mr(Size::S64, Mem::base(FP, header(frame::FUNC)), RECORD);
        }
        if self.body.target.returns == Returns::Paired {
            // The callee drops its return address, or returns by it. A call would leave one where the processor foresees returns.
            self.asm.push_rm(Mem::base(ip, -8));
        }
        let entry = if in_registers { offset_of!(FuncRec, reg_entry) } else { offset_of!(FuncRec, native) };
        self.asm.jmp_to(Mem::base(RECORD, entry as i32));
    }

    /// Jumps to the function whose record is in the register for it and which does not belong to the instance, in the place of the
    /// running one. The words let the interpreter do it.
    pub(super) fn emit_replace_foreign(&mut self, words: Const) {
        let first = -(frame::fp_offset(self.body.frame.params) as i32);
        let args = self.out(0);
        self.asm.lea(Size::S64, Gpr::RSI, Mem::pool(words));
        self.asm.lea(Size::S64, Gpr::RDX, args);
        self.asm.lea(Size::S64, Gpr::RCX, Mem::base(FP, first * 8));
        self.emit_jump_to_stub(match self.body.target.returns {
            Returns::Paired => Stub::ReplaceForeignPaired,
            Returns::Jump => Stub::ReplaceForeignJump,
        });
    }

    /// Moves the arguments in slots down to where the running function has its own.
    fn emit_move_arguments(&mut self, params: &[Ty], places: &[Place]) {
        let first = -(frame::fp_offset(self.body.frame.params) as i32);
        let count: u32 = slots(params);
        if count > MOST_TAIL_SLOTS && places.iter().all(|place| matches!(place, Place::Slot(_))) {
            let from = self.out(0);
            self.asm.lea(Size::S64, Gpr::RSI, from);
            self.asm.lea(Size::S64, Gpr::RDI, Mem::base(FP, first * 8));
            return self.emit_repeat_copy(count);
        }
        // From the first one on: they go down, and may lie where others come from.
        for (ty, place) in params.iter().zip(places) {
            let Place::Slot(slot) = *place else { continue };
            for n in slot..slot + ty.slots() {
                let from = self.out(n);
                self.asm.movsd(SCRATCH, from);
                self.asm.movsd_mr(Mem::base(FP, (first + n as i32) * 8), SCRATCH);
            }
        }
    }
}
