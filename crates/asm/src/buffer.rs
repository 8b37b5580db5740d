//! The bytes of a function while it is written: code that grows, labels, what has to be patched, and the literal pool.
//!
//! An assembler puts encoded instructions in. Where one refers to a place, it writes the part of the distance that it knows into the
//! instruction and notes a [`Fixup`]; a distance to a bound label is written at once, all others by [`CodeBuffer::finish`]. After
//! that nothing but the relocations of the pool is left to do, and the buffer is empty again and keeps its room for the next
//! function.

use std::fmt;

use crate::object::NativeCode;
use crate::pool::{Const, Pool, Word};

/// A place in the code that is or will be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(u32);

impl Label {
    /// Its number: labels of one buffer are numbered from 0.
    #[inline]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The label with this number.
    #[inline]
    pub(crate) const fn numbered(number: u32) -> Label {
        Label(number)
    }
}

/// How an instruction set writes a distance into an instruction.
pub trait Fixup: Copy {
    /// What is between code and pool: nothing gets there, and what does anyway should trap.
    const PADDING: u8;

    /// Adds `distance`, from the place `at` to the target, to what is written at `at`. Says whether the sum fits.
    #[must_use]
    fn patch(self, code: &mut [u8], at: usize, distance: i64) -> bool;
}

/// Why there is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsmError {
    /// Code and pool have more bytes than distances reach, 2 GiB.
    TooLarge,
    /// The instruction that ends behind this offset is too far from its target for its form.
    OutOfReach {
        /// Where the distance would be written.
        at: u32,
    },
    /// Something refers to a label that was never bound, which is a mistake of the compiler.
    Unbound(Label),
}

impl fmt::Display for AsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AsmError::TooLarge => write!(f, "the code of the function would be larger than 2 GiB"),
            AsmError::OutOfReach { at } => {
                write!(f, "the target of the short branch at {at:#x} is too far away")
            }
            AsmError::Unbound(label) => write!(f, "label {} is used but not bound", label.0),
        }
    }
}

impl std::error::Error for AsmError {}

/// The offset of a label that is not bound yet.
const UNBOUND: u32 = u32::MAX;

/// The most bytes of code and pool together.
const LIMIT: usize = i32::MAX as usize;

/// Room that is there behind the code at any time: no instruction set has longer instructions.
const ROOM: usize = 16;

/// How many bytes there is room for at first, and how many more if that is not enough, at least.
const GROWTH: usize = 1 << 10;

/// From how many bytes on code is handed over in the memory that it was written to; less is copied, which takes no longer than new
/// memory for the next function.
const LARGE: usize = 1 << 12;

/// Code in the making. `F` says how its instruction set writes distances.
///
/// # Examples
///
/// ```
/// use upshift_asm::{CodeBuffer, Word, x64::Distance};
///
/// let mut buffer = CodeBuffer::<Distance>::new();
/// buffer.put(0xC3, 1, 0, 0);
/// let seven = buffer.word(Word::Value(7));
/// assert_eq!(seven, buffer.word(Word::Value(7)));
/// let code = buffer.finish().unwrap();
/// assert_eq!((code.bytes[0], code.pool, code.word(code.pool)), (0xC3, 16, 7));
/// ```
pub struct CodeBuffer<F> {
    /// Has room for `ROOM` more bytes between any two calls from outside.
    bytes: Vec<u8>,
    /// Up to this length that is so: `ROOM` less than the capacity.
    full: usize,
    labels: Vec<u32>,
    /// Distances to labels.
    to_labels: Vec<(u32, Label, F)>,
    /// Distances to the begin of the pool.
    to_pool: Vec<(u32, F)>,
    pool: Pool,
    /// How many bytes the memory of the code had that was handed over.
    taken: usize,
}

impl<F> Default for CodeBuffer<F> {
    fn default() -> Self {
        let bytes = Vec::with_capacity(GROWTH);
        CodeBuffer {
            full: bytes.capacity() - ROOM,
            bytes,
            labels: Vec::new(),
            to_labels: Vec::new(),
            to_pool: Vec::new(),
            pool: Pool::default(),
            taken: 0,
        }
    }
}

