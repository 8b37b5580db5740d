//! Conversions between integers and floats.
//!
//! The instruction returns the smallest integer for whatever does not fit, so a test of its result finds these; what becomes of
//! them is decided in a cold block: the nearest integer, zero for NaN, or a trap. Unsigned integers of 64 bits lack an instruction: what
//! has their highest bit set is converted with 2⁶³ less.

use regalloc2::{RegClass, VReg};
use upshift_asm::x64::{Alu, Cond, Shift, Size, XmmBinary};
use upshift_core::Trap;
use upshift_core::ops::Unary;

use super::Lowering;
use crate::mach::MBlock;
use crate::mach::x64::{Detail, Fault, Test, Unary as Extend};
use crate::ssa::{Ty, Value};

/// A type of integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Integer {
    I32,
    U32,
    I64,
    U64,
}

impl Integer {
    /// The least and the greatest, as registers hold them.
    fn bounds(self) -> (u64, u64) {
        match self {
            Integer::I32 => (1 << 31, (1 << 31) - 1),
            Integer::U32 => (0, u32::MAX.into()),
            Integer::I64 => (1 << 63, (1 << 63) - 1),
            Integer::U64 => (0, u64::MAX),
        }
    }
}

/// A conversion that is being lowered.
#[derive(Clone, Copy)]
struct Conversion {
    /// Whether the float has 64 bits.
    double: bool,
    to: Integer,
    /// Whether what does not fit becomes the nearest integer, not a trap.
    saturates: bool,
    value: VReg,
    /// Where to go on with the integer.
    over: MBlock,
}

/// The bits of 2⁶³.
fn two_to_63(double: bool) -> u64 {
    if double { 0x43e0_0000_0000_0000 } else { 0x5f00_0000 }
}

