//! Sockets: accepting, moving data, ending.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use super::poll::{MILLISECOND, READ, WRITE, clock_subscription, fd_subscription, wait};
use super::{DIR, Event, Guest, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::error::{Failure, WasiResult};
use crate::{Input, WasiCtxBuilder, fs, io, sock};

const NONBLOCK: u32 = 4;
const PEEK: u32 = 1;
const WAITALL: u32 = 2;
/// Where the first socket is if no directory is preopened.
const LISTENER: u32 = 3;

impl Guest {
    fn with_socket(socket: impl Into<OwnedFd>) -> Guest {
        Guest::new(WasiCtxBuilder::new().preopened_socket(socket).unwrap().build())
    }

    fn accept(&mut self, fd: u32, flags: u32) -> Result<u32, Failure> {
        let accepted = self.room(4);
        self.call(|ctx, mem| sock::sock_accept(ctx, mem, fd, flags, accepted))?;
        Ok(self.u32(accepted))
    }

    /// Receives into two buffers: what came, and the flags.
    fn recv(&mut self, fd: u32, lens: [u32; 2], flags: u32) -> Result<(Vec<u8>, u16), Failure> {
        let (a, b) = (self.room(lens[0]), self.room(lens[1]));
        let iovecs = self.iovecs(&[(a, lens[0]), (b, lens[1])]);
        let (received, roflags) = (self.room(4), self.room(2));
        self.memory[roflags as usize] = 0xee;
        self.call(|ctx, mem| sock::sock_recv(ctx, mem, fd, iovecs, 2, flags, received, roflags))?;
        let len = self.u32(received);
        let first = len.min(lens[0]);
        let bytes = [self.bytes(a, first), self.bytes(b, len - first)].concat();
        Ok((bytes, self.u16(roflags)))
    }

    fn send(&mut self, fd: u32, bytes: &[u8], flags: u32) -> Result<u32, Failure> {
        let buffer = self.store(bytes);
        let iovecs = self.iovecs(&[(buffer, bytes.len() as u32)]);
        let sent = self.room(4);
        self.call(|ctx, mem| sock::sock_send(ctx, mem, fd, iovecs, 1, flags, sent))?;
        Ok(self.u32(sent))
    }

    fn shutdown(&mut self, fd: u32, how: u32) -> WasiResult {
        self.call(|ctx, mem| sock::sock_shutdown(ctx, mem, fd, how))
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A guest with a connection, its number there, and the other end.
fn connected() -> (Guest, u32, TcpStream) {
    let (listener, address) = listener();
    let peer = TcpStream::connect(address).unwrap();
    let mut guest = Guest::with_socket(listener);
    let connection = guest.accept(LISTENER, 0).unwrap();
    (guest, connection, peer)
}

#[test]
fn a_guest_serves_a_client() {
    let (listener, address) = listener();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"ping").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let mut guest = Guest::with_socket(listener);
    let connection = guest.accept(LISTENER, 0).unwrap();
    assert_eq!(connection, 4);
    assert_eq!(guest.recv(connection, [3, 3], 0), Ok((b"ping".to_vec(), 0)));
    assert_eq!(guest.send(connection, b"po", 0), Ok(2));
    assert_eq!(guest.write(connection, b"ng"), Ok(2));
    guest.shutdown(connection, 2).unwrap();
    assert_eq!(client.join().unwrap(), "pong");
    // The other end is closed now, and after the own end was shut down nothing can be sent.
    assert_eq!(guest.recv(connection, [4, 4], 0), Ok((vec![], 0)));
    assert_eq!(guest.read(connection, 4), Ok(vec![]));
    fails(guest.send(connection, b"x", 0), Errno::Pipe);
    fails(guest.write(connection, b"x"), Errno::Pipe);
    guest.close(connection).unwrap();
    fails(guest.send(connection, b"x", 0), Errno::Badf);
}

#[test]
fn sockets_come_after_directories() {
    let dir = TempDir::new();
    let mut builder = WasiCtxBuilder::new();
    builder.preopened_socket(listener().0).unwrap().preopened_dir(&dir.0, "/").unwrap();
    builder.preopened_socket(UnixListener::bind(dir.join("socket")).unwrap()).unwrap();
    let mut guest = Guest::new(builder.build());
    assert_eq!([DIR, 4, 5].map(|fd| guest.fdstat(fd).0), [3, 6, 6]);
    // This is how a guest learns that there are no further directories.
    let prestat = guest.room(8);
    fails(guest.call(|ctx, mem| fs::fd_prestat_get(ctx, mem, 4, prestat)), Errno::Badf);

    let mut peer = UnixStream::connect(dir.join("socket")).unwrap();
    let connection = guest.accept(5, 0).unwrap();
    peer.write_all(b"hello").unwrap();
    assert_eq!(guest.read(connection, 9), Ok(b"hello".to_vec()));
}

#[test]
fn peeking_leaves_the_bytes() {
    let (mut guest, connection, mut peer) = connected();
    peer.write_all(b"abcdef").unwrap();
    assert_eq!(guest.recv(connection, [6, 0], PEEK | WAITALL), Ok((b"abcdef".to_vec(), 0)));
    assert_eq!(guest.recv(connection, [1, 2], PEEK), Ok((b"abc".to_vec(), 0)));
    assert_eq!(guest.recv(connection, [1, 3], 0), Ok((b"abcd".to_vec(), 0)));
    assert_eq!(guest.recv(connection, [9, 0], 0), Ok((b"ef".to_vec(), 0)));
}

#[test]
fn waiting_for_all_fills_the_buffers() {
    let (mut guest, connection, mut peer) = connected();
    let sender = thread::spawn(move || {
        for byte in b"abcdef" {
            peer.write_all(&[*byte]).unwrap();
            thread::sleep(Duration::from_millis(2));
        }
    });
    assert_eq!(guest.recv(connection, [2, 3], WAITALL), Ok((b"abcde".to_vec(), 0)));
    // The end ends the waiting too.
    assert_eq!(guest.recv(connection, [2, 3], WAITALL), Ok((b"f".to_vec(), 0)));
    sender.join().unwrap();
}

#[test]
fn the_rest_of_a_datagram_is_lost_and_that_is_told() {
    let (own, peer) = UnixDatagram::pair().unwrap();
    let mut guest = Guest::with_socket(own);
    assert_eq!(guest.fdstat(3).0, 5);
    peer.send(b"0123456789").unwrap();
    peer.send(b"abc").unwrap();
    assert_eq!(guest.recv(3, [2, 2], 0), Ok((b"0123".to_vec(), 1)));
    assert_eq!(guest.recv(3, [2, 2], 0), Ok((b"abc".to_vec(), 0)));
    // The buffers of one call are one message.
    let (a, b) = (guest.store(b"one "), guest.store(b"message"));
    let (iovecs, sent) = (guest.iovecs(&[(a, 4), (b, 7)]), guest.room(4));
    guest.call(|ctx, mem| sock::sock_send(ctx, mem, 3, iovecs, 2, 0, sent)).unwrap();
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 3, iovecs, 2, sent)).unwrap();
    let mut buffer = [0; 64];
    for _ in 0..2 {
        let len = peer.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"one message");
    }
}

