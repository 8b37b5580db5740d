//! Loads of less than 16 bytes that make vectors.

use upshift_core::ops::memory::Load;

/// What becomes of the bytes that are loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoadForm {
    /// Eight bytes, widened to twice as many.
    Widen {
        /// The width of the lanes in memory in bits.
        bits: u32,
        /// Lanes are sign-extended instead of zero-extended.
        signed: bool,
    },
    /// A lane of this many bits, repeated.
    Splat(u32),
    /// So many bits, and zeroes behind.
    Zero(u32),
}

impl LoadForm {
    /// How many bytes are loaded.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            LoadForm::Widen { .. } => 8,
            LoadForm::Splat(bits) | LoadForm::Zero(bits) => bits / 8,
        }
    }
}

/// The form of a load, if it makes a vector of less than 16 bytes.
///
/// ```
/// use upshift_codegen::x64::vector::{LoadForm, load_form};
/// use upshift_core::ops::memory::Load;
///
/// let form = load_form(Load::V128Load16Splat);
/// assert_eq!((form, form.map(LoadForm::bytes)), (Some(LoadForm::Splat(16)), Some(2)));
/// assert_eq!(load_form(Load::V128Load), None);
/// ```
#[must_use]
pub const fn load_form(op: Load) -> Option<LoadForm> {
    Some(match op {
        Load::V128Load8x8S => LoadForm::Widen { bits: 8, signed: true },
        Load::V128Load8x8U => LoadForm::Widen { bits: 8, signed: false },
        Load::V128Load16x4S => LoadForm::Widen { bits: 16, signed: true },
        Load::V128Load16x4U => LoadForm::Widen { bits: 16, signed: false },
        Load::V128Load32x2S => LoadForm::Widen { bits: 32, signed: true },
        Load::V128Load32x2U => LoadForm::Widen { bits: 32, signed: false },
        Load::V128Load8Splat => LoadForm::Splat(8),
        Load::V128Load16Splat => LoadForm::Splat(16),
        Load::V128Load32Splat => LoadForm::Splat(32),
        Load::V128Load64Splat => LoadForm::Splat(64),
        Load::V128Load32Zero => LoadForm::Zero(32),
        Load::V128Load64Zero => LoadForm::Zero(64),
        _ => return None,
    })
}
