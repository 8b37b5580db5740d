//! Checks that code is well formed, so that the interpreter can run it unchecked.
//!
//! After [`verify`] every word belongs to an instruction, every slot lies in the frame, every branch leads to the start of an
//! instruction, and every back edge is an instruction that counts; control does not run off the end, and no instruction is
//! reserved for the runtime's own stubs. Regions of exception handlers are in order, handlers lead to instructions, forward or
//! back (a landing pad counts by itself), and the chain from a handler to the outer ones is finite.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use upshift_core::TypeId;
use upshift_core::cast::Cast;
use upshift_core::vm::{BuiltinOp, INLINE_SUPERTYPES, frame};

use crate::decode::{Instr, cast_fields, decode_all};
use crate::func_code::FuncCode;
use crate::handlers::{Handlers, steps};
use crate::op::{Field, Op, is_back_edge};

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

/// Checks the code of a function.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(code: &FuncCode) -> Result<(), VerifyError> {
    let error = |at: usize, problem: String| Err(VerifyError { at, problem });
    let [_, body @ ..] = code.words() else {
        return error(0, "no preamble".to_string());
    };
    let frame = code.slots();
    let instrs = match decode_all(body) {
        Ok(instrs) => instrs,
        Err(malformed) => return error(malformed.at, "not an instruction".to_string()),
    };
    let starts: HashSet<i64> = instrs.iter().map(|instr| instr.at as i64).collect();
    for instr in &instrs {
        check_fields(instr, &frame).or_else(|problem| error(instr.at, problem))?;
        if let Some(target) = instr.targets.iter().find(|target| !starts.contains(target)) {
            return error(instr.at, format!("branches to word {target}, inside of an instruction"));
        }
        let at = instr.at as i64;
        if let Some(target) = instr.targets.iter().find(|&&target| is_back_edge(instr.op) != (target <= at)) {
            return error(instr.at, format!("{} leads to word {target}", instr.op.text()));
        }
    }
    if let Some(handlers) = code.handlers() {
        check_handlers(handlers, &starts, body.len(), &frame)
            .or_else(|(at, problem)| error(at as usize, problem))?;
    }
    if let Some(references) = code.references() {
        references
            .verify(code.words().len(), &frame)
            .or_else(|(at, problem)| error(at.saturating_sub(1) as usize, problem))?;
    }
    match instrs.last() {
        Some(last) if last.op.ends_block() => Ok(()),
        Some(last) => error(last.at, "control runs off the end".to_string()),
        None => error(0, "no instructions".to_string()),
    }
}

fn check_fields(instr: &Instr, frame: &Range<i64>) -> Result<(), String> {
    if matches!(instr.op, Op::Exit | Op::Restore | Op::Translate | Op::HostCall) {
        return Err(format!("{:?} belongs to the runtime", instr.op));
    }
    if instr.op == Op::Builtin && instr.values[0] >= BuiltinOp::ALL.len() as u64 {
        return Err(format!("there is no service number {}", instr.values[0]));
    }
    if let Some((bits, _)) = cast_fields(instr)
        && Cast::from_bits(bits, TypeId(0)).is_none()
    {
        return Err(format!("there is no type test {bits}"));
    }
    if let Some((bits, _)) = cast_fields(instr)
        && instr.op.text().ends_with(".object")
        && usize::from(bits >> Cast::DEPTH_SHIFT) >= INLINE_SUPERTYPES
    {
        return Err(format!("type test {bits} is not one by display"));
    }
    for (number, (field, &value)) in instr.op.fields().iter().zip(&instr.values).enumerate() {
        let slots = match field {
            Field::Dst | Field::Src | Field::WideDst => 1,
            Field::DstV | Field::SrcV | Field::WideSrcV => 2,
            // The callee's frame lies behind arguments and a header, for which there is room behind any frame.
            Field::WideSrc if number == 1 && instr.op.is_call() => -i64::from(frame::HEADER_SLOTS),
            // The first operand of a service may lie just behind the frame, if there is none.
            Field::WideSrc => 0,
            _ => continue,
        };
        let slot = value as i64;
        if slot < frame.start || slot + slots > frame.end {
            return Err(format!("slot {slot} is outside of the frame of slots {frame:?}"));
        }
    }
    Ok(())
}

