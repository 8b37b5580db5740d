//! The program from outside: each flag by its effect, exit codes, and inputs that are wrong.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use support::{Dir, Outcome};
use upshift::{Dispatch, Tier};

mod support;

/// Writes its arguments and environment, a string a line.
const ECHO: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func $show (param $len i32)
        (local $i i32)
        (block $done
            (loop $next
                (br_if $done (i32.ge_u (local.get $i) (local.get $len)))
                (if (i32.eqz (i32.load8_u offset=4096 (local.get $i)))
                    (then (i32.store8 offset=4096 (local.get $i) (i32.const 10))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $next)))
        (i32.store (i32.const 16) (i32.const 4096))
        (i32.store (i32.const 20) (local.get $len))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))))
    (func (export "_start")
        (drop (call $args_sizes (i32.const 0) (i32.const 4)))
        (drop (call $args (i32.const 64) (i32.const 4096)))
        (call $show (i32.load (i32.const 4)))
        (drop (call $env_sizes (i32.const 0) (i32.const 4)))
        (drop (call $env (i32.const 64) (i32.const 4096)))
        (call $show (i32.load (i32.const 4)))))"#;

/// Copies its input to its output in one piece, then exits with the number of bytes.
const COPY: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\00\01\00\00\00\01\00\00")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $exit (i32.load (i32.const 8)))))"#;

/// Prints the name of its first directory, then the file `file` in it. Exits with the first error number.
const CAT: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 32) "file")
    (func $check (param $errno i32)
        (if (local.get $errno) (then (call $exit (local.get $errno)))))
    (func $print (param $len i32)
        (i32.store (i32.const 16) (i32.const 256))
        (i32.store (i32.const 20) (local.get $len))
        (call $check (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))))
    (func (export "_start")
        (call $check (call $prestat (i32.const 3) (i32.const 0)))
        (call $check (call $name (i32.const 3) (i32.const 256) (i32.load (i32.const 4))))
        (call $print (i32.load (i32.const 4)))
        (call $check (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
        (i32.store (i32.const 16) (i32.const 256))
        (i32.store (i32.const 20) (i32.const 256))
        (call $check (call $read (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 24)))
        (call $print (i32.load (i32.const 24)))))"#;

const MATH: &str = r#"(module
    (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "all") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0))
    (func (export "refs") (result funcref externref funcref)
        (ref.null func) (ref.null extern) (ref.func $add))
    (func (export "vector") (param v128) (result v128) (local.get 0))
    (func (export "nothing"))
    (func (export "trap") unreachable)
    (memory (export "memory") 1))"#;

#[test]
fn a_guest_gets_its_name_and_what_follows() {
    let dir = Dir::with(&[("echo.wat", ECHO)]);
    dir.run(&["echo.wat"]).prints("echo.wat\n");
    let path = dir.0.join("echo.wat");
    dir.run(&["run", path.to_str().unwrap(), "one", "two words", ""]).prints("echo.wat\none\ntwo words\n\n");
    // Flags behind the file are the guest's, even ours, and even the separator.
    dir.run(&["echo.wat", "--env", "A=1", "--help", "--", "-x"])
        .prints("echo.wat\n--env\nA=1\n--help\n--\n-x\n");
    dir.run(&["--", "echo.wat", "--", "x"]).prints("echo.wat\n--\nx\n");
}

#[test]
fn the_environment_is_given_or_inherited() {
    let dir = Dir::with(&[("echo.wat", ECHO)]);
    dir.run(&["--env", "A=1", "--env=B=x=y", "--env", "EMPTY=", "echo.wat"])
        .prints("echo.wat\nA=1\nB=x=y\nEMPTY=\n");
    dir.run(&["--env", "UPSHIFT_TEST_SET", "--env", "UPSHIFT_TEST_UNSET", "echo.wat"])
        .prints("echo.wat\nUPSHIFT_TEST_SET=from the host\n");
    // The last one counts, and the command line more than a settings file.
    dir.run(&["--env", "A=1", "--env", "B=2", "--env", "A=3", "echo.wat"]).prints("echo.wat\nB=2\nA=3\n");
    fs::write(dir.0.join("named.toml"), "env = ['A=file', 'C=4']").unwrap();
    dir.run(&["--config", "named.toml", "--env", "A=flag", "echo.wat"]).prints("echo.wat\nC=4\nA=flag\n");
}

