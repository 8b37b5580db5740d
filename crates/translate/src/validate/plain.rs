//! Bodies of plain operators, which most are: those of numbers, locals, numeric globals, the first memory, the first table and control.
//!
//! ```text
//! module ─▶ Plain: types as bytes ─┐
//! body ─ operator by operator ─────┴▶ accepted: the body is valid, and its counts
//!                                 └─▶ nothing: the validator has to look at it, from its beginning
//! ```
//!
//! What is accepted is valid (wasm spec, "Appendix / Validation Algorithm"); what is not may be valid too. So whatever is rare is left
//! to the validator: references, vectors, other memories and tables, tail calls, exceptions, unusual forms of numbers, code behind a
//! branch that nothing reaches but the end of its block, and all that is wrong. It takes half of the validator's time, because a type
//! is a byte, operators come from a table, and there is nothing to say of what is wrong. Builds with assertions compare both.

use std::cell::Cell;
use std::ops::Range;

use upshift_core::index::TypeIndex;
use upshift_core::types::ValType as CoreType;
use wasmparser::{CompositeInnerType, RefType, ValType, WasmFeatures, WasmModuleResources};

use super::{Bodies, Counts, Rules};
use crate::limits::{ModuleLimit, ModuleLimits};
use crate::operators::Operators;
use crate::walker::code::{ENDS, bytes_of, number};
use crate::walker::frequent::{FREQUENT, Frequent};

/// A type of values, as the format writes it.
type Type = u8;

const I32: Type = 0x7f;
const I64: Type = 0x7e;
const F32: Type = 0x7d;
const F64: Type = 0x7c;
const V128: Type = 0x7b;

/// All types, so that those of a block with one result lie somewhere.
const TYPES: [Type; 5] = [I32, I64, F32, F64, V128];

/// The type of something that is not plain.
const NOT_PLAIN: Type = 0;

/// Bodies with more operands at once, blocks in each other, locals, or targets of a branch are the validator's.
const MOST_OPERANDS: usize = 1024;
const MOST_BLOCKS: usize = 256;
const MOST_LOCALS: usize = 16 << 10;
const MOST_TARGETS: u32 = 16 << 10;

/// What an operator of one byte is, for most of them. What remains is [`Kind::Other`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Other,
    Unary,
    Binary,
    Load,
    Store,
    LocalGet,
    LocalSet,
    LocalTee,
    I32Const,
}

/// A row of the table of operators.
#[derive(Clone, Copy)]
struct Row {
    kind: Kind,
    /// The type of the operands, or of what is stored.
    operand: Type,
    result: Type,
    /// The largest alignment of a load or a store, as an exponent of two.
    align: u8,
}

const fn of(ty: CoreType) -> Type {
    match ty {
        CoreType::I32 => I32,
        CoreType::I64 => I64,
        CoreType::F32 => F32,
        CoreType::F64 => F64,
        CoreType::V128 => V128,
        CoreType::Ref(_) => NOT_PLAIN,
    }
}

/// By the first byte.
static ROWS: [Row; 256] = rows();

const fn rows() -> [Row; 256] {
    let mut rows = [Row { kind: Kind::Other, operand: NOT_PLAIN, result: NOT_PLAIN, align: 0 }; 256];
    let mut byte = 0;
    while byte < 256 {
        let row = &mut rows[byte];
        match FREQUENT[byte] {
            Frequent::Unary(op, _) => {
                (row.kind, row.operand, row.result) = (Kind::Unary, of(op.operands()[0]), of(op.result()))
            }
            Frequent::IsZero(op) => {
                (row.kind, row.operand, row.result) = (Kind::Unary, of(op.operands()[0]), I32)
            }
            // Both operands of these have one type.
            Frequent::Binary(op, _) | Frequent::Compare(op) => {
                (row.kind, row.operand, row.result) = (Kind::Binary, of(op.operands()[0]), of(op.result()));
            }
            Frequent::Load(op, ty) => {
                (row.kind, row.operand, row.result) = (Kind::Load, I32, of(ty.val_type()));
                row.align = op.bytes().trailing_zeros() as u8;
            }
            Frequent::Store(op) => {
                row.kind = Kind::Store;
                row.operand = match byte {
                    0x36 | 0x3a | 0x3b => I32,
                    0x38 => F32,
                    0x39 => F64,
                    _ => I64,
                };
                row.align = op.bytes().trailing_zeros() as u8;
            }
            Frequent::LocalGet => row.kind = Kind::LocalGet,
            Frequent::LocalSet => row.kind = Kind::LocalSet,
            Frequent::LocalTee => row.kind = Kind::LocalTee,
            Frequent::I32Const => row.kind = Kind::I32Const,
            _ => {}
        }
        byte += 1;
    }
    rows
}

