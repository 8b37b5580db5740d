//! Operators that only compute: they pop operands from the stack model and write the result to its home.

use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::{HeapType, RefType, ValType};
use upshift_core::value::V128;

use super::frequent::Number;
use super::{Step, Walker, nans, val_type};
use crate::backend::{Backend, Operand, Slot};

impl<B: Backend> Walker<'_, '_, B> {
    /// A binary operator whose operands and result are numbers; the code behind it begins with `behind`.
    #[inline(always)]
    pub(super) fn number_binary(&mut self, op: Binary, result: Number, behind: &[u8]) -> Step {
        let (lhs, rhs, dst) = self.stack.replace_two_numbers(result);
        self.announce(behind);
        self.backend.binary(op, dst, lhs, rhs);
        if self.options.canonical_nans { self.canonical(dst, nans::of_binary(op)) } else { Ok(()) }
    }

    /// A binary operator whose second operand was not pushed.
    #[inline(never)]
    pub(super) fn number_binary_with(
        &mut self,
        op: Binary,
        result: Number,
        rhs: Operand,
        behind: &[u8],
    ) -> Step {
        let (lhs, dst) = self.stack.replace_number(result);
        self.announce(behind);
        self.backend.binary(op, dst, lhs, rhs);
        if self.options.canonical_nans { self.canonical(dst, nans::of_binary(op)) } else { Ok(()) }
    }

    /// A binary operator of a local and a constant, which were not pushed. Behind a comparison nothing is looked at.
    #[inline(never)]
    pub(super) fn local_const_binary(
        &mut self,
        local: u32,
        bits: u64,
        op: Binary,
        result: Number,
        behind: &[u8],
    ) -> Step {
        let lhs = self.stack.unpushed_local(local);
        let dst = self.stack.push_number(result);
        let rhs = Operand::Const(bits, self.stack.home_above(dst));
        self.announce(behind);
        self.backend.binary(op, dst, lhs, rhs);
        if self.options.canonical_nans { self.canonical(dst, nans::of_binary(op)) } else { Ok(()) }
    }

    /// A unary operator whose operand and result are numbers; the code behind it begins with `behind`.
    #[inline(always)]
    pub(super) fn number_unary(&mut self, op: Unary, result: Number, behind: &[u8]) -> Step {
        let (value, dst) = self.stack.replace_number(result);
        self.announce(behind);
        self.backend.unary(op, dst, value);
        if self.options.canonical_nans { self.canonical(dst, nans::of_unary(op)) } else { Ok(()) }
    }

    pub(super) fn binary(&mut self, op: Binary) -> Step {
        let (lhs, rhs) = self.pop2();
        let dst = self.stack.push_home(op.result());
        self.announce_behind();
        self.backend.binary(op, dst, lhs, rhs);
        self.canonical(dst, nans::of_binary(op))
    }

    pub(super) fn wide(&mut self, op: Wide) -> Step {
        // Only the first ones are there if the operator has fewer.
        let mut operands = [Operand::Const(0, Slot(0)); 4];
        let operands = &mut operands[..op.operands().len()];
        for operand in operands.iter_mut().rev() {
            *operand = self.pop();
        }
        let low = self.stack.push_home(op.result());
        let high = self.stack.push_home(op.result());
        self.backend.wide(op, [low, high], operands);
        Ok(())
    }

    pub(super) fn unary(&mut self, op: Unary) -> Step {
        let value = self.pop();
        let result = match op {
            Unary::RefI31 => ValType::Ref(RefType { nullable: false, heap: HeapType::I31 }),
            _ => op.result(),
        };
        let dst = self.stack.push_home(result);
        self.announce_behind();
        self.backend.unary(op, dst, value);
        self.canonical(dst, nans::of_unary(op))
    }

    pub(super) fn ternary(&mut self, op: Ternary) -> Step {
        let c = self.pop();
        let (a, b) = self.pop2();
        let dst = self.stack.push_home(op.result());
        self.announce_behind();
        self.backend.ternary(op, dst, [a, b, c]);
        self.canonical(dst, nans::of_ternary(op))
    }

    /// Lets another operator canonicalise the NaNs in a result, if that is wanted.
    pub(super) fn canonical(&mut self, dst: Slot, op: Option<Unary>) -> Step {
        if self.options.canonical_nans
            && let Some(op) = op
        {
            self.backend.unary(op, dst, Operand::Temp(dst));
        }
        Ok(())
    }

    pub(super) fn extract_lane(&mut self, op: ExtractLane, lane: u8) -> Step {
        let vector = self.pop();
        let dst = self.stack.push_home(op.result());
        self.announce_behind();
        self.backend.extract_lane(op, lane, dst, vector);
        Ok(())
    }

    pub(super) fn replace_lane(&mut self, op: ReplaceLane, lane: u8) -> Step {
        let (vector, value) = self.pop2();
        let dst = self.stack.push_home(op.result());
        self.announce_behind();
        self.backend.replace_lane(op, lane, dst, vector, value);
        Ok(())
    }

    pub(super) fn shuffle(&mut self, lanes: [u8; 16]) -> Step {
        let (a, b) = self.pop2();
        let dst = self.stack.push_home(ValType::V128);
        self.announce_behind();
        self.backend.shuffle(lanes, dst, a, b);
        Ok(())
    }

    pub(super) fn const_v128(&mut self, value: V128) -> Step {
        let dst = self.stack.push_home(ValType::V128);
        self.announce_behind();
        self.backend.const_v128(dst, value);
        Ok(())
    }

    pub(super) fn drop_(&mut self) -> Step {
        let operand = self.pop();
        self.backend.discard(operand);
        Ok(())
    }

    /// `select`; the type has to be given for references, because neither operand need be of the type of the result.
    pub(super) fn select(&mut self, ty: Option<wasmparser::ValType>, behind: &[u8]) -> Step {
        let condition = self.pop();
        let (if_false, own) = self.stack.pop();
        let if_true = self.pop();
        let ty = ty.map_or(Ok(own), |ty| val_type(self.module, ty))?;
        let dst = self.stack.push_home(ty);
        self.announce(behind);
        self.backend.select(ty, dst, condition, if_true, if_false);
        Ok(())
    }
}
