//! The `upshift` program.
//!
//! ```text
//! command line ─ args ─▶ Command ─┬─ run ──────▶ load, link, call ─ invoke ─▶ typed arguments and results
//!                                 ├─ dump ─────▶ the code of functions as text
//!                                 ├─ wast ─────▶ scripts of the specification's tests
//!                                 └─ validate ─▶ nothing, or what is wrong
//! ```
//!
//! What a command returns becomes the exit code here and nowhere else:
//!
//! | code | meaning |
//! |---|---|
//! | the guest's | it ended itself, or returned (0) |
//! | 1 | a module could not be read, validated or linked, or a check failed |
//! | 2 | the command line is wrong |
//! | 134 | the guest was stopped by a trap, as after `abort` in a shell |

use std::io::Write;
use std::process::ExitCode;

use anyhow::Error;
use upshift::Trap;
use upshift_wasi::{Exit, GuestFault};

use crate::args::{Command, Usage};

mod args;
mod dump;
mod invoke;
mod load;
mod run;
mod validate;
mod wast;

fn main() -> ExitCode {
    let outcome =
        args::parse(std::env::args_os().skip(1)).map_err(Error::new).and_then(|command| match command {
            Command::Help => print(&args::help()),
            Command::Version => print(concat!("upshift ", env!("CARGO_PKG_VERSION"), "\n")),
            Command::Run(options) if options.dump.is_empty() => run::run(&options),
            Command::Run(options) => dump::dump(&options),
            Command::Wast(options) => wast::wast(&options),
            Command::Validate(options) => validate::validate(&options),
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let (code, silent) = exit_code(&error);
            if !silent {
                report(&error);
            }
            ExitCode::from(code)
        }
    }
}

/// The exit code for an error, and whether it goes without a message.
fn exit_code(error: &Error) -> (u8, bool) {
    if let Some(Exit(code)) = error.downcast_ref() {
        // A process has 8 bits for it, as everywhere on Unix.
        (*code as u8, true)
    } else if error.is::<Usage>() {
        (2, false)
    } else if error.is::<Trap>() || error.is::<GuestFault>() {
        (134, false)
    } else {
        (1, false)
    }
}

/// Writes an error and its causes to the standard error.
fn report(error: &Error) {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string().replace('\n', "\n    ");
        text.push_str(&format!("  caused by: {}\n", cause.trim_end()));
    }
    // There is nowhere left to say that this failed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes to the standard output, at once.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?;
    Ok(())
}
