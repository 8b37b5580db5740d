//! From code words back to instructions, for the printer and the verifier.
//!
//! In: the words of a function without the preamble. Out: one [`Instr`] after the other, or the position of a word that
//! does not begin an instruction.

use crate::op::{Field, Op, place};

/// One instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instr {
    /// Its position in words.
    pub at: usize,
    /// How many words it takes, with its target list.
    pub len: usize,
    /// The opcode.
    pub op: Op,
    /// The values of its fields in order; accumulators have 0, signed fields, slots among them, are sign-extended, target lists
    /// have the number of targets.
    pub values: Vec<u64>,
    /// The targets of the instruction, as positions in words.
    pub targets: Vec<i64>,
}

/// A word that does not begin an instruction, or an instruction that is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Its position.
    pub at: usize,
}

/// The instruction at a position.
///
/// # Errors
/// When there is none.
pub fn decode(words: &[u64], at: usize) -> Result<Instr, Malformed> {
    let malformed = Malformed { at };
    let op = words.get(at..).and_then(Op::first_of).ok_or(malformed)?;
    let (places, mut len) = place(op);
    let mut instr = Instr { at, len, op, values: Vec::new(), targets: Vec::new() };
    for (field, place) in op.fields().iter().zip(places) {
        if *field == Field::Targets {
            let count = *instr.values.last().ok_or(malformed)? as usize + 1;
            let list = words.get(at + len..).and_then(|rest| rest.get(..count)).ok_or(malformed)?;
            instr.targets.extend(list.iter().map(|&distance| at as i64 + distance as i64));
            instr.values.push(count as u64);
            len += count;
            continue;
        }
        if place.bits == 0 {
            instr.values.push(0);
            continue;
        }
        let word = *words.get(at + place.word).ok_or(malformed)?;
        let unsigned = (word >> place.shift) & (u64::MAX >> (64 - place.bits));
        let unused = 64 - place.bits;
        let signed = ((unsigned << unused) as i64) >> unused;
        instr.values.push(match field {
            Field::Imm16 | Field::Imm32 | Field::Imm64 => signed as u64,
            slot if slot.is_slot() => signed as u64,
            Field::Target => {
                instr.targets.push(at as i64 + signed);
                signed as u64
            }
            _ => unsigned,
        });
    }
    instr.len = len;
    Ok(instr)
}

/// The test and the type of an instruction that tests one.
#[must_use]
pub fn cast_fields(instr: &Instr) -> Option<(u16, u32)> {
    let (test, ty) = match instr.op {
        Op::RefTest | Op::RefTestExact | Op::RefTestObject => (2, 3),
        Op::RefCast | Op::RefCastExact | Op::RefCastObject => (1, 2),
        Op::BrOnCast
        | Op::BrOnCastExact
        | Op::BrOnCastObject
        | Op::BrOnCastFail
        | Op::BrOnCastFailExact
        | Op::BrOnCastFailObject => (1, 2),
        _ => return None,
    };
    Some((instr.values[test] as u16, instr.values[ty] as u32))
}

/// All instructions from the start to the end.
///
/// # Errors
/// At the first word that does not begin an instruction.
pub fn decode_all(words: &[u64]) -> Result<Vec<Instr>, Malformed> {
    let mut instrs = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let instr = decode(words, at)?;
        at += instr.len;
        instrs.push(instr);
    }
    Ok(instrs)
}
