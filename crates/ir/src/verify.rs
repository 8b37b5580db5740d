//! Checks that code is well formed, so that the interpreter can run it without looking.
//!
//! After [`verify`] every word belongs to an instruction, every slot lies in the frame, every branch leads to the start of an
//! instruction, control does not run off the end, and no instruction is one that only the runtime's own stubs may use.

use std::collections::HashSet;
use std::fmt;

use upshift_core::vm::{BuiltinOp, Preamble};

use crate::decode::{Instr, decode_all};
use crate::op::{Field, Op};

/// What is wrong, and at which word (counted behind the preamble).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// Position in words.
    pub at: usize,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at word {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for VerifyError {}

/// Checks the words of a function, preamble first.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(words: &[u64]) -> Result<(), VerifyError> {
    let error = |at: usize, problem: String| Err(VerifyError { at, problem });
    let [preamble, body @ ..] = words else {
        return error(0, "no preamble".to_string());
    };
    let frame = u64::from(Preamble::from_word(*preamble).frame_slots);
    let instrs = match decode_all(body) {
        Ok(instrs) => instrs,
        Err(malformed) => return error(malformed.at, "not an instruction".to_string()),
    };
    let starts: HashSet<i64> = instrs.iter().map(|instr| instr.at as i64).collect();
    for instr in &instrs {
        check_fields(instr, frame).or_else(|problem| error(instr.at, problem))?;
        if let Some(target) = instr.targets.iter().find(|target| !starts.contains(target)) {
            return error(instr.at, format!("branches to word {target}, inside of an instruction"));
        }
    }
    match instrs.last() {
        Some(last) if last.op.ends_block() => Ok(()),
        Some(last) => error(last.at, "control runs off the end".to_string()),
        None => error(0, "no instructions".to_string()),
    }
}

fn check_fields(instr: &Instr, frame: u64) -> Result<(), String> {
    if matches!(instr.op, Op::Exit | Op::Restore | Op::Translate | Op::HostCall) {
        return Err(format!("{:?} belongs to the runtime", instr.op));
    }
    if instr.op == Op::Builtin && instr.values[0] >= BuiltinOp::ALL.len() as u64 {
        return Err(format!("there is no service number {}", instr.values[0]));
    }
    for (field, &value) in instr.op.fields().iter().zip(&instr.values) {
        let slots = match field {
            Field::Dst | Field::Src | Field::WideDst => 1,
            Field::DstV | Field::SrcV | Field::WideSrcV => 2,
            // The first argument of a call may lie just behind the frame, if there is none.
            Field::WideSrc => 0,
            _ => continue,
        };
        if value + slots > frame {
            return Err(format!("slot {value} is outside of the frame of {frame} slots"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use upshift_core::vm::Preamble;

    use super::verify;
    use crate::op::Op;

    fn code(frame_slots: u32, words: &[u64]) -> Vec<u64> {
        let mut all = vec![Preamble { frame_slots }.to_word()];
        all.extend(words.iter().flat_map(|&word| [0, word]));
        all
    }

    #[test]
    fn accepts_a_plain_return() {
        assert_eq!(verify(&code(3, &[Op::Return as u64])), Ok(()));
    }

    #[test]
    fn finds_each_kind_of_damage() {
        let copy = |dst: u64, src: u64| Op::Copy as u64 | dst << 16 | src << 32;
        let problem = |words: &[u64]| verify(&code(3, words)).unwrap_err().problem;
        assert_eq!(problem(&[]), "no instructions");
        assert_eq!(problem(&[0xffff]), "not an instruction");
        assert_eq!(problem(&[copy(0, 1)]), "control runs off the end");
        assert_eq!(problem(&[copy(0, 3), Op::Return as u64]), "slot 3 is outside of the frame of 3 slots");
        assert_eq!(problem(&[Op::Br as u64 | 5 << 32]), "branches to word 5, inside of an instruction");
        assert_eq!(problem(&[Op::Exit as u64]), "Exit belongs to the runtime");
    }
}
