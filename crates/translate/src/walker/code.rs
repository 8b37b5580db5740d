//! The code of a body, read operator by operator.
//!
//! ```text
//! Body ─ code_from ─▶ Code ─ next ─▶ what the first byte says, and a word of the code ─▶ an index, a constant, a memory argument
//!                                └─▶ operator: wasmparser's value of it
//! ```
//!
//! The code was validated: nothing in it is checked again but where it ends.

use std::borrow::Cow;
use std::ops::Range;

use upshift_core::types::ValType;
use wasmparser::{BinaryReader, FrameKind, FrameStack, Operator, VisitOperator, VisitSimdOperator};

use super::control::Signature;
use super::frequent::{FREQUENT, Frequent};

/// From this number on, the first one of a memory argument says that another one names the memory.
const NAMES_MEMORY: u8 = 0x40;

/// In each byte of a word the bit that is missing where a number ends.
pub(crate) const ENDS: u64 = 0x8080_8080_8080_8080;

/// The number whose bytes these are, the lowest first, without what comes behind it.
#[inline(always)]
const fn joined(bytes: u64) -> u64 {
    let sevens = bytes & !ENDS;
    let pairs = (sevens & 0x007f_007f_007f_007f) | (sevens & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = (pairs & 0x0000_3fff_0000_3fff) | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    (fours & 0x0fff_ffff) | (fours >> 32) << 28
}

/// The number that a word begins with, and how many bytes it has: at most so many as the word has that are not zeros shifted in.
#[inline(always)]
pub(crate) fn number(word: u64) -> (u64, usize) {
    let ends = !word & ENDS;
    (joined(word & (ends ^ ends.wrapping_sub(1))), bytes_of(ends))
}

/// How many bytes a number has, by the bits that are missing where numbers end.
#[inline(always)]
pub(crate) fn bytes_of(ends: u64) -> usize {
    ends.trailing_zeros() as usize / 8 + 1
}

/// The same as a call, where most numbers have one byte.
#[inline(never)]
fn rare_number(word: u64) -> (u64, usize) {
    number(word)
}

/// The number that code begins with, which may be longer than a word.
#[cold]
fn long_number(code: &[u8]) -> (u64, usize) {
    let (mut value, mut count) = (0, 0);
    for &byte in code {
        value |= u64::from(byte & 0x7f) << ((7 * count) & 63);
        count += 1;
        if byte < 0x80 {
            break;
        }
    }
    (value, count)
}

/// A number with so many bits, the highest of which is the sign.
#[inline(always)]
fn extended(value: u64, bits: u32) -> i64 {
    let unused = 64_u32.saturating_sub(bits);
    (value << unused) as i64 >> unused
}

/// How many bytes there have to be behind the last operator: with them each operator begins a word.
const PADDING: usize = size_of::<u64>() - 1;

/// The bytes of a body and some behind it.
pub(crate) struct Body<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where they end in the module.
    end: u32,
}

impl<'a> Body<'a> {
    /// The part of a module's bytes that lies in a range. What is behind it is borrowed, too, but at the end of the module.
    pub(crate) fn new(module: &'a [u8], range: &Range<u32>) -> Body<'a> {
        let (start, end) = (range.start as usize, range.end as usize);
        let bytes = match module.get(start..end + PADDING) {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned([&module[start..end], &[0; PADDING]].concat()),
        };
        Body { bytes, end: range.end + PADDING as u32 }
    }

    /// The operators from an offset of the module on.
    pub(crate) fn code_from(&self, offset: u32) -> Code<'_> {
        Code { rest: &self.bytes[self.bytes.len() - (self.end - offset) as usize..], end: self.end }
    }
}

/// The operators of a body that validated, read one after the other. Each is read from a word of the code, so that one look at
/// where the code ends is enough for an operator and its numbers.
#[derive(Clone, Copy)]
pub(crate) struct Code<'a> {
    /// From the current operator on; once that was read, from the next one on.
    rest: &'a [u8],
    /// Where the bytes end in the module.
    end: u32,
}

impl<'a> Code<'a> {
    /// Where the current operator lies in the module, or what is behind it if it was read.
    #[inline(always)]
    pub(crate) fn offset(&self) -> u32 {
        self.end - self.rest.len() as u32
    }

    /// What is behind an operator that was read.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Looks at the operator behind those that were read; nothing at the end. The answer is what its first byte says, as a reference,
    /// so that only as much of it is loaded as an operator needs, and its bytes, the first one lowest, with those behind it.
    #[inline(always)]
    pub(crate) fn next(&self) -> Option<(&'static Frequent, u64)> {
        let word = u64::from_le_bytes(*self.rest.first_chunk()?);
        Some((&FREQUENT[usize::from(word as u8)], word))
    }

