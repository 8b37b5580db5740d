//! What the runtime of cells imports from the host, and what the host keeps for it in the store.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

use upshift::{Caller, Linker, Memory, ResourceLimiter, Result, StoreLimits, StoreLimitsBuilder};

use crate::limits::Options;
use crate::numbers;

/// The name of the module that the runtime's imports come from.
const HOST: &str = "host";

/// How many bytes of a value's text are kept.
const MAX_VALUE: usize = 1 << 20;

/// How many bytes of the message of a failure are kept.
const MAX_MESSAGE: usize = 10_000;

/// Who gets what a cell prints, at once.
pub(crate) type Sink = Box<dyn FnMut(&str)>;

/// What a store has for the functions of the host.
pub(crate) struct Data {
    limits: StoreLimits,
    /// How many bytes memories and objects of cells may take.
    memory_limit: Option<usize>,
    /// The runtime's, through which all bytes go.
    memory: Option<Memory>,
    /// What the running cell has printed.
    pub(crate) output: String,
    /// How many bytes it may print.
    output_limit: usize,
    /// Who gets it as well, at once.
    pub(crate) sink: Option<Sink>,
    /// The text of the running cell's value.
    pub(crate) value: String,
    message: String,
    /// The checkpoint that is being saved.
    pub(crate) written: Vec<u8>,
    /// The checkpoint that is being loaded, and how much of it has been read.
    pub(crate) to_read: (Vec<u8>, usize),
    random: u64,
}

impl Data {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            limits: limits(options.memory),
            memory_limit: options.memory,
            memory: None,
            output: String::new(),
            output_limit: options.output,
            sink: None,
            value: String::new(),
            message: String::new(),
            written: Vec::new(),
            to_read: (Vec::new(), 0),
            random: RandomState::new().build_hasher().finish(),
        }
    }

    /// Whether the host itself is at work, which may take half as much again as cells: it has to save what fills all that they have.
    pub(crate) fn give_room(&mut self, room: bool) {
        let limit = |bytes: usize| if room { bytes.saturating_add(bytes / 2) } else { bytes };
        self.limits = limits(self.memory_limit.map(limit));
    }

    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }

    pub(crate) fn set_memory(&mut self, memory: Memory) {
        self.memory = Some(memory);
    }

    /// Forgets what the cell before has said.
    pub(crate) fn begin(&mut self) {
        self.output.clear();
        self.value.clear();
        self.message.clear();
    }

    /// A number from 0 to 1, by SplitMix64.
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // As many bits as a Float has.
        ((z ^ (z >> 31)) >> 11) as f64 * (-53f64).exp2()
    }
}

fn limits(memory: Option<usize>) -> StoreLimits {
    let mut limits = StoreLimitsBuilder::new().trap_on_grow_failure(true).instances(usize::MAX);
    if let Some(bytes) = memory {
        limits = limits.memory_size(bytes).gc_heap_size(bytes);
    }
    limits.build()
}

/// The cell has called `fail`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CellFailure {
    pub(crate) failure: u32,
    pub(crate) instance: u32,
    pub(crate) position: u32,
    pub(crate) a: i64,
    pub(crate) b: i64,
    pub(crate) message: String,
}

impl fmt::Display for CellFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the cell has failed with number {} {}", self.failure, self.message)
    }
}

impl std::error::Error for CellFailure {}

/// The cell has printed more than it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OutputFull;

impl fmt::Display for OutputFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cell prints more than it may")
    }
}

impl std::error::Error for OutputFull {}

