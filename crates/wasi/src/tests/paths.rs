//! Everything that takes a path, and that no path leads out.

use std::os::unix::fs::{MetadataExt, symlink};

use super::{DIR, Guest, READ_WRITE, TempDir, fails};
use crate::abi::{Errno, Rights};
use crate::{fs, path};

const CREAT: u32 = 1;
const DIRECTORY: u32 = 2;
const EXCL: u32 = 4;
const TRUNC: u32 = 8;

#[test]
fn files_are_created_opened_and_truncated() {
    let dir = TempDir::new();
    let mut guest = Guest::with_dir(&dir);
    fails(guest.open("file", 0, READ_WRITE, 0), Errno::Noent);
    let fd = guest.open("file", CREAT | EXCL, READ_WRITE, 0).unwrap();
    assert_eq!(guest.write(fd, b"text"), Ok(4));
    fails(guest.open("file", CREAT | EXCL, READ_WRITE, 0), Errno::Exist);
    let fd = guest.open("file", CREAT, READ_WRITE, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));
    guest.open("file", TRUNC, 0, 0).unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"");
    // Truncating and appending go together.
    std::fs::write(dir.join("file"), "old").unwrap();
    let fd = guest.open("file", CREAT | TRUNC, READ_WRITE, 1).unwrap();
    guest.write(fd, b"ne").unwrap();
    guest.seek(fd, 0, 0).unwrap();
    guest.write(fd, b"w").unwrap();
    assert_eq!(std::fs::read(dir.join("file")).unwrap(), b"new");
}

#[test]
fn directories_are_opened_to_look_into() {
    let dir = TempDir::new();
    let mut guest = Guest::with_dir(&dir);
    guest.mkdir("sub").unwrap();
    guest.mkdir("sub/deep").unwrap();
    std::fs::write(dir.join("sub/deep/file"), "text").unwrap();
    let sub = guest.open("sub", DIRECTORY, 0, 0).unwrap();
    let fd = guest.open_at(sub, 0, "deep/file", 0, READ_WRITE, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));
    let deep = guest.open_at(sub, 0, "deep/", 0, 0, 0).unwrap();
    let fd = guest.open_at(deep, 0, "./file", 0, READ_WRITE, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));

    fails(guest.open("sub/deep/file", DIRECTORY, 0, 0), Errno::Notdir);
    fails(guest.open("sub/deep/file/", 0, 0, 0), Errno::Notdir);
    fails(guest.open("sub", 0, READ_WRITE, 0), Errno::Isdir);
    fails(guest.open("new", CREAT | DIRECTORY, 0, 0), Errno::Inval);
    fails(guest.open("new", 16, 0, 0), Errno::Inval);
    fails(guest.open_at(fd, 0, "x", 0, 0, 0), Errno::Notdir);
    fails(guest.open_at(1, 0, "x", 0, 0, 0), Errno::Notdir);
    fails(guest.open_at(99, 0, "x", 0, 0, 0), Errno::Badf);
}

#[test]
fn odd_paths() {
    let dir = TempDir::new();
    let mut guest = Guest::with_dir(&dir);
    guest.mkdir("a").unwrap();
    std::fs::write(dir.join("a/file"), "text").unwrap();
    guest.open("a/.//../a///./file", 0, 0, 0).unwrap();
    fails(guest.open("", 0, 0, 0), Errno::Noent);
    fails(guest.open("a\0b", 0, 0, 0), Errno::Inval);
    fails(guest.open(&"x".repeat(300), 0, 0, 0), Errno::Nametoolong);
    fails(guest.open("a/file/x", 0, 0, 0), Errno::Notdir);

    let bad = guest.store(b"\xff\xfe");
    let opened = guest.room(4);
    let outcome = guest.call(|ctx, mem| path::path_open(ctx, mem, DIR, 0, bad, 2, 0, 0, 0, 0, opened));
    fails(outcome, Errno::Ilseq);
}

