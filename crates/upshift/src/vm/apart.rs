//! Tests that need a process of their own: it has limits, is forked, or ends by a signal.

use std::process::{Command, Output};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What tells a test that it runs in such a process, and what it is to do there.
const TASK: &str = "UPSHIFT_TEST_TASK";

/// What this process is to do, if it was started for a test.
pub(crate) fn task() -> Option<String> {
    std::env::var(TASK).ok()
}

/// Runs a test, by its path in the crate, in a process of its own, which is to do a task; `limit` is a command of the shell's
/// that comes before.
pub(crate) fn run(limit: &str, test: &str, task: &str) -> Output {
    let exe = std::env::current_exe().expect("the test has a program");
    let script = format!(r#"{limit} exec "$0" --exact {test} --nocapture --test-threads=1"#);
    let mut command = Command::new("sh");
    // A backtrace needs memory, and without any the standard library may wait for itself.
    command.arg("-c").arg(script).arg(exe).env(TASK, task).env("RUST_BACKTRACE", "0");
    command.output().expect("the program runs again")
}

/// As [`run`], and the test has to get to the end there.
pub(crate) fn succeeds(limit: &str, test: &str, task: &str) {
    let output = run(limit, test, task);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{task}: {output:?}");
}

/// As [`run`], and the process has to end by a signal.
pub(crate) fn is_killed(test: &str, task: &str, signal: i32) {
    let output = run("", test, task);
    let text = String::from_utf8_lossy(&output.stdout);
    let by = std::os::unix::process::ExitStatusExt::signal(&output.status);
    assert!(by == Some(signal) && text.contains("ready"), "{task}: {output:?}");
}

/// Executable memory may no longer be made of what was writable once.
pub(crate) fn forbid_executable_pages() {
    const PR_SET_MDWE: libc::c_int = 65;
    const PR_MDWE_REFUSE_EXEC_GAIN: libc::c_ulong = 1;
    // SAFETY: the call only takes from what this process may do.
    let result = unsafe { libc::prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) };
    assert_eq!(result, 0, "a system that can forbid it");
}

/// Lets the process have no more of something than so much.
pub(crate) fn limit(resource: Resource, most: u64) {
    let maximum = getrlimit(resource).maximum;
    setrlimit(resource, Rlimit { current: Some(most), maximum }).unwrap();
}
