//! The stack that handlers of signals run on, for each thread that may enter native code.
//!
//! In: nothing. Out: a stack that is large enough for the state of the widest registers and a handler of the host's besides ours. A
//! thread that has a large one keeps it; any other gets one, until it ends.

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use crate::vm::mmap::Mapping;

/// The least that a stack has.
const LEAST: usize = 64 << 10;
/// What handlers have besides what the system needs.
const ROOM: usize = 32 << 10;

thread_local! {
    static STACK: AltStack = const { AltStack { asked: Cell::new(false), own: RefCell::new(None) } };
}

/// What a thread has.
struct AltStack {
    asked: Cell<bool>,
    own: RefCell<Option<Own>>,
}

/// A stack that we gave to the thread.
struct Own {
    /// A guard, then the stack.
    mapping: Mapping,
    /// Where the stack begins.
    start: *mut u8,
    /// What the thread had before.
    replaced: libc::stack_t,
}

/// Gives the thread a stack for its signals, if it has none that is large enough. Without one, which the system may refuse, signals
/// are handled on the thread's own stack, where there is room for them unless it has overflowed.
#[inline]
pub(crate) fn prepare_thread() {
    // A thread that is about to end has no variables any more, and may do without.
    let _ = STACK.try_with(|stack| {
        if !stack.asked.replace(true) {
            *stack.own.borrow_mut() = provide();
        }
    });
}

/// How large it is.
fn size() -> usize {
    LEAST.max(rustix::param::linux_minsigstksz() + ROOM)
}

#[cold]
fn provide() -> Option<Own> {
    let replaced = current()?;
    let enough = replaced.ss_flags & libc::SS_DISABLE == 0 && replaced.ss_size >= size();
    if enough || replaced.ss_flags & libc::SS_ONSTACK != 0 {
        return None;
    }
    let guard = rustix::param::page_size();
    let end = Mapping::pages(guard + size()).ok()?;
    let mut mapping = Mapping::reserve(end).ok()?;
    mapping.commit(guard..end).ok()?;
    let start = mapping.base().wrapping_add(guard);
    let stack = libc::stack_t { ss_sp: start.cast(), ss_flags: 0, ss_size: end - guard };
    set(&stack).then_some(Own { mapping, start, replaced })
}

/// What the thread has now.
fn current() -> Option<libc::stack_t> {
    let mut stack = MaybeUninit::uninit();
    // SAFETY: the result is read only if it was written.
    unsafe { (libc::sigaltstack(null(), stack.as_mut_ptr()) == 0).then(|| stack.assume_init()) }
}

/// Gives the thread a stack, or none; whether the system does it.
fn set(stack: &libc::stack_t) -> bool {
    // SAFETY: the stack is memory that is accessible and used for nothing else, or the call disables it.
    unsafe { libc::sigaltstack(stack, null_mut()) == 0 }
}

impl Drop for Own {
    fn drop(&mut self) {
        // Whoever gave the thread its stack has taken it back, if it is another one now; the one that we had replaced may be gone.
        let ours = current()
            .is_none_or(|stack| stack.ss_flags & libc::SS_DISABLE == 0 && stack.ss_sp.cast() == self.start);
        if ours && !set(&self.replaced) {
            // A signal may still be handled on it.
            std::mem::forget(std::mem::take(&mut self.mapping));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AltStack, Cell, Mapping, RefCell, current, prepare_thread, provide, set, size};

    fn mappings() -> Vec<String> {
        std::fs::read_to_string("/proc/self/maps").unwrap().lines().map(str::to_string).collect()
    }

    /// A thread that was not made by us.
    fn in_thread(run: impl FnOnce() + Send + 'static) {
        std::thread::spawn(run).join().unwrap();
    }

    #[test]
    fn threads_get_a_stack_with_a_guard() {
        in_thread(|| {
            prepare_thread();
            let stack = current().unwrap();
            assert!(stack.ss_flags & libc::SS_DISABLE == 0 && stack.ss_size >= size());
            assert!(stack.ss_size >= 64 << 10);
            let below = format!("-{:x} ---p", stack.ss_sp.addr());
            assert!(mappings().iter().any(|line| line.contains(&below)), "{below}");
            // Once is enough.
            prepare_thread();
            assert_eq!(current().unwrap().ss_sp, stack.ss_sp);
        });
    }

    #[test]
    fn a_large_stack_stays() {
        in_thread(|| {
            let mut large = Mapping::default();
            large.grow(256 << 10).unwrap();
            let own = libc::stack_t { ss_sp: large.base().cast(), ss_flags: 0, ss_size: 256 << 10 };
            let before = current().unwrap();
            assert!(set(&own));
            prepare_thread();
            assert_eq!(current().unwrap().ss_sp, own.ss_sp);
            assert!(set(&before));
        });
    }

    #[test]
    fn what_was_there_comes_back_unless_it_has_gone() {
        in_thread(|| {
            let mut small = Mapping::default();
            small.grow(16 << 10).unwrap();
            let theirs = libc::stack_t { ss_sp: small.base().cast(), ss_flags: 0, ss_size: 16 << 10 };
            let before = current().unwrap();
            assert!(set(&theirs));
            let stack = AltStack { asked: Cell::new(true), own: RefCell::new(provide()) };
            assert_ne!(current().unwrap().ss_sp, theirs.ss_sp);
            drop(stack);
            assert_eq!((current().unwrap().ss_sp, current().unwrap().ss_size), (theirs.ss_sp, 16 << 10));

            // The standard library takes its stack back before a thread's variables go.
            let stack = AltStack { asked: Cell::new(true), own: RefCell::new(provide()) };
            let none = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
            assert!(set(&none));
            drop(stack);
            assert_ne!(current().unwrap().ss_flags & libc::SS_DISABLE, 0);
            assert!(set(&before));
        });
    }
}
