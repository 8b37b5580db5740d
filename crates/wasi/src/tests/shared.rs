//! Guests whose memory other threads may use: the calls work as on a memory of their own, and touch no byte that is not
//! theirs.

use std::sync::Barrier;
use std::thread;

use upshift::{Engine, MemoryType, SharedMemory};

use super::{DIR, Guest, READ_WRITE, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::memory::GuestMemory;
use crate::meter::Meter;
use crate::{Input, MemoryOutput, WasiCtxBuilder, fs, io, process, random};

fn shared(mut guest: Guest) -> Guest {
    guest.shared = true;
    guest
}

#[test]
fn buffers_go_through_copies() {
    let stdout = MemoryOutput::new(100);
    let mut builder = WasiCtxBuilder::new();
    let mut guest =
        shared(Guest::new(builder.stdin(Input::memory("0123456")).stdout(stdout.clone()).build()));
    let (hello, world) = (guest.text("hello "), guest.text("world"));
    let iovecs = guest.iovecs(&[hello, (0, 0), world, hello]);
    let count = guest.room(4);
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, 4, count)).unwrap();
    assert_eq!((guest.u32(count), stdout.contents()), (17, b"hello worldhello ".to_vec()));

    // The end of the second buffer and all of the third one are not reached.
    let buffers = guest.room(24);
    guest.memory[buffers as usize..][..24].fill(0xee);
    let iovecs = guest.iovecs(&[(buffers + 8, 4), (buffers, 8), (buffers + 16, 8)]);
    guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 3, count)).unwrap();
    assert_eq!(guest.u32(count), 7);
    let mut expected = [0xee; 24];
    expected[8..12].copy_from_slice(b"0123");
    expected[..3].copy_from_slice(b"456");
    assert_eq!(guest.bytes(buffers, 24), expected);
}

#[test]
fn a_buffer_that_overlaps_is_left_out() {
    let input = WasiCtxBuilder::new().stdin(Input::memory("0123456789")).build();
    let mut guest = shared(Guest::new(input));
    let room = guest.room(8);
    let iovecs = guest.iovecs(&[(room, 4), (room + 2, 4), (room + 6, 2)]);
    let count = guest.room(4);
    guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 3, count)).unwrap();
    assert_eq!((guest.u32(count), guest.bytes(room, 8)), (4, &b"0123\0\0\0\0"[..]));
}

#[test]
fn one_call_moves_a_bounded_number_of_bytes() {
    let stdout = MemoryOutput::new(1 << 30);
    let mut guest = shared(Guest::new(WasiCtxBuilder::new().stdout(stdout.clone()).build()));
    // 1024 times the same 63 KiB are more than 1 MiB.
    let iovecs = guest.iovecs(&[(1024, 63 << 10); 8]);
    let count = guest.room(4);
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, 8, count)).unwrap();
    assert_eq!(guest.u32(count), 8 * (63 << 10));
    guest.memory = vec![0; 32 << 20];
    guest.memory[..8].copy_from_slice(&[8, 0, 0, 0, 0, 0, 0, 1]);
    guest.memory[8] = b'x';
    let len = guest.memory.len() as u32;
    guest.memory[4..8].copy_from_slice(&(len - 8).to_le_bytes());
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, 0, 1, 16)).unwrap();
    assert_eq!(guest.u32(16), 1 << 20);
    assert_eq!(stdout.contents().len(), 8 * (63 << 10) + (1 << 20));
}

#[test]
fn files_and_directories_are_there() {
    let dir = TempDir::new();
    std::fs::write(dir.join("a"), "text").unwrap();
    std::os::unix::fs::symlink("a", dir.join("link")).unwrap();
    let mut guest = shared(Guest::with_dir(&dir));
    let fd = guest.open("a", 0, READ_WRITE, 0).unwrap();
    assert_eq!(guest.stat("a", 0), Ok((4, 4)));
    let target = guest.room(8);
    guest.memory[target as usize..][..8].fill(0xee);
    let ((path, len), used) = (guest.text("link"), guest.room(4));
    guest.call(|ctx, mem| crate::path::path_readlink(ctx, mem, DIR, path, len, target, 8, used)).unwrap();
    assert_eq!((guest.u32(used), guest.bytes(target, 3)), (1, &b"a\xee\xee"[..]));
    let (name, len) = (guest.room(8), 4);
    guest.call(|ctx, mem| fs::fd_prestat_dir_name(ctx, mem, DIR, name, len)).unwrap();
    assert_eq!(guest.bytes(name, 5), b"/dir\0");
    guest.close(fd).unwrap();
    fails(guest.close(fd), Errno::Badf);
    let (path, len) = (0, 1 << 16);
    fails(guest.call(|ctx, mem| crate::path::path_unlink_file(ctx, mem, DIR, path, len)), Errno::Ilseq);
}

