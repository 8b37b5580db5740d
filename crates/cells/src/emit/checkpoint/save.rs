//! Writing a checkpoint.

use wasm_encoder::{BlockType, ValType};

use crate::emit::checkpoint::{END, Kind};
use crate::emit::code::{Code, Symbol};
use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::{ANY_STRUCT, FIRST_FIELD, closure, reference as nullable};
use crate::emit::module::{Helper, Module};
use crate::emit::runtime::Runtime;
use crate::types::{Type, TypeId};

impl Emitter<'_, '_> {
    /// Writes the value on the stack. What has no value takes a byte all the same, so that lengths cannot lie.
    fn save(&mut self, ty: TypeId) {
        match self.ty(ty) {
            Type::Unit | Type::Never => {
                self.c.i().i64_const(0);
                self.runtime(Runtime::WriteNumber);
            }
            Type::Int => self.runtime(Runtime::WriteInt),
            Type::Float => self.runtime(Runtime::WriteFloat),
            Type::Bool => {
                self.c.i().i64_extend_i32_u();
                self.runtime(Runtime::WriteNumber);
            }
            Type::String | Type::Tuple(_) => self.helper(Helper::Save(ty)),
            Type::Array(_) | Type::Struct(_) | Type::Function(..) => {
                self.helper(Helper::SaveReference(ty, false))
            }
        }
    }

    fn write_constant(&mut self, number: i64) {
        self.c.i().i64_const(number);
        self.runtime(Runtime::WriteNumber);
    }

    /// Writes zero and returns if the parameter is null.
    fn return_if_null(&mut self) {
        self.c.get(0).i().ref_is_null();
        self.c.if_(BlockType::Empty);
        self.write_constant(0);
        self.c.i().return_();
        self.c.end();
    }
}

/// The export `save`. Returns the number of the function that writes the contents of one object, whose code comes last.
pub(crate) fn save(
    m: &mut Module<'_>,
    names: &Names,
    n: u32,
    values: &[Vec<(Symbol, TypeId)>],
    open: &Code,
) -> [u32; 2] {
    let index = m.declare();
    let (content, clear, group) = (m.declare(), m.declare(), m.declare());
    m.export("save".into(), Symbol::Function(index));
    values_of(m, names, group, values);

    let mut e = Emitter::new(m, names, 0, Place::At(0));
    e.c.bytes = open.bytes.clone();
    e.c.symbols = open.symbols.clone();
    let [i, changed, k, written, end] = std::array::from_fn(|_| e.c.local(ValType::I32));
    let graph = e.graph();
    let (live, words, numbers, needs, first_need) =
        (graph.live, graph.words, graph.numbers, graph.needs, graph.first_need);
    let (count, base) = (graph.count, graph.base);
    e.c.global_get(Symbol::Mark);
    e.c.global_set(base);
    let rounds = e.c.repeat();
    e.c.i().i32_const(0).local_set(changed).i32_const(0).local_set(i);
    let all = e.c.block(BlockType::Empty);
    let each = e.c.repeat();
    e.c.get(i).i().i32_const(n as i32).i32_ge_u();
    e.c.br_if(all);
    e.c.global_get(live);
    e.c.get(i).i().array_get(words).i32_const(1).i32_eq();
    e.c.if_(BlockType::Empty);
    e.c.global_get(live);
    e.c.get(i).i().i32_const(2).array_set(words).i32_const(1).local_set(changed);
    e.word(|graph| graph.numbers, i);
    e.runtime(Runtime::WriteWord);
    e.c.get(i);
    e.c.call(Symbol::Function(group));
    // All that waits, and what joins it meanwhile.
    e.each_object(k, count, content);
    // What it needs is live as well.
    e.c.global_get(first_need);
    e.c.get(i).i().array_get(words).local_set(written);
    e.c.global_get(first_need);
    e.c.get(i).i().i32_const(1).i32_add().array_get(words).local_set(end);
    let known = e.c.block(BlockType::Empty);
    let need = e.c.repeat();
    e.c.get(written).get(end).i().i32_ge_u();
    e.c.br_if(known);
    let place = e.c.local(ValType::I32);
    e.c.global_get(needs);
    e.c.get(written).i().array_get(words).local_set(place);
    e.enliven(place);
    e.c.get(written).i().i32_const(1).i32_add().local_set(written);
    e.c.br(need);
    e.c.end();
    e.c.end();
    e.c.end();
    e.c.get(i).i().i32_const(1).i32_add().local_set(i);
    e.c.br(each);
    e.c.end();
    e.c.end();
    e.c.get(changed);
    e.c.br_if(rounds);
    e.c.end();

    e.c.i().i32_const(END as i32);
    e.runtime(Runtime::WriteWord);
    e.c.i().i32_const(0).local_set(i).i32_const(0).local_set(written);
    let listed = e.c.block(BlockType::Empty);
    let list = e.c.repeat();
    e.c.get(i).i().i32_const(n as i32).i32_ge_u();
    e.c.br_if(listed);
    e.c.global_get(live);
    e.c.get(i).i().array_get(words).i32_const(2).i32_eq();
    e.c.if_(BlockType::Empty);
    e.c.global_get(numbers);
    e.c.get(i).i().array_get(words);
    e.runtime(Runtime::WriteWord);
    e.c.get(written).i().i32_const(1).i32_add().local_set(written);
    e.c.end();
    e.c.get(i).i().i32_const(1).i32_add().local_set(i);
    e.c.br(list);
    e.c.end();
    e.c.end();
    e.c.get(written);
    e.runtime(Runtime::WriteWord);
    e.runtime(Runtime::Send);

    // No mark is left behind, so the next checkpoint may use the same ones.
    e.c.i().i32_const(0).local_set(k);
    e.each_object(k, count, clear);
    e.c.global_get(base);
    e.c.global_set(Symbol::Mark);
    e.forget_objects();
    e.define(index, &[], &[]);
    [content, clear]
}

