//! What is done with open descriptors: numbers, space, advice, times.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode};

use super::{DIR, Guest, READ_WRITE, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::error::WasiResult;
use crate::{Input, MemoryOutput, Output, WasiCtxBuilder, fs, io};

const CREAT: u32 = 1;
const ATIM: u32 = 1;
const ATIM_NOW: u32 = 2;
const MTIM: u32 = 4;
const MTIM_NOW: u32 = 8;

impl Guest {
    fn renumber(&mut self, from: u32, to: u32) -> WasiResult {
        self.call(|ctx, mem| fs::fd_renumber(ctx, mem, from, to))
    }

    fn allocate(&mut self, fd: u32, offset: u64, len: u64) -> WasiResult {
        self.call(|ctx, mem| fs::fd_allocate(ctx, mem, fd, offset, len))
    }

    fn advise(&mut self, fd: u32, offset: u64, len: u64, advice: u32) -> WasiResult {
        self.call(|ctx, mem| fs::fd_advise(ctx, mem, fd, offset, len, advice))
    }
}

#[test]
fn an_output_is_redirected_by_a_new_number() {
    let dir = TempDir::new();
    let stdout = MemoryOutput::new(100);
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(stdout.clone()).preopened_dir(&dir.0, "/").unwrap();
    let mut guest = Guest::new(builder.build());
    guest.write(1, b"before").unwrap();
    let file = guest.open("log", CREAT, READ_WRITE, 0).unwrap();
    guest.write(file, b"file ").unwrap();
    guest.renumber(file, 1).unwrap();
    assert_eq!(guest.write(1, b"after"), Ok(5));
    assert_eq!(stdout.contents(), b"before");
    // The position and the rights came along, the old number is free.
    assert_eq!(std::fs::read(dir.join("log")).unwrap(), b"file after");
    assert_eq!(guest.seek(1, 0, 1), Ok(10));
    fails(guest.write(file, b"x"), Errno::Badf);
    assert_eq!(guest.open("log", 0, READ_WRITE, 0), Ok(file));
}

#[test]
fn a_closed_standard_stream_is_not_replaced_by_the_next_file() {
    let dir = TempDir::new();
    let stdout = MemoryOutput::new(100);
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(stdout.clone()).preopened_dir(&dir.0, "/").unwrap();
    let mut guest = Guest::new(builder.build());
    let open = |guest: &mut Guest, name| guest.open(name, CREAT, READ_WRITE, 0).unwrap();
    let first = open(&mut guest, "netlist");
    assert_eq!(first, DIR + 1);
    guest.close(1).unwrap();
    guest.close(first).unwrap();
    let again = open(&mut guest, "netlist");
    assert_eq!(again, first);
    // What prints to the closed stream fails; it does not land in the file.
    fails(guest.write(1, b"log"), Errno::Badf);
    for fd in [0, 2] {
        guest.close(fd).unwrap();
    }
    assert_eq!(open(&mut guest, "other"), first + 1);
    // Only the guest itself puts something in a stream's place.
    guest.renumber(again, 1).unwrap();
    guest.write(1, b"all").unwrap();
    assert_eq!(std::fs::read(dir.join("netlist")).unwrap(), b"all");
    assert_eq!(open(&mut guest, "third"), again, "the number that was given up");
    // Other numbers are only renumbered to when they are open.
    guest.close(first + 1).unwrap();
    fails(guest.renumber(1, first + 1), Errno::Badf);
    fails(guest.renumber(0, 0), Errno::Badf);
    fails(guest.renumber(0, 2), Errno::Badf);
}

#[test]
fn the_highest_number_that_was_closed_comes_first() {
    let dir = TempDir::new();
    let mut guest = Guest::with_dir(&dir);
    let open = |guest: &mut Guest| guest.open("file", CREAT, READ_WRITE, 0).unwrap();
    let numbers: Vec<u32> = (0..6).map(|_| open(&mut guest)).collect();
    assert_eq!(numbers, [4, 5, 6, 7, 8, 9]);
    for fd in [6, 9, 4] {
        guest.close(fd).unwrap();
    }
    assert_eq!([(); 4].map(|()| open(&mut guest)), [9, 6, 4, 10]);
    guest.renumber(5, 8).unwrap();
    assert_eq!(open(&mut guest), 5);
    // The directory's number is one as any other.
    guest.close(DIR).unwrap();
    fails(guest.open("file", CREAT, READ_WRITE, 0), Errno::Badf);
}

#[test]
fn what_had_the_number_is_closed_on_the_host_too() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(Output::file(File::from(OwnedFd::from(writer))));
    let mut guest = Guest::new(builder.build());
    guest.write(1, b"all").unwrap();
    guest.renumber(2, 1).unwrap();
    let mut text = String::new();
    // This would wait for ever if the other end were still open.
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "all");
}

