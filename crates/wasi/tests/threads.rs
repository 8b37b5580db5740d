//! Guests on several threads at once: each with a store and a context of its own, or threads of one guest.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::thread;

use upshift::{
    Config, Engine, Error, Instance, Linker, MemoryBudget, Module, Result, Store, StoreLimitsBuilder, Trap,
};
use upshift_wasi::{
    Access, Exit, Input, MemoryOutput, Output, WasiCtx, WasiCtxBuilder, WasiThreads, WasiThreadsBuilder,
    add_to_linker,
};

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
fn guests_on_eight_threads_use_files() -> Result<()> {
    let dir = TempDir(std::env::temp_dir().join(format!("upshift-wasi-threads-{}", std::process::id())));
    std::fs::create_dir(&dir.0)?;
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    thread::scope(|scope| {
        let guests: Vec<_> = (0..THREADS)
            .map(|number| {
                let (dir, module) = (&dir, &module);
                let letter = b'a' + number as u8;
                scope.spawn(move || -> Result<()> {
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
    let moved = thread::spawn(move || -> Result<WasiCtx> {
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

/// Word 0 is what threads have added their arguments to, word 4 what they wait at to be let go, 8 how many have come.
const SPAWNING: &str = r#"(module
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "host" "panic" (func $panic))
    (import "env" "memory" (memory 1 4 shared))
    (export "memory" (memory 0))
    (func (export "wasi_thread_start") (param $number i32) (param $argument i32)
        (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
        (if (i32.eq (local.get $argument) (i32.const -1)) (then unreachable))
        (if (i32.eq (local.get $argument) (i32.const -2)) (then (call $exit (i32.const 3))))
        (if (i32.eq (local.get $argument) (i32.const -3))
            (then (drop (memory.atomic.wait32 (i32.const 12) (i32.const 0) (i64.const -1)))))
        (if (i32.eq (local.get $argument) (i32.const -4)) (then (loop (br 0))))
        (if (i32.eq (local.get $argument) (i32.const -5)) (then (call $panic)))
        (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))
        (drop (i32.atomic.rmw.add (i32.const 0) (local.get $argument))))
    (func (export "spawn") (param i32) (result i32) (call $spawn (local.get 0)))
    (func (export "go")
        (i32.atomic.store (i32.const 4) (i32.const 1))
        (drop (memory.atomic.notify (i32.const 4) (i32.const -1))))
    (func (export "sum") (result i32) (i32.atomic.load (i32.const 0)))
    (func (export "wait") (drop (memory.atomic.wait32 (i32.const 12) (i32.const 0) (i64.const -1)))))"#;

/// A guest that starts threads.
struct Spawner {
    store: Store<WasiCtx>,
    instance: Instance,
    threads: WasiThreads,
}

impl Spawner {
    fn new(engine: &Engine, builder: &mut WasiThreadsBuilder) -> Result<Spawner> {
        let module = Module::new(engine, SPAWNING)?;
        let mut linker = Linker::new(engine);
        add_to_linker(&mut linker, |ctx| ctx)?;
        linker.func_wrap("host", "panic", || -> () { panic!("as a host may") })?;
        let store = {
            let (engine, ctx) = (engine.clone(), WasiCtxBuilder::new().build());
            move || {
                let mut store = Store::new(&engine, ctx.clone());
                store.set_epoch_deadline(1);
                Ok(store)
            }
        };
        let mut main = store()?;
        let threads = builder.add_to_linker(&mut linker, &mut main, &module, store)?;
        let instance = linker.instantiate(&mut main, &module)?;
        Ok(Spawner { store: main, instance, threads })
    }

    fn spawn(&mut self, argument: i32) -> i32 {
        let spawn = self.instance.get_typed_func::<i32, i32>(&mut self.store, "spawn").unwrap();
        spawn.call(&mut self.store, argument).unwrap()
    }

    fn call(&mut self, name: &str) -> Result<()> {
        self.instance.get_typed_func::<(), ()>(&mut self.store, name)?.call(&mut self.store, ())
    }
}

#[test]
fn a_guest_starts_threads_that_share_its_memory() -> Result<()> {
    let mut guest = Spawner::new(&Engine::default(), WasiThreadsBuilder::new().max_threads(3))?;
    assert_eq!([10, 20, 30].map(|argument| guest.spawn(argument)), [1, 2, 3]);
    assert_eq!((guest.threads.running(), guest.spawn(40)), (3, -1), "one too many");
    guest.call("go")?;
    guest.threads.join()?;
    assert_eq!(guest.threads.running(), 0);
    let sum = guest.instance.get_typed_func::<(), i32>(&mut guest.store, "sum")?;
    assert_eq!(sum.call(&mut guest.store, ())?, 60);
    // There is room again, and numbers are not used twice soon.
    assert_eq!(guest.spawn(40), 4);
    guest.threads.join()?;
    assert_eq!(sum.call(&mut guest.store, ())?, 100);
    Ok(())
}

#[test]
fn the_first_error_of_a_thread_is_that_of_the_guest() -> Result<()> {
    let mut guest = Spawner::new(&Engine::default(), &mut WasiThreadsBuilder::new())?;
    assert_eq!(guest.spawn(-1), 1);
    let error = guest.threads.join().unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert!(error.to_string().contains("in thread 1"), "{error:#}");
    assert_eq!(guest.spawn(1), -1, "a guest that has failed starts no threads");
    guest.threads.join()?;

    let mut guest = Spawner::new(&Engine::default(), &mut WasiThreadsBuilder::new())?;
    assert_eq!(guest.spawn(-2), 1);
    assert_eq!(guest.threads.join().unwrap_err().downcast_ref::<Exit>(), Some(&Exit(3)));

    let mut guest = Spawner::new(&Engine::default(), &mut WasiThreadsBuilder::new())?;
    assert_eq!(guest.spawn(-5), 1);
    let error = format!("{:#}", guest.threads.join().unwrap_err());
    assert!(error.contains("in thread 1") && error.contains("panicked"), "{error}");
    Ok(())
}

#[test]
fn a_host_stops_all_threads_when_one_fails() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let (failed, errors) = std::sync::mpsc::channel();
    let mut builder = WasiThreadsBuilder::new();
    let stopped = engine.clone();
    builder.on_error(move |error| {
        failed.send(error).unwrap();
        stopped.increment_epoch();
    });
    let mut guest = Spawner::new(&engine, &mut builder)?;
    // One that waits for ever, one that runs for ever, and one that fails while the main thread waits.
    for argument in [-3, -4] {
        assert!(guest.spawn(argument) > 0);
    }
    let memory = guest.instance.get_shared_memory(&mut guest.store, "memory").unwrap();
    let mut come = [0];
    while come != [2] {
        thread::yield_now();
        memory.read(8, &mut come)?;
    }
    assert!(guest.spawn(-1) > 0);
    assert_eq!(guest.call("wait").unwrap_err().downcast_ref::<Trap>(), Some(&Trap::Interrupt));
    guest.threads.join()?;
    let error = errors.try_recv()?;
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert!(errors.try_recv().is_err(), "only the first error is told");
    Ok(())
}

/// Each thread, the first one too, takes pages for a memory of its own until it gets no more, and waits for the others; what they
/// have got is in word 0, how many have come in word 4.
const GREEDY: &str = r#"(module
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "env" "memory" (memory $shared 1 1 shared))
    (export "memory" (memory $shared))
    (memory $own 0)
    (func $take
        (loop $more (if (i32.ne (memory.grow $own (i32.const 1)) (i32.const -1))
            (then (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))) (br $more))))
        (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 4) (i32.const -1))))
    (func $all_have_come (param $all i32) (local $come i32)
        (loop $more
            (local.set $come (i32.atomic.load (i32.const 4)))
            (if (i32.lt_u (local.get $come) (local.get $all))
                (then (drop (memory.atomic.wait32 (i32.const 4) (local.get $come) (i64.const -1))) (br $more)))))
    (func (export "wasi_thread_start") (param i32 i32) (call $take) (call $all_have_come (local.get 1)))
    (func (export "run") (param $threads i32) (result i32) (local $n i32)
        (loop $more
            (if (i32.le_s (call $spawn (i32.add (local.get $threads) (i32.const 1))) (i32.const 0)) (then unreachable))
            (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $threads))))
        (call $take)
        (call $all_have_come (i32.add (local.get $threads) (i32.const 1)))
        (i32.atomic.load (i32.const 0))))"#;