impl Emitter<'_, '_> {
    /// Makes the instance at the place in the local live, unless it is written.
    fn enliven(&mut self, place: u32) {
        let graph = self.graph();
        let (live, words) = (graph.live, graph.words);
        self.c.global_get(live);
        self.c.get(place).i().array_get(words).i32_eqz();
        self.c.if_(BlockType::Empty);
        self.c.global_get(live);
        self.c.get(place).i().i32_const(1).array_set(words);
        self.c.end();
    }

    /// Lets go of all objects, which live in the module's globals otherwise.
    pub(super) fn forget_objects(&mut self) {
        let graph = self.graph();
        let (objects, structs, count) = (graph.objects, graph.structs, graph.count);
        self.c.i().i32_const(0).array_new_default(structs);
        self.c.global_set(objects);
        self.c.i().i32_const(0);
        self.c.global_set(count);
    }
}

/// `(place)`: writes the values of an instance.
fn values_of(m: &mut Module<'_>, names: &Names, index: u32, values: &[Vec<(Symbol, TypeId)>]) {
    let mut e = Emitter::new(m, names, 1, Place::At(0));
    e.choose(0, values, |e, globals| {
        for &(symbol, ty) in globals {
            if e.value(ty).is_some() {
                e.c.global_get(symbol);
            }
            e.save(ty);
        }
    });
    e.define(index, &[ValType::I32], &[]);
}

/// The code of [`Helper::Save`]: texts and tuples.
pub(crate) fn value(m: &mut Module<'_>, names: &Names, index: u32, ty: TypeId) {
    let Some(value) = m.value(ty) else { return };
    let mut e = Emitter::new(m, names, 1, Place::At(0));
    e.return_if_null();
    e.write_constant(1);
    if let Type::Tuple(elements) = e.ty(ty) {
        let object = e.m.layout.object(e.m.types, ty);
        for (field, &ty) in (0..).zip(elements.iter()) {
            e.c.get(0);
            e.get_field(object, field, ty);
            e.save(ty);
        }
    } else {
        e.c.get(0);
        e.runtime(Runtime::WriteText);
    }
    e.define(index, &[value], &[]);
}

