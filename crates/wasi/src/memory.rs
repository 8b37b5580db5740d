//! The guest's memory, as the calls see it.
//!
//! Pointers and lengths come from the guest and may be anything. Every access is checked here, in 64 bits, so no call
//! does arithmetic on guest pointers itself:
//!
//! ```text
//! pointer, length ──▶ bytes, text, array, store    a region
//! pointer         ──▶ check, write                 an integer or record, aligned
//! iovecs, count   ──▶ gather, scatter              buffers for one vectored call of the host
//! ```
//!
//! The host works on the guest's bytes where they are, unless the memory is shared with other threads: these may change
//! them at any time, so everything goes through copies then, and what a call reads it reads once.

use std::borrow::Cow;
use std::io::{IoSlice, IoSliceMut};
use std::ops::Range;

use upshift::SharedMemory;

use crate::abi::Errno;
use crate::error::{Failure, GuestFault, WasiResult};
use crate::meter::{self, Meter};

/// How many buffers one call passes to the host: the limit of `readv` and `writev`. Of a longer list only the beginning
/// is read or written.
const MAX_BUFFERS: u32 = 1024;

/// Bytes of an entry of the list.
const IOVEC: u64 = 8;

/// How many of them fit without an allocation.
const INLINE_BUFFERS: usize = 16;

/// How many bytes one call moves at most: the host cannot be interrupted while it moves them. Also bounds the sum of
/// overlapping buffers.
const MAX_TRANSFER: usize = 64 << 20;

/// How many bytes one call moves at most between the host and a shared memory, through a copy: each thread of a guest can have
/// one at the same time, which no limit on its memory counts.
const MAX_COPIED: usize = 1 << 20;

/// The longest string that is looked at. No host has names that are nearly as long.
const MAX_TEXT: u32 = 1 << 16;

/// The memory of a guest during a call.
pub(crate) struct GuestMemory<'a> {
    bytes: Bytes<'a>,
    /// Whether the guest exports one: without, each pointer is a fault that says so.
    is_exported: bool,
    /// What the call may cost.
    pub(crate) meter: &'a mut Meter,
}

