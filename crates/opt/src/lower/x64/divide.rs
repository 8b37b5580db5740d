//! Divisions: by constants as multiplications and shifts, by others with the traps that they need.

use regalloc2::VReg;
use upshift_asm::x64::{Alu, Cond, Shift, Size};
use upshift_core::Trap;

use super::Lowering;
use super::integer::Division;
use crate::lower::magic::{Magic32, Magic64, signed_32, signed_64, unsigned_32, unsigned_64};
use crate::mach::x64::{Address, Detail, Test, Unary as Extend};
use crate::ssa::Value;

impl Lowering<'_> {
    /// A division or its remainder.
    pub(super) fn lower_division(&mut self, op: Division, size: Size, lhs: Value, rhs: Value) -> VReg {
        let known = self.constant(rhs);
        if let Some(divisor) = known
            && let Some(made) = self.divide_by(op, size, lhs, divisor)
        {
            return made;
        }
        let value = self.reg_for(lhs, size);
        let divisor = self.reg_for(rhs, size);
        if known.is_none_or(|divisor| divisor == 0) {
            self.out.cmp_imm(size, divisor, 0);
            self.out.trap_if(Test::If(Cond::E), Trap::IntegerDivisionByZero, Detail::None, &[]);
        }
        let minus_one = self.imm(rhs, size) == Some(-1);
        if op.signed && (known.is_none() || minus_one) {
            return self.divide_signed(op, size, value, divisor);
        }
        let (quotient, remainder) = self.out.div(op.signed, size, value, divisor);
        if op.remainder { remainder } else { quotient }
    }

    /// A signed division that may be one by -1, whose quotient does not always fit.
    fn divide_signed(&mut self, op: Division, size: Size, value: VReg, divisor: VReg) -> VReg {
        let (minus_one, usual, over) = (self.out.cold_block(), self.out.block(), self.out.block());
        self.out.cmp_imm(size, divisor, -1);
        self.out.branch(Test::If(Cond::E), (minus_one, &[]), (usual, &[]));
        self.out.switch_to(minus_one);
        let special = if op.remainder {
            self.out.imm(0)
        } else {
            let negated = self.out.neg(size, value);
            self.out.trap_if(Test::If(Cond::O), Trap::IntegerOverflow, Detail::None, &[]);
            negated
        };
        self.out.jump(over, &[special]);
        self.out.switch_to(usual);
        let (quotient, remainder) = self.out.div(true, size, value, divisor);
        self.out.jump(over, &[if op.remainder { remainder } else { quotient }]);
        let result = self.out.vreg_of(regalloc2::RegClass::Int);
        self.out.set_params(over, &[result]);
        self.out.switch_to(over);
        result
    }

    /// Divides by a constant, if that can be had without a division.
    fn divide_by(&mut self, op: Division, size: Size, value: Value, divisor: u64) -> Option<VReg> {
        if op.signed {
            let divisor = if size == Size::S64 { divisor as i64 } else { i64::from(divisor as i32) };
            return self.divide_signed_by(op, size, value, divisor);
        }
        if divisor == 0 {
            return None;
        }
        let value = self.reg(value);
        if divisor.is_power_of_two() {
            return Some(self.divide_by_power(op, size, value, divisor));
        }
        let quotient = if size == Size::S64 {
            self.upper_quotient(value, unsigned_64(divisor))
        } else {
            match unsigned_32(divisor as u32) {
                Magic32::Product { factor, shift } => {
                    let factor = self.out.imm(factor.into());
                    let product = self.out.imul(Size::S64, factor, value);
                    self.out.shift_imm(Shift::Shr, Size::S64, product, shift)
                }
                Magic32::Upper(factor) => {
                    let factor = self.out.imm(factor);
                    self.out.mul_wide(false, Size::S64, factor, value).1
                }
            }
        };
        Some(self.quotient_or_rest(op, size, value, quotient, divisor))
    }

    fn divide_by_power(&mut self, op: Division, size: Size, value: VReg, divisor: u64) -> VReg {
        if !op.remainder {
            return match divisor.trailing_zeros() as u8 {
                0 => value,
                by => self.out.shift_imm(Shift::Shr, size, value, by),
            };
        }
        let mask = divisor - 1;
        match u32::try_from(mask) {
            // The bits above vanish.
            Ok(mask) => self.out.alu_imm(Alu::And, Size::S32, value, mask as i32),
            Err(_) => {
                let mask = self.out.imm(mask);
                self.out.alu(Alu::And, Size::S64, mask, value)
            }
        }
    }

    /// The quotient of unsigned 64-bit numbers.
    fn upper_quotient(&mut self, value: VReg, Magic64 { factor, add, shift }: Magic64) -> VReg {
        let factor = self.out.imm(factor);
        let upper = self.out.mul_wide(false, Size::S64, factor, value).1;
        if !add {
            return match shift {
                0 => upper,
                by => self.out.shift_imm(Shift::Shr, Size::S64, upper, by),
            };
        }
        // The sum of both would have 65 bits: half of it is the upper half and half of what it is less than the number.
        let rest = self.out.alu(Alu::Sub, Size::S64, value, upper);
        let half = self.out.shift_imm(Shift::Shr, Size::S64, rest, 1);
        let sum = self.out.alu(Alu::Add, Size::S64, half, upper);
        match shift - 1 {
            0 => sum,
            by => self.out.shift_imm(Shift::Shr, Size::S64, sum, by),
        }
    }

    /// The quotient is the result, or what is left of the value is.
    fn quotient_or_rest(
        &mut self,
        op: Division,
        size: Size,
        value: VReg,
        quotient: VReg,
        divisor: u64,
    ) -> VReg {
        if !op.remainder {
            return quotient;
        }
        let imm = if size == Size::S64 { i32::try_from(divisor as i64).ok() } else { Some(divisor as i32) };
        let product = match imm {
            Some(imm) => self.out.imul_imm(size, quotient, imm),
            None => {
                let divisor = self.out.imm(divisor);
                self.out.imul(size, divisor, quotient)
            }
        };
        self.out.alu(Alu::Sub, size, value, product)
    }

    fn divide_signed_by(&mut self, op: Division, size: Size, value: Value, divisor: i64) -> Option<VReg> {
        let magnitude = divisor.unsigned_abs();
        let least = if size == Size::S64 { 1 << 63 } else { 1 << 31 };
        if magnitude < 2 || magnitude == least {
            return None;
        }
        let bits = (size.bytes() * 8) as u8;
        let value = self.reg(value);
        let quotient = if magnitude.is_power_of_two() {
            // Negative numbers are to be rounded up.
            let log2 = magnitude.trailing_zeros() as u8;
            let sign = match log2 {
                1 => value,
                _ => self.out.shift_imm(Shift::Sar, size, value, bits - 1),
            };
            let more = self.out.shift_imm(Shift::Shr, size, sign, bits - log2);
            let sum = self.out.alu(Alu::Add, size, more, value);
            self.out.shift_imm(Shift::Sar, size, sum, log2)
        } else if size == Size::S64 {
            let (factor, shift) = signed_64(magnitude);
            let number = self.out.imm(factor);
            let mut upper = self.out.mul_wide(true, Size::S64, number, value).1;
            if (factor as i64) < 0 {
                upper = self.out.alu(Alu::Add, Size::S64, upper, value);
            }
            if shift > 0 {
                upper = self.out.shift_imm(Shift::Sar, Size::S64, upper, shift);
            }
            self.plus_sign(size, upper, value)
        } else {
            let (factor, shift) = signed_32(magnitude as u32)?;
            let wide = self.out.unary(Extend::Sx32, Size::S64, value);
            let factor = self.out.imm(factor.into());
            let product = self.out.imul(Size::S64, factor, wide);
            let rounded = self.out.shift_imm(Shift::Sar, Size::S64, product, shift);
            self.plus_sign(size, rounded, value)
        };
        let quotient = if divisor < 0 && !op.remainder { self.out.neg(size, quotient) } else { quotient };
        Some(self.quotient_or_rest(op, size, value, quotient, magnitude))
    }

    /// One more if a number is negative.
    fn plus_sign(&mut self, size: Size, quotient: VReg, value: VReg) -> VReg {
        let sign = self.out.shift_imm(Shift::Shr, size, value, (size.bytes() * 8 - 1) as u8);
        self.out.lea(size, Address::register(quotient, 0).index(sign, upshift_asm::x64::Scale::X1))
    }
}
