//! The code of each instruction.

use regalloc2::{Allocation, Inst as Number, ProgPoint};
use upshift_asm::Word;
use upshift_asm::x64::{Alu, Cond, Gpr, Mem, RegMem, Rm, Scale, Shift, Size, Xmm, XmmUnary};

use super::Emitter;
use crate::mach::MBlock;
use crate::mach::x64::inst::{Addr, Base, Inst, LoadOp, StoreOp, Test, Unary};

/// Whether a test looks at nothing but the flags that tell zero and sign.
fn needs_zero_or_sign(test: Test) -> bool {
    matches!(test, Test::If(Cond::E | Cond::Ne | Cond::S | Cond::Ns))
}

impl Emitter<'_, '_> {
    /// An instruction, which is in a block.
    #[allow(clippy::too_many_lines, reason = "a plain match")]
    pub(super) fn emit_inst(&mut self, block: MBlock, at: usize) {
        let allocs = self.allocs(at);
        let gpr = |number: usize| Self::gpr(allocs[number]);
        let xmm = |number: usize| Self::xmm(allocs[number]);
        let last_xmm = || Self::xmm(allocs[allocs.len() - 1]);
        let mut rest = allocs.iter();
        let flags = self.flags;
        if self.func.insts[at] != Inst::Jump {
            self.flags = None;
        }
        let is_cleared = std::mem::take(&mut self.is_cleared);
        match self.func.insts[at] {
            Inst::CmpImm(size, 0) if self.is_compared(at, flags, size, allocs[0]) => {}
            Inst::Cmp(_)
            | Inst::CmpImm(..)
            | Inst::CmpLoad(..)
            | Inst::CmpLoadImm(..)
            | Inst::Test(_)
            | Inst::TestImm(..)
            | Inst::TestLoadImm(..)
            | Inst::TestXmm { .. }
            | Inst::Ucomi { .. }
            | Inst::UcomiLoad { .. } => self.clear_ahead(at, allocs),
            _ => {}
        }
        match self.func.insts[at] {
            Inst::Imm(value) => self.emit_imm(at, gpr(0), value),
            Inst::Zero => self.asm.xorps(xmm(0), xmm(0)),
            Inst::Unary(op, size) => self.emit_unary(op, size, gpr(1), self.rm(allocs[0])),
            Inst::Alu(op, size) => {
                self.asm.alu(op, size, gpr(0), self.rm(allocs[1]));
                self.flags = Some((gpr(0), size));
            }
            Inst::AluImm(op, size, imm) => {
                self.asm.alu_imm(op, size, gpr(0), imm);
                self.flags = Some((gpr(0), size));
            }
            Inst::AluLoad(op, size, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.asm.alu(op, size, gpr(0), mem);
                self.flags = Some((gpr(0), size));
            }
            Inst::AluStore(op, size, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.asm.alu_mr(op, size, mem, gpr(0));
            }
            Inst::AluStoreImm(op, size, memory, imm) => {
                let mem = self.mem(at, memory, &mut rest);
                self.asm.alu_imm(op, size, mem, imm);
            }
            Inst::Cmp(size) => self.asm.alu(Alu::Cmp, size, gpr(0), self.rm(allocs[1])),
            Inst::CmpImm(size, 0) if self.is_compared(at, flags, size, allocs[0]) => {}
            Inst::CmpImm(size, imm) => self.emit_cmp_imm(size, self.rm(allocs[0]), imm),
            Inst::CmpLoad(size, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.asm.alu(Alu::Cmp, size, gpr(0), mem);
            }
            Inst::CmpLoadImm(size, memory, imm) => {
                let mem = self.mem(at, memory, &mut rest);
                self.asm.alu_imm(Alu::Cmp, size, mem, imm);
            }
            Inst::Test(size) => self.asm.test(size, gpr(0), gpr(1)),
            Inst::TestImm(size, imm) => self.emit_test_imm(size, self.rm(allocs[0]), imm),
            Inst::TestLoadImm(size, memory, imm) => {
                let mem = self.mem(at, memory, &mut rest);
                self.asm.test_imm(size, mem, imm);
            }
            Inst::Not(size) => self.asm.not(size, gpr(0)),
            Inst::Neg(size) => {
                self.asm.neg(size, gpr(0));
                self.flags = Some((gpr(0), size));
            }
            Inst::Bswap(size) => self.asm.bswap(size, gpr(0)),
            Inst::Lea(size, addr) => {
                self.emit_lea(at, size, addr, allocs);
            }
            Inst::Imul(size) => self.asm.imul(size, gpr(0), self.rm(allocs[1])),
            Inst::ImulImm(size, imm) => self.asm.imul_imm(size, gpr(1), self.rm(allocs[0]), imm),
            Inst::ImulLoad(size, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.asm.imul(size, gpr(0), mem);
            }
            Inst::MulWide { signed, size } => {
                let factor = self.rm(allocs[1]);
                if signed { self.asm.imul_wide(size, factor) } else { self.asm.mul(size, factor) }
            }
            Inst::Div { signed, size } => self.emit_div(signed, size, gpr(1)),
            Inst::Shift(op, size) => self.asm.shift_cl(op, size, gpr(0)),
            Inst::ShiftImm(op, size, by) => {
                self.asm.shift_imm(op, size, gpr(0), by);
                // Rotations and shifts by nothing leave these flags alone.
                if by != 0 && matches!(op, Shift::Shl | Shift::Shr | Shift::Sar) {
                    self.flags = Some((gpr(0), size));
                }
            }
            Inst::Shlx(size) => self.asm.shlx(size, gpr(2), self.rm(allocs[0]), gpr(1)),
            Inst::Shrx(size) => self.asm.shrx(size, gpr(2), self.rm(allocs[0]), gpr(1)),
            Inst::Sarx(size) => self.asm.sarx(size, gpr(2), self.rm(allocs[0]), gpr(1)),
            Inst::Rorx(size, by) => match self.rm(allocs[0]) {
                // Shorter, and as good where nothing has to be copied.
                RegMem::Reg(source) if source == gpr(1) => self.asm.shift_imm(Shift::Ror, size, source, by),
                source => self.asm.rorx(size, gpr(1), source, by),
            },
            Inst::Andn(size) => self.asm.andn(size, gpr(2), gpr(0), self.rm(allocs[1])),
            Inst::Set(Test::If(cond)) if is_cleared => self.asm.setcc(cond, gpr(0)),
            Inst::Set(test) => self.emit_set(test, gpr(0), allocs.get(1).map(|&alloc| Self::gpr(alloc))),
            Inst::Select(test, size) => self.emit_select(test, size, gpr(0), self.rm(allocs[1])),
            Inst::SelectXmm(test) => self.emit_select_xmm(test, xmm(0), xmm(1)),
            Inst::Load(op, memory) => {
                let mem = self.mem(at, memory, &mut rest);
                self.emit_load(op, allocs[allocs.len() - 1], mem);
            }
            Inst::Store(op, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                match op {
                    StoreOp::W8 => self.asm.mov_mr(Size::S8, mem, gpr(0)),
                    StoreOp::W16 => self.asm.mov_mr(Size::S16, mem, gpr(0)),
                    StoreOp::W32 => self.asm.mov_mr(Size::S32, mem, gpr(0)),
                    StoreOp::W64 => self.asm.mov_mr(Size::S64, mem, gpr(0)),
                    StoreOp::F32 => self.asm.movss_mr(mem, xmm(0)),
                    StoreOp::F64 => self.asm.movsd_mr(mem, xmm(0)),
                    StoreOp::V128 => self.asm.movups_mr(mem, xmm(0)),
                }
            }
            Inst::StoreImm(size, memory, imm) => {
                let mem = self.mem(at, memory, &mut rest);
                self.asm.mov_mi(size, mem, imm);
            }
            Inst::StoreOut { slot, vector } => self.emit_store_out(allocs[0], slot, vector),
            Inst::Xmm { op, vex: true } => self.asm.vex_binary(op, xmm(2), xmm(0), self.xrm(allocs[1])),
            Inst::Xmm { op, vex: false } => self.asm.xmm_binary(op, xmm(0), self.xrm(allocs[1])),
            Inst::XmmLoad { op, vex, memory } => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                if vex {
                    self.asm.vex_binary(op, last_xmm(), xmm(0), mem);
                } else {
                    self.asm.xmm_binary(op, xmm(0), mem);
                }
            }
            Inst::XmmUnary { op, vex, fresh } => {
                let source = self.xrm(allocs[0]);
                self.refresh(fresh, xmm(1), source);
                if vex {
                    self.asm.vex_unary(op, xmm(1), source)
                } else {
                    self.asm.xmm_unary(op, xmm(1), source)
                }
            }
            Inst::XmmUnaryLoad { op, vex, fresh, memory } => {
                if fresh {
                    self.asm.xorps(last_xmm(), last_xmm());
                }
                let mem = self.mem(at, memory, &mut rest);
                if vex {
                    self.asm.vex_unary(op, last_xmm(), mem)
                } else {
                    self.asm.xmm_unary(op, last_xmm(), mem)
                }
            }
            Inst::Scalar { op, vex } => self.emit_scalar(op, vex, xmm(1), self.xrm(allocs[0])),
            Inst::TestXmm { vex: true } => self.asm.vex_unary(XmmUnary::PTEST, xmm(0), xmm(0)),
            Inst::TestXmm { vex: false } => self.asm.xmm_unary(XmmUnary::PTEST, xmm(0), xmm(0)),
            Inst::Ucomi { double } => {
                let second = self.xrm(allocs[1]);
                if double { self.asm.ucomisd(xmm(0), second) } else { self.asm.ucomiss(xmm(0), second) }
            }
            Inst::UcomiLoad { double, memory } => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                if double { self.asm.ucomisd(xmm(0), mem) } else { self.asm.ucomiss(xmm(0), mem) }
            }
            Inst::FromInt { double, size } => {
                self.asm.xorps(xmm(1), xmm(1));
                let source = self.rm(allocs[0]);
                if double {
                    self.asm.cvtsi2sd(size, xmm(1), source);
                } else {
                    self.asm.cvtsi2ss(size, xmm(1), source);
                }
            }
            Inst::ToInt { double, size } => {
                let source = self.xrm(allocs[0]);
                if double {
                    self.asm.cvttsd2si(size, gpr(1), source);
                } else {
                    self.asm.cvttss2si(size, gpr(1), source);
                }
            }
            Inst::IntToXmm(size) => self.asm.movd(size, xmm(1), self.rm(allocs[0])),
            Inst::XmmToInt(size) => match self.xrm(allocs[0]) {
                RegMem::Reg(source) => self.asm.movd_rm(size, gpr(1), source),
                RegMem::Mem(source) => self.asm.mov(size, gpr(1), source),
            },
            Inst::Vector { op, imm } => self.emit_vector(op, imm, allocs),
            Inst::VectorLoad { op, imm, memory } => {
                let loaded = op.loads_behind();
                if loaded {
                    rest.next();
                }
                let mem = self.mem(at, memory, &mut rest);
                let first = if loaded { xmm(0) } else { last_xmm() };
                self.emit_vector_load(op, imm, last_xmm(), first, mem);
            }
            Inst::VectorStore { op, imm, memory } => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.emit_vector_store(op, imm, mem, xmm(0));
            }
            Inst::Xchg(size, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.asm.xchg_mr(size, mem, gpr(0));
            }
            Inst::Xadd(size, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.asm.lock_xadd(size, mem, gpr(0));
            }
            Inst::Cmpxchg(size, memory) => {
                rest.next();
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                self.asm.lock_cmpxchg(size, mem, gpr(1));
            }
            Inst::AtomicLoop(op, size, memory) => {
                rest.next();
                let mem = self.mem(at, memory, &mut rest);
                let scratch = rest.next().map_or(Gpr::RCX, |&alloc| Self::gpr(alloc));
                self.emit_atomic_loop(op, size, mem, gpr(0), scratch);
            }
            Inst::Bulk(function) => {
                let place = self.asm.word(Word::Stub(function));
                self.asm.sub_imm(Size::S64, Gpr::RSP, 8);
                self.asm.call_to(Mem::pool(place));
                self.asm.add_imm(Size::S64, Gpr::RSP, 8);
            }
            Inst::Fence => self.asm.mfence(),
            Inst::TrapIf(test, trap, detail) => self.emit_trap_if(at, test, trap, detail),
            Inst::Trap(trap, detail) => {
                let position = self.func.positions[at];
                self.emit_trap(trap, detail, allocs, position);
            }
            Inst::Entry => {}
            Inst::Call(number) | Inst::Invoke(number) => self.emit_call_site(at, number),
            Inst::Embed(number) | Inst::EmbedLast(number) | Inst::EmbedInvoke(number) => {
                self.emit_embed(at, number);
            }
            Inst::Safepoint(number) => self.emit_safepoint(at, number),
            Inst::Jump => {}
            Inst::Branch(test) => return self.emit_branch(block, test),
            Inst::Table(number) => return self.emit_table(block, number, gpr(0), [gpr(1), gpr(2)]),
            Inst::Return { number, .. } => self.emit_return(number, allocs),
            Inst::TailCall(number) => self.emit_tail_call(at, number),
        }
        match self.func.insts[at] {
            Inst::Jump => self.emit_jump_or_copy(self.func.edges(block)[0].to),
            Inst::Invoke(_) | Inst::Safepoint(_) => self.emit_jump(self.func.edges(block)[0].to),
            _ => {}
        }
    }

    /// A constant. Zero has a short form, but it changes the flags.
    fn emit_imm(&mut self, at: usize, target: Gpr, value: u64) {
        if value == 0 && !self.flags_are_wanted(at + 1) {
            self.asm.zero(target);
        } else {
            self.asm.mov_imm(target, value);
        }
    }

    /// Whether an instruction, or one behind constants, looks at flags that were set before.
    pub(super) fn flags_are_wanted(&self, mut at: usize) -> bool {
        loop {
            match self.func.insts.get(at) {
                Some(Inst::Imm(_) | Inst::Zero) => at += 1,
                Some(Inst::Set(_) | Inst::Select(..) | Inst::SelectXmm(_)) => return true,
                Some(Inst::TrapIf(..) | Inst::Branch(_)) => return true,
                Some(Inst::Alu(Alu::Adc | Alu::Sbb, _) | Inst::AluImm(Alu::Adc | Alu::Sbb, ..)) => {
                    return true;
                }
                _ => return false,
            }
        }
    }

    /// Whether the flags are already those of a comparison of the operand with 0, as far as what follows looks at them.
    fn is_compared(&self, at: usize, flags: Option<(Gpr, Size)>, size: Size, operand: Allocation) -> bool {
        if !operand.is_reg() || flags != Some((Self::gpr(operand), size)) {
            return false;
        }
        for inst in &self.func.insts[at + 1..] {
            match inst {
                Inst::Imm(_) | Inst::Zero => {}
                Inst::Set(test) | Inst::Select(test, _) | Inst::SelectXmm(test) | Inst::TrapIf(test, ..) => {
                    if !needs_zero_or_sign(*test) {
                        return false;
                    }
                }
                Inst::Branch(test) => return needs_zero_or_sign(*test),
                _ => return true,
            }
        }
        true
    }

    /// An address as a number. Where it takes the place of its base, an addition is shorter, if nothing looks at the flags.
    fn emit_lea(&mut self, at: usize, size: Size, addr: Addr, allocs: &[Allocation]) {
        let target = Self::gpr(allocs[allocs.len() - 1]);
        let mem = self.addr(addr, &mut allocs.iter());
        if addr.base == Base::Reg && !self.flags_are_wanted(at + 1) {
            let base = Self::gpr(allocs[0]);
            match (addr.index, addr.disp) {
                (None, disp) if base == target => {
                    self.asm.add_imm(size, target, disp);
                    self.flags = Some((target, size));
                    return;
                }
                (Some(Scale::X1), 0) => {
                    let index = Self::gpr(allocs[1]);
                    if base == target || index == target {
                        self.asm.add(size, target, if base == target { index } else { base });
                        self.flags = Some((target, size));
                        return;
                    }
                }
                _ => {}
            }
        }
        self.asm.lea(size, target, mem);
    }

    fn emit_unary(&mut self, op: Unary, size: Size, target: Gpr, source: RegMem<Gpr>) {
        match op {
            Unary::Popcnt => self.asm.popcnt(size, target, source),
            Unary::Tzcnt => self.asm.tzcnt(size, target, source),
            Unary::Lzcnt => self.asm.lzcnt(size, target, source),
            Unary::Bsf => self.asm.bsf(size, target, source),
            Unary::Bsr => self.asm.bsr(size, target, source),
            Unary::Zx8 => self.asm.movzx_8(Size::S32, target, source),
            Unary::Zx16 => self.asm.movzx_16(Size::S32, target, source),
            Unary::Zx32 => self.asm.mov(Size::S32, target, source),
            Unary::Sx8 => self.asm.movsx_8(size, target, source),
            Unary::Sx16 => self.asm.movsx_16(size, target, source),
            Unary::Sx32 => self.asm.movsxd(target, source),
            Unary::Copy => {
                if source != RegMem::Reg(target) {
                    self.asm.mov(Size::S64, target, source);
                }
            }
        }
    }

    fn emit_cmp_imm(&mut self, size: Size, operand: RegMem<Gpr>, imm: i32) {
        match operand {
            RegMem::Reg(register) if imm == 0 => self.asm.test(size, register, register),
            _ => self.asm.alu_imm(Alu::Cmp, size, operand, imm),
        }
    }

    /// Fewer bytes are enough where the upper ones of the immediate are zero.
    fn emit_test_imm(&mut self, size: Size, operand: RegMem<Gpr>, imm: i32) {
        let is_byte = (0..0x80).contains(&imm);
        let size = match operand {
            _ if is_byte => Size::S8,
            _ if size == Size::S64 && imm >= 0 => Size::S32,
            _ => size,
        };
        self.asm.test_imm(size, operand, imm);
    }

    fn emit_div(&mut self, signed: bool, size: Size, divisor: impl Rm<Gpr>) {
        if signed {
            self.asm.cdq(size);
            self.asm.idiv(size, divisor);
        } else {
            self.asm.zero(Gpr::RDX);
            self.asm.div(size, divisor);
        }
    }

    /// Clears the register of which the next instruction sets the lowest byte by the flags of this one, if this one does not read it.
    fn clear_ahead(&mut self, at: usize, allocs: &[Allocation]) {
        let Some(Inst::Set(Test::If(_))) = self.func.insts.get(at + 1) else { return };
        let target = self.allocs(at + 1)[0];
        let edits = &self.output.edits;
        let next = edits.partition_point(|&(point, _)| point <= ProgPoint::before(Number::new(at)));
        let is_moved =
            edits.get(next).is_some_and(|&(point, _)| point <= ProgPoint::before(Number::new(at + 1)));
        if let (Some(register), false) = (target.as_reg(), is_moved || allocs.contains(&target)) {
            self.kept.forget_register(register);
            self.asm.alu(Alu::Xor, Size::S32, Self::gpr(target), Self::gpr(target));
            self.is_cleared = true;
        }
    }

    fn emit_set(&mut self, test: Test, target: Gpr, scratch: Option<Gpr>) {
        match (test, scratch) {
            (Test::If(cond), _) => self.asm.setcc(cond, target),
            (Test::Equal, Some(scratch)) => {
                self.asm.setcc(Cond::Np, scratch);
                self.asm.setcc(Cond::E, target);
                self.asm.and(Size::S32, target, scratch);
            }
            (_, scratch) => {
                let scratch = scratch.unwrap_or(target);
                self.asm.setcc(Cond::P, scratch);
                self.asm.setcc(Cond::Ne, target);
                self.asm.or(Size::S32, target, scratch);
            }
        }
        self.asm.movzx_8(Size::S32, target, target);
    }

    fn emit_select(&mut self, test: Test, size: Size, target: Gpr, source: RegMem<Gpr>) {
        match test {
            Test::If(cond) => self.asm.cmov(cond, size, target, source),
            _ => {
                self.asm.cmov(Cond::Ne, size, target, source);
                self.asm.cmov(Cond::P, size, target, source);
            }
        }
    }

    fn emit_select_xmm(&mut self, test: Test, target: Xmm, source: Xmm) {
        let (copy, end) = (self.asm.label(), self.asm.label());
        match test {
            Test::If(cond) => self.asm.jcc_short(cond.inverted(), end),
            _ => {
                self.asm.jcc_short(Cond::P, copy);
                self.asm.jcc_short(Cond::E, end);
            }
        }
        self.asm.bind(copy);
        self.asm.movaps(target, source);
        self.asm.bind(end);
    }

    fn emit_load(&mut self, op: LoadOp, target: Allocation, mem: Mem) {
        let (gpr, xmm) = (Self::gpr(target), Self::xmm(target));
        match op {
            LoadOp::Zx8 => self.asm.movzx_8(Size::S32, gpr, mem),
            LoadOp::Zx16 => self.asm.movzx_16(Size::S32, gpr, mem),
            LoadOp::W32 => self.asm.mov(Size::S32, gpr, mem),
            LoadOp::W64 => self.asm.mov(Size::S64, gpr, mem),
            LoadOp::Sx8To32 => self.asm.movsx_8(Size::S32, gpr, mem),
            LoadOp::Sx8To64 => self.asm.movsx_8(Size::S64, gpr, mem),
            LoadOp::Sx16To32 => self.asm.movsx_16(Size::S32, gpr, mem),
            LoadOp::Sx16To64 => self.asm.movsx_16(Size::S64, gpr, mem),
            LoadOp::Sx32To64 => self.asm.movsxd(gpr, mem),
            LoadOp::F32 => self.asm.movss(xmm, mem),
            LoadOp::F64 => self.asm.movsd(xmm, mem),
            LoadOp::V128 => self.asm.movups(xmm, mem),
        }
    }

    /// All of a value to a slot of the area for arguments.
    fn emit_store_out(&mut self, value: Allocation, slot: u32, vector: bool) {
        let to = self.out(slot);
        match value.as_reg() {
            None => {
                let from = self.stack(value);
                self.emit_copy(from, to, vector);
            }
            Some(register) if register.class() == regalloc2::RegClass::Int => {
                self.asm.mov_mr(Size::S64, to, Self::gpr(value));
            }
            Some(_) if vector => self.asm.movups_mr(to, Self::xmm(value)),
            Some(_) => self.asm.movsd_mr(to, Self::xmm(value)),
        }
    }

    /// Clears a target of which the next instruction leaves a part as it was, unless its source is there.
    pub(super) fn refresh(&mut self, fresh: bool, target: Xmm, source: RegMem<Xmm>) {
        if fresh && source != RegMem::Reg(target) {
            self.asm.xorps(target, target);
        }
    }

    fn emit_atomic_loop(&mut self, op: Alu, size: Size, mem: Mem, value: Gpr, scratch: Gpr) {
        let old = Gpr::RAX;
        match size {
            Size::S8 => self.asm.movzx_8(Size::S32, old, mem),
            Size::S16 => self.asm.movzx_16(Size::S32, old, mem),
            _ => self.asm.mov(size, old, mem),
        }
        let again = self.asm.here();
        self.asm.mov(Size::S64, scratch, old);
        self.asm.alu(op, Size::S64, scratch, value);
        self.asm.lock_cmpxchg(size, mem, scratch);
        self.asm.jcc(Cond::Ne, again);
    }
}
