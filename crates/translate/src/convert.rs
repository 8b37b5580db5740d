//! Types of the decoder to types of Upshift.
//!
//! Concrete references come in as indices of the module's type section and go out as canonical ids; `concrete` says
//! which. A type that only an unsupported feature has is answered by that feature.

use upshift_core::types::{
    FuncType, GlobalType, HeapType, IndexType, MemoryType, RefType, TableType, TypeId, ValType,
};
use wasmparser::{AbstractHeapType, UnpackedIndex};

use crate::features::Feature;

/// The type of a value.
pub(crate) fn val_type(
    ty: wasmparser::ValType,
    concrete: impl Fn(u32) -> TypeId,
) -> Result<ValType, Feature> {
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
pub(crate) fn ref_type(
    ty: wasmparser::RefType,
    concrete: impl Fn(u32) -> TypeId,
) -> Result<RefType, Feature> {
    Ok(RefType { nullable: ty.is_nullable(), heap: heap_type(ty.heap_type(), concrete)? })
}

/// What a reference refers to.
pub(crate) fn heap_type(
    ty: wasmparser::HeapType,
    concrete: impl Fn(u32) -> TypeId,
) -> Result<HeapType, Feature> {
    match ty {
        wasmparser::HeapType::Abstract { shared: true, .. } => Err(Feature::SharedEverythingThreads),
        wasmparser::HeapType::Abstract { shared: false, ty } => abstract_heap_type(ty),
        wasmparser::HeapType::Concrete(UnpackedIndex::Module(index)) => {
            Ok(HeapType::Concrete(concrete(index)))
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
        Any | None | Eq | Struct | Array | I31 => Err(Feature::Gc),
        Cont | NoCont => Err(Feature::StackSwitching),
    }
}

/// The type of a function.
pub(crate) fn func_type(
    ty: &wasmparser::FuncType,
    concrete: impl Fn(u32) -> TypeId + Copy,
) -> Result<FuncType, Feature> {
    let convert = |types: &[wasmparser::ValType]| {
        types.iter().map(|&ty| val_type(ty, concrete)).collect::<Result<Vec<_>, _>>()
    };
    Ok(FuncType::new(convert(ty.params())?, convert(ty.results())?))
}

/// The type of a table.
pub(crate) fn table_type(
    ty: &wasmparser::TableType,
    concrete: impl Fn(u32) -> TypeId,
) -> Result<TableType, Feature> {
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
    concrete: impl Fn(u32) -> TypeId,
) -> Result<GlobalType, Feature> {
    if ty.shared {
        return Err(Feature::SharedEverythingThreads);
    }
    Ok(GlobalType { content: val_type(ty.content_type, concrete)?, mutable: ty.mutable })
}

fn index_type(is_64: bool) -> IndexType {
    if is_64 { IndexType::I64 } else { IndexType::I32 }
}