    /// Does something with a copy, which it may take by its address. Nothing but the place in the code changes.
    #[inline(always)]
    pub(crate) fn apart<R>(&mut self, step: impl FnOnce(&mut Code<'a>) -> R) -> R {
        let mut copy = *self;
        let done = step(&mut copy);
        self.rest = copy.rest;
        done
    }

    /// Whether all operators were read to the end of the last one, as they can be where the code was validated.
    ///
    /// # Errors
    /// When the code ends within an operator.
    pub(crate) fn check_end(&self) -> wasmparser::Result<()> {
        if self.rest.len() >= PADDING { Ok(()) } else { ended(self.offset()) }
    }

    /// Goes on behind so many bytes.
    #[inline(always)]
    fn pass(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or(&[]);
    }

    /// Reads an operator that is one byte.
    #[inline(always)]
    pub(crate) fn plain(&mut self) {
        self.pass(1);
    }

    /// Reads an operator that is an index.
    #[inline(always)]
    pub(crate) fn index(&mut self, word: u64) -> u32 {
        let word = word >> 8;
        if word & 0x80 == 0 {
            self.pass(2);
            return word as u32 & 0x7f;
        }
        let (value, bytes) = rare_number(word);
        self.pass(1 + bytes);
        value as u32
    }

    /// Reads an operator that is the index of a function, which often has several bytes.
    #[inline(always)]
    pub(crate) fn long_index(&mut self, word: u64) -> u32 {
        let (value, bytes) = number(word >> 8);
        self.pass(1 + bytes);
        value as u32
    }

    /// Reads an operator that is two indices.
    pub(crate) fn two_indices(&mut self, word: u64) -> (u32, u32) {
        let (first, bytes) = number(word >> 8);
        let (second, more) = long_number(self.rest.get(1 + bytes..).unwrap_or(&[]));
        self.pass(1 + bytes + more);
        (first as u32, second as u32)
    }

    /// Reads an operator that is a signed number of 32 bits.
    #[inline(always)]
    pub(crate) fn i32(&mut self, word: u64) -> i32 {
        let word = word >> 8;
        if word & 0x80 == 0 {
            self.pass(2);
            return extended(word, 7) as i32;
        }
        let (value, bytes) = number(word);
        self.pass(1 + bytes);
        extended(value, 7 * bytes as u32) as i32
    }

    /// Reads an operator that is a signed number of 64 bits.
    #[inline(always)]
    pub(crate) fn i64(&mut self, word: u64) -> i64 {
        let word = word >> 8;
        if word & 0x80 == 0 {
            self.pass(2);
            return extended(word, 7);
        }
        let (value, bytes) = match rare_number(word) {
            (_, 8..) => long_number(&self.rest[1..]),
            found => found,
        };
        self.pass(1 + bytes);
        extended(value, 7 * bytes as u32)
    }

    /// Whether the current operator is one of vectors.
    pub(crate) fn is_of_vectors(word: u64) -> bool {
        const PREFIX: u8 = 0xfd;
        word as u8 == PREFIX
    }

    /// Goes on behind an operator that is a number.
    #[inline(always)]
    pub(crate) fn skip_number(&mut self, word: u64) {
        let bytes = match bytes_of(!(word >> 8) & ENDS) {
            8.. => long_number(&self.rest[1..]).1,
            bytes => bytes,
        };
        self.pass(1 + bytes);
    }

    /// Whether a load or a store names memory 0 by leaving it out, as all do in most modules.
    #[inline(always)]
    pub(crate) fn has_plain_mem_arg(word: u64) -> bool {
        ((word >> 8) as u8) < NAMES_MEMORY
    }

    /// Reads a load or a store that does; says its offset.
    #[inline(always)]
    pub(crate) fn mem_offset(&mut self, word: u64) -> u64 {
        let word = word >> 16;
        if word & 0x80 == 0 {
            self.pass(3);
            return word & 0x7f;
        }
        let (offset, bytes) = match number(word) {
            (_, 7..) => long_number(&self.rest[2..]),
            found => found,
        };
        self.pass(2 + bytes);
        offset
    }

    /// Reads a load or a store that names memory 0 by leaving it out: its offset, or nothing if it does not.
    #[inline(always)]
    pub(crate) fn plain_mem_arg(&mut self, word: u64) -> Option<u64> {
        Code::has_plain_mem_arg(word).then(|| self.mem_offset(word))
    }

    /// Goes on behind such a load or store; says whether it is one, otherwise it was not read.
    #[inline(always)]
    pub(crate) fn skip_plain_mem_arg(&mut self, word: u64) -> bool {
        let is_plain = ((word >> 8) as u8) < NAMES_MEMORY;
        if is_plain {
            let bytes = match bytes_of(!(word >> 16) & ENDS) {
                7.. => long_number(&self.rest[2..]).1,
                bytes => bytes,
            };
            self.pass(2 + bytes);
        }
        is_plain
    }

    /// Reads an operator that is the type of a block, if that is nothing or a number.
    #[inline(always)]
    pub(crate) fn plain_block_type(&mut self, word: u64) -> Option<Signature> {
        let signature = match (word >> 8) as u8 {
            0x40 => Signature::Empty,
            0x7f => Signature::Result(ValType::I32),
            0x7e => Signature::Result(ValType::I64),
            0x7d => Signature::Result(ValType::F32),
            0x7c => Signature::Result(ValType::F64),
            _ => return None,
        };
        self.pass(2);
        Some(signature)
    }

    /// Reads the current operator as a value.
    ///
    /// # Errors
    /// When it is malformed, which validation excludes.
    #[inline(never)]
    pub(crate) fn operator(&mut self) -> wasmparser::Result<Operator<'a>> {
        let around = match self.rest.first() {
            Some(0x05) => FrameKind::If,
            // `catch`, `delegate` and `catch_all`.
            Some(0x07 | 0x18 | 0x19) => FrameKind::LegacyTry,
            _ => FrameKind::Block,
        };
        let mut reader = BinaryReader::new(self.rest, u64::from(self.offset()));
        let operator = reader.visit_operator(&mut Values { around })?;
        self.pass(reader.current_position());
        Ok(operator)
    }
}