/// A part of [`Plain::types`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct List {
    start: u32,
    len: u32,
}

impl List {
    fn range(self) -> Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// Parameters and results.
#[derive(Clone, Copy, Default)]
struct Signature {
    params: List,
    results: List,
}

/// What of a module is plain.
pub(super) struct Plain {
    /// The types of all signatures.
    types: Vec<Type>,
    /// By the index of a type, if it is a function with plain types.
    signatures: Vec<Option<Signature>>,
    /// By index, and whether they can be changed.
    globals: Vec<(Type, bool)>,
    /// Whether the first memory has addresses of 32 bits.
    has_memory: bool,
    /// Whether the first table has functions, and indices of 32 bits.
    has_table: bool,
}

fn plain(ty: ValType) -> Type {
    match ty {
        ValType::I32 => I32,
        ValType::I64 => I64,
        ValType::F32 => F32,
        ValType::F64 => F64,
        ValType::V128 => V128,
        ValType::Ref(_) => NOT_PLAIN,
    }
}

impl Plain {
    /// What is plain of a module; nothing if features are off that plain operators belong to, or limits are lower than those here.
    pub(super) fn new(
        resources: &impl WasmModuleResources,
        features: WasmFeatures,
        limits: &ModuleLimits,
    ) -> Option<Plain> {
        let is_enough = |limit, most: usize| limits.get(limit) >= most as u64;
        let is_possible = features.contains(WasmFeatures::WASM2)
            && is_enough(ModuleLimit::Operands, MOST_OPERANDS)
            && is_enough(ModuleLimit::Nesting, MOST_BLOCKS);
        if !is_possible {
            return None;
        }
        let mut types = TYPES.to_vec();
        let mut list = |of: &[ValType]| {
            let list = List { start: types.len() as u32, len: of.len() as u32 };
            types.extend(of.iter().map(|&ty| plain(ty)));
            (!types[list.range()].contains(&NOT_PLAIN)).then_some(list)
        };
        let signatures =
            (0..).map_while(|index| resources.sub_type_at(index)).map(|ty| match &ty.composite_type.inner {
                CompositeInnerType::Func(func) if !ty.composite_type.shared => {
                    Some(Signature { params: list(func.params())?, results: list(func.results())? })
                }
                _ => None,
            });
        let signatures = signatures.collect();
        let globals = (0..).map_while(|index| resources.global_at(index));
        let globals = globals.map(|global| (plain(global.content_type), global.mutable)).collect();
        let is_plain_table =
            |table: wasmparser::TableType| table.element_type == RefType::FUNCREF && !table.table64;
        Some(Plain {
            types,
            signatures,
            globals,
            has_memory: resources.memory_at(0).is_some_and(|memory| !memory.memory64),
            has_table: resources.table_at(0).is_some_and(is_plain_table),
        })
    }

    fn signature(&self, ty: u32) -> Option<Signature> {
        *self.signatures.get(ty as usize)?
    }

    fn list(&self, list: List) -> &[Type] {
        self.types.get(list.range()).unwrap_or(&[])
    }

    /// The list of one type.
    fn single(&self, ty: Type) -> Option<List> {
        let start = TYPES.iter().position(|&known| known == ty)?;
        Some(List { start: start as u32, len: 1 })
    }
}

/// What a block began with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    /// A block, a function, or the part behind an `else`.
    Block,
    Loop,
    If,
}

/// A block that is open.
#[derive(Clone, Copy)]
struct Block {
    opener: Opener,
    /// How many operands lie below it.
    height: usize,
    signature: Signature,
}

impl Block {
    /// What a branch to it carries.
    fn label(&self) -> List {
        if self.opener == Opener::Loop { self.signature.params } else { self.signature.results }
    }
}

/// What is needed for one body after the other.
pub(super) struct Workspace {
    locals: Vec<Type>,
    operands: Box<[Type; MOST_OPERANDS]>,
    blocks: Vec<Block>,
}

impl Default for Workspace {
    fn default() -> Workspace {
        Workspace { locals: Vec::new(), operands: Box::new([NOT_PLAIN; MOST_OPERANDS]), blocks: Vec::new() }
    }
}

