//! Distances: branches forwards and backwards, short and long, out of reach, and places in the pool with immediates behind them.

use super::decode::gpr;
use crate::buffer::{AsmError, CodeBuffer, Fixup};
use crate::object::{NativeCode, Reloc, RelocKind, Stub};
use crate::pool::Word;
use crate::x64::assembler::{Assembler, Distance};
use crate::x64::mem::Mem;
use crate::x64::regs::{Cond, Gpr, Size};
use iced_x86::{Decoder, DecoderOptions, Instruction};

/// Where an instruction of some code leads.
fn target(code: &NativeCode, at: u32) -> u64 {
    instruction(code, at).near_branch_target()
}

fn instruction(code: &NativeCode, at: u32) -> Instruction {
    let bytes = &code.bytes[at as usize..];
    Decoder::with_ip(64, bytes, at.into(), DecoderOptions::NONE).decode()
}

/// Branches back are short as long as the target is at most 128 bytes away from their end.
#[test]
fn backward_branches() {
    for (distance, expected_len) in [(0, 2), (1, 2), (126, 2), (127, 0), (128, 0), (1000, 0)] {
        let mut asm = Assembler::new();
        asm.nop(3);
        let head = asm.here();
        asm.nop(distance);
        let jump = asm.offset();
        asm.jmp(head);
        let conditional = asm.offset();
        asm.jcc(Cond::Le, head);
        let call = asm.offset();
        asm.call(head);
        let code = asm.finish().unwrap();
        let lens = [conditional - jump, call - conditional];
        match expected_len {
            2 => assert_eq!(lens[0], 2, "{distance}"),
            _ => assert_eq!(lens, [5, 6], "{distance}"),
        }
        for at in [jump, conditional, call] {
            assert_eq!(target(&code, at), 3, "{distance}");
        }
        assert_eq!(instruction(&code, conditional).condition_code(), iced_x86::ConditionCode::le);
    }
}

#[test]
fn what_is_taken_back_leaves_nothing() {
    let mut asm = Assembler::new();
    let (over, kept) = (asm.label(), asm.here());
    asm.jcc(Cond::A, over);
    let at = asm.offset();
    asm.jmp(over);
    let place = asm.word(Word::Value(7));
    asm.mov(Size::S64, Gpr::RAX, Mem::pool(place));
    asm.truncate(at);
    assert_eq!((asm.offset(), asm.place(kept)), (at, Some(0)));
    asm.jmp(over);
    asm.bind(over);
    asm.nop(1);
    let code = asm.finish().unwrap();
    assert_eq!(code.bytes[..12], [0x0F, 0x87, 5, 0, 0, 0, 0xE9, 0, 0, 0, 0, 0x90]);
    // The constant stays in the pool.
    assert_eq!(code.bytes[code.pool as usize..], 7_u64.to_le_bytes());
}

#[test]
fn forward_branches() {
    for distance in [0, 1, 127, 128, 70_000] {
        let mut asm = Assembler::new();
        let end = asm.label();
        assert_eq!(asm.place(end), None);
        asm.jmp(end);
        asm.jcc(Cond::A, end);
        asm.call(end);
        asm.nop(distance);
        asm.bind(end);
        let place = asm.place(end).unwrap();
        asm.ret();
        let code = asm.finish().unwrap();
        for at in [0, 5, 11] {
            assert_eq!(target(&code, at), u64::from(place), "{distance}");
        }
    }
}

/// What is promised to be near and is not is an error, from either side, and leaves the assembler usable.
#[test]
fn short_branches() {
    let mut asm = Assembler::new();
    for distance in [0, 127, 128] {
        for conditional in [false, true] {
            let end = asm.label();
            if conditional {
                asm.jcc_short(Cond::O, end);
            } else {
                asm.jmp_short(end);
            }
            asm.nop(distance);
            asm.bind(end);
            asm.ret();
            match asm.finish() {
                Ok(code) => assert_eq!((target(&code, 0), distance < 128), (2 + distance as u64, true)),
                Err(error) => assert_eq!((error, distance), (AsmError::OutOfReach { at: 1 }, 128)),
            }
        }
    }
    for distance in [126, 127] {
        let head = asm.here();
        asm.nop(distance);
        asm.jmp_short(head);
        assert_eq!(asm.finish().is_ok(), distance == 126);
    }
}

#[test]
fn unbound_labels() {
    let mut asm = Assembler::new();
    let label = asm.label();
    asm.jmp(label);
    assert_eq!(asm.finish(), Err(AsmError::Unbound(label)));

    let label = asm.label();
    asm.words(&[Word::Label(label)]);
    assert_eq!(asm.finish(), Err(AsmError::Unbound(label)));

    // One that nobody uses is nothing.
    asm.label();
    assert!(asm.finish().is_ok());
}

