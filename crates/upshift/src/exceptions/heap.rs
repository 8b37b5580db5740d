//! The exceptions of a store that wasm code may refer to.
//!
//! ```text
//! slot ─▶ Handle ─▶ Entry { tag, values }      found again by marking from the roots, freed otherwise
//! ```
//!
//! A reference in a slot is the handle's number with [`MARK`] in its upper half. Slots do not tell their types, so the value
//! stack is searched for what looks like a reference; a number that happens to look like one keeps an exception alive for
//! longer, and that is all. Globals and tables are searched if they are of the right type, and the host's handles are
//! known one by one.
//!
//! A collection is due when as much was made as the last one left and looked at, so the work for each exception is bounded
//! on average, and so is the memory: twice what is referred to, and a little.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};
use upshift_core::ValType;
use upshift_core::types::RefType;

use crate::instance::Elems;
use crate::store::StoreState;

/// The upper half of a reference: not what small numbers, addresses or negative numbers have there.
const MARK: u64 = 0x65_78_6e_72 << 32;

/// What an exception takes besides its values, in slots.
const ENTRY_SLOTS: usize = size_of::<Entry>().div_ceil(size_of::<u64>());

/// No collection before this much was made, in slots.
const LEAST: usize = 1 << 14;

/// Exceptions that are referred to may take this much, in slots: 256 MiB.
const MOST: usize = 32 << 20;

/// An exception of the store: its position plus one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Handle(u32);

impl Handle {
    /// The bits of a reference.
    pub(crate) fn to_slot(self) -> u64 {
        MARK | u64::from(self.0)
    }

    /// The exception that a slot refers to; none if it is null, or not a reference to an exception at all.
    pub(crate) fn from_slot(slot: u64) -> Option<Handle> {
        let number = slot as u32;
        (slot & !u64::from(u32::MAX) == MARK && number != 0).then_some(Handle(number))
    }

    fn index(self) -> usize {
        self.0 as usize - 1
    }
}

/// A place for an exception.
#[derive(Debug)]
struct Entry {
    /// The number of the tag in the store; none if the place is free.
    tag: Option<u32>,
    /// Which of the exceptions that have been here this is.
    serial: u32,
    marked: bool,
    /// Whether it is among the pins.
    pinned: AtomicBool,
    payload: Box<[u64]>,
}

/// The exceptions of a store.
#[derive(Debug)]
pub(crate) struct Exceptions {
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// What the host has handles for; it may make some while it only reads the store.
    pins: Mutex<Vec<Handle>>,
    serial: u32,
    /// Slots that exceptions take, those that nobody refers to any more among them.
    slots: usize,
    /// The next collection is due when so many slots would be taken.
    limit: usize,
}

impl Default for Exceptions {
    fn default() -> Exceptions {
        Exceptions {
            entries: Vec::new(),
            free: Vec::new(),
            pins: Mutex::default(),
            serial: 0,
            slots: 0,
            limit: LEAST,
        }
    }
}

