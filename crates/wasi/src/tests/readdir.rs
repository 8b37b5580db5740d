//! The entries of directories: in pieces, with cookies, while they change.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{DIR, Guest, TempDir, fails};
use crate::abi::Errno;

/// Reads a directory with a buffer of `len` bytes as C's library does: what is cut off is read again.
fn names(guest: &mut Guest, fd: u32, len: u32, mut each: impl FnMut(&[u8])) -> Vec<Vec<u8>> {
    let mut names = vec![];
    let mut cookie = 0;
    loop {
        let (entries, used) = guest.readdir(fd, len, cookie).unwrap();
        if let Some(last) = entries.last() {
            cookie = last.next;
        }
        for entry in entries {
            each(&entry.name);
            names.push(entry.name);
        }
        if used < len {
            return names;
        }
    }
}

#[test]
fn a_hundred_thousand_entries() {
    const COUNT: usize = 100_000;
    let temp = TempDir::quick();
    std::fs::create_dir(temp.join("dir")).unwrap();
    std::fs::write(temp.join("file"), "").unwrap();
    for number in 0..COUNT {
        // A file system has a limit for the names of one file.
        if number % 10_000 == 0 {
            std::fs::write(temp.join(format!("dir/{number}")), "").unwrap();
        } else {
            let first = number - number % 10_000;
            std::fs::hard_link(temp.join(format!("dir/{first}")), temp.join(format!("dir/{number}")))
                .unwrap();
        }
    }
    let mut guest = Guest::with_dir(&temp);
    let dir = guest.open("dir", 2, 0, 0).unwrap();
    let all: HashSet<_> = names(&mut guest, dir, 100, |_| ()).into_iter().collect();
    assert_eq!(all.len(), COUNT + 2);
    assert!((0..COUNT).all(|number| all.contains(number.to_string().as_bytes())));

    // Each entry is removed as soon as it is seen, which is how whole directories are removed.
    let host = temp.join("dir");
    let seen = names(&mut guest, dir, 4096, |name| {
        if !name.starts_with(b".") {
            std::fs::remove_file(host.join(OsStr::from_bytes(name))).unwrap();
        }
    });
    assert_eq!(seen.len(), COUNT + 2);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), COUNT + 2);
    assert_eq!(names(&mut guest, dir, 100, |_| ()), [b".".to_vec(), b"..".to_vec()]);
    guest.rmdir("dir").unwrap();
}

#[test]
fn a_cookie_leads_back_to_its_place() {
    let temp = TempDir::new();
    for number in 0..20 {
        std::fs::write(temp.join(number.to_string()), "").unwrap();
    }
    let mut guest = Guest::with_dir(&temp);
    let (all, _) = guest.readdir(DIR, 4096, 0).unwrap();
    assert_eq!(all.len(), 22);
    let cookies: HashSet<_> = all.iter().map(|entry| entry.next).collect();
    assert_eq!(cookies.len(), 22, "each place has its own");
    assert!(!cookies.contains(&0), "which is the beginning");
    // In any order, and as often as one likes.
    for (number, entry) in all.iter().enumerate().rev().chain(all.iter().enumerate().step_by(3)) {
        let (rest, _) = guest.readdir(DIR, 4096, entry.next).unwrap();
        let names: Vec<_> = rest.iter().map(|entry| &entry.name).collect();
        assert_eq!(names, all[number + 1..].iter().map(|entry| &entry.name).collect::<Vec<_>>());
    }
    // What is not a cookie of it is the end.
    for cookie in [23, 1000, u64::MAX - 1, u64::MAX] {
        assert_eq!(guest.readdir(DIR, 4096, cookie).unwrap().1, 0);
    }
}

#[test]
fn a_listing_is_that_of_its_descriptor() {
    let temp = TempDir::new();
    std::fs::write(temp.join("a"), "").unwrap();
    let mut guest = Guest::with_dir(&temp);
    let [one, two] = [0; 2].map(|_| guest.open(".", 2, 0, 0).unwrap());
    // The buffer is full with the three, so the guest has not seen the end yet.
    let (entries, used) = guest.readdir(one, 3 * 24 + 4, 0).unwrap();
    assert_eq!((entries.len(), used), (3, 3 * 24 + 4));
    std::fs::write(temp.join("b"), "").unwrap();
    // One goes on in what it began; the other begins now, be it in the middle.
    assert_eq!(guest.readdir(one, 24 + 1, 2).unwrap().0.len(), 1);
    assert_eq!(guest.readdir(one, 4096, 3).unwrap().1, 0);
    assert_eq!(guest.readdir(two, 4096, 2).unwrap().0.len(), 2);
    assert_eq!(guest.readdir(one, 4096, 0).unwrap().0.len(), 4);
}

