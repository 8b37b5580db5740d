//! Runs something in a process of its own, so that it may crash or never end.

use std::io::{Read, Write};
use std::os::fd::FromRawFd;

/// So many seconds of the processor's time may it take, and so long may it take if it only waits.
const LIMITS: (libc::rlim_t, u32) = (20, 100);

/// What the function returns, a text and numbers, or how the process ended instead.
pub(crate) fn isolated<const N: usize>(
    work: impl FnOnce() -> (Option<String>, [u64; N]),
) -> (Option<String>, [u64; N]) {
    let mut ends = [0; 2];
    // SAFETY: there is room for both ends.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0, "a pipe");
    // SAFETY: both were just opened, and nobody else has them.
    let (mut reader, writer) =
        unsafe { (std::fs::File::from_raw_fd(ends[0]), std::fs::File::from_raw_fd(ends[1])) };
    // SAFETY: the child has only this thread; it needs no lock that another one might hold but that of the allocator, which the
    // C library keeps whole over a fork.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let mut writer = writer;
        let limit = libc::rlimit { rlim_cur: LIMITS.0, rlim_max: LIMITS.0 + 1 };
        // SAFETY: both only limit this process.
        unsafe {
            libc::setrlimit(libc::RLIMIT_CPU, &raw const limit);
            libc::alarm(LIMITS.1);
        }
        let (text, numbers) = work();
        let _ = writer.write_all(numbers.map(u64::to_le_bytes).as_flattened());
        let code = i32::from(text.is_some());
        let _ = writer.write_all(text.unwrap_or_default().as_bytes());
        // SAFETY: nothing of this process is needed any more.
        unsafe { libc::_exit(code) };
    }
    assert!(child > 0, "a process");
    drop(writer);
    let mut bytes = Vec::new();
    let _ = reader.read_to_end(&mut bytes);
    let mut status = 0;
    // SAFETY: it is a child of this process, and nobody else waits for it.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    let words = bytes.as_chunks::<8>().0;
    let numbers = std::array::from_fn(|at| words.get(at).map_or(0, |word| u64::from_le_bytes(*word)));
    let text = match status {
        _ if libc::WIFSIGNALED(status)
            && [libc::SIGALRM, libc::SIGXCPU].contains(&libc::WTERMSIG(status)) =>
        {
            Some("it does not end".to_string())
        }
        _ if libc::WIFSIGNALED(status) => Some(format!("it ends by signal {}", libc::WTERMSIG(status))),
        0 => None,
        _ => Some(String::from_utf8_lossy(&bytes[(8 * N).min(bytes.len())..]).into_owned()),
    };
    (text, numbers)
}
