//! Copies and fills by relaxed atomic accesses of eight bytes, for any alignment.
//!
//! Stores are of aligned words. Where the source lies otherwise, a word to store is put together of two aligned ones, each
//! of which is loaded once. Only the ends, less than two words each, go by bytes.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

const WORD: usize = size_of::<AtomicU64>();

/// How many bytes come before the words, and how many words there are.
pub(super) struct Parts {
    pub(super) head: usize,
    pub(super) words: usize,
}

impl Parts {
    /// Of a copy from one address to another: all words that hold a byte of the source's words lie within the source.
    pub(super) fn of(to: usize, from: usize, len: usize) -> Parts {
        let mut head = to.wrapping_neg() % WORD;
        let ahead = (from + head) % WORD;
        if head < ahead {
            head += WORD;
        }
        let behind = ahead.wrapping_neg() % WORD;
        let words = len.saturating_sub(head + behind) / WORD;
        Parts { head: if words == 0 { len } else { head }, words }
    }
}

unsafe fn load(at: *const u8) -> u64 {
    // SAFETY: promised by the caller; an aligned word.
    u64::from_le(unsafe { (*at.cast::<AtomicU64>()).load(Ordering::Relaxed) })
}

unsafe fn store(at: *mut u8, word: u64) {
    // SAFETY: promised by the caller; an aligned word.
    unsafe { (*at.cast::<AtomicU64>()).store(word.to_le(), Ordering::Relaxed) };
}

unsafe fn copy_byte(to: *mut u8, from: *const u8) {
    // SAFETY: promised by the caller.
    unsafe {
        let byte = (*from.cast::<AtomicU8>()).load(Ordering::Relaxed);
        (*to.cast::<AtomicU8>()).store(byte, Ordering::Relaxed);
    }
}

/// Fills `len` bytes.
///
/// # Safety
/// The bytes are accessible, and all who use them at the same time do it by atomic accesses.
pub(super) unsafe fn fill(to: *mut u8, byte: u8, len: usize) {
    // As a copy from a place that is aligned alike.
    let Parts { head, words } = Parts::of(to.addr(), to.addr(), len);
    let tail = head + words * WORD;
    for at in (0..head).chain(tail..len) {
        // SAFETY: promised by the caller.
        unsafe { (*to.wrapping_add(at).cast::<AtomicU8>()).store(byte, Ordering::Relaxed) };
    }
    for i in 0..words {
        // SAFETY: promised by the caller; the word is aligned and ends within the bytes.
        unsafe { store(to.wrapping_add(head + i * WORD), u64::from_ne_bytes([byte; WORD])) };
    }
}

/// Copies `len` bytes; the places may overlap.
///
/// # Safety
/// The bytes are accessible, and all who use them at the same time do it by atomic accesses.
pub(super) unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    let Parts { head, words } = Parts::of(to.addr(), from.addr(), len);
    let tail = head + words * WORD;
    // SAFETY: promised by the caller.
    let byte = |at: usize| unsafe { copy_byte(to.wrapping_add(at), from.wrapping_add(at)) };
    let (words_to, words_from) = (to.wrapping_add(head), from.wrapping_add(head));
    if to.addr() <= from.addr() {
        (0..head).for_each(byte);
        // SAFETY: promised by the caller, and these are the parts.
        unsafe { copy_words_up(words_to, words_from, words) };
        (tail..len).for_each(byte);
    } else {
        // From the end, so that nothing is overwritten that is still to be read.
        (tail..len).rev().for_each(byte);
        // SAFETY: promised by the caller, and these are the parts.
        unsafe { copy_words_down(words_to, words_from, words) };
        (0..head).rev().for_each(byte);
    }
}

/// The aligned word that an address lies in, and by how many bits it is ahead of that.
fn place(from: *const u8) -> (*const u8, u32) {
    let ahead = from.addr() % WORD;
    (from.wrapping_sub(ahead), 8 * ahead as u32)
}

/// Puts a word together whose first bytes end one and whose last bytes begin the other.
fn join(low: u64, high: u64, bits: u32) -> u64 {
    low >> bits | high << (64 - bits)
}

/// # Safety
/// All aligned words that hold a byte of the two places are accessible, and `to` is aligned.
unsafe fn copy_words_up(to: *mut u8, from: *const u8, words: usize) {
    let (base, bits) = place(from);
    if words == 0 {
        return;
    }
    // SAFETY: promised by the caller. What a store overwrites of the next word to be used has been used.
    unsafe {
        if bits == 0 {
            return (0..words).for_each(|i| store(to.add(i * WORD), load(base.add(i * WORD))));
        }
        let mut low = load(base);
        for i in 0..words {
            let high = load(base.add((i + 1) * WORD));
            store(to.add(i * WORD), join(low, high, bits));
            low = high;
        }
    }
}

/// As [`copy_words_up`], the last word first.
///
/// # Safety
/// As there.
unsafe fn copy_words_down(to: *mut u8, from: *const u8, words: usize) {
    let (base, bits) = place(from);
    if words == 0 {
        return;
    }
    // SAFETY: promised by the caller. What a store overwrites of the word before has been used.
    unsafe {
        if bits == 0 {
            return (0..words).rev().for_each(|i| store(to.add(i * WORD), load(base.add(i * WORD))));
        }
        let mut high = load(base.add(words * WORD));
        for i in (0..words).rev() {
            let low = load(base.add(i * WORD));
            store(to.add(i * WORD), join(low, high, bits));
            high = low;
        }
    }
}
