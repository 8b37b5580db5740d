//! Instructions of vectors that are not alike in all but their opcode: [`VectorOp`], by the shape of their operands.

/// What operands an operation has; see [`Inst`](super::Inst) for the letters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// `any d`, with an immediate.
    Unary,
    /// `any d`, an integer or the lowest lane to all lanes. Needs AVX2, or AVX where it is loaded.
    Broadcast,
    /// `u any d` with VEX, `u any d=0` without, with an immediate.
    Binary,
    /// `u u d`, `u u d=0`: parts of registers.
    Parts,
    /// `u d`, `u d=0`: shifts by an immediate.
    Shift,
    /// `u d`: the result is an integer; an immediate may tell the lane.
    ToInt,
    /// `u any d`, `u any d=0`: an integer to the lane that the immediate tells.
    FromInt,
    /// `u any u d`, `u any u[xmm0] d=0`: by the third operand.
    Blend,
    /// `u u any d=0`: the product of the last two is added to the first, or taken from it. Needs FMA.
    Fused,
    /// Only in memory.
    Memory,
}

macro_rules! vector_ops {
    ($($shape:ident { $($(#[$doc:meta])* $op:ident $name:literal;)* })*) => {
        /// An operation of vectors.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum VectorOp { $($(
            #[doc = concat!("`", $name, "`")]
            $(#[$doc])*
            $op,
        )*)* }

        impl VectorOp {
            /// What operands it has.
            #[must_use]
            pub const fn shape(self) -> Shape {
                match self { $($(VectorOp::$op => Shape::$shape,)*)* }
            }

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($(VectorOp::$op => $name,)*)* }
            }
        }
    };
}

vector_ops! {
    Unary {
        Pshufd "pshufd";
        Pshufhw "pshufhw";
        Pshuflw "pshuflw";
        Roundps "roundps";
        Roundpd "roundpd";
        /// The upper half becomes zero.
        Roundss "roundss";
        /// The upper half becomes zero.
        Roundsd "roundsd";
    }
    Broadcast {
        Pbroadcastb "pbroadcastb";
        Pbroadcastw "pbroadcastw";
        Pbroadcastd "pbroadcastd";
        Pbroadcastq "pbroadcastq";
        /// Only from memory.
        Broadcastss "broadcastss";
    }
    Binary {
        Shufps "shufps";
        Shufpd "shufpd";
        Cmpps "cmpps";
        Cmppd "cmppd";
        Cmpss "cmpss";
        Cmpsd "cmpsd";
        Palignr "palignr";
        Pblendw "pblendw";
        Blendps "blendps";
        Blendpd "blendpd";
        Insertps "insertps";
    }
    Parts {
        /// The lowest lane of 32 bits from the second.
        Movss "movss";
        /// The lower half from the second.
        Movsd "movsd";
        /// The lower half from the upper half of the second.
        Movhlps "movhlps";
        /// The upper half from the lower half of the second.
        Movlhps "movlhps";
    }
    Shift {
        Psrlw "psrlw";
        Psraw "psraw";
        Psllw "psllw";
        Psrld "psrld";
        Psrad "psrad";
        Pslld "pslld";
        Psrlq "psrlq";
        Psllq "psllq";
        /// By bytes.
        Psrldq "psrldq";
        /// By bytes.
        Pslldq "pslldq";
    }
    ToInt {
        Pextrb "pextrb";
        Pextrw "pextrw";
        Pextrd "pextrd";
        Pextrq "pextrq";
        Movmskps "movmskps";
        Movmskpd "movmskpd";
        Pmovmskb "pmovmskb";
    }
    FromInt {
        Pinsrb "pinsrb";
        Pinsrw "pinsrw";
        Pinsrd "pinsrd";
        Pinsrq "pinsrq";
    }
    Blend {
        /// The second where the highest bit of the third's byte is set.
        Pblendvb "pblendvb";
        /// The same of 32-bit lanes.
        Blendvps "blendvps";
        /// The same of 64-bit lanes.
        Blendvpd "blendvpd";
    }
    Fused {
        Fmadd231ps "fmadd231ps";
        Fmadd231pd "fmadd231pd";
        Fnmadd231ps "fnmadd231ps";
        Fnmadd231pd "fnmadd231pd";
    }
    Memory {
        /// The lower half.
        Movlps "movlps";
        /// The upper half.
        Movhps "movhps";
    }
}

impl VectorOp {
    /// Whether its form that loads has another operand in front.
    #[must_use]
    pub const fn loads_behind(self) -> bool {
        !matches!(self.shape(), Shape::Unary | Shape::Broadcast)
    }
}
