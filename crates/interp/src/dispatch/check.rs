//! Whether the tail-call backend is safe in this build: whether the compiler really turned the calls at the ends of handlers
//! into jumps.
//!
//! ```text
//! frame of zeros, a handler of each kind in a row ─▶ probe: where is the native stack?
//! the same frame, no handler ────────────────────▶ probe ─ the same place? ─▶ safe
//! ```
//!
//! `build.rs` leaves the backend out where it knows that the compiler does not. It cannot see settings that bypass it:
//! instrumentation, another code generator, a lower optimisation level for one crate. These make handlers keep something on
//! the native stack, and a guest that loops would overflow it.

use std::sync::OnceLock;

use upshift_core::vm::{Entry, FuncRec, Status};
use upshift_core::{FuncType, TypeId};
use upshift_ir::Op;
use upshift_ir::op::{Field, MAX_FIELDS, place};

use super::tail;
use crate::regs::Regs;

/// One instruction of each kind that needs no instance: its handler may keep a frame if any of its kind does. Those that are
/// known to use the native stack while they run are here rather than their neighbours.
const REPRESENTATIVES: &[Op] = &[
    Op::Const32,
    Op::ConstV128,
    Op::Copy,
    Op::CopyV128,
    Op::CopySpan,
    Op::ZeroSpan,
    Op::Select,
    Op::SelectV128,
    Op::I32AddSS,
    Op::I32AddAI,
    Op::I64MulSI,
    Op::I64Add128SSSS,
    Op::I32ClzS,
    Op::F32AddAS,
    Op::F64NearestS,
    Op::F64MulAdd,
    Op::Br,
    Op::Loop,
    Op::Load32US,
    Op::LoadF64A,
    Op::Store64SS,
    Op::V128LoadS,
    Op::V128Load8x8SS,
    Op::V128StoreSS,
    Op::Shuffle,
    Op::I8x16SwizzleSS,
    Op::I8x16AddSS,
    Op::I32x4DotI16x8SSS,
    Op::I64x2ExtMulLowI32x4SSS,
    Op::F32x4PMinSS,
    Op::V128BitselectSSS,
    Op::F32x4RelaxedMaddSSS,
    Op::I8x16PopcntS,
    Op::F32x4CeilS,
    Op::I32x4TruncSatF32x4SS,
    Op::I32x4ExtractLaneS,
    Op::I8x16ReplaceLaneSS,
];

/// Enough for all representatives in a row.
const WORDS: usize = 256;

/// Slots of the frame: the first ones are read, and stay 0, so that they are valid operands and addresses of all kinds.
const SLOTS: usize = 16;
const READ: u64 = 0;
const WRITTEN: u64 = 8;

/// Where the probe leaves what it has seen: the last slot.
const SEEN: usize = SLOTS - 1;

/// Whether handlers leave the native stack as they found it. Measured once, in some microseconds.
pub(super) fn handlers_jump() -> bool {
    static JUMP: OnceLock<bool> = OnceLock::new();
    *JUMP.get_or_init(|| deepened_by(REPRESENTATIVES) == 0)
}

/// By how many bytes a run of the instructions deepens the native stack. They must need no instance.
fn deepened_by(ops: &[Op]) -> usize {
    let mut words = [0; WORDS];
    let mut end = 0;
    for &op in ops {
        end += write(op, &mut words[end..]);
    }
    words[end] = tail::stack_probe() as usize as u64;
    let empty = [words[end]];
    stack_at_the_end(&empty).abs_diff(stack_at_the_end(&words))
}

/// Writes a linked instruction and returns how many words it has.
fn write(op: Op, words: &mut [u64]) -> usize {
    let (places, len) = place(op);
    words[0] = tail::handler_of(op) as usize as u64;
    words[1] = op as u64;
    for (field, place) in op.fields().iter().zip(places.iter().take(MAX_FIELDS)) {
        let value = match field {
            Field::Dst | Field::DstV | Field::WideDst => WRITTEN,
            Field::Target => len as u64,
            Field::Src | Field::SrcV | Field::WideSrc | Field::WideSrcV => READ,
            _ => 0,
        };
        words[place.word] |= value << place.shift;
    }
    len
}

