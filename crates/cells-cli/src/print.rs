//! What is printed, and how the process ends.

use std::fmt;
use std::io::{ErrorKind, Write};

use anyhow::{Error, Result};

/// Nobody reads the standard output any more. Who closed it has seen enough: it is no error to tell of.
#[derive(Debug)]
pub(crate) struct NobodyReads;

impl fmt::Display for NobodyReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the standard output any more")
    }
}

impl std::error::Error for NobodyReads {}

/// Writes to the standard output, at once.
///
/// # Errors
/// If that fails; [`NobodyReads`] if nobody reads it.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(NobodyReads.into()),
        outcome => Ok(outcome?),
    }
}

/// Writes to the standard error.
pub(crate) fn tell(text: &str) {
    // There is nowhere left to say that this failed.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// An error with its causes, as it is told.
pub(crate) fn message(error: &Error) -> String {
    format!("error: {}\n", visible(&format!("{error:#}")))
}

/// Text that may have something foreign in it, as names of files, without characters that move a cursor or turn the direction of
/// writing.
pub(crate) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}
