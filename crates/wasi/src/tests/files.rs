//! Everything on open files and directories.

use std::os::unix::fs::MetadataExt;

use super::{DIR, Guest, READ_WRITE, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::{WasiCtxBuilder, dir, fs, io};

const CREAT: u32 = 1;
const APPEND: u32 = 1;
const SYNC: u32 = 16;

fn guest_with_file(contents: &str) -> (Guest, u32, TempDir) {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), contents).unwrap();
    let mut guest = Guest::with_dir(&dir);
    let fd = guest.open("file", 0, READ_WRITE, 0).unwrap();
    (guest, fd, dir)
}

#[test]
fn positions() {
    let (mut guest, fd, _dir) = guest_with_file("0123456789");
    assert_eq!(fd, 4);
    assert_eq!(guest.read(fd, 3), Ok(b"012".to_vec()));
    let position = guest.room(8);
    guest.call(|ctx, mem| io::fd_tell(ctx, mem, fd, position)).unwrap();
    assert_eq!(guest.u64(position), 3);
    assert_eq!(guest.seek(fd, 2, 1), Ok(5));
    assert_eq!(guest.seek(fd, -1, 2), Ok(9));
    assert_eq!(guest.read(fd, 3), Ok(b"9".to_vec()));
    assert_eq!(guest.seek(fd, 1, 0), Ok(1));
    assert_eq!(guest.seek(fd, 100, 0), Ok(100));
    assert_eq!(guest.read(fd, 3), Ok(vec![]));
    fails(guest.seek(fd, -1, 0), Errno::Inval);
    fails(guest.seek(fd, -11, 2), Errno::Inval);
    fails(guest.seek(fd, 0, 3), Errno::Inval);
}

#[test]
fn reads_and_writes_at_an_offset_leave_the_position() {
    let (mut guest, fd, dir) = guest_with_file("0123456789");
    let buffer = guest.room(8);
    let (iovecs, len) = (guest.iovecs(&[(buffer, 2), (buffer + 4, 2)]), guest.room(4));
    guest.call(|ctx, mem| io::fd_pread(ctx, mem, fd, iovecs, 2, 5, len)).unwrap();
    assert_eq!(guest.u32(len), 4);
    assert_eq!(guest.bytes(buffer, 6), b"56\0\x0078");

    let text = guest.store(b"ab");
    let iovecs = guest.iovecs(&[(text, 1), (text + 1, 1)]);
    guest.call(|ctx, mem| io::fd_pwrite(ctx, mem, fd, iovecs, 2, 9, len)).unwrap();
    assert_eq!(guest.u32(len), 2);
    assert_eq!(guest.seek(fd, 0, 1), Ok(0));
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"012345678ab");

    fails(guest.call(|ctx, mem| io::fd_pread(ctx, mem, fd, iovecs, 2, u64::MAX, len)), Errno::Inval);
    fails(guest.call(|ctx, mem| io::fd_pwrite(ctx, mem, fd, iovecs, 2, 1 << 63, len)), Errno::Inval);
    fails(guest.call(|ctx, mem| io::fd_pread(ctx, mem, 0, iovecs, 2, 0, len)), Errno::Spipe);
}

#[test]
fn access_is_what_was_asked_for() {
    let (mut guest, _, _dir) = guest_with_file("text");
    let read_only = guest.open("file", 0, Rights::FD_READ.bits(), 0).unwrap();
    assert_eq!(guest.read(read_only, 9), Ok(b"text".to_vec()));
    fails(guest.write(read_only, b"x"), Errno::Badf);
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, read_only, 0)), Errno::Badf);
    fails(guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, read_only, 0, 9)), Errno::Badf);
    let write_only = guest.open("file", 0, Rights::FD_WRITE.bits(), 0).unwrap();
    fails(guest.read(write_only, 9), Errno::Badf);
    assert_eq!(guest.write(write_only, b"next"), Ok(4));
    // A file that is created without the right to write cannot be written either.
    let created = guest.open("new", CREAT, Rights::FD_READ.bits(), 0).unwrap();
    fails(guest.write(created, b"x"), Errno::Badf);
    assert_eq!(guest.read(created, 1), Ok(vec![]));
}

