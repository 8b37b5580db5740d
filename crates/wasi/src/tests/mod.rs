//! Calls of every function over the seam of context and memory, without an engine.
//!
//! [`Guest`] plays the guest.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::abi::{Errno, Rights};
use crate::error::Failure;

mod alone;
mod descriptors;
mod escapes;
mod files;
mod fuel;
mod guest;
mod hostile;
mod limits;
mod misc;
mod paths;
mod poll;
mod race;
mod read_only;
mod readdir;
mod shared;
mod sock;
mod stdio;
mod trace;

use guest::Guest;

/// The descriptor of the first preopened directory.
const DIR: u32 = 3;

const READ_WRITE: u64 = Rights::FD_READ.with(Rights::FD_WRITE).bits();

/// What `poll_oneoff` stores.
#[derive(Debug, PartialEq)]
struct Event {
    userdata: u64,
    error: u16,
    kind: u8,
    bytes: u64,
    flags: u16,
}

fn fails<T: std::fmt::Debug>(outcome: Result<T, Failure>, errno: Errno) {
    match outcome {
        Err(Failure::Errno(found)) => assert_eq!(found, errno),
        other => panic!("{other:?} instead of {errno:?}"),
    }
}

/// A directory that is removed at the end.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> TempDir {
        TempDir::below(&std::env::temp_dir())
    }

    /// In memory where the host has a place for that, for tests with very many files.
    fn quick() -> TempDir {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { TempDir::below(memory) } else { TempDir::new() }
    }

    fn below(parent: &Path) -> TempDir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("upshift-wasi-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        TempDir(path)
    }

    fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
