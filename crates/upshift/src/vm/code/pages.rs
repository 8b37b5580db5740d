//! Memory for native code, each piece of it mapped twice: where it runs, and where it is written.
//!
//! ```text
//! range of native code … │ read, execute │ …          anywhere else … │ read, write │ …
//!                              └────────── the same pages ──────────────────┘
//! ```
//!
//! In: a piece of the range. Out: a [`View`] to write the code by. No page is ever writable and executable at one address.
//!
//! A process that is forked has the executable side of all pieces, as it may have frames there, but not the other one: code that it
//! makes itself goes to pieces of its own. Pieces are files without names, so the system keeps each until the last process
//! that has it mapped lets it go, whatever the others do with theirs.

use std::io;
use std::ops::Range;
use std::ptr::null_mut;

use rustix::mm::{
    Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, mremap,
    mremap_fixed, munmap,
};

use super::NoNativeCode;
use super::fork::{Process, this_process};

/// Notes a call of the system, for tests.
fn note_call() {
    #[cfg(test)]
    CALLS.with(|calls| calls.set(calls.get() + 1));
}

#[cfg(test)]
thread_local! {
    /// How often this thread has called the system for code.
    pub(super) static CALLS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A way to get such memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// A file in memory, which is mapped twice.
    File,
    /// Shared pages that are mapped a second time and made executable there, for where a file may not be so long, or there may
    /// be no such file.
    Pages,
}

impl Way {
    /// In the order in which they are tried.
    pub(super) const ALL: [Way; 2] = [Way::File, Way::Pages];

    /// In the order for profilers that take code for a program's own file if its memory is a file with a name.
    pub(super) const NAMELESS_FIRST: [Way; 2] = [Way::Pages, Way::File];

    fn name(self) -> &'static str {
        match self {
            Way::File => "as a file in memory",
            Way::Pages => "as shared pages",
        }
    }
}

/// Where code is written. It goes before the executable side does, which does not need it.
#[derive(Debug)]
pub(super) struct View {
    base: *mut u8,
    len: usize,
    /// What has it mapped.
    process: Process,
}

// SAFETY: a view is memory of the process; whoever has it may write to it from any thread.
unsafe impl Send for View {}

/// Makes a piece of the range executable, and returns where to write to it: whole pages, all zero.
///
/// # Errors
/// When the system refuses all ways. If the address space of the piece may be lost by that, the second value says so: then
/// nobody may use it any more.
///
/// # Safety
/// The piece is set aside, and nothing uses it.
pub(super) unsafe fn map(at: *mut u8, len: usize, ways: &[Way]) -> Result<View, (NoNativeCode, bool)> {
    let mut refusals = Vec::new();
    for &way in ways {
        // SAFETY: the caller's promise.
        let view = unsafe {
            match way {
                Way::File => map_file(at, len),
                Way::Pages => map_pages(at, len),
            }
        };
        match view {
            Ok(view) => return Ok(view),
            Err(Refusal { error, lost }) => {
                refusals.push((way.name(), error));
                if lost {
                    return Err((NoNativeCode::Memory(refusals.into()), true));
                }
            }
        }
    }
    Err((NoNativeCode::Memory(refusals.into()), false))
}

/// Takes a piece of the range out of use, and gives its memory back.
///
/// # Errors
/// When the system refuses; then nobody may use the piece any more.
///
/// # Safety
/// The piece was mapped by [`map`], and nothing runs or reads code there.
pub(super) unsafe fn unmap(at: *mut u8, len: usize) -> io::Result<()> {
    // SAFETY: the caller's promise: the new pages replace what nobody uses.
    unsafe { mmap_anonymous(at.cast(), len, ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::FIXED) }?;
    Ok(())
}

/// What the system said, and whether there may be a hole now where the piece was set aside, which anything may be mapped into.
struct Refusal {
    error: io::Error,
    lost: bool,
}

impl Refusal {
    /// Of a call that replaces the piece. It looks at what is allowed first, but may run out of memory halfway.
    fn of_replacement(error: rustix::io::Errno) -> Refusal {
        Refusal { error: error.into(), lost: error == rustix::io::Errno::NOMEM }
    }
}

impl From<rustix::io::Errno> for Refusal {
    fn from(error: rustix::io::Errno) -> Refusal {
        Refusal { error: error.into(), lost: false }
    }
}

