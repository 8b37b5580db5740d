//! The [`Assembler`]: how the parts of an instruction become bytes, and what concerns labels, pool and the finished code.
//!
//! Every instruction is put together in two words, what is in front of the displacement and the rest, and stored by
//! [`CodeBuffer::put`].

use super::encoding::Enc;
use super::mem::{LABEL, Mem, NO_BASE, NO_INDEX, POOL};
use crate::buffer::{AsmError, CodeBuffer, Fixup, Label};
use crate::object::NativeCode;
use crate::pool::{Const, Word};

/// How x86 writes a distance: as a number behind which, and behind a possible immediate, the instruction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// In one byte.
    Rel8,
    /// In four bytes.
    Rel32,
}

impl Fixup for Distance {
    /// `int3`
    const PADDING: u8 = 0xCC;

    fn patch(self, code: &mut [u8], at: usize, distance: i64) -> bool {
        match self {
            Distance::Rel8 => {
                let sum = i64::from(code[at] as i8) + distance;
                code[at] = sum as u8;
                i8::try_from(sum).is_ok()
            }
            Distance::Rel32 => {
                let field: &mut [u8; 4] = (&mut code[at..at + 4]).try_into().expect("4 bytes");
                let sum = i64::from(i32::from_le_bytes(*field)) + distance;
                *field = (sum as i32).to_le_bytes();
                i32::try_from(sum).is_ok()
            }
        }
    }
}

/// Writes x86-64 instructions.
///
/// # Examples
///
/// A function of the System V convention that adds the numbers from its argument down to 1:
///
/// ```
/// use upshift_asm::x64::{Assembler, Cond, Gpr, Size};
///
/// let mut asm = Assembler::new();
/// let (head, done) = (asm.label(), asm.label());
/// asm.xor(Size::S32, Gpr::RAX, Gpr::RAX);
/// asm.bind(head);
/// asm.test(Size::S64, Gpr::RDI, Gpr::RDI);
/// asm.jcc(Cond::E, done);
/// asm.add(Size::S64, Gpr::RAX, Gpr::RDI);
/// asm.dec(Size::S64, Gpr::RDI);
/// asm.jmp(head);
/// asm.bind(done);
/// asm.ret();
/// let code = asm.finish().unwrap();
/// // Backward branches are short where they reach, forward branches have four bytes of distance.
/// assert_eq!(code.bytes[5..11], [0x0F, 0x84, 0x08, 0x00, 0x00, 0x00]);
/// assert_eq!(code.bytes[17..], [0xEB, 0xEF, 0xC3]);
/// ```
#[derive(Default)]
pub struct Assembler {
    pub(super) buffer: CodeBuffer<Distance>,
}

/// A part of an instruction: bytes, the first lowest, and how many bits they have.
#[derive(Clone, Copy)]
struct Part {
    bytes: u64,
    bits: u32,
}

impl Part {
    #[inline]
    fn push(&mut self, bytes: u64, bits: u32) {
        self.bytes |= bytes << self.bits;
        self.bits += bits;
    }
}

/// # Labels, pool and the finished code
impl Assembler {
    /// One without code.
    pub fn new() -> Self {
        Self::default()
    }

    /// The buffer below.
    pub fn buffer(&self) -> &CodeBuffer<Distance> {
        &self.buffer
    }

    /// Where the next instruction goes, in bytes from the begin.
    #[inline]
    pub fn offset(&self) -> u32 {
        self.buffer.offset()
    }

