//! Command lines that were written for `wasmtime`: they run unchanged.

use std::fs;

use support::Dir;

mod support;

/// Prints the file `file` of its first directory.
const CAT: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 32) "file")
    (func (export "_start")
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
        (i32.store (i32.const 16) (i32.const 256))
        (i32.store (i32.const 20) (i32.const 256))
        (drop (call $read (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 24)))
        (i32.store (i32.const 20) (i32.load (i32.const 24)))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))"#;

const LIB: &str = r#"(module
    (import "host" "seven" (func $seven (result i32)))
    (memory 1)
    (func (export "times") (param i32) (result i32) (i32.mul (call $seven) (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

const HOST: &str = r#"(module (func (export "seven") (result i32) (i32.const 7)))"#;

#[test]
fn directories_and_variables() {
    let dir = Dir::with(&[("cat.wat", CAT)]);
    fs::create_dir(dir.0.join("data")).unwrap();
    fs::write(dir.0.join("data/file"), "contents").unwrap();
    for line in [
        "run --dir data cat.wat",
        "run --dir=data cat.wat a b --dir nowhere",
        "--dir data::/data cat.wat",
        "run --env A=1 --env B=2 --dir data::. cat.wat",
        "run -S cli --dir data cat.wat",
        "run -S cli=y,inherit-env=y -S preview2=n --dir data cat.wat",
        "run --argv0 cat --dir data -- cat.wat",
    ] {
        dir.run(&line.split(' ').collect::<Vec<_>>()).prints("contents");
    }
}

#[test]
fn calls_and_limits() {
    let dir = Dir::with(&[("lib.wat", LIB), ("host.wat", HOST)]);
    for (line, printed) in [
        ("run --preload host=host.wat --invoke times lib.wat 6", "42\n"),
        ("run --invoke times --preload=host=host.wat lib.wat 6", "42\n"),
        ("--preload host=host.wat --invoke grow -W max-memory-size=65536 lib.wat 1", "-1\n"),
        ("run --preload host=host.wat --invoke grow -W max-memory-size=131072 lib.wat 1", "1\n"),
        ("run -Wfuel=1000,timeout=10s --preload host=host.wat --invoke times lib.wat 2", "14\n"),
        (
            "run -W max-wasm-stack=1048576 -W max-table-elements=1,max-instances=2,max-memories=2,max-tables=1 \
          --preload host=host.wat --invoke times lib.wat 2",
            "14\n",
        ),
        (
            "run -W simd=n,relaxed-simd=n,tail-call=y,multi-memory,memory64 --preload host=host.wat --invoke times \
          lib.wat 2",
            "14\n",
        ),
        ("run -W unknown-imports-trap=y --invoke grow lib.wat 1", "1\n"),
        (
            "run -W nan-canonicalization,relaxed-simd-deterministic --preload host=host.wat --invoke times lib.wat 2",
            "14\n",
        ),
    ] {
        dir.run(&line.split_whitespace().collect::<Vec<_>>()).prints(printed);
    }
}

#[test]
fn switches_of_features() {
    let vector = r#"(module (func (export "f") (param v128)))"#;
    let dir = Dir::with(&[("vector.wat", vector)]);
    for verb in ["run", "validate", "inspect"] {
        let off = dir.run(&[verb, "-W", "simd=n", "vector.wat"]);
        if verb == "inspect" {
            off.prints(
                &dir.run(&[verb, "vector.wat"]).stdout.replace("simd", "simd, off: `-W simd` turns it on"),
            );
        } else {
            off.fails(1, &["simd"]);
        }
        assert_eq!(dir.run(&[verb, "-W", "simd", "vector.wat"]).code, Some(0));
    }
    let draft = r#"(module (tag $e (param i32))
        (func (export "f") (result i32) try (result i32) (throw $e (i32.const 5)) catch $e end))"#;
    let dir_of_draft = Dir::with(&[("draft.wat", draft)]);
    // Modules of older compilers run as they are.
    dir_of_draft.run(&["--invoke", "f", "draft.wat"]).prints("5\n");
    for verb in ["run", "validate"] {
        let off = dir_of_draft.run(&[verb, "-W", "legacy-exceptions=n", "draft.wat"]);
        off.fails(1, &["`-W legacy-exceptions`"]);
        assert!(!off.stderr.contains("Config::"), "that is for hosts: {}", off.stderr);
    }
    // That all are off says no more than that of a single one, wherever they stand.
    dir.run(&["validate", "-W", "all-proposals=n", "vector.wat"]).fails(1, &["`-W simd`"]);
    for flags in [
        "all-proposals=n,simd,reference-types",
        "simd=y,reference-types=y,all-proposals=n",
        "simd=n,all-proposals,simd",
    ] {
        assert_eq!(dir.run(&["validate", "-W", flags, "vector.wat"]).code, Some(0), "{flags}");
    }
    dir.run(&["validate", "-W", "simd=n,all-proposals", "vector.wat"]).fails(1, &["`-W simd`"]);
    dir.run(&["run", "-W", "stack-switching", "vector.wat"])
        .fails(2, &["-W stack-switching", "not supported"]);
    dir.run(&["run", "-W", "stack-switching=n,shared-everything-threads=n", "vector.wat"]).prints("");
    dir.run(&["run", "-W", "simd=2", "vector.wat"]).fails(2, &["-W simd=2", "`y` or `n`"]);
    dir.run(&["run", "-S", "cli=n", "vector.wat"]).fails(2, &["-S cli=n", "switched off"]);
    dir.run(&["run", "-S", "http", "vector.wat"]).fails(2, &["`-S http`", "not supported"]);
    dir.run(&["run", "-S", "nowhere", "vector.wat"]).fails(2, &["`-S nowhere`", "upshift man"]);
    dir.run(&["run", "-W"]).fails(2, &["`-W`", "NAME[=VALUE]"]);
    dir.run(&["validate", "-W", "fuel=1", "vector.wat"]).fails(2, &["-W fuel=1", "`upshift validate`"]);
}

/// Returns how many arguments there are, its name among them.
const COUNT: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func $count (result i32) (drop (call $sizes (i32.const 0) (i32.const 4))) (i32.load (i32.const 0)))
    (func (export "run") (result i32) (call $count))
    (func (export "add") (param i32 i32) (result i32)
        (i32.add (i32.mul (i32.const 1000) (call $count)) (i32.add (local.get 0) (local.get 1)))))"#;