#[test]
fn descriptors_are_closed_and_used_again() {
    let (mut guest, first, _dir) = guest_with_file("");
    let second = guest.open("file", 0, 0, 0).unwrap();
    assert_eq!((first, second), (4, 5));
    guest.close(first).unwrap();
    fails(guest.close(first), Errno::Badf);
    fails(guest.read(first, 1), Errno::Badf);
    assert_eq!(guest.open("file", 0, 0, 0), Ok(4));
    assert_eq!(guest.open("file", 0, 0, 0), Ok(6));
    guest.close(0).unwrap();
    assert_eq!(guest.open("file", 0, 0, 0), Ok(7), "not the standard input's");
    fails(guest.close(u32::MAX), Errno::Badf);
}

#[test]
fn renumbering_moves_and_closes() {
    let (mut guest, a, _dir) = guest_with_file("aaaa");
    let b = guest.open("other", CREAT, READ_WRITE, 0).unwrap();
    guest.call(|ctx, mem| fs::fd_renumber(ctx, mem, a, b)).unwrap();
    fails(guest.read(a, 1), Errno::Badf);
    assert_eq!(guest.read(b, 9), Ok(b"aaaa".to_vec()));
    // Onto itself nothing happens; what is not open can be neither end.
    guest.call(|ctx, mem| fs::fd_renumber(ctx, mem, b, b)).unwrap();
    assert_eq!(guest.seek(b, 0, 0), Ok(0));
    fails(guest.call(|ctx, mem| fs::fd_renumber(ctx, mem, b, 77)), Errno::Badf);
    fails(guest.call(|ctx, mem| fs::fd_renumber(ctx, mem, 77, b)), Errno::Badf);
    assert_eq!(guest.read(b, 1), Ok(b"a".to_vec()));
    assert_eq!(guest.open("file", 0, 0, 0), Ok(a), "the number that was left is free");
}

#[test]
fn fdstat_tells_type_flags_and_rights() {
    let (mut guest, file, _dir) = guest_with_file("");
    let stat = guest.room(24);
    guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, file, stat)).unwrap();
    assert_eq!((guest.bytes(stat, 1)[0], guest.u16(stat + 2)), (4, 0));
    assert_eq!(guest.u64(stat + 8), Rights::FILE.bits());
    assert_eq!(guest.u64(stat + 16), 0);

    guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, DIR, stat)).unwrap();
    assert_eq!((guest.bytes(stat, 1)[0], guest.u16(stat + 2)), (3, 0));
    let base = guest.u64(stat + 8);
    assert_eq!(base & READ_WRITE, 0);
    assert_eq!(base & Rights::PATH_OPEN.bits(), Rights::PATH_OPEN.bits());
    assert_eq!(guest.u64(stat + 16), Rights::ALL.bits());

    let synced = guest.open("file", 0, READ_WRITE, APPEND | SYNC).unwrap();
    guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, synced, stat)).unwrap();
    assert_eq!(u32::from(guest.u16(stat + 2)) & (APPEND | SYNC), APPEND | SYNC);
    fails(guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, 99, stat)), Errno::Badf);
}