/// What wasmparser says where a body ends too early.
#[cold]
fn ended(offset: u32) -> wasmparser::Result<()> {
    BinaryReader::new(&[], u64::from(offset)).read_u8().map(|_| ())
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
    use wasmparser::BinaryReader;

    use super::{Body, Code};
    use crate::walker::frequent::{Frequent, mem_arg};

    /// The operators from an offset on, and the bytes of the first one.
    fn at<'a>(body: &'a Body<'_>, offset: u32) -> (Code<'a>, u64) {
        let code = body.code_from(offset);
        (code, code.next().unwrap().1)
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
                let numbers = [&form[..], &vec![0xff; behind]].concat();
                // Behind an operator's first byte, and behind an alignment.
                let [bytes, access] =
                    [&[0x20_u8][..], &[0x28, 2]].map(|operator| [operator, &numbers].concat());
                let [bytes, access] =
                    [&bytes, &access].map(|bytes| Body::new(bytes, &(0..bytes.len() as u32)));
                let (end, access_end) = (1 + form.len() as u32, 2 + form.len() as u32);
                if let Ok(index) = BinaryReader::new(&numbers, 0).read_var_u32() {
                    let (mut code, word) = at(&bytes, 0);
                    assert_eq!((code.index(word), code.offset()), (index, end), "{form:x?}");
                    let (mut code, word) = at(&bytes, 0);
                    assert_eq!((code.long_index(word), code.offset()), (index, end), "{form:x?}");
                }
                if let Ok(number) = BinaryReader::new(&numbers, 0).read_var_i32() {
                    let (mut code, word) = at(&bytes, 0);
                    assert_eq!((code.i32(word), code.offset()), (number, end), "{form:x?}");
                }
                if let Ok(number) = BinaryReader::new(&numbers, 0).read_var_i64() {
                    let (mut code, word) = at(&bytes, 0);
                    assert_eq!((code.i64(word), code.offset()), (number, end), "{form:x?}");
                }
                if let Ok(offset) = BinaryReader::new(&numbers, 0).read_var_u64() {
                    let (mut code, word) = at(&access, 0);
                    assert_eq!(
                        (code.plain_mem_arg(word), code.offset()),
                        (Some(offset), access_end),
                        "{form:x?}"
                    );
                }
                let (mut code, word) = at(&bytes, 0);
                code.skip_number(word);
                assert_eq!(code.offset(), end, "{form:x?}");
                let (mut code, word) = at(&access, 0);
                assert_eq!((code.skip_plain_mem_arg(word), code.offset()), (true, access_end), "{form:x?}");
                assert!(code.check_end().is_ok());
            }
        }
    }

    #[test]
    fn an_operator_without_its_end_is_noticed() {
        let body = Body::new(&[0x0b, 0x20, 0x01], &(1..2));
        let mut code = body.code_from(1);
        let (frequent, word) = code.next().unwrap();
        assert_eq!(*frequent, Frequent::LocalGet);
        code.index(word);
        assert!(code.next().is_none());
        assert!(code.check_end().is_err());
    }

    #[test]
    fn loads_and_stores_have_a_memory_argument_in_each_form() {
        // Alignment 1, bit 6 for memory 1, offset 5.
        for byte in 0x28..=0x3e {
            let bytes = [0x0b, byte, 0x40, 1, 5];
            let body = Body::new(&bytes, &(0..5));
            let (mut code, word) = at(&body, 1);
            assert_eq!((code.plain_mem_arg(word), code.skip_plain_mem_arg(word)), (None, false));
            let arg = mem_arg(&code.operator().unwrap()).unwrap();
            assert_eq!((arg.offset, arg.target), (5, wasmparser::MemArgTarget::Memory(1)));
            assert_eq!(code.offset(), 5);
        }
    }
}
