//! Paths that want to lead out, links in chains and circles, slashes at the end, and several preopened directories.

use std::os::unix::fs::{MetadataExt, symlink};

use super::{DIR, Guest, READ_WRITE, TempDir, fails};
use crate::Access::ReadWrite;
use crate::abi::{Errno, Rights};

const CREAT: u32 = 1;
const DIRECTORY: u32 = 2;
const EXCL: u32 = 4;
const READ: u64 = Rights::FD_READ.bits();
const SECOND_DIR: u32 = 4;

#[test]
fn chains_of_links_are_followed_as_far_as_they_stay_inside() {
    let outer = TempDir::new();
    let dir = TempDir(outer.join("inside"));
    std::fs::create_dir_all(dir.join("a/b/c")).unwrap();
    std::fs::write(outer.join("secret"), "secret").unwrap();
    std::fs::write(dir.join("a/file"), "text").unwrap();
    // Up and down again, but never out.
    symlink("a/b/c/../../file", dir.join("around")).unwrap();
    symlink("../../around", dir.join("a/b/up")).unwrap();
    symlink("a/b/up", dir.join("chain")).unwrap();
    // The last step leads out.
    symlink("../../../secret", dir.join("a/b/out")).unwrap();
    symlink("a/b/out", dir.join("chain-out")).unwrap();
    symlink("a/../../inside/a/file", dir.join("out-and-in")).unwrap();
    symlink(dir.join("a/file"), dir.join("absolute-inside")).unwrap();
    let mut guest = Guest::with_dir(&dir);
    for path in ["around", "a/b/up", "chain", "a/b/../b/up", "./chain"] {
        let fd = guest.open(path, 0, READ, 0).unwrap();
        assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));
    }
    for path in ["a/b/out", "chain-out", "out-and-in", "absolute-inside", "a/b/c/../../../../secret"] {
        fails(guest.open(path, 0, READ, 0), Errno::Perm);
        fails(guest.stat(path, 1), Errno::Perm);
        fails(guest.open(path, CREAT, READ_WRITE, 0), Errno::Perm);
    }
    // A link can be read and removed wherever it leads.
    assert_eq!(guest.readlink("chain-out", 20), Ok(b"a/b/out".to_vec()));
    guest.unlink("chain-out").unwrap();
    guest.rename("absolute-inside", "a/moved").unwrap();
    // From a directory below, its own parent is outside.
    let below = guest.open("a", DIRECTORY, 0, 0).unwrap();
    fails(guest.open_at(below, 1, "../around", 0, READ, 0), Errno::Perm);
    fails(guest.open_at(below, 1, "b/up", 0, READ, 0), Errno::Perm);
    fails(guest.open_at(below, 1, "..", DIRECTORY, 0, 0), Errno::Perm);
}

#[test]
fn circles_and_endless_chains_of_links_end() {
    let dir = TempDir::new();
    symlink("one", dir.join("two")).unwrap();
    symlink("two", dir.join("one")).unwrap();
    symlink("self/x", dir.join("self")).unwrap();
    std::fs::write(dir.join("link-0"), "text").unwrap();
    for number in 1..100 {
        symlink(format!("link-{}", number - 1), dir.join(format!("link-{number}"))).unwrap();
    }
    let mut guest = Guest::with_dir(&dir);
    for path in ["one", "two", "one/x", "self", "self/file", "link-99"] {
        fails(guest.open(path, 0, READ, 0), Errno::Loop);
        fails(guest.stat(path, 1), Errno::Loop);
        fails(guest.set_times(path, 1, 5), Errno::Loop);
    }
    // POSIX wants at least 8 to work.
    let fd = guest.open("link-8", 0, READ, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));
    assert_eq!(guest.stat("one", 0).map(|(filetype, _)| filetype), Ok(7));
    fails(guest.open("one", CREAT | EXCL, READ_WRITE, 0), Errno::Exist);
}

#[test]
fn a_slash_at_the_end_asks_for_a_directory() {
    let dir = TempDir::new();
    std::fs::write(dir.join("file"), "text").unwrap();
    std::fs::create_dir(dir.join("dir")).unwrap();
    symlink("file", dir.join("to-file")).unwrap();
    symlink("dir", dir.join("to-dir")).unwrap();
    let mut guest = Guest::with_dir(&dir);
    // A link to a directory is followed then, even where links are not.
    for lookup in [0, 1] {
        for path in ["dir/", "dir//", "to-dir/"] {
            assert_eq!(guest.stat(path, lookup).map(|(filetype, _)| filetype), Ok(3), "{path} {lookup}");
            guest.open_at(DIR, lookup, path, 0, 0, 0).unwrap();
            guest.set_times(path, lookup, 5).unwrap();
        }
        for path in ["file/", "to-file/", "file/."] {
            fails(guest.stat(path, lookup), Errno::Notdir);
            fails(guest.open_at(DIR, lookup, path, 0, READ, 0), Errno::Notdir);
            fails(guest.set_times(path, lookup, 5), Errno::Notdir);
        }
    }
    // The times were those of the directory, not of the link.
    assert_eq!(std::fs::metadata(dir.join("dir")).unwrap().mtime(), 2);
    assert!(std::fs::symlink_metadata(dir.join("to-dir")).unwrap().mtime() > 2);

    fails(guest.readlink("to-dir/", 9), Errno::Inval);
    fails(guest.readlink("to-file/", 9), Errno::Notdir);
    fails(guest.unlink("to-file/"), Errno::Notdir);
    fails(guest.rmdir("to-dir/"), Errno::Notdir);
    fails(guest.rename("file/", "new"), Errno::Notdir);
    fails(guest.rename("file", "new/"), Errno::Notdir);
    fails(guest.link("file/", "new", 0), Errno::Notdir);
    fails(guest.open("new/", CREAT, READ_WRITE, 0), Errno::Isdir);
    guest.rename("dir/", "moved/").unwrap();
    guest.mkdir("made/").unwrap();
    guest.rmdir("made/").unwrap();
    let mut names: Vec<_> =
        std::fs::read_dir(&dir.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["file", "moved", "to-dir", "to-file"]);
}