#[test]
fn streams_go_through_and_the_exit_code_is_the_guests() {
    let dir = Dir::with(&[("copy.wat", COPY)]);
    let outcome = dir.run_with_input(&["copy.wat"], b"hello");
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(5), "hello", ""));
    dir.run(&["copy.wat"]).prints("");
    let outcome = dir.run_with_input(&["copy.wat"], &[b'x'; 200]);
    assert_eq!((outcome.code, outcome.stdout.len()), (Some(200), 200));
}

#[test]
fn an_exit_code_that_does_not_fit_is_no_success() {
    for (code, expected) in [(0, 0), (1, 1), (126, 126), (255, 255), (256, 1), (65536, 1), (-1, 1)] {
        let wat = format!(
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (func (export "_start") (call $exit (i32.const {code}))))"#
        );
        let outcome = Dir::with(&[("exit.wat", &wat)]).run(&["exit.wat"]);
        assert_eq!(outcome.code, Some(expected), "{code}");
        // What the code was is said only where it is not what the process ends with.
        let said = outcome.stderr.contains(&format!("exited with code {code}"));
        assert_eq!(
            (said, outcome.stderr.is_empty()),
            (code != expected, code == expected),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_module_is_entered_at_its_start_or_its_default_export() {
    let enters = |exports: &str| {
        let wat = format!(
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) {exports})"#
        );
        Dir::with(&[("a.wat", &wat)]).run(&["a.wat"])
    };
    let three = r#"(func (export "") (call $exit (i32.const 3)))"#;
    let four = r#"(func (export "_start") (call $exit (i32.const 4)))"#;
    assert_eq!(enters(three).code, Some(3));
    assert_eq!(enters(&format!("{three} {four}")).code, Some(4));
    assert_eq!(enters("").code, Some(0));
    enters(r#"(func (export "_start") (param i32))"#).fails(1, &["`_start` has to take and return nothing"]);
    let unnamed = enters(r#"(func (export "") (param i32))"#);
    unnamed.fails(1, &["the export without a name has to take and return nothing"]);
    assert!(!unnamed.stderr.contains("_start"), "{unnamed:?}");
}

#[test]
fn a_guest_without_memory_for_its_pointers_is_told_so() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "mem") 1)
        (func (export "_start")
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)))))"#;
    let outcome = Dir::with(&[("a.wat", wat)]).run(&["a.wat"]);
    outcome.fails(134, &["no export `memory`", "fd_write"]);
    assert!(!outcome.stderr.contains("out of bounds"), "{outcome:?}");
}