#[test]
fn append_can_be_switched() {
    let (mut guest, fd, dir) = guest_with_file("0123");
    guest.call(|ctx, mem| fs::fd_fdstat_set_flags(ctx, mem, fd, APPEND)).unwrap();
    guest.seek(fd, 0, 0).unwrap();
    guest.write(fd, b"45").unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"012345");
    guest.call(|ctx, mem| fs::fd_fdstat_set_flags(ctx, mem, fd, 0)).unwrap();
    guest.seek(fd, 0, 0).unwrap();
    guest.write(fd, b"xy").unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"xy2345");

    fails(guest.call(|ctx, mem| fs::fd_fdstat_set_flags(ctx, mem, fd, SYNC)), Errno::Notsup);
    fails(guest.call(|ctx, mem| fs::fd_fdstat_set_flags(ctx, mem, fd, 32)), Errno::Inval);
    fails(guest.call(|ctx, mem| fs::fd_fdstat_set_flags(ctx, mem, fd, 1 << 16)), Errno::Inval);
}

#[test]
fn rights_only_shrink() {
    let (mut guest, fd, _dir) = guest_with_file("text");
    let less = Rights::FD_READ.with(Rights::FD_SEEK).bits();
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, fd, less, 0)).unwrap();
    fails(guest.write(fd, b"x"), Errno::Badf);
    let stat = guest.room(64);
    fails(guest.call(|ctx, mem| fs::fd_filestat_get(ctx, mem, fd, stat)), Errno::Notcapable);
    assert_eq!(guest.read(fd, 4), Ok(b"text".to_vec()));
    let more = less | Rights::FD_WRITE.bits();
    fails(guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, fd, more, 0)), Errno::Notcapable);
    fails(guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, fd, less, 1)), Errno::Notcapable);
}

#[test]
fn what_a_directory_does_not_pass_on_is_not_given() {
    let (mut guest, _, dir) = guest_with_file("text");
    std::fs::create_dir(dir.join("sub")).unwrap();
    let stat = guest.room(24);
    guest.call(|ctx, mem| fs::fd_fdstat_get(ctx, mem, DIR, stat)).unwrap();
    let (base, inheriting) = (guest.u64(stat + 8), guest.u64(stat + 16));
    let read_only = inheriting & !(Rights::FD_WRITE.with(Rights::PATH_UNLINK_FILE).bits());
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, DIR, base, read_only)).unwrap();

    fails(guest.open("file", 0, READ_WRITE, 0), Errno::Notcapable);
    let fd = guest.open("file", 0, Rights::FD_READ.bits(), 0).unwrap();
    assert_eq!(guest.read(fd, 4), Ok(b"text".to_vec()));

    // And so on below.
    let sub = guest.open("sub", 2, 0, 0).unwrap();
    fails(guest.open_at(sub, 0, "x", CREAT, READ_WRITE, 0), Errno::Notcapable);
    let (path, len) = guest.text("x");
    fails(guest.call(|ctx, mem| crate::path::path_unlink_file(ctx, mem, sub, path, len)), Errno::Notcapable);
}

#[test]
fn filestat_is_that_of_the_host() {
    let (mut guest, fd, dir) = guest_with_file("12345");
    let stat = guest.room(64);
    for (fd, path, filetype) in [(fd, dir.join("file"), 4), (DIR, dir.0.clone(), 3)] {
        guest.call(|ctx, mem| fs::fd_filestat_get(ctx, mem, fd, stat)).unwrap();
        let host = std::fs::metadata(path).unwrap();
        let nanoseconds = |seconds: i64, rest: i64| (seconds * 1_000_000_000 + rest) as u64;
        let expected = [
            host.dev(),
            host.ino(),
            filetype,
            host.nlink(),
            host.size(),
            nanoseconds(host.atime(), host.atime_nsec()),
            nanoseconds(host.mtime(), host.mtime_nsec()),
            nanoseconds(host.ctime(), host.ctime_nsec()),
        ];
        let found: Vec<u64> = (0..8).map(|i| guest.u64(stat + 8 * i)).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn sizes_and_times_can_be_set() {
    let (mut guest, fd, dir) = guest_with_file("12345");
    guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, fd, 2)).unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"12");
    guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, fd, 4)).unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"12\0\0");
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, fd, u64::MAX)), Errno::Inval);

    const ATIM: u32 = 1;
    const MTIM: u32 = 4;
    const MTIM_NOW: u32 = 8;
    guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 1_000_000_007, 5, ATIM)).unwrap();
    let host = std::fs::metadata(dir.join("file")).unwrap();
    assert_eq!((host.atime(), host.atime_nsec()), (1, 7));
    assert!(host.mtime() > 1_600_000_000);
    guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 0, 2_000_000_000, MTIM)).unwrap();
    let host = std::fs::metadata(dir.join("file")).unwrap();
    assert_eq!((host.atime(), host.mtime()), (1, 2));
    guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 0, 0, MTIM_NOW)).unwrap();
    assert!(std::fs::metadata(dir.join("file")).unwrap().mtime() > 1_600_000_000);
    let both = MTIM | MTIM_NOW;
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 0, 0, both)), Errno::Inval);
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 0, 0, 3)), Errno::Inval);
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 0, 0, 16)), Errno::Inval);
}