#[test]
fn threads_take_from_the_budget_of_the_guest() -> Result<()> {
    const PAGES: usize = 50;
    let engine = Engine::default();
    let budget = MemoryBudget::new(PAGES << 16);
    let store = {
        let (engine, budget) = (engine.clone(), budget.clone());
        move || {
            let limits = StoreLimitsBuilder::new().memory_budget(&budget).build();
            let mut store = Store::new(&engine, limits);
            store.limiter(|limits| limits);
            Ok(store)
        }
    };
    let mut main = store()?;
    let module = Module::new(&engine, GREEDY)?;
    let mut linker = Linker::new(&engine);
    let threads = WasiThreadsBuilder::new().add_to_linker(&mut linker, &mut main, &module, store)?;
    let instance = linker.instantiate(&mut main, &module)?;
    let run = instance.get_typed_func::<i32, i32>(&mut main, "run")?;
    // All of them have all pages but the shared one, which counts once.
    assert_eq!(run.call(&mut main, 6)?, PAGES as i32 - 1);
    threads.join()?;
    assert_eq!(budget.peak(), PAGES << 16);
    // What threads had comes back with their end.
    let own = main.usage().memory_bytes as usize;
    assert_eq!(budget.used(), own);
    drop((main, threads, linker));
    assert_eq!(budget.used(), 0);
    Ok(())
}

