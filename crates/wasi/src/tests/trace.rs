//! The lines that tell of calls.

use std::sync::{Arc, Mutex};

use super::hostile::FUNCTIONS;
use super::poll::{clock_subscription, fd_subscription};
use super::{DIR, Guest, READ_WRITE, TempDir};
use crate::abi::Rights;
use crate::error::WasiResult;
use crate::trace::{Call, Tracer};
use crate::{Input, MemoryOutput, WasiCtxBuilder};

/// Calls a function as the linker does, and returns its line.
pub(super) fn traced(guest: &mut Guest, name: &str, args: &[u64]) -> (WasiResult, String) {
    let function = FUNCTIONS.iter().find(|function| function.signature.name == name).unwrap();
    let lines = Arc::new(Mutex::new(vec![]));
    let sink = lines.clone();
    let tracer = Tracer::new(move |line: &str| sink.lock().unwrap().push(line.to_owned()));
    let mut outcome = Ok(());
    let _ = guest.call(|ctx, mem| {
        let call = Call::begin(&function.signature, args, mem);
        outcome = (function.call)(ctx, mem, args);
        call.end(&tracer, mem, &outcome);
        Ok(())
    });
    let line = lines.lock().unwrap().pop().unwrap();
    assert!(!line.contains('\n'), "{line:?}");
    (outcome, line)
}

fn line(guest: &mut Guest, name: &str, args: &[u32]) -> String {
    traced(guest, name, &args.iter().map(|&arg| arg.into()).collect::<Vec<_>>()).1
}

fn guest() -> (Guest, TempDir) {
    let dir = TempDir::new();
    std::fs::write(dir.join("a.txt"), "hello\n").unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::memory("typed")).stdout(MemoryOutput::new(100));
    builder.args(&["prog", "arg"]).preopened_dir(&dir.0, "/data").unwrap();
    (Guest::new(builder.build()), dir)
}

