//! Lines that tell which calls a guest makes and what comes of them.
//!
//! ```text
//! path_open(3, symlink_follow, "a.txt", creat|trunc, 0x42, 0x0, 0) = 4
//! fd_read(4, "hello\n", 4096) = 6
//! path_unlink_file(3, "missing") = noent
//! ```
//!
//! The table of functions says what each parameter means. What the guest passes is read before the call, what the call
//! stores after it: strings and buffers are shown by their beginning, a pointer that leads nowhere by its number, flags
//! by their names, and rights, which are many, as a number. Behind `=` comes what the function stores, `success` if that
//! is nothing, or the error. A context that is not traced has none of this in its way but one test of a pointer.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use upshift_core::shown::is_printable;

use crate::abi::{
    Errno, Event, EventKind, Fdflags, Fstflags, Lookupflags, Oflags, Riflags, Roflags, Sdflags, Siflags,
    Subclockflags, Subscription, Target,
};
use crate::error::{Failure, WasiResult};
use crate::functions::{Kind, Signature};
use crate::memory::GuestMemory;

/// Bytes of a string or buffer that are shown.
const SHOWN_BYTES: usize = 64;

/// Items of a list that are shown.
const SHOWN_ITEMS: usize = 8;

const ADVICE: &[&str] = &["normal", "sequential", "random", "willneed", "dontneed", "noreuse"];
const CLOCKS: &[&str] = &["realtime", "monotonic", "process_cputime_id", "thread_cputime_id"];
const EVENTS: &[&str] = &["clock", "fd_read", "fd_write"];
const FILETYPES: &[&str] = &[
    "unknown",
    "block_device",
    "character_device",
    "directory",
    "regular_file",
    "socket_dgram",
    "socket_stream",
    "symbolic_link",
];
const WHENCE: &[&str] = &["set", "cur", "end"];

/// Where the lines go. Clones lead to the same place, and those of several threads come there one after the other.
#[derive(Clone)]
pub(crate) struct Tracer(Arc<Mutex<Line>>);

/// What the host does with a line.
type Line = dyn FnMut(&str) + Send;

impl Tracer {
    pub(crate) fn new(line: impl FnMut(&str) + Send + 'static) -> Tracer {
        Tracer(Arc::new(Mutex::new(line)))
    }

    fn tell(&self, line: &str) {
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))(line);
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracer")
    }
}

/// A call that was begun.
pub(crate) struct Call {
    signature: &'static Signature,
    args: Vec<u64>,
    /// What is known of each parameter so far.
    shown: Vec<Option<String>>,
}

impl Call {
    /// Takes down what the guest passes.
    #[cold]
    pub(crate) fn begin(signature: &'static Signature, args: &[u64], mem: &GuestMemory<'_>) -> Call {
        let mut call = Call { signature, args: args.to_vec(), shown: vec![] };
        call.shown = (0..call.args.len()).map(|number| call.input(number, mem)).collect();
        call
    }

    /// Adds what the function stored, and hands the line on.
    #[cold]
    pub(crate) fn end(mut self, tracer: &Tracer, mem: &GuestMemory<'_>, outcome: &WasiResult) {
        let mut results = vec![];
        if outcome.is_ok() {
            results = (0..self.args.len()).filter_map(|number| self.result(number, mem)).collect();
            for number in 0..self.args.len() {
                if let Some(output) = self.output(number, mem) {
                    self.shown[number] = Some(output);
                }
            }
        }
        let params: Vec<_> = self.shown.into_iter().flatten().collect();
        let mut line = format!("{}({})", self.signature.name, params.join(", "));
        line += &match outcome {
            Ok(()) if results.is_empty() => " = success".to_owned(),
            Ok(()) => format!(" = {}", results.join(", ")),
            Err(Failure::Errno(errno)) => format!(" = {}", name(*errno)),
            Err(Failure::Fault(fault)) => format!(": {fault}"),
            Err(Failure::OutOfFuel) => ": out of fuel".to_owned(),
            // The function does not return.
            Err(Failure::Exit(_) | Failure::Unfinished) => String::new(),
        };
        tracer.tell(&line);
    }

