//! Whether a constant divides a number, which takes less than the remainder.
//!
//! Let `W` be the number's bits, `d = 2ᵏ·m` the divisor with `m` odd, and `m'` the inverse of `m` modulo 2^W. Multiplied by `m'`, multiples
//! of `m` become their quotients, the smallest numbers there are, and all others become larger ones; then bits that were below `2ᵏ` are
//! turned to the top, where they make a number large as well:
//!
//! ```text
//! unsigned   d | n  if and only if  (n·m') rotated right by k  ≤  ⌊(2^W - 1) / d⌋
//! signed     d | n  if and only if  (n·m' + a) rotated right by k  ≤  2a / 2ᵏ,  a = ⌊(2^(W-1) - 1) / m⌋ without its k lowest bits
//! ```
//! The quotients of signed numbers lie on both sides of zero, so they are moved to above it first.

use upshift_asm::x64::{Alu, Shift, Size};
use upshift_core::ops::Binary;

use super::Lowering;
use super::operands::Source;
use crate::ssa::Value;

/// How to find out whether a constant divides a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Divides {
    inverse: u64,
    /// What is added to the product.
    add: u64,
    rotate: u8,
    /// What the result is at most, unsigned.
    most: u64,
}

impl Divides {
    /// For a divisor of so many bits; not for powers of two.
    fn by(divisor: u64, bits: u32, signed: bool) -> Option<Divides> {
        let ones = u64::MAX >> (64 - bits);
        let is_negative = signed && divisor >> (bits - 1) != 0;
        let divisor = if is_negative { divisor.wrapping_neg() & ones } else { divisor };
        if divisor == 0 || divisor.is_power_of_two() {
            return None;
        }
        let rotate = divisor.trailing_zeros();
        let odd = divisor >> rotate;
        // Each step doubles the number of bits that are right: three are at first.
        let inverse = (0..5).fold(odd, |x, _| x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x)))) & ones;
        let add = if signed { ((ones >> 1) / odd) >> rotate << rotate } else { 0 };
        let most = if signed { (2 * add) >> rotate } else { ones / divisor };
        Some(Divides { inverse, add, rotate: rotate as u8, most })
    }
}

impl Lowering<'_> {
    /// Sets the flags by a remainder of a division by a constant that only this instruction uses, if a value is one: it is zero if they say
    /// "below or equal".
    pub(super) fn compare_remainder(&mut self, value: Value, size: Size) -> bool {
        let value = if size == Size::S64 { self.resolve(value) } else { self.low_of(value) };
        let Some((op, number, divisor)) = self.sole_binary(value) else { return false };
        let (size, signed) = match op {
            Binary::I32RemU => (Size::S32, false),
            Binary::I32RemS => (Size::S32, true),
            Binary::I64RemU if size == Size::S64 => (Size::S64, false),
            Binary::I64RemS if size == Size::S64 => (Size::S64, true),
            _ => return false,
        };
        let Some(divisor) = self.constant(divisor) else { return false };
        if self.constant(number).is_some() {
            return false;
        }
        let Some(divides) = Divides::by(divisor, size.bytes() * 8, signed) else { return false };
        // It cannot trap, so nothing else needs it.
        self.sunk[value.index()] = true;
        let most = self.operand(divides.most, size);
        let number = self.reg_for(number, size);
        let mut result = match self.operand(divides.inverse, size) {
            Source::Imm(inverse) => self.out.imul_imm(size, number, inverse),
            Source::Reg(inverse) => self.out.imul(size, inverse, number),
            Source::Mem(_) => unreachable!("constants are immediates or in registers"),
        };
        if divides.add != 0 {
            let add = self.operand(divides.add, size);
            result = self.alu(Alu::Add, size, result, add);
        }
        if divides.rotate != 0 {
            result = self.out.shift_imm(Shift::Ror, size, result, divides.rotate);
        }
        match most {
            Source::Imm(most) => self.out.cmp_imm(size, result, most),
            Source::Reg(most) => self.out.cmp(size, result, most),
            Source::Mem(_) => unreachable!("constants are immediates or in registers"),
        }
        true
    }

    /// A constant as an operand.
    fn operand(&mut self, bits: u64, size: Size) -> Source {
        let imm = if size == Size::S64 { i32::try_from(bits as i64).ok() } else { Some(bits as u32 as i32) };
        imm.map_or_else(|| Source::Reg(self.out.imm(bits)), Source::Imm)
    }
}

#[cfg(test)]
mod tests {
    use super::Divides;

    fn divides(number: u64, divisor: u64, bits: u32, signed: bool) -> Option<bool> {
        let ones = u64::MAX >> (64 - bits);
        let Divides { inverse, add, rotate, most } = Divides::by(divisor, bits, signed)?;
        let sum = number.wrapping_mul(inverse).wrapping_add(add) & ones;
        let rotated =
            if rotate == 0 { sum } else { (sum >> rotate | sum << (bits - u32::from(rotate))) & ones };
        Some(rotated <= most)
    }

    /// All divisors and numbers of few bits.
    #[test]
    fn all_small_numbers_are_divided() {
        for bits in [4, 7, 9] {
            let (count, half) = (1_i64 << bits, 1_i64 << (bits - 1));
            for divisor in 0..count {
                for number in 0..count {
                    let signed = |x: i64| if x < half { x } else { x - count };
                    let found = divides(number as u64, divisor as u64, bits, false);
                    assert!(found.is_none_or(|found| found == (number % divisor == 0)), "{number} {divisor}");
                    let found = divides(number as u64, divisor as u64, bits, true);
                    let expected = || signed(number) % signed(divisor) == 0;
                    assert!(found.is_none_or(|found| found == expected()), "{number} {divisor} {bits}");
                }
            }
        }
    }

    /// Multiples and their neighbours, of the width of registers.
    #[test]
    fn multiples_are_divided_and_no_others() {
        let divisors = [3, 5, 6, 7, 10, 12, 24, 100, 641, 1000, 0x5555_5555, 0x7fff_ffff, 0x7fff_fffe];
        for divisor in divisors {
            for times in [
                0,
                1,
                2,
                3,
                77,
                0x7fff,
                0xffff,
                0x7fff_ffff / divisor,
                0xffff_ffff / divisor,
                u64::MAX / divisor,
            ] {
                for step in [-2_i64, -1, 0, 1, 2] {
                    let number = times.wrapping_mul(divisor).wrapping_add(step as u64);
                    assert_eq!(divides(number, divisor, 64, false), Some(number % divisor == 0));
                    let expected = (number as i64) % divisor as i64 == 0;
                    assert_eq!(divides(number, divisor, 64, true), Some(expected));
                    assert_eq!(divides(number, divisor.wrapping_neg(), 64, true), Some(expected));
                    let narrow = number as u32;
                    assert_eq!(
                        divides(narrow.into(), divisor, 32, false),
                        Some(u64::from(narrow) % divisor == 0)
                    );
                    let expected = i64::from(narrow as i32) % divisor as i64 == 0;
                    assert_eq!(divides(narrow.into(), divisor, 32, true), Some(expected));
                }
            }
        }
    }
}
