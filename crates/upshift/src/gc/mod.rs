//! Garbage-collected objects: where they live, who finds them, and how the host gets at them.
//!
//! ```text
//! struct.new ─ bump pointer passes the limit ─▶ make_room ─▶ collect ─▶ heap's other half
//!                                                   ▲           └─ roots: frames, globals, tables, segments, handles
//! array.new …, const expressions, exceptions, host ─┘
//! ```
//!
//! `heap` is address space, `collect` copies, `roots` are the handles of the host, `types` the records by which objects are
//! read. `arrays` has the services for code; `anyref`, `structref` and `arrayref` are what the host sees.

mod anyref;
mod arrayref;
mod arrays;
mod collect;
mod heap;
mod roots;
mod scope;
mod storage;
mod structref;
mod types;

use anyhow::Result;
use upshift_core::types::layout::{ALIGNMENT, HEADER_BYTES};
use upshift_core::vm::ObjectHeader;
use upshift_core::{Trap, TypeId};

use crate::store::StoreState;

pub use anyref::{AnyRef, I31};
pub use arrayref::ArrayRef;
pub use scope::RootScope;
pub use structref::StructRef;

pub(crate) use arrays::ArrayService;
pub(crate) use roots::{Rooted, Roots};
pub(crate) use storage::write_slots;
pub(crate) use types::{Records, TypeRecords};

use heap::Heap;

/// Where the values of an exception begin, behind the header and the number of its tag.
pub(crate) const EXCEPTION_PAYLOAD: u32 = HEADER_BYTES + 8;

/// How much of a collection's work, in bytes that are copied, must be left free afterwards: one part in so many. What is made
/// until the next collection then pays for it.
const WORK_PER_FREE: u64 = 8;

/// So little work needs nothing in return: it takes no longer than asking for it.
const LITTLE_WORK: u64 = 2 << 10;

/// The size of an exception whose values take so many slots.
pub(crate) fn exception_size(slots: usize) -> u32 {
    EXCEPTION_PAYLOAD + slots as u32 * size_of::<u64>() as u32
}

/// What a store has for its objects.
#[derive(Default)]
pub(crate) struct Gc {
    pub(crate) heap: Heap,
    pub(crate) roots: Roots,
    records: Records,
    /// How often objects were collected.
    pub(crate) collections: u64,
}

/// Where code was left for the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Left {
    /// At the instruction that the exit names: it asked the runtime for something.
    At,
    /// In front of the address that the exit names, for the host.
    Before,
}

impl StoreState {
    /// Bytes that objects take, those that nobody refers to any more among them.
    pub(crate) fn gc_used(&self) -> usize {
        (self.ctx.gc_bump - self.gc.heap.start()) as usize
    }

    /// Learns of the types that the engine has got to know.
    pub(crate) fn know_types(&mut self) {
        self.gc.records = self.engine.type_records();
        self.ctx.types = self.gc.records.as_ptr();
        self.ctx.type_count = self.gc.records.len() as u32;
    }

    /// Learns of a type that an object of the host will have.
    pub(crate) fn know_type(&mut self, ty: TypeId) {
        if ty.0 >= self.ctx.type_count {
            self.know_types();
        }
    }

    /// Makes room for an object. Others may move.
    ///
    /// The heap is full also where so little would be left after a collection that the next one came too soon: the work of
    /// collecting (objects, frames, other roots) is in proportion to the bytes that are made in between, which code has paid.
    ///
    /// # Errors
    /// A trap when the heap is full; and what the store's limiter says.
    ///
    /// # Safety
    /// No reference to an object may be anywhere but in frames, globals, tables, segments and handles.
    pub(crate) unsafe fn make_room(&mut self, bytes: u32, left: Left) -> Result<()> {
        let stress = self.engine.config().gc_stress;
        self.begin_heap()?;
        if (stress || !self.has_room(bytes)) && self.gc_used() > 0 {
            let before = self.gc.heap.room();
            // SAFETY: the caller's promise.
            let work = unsafe { self.collect(left == Left::At) }.map_err(|_| Trap::GcHeapOutOfMemory)?;
            let spare = work.saturating_sub(LITTLE_WORK) / WORK_PER_FREE;
            let spare = if stress { 0 } else { usize::try_from(spare).unwrap_or(usize::MAX) };
            self.grow_room(before, (bytes as usize).saturating_add(spare))?;
        } else if !self.has_room(bytes) {
            self.grow_room(self.gc.heap.room(), bytes as usize)?;
        }
        self.ctx.gc_limit =
            if stress { self.ctx.gc_bump + bytes } else { self.gc.heap.start() + self.gc.heap.room() as u32 };
        Ok(())
    }

