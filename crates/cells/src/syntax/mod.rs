//! From text to tree: `source ─ lexer ─▶ tokens ─ parser ─▶ Ast, diagnostics`.
//!
//! Nothing here fails or panics: what is wrong becomes diagnostics, several for a cell that has several errors, and
//! [`ast::ExprKind::Error`] where a tree should be. The grammar is in `docs/cells.md`.

pub mod ast;

mod completeness;
mod highlight;
mod lexer;
mod literals;
mod parser;
mod token;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use ast::Ast;
pub use completeness::{Completeness, completeness};
pub use highlight::{TokenClass, tokens};
pub use token::KEYWORDS;

/// How deep expressions, blocks, patterns and types may be nested, and how deep the tree is at most: those who walk over it recurse.
pub const MAX_DEPTH: usize = 200;

/// How many bytes a cell may have.
pub const MAX_SOURCE: usize = 1 << 20;

/// How many diagnostics are told of a cell.
pub const MAX_DIAGNOSTICS: usize = 50;

/// What [`parse`] makes of a cell.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree, as far as one could be made.
    pub ast: Ast,
    /// What is wrong, in the order of the source. Without an error among them, the tree is whole.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the first error is that the cell ends too early: with more text it could be right.
    pub early_end: bool,
}

/// The tree of a cell.
///
/// ```
/// let parsed = upshift_cells::syntax::parse("let x = 40 + 2; x");
/// assert!(parsed.diagnostics.is_empty());
/// assert_eq!(parsed.ast.block.statements.len(), 2);
///
/// let parsed = upshift_cells::syntax::parse("var x = 1");
/// assert_eq!(parsed.diagnostics[0].suggestion.as_deref(), Some("write `let mut x`"));
/// ```
pub fn parse(source: &str) -> Parsed {
    parse_with(source, |digits| digits.parse().unwrap_or(f64::NAN))
}

/// The nearest number to a text of digits, of which some may stand behind a point, perhaps with an exponent; infinite if that is too
/// large for a number.
pub type ReadFloat = fn(&str) -> f64;

/// The same as [`parse`], without the standard library's reader of numbers with decimals, whose tables are large in a browser.
pub fn parse_with(source: &str, read_float: ReadFloat) -> Parsed {
    if source.len() > MAX_SOURCE {
        let span = Span::new(0, 0);
        let message = format!("a cell has at most {MAX_SOURCE} bytes, this one has {}", source.len());
        return Parsed {
            ast: Ast::default(),
            diagnostics: vec![Diagnostic::error(span, message)],
            early_end: false,
        };
    }
    let tree = parser::parse(source, lexer::lex(source), read_float);
    Parsed { ast: tree.ast, diagnostics: tree.diagnostics, early_end: tree.early_end }
}
