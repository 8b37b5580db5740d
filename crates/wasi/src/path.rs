//! Everything that takes a path.
//!
//! A path is always relative to a directory that the guest has, and cannot leave it: `cap_std` resolves it, in the
//! kernel where that is possible, and refuses `..`, absolute paths and symbolic links that lead out, with `perm`.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, FileType, OFlags, Timestamps, utimensat};

use crate::abi::{Errno, Fdflags, Filestat, Filetype, Lookupflags, Oflags, Rights};
use crate::ctx::WasiCtx;
use crate::dir::Directory;
use crate::error::WasiResult;
use crate::fs::{NewTime, nanoseconds, new_times};
use crate::memory::GuestMemory;
use crate::table::{Access, Descriptor, OpenDirectory};

/// Makes a directory.
pub(crate) fn path_create_directory(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let dir = dir(ctx, fd, Rights::PATH_CREATE_DIRECTORY)?;
    dir.create_dir(&*mem.text(path, path_len)?)?;
    Ok(())
}

/// Tells size, times and identity of what a path names.
pub(crate) fn path_filestat_get(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    lookupflags: u32,
    path: u32,
    path_len: u32,
    stat: u32,
) -> WasiResult {
    let dir = dir(ctx, fd, Rights::PATH_FILESTAT_GET)?;
    let lookupflags = Lookupflags::from_bits(lookupflags)?;
    let path = &*mem.text(path, path_len)?;
    let metadata = if follows(lookupflags, path) { dir.metadata(path)? } else { dir.symlink_metadata(path)? };
    mem.write(stat, 8, &filestat(&metadata).encode())?;
    Ok(())
}

/// Sets the times of what a path names.
#[expect(clippy::too_many_arguments)] // The interface has that many.
pub(crate) fn path_filestat_set_times(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    lookupflags: u32,
    path: u32,
    path_len: u32,
    atim: u64,
    mtim: u64,
    fstflags: u32,
) -> WasiResult {
    let dir = dir(ctx, fd, Rights::PATH_FILESTAT_SET_TIMES)?;
    let lookupflags = Lookupflags::from_bits(lookupflags)?;
    let path = &*mem.text(path, path_len)?;
    let times = new_times(atim, mtim, fstflags)?;
    if follows(lookupflags, path) {
        set_times(&dir, path, times)?;
    } else {
        let [atime, mtime] = times.map(NewTime::to_spec);
        dir.set_symlink_times(path, atime, mtime)?;
    }
    Ok(())
}

/// Sets times without opening the file to be read or written: that would wait for the other end of a pipe, and fail for a
/// program that runs. Linux before 5.8 cannot do without.
fn set_times(dir: &Dir, path: &str, times: [NewTime; 2]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlags::PATH.bits().cast_signed());
    let file = dir.open_with(path, &options)?;
    let [last_access, last_modification] = times.map(NewTime::to_timespec);
    let times_of_host = Timestamps { last_access, last_modification };
    match utimensat(&file, c"", &times_of_host, AtFlags::EMPTY_PATH) {
        Err(rustix::io::Errno::INVAL) => {
            let [atime, mtime] = times.map(NewTime::to_spec);
            dir.set_times(path, atime, mtime)
        }
        other => Ok(other?),
    }
}

/// Gives a file another name. A symbolic link gets one itself: following it is not offered, and `inval`.
#[expect(clippy::too_many_arguments)] // The interface has that many.
pub(crate) fn path_link(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    old_fd: u32,
    old_lookupflags: u32,
    old_path: u32,
    old_path_len: u32,
    new_fd: u32,
    new_path: u32,
    new_path_len: u32,
) -> WasiResult {
    let old_dir = dir(ctx, old_fd, Rights::PATH_LINK_SOURCE)?;
    let new_dir = dir(ctx, new_fd, Rights::PATH_LINK_TARGET)?;
    if Lookupflags::from_bits(old_lookupflags)?.contains(Lookupflags::SYMLINK_FOLLOW) {
        return Err(Errno::Inval.into());
    }
    old_dir.hard_link(&*mem.text(old_path, old_path_len)?, &new_dir, &*mem.text(new_path, new_path_len)?)?;
    Ok(())
}

