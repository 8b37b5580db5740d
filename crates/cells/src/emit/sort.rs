//! Sorting: runs of a few elements by insertion, then merged from one array into another and back. Stable.

use wasm_encoder::{BlockType, ValType};

use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::{List, reference};
use crate::emit::module::Module;
use crate::types::TypeId;

/// How long the runs are that insertion sorts.
const RUN: i32 = 8;

/// An array that is sorted, or follows.
#[derive(Clone, Copy)]
struct Column {
    types: List,
    /// Where its elements are, where they go, and one that is on its way.
    from: u32,
    to: u32,
    moved: Option<u32>,
}

/// The code of [`crate::emit::module::Helper::Sort`].
pub(crate) fn helper(m: &mut Module<'_>, names: &Names, index: u32, keys: TypeId, values: Option<TypeId>) {
    let lists: Vec<List> =
        [Some(keys), values].into_iter().flatten().map(|ty| m.layout.list_of(m.types, ty)).collect();
    let mut params: Vec<ValType> = lists.iter().map(|list| reference(list.data)).collect();
    let n = params.len() as u32;
    params.push(ValType::I32);
    let mut e = Emitter::new(m, names, n + 1, Place::At(0));
    let mut columns = Vec::new();
    for (param, types) in (0..).zip(lists) {
        let (from, to) = (e.c.local(reference(types.data)), e.c.local(reference(types.data)));
        let moved = e.value(types.element).map(|value| e.c.local(value));
        e.c.get(param).set(from);
        columns.push(Column { types, from, to, moved });
    }
    e.insertion(&columns, n);
    e.c.get(n).i().i32_const(RUN).i32_le_u();
    e.c.if_(BlockType::Empty);
    e.c.i().return_();
    e.c.end();
    e.merges(&columns, n);
    for (param, column) in (0..).zip(&columns) {
        e.c.get(column.from).get(param).i().ref_eq().i32_eqz();
        e.c.if_(BlockType::Empty);
        e.c.get(param).i().i32_const(0).local_get(column.from).i32_const(0).local_get(n);
        e.c.i().array_copy(column.types.data, column.types.data);
        e.c.end();
    }
    e.define(index, &params, &[]);
}

impl Emitter<'_, '_> {
    /// Sorts each run of the elements.
    fn insertion(&mut self, columns: &[Column], n: u32) {
        let key = columns[0];
        let (lo, i, j) = (self.c.local(ValType::I32), self.c.local(ValType::I32), self.c.local(ValType::I32));
        let done = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        self.c.get(i).get(n).i().i32_ge_u();
        self.c.br_if(done);
        // A run begins at each multiple of its length.
        self.c.get(i).i().i32_const(-RUN).i32_and().local_set(lo);
        for column in columns {
            self.c.get(column.from).get(i);
            self.get_element(column.types.data, column.types.element);
            if let Some(moved) = column.moved {
                self.c.set(moved);
            }
        }
        self.c.get(i).set(j);
        let placed = self.c.block(BlockType::Empty);
        let back = self.c.repeat();
        self.c.get(j).get(lo).i().i32_eq();
        self.c.br_if(placed);
        self.unspill(key.moved);
        self.c.get(key.from).get(j).i().i32_const(1).i32_sub();
        self.get_element(key.types.data, key.types.element);
        self.before(key.types.element);
        self.c.i().i32_eqz();
        self.c.br_if(placed);
        for column in columns {
            self.c.get(column.from).get(j).get(column.from).get(j).i().i32_const(1).i32_sub();
            self.get_element(column.types.data, column.types.element);
            self.set_element(column.types.data, column.types.element);
        }
        self.c.get(j).i().i32_const(1).i32_sub().local_set(j);
        self.c.br(back);
        self.c.end();
        self.c.end();
        for column in columns {
            self.c.get(column.from).get(j);
            self.unspill(column.moved);
            self.set_element(column.types.data, column.types.element);
        }
        self.c.get(i).i().i32_const(1).i32_add().local_set(i);
        self.c.br(next);
        self.c.end();
        self.c.end();
    }

    /// Merges runs until there is one.
    fn merges(&mut self, columns: &[Column], n: u32) {
        let width = self.c.local(ValType::I32);
        for column in columns {
            self.c.get(n).i().array_new_default(column.types.data).local_set(column.to);
        }
        self.c.i().i32_const(RUN).local_set(width);
        let next = self.c.repeat();
        self.merge_pass(columns, n, width);
        for column in columns {
            // The two change places.
            self.c.get(column.from).get(column.to).set(column.from).set(column.to);
        }
        self.c.get(width).i().i32_const(1).i32_shl().local_tee(width).local_get(n).i32_lt_u();
        self.c.br_if(next);
        self.c.end();
    }

    /// Merges each two neighbouring runs of `width` elements.
    fn merge_pass(&mut self, columns: &[Column], n: u32, width: u32) {
        let key = columns[0];
        let [lo, middle, end, i, j, k] = std::array::from_fn(|_| self.c.local(ValType::I32));
        self.c.i().i32_const(0).local_set(lo);
        let pairs = self.c.repeat();
        self.sum_up_to(middle, lo, width, n);
        self.sum_up_to(end, middle, width, n);
        self.c.get(lo).set(i).get(middle).set(j).get(lo).set(k);
        let merged = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        self.c.get(k).get(end).i().i32_ge_u();
        self.c.br_if(merged);
        // From the first run, unless it is used up or the head of the second comes before its own.
        let stored = self.c.block(BlockType::Empty);
        let second = self.c.block(BlockType::Empty);
        let first = self.c.block(BlockType::Empty);
        self.c.get(i).get(middle).i().i32_ge_u();
        self.c.br_if(second);
        self.c.get(j).get(end).i().i32_ge_u();
        self.c.br_if(first);
        self.c.get(key.from).get(j);
        self.get_element(key.types.data, key.types.element);
        self.c.get(key.from).get(i);
        self.get_element(key.types.data, key.types.element);
        self.before(key.types.element);
        self.c.br_if(second);
        self.c.end();
        self.take(columns, i, k);
        self.c.br(stored);
        self.c.end();
        self.take(columns, j, k);
        self.c.end();
        self.c.get(k).i().i32_const(1).i32_add().local_set(k);
        self.c.br(next);
        self.c.end();
        self.c.end();
        self.c.get(end).i().local_tee(lo).local_get(n).i32_lt_u();
        self.c.br_if(pairs);
        self.c.end();
    }

    /// `local` = a + b, but at most `n`.
    fn sum_up_to(&mut self, local: u32, a: u32, b: u32, n: u32) {
        self.c.get(a).get(b).i().i32_add().local_tee(local);
        self.c.get(n).get(local).get(n).i().i32_lt_u().select().local_set(local);
    }

    fn take(&mut self, columns: &[Column], at: u32, k: u32) {
        for column in columns {
            self.c.get(column.to).get(k).get(column.from).get(at);
            self.get_element(column.types.data, column.types.element);
            self.set_element(column.types.data, column.types.element);
        }
        self.c.get(at).i().i32_const(1).i32_add().local_set(at);
    }
}
