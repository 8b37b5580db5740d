//! Why bytes are not a module: the errors of the parser.
//!
//! The validator has one error type for everything; here errors are sorted by what the reader of the message can do:
//! *malformed* bytes cannot be decoded at all, an *invalid* module breaks a rule, an *unsupported* one needs a feature
//! that is forbidden or not implemented (wasm spec, "Conventions / Validation", and "Binary Format"), one that is *too large*
//! exceeds a limit.

use std::fmt;

use upshift_core::shown::Shown;

use crate::features::{Availability, Feature};
use crate::limits::ModuleLimitExceeded;

/// What is wrong with a module, in general.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ParseErrorKind {
    /// The bytes do not follow the binary format.
    Malformed,
    /// The module can be decoded but breaks a rule of validation.
    Invalid,
    /// The module needs something that this engine lacks or forbids.
    Unsupported,
    /// The module exceeds a limit of this engine. It may be valid.
    TooLarge,
}

/// The first thing that is wrong with a module, in the order of its bytes.
///
/// Prints as `invalid module at offset 0x1f: type mismatch: expected i32, found i64`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    kind: ParseErrorKind,
    offset: u64,
    reason: String,
    feature: Option<Feature>,
    limit: Option<ModuleLimitExceeded>,
}

impl From<ModuleLimitExceeded> for ParseError {
    #[cold]
    fn from(exceeded: ModuleLimitExceeded) -> ParseError {
        let error = ParseError::new(ParseErrorKind::TooLarge, exceeded.offset, exceeded.reason());
        ParseError { limit: Some(exceeded), ..error }
    }
}

impl ParseError {
    #[cold]
    pub(crate) fn new(kind: ParseErrorKind, offset: u64, reason: impl Into<String>) -> ParseError {
        ParseError { kind, offset, reason: reason.into(), feature: None, limit: None }
    }

    #[cold]
    pub(crate) fn malformed(offset: u64, reason: impl Into<String>) -> ParseError {
        ParseError::new(ParseErrorKind::Malformed, offset, reason)
    }

    #[cold]
    pub(crate) fn unsupported(offset: u64, reason: impl Into<String>) -> ParseError {
        ParseError::new(ParseErrorKind::Unsupported, offset, reason)
    }

    /// The module cannot do without a feature that is not implemented.
    #[cold]
    pub(crate) fn missing(offset: u64, feature: Feature) -> ParseError {
        ParseError { feature: Some(feature), ..ParseError::unsupported(offset, "part of a missing feature") }
    }

    /// Sorts an error of the validator. `decode_error` is what decoding alone finds wrong with the same part of the
    /// module.
    #[cold]
    pub(crate) fn sort(error: &wasmparser::Error, decode_error: Option<&wasmparser::Error>) -> ParseError {
        let feature = error.missing_wasm_feature().and_then(Feature::from_flags);
        let kind = match decode_error {
            _ if feature.is_some() => ParseErrorKind::Unsupported,
            // A decoder that stumbles only later has passed the place in question, so a rule was broken there.
            Some(decode) if decode.offset() <= error.offset() => ParseErrorKind::Malformed,
            _ => ParseErrorKind::Invalid,
        };
        // The validator quotes names of exports as they are.
        let reason = Shown::new(error.message()).to_string();
        ParseError { feature, ..ParseError::new(kind, error.offset(), reason) }
    }

    /// What is wrong, in general.
    #[must_use]
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where it is, in bytes from the module's start.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What is wrong, in particular.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The limit that the module exceeds, if that is what is wrong.
    #[must_use]
    pub fn limit(&self) -> Option<ModuleLimitExceeded> {
        self.limit
    }

    /// The feature whose lack makes the module unsupported, if it is known.
    #[must_use]
    pub fn feature(&self) -> Option<Feature> {
        self.feature
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(limit) = &self.limit {
            return limit.fmt(f);
        }
        let kind = match self.kind {
            ParseErrorKind::Malformed => "malformed",
            ParseErrorKind::Invalid => "invalid",
            ParseErrorKind::Unsupported => "unsupported",
            ParseErrorKind::TooLarge => "too large",
        };
        write!(f, "{kind} module at offset {:#x}: {}", self.offset, self.reason)?;
        let Some(feature) = self.feature else { return Ok(()) };
        let state = match feature.availability() {
            Availability::Unsupported => "is not supported",
            Availability::On | Availability::Off => "is turned off",
        };
        write!(f, " (feature `{feature}` {state})")
    }
}

impl std::error::Error for ParseError {}
