//! What debuggers are told of native code, in the way that gdb has for that ("JIT Compilation Interface" in its manual).
//!
//! In: functions that were published. Out: a list of ELF files in memory that begins at `__jit_debug_descriptor`; whenever it changes,
//! `__jit_debug_register_code` is called, where the debugger has a breakpoint. A function is in the list until its
//! [`Registration`] is dropped.
//!
//! Both names are weak: where another compiler in the process defines them too, they are the same list.

use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use super::elf;

core::arch::global_asm!(
    ".pushsection .text.__jit_debug_register_code,\"ax\",@progbits",
    ".weak __jit_debug_register_code",
    ".type __jit_debug_register_code,@function",
    "__jit_debug_register_code:",
    "ret",
    ".size __jit_debug_register_code, . - __jit_debug_register_code",
    ".popsection",
    ".pushsection .data.__jit_debug_descriptor,\"aw\",@progbits",
    ".weak __jit_debug_descriptor",
    ".type __jit_debug_descriptor,@object",
    ".balign 8",
    "__jit_debug_descriptor:",
    // Version 1, no action, no entry, an empty list.
    ".long 1",
    ".long 0",
    ".quad 0",
    ".quad 0",
    ".size __jit_debug_descriptor, . - __jit_debug_descriptor",
    ".popsection",
);

unsafe extern "C" {
    fn __jit_debug_register_code();
    static mut __jit_debug_descriptor: Descriptor;
}

/// What the debugger looks at when it is called.
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

const REGISTER: u32 = 1;
const UNREGISTER: u32 = 2;

/// An element of the list.
#[repr(C)]
struct Entry {
    next: *mut Entry,
    previous: *mut Entry,
    file: *const u8,
    len: u64,
}

/// Whoever holds it may change the list.
static LIST: Mutex<()> = Mutex::new(());

/// A function that the debugger knows.
#[derive(Debug)]
pub(crate) struct Registration {
    entry: NonNull<Entry>,
    /// What the entry refers to.
    _file: Box<[u8]>,
}

// SAFETY: the entry belongs to the list, whose lock is held by whoever uses it.
unsafe impl Send for Registration {}
// SAFETY: as above; a reference gives no access to the entry.
unsafe impl Sync for Registration {}

impl Registration {
    /// Tells of a function.
    pub(super) fn new(name: &str, address: usize, len: usize) -> Registration {
        let file = elf::file(name, address, len).into_boxed_slice();
        let _held = LIST.lock().unwrap_or_else(PoisonError::into_inner);
        let descriptor = &raw mut __jit_debug_descriptor;
        // SAFETY: the lock is held, so nobody else changes the descriptor or an entry; all entries in the list live.
        let first = unsafe { (*descriptor).first };
        let entry =
            Entry { next: first, previous: ptr::null_mut(), file: file.as_ptr(), len: file.len() as u64 };
        let entry = NonNull::from(Box::leak(Box::new(entry)));
        // SAFETY: as above.
        unsafe {
            if !first.is_null() {
                (*first).previous = entry.as_ptr();
            }
            (*descriptor).first = entry.as_ptr();
            tell(descriptor, REGISTER, entry.as_ptr());
        }
        Registration { entry, _file: file }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let _held = LIST.lock().unwrap_or_else(PoisonError::into_inner);
        let descriptor = &raw mut __jit_debug_descriptor;
        // SAFETY: the lock is held, so nobody else changes the descriptor or an entry; all entries in the list live, and this one was
        // made by `new` and is not used again.
        unsafe {
            let Entry { next, previous, .. } = *self.entry.as_ptr();
            if !next.is_null() {
                (*next).previous = previous;
            }
            match NonNull::new(previous) {
                Some(previous) => (*previous.as_ptr()).next = next,
                None => (*descriptor).first = next,
            }
            tell(descriptor, UNREGISTER, self.entry.as_ptr());
            drop(Box::from_raw(self.entry.as_ptr()));
        }
    }
}

/// Tells the debugger, if there is one, what became of an entry.
///
/// # Safety
/// The lock must be held, and the entry and all of the list live.
unsafe fn tell(descriptor: *mut Descriptor, action: u32, entry: *mut Entry) {
    // SAFETY: the caller's promise; the function does nothing.
    unsafe {
        (*descriptor).action = action;
        (*descriptor).relevant = entry;
        __jit_debug_register_code();
        (*descriptor).action = 0;
        (*descriptor).relevant = ptr::null_mut();
    }
}
