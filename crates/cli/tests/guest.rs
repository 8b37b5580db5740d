//! What flags let a guest see: names, variables, directories, sockets, clocks and chance, and what is told of its calls.

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use support::Dir;

mod support;

/// Prints its own name, and its variables if it gets an argument, each followed by a zero byte.
const NAME: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func $print (param $len i32)
        (i32.store (i32.const 16) (i32.const 4096))
        (i32.store (i32.const 20) (local.get $len))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))))
    (func (export "_start")
        (drop (call $args_sizes (i32.const 0) (i32.const 4)))
        (drop (call $args (i32.const 64) (i32.const 4096)))
        (if (i32.eq (i32.load (i32.const 0)) (i32.const 1))
            (then (call $print (i32.load (i32.const 4))))
            (else
                (drop (call $env_sizes (i32.const 0) (i32.const 4)))
                (drop (call $env (i32.const 64) (i32.const 4096)))
                (call $print (i32.load (i32.const 4)))))))"#;

#[test]
fn a_guest_can_have_another_name() {
    let dir = Dir::with(&[("name.wat", NAME)]);
    dir.run(&["name.wat"]).prints("name.wat\0");
    dir.run(&["--argv0", "grep", "name.wat"]).prints("grep\0");
    dir.run(&["--argv0=", "name.wat"]).prints("\0");
}

#[test]
fn all_variables_can_be_given() {
    let dir = Dir::with(&[("name.wat", NAME)]);
    for flag in
        [&["--inherit-env"][..], &["-S", "inherit-env"], &["-Sinherit-env=y"], &["--wasi", "inherit-env"]]
    {
        let outcome = dir.run(&[flag, &["name.wat", "env"]].concat());
        assert!(outcome.stdout.contains("UPSHIFT_TEST_SET=from the host\0"), "{outcome:?}");
    }
    dir.run(&["-S", "inherit-env=n", "name.wat", "env"]).prints("");
    dir.run(&["-S", "inherit-env=maybe", "name.wat", "env"]).fails(2, &["inherit-env=maybe", "`y` or `n`"]);
}

/// Makes the file `new` in its first directory; exits with the error number.
const MAKE: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 32) "new")
    (func (export "_start")
        (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 3)
            (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 8)))))"#;

#[test]
fn a_directory_can_be_only_for_reading() {
    let dir = Dir::with(&[("make.wat", MAKE)]);
    fs::create_dir(dir.0.join("data")).unwrap();
    for read_only in ["data:ro", "data::/guest:ro"] {
        let outcome = dir.run(&["--dir", read_only, "make.wat"]);
        // Of all that it can be, it is not a success.
        assert!(
            outcome.code.is_some_and(|code| code != 0) && !dir.0.join("data/new").exists(),
            "{outcome:?}"
        );
    }
    dir.run(&["--dir", "data::/guest", "make.wat"]).prints("");
    assert!(dir.0.join("data/new").exists());
}

/// Accepts a connection on descriptor 3, writes `hello` to it, and ends.
const SERVE: &str = r#"(module
    (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "\20\00\00\00\05\00\00\00")
    (data (i32.const 32) "hello")
    (func (export "_start") (local $errno i32)
        (local.set $errno (call $accept (i32.const 3) (i32.const 0) (i32.const 0)))
        (if (local.get $errno) (then (call $exit (local.get $errno))))
        (drop (call $write (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i32.const 24)))))"#;

