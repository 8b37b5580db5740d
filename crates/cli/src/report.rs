//! How a process ends: its exit code, and what is said about an error.
//!
//! | code | meaning |
//! |---|---|
//! | the guest's | it ended itself with a code of 0 to 255, or returned (0) |
//! | 1 | the guest ended itself with another code, or a module could not be read, validated or linked, or a check failed |
//! | 2 | the command line or a settings file is wrong |
//! | 134 | the guest was stopped by a trap, an exception or a limit, as after `abort` in a shell |

use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Error, Result};
use upshift::{Exception, Trap};
use upshift_translate::names::is_printable;
use upshift_wasi::{Exit, GuestFault};

use crate::flags::Usage;
use crate::limits::LimitHit;
use crate::patient::Patient;

/// Ends the process with what came out of its command. Several threads may want that: the first one does it.
pub(crate) fn end(outcome: Result<()>) -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);
    if ENDING.swap(true, Ordering::Relaxed) {
        loop {
            std::thread::park();
        }
    }
    let code = match outcome {
        Ok(()) => 0,
        Err(error) => {
            let (code, silent) = exit_code(&error);
            if !silent {
                tell("error", &error);
            }
            code
        }
    };
    std::process::exit(code.into())
}

/// The exit code for an error, and whether it goes without a message.
fn exit_code(error: &Error) -> (u8, bool) {
    if let Some(Exit(code)) = error.downcast_ref() {
        // A process has 8 bits for it. What does not fit must not become a success by being cut off.
        u8::try_from(*code).map_or((1, false), |code| (code, true))
    } else if error.is::<Usage>() {
        (2, false)
    } else if error.is::<Trap>()
        || error.is::<Exception>()
        || error.is::<GuestFault>()
        || error.is::<LimitHit>()
    {
        (134, false)
    } else {
        (1, false)
    }
}

/// Writes an error and its causes to the standard error, behind a word that says what it is.
pub(crate) fn tell(what: &str, error: &Error) {
    let stderr = std::io::stderr();
    let (on, off) = if coloured(stderr.is_terminal(), std::env::var_os("NO_COLOR").as_deref()) {
        ("\x1b[1;31m", "\x1b[0m")
    } else {
        ("", "")
    };
    let mut text = format!("{on}{what}:{off} {}\n", visible(&error.to_string()));
    for cause in error.chain().skip(1) {
        let cause = visible(&cause.to_string()).replace('\n', "\n    ");
        text.push_str(&format!("  caused by: {}\n", cause.trim_end()));
    }
    // There is nowhere left to say that this failed.
    let _ = Patient(stderr.lock()).write_all(text.as_bytes());
}

/// Text with names from modules in it, without characters that move the cursor or turn the direction of writing.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_printable(c) && !matches!(c, '\n' | '\t') {
            visible.extend(c.escape_unicode());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// Whether to write colours: to terminals, and only if the user has nothing against them (no-color.org).
fn coloured(terminal: bool, no_color: Option<&OsStr>) -> bool {
    terminal && no_color.is_none_or(OsStr::is_empty)
}

/// Writes to the standard output, at once.
///
/// # Errors
/// If that fails.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = Patient(std::io::stdout().lock());
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{coloured, visible};

    #[test]
    fn colours_are_for_terminals_and_those_who_want_them() {
        assert!(coloured(true, None));
        assert!(coloured(true, Some("".as_ref())));
        assert!(!coloured(true, Some("1".as_ref())));
        assert!(!coloured(false, None));
    }

    #[test]
    fn names_from_modules_cannot_play_with_the_terminal() {
        assert_eq!(visible("a\u{1b}[31m\u{202e}b\nc ä"), "a\\u{1b}[31m\\u{202e}b\nc ä");
    }
}