#[test]
fn a_socket_that_does_not_wait_says_again() {
    let (listener, address) = listener();
    let mut guest = Guest::with_socket(listener);
    assert_eq!(guest.fdstat(LISTENER).1, 0);
    guest.set_flags(LISTENER, NONBLOCK).unwrap();
    assert_eq!(u32::from(guest.fdstat(LISTENER).1), NONBLOCK);
    fails(guest.accept(LISTENER, 0), Errno::Again);

    let _peers = [TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap()];
    wait(&mut guest, &[fd_subscription(1, READ, LISTENER)]).unwrap();
    let connection = guest.accept(LISTENER, NONBLOCK).unwrap();
    assert_eq!(u32::from(guest.fdstat(connection).1), NONBLOCK);
    fails(guest.recv(connection, [1, 1], 0), Errno::Again);
    fails(guest.read(connection, 1), Errno::Again);
    // A connection waits if it was not told otherwise, whatever the listener does.
    wait(&mut guest, &[fd_subscription(1, READ, LISTENER)]).unwrap();
    let connection = guest.accept(LISTENER, 0).unwrap();
    assert_eq!(guest.fdstat(connection).1, 0);
    guest.set_flags(connection, NONBLOCK).unwrap();
    fails(guest.recv(connection, [1, 1], WAITALL), Errno::Again);

    guest.set_flags(LISTENER, 0).unwrap();
    assert_eq!(guest.fdstat(LISTENER).1, 0);
    for flags in [1, 2, 8, 16] {
        fails(guest.set_flags(LISTENER, flags), Errno::Notsup);
        fails(guest.accept(LISTENER, flags), Errno::Inval);
    }
    fails(guest.accept(LISTENER, 32), Errno::Inval);
}