#[test]
fn symbolic_links_are_followed_if_asked() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut guest = Guest::with_dir(&dir);
    guest.symlink("file", "link").unwrap();
    assert_eq!(std::fs::read_link(dir.join("link")).unwrap().to_str(), Some("file"));
    assert_eq!(guest.readlink("link", 10), Ok(b"file".to_vec()));
    assert_eq!(guest.readlink("link", 2), Ok(b"fi".to_vec()));
    fails(guest.readlink("file", 10), Errno::Inval);

    assert_eq!(guest.stat("link", 0), Ok((7, 4)));
    assert_eq!(guest.stat("link", 1), Ok((4, 4)));
    fails(guest.stat("link", 2), Errno::Inval);
    fails(guest.open_at(DIR, 0, "link", 0, READ_WRITE, 0), Errno::Loop);
    let fd = guest.open_at(DIR, 1, "link", 0, READ_WRITE, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));

    guest.symlink("loop", "loop").unwrap();
    fails(guest.open("loop", 0, 0, 0), Errno::Loop);
    guest.symlink("missing", "dangling").unwrap();
    fails(guest.open("dangling", 0, 0, 0), Errno::Noent);
    fails(guest.symlink("file", "link"), Errno::Exist);
}

#[test]
fn times_are_set_by_path() {
    const ATIM_MTIM: u32 = 1 | 4;
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "").unwrap();
    symlink("file", dir.join("link")).unwrap();
    let mut guest = Guest::with_dir(&dir);
    guest.set_times("link", 0, ATIM_MTIM).unwrap();
    assert_eq!(std::fs::symlink_metadata(dir.join("link")).unwrap().mtime(), 2);
    assert!(std::fs::metadata(dir.join("file")).unwrap().mtime() > 2);
    guest.set_times("link", 1, ATIM_MTIM).unwrap();
    let host = std::fs::metadata(dir.join("file")).unwrap();
    assert_eq!((host.atime(), host.mtime()), (1, 2));
    guest.set_times("file", 0, 2).unwrap();
    let host = std::fs::metadata(dir.join("file")).unwrap();
    assert!(host.atime() > 1_600_000_000);
    assert_eq!(host.mtime(), 2);
    fails(guest.set_times("file", 0, 3), Errno::Inval);
    fails(guest.set_times("missing", 0, ATIM_MTIM), Errno::Noent);
}

#[test]
fn hard_links_share_the_file() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    let mut guest = Guest::with_dir(&dir);
    guest.link("file", "other", 0).unwrap();
    assert_eq!(std::fs::metadata(dir.join("file")).unwrap().nlink(), 2);
    fails(guest.link("file", "other", 0), Errno::Exist);
    fails(guest.link("file", "third", 1), Errno::Inval);
    fails(guest.link("missing", "third", 0), Errno::Noent);
    guest.mkdir("sub").unwrap();
    fails(guest.link("sub", "third", 0), Errno::Perm);
}

#[test]
fn renaming_replaces() {
    let dir = TempDir::new();
    std::fs::write(dir.join("a"), "a").unwrap();
    std::fs::write(dir.join("b"), "b").unwrap();
    let mut guest = Guest::with_dir(&dir);
    guest.rename("a", "b").unwrap();
    assert_eq!(std::fs::read(dir.join("b")).unwrap(), b"a");
    fails(guest.rename("a", "b"), Errno::Noent);
    guest.mkdir("dir").unwrap();
    fails(guest.rename("b", "dir"), Errno::Isdir);
    fails(guest.rename("dir", "b"), Errno::Notdir);
    guest.rename("b", "dir/b").unwrap();
    guest.mkdir("empty").unwrap();
    guest.rename("dir", "empty").unwrap();
    guest.mkdir("again").unwrap();
    fails(guest.rename("again", "empty"), Errno::Notempty);
}

#[test]
fn removing() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "").unwrap();
    let mut guest = Guest::with_dir(&dir);
    guest.mkdir("sub").unwrap();
    guest.mkdir("sub/deep").unwrap();
    fails(guest.mkdir("sub"), Errno::Exist);
    fails(guest.unlink("sub"), Errno::Isdir);
    fails(guest.rmdir("file"), Errno::Notdir);
    fails(guest.rmdir("sub"), Errno::Notempty);
    fails(guest.unlink("file/"), Errno::Notdir);
    fails(guest.rmdir("file/"), Errno::Notdir);
    fails(guest.rmdir(""), Errno::Noent);
    fails(guest.rmdir("/"), Errno::Perm);
    guest.rmdir("sub/deep/").unwrap();
    guest.rmdir("sub").unwrap();
    guest.unlink("file").unwrap();
    fails(guest.unlink("file"), Errno::Noent);
    assert_eq!(std::fs::read_dir(&dir.0).unwrap().count(), 0);
}

