//! Copies, fills and comparisons of bytes at the speed of the best C libraries, without one.
//!
//! ```text
//! length ─▶ small: a few overlapping loads and stores ┐
//!           more: loops over vectors of this processor ├─ one function in assembly for each of copy, fill, compare
//!           very much: past the caches                 ┘
//! ```
//!
//! With the feature `symbols`, in a program that is linked with musl, the C names `memcpy`, `memmove`, `memset`, `memcmp` and `bcmp` are
//! these functions, for Rust's own copies as well as for the C library. Without it nothing has them that does not call them.
//! There is code for x86-64; on other processors the crate is empty, and the C library's functions stay.
//!
//! The compiler does not look into assembly, so what is done there is as if each byte were accessed by a relaxed atomic
//! operation of its own, in an order that is not told. Other threads may therefore access the same bytes at the same time, if they
//! do it by atomic operations too.

#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(target_arch = "x86_64")]
mod symbols;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "x86_64")]
pub use x86_64::{Level, restrict};

/// Copies `len` bytes; the places may overlap.
///
/// # Safety
/// The bytes are readable at `from` and writable at `to`, and all who use them at the same time do it by atomic accesses.
///
/// ```
/// # #[cfg(target_arch = "x86_64")] {
/// let mut bytes = *b"abcdef__";
/// let start = bytes.as_mut_ptr();
/// // SAFETY: both places lie in the array.
/// unsafe { upshift_memops::copy(start.add(2), start, 6) };
/// assert_eq!(&bytes, b"ababcdef");
/// # }
/// ```
#[cfg(target_arch = "x86_64")]
#[inline]
pub unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: promised by the caller.
    unsafe { x86_64::copy(to, from, len) };
}

/// Fills `len` bytes with one value.
///
/// # Safety
/// The bytes are writable, and all who use them at the same time do it by atomic accesses.
///
/// ```
/// # #[cfg(target_arch = "x86_64")] {
/// let mut bytes = [0; 40];
/// // SAFETY: the place lies in the array.
/// unsafe { upshift_memops::fill(bytes.as_mut_ptr().add(1), 7, 38) };
/// assert_eq!((bytes[0], bytes[1], bytes[38], bytes[39]), (0, 7, 7, 0));
/// # }
/// ```
#[cfg(target_arch = "x86_64")]
#[inline]
pub unsafe fn fill(to: *mut u8, byte: u8, len: usize) {
    // SAFETY: promised by the caller.
    unsafe { x86_64::fill(to, byte.into(), len) };
}

/// [`copy`] as code that is made at run time calls it: with where to, where from and how many bytes, in the convention of C. It returns
/// the first of these.
///
/// ```
/// # #[cfg(target_arch = "x86_64")] {
/// let (mut to, from) = ([0; 3], [1, 2, 3]);
/// // SAFETY: both arrays have three bytes.
/// unsafe { upshift_memops::COPY(to.as_mut_ptr(), from.as_ptr(), 3) };
/// assert_eq!(to, from);
/// # }
/// ```
#[cfg(target_arch = "x86_64")]
pub const COPY: unsafe extern "sysv64" fn(*mut u8, *const u8, usize) -> *mut u8 = x86_64::copy;

/// [`fill`] as code that is made at run time calls it: with where to, the byte and how many, in the convention of C. Of the byte
/// only the lowest eight bits count. It returns the first of these.
///
/// ```
/// # #[cfg(target_arch = "x86_64")] {
/// let mut to = [0; 3];
/// // SAFETY: the array has three bytes.
/// unsafe { upshift_memops::FILL(to.as_mut_ptr(), 0x107, 3) };
/// assert_eq!(to, [7; 3]);
/// # }
/// ```
#[cfg(target_arch = "x86_64")]
pub const FILL: unsafe extern "sysv64" fn(*mut u8, i32, usize) -> *mut u8 = x86_64::fill;

/// Compares `len` bytes: less than, equal to or greater than zero as the first place's are, the first that differ deciding.
///
/// # Safety
/// The bytes are readable at both places, and all who use them at the same time do it by atomic accesses.
///
/// ```
/// # #[cfg(target_arch = "x86_64")] {
/// let (a, b) = (*b"shift", *b"shirt");
/// // SAFETY: both arrays have five bytes.
/// assert!(unsafe { upshift_memops::compare(a.as_ptr(), b.as_ptr(), 5) } < 0);
/// # }
/// ```
#[cfg(target_arch = "x86_64")]
#[inline]
pub unsafe fn compare(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: promised by the caller.
    unsafe { x86_64::compare(a, b, len) }
}