#[test]
fn arguments_and_random_numbers_come_in() {
    let mut guest = shared(Guest::new(WasiCtxBuilder::new().args(&["a", "bc"]).build()));
    let (argv, buffer) = (guest.room(8), guest.room(8));
    guest.memory[buffer as usize..][..8].fill(0xee);
    guest.call(|ctx, mem| process::args_get(ctx, mem, argv, buffer)).unwrap();
    assert_eq!((guest.u32(argv), guest.u32(argv + 4)), (buffer, buffer + 2));
    assert_eq!(guest.bytes(buffer, 6), b"a\0bc\0\xee");
    let room = guest.room(10_000);
    guest.call(|ctx, mem| random::random_get(ctx, mem, room + 1, 9000)).unwrap();
    assert_eq!((guest.bytes(room, 1), guest.bytes(room + 9001, 999)), (&[0][..], &[0; 999][..]));
    let bytes = guest.bytes(room + 1, 9000);
    assert!((0..=u8::MAX).all(|byte| bytes.contains(&byte)), "a value is missing among 9000 bytes");
}

#[test]
fn threads_use_one_table() {
    const ROUNDS: u32 = 1000;
    let dir = TempDir::new();
    let ctx = WasiCtxBuilder::new().preopened_dir(&dir.0, "/").unwrap().build();
    let engine = Engine::default();
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1)).unwrap();
    let barrier = Barrier::new(3);
    let work = |number: u32| {
        let mut ctx = ctx.clone();
        let meter = &mut Meter::default();
        let mem = &mut GuestMemory::shared(&memory, meter);
        // Each thread has a page for itself: a name, a buffer list and the bytes that it leads to.
        let base = number << 12;
        let name = [b'a' + number as u8];
        mem.store(base, &name).unwrap();
        mem.write(base + 8, 4, &base.to_le_bytes()).unwrap();
        mem.write(base + 12, 4, &1_u32.to_le_bytes()).unwrap();
        barrier.wait();
        for _ in 0..ROUNDS {
            let (append, rights) = (1, READ_WRITE);
            crate::path::path_open(&mut ctx, mem, DIR, 0, base, 1, 1, rights, 0, append, base + 16).unwrap();
            let mut fd = [0; 4];
            memory.read(base as usize + 16, &mut fd).unwrap();
            let fd = u32::from_le_bytes(fd);
            io::fd_write(&mut ctx, mem, fd, base + 8, 1, base + 16).unwrap();
            fs::fd_close(&mut ctx, mem, fd).unwrap();
        }
    };
    thread::scope(|scope| {
        for number in 0..3 {
            scope.spawn(move || work(number));
        }
    });
    for name in ["a", "b", "c"] {
        assert_eq!(std::fs::read(dir.join(name)).unwrap(), name.repeat(ROUNDS as usize).into_bytes());
    }
    // All numbers are free again.
    assert_eq!(shared(Guest::new(ctx)).open("a", 0, READ_WRITE, 0), Ok(DIR + 1));
}

#[test]
fn who_waits_does_not_keep_others_from_working() {
    let (input, end) = std::io::pipe().unwrap();
    let stdout = MemoryOutput::new(100);
    let ctx = WasiCtxBuilder::new()
        .stdin(Input::file(std::fs::File::from(std::os::fd::OwnedFd::from(input))))
        .stdout(stdout.clone())
        .build();
    let (mut reader, mut writer) = (shared(Guest::new(ctx.clone())), shared(Guest::new(ctx)));
    thread::scope(|scope| {
        let read = scope.spawn(move || {
            let (buffer, count) = (reader.room(8), reader.room(4));
            let iovecs = reader.iovecs(&[(buffer, 8)]);
            reader.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 1, count)).unwrap();
            reader.bytes(buffer, reader.u32(count)).to_vec()
        });
        let (text, count) = (writer.text("out"), writer.room(4));
        let iovecs = writer.iovecs(&[text]);
        writer.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, 1, count)).unwrap();
        assert_eq!(stdout.contents(), b"out");
        std::io::Write::write_all(&mut &end, b"in").unwrap();
        assert!(matches!(read.join(), Ok(bytes) if bytes == b"in"));
    });
}

#[test]
fn what_is_used_stays_open() {
    let dir = TempDir::new();
    std::fs::write(dir.join("a"), "text").unwrap();
    let mut guest = Guest::with_dir(&dir);
    let fd = guest.open("a", 0, READ_WRITE, 0).unwrap();
    let file = guest.ctx.table.file(fd, Rights::FD_READ).unwrap();
    guest.close(fd).unwrap();
    assert_eq!(guest.open("a", 0, READ_WRITE, 0), Ok(fd));
    let mut bytes = [0; 4];
    assert_eq!(rustix::io::read(&file, &mut bytes), Ok(4));
    assert_eq!(&bytes, b"text");
}
