//! A directory that is only to be read.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Guest, READ_WRITE, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::{Access, fs, io};

const CREAT: u32 = 1;
const DIRECTORY: u32 = 2;
const EXCL: u32 = 4;
const TRUNC: u32 = 8;
const READ: u64 = Rights::FD_READ.bits();
const WRITE: u64 = Rights::FD_WRITE.bits();

/// The directory that is only to be read, and the other.
const FIXED: u32 = 3;
const FREE: u32 = 4;

/// Names, types, contents and times: all that must stay.
fn snapshot(dir: &Path) -> Vec<String> {
    let mut found: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let contents = std::fs::read(&path).unwrap_or_default();
            let below = if metadata.is_dir() { snapshot(&path) } else { vec![] };
            let times = (metadata.modified().unwrap(), metadata.permissions());
            [format!("{path:?} {contents:?} {times:?} {:?}", metadata.file_type())].into_iter().chain(below)
        })
        .collect();
    found.sort();
    found
}

/// Both directories have `file`, `sub/file` and the links `link` to the one, `up` to the other directory.
fn directories() -> (Guest, TempDir, TempDir) {
    let dirs = [TempDir::new(), TempDir::new()];
    for dir in &dirs {
        std::fs::write(dir.join("file"), "text").unwrap();
        std::fs::create_dir(dir.join("sub")).unwrap();
        std::fs::create_dir(dir.join("empty")).unwrap();
        std::fs::write(dir.join("sub/file"), "below").unwrap();
        symlink("file", dir.join("link")).unwrap();
    }
    let [fixed, free] = dirs;
    symlink(&free.0, fixed.join("out")).unwrap();
    symlink(&fixed.0, free.join("in")).unwrap();
    let guest = Guest::with_dirs(&[(&fixed, Access::ReadOnly), (&free, Access::ReadWrite)]);
    (guest, fixed, free)
}

#[test]
fn everything_can_be_read() {
    let (mut guest, fixed, _free) = directories();
    let before = snapshot(&fixed.0);
    for (path, contents) in [("file", "text"), ("link", "text"), ("sub/file", "below")] {
        let fd = guest.open(path, 0, READ, 0).unwrap();
        assert_eq!(guest.read(fd, 9), Ok(contents.into()));
        assert_eq!(guest.seek(fd, 1, 0), Ok(1));
        assert_eq!(guest.stat(path, 1), Ok((4, contents.len() as u64)));
        guest.call(|ctx, mem| fs::fd_advise(ctx, mem, fd, 0, 0, 1)).unwrap();
        guest.call(|ctx, mem| fs::fd_sync(ctx, mem, fd)).unwrap();
    }
    assert_eq!(guest.readlink("link", 9), Ok(b"file".to_vec()));
    let sub = guest.open("sub", DIRECTORY, 0, 0).unwrap();
    assert_eq!(guest.readdir(sub, 1000, 0).unwrap().0.len(), 3);
    // Rust's library asks for every right that it knows when it opens a file to read.
    let everything = Rights::ALL.without(Rights::FD_WRITE).bits();
    let fd = guest.open("file", 0, everything, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));
    assert_eq!(snapshot(&fixed.0), before);
}

#[test]
fn nothing_is_opened_to_be_changed() {
    let (mut guest, fixed, _free) = directories();
    let before = snapshot(&fixed.0);
    let sub = guest.open("sub", DIRECTORY, 0, 0).unwrap();
    for (dir, name) in [(FIXED, "file"), (FIXED, "link"), (FIXED, "sub/file"), (sub, "file"), (sub, "./file")]
    {
        for oflags in [0, TRUNC, CREAT, CREAT | TRUNC, CREAT | EXCL] {
            for rights in [WRITE, READ_WRITE] {
                fails(guest.open_at(dir, 1, name, oflags, rights, 0), Errno::Rofs);
                fails(guest.open_at(dir, 1, name, oflags, rights, 1), Errno::Rofs);
            }
        }
        for oflags in [TRUNC, CREAT, CREAT | TRUNC, CREAT | EXCL] {
            fails(guest.open_at(dir, 1, name, oflags, READ, 0), Errno::Rofs);
            fails(guest.open_at(dir, 1, name, oflags, 0, 0), Errno::Rofs);
        }
        fails(guest.open_at(dir, 1, "new", CREAT, READ, 0), Errno::Rofs);
    }
    assert_eq!(snapshot(&fixed.0), before);
}

#[test]
fn an_open_file_cannot_be_changed() {
    let (mut guest, fixed, _free) = directories();
    let before = snapshot(&fixed.0);
    let fd = guest.open("file", 0, READ, 0).unwrap();
    fails(guest.write(fd, b"x"), Errno::Badf);
    let text = guest.store(b"x");
    let (iovecs, len) = (guest.iovecs(&[(text, 1)]), guest.room(4));
    fails(guest.call(|ctx, mem| io::fd_pwrite(ctx, mem, fd, iovecs, 1, 0, len)), Errno::Badf);
    fails(guest.call(|ctx, mem| fs::fd_filestat_set_size(ctx, mem, fd, 0)), Errno::Badf);
    fails(guest.call(|ctx, mem| fs::fd_allocate(ctx, mem, fd, 0, 100)), Errno::Badf);
    let sub = guest.open("sub", DIRECTORY, 0, 0).unwrap();
    for fd in [fd, sub, FIXED] {
        fails(guest.call(|ctx, mem| fs::fd_filestat_set_times(ctx, mem, fd, 1, 1, 5)), Errno::Rofs);
        // The position of a file is the guest's own, and so are the flags of its descriptor.
        guest.call(|ctx, mem| fs::fd_fdstat_set_flags(ctx, mem, fd, 0)).unwrap();
    }
    assert_eq!(snapshot(&fixed.0), before);
}

