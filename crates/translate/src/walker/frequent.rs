//! Operators of one byte that most code consists of, by that byte: what the walker need not look at as a value.
//!
//! ```text
//! Code ─ next ─▶ Frequent ─▶ the walker's loop and the survey of loops read the rest: an index, a constant, a memory argument
//!             └▶ Rare     ─▶ `Code::operator`: wasmparser's value of it
//! ```
//!
//! The table holds pure operators of numbers, what moves values between locals, memory 0 and the stack, and control. Everything else,
//! and everything in an unusual form, comes from wasmparser's decoder.

use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, Unary};
use upshift_core::types::ValType;
use wasmparser::Operator;

/// A type of numbers: a value takes one slot, and the collector has nothing to do with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Number {
    I32,
    I64,
    F32,
    F64,
}

impl Number {
    const fn of(ty: ValType) -> Number {
        match ty {
            ValType::I32 => Number::I32,
            ValType::I64 => Number::I64,
            ValType::F32 => Number::F32,
            ValType::F64 => Number::F64,
            ValType::V128 | ValType::Ref(_) => panic!("a frequent operator has a number as its result"),
        }
    }

    /// The type as one among all.
    #[inline(always)]
    pub(crate) const fn val_type(self) -> ValType {
        match self {
            Number::I32 => ValType::I32,
            Number::I64 => ValType::I64,
            Number::F32 => ValType::F32,
            Number::F64 => ValType::F64,
        }
    }
}

/// What the first byte of an operator says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frequent {
    /// One for which wasmparser has to make a value.
    Rare,
    /// `block`
    Block,
    /// `loop`
    Loop,
    /// `if`
    If,
    /// `end`
    End,
    /// `else`
    Else,
    /// `br`
    Br,
    /// `br_if`
    BrIf,
    /// `return`
    Return,
    /// `call`
    Call,
    /// `call_indirect`
    CallIndirect,
    /// `unreachable`
    Unreachable,
    /// `drop`
    Drop,
    /// `select`
    Select,
    /// `local.get`
    LocalGet,
    /// `local.set`
    LocalSet,
    /// `local.tee`
    LocalTee,
    /// `global.get`
    GlobalGet,
    /// `global.set`
    GlobalSet,
    /// `i32.const`
    I32Const,
    /// `i64.const`
    I64Const,
    /// A comparison with zero, by the comparison with any number.
    IsZero(Binary),
    /// A comparison.
    Compare(Binary),
    /// A pure operator and the type of its result.
    Unary(Unary, Number),
    /// A pure operator and the type of its result.
    Binary(Binary, Number),
    /// A load and the type of its result.
    Load(Load, Number),
    /// A store.
    Store(Store),
}

/// By the first byte.
pub(crate) static FREQUENT: [Frequent; 256] = table();

/// Rows of operators whose bytes follow each other.
macro_rules! rows {
    ($table:ident { $($first:literal $of:ident: $($name:ident)*;)* }) => {$(
        let mut byte = $first;
        $(
            $table[byte] = Frequent::$of($of::$name, Number::of($of::$name.result()));
            byte += 1;
        )*
        let _ = byte;
    )*};
}

/// The same for comparisons.
macro_rules! comparisons {
    ($table:ident { $($first:literal: $($name:ident)*;)* }) => {$(
        let mut byte = $first;
        $(
            $table[byte] = Frequent::Compare(Binary::$name);
            byte += 1;
        )*
        let _ = byte;
    )*};
}

