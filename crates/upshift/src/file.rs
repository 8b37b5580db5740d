//! From a file to its bytes, at the speed of memory where they are many.
//!
//! ```text
//! beginning, size ─ one allocation ─▶ parts, a thread each ─ as far as they join ─▶ the rest in order, to the end of the file
//! ```
//!
//! A module of many megabytes is in the system's cache as a rule; what takes time is to copy it and, as much again, to be given
//! the memory page by page. The size is only what the file had when somebody looked: it may be cut off or grow meanwhile.

use std::fs::File;
use std::io::{Read, Result};
#[cfg(unix)]
use std::io::{Seek, SeekFrom};

/// From so many bytes on, several threads read, each at least so many.
#[cfg(unix)]
const PART_BYTES: usize = 4 << 20;

/// More threads than that have to wait for each other's memory.
#[cfg(unix)]
const MOST_THREADS: usize = 8;

/// Reads the rest of a file of about `size` bytes whose beginning is in `bytes`, but not more than one byte beyond `most`. For
/// the project's own tools: not part of the stable interface.
///
/// # Errors
/// When there is no memory, before anything is read, or the file cannot be read.
#[doc(hidden)]
pub fn read_rest(file: &mut File, bytes: &mut Vec<u8>, size: u64, most: u64) -> Result<()> {
    let begun = bytes.len() as u64;
    let rest = usize::try_from(size.min(most).saturating_sub(begun)).unwrap_or(usize::MAX);
    // A byte of room is left for finding the end.
    bytes.try_reserve_exact(rest.saturating_add(1))?;
    #[cfg(unix)]
    if rest >= PART_BYTES
        // Who opened the file may have got it from somebody who had read of it.
        && let Ok(at) = file.stream_position()
    {
        let read = parts::read(file, at, bytes, rest);
        file.seek(SeekFrom::Start(at + read as u64))?;
    }
    file.take(most.saturating_add(1).saturating_sub(bytes.len() as u64)).read_to_end(bytes)?;
    if bytes.capacity() > bytes.len() + 1 {
        bytes.shrink_to_fit();
    }
    Ok(())
}

#[cfg(unix)]
mod parts {
    use std::fs::File;
    use std::mem::MaybeUninit;
    use std::thread;

    use rustix::io::{Errno, pread};

    use super::{MOST_THREADS, PART_BYTES};

    /// Reads up to `rest` bytes from an offset of the file on into the room that there is, and returns how many. What cannot be
    /// read is missing at the end: who goes on reading there hears why.
    pub(super) fn read(file: &File, at: u64, bytes: &mut Vec<u8>, rest: usize) -> usize {
        let begun = bytes.len();
        let room = &mut bytes.spare_capacity_mut()[..rest];
        prefer_large_pages(room);
        let threads = thread::available_parallelism().map_or(1, |n| n.get());
        let threads = threads.min(MOST_THREADS).min(rest / PART_BYTES);
        let filled = fill_by(threads, file, room, at);
        // SAFETY: there is room, and its first bytes have been filled.
        unsafe { bytes.set_len(begun + filled) };
        filled
    }

    /// Fills a part for each thread with what the file has from an offset on; how many bytes from the start are filled.
    fn fill_by(threads: usize, file: &File, room: &mut [MaybeUninit<u8>], at: u64) -> usize {
        let part = room.len().div_ceil(threads);
        thread::scope(|scope| {
            let mut parts = room.chunks_mut(part).zip((at..).step_by(part));
            let own = parts.next();
            let others: Vec<_> = parts
                .map(|(room, at)| {
                    let len = room.len();
                    (len, thread::Builder::new().spawn_scoped(scope, move || fill(file, room, at)))
                })
                .collect();
            let mut filled = own.map_or(0, |(room, at)| fill(file, room, at));
            let mut wanted = part;
            for (len, thread) in others {
                // A thread that could not be started has filled nothing.
                let more = thread.ok().and_then(|thread| thread.join().ok()).unwrap_or(0);
                if filled == wanted {
                    filled += more;
                }
                wanted += len;
            }
            filled
        })
    }

