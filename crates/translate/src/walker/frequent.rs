//! Operators of one byte that most code consists of, by that byte: what the walker need not look at as a value.
//!
//! ```text
//! Code ─ next ─▶ Frequent ─▶ the walker's loop and the survey of loops read the rest: an index, a constant, a memory argument
//!             └▶ Rare     ─▶ `Code::operator`: wasmparser's value of it
//! ```
//!
//! The table holds pure operators of numbers, what moves values between locals, memory 0 and the stack, and control. Everything else,
//! and everything in an unusual form, comes from wasmparser's decoder. The code was validated: nothing in it is checked again
//! but where it ends.

use upshift_core::index::MemoryIndex;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, Unary};
use upshift_core::types::ValType;
use wasmparser::{
    BinaryReader, BinaryReaderError, FrameKind, FrameStack, Operator, VisitOperator, VisitSimdOperator,
};

use super::control::Signature;
use crate::backend::MemArg;

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
    pub(crate) fn val_type(self) -> ValType {
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

/// From this number on, the first one of a memory argument says that another one names the memory.
const NAMES_MEMORY: u8 = 0x40;

/// In each byte of a word the bit that is missing where a number ends.
const ENDS: u64 = 0x8080_8080_8080_8080;

/// The number whose bytes these are, the lowest first, without what comes behind it.
#[inline(always)]
const fn joined(bytes: u64) -> u64 {
    let sevens = bytes & !ENDS;
    let pairs = (sevens & 0x007f_007f_007f_007f) | (sevens & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = (pairs & 0x0000_3fff_0000_3fff) | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    (fours & 0x0fff_ffff) | (fours >> 32) << 28
}

/// By the first byte.
static FREQUENT: [Frequent; 256] = table();

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

/// The operators of a body that validated, read one after the other.
#[derive(Clone)]
pub(crate) struct Code<'a> {
    bytes: &'a [u8],
    /// Offset of the bytes in the module.
    start: u32,
    /// The current operator.
    current: usize,
    /// Behind what was read of it.
    at: usize,
}

impl<'a> Code<'a> {
    /// From bytes that lie at an offset of the module on.
    pub(crate) fn new(bytes: &'a [u8], start: u32) -> Code<'a> {
        Code { bytes, start, current: 0, at: 0 }
    }

    /// Where the current operator lies in the module.
    #[inline(always)]
    pub(crate) fn offset(&self) -> u32 {
        self.start + self.current as u32
    }

    /// Behind what was read.
    pub(crate) fn end(&self) -> u32 {
        self.start + self.at as u32
    }

    /// What is behind what was read.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Goes on to the next operator and reads its first byte; nothing at the end. The answer is a reference, so that only as much
    /// of it is loaded as an operator needs.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<&'static Frequent> {
        let &byte = self.bytes.get(self.at)?;
        self.current = self.at;
        self.at += 1;
        Some(&FREQUENT[usize::from(byte)])
    }

    #[inline(always)]
    fn byte(&mut self) -> wasmparser::Result<u8> {
        let Some(&byte) = self.bytes.get(self.at) else { return Err(self.ended()) };
        self.at += 1;
        Ok(byte)
    }

    #[cold]
    #[inline(never)]
    fn ended(&self) -> BinaryReaderError {
        match BinaryReader::new(&[], u64::from(self.end())).read_u8() {
            Err(error) => error,
            Ok(_) => unreachable!("there is nothing to read"),
        }
    }

    /// Reads an index.
    ///
    /// # Errors
    /// When the code ends, which validation excludes.
    #[inline(always)]
    pub(crate) fn index(&mut self) -> wasmparser::Result<u32> {
        match self.byte()? {
            byte @ ..0x80 => Ok(byte.into()),
            byte => Ok(self.more(byte).0 as u32),
        }
    }

    /// Reads a signed number of 32 bits.
    ///
    /// # Errors
    /// When the code ends, which validation excludes.
    #[inline(always)]
    pub(crate) fn i32(&mut self) -> wasmparser::Result<i32> {
        Ok(self.i64()? as i32)
    }

    /// Reads a signed number of 64 bits.
    ///
    /// # Errors
    /// When the code ends, which validation excludes.
    #[inline(always)]
    pub(crate) fn i64(&mut self) -> wasmparser::Result<i64> {
        let (value, bits) = match self.byte()? {
            byte @ ..0x80 => (byte.into(), 7),
            byte => self.more(byte),
        };
        // Its highest bit is the sign.
        let unused = 64_u32.saturating_sub(bits);
        Ok((value << unused) as i64 >> unused)
    }

    /// Whether the current operator is one of vectors.
    pub(crate) fn is_of_vectors(&self) -> bool {
        const PREFIX: u8 = 0xfd;
        self.bytes.get(self.current) == Some(&PREFIX)
    }

    /// Reads a number again whose first byte this was, which is followed by others; it is known not to be too long. Returns how many
    /// bits it has, too.
    #[inline(never)]
    fn more(&mut self, first: u8) -> (u64, u32) {
        let start = self.at - 1;
        if let Some(word) = self.word(start) {
            let ends = !word & ENDS;
            if ends != 0 {
                let bytes = ends.trailing_zeros() / 8 + 1;
                self.at = start + bytes as usize;
                return (joined(word & (ends ^ (ends - 1))), 7 * bytes);
            }
        }
        self.more_at_end(first)
    }

    /// The same near the end of the code, or for a number that is longer than a word.
    #[cold]
    fn more_at_end(&mut self, first: u8) -> (u64, u32) {
        let (mut value, mut bits) = (u64::from(first & 0x7f), 7);
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            value |= u64::from(byte & 0x7f) << (bits & 63);
            bits += 7;
            if byte < 0x80 {
                break;
            }
        }
        (value, bits)
    }

    /// The eight bytes from a place on, if there are as many.
    #[inline(always)]
    fn word(&self, at: usize) -> Option<u64> {
        Some(u64::from_le_bytes(*self.bytes.get(at..)?.first_chunk()?))
    }

    /// Goes on behind a number.
    ///
    /// # Errors
    /// When the code ends, which validation excludes.
    #[inline(always)]
    pub(crate) fn skip_number(&mut self) -> wasmparser::Result<()> {
        while self.byte()? >= 0x80 {}
        Ok(())
    }

    /// Reads a memory argument that names memory 0 by leaving it out, as all do in most modules; nothing if it does not.
    ///
    /// # Errors
    /// When the code ends, which validation excludes.
    #[inline(always)]
    pub(crate) fn plain_mem_arg(&mut self) -> wasmparser::Result<Option<MemArg>> {
        if self.byte()? >= NAMES_MEMORY {
            return Ok(None);
        }
        let offset = match self.byte()? {
            byte @ ..0x80 => byte.into(),
            byte => self.more(byte).0,
        };
        Ok(Some(MemArg { memory: MemoryIndex(0), offset }))
    }

    /// Goes on behind such a memory argument; says whether it is one, otherwise only its first number was read.
    ///
    /// # Errors
    /// When the code ends, which validation excludes.
    #[inline(always)]
    pub(crate) fn skip_plain_mem_arg(&mut self) -> wasmparser::Result<bool> {
        let is_plain = self.byte()? < NAMES_MEMORY;
        if is_plain {
            self.skip_number()?;
        }
        Ok(is_plain)
    }

    /// Reads the type of a block, if that is nothing or a number.
    ///
    /// # Errors
    /// When the code ends, which validation excludes.
    #[inline(always)]
    pub(crate) fn plain_block_type(&mut self) -> wasmparser::Result<Option<Signature>> {
        Ok(Some(match self.byte()? {
            0x40 => Signature::Empty,
            0x7f => Signature::Result(ValType::I32),
            0x7e => Signature::Result(ValType::I64),
            0x7d => Signature::Result(ValType::F32),
            0x7c => Signature::Result(ValType::F64),
            _ => return Ok(None),
        }))
    }

    /// Reads the current operator as a value, however much of it was read before.
    ///
    /// # Errors
    /// When it is malformed, which validation excludes.
    #[inline(never)]
    pub(crate) fn operator(&mut self) -> wasmparser::Result<Operator<'a>> {
        let bytes = &self.bytes[self.current..];
        let around = match bytes.first() {
            Some(0x05) => FrameKind::If,
            // `catch`, `delegate` and `catch_all`.
            Some(0x07 | 0x18 | 0x19) => FrameKind::LegacyTry,
            _ => FrameKind::Block,
        };
        let mut reader = BinaryReader::new(bytes, u64::from(self.offset()));
        let operator = reader.visit_operator(&mut Values { around })?;
        self.at = self.current + reader.current_position();
        Ok(operator)
    }
}