/// Pipes that somebody else has set not to wait, as some shells and event loops do with what they share.
#[test]
fn streams_that_do_not_wait_are_waited_for() {
    const LINES: usize = 20_000;
    let dir = Dir::with(&[("math.wat", MATH), ("copy.wat", COPY)]);
    let start = |args: &[&str]| {
        let (mut reader, stdout) = std::io::pipe().unwrap();
        let (stdin, writer) = std::io::pipe().unwrap();
        for end in [&stdin as &dyn std::os::fd::AsFd, &stdout] {
            rustix::io::ioctl_fionbio(end, true).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
        command.args(args).current_dir(&dir.0).stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // The command has the ends of the child, which would never see the end.
        drop(command);
        let reads = std::thread::spawn(move || {
            // Until then the pipe is full.
            std::thread::sleep(std::time::Duration::from_millis(200));
            let mut all = String::new();
            reader.read_to_string(&mut all).unwrap();
            all
        });
        (child, writer, reads)
    };
    // What the program reads and prints itself.
    let (child, mut writer, reads) = start(&["run", "--batch", "math.wat"]);
    std::thread::sleep(std::time::Duration::from_millis(50));
    let calls = "add 1000000 2000000\n".repeat(LINES);
    writer.write_all(calls.as_bytes()).unwrap();
    drop(writer);
    assert_eq!(Outcome::new(child.wait_with_output().unwrap()).code, Some(0));
    assert_eq!(reads.join().unwrap(), "3000000\n".repeat(LINES));
    // A module that comes in parts.
    let (child, mut writer, reads) = start(&["run", "--invoke", "add", "-", "1", "2"]);
    for part in [&MATH[..MATH.len() / 2], &MATH[MATH.len() / 2..]] {
        std::thread::sleep(std::time::Duration::from_millis(50));
        writer.write_all(part.as_bytes()).unwrap();
    }
    drop(writer);
    assert_eq!(Outcome::new(child.wait_with_output().unwrap()).code, Some(0));
    assert_eq!(reads.join().unwrap(), "3\n");
    // A guest, whose exit code is the number of bytes that it has copied.
    let (child, mut writer, reads) = start(&["run", "copy.wat"]);
    std::thread::sleep(std::time::Duration::from_millis(50));
    writer.write_all(b"text").unwrap();
    assert_eq!(Outcome::new(child.wait_with_output().unwrap()).code, Some(4));
    assert_eq!(reads.join().unwrap(), "text");
    // One that waits for ever is stopped as any other.
    let (child, writer, reads) = start(&["run", "--timeout", "100ms", "copy.wat"]);
    Outcome::new(child.wait_with_output().unwrap()).fails(134, &["has used up its time"]);
    drop(writer);
    assert_eq!(reads.join().unwrap(), "");
}

#[test]
fn a_directory_is_seen_only_if_given() {
    let dir = Dir::with(&[("cat.wat", CAT)]);
    fs::create_dir(dir.0.join("data")).unwrap();
    fs::write(dir.0.join("data/file"), "contents").unwrap();
    // 8 is `badf`: there is no directory.
    assert_eq!(dir.run(&["cat.wat"]).code, Some(8));
    dir.run(&["--dir", "data", "cat.wat"]).prints("datacontents");
    dir.run(&["--dir", "data::/guest", "cat.wat"]).prints("/guestcontents");
    // 44 is `noent`.
    let outcome = dir.run(&["--dir=.", "cat.wat"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(44), "."));
    dir.run(&["--dir", "missing", "cat.wat"]).fails(1, &["`missing`", "No such file"]);
    dir.run(&["--dir", "cat.wat", "cat.wat"]).fails(1, &["`cat.wat`", "Not a directory"]);
}

#[test]
fn invoke_parses_and_prints() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    dir.run(&["--invoke", "add", "math.wat", "1", "-3"]).prints("-2\n");
    dir.run(&["run", "--invoke=add", "math.wat", "0xffffffff", "4294967295"]).prints("-2\n");
    dir.run(&["--invoke", "all", "math.wat", "-1", "9223372036854775807", "0.5", "-1e100"])
        .prints(&format!("-1{}\n0.5\n9223372036854775807\n-1\n", "0".repeat(100)));
    dir.run(&["--invoke", "all", "math.wat", "1", "2", "nan", "-inf"]).prints("-inf\nNaN\n2\n1\n");
    dir.run(&["--invoke", "refs", "math.wat"]).prints("<null funcref>\n<null externref>\n<funcref>\n");
    dir.run(&["--invoke", "vector", "math.wat", "0x100000000"]).prints("4294967296\n");
    dir.run(&["--invoke", "nothing", "math.wat"]).prints("");
}

#[test]
fn invoke_says_what_does_not_fit() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    dir.run(&["--invoke", "add", "math.wat", "1"]).fails(2, &["`add`", "2 arguments", "not 1"]);
    let outcome = dir.run_with_input(&["--batch", "math.wat"], b"add 1 2 3");
    assert!(outcome.code == Some(1) && outcome.stderr.contains("not 3"), "{outcome:?}");
    dir.run(&["--invoke", "add", "math.wat", "1", "x"]).fails(2, &["`x`", "i32"]);
    dir.run(&["--invoke", "add", "math.wat", "1", "4294967296"]).fails(2, &["`4294967296`", "i32"]);
    dir.run(&["--invoke", "all", "math.wat", "1", "1.5", "1", "1"]).fails(2, &["`1.5`", "i64"]);
    dir.run(&["--invoke", "sub", "math.wat"])
        .fails(2, &["`sub`", "add: (i32, i32) -> (i32)", "all: ", "trap: () -> ()"]);
    let outcome = dir.run(&["--invoke", "memory", "math.wat"]);
    outcome.fails(2, &["`memory` is a memory", "add: "]);
}

