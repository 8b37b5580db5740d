//! The file in which `perf` looks for names of functions that no file of a program has: `/tmp/perf-PID.map`.
//!
//! In: functions that were published. Out: a line for each, `address size name`, both numbers in hexadecimal
//! (`tools/perf/Documentation/jit-interface.txt` of Linux). Lines are only added: other compilers in the process may write there too.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, getpid};

use crate::vm::code::prefer_nameless;

/// The file, and the process that it is for: a forked one has a file of its own.
static FILE: Mutex<Option<(Pid, File)>> = Mutex::new(None);

/// Makes the file of this process, if there is none.
///
/// # Errors
/// When it cannot be made.
pub(super) fn open() -> io::Result<()> {
    // Where code is a file in memory, `perf` looks for names in that.
    prefer_nameless();
    with_file(|_| Ok(()))
}

/// Adds a function.
pub(super) fn add(name: &str, address: usize, len: usize) {
    // One write for each line, so that lines of several writers do not mix.
    let line = format!("{address:x} {len:x} {name}\n");
    // A profile with holes is better than a program that fails.
    let _ = with_file(|file| file.write_all(line.as_bytes()));
}

fn with_file(act: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = getpid();
    if !matches!(&*file, Some((known, _)) if *known == pid) {
        let path = format!("/tmp/perf-{}.map", pid.as_raw_nonzero());
        // Anybody may have put a link there.
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o644))?;
        *file = Some((pid, opened.into()));
    }
    match &mut *file {
        Some((_, file)) => act(file),
        None => Ok(()),
    }
}