#[test]
fn directories_do_not_see_each_other_but_files_move_between_them() {
    let dirs = [TempDir::new(), TempDir::new()];
    let [one, two] = &dirs;
    std::fs::write(one.join("file"), "text").unwrap();
    std::fs::create_dir(one.join("dir")).unwrap();
    symlink(&two.0, one.join("other")).unwrap();
    let mut guest = Guest::with_dirs(&[(one, ReadWrite), (two, ReadWrite)]);
    // Not even by way of a directory that the guest has anyway.
    for path in ["other/new", two.join("new").to_str().unwrap()] {
        fails(guest.open(path, CREAT, READ_WRITE, 0), Errno::Perm);
        fails(guest.rename("file", path), Errno::Perm);
        fails(guest.link("file", path, 0), Errno::Perm);
    }
    guest.link_at((DIR, "file"), (SECOND_DIR, "linked"), 0).unwrap();
    guest.rename_at((DIR, "file"), (SECOND_DIR, "moved")).unwrap();
    guest.rename_at((DIR, "dir"), (SECOND_DIR, "dir")).unwrap();
    assert_eq!(std::fs::metadata(two.join("moved")).unwrap().nlink(), 2);
    assert!(two.join("dir").is_dir());
    for way in ["../moved", "../../moved", "other/../moved"] {
        fails(guest.rename_at((SECOND_DIR, "moved"), (DIR, way)), Errno::Perm);
        fails(
            guest.rename_at((SECOND_DIR, way), (DIR, "new")),
            if way.starts_with("other") { Errno::Noent } else { Errno::Perm },
        );
        fails(guest.link_at((SECOND_DIR, "moved"), (DIR, way), 0), Errno::Perm);
    }
    // What is moved takes its open descriptors along.
    let dir = guest.open_at(SECOND_DIR, 0, "dir", DIRECTORY, 0, 0).unwrap();
    guest.rename_at((SECOND_DIR, "dir"), (DIR, "back")).unwrap();
    guest.mkdir_at(dir, "sub").unwrap();
    assert!(one.join("back/sub").is_dir());
    fails(guest.open_at(dir, 0, "../back", DIRECTORY, 0, 0), Errno::Perm);
}

#[test]
fn a_directory_that_is_moved_away_keeps_its_walls() {
    let outer = TempDir::new();
    std::fs::create_dir_all(outer.join("inside/a/b")).unwrap();
    std::fs::write(outer.join("secret"), "secret").unwrap();
    let inside = TempDir(outer.join("inside"));
    let mut guest = Guest::with_dir(&inside);
    let b = guest.open("a/b", DIRECTORY, 0, 0).unwrap();
    // The host moves it out of what the guest has; its new parent is no more the guest's than the old.
    std::fs::rename(inside.join("a/b"), outer.join("b")).unwrap();
    fails(guest.open_at(b, 1, "../secret", 0, READ, 0), Errno::Perm);
    guest.mkdir_at(b, "still").unwrap();
    assert!(outer.join("b/still").is_dir());
    fails(guest.open("a/b", 0, 0, 0), Errno::Noent);
}

#[test]
fn long_paths_are_an_error_not_a_way() {
    let outer = TempDir::new();
    std::fs::create_dir(outer.join("inside")).unwrap();
    std::fs::write(outer.join("secret"), "secret").unwrap();
    let inside = TempDir(outer.join("inside"));
    let mut guest = Guest::with_dir(&inside);
    std::fs::create_dir(inside.join("d")).unwrap();
    for path in ["d/../".repeat(100) + "../secret", "../".repeat(100), "./".repeat(500) + "../secret"] {
        fails(guest.open(&path, 0, READ, 0), Errno::Perm);
    }
    fails(guest.open(&("d/../".repeat(1000) + "d"), DIRECTORY, 0, 0), Errno::Nametoolong);
    let deep = "d/../".repeat(500) + "d";
    guest.open(&deep, DIRECTORY, 0, 0).unwrap();
}
