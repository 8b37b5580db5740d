//! Whether an error is the one that a script expects.
//!
//! Scripts give the reference interpreter's messages; an error's message has to begin with the expected one, as there.
//! Where Upshift says the same in other words, the table says so. What is said of refused modules has a table of its own, in
//! `refusals.rs`.

use upshift::{Error, Trap};

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
