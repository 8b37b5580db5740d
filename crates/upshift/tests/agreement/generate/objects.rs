//! References: functions, objects, what is asked about them, and casts along their types.

use wasm_encoder::{AbstractHeapType, HeapType, Instruction as I, RefType, StorageType, ValType};

use super::body::Maker;
use super::values::{act, get, i32, op};
use super::{ARRAYS, STRUCTS, abstract_type, nullable};
use crate::program::{BlockKind, Body, Branch, Node, Type};

const ANY: ValType = ValType::Ref(RefType::ANYREF);
const EQ: ValType = ValType::Ref(abstract_type(AbstractHeapType::Eq));

/// The type of a value that is read from a field.
fn unpacked(ty: StorageType) -> ValType {
    match ty {
        StorageType::I8 | StorageType::I16 => ValType::I32,
        StorageType::Val(ty) => ty,
    }
}

/// The node, which has the wider type for what is around it.
fn widened(mut node: Node, ty: ValType) -> Node {
    match &mut node {
        Node::Op { results, .. } | Node::Branch { results, .. } => *results = vec![ty],
        _ => {}
    }
    node
}

impl Maker<'_> {
    fn fields(&self, index: u32) -> Vec<StorageType> {
        match &self.shape.types[index as usize] {
            Type::Struct(fields, _) => fields.clone(),
            other => unreachable!("{other:?} is no struct"),
        }
    }

    fn element(&self, index: u32) -> StorageType {
        match &self.shape.types[index as usize] {
            Type::Array(element) => *element,
            other => unreachable!("{other:?} is no array"),
        }
    }

    /// A reference of the type that is not only taken from somewhere; it may be null.
    pub(super) fn reference(&mut self, ty: RefType) -> Node {
        let result = ValType::Ref(ty);
        if self.rng.chance(15) {
            return self.constant(result);
        }
        if self.rng.chance(10)
            && let Some(node) = self.cast(ty)
        {
            return node;
        }
        if self.rng.chance(8) {
            // The first one of two that is there.
            let (label, value) = (self.label(), self.value(result));
            let statements = vec![self.branch_to(Branch::OnNonNull, label, vec![value], Vec::new())];
            let body = Body { statements, values: vec![self.value(result)], ..Body::default() };
            return Node::Block(Box::new(self.block(BlockKind::Block, label, vec![result], vec![body])));
        }
        if self.rng.chance(self.shape.traps) {
            let value = self.value(result);
            return op(I::RefAsNonNull, vec![value], result);
        }
        match ty.heap_type {
            HeapType::Concrete(index) if STRUCTS.contains(&index) => {
                let child = index + self.rng.below((STRUCTS.end - index) as usize) as u32;
                self.new_struct(child, result)
            }
            HeapType::Concrete(array) if ARRAYS.contains(&array) => self.new_array(array, result),
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
            HeapType::Abstract { shared: false, ty: AbstractHeapType::Any } if self.rng.chance(20) => {
                let value = self.value(ValType::Ref(RefType::EXTERNREF));
                op(I::AnyConvertExtern, vec![value], result)
            }
            HeapType::Abstract { shared: false, ty } => match self.below_abstract(ty) {
                Some(of) => {
                    let value = self.value(ValType::Ref(of));
                    widened(value, result)
                }
                None => self.constant(result),
            },
            _ => self.constant(result),
        }
    }

    /// A type of objects below an abstract one.
    fn below_abstract(&mut self, ty: AbstractHeapType) -> Option<RefType> {
        let (structs, arrays, small) = match ty {
            AbstractHeapType::Any | AbstractHeapType::Eq => (true, true, true),
            AbstractHeapType::Struct => (true, false, false),
            AbstractHeapType::Array => (false, true, false),
            _ => return None,
        };
        if small && self.rng.chance(30) {
            return Some(RefType::I31REF);
        }
        let start = if structs { STRUCTS.start } else { ARRAYS.start };
        let end = if arrays { ARRAYS.end } else { STRUCTS.end };
        // Half of them structs where there are both.
        if structs && arrays && self.rng.chance(40) {
            return Some(nullable(self.rng.below(STRUCTS.end as usize) as u32));
        }
        Some(nullable(start + self.rng.below((end - start) as usize) as u32))
    }

    fn new_struct(&mut self, index: u32, result: ValType) -> Node {
        if self.rng.chance(15) {
            return op(I::StructNewDefault(index), Vec::new(), result);
        }
        let fields = self.fields(index);
        let values = fields.into_iter().map(|field| self.value(unpacked(field))).collect();
        op(I::StructNew(index), values, result)
    }

    fn new_array(&mut self, index: u32, result: ValType) -> Node {
        let element = self.element(index);
        let len = *self.rng.pick(&[0, 1, 2, 3, 5, 5, 8, 40]);
        match self.rng.below(4) {
            0 => op(I::ArrayNewDefault(index), vec![i32(len)], result),
            1 => {
                let size = len.min(5) as u32;
                let values = (0..size).map(|_| self.value(unpacked(element))).collect();
                op(I::ArrayNewFixed { array_type_index: index, array_size: size }, values, result)
            }
            2 if !self.shape.data.is_empty() && !matches!(element, StorageType::Val(ValType::Ref(_))) => {
                let data = self.rng.below(self.shape.data.len());
                let (from, len) = self.part(self.shape.data[data].len() / 16);
                let new = I::ArrayNewData { array_type_index: index, array_data_index: data as u32 };
                let whole = op(new, vec![from, len], result);
                // A segment that has been dropped has no bytes.
                if self.rng.chance(60 + 10 * self.shape.traps) { whole } else { self.constant(result) }
            }
            _ => {
                let init = self.value(unpacked(element));
                op(I::ArrayNew(index), vec![init, i32(len)], result)
            }
        }
    }

    /// A value of the type that is cast to it: without a trap, by a branch over what has another type.
    fn cast(&mut self, to: RefType) -> Option<Node> {
        let result = ValType::Ref(to);
        let from = match to.heap_type {
            HeapType::Concrete(index) if STRUCTS.contains(&index) => {
                let parent = nullable(self.rng.below(index as usize + 1) as u32);
                *self.rng.pick(&[RefType::ANYREF, abstract_type(AbstractHeapType::Struct), parent])
            }
            HeapType::Concrete(index) if ARRAYS.contains(&index) => {
                *self.rng.pick(&[RefType::ANYREF, abstract_type(AbstractHeapType::Array)])
            }
            HeapType::Abstract {
                ty: AbstractHeapType::I31 | AbstractHeapType::Struct | AbstractHeapType::Array,
                ..
            } => *self.rng.pick(&[RefType::ANYREF, abstract_type(AbstractHeapType::Eq)]),
            HeapType::Abstract { ty: AbstractHeapType::Eq, .. } => RefType::ANYREF,
            _ => return None,
        };
        let value = self.value(ValType::Ref(from));
        if self.rng.chance(self.shape.traps) {
            return Some(op(I::RefCastNullable(to.heap_type), vec![value], result));
        }
        let target = if self.rng.chance(50) { to } else { RefType { nullable: false, ..to } };
        let otherwise = self.constant(result);
        Some(if self.rng.chance(50) {
            self.cast_away(value, from, target, otherwise)
        } else {
            self.cast_on(value, from, target, otherwise)
        })
    }

    /// Branches with the value that could be cast, or goes on with the other one.
    fn cast_away(&mut self, value: Node, from: RefType, to: RefType, otherwise: Node) -> Node {
        let (label, result) = (self.label(), otherwise.results()[0]);
        let rest = ValType::Ref(RefType { nullable: from.nullable && !to.nullable, ..from });
        let branch = self.branch_to(Branch::OnCast { from, to }, label, vec![value], vec![rest]);
        let body =
            Body { statements: vec![act(I::Drop, vec![branch])], values: vec![otherwise], ..Body::default() };
        Node::Block(Box::new(self.block(BlockKind::Block, label, vec![result], vec![body])))
    }

    /// Branches with the value that could not be cast, or goes on with the other one.
    fn cast_on(&mut self, value: Node, from: RefType, to: RefType, otherwise: Node) -> Node {
        let (inner, outer, result) = (self.label(), self.label(), otherwise.results()[0]);
        let local = self.fresh(result);
        let branch =
            self.branch_to(Branch::OnCastFail { from, to }, inner, vec![value], vec![ValType::Ref(to)]);
        let from = ValType::Ref(from);
        let body = Body {
            statements: vec![act(I::LocalSet(local), vec![branch])],
            values: vec![self.simple(from)],
            ..Body::default()
        };
        let attempt = Node::Block(Box::new(self.block(BlockKind::Block, inner, vec![from], vec![body])));
        let statements = vec![act(I::LocalSet(local), vec![otherwise]), act(I::Drop, vec![attempt])];
        let body = Body { statements, values: vec![get(local, result)], ..Body::default() };
        Node::Block(Box::new(self.block(BlockKind::Block, outer, vec![result], vec![body])))
    }

    fn branch_to(&mut self, op: Branch, label: u32, args: Vec<Node>, results: Vec<ValType>) -> Node {
        Node::Branch { op, targets: vec![label], args, results }
    }

    /// An integer that tells something about a reference.
    pub(super) fn of_reference(&mut self) -> Node {
        let heap_type = match self.rng.below(4) {
            0 => HeapType::I31,
            1 => {
                abstract_type(*self.rng.pick(&[
                    AbstractHeapType::Struct,
                    AbstractHeapType::Array,
                    AbstractHeapType::Eq,
                    AbstractHeapType::None,
                ]))
                .heap_type
            }
            _ => HeapType::Concrete(self.rng.below(ARRAYS.end as usize) as u32),
        };
        match self.rng.below(8) {
            0 => {
                let value = self.value(ANY);
                op(I::RefIsNull, vec![value], ValType::I32)
            }
            1 => {
                let value = self.value(ANY);
                op(I::RefTestNullable(heap_type), vec![value], ValType::I32)
            }
            2 => {
                let value = self.value(ANY);
                op(I::RefTestNonNull(heap_type), vec![value], ValType::I32)
            }
            3 => {
                let (a, b) = (self.value(EQ), self.value(EQ));
                op(I::RefEq, vec![a, b], ValType::I32)
            }
            4..6 => {
                let ty = ValType::Ref(RefType::I31REF);
                let signed = self.rng.chance(50);
                self.asked(ty, ValType::I32, &|_, object| {
                    op(if signed { I::I31GetS } else { I::I31GetU }, vec![object], ValType::I32)
                })
            }
            _ => {
                let array = ARRAYS.start + self.rng.below(ARRAYS.len()) as u32;
                self.asked(ValType::Ref(nullable(array)), ValType::I32, &|_, object| {
                    op(I::ArrayLen, vec![object], ValType::I32)
                })
            }
        }
    }

    /// A value that a field or an element of the type has; none if there is no such field.
    pub(super) fn of_object(&mut self, ty: ValType) -> Option<Node> {
        let mut places = Vec::new();
        for index in STRUCTS {
            let fields = self.fields(index);
            places.extend(
                (0..).zip(fields).filter(|field| unpacked(field.1) == ty).map(|field| (index, Some(field))),
            );
        }
        places.extend(ARRAYS.filter(|&index| unpacked(self.element(index)) == ty).map(|index| (index, None)));
        if places.is_empty() {
            return None;
        }
        let (index, field) = *self.rng.pick(&places);
        let object = ValType::Ref(nullable(index));
        let signed = self.rng.chance(50);
        let Some((field_index, storage)) = field else {
            let packed = !matches!(self.element(index), StorageType::Val(_));
            let get = match (packed, signed) {
                (false, _) => I::ArrayGet(index),
                (true, true) => I::ArrayGetS(index),
                (true, false) => I::ArrayGetU(index),
            };
            return Some(self.element_of(index, &|object, at| op(get.clone(), vec![object, at], ty), ty));
        };
        let get = match (storage, signed) {
            (StorageType::Val(_), _) => I::StructGet { struct_type_index: index, field_index },
            (_, true) => I::StructGetS { struct_type_index: index, field_index },
            (_, false) => I::StructGetU { struct_type_index: index, field_index },
        };
        Some(self.asked(object, ty, &|_, object| op(get.clone(), vec![object], ty)))
    }

    /// What is asked of an object, and a constant if there is none; mostly.
    fn asked(&mut self, object: ValType, ty: ValType, ask: &dyn Fn(&mut Self, Node) -> Node) -> Node {
        let value = self.value(object);
        if self.rng.chance(self.shape.traps) {
            return ask(self, value);
        }
        let local = self.fresh(object);
        let test = op(I::RefIsNull, vec![op(I::LocalTee(local), vec![value], object)], ValType::I32);
        let there = ask(self, get(local, object));
        let otherwise = self.constant(ty);
        self.if_else(test, otherwise, there, ty)
    }

    /// An access to an element, if there is one.
    fn element_of(&mut self, index: u32, access: &dyn Fn(Node, Node) -> Node, ty: ValType) -> Node {
        let object = ValType::Ref(nullable(index));
        let (value, at) = (self.value(object), self.value(ValType::I32));
        if self.rng.chance(self.shape.traps) {
            return access(value, at);
        }
        let local = self.fresh(object);
        let set = act(I::LocalSet(local), vec![value]);
        let there = self.inside(local, object, at, access);
        let (null, otherwise) = (op(I::RefIsNull, vec![get(local, object)], ValType::I32), self.constant(ty));
        let other = self.constant(ty);
        let len = op(I::ArrayLen, vec![get(local, object)], ValType::I32);
        let there = self.if_else(len, there, other, ty);
        let value = self.if_else(null, otherwise, there, ty);
        let label = self.label();
        let body = Body { statements: vec![set], values: vec![value], ..Body::default() };
        Node::Block(Box::new(self.block(BlockKind::Block, label, vec![ty], vec![body])))
    }

    /// An access to an array that has elements.
    fn inside(&mut self, local: u32, object: ValType, at: Node, access: &dyn Fn(Node, Node) -> Node) -> Node {
        let len = op(I::ArrayLen, vec![get(local, object)], ValType::I32);
        let at = if self.rng.chance(30) { i32(0) } else { op(I::I32RemU, vec![at, len], ValType::I32) };
        access(get(local, object), at)
    }

    /// Changes an object.
    pub(super) fn change_object(&mut self) -> Node {
        if self.rng.chance(50) {
            let index = self.rng.below(STRUCTS.len()) as u32;
            let fields = self.fields(index);
            let field = self.rng.below(fields.len());
            let ty = ValType::Ref(nullable(index));
            let local = self.fresh(ty);
            let object = self.value(ty);
            let value = self.value(unpacked(fields[field]));
            let set = I::StructSet { struct_type_index: index, field_index: field as u32 };
            if self.rng.chance(self.shape.traps) {
                return act(set, vec![object, value]);
            }
            let set = act(set, vec![get(local, ty), value]);
            return self.unless_null(op(I::LocalTee(local), vec![object], ty), set);
        }
        let index = ARRAYS.start + self.rng.below(ARRAYS.len()) as u32;
        let ty = ValType::Ref(nullable(index));
        let local = self.fresh(ty);
        let (object, value) = (self.value(ty), self.value(unpacked(self.element(index))));
        let at = self.value(ValType::I32);
        if self.rng.chance(self.shape.traps) {
            return act(I::ArraySet(index), vec![object, at, value]);
        }
        let change = match self.rng.below(4) {
            // All of it, from itself or with one value.
            0 => {
                let len = op(I::ArrayLen, vec![get(local, ty)], ValType::I32);
                act(I::ArrayFill(index), vec![get(local, ty), i32(0), value, len])
            }
            1 => {
                let copy = I::ArrayCopy { array_type_index_dst: index, array_type_index_src: index };
                let len = op(I::ArrayLen, vec![get(local, ty)], ValType::I32);
                let len = op(I::I32Sub, vec![len, i32(1)], ValType::I32);
                let (to, from) = if self.rng.chance(50) { (1, 0) } else { (0, 1) };
                act(copy, vec![get(local, ty), i32(to), get(local, ty), i32(from), len])
            }
            _ => {
                let set = |object, at| act(I::ArraySet(index), vec![object, at, value.clone()]);
                self.inside(local, ty, at, &set)
            }
        };
        let len = op(I::ArrayLen, vec![get(local, ty)], ValType::I32);
        let set = self.when(len, change);
        self.unless_null(op(I::LocalTee(local), vec![object], ty), set)
    }

    pub(super) fn unless_null(&mut self, object: Node, then: Node) -> Node {
        let null = op(I::RefIsNull, vec![object], ValType::I32);
        self.when(op(I::I32Eqz, vec![null], ValType::I32), then)
    }
}
