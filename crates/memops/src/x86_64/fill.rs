//! Fills of bytes: in come the registers of the System V convention (`rdi` to, `esi` byte, `rdx` length), out goes `to` in `rax`.
//!
//! The way by length is that of `copy.rs`, without the question of overlap. Nothing outside of the range is touched.

use core::arch::naked_asm;
use core::mem::offset_of;

use super::tuning::{Level, TUNING, Tuning, prepare};
use super::vector::{avx2, sse2};
use crate::symbols::also_named;

/// More than 64 bytes, in one of the two instruction sets; register 0 begins with 16 of the byte.
macro_rules! fill_more {
    ($v:ident) => {
        concat!(
            $v!(widen 0),
            $v!(width "cmp rdx, 4*"),
            "jbe 2f\n",
            // rdi is the next aligned place, r8 that of the last four vectors.
            "lea r8, [rdi + rdx]\n",
            $v!(width "sub r8, 4*"),
            $v!(store 0, "rdi"),
            $v!(width "or rdi, -1 + "),
            "inc rdi\n",
            "cmp rdi, r8\n",
            "jae 4f\n",
            "cmp rdx, qword ptr [rip + {tuning} + {stream_from}]\n",
            "jae 5f\n",
            ".p2align 4\n",
            "3:\n",
            $v!(store_aligned 0, "rdi"),
            $v!(store_aligned 0, "rdi" + 1),
            $v!(store_aligned 0, "rdi" + 2),
            $v!(store_aligned 0, "rdi" + 3),
            $v!(width "add rdi, 4*"),
            "cmp rdi, r8\n",
            "jb 3b\n",
            "4:\n",
            $v!(store 0, "r8"),
            $v!(store 0, "r8" + 1),
            $v!(store 0, "r8" + 2),
            $v!(store 0, "r8" + 3),
            $v!(done),
            "ret\n",
            ".p2align 4\n",
            "2:\n",
            $v!(store 0, "rdi"),
            $v!(store 0, "rdi" + 1),
            $v!(store 0, "rdi + rdx" - 2),
            $v!(store 0, "rdi + rdx" - 1),
            $v!(done),
            "ret\n",
            // Past the caches. The fences keep earlier and later stores in their order.
            "5:\n",
            "sfence\n",
            ".p2align 4\n",
            "2:\n",
            $v!(stream 0, "rdi"),
            $v!(stream 0, "rdi" + 1),
            $v!(stream 0, "rdi" + 2),
            $v!(stream 0, "rdi" + 3),
            $v!(width "add rdi, 4*"),
            "cmp rdi, r8\n",
            "jb 2b\n",
            "sfence\n",
            "jmp 4b\n",
        )
    };
}

/// Fills with the lowest byte of `byte`.
///
/// # Safety
/// `len` bytes are writable at `to`.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn fill(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    naked_asm!(
        ".p2align 6",
        also_named!("memset"),
        "mov rax, rdi",
        "movzx esi, sil",
        "mov rcx, 0x0101010101010101",
        "imul rcx, rsi",
        "movq xmm0, rcx",
        "punpcklqdq xmm0, xmm0",
        "cmp rdx, 64",
        "ja 8f",
        "cmp edx, 16",
        "jb 5f",
        "cmp edx, 32",
        "ja 2f",
        sse2!(store 0, "rdi"),
        sse2!(store 0, "rdi + rdx" - 1),
        "ret",
        ".p2align 4",
        "2:",
        sse2!(store 0, "rdi"),
        sse2!(store 0, "rdi" + 1),
        sse2!(store 0, "rdi + rdx" - 2),
        sse2!(store 0, "rdi + rdx" - 1),
        "ret",
        "5:",
        "cmp edx, 8",
        "jb 2f",
        "mov qword ptr [rdi], rcx",
        "mov qword ptr [rdi + rdx - 8], rcx",
        "ret",
        "2:",
        "cmp edx, 4",
        "jb 2f",
        "mov dword ptr [rdi], ecx",
        "mov dword ptr [rdi + rdx - 4], ecx",
        "ret",
        "2:",
        "cmp edx, 1",
        "jb 4f",
        "je 2f",
        "mov word ptr [rdi + rdx - 2], cx",
        "2:",
        "mov byte ptr [rdi], cl",
        "4:",
        "ret",
        ".p2align 4",
        "8:",
        "cmp byte ptr [rip + {tuning} + {level}], {AVX2}",
        "jne 9f",
        fill_more!(avx2),
        "9:",
        "cmp byte ptr [rip + {tuning} + {level}], {SSE2}",
        "je 9f",
        "sub qword ptr [rip + {tuning} + {untuned}], rdx",
        "jae 9f",
        "call {prepare}",
        "jmp 8b",
        "9:",
        fill_more!(sse2),
        tuning = sym TUNING,
        level = const offset_of!(Tuning, level),
        untuned = const offset_of!(Tuning, untuned),
        stream_from = const offset_of!(Tuning, fill_stream_from),
        SSE2 = const Level::Sse2 as u8,
        AVX2 = const Level::Avx2 as u8,
        prepare = sym prepare,
    )
}
