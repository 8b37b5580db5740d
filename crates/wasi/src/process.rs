//! Arguments, environment, and the end of the program.

use crate::abi::Errno;
use crate::ctx::{Strings, WasiCtx};
use crate::error::{Exit, Failure, WasiResult};
use crate::memory::GuestMemory;

/// One more than the highest number of a signal.
const SIGNALS: u32 = 31;

/// Stores the arguments and pointers to them.
pub(crate) fn args_get(ctx: &mut WasiCtx, mem: &mut GuestMemory<'_>, argv: u32, buffer: u32) -> WasiResult {
    store(&ctx.args, mem, argv, buffer)
}

/// Tells how many arguments there are and how many bytes they take.
pub(crate) fn args_sizes_get(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    count: u32,
    bytes: u32,
) -> WasiResult {
    store_sizes(&ctx.args, mem, count, bytes)
}

/// Stores the environment, as strings `name=value`, and pointers to them.
pub(crate) fn environ_get(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    environ: u32,
    buffer: u32,
) -> WasiResult {
    store(&ctx.environ, mem, environ, buffer)
}

/// Tells how many variables there are and how many bytes they take.
pub(crate) fn environ_sizes_get(
    ctx: &mut WasiCtx,
    mem: &mut GuestMemory<'_>,
    count: u32,
    bytes: u32,
) -> WasiResult {
    store_sizes(&ctx.environ, mem, count, bytes)
}

/// Ends the program.
pub(crate) fn proc_exit(_: &mut WasiCtx, _: &mut GuestMemory<'_>, code: u32) -> WasiResult {
    Err(Failure::Exit(Exit(code.cast_signed())))
}

/// Sends the program a signal: there are none, so a valid signal is `notsup`.
pub(crate) fn proc_raise(_: &mut WasiCtx, _: &mut GuestMemory<'_>, signal: u32) -> WasiResult {
    if signal < SIGNALS { Err(Errno::Notsup.into()) } else { Err(Errno::Inval.into()) }
}

/// Lets other threads of the host run.
pub(crate) fn sched_yield(_: &mut WasiCtx, _: &mut GuestMemory<'_>) -> WasiResult {
    std::thread::yield_now();
    Ok(())
}

fn store(strings: &Strings, mem: &mut GuestMemory<'_>, pointers: u32, buffer: u32) -> WasiResult {
    let len = u32::try_from(strings.bytes.len()).map_err(|_| Errno::Overflow)?;
    mem.check(buffer, 1, len.into())?;
    mem.check(pointers, 4, 4 * u64::from(strings.count))?;
    mem.store_paid(buffer, &strings.bytes)?;
    let mut address = u64::from(buffer);
    let mut addresses = Vec::with_capacity(strings.count as usize);
    for string in strings.bytes.split_inclusive(|&byte| byte == 0) {
        // The strings lie in the memory, so their addresses fit.
        addresses.push((address as u32).to_le_bytes());
        address += string.len() as u64;
    }
    mem.store_paid(pointers, addresses.as_flattened())?;
    Ok(())
}

fn store_sizes(strings: &Strings, mem: &mut GuestMemory<'_>, count: u32, bytes: u32) -> WasiResult {
    let len = u32::try_from(strings.bytes.len()).map_err(|_| Errno::Overflow)?;
    mem.write_u32(count, strings.count)?;
    mem.write_u32(bytes, len)?;
    Ok(())
}
