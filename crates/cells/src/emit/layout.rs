//! How values of the language lie in WebAssembly: one interner of types for a module.
//!
//! | language | value (locals, parameters, results) | stored in objects |
//! |---|---|---|
//! | `Int`, `Float` | `i64`, `f64` | the same |
//! | `Bool` | `i32` | `i8` |
//! | `()` | nothing at all | `i8`, of no meaning |
//! | `String` | `(ref null $text)`, `(array (mut i8))` | the same |
//! | `[T]` | `(ref null $list)`, `(struct (mut i32) mark, (mut i32) len, (mut (ref $data)) data)` | the same |
//! | `(A, B)` | `(ref null $tuple)`, a struct of immutable fields | the same |
//! | struct | `(ref null $struct)`, `(struct (mut i32) mark, (mut …)…)` | `(ref null struct)` if it is recursive |
//! | `fun(A) -> R` | `(ref null $closure)`, see below | the same |
//!
//! A closure is `(sub (struct (mut i32) mark, i32 instance, i32 lambda, (ref $code) code))`; its subtypes add what it captures. `$code` takes
//! the closure as `(ref null struct)`, then the parameters as they are stored in objects (`Bool` as `i32`, nothing for `()`). A captured
//! variable that is assigned lies in a box: `(struct (mut i32) mark, (mut T))`. Marks are for checkpoints, zero otherwise.
//!
//! References may be null in the types, so that arrays and locals have defaults; no value of a program is ever null. Each type is a
//! recursion group of its own, so equal types of different modules are one type, and cells share objects. Nothing refers to itself,
//! because what refers to a recursive struct does so as `struct`; reading casts.

use rustc_hash::FxHashMap;
use wasm_encoder::{AbstractHeapType, Encode, FieldType, HeapType, RefType, StorageType, ValType};

use crate::types::{StructId, Type, TypeId, Types};

/// A reference to an object of any struct type.
pub(crate) const ANY_STRUCT: ValType = ValType::Ref(RefType {
    nullable: true,
    heap_type: HeapType::Abstract { shared: false, ty: AbstractHeapType::Struct },
});

/// A nullable reference to an object of the module's type `index`.
pub(crate) fn reference(index: u32) -> ValType {
    ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(index) })
}

/// The fields of an array.
pub(crate) mod list {
    pub(crate) const LEN: u32 = 1;
    pub(crate) const DATA: u32 = 2;
}

/// The fields of a closure; what it captures follows.
pub(crate) mod closure {
    pub(crate) const INSTANCE: u32 = 1;
    pub(crate) const LAMBDA: u32 = 2;
    pub(crate) const CODE: u32 = 3;
    pub(crate) const CAPTURES: u32 = 4;
}

/// The first field of a struct, and that of a box: behind the mark.
pub(crate) const FIRST_FIELD: u32 = 1;

/// The types of an array of the language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    /// The object.
    pub object: u32,
    /// The WebAssembly array that it refers to.
    pub data: u32,
    /// What that holds.
    pub element: TypeId,
}

/// How a struct type is related to others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Parent {
    /// Not at all.
    None,
    /// Others may be subtypes of it.
    Open,
    /// It is a subtype.
    Of(u32),
}

/// The types of a module.
#[derive(Default)]
pub(crate) struct Layout {
    /// All of them, encoded, and the number of each.
    encoded: Vec<u8>,
    numbers: FxHashMap<Box<[u8]>, u32>,
    /// Of arrays by their elements, of other objects by their type; see [`Key`].
    known: FxHashMap<Key, u32>,
}

/// What is looked up by numbers: one type of map for all of it.
pub(crate) type Key = [u32; 5];

impl Layout {
    /// All types, for the module.
    pub(crate) fn section(&self) -> Vec<u8> {
        let mut section = Vec::new();
        self.numbers.len().encode(&mut section);
        section.extend_from_slice(&self.encoded);
        section
    }

    /// The number of an encoded type.
    fn intern(&mut self, ty: Vec<u8>) -> u32 {
        let next = self.numbers.len() as u32;
        let encoded = &mut self.encoded;
        *self.numbers.entry(ty.into()).or_insert_with_key(|ty| {
            encoded.extend_from_slice(ty);
            next
        })
    }

