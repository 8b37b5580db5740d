//! Arguments, environment, clocks, random numbers, the end.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Guest, fails};
use crate::abi::Errno;
use crate::error::{Exit, Failure};
use crate::meter::Meter;
use crate::{WasiCtxBuilder, clock, process, random};

#[test]
fn arguments_lie_behind_their_pointers() {
    let mut guest = Guest::new(WasiCtxBuilder::new().args(&["prog", "", "größe"]).build());
    let (count, bytes) = (guest.room(4), guest.room(4));
    guest.call(|ctx, mem| process::args_sizes_get(ctx, mem, count, bytes)).unwrap();
    assert_eq!(guest.u32(count), 3);
    assert_eq!(guest.u32(bytes), 5 + 1 + 8);

    let (argv, buffer) = (guest.room(12), guest.room(14));
    guest.call(|ctx, mem| process::args_get(ctx, mem, argv, buffer)).unwrap();
    assert_eq!(guest.bytes(buffer, 14), "prog\0\0größe\0".as_bytes());
    assert_eq!([0, 4, 8].map(|i| guest.u32(argv + i)), [buffer, buffer + 5, buffer + 6]);
}

#[test]
fn the_environment_is_what_the_host_gave() {
    let mut guest = Guest::new(WasiCtxBuilder::new().env("A", "1").envs(&[("EMPTY", "")]).build());
    let (count, bytes) = (guest.room(4), guest.room(4));
    guest.call(|ctx, mem| process::environ_sizes_get(ctx, mem, count, bytes)).unwrap();
    assert_eq!((guest.u32(count), guest.u32(bytes)), (2, 11));

    let (environ, buffer) = (guest.room(8), guest.room(11));
    guest.call(|ctx, mem| process::environ_get(ctx, mem, environ, buffer)).unwrap();
    assert_eq!(guest.bytes(buffer, 11), b"A=1\0EMPTY=\0");
    assert_eq!([guest.u32(environ), guest.u32(environ + 4)], [buffer, buffer + 4]);
}

#[test]
fn nothing_is_inherited_unasked() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    let (count, bytes) = (guest.room(4), guest.room(4));
    for sizes in [process::args_sizes_get, process::environ_sizes_get] {
        guest.memory[count as usize..][..12].fill(0xff);
        guest.call(|ctx, mem| sizes(ctx, mem, count, bytes)).unwrap();
        assert_eq!((guest.u32(count), guest.u32(bytes)), (0, 0));
    }
}

#[test]
fn a_zero_byte_ends_an_argument() {
    let mut guest = Guest::new(WasiCtxBuilder::new().args(&["a\0b", "c"]).build());
    let (argv, buffer) = (guest.room(8), guest.room(4));
    guest.call(|ctx, mem| process::args_get(ctx, mem, argv, buffer)).unwrap();
    assert_eq!(guest.bytes(buffer, 4), b"a\0c\0");
    assert_eq!(guest.u32(argv + 4), buffer + 2);
}

#[test]
fn exit_carries_its_code() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    for (code, expected) in [(0, 0), (7, 7), (u32::MAX, -1)] {
        let outcome = guest.call(|ctx, mem| process::proc_exit(ctx, mem, code));
        assert_eq!(outcome, Err(Failure::Exit(Exit(expected))));
    }
}

#[test]
fn there_are_no_signals_but_yielding_works() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    fails(guest.call(|ctx, mem| process::proc_raise(ctx, mem, 6)), Errno::Notsup);
    fails(guest.call(|ctx, mem| process::proc_raise(ctx, mem, 31)), Errno::Inval);
    guest.call(process::sched_yield).unwrap();
}

fn time(guest: &mut Guest, id: u32) -> u64 {
    let time = guest.room(8);
    guest.call(|ctx, mem| clock::clock_time_get(ctx, mem, id, 0, time)).unwrap();
    guest.u64(time)
}

#[test]
fn the_realtime_clock_is_that_of_the_host() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    let host = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let before = host();
    let time = time(&mut guest, 0);
    assert!((before..=host()).contains(&time));
}

#[test]
fn the_other_clocks_never_go_back() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    for id in 1..4 {
        let first = time(&mut guest, id);
        assert!(first > 0);
        assert!(time(&mut guest, id) >= first);
    }
}

#[test]
fn every_clock_has_a_resolution() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    let resolution = guest.room(8);
    for id in 0..4 {
        guest.call(|ctx, mem| clock::clock_res_get(ctx, mem, id, resolution)).unwrap();
        assert!((1..=1_000_000_000).contains(&guest.u64(resolution)));
    }
    fails(guest.call(|ctx, mem| clock::clock_res_get(ctx, mem, 4, resolution)), Errno::Inval);
    fails(guest.call(|ctx, mem| clock::clock_time_get(ctx, mem, 4, 0, resolution)), Errno::Inval);
}

#[test]
fn random_bytes_fill_the_buffer_and_no_more() {
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    let buffer = guest.room(1025);
    guest.call(|ctx, mem| random::random_get(ctx, mem, buffer, 1024)).unwrap();
    let first = guest.bytes(buffer, 1024).to_vec();
    // That a given 32-byte part of it is all zero has the chance 2^-256.
    assert!(first.chunks(32).all(|part| part.iter().any(|&byte| byte != 0)));
    assert_eq!(guest.bytes(buffer + 1024, 1), [0]);
    guest.call(|ctx, mem| random::random_get(ctx, mem, buffer, 1024)).unwrap();
    assert_ne!(guest.bytes(buffer, 1024), first);
    guest.call(|ctx, mem| random::random_get(ctx, mem, buffer, 0)).unwrap();
}

#[test]
fn one_call_gives_64_mib_of_random_bytes_at_most() {
    const MAX: u32 = 64 << 20;
    let mut guest = Guest::new(WasiCtxBuilder::new().build());
    guest.memory.resize(MAX as usize + 1, 0);
    fails(guest.call(|ctx, mem| random::random_get(ctx, mem, 0, MAX + 1)), Errno::Inval);
    assert!(guest.memory.iter().all(|&byte| byte == 0));
    // In parts, between which the epoch is looked at.
    let (mut meter, mut parts) = (Meter::default(), 1);
    while guest.call_metered(&mut meter, |ctx, mem| random::random_get(ctx, mem, 1, MAX)).is_err() {
        parts += 1;
    }
    assert_eq!((guest.memory[0], parts), (0, 64));
    // The end was reached: the chance that these are all zero otherwise is 2^-256.
    assert!(guest.memory[MAX as usize - 31..].iter().any(|&byte| byte != 0));
}
