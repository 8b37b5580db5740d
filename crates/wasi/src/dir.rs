//! Directories and the reading of their entries.
//!
//! A guest reads a directory in pieces and says with a *cookie* where to go on. The cookie is the number of an entry
//! in a listing that is taken when the guest begins (cookie 0) and kept with the descriptor, so that entries which are
//! created or removed meanwhile neither shift the others nor make a long directory cost its square.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::{Dir, MetadataExt};

use crate::abi::{Dirent, Errno, Filetype, Rights};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) dir: Dir,
    /// The guest's name for it, if the host gave it to the guest.
    pub(crate) preopened_as: Option<String>,
    listing: Option<Listing>,
}

impl Directory {
    pub(crate) fn new(dir: Dir) -> Directory {
        Directory { dir, preopened_as: None, listing: None }
    }

    pub(crate) fn preopened(dir: Dir, name: String) -> Directory {
        Directory { dir, preopened_as: Some(name), listing: None }
    }
}

/// The entries of a directory at one moment; names lie one behind the other.
#[derive(Debug, Default)]
struct Listing {
    entries: Vec<Entry>,
    names: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    ino: u64,
    filetype: Filetype,
    /// Where the name ends; it starts where the one before ends.
    name_end: usize,
}

/// Reads entries from `cookie` on, as many as fit; the last may be cut off, which tells the guest that more follow.
pub(crate) fn fd_readdir(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    used: u32,
) -> WasiResult {
    let directory = ctx.table.directory_mut(fd, Rights::FD_READDIR)?;
    let listing = match &mut directory.listing {
        Some(listing) if cookie != 0 => listing,
        slot => slot.insert(Listing::take(&directory.dir)?),
    };
    let filled = listing.encode(cookie, mem.bytes_mut(buffer, len)?);
    mem.write_u32(used, filled)?;
    Ok(())
}

impl Listing {
    fn take(dir: &Dir) -> Result<Listing, Errno> {
        let mut listing = Listing::default();
        let own = rustix::fs::fstat(dir)?.st_ino;
        listing.push(b".", own, Filetype::Directory);
        // The parent may lie outside of what the guest may see, so it is not looked at: `..` is as in a root directory.
        listing.push(b"..", own, Filetype::Directory);
        for entry in rustix::fs::Dir::read_from(dir)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            match entry.file_type() {
                rustix::fs::FileType::Unknown => listing.push_unknown(dir, name)?,
                known => listing.push(name, entry.ino(), known.into()),
            }
        }
        Ok(listing)
    }

    fn push(&mut self, name: &[u8], ino: u64, filetype: Filetype) {
        self.names.extend_from_slice(name);
        self.entries.push(Entry { ino, filetype, name_end: self.names.len() });
    }

    /// Some file systems do not say what an entry is. One that vanished meanwhile is left out.
    fn push_unknown(&mut self, dir: &Dir, name: &[u8]) -> Result<(), Errno> {
        let metadata = match dir.symlink_metadata(OsStr::from_bytes(name)) {
            Ok(metadata) => metadata,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(err) => return Err(err.into()),
        };
        self.push(name, metadata.ino(), crate::path::filetype(&metadata));
        Ok(())
    }

    /// Writes the entries from the number `first` on and tells how many bytes they take.
    fn encode(&self, first: u64, buffer: &mut [u8]) -> u32 {
        let first = usize::try_from(first).unwrap_or(usize::MAX).min(self.entries.len());
        let mut name_start = if first == 0 { 0 } else { self.entries[first - 1].name_end };
        let mut used = 0;
        let mut append = |bytes: &[u8]| {
            let part = bytes.len().min(buffer.len() - used);
            buffer[used..used + part].copy_from_slice(&bytes[..part]);
            used += part;
            part == bytes.len()
        };
        for (number, entry) in self.entries.iter().enumerate().skip(first) {
            let name = &self.names[name_start..entry.name_end];
            let header = Dirent {
                next: number as u64 + 1,
                ino: entry.ino,
                name_len: name.len() as u32,
                filetype: entry.filetype,
            };
            if !append(&header.encode()) || !append(name) {
                break;
            }
            name_start = entry.name_end;
        }
        used as u32
    }
}
