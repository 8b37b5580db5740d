//! Random numbers, from the host's generator straight into the guest's memory.

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;

/// Fills a buffer with random bytes that nobody can foretell.
pub(crate) fn random_get(_: &mut WasiCtx, mem: &mut GuestMemory<'_>, buffer: u32, len: u32) -> WasiResult {
    let mut rest = mem.bytes_mut(buffer, len)?;
    while !rest.is_empty() {
        // The host fills long buffers in parts.
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(filled) => rest = &mut rest[filled..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
