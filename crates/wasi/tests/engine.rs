//! The functions as a guest imports them.

use std::sync::{Arc, Mutex};

use upshift::{Config, Engine, Error, Linker, MemoryType, Module, SharedMemory, Store, Trap, UpdateDeadline};
use upshift_wasi::{
    Exit, GuestFault, MemoryOutput, WasiCtx, WasiCtxBuilder, add_imports_to_linker, add_to_linker,
};

/// Every import of the interface, with its type as the interface's documentation lowers it.
const ALL: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_res_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_advise" (func (param i32 i64 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_allocate" (func (param i32 i64 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_datasync" (func (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func (param i32 i64 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func (param i32 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_set_times" (func (param i32 i64 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread" (func (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pwrite" (func (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_renumber" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_sync" (func (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_tell" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_create_directory" (func (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_filestat_get" (func (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_filestat_set_times"
        (func (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_link" (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_readlink" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_remove_directory" (func (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_rename" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_symlink" (func (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_unlink_file" (func (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (import "wasi_snapshot_preview1" "proc_raise" (func (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
    (import "wasi_snapshot_preview1" "sock_accept" (func (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_recv" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_send" (func (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_shutdown" (func (param i32 i32) (result i32))))"#;

/// Ends with a code, writes, and passes bad pointers.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (data (i32.const 16) "hello\n")
    (func (export "exit") (param i32) (call $exit (local.get 0)) unreachable)
    (func (export "write") (param i32) (result i32)
        (call $write (i32.const 1) (i32.const 0) (i32.const 1) (local.get 0)))
    (func (export "random") (param i32) (result i32) (call $random (local.get 0) (i32.const 4))))"#;

fn load<T>(text: &str) -> Result<(Linker<T>, Module), Error> {
    let engine = Engine::default();
    let module = Module::new(&engine, text)?;
    Ok((Linker::new(&engine), module))
}

#[test]
fn every_import_is_defined_with_its_type() -> Result<(), Error> {
    let (mut linker, module) = load(ALL)?;
    assert_eq!(module.imports().len(), 46);
    add_to_linker(&mut linker, |ctx| ctx)?;
    let mut store = Store::new(module.engine(), WasiCtxBuilder::new().build());
    linker.instantiate(&mut store, &module)?;
    // The linker has them already.
    assert!(add_to_linker(&mut linker, |ctx| ctx).is_err());

    let (mut linker, module) = load(ALL)?;
    add_imports_to_linker(&mut linker, [&module], |ctx| ctx)?;
    let mut store = Store::new(module.engine(), WasiCtxBuilder::new().build());
    linker.instantiate(&mut store, &module)?;
    Ok(())
}

#[test]
fn only_what_is_imported_is_defined_if_so_wished() -> Result<(), Error> {
    let (mut linker, module) = load(GUEST)?;
    add_imports_to_linker(&mut linker, [&module, &module], |ctx| ctx)?;
    let mut store = Store::new(module.engine(), WasiCtxBuilder::new().build());
    assert!(linker.get(&mut store, "wasi_snapshot_preview1", "fd_write").is_some());
    assert!(linker.get(&mut store, "wasi_snapshot_preview1", "fd_read").is_none());
    Ok(())
}

/// Calls an export of [`GUEST`] that takes a number.
fn call<R: upshift::WasmResults>(name: &str, arg: i32, stdout: &MemoryOutput) -> Result<R, Error> {
    let (mut linker, module) = load(GUEST)?;
    add_to_linker(&mut linker, |data: &mut (WasiCtx, u8)| &mut data.0)?;
    let ctx = WasiCtxBuilder::new().stdout(stdout.clone()).build();
    let mut store = Store::new(module.engine(), (ctx, 0));
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<i32, R>(&mut store, name)?.call(&mut store, arg)
}

#[test]
fn a_guest_writes_and_gets_the_error_number() -> Result<(), Error> {
    let stdout = MemoryOutput::new(6);
    assert_eq!(call::<i32>("write", 8, &stdout)?, 0);
    assert_eq!(stdout.contents(), b"hello\n");
    // 51 is `nospc`.
    assert_eq!(call::<i32>("write", 8, &stdout)?, 51);
    Ok(())
}

#[test]
fn an_exit_comes_out_of_the_call() {
    for code in [0, 3, -1] {
        let error = call::<()>("exit", code, &MemoryOutput::new(0)).unwrap_err();
        assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(code)));
        assert!(!error.is::<Trap>());
    }
}

#[test]
fn a_bad_pointer_is_a_trap_that_says_where() {
    let error = call::<i32>("random", 65534, &MemoryOutput::new(0)).unwrap_err();
    let fault = GuestFault::OutOfBounds { address: 65534, len: 4 };
    assert_eq!(error.downcast_ref::<GuestFault>(), Some(&fault));
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
    let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
    assert!(causes.iter().any(|cause| cause.contains("random_get")), "{causes:?}");

    let error = call::<i32>("write", 9, &MemoryOutput::new(6)).unwrap_err();
    let fault = GuestFault::Misaligned { address: 9, align: 4 };
    assert_eq!(error.downcast_ref::<GuestFault>(), Some(&fault));
}

#[test]
fn calls_are_traced_if_the_host_wants() -> Result<(), Error> {
    let lines = Arc::new(Mutex::new(vec![]));
    let sink = lines.clone();
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(MemoryOutput::new(6)).trace(move |line| sink.lock().unwrap().push(line.to_owned()));
    let (mut linker, module) = load(GUEST)?;
    add_to_linker(&mut linker, |ctx| ctx)?;
    let mut store = Store::new(module.engine(), builder.build());
    let instance = linker.instantiate(&mut store, &module)?;
    let write = instance.get_typed_func::<i32, i32>(&mut store, "write")?;
    assert_eq!(write.call(&mut store, 8)?, 0);
    assert_eq!(write.call(&mut store, 8)?, 51);
    instance.get_typed_func::<i32, i32>(&mut store, "random")?.call(&mut store, 65534).unwrap_err();
    instance.get_typed_func::<i32, ()>(&mut store, "exit")?.call(&mut store, 7).unwrap_err();
    let expected = [
        r#"fd_write(1, "hello\n") = 6"#,
        r#"fd_write(1, "hello\n") = nospc"#,
        "random_get(0xfffe, 4): guest pointer 0xfffe to 4 bytes is out of bounds",
        "proc_exit(7)",
    ];
    assert_eq!(*lines.lock().unwrap(), expected);
    Ok(())
}

#[test]
fn a_guest_without_memory_can_still_end() -> Result<(), Error> {
    let (mut linker, module) = load(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_tell" (func $tell (param i32 i32) (result i32)))
            (func (export "exit") (call $exit (i32.const 9)))
            (func (export "tell") (result i32) (call $tell (i32.const 0) (i32.const 0)))
            (func (export "bad") (result i32) (call $tell (i32.const 9) (i32.const 0))))"#,
    )?;
    add_to_linker(&mut linker, |ctx| ctx)?;
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(upshift_wasi::Input::file(std::fs::File::open(std::env::current_exe()?)?));
    let mut store = Store::new(module.engine(), builder.build());
    let instance = linker.instantiate(&mut store, &module)?;
    let error = instance.get_typed_func::<(), ()>(&mut store, "exit")?.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(9)));
    // 8 is `badf`, for which no memory is needed; the position has nowhere to go.
    assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "bad")?.call(&mut store, ())?, 8);
    let error = instance.get_typed_func::<(), i32>(&mut store, "tell")?.call(&mut store, ()).unwrap_err();
    assert!(error.is::<GuestFault>());
    Ok(())
}

#[test]
fn a_memory_may_be_shared_and_imported() -> Result<(), Error> {
    let (mut linker, module) = load(
        r#"(module
            (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "env" "memory" (memory 1 1 shared))
            (export "memory" (memory 0))
            (data (i32.const 16) "\18\00\00\00\05\00\00\00hello")
            (func (export "time") (param i32) (result i32)
                (call $time (i32.const 0) (i64.const 0) (local.get 0)))
            (func (export "write") (result i32)
                (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32))))"#,
    )?;
    add_to_linker(&mut linker, |ctx| ctx)?;
    let stdout = MemoryOutput::new(100);
    let mut store = Store::new(linker.engine(), WasiCtxBuilder::new().stdout(stdout.clone()).build());
    let memory = SharedMemory::new(linker.engine(), MemoryType::shared(1, 1))?;
    linker.define(&store, "env", "memory", memory.clone())?;
    let instance = linker.instantiate(&mut store, &module)?;
    let time = instance.get_typed_func::<u32, u32>(&mut store, "time")?;
    assert_eq!(time.call(&mut store, 8)?, 0);
    let mut now = [0; 8];
    memory.read(8, &mut now)?;
    assert!(u64::from_le_bytes(now) > 1_577_836_800_000_000_000, "it is later than 2020");
    assert_eq!(instance.get_typed_func::<(), u32>(&mut store, "write")?.call(&mut store, ())?, 0);
    assert_eq!(stdout.contents(), b"hello");
    let error = time.call(&mut store, 65536).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&GuestFault::OutOfBounds { address: 65536, len: 8 }));
    Ok(())
}

/// Asks for 64 MiB of random bytes again and again.
const GREEDY: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 1025)
    (global (export "calls") (mut i32) (i32.const 0))
    (func (export "run") (param $len i32)
        (loop $again
            (drop (call $random (i32.const 0) (local.get $len)))
            (global.set 0 (i32.add (global.get 0) (i32.const 1)))
            (br $again))))"#;

/// A store with a guest that is [`GREEDY`], and how often it was served.
fn greedy(config: &Config, len: i32, prepare: impl Fn(&mut Store<WasiCtx>)) -> Result<(Error, i32), Error> {
    let engine = Engine::new(config)?;
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx| ctx)?;
    let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
    prepare(&mut store);
    let instance = linker.instantiate(&mut store, &Module::new(&engine, GREEDY)?)?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    let error = run.call(&mut store, len).unwrap_err();
    let calls = instance.get_global(&mut store, "calls").unwrap().get(&mut store);
    Ok((error, calls.unwrap_i32()))
}

#[test]
fn a_guest_pays_for_what_the_host_does() -> Result<(), Error> {
    // Each call costs a unit for each 64 bytes, and some more.
    let fuel = |units| move |store: &mut Store<WasiCtx>| store.set_fuel(units).unwrap();
    for (units, len, calls) in [(1 << 20, 64 << 20, 0), (5 << 20, 64 << 20, 4), (1 << 20, 1 << 20, 63)] {
        let (error, served) = greedy(Config::new().consume_fuel(true), len, fuel(units))?;
        assert_eq!((error.downcast_ref::<Trap>(), served), (Some(&Trap::OutOfFuel), calls));
    }
    // A call that moves nothing has its price too: three slots at most, twenty operators at most, and it.
    let (_, served) = greedy(Config::new().consume_fuel(true), 0, fuel(10_000))?;
    assert!((10_000 / 30..10_000 / 16).contains(&served), "{served}");
    Ok(())
}

#[test]
fn the_host_looks_at_the_epoch_while_it_works_for_a_guest() -> Result<(), Error> {
    let looks = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&looks);
    let (error, served) = greedy(Config::new().epoch_interruption(true), 64 << 20, move |store| {
        let looks = Arc::clone(&looks);
        // The deadline has always come, so all looks are seen: that at the function's entry, at the loop's head, and in the
        // first call at its beginning and behind each megabyte.
        store.epoch_deadline_callback(move |_| {
            let mut looks = looks.lock().unwrap();
            *looks += 1;
            Ok(if *looks < 13 { UpdateDeadline::Continue(0) } else { UpdateDeadline::Interrupt })
        });
    })?;
    assert_eq!(
        (error.downcast_ref::<Trap>(), served, *seen.lock().unwrap()),
        (Some(&Trap::Interrupt), 0, 13)
    );
    Ok(())
}
