//! Types of values and references, as the embedder sees them.
//!
//! Defined types are named by handles that carry their engine, so a type is what it says it is, and one of another engine is
//! found wherever it is used. The engine's inside has small copies of the same, which name types by number
//! ([`upshift_core::types`]); what is made of such a copy has a handle again.

use std::fmt;

use anyhow::{Result, ensure};
use upshift_core::TypeId;
use upshift_core::types as core;
use upshift_core::types::{Subtyping, TypeKind};

use super::{ArrayType, FuncType, StructType};
use crate::engine::Engine;

/// What a reference may refer to (wasm spec, "Structure / Types / Heap Types").
///
/// ```
/// use upshift::{Engine, Finality, HeapType, RefType, StructType};
///
/// assert_eq!(*RefType::FUNCREF.heap_type(), HeapType::Func);
/// assert!(HeapType::NoFunc.matches(&HeapType::Func));
/// assert!(!HeapType::Func.matches(&HeapType::Extern));
///
/// let engine = Engine::default();
/// let parent = StructType::with_finality_and_supertype(&engine, Finality::NonFinal, None, [])?;
/// let child = StructType::with_finality_and_supertype(&engine, Finality::Final, Some(&parent), [])?;
/// let (parent, child) = (HeapType::from(parent), HeapType::from(child));
/// assert!(child.matches(&parent) && child.matches(&HeapType::Struct));
/// assert!(!parent.matches(&child));
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// A defined type comes from its constructor or from a module. Nothing makes one of a kind and a number:
///
/// ```compile_fail,E0277
/// let forged = upshift::HeapType::from(upshift_core::TypeId(1));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum HeapType {
    /// Any host value.
    Extern,
    /// No host value: only null.
    NoExtern,
    /// Any function.
    Func,
    /// A function of one type, or of a subtype.
    ConcreteFunc(FuncType),
    /// No function: only null.
    NoFunc,
    /// Any struct, array, small integer, or host value that became one of them.
    Any,
    /// Whatever can be compared: a struct, array or small integer.
    Eq,
    /// An integer of 31 bits.
    I31,
    /// Any array.
    Array,
    /// An array of one type, or of a subtype.
    ConcreteArray(ArrayType),
    /// Any struct.
    Struct,
    /// A struct of one type, or of a subtype.
    ConcreteStruct(StructType),
    /// Any exception.
    Exn,
    /// No exception: only null.
    NoExn,
    /// No struct, array or small integer: only null.
    None,
}

impl HeapType {
    /// The type of which all values are that have something in common with those of this type: `func`, `extern`, `exn` or
    /// `any`.
    #[must_use]
    pub fn top(&self) -> HeapType {
        match self.to_core().top() {
            core::HeapType::Func => HeapType::Func,
            core::HeapType::Extern => HeapType::Extern,
            core::HeapType::Exn => HeapType::Exn,
            _ => HeapType::Any,
        }
    }

    /// Whether it is a defined type.
    #[must_use]
    pub fn is_concrete(&self) -> bool {
        matches!(self, HeapType::ConcreteFunc(_) | HeapType::ConcreteArray(_) | HeapType::ConcreteStruct(_))
    }

    /// The type of functions, if it is a defined one.
    #[must_use]
    pub fn as_concrete_func(&self) -> Option<&FuncType> {
        if let HeapType::ConcreteFunc(ty) = self { Some(ty) } else { None }
    }

    /// The type of structs, if it is a defined one.
    #[must_use]
    pub fn as_concrete_struct(&self) -> Option<&StructType> {
        if let HeapType::ConcreteStruct(ty) = self { Some(ty) } else { None }
    }

    /// The type of arrays, if it is a defined one.
    #[must_use]
    pub fn as_concrete_array(&self) -> Option<&ArrayType> {
        if let HeapType::ConcreteArray(ty) = self { Some(ty) } else { None }
    }

    /// Whether each value of this type is also one of `other` (wasm spec, "Matching / Heap Types"). Defined types of different
    /// engines have nothing in common.
    #[must_use]
    pub fn matches(&self, other: &HeapType) -> bool {
        match (self, other) {
            (HeapType::ConcreteFunc(sub), HeapType::ConcreteFunc(sup)) => sub.matches(sup),
            (HeapType::ConcreteStruct(sub), HeapType::ConcreteStruct(sup)) => sub.matches(sup),
            (HeapType::ConcreteArray(sub), HeapType::ConcreteArray(sup)) => sub.matches(sup),
            _ => self.to_core().matches(other.to_core(), &Unrelated),
        }
    }