/// What `wasmtime` prints for the same command lines.
#[test]
fn arguments_of_a_call_are_the_guests_too() {
    let dir = Dir::with(&[("count.wat", COUNT)]);
    for (line, printed) in [
        ("run --invoke run count.wat", "1\n"),
        ("run --invoke run count.wat a b", "3\n"),
        ("run --invoke add count.wat 1 2", "3003\n"),
        ("run --invoke add count.wat 1 2 x y", "5003\n"),
        ("run --invoke add count.wat +5 2", "3007\n"),
    ] {
        dir.run(&line.split(' ').collect::<Vec<_>>()).prints(printed);
    }
    dir.run(&["--invoke", "add", "count.wat", "1"]).fails(2, &["2 arguments, not 1"]);
    // Lines of a batch have no such arguments: what is too much is a mistake.
    let batch = dir.run_with_input(&["--batch", "count.wat", "a"], b"run\nrun b\n");
    assert_eq!((batch.code, batch.stdout.as_str()), (Some(1), "2\n"), "{batch:?}");
    for verb in ["bench", "analyze"] {
        let flags = if verb == "bench" { &["--iterations", "1"][..] } else { &[] };
        let line = [&[verb, "--invoke", "run"], flags, &["count.wat", "a", "b"]].concat();
        assert_eq!(dir.run(&line).code, Some(0));
    }
}