impl Exceptions {
    /// How many there are, those that nobody refers to any more among them.
    pub(crate) fn count(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Tag and values.
    pub(crate) fn get(&self, handle: Handle) -> Option<(u32, &[u64])> {
        let entry = self.entries.get(handle.index())?;
        Some((entry.tag?, &entry.payload))
    }

    /// What tells the exception from others that were or will be at the same place.
    pub(crate) fn serial(&self, handle: Handle) -> Option<u32> {
        let entry = self.entries.get(handle.index())?;
        entry.tag.map(|_| entry.serial)
    }

    fn add(&mut self, tag: u32, payload: Box<[u64]>) -> Handle {
        self.slots += ENTRY_SLOTS + payload.len();
        self.serial = self.serial.wrapping_add(1);
        let pinned = AtomicBool::new(false);
        let entry = Entry { tag: Some(tag), serial: self.serial, marked: false, pinned, payload };
        match self.free.pop() {
            Some(index) => {
                self.entries[index as usize] = entry;
                Handle(index + 1)
            }
            None => {
                self.entries.push(entry);
                // `MOST` keeps the number far below 2^32.
                Handle(self.entries.len() as u32)
            }
        }
    }

    // The host's handles.

    /// Keeps an exception alive until the host function that runs now returns, if none below it has done so already.
    pub(crate) fn pin(&self, handle: Handle) {
        let entry = self.entries.get(handle.index());
        if entry.is_some_and(|entry| !entry.pinned.swap(true, Ordering::Relaxed)) {
            self.pins.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        }
    }

    /// How many exceptions are kept alive for the host.
    pub(crate) fn pins(&mut self) -> usize {
        self.pins.get_mut().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Lets go of all but the first `count` exceptions that are kept alive for the host.
    pub(crate) fn unpin(&mut self, count: usize) {
        let pins = self.pins.get_mut().unwrap_or_else(PoisonError::into_inner);
        for handle in pins.drain(count.min(pins.len())..) {
            *self.entries[handle.index()].pinned.get_mut() = false;
        }
    }

    // Collection.

    /// Marks what the slots refer to, directly or through other exceptions.
    fn mark(&mut self, slots: impl IntoIterator<Item = u64>) {
        let mut pending: Vec<usize> = Vec::new();
        let reach = |entries: &mut [Entry], pending: &mut Vec<usize>, slot: u64| {
            if let Some(handle) = Handle::from_slot(slot)
                && let Some(entry) = entries.get_mut(handle.index())
                && entry.tag.is_some()
                && !std::mem::replace(&mut entry.marked, true)
                && !entry.payload.is_empty()
            {
                pending.push(handle.index());
            }
        };
        for slot in slots {
            reach(&mut self.entries, &mut pending, slot);
            while let Some(index) = pending.pop() {
                let payload = std::mem::take(&mut self.entries[index].payload);
                for &slot in &payload {
                    reach(&mut self.entries, &mut pending, slot);
                }
                self.entries[index].payload = payload;
            }
        }
    }

    /// Frees what is not marked; `looked_at` is the number of slots that were searched.
    fn sweep(&mut self, looked_at: usize) {
        self.free.clear();
        self.slots = 0;
        for (index, entry) in self.entries.iter_mut().enumerate() {
            if std::mem::take(&mut entry.marked) {
                self.slots += ENTRY_SLOTS + entry.payload.len();
            } else {
                entry.tag = None;
                entry.payload = Box::default();
                self.free.push(index as u32);
            }
        }
        // Low places first, so that the others can go.
        self.free.reverse();
        let used = self.entries.iter().rposition(|entry| entry.tag.is_some()).map_or(0, |last| last + 1);
        self.entries.truncate(used);
        self.free.retain(|&index| (index as usize) < used);
        let spare = LEAST / ENTRY_SLOTS;
        self.entries.shrink_to(used * 2 + spare);
        self.free.shrink_to(used * 2 + spare);
        self.limit = self.slots + self.slots.max(looked_at).max(LEAST);
    }
}

impl StoreState {
    /// Makes an exception that wasm code can refer to.
    ///
    /// # Errors
    /// When those that are referred to take too much memory.
    pub(crate) fn new_exception(&mut self, tag: u32, payload: Box<[u64]>) -> Result<Handle> {
        let size = ENTRY_SLOTS + payload.len();
        if self.exceptions.slots + size > self.exceptions.limit {
            self.collect_exceptions(&payload);
            let most = (MOST * size_of::<u64>()) >> 20;
            ensure!(
                self.exceptions.slots + size <= MOST,
                "the exceptions that the program refers to take more than {most} MiB"
            );
        }
        Ok(self.exceptions.add(tag, payload))
    }

    /// Frees the exceptions that nobody refers to; `new` are the values of one that is about to be made.
    fn collect_exceptions(&mut self, new: &[u64]) {
        let mut exceptions = std::mem::take(&mut self.exceptions);
        let mut looked_at = 0;
        let mut mark = |slots: &[u64]| {
            looked_at += slots.len();
            exceptions.mark(slots.iter().copied());
        };
        mark(new);
        mark(self.live_stack());
        for global in &self.globals {
            if is_exn(global.ty().content) {
                // SAFETY: cells live as long as their store, and no code runs that could change them.
                let slot = unsafe { (*global.cell()).slots[0] };
                mark(&[slot]);
            }
        }
        for table in self.tables.iter().filter(|table| table.ty().element.is_exn()) {
            mark(table.elements());
        }
        for instance in &self.instances {
            // SAFETY: instances live as long as their store, and nobody changes them now.
            let instance = unsafe { &*instance.as_ptr() };
            let segments = instance.elems.iter().zip(&instance.module.info().elems);
            for (elems, _) in segments.filter(|(_, segment)| segment.ty.is_exn()) {
                if let Elems::Values(values) = elems {
                    mark(values);
                }
            }
        }
        // Walking over everything that could be a root is work as well.
        looked_at += self.globals.len() + self.tables.len() + self.instances.len();
        let pins = std::mem::take(exceptions.pins.get_mut().unwrap_or_else(PoisonError::into_inner));
        looked_at += pins.len();
        exceptions.mark(pins.iter().map(|handle| handle.to_slot()));
        exceptions.pins = Mutex::new(pins);
        exceptions.sweep(looked_at);
        self.exceptions = exceptions;
    }

    /// The slots of all live frames. Code notes where they end before it calls the runtime.
    fn live_stack(&self) -> &[u64] {
        let Some(stack) = &self.stack else { return &[] };
        let base = stack.base();
        let len = (self.ctx.stack_top.addr() - base.addr()) / size_of::<u64>();
        // SAFETY: the stack is mapped from its base to behind its limit, from the start with zeroes, and no code runs that
        // could change it.
        unsafe { std::slice::from_raw_parts(base, len) }
    }
}

fn is_exn(ty: ValType) -> bool {
    matches!(ty, ValType::Ref(ty) if RefType::is_exn(ty))
}

#[cfg(test)]
mod tests {
    use super::{ENTRY_SLOTS, Exceptions, Handle, LEAST};

    #[test]
    fn references_are_told_from_other_slots() {
        let handle = Handle(7);
        assert_eq!(Handle::from_slot(handle.to_slot()), Some(handle));
        for slot in [0, 7, u64::MAX, handle.to_slot() & !0xffff_ffff, handle.to_slot() | 1 << 63] {
            assert_eq!(Handle::from_slot(slot), None, "{slot:#x}");
        }
    }

    #[test]
    fn what_is_reached_stays_and_places_are_used_again() {
        let mut exceptions = Exceptions::default();
        let inner = exceptions.add(1, [9].into());
        let outer = exceptions.add(2, [3, inner.to_slot()].into());
        let lost = exceptions.add(3, Box::default());
        let last = exceptions.add(4, [outer.to_slot()].into());
        let serial = exceptions.serial(lost);
        exceptions.mark([last.to_slot(), 5, 0]);
        exceptions.sweep(3);
        assert_eq!(exceptions.count(), 3);
        assert_eq!(exceptions.slots, 3 * ENTRY_SLOTS + 4);
        assert_eq!(exceptions.get(inner), Some((1, &[9][..])));
        assert_eq!(exceptions.get(lost), None);
        let again = exceptions.add(5, Box::default());
        assert_eq!(again, lost);
        assert_ne!(exceptions.serial(again), serial);
    }

    #[test]
    fn pins_last_as_long_as_their_host_function() {
        let mut exceptions = Exceptions::default();
        let handles = [0, 1, 2].map(|tag| exceptions.add(tag, Box::default()));
        exceptions.pin(handles[0]);
        // A host function that is called now, and comes to know the first one again.
        let pins = exceptions.pins();
        for handle in [0, 1, 1, 2].map(|i| handles[i]) {
            exceptions.pin(handle);
        }
        assert_eq!((pins, exceptions.pins()), (1, 3));
        exceptions.unpin(pins);
        exceptions.pin(handles[2]);
        assert_eq!(exceptions.pins(), 2);
    }

    #[test]
    fn long_chains_are_marked_without_recursion() {
        let mut exceptions = Exceptions::default();
        let mut last = exceptions.add(0, Box::default());
        for _ in 0..200_000 {
            last = exceptions.add(0, [last.to_slot()].into());
        }
        exceptions.mark([last.to_slot()]);
        exceptions.sweep(1);
        assert_eq!(exceptions.count(), 200_001);
        exceptions.sweep(0);
        assert_eq!((exceptions.count(), exceptions.slots), (0, 0));
        assert_eq!(exceptions.limit, LEAST);
    }
}
