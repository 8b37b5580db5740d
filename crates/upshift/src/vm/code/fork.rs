//! Which process this is, as memory that is shared with forked ones has to know.
//!
//! In: nothing. Out: a number that differs between a process and all that it was forked from. Numbers of processes would do that
//! most of the time, but they cost a call of the system each, and two processes have the same in different namespaces.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::mm::{Advice, madvise};

use crate::vm::mmap::Mapping;

/// A number for this process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Process(u64);

/// The process that runs this.
pub(super) fn this_process() -> Process {
    /// Where the number lies. A process that is forked finds zero there.
    static MARK: OnceLock<Option<&'static AtomicU64>> = OnceLock::new();
    /// The highest number of a process that this one was forked from, and its own.
    static LAST: AtomicU64 = AtomicU64::new(0);

    let Some(mark) = MARK.get_or_init(forgetful) else {
        return Process(rustix::process::getpid().as_raw_nonzero().get() as u64);
    };
    let known = mark.load(Ordering::Acquire);
    if known != 0 {
        return Process(known);
    }
    let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    // Another thread may have been quicker.
    Process(match mark.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => number,
        Err(known) => known,
    })
}

/// A number of the process's own, which it keeps for good; zero at first, and again after a fork.
fn forgetful() -> Option<&'static AtomicU64> {
    let mut page = Mapping::default();
    page.grow(size_of::<AtomicU64>()).ok()?;
    // SAFETY: the page is ours, and stays what it is in this process.
    unsafe { madvise(page.base().cast(), page.accessible(), Advice::LinuxWipeOnFork) }.ok()?;
    let mark = page.base().cast::<AtomicU64>();
    std::mem::forget(page);
    // SAFETY: a page is large enough and aligned, begins as zero, and this one is never given back.
    Some(unsafe { &*mark })
}
