//! Makes translated code ready to run: puts the address of its handler in front of each instruction.
//!
//! In: words of verified code, preamble first. Out: the same words, with the handlers' addresses in the words that the
//! instruction set leaves to the interpreter. Both dispatch backends run the result; only the tail-call backend looks at the
//! addresses.

use upshift_ir::op::{Field, Op, place};

/// Links the code of a function.
///
/// # Panics
/// When the words are not instructions, which the builder excludes and the verifier checks.
pub fn link(words: &mut [u64]) {
    let mut at = 1;
    while at < words.len() {
        let op = Op::first_of(&words[at..]).expect("code consists of instructions");
        words[at] = address_of(op);
        let (_, len) = place(op);
        at += len;
        if op.fields().last() == Some(&Field::Targets) {
            // The number of targets is the last field before the list; the default follows.
            at += (words[at - len + 1] >> 32) as usize + 1;
        }
    }
}

#[cfg(tail_calls)]
fn address_of(op: Op) -> u64 {
    crate::dispatch::tail::handler_of(op) as usize as u64
}

#[cfg(not(tail_calls))]
fn address_of(_: Op) -> u64 {
    0
}
