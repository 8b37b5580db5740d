//! Scalar operators on constants: the bits of slots in, the bits of the result out.
//!
//! The functions are those of the table, so that a compiler computes what the running program would. Operators on vectors are left
//! out: programs hardly ever apply them to constants, and each would be code of its own.
//!
//! No answer means that the operation has to stay: it traps, or it makes a NaN of bits that depend on the machine and on the order
//! of the operands in the instruction (wasm spec, "NaN Propagation"). NaNs that only pass through (`neg`, `abs`, `copysign`,
//! reinterpretations) or are canonical keep bits that the operator determines.

use super::{Binary, BinaryOp, Unary, UnaryOp, op};
use crate::for_each_pure_op;
use crate::value::Scalar;

/// Whether the result may not be a NaN, by the name of a row.
macro_rules! nan_free {
    (F32Abs) => {
        false
    };
    (F32Neg) => {
        false
    };
    (F32Copysign) => {
        false
    };
    (F32ReinterpretI32) => {
        false
    };
    (F32CanonicalNan) => {
        false
    };
    (F64Abs) => {
        false
    };
    (F64Neg) => {
        false
    };
    (F64Copysign) => {
        false
    };
    (F64ReinterpretI64) => {
        false
    };
    (F64CanonicalNan) => {
        false
    };
    ($name:ident) => {
        true
    };
}

/// Whether bits of a slot are a NaN of the type.
macro_rules! is_nan {
    (f32, $bits:ident) => {
        f32::from_bits($bits as u32).is_nan()
    };
    (f64, $bits:ident) => {
        f64::from_bits($bits).is_nan()
    };
    ($t:ident, $bits:ident) => {
        false
    };
}

macro_rules! fold_binary {
    (@simd_binary $($row:tt)*) => {
        None
    };
    (@$section:ident $name:ident $l:ident $r:ident $o:ident $lhs:ident $rhs:ident) => {{
        let out = op::$name::eval(<$l as Scalar>::from_bits($lhs), <$r as Scalar>::from_bits($rhs)).ok()?;
        let bits = <$o as Scalar>::to_bits(out);
        if nan_free!($name) && is_nan!($o, bits) { None } else { Some(bits) }
    }};
}

macro_rules! fold_unary {
    (@simd_unary $($row:tt)*) => {
        None
    };
    (@canonical_nan $name:ident V128 V128 $value:ident) => {
        None
    };
    (@$section:ident $name:ident $i:ident $o:ident $value:ident) => {{
        let bits = <$o as Scalar>::to_bits(op::$name::eval(<$i as Scalar>::from_bits($value)).ok()?);
        if nan_free!($name) && is_nan!($o, bits) { None } else { Some(bits) }
    }};
}

macro_rules! define_folds {
    (
        binary { $($bs:ident { $(
            $b:ident $b_text:literal ($b_l:ident, $b_r:ident) -> $b_o:ident = $b_f:expr
                $(, inverse $b_inverse:ident, swapped $b_swapped:ident)?;
        )* })* }
        wide { $($wide:tt)* }
        unary { $($us:ident { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* })* }
        canonical_nan { $($n:ident $n_text:literal ($n_i:ident) -> $n_o:ident = $n_f:expr;)* }
        $($rest:tt)*
    ) => {
        impl Binary {
            /// The bits of the result for the bits of scalar operands; none if the operation has to stay, see
            /// [`fold`](self).
            ///
            /// ```
            /// use upshift_core::ops::Binary;
            ///
            /// assert_eq!(Binary::I32Sub.fold(2, 3), Some(0xffff_ffff));
            /// assert_eq!(Binary::I32DivS.fold(2, 0), None);
            /// ```
            #[must_use]
            pub fn fold(self, lhs: u64, rhs: u64) -> Option<u64> {
                match self {
                    $($(Binary::$b => fold_binary!(@$bs $b $b_l $b_r $b_o lhs rhs),)*)*
                }
            }
        }

        impl Unary {
            /// The bits of the result for the bits of a scalar operand; none if the operation has to stay, see
            /// [`fold`](self).
            ///
            /// ```
            /// use upshift_core::ops::Unary;
            ///
            /// assert_eq!(Unary::I64ExtendI32S.fold(0x8000_0000), Some(0xffff_ffff_8000_0000));
            /// assert_eq!(Unary::I32TruncF64S.fold(f64::NAN.to_bits()), None);
            /// ```
            #[must_use]
            pub fn fold(self, value: u64) -> Option<u64> {
                match self {
                    $($(Unary::$u => fold_unary!(@$us $u $u_i $u_o value),)*)*
                    $(Unary::$n => fold_unary!(@canonical_nan $n $n_i $n_o value),)*
                }
            }
        }
    };
}

for_each_pure_op!([define_folds]);

#[cfg(test)]
mod tests {
    use crate::ops::{Binary, Unary};

    #[test]
    fn results_fill_the_slot_as_tiers_do() {
        assert_eq!(Binary::I32Add.fold(0xffff_ffff, 2), Some(1));
        // The upper half of an `i32`'s slot is not part of the operand.
        assert_eq!(Binary::I32Eq.fold(1 << 32, 0), Some(1));
        assert_eq!(Binary::I64Eq.fold(1 << 32, 0), Some(0));
        assert_eq!(Unary::I32Extend8S.fold(0x80), Some(0xffff_ff80));
        assert_eq!(Binary::I32Shl.fold(1, 33), Some(2));
    }

    #[test]
    fn what_traps_stays() {
        assert_eq!(Binary::I32DivS.fold(0x8000_0000, 0xffff_ffff), None);
        assert_eq!(Binary::I32RemS.fold(0x8000_0000, 0xffff_ffff), Some(0));
        assert_eq!(Binary::I64RemU.fold(7, 0), None);
        assert_eq!(Unary::I31GetS.fold(0), None);
        assert_eq!(Unary::I32TruncF32U.fold(u64::from((-1.0f32).to_bits())), None);
    }

    #[test]
    fn nans_of_open_bits_stay() {
        let (zero, nan) = (0f64.to_bits(), f64::NAN.to_bits());
        assert_eq!(Binary::F64Div.fold(zero, zero), None);
        assert_eq!(Binary::F64Add.fold(nan, zero), None);
        assert_eq!(Unary::F32DemoteF64.fold(nan), None);
        assert_eq!(Binary::F64Div.fold(1f64.to_bits(), zero), Some(f64::INFINITY.to_bits()));
    }

    #[test]
    fn nans_of_known_bits_pass() {
        let signalling = 0x7ff0_0000_0000_0001u64;
        assert_eq!(Unary::F64Neg.fold(signalling), Some(signalling | 1 << 63));
        assert_eq!(Unary::F64Abs.fold(signalling | 1 << 63), Some(signalling));
        assert_eq!(Binary::F64Copysign.fold(signalling, 1 << 63), Some(signalling | 1 << 63));
        assert_eq!(Unary::F64ReinterpretI64.fold(signalling), Some(signalling));
        assert_eq!(Unary::F64CanonicalNan.fold(signalling), Some(0x7ff8_0000_0000_0000));
        // Comparisons of NaNs are no NaNs.
        assert_eq!(Binary::F64Eq.fold(signalling, signalling), Some(0));
    }

    #[test]
    fn vectors_are_left_alone() {
        assert_eq!(Unary::I8x16Splat.fold(1), None);
        assert_eq!(Binary::V128And.fold(1, 1), None);
    }
}
