//! Tests that need a process of their own, since they change what belongs to the whole process.

use std::process::Command;

/// Set in the process that a test is alone in.
const MARK: &str = "UPSHIFT_WASI_TEST_ALONE";

/// Runs the test `name` (its path below this crate) in a process of its own, where `test` is called. Returns what that
/// process wrote, on the outside.
pub(super) fn alone(name: &str, test: impl FnOnce()) -> Option<[String; 2]> {
    if std::env::var_os(MARK).is_some() {
        test();
        return None;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env(MARK, "1").output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("1 passed"), "no test is called {name}: {out}");
    print!("{err}");
    Some([out, err])
}
