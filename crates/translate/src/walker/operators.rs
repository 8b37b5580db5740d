//! The match over all operators: one arm each, which calls the method for its class.

use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::shown::bounded;
use upshift_core::types::{RefType, ValType};
use upshift_core::value::V128;
use upshift_core::vm::BuiltinOp;
use wasmparser::Operator;

use super::atomics::atomic_access;
use super::{Refusal, Step, Walker, refusal};
use crate::backend::Backend;

/// The reason for an operator without an arm. Its name is only in builds with assertions: the names of all operators would be
/// 1 % of a release, for a message that validation keeps from appearing.
#[cold]
pub(super) fn unanswered(operator: &Operator<'_>) -> Refusal {
    if cfg!(debug_assertions) {
        refusal(format!("operator {} is not supported", bounded(format_args!("{operator:?}"), 100)))
    } else {
        refusal("this operator is not supported")
    }
}

macro_rules! define_operator {
    (
        binary { $($bs:ident { $(
            $b:ident $b_text:literal ($b_l:ident, $b_r:ident) -> $b_o:ident = $b_f:expr
                $(, inverse $b_inverse:ident, swapped $b_swapped:ident)?;
        )* })* }
        wide { $($ws:ident { $($w:ident $w_text:literal ($w_l:ident, $w_r:ident) -> $w_o:ident = $w_f:expr;)* })* }
        unary { $($us:ident { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* })* }
        canonical_nan { $($n:ident $n_text:literal ($n_i:ident) -> $n_o:ident = $n_f:expr;)* }
        ternary { $($t:ident $t_text:literal ($t_a:ident, $t_b:ident, $t_c:ident) -> $t_o:ident = $t_f:expr;)* }
        extract_lane { $($x:ident $x_text:literal ($x_i:ident) -> $x_o:ident = $x_f:expr;)* }
        replace_lane { $($r:ident $r_text:literal ($r_v:ident, $r_i:ident) -> $r_o:ident = $r_f:expr;)* }
    ) => {
        impl<B: Backend> Walker<'_, '_, B> {
            /// Translates one operator.
            pub(super) fn operator(&mut self, operator: Operator<'_>) -> Step {
                use Operator as O;
                use ValType::{F32, F64, V128 as Vector};
                use BuiltinOp as Service;
                match operator {
                    // Pure operators have the same names in wasmparser and in the table.
                    $($(O::$b => self.binary(Binary::$b),)*)*
                    $($(O::$w => self.wide(Wide::$w),)*)*
                    $($(O::$u => self.unary(Unary::$u),)*)*
                    $(O::$t => self.ternary(Ternary::$t),)*
                    $(O::$x { lane } => self.extract_lane(ExtractLane::$x, lane),)*
                    $(O::$r { lane } => self.replace_lane(ReplaceLane::$r, lane),)*
                    O::RefIsNull => self.ref_is_null(),

                    O::F32Const { value } => self.push_const(u64::from(value.bits()), F32),
                    O::F64Const { value } => self.push_const(value.bits(), F64),
                    O::V128Const { value } => self.const_v128(V128(*value.bytes())),
                    O::I8x16Shuffle { lanes } => self.shuffle(lanes),

                    O::Nop => Ok(()),
                    O::Drop => self.drop_(),
                    O::Select => self.select(None, &[]),
                    O::TypedSelect { ty } => self.select(Some(ty), &[]),
                    O::GlobalGet { global_index } => self.global_get(global_index),
                    O::GlobalSet { global_index } => self.global_set(global_index),

                    O::V128Load { memarg } => self.load(Load::V128Load, Vector, memarg),
                    O::V128Load8x8S { memarg } => self.load(Load::V128Load8x8S, Vector, memarg),
                    O::V128Load8x8U { memarg } => self.load(Load::V128Load8x8U, Vector, memarg),
                    O::V128Load16x4S { memarg } => self.load(Load::V128Load16x4S, Vector, memarg),
                    O::V128Load16x4U { memarg } => self.load(Load::V128Load16x4U, Vector, memarg),
                    O::V128Load32x2S { memarg } => self.load(Load::V128Load32x2S, Vector, memarg),
                    O::V128Load32x2U { memarg } => self.load(Load::V128Load32x2U, Vector, memarg),
                    O::V128Load8Splat { memarg } => self.load(Load::V128Load8Splat, Vector, memarg),
                    O::V128Load16Splat { memarg } => self.load(Load::V128Load16Splat, Vector, memarg),
                    O::V128Load32Splat { memarg } => self.load(Load::V128Load32Splat, Vector, memarg),
                    O::V128Load64Splat { memarg } => self.load(Load::V128Load64Splat, Vector, memarg),
                    O::V128Load32Zero { memarg } => self.load(Load::V128Load32Zero, Vector, memarg),
                    O::V128Load64Zero { memarg } => self.load(Load::V128Load64Zero, Vector, memarg),
                    O::V128Load8Lane { memarg, lane } => self.load_lane(1, lane, memarg),
                    O::V128Load16Lane { memarg, lane } => self.load_lane(2, lane, memarg),
                    O::V128Load32Lane { memarg, lane } => self.load_lane(4, lane, memarg),
                    O::V128Load64Lane { memarg, lane } => self.load_lane(8, lane, memarg),
                    O::V128Store { memarg } => self.store(Store::V128Store, memarg),
                    O::V128Store8Lane { memarg, lane } => self.store_lane(1, lane, memarg),
                    O::V128Store16Lane { memarg, lane } => self.store_lane(2, lane, memarg),
                    O::V128Store32Lane { memarg, lane } => self.store_lane(4, lane, memarg),
                    O::V128Store64Lane { memarg, lane } => self.store_lane(8, lane, memarg),
                    O::MemorySize { mem } => self.memory_size(mem),
                    O::MemoryGrow { mem } => {
                        self.builtin(Service::MemoryGrow, mem, 0, 1, self.memory_index_type(mem))
                    }
                    O::MemoryFill { mem } => self.builtin(Service::MemoryFill, mem, 0, 3, None),
                    O::MemoryCopy { dst_mem, src_mem } => self.builtin(Service::MemoryCopy, dst_mem, src_mem, 3, None),
                    O::MemoryInit { data_index, mem } => self.builtin(Service::MemoryInit, mem, data_index, 3, None),
                    O::DataDrop { data_index } => self.builtin(Service::DataDrop, data_index, 0, 0, None),

                    O::MemoryAtomicNotify { memarg } => self.atomic_service(Service::MemoryNotify, memarg, 2),
                    O::MemoryAtomicWait32 { memarg } => self.atomic_service(Service::MemoryWait32, memarg, 3),
                    O::MemoryAtomicWait64 { memarg } => self.atomic_service(Service::MemoryWait64, memarg, 3),
                    O::AtomicFence { .. } => {
                        self.backend.fence();
                        Ok(())
                    }

                    O::TableGet { table } => {
                        let element = self.module.tables[table as usize].element;
                        self.builtin(Service::TableGet, table, 0, 1, Some(ValType::Ref(element)))
                    }
                    O::TableSet { table } => self.builtin(Service::TableSet, table, 0, 2, None),
                    O::TableSize { table } => self.builtin(Service::TableSize, table, 0, 0, self.table_index_type(table)),
                    O::TableGrow { table } => self.builtin(Service::TableGrow, table, 0, 2, self.table_index_type(table)),
                    O::TableFill { table } => self.builtin(Service::TableFill, table, 0, 3, None),
                    O::TableCopy { dst_table, src_table } => {
                        self.builtin(Service::TableCopy, dst_table, src_table, 3, None)
                    }
                    O::TableInit { elem_index, table } => self.builtin(Service::TableInit, table, elem_index, 3, None),
                    O::ElemDrop { elem_index } => self.builtin(Service::ElemDrop, elem_index, 0, 0, None),

                    O::RefNull { hty } => {
                        let ty = RefType { nullable: true, heap: self.heap_type(hty)? };
                        self.push_const(0, ValType::Ref(ty))
                    }
                    O::RefFunc { function_index } => self.ref_func(function_index),
                    O::RefAsNonNull => self.ref_as_non_null(),
                    O::BrOnNull { relative_depth } => self.br_on_null(relative_depth),
                    O::BrOnNonNull { relative_depth } => self.br_on_non_null(relative_depth),

                    O::Unreachable => self.trap(),
                    O::Block { blockty } => self.block(self.signature(blockty)?),
                    O::Loop { blockty } => self.loop_(self.signature(blockty)?),
                    O::If { blockty } => self.if_(self.signature(blockty)?),
                    O::Else => self.else_(),
                    O::End => self.end(),
                    O::BrTable { targets } => self.br_table(&targets),
                    O::Return => self.return_(),
                    O::CallIndirect { type_index, table_index } => self.call_indirect(type_index, table_index, false),
                    O::CallRef { type_index } => self.call_ref(type_index, false),
                    O::ReturnCall { function_index } => self.call_direct(function_index, true),
                    O::ReturnCallIndirect { type_index, table_index } => {
                        self.call_indirect(type_index, table_index, true)
                    }
                    O::ReturnCallRef { type_index } => self.call_ref(type_index, true),

                    O::TryTable { try_table } => self.try_table(&try_table),
                    O::Throw { tag_index } => self.throw(tag_index),
                    O::ThrowRef => self.throw_ref(),
                    O::Try { blockty } => self.try_(blockty),
                    O::Catch { tag_index } => self.catch(Some(tag_index)),
                    O::CatchAll => self.catch(None),
                    O::Rethrow { relative_depth } => self.rethrow(relative_depth),
                    O::Delegate { relative_depth } => self.delegate(relative_depth),

                    O::RefEq => self.ref_eq(),
                    // References are the same bits on both sides.
                    O::AnyConvertExtern | O::ExternConvertAny => Ok(()),
                    O::StructNew { struct_type_index } => self.struct_new(struct_type_index),
                    O::StructNewDefault { struct_type_index } => self.struct_new_default(struct_type_index),
                    O::StructGet { struct_type_index, field_index } | O::StructGetU { struct_type_index, field_index } => {
                        self.struct_get(struct_type_index, field_index, false)
                    }
                    O::StructGetS { struct_type_index, field_index } => {
                        self.struct_get(struct_type_index, field_index, true)
                    }
                    O::StructSet { struct_type_index, field_index } => self.struct_set(struct_type_index, field_index),
                    O::ArrayNew { array_type_index } => self.array_new(Service::ArrayNew, array_type_index, 0, 2),
                    O::ArrayNewDefault { array_type_index } => {
                        self.array_new(Service::ArrayNewDefault, array_type_index, 0, 1)
                    }
                    O::ArrayNewFixed { array_type_index, array_size } => {
                        self.array_new(Service::ArrayNewFixed, array_type_index, array_size, array_size as usize)
                    }
                    O::ArrayNewData { array_type_index, array_data_index } => {
                        self.array_new(Service::ArrayNewData, array_type_index, array_data_index, 2)
                    }
                    O::ArrayNewElem { array_type_index, array_elem_index } => {
                        self.array_new(Service::ArrayNewElem, array_type_index, array_elem_index, 2)
                    }
                    O::ArrayGet { array_type_index } | O::ArrayGetU { array_type_index } => {
                        self.array_get(array_type_index, false)
                    }
                    O::ArrayGetS { array_type_index } => self.array_get(array_type_index, true),
                    O::ArraySet { array_type_index } => self.array_set(array_type_index),
                    O::ArrayLen => self.array_len(),
                    O::ArrayFill { array_type_index } => self.array_service(Service::ArrayFill, array_type_index, 0, 4),
                    O::ArrayCopy { array_type_index_dst, .. } => {
                        self.array_service(Service::ArrayCopy, array_type_index_dst, 0, 5)
                    }
                    O::ArrayInitData { array_type_index, array_data_index } => {
                        self.array_service(Service::ArrayInitData, array_type_index, array_data_index, 4)
                    }
                    O::ArrayInitElem { array_type_index, array_elem_index } => {
                        self.array_service(Service::ArrayInitElem, array_type_index, array_elem_index, 4)
                    }
                    O::RefTestNonNull { hty } => self.ref_test(hty, false),
                    O::RefTestNullable { hty } => self.ref_test(hty, true),
                    O::RefCastNonNull { hty } => self.ref_cast(hty, false),
                    O::RefCastNullable { hty } => self.ref_cast(hty, true),
                    O::BrOnCast { relative_depth, to_ref_type, .. } => self.br_on_cast(relative_depth, to_ref_type, true),
                    O::BrOnCastFail { relative_depth, to_ref_type, .. } => {
                        self.br_on_cast(relative_depth, to_ref_type, false)
                    }

                    // Whatever else wasmparser knows or learns to read: validation with the engine's features rejects it
                    // before this point.
                    other => match atomic_access(&other) {
                        Some((op, ty, arg)) => self.atomic(op, ty, arg),
                        None => Err(unanswered(&other)),
                    },
                }
            }
        }
    };
}

upshift_core::for_each_pure_op!([define_operator]);
