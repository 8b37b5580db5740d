//! What there is to know and to set about an open descriptor, and closing it.

use std::num::NonZeroU64;
use std::os::fd::BorrowedFd;
use std::time::{Duration, UNIX_EPOCH};

use cap_fs_ext::SystemTimeSpec;
use cap_std::time::SystemTime;
use rustix::fs::{
    Advice, FallocateFlags, FileType, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT,
};
use rustix::net::SocketType;

use crate::abi::{self, Errno, Fdflags, Fdstat, Filestat, Filetype, Fstflags, Rights};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;
use crate::meter;
use crate::table::{HostFd, Resource};

/// Announces how a file will be used.
pub(crate) fn fd_advise(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    len: u64,
    advice: u32,
) -> WasiResult {
    let advice = match advice {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval.into()),
    };
    let file = ctx.table.file(fd, Rights::FD_ADVISE)?;
    rustix::fs::fadvise(file, offset, NonZeroU64::new(len), advice)?;
    Ok(())
}

/// Makes sure that a part of a file has its space on the device.
pub(crate) fn fd_allocate(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    len: u64,
) -> WasiResult {
    let file = ctx.table.file(fd, Rights::FD_ALLOCATE.with(Rights::FD_WRITE))?;
    mem.meter.charge(len / meter::ALLOCATED_PER_UNIT)?;
    rustix::fs::fallocate(file, FallocateFlags::empty(), offset, len)?;
    Ok(())
}

/// Closes a descriptor.
pub(crate) fn fd_close(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32) -> WasiResult {
    ctx.table.remove(fd)?;
    Ok(())
}

/// Waits until the data of a file is on the device.
pub(crate) fn fd_datasync(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32) -> WasiResult {
    let host = host(ctx, fd, Rights::FD_DATASYNC)?;
    rustix::fs::fdatasync(host)?;
    Ok(())
}

/// Waits until the data and metadata of a file are on the device.
pub(crate) fn fd_sync(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32) -> WasiResult {
    let host = host(ctx, fd, Rights::FD_SYNC)?;
    rustix::fs::fsync(host)?;
    Ok(())
}

/// Tells type, flags and rights of a descriptor.
pub(crate) fn fd_fdstat_get(ctx: &mut WasiCtx, mem: &mut GuestMemory<'_>, fd: u32, stat: u32) -> WasiResult {
    let descriptor = ctx.table.get(fd, Rights::NONE)?;
    let filetype = filetype(&descriptor.resource)?;
    // A guest takes a character device for a terminal if it cannot be positioned.
    let positioned = matches!(filetype, Filetype::RegularFile | Filetype::BlockDevice);
    let unusable = if positioned { Rights::NONE } else { Rights::FD_SEEK.with(Rights::FD_TELL) };
    let record = Fdstat {
        filetype,
        flags: flags(&descriptor.resource)?,
        base: descriptor.base.without(unusable),
        inheriting: descriptor.inheriting,
    };
    mem.write(stat, 8, &record.encode())?;
    Ok(())
}

/// Sets the flags of a descriptor.
///
/// Only `append` and `nonblock` can change after opening, of a socket only `nonblock`. The streams that the guest shares with its host keep theirs,
/// since the host would see the change as well.
pub(crate) fn fd_fdstat_set_flags(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    fdflags: u32,
) -> WasiResult {
    let wanted = Fdflags::from_bits(fdflags)?;
    let resource = &*ctx.table.get(fd, Rights::FD_FDSTAT_SET_FLAGS)?.resource;
    let now = flags(resource)?;
    let changeable = match resource {
        Resource::Socket { .. } => Fdflags::NONBLOCK,
        _ => Fdflags::APPEND.with(Fdflags::NONBLOCK),
    };
    if wanted.without(changeable) != Fdflags::NONE && wanted.without(changeable) != now.without(changeable) {
        return Err(Errno::Notsup.into());
    }
    match resource {
        Resource::File { fd, .. } | Resource::Socket { fd, .. } => {
            let mut host = rustix::fs::fcntl_getfl(fd)?;
            host.set(OFlags::APPEND, wanted.contains(Fdflags::APPEND));
            host.set(OFlags::NONBLOCK, wanted.contains(Fdflags::NONBLOCK));
            rustix::fs::fcntl_setfl(fd, host)?;
            Ok(())
        }
        _ if wanted == now => Ok(()),
        _ => Err(Errno::Notsup.into()),
    }
}

