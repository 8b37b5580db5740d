//! Text forms: of any type, to the builder of the runtime, which prints, shows, or makes a text of them.

use wasm_encoder::{BlockType, ValType};

use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::{FIRST_FIELD, is_abstract, list};
use crate::emit::module::{Helper, Module};
use crate::emit::runtime::Runtime;
use crate::types::{Type, TypeId};

/// Objects in objects are written down to this depth.
const DEEPEST: i32 = 20;

/// How deep the value is that is written.
#[derive(Clone, Copy)]
pub(crate) enum Depth {
    /// Alone: a text is written as it is.
    Raw,
    /// Alone, as the value of a cell: a text is quoted.
    Shown,
    /// In an object, and the local has the depth.
    Inside(u32),
}

impl Emitter<'_, '_> {
    /// Writes the value on the stack.
    pub(crate) fn put(&mut self, ty: TypeId, depth: Depth) {
        match (self.ty(ty), depth) {
            (Type::Int, _) => self.runtime(Runtime::PutInt),
            (Type::Float, _) => self.runtime(Runtime::PutFloat),
            (Type::Bool, _) => self.runtime(Runtime::PutBool),
            (Type::String, Depth::Raw) => self.runtime(Runtime::Put),
            (Type::String, _) => self.runtime(Runtime::PutQuoted),
            (Type::Unit, _) => self.put_constant("()"),
            (Type::Never, _) => {}
            (Type::Function(..), _) => {
                let text = format!("<{}>", self.m.types.display(ty));
                self.c.i().drop();
                self.put_constant(&text);
            }
            (Type::Array(_) | Type::Tuple(_) | Type::Struct(_), _) => {
                match depth {
                    Depth::Inside(local) => self.c.get(local).i().i32_const(1).i32_add(),
                    Depth::Raw | Depth::Shown => self.c.i().i32_const(0),
                };
                self.helper(Helper::Text(ty));
            }
        }
    }

    /// Writes a text that is known: short ones in numbers, which needs no object.
    pub(crate) fn put_constant(&mut self, text: &str) {
        if text.len() > 24 || text.contains('\0') {
            self.text(text.as_bytes());
            return self.runtime(Runtime::Put);
        }
        let mut rest = text;
        while !rest.is_empty() {
            let mut end = rest.len().min(8);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let mut bytes = [0; 8];
            bytes[..end].copy_from_slice(&rest.as_bytes()[..end]);
            self.c.i().i64_const(i64::from_le_bytes(bytes));
            self.runtime(Runtime::PutShort);
            rest = &rest[end..];
        }
    }

    /// Shows the value on the stack as that of the cell.
    pub(crate) fn show(&mut self, ty: TypeId) {
        let value = self.spill(ty);
        self.c.i().i32_const(2);
        self.runtime(Runtime::Open);
        self.unspill(value);
        self.put(ty, Depth::Shown);
        self.runtime(Runtime::Close);
        self.release(value);
    }
}

/// The code of [`Helper::Text`].
pub(crate) fn helper(m: &mut Module<'_>, names: &Names, index: u32, ty: TypeId) {
    let Some(value) = m.value(ty) else { return };
    let types = m.types;
    let mut e = Emitter::new(m, names, 2, Place::At(0));
    let object = e.m.layout.object(types, ty);
    e.c.get(1).i().i32_const(DEEPEST).i32_ge_u();
    e.c.if_(BlockType::Empty);
    e.put_constant("…");
    e.c.i().return_();
    e.c.end();
    match types.get(ty) {
        &Type::Array(element) => {
            let data = e.m.layout.list_of(types, element).data;
            let k = e.c.local(ValType::I32);
            e.put_constant("[");
            let done = e.c.block(BlockType::Empty);
            let next = e.c.repeat();
            e.c.get(k).get(0).i().struct_get(object, list::LEN).i32_ge_u();
            e.c.br_if(done);
            e.c.get(k);
            e.c.if_(BlockType::Empty);
            e.put_constant(", ");
            e.c.end();
            e.runtime(Runtime::Room);
            e.c.i().i32_eqz();
            e.c.br_if(done);
            e.c.get(0).i().struct_get(object, list::DATA).local_get(k);
            e.get_element(data, element);
            e.put(element, Depth::Inside(1));
            e.c.get(k).i().i32_const(1).i32_add().local_set(k);
            e.c.br(next);
            e.c.end();
            e.c.end();
            e.put_constant("]");
        }
        Type::Tuple(elements) => {
            for (field, &ty) in (0..).zip(elements.iter()) {
                e.put_constant(if field == 0 { "(" } else { ", " });
                e.c.get(0);
                e.get_field(object, field, ty);
                e.put(ty, Depth::Inside(1));
            }
            e.put_constant(")");
        }
        &Type::Struct(id) => {
            if is_abstract(types, ty) {
                // Trees grow faster than their depth.
                e.runtime(Runtime::Room);
                e.c.i().i32_eqz();
                e.c.if_(BlockType::Empty);
                e.c.i().return_();
                e.c.end();
            }
            let definition = types.struct_type(id);
            for (field, of) in (0..).zip(&definition.fields) {
                let before = if field == 0 {
                    format!("{} {{ {}: ", definition.name, of.name)
                } else {
                    format!(", {}: ", of.name)
                };
                e.put_constant(&before);
                e.c.get(0);
                e.get_field(object, FIRST_FIELD + field, of.ty);
                e.put(of.ty, Depth::Inside(1));
            }
            if definition.fields.is_empty() {
                e.put_constant(&format!("{} {{}}", definition.name));
            } else {
                e.put_constant(" }");
            }
        }
        _ => {}
    }
    e.define(index, &[value, ValType::I32], &[]);
}
