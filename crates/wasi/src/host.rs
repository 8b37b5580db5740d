//! The way to the host's system calls, for all functions of the interface.
//!
//! Two things that may happen there are the host's business alone, and no guest gets to know of them: a signal that
//! interrupts a call, which is made again then, and a stream that the host itself uses without waiting, for which the call
//! waits then. All other errors are the guest's.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags};

use crate::abi::Errno;
use crate::error::Failure;

/// An error in which a signal can show.
pub(crate) trait HostError {
    /// Whether a signal has interrupted the call, so that it did nothing.
    fn is_interruption(&self) -> bool;
}

impl HostError for rustix::io::Errno {
    fn is_interruption(&self) -> bool {
        *self == rustix::io::Errno::INTR
    }
}

impl HostError for std::io::Error {
    fn is_interruption(&self) -> bool {
        self.kind() == std::io::ErrorKind::Interrupted
    }
}

impl HostError for Errno {
    fn is_interruption(&self) -> bool {
        *self == Errno::Intr
    }
}

impl HostError for Failure {
    fn is_interruption(&self) -> bool {
        *self == Failure::Errno(Errno::Intr)
    }
}

/// Makes a call of the host again as long as signals interrupt it.
///
/// It may consist of several system calls, as a walk along a path does, as long as only the last one has an effect.
pub(crate) fn retry<T, E: HostError>(mut call: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    loop {
        match call() {
            Err(error) if error.is_interruption() => {}
            outcome => return outcome,
        }
    }
}

/// What a call that finds nothing to do does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Idle {
    /// It waits, also if the host has set its stream to answer `again`: that is between the host and those with whom it
    /// shares the stream.
    Waits,
    /// It does what the host's descriptor is set to.
    AsSet,
}

/// As [`retry`], for a call that moves bytes in the direction of `way` and may find none, or no room for them.
pub(crate) fn transfer<T, E: HostError + Into<Errno>>(
    fd: BorrowedFd<'_>,
    way: PollFlags,
    idle: Idle,
    mut call: impl FnMut() -> Result<T, E>,
) -> Result<T, Errno> {
    loop {
        match retry(&mut call).map_err(E::into) {
            Err(Errno::Again) if idle == Idle::Waits => {
                retry(|| rustix::event::poll(&mut [PollFd::from_borrowed_fd(fd, way)], None))?;
            }
            outcome => return outcome,
        }
    }
}
