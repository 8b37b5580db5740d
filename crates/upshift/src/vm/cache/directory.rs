//! The directory of a cache: who may write there, and files that are there as a whole or not at all.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use rustix::fd::OwnedFd;
use rustix::fs::{
    self, AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::{CacheUsage, Key};

/// What names of entries end with.
const ENTRY: &str = ".code";

/// What names of files end with that are being written.
const UNFINISHED: &str = ".new";

/// A file that is being written for so long is one whose writer has ended.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// An entry is noted to be used when that was not noted for so long.
const USED: Duration = Duration::from_secs(3600);

/// What belongs to the user alone.
const OWN: Mode = Mode::RWXU;

/// A directory of entries.
pub(super) struct Directory {
    path: PathBuf,
    /// Whether the directory above is made too.
    makes_parent: bool,
    /// How many bytes all files may have together.
    limit: u64,
}

/// Where the user keeps what can be made again.
pub(super) fn of_user() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("upshift"))
}

/// An entry as it lies in the directory.
struct Found {
    name: OsString,
    bytes: u64,
    used: SystemTime,
}

impl Directory {
    pub(super) fn new(path: PathBuf, makes_parent: bool, limit: u64) -> Directory {
        Directory { path, makes_parent, limit }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file of an entry, if there is one that nobody else can have written.
    pub(super) fn open(&self, key: &Key) -> Option<File> {
        let directory = self.opened().ok()??;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = fs::openat(directory, name_of(key), flags, Mode::empty()).ok()?;
        let stat = fs::fstat(&file).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        (is_file && check(&stat).is_ok()).then(|| file.into())
    }

    /// Writes an entry under another name and gives it its own.
    pub(super) fn put(&self, key: &Key, parts: &[&[u8]]) -> Result<()> {
        let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
        ensure!(bytes <= self.limit, "the entry has more bytes than all of them may have");
        let directory = self.made()?;
        let name = unfinished();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = fs::openat(&directory, &name, flags, Mode::RUSR | Mode::WUSR);
        let mut file =
            File::from(file.with_context(|| format!("cannot write to `{}`", self.path.display()))?);
        let written = parts.iter().try_for_each(|part| file.write_all(part)).map_err(anyhow::Error::from);
        let done = written.and_then(|()| Ok(fs::renameat(&directory, &name, &directory, name_of(key))?));
        if done.is_err() {
            // What is left of it would only take room.
            let _ = fs::unlinkat(&directory, &name, AtFlags::empty());
        }
        done.with_context(|| format!("cannot write to `{}`", self.path.display()))?;
        self.evict(&directory, &name_of(key))
    }

    /// Notes that an entry was used, if that was not noted lately.
    pub(super) fn touch(&self, key: &Key) {
        let Ok(Some(directory)) = self.opened() else { return };
        let used =
            fs::statat(&directory, name_of(key), AtFlags::SYMLINK_NOFOLLOW).map(|stat| modified(&stat));
        if used.is_ok_and(|used| used.elapsed().is_ok_and(|ago| ago > USED)) {
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW as _ };
            let same = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT as _ };
            let times = Timestamps { last_access: same, last_modification: now };
            let _ = fs::utimensat(&directory, name_of(key), &times, AtFlags::SYMLINK_NOFOLLOW);
        }
    }

    pub(super) fn usage(&self) -> Result<CacheUsage> {
        let Some(directory) = self.opened()? else { return Ok(CacheUsage::default()) };
        let found = self.list(&directory)?;
        let entries = found.iter().filter(|found| is_entry(&found.name)).count() as u64;
        Ok(CacheUsage { entries, bytes: found.iter().map(|found| found.bytes).sum() })
    }

    pub(super) fn clear(&self) -> Result<CacheUsage> {
        let Some(directory) = self.opened()? else { return Ok(CacheUsage::default()) };
        let mut gone = CacheUsage::default();
        for Found { name, bytes, .. } in self.list(&directory)? {
            match fs::unlinkat(&directory, &name, AtFlags::empty()) {
                Ok(()) => gone.bytes += bytes,
                // Somebody else was faster.
                Err(Errno::NOENT) => continue,
                Err(error) => {
                    let file = self.path.join(&name);
                    return Err(error).with_context(|| format!("cannot remove `{}`", file.display()));
                }
            }
            gone.entries += u64::from(is_entry(&name));
        }
        Ok(gone)
    }

    /// Takes the entries away that were not used for the longest time, until the others have no more bytes than they may have, and files
    /// whose writers have ended. The newest stays.
    fn evict(&self, directory: &OwnedFd, newest: &str) -> Result<()> {
        let mut found = self.list(directory)?;
        found.sort_unstable_by_key(|found| found.used);
        let mut all: u64 = found.iter().map(|found| found.bytes).sum();
        for Found { name, bytes, used } in found {
            let is_forgotten = !is_entry(&name) && used.elapsed().is_ok_and(|ago| ago > FORGOTTEN);
            if is_forgotten || all > self.limit && is_entry(&name) && name != newest {
                // Whoever reads it goes on reading it.
                let _ = fs::unlinkat(directory, &name, AtFlags::empty());
                all -= bytes;
            }
        }
        Ok(())
    }

    /// The files in the directory that are of this kind.
    fn list(&self, directory: &OwnedFd) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        let entries = Dir::read_from(directory);
        for entry in entries.with_context(|| format!("cannot read `{}`", self.path.display()))? {
            let name = OsString::from_vec(entry?.file_name().to_bytes().to_vec());
            // It may be gone meanwhile.
            if (is_entry(&name) || is_unfinished(&name))
                && let Ok(stat) = fs::statat(directory, &name, AtFlags::SYMLINK_NOFOLLOW)
            {
                found.push(Found { name, bytes: stat.st_size as u64, used: modified(&stat) });
            }
        }
        Ok(found)
    }

    /// The directory, if it is there.
    ///
    /// # Errors
    /// When it cannot be opened, or others than the user may write there.
    fn opened(&self) -> Result<Option<OwnedFd>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let directory = match fs::openat(CWD, &self.path, flags, Mode::empty()) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            // So says Linux of a link.
            Err(Errno::NOTDIR | Errno::LOOP) => bail!("`{}` is not a directory", self.path.display()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot open `{}`", self.path.display()));
            }
        };
        let stat = fs::fstat(&directory)?;
        check(&stat).with_context(|| format!("`{}` cannot be trusted", self.path.display()))?;
        Ok(Some(directory))
    }

    /// The directory, which is made if it is not there.
    fn made(&self) -> Result<OwnedFd> {
        if let Some(directory) = self.opened()? {
            return Ok(directory);
        }
        if let Some(parent) = self.path.parent().filter(|_| self.makes_parent) {
            // If it cannot be made, it is there, or the next call says why.
            let _ = fs::mkdirat(CWD, parent, OWN);
        }
        match fs::mkdirat(CWD, &self.path, OWN) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot make `{}`", self.path.display()));
            }
        }
        self.opened()?.with_context(|| format!("`{}` is gone", self.path.display()))
    }
}

