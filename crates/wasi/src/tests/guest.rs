//! A guest that is played by the tests: it lays arguments out in a memory, and reads the answers back by the offsets of
//! the interface's documentation, not through the code under test.

use upshift::{Engine, MemoryType, SharedMemory};

use super::{DIR, TempDir};
use crate::error::{Failure, WasiResult};
use crate::memory::GuestMemory;
use crate::meter::Meter;
use crate::{Access, WasiCtx, WasiCtxBuilder, dir, fs, io, path};

pub(super) struct Guest {
    pub(super) ctx: WasiCtx,
    pub(super) memory: Vec<u8>,
    /// Whether calls see the bytes in a memory that other threads could use.
    pub(super) shared: bool,
    used: usize,
}

/// An entry of a directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) next: u64,
    pub(super) ino: u64,
    pub(super) filetype: u8,
    pub(super) name: Vec<u8>,
}

impl Guest {
    pub(super) fn new(ctx: WasiCtx) -> Guest {
        // Address 0 is left out, so that a zero where a pointer belongs does not hit something.
        Guest { ctx, memory: vec![0; 1 << 16], shared: false, used: 64 }
    }

    pub(super) fn with_dir(dir: &TempDir) -> Guest {
        Guest::new(WasiCtxBuilder::new().preopened_dir(&dir.0, "/dir").unwrap().build())
    }

    /// A guest with directories from [`DIR`] on.
    pub(super) fn with_dirs(dirs: &[(&TempDir, Access)]) -> Guest {
        let mut builder = WasiCtxBuilder::new();
        for (dir, access) in dirs {
            builder.preopened_dir_with(&dir.0, "/dir", *access).unwrap();
        }
        Guest::new(builder.build())
    }

    /// Room for `len` bytes, aligned to 8.
    pub(super) fn room(&mut self, len: u32) -> u32 {
        let address = self.used.next_multiple_of(8);
        self.used = address + len as usize;
        assert!(self.used <= self.memory.len());
        address as u32
    }

    pub(super) fn store(&mut self, bytes: &[u8]) -> u32 {
        let address = self.room(bytes.len() as u32);
        self.memory[address as usize..][..bytes.len()].copy_from_slice(bytes);
        address
    }

    /// Stores a string: pointer and length.
    pub(super) fn text(&mut self, text: impl AsRef<[u8]>) -> (u32, u32) {
        (self.store(text.as_ref()), text.as_ref().len() as u32)
    }

    /// A list of buffers, each pointer and length.
    pub(super) fn iovecs(&mut self, buffers: &[(u32, u32)]) -> u32 {
        let bytes: Vec<u8> =
            buffers.iter().flat_map(|(address, len)| [*address, *len]).flat_map(u32::to_le_bytes).collect();
        self.store(&bytes)
    }

    pub(super) fn bytes(&self, address: u32, len: u32) -> &[u8] {
        &self.memory[address as usize..][..len as usize]
    }

    pub(super) fn u16(&self, address: u32) -> u16 {
        u16::from_le_bytes(self.bytes(address, 2).try_into().unwrap())
    }

    pub(super) fn u32(&self, address: u32) -> u32 {
        u32::from_le_bytes(self.bytes(address, 4).try_into().unwrap())
    }

    pub(super) fn u64(&self, address: u32) -> u64 {
        u64::from_le_bytes(self.bytes(address, 8).try_into().unwrap())
    }

    pub(super) fn call(
        &mut self,
        function: impl FnOnce(&mut WasiCtx, &mut GuestMemory<'_>) -> WasiResult,
    ) -> WasiResult {
        self.call_metered(&mut Meter::default(), function)
    }

    /// A call that has to be paid for, if the meter says so.
    pub(super) fn call_metered(
        &mut self,
        meter: &mut Meter,
        function: impl FnOnce(&mut WasiCtx, &mut GuestMemory<'_>) -> WasiResult,
    ) -> WasiResult {
        if !self.shared {
            return function(&mut self.ctx, &mut GuestMemory::new(&mut self.memory, meter));
        }
        let pages = (self.memory.len() >> 16) as u32;
        let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(pages, pages)).unwrap();
        memory.write(0, &self.memory).unwrap();
        let outcome = function(&mut self.ctx, &mut GuestMemory::shared(&memory, meter));
        memory.read(0, &mut self.memory).unwrap();
        outcome
    }

    /// Runs something whose arguments and answers nobody needs any more afterwards, and gives their room back.
    pub(super) fn briefly<T>(&mut self, run: impl FnOnce(&mut Guest) -> T) -> T {
        let used = self.used;
        let result = run(self);
        self.memory[used..self.used].fill(0);
        self.used = used;
        result
    }
}

/// On open descriptors.
impl Guest {
    pub(super) fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, Failure> {
        self.briefly(|guest| {
            let buffer = guest.store(bytes);
            let iovecs = guest.iovecs(&[(buffer, bytes.len() as u32)]);
            let written = guest.room(4);
            guest.call(|ctx, mem| io::fd_write(ctx, mem, fd, iovecs, 1, written))?;
            Ok(guest.u32(written))
        })
    }