    /// The type that the engine's inside has for it; a number says nothing about its engine.
    #[doc(hidden)]
    #[must_use]
    pub fn to_core(&self) -> core::HeapType {
        match self {
            HeapType::Extern => core::HeapType::Extern,
            HeapType::NoExtern => core::HeapType::NoExtern,
            HeapType::Func => core::HeapType::Func,
            HeapType::ConcreteFunc(ty) => core::HeapType::Concrete(TypeKind::Func, ty.id()),
            HeapType::NoFunc => core::HeapType::NoFunc,
            HeapType::Any => core::HeapType::Any,
            HeapType::Eq => core::HeapType::Eq,
            HeapType::I31 => core::HeapType::I31,
            HeapType::Array => core::HeapType::Array,
            HeapType::ConcreteArray(ty) => core::HeapType::Concrete(TypeKind::Array, ty.id()),
            HeapType::Struct => core::HeapType::Struct,
            HeapType::ConcreteStruct(ty) => core::HeapType::Concrete(TypeKind::Struct, ty.id()),
            HeapType::Exn => core::HeapType::Exn,
            HeapType::NoExn => core::HeapType::NoExn,
            HeapType::None => core::HeapType::None,
        }
    }

    /// The type that the engine's inside means. If it is a defined one, somebody has to keep it meanwhile.
    pub(crate) fn of_core(engine: &Engine, ty: core::HeapType) -> HeapType {
        match ty {
            core::HeapType::Func => HeapType::Func,
            core::HeapType::NoFunc => HeapType::NoFunc,
            core::HeapType::Extern => HeapType::Extern,
            core::HeapType::NoExtern => HeapType::NoExtern,
            core::HeapType::Exn => HeapType::Exn,
            core::HeapType::NoExn => HeapType::NoExn,
            core::HeapType::Any => HeapType::Any,
            core::HeapType::Eq => HeapType::Eq,
            core::HeapType::I31 => HeapType::I31,
            core::HeapType::Struct => HeapType::Struct,
            core::HeapType::Array => HeapType::Array,
            core::HeapType::None => HeapType::None,
            core::HeapType::Concrete(TypeKind::Func, id) => FuncType::from_id(engine, id).into(),
            core::HeapType::Concrete(TypeKind::Struct, id) => StructType::from_id(engine, id).into(),
            core::HeapType::Concrete(TypeKind::Array, id) => ArrayType::from_id(engine, id).into(),
        }
    }

    /// The engine of a defined type.
    fn engine(&self) -> Option<&Engine> {
        match self {
            HeapType::ConcreteFunc(ty) => Some(ty.engine()),
            HeapType::ConcreteStruct(ty) => Some(ty.engine()),
            HeapType::ConcreteArray(ty) => Some(ty.engine()),
            _ => None,
        }
    }
}

/// Of types that are not both defined ones, no declaration says anything.
struct Unrelated;

impl Subtyping for Unrelated {
    fn is_subtype(&self, _: TypeId, _: TypeId) -> bool {
        false
    }
}

impl From<FuncType> for HeapType {
    fn from(ty: FuncType) -> HeapType {
        HeapType::ConcreteFunc(ty)
    }
}

impl From<StructType> for HeapType {
    fn from(ty: StructType) -> HeapType {
        HeapType::ConcreteStruct(ty)
    }
}

impl From<ArrayType> for HeapType {
    fn from(ty: ArrayType) -> HeapType {
        HeapType::ConcreteArray(ty)
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_core().fmt(f)
    }
}

/// A reference type: nullable or not, to something of a heap type (wasm spec, "Structure / Types / Reference Types").
///
/// ```
/// use upshift::{HeapType, RefType};
///
/// let not_null = RefType::new(false, HeapType::Func);
/// assert!(not_null.matches(&RefType::FUNCREF));
/// assert!(!RefType::FUNCREF.matches(&not_null));
/// assert_eq!(not_null.to_string(), "(ref func)");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RefType {
    is_nullable: bool,
    heap_type: HeapType,
}

macro_rules! nullable {
    ($($name:ident $heap:ident $text:literal;)*) => {
        impl RefType {
            $(
                #[doc = concat!("`", $text, "`.")]
                pub const $name: RefType = RefType { is_nullable: true, heap_type: HeapType::$heap };
            )*
        }

        impl ValType {
            $(
                #[doc = concat!("`", $text, "`.")]
                pub const $name: ValType = ValType::Ref(RefType::$name);
            )*
        }
    };
}

nullable! {
    FUNCREF Func "funcref";
    NULLFUNCREF NoFunc "nullfuncref";
    EXTERNREF Extern "externref";
    EXNREF Exn "exnref";
    ANYREF Any "anyref";
    EQREF Eq "eqref";
    I31REF I31 "i31ref";
    STRUCTREF Struct "structref";
    ARRAYREF Array "arrayref";
    NULLREF None "nullref";
}

