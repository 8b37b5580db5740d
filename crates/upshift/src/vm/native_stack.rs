//! The thread's own stack, on which calls from wasm to the host and back nest.
//!
//! ```text
//! low end │ head room: host functions, translation, errors │ calls may nest here ◀─ the outermost call │ high end
//! ```
//!
//! What calls may take is what `Config::max_native_stack` says, or what the thread has, if that is less. Where a stack begins
//! and ends is asked of the system once for each thread.

use std::cell::Cell;
use std::ops::Range;

/// What stays free for a host function, the translation of a function and the making of an error, whoever is called last.
/// Measured without optimisation, the largest of them takes a quarter of this.
const HEAD_ROOM: usize = 256 << 10;

/// What a stack is taken to have whose end is unknown, below the address that is in use: one that the host has made itself,
/// or one of a system that does not tell.
const ASSUMED: usize = 128 << 10;

thread_local! {
    /// Where the thread's stack lies, when it was asked for.
    static STACK: Cell<Option<Option<(usize, usize)>>> = const { Cell::new(None) };
}

/// An address near the end of the stack in use.
#[inline(never)]
pub(crate) fn stack_address() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here).addr()
}

/// A number that no other running thread has.
pub(crate) fn thread_token() -> usize {
    STACK.with(|stack| std::ptr::from_ref(stack).addr())
}

/// The address down to which calls may nest that begin at the address `here` and may take `most` bytes. It is never 0.
pub(crate) fn limit(here: usize, most: usize) -> usize {
    let stack = STACK.get().unwrap_or_else(|| {
        let found = thread_stack(here).map(|stack| (stack.start, stack.end));
        STACK.set(Some(found));
        found
    });
    let end = match stack {
        Some((low, high)) if (low..high).contains(&here) => low + HEAD_ROOM.min((high - low) / 2),
        _ => here.saturating_sub(ASSUMED),
    };
    here.saturating_sub(most).max(end).max(1)
}

/// The stack of this thread, if the system tells.
#[cfg(target_os = "linux")]
fn thread_stack(here: usize) -> Option<Range<usize>> {
    main_stack().filter(|stack| stack.contains(&here)).or_else(pthread_stack)
}

/// That of the main thread, whose end moves: down to the limit of the process, from the name of the program's file, which
/// lies above all frames. The C library would say how far it has come by now, or read a table of all mappings.
#[cfg(target_os = "linux")]
fn main_stack() -> Option<Range<usize>> {
    use rustix::process::{Resource, getpid, getrlimit};
    if rustix::thread::gettid() != getpid() {
        return None;
    }
    let high = rustix::param::linux_execfn().as_ptr().addr();
    let size = getrlimit(Resource::Stack).current.map_or(high, |size| usize::try_from(size).unwrap_or(high));
    Some(high.saturating_sub(size)..high)
}

#[cfg(target_os = "linux")]
fn pthread_stack() -> Option<Range<usize>> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut low, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
    // SAFETY: the attributes are read only after they were written, and destroyed when all was read.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let attributes = attributes.assume_init_mut();
        let told = libc::pthread_attr_getstack(attributes, &raw mut low, &raw mut size) == 0
            && libc::pthread_attr_getguardsize(attributes, &raw mut guard) == 0;
        libc::pthread_attr_destroy(attributes);
        if !told {
            return None;
        }
    }
    // Some C libraries count the guard as a part of the stack.
    let low = low.addr();
    Some(low.checked_add(guard)?..low.checked_add(size)?)
}

#[cfg(target_vendor = "apple")]
fn thread_stack(_here: usize) -> Option<Range<usize>> {
    // SAFETY: both functions read what the thread itself never changes.
    let (high, size) = unsafe {
        let thread = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(thread).addr(), libc::pthread_get_stacksize_np(thread))
    };
    Some(high.checked_sub(size)?..high)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn thread_stack(_here: usize) -> Option<Range<usize>> {
    None
}

#[cfg(test)]
mod tests {
    use super::{HEAD_ROOM, limit, stack_address};

    #[test]
    fn the_smaller_stack_counts() {
        let in_thread = |size: usize, most: usize| {
            let thread = std::thread::Builder::new().stack_size(size);
            let measured = move || {
                let here = stack_address();
                (here, limit(here, most))
            };
            let (here, limit) = thread.spawn(measured).unwrap().join().unwrap();
            here - limit
        };
        assert_eq!(in_thread(8 << 20, 1 << 20), 1 << 20);
        assert_eq!(in_thread(8 << 20, 3), 3);
        // The frames up to here take something, and a stack may be larger, left over from another thread.
        for size in [256 << 10, 512 << 10, 1 << 20, 2 << 20] {
            let room = in_thread(size, usize::MAX);
            assert!(room >= size - HEAD_ROOM.min(size / 2) - (64 << 10) && room < 16 << 20, "{room}");
        }
    }

    #[test]
    fn a_foreign_stack_is_taken_for_small() {
        let here = stack_address();
        limit(here, 1 << 20);
        assert!(here / 2 - limit(here / 2, 1 << 20) < 1 << 20);
        assert_eq!(limit(5, usize::MAX), 1);
    }
}
