//! Garbage-collected objects: where they live, who finds them, and how the host gets at them.
//!
//! ```text
//! struct.new ─ bump pointer passes the limit ─▶ make_room ─▶ collect ─▶ heap's other half
//!                                                   ▲           └─ roots: frames, globals, tables, segments, handles
//! array.new …, const expressions, exceptions, host ─┘
//! ```
//!
//! `vm::heap` is address space, `vm::host_values` what `externref`s refer to, `vm::type_records` the records by which objects are
//! read. `collect` copies, `roots` are the handles of the host, `arrays` has the services for code; `anyref`, `structref`,
//! `arrayref` and `owned` are what the host sees.

mod anyref;
mod arrayref;
mod arrays;
mod collect;
mod host_values;
mod owned;
mod roots;
mod scope;
mod storage;
mod structref;
#[cfg(test)]
mod tests;

use std::io;

use anyhow::Result;
use upshift_core::types::MAX_PARAMS;
use upshift_core::types::layout::{ALIGNMENT, HEADER_BYTES};
use upshift_core::vm::ObjectHeader;
use upshift_core::{Trap, TypeId};
use upshift_translate::registry::TypeHandle;

use crate::store::StoreState;
use crate::vm::host_values::HostValues;
use crate::vm::out_of_memory::OutOfMemory;
use crate::vm::type_records::Records;

pub use anyref::{AnyRef, I31};
pub use arrayref::ArrayRef;
pub use owned::{GcRef, OwnedRooted};
pub use scope::RootScope;
pub use structref::StructRef;

pub(crate) use arrays::ArrayService;
pub(crate) use roots::{Owner, Rooted, Roots};
pub(crate) use storage::write_slots;

use crate::vm::heap::{Before, HEAP, Heap, RESERVATIONS, RESERVATIONS_FOR_FEW};

/// Where the values of an exception begin, behind the header and the number of its tag.
pub(crate) const EXCEPTION_PAYLOAD: u32 = HEADER_BYTES + 8;

/// How much of a collection's work, in bytes that are copied, must be left free afterwards: one part in so many. What is made
/// until the next collection then pays for it.
const WORK_PER_FREE: u64 = 8;

/// So little work needs nothing in return: it takes no longer than asking for it.
const LITTLE_WORK: u64 = 2 << 10;

/// The size of an exception whose values take so many slots: those of the parameters of a function type, which are few.
pub(crate) fn exception_size(slots: usize) -> u32 {
    const { assert!(MAX_PARAMS * 2 * size_of::<u64>() < u32::MAX as usize / 2) };
    debug_assert!(slots <= MAX_PARAMS * 2);
    EXCEPTION_PAYLOAD + slots as u32 * size_of::<u64>() as u32
}

/// What a store has for its objects.
#[derive(Default)]
pub(crate) struct Gc {
    pub(crate) heap: Heap,
    pub(crate) roots: Roots,
    pub(crate) host_values: HostValues,
    records: Records,
    /// How often objects were collected.
    pub(crate) collections: u64,
}

impl StoreState {
    /// Bytes that objects take, those that nobody refers to any more among them.
    pub(crate) fn gc_used(&self) -> usize {
        (self.ctx().gc_bump - self.gc.heap.start()) as usize
    }

    /// Learns of the types of a module, and keeps them.
    pub(crate) fn register_types(&mut self, of_module: &Records) {
        self.gc.records.join(of_module);
        self.note_records();
    }

    /// Learns of a type that an object or a function of the host will have, and keeps it.
    pub(crate) fn know_type(&mut self, ty: &TypeHandle) {
        if !self.gc.records.knows(ty.id()) {
            self.gc.records.learn([ty]);
            self.note_records();
        }
    }

    fn note_records(&mut self) {
        let records = &self.gc.records;
        let (displays, types, count) = (records.displays(), records.as_ptr(), records.len() as u32);
        let ctx = self.ctx_mut();
        (ctx.displays, ctx.types, ctx.type_count) = (displays, types, count);
    }