    /// Appends bytes as they are. See [`CodeBuffer::put_bytes`].
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.buffer.put_bytes(bytes);
    }

    /// Overwrites four bytes that were written already. See [`CodeBuffer::patch_u32`].
    pub fn patch_u32(&mut self, at: u32, value: u32) {
        self.buffer.patch_u32(at, value);
    }

    /// A label that is not bound yet.
    #[inline]
    pub fn label(&mut self) -> Label {
        self.buffer.label()
    }

    /// Binds a label to here. See [`CodeBuffer::bind`].
    #[inline]
    pub fn bind(&mut self, label: Label) {
        self.buffer.bind(label);
    }

    /// A label that is bound to here.
    #[inline]
    pub fn here(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// Where a label is, if it is bound.
    #[inline]
    pub fn place(&self, label: Label) -> Option<u32> {
        self.buffer.place(label)
    }

    /// A word of 8 bytes in the pool, shared by all who want the same.
    pub fn word(&mut self, word: Word) -> Const {
        self.buffer.word(word)
    }

    /// 8 bytes in the pool, shared by all who want the same.
    pub fn const64(&mut self, value: u64) -> Const {
        self.buffer.word(Word::Value(value))
    }

    /// 16 bytes in the pool at a multiple of 16, shared by all who want the same.
    pub fn const128(&mut self, value: u128) -> Const {
        self.buffer.wide(value)
    }

    /// Words of the pool one behind the other, shared with nobody. Returns the place of the first.
    pub fn words(&mut self, words: &[Word]) -> Const {
        self.buffer.words(words)
    }

    /// Hands over the code and is empty again. See [`CodeBuffer::finish`].
    ///
    /// # Errors
    ///
    /// As [`CodeBuffer::finish`].
    pub fn finish(&mut self) -> Result<NativeCode, AsmError> {
        self.buffer.finish()
    }

    /// Forgets everything but keeps the room.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }
}

/// Prefixes, REX and opcode.
#[inline]
fn head(enc: Enc, rex: u8, needed: bool) -> Part {
    let mut part = Part { bytes: enc.prefixes(), bits: enc.prefix_bits() };
    let rex = rex | enc.rex_w();
    if rex != 0 || needed {
        part.push(u64::from(0x40 | rex), 8);
    }
    part.push(enc.opcode(), enc.opcode_bits());
    part
}

/// VEX and opcode. `rex` has the bits of a REX.
#[inline]
fn vex_head(enc: Enc, rex: u8, second: u8) -> Part {
    let rex = rex | enc.rex_w();
    let last = u64::from((!second & 15) << 3 | enc.vex_prefix());
    let opcode = u64::from(enc.last_opcode());
    // Inverted, as all of VEX but W.
    let r = u64::from(!rex & 4) << 5;
    if rex & 0b1011 == 0 && enc.vex_map() == 1 {
        Part { bytes: 0xC5 | (r | last) << 8 | opcode << 16, bits: 24 }
    } else {
        let xb = u64::from(!rex & 3) << 5;
        let w = u64::from(rex & 8) << 4;
        let first = r | xb | u64::from(enc.vex_map());
        Part { bytes: 0xC4 | first << 8 | (w | last) << 16 | opcode << 24, bits: 32 }
    }
}

/// The bits of the REX for registers in `reg` and `rm`.
#[inline]
fn rex_of_registers(reg: u8, rm: u8) -> u8 {
    reg >> 3 << 2 | rm >> 3
}

/// The bits of the REX for a register in `reg` and a place in memory.
#[inline]
fn rex_of_memory(reg: u8, mem: Mem) -> u8 {
    // What is no register has more than four bits.
    let base = if mem.base < NO_BASE { mem.base >> 3 } else { 0 };
    reg >> 3 << 2 | mem.index >> 3 << 1 | base
}

#[inline]
fn modrm(mode: u8, reg: u8, rm: u8) -> u64 {
    u64::from(mode << 6 | (reg & 7) << 3 | rm & 7)
}

/// # The forms of instructions
///
/// `reg` is the number of a register or the part of the opcode that takes its place. The lowest `imm_len` bytes of `imm` follow.
impl Assembler {
    /// An instruction without ModRM.
    #[inline]
    pub(super) fn put_plain(&mut self, enc: Enc, imm: u64, imm_len: usize) {
        let part = head(enc, 0, false);
        self.put(part, imm, imm_len);
    }

    /// An instruction that has its register in the lowest bits of the opcode.
    #[inline]
    pub(super) fn put_opcode_form(&mut self, enc: Enc, register: u8, imm: u64, imm_len: usize) {
        let part = head(enc.plus(register & 7), register >> 3, enc.needs_rex(0, register));
        self.put(part, imm, imm_len);
    }

