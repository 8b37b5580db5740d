//! `<` of any type that has an order, and comparing in three ways.

use wasm_encoder::{BlockType, ValType};

use crate::check::program::BinaryOp;
use crate::emit::emitter::{Emitter, Names, Place};
use crate::emit::layout::list;
use crate::emit::module::{Helper, Module};
use crate::emit::runtime::Runtime;
use crate::types::{Type, TypeId};

impl Emitter<'_, '_> {
    /// From two values on the stack to what `<`, `<=`, `>` or `>=` says of them.
    pub(crate) fn ordered(&mut self, op: BinaryOp, ty: TypeId) {
        if !matches!(self.ty(ty), Type::Int | Type::Float | Type::Bool) {
            self.compare(ty);
            // -1, 0, 1, and 2 for what has no order.
            let mut i = self.c.i();
            match op {
                BinaryOp::Less => i.i32_const(-1).i32_eq(),
                BinaryOp::LessEqual => i.i32_const(0).i32_le_s(),
                BinaryOp::Greater => i.i32_const(1).i32_eq(),
                _ => i.i32_const(2).i32_lt_u(),
            };
            return;
        }
        let mut i = self.c.i();
        match (self.m.types.get(ty), op) {
            (Type::Int, BinaryOp::Less) => i.i64_lt_s(),
            (Type::Int, BinaryOp::LessEqual) => i.i64_le_s(),
            (Type::Int, BinaryOp::Greater) => i.i64_gt_s(),
            (Type::Int, _) => i.i64_ge_s(),
            (Type::Float, BinaryOp::Less) => i.f64_lt(),
            (Type::Float, BinaryOp::LessEqual) => i.f64_le(),
            (Type::Float, BinaryOp::Greater) => i.f64_gt(),
            (Type::Float, _) => i.f64_ge(),
            (_, BinaryOp::Less) => i.i32_lt_u(),
            (_, BinaryOp::LessEqual) => i.i32_le_u(),
            (_, BinaryOp::Greater) => i.i32_gt_u(),
            (_, _) => i.i32_ge_u(),
        };
    }

    /// Whether the first of two values on the stack comes before the second when they are sorted: as `<`, and NaN last.
    pub(crate) fn before(&mut self, ty: TypeId) {
        if ty != TypeId::FLOAT {
            return self.ordered(BinaryOp::Less, ty);
        }
        let (a, b) = (self.c.temp(ValType::F64), self.c.temp(ValType::F64));
        self.c.set(b).set(a).get(a).get(b).i().f64_lt();
        self.c.get(b).get(b).i().f64_ne().local_get(a).local_get(a).f64_eq().i32_and().i32_or();
        self.c.release(a);
        self.c.release(b);
    }

    /// From two values on the stack to -1, 0, 1 or, if there is no order, 2.
    pub(crate) fn compare(&mut self, ty: TypeId) {
        let value = self.value(ty);
        match (self.ty(ty), value) {
            (Type::String, _) => self.runtime(Runtime::Compare),
            (Type::Array(_) | Type::Tuple(_), _) => self.helper(Helper::Compare(ty)),
            (Type::Int | Type::Bool | Type::Float, Some(value)) => {
                let (a, b) = (self.c.temp(value), self.c.temp(value));
                self.c.set(b).set(a).get(a).get(b);
                self.ordered(BinaryOp::Greater, ty);
                self.c.get(a).get(b);
                self.ordered(BinaryOp::Less, ty);
                self.c.i().i32_sub();
                if ty == TypeId::FLOAT {
                    // Neither less nor greater nor equal.
                    self.c
                        .get(a)
                        .get(a)
                        .i()
                        .f64_ne()
                        .local_get(b)
                        .local_get(b)
                        .f64_ne()
                        .i32_or()
                        .i32_const(1)
                        .i32_shl()
                        .i32_or();
                }
                self.c.release(a);
                self.c.release(b);
            }
            // The checker lets nobody ask for the order of these.
            _ => {
                self.drop(ty);
                self.drop(ty);
                self.c.i().i32_const(0);
            }
        }
    }

    /// Returns from the helper what is on the stack, unless it is zero.
    fn return_if_decided(&mut self, local: u32) {
        self.c.i().local_tee(local);
        self.c.if_(BlockType::Empty);
        self.c.get(local).i().return_();
        self.c.end();
    }
}

/// The code of [`Helper::Compare`]: the first elements that differ decide, then the lengths.
pub(crate) fn helper(m: &mut Module<'_>, names: &Names, index: u32, ty: TypeId) {
    let Some(value) = m.value(ty) else { return };
    let types = m.types;
    let mut e = Emitter::new(m, names, 2, Place::At(0));
    let object = e.m.layout.object(types, ty);
    let order = e.c.local(ValType::I32);
    match types.get(ty) {
        &Type::Array(element) => {
            let data = e.m.layout.list_of(types, element).data;
            let (k, n) = (e.c.local(ValType::I32), e.c.local(ValType::I32));
            e.c.get(0)
                .i()
                .struct_get(object, list::LEN)
                .local_tee(n)
                .local_get(1)
                .struct_get(object, list::LEN)
                .local_tee(order);
            e.c.get(n).get(order).i().i32_lt_u().select().local_set(n);
            let done = e.c.block(BlockType::Empty);
            let next = e.c.repeat();
            e.c.get(k).get(n).i().i32_ge_u();
            e.c.br_if(done);
            for side in [0, 1] {
                e.c.get(side).i().struct_get(object, list::DATA).local_get(k);
                e.get_element(data, element);
            }
            e.compare(element);
            e.return_if_decided(order);
            e.c.get(k).i().i32_const(1).i32_add().local_set(k);
            e.c.br(next);
            e.c.end();
            e.c.end();
            for less in [false, true] {
                e.c.get(0).i().struct_get(object, list::LEN).local_get(1).struct_get(object, list::LEN);
                if less {
                    e.c.i().i32_lt_u();
                } else {
                    e.c.i().i32_gt_u();
                }
            }
            e.c.i().i32_sub();
        }
        Type::Tuple(elements) => {
            for (field, &ty) in (0..).zip(elements.iter()) {
                for side in [0, 1] {
                    e.c.get(side);
                    e.get_field(object, field, ty);
                }
                e.compare(ty);
                e.return_if_decided(order);
            }
            e.c.i().i32_const(0);
        }
        _ => {
            e.c.i().i32_const(0);
        }
    }
    e.define(index, &[value, value], &[ValType::I32]);
}
