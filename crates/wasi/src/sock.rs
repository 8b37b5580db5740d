//! Sockets: those that the host gave, and the connections that come in through them.
//!
//! A guest can make no socket and connect none; it accepts connections from a listener and moves data through what it
//! has. A stream of the host that is a socket is one for the guest too, so that a program started by a server of the
//! `inetd` kind works.

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendFlags};
use rustix::net::{Shutdown, SocketFlags};

use crate::abi::Rights;
use crate::abi::{Errno, Fdflags, Riflags, Roflags, Sdflags, Siflags};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::io::retry;
use crate::memory::GuestMemory;
use crate::table::Descriptor;

/// Accepts a connection. Of the flags only `nonblock` is for sockets; it does not come from the listener.
pub(crate) fn sock_accept(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    fdflags: u32,
    accepted: u32,
) -> WasiResult {
    let flags = match Fdflags::from_bits(fdflags)? {
        Fdflags::NONE => SocketFlags::CLOEXEC,
        Fdflags::NONBLOCK => SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        _ => return Err(Errno::Inval.into()),
    };
    let (host, passed_on) = ctx.table.socket(fd, Rights::SOCK_ACCEPT)?;
    mem.check(accepted, 4, 4)?;
    ctx.table.check_free()?;
    let mut connection = Descriptor::socket(retry(|| rustix::net::accept_with(&host, flags))?)?;
    connection.base = connection.base.and(passed_on);
    let number = ctx.table.insert(connection)?;
    mem.write_u32(accepted, number)?;
    Ok(())
}

/// Receives into buffers and tells what was found.
#[expect(clippy::too_many_arguments)] // The interface has that many.
pub(crate) fn sock_recv(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    iovecs: u32,
    count: u32,
    riflags: u32,
    received: u32,
    roflags: u32,
) -> WasiResult {
    let riflags = Riflags::from_bits(riflags)?;
    let mut flags = RecvFlags::empty();
    flags.set(RecvFlags::PEEK, riflags.contains(Riflags::RECV_PEEK));
    flags.set(RecvFlags::WAITALL, riflags.contains(Riflags::RECV_WAITALL));
    let (host, _) = ctx.table.socket(fd, Rights::FD_READ)?;
    mem.check(received, 4, 4)?;
    mem.check(roflags, 2, 2)?;
    let mut truncated = false;
    let len = mem.scatter(iovecs, count, |buffers| {
        // Descriptors that come with a message would be the host's: without room for them they are closed.
        let receive = || rustix::net::recvmsg(&host, buffers, &mut RecvAncillaryBuffer::default(), flags);
        let message = retry(receive)?;
        truncated = message.flags.contains(ReturnFlags::TRUNC);
        Ok(message.bytes)
    })?;
    let found = if truncated { Roflags::RECV_DATA_TRUNCATED } else { Roflags::NONE };
    mem.write_u32(received, len as u32)?;
    mem.write_u16(roflags, found.bits())?;
    Ok(())
}

/// Sends buffers.
pub(crate) fn sock_send(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    fd: u32,
    iovecs: u32,
    count: u32,
    siflags: u32,
    sent: u32,
) -> WasiResult {
    Siflags::from_bits(siflags)?;
    let (host, _) = ctx.table.socket(fd, Rights::FD_WRITE)?;
    mem.check(sent, 4, 4)?;
    let len = mem.gather(iovecs, count, |buffers| send(host.as_fd(), buffers))?;
    mem.write_u32(sent, len as u32)?;
    Ok(())
}

/// Ends one way of a connection, or both.
pub(crate) fn sock_shutdown(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32, how: u32) -> WasiResult {
    let how = match Sdflags::from_bits(how)? {
        Sdflags::RD => Shutdown::Read,
        Sdflags::WR => Shutdown::Write,
        Sdflags::ALL => Shutdown::Both,
        _ => return Err(Errno::Inval.into()),
    };
    let (host, _) = ctx.table.socket(fd, Rights::SOCK_SHUTDOWN)?;
    rustix::net::shutdown(host, how)?;
    Ok(())
}

/// Sends; a peer that is gone is the error `pipe`, whatever the host does with the signal for it.
pub(crate) fn send(host: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> Result<usize, Errno> {
    retry(|| rustix::net::sendmsg(host, buffers, &mut SendAncillaryBuffer::default(), SendFlags::NOSIGNAL))
}
