//! Fields and elements of objects, which lie where their references say, relative to the base in the context.
//!
//! An access near the start of an object faults if the reference is null, others compare it; an index is compared with the length in the
//! object's header. Both may be relied on then, because validation knows the type of the object.

use std::mem::offset_of;

use upshift_asm::Label;
use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_core::Trap;
use upshift_core::index::TypeIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::layout::{HEADER_BYTES, NULL_GUARD, StructLayout};
use upshift_core::vm::{FieldPlace, ObjectHeader, StoreCtx};
use upshift_ir::build::Builder;
use upshift_translate::backend::{Backend, Operand, Slot};

use super::Class;
use super::memory::Access;
use crate::cache::Kind;
use crate::cells::{OBJECTS_SLOT, STORE_SLOT};
use crate::compiler::Compiler;
use crate::tables::ColdPath;

/// The most bytes of a struct that is made by instructions.
pub(super) const LARGEST: u32 = 256;
/// The most fields.
pub(super) const MOST_FIELDS: usize = 16;

/// The most bytes of a field.
const LARGEST_FIELD: u32 = 16;

/// Where the length of an array is.
pub(super) const LEN: i32 = offset_of!(ObjectHeader, len) as i32;

/// An object that has room, with registers of the operation's own.
pub(super) struct NewObject {
    pub(super) reference: Gpr,
    /// Its address.
    pub(super) object: Gpr,
    /// For any purpose.
    pub(super) scratch: Gpr,
    /// Behind what sets its fields.
    pub(super) made: Label,
}