enum Bytes<'a> {
    /// Nobody else has them.
    Own(&'a mut [u8]),
    /// Other threads may use them now.
    Shared(&'a SharedMemory),
}

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(bytes: &'a mut [u8], meter: &'a mut Meter) -> GuestMemory<'a> {
        GuestMemory { bytes: Bytes::Own(bytes), is_exported: true, meter }
    }

    pub(crate) fn shared(memory: &'a SharedMemory, meter: &'a mut Meter) -> GuestMemory<'a> {
        GuestMemory { bytes: Bytes::Shared(memory), is_exported: true, meter }
    }

    /// That of a guest that exports none.
    pub(crate) fn missing(meter: &'a mut Meter) -> GuestMemory<'a> {
        GuestMemory { bytes: Bytes::Own(&mut []), is_exported: false, meter }
    }

    fn len(&self) -> u64 {
        match &self.bytes {
            Bytes::Own(bytes) => bytes.len() as u64,
            Bytes::Shared(memory) => memory.data_size() as u64,
        }
    }

    fn range(&self, address: u32, len: u64) -> Result<Range<usize>, GuestFault> {
        if !self.is_exported {
            return Err(GuestFault::NoMemory);
        }
        let end = u64::from(address).checked_add(len).filter(|&end| end <= self.len());
        match end {
            Some(end) => Ok(address as usize..end as usize),
            None => Err(GuestFault::OutOfBounds { address, len }),
        }
    }

    fn check_aligned(&self, address: u32, align: u32) -> Result<(), GuestFault> {
        if !self.is_exported {
            Err(GuestFault::NoMemory)
        } else if address.is_multiple_of(align) {
            Ok(())
        } else {
            Err(GuestFault::Misaligned { address, align })
        }
    }

    /// `count` bytes.
    pub(crate) fn bytes(&self, address: u32, count: u32) -> WasiResult<Cow<'_, [u8]>> {
        let range = self.range(address, count.into())?;
        Ok(match &self.bytes {
            Bytes::Own(bytes) => Cow::Borrowed(&bytes[range]),
            Bytes::Shared(memory) => {
                let mut copy = zeros(range.len(), 0)?;
                read(memory, range.start, &mut copy);
                Cow::Owned(copy)
            }
        })
    }

    /// A path, which is paid for; `ilseq` if it is not UTF-8.
    pub(crate) fn text(&self, address: u32, len: u32) -> WasiResult<Cow<'_, str>> {
        self.range(address, len.into())?;
        if len > MAX_TEXT {
            return Err(Errno::Nametoolong.into());
        }
        // A component of two characters is looked up by itself.
        self.meter.charge(meter::PATH + u64::from(len))?;
        match self.bytes(address, len)? {
            Cow::Borrowed(bytes) => str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Errno::Ilseq.into()),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Errno::Ilseq.into()),
        }
    }

    /// An array of `count` items of `SIZE` bytes each.
    pub(crate) fn array<const SIZE: usize>(
        &self,
        address: u32,
        count: u32,
        align: u32,
    ) -> WasiResult<Cow<'_, [[u8; SIZE]]>> {
        self.check_aligned(address, align)?;
        let range = self.range(address, u64::from(count) * SIZE as u64)?;
        Ok(match &self.bytes {
            Bytes::Own(bytes) => Cow::Borrowed(bytes[range].as_chunks().0),
            Bytes::Shared(memory) => {
                let mut copy = zeros(count as usize, [0; SIZE])?;
                read(memory, range.start, copy.as_flattened_mut());
                Cow::Owned(copy)
            }
        })
    }

    /// Stores bytes, which are paid for.
    pub(crate) fn store_paid(&mut self, address: u32, stored: &[u8]) -> WasiResult {
        self.range(address, stored.len() as u64)?;
        self.meter.charge_bytes(stored.len() as u64)?;
        Ok(self.store(address, stored)?)
    }

    /// Stores bytes.
    pub(crate) fn store(&mut self, address: u32, stored: &[u8]) -> Result<(), GuestFault> {
        let range = self.range(address, stored.len() as u64)?;
        match &mut self.bytes {
            Bytes::Own(bytes) => bytes[range].copy_from_slice(stored),
            Bytes::Shared(memory) => write(memory, range.start, stored),
        }
        Ok(())
    }

    /// Stores a record.
    pub(crate) fn write<const SIZE: usize>(
        &mut self,
        address: u32,
        align: u32,
        record: &[u8; SIZE],
    ) -> Result<(), GuestFault> {
        self.check_aligned(address, align)?;
        self.store(address, record)
    }

    /// Fails as [`write`](Self::write) of `len` bytes would. Called before a call has an effect, so that none is left
    /// behind by a guest that is stopped because the answer has no place.
    pub(crate) fn check(&self, address: u32, align: u32, len: u64) -> Result<(), GuestFault> {
        self.check_aligned(address, align)?;
        self.range(address, len).map(|_| ())
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

    /// Runs `use_buffers` on the buffers that a list of `ciovec` names, for one vectored write. It returns how many bytes it
    /// has taken; these are paid for.
    pub(crate) fn gather(
        &self,
        iovecs: u32,
        count: u32,
        use_buffers: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, Errno>,
    ) -> WasiResult<usize> {
        let bytes: &[u8] = match &self.bytes {
            Bytes::Own(bytes) => bytes,
            Bytes::Shared(memory) => {
                let ranges = self.buffers(iovecs, count, MAX_COPIED)?;
                let most = self.pay(ranges.iter().map(Range::len).sum(), ranges.len())?;
                return self.settle(most, Copies::new(ranges)?.gather(memory, use_buffers));
            }
        };
        let iovecs = self.array(iovecs, count.min(MAX_BUFFERS), 4)?;
        let mut room = MAX_TRANSFER;
        let slice = |iovec: &[u8; 8]| -> Result<IoSlice<'_>, GuestFault> {
            Ok(IoSlice::new(&bytes[self.iovec(iovec, &mut room)?]))
        };
        if iovecs.len() <= INLINE_BUFFERS {
            let mut buffers = [IoSlice::new(&[]); INLINE_BUFFERS];
            for (buffer, found) in buffers.iter_mut().zip(iovecs.iter().map(slice)) {
                *buffer = found?;
            }
            let most = self.pay(MAX_TRANSFER - room, iovecs.len())?;
            self.settle(most, use_buffers(&buffers[..iovecs.len()]))
        } else {
            let buffers: Vec<_> = iovecs.iter().map(slice).collect::<Result<_, _>>()?;
            let most = self.pay(MAX_TRANSFER - room, iovecs.len())?;
            self.settle(most, use_buffers(&buffers))
        }
    }

    /// Pays for so many bytes that a call may move, in so many buffers; returns the bytes.
    fn pay(&self, bytes: usize, buffers: usize) -> Result<u64, Failure> {
        self.meter.charge_bytes(buffers as u64 * IOVEC)?;
        self.meter.charge_bytes(bytes as u64)?;
        Ok(bytes as u64)
    }

    /// Gives back what was paid for bytes that were not moved after all.
    fn settle(&self, paid: u64, moved: Result<usize, Errno>) -> WasiResult<usize> {
        self.meter.refund(paid, moved.map_or(0, |moved| moved as u64));
        Ok(moved?)
    }

    /// Runs `use_buffers` on the buffers that a list of `iovec` names, for one vectored read. It returns how many bytes it
    /// has put into them; these are paid for.
    ///
    /// Buffers that overlap an earlier one are left out together with all that follow, so that a read is short rather
    /// than that two buffers share bytes.
    pub(crate) fn scatter(
        &mut self,
        iovecs: u32,
        count: u32,
        use_buffers: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, Errno>,
    ) -> WasiResult<usize> {
        let count = count.min(MAX_BUFFERS) as usize;
        if let Bytes::Shared(memory) = self.bytes {
            let (mut ranges, mut order) = (vec![0..0; count], vec![0; count]);
            let (used, _) = self.place(iovecs, MAX_COPIED, &mut ranges, &mut order)?;
            ranges.truncate(used);
            let most = self.pay(ranges.iter().map(Range::len).sum(), used)?;
            return self.settle(most, Copies::new(ranges)?.scatter(memory, use_buffers));
        }
        if count <= INLINE_BUFFERS {
            let mut ranges: [Range<usize>; INLINE_BUFFERS] = std::array::from_fn(|_| 0..0);
            let mut order = [0; INLINE_BUFFERS];
            let mut buffers: [IoSliceMut<'_>; INLINE_BUFFERS] =
                std::array::from_fn(|_| IoSliceMut::new(&mut []));
            let (used, most) = self.split(iovecs, &mut ranges[..count], &mut order, &mut buffers)?;
            let moved = use_buffers(&mut buffers[..used]);
            self.settle(most, moved)
        } else {
            let mut buffers: Vec<_> = (0..count).map(|_| IoSliceMut::new(&mut [])).collect();
            let (ranges, order) = (&mut vec![0..0; count], &mut vec![0; count]);
            let (used, most) = self.split(iovecs, ranges, order, &mut buffers)?;
            let moved = use_buffers(&mut buffers[..used]);
            self.settle(most, moved)
        }
    }

    /// Cuts the buffers of a list out of the memory, one for each of `ranges`, up to the first that overlaps an earlier
    /// one: `buffers[i]` becomes the bytes at `ranges[i]`. Returns how many there are, and how many bytes they have, which are
    /// paid for; `order` is scratch.
    fn split<'m>(
        &'m mut self,
        iovecs: u32,
        ranges: &mut [Range<usize>],
        order: &mut [usize],
        buffers: &mut [IoSliceMut<'m>],
    ) -> WasiResult<(usize, u64)> {
        let (used, placed) = self.place(iovecs, MAX_TRANSFER, ranges, order)?;
        let most = self.pay(ranges[..used].iter().map(Range::len).sum(), used)?;
        let mut rest: &'m mut [u8] = match &mut self.bytes {
            Bytes::Own(bytes) => bytes,
            Bytes::Shared(_) => &mut [],
        };
        let mut rest_start = 0;
        for &i in &order[..placed] {
            let (_, tail) = rest.split_at_mut(ranges[i].start - rest_start);
            let (buffer, tail) = tail.split_at_mut(ranges[i].len());
            buffers[i] = IoSliceMut::new(buffer);
            rest = tail;
            rest_start = ranges[i].end;
        }
        Ok((used, most))
    }

    /// Finds where the buffers of a list lie, one for each of `ranges`, up to the first that overlaps an earlier one.
    /// Returns how many there are, and how many of these are not empty: so many numbers in `order` are those of the latter,
    /// by address.
    fn place(
        &self,
        iovecs: u32,
        mut room: usize,
        ranges: &mut [Range<usize>],
        order: &mut [usize],
    ) -> WasiResult<(usize, usize)> {
        let mut used = 0;
        let mut placed = 0;
        for iovec in self.array(iovecs, ranges.len() as u32, 4)?.iter() {
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
        Ok((used, placed))
    }

    /// Where the buffers of a list lie, all together cut to `room` bytes.
    pub(crate) fn buffers(&self, iovecs: u32, count: u32, mut room: usize) -> WasiResult<Vec<Range<usize>>> {
        let iovecs = self.array(iovecs, count.min(MAX_BUFFERS), 4)?;
        Ok(iovecs.iter().map(|iovec| self.iovec(iovec, &mut room)).collect::<Result<_, _>>()?)
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

/// Copies of buffers of a shared memory.
struct Copies {
    /// One behind the other.
    bytes: Vec<u8>,
    /// Where they are in the memory.
    ranges: Vec<Range<usize>>,
}

impl Copies {
    /// Room for copies; `nomem` if the host has none.
    fn new(ranges: Vec<Range<usize>>) -> Result<Copies, Errno> {
        Ok(Copies { bytes: zeros(ranges.iter().map(Range::len).sum(), 0)?, ranges })
    }

    fn gather<R>(mut self, memory: &SharedMemory, use_buffers: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
        let mut rest = &mut self.bytes[..];
        let buffers = self.ranges.iter().map(|range| {
            let (buffer, tail) = std::mem::take(&mut rest).split_at_mut(range.len());
            rest = tail;
            read(memory, range.start, buffer);
            IoSlice::new(buffer)
        });
        use_buffers(&buffers.collect::<Vec<_>>())
    }

    /// What `use_buffers` has not put in stays as it is in the memory.
    fn scatter(
        mut self,
        memory: &SharedMemory,
        use_buffers: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let mut rest = &mut self.bytes[..];
        let buffers = self.ranges.iter().map(|range| {
            let (buffer, tail) = std::mem::take(&mut rest).split_at_mut(range.len());
            rest = tail;
            IoSliceMut::new(buffer)
        });
        let len = use_buffers(&mut buffers.collect::<Vec<_>>())?;
        let mut filled = &self.bytes[..len.min(self.bytes.len())];
        for range in self.ranges {
            let (part, tail) = filled.split_at(range.len().min(filled.len()));
            write(memory, range.start, part);
            filled = tail;
        }
        Ok(len)
    }
}

/// How long that is, the guest decides, so there may be no room for it.
fn zeros<T: Clone>(len: usize, zero: T) -> Result<Vec<T>, Errno> {
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(len).map_err(|_| Errno::Nomem)?;
    zeros.resize(len, zero);
    Ok(zeros)
}

/// Copies bytes whose range was found to be in the memory.
fn read(memory: &SharedMemory, start: usize, to: &mut [u8]) {
    memory.read(start, to).expect("memories do not shrink");
}

/// Copies bytes to where the range was found to be in the memory.
fn write(memory: &SharedMemory, start: usize, from: &[u8]) {
    memory.write(start, from).expect("memories do not shrink");
}
