//! The literal pool: words of 8 and 16 bytes that lie behind the code and that instructions reach by a distance.
//!
//! Equal constants are there once, whoever asks for them. Runs of words are kept apart and in order, because their addresses mean
//! something, and so are tables of distances, which need no relocation. A [`Const`] is a place in the pool and known at once; only where the pool begins is not, until the code is complete.

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

/// What is shared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Word(Word),
    Wide(u128),
}

/// A word that will hold an address.
#[derive(Clone, Copy)]
struct Address {
    at: u32,
    of: AddressOf,
}

#[derive(Clone, Copy)]
enum AddressOf {
    /// A label of the code.
    Label(Label),
    /// What a relocation says.
    Reloc(RelocKind),
}

/// Four bytes that will hold the distance from a place of the pool to a label.
#[derive(Clone, Copy)]
struct Distance {
    at: u32,
    from: u32,
    to: Label,
}

/// The pool of one object while its code is being written.
#[derive(Default)]
pub(crate) struct Pool {
    bytes: Vec<u8>,
    /// A free word that alignment has left.
    gap: Option<u32>,
    shared: Shared,
    addresses: Vec<Address>,
    distances: Vec<Distance>,
    /// Whether an address may be in a gap, in front of others.
    is_unsorted: bool,
}

impl Pool {
    /// A word of 8 bytes, shared by all who want the same.
    pub(crate) fn word(&mut self, word: Word) -> Const {
        match self.shared.find(Key::Word(word)) {
            Ok(known) => known,
            Err(free) => {
                let at = self.free_word();
                self.set(at, word);
                self.shared.add(free, Key::Word(word), Const(at));
                Const(at)
            }
        }
    }

    /// A word that nothing is in yet.
    fn free_word(&mut self) -> u32 {
        if let Some(at) = self.gap.take() {
            self.is_unsorted = true;
            return at;
        }
        self.extend()
    }

    /// 16 bytes at a multiple of 16, shared by all who want the same.
    pub(crate) fn wide(&mut self, value: u128) -> Const {
        match self.shared.find(Key::Wide(value)) {
            Ok(known) => known,
            Err(free) => {
                if !self.bytes.len().is_multiple_of(16) {
                    self.gap = Some(self.extend());
                }
                let at = self.bytes.len() as u32;
                self.bytes.extend_from_slice(&value.to_le_bytes());
                self.shared.add(free, Key::Wide(value), Const(at));
                Const(at)
            }
        }
    }

