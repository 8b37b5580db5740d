//! The C library's names for functions of this crate.

/// The line of assembly that gives the function in whose body it stands a second name.
#[cfg(all(feature = "symbols", target_env = "musl"))]
macro_rules! also_named {
    ($name:literal) => {
        concat!(".globl ", $name, "\n .type ", $name, ", @function\n", $name, ":\n")
    };
}

#[cfg(not(all(feature = "symbols", target_env = "musl")))]
macro_rules! also_named {
    ($name:literal) => {
        ""
    };
}

pub(crate) use also_named;

#[cfg(all(test, feature = "symbols", target_env = "musl"))]
mod tests {
    use core::ffi::{c_int, c_void};

    use crate::x86_64;

    unsafe extern "C" {
        fn memcpy(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void;
        fn memmove(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void;
        fn memset(to: *mut c_void, byte: c_int, len: usize) -> *mut c_void;
        fn memcmp(a: *const c_void, b: *const c_void, len: usize) -> c_int;
        fn bcmp(a: *const c_void, b: *const c_void, len: usize) -> c_int;
    }

    #[test]
    fn the_c_names_are_ours() {
        // Before the line with the names there is nothing but what aligns it.
        let is_in = |name: *const (), function: *const ()| name.addr().wrapping_sub(function.addr()) < 64;
        assert!(is_in(memcpy as *const (), x86_64::copy as *const ()), "memcpy");
        assert!(is_in(memmove as *const (), x86_64::copy as *const ()), "memmove");
        assert!(is_in(memset as *const (), x86_64::fill as *const ()), "memset");
        assert!(is_in(memcmp as *const (), x86_64::compare as *const ()), "memcmp");
        assert!(is_in(bcmp as *const (), x86_64::compare as *const ()), "bcmp");
    }
}
