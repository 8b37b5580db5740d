//! Copies of bytes that other threads may use at the same time.
//!
//! Every access is a relaxed atomic one, of eight bytes where the addresses allow it and of one elsewhere. So a race leaves some
//! old and some new bytes, as the threads proposal has it, and is no undefined behaviour here. The interpreter's handlers access shared
//! memories in the same way, and with the widths of the guest's own atomic operators, so accesses of different widths can
//! meet; all processors that we run on give them a meaning, the one of WebAssembly.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

const WORD: usize = size_of::<AtomicU64>();

/// How many of `len` bytes come before the first multiple of the size of a word, and how many words follow.
fn split(to: *mut u8, len: usize) -> (usize, usize) {
    let head = (to.addr().wrapping_neg() % WORD).min(len);
    (head, (len - head) / WORD)
}

/// Fills `len` bytes.
///
/// # Safety
/// The bytes are accessible, and all who use them at the same time do it by atomic accesses.
pub(crate) unsafe fn fill(to: *mut u8, byte: u8, len: usize) {
    let (head, words) = split(to, len);
    let word = u64::from_ne_bytes([byte; WORD]);
    // SAFETY: promised by the caller.
    let fill_byte = |at: usize| unsafe {
        (*to.wrapping_add(at).cast::<AtomicU8>()).store(byte, Ordering::Relaxed);
    };
    (0..head).for_each(fill_byte);
    for i in 0..words {
        // SAFETY: promised by the caller; the cell is aligned and ends within the bytes.
        unsafe { (*to.wrapping_add(head + i * WORD).cast::<AtomicU64>()).store(word, Ordering::Relaxed) };
    }
    (head + words * WORD..len).for_each(fill_byte);
}

/// Copies `len` bytes; the places may overlap.
///
/// # Safety
/// The bytes are accessible, and all who use them at the same time do it by atomic accesses.
pub(crate) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    // Words can be used in both places at once if they begin at the same distance from a multiple of their size.
    let alike = from.addr() % WORD == to.addr() % WORD;
    let (head, words) = if alike { split(to, len) } else { (len, 0) };
    // SAFETY: promised by the caller.
    let copy_byte = |at: usize| unsafe {
        let byte = (*from.wrapping_add(at).cast::<AtomicU8>()).load(Ordering::Relaxed);
        (*to.wrapping_add(at).cast::<AtomicU8>()).store(byte, Ordering::Relaxed);
    };
    // SAFETY: promised by the caller; both cells are aligned and end within the bytes.
    let copy_word = |i: usize| unsafe {
        let at = head + i * WORD;
        let word = (*from.wrapping_add(at).cast::<AtomicU64>()).load(Ordering::Relaxed);
        (*to.wrapping_add(at).cast::<AtomicU64>()).store(word, Ordering::Relaxed);
    };
    let tail = head + words * WORD;
    if to.addr() <= from.addr() {
        (0..head).for_each(copy_byte);
        (0..words).for_each(copy_word);
        (tail..len).for_each(copy_byte);
    } else {
        // From the end, so that nothing is overwritten that is still to be read.
        (tail..len).rev().for_each(copy_byte);
        (0..words).rev().for_each(copy_word);
        (0..head).rev().for_each(copy_byte);
    }
}

#[cfg(test)]
mod tests {
    /// Bytes whose values tell where they were.
    fn numbered() -> [u64; 16] {
        std::array::from_fn(|i| u64::from_ne_bytes(std::array::from_fn(|j| (8 * i + j) as u8)))
    }

    fn bytes(words: &[u64; 16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn copies_like_memmove() {
        for from in 0..20 {
            for to in 0..20 {
                for len in [0, 1, 7, 8, 9, 31, 64, 100] {
                    let mut expected = bytes(&numbered());
                    expected.copy_within(from..from + len, to);
                    let mut words = numbered();
                    let base = words.as_mut_ptr().cast::<u8>();
                    // SAFETY: both ranges lie in the words.
                    unsafe { super::copy(base.add(from), base.add(to), len) };
                    assert_eq!(bytes(&words), expected, "{len} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn fills_exactly() {
        for to in 0..20 {
            for len in [0, 1, 7, 8, 9, 31, 64, 100] {
                let mut expected = bytes(&numbered());
                expected[to..to + len].fill(0xa5);
                let mut words = numbered();
                // SAFETY: the range lies in the words.
                unsafe { super::fill(words.as_mut_ptr().cast::<u8>().add(to), 0xa5, len) };
                assert_eq!(bytes(&words), expected, "{len} bytes at {to}");
            }
        }
    }
}
