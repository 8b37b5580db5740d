//! Limits: each by the program that it stops, and the one just below it that runs.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use support::Dir;

mod support;

const SPIN: &str = r#"(module (func (export "_start") (loop (br 0))) (func (export "short")))"#;

/// Calls itself as often as it is told, with frames of 8 slots and more.
const DEEP: &str = r#"(module
    (func $down (export "down") (param i32)
        (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))))"#;

const GROW: &str = r#"(module
    (memory 1)
    (table 1 funcref)
    (memory $bounded 1 2)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "bounded") (param i32) (result i32) (memory.grow $bounded (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))"#;

/// Makes objects of at least 16 bytes: a list of so many, or as many of which the last one is kept.
const OBJECTS: &str = r#"(module
    (type $node (struct (field i64) (field (ref null $node))))
    (global $last (mut (ref null $node)) (ref.null $node))
    (func $make (param $count i32) (param $keep i32)
        (loop $next
            (global.set $last (struct.new $node
                (i64.const 1)
                (select (result (ref null $node)) (global.get $last) (ref.null $node) (local.get $keep))))
            (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (func (export "list") (param i32) (call $make (local.get 0) (i32.const 1)))
    (func (export "waste") (param i32) (call $make (local.get 0) (i32.const 0))))"#;

#[test]
fn fuel_is_counted_in_operators() {
    // Three operators: two `local.get` and `i32.add`; `end` is free.
    let add = r#"(module (func (export "add") (param i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 1))))"#;
    let dir = Dir::with(&[("add.wat", add), ("spin.wat", SPIN)]);
    for ample in [&["--fuel", "3"][..], &["-W", "fuel=3"], &["-Wfuel=1_000"], &["--wasm", "fuel=3"]] {
        let args = [ample, &["--invoke", "add", "add.wat", "1", "2"]].concat();
        dir.run(&args).prints("3\n");
    }
    dir.run(&["--fuel=2", "--invoke", "add", "add.wat", "1", "2"]).fails(134, &["fuel", "2", "`--fuel N`"]);
    dir.run(&["--fuel=100000", "spin.wat"]).fails(134, &["100000", "all fuel consumed"]);
}

/// Much more than a run may take that is to end after 100 ms, and much less than for ever: the machine may be busy.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_timeout_ends_loops() {
    let dir = Dir::with(&[("spin.wat", SPIN)]);
    for limit in [
        &["--timeout", "100ms"][..],
        &["-W", "timeout=100ms"],
        &["--timeout", "0.1"],
        &["--timeout=100ms", "--tier=opt"],
        &["--timeout=100ms", "--jit=sync"],
        &["--timeout=100ms", "--jit=background"],
    ] {
        let begin = Instant::now();
        dir.run(&[limit, &["spin.wat"]].concat())
            .fails(134, &["100ms", "`--timeout DURATION`", "interrupted"]);
        assert!((Duration::from_millis(100)..SOON).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    }
    dir.run(&["--timeout", "1m", "--invoke", "short", "spin.wat"]).prints("");
}

#[test]
fn a_timeout_ends_waiting() {
    // Waits for an hour of the monotonic clock.
    let sleep = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;
    let dir = Dir::with(&[("sleep.wat", sleep)]);
    let begin = Instant::now();
    dir.run(&["--timeout", "50ms", "sleep.wat"]).fails(134, &["50ms", "`--timeout DURATION`"]);
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
}

#[test]
fn memories_are_limited() {
    let dir = Dir::with(&[("grow.wat", GROW)]);
    let run = |flags: &[&str], call: &[&str]| dir.run(&[flags, &["--invoke"], call].concat());
    // Three pages, one of the other memory, and an element of a table.
    for size in ["262152", "257KiB", "263kB", "1MiB"] {
        run(&["--max-memory", size], &["memory", "grow.wat", "2"]).prints("1\n");
    }
    run(&["--max-memory=256KiB"], &["memory", "grow.wat", "2"])
        .fails(134, &["256 KiB in all", "a larger memory", "262152 bytes", "`--max-memory SIZE`"]);
    // What the module's own type forbids is its own matter.
    run(&["--max-memory=192KiB"], &["bounded", "grow.wat", "2"]).prints("-1\n");
    dir.run(&["--max-memory", "65535", "grow.wat"]).fails(134, &["65535 bytes", "64 KiB"]);
    run(&["--max-memory=192KiB", "-Wtrap-on-grow-failure=n"], &["memory", "grow.wat", "2"]).prints("-1\n");
    // As wasmtime does, each memory for itself.
    run(&["-W", "max-memory-size=131072"], &["memory", "grow.wat", "2"]).prints("-1\n");
    run(&["-W", "max-memory-size=131072"], &["memory", "grow.wat", "1"]).prints("1\n");
    run(&["-W", "max-memory-size=131072,trap-on-grow-failure"], &["memory", "grow.wat", "2"])
        .fails(134, &["128 KiB", "`-W max-memory-size=SIZE`"]);
    run(&["-W", "max-memory-size=131072", "--max-memory=160KiB"], &["memory", "grow.wat", "1"])
        .fails(134, &["160 KiB in all"]);
}

/// Fills all of sixteen memories with so many pages each.
fn many_memories() -> String {
    let memories: String = (0..16).map(|i| format!("(memory $m{i} 0 65536)")).collect();
    let fill: String = (0..16)
        .map(|i| {
            format!(
                "(drop (memory.grow $m{i} (local.get 0)))
                (memory.fill $m{i} (i32.const 0) (i32.const 1) (i32.shl (local.get 0) (i32.const 16)))"
            )
        })
        .collect();
    format!(r#"(module {memories} (func (export "fill") (param i32) {fill}))"#)
}

#[test]
fn memory_is_limited_in_all() {
    let tables = r#"(module
        (table $a 0 funcref) (table $b 0 externref)
        (func (export "grow") (param i32)
            (drop (table.grow $a (ref.null func) (local.get 0)))
            (drop (table.grow $b (ref.null extern) (local.get 0)))))"#;
    let dir = Dir::with(&[
        ("many.wat", &many_memories()),
        ("tables.wat", tables),
        ("objects.wat", OBJECTS),
        ("grow.wat", GROW),
    ]);
    let run = |flags: &[&str], call: &[&str]| dir.run(&[flags, &["--invoke"], call].concat());
    run(&["--max-memory=16MiB"], &["fill", "many.wat", "16"]).prints("");
    run(&["--max-memory=16MiB"], &["fill", "many.wat", "17"])
        .fails(134, &["16 MiB in all", "a larger memory", "`--max-memory SIZE`"]);
    run(&["--sandbox"], &["fill", "many.wat", "4096"]).fails(134, &["256 MiB in all", "512 MiB"]);
    run(&["--max-memory=1MiB"], &["grow", "tables.wat", "65536"]).prints("");
    run(&["--max-memory=1MiB"], &["grow", "tables.wat", "65537"]).fails(134, &["a larger table"]);
    run(&["--max-memory=1MiB"], &["list", "objects.wat", "50000"]).fails(134, &["a larger heap of objects"]);
    // Preloads are a part of the program: each of them has two pages and a table.
    let preloads = ["--preload=a=grow.wat", "--preload=b=grow.wat", "grow.wat"];
    dir.run(&[&["--max-memory=393240"][..], &preloads].concat()).prints("");
    dir.run(&[&["--max-memory=393239"][..], &preloads].concat()).fails(134, &["393239 bytes in all"]);
}

#[test]
fn tables_are_limited() {
    let dir = Dir::with(&[("grow.wat", GROW)]);
    let run = |flags: &[&str], count| dir.run(&[flags, &["--invoke", "table", "grow.wat", count]].concat());
    run(&["--max-table-elements", "10"], "9").prints("1\n");
    run(&["--max-table-elements", "10"], "10").fails(134, &["10", "11", "`--max-table-elements N`"]);
    run(&["-W", "max-table-elements=10"], "10").prints("-1\n");
    dir.run(&["--max-table-elements", "0", "grow.wat"]).fails(134, &["limited to 0 elements"]);
    // Nobody can want so many without saying so.
    run(&[], "10000000").prints("-1\n");
    run(&["--max-memory=1GiB"], "10000000").prints("-1\n");
    run(&["--max-table-elements=20000000"], "19999999").prints("1\n");
}

#[test]
fn heaps_are_limited() {
    let dir = Dir::with(&[("objects.wat", OBJECTS)]);
    let run = |flags: &[&str], call: &[&str]| dir.run(&[flags, &["--invoke"], call].concat());
    let (few, many) = (["list", "objects.wat", "10000"], ["list", "objects.wat", "100000"]);
    run(&["--max-gc-heap", "1MiB"], &few).prints("");
    run(&["--max-gc-heap", "1MiB"], &many).fails(134, &["limited to 1 MiB", "`--max-gc-heap SIZE`"]);
    run(&["--max-gc-heap=64MiB"], &many).prints("");
    run(&["--max-gc-heap=64KiB"], &few).fails(134, &["64 KiB"]);
    run(&["--max-gc-heap=0"], &["list", "objects.wat", "1"]).fails(134, &["limited to 0 bytes"]);
    // What nobody refers to is no matter, however much it is.
    run(&["--max-gc-heap=64KiB"], &["waste", "objects.wat", "1000000"]).prints("");
    // Half of the heap is for copies: objects of at least 16 bytes, at most 24.
    run(&["--max-gc-heap=1MiB"], &["list", "objects.wat", "32769"]).fails(134, &["half of them to copy"]);
    run(&["--max-gc-heap=1MiB"], &["list", "objects.wat", "21845"]).prints("");
    // All memory together is a limit of the heap too, and so is that of a memory, unless the heap has one.
    run(&["--max-memory=1MiB"], &many).fails(134, &["limited to 1 MiB in all", "`--max-memory SIZE`"]);
    run(&["--max-memory=1MiB", "--max-gc-heap=64MiB"], &many).fails(134, &["limited to 1 MiB in all"]);
    run(&["--max-memory=64MiB", "--max-gc-heap=1MiB"], &many).fails(134, &["`--max-gc-heap SIZE`"]);
    run(&["-W", "max-memory-size=1048576"], &many).fails(134, &["limited to 1 MiB"]);
    run(&["-W", "max-memory-size=1048576", "--max-gc-heap=64MiB"], &many).prints("");
}

#[test]
fn stacks_are_limited() {
    let dir = Dir::with(&[("deep.wat", DEEP)]);
    let run = |flags: &[&str], depth| dir.run(&[flags, &["--invoke", "down", "deep.wat", depth]].concat());
    // A frame has at least a header, a local and an operand, and at most some ten slots of 8 bytes.
    run(&["--max-stack", "64KiB"], "500").prints("");
    // Optimized code, if it is ready in time, needs one frame for several calls.
    run(&["--max-stack", "64KiB"], "100000")
        .fails(134, &["64 KiB", "`--max-stack SIZE`", "call stack exhausted"]);
    run(&["-W", "max-wasm-stack=65536"], "100000").fails(134, &["64 KiB"]);
    run(&[], "5000").prints("");
    run(&["--max-stack=1MiB"], "5000").prints("");
    run(&[], "10000000").fails(134, &["8 MiB"]);
    run(&["--max-stack=256MiB"], "1000000").prints("");
    run(&["--max-stack", "1KiB"], "1").fails(2, &["4KiB"]);
}

#[test]
fn things_are_limited_in_number() {
    let dir = Dir::with(&[("grow.wat", GROW), ("empty.wat", "(module)")]);
    dir.run(&["-W", "max-instances=2", "--preload", "a=empty.wat", "grow.wat"]).prints("");
    dir.run(&["--max-instances=1", "--preload", "a=empty.wat", "grow.wat"])
        .fails(134, &["instances", "limited to 1", "2"]);
    dir.run(&["-W", "max-memories=2,max-tables=1", "grow.wat"]).prints("");
    dir.run(&["--max-memories", "1", "grow.wat"]).fails(134, &["`--max-memories N`"]);
    dir.run(&["--max-tables", "0", "grow.wat"]).fails(134, &["`--max-tables N`"]);
}

#[test]
fn a_sandbox_limits_everything_that_is_not_limited() {
    let dir =
        Dir::with(&[("grow.wat", GROW), ("deep.wat", DEEP), ("spin.wat", SPIN), ("objects.wat", OBJECTS)]);
    // On a busy machine ten seconds may be over before the objects are made.
    let objects = |flags: &[&str]| {
        let call = ["--invoke", "list", "objects.wat", "20000000"];
        dir.run(&[&["--sandbox", "--timeout=5m"], flags, &call].concat())
    };
    objects(&[]).fails(134, &["limited to 256 MiB in all", "`--max-memory SIZE`"]);
    objects(&["--max-gc-heap=1MiB"]).fails(134, &["limited to 1 MiB"]);
    dir.run(&["--sandbox", "--invoke", "memory", "grow.wat", "100"]).prints("1\n");
    dir.run(&["--sandbox", "--invoke", "memory", "grow.wat", "4096"])
        .fails(134, &["256 MiB", "`--max-memory SIZE`"]);
    dir.run(&["--sandbox", "--max-memory=1GiB", "--invoke", "memory", "grow.wat", "4096"]).prints("1\n");
    dir.run(&["--sandbox", "--invoke", "table", "grow.wat", "100000"])
        .fails(134, &["100000", "`--max-table-elements N`"]);
    dir.run(&["--sandbox", "--invoke", "down", "deep.wat", "10000000"])
        .fails(134, &["1 MiB", "`--max-stack SIZE`"]);
    dir.run(&["--sandbox", "--timeout=50ms", "spin.wat"]).fails(134, &["50ms"]);
    dir.run(&["--sandbox", "--fuel=5000", "spin.wat"]).fails(134, &["5000", "`--fuel N`"]);
}

/// The signal for files that become too large would end the process.
#[test]
fn a_file_above_the_systems_limit_is_an_error_of_the_guest() {
    const WAT: &str = r#"(module
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $resize (param i32 i64) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "big")
        (func (export "_start")
            (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 1)
                (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 64)))
            (call $exit (call $resize (i32.load (i32.const 64)) (i64.const 10000000)))))"#;
    let dir = Dir::with(&[("big.wat", WAT)]);
    let script = format!("ulimit -f 100; exec '{}' run --dir . big.wat", env!("CARGO_BIN_EXE_upshift"));
    let status = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&dir.0)
        .env("XDG_CACHE_HOME", "/dev/null")
        .status()
        .unwrap();
    // 22 is `fbig`.
    assert_eq!(status.code(), Some(22));
}

