//! The standard streams, and the buffers of vectored calls.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use super::{Guest, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::{Input, MemoryOutput, Output, WasiCtxBuilder, fs, io};

#[test]
fn one_write_takes_all_buffers() {
    let stdout = MemoryOutput::new(100);
    let mut guest = Guest::new(WasiCtxBuilder::new().stdout(stdout.clone()).build());
    let (a, b) = (guest.store(b"hello "), guest.store(b"world\n"));
    let iovecs = guest.iovecs(&[(a, 6), (0, 0), (b, 6), (a, 1)]);
    let written = guest.room(4);
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, 4, written)).unwrap();
    assert_eq!(guest.u32(written), 13);
    assert_eq!(stdout.contents(), b"hello world\nh");
}

#[test]
fn many_buffers_are_written_too() {
    let stdout = MemoryOutput::new(1000);
    let mut guest = Guest::new(WasiCtxBuilder::new().stdout(stdout.clone()).build());
    let letter = guest.store(b"x");
    let iovecs = guest.iovecs(&[(letter, 1); 100]);
    let written = guest.room(4);
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, 100, written)).unwrap();
    assert_eq!(guest.u32(written), 100);
    assert_eq!(stdout.contents(), [b'x'; 100]);
}

#[test]
fn a_full_collector_takes_no_more() {
    let stderr = MemoryOutput::new(3);
    let mut guest = Guest::new(WasiCtxBuilder::new().stderr(stderr.clone()).build());
    assert_eq!(guest.write(2, b"ab"), Ok(2));
    assert_eq!(guest.write(2, b"cd"), Ok(1));
    fails(guest.write(2, b"e"), Errno::Nospc);
    assert_eq!(guest.write(2, b""), Ok(0));
    assert_eq!(stderr.contents(), b"abc");
}

/// Takes two bytes at a time, each time after an interruption, until there are no more turns.
struct Slow {
    turns: u32,
    taken: std::sync::mpsc::Sender<Vec<u8>>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let Some(left) = self.turns.checked_sub(1) else { return Err(rustix::io::Errno::NOSPC.into()) };
        self.turns = left;
        if left % 2 == 1 {
            return Err(ErrorKind::Interrupted.into());
        }
        let taken = &bytes[..bytes.len().min(2)];
        self.taken.send(taken.to_vec()).unwrap();
        Ok(taken.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_of_the_host_gets_each_call() {
    let (taken, bytes) = std::sync::mpsc::channel();
    let stdout = Output::writer(Slow { turns: 4, taken });
    let mut guest = Guest::new(WasiCtxBuilder::new().stdout(stdout).build());
    assert_eq!(guest.write(1, b"abc"), Ok(2));
    assert_eq!(guest.write(1, b"c"), Ok(1));
    fails(guest.write(1, b"d"), Errno::Nospc);
    drop(guest);
    assert_eq!(bytes.iter().collect::<Vec<_>>(), [b"ab".to_vec(), b"c".to_vec()]);
}

#[test]
fn streams_lead_nowhere_unless_the_host_says_so() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    assert_eq!(guest.read(0, 10), Ok(vec![]));
    assert_eq!(guest.write(1, b"lost"), Ok(4));
    assert_eq!(guest.write(2, b"lost"), Ok(4));
}

#[test]
fn streams_go_one_way() {
    let mut guest = Guest::new(WasiCtxBuilder::new().stdin(Input::memory("x")).build());
    fails(guest.write(0, b"x"), Errno::Badf);
    fails(guest.read(1, 1), Errno::Badf);
    fails(guest.read(2, 1), Errno::Badf);
}

#[test]
fn input_comes_in_order_and_ends() {
    let mut guest = Guest::new(WasiCtxBuilder::new().stdin(Input::memory("0123456789")).build());
    assert_eq!(guest.read(0, 4), Ok(b"0123".to_vec()));
    let (a, b) = (guest.room(3), guest.room(9));
    // The second buffer lies before the first.
    let iovecs = guest.iovecs(&[(b, 2), (a, 3)]);
    let read = guest.room(4);
    guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 2, read)).unwrap();
    assert_eq!(guest.u32(read), 5);
    assert_eq!((guest.bytes(b, 3), guest.bytes(a, 3)), (&b"45\0"[..], &b"678"[..]));
    assert_eq!(guest.read(0, 4), Ok(b"9".to_vec()));
    assert_eq!(guest.read(0, 4), Ok(vec![]));
}

#[test]
fn a_read_stops_before_buffers_that_overlap() {
    let mut guest = Guest::new(WasiCtxBuilder::new().stdin(Input::memory("0123456789")).build());
    let buffer = guest.room(16);
    let iovecs = guest.iovecs(&[(buffer, 4), (buffer + 8, 2), (buffer + 3, 2), (buffer + 12, 2)]);
    let read = guest.room(4);
    guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 4, read)).unwrap();
    assert_eq!(guest.u32(read), 6);
    assert_eq!(guest.bytes(buffer, 14), b"0123\0\0\0\x0045\0\0\0\0");
}

