//! Directories and the reading of their entries.
//!
//! A guest reads a directory in pieces and says with a *cookie* where to go on. The cookie is the number of an entry
//! in a listing that is taken when the guest begins (cookie 0) and kept with the descriptor, so that entries which are
//! created or removed meanwhile neither shift the others nor make a long directory cost its square.
//!
//! Listings lie in the host's memory, so a guest has a [`Budget`] for all that it keeps. A listing is dropped with its
//! descriptor, and as soon as the guest was told its end; a cookie that is used after that counts in a new one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::{Dir, MetadataExt};

use crate::abi::{Dirent, Errno, Filetype, Rights};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;
use crate::meter::Meter;

/// How many bytes the listings of one guest take at most, together.
const MAX_LISTED: usize = 64 << 20;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) dir: Dir,
    /// The guest's name for it, if the host gave it to the guest.
    pub(crate) preopened_as: Option<String>,
    /// Locked while it is read: threads that read one directory at once get its parts one after the other.
    listing: Mutex<Option<Listing>>,
}

impl Directory {
    pub(crate) fn new(dir: Dir) -> Directory {
        Directory { dir, preopened_as: None, listing: Mutex::default() }
    }

    pub(crate) fn preopened(dir: Dir, name: String) -> Directory {
        Directory { dir, preopened_as: Some(name), listing: Mutex::default() }
    }
}

/// How many bytes the listings of a guest take now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budget(Arc<AtomicUsize>);

/// The part of a budget that one listing takes, until it is dropped. It is shared with the context rather than borrowed
/// from it because descriptors are closed in many ways.
#[derive(Debug)]
struct Share {
    budget: Arc<AtomicUsize>,
    bytes: usize,
}

impl Share {
    fn new(budget: &Budget) -> Share {
        Share { budget: budget.0.clone(), bytes: 0 }
    }

    /// Takes `bytes` more; `nomem` if they are too many.
    fn grow(&mut self, bytes: usize) -> Result<(), Errno> {
        let total = |now: usize| now.checked_add(bytes).filter(|&total| total <= MAX_LISTED);
        self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, total).map_err(|_| Errno::Nomem)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The entries of a directory at one moment; names lie one behind the other.
#[derive(Debug)]
struct Listing {
    entries: Vec<Entry>,
    names: Vec<u8>,
    share: Share,
}

#[derive(Debug)]
struct Entry {
    ino: u64,
    filetype: Filetype,
    /// Where the name ends; it starts where the one before ends.
    name_end: usize,
}

/// Reads entries from `cookie` on, as many as fit; the last may be cut off, which tells the guest that more follow. A
/// buffer that is not full tells that none do.
pub(crate) fn fd_readdir(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    used: u32,
) -> WasiResult {
    let open = ctx.table.directory(fd, Rights::FD_READDIR)?;
    mem.check(buffer, 1, len.into())?;
    let directory = open.directory();
    let mut listing = directory.listing.lock().unwrap_or_else(PoisonError::into_inner);
    if cookie == 0 {
        // Before the new one is taken, so that there need not be room for both.
        *listing = None;
    }
    let entries = match &mut *listing {
        Some(entries) => entries,
        slot => slot.insert(Listing::take(&directory.dir, &ctx.listed, mem.meter)?),
    };
    mem.meter.charge_bytes(u64::from(len).min(entries.share.bytes as u64))?;
    let filled = entries.encode(cookie, len as usize);
    mem.store(buffer, &filled)?;
    if filled.len() < len as usize {
        *listing = None;
    }
    mem.write_u32(used, filled.len() as u32)?;
    Ok(())
}

impl Listing {
    /// Lists a directory, paying for each entry; `nomem` if that is more than what is left of the budget.
    fn take(dir: &Dir, budget: &Budget, meter: &Meter) -> WasiResult<Listing> {
        let mut listing = Listing { entries: vec![], names: vec![], share: Share::new(budget) };
        let own = rustix::fs::fstat(dir)?.st_ino;
        listing.push(b".", own, Filetype::Directory)?;
        // The parent may lie outside of what the guest may see, so it is not looked at: `..` is as in a root directory.
        listing.push(b"..", own, Filetype::Directory)?;
        for entry in rustix::fs::Dir::read_from(dir)? {
            meter.charge(1)?;
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            match entry.file_type() {
                rustix::fs::FileType::Unknown => listing.push_unknown(dir, name)?,
                known => listing.push(name, entry.ino(), known.into())?,
            }
        }
        // What is kept is then what was counted.
        listing.entries.shrink_to_fit();
        listing.names.shrink_to_fit();
        Ok(listing)
    }

    fn push(&mut self, name: &[u8], ino: u64, filetype: Filetype) -> Result<(), Errno> {
        self.share.grow(size_of::<Entry>() + name.len())?;
        self.names.extend_from_slice(name);
        self.entries.push(Entry { ino, filetype, name_end: self.names.len() });
        Ok(())
    }

    /// Some file systems do not say what an entry is. One that vanished meanwhile is left out.
    fn push_unknown(&mut self, dir: &Dir, name: &[u8]) -> Result<(), Errno> {
        let metadata = match dir.symlink_metadata(OsStr::from_bytes(name)) {
            Ok(metadata) => metadata,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(err) => return Err(err.into()),
        };
        self.push(name, metadata.ino(), crate::path::filetype(&metadata))
    }

    /// The entries from the number `first` on, as the guest gets them, as much as fits into `room` bytes.
    fn encode(&self, first: u64, room: usize) -> Vec<u8> {
        let first = usize::try_from(first).unwrap_or(usize::MAX).min(self.entries.len());
        let mut name_start = if first == 0 { 0 } else { self.entries[first - 1].name_end };
        let mut encoded = vec![];
        let mut append = |bytes: &[u8]| {
            let part = bytes.len().min(room - encoded.len());
            encoded.extend_from_slice(&bytes[..part]);
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
        encoded
    }
}