/// What a call returns or throws lives until it is told, and not until the last call.
#[test]
fn calls_of_the_command_line_keep_nothing() {
    // An object with its header has at least 16 bytes; 10 000 of them do not fit, but one does.
    const WAT: &str = r#"(module
        (type $node (struct (field i64)))
        (tag $tag (param i64))
        (func $object (export "object") (result anyref) (struct.new $node (i64.const 1)))
        (func (export "objects") (result anyref (ref struct)) (call $object) (struct.new $node (i64.const 2)))
        (func (export "thrown") (result exnref)
            (block $caught (result exnref)
                (try_table (catch_all_ref $caught) (throw $tag (i64.const 1)))
                unreachable))
        (func (export "throw") (throw $tag (i64.const 1))))"#;
    const COUNT: usize = 10_000;
    let dir = Dir::with(&[("objects.wat", WAT)]);
    for (call, result) in [("object", "<anyref>"), ("objects", "<anyref> <anyref>"), ("thrown", "<exnref>")] {
        let input = format!("{call}\n").repeat(COUNT);
        dir.run_with_input(&["--max-gc-heap=64KiB", "--batch", "objects.wat"], input.as_bytes())
            .prints(&format!("{result}\n").repeat(COUNT));
        let count = COUNT.to_string();
        for files in [&["bench", "objects.wat"][..], &["compare", "objects.wat", "objects.wat"]] {
            let (verb, files) = files.split_first().unwrap();
            let flags = [*verb, "--max-gc-heap=64KiB", "--iterations", &count, "--invoke", call];
            let outcome = dir.run(&[&flags, files].concat());
            assert_eq!(outcome.code, Some(0), "{outcome:?}");
        }
    }
    // Each of these fails for its own reason, which is no limit.
    let outcome = dir.run_with_input(
        &["--max-gc-heap=64KiB", "--batch", "objects.wat"],
        "throw\n".repeat(5000).as_bytes(),
    );
    assert!(outcome.code == Some(1) && !outcome.stderr.contains("limited"), "{:.1000}", outcome.stderr);
}

