//! The functions of arrays: one helper for each function and types. Parameter 0 is the array, the last one the position.

use wasm_encoder::{BlockType, ValType};

use crate::builtins::Builtin;
use crate::check::program::BinaryOp;
use crate::emit::arithmetic::Operand;
use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::{List, closure, list};
use crate::emit::module::{Helper, Module};
use crate::host::Failure;
use crate::types::{Type, TypeId};

/// The code of [`Helper::Builtin`]; `types` are those of the array, of the last operand and of the result.
pub(crate) fn helper(m: &mut Module<'_>, names: &Names, index: u32, builtin: Builtin, types: [TypeId; 3]) {
    let array = types[0];
    let element = m.layout.list(m.types, array).element;
    let params: &[TypeId] = match builtin {
        Builtin::ArrayPush | Builtin::ArrayContains | Builtin::ArrayIndexOf => &[element],
        Builtin::ArrayInsert => &[TypeId::INT, element],
        Builtin::ArrayRemove => &[TypeId::INT],
        Builtin::ArraySwap | Builtin::ArraySlice => &[TypeId::INT, TypeId::INT],
        Builtin::ArrayFold => &[types[2], types[1]],
        Builtin::ArrayExtend
        | Builtin::ArraySortBy
        | Builtin::ArrayMap
        | Builtin::ArrayFilter
        | Builtin::ArrayEach
        | Builtin::ArrayAny
        | Builtin::ArrayAll
        | Builtin::ArrayCount
        | Builtin::ArrayZip => &types[1..2],
        _ => &[],
    };
    let mut values: Vec<ValType> = m.value(array).into_iter().collect();
    // A parameter without a value has no local; its number is not used then.
    let mut locals = [u32::MAX; 2];
    for (local, &ty) in locals.iter_mut().zip(params) {
        if let Some(value) = m.value(ty) {
            *local = values.len() as u32;
            values.push(value);
        }
    }
    let position = values.len() as u32;
    values.push(ValType::I32);
    let results: Vec<ValType> = m.value(types[2]).into_iter().collect();
    let list = m.layout.list(m.types, array);
    let mut e = Emitter::new(m, names, position + 1, Place::Local(position));
    e.array_function(builtin, list, types, locals);
    e.define(index, &values, &results);
}

