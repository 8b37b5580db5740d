//! Random numbers, from the host's generator straight into the guest's memory.

use rustix::io::Errno as HostErrno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;

/// How many bytes one call gives at most. A call cannot be interrupted and the host makes some hundred megabytes a second,
/// so without a limit a guest could keep its thread for many seconds whatever time it was given.
const MAX_LEN: u32 = 64 << 20;

/// Fills a buffer with random bytes that nobody can foretell; `inval` if it is longer than 64 MiB, as the interface has no
/// way to say that only a part was filled.
pub(crate) fn random_get(_: &mut WasiCtx, mem: &mut GuestMemory<'_>, buffer: u32, len: u32) -> WasiResult {
    let mut rest = mem.bytes_mut(buffer, len)?;
    if len > MAX_LEN {
        return Err(Errno::Inval.into());
    }
    while !rest.is_empty() {
        // The host fills long buffers in parts.
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(filled) => rest = &mut rest[filled..],
            Err(HostErrno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