/// The operands of a body, the topmost ones those of its innermost block. Copies share the types.
#[derive(Clone, Copy)]
struct Operands<'w> {
    types: &'w [Cell<Type>; MOST_OPERANDS],
    count: usize,
    /// How many lie below the innermost block.
    height: usize,
}

impl Operands<'_> {
    #[inline(always)]
    fn push(&mut self, ty: Type) -> Option<()> {
        self.types.get(self.count)?.set(ty);
        self.count += 1;
        Some(())
    }

    /// The topmost one of the block, which is taken.
    #[inline(always)]
    fn take(&mut self) -> Option<Type> {
        let top = self.top()?;
        self.count -= 1;
        Some(top)
    }

    /// The topmost one of the block.
    #[inline(always)]
    fn top(&self) -> Option<Type> {
        if self.count <= self.height {
            return None;
        }
        self.types.get(self.count - 1).map(Cell::get)
    }

    #[inline(always)]
    fn is_top(&self, ty: Type) -> Option<()> {
        (self.top()? == ty).then_some(())
    }

    #[inline(always)]
    fn pop(&mut self, ty: Type) -> Option<()> {
        (self.take()? == ty).then_some(())
    }

    /// Whether the topmost ones of the block have these types.
    #[inline]
    fn are(&self, types: &[Type]) -> Option<()> {
        let start = self.count.checked_sub(types.len())?;
        let there = self.types.get(start..self.count)?;
        (start >= self.height && there.iter().zip(types).all(|(there, &ty)| there.get() == ty)).then_some(())
    }

    fn pop_all(&mut self, types: &[Type]) -> Option<()> {
        self.are(types)?;
        self.count -= types.len();
        Some(())
    }

    fn push_all(&mut self, types: &[Type]) -> Option<()> {
        types.iter().try_for_each(|&ty| self.push(ty))
    }
}

/// The operators of a body. A place may be passed that lies behind its end, but not by much, and then nothing is read there.
#[derive(Clone, Copy)]
struct Code<'a> {
    /// The module, or what of it is there from the body on.
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl Code<'_> {
    /// The next operator with what is behind it, its first byte lowest; nothing at the end of the body, and close to that of the module.
    #[inline(always)]
    fn word(&self) -> Option<u64> {
        if self.at >= self.end {
            return None;
        }
        Some(u64::from_le_bytes(*self.bytes.get(self.at..)?.first_chunk()?))
    }

    /// Passes an operator that is a number of 32 bits without a sign.
    #[inline(always)]
    fn index(&mut self, word: u64) -> Option<u32> {
        if word & 0x8000 == 0 {
            self.at += 2;
            return Some((word >> 8) as u32 & 0x7f);
        }
        let (value, bytes) = short_number(word >> 8)?;
        self.at += 1 + bytes;
        Some(value)
    }

    /// Passes a number of 32 bits.
    fn number(&mut self) -> Option<u32> {
        let (value, bytes) = short_number(self.word()?)?;
        self.at += bytes;
        Some(value)
    }

    /// Passes an operator that is a memory argument, which names the first memory by leaving it out.
    #[inline(always)]
    fn mem_arg(&mut self, word: u64, most: u8) -> Option<()> {
        if (word >> 8) as u8 > most {
            return None;
        }
        self.at += 2 + match word & 0x80_0000 {
            0 => 1,
            _ => short_number(word >> 16)?.1,
        };
        Some(())
    }
}

/// The number of 32 bits without a sign that a word begins with, and how many bytes it has. The word has six at least.
#[inline(always)]
fn short_number(word: u64) -> Option<(u32, usize)> {
    let (value, bytes) = number(word);
    Some((u32::try_from(value).ok().filter(|_| bytes <= 5)?, bytes))
}

/// How many bytes a number of 32 bits with a sign has.
#[inline(always)]
fn signed_len(word: u64) -> Option<usize> {
    let bytes = bytes_of(!word & ENDS);
    // The fifth byte has four bits of the number; the others repeat its sign.
    let is_sound = bytes < 5 || bytes == 5 && matches!((word >> 32) as u8 & 0x78, 0 | 0x78);
    is_sound.then_some(bytes)
}

/// How many bytes the number of 64 bits with a sign has that the bytes begin with.
fn long_signed_len(bytes: &[u8]) -> Option<usize> {
    let last = bytes.iter().take(10).position(|&byte| byte < 0x80)?;
    // The tenth byte has one bit of the number; the others repeat it.
    (last < 9 || matches!(bytes[last], 0 | 0x7f)).then_some(last + 1)
}