#[test]
fn a_listener_that_came_in_that_mode_stays_so() {
    let (listener, _) = listener();
    listener.set_nonblocking(true).unwrap();
    let mut guest = Guest::with_socket(listener);
    assert_eq!(u32::from(guest.fdstat(LISTENER).1), NONBLOCK);
    fails(guest.accept(LISTENER, 0), Errno::Again);
}

#[test]
fn sockets_are_waited_for() {
    let (listener, address) = listener();
    let mut guest = Guest::with_socket(listener);
    let ready = |kind, bytes, flags| Event { userdata: 1, error: 0, kind, bytes, flags };
    let soon = clock_subscription(2, 1, MILLISECOND, 0);
    let events = wait(&mut guest, &[fd_subscription(1, READ, LISTENER), soon]).unwrap();
    assert_eq!(events.iter().map(|event| event.userdata).collect::<Vec<_>>(), [2]);

    let client = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        TcpStream::connect(address).unwrap()
    });
    let events = wait(&mut guest, &[fd_subscription(1, READ, LISTENER)]).unwrap();
    assert_eq!(events, [ready(READ, 1, 0)], "a connection waits");
    let connection = guest.accept(LISTENER, 0).unwrap();
    let mut peer = client.join().unwrap();

    let both = [fd_subscription(1, READ, connection), fd_subscription(1, WRITE, connection)];
    assert_eq!(wait(&mut guest, &both).unwrap(), [ready(WRITE, 1, 0)]);
    peer.write_all(b"hello").unwrap();
    let events = wait(&mut guest, &[fd_subscription(1, READ, connection)]).unwrap();
    assert_eq!(events, [ready(READ, 5, 0)]);
    assert_eq!(guest.read(connection, 9), Ok(b"hello".to_vec()));
    // When both ends have ended, that is a hangup.
    drop(peer);
    guest.shutdown(connection, 2).unwrap();
    let events = wait(&mut guest, &[fd_subscription(1, READ, connection)]).unwrap();
    assert_eq!(events, [ready(READ, 0, 1)]);
}

#[test]
fn a_listener_cannot_be_written_to_and_a_connection_accepts_nothing() {
    let (mut guest, connection, _peer) = connected();
    let accept = Rights::SOCK_ACCEPT.bits();
    let (filetype, _, base, inheriting) = guest.fdstat(LISTENER);
    assert_eq!((filetype, base & accept), (6, accept));
    assert_eq!(base & Rights::FD_WRITE.bits(), 0);
    let (filetype, _, connection_base, connection_inheriting) = guest.fdstat(connection);
    assert_eq!((filetype, connection_base, connection_inheriting), (6, inheriting, 0));
    let needed = Rights::FD_READ.with(Rights::FD_WRITE).with(Rights::SOCK_SHUTDOWN).bits();
    assert_eq!(connection_base & (needed | accept), needed);

    fails(guest.accept(connection, 0), Errno::Notcapable);
    fails(guest.send(LISTENER, b"x", 0), Errno::Badf);
    fails(guest.recv(LISTENER, [1, 1], 0), Errno::Notconn);
    // What the listener does not pass on, its connections do not have.
    let fewer = inheriting & !Rights::SOCK_SHUTDOWN.bits();
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, LISTENER, base, fewer)).unwrap();
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, connection, fewer, 0)).unwrap();
    fails(guest.shutdown(connection, 1), Errno::Notcapable);
}

