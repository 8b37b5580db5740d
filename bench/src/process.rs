//! One process: its time, how it ended, what it printed, and the most memory it had.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// A process that is gone.
pub(crate) struct Finished {
    /// From before it was started to after it was gone.
    pub(crate) time: Duration,
    /// What it had of the processors, all its threads together.
    pub(crate) cpu: Duration,
    pub(crate) end: End,
    /// What it printed, without what is beyond [`KEPT`] bytes.
    pub(crate) output: Vec<u8>,
    pub(crate) errors: Vec<u8>,
    /// The most memory it had, in bytes.
    pub(crate) peak: u64,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Killed(i32),
    /// It was ended after the time it was given.
    TimedOut,
}

/// How often the thread that waits for the time to be over looks for an interruption.
const GLANCE: Duration = Duration::from_millis(100);

/// How much of an output is kept.
const KEPT: u64 = 16 << 20;

/// Runs a command to its end, for `limit`, or until it is interrupted; then all processes it has started are ended.
///
/// # Errors
/// If it cannot be started.
pub(crate) fn run(
    command: &mut Command,
    stdin: Option<File>,
    limit: Duration,
    interrupted: &Arc<AtomicBool>,
) -> Result<Finished> {
    // Files and no pipes: nothing of ours has to run for the process to go on.
    let (mut output, mut errors) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(stdin.map_or_else(Stdio::null, Stdio::from));
    command.stdout(output.try_clone()?).stderr(errors.try_clone()?);

    // A group of its own: what runs in it may be another program than the one that was started.
    command.process_group(0);

    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("starting {}", command.get_program().display()))?;
    let pid = libc::pid_t::try_from(child.id())?;
    let (gone, was_told) = mpsc::channel();
    let interrupted = Arc::clone(interrupted);
    let watch = thread::spawn(move || {
        loop {
            let left = limit.saturating_sub(start.elapsed());
            if was_told.recv_timeout(left.min(GLANCE)) != Err(RecvTimeoutError::Timeout) {
                return false;
            }
            if left.is_zero() || interrupted.load(Ordering::Relaxed) {
                // SAFETY: sends a signal, nothing else. The process may have ended but nobody has asked for its status
                // before this thread is joined, so that the number is not another's.
                unsafe { libc::kill(-pid, libc::SIGKILL) };
                return true;
            }
        }
    });
    let waited = wait_for_end(pid);
    let time = start.elapsed();
    // The other end is there until the thread is joined.
    let _ = gone.send(());
    let timed_out = watch.join().unwrap_or(false);
    waited?;
    let (status, usage) = reap(pid)?;
    let end = match () {
        () if timed_out => End::TimedOut,
        () if libc::WIFEXITED(status) => End::Exited(libc::WEXITSTATUS(status)),
        () => End::Killed(libc::WTERMSIG(status)),
    };
    // Kilobytes, but bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let peak = u64::try_from(usage.ru_maxrss)? * unit;
    let cpu = duration(usage.ru_utime)? + duration(usage.ru_stime)?;
    Ok(Finished { time, cpu, end, output: contents(&mut output)?, errors: contents(&mut errors)?, peak })
}

fn contents(file: &mut File) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.take(KEPT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Waits until the process has ended, without taking its status.
fn wait_for_end(pid: libc::pid_t) -> io::Result<()> {
    loop {
        let mut info = MaybeUninit::zeroed();
        let id = libc::id_t::try_from(pid).map_err(io::Error::other)?;
        // SAFETY: the pointer is to a live variable of the right type.
        if unsafe { libc::waitid(libc::P_PID, id, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn duration(time: libc::timeval) -> Result<Duration> {
    Ok(Duration::from_secs(u64::try_from(time.tv_sec)?) + Duration::from_micros(u64::try_from(time.tv_usec)?))
}

/// The status of a process that has ended, and what it used.
fn reap(pid: libc::pid_t) -> Result<(i32, libc::rusage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live variables of the right types. The process is a child of this one that nobody has
    // waited for, and as `Child` does not wait when it is dropped, nobody will after this.
    if unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) } != pid {
        return Err(io::Error::last_os_error()).context("waiting for a process");
    }
    // SAFETY: `rusage` is made of integers, for which the zeroes it started with are already valid.
    Ok((status, unsafe { usage.assume_init() }))
}

#[cfg(test)]
mod tests {
    use super::{End, run};
    use std::process::Command;
    use std::sync::Arc;
    use std::time::Duration;

    fn sh(script: &str, limit: Duration) -> super::Finished {
        run(Command::new("sh").args(["-c", script]), None, limit, &Arc::default()).expect("sh starts")
    }

    #[test]
    fn a_process_tells_how_it_ended_and_what_it_printed() {
        let long = Duration::from_secs(60);
        let finished = sh("echo out; echo err >&2; exit 3", long);
        assert_eq!(finished.end, End::Exited(3));
        assert_eq!((finished.output.as_slice(), finished.errors.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert!(finished.peak > 0 && finished.cpu > Duration::ZERO);
        assert_eq!(sh("kill -9 $$", long).end, End::Killed(9));
    }

    #[test]
    fn a_process_that_takes_too_long_is_ended() {
        assert_eq!(sh("exec sleep 600", Duration::from_millis(50)).end, End::TimedOut);
        // And what it has started.
        let finished = sh("sleep 600 & echo $!; wait", Duration::from_millis(200));
        assert_eq!(finished.end, End::TimedOut);
        let pid = String::from_utf8(finished.output).expect("a number");
        let is_there =
            format!("kill -0 {} 2>&1 && ! grep -q 'State:.Z' /proc/{}/status", pid.trim(), pid.trim());
        assert_ne!(sh(&is_there, Duration::from_secs(60)).end, End::Exited(0));
    }

    #[test]
    fn what_cannot_be_started_is_an_error() {
        let error = run(&mut Command::new("/nowhere/at all"), None, Duration::MAX, &Arc::default());
        assert!(format!("{:#}", error.err().expect("no such file")).contains("/nowhere/at all"));
    }
}