    /// A parameter as the guest passes it; nothing for what is told otherwise.
    fn input(&self, number: usize, mem: &GuestMemory<'_>) -> Option<String> {
        let arg = self.args[number];
        let address = arg as u32;
        let pointer = || format!("{address:#x}");
        Some(match self.signature.params[number] {
            Kind::Fd | Kind::Number | Kind::Size => arg.to_string(),
            Kind::Delta => arg.cast_signed().to_string(),
            Kind::Whence => one_of(WHENCE, arg),
            Kind::Clock => one_of(CLOCKS, arg),
            Kind::Advice => one_of(ADVICE, arg),
            Kind::Rights => format!("{arg:#x}"),
            Kind::Lookupflags => set_of(Lookupflags::NAMES, arg),
            Kind::Oflags => set_of(Oflags::NAMES, arg),
            Kind::Fdflags => set_of(Fdflags::NAMES, arg),
            Kind::Fstflags => set_of(Fstflags::NAMES, arg),
            Kind::Riflags => set_of(Riflags::NAMES, arg),
            Kind::Siflags => set_of(Siflags::NAMES, arg),
            Kind::Sdflags => set_of(Sdflags::NAMES, arg),
            Kind::Pointer | Kind::OutText | Kind::OutEvents => pointer(),
            Kind::Text => {
                beginning(mem, address, self.len(number)).map_or_else(pointer, |text| quoted(&[text]))
            }
            Kind::Gather => {
                buffers(mem, address, self.len(number), usize::MAX).map_or_else(pointer, |(text, _)| text)
            }
            Kind::Scatter => match buffers(mem, address, self.len(number), 0) {
                Some((_, room)) => format!("{address:#x}, {room}"),
                None => pointer(),
            },
            Kind::Subscriptions => subscriptions(mem, address, self.len(number)).unwrap_or_else(pointer),
            Kind::Len
            | Kind::OutU32
            | Kind::OutU64
            | Kind::OutRoflags
            | Kind::OutFdstat
            | Kind::OutFilestat
            | Kind::OutPrestat => return None,
        })
    }

    /// A parameter that the function filled, as it is afterwards.
    fn output(&self, number: usize, mem: &GuestMemory<'_>) -> Option<String> {
        let address = self.args[number] as u32;
        match self.signature.params[number] {
            Kind::OutText => {
                let room = *self.args.get(number + 1)? as u32;
                let len = self.amount(mem).unwrap_or(room).min(room);
                beginning(mem, address, len).map(|text| quoted(&[text]))
            }
            Kind::Scatter => {
                let (text, room) = buffers(mem, address, self.len(number), self.amount(mem)? as usize)?;
                Some(format!("{text}, {room}"))
            }
            Kind::OutEvents => events(mem, address, self.amount(mem)?),
            _ => None,
        }
    }

    /// What the function stored behind a pointer.
    fn result(&self, number: usize, mem: &GuestMemory<'_>) -> Option<String> {
        let address = self.args[number] as u32;
        match self.signature.params[number] {
            Kind::OutU32 => Some(uint(mem, address, 0, 4)?.to_string()),
            Kind::OutU64 => Some(uint(mem, address, 0, 8)?.to_string()),
            // Most often there is nothing to tell.
            Kind::OutRoflags => Some(uint(mem, address, 0, 2)?)
                .filter(|&flags| flags != 0)
                .map(|flags| set_of(Roflags::NAMES, flags)),
            Kind::OutFdstat => Some(format!(
                "{{{}, {}, {:#x}, {:#x}}}",
                one_of(FILETYPES, uint(mem, address, 0, 1)?),
                set_of(Fdflags::NAMES, uint(mem, address, 2, 2)?),
                uint(mem, address, 8, 8)?,
                uint(mem, address, 16, 8)?,
            )),
            Kind::OutFilestat => Some(format!(
                "{{{}, size={}, ...}}",
                one_of(FILETYPES, uint(mem, address, 16, 1)?),
                uint(mem, address, 32, 8)?,
            )),
            Kind::OutPrestat => Some(format!("{{dir, name_len={}}}", uint(mem, address, 4, 4)?)),
            _ => None,
        }
    }

    /// How long what a parameter leads to is: the next parameter that is a length says so.
    fn len(&self, number: usize) -> u32 {
        let params = self.signature.params.iter().zip(&self.args).skip(number);
        params.filter(|(kind, _)| **kind == Kind::Len).map(|(_, arg)| *arg as u32).next().unwrap_or(0)
    }

    /// How much the function did, if it tells.
    fn amount(&self, mem: &GuestMemory<'_>) -> Option<u32> {
        let at = self.signature.params.iter().position(|kind| *kind == Kind::OutU32)?;
        uint(mem, self.args[at] as u32, 0, 4).map(|amount| amount as u32)
    }
}

