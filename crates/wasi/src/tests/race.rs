//! Directories that another thread swaps for links while the guest uses them: no call may end up outside.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{DIR, Guest, READ_WRITE, TempDir};
use crate::abi::Rights;
use crate::error::Failure;

const CREAT: u32 = 1;
const TRUNC: u32 = 8;

/// How long one race is run.
const TIME: Duration = Duration::from_millis(450);

/// A guest's directory with `dir/file`, `outside/file` beside it, and a thread that swaps `dir` with a link.
struct Race {
    outer: TempDir,
    guest: Guest,
    ended: Arc<AtomicBool>,
    swapper: Option<JoinHandle<u64>>,
}

impl Race {
    /// `target` says where the link leads, from where both directories are.
    fn start(target: impl FnOnce(&TempDir) -> PathBuf) -> Race {
        let outer = TempDir::new();
        for dir in ["inside/dir", "outside"] {
            std::fs::create_dir_all(outer.join(dir)).unwrap();
            std::fs::write(outer.join(dir).join("file"), dir).unwrap();
        }
        symlink(target(&outer), outer.join("inside/link")).unwrap();
        let mut builder = crate::WasiCtxBuilder::new();
        builder.preopened_dir(outer.join("inside"), "/").unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let (end, dir, link) = (ended.clone(), outer.join("inside/dir"), outer.join("inside/link"));
        let swapper = thread::spawn(move || {
            let mut swaps = 0;
            loop {
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
                if end.load(Ordering::Relaxed) {
                    return swaps;
                }
            }
        });
        Race { outer, guest: Guest::new(builder.build()), ended, swapper: Some(swapper) }
    }

    /// Tries again and again for a while, and tells how often that worked.
    fn run(mut self, name: &str, mut attempt: impl FnMut(&mut Guest, u64) -> Result<(), Failure>) {
        let start = Instant::now();
        let (mut tries, mut hits) = (0, 0);
        while start.elapsed() < TIME {
            match attempt(&mut self.guest, tries) {
                Ok(()) => hits += 1,
                Err(Failure::Errno(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
            tries += 1;
        }
        self.ended.store(true, Ordering::Relaxed);
        let swaps = self.swapper.take().unwrap().join().unwrap();
        println!("{name}: {tries} tries, {hits} of them successful, {swaps} swaps");
        // Nothing outside was changed.
        let outside: Vec<_> = std::fs::read_dir(self.outer.join("outside"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(outside, ["file"]);
        assert_eq!(std::fs::read(self.outer.join("outside/file")).unwrap(), b"outside");
        let modified = std::fs::metadata(self.outer.join("outside/file")).unwrap().modified().unwrap();
        assert!(modified.elapsed().is_ok_and(|age| age < Duration::from_secs(3600)));
        let mut names: Vec<_> =
            std::fs::read_dir(&self.outer.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["inside", "outside"]);
    }
}

#[test]
fn a_file_is_never_read_outside() {
    Race::start(|_| "../outside".into()).run("read through a relative link", |guest, _| {
        let fd = guest.open("dir/file", 0, Rights::FD_READ.bits(), 0)?;
        assert_eq!(guest.read(fd, 20), Ok(b"inside/dir".to_vec()));
        guest.close(fd)
    });
}

#[test]
fn a_directory_is_never_opened_outside() {
    Race::start(|outer| outer.join("outside")).run("open through an absolute link", |guest, _| {
        let dir = guest.open("dir", 2, 0, 0)?;
        let fd = guest.open_at(dir, 0, "file", 0, Rights::FD_READ.bits(), 0).unwrap();
        assert_eq!(guest.read(fd, 20), Ok(b"inside/dir".to_vec()));
        guest.close(fd)?;
        guest.close(dir)
    });
}

#[test]
fn nothing_is_made_or_changed_outside() {
    Race::start(|_| "../outside".into()).run("create, truncate, link", |guest, number| {
        match number % 6 {
            0 => {
                let fd = guest.open("dir/new", CREAT | TRUNC, READ_WRITE, 0)?;
                guest.write(fd, b"inside")?;
                guest.close(fd)
            }
            1 => guest.mkdir("dir/sub"),
            2 => guest.symlink("file", "dir/symlink"),
            3 => guest.link_at((DIR, "dir/file"), (DIR, "dir/hardlink"), 0),
            4 => guest.set_times("dir/file", 1, 5),
            _ => {
                // Room for the next round.
                let _ = guest.rmdir("dir/sub");
                let _ = guest.unlink("dir/symlink");
                guest.unlink("dir/hardlink")
            }
        }
    });
}

#[test]
fn nothing_is_moved_or_removed_outside() {
    Race::start(|outer| outer.join("outside")).run("rename, remove", |guest, number| match number % 6 {
        0 => {
            let fd = guest.open("dir/file", CREAT, READ_WRITE, 0)?;
            guest.close(fd)
        }
        1 => guest.rename("dir/file", "dir/moved"),
        2 => guest.rename("dir/moved", "dir/file"),
        3 => guest.unlink("dir/file"),
        4 => guest.rename("dir/file", "stolen"),
        _ => guest.rmdir("dir/file"),
    });
}
