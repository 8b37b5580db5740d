//! The names of two instruction sets: in comes what is to be done with which vector register, out goes a line of assembly.
//!
//! The bodies in `copy.rs`, `fill.rs` and `compare.rs` are written once, over one of these macros. A place in memory is a base and,
//! where it says so, a number of vectors from there: `"rsi" + 2`. Loads and stores may be unaligned unless their names say otherwise.

/// SSE2, which every x86-64 processor has: 16 bytes.
macro_rules! sse2 {
    // A line with the width of a vector at its end.
    (width $line:literal) => { concat!($line, "16\n") };
    (load $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("movdqu xmm", $r, ", xmmword ptr [", $base, $(stringify!($sign), $n, "*16",)? "]\n")
    };
    (store $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("movdqu xmmword ptr [", $base, $(stringify!($sign), $n, "*16",)? "], xmm", $r, "\n")
    };
    (store_aligned $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("movdqa xmmword ptr [", $base, $(stringify!($sign), $n, "*16",)? "], xmm", $r, "\n")
    };
    // Stores past the caches, aligned.
    (stream $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("movntdq xmmword ptr [", $base, $(stringify!($sign), $n, "*16",)? "], xmm", $r, "\n")
    };
    // Bytes of register `r` that equal those in memory become 0xff, the others 0; register 9 may be overwritten.
    (equal $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!(
            "movdqu xmm9, xmmword ptr [", $base, $(stringify!($sign), $n, "*16",)? "]\n",
            "pcmpeqb xmm", $r, ", xmm9\n"
        )
    };
    (and $r:literal, $s:literal) => { concat!("pand xmm", $r, ", xmm", $s, "\n") };
    // The zero flag if all bytes of the register are 0xff; otherwise the lowest set bit of ecx is that of the first that is not.
    (mask $r:literal) => { concat!("pmovmskb ecx, xmm", $r, "\n sub ecx, 0xffff\n") };
    // Fills a register with what its first 16 bytes are.
    (widen $r:literal) => { "" };
    (done) => { "" };
}

/// AVX2: 32 bytes.
macro_rules! avx2 {
    (width $line:literal) => { concat!($line, "32\n") };
    (load $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("vmovdqu ymm", $r, ", ymmword ptr [", $base, $(stringify!($sign), $n, "*32",)? "]\n")
    };
    (store $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("vmovdqu ymmword ptr [", $base, $(stringify!($sign), $n, "*32",)? "], ymm", $r, "\n")
    };
    (store_aligned $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("vmovdqa ymmword ptr [", $base, $(stringify!($sign), $n, "*32",)? "], ymm", $r, "\n")
    };
    (stream $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("vmovntdq ymmword ptr [", $base, $(stringify!($sign), $n, "*32",)? "], ymm", $r, "\n")
    };
    (equal $r:literal, $base:literal $($sign:tt $n:literal)?) => {
        concat!("vpcmpeqb ymm", $r, ", ymm", $r, ", ymmword ptr [", $base, $(stringify!($sign), $n, "*32",)? "]\n")
    };
    (and $r:literal, $s:literal) => { concat!("vpand ymm", $r, ", ymm", $r, ", ymm", $s, "\n") };
    (mask $r:literal) => { concat!("vpmovmskb ecx, ymm", $r, "\n sub ecx, -1\n") };
    (widen $r:literal) => { concat!("vinserti128 ymm", $r, ", ymm", $r, ", xmm", $r, ", 1\n") };
    // Code with SSE would wait for the upper halves from here on.
    (done) => { "vzeroupper\n" };
}

pub(super) use {avx2, sse2};
