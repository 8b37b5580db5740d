//! The handler of SIGSEGV, and how the signal goes on to whoever had it before.
//!
//! In: the address of the stub that ends activations. Out: a handler, installed once and for good.

use std::io;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use libc::{SIG_DFL, SIG_IGN, SIGSEGV, c_int, c_void, siginfo_t};

use super::fault;
use super::thread::Stopped;

/// Where threads go on that have faulted.
static STUB: AtomicUsize = AtomicUsize::new(0);

/// What was done with the signal before: an address, or one of the system's constants.
static PREVIOUS: AtomicUsize = AtomicUsize::new(SIG_DFL);
/// How that was to be called.
static PREVIOUS_FLAGS: AtomicI32 = AtomicI32::new(0);

/// Whether the handler is there.
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Codes of a signal for an address that nothing is mapped at, and for one that may not be accessed so.
const SEGV_MAPERR: c_int = 1;
const SEGV_ACCERR: c_int = 2;

/// Has faults of native code end their activations, by the stub. The first call counts.
///
/// # Errors
/// When the system refuses it; it may later.
pub(crate) fn install(stub: usize) -> io::Result<()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    if INSTALLED.load(Ordering::Acquire) {
        return Ok(());
    }
    let _lock = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if !INSTALLED.load(Ordering::Acquire) {
        STUB.store(stub, Ordering::Release);
        // The handler may be called before the system has said what it replaces.
        let before = action(None)?;
        remember(&before);
        let replaced = action(Some(&like(&before)))?;
        // Another thread may have been in between.
        remember(&replaced);
        INSTALLED.store(true, Ordering::Release);
    }
    Ok(())
}

/// Whether faults are taken, that is whether there may be native code.
#[inline]
pub(crate) fn is_installed() -> bool {
    INSTALLED.load(Ordering::Acquire)
}

/// What is done with the signal, which is replaced if there is something new.
fn action(new: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut old = MaybeUninit::uninit();
    // SAFETY: the new action is one, and the old one is read only if it was written.
    unsafe {
        if libc::sigaction(SIGSEGV, new.map_or(null(), std::ptr::from_ref), old.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(old.assume_init())
    }
}

/// Our handler, with the mask and the habits of the one that it may pass signals on to.
fn like(before: &libc::sigaction) -> libc::sigaction {
    let mut new = *before;
    new.sa_sigaction = handle as *const () as usize;
    let kept = before.sa_flags & (libc::SA_NODEFER | libc::SA_RESTART);
    new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | kept;
    new
}

/// Notes where signals go that are not ours.
fn remember(previous: &libc::sigaction) {
    if previous.sa_sigaction != handle as *const () as usize {
        PREVIOUS_FLAGS.store(previous.sa_flags, Ordering::Relaxed);
        PREVIOUS.store(previous.sa_sigaction, Ordering::Release);
    }
}

extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the system, or another handler that passes the signal on, gives valid arguments. A thread that stands in native
    // code has its context in the register.
    unsafe {
        let mut thread = Stopped::of(context);
        let told = signal == SIGSEGV && matches!((*info).si_code, SEGV_MAPERR | SEGV_ACCERR);
        let trap = if told {
            let register = |number| thread.register(number);
            fault::trap(thread.pc(), (*info).si_addr().addr(), thread.ctx(), register)
        } else {
            None
        };
        match trap {
            Some((trap, operand)) => thread.trap_at(STUB.load(Ordering::Acquire), trap, operand),
            None => pass_on(signal, info, context),
        }
    }
}

/// Does with a signal what was done with it before.
///
/// # Safety
/// The arguments are those of our handler.
unsafe fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let previous = PREVIOUS.load(Ordering::Acquire);
    // SAFETY: the caller's promise.
    let sent = unsafe { (*info).si_code } <= 0;
    if previous == SIG_IGN && sent {
        return;
    }
    if previous == SIG_DFL || previous == SIG_IGN {
        // The instruction faults again, and ends the process as if we were not there; what was only sent has to be sent again. Nobody
        // can ignore a fault.
        // SAFETY: an action of zeroes is the default one; both calls may be made in a handler.
        unsafe {
            let default: libc::sigaction = MaybeUninit::zeroed().assume_init();
            libc::sigaction(signal, &raw const default, null_mut());
            if sent {
                libc::raise(signal);
            }
        }
        return;
    }
    let flags = PREVIOUS_FLAGS.load(Ordering::Relaxed);
    if flags & libc::SA_RESETHAND != 0 {
        PREVIOUS.store(SIG_DFL, Ordering::Release);
    }
    // SAFETY: the address is that of a handler, which was installed with such parameters.
    unsafe {
        if flags & libc::SA_SIGINFO != 0 {
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = std::mem::transmute(previous);
            handler(signal, info, context);
        } else {
            let handler: extern "C" fn(c_int) = std::mem::transmute(previous);
            handler(signal);
        }
    }
}
