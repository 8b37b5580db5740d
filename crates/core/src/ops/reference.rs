//! Operators on `i31` references: the integer is in the upper 31 bits, and the lowest bit is 1.

use crate::Trap;

/// The integer, sign-extended.
///
/// # Errors
/// When the reference is null.
#[inline(always)]
pub fn i31_get_s(reference: i32) -> Result<i32, Trap> {
    if reference == 0 { Err(Trap::NullReference) } else { Ok(reference >> 1) }
}

/// The integer, zero-extended.
///
/// # Errors
/// When the reference is null.
#[inline(always)]
pub fn i31_get_u(reference: u32) -> Result<u32, Trap> {
    if reference == 0 { Err(Trap::NullReference) } else { Ok(reference >> 1) }
}

#[cfg(test)]
mod tests {
    use super::{i31_get_s, i31_get_u};
    use crate::Trap;
    use crate::ops::UnaryOp;
    use crate::ops::op::RefI31;

    #[test]
    fn integers_keep_31_bits() {
        for (value, signed, unsigned) in [
            (0, 0, 0),
            (-1, -1, 0x7fff_ffff),
            (0x3fff_ffff, 0x3fff_ffff, 0x3fff_ffff),
            (0x4000_0000, -0x4000_0000, 0x4000_0000),
            (i32::MIN, 0, 0),
        ] {
            let reference = RefI31::eval(value as u32).expect("it cannot trap");
            assert_eq!(reference & 1, 1);
            assert_eq!(i31_get_s(reference as i32), Ok(signed));
            assert_eq!(i31_get_u(reference), Ok(unsigned));
        }
        assert_eq!(i31_get_s(0), Err(Trap::NullReference));
        assert_eq!(i31_get_u(0), Err(Trap::NullReference));
    }
}