/// The code of [`Helper::SaveReference`].
pub(crate) fn reference(m: &mut Module<'_>, names: &Names, index: u32, kind: Kind) {
    let mut e = Emitter::new(m, names, 1, Place::At(0));
    let object = e.kind_type(kind);
    let number = e.kind_number(kind);
    let graph = e.graph();
    let (base, add, find, instances, words, numbers) =
        (graph.base, graph.add, graph.find, graph.instances, graph.words, graph.numbers);
    let is_new = e.c.local(ValType::I32);
    e.return_if_null();
    e.c.get(0).i().struct_get(object, 0);
    e.c.global_get(base);
    e.c.i().i32_le_u().local_tee(is_new);
    e.c.if_(BlockType::Empty);
    e.c.get(0).i().i32_const(number);
    e.c.call(Symbol::Function(add));
    e.c.get(0);
    e.c.global_get(Symbol::Mark);
    e.c.i().i32_const(1).i32_add();
    e.c.global_set(Symbol::Mark);
    e.c.global_get(Symbol::Mark);
    e.c.i().struct_set(object, 0);
    e.c.end();
    e.c.get(0).i().struct_get(object, 0);
    e.c.global_get(base);
    e.c.i().i32_sub().i64_extend_i32_u();
    e.runtime(Runtime::WriteNumber);
    if !kind.boxed && matches!(e.ty(kind.ty), Type::Function(..)) {
        let place = e.c.local(ValType::I32);
        e.c.get(is_new);
        e.c.if_(BlockType::Empty);
        e.c.global_get(instances);
        e.c.get(0).i().struct_get(object, closure::INSTANCE);
        e.c.call(Symbol::Function(find));
        e.c.i().local_tee(place).i32_const(0).i32_lt_s();
        e.corrupt_if();
        e.enliven(place);
        e.c.global_get(numbers);
        e.c.get(place).i().array_get(words);
        e.runtime(Runtime::WriteWord);
        e.c.get(0).i().struct_get(object, closure::LAMBDA).i64_extend_i32_u();
        e.runtime(Runtime::WriteNumber);
        e.c.end();
    }
    e.m.helper(Helper::SaveContent(kind.ty, kind.boxed));
    e.define(index, &[nullable(object)], &[]);
}

/// The code of [`Helper::SaveContent`].
pub(crate) fn content(m: &mut Module<'_>, names: &Names, index: u32, kind: Kind) {
    let mut e = Emitter::new(m, names, 1, Place::At(0));
    let object = e.kind_type(kind);
    let types = e.m.types;
    match types.get(kind.ty) {
        _ if kind.boxed => {
            e.c.get(0);
            e.get_field(object, FIRST_FIELD, kind.ty);
            e.save(kind.ty);
        }
        &Type::Array(element) => {
            let list = e.m.layout.list_of(types, element);
            e.len_of(0, list);
            e.c.i().i64_extend_i32_u();
            e.runtime(Runtime::WriteNumber);
            e.each_index(0, list, |e, k, _| {
                e.element(0, k, list);
                e.save(element);
            });
        }
        &Type::Struct(id) => {
            for (field, of) in (FIRST_FIELD..).zip(&types.struct_type(id).fields) {
                e.c.get(0);
                e.get_field(object, field, of.ty);
                e.save(of.ty);
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
                        e.c.i().struct_get(own, field);
                        e.helper(Helper::SaveReference(ty, true));
                    } else {
                        e.get_field(own, field, ty);
                        e.save(ty);
                    }
                }
            });
        }
        _ => {}
    }
    e.define(index, &[nullable(object)], &[]);
}

/// The functions that write the contents of an object and clear its mark, by its number.
pub(crate) fn contents(m: &mut Module<'_>, names: &Names, [content, clear]: [u32; 2]) {
    for index in [content, clear] {
        let mut e = Emitter::new(m, names, 1, Place::At(0));
        let (object, kind) = (e.c.local(ANY_STRUCT), e.c.local(ValType::I32));
        e.object_at(0, object, kind);
        let kinds = e.graph().kinds.clone();
        e.choose(kind, &kinds, |e, &kind| {
            let ty = e.kind_type(kind);
            e.c.get(object);
            e.c.cast(ty);
            if index == content {
                e.helper(Helper::SaveContent(kind.ty, kind.boxed));
            } else {
                e.c.i().i32_const(0).struct_set(ty, 0);
            }
        });
        e.define(index, &[ValType::I32], &[]);
    }
}

impl Emitter<'_, '_> {
    /// The object with the number in the local, and its kind.
    pub(super) fn object_at(&mut self, number: u32, object: u32, kind: u32) {
        let graph = self.graph();
        let (objects, structs, kinds_of, words) = (graph.objects, graph.structs, graph.kinds_of, graph.words);
        self.c.global_get(objects);
        self.c.get(number).i().array_get(structs).local_set(object);
        self.c.global_get(kinds_of);
        self.c.get(number).i().array_get(words).local_set(kind);
    }
}