#[test]
fn a_trap_is_134() {
    let dir = Dir::with(&[
        ("math.wat", MATH),
        ("start.wat", "(module (func $f unreachable) (start $f))"),
        ("segment.wat", r#"(module (memory 1) (data (i32.const 65535) "xx"))"#),
    ]);
    dir.run(&["--invoke", "trap", "math.wat"]).fails(134, &["`math.wat`", "unreachable", " - trap\n"]);
    dir.run(&["start.wat"]).fails(134, &["unreachable"]);
    dir.run(&["segment.wat"]).fails(134, &["out of bounds memory access"]);
}

#[test]
fn a_bad_pointer_of_the_guest_is_134() {
    let bad = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (drop (call $random (i32.const 65536) (i32.const 1)))))"#;
    let dir = Dir::with(&[("bad.wat", bad)]);
    dir.run(&["bad.wat"]).fails(134, &["random_get", "out of bounds"]);
}

#[test]
fn a_library_is_initialized() {
    let library = r#"(module
        (global $g (mut i32) (i32.const 1))
        (func (export "_initialize") (global.set $g (i32.const 42)))
        (func (export "get") (result i32) (global.get $g)))"#;
    let dir = Dir::with(&[("library.wat", library)]);
    dir.run(&["--invoke", "get", "library.wat"]).prints("42\n");
    dir.run(&["library.wat"]).prints("");
}

#[test]
fn preloads_are_imported_from() {
    let main = r#"(module
        (import "lib" "get" (func $get (result i32)))
        (func (export "twice") (result i32) (i32.mul (call $get) (i32.const 2))))"#;
    let middle = r#"(module (import "base" "seven" (func (result i32))) (export "get" (func 0)))"#;
    let base = r#"(module (func (export "seven") (result i32) (i32.const 7)))"#;
    let dir = Dir::with(&[("main.wat", main), ("middle.wat", middle), ("base.wat", base)]);
    dir.run(&["--preload", "base=base.wat", "--preload", "lib=middle.wat", "--invoke", "twice", "main.wat"])
        .prints("14\n");
    dir.run(&["--invoke", "twice", "main.wat"]).fails(1, &["`main.wat`", "lib", "get"]);
    dir.run(&["--preload", "lib", "main.wat"]).fails(2, &["NAME=FILE"]);
    dir.run(&["--preload", "lib=missing", "main.wat"]).fails(1, &["`missing`"]);
    dir.run(&["--preload", "lib=middle.wat", "main.wat"]).fails(1, &["`lib`", "base"]);
}

#[test]
fn every_dispatch_runs() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    for how in ["loop", "tail"] {
        dir.run(&["--dispatch", how, "--invoke", "add", "math.wat", "2", "3"]).prints("5\n");
    }
    dir.run(&["--dispatch", "jump", "math.wat"]).fails(2, &["`--dispatch jump`", "`loop`", "`tail`"]);
}

#[test]
fn only_tiers_that_exist_can_be_chosen() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    for tier in ["0", "interp", "auto"] {
        dir.run(&["--tier", tier, "--invoke", "add", "math.wat", "2", "3"]).prints("5\n");
    }
    for (tier, name) in [
        ("1", Tier::Baseline),
        ("baseline", Tier::Baseline),
        ("2", Tier::Optimizing),
        ("opt", Tier::Optimizing),
    ] {
        if name.is_available() {
            dir.run(&["--tier", tier, "--invoke", "add", "math.wat", "2", "3"]).prints("5\n");
        } else {
            dir.run(&["--tier", tier, "math.wat"]).fails(2, &["--tier", "no tier", name.name(), "`interp`"]);
        }
    }
    // The loop has no tail calls, and native code has nothing else to go to.
    if Tier::Baseline.is_available() && Dispatch::LOOP_AVAILABLE {
        let args = ["--dispatch=loop", "--stats", "--invoke", "add", "math.wat", "2", "3"];
        let outcome = dir.run(&args);
        assert_eq!(outcome.code, Some(0));
        let compiled = outcome.stderr.lines().find(|line| line.starts_with("functions compiled")).unwrap();
        assert!(compiled.contains(" 0; ") && compiled.contains("dispatch"), "{compiled}");
        let args = ["--dispatch=loop", "--tier=baseline", "--invoke", "add", "math.wat", "2", "3"];
        let outcome = dir.run(&args);
        assert!(outcome.code != Some(0) && outcome.stderr.contains("native code"), "{outcome:?}");
    }
    for tier in ["3", "", "jit"] {
        dir.run(&["--tier", tier, "math.wat"])
            .fails(2, &["--tier", "`interp`", "`baseline`", "`opt`", "`auto`"]);
    }
}

