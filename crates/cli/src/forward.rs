//! Verbs that another program does: `upshift-cells`, which has a compiler and a server in it that this one does without.
//!
//! ```text
//! upshift cells FILE ─▶ upshift-cells cells FILE: beside this program, or else on PATH; this process becomes that program
//! ```

use std::ffi::{CString, OsStr, OsString};
use std::io::{Error as IoError, ErrorKind};
use std::os::unix::ffi::OsStrExt;

use anyhow::{Error, anyhow};

use crate::flags::Verb;

/// The other program.
const PROGRAM: &str = "upshift-cells";

/// Becomes the other program, with the verb and what follows it. Returns only why that failed.
pub(crate) fn forward(verb: Verb, args: &[OsString]) -> Error {
    let beside = std::env::current_exe().ok().map(|program| program.with_file_name(PROGRAM));
    let error = match beside.map(|program| become_program(program.as_os_str(), verb, args)) {
        Some(error) if error.kind() != ErrorKind::NotFound => error,
        _ => become_program(OsStr::new(PROGRAM), verb, args),
    };
    told(verb, &error)
}

/// Becomes a program, which is looked for on PATH if its name has no slash. Not by the standard library, whose way to start programs takes
/// 20 KB.
fn become_program(program: &OsStr, verb: Verb, args: &[OsString]) -> IoError {
    let words = [program, verb.name().as_ref()].into_iter().chain(args.iter().map(OsString::as_os_str));
    let words: Vec<CString> = match words.map(|word| CString::new(word.as_bytes())).collect() {
        Ok(words) => words,
        Err(error) => return error.into(),
    };
    let pointers: Vec<_> = words.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: the pointers lead to strings that end with a zero and live until the call returns, and a null pointer ends them.
    unsafe { libc::execvp(pointers[0], pointers.as_ptr()) };
    IoError::last_os_error()
}

fn told(verb: Verb, error: &IoError) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return anyhow!("cannot start `{PROGRAM}`: {error}");
    }
    anyhow!(
        "`{PROGRAM}`, which does `upshift {}`, is neither beside this program nor on PATH: \
         `cargo install --path crates/cells-cli` installs it from a checkout",
        verb.name()
    )
}
