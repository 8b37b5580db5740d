//! Copying what is referred to from one half of the heap to the other (C. J. Cheney, "A Nonrecursive List Compacting
//! Algorithm", 1970).
//!
//! ```text
//! roots: frames, globals, tables, segments, handles ─ forward ─▶ copies in the other half
//!                                             scan ─▶ their fields ─ forward ─▶ more copies … until scan meets free
//! ```
//!
//! An object that was copied leaves its new place in its old header. Of a large one, whole pages change their place instead; it lies in
//! its page as it did before, behind a gap. All roots are known exactly: frames by the maps beside
//! their code, everything else by its type.

use std::ops::Range;

use upshift_core::types::TypeKind;
use upshift_core::types::layout::{ALIGNMENT, HEADER_BYTES};
use upshift_core::vm::{ObjectHeader, TypeRecord, is_object};

use super::exception_size;
use crate::exceptions::TagData;
use crate::frames::Frames;
use crate::instance::Elems;
use crate::store::StoreState;
use crate::vm::heap::{Before, Heap, LARGE};
use crate::vm::host_values::{Marks, host_number};
use crate::vm::work::{Work, count};

/// How many objects are moved by their pages at most: each becomes a mapping of its own, of which a process has so many only.
const MOST_MOVES: u32 = 512;

/// A collection that is going on.
struct Collector<'a> {
    heap: &'a Heap,
    base: *mut u8,
    /// The offsets of the half that is left.
    from: Range<u32>,
    /// Behind the last copy.
    free: u32,
    /// How many bytes there are for gaps.
    slack: u32,
    /// Bytes of large objects that were moved by their pages.
    moved: usize,
    /// How many of them.
    moves: u32,
    types: *const TypeRecord,
    tags: &'a [TagData],
    marks: Marks,
    /// Places of references that were visited outside of the heap, and others that were looked at for them.
    roots: u64,
}

/// What visiting a root costs, as bytes that are copied.
const ROOT_WORK: u64 = 8;

/// What visiting a frame costs, in the same measure: about the size of the smallest.
const FRAME_WORK: u64 = 32;

/// What stands instead of a type word in front of a gap, whose length follows.
const GAP: u32 = ObjectHeader::EXCEPTION - 2;

/// Objects of more words are copied by the C library, which is quicker then.
const MANY_WORDS: usize = 16;

impl Collector<'_> {
    /// # Safety
    /// The offset is that of a header of an object, or of what is left of one.
    #[inline]
    unsafe fn header(&self, object: u32) -> *mut ObjectHeader {
        // SAFETY: the caller's promise.
        unsafe { self.base.add(object as usize).cast() }
    }

    /// The new value of a reference: its object is copied if it was not yet.
    ///
    /// # Safety
    /// The reference must be valid.
    #[inline]
    unsafe fn forward(&mut self, reference: u32) -> u32 {
        if !is_object(reference) || !self.from.contains(&reference) {
            if let Some(number) = host_number(reference) {
                self.marks.set(number);
            }
            return reference;
        }
        // SAFETY: a reference into the old half is one to an object there; the other half has room for all of them.
        unsafe {
            let header = self.header(reference);
            if (*header).type_word & 1 != 0 {
                return (*header).len;
            }
            let size = self.size(*header);
            if size >= LARGE
                && let Some(to) = self.move_large(reference, size)
            {
                return to;
            }
            let to = self.free;
            self.free = to + size;
            let (source, target) = (header.cast::<u64>(), self.header(to).cast::<u64>());
            let words = (size / ALIGNMENT) as usize;
            if words > MANY_WORDS {
                target.copy_from_nonoverlapping(source, words);
            } else {
                for word in 0..words {
                    target.add(word).write(source.add(word).read());
                }
            }
            *header = ObjectHeader { type_word: (*header).type_word | 1, len: to };
            to
        }
    }

    /// Moves a large object by its pages, if the system can do that. Returns where it is now.
    ///
    /// # Safety
    /// The reference must be that of an object of so many bytes in the half that is left, which was not moved yet.
    #[cold]
    #[inline(never)]
    unsafe fn move_large(&mut self, object: u32, size: u32) -> Option<u32> {
        let page = self.heap.page();
        let (mut to, gap) = (self.free, object.wrapping_sub(self.free) % page);
        if gap > self.slack || self.moves == MOST_MOVES {
            return None;
        }
        to += gap;
        let (first, behind) = (object.next_multiple_of(page), (object + size) / page * page);
        if !self.heap.move_pages(first as usize..behind as usize, (to + (first - object)) as usize) {
            return None;
        }
        // SAFETY: what comes in front of the pages, and behind them, is still where it was; the other half has room for it and for the gap.
        unsafe {
            let copy = |from: u32, to: u32, bytes: u32| {
                let (from, to) = (self.base.add(from as usize), self.base.add(to as usize));
                from.copy_to_nonoverlapping(to, bytes as usize);
            };
            copy(object, to, first - object);
            copy(behind, to + (behind - object), object + size - behind);
            if gap > 0 {
                self.header(self.free).write(ObjectHeader { type_word: GAP, len: gap });
            }
            // If the object began with a page, its old header is zero now.
            let type_word = (*self.header(to)).type_word | 1;
            self.header(object).write(ObjectHeader { type_word, len: to });
        }
        self.free = to + size;
        self.slack -= gap;
        self.moved += (behind - first) as usize;
        self.moves += 1;
        Some(to)
    }

    /// # Safety
    /// The slot must hold a reference.
    #[inline]
    unsafe fn slot(&mut self, slot: *mut u64) {
        self.roots += 1;
        // SAFETY: the caller's promise; references fill the lower half of a slot.
        unsafe { *slot = u64::from(self.forward(*slot as u32)) };
    }

    /// # Safety
    /// The header must be that of an object.
    #[inline]
    unsafe fn size(&self, header: ObjectHeader) -> u32 {
        if header.type_word == ObjectHeader::EXCEPTION {
            return exception_size(header.len as usize);
        }
        // SAFETY: each object's type has a record.
        let record = unsafe { &*self.types.add(header.type_id().0 as usize) };
        match record.kind {
            TypeKind::Array => {
                ((header.len << record.element_log2) + HEADER_BYTES).next_multiple_of(ALIGNMENT)
            }
            _ => record.size,
        }
    }

    /// Forwards what an object refers to; returns its size.
    ///
    /// # Safety
    /// The offset must be that of a copy.
    #[inline]
    unsafe fn scan(&mut self, object: u32) -> u32 {
        // SAFETY: fields and elements lie where the type's record says.
        unsafe {
            let header = *self.header(object);
            let start = self.base.add(object as usize);
            if header.type_word == ObjectHeader::EXCEPTION {
                let tag = start.add(HEADER_BYTES as usize).cast::<u32>().read();
                let payload = start.add(super::EXCEPTION_PAYLOAD as usize).cast::<u64>();
                let tags = self.tags;
                for &slot in tags[tag as usize].traced() {
                    self.slot(payload.add(slot as usize));
                }
                return exception_size(header.len as usize);
            }
            if header.type_word == GAP {
                return header.len;
            }
            let record = &*self.types.add(header.type_id().0 as usize);
            if record.kind == TypeKind::Array {
                if record.element_traced {
                    let elements = start.add(HEADER_BYTES as usize).cast::<u32>();
                    for i in 0..header.len as usize {
                        let element = elements.add(i);
                        *element = self.forward(*element);
                    }
                }
                return ((header.len << record.element_log2) + HEADER_BYTES).next_multiple_of(ALIGNMENT);
            }
            for i in 0..record.traced_count as usize {
                let field = start.add(*record.traced.add(i) as usize).cast::<u32>();
                *field = self.forward(*field);
            }
            record.size
        }
    }
}