#[test]
fn busy_functions_may_be_optimized() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    for way in ["off", "background", "sync"] {
        dir.run(&["--jit", way, "--invoke", "add", "math.wat", "2", "3"]).prints("5\n");
    }
    dir.run(&["--jit", "later", "math.wat"]).fails(2, &["`--jit later`", "`off`", "`background`", "`sync`"]);
}

#[test]
fn thresholds_of_tiers_can_be_set() {
    let dir = Dir::with(&[("math.wat", MATH), ("upshift.toml", "tiering = 'optimize=1'\n")]);
    for tiering in
        ["start=0", "busy=1,start=1000,optimize=20_000", "waiting=0,looks=0,heads=0,more-heads=0,queue=0"]
    {
        dir.run(&["--tiering", tiering, "--invoke", "add", "math.wat", "2", "3"]).prints("5\n");
    }
    for (tiering, what) in [("calls=1", "no such threshold"), ("busy=few", "a number"), ("busy", "NAME=N")] {
        let written = format!("`--tiering {tiering}`");
        dir.run(&["--tiering", tiering, "math.wat"])
            .fails(2, &[&written, what, "`busy`", "`start`", "`optimize`"]);
    }
}

#[test]
fn both_forms_of_returns_run() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    for form in ["paired", "jump"] {
        dir.run(&["--returns", form, "--invoke", "add", "math.wat", "2", "3"]).prints("5\n");
    }
    dir.run(&["--returns", "call", "math.wat"]).fails(2, &["`--returns call`", "`paired`", "`jump`"]);
}