/// What is wrong with the handlers of a function, and at which word; `starts` are the positions of its instructions.
fn check_handlers(
    handlers: &Handlers,
    starts: &HashSet<i64>,
    len: usize,
    frame: &Range<i64>,
) -> Result<(), (u32, String)> {
    let count = handlers.handlers.len() as u32;
    let mut next = 1;
    for region in &handlers.regions {
        if region.start < next || region.start as usize > len + 1 {
            return Err((region.start, "a region begins out of order or outside of the code".to_string()));
        }
        next = region.start + 1;
        if let Some(number) = region.handler.filter(|&number| number >= count) {
            return Err((region.start, format!("there is no handler {number}")));
        }
    }
    for (number, handler) in (0..).zip(&handlers.handlers) {
        if let Some(outer) = handler.outer.filter(|&outer| outer >= number) {
            return Err((0, format!("handler {outer} is around handler {number}, but comes behind it")));
        }
        let outer = handler.outer.map_or(0, |outer| handlers.handlers[outer as usize].steps);
        if handler.steps != steps(handler.clauses.len() as u32, outer) {
            return Err((0, format!("handler {number} is said to have {} steps", handler.steps)));
        }
        for clause in &handler.clauses {
            if !starts.contains(&(i64::from(clause.target) - 1)) {
                return Err((clause.target, format!("handler {number} leads inside of an instruction")));
            }
            let payload = i64::from(clause.payload);
            let ends = [Some(payload), clause.reference.map(|slot| i64::from(slot) + 1)];
            if let Some(end) = ends.into_iter().flatten().find(|&end| end < frame.start || end > frame.end) {
                return Err((
                    clause.target,
                    format!("handler {number} writes up to slot {end}, outside of the frame"),
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use upshift_core::vm::Preamble;
    use upshift_translate::backend::Frame;

    use super::verify;
    use crate::func_code::FuncCode;
    use crate::handlers::{Clause, Handler, Handlers, Region, steps};
    use crate::op::Op;

    fn with_handlers(frame_slots: u32, words: &[u64], handlers: Handlers) -> FuncCode {
        let mut all = vec![Preamble { frame_slots }.to_word()];
        all.extend(words.iter().flat_map(|&word| [0, word]));
        let frame = Frame { params: 1, results: 0, locals: 4, homes: 4, scratch: None };
        FuncCode::new(frame, all.into(), handlers, crate::references::ReferenceMaps::default())
    }

    fn code(frame_slots: u32, words: &[u64]) -> FuncCode {
        with_handlers(frame_slots, words, Handlers::default())
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
        assert_eq!(
            problem(&[copy(0, 3), Op::Return as u64]),
            "slot 3 is outside of the frame of slots -4..3"
        );
        let below = copy(u64::from(-5_i16 as u16), 2);
        assert_eq!(problem(&[below, Op::Return as u64]), "slot -5 is outside of the frame of slots -4..3");
        assert_eq!(problem(&[Op::Br as u64 | 5 << 32]), "branches to word 5, inside of an instruction");
        assert_eq!(problem(&[Op::Exit as u64]), "Exit belongs to the runtime");
        assert_eq!(problem(&[Op::Br as u64]), "br leads to word 0");
        assert_eq!(problem(&[Op::Loop as u64 | 2 << 32, Op::Return as u64]), "loop leads to word 2");
    }

    #[test]
    fn finds_damage_of_handlers() {
        let problem = |regions: &[(u32, u32)], outer: Option<u32>, target: u32, reference: i32| {
            let clause = Clause { tag: None, payload: 0, reference: Some(reference), target };
            let region = |&(start, number)| Region { start, handler: Some(number) };
            let handler = Handler { clauses: [clause].into(), outer, steps: steps(1, 0) };
            let handlers =
                Handlers { regions: regions.iter().map(region).collect(), handlers: [handler].into() };
            let verified = verify(&with_handlers(3, &[Op::Return as u64], handlers));
            verified.err().map_or(String::new(), |error| error.problem)
        };
        assert_eq!(problem(&[(1, 0)], None, 1, 2), "");
        assert_eq!(problem(&[(1, 0)], None, 2, 2), "handler 0 leads inside of an instruction");
        assert_eq!(problem(&[(1, 0)], None, 1, 3), "handler 0 writes up to slot 4, outside of the frame");
        assert_eq!(problem(&[(1, 0)], Some(0), 1, 2), "handler 0 is around handler 0, but comes behind it");
        assert_eq!(problem(&[(1, 1)], None, 1, 2), "there is no handler 1");
        let order = "a region begins out of order or outside of the code";
        assert_eq!(problem(&[(2, 0), (1, 0)], None, 1, 2), order);
        assert_eq!(problem(&[(9, 0)], None, 1, 2), order);
    }
}