#[test]
fn a_guest_can_listen() {
    let dir = Dir::with(&[("serve.wat", SERVE)]);
    for (flag, prefix) in [("--tcplisten", ""), ("-S", "tcplisten=")] {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        thread::scope(|scope| {
            let server = scope.spawn(|| dir.run(&[flag, &format!("{prefix}{free}"), "serve.wat"]));
            let begin = Instant::now();
            let mut client = loop {
                match TcpStream::connect(free) {
                    Ok(client) => break client,
                    Err(error) => assert!(begin.elapsed() < Duration::from_secs(60), "{error}"),
                }
                thread::sleep(Duration::from_millis(5));
            };
            let mut heard = String::new();
            client.read_to_string(&mut heard).unwrap();
            assert_eq!(heard, "hello");
            server.join().unwrap().prints("");
        });
    }
    dir.run(&["--tcplisten", "nowhere", "serve.wat"]).fails(2, &["--tcplisten nowhere", "ADDR:PORT"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    dir.run(&["--tcplisten", &address, "serve.wat"]).fails(1, &[&address, "in use"]);
}

#[test]
fn calls_of_wasi_can_be_told() {
    let dir = Dir::with(&[("make.wat", MAKE)]);
    fs::create_dir(dir.0.join("data")).unwrap();
    let outcome = dir.run(&["--trace-wasi", "--dir=data", "make.wat"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("path_open") && outcome.stderr.contains("\"new\""), "{outcome:?}");
    assert_eq!(dir.run(&["--dir=data", "make.wat"]).stderr, "");
}

/// Prints 8 random bytes, then the wall clock twice, then the monotonic clock, waits for a second of the monotonic clock,
/// and prints that again. Last a NaN that arithmetic made of another one.
const WORLD: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "random") (result i64)
        (drop (call $random (i32.const 0) (i32.const 8)))
        (i64.load (i32.const 0)))
    (func $now (export "now") (param i32) (result i64)
        (drop (call $time (local.get 0) (i64.const 0) (i32.const 0)))
        (i64.load (i32.const 0)))
    (func (export "wait") (param $clock i32) (param $timeout i64) (param $absolute i32) (result i32)
        (i32.store (i32.const 16) (local.get $clock))
        (i64.store (i32.const 24) (local.get $timeout))
        (i32.store16 (i32.const 40) (local.get $absolute))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
        (i32.load (i32.const 128)))
    (func (export "nan") (result i64)
        (i64.reinterpret_f64 (f64.add (f64.reinterpret_i64 (i64.const 0xfff8000000000123)) (f64.const 1)))))"#;

#[test]
fn deterministic_runs_are_the_same() {
    let dir = Dir::with(&[("world.wat", WORLD)]);
    // 2000-01-01 in nanoseconds since 1970; a microsecond a look.
    let (begin, second) = (946_684_800_000_000_000_u64, 1_000_000_000);
    let calls = format!(
        "now 0\nnow 0\nnow 1\nwait 1 {second} 0\nnow 1\nwait 1 {} 1\nnow 1\nwait 0 {} 1\nnow 0\nnan\n",
        5 * second,
        begin + 7 * second
    );
    let clocks = [
        begin + 1000,
        begin + 2000,
        3000,
        1,
        second + 3000 + 1000,
        1,
        5 * second + 1000,
        1,
        begin + 7 * second + 1000,
        // The canonical NaN (wasm spec, "Syntax / Values / Floating-Point").
        0x7ff8_0000_0000_0000,
    ];
    let expected: String = clocks.iter().map(|number| format!("{number}\n")).collect();
    dir.run_with_input(&["--deterministic", "--batch", "world.wat"], calls.as_bytes()).prints(&expected);

    let random = |flags: &[&str]| {
        dir.run_with_input(&[flags, &["--batch", "world.wat"]].concat(), b"random\nrandom\n").stdout
    };
    let twice = random(&["--deterministic"]);
    assert_eq!(random(&["--deterministic"]), twice);
    let numbers: Vec<_> = twice.lines().collect();
    assert!(numbers.len() == 2 && numbers[0] != numbers[1], "{twice}");
    assert_ne!(random(&[]), random(&[]));
}

#[test]
fn canonical_nans_alone() {
    let dir = Dir::with(&[("world.wat", WORLD)]);
    let canonical = format!("{}\n", 0x7ff8_0000_0000_0000_u64);
    for flag in [&["--canonical-nans"][..], &["-W", "nan-canonicalization=y"]] {
        dir.run(&[flag, &["--invoke", "nan", "world.wat"]].concat()).prints(&canonical);
    }
}

#[test]
fn unknown_imports_can_wait() {
    let module = r#"(module (import "a" "b" (func $f))
        (func (export "use") (call $f)) (func (export "other")))"#;
    let dir = Dir::with(&[("m.wat", module)]);
    dir.run(&["--invoke", "other", "m.wat"]).fails(1, &["unknown import `a::b`, a function () -> ()"]);
    for flag in [&["--unknown-imports-trap"][..], &["-Wunknown-imports-trap"]] {
        dir.run(&[flag, &["--invoke", "other", "m.wat"]].concat()).prints("");
        dir.run(&[flag, &["--invoke", "use", "m.wat"]].concat()).fails(1, &["`a::b`"]);
    }
}

