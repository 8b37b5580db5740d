//! `==` of any type: an instruction, or a helper for each type of objects.

use wasm_encoder::{BlockType, ValType};

use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::{FIRST_FIELD, list};
use crate::emit::module::{Helper, Module};
use crate::emit::runtime::Runtime;
use crate::types::{Type, TypeId, Types};

impl Emitter<'_, '_> {
    /// From two values on the stack to whether they are equal.
    pub(crate) fn equal(&mut self, ty: TypeId) {
        match self.ty(ty) {
            Type::Int => {
                self.c.i().i64_eq();
            }
            Type::Float => {
                self.c.i().f64_eq();
            }
            Type::Bool => {
                self.c.i().i32_eq();
            }
            Type::Unit | Type::Never => {
                self.c.i().i32_const(1);
            }
            Type::String => self.runtime(Runtime::Equal),
            // The checker has seen to it that nobody compares functions.
            Type::Function(..) => {
                self.c.i().ref_eq();
            }
            Type::Array(_) | Type::Tuple(_) | Type::Struct(_) => self.helper(Helper::Equal(ty)),
        }
    }

    /// Returns zero from the helper unless the number on the stack is another.
    fn return_unless(&mut self) {
        self.c.i().i32_eqz();
        self.c.if_(BlockType::Empty);
        self.c.i().i32_const(0).return_();
        self.c.end();
    }
}

/// The code of [`Helper::Equal`]. An object is equal to itself, unless a NaN may be in it.
pub(crate) fn helper(m: &mut Module<'_>, names: &Names, index: u32, ty: TypeId) {
    let Some(value) = m.value(ty) else { return };
    let types = m.types;
    let mut e = Emitter::new(m, names, 2, Place::At(0));
    if !has_float(types, ty, &mut Vec::new()) {
        e.c.get(0).get(1).i().ref_eq();
        e.c.if_(BlockType::Empty);
        e.c.i().i32_const(1).return_();
        e.c.end();
    }
    let object = e.m.layout.object(types, ty);
    match types.get(ty) {
        &Type::Array(element) => {
            let types = e.m.layout.list_of(types, element);
            let k = e.c.local(ValType::I32);
            e.c.get(0).i().struct_get(object, list::LEN).local_get(1).struct_get(object, list::LEN).i32_eq();
            e.return_unless();
            let done = e.c.block(BlockType::Empty);
            let next = e.c.repeat();
            e.c.get(k).get(0).i().struct_get(object, list::LEN).i32_ge_u();
            e.c.br_if(done);
            for side in [0, 1] {
                e.c.get(side).i().struct_get(object, list::DATA).local_get(k);
                e.get_element(types.data, element);
            }
            e.equal(element);
            e.return_unless();
            e.c.get(k).i().i32_const(1).i32_add().local_set(k);
            e.c.br(next);
            e.c.end();
            e.c.end();
        }
        Type::Tuple(elements) => {
            for (field, &ty) in (0..).zip(elements.iter()) {
                e.equal_fields(object, field, ty);
            }
        }
        &Type::Struct(id) => {
            for (field, of) in (FIRST_FIELD..).zip(&types.struct_type(id).fields) {
                e.equal_fields(object, field, of.ty);
            }
        }
        Type::Unit
        | Type::Int
        | Type::Float
        | Type::Bool
        | Type::String
        | Type::Never
        | Type::Function(..) => {}
    }
    e.c.i().i32_const(1);
    e.define(index, &[value, value], &[ValType::I32]);
}

impl Emitter<'_, '_> {
    fn equal_fields(&mut self, object: u32, field: u32, ty: TypeId) {
        for side in [0, 1] {
            self.c.get(side);
            self.get_field(object, field, ty);
        }
        self.equal(ty);
        self.return_unless();
    }
}

/// Whether a value of the type may hold a `Float`.
fn has_float(types: &Types, ty: TypeId, seen: &mut Vec<TypeId>) -> bool {
    if seen.contains(&ty) {
        return false;
    }
    seen.push(ty);
    match types.get(ty) {
        Type::Float => true,
        &Type::Array(element) => has_float(types, element, seen),
        Type::Tuple(elements) => elements.iter().any(|&ty| has_float(types, ty, seen)),
        &Type::Struct(id) => {
            types.struct_type(id).fields.iter().any(|field| has_float(types, field.ty, seen))
        }
        Type::Unit | Type::Int | Type::Bool | Type::String | Type::Never | Type::Function(..) => false,
    }
}