/// Takes rights from a descriptor.
pub(crate) fn fd_fdstat_set_rights(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    base: u64,
    inheriting: u64,
) -> WasiResult {
    ctx.table.set_rights(fd, Rights::truncated(base), Rights::truncated(inheriting))?;
    Ok(())
}

/// Tells size, times and identity of what is open.
pub(crate) fn fd_filestat_get(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    stat: u32,
) -> WasiResult {
    let resource = &ctx.table.get(fd, Rights::FD_FILESTAT_GET)?.resource;
    let record = match resource.host_fd() {
        Some(host) => filestat(host)?,
        None => Filestat {
            dev: 0,
            ino: 0,
            filetype: Filetype::Unknown,
            nlink: 0,
            size: 0,
            atim: 0,
            mtim: 0,
            ctim: 0,
        },
    };
    mem.write(stat, 8, &record.encode())?;
    Ok(())
}

/// Cuts or extends a file.
pub(crate) fn fd_filestat_set_size(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    size: u64,
) -> WasiResult {
    let file = ctx.table.file(fd, Rights::FD_FILESTAT_SET_SIZE.with(Rights::FD_WRITE))?;
    rustix::fs::ftruncate(file, size)?;
    Ok(())
}

/// Sets the times of what is open.
pub(crate) fn fd_filestat_set_times(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    atim: u64,
    mtim: u64,
    fstflags: u32,
) -> WasiResult {
    let [last_access, last_modification] = new_times(atim, mtim, fstflags)?.map(NewTime::to_timespec);
    let host = host(ctx, fd, Rights::FD_FILESTAT_SET_TIMES)?;
    rustix::fs::futimens(host, &Timestamps { last_access, last_modification })?;
    Ok(())
}

/// Tells whether a descriptor is a preopened directory, and how long its name is.
pub(crate) fn fd_prestat_get(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    prestat: u32,
) -> WasiResult {
    let name = preopened_name(ctx, fd)?;
    mem.write(prestat, 4, &abi::encode_prestat(name.len() as u32))?;
    Ok(())
}

/// Stores the name of a preopened directory.
pub(crate) fn fd_prestat_dir_name(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let name = preopened_name(ctx, fd)?;
    if name.len() > path_len as usize {
        return Err(Errno::Nametoolong.into());
    }
    mem.check(path, 1, path_len.into())?;
    mem.store_paid(path, name.as_bytes())?;
    Ok(())
}

/// Gives a descriptor another number and closes what had that number.
pub(crate) fn fd_renumber(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, from: u32, to: u32) -> WasiResult {
    ctx.table.renumber(from, to)?;
    Ok(())
}

/// What a descriptor is on the host, a directory too; `inval`, as of a pipe, if the host does not have it.
fn host(ctx: &WasiCtx, fd: u32, right: Rights) -> Result<HostFd, Errno> {
    HostFd::new(ctx.table.get(fd, right)?.resource).ok_or(Errno::Inval)
}

/// `badf` ends the search for preopened directories with which every guest starts.
fn preopened_name(ctx: &WasiCtx, fd: u32) -> Result<String, Errno> {
    match &*ctx.table.get(fd, Rights::NONE)?.resource {
        Resource::Directory(directory) => directory.preopened_as.clone().ok_or(Errno::Badf),
        _ => Err(Errno::Badf),
    }
}

/// The type of a resource. Of the host's character devices only terminals count as such, so that a guest does not take
/// `/dev/null` for one.
pub(crate) fn filetype(resource: &Resource) -> Result<Filetype, Errno> {
    match resource {
        Resource::File { filetype, .. } | Resource::Socket { filetype, .. } => Ok(*filetype),
        Resource::Directory(_) => Ok(Filetype::Directory),
        Resource::Input(_) | Resource::Output(_) => {
            let Some(host) = resource.host_fd() else { return Ok(Filetype::Unknown) };
            match host_filetype(host, &rustix::fs::fstat(host)?)? {
                Filetype::CharacterDevice if !rustix::termios::isatty(host) => Ok(Filetype::Unknown),
                other => Ok(other),
            }
        }
    }
}

