//! The file from which `perf inject --jit` makes files of programs: `jit-PID.dump` in the working directory.
//!
//! ```text
//! header ─ code load: where, name, bytes ─ … ─ code close
//! ```
//!
//! In: functions that were published. Out: records as `tools/perf/Documentation/jitdump-specification.txt` of Linux describes them.
//! `perf record` learns of the file from an executable mapping of it, which is made for nothing else. Times are those of
//! `perf record -k mono`. The file is closed when the last engine that writes it goes; one that comes later adds to it.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::process::{Pid, getpid};
use rustix::thread::gettid;
use rustix::time::{ClockId, clock_gettime};

/// `JiTD`.
const MAGIC: u32 = 0x4A69_5444;
const VERSION: u32 = 1;
const HEADER_BYTES: u32 = 40;
/// What comes before each record's own part: kind, length, time.
const PREFIX_BYTES: u32 = 16;
/// What a record of loaded code has in front of name and bytes.
const LOAD_BYTES: u32 = PREFIX_BYTES + 2 * 4 + 4 * 8;
const CODE_LOAD: u32 = 0;
const CODE_CLOSE: u32 = 3;
/// `EM_X86_64`, `EM_AARCH64`.
const MACHINE: u32 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };

/// What is known of the file.
#[derive(Debug)]
struct State {
    /// The process that has a file; a forked one makes its own.
    process: Option<Pid>,
    open: Option<Open>,
    /// Engines that write.
    users: usize,
    /// The number of the next function.
    index: u64,
    /// The last record is not whole: what followed it could not be read.
    broken: bool,
}

/// The open file.
#[derive(Debug)]
struct Open {
    file: File,
    /// The address of the mapping, of a page.
    marker: usize,
}

static STATE: Mutex<State> =
    Mutex::new(State { process: None, open: None, users: 0, index: 0, broken: false });

/// One more engine writes.
///
/// # Errors
/// When the file cannot be made, or not be mapped.
pub(super) fn open() -> io::Result<()> {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.provide()?;
    state.users += 1;
    Ok(())
}

/// Adds a function.
pub(super) fn add(name: &str, address: usize, code: &[u8]) {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if state.provide().is_err() || state.broken {
        return;
    }
    let index = state.index;
    state.index += 1;
    let bytes = LOAD_BYTES as usize + name.len() + 1 + code.len();
    let mut record = prefix(CODE_LOAD, bytes as u32);
    record.extend((getpid().as_raw_nonzero().get() as u32).to_ne_bytes());
    record.extend((gettid().as_raw_nonzero().get() as u32).to_ne_bytes());
    // Where it runs, and where it is: the same here.
    for number in [address as u64, address as u64, code.len() as u64, index] {
        record.extend(number.to_ne_bytes());
    }
    record.extend(name.as_bytes());
    record.push(0);
    record.extend(code);
    // A profile with holes is better than a program that fails.
    state.broken = state.write(&record).is_err();
}

/// An engine writes no longer. Behind the last one the file is closed.
pub(super) fn close() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.users = state.users.saturating_sub(1);
    if state.users == 0 && state.process == Some(getpid()) && !state.broken {
        state.broken = state.write(&prefix(CODE_CLOSE, PREFIX_BYTES)).is_err();
    }
    if state.users == 0 {
        state.open = None;
    }
}

impl State {
    /// Sees to it that this process has an open file.
    fn provide(&mut self) -> io::Result<()> {
        let pid = getpid();
        let known = self.process == Some(pid);
        if known && self.open.is_some() {
            return Ok(());
        }
        let path = format!("jit-{}.dump", pid.as_raw_nonzero());
        let begin = if known { OFlags::APPEND } else { OFlags::TRUNC };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | begin;
        let file = File::from(rustix::fs::open(&path, flags, Mode::from_raw_mode(0o644))?);
        let page = rustix::param::page_size();
        let (protection, kind) = (ProtFlags::READ | ProtFlags::EXEC, MapFlags::PRIVATE);
        // SAFETY: a new mapping, at an address that the system chooses, which nobody reads.
        let marker = unsafe { mmap(std::ptr::null_mut(), page, protection, kind, &file, 0) }?;
        self.open = Some(Open { file, marker: marker.expose_provenance() });
        self.process = Some(pid);
        if !known {
            self.broken = self.write(&header(pid)).is_err();
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.open {
            Some(open) => open.file.write_all(bytes),
            None => Ok(()),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the mapping was made for this, and nobody reads it.
        let _ =
            unsafe { munmap(std::ptr::with_exposed_provenance_mut(self.marker), rustix::param::page_size()) };
    }
}

fn header(pid: Pid) -> Vec<u8> {
    let pid = pid.as_raw_nonzero().get() as u32;
    let mut header = Vec::with_capacity(HEADER_BYTES as usize);
    for number in [MAGIC, VERSION, HEADER_BYTES, MACHINE, 0, pid] {
        header.extend(number.to_ne_bytes());
    }
    // The time, and no flags.
    for number in [now(), 0] {
        header.extend(number.to_ne_bytes());
    }
    header
}

/// What a record of so many bytes begins with.
fn prefix(kind: u32, bytes: u32) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(bytes as usize);
    for number in [kind, bytes] {
        prefix.extend(number.to_ne_bytes());
    }
    prefix.extend(now().to_ne_bytes());
    prefix
}

/// Nanoseconds of the clock that `perf` is told to use.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