#[test]
fn lines_of_a_batch_have_an_end() {
    let dir = Dir::with(&[("spin.wat", SPIN)]);
    let long = format!("#{}\nshort\n", "x".repeat(1 << 19));
    dir.run_with_input(&["--batch", "spin.wat"], long.as_bytes()).prints("\n");
    let endless = "x".repeat((1 << 20) + 1);
    dir.run_with_input(&["--batch", "spin.wat"], endless.as_bytes()).fails(1, &["line 1", "more than 1 MiB"]);
}

/// An abort of the process would look like 134, with which a guest is stopped.
#[test]
fn a_module_without_memory_for_it_is_an_error_of_the_program() {
    let dir = Dir::new();
    // A custom section of 2^26 bytes: a name without bytes, and then nothing but zeros.
    let mut module = b"\0asm\x01\0\0\0\0\x80\x80\x80\x20".to_vec();
    module.resize(module.len() + (1 << 26), 0);
    fs::write(dir.0.join("large.wasm"), &module).unwrap();
    let text = format!("(module (memory 1) (data \"{}\"))", "x".repeat(1 << 25));
    fs::write(dir.0.join("large.wat"), &text).unwrap();
    // From too little for reading it to enough for all but something.
    let mut failed = 0;
    for (mebibytes, file) in
        [(60, "large.wasm"), (80, "large.wasm"), (100, "large.wasm"), (130, "large.wasm"), (80, "large.wat")]
    {
        let program = env!("CARGO_BIN_EXE_upshift");
        let script = format!("ulimit -v {}; exec '{program}' {file}", mebibytes << 10);
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(&dir.0)
            .env("XDG_CACHE_HOME", "/dev/null")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{mebibytes}: {output:?}");
        assert!(output.status.success() || errors.contains("memory"), "{mebibytes}: {errors}");
        assert!(
            mebibytes >= 64 || errors.contains("`large.wasm`") && errors.contains("no memory"),
            "{errors}"
        );
        failed += i32::from(!output.status.success());
    }
    assert!(failed > 0);
}
