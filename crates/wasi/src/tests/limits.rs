//! What a host runs out of: descriptors, space, readers.

use std::fs::File;
use std::os::fd::OwnedFd;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::alone::alone;
use super::poll::{fd_subscription, wait};
use super::{DIR, Guest, READ_WRITE, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::table::Descriptor;
use crate::{MemoryOutput, Output, WasiCtxBuilder, fs, io};

const CREAT: u32 = 1;
const READ: u64 = Rights::FD_READ.bits();

/// Sets how many descriptors this process may have: whether the host allows that.
fn allow_descriptors(count: u64) -> bool {
    let now = getrlimit(Resource::Nofile);
    let maximum = now.maximum.map_or(count, |maximum| maximum.max(count));
    [now.maximum, Some(maximum)].into_iter().any(|maximum| {
        maximum.is_none_or(|maximum| maximum >= count)
            && setrlimit(Resource::Nofile, Rlimit { current: Some(count), maximum }).is_ok()
    })
}

#[test]
fn ten_thousand_files_are_open() {
    const COUNT: u32 = 10_000;
    alone("tests::limits::ten_thousand_files_are_open", || {
        if !allow_descriptors(u64::from(COUNT) + 100) {
            eprintln!("skipped: the host does not allow {COUNT} descriptors");
            return;
        }
        let dir = TempDir::quick();
        let mut guest = Guest::with_dir(&dir);
        std::fs::write(dir.join("shared"), "").unwrap();
        for number in 0..COUNT {
            assert_eq!(guest.open("shared", 0, READ_WRITE, 0), Ok(DIR + 1 + number));
        }
        // Each has a position of its own.
        let last = DIR + COUNT;
        assert_eq!(guest.write(last, b"text"), Ok(4));
        assert_eq!(guest.read(DIR + 1, 9), Ok(b"text".to_vec()));
        assert_eq!(guest.read(last, 9), Ok(vec![]));
        // The highest free number is taken, wherever it is.
        for fd in [last, 7000, 5, 6000] {
            guest.close(fd).unwrap();
        }
        for fd in [last, 7000, 6000, 5, last + 1] {
            assert_eq!(guest.open("shared", 0, READ, 0), Ok(fd));
        }
        eprintln!("{COUNT} files were open");
    });
}

#[test]
fn without_descriptors_calls_fail_and_the_guest_goes_on() {
    alone("tests::limits::without_descriptors_calls_fail_and_the_guest_goes_on", || {
        let dir = TempDir::new();
        std::fs::write(dir.join("file"), "text").unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let _peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_dir(&dir.0, "/").unwrap().preopened_socket(listener).unwrap();
        let mut guest = Guest::new(builder.build());
        assert!(allow_descriptors(40), "fewer are always allowed");

        let mut opened = vec![];
        let failure = loop {
            match guest.open("file", 0, READ, 0) {
                Ok(fd) => opened.push(fd),
                Err(failure) => break failure,
            }
            assert!(opened.len() < 40);
        };
        fails::<()>(Err(failure), Errno::Mfile);
        // So does everything else that needs one, and nothing is changed by it.
        fails(guest.open("new", CREAT, READ_WRITE, 0), Errno::Mfile);
        fails(guest.open(".", 2, 0, 0), Errno::Mfile);
        fails(guest.readdir(DIR, 100, 0), Errno::Mfile);
        let accepted = guest.room(4);
        fails(guest.call(|ctx, mem| crate::sock::sock_accept(ctx, mem, 4, 0, accepted)), Errno::Mfile);
        assert!(!dir.join("new").exists());
        assert_eq!(guest.read(opened[0], 9), Ok(b"text".to_vec()));
        // With one less it works again.
        guest.close(opened[0]).unwrap();
        guest.call(|ctx, mem| crate::sock::sock_accept(ctx, mem, 4, 0, accepted)).unwrap();
        guest.close(guest.u32(accepted)).unwrap();
        assert_eq!(guest.open("file", 0, READ, 0), Ok(opened[0]));
    });
}

#[test]
fn a_guest_has_as_many_descriptors_as_its_host_says() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let _peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.preopened_dir(&dir.0, "/").unwrap().preopened_socket(listener).unwrap();
    let mut guest = Guest::new(builder.max_descriptors(7).build());
    // The streams, the directory and the listener are 0 to 4.
    assert_eq!([0; 2].map(|_| guest.open("file", 0, READ, 0)), [Ok(5), Ok(6)]);
    fails(guest.open("file", 0, READ, 0), Errno::Mfile);
    fails(guest.open("file", 8, READ_WRITE, 0), Errno::Mfile);
    fails(guest.open("new", CREAT, READ_WRITE, 0), Errno::Mfile);
    let accepted = guest.room(4);
    fails(guest.call(|ctx, mem| crate::sock::sock_accept(ctx, mem, 4, 0, accepted)), Errno::Mfile);
    // Nothing was made, cut off or accepted.
    assert!(!dir.join("new").exists());
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"text");
    guest.close(5).unwrap();
    guest.call(|ctx, mem| crate::sock::sock_accept(ctx, mem, 4, 0, accepted)).unwrap();
    assert_eq!(guest.u32(accepted), 5);
    fails(guest.open("file", 0, READ, 0), Errno::Mfile);

    // Unless the host says anything, there are 65 536.
    let guest = Guest::new(WasiCtxBuilder::new().build());
    for number in 3..65_536 {
        assert_eq!(guest.ctx.table.insert(Descriptor::output(Output::discard())), Ok(number));
    }
    assert_eq!(guest.ctx.table.insert(Descriptor::output(Output::discard())), Err(Errno::Mfile));

    // What the host gives is there in any case.
    let mut guest =
        Guest::new(WasiCtxBuilder::new().max_descriptors(0).preopened_dir(&dir.0, "/").unwrap().build());
    assert_eq!(guest.stat("file", 0), Ok((4, 4)));
    fails(guest.open("file", 0, READ, 0), Errno::Mfile);
}

