//! Prints the times of this crate's functions beside those of the C library that the program is linked with.
//!
//! ```text
//! cargo run --release -p upshift-memops --example beside_libc [copy|fill|compare] [sse2|avx2] [LENGTH ...]
//! ```
//!
//! A cell holds the nanoseconds of the C library's function and of ours, and the ratio: below 1, ours is faster. They take turns, and the
//! shortest time of many counts, so what else the machine does matters little. `A>B` is a copy from so many bytes
//! after a page's beginning to so many, of ranges apart from each other; `up` and `down` copy by one byte. With a set of instructions
//! given, nothing goes past the caches.

#[cfg(all(target_arch = "x86_64", unix))]
mod beside {
    use std::env;
    use std::time::Instant;

    use upshift_memops::{Level, compare, copy, fill, restrict};

    const LENGTHS: [usize; 34] = [
        1,
        4,
        8,
        15,
        16,
        24,
        32,
        33,
        48,
        64,
        65,
        96,
        128,
        129,
        200,
        256,
        257,
        400,
        512,
        768,
        1024,
        2000,
        4096,
        8192,
        16384,
        32768,
        65536,
        131_072,
        262_144,
        524_288,
        1 << 20,
        4 << 20,
        16 << 20,
        64 << 20,
    ];
    const PAGE: usize = 4096;

    /// What is measured: to, from, length.
    type Operation = unsafe fn(*mut u8, *mut u8, usize);

    unsafe fn their_copy(to: *mut u8, from: *mut u8, len: usize) {
        // SAFETY: promised by the caller.
        unsafe { libc::memmove(to.cast(), from.cast(), len) };
    }

    unsafe fn our_copy(to: *mut u8, from: *mut u8, len: usize) {
        // SAFETY: promised by the caller.
        unsafe { copy(to, from, len) };
    }

    unsafe fn their_fill(to: *mut u8, _: *mut u8, len: usize) {
        // SAFETY: promised by the caller.
        unsafe { libc::memset(to.cast(), 1, len) };
    }

    unsafe fn our_fill(to: *mut u8, _: *mut u8, len: usize) {
        // SAFETY: promised by the caller.
        unsafe { fill(to, 1, len) };
    }

    unsafe fn their_comparison(a: *mut u8, b: *mut u8, len: usize) {
        // SAFETY: promised by the caller.
        std::hint::black_box(unsafe { libc::memcmp(a.cast(), b.cast(), len) });
    }

    unsafe fn our_comparison(a: *mut u8, b: *mut u8, len: usize) {
        // SAFETY: promised by the caller.
        std::hint::black_box(unsafe { compare(a, b, len) });
    }

    /// Nanoseconds of one operation, when `times` are made.
    fn time(operation: Operation, to: *mut u8, from: *mut u8, len: usize, times: usize) -> f64 {
        let operation = std::hint::black_box(operation);
        let start = Instant::now();
        for _ in 0..times {
            // SAFETY: both places lie in the buffer of `main`.
            unsafe { operation(to, from, len) };
        }
        start.elapsed().as_nanos() as f64 / times as f64
    }

    pub(crate) fn main() {
        let (mut lengths, mut operations) = (Vec::new(), (their_copy as Operation, our_copy as Operation));
        let mut buffer = vec![1; 2 * (64 << 20) + 4 * PAGE];
        for word in env::args().skip(1) {
            match word.as_str() {
                "copy" => operations = (their_copy, our_copy),
                "fill" => operations = (their_fill, our_fill),
                "compare" => operations = (their_comparison, our_comparison),
                "sse2" => assert!(restrict(Level::Sse2, usize::MAX)),
                "avx2" => assert!(restrict(Level::Avx2, usize::MAX), "this processor has no AVX2"),
                other => lengths.push(other.parse().expect("a length in bytes")),
            }
        }
        if lengths.is_empty() {
            lengths.extend(LENGTHS);
        }
        let longest = lengths.iter().max().copied().unwrap_or(0);
        assert!(longest <= 64 << 20, "lengths are at most 64 MiB");
        let start = buffer.as_mut_ptr();
        let base = start.wrapping_add(start.align_offset(PAGE));
        println!("{:>9} {:>24} {:>24} {:>24} {:>24} {:>24}", "bytes", "0>0", "0>3", "5>0", "down", "up");
        for len in lengths {
            let apart = len.next_multiple_of(PAGE) + PAGE;
            print!("{len:>9}");
            for (to, from) in [(0, apart), (3, apart), (0, apart + 5), (0, 1), (1, 0)] {
                let (to, from) = (base.wrapping_add(to), base.wrapping_add(from));
                let times = (20_000 / (len / 16 + 10)).max(1);
                let mut best = (f64::INFINITY, f64::INFINITY);
                for _ in 0..if len < PAGE {
                    300
                } else if len < 1 << 20 {
                    60
                } else {
                    12
                } {
                    best.0 = best.0.min(time(operations.0, to, from, len, times));
                    best.1 = best.1.min(time(operations.1, to, from, len, times));
                }
                print!(" {:>9.1} {:>9.1} {:.2}", best.0, best.1, best.1 / best.0);
            }
            println!();
        }
    }
}

#[cfg(all(target_arch = "x86_64", unix))]
fn main() {
    beside::main();
}

#[cfg(not(all(target_arch = "x86_64", unix)))]
fn main() {
    println!("this crate has no code for this machine");
}
