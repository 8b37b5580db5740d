//! Address space from the operating system: the only file that maps memory, besides [`pages`](super::code) of native code.
//!
//! ```text
//! reserve(n) ─▶ n bytes of address space, none accessible ─ grow ─▶ a longer accessible start, base stays
//! default()  ─▶ nothing                                   ─ grow ─▶ exactly that much, base may move
//!                       recycle ─▶ zeroes everywhere, accessible as far as it was first
//! ```
//!
//! New bytes are zero. Where the system is not Unix, storage is a plain vector that may move.

#[cfg(all(test, unix))]
pub(crate) use imp::CALLS;
pub(crate) use imp::Mapping;

/// Mappings of the same kind can stand for each other when they are empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    reserved: bool,
    mapped: usize,
}

impl Kind {
    pub(crate) fn reserved(mapped: usize) -> Kind {
        Kind { reserved: true, mapped }
    }

    pub(crate) fn movable(mapped: usize) -> Kind {
        Kind { reserved: false, mapped }
    }
}

#[cfg(unix)]
mod imp {
    use std::io;
    use std::ops::Range;
    use std::ptr::{NonNull, null_mut};

    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    use super::Kind;

    /// Notes a call of the system, for tests.
    fn note_call() {
        #[cfg(test)]
        CALLS.with(|calls| calls.set(calls.get() + 1));
    }

