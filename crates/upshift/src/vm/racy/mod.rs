//! Copies of bytes that other threads may use at the same time.
//!
//! ```text
//! fill, copy ─┬─ x86-64 ─▶ assembly (`upshift_memops`), whatever the alignment
//!             └─ others ─▶ atomic accesses of words (`words.rs`)
//! ```
//!
//! Every access counts as a relaxed atomic one. So a race leaves some old and some new bytes, as the threads proposal has it,
//! and is no undefined behaviour here. The interpreter's handlers access shared memories in the same way, and with the widths of the
//! guest's own atomic operators, so accesses of different widths can meet; all processors that we run on give them a
//! meaning, the one of WebAssembly.

#[cfg(any(test, not(target_arch = "x86_64")))]
mod words;

/// Fills `len` bytes.
///
/// # Safety
/// The bytes are accessible, and all who use them at the same time do it by atomic accesses.
pub(crate) unsafe fn fill(to: *mut u8, byte: u8, len: usize) {
    #[cfg(target_arch = "x86_64")]
    use upshift_memops::fill;
    #[cfg(not(target_arch = "x86_64"))]
    use words::fill;
    // SAFETY: promised by the caller.
    unsafe { fill(to, byte, len) }
}

/// Copies `len` bytes; the places may overlap.
///
/// # Safety
/// The bytes are accessible, and all who use them at the same time do it by atomic accesses.
pub(crate) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    #[cfg(target_arch = "x86_64")]
    use upshift_memops::copy;
    #[cfg(not(target_arch = "x86_64"))]
    use words::copy;
    // SAFETY: promised by the caller.
    unsafe { copy(to, from, len) }
}

#[cfg(test)]
mod tests {
    use super::words;

    const LENGTHS: [usize; 20] =
        [0, 1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 33, 47, 64, 65, 100, 129, 130];

    /// Bytes whose values tell where they were, at a multiple of eight.
    fn numbered() -> [u64; 32] {
        std::array::from_fn(|i| u64::from_ne_bytes(std::array::from_fn(|j| (8 * i + j) as u8)))
    }

    fn bytes(words: &[u64; 32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn copies_like_memmove() {
        for from in 0..40 {
            for to in 0..40 {
                for len in LENGTHS {
                    let mut expected = bytes(&numbered());
                    expected.copy_within(from..from + len, to);
                    let (mut words, mut here) = (numbered(), numbered());
                    let base = words.as_mut_ptr().cast::<u8>();
                    // SAFETY: both ranges lie in the words.
                    unsafe { words::copy(base.add(to), base.add(from), len) };
                    assert_eq!(bytes(&words), expected, "by words, {len} bytes from {from} to {to}");
                    let base = here.as_mut_ptr().cast::<u8>();
                    // SAFETY: as above.
                    unsafe { super::copy(base.add(from), base.add(to), len) };
                    assert_eq!(bytes(&here), expected, "{len} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn fills_exactly() {
        for to in 0..40 {
            for len in LENGTHS {
                let mut expected = bytes(&numbered());
                expected[to..to + len].fill(0xa5);
                let (mut words, mut here) = (numbered(), numbered());
                // SAFETY: the range lies in the words.
                unsafe { words::fill(words.as_mut_ptr().cast::<u8>().add(to), 0xa5, len) };
                assert_eq!(bytes(&words), expected, "by words, {len} bytes at {to}");
                // SAFETY: as above.
                unsafe { super::fill(here.as_mut_ptr().cast::<u8>().add(to), 0xa5, len) };
                assert_eq!(bytes(&here), expected, "{len} bytes at {to}");
            }
        }
    }

    /// Words are read whole, so those at the ends have to lie within the range: a memory may end anywhere.
    #[test]
    fn words_read_lie_within_the_range() {
        for from in 0..16 {
            for to in 0..16 {
                for len in 0..80 {
                    let parts = words::Parts::of(64 + to, 64 + from, len);
                    let first = (64 + from + parts.head) / 8 * 8;
                    let last = (64 + from + parts.head + 8 * parts.words).next_multiple_of(8);
                    let there = first >= 64 + from && last <= 64 + from + len;
                    assert!(parts.words == 0 || there, "{len} bytes from {from} to {to}");
                    assert!(len - parts.head - 8 * parts.words < 16 || parts.words == 0);
                    assert!(parts.words > 0 || len < 32, "{len} bytes by bytes");
                    assert!(parts.head < 16 || parts.words == 0);
                }
            }
        }
    }
}