impl Emitter<'_, '_> {
    fn array_function(&mut self, builtin: Builtin, types: List, of: [TypeId; 3], [a, b]: [u32; 2]) {
        match builtin {
            Builtin::ArrayPush => self.append(0, types, |e| e.param(a)),
            Builtin::ArrayPop => self.pop(types),
            Builtin::ArrayInsert => self.insert(types, a, b),
            Builtin::ArrayRemove => self.remove(types, a),
            Builtin::ArrayFirst => {
                self.check_not_empty(types);
                self.data_of(0, types);
                self.c.i().i32_const(0);
                self.get_element(types.data, types.element);
            }
            Builtin::ArrayLast => {
                self.check_not_empty(types);
                self.data_of(0, types);
                self.len_of(0, types);
                self.c.i().i32_const(1).i32_sub();
                self.get_element(types.data, types.element);
            }
            Builtin::ArraySwap => self.swap(types, a, b),
            Builtin::ArrayClear => {
                self.c.get(0).i().i32_const(0).struct_set(types.object, list::LEN);
                self.c
                    .get(0)
                    .i()
                    .i32_const(0)
                    .array_new_default(types.data)
                    .struct_set(types.object, list::DATA);
            }
            Builtin::ArrayExtend => self.extend(types, a),
            Builtin::ArrayCopy => {
                let n = self.c.local(ValType::I32);
                self.len_of(0, types);
                self.c.set(n);
                self.copy_of(0, types, |e| zero(e), n);
            }
            Builtin::ArraySlice => self.slice(types, a, b),
            Builtin::ArrayContains => {
                self.find(types, a);
                self.c.i().i64_const(0).i64_ge_s();
            }
            Builtin::ArrayIndexOf => self.find(types, a),
            Builtin::ArrayReverse => self.reverse(0, types),
            Builtin::ArraySort => self.sort(0, types),
            Builtin::ArraySortBy => self.sort_by(types, a, of[1]),
            Builtin::ArraySorted | Builtin::ArrayReversed => {
                let n = self.c.local(ValType::I32);
                let copy = self.c.local(crate::emit::layout::reference(types.object));
                self.len_of(0, types);
                self.c.set(n);
                self.copy_of(0, types, |e| zero(e), n);
                self.c.set(copy);
                if builtin == Builtin::ArraySorted {
                    self.sort(copy, types)
                } else {
                    self.reverse(copy, types)
                }
                self.c.get(copy);
            }
            Builtin::ArrayMap => {
                let made = self.m.layout.list(self.m.types, of[2]);
                self.len_of(0, types);
                let result = self.new_list(made);
                self.each_index(0, types, |e, k, _| {
                    e.call_with_element(a, of[1], k, types);
                    let value = e.spill(made.element);
                    e.append(result, made, |e| e.unspill(value));
                    e.release(value);
                });
                self.c.get(result);
            }
            Builtin::ArrayFilter => {
                self.c.i().i32_const(0);
                let result = self.new_list(types);
                self.each_index(0, types, |e, k, _| {
                    e.element(0, k, types);
                    let value = e.spill(types.element);
                    e.call_with(a, of[1], |e| e.unspill(value));
                    e.c.if_(BlockType::Empty);
                    e.append(result, types, |e| e.unspill(value));
                    e.c.end();
                    e.release(value);
                });
                self.c.get(result);
            }
            Builtin::ArrayFold => {
                self.each_index(0, types, |e, k, _| {
                    e.call_with(b, of[1], |e| {
                        e.param(a);
                        e.element(0, k, types);
                    });
                    if a != u32::MAX {
                        e.c.set(a);
                    }
                });
                self.param(a);
            }
            Builtin::ArrayEach => {
                self.each_index(0, types, |e, k, _| e.call_with_element(a, of[1], k, types))
            }
            Builtin::ArrayAny | Builtin::ArrayAll => {
                let all = builtin == Builtin::ArrayAll;
                self.each_index(0, types, |e, k, _| {
                    e.call_with_element(a, of[1], k, types);
                    if all {
                        e.c.i().i32_eqz();
                    }
                    e.c.if_(BlockType::Empty);
                    e.c.i().i32_const(i32::from(!all)).return_();
                    e.c.end();
                });
                self.c.i().i32_const(i32::from(all));
            }
            Builtin::ArrayCount => {
                let n = self.c.local(ValType::I64);
                self.each_index(0, types, |e, k, _| {
                    e.c.get(n);
                    e.call_with_element(a, of[1], k, types);
                    e.c.i().i64_extend_i32_u().i64_add().local_set(n);
                });
                self.c.get(n);
            }
            Builtin::ArrayEnumerate => self.pairs(types, of[2], None),
            Builtin::ArrayZip => {
                let other = self.m.layout.list(self.m.types, of[1]);
                self.pairs(types, of[2], Some((a, other)));
            }
            Builtin::ArrayFlatten => self.flatten(types),
            Builtin::ArraySum => self.sum(types),
            Builtin::ArrayLeast => self.extreme(types, BinaryOp::Less),
            Builtin::ArrayGreatest => self.extreme(types, BinaryOp::Greater),
            // The others are made where they are used.
            _ => {
                self.c.i().unreachable();
            }
        }
    }

    /// A parameter, if it has a value.
    fn param(&mut self, local: u32) {
        if local != u32::MAX {
            self.c.get(local);
        }
    }

    /// Calls the function in a local.
    fn call_with(&mut self, function: u32, ty: TypeId, args: impl FnOnce(&mut Self)) {
        let object = self.m.layout.object(self.m.types, ty);
        self.c.get(function);
        args(self);
        self.c.get(function).i().struct_get(object, closure::CODE);
        self.call_code(ty);
    }

    fn call_with_element(&mut self, function: u32, ty: TypeId, k: u32, types: List) {
        self.call_with(function, ty, |e| e.element(0, k, types));
    }

    fn check_not_empty(&mut self, types: List) {
        self.len_of(0, types);
        self.c.i().i32_eqz();
        self.fail_if(Failure::Empty);
    }

    fn pop(&mut self, types: List) {
        self.check_not_empty(types);
        let n = self.c.local(ValType::I32);
        self.len_of(0, types);
        self.c.i().i32_const(1).i32_sub().local_set(n);
        self.element(0, n, types);
        self.clear_element(0, n, types);
        self.c.get(0).get(n).i().struct_set(types.object, list::LEN);
    }

    /// Moves the elements from `from` on by one place up or down.
    fn shift(&mut self, types: List, at: u32, up: bool) {
        let (to, from) = if up { (1, 0) } else { (0, 1) };
        for offset in [to, from] {
            self.data_of(0, types);
            self.c.get(at).i().i32_wrap_i64().i32_const(offset).i32_add();
        }
        self.len_of(0, types);
        self.c.get(at).i().i32_wrap_i64().i32_sub();
        if !up {
            self.c.i().i32_const(1).i32_sub();
        }
        self.c.i().array_copy(types.data, types.data);
    }