#[test]
fn what_only_tunes_has_no_effect() {
    let dir = Dir::with(&[("count.wat", COUNT)]);
    for flags in [
        "-C cache=n",
        "-C cache-config=/nowhere,parallel-compilation=n",
        "-C compiler=winch -C inlining=gc -C collector=null",
        "-C cranelift-opt-level=none,cranelift-enable-simd",
        "--codegen cache",
        "-O opt-level=2",
        "-Oopt-level=s,memory-reservation=0,memory-may-move=n",
        "--optimize=signals-based-traps=n",
        "-D logging=n,max-backtrace=0 --debug address-map",
        "-W epoch-interruption,async-stack-size=1000000,branch-hinting=n",
        "-W component-model=n -S http=n,inherit-stdin",
    ] {
        let line = format!("run {flags} --invoke run count.wat a");
        dir.run(&line.split(' ').collect::<Vec<_>>()).prints("2\n");
    }
    for (flags, parts) in [
        ("-C frobnicate", &["`-C frobnicate`", "upshift man"][..]),
        ("-C cranelift-", &["`-C cranelift-`"]),
        ("-C cach=n", &["the nearest are `cache`"]),
        ("-C cache=maybe", &["-C cache=maybe", "`y` or `n`"]),
        ("-O opt-level=7", &["-O opt-level=7", "`0`, `1`, `2` or `s`"]),
        ("-O memory-reservation=much", &["expected a number"]),
        ("-O", &["`-O`", "NAME[=VALUE]"]),
        ("-D coredump=file", &["`-D coredump`"]),
        ("-W component-model", &["-W component-model", "not supported"]),
        ("-W wmemcheck=y", &["-W wmemcheck=y", "not supported"]),
    ] {
        let line = format!("run {flags}");
        let mut words: Vec<&str> = line.split(' ').collect();
        if flags != "-O" {
            words.push("count.wat");
        }
        dir.run(&words).fails(2, parts);
    }
}

#[test]
fn flags_of_groups_may_follow_the_file_that_is_measured() {
    let dir = Dir::with(&[("count.wat", COUNT)]);
    for flags in ["-W simd=n", "-Wfuel=1000000", "--wasm simd", "-C cache=n", "--wasi cli -O opt-level=1"] {
        let line = format!("analyze --invoke run count.wat {flags} --json");
        let outcome = dir.run(&line.split(' ').collect::<Vec<_>>());
        assert!(outcome.code == Some(0) && outcome.stdout.starts_with('{'), "{flags}: {outcome:?}");
    }
    dir.run(&["analyze", "count.wat", "-W", "frobnicate"]).fails(2, &["-W frobnicate"]);
}

#[test]
fn unknown_imports_have_default_values() {
    let guest = r#"(module
        (import "js" "f" (func $f (param i32) (result i32 f64 externref)))
        (import "js" "m" (memory 1))
        (import "js" "g" (global $g i64))
        (import "js" "t" (table 3 funcref))
        (func (export "f") (result i32 f64 externref) (call $f (i32.const 1)))
        (func (export "all") (result i32 i64 i32)
            (i32.load (i32.const 0)) (global.get $g) (table.size)))"#;
    let never_null = r#"(module (import "js" "f" (func (result (ref extern)))))"#;
    let dir = Dir::with(&[("guest.wat", guest), ("never.wat", never_null)]);
    for flag in ["-Wunknown-imports-default", "--unknown-imports-default", "-Wunknown-imports-default=y"] {
        dir.run(&[flag, "--invoke", "f", "guest.wat"]).prints("0\n0\n<null externref>\n");
        dir.run(&[flag, "--invoke", "all", "guest.wat"]).prints("0\n0\n3\n");
        dir.run(&[flag, "never.wat"]).fails(1, &["`js::f`", "no default"]);
    }
    dir.run(&["-Wunknown-imports-default=n", "guest.wat"]).fails(1, &["js::f"]);
}
