//! Calls and returns.

use upshift_core::index::FuncIndex;
use upshift_core::types::ValType;
use upshift_core::vm::frame;
use upshift_translate::backend::{Call, Callee, Operand, Return};

use super::Builder;
use super::forms::fits_i32;
use super::fuse::Accumulators;
use crate::op::Op;

impl Builder<'_> {
    /// Whether a function is an own one, and the offset of its record in the context, or of the pointer to it.
    pub(super) fn func_place(&self, func: FuncIndex) -> (bool, u64) {
        match func.0.checked_sub(self.module.imported_funcs) {
            Some(own) => (true, self.layout.func(own) as u64),
            None => (false, self.layout.imported_func(func.0) as u64),
        }
    }

    pub(super) fn emit_call(&mut self, call: &Call<'_>) {
        let params = u64::from(call.ty.param_slots());
        // Where the callee's frame pointer will be.
        let callee = u64::from(call.base.0 + frame::fp_offset(call.ty.param_slots()));
        let own = [u64::from(self.frame.params), u64::from(self.frame.results)];
        let site = self.layout.call_site(call.site) as u64;
        let mut values = [0; 9];
        let (op, len) = match call.callee {
            Callee::Direct(func) => {
                let (is_own, place) = self.func_place(func);
                values[..4].copy_from_slice(&[params, callee, place, u64::from(func.0)]);
                let op = match (is_own, call.tail) {
                    (true, false) => Op::Call,
                    (true, true) => Op::ReturnCall,
                    (false, false) => Op::CallImport,
                    (false, true) => Op::ReturnCallImport,
                };
                (op, 4)
            }
            Callee::Indirect { table, ty, index } => {
                let ty_id = self.module.types[ty.index()].id.0;
                let expected = &self.module.types[ty.index()].ty;
                let index = self.slot(index);
                let table = self.layout.table(table.0) as u64;
                values[..5].copy_from_slice(&[params, callee, u64::from(index.0), table, u64::from(ty_id)]);
                if expected.definition.is_final {
                    values[5] = site;
                    (if call.tail { Op::ReturnCallIndirect } else { Op::CallIndirect }, 6)
                } else {
                    values[5..7].copy_from_slice(&[u64::from(expected.depth()), site]);
                    (if call.tail { Op::ReturnCallIndirectSub } else { Op::CallIndirectSub }, 7)
                }
            }
            Callee::Ref { function: reference, .. } => {
                let reference = self.slot(reference);
                values[..4].copy_from_slice(&[params, callee, u64::from(reference.0), site]);
                (if call.tail { Op::ReturnCallRef } else { Op::CallRef }, 4)
            }
        };
        let len = if call.tail {
            values[len..len + 2].copy_from_slice(&own);
            len + 2
        } else {
            len
        };
        self.emit(op, &values[..len]);
        self.after_call(call);
    }

    /// After a call: a single scalar result is in its accumulator, everything else is gone.
    pub(super) fn after_call(&mut self, call: &Call<'_>) {
        self.peephole.accumulators = Accumulators::default();
        if let [ty] = *call.ty.results()
            && ty != ValType::V128
        {
            self.peephole.accumulators.wrote(ty, call.base);
        }
    }

    pub(super) fn emit_return(&mut self, values: Return<'_>) {
        // Results go where the first parameter was.
        let to = 0;
        match values {
            Return::None => {
                self.emit(Op::Return, &[]);
            }
            Return::One(Operand::Const(bits, _), ValType::I32 | ValType::I64) if fits_i32(bits) => {
                self.emit(Op::ReturnI, &[to, bits]);
            }
            Return::One(operand, ty) => {
                let slot = self.slot(operand);
                let in_accumulator = self.in_accumulator(Operand::Temp(slot), ty);
                let (with_slot, with_acc) = match ty {
                    ValType::F32 => (Op::ReturnF32S, Op::ReturnF32A),
                    ValType::F64 => (Op::ReturnF64S, Op::ReturnF64A),
                    ValType::V128 => {
                        self.emit(Op::ReturnSpan, &[to, u64::from(slot.0), 2]);
                        return;
                    }
                    _ => (Op::ReturnS, Op::ReturnA),
                };
                if in_accumulator {
                    self.emit(with_acc, &[to]);
                } else {
                    self.emit(with_slot, &[to, u64::from(slot.0)]);
                }
            }
            Return::Span(first, _) => {
                let slots = u64::from(self.frame.results);
                self.emit(Op::ReturnSpan, &[to, u64::from(first.0), slots]);
            }
        }
    }
}
