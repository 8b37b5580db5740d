//! The [`Assembler`] but for its instructions: labels, pool and the finished code.
//!
//! The tables and methods of instructions are in files of their own and come down to the forms of `forms.rs`, which put bytes into
//! the [`CodeBuffer`].

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

    #[inline]
    fn patch(self, code: &mut [u8], at: usize, distance: i64) -> bool {
        match self {
            Distance::Rel8 => {
                let sum = i64::from(code[at] as i8) + distance;
                code[at] = sum as u8;
                i8::try_from(sum).is_ok()
            }
            Distance::Rel32 => {
                let field: &mut [u8; 4] = code[at..].first_chunk_mut().expect("4 bytes");
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

    /// Makes room for so many bytes of code. See [`CodeBuffer::reserve`].
    pub fn reserve(&mut self, bytes: usize) {
        self.buffer.reserve(bytes);
    }

    /// Where the next instruction goes, in bytes from the begin.
    #[inline]
    pub fn offset(&self) -> u32 {
        self.buffer.offset()
    }

    /// The bytes so far; those that refer to what is not placed yet are not final. See [`CodeBuffer::written`].
    pub fn written(&self) -> &[u8] {
        self.buffer.written()
    }

    /// Appends bytes as they are. See [`CodeBuffer::put_bytes`].
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.buffer.put_bytes(bytes);
    }

    /// Overwrites four bytes that were written already. See [`CodeBuffer::patch_u32`].
    pub fn patch_u32(&mut self, at: u32, value: u32) {
        self.buffer.patch_u32(at, value);
    }

    /// Overwrites a byte that was written already, see [`CodeBuffer::patch_u8`].
    pub fn patch_u8(&mut self, at: u32, value: u8) {
        self.buffer.patch_u8(at, value);
    }

    /// Takes back what was written from an offset on, with no label bound behind it. See [`CodeBuffer::truncate`].
    pub fn truncate(&mut self, at: u32) {
        self.buffer.truncate(at);
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
    #[inline]
    pub fn words(&mut self, words: &[Word]) -> Const {
        self.buffer.words(words)
    }

    /// The addresses of labels in words of the pool one behind the other, shared with nobody. Returns the place of the first.
    #[inline]
    pub fn addresses<const N: usize>(&mut self, labels: [Label; N]) -> Const {
        self.buffer.addresses(labels)
    }

    /// A table in the pool, shared with nobody: four bytes for each label, its distance from the begin of the table. Returns that.
    pub fn table(&mut self, labels: &[Label]) -> Const {
        self.buffer.table(labels)
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