#[test]
fn paths_flags_and_new_descriptors() {
    let (mut guest, _dir) = guest();
    let (path, len) = guest.text("a.txt");
    let opened = guest.room(4);
    let args = [DIR, 1, path, len, 1 | 8, READ_WRITE as u32, 0, 1, opened].map(u64::from);
    let line_of = |guest: &mut Guest, args: &[u64]| traced(guest, "path_open", args).1;
    assert_eq!(
        line_of(&mut guest, &args),
        r#"path_open(3, symlink_follow, "a.txt", creat|trunc, 0x42, 0x0, append) = 4"#
    );
    let args = [DIR, 0, path, len, 2, 0, 0, 0, opened].map(u64::from);
    assert_eq!(line_of(&mut guest, &args), r#"path_open(3, 0, "a.txt", directory, 0x0, 0x0, 0) = notdir"#);
    let args = [99, 2, path.into(), 0, 16 | 4, u64::MAX, 1, 32, opened.into()];
    assert_eq!(
        line_of(&mut guest, &args),
        r#"path_open(99, 0x2, "", excl|0x10, 0xffffffffffffffff, 0x1, 0x20) = inval"#
    );
    assert_eq!(
        line(&mut guest, "path_create_directory", &[DIR, path, len]),
        r#"path_create_directory(3, "a.txt") = exist"#
    );
    let (new, new_len) = guest.text("b.txt");
    assert_eq!(
        line(&mut guest, "path_rename", &[DIR, path, len, DIR, new, new_len]),
        r#"path_rename(3, "a.txt", 3, "b.txt") = success"#
    );
    assert_eq!(
        line(&mut guest, "path_symlink", &[path, len, DIR, path, len]),
        r#"path_symlink("a.txt", 3, "a.txt") = success"#
    );
    let (buffer, used) = (guest.room(3), guest.room(4));
    assert_eq!(
        line(&mut guest, "path_readlink", &[DIR, path, len, buffer, 3, used]),
        r#"path_readlink(3, "a.txt", "a.t", 3) = 3"#
    );
}

#[test]
fn buffers_are_shown_as_they_were_moved() {
    let (mut guest, _dir) = guest();
    let (a, b) = (guest.store(b"hello \"you\"\n"), guest.store(b"\xff\0"));
    let (iovecs, done) = (guest.iovecs(&[(a, 12), (b, 2)]), guest.room(4));
    assert_eq!(
        line(&mut guest, "fd_write", &[1, iovecs, 2, done]),
        r#"fd_write(1, "hello \"you\"\n\xff\0") = 14"#
    );
    // A read shows what came, and how much room there was.
    let buffer = guest.room(100);
    let iovecs = guest.iovecs(&[(buffer, 2), (buffer + 50, 40)]);
    assert_eq!(line(&mut guest, "fd_read", &[0, iovecs, 2, done]), r#"fd_read(0, "typed", 42) = 5"#);
    assert_eq!(line(&mut guest, "fd_read", &[0, iovecs, 2, done]), r#"fd_read(0, "", 42) = 0"#);
    assert_eq!(
        line(&mut guest, "fd_read", &[1, iovecs, 2, done]),
        format!("fd_read(1, {iovecs:#x}, 42) = badf")
    );
}

#[test]
fn long_strings_are_cut() {
    let (mut guest, _dir) = guest();
    for (text, shown) in [
        ("x".repeat(64), format!(r#""{}""#, "x".repeat(64))),
        ("x".repeat(65), format!(r#""{}"..."#, "x".repeat(64))),
        // Not in the middle of a character.
        (format!("{}ü", "x".repeat(63)), format!(r#""{}"..."#, "x".repeat(63))),
        ("groß".to_owned(), r#""groß""#.to_owned()),
        // What begins a line, cannot be seen, or turns the direction of writing.
        ("a\nb\u{2028}c\u{feff}d\u{202e}e".to_owned(), r#""a\nb\u{2028}c\u{feff}d\u{202e}e""#.to_owned()),
    ] {
        let (path, len) = guest.text(&text);
        assert_eq!(
            line(&mut guest, "path_unlink_file", &[DIR, path, len]),
            format!("path_unlink_file(3, {shown}) = noent")
        );
    }
}

#[test]
fn results_are_what_is_stored() {
    let (mut guest, dir) = guest();
    let room = guest.room(64);
    assert_eq!(line(&mut guest, "args_sizes_get", &[room, room + 4]), "args_sizes_get() = 2, 9");
    assert_eq!(
        line(&mut guest, "args_get", &[room, room + 16]),
        format!("args_get({room:#x}, {:#x}) = success", room + 16)
    );
    assert_eq!(line(&mut guest, "fd_prestat_get", &[DIR, room]), "fd_prestat_get(3) = {dir, name_len=5}");
    assert_eq!(
        line(&mut guest, "fd_prestat_dir_name", &[DIR, room, 5]),
        r#"fd_prestat_dir_name(3, "/data", 5) = success"#
    );
    assert_eq!(line(&mut guest, "fd_prestat_get", &[DIR + 1, room]), "fd_prestat_get(4) = badf");
    let (path, len) = guest.text("a.txt");
    assert_eq!(
        line(&mut guest, "path_filestat_get", &[DIR, 0, path, len, room]),
        r#"path_filestat_get(3, 0, "a.txt") = {regular_file, size=6, ...}"#
    );
    let file = guest.open("a.txt", 0, Rights::FD_READ.bits(), 4).unwrap();
    let base = Rights::FILE.without(Rights::FD_WRITE).bits();
    assert_eq!(
        line(&mut guest, "fd_fdstat_get", &[file, room]),
        format!("fd_fdstat_get(4) = {{regular_file, nonblock, {base:#x}, 0x0}}")
    );
    let seek = [file.into(), (-2_i64).cast_unsigned(), 2, room.into()];
    assert_eq!(traced(&mut guest, "fd_seek", &seek).1, "fd_seek(4, -2, end) = 4");
    assert_eq!(line(&mut guest, "fd_seek", &[file, 0, 9, room]), "fd_seek(4, 0, 9) = inval");
    let advise = [file, 0, 10, 3];
    assert_eq!(line(&mut guest, "fd_advise", &advise), "fd_advise(4, 0, 10, willneed) = success");
    assert_eq!(line(&mut guest, "clock_res_get", &[7, room]), "clock_res_get(7) = inval");
    let time = line(&mut guest, "clock_time_get", &[1, 5, room]);
    assert_eq!(time, format!("clock_time_get(monotonic, 5) = {}", guest.u64(room)));
    assert_eq!(line(&mut guest, "sched_yield", &[]), "sched_yield() = success");
    drop(dir);
}

#[test]
fn waiting_shows_both_lists() {
    let (mut guest, _dir) = guest();
    let subscriptions = [
        clock_subscription(1, 1, u64::MAX, 0),
        clock_subscription(2, 0, 1, 1),
        fd_subscription(3, 1, 0),
        fd_subscription(4, 2, 77),
    ];
    let subscriptions = guest.store(subscriptions.as_flattened());
    let (events, stored) = (guest.room(4 * 32), guest.room(4));
    assert_eq!(
        line(&mut guest, "poll_oneoff", &[subscriptions, events, 4, stored]),
        "poll_oneoff([clock(monotonic, 18446744073709551615, 0), clock(realtime, 1, abstime), fd_read(0), \
         fd_write(77)], [fd_read(5), fd_write(badf), clock]) = 3"
    );
    let many = guest.store([clock_subscription(1, 1, 0, 0); 9].as_flattened());
    let (events, clock) = (guest.room(9 * 32), "clock(monotonic, 0, 0), ".repeat(8));
    assert_eq!(
        line(&mut guest, "poll_oneoff", &[many, events, 9, stored]),
        format!("poll_oneoff([{clock}...], [{}...]) = 9", "clock, ".repeat(8))
    );
}

#[test]
fn the_end_and_bad_pointers() {
    let (mut guest, _dir) = guest();
    assert_eq!(line(&mut guest, "proc_exit", &[3]), "proc_exit(3)");
    assert_eq!(
        line(&mut guest, "random_get", &[65534, 4]),
        "random_get(0xfffe, 4): guest pointer 0xfffe to 4 bytes is out of bounds"
    );
    assert_eq!(
        line(&mut guest, "path_unlink_file", &[DIR, 65534, 4]),
        "path_unlink_file(3, 0xfffe): guest pointer 0xfffe to 4 bytes is out of bounds"
    );
    assert_eq!(
        line(&mut guest, "fd_write", &[1, 65534, 4, 8]),
        "fd_write(1, 0xfffe): guest pointer 0xfffe is not aligned to 4 bytes"
    );
}

#[test]
fn every_function_has_a_line() {
    for function in FUNCTIONS {
        let (mut guest, _dir) = guest();
        let args = vec![0; function.signature.params.len()];
        let (_, line) = traced(&mut guest, function.signature.name, &args);
        assert!(line.starts_with(&format!("{}(", function.signature.name)), "{line}");
    }
}
