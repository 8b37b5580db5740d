//! The methods that are in no table: branches, the stack, constants, conditions, and what stands alone.

use std::fmt::Write as _;

use super::decode::{decode, encode, mnemonic, operands};
use super::operands::{Op, Operand, memory};
use crate::x64::assembler::Assembler;
use crate::x64::mem::{Mem, RegMem, Scale};
use crate::x64::regs::{Cond, Gpr, Size, Xmm};
use crate::x64::{Alu, IntLoad, Shift, XmmBinary, XmmUnary};

/// The mnemonics end in the names that `iced-x86` has for conditions.
fn suffix(cond: Cond) -> String {
    format!("{cond:?}").to_lowercase()
}

/// Encodes one instruction and says what is decoded: mnemonic and operands.
fn decoded(size: Size, emit: impl FnOnce(&mut Assembler)) -> (String, Vec<Op>) {
    let (code, end) = encode(&mut Assembler::new(), emit);
    let instruction = decode(&code, end);
    (mnemonic(&instruction), operands(&instruction, &code, end, size))
}

type Emit = fn(&mut Assembler);
type Emitting<'a> = dyn Fn(&mut Assembler) + 'a;

fn all_gpr() -> impl Iterator<Item = Gpr> {
    (0..16).map(Gpr::new)
}

/// A register or memory, with the operand of this size that has to be decoded.
fn each_rm(size: Size) -> impl Iterator<Item = (RegMem<Gpr>, Op)> {
    let registers = (0..16).map(Operand::Reg);
    let all = registers.chain(memory().into_iter().map(Operand::Mem));
    all.map(move |rm| (rm.gpr(), rm.op(|number| Op::Gpr(Gpr::new(number), size), size.bytes())))
}

#[test]
fn conditions() {
    for cond in Cond::ALL {
        for (rm, expected) in each_rm(Size::S8) {
            let found = decoded(Size::S8, |asm| asm.setcc(cond, rm));
            assert_eq!(found, (format!("set{}", suffix(cond)), vec![expected]));
        }
        for size in [Size::S16, Size::S32, Size::S64] {
            for (i, (rm, expected)) in each_rm(size).enumerate() {
                let target = Gpr::new((i % 16) as u8);
                let found = decoded(size, |asm| asm.cmov(cond, size, target, rm));
                assert_eq!(found, (format!("cmov{}", suffix(cond)), vec![Op::Gpr(target, size), expected]));
            }
        }
        assert_eq!(cond.inverted().inverted(), cond);
        assert_eq!(cond.swapped().swapped(), cond);
        for (a, b) in [(1, 2), (2, 1), (1, 1), (-1, 1), (1, -1), (-128, 127), (127, -128)] {
            assert_eq!(holds(cond, a, b), !holds(cond.inverted(), a, b), "{cond:?} {a} {b}");
            if !matches!(cond, Cond::O | Cond::No | Cond::S | Cond::Ns | Cond::P | Cond::Np) {
                assert_eq!(holds(cond, a, b), holds(cond.swapped(), b, a), "{cond:?} {a} {b}");
            }
        }
    }
}

/// What a condition says after `cmp a, b`, by the manual.
fn holds(cond: Cond, a: i8, b: i8) -> bool {
    let (result, overflow) = a.overflowing_sub(b);
    let carry = (a as u8) < b as u8;
    let (zero, sign, parity) = (result == 0, result < 0, (result as u8).count_ones().is_multiple_of(2));
    match cond {
        Cond::O => overflow,
        Cond::No => !overflow,
        Cond::B => carry,
        Cond::Ae => !carry,
        Cond::E => zero,
        Cond::Ne => !zero,
        Cond::Be => carry || zero,
        Cond::A => !carry && !zero,
        Cond::S => sign,
        Cond::Ns => !sign,
        Cond::P => parity,
        Cond::Np => !parity,
        Cond::L => sign != overflow,
        Cond::Ge => sign == overflow,
        Cond::Le => zero || sign != overflow,
        Cond::G => !zero && sign == overflow,
    }
}

