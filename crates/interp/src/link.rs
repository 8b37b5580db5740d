//! Makes translated code executable: puts the address of its handler in front of each instruction.
//!
//! In: words of verified code, preamble first. Out: the same words, with the handlers' addresses in the words that the
//! instruction set reserves for the interpreter, and before each return address the stub that native code returns to. Both
//! dispatch backends run the result; only the tail-call backend reads the addresses.

use upshift_ir::op::{Field, Op, place};

use crate::native;

/// Links the code of a function.
///
/// # Panics
/// When the words are not instructions, which the builder excludes and the verifier checks.
pub fn link(words: &mut [u64]) {
    let to_interpreter = native::return_to_interpreter() as u64;
    let mut at = 1;
    while at < words.len() {
        let op = Op::first_of(&words[at..]).expect("code consists of instructions");
        words[at] = native::handler_address(op);
        let (_, len) = place(op);
        at += len;
        if op.returns_here() {
            words[at - 1] = to_interpreter;
        }
        if op.fields().last() == Some(&Field::Targets) {
            // The number of targets is the last field before the list; the default follows.
            at += (words[at - len + 1] >> 32) as usize + 1;
        }
    }
}