    pub(super) fn read(&mut self, fd: u32, len: u32) -> Result<Vec<u8>, Failure> {
        self.briefly(|guest| {
            let buffer = guest.room(len);
            let iovecs = guest.iovecs(&[(buffer, len)]);
            let read = guest.room(4);
            guest.call(|ctx, mem| io::fd_read(ctx, mem, fd, iovecs, 1, read))?;
            Ok(guest.bytes(buffer, guest.u32(read)).to_vec())
        })
    }

    pub(super) fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Result<u64, Failure> {
        self.briefly(|guest| {
            let position = guest.room(8);
            guest.call(|ctx, mem| io::fd_seek(ctx, mem, fd, offset as u64, whence, position))?;
            Ok(guest.u64(position))
        })
    }

    pub(super) fn close(&mut self, fd: u32) -> WasiResult {
        self.call(|ctx, mem| fs::fd_close(ctx, mem, fd))
    }

    /// Type, flags, own and inheriting rights.
    pub(super) fn fdstat(&mut self, fd: u32) -> (u8, u16, u64, u64) {
        self.briefly(|guest| {
            let stat = guest.room(24);
            guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, fd, stat)).unwrap();
            (guest.bytes(stat, 1)[0], guest.u16(stat + 2), guest.u64(stat + 8), guest.u64(stat + 16))
        })
    }

    pub(super) fn set_flags(&mut self, fd: u32, flags: u32) -> WasiResult {
        self.call(|ctx, mem| fs::fd_fdstat_set_flags(ctx, mem, fd, flags))
    }

    /// Reads a piece of a directory: the entries that came whole, and how many bytes were used.
    pub(super) fn readdir(&mut self, fd: u32, len: u32, cookie: u64) -> Result<(Vec<Entry>, u32), Failure> {
        self.briefly(|guest| {
            let (buffer, used) = (guest.room(len), guest.room(4));
            guest.call(|ctx, mem| dir::fd_readdir(ctx, mem, fd, buffer, len, cookie, used))?;
            let used = guest.u32(used);
            assert!(used <= len);
            let mut entries = vec![];
            let mut at = 0;
            while at + 24 <= used {
                let name_len = guest.u32(buffer + at + 16);
                if at + 24 + name_len > used {
                    break;
                }
                // An entry need not be aligned.
                entries.push(Entry {
                    next: guest.u64(buffer + at),
                    ino: guest.u64(buffer + at + 8),
                    filetype: guest.bytes(buffer + at + 20, 1)[0],
                    name: guest.bytes(buffer + at + 24, name_len).to_vec(),
                });
                at += 24 + name_len;
            }
            Ok((entries, used))
        })
    }
}

/// On paths. Those that name no directory are below the first one.
impl Guest {
    pub(super) fn open(
        &mut self,
        path: &str,
        oflags: u32,
        rights: u64,
        fdflags: u32,
    ) -> Result<u32, Failure> {
        self.open_at(DIR, 1, path, oflags, rights, fdflags)
    }

    pub(super) fn open_at(
        &mut self,
        dir: u32,
        lookup: u32,
        path: impl AsRef<[u8]>,
        oflags: u32,
        rights: u64,
        fdflags: u32,
    ) -> Result<u32, Failure> {
        self.briefly(|guest| {
            let (path, len) = guest.text(path);
            let opened = guest.room(4);
            guest.call(|ctx, mem| {
                path::path_open(ctx, mem, dir, lookup, path, len, oflags, rights, 0, fdflags, opened)
            })?;
            Ok(guest.u32(opened))
        })
    }

