//! Conversion of wasmparser's types to Upshift's.
//!
//! Concrete references come in as indices of the module's type section and go out as canonical ids, which the parameter
//! `concrete` looks up. A type that belongs to an unsupported feature is reported as that feature.

use std::sync::Arc;

use upshift_core::types::composite::{CompositeType, FieldType, StorageType, SubType};
use upshift_core::types::{
    FuncType, GlobalType, HeapType, IndexType, MemoryType, RefType, TableType, TypeId, TypeKind, ValType,
};
use wasmparser::{AbstractHeapType, UnpackedIndex};

use crate::features::Feature;

/// The kind and the canonical id of a type of the module, by its index.
pub(crate) trait Concrete: Fn(u32) -> (TypeKind, TypeId) {}

impl<F: Fn(u32) -> (TypeKind, TypeId)> Concrete for F {}

/// The type of a value.
pub(crate) fn val_type(ty: wasmparser::ValType, concrete: impl Concrete) -> Result<ValType, Feature> {
    Ok(match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(ty) => ValType::Ref(ref_type(ty, concrete)?),
    })
}

/// The type of a reference.
pub(crate) fn ref_type(ty: wasmparser::RefType, concrete: impl Concrete) -> Result<RefType, Feature> {
    Ok(RefType { nullable: ty.is_nullable(), heap: heap_type(ty.heap_type(), concrete)? })
}

/// What a reference refers to.
pub(crate) fn heap_type(ty: wasmparser::HeapType, concrete: impl Concrete) -> Result<HeapType, Feature> {
    match ty {
        wasmparser::HeapType::Abstract { shared: true, .. } => Err(Feature::SharedEverythingThreads),
        wasmparser::HeapType::Abstract { shared: false, ty } => abstract_heap_type(ty),
        wasmparser::HeapType::Concrete(UnpackedIndex::Module(index)) => {
            let (kind, id) = concrete(index);
            Ok(HeapType::Concrete(kind, id))
        }
        // Only types that went through the validator's own canonicalisation look so, and none of them comes here.
        wasmparser::HeapType::Concrete(_) => Err(Feature::Gc),
        wasmparser::HeapType::Exact(_) => Err(Feature::CustomDescriptors),
    }
}

fn abstract_heap_type(ty: AbstractHeapType) -> Result<HeapType, Feature> {
    use AbstractHeapType::{
        Any, Array, Cont, Eq, Exn, Extern, Func, I31, NoCont, NoExn, NoExtern, NoFunc, None, Struct,
    };
    match ty {
        Func => Ok(HeapType::Func),
        NoFunc => Ok(HeapType::NoFunc),
        Extern => Ok(HeapType::Extern),
        NoExtern => Ok(HeapType::NoExtern),
        Exn => Ok(HeapType::Exn),
        NoExn => Ok(HeapType::NoExn),
        Any => Ok(HeapType::Any),
        Eq => Ok(HeapType::Eq),
        I31 => Ok(HeapType::I31),
        Struct => Ok(HeapType::Struct),
        Array => Ok(HeapType::Array),
        None => Ok(HeapType::None),
        Cont | NoCont => Err(Feature::StackSwitching),
    }
}

/// The type of a function.
pub(crate) fn func_type(
    ty: &wasmparser::FuncType,
    concrete: impl Concrete + Copy,
) -> Result<FuncType, Feature> {
    let convert = |types: &[wasmparser::ValType]| {
        types.iter().map(|&ty| val_type(ty, concrete)).collect::<Result<Vec<_>, _>>()
    };
    // Validation bounds both numbers.
    Ok(FuncType::new(convert(ty.params())?, convert(ty.results())?))
}

/// What kind of type a definition is.
pub(crate) fn kind(ty: &wasmparser::SubType) -> Result<TypeKind, Feature> {
    use wasmparser::CompositeInnerType as Inner;
    match ty.composite_type.inner {
        Inner::Func(_) => Ok(TypeKind::Func),
        Inner::Struct(_) => Ok(TypeKind::Struct),
        Inner::Array(_) => Ok(TypeKind::Array),
        Inner::Cont(_) => Err(Feature::StackSwitching),
    }
}

/// A definition of the type section.
pub(crate) fn sub_type(ty: &wasmparser::SubType, concrete: impl Concrete + Copy) -> Result<SubType, Feature> {
    use wasmparser::CompositeInnerType as Inner;
    let composite = &ty.composite_type;
    if composite.shared {
        return Err(Feature::SharedEverythingThreads);
    }
    if composite.descriptor_idx.is_some() || composite.describes_idx.is_some() {
        return Err(Feature::CustomDescriptors);
    }
    let composite = match &composite.inner {
        Inner::Func(func) => CompositeType::Func(Arc::new(func_type(func, concrete)?)),
        Inner::Struct(fields) => {
            let fields = fields.fields.iter().map(|field| field_type(field, concrete));
            CompositeType::Struct(fields.collect::<Result<_, _>>()?)
        }
        Inner::Array(element) => CompositeType::Array(field_type(&element.0, concrete)?),
        Inner::Cont(_) => return Err(Feature::StackSwitching),
    };
    // Validation allows one supertype.
    let supertype = ty.supertype_idxs.first().and_then(|index| index.as_module_index());
    Ok(SubType { is_final: ty.is_final, supertype: supertype.map(|index| concrete(index).1), composite })
}

fn field_type(ty: &wasmparser::FieldType, concrete: impl Concrete) -> Result<FieldType, Feature> {
    let storage = match ty.element_type {
        wasmparser::StorageType::I8 => StorageType::I8,
        wasmparser::StorageType::I16 => StorageType::I16,
        wasmparser::StorageType::Val(ty) => StorageType::Val(val_type(ty, concrete)?),
    };
    Ok(FieldType { storage, mutable: ty.mutable })
}

/// The type of a table.
pub(crate) fn table_type(ty: &wasmparser::TableType, concrete: impl Concrete) -> Result<TableType, Feature> {
    if ty.shared {
        return Err(Feature::SharedEverythingThreads);
    }
    Ok(TableType {
        element: ref_type(ty.element_type, concrete)?,
        minimum: ty.initial,
        maximum: ty.maximum,
        index: index_type(ty.table64),
    })
}

/// The type of a memory.
pub(crate) fn memory_type(ty: &wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        minimum: ty.initial,
        maximum: ty.maximum,
        index: index_type(ty.memory64),
        shared: ty.shared,
        // The validator allows 0 and 16 only.
        page_size_log2: ty.page_size_log2() as u8,
    }
}

/// The type of a global.
pub(crate) fn global_type(
    ty: &wasmparser::GlobalType,
    concrete: impl Concrete,
) -> Result<GlobalType, Feature> {
    if ty.shared {
        return Err(Feature::SharedEverythingThreads);
    }
    Ok(GlobalType { content: val_type(ty.content_type, concrete)?, mutable: ty.mutable })
}

fn index_type(is_64: bool) -> IndexType {
    if is_64 { IndexType::I64 } else { IndexType::I32 }
}
