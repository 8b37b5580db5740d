//! A table of values by a key that is computed from them: it has no keys of its own, and nothing is deleted.
//!
//! Programs choose their constants, so they can have as many equal hashes as they like. So a search is short in any case: when the
//! places that it may look at are taken, the new value replaces an old one, which is not found any more.

use std::hash::{Hash, Hasher};

use crate::ssa::Value;

/// No value.
const FREE: Value = Value(u32::MAX);

/// Values by hashes; who asks says what is equal.
#[derive(Debug)]
pub(super) struct Table {
    /// Hash and value; the length is a power of two, of which less than three quarters are taken.
    entries: Vec<(u32, Value)>,
    taken: usize,
}

/// How many places a search looks at.
const MOST_PROBES: u32 = 256;

/// Where an entry is or would be. It is valid until the next [`Table::set`].
#[derive(Clone, Copy)]
pub(super) struct Place {
    at: usize,
    hash: u32,
    is_found: bool,
}

impl Place {
    /// The value that is there.
    pub(super) fn get(self, table: &Table) -> Option<Value> {
        self.is_found.then(|| table.entries[self.at].1)
    }
}

impl Table {
    /// An empty table that need not grow up to this many values.
    pub(super) fn with_capacity(values: usize) -> Table {
        let size = (values.max(12) * 4 / 3 + 1).next_power_of_two();
        Table { entries: vec![(0, FREE); size], taken: 0 }
    }

    /// The place of a value that `equal` accepts, or the one where it would be: a free one, or else one that is taken by another.
    pub(super) fn place(&self, hash: u32, mut equal: impl FnMut(Value) -> bool) -> Place {
        let mask = self.entries.len() - 1;
        let mut at = hash as usize & mask;
        for _ in 0..MOST_PROBES {
            let (other, value) = self.entries[at];
            if value == FREE {
                return Place { at, hash, is_found: false };
            }
            if other == hash && equal(value) {
                return Place { at, hash, is_found: true };
            }
            at = (at + 1) & mask;
        }
        Place { at: hash as usize & mask, hash, is_found: false }
    }

    /// Puts a value at a place.
    pub(super) fn set(&mut self, place: Place, value: Value) {
        self.taken += usize::from(self.entries[place.at].1 == FREE);
        self.entries[place.at] = (place.hash, value);
        if self.taken * 4 > self.entries.len() * 3 {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let size = self.entries.len() * 2;
        let old = std::mem::replace(&mut self.entries, vec![(0, FREE); size]);
        for (hash, value) in old.into_iter().filter(|&(_, value)| value != FREE) {
            let place = self.place(hash, |_| false);
            self.entries[place.at] = (hash, value);
        }
    }
}

/// The hash of an operation and its operands.
pub(super) fn hash(op: &impl Hash, operands: &[Value]) -> u32 {
    let mut hasher = Mix::default();
    op.hash(&mut hasher);
    for operand in operands {
        hasher.write_u32(operand.0);
    }
    hasher.finish() as u32
}

/// A hash of few machine words, the same on each run.
#[derive(Default)]
pub(super) struct Mix(u64);

impl Mix {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.mix(word.into());
    }

    fn write_u16(&mut self, word: u16) {
        self.mix(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.mix(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn write_isize(&mut self, word: isize) {
        self.mix(word as u64);
    }

    fn write_usize(&mut self, word: usize) {
        self.mix(word as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, hash};
    use crate::ssa::Value;

    #[test]
    fn values_are_found_again_after_growing() {
        let mut table = Table::with_capacity(0);
        for number in 0..10_000u32 {
            let place = table.place(hash(&number, &[]), |value| value.0 == number);
            assert_eq!(place.get(&table), None);
            table.set(place, Value(number));
        }
        for number in 0..10_000u32 {
            let place = table.place(hash(&number, &[]), |value| value.0 == number);
            assert_eq!(place.get(&table), Some(Value(number)));
        }
    }

    /// Equal hashes do not make searches longer and longer; the value that was set last is found.
    #[test]
    fn searches_are_short_whatever_the_hashes() {
        let mut table = Table::with_capacity(0);
        let mut looks = 0;
        for number in 0..10_000u32 {
            let place = table.place(7, |value| {
                looks += 1;
                value.0 == number
            });
            assert_eq!(place.get(&table), None);
            table.set(place, Value(number));
            assert_eq!(table.place(7, |value| value.0 == number).get(&table), Some(Value(number)));
        }
        assert!(looks <= 10_000 * super::MOST_PROBES, "{looks}");
    }

    /// Numbers of values that differ little are the usual case.
    #[test]
    fn neighbours_do_not_collide() {
        let mut hashes: Vec<u32> =
            (0..200u32).flat_map(|a| (0..200u32).map(move |b| hash(&7u16, &[Value(a), Value(b)]))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert!(hashes.len() > 39_900, "{}", hashes.len());
    }
}