    /// Makes room for an object. Others may move.
    ///
    /// The heap is full also where so little would be left after a collection that the next one came too soon: the work of
    /// collecting (objects, frames, other roots) is in proportion to the bytes that are made in between, which code has paid.
    ///
    /// # Errors
    /// A trap when the heap is full; what the store's limiter says; and [`OutOfMemory`].
    ///
    /// # Panics
    /// With the panics of the limiter, and of destructors of values of the host that are dropped.
    ///
    /// # Safety
    /// No reference to an object may be anywhere but in frames, globals, tables, segments and handles.
    pub(crate) unsafe fn make_room(&mut self, bytes: u32) -> Result<()> {
        let stress = self.engine.config().gc_stress;
        self.begin_heap()?;
        if (stress || !self.has_room(bytes)) && self.gc_used() > 0 {
            let mut before = Before { room: self.gc.heap.room(), used: self.gc_used(), moved: 0 };
            // SAFETY: the caller's promise.
            let work =
                unsafe { self.collect(&mut before) }.or_else(|error| self.no_room(before.used, error))?;
            let spare = work.saturating_sub(LITTLE_WORK) / WORK_PER_FREE;
            let spare = if stress { 0 } else { usize::try_from(spare).unwrap_or(usize::MAX) };
            self.grow_room(before.room, (bytes as usize).saturating_add(spare), before)?;
        } else if !self.has_room(bytes) {
            self.grow_room(self.gc.heap.room(), bytes as usize, Before::default())?;
        }
        self.ctx_mut().gc_limit = if stress {
            self.ctx().gc_bump + bytes
        } else {
            self.gc.heap.start() + self.gc.heap.room() as u32
        };
        self.drop_garbage();
        Ok(())
    }

    /// Makes room for an object without moving any other.
    ///
    /// # Errors
    /// As [`make_room`](Self::make_room).
    pub(crate) fn make_room_in_place(&mut self, bytes: u32) -> Result<()> {
        self.begin_heap()?;
        if !self.has_room(bytes) {
            self.grow_room(self.gc.heap.room(), bytes as usize, Before::default())?;
        }
        let end = self.gc.heap.start() + self.gc.heap.room() as u32;
        self.ctx_mut().gc_limit = if self.engine.config().gc_stress { self.ctx().gc_bump } else { end };
        Ok(())
    }

    /// Collects what nobody refers to any more, and gives its memory back.
    ///
    /// # Errors
    /// When the system has no memory for the copy; and what the store's limiter says.
    ///
    /// # Panics
    /// As [`make_room`](Self::make_room).
    pub(crate) fn collect_now(&mut self) -> Result<()> {
        let objects = self.gc_used() > 0;
        if !objects && self.gc.host_values.len() == 0 {
            return Ok(());
        }
        let (room, used) = (self.gc.heap.room(), self.gc_used());
        // Who asks for it wants memory back, so what the heap had before counts for nothing.
        let mut before = Before::default();
        // SAFETY: host code holds handles only.
        unsafe { self.collect(&mut before) }.or_else(|error| self.no_room(used, error))?;
        if objects {
            self.grow_room(room, 0, before)?;
            let end = self.gc.heap.start() + self.gc.heap.room() as u32;
            self.ctx_mut().gc_limit = if self.engine.config().gc_stress { self.ctx().gc_bump } else { end };
        }
        self.drop_garbage();
        Ok(())
    }

    /// Collects where objects take more than half of what they may.
    ///
    /// # Errors
    /// As [`collect_now`](Self::collect_now).
    pub(crate) fn collect_if_half_full(&mut self) -> Result<()> {
        if self.gc_used() > self.gc.heap.room() / 2 { self.collect_now() } else { Ok(()) }
    }

