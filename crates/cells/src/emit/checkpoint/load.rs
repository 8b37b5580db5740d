//! Reading a checkpoint.

use wasm_encoder::{BlockType, ValType};

use crate::emit::checkpoint::{END, Kind};
use crate::emit::code::{Code, Symbol};
use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::{ANY_STRUCT, FIRST_FIELD, closure, list, reference as nullable};
use crate::emit::module::{Helper, Module};
use crate::emit::runtime::Runtime;
use crate::types::{Type, TypeId};

/// The most elements that an array has.
const LONGEST: i32 = 1 << 30;

impl Emitter<'_, '_> {
    /// Reads a value. Null is damage, unless it may be there: in variables that nothing has been assigned to.
    fn load(&mut self, ty: TypeId, or_null: bool) {
        match self.ty(ty) {
            Type::Unit | Type::Never => {
                self.c.i().i32_const(1);
                self.runtime(Runtime::ReadBelow);
                self.c.i().drop();
            }
            Type::Int => self.runtime(Runtime::ReadInt),
            Type::Float => self.runtime(Runtime::ReadFloat),
            Type::Bool => {
                self.c.i().i32_const(2);
                self.runtime(Runtime::ReadBelow);
            }
            Type::String | Type::Tuple(_) => {
                self.helper(Helper::Load(ty));
                self.check_null(ty, or_null);
            }
            Type::Array(_) | Type::Struct(_) | Type::Function(..) => {
                self.helper(Helper::LoadReference(ty, false));
                self.check_null(ty, or_null);
            }
        }
    }

    fn check_null(&mut self, ty: TypeId, or_null: bool) {
        if let Some(value) = self.value(ty)
            && !or_null
        {
            let local = self.c.temp(value);
            self.c.i().local_tee(local).ref_is_null();
            self.corrupt_if();
            self.c.get(local);
            self.c.release(local);
        }
    }
}

/// The export `load`. Returns the number of the function that reads the contents of one object, whose code comes last.
pub(crate) fn load(m: &mut Module<'_>, names: &Names, values: &[Vec<(Symbol, TypeId)>], open: &Code) -> u32 {
    let index = m.declare();
    let (content, group) = (m.declare(), m.declare());
    m.export("load".into(), Symbol::Function(index));
    values_of(m, names, group, values);
    let mut e = Emitter::new(m, names, 0, Place::At(0));
    e.c.bytes = open.bytes.clone();
    e.c.symbols = open.symbols.clone();
    let [number, k] = std::array::from_fn(|_| e.c.local(ValType::I32));
    let graph = e.graph();
    let (numbers, find, count) = (graph.numbers, graph.find, graph.count);
    let done = e.c.block(BlockType::Empty);
    let next = e.c.repeat();
    e.runtime(Runtime::ReadWord);
    e.c.i().local_tee(number).i32_const(END as i32).i32_eq();
    e.c.br_if(done);
    e.c.global_get(numbers);
    e.c.get(number);
    e.c.call(Symbol::Function(find));
    e.c.call(Symbol::Function(group));
    e.each_object(k, count, content);
    e.c.br(next);
    e.c.end();
    e.c.end();
    e.forget_objects();
    e.define(index, &[], &[]);
    content
}

/// `(place)`: reads the values of an instance.
fn values_of(m: &mut Module<'_>, names: &Names, index: u32, values: &[Vec<(Symbol, TypeId)>]) {
    let mut e = Emitter::new(m, names, 1, Place::At(0));
    e.choose(0, values, |e, globals| {
        for &(symbol, ty) in globals {
            e.load(ty, true);
            if e.value(ty).is_some() {
                e.c.global_set(symbol);
            }
        }
    });
    e.define(index, &[ValType::I32], &[]);
}

/// The code of [`Helper::Load`]: texts and tuples.
pub(crate) fn value(m: &mut Module<'_>, names: &Names, index: u32, ty: TypeId) {
    let Some(value) = m.value(ty) else { return };
    let mut e = Emitter::new(m, names, 0, Place::At(0));
    let object = e.m.layout.object(e.m.types, ty);
    e.c.i().i32_const(2);
    e.runtime(Runtime::ReadBelow);
    e.c.if_(BlockType::Result(value));
    if let Type::Tuple(elements) = e.ty(ty) {
        for &ty in elements {
            e.load(ty, false);
            e.as_stored(ty);
        }
        e.c.i().struct_new(object);
    } else {
        e.runtime(Runtime::ReadText);
    }
    e.c.else_();
    e.c.i().ref_null(wasm_encoder::HeapType::Concrete(object));
    e.c.end();
    e.define(index, &[], &[value]);
}