#[test]
fn many_buffers_are_read_too() {
    let text: Vec<u8> = (0..200).collect();
    let mut guest = Guest::new(WasiCtxBuilder::new().stdin(Input::memory(text.clone())).build());
    // Every second buffer lies before the one it follows, every tenth is empty.
    let buffer = guest.room(400);
    let each: Vec<_> = (0..100).map(|i| (buffer + 4 * (i ^ 1), if i % 10 == 9 { 0 } else { 2 })).collect();
    let iovecs = guest.iovecs(&each);
    let read = guest.room(4);
    guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 100, read)).unwrap();
    assert_eq!(guest.u32(read), 180);
    let found: Vec<u8> = each.iter().flat_map(|&(at, len)| guest.bytes(at, len)).copied().collect();
    assert_eq!(found, text[..180]);

    // One that overlaps the third ends the list, however long it is.
    let mut guest = Guest::new(WasiCtxBuilder::new().stdin(Input::memory(text)).build());
    let mut each: Vec<_> = (0..100).map(|i| (buffer + 2 * i, 2)).collect();
    each[50] = (buffer + 5, 2);
    let iovecs = guest.iovecs(&each);
    guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 100, read)).unwrap();
    assert_eq!(guest.u32(read), 100);
}

#[test]
fn a_call_takes_as_many_buffers_as_the_host() {
    let mut guest = Guest::new(WasiCtxBuilder::new().stdin(Input::memory(vec![b'x'; 2000])).build());
    let buffer = guest.room(2000);
    let each: Vec<_> = (0..1100).map(|i| (buffer + i, 1)).collect();
    let iovecs = guest.iovecs(&each);
    let read = guest.room(4);
    guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 1100, read)).unwrap();
    assert_eq!(guest.u32(read), 1024);
    guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, 1100, read)).unwrap();
    assert_eq!(guest.u32(read), 1024);
}

#[test]
fn streams_of_the_host_are_used_directly() {
    let dir = TempDir::new();
    std::fs::write(dir.join("in"), "from the host").unwrap();
    let mut out = File::options().create_new(true).read(true).write(true).open(dir.join("out")).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::open(dir.join("in")).unwrap()));
    builder.stdout(Output::file(out.try_clone().unwrap()));
    let mut guest = Guest::new(builder.build());

    assert_eq!(guest.read(0, 4), Ok(b"from".to_vec()));
    // A stream that is a file can be positioned, as on the host.
    assert_eq!(guest.seek(0, 9, 0), Ok(9));
    assert_eq!(guest.read(0, 100), Ok(b"host".to_vec()));
    assert_eq!(guest.write(1, b"to the host"), Ok(11));
    // Nothing was kept back.
    let mut text = String::new();
    out.rewind().unwrap();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(text, "to the host");
}

#[test]
fn the_files_behind_streams_stay_as_they_are() {
    let dir = TempDir::new();
    for name in ["in", "out"] {
        std::fs::write(dir.join(name), "0123456789").unwrap();
    }
    let open = |name| File::options().read(true).write(true).open(dir.join(name)).unwrap();
    let (input, mut output) = (open("in"), open("out"));
    output.seek(SeekFrom::End(0)).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(input)).stdout(Output::file(output));
    let mut guest = Guest::new(builder.build());
    let times = || ["in", "out"].map(|name| std::fs::metadata(dir.join(name)).unwrap().modified().unwrap());
    let before = times();

    let (text, out) = (guest.store(b"x"), guest.room(8));
    let iovecs = guest.iovecs(&[(text, 1)]);
    // 0 is not to be written; for 1, what wants a file finds a pipe.
    for (fd, errno) in [(0, Errno::Badf), (1, Errno::Spipe)] {
        fails(guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, fd, 0)), errno);
        fails(guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, fd, 0, 100)), errno);
        fails(guest.call(|ctx, mem| io::fd_pwrite(ctx, mem, fd, iovecs, 1, 0, out)), errno);
        fails(guest.call(|ctx, mem| fs::fd_advise(ctx, mem, fd, 0, 0, 4)), Errno::Spipe);
        fails(guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 0, 0, 5)), Errno::Notcapable);
    }
    for whence in 0..3 {
        fails(guest.seek(1, 0, whence), Errno::Spipe);
    }
    fails(guest.call(|ctx, mem| io::fd_tell(ctx, mem, 1, out)), Errno::Spipe);
    assert_eq!(before, times());

    // The rights say so beforehand, and cannot be had back.
    let stream = [0, 3, 4, 21, 27].iter().fold(0_u64, |rights, bit| rights | 1 << bit);
    assert_eq!(guest.fdstat(0).2, stream | 1 << 1 | 1 << 2 | 1 << 5);
    assert_eq!(guest.fdstat(1).2, stream | 1 << 6);
    fails(guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, 1, 1 << 22, 0)), Errno::Notcapable);

    // What a stream is for still works: reading anywhere, writing on, waiting for the device.
    guest.call(|ctx, mem| io::fd_pread(ctx, mem, 0, iovecs, 1, 7, out)).unwrap();
    assert_eq!(guest.bytes(text, 1), b"7");
    assert_eq!(guest.seek(0, -1, 2), Ok(9));
    assert_eq!(guest.read(0, 9), Ok(b"9".to_vec()));
    assert_eq!(guest.write(1, b"+"), Ok(1));
    guest.call(|ctx, mem| fs::fd_sync(ctx, mem, 1)).unwrap();
    assert_eq!(std::fs::read(dir.join("in")).unwrap(), b"0123456789");
    assert_eq!(std::fs::read(dir.join("out")).unwrap(), b"0123456789+");
}