    /// The error for so many bytes that budget or system do not give.
    fn no_room<T>(&mut self, bytes: usize, error: io::Error) -> Result<T> {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(&exceeded) => {
                self.budget_exceeded(exceeded)?;
                Err(Trap::GcHeapOutOfMemory.into())
            }
            None => Err(OutOfMemory::of(HEAP, bytes)(error).into()),
        }
    }

    fn has_room(&self, bytes: u32) -> bool {
        self.gc.heap.room() - self.gc_used() >= bytes as usize
    }

    /// Whether an object can be made without asking for room, as code does that makes a struct.
    #[inline]
    pub(crate) fn is_below_limit(&self, bytes: u32) -> bool {
        {
            let ctx = self.ctx();
            ctx.gc_limit - ctx.gc_bump >= bytes
        }
    }

    /// Reserves the heap's address space if that was not done yet, which fixes the base that contexts have. `many` says whether
    /// there are going to be structs and arrays, not only exceptions or what others made.
    ///
    /// # Errors
    /// When the system gives none. Instances can be made all the same: only who makes an object has to know.
    pub(crate) fn reserve_heap(&mut self, many: bool) -> Result<(), OutOfMemory> {
        let reserved = !self.gc.heap.base().is_null();
        let sizes = if many { RESERVATIONS } else { RESERVATIONS_FOR_FEW };
        self.gc.heap.reserve(self.engine.pools(), sizes)?;
        if !reserved {
            self.ctx_mut().gc_bump = self.gc.heap.start();
            self.ctx_mut().gc_limit = self.ctx().gc_bump;
        }
        Ok(())
    }

    /// Gets the heap ready for the first object: that is when the budget is asked for.
    fn begin_heap(&mut self) -> Result<(), OutOfMemory> {
        if !self.gc.heap.begun() {
            self.reserve_heap(true)?;
            let share = self.memory_share();
            self.gc.heap.begin(share);
        }
        Ok(())
    }

    /// Lets the heap take more, so that there is room for so many bytes; `allowed` is how much it could take before, and `before` what
    /// it had when it was collected, if it was.
    fn grow_room(&mut self, allowed: usize, bytes: usize, before: Before) -> Result<()> {
        let grown = self.try_to_grow_room(allowed, bytes, before);
        if grown.is_err() {
            // The other half was given back as far as it is not wanted soon. It has to have room for what there is, before others
            // take that memory, or nothing could be collected any more.
            let secured = self.gc.heap.set_room(self.gc.heap.room());
            // If not, it is tried again when there is something to be collected.
            let _ = secured;
        }
        grown
    }

    fn try_to_grow_room(&mut self, allowed: usize, bytes: usize, before: Before) -> Result<()> {
        let used = self.gc_used();
        let Some(mut room) = self.gc.heap.wanted_room(used, bytes, before) else {
            return Err(match self.gc.heap.refused() {
                Some(refused) => refused.into(),
                None => Trap::GcHeapOutOfMemory.into(),
            });
        };
        let least = used + bytes;
        if room > allowed {
            room = self.gc_heap_may_take(allowed, room, least)?.min(room);
        }
        match self.gc.heap.affordable_room(least) {
            // What the program may want soon is not taken from others that want it now, if there is little.
            Ok(most) if room > most / 4 => {
                let plain = self.gc.heap.wanted_room(used, bytes, Before::default()).unwrap_or(least);
                room = room.min(plain).min(most);
            }
            Ok(_) => {}
            Err(exceeded) => {
                self.budget_exceeded(exceeded)?;
                return Err(Trap::GcHeapOutOfMemory.into());
            }
        }
        // Where the system does not give all that is wanted, less will do, but not so little that each object costs a collection.
        if room < least {
            return Err(Trap::GcHeapOutOfMemory.into());
        }
        let mut set = |part: usize| self.gc.heap.set_room(least + (room - least) / part);
        let set = set(1).or_else(|_| set(2)).or_else(|_| set(4));
        set.or_else(|error| self.no_room(least, error))
    }

    /// Makes an object where there is room for it. What lies behind the header is left as it is.
    pub(crate) fn new_object(&mut self, header: ObjectHeader, bytes: u32) -> u32 {
        debug_assert!(self.gc.heap.begun() && self.has_room(bytes));
        let object = self.ctx().gc_bump;
        self.ctx_mut().gc_bump += bytes;
        self.ctx_mut().gc_limit = self.ctx().gc_limit.max(self.ctx().gc_bump);
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
