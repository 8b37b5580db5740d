//! The literal pool: words of 8 and 16 bytes that lie behind the code and that instructions reach by a distance.
//!
//! Equal constants are there once, whoever asks for them. Runs of words are kept apart and in order, because their addresses mean
//! something. A [`Const`] is a place in the pool and known at once; only where the pool begins is not, until the code is complete.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::buffer::Label;
use crate::object::{Reloc, RelocKind, Stub};

/// A place in the literal pool, in bytes from its begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Const(pub(crate) u32);

impl Const {
    /// The place so many bytes further on.
    #[must_use]
    pub const fn plus(self, bytes: u32) -> Const {
        Const(self.0 + bytes)
    }

    /// Where it is in the pool, in bytes. In the finished object [`NativeCode::pool`](crate::NativeCode::pool) comes on top.
    pub const fn offset(self) -> u32 {
        self.0
    }
}

/// What a word of the pool holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// These bits.
    Value(u64),
    /// The address of a label of this code.
    Label(Label),
    /// The address of a place in this pool.
    Const(Const),
    /// The address of the handler of tier 0's instruction with this number.
    Handler(u16),
    /// The address of one of the runtime's stubs.
    Stub(Stub),
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Word(Word),
    Wide(u128),
}

/// The pool of one object while its code is being written.
#[derive(Default)]
pub(crate) struct Pool {
    bytes: Vec<u8>,
    /// A free word that alignment has left.
    gap: Option<u32>,
    known: HashMap<Key, Const, BuildHasherDefault<Mix>>,
    /// Words that hold the address of a label, in ascending order but for those in gaps.
    labels: Vec<(u32, Label)>,
    relocs: Vec<Reloc>,
}

impl Pool {
    /// A word of 8 bytes, shared by all who want the same.
    pub(crate) fn word(&mut self, word: Word) -> Const {
        if let Some(&known) = self.known.get(&Key::Word(word)) {
            return known;
        }
        let at = match self.gap.take() {
            Some(at) => at,
            None => self.extend(),
        };
        self.set(at, word);
        self.known.insert(Key::Word(word), Const(at));
        Const(at)
    }

    /// 16 bytes at a multiple of 16, shared by all who want the same.
    pub(crate) fn wide(&mut self, value: u128) -> Const {
        if let Some(&known) = self.known.get(&Key::Wide(value)) {
            return known;
        }
        if !self.bytes.len().is_multiple_of(16) {
            self.gap = Some(self.extend());
        }
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self.known.insert(Key::Wide(value), Const(at));
        Const(at)
    }

    /// These words, one behind the other, shared with nobody.
    pub(crate) fn run(&mut self, words: &[Word]) -> Const {
        let first = Const(self.bytes.len() as u32);
        for &word in words {
            let at = self.extend();
            self.set(at, word);
        }
        first
    }

    fn extend(&mut self) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&[0; 8]);
        at
    }

    fn set(&mut self, at: u32, word: Word) {
        let (value, reloc) = match word {
            Word::Value(value) => (value, None),
            Word::Label(label) => {
                self.labels.push((at, label));
                (0, None)
            }
            // Where the pool begins is added when that is known.
            Word::Const(place) => (place.0.into(), Some(RelocKind::Base)),
            Word::Handler(op) => (0, Some(RelocKind::Handler(op))),
            Word::Stub(stub) => (0, Some(RelocKind::Stub(stub))),
        };
        if let Some(kind) = reloc {
            self.relocs.push(Reloc { at, kind });
        }
        self.bytes[at as usize..at as usize + 8].copy_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Writes the pool behind the code, whose length is a multiple of 16 by then, and returns its relocations. `place` tells where a
    /// label is.
    pub(crate) fn finish<E>(
        &self,
        code: &mut Vec<u8>,
        mut place: impl FnMut(Label) -> Result<u32, E>,
    ) -> Result<Vec<Reloc>, E> {
        let begin = code.len();
        code.extend_from_slice(&self.bytes);
        let mut set = |at: u32, value: u64| {
            let at = begin + at as usize;
            code[at..at + 8].copy_from_slice(&value.to_le_bytes());
        };
        let mut relocs = Vec::with_capacity(self.relocs.len() + self.labels.len());
        for &Reloc { at, kind } in &self.relocs {
            if kind == RelocKind::Base {
                let word = &self.bytes[at as usize..at as usize + 8];
                set(at, u64::from_le_bytes(word.try_into().expect("8 bytes")) + begin as u64);
            }
            relocs.push(Reloc { at: begin as u32 + at, kind });
        }
        for &(at, label) in &self.labels {
            set(at, place(label)?.into());
            relocs.push(Reloc { at: begin as u32 + at, kind: RelocKind::Base });
        }
        relocs.sort_unstable_by_key(|reloc| reloc.at);
        Ok(relocs)
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.gap = None;
        self.known.clear();
        self.labels.clear();
        self.relocs.clear();
    }
}

/// A hasher for keys of a few words that nobody chooses in order to collide within one function.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // The map takes its groups from the low bits and its tags from the high ones.
        self.0 = mixed ^ (mixed >> 32);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }
}
