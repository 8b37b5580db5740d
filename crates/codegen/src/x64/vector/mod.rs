//! Operators of vectors: which instructions compute each, by what the processor has.
//!
//! ```text
//! operator, features ─ binary_form, unary_form, ternary_form, load_form, Shuffle ─▶ form ─ a compiler ─▶ instructions
//!                                                                     └ None: left to the interpreter
//! ```
//! A form says which instructions there are and in which order operands stand. How they get into registers, and whether the forms of
//! instructions with two operands or three (AVX) are taken, is the compilers' own.

mod binary;
mod load;
mod shuffle;
mod ternary;
mod unary;

pub use binary::{BinaryForm, ByteShift, Half, binary_form, widening};
pub use load::{LoadForm, load_form};
pub use shuffle::{Pattern, Shuffle};
pub use ternary::{TernaryForm, ternary_form};
pub use unary::{UnaryForm, unary_form};
use upshift_asm::x64::{CpuFeature, CpuFeatures};

/// A row of a table: how an operator is computed, and what the processor must have for that.
#[derive(Clone, Copy)]
struct Row<F> {
    form: F,
    needs: Option<CpuFeature>,
    /// The form without what it needs.
    otherwise: Option<F>,
}

impl<F> Row<F> {
    /// The form, if processors with these features have instructions for it.
    fn on(self, features: CpuFeatures) -> Option<F> {
        if self.needs.is_none_or(|feature| features.has(feature)) { Some(self.form) } else { self.otherwise }
    }

    /// The row with a form for processors that lack what the first one needs.
    fn or(self, otherwise: F) -> Row<F> {
        Row { otherwise: Some(otherwise), ..self }
    }
}

/// A form that all processors have instructions for.
const fn any<F: Copy>(form: F) -> Row<F> {
    Row { form, needs: None, otherwise: None }
}

/// A form that needs a feature.
const fn with<F: Copy>(feature: CpuFeature, form: F) -> Row<F> {
    Row { form, needs: Some(feature), otherwise: None }
}

/// 16 equal lanes of 8 bits.
#[must_use]
pub const fn splat8(lane: u8) -> u128 {
    u128::from_le_bytes([lane; 16])
}

/// 8 equal lanes of 16 bits.
#[must_use]
pub const fn splat16(lane: u16) -> u128 {
    lane as u128 * (u128::MAX / u16::MAX as u128)
}

/// 4 equal lanes of 32 bits.
#[must_use]
pub const fn splat32(lane: u32) -> u128 {
    lane as u128 * (u128::MAX / u32::MAX as u128)
}

/// 2 equal lanes of 64 bits.
///
/// ```
/// use upshift_codegen::x64::vector::{splat8, splat16, splat32, splat64};
///
/// assert_eq!(splat64(0x0102_0102_0102_0102), splat16(0x0102));
/// assert_eq!(splat32(0x0505_0505), splat8(5));
/// ```
#[must_use]
pub const fn splat64(lane: u64) -> u128 {
    lane as u128 * (u128::MAX / u64::MAX as u128)
}

/// The float, 2⁵², from which on all of 64 bits are integral.
pub const TWO_TO_52: u64 = 0x4330_0000_0000_0000;

/// For each number below 16 how many of its bits are set: the table of [`UnaryForm::Popcnt`].
pub const BIT_COUNTS: u128 = u128::from_le_bytes([0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]);

/// Comparisons of floats by their number, the immediate of `cmpps`.
pub mod predicate {
    /// Equal, and neither is NaN.
    pub const EQUAL: u8 = 0;
    /// Less.
    pub const LESS: u8 = 1;
    /// Less or equal.
    pub const LESS_OR_EQUAL: u8 = 2;
    /// One is NaN.
    pub const UNORDERED: u8 = 3;
    /// Not equal, or one is NaN.
    pub const NOT_EQUAL: u8 = 4;
}

/// Whether there are instructions between memory and lanes of this many bytes.
///
/// ```
/// use upshift_asm::x64::CpuFeatures;
/// use upshift_codegen::x64::vector::has_lane_access;
///
/// assert!(has_lane_access(8, CpuFeatures::BASELINE) && !has_lane_access(4, CpuFeatures::BASELINE));
/// ```
#[must_use]
pub const fn has_lane_access(bytes: u8, features: CpuFeatures) -> bool {
    matches!(bytes, 2 | 8) || features.has(CpuFeature::Sse41)
}
