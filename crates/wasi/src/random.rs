//! Random numbers, from the host's generator.

use rustix::io::Errno as HostErrno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::error::{Failure, WasiResult};
use crate::memory::GuestMemory;

/// How many bytes one call gives at most.
const MAX_LEN: u32 = 64 << 20;

/// After how many bytes the epoch is looked at: the host makes some hundred megabytes a second.
const PART: u32 = 1 << 20;

/// Fills a buffer with random bytes that nobody can foretell; `inval` if it is longer than 64 MiB, as the interface has no
/// way to say that only a part was filled.
pub(crate) fn random_get(_: &mut WasiCtx, mem: &mut GuestMemory<'_>, buffer: u32, len: u32) -> WasiResult {
    mem.check(buffer, 1, len.into())?;
    if len > MAX_LEN {
        return Err(Errno::Inval.into());
    }
    let mut done = mem.meter.done;
    if done == 0 {
        mem.meter.charge_bytes(len.into())?;
    }
    let mut part = [0; 4096];
    let end = len.min(done + PART);
    while done < end {
        let wanted = part.len().min((end - done) as usize);
        match getrandom(&mut part[..wanted], GetRandomFlags::empty()) {
            Ok(filled) => {
                mem.store(buffer + done, &part[..filled])?;
                done += filled as u32;
            }
            Err(HostErrno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    if done < len {
        mem.meter.done = done;
        return Err(Failure::Unfinished);
    }
    Ok(())
}
