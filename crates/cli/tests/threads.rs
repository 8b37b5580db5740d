//! Guests that start threads.

use std::time::{Duration, Instant};

use support::Dir;

mod support;

/// What every guest here begins with: a memory, `$spawn`, and `$print`, which writes bytes that lie in memory.
const HEAD: &str = r#"
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "env" "memory" (memory 1 4 shared))
    (export "memory" (memory 0))
    ;; The buffer list of each thread lies at 16 times its number, from 1024 on.
    (func $print (param $number i32) (param $at i32) (param $len i32)
        (local $list i32)
        (local.set $list (i32.add (i32.const 1024) (i32.shl (local.get $number) (i32.const 4))))
        (i32.store (local.get $list) (local.get $at))
        (i32.store offset=4 (local.get $list) (local.get $len))
        (drop (call $write (i32.const 1) (local.get $list) (i32.const 1) (i32.add (local.get $list) (i32.const 8)))))
    (func $wait_forever (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))"#;

fn guest(functions: &str) -> String {
    format!("(module {HEAD} {functions})")
}

/// Much less than for ever: the machine may be busy.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn threads_share_memory_and_streams() {
    // Each thread writes its argument, a letter, and adds one to word 4; the main thread waits for all of them.
    let text = guest(
        r#"(func (export "wasi_thread_start") (param $number i32) (param $letter i32)
            (local $at i32)
            (local.set $at (i32.add (i32.const 2048) (local.get $number)))
            (i32.store8 (local.get $at) (local.get $letter))
            (call $print (local.get $number) (local.get $at) (i32.const 1))
            (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
            (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
        (func (export "_start")
            (local $letter i32) (local $done i32)
            (local.set $letter (i32.const 97))
            (loop $again
                (if (i32.le_s (call $spawn (local.get $letter)) (i32.const 0)) (then unreachable))
                (local.set $letter (i32.add (local.get $letter) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $letter) (i32.const 117))))
            (loop $waiting
                (local.set $done (i32.atomic.load (i32.const 4)))
                (if (i32.lt_u (local.get $done) (i32.const 20))
                    (then
                        (drop (memory.atomic.wait32 (i32.const 4) (local.get $done) (i64.const -1)))
                        (br $waiting)))))"#,
    );
    let dir = Dir::with(&[("letters.wat", &text)]);
    for flags in [
        &["--threads"][..],
        &["-S", "threads"],
        &["-Sthreads=y"],
        &["--threads", "--sandbox", "--max-instances=21"],
    ] {
        let outcome = dir.run(&[flags, &["letters.wat"]].concat());
        let mut letters: Vec<char> = outcome.stdout.chars().collect();
        letters.sort_unstable();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(letters.into_iter().eq('a'..='t'), "{}", outcome.stdout);
    }
    dir.run(&["letters.wat"]).fails(1, &["`wasi::thread-spawn`", "`env::memory`", "`upshift run --threads`"]);
}

#[test]
fn the_first_thread_that_ends_badly_ends_the_program() {
    let text = guest(
        r#"(func (export "wasi_thread_start") (param $number i32) (param $code i32)
            (if (i32.ge_s (local.get $code) (i32.const 0)) (then (call $exit (local.get $code))))
            (drop (i32.div_s (i32.const 1) (i32.const 0))))
        (func (export "end") (param $code i32)
            (drop (call $spawn (local.get $code)))
            (call $wait_forever))"#,
    );
    let dir = Dir::with(&[("end.wat", &text)]);
    let end = |code| dir.run(&["--threads", "--invoke", "end", "end.wat", code]);
    end("0").prints("");
    assert_eq!((end("7").code, end("7").stderr), (Some(7), String::new()));
    end("-1").fails(134, &["failed to run `end.wat`", "in thread 1", "divide by zero"]);
}

#[test]
fn the_end_of_the_first_thread_is_that_of_the_others() {
    let text = guest(
        r#"(data (i32.const 512) "done\n")
        (func (export "wasi_thread_start") (param i32 i32)
            (if (local.get 1) (then (call $wait_forever)))
            (loop (br 0)))
        (func (export "_start")
            (drop (call $spawn (i32.const 0)))
            (drop (call $spawn (i32.const 1)))
            (call $print (i32.const 0) (i32.const 512) (i32.const 5)))
        (func (export "exit") (drop (call $spawn (i32.const 1))) (call $exit (i32.const 9)))
        (func (export "hang") (drop (call $spawn (i32.const 0))) (call $wait_forever))"#,
    );
    let dir = Dir::with(&[("main.wat", &text)]);
    dir.run(&["--threads", "main.wat"]).prints("done\n");
    assert_eq!(dir.run(&["--threads", "--invoke", "exit", "main.wat"]).code, Some(9));
    let begin = Instant::now();
    dir.run(&["--threads", "--timeout=100ms", "--invoke", "hang", "main.wat"])
        .fails(134, &["100ms", "`--timeout DURATION`"]);
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
}

