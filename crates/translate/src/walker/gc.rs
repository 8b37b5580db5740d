//! Structs, arrays and casts: from types and indices of the module to offsets, widths and tests.
//!
//! Every operator that allocates is a safepoint: the collector may run, and updates the operator's operands in their homes.

use upshift_core::cast::Cast;
use upshift_core::fuel::BYTES_PER_LOOK;
use upshift_core::index::TypeIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::composite::{CompositeType, FieldType, StorageType};
use upshift_core::types::{HeapType, RefType, ValType};
use upshift_core::vm::BuiltinOp;
use wasmparser::UnpackedIndex;

use super::{Refusal, Step, Walker, unsupported};
use crate::backend::Backend;
use crate::convert;

/// How a field or an element is read.
fn load_of(storage: StorageType, signed: bool) -> Load {
    match (storage, signed) {
        (StorageType::I8, false) => Load::Load8U,
        (StorageType::I8, true) => Load::Load8S32,
        (StorageType::I16, false) => Load::Load16U,
        (StorageType::I16, true) => Load::Load16S32,
        (StorageType::Val(ValType::F32), _) => Load::LoadF32,
        (StorageType::Val(ValType::F64), _) => Load::LoadF64,
        (StorageType::Val(ValType::V128), _) => Load::V128Load,
        (storage, _) if storage.bytes() == 4 => Load::Load32U,
        _ => Load::Load64,
    }
}

/// How a field or an element is written.
fn store_of(storage: StorageType) -> Store {
    match storage.bytes() {
        1 => Store::Store8,
        2 => Store::Store16,
        4 => Store::Store32,
        8 => Store::Store64,
        _ => Store::V128Store,
    }
}

impl<B: Backend> Walker<'_, '_, B> {
    pub(super) fn heap_type(&self, ty: wasmparser::HeapType) -> Result<HeapType, Refusal> {
        convert::heap_type(ty, |index| self.module.types[index as usize].named()).map_err(unsupported)
    }

    /// The type of references to objects of a type of the module.
    fn reference_to(&self, ty: u32) -> ValType {
        let (kind, id) = self.module.types[ty as usize].named();
        ValType::Ref(RefType { nullable: false, heap: HeapType::Concrete(kind, id) })
    }

    /// A field of a struct, and its offset.
    fn field(&self, ty: u32, field: u32) -> (FieldType, u32) {
        let ty = &self.module.types[ty as usize].ty;
        match (&ty.definition.composite, &ty.layout) {
            (CompositeType::Struct(fields), Some(layout)) => {
                (fields[field as usize], layout.offsets()[field as usize])
            }
            _ => unreachable!("validation has checked that this is a struct"),
        }
    }

    fn element(&self, ty: u32) -> StorageType {
        match self.module.types[ty as usize].ty.definition.composite {
            CompositeType::Array(element) => element.storage,
            _ => unreachable!("validation has checked that this is an array"),
        }
    }

    /// What makes a struct does not look at the epoch, so as not to do it by when the collector runs, which no two tiers agree on. A
    /// function whose structs have many bytes looks in front of each one after the first of them.
    fn check_interrupt_between_structs(&mut self, ty: u32) {
        let size = self.module.types[ty as usize].ty.layout.as_ref().map_or(0, |layout| layout.size());
        self.made += u64::from(size);
        if self.made > BYTES_PER_LOOK {
            self.check_interrupt();
        }
    }

    pub(super) fn struct_new(&mut self, ty: u32) -> Step {
        let fields = self.module.types[ty as usize].ty.places.len();
        let base = self.flush_top(fields);
        self.check_interrupt_between_structs(ty);
        self.safepoint();
        self.stack.truncate(self.stack.height() - fields);
        let dst = self.stack.push_home(self.reference_to(ty));
        self.backend.struct_new(TypeIndex(ty), dst, Some(base));
        Ok(())
    }

    pub(super) fn struct_new_default(&mut self, ty: u32) -> Step {
        self.check_interrupt_between_structs(ty);
        self.safepoint();
        let dst = self.stack.push_home(self.reference_to(ty));
        self.backend.struct_new(TypeIndex(ty), dst, None);
        Ok(())
    }

    pub(super) fn struct_get(&mut self, ty: u32, field: u32, signed: bool) -> Step {
        let (field, offset) = self.field(ty, field);
        let object = self.pop();
        let ty = field.storage.unpack();
        let dst = self.stack.push_home(ty);
        self.backend.field_load(load_of(field.storage, signed), ty, offset, dst, object);
        Ok(())
    }

    pub(super) fn struct_set(&mut self, ty: u32, field: u32) -> Step {
        let (field, offset) = self.field(ty, field);
        let (object, value) = self.pop2();
        self.backend.field_store(store_of(field.storage), offset, object, value);
        Ok(())
    }

    /// Makes an array by a service.
    pub(super) fn array_new(&mut self, op: BuiltinOp, ty: u32, y: u32, operands: usize) -> Step {
        self.builtin(op, ty, y, operands, Some(self.reference_to(ty)))
    }

    /// Works on arrays by a service.
    pub(super) fn array_service(&mut self, op: BuiltinOp, ty: u32, y: u32, operands: usize) -> Step {
        self.builtin(op, ty, y, operands, None)
    }

    pub(super) fn array_get(&mut self, ty: u32, signed: bool) -> Step {
        let element = self.element(ty);
        let (array, index) = self.pop2();
        let ty = element.unpack();
        let dst = self.stack.push_home(ty);
        self.backend.element_load(load_of(element, signed), ty, dst, array, index);
        Ok(())
    }

    pub(super) fn array_set(&mut self, ty: u32) -> Step {
        let element = self.element(ty);
        let value = self.pop();
        let (array, index) = self.pop2();
        self.backend.element_store(store_of(element), array, index, value);
        Ok(())
    }

    pub(super) fn array_len(&mut self) -> Step {
        let array = self.pop();
        let dst = self.stack.push_home(ValType::I32);
        self.backend.array_len(dst, array);
        Ok(())
    }

    // Casts.

    fn cast(&self, heap: wasmparser::HeapType, nullable: bool) -> Result<Cast, Refusal> {
        let to = RefType { nullable, heap: self.heap_type(heap)? };
        let defined = match heap {
            wasmparser::HeapType::Concrete(UnpackedIndex::Module(index)) => {
                let ty = &self.module.types[index as usize].ty;
                (ty.definition.is_final, ty.depth())
            }
            _ => (false, 0),
        };
        Ok(Cast::new(to, |_| defined))
    }

    pub(super) fn ref_test(&mut self, heap: wasmparser::HeapType, nullable: bool) -> Step {
        let cast = self.cast(heap, nullable)?;
        let reference = self.pop();
        let dst = self.stack.push_home(ValType::I32);
        self.backend.ref_test(cast, dst, reference);
        Ok(())
    }

    pub(super) fn ref_cast(&mut self, heap: wasmparser::HeapType, nullable: bool) -> Step {
        let cast = self.cast(heap, nullable)?;
        let reference = self.top();
        self.backend.ref_cast(cast, reference);
        Ok(())
    }

    pub(super) fn br_on_cast(&mut self, depth: u32, to: wasmparser::RefType, sense: bool) -> Step {
        let cast = self.cast(to.heap_type(), to.is_nullable())?;
        // The reference is one of the values that the branch carries, and stays if it is not taken.
        let reference = self.top();
        let free = self.stack.push_home(ValType::I32);
        self.stack.pop_operand();
        self.conditional_branch(depth, None, |backend, taken, target| {
            backend.branch_if_cast(cast, reference, sense == taken, target, free);
        })
    }
}