/// An integer of the guest's memory.
fn uint(mem: &GuestMemory<'_>, record: u32, offset: u32, size: u32) -> Option<u64> {
    let bytes = mem.bytes(record.checked_add(offset)?, size).ok()?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The first `limit` bytes of the buffers of a list, and how many bytes all buffers have.
fn buffers(mem: &GuestMemory<'_>, address: u32, count: u32, limit: usize) -> Option<(String, usize)> {
    let ranges = mem.buffers(address, count, usize::MAX).ok()?;
    let room = ranges.iter().map(|range| range.len()).sum();
    let mut left = limit.min(SHOWN_BYTES + 1);
    let mut shown = vec![];
    for range in ranges {
        let len = range.len().min(left);
        left -= len;
        shown.push(mem.bytes(range.start as u32, len as u32).ok()?);
    }
    Some((quoted(&shown), room))
}

/// A string, as much of it as is shown and one byte more, which tells that there is more.
fn beginning<'m>(mem: &'m GuestMemory<'_>, address: u32, len: u32) -> Option<Cow<'m, [u8]>> {
    mem.check(address, 1, len.into()).ok()?;
    mem.bytes(address, len.min(SHOWN_BYTES as u32 + 1)).ok()
}

fn subscriptions(mem: &GuestMemory<'_>, address: u32, count: u32) -> Option<String> {
    mem.check(address, 8, u64::from(count) * u64::from(Subscription::SIZE)).ok()?;
    let first = count.min(SHOWN_ITEMS as u32);
    let raw = mem.array::<{ Subscription::SIZE as usize }>(address, first, 8).ok()?;
    let shown = raw.iter().map(|bytes| match Subscription::decode(bytes) {
        Ok(Subscription { target: Target::Clock { id, timeout, flags }, .. }) => {
            let flags = set_of(Subclockflags::NAMES, flags.bits().into());
            format!("clock({}, {timeout}, {flags})", one_of(CLOCKS, id.into()))
        }
        Ok(Subscription { target: Target::FdRead(fd), .. }) => format!("fd_read({fd})"),
        Ok(Subscription { target: Target::FdWrite(fd), .. }) => format!("fd_write({fd})"),
        Err(errno) => name(errno),
    });
    Some(list(shown, count as usize))
}

fn events(mem: &GuestMemory<'_>, address: u32, count: u32) -> Option<String> {
    let event = |number| {
        let event = address.checked_add(number * Event::SIZE)?;
        let kind = uint(mem, event, 10, 1)?;
        let bytes = uint(mem, event, 16, 8)?;
        let outcome = match Errno::from_number(uint(mem, event, 8, 2)? as u16) {
            Some(errno) => format!("({})", name(errno)),
            None if kind == EventKind::Clock as u64 => String::new(),
            None => format!("({bytes})"),
        };
        Some(one_of(EVENTS, kind) + &outcome)
    };
    let shown = (0..count).take(SHOWN_ITEMS).map(event).collect::<Option<Vec<_>>>()?;
    Some(list(shown.into_iter(), count as usize))
}

fn list(shown: impl Iterator<Item = String>, len: usize) -> String {
    let mut items: Vec<_> = shown.collect();
    if items.len() < len {
        items.push("...".to_owned());
    }
    format!("[{}]", items.join(", "))
}

/// The parts behind one another as a string, cut if it is long. What is not text is shown as bytes.
fn quoted(parts: &[Cow<'_, [u8]>]) -> String {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes: Vec<u8> = parts.iter().flat_map(|part| &**part).copied().take(SHOWN_BYTES).collect();
    if len > SHOWN_BYTES {
        // Not in the middle of a character.
        if let Err(err) = str::from_utf8(&bytes)
            && err.error_len().is_none()
        {
            bytes.truncate(err.valid_up_to());
        }
    }
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            if is_printable(char) && !matches!(char, '"' | '\\') {
                text.push(char);
            } else if char.is_ascii() {
                // With the short forms that strings of programs have, `\n` and `\0`.
                text.extend(char.escape_debug());
            } else {
                text.extend(char.escape_unicode());
            }
        }
        for byte in chunk.invalid() {
            text += &format!("\\x{byte:02x}");
        }
    }
    text + if len > SHOWN_BYTES { "\"..." } else { "\"" }
}

/// An error as the interface writes it.
fn name(errno: Errno) -> String {
    format!("{errno:?}").to_ascii_lowercase()
}

fn one_of(names: &[&str], number: u64) -> String {
    let name = usize::try_from(number).ok().and_then(|number| names.get(number));
    name.map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

/// The names of flags; bits without a name as a number.
fn set_of(names: &[(&str, u64)], bits: u64) -> String {
    let known = names.iter().filter(|(_, bit)| bits & bit != 0);
    let mut set: Vec<_> = known.clone().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let rest = known.fold(bits, |rest, (_, bit)| rest & !bit);
    if rest != 0 {
        set.push(format!("{rest:#x}"));
    }
    if set.is_empty() { "0".to_owned() } else { set.join("|") }
}