#[test]
fn no_name_is_made_moved_or_removed() {
    let (mut guest, fixed, free) = directories();
    let before = [snapshot(&fixed.0), snapshot(&free.0)];
    let sub = guest.open("sub", DIRECTORY, 0, 0).unwrap();
    for dir in [FIXED, sub] {
        fails(guest.mkdir_at(dir, "new"), Errno::Rofs);
        fails(guest.symlink_at("file", dir, "new"), Errno::Rofs);
        fails(guest.unlink_at(dir, "file"), Errno::Rofs);
        fails(guest.rmdir_at(dir, "empty"), Errno::Rofs);
        for lookup in [0, 1] {
            fails(guest.set_times_at(dir, "file", lookup, 5), Errno::Rofs);
            fails(guest.set_times_at(dir, "link", lookup, 10), Errno::Rofs);
        }
        // Within it, out of it, and into it.
        for (from, to) in [(dir, dir), (dir, FREE), (FREE, dir), (dir, FIXED)] {
            for target in ["new", "link", "sub/new"] {
                fails(guest.rename_at((from, "file"), (to, target)), Errno::Rofs);
                fails(guest.link_at((from, "file"), (to, target), 0), Errno::Rofs);
            }
            fails(guest.rename_at((from, "empty"), (to, "empty")), Errno::Rofs);
        }
    }
    assert_eq!([snapshot(&fixed.0), snapshot(&free.0)], before);
}

#[test]
fn no_way_round_it() {
    let (mut guest, fixed, free) = directories();
    let before = snapshot(&fixed.0);
    // Links lead out of their directory in neither direction.
    for (dir, path) in [(FREE, "in/file"), (FIXED, "out/file"), (FIXED, "sub/../../x"), (FREE, "in")] {
        let outcome = guest.open_at(dir, 1, path, 0, READ_WRITE, 0);
        fails(outcome, if dir == FIXED { Errno::Rofs } else { Errno::Perm });
        fails(guest.open_at(dir, 1, path, 0, READ, 0), Errno::Perm);
    }
    // Opened again through itself, it is the same.
    let again = guest.open(".", DIRECTORY, 0, 0).unwrap();
    let deeper = guest.open_at(again, 0, "sub/..", DIRECTORY, 0, 0).unwrap();
    for dir in [again, deeper] {
        fails(guest.open_at(dir, 1, "file", 0, READ_WRITE, 0), Errno::Rofs);
        fails(guest.unlink_at(dir, "file"), Errno::Rofs);
    }
    // Another number does not help, nor do rights that a guest takes and cannot get back.
    guest.call(|ctx, mem| fs::fd_renumber(ctx, mem, again, 0)).unwrap();
    fails(guest.mkdir_at(0, "new"), Errno::Rofs);
    let base = guest.fdstat(FIXED).2;
    let more = base | Rights::PATH_CREATE_FILE.bits();
    fails(guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, FIXED, more, 0)), Errno::Notcapable);
    assert_eq!(snapshot(&fixed.0), before);
    // The other directory is as free as ever.
    guest.unlink_at(FREE, "file").unwrap();
    guest.rename_at((FREE, "sub"), (FREE, "moved")).unwrap();
    assert!(free.join("moved/file").exists());
}

#[test]
fn fdstat_tells_that_it_is_so() {
    let (mut guest, _fixed, _free) = directories();
    let sub = guest.open("sub", DIRECTORY, 0, 0).unwrap();
    let file = guest.open("file", 0, READ, 0).unwrap();
    let free = guest.fdstat(FREE).2;
    for dir in [FIXED, sub] {
        assert_eq!(guest.fdstat(dir).2, free & !Rights::CHANGING.bits());
        assert_ne!(guest.fdstat(dir).2 & Rights::PATH_OPEN.bits(), 0);
    }
    let file = guest.fdstat(file).2;
    assert_eq!(file & Rights::CHANGING.bits(), 0);
    assert_ne!(file & READ, 0);
    // C's library asks for those of the rights passed on that fit the mode of `open`: it has to find the right to write
    // there, or it would open a file without it and fail much later.
    assert_ne!(guest.fdstat(FIXED).3 & WRITE, 0);
}

#[test]
fn missing_rights_are_still_told_apart() {
    let (mut guest, _fixed, _free) = directories();
    let (_, _, base, inheriting) = guest.fdstat(FIXED);
    let less = base & !Rights::PATH_READLINK.bits();
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, FIXED, less, inheriting)).unwrap();
    fails(guest.readlink("link", 9), Errno::Notcapable);
    fails(guest.mkdir("new"), Errno::Rofs);
    let less = inheriting & !WRITE;
    guest
        .call(|ctx, mem| {
            fs::fd_fdstat_set_rights(ctx, mem, FIXED, base & !Rights::PATH_READLINK.bits(), less)
        })
        .unwrap();
    fails(guest.open("file", 0, READ_WRITE, 0), Errno::Notcapable);
}
