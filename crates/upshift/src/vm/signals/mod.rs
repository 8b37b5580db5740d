//! Faults of native code: an access outside of a memory of mode guard, or to a field of null, is a signal first and a trap then.
//!
//! ```text
//! SIGSEGV ─ pc and address ─▶ fault ─┬─ a trap ─▶ the thread goes on at the interpreter's `fault` stub, which ends the activation
//!                                    └─ any other ─▶ whoever had the signal before
//! ```
//!
//! In: the first publishing of native code, which calls [`install`]; before that the process's signals are as the host has them. Each
//! thread that may enter native code calls [`prepare_thread`], as publishing does. What holds: the handler takes no lock, allocates nothing and touches
//! no variable of the thread. Faults of the host, and those of native code that no table explains, end the process as they would
//! without it, or go to the handler that the host had installed. One that the host installs later gets all faults first, and has to
//! pass on those that it does not know.
//!
//! Only SIGSEGV is taken: all other traps are compared for, and what other signals tell of guests would be faults of the machine.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod altstack;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod fault;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod handler;
#[cfg(all(target_os = "linux", target_arch = "x86_64", test))]
mod tests;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "x64.rs"]
mod thread;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) use altstack::prepare_thread;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) use handler::{install, is_installed};

/// Whether faults can be told from each other on this system.
pub(crate) const AVAILABLE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// There is no native code, so none that could fault.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn install(_stub: usize) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// There is no native code, so none that could fault.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn is_installed() -> bool {
    false
}

/// There is no native code, so none that could fault.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn prepare_thread() {}