/// Constants have the shortest form, and all 64 bits are right.
#[test]
fn constants() {
    for register in all_gpr() {
        let high = usize::from(register.number() >= 8);
        for (value, size, len) in [
            (0, Size::S32, 5 + high),
            (0x7FFF_FFFF, Size::S32, 5 + high),
            (0x8000_0000, Size::S32, 5 + high),
            (0xFFFF_FFFF, Size::S32, 5 + high),
            (0x1_0000_0000, Size::S64, 10),
            (u64::MAX, Size::S64, 7),
            (i64::from(i32::MIN) as u64, Size::S64, 7),
            (i64::from(i32::MIN) as u64 - 1, Size::S64, 10),
            (0x0123_4567_89AB_CDEF, Size::S64, 10),
        ] {
            let (code, end) = encode(&mut Assembler::new(), |asm| asm.mov_imm(register, value));
            let instruction = decode(&code, end);
            assert_eq!(instruction.len(), len, "{register:?} {value:#x}");
            let expected = vec![Op::Gpr(register, size), Op::Imm(value)];
            assert_eq!(operands(&instruction, &code, end, size), expected, "{register:?} {value:#x}");
            assert_eq!(mnemonic(&instruction), "mov");
        }
        let expected = vec![Op::Gpr(register, Size::S32); 2];
        assert_eq!(decoded(Size::S32, |asm| asm.zero(register)), ("xor".to_owned(), expected));
        for size in [Size::S32, Size::S64] {
            let found = decoded(size, |asm| asm.bswap(size, register));
            assert_eq!(found, ("bswap".to_owned(), vec![Op::Gpr(register, size)]));
        }
    }
}

#[test]
fn stack() {
    let size = Size::S64;
    for register in all_gpr() {
        let expected = vec![Op::Gpr(register, size)];
        assert_eq!(decoded(size, |asm| asm.push(register)), ("push".to_owned(), expected.clone()));
        assert_eq!(decoded(size, |asm| asm.pop(register)), ("pop".to_owned(), expected));
    }
    for (rm, expected) in each_rm(size) {
        assert_eq!(decoded(size, |asm| asm.push_rm(rm)), ("push".to_owned(), vec![expected]));
        assert_eq!(decoded(size, |asm| asm.pop_rm(rm)), ("pop".to_owned(), vec![expected]));
    }
    for imm in [0, -1, 127, -128, 128, -129, i32::MAX, i32::MIN] {
        let (code, end) = encode(&mut Assembler::new(), |asm| asm.push_imm(imm));
        let instruction = decode(&code, end);
        assert_eq!(instruction.immediate(0), i64::from(imm) as u64);
        assert_eq!((mnemonic(&instruction).as_str(), instruction.stack_pointer_increment()), ("push", -8));
    }
}

#[test]
fn branches_to_addresses() {
    for (rm, expected) in each_rm(Size::S64) {
        assert_eq!(decoded(Size::S64, |asm| asm.jmp_to(rm)), ("jmp".to_owned(), vec![expected]));
        assert_eq!(decoded(Size::S64, |asm| asm.call_to(rm)), ("call".to_owned(), vec![expected]));
    }
}

#[test]
fn alone() {
    let cases: [(&str, Emit); 8] = [
        ("ret", |asm| asm.ret()),
        ("ud2", |asm| asm.ud2()),
        ("int3", |asm| asm.int3()),
        ("mfence", |asm| asm.mfence()),
        ("pause", |asm| asm.pause()),
        ("cwd", |asm| asm.cdq(Size::S16)),
        ("cdq", |asm| asm.cdq(Size::S32)),
        ("cqo", |asm| asm.cdq(Size::S64)),
    ];
    for (expected, emit) in cases {
        assert_eq!(decoded(Size::S32, emit), (expected.to_owned(), vec![]));
    }
    for mem in memory() {
        let (code, end) = encode(&mut Assembler::new(), |asm| asm.lock_cmpxchg16b(mem));
        let instruction = decode(&code, end);
        assert_eq!(mnemonic(&instruction), "cmpxchg16b");
        assert!(instruction.has_lock_prefix());
        let expected = Operand::Mem(mem).op(|_| unreachable!("it is memory"), 16);
        assert_eq!(operands(&instruction, &code, end, Size::S64), [expected]);
    }
}