    /// Makes room for an object without moving any other.
    ///
    /// # Errors
    /// As [`make_room`](Self::make_room).
    pub(crate) fn make_room_in_place(&mut self, bytes: u32) -> Result<()> {
        self.begin_heap()?;
        if !self.has_room(bytes) {
            self.grow_room(self.gc.heap.room(), bytes as usize)?;
        }
        let end = self.gc.heap.start() + self.gc.heap.room() as u32;
        self.ctx.gc_limit = if self.engine.config().gc_stress { self.ctx.gc_bump } else { end };
        Ok(())
    }

    /// Collects what nobody refers to any more, and gives its memory back.
    ///
    /// # Errors
    /// When the system has no memory for the copy, with a trap; and what the store's limiter says.
    pub(crate) fn collect_now(&mut self) -> Result<()> {
        if self.gc_used() == 0 {
            return Ok(());
        }
        let before = self.gc.heap.room();
        // SAFETY: host code holds handles only.
        unsafe { self.collect(false) }.map_err(|_| Trap::GcHeapOutOfMemory)?;
        self.grow_room(before, 0)?;
        let end = self.gc.heap.start() + self.gc.heap.room() as u32;
        self.ctx.gc_limit = if self.engine.config().gc_stress { self.ctx.gc_bump } else { end };
        Ok(())
    }

    /// Collects where objects take more than half of what they may.
    ///
    /// # Errors
    /// As [`collect_now`](Self::collect_now).
    pub(crate) fn collect_if_half_full(&mut self) -> Result<()> {
        if self.gc_used() > self.gc.heap.room() / 2 { self.collect_now() } else { Ok(()) }
    }

    fn has_room(&self, bytes: u32) -> bool {
        self.gc.heap.room() - self.gc_used() >= bytes as usize
    }

    /// Reserves the heap if there is none, and tells all instances where it is.
    fn begin_heap(&mut self) -> Result<(), Trap> {
        if self.gc.heap.exists() {
            return Ok(());
        }
        self.gc.heap.reserve().map_err(|_| Trap::GcHeapOutOfMemory)?;
        let base = self.gc.heap.base();
        // SAFETY: contexts live as long as their store, and no code runs that could read them now.
        unsafe {
            (*self.host_ctx.as_ptr()).gc_base = base;
            for instance in &self.instances {
                (*(*instance.as_ptr()).ctx.as_ptr()).gc_base = base;
            }
        }
        self.ctx.gc_bump = self.gc.heap.start();
        self.ctx.gc_limit = self.ctx.gc_bump;
        Ok(())
    }

    /// Lets the heap take more, so that there is room for so many bytes; `before` is how much it could take before.
    fn grow_room(&mut self, before: usize, bytes: usize) -> Result<()> {
        let used = self.gc_used();
        let mut room = self.gc.heap.wanted_room(used, bytes).ok_or(Trap::GcHeapOutOfMemory)?;
        let least = used + bytes;
        if room > before {
            room = self.gc_heap_may_take(before, room, least)?.min(room);
        }
        // Where the system does not give all that is wanted, less will do, but not so little that each object costs a collection.
        let set = |part: usize| room >= least && self.gc.heap.set_room(least + (room - least) / part).is_ok();
        if ![1, 2, 4].into_iter().any(set) {
            return Err(Trap::GcHeapOutOfMemory.into());
        }
        Ok(())
    }

    /// Makes an object where there is room for it. What lies behind the header is left as it is.
    pub(crate) fn new_object(&mut self, header: ObjectHeader, bytes: u32) -> u32 {
        debug_assert!(self.gc.heap.exists() && self.has_room(bytes));
        let object = self.ctx.gc_bump;
        self.ctx.gc_bump += bytes;
        self.ctx.gc_limit = self.ctx.gc_limit.max(self.ctx.gc_bump);
        // SAFETY: the bytes are accessible and belong to no other object.
        unsafe { self.object(object).cast::<ObjectHeader>().write(header) };
        object
    }

    /// The address of an object.
    pub(crate) fn object(&self, reference: u32) -> *mut u8 {
        self.gc.heap.base().wrapping_add(reference as usize)
    }

    /// The header of an object.
    ///
    /// # Safety
    /// The reference must be that of an object of the store.
    pub(crate) unsafe fn object_header(&self, reference: u32) -> ObjectHeader {
        // SAFETY: the caller's promise.
        unsafe { self.object(reference).cast::<ObjectHeader>().read() }
    }

    /// Sets what lies behind the header of a new object to zero.
    ///
    /// # Safety
    /// The reference must be that of an object of the store with so many bytes.
    pub(crate) unsafe fn clear_object(&self, reference: u32, bytes: u32) {
        // SAFETY: the caller's promise.
        unsafe {
            self.object(reference).add(HEADER_BYTES as usize).write_bytes(0, (bytes - HEADER_BYTES) as usize)
        };
    }
}

/// The header of an object of a type.
pub(crate) fn header(ty: TypeId, len: u32) -> ObjectHeader {
    ObjectHeader { type_word: ObjectHeader::word_of(ty), len }
}

const _: () = assert!(EXCEPTION_PAYLOAD.is_multiple_of(ALIGNMENT));