#[test]
fn limits_are_those_of_all_threads() {
    let text = guest(
        r#"(func (export "wasi_thread_start") (param i32 i32)
            (i32.atomic.store (i32.const 4) (memory.grow (i32.const 1)))
            (i32.atomic.store (i32.const 8) (i32.const 1))
            (drop (memory.atomic.notify (i32.const 8) (i32.const 1)))
            (call $wait_forever))
        (func (export "spawn") (result i32 i32 i32)
            (call $spawn (i32.const 0)) (call $spawn (i32.const 0)) (call $spawn (i32.const 0)))
        (func (export "grow") (result i32)
            (drop (call $spawn (i32.const 0)))
            (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1)))
            (i32.load (i32.const 4)))"#,
    );
    let dir = Dir::with(&[("limits.wat", &text)]);
    let run =
        |flags: &[&str], name| dir.run(&[&["--threads"], flags, &["--invoke", name, "limits.wat"]].concat());
    run(&[], "spawn").prints("1\n2\n3\n");
    run(&["--max-threads=2"], "spawn").prints("1\n2\n-1\n");
    run(&["--max-instances", "2"], "spawn").prints("1\n-1\n-1\n");
    run(&[], "grow").prints("1\n");
    run(&["-W", "max-memory-size=65536"], "grow").prints("-1\n");
    // A page, a thread with its stack, and no room for another page.
    let tight = &["--max-memory=1440KiB", "--max-stack=64KiB"];
    run(tight, "grow")
        .fails(134, &["in thread 1", "1440 KiB in all", "a larger memory", "`--max-memory SIZE`"]);
    run(&["--max-memory=1536KiB", "--max-stack=64KiB"], "grow").prints("1\n");
    // Each thread counts with the stack that it may take.
    run(&["--max-memory=10MiB"], "grow").prints("1\n");
    run(&["--max-memory=10MiB"], "spawn").prints("1\n-1\n-1\n");
    run(&["--max-memory=9MiB"], "spawn").prints("-1\n-1\n-1\n");
    run(&["-Wmax-memories=0"], "spawn").fails(134, &["there would be 1", "`--max-memories N`"]);
    run(&["-Wmax-memories=1"], "spawn").prints("1\n2\n3\n");
    run(&["--max-memory=65535"], "spawn").fails(134, &["65535 bytes", "`--max-memory SIZE`"]);
}

#[test]
fn threads_with_bombs_stay_within_the_limit() {
    // Each thread fills its own memory and table and keeps all objects that it makes, in different orders.
    let text = guest(
        r#"(memory $own 0)
        (table $t 0 externref)
        (type $node (struct (field i64 i64 i64) (field (ref null $node))))
        (func $objects (local $list (ref null $node))
            (loop $more
                (local.set $list (struct.new $node (i64.const 1) (i64.const 1) (i64.const 1) (local.get $list)))
                (br $more)))
        (func $memories (loop $more
            (if (i32.ne (memory.grow $own (i32.const 1)) (i32.const -1))
                (then
                    (memory.fill $own (i32.shl (i32.sub (memory.size $own) (i32.const 1)) (i32.const 16))
                        (i32.const 1) (i32.const 65536))
                    (br $more)))))
        (func $tables (loop $more
            (br_if $more (i32.ne (table.grow $t (ref.null extern) (i32.const 1000)) (i32.const -1)))))
        (func (export "wasi_thread_start") (param i32 i32)
            (if (i32.eq (local.get 1) (i32.const 0)) (then (call $memories)))
            (if (i32.eq (local.get 1) (i32.const 1)) (then (call $tables)))
            (call $objects))
        (func (export "bomb") (local $n i32)
            (loop $more
                (drop (call $spawn (i32.rem_u (local.get $n) (i32.const 3))))
                (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 15))))
            (call $memories)
            (call $wait_forever))"#,
    );
    let dir = Dir::with(&[("bomb.wat", &text)]);
    let run = |flags: &[&str]| {
        let program = env!("CARGO_BIN_EXE_upshift");
        // A limit of the system on what can be written to, as a net: the program itself and its first stack are small.
        let script = format!(
            "ulimit -d 200000; exec '{program}' run --threads --timeout=60s {} --invoke bomb bomb.wat",
            flags.join(" ")
        );
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(&dir.0)
            .env("XDG_CACHE_HOME", "/dev/null")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(134), "{errors}");
        assert!(errors.contains("64 MiB in all") && errors.contains("`--max-memory SIZE`"), "{errors}");
    };
    run(&["--max-memory=64MiB", "--max-stack=256KiB"]);
    run(&["--sandbox", "--max-memory=64MiB", "--max-table-elements=100000000"]);
    run(&["--max-memory=64MiB", "--max-stack=256KiB", "-Wtrap-on-grow-failure=n"]);
}