#[test]
fn space_is_reserved_and_data_flushed() {
    let (mut guest, fd, dir) = guest_with_file("12345");
    guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, fd, 0, 100)).unwrap();
    assert_eq!(std::fs::metadata(dir.join("file")).unwrap().len(), 100);
    fails(guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, fd, 0, 0)), Errno::Inval);
    for advice in 0..6 {
        guest.call(|ctx, mem| fs::fd_advise(ctx, mem, fd, 0, 0, advice)).unwrap();
    }
    fails(guest.call(|ctx, mem| fs::fd_advise(ctx, mem, fd, 0, 0, 6)), Errno::Inval);
    fails(guest.call(|ctx, mem| fs::fd_advise(ctx, mem, DIR, 0, 0, 0)), Errno::Badf);
    for fd in [fd, DIR] {
        guest.call(|ctx, mem| fs::fd_sync(ctx, mem, fd)).unwrap();
        guest.call(|ctx, mem| fs::fd_datasync(ctx, mem, fd)).unwrap();
    }
    fails(guest.call(|ctx, mem| fs::fd_sync(ctx, mem, 1)), Errno::Inval);
    fails(guest.call(|ctx, mem| fs::fd_datasync(ctx, mem, 99)), Errno::Badf);
}

#[test]
fn a_directory_is_no_file() {
    let mut guest = Guest::with_dir(&TempDir::new());
    fails(guest.read(DIR, 1), Errno::Badf);
    fails(guest.write(DIR, b"x"), Errno::Badf);
    fails(guest.seek(DIR, 0, 1), Errno::Badf);
    fails(guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, DIR, 0, 1)), Errno::Badf);
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, DIR, 1)), Errno::Badf);
}

#[test]
fn preopened_directories_have_names() {
    let temp = TempDir::new();
    std::fs::create_dir(temp.join("sub")).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.preopened_dir(&temp.0, "/").unwrap().preopened_dir(temp.join("sub"), "naïve").unwrap();
    let mut guest = Guest::new(builder.build());
    let (stat, buffer) = (guest.room(8), guest.room(16));
    for (fd, name) in [(3, "/"), (4, "naïve")] {
        guest.memory[stat as usize..][..24].fill(0xee);
        guest.call(|ctx, mem| fs::fd_prestat_get(ctx, mem, fd, stat)).unwrap();
        assert_eq!((guest.bytes(stat, 1)[0], guest.u32(stat + 4)), (0, name.len() as u32));
        guest.call(|ctx, mem| fs::fd_prestat_dir_name(ctx, mem, fd, buffer, 16)).unwrap();
        assert_eq!(guest.bytes(buffer, name.len() as u32), name.as_bytes());
        assert_eq!(guest.bytes(buffer + name.len() as u32, 1), [0xee]);
    }
    fails(guest.call(|ctx, mem| fs::fd_prestat_dir_name(ctx, mem, 4, buffer, 5)), Errno::Nametoolong);
    for fd in [0, 1, 2, 5] {
        fails(guest.call(|ctx, mem| fs::fd_prestat_get(ctx, mem, fd, stat)), Errno::Badf);
    }
    let opened = guest.open(".", 2, 0, 0).unwrap();
    fails(guest.call(|ctx, mem| fs::fd_prestat_get(ctx, mem, opened, stat)), Errno::Badf);
}

