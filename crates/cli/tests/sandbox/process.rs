//! A process from its start to its end, with what it took.

use std::mem::MaybeUninit;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    Code(i32),
    Signal(i32),
    /// It did not, and was killed.
    Hung,
}

/// What came of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) ended: Ended,
    /// Its largest resident memory, in bytes. It is not below that of this process, of which it begins as a copy.
    pub(crate) peak: u64,
    pub(crate) time: Duration,
}

/// Runs a command to its end. Its pipes stay open, and nobody uses their other ends.
#[expect(clippy::zombie_processes)] // `ended` waits, as it wants to know more than `Child::wait` tells.
pub(crate) fn run(command: &mut Command, hangs: Duration) -> Run {
    let begin = Instant::now();
    let child = command.spawn().unwrap();
    let pid = child.id() as libc::pid_t;
    loop {
        if let Some((status, peak)) = ended(pid) {
            let ended = match (libc::WIFEXITED(status), libc::WIFSIGNALED(status)) {
                (true, _) => Ended::Code(libc::WEXITSTATUS(status)),
                (_, true) => Ended::Signal(libc::WTERMSIG(status)),
                _ => unreachable!("only ends are waited for"),
            };
            return Run { ended, peak, time: begin.elapsed() };
        }
        if begin.elapsed() > hangs {
            // SAFETY: the process is a child that nobody has waited for, so the number is still its own.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            while ended(pid).is_none() {}
            return Run { ended: Ended::Hung, peak: 0, time: begin.elapsed() };
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Exit status and peak memory of a child, if it has ended.
fn ended(pid: libc::pid_t) -> Option<(i32, u64)> {
    let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both addresses can be written to.
    let waited = unsafe { libc::wait4(pid, &mut status, libc::WNOHANG, usage.as_mut_ptr()) };
    assert!(waited == 0 || waited == pid, "{}", std::io::Error::last_os_error());
    // SAFETY: `rusage` is made of integers, for which the zeroes it began with are already valid.
    (waited == pid).then(|| (status, unsafe { usage.assume_init() }.ru_maxrss as u64 * 1024))
}