impl Bodies<'_> {
    /// The counts of a body if it is plain and valid, and exceeds no limit.
    pub(super) fn accept(
        &self,
        plain: &Plain,
        number: usize,
        workspace: &mut Workspace,
        rules: &Rules<'_>,
    ) -> Option<Counts> {
        let Range { start, end } = self.range(number);
        let func = self.types.get(self.first as usize + number)?;
        let types = Cell::from_mut(&mut *workspace.operands).as_array_of_cells();
        let mut body = Body {
            plain,
            funcs: self.types,
            code: Code { bytes: self.bytes, at: start as usize, end: end as usize },
            locals: &mut workspace.locals,
            operands: Operands { types, count: 0, height: 0 },
            blocks: &mut workspace.blocks,
            work: 0,
            most_work: rules.limits.get(ModuleLimit::WorkPerByte).saturating_mul(u64::from(end - start)),
            sites: 0,
        };
        body.check(plain.signature(func.0)?)?;
        let (locals, size) = (body.locals.len() as u64, u64::from(end - start));
        let is_within = locals <= rules.limits.get(ModuleLimit::Locals)
            && super::excess(locals + body.work, size, rules.limits.get(ModuleLimit::WorkPerByte)) == 0;
        is_within.then(|| Counts { excess: 0, sites: body.sites, operators: Operators::default() })
    }
}

struct Body<'a, 'w> {
    plain: &'a Plain,
    /// The types of all functions.
    funcs: &'a [TypeIndex],
    code: Code<'a>,
    locals: &'w mut Vec<Type>,
    operands: Operands<'w>,
    blocks: &'w mut Vec<Block>,
    /// At least what its operators weigh, see [`crate::effort`].
    work: u64,
    /// What it may weigh: a body with more is not looked at to its end.
    most_work: u64,
    /// Its calls that find their function at run time.
    sites: u32,
}

impl Body<'_, '_> {
    /// Checks the whole body.
    fn check(&mut self, signature: Signature) -> Option<()> {
        self.read_locals(signature.params)?;
        // The end of the function is the end of a block with its parameters and results.
        self.work += u64::from(signature.params.len);
        self.blocks.clear();
        let signature = Signature { params: List::default(), ..signature };
        self.blocks.push(Block { opener: Opener::Block, height: 0, signature });
        // What changes at each operator stays in registers, but where an operator is done elsewhere.
        let (mut code, mut operands) = (self.code, self.operands);
        loop {
            let word = code.word()?;
            // A third of all operators, known without waiting for the table: `local.get` of one of the first 128.
            if word & 0x80ff == 0x20 {
                code.at += 2;
                operands.push(self.local((word >> 8) as u32 & 0x7f)?)?;
                continue;
            }
            let row = &ROWS[usize::from(word as u8)];
            match row.kind {
                Kind::LocalGet => {
                    let index = code.index(word)?;
                    operands.push(self.local(index)?)?;
                }
                Kind::LocalSet => {
                    let index = code.index(word)?;
                    operands.pop(self.local(index)?)?;
                }
                Kind::LocalTee => {
                    let index = code.index(word)?;
                    operands.is_top(self.local(index)?)?;
                }
                Kind::I32Const => {
                    code.at += 1 + signed_len(word >> 8)?;
                    operands.push(I32)?;
                }
                Kind::Unary => {
                    code.at += 1;
                    operands.pop(row.operand)?;
                    operands.push(row.result)?;
                }
                Kind::Binary => {
                    code.at += 1;
                    operands.pop(row.operand)?;
                    operands.pop(row.operand)?;
                    operands.push(row.result)?;
                }
                Kind::Load if self.plain.has_memory => {
                    code.mem_arg(word, row.align)?;
                    operands.pop(I32)?;
                    operands.push(row.result)?;
                }
                Kind::Store if self.plain.has_memory => {
                    code.mem_arg(word, row.align)?;
                    operands.pop(row.operand)?;
                    operands.pop(I32)?;
                }
                Kind::Load | Kind::Store => return None,
                Kind::Other => {
                    (self.code, self.operands) = (code, operands);
                    self.other(word)?;
                    self.is_little_work()?;
                    if self.blocks.is_empty() {
                        return (self.code.at == self.code.end).then_some(());
                    }
                    (code, operands) = (self.code, self.operands);
                }
            }
        }
    }