#[test]
fn a_preopened_directory_keeps_its_name_under_another_number() {
    let dir = TempDir::new();
    let mut guest = Guest::with_dir(&dir);
    guest.renumber(DIR, 0).unwrap();
    let prestat = guest.room(8);
    guest.call(|ctx, mem| fs::fd_prestat_get(ctx, mem, 0, prestat)).unwrap();
    assert_eq!(guest.u32(prestat + 4), 4);
    fails(guest.call(|ctx, mem| fs::fd_prestat_get(ctx, mem, DIR, prestat)), Errno::Badf);
    guest.mkdir_at(0, "sub").unwrap();
    fails(guest.mkdir_at(DIR, "sub"), Errno::Badf);
    // It can be closed as any other, and only its own number is meant.
    guest.close(0).unwrap();
    fails(guest.mkdir_at(0, "sub"), Errno::Badf);
    assert!(dir.join("sub").is_dir());
    for (from, to) in [(1, 77), (77, 1), (1, u32::MAX), (u32::MAX, 1), (0, 1)] {
        fails(guest.renumber(from, to), Errno::Badf);
    }
}

#[test]
fn space_is_allocated_and_contents_stay() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut guest = Guest::with_dir(&dir);
    let fd = guest.open("file", 0, READ_WRITE, 0).unwrap();
    guest.allocate(fd, 2, 1).unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"text");
    guest.allocate(fd, 4096, 10).unwrap();
    let metadata = std::fs::metadata(dir.join("file")).unwrap();
    assert_eq!(metadata.len(), 4106);
    assert!(metadata.blocks() > 0);
    assert_eq!(guest.read(fd, 4), Ok(b"text".to_vec()));
    fails(guest.allocate(fd, 0, 0), Errno::Inval);
    for (offset, len) in [(u64::MAX, 1), (1, u64::MAX), (1 << 63, 1), (0, 1 << 63)] {
        fails(guest.allocate(fd, offset, len), Errno::Inval);
    }
    let read_only = guest.open("file", 0, Rights::FD_READ.bits(), 0).unwrap();
    fails(guest.allocate(read_only, 0, 1), Errno::Badf);
    fails(guest.allocate(99, 0, 1), Errno::Badf);
    fails(guest.allocate(1, 0, 1), Errno::Spipe);
}

#[test]
fn advice_changes_nothing_and_is_for_files() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Input::file(File::from(OwnedFd::from(reader)))).preopened_dir(&dir.0, "/").unwrap();
    let mut guest = Guest::new(builder.build());
    let fd = guest.open("file", 0, Rights::FD_READ.bits(), 0).unwrap();
    for advice in 0..6 {
        for (offset, len) in [(0, 0), (2, 100), (1 << 40, 1)] {
            guest.advise(fd, offset, len, advice).unwrap();
        }
    }
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));
    writer.write_all(b"x").unwrap();
    fails(guest.advise(0, 0, 0, 1), Errno::Spipe);
    fails(guest.advise(fd, 0, 0, 6), Errno::Inval);
    fails(guest.advise(99, 0, 0, 0), Errno::Badf);
}