/// Any number of bytes is made of whole instructions that do nothing.
#[test]
fn nothing() {
    for len in 0..40 {
        let mut asm = Assembler::new();
        asm.nop(len);
        let bytes = asm.finish().unwrap().bytes;
        assert_eq!(bytes.len(), len);
        let mut count = 0;
        for instruction in &mut iced_x86::Decoder::new(64, &bytes, 0) {
            assert_eq!(mnemonic(&instruction), "nop");
            count += 1;
        }
        assert_eq!(count, len.div_ceil(9));
    }
    let mut asm = Assembler::new();
    asm.align(16);
    assert_eq!(asm.offset(), 0);
    asm.ret();
    asm.align(16);
    assert_eq!(asm.offset(), 16);
}

/// The forms by value are those by name, and an operand known late is the one known early.
#[test]
fn by_value() {
    let written = |emit: &Emitting<'_>| {
        let mut asm = Assembler::new();
        emit(&mut asm);
        asm.finish().unwrap().bytes
    };
    let (a, b, c) = (Xmm::XMM3, Xmm::XMM12, Xmm::XMM7);
    let (r, s) = (Gpr::RDX, Gpr::R10);
    let mem = Mem::base(Gpr::RBX, 8);
    let pairs: [[&Emitting<'_>; 2]; 9] = [
        [&|asm| asm.addsd(a, b), &|asm| asm.xmm_binary(XmmBinary::ADDSD, a, b)],
        [&|asm| asm.vaddsd(a, b, mem), &|asm| asm.vex_binary(XmmBinary::ADDSD, a, b, mem)],
        [&|asm| asm.sqrtps(a, mem), &|asm| asm.xmm_unary(XmmUnary::SQRTPS, a, mem)],
        [&|asm| asm.vsqrtps(a, c), &|asm| asm.vex_unary(XmmUnary::SQRTPS, a, c)],
        [&|asm| asm.sub(Size::S64, r, s), &|asm| asm.alu(Alu::Sub, Size::S64, r, RegMem::Reg(s))],
        [&|asm| asm.sub_mr(Size::S64, mem, s), &|asm| asm.alu_mr(Alu::Sub, Size::S64, mem, s)],
        [&|asm| asm.sub_imm(Size::S64, mem, 5), &|asm| {
            asm.alu_imm(Alu::Sub, Size::S64, RegMem::<Gpr>::Mem(mem), 5)
        }],
        [&|asm| asm.sar_imm(Size::S32, r, 5), &|asm| asm.shift_imm(Shift::Sar, Size::S32, r, 5)],
        [&|asm| asm.ror_cl(Size::S32, r), &|asm| asm.shift_cl(Shift::Ror, Size::S32, r)],
    ];
    for (i, [by_name, by_value]) in pairs.into_iter().enumerate() {
        assert_eq!(written(by_name), written(by_value), "{i}");
    }
}