/// Opens a file or directory.
///
/// Of the rights that the guest asks for, `fd_read` and `fd_write` say how the file is opened; the new descriptor gets
/// all other rights that make sense for it, as far as the directory passes them on. Asking for a right that the
/// directory does not pass on is `notcapable`; asking to write, create or truncate below one that is only to be read is
/// `rofs`.
#[expect(clippy::too_many_arguments)] // The interface has that many.
pub(crate) fn path_open(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    lookupflags: u32,
    path: u32,
    path_len: u32,
    oflags: u32,
    base: u64,
    inheriting: u64,
    fdflags: u32,
    opened: u32,
) -> WasiResult {
    let oflags = Oflags::from_bits(oflags)?;
    let fdflags = Fdflags::from_bits(fdflags)?;
    let lookupflags = Lookupflags::from_bits(lookupflags)?;
    let asked = Rights::truncated(base);

    let mut needed = Rights::PATH_OPEN;
    if oflags.contains(Oflags::CREAT) {
        needed = needed.with(Rights::PATH_CREATE_FILE);
    }
    if oflags.contains(Oflags::TRUNC) {
        needed = needed.with(Rights::PATH_FILESTAT_SET_SIZE);
    }
    let dir = dir(ctx, fd, needed)?;
    let &Descriptor { inheriting: passed_on, access, .. } = dir.descriptor();
    if !passed_on.contains(asked.with(Rights::truncated(inheriting))) {
        return Err(Errno::Notcapable.into());
    }
    if access == Access::ReadOnly && asked.contains(Rights::FD_WRITE) {
        return Err(Errno::Rofs.into());
    }

    let options = open_options(oflags, fdflags, lookupflags, asked)?;
    mem.check(opened, 4, 4)?;
    ctx.table.check_free()?;
    let file = dir.open_with(&*mem.text(path, path_len)?, &options)?;
    let descriptor = descriptor(file.into_std(), asked, passed_on, access)?;
    let number = ctx.table.insert(descriptor)?;
    mem.write_u32(opened, number)?;
    Ok(())
}

/// Reads a symbolic link, as much as fits.
#[expect(clippy::too_many_arguments)] // The interface has that many.
pub(crate) fn path_readlink(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
    buffer: u32,
    buffer_len: u32,
    used: u32,
) -> WasiResult {
    let dir = dir(ctx, fd, Rights::PATH_READLINK)?;
    let target = dir.read_link(&*mem.text(path, path_len)?)?;
    let target = target.as_os_str().as_bytes();
    mem.check(buffer, 1, buffer_len.into())?;
    let len = target.len().min(buffer_len as usize);
    mem.store_paid(buffer, &target[..len])?;
    mem.write_u32(used, len as u32)?;
    Ok(())
}

/// Removes an empty directory.
pub(crate) fn path_remove_directory(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let dir = dir(ctx, fd, Rights::PATH_REMOVE_DIRECTORY)?;
    let path = &*mem.text(path, path_len)?;
    // `dir/` names the directory; `cap_std` would take it for `dir/.`, which cannot be removed.
    let name = path.trim_end_matches('/');
    dir.remove_dir(if name.is_empty() { path } else { name })?;
    Ok(())
}

/// Moves a file or directory.
#[expect(clippy::too_many_arguments)] // The interface has that many.
pub(crate) fn path_rename(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    old_fd: u32,
    old_path: u32,
    old_path_len: u32,
    new_fd: u32,
    new_path: u32,
    new_path_len: u32,
) -> WasiResult {
    let old_dir = dir(ctx, old_fd, Rights::PATH_RENAME_SOURCE)?;
    let new_dir = dir(ctx, new_fd, Rights::PATH_RENAME_TARGET)?;
    let (old_path, new_path) = (&*mem.text(old_path, old_path_len)?, &*mem.text(new_path, new_path_len)?);
    // Only a directory can get a name with a slash at its end, which `cap_std` leaves away.
    if new_path.ends_with('/') && !old_dir.symlink_metadata(old_path)?.is_dir() {
        return Err(Errno::Notdir.into());
    }
    old_dir.rename(old_path, &new_dir, new_path)?;
    Ok(())
}