impl<F: Fixup> CodeBuffer<F> {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the next instruction goes, in bytes from the begin.
    #[inline]
    pub fn offset(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// How many bytes code and pool have room for, or had when the code was finished: what else the buffer keeps grows with them.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity().max(self.taken) + self.pool.capacity()
    }

    /// Makes room for so many bytes of code, so that less has to be moved when they are written.
    pub fn reserve(&mut self, bytes: usize) {
        if self.bytes.capacity() < bytes {
            self.bytes.reserve(bytes - self.bytes.len());
            self.full = self.bytes.capacity() - ROOM;
        }
    }

    /// What has been written so far. Distances to labels that are not bound, and to the pool, are not in it.
    pub fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends the lowest `first_len` bytes of `first` and then the lowest `second_len` of `second`.
    ///
    /// # Panics
    ///
    /// When one of them is more than 8.
    #[inline]
    pub fn put(&mut self, first: u64, first_len: usize, second: u64, second_len: usize) {
        assert!(first_len <= 8 && second_len <= 8, "a word has 8 bytes");
        let len = self.bytes.len();
        // SAFETY: there is always `ROOM` behind the length: two stores of 8 bytes that begin at most 8 behind it stay inside, and
        // together they write everything up to the new length.
        unsafe {
            let end = self.bytes.as_mut_ptr().add(len);
            end.cast::<[u8; 8]>().write(first.to_le_bytes());
            end.add(first_len).cast::<[u8; 8]>().write(second.to_le_bytes());
            self.bytes.set_len(len + first_len + second_len);
        }
        self.make_room();
    }

    /// Appends the lowest `len` bytes of a word.
    ///
    /// # Panics
    ///
    /// When these are more than 8.
    #[inline]
    pub fn put_word(&mut self, word: u64, len: usize) {
        assert!(len <= 8, "a word has 8 bytes");
        let old = self.bytes.len();
        // SAFETY: there is always `ROOM` behind the length, and the store writes everything up to the new one.
        unsafe {
            self.bytes.as_mut_ptr().add(old).cast::<[u8; 8]>().write(word.to_le_bytes());
            self.bytes.set_len(old + len);
        }
        self.make_room();
    }

    /// Makes sure that the next instruction has room. It is done behind each and not in front, where what is to be written would
    /// have to be kept across the call.
    #[inline]
    fn make_room(&mut self) {
        if self.bytes.len() > self.full {
            self.grow();
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.bytes.reserve(GROWTH);
        self.full = self.bytes.capacity() - ROOM;
    }

    /// Appends bytes as they are.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.bytes.reserve(bytes.len() + ROOM);
        self.full = self.bytes.capacity() - ROOM;
        self.bytes.extend_from_slice(bytes);
    }

    /// Overwrites four bytes that were written already.
    ///
    /// # Panics
    ///
    /// When there are not so many.
    pub fn patch_u32(&mut self, at: u32, value: u32) {
        self.bytes[at as usize..][..4].copy_from_slice(&value.to_le_bytes());
    }

