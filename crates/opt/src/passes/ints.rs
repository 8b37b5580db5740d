//! Binary operators on integers without their width: a rule for [`Int::Add`] is one for both of `i32.add` and `i64.add`.

use upshift_core::ops::Binary;

macro_rules! integer_operators {
    ($($name:ident $narrow:ident $wide:ident;)*) => {
        /// What a binary operator on integers does.
        #[allow(missing_docs)] // The names are those of the operators.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub(crate) enum Int {
            $($name,)*
        }

        impl Int {
            /// The operator without its width; none if its operands are no integers.
            #[inline]
            #[must_use]
            pub(crate) fn of(op: Binary) -> Option<(Int, Width)> {
                match op {
                    $(Binary::$narrow => Some((Int::$name, Width::Narrow)),)*
                    $(Binary::$wide => Some((Int::$name, Width::Wide)),)*
                    _ => None,
                }
            }

            /// The operator for a width.
            #[must_use]
            pub(crate) fn at(self, width: Width) -> Binary {
                match (self, width) {
                    $((Int::$name, Width::Narrow) => Binary::$narrow,)*
                    $((Int::$name, Width::Wide) => Binary::$wide,)*
                }
            }
        }
    };
}

integer_operators! {
    Eq I32Eq I64Eq;
    Ne I32Ne I64Ne;
    LtS I32LtS I64LtS;
    LtU I32LtU I64LtU;
    GtS I32GtS I64GtS;
    GtU I32GtU I64GtU;
    LeS I32LeS I64LeS;
    LeU I32LeU I64LeU;
    GeS I32GeS I64GeS;
    GeU I32GeU I64GeU;
    Add I32Add I64Add;
    Sub I32Sub I64Sub;
    Mul I32Mul I64Mul;
    And I32And I64And;
    Or I32Or I64Or;
    Xor I32Xor I64Xor;
    Shl I32Shl I64Shl;
    ShrS I32ShrS I64ShrS;
    ShrU I32ShrU I64ShrU;
    Rotl I32Rotl I64Rotl;
    Rotr I32Rotr I64Rotr;
    DivS I32DivS I64DivS;
    DivU I32DivU I64DivU;
    RemS I32RemS I64RemS;
    RemU I32RemU I64RemU;
}

impl Int {
    /// Whether the result says how the operands compare.
    #[must_use]
    pub(crate) fn is_compare(self) -> bool {
        matches!(self, Int::Eq | Int::Ne) || self.is_signed_order() || self.is_unsigned_order()
    }

    /// Whether it orders the operands as signed integers.
    #[must_use]
    pub(crate) fn is_signed_order(self) -> bool {
        matches!(self, Int::LtS | Int::GtS | Int::LeS | Int::GeS)
    }

    /// Whether it orders the operands as unsigned integers.
    #[must_use]
    pub(crate) fn is_unsigned_order(self) -> bool {
        matches!(self, Int::LtU | Int::GtU | Int::LeU | Int::GeU)
    }

    /// Whether only the lowest bits of the second operand count.
    #[must_use]
    pub(crate) fn is_shift(self) -> bool {
        matches!(self, Int::Shl | Int::ShrS | Int::ShrU | Int::Rotl | Int::Rotr)
    }
}

/// How many bits the operands have.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Width {
    /// 32 bits.
    Narrow,
    /// 64 bits.
    Wide,
}

impl Width {
    /// How many they are.
    #[must_use]
    pub(crate) fn bits(self) -> u32 {
        match self {
            Width::Narrow => 32,
            Width::Wide => 64,
        }
    }

    /// All of them, which is -1 and the largest unsigned integer.
    #[must_use]
    pub(crate) fn ones(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }

    /// The least signed integer.
    #[must_use]
    pub(crate) fn least(self) -> u64 {
        1 << (self.bits() - 1)
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::ops::Binary;

    use super::{Int, Width};

    #[test]
    fn operators_come_back() {
        for &op in Binary::ALL {
            if let Some((int, width)) = Int::of(op) {
                assert_eq!(int.at(width), op);
                assert_eq!(int.is_compare(), op.is_compare());
            }
        }
        assert_eq!((Width::Narrow.ones(), Width::Wide.least()), (0xffff_ffff, 1 << 63));
    }
}
