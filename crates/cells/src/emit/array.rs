//! What functions of arrays are made of: loops over elements, room for more, copies.

use wasm_encoder::{BlockType, ValType};

use crate::emit::code::Label;
use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::{List, list, reference};
use crate::emit::module::{Helper, Module};
use crate::host::Failure;
use crate::types::TypeId;

/// Arrays have at most as many elements as this.
const LONGEST: i32 = 1 << 30;

impl Emitter<'_, '_> {
    /// The length of the array in the local.
    pub(crate) fn len_of(&mut self, array: u32, types: List) {
        self.c.get(array).i().struct_get(types.object, list::LEN);
    }

    /// The elements of the array in the local.
    pub(crate) fn data_of(&mut self, array: u32, types: List) {
        self.c.get(array).i().struct_get(types.object, list::DATA);
    }

    /// Calls `body` for each index `k` (a local) below the length of the array, which is looked at before each turn; its label leaves.
    pub(crate) fn each_index(&mut self, array: u32, types: List, body: impl FnOnce(&mut Self, u32, Label)) {
        let k = self.c.local(ValType::I32);
        let done = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        self.c.get(k);
        self.len_of(array, types);
        self.c.i().i32_ge_u();
        self.c.br_if(done);
        body(self, k, done);
        self.c.get(k).i().i32_const(1).i32_add().local_set(k);
        self.c.br(next);
        self.c.end();
        self.c.end();
    }

    /// The element `k` of the array.
    pub(crate) fn element(&mut self, array: u32, k: u32, types: List) {
        self.data_of(array, types);
        self.c.get(k);
        self.get_element(types.data, types.element);
    }

    /// A new empty array with room for as many elements as the number on the stack says, in a local.
    pub(crate) fn new_list(&mut self, types: List) -> u32 {
        let capacity = self.c.temp(ValType::I32);
        let array = self.c.local(reference(types.object));
        self.c.set(capacity);
        self.c
            .i()
            .i32_const(0)
            .i32_const(0)
            .local_get(capacity)
            .array_new_default(types.data)
            .struct_new(types.object);
        self.c.set(array);
        self.c.release(capacity);
        array
    }

    /// Adds what `value` leaves on the stack to the end of the array.
    pub(crate) fn append(&mut self, array: u32, types: List, value: impl FnOnce(&mut Self)) {
        let n = self.c.temp(ValType::I32);
        self.len_of(array, types);
        self.c.i().local_tee(n);
        self.data_of(array, types);
        self.c.i().array_len().i32_eq();
        self.c.if_(BlockType::Empty);
        self.c.get(array).get(n).i().i32_const(1).i32_add();
        self.push_position();
        self.helper(Helper::Grow(types.element));
        self.c.end();
        self.data_of(array, types);
        self.c.get(n);
        value(self);
        self.set_element(types.data, types.element);
        self.c.get(array).get(n).i().i32_const(1).i32_add().struct_set(types.object, list::LEN);
        self.c.release(n);
    }

    /// Forgets what the element `k` refers to.
    pub(crate) fn clear_element(&mut self, array: u32, k: u32, types: List) {
        if let Some(value @ ValType::Ref(_)) = self.value(types.element) {
            let _ = value;
            self.data_of(array, types);
            self.c.get(k).i().ref_null(wasm_encoder::HeapType::Abstract {
                shared: false,
                ty: wasm_encoder::AbstractHeapType::None,
            });
            self.c.i().array_set(types.data);
        }
    }

    /// A new array, on the stack, of the `n` elements (a local) from `from` on.
    pub(crate) fn copy_of(&mut self, array: u32, types: List, from: impl FnOnce(&mut Self), n: u32) {
        let data = self.c.temp(reference(types.data));
        self.c.get(n).i().array_new_default(types.data).local_set(data);
        self.c.get(data).i().i32_const(0);
        self.data_of(array, types);
        from(self);
        self.c.get(n).i().array_copy(types.data, types.data);
        self.c.i().i32_const(0).local_get(n).local_get(data).ref_as_non_null().struct_new(types.object);
        self.c.release(data);
    }

    /// Fails unless the index in the local is below the length of the array, or up to it with `end`.
    pub(crate) fn check_element(&mut self, array: u32, index: u32, types: List, end: bool) {
        self.c.get(index);
        self.len_of(array, types);
        self.c.i().i64_extend_i32_u();
        if end {
            self.c.i().i64_gt_u();
        } else {
            self.c.i().i64_ge_u();
        }
        self.c.if_(BlockType::Empty);
        self.fail_about(
            Failure::Index,
            |e| {
                e.c.get(index);
            },
            |e| {
                e.c.get(array).i().struct_get(types.object, list::LEN).i64_extend_i32_u();
            },
        );
        self.c.end();
    }
}

/// The code of [`Helper::Grow`]: at least that many, and half as many again as there are.
pub(crate) fn grow(m: &mut Module<'_>, names: &Names, index: u32, element: TypeId) {
    let types = m.layout.list_of(m.types, element);
    let mut e = Emitter::new(m, names, 3, Place::Local(2));
    let data = e.c.local(reference(types.data));
    let capacity = e.c.local(ValType::I32);
    e.data_of(0, types);
    e.c.i().array_len().local_tee(capacity).local_get(1).i32_ge_u();
    e.c.if_(BlockType::Empty);
    e.c.i().return_();
    e.c.end();
    e.c.get(1).i().i32_const(LONGEST).i32_gt_u();
    e.fail_if(Failure::TooLong);
    // The greater of what is needed and one and a half of what there is, with a little more for the first.
    e.c.get(capacity)
        .get(capacity)
        .i()
        .i32_const(1)
        .i32_shr_u()
        .i32_add()
        .i32_const(4)
        .i32_add()
        .local_tee(capacity);
    e.c.get(1).get(capacity).get(1).i().i32_gt_u().select();
    e.c.i().array_new_default(types.data).local_set(data);
    e.c.get(data).i().i32_const(0);
    e.data_of(0, types);
    e.c.i().i32_const(0);
    e.len_of(0, types);
    e.c.i().array_copy(types.data, types.data);
    e.c.get(0).get(data).i().ref_as_non_null().struct_set(types.object, list::DATA);
    e.define(index, &[reference(types.object), ValType::I32, ValType::I32], &[]);
}

/// The code of [`Helper::Concat`].
pub(crate) fn concat(m: &mut Module<'_>, names: &Names, index: u32, element: TypeId) {
    let types = m.layout.list_of(m.types, element);
    let object = reference(types.object);
    let mut e = Emitter::new(m, names, 3, Place::Local(2));
    let data = e.c.local(reference(types.data));
    let n = e.c.local(ValType::I32);
    e.len_of(0, types);
    e.len_of(1, types);
    e.c.i().i32_add().local_tee(n).i32_const(LONGEST).i32_gt_u();
    e.fail_if(Failure::TooLong);
    e.c.get(n).i().array_new_default(types.data).local_set(data);
    e.c.get(data).i().i32_const(0);
    e.data_of(0, types);
    e.c.i().i32_const(0);
    e.len_of(0, types);
    e.c.i().array_copy(types.data, types.data);
    e.c.get(data);
    e.len_of(0, types);
    e.data_of(1, types);
    e.c.i().i32_const(0);
    e.len_of(1, types);
    e.c.i().array_copy(types.data, types.data);
    e.c.i().i32_const(0).local_get(n).local_get(data).ref_as_non_null().struct_new(types.object);
    e.define(index, &[object, object, ValType::I32], &[object]);
}
