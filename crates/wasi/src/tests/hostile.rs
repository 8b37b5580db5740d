//! Guests that pass nonsense: no call panics, and a pointer that must be used stops the guest.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use super::{DIR, Guest, READ_WRITE, TempDir, trace};
use crate::error::WasiResult;
use crate::error::{Failure, GuestFault};
use crate::functions::{Kind, Signature, ty, wasi_functions};
use crate::memory::GuestMemory;
use crate::{Input, WasiCtx, WasiCtxBuilder, clock, dir, fs, io, path, poll, process, random, sock};

/// A function and which of its parameters have 32 bits (`false`) or 64 (`true`).
pub(super) struct Function {
    pub(super) signature: Signature,
    wide: &'static [bool],
    pub(super) call: fn(&mut WasiCtx, &mut GuestMemory<'_>, &[u64]) -> WasiResult,
}

macro_rules! functions {
    ($($file:ident::$name:ident($($param:ident: $kind:ident),*) -> $result:tt;)*) => {
        pub(super) const FUNCTIONS: &[Function] = &[$(Function {
            signature: Signature { name: stringify!($name), params: &[$(Kind::$kind),*] },
            wide: &[$(size_of::<ty::$kind>() == 8),*],
            call: |ctx, mem, args| {
                let [$($param),*] = *args else { panic!("wrong number of arguments") };
                $file::$name(ctx, mem, $($param as ty::$kind),*)
            },
        }),*];
    };
}

wasi_functions!(functions);

/// A small generator (splitmix64), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn pick(&mut self, from: &[u64]) -> u64 {
        from[(self.next() % from.len() as u64) as usize]
    }
}

#[test]
fn the_interface_has_46_functions() {
    assert_eq!(FUNCTIONS.len(), 46);
    let mut names: Vec<_> = FUNCTIONS.iter().map(|function| function.signature.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 46);
}

#[test]
fn any_argument_is_survived() {
    let temp = TempDir::new();
    std::fs::write(temp.join("file"), "text").unwrap();
    let mut random = Random(1);
    // Pointers and lengths around the ends of the memory and of the number range, descriptors, flags.
    let narrow = [
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        64,
        4096,
        65528,
        65532,
        65535,
        65536,
        65537,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff8,
        0xffff_ffff,
    ];
    // Nothing in between: a file of some gigabytes would really be made.
    let wide = [0, 1, 8, 1 << 63, u64::MAX - 1, u64::MAX];
    for function in FUNCTIONS {
        for round in 0..400 {
            // Nothing waits: a directory, a listener, a connection and a file are 3 to 6.
            let (listener, (own, _peer)) =
                (TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), UnixStream::pair().unwrap());
            listener.set_nonblocking(true).unwrap();
            own.set_nonblocking(true).unwrap();
            let mut builder = WasiCtxBuilder::new();
            builder.preopened_dir(&temp.0, "/").unwrap().preopened_socket(listener).unwrap();
            let mut guest = Guest::new(builder.preopened_socket(own).unwrap().build());
            assert_eq!(guest.open("file", 0, READ_WRITE, 0), Ok(6));
            guest.shared = round % 4 >= 2;
            if round % 2 == 1 && function.signature.name != "poll_oneoff" {
                // Other contents than zeros; not where times to wait for are read from.
                guest.memory.fill_with(|| random.next() as u8);
            }
            let args: Vec<u64> = function
                .wide
                .iter()
                .map(|&w| if w { random.pick(&wide) } else { random.pick(&narrow) })
                .collect();
            let (outcome, line) = trace::traced(&mut guest, function.signature.name, &args);
            assert!(line.starts_with(function.signature.name), "{line}");
            if let Err(Failure::Fault(GuestFault::OutOfBounds { address, len })) = outcome {
                assert!(u64::from(address) + len > 65536, "{} {args:?}", function.signature.name);
            }
        }
    }
}

#[test]
fn pointers_beyond_the_memory_stop_the_guest() {
    let mut guest = Guest::with_dir(&TempDir::new());
    for address in [65536, 65532, u32::MAX - 7] {
        for write in [fs::fd_fdstat_get, fs::fd_filestat_get] {
            let outcome = guest.call(|ctx, mem| write(ctx, mem, DIR, address & !7));
            assert!(matches!(outcome, Err(Failure::Fault(GuestFault::OutOfBounds { .. }))), "{outcome:?}");
        }
    }
    // The last byte that is still inside.
    guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, DIR, 65536 - 24)).unwrap();
    let outcome = guest.call(|ctx, mem| random::random_get(ctx, mem, 65535, 2));
    assert_eq!(outcome, Err(Failure::Fault(GuestFault::OutOfBounds { address: 65535, len: 2 })));
    guest.call(|ctx, mem| random::random_get(ctx, mem, 65535, 1)).unwrap();
    guest.call(|ctx, mem| random::random_get(ctx, mem, 65536, 0)).unwrap();
}