    /// These words, one behind the other, shared with nobody.
    #[inline]
    pub(crate) fn run(&mut self, words: &[Word]) -> Const {
        let first = self.bytes.len() as u32;
        self.bytes.reserve(8 * words.len());
        self.addresses.reserve(words.len());
        for (at, &word) in (first..).step_by(8).zip(words) {
            let value = self.value(at, word);
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
        Const(first)
    }

    /// The addresses of these labels, one behind the other, shared with nobody.
    #[inline]
    pub(crate) fn addresses<const N: usize>(&mut self, labels: [Label; N]) -> Const {
        let first = self.bytes.len() as u32;
        self.bytes.extend_from_slice([[0; 8]; N].as_flattened());
        let mut at = first;
        self.addresses.extend(labels.map(|label| {
            let address = Address { at, of: AddressOf::Label(label) };
            at += 8;
            address
        }));
        Const(first)
    }

    /// The distances to labels, four bytes each, from the begin of the table.
    pub(crate) fn table(&mut self, labels: &[Label]) -> Const {
        let from = self.bytes.len() as u32;
        self.bytes.resize((self.bytes.len() + size_of::<u32>() * labels.len()).next_multiple_of(8), 0);
        let places = (from..).step_by(size_of::<u32>());
        self.distances.extend(places.zip(labels).map(|(at, &to)| Distance { at, from, to }));
        Const(from)
    }

    fn extend(&mut self) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&[0; 8]);
        at
    }

    fn set(&mut self, at: u32, word: Word) {
        let value = self.value(at, word);
        self.bytes[at as usize..at as usize + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// What is in a word as long as the code is being written. If it will hold an address, that is noted.
    #[inline]
    fn value(&mut self, at: u32, word: Word) -> u64 {
        let (value, of) = match word {
            Word::Value(value) => return value,
            Word::Label(label) => (0, AddressOf::Label(label)),
            // Where the pool begins is added when that is known.
            Word::Const(place) => (place.0.into(), AddressOf::Reloc(RelocKind::Base)),
            Word::Handler(op) => (0, AddressOf::Reloc(RelocKind::Handler(op))),
            Word::Stub(stub) => (0, AddressOf::Reloc(RelocKind::Stub(stub))),
        };
        self.addresses.push(Address { at, of });
        value
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Brings the words that hold addresses into ascending order.
    pub(crate) fn sort(&mut self) {
        if std::mem::take(&mut self.is_unsorted) {
            self.addresses.sort_unstable_by_key(|address| address.at);
        }
    }

    /// Writes the pool, which is sorted, behind the code, whose length is a multiple of 16 by then, and returns its relocations.
    /// `place` tells where a label is.
    pub(crate) fn finish<E>(
        &self,
        code: &mut Vec<u8>,
        mut place: impl FnMut(Label) -> Result<u32, E>,
    ) -> Result<Vec<Reloc>, E> {
        let begin = code.len();
        code.extend_from_slice(&self.bytes);
        let mut relocs = Vec::with_capacity(self.addresses.len());
        for &Address { at, of } in &self.addresses {
            let word = &mut code[begin + at as usize..][..8];
            let kind = match of {
                AddressOf::Label(label) => {
                    word.copy_from_slice(&u64::from(place(label)?).to_le_bytes());
                    RelocKind::Base
                }
                AddressOf::Reloc(RelocKind::Base) => {
                    let offset = u64::from_le_bytes((&*word).try_into().expect("8 bytes"));
                    word.copy_from_slice(&(offset + begin as u64).to_le_bytes());
                    RelocKind::Base
                }
                AddressOf::Reloc(kind) => kind,
            };
            relocs.push(Reloc { at: begin as u32 + at, kind });
        }
        for &Distance { at, from, to } in &self.distances {
            // Both are in the object, which has less than 2 GiB.
            let distance = place(to)?.wrapping_sub(begin as u32 + from);
            code[begin + at as usize..][..4].copy_from_slice(&distance.to_le_bytes());
        }
        Ok(relocs)
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.gap = None;
        self.shared.clear();
        self.addresses.clear();
        self.distances.clear();
        self.is_unsorted = false;
    }
}

/// The places of what is shared. Most functions share little, and the table is emptied for each: that takes as long as there is
/// something in it, however large it has become.
#[derive(Default)]
struct Shared {
    /// What is shared, and in which cell of the table it is.
    known: Vec<(Key, Const, u32)>,
    /// By hash, and from there on, one more than the number of what is known; 0 where nothing is. Half of the cells are free.
    cells: Vec<u32>,
}

/// A free cell.
struct Free(u32);

impl Shared {
    /// Where something is, or where it would have to be noted.
    fn find(&self, key: Key) -> Result<Const, Free> {
        let mask = (self.cells.len() as u32).wrapping_sub(1);
        let mut cell = hash(key) & mask;
        loop {
            match self.cells.get(cell as usize) {
                None | Some(0) => return Err(Free(cell)),
                Some(&number) => {
                    let (known, place, _) = self.known[number as usize - 1];
                    if known == key {
                        return Ok(place);
                    }
                }
            }
            cell = (cell + 1) & mask;
        }
    }

    /// Notes something at the free cell that was found for it.
    fn add(&mut self, free: Free, key: Key, place: Const) {
        let number = self.known.len() + 1;
        self.known.push((key, place, free.0));
        if 2 * number > self.cells.len() {
            return self.grow();
        }
        self.cells[free.0 as usize] = number as u32;
    }

    /// Twice the cells, with everything that is known in its place.
    #[cold]
    fn grow(&mut self) {
        let len = (2 * self.cells.len()).max(32);
        self.cells.clear();
        self.cells.resize(len, 0);
        for at in 0..self.known.len() {
            let mut cell = hash(self.known[at].0) as usize & (len - 1);
            while self.cells[cell] != 0 {
                cell = (cell + 1) & (len - 1);
            }
            self.cells[cell] = at as u32 + 1;
            self.known[at].2 = cell as u32;
        }
    }

    fn clear(&mut self) {
        for (_, _, cell) in self.known.drain(..) {
            self.cells[cell as usize] = 0;
        }
    }
}

/// A hash of a key, which nobody chooses in order to collide within one function.
fn hash(key: Key) -> u32 {
    let (kind, value): (u64, u64) = match key {
        Key::Word(Word::Value(value)) => (0, value),
        Key::Word(Word::Label(label)) => (1, label.number().into()),
        Key::Word(Word::Const(place)) => (2, place.0.into()),
        Key::Word(Word::Handler(op)) => (3, op.into()),
        Key::Word(Word::Stub(stub)) => (4, stub as u64),
        Key::Wide(value) => (5, value as u64 ^ ((value >> 64) as u64).rotate_left(32)),
    };
    ((value ^ kind.rotate_left(60)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}