/// The code of [`Helper::LoadReference`].
pub(crate) fn reference(m: &mut Module<'_>, names: &Names, index: u32, kind: Kind) {
    let mut e = Emitter::new(m, names, 0, Place::At(0));
    let ty = e.kind_type(kind);
    let kind_number = e.kind_number(kind);
    let graph = e.graph();
    let (count, add) = (graph.count, graph.add);
    let (number, of) = (e.c.local(ValType::I32), e.c.local(ValType::I32));
    let (any, object) = (e.c.local(ANY_STRUCT), e.c.local(nullable(ty)));
    e.c.global_get(count);
    e.c.i().i32_const(2).i32_add();
    e.runtime(Runtime::ReadBelow);
    e.c.i().local_tee(number).i32_eqz();
    e.c.if_(BlockType::Empty);
    e.c.i().ref_null(wasm_encoder::HeapType::Concrete(ty)).return_();
    e.c.end();
    e.c.get(number);
    e.c.global_get(count);
    e.c.i().i32_le_u();
    e.c.if_(BlockType::Empty);
    e.c.get(number).i().i32_const(1).i32_sub().local_set(number);
    e.object_at(number, any, of);
    e.c.get(of).i().i32_const(kind_number).i32_ne();
    e.corrupt_if();
    e.c.get(any);
    e.c.cast(ty);
    e.c.i().return_();
    e.c.end();
    e.empty_object(kind, ty);
    e.c.i().local_tee(object).i32_const(kind_number);
    e.c.call(Symbol::Function(add));
    e.c.get(object);
    e.m.helper(Helper::LoadContent(kind.ty, kind.boxed));
    e.define(index, &[], &[nullable(ty)]);
}

impl Emitter<'_, '_> {
    /// A new object, without content as far as that comes later.
    fn empty_object(&mut self, kind: Kind, ty: u32) {
        let types = self.m.types;
        match types.get(kind.ty) {
            _ if kind.boxed => {
                self.c.i().struct_new_default(ty);
            }
            &Type::Array(element) => {
                let data = self.m.layout.list_of(types, element).data;
                self.c.i().i32_const(0).i32_const(0).i32_const(0).array_new_default(data).struct_new(ty);
            }
            Type::Function(..) => self.empty_closure(kind.ty),
            _ => {
                self.c.i().struct_new_default(ty);
            }
        }
    }

    /// Reads which closure it is, and makes it with captures that are to come.
    fn empty_closure(&mut self, ty: TypeId) {
        let types = self.m.types;
        let graph = self.graph();
        let (numbers, find, instances, words) = (graph.numbers, graph.find, graph.instances, graph.words);
        let lambda_of = graph.lambda_of;
        // Only closures of this type are known here.
        let (first, shapes) = self.shapes_of(ty);
        let graph = self.graph();
        let known: Vec<_> = (0..)
            .zip(&graph.lambdas)
            .filter(|(_, lambda)| lambda.shape.wrapping_sub(first) < shapes.len() as u32)
            .map(|(number, lambda)| {
                let captures = shapes[(lambda.shape - first) as usize].1.clone();
                (number, lambda.instance, lambda.number, lambda.code, captures)
            })
            .collect();
        let place = self.c.local(ValType::I32);
        let lambda = self.c.local(ValType::I32);
        let object = self.m.layout.object(types, ty);
        let result = self.c.local(nullable(object));
        self.c.global_get(numbers);
        self.runtime(Runtime::ReadWord);
        self.c.call(Symbol::Function(find));
        self.c.i().local_tee(place).i32_const(0).i32_lt_s();
        self.corrupt_if();
        self.c.global_get(instances);
        self.c.get(place).i().array_get(words).i32_const(i32::MAX);
        self.runtime(Runtime::ReadBelow);
        self.c.call(Symbol::Function(lambda_of));
        self.c.set(lambda);
        for (number, instance, own, code, captures) in known {
            let own_type = self.m.layout.closure_with(types, ty, &captures);
            self.c.get(lambda).i().i32_const(number).i32_eq();
            self.c.if_(BlockType::Empty);
            self.c.i().i32_const(0).i32_const(instance.0 as i32).i32_const(own as i32);
            self.c.ref_func(code);
            for (captured, boxed) in captures {
                self.default_capture(captured, boxed);
            }
            self.c.i().struct_new(own_type).local_set(result);
            self.c.end();
        }
        self.c.get(result).i().ref_is_null();
        self.corrupt_if();
        self.c.get(result);
    }

