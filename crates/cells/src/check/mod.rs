//! From tree to typed program.
//!
//! ```text
//! Ast + Environment ─ written (structs, types) ─ items, expr, … ─▶ expressions with open types ─ pending (guesses) ─ finish ─▶ Program
//!                                                    │                     ▲
//!                                              infer (unify)  ─────────────┘ and Diagnostics
//! ```
//!
//! Types are inferred within the cell: what is not written is an unknown, which uses anywhere in the cell make known. There are no
//! generic functions; at the end each type is known, or it is an error. Expressions with errors have a type that fits everywhere, so
//! that one mistake is reported once and the rest of the cell is checked as well.

mod access;
mod calls;
mod checker;
mod control;
mod dump;
mod exhaustive;
mod expr;
mod finish;
mod infer;
mod items;
mod names;
mod operators;
mod pattern;
mod pending;
pub mod program;
pub mod signature;
mod suggest;
pub mod tools;
mod verify;
mod written;

use crate::check::checker::Checker;
pub use crate::check::dump::dump;
use crate::check::program::Program;
pub use crate::check::verify::verify;
use crate::diagnostic::Diagnostic;
use crate::environment::Environment;
use crate::syntax::ast::Ast;
use crate::types::Types;

/// What checking a cell comes to.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The program, if there is no error.
    pub program: Option<Program>,
    /// Errors and warnings, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a cell: `ast` is what the parser has made of `source`, `environment` what earlier cells have defined. Types that the cell
/// makes are added to `types`.
///
/// Of a tree with errors of syntax in it there is never a program, also if nothing else is wrong.
pub fn check(ast: &Ast, source: &str, types: &mut Types, environment: &Environment) -> Checked {
    let mut checker = Checker::new(ast, source, types, environment);
    checker.cell();
    let (program, mut diagnostics) = checker.into_program();
    #[cfg(debug_assertions)]
    if let Some(program) = &program
        && let Err(error) = verify(program, types)
    {
        panic!("the checker has made a wrong program: {error}");
    }
    diagnostics.sort_unstable_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    Checked { program, diagnostics }
}