/// Runs code that ends with the probe and returns what it has seen.
#[inline(never)]
fn stack_at_the_end(code: &[u64]) -> usize {
    let func = FuncRec::new(Entry::NONE, std::ptr::null_mut(), TypeId(0), &FuncType::new([], []), 0);
    // The last slot of the header names the function, whose counter back edges count down.
    let mut frame = [0u64; 1 + SLOTS];
    frame[0] = (&raw const func).expose_provenance() as u64;
    let mut memory = [0u8; 64];
    let regs = Regs {
        ctx: std::ptr::null_mut(),
        ip: code.as_ptr(),
        fp: frame[1..].as_mut_ptr(),
        mem: memory.as_mut_ptr(),
        len: memory.len(),
        int: 0,
        f32: 0.0,
        f64: 0.0,
    };
    // SAFETY: the code consists of linked instructions that look at nothing but the frame, whose slots they name, the function's record, and the
    // first bytes of memory 0; it ends with the probe, which returns.
    let status = unsafe { tail::run(regs) };
    debug_assert_eq!(status, Status::OK);
    frame[1 + SEEN] as usize
}

/// The probe, in the place of a handler.
pub(super) fn note(fp: *mut u64, stack: usize) {
    // SAFETY: the probe only stands in the code above, whose frame has this slot.
    unsafe { *fp.add(SEEN) = stack as u64 };
}

#[cfg(test)]
mod tests {
    use upshift_ir::{Field, Op};

    use super::{REPRESENTATIVES, deepened_by, handlers_jump};

    /// Whether the instruction can run in a frame of zeros, without an instance.
    fn runs_alone(op: Op) -> bool {
        let text = op.text();
        let other_memory =
            [".mem", ".shared", "atomic", "_lane", "memory"].iter().any(|part| text.contains(part))
                && !text.contains("extract_lane")
                && !text.contains("replace_lane");
        let of_instance =
            ["global", "ref.", "struct", "array", "call", "return", "throw", "charge", "check", "builtin"]
                .iter()
                .any(|part| text.starts_with(part));
        let traps = ["div", "rem_", "trunc_f", "i31.get", "unreachable", "br_on_cast"]
            .iter()
            .any(|part| text.contains(part));
        let stub = ["exit", "restore", "translate", "host_call"].contains(&text);
        let table = op.fields().contains(&Field::Targets);
        !(other_memory || of_instance || traps || stub || table)
    }

    #[test]
    fn representatives_stand_for_all_that_run_alone() {
        assert!(REPRESENTATIVES.iter().all(|&op| runs_alone(op)));
        let alone: Vec<Op> = Op::ALL.iter().copied().filter(|&op| runs_alone(op)).collect();
        let grown: Vec<&str> =
            alone.iter().filter(|&&op| deepened_by(&[op]) != 0).map(|&op| op.text()).collect();
        println!(
            "{} instructions run alone, {} of them keep something on the stack",
            alone.len(),
            grown.len()
        );
        assert!(alone.len() > Op::ALL.len() / 2);
        // If any handler keeps something, one of the representatives does.
        assert_eq!(handlers_jump(), grown.is_empty(), "{grown:?}");
    }

    #[test]
    fn the_probe_sees_a_deeper_stack() {
        fn deeper(levels: usize) -> usize {
            let block = std::hint::black_box([0u8; 64]);
            if levels == 0 {
                return super::stack_at_the_end(&[super::tail::stack_probe() as usize as u64]);
            }
            std::hint::black_box(deeper(levels - 1)) + usize::from(std::hint::black_box(block)[0])
        }
        assert!(deeper(0) > deeper(10) + 640);
    }
}