const fn table() -> [Frequent; 256] {
    use Frequent as F;
    use Number::{F32, F64, I32, I64};
    let mut table = [F::Rare; 256];
    (table[0x02], table[0x03], table[0x04], table[0x0b]) = (F::Block, F::Loop, F::If, F::End);
    (table[0x05], table[0x0c], table[0x0d]) = (F::Else, F::Br, F::BrIf);
    (table[0x00], table[0x11]) = (F::Unreachable, F::CallIndirect);
    (table[0x0f], table[0x10], table[0x1a], table[0x1b]) = (F::Return, F::Call, F::Drop, F::Select);
    (table[0x20], table[0x21], table[0x22]) = (F::LocalGet, F::LocalSet, F::LocalTee);
    (table[0x23], table[0x24]) = (F::GlobalGet, F::GlobalSet);
    (table[0x41], table[0x42]) = (F::I32Const, F::I64Const);
    (table[0x45], table[0x50]) = (F::IsZero(Binary::I32Eq), F::IsZero(Binary::I64Eq));
    (table[0x28], table[0x29]) = (F::Load(Load::Load32U, I32), F::Load(Load::Load64, I64));
    (table[0x2a], table[0x2b]) = (F::Load(Load::LoadF32, F32), F::Load(Load::LoadF64, F64));
    (table[0x2c], table[0x2d]) = (F::Load(Load::Load8S32, I32), F::Load(Load::Load8U, I32));
    (table[0x2e], table[0x2f]) = (F::Load(Load::Load16S32, I32), F::Load(Load::Load16U, I32));
    (table[0x30], table[0x31]) = (F::Load(Load::Load8S64, I64), F::Load(Load::Load8U, I64));
    (table[0x32], table[0x33]) = (F::Load(Load::Load16S64, I64), F::Load(Load::Load16U, I64));
    (table[0x34], table[0x35]) = (F::Load(Load::Load32S64, I64), F::Load(Load::Load32U, I64));
    (table[0x36], table[0x37]) = (F::Store(Store::Store32), F::Store(Store::Store64));
    (table[0x38], table[0x39]) = (F::Store(Store::Store32), F::Store(Store::Store64));
    (table[0x3a], table[0x3b]) = (F::Store(Store::Store8), F::Store(Store::Store16));
    (table[0x3c], table[0x3d]) = (F::Store(Store::Store8), F::Store(Store::Store16));
    table[0x3e] = F::Store(Store::Store32);
    comparisons!(table {
        0x46: I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU;
        0x51: I64Eq I64Ne I64LtS I64LtU I64GtS I64GtU I64LeS I64LeU I64GeS I64GeU;
        0x5b: F32Eq F32Ne F32Lt F32Gt F32Le F32Ge;
        0x61: F64Eq F64Ne F64Lt F64Gt F64Le F64Ge;
    });
    rows!(table {
        0x67 Unary: I32Clz I32Ctz I32Popcnt;
        0x6a Binary: I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU;
        0x71 Binary: I32And I32Or I32Xor I32Shl I32ShrS I32ShrU I32Rotl I32Rotr;
        0x79 Unary: I64Clz I64Ctz I64Popcnt;
        0x7c Binary: I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU;
        0x83 Binary: I64And I64Or I64Xor I64Shl I64ShrS I64ShrU I64Rotl I64Rotr;
        0x8b Unary: F32Abs F32Neg F32Ceil F32Floor F32Trunc F32Nearest F32Sqrt;
        0x92 Binary: F32Add F32Sub F32Mul F32Div F32Min F32Max F32Copysign;
        0x99 Unary: F64Abs F64Neg F64Ceil F64Floor F64Trunc F64Nearest F64Sqrt;
        0xa0 Binary: F64Add F64Sub F64Mul F64Div F64Min F64Max F64Copysign;
        0xa7 Unary: I32WrapI64 I32TruncF32S I32TruncF32U I32TruncF64S I32TruncF64U;
        0xac Unary: I64ExtendI32S I64ExtendI32U I64TruncF32S I64TruncF32U I64TruncF64S I64TruncF64U;
        0xb2 Unary: F32ConvertI32S F32ConvertI32U F32ConvertI64S F32ConvertI64U F32DemoteF64;
        0xb7 Unary: F64ConvertI32S F64ConvertI32U F64ConvertI64S F64ConvertI64U F64PromoteF32;
        0xbc Unary: I32ReinterpretF32 I64ReinterpretF64 F32ReinterpretI32 F64ReinterpretI64;
        0xc0 Unary: I32Extend8S I32Extend16S I64Extend8S I64Extend16S I64Extend32S;
    });
    table
}