#[test]
fn files_are_the_same_for_all() {
    // The thread opens a file, which the main thread writes to and closes.
    let text = guest(
        r#"(data (i32.const 512) "file")
        (data (i32.const 516) "\0c\02\00\00\05\00\00\00hello")
        (func (export "wasi_thread_start") (param i32 i32)
            (i32.atomic.store (i32.const 8) (call $open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 4)
                (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 4)))
            (i32.atomic.store (i32.const 12) (i32.const 1))
            (drop (memory.atomic.notify (i32.const 12) (i32.const 1))))
        (func (export "_start")
            (drop (call $spawn (i32.const 0)))
            (drop (memory.atomic.wait32 (i32.const 12) (i32.const 0) (i64.const -1)))
            (if (i32.atomic.load (i32.const 8)) (then unreachable))
            (if (call $write (i32.load (i32.const 4)) (i32.const 516) (i32.const 1) (i32.const 1024)) (then unreachable))
            (if (call $close (i32.load (i32.const 4))) (then unreachable)))"#,
    );
    let dir = Dir::with(&[("file.wat", &text)]);
    dir.run(&["--threads", "--dir=.", "file.wat"]).prints("");
    assert_eq!(std::fs::read(dir.0.join("file")).unwrap(), b"hello");
}

#[test]
fn what_cannot_be_had_with_threads_is_said() {
    let start = r#"(func (export "wasi_thread_start") (param i32 i32))"#;
    let dir = Dir::with(&[("none.wat", &guest("")), ("some.wat", &guest(start))]);
    let fails = |flags: &[&str], part| {
        dir.run(&[&["--threads"], flags, &["some.wat"]].concat()).fails(2, &["`--threads`", part]);
    };
    fails(&["--deterministic"], "`--deterministic`");
    fails(&["--fuel=1"], "`--timeout`");
    fails(&["--stats=count"], "`--stats=count`");
    fails(&["--preload=x=none.wat"], "`--preload`");
    fails(&["-Wunknown-imports-trap"], "`--unknown-imports-trap`");
    dir.run(&["bench", "-Sthreads", "some.wat"]).fails(2, &["`upshift bench`"]);
    dir.run(&["--threads", "none.wat"]).fails(1, &["`wasi_thread_start`"]);
    dir.run(&["--threads", "some.wat"]).prints("");
}

#[test]
fn a_compiled_program_is_told_that_there_are_too_many() {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/rust/primes.wasm");
    let dir = Dir::new();
    let outcome = dir.run(&["--threads", "--max-threads=3", module]);
    assert!(outcome.code == Some(134) && outcome.stderr.contains("failed to spawn thread"), "{outcome:?}");
    assert_eq!(dir.run(&["--threads", "--max-threads=5", module]).code, Some(0));
    assert_eq!(dir.run(&["--threads", module, "0"]).code, Some(2));
}

#[test]
fn one_thread_with_a_shared_memory_can_be_deterministic() {
    // Prints four random bytes as letters, after a sleep of an hour on the clock that jumps.
    let text = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1 1 shared)
        (func (export "now") (result i64)
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
            (drop (call $time (i32.const 1) (i64.const 0) (i32.const 256)))
            (i64.load (i32.const 256)))
        (func (export "random") (result i64 i64)
            (drop (call $random (i32.const 256) (i32.const 12)))
            (i64.load (i32.const 256)) (i64.load (i32.const 264))))"#;
    let dir = Dir::with(&[("shared.wat", text)]);
    dir.run(&["--deterministic", "--invoke", "now", "shared.wat"]).prints("3600000001000\n");
    // The first numbers of SplitMix64 for the seed 0, the second one cut to four bytes.
    let first = 0xe220_a839_7b1d_cdaf_u64.cast_signed();
    let second = 0x6e78_9e6a_a1b9_65f4_u64 & 0xffff_ffff;
    dir.run(&["--deterministic", "--invoke", "random", "shared.wat"]).prints(&format!("{first}\n{second}\n"));
}
