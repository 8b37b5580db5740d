//! Picks the form of an operator that fits its operands: accumulator, slot or immediate.

use upshift_core::ops::{Binary, Unary};
use upshift_core::types::ValType;
use upshift_translate::backend::Operand;

use super::Builder;
use crate::op::{Field, Loc, Op};

impl Builder<'_> {
    /// Whether the operand is in the accumulator of its type.
    pub(super) fn in_accumulator(&mut self, operand: Operand, ty: ValType) -> bool {
        operand.slot().is_some_and(|slot| self.peephole.accumulators.holds(ty, slot))
    }

    /// Picks the form for the operands: what is in an accumulator is taken from there, constants become immediates.
    /// Returns the opcode and the values of its operand fields.
    pub(super) fn pick_binary(
        &mut self,
        op: Binary,
        lhs: Operand,
        rhs: Operand,
        form: impl Fn(Binary, Loc, Loc) -> Option<Op>,
    ) -> (Op, Vec2) {
        let [lhs_ty, rhs_ty] = *op.operands() else { unreachable!("binary operators have two operands") };
        let (mut op, mut lhs, mut rhs) = (op, lhs, rhs);
        // Constants go right, accumulators go left, where the operator has a mirror image.
        if let Some(swapped) = op.swapped()
            && !matches!(rhs, Operand::Const(..))
            && (matches!(lhs, Operand::Const(..))
                || (self.in_accumulator(rhs, rhs_ty) && !self.in_accumulator(lhs, lhs_ty)))
        {
            (op, lhs, rhs) = (swapped, rhs, lhs);
        }
        if let Operand::Const(bits, _) = rhs {
            if let Operand::Const(..) = lhs {
                lhs = Operand::Temp(self.slot(lhs));
            }
            let float = matches!(rhs_ty, ValType::F32 | ValType::F64);
            if self.in_accumulator(lhs, lhs_ty)
                && let Some(found) = form(op, Loc::Acc, Loc::Imm)
                && let Some(imm) = immediate(bits, rhs_ty, found)
            {
                return (found, Vec2::one(imm));
            }
            if let Some(found) = form(op, Loc::Slot, Loc::Imm)
                && let Some(imm) = if float { Some(bits) } else { immediate(bits, rhs_ty, found) }
            {
                let slot = self.slot(lhs);
                return (found, Vec2::two(u64::from(slot.0), imm));
            }
            rhs = Operand::Temp(self.slot(rhs));
            if let Some(swapped) = op.swapped() {
                (op, lhs, rhs) = (swapped, rhs, lhs);
            }
        }
        if let Operand::Const(bits, _) = lhs {
            if let Some(found) = form(op, Loc::Imm, Loc::Slot)
                && let Some(imm) = immediate(bits, lhs_ty, found)
            {
                let slot = self.slot(rhs);
                return (found, Vec2::two(imm, u64::from(slot.0)));
            }
            lhs = Operand::Temp(self.slot(lhs));
        }
        let (lhs_slot, rhs_slot) = (self.slot(lhs), self.slot(rhs));
        if self.peephole.accumulators.holds(lhs_ty, lhs_slot)
            && let Some(found) = form(op, Loc::Acc, Loc::Slot)
        {
            return (found, Vec2::one(u64::from(rhs_slot.0)));
        }
        if self.peephole.accumulators.holds(rhs_ty, rhs_slot)
            && let Some(found) = form(op, Loc::Slot, Loc::Acc)
        {
            return (found, Vec2::one(u64::from(lhs_slot.0)));
        }
        let found = form(op, Loc::Slot, Loc::Slot).expect("all operators have a form with slots");
        (found, Vec2::two(u64::from(lhs_slot.0), u64::from(rhs_slot.0)))
    }
}

/// Up to two field values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vec2 {
    values: [u64; 2],
    len: usize,
}

impl Vec2 {
    pub(super) fn one(a: u64) -> Vec2 {
        Vec2 { values: [a, 0], len: 1 }
    }

    pub(super) fn two(a: u64, b: u64) -> Vec2 {
        Vec2 { values: [a, b], len: 2 }
    }

    /// Both values, of which so many count.
    pub(super) fn parts(self) -> ([u64; 2], usize) {
        (self.values, self.len)
    }

    pub(super) fn as_slice(&self) -> &[u64] {
        &self.values[..self.len]
    }
}

/// The value of the immediate field for a constant of the type, if it fits.
fn immediate(bits: u64, ty: ValType, op: Op) -> Option<u64> {
    let signed = match ty {
        ValType::I32 => i64::from(bits as u32 as i32),
        _ => bits as i64,
    };
    let field = op.fields().iter().find(|f| matches!(f, Field::Imm16 | Field::Imm32 | Field::Imm64))?;
    let fits = match field {
        Field::Imm16 => i64::from(signed as i16) == signed,
        Field::Imm32 => i64::from(signed as i32) == signed,
        _ => true,
    };
    fits.then_some(if *field == Field::Imm64 { bits } else { signed as u64 })
}

/// Whether the operator gives the bits of a slot another type and nothing else: an `i32` is zero-extended already.
pub(super) fn keeps_bits(op: Unary) -> bool {
    matches!(
        op,
        Unary::I64ExtendI32U
            | Unary::I32ReinterpretF32
            | Unary::I64ReinterpretF64
            | Unary::F32ReinterpretI32
            | Unary::F64ReinterpretI64
    )
}

/// The constant of an integer type as a signed number, if it has 16 bits.
pub(super) fn small(bits: u64, ty: ValType) -> Option<i16> {
    let signed = if ty == ValType::I32 { i64::from(bits as u32 as i32) } else { bits as i64 };
    i16::try_from(signed).ok()
}

pub(super) fn fits_i32(bits: u64) -> bool {
    // The slot of an `i32` has a zero high half, which a sign-extended immediate cannot make from a negative number.
    i64::try_from(bits).is_ok_and(|value| i32::try_from(value).is_ok())
}