/// A sum that does not fit is told and not cut off in silence.
#[test]
fn patches_say_what_does_not_fit() {
    let mut code = [0; 4];
    assert!(Distance::Rel32.patch(&mut code, 0, i32::MAX.into()));
    assert_eq!(code, i32::MAX.to_le_bytes());
    assert!(!Distance::Rel32.patch(&mut code, 0, 1));
    let mut code = [0x80, 0, 0, 0];
    assert!(Distance::Rel8.patch(&mut code, 0, 255));
    assert_eq!(code, [127, 0, 0, 0]);
    assert!(!Distance::Rel8.patch(&mut code, 0, 1));
}

/// Distances count from the end of the instruction, so an immediate behind the displacement counts.
#[test]
fn immediates_behind_displacements() {
    let mut asm = Assembler::new();
    let seven = asm.const64(7);
    let emitters: [fn(&mut Assembler, Mem); 5] = [
        |asm, mem| asm.cmp(Size::S64, Gpr::RAX, mem),
        |asm, mem| asm.cmp_imm(Size::S64, mem, 1),
        |asm, mem| asm.cmp_imm(Size::S64, mem, 1000),
        |asm, mem| asm.cmp_imm(Size::S16, mem, 1000),
        |asm, mem| asm.imul_imm(Size::S64, Gpr::R9, mem, 1000),
    ];
    let mut begins = Vec::new();
    let end = asm.label();
    for mem in [Mem::pool(seven), Mem::label(end)] {
        for emit in emitters {
            begins.push(asm.offset());
            emit(&mut asm, mem);
        }
    }
    let place = asm.offset();
    asm.bind(end);
    asm.nop(40);
    let code = asm.finish().unwrap();
    assert_eq!(code.word(code.pool), 7);
    for (i, &at) in begins.iter().enumerate() {
        let expected = if i < emitters.len() { code.pool } else { place };
        assert_eq!(instruction(&code, at).ip_rel_memory_address(), expected.into(), "{i}");
    }
}

#[test]
fn pool() {
    let mut asm = Assembler::new();
    let a = asm.const64(1);
    let wide = asm.const128(2);
    let b = asm.const64(3);
    assert_eq!((a, wide, b), (asm.const64(1), asm.const128(2), asm.const64(3)), "constants are shared");
    assert_eq!((a.offset(), wide.offset(), b.offset()), (0, 16, 8), "alignment leaves no gap for long");

    let label = asm.label();
    let trap = asm.word(Word::Stub(Stub::Trap));
    assert_eq!(trap, asm.word(Word::Stub(Stub::Trap)));
    let words = [Word::Value(1), Word::Label(label), Word::Handler(77), Word::Const(wide), Word::Value(9)];
    let run = asm.words(&words);
    let again = asm.words(&words);
    assert_ne!(run, again, "runs are not shared");
    assert_eq!(asm.const64(9).offset(), again.offset() + 40, "nor are words out of runs");
    asm.nop(21);
    asm.bind(label);
    asm.mov(Size::S64, Gpr::RDX, Mem::pool(run.plus(8)));
    let code = asm.finish().unwrap();

    assert_eq!(code.pool, 32);
    assert_eq!(code.code()[28..], [0xCC; 4], "padding traps");
    assert_eq!(instruction(&code, 21).ip_rel_memory_address(), u64::from(code.pool + run.offset() + 8));
    assert_eq!(gpr(instruction(&code, 21).op0_register()), Gpr::RDX);
    let word = |place: crate::Const| code.word(code.pool + place.offset());
    assert_eq!([word(a), word(b), word(wide), word(wide.plus(8))], [1, 3, 2, 0]);
    for run in [run, again] {
        let values = [0, 8, 16, 24, 32].map(|offset| word(run.plus(offset)));
        assert_eq!(values, [1, 21, 0, u64::from(code.pool + wide.offset()), 9]);
    }
    let at = |place: crate::Const| code.pool + place.offset();
    let mut expected = vec![Reloc { at: at(trap), kind: RelocKind::Stub(Stub::Trap) }];
    for run in [run, again] {
        expected.extend([
            Reloc { at: at(run.plus(8)), kind: RelocKind::Base },
            Reloc { at: at(run.plus(16)), kind: RelocKind::Handler(77) },
            Reloc { at: at(run.plus(24)), kind: RelocKind::Base },
        ]);
    }
    assert_eq!(code.relocs, expected);
}

/// Tables hold how far each label lies from where the table begins.
#[test]
fn tables_have_distances() {
    let mut asm = Assembler::new();
    let (first, second) = (asm.label(), asm.label());
    let table = asm.table(&[first, second, first]);
    asm.nop(3);
    asm.bind(first);
    asm.nop(5);
    asm.bind(second);
    let code = asm.finish().unwrap();
    let begin = (code.pool + table.offset()) as usize;
    let distance = |number: usize| {
        let bytes = &code.bytes[begin + 4 * number..][..4];
        i64::from(i32::from_le_bytes(bytes.try_into().expect("4 bytes")))
    };
    assert_eq!([0, 1, 2].map(|number| begin as i64 + distance(number)), [3, 8, 3]);
    assert!(code.relocs.is_empty());
}