#[test]
fn a_table_that_is_full_in_the_whole_system_says_so() {
    assert_eq!(Errno::from(rustix::io::Errno::NFILE), Errno::Nfile);
    assert_eq!(Errno::from(std::io::Error::from(rustix::io::Errno::NFILE)), Errno::Nfile);
}

#[test]
fn a_full_device_is_an_error_of_the_write() {
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(Output::file(File::options().write(true).open("/dev/full").unwrap()));
    builder.preopened_dir("/dev", "/dev").unwrap();
    let mut guest = Guest::new(builder.build());
    fails(guest.write(1, b"text"), Errno::Nospc);
    let full = guest.open("full", 0, READ_WRITE, 0).unwrap();
    fails(guest.write(full, b"text"), Errno::Nospc);
    let text = guest.store(b"text");
    let (iovecs, len) = (guest.iovecs(&[(text, 4)]), guest.room(4));
    fails(guest.call(|ctx, mem| io::fd_pwrite(ctx, mem, full, iovecs, 1, 0, len)), Errno::Nospc);
    // It can still be read and closed.
    assert_eq!(guest.read(full, 2), Ok(vec![0, 0]));
    guest.close(full).unwrap();
}

#[test]
fn a_file_cannot_be_longer_than_the_file_system_allows() {
    let dir = TempDir::new();
    let mut guest = Guest::with_dir(&dir);
    let fd = guest.open("file", CREAT, READ_WRITE, 0).unwrap();
    let too_long = 1 << 62;
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, fd, too_long)), Errno::Fbig);
    fails(guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, fd, too_long, 1)), Errno::Fbig);
    assert_eq!(guest.stat("file", 0), Ok((4, 0)));
}

#[test]
fn a_closed_output_is_a_bad_descriptor() {
    let stdout = MemoryOutput::new(10);
    let mut guest = Guest::new(WasiCtxBuilder::new().stdout(stdout.clone()).build());
    assert_eq!(guest.write(1, b"out"), Ok(3));
    guest.close(1).unwrap();
    fails(guest.write(1, b"lost"), Errno::Badf);
    fails(guest.close(1), Errno::Badf);
    let events = wait(&mut guest, &[fd_subscription(1, 2, 1)]).unwrap();
    assert_eq!((events.len(), events[0].error), (1, Errno::Badf as u16));
    assert_eq!(stdout.contents(), b"out");
    // The other streams are not touched.
    assert_eq!(guest.write(2, b"err"), Ok(3));
    assert_eq!(guest.read(0, 1), Ok(vec![]));
}

#[test]
fn a_pipe_without_a_reader_is_an_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stderr(Output::file(File::from(OwnedFd::from(writer))));
    let mut guest = Guest::new(builder.build());
    assert_eq!(guest.write(2, b"x"), Ok(1));
    drop(reader);
    fails(guest.write(2, b"x"), Errno::Pipe);
    // Waiting tells of it too.
    let events = wait(&mut guest, &[fd_subscription(1, 2, 2)]).unwrap();
    assert_eq!((events.len(), events[0].error), (1, 0));
}