#[test]
fn listings_take_no_more_than_the_guests_budget() {
    // 20 000 names of 250 bytes and what is kept with each are more than 5 MiB: not 13 of them fit in 64 MiB.
    const COUNT: u32 = 20_000;
    let temp = TempDir::quick();
    std::fs::create_dir(temp.join("dir")).unwrap();
    let first = temp.join(format!("dir/{:0250}", 0));
    std::fs::write(&first, "").unwrap();
    for number in 1..COUNT {
        std::fs::hard_link(&first, temp.join(format!("dir/{number:0250}"))).unwrap();
    }
    let mut guest = Guest::with_dir(&temp);
    let mut begun = vec![];
    let failure = loop {
        let dir = guest.open("dir", 2, 0, 0).unwrap();
        match guest.readdir(dir, 100, 0) {
            Ok(_) => begun.push(dir),
            Err(failure) => break failure,
        }
        assert!(begun.len() < 13);
    };
    fails::<()>(Err(failure), Errno::Nomem);
    assert!(begun.len() >= 9, "{} fit", begun.len());
    let last = begun[begun.len() - 1] + 1;
    // Those that are begun go on, and can begin again; nothing of what failed is counted.
    guest.readdir(begun[0], 100, 2).unwrap();
    guest.readdir(begun[0], 100, 0).unwrap();
    fails(guest.readdir(last, 100, 0), Errno::Nomem);
    // One is done when it is closed,
    guest.close(begun[0]).unwrap();
    guest.readdir(last, 100, 0).unwrap();
    // when its number goes to another,
    let other = guest.open("dir", 2, 0, 0).unwrap();
    fails(guest.readdir(other, 100, 0), Errno::Nomem);
    guest.call(|ctx, mem| crate::fs::fd_renumber(ctx, mem, other, begun[1])).unwrap();
    guest.readdir(begun[1], 100, 0).unwrap();
    // and when its end was told, after which a directory can still be read from any place.
    let other = guest.open("dir", 2, 0, 0).unwrap();
    fails(guest.readdir(other, 100, 0), Errno::Nomem);
    assert_eq!(guest.readdir(begun[2], 100, u64::from(COUNT) + 2).unwrap().1, 0);
    let (entries, _) = guest.readdir(other, 4096, u64::from(COUNT)).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(guest.readdir(begun[2], 4096, u64::from(COUNT) + 1).unwrap().0.len(), 1);
}

#[test]
fn a_directory_that_was_removed_is_empty() {
    let temp = TempDir::new();
    std::fs::create_dir(temp.join("dir")).unwrap();
    let mut guest = Guest::with_dir(&temp);
    let dir = guest.open("dir", 2, 0, 0).unwrap();
    std::fs::remove_dir(temp.join("dir")).unwrap();
    match guest.readdir(dir, 4096, 0) {
        // Hosts differ in whether such a directory can still be opened to be read.
        Err(failure) => fails::<()>(Err(failure), Errno::Noent),
        Ok((entries, _)) => assert_eq!(entries.len(), 2),
    }
}

#[test]
fn names_that_are_no_text_are_listed_but_cannot_be_used() {
    let temp = TempDir::new();
    let name = b"caf\xe9";
    std::fs::write(temp.join(OsStr::from_bytes(name)), "text").unwrap();
    std::os::unix::fs::symlink(OsStr::from_bytes(name), temp.join("link")).unwrap();
    let mut guest = Guest::with_dir(&temp);
    let (entries, _) = guest.readdir(DIR, 4096, 0).unwrap();
    assert!(entries.iter().any(|entry| entry.name == name && entry.filetype == 4));
    // The interface has only strings that are UTF-8.
    fails(guest.open_at(DIR, 0, name, 0, 0, 0), Errno::Ilseq);
    fails(guest.open_at(DIR, 0, b"new\xff", 1, 0, 0), Errno::Ilseq);
    // Through a link with a proper name it can be read.
    assert_eq!(guest.readlink("link", 9), Ok(name.to_vec()));
    let fd = guest.open("link", 0, super::READ_WRITE, 0).unwrap();
    assert_eq!(guest.read(fd, 9), Ok(b"text".to_vec()));
    assert_eq!(std::fs::read_dir(&temp.0).unwrap().count(), 2);
}