#[test]
fn the_streams_of_this_process_are_used_without_a_buffer() {
    let name = "tests::stdio::the_streams_of_this_process_are_used_without_a_buffer";
    let written = super::alone::alone(name, || {
        let mut guest = Guest::new(WasiCtxBuilder::new().inherit_stdio().build());
        guest.write(1, b"no end of line, ").unwrap();
        // What the host itself writes in between comes in between.
        std::io::stdout().write_all(b"from the host, ").unwrap();
        std::io::stdout().flush().unwrap();
        guest.write(1, b"and the end\n").unwrap();
        guest.write(2, b"an error\n").unwrap();
        assert_eq!(guest.read(0, 9), Ok(vec![]));
    });
    if let Some([out, err]) = written {
        assert!(out.contains("no end of line, from the host, and the end\n"), "{out}");
        assert!(err.contains("an error\n"), "{err}");
    }
}

#[test]
fn the_buffers_of_a_call_reach_the_host_in_one() {
    // A datagram for each call of the host shows how many there were, and where one began.
    let (own, peer) = UnixDatagram::pair().unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::from(OwnedFd::from(own.try_clone().unwrap()))));
    builder.stdout(Output::file(File::from(OwnedFd::from(own))));
    let mut guest = Guest::new(builder.build());
    let parts: Vec<_> = (0..40).map(|_| (guest.store(b"ab\n"), 3)).collect();
    let done = guest.room(4);
    for count in [1, 2, 16, 17, 40] {
        let iovecs = guest.iovecs(&parts[..count]);
        guest.call(|ctx, mem| io::fd_write(ctx, mem, 1, iovecs, count as u32, done)).unwrap();
        assert_eq!(guest.u32(done), 3 * count as u32);
        let mut message = [0; 1000];
        let len = peer.recv(&mut message).unwrap();
        assert_eq!(&message[..len], "ab\n".repeat(count).as_bytes());
        // The same the other way: of a datagram, one call gets all or loses the rest.
        peer.send("xyz".repeat(count).as_bytes()).unwrap();
        guest.call(|ctx, mem| io::fd_read(ctx, mem, 0, iovecs, count as u32, done)).unwrap();
        assert_eq!(guest.u32(done), 3 * count as u32);
        for &(part, len) in &parts[..count] {
            assert_eq!(guest.bytes(part, len), b"xyz");
            guest.memory[part as usize..][..3].copy_from_slice(b"ab\n");
        }
    }
}

#[test]
fn a_stream_that_is_no_file_has_no_position() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"x").unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::from(OwnedFd::from(reader))));
    let mut guest = Guest::new(builder.build());
    // 0 is a pipe, 1 is not on the host at all.
    for fd in [0, 1] {
        fails(guest.seek(fd, 0, 1), Errno::Spipe);
        let position = guest.room(8);
        fails(guest.call(|ctx, mem| io::fd_tell(ctx, mem, fd, position)), Errno::Spipe);

        let stat = guest.room(24);
        guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, fd, stat)).unwrap();
        assert_eq!(guest.bytes(stat, 1), [0], "the type has no name in the interface");
        let rights = guest.u64(stat + 8);
        assert_eq!(rights & Rights::FD_SEEK.with(Rights::FD_TELL).bits(), 0);
        let (here, there) =
            if fd == 0 { (Rights::FD_READ, Rights::FD_WRITE) } else { (Rights::FD_WRITE, Rights::FD_READ) };
        assert_ne!(rights & here.bits(), 0);
        assert_eq!(rights & there.bits(), 0);
    }
}

#[test]
fn a_terminal_is_a_character_device_without_a_position() {
    // The side of a terminal that an emulator has is one itself.
    let Ok(terminal) = File::options().read(true).write(true).open("/dev/ptmx") else {
        eprintln!("skipped: the host has no terminals");
        return;
    };
    let null = File::options().write(true).open("/dev/null").unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(terminal.try_clone().unwrap())).stdout(Output::file(terminal));
    let mut guest = Guest::new(builder.stderr(Output::file(null)).build());
    for (fd, filetype) in [(0, 2), (1, 2), (2, 0)] {
        let stat = guest.fdstat(fd);
        assert_eq!(stat.0, filetype);
        assert_eq!(stat.2 & Rights::FD_SEEK.with(Rights::FD_TELL).bits(), 0);
    }
}

#[test]
fn a_reader_that_is_gone_is_an_error_not_a_signal() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(Output::file(File::from(OwnedFd::from(writer))));
    fails(Guest::new(builder.build()).write(1, b"x"), Errno::Pipe);
}
