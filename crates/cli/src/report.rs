//! How a process ends: its exit code, and what is said about an error.
//!
//! | code | meaning |
//! |---|---|
//! | the guest's | it ended itself with a code of 0 to 255, or returned (0) |
//! | 1 | the guest ended itself with another code, a module could not be read, validated or linked, a check failed, or there was no memory |
//! | 2 | the command line or a settings file is wrong |
//! | 134 | the guest was stopped by a trap, an exception or a limit, as after `abort` in a shell |
//! | 141 | nobody reads what the program prints any more, as after `SIGPIPE` in a shell |

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use anyhow::{Error, Result};
use upshift::{Exception, Trap};
use upshift_core::shown::{MAX_ITEMS, bounded, is_printable};
use upshift_wasi::{Exit, GuestFault};

use crate::clock;
use crate::flags::Usage;
use crate::limits::LimitHit;
use crate::patient::Patient;
use crate::timeline;

/// How long the process goes on behind its time for what is said at the end. Who reads it has taken it by then; and if
/// nobody does, there is nobody to tell.
const PATIENCE: Duration = Duration::from_millis(250);

/// The thread that ends the process, and the exit code.
static END: OnceLock<(ThreadId, u8)> = OnceLock::new();

/// Ends the process with what came out of its command.
pub(crate) fn end(outcome: Result<()>) -> ! {
    let code = decide(&outcome);
    let unwritten = timeline::write();
    // Who reads what we say may never do it.
    clock::begin_end();
    unwritten.iter().for_each(|text| note(text));
    if let Err(error) = outcome
        && !exit_code(&error).1
    {
        tell("error", &error);
    }
    std::process::exit(code.into())
}

/// Decides on the exit code: from here on only this thread ends the process, or, if that takes too long, the clock with the
/// same code. Several threads may want to: the first one does it, the others stay here.
pub(crate) fn decide(outcome: &Result<()>) -> u8 {
    let code = outcome.as_ref().err().map_or(0, |error| exit_code(error).0);
    let me = thread::current().id();
    let &(thread, code) = END.get_or_init(|| (me, code));
    if thread != me {
        loop {
            thread::park();
        }
    }
    code
}

/// Ends the process because its time is over, with `words`, the error and its code, unless another thread is already about
/// to end it: then with that one's code. Waits for nothing that could last: neither for those who read the standard error,
/// given as a descriptor, nor for the locks of streams, which a thread may hold that waits for them.
pub(crate) fn end_in_time(words: &str, error: &Error, errors: Option<&'static File>) -> ! {
    let me = thread::current().id();
    let &(thread, code) = END.get_or_init(|| (me, exit_code(error).0));
    if thread != me {
        thread::sleep(PATIENCE);
    } else if let Some(errors) = errors {
        let text = format!("{words}{}", message("error", error, errors.is_terminal()));
        let (said, wait) = mpsc::channel();
        let say = move || {
            // There is nowhere left to say that this failed.
            let _ = Patient(errors).write_all(text.as_bytes());
            let _ = said.send(());
        };
        if thread::Builder::new().spawn(say).is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }
    // SAFETY: it ends the process without running any code of it, whatever state that is in.
    unsafe { libc::_exit(code.into()) }
}

/// Nobody reads the standard output any more. Who closed it has seen enough: it is no error to tell of, but what was to be
/// printed is not.
#[derive(Debug)]
struct NobodyReads;

impl fmt::Display for NobodyReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the standard output any more")
    }
}

impl std::error::Error for NobodyReads {}

/// The exit code for an error, and whether it goes without a message.
fn exit_code(error: &Error) -> (u8, bool) {
    if let Some(Exit(code)) = error.downcast_ref() {
        // A process has 8 bits for it. What does not fit must not become a success by being cut off.
        u8::try_from(*code).map_or((1, false), |code| (code, true))
    } else if error.is::<NobodyReads>() {
        (141, true)
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
    let text = message(what, error, stderr.is_terminal());
    // There is nowhere left to say that this failed.
    let _ = Patient(stderr.lock()).write_all(text.as_bytes());
}

/// Writes to the standard error what is no error, but good to know.
pub(crate) fn note(text: &str) {
    // There is nowhere left to say that this failed.
    let _ = Patient(std::io::stderr()).write_all(noted(text).as_bytes());
}

/// What is no error, but good to know, as it is shown.
pub(crate) fn noted(text: &str) -> String {
    visible(&format!("note: {text}\n"))
}

/// An error and its causes, as they are shown.
fn message(what: &str, error: &Error, terminal: bool) -> String {
    let (on, off) = if coloured(terminal, std::env::var_os("NO_COLOR").as_deref()) {
        ("\x1b[1;31m", "\x1b[0m")
    } else {
        ("", "")
    };
    let mut text = format!("{on}{what}:{off} {}\n", visible(&bounded(error, MAX_MESSAGE)));
    for cause in error.chain().skip(1).take(MAX_ITEMS) {
        let cause = visible(&bounded(cause, MAX_MESSAGE)).replace('\n', "\n    ");
        text.push_str(&format!("  caused by: {}\n", cause.trim_end()));
    }
    text
}

/// No message of ours has so many bytes. Those of others may.
const MAX_MESSAGE: usize = 64 << 10;

/// Text that may have something foreign in it, as names of files, without characters that move the cursor or turn the direction of writing.
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
/// If that fails. If nobody reads it any more, the process ends with the error, but without a word.
pub(crate) fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints bytes that need not be text.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = Patient(std::io::stdout().lock());
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(NobodyReads.into()),
        outcome => Ok(outcome?),
    }
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