/// A descriptor beside a clock: it is ready, and no time passes.
#[test]
fn deterministic_polls_find_descriptors_ready() {
    const WAT: &str = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            ;; The first of two subscriptions, of 48 bytes each, is for a clock in a second; the second to read descriptor 0.
            (i64.store (i32.const 0) (i64.const 7))
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 1000000000))
            (i64.store (i32.const 48) (i64.const 9))
            (i32.store8 (i32.const 56) (i32.const 1))
            (if (call $poll (i32.const 0) (i32.const 128) (i32.const 2) (i32.const 256)) (then (call $exit (i32.const 99))))
            ;; One event; 10 for each event, and what the guest calls it.
            (call $exit (i32.add
                (i32.mul (i32.const 10) (i32.load (i32.const 256)))
                (i32.load (i32.const 128))))))"#;
    let dir = Dir::with(&[("poll.wat", WAT)]);
    assert_eq!(dir.run_with_input(&["--deterministic", "poll.wat"], b"").code, Some(19));
}

/// For each subscription the host needs memory of its own, of which no limit of the guest's knows.
#[test]
fn a_deterministic_poll_is_for_so_many_at_most() {
    const WAT: &str = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 100)
        (func (export "poll") (param $count i32) (result i32)
            (call $poll (i32.const 16) (i32.const 16) (local.get $count) (i32.const 0))))"#;
    let dir = Dir::with(&[("poll.wat", WAT)]);
    // 28 is `inval`.
    for flags in [&["--deterministic"][..], &[]] {
        for (count, errno) in [("65536", "0\n"), ("65537", "28\n"), ("0", "28\n")] {
            dir.run(&[flags, &["--invoke", "poll", "poll.wat", count]].concat()).prints(errno);
        }
    }
}

/// Tries to get from its streams to what they are of: a number of bits, one for each way that was open.
const DOORS: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $list (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $resize (param i32 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_set_times" (func $touch (param i32 i64 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_allocate" (func $allocate (param i32 i64 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "file")
    (data (i32.const 16) "\00\00\00\00\04\00\00\00")
    (func (export "try") (param $fd i32) (result i32)
        (local $all i32)
        (local.set $all (i32.eqz (call $open (local.get $fd) (i32.const 0) (i32.const 0) (i32.const 4)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 64))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $list (local.get $fd) (i32.const 128) (i32.const 512) (i64.const 0) (i32.const 64)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $make (local.get $fd) (i32.const 0) (i32.const 3)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $accept (local.get $fd) (i32.const 4) (i32.const 64)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $resize (local.get $fd) (i64.const 0)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $touch (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 5)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $allocate (local.get $fd) (i64.const 0) (i64.const 100)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 64)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $pread (local.get $fd) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 64)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $pwrite (local.get $fd) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 64)))))
        (local.set $all (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $flags (local.get $fd) (i32.const 4)))))
        (i32.or (i32.shl (local.get $all) (i32.const 1))
            (i32.eqz (call $prestat (local.get $fd) (i32.const 64))))))"#;

/// A stream carries bytes, whatever the host has led it to.
#[test]
fn streams_lead_to_nothing() {
    let dir = Dir::with(&[("doors.wat", DOORS), ("file", "contents")]);
    let both = || fs::File::options().read(true).write(true).open(dir.0.join("file")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // An input can be positioned, and read at any place, if its host can do that: the fourth and fifth bit.
    let inputs: [(Stdio, &str); 3] = [
        (fs::File::open(&dir.0).unwrap().into(), "16\n"),
        (both().into(), "24\n"),
        (OwnedFd::from(listener).into(), "0\n"),
    ];
    for (input, open) in inputs {
        let mut command = dir.command(&["--sandbox", "--invoke", "try", "doors.wat", "0"]);
        support::Outcome::new(command.stdin(input).output().unwrap()).prints(open);
    }
    let output = |fd| dir.command(&["--sandbox", "--invoke", "try", "doors.wat", fd]);
    support::Outcome::new(output("2").stderr(both()).output().unwrap()).prints("0\n");
    assert_eq!(fs::read_to_string(dir.0.join("file")).unwrap(), "contents");
    // The answer comes behind what was there.
    let append = fs::File::options().read(true).append(true).open(dir.0.join("file")).unwrap();
    assert!(output("1").stdout(append).status().unwrap().success());
    assert_eq!(fs::read_to_string(dir.0.join("file")).unwrap(), "contents0\n");
}
