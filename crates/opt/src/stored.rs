//! What the compiler has made as bytes, for whoever keeps it beyond the process: [`encode`] and [`decode`].
//!
//! ```text
//! OptCode or Refusal ─ encode ─▶ bytes ─ decode ─▶ the same
//! ```
//!
//! The form is that of Postcard. It belongs to this build of the program, as does what code refers to: handlers, stubs and records of the
//! runtime. Whoever keeps bytes makes sure that the same build reads them, and that they are those that were written: [`decode`] finds
//! that bytes are too short or no such thing, but machine code is what it is.

use std::fmt;

use crate::code::{OptCode, Refusal};

/// Bytes that do not hold what [`encode`] writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

/// What the compiler has made as bytes.
///
/// ```
/// use upshift_opt::stored::{decode, encode};
/// use upshift_opt::{Reason, Refusal};
///
/// let refused = Err(Refusal { reason: Reason::TooLarge, offset: 7, detail: "much".into() });
/// let bytes = encode(&refused);
/// assert_eq!(decode(&bytes), Ok(refused));
/// assert!(decode(&bytes[1..]).is_err());
/// ```
///
/// # Panics
///
/// When there is no memory.
#[must_use]
pub fn encode(made: &Result<OptCode, Refusal>) -> Vec<u8> {
    postcard::to_allocvec(made).expect("all of its lengths are known, and memory is all that may be missing")
}

/// What the compiler had made.
///
/// # Errors
/// When the bytes do not hold that, or more than that.
pub fn decode(bytes: &[u8]) -> Result<Result<OptCode, Refusal>, Malformed> {
    match postcard::take_from_bytes(bytes) {
        Ok((made, [])) => Ok(made),
        _ => Err(Malformed),
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not those of optimized code")
    }
}

impl std::error::Error for Malformed {}