#[test]
fn what_threads_need_has_to_be_there() -> Result<()> {
    let engine = Engine::default();
    let add = |text: &str, limit: usize| -> Result<(), Error> {
        let module = Module::new(&engine, text)?;
        let mut linker = Linker::new(&engine);
        let limits = move || StoreLimitsBuilder::new().memory_size(limit).build();
        let mut store = Store::new(&engine, limits());
        store.limiter(|limits| limits);
        let store_of_thread = {
            let engine = engine.clone();
            move || Ok(Store::new(&engine, limits()))
        };
        let builder = &mut WasiThreadsBuilder::new();
        builder.add_to_linker(&mut linker, &mut store, &module, store_of_thread).map(drop)
    };
    const SPAWN: &str = r#"(import "wasi" "thread-spawn" (func (param i32) (result i32)))"#;
    let fails = |text: &str, limit: usize, reason: &str| {
        let error = format!("{:#}", add(text, limit).unwrap_err());
        assert!(error.contains(reason), "{error}");
    };
    fails(&format!("(module {SPAWN})"), 0, "exports no function `wasi_thread_start`");
    let start = r#"(func (export "wasi_thread_start") (param i32))"#;
    fails(&format!("(module {SPAWN} {start})"), 0, "a function of type `(i32, i32) -> ()`");
    let start = r#"(func (export "wasi_thread_start") (param i32 i32))"#;
    fails(&format!(r#"(module {SPAWN} (import "x" "y" (func)) {start})"#), 0, "`x::y`");
    let memory = r#"(import "env" "memory" (memory 2 4 shared))"#;
    fails(&format!("(module {SPAWN} {memory} {start})"), 1 << 16, "`env::memory`");
    add(&format!("(module {SPAWN} {memory} {start})"), 2 << 16)
}