/// What is written where it is asked for is the same as what a function writes.
#[test]
fn based() {
    let written = |emit: &Emitting<'_>| {
        let mut asm = Assembler::new();
        let place = asm.const64(1);
        assert_eq!(place.offset(), 0);
        emit(&mut asm);
        asm.finish().unwrap().bytes
    };
    let displacements = [0, 1, -1, 111, 112, 127, -128, 128, -129, i32::MAX, i32::MIN];
    for base in all_gpr().filter(|base| base.number() & 7 != 4) {
        for disp in displacements {
            let mem = Mem::base(base, disp);
            let call = written(&|asm| asm.call_to(mem));
            assert_eq!(written(&|asm| asm.call_based(base, disp)), call, "{base:?} {disp}");
            let push = written(&|asm| asm.push_rm(mem));
            assert_eq!(written(&|asm| asm.push_based(base, disp)), push, "{base:?} {disp}");
            let jump = written(&|asm| asm.jmp_to(mem));
            assert_eq!(written(&|asm| asm.jmp_based(base, disp)), jump, "{base:?} {disp}");
            let run = written(&|asm| {
                for (n, source) in (0..).zip([Gpr::R11, base, Gpr::RAX]) {
                    asm.mov_mr(Size::S64, Mem::base(base, disp.saturating_add(8 * n)), source);
                }
            });
            let inlined = written(&|asm| asm.mov_based_run(base, disp, [Gpr::R11, base, Gpr::RAX]));
            assert_eq!(inlined, run, "{base:?} {disp}");
            for size in [Size::S32, Size::S64] {
                let store = written(&|asm| asm.mov_mi(size, mem, -5));
                assert_eq!(written(&|asm| asm.mov_based_mi(size, base, disp, -5)), store, "{base:?} {disp}");
                let add = written(&|asm| asm.add_imm(size, base, disp));
                assert_eq!(written(&|asm| asm.add_imm_based(size, base, disp)), add, "{base:?} {disp}");
                let sub = written(&|asm| asm.sub_imm(size, base, disp));
                assert_eq!(written(&|asm| asm.sub_imm_based(size, base, disp)), sub, "{base:?} {disp}");
                for reg in all_gpr() {
                    let pairs: [[&Emitting<'_>; 2]; 5] = [
                        [&|asm| asm.mov(size, reg, base), &|asm| asm.mov_registers(size, reg, base)],
                        [&|asm| asm.cmp(size, reg, mem), &|asm| asm.cmp_based(size, reg, base, disp)],
                        [&|asm| asm.mov(size, reg, mem), &|asm| asm.mov_based(size, reg, base, disp)],
                        [&|asm| asm.mov_mr(size, mem, reg), &|asm| asm.mov_based_mr(size, base, disp, reg)],
                        [&|asm| asm.lea(size, reg, mem), &|asm| asm.lea_based(size, reg, base, disp)],
                    ];
                    for [usual, based] in pairs {
                        assert_eq!(written(usual), written(based), "{reg:?} {base:?} {disp}");
                    }
                }
            }
            let expected = written(&|asm| asm.lea(Size::S64, Gpr::R9, Mem::base(base, i32::MAX)));
            let mut wide = written(&|asm| asm.lea_wide(Gpr::R9, base, disp));
            wide[3..7].copy_from_slice(&i32::MAX.to_le_bytes());
            assert_eq!(wide, expected, "{base:?} {disp}");
        }
    }
    for reg in all_gpr() {
        let usual = written(&|asm| {
            let place = asm.const64(2);
            asm.lea(Size::S64, reg, Mem::pool(place));
        });
        let inlined = written(&|asm| {
            let place = asm.const64(2);
            asm.lea_pool(reg, place);
        });
        assert_eq!(usual, inlined, "{reg:?}");
    }
}

/// The same of accesses with base and index.
#[test]
fn indexed() {
    let written = |emit: &Emitting<'_>| {
        let mut asm = Assembler::new();
        emit(&mut asm);
        asm.finish().unwrap().bytes
    };
    let (bases, displacements) = ([0, 4, 5, 12, 13, 15].map(Gpr::new), [0, 1, -128, 128, i32::MAX, i32::MIN]);
    for (base, index) in bases.into_iter().flat_map(|base| all_gpr().map(move |index| (base, index))) {
        if index == Gpr::RSP {
            continue;
        }
        for (disp, reg) in displacements.into_iter().flat_map(|disp| all_gpr().map(move |reg| (disp, reg))) {
            let mem = Mem::index(base, index, Scale::X1, disp);
            let loads: [(IntLoad, &Emitting<'_>); 9] = [
                (IntLoad::ZERO_8, &|asm| asm.movzx_8(Size::S32, reg, mem)),
                (IntLoad::SIGN_8_TO_32, &|asm| asm.movsx_8(Size::S32, reg, mem)),
                (IntLoad::SIGN_8_TO_64, &|asm| asm.movsx_8(Size::S64, reg, mem)),
                (IntLoad::ZERO_16, &|asm| asm.movzx_16(Size::S32, reg, mem)),
                (IntLoad::SIGN_16_TO_32, &|asm| asm.movsx_16(Size::S32, reg, mem)),
                (IntLoad::SIGN_16_TO_64, &|asm| asm.movsx_16(Size::S64, reg, mem)),
                (IntLoad::WHOLE_32, &|asm| asm.mov(Size::S32, reg, mem)),
                (IntLoad::SIGN_32_TO_64, &|asm| asm.movsxd(reg, mem)),
                (IntLoad::WHOLE_64, &|asm| asm.mov(Size::S64, reg, mem)),
            ];
            for (load, usual) in loads {
                let indexed = written(&|asm| asm.load_indexed(load, reg, base, index, disp));
                assert_eq!(indexed, written(usual), "{load:?} {reg:?} {base:?} {index:?} {disp}");
            }
            for size in [Size::S8, Size::S16, Size::S32, Size::S64] {
                let store = written(&|asm| asm.mov_mr(size, mem, reg));
                let indexed = written(&|asm| asm.store_indexed(size, base, index, disp, reg));
                assert_eq!(indexed, store, "{size:?} {reg:?} {base:?} {index:?} {disp}");
                let store = written(&|asm| asm.mov_mi(size, mem, -5));
                let indexed = written(&|asm| asm.store_imm_indexed(size, base, index, disp, -5));
                assert_eq!(indexed, store, "{size:?} {base:?} {index:?} {disp}");
            }
        }
    }
}

