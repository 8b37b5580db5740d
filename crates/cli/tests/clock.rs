//! The clock: it ends what takes too long, whatever that waits for, with the code and message of a time limit.
//!
//! The guests here would never end, or at least not while somebody waits for it; how long ending them takes is not measured
//! more exactly than that.

use std::fs;
use std::io::{PipeReader, Read, Write};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::{Dir, Outcome};

mod support;

/// Much more than a run may take that is to end after some tenths of a second: the machine may be busy.
const SOON: Duration = Duration::from_secs(30);

/// What is said of a time that is over.
const OVER: &[&str] = &["used up its time, which was 200ms", "`--timeout DURATION`", "interrupted"];

const TIMEOUT: &str = "--timeout=200ms";

/// Time in which a guest begins, and ends unless it waits.
const ENOUGH: &str = "--timeout=3s";

/// Waits for a child that has to end soon; kills it if it does not.
#[track_caller]
fn wait(child: &mut Child) -> ExitStatus {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begin.elapsed() > SOON {
            child.kill().unwrap();
            panic!("it did not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs the program with a standard input into which nobody writes and which nobody closes.
#[track_caller]
fn run_idle(dir: &Dir, args: &[&str]) -> Outcome {
    let mut child = dir.command(args).spawn().unwrap();
    let _idle = child.stdin.take();
    let status = wait(&mut child);
    let mut outcome = Outcome { code: status.code(), stdout: String::new(), stderr: String::new() };
    child.stdout.unwrap().read_to_string(&mut outcome.stdout).unwrap();
    child.stderr.unwrap().read_to_string(&mut outcome.stderr).unwrap();
    outcome
}

/// Waits in ways that neither fuel nor epochs see.
const WAITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1 shared)
    (data (i32.const 512) "\40\00\00\00\10\00\00\00")
    (func (export "wait") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
    (func (export "wait64") (drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const -1))))
    ;; An hour of the monotonic clock.
    (func (export "sleep")
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))
    ;; Until descriptor 0 can be read.
    (func (export "poll")
        (i32.store8 (i32.const 8) (i32.const 1))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))
    (func (export "read") (drop (call $read (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 528)))))"#;

#[test]
fn waiting_is_ended() {
    let dir = Dir::with(&[("waits.wat", WAITS)]);
    for flags in [
        &[][..],
        &["--sandbox"],
        &["--fuel=1000"],
        &["--sandbox", "--fuel=1000"],
        &["--sandbox", "--deterministic"],
        &["--stats"],
    ] {
        for way in ["wait", "wait64", "sleep", "poll", "read"] {
            // In a deterministic world no time passes while somebody waits for it, and streams are always ready.
            if flags.contains(&"--deterministic") && ["sleep", "poll"].contains(&way) {
                continue;
            }
            let outcome = run_idle(&dir, &[flags, &[TIMEOUT, "--invoke", way, "waits.wat"]].concat());
            assert_eq!(outcome.code, Some(134), "{flags:?} {way}: {outcome:?}");
            assert!(OVER.iter().all(|part| outcome.stderr.contains(part)), "{flags:?} {way}: {outcome:?}");
        }
    }
}

#[test]
fn waiting_for_calls_of_a_batch_is_in_the_time() {
    let dir = Dir::with(&[("waits.wat", WAITS)]);
    run_idle(&dir, &[TIMEOUT, "--batch", "waits.wat"]).fails(134, OVER);
}

/// Without a time of the user's own; that with `--deterministic` is tested where it is chosen, as it is long.
#[test]
fn a_sandbox_has_a_clock_beside_fuel() {
    let dir = Dir::with(&[("waits.wat", WAITS)]);
    let outcome = run_idle(&dir, &["--sandbox", "--fuel=1000", "--invoke", "read", "waits.wat"]);
    outcome.fails(134, &["used up its time, which was 10s", "`--timeout DURATION`"]);
}

#[test]
fn statistics_are_told_of_what_did_not_end() {
    let dir = Dir::with(&[("waits.wat", WAITS)]);
    let outcome = run_idle(&dir, &["--stats", ENOUGH, "--invoke", "read", "waits.wat"]);
    for part in
        ["time to first instruction", "functions translated         1 of 5", "peak memory of the process"]
    {
        assert!(outcome.stderr.contains(part), "no `{part}` in {outcome:?}");
    }
    assert!(outcome.stderr.find("time in all") < outcome.stderr.find("error: "), "{outcome:?}");
}