#[test]
fn times_are_set_to_the_nanosecond_and_one_at_a_time() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "").unwrap();
    let mut guest = Guest::with_dir(&dir);
    let fd = guest.open("file", 0, Rights::FD_READ.bits(), 0).unwrap();
    let times = |name: &str| {
        let host = std::fs::symlink_metadata(dir.join(name)).unwrap();
        [(host.atime(), host.atime_nsec()), (host.mtime(), host.mtime_nsec())]
    };
    // In the year 2100, through a descriptor that cannot write: the owner may.
    let late = 4_102_444_800_000_000_001;
    guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 7, late, ATIM | MTIM)).unwrap();
    assert_eq!(times("file"), [(0, 7), (4_102_444_800, 1)]);
    let (path, len) = guest.text("file");
    let mut set = |atim, mtim, flags| {
        guest.call(|ctx, mem| {
            crate::path::path_filestat_set_times(ctx, mem, DIR, 0, path, len, atim, mtim, flags)
        })
    };
    set(1_000_000_002, 99, ATIM).unwrap();
    assert_eq!(times("file"), [(1, 2), (4_102_444_800, 1)]);
    set(99, 3_000_000_004, MTIM).unwrap();
    assert_eq!(times("file"), [(1, 2), (3, 4)]);
    set(99, 99, 0).unwrap();
    assert_eq!(times("file"), [(1, 2), (3, 4)]);
    set(99, 99, MTIM_NOW).unwrap();
    assert_eq!(times("file")[0], (1, 2));
    assert!(times("file")[1].0 > 1_600_000_000);
    set(99, 5, ATIM_NOW | MTIM).unwrap();
    assert!(times("file")[0].0 > 1_600_000_000);
    assert_eq!(times("file")[1], (0, 5));
    for flags in [ATIM | ATIM_NOW, MTIM | MTIM_NOW, 15, 16, 1 << 16] {
        fails(set(1, 1, flags), Errno::Inval);
    }
    set(u64::MAX, u64::MAX, ATIM | MTIM).unwrap();
}

#[test]
fn directories_and_links_have_times_too() {
    let dir = TempDir::new();
    std::fs::create_dir(dir.join("sub")).unwrap();
    symlink("missing", dir.join("dangling")).unwrap();
    let mut guest = Guest::with_dir(&dir);
    let modified = |name: &str| std::fs::symlink_metadata(dir.join(name)).unwrap().mtime();
    guest.set_times("sub", 0, ATIM | MTIM).unwrap();
    assert_eq!(modified("sub"), 2);
    let sub = guest.open("sub", 2, 0, 0).unwrap();
    guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, sub, 0, 4_000_000_000, MTIM)).unwrap();
    assert_eq!(modified("sub"), 4);
    guest.set_times("dangling", 0, MTIM).unwrap();
    assert_eq!(modified("dangling"), 2);
    fails(guest.set_times("dangling", 1, MTIM), Errno::Noent);
    guest.set_times(".", 1, MTIM).unwrap();
    assert_eq!(modified("."), 2);
}

#[test]
fn times_are_set_without_opening_the_file() {
    let dir = TempDir::new();
    let pipe = dir.join("pipe");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    std::fs::copy("/bin/sleep", dir.join("program")).unwrap();
    // Another test's child may for a moment have inherited the copy as it was written.
    let mut program = loop {
        match Command::new(dir.join("program")).arg("60").spawn() {
            Err(err) if err.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            other => break other.unwrap(),
        }
    };
    let mut guest = Guest::with_dir(&dir);
    // Opened to be written, one would wait for a reader and the other be busy.
    for name in ["pipe", "program"] {
        guest.set_times(name, 1, ATIM | MTIM).unwrap();
        assert_eq!(std::fs::metadata(dir.join(name)).unwrap().mtime(), 2);
    }
    program.kill().unwrap();
    program.wait().unwrap();
}

#[test]
fn positions_beyond_the_end_make_holes() {
    let dir = TempDir::new();
    let mut guest = Guest::with_dir(&dir);
    let fd = guest.open("file", CREAT, READ_WRITE, 0).unwrap();
    guest.seek(fd, 3, 0).unwrap();
    guest.write(fd, b"x").unwrap();
    let (text, len) = guest.text("yz");
    let (iovecs, written) = (guest.iovecs(&[(text, len)]), guest.room(4));
    guest.call(|ctx, mem| io::fd_pwrite(ctx, mem, fd, iovecs, 1, 6, written)).unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"\0\0\0x\0\0yz");
    let position = guest.room(8);
    guest.call(|ctx, mem| io::fd_tell(ctx, mem, fd, position)).unwrap();
    assert_eq!(guest.u64(position), 4);
    // A file that is appended to takes every write at its end.
    let end = guest.open("file", 0, READ_WRITE, 1).unwrap();
    guest.seek(end, 0, 0).unwrap();
    guest.write(end, b"!").unwrap();
    assert_eq!(guest.seek(end, 0, 1), Ok(9));
}
