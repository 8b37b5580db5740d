//! Defined types: functions, structs and arrays, and which of them extend which (wasm spec, "Structure / Types /
//! Recursive Types").

use std::fmt;
use std::sync::Arc;

use super::{FuncType, HeapType, RefType, TypeId, TypeKind, ValType};
use crate::shown;

/// What a field of a struct or an element of an array holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StorageType {
    /// An integer of 8 bits.
    I8,
    /// An integer of 16 bits.
    I16,
    /// A value.
    Val(ValType),
}

impl StorageType {
    /// The type of the value on the stack: packed integers are there an `i32`.
    #[must_use]
    pub fn unpack(self) -> ValType {
        match self {
            StorageType::I8 | StorageType::I16 => ValType::I32,
            StorageType::Val(ty) => ty,
        }
    }

    /// Whether the collector has to look at what is stored.
    #[must_use]
    pub fn is_traced(self) -> bool {
        self.unpack().is_traced()
    }

    /// How many bytes are stored, a power of two. References to collected objects take 4, those to functions 8.
    #[must_use]
    pub fn bytes(self) -> u32 {
        match self {
            StorageType::I8 => 1,
            StorageType::I16 => 2,
            StorageType::Val(ValType::I32 | ValType::F32) => 4,
            StorageType::Val(ValType::Ref(ty)) if !ty.is_func() => 4,
            StorageType::Val(ValType::V128) => 16,
            StorageType::Val(_) => 8,
        }
    }
}

impl fmt::Display for StorageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageType::I8 => f.write_str("i8"),
            StorageType::I16 => f.write_str("i16"),
            StorageType::Val(ty) => ty.fmt(f),
        }
    }
}

/// A field of a struct, or the elements of an array.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldType {
    /// What is stored.
    pub storage: StorageType,
    /// Whether it can be set.
    pub mutable: bool,
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mutable { write!(f, "(mut {})", self.storage) } else { self.storage.fmt(f) }
    }
}

/// What a defined type consists of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CompositeType {
    /// A function.
    Func(Arc<FuncType>),
    /// A struct with its fields.
    Struct(Arc<[FieldType]>),
    /// An array with its elements.
    Array(FieldType),
}

impl CompositeType {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> TypeKind {
        match self {
            CompositeType::Func(_) => TypeKind::Func,
            CompositeType::Struct(_) => TypeKind::Struct,
            CompositeType::Array(_) => TypeKind::Array,
        }
    }

    /// The defined types that it refers to, in order, some of them more than once.
    pub fn concrete(&self) -> impl Iterator<Item = TypeId> + '_ {
        let (func, fields): (&[ValType], &[FieldType]) = match self {
            CompositeType::Func(func) => (func.params_and_results(), &[]),
            CompositeType::Struct(fields) => (&[], fields),
            CompositeType::Array(element) => (&[], std::slice::from_ref(element)),
        };
        let values = func.iter().copied().chain(fields.iter().map(|field| field.storage.unpack()));
        values.filter_map(|ty| match ty {
            ValType::Ref(RefType { heap: HeapType::Concrete(_, id), .. }) => Some(id),
            _ => None,
        })
    }
}

/// A defined type and its place among its like.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SubType {
    /// Whether it has no subtypes.
    pub is_final: bool,
    /// The type that it extends.
    pub supertype: Option<TypeId>,
    /// What it consists of.
    pub composite: CompositeType,
}

impl SubType {
    /// A function type that extends nothing and that nothing extends.
    #[must_use]
    pub fn final_func(ty: FuncType) -> SubType {
        SubType { is_final: true, supertype: None, composite: CompositeType::Func(Arc::new(ty)) }
    }
}

impl SubType {
    /// The defined types that it refers to, its supertype first, some of them more than once.
    pub fn concrete(&self) -> impl Iterator<Item = TypeId> + '_ {
        self.supertype.into_iter().chain(self.composite.concrete())
    }
}

impl fmt::Display for SubType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.supertype, self.is_final) {
            (Some(id), true) => write!(f, "sub final type#{} ", id.0)?,
            (Some(id), false) => write!(f, "sub type#{} ", id.0)?,
            (None, false) => f.write_str("sub ")?,
            (None, true) => {}
        }
        match &self.composite {
            CompositeType::Func(ty) => write!(f, "func {ty}"),
            CompositeType::Struct(fields) => {
                f.write_str("struct {")?;
                shown::list(f, fields.iter())?;
                f.write_str("}")
            }
            CompositeType::Array(element) => write!(f, "array {element}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CompositeType, FieldType, StorageType, SubType};
    use crate::types::{FuncType, HeapType, RefType, TypeId, TypeKind, ValType};

    #[test]
    fn what_types_refer_to() {
        let to = |id| {
            ValType::Ref(RefType { nullable: true, heap: HeapType::Concrete(TypeKind::Func, TypeId(id)) })
        };
        let field = |storage| FieldType { storage, mutable: false };
        let concrete = |composite| {
            let ty = SubType { is_final: true, supertype: Some(TypeId(9)), composite };
            ty.concrete().map(|id| id.0).collect::<Vec<_>>()
        };
        let func = FuncType::new([to(1), ValType::I32], [ValType::FUNCREF, to(2), to(1)]);
        assert_eq!(concrete(CompositeType::Func(func.into())), [9, 1, 2, 1]);
        let fields = [field(StorageType::I8), field(StorageType::Val(to(4)))];
        assert_eq!(concrete(CompositeType::Struct(fields.into())), [9, 4]);
        assert_eq!(concrete(CompositeType::Array(field(StorageType::Val(to(5))))), [9, 5]);
    }

    #[test]
    fn types_print() {
        let mutable = FieldType { storage: StorageType::I8, mutable: true };
        let fixed = FieldType { storage: StorageType::Val(ValType::EXTERNREF), mutable: false };
        let composite = CompositeType::Struct([mutable, fixed].into());
        let ty = SubType { is_final: false, supertype: Some(TypeId(3)), composite };
        assert_eq!(ty.to_string(), "sub type#3 struct {(mut i8), externref}");
        let ty = SubType { is_final: false, supertype: None, composite: CompositeType::Array(mutable) };
        assert_eq!(ty.to_string(), "sub array (mut i8)");
        assert_eq!(SubType::final_func(FuncType::new([], [])).to_string(), "func () -> ()");
    }
}