/// The type of a file of the host, which only a socket itself knows in full.
pub(crate) fn host_filetype(host: BorrowedFd<'_>, stat: &Stat) -> rustix::io::Result<Filetype> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Socket if rustix::net::sockopt::socket_type(host)? != SocketType::STREAM => {
            Ok(Filetype::SocketDgram)
        }
        other => Ok(other.into()),
    }
}

fn flags(resource: &Resource) -> Result<Fdflags, Errno> {
    let host = match resource {
        Resource::Directory(_) => return Ok(Fdflags::NONE),
        _ => match resource.host_fd() {
            Some(host) => rustix::fs::fcntl_getfl(host)?,
            None => return Ok(Fdflags::NONE),
        },
    };
    // O_SYNC contains the bit of O_DSYNC, and O_RSYNC is the same as O_SYNC.
    let table = [
        (OFlags::APPEND, Fdflags::APPEND),
        (OFlags::NONBLOCK, Fdflags::NONBLOCK),
        (OFlags::DSYNC, Fdflags::DSYNC),
        (OFlags::SYNC, Fdflags::SYNC.with(Fdflags::RSYNC)),
    ];
    Ok(table
        .iter()
        .filter(|(bit, _)| host.contains(*bit))
        .fold(Fdflags::NONE, |set, (_, flag)| set.with(*flag)))
}

/// The record of an open file of the host.
pub(crate) fn filestat(host: BorrowedFd<'_>) -> Result<Filestat, Errno> {
    let stat: Stat = rustix::fs::fstat(host)?;
    Ok(Filestat {
        dev: stat.st_dev,
        ino: stat.st_ino,
        filetype: host_filetype(host, &stat)?,
        #[allow(clippy::useless_conversion)] // It has 32 bits on AArch64.
        nlink: stat.st_nlink.into(),
        size: stat.st_size.try_into().unwrap_or(0),
        atim: nanoseconds(stat.st_atime, stat.st_atime_nsec),
        mtim: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        ctim: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
    })
}

/// A time of the host in nanoseconds since 1970; times before that are 0.
pub(crate) fn nanoseconds(seconds: i64, nanoseconds: impl TryInto<u64>) -> u64 {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds.try_into().unwrap_or(0))
}

/// What a time stamp shall become.
#[derive(Clone, Copy)]
pub(crate) enum NewTime {
    Unchanged,
    Now,
    /// Nanoseconds since 1970.
    At(u64),
}

impl NewTime {
    /// As `cap_fs_ext` has it.
    pub(crate) fn to_spec(self) -> Option<SystemTimeSpec> {
        match self {
            NewTime::Unchanged => None,
            NewTime::Now => Some(SystemTimeSpec::SymbolicNow),
            NewTime::At(time) => {
                let time = UNIX_EPOCH + Duration::from_nanos(time);
                Some(SystemTimeSpec::Absolute(SystemTime::from_std(time)))
            }
        }
    }

    pub(crate) fn to_timespec(self) -> Timespec {
        match self {
            NewTime::Unchanged => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            NewTime::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
            NewTime::At(time) => crate::clock::timespec(time),
        }
    }
}

/// New access and modification times; `inval` if a time is both given and "now".
pub(crate) fn new_times(atim: u64, mtim: u64, fstflags: u32) -> Result<[NewTime; 2], Errno> {
    let flags = Fstflags::from_bits(fstflags)?;
    let time = |at, set, now| match (flags.contains(set), flags.contains(now)) {
        (false, false) => Ok(NewTime::Unchanged),
        (true, false) => Ok(NewTime::At(at)),
        (false, true) => Ok(NewTime::Now),
        (true, true) => Err(Errno::Inval),
    };
    Ok([time(atim, Fstflags::ATIM, Fstflags::ATIM_NOW)?, time(mtim, Fstflags::MTIM, Fstflags::MTIM_NOW)?])
}