    /// The index of a function type.
    pub(crate) fn function_type(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        let mut ty = vec![0x60];
        params.encode(&mut ty);
        results.encode(&mut ty);
        self.intern(ty)
    }

    /// The index of the array type with mutable elements.
    pub(crate) fn array_type(&mut self, element: StorageType) -> u32 {
        let mut ty = vec![0x5e];
        encode_field(&mut ty, element, true);
        self.intern(ty)
    }

    /// The index of a struct type.
    fn struct_type(&mut self, parent: Parent, fields: &[FieldType]) -> u32 {
        let mut ty = Vec::new();
        match parent {
            Parent::None => {}
            Parent::Open => ty.extend([0x50, 0]),
            Parent::Of(index) => {
                ty.extend([0x4f, 1]);
                index.encode(&mut ty);
            }
        }
        ty.push(0x5f);
        fields.len().encode(&mut ty);
        for field in fields {
            encode_field(&mut ty, field.element_type, field.mutable);
        }
        self.intern(ty)
    }

    /// The array of bytes that a text is.
    pub(crate) fn string(&mut self) -> u32 {
        self.array_type(StorageType::I8)
    }

    /// A text as a value.
    pub(crate) fn string_value(&mut self) -> ValType {
        reference(self.string())
    }

    /// An array of `element` as a value.
    pub(crate) fn list_value(&mut self, types: &Types, element: TypeId) -> ValType {
        reference(self.list_of(types, element).object)
    }

    /// The types of `[element]`.
    pub(crate) fn list_of(&mut self, types: &Types, element: TypeId) -> List {
        let keys = [[0, element.number(), 0, 0, 0], [1, element.number(), 0, 0, 0]];
        if let (Some(&object), Some(&data)) = (self.known.get(&keys[0]), self.known.get(&keys[1])) {
            return List { object, data, element };
        }
        let storage = self.storage(types, element);
        let data = self.array_type(storage);
        let data_ref = ValType::Ref(RefType { nullable: false, heap_type: HeapType::Concrete(data) });
        let object = self.struct_type(
            Parent::None,
            &[field(ValType::I32, true), field(ValType::I32, true), field(data_ref, true)],
        );
        let list = List { object, data, element };
        self.known.insert(keys[0], object);
        self.known.insert(keys[1], data);
        list
    }

    /// The types of an array whose type is `ty`; of anything else, those of an array of it, which nobody asks for.
    pub(crate) fn list(&mut self, types: &Types, ty: TypeId) -> List {
        match *types.get(ty) {
            Type::Array(element) => self.list_of(types, element),
            _ => self.list_of(types, ty),
        }
    }

    /// The index of the object type of a tuple, struct, function or array, or of text.
    pub(crate) fn object(&mut self, types: &Types, ty: TypeId) -> u32 {
        let key = [2, ty.number(), 0, 0, 0];
        if let Some(&index) = self.known.get(&key) {
            return index;
        }
        let index = match types.get(ty) {
            &Type::Array(element) => self.list_of(types, element).object,
            Type::Tuple(elements) => {
                let fields = elements
                    .iter()
                    .map(|&ty| FieldType { element_type: self.storage(types, ty), mutable: false });
                let fields: Vec<_> = fields.collect();
                self.struct_type(Parent::None, &fields)
            }
            &Type::Struct(id) => self.structure(types, id),
            Type::Function(..) => self.closure_with(types, ty, &[]),
            Type::String | Type::Unit | Type::Int | Type::Float | Type::Bool | Type::Never => self.string(),
        };
        self.known.insert(key, index);
        index
    }

    fn structure(&mut self, types: &Types, id: StructId) -> u32 {
        let mut fields = vec![field(ValType::I32, true)];
        for field in &types.struct_type(id).fields {
            fields.push(FieldType { element_type: self.storage(types, field.ty), mutable: true });
        }
        self.struct_type(Parent::None, &fields)
    }

    /// The index of the type of the code behind closures of the function type `ty`.
    pub(crate) fn code_type(&mut self, types: &Types, ty: TypeId) -> u32 {
        match types.get(ty) {
            Type::Function(params, result) => self.code_by_parts(types, params, *result),
            _ => self.code_by_parts(types, &[], TypeId::UNIT),
        }
    }