impl RefType {
    /// A reference type.
    #[must_use]
    pub fn new(is_nullable: bool, heap_type: HeapType) -> RefType {
        RefType { is_nullable, heap_type }
    }

    /// Whether null is among the values.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        self.is_nullable
    }

    /// What the reference refers to.
    #[must_use]
    pub fn heap_type(&self) -> &HeapType {
        &self.heap_type
    }

    /// Whether each value of this type is also one of `other` (wasm spec, "Matching / Reference Types").
    #[must_use]
    pub fn matches(&self, other: &RefType) -> bool {
        (other.is_nullable || !self.is_nullable) && self.heap_type.matches(&other.heap_type)
    }

    /// See [`HeapType::to_core`].
    #[doc(hidden)]
    #[must_use]
    pub fn to_core(&self) -> core::RefType {
        core::RefType { nullable: self.is_nullable, heap: self.heap_type.to_core() }
    }

    /// See [`HeapType::of_core`].
    pub(crate) fn of_core(engine: &Engine, ty: core::RefType) -> RefType {
        RefType::new(ty.nullable, HeapType::of_core(engine, ty.heap))
    }

    /// Makes sure that the type can be used with an engine, and returns what its inside has for it.
    pub(crate) fn in_engine(&self, engine: &Engine) -> Result<core::RefType> {
        let same = self.heap_type.engine().is_none_or(|own| Engine::same(own, engine));
        ensure!(same, "the type `{self}` belongs to another engine");
        Ok(self.to_core())
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_core().fmt(f)
    }
}

/// The type of a value (wasm spec, "Structure / Types / Value Types").
///
/// ```
/// use upshift::ValType;
///
/// assert_eq!(ValType::FUNCREF.to_string(), "funcref");
/// assert!(ValType::FUNCREF.is_ref());
/// assert!(!ValType::I32.matches(&ValType::I64));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// A reference.
    Ref(RefType),
}

impl ValType {
    /// Whether the type is one of numbers.
    #[must_use]
    pub fn is_num(&self) -> bool {
        matches!(self, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
    }

    /// Whether the type is one of vectors.
    #[must_use]
    pub fn is_vector(&self) -> bool {
        matches!(self, ValType::V128)
    }

    /// Whether the type is a reference type.
    #[must_use]
    pub fn is_ref(&self) -> bool {
        matches!(self, ValType::Ref(_))
    }

    /// The reference type, if it is one.
    #[must_use]
    pub fn as_ref(&self) -> Option<&RefType> {
        if let ValType::Ref(ty) = self { Some(ty) } else { None }
    }

    /// The reference type.
    ///
    /// # Panics
    /// When it is another type.
    #[must_use]
    #[track_caller]
    pub fn unwrap_ref(&self) -> &RefType {
        self.as_ref().expect("expected a reference type")
    }

    /// Whether each value of this type is also one of `other` (wasm spec, "Matching / Value Types").
    #[must_use]
    pub fn matches(&self, other: &ValType) -> bool {
        match (self, other) {
            (ValType::Ref(a), ValType::Ref(b)) => a.matches(b),
            (a, b) => a == b,
        }
    }

    /// See [`HeapType::to_core`].
    #[doc(hidden)]
    #[must_use]
    pub fn to_core(&self) -> core::ValType {
        match self {
            ValType::I32 => core::ValType::I32,
            ValType::I64 => core::ValType::I64,
            ValType::F32 => core::ValType::F32,
            ValType::F64 => core::ValType::F64,
            ValType::V128 => core::ValType::V128,
            ValType::Ref(ty) => core::ValType::Ref(ty.to_core()),
        }
    }

    /// See [`HeapType::of_core`].
    pub(crate) fn of_core(engine: &Engine, ty: core::ValType) -> ValType {
        match ty {
            core::ValType::I32 => ValType::I32,
            core::ValType::I64 => ValType::I64,
            core::ValType::F32 => ValType::F32,
            core::ValType::F64 => ValType::F64,
            core::ValType::V128 => ValType::V128,
            core::ValType::Ref(ty) => ValType::Ref(RefType::of_core(engine, ty)),
        }
    }

    /// See [`RefType::in_engine`].
    pub(crate) fn in_engine(&self, engine: &Engine) -> Result<core::ValType> {
        match self {
            ValType::Ref(ty) => Ok(core::ValType::Ref(ty.in_engine(engine)?)),
            other => Ok(other.to_core()),
        }
    }
}

impl From<RefType> for ValType {
    fn from(ty: RefType) -> ValType {
        ValType::Ref(ty)
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_core().fmt(f)
    }
}
