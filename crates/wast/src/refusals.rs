//! Whether a module or a text was refused for the reason that a script expects.
//!
//! Scripts give the messages of the specification's reference interpreter. Its runner wants an error that *begins* with the
//! expected words; so "unknown table" also stands for "unknown table 3". Here they may stand anywhere in the error, as in
//! Wasmtime's runner (which only prints a difference between malformed modules, and leaves out malformed texts).
//!
//! ```text
//! error ─┬─ has the expected words                            ─▶ passed
//!        ├─ has words that mean the same: OTHER_WORDS         ─▶ passed
//!        ├─ tells of another fault: KNOWN_DIFFERENCES         ─▶ passed, and listed in the report
//!        └─ anything else                                     ─▶ failed, with both texts
//! ```

use upshift::Error;
use upshift_translate::{ParseError, ParseErrorKind};

/// A token that cannot stand where it does. The reference interpreter has an error of its grammar for it, or one of its lexer
/// when the token is none of its own; here the parser tells what it would have taken, or that a literal is too large.
const WRONG_TOKEN: &[&str] = &[
    "expected `(`",
    "expected `)`",
    "expected a float",
    "expected a i",
    "expected a u",
    "expected a lane index",
    "expected an instruction",
    "expected valid module field",
    "extra tokens remaining",
    "unexpected token",
    "constant out of range",
    "outside `LegacyTry` block",
];

/// What the reference interpreter says, and what this one says for the same fault.
const OTHER_WORDS: &[(&str, &[&str])] = &[
    // Of texts.
    ("unknown operator", WRONG_TOKEN),
    ("unexpected token", WRONG_TOKEN),
    ("malformed lane index", WRONG_TOKEN),
    ("invalid lane length", WRONG_TOKEN),
    ("wrong number of lane indices", WRONG_TOKEN),
    ("wrong number of lane literals", WRONG_TOKEN),
    ("i8 constant out of range", &["constant out of range", "malformed lane index"]),
    ("i64 constant out of range", &["constant out of range"]),
    ("illegal character", &["unexpected character"]),
    ("unclosed string", &["unexpected end-of-file"]),
    // A name in quotes that is no string is a `$` or `@` with nothing behind it to the reference interpreter.
    ("empty identifier", &["invalid character in string"]),
    ("empty annotation id", &["invalid character in string"]),
    // Of sections. Whatever cannot follow is out of order: a second start section, one behind the last, or garbage there.
    ("unexpected content after last section", &["section out of order"]),
    ("junk after last section", &["section out of order"]),
    ("multiple start sections", &["section out of order"]),
    (
        "function and code section have inconsistent lengths",
        &["function section is absent but code section", "non-zero count but code section is absent"],
    ),
    (
        "data count and data section have inconsistent lengths",
        &["data count is non-zero but data section is absent"],
    ),
    ("unknown binary version", &["this is a component, not a core module"]),
    // Of bytes that end too early: frames that remain open are a body without its end.
    ("length out of bounds", &["unexpected end-of-file"]),
    ("unexpected end of section or function", &["unexpected end", "control frames remain"]),
    ("unexpected end", &["control frames remain"]),
    ("END opcode expected", &["control frames remain"]),
    // Of flags and kinds.
    ("malformed import kind", &["for external kind"]),
    ("malformed limits flags", &["resizable limits flags", "memory limits flags"]),
    ("malformed memop flags", &["malformed memop: reserved flags"]),
    // The second one is what the next bit would mean.
    ("malformed mutability", &["malformed global flags", "shared globals require"]),
    ("invalid mutability", &["malformed global flags", "shared globals require"]),
    ("zero flag expected", &["zero byte expected"]),
    ("illegal opcode ff", &["illegal opcode: 0xff"]),
    // Of rules.
    ("immutable array", &["array is immutable"]),
    ("immutable field", &["struct field is immutable"]),
    ("immutable global", &["global is immutable"]),
    ("invalid lane index", &["SIMD index out of bounds"]),
    ("i32 constant out of range", &["integer too large", "table size must be at most"]),
    (
        "memory size must be at most 65536 pages (4GiB)",
        &["memory size must be at most 0x10000 65536-byte pages"],
    ),
    ("type mismatch: instruction requires [i32] but stack has []", &["expected i32 but nothing on stack"]),
    ("type mismatch: instruction requires [i32] but stack has [i64]", &["expected i32, found i64"]),
];

/// A fault that is found before the one that scripts expect: modules with several, or bytes that are malformed in more than one
/// way. Which one is told first is no part of the specification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Difference {
    /// What scripts expect.
    pub expected: &'static str,
    /// What the error says instead, or a part of it.
    pub found: &'static str,
}

const fn difference(expected: &'static str, found: &'static str) -> Difference {
    Difference { expected, found }
}

