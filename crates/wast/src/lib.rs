//! Runs spec scripts (`*.wast`): modules and assertions about them, the language of the WebAssembly specification's
//! tests (described in the reference interpreter's README, "Scripts").
//!
//! ```text
//! text ─ wast ─▶ directives ─▶ Runner ─ embedding API ─▶ engine
//!                                │ └ values: arguments, and patterns that results have to match
//!                                │ ├ messages, refusals: whether an error is the expected one
//!                                │ └ threads: Runners of their own, each with a store
//!                                ▼
//!                             Report: how many directives there were, and every one that failed
//! ```
//!
//! Every directive is executed and counted, those within threads too. One that cannot be executed, because of a missing feature or because what
//! it needs was refused before, is a failure and says so.

mod host;
mod messages;
mod refusals;
mod report;
mod runner;
mod threads;
mod values;

use std::path::Path;
use std::thread;

use upshift::{Engine, Result};
use wast::Wast;
use wast::lexer::Lexer;
use wast::parser::ParseBuffer;

pub use refusals::{Difference, KNOWN_DIFFERENCES};
pub use report::{Failure, Report};

use runner::{Runner, Setting};

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
    run_with_fuel(engine, name, source, u64::MAX)
}

/// Runs a script whose programs may consume so much fuel in all, and as much again in each of its threads. Without
/// [`Config::consume_fuel`](upshift::Config::consume_fuel) that means nothing.
///
/// # Errors
/// When the script itself cannot be read; what its directives do is in the report.
///
/// ```
/// use upshift::{Config, Engine};
///
/// let engine = Engine::new(Config::new().consume_fuel(true))?;
/// let script = r#"(module (func (export "spin") (loop (br 0)))) (assert_return (invoke "spin"))"#;
/// let report = upshift_wast::run_with_fuel(&engine, "spin.wast", script, 1000)?;
/// assert!(report.failures[0].message.contains("fuel"));
/// # Ok::<(), upshift::Error>(())
/// ```
pub fn run_with_fuel(engine: &Engine, name: &str, source: &str, fuel: u64) -> Result<Report> {
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
    thread::scope(|scope| {
        let mut runner = Runner::new(Setting { engine, source, fuel, scope })?;
        for directive in script.directives {
            runner.run(directive);
        }
        Ok(runner.finish(name))
    })
}

/// Runs the script in a file.
///
/// # Errors
/// When the script cannot be read; what its directives do is in the report.
pub fn run_file(engine: &Engine, path: &Path) -> Result<Report> {
    let source = std::fs::read_to_string(path)?;
    run(engine, &path.display().to_string(), &source)
}
