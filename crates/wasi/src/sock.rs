//! Sockets: no descriptor is one, since a host can give a guest none.

use crate::abi::{Errno, Rights};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;

/// Accepts a connection: `badf` or `notsock`.
pub(crate) fn sock_accept(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    _fdflags: u32,
    _accepted: u32,
) -> WasiResult {
    not_a_socket(ctx, fd)
}

/// Receives: `badf` or `notsock`.
#[expect(clippy::too_many_arguments)] // The interface has that many.
pub(crate) fn sock_recv(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    _iovecs: u32,
    _count: u32,
    _riflags: u32,
    _received: u32,
    _roflags: u32,
) -> WasiResult {
    not_a_socket(ctx, fd)
}

/// Sends: `badf` or `notsock`.
pub(crate) fn sock_send(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: u32,
    _iovecs: u32,
    _count: u32,
    _siflags: u32,
    _sent: u32,
) -> WasiResult {
    not_a_socket(ctx, fd)
}

/// Shuts a connection down: `badf` or `notsock`.
pub(crate) fn sock_shutdown(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: u32, _how: u32) -> WasiResult {
    not_a_socket(ctx, fd)
}

fn not_a_socket(ctx: &WasiCtx, fd: u32) -> WasiResult {
    ctx.table.get(fd, Rights::NONE)?;
    Err(Errno::Notsock.into())
}
