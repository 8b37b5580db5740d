//! Operators of integers; divisions are in `divide`, comparisons in `compare`.

use regalloc2::VReg;
use upshift_asm::x64::{Alu, Cond, CpuFeature, Scale, Shift, Size};
use upshift_core::Trap;
use upshift_core::ops::memory::Load;
use upshift_core::ops::{Binary, Unary};

use super::Lowering;
use super::operands::{Source, size_of};
use crate::mach::x64::{Address, Detail, LoadOp, Test, Unary as Extend};
use crate::ssa::{Op, Ty, Value};

/// A division.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Division {
    pub(super) signed: bool,
    /// Whether the remainder is needed, not the quotient.
    pub(super) remainder: bool,
}

/// What computes an integer operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IntOp {
    /// A comparison.
    Compare(Cond),
    /// Arithmetic and logic.
    Alu(Alu),
    Mul,
    /// A shift or a rotation.
    Shift(Shift),
    Divide(Division),
}

/// What computes a binary operator, if it is one of integers.
pub(super) fn int_op(op: Binary) -> Option<IntOp> {
    use Binary as B;
    let divide = |signed, remainder| IntOp::Divide(Division { signed, remainder });
    Some(match op {
        B::I32Eq | B::I64Eq => IntOp::Compare(Cond::E),
        B::I32Ne | B::I64Ne => IntOp::Compare(Cond::Ne),
        B::I32LtS | B::I64LtS => IntOp::Compare(Cond::L),
        B::I32LtU | B::I64LtU => IntOp::Compare(Cond::B),
        B::I32GtS | B::I64GtS => IntOp::Compare(Cond::G),
        B::I32GtU | B::I64GtU => IntOp::Compare(Cond::A),
        B::I32LeS | B::I64LeS => IntOp::Compare(Cond::Le),
        B::I32LeU | B::I64LeU => IntOp::Compare(Cond::Be),
        B::I32GeS | B::I64GeS => IntOp::Compare(Cond::Ge),
        B::I32GeU | B::I64GeU => IntOp::Compare(Cond::Ae),
        B::I32Add | B::I64Add => IntOp::Alu(Alu::Add),
        B::I32Sub | B::I64Sub => IntOp::Alu(Alu::Sub),
        B::I32And | B::I64And => IntOp::Alu(Alu::And),
        B::I32Or | B::I64Or => IntOp::Alu(Alu::Or),
        B::I32Xor | B::I64Xor => IntOp::Alu(Alu::Xor),
        B::I32Mul | B::I64Mul => IntOp::Mul,
        B::I32Shl | B::I64Shl => IntOp::Shift(Shift::Shl),
        B::I32ShrS | B::I64ShrS => IntOp::Shift(Shift::Sar),
        B::I32ShrU | B::I64ShrU => IntOp::Shift(Shift::Shr),
        B::I32Rotl | B::I64Rotl => IntOp::Shift(Shift::Rol),
        B::I32Rotr | B::I64Rotr => IntOp::Shift(Shift::Ror),
        B::I32DivS | B::I64DivS => divide(true, false),
        B::I32DivU | B::I64DivU => divide(false, false),
        B::I32RemS | B::I64RemS => divide(true, true),
        B::I32RemU | B::I64RemU => divide(false, true),
        _ => return None,
    })
}

/// The scale of an index that is shifted to the left.
fn scale_of(by: u64) -> Option<Scale> {
    [Scale::X1, Scale::X2, Scale::X4, Scale::X8].get(by as usize).copied()
}

