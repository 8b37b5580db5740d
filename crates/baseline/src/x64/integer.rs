//! Integer operators as instructions.

use upshift_asm::x64::{Alu, Cond, CpuFeature, Gpr, Mem, RegMem, Scale, Shift, Size};
use upshift_core::Trap;
use upshift_core::ops::{Binary, Unary};
use upshift_translate::backend::{Next, Operand, Slot};

use super::{Class, Reg, Test};
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::operands::{Source, immediate};

/// A division.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Division {
    pub(super) signed: bool,
    /// Whether the remainder is wanted, not the quotient.
    pub(super) remainder: bool,
}

/// A shift to the left that waits for the addition that comes next: an index that is scaled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled {
    operand: Operand,
    scale: Scale,
    /// The home of its result.
    dst: Slot,
}

/// What computes an integer operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IntOp {
    /// A comparison.
    Compare(Cond),
    /// Arithmetic and logic.
    Alu(Alu),
    Mul,
    /// A shift or a rotation.
    Shift(Shift),
    Divide(Division),
}

/// What computes a binary operator, and the kind of its operands, if it is one of integers.
#[inline]
pub(crate) fn int_op(op: Binary) -> Option<(IntOp, Kind)> {
    // Looked up, as nobody foresees where a jump by the operator would go.
    INT_OPS[op as usize]
}

static INT_OPS: [Option<(IntOp, Kind)>; Binary::ALL.len()] = {
    let mut ops = [None; Binary::ALL.len()];
    let mut at = 0;
    while at < ops.len() {
        ops[Binary::ALL[at] as usize] = find_int_op(Binary::ALL[at]);
        at += 1;
    }
    ops
};

const fn find_int_op(op: Binary) -> Option<(IntOp, Kind)> {
    /// Pairs of operators of 32 and of 64 bits.
    macro_rules! pairs {
        ($($narrow:ident $wide:ident: $op:expr;)*) => {
            match op {
                $(Binary::$narrow => Some(($op, Kind::I32)), Binary::$wide => Some(($op, Kind::I64)),)*
                _ => None,
            }
        };
    }
    const fn divide(signed: bool, remainder: bool) -> IntOp {
        IntOp::Divide(Division { signed, remainder })
    }
    pairs! {
        I32Eq I64Eq: IntOp::Compare(Cond::E);
        I32Ne I64Ne: IntOp::Compare(Cond::Ne);
        I32LtS I64LtS: IntOp::Compare(Cond::L);
        I32LtU I64LtU: IntOp::Compare(Cond::B);
        I32GtS I64GtS: IntOp::Compare(Cond::G);
        I32GtU I64GtU: IntOp::Compare(Cond::A);
        I32LeS I64LeS: IntOp::Compare(Cond::Le);
        I32LeU I64LeU: IntOp::Compare(Cond::Be);
        I32GeS I64GeS: IntOp::Compare(Cond::Ge);
        I32GeU I64GeU: IntOp::Compare(Cond::Ae);
        I32Add I64Add: IntOp::Alu(Alu::Add);
        I32Sub I64Sub: IntOp::Alu(Alu::Sub);
        I32And I64And: IntOp::Alu(Alu::And);
        I32Or I64Or: IntOp::Alu(Alu::Or);
        I32Xor I64Xor: IntOp::Alu(Alu::Xor);
        I32Mul I64Mul: IntOp::Mul;
        I32Shl I64Shl: IntOp::Shift(Shift::Shl);
        I32ShrS I64ShrS: IntOp::Shift(Shift::Sar);
        I32ShrU I64ShrU: IntOp::Shift(Shift::Shr);
        I32Rotl I64Rotl: IntOp::Shift(Shift::Rol);
        I32Rotr I64Rotr: IntOp::Shift(Shift::Ror);
        I32DivS I64DivS: divide(true, false);
        I32DivU I64DivU: divide(false, false);
        I32RemS I64RemS: divide(true, true);
        I32RemU I64RemU: divide(false, true);
    }
}