impl Lowering<'_> {
    /// Conversions, if it is one.
    pub(super) fn lower_conversion(&mut self, op: Unary, value: Value) -> Option<VReg> {
        use Unary as U;
        let double = matches!(op.result(), upshift_core::types::ValType::F64);
        Some(match op {
            U::F32ConvertI32S | U::F64ConvertI32S => self.convert_int(double, Size::S32, value),
            // Zero-extended, it is a number of 64 bits that has no sign.
            U::F32ConvertI32U | U::F64ConvertI32U | U::F32ConvertI64S | U::F64ConvertI64S => {
                self.convert_int(double, Size::S64, value)
            }
            U::F32ConvertI64U | U::F64ConvertI64U => self.convert_u64(double, value),
            U::I32TruncF32S | U::I32TruncF64S => self.lower_truncation(Integer::I32, false, value),
            U::I32TruncF32U | U::I32TruncF64U => self.lower_truncation(Integer::U32, false, value),
            U::I64TruncF32S | U::I64TruncF64S => self.lower_truncation(Integer::I64, false, value),
            U::I64TruncF32U | U::I64TruncF64U => self.lower_truncation(Integer::U64, false, value),
            U::I32TruncSatF32S | U::I32TruncSatF64S => self.lower_truncation(Integer::I32, true, value),
            U::I32TruncSatF32U | U::I32TruncSatF64U => self.lower_truncation(Integer::U32, true, value),
            U::I64TruncSatF32S | U::I64TruncSatF64S => self.lower_truncation(Integer::I64, true, value),
            U::I64TruncSatF32U | U::I64TruncSatF64U => self.lower_truncation(Integer::U64, true, value),
            _ => return None,
        })
    }

    fn convert_int(&mut self, double: bool, size: Size, value: Value) -> VReg {
        let value = self.reg_for(value, size);
        self.out.from_int(double, size, value)
    }

    /// A register for the result of blocks that go on in this one.
    fn result_of(&mut self, over: MBlock, class: RegClass) -> VReg {
        let result = self.out.vreg_of(class);
        self.out.set_params(over, &[result]);
        self.out.switch_to(over);
        result
    }

    /// From an unsigned number of 64 bits: one with the highest bit set is halved first, the lowest bit deciding how it is rounded.
    fn convert_u64(&mut self, double: bool, value: Value) -> VReg {
        let value = self.reg(value);
        let ty = if double { Ty::F64 } else { Ty::F32 };
        let (large, small, over) = (self.out.cold_block(), self.out.block(), self.out.block());
        self.out.test(Size::S64, value, value);
        self.out.branch(Test::If(Cond::S), (large, &[]), (small, &[]));
        self.out.switch_to(small);
        let made = self.out.from_int(double, Size::S64, value);
        self.out.jump(over, &[made]);
        self.out.switch_to(large);
        let lowest = self.out.alu_imm(Alu::And, Size::S32, value, 1);
        let half = self.out.shift_imm(Shift::Shr, Size::S64, value, 1);
        let rounded = self.out.alu(Alu::Or, Size::S64, half, lowest);
        let made = self.out.from_int(double, Size::S64, rounded);
        let add = if double { XmmBinary::ADDSD } else { XmmBinary::ADDSS };
        let twice = self.out.xmm(add, ty, made, made);
        self.out.jump(over, &[twice]);
        self.result_of(over, RegClass::Float)
    }

    fn lower_truncation(&mut self, to: Integer, saturates: bool, value: Value) -> VReg {
        let double = self.func.ty(value) == Ty::F64;
        let value = self.reg(value);
        let (misfit, over) = (self.out.cold_block(), self.out.block());
        let made = self.out.to_int(double, Size::S64, value);
        let (made, misfits) = match to {
            Integer::I32 | Integer::U32 => {
                // By way of 64 bits: what does not fit there does not here.
                let low = self.out.unary(Extend::Zx32, Size::S32, made);
                if to == Integer::I32 {
                    let wide = self.out.unary(Extend::Sx32, Size::S64, made);
                    self.out.cmp(Size::S64, wide, made);
                } else {
                    self.out.cmp(Size::S64, low, made);
                }
                (low, Cond::Ne)
            }
            Integer::I64 => {
                // The smallest number may be a number that fits.
                self.out.cmp_imm(Size::S64, made, 1);
                (made, Cond::O)
            }
            Integer::U64 => {
                self.out.cmp_imm(Size::S64, made, 0);
                (made, Cond::S)
            }
        };
        self.out.branch(Test::If(misfits), (misfit, &[]), (over, &[made]));
        self.out.switch_to(misfit);
        self.lower_misfit(Conversion { double, to, saturates, value, over });
        self.result_of(over, RegClass::Int)
    }

    /// What becomes of a float that does not fit, or only seems not to.
    fn lower_misfit(&mut self, conversion: Conversion) {
        let Conversion { double, to, value, over, .. } = conversion;
        let [nan, low, high] = [self.out.cold_block(), self.out.cold_block(), self.out.cold_block()];
        let (least, greatest) = to.bounds();
        match to {
            Integer::I32 | Integer::U32 => {
                let number = self.out.cold_block();
                self.out.ucomi(double, value, value);
                self.out.branch(Test::If(Cond::P), (nan, &[]), (number, &[]));
                self.out.switch_to(number);
                self.branch_by_sign(double, value, low, high);
            }
            Integer::I64 => {
                // The least number is right already.
                let (number, other, exact) =
                    (self.out.cold_block(), self.out.cold_block(), self.out.cold_block());
                let bits = two_to_63(double) | if double { 1 << 63 } else { 1 << 31 };
                self.out.ucomi(double, value, value);
                self.out.branch(Test::If(Cond::P), (nan, &[]), (number, &[]));
                self.out.switch_to(number);
                let place = self.out.const64(bits);
                self.out.ucomi_load(double, value, place, Fault::NONE);
                self.out.branch(Test::If(Cond::E), (exact, &[]), (other, &[]));
                self.out.switch_to(exact);
                let made = self.out.imm(least);
                self.out.jump(over, &[made]);
                self.out.switch_to(other);
                self.branch_by_sign(double, value, low, high);
            }
            Integer::U64 => self.lower_upper_half(conversion, nan, low, high),
        }
        for (block, nearest, trap) in [
            (high, greatest, Trap::IntegerOverflow),
            (low, least, Trap::IntegerOverflow),
            (nan, 0, Trap::BadConversionToInteger),
        ] {
            self.out.switch_to(block);
            if conversion.saturates {
                let nearest = self.out.imm(nearest);
                self.out.jump(over, &[nearest]);
            } else {
                self.out.trap(trap, Detail::None, &[]);
            }
        }
    }

    /// What is not below 2⁶³ is converted with so much less.
    fn lower_upper_half(&mut self, conversion: Conversion, nan: MBlock, low: MBlock, high: MBlock) {
        let Conversion { double, value, over, .. } = conversion;
        let [number, large, fits] = [self.out.cold_block(), self.out.cold_block(), self.out.cold_block()];
        let ty = if double { Ty::F64 } else { Ty::F32 };
        self.out.ucomi(double, value, value);
        self.out.branch(Test::If(Cond::P), (nan, &[]), (number, &[]));
        self.out.switch_to(number);
        let half = self.out.const64(two_to_63(double));
        self.out.ucomi_load(double, value, half, Fault::NONE);
        self.out.branch(Test::If(Cond::B), (low, &[]), (large, &[]));
        self.out.switch_to(large);
        let sub = if double { XmmBinary::SUBSD } else { XmmBinary::SUBSS };
        let less = self.out.xmm_load(sub, ty, value, half, Fault::NONE);
        let made = self.out.to_int(double, Size::S64, less);
        self.out.cmp_imm(Size::S64, made, 0);
        self.out.branch(Test::If(Cond::S), (high, &[]), (fits, &[]));
        self.out.switch_to(fits);
        let highest = self.out.imm(1 << 63);
        let sum = self.out.alu(Alu::Xor, Size::S64, highest, made);
        self.out.jump(over, &[sum]);
    }

    fn branch_by_sign(&mut self, double: bool, value: VReg, negative: MBlock, positive: MBlock) {
        let size = if double { Size::S64 } else { Size::S32 };
        let bits = self.out.xmm_to_int(size, value);
        self.out.cmp_imm(size, bits, 0);
        self.out.branch(Test::If(Cond::S), (negative, &[]), (positive, &[]));
    }
}
