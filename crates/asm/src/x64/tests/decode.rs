//! What the tables encode is decoded by `iced-x86` and has to be the instruction that was asked for, to the last byte.

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind, Register};

use super::cases::{Case, Operands, all};
use super::operands::{BEFORE, BEHIND, IMMEDIATES, Op, Place, Target, mask, pairs};
use crate::buffer::Label;
use crate::object::NativeCode;
use crate::x64::assembler::Assembler;
use crate::x64::regs::{Gpr, Size, Xmm};

/// Where the instruction begins: something is in front, so that distances backwards are not 0.
const BEGIN: usize = 5;

/// Encodes one instruction between two labels, with a pool behind.
pub(super) fn encode(asm: &mut Assembler, emit: impl FnOnce(&mut Assembler)) -> (NativeCode, usize) {
    let (before, behind) = (asm.label(), asm.label());
    assert_eq!((before.number(), behind.number()), (BEFORE, BEHIND));
    asm.const64(1);
    asm.const64(2);
    asm.bind(before);
    asm.nop(BEGIN);
    emit(asm);
    let end = asm.offset() as usize;
    asm.bind(behind);
    // So that the pool is somewhere else.
    asm.nop(1);
    (asm.finish().expect("it is small"), end)
}

/// Decodes the only instruction.
pub(super) fn decode(code: &NativeCode, end: usize) -> Instruction {
    let bytes = &code.bytes[BEGIN..end];
    let instruction = Decoder::with_ip(64, bytes, BEGIN as u64, DecoderOptions::NONE).decode();
    assert!(!instruction.is_invalid(), "{bytes:02x?} is no instruction");
    assert_eq!(instruction.len(), bytes.len(), "{bytes:02x?}");
    instruction
}

pub(super) fn mnemonic(instruction: &Instruction) -> String {
    format!("{:?}", instruction.mnemonic()).to_lowercase()
}

/// A general-purpose register. That of `ah` is `rax`, which nobody asks for in its place.
pub(super) fn gpr(register: Register) -> Gpr {
    assert!(register.is_gpr(), "{register:?} is none");
    Gpr::new(register.full_register().number() as u8)
}

fn maybe_gpr(register: Register) -> Option<Gpr> {
    (register != Register::None).then(|| gpr(register))
}

pub(super) fn size_of(register: Register) -> Size {
    match register.size() {
        1 => Size::S8,
        2 => Size::S16,
        4 => Size::S32,
        8 => Size::S64,
        other => panic!("no register has {other} bytes"),
    }
}

/// The operands as decoded. `size` is that of the operation, for immediates.
pub(super) fn operands(instruction: &Instruction, code: &NativeCode, end: usize, size: Size) -> Vec<Op> {
    let operand = |i| match instruction.op_kind(i) {
        OpKind::Register => {
            let register = instruction.op_register(i);
            if register.is_xmm() {
                Op::Xmm(Xmm::new(register.number() as u8))
            } else {
                Op::Gpr(gpr(register), size_of(register))
            }
        }
        OpKind::Memory => {
            let place = if instruction.is_ip_rel_memory_operand() {
                let offset = instruction.ip_rel_memory_address() as usize;
                Place::Offset(match offset {
                    0 => Target::Label(BEFORE),
                    _ if offset == end => Target::Label(BEHIND),
                    _ => Target::Pool((offset - code.pool as usize) as u32),
                })
            } else {
                Place::Address {
                    base: maybe_gpr(instruction.memory_base()),
                    index: maybe_gpr(instruction.memory_index()),
                    scale: instruction.memory_index_scale(),
                    disp: instruction.memory_displacement64() as i64,
                }
            };
            Op::Mem(place, instruction.memory_size().size() as u32)
        }
        OpKind::Immediate8 => Op::Imm(instruction.immediate(i) & 0xFF),
        _ => Op::Imm(instruction.immediate(i) & mask(size)),
    };
    (0..instruction.op_count()).map(operand).collect()
}

fn check(case: &Case) -> usize {
    let mut asm = Assembler::new();
    let mut done = 0;
    for &size in case.sizes() {
        for (i, (reg, rm)) in pairs().into_iter().enumerate() {
            let third = ((i / 3 + 7 * i) % 16) as u8;
            let given = Operands { size, reg, rm, third, imm: IMMEDIATES[i % IMMEDIATES.len()] };
            let mut expected = None;
            let (code, end) = encode(&mut asm, |asm| expected = case.encode(asm, given));
            let Some(expected) = expected else { continue };
            let instruction = decode(&code, end);
            let what =
                || format!("{} {given:?}: {instruction:?} {:02x?}", case.name, &code.bytes[BEGIN..end]);
            assert_eq!(mnemonic(&instruction), case.mnemonic(size), "{}", what());
            assert_eq!(operands(&instruction, &code, end, size), expected, "{}", what());
            assert_eq!(instruction.has_lock_prefix(), case.name.starts_with("lock_"), "{}", what());
            done += 1;
        }
    }
    done
}

#[test]
fn tables() {
    let cases = all();
    assert!(cases.len() > 400, "the tables are there");
    for case in &cases {
        let done = check(case);
        assert!(done >= 200, "{} was tried {done} times only", case.name);
    }
}

/// A name twice would be a line twice.
#[test]
fn names_are_unique() {
    let mut names: Vec<_> = all().iter().map(|case| case.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

/// A label is more than a number only together with its buffer.
#[test]
fn labels_count_from_zero() {
    let mut asm = Assembler::new();
    assert_eq!(asm.label(), Label::numbered(0));
    asm.label();
    asm.clear();
    assert_eq!(asm.label(), Label::numbered(0));
}
