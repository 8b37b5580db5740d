//! Streams that the host uses without waiting, and a guest that does not know of that.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use super::{Guest, fails};
use crate::abi::Errno;
use crate::{Input, Output, WasiCtxBuilder, sock};

const NONBLOCK: u32 = 4;
/// In which the other end of a stream does nothing, so that the guest has to wait.
const PAUSE: Duration = Duration::from_millis(20);

fn nonblocking(fd: impl Into<OwnedFd>) -> File {
    let file = File::from(fd.into());
    rustix::io::ioctl_fionbio(&file, true).unwrap();
    file
}

fn reading(input: impl Into<OwnedFd>) -> Guest {
    Guest::new(WasiCtxBuilder::new().stdin(Input::file(nonblocking(input))).build())
}

#[test]
fn an_empty_pipe_is_waited_for() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut guest = reading(reader);
    let sender = thread::spawn(move || {
        for part in [b"first", b"other"] {
            thread::sleep(PAUSE);
            writer.write_all(part).unwrap();
        }
    });
    assert_eq!(guest.read(0, 5), Ok(b"first".to_vec()));
    assert_eq!(guest.read(0, 5), Ok(b"other".to_vec()));
    assert_eq!(guest.read(0, 5), Ok(vec![]), "the end is no reason to wait");
    sender.join().unwrap();
}

#[test]
fn a_full_pipe_is_waited_for() {
    const LEN: usize = 1 << 20;
    let (mut reader, writer) = std::io::pipe().unwrap();
    let writer = nonblocking(writer);
    let mut builder = WasiCtxBuilder::new();
    let mut guest = Guest::new(builder.stdout(Output::file(writer)).build());
    let receiver = thread::spawn(move || {
        thread::sleep(PAUSE);
        let mut all = vec![];
        reader.read_to_end(&mut all).unwrap();
        all
    });
    let mut written = 0;
    while written < LEN {
        let len = (LEN - written).min(10_000);
        written += guest.write(1, &vec![b'x'; len]).unwrap() as usize;
    }
    drop(guest);
    assert_eq!(receiver.join().unwrap().len(), LEN);
}

#[test]
fn a_guest_that_asks_for_it_does_not_wait() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut guest = reading(reader);
    assert_eq!(guest.fdstat(0).1, 0, "it has not asked yet");
    guest.set_flags(0, NONBLOCK).unwrap();
    assert_eq!(u32::from(guest.fdstat(0).1), NONBLOCK);
    fails(guest.read(0, 5), Errno::Again);
    guest.set_flags(0, 0).unwrap();
    let sender = thread::spawn(move || {
        thread::sleep(PAUSE);
        writer.write_all(b"later").unwrap();
    });
    assert_eq!(guest.read(0, 5), Ok(b"later".to_vec()));
    sender.join().unwrap();
}

#[test]
fn what_the_host_has_set_stays_as_it_is() {
    let (reader, writer) = std::io::pipe().unwrap();
    let (reader, writer) = (nonblocking(reader), File::from(OwnedFd::from(writer)));
    let others = [&reader, &writer].map(|file| file.try_clone().unwrap());
    let mut builder = WasiCtxBuilder::new();
    let mut guest = Guest::new(builder.stdin(Input::file(reader)).stdout(Output::file(writer)).build());
    guest.set_flags(0, NONBLOCK).unwrap();
    guest.set_flags(0, 0).unwrap();
    // That of a stream which waits would be seen by those who share it.
    fails(guest.set_flags(1, NONBLOCK), Errno::Notsup);
    guest.set_flags(1, 0).unwrap();
    let flags = others.map(|file| rustix::fs::fcntl_getfl(&file).unwrap());
    let nonblock = rustix::fs::OFlags::NONBLOCK;
    assert_eq!(flags.map(|flags| flags.contains(nonblock)), [true, false]);
}

#[test]
fn a_socket_as_a_stream_is_waited_for_too() {
    let (own, mut peer) = UnixStream::pair().unwrap();
    let mut guest = reading(own);
    let sender = thread::spawn(move || {
        thread::sleep(PAUSE);
        peer.write_all(b"hello").unwrap();
        thread::sleep(PAUSE);
        peer.write_all(b"again").unwrap();
        peer
    });
    assert_eq!(guest.read(0, 5), Ok(b"hello".to_vec()));
    let (buffer, received, roflags) = (guest.room(5), guest.room(4), guest.room(2));
    let iovecs = guest.iovecs(&[(buffer, 5)]);
    guest.call(|ctx, mem| sock::sock_recv(ctx, mem, 0, iovecs, 1, 0, received, roflags)).unwrap();
    assert_eq!((guest.bytes(buffer, 5), guest.u32(received)), (&b"again"[..], 5));
    drop(sender.join().unwrap());
}