#[test]
fn no_path_leads_out() {
    let outside = TempDir::new();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    let dir = TempDir(outside.join("inside"));
    std::fs::create_dir(&dir.0).unwrap();
    std::fs::create_dir(dir.join("sub")).unwrap();
    std::fs::write(dir.join("own"), "own").unwrap();
    symlink("..", dir.join("up")).unwrap();
    symlink("../secret", dir.join("relative")).unwrap();
    symlink(outside.join("secret"), dir.join("absolute")).unwrap();
    symlink("/", dir.join("root")).unwrap();
    let mut guest = Guest::with_dir(&dir);

    let absolute = outside.join("secret");
    let ways = ["../secret", "sub/../../secret", "up/secret", absolute.to_str().unwrap(), "root/etc/passwd"];
    for way in ways {
        fails(guest.open(way, 0, READ_WRITE, 0), Errno::Perm);
        fails(guest.open(way, CREAT | TRUNC, READ_WRITE, 0), Errno::Perm);
        fails(guest.stat(way, 1), Errno::Perm);
        fails(guest.stat(way, 0), Errno::Perm);
        fails(guest.set_times(way, 1, 5), Errno::Perm);
        fails(guest.set_times(way, 0, 5), Errno::Perm);
        fails(guest.unlink(way), Errno::Perm);
        fails(guest.rename(way, "stolen"), Errno::Perm);
        fails(guest.rename("own", way), Errno::Perm);
        fails(guest.link(way, "stolen", 0), Errno::Perm);
        fails(guest.readlink(way, 100), Errno::Perm);
    }
    for way in ["../new", "up/new", "sub/../../new", "/tmp/upshift-wasi-new", "root/tmp/upshift-wasi-new"] {
        fails(guest.open(way, CREAT, READ_WRITE, 0), Errno::Perm);
        fails(guest.mkdir(way), Errno::Perm);
        fails(guest.symlink("own", way), Errno::Perm);
        fails(guest.link("own", way, 0), Errno::Perm);
    }
    for link in ["relative", "absolute", "up", "root"] {
        fails(guest.open(link, 0, Rights::FD_READ.bits(), 0), Errno::Perm);
        fails(guest.open(link, TRUNC, READ_WRITE, 0), Errno::Perm);
        fails(guest.open(link, DIRECTORY, 0, 0), Errno::Perm);
        fails(guest.stat(link, 1), Errno::Perm);
        fails(guest.set_times(link, 1, 5), Errno::Perm);
    }
    // The same from a directory that the guest opened itself.
    let sub = guest.open("sub", DIRECTORY, 0, 0).unwrap();
    fails(guest.open_at(sub, 1, "../own", 0, READ_WRITE, 0), Errno::Perm);
    // A guest cannot make such links either.
    fails(guest.symlink("/etc/passwd", "made"), Errno::Perm);
    guest.symlink("../secret", "made").unwrap();
    fails(guest.open("made", 0, READ_WRITE, 0), Errno::Perm);

    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
    assert_eq!(std::fs::read(dir.join("own")).unwrap(), b"own");
    let mut names: Vec<_> =
        std::fs::read_dir(&outside.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["inside", "secret"]);
}

#[test]
fn path_calls_need_their_right() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "").unwrap();
    let mut guest = Guest::with_dir(&dir);
    guest.call(|ctx, mem| fs::fd_fdstat_set_rights(ctx, mem, DIR, Rights::PATH_OPEN.bits(), 0)).unwrap();
    fails(guest.mkdir("x"), Errno::Notcapable);
    fails(guest.rmdir("x"), Errno::Notcapable);
    fails(guest.unlink("file"), Errno::Notcapable);
    fails(guest.symlink("file", "x"), Errno::Notcapable);
    fails(guest.link("file", "x", 0), Errno::Notcapable);
    fails(guest.rename("file", "x"), Errno::Notcapable);
    fails(guest.readlink("file", 9), Errno::Notcapable);
    fails(guest.stat("file", 0), Errno::Notcapable);
    fails(guest.set_times("file", 0, 1), Errno::Notcapable);
    fails(guest.open("file", CREAT, 0, 0), Errno::Notcapable);
    fails(guest.open("file", TRUNC, 0, 0), Errno::Notcapable);
    guest.open("file", 0, 0, 0).unwrap();
}
