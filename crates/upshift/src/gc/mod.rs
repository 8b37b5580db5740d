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

use crate::out_of_memory::OutOfMemory;
use crate::store::StoreState;

pub use anyref::{AnyRef, I31};
pub use arrayref::ArrayRef;
pub use scope::RootScope;
pub use structref::StructRef;

pub(crate) use arrays::ArrayService;
pub(crate) use roots::{Rooted, Roots};
pub(crate) use storage::write_slots;
pub(crate) use types::{Records, TypeRecords};

use heap::{HEAP, Heap};

/// Where the values of an exception begin, behind the header and the number of its tag.
pub(crate) const EXCEPTION_PAYLOAD: u32 = HEADER_BYTES + 8;

/// How many bytes are copied for a unit of fuel, as many as by bulk operations.
const BYTES_PER_FUEL: u64 = 64;

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
    /// # Errors
    /// A trap when the heap is full; what the store's limiter says; and [`OutOfMemory`].
    ///
    /// # Safety
    /// No reference to an object may be anywhere but in frames, globals, tables, segments and handles.
    pub(crate) unsafe fn make_room(&mut self, bytes: u32, left: Left) -> Result<()> {
        let stress = self.engine.config().gc_stress;
        self.begin_heap()?;
        if (stress || !self.has_room(bytes)) && self.gc_used() > 0 {
            let before = self.gc.heap.room();
            // SAFETY: the caller's promise.
            unsafe { self.collect(left == Left::At) }.map_err(OutOfMemory::of(HEAP, self.gc_used()))?;
            self.grow_room(before, bytes)?;
            if left == Left::At {
                self.pay_for_copies()?;
            }
        } else if !self.has_room(bytes) {
            self.grow_room(self.gc.heap.room(), bytes)?;
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
            self.grow_room(self.gc.heap.room(), bytes)?;
        }
        let end = self.gc.heap.start() + self.gc.heap.room() as u32;
        self.ctx.gc_limit = if self.engine.config().gc_stress { self.ctx.gc_bump } else { end };
        Ok(())
    }

    /// Collects what nobody refers to any more, and gives its memory back.
    ///
    /// # Errors
    /// When the system has no memory for the copy; and what the store's limiter says.
    pub(crate) fn collect_now(&mut self) -> Result<()> {
        if self.gc_used() == 0 {
            return Ok(());
        }
        let before = self.gc.heap.room();
        // SAFETY: host code holds handles only.
        unsafe { self.collect(false) }.map_err(OutOfMemory::of(HEAP, self.gc_used()))?;
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

    /// Takes fuel for a collection that code has asked for: in a heap that is almost full each object may need one.
    ///
    /// # Errors
    /// A trap when there is not enough.
    fn pay_for_copies(&mut self) -> Result<(), Trap> {
        if self.engine.config().code.fuel {
            let left = self.ctx.fuel.checked_sub(self.gc_used() as u64 / BYTES_PER_FUEL);
            self.ctx.fuel = left.unwrap_or(0);
            left.ok_or(Trap::OutOfFuel)?;
        }
        Ok(())
    }

    fn has_room(&self, bytes: u32) -> bool {
        self.gc.heap.room() - self.gc_used() >= bytes as usize
    }

    /// Reserves the heap if there is none, and tells all instances where it is.
    fn begin_heap(&mut self) -> Result<(), OutOfMemory> {
        if self.gc.heap.exists() {
            return Ok(());
        }
        self.gc.heap.reserve()?;
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

    /// Lets the heap take more, so that there is room for an object; `before` is how much it could take before.
    fn grow_room(&mut self, before: usize, bytes: u32) -> Result<()> {
        let used = self.gc_used();
        let Some(mut room) = self.gc.heap.wanted_room(used, bytes as usize) else {
            return Err(match self.gc.heap.refused() {
                Some(refused) => refused.into(),
                None => Trap::GcHeapOutOfMemory.into(),
            });
        };
        let least = used + bytes as usize;
        if room > before {
            room = self.gc_heap_may_take(before, room, least)?.min(room);
        }
        // Where the system does not give all that is wanted, less will do, but not so little that each object costs a collection.
        if room < least {
            return Err(Trap::GcHeapOutOfMemory.into());
        }
        let mut set = |part: usize| self.gc.heap.set_room(least + (room - least) / part);
        set(1).or_else(|_| set(2)).or_else(|_| set(4)).map_err(OutOfMemory::of(HEAP, least))?;
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