/// The size of operations on an integer.
#[inline]
pub(crate) fn size_of_kind(kind: Kind) -> Size {
    if kind == Kind::I32 { Size::S32 } else { Size::S64 }
}

impl Compiler<'_> {
    /// Compares integers.
    pub(crate) fn compare(&mut self, cond: Cond, kind: Kind, lhs: Operand, rhs: Operand) -> Test {
        let size = size_of_kind(kind);
        let start = self.asm.offset();
        let swaps = matches!(lhs, Operand::Const(..))
            && immediate(lhs, kind).is_some()
            && immediate(rhs, kind).is_none();
        let (cond, lhs, rhs) = if swaps { (cond.swapped(), rhs, lhs) } else { (cond, lhs, rhs) };
        match (self.place(lhs, kind), self.source(rhs, kind)) {
            (RegMem::Reg(lhs), Source::Imm(0)) => self.asm.test(size, lhs, lhs),
            (lhs, Source::Imm(imm)) => self.asm.cmp_imm(size, lhs, imm),
            (RegMem::Reg(lhs), Source::Place(rhs)) => self.asm.cmp(size, lhs, rhs),
            (RegMem::Mem(lhs), Source::Place(RegMem::Reg(rhs))) => self.asm.cmp_mr(size, lhs, rhs),
            (RegMem::Mem(lhs), Source::Place(rhs)) => {
                let scratch = self.alloc_gpr();
                self.asm.mov(size, scratch, lhs);
                self.asm.cmp(size, scratch, rhs);
            }
        }
        self.compared = (start, self.asm.offset());
        Test::Is(cond)
    }

    /// Whether two integers have bits in common.
    pub(crate) fn test_bits(&mut self, kind: Kind, lhs: Operand, rhs: Operand) -> Test {
        let (size, start) = (size_of_kind(kind), self.asm.offset());
        let lhs = self.use_gpr(lhs, kind);
        match immediate(rhs, kind) {
            Some(imm) => self.asm.test_imm(size, lhs, imm),
            None => {
                let rhs = self.use_gpr(rhs, kind);
                self.asm.test(size, lhs, rhs);
            }
        }
        self.compared = (start, self.asm.offset());
        Test::Is(Cond::Ne)
    }

    /// Arithmetic and logic.
    pub(crate) fn emit_alu(&mut self, op: Alu, kind: Kind, dst: Slot, lhs: Operand, rhs: Operand) {
        let size = size_of_kind(kind);
        if let Some(scaled) = self.scaled.take() {
            return self.add_scaled(scaled, dst, lhs, rhs);
        }
        let is_first = matches!(rhs, Operand::Const(..)) || self.next.is_none();
        if is_first && let Some(result) = self.in_place(lhs, dst) {
            match self.source(rhs, kind) {
                Source::Imm(imm) => self.asm.alu_imm(op, size, result.gpr(), imm),
                Source::Place(rhs) => self.asm.alu(op, size, result.gpr(), rhs),
            }
            return self.define_in_place(dst, result, kind);
        }
        let (lhs, rhs, spare) = match op {
            Alu::Sub => (lhs, rhs, self.is_spare(lhs, rhs, kind)),
            _ => self.in_order(lhs, rhs, kind),
        };
        // The sum of what has to stay goes to another register at once.
        if !spare && !matches!(lhs, Operand::Const(..)) {
            let sum = match (op, immediate(rhs, kind)) {
                (Alu::Add, Some(imm)) => Some(Mem::base(self.use_gpr(lhs, kind), imm)),
                (Alu::Sub, Some(imm)) if imm != i32::MIN => Some(Mem::base(self.use_gpr(lhs, kind), -imm)),
                (Alu::Add, None)
                    if !matches!(lhs, Operand::Temp(_))
                        && !matches!(rhs, Operand::Temp(_) | Operand::Const(..)) =>
                {
                    let lhs = self.use_gpr(lhs, kind);
                    Some(Mem::index(lhs, self.use_gpr(rhs, kind), Scale::X1, 0))
                }
                _ => None,
            };
            if let Some(sum) = sum {
                let result = self.alloc_result(Class::Int).gpr();
                self.asm.lea(size, result, sum);
                return self.define(dst, result, kind);
            }
        }
        let result = self.take_known(lhs, rhs, kind, spare).gpr();
        match self.source(rhs, kind) {
            Source::Imm(imm) => self.asm.alu_imm(op, size, result, imm),
            Source::Place(rhs) => self.asm.alu(op, size, result, rhs),
        }
        self.define(dst, result, kind);
    }

    /// Adds what was not shifted yet to an `i32`.
    fn add_scaled(&mut self, scaled: Scaled, dst: Slot, lhs: Operand, rhs: Operand) {
        let Scaled { operand, scale, dst: shifted } = scaled;
        let other = if lhs == Operand::Temp(shifted) { rhs } else { lhs };
        let index = self.use_gpr(operand, Kind::I32);
        let sum = match immediate(other, Kind::I32) {
            Some(imm) => Mem::scaled(index, scale, imm),
            None => Mem::index(self.use_gpr(other, Kind::I32), index, scale, 0),
        };
        let result = self.alloc_result(Class::Int).gpr();
        self.asm.lea(Size::S32, result, sum);
        self.define(dst, result, Kind::I32);
    }

    /// Multiplication.
    pub(crate) fn emit_mul(&mut self, kind: Kind, dst: Slot, lhs: Operand, rhs: Operand) {
        let size = size_of_kind(kind);
        match immediate(rhs, kind) {
            Some(imm) if imm > 0 && imm.count_ones() == 1 => {
                let result = self.take_for_result(lhs, rhs, kind).gpr();
                self.asm.shift_imm(Shift::Shl, size, result, imm.trailing_zeros() as u8);
                self.define(dst, result, kind);
            }
            Some(imm @ (3 | 5 | 9)) => {
                let lhs = self.use_gpr(lhs, kind);
                let result = self.alloc_result(Class::Int).gpr();
                let scale = [Scale::X2, Scale::X4, Scale::X8][imm as usize / 4];
                self.asm.lea(size, result, Mem::index(lhs, lhs, scale, 0));
                self.define(dst, result, kind);
            }
            Some(imm) => {
                let lhs = self.place(lhs, kind);
                let result = self.alloc_result(Class::Int).gpr();
                self.asm.imul_imm(size, result, lhs, imm);
                self.define(dst, result, kind);
            }
            None => {
                let (lhs, rhs, spare) = self.in_order(lhs, rhs, kind);
                let result = self.take_known(lhs, rhs, kind, spare).gpr();
                let rhs = self.place(rhs, kind);
                self.asm.imul(size, result, rhs);
                self.define(dst, result, kind);
            }
        }
    }

    /// Shifts and rotations.
    pub(crate) fn emit_shift(&mut self, op: Shift, kind: Kind, dst: Slot, lhs: Operand, rhs: Operand) {
        let size = size_of_kind(kind);
        if let Operand::Const(by, _) = rhs {
            let by = (by & u64::from(size.bytes() * 8 - 1)) as u8;
            if op == Shift::Shl && kind == Kind::I32 && self.next == Some(Next::Add) {
                let scale = [Scale::X1, Scale::X2, Scale::X4, Scale::X8].get(usize::from(by));
                if let (Some(&scale), false) = (scale, matches!(lhs, Operand::Const(..))) {
                    self.scaled = Some(Scaled { operand: lhs, scale, dst });
                    return;
                }
            }
            if let Some(result) = self.in_place(lhs, dst) {
                if by != 0 {
                    self.asm.shift_imm(op, size, result.gpr(), by);
                }
                return self.define_in_place(dst, result, kind);
            }
            let rotates = match op {
                Shift::Rol => Some((size.bytes() * 8) as u8 - by),
                Shift::Ror => Some(by),
                _ => None,
            };
            if let Some(right) = rotates
                && self.target.features.has(CpuFeature::Bmi2)
                && !self.is_spare(lhs, rhs, kind)
                && by != 0
                && !matches!(lhs, Operand::Const(..))
            {
                let lhs = self.place(lhs, kind);
                let result = self.alloc_result(Class::Int).gpr();
                self.asm.rorx(size, result, lhs, right);
                return self.define(dst, result, kind);
            }
            let result = self.take_for_result(lhs, rhs, kind).gpr();
            if by != 0 {
                self.asm.shift_imm(op, size, result, by);
            }
            return self.define(dst, result, kind);
        }
        let rotates = matches!(op, Shift::Rol | Shift::Ror);
        if !rotates && self.target.features.has(CpuFeature::Bmi2) {
            let lhs = self.place(lhs, kind);
            let by = self.use_gpr(rhs, kind);
            let result = self.alloc_result(Class::Int).gpr();
            match op {
                Shift::Shl => self.asm.shlx(size, result, lhs, by),
                Shift::Sar => self.asm.sarx(size, result, lhs, by),
                _ => self.asm.shrx(size, result, lhs, by),
            }
            return self.define(dst, result, kind);
        }
        self.alloc_fixed(Gpr::RCX);
        self.load_into(Gpr::RCX, rhs, kind);
        let result = self.take_gpr(lhs, kind);
        self.asm.shift_cl(op, size, result);
        self.define(dst, result, kind);
    }

    /// Brings an operand to a register that the operation has already.
    pub(crate) fn load_into(&mut self, reg: Gpr, operand: Operand, kind: Kind) {
        self.load_reg(reg.into(), operand, kind);
    }

    /// Divisions.
    pub(crate) fn emit_division(&mut self, op: Division, kind: Kind, dst: Slot, lhs: Operand, rhs: Operand) {
        let size = size_of_kind(kind);
        let known = match rhs {
            Operand::Const(bits, _) => Some(bits),
            _ => None,
        };
        if let (false, Some(divisor)) = (op.signed, known)
            && divisor.is_power_of_two()
        {
            return self.divide_by_power(op, kind, dst, lhs, divisor);
        }
        if let (Kind::I32, Some(divisor)) = (kind, known)
            && self.divide_by_constant(op, dst, lhs, divisor as u32)
        {
            return;
        }
        self.alloc_fixed(Gpr::RAX);
        self.alloc_fixed(Gpr::RDX);
        let divisor = self.use_gpr(rhs, kind);
        self.load_into(Gpr::RAX, lhs, kind);
        if known.is_none_or(|divisor| divisor == 0) {
            let by_zero = self.trap(Trap::IntegerDivisionByZero);
            self.asm.test(size, divisor, divisor);
            self.asm.jcc(Cond::E, by_zero);
        }
        if !op.signed {
            self.asm.zero(Gpr::RDX);
            self.asm.div(size, divisor);
        } else if known.is_some_and(|divisor| immediate(Operand::Const(divisor, Slot(0)), kind) != Some(-1)) {
            self.asm.cdq(size);
            self.asm.idiv(size, divisor);
        } else {
            self.divide_signed(op, size, divisor);
        }
        self.define(dst, if op.remainder { Gpr::RDX } else { Gpr::RAX }, kind);
    }

    /// A signed division of `rax` that may be one by -1, whose quotient does not always fit.
    fn divide_signed(&mut self, op: Division, size: Size, divisor: Gpr) {
        let (usual, over) = (self.asm.label(), self.asm.label());
        let overflow = (!op.remainder).then(|| self.trap(Trap::IntegerOverflow));
        self.asm.cmp_imm(size, divisor, -1);
        self.asm.jcc_short(Cond::Ne, usual);
        match overflow {
            Some(overflow) => {
                self.asm.neg(size, Gpr::RAX);
                self.asm.jcc(Cond::O, overflow);
            }
            None => self.asm.zero(Gpr::RDX),
        }
        self.asm.jmp_short(over);
        self.asm.bind(usual);
        self.asm.cdq(size);
        self.asm.idiv(size, divisor);
        self.asm.bind(over);
    }

    /// An unsigned division by a power of two.
    fn divide_by_power(&mut self, op: Division, kind: Kind, dst: Slot, lhs: Operand, divisor: u64) {
        let size = size_of_kind(kind);
        if op.remainder && i32::try_from(divisor - 1).is_err() {
            let mask = Operand::Const(divisor - 1, Slot(0));
            return self.emit_alu(Alu::And, kind, dst, lhs, mask);
        }
        let result = self.take_for_result(lhs, Operand::Const(divisor, Slot(0)), kind).gpr();
        if op.remainder {
            self.asm.alu_imm(Alu::And, size, result, (divisor - 1) as i32);
        } else if divisor > 1 {
            self.asm.shift_imm(Shift::Shr, size, result, divisor.trailing_zeros() as u8);
        }
        self.define(dst, result, kind);
    }

    /// Unary operators of integers. Returns whether it was one that there are instructions for.
    pub(crate) fn emit_int_unary(&mut self, op: Unary, dst: Slot, value: Operand) -> bool {
        use Unary as U;
        let (from, to) = (Kind::from(op.operands()[0]), Kind::from(op.result()));
        let size = size_of_kind(to);
        let has = |feature| self.target.features.has(feature);
        match op {
            U::I64ExtendI32U => self.retype(dst, value, from, to),
            U::I32WrapI64 => {
                self.extend(dst, value, from, to, |c, to, from| c.asm.mov(Size::S32, to, from));
            }
            U::I64ExtendI32S | U::I64Extend32S => {
                self.extend(dst, value, from, to, |c, to, from| c.asm.movsxd(to, from))
            }
            U::I32Extend8S | U::I64Extend8S => {
                self.extend(dst, value, from, to, |c, to, from| c.asm.movsx_8(size, to, from));
            }
            U::I32Extend16S | U::I64Extend16S => {
                self.extend(dst, value, from, to, |c, to, from| c.asm.movsx_16(size, to, from));
            }
            U::I32Clz | U::I64Clz if has(CpuFeature::Lzcnt) => {
                self.extend(dst, value, from, to, |c, to, from| c.asm.lzcnt(size, to, from));
            }
            U::I32Ctz | U::I64Ctz if has(CpuFeature::Bmi1) => {
                self.extend(dst, value, from, to, |c, to, from| c.asm.tzcnt(size, to, from));
            }
            U::I32Clz | U::I64Clz => self.search_bit(true, to, dst, value),
            U::I32Ctz | U::I64Ctz => self.search_bit(false, to, dst, value),
            U::I32Popcnt | U::I64Popcnt if has(CpuFeature::Popcnt) => {
                self.extend(dst, value, from, to, |c, to, from| c.asm.popcnt(size, to, from));
            }
            U::I32ReinterpretF32 | U::I64ReinterpretF64 | U::F32ReinterpretI32 | U::F64ReinterpretI64 => {
                self.reinterpret(dst, value, from, to);
            }
            U::RefI31 => {
                let result = self.take_gpr(value, from);
                self.asm.add(Size::S32, result, result);
                self.asm.or_imm(Size::S32, result, 1);
                self.define(dst, result, Kind::Ref);
            }
            U::I31GetS | U::I31GetU => {
                let result = self.take_gpr(value, from);
                let null = self.trap(Trap::NullReference);
                self.asm.test(Size::S32, result, result);
                self.asm.jcc(Cond::E, null);
                let shift = if op == U::I31GetS { Shift::Sar } else { Shift::Shr };
                self.asm.shift_imm(shift, Size::S32, result, 1);
                self.define(dst, result, to);
            }
            _ => return false,
        }
        true
    }

    /// How many zeroes there are above the highest bit or below the lowest one, by a search that leaves out zero.
    fn search_bit(&mut self, highest: bool, kind: Kind, dst: Slot, value: Operand) {
        let size = size_of_kind(kind);
        let bits = u64::from(size.bytes()) * 8;
        let value = self.place(value, kind);
        let (result, none) = (self.alloc_gpr(), self.alloc_gpr());
        // The number of a bit, counted from the other end, is its complement.
        self.asm.mov_imm(none, if highest { 2 * bits - 1 } else { bits });
        if highest {
            self.asm.bsr(size, result, value);
        } else {
            self.asm.bsf(size, result, value);
        }
        self.asm.cmov(Cond::E, size, result, none);
        if highest {
            self.asm.xor_imm(Size::S32, result, bits as i32 - 1);
        }
        self.define(dst, result, kind);
    }

    /// An operator whose instruction reads a register or memory and writes another register.
    fn extend(
        &mut self,
        dst: Slot,
        value: Operand,
        from: Kind,
        to: Kind,
        emit: impl FnOnce(&mut Self, Gpr, RegMem<Gpr>),
    ) {
        let value = self.place(value, from);
        let result = self.alloc_result(Class::Int).gpr();
        emit(self, result, value);
        self.define(dst, result, to);
    }

    /// The same bits in a register of the other class.
    fn reinterpret(&mut self, dst: Slot, value: Operand, from: Kind, to: Kind) {
        let size = if matches!(from, Kind::I32 | Kind::F32) { Size::S32 } else { Size::S64 };
        let in_memory = value.slot().filter(|&slot| self.cached(slot, from).is_none());
        let result: Reg = match (in_memory, to.class()) {
            (Some(slot), class) => {
                self.consume(value);
                let result = self.alloc(class);
                self.emit_load(result, slot, to);
                result
            }
            (None, Class::Int) => {
                let (value, result) = (self.use_xmm(value, from), self.alloc_gpr());
                self.asm.movd_rm(size, result, value);
                result.into()
            }
            (None, Class::Float) => {
                let (value, result) = (self.use_gpr(value, from), self.alloc_xmm());
                self.asm.movd(size, result, value);
                result.into()
            }
        };
        self.define(dst, result, to);
    }

    /// Replaces what is in a register by another value if the test holds.
    pub(crate) fn emit_select(&mut self, test: Test, kind: Kind, result: Reg, if_true: Operand) {
        match kind.class() {
            Class::Int => {
                let if_true = self.place(if_true, kind);
                self.move_if(test, size_of_kind(kind), result.gpr(), if_true);
            }
            Class::Float => {
                let if_true = self.use_xmm(if_true, kind);
                let skip = self.asm.label();
                self.jump_if(test.inverted(), skip);
                self.asm.movaps(result.xmm(), if_true);
                self.asm.bind(skip);
            }
        }
    }

    /// Jumps to where the entry of a table with a number leads, or to the default if the table is shorter.
    pub(crate) fn emit_table_jump(
        &mut self,
        index: Gpr,
        scratch: Gpr,
        table: upshift_asm::Const,
        count: u32,
        default: upshift_asm::Label,
    ) {
        self.asm.cmp_imm(Size::S32, index, count as i32);
        self.asm.jcc(Cond::Ae, default);
        self.asm.lea(Size::S64, scratch, Mem::pool(table));
        self.asm.movsxd(index, Mem::index(scratch, index, Scale::X4, 0));
        self.asm.add(Size::S64, scratch, index);
        self.asm.jmp_to(scratch);
    }
}
