//! From an operator to its atomic access: the table of accesses uses the names of wasmparser.

use upshift_core::ops::atomic::Atomic;
use upshift_core::types::ValType;
use wasmparser::{MemArg, Operator};

macro_rules! define_atomic_access {
    ($($section:ident { $($name:ident $text:literal $width:ident i32[$($in32:ident)?] i64[$in64:ident] $(= $f:expr)?;)* })*) => {
        /// The access that an operator is, the type of its operands and result, and where.
        pub(super) fn atomic_access(operator: &Operator<'_>) -> Option<(Atomic, ValType, MemArg)> {
            Some(match *operator {
                $($(
                    $(Operator::$in32 { memarg } => (Atomic::$name, ValType::I32, memarg),)?
                    Operator::$in64 { memarg } => (Atomic::$name, ValType::I64, memarg),
                )*)*
                _ => return None,
            })
        }
    };
}

upshift_core::for_each_atomic_op!([define_atomic_access]);
