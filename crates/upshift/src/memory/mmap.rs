//! Address space from the operating system: the only file that maps memory.
//!
//! ```text
//! reserve(n) ─▶ n bytes of address space, none accessible ─ grow ─▶ a longer accessible start, base stays
//! default()  ─▶ nothing                                   ─ grow ─▶ exactly that much, base may move
//! ```
//!
//! New bytes are zero. Where the system is not Unix, storage is a plain vector that may move.

pub(crate) use imp::Mapping;

#[cfg(unix)]
mod imp {
    use std::io;
    use std::ops::Range;
    use std::ptr::{NonNull, null_mut};

    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    /// A range of address space whose start is accessible.
    #[derive(Debug)]
    pub(crate) struct Mapping {
        /// Dangling while `mapped` is 0.
        base: NonNull<u8>,
        /// Bytes mapped at `base`.
        mapped: usize,
        /// Whether all but the start is inaccessible and the base must stay.
        reserved: bool,
    }

    impl Default for Mapping {
        fn default() -> Mapping {
            Mapping { base: NonNull::dangling(), mapped: 0, reserved: false }
        }
    }

    impl Mapping {
        /// Address space in which the accessible start can grow without moving.
        pub(crate) fn reserve(bytes: usize) -> io::Result<Mapping> {
            Ok(Mapping { base: map(bytes, ProtFlags::empty())?, mapped: bytes, reserved: true })
        }

        pub(crate) fn base(&self) -> *mut u8 {
            self.base.as_ptr()
        }

        /// Makes the first `bytes` bytes accessible; the content stays.
        pub(crate) fn grow(&mut self, bytes: usize) -> io::Result<()> {
            if self.reserved {
                if bytes > self.mapped {
                    return Err(io::ErrorKind::OutOfMemory.into());
                }
                let flags = MprotectFlags::READ | MprotectFlags::WRITE;
                // SAFETY: the range lies in the mapping, and making it accessible takes nothing from anybody.
                return Ok(unsafe { mprotect(self.base.as_ptr().cast(), bytes, flags) }?);
            }
            let bytes = bytes.checked_next_multiple_of(rustix::param::page_size());
            let bytes = bytes.ok_or(io::ErrorKind::OutOfMemory)?;
            if bytes <= self.mapped {
                return Ok(());
            }
            self.base = if self.mapped == 0 {
                map(bytes, ProtFlags::READ | ProtFlags::WRITE)?
            } else {
                self.remap(bytes)?
            };
            self.mapped = bytes;
            Ok(())
        }

        /// Makes a part of a reservation accessible; the content stays. The part begins and ends at multiples of 64 KiB.
        pub(crate) fn commit(&mut self, part: Range<usize>) -> io::Result<()> {
            if part.is_empty() {
                return Ok(());
            }
            assert!(self.reserved && part.end <= self.mapped, "the part lies in the reservation");
            let flags = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the part lies in the mapping, and making it accessible takes nothing from anybody.
            Ok(unsafe { mprotect(self.base.as_ptr().add(part.start).cast(), part.len(), flags) }?)
        }

        /// Gives the memory of a part of a reservation back; the address space stays. The part begins and ends at multiples
        /// of 64 KiB, and nobody may use what was in it.
        pub(crate) fn decommit(&mut self, part: Range<usize>) -> io::Result<()> {
            if part.is_empty() {
                return Ok(());
            }
            assert!(self.reserved && part.end <= self.mapped, "the part lies in the reservation");
            // SAFETY: the new pages replace a part of our own mapping.
            unsafe {
                let at = self.base.as_ptr().add(part.start).cast();
                mmap_anonymous(at, part.len(), ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::FIXED)?;
            }
            Ok(())
        }

        /// Asks for pages one by one: clearing a huge page takes longer than most programs run.
        pub(crate) fn prefer_small_pages(&self) {
            #[cfg(target_os = "linux")]
            if self.mapped > 0 {
                use rustix::mm::{Advice, madvise};
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

    impl Drop for Mapping {
        fn drop(&mut self) {
            if self.mapped > 0 {
                // SAFETY: the mapping is ours and nothing refers to it when its owner goes.
                let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.mapped) };
                // The system may have made one of ours and its neighbours, and refuse to part them when a process has as
                // many as it may have. What is left is lost to all but harms nobody.
                let _ = unmapped;
            }
        }
    }

    fn map(bytes: usize, protection: ProtFlags) -> io::Result<NonNull<u8>> {
        // SAFETY: without a fixed address, a new mapping touches nothing that exists.
        let base = unsafe { mmap_anonymous(null_mut(), bytes, protection, MapFlags::PRIVATE) }?;
        NonNull::new(base.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io;
    use std::ops::Range;

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

        /// There is no choice of pages here.
        pub(crate) fn prefer_small_pages(&self) {}
    }
}