#[test]
fn accepted_connections_get_what_the_listener_passes_on() {
    let (listener, address) = listener();
    let mut guest = Guest::with_socket(listener);
    let (_, _, base, inheriting) = guest.fdstat(LISTENER);
    let fewer = inheriting & !Rights::FD_WRITE.bits();
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, LISTENER, base, fewer)).unwrap();
    let _peer = TcpStream::connect(address).unwrap();
    let connection = guest.accept(LISTENER, 0).unwrap();
    assert_eq!(guest.fdstat(connection).2, fewer);
    fails(guest.send(connection, b"x", 0), Errno::Badf);
}

#[test]
fn a_socket_is_no_file() {
    let (mut guest, connection, mut peer) = connected();
    fails(guest.seek(connection, 0, 1), Errno::Spipe);
    let room = guest.room(64);
    let iovecs = guest.iovecs(&[(room, 4)]);
    fails(guest.call(|ctx, mem| io::fd_tell(ctx, mem, connection, room)), Errno::Spipe);
    fails(guest.call(|ctx, mem| io::fd_pread(ctx, mem, connection, iovecs, 1, 0, room)), Errno::Spipe);
    fails(guest.call(|ctx, mem| io::fd_pwrite(ctx, mem, connection, iovecs, 1, 0, room)), Errno::Spipe);
    fails(guest.call(|ctx, mem| fs::fd_advise(ctx, mem, connection, 0, 0, 0)), Errno::Spipe);
    fails(guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, connection, 0, 1)), Errno::Spipe);
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, connection, 0)), Errno::Spipe);
    fails(guest.call(|ctx, mem| fs::fd_sync(ctx, mem, connection)), Errno::Notcapable);
    guest.call(|ctx, mem| fs::fd_filestat_get(ctx, mem, connection, room)).unwrap();
    assert_eq!((guest.bytes(room + 16, 1)[0], guest.u64(room + 32)), (6, 0));
    // It can have another number, as all descriptors.
    guest.call(|ctx, mem| fs::fd_renumber(ctx, mem, connection, 0)).unwrap();
    peer.write_all(b"x").unwrap();
    assert_eq!(guest.recv(0, [1, 1], 0), Ok((b"x".to_vec(), 0)));
}

#[test]
fn what_is_no_socket_says_so() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::open(dir.join("file")).unwrap())).preopened_dir(&dir.0, "/").unwrap();
    let mut guest = Guest::new(builder.build());
    let file = guest.open("file", 0, super::READ_WRITE, 0).unwrap();
    for (fd, errno) in [
        (0, Errno::Notsock),
        (1, Errno::Notsock),
        (DIR, Errno::Notsock),
        (file, Errno::Notsock),
        (9, Errno::Badf),
    ] {
        fails(guest.accept(fd, 0), errno);
        fails(guest.recv(fd, [1, 1], 0), errno);
        fails(guest.send(fd, b"x", 0), errno);
        fails(guest.shutdown(fd, 1), errno);
    }
    let file = File::open(dir.join("file")).unwrap();
    let err = WasiCtxBuilder::new().preopened_socket(file).map(|_| ()).unwrap_err();
    assert!(err.to_string().contains("socket"), "{err}");
}

#[test]
fn what_is_not_declared_is_invalid() {
    let (mut guest, connection, _peer) = connected();
    for how in [0, 4, 7, 256 + 1] {
        fails(guest.shutdown(connection, how), Errno::Inval);
    }
    fails(guest.send(connection, b"x", 1), Errno::Inval);
    for flags in [4, 8, 1 << 16] {
        fails(guest.recv(connection, [1, 1], flags), Errno::Inval);
    }
}

#[test]
fn a_standard_stream_may_be_a_socket() {
    let (own, mut peer) = UnixStream::pair().unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::from(OwnedFd::from(own))));
    let mut guest = Guest::new(builder.build());
    assert_eq!(guest.fdstat(0).0, 6);
    peer.write_all(b"hello").unwrap();
    assert_eq!(guest.recv(0, [2, 1], PEEK), Ok((b"hel".to_vec(), 0)));
    assert_eq!(guest.read(0, 9), Ok(b"hello".to_vec()));
    fails(guest.send(0, b"x", 0), Errno::Badf);
    fails(guest.accept(0, 0), Errno::Notcapable);
}
