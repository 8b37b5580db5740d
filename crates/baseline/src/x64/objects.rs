//! Fields and elements of objects, which lie where their references say, relative to the base in the context.
//!
//! A reference is compared with null and an index with the length in the object's header; both may be relied on then, because
//! validation knows the type of the object.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_core::Trap;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::layout::HEADER_BYTES;
use upshift_core::vm::{ObjectHeader, VmCtx};
use upshift_translate::backend::{Operand, Slot};

use super::CTX;
use super::memory::{Access, load_bytes, store_bytes};
use crate::cache::Kind;
use crate::compiler::Compiler;
use crate::tables::ColdPath;

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
        let access = self.element(array, index, load_bytes(op));
        let value = self.emit_memory_load(op, access);
        self.define(dst, value, kind);
    }

    /// Stores to an element.
    pub(crate) fn emit_element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        let access = self.element(array, index, store_bytes(op));
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
}