    #[inline(never)]
    pub(super) fn put_register_form(&mut self, enc: Enc, reg: u8, rm: u8, imm: u32, imm_len: usize) {
        let mut part = head(enc, rex_of_registers(reg, rm), enc.needs_rex(reg, rm));
        part.push(modrm(3, reg, rm), 8);
        self.put(part, imm.into(), imm_len);
    }

    #[inline(never)]
    pub(super) fn put_memory_form(&mut self, enc: Enc, reg: u8, mem: Mem, imm: u32, imm_len: usize) {
        let part = head(enc, rex_of_memory(reg, mem), enc.needs_rex(reg, 0));
        self.put_memory(part, reg, mem, imm, imm_len);
    }

    #[inline(never)]
    pub(super) fn put_vex_register_form(
        &mut self,
        enc: Enc,
        reg: u8,
        second: u8,
        rm: u8,
        imm: u32,
        imm_len: usize,
    ) {
        let mut part = vex_head(enc, rex_of_registers(reg, rm), second);
        part.push(modrm(3, reg, rm), 8);
        self.put(part, imm.into(), imm_len);
    }

    #[inline(never)]
    pub(super) fn put_vex_memory_form(
        &mut self,
        enc: Enc,
        reg: u8,
        second: u8,
        mem: Mem,
        imm: u32,
        imm_len: usize,
    ) {
        let part = vex_head(enc, rex_of_memory(reg, mem), second);
        self.put_memory(part, reg, mem, imm, imm_len);
    }

    /// Adds ModRM, SIB, displacement and immediate.
    #[inline]
    fn put_memory(&mut self, mut part: Part, reg: u8, mem: Mem, imm: u32, imm_len: usize) {
        let (disp, disp_bits) = if mem.base < NO_BASE {
            // `rbp` and `r13` without displacement would mean something else.
            let (mode, bits) = if mem.disp == 0 && mem.base & 7 != 5 {
                (0, 0)
            } else if mem.disp == mem.disp as i8 as i32 {
                (1, 8)
            } else {
                (2, 32)
            };
            // `rsp` and `r12` as base are only there with a SIB.
            if mem.index == NO_INDEX && mem.base & 7 != 4 {
                part.push(modrm(mode, reg, mem.base), 8);
            } else {
                part.push(modrm(mode, reg, 4) | sib(mem), 16);
            }
            (mem.disp as u32 & (((1_u64 << bits) - 1) as u32), bits)
        } else if mem.base == NO_BASE {
            part.push(modrm(0, reg, 4) | sib(mem), 16);
            (mem.disp as u32, 32)
        } else {
            part.push(modrm(0, reg, 5), 8);
            (self.relative(mem, part.bits, imm_len), 32)
        };
        let rest = u64::from(disp) | u64::from(imm) << disp_bits;
        self.put(part, rest, disp_bits as usize / 8 + imm_len);
    }

    /// The displacement of a place in the code or the pool, for an instruction that has `bits` in front of it.
    fn relative(&mut self, mem: Mem, bits: u32, imm_len: usize) -> u32 {
        let at = self.offset() + bits / 8;
        let behind = 4 + imm_len as u32;
        if mem.base == POOL {
            self.buffer.refer_to_pool(at, Distance::Rel32);
            return (mem.disp as u32).wrapping_sub(behind);
        }
        debug_assert_eq!(mem.base, LABEL);
        let label = mem.target();
        match self.place(label) {
            Some(place) => place.wrapping_sub(at).wrapping_sub(behind),
            None => {
                self.buffer.refer_to_label(at, label, Distance::Rel32);
                behind.wrapping_neg()
            }
        }
    }

    #[inline]
    fn put(&mut self, part: Part, rest: u64, rest_len: usize) {
        self.buffer.put(part.bytes, part.bits as usize / 8, rest, rest_len);
    }
}

/// The SIB, in the byte behind the ModRM.
#[inline]
fn sib(mem: Mem) -> u64 {
    let base = if mem.base < NO_BASE { mem.base & 7 } else { 5 };
    u64::from((mem.scale as u8) << 6 | (mem.index & 7) << 3 | base) << 8
}