    fn insert(&mut self, types: List, at: u32, value: u32) {
        self.check_element(0, at, types, true);
        self.c.get(0);
        self.len_of(0, types);
        self.c.i().i32_const(1).i32_add();
        self.push_position();
        self.helper(Helper::Grow(types.element));
        self.shift(types, at, true);
        self.data_of(0, types);
        self.c.get(at).i().i32_wrap_i64();
        self.param(value);
        self.set_element(types.data, types.element);
        self.c.get(0);
        self.len_of(0, types);
        self.c.i().i32_const(1).i32_add().struct_set(types.object, list::LEN);
    }

    fn remove(&mut self, types: List, at: u32) {
        self.check_element(0, at, types, false);
        self.data_of(0, types);
        self.c.get(at).i().i32_wrap_i64();
        self.get_element(types.data, types.element);
        self.shift(types, at, false);
        let n = self.c.local(ValType::I32);
        self.len_of(0, types);
        self.c.i().i32_const(1).i32_sub().local_set(n);
        self.clear_element(0, n, types);
        self.c.get(0).get(n).i().struct_set(types.object, list::LEN);
    }

    fn swap(&mut self, types: List, a: u32, b: u32) {
        self.check_element(0, a, types, false);
        self.check_element(0, b, types, false);
        let at = |e: &mut Self, k: u32| {
            e.data_of(0, types);
            e.c.get(k).i().i32_wrap_i64();
        };
        at(self, a);
        at(self, b);
        self.get_element(types.data, types.element);
        // The one at `a` goes to `b`, while that of `b` waits below for its place.
        at(self, b);
        at(self, a);
        self.get_element(types.data, types.element);
        self.set_element(types.data, types.element);
        self.set_element(types.data, types.element);
    }

    fn extend(&mut self, types: List, other: u32) {
        let (n, more) = (self.c.local(ValType::I32), self.c.local(ValType::I32));
        self.len_of(0, types);
        self.c.set(n);
        self.len_of(other, types);
        self.c.set(more);
        self.c.get(0).get(n).get(more).i().i32_add();
        self.push_position();
        self.helper(Helper::Grow(types.element));
        self.data_of(0, types);
        self.c.get(n);
        self.data_of(other, types);
        self.c.i().i32_const(0).local_get(more).array_copy(types.data, types.data);
        self.c.get(0).get(n).get(more).i().i32_add().struct_set(types.object, list::LEN);
    }

    fn slice(&mut self, types: List, from: u32, to: u32) {
        self.c.get(from).get(to).i().i64_gt_u().local_get(to);
        self.len_of(0, types);
        self.c.i().i64_extend_i32_u().i64_gt_u().i32_or();
        self.c.if_(BlockType::Empty);
        self.fail_about(
            Failure::Range,
            |e| {
                e.c.get(from);
            },
            |e| {
                e.c.get(to);
            },
        );
        self.c.end();
        let n = self.c.local(ValType::I32);
        self.c.get(to).get(from).i().i64_sub().i32_wrap_i64().local_set(n);
        self.copy_of(
            0,
            types,
            |e| {
                e.c.get(from).i().i32_wrap_i64();
            },
            n,
        );
    }

    /// Where the first element is that equals the parameter, or -1.
    fn find(&mut self, types: List, value: u32) {
        let found = self.c.block(BlockType::Result(ValType::I64));
        self.each_index(0, types, |e, k, _| {
            e.c.get(k).i().i64_extend_i32_u();
            e.element(0, k, types);
            e.param(value);
            e.equal(types.element);
            e.c.br_if(found);
            e.c.i().drop();
        });
        self.c.i().i64_const(-1);
        self.c.end();
    }

    fn reverse(&mut self, array: u32, types: List) {
        let (i, j) = (self.c.local(ValType::I32), self.c.local(ValType::I32));
        self.len_of(array, types);
        self.c.set(j);
        let done = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        // Without elements this is -1, which is less as well.
        self.c.get(i).get(j).i().i32_const(1).i32_sub().local_tee(j).i32_ge_s();
        self.c.br_if(done);
        self.data_of(array, types);
        self.c.get(i);
        self.element(array, j, types);
        self.data_of(array, types);
        self.c.get(j);
        self.element(array, i, types);
        self.set_element(types.data, types.element);
        self.set_element(types.data, types.element);
        self.c.get(i).i().i32_const(1).i32_add().local_set(i);
        self.c.br(next);
        self.c.end();
        self.c.end();
    }