#[test]
fn only_directories_can_be_preopened() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "").unwrap();
    for missing in ["file", "missing"] {
        let err = WasiCtxBuilder::new().preopened_dir(dir.join(missing), "/").map(|_| ()).unwrap_err();
        assert!(err.to_string().contains(missing), "{err}");
    }
}

#[test]
fn a_directory_lists_everything_once() {
    let temp = TempDir::new();
    std::fs::write(temp.join("file"), "").unwrap();
    std::fs::create_dir(temp.join("sub")).unwrap();
    std::os::unix::fs::symlink("file", temp.join("link")).unwrap();
    let mut guest = Guest::with_dir(&temp);
    let (mut entries, used) = guest.readdir(DIR, 4096, 0).unwrap();
    assert!(used < 4096, "a buffer that is not full is the end");
    assert_eq!((&entries[0].name[..], &entries[1].name[..]), (&b"."[..], &b".."[..]));
    assert_eq!(entries[0].ino, std::fs::metadata(&temp.0).unwrap().ino());
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let found: Vec<_> =
        entries.iter().map(|entry| (str::from_utf8(&entry.name).unwrap(), entry.filetype)).collect();
    assert_eq!(found, [(".", 3), ("..", 3), ("file", 4), ("link", 7), ("sub", 3)]);
    assert_eq!(entries[2].ino, std::fs::metadata(temp.join("file")).unwrap().ino());
}

#[test]
fn a_long_directory_comes_in_pieces() {
    let temp = TempDir::new();
    for i in 0..300 {
        std::fs::write(temp.join(format!("file-{i}")), "").unwrap();
    }
    let mut guest = Guest::with_dir(&temp);
    let mut names = vec![];
    let mut cookie = 0;
    loop {
        let (entries, used) = guest.readdir(DIR, 100, cookie).unwrap();
        if let Some(last) = entries.last() {
            cookie = last.next;
        }
        // What vanishes meanwhile neither disturbs the order nor the numbers.
        if let Some(entry) = entries.iter().find(|entry| entry.filetype == 4) {
            std::fs::remove_file(temp.join(str::from_utf8(&entry.name).unwrap())).unwrap();
        }
        names.extend(entries.into_iter().map(|entry| entry.name));
        if used < 100 {
            break;
        }
    }
    assert_eq!(names.len(), 302);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 302);
    // From the start the directory is read again.
    let (entries, _) = guest.readdir(DIR, 30_000, 0).unwrap();
    assert!(entries.len() < 302);
    assert_eq!(guest.readdir(DIR, 100, u64::MAX).unwrap().1, 0);
}

#[test]
fn an_entry_that_does_not_fit_is_cut() {
    let mut guest = Guest::with_dir(&TempDir::new());
    for len in [0, 1, 23, 24, 25, 26, 49] {
        assert_eq!(guest.readdir(DIR, len, 0).unwrap().1, len);
    }
    let (entries, used) = guest.readdir(DIR, 100, 1).unwrap();
    assert_eq!((entries.len(), used), (1, 26));
    assert_eq!(entries[0].name, b"..");
}

#[test]
fn only_a_directory_has_entries() {
    let (mut guest, fd, _dir) = guest_with_file("");
    let room = guest.room(100);
    fails(guest.call(|ctx, mem| dir::fd_readdir(ctx, mem, fd, room, 50, 0, room + 64)), Errno::Notdir);
    fails(guest.call(|ctx, mem| dir::fd_readdir(ctx, mem, 50, room, 50, 0, room + 64)), Errno::Badf);
}