/// Makes a symbolic link. An absolute target is refused.
pub(crate) fn path_symlink(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    old_path: u32,
    old_path_len: u32,
    fd: u32,
    new_path: u32,
    new_path_len: u32,
) -> WasiResult {
    let dir = dir(ctx, fd, Rights::PATH_SYMLINK)?;
    dir.symlink(&*mem.text(old_path, old_path_len)?, &*mem.text(new_path, new_path_len)?)?;
    Ok(())
}

/// Removes a file.
pub(crate) fn path_unlink_file(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let dir = dir(ctx, fd, Rights::PATH_UNLINK_FILE)?;
    dir.remove_file(&*mem.text(path, path_len)?)?;
    Ok(())
}

fn dir(ctx: &WasiCtx, fd: u32, rights: Rights) -> Result<OpenDirectory, Errno> {
    ctx.table.directory(fd, rights)
}

/// Whether a link at the end of a path is followed: if the guest wants it, or if the path goes on behind the link, were it
/// with nothing but a slash (POSIX, "Pathname Resolution").
fn follows(lookupflags: Lookupflags, path: &str) -> bool {
    lookupflags.contains(Lookupflags::SYMLINK_FOLLOW) || path.ends_with('/') || path.ends_with("/.")
}

/// How to open what is asked for. Creating and truncating need write access on the host even if the guest gets none.
fn open_options(
    oflags: Oflags,
    fdflags: Fdflags,
    lookupflags: Lookupflags,
    asked: Rights,
) -> Result<OpenOptions, Errno> {
    let making = oflags.contains(Oflags::CREAT) || oflags.contains(Oflags::TRUNC);
    let write = asked.contains(Rights::FD_WRITE) || making;
    let read = asked.contains(Rights::FD_READ) || !write;
    if oflags.contains(Oflags::DIRECTORY) && (making || oflags.contains(Oflags::EXCL)) {
        return Err(Errno::Inval);
    }

    let mut flags = OFlags::NOCTTY;
    flags.set(OFlags::DIRECTORY, oflags.contains(Oflags::DIRECTORY));
    flags.set(OFlags::APPEND, fdflags.contains(Fdflags::APPEND));
    flags.set(OFlags::NONBLOCK, fdflags.contains(Fdflags::NONBLOCK));
    if fdflags.contains(Fdflags::SYNC) || fdflags.contains(Fdflags::RSYNC) {
        flags |= OFlags::SYNC;
    } else if fdflags.contains(Fdflags::DSYNC) {
        flags |= OFlags::DSYNC;
    }

    let follow = lookupflags.contains(Lookupflags::SYMLINK_FOLLOW);
    let mut options = OpenOptions::new();
    options
        .read(read)
        .write(write)
        .truncate(oflags.contains(Oflags::TRUNC))
        .create(oflags.contains(Oflags::CREAT))
        .create_new(oflags.contains(Oflags::CREAT) && oflags.contains(Oflags::EXCL))
        .follow(if follow { FollowSymlinks::Yes } else { FollowSymlinks::No })
        .custom_flags(flags.bits().cast_signed());
    Ok(options)
}

/// The entry for a file or directory that was just opened.
fn descriptor(
    file: std::fs::File,
    asked: Rights,
    passed_on: Rights,
    access: Access,
) -> Result<Descriptor, Errno> {
    let filetype = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode).into();
    if filetype == Filetype::Directory {
        return Ok(Descriptor::directory(Directory::new(Dir::from_std_file(file)), passed_on, access));
    }
    let both_ways = Rights::FD_READ.with(Rights::FD_WRITE);
    let base = Rights::FILE.without(both_ways).with(asked.and(both_ways)).and(passed_on);
    Ok(Descriptor::file(OwnedFd::from(file), filetype, base, access))
}

/// The type of what a path names.
pub(crate) fn filetype(metadata: &Metadata) -> Filetype {
    FileType::from_raw_mode(metadata.mode()).into()
}

fn filestat(metadata: &Metadata) -> Filestat {
    Filestat {
        dev: metadata.dev(),
        ino: metadata.ino(),
        filetype: filetype(metadata),
        nlink: metadata.nlink(),
        size: metadata.size(),
        atim: nanoseconds(metadata.atime(), metadata.atime_nsec()),
        mtim: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctim: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
    }
}
