//! Signals: every system call of every call of the guest is interrupted once, in all the tests here.
//!
//! ```text
//! a_guest_sees_no_signal ─ starts all tests anew, with a mark ─▶ Guest::call ─▶ a thread with a filter for system calls
//!                                                                   └─ answers what the filter asks ◀──┘
//! ```
//!
//! The filter asks about all system calls but those that cannot be interrupted; the first of each kind gets EINTR and does
//! nothing, as if a signal had come, and the others are let through.

use std::collections::BTreeSet;
use std::io::{Error, Result};
use std::mem::zeroed;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Set in the process in which calls are interrupted.
const MARK: &str = "UPSHIFT_WASI_TEST_INTERRUPTED";

static INTERRUPTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os(MARK).is_some());

/// What no signal interrupts, or what is not the guest's: threads, memory, clocks. A descriptor is closed whatever `close`
/// says.
const LEFT_ALONE: &[libc::c_long] = &[
    libc::SYS_futex,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Runs a call of the guest, interrupted if it is to be.
pub(super) fn interrupted<T: Send>(call: impl FnOnce() -> T + Send) -> T {
    if !*INTERRUPTED {
        return call();
    }
    thread::scope(|scope| {
        let (send, listener) = channel();
        let guest = scope.spawn(move || {
            send.send(filter_this_thread().expect("a filter was possible before")).unwrap();
            drop(send);
            call()
        });
        if let Ok(listener) = listener.recv() {
            answer(&listener, || guest.is_finished());
        }
        guest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Lets the system ask about the system calls of this thread, through the descriptor.
fn filter_this_thread() -> Result<OwnedFd> {
    const NUMBER: u32 = 0;
    let allow = LEFT_ALONE.len() as u8;
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, NUMBER)];
    for (i, &number) in LEFT_ALONE.iter().enumerate() {
        let code = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
        program.push(libc::sock_filter { code, jt: allow - i as u8, jf: 0, k: number as u32 });
    }
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_USER_NOTIF));
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: both calls read what they are given, and change what this thread may do only. The descriptor is new.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err(Error::last_os_error());
        }
        let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
        let listener = libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program);
        if listener < 0 { Err(Error::last_os_error()) } else { Ok(OwnedFd::from_raw_fd(listener as i32)) }
    }
}

/// Interrupts the first system call of each kind, until the thread has ended.
fn answer(listener: &OwnedFd, is_finished: impl Fn() -> bool) {
    let mut seen = BTreeSet::new();
    while !is_finished() {
        let mut wait = [PollFd::new(listener, PollFlags::IN)];
        let a_while = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        let asked = poll(&mut wait, Some(&a_while)).is_ok() && wait[0].revents().contains(PollFlags::IN);
        if !asked {
            continue;
        }
        // SAFETY: the structures are plain numbers; the system fills the one and reads the other.
        unsafe {
            let mut question: libc::seccomp_notif = zeroed();
            let received =
                libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut question);
            if received != 0 {
                continue;
            }
            let mut answer: libc::seccomp_notif_resp = zeroed();
            answer.id = question.id;
            if seen.insert(question.data.nr) {
                answer.error = -libc::EINTR;
            } else {
                answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
            }
            // A thread that has gone needs no answer.
            let _ = libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer);
        }
    }
}

#[test]
fn a_guest_sees_no_signal() {
    if *INTERRUPTED {
        return;
    }
    if let Err(error) = thread::scope(|scope| scope.spawn(filter_this_thread).join().unwrap()) {
        eprintln!("skipped: the host does not let its system calls be filtered: {error}");
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    // Each call has a thread of its own, and so has the time that threads have used. Random calls are many.
    command.args([
        "tests::",
        "--skip",
        "the_other_clocks_never_go_back",
        "--skip",
        "any_argument_is_survived",
    ]);
    let output = command.env(MARK, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("test result: ok"), "{text}");
}

/// A filter that asks nothing would let every test pass.
#[test]
fn system_calls_are_interrupted_once() {
    if !*INTERRUPTED {
        return;
    }
    let opens = || rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty());
    let opens = interrupted(|| [opens().map(drop), opens().map(drop)]);
    assert_eq!(opens, [Err(rustix::io::Errno::INTR), Ok(())]);
}
