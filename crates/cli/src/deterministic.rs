//! `--deterministic`: clocks and random numbers of WASI that are the same in every run.
//!
//! The functions here take the place of those of `upshift-wasi`; numbers and layouts are those of WASI preview 1 (its `witx`
//! files). The clocks go on by [`STEP`] whenever one is read, and jump when the guest waits for one, so a program that loops
//! until some time has passed comes to its end.

use anyhow::Result;
use upshift::{Caller, Extern, Linker, Memory, MemoryAccessError, SharedMemory, Trap};

use crate::program::Host;

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
pub(crate) fn shadow(linker: &mut Linker<Host>) -> Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap(MODULE, "random_get", |mut caller: Caller<'_, Host>, at: u32, len: u32| {
        let memory = GuestMemory::of(&mut caller, at, len.into())?;
        // So many numbers are stored at once; the memory has a place for each byte of them.
        const PART: usize = 512;
        for start in (0..len as usize).step_by(8 * PART) {
            let numbers: [_; PART] = std::array::from_fn(|_| caller.data_mut().world.number().to_le_bytes());
            let part = numbers.as_flattened();
            let part = &part[..part.len().min(len as usize - start)];
            memory.write(&mut caller, at as usize + start, part)?;
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
        |mut caller: Caller<'_, Host>, input: u32, output: u32, count: u32, written: u32| {
            poll(&mut caller, [input, output, count, written])
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
    let memory = GuestMemory::of(caller, at, 8)?;
    if clock >= CLOCKS {
        return Ok(INVAL);
    }
    let time = time(&mut caller.data_mut().world);
    memory.write(caller, at as usize, &time.to_le_bytes())?;
    Ok(SUCCESS)
}

/// The memory of the guest.
enum GuestMemory {
    Own(Memory),
    Shared(SharedMemory),
}

impl GuestMemory {
    /// The memory, if it has so many bytes there; otherwise a trap.
    fn of(caller: &mut Caller<'_, Host>, at: u32, len: u64) -> Result<GuestMemory, Trap> {
        let (memory, size) = match caller.get_export("memory") {
            Some(Extern::Memory(memory)) => (GuestMemory::Own(memory), memory.data_size(&*caller)),
            Some(Extern::SharedMemory(memory)) => {
                let size = memory.data_size();
                (GuestMemory::Shared(memory), size)
            }
            _ => return Err(Trap::MemoryOutOfBounds),
        };
        if u64::from(at) + len <= size as u64 { Ok(memory) } else { Err(Trap::MemoryOutOfBounds) }
    }

    fn read(&self, caller: &Caller<'_, Host>, at: usize, bytes: &mut [u8]) -> Result<(), MemoryAccessError> {
        match self {
            GuestMemory::Own(memory) => memory.read(caller, at, bytes),
            GuestMemory::Shared(memory) => memory.read(at, bytes),
        }
    }

    fn write(&self, caller: &mut Caller<'_, Host>, at: usize, bytes: &[u8]) -> Result<(), MemoryAccessError> {
        match self {
            GuestMemory::Own(memory) => memory.write(caller, at, bytes),
            GuestMemory::Shared(memory) => memory.write(at, bytes),
        }
    }
}

/// What a guest waits for.
struct Wait {
    userdata: u64,
    /// The number of its kind: a clock, a descriptor to read from, one to write to.
    kind: u8,
    /// When it ends, in nanoseconds since the beginning; nothing for a clock that there is not.
    due: Option<u64>,
}

const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;
const CLOCK: u8 = 0;
const FD_WRITE: u8 = 2;

/// More subscriptions than this are `inval`, as in `upshift-wasi`: there is a copy of each.
const MAX_SUBSCRIPTIONS: u32 = 1 << 16;

/// Waits. Descriptors are always ready: when something comes in from outside is chance, and reading waits for it anyway. If
/// nothing is ready, time jumps to the first clock that is due.
fn poll(caller: &mut Caller<'_, Host>, [input, output, count, written]: [u32; 4]) -> Result<i32> {
    if count > MAX_SUBSCRIPTIONS {
        return Ok(INVAL);
    }
    let memory = GuestMemory::of(caller, input, u64::from(count) * SUBSCRIPTION as u64)?;
    let mut subscriptions = vec![0; count as usize * SUBSCRIPTION];
    memory.read(caller, input as usize, &mut subscriptions)?;
    let host = caller.data_mut();
    let waits = subscriptions.chunks_exact(SUBSCRIPTION).map(|bytes| wait(bytes, &host.world));
    let waits: Option<Vec<Wait>> = waits.collect();
    let Some(waits) = waits.filter(|waits| !waits.is_empty()) else { return Ok(INVAL) };
    let due = waits.iter().map(|wait| wait.due.unwrap_or(0)).min().unwrap_or(0);
    host.world.elapsed = host.world.elapsed.max(due);
    let now = host.world.elapsed;
    let over: Vec<_> = waits.iter().filter(|wait| wait.due.is_none_or(|due| due <= now)).collect();
    let mut events = vec![0; over.len() * EVENT];
    for (event, wait) in events.chunks_exact_mut(EVENT).zip(&over) {
        event[..8].copy_from_slice(&wait.userdata.to_le_bytes());
        if wait.due.is_none() {
            event[8..10].copy_from_slice(&(INVAL as u16).to_le_bytes());
        }
        event[10] = wait.kind;
        if wait.kind != CLOCK {
            // How many bytes there are is not known; at least one does not promise too much.
            event[16] = 1;
        }
    }
    let over = over.len() as u32;
    GuestMemory::of(caller, output, events.len() as u64)?.write(caller, output as usize, &events)?;
    GuestMemory::of(caller, written, 4)?.write(caller, written as usize, &over.to_le_bytes())?;
    Ok(SUCCESS)
}

/// What a subscription waits for; nothing if there is no such kind.
fn wait(bytes: &[u8], world: &World) -> Option<Wait> {
    let number = |at: usize| bytes[at..at + 8].iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte));
    let (clock, timeout, absolute) = (number(16) as u32, number(24), bytes[40] & 1 == 1);
    let due = match bytes[8] {
        CLOCK if clock >= CLOCKS => None,
        CLOCK if absolute => Some(timeout.saturating_sub(world.now(clock) - world.elapsed)),
        CLOCK => Some(world.elapsed.saturating_add(timeout)),
        kind if kind <= FD_WRITE => Some(0),
        _ => return None,
    };
    Some(Wait { userdata: number(0), kind: bytes[8], due })
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
