//! Constant expressions: first values of globals and tables, offsets and elements of segments (wasm spec, "Constant
//! Expressions"). Validation has checked types and order; evaluation cannot fail.

use upshift_core::vm::GlobalCell;
use upshift_translate::module::{ConstExpr, ConstOp};

use crate::instance::InstanceData;

/// Evaluates an expression; the value lies in the cell as in a global. `stack` is scratch space.
pub(crate) fn evaluate(instance: &InstanceData, expr: &ConstExpr, stack: &mut Vec<GlobalCell>) -> GlobalCell {
    stack.clear();
    for &op in &expr.ops {
        let value = match op {
            ConstOp::I32Add => binary32(stack, u32::wrapping_add),
            ConstOp::I32Sub => binary32(stack, u32::wrapping_sub),
            ConstOp::I32Mul => binary32(stack, u32::wrapping_mul),
            ConstOp::I64Add => binary64(stack, u64::wrapping_add),
            ConstOp::I64Sub => binary64(stack, u64::wrapping_sub),
            ConstOp::I64Mul => binary64(stack, u64::wrapping_mul),
            leaf => constant(instance, leaf),
        };
        stack.push(value);
    }
    stack.pop().unwrap_or_default()
}

fn constant(instance: &InstanceData, op: ConstOp) -> GlobalCell {
    let slots = |low| GlobalCell { slots: [low, 0] };
    match op {
        ConstOp::I32(value) => slots(u64::from(value as u32)),
        ConstOp::I64(value) => slots(value as u64),
        ConstOp::F32(bits) => slots(u64::from(bits)),
        ConstOp::F64(bits) => slots(bits),
        ConstOp::V128(value) => {
            let bits = value.as_u128();
            GlobalCell { slots: [bits as u64, (bits >> 64) as u64] }
        }
        ConstOp::RefFunc(func) => slots(instance.func_rec(func).as_ptr().expose_provenance() as u64),
        // SAFETY: cells live as long as their store; nothing refers to them in Rust.
        ConstOp::GlobalGet(global) => unsafe { *instance.global_cell(global) },
        _ => slots(0),
    }
}

fn binary32(stack: &mut Vec<GlobalCell>, op: fn(u32, u32) -> u32) -> GlobalCell {
    binary64(stack, |a, b| u64::from(op(a as u32, b as u32)))
}

fn binary64(stack: &mut Vec<GlobalCell>, op: impl FnOnce(u64, u64) -> u64) -> GlobalCell {
    let mut pop = || stack.pop().unwrap_or_default().slots[0];
    let (b, a) = (pop(), pop());
    GlobalCell { slots: [op(a, b), 0] }
}
