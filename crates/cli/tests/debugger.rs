//! A real debugger finds the names of functions with native code and the way out of their frames. Skipped where there is no gdb, or
//! where it may not look at other processes.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::process::Command;

use upshift::Tier;

use crate::support::Dir;

#[allow(dead_code, reason = "the debugger runs the program here")]
mod support;

/// The access behind the memory's end faults in native code, where gdb stops before anybody handles it.
const FAR: &str = r#"(module $far
    (memory 1)
    (func $reach (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "outer") (param i32) (result i32) (call $reach (local.get 0))))"#;

#[test]
fn gdb_names_functions_and_leaves_their_frames() {
    let gdb = Command::new("gdb").arg("--version").output();
    if !Tier::Baseline.is_available() || !gdb.is_ok_and(|output| output.status.success()) {
        return;
    }
    let dir = Dir::with(&[("far.wat", FAR)]);
    let program = env!("CARGO_BIN_EXE_upshift");
    let run = |flags: &[&str]| {
        let script = ["set confirm off", "set debuginfod enabled off", "run", "backtrace", "continue"];
        let script = script.iter().flat_map(|line| ["-ex", line]);
        let output = Command::new("gdb")
            .args(["-batch", "-nx"])
            .args(script)
            .args(["--args", program])
            .args(flags)
            .args(["--tier", "baseline", "--invoke", "outer", "far.wat", "-65536"])
            .current_dir(&dir.0)
            .env("XDG_CACHE_HOME", "/dev/null")
            .output()
            .expect("it runs");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let told = run(&["--debug-info"]);
    if told.contains("ptrace") || told.contains("Could not trace") {
        return;
    }
    let frame = |text: &str, number: usize, name: &str| {
        let start = format!("#{number} ");
        text.lines().any(|line| line.starts_with(&start) && line.contains(name))
    };
    assert!(frame(&told, 0, "far!reach ()"), "{told}");
    // All functions of WebAssembly share one native frame; below is what began it, and in the end the program.
    assert!(frame(&told, 1, "enter"), "{told}");
    assert!(told.lines().any(|line| line.starts_with('#') && line.contains(" main ()")), "{told}");
    // What follows is the trap that it would have been without a debugger.
    assert!(told.contains("out of bounds memory access"), "{told}");

    let silent = run(&[]);
    assert!(silent.contains("SIGSEGV") && !frame(&silent, 0, "reach"), "{silent}");
}