    fn default_capture(&mut self, ty: TypeId, boxed: bool) {
        let types = self.m.types;
        if boxed {
            let object = self.m.layout.boxed(types, ty);
            self.c.i().ref_null(wasm_encoder::HeapType::Concrete(object));
            return;
        }
        let object = self.m.layout.object(types, ty);
        let mut i = self.c.i();
        match types.get(ty) {
            Type::Int => i.i64_const(0),
            Type::Float => i.f64_const(0.0.into()),
            Type::Bool | Type::Unit | Type::Never => i.i32_const(0),
            Type::String | Type::Array(_) | Type::Tuple(_) | Type::Function(..) | Type::Struct(_) => {
                i.ref_null(wasm_encoder::HeapType::Concrete(object))
            }
        };
    }
}

/// The code of [`Helper::LoadContent`].
pub(crate) fn content(m: &mut Module<'_>, names: &Names, index: u32, kind: Kind) {
    let mut e = Emitter::new(m, names, 1, Place::At(0));
    let object = e.kind_type(kind);
    let types = e.m.types;
    match types.get(kind.ty) {
        _ if kind.boxed => {
            e.c.get(0);
            e.load(kind.ty, true);
            e.set_field(object, FIRST_FIELD, kind.ty);
        }
        &Type::Array(element) => {
            let of = e.m.layout.list_of(types, element);
            let n = e.c.local(ValType::I32);
            e.c.i().i32_const(LONGEST + 1);
            e.runtime(Runtime::ReadBelow);
            e.c.set(n);
            // It grows as elements come, whatever the length says.
            let done = e.c.block(BlockType::Empty);
            let next = e.c.repeat();
            e.c.get(0).i().struct_get(object, list::LEN).local_get(n).i32_ge_u();
            e.c.br_if(done);
            e.load(element, false);
            let value = e.spill(element);
            e.append(0, of, |e| e.unspill(value));
            e.release(value);
            e.c.br(next);
            e.c.end();
            e.c.end();
        }
        &Type::Struct(id) => {
            for (field, of) in (FIRST_FIELD..).zip(&types.struct_type(id).fields) {
                e.c.get(0);
                e.load(of.ty, false);
                e.set_field(object, field, of.ty);
            }
        }
        Type::Function(..) => {
            let shape = e.c.local(ValType::I32);
            e.shape(0, kind.ty, shape);
            let (first, shapes) = e.shapes_of(kind.ty);
            e.c.get(shape).i().i32_const(first as i32).i32_sub().local_set(shape);
            e.choose(shape, &shapes, |e, (ty, captures)| {
                let own = e.m.layout.closure_with(types, *ty, captures);
                for (field, &(ty, boxed)) in (closure::CAPTURES..).zip(captures) {
                    e.c.get(0);
                    e.c.cast(own);
                    if boxed {
                        let local = e.m.layout.boxed(types, ty);
                        let local = e.c.temp(nullable(local));
                        e.helper(Helper::LoadReference(ty, true));
                        e.c.i().local_tee(local).ref_is_null();
                        e.corrupt_if();
                        e.c.get(local).i().struct_set(own, field);
                        e.c.release(local);
                    } else {
                        e.load(ty, false);
                        e.set_field(own, field, ty);
                    }
                }
            });
        }
        _ => {}
    }
    e.define(index, &[nullable(object)], &[]);
}

/// The function that reads the contents of an object, by its number.
pub(crate) fn contents(m: &mut Module<'_>, names: &Names, index: u32) {
    let mut e = Emitter::new(m, names, 1, Place::At(0));
    let (object, kind) = (e.c.local(ANY_STRUCT), e.c.local(ValType::I32));
    e.object_at(0, object, kind);
    let kinds = e.graph().kinds.clone();
    e.choose(kind, &kinds, |e, &kind| {
        let ty = e.kind_type(kind);
        e.c.get(object);
        e.c.cast(ty);
        e.helper(Helper::LoadContent(kind.ty, kind.boxed));
    });
    e.define(index, &[ValType::I32], &[]);
}