unsafe fn map_file(at: *mut u8, len: usize) -> Result<View, Refusal> {
    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
    use rustix::process::{Resource, getrlimit};

    // Whoever makes a file longer than the process may is sent a signal, which ends it.
    note_call();
    if getrlimit(Resource::Fsize).current.is_some_and(|most| most < len as u64) {
        return Err(rustix::io::Errno::FBIG.into());
    }
    let name = "upshift-code";
    // The file is never run as a program, and systems may insist on that; old ones do not know how to be told.
    note_call();
    let file = match memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL) {
        Err(rustix::io::Errno::INVAL) => memfd_create(name, MemfdFlags::CLOEXEC),
        file => file,
    }?;
    note_call();
    ftruncate(&file, len as u64)?;
    note_call();
    // SAFETY: a new mapping without a fixed address touches nothing that exists.
    let view =
        unsafe { mmap(null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &file, 0) }?;
    // SAFETY: the view is new.
    let view = unsafe { View::new(view.cast(), len) };
    view.keep_here()?;
    let flags = MapFlags::SHARED | MapFlags::FIXED;
    note_call();
    // SAFETY: the caller's promise: nothing uses the address space that this replaces.
    unsafe { mmap(at.cast(), len, ProtFlags::READ | ProtFlags::EXEC, flags, &file, 0) }
        .map_err(Refusal::of_replacement)?;
    Ok(view)
}

unsafe fn map_pages(at: *mut u8, len: usize) -> Result<View, Refusal> {
    note_call();
    // SAFETY: a new mapping without a fixed address touches nothing that exists.
    let view =
        unsafe { mmap_anonymous(null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED) }?;
    // SAFETY: the view is new.
    let view = unsafe { View::new(view.cast(), len) };
    // SAFETY: of shared pages, moving none makes a second mapping somewhere else; it is ours, like the first.
    unsafe {
        let second = mremap(view.base.cast(), 0, len, MremapFlags::MAYMOVE)?;
        // A second mapping has what was advised for the first, and is not to stay here.
        let kept = match mprotect(second, len, MprotectFlags::READ | MprotectFlags::EXEC) {
            Ok(()) => view.keep_here(),
            Err(error) => Err(error.into()),
        };
        if let Err(refusal) = kept {
            let _ = munmap(second, len);
            return Err(refusal);
        }
        // Profilers learn of code when its place becomes executable, so it does at the place where it stays.
        let moved = mprotect(second, len, MprotectFlags::READ)
            // The caller's promise: nothing uses the address space that this replaces.
            .and_then(|()| mremap_fixed(second, len, len, MremapFlags::MAYMOVE, at.cast()));
        if let Err(error) = moved {
            let _ = munmap(second, len);
            return Err(Refusal::of_replacement(error));
        }
        if let Err(error) = mprotect(at.cast(), len, MprotectFlags::READ | MprotectFlags::EXEC) {
            return Err(Refusal { error: error.into(), lost: unmap(at, len).is_err() });
        }
    }
    Ok(view)
}

impl View {
    /// A view of a new mapping.
    ///
    /// # Safety
    /// The mapping is the caller's, who leaves it to the view.
    unsafe fn new(base: *mut u8, len: usize) -> View {
        View { base, len, process: this_process() }
    }

    /// Sees to it that forked processes do not have the view.
    fn keep_here(&self) -> Result<(), Refusal> {
        note_call();
        // SAFETY: the mapping is ours; the advice changes nothing in this process.
        unsafe { madvise(self.base.cast(), self.len, Advice::LinuxDontFork) }?;
        Ok(())
    }

    /// Whether this process has the view, which a forked one has not.
    pub(super) fn is_here(&self) -> bool {
        self.process == this_process()
    }

    /// Has the system provide memory for bytes that will be written. Without that, a write for which there is none would end
    /// the process.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn provide(&self, bytes: Range<usize>) -> io::Result<()> {
        let page = rustix::param::page_size();
        let (start, end) = (bytes.start - bytes.start % page, bytes.end.next_multiple_of(page));
        assert!(end <= self.len, "the bytes lie in the view");
        note_call();
        // SAFETY: the pages are ours, and the advice does not change what is in them.
        match unsafe { madvise(self.base.add(start).cast(), end - start, Advice::LinuxPopulateWrite) } {
            // Old systems do not know how.
            Ok(()) | Err(rustix::io::Errno::INVAL) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes bytes at an offset.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        assert!(self.is_here(), "a process writes to views of its own");
        assert!(at <= self.len && bytes.len() <= self.len - at, "the bytes lie in the view");
        // SAFETY: I-VIEW: the view is writable so far, and nobody else writes to it; nothing runs or is read there yet.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(at), bytes.len()) };
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if self.is_here() {
            note_call();
            // SAFETY: I-VIEW: the mapping is the view's own.
            let unmapped = unsafe { munmap(self.base.cast(), self.len) };
            // The system may refuse to part what it has made one of. What is left is lost, but harms nobody.
            let _ = unmapped;
        }
    }
}
