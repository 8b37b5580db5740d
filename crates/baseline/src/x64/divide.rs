//! Divisions of 32-bit integers by constants, as multiplications.
//!
//! `n / d` is `n * m >> p` where `m` is 2^p / d, rounded up: what that is too much, `e = m * d - 2^p`, must not reach the next
//! integer, which it does not as long as `n * e < 2^p`.

use upshift_asm::x64::{Alu, Gpr, Shift, Size};
use upshift_translate::backend::{Operand, Slot};

use super::Class;
use super::integer::Division;
use crate::cache::Kind;
use crate::compiler::Compiler;

/// A factor and a shift.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Magic {
    factor: u64,
    shift: u8,
}

/// The smallest factor for numbers up to `most`, 2^31 or more, if it has 32 bits.
fn magic(divisor: u32, most: u64) -> Option<Magic> {
    (32..64).find_map(|shift: u8| {
        let factor = (1u64 << shift) / u64::from(divisor) + 1;
        let excess = u128::from(factor) * u128::from(divisor) - (1u128 << shift);
        let fits = excess * u128::from(most) < 1u128 << shift;
        (fits && factor <= u32::MAX.into()).then_some(Magic { factor, shift })
    })
}

impl Compiler<'_> {
    /// Divides an `i32` by a constant, if a multiplication can do it.
    pub(super) fn divide_by_constant(
        &mut self,
        op: Division,
        dst: Slot,
        value: Operand,
        divisor: u32,
    ) -> bool {
        if op.signed {
            return self.divide_signed_by(op, dst, value, divisor as i32);
        }
        let magic = if divisor < 3 { None } else { magic(divisor, u32::MAX.into()) };
        if divisor < 3 {
            return false;
        }
        if magic.is_none() {
            self.alloc_fixed(Gpr::RAX);
            self.alloc_fixed(Gpr::RDX);
        }
        let value = self.use_gpr(value, Kind::I32);
        let quotient = if magic.is_none() { Gpr::RDX } else { self.alloc_gpr() };
        match magic {
            Some(Magic { factor, shift }) => {
                self.asm.mov_imm(quotient, factor);
                self.asm.imul(Size::S64, quotient, value);
                self.asm.shift_imm(Shift::Shr, Size::S64, quotient, shift);
            }
            None => {
                // The upper half of the product with 2^64 / d, which is exact enough for any.
                self.asm.mov_imm(Gpr::RAX, u64::MAX / u64::from(divisor) + 1);
                self.asm.mul(Size::S64, value);
            }
        }
        self.define_quotient(op, dst, value, quotient, divisor);
        true
    }

    /// The quotient is the result, or what is left of the value is.
    fn define_quotient(&mut self, op: Division, dst: Slot, value: Gpr, quotient: Gpr, divisor: u32) {
        if !op.remainder {
            return self.define(dst, quotient, Kind::I32);
        }
        self.asm.imul_imm(Size::S32, quotient, quotient, divisor as i32);
        let rest = self.alloc(Class::Int).gpr();
        self.asm.mov(Size::S32, rest, value);
        self.asm.alu(Alu::Sub, Size::S32, rest, quotient);
        self.define(dst, rest, Kind::I32);
    }

    fn divide_signed_by(&mut self, op: Division, dst: Slot, value: Operand, divisor: i32) -> bool {
        let size = divisor.unsigned_abs();
        if size < 2 || divisor == i32::MIN {
            return false;
        }
        let magic = magic(size, 1 << 31);
        if magic.is_none() && !size.is_power_of_two() {
            return false;
        }
        let value = self.use_gpr(value, Kind::I32);
        let (quotient, sign) = (self.alloc_gpr(), self.alloc_gpr());
        match magic {
            Some(Magic { factor, shift }) if !size.is_power_of_two() => {
                self.asm.movsxd(quotient, value);
                self.asm.mov_imm(sign, factor);
                self.asm.imul(Size::S64, quotient, sign);
                self.asm.shift_imm(Shift::Sar, Size::S64, quotient, shift);
                // Rounded down; negative quotients are to be rounded up.
                self.asm.mov(Size::S32, sign, value);
                self.asm.shift_imm(Shift::Shr, Size::S32, sign, 31);
                self.asm.alu(Alu::Add, Size::S32, quotient, sign);
            }
            _ => {
                let log2 = size.trailing_zeros() as u8;
                self.asm.mov(Size::S32, quotient, value);
                self.asm.shift_imm(Shift::Sar, Size::S32, quotient, 31);
                self.asm.shift_imm(Shift::Shr, Size::S32, quotient, 32 - log2);
                self.asm.alu(Alu::Add, Size::S32, quotient, value);
                self.asm.shift_imm(Shift::Sar, Size::S32, quotient, log2);
            }
        }
        if divisor < 0 && !op.remainder {
            self.asm.neg(Size::S32, quotient);
        }
        self.define_quotient(op, dst, value, quotient, size);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Magic, magic};

    /// Numbers next to multiples of the divisor, where a wrong factor would show first.
    fn edges(divisor: u32, most: u64) -> impl Iterator<Item = u64> {
        let last = most / u64::from(divisor);
        [0, 1, 2, last / 2, last.saturating_sub(1), last]
            .into_iter()
            .flat_map(move |multiple| {
                let at = multiple * u64::from(divisor);
                [at.saturating_sub(1), at, at + 1]
            })
            .chain([most - 1, most])
            .filter(move |&number| number <= most)
    }

    #[test]
    fn products_are_quotients() {
        let divisors = (3..2000).chain([641, 65537, 1_000_000_007, 0x7fff_ffff, 0x8000_0001, u32::MAX]);
        for divisor in divisors {
            for most in [u64::from(u32::MAX), 1 << 31] {
                let Some(Magic { factor, shift }) = magic(divisor, most) else { continue };
                for number in edges(divisor, most) {
                    let product = (u128::from(number) * u128::from(factor)) >> shift;
                    assert_eq!(product as u64, number / u64::from(divisor), "{number} / {divisor}");
                }
            }
            let factor = u64::MAX / u64::from(divisor) + 1;
            for number in edges(divisor, u32::MAX.into()) {
                let upper = (u128::from(number) * u128::from(factor)) >> 64;
                assert_eq!(upper as u64, number / u64::from(divisor), "{number} / {divisor}");
            }
        }
    }
}
