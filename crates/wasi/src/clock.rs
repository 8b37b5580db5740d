//! The four clocks, read straight from the host.

use rustix::time::{ClockId, Timespec};

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::memory::GuestMemory;

/// Tells the resolution of a clock in nanoseconds.
pub(crate) fn clock_res_get(
    _: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    id: u32,
    resolution: u32,
) -> WasiResult {
    let step = rustix::time::clock_getres(clock(id)?);
    mem.write_u64(resolution, nanoseconds(step))?;
    Ok(())
}

/// Tells the time of a clock in nanoseconds. The host is always as precise as it can, whatever `precision` says.
pub(crate) fn clock_time_get(
    _: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    id: u32,
    _precision: u64,
    time: u32,
) -> WasiResult {
    mem.write_u64(time, now(clock(id)?))?;
    Ok(())
}

/// The clock of a number; `inval` if there is none.
pub(crate) fn clock(id: u32) -> Result<ClockId, Errno> {
    match id {
        0 => Ok(ClockId::Realtime),
        1 => Ok(ClockId::Monotonic),
        2 => Ok(ClockId::ProcessCPUTime),
        3 => Ok(ClockId::ThreadCPUTime),
        _ => Err(Errno::Inval),
    }
}

/// The time of a clock in nanoseconds.
pub(crate) fn now(clock: ClockId) -> u64 {
    nanoseconds(rustix::time::clock_gettime(clock))
}

/// `nanoseconds` as the host wants it. 2^64 nanoseconds are 585 years, so all fit.
pub(crate) fn timespec(nanoseconds: u64) -> Timespec {
    const PER_SECOND: u64 = 1_000_000_000;
    Timespec { tv_sec: (nanoseconds / PER_SECOND) as i64, tv_nsec: (nanoseconds % PER_SECOND) as i64 }
}

fn nanoseconds(time: Timespec) -> u64 {
    crate::fs::nanoseconds(time.tv_sec, time.tv_nsec)
}
