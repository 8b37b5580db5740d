//! What has no native form: instructions of the interpreter in the pool, which run in the middle of native code.
//!
//! ```text
//! code:  … lea rsi, words ─ jmp [rsi] ─▶ handler ─▶ handler ─▶ jmp [landing] ─▶ code goes on
//! pool:                    word word word │ word word │ landing
//! ```
//! All values are in their slots when they begin. When they end, locals are still in the registers that handlers keep, unless it was a
//! call, and nothing else is in any.

use upshift_asm::{Const, Label, Word};
use upshift_ir::build::{Builder, instructions};
use upshift_translate::backend::Slot;

use crate::cache::{Held, Kind, NO_TOP, is_from};
use crate::cells::is_fixed;
use crate::compiler::Compiler;
use crate::tables::ColdPath;
use crate::x64::KEPT_BY_HANDLERS;

impl<'m> Compiler<'m> {
    /// Lets the interpreter do what `build` asks for; `memory` tells whether it may access memory 0 or call.
    pub(crate) fn embed(&mut self, memory: bool, build: impl FnOnce(&mut Builder<'m>)) {
        self.flush();
        self.done();
        self.drop_for_handlers();
        self.tables.embedded += self.make_words(build);
        let behind = self.asm.label();
        self.tables.words.push(Word::Label(behind));
        self.run_words(memory);
        self.asm.bind(behind);
    }

    /// Forgets what handlers may change: registers that they do not keep, operand homes, which may be those of results, references,
    /// which the collector may change, and globals and the like, which the host may set.
    pub(crate) fn drop_for_handlers(&mut self) {
        for reg in self.cache.used().iter() {
            if !KEPT_BY_HANDLERS.contains(reg) || !self.cache.held(reg).iter().all(|held| self.stays(held)) {
                self.cache.clear_reg(reg);
            }
        }
    }

    /// Stores what memory lacks of all that [`drop_for_handlers`](Self::drop_for_handlers) will forget, but for operands, which are
    /// used up: those in slots from one on.
    pub(crate) fn flush_below(&mut self, operands: Slot) {
        for reg in self.cache.used().iter() {
            let held = self.cache.held(reg);
            let is_operand = |held: &Held| is_from(held.slot, operands);
            let keeps = KEPT_BY_HANDLERS.contains(reg)
                && held.iter().all(|held| is_operand(held) || self.stays(held));
            if !keeps && !held.iter().all(is_operand) {
                self.store_dirty(reg);
            }
        }
    }

    /// Whether handlers leave alone what a register that they keep has.
    fn stays(&self, held: &Held) -> bool {
        (held.slot.0 < self.frame.homes || is_fixed(held.slot)) && held.kind != Kind::Ref
    }

    /// Lets the interpreter do what `build` asks for, after which control does not go on here.
    pub(crate) fn embed_last(&mut self, build: impl FnOnce(&mut Builder<'m>)) {
        self.collect_words(build);
        self.run_words(true);
        self.leave();
    }

    /// Brings all values to their slots and collects the words of what `build` asks for.
    pub(crate) fn collect_words(&mut self, build: impl FnOnce(&mut Builder<'m>)) {
        self.flush();
        self.done();
        self.cache.clear();
        self.tables.embedded += self.make_words(build);
    }

    /// Collects the words of what `build` asks for. Returns how many instructions they are.
    pub(crate) fn make_words(&mut self, build: impl FnOnce(&mut Builder<'m>)) -> u32 {
        self.tables.words.clear();
        self.masks.clear();
        let (module, frame) = (self.module, &self.frame);
        let builder = self.builder.get_or_insert_with(|| Builder::for_embedding(module, frame));
        let mut count = 0;
        for (op, words) in instructions(builder.embed(build)) {
            self.tables.words.push(Word::Handler(op as u16));
            self.tables.words.extend(words[1..].iter().map(|&word| Word::Value(word)));
            count += 1;
        }
        count
    }

    /// Puts the collected words into the pool, for the code that comes next.
    pub(crate) fn place_words(&mut self) -> Const {
        let words = self.asm.words(&self.tables.words);
        self.tables.own_words(words, self.asm.offset());
        words
    }

    /// Runs the collected words.
    pub(crate) fn run_words(&mut self, memory: bool) {
        let words = self.place_words();
        self.emit_run_words(words, memory);
    }

    /// The label of a cold path that lets the interpreter do what `build` asks for and goes back to `back` with all registers as
    /// they were, operands of the running operation included. What is in no frame is what it is then. It never comes back if there
    /// is no such label.
    pub(crate) fn embed_cold(&mut self, back: Option<Label>, build: impl FnOnce(&mut Builder<'m>)) -> Label {
        self.embed_cold_below(NO_TOP, back, build)
    }

    /// Sees to it that a cold path that begins here has little to keep, if the function has used up its moves: then everything is
    /// stored, and whoever wants it again loads it.
    fn spare_cold_path(&mut self) {
        let used = self.cache.used();
        if self.control.moves.take(2 * used.len() as usize) {
            return;
        }
        self.flush();
        for reg in used.without(self.cache.locked()).iter() {
            self.cache.clear_reg(reg);
        }
    }

    /// The same where values in slots from one on are used up: registers that have them, too, get what they have besides.
    pub(crate) fn embed_cold_below(
        &mut self,
        dead: Slot,
        back: Option<Label>,
        build: impl FnOnce(&mut Builder<'m>),
    ) -> Label {
        self.make_words(build);
        let back = back.map(|back| (self.asm.label(), back));
        if let Some((landing, _)) = back {
            self.tables.words.push(Word::Label(landing));
        }
        let words = self.place_words();
        self.spare_cold_path();
        let kept = self.tables.keep(self.cache, dead);
        self.cold(ColdPath::Run { words, kept, back })
    }
}
