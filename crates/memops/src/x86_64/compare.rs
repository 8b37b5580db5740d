//! Comparisons of bytes: in come the registers of the System V convention (`rdi` and `rsi` the bytes, `rdx` their length), out goes a
//! number in `eax` that is less than, equal to or greater than zero as the first ranges' bytes are, the first that differ deciding.
//!
//! ```text
//! length ─▶ < 16: as numbers, the first bytes highest
//!           ≤ 32: by vectors of 16 bytes, overlapping
//!           more ─ level ─▶ ≤ 4 vectors, overlapping; else four at a time, the last four overlapping
//! ```
//!
//! Where four have a difference, it is looked for one by one. Nothing outside of the two ranges is read.

use core::arch::naked_asm;
use core::mem::offset_of;

use super::tuning::{Level, TUNING, Tuning, prepare};
use super::vector::{avx2, sse2};
use crate::symbols::also_named;

/// Compares the vector at rdi with its counterpart, which is rsi away, and leaves for 7 if they differ.
macro_rules! step {
    ($v:ident) => {
        concat!($v!(load 0, "rdi"), $v!(equal 0, "rsi + rdi"), $v!(mask 0), "jnz 7f\n")
    };
}

/// Compares four vectors from rdi, and leaves for 6 if they differ.
macro_rules! four_steps {
    ($v:ident) => {
        concat!(
            $v!(load 0, "rdi"),
            $v!(equal 0, "rsi + rdi"),
            $v!(load 1, "rdi" + 1),
            $v!(equal 1, "rsi + rdi" + 1),
            $v!(and 0, 1),
            $v!(load 2, "rdi" + 2),
            $v!(equal 2, "rsi + rdi" + 2),
            $v!(load 3, "rdi" + 3),
            $v!(equal 3, "rsi + rdi" + 3),
            $v!(and 2, 3),
            $v!(and 0, 2),
            $v!(mask 0),
            "jnz 6f\n",
        )
    };
}

/// Compares two vectors from rdi, and leaves for 6 if they differ.
macro_rules! two_steps {
    ($v:ident) => {
        concat!(
            $v!(load 0, "rdi"),
            $v!(equal 0, "rsi + rdi"),
            $v!(load 1, "rdi" + 1),
            $v!(equal 1, "rsi + rdi" + 1),
            $v!(and 0, 1),
            $v!(mask 0),
            "jnz 6f\n",
        )
    };
}

/// The end of a comparison: nothing differs, or the vector at rdi does, where ecx says.
macro_rules! answer {
    ($v:ident) => {
        concat!(
            $v!(done),
            "xor eax, eax\n",
            "ret\n",
            "7:\n",
            // Older processors execute this as `bsf`, which does the same with what is not zero.
            "tzcnt ecx, ecx\n",
            "add rdi, rcx\n",
            "movzx eax, byte ptr [rdi]\n",
            "movzx ecx, byte ptr [rsi + rdi]\n",
            "sub eax, ecx\n",
            $v!(done),
            "ret\n",
        )
    };
}

