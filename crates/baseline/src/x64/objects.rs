//! Fields and elements of objects, which lie where their references say, relative to the base in the context.
//!
//! A reference is compared with null and an index with the length in the object's header; both may be relied on then, because
//! validation knows the type of the object.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_core::Trap;
use upshift_core::index::TypeIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::layout::{HEADER_BYTES, StructLayout};
use upshift_core::vm::{FieldPlace, ObjectHeader, StoreCtx, VmCtx};
use upshift_translate::backend::{Backend, Operand, Slot};

use super::memory::Access;
use super::{CTX, Class};
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::tables::ColdPath;

/// The most bytes of a struct that is made by instructions.
const LARGEST: u32 = 256;
/// The most fields.
const MOST_FIELDS: usize = 16;

/// Where the length of an array is.
const LEN: i32 = offset_of!(ObjectHeader, len) as i32;

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
        let array = self.not_null(array);
        let result = self.emit_gc_base();
        self.asm.mov(Size::S32, result, Mem::index(result, array, Scale::X1, LEN));
        self.define(dst, result, Kind::I32);
    }

    /// A register with a reference to an object; traps if it is null.
    fn not_null(&mut self, reference: Operand) -> Gpr {
        let reference = self.use_gpr(reference, Kind::Ref);
        let null = self.trap(Trap::NullReference);
        self.asm.test(Size::S64, reference, reference);
        self.asm.jcc(Cond::E, null);
        reference
    }

    /// A register with what references are relative to.
    pub(super) fn emit_gc_base(&mut self) -> Gpr {
        let base = self.alloc_gpr();
        self.asm.mov(Size::S64, base, Mem::base(CTX, offset_of!(VmCtx, gc_base) as i32));
        base
    }

    fn field(&mut self, object: Operand, offset: u32) -> Access {
        let object = self.not_null(object);
        let base = self.emit_gc_base();
        let mem = match i32::try_from(offset) {
            Ok(offset) => Mem::index(base, object, Scale::X1, offset),
            Err(_) => {
                let at = self.alloc_gpr();
                self.asm.mov_imm(at, offset.into());
                self.asm.add(Size::S64, at, object);
                Mem::index(base, at, Scale::X1, 0)
            }
        };
        Access::checked(mem)
    }

    fn element(&mut self, array: Operand, index: Operand, bytes: u32) -> Access {
        let array = self.not_null(array);
        let index = self.use_gpr(index, Kind::I32);
        let base = self.emit_gc_base();
        self.asm.add(Size::S64, base, array);
        let out = self.cold(ColdPath::ElementOutOfBounds { array: base, index });
        self.asm.cmp(Size::S32, index, Mem::base(base, LEN));
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
        let (store, object) = (self.alloc_gpr(), self.alloc_gpr());
        let (reference, scratch) = (self.alloc_gpr(), self.alloc_gpr());
        let made = self.asm.label();
        let load = ColdPath::Load { reg: reference.into(), slot: dst, kind: Kind::Ref, back: made };
        let loaded = self.cold(load);
        let full = self.embed_cold_below(dst, Some(loaded), |builder| builder.struct_new(ty, dst, fields));
        self.asm.mov(Size::S64, store, Mem::base(CTX, offset_of!(VmCtx, store) as i32));
        let bump = Mem::base(store, offset_of!(StoreCtx, gc_bump) as i32);
        self.asm.mov(Size::S32, reference, bump);
        self.asm.mov(Size::S32, scratch, Mem::base(store, offset_of!(StoreCtx, gc_limit) as i32));
        self.asm.sub(Size::S32, scratch, reference);
        self.asm.cmp_imm(Size::S32, scratch, size as i32);
        self.asm.jcc(Cond::B, full);
        self.asm.add_imm(Size::S32, bump, size as i32);
        self.asm.mov(Size::S64, object, Mem::base(CTX, offset_of!(VmCtx, gc_base) as i32));
        self.asm.add(Size::S64, object, reference);
        let word = ObjectHeader::word_of(defined.id);
        self.asm.mov_mi(
            Size::S32,
            Mem::base(object, offset_of!(ObjectHeader, type_word) as i32),
            word as i32,
        );
        self.asm.mov_mi(Size::S32, Mem::base(object, LEN), 0);
        match fields {
            Some(first) => self.emit_fields(&defined.ty.places, first, object, scratch),
            None => {
                for at in (HEADER_BYTES..size).step_by(8) {
                    self.asm.mov_mi(Size::S64, Mem::base(object, at as i32), 0);
                }
            }
        }
        self.asm.bind(made);
        self.define(dst, reference, Kind::Ref);
        true
    }

    /// Stores the values of fields, which are used up. No register gets another value that anybody knows of.
    fn emit_fields(&mut self, places: &[FieldPlace], first: Slot, object: Gpr, scratch: Gpr) {
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

fn size_of_field(bytes_log2: u32) -> Size {
    match bytes_log2 {
        0 => Size::S8,
        1 => Size::S16,
        2 => Size::S32,
        _ => Size::S64,
    }
}