#[test]
fn functions_with_too_much_code_are_told() {
    if !Tier::Baseline.is_available() {
        return;
    }
    // Two bytes that become more than a hundred.
    let turns = "i64.trunc_f64_u f64.convert_i64_u ".repeat(5000);
    let wat = format!(
        r#"(module
            (func $large (param f64) (result f64) local.get 0 {turns})
            (func (export "_start") (drop (call $large (f64.const 3)))))"#
    );
    let dir = Dir::with(&[("large.wat", &wat)]);
    let outcome = dir.run(&["--tier=baseline", "--stats", "large.wat"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let line = |name: &str| outcome.stderr.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("functions refused").ends_with(" 1 (code-budget)"), "{}", outcome.stderr);
    assert!(line("functions compiled").contains(" 1 baseline: "), "{}", outcome.stderr);
    let table = dir.run(&["analyze", "--tier=baseline", "large.wat"]);
    let row = table.stdout.lines().find(|line| line.ends_with("large")).unwrap();
    assert!(row.contains("code-budget"), "{}", table.stdout);
    let list = dir.run(&["analyze", "--tier=baseline", "--json", "large.wat"]).stdout;
    assert!(list.contains(r#""refused":"code-budget""#) || list.contains(r#""refused": "code-budget""#));
    let code = dir.run(&["--dump=asm", "--func=large", "large.wat"]).stdout;
    assert!(code.starts_with("; stays in the interpreter: code-budget"));
}

#[test]
fn dump_prints_code_and_runs_nothing() {
    let dir =
        Dir::with(&[("math.wat", MATH), ("import.wat", r#"(module (import "a" "b" (func)) (func $f))"#)]);
    let all = dir.run(&["--dump", "ir", "math.wat"]);
    assert_eq!(all.code, Some(0), "{all:?}");
    assert_eq!(all.stdout.matches("; function ").count(), 6);
    for func in ["0", "add"] {
        let one = dir.run(&["--dump", "ir", "--func", func, "math.wat"]);
        assert!(one.stdout.starts_with("; function 0 `add`\n"), "{one:?}");
        assert!(one.stdout.contains("i32.add"), "{one:?}");
        assert_eq!(one.stdout.matches("; function ").count(), 1);
    }
    // Nothing is linked, so imports may be missing.
    let one = dir.run(&["--dump", "ir", "--func", "f", "import.wat"]);
    assert!(one.stdout.starts_with("; function 1 `f`\n"), "{one:?}");
    dir.run(&["--dump", "ir", "--func", "0", "import.wat"]).fails(2, &["function 0 is imported"]);
    dir.run(&["--dump", "ir", "--func", "9", "import.wat"]).fails(2, &["no function 9"]);
    dir.run(&["--dump", "ir", "--func", "nope", "import.wat"]).fails(2, &["no function `nope`"]);
    dir.run(&["--dump", "cfg", "math.wat"]).fails(2, &["`--dump cfg`", "`ir`"]);
    // What the optimizing compiler has between its steps, and what it makes.
    let ssa = dir.run(&["--dump", "ssa", "--func", "add", "math.wat"]).stdout;
    assert!(ssa.starts_with("; build\n") && ssa.contains("i32.add v0, v1"), "{ssa}");
    let mach = dir.run(&["--dump", "mach", "--func", "add", "math.wat"]).stdout;
    assert!(mach.starts_with("; lower\n") && mach.contains("; allocate\n"), "{mach}");
    let asm = dir.run(&["--tier", "opt", "--dump", "asm", "--func", "add", "math.wat"]).stdout;
    assert!(
        asm.starts_with("; function 0 `add`: ") && asm.contains("; entry with arguments in registers\n"),
        "{asm}"
    );
    dir.run(&["--dump", "ir,", "math.wat"]).fails(2, &["`--dump ir,`", "`ir`"]);
    dir.run(&["--func", "add", "math.wat"]).fails(2, &["--dump"]);
}

#[test]
fn dump_prints_machine_code_for_people_and_for_disassemblers() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    let all = dir.run(&["--dump", "asm", "math.wat"]);
    assert_eq!(all.code, Some(0), "{all:?}");
    assert_eq!(all.stdout.matches("; function ").count(), 6);
    let one = dir.run(&["--dump", "asm", "--func", "add", "math.wat"]).stdout;
    assert!(one.starts_with("; function 0 `add`: ") && one.contains(" i32.add\n"), "{one}");
    let (code, _) = one.split_once("; pool\n").expect("there is a pool");
    let mut lines: Vec<(u64, Vec<u8>)> = Vec::new();
    for line in code.lines().filter_map(|line| line.strip_prefix('@')) {
        let (at, bytes) = line.split_once(' ').expect("an offset and bytes");
        let bytes = bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap());
        lines.push((u64::from_str_radix(at, 16).unwrap(), bytes.collect()));
    }
    lines.sort();
    let told = lines.into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<u8>>();
    let raw = dir.command(&["--dump", "asm-bytes", "--func", "add", "math.wat"]).output().unwrap();
    assert_eq!(raw.stdout, told);
    dir.run(&["--dump", "asm-bytes", "math.wat"]).fails(2, &["`--dump asm-bytes`", "`--func`"]);
    dir.run(&["--dump", "ir,asm-bytes", "--func", "add", "math.wat"]).fails(2, &["`--dump asm-bytes`"]);
}

#[test]
fn wast_counts_and_fails() {
    let good = r#"(module (func (export "f") (result i32) (i32.const 1)))
        (assert_return (invoke "f") (i32.const 1))"#;
    let bad = r#"(module (func (export "f") (result i32) (i32.const 1)))
        (assert_return (invoke "f") (i32.const 2))"#;
    let dir = Dir::with(&[("good.wast", good), ("bad.wast", bad), ("broken.wast", "(module")]);
    dir.run(&["wast", "good.wast"]).prints("good.wast: 2 of 2 directives passed\n");
    let outcome = dir.run(&["wast", "--dispatch", "loop", "bad.wast", "good.wast"]);
    outcome.fails(1, &["1 directives failed"]);
    for line in ["bad.wast:2:", "bad.wast: 1 of 2 directives passed", "good.wast: 2 of 2 directives passed"] {
        assert!(outcome.stdout.contains(line), "{outcome:?}");
    }
    dir.run(&["wast", "broken.wast"]).fails(1, &["`broken.wast`"]);
    dir.run(&["wast", "missing.wast"]).fails(1, &["`missing.wast`"]);
    dir.run(&["wast"]).fails(2, &["FILE"]);
}

/// A script is run as a program would be: without a feature, on a budget, with one NaN.
#[test]
fn wast_takes_features_fuel_and_canonical_nans() {
    let two = r#"(assert_invalid (module (memory 0) (memory 0)) "multiple memories")"#;
    let spin = r#"(module (func (export "spin") (loop (br 0)))) (invoke "spin")"#;
    // What comes of an operand with a payload is that payload, or the canonical NaN.
    let nan = r#"(module (func (export "add") (result i32)
            (i32.reinterpret_f32 (f32.add (f32.const nan:0x200001) (f32.const 1)))))
        (assert_return (invoke "add") (i32.const 0x7fc00000))"#;
    let dir = Dir::with(&[("two.wast", two), ("spin.wast", spin), ("nan.wast", nan)]);
    dir.run(&["wast", "two.wast"]).fails(1, &["1 directives failed"]);
    dir.run(&["wast", "-W", "multi-memory=n", "two.wast"]).prints("two.wast: 1 of 1 directives passed\n");
    let outcome = dir.run(&["wast", "--fuel", "1000", "spin.wast"]);
    outcome.fails(1, &["1 directives failed"]);
    assert!(outcome.stdout.contains("all fuel consumed"), "{outcome:?}");
    for flags in [&["--canonical-nans"][..], &["-W", "nan-canonicalization=y"]] {
        dir.run(&[&["wast"], flags, &["nan.wast"]].concat()).prints("nan.wast: 2 of 2 directives passed\n");
    }
}

#[test]
fn validate_checks_all_files() {
    let dir = Dir::with(&[("good.wat", "(module)"), ("bad.wat", "(module (func (result i32)))")]);
    dir.run(&["validate", "good.wat"]).prints("");
    dir.run(&["validate", "bad.wat", "missing.wat", "good.wat"])
        .fails(1, &["`bad.wat`", "`missing.wat`", "2 of 3 files"]);
    dir.run(&["validate"]).fails(2, &["FILE"]);
}

#[test]
fn what_is_no_module_is_named() {
    let dir = Dir::with(&[
        ("empty.wasm", ""),
        ("garbage.wasm", "\x7fELF nothing of ours"),
        ("component.wasm", "\0asm\x0d\0\x01\0"),
        ("version.wasm", "\0asm\x02\0\0\0"),
        ("short.wasm", "\0asm"),
        ("text.wat", "(module (func (export \"f\") i32.nonsense))"),
        ("prose.txt", "Dear reader,"),
    ]);
    dir.run(&["missing.wasm"]).fails(1, &["`missing.wasm`", "No such file"]);
    dir.run(&["."]).fails(1, &["`.`", "Is a directory"]);
    dir.run(&["empty.wasm"]).fails(1, &["`empty.wasm`", "empty"]);
    let form = "not a WebAssembly module: expected `\\0asm` or text";
    dir.run(&["garbage.wasm"]).fails(1, &["`garbage.wasm`", form]);
    dir.run(&["prose.txt"]).fails(1, &["`prose.txt`", form]);
    dir.run(&["component.wasm"]).fails(1, &["`component.wasm`", "component"]);
    dir.run(&["version.wasm"]).fails(1, &["`version.wasm`", "version"]);
    dir.run(&["short.wasm"]).fails(1, &["`short.wasm`"]);
    dir.run(&["text.wat"]).fails(1, &["`text.wat`", "i32.nonsense"]);
}

#[test]
fn a_module_can_come_from_the_input() {
    let dir = Dir::new();
    dir.run_with_input(&["--invoke", "add", "-", "1", "2"], MATH.as_bytes()).prints("3\n");
    dir.run_with_input(&["-"], b"\0asm\x01\0\0\0").prints("");
    dir.run(&["-"]).fails(1, &["`-`", "empty"]);
}

/// What has no end, or too late a one, is not read to it.
#[test]
fn a_module_has_an_end() {
    let dir = Dir::with(&[("spaces.wat", &format!("{}(module)", " ".repeat(10_000)))]);
    dir.run(&["/dev/zero"]).fails(1, &["`/dev/zero`", "not a WebAssembly module"]);
    let large = fs::File::create(dir.0.join("large.wasm")).unwrap();
    large.set_len((1 << 30) + 1).unwrap();
    dir.run(&["large.wasm"]).fails(1, &["`large.wasm`", "more than 1 GiB"]);
    dir.run(&["--preload", "a=large.wasm", "spaces.wat"]).fails(1, &["more than 1 GiB"]);
    dir.run(&["spaces.wat"]).prints("");
}

#[test]
fn comments_may_come_first_in_text() {
    let dir = Dir::with(&[("commented.wat", ";; a comment\n\n  (module)")]);
    dir.run(&["commented.wat"]).prints("");
}

#[test]
fn help_and_version() {
    let dir = Dir::new();
    for ask in [&["--help"][..], &["-h"]] {
        let help = dir.run(ask);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
        for verb in ["run", "inspect", "validate", "wast", "features", "completions", "man", "help"] {
            assert!(help.stdout.contains(&format!("\n  {verb} ")), "no {verb} in {}", help.stdout);
        }
    }
    for (verb, flags) in
        [("run", &["invoke", "dir", "fuel", "dump"][..]), ("inspect", &["json"]), ("wast", &["tier"])]
    {
        let help = dir.run(&[verb, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
        for flag in flags {
            assert!(help.stdout.contains(&format!("\n  --{flag} ")), "no {flag} in {}", help.stdout);
        }
    }
    for ask in ["--version", "-V"] {
        dir.run(&[ask]).prints(&format!("upshift {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn a_wrong_command_line_is_2() {
    let dir = Dir::with(&[("m.wat", "(module)")]);
    dir.run(&[]).fails(2, &["FILE", "--help"]);
    dir.run(&["run"]).fails(2, &["FILE"]);
    dir.run(&["--bogus", "m.wat"]).fails(2, &["--bogus"]);
    dir.run(&["-x", "m.wat"]).fails(2, &["-x"]);
    dir.run(&["--env"]).fails(2, &["--env"]);
    dir.run(&["wast", "--dir", ".", "m.wat"]).fails(2, &["--dir"]);
    dir.run(&["validate", "--invoke", "f", "m.wat"]).fails(2, &["--invoke"]);
}

#[test]
fn a_closed_output_ends_the_program_without_a_word() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_upshift"))
        .args(["--invoke", "add", "math.wat", "1", "2"])
        .current_dir(&dir.0)
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let outcome = Outcome::new(output);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(141), ""));
}

#[test]
fn names_of_a_batch_may_be_quoted() {
    let names = r##"(module
        (func (export "two words") (param i32) (result i32) (local.get 0))
        (func (export "") (result i32) (i32.const 1))
        (func (export "#") (result i32) (i32.const 2))
        (func (export "a \"quote\" \\") (result i32) (i32.const 3))
        (func (export "it's") (result i32) (i32.const 4))
        (func (export "\c2\a0\n") (result i32) (i32.const 5)))"##;
    let dir = Dir::with(&[("names.wat", names)]);
    let input = r##""two words" "7"
""
"#"
# a comment
"a \"quote\" \\"
it's
"\u{a0}\n"
"\c2\a0\0a"
"##;
    let outcome = dir.run_with_input(&["--batch", "names.wat"], input.as_bytes());
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (Some(0), "7\n1\n2\n3\n4\n5\n5\n"),
        "{}",
        outcome.stderr
    );
    let outcome = dir.run_with_input(&["--batch", "names.wat"], b"\"two words 1\nit's\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), "4\n"));
    outcome.fails(1, &["line 1", "closing quote"]);
}

#[test]
fn switches_may_say_that_they_are_off() {
    let dir = Dir::with(&[("echo.wat", ECHO)]);
    let set = ["--env", "A=1"];
    for off in ["false", "no", "n"] {
        // The command line's last word counts, also against a settings file that may say so.
        dir.run(&["--sandbox", &format!("--sandbox={off}"), set[0], set[1], "echo.wat"])
            .prints("echo.wat\nA=1\n");
        dir.run(&["--inherit-env", &format!("--inherit-env={off}"), "echo.wat"]).prints("echo.wat\n");
    }
    dir.run(&["--sandbox=true", "echo.wat"]).prints("echo.wat\n");
    dir.run(&["--sandbox=maybe", "echo.wat"]).fails(2, &["--sandbox=maybe", "`y` or `n`"]);
    // A sandbox that is off reads the settings of the working directory.
    fs::write(dir.0.join("upshift.toml"), "fuel = 1").unwrap();
    dir.run(&["--sandbox=false", "echo.wat"]).fails(134, &["fuel"]);
    dir.run(&["--sandbox", "echo.wat"]).prints("echo.wat\n");
}