/// Every public method of the files with methods outside of tables is called in this file or in the one about distances.
#[test]
fn nothing_is_forgotten() {
    let tests = concat!(include_str!("single.rs"), include_str!("fixups.rs"));
    let sources = [
        include_str!("../assembler.rs"),
        include_str!("../control.rs"),
        include_str!("../integer.rs"),
        include_str!("../moves.rs"),
        include_str!("../vector.rs"),
    ];
    let mut missing = String::new();
    let mut seen = 0;
    for line in sources.iter().flat_map(|source| source.lines()) {
        let Some((_, rest)) = line.trim().split_once("pub fn ") else { continue };
        let name = rest.split(['(', '<']).next().expect("there is a first part");
        // Names made in macros are those of tables.
        if name.starts_with('$') {
            continue;
        }
        seen += 1;
        if !tests.contains(&format!(".{name}(")) && name != "new" {
            writeln!(missing, "{name}").expect("a string takes anything");
        }
    }
    assert!(seen > 40, "methods are found");
    assert_eq!(missing, "");
}

/// By their names: sums, products, and what chooses or compares lanes whatever their order.
#[test]
fn what_commutes_computes_the_same_from_exchanged_operands() {
    let orderly = ["add", "mul", "and", "or", "xor", "padd", "pmul", "pand", "por", "pxor", "pavg"];
    let choosing = ["pminu", "pmins", "pmaxu", "pmaxs", "pmaddwd", "pcmpeq"];
    let mut count = 0;
    for (enc, name) in crate::x64::floats::NAMES.iter().chain(crate::x64::simd::NAMES) {
        if !XmmBinary(*enc).commutes() {
            continue;
        }
        count += 1;
        let name = name.to_lowercase();
        let is_known = orderly.iter().chain(&choosing).any(|start| name.starts_with(start));
        assert!(is_known && !name.contains("andn") && !name.starts_with("addsub"), "{name}");
    }
    assert!(count > 40, "{count}");
}

#[test]
#[should_panic(expected = "rsp is no index")]
fn rsp_is_no_index() {
    let _ = Mem::index(Gpr::RAX, Gpr::RSP, Scale::X1, 0);
}

#[test]
#[should_panic(expected = "no form of this instruction works on bytes")]
fn no_form_for_bytes() {
    Assembler::new().imul(Size::S8, Gpr::RAX, Gpr::RCX);
}

#[test]
fn displacements_on_top() {
    let base = Mem::base(Gpr::RAX, i32::MAX - 1);
    assert_eq!(base.plus(1), Some(Mem::base(Gpr::RAX, i32::MAX)));
    assert_eq!(base.plus(2), None);
    let mut asm = Assembler::new();
    let (label, place) = (asm.label(), asm.const64(1));
    assert_eq!(Mem::label(label).plus(0), None);
    assert_eq!(Mem::pool(place).plus(8), Some(Mem::pool(place.plus(8))));
    assert_eq!(Mem::pool(place).plus(-8), None);
}

#[test]
fn scalars_are_told_from_vectors() {
    use crate::x64::XmmBinary;
    assert!([XmmBinary::ADDSS, XmmBinary::SQRTSD, XmmBinary::MINSD].iter().all(|op| op.is_scalar()));
    assert!(![XmmBinary::ADDPD, XmmBinary::ORPS, XmmBinary::HADDPS].iter().any(|op| op.is_scalar()));
}
