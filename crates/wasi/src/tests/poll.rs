//! Waiting for time and descriptors.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::{Event, Guest, READ_WRITE, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::error::Failure;
use crate::{Input, Output, WasiCtxBuilder, clock, fs, poll};

pub(super) const MILLISECOND: u64 = 1_000_000;
pub(super) const READ: u8 = 1;
pub(super) const WRITE: u8 = 2;

pub(super) fn clock_subscription(userdata: u64, id: u32, timeout: u64, flags: u16) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(&userdata.to_le_bytes());
    bytes[16..20].copy_from_slice(&id.to_le_bytes());
    bytes[24..32].copy_from_slice(&timeout.to_le_bytes());
    bytes[40..42].copy_from_slice(&flags.to_le_bytes());
    bytes
}

pub(super) fn fd_subscription(userdata: u64, kind: u8, fd: u32) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(&userdata.to_le_bytes());
    bytes[8] = kind;
    bytes[16..20].copy_from_slice(&fd.to_le_bytes());
    bytes
}

pub(super) fn wait(guest: &mut Guest, subscriptions: &[[u8; 48]]) -> Result<Vec<Event>, Failure> {
    let count = subscriptions.len() as u32;
    let subscriptions = guest.store(subscriptions.as_flattened());
    let (events, stored) = (guest.room(32 * count), guest.room(4));
    guest.call(|ctx, mem| poll::poll_oneoff(ctx, mem, subscriptions, events, count, stored))?;
    let event = |i: u32| {
        let at = events + 32 * i;
        Event {
            userdata: guest.u64(at),
            error: guest.u16(at + 8),
            kind: guest.bytes(at + 10, 1)[0],
            bytes: guest.u64(at + 16),
            flags: guest.u16(at + 24),
        }
    };
    Ok((0..guest.u32(stored)).map(event).collect())
}

#[test]
fn a_timer_takes_its_time() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    for id in [0, 1] {
        let start = Instant::now();
        let events = wait(&mut guest, &[clock_subscription(7, id, 20 * MILLISECOND, 0)]).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert_eq!(events, [Event { userdata: 7, error: 0, kind: 0, bytes: 0, flags: 0 }]);
    }
}

#[test]
fn an_absolute_time_may_lie_in_the_past() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    let time = guest.room(8);
    for id in [0, 1] {
        guest.call(|ctx, mem| clock::clock_time_get(ctx, mem, id, 0, time)).unwrap();
        let now = guest.u64(time);
        let start = Instant::now();
        assert_eq!(
            wait(&mut guest, &[clock_subscription(1, id, now + 20 * MILLISECOND, 1)]).unwrap().len(),
            1
        );
        assert!(start.elapsed() >= Duration::from_millis(15));
        let start = Instant::now();
        assert_eq!(wait(&mut guest, &[clock_subscription(1, id, 1, 1)]).unwrap().len(), 1);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn the_first_timer_ends_the_wait() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    let timers = [clock_subscription(1, 1, u64::MAX, 0), clock_subscription(2, 1, MILLISECOND, 0)];
    let events = wait(&mut guest, &timers).unwrap();
    assert_eq!(events.iter().map(|event| event.userdata).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_descriptor_is_ready_before_the_timer() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut guest = Guest::with_dir(&dir);
    let file = guest.open("file", 0, READ_WRITE, 0).unwrap();
    guest.seek(file, 1, 0).unwrap();
    let events = wait(
        &mut guest,
        &[
            clock_subscription(1, 1, u64::MAX, 0),
            fd_subscription(2, READ, file),
            fd_subscription(3, WRITE, file),
        ],
    );
    let ready = |userdata, kind, bytes| Event { userdata, error: 0, kind, bytes, flags: 0 };
    assert_eq!(events.unwrap(), [ready(2, READ, 3), ready(3, WRITE, 1)]);
}

#[test]
fn a_pipe_is_waited_for() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::from(OwnedFd::from(reader))));
    let mut guest = Guest::new(builder.build());

    let subscriptions = [fd_subscription(1, READ, 0), clock_subscription(2, 1, MILLISECOND, 0)];
    let events = wait(&mut guest, &subscriptions).unwrap();
    assert_eq!(events, [Event { userdata: 2, error: 0, kind: 0, bytes: 0, flags: 0 }]);

    let sender = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        writer.write_all(b"hello").unwrap();
        writer
    });
    let events = wait(&mut guest, &[fd_subscription(1, READ, 0)]).unwrap();
    assert_eq!(events, [Event { userdata: 1, error: 0, kind: READ, bytes: 5, flags: 0 }]);

    drop(sender.join().unwrap());
    guest.read(0, 5).unwrap();
    let events = wait(&mut guest, &[fd_subscription(1, READ, 0)]).unwrap();
    assert_eq!(
        events,
        [Event { userdata: 1, error: 0, kind: READ, bytes: 0, flags: 1 }],
        "the end is a hangup"
    );
}

