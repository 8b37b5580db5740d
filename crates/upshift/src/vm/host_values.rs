//! Values of the host that programs can refer to, by number.
//!
//! ```text
//! ExternRef::new ─▶ insert ─▶ number ─ in slots, objects, tables, handles ─▶ the collector marks what it comes by
//!                                                       not marked ─▶ sweep ─▶ garbage ─▶ dropped, the number is free
//! ```
//!
//! A number is taken by another value only after a collection that has found no reference to it anywhere, handles of the host
//! included; so no reference ever leads to a value that it was not made for. Destructors are the host's: they run when the
//! collection is over and the store is as it should be, and may panic.

use std::any::Any;

use anyhow::{Result, ensure};

/// What the lowest bits of a reference to a value of the host are; the number of the value stands above them.
const TAG: u32 = 0b010;

/// How many bits those are.
const TAG_BITS: u32 = 3;

/// Values are not collected for their own sake before there are so many.
const LEAST: usize = 1024;

/// For one value more there may be so many words to look at in a collection: making a value takes about as long.
const WORK_PER_VALUE: usize = 16;

/// A value of the host.
pub(crate) type HostValue = Box<dyn Any + Send + Sync>;

/// What a number stands for.
enum Entry {
    /// Nothing: it can be given to a value.
    Free,
    /// A value that the host has taken back. There may be references.
    Taken,
    Value(HostValue),
}

/// The values of a store.
pub(crate) struct HostValues {
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// With so many, a collection is due.
    pub(crate) due: usize,
    /// Values that nothing refers to any more, until they are dropped.
    pub(crate) garbage: Vec<HostValue>,
}

impl Default for HostValues {
    fn default() -> HostValues {
        HostValues { entries: Vec::new(), free: Vec::new(), due: LEAST, garbage: Vec::new() }
    }
}

/// The number of a value of the host, if the reference is one to it.
#[inline]
pub(crate) fn host_number(reference: u32) -> Option<u32> {
    (reference & ((1 << TAG_BITS) - 1) == TAG).then_some(reference >> TAG_BITS)
}

/// Which values of the host something refers to: a bit for each number.
pub(crate) struct Marks(Box<[u64]>);

impl Marks {
    /// None of so many.
    pub(crate) fn new(count: usize) -> Marks {
        Marks(vec![0; count.div_ceil(u64::BITS as usize)].into())
    }

    pub(crate) fn set(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut((number / u64::BITS) as usize) {
            *word |= 1 << (number % u64::BITS);
        }
    }

    pub(crate) fn has(&self, number: u32) -> bool {
        self.0.get((number / u64::BITS) as usize).is_some_and(|word| word >> (number % u64::BITS) & 1 != 0)
    }
}

impl HostValues {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// The value of a number; none if the host has taken it back.
    pub(crate) fn get(&self, number: u32) -> Option<&HostValue> {
        if let Some(Entry::Value(value)) = self.entries.get(number as usize) { Some(value) } else { None }
    }

    /// Gives a value back to the host. The number stays until nothing refers to it.
    pub(crate) fn take(&mut self, number: u32) -> Option<HostValue> {
        let entry = self.entries.get_mut(number as usize).filter(|entry| matches!(entry, Entry::Value(_)))?;
        if let Entry::Value(value) = std::mem::replace(entry, Entry::Taken) { Some(value) } else { None }
    }

    /// The reference to a new value.
    pub(crate) fn insert(&mut self, value: HostValue) -> Result<u32> {
        let number = match self.free.pop() {
            Some(number) => {
                self.entries[number as usize] = Entry::Value(value);
                number
            }
            None => {
                let number = self.entries.len();
                ensure!(
                    number < 1 << (u32::BITS - TAG_BITS),
                    "the store has {number} values of the host, which is the most"
                );
                self.entries.push(Entry::Value(value));
                number as u32
            }
        };
        Ok(number << TAG_BITS | TAG)
    }

    /// Marks for all numbers.
    pub(crate) fn marks(&self) -> Marks {
        Marks::new(self.entries.len())
    }

    /// What is not marked becomes garbage. `work` is how many words there are to look at in a collection.
    pub(crate) fn sweep(&mut self, marks: &Marks, work: usize) {
        for (number, entry) in (0..).zip(&mut self.entries) {
            if marks.has(number) || matches!(entry, Entry::Free) {
                continue;
            }
            if let Entry::Value(value) = std::mem::replace(entry, Entry::Free) {
                self.garbage.push(value);
            }
            self.free.push(number);
        }
        self.due = self.len() + self.len().max(LEAST).max(work / WORK_PER_VALUE);
    }
}
