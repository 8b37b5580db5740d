//! Whether a cell that is being typed line by line is whole.

use super::token::TokenKind;
use super::{MAX_SOURCE, lexer, parser};

/// How many blanks a bracket that is open indents the next line by.
const INDENT: usize = 4;

/// Whether a cell is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completeness {
    /// It can be run.
    Complete,
    /// More text has to follow: a bracket, text or comment is open, or the last line ends with an operator or the like.
    Incomplete {
        /// By how many blanks the next line should be indented.
        indent: usize,
    },
    /// It has an error that no more text mends.
    Invalid,
}

/// Whether `source` is whole, for those who read it line by line and have to know when to run it.
///
/// ```
/// use upshift_cells::syntax::{Completeness, completeness};
///
/// assert_eq!(completeness("let x = 1 + 2"), Completeness::Complete);
/// assert_eq!(completeness("let x = 1 +"), Completeness::Incomplete { indent: 0 });
/// assert_eq!(completeness("fun f() {\n    if true {"), Completeness::Incomplete { indent: 8 });
/// assert_eq!(completeness("let let"), Completeness::Invalid);
/// ```
pub fn completeness(source: &str) -> Completeness {
    if source.len() > MAX_SOURCE {
        return Completeness::Invalid;
    }
    let lexed = lexer::lex(source);
    if lexed.open {
        // The next line belongs to a text or a comment as it is.
        return Completeness::Incomplete { indent: 0 };
    }
    let mut open = 0_usize;
    for token in &lexed.tokens {
        match token.kind {
            TokenKind::ParenOpen | TokenKind::BracketOpen | TokenKind::BraceOpen => open += 1,
            TokenKind::ParenClose | TokenKind::BracketClose | TokenKind::BraceClose => {
                open = open.saturating_sub(1)
            }
            _ => {}
        }
    }
    // Values do not matter.
    let tree = parser::parse(source, lexed, |_| 0.0);
    if !parser::has_errors(&tree.diagnostics) {
        Completeness::Complete
    } else if tree.early_end {
        Completeness::Incomplete { indent: open * INDENT }
    } else {
        Completeness::Invalid
    }
}