/// Defines all of [`upshift_cells::host::IMPORTS`].
pub(crate) fn define(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap(HOST, "print", print)?;
    linker.func_wrap(HOST, "value", |mut caller: Caller<'_, Data>, ptr: u32, len: u32| {
        let text = text(&mut caller, ptr, len)?;
        append(&mut caller.data_mut().value, &text, MAX_VALUE);
        Ok(())
    })?;
    linker.func_wrap(HOST, "message", |mut caller: Caller<'_, Data>, ptr: u32, len: u32| {
        let text = text(&mut caller, ptr, len)?;
        append(&mut caller.data_mut().message, &text, MAX_MESSAGE);
        Ok(())
    })?;
    linker.func_wrap(HOST, "fail", fail)?;
    linker.func_wrap(HOST, "float_text", |mut caller: Caller<'_, Data>, x: f64, ptr: u32| {
        put(&mut caller, ptr, numbers::shortest(x).as_bytes())
    })?;
    linker.func_wrap(
        HOST,
        "float_fixed",
        |mut caller: Caller<'_, Data>, x: f64, digits: u32, ptr: u32| {
            put(&mut caller, ptr, numbers::fixed(x, digits).as_bytes())
        },
    )?;
    linker.func_wrap(HOST, "parse_float", |mut caller: Caller<'_, Data>, ptr: u32, len: u32| {
        Ok(numbers::parse(&text(&mut caller, ptr, len)?))
    })?;
    linker.func_wrap(
        HOST,
        "case",
        |mut caller: Caller<'_, Data>, ptr: u32, len: u32, upper: u32, to: u32| {
            let text = text(&mut caller, ptr, len)?;
            let text = if upper == 0 { text.to_lowercase() } else { text.to_uppercase() };
            put(&mut caller, to, text.as_bytes())
        },
    )?;
    linker.func_wrap(HOST, "math", numbers::math)?;
    linker.func_wrap(HOST, "random", |mut caller: Caller<'_, Data>| caller.data_mut().random())?;
    linker.func_wrap(HOST, "write", |mut caller: Caller<'_, Data>, ptr: u32, len: u32| {
        let (bytes, data) = bytes(&mut caller, ptr, len)?;
        data.written.extend_from_slice(bytes);
        Ok(())
    })?;
    linker.func_wrap(HOST, "read", read)?;
    Ok(())
}

fn print(mut caller: Caller<'_, Data>, ptr: u32, len: u32) -> Result<()> {
    let text = text(&mut caller, ptr, len)?;
    let data = caller.data_mut();
    let room = data.output_limit.saturating_sub(data.output.len());
    let piece = &text[..text.floor_char_boundary(room)];
    data.output.push_str(piece);
    if let Some(sink) = &mut data.sink {
        sink(piece);
    }
    if piece.len() < text.len() { Err(OutputFull.into()) } else { Ok(()) }
}

fn fail(
    mut caller: Caller<'_, Data>,
    failure: u32,
    instance: u32,
    position: u32,
    a: i64,
    b: i64,
) -> Result<()> {
    let message = std::mem::take(&mut caller.data_mut().message);
    Err(CellFailure { failure, instance, position, a, b, message }.into())
}

fn read(mut caller: Caller<'_, Data>, ptr: u32, len: u32) -> Result<u32> {
    let (to_read, at) = std::mem::take(&mut caller.data_mut().to_read);
    let bytes = &to_read[at..];
    let bytes = &bytes[..bytes.len().min(len as usize)];
    let length = put(&mut caller, ptr, bytes)?;
    caller.data_mut().to_read = (to_read, at + length as usize);
    Ok(length)
}

/// A range of the runtime's memory, and the data beside it.
fn bytes<'a>(caller: &'a mut Caller<'_, Data>, ptr: u32, len: u32) -> Result<(&'a [u8], &'a mut Data)> {
    // As operators on many bytes, which take this much fuel.
    caller.consume_fuel(u64::from(len) / 64)?;
    let memory = caller.data().memory.ok_or_else(no_memory)?;
    let (bytes, data) = memory.data_and_store_mut(caller);
    let range = bytes.get(ptr as usize..).and_then(|bytes| bytes.get(..len as usize));
    Ok((range.ok_or_else(no_memory)?, data))
}

fn text(caller: &mut Caller<'_, Data>, ptr: u32, len: u32) -> Result<String> {
    let (bytes, _) = bytes(caller, ptr, len)?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

fn put(caller: &mut Caller<'_, Data>, ptr: u32, bytes: &[u8]) -> Result<u32> {
    caller.consume_fuel(bytes.len() as u64 / 64)?;
    let memory = caller.data().memory.ok_or_else(no_memory)?;
    memory.write(caller, ptr as usize, bytes)?;
    Ok(bytes.len() as u32)
}

fn no_memory() -> upshift::Error {
    upshift::Error::msg("the runtime of cells has named bytes outside of its memory")
}

/// Adds as much of a piece as there is room for.
fn append(text: &mut String, piece: &str, most: usize) {
    let room = most.saturating_sub(text.len());
    if piece.len() <= room {
        text.push_str(piece);
    } else if room > 0 {
        text.push_str(&piece[..piece.floor_char_boundary(room)]);
        text.push('…');
    }
}
