//! Copies, fills and comparisons beside loops over bytes: small lengths at all alignments and distances, large ones in samples,
//! with each set of instructions, and between pages that nobody may touch.

#![cfg(all(target_arch = "x86_64", unix))]

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use upshift_memops::{Level, compare, copy, fill, restrict};

/// A length from which on the tests have copies go past the caches, so that small ones do too.
const STREAM_FROM: usize = 300;

/// Does something with all that the functions can be tuned to, one after the other: they share it.
fn with_each_tuning(mut test: impl FnMut(&str)) {
    static TUNING: Mutex<()> = Mutex::new(());
    let _alone = TUNING.lock().unwrap_or_else(PoisonError::into_inner);
    for level in [Level::Sse2, Level::Avx2] {
        for stream_from in [usize::MAX, STREAM_FROM] {
            if restrict(level, stream_from) {
                test(&format!("{level:?}, past the caches from {stream_from}"));
            } else {
                eprintln!("this processor has no {level:?}");
            }
        }
    }
}

/// Bytes that tell where they were.
fn numbered(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

/// The first place where two slices differ; the standard library's comparison is what is tested, where the C names are ours.
fn difference(a: &[u8], b: &[u8]) -> Option<usize> {
    assert_eq!(a.len(), b.len());
    (0..a.len()).find(|&i| a[i] != b[i])
}

/// What a copy leaves, byte by byte.
fn copied(bytes: &[u8], to: usize, from: usize, len: usize) -> Vec<u8> {
    let mut after = bytes.to_vec();
    for (byte, &from) in after[to..to + len].iter_mut().zip(&bytes[from..from + len]) {
        // Not one copy, to the compiler: that would be what is tested, where the C names are ours.
        *byte = black_box(from);
    }
    after
}

/// Copies within `bytes`, and looks at all of them.
fn check_copy(bytes: &[u8], to: usize, from: usize, len: usize, tuning: &str) {
    let mut actual = bytes.to_vec();
    assert!(to.max(from) + len <= actual.len());
    let start = actual.as_mut_ptr();
    // SAFETY: both places lie in the vector.
    unsafe { copy(start.add(to), start.add(from), len) };
    let difference = difference(&actual, &copied(bytes, to, from, len));
    assert_eq!(difference, None, "{len} bytes from {from} to {to}; {tuning}");
}

#[test]
fn copies_small_lengths_at_all_alignments() {
    let bytes = numbered(2 * 512);
    with_each_tuning(|tuning| {
        for len in (0..=140).chain([250, 256, 257, 258, 290, 300, 301, 384, 400]) {
            // The widest vectors have 32 bytes.
            for (to, from) in (0..=32).flat_map(|to| (0..=32).map(move |from| (to, from))) {
                check_copy(&bytes, 512 + to, from, len, tuning);
            }
        }
    });
}

#[test]
fn copies_all_lengths_up_and_down() {
    let bytes = numbered(1200);
    with_each_tuning(|tuning| {
        for len in 0..=600 {
            for distance in
                (0..=9).chain([15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300])
            {
                for at in [0, 1, 31, 64] {
                    check_copy(&bytes, at + distance, at, len, tuning);
                    check_copy(&bytes, at, at + distance, len, tuning);
                }
            }
        }
    });
}

#[test]
fn copies_large_lengths() {
    with_each_tuning(|tuning| {
        for len in [4095, 4096, 4097, 10_000, 65_536 + 129, (1 << 20) + 77] {
            let bytes = numbered(2 * len + 3 * 4096);
            // Those near a multiple of 4096 are where loads and stores seem to meet.
            for distance in
                [1, 63, 64, 100, 4095, 4096, 4100, 4096 + 300, len / 2, len - 1, len, len + 5, len + 4096]
            {
                for at in [0, 3, 32] {
                    check_copy(&bytes, at + distance, at, len, tuning);
                    check_copy(&bytes, at, at + distance, len, tuning);
                }
            }
        }
    });
}

#[test]
fn fills_exactly() {
    let bytes = numbered(1200);
    with_each_tuning(|tuning| {
        for len in 0..=700 {
            for at in 0..64 {
                let mut actual = bytes.clone();
                // SAFETY: the place lies in the vector.
                unsafe { fill(actual.as_mut_ptr().add(at), 0xa5, len) };
                let mut expected = bytes.clone();
                for byte in &mut expected[at..at + len] {
                    *byte = black_box(0xa5);
                }
                let difference = difference(&actual, &expected);
                assert_eq!(difference, None, "{len} bytes at {at}; {tuning}");
            }
        }
        for len in [4096, 100_001, 1 << 20] {
            let mut actual = numbered(len + 100);
            // SAFETY: the place lies in the vector.
            unsafe { fill(actual.as_mut_ptr().add(33), 0x5a, len) };
            let whole = numbered(len + 100);
            let right = |i: usize| if (33..33 + len).contains(&i) { 0x5a } else { whole[i] };
            assert_eq!((0..len + 100).find(|&i| actual[i] != right(i)), None, "{len} bytes; {tuning}");
        }
    });
}

fn sign(a: &[u8], b: &[u8]) -> i32 {
    assert_eq!(a.len(), b.len());
    // SAFETY: both slices are of this length.
    unsafe { compare(a.as_ptr(), b.as_ptr(), a.len()) }.signum()
}

#[test]
fn compares_by_the_first_difference() {
    let bytes = numbered(1024);
    with_each_tuning(|tuning| {
        for len in (0..=300).chain([511, 512, 513, 640, 900]) {
            for (at, other_at) in [(0, 0), (1, 0), (0, 7), (31, 33)] {
                let a = &bytes[at..at + len];
                // The bytes around are others than those of `a`.
                let mut other: Vec<_> = bytes.iter().map(|byte| !byte).collect();
                other[other_at..other_at + len].copy_from_slice(a);
                assert_eq!(sign(a, &other[other_at..other_at + len]), 0, "{len} equal bytes; {tuning}");
                for place in 0..len {
                    let (changed, rest) = (other_at + place, other_at + len - 1);
                    let before = (other[changed], other[rest]);
                    // Neither what comes later nor a sign may decide.
                    for value in [before.0.wrapping_add(1), before.0 ^ 0x80] {
                        other[rest] = !before.1;
                        other[changed] = value;
                        let expected = before.0.cmp(&value) as i32;
                        let b = &other[other_at..other_at + len];
                        assert_eq!(sign(a, b), expected, "{len} bytes, other from {place} on; {tuning}");
                        assert_eq!(sign(b, a), -expected, "{len} bytes, other from {place} on; {tuning}");
                    }
                    other[rest] = before.1;
                    other[changed] = before.0;
                }
            }
        }
    });
}

/// Pages between two that nobody may touch.
struct Guarded {
    base: *mut u8,
}

impl Guarded {
    const PAGE: usize = 4096;
    const BYTES: usize = 2 * Self::PAGE;

    fn new() -> Guarded {
        let len = Self::BYTES + 2 * Self::PAGE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, of which only the inside is made accessible.
        unsafe {
            let base = libc::mmap(std::ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0);
            assert_ne!(base, libc::MAP_FAILED);
            let inside = base.cast::<u8>().add(Self::PAGE);
            assert_eq!(libc::mprotect(inside.cast(), Self::BYTES, libc::PROT_READ | libc::PROT_WRITE), 0);
            Guarded { base: inside }
        }
    }

    /// The first or the last bytes.
    fn edge(&self, last: bool, len: usize) -> &'static mut [u8] {
        let at = if last { Self::BYTES - len } else { 0 };
        // SAFETY: the pages are accessible until the process ends, and the tests have one edge of them at a time.
        unsafe { std::slice::from_raw_parts_mut(self.base.add(at), len) }
    }
}

