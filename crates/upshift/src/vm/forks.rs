//! Keeps threads of the runtime out of locks while the process is forked: in the child nobody would ever release them.
//!
//! ```text
//! thread of the runtime:  aside(work) ─▶ waits while somebody forks ─▶ work, with any locks ─▶ out
//! fork:                   prepare ─▶ nobody new gets in, waits until all are out ─▶ fork ┬▶ parent: open again
//!                                                                                        └▶ child: open, another lineage
//! ```
//!
//! A process that has one thread of its own may fork, and the child may go on as if it were the only process: what a runtime's thread
//! does beside it must not change that. Threads of the host look after themselves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How many threads of the process fork now.
static FORKING: AtomicUsize = AtomicUsize::new(0);

/// How many threads of the runtime do what no fork may see.
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// How often the process, or one that it comes from, was a child.
static LINEAGE: AtomicUsize = AtomicUsize::new(0);

/// A number that is another one in a child than in its parent, once [`observe`] was called.
pub(super) fn lineage() -> usize {
    LINEAGE.load(Ordering::Relaxed)
}

/// Has the process told of its forks from now on. Where the system refuses that, for lack of memory, a child that is made
/// at a bad moment may wait forever for code, as it may for memory.
#[cfg(target_os = "linux")]
pub(super) fn observe() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handlers only touch numbers, and wait for threads that do not wait for them.
        let refused = unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
        let _ = refused;
    });
}

#[cfg(not(target_os = "linux"))]
pub(super) fn observe() {}

/// Does something with locks on a thread of the runtime, at a time when no other thread forks. It must not wait for anything that
/// the thread of a store does between two instructions.
pub(crate) fn aside<R>(work: impl FnOnce() -> R) -> R {
    /// Goes out however the work ends.
    struct Inside;

    impl Drop for Inside {
        fn drop(&mut self) {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
        }
    }

    let mut waits = Waits::default();
    let _inside = loop {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let inside = Inside;
        // Whoever forks has told so before it looks who is inside.
        if FORKING.load(Ordering::SeqCst) == 0 {
            break inside;
        }
        drop(inside);
        waits.once();
    };
    work()
}

/// Before a fork, on the thread that forks.
#[cfg(target_os = "linux")]
unsafe extern "C" fn prepare() {
    FORKING.fetch_add(1, Ordering::SeqCst);
    let mut waits = Waits::default();
    while INSIDE.load(Ordering::SeqCst) != 0 {
        waits.once();
    }
}

/// Behind it, in the process that forked.
#[cfg(target_os = "linux")]
unsafe extern "C" fn parent() {
    FORKING.fetch_sub(1, Ordering::SeqCst);
}

/// Behind it, in the new process, which has one thread.
#[cfg(target_os = "linux")]
unsafe extern "C" fn child() {
    FORKING.store(0, Ordering::SeqCst);
    INSIDE.store(0, Ordering::SeqCst);
    LINEAGE.fetch_add(1, Ordering::SeqCst);
}

/// Waits that become longer: who is waited for may have a lower priority.
#[derive(Default)]
struct Waits(u32);

impl Waits {
    fn once(&mut self) {
        const QUICK: u32 = 16;
        self.0 += 1;
        if self.0 < QUICK { std::thread::yield_now() } else { std::thread::sleep(Duration::from_micros(50)) }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::{aside, lineage, observe};
    use crate::vm::apart;

    /// A lock that other threads hold nearly always is free in each child.
    #[test]
    fn children_find_no_lock_held() {
        if apart::task().is_none() {
            apart::succeeds("", "vm::forks::tests::children_find_no_lock_held", "fork");
            return;
        }
        observe();
        let (lock, over) = (Mutex::new(0_u64), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        aside(|| {
                            let mut held = lock.lock().unwrap();
                            *held += 1;
                            thread::yield_now();
                        });
                    }
                });
            }
            let here = lineage();
            for _ in 0..200 {
                // SAFETY: the child only tries a lock, and ends.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    let free = lock.try_lock().is_ok() && lineage() == here + 1;
                    // SAFETY: the process ends.
                    unsafe { libc::_exit((!free).into()) };
                }
                let mut status = 0;
                // SAFETY: the child is ours.
                let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
                if (waited, status) != (child, 0) {
                    over.store(true, Ordering::Relaxed);
                }
                assert_eq!((waited, status), (child, 0));
            }
            over.store(true, Ordering::Relaxed);
            assert_eq!(lineage(), here);
        });
    }
}