impl Compiler<'_> {
    /// Loads a field.
    pub(crate) fn emit_field_load(&mut self, op: Load, kind: Kind, offset: u32, dst: Slot, object: Operand) {
        let access = self.field(object, offset);
        let value = self.emit_memory_load(op, access);
        self.define(dst, value, kind);
    }

    /// Stores to a field.
    pub(crate) fn emit_field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        let access = self.field(object, offset);
        self.emit_memory_store(op, access, value);
        self.done();
    }

    /// Loads an element.
    pub(crate) fn emit_element_load(
        &mut self,
        op: Load,
        kind: Kind,
        dst: Slot,
        array: Operand,
        index: Operand,
    ) {
        let access = self.element(array, index, op.bytes());
        let value = self.emit_memory_load(op, access);
        self.define(dst, value, kind);
    }

    /// Stores to an element.
    pub(crate) fn emit_element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        let access = self.element(array, index, op.bytes());
        self.emit_memory_store(op, access, value);
        self.done();
    }

    /// The number of elements of an array.
    pub(crate) fn emit_array_len(&mut self, dst: Slot, array: Operand) {
        let (array, faults) = self.object(array, HEADER_BYTES);
        let (base, result) = (self.use_cell(OBJECTS_SLOT), self.alloc_gpr());
        let len = self.object_access(Mem::index(base, array, Scale::X1, LEN), faults);
        let len = self.note_access(len);
        self.asm.mov(Size::S32, result, len);
        self.define(dst, result, Kind::I32);
    }

    /// A register with a reference to an object, the first `end` bytes of which are accessed next. If it is null, that access faults, or
    /// else a trap comes before it.
    fn object(&mut self, reference: Operand, end: u32) -> (Gpr, bool) {
        let reference = self.use_gpr(reference, Kind::Ref);
        let faults = end <= NULL_GUARD && self.has_room_for_fault();
        if !faults {
            let null = self.trap(Trap::NullReference);
            self.emit_branch_if_null(reference, null);
        }
        (reference, faults)
    }

    fn object_access(&self, mem: Mem, faults: bool) -> Access {
        if faults { Access::of_object(mem) } else { Access::checked(mem) }
    }

    fn field(&mut self, object: Operand, offset: u32) -> Access {
        let (object, faults) = self.object(object, offset.saturating_add(LARGEST_FIELD));
        let base = self.use_cell(OBJECTS_SLOT);
        let mem = match i32::try_from(offset) {
            Ok(offset) => Mem::index(base, object, Scale::X1, offset),
            Err(_) => {
                let at = self.alloc_gpr();
                self.asm.mov_imm(at, offset.into());
                self.asm.add(Size::S64, at, object);
                Mem::index(base, at, Scale::X1, 0)
            }
        };
        self.object_access(mem, faults)
    }

    fn element(&mut self, array: Operand, index: Operand, bytes: u32) -> Access {
        let (array, faults) = self.object(array, HEADER_BYTES);
        let index = self.use_gpr(index, Kind::I32);
        let (gc_base, base) = (self.use_cell(OBJECTS_SLOT), self.alloc_gpr());
        self.asm.lea(Size::S64, base, Mem::index(gc_base, array, Scale::X1, 0));
        let out = self.cold(ColdPath::ElementOutOfBounds { array: base, index });
        let len = self.object_access(Mem::base(base, LEN), faults);
        let len = self.note_access(len);
        self.asm.cmp(Size::S32, index, len);
        self.asm.jcc(Cond::Ae, out);
        let first = HEADER_BYTES as i32;
        let scale = match bytes {
            1 => Scale::X1,
            2 => Scale::X2,
            4 => Scale::X4,
            8 => Scale::X8,
            _ => {
                let at = self.alloc_gpr();
                self.asm.mov(Size::S32, at, index);
                self.asm.shl_imm(Size::S64, at, 4);
                return Access::checked(Mem::index(base, at, Scale::X1, first));
            }
        };
        Access::checked(Mem::index(base, index, scale, first))
    }

    /// Leaves the index and the length of the array for the description of the trap: in the lower and the upper half.
    pub(crate) fn emit_element_out_of_bounds(&mut self, array: Gpr, index: Gpr) {
        self.asm.mov(Size::S32, array, Mem::base(array, LEN));
        self.asm.shl_imm(Size::S64, array, 32);
        self.asm.or(Size::S64, array, index);
        self.leave_for_trap(array);
    }

    /// Makes a struct whose fields lie in consecutive slots, or have all bits zero. Returns false if it is too large to be made here;
    /// where the heap has no room, the interpreter makes it.
    pub(crate) fn emit_struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>) -> bool {
        let module = self.module;
        let defined = &module.types[ty.index()];
        let size = defined.ty.layout.as_ref().map_or(0, StructLayout::size);
        if size > LARGEST || defined.ty.places.len() > MOST_FIELDS {
            return false;
        }
        let stores = if fields.is_some() { defined.ty.places.len() } else { size as usize / 8 };
        if !self.control.moves.take(stores) {
            return false;
        }
        let new = self.emit_new_object(ty, size, dst, |builder| builder.struct_new(ty, dst, fields));
        self.asm.mov_mi(Size::S32, Mem::base(new.object, LEN), 0);
        match fields {
            Some(first) => self.emit_fields(&defined.ty.places, first, &new),
            None => {
                for at in (HEADER_BYTES..size).step_by(8) {
                    self.asm.mov_mi(Size::S64, Mem::base(new.object, at as i32), 0);
                }
            }
        }
        self.asm.bind(new.made);
        self.define(dst, new.reference, Kind::Ref);
        true
    }

    /// Takes room for an object of a few bytes, whose type word is set; where the heap has none, the interpreter does what `again` asks
    /// for, which makes the object in a slot. All operands that are used up lie from that slot on.
    pub(super) fn emit_new_object(
        &mut self,
        ty: TypeIndex,
        size: u32,
        dst: Slot,
        again: impl FnOnce(&mut Builder<'_>),
    ) -> NewObject {
        let (base, store) = (self.use_cell(OBJECTS_SLOT), self.use_cell(STORE_SLOT));
        let [object, reference, scratch] = [(); 3].map(|()| self.alloc_gpr());
        let made = self.asm.label();
        let load = ColdPath::Load { reg: reference.into(), slot: dst, kind: Kind::Ref, back: made };
        let loaded = self.cold(load);
        let full = self.embed_cold_below(dst, Some(loaded), again);
        let bump = Mem::base(store, offset_of!(StoreCtx, gc_bump) as i32);
        self.asm.mov(Size::S32, reference, bump);
        self.asm.mov(Size::S32, scratch, Mem::base(store, offset_of!(StoreCtx, gc_limit) as i32));
        self.asm.sub(Size::S32, scratch, reference);
        self.asm.cmp_imm(Size::S32, scratch, size as i32);
        self.asm.jcc(Cond::B, full);
        self.asm.add_imm(Size::S32, bump, size as i32);
        self.asm.lea(Size::S64, object, Mem::index(base, reference, Scale::X1, 0));
        self.emit_header(object, ty);
        NewObject { reference, object, scratch, made }
    }

    /// Stores the type word of a new object.
    pub(super) fn emit_header(&mut self, object: Gpr, ty: TypeIndex) {
        let word = ObjectHeader::word_of(self.module.types[ty.index()].id);
        let place = Mem::base(object, offset_of!(ObjectHeader, type_word) as i32);
        self.asm.mov_mi(Size::S32, place, word as i32);
    }

    /// Stores the values of fields, which are used up. No register gets another value that anybody knows of.
    pub(super) fn emit_fields(&mut self, places: &[FieldPlace], first: Slot, new: &NewObject) {
        let (object, scratch) = (new.object, new.scratch);
        let mut slot = first;
        for &FieldPlace { offset, bytes_log2 } in places {
            let to = |more: i32| Mem::base(object, offset as i32 + more);
            match (self.cache.find(slot), bytes_log2) {
                (Some(reg), 4) => self.asm.movups_mr(to(0), reg.xmm()),
                (None, 4) => {
                    for half in 0..2 {
                        let from = self.slot_mem(Slot(slot.0 + half));
                        self.asm.mov(Size::S64, scratch, from);
                        self.asm.mov_mr(Size::S64, to(8 * half as i32), scratch);
                    }
                }
                (Some(reg), bytes) => match (reg.class(), bytes) {
                    (Class::Int, _) => self.asm.mov_mr(size_of_field(bytes), to(0), reg.gpr()),
                    (Class::Float, 2) => self.asm.movss_mr(to(0), reg.xmm()),
                    (Class::Float, _) => self.asm.movsd_mr(to(0), reg.xmm()),
                },
                (None, bytes) => {
                    let from = self.slot_mem(slot);
                    self.asm.mov(if bytes == 3 { Size::S64 } else { Size::S32 }, scratch, from);
                    self.asm.mov_mr(size_of_field(bytes), to(0), scratch);
                }
            }
            let slots = if bytes_log2 == 4 { 2 } else { 1 };
            self.cache.forget(slot);
            slot.0 += slots;
        }
    }
}

/// The size of an access to a field or an element, but for vectors.
pub(super) fn size_of_field(bytes_log2: u32) -> Size {
    match bytes_log2 {
        0 => Size::S8,
        1 => Size::S16,
        2 => Size::S32,
        _ => Size::S64,
    }
}
