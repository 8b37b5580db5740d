//! Services that make arrays and work on several elements at once (wasm spec, "Array Instructions").

use std::ptr::NonNull;

use anyhow::Result;
use upshift_core::index::{DataIndex, ElemIndex};
use upshift_core::types::layout::{HEADER_BYTES, array_size};
use upshift_core::{Trap, TypeId};

use super::{header, write_slots};
use crate::instance::InstanceData;
use crate::pace::{Items, look};
use crate::store::StoreState;
use crate::vm::work::{Work, count};

/// A service that was called: its operands lie in slots, a result replaces the first one. What makes an array reads
/// operands again afterwards, because objects may have moved.
pub(crate) struct ArrayService<'a> {
    pub(crate) state: &'a mut StoreState,
    pub(crate) instance: NonNull<InstanceData>,
    pub(crate) slots: *mut u64,
    /// The type of the array that is made or written.
    pub(crate) ty: TypeId,
}

/// Elements of an array, within its bounds.
struct Elements {
    at: *mut u8,
    len: usize,
    bytes_log2: u32,
}

impl ArrayService<'_> {
    fn operand(&self, n: usize) -> u64 {
        // SAFETY: code passes as many operands as the service has.
        unsafe { *self.slots.add(n) }
    }

    fn small(&self, n: usize) -> u32 {
        self.operand(n) as u32
    }

    fn bytes_log2(&self) -> u32 {
        // SAFETY: the instance's types have records.
        u32::from(unsafe { (*self.state.ctx().types.add(self.ty.0 as usize)).element_log2 })
    }

    /// Slots that an element takes as an operand.
    fn width(&self) -> usize {
        if self.bytes_log2() == 4 { 2 } else { 1 }
    }

    /// Elements `start .. start + len` of an array.
    fn elements(&self, array: u64, start: u32, len: u32) -> Result<Elements, Trap> {
        if array == 0 {
            return Err(Trap::NullReference);
        }
        // SAFETY: the operand is a reference to an array.
        let available = unsafe { self.state.object_header(array as u32) }.len;
        if start.checked_add(len).is_none_or(|end| end > available) {
            return Err(Trap::ArrayOutOfBounds);
        }
        let bytes_log2 = self.bytes_log2();
        let offset = HEADER_BYTES as usize + ((start as usize) << bytes_log2);
        let at = self.state.object(array as u32).wrapping_add(offset);
        Ok(Elements { at, len: len as usize, bytes_log2 })
    }

    fn bounds(&self, array: u64, start: u32, len: u32) -> Result<(), Trap> {
        self.elements(array, start, len).map(|_| ())
    }

    /// Makes an array: `write` writes elements from the given one on. It may be asked for the same ones again, when the host
    /// was asked in the middle whether to go on: nothing refers to the array before it is complete, so it is begun anew.
    fn make(&mut self, len: u32, write: impl Fn(&Self, &Elements, u32) -> Result<(), Trap>) -> Result<()> {
        let items = self.items(len);
        let size = array_size(1 << items.bytes_log2, len).ok_or(Trap::GcHeapOutOfMemory)?;
        self.state.charge_bytes(size.into())?;
        self.look()?;
        let mut asked = false;
        'again: loop {
            if !self.state.is_below_limit(size) {
                // SAFETY: the instruction that asks for the service has noted itself, and its operands are in its frame's map.
                unsafe { self.state.make_room(size) }?;
            }
            let array = self.state.new_object(header(self.ty, len), size);
            for (start, len) in items.parts() {
                // A second look could go on for ever.
                if !asked && self.state.deadline_has_come() {
                    self.look()?;
                    asked = true;
                    continue 'again;
                }
                count(Work::Bytes, len << items.bytes_log2);
                let part = self.elements(u64::from(array), start as u32, len as u32)?;
                write(self, &part, start as u32)?;
            }
            self.result(array);
            return Ok(());
        }
    }

    /// Pays for elements whose bounds were checked and works on them part by part.
    fn in_parts(&mut self, items: Items, work: impl Fn(&Self, u32, u32) -> Result<(), Trap>) -> Result<()> {
        self.state.charge_bytes(items.size())?;
        for (start, len) in items.parts() {
            self.look()?;
            count(Work::Bytes, len << items.bytes_log2);
            work(self, start as u32, len as u32)?;
        }
        Ok(())
    }

    fn items(&self, len: u32) -> Items {
        Items { len: len.into(), bytes_log2: self.bytes_log2(), down: false }
    }

    /// Looks at the epoch. Objects may move, so operands are read again.
    fn look(&mut self) -> Result<()> {
        let root = self.state.root();
        // SAFETY: the instruction that asks for the service has noted itself, and its operands are in its frame's map; no other
        // reference to the store is used meanwhile.
        let answer = unsafe { look(root) };
        // SAFETY: as above.
        self.state = unsafe { &mut *root.as_ptr() };
        answer
    }

    fn result(&mut self, array: u32) {
        // SAFETY: a result replaces the first operand; for services without operands there is a slot for it.
        unsafe { *self.slots = u64::from(array) };
    }

    fn instance(&self) -> &InstanceData {
        // SAFETY: instances live as long as their store and do not change while a service works.
        unsafe { self.instance.as_ref() }
    }

    /// Bytes of a data segment for so many elements.
    fn data(&self, segment: u32, start: u32, len: u32) -> Result<&[u8], Trap> {
        let bytes = self.instance().data(DataIndex(segment));
        let end = u64::from(start) + (u64::from(len) << self.bytes_log2());
        if end > bytes.len() as u64 {
            return Err(Trap::MemoryOutOfBounds);
        }
        Ok(&bytes[start as usize..end as usize])
    }

    /// Writes elements of a segment.
    fn write_segment(&self, elements: &Elements, segment: u32, start: u32) -> Result<(), Trap> {
        let values = self.instance().elements(ElemIndex(segment), u64::from(start), elements.len as u64);
        for (i, value) in values.ok_or(Trap::TableOutOfBounds)?.enumerate() {
            // SAFETY: there are as many elements as values.
            unsafe { elements.write(i, &raw const value) };
        }
        Ok(())
    }

    fn has_elements(&self, segment: u32, start: u32, len: u32) -> Result<(), Trap> {
        let found = self.instance().elements(ElemIndex(segment), start.into(), len.into());
        found.map(|_| ()).ok_or(Trap::TableOutOfBounds)
    }

    /// `array.new`
    pub(crate) fn new_filled(mut self) -> Result<()> {
        let len = self.small(self.width());
        self.make(len, |service, elements, _| {
            elements.fill(service.slots);
            Ok(())
        })
    }

    /// `array.new_default`
    pub(crate) fn new_default(mut self) -> Result<()> {
        let len = self.small(0);
        self.make(len, |_, elements, _| {
            // SAFETY: the elements are those of the new array.
            unsafe { elements.at.write_bytes(0, elements.len << elements.bytes_log2) };
            Ok(())
        })
    }

    /// `array.new_fixed`
    pub(crate) fn new_fixed(mut self, len: u32) -> Result<()> {
        self.make(len, |service, elements, start| {
            let width = service.width();
            for i in 0..elements.len {
                // SAFETY: code passes as many values as elements.
                unsafe { elements.write(i, service.slots.add((start as usize + i) * width)) };
            }
            Ok(())
        })
    }

    /// `array.new_data`
    pub(crate) fn new_data(mut self, segment: u32) -> Result<()> {
        let (from, len) = (self.small(0), self.small(1));
        self.data(segment, from, len)?;
        self.make(len, |service, elements, start| {
            let offset = start << elements.bytes_log2;
            elements.copy_bytes(service.data(segment, from + offset, elements.len as u32)?);
            Ok(())
        })
    }

    /// `array.new_elem`
    pub(crate) fn new_elem(mut self, segment: u32) -> Result<()> {
        let (from, len) = (self.small(0), self.small(1));
        self.has_elements(segment, from, len)?;
        self.make(len, |service, elements, start| service.write_segment(elements, segment, from + start))
    }

    /// `array.fill`
    pub(crate) fn fill(mut self) -> Result<()> {
        let (first, len) = (self.small(1), self.small(2 + self.width()));
        self.bounds(self.operand(0), first, len)?;
        self.in_parts(self.items(len), |service, start, len| {
            let elements = service.elements(service.operand(0), first + start, len)?;
            // SAFETY: the value begins at the third operand.
            elements.fill(unsafe { service.slots.add(2) });
            Ok(())
        })
    }

    /// `array.copy`
    pub(crate) fn copy(mut self) -> Result<()> {
        let (to, from, len) = (self.small(1), self.small(3), self.small(4));
        if self.operand(2) == 0 {
            return Err(Trap::NullReference.into());
        }
        self.bounds(self.operand(0), to, len)?;
        self.bounds(self.operand(2), from, len)?;
        self.in_parts(self.items(len).copied(to.into(), from.into()), |service, start, len| {
            let target = service.elements(service.operand(0), to + start, len)?;
            let source = service.elements(service.operand(2), from + start, len)?;
            // SAFETY: both are elements of the same size; they may overlap.
            unsafe { std::ptr::copy(source.at, target.at, target.len << target.bytes_log2) };
            Ok(())
        })
    }

    /// `array.init_data`
    pub(crate) fn init_data(mut self, segment: u32) -> Result<()> {
        let (to, from, len) = (self.small(1), self.small(2), self.small(3));
        self.bounds(self.operand(0), to, len)?;
        self.data(segment, from, len)?;
        self.in_parts(self.items(len), |service, start, len| {
            let elements = service.elements(service.operand(0), to + start, len)?;
            let offset = start << elements.bytes_log2;
            elements.copy_bytes(service.data(segment, from + offset, len)?);
            Ok(())
        })
    }

    /// `array.init_elem`
    pub(crate) fn init_elem(mut self, segment: u32) -> Result<()> {
        let (to, from, len) = (self.small(1), self.small(2), self.small(3));
        self.bounds(self.operand(0), to, len)?;
        self.has_elements(segment, from, len)?;
        self.in_parts(self.items(len), |service, start, len| {
            let elements = service.elements(service.operand(0), to + start, len)?;
            service.write_segment(&elements, segment, from + start)
        })
    }
}

impl Elements {
    /// # Safety
    /// There must be an element `i`, and a value of its type at `slots`.
    unsafe fn write(&self, i: usize, slots: *const u64) {
        // SAFETY: the caller's promise.
        unsafe { write_slots(self.at.add(i << self.bytes_log2), self.bytes_log2, slots) };
    }

    /// Sets all to the value that lies in slots.
    fn fill(&self, slots: *const u64) {
        // SAFETY: the elements are within their array, the slots hold a value of their type.
        unsafe {
            match self.bytes_log2 {
                0 => self.at.write_bytes(*slots as u8, self.len),
                2 => std::slice::from_raw_parts_mut(self.at.cast::<u32>(), self.len).fill(*slots as u32),
                3 => std::slice::from_raw_parts_mut(self.at.cast::<u64>(), self.len).fill(*slots),
                _ => (0..self.len).for_each(|i| self.write(i, slots)),
            }
        }
    }

    /// Sets all to bytes, of which there are as many.
    fn copy_bytes(&self, bytes: &[u8]) {
        debug_assert_eq!(bytes.len(), self.len << self.bytes_log2);
        // SAFETY: the elements are within their array, which lies in no module.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.at, bytes.len()) };
    }
}
