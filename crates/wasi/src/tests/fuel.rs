//! What calls cost, and that nothing is done that cannot be paid for.

use super::{DIR, Guest, TempDir};
use crate::error::{Failure, WasiResult};
use crate::memory::GuestMemory;
use crate::meter::Meter;
use crate::{Input, MemoryOutput, WasiCtx, WasiCtxBuilder, dir, fs, io, path, poll, process, random};

/// What a call costs, which must be `least` at least; with one unit less it is refused and all is lost.
fn cost(
    guest: &mut Guest,
    least: u64,
    function: impl Fn(&mut WasiCtx, &mut GuestMemory<'_>) -> WasiResult,
) -> u64 {
    const ENOUGH: u64 = 10_000_000;
    for units in [0, least - 1] {
        let mut meter = Meter::new(Some(units));
        assert_eq!(
            guest.call_metered(&mut meter, &function),
            Err(Failure::OutOfFuel),
            "with {units} of {least}"
        );
        assert_eq!(meter.fuel(), Some(0));
    }
    let mut meter = Meter::new(Some(ENOUGH));
    loop {
        match guest.call_metered(&mut meter, &function) {
            Err(Failure::Unfinished) => {}
            outcome => break outcome.unwrap(),
        }
    }
    ENOUGH - meter.fuel().unwrap()
}

#[test]
fn reading_and_writing_cost_what_was_moved() {
    for shared in [false, true] {
        let temp = TempDir::new();
        std::fs::write(temp.join("file"), vec![7; 1000]).unwrap();
        let output = MemoryOutput::new(1 << 20);
        let ctx = WasiCtxBuilder::new()
            .stdin(Input::memory(vec![7; 1000]))
            .stdout(output.clone())
            .preopened_dir(&temp.0, "/dir")
            .unwrap()
            .build();
        let mut guest = Guest::new(ctx);
        guest.shared = shared;
        let file = guest.open("file", 0, super::READ_WRITE, 0).unwrap();
        // 20 000 bytes in 16 buffers, and in 40, which are handled otherwise.
        for count in [16, 40] {
            let len = 20_000 / count;
            let buffers: Vec<_> = (0..count).map(|i| (1000 + i * len, len)).collect();
            let (iovecs, answer) = (guest.iovecs(&buffers), guest.room(4));
            let list = u64::from(count) * 8 / 64;
            // There has to be enough for all, but what was not there costs nothing.
            let most = list + u64::from(count * len) / 64;
            let read =
                cost(&mut guest, most, |ctx, mem| io::fd_pread(ctx, mem, file, iovecs, count, 0, answer));
            assert_eq!(read, list + 1000 / 64);
            let written = cost(&mut guest, most, |ctx, mem| io::fd_write(ctx, mem, 1, iovecs, count, answer));
            assert_eq!(written, most);
            assert_eq!(output.contents().len() % 20_000, 0);
        }
        let (iovecs, answer) = (guest.iovecs(&[(0, 65_536)]), guest.room(4));
        // A call that was refused has taken nothing out of the stream.
        assert_eq!(cost(&mut guest, 1024, |ctx, mem| io::fd_read(ctx, mem, 0, iovecs, 1, answer)), 1000 / 64);
        assert_eq!(guest.u32(answer), 1000);
        // What fails costs the list only.
        let mut meter = Meter::new(Some(10_000));
        let failed = guest.call_metered(&mut meter, |ctx, mem| io::fd_read(ctx, mem, 1, iovecs, 1, answer));
        assert!(matches!(failed, Err(Failure::Errno(_))));
        assert_eq!(meter.fuel(), Some(10_000));
    }
}

#[test]
fn what_is_made_costs_its_bytes() {
    let mut guest = Guest::new(WasiCtxBuilder::new().args(&["a".repeat(6399)]).env("n", "v").build());
    guest.memory.resize((3 << 20) + 64, 0);
    const LEN: u32 = 3 << 20;
    let random = cost(&mut guest, u64::from(LEN) / 64, |ctx, mem| random::random_get(ctx, mem, 64, LEN));
    assert_eq!(random, u64::from(LEN) / 64);
    // 6400 bytes with the zero, and one pointer.
    assert_eq!(cost(&mut guest, 100, |ctx, mem| process::args_get(ctx, mem, 64, 128)), 100);
    // Subscriptions to a clock, whose time has come.
    let bytes: Vec<u8> = (0..100)
        .flat_map(|_| {
            let mut s = [0; 48];
            s[16] = 1;
            s
        })
        .collect();
    guest.memory[8192..][..4800].copy_from_slice(&bytes);
    assert_eq!(cost(&mut guest, 200, |ctx, mem| poll::poll_oneoff(ctx, mem, 8192, 16_384, 100, 64)), 200);
}

#[test]
fn files_cost_their_names_entries_and_places() {
    let temp = TempDir::new();
    for number in 0..500 {
        std::fs::write(temp.join(format!("entry-{number:03}")), "").unwrap();
    }
    let mut guest = Guest::with_dir(&temp);
    let (buffer, used) = (guest.room(32_768), guest.room(4));
    // 500 entries, each with a record of 24 bytes and 9 characters; `.` and `..` are not the host's to list.
    let filled = (502 * 24 + 500 * 9 + 3) / 64;
    let listed = cost(&mut guest, 500, |ctx, mem| dir::fd_readdir(ctx, mem, DIR, buffer, 32_768, 0, used));
    assert!((500 + filled..=600 + filled).contains(&listed), "{listed}");
    // Listing costs the same however little of it the guest wants to see.
    assert!(cost(&mut guest, 500, |ctx, mem| dir::fd_readdir(ctx, mem, DIR, buffer, 1, 0, used)) >= 500);

    let (name, len) = guest.text("a/".repeat(1000));
    let mut meter = Meter::new(Some(2000));
    let made =
        |ctx: &mut WasiCtx, mem: &mut GuestMemory<'_>| path::path_create_directory(ctx, mem, DIR, name, len);
    assert_eq!(guest.call_metered(&mut meter, made), Err(Failure::OutOfFuel));
    assert!(cost(&mut guest, 9, |ctx, mem| path::path_create_directory(ctx, mem, DIR, name, 1)) >= 9);

    let file = guest.open("new", 1, super::READ_WRITE, 0).unwrap();
    let mut meter = Meter::new(Some(15));
    let placed = |ctx: &mut WasiCtx, mem: &mut GuestMemory<'_>| fs::fd_allocate(ctx, mem, file, 0, 1 << 16);
    assert_eq!(guest.call_metered(&mut meter, placed), Err(Failure::OutOfFuel));
    assert_eq!(std::fs::metadata(temp.join("new")).unwrap().len(), 0);
}