#[test]
fn a_full_pipe_cannot_be_written_until_it_is_read() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let writer = File::from(OwnedFd::from(writer));
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(Output::file(writer));
    let mut guest = Guest::new(builder.build());
    // NONBLOCK
    guest.set_flags(1, 4).unwrap();
    let soon = clock_subscription(2, 1, MILLISECOND, 0);
    let subscriptions = [fd_subscription(1, WRITE, 1), soon];
    assert_eq!(wait(&mut guest, &subscriptions).unwrap()[0].userdata, 1);
    let mut written = 0;
    let failure = loop {
        match guest.write(1, &[b'x'; 4096]) {
            Ok(len) => written += len,
            Err(failure) => break failure,
        }
    };
    fails::<()>(Err(failure), Errno::Again);
    let events = wait(&mut guest, &subscriptions).unwrap();
    assert_eq!(events.iter().map(|event| event.userdata).collect::<Vec<_>>(), [2]);

    let reads = std::thread::spawn(move || {
        let mut all = vec![0; written as usize];
        reader.read_exact(&mut all).unwrap();
        reader
    });
    let events = wait(&mut guest, &[fd_subscription(1, WRITE, 1)]).unwrap();
    assert_eq!(events, [Event { userdata: 1, error: 0, kind: WRITE, bytes: 1, flags: 0 }]);
    drop(reads.join().unwrap());
    // Without a reader a write would fail at once.
    let events = wait(&mut guest, &[fd_subscription(1, WRITE, 1)]).unwrap();
    assert_eq!(events.len(), 1);
}

#[test]
fn events_come_in_order_and_as_often_as_they_were_asked_for() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut guest = Guest::with_dir(&dir);
    let file = guest.open("file", 0, READ_WRITE, 0).unwrap();
    let end = guest.open("file", 0, READ_WRITE, 0).unwrap();
    guest.seek(end, 0, 2).unwrap();
    let subscriptions = [
        fd_subscription(u64::MAX, READ, file),
        fd_subscription(7, READ, file),
        fd_subscription(7, WRITE, file),
        fd_subscription(8, READ, end),
    ];
    let events = wait(&mut guest, &subscriptions).unwrap();
    let found: Vec<_> = events.iter().map(|event| (event.userdata, event.kind, event.bytes)).collect();
    // A file is ready at its end too: a read finds that out at once.
    assert_eq!(found, [(u64::MAX, READ, 4), (7, READ, 4), (7, WRITE, 1), (8, READ, 0)]);
}

#[test]
fn all_timers_that_are_over_are_told() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    let timers = [
        clock_subscription(1, 1, 0, 0),
        clock_subscription(2, 0, 0, 0),
        clock_subscription(3, 1, 1, 1),
        clock_subscription(4, 0, 1, 1),
        clock_subscription(5, 1, u64::MAX, 1),
        clock_subscription(6, 0, u64::MAX, 0),
    ];
    let events = wait(&mut guest, &timers).unwrap();
    assert_eq!(events.iter().map(|event| event.userdata).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(events.iter().all(|event| event.kind == 0 && event.error == 0));
}

#[test]
fn a_pipe_and_a_clock_whichever_is_first() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::from(OwnedFd::from(reader))));
    let mut guest = Guest::new(builder.build());
    let time = guest.room(8);
    for id in [0, 1] {
        guest.call(|ctx, mem| clock::clock_time_get(ctx, mem, id, 0, time)).unwrap();
        let soon = guest.u64(time) + 2 * MILLISECOND;
        let never = guest.u64(time) + 3600 * 1000 * MILLISECOND;
        let stdin = fd_subscription(1, READ, 0);
        let events = wait(&mut guest, &[stdin, clock_subscription(2, id, soon, 1)]).unwrap();
        assert_eq!(events.iter().map(|event| event.userdata).collect::<Vec<_>>(), [2]);
        writer.write_all(b"x").unwrap();
        let events = wait(&mut guest, &[clock_subscription(2, id, never, 1), stdin]).unwrap();
        assert_eq!(events.iter().map(|event| event.userdata).collect::<Vec<_>>(), [1]);
        guest.read(0, 1).unwrap();
    }
}

#[test]
fn waiting_needs_the_right_to() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut guest = Guest::with_dir(&dir);
    let file = guest.open("file", 0, READ_WRITE, 0).unwrap();
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, file, Rights::FD_READ.bits(), 0)).unwrap();
    let events = wait(&mut guest, &[fd_subscription(1, READ, file)]).unwrap();
    assert_eq!(events[0].error, Errno::Notcapable as u16);
}

#[test]
fn streams_without_a_host_are_always_ready() {
    let mut guest = Guest::new(WasiCtxBuilder::new().stdin(Input::memory("abc")).build());
    let subscriptions =
        [fd_subscription(1, READ, 0), fd_subscription(2, WRITE, 1), clock_subscription(3, 1, u64::MAX, 0)];
    let events = wait(&mut guest, &subscriptions).unwrap();
    assert_eq!(
        events.iter().map(|event| (event.userdata, event.bytes)).collect::<Vec<_>>(),
        [(1, 3), (2, 1)]
    );
}

#[test]
fn a_bad_subscription_is_an_event() {
    let mut guest = Guest::with_dir(&TempDir::new());
    let subscriptions = [
        fd_subscription(1, READ, 99),
        fd_subscription(2, READ, 1),
        fd_subscription(3, READ, 3),
        clock_subscription(4, 2, 0, 0),
        clock_subscription(5, 9, 0, 0),
    ];
    let events = wait(&mut guest, &subscriptions).unwrap();
    let errors: Vec<_> = events.iter().map(|event| (event.userdata, event.error)).collect();
    let [badf, notsup, inval] = [Errno::Badf, Errno::Notsup, Errno::Inval].map(|errno| errno as u16);
    assert_eq!(errors, [(1, badf), (2, badf), (3, badf), (4, notsup), (5, inval)]);
}

#[test]
fn what_is_not_declared_is_invalid() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    fails(wait(&mut guest, &[]), Errno::Inval);
    fails(wait(&mut guest, &[fd_subscription(1, 3, 0)]), Errno::Inval);
    fails(wait(&mut guest, &[clock_subscription(1, 1, 0, 2)]), Errno::Inval);
    // The host would need memory for each.
    fails(guest.call(|ctx, mem| poll::poll_oneoff(ctx, mem, 0, 0, u32::MAX, 0)), Errno::Inval);
}
