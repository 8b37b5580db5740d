//! From the decoder to what an operator does: straight for what most code consists of, and for the rest by way of
//! `Walker::step`, which is one match for all of them.
//!
//! A value that can hold any operator is large, and has to be looked at again; the operators here go without it. Each is
//! answered here or there. Only those of the table of pure operators are in both places, under the same name.

use upshift_core::ops::Binary;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::ValType;
use wasmparser::{Operator, VisitOperator, VisitSimdOperator};

use super::{Step, Walker};
use crate::backend::Backend;

/// The work of an operator that costs one unit of fuel, if control reaches it.
macro_rules! frequent {
    ($w:ident, $work:expr) => {{
        if !$w.reachable {
            return Ok(());
        }
        if $w.options.fuel {
            $w.add_charge(1);
        }
        $work
    }};
}

/// The work of an operator that costs more if it carries more. The operator as a value is made only where fuel is counted.
macro_rules! charged {
    ($w:ident, $operator:expr, $work:expr) => {{
        if !$w.reachable {
            return Ok(());
        }
        if $w.options.fuel {
            $w.charge(&$operator);
        }
        $work
    }};
}

macro_rules! visit {
    ($w:ident LocalGet { $local_index:ident }) => {
        frequent!($w, $w.local_get($local_index))
    };
    ($w:ident LocalSet { $local_index:ident }) => {
        frequent!($w, $w.local_set($local_index, false))
    };
    ($w:ident LocalTee { $local_index:ident }) => {
        frequent!($w, $w.local_set($local_index, true))
    };
    ($w:ident I32Const { $value:ident }) => {
        frequent!($w, $w.push_const(u64::from($value as u32), ValType::I32))
    };
    ($w:ident I64Const { $value:ident }) => {
        frequent!($w, $w.push_const($value as u64, ValType::I64))
    };
    ($w:ident I32Eqz) => {
        frequent!($w, $w.is_zero(Binary::I32Eq, ValType::I32))
    };
    ($w:ident I64Eqz) => {
        frequent!($w, $w.is_zero(Binary::I64Eq, ValType::I64))
    };
    ($w:ident Br { $relative_depth:ident }) => {
        charged!($w, Operator::Br { relative_depth: $relative_depth }, $w.br($relative_depth))
    };
    ($w:ident BrIf { $relative_depth:ident }) => {
        charged!($w, Operator::BrIf { relative_depth: $relative_depth }, $w.br_if($relative_depth))
    };
    ($w:ident Call { $function_index:ident }) => {
        charged!($w, Operator::Call { function_index: $function_index }, $w.call_direct($function_index, false))
    };
    ($w:ident I32Load { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load32U, ValType::I32, $memarg))
    };
    ($w:ident I64Load { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load64, ValType::I64, $memarg))
    };
    ($w:ident F32Load { $memarg:ident }) => {
        frequent!($w, $w.load(Load::LoadF32, ValType::F32, $memarg))
    };
    ($w:ident F64Load { $memarg:ident }) => {
        frequent!($w, $w.load(Load::LoadF64, ValType::F64, $memarg))
    };
    ($w:ident I32Load8S { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load8S32, ValType::I32, $memarg))
    };
    ($w:ident I32Load8U { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load8U, ValType::I32, $memarg))
    };
    ($w:ident I32Load16S { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load16S32, ValType::I32, $memarg))
    };
    ($w:ident I32Load16U { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load16U, ValType::I32, $memarg))
    };
    ($w:ident I64Load8S { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load8S64, ValType::I64, $memarg))
    };
    ($w:ident I64Load8U { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load8U, ValType::I64, $memarg))
    };
    ($w:ident I64Load16S { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load16S64, ValType::I64, $memarg))
    };
    ($w:ident I64Load16U { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load16U, ValType::I64, $memarg))
    };
    ($w:ident I64Load32S { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load32S64, ValType::I64, $memarg))
    };
    ($w:ident I64Load32U { $memarg:ident }) => {
        frequent!($w, $w.load(Load::Load32U, ValType::I64, $memarg))
    };
    ($w:ident I32Store { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store32, $memarg))
    };
    ($w:ident F32Store { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store32, $memarg))
    };
    ($w:ident I64Store32 { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store32, $memarg))
    };
    ($w:ident I64Store { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store64, $memarg))
    };
    ($w:ident F64Store { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store64, $memarg))
    };
    ($w:ident I32Store8 { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store8, $memarg))
    };
    ($w:ident I64Store8 { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store8, $memarg))
    };
    ($w:ident I32Store16 { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store16, $memarg))
    };
    ($w:ident I64Store16 { $memarg:ident }) => {
        frequent!($w, $w.store(Store::Store16, $memarg))
    };
    ($w:ident I32Add) => {
        frequent!($w, $w.binary(Binary::I32Add))
    };
    ($w:ident I32Sub) => {
        frequent!($w, $w.binary(Binary::I32Sub))
    };
    ($w:ident I32Mul) => {
        frequent!($w, $w.binary(Binary::I32Mul))
    };
    ($w:ident I32And) => {
        frequent!($w, $w.binary(Binary::I32And))
    };
    ($w:ident I32Or) => {
        frequent!($w, $w.binary(Binary::I32Or))
    };
    ($w:ident I32Xor) => {
        frequent!($w, $w.binary(Binary::I32Xor))
    };
    ($w:ident I32Shl) => {
        frequent!($w, $w.binary(Binary::I32Shl))
    };
    ($w:ident I32ShrS) => {
        frequent!($w, $w.binary(Binary::I32ShrS))
    };
    ($w:ident I32ShrU) => {
        frequent!($w, $w.binary(Binary::I32ShrU))
    };
    ($w:ident I32Eq) => {
        frequent!($w, $w.binary(Binary::I32Eq))
    };
    ($w:ident I32Ne) => {
        frequent!($w, $w.binary(Binary::I32Ne))
    };
    ($w:ident I32LtS) => {
        frequent!($w, $w.binary(Binary::I32LtS))
    };
    ($w:ident I32LtU) => {
        frequent!($w, $w.binary(Binary::I32LtU))
    };
    ($w:ident I32GtS) => {
        frequent!($w, $w.binary(Binary::I32GtS))
    };
    ($w:ident I32GtU) => {
        frequent!($w, $w.binary(Binary::I32GtU))
    };
    ($w:ident I32LeS) => {
        frequent!($w, $w.binary(Binary::I32LeS))
    };
    ($w:ident I32LeU) => {
        frequent!($w, $w.binary(Binary::I32LeU))
    };
    ($w:ident I32GeS) => {
        frequent!($w, $w.binary(Binary::I32GeS))
    };
    ($w:ident I32GeU) => {
        frequent!($w, $w.binary(Binary::I32GeU))
    };
    ($w:ident I64Add) => {
        frequent!($w, $w.binary(Binary::I64Add))
    };
    ($w:ident I64Sub) => {
        frequent!($w, $w.binary(Binary::I64Sub))
    };
    ($w:ident I64Mul) => {
        frequent!($w, $w.binary(Binary::I64Mul))
    };
    ($w:ident I64And) => {
        frequent!($w, $w.binary(Binary::I64And))
    };
    ($w:ident I64Or) => {
        frequent!($w, $w.binary(Binary::I64Or))
    };
    ($w:ident I64Xor) => {
        frequent!($w, $w.binary(Binary::I64Xor))
    };
    ($w:ident I64Shl) => {
        frequent!($w, $w.binary(Binary::I64Shl))
    };
    ($w:ident I64ShrU) => {
        frequent!($w, $w.binary(Binary::I64ShrU))
    };
    ($w:ident I64Eq) => {
        frequent!($w, $w.binary(Binary::I64Eq))
    };
    ($w:ident I64Ne) => {
        frequent!($w, $w.binary(Binary::I64Ne))
    };
    ($w:ident $op:ident $({ $($arg:ident),* })?) => {
        $w.step(Operator::$op $({ $($arg),* })?)
    };
}

macro_rules! visits {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {$(
        fn $visit(&mut self $($(, $arg: $ty)*)?) -> Step {
            visit!(self $op $({ $($arg),* })?)
        }
    )*};
}

impl<'a, B: Backend> VisitOperator<'a> for Walker<'_, '_, B> {
    type Output = Step;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Step>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(visits);
}

impl<'a, B: Backend> VisitSimdOperator<'a> for Walker<'_, '_, B> {
    wasmparser::for_each_visit_simd_operator!(visits);
}
