//! Guests on several threads at once, each with a store and a context of its own.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::thread;

use upshift::{Engine, Error, Linker, Module, Store};
use upshift_wasi::{Access, Input, MemoryOutput, Output, WasiCtx, WasiCtxBuilder, add_to_linker};

const THREADS: usize = 8;
const ROUNDS: i32 = 300;

/// `run` writes the letter that it reads from its input, 16 of them, to a file of that name and to the end of `shared`,
/// as often as it is told, reads its own file back after each time, and returns the number of the first error.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    ;; 0: one letter; 16: 16 letters; 32: what is read back
    (data (i32.const 64) "\00\00\00\00\01\00\00\00")
    (data (i32.const 72) "\10\00\00\00\10\00\00\00")
    (data (i32.const 80) "\20\00\00\00\10\00\00\00")
    (data (i32.const 96) "shared")
    (func (export "run") (param $rounds i32) (result i32)
        (local $error i32) (local $shared i32) (local $own i32)
        (block $failed
            (br_if $failed (local.tee $error (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))
            (memory.fill (i32.const 16) (i32.load8_u (i32.const 0)) (i32.const 16))
            (br_if $failed (local.tee $error (call $open (i32.const 3) (i32.const 0) (i32.const 96) (i32.const 6)
                (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 1) (i32.const 128))))
            (local.set $shared (i32.load (i32.const 128)))
            (loop $again
                ;; The letter is the name of the own file.
                (br_if $failed (local.tee $error (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)
                    (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 1) (i32.const 128))))
                (local.set $own (i32.load (i32.const 128)))
                (br_if $failed (local.tee $error (call $write (local.get $own) (i32.const 72) (i32.const 1) (i32.const 128))))
                (br_if $failed (local.tee $error (call $write (local.get $shared) (i32.const 72) (i32.const 1) (i32.const 128))))
                (br_if $failed (local.tee $error (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 128))))
                (br_if $failed (local.tee $error (call $seek (local.get $own) (i64.const -16) (i32.const 2) (i32.const 128))))
                (br_if $failed (local.tee $error (call $pread (local.get $own) (i32.const 80) (i32.const 1)
                    (i64.load (i32.const 128)) (i32.const 136))))
                (if (i64.ne (i64.load (i32.const 16)) (i64.load (i32.const 40))) (then unreachable))
                (br_if $failed (local.tee $error (call $close (local.get $own))))
                (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))
                (br_if $again)))
        (local.get $error)))"#;

struct TempDir(PathBuf);

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn guests_on_eight_threads_use_files() -> Result<(), Error> {
    let dir = TempDir(std::env::temp_dir().join(format!("upshift-wasi-threads-{}", std::process::id())));
    std::fs::create_dir(&dir.0)?;
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    thread::scope(|scope| {
        let guests: Vec<_> = (0..THREADS)
            .map(|number| {
                let (dir, module) = (&dir, &module);
                let letter = b'a' + number as u8;
                scope.spawn(move || -> Result<(), Error> {
                    let mut linker = Linker::new(module.engine());
                    add_to_linker(&mut linker, |ctx| ctx)?;
                    let stdout = MemoryOutput::new(1 << 20);
                    let mut builder = WasiCtxBuilder::new();
                    builder
                        .stdin(Input::memory([letter]))
                        .stdout(stdout.clone())
                        .preopened_dir(&dir.0, "/")?;
                    let mut store = Store::new(module.engine(), builder.build());
                    let instance = linker.instantiate(&mut store, module)?;
                    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
                    assert_eq!(run.call(&mut store, ROUNDS)?, 0);
                    assert_eq!(stdout.contents(), vec![letter; ROUNDS as usize]);
                    Ok(())
                })
            })
            .collect();
        guests.into_iter().try_for_each(|guest| guest.join().expect("the guest does not panic"))
    })?;

    let mut counts = [0; THREADS];
    let mut shared = vec![];
    File::open(dir.0.join("shared"))?.read_to_end(&mut shared)?;
    for record in shared.chunks(16) {
        assert_eq!(record, [record[0]; 16], "what one call appends stays together");
        counts[usize::from(record[0] - b'a')] += 1;
    }
    assert_eq!(counts, [ROUNDS; THREADS]);
    for letter in ["a", "h"] {
        assert_eq!(std::fs::read(dir.0.join(letter))?, letter.repeat(16 * ROUNDS as usize).into_bytes());
    }
    Ok(())
}

#[test]
fn a_guest_can_be_moved_to_another_thread() {
    fn sendable<T: Send + 'static>() {}
    sendable::<WasiCtx>();
    sendable::<WasiCtxBuilder>();
    sendable::<Store<WasiCtx>>();
    sendable::<(Input, Output, MemoryOutput, Access)>();

    let stdout = MemoryOutput::new(10);
    let (lines, traced) = std::sync::mpsc::channel();
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(stdout.clone()).trace(move |line| lines.send(line.to_owned()).unwrap());
    let ctx = builder.build();
    let moved = thread::spawn(move || -> Result<WasiCtx, Error> {
        let engine = Engine::default();
        let module = Module::new(
            &engine,
            r#"(module
                (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
                (memory (export "memory") 1)
                (data (i32.const 0) "\08\00\00\00\02\00\00\00hi")
                (func (export "run") (result i32)
                    (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))"#,
        )?;
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |ctx| ctx)?;
        let mut store = Store::new(&engine, ctx);
        let instance = linker.instantiate(&mut store, &module)?;
        assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "run")?.call(&mut store, ())?, 0);
        Ok(store.into_data())
    });
    drop(moved.join().expect("the guest does not panic").expect("the guest runs"));
    assert_eq!(stdout.contents(), b"hi");
    assert_eq!(traced.iter().collect::<Vec<_>>(), [r#"fd_write(1, "hi") = 2"#]);
}
