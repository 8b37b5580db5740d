//! Whether an error is the one that a script expects.
//!
//! Scripts give the reference interpreter's messages; an error's message has to begin with the expected one, as there.
//! Where Upshift says the same in other words, the table says so. Messages of refused modules are not compared: which
//! of several rules is broken first is no part of the specification.

use upshift::{Error, Trap};
use upshift_translate::{ParseError, ParseErrorKind};

/// Expected messages that Upshift has other words for.
const OTHER_WORDS: &[(&str, &str)] = &[
    // Which of a table's elements is null is not part of a trap.
    ("uninitialized element 2", "uninitialized element"),
    // One trap for all accesses outside of tables.
    ("undefined element", "out of bounds table access"),
    ("undefined", "out of bounds table access"),
    // One trap for null references of all kinds.
    ("null function reference", "null reference"),
    ("null exception reference", "null reference"),
    ("null structure reference", "null reference"),
    ("null array reference", "null reference"),
    ("null i31 reference", "null reference"),
];

/// Makes sure that a call failed with the expected trap.
pub(crate) fn expect_trap(error: &Error, expected: &str) -> Result<(), String> {
    match error.downcast_ref::<Trap>() {
        Some(trap) => compare(trap.message(), expected),
        None => Err(format!("expected a trap, \"{expected}\", but got an error: {error:#}")),
    }
}

/// Makes sure that linking failed as expected.
pub(crate) fn expect_unlinkable(error: &Error, expected: &str) -> Result<(), String> {
    match error.downcast_ref::<Trap>() {
        Some(trap) => {
            Err(format!("expected \"{expected}\", but linking went well and the module trapped: {trap}"))
        }
        None => compare(&format!("{error:#}"), expected),
    }
}

fn compare(actual: &str, expected: &str) -> Result<(), String> {
    let same = |words: &str| actual.starts_with(words);
    if same(expected) || OTHER_WORDS.iter().any(|&(theirs, ours)| theirs == expected && same(ours)) {
        return Ok(());
    }
    Err(format!("expected \"{expected}\", got \"{actual}\""))
}

/// How a module may be wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It cannot be decoded.
    Malformed,
    /// It can be decoded but breaks a rule.
    Invalid,
}

/// Makes sure that a module was refused for the right kind of reason.
///
/// A malformed module may also be called invalid: some rules of the binary format are checked together with
/// validation. A module may also need a feature that the script's run forbids, or a proposal that is not implemented.
pub(crate) fn expect_refused(error: &Error, wrong: Wrong) -> Result<(), String> {
    let Some(refusal) = error.downcast_ref::<ParseError>() else {
        return Err(format!("refused for another reason: {error:#}"));
    };
    let ok = match refusal.kind() {
        ParseErrorKind::Malformed => wrong == Wrong::Malformed,
        ParseErrorKind::Invalid => true,
        ParseErrorKind::Unsupported => refusal.feature().is_some(),
        ParseErrorKind::TooLarge => false,
    };
    if ok { Ok(()) } else { Err(refusal.to_string()) }
}