/// The memory argument of a load or a store of the table.
#[cold]
pub(crate) fn mem_arg(operator: &Operator<'_>) -> Option<wasmparser::MemArg> {
    use Operator as O;
    match *operator {
        O::I32Load { memarg }
        | O::I64Load { memarg }
        | O::F32Load { memarg }
        | O::F64Load { memarg }
        | O::I32Load8S { memarg }
        | O::I32Load8U { memarg }
        | O::I32Load16S { memarg }
        | O::I32Load16U { memarg }
        | O::I64Load8S { memarg }
        | O::I64Load8U { memarg }
        | O::I64Load16S { memarg }
        | O::I64Load16U { memarg }
        | O::I64Load32S { memarg }
        | O::I64Load32U { memarg }
        | O::I32Store { memarg }
        | O::I64Store { memarg }
        | O::F32Store { memarg }
        | O::F64Store { memarg }
        | O::I32Store8 { memarg }
        | O::I32Store16 { memarg }
        | O::I64Store8 { memarg }
        | O::I64Store16 { memarg }
        | O::I64Store32 { memarg } => Some(memarg),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::ops::memory::{Load, Store};

    use super::{FREQUENT, Frequent, Number};
    use crate::walker::code::Body;

    /// wasmparser's name of the operator that begins with a byte, followed by zeros.
    fn name(byte: u8) -> Option<String> {
        let bytes = [byte, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let body = Body::new(&bytes, &(0..10));
        let mut code = body.code_from(0);
        let shown = format!("{:?}", code.operator().ok()?);
        Some(shown.split(' ').next().unwrap().to_owned())
    }

    /// The operand's type, and what follows it in the name of an operator.
    fn split(name: &str) -> (Number, &str) {
        let (ty, rest) = name.split_at(3);
        let ty = match ty {
            "I32" => Number::I32,
            "I64" => Number::I64,
            "F32" => Number::F32,
            _ => Number::F64,
        };
        (ty, rest)
    }

    fn load(name: &str) -> Frequent {
        let (ty, rest) = split(name);
        let op = match (ty, rest) {
            (Number::I32, "Load") => Load::Load32U,
            (Number::I64, "Load") => Load::Load64,
            (Number::F32, _) => Load::LoadF32,
            (Number::F64, _) => Load::LoadF64,
            (_, "Load8U") => Load::Load8U,
            (_, "Load16U") => Load::Load16U,
            (_, "Load32U") => Load::Load32U,
            (Number::I32, "Load8S") => Load::Load8S32,
            (Number::I32, "Load16S") => Load::Load16S32,
            (_, "Load8S") => Load::Load8S64,
            (_, "Load16S") => Load::Load16S64,
            (_, _) => Load::Load32S64,
        };
        Frequent::Load(op, ty)
    }

    fn store(name: &str) -> Frequent {
        Frequent::Store(match split(name) {
            (_, "Store8") => Store::Store8,
            (_, "Store16") => Store::Store16,
            (_, "Store32") | (Number::I32 | Number::F32, _) => Store::Store32,
            _ => Store::Store64,
        })
    }

    #[test]
    fn each_byte_is_what_wasmparser_reads() {
        for byte in 0..=u8::MAX {
            let found = FREQUENT[usize::from(byte)];
            let name = name(byte);
            let name = name.as_deref().unwrap_or("none");
            match found {
                Frequent::Rare => assert!(!matches!(byte, 0x28..=0x3e | 0x45..=0xc4), "{byte:#x} {name}"),
                Frequent::Load(..) => assert_eq!(found, load(name), "{name}"),
                Frequent::Store(_) => assert_eq!(found, store(name), "{name}"),
                Frequent::Compare(op) => assert_eq!(format!("{op:?}"), name),
                Frequent::Binary(op, _) => assert_eq!(format!("{op:?}"), name),
                Frequent::Unary(op, _) => assert_eq!(format!("{op:?}"), name),
                Frequent::IsZero(op) => assert_eq!(format!("{op:?}z"), name),
                // The others are called what wasmparser calls them.
                other => assert_eq!(format!("{other:?}"), name),
            }
        }
    }
}
