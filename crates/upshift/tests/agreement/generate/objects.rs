//! References: functions, objects, and what is asked about them.

use wasm_encoder::{AbstractHeapType, HeapType, Instruction as I, RefType, ValType};

use super::body::Maker;
use super::values::{act, get, i32, op};
use super::{BYTES, FIELDS, INTS, STRUCT, nullable};
use crate::program::Node;

const ANY: ValType = ValType::Ref(RefType::ANYREF);

impl Maker<'_> {
    /// A reference of the type that is not only taken from somewhere; it may be null.
    pub(super) fn reference(&mut self, ty: RefType) -> Node {
        let result = ValType::Ref(ty);
        if self.rng.chance(15) {
            return self.constant(result);
        }
        match ty.heap_type {
            HeapType::Concrete(STRUCT) => {
                let fields = FIELDS.map(|field| self.value(field)).to_vec();
                op(I::StructNew(STRUCT), fields, result)
            }
            HeapType::Concrete(array) => {
                let len = i32(self.rng.below(6) as i32);
                let init = self.value(ValType::I32);
                op(I::ArrayNew(array), vec![init, len], result)
            }
            HeapType::FUNC => {
                let func = self.some_callee();
                op(I::RefFunc(func.0), Vec::new(), result)
            }
            HeapType::I31 => {
                let value = self.value(ValType::I32);
                op(I::RefI31, vec![value], result)
            }
            HeapType::EXTERN => {
                let value = self.value(ANY);
                op(I::ExternConvertAny, vec![value], result)
            }
            HeapType::Abstract { shared: false, ty: AbstractHeapType::Any } => {
                let of = match self.rng.below(4) {
                    0 => nullable(STRUCT),
                    1 => nullable(INTS),
                    2 => nullable(BYTES),
                    _ => RefType::I31REF,
                };
                let mut value = self.value(ValType::Ref(of));
                // It has the wider type for what is around it.
                if let Node::Op { results, .. } | Node::Branch { results, .. } = &mut value {
                    *results = vec![result];
                }
                value
            }
            _ => self.constant(result),
        }
    }

    /// An integer from a reference.
    pub(super) fn of_reference(&mut self) -> Node {
        let risky = self.rng.chance(10 * self.shape.traps);
        let (what, ty) = match self.rng.below(7) {
            0 => (I::RefIsNull, ANY),
            1 => (I::RefTestNullable(HeapType::Concrete(STRUCT)), ANY),
            2 => (I::RefTestNonNull(HeapType::I31), ANY),
            3 => (I::StructGet { struct_type_index: STRUCT, field_index: 0 }, ValType::Ref(nullable(STRUCT))),
            4 => {
                (I::StructGetS { struct_type_index: STRUCT, field_index: 2 }, ValType::Ref(nullable(STRUCT)))
            }
            5 => (I::ArrayLen, ValType::Ref(nullable(INTS))),
            _ => (I::I31GetS, ValType::Ref(RefType::I31REF)),
        };
        if matches!(what, I::RefIsNull | I::RefTestNullable(_) | I::RefTestNonNull(_)) || risky {
            let value = if ty == ANY { self.value(ty) } else { self.cast_sometimes(ty) };
            return op(what, vec![value], ValType::I32);
        }
        // What would trap on null is asked only of what is there.
        let local = self.fresh(ty);
        let value = self.value(ty);
        let test = op(I::RefIsNull, vec![op(I::LocalTee(local), vec![value], ty)], ValType::I32);
        let there = op(what, vec![get(local, ty)], ValType::I32);
        self.if_else(test, i32(-1), there, ValType::I32)
    }

    fn cast_sometimes(&mut self, ty: ValType) -> Node {
        match ty {
            ValType::Ref(to) if self.rng.chance(30) => {
                let value = self.value(ANY);
                op(I::RefCastNullable(to.heap_type), vec![value], ty)
            }
            _ => self.value(ty),
        }
    }

    /// Changes an object.
    pub(super) fn change_object(&mut self) -> Node {
        if self.rng.chance(50) {
            let field = self.rng.below(FIELDS.len());
            let ty = ValType::Ref(nullable(STRUCT));
            let local = self.fresh(ty);
            let object = self.value(ty);
            let value = self.value(FIELDS[field]);
            let set = I::StructSet { struct_type_index: STRUCT, field_index: field as u32 };
            let set = act(set, vec![get(local, ty), value]);
            return self.unless_null(op(I::LocalTee(local), vec![object], ty), set);
        }
        let array = *self.rng.pick(&[INTS, BYTES]);
        let ty = ValType::Ref(nullable(array));
        let local = self.fresh(ty);
        let (object, value) = (self.value(ty), self.value(ValType::I32));
        let at = if self.rng.chance(20 * self.shape.traps) {
            self.value(ValType::I32)
        } else {
            op(I::I32Const(0), Vec::new(), ValType::I32)
        };
        let set = act(I::ArraySet(array), vec![get(local, ty), at, value]);
        let len = op(I::ArrayLen, vec![get(local, ty)], ValType::I32);
        let set = self.when(len, set);
        self.unless_null(op(I::LocalTee(local), vec![object], ty), set)
    }

    fn unless_null(&mut self, object: Node, then: Node) -> Node {
        let null = op(I::RefIsNull, vec![object], ValType::I32);
        self.when(op(I::I32Eqz, vec![null], ValType::I32), then)
    }

    /// Reads or changes the table.
    pub(super) fn table(&mut self) -> Node {
        let func = ValType::Ref(RefType::FUNCREF);
        let index = if self.rng.chance(self.shape.traps) {
            self.value(ValType::I32)
        } else {
            let index = self.value(ValType::I32);
            op(I::I32And, vec![index, i32(7)], ValType::I32)
        };
        match self.rng.below(4) {
            0 => {
                let value = op(I::TableGet(0), vec![index], func);
                act(I::Drop, vec![op(I::RefIsNull, vec![value], ValType::I32)])
            }
            1 => {
                let grown = op(I::TableGrow(0), vec![self.constant(func), i32(1)], ValType::I32);
                act(I::Drop, vec![grown])
            }
            _ => {
                let value = self.reference(RefType::FUNCREF);
                act(I::TableSet(0), vec![index, value])
            }
        }
    }
}