/// Makes sure that something belongs to the user, who alone may write it.
fn check(stat: &Stat) -> Result<()> {
    ensure!(stat.st_uid == geteuid().as_raw(), "it belongs to another user");
    let others = Mode::WGRP | Mode::WOTH;
    ensure!(!Mode::from_raw_mode(stat.st_mode).intersects(others), "others may write there");
    Ok(())
}

fn name_of(key: &Key) -> String {
    format!("{key}{ENTRY}")
}

/// Whether a file is an entry: the directory that a user names may have other files, which are nobody's to remove.
fn is_entry(name: &OsString) -> bool {
    let key = name.as_encoded_bytes().strip_suffix(ENTRY.as_bytes());
    key.is_some_and(|key| key.len() == 2 * Key::BYTES && key.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a file has a name as [`unfinished`] gives.
fn is_unfinished(name: &OsString) -> bool {
    let parts = name.as_encoded_bytes().strip_suffix(UNFINISHED.as_bytes());
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_hexdigit);
    parts.is_some_and(|parts| {
        let parts: Vec<&[u8]> = parts.split(|&byte| byte == b'-').collect();
        parts.len() == 3 && parts.iter().all(|part| is_number(part))
    })
}

/// A name that nobody else uses.
fn unfinished() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // Processes of other containers may have the same number.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    format!("{}-{number}-{now:x}{UNFINISHED}", std::process::id())
}

fn modified(stat: &Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or(0);
    UNIX_EPOCH + Duration::new(seconds, u32::try_from(stat.st_mtime_nsec).unwrap_or(0))
}