impl StoreState {
    /// Copies what is referred to into the other half; values of the host that nothing refers to become garbage, which
    /// [`drop_garbage`](Self::drop_garbage) drops. Nothing happens if the system has no memory for the copy.
    ///
    /// What the heap had before tells how much of the half that is left stays in memory; how much was moved is noted there. Returns how much
    /// work it was, as the number of bytes whose copying takes as long.
    ///
    /// # Safety
    /// No reference to an object may be anywhere but in frames, globals, tables, segments and handles.
    pub(super) unsafe fn collect(&mut self, before: &mut Before) -> std::io::Result<u64> {
        let used = self.gc_used();
        let slack = (self.gc.heap.room().min(self.gc.heap.accessible_other())).saturating_sub(used) as u32;
        // Without objects there is nothing to be copied, only values of the host to be found.
        let halves = if used > 0 { self.gc.heap.flip(used)? } else { None };
        let (from, to) = halves.map_or((0..0, 0), |(from, to)| (from..self.ctx().gc_bump, to));
        let mut collector = Collector {
            heap: &self.gc.heap,
            slack,
            moved: 0,
            moves: 0,
            base: self.gc.heap.base(),
            from,
            free: to,
            types: self.gc.records.as_ptr(),
            tags: &self.tags,
            marks: self.gc.host_values.marks(),
            roots: (self.globals.len() + self.tables.len() + self.gc.roots.len()) as u64,
        };
        let mut frames = 0;
        // SAFETY: the caller's promise; what is found are the references that there are, and each copy is scanned once.
        unsafe {
            for frame in Frames::new(self.ctx().exit, self.ctx().entry) {
                frames += 1;
                let Some(maps) = frame.code.references() else { continue };
                for slot in maps.locals().iter().copied().chain(maps.operands(frame.position)) {
                    collector.slot(frame.slot(slot));
                }
            }
            for global in self.globals.iter().filter(|global| global.ty().content.is_traced()) {
                collector.slot(global.cell().cast());
            }
            for table in self.tables.iter_mut().filter(|table| table.ty().element.is_traced()) {
                for element in table.elements_mut() {
                    collector.slot(element);
                }
            }
            for instance in &self.instances {
                let instance = &mut *instance.as_ptr();
                collector.roots += 1 + instance.elems.len() as u64;
                for (elems, segment) in instance.elems.iter_mut().zip(&instance.module.info().elems) {
                    if let Elems::Values(values) = elems
                        && segment.ty.is_traced()
                    {
                        values.iter_mut().for_each(|value| collector.slot(value));
                    }
                }
            }
            for reference in self.gc.roots.references_mut() {
                *reference = collector.forward(*reference);
            }
            let mut scan = to;
            while scan < collector.free {
                scan += collector.scan(scan);
            }
        }
        let Collector { free, marks, roots, moved, .. } = collector;
        before.moved = moved;
        let mut copied = 0;
        if halves.is_some() {
            self.ctx_mut().gc_bump = free;
            self.ctx_mut().gc_limit = free;
            self.gc.heap.cover(self.gc_used());
            self.gc.heap.release_other(self.gc_used(), *before);
            self.gc.collections += 1;
            copied = before.cost(self.gc_used()) as u64;
        }
        if self.gc.host_values.len() > 0 {
            let work = self.collection_work();
            self.gc.host_values.sweep(&marks, work);
        }
        count(Work::Roots, roots);
        count(Work::Copied, copied);
        Ok(copied + frames * FRAME_WORK + roots * ROOT_WORK)
    }
}