    /// Fills as much as there is.
    fn fill(file: &File, room: &mut [MaybeUninit<u8>], at: u64) -> usize {
        let mut filled = 0;
        while filled < room.len() {
            match pread(file, &mut room[filled..], at + filled as u64) {
                Ok((read, _)) if !read.is_empty() => filled += read.len(),
                Err(Errno::INTR) => {}
                _ => break,
            }
        }
        filled
    }

    /// Asks the system to back memory by large pages, so that there is not a fault for each small one. It may not.
    fn prefer_large_pages(room: &mut [MaybeUninit<u8>]) {
        #[cfg(target_os = "linux")]
        {
            use rustix::mm::{Advice, madvise};
            let page = rustix::param::page_size();
            let start = room.as_mut_ptr();
            let skipped = start.align_offset(page);
            let len = room.len().saturating_sub(skipped) / page * page;
            // SAFETY: the pages lie within the slice, and the advice does not change what they hold.
            let _ = unsafe { madvise(start.wrapping_add(skipped).cast(), len, Advice::LinuxHugepage) };
        }
        let _ = room;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;

    use super::*;

    /// A file of so many bytes, each of which says where it is.
    fn file(name: &str, len: usize) -> (File, Vec<u8>) {
        let path = std::env::temp_dir().join(format!("upshift-{name}-{}", std::process::id()));
        let contents: Vec<u8> = (0..len).map(|i| (i ^ i >> 8 ^ i >> 16) as u8).collect();
        File::create(&path).and_then(|mut file| file.write_all(&contents)).unwrap();
        let file = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        (file, contents)
    }

    fn read(file: &mut File, head: u64, size: u64, most: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        (&mut *file).take(head).read_to_end(&mut bytes).unwrap();
        read_rest(file, &mut bytes, size, most).unwrap();
        bytes
    }

    #[test]
    fn a_file_is_read_whole_whatever_its_size_was() {
        for len in [0, 10, PART_BYTES - 1, PART_BYTES + 10, 3 * PART_BYTES + 4097] {
            let (mut file, contents) = file("whole", len);
            let len = len as u64;
            for head in [0, 7] {
                // It was shorter or longer when somebody looked, or has none, like a pipe.
                for size in [len, len / 2, len + 5, len + 2 * PART_BYTES as u64, 0] {
                    assert!(
                        read(&mut file, head, size, u64::MAX) == contents,
                        "{len} bytes, {size} expected"
                    );
                }
            }
        }
    }

    #[test]
    fn a_file_of_known_size_takes_no_more_memory_than_that() {
        let len = 3 * PART_BYTES + 5;
        let (mut file, _) = file("exact", len);
        let bytes = read(&mut file, 100, len as u64, u64::MAX);
        assert!(bytes.capacity() <= len + 1, "{} bytes", bytes.capacity());
    }

    #[test]
    fn no_more_is_read_than_one_byte_too_much() {
        let (mut file, contents) = file("most", 1000);
        assert_eq!(read(&mut file, 0, 0, 10), contents[..11]);
        assert_eq!(read(&mut file, 0, 1000, 1000), contents);
        let len = 2 * PART_BYTES;
        let (mut large, contents) = self::file("most-parts", len);
        for most in [0, 10, PART_BYTES, len - 1] {
            assert!(read(&mut large, 0, len as u64, most as u64) == contents[..=most], "{most} bytes");
        }
    }

    #[test]
    fn reading_goes_on_where_the_file_stands() {
        let len = 2 * PART_BYTES;
        let (mut file, contents) = file("position", len);
        file.seek(SeekFrom::Start(100)).unwrap();
        let mut bytes = Vec::new();
        read_rest(&mut file, &mut bytes, len as u64, u64::MAX).unwrap();
        assert!(bytes == contents[100..]);
    }
}
