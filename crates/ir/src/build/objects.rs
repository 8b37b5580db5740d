//! Structs, arrays and tests of references.

use upshift_core::cast::{Cast, CastTarget};
use upshift_core::index::TypeIndex;
use upshift_core::ops::Binary;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::ValType;
use upshift_core::types::layout::StructLayout;
use upshift_core::vm::{FieldPlace, INLINE_SUPERTYPES};
use upshift_translate::backend::{Label, Operand, Slot};

use super::Builder;
use super::forms::Vec2;
use super::memory::load_type;
use crate::op::{Loc, Op, element_get_form, element_set_form, field_get_form, field_set_form};

impl Builder<'_> {
    /// Whether the object in a slot is taken from the accumulator: because it is there, or because only that form has room
    /// for the offset.
    pub(super) fn object_in_accumulator(&mut self, object: Slot, offset: u32) -> bool {
        if offset > 0xffff && !self.peephole.accumulators.holds(ValType::ANYREF, object) {
            self.emit_value(Op::Copy, ValType::I64, object, &[u64::from(object.0)]);
            self.peephole.last = None;
        }
        self.peephole.accumulators.holds(ValType::ANYREF, object)
    }

    pub(super) fn emit_struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>) {
        let ty = &self.module.types[ty.index()];
        let size = ty.ty.layout.as_ref().map_or(0, StructLayout::size);
        let (id, size) = (u64::from(ty.id.0), u64::from(size));
        match fields {
            Some(fields) => {
                let values = [u64::from(fields.0), id, size];
                match small_struct_form(&ty.ty.places) {
                    Some(form) => self.emit_value(form, ValType::ANYREF, dst, &values[..2]),
                    None => self.emit_value(Op::StructNew, ValType::ANYREF, dst, &values),
                }
            }
            None => self.emit_value(Op::StructNewDefault, ValType::ANYREF, dst, &[id, size]),
        }
    }

    pub(super) fn emit_field_load(&mut self, op: Load, offset: u32, dst: Slot, object: Operand) {
        let object = self.slot(object);
        let (form, values) = if self.object_in_accumulator(object, offset) {
            (field_get_form(op, Loc::Acc), Vec2::one(u64::from(offset)))
        } else {
            (field_get_form(op, Loc::Slot), Vec2::two(u64::from(object.0), u64::from(offset)))
        };
        let form = form.expect("the walker reads fields in these ways only");
        self.emit_value(form, load_type(op), dst, values.as_slice());
    }

    pub(super) fn emit_field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        let value = u64::from(self.slot(value).0);
        let object = self.slot(object);
        if self.object_in_accumulator(object, offset) {
            self.emit(field_set_form(op, Loc::Acc), &[value, u64::from(offset)]);
        } else {
            self.emit(field_set_form(op, Loc::Slot), &[u64::from(object.0), value, u64::from(offset)]);
        }
    }

    pub(super) fn emit_element_load(&mut self, op: Load, dst: Slot, array: Operand, index: Operand) {
        let (array, index) = (self.slot(array), self.slot(index));
        let form = element_get_form(op).expect("the walker reads elements in these ways only");
        self.emit_value(form, load_type(op), dst, &[u64::from(array.0), u64::from(index.0)]);
    }

    pub(super) fn emit_element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        let slots = [array, index, value].map(|operand| u64::from(self.slot(operand).0));
        self.emit(element_set_form(op), &slots);
    }

    pub(super) fn emit_ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand) {
        if let Some(op) = null_test(cast) {
            return self.emit_binary(op, dst, reference, Operand::Const(0, Slot(0)));
        }
        let form = [Op::RefTest, Op::RefTestExact, Op::RefTestObject][cast_form(cast)];
        let reference = self.slot(reference);
        let values = [u64::from(reference.0), u64::from(cast.to_bits()), u64::from(cast.ty.0)];
        self.emit_value(form, ValType::I32, dst, &values);
    }

    pub(super) fn emit_ref_cast(&mut self, cast: Cast, reference: Operand) {
        let form = [Op::RefCast, Op::RefCastExact, Op::RefCastObject][cast_form(cast)];
        let reference = self.slot(reference);
        self.emit(form, &[u64::from(reference.0), u64::from(cast.to_bits()), u64::from(cast.ty.0)]);
    }

    pub(super) fn emit_branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label) {
        if let Some(op) = null_test(cast) {
            return self.branch_compare(op, reference, Operand::Const(0, Slot(0)), sense, target);
        }
        let forms = if sense {
            [Op::BrOnCast, Op::BrOnCastExact, Op::BrOnCastObject]
        } else {
            [Op::BrOnCastFail, Op::BrOnCastFailExact, Op::BrOnCastFailObject]
        };
        let form = forms[cast_form(cast)];
        let reference = u64::from(self.slot(reference).0);
        let values = [reference, u64::from(cast.to_bits()), u64::from(cast.ty.0)];
        self.emit_branch(form, &values, target);
    }
}

/// How a struct is made whose fields are few and have 4 bytes each.
fn small_struct_form(fields: &[FieldPlace]) -> Option<Op> {
    if fields.iter().any(|field| field.bytes_log2 != 2) {
        return None;
    }
    match fields.len() {
        1 => Some(Op::StructNew32x1),
        2 => Some(Op::StructNew32x2),
        3 => Some(Op::StructNew32x3),
        4 => Some(Op::StructNew32x4),
        _ => None,
    }
}

/// The comparison with null that a test of a type amounts to, if it does.
fn null_test(cast: Cast) -> Option<Binary> {
    match (cast.target, cast.nullable) {
        (CastTarget::Nothing, true) => Some(Binary::I64Eq),
        (CastTarget::Anything, false) => Some(Binary::I64Ne),
        _ => None,
    }
}

/// Which of the forms of a test: for anything, for one type, for a type and its subtypes.
fn cast_form(cast: Cast) -> usize {
    match cast.target {
        CastTarget::Exact => 1,
        CastTarget::Object if (cast.depth as usize) < INLINE_SUPERTYPES => 2,
        _ => 0,
    }
}