    /// Overwrites a byte that was written already.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn patch_u8(&mut self, at: u32, value: u8) {
        self.bytes[at as usize] = value;
    }

    /// Takes back what was written from an offset on. No label may be bound behind it, and constants stay in the pool.
    ///
    /// # Panics
    ///
    /// When there is less.
    pub fn truncate(&mut self, at: u32) {
        assert!(at <= self.offset(), "only what was written can be taken back");
        let mut latest = self.labels.iter().rev().take(8);
        debug_assert!(latest.all(|&place| place == UNBOUND || place <= at), "no label goes with it");
        self.bytes.truncate(at as usize);
        while self.to_labels.pop_if(|&mut (place, ..)| place >= at).is_some() {}
        while self.to_pool.pop_if(|&mut (place, _)| place >= at).is_some() {}
    }

    /// A label that is not bound yet.
    #[inline]
    pub fn label(&mut self) -> Label {
        let label = Label(self.labels.len() as u32);
        self.labels.push(UNBOUND);
        label
    }

    /// Binds a label to here.
    ///
    /// # Panics
    ///
    /// In builds with assertions, when it is bound already.
    #[inline]
    pub fn bind(&mut self, label: Label) {
        let here = self.offset();
        let place = &mut self.labels[label.0 as usize];
        debug_assert!(*place == UNBOUND, "a label is bound once");
        *place = here;
    }

    /// Where a label is, if it is bound.
    #[inline]
    pub fn place(&self, label: Label) -> Option<u32> {
        let place = self.labels[label.0 as usize];
        (place != UNBOUND).then_some(place)
    }

    /// Notes that what was written at `at` lacks the distance from there to a label.
    #[inline]
    pub fn refer_to_label(&mut self, at: u32, label: Label, fixup: F) {
        self.to_labels.push((at, label, fixup));
    }

    /// Notes that what was written at `at` lacks the distance from there to the pool. That of the constant to the begin of the pool
    /// is in it already.
    #[inline]
    pub fn refer_to_pool(&mut self, at: u32, fixup: F) {
        self.to_pool.push((at, fixup));
    }

    /// A word of the pool with this value, shared by all who want the same.
    pub fn word(&mut self, word: Word) -> Const {
        self.pool.word(word)
    }

    /// 16 bytes of the pool at a multiple of 16 with this value, shared by all who want the same.
    pub fn wide(&mut self, value: u128) -> Const {
        self.pool.wide(value)
    }

    /// Words of the pool one behind the other, shared with nobody. Returns the place of the first.
    #[inline]
    pub fn words(&mut self, words: &[Word]) -> Const {
        self.pool.run(words)
    }

    /// The addresses of labels in words of the pool one behind the other, shared with nobody. Returns the place of the first.
    #[inline]
    pub fn addresses<const N: usize>(&mut self, labels: [Label; N]) -> Const {
        self.pool.addresses(labels)
    }

    /// A table in the pool, shared with nobody: four bytes for each label, its distance from the begin of the table. Returns that.
    pub fn table(&mut self, labels: &[Label]) -> Const {
        self.pool.table(labels)
    }

    /// How many bytes the pool has so far.
    pub fn pool_len(&self) -> usize {
        self.pool.len()
    }

    /// Writes all distances that are left and hands over the code. The buffer is empty afterwards, whatever comes out.
    ///
    /// # Errors
    ///
    /// [`AsmError`]: too much code, a short branch that does not reach its target, or a label without a place.
    pub fn finish(&mut self) -> Result<NativeCode, AsmError> {
        self.taken = 0;
        let result = self.link();
        let taken = self.taken;
        self.clear();
        self.taken = taken;
        result
    }

    fn link(&mut self) -> Result<NativeCode, AsmError> {
        let pool = self.bytes.len().next_multiple_of(16);
        if pool + self.pool.len() > LIMIT {
            return Err(AsmError::TooLarge);
        }
        let end = if self.pool.len() == 0 { self.bytes.len() } else { pool };
        let mut bytes = self.take_code(end + self.pool.len());
        for &(at, label, fixup) in &self.to_labels {
            let place = self.place(label).ok_or(AsmError::Unbound(label))?;
            if !fixup.patch(&mut bytes, at as usize, i64::from(place) - i64::from(at)) {
                return Err(AsmError::OutOfReach { at });
            }
        }
        for &(at, fixup) in &self.to_pool {
            if !fixup.patch(&mut bytes, at as usize, pool as i64 - i64::from(at)) {
                return Err(AsmError::OutOfReach { at });
            }
        }
        bytes.resize(end, F::PADDING);
        self.pool.sort();
        let relocs =
            self.pool.finish(&mut bytes, |label| self.place(label).ok_or(AsmError::Unbound(label)))?;
        Ok(NativeCode { bytes, pool: end as u32, relocs })
    }

    /// The code that was written, with room for so many bytes. Nothing may be written until the buffer is cleared.
    fn take_code(&mut self, bytes: usize) -> Vec<u8> {
        let mut code;
        if self.bytes.len() < LARGE {
            code = Vec::with_capacity(bytes);
            code.extend_from_slice(&self.bytes);
        } else {
            let fresh = Vec::with_capacity(GROWTH);
            self.full = fresh.capacity() - ROOM;
            code = std::mem::replace(&mut self.bytes, fresh);
            self.taken = code.capacity();
            code.reserve_exact(bytes - code.len());
        }
        code
    }

    /// Forgets everything but keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.labels.clear();
        self.to_labels.clear();
        self.to_pool.clear();
        self.pool.clear();
        self.taken = 0;
    }
}
