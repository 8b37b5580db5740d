//! What an assembler hands over: [`NativeCode`], code and literal pool in one run of bytes that may lie at any address.
//!
//! Instructions refer to other places of the same object by distances, which are final. All addresses are in words of the pool,
//! and each such word has a [`Reloc`]: whoever copies the bytes to their place goes through these and through nothing else.

use serde::{Deserialize, Serialize};

/// The code of one function, or of anything else that is published as a whole, independent of its position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeCode {
    /// The instructions and behind them, from [`NativeCode::pool`] on, the words that they refer to. It has to be put at a multiple
    /// of 16.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// Where in `bytes` the pool begins, a multiple of 16; the number of bytes if there is none.
    pub pool: u32,
    /// The words that become addresses, in ascending order of where they are.
    pub relocs: Vec<Reloc>,
}

impl NativeCode {
    /// The instructions, without the pool but with the padding in front of it.
    pub fn code(&self) -> &[u8] {
        &self.bytes[..self.pool as usize]
    }

    /// Writes the addresses into their words, for code that will lie at an address; `resolve` gives those of handlers and stubs. It has
    /// no relocations afterwards.
    ///
    /// # Panics
    ///
    /// When a relocation is not inside.
    ///
    /// ```
    /// use upshift_asm::{Word, x64::Assembler};
    ///
    /// let mut asm = Assembler::new();
    /// let start = asm.here();
    /// asm.ret();
    /// asm.words(&[Word::Label(start), Word::Handler(7)]);
    /// let mut code = asm.finish().unwrap();
    /// code.relocate(0x1000, |kind| if kind == upshift_asm::RelocKind::Handler(7) { 0x77 } else { 0 });
    /// assert_eq!((code.word(code.pool), code.word(code.pool + 8)), (0x1000, 0x77));
    /// assert!(code.relocs.is_empty());
    /// ```
    pub fn relocate(&mut self, address: u64, resolve: impl Fn(RelocKind) -> u64) {
        for Reloc { at, kind } in self.relocs.drain(..) {
            let word: &mut [u8; 8] = self.bytes[at as usize..].first_chunk_mut().expect("the word is inside");
            *word = match kind {
                RelocKind::Base => u64::from_le_bytes(*word).wrapping_add(address),
                kind => resolve(kind),
            }
            .to_le_bytes();
        }
    }

    /// The object that was published at an address, from the bytes there and the relocations that it had: what
    /// [`relocate`](Self::relocate) has done is undone.
    ///
    /// # Panics
    ///
    /// When a relocation is not inside.
    ///
    /// ```
    /// use upshift_asm::{NativeCode, RelocKind, Word, x64::Assembler};
    ///
    /// let mut asm = Assembler::new();
    /// let start = asm.here();
    /// asm.ret();
    /// asm.words(&[Word::Label(start), Word::Handler(7)]);
    /// let code = asm.finish().unwrap();
    /// let mut published = code.clone();
    /// published.relocate(0x1000, |_| 0x77);
    /// let again = NativeCode::of_published(&published.bytes, code.pool, code.relocs.clone(), 0x1000);
    /// assert!(published != code && again == code);
    /// ```
    #[must_use]
    pub fn of_published(published: &[u8], pool: u32, relocs: Vec<Reloc>, address: u64) -> NativeCode {
        let mut bytes = published.to_vec();
        for Reloc { at, kind } in &relocs {
            let word: &mut [u8; 8] = bytes[*at as usize..].first_chunk_mut().expect("the word is inside");
            *word = match kind {
                RelocKind::Base => u64::from_le_bytes(*word).wrapping_sub(address),
                RelocKind::Handler(_) | RelocKind::Stub(_) => 0,
            }
            .to_le_bytes();
        }
        NativeCode { bytes, pool, relocs }
    }

    /// The word of 8 bytes at an offset in the object.
    ///
    /// # Panics
    ///
    /// When it is not inside.
    pub fn word(&self, at: u32) -> u64 {
        let at = at as usize;
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("8 bytes"))
    }
}

/// A word of the pool that holds an address once the code is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloc {
    /// Where the 8 bytes are, an offset in [`NativeCode::bytes`] and a multiple of 8.
    pub at: u32,
    /// Which address it holds.
    pub kind: RelocKind,
}

/// Which address a word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RelocKind {
    /// The word has an offset in the same object; the address of the object is added to it.
    Base,
    /// The handler of tier 0's instruction with this number. The word is 0 and replaced.
    Handler(u16),
    /// One of the runtime's stubs. The word is 0 and replaced.
    Stub(Stub),
}

/// Code of the runtime that native code calls or jumps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stub {
    /// What the native entry of a function without native code is, for callers that call: it goes on in the interpreter.
    CallInterpreterPaired,
    /// The same for callers that jump.
    CallInterpreterJump,
    /// Where callers that call find functions that may not belong to their instance.
    CallForeignPaired,
    /// The same for callers that jump.
    CallForeignJump,
    /// Where functions go that are replaced by some that may not belong to their instance, for callers that call.
    ReplaceForeignPaired,
    /// The same for callers that jump.
    ReplaceForeignJump,
    /// Where a native function goes that returns to code of the interpreter.
    ReturnToInterpreter,
    /// Notes a trap at the place of the call and ends the activation. Called, with the trap's number as the argument.
    Trap,
    /// Ends the activation because the value stack has no room for a frame whose header is written.
    Overflow,
    /// A handler that asks the runtime whether to go on with the next word or elsewhere.
    Choose,
    /// A function in the convention of C that copies bytes which may overlap: to where, from where, how many.
    CopyBytes,
    /// A function in the convention of C that fills bytes: where, with the lowest byte of what, how many.
    FillBytes,
}
