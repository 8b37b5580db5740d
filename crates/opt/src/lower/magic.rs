//! Divisions by constants as multiplications: the numbers to multiply by.
//!
//! `n / d` is `n * m >> p` where `m` is 2^p / d, rounded up: what that is too much, `e = m * d - 2^p`, must not reach the next integer,
//! which it does not as long as `n * e < 2^p` for the greatest `n`. For negative numbers the same product, rounded down, is one
//! less than the quotient.

/// How an unsigned 32-bit number is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Magic32 {
    /// The product with a number of 32 bits, which fits into 64 bits, is shifted to the right.
    Product {
        /// The number.
        factor: u32,
        /// By how many bits.
        shift: u8,
    },
    /// The upper half of the product with a number of 64 bits.
    Upper(u64),
}

/// How unsigned numbers of up to 32 bits are divided by one that is no power of two.
pub(crate) fn unsigned_32(divisor: u32) -> Magic32 {
    match product_32(divisor, u32::MAX.into()) {
        Some((factor, shift)) => Magic32::Product { factor, shift },
        // It is too much by less than the divisor, which is less than 2^32.
        None => Magic32::Upper(u64::MAX / u64::from(divisor) + 1),
    }
}

/// The factor and the shift for magnitudes of signed 32-bit numbers, if the factor has 32 bits.
pub(crate) fn signed_32(magnitude: u32) -> Option<(u32, u8)> {
    product_32(magnitude, 1 << 31)
}

/// The smallest factor for numbers up to `most`, if it has 32 bits.
fn product_32(divisor: u32, most: u64) -> Option<(u32, u8)> {
    (32..64).find_map(|shift: u8| {
        let factor = (1u64 << shift) / u64::from(divisor) + 1;
        let excess = u128::from(factor) * u128::from(divisor) - (1u128 << shift);
        let fits = excess * u128::from(most) < 1u128 << shift;
        Some((u32::try_from(factor).ok()?, shift)).filter(|_| fits)
    })
}

/// How an unsigned 64-bit number is divided: the upper half of the product with a factor, shifted to the right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Magic64 {
    /// The factor, without its bit 64 if it has one.
    pub(crate) factor: u64,
    /// Whether the factor has one bit more: then the number itself is added to the upper half, and the sum, of 65 bits, is
    /// shifted.
    pub(crate) add: bool,
    /// By how many bits.
    pub(crate) shift: u8,
}

/// How unsigned 64-bit numbers are divided by one that is no power of two.
pub(crate) fn unsigned_64(divisor: u64) -> Magic64 {
    let most_shift = (64 - divisor.leading_zeros()) as u8;
    for shift in 0..=most_shift {
        let (factor, remainder) = quotient_of_power(divisor, shift);
        // The excess of the factor that is one more.
        let excess = u128::from(divisor) - remainder;
        if excess <= 1u128 << shift && factor < u128::from(u64::MAX) {
            return Magic64 { factor: factor as u64 + 1, add: false, shift };
        }
    }
    let (factor, _) = quotient_of_power(divisor, most_shift);
    Magic64 { factor: (factor as u64).wrapping_add(1), add: true, shift: most_shift }
}

/// 2^(64 + shift) divided by a number, and what is left.
fn quotient_of_power(divisor: u64, shift: u8) -> (u128, u128) {
    // 2^(64 + shift) - 1 fits into 128 bits.
    let all = u128::MAX >> (64 - shift);
    let (quotient, remainder) = (all / u128::from(divisor), all % u128::from(divisor) + 1);
    if remainder == u128::from(divisor) { (quotient + 1, 0) } else { (quotient, remainder) }
}

/// The factor and the shift of the upper half for magnitudes of signed 64-bit numbers, by one of two or more. What
/// the factor is as a signed number may be negative: it is 2^64 less then, which adding the number makes up for.
pub(crate) fn signed_64(magnitude: u64) -> (u64, u8) {
    for shift in 0..63 {
        let (factor, remainder) = quotient_of_power(magnitude, shift);
        let excess = u128::from(magnitude) - remainder;
        // For numbers up to 2^63.
        if excess < 1u128 << (shift + 1) && factor < u128::from(u64::MAX) {
            return (factor as u64 + 1, shift);
        }
    }
    unreachable!("a factor of 64 bits is exact enough for numbers of 63")
}

#[cfg(test)]
mod tests {
    use super::{Magic32, signed_32, signed_64, unsigned_32, unsigned_64};

    /// Numbers next to multiples of the divisor, where a wrong factor would show first, up to `most`.
    fn edges(divisor: u64, most: u64) -> impl Iterator<Item = u64> {
        let last = most / divisor;
        [0, 1, 2, last / 2, last.saturating_sub(1), last]
            .into_iter()
            .filter_map(move |multiple| multiple.checked_mul(divisor))
            .flat_map(|at| [at.saturating_sub(1), at, at.saturating_add(1)])
            .chain([most - 1, most])
            .filter(move |&number| number <= most)
    }

    #[test]
    fn quotients_of_32_bits() {
        let divisors = (3..2000u32).chain([641, 65537, 1_000_000_007, 0x7fff_ffff, 0x8000_0001, u32::MAX]);
        for divisor in divisors.filter(|divisor| !divisor.is_power_of_two()) {
            for number in edges(divisor.into(), u32::MAX.into()) {
                let quotient = match unsigned_32(divisor) {
                    Magic32::Product { factor, shift } => number.wrapping_mul(factor.into()) >> shift,
                    Magic32::Upper(factor) => ((u128::from(number) * u128::from(factor)) >> 64) as u64,
                };
                assert_eq!(quotient, number / u64::from(divisor), "{number} / {divisor}");
            }
            let Some((factor, shift)) = signed_32(divisor) else { continue };
            for number in edges(divisor.into(), 1 << 31) {
                for number in [-(number as i64), (number as i64).min(i32::MAX.into())] {
                    let product = (number * i64::from(factor)) >> shift;
                    assert_eq!(
                        product + i64::from(number < 0),
                        number / i64::from(divisor),
                        "{number} / {divisor}"
                    );
                }
            }
        }
    }

    #[test]
    fn quotients_of_64_bits() {
        let large =
            [10u64.pow(18), u64::MAX, u64::MAX - 1, (1 << 63) + 1, (1 << 63) - 1, 0x5555_5555_5555_5556];
        let divisors = (3..2000u64).chain([641, 6_700_417, 1_000_000_007]).chain(large);
        for divisor in divisors.filter(|divisor| !divisor.is_power_of_two()) {
            let magic = unsigned_64(divisor);
            for number in edges(divisor, u64::MAX) {
                let upper = (u128::from(number) * u128::from(magic.factor)) >> 64;
                let sum = if magic.add { upper + u128::from(number) } else { upper };
                assert_eq!((sum >> magic.shift) as u64, number / divisor, "{number} / {divisor}");
            }
            if divisor > 1 << 63 {
                continue;
            }
            let (factor, shift) = signed_64(divisor);
            for number in edges(divisor, 1 << 63) {
                for number in [-(i128::from(number)), i128::from(number).min(i64::MAX.into())] {
                    let mut upper = (number * i128::from(factor as i64)) >> 64;
                    if (factor as i64) < 0 {
                        upper += number;
                    }
                    let quotient = (upper >> shift) + i128::from(number < 0);
                    assert_eq!(quotient, number / i128::from(divisor), "{number} / {divisor}");
                }
            }
        }
    }
}