/// Large code leaves with the memory that it was written to, and neither it nor the next is any different for that.
#[test]
fn large_code_is_handed_over() {
    let write = |asm: &mut Assembler, nops: usize| {
        let (start, end) = (asm.here(), asm.label());
        asm.jmp(end);
        asm.nop(nops);
        asm.bind(end);
        let five = asm.const64(5);
        asm.mov(Size::S64, Gpr::RAX, Mem::pool(five));
        let addresses = asm.addresses([start, end]);
        assert_eq!(addresses.offset(), 8);
        asm.finish().unwrap()
    };
    let mut asm = Assembler::new();
    asm.reserve(20_000);
    let small = write(&mut asm, 9);
    for nops in [3_000, 9_000, 90_000] {
        let large = write(&mut asm, nops);
        assert_eq!(large.bytes[1..5], (nops as u32).to_le_bytes());
        let words = [0, 8, 16].map(|offset| large.word(large.pool + offset));
        assert_eq!(words, [5, 0, 5 + nops as u64]);
        assert_eq!(large.relocs.iter().map(|reloc| reloc.at - large.pool).collect::<Vec<_>>(), [8, 16]);
        assert_eq!(write(&mut asm, 9), small);
    }
}

/// Whoever finishes begins anew: nothing of one function is in the next.
#[test]
fn nothing_is_left_behind() {
    let mut asm = Assembler::new();
    let write = |asm: &mut Assembler| {
        let end = asm.label();
        let five = asm.const64(5);
        asm.mov(Size::S64, Gpr::RAX, Mem::pool(five));
        asm.jmp(end);
        asm.bind(end);
        asm.ret();
        asm.finish().unwrap()
    };
    let first = write(&mut asm);
    assert_eq!(first, write(&mut asm));
    let label = asm.label();
    asm.jmp(label);
    asm.const64(5);
    asm.clear();
    let empty = asm.finish().unwrap();
    assert_eq!(empty, NativeCode::default());
    assert_eq!(asm.buffer().pool_len(), 0);
}

/// Code without a pool ends with its last instruction.
#[test]
fn no_pool() {
    let mut asm = Assembler::new();
    asm.ret();
    let code = asm.finish().unwrap();
    assert_eq!((&code.bytes[..], code.pool, code.code()), (&[0xC3][..], 1, &[0xC3][..]));
}

/// An encoder with a mistake in its lengths does not write behind the buffer.
#[test]
#[should_panic(expected = "a word has 8 bytes")]
fn lengths_are_bounded() {
    CodeBuffer::<Distance>::new().put(0, 8, 0, 9);
}

/// The buffer grows wherever its room ends.
#[test]
fn buffers_grow() {
    for begin in 0..16 {
        let mut buffer = CodeBuffer::<Distance>::new();
        buffer.put_bytes(&[1; 16][..begin]);
        for i in 0..400 {
            buffer.put(2, 8, i, 7);
            buffer.put_word(3, 1);
        }
        let written = &buffer.written()[begin..];
        assert_eq!(written.len(), 400 * 16);
        for (i, chunk) in written.chunks(16).enumerate() {
            assert_eq!(chunk, [2, 0, 0, 0, 0, 0, 0, 0, i as u8, (i >> 8) as u8, 0, 0, 0, 0, 0, 3]);
        }
    }
}

/// What is only known at the end of a function goes into an instruction that is there already.
#[test]
fn patches() {
    let mut asm = Assembler::new();
    asm.put_bytes(&[0x48, 0x8D, 0x8B]);
    let at = asm.offset();
    asm.put_bytes(&[0; 4]);
    // add ecx, imm8
    asm.put_bytes(&[0x83, 0xC1, 0]);
    asm.ret();
    asm.patch_u32(at, 0x0102_0304);
    asm.patch_u8(at + 6, 0x7F);
    let code = asm.finish().unwrap();
    let lea = instruction(&code, 0);
    assert_eq!((lea.memory_displacement64(), lea.len()), (0x0102_0304, 7));
    let add = instruction(&code, 7);
    assert_eq!((add.immediate(1), add.len()), (0x7F, 3));
    assert_eq!(code.bytes[10..], [0xC3]);
}

/// Whoever keeps a buffer can see that it has had large code, which is handed over with its memory, until the next code is finished.
#[test]
fn capacity_shows_what_was_handed_over() {
    let mut asm = Assembler::new();
    asm.ret();
    asm.finish().unwrap();
    let small = asm.buffer().capacity();
    asm.nop(100_000);
    assert_eq!(asm.finish().unwrap().bytes.len(), 100_000);
    assert!(asm.buffer().capacity() >= 100_000);
    asm.clear();
    assert!(asm.buffer().capacity() <= small.max(4096));
    asm.nop(100_000);
    asm.finish().unwrap();
    asm.ret();
    asm.finish().unwrap();
    assert!(asm.buffer().capacity() <= small.max(4096));
}
