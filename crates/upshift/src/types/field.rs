//! Fields of structs and elements of arrays, as the embedder sees them.

use std::fmt;

use anyhow::Result;
use upshift_core::types::composite;

use super::{Mutability, ValType};
use crate::engine::Engine;

/// What a field of a struct or an element of an array holds (wasm spec, "Structure / Types / Composite Types").
///
/// ```
/// use upshift::{StorageType, ValType};
///
/// assert_eq!(StorageType::I8.unpack(), ValType::I32);
/// assert_eq!(StorageType::from(ValType::F64).to_string(), "f64");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum StorageType {
    /// An integer of 8 bits.
    I8,
    /// An integer of 16 bits.
    I16,
    /// A value.
    ValType(ValType),
}

impl StorageType {
    /// The type of the value on the stack: packed integers are there an `i32`.
    #[must_use]
    pub fn unpack(&self) -> ValType {
        match self {
            StorageType::I8 | StorageType::I16 => ValType::I32,
            StorageType::ValType(ty) => ty.clone(),
        }
    }

    /// The type of the value, if it is stored as it is on the stack.
    #[must_use]
    pub fn as_val_type(&self) -> Option<&ValType> {
        if let StorageType::ValType(ty) = self { Some(ty) } else { None }
    }

    /// Whether each value of this type is also one of `other` (wasm spec, "Matching / Field Types").
    #[must_use]
    pub fn matches(&self, other: &StorageType) -> bool {
        match (self, other) {
            (StorageType::ValType(own), StorageType::ValType(theirs)) => own.matches(theirs),
            (own, theirs) => own == theirs,
        }
    }

    pub(super) fn of_core(engine: &Engine, ty: composite::StorageType) -> StorageType {
        match ty {
            composite::StorageType::I8 => StorageType::I8,
            composite::StorageType::I16 => StorageType::I16,
            composite::StorageType::Val(ty) => StorageType::ValType(ValType::of_core(engine, ty)),
        }
    }
}

impl From<ValType> for StorageType {
    fn from(ty: ValType) -> StorageType {
        StorageType::ValType(ty)
    }
}

impl fmt::Display for StorageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageType::I8 => f.write_str("i8"),
            StorageType::I16 => f.write_str("i16"),
            StorageType::ValType(ty) => ty.fmt(f),
        }
    }
}

/// A field of a struct, or the elements of an array (wasm spec, "Structure / Types / Composite Types").
///
/// ```
/// use upshift::{FieldType, Mutability, StorageType, ValType};
///
/// let field = FieldType::new(Mutability::Var, ValType::I32.into());
/// assert_eq!(field.to_string(), "(mut i32)");
/// assert!(!field.matches(&FieldType::new(Mutability::Const, ValType::I32.into())));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FieldType {
    mutability: Mutability,
    element_type: StorageType,
}

impl FieldType {
    /// A field, or elements.
    #[must_use]
    pub fn new(mutability: Mutability, element_type: StorageType) -> FieldType {
        FieldType { mutability, element_type }
    }

    /// Whether it can be set.
    #[must_use]
    pub fn mutability(&self) -> Mutability {
        self.mutability
    }

    /// What is stored.
    #[must_use]
    pub fn element_type(&self) -> &StorageType {
        &self.element_type
    }

    /// Whether such a field can stand where a supertype has `other` (wasm spec, "Matching / Field Types").
    #[must_use]
    pub fn matches(&self, other: &FieldType) -> bool {
        match (self.mutability, other.mutability) {
            (Mutability::Const, Mutability::Const) => self.element_type.matches(&other.element_type),
            // What can be set has to be the same from both sides.
            _ => self == other,
        }
    }

    pub(super) fn of_core(engine: &Engine, ty: composite::FieldType) -> FieldType {
        FieldType::new(Mutability::of(ty.mutable), StorageType::of_core(engine, ty.storage))
    }

    /// Makes sure that the type can be used with an engine, and returns what its inside has for it.
    pub(super) fn in_engine(&self, engine: &Engine) -> Result<composite::FieldType> {
        let storage = match &self.element_type {
            StorageType::I8 => composite::StorageType::I8,
            StorageType::I16 => composite::StorageType::I16,
            StorageType::ValType(ty) => composite::StorageType::Val(ty.in_engine(engine)?),
        };
        Ok(composite::FieldType { storage, mutable: self.mutability == Mutability::Var })
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mutability {
            Mutability::Var => write!(f, "(mut {})", self.element_type),
            Mutability::Const => self.element_type.fmt(f),
        }
    }
}