/// Makes values of operators.
struct Values {
    /// The block around the operator, as far as that matters: validation has seen to it that it fits.
    around: FrameKind,
}

impl FrameStack for Values {
    fn current_frame(&self) -> Option<FrameKind> {
        Some(self.around)
    }
}

macro_rules! values {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {$(
        #[inline]
        fn $visit(&mut self $($(, $arg: $ty)*)?) -> Operator<'a> {
            Operator::$op $({ $($arg),* })?
        }
    )*};
}

impl<'a> VisitOperator<'a> for Values {
    type Output = Operator<'a>;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Operator<'a>>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(values);
}

impl<'a> VisitSimdOperator<'a> for Values {
    wasmparser::for_each_visit_simd_operator!(values);
}

#[cfg(test)]
mod tests {
    use upshift_core::ops::memory::{Load, Store};
    use wasmparser::BinaryReader;

    use super::{Code, FREQUENT, Frequent, Number, mem_arg};

    /// wasmparser's name of the operator that begins with a byte, followed by zeros.
    fn name(byte: u8) -> Option<String> {
        let bytes = [byte, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut code = Code::new(&bytes, 0);
        code.next();
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

    #[test]
    fn numbers_are_what_wasmparser_reads() {
        let mut forms: Vec<Vec<u8>> = Vec::new();
        for value in
            [0_u64, 1, 0x3f, 0x40, 0x7f, 0x80, 0x1fff, 0x2000, 0x3fff, 0xf_ffff, 0x1234_5678, 0x7fff_ffff]
        {
            // With as few bytes as possible, and with more.
            for len in 1..=5 {
                let byte = |at: usize| (value >> (7 * at) & 0x7f) as u8 | if at + 1 < len { 0x80 } else { 0 };
                if value >> (7 * len) == 0 {
                    forms.push((0..len).map(byte).collect());
                }
            }
        }
        forms.push(vec![0xff, 0xff, 0xff, 0xff, 0x7f]);
        forms.push(vec![0x80, 0x80, 0x80, 0x80, 0x78]);
        forms.push([vec![0x80; 7], vec![0x7f]].concat());
        forms.push([vec![0x80; 9], vec![0x7f]].concat());
        forms.push([vec![0xff; 9], vec![0x00]].concat());
        // At the end of the code, and in front of more of it.
        for behind in [0, 1, 12] {
            for form in &forms {
                let bytes = [&form[..], &vec![0xff; behind]].concat();
                let read = || (Code::new(&bytes, 0), BinaryReader::new(&bytes, 0));
                let (mut code, mut reader) = read();
                if let Ok(index) = reader.read_var_u32() {
                    assert_eq!(
                        (code.index().unwrap(), code.end() as usize),
                        (index, form.len()),
                        "{form:x?}"
                    );
                }
                let (mut code, mut reader) = read();
                if let Ok(number) = reader.read_var_i32() {
                    assert_eq!((code.i32().unwrap(), code.end() as usize), (number, form.len()), "{form:x?}");
                }
                let (mut code, mut reader) = read();
                if let Ok(number) = reader.read_var_i64() {
                    assert_eq!((code.i64().unwrap(), code.end() as usize), (number, form.len()), "{form:x?}");
                }
                let (mut code, _) = read();
                code.skip_number().unwrap();
                assert_eq!(code.end() as usize, form.len(), "{form:x?}");
            }
        }
    }

    #[test]
    fn loads_and_stores_have_a_memory_argument_in_each_form() {
        // Alignment 1, bit 6 for memory 1, offset 5.
        for byte in 0x28..=0x3e {
            let bytes = [byte, 0x40, 1, 5];
            let mut code = Code::new(&bytes, 7);
            code.next();
            assert_eq!(code.plain_mem_arg().unwrap(), None);
            let arg = mem_arg(&code.operator().unwrap()).unwrap();
            assert_eq!((arg.offset, arg.target), (5, wasmparser::MemArgTarget::Memory(1)));
            assert_eq!((code.offset(), code.end()), (7, 11));
        }
    }
}