/// All differences that are known; none is here that the specification's scripts do not need.
///
/// ```
/// let known = upshift_wast::KNOWN_DIFFERENCES.iter();
/// assert!(known.clone().all(|difference| !difference.found.contains(difference.expected)));
/// ```
pub const KNOWN_DIFFERENCES: &[Difference] = &[
    // A number with bytes that do not belong to it takes those of what follows, so its section ends too early. That is looked at
    // before any number is.
    difference("integer too large", "unexpected end-of-file"),
    difference("integer representation too long", "unexpected end-of-file"),
    difference("malformed section id", "unexpected end-of-file"),
    difference("malformed import kind", "unexpected end-of-file"),
    difference("malformed limits flags", "unexpected end-of-file"),
    difference("malformed elements segment kind", "unexpected end-of-file"),
    difference("invalid mutability", "unexpected end-of-file"),
    difference("illegal opcode", "unexpected end-of-file"),
    // The same bytes are flags or a type here, whose first byte is looked at.
    difference("integer too large", "limits flags"),
    difference("integer representation too long", "limits flags"),
    difference("integer representation too long", "for type"),
    // A section is longer than the module, or a function than its section: what lies there is read as something else.
    difference("length out of bounds", "expected section, got wasm magic number"),
    difference("section size mismatch", "control frames remain"),
    difference("unexpected end of section or function", "unknown label"),
    difference(
        "unexpected content after last section",
        "function and code section have inconsistent lengths",
    ),
    // An operator is validated before the next one is read.
    difference("illegal opcode", "constant expression required"),
    difference("constant expression required", "type mismatch"),
];

/// How a module may be wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It cannot be decoded.
    Malformed,
    /// It can be decoded but breaks a rule.
    Invalid,
}

/// What a refusal was: one for the expected reason, or with a known difference.
pub(crate) type Refused = Result<Option<&'static Difference>, String>;

/// Makes sure that a module was refused for the right kind of reason, and for the expected one.
///
/// A malformed module may also be called invalid: some rules of the binary format are checked together with
/// validation. A module may also need a feature that the script's run forbids, or a proposal that is not implemented.
pub(crate) fn expect_refused(error: &Error, wrong: Wrong, expected: &str) -> Refused {
    let Some(refusal) = error.downcast_ref::<ParseError>() else {
        return Err(format!("refused for another reason: {error:#}"));
    };
    let ok = match refusal.kind() {
        ParseErrorKind::Malformed => wrong == Wrong::Malformed,
        ParseErrorKind::Invalid => true,
        ParseErrorKind::Unsupported => refusal.feature().is_some(),
        ParseErrorKind::TooLarge => false,
    };
    if ok { expect_words(refusal.reason(), expected) } else { Err(refusal.to_string()) }
}

/// Makes sure that an error is the expected one.
pub(crate) fn expect_words(actual: &str, expected: &str) -> Refused {
    // Some scripts name the operator; the parser of texts does not.
    let row = if expected.starts_with("unknown operator ") { "unknown operator" } else { expected };
    let mut rows = OTHER_WORDS.iter().filter(|(theirs, _)| *theirs == row);
    if actual.contains(expected) || rows.any(|(_, ours)| ours.iter().any(|words| actual.contains(words))) {
        return Ok(None);
    }
    let known = KNOWN_DIFFERENCES.iter().find(|it| it.expected == expected && actual.contains(it.found));
    known.map(Some).ok_or_else(|| format!("expected \"{expected}\", got \"{actual}\""))
}

#[cfg(test)]
mod tests {
    use super::{KNOWN_DIFFERENCES, OTHER_WORDS, expect_words};

    #[test]
    fn each_message_is_there_once() {
        for (at, (expected, words)) in OTHER_WORDS.iter().enumerate() {
            assert!(OTHER_WORDS[..at].iter().all(|(other, _)| other != expected), "{expected}");
            assert!(!words.is_empty(), "{expected}");
        }
        for (at, difference) in KNOWN_DIFFERENCES.iter().enumerate() {
            assert!(!KNOWN_DIFFERENCES[..at].contains(difference), "{difference:?}");
        }
    }

    #[test]
    fn what_means_something_else_is_refused_with_both_texts() {
        assert_eq!(expect_words("unknown table 3: no such table", "unknown table"), Ok(None));
        assert_eq!(expect_words("SIMD index out of bounds", "invalid lane index"), Ok(None));
        assert_eq!(expect_words("expected an instruction", "unknown operator get_local"), Ok(None));
        let difference = expect_words("unexpected end-of-file", "malformed section id").unwrap().unwrap();
        assert_eq!(difference.expected, "malformed section id");
        for (actual, expected) in [
            ("unknown memory 0", "unknown table"),
            ("SIMD index out of bounds", "unknown table"),
            ("type mismatch: expected i32, found i64", "unknown operator"),
            ("unexpected end-of-file", "type mismatch"),
        ] {
            let text = expect_words(actual, expected).unwrap_err();
            assert!(text.contains(actual) && text.contains(expected), "{text}");
        }
    }
}
