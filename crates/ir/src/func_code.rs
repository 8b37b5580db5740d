//! The code of one function.
//!
//! ```text
//! FuncCode ─┬▶ words: preamble, instructions ─▶ interpreter
//!           └▶ handlers, references, loops, by positions in words
//! ```
//!
//! Code is position-independent and depends only on the module, so all its instances share it.

use std::ops::Range;

use upshift_core::vm::{Preamble, frame};
use upshift_translate::backend::Frame;

use crate::handlers::Handlers;
use crate::references::ReferenceMaps;

/// The code of one function: a [`Preamble`] word, then instructions, and beside them what catches exceptions and which slots
/// are references.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FuncCode {
    frame: Frame,
    words: Box<[u64]>,
    /// On its own, because most functions have none.
    handlers: Option<Box<Handlers>>,
    /// The same.
    references: Option<Box<ReferenceMaps>>,
    loops: Box<[u32]>,
}

impl FuncCode {
    /// Code without loops from its words, handlers and references.
    #[must_use]
    pub fn new(frame: Frame, words: Box<[u64]>, handlers: Handlers, references: ReferenceMaps) -> FuncCode {
        let handlers = (!handlers.is_empty()).then(|| Box::new(handlers));
        let references = (!references.is_empty()).then(|| Box::new(references));
        FuncCode { frame, words, handlers, references, loops: Box::default() }
    }

    /// Sets where loops begin: words by the number of the loop, 0 for those that nothing reaches.
    #[must_use]
    pub fn with_loops(mut self, loops: Box<[u32]>) -> FuncCode {
        self.loops = loops;
        self
    }

    /// How the frame is divided; all code of a function divides it so.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The slots of the frame, counted from `fp`: from the first parameter to the last operand home.
    #[must_use]
    pub fn slots(&self) -> Range<i64> {
        -i64::from(frame::fp_offset(self.frame.params))..i64::from(self.preamble().frame_slots)
    }

    /// How many numbers of loops there are.
    #[must_use]
    pub fn loop_count(&self) -> usize {
        self.loops.len()
    }

    /// The word where a loop begins, by its number in the function, from 0 in the order of appearance; none if nothing reaches
    /// it. Whoever is there has all that lives in its frame, so that other code of the function can go on from it.
    ///
    /// ```
    /// use upshift_core::index::FuncIndex;
    /// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};
    ///
    /// let wat = "(module (func (loop (loop (br 1))) (loop)))";
    /// # let bytes = wat::parse_str(wat)?;
    /// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
    /// let code = upshift_ir::compile(&module, FuncIndex(0), CodeOptions::default())?;
    /// // Both begin where the code does, behind the preamble; behind the branch nothing goes on.
    /// assert_eq!((code.loop_head(0), code.loop_head(1), code.loop_head(2)), (Some(1), Some(1), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn loop_head(&self, number: u32) -> Option<usize> {
        self.loops.get(number as usize).filter(|&&word| word != 0).map(|&word| word as usize)
    }

    /// Which word of the code holds an address, if one does.
    #[must_use]
    pub fn word_at(&self, address: usize) -> Option<usize> {
        let word = address.checked_sub(self.words.as_ptr().addr())? / size_of::<u64>();
        (word < self.words.len()).then_some(word)
    }

    /// Which slots are references, if any are.
    #[must_use]
    pub fn references(&self) -> Option<&ReferenceMaps> {
        self.references.as_deref()
    }

    /// What catches exceptions, if anything does.
    #[must_use]
    pub fn handlers(&self) -> Option<&Handlers> {
        self.handlers.as_deref()
    }

    /// The words, preamble first.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words, for whoever runs them to link.
    #[must_use]
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The size of the frame.
    #[must_use]
    pub fn preamble(&self) -> Preamble {
        Preamble::from_word(self.words[0])
    }

    /// What a [`FuncRec`](upshift_core::vm::FuncRec) holds as `code`; valid while `self` lives.
    #[must_use]
    pub fn entry(&self) -> *const u64 {
        self.words.as_ptr()
    }
}
