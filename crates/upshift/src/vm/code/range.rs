//! The address space of native code: one range for the process, so that to know native code is one comparison and everything
//! in it is in reach of everything else.
//!
//! ```text
//! base │ chunk │ chunk │ chunk │ …        table: chunk ─▶ span, the part of a set that lies there; null where none does
//! ```
//!
//! It is reserved when the first set of code is made, not before. Chunks have 64 KiB; a set takes what it needs, which is mapped
//! then, and gives it back when it goes, so that any number of modules can come and go. Elsewhere nothing is accessible. A look-up
//! reads the table and the span's index: no lock, no memory that could be freed under it as long as the code itself is not.

use std::io;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use super::NoNativeCode;
use super::index::Place;
use super::pages::{self, View, Way};
use super::set::Span;
use crate::vm::mmap::Mapping;

/// Bytes of a chunk.
pub(super) const CHUNK: usize = 1 << CHUNK_LOG2;
const CHUNK_LOG2: u32 = 16;

/// How much address space is asked for; half of it, and so on, where the process may not have so much.
const MOST: usize = 1 << 30;

/// With less than this there is no native code.
const LEAST: usize = 16 << 20;

/// Where the process may only have so much address space, the range takes one part in this many: memories need it more.
#[cfg(unix)]
const SHARE: u64 = 16;

/// A range of address space for native code.
pub(super) struct CodeRange {
    /// Holds the address space; nothing of it is accessible through this.
    space: Mapping,
    base: usize,
    /// How memory is asked for.
    ways: &'static [Way],
    /// The span that each chunk belongs to: as many addresses as there are chunks. Most of them are never touched, so they are pages
    /// of their own, which take no memory before.
    table: Mapping,
    chunks: usize,
    /// Which chunks are taken; whoever takes or frees some holds the lock.
    taken: Mutex<Box<[bool]>>,
}

// SAFETY: one mapping is only held for its address space, which nobody reads or writes through it, the other is atomic.
unsafe impl Send for CodeRange {}
// SAFETY: as above; the rest is behind a lock.
unsafe impl Sync for CodeRange {}

/// The range of the process, null until it is reserved; never freed.
static RANGE: AtomicPtr<CodeRange> = AtomicPtr::new(null_mut());

/// The range of the process, if there is native code.
#[inline]
pub(super) fn known() -> Option<&'static CodeRange> {
    // SAFETY: what is stored there is never freed.
    unsafe { RANGE.load(Ordering::Acquire).as_ref() }
}

/// Whether code shall lie in memory without a name, if possible.
static NAMELESS: AtomicBool = AtomicBool::new(false);

/// From now on, code goes to memory that has no name, if the system gives such.
pub(crate) fn prefer_nameless() {
    NAMELESS.store(true, Ordering::Relaxed);
}

/// The range of the process, which is reserved if it was not yet.
///
/// # Errors
/// When the system gives no address space; it may later.
pub(super) fn reserved() -> io::Result<&'static CodeRange> {
    static RESERVING: Mutex<()> = Mutex::new(());
    let _lock = RESERVING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(range) = known() {
        return Ok(range);
    }
    let range: &CodeRange = Box::leak(Box::new(CodeRange::reserve(most(), &Way::ALL)?));
    RANGE.store(std::ptr::from_ref(range).cast_mut(), Ordering::Release);
    Ok(range)
}

/// How much to ask for.
fn most() -> usize {
    #[cfg(unix)]
    if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::As).current {
        let share = usize::try_from(limit / SHARE).unwrap_or(MOST);
        return share.clamp(LEAST, MOST).next_power_of_two();
    }
    MOST
}

