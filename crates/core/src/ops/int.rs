//! Integer operators that can trap (wasm spec, "Integer Operations").

use crate::Trap;

macro_rules! division {
    ($($signed:ty, $unsigned:ty: $div_s:ident $div_u:ident $rem_s:ident $rem_u:ident;)*) => {$(
        /// Signed quotient, rounded toward zero.
        ///
        /// # Errors
        /// Division by zero; overflow for the least value divided by -1.
        #[inline(always)]
        pub fn $div_s(a: $signed, b: $signed) -> Result<$signed, Trap> {
            if b == 0 {
                return Err(Trap::IntegerDivisionByZero);
            }
            a.checked_div(b).ok_or(Trap::IntegerOverflow)
        }

        /// Unsigned quotient.
        ///
        /// # Errors
        /// Division by zero.
        #[inline(always)]
        pub fn $div_u(a: $unsigned, b: $unsigned) -> Result<$unsigned, Trap> {
            a.checked_div(b).ok_or(Trap::IntegerDivisionByZero)
        }

        /// Signed remainder, with the sign of the dividend.
        ///
        /// # Errors
        /// Division by zero.
        #[inline(always)]
        pub fn $rem_s(a: $signed, b: $signed) -> Result<$signed, Trap> {
            if b == 0 {
                return Err(Trap::IntegerDivisionByZero);
            }
            Ok(a.wrapping_rem(b))
        }

        /// Unsigned remainder.
        ///
        /// # Errors
        /// Division by zero.
        #[inline(always)]
        pub fn $rem_u(a: $unsigned, b: $unsigned) -> Result<$unsigned, Trap> {
            a.checked_rem(b).ok_or(Trap::IntegerDivisionByZero)
        }
    )*};
}

division! {
    i32, u32: div_s_32 div_u_32 rem_s_32 rem_u_32;
    i64, u64: div_s_64 div_u_64 rem_s_64 rem_u_64;
}

#[cfg(test)]
mod tests {
    use super::{div_s_32, rem_s_64};
    use crate::Trap;

    #[test]
    fn edges_of_division() {
        assert_eq!(div_s_32(i32::MIN, -1), Err(Trap::IntegerOverflow));
        assert_eq!(div_s_32(1, 0), Err(Trap::IntegerDivisionByZero));
        assert_eq!(div_s_32(-7, 2), Ok(-3));
        assert_eq!(rem_s_64(i64::MIN, -1), Ok(0));
        assert_eq!(rem_s_64(-7, 2), Ok(-1));
    }
}
