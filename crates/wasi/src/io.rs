//! Reading, writing and positioning.
//!
//! Bytes move between the guest's memory and the host in one vectored call, without a copy of ours in between unless other
//! threads use that memory.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::SeekFrom;

use crate::abi::{Errno, Rights};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;
use crate::table::Resource;

/// Reads from a file or stream at its position.
pub(crate) fn fd_read(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    iovecs: u32,
    count: u32,
    read: u32,
) -> WasiResult {
    let descriptor = ctx.table.get(fd, Rights::FD_READ)?;
    mem.check(read, 4, 4)?;
    let len = mem.scatter(iovecs, count, |buffers| match &*descriptor.resource {
        Resource::Directory(_) | Resource::Output(_) => Err(Errno::Badf),
        Resource::File { fd, .. } | Resource::Socket { fd, .. } => read_host(fd.as_fd(), buffers),
        Resource::Input(input) => match input.host_fd() {
            Some(host) => read_host(host, buffers),
            None => Ok(input.read_memory(buffers)),
        },
    })?;
    mem.write_u32(read, len as u32)?;
    Ok(())
}

/// Writes to a file or stream at its position.
pub(crate) fn fd_write(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    iovecs: u32,
    count: u32,
    written: u32,
) -> WasiResult {
    let descriptor = ctx.table.get(fd, Rights::FD_WRITE)?;
    mem.check(written, 4, 4)?;
    let len = mem.gather(iovecs, count, |buffers| match &*descriptor.resource {
        Resource::Directory(_) | Resource::Input(_) => Err(Errno::Badf),
        Resource::File { fd, .. } => write_host(fd.as_fd(), buffers),
        Resource::Socket { fd, .. } => crate::sock::send(fd.as_fd(), buffers),
        Resource::Output(output) => match output.host_fd() {
            Some(host) => write_host(host, buffers),
            None => output.write_memory(buffers),
        },
    })?;
    mem.write_u32(written, len as u32)?;
    Ok(())
}

/// Reads from a file at `offset`, without moving its position.
pub(crate) fn fd_pread(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    iovecs: u32,
    count: u32,
    offset: u64,
    read: u32,
) -> WasiResult {
    let file = ctx.table.file(fd, Rights::FD_READ.with(Rights::FD_SEEK))?;
    mem.check(read, 4, 4)?;
    let len =
        mem.scatter(iovecs, count, |buffers| retry(|| rustix::io::preadv(&file, &mut *buffers, offset)))?;
    mem.write_u32(read, len as u32)?;
    Ok(())
}

/// Writes to a file at `offset`, without moving its position.
pub(crate) fn fd_pwrite(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    iovecs: u32,
    count: u32,
    offset: u64,
    written: u32,
) -> WasiResult {
    let file = ctx.table.file(fd, Rights::FD_WRITE.with(Rights::FD_SEEK))?;
    mem.check(written, 4, 4)?;
    let len = mem.gather(iovecs, count, |buffers| retry(|| rustix::io::pwritev(&file, buffers, offset)))?;
    mem.write_u32(written, len as u32)?;
    Ok(())
}

/// Moves the position of a file and tells the new one.
pub(crate) fn fd_seek(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    whence: u32,
    position: u32,
) -> WasiResult {
    let offset = offset.cast_signed();
    let target = match whence {
        0 => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
        1 => SeekFrom::Current(offset),
        2 => SeekFrom::End(offset),
        _ => return Err(Errno::Inval.into()),
    };
    let file = ctx.table.file(fd, Rights::FD_SEEK)?;
    mem.check(position, 8, 8)?;
    let now = rustix::fs::seek(file, target)?;
    mem.write_u64(position, now)?;
    Ok(())
}

/// Tells the position of a file.
pub(crate) fn fd_tell(ctx: &mut WasiCtx, mem: &mut GuestMemory<'_>, fd: u32, position: u32) -> WasiResult {
    let now = rustix::fs::tell(ctx.table.file(fd, Rights::FD_TELL)?)?;
    mem.write_u64(position, now)?;
    Ok(())
}

fn read_host(fd: BorrowedFd<'_>, buffers: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
    match buffers {
        [buffer] => retry(|| rustix::io::read(fd, &mut **buffer)),
        _ => retry(|| rustix::io::readv(fd, &mut *buffers)),
    }
}

fn write_host(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> Result<usize, Errno> {
    match buffers {
        [buffer] => retry(|| rustix::io::write(fd, buffer)),
        _ => retry(|| rustix::io::writev(fd, buffers)),
    }
}

/// Repeats a call that a signal interrupted: signals are the host's business, the guest must not see them.
pub(crate) fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return other.map_err(Errno::from),
        }
    }
}