/// More than 32 bytes, in one of the two instruction sets.
macro_rules! compare_more {
    ($v:ident) => {
        concat!(
            // r8 is where the last vector is, or the last four.
            "lea r8, [rdi + rdx]\n",
            $v!(width "cmp rdx, 4*"),
            "ja 3f\n",
            step!($v),
            $v!(width "sub r8, "),
            $v!(width "cmp rdx, 2*"),
            "jbe 2f\n",
            $v!(width "add rdi, "),
            step!($v),
            "mov rdi, r8\n",
            $v!(width "sub rdi, "),
            step!($v),
            "2:\n",
            "mov rdi, r8\n",
            step!($v),
            answer!($v),
            ".p2align 4\n",
            "3:\n",
            four_steps!($v),
            $v!(width "sub r8, 4*"),
            $v!(width "cmp rdx, 8*"),
            "jbe 4f\n",
            // The first of the two is read aligned; what has been compared may be so again.
            $v!(width "and rdi, -"),
            $v!(width "add rdi, 4*"),
            ".p2align 4\n",
            "2:\n",
            four_steps!($v),
            $v!(width "add rdi, 4*"),
            "cmp rdi, r8\n",
            "jb 2b\n",
            // Less than four are left: often two do.
            "mov rcx, r8\n",
            $v!(width "add rcx, 2*"),
            "cmp rdi, rcx\n",
            "cmovae rdi, rcx\n",
            "jae 5f\n",
            "4:\n",
            "mov rdi, r8\n",
            four_steps!($v),
            $v!(done),
            "xor eax, eax\n",
            "ret\n",
            "5:\n",
            two_steps!($v),
            $v!(done),
            "xor eax, eax\n",
            "ret\n",
            "6:\n",
            step!($v),
            $v!(width "add rdi, "),
            "jmp 6b\n",
            answer!($v),
        )
    };
}

/// Compares byte by byte, without signs.
///
/// # Safety
/// `len` bytes are readable at both places.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn compare(a: *const u8, b: *const u8, len: usize) -> i32 {
    naked_asm!(
        ".p2align 6",
        also_named!("memcmp"),
        also_named!("bcmp"),
        "cmp rdx, 16",
        "jb 2f",
        "sub rsi, rdi",
        "cmp rdx, 32",
        "ja 8f",
        step!(sse2),
        "lea rdi, [rdi + rdx - 16]",
        step!(sse2),
        answer!(sse2),
        "2:",
        "cmp edx, 8",
        "jb 2f",
        "mov rax, qword ptr [rdi]",
        "mov rcx, qword ptr [rsi]",
        "cmp rax, rcx",
        "jne 3f",
        "mov rax, qword ptr [rdi + rdx - 8]",
        "mov rcx, qword ptr [rsi + rdx - 8]",
        "cmp rax, rcx",
        "jne 3f",
        "xor eax, eax",
        "ret",
        "2:",
        "cmp edx, 4",
        "jb 2f",
        "mov eax, dword ptr [rdi]",
        "mov ecx, dword ptr [rsi]",
        "cmp eax, ecx",
        "jne 3f",
        "mov eax, dword ptr [rdi + rdx - 4]",
        "mov ecx, dword ptr [rsi + rdx - 4]",
        "cmp eax, ecx",
        "jne 3f",
        "xor eax, eax",
        "ret",
        "2:",
        "cmp edx, 1",
        "jb 5f",
        "je 6f",
        "movzx eax, word ptr [rdi]",
        "movzx ecx, word ptr [rsi]",
        "cmp eax, ecx",
        "jne 3f",
        "6:",
        "movzx eax, byte ptr [rdi + rdx - 1]",
        "movzx ecx, byte ptr [rsi + rdx - 1]",
        "sub eax, ecx",
        "ret",
        "5:",
        "xor eax, eax",
        "ret",
        // The numbers that begin with the first bytes decide; as these processors read them, they end with those.
        "3:",
        "bswap rax",
        "bswap rcx",
        "cmp rax, rcx",
        "sbb eax, eax",
        "or eax, 1",
        "ret",
        ".p2align 4",
        "8:",
        "cmp byte ptr [rip + {tuning} + {level}], {AVX2}",
        "jne 9f",
        compare_more!(avx2),
        "9:",
        "cmp byte ptr [rip + {tuning} + {level}], {SSE2}",
        "je 9f",
        "sub qword ptr [rip + {tuning} + {untuned}], rdx",
        "jae 9f",
        "call {prepare}",
        "jmp 8b",
        "9:",
        compare_more!(sse2),
        tuning = sym TUNING,
        level = const offset_of!(Tuning, level),
        untuned = const offset_of!(Tuning, untuned),
        SSE2 = const Level::Sse2 as u8,
        AVX2 = const Level::Avx2 as u8,
        prepare = sym prepare,
    )
}