    /// A call with one path.
    fn on_path(
        &mut self,
        dir: u32,
        name: &str,
        function: impl FnOnce(&mut WasiCtx, &mut GuestMemory<'_>, u32, u32, u32) -> WasiResult,
    ) -> WasiResult {
        self.briefly(|guest| {
            let (path, len) = guest.text(name);
            guest.call(|ctx, mem| function(ctx, mem, dir, path, len))
        })
    }

    pub(super) fn mkdir(&mut self, name: &str) -> WasiResult {
        self.mkdir_at(DIR, name)
    }

    pub(super) fn mkdir_at(&mut self, dir: u32, name: &str) -> WasiResult {
        self.on_path(dir, name, path::path_create_directory)
    }

    pub(super) fn rmdir(&mut self, name: &str) -> WasiResult {
        self.rmdir_at(DIR, name)
    }

    pub(super) fn rmdir_at(&mut self, dir: u32, name: &str) -> WasiResult {
        self.on_path(dir, name, path::path_remove_directory)
    }

    pub(super) fn unlink(&mut self, name: &str) -> WasiResult {
        self.unlink_at(DIR, name)
    }

    pub(super) fn unlink_at(&mut self, dir: u32, name: &str) -> WasiResult {
        self.on_path(dir, name, path::path_unlink_file)
    }

    pub(super) fn symlink(&mut self, target: &str, name: &str) -> WasiResult {
        self.symlink_at(target, DIR, name)
    }

    pub(super) fn symlink_at(&mut self, target: &str, dir: u32, name: &str) -> WasiResult {
        self.briefly(|guest| {
            let (target, target_len) = guest.text(target);
            guest.on_path(dir, name, |ctx, mem, fd, path, len| {
                path::path_symlink(ctx, mem, target, target_len, fd, path, len)
            })
        })
    }

    pub(super) fn link(&mut self, old: &str, new: &str, lookup: u32) -> WasiResult {
        self.link_at((DIR, old), (DIR, new), lookup)
    }

    pub(super) fn link_at(&mut self, old: (u32, &str), new: (u32, &str), lookup: u32) -> WasiResult {
        self.briefly(|guest| {
            let (old_path, old_len) = guest.text(old.1);
            guest.on_path(new.0, new.1, |ctx, mem, fd, path, len| {
                path::path_link(ctx, mem, old.0, lookup, old_path, old_len, fd, path, len)
            })
        })
    }

    pub(super) fn rename(&mut self, old: &str, new: &str) -> WasiResult {
        self.rename_at((DIR, old), (DIR, new))
    }

    pub(super) fn rename_at(&mut self, old: (u32, &str), new: (u32, &str)) -> WasiResult {
        self.briefly(|guest| {
            let (old_path, old_len) = guest.text(old.1);
            guest.on_path(new.0, new.1, |ctx, mem, fd, path, len| {
                path::path_rename(ctx, mem, old.0, old_path, old_len, fd, path, len)
            })
        })
    }

    pub(super) fn readlink(&mut self, name: &str, buffer_len: u32) -> Result<Vec<u8>, Failure> {
        self.readlink_at(DIR, name, buffer_len)
    }

    pub(super) fn readlink_at(&mut self, dir: u32, name: &str, len: u32) -> Result<Vec<u8>, Failure> {
        self.briefly(|guest| {
            let (buffer, used) = (guest.room(len), guest.room(4));
            guest.on_path(dir, name, |ctx, mem, fd, path, path_len| {
                path::path_readlink(ctx, mem, fd, path, path_len, buffer, len, used)
            })?;
            Ok(guest.bytes(buffer, guest.u32(used)).to_vec())
        })
    }

    /// Type and size.
    pub(super) fn stat(&mut self, name: &str, lookup: u32) -> Result<(u8, u64), Failure> {
        self.stat_at(DIR, name, lookup)
    }

    pub(super) fn stat_at(&mut self, dir: u32, name: &str, lookup: u32) -> Result<(u8, u64), Failure> {
        self.briefly(|guest| {
            let stat = guest.room(64);
            guest.on_path(dir, name, |ctx, mem, fd, path, len| {
                path::path_filestat_get(ctx, mem, fd, lookup, path, len, stat)
            })?;
            Ok((guest.bytes(stat + 16, 1)[0], guest.u64(stat + 32)))
        })
    }

    /// Sets the access time to 1 s and the modification time to 2 s, as far as the flags ask for that.
    pub(super) fn set_times(&mut self, name: &str, lookup: u32, flags: u32) -> WasiResult {
        self.set_times_at(DIR, name, lookup, flags)
    }

    pub(super) fn set_times_at(&mut self, dir: u32, name: &str, lookup: u32, flags: u32) -> WasiResult {
        const SECOND: u64 = 1_000_000_000;
        self.on_path(dir, name, |ctx, mem, fd, path, len| {
            path::path_filestat_set_times(ctx, mem, fd, lookup, path, len, SECOND, 2 * SECOND, flags)
        })
    }
}
