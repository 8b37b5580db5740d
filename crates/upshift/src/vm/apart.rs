//! Tests that need a process of their own: it has limits, is forked, or ends by a signal.

use std::process::{Command, Output};

/// What tells a test that it runs in such a process, and what it is to do there.
const TASK: &str = "UPSHIFT_TEST_TASK";

/// What this process is to do, if it was started for a test.
pub(super) fn task() -> Option<String> {
    std::env::var(TASK).ok()
}

/// Runs a test, by its path in the crate, in a process of its own, which is to do a task; `limit` is a command of the shell's
/// that comes before.
pub(super) fn run(limit: &str, test: &str, task: &str) -> Output {
    let exe = std::env::current_exe().expect("the test has a program");
    let script = format!(r#"{limit} exec "$0" --exact {test} --nocapture --test-threads=1"#);
    let mut command = Command::new("sh");
    // A backtrace needs memory, and without any the standard library may wait for itself.
    command.arg("-c").arg(script).arg(exe).env(TASK, task).env("RUST_BACKTRACE", "0");
    command.output().expect("the program runs again")
}

/// As [`run`], and the test has to get to the end there.
pub(super) fn succeeds(limit: &str, test: &str, task: &str) {
    let output = run(limit, test, task);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{task}: {output:?}");
}

/// As [`run`], and the process has to end by a signal.
pub(super) fn is_killed(test: &str, task: &str, signal: i32) {
    let output = run("", test, task);
    let text = String::from_utf8_lossy(&output.stdout);
    let by = std::os::unix::process::ExitStatusExt::signal(&output.status);
    assert!(by == Some(signal) && text.contains("ready"), "{task}: {output:?}");
}