    #[cfg(test)]
    thread_local! {
        /// How often this thread has called the system for mappings.
        pub(crate) static CALLS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    /// A range of address space whose start is accessible.
    #[derive(Debug)]
    pub(crate) struct Mapping {
        /// Dangling while `mapped` is 0.
        base: NonNull<u8>,
        /// Bytes mapped at `base`, whole pages.
        mapped: usize,
        /// Bytes from the start that are accessible, whole pages; all others are zero. Parts that `commit` makes accessible
        /// do not count.
        accessible: usize,
        /// Whether all but the start is inaccessible and the base must stay.
        reserved: bool,
    }

    impl Default for Mapping {
        fn default() -> Mapping {
            Mapping { base: NonNull::dangling(), mapped: 0, accessible: 0, reserved: false }
        }
    }

    // SAFETY: a mapping belongs to the process; whoever has it may access it from any thread.
    unsafe impl Send for Mapping {}

    impl Mapping {
        /// Address space in which the accessible start can grow without moving.
        pub(crate) fn reserve(bytes: usize) -> io::Result<Mapping> {
            let mapped = Mapping::pages(bytes)?;
            Ok(Mapping { base: map(mapped, ProtFlags::empty())?, mapped, accessible: 0, reserved: true })
        }

        /// The size of the pages that so many bytes lie in.
        pub(crate) fn pages(bytes: usize) -> io::Result<usize> {
            let bytes = bytes.checked_next_multiple_of(rustix::param::page_size());
            bytes.ok_or_else(|| io::ErrorKind::OutOfMemory.into())
        }

        pub(crate) fn base(&self) -> *mut u8 {
            self.base.as_ptr()
        }

        pub(crate) fn kind(&self) -> Kind {
            Kind { reserved: self.reserved, mapped: self.mapped }
        }

        pub(crate) fn is_reserved(&self) -> bool {
            self.reserved
        }

        /// How far bytes are accessible.
        pub(crate) fn accessible(&self) -> usize {
            self.accessible
        }

        /// Makes the first `bytes` bytes accessible; the content stays.
        pub(crate) fn grow(&mut self, bytes: usize) -> io::Result<()> {
            let bytes = Mapping::pages(bytes)?;
            if bytes <= self.accessible {
                return Ok(());
            }
            if self.reserved {
                self.commit(self.accessible..bytes)?;
            } else {
                self.base = if self.mapped == 0 {
                    map(bytes, ProtFlags::READ | ProtFlags::WRITE)?
                } else {
                    self.remap(bytes)?
                };
                self.mapped = bytes;
            }
            self.accessible = bytes;
            Ok(())
        }

        /// Makes exactly the first `bytes` bytes of a reservation accessible, of which those that stay keep their content.
        pub(crate) fn set_accessible(&mut self, bytes: usize) -> io::Result<()> {
            let bytes = Mapping::pages(bytes)?;
            if bytes < self.accessible { self.cut(bytes) } else { self.grow(bytes) }
        }

        /// Gives what lies behind the first `bytes` bytes back: whole pages, fewer than are accessible.
        fn cut(&mut self, bytes: usize) -> io::Result<()> {
            if self.reserved {
                self.decommit(bytes..self.accessible)?;
            } else {
                note_call();
                // SAFETY: the pages are ours, and their owner uses them no more.
                unsafe { munmap(self.base.as_ptr().add(bytes).cast(), self.mapped - bytes) }?;
                self.mapped = bytes;
            }
            self.accessible = bytes;
            Ok(())
        }

        /// Fills everything with zeroes and makes exactly the first `accessible` bytes accessible, which are whole pages and
        /// no more than are accessible now. Of these, up to `kept` bytes stay in memory; all else goes back to the system.
        ///
        /// # Errors
        /// When the system refuses it; then the content is undefined.
        pub(crate) fn recycle(&mut self, accessible: usize, kept: usize) -> io::Result<()> {
            if accessible < self.accessible {
                self.cut(accessible)?;
            }
            // The system takes whole pages back, which may be larger than what is to stay.
            let kept = (kept - kept % rustix::param::page_size()).min(self.accessible);
            self.discard(kept..self.accessible)?;
            // SAFETY: the bytes are accessible, and nobody else has the mapping.
            unsafe { self.base.as_ptr().write_bytes(0, kept) };
            Ok(())
        }

        /// Gives the memory of accessible pages back, which then read as zero.
        pub(crate) fn discard(&mut self, part: Range<usize>) -> io::Result<()> {
            if part.is_empty() {
                return Ok(());
            }
            assert!(part.end <= self.mapped, "the part lies in the mapping");
            note_call();
            // SAFETY: the part lies in the mapping.
            let at = unsafe { self.base.as_ptr().add(part.start) };
            #[cfg(target_os = "linux")]
            if advice_clears() {
                use rustix::mm::{Advice, madvise};
                // SAFETY: the pages are ours, and nobody uses what is in them any more.
                return Ok(unsafe { madvise(at.cast(), part.len(), Advice::LinuxDontNeed) }?);
            }
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: the new pages replace a part of our own mapping, and nobody uses what is in it any more.
            unsafe {
                mmap_anonymous(at.cast(), part.len(), protection, MapFlags::PRIVATE | MapFlags::FIXED)
            }?;
            Ok(())
        }

        /// Makes a part of a reservation accessible; the content stays. The part is whole pages.
        pub(crate) fn commit(&mut self, part: Range<usize>) -> io::Result<()> {
            if part.is_empty() {
                return Ok(());
            }
            assert!(self.reserved && part.end <= self.mapped, "the part lies in the reservation");
            let flags = MprotectFlags::READ | MprotectFlags::WRITE;
            note_call();
            // SAFETY: the part lies in the mapping, and making it accessible takes nothing from anybody.
            Ok(unsafe { mprotect(self.base.as_ptr().add(part.start).cast(), part.len(), flags) }?)
        }

        /// Gives the memory of a part of a reservation back; the address space stays. The part is whole pages, and nobody
        /// may use what was in it.
        pub(crate) fn decommit(&mut self, part: Range<usize>) -> io::Result<()> {
            if part.is_empty() {
                return Ok(());
            }
            assert!(self.reserved && part.end <= self.mapped, "the part lies in the reservation");
            note_call();
            // SAFETY: the new pages replace a part of our own mapping.
            unsafe {
                let at = self.base.as_ptr().add(part.start).cast();
                mmap_anonymous(at, part.len(), ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::FIXED)?;
            }
            Ok(())
        }

        /// Moves the content of a part of a reservation to another one, where that is quicker than to copy it: its pages themselves. Both
        /// are accessible whole pages and do not overlap; what was in the part is zero then. Says whether it was done.
        pub(crate) fn move_pages(&self, part: Range<usize>, to: usize) -> bool {
            assert!(self.reserved && part.end <= self.mapped && to + part.len() <= self.mapped);
            assert!(part.end <= to || to + part.len() <= part.start, "the parts do not overlap");
            self.try_to_move_pages(part, to)
        }

        /// By way of addresses that the system chooses: there, it refuses what it does not move, for instance what consists of several
        /// mappings, before it has changed anything. At once, it would take the second part away first.
        #[cfg(target_os = "linux")]
        fn try_to_move_pages(&self, part: Range<usize>, to: usize) -> bool {
            use rustix::mm::{MremapFlags, mremap, mremap_fixed};

            note_call();
            let at = |offset: usize| self.base.as_ptr().wrapping_add(offset).cast::<std::ffi::c_void>();
            let (from, to, len) = (at(part.start), at(to), part.len());
            let flags = MremapFlags::MAYMOVE | MremapFlags::DONTUNMAP;
            // SAFETY: the first part is our own mapping's and stays mapped; nobody refers to what is in it while it moves.
            let Ok(between) = (unsafe { mremap(from, len, len, flags) }) else { return false };
            note_call();
            let mark = Mark::put(to.cast());
            // SAFETY: the pages are ours alone, and so is the second part, to whose content nobody refers.
            if unsafe { mremap_fixed(between, len, len, MremapFlags::MAYMOVE, to) }.is_ok() {
                return true;
            }
            // There was no memory for tables, or there are too many mappings. In the first case the second part may be gone by now, and
            // if so, another thread may have been given its addresses.
            let (protection, flags) =
                (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE);
            // SAFETY: where anything is mapped, this does nothing.
            let again = unsafe { mmap_anonymous(to, len, protection, flags) };
            if again != Ok(to) && !mark.is_there() {
                // There is nothing to go on with, and nobody who could be told.
                std::process::abort();
            }
            // SAFETY: both have so many accessible bytes of our own, and nobody refers to those in between.
            unsafe {
                to.cast::<u8>().copy_from_nonoverlapping(between.cast(), len);
                // What stays mapped wastes memory and nothing else.
                let _ = munmap(between, len);
            }
            true
        }

        #[cfg(not(target_os = "linux"))]
        fn try_to_move_pages(&self, _part: Range<usize>, _to: usize) -> bool {
            false
        }

        /// Asks for pages one by one: clearing a huge page takes longer than most programs run.
        pub(crate) fn prefer_small_pages(&self) {
            #[cfg(target_os = "linux")]
            if self.mapped > 0 {
                use rustix::mm::{Advice, madvise};
                note_call();
                // SAFETY: the range is our mapping, and the advice does not change what is in it.
                let advised =
                    unsafe { madvise(self.base.as_ptr().cast(), self.mapped, Advice::LinuxNoHugepage) };
                // A kernel without huge pages has nothing to be told.
                let _ = advised;
            }
        }

        #[cfg(target_os = "linux")]
        fn remap(&mut self, bytes: usize) -> io::Result<NonNull<u8>> {
            use rustix::mm::{MremapFlags, mremap};
            note_call();
            // SAFETY: the mapping is ours, and its owner gives out no reference that outlives a `&mut` borrow.
            let base =
                unsafe { mremap(self.base.as_ptr().cast(), self.mapped, bytes, MremapFlags::MAYMOVE) }?;
            Ok(NonNull::new(base.cast()).expect("mremap succeeded"))
        }

        #[cfg(not(target_os = "linux"))]
        fn remap(&mut self, bytes: usize) -> io::Result<NonNull<u8>> {
            let base = map(bytes, ProtFlags::READ | ProtFlags::WRITE)?;
            // SAFETY: both mappings are ours, do not overlap and have at least `mapped` accessible bytes; nobody refers
            // to the old one any more, as its owner gives out no reference that outlives a `&mut` borrow.
            unsafe {
                std::ptr::copy_nonoverlapping(self.base.as_ptr(), base.as_ptr(), self.mapped);
                munmap(self.base.as_ptr().cast(), self.mapped)?;
            }
            Ok(base)
        }
    }

    /// Some bytes that nobody else would put at an address.
    #[cfg(target_os = "linux")]
    struct Mark {
        at: *mut [u64; 4],
        bytes: [u64; 4],
    }

    #[cfg(target_os = "linux")]
    impl Mark {
        /// Puts it to the start of an accessible page.
        fn put(at: *mut [u64; 4]) -> Mark {
            let own = at.addr() as u64;
            let bytes = [own, !own, own.wrapping_mul(0x9e37_79b9_7f4a_7c15), 0x6d61_726b_6564_2121];
            // SAFETY: the page is accessible, and its owner wants nothing of what is there.
            unsafe { at.write(bytes) };
            Mark { at, bytes }
        }

        /// Whether it is still there and not something else by now, of something that is mapped.
        fn is_there(&self) -> bool {
            // SAFETY: something is mapped there. If it is not ours, it is only looked at, and whoever forbids that ends the process as
            // the caller does.
            unsafe { self.at.read_volatile() == self.bytes }
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            if self.mapped > 0 {
                note_call();
                // SAFETY: the mapping is ours and nothing refers to it when its owner goes.
                let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.mapped) };
                // The system may have made one of ours and its neighbours, and refuse to part them when a process has as
                // many as it may have. What is left is lost to all but harms nobody.
                let _ = unmapped;
            }
        }
    }

    /// Whether pages are zero when the system was told that they are not needed: it is so in Linux, but an emulator may take
    /// the advice for no more than that.
    #[cfg(target_os = "linux")]
    fn advice_clears() -> bool {
        use std::sync::OnceLock;

        use rustix::mm::{Advice, madvise};

        static CLEARS: OnceLock<bool> = OnceLock::new();
        *CLEARS.get_or_init(|| {
            let mut probe = Mapping::default();
            if probe.grow(1).is_err() {
                return false;
            }
            let (at, len) = (probe.base(), probe.mapped);
            // SAFETY: the page is ours and accessible.
            unsafe {
                at.write_volatile(1);
                madvise(at.cast(), len, Advice::LinuxDontNeed).is_ok() && at.read_volatile() == 0
            }
        })
    }

    fn map(bytes: usize, protection: ProtFlags) -> io::Result<NonNull<u8>> {
        note_call();
        // SAFETY: without a fixed address, a new mapping touches nothing that exists.
        let base = unsafe { mmap_anonymous(null_mut(), bytes, protection, MapFlags::PRIVATE) }?;
        NonNull::new(base.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io;
    use std::ops::Range;

    use super::Kind;

    /// Accessible bytes that may move.
    #[derive(Default, Debug)]
    pub(crate) struct Mapping {
        /// In units that give the base the alignment of the widest value.
        units: Vec<u128>,
    }

    impl Mapping {
        /// There is no address space without memory here, so only a little can be had.
        pub(crate) fn reserve(bytes: usize) -> io::Result<Mapping> {
            const MOST: usize = 64 << 20;
            if bytes > MOST {
                return Err(io::ErrorKind::Unsupported.into());
            }
            let mut mapping = Mapping::default();
            mapping.grow(bytes)?;
            Ok(mapping)
        }

        /// All is accessible.
        pub(crate) fn commit(&mut self, _part: Range<usize>) -> io::Result<()> {
            Ok(())
        }

        /// Nothing can be given back in parts.
        pub(crate) fn decommit(&mut self, _part: Range<usize>) -> io::Result<()> {
            Ok(())
        }

        pub(crate) fn base(&self) -> *mut u8 {
            self.units.as_ptr().cast_mut().cast()
        }

        /// Makes the first `bytes` bytes accessible; the content stays.
        pub(crate) fn grow(&mut self, bytes: usize) -> io::Result<()> {
            let more = bytes.div_ceil(size_of::<u128>()).saturating_sub(self.units.len());
            self.units.try_reserve_exact(more).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
            self.units.resize(self.units.len() + more, 0);
            Ok(())
        }

        pub(crate) fn pages(bytes: usize) -> io::Result<usize> {
            Ok(bytes)
        }

        pub(crate) fn kind(&self) -> Kind {
            Kind { reserved: false, mapped: self.accessible() }
        }

        pub(crate) fn is_reserved(&self) -> bool {
            false
        }

        pub(crate) fn accessible(&self) -> usize {
            self.units.len() * size_of::<u128>()
        }

        /// All is accessible.
        pub(crate) fn set_accessible(&mut self, _bytes: usize) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        /// The allocator keeps what was used before.
        pub(crate) fn recycle(&mut self, _accessible: usize, _kept: usize) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        /// Pages cannot be moved.
        pub(crate) fn move_pages(&self, _part: Range<usize>, _to: usize) -> bool {
            false
        }

        /// As `recycle`.
        pub(crate) fn discard(&mut self, _part: Range<usize>) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        /// There is no choice of pages here.
        pub(crate) fn prefer_small_pages(&self) {}
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::Mapping;

    #[test]
    #[cfg(target_os = "linux")]
    fn pages_are_moved() {
        let page = rustix::param::page_size();
        let mut mapping = Mapping::reserve(64 * page).unwrap();
        mapping.commit(page..9 * page).unwrap();
        mapping.commit(40 * page..48 * page).unwrap();
        let at = |offset: usize| mapping.base().wrapping_add(offset);
        let write = |offset: usize, value: u8| {
            // SAFETY: such pages are accessible, and nobody else has the mapping.
            unsafe { at(offset).write(value) }
        };
        // SAFETY: as above.
        let read = |offset: usize| unsafe { at(offset).read() };
        for (offset, value) in [(2 * page, 7), (8 * page - 1, 8), (8 * page, 9), (41 * page, 10)] {
            write(offset, value);
        }
        for _ in 0..3 {
            assert!(mapping.move_pages(2 * page..8 * page, 41 * page));
            assert_eq!(
                [2 * page, 8 * page - 1, 8 * page, 41 * page, 47 * page - 1].map(read),
                [0, 0, 9, 7, 8]
            );
            assert!(mapping.move_pages(41 * page..47 * page, 2 * page));
            assert_eq!([2 * page, 8 * page - 1, 41 * page].map(read), [7, 8, 0]);
        }
        // What they have left can be written.
        write(41 * page, 11);
        assert_eq!([2 * page, 41 * page].map(read), [7, 11]);
    }

    #[test]
    fn what_stays_in_memory_is_whole_pages() {
        let page = rustix::param::page_size();
        let mut mapping = Mapping::reserve(4 * page).unwrap();
        for kept in [0, 1, page - 1, page, page + 1, 3 * page, 9 * page] {
            mapping.grow(4 * page).unwrap();
            // SAFETY: so much is accessible, and nobody else has the mapping.
            let bytes = unsafe { std::slice::from_raw_parts_mut(mapping.base(), 4 * page) };
            bytes.fill(0xa5);
            mapping.recycle(3 * page, kept).unwrap();
            mapping.grow(4 * page).unwrap();
            // SAFETY: as above.
            let bytes = unsafe { std::slice::from_raw_parts(mapping.base(), 4 * page) };
            assert!(bytes.iter().all(|&byte| byte == 0), "{kept} bytes kept");
        }
    }
}
