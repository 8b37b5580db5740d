//! What this processor can do and how large its cache is, asked for once.
//!
//! ```text
//! not known ─ SSE2 does it, until the bytes are worth the question ─▶ `prepare` ─ cpuid ─▶ `TUNING`
//! ```
//!
//! A virtual machine answers `cpuid` by its host, which takes microseconds each time, a good part of what a small program takes
//! from its start to its end; so a program that moves little never asks. The functions look at a byte instead of calling
//! by a pointer: no writable memory says what is executed, and nothing has to be relocated before the first call.

use core::arch::naked_asm;
use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// The instruction sets that there is code for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Level {
    /// Vectors of 16 bytes, which every x86-64 processor has.
    Sse2 = 1,
    /// Vectors of 32 bytes.
    Avx2 = 2,
}

/// What the functions look at.
#[repr(C)]
pub(super) struct Tuning {
    /// A [`Level`], or 0 before it is known.
    pub(super) level: AtomicU8,
    /// How many bytes may still pass before it is worth to know.
    pub(super) untuned: AtomicUsize,
    /// From which length on copies go past the caches.
    pub(super) copy_stream_from: AtomicUsize,
    /// From which length on fills do.
    pub(super) fill_stream_from: AtomicUsize,
}

/// Moving these with the smaller vectors takes no longer than the questions do.
const UNTUNED: usize = 1 << 20;

pub(super) static TUNING: Tuning = Tuning {
    level: AtomicU8::new(0),
    untuned: AtomicUsize::new(UNTUNED),
    copy_stream_from: AtomicUsize::new(usize::MAX),
    fill_stream_from: AtomicUsize::new(usize::MAX),
};

/// Sets which instructions all following calls use, and from which lengths on copies and fills go past the caches, for tests and
/// measurements. `false`, and no change, if this processor does not have them.
///
/// Results are the same with all values.
///
/// ```
/// # #[cfg(target_arch = "x86_64")] {
/// use upshift_memops::{Level, restrict};
///
/// assert!(restrict(Level::Sse2, usize::MAX));
/// # }
/// ```
pub fn restrict(level: Level, stream_from: usize) -> bool {
    let there = level == Level::Sse2 || has_avx2();
    if there {
        set(level, stream_from, stream_from);
    }
    there
}

fn set(level: Level, copy_stream_from: usize, fill_stream_from: usize) {
    TUNING.copy_stream_from.store(copy_stream_from, Ordering::Relaxed);
    TUNING.fill_stream_from.store(fill_stream_from, Ordering::Relaxed);
    TUNING.level.store(level as u8, Ordering::Release);
}

/// Asks the processor, and keeps the registers that the functions have their arguments and results in.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn prepare() {
    naked_asm!(
        "push rax",
        "push rdi",
        "push rsi",
        "push rdx",
        "sub rsp, 16",
        "movdqu xmmword ptr [rsp], xmm0",
        "call {detect}",
        "movdqu xmm0, xmmword ptr [rsp]",
        "add rsp, 16",
        "pop rdx",
        "pop rsi",
        "pop rdi",
        "pop rax",
        "ret",
        detect = sym detect,
    )
}

/// Asks the processor. Should the compiler make a call of a copy from something here, that one finds a level and comes back.
extern "sysv64" fn detect() {
    TUNING.level.store(Level::Sse2 as u8, Ordering::Relaxed);
    let level = if has_avx2() { Level::Avx2 } else { Level::Sse2 };
    let cache = last_cache().unwrap_or(DEFAULT_CACHE);
    // As soon as what is read and what is written no longer fit into three quarters of the cache.
    set(level, cache / 8 * 3, cache / 4 * 3);
}

/// Where the processor does not tell.
const DEFAULT_CACHE: usize = 16 << 20;

fn has_avx2() -> bool {
    if __cpuid(0).eax < 7 {
        return false;
    }
    // The system has to keep the upper halves of the registers, too.
    let features = __cpuid(1).ecx;
    let (osxsave, avx) = (1 << 27, 1 << 28);
    // SAFETY: the instruction is there when `osxsave` is.
    let kept = features & osxsave != 0 && features & avx != 0 && unsafe { kept_registers() } & 6 == 6;
    kept && __cpuid_count(7, 0).ebx & 1 << 5 != 0
}

/// Which registers the system keeps for a thread.
///
/// # Safety
/// The processor has `xgetbv`, and the system has switched it on.
#[target_feature(enable = "xsave")]
unsafe fn kept_registers() -> u64 {
    // SAFETY: promised by the caller.
    unsafe { _xgetbv(0) }
}

/// The bytes of the cache of the third level, which both makers tell in the same form.
fn last_cache() -> Option<usize> {
    let leaf = if __cpuid(0x8000_0000).eax >= 0x8000_001d && __cpuid(0x8000_0001).ecx & 1 << 22 != 0 {
        0x8000_001d
    } else if __cpuid(0).eax >= 4 {
        4
    } else {
        return None;
    };
    (0..8).map(|index| __cpuid_count(leaf, index)).take_while(|cache| cache.eax & 31 != 0).find_map(|cache| {
        let field = |bits: u32, from: u32, width: u32| (bits >> from & ((1 << width) - 1)) as usize + 1;
        let bytes = field(cache.ebx, 22, 10) * field(cache.ebx, 12, 10) * field(cache.ebx, 0, 12);
        (cache.eax >> 5 & 7 == 3).then(|| bytes * (cache.ecx as usize + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_CACHE, has_avx2, last_cache};

    #[test]
    fn agrees_with_the_standard_library() {
        assert_eq!(has_avx2(), std::arch::is_x86_feature_detected!("avx2"));
    }

    #[test]
    fn a_cache_has_the_size_of_one() {
        let bytes = last_cache().unwrap_or(DEFAULT_CACHE);
        assert!((1 << 18..1 << 34).contains(&bytes), "{bytes} bytes");
    }
}