#[test]
fn touches_nothing_outside() {
    let (a, b) = (Guarded::new(), Guarded::new());
    with_each_tuning(|tuning| {
        for len in (0..=600).chain([1000, 4095, 4096, 4097, 8191, 8192]) {
            for (a_last, b_last) in [(false, false), (false, true), (true, false), (true, true)] {
                let (from, to) = (a.edge(a_last, len), b.edge(b_last, len));
                for (i, byte) in from.iter_mut().enumerate() {
                    *byte = i as u8;
                }
                // SAFETY: both slices have this length.
                unsafe { fill(to.as_mut_ptr(), 1, len) };
                assert!(to.iter().all(|&byte| byte == 1), "{len} bytes; {tuning}");
                // SAFETY: as above.
                unsafe { copy(to.as_mut_ptr(), from.as_ptr(), len) };
                assert_eq!(difference(from, to), None, "{len} bytes; {tuning}");
                assert_eq!(sign(from, to), 0, "{len} bytes; {tuning}");
                if let (Some(last), true) = (from.last_mut(), len % 3 == 0) {
                    *last = last.wrapping_add(1);
                    assert_ne!(sign(from, to), 0, "{len} bytes; {tuning}");
                }
            }
        }
        // Overlapping, against either edge.
        for len in (0..=600).chain([4096, 8000]) {
            for distance in [1, 13, 32, 100] {
                let all = a.edge(false, len + distance);
                let before = numbered(all.len());
                all.copy_from_slice(&before);
                // SAFETY: both places lie in the slice.
                unsafe { copy(all.as_mut_ptr(), all.as_ptr().add(distance), len) };
                assert_eq!(
                    difference(all, &copied(&before, 0, distance, len)),
                    None,
                    "{len} bytes; {tuning}"
                );
                let all = a.edge(true, len + distance);
                all.copy_from_slice(&before);
                // SAFETY: as above.
                unsafe { copy(all.as_mut_ptr().add(distance), all.as_ptr(), len) };
                assert_eq!(
                    difference(all, &copied(&before, distance, 0, len)),
                    None,
                    "{len} bytes; {tuning}"
                );
            }
        }
    });
}