#[test]
fn misaligned_pointers_stop_the_guest() {
    let mut guest = Guest::with_dir(&TempDir::new());
    let outcome = guest.call(|ctx, mem| fs::fd_filestat_get(ctx, mem, DIR, 68));
    assert_eq!(outcome, Err(Failure::Fault(GuestFault::Misaligned { address: 68, align: 8 })));
    let outcome = guest.call(|ctx, mem| process::args_sizes_get(ctx, mem, 66, 72));
    assert_eq!(outcome, Err(Failure::Fault(GuestFault::Misaligned { address: 66, align: 4 })));
}

#[test]
fn buffers_beyond_the_memory_stop_the_guest() {
    let mut guest = Guest::with_dir(&TempDir::new());
    let (inside, outside) = (guest.iovecs(&[(64, 8)]), guest.iovecs(&[(64, 8), (65530, 8)]));
    type Transfer = fn(&mut WasiCtx, &mut GuestMemory<'_>, u32, u32, u32, u32) -> WasiResult;
    for (fd, call) in [(0, io::fd_read as Transfer), (1, io::fd_write)] {
        guest.call(|ctx, mem| call(ctx, mem, fd, inside, 1, 128)).unwrap();
        let outcome = guest.call(|ctx, mem| call(ctx, mem, fd, outside, 2, 128));
        assert_eq!(outcome, Err(Failure::Fault(GuestFault::OutOfBounds { address: 65530, len: 8 })));
        let outcome = guest.call(|ctx, mem| call(ctx, mem, fd, 65532, 1, 128));
        assert_eq!(outcome, Err(Failure::Fault(GuestFault::OutOfBounds { address: 65532, len: 8 })));
    }
}

#[test]
fn a_call_whose_answer_has_no_place_does_nothing() {
    let temp = TempDir::new();
    let (listener, (own, mut peer)) =
        (TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), UnixStream::pair().unwrap());
    let _waiting = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.write_all(b"text").unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::memory("text")).preopened_dir(&temp.0, "/").unwrap();
    let mut guest =
        Guest::new(builder.preopened_socket(listener).unwrap().preopened_socket(own).unwrap().build());
    let file = guest.open("file", 1, READ_WRITE, 0).unwrap();
    guest.write(file, b"text").unwrap();
    let (path, len) = guest.text("new");
    let buffer = guest.room(8);
    let (iovecs, room) = (guest.iovecs(&[(buffer, 4)]), guest.room(8));

    // Beyond the memory, and not aligned.
    for bad in [65536, room + 1] {
        let mut stopped = |call: &dyn Fn(&mut WasiCtx, &mut GuestMemory<'_>) -> WasiResult| {
            let outcome = guest.call(call);
            assert!(matches!(outcome, Err(Failure::Fault(_))), "{outcome:?}");
        };
        stopped(&|ctx, mem| path::path_open(ctx, mem, DIR, 0, path, len, 1, READ_WRITE, 0, 0, bad));
        stopped(&|ctx, mem| sock::sock_accept(ctx, mem, 4, 0, bad));
        stopped(&|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 1, bad));
        stopped(&|ctx, mem| io::fd_write(ctx, mem, file, iovecs, 1, bad));
        stopped(&|ctx, mem| io::fd_pread(ctx, mem, file, iovecs, 1, 0, bad));
        stopped(&|ctx, mem| io::fd_pwrite(ctx, mem, file, iovecs, 1, 0, bad));
        stopped(&|ctx, mem| io::fd_seek(ctx, mem, file, 0, 0, bad));
        stopped(&|ctx, mem| sock::sock_recv(ctx, mem, 5, iovecs, 1, 0, bad, room));
        stopped(&|ctx, mem| sock::sock_recv(ctx, mem, 5, iovecs, 1, 0, room, bad));
        stopped(&|ctx, mem| sock::sock_send(ctx, mem, 5, iovecs, 1, 0, bad));
    }

    assert!(!temp.join("new").exists());
    assert_eq!(guest.bytes(buffer, 8), [0; 8]);
    assert_eq!(std::fs::read(temp.join("file")).unwrap(), b"text");
    assert_eq!(guest.seek(file, 0, 1), Ok(4));
    // What came is still there, and no descriptor is taken.
    assert_eq!(guest.read(0, 9), Ok(b"text".to_vec()));
    assert_eq!(guest.read(5, 9), Ok(b"text".to_vec()));
    guest.call(|ctx, mem| sock::sock_accept(ctx, mem, 4, 0, room)).unwrap();
    assert_eq!(guest.u32(room), file + 1);
    drop(guest);
    let mut sent = vec![];
    peer.read_to_end(&mut sent).unwrap();
    assert_eq!(sent, b"");
}

#[test]
fn a_call_moves_no_more_than_the_host_does_in_a_moment() {
    // A thousand buffers of a megabyte, all the same one: without a limit a guest could have gigabytes copied.
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    guest.memory.resize(8 << 20, 0);
    let iovecs = guest.iovecs(&[(0, 4 << 20); 1000]);
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, 1000, 64)).unwrap();
    assert_eq!(guest.u32(64), 64 << 20);
}