    fn read_locals(&mut self, params: List) -> Option<()> {
        self.locals.clear();
        self.locals.extend_from_slice(self.plain.list(params));
        for _ in 0..self.code.number()? {
            let count = self.code.number()? as usize;
            let ty = self.code.word()? as u8;
            self.code.at += 1;
            let all = self.locals.len().checked_add(count)?;
            if all > MOST_LOCALS || !TYPES.contains(&ty) {
                return None;
            }
            self.locals.resize(all, ty);
        }
        Some(())
    }

    #[inline(always)]
    fn local(&self, index: u32) -> Option<Type> {
        self.locals.get(index as usize).copied()
    }

    /// An operator without a row of its own.
    #[inline(never)]
    fn other(&mut self, word: u64) -> Option<()> {
        let plain = self.plain;
        match FREQUENT[usize::from(word as u8)] {
            Frequent::Block => self.open(Opener::Block, word),
            Frequent::Loop => self.open(Opener::Loop, word),
            Frequent::If => {
                self.operands.pop(I32)?;
                self.open(Opener::If, word)
            }
            Frequent::Else => self.turn(false),
            Frequent::End => self.close(false),
            Frequent::Br => {
                let types = self.target(word)?;
                self.operands.are(plain.list(types))?;
                self.diverge()
            }
            Frequent::BrIf => {
                self.operands.pop(I32)?;
                let types = self.target(word)?;
                self.operands.are(plain.list(types))
            }
            Frequent::Return => {
                self.code.at += 1;
                let types = self.blocks.first()?.signature.results;
                self.work += u64::from(types.len);
                self.operands.are(plain.list(types))?;
                self.diverge()
            }
            Frequent::Unreachable => {
                self.code.at += 1;
                self.diverge()
            }
            Frequent::Call => {
                let func = self.code.index(word)?;
                let ty = self.funcs.get(func as usize)?;
                self.call(ty.0)
            }
            Frequent::CallIndirect => {
                let ty = self.code.index(word)?;
                // The number of the table, in which linkers leave room for a larger one.
                if self.code.number()? != 0 || !plain.has_table {
                    return None;
                }
                self.sites += 1;
                self.operands.pop(I32)?;
                self.call(ty)
            }
            Frequent::Drop => {
                self.code.at += 1;
                self.operands.take().map(|_| ())
            }
            Frequent::Select => {
                self.code.at += 1;
                self.operands.pop(I32)?;
                let ty = self.operands.take()?;
                self.operands.is_top(ty)
            }
            Frequent::GlobalGet => {
                let (ty, _) = self.global(word)?;
                self.operands.push(ty)
            }
            Frequent::GlobalSet => {
                let (ty, is_mutable) = self.global(word)?;
                self.operands.pop(ty)?;
                is_mutable.then_some(())
            }
            Frequent::I64Const => {
                self.code.at += 1;
                self.code.at += long_signed_len(self.code.bytes.get(self.code.at..self.code.end)?)?;
                self.operands.push(I64)
            }
            Frequent::Rare => self.rare(word),
            // These have rows.
            _ => None,
        }
    }

    /// An operator that the walker leaves to wasmparser.
    fn rare(&mut self, word: u64) -> Option<()> {
        let [byte, second, third, fourth, ..] = word.to_le_bytes();
        match (byte, second) {
            // nop
            (0x01, _) => self.code.at += 1,
            // br_table
            (0x0e, _) => return self.br_table(word),
            // memory.size, memory.grow: the memory's number.
            (0x3f | 0x40, 0) if self.plain.has_memory => {
                self.code.at += 2;
                if byte == 0x40 {
                    self.operands.pop(I32)?;
                }
                self.operands.push(I32)?;
            }
            // f32.const
            (0x43, _) => {
                self.code.at += 5;
                self.operands.push(F32)?;
            }
            // f64.const
            (0x44, _) => {
                self.code.at += 9;
                self.operands.push(F64)?;
            }
            // The truncations that saturate.
            (0xfc, 0..=7) => {
                self.code.at += 2;
                self.operands.pop(if second & 2 == 0 { F32 } else { F64 })?;
                self.operands.push(if second < 4 { I32 } else { I64 })?;
            }
            // memory.copy and memory.fill, with numbers of memories.
            (0xfc, 10) if (third, fourth) == (0, 0) && self.plain.has_memory => {
                self.code.at += 4;
                self.operands.pop_all(&[I32; 3])?;
            }
            (0xfc, 11) if third == 0 && self.plain.has_memory => {
                self.code.at += 3;
                self.operands.pop_all(&[I32; 3])?;
            }
            _ => return None,
        }
        Some(())
    }

