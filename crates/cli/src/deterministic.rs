//! `--deterministic`: clocks and random numbers of WASI that are the same in every run.
//!
//! The functions here take the place of those of `upshift-wasi`; numbers and layouts are those of WASI preview 1 (its `witx`
//! files). The clocks go on by [`STEP`] whenever one is read, and jump when the guest waits for one, so a program that loops
//! until some time has passed comes to its end.

use anyhow::{Context, Result};
use upshift::{Caller, Extern, Func, Linker, Store, Trap, Val};

use crate::run::Host;

const MODULE: &str = "wasi_snapshot_preview1";

/// What the wall clock shows at the beginning: 2000-01-01, in nanoseconds since 1970.
const BEGIN: u64 = 946_684_800_000_000_000;
/// In nanoseconds.
const STEP: u64 = 1000;

const SUCCESS: i32 = 0;
const INVAL: i32 = 28;
const REALTIME: u32 = 0;
/// Clocks have the numbers below.
const CLOCKS: u32 = 4;

/// What the guest sees of time and chance.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Nanoseconds since the beginning.
    elapsed: u64,
    /// State of the generator.
    random: u64,
}

impl World {
    fn read(&mut self, clock: u32) -> u64 {
        self.elapsed = self.elapsed.saturating_add(STEP);
        self.now(clock)
    }

    fn now(&self, clock: u32) -> u64 {
        if clock == REALTIME { BEGIN.saturating_add(self.elapsed) } else { self.elapsed }
    }

    /// The next number of the generator SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
    /// Generators").
    fn number(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Puts our functions in the place of those of the linker.
///
/// # Errors
/// If one cannot be defined.
pub(crate) fn shadow(linker: &mut Linker<Host>, store: &mut Store<Host>) -> Result<()> {
    let waits = linker.get(store, MODULE, "poll_oneoff").and_then(Extern::into_func);
    linker.allow_shadowing(true);
    linker.func_wrap(MODULE, "random_get", |mut caller: Caller<'_, Host>, at: u32, len: u32| {
        let (bytes, host) = bytes(&mut caller, at, len.into())?;
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&host.world.number().to_le_bytes()[..chunk.len()]);
        }
        Ok(SUCCESS)
    })?;
    linker.func_wrap(MODULE, "clock_res_get", |mut caller: Caller<'_, Host>, clock: u32, at: u32| {
        write_time(&mut caller, clock, at, |_| STEP)
    })?;
    linker.func_wrap(
        MODULE,
        "clock_time_get",
        |mut caller: Caller<'_, Host>, clock: u32, _precision: u64, at: u32| {
            write_time(&mut caller, clock, at, |world| world.read(clock))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "poll_oneoff",
        move |mut caller: Caller<'_, Host>, input: u32, output: u32, count: u32, written: u32| {
            poll(&mut caller, [input, output, count, written], waits)
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn write_time(
    caller: &mut Caller<'_, Host>,
    clock: u32,
    at: u32,
    time: impl FnOnce(&mut World) -> u64,
) -> Result<i32> {
    let (bytes, host) = bytes(caller, at, 8)?;
    if clock >= CLOCKS {
        return Ok(INVAL);
    }
    bytes.copy_from_slice(&time(&mut host.world).to_le_bytes());
    Ok(SUCCESS)
}

/// A part of the guest's memory, and the host's data.
fn bytes<'a>(caller: &'a mut Caller<'_, Host>, at: u32, len: u64) -> Result<(&'a mut [u8], &'a mut Host)> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory).ok_or(Trap::MemoryOutOfBounds)?;
    let (all, host) = memory.data_and_store_mut(caller);
    let end = usize::try_from(u64::from(at) + len).map_err(|_| Trap::MemoryOutOfBounds)?;
    let part = all.get_mut(at as usize..end).ok_or(Trap::MemoryOutOfBounds)?;
    Ok((part, host))
}

/// A wait for a clock: what the guest calls it, and when it ends, in nanoseconds since the beginning.
struct Alarm {
    userdata: u64,
    due: u64,
}

const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;

/// Waits: if all is for clocks, time jumps to the first that is due; else `waits`, which knows files and streams, decides.
fn poll(caller: &mut Caller<'_, Host>, args: [u32; 4], waits: Option<Func>) -> Result<i32> {
    let [input, output, count, written] = args;
    let (subscriptions, host) = bytes(caller, input, u64::from(count) * SUBSCRIPTION as u64)?;
    let alarms: Option<Vec<Alarm>> =
        subscriptions.chunks_exact(SUBSCRIPTION).map(|bytes| alarm(bytes, &host.world)).collect();
    let Some(alarms) = alarms.filter(|alarms| !alarms.is_empty()) else {
        let waits = waits.context("the guest waits, but did not import that")?;
        let mut errno = [Val::I32(0)];
        waits.call(caller, &args.map(|arg| Val::I32(arg as i32)), &mut errno)?;
        let [Val::I32(errno)] = errno else { return Ok(INVAL) };
        return Ok(errno);
    };
    let due = alarms.iter().map(|alarm| alarm.due).min().unwrap_or(0);
    host.world.elapsed = host.world.elapsed.max(due);
    let now = host.world.elapsed;
    let rings: Vec<_> = alarms.iter().filter(|alarm| alarm.due <= now).collect();
    let (events, _) = bytes(caller, output, (rings.len() * EVENT) as u64)?;
    // No error, the type of a clock, and nothing about bytes.
    events.fill(0);
    for (event, alarm) in events.chunks_exact_mut(EVENT).zip(&rings) {
        event[..8].copy_from_slice(&alarm.userdata.to_le_bytes());
    }
    let rings = rings.len() as u32;
    bytes(caller, written, 4)?.0.copy_from_slice(&rings.to_le_bytes());
    Ok(SUCCESS)
}

/// What a subscription waits for, if that is a clock that there is.
fn alarm(bytes: &[u8], world: &World) -> Option<Alarm> {
    let number = |at: usize| bytes[at..at + 8].iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte));
    let (clock, timeout, absolute) = (number(16) as u32, number(24), bytes[40] & 1 == 1);
    if bytes[8] != 0 || clock >= CLOCKS {
        return None;
    }
    let due = if absolute {
        timeout.saturating_sub(world.now(clock) - world.elapsed)
    } else {
        world.elapsed.saturating_add(timeout)
    };
    Some(Alarm { userdata: number(0), due })
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, STEP, World};

    #[test]
    fn clocks_go_on_as_they_are_read() {
        let mut world = World::default();
        assert_eq!(world.read(0), BEGIN + STEP);
        assert_eq!(world.read(1), 2 * STEP);
        assert_eq!(world.read(0), BEGIN + 3 * STEP);
    }

    #[test]
    fn the_generator_is_splitmix() {
        // The first numbers for the seed 0, from the authors' reference implementation.
        let mut world = World::default();
        assert_eq!(world.number(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(world.number(), 0x6e78_9e6a_a1b9_65f4);
    }
}
