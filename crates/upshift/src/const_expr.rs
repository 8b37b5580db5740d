//! Constant expressions: first values of globals and tables, offsets and elements of segments (wasm spec, "Constant
//! Expressions"). Validation has checked types and order.
//!
//! Objects are made without moving others, so values may wait here where the collector does not look.

use anyhow::Result;
use upshift_core::index::TypeIndex;
use upshift_core::types::layout::HEADER_BYTES;
use upshift_core::types::layout::array_size;
use upshift_core::vm::{FieldPlace, GlobalCell};
use upshift_core::{Trap, TypeId};
use upshift_translate::module::{ConstExpr, ConstOp};

use crate::gc::{header, write_slots};
use crate::instance::InstanceData;
use crate::store::StoreState;

/// Evaluates an expression; the value lies in the cell as in a global. `stack` is scratch space.
///
/// # Errors
/// When an object is made and the heap is full.
pub(crate) fn evaluate(
    state: &mut StoreState,
    instance: &InstanceData,
    expr: &ConstExpr,
    stack: &mut Vec<GlobalCell>,
) -> Result<GlobalCell> {
    stack.clear();
    for &op in &expr.ops {
        let value = match op {
            ConstOp::I32Add => binary32(stack, u32::wrapping_add),
            ConstOp::I32Sub => binary32(stack, u32::wrapping_sub),
            ConstOp::I32Mul => binary32(stack, u32::wrapping_mul),
            ConstOp::I64Add => binary64(stack, u64::wrapping_add),
            ConstOp::I64Sub => binary64(stack, u64::wrapping_sub),
            ConstOp::I64Mul => binary64(stack, u64::wrapping_mul),
            ConstOp::RefI31 => slot(pop(stack).slots[0] << 1 & u64::from(u32::MAX) | 1),
            ConstOp::StructNew(ty) => {
                let count = instance.module.info().types[ty.index()].ty.places.len();
                let values = stack.split_off(stack.len() - count);
                new_struct(state, instance, ty, &values)?
            }
            ConstOp::StructNewDefault(ty) => new_struct(state, instance, ty, &[])?,
            ConstOp::ArrayNew(ty) => {
                let (len, value) = (pop(stack).slots[0], pop(stack));
                new_array(state, instance, ty, &[value], len as u32)?
            }
            ConstOp::ArrayNewDefault(ty) => {
                let len = pop(stack).slots[0];
                new_array(state, instance, ty, &[], len as u32)?
            }
            ConstOp::ArrayNewFixed(ty, len) => {
                let values = stack.split_off(stack.len() - len as usize);
                new_array(state, instance, ty, &values, len)?
            }
            leaf => constant(instance, leaf),
        };
        stack.push(value);
    }
    Ok(pop(stack))
}

fn constant(instance: &InstanceData, op: ConstOp) -> GlobalCell {
    match op {
        ConstOp::I32(value) => slot(u64::from(value as u32)),
        ConstOp::I64(value) => slot(value as u64),
        ConstOp::F32(bits) => slot(u64::from(bits)),
        ConstOp::F64(bits) => slot(bits),
        ConstOp::V128(value) => {
            let bits = value.as_u128();
            GlobalCell { slots: [bits as u64, (bits >> 64) as u64] }
        }
        ConstOp::RefFunc(func) => slot(instance.func_rec(func).as_ptr().expose_provenance() as u64),
        // SAFETY: cells live as long as their store; nothing refers to them in Rust.
        ConstOp::GlobalGet(global) => unsafe { *instance.global_cell(global) },
        _ => slot(0),
    }
}

fn slot(low: u64) -> GlobalCell {
    GlobalCell { slots: [low, 0] }
}

fn pop(stack: &mut Vec<GlobalCell>) -> GlobalCell {
    stack.pop().unwrap_or_default()
}

fn binary32(stack: &mut Vec<GlobalCell>, op: fn(u32, u32) -> u32) -> GlobalCell {
    binary64(stack, |a, b| u64::from(op(a as u32, b as u32)))
}

fn binary64(stack: &mut Vec<GlobalCell>, op: impl FnOnce(u64, u64) -> u64) -> GlobalCell {
    let (b, a) = (pop(stack).slots[0], pop(stack).slots[0]);
    slot(op(a, b))
}

/// A new object of a type, all zero behind the header.
fn new_object(state: &mut StoreState, id: TypeId, len: u32, bytes: u32) -> Result<u32> {
    state.make_room_in_place(bytes)?;
    let object = state.new_object(header(id, len), bytes);
    // SAFETY: the object has so many bytes.
    unsafe { state.clear_object(object, bytes) };
    Ok(object)
}

/// A struct with the values, or with zeroes if there are none.
fn new_struct(
    state: &mut StoreState,
    instance: &InstanceData,
    ty: TypeIndex,
    values: &[GlobalCell],
) -> Result<GlobalCell> {
    let ty = &instance.module.info().types[ty.index()];
    let size = ty.ty.layout.as_ref().map_or(HEADER_BYTES, |layout| layout.size());
    let object = new_object(state, ty.id, 0, size)?;
    for (value, &FieldPlace { offset, bytes_log2 }) in values.iter().zip(&ty.ty.places) {
        // SAFETY: the new object has such a field.
        unsafe { write_slots(state.object(object).add(offset as usize), bytes_log2, value.slots.as_ptr()) };
    }
    Ok(slot(u64::from(object)))
}

/// An array whose elements repeat the values, or are zero if there are none.
fn new_array(
    state: &mut StoreState,
    instance: &InstanceData,
    ty: TypeIndex,
    values: &[GlobalCell],
    len: u32,
) -> Result<GlobalCell> {
    let ty = &instance.module.info().types[ty.index()];
    let bytes = ty.ty.element().map_or(1, |element| element.storage.bytes());
    let size = array_size(bytes, len).ok_or(Trap::GcHeapOutOfMemory)?;
    let object = new_object(state, ty.id, len, size)?;
    let elements = state.object(object).wrapping_add(HEADER_BYTES as usize);
    for (i, value) in values.iter().cycle().take(len as usize).enumerate() {
        // SAFETY: the new object has so many elements.
        unsafe {
            write_slots(elements.add(i * bytes as usize), bytes.trailing_zeros(), value.slots.as_ptr())
        };
    }
    Ok(slot(u64::from(object)))
}
