//! Calls of every function over the seam of context and memory, without an engine.
//!
//! [`Guest`] plays the guest: it lays arguments out in a memory and reads the answers back by the offsets of the
//! interface's documentation, not through the code under test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::abi::{Errno, Rights};
use crate::error::{Failure, WasiResult};
use crate::memory::GuestMemory;
use crate::{WasiCtx, WasiCtxBuilder, path};

mod files;
mod hostile;
mod misc;
mod paths;
mod poll;
mod sock;
mod stdio;

/// The descriptor of the first preopened directory.
const DIR: u32 = 3;

const READ_WRITE: u64 = Rights::FD_READ.with(Rights::FD_WRITE).bits();

struct Guest {
    ctx: WasiCtx,
    memory: Vec<u8>,
    used: usize,
}

impl Guest {
    fn new(ctx: WasiCtx) -> Guest {
        // Address 0 is left out, so that a zero where a pointer belongs does not hit something.
        Guest { ctx, memory: vec![0; 1 << 16], used: 64 }
    }

    fn with_dir(dir: &TempDir) -> Guest {
        Guest::new(WasiCtxBuilder::new().preopened_dir(&dir.0, "/dir").unwrap().build())
    }

    /// Room for `len` bytes, aligned to 8.
    fn room(&mut self, len: u32) -> u32 {
        let address = self.used.next_multiple_of(8);
        self.used = address + len as usize;
        assert!(self.used <= self.memory.len());
        address as u32
    }

    fn store(&mut self, bytes: &[u8]) -> u32 {
        let address = self.room(bytes.len() as u32);
        self.memory[address as usize..][..bytes.len()].copy_from_slice(bytes);
        address
    }

    /// Stores a string: pointer and length.
    fn text(&mut self, text: &str) -> (u32, u32) {
        (self.store(text.as_bytes()), text.len() as u32)
    }

    /// A list of buffers, each pointer and length.
    fn iovecs(&mut self, buffers: &[(u32, u32)]) -> u32 {
        let bytes: Vec<u8> =
            buffers.iter().flat_map(|(address, len)| [*address, *len]).flat_map(u32::to_le_bytes).collect();
        self.store(&bytes)
    }

    fn bytes(&self, address: u32, len: u32) -> &[u8] {
        &self.memory[address as usize..][..len as usize]
    }

    fn u16(&self, address: u32) -> u16 {
        u16::from_le_bytes(self.bytes(address, 2).try_into().unwrap())
    }

    fn u32(&self, address: u32) -> u32 {
        u32::from_le_bytes(self.bytes(address, 4).try_into().unwrap())
    }

    fn u64(&self, address: u32) -> u64 {
        u64::from_le_bytes(self.bytes(address, 8).try_into().unwrap())
    }

    fn call(
        &mut self,
        function: impl FnOnce(&mut WasiCtx, &mut GuestMemory<'_>) -> WasiResult,
    ) -> WasiResult {
        function(&mut self.ctx, &mut GuestMemory::new(&mut self.memory))
    }

    fn open(&mut self, path: &str, oflags: u32, rights: u64, fdflags: u32) -> Result<u32, Failure> {
        self.open_at(DIR, 1, path, oflags, rights, fdflags)
    }

    fn open_at(
        &mut self,
        dir: u32,
        lookup: u32,
        path: &str,
        oflags: u32,
        rights: u64,
        fdflags: u32,
    ) -> Result<u32, Failure> {
        let (path, len) = self.text(path);
        let opened = self.room(4);
        self.call(|ctx, mem| {
            path::path_open(ctx, mem, dir, lookup, path, len, oflags, rights, 0, fdflags, opened)
        })?;
        Ok(self.u32(opened))
    }

    fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, Failure> {
        let buffer = self.store(bytes);
        let iovecs = self.iovecs(&[(buffer, bytes.len() as u32)]);
        let written = self.room(4);
        self.call(|ctx, mem| crate::io::fd_write(ctx, mem, fd, iovecs, 1, written))?;
        Ok(self.u32(written))
    }

    fn read(&mut self, fd: u32, len: u32) -> Result<Vec<u8>, Failure> {
        let buffer = self.room(len);
        let iovecs = self.iovecs(&[(buffer, len)]);
        let read = self.room(4);
        self.call(|ctx, mem| crate::io::fd_read(ctx, mem, fd, iovecs, 1, read))?;
        Ok(self.bytes(buffer, self.u32(read)).to_vec())
    }

    fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Result<u64, Failure> {
        let position = self.room(8);
        self.call(|ctx, mem| crate::io::fd_seek(ctx, mem, fd, offset as u64, whence, position))?;
        Ok(self.u64(position))
    }

    fn close(&mut self, fd: u32) -> WasiResult {
        self.call(|ctx, mem| crate::fs::fd_close(ctx, mem, fd))
    }
}

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
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("upshift-wasi-{}-{number}", std::process::id()));
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
