//! Runs spec scripts (`*.wast`): modules and assertions about them, the language of the WebAssembly specification's
//! tests (described in the reference interpreter's README, "Scripts").
//!
//! ```text
//! text ─ wast ─▶ directives ─▶ Runner ─ embedding API ─▶ engine
//!                                │ └ values: arguments, and patterns that results have to match
//!                                │ └ messages: whether an error is the expected one
//!                                ▼
//!                             Report: how many directives there were, and every one that failed
//! ```
//!
//! Every directive is executed and counted. One that cannot be executed, because of a missing feature or because what
//! it needs was refused before, is a failure and says so.

mod host;
mod messages;
mod report;
mod runner;
mod values;

use std::path::Path;

use upshift::{Engine, Result};
use wast::Wast;
use wast::lexer::Lexer;
use wast::parser::ParseBuffer;

pub use report::{Failure, Report};

use runner::Runner;

/// Runs a script.
///
/// # Errors
/// When the script itself cannot be read; what its directives do is in the report.
///
/// ```
/// let script = r#"
///     (module (func (export "add") (param i32 i32) (result i32)
///         (i32.add (local.get 0) (local.get 1))))
///     (assert_return (invoke "add" (i32.const 1) (i32.const 2)) (i32.const 3))
///     (assert_return (invoke "add" (i32.const 1) (i32.const 2)) (i32.const 4))"#;
/// let report = upshift_wast::run(&upshift::Engine::default(), "sum.wast", script)?;
/// assert_eq!((report.directives, report.passed), (3, 2));
/// assert_eq!(
///     report.failures[0].to_string(),
///     "5:6: assert_return: result 0 is (i32.const 3), expected (i32.const 4)",
/// );
/// # Ok::<(), upshift::Error>(())
/// ```
pub fn run(engine: &Engine, name: &str, source: &str) -> Result<Report> {
    let locate = |mut error: wast::Error| {
        error.set_path(Path::new(name));
        error.set_text(source);
        error
    };
    let mut lexer = Lexer::new(source);
    // Some scripts have strings with characters that change the direction of text.
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(locate)?;
    let script = wast::parser::parse::<Wast<'_>>(&buffer).map_err(locate)?;
    let mut runner = Runner::new(engine, source)?;
    for directive in script.directives {
        runner.run(directive);
    }
    Ok(runner.finish(name))
}

/// Runs the script in a file.
///
/// # Errors
/// When the script cannot be read; what its directives do is in the report.
pub fn run_file(engine: &Engine, path: &Path) -> Result<Report> {
    let source = std::fs::read_to_string(path)?;
    run(engine, &path.display().to_string(), &source)
}