    fn sort(&mut self, array: u32, types: List) {
        self.data_of(array, types);
        self.len_of(array, types);
        self.helper(Helper::Sort(types.element, None));
    }

    /// The function may do anything with the array, so a copy is sorted, which becomes the array at the end.
    fn sort_by(&mut self, types: List, key: u32, key_type: TypeId) {
        let (_, result) = self.function_parts(key_type);
        let keys = self.m.layout.list_of(self.m.types, result);
        let n = self.c.local(ValType::I32);
        let copy = self.c.local(crate::emit::layout::reference(types.object));
        self.len_of(0, types);
        self.c.set(n);
        self.copy_of(0, types, |e| zero(e), n);
        self.c.set(copy);
        self.c.get(n);
        let made = self.new_list(keys);
        self.each_index(copy, types, |e, k, _| {
            e.call_with(key, key_type, |e| e.element(copy, k, types));
            let value = e.spill(keys.element);
            e.append(made, keys, |e| e.unspill(value));
            e.release(value);
        });
        self.data_of(made, keys);
        self.data_of(copy, types);
        self.c.get(n);
        self.helper(Helper::Sort(keys.element, Some(types.element)));
        self.c.get(0);
        self.data_of(copy, types);
        self.c.i().struct_set(types.object, list::DATA);
        self.c.get(0).get(n).i().struct_set(types.object, list::LEN);
    }

    /// Pairs of index and element, or of the elements of two arrays.
    fn pairs(&mut self, types: List, result: TypeId, other: Option<(u32, List)>) {
        let made = self.m.layout.list(self.m.types, result);
        let pair = self.m.layout.object(self.m.types, made.element);
        self.len_of(0, types);
        let result = self.new_list(made);
        self.each_index(0, types, |e, k, done| {
            if let Some((array, other)) = other {
                e.c.get(k);
                e.len_of(array, other);
                e.c.i().i32_ge_u();
                e.c.br_if(done);
            }
            e.append(result, made, |e| {
                if other.is_none() {
                    e.c.get(k).i().i64_extend_i32_u();
                }
                e.element(0, k, types);
                e.as_stored(types.element);
                if let Some((array, other)) = other {
                    e.element(array, k, other);
                    e.as_stored(other.element);
                }
                e.c.i().struct_new(pair);
            });
        });
        self.c.get(result);
    }

    fn flatten(&mut self, types: List) {
        let inner = self.m.layout.list(self.m.types, types.element);
        self.c.i().i32_const(0);
        let result = self.new_list(inner);
        let extend = Helper::Builtin(Builtin::ArrayExtend, [types.element, types.element, TypeId::UNIT]);
        self.each_index(0, types, |e, k, _| {
            e.c.get(result);
            e.element(0, k, types);
            e.push_position();
            e.helper(extend);
        });
        self.c.get(result);
    }

    fn sum(&mut self, types: List) {
        let Some(value) = self.value(types.element) else { return };
        let (sum, x) = (self.c.local(value), self.c.local(value));
        self.each_index(0, types, |e, k, _| {
            e.element(0, k, types);
            e.c.set(x);
            match e.ty(types.element) {
                Type::Float => {
                    e.c.get(sum).get(x).i().f64_add();
                }
                _ => e.int(
                    BinaryOp::Add,
                    Operand::In { local: sum, owned: false },
                    Operand::In { local: x, owned: false },
                ),
            }
            e.c.set(sum);
        });
        self.c.get(sum);
    }

    /// The first element that no other is less than, or greater.
    fn extreme(&mut self, types: List, op: BinaryOp) {
        self.check_not_empty(types);
        let Some(value) = self.value(types.element) else { return };
        let (best, x) = (self.c.local(value), self.c.local(value));
        self.data_of(0, types);
        self.c.i().i32_const(0);
        self.get_element(types.data, types.element);
        self.c.set(best);
        self.each_index(0, types, |e, k, _| {
            e.element(0, k, types);
            if types.element == TypeId::FLOAT {
                e.c.get(best);
                if op == BinaryOp::Less {
                    e.c.i().f64_min();
                } else {
                    e.c.i().f64_max();
                }
                e.c.set(best);
                return;
            }
            e.c.i().local_tee(x).local_get(best);
            e.ordered(op, types.element);
            e.c.if_(BlockType::Empty);
            e.c.get(x).set(best);
            e.c.end();
        });
        self.c.get(best);
    }
}

fn zero(e: &mut Emitter<'_, '_>) {
    e.c.i().i32_const(0);
}
