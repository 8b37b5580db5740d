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
    dir_of_draft.run(&["--invoke", "f", "draft.wat"]).fails(1, &["`legacy-exceptions` is turned off"]);
    dir_of_draft.run(&["-W", "legacy-exceptions", "--invoke", "f", "draft.wat"]).prints("5\n");
    dir.run(&["run", "-W", "stack-switching", "vector.wat"])
        .fails(1, &["`stack-switching` is not supported"]);
    dir.run(&["run", "-W", "simd=2", "vector.wat"]).fails(2, &["-W simd=2", "`y` or `n`"]);
    dir.run(&["run", "-S", "cli=n", "vector.wat"]).fails(2, &["-S cli=n", "switched off"]);
    dir.run(&["run", "-S", "http", "vector.wat"]).fails(2, &["`-S http`", "`inherit-env`"]);
    dir.run(&["run", "-W"]).fails(2, &["`-W`", "NAME[=VALUE]"]);
    dir.run(&["validate", "-W", "fuel=1", "vector.wat"]).fails(2, &["-W fuel=1", "`upshift validate`"]);
}