impl CodeRange {
    /// The ways to ask for memory, in their order.
    fn ways(&self) -> &'static [Way] {
        if NAMELESS.load(Ordering::Relaxed) { &Way::NAMELESS_FIRST } else { self.ways }
    }

    /// A range of so many bytes, or of less if the system does not give them, whose memory is asked for in some ways.
    ///
    /// # Errors
    /// When it gives too little to be useful.
    pub(super) fn reserve(most: usize, ways: &'static [Way]) -> io::Result<CodeRange> {
        let mut bytes = most;
        let space = loop {
            match Mapping::reserve(bytes) {
                Err(_) if bytes / 2 >= LEAST.min(most) => bytes /= 2,
                space => break space?,
            }
        };
        // Systems with larger pages than chunks do not exist; smaller ones may begin anywhere.
        let base = space.base().addr().next_multiple_of(CHUNK);
        let chunks = (space.base().addr() + bytes - base) / CHUNK;
        let mut table = Mapping::default();
        table.grow(chunks * size_of::<AtomicPtr<Span>>())?;
        Ok(CodeRange { space, base, ways, table, chunks, taken: Mutex::new(vec![false; chunks].into()) })
    }

    /// The first address.
    pub(super) fn base(&self) -> usize {
        self.base
    }

    /// How many chunks there are.
    pub(super) fn chunks(&self) -> usize {
        self.chunks
    }

    /// The span of each chunk.
    #[inline]
    fn table(&self) -> &[AtomicPtr<Span>] {
        // SAFETY: I-PUBLISHED: the mapping has so many of them, null at first, and nothing else is made of it.
        unsafe { std::slice::from_raw_parts(self.table.base().cast(), self.chunks) }
    }

    /// Whether an address lies in the range.
    #[inline]
    pub(super) fn contains(&self, pc: usize) -> bool {
        pc.wrapping_sub(self.base) >> CHUNK_LOG2 < self.chunks()
    }

    /// What lies at an address. Takes no lock and allocates nothing.
    ///
    /// # Safety
    /// If the address is in code of a set, that set must not be dropped meanwhile.
    pub(super) unsafe fn find(&self, pc: usize) -> Option<Place<'_>> {
        let byte = pc.wrapping_sub(self.base);
        let span = self.table().get(byte >> CHUNK_LOG2)?.load(Ordering::Acquire);
        // SAFETY: a span is in the table as long as its set lives, which the caller promises.
        unsafe { span.as_ref() }?.find(byte as u32)
    }

    /// Takes chunks that follow each other and makes them executable; returns the number of the first, and where to write to.
    ///
    /// # Errors
    /// When the range is full, or the system gives no memory.
    pub(super) fn map(&self, count: usize) -> Result<(usize, View), NoNativeCode> {
        let first = self.take(count).ok_or(NoNativeCode::Full)?;
        // SAFETY: I-VIEW: the chunks are in the range, and whoever takes them has them alone.
        match unsafe { pages::map(self.address(first), count * CHUNK, self.ways()) } {
            Ok(view) => Ok((first, view)),
            Err((error, lost)) => {
                if !lost {
                    self.give_back(first..first + count);
                }
                Err(error)
            }
        }
    }

    /// The start of a chunk.
    fn address(&self, chunk: usize) -> *mut u8 {
        self.space.base().with_addr(self.base + chunk * CHUNK)
    }

    /// Takes chunks that follow each other; returns the number of the first.
    fn take(&self, count: usize) -> Option<usize> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = 0;
        for chunk in 0..taken.len() {
            free = if taken[chunk] { 0 } else { free + 1 };
            if free == count {
                let first = chunk + 1 - count;
                taken[first..=chunk].fill(true);
                return Some(first);
            }
        }
        None
    }

    /// Lets others take chunks.
    fn give_back(&self, chunks: std::ops::Range<usize>) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)[chunks].fill(false);
    }

    /// Lets look-ups find a span in its chunks.
    pub(super) fn publish(&self, span: &Span) {
        for chunk in span.chunks() {
            self.table()[chunk].store(std::ptr::from_ref(span).cast_mut(), Ordering::Release);
        }
    }

    /// Takes a span out of the table, and gives its chunks and their memory back.
    ///
    /// # Safety
    /// Nothing runs or reads code of the span any more.
    pub(super) unsafe fn free(&self, span: &Span) {
        let chunks = span.chunks();
        for chunk in chunks.clone() {
            self.table()[chunk].store(null_mut(), Ordering::Release);
        }
        // Only now can another span get the chunks, and write its own address there.
        // SAFETY: I-VIEW: the chunks are those of a span; the caller's promise.
        if unsafe { pages::unmap(self.address(chunks.start), chunks.len() * CHUNK) }.is_ok() {
            self.give_back(chunks);
        }
    }
}