impl Lowering<'_> {
    /// A binary operator, whatever it is of.
    pub(super) fn lower_binary(&mut self, inst: Value, op: Binary) {
        let (lhs, rhs) = (self.arg(inst, 0), self.arg(inst, 1));
        let size = size_of(self.func.ty(lhs));
        let made = match int_op(op) {
            Some(IntOp::Compare(_)) => {
                let test = self.test_of(inst, true);
                self.out.set(test)
            }
            Some(IntOp::Alu(alu)) => self.lower_alu(alu, size, lhs, rhs),
            Some(IntOp::Mul) => self.lower_mul(size, lhs, rhs),
            Some(IntOp::Shift(shift)) => self.lower_shift(shift, size, lhs, rhs),
            Some(IntOp::Divide(division)) => self.lower_division(division, size, lhs, rhs),
            None => match self.lower_float_binary(op, lhs, rhs) {
                Some(made) => made,
                None => return self.lower_vector_binary(inst, op, lhs, rhs),
            },
        };
        self.bind(inst, made);
    }

    /// The operands of something that commutes: a constant or a load that can be an operand is the second, and what is not wanted any
    /// more the first, whose register the result gets.
    fn in_order(&self, lhs: Value, rhs: Value, load: Load) -> (Value, Value) {
        if self.constant(lhs).is_some() {
            return (rhs, lhs);
        }
        if self.constant(rhs).is_some() || self.sinkable(rhs) == Some(load) {
            return (lhs, rhs);
        }
        // What a call leaves in a register is the first rather than what had to wait for it in memory.
        let called = matches!(self.op_of(rhs), Op::Result(_));
        let better = match (self.is_last_use(lhs), self.is_last_use(rhs)) {
            (false, true) => true,
            (true, true) => called,
            _ => false,
        };
        if self.sinkable(lhs) == Some(load) || better { (rhs, lhs) } else { (lhs, rhs) }
    }

    fn lower_alu(&mut self, op: Alu, size: Size, lhs: Value, rhs: Value) -> VReg {
        let commutes = op != Alu::Sub;
        let (lhs, rhs) =
            if commutes { self.in_order(lhs, rhs, super::operands::whole(size)) } else { (lhs, rhs) };
        if let Some(made) = self.lower_special(op, size, lhs, rhs) {
            return made;
        }
        let source = self.source(rhs, size);
        let lhs = self.reg_for(lhs, size);
        self.alu(op, size, lhs, source)
    }

    /// `lhs op rhs`
    pub(super) fn alu(&mut self, op: Alu, size: Size, lhs: VReg, rhs: Source) -> VReg {
        match rhs {
            Source::Reg(rhs) => self.out.alu(op, size, lhs, rhs),
            Source::Imm(imm) => self.out.alu_imm(op, size, lhs, imm),
            Source::Mem(place) => {
                self.at(place, |this, address, fault| this.out.alu_load(op, size, lhs, address, fault))
            }
        }
    }

    /// What has a better form.
    fn lower_special(&mut self, op: Alu, size: Size, lhs: Value, rhs: Value) -> Option<VReg> {
        match (op, self.imm(rhs, size)) {
            (Alu::Add, imm) => self.lower_sum(size, lhs, rhs, imm),
            (Alu::Sub, Some(imm)) if imm != i32::MIN => {
                let lhs = self.reg_for(lhs, size);
                Some(self.out.lea(size, Address::register(lhs, -imm)))
            }
            (Alu::Sub, None) if self.constant(lhs) == Some(0) => {
                let value = self.reg_for(rhs, size);
                Some(self.out.neg(size, value))
            }
            (Alu::Or, None) => {
                let value = self.reversed(size, lhs, rhs)?;
                let value = self.reg_for(value, size);
                Some(self.out.bswap(size, value))
            }
            (Alu::Xor, Some(-1)) => {
                let value = self.reg_for(lhs, size);
                Some(self.out.not(size, value))
            }
            (Alu::And, Some(0xff)) => Some(self.extend(Extend::Zx8, Size::S32, lhs)),
            (Alu::And, Some(0xffff)) => Some(self.extend(Extend::Zx16, Size::S32, lhs)),
            (Alu::And, imm) if size == Size::S64 && self.constant(rhs).is_some() => {
                // What has no bits above is an operation of 32 bits.
                let bits = u32::try_from(self.constant(rhs)?).ok()?;
                if imm.is_some_and(|imm| imm >= 0) {
                    let value = self.reg(lhs);
                    return Some(self.out.alu_imm(Alu::And, Size::S32, value, bits as i32));
                }
                if bits == u32::MAX {
                    return Some(self.extend(Extend::Zx32, Size::S32, lhs));
                }
                let value = self.reg(lhs);
                Some(self.out.alu_imm(Alu::And, Size::S32, value, bits as i32))
            }
            (Alu::And, None) if self.has(CpuFeature::Bmi1) => {
                let (without, from) = match (self.inverted(lhs, size), self.inverted(rhs, size)) {
                    (_, Some(without)) => (without, lhs),
                    (Some(without), _) => (without, rhs),
                    _ => return None,
                };
                let (without, from) = (self.reg_for(without, size), self.reg_for(from, size));
                Some(self.out.andn(size, without, from))
            }
            _ => None,
        }
    }

    /// What a value is the inversion of, if nothing else uses it: of all bits of the size, which one that was extended has not.
    fn inverted(&self, value: Value, size: Size) -> Option<Value> {
        let (op, lhs, rhs) = self.sole_binary(value)?;
        let of_size = match op {
            Binary::I32Xor => Size::S32,
            Binary::I64Xor => Size::S64,
            _ => return None,
        };
        let ones = |value| self.imm(value, size) == Some(-1);
        match (ones(lhs), ones(rhs)) {
            _ if of_size != size => None,
            (_, true) => Some(lhs),
            (true, _) => Some(rhs),
            _ => None,
        }
    }

    /// A sum as an address: what is added stays where it is.
    fn lower_sum(&mut self, size: Size, lhs: Value, rhs: Value, imm: Option<i32>) -> Option<VReg> {
        if let Some(imm) = imm {
            if let Some((index, scale)) = self.scaled(lhs, size) {
                let index = self.reg_for(index, size);
                return Some(self.out.lea(size, Address::scaled(index, scale, imm)));
            }
            let lhs = self.reg_for(lhs, size);
            return Some(self.out.lea(size, Address::register(lhs, imm)));
        }
        for (base, index) in [(lhs, rhs), (rhs, lhs)] {
            if let Some((index, scale)) = self.scaled(index, size) {
                let base = self.reg_for(base, size);
                let index = self.reg_for(index, size);
                return Some(self.out.lea(size, Address::register(base, 0).index(index, scale)));
            }
        }
        if !self.is_last_use(lhs) && !self.is_last_use(rhs) {
            let (lhs, rhs) = (self.reg_for(lhs, size), self.reg_for(rhs, size));
            return Some(self.out.lea(size, Address::register(lhs, 0).index(rhs, Scale::X1)));
        }
        None
    }

    /// What an address can scale: a shift to the left that nothing else uses.
    fn scaled(&self, value: Value, size: Size) -> Option<(Value, Scale)> {
        let (op, lhs, rhs) = self.sole_binary(value)?;
        let of_size = match op {
            Binary::I32Shl => Size::S32,
            Binary::I64Shl => Size::S64,
            _ => return None,
        };
        let by = self.constant(rhs)? & u64::from(size.bytes() * 8 - 1);
        let scale = scale_of(by)?;
        (of_size == size && scale != Scale::X1 && self.constant(lhs).is_none()).then_some((lhs, scale))
    }

    fn lower_mul(&mut self, size: Size, lhs: Value, rhs: Value) -> VReg {
        let (lhs, rhs) = self.in_order(lhs, rhs, super::operands::whole(size));
        let Some(imm) = self.imm(rhs, size) else {
            let source = self.source(rhs, size);
            let lhs = self.reg_for(lhs, size);
            return match source {
                Source::Mem(place) => {
                    self.at(place, |this, address, fault| this.out.imul_load(size, lhs, address, fault))
                }
                Source::Reg(rhs) => self.out.imul(size, lhs, rhs),
                Source::Imm(imm) => self.out.imul_imm(size, lhs, imm),
            };
        };
        let lhs = self.reg_for(lhs, size);
        match imm {
            1 if size == Size::S64 => lhs,
            imm if imm > 0 && imm.count_ones() == 1 => {
                self.shift_by(Shift::Shl, size, lhs, imm.trailing_zeros() as u8)
            }
            3 | 5 | 9 => {
                let scale = [Scale::X2, Scale::X4, Scale::X8][imm as usize / 4];
                self.out.lea(size, Address::register(lhs, 0).index(lhs, scale))
            }
            imm => self.out.imul_imm(size, lhs, imm),
        }
    }

    /// Shifts or rotates by an immediate less than the size. The result of one of 32 bits is zero-extended, which its operand may not
    /// be.
    pub(super) fn shift_by(&mut self, op: Shift, size: Size, value: VReg, by: u8) -> VReg {
        match (op, by) {
            (_, 0) if size == Size::S64 => value,
            (_, 0) => self.out.unary(Extend::Zx32, Size::S32, value),
            (Shift::Shl, 1) => self.out.lea(size, Address::register(value, 0).index(value, Scale::X1)),
            _ => self.out.shift_imm(op, size, value, by),
        }
    }

    fn lower_shift(&mut self, op: Shift, size: Size, lhs: Value, rhs: Value) -> VReg {
        let bits = u64::from(size.bytes() * 8);
        if let Some(by) = self.constant(rhs) {
            let lhs = self.reg_for(lhs, size);
            return self.shift_by(op, size, lhs, (by & (bits - 1)) as u8);
        }
        let by = self.shift_count(rhs, bits);
        let lhs = self.reg_for(lhs, size);
        self.out.shift(op, size, lhs, by)
    }

    /// A register whose lowest bits are the number of a shift's bits; the processor looks at no others.
    fn shift_count(&mut self, value: Value, bits: u64) -> VReg {
        let mut value = self.low_of(value);
        // As many as a program has in a row.
        while let Op::Binary(Binary::I32And | Binary::I64And) = self.func.op(value) {
            let (lhs, rhs) = (self.arg(value, 0), self.arg(value, 1));
            let keeps = |mask: Option<u64>| mask.is_some_and(|mask| mask & (bits - 1) == bits - 1);
            if !keeps(self.constant(rhs)) {
                break;
            }
            value = self.low_of(lhs);
        }
        self.reg(value)
    }

    /// Unary operators, whatever they are of.
    pub(super) fn lower_unary(&mut self, inst: Value, op: Unary) {
        let value = self.arg(inst, 0);
        let made = match self.lower_int_unary(op, value) {
            Some(made) => made,
            None => match self.lower_float_unary(op, value) {
                Some(made) => made,
                None => return self.lower_vector_unary(inst, op, value),
            },
        };
        self.bind(inst, made);
    }

    fn lower_int_unary(&mut self, op: Unary, value: Value) -> Option<VReg> {
        use Unary as U;
        let size = match op.result() {
            upshift_core::types::ValType::I64 => Size::S64,
            _ => Size::S32,
        };
        Some(match op {
            // Another name of the operand.
            U::I64ExtendI32U => return None,
            U::I32WrapI64 => self.extend(Extend::Zx32, Size::S32, value),
            U::I64ExtendI32S | U::I64Extend32S => self.extend(Extend::Sx32, Size::S64, value),
            U::I32Extend8S | U::I64Extend8S => self.extend(Extend::Sx8, size, value),
            U::I32Extend16S | U::I64Extend16S => self.extend(Extend::Sx16, size, value),
            U::I32Clz | U::I64Clz if self.has(CpuFeature::Lzcnt) => self.count(Extend::Lzcnt, size, value),
            U::I32Ctz | U::I64Ctz if self.has(CpuFeature::Bmi1) => self.count(Extend::Tzcnt, size, value),
            U::I32Clz | U::I64Clz => self.search_bit(true, size, value),
            U::I32Ctz | U::I64Ctz => self.search_bit(false, size, value),
            U::I32Popcnt | U::I64Popcnt if self.has(CpuFeature::Popcnt) => {
                self.count(Extend::Popcnt, size, value)
            }
            U::I32ReinterpretF32 => self.bits_of_float(LoadOp::W32, Load::LoadF32, Size::S32, value),
            U::I64ReinterpretF64 => self.bits_of_float(LoadOp::W64, Load::LoadF64, Size::S64, value),
            U::F32ReinterpretI32 => self.float_of_bits(LoadOp::F32, Load::Load32U, Size::S32, value),
            U::F64ReinterpretI64 => self.float_of_bits(LoadOp::F64, Load::Load64, Size::S64, value),
            U::RefI31 => {
                let value = self.reg_for(value, Size::S32);
                let twice = self.out.lea(Size::S32, Address::register(value, 0).index(value, Scale::X1));
                self.out.alu_imm(Alu::Or, Size::S32, twice, 1)
            }
            U::I31GetS | U::I31GetU => {
                let value = self.reg(value);
                self.out.test(Size::S32, value, value);
                self.out.trap_if(Test::If(Cond::E), Trap::NullReference, Detail::None, &[]);
                let shift = if op == U::I31GetS { Shift::Sar } else { Shift::Shr };
                self.out.shift_imm(shift, Size::S32, value, 1)
            }
            _ => return None,
        })
    }

    /// An extension, which may be part of a load.
    pub(super) fn extend(&mut self, op: Extend, size: Size, value: Value) -> VReg {
        let value = self.low_of_extension(op, value);
        let wide = size == Size::S64;
        let load = match (op, self.sinkable(value)) {
            (Extend::Sx8, Some(Load::Load8U | Load::Load8S32 | Load::Load8S64)) if wide => LoadOp::Sx8To64,
            (Extend::Sx8, Some(Load::Load8U | Load::Load8S32 | Load::Load8S64)) => LoadOp::Sx8To32,
            (Extend::Sx16, Some(Load::Load16U | Load::Load16S32 | Load::Load16S64)) if wide => {
                LoadOp::Sx16To64
            }
            (Extend::Sx16, Some(Load::Load16U | Load::Load16S32 | Load::Load16S64)) => LoadOp::Sx16To32,
            (Extend::Sx32, Some(Load::Load32U | Load::Load32S64)) => LoadOp::Sx32To64,
            (Extend::Sx32, Some(Load::Load8S32)) => LoadOp::Sx8To64,
            (Extend::Sx32, Some(Load::Load16S32)) => LoadOp::Sx16To64,
            (Extend::Zx8, Some(Load::Load8U | Load::Load8S32 | Load::Load8S64)) => LoadOp::Zx8,
            (Extend::Zx16, Some(Load::Load16U | Load::Load16S32 | Load::Load16S64)) => LoadOp::Zx16,
            (Extend::Zx32, Some(Load::Load32U | Load::Load32S64)) => LoadOp::W32,
            _ => {
                let value = self.reg(value);
                return self.out.unary(op, size, value);
            }
        };
        let place = self.sink_any(value);
        self.at(place, |this, address, fault| this.out.load(load, address, fault))
    }

    /// What an extension may read instead: it looks at the lowest bits only.
    fn low_of_extension(&self, op: Extend, value: Value) -> Value {
        match op {
            Extend::Sx8 | Extend::Zx8 | Extend::Sx16 | Extend::Zx16 | Extend::Zx32 | Extend::Sx32 => {
                self.low_of(value)
            }
            _ => value,
        }
    }

    fn count(&mut self, op: Extend, size: Size, value: Value) -> VReg {
        let value = self.reg_for(value, size);
        self.out.unary(op, size, value)
    }

    /// How many zeroes there are above the highest bit or below the lowest one, by a search that leaves out zero.
    fn search_bit(&mut self, highest: bool, size: Size, value: Value) -> VReg {
        let bits = u64::from(size.bytes() * 8);
        let value = self.reg_for(value, size);
        let ty = if size == Size::S64 { Ty::I64 } else { Ty::I32 };
        // The number of a bit, counted from the other end, is its complement.
        let none = self.out.imm(if highest { 2 * bits - 1 } else { bits });
        let found = self.out.unary(if highest { Extend::Bsr } else { Extend::Bsf }, size, value);
        self.out.test(size, value, value);
        let result = self.out.select(Test::If(Cond::E), ty, none, found);
        if highest { self.out.alu_imm(Alu::Xor, Size::S32, result, bits as i32 - 1) } else { result }
    }

    /// The bits of a float.
    fn bits_of_float(&mut self, load: LoadOp, wanted: Load, size: Size, value: Value) -> VReg {
        match self.sink(value, wanted) {
            Some(place) => self.at(place, |this, address, fault| this.out.load(load, address, fault)),
            None => {
                let value = self.reg(value);
                self.out.xmm_to_int(size, value)
            }
        }
    }

    /// The float with these bits.
    fn float_of_bits(&mut self, load: LoadOp, wanted: Load, size: Size, value: Value) -> VReg {
        match self.sink(value, wanted) {
            Some(place) => self.at(place, |this, address, fault| this.out.load(load, address, fault)),
            None => {
                let value = self.reg_for(value, size);
                self.out.int_to_xmm(size, value)
            }
        }
    }
}