    fn br_table(&mut self, word: u64) -> Option<()> {
        let count = self.code.index(word)?;
        self.operands.pop(I32)?;
        if count > MOST_TARGETS {
            return None;
        }
        let mut len = None;
        // All targets and the default.
        for _ in 0..=count {
            let depth = self.code.number()?;
            let types = self.block(depth)?.label();
            self.work += 2 * u64::from(types.len) + 1;
            self.is_little_work()?;
            self.operands.are(self.plain.list(types))?;
            if *len.get_or_insert(types.len) != types.len {
                return None;
            }
        }
        self.diverge()
    }

    /// The type of a block, which is passed.
    fn block_type(&mut self, word: u64) -> Option<Signature> {
        let byte = (word >> 8) as u8;
        let signature = match byte {
            0x40 => Signature::default(),
            0x41..=0x7f => Signature { params: List::default(), results: self.plain.single(byte)? },
            _ => {
                let (ty, bytes) = short_number(word >> 8)?;
                // It has 33 bits and a sign, which must not be set.
                if bytes < 5 && ty >> (7 * bytes - 1) & 1 != 0 {
                    return None;
                }
                self.code.at += 1 + bytes;
                return self.plain.signature(ty);
            }
        };
        self.code.at += 2;
        Some(signature)
    }

    fn open(&mut self, opener: Opener, word: u64) -> Option<()> {
        let signature = self.block_type(word)?;
        self.work += 2 * u64::from(signature.params.len);
        self.operands.are(self.plain.list(signature.params))?;
        if self.blocks.len() == MOST_BLOCKS {
            return None;
        }
        let height = self.operands.count - signature.params.len as usize;
        self.operands.height = height;
        self.blocks.push(Block { opener, height, signature });
        Some(())
    }

    /// What a block leaves, where control reaches its end: just its results.
    fn ends(&mut self, is_dead: bool) -> Option<Block> {
        let block = *self.blocks.last()?;
        let Signature { params, results } = block.signature;
        self.work += u64::from(params.len) + 2 * u64::from(results.len);
        if !is_dead {
            self.operands.are(self.plain.list(results))?;
            if self.operands.count - results.len as usize != block.height {
                return None;
            }
        }
        self.code.at += 1;
        self.operands.count = block.height;
        Some(block)
    }

    /// `else`
    fn turn(&mut self, is_dead: bool) -> Option<()> {
        let block = self.ends(is_dead)?;
        if block.opener != Opener::If {
            return None;
        }
        self.blocks.last_mut()?.opener = Opener::Block;
        self.operands.push_all(self.plain.list(block.signature.params))
    }

    /// `end`
    fn close(&mut self, is_dead: bool) -> Option<()> {
        let block = self.ends(is_dead)?;
        let Signature { params, results } = block.signature;
        // Without an `else` the parameters are the results.
        if block.opener == Opener::If && self.plain.list(params) != self.plain.list(results) {
            return None;
        }
        self.blocks.pop();
        self.operands.height = self.blocks.last().map_or(0, |outer| outer.height);
        self.operands.push_all(self.plain.list(results))
    }

    /// Goes on behind an operator that control does not pass: at the end of the block, or its turn.
    fn diverge(&mut self) -> Option<()> {
        match FREQUENT[usize::from(self.code.word()? as u8)] {
            Frequent::End => self.close(true),
            Frequent::Else => self.turn(true),
            _ => None,
        }
    }

    fn is_little_work(&self) -> Option<()> {
        (self.work <= self.most_work).then_some(())
    }

    fn block(&self, depth: u32) -> Option<&Block> {
        let at = self.blocks.len().checked_sub(1)?.checked_sub(depth as usize)?;
        self.blocks.get(at)
    }

    /// Passes an operator that is a label; what a branch to it carries.
    fn target(&mut self, word: u64) -> Option<List> {
        let depth = self.code.index(word)?;
        let types = self.block(depth)?.label();
        self.work += 2 * u64::from(types.len);
        Some(types)
    }

    fn global(&mut self, word: u64) -> Option<(Type, bool)> {
        let index = self.code.index(word)?;
        let global = *self.plain.globals.get(index as usize)?;
        (global.0 != NOT_PLAIN).then_some(global)
    }

    fn call(&mut self, ty: u32) -> Option<()> {
        let Signature { params, results } = self.plain.signature(ty)?;
        self.work += u64::from(params.len) + u64::from(results.len);
        self.operands.pop_all(self.plain.list(params))?;
        self.operands.push_all(self.plain.list(results))
    }
}

#[cfg(test)]
mod tests;
