//! The guest's memory, as the calls see it.
//!
//! Pointers and lengths come from the guest and may be anything. Every access is checked here, in 64 bits, so no call
//! does arithmetic on guest pointers itself:
//!
//! ```text
//! pointer, length ──▶ bytes, bytes_mut, text       a region
//! pointer         ──▶ check, write                 an integer or record, aligned
//! iovecs, count   ──▶ gather, scatter              buffers for one vectored call of the host, without copying
//! ```

use std::io::{IoSlice, IoSliceMut};
use std::ops::Range;

use crate::abi::Errno;
use crate::error::{GuestFault, WasiResult};

/// How many buffers one call passes to the host: the limit of `readv` and `writev`. Of a longer list only the beginning
/// is read or written.
const MAX_BUFFERS: u32 = 1024;

/// How many of them fit without an allocation.
const INLINE_BUFFERS: usize = 16;

/// How many bytes one call moves at most, which is what Linux moves at most. Also bounds the sum of overlapping buffers.
const MAX_TRANSFER: usize = 0x7fff_f000;

/// The memory of a guest during a call.
pub(crate) struct GuestMemory<'a> {
    bytes: &'a mut [u8],
}

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory { bytes }
    }

    fn range(&self, address: u32, len: u64) -> Result<Range<usize>, GuestFault> {
        let end = u64::from(address).checked_add(len).filter(|&end| end <= self.bytes.len() as u64);
        match end {
            Some(end) => Ok(address as usize..end as usize),
            None => Err(GuestFault::OutOfBounds { address, len }),
        }
    }

    /// `count` bytes.
    pub(crate) fn bytes(&self, address: u32, count: u32) -> Result<&[u8], GuestFault> {
        let range = self.range(address, count.into())?;
        Ok(&self.bytes[range])
    }

    /// `count` bytes to be written.
    pub(crate) fn bytes_mut(&mut self, address: u32, count: u32) -> Result<&mut [u8], GuestFault> {
        let range = self.range(address, count.into())?;
        Ok(&mut self.bytes[range])
    }

    /// A string; `ilseq` if it is not UTF-8.
    pub(crate) fn text(&self, address: u32, len: u32) -> WasiResult<&str> {
        std::str::from_utf8(self.bytes(address, len)?).map_err(|_| Errno::Ilseq.into())
    }

    /// An array of `count` items of `SIZE` bytes each.
    pub(crate) fn array<const SIZE: usize>(
        &self,
        address: u32,
        count: u32,
        align: u32,
    ) -> Result<&[[u8; SIZE]], GuestFault> {
        check_aligned(address, align)?;
        let range = self.range(address, u64::from(count) * SIZE as u64)?;
        Ok(self.bytes[range].as_chunks().0)
    }

    /// As [`array`](Self::array), to be written.
    pub(crate) fn array_mut<const SIZE: usize>(
        &mut self,
        address: u32,
        count: u32,
        align: u32,
    ) -> Result<&mut [[u8; SIZE]], GuestFault> {
        check_aligned(address, align)?;
        let range = self.range(address, u64::from(count) * SIZE as u64)?;
        Ok(self.bytes[range].as_chunks_mut().0)
    }

    /// Stores a record.
    pub(crate) fn write<const SIZE: usize>(
        &mut self,
        address: u32,
        align: u32,
        record: &[u8; SIZE],
    ) -> Result<(), GuestFault> {
        check_aligned(address, align)?;
        let range = self.range(address, SIZE as u64)?;
        self.bytes[range].copy_from_slice(record);
        Ok(())
    }

    /// Fails as [`write`](Self::write) of `len` bytes would. Called before a call has an effect, so that none is left
    /// behind by a guest that is stopped because the answer has no place.
    pub(crate) fn check(&self, address: u32, align: u32, len: u32) -> Result<(), GuestFault> {
        check_aligned(address, align)?;
        self.range(address, len.into()).map(|_| ())
    }

    /// Stores an integer.
    pub(crate) fn write_u16(&mut self, address: u32, value: u16) -> Result<(), GuestFault> {
        self.write(address, 2, &value.to_le_bytes())
    }

    /// Stores an integer.
    pub(crate) fn write_u32(&mut self, address: u32, value: u32) -> Result<(), GuestFault> {
        self.write(address, 4, &value.to_le_bytes())
    }

    /// Stores an integer.
    pub(crate) fn write_u64(&mut self, address: u32, value: u64) -> Result<(), GuestFault> {
        self.write(address, 8, &value.to_le_bytes())
    }

    /// Runs `use_buffers` on the buffers that a list of `ciovec` names, for one vectored write.
    pub(crate) fn gather<R>(
        &self,
        iovecs: u32,
        count: u32,
        use_buffers: impl FnOnce(&[IoSlice<'_>]) -> R,
    ) -> Result<R, GuestFault> {
        let iovecs = self.array(iovecs, count.min(MAX_BUFFERS), 4)?;
        let mut room = MAX_TRANSFER;
        let slice = |iovec: &[u8; 8]| {
            let range = self.iovec(iovec, &mut room)?;
            Ok(IoSlice::new(&self.bytes[range]))
        };
        if iovecs.len() <= INLINE_BUFFERS {
            let mut buffers = [IoSlice::new(&[]); INLINE_BUFFERS];
            for (buffer, found) in buffers.iter_mut().zip(iovecs.iter().map(slice)) {
                *buffer = found?;
            }
            Ok(use_buffers(&buffers[..iovecs.len()]))
        } else {
            let buffers: Vec<_> = iovecs.iter().map(slice).collect::<Result<_, _>>()?;
            Ok(use_buffers(&buffers))
        }
    }

    /// Runs `use_buffers` on the buffers that a list of `iovec` names, for one vectored read.
    ///
    /// Buffers that overlap an earlier one are left out together with all that follow, so that a read is short rather
    /// than that two buffers share bytes.
    pub(crate) fn scatter<R>(
        &mut self,
        iovecs: u32,
        count: u32,
        use_buffers: impl FnOnce(&mut [IoSliceMut<'_>]) -> R,
    ) -> Result<R, GuestFault> {
        let count = count.min(MAX_BUFFERS) as usize;
        if count <= INLINE_BUFFERS {
            let mut ranges: [Range<usize>; INLINE_BUFFERS] = std::array::from_fn(|_| 0..0);
            let mut order = [0; INLINE_BUFFERS];
            let mut buffers: [IoSliceMut<'_>; INLINE_BUFFERS] =
                std::array::from_fn(|_| IoSliceMut::new(&mut []));
            let used = self.split(iovecs, &mut ranges[..count], &mut order, &mut buffers)?;
            Ok(use_buffers(&mut buffers[..used]))
        } else {
            let mut buffers: Vec<_> = (0..count).map(|_| IoSliceMut::new(&mut [])).collect();
            let used = self.split(iovecs, &mut vec![0..0; count], &mut vec![0; count], &mut buffers)?;
            Ok(use_buffers(&mut buffers[..used]))
        }
    }

    /// Cuts the buffers of a list out of the memory, one for each of `ranges`, up to the first that overlaps an earlier
    /// one: `buffers[i]` becomes the bytes at `ranges[i]`. Returns how many there are; `order` is scratch.
    fn split<'m>(
        &'m mut self,
        iovecs: u32,
        ranges: &mut [Range<usize>],
        order: &mut [usize],
        buffers: &mut [IoSliceMut<'m>],
    ) -> Result<usize, GuestFault> {
        let mut room = MAX_TRANSFER;
        let mut used = 0;
        // The numbers of the buffers that are not empty, by address.
        let mut placed = 0;
        for iovec in self.array(iovecs, ranges.len() as u32, 4)? {
            let range = self.iovec(iovec, &mut room)?;
            if !range.is_empty() {
                let at = order[..placed].partition_point(|&i| ranges[i].start < range.start);
                let before = order[..at].last().is_some_and(|&i| ranges[i].end > range.start);
                let behind = order[at..placed].first().is_some_and(|&i| ranges[i].start < range.end);
                if before || behind {
                    break;
                }
                order.copy_within(at..placed, at + 1);
                order[at] = used;
                placed += 1;
            }
            ranges[used] = range;
            used += 1;
        }
        let mut rest = &mut *self.bytes;
        let mut rest_start = 0;
        for &i in &order[..placed] {
            let (_, tail) = rest.split_at_mut(ranges[i].start - rest_start);
            let (buffer, tail) = tail.split_at_mut(ranges[i].len());
            buffers[i] = IoSliceMut::new(buffer);
            rest = tail;
            rest_start = ranges[i].end;
        }
        Ok(used)
    }

    /// The bytes that an `iovec` names, cut to the `room` that is left in this call.
    fn iovec(&self, iovec: &[u8; 8], room: &mut usize) -> Result<Range<usize>, GuestFault> {
        let [a0, a1, a2, a3, l0, l1, l2, l3] = *iovec;
        let mut range =
            self.range(u32::from_le_bytes([a0, a1, a2, a3]), u32::from_le_bytes([l0, l1, l2, l3]).into())?;
        range.end = range.start + range.len().min(*room);
        *room -= range.len();
        Ok(range)
    }
}

fn check_aligned(address: u32, align: u32) -> Result<(), GuestFault> {
    if address.is_multiple_of(align) { Ok(()) } else { Err(GuestFault::Misaligned { address, align }) }
}
