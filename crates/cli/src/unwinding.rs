//! The static release does without the library that walks the stack: its tables are not in the program (RATIONALE.md), so all that
//! it could ever find is that there are none. The standard library refers to it, for backtraces of panics and for the clean-up
//! that there is none of where a panic ends the process. These are what it refers to.

use std::ffi::{c_int, c_void};

/// Tells of no frame: a backtrace is empty.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(_trace: *const c_void, _data: *const c_void) -> c_int {
    const END_OF_STACK: c_int = 5;
    END_OF_STACK
}

macro_rules! never_called {
    ($($name:ident)*) => {$(
        /// Only called for a frame that was found, or while a panic unwinds.
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> ! {
            std::process::abort()
        }
    )*};
}

never_called! {
    _Unwind_GetDataRelBase
    _Unwind_GetIP
    _Unwind_GetIPInfo
    _Unwind_GetLanguageSpecificData
    _Unwind_GetRegionStart
    _Unwind_GetTextRelBase
    _Unwind_Resume
    _Unwind_SetGR
    _Unwind_SetIP
}
