//! Services that make arrays and work on several elements at once (wasm spec, "Array Instructions").

use std::ptr::NonNull;

use anyhow::Result;
use upshift_core::index::{DataIndex, ElemIndex};
use upshift_core::types::layout::{HEADER_BYTES, array_size};
use upshift_core::{Trap, TypeId};

use super::{Left, header, write_slots};
use crate::instance::InstanceData;
use crate::store::StoreState;

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
        u32::from(unsafe { (*self.state.ctx.types.add(self.ty.0 as usize)).element_log2 })
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

    /// Makes an array whose elements are still to be written.
    fn make(&mut self, len: u32) -> Result<(u32, Elements)> {
        let size = array_size(1 << self.bytes_log2(), len).ok_or(Trap::GcHeapOutOfMemory)?;
        // SAFETY: the instruction that asks for the service has noted itself, and its operands are in its frame's map.
        unsafe { self.state.make_room(size, Left::At) }?;
        let array = self.state.new_object(header(self.ty, len), size);
        Ok((array, self.elements(u64::from(array), 0, len)?))
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

    /// `array.new`
    pub(crate) fn new_filled(mut self) -> Result<()> {
        let len = self.small(self.width());
        let (array, elements) = self.make(len)?;
        elements.fill(self.slots);
        self.result(array);
        Ok(())
    }

    /// `array.new_default`
    pub(crate) fn new_default(mut self) -> Result<()> {
        let len = self.small(0);
        let (array, elements) = self.make(len)?;
        // SAFETY: the elements are those of the new array.
        unsafe { elements.at.write_bytes(0, elements.len << elements.bytes_log2) };
        self.result(array);
        Ok(())
    }

    /// `array.new_fixed`
    pub(crate) fn new_fixed(mut self, len: u32) -> Result<()> {
        let width = self.width();
        let (array, elements) = self.make(len)?;
        for i in 0..elements.len {
            // SAFETY: code passes as many values as elements.
            unsafe { elements.write(i, self.slots.add(i * width)) };
        }
        self.result(array);
        Ok(())
    }

    /// `array.new_data`
    pub(crate) fn new_data(mut self, segment: u32) -> Result<()> {
        let (start, len) = (self.small(0), self.small(1));
        self.data(segment, start, len)?;
        let (array, elements) = self.make(len)?;
        elements.copy_bytes(self.data(segment, start, len)?);
        self.result(array);
        Ok(())
    }

    /// `array.new_elem`
    pub(crate) fn new_elem(mut self, segment: u32) -> Result<()> {
        let (start, len) = (self.small(0), self.small(1));
        let found = self.instance().elements(ElemIndex(segment), u64::from(start), u64::from(len)).is_some();
        if !found {
            return Err(Trap::TableOutOfBounds.into());
        }
        let (array, elements) = self.make(len)?;
        self.write_segment(&elements, segment, start)?;
        self.result(array);
        Ok(())
    }

    /// `array.fill`
    pub(crate) fn fill(self) -> Result<()> {
        let len = self.small(2 + self.width());
        let elements = self.elements(self.operand(0), self.small(1), len)?;
        // SAFETY: the value begins at the third operand.
        elements.fill(unsafe { self.slots.add(2) });
        Ok(())
    }

    /// `array.copy`
    pub(crate) fn copy(self) -> Result<()> {
        let len = self.small(4);
        if self.operand(2) == 0 {
            return Err(Trap::NullReference.into());
        }
        let target = self.elements(self.operand(0), self.small(1), len)?;
        let source = self.elements(self.operand(2), self.small(3), len)?;
        // SAFETY: both are elements of the same size; they may overlap.
        unsafe { std::ptr::copy(source.at, target.at, target.len << target.bytes_log2) };
        Ok(())
    }

    /// `array.init_data`
    pub(crate) fn init_data(self, segment: u32) -> Result<()> {
        let len = self.small(3);
        let elements = self.elements(self.operand(0), self.small(1), len)?;
        elements.copy_bytes(self.data(segment, self.small(2), len)?);
        Ok(())
    }

    /// `array.init_elem`
    pub(crate) fn init_elem(self, segment: u32) -> Result<()> {
        let elements = self.elements(self.operand(0), self.small(1), self.small(3))?;
        Ok(self.write_segment(&elements, segment, self.small(2))?)
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