/// Whatever reads a module may wait for it for ever.
#[test]
fn reading_is_in_the_time() {
    let dir = Dir::with(&[("empty.wat", r#"(module (func (export "_start")))"#)]);
    assert!(std::process::Command::new("mkfifo").arg(dir.0.join("pipe")).status().unwrap().success());
    for line in [
        "run pipe",
        "run -",
        "run --sandbox pipe",
        "run --preload a=pipe empty.wat",
        "run --dump ir pipe",
        "bench pipe",
        "bench --input pipe empty.wat",
        "bench --input - empty.wat",
        "compare pipe empty.wat",
        "compare empty.wat pipe",
        "analyze -",
        "analyze --static pipe",
        "analyze --input pipe empty.wat",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let outcome = run_idle(&dir, &[&[words[0], TIMEOUT], &words[1..]].concat());
        assert_eq!(outcome.code, Some(134), "{line}: {outcome:?}");
        assert!(outcome.stderr.starts_with("error: failed to "), "{line}: {outcome:?}");
        assert!(OVER.iter().all(|part| outcome.stderr.contains(part)), "{line}: {outcome:?}");
    }
    // Without a limit on time it waits, and gets what comes late.
    let mut child = dir.command(&["--invoke", "f", "-"]).spawn().unwrap();
    thread::sleep(Duration::from_millis(100));
    child.stdin.take().unwrap().write_all(br#"(module (func (export "f")))"#).unwrap();
    assert_eq!(wait(&mut child).code(), Some(0));
}

/// Bytes of a module whose functions, which are never called, have so many operators.
fn large_module(functions: usize, operators: usize) -> Vec<u8> {
    fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }
    fn section(id: u8, contents: &[u8]) -> Vec<u8> {
        [&[id], &*leb(contents.len()), contents].concat()
    }
    // No locals, `nop`s, `end`.
    let body = [&[0], vec![1; operators].as_slice(), &[0x0b]].concat();
    let body = [leb(body.len()), body].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, b"\x01\x60\0\0"),
        section(3, &[leb(functions), vec![0; functions]].concat()),
        section(10, &[leb(functions), body.repeat(functions)].concat()),
    ]
    .concat()
}

#[test]
fn validating_is_in_the_time() {
    let dir = Dir::new();
    // Forty million operators take longer than a few milliseconds, of which none is left when reading ends.
    fs::write(dir.0.join("large.wasm"), large_module(8, 5_000_000)).unwrap();
    dir.run(&["large.wasm"]).prints("");
    for line in ["run large.wasm", "run --dump ir --func 0 large.wasm", "analyze --static large.wasm"] {
        let words: Vec<&str> = line.split(' ').collect();
        dir.run(&[&[words[0], "--timeout=1ms"], &words[1..]].concat())
            .fails(134, &["`large.wasm`", "used up its time, which was 1ms"]);
    }
}

/// What measures gives each iteration as much, and loading too.
#[test]
fn iterations_have_their_own_time() {
    let nap = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        ;; A hundred milliseconds.
        (func (export "_start")
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 100000000))
            (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;
    let dir = Dir::with(&[("nap.wat", nap)]);
    let limits = ["--timeout=1500ms", "--iterations=20"];
    assert_eq!(dir.run(&[&["bench"], &limits[..], &["nap.wat"]].concat()).code, Some(0));
    let outcome = dir.run(&[&["compare"], &limits[..], &["nap.wat", "nap.wat"]].concat());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

/// Fills what it is told to, and then ends in some way. It asks which descriptor can be written until none can.
const FILLS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func $write_some (param $fd i32) (param $len i32)
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (local.get $len))
        (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
    ;; As much as goes into a pipe.
    (func $fill (param $fd i32) (local $left i32)
        (local.set $left (i32.const 16))
        (loop $more
            (call $write_some (local.get $fd) (i32.const 4096))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
    (func (export "endless") (loop $more (call $write_some (i32.const 2) (i32.const 4096)) (br $more)))
    (func (export "spin") (call $fill (i32.const 2)) (loop (br 0)))
    (func (export "trap") (call $fill (i32.const 2)) unreachable)
    (func (export "exit") (call $fill (i32.const 2)) (call $exit (i32.const 3)))
    (func (export "too_much") (call $fill (i32.const 2)) (call $exit (i32.const 300)))
    (func (export "return") (call $fill (i32.const 2)))
    (func (export "_start") (call $fill (i32.const 2)))
    (func (export "output") (result i32) (call $fill (i32.const 1)) (i32.const 1))
    (func (export "small") (call $write_some (i32.const 2) (i32.const 1))))"#;

/// Runs the program with streams that nobody reads, and nothing to read but `input`; the exit code.
#[track_caller]
fn run_unread(dir: &Dir, args: &[&str], input: &str) -> Option<i32> {
    let (_errors, errors) = std::io::pipe().unwrap();
    let (_output, output) = std::io::pipe().unwrap();
    let mut child = dir.command(args).stderr(errors).stdout(output).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    wait(&mut child).code()
}

#[test]
fn streams_that_nobody_reads_do_not_stop_the_end() {
    let dir = Dir::with(&[("fills.wat", FILLS)]);
    let lines = [
        // Blocked in a call of WASI; computing; with a message that has no room, of a guest that has ended.
        ("run --invoke endless fills.wat", 134),
        ("run --invoke spin fills.wat", 134),
        ("run --invoke trap fills.wat", 134),
        ("run --invoke too_much fills.wat", 1),
        ("run --fuel 20 --invoke trap fills.wat", 134),
        // What there is to say before the end has no room either: the guest's code is the process's all the same.
        ("run --stats --invoke exit fills.wat", 3),
        ("run --stats --invoke return fills.wat", 0),
        ("run --stats --invoke trap fills.wat", 134),
        ("run --stats --invoke spin fills.wat", 134),
        // Lines of a trace, behind a lock.
        ("run --trace-wasi --invoke endless fills.wat", 134),
        ("run --trace-wasi --invoke trap fills.wat", 134),
        // Results, which are part of what was asked for.
        ("run --invoke output fills.wat", 134),
        ("run --sandbox --deterministic --invoke endless fills.wat", 134),
        ("run --dispatch loop --invoke endless fills.wat", 134),
        // Streams that are led elsewhere, behind locks too.
        ("bench --invoke endless fills.wat", 134),
        ("bench --invoke trap fills.wat", 134),
        ("bench --invoke return --guest-output --iterations 2 fills.wat", 134),
        ("bench --invoke output --guest-output --iterations 2 fills.wat", 134),
        ("bench --guest-output fills.wat", 134),
        ("compare --guest-output fills.wat fills.wat", 134),
        ("compare --invoke trap fills.wat fills.wat", 134),
        ("analyze --invoke endless fills.wat", 134),
        ("analyze --invoke trap fills.wat", 134),
        ("analyze --invoke exit fills.wat", 1),
    ];
    let run = |(line, code): (&str, i32)| {
        let words: Vec<&str> = line.split(' ').collect();
        let actual = run_unread(&dir, &[&[words[0], ENOUGH], &words[1..]].concat(), "");
        assert_eq!(actual, Some(code), "{line}");
    };
    // Most of the time they wait.
    thread::scope(|scope| {
        for part in lines.chunks(5) {
            scope.spawn(|| part.iter().copied().for_each(run));
        }
    });
    // Messages about lines of a batch.
    assert_eq!(run_unread(&dir, &[TIMEOUT, "--batch", "fills.wat"], "return\nunknown\n"), Some(134));
    assert_eq!(run_unread(&dir, &[TIMEOUT, "--batch", "fills.wat"], "output\noutput\n"), Some(134));
}

/// A thread of the guest holds what others would need to say something.
#[test]
fn threads_that_wait_for_readers_do_not_stop_the_end() {
    let guest = r#"(module
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "env" "memory" (memory 1 1 shared))
        (export "memory" (memory 0))
        (func $endless
            (i32.atomic.store (i32.const 0) (i32.const 1024))
            (i32.atomic.store (i32.const 4) (i32.const 4096))
            (loop $more
                (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
                (br $more)))
        (func (export "wasi_thread_start") (param i32 i32) (call $endless))
        (func (export "_start") (drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 1))) (call $endless)))"#;
    let dir = Dir::with(&[("threads.wat", guest)]);
    for flags in [&["--threads"][..], &["--threads", "--trace-wasi"], &["--threads", "--sandbox", "--stats"]]
    {
        assert_eq!(
            run_unread(&dir, &[flags, &[TIMEOUT, "threads.wat"]].concat(), ""),
            Some(134),
            "{flags:?}"
        );
    }
}

/// Reads all that comes, a little later than it does.
fn read_late(mut reader: PipeReader) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(250));
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        String::from_utf8_lossy(&all).into_owned()
    })
}

#[test]
fn who_reads_at_last_gets_the_message() {
    let dir = Dir::with(&[("fills.wat", FILLS)]);
    for way in ["spin", "trap"] {
        let (reader, writer) = std::io::pipe().unwrap();
        let reader = read_late(reader);
        let mut command = dir.command(&["--timeout=20s", "--invoke", way, "--fuel=10000", "fills.wat"]);
        let mut child = command.stderr(writer).stdout(Stdio::null()).spawn().unwrap();
        // The command has an end of the pipe too.
        drop(command);
        assert_eq!(wait(&mut child).code(), Some(134));
        let said = reader.join().unwrap();
        assert!(said.contains("error: failed to run `fills.wat`"), "{said}");
    }
}