    fn code_by_parts(&mut self, types: &Types, params: &[TypeId], result: TypeId) -> u32 {
        let mut list = vec![ANY_STRUCT];
        for &param in params {
            list.extend(self.passed(types, param));
        }
        let result = self.passed(types, result);
        self.function_type(&list, result.as_slice())
    }

    /// The subtype of the closures of `ty` that capture values of these types (boxes with `true`). Without any it is that type itself.
    pub(crate) fn closure_with(&mut self, types: &Types, ty: TypeId, captures: &[(TypeId, bool)]) -> u32 {
        let code = self.code_type(types, ty);
        self.closure(types, code, captures)
    }

    /// The same, of a function type that may have no number.
    pub(crate) fn closure_by_parts(
        &mut self,
        types: &Types,
        params: &[TypeId],
        result: TypeId,
        captures: &[(TypeId, bool)],
    ) -> u32 {
        let code = self.code_by_parts(types, params, result);
        self.closure(types, code, captures)
    }

    fn closure(&mut self, types: &Types, code: u32, captures: &[(TypeId, bool)]) -> u32 {
        let code = ValType::Ref(RefType { nullable: false, heap_type: HeapType::Concrete(code) });
        let mut fields = vec![
            field(ValType::I32, true),
            field(ValType::I32, false),
            field(ValType::I32, false),
            field(code, false),
        ];
        let parent = self.struct_type(Parent::Open, &fields);
        if captures.is_empty() {
            return parent;
        }
        for &(ty, boxed) in captures {
            // Mutable for checkpoints alone, which make objects before what they refer to is there.
            let element_type = if boxed {
                StorageType::Val(reference(self.boxed(types, ty)))
            } else {
                self.storage(types, ty)
            };
            fields.push(FieldType { element_type, mutable: true });
        }
        self.struct_type(Parent::Of(parent), &fields)
    }

    /// The index of the type of boxes with a value of `ty`.
    pub(crate) fn boxed(&mut self, types: &Types, ty: TypeId) -> u32 {
        let element_type = self.storage(types, ty);
        self.struct_type(
            Parent::None,
            &[field(ValType::I32, true), FieldType { element_type, mutable: true }],
        )
    }

    /// A value on the stack and in locals: `None` for `()` and for what never is.
    pub(crate) fn value(&mut self, types: &Types, ty: TypeId) -> Option<ValType> {
        match types.get(ty) {
            Type::Unit | Type::Never => None,
            Type::Int => Some(ValType::I64),
            Type::Float => Some(ValType::F64),
            Type::Bool => Some(ValType::I32),
            Type::String | Type::Array(_) | Type::Tuple(_) | Type::Function(..) | Type::Struct(_) => {
                Some(reference(self.object(types, ty)))
            }
        }
    }

    /// A value in an object.
    pub(crate) fn storage(&mut self, types: &Types, ty: TypeId) -> StorageType {
        match types.get(ty) {
            Type::Unit | Type::Never | Type::Bool => StorageType::I8,
            Type::Int => StorageType::Val(ValType::I64),
            Type::Float => StorageType::Val(ValType::F64),
            Type::String | Type::Array(_) | Type::Tuple(_) | Type::Function(..) | Type::Struct(_) => {
                if is_abstract(types, ty) {
                    StorageType::Val(ANY_STRUCT)
                } else {
                    StorageType::Val(reference(self.object(types, ty)))
                }
            }
        }
    }

    /// A value that goes to the code of a closure or comes from it: abstract where it is abstract in objects.
    pub(crate) fn passed(&mut self, types: &Types, ty: TypeId) -> Option<ValType> {
        if is_abstract(types, ty) { Some(ANY_STRUCT) } else { self.value(types, ty) }
    }
}

/// Whether objects refer to values of the type as `struct`, so that reading has to cast.
pub(crate) fn is_abstract(types: &Types, ty: TypeId) -> bool {
    matches!(*types.get(ty), Type::Struct(id) if types.struct_type(id).recursive)
}

fn field(ty: ValType, mutable: bool) -> FieldType {
    FieldType { element_type: StorageType::Val(ty), mutable }
}

fn encode_field(sink: &mut Vec<u8>, ty: StorageType, mutable: bool) {
    ty.encode(sink);
    sink.push(mutable.into());
}
