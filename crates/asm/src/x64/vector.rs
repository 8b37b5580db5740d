//! Vector instructions as values, [`XmmBinary`] and [`XmmUnary`]: a compiler chooses the operation once and then the form.
//!
//! The forms of SSE have two operands, those with VEX (AVX) a third one that is only written. Scalars in memory need no alignment;
//! 16 bytes in memory do in the forms of SSE (but for `movups` and its like) and do not in those with VEX.

use std::fmt;

use super::assembler::Assembler;
use super::encoding::Enc;
use super::mem::Rm;
use super::regs::Xmm;
use super::{floats, simd};

/// `target = target op source`, or `target = first op second` with AVX.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct XmmBinary(pub(super) Enc);

/// `target = op source`
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct XmmUnary(pub(super) Enc);

/// The name of an encoding in the form without VEX.
fn name(enc: Enc) -> &'static str {
    let mut all = floats::NAMES.iter().chain(simd::NAMES);
    all.find(|&&(known, _)| known == enc).map_or("?", |&(_, name)| name)
}

impl fmt::Debug for XmmBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(self.0))
    }
}

impl fmt::Debug for XmmUnary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(self.0))
    }
}

impl XmmBinary {
    /// Whether it works on the lowest lane only, so that an operand in memory need not be at a multiple of 16 in any form.
    ///
    /// ```
    /// use upshift_asm::x64::XmmBinary;
    ///
    /// assert!(XmmBinary::ADDSD.is_scalar() && !XmmBinary::ORPS.is_scalar() && !XmmBinary::HADDPS.is_scalar());
    /// ```
    #[must_use]
    pub fn is_scalar(self) -> bool {
        let scalar_prefix = matches!(self.0.vex.prefix(), 2 | 3);
        scalar_prefix && self != XmmBinary::HADDPS
    }

    /// Whether its operands can be exchanged: which of two NaNs the result is does not matter.
    ///
    /// ```
    /// use upshift_asm::x64::XmmBinary;
    ///
    /// assert!(XmmBinary::ADDSD.commutes() && XmmBinary::PXOR.commutes());
    /// assert!(!XmmBinary::SUBSD.commutes() && !XmmBinary::MINSD.commutes());
    /// ```
    #[must_use]
    pub fn commutes(self) -> bool {
        COMMUTATIVE.contains(&self)
    }
}

/// What computes the same from exchanged operands, the frequent ones first.
const COMMUTATIVE: [XmmBinary; 48] = {
    use XmmBinary as X;
    [
        X::ADDSD,
        X::MULSD,
        X::ADDSS,
        X::MULSS,
        X::ADDPS,
        X::MULPS,
        X::ADDPD,
        X::MULPD,
        X::PADDD,
        X::PXOR,
        X::PAND,
        X::POR,
        X::PADDB,
        X::PADDW,
        X::PADDQ,
        X::XORPS,
        X::ANDPS,
        X::ORPS,
        X::XORPD,
        X::ANDPD,
        X::ORPD,
        X::PADDSB,
        X::PADDSW,
        X::PADDUSB,
        X::PADDUSW,
        X::PMULLW,
        X::PMULHW,
        X::PMULHUW,
        X::PMULUDQ,
        X::PMULDQ,
        X::PMULLD,
        X::PMULHRSW,
        X::PMADDWD,
        X::PAVGB,
        X::PAVGW,
        X::PMINSB,
        X::PMINSW,
        X::PMINSD,
        X::PMINUB,
        X::PMINUW,
        X::PMINUD,
        X::PMAXSB,
        X::PMAXSW,
        X::PMAXSD,
        X::PMAXUB,
        X::PMAXUW,
        X::PMAXUD,
        X::PCMPEQD,
    ]
};

/// # Vector instructions by value
impl Assembler {
    /// `op target, source`
    #[inline]
    pub fn xmm_binary(&mut self, op: XmmBinary, target: Xmm, source: impl Rm<Xmm>) {
        source.encode(self, op.0, target.number(), 0, 0);
    }

    /// `op target, first, second`. Needs AVX.
    #[inline]
    pub fn vex_binary(&mut self, op: XmmBinary, target: Xmm, first: Xmm, second: impl Rm<Xmm>) {
        second.encode_vex(self, op.0, target.number(), first.number(), 0, 0);
    }

    /// `op target, source`
    #[inline]
    pub fn xmm_unary(&mut self, op: XmmUnary, target: Xmm, source: impl Rm<Xmm>) {
        source.encode(self, op.0, target.number(), 0, 0);
    }

    /// `op target, source`. Needs AVX.
    #[inline]
    pub fn vex_unary(&mut self, op: XmmUnary, target: Xmm, source: impl Rm<Xmm>) {
        source.encode_vex(self, op.0, target.number(), 0, 0, 0);
    }
}
