//! From machine instructions with virtual registers to code: registers are allocated (and checked, which debug builds do), and what
//! comes out is disassembled.

#[path = "../../baseline/tests/common/disassembly.rs"]
#[expect(dead_code, reason = "there are no comments of files here")]
mod disassembly;

use regalloc2::Ctx;
use upshift_asm::x64::{Alu, Cond, CpuFeatures, Scale, Shift, Size, XmmBinary};
use upshift_codegen::Target;
use upshift_core::Trap;
use upshift_core::vm::Returns;
use upshift_opt::OptCode;
use upshift_opt::mach::allocate::allocate;
use upshift_opt::mach::x64::emit::{Body, Room, emit};
use upshift_opt::mach::x64::{
    Address, Call, Callee, Detail, Embed, Fault, Inst, LoadOp, StoreOp, Test, environment,
};
use upshift_opt::mach::{Builder, MFunc, Words};
use upshift_opt::ssa::Ty;
use upshift_translate::ModuleInfo;
use upshift_translate::backend::{Backend, Frame};

fn compile_with(
    features: CpuFeatures,
    params: &[Ty],
    results: u32,
    build: impl FnOnce(&mut Builder<Inst>),
) -> OptCode {
    let slots = params.iter().map(|ty| ty.slots()).sum();
    let mut builder = Builder::new(MFunc::default(), features, slots, 0);
    build(&mut builder);
    let func = builder.finish();
    let mut ctx = Ctx::default();
    let output = allocate(&func, &environment(), false, &mut ctx).expect("registers can be allocated");
    let module = ModuleInfo::default();
    let target = Target {
        features,
        returns: Returns::Paired,
        memories: [].into(),
        counts: false,
        twins: None,
        choices: false,
    };
    let frame = Frame { params: slots, results, locals: slots + 3, homes: slots + 3, scratch: None };
    let body = Body { module: &module, target: &target, frame, params, is_loop: false };
    emit(&func, output, &body, &mut Room::default()).expect("the code has a size")
}

fn compile(params: &[Ty], results: u32, build: impl FnOnce(&mut Builder<Inst>)) -> OptCode {
    compile_with(CpuFeatures::ALL, params, results, build)
}

/// The offset and the text of each instruction.
fn disassemble(code: &OptCode) -> Vec<(u64, String)> {
    let text = disassembly::disassemble(0, code.code.code());
    let offset = |at: &str| u64::from_str_radix(at.trim_start_matches('@'), 16).expect("an offset");
    let line = |line: &str| line.split_once(' ').map(|(at, text)| (offset(at), text.to_owned()));
    text.lines().filter_map(line).collect()
}

/// The instructions between the entry for arguments in registers, with the stack pointer's step if it has one, and the first return,
/// without their offsets; jumps lead to the numbers of lines.
fn body(code: &OptCode) -> String {
    let lines: Vec<_> = disassemble(code).into_iter().map(|(at, line)| (format!("0x{at:X}"), line)).collect();
    let entry = format!("0x{:X}", code.reg_entry);
    let entry = lines.iter().position(|(at, _)| *at == entry).expect("an entry");
    let begin = entry + usize::from(lines[entry].1 == "add rsp, 8");
    let end = lines.iter().position(|(_, line)| line == "ret").expect("a return");
    let body = &lines[begin..end];
    let mut text = String::new();
    for (number, (_, line)) in body.iter().enumerate() {
        let mut line = line.clone();
        if line.starts_with('j')
            && let Some((name, target)) = line.rsplit_once(' ')
            && let Some(at) = body.iter().position(|(at, _)| at == target)
        {
            line = format!("{} L{at}", name.trim_end_matches(" short"));
        }
        if !line.starts_with("nop") && line != "xchg ax, ax" {
            text += &format!("L{number} {line}\n");
        }
    }
    text
}

/// What follows the value in `rax` in a function with so many parameter slots that calls nobody: the machine's return address is the one
/// that the call left.
fn epilogue(params: u32) -> String {
    let bytes = 8 * (params + 3);
    format!("mov rsi, [rbx-0x18]\nmov r11, [rbx-0x10]\nsub rbx, 0x{bytes:X}\nmov [rbx], rax\n")
}

/// The number that a line has.
fn text_line(text: &str, at: usize) -> usize {
    let line = text.lines().nth(at).and_then(|line| line.split_once(' ')).expect("a line");
    line.0[1..].parse().expect("a number")
}

/// Without the numbers of lines that no jump leads to.
fn plain(text: &str) -> String {
    text.lines()
        .fold(String::new(), |text, line| text + line.split_once(' ').map_or(line, |(_, rest)| rest) + "\n")
}

#[test]
fn a_sum() {
    let code = compile(&[Ty::I32, Ty::I32], 1, |b| {
        let entry = b.block();
        b.switch_to(entry);
        let params = b.entry(&[Ty::I32, Ty::I32]);
        let sum = b.alu(Alu::Add, Size::S32, params[0], params[1]);
        b.ret(&[(sum, Ty::I32)]);
    });
    // The move in front of the addition is a part of it.
    assert_eq!(plain(&body(&code)), "lea eax, [rdi+rsi]\n".to_owned() + &epilogue(2));
}

/// More sums than registers: those that wait in memory are the second operands there.
#[test]
fn what_waits_in_memory_is_the_second_operand() {
    const SUMS: usize = 20;
    let code = compile(&[Ty::F64, Ty::I32], 2, |b| {
        let (entry, head, exit) = (b.block(), b.block(), b.block());
        b.switch_to(entry);
        let params = b.entry(&[Ty::F64, Ty::I32]);
        let n = b.vreg(Ty::I32);
        let sums: Vec<_> = (0..SUMS).map(|_| b.vreg(Ty::F64)).collect();
        let all: Vec<_> = sums.iter().copied().chain([n]).collect();
        b.set_params(head, &all);
        let first: Vec<_> = (0..SUMS).map(|_| params[0]).chain([params[1]]).collect();
        b.jump(head, &first);
        b.switch_to(head);
        let loaded = b.load(LoadOp::F64, Address::memory(16).index(n, Scale::X1), Fault::memory(0));
        let mut next: Vec<_> =
            sums.iter().map(|&sum| b.xmm(XmmBinary::ADDSD, Ty::F64, sum, loaded)).collect();
        next.push(b.alu_imm(Alu::Sub, Size::S32, n, 1));
        b.branch(Test::If(Cond::Ne), (head, &next), (exit, &[]));
        b.switch_to(exit);
        let all = next[..SUMS].iter().copied().reduce(|x, y| b.xmm(XmmBinary::MULSD, Ty::F64, x, y));
        b.ret(&[(all.expect("there are some"), Ty::F64)]);
    });
    let text = plain(&body(&code));
    let from_memory = |line: &&str| line.starts_with("vaddsd") && line.contains(", [rbx");
    assert!(text.lines().filter(from_memory).count() >= SUMS - 15, "{text}");
}

#[test]
fn a_loop_tested_at_its_end_has_one_branch() {
    let code = compile(&[Ty::I32, Ty::I32], 1, |b| {
        let (entry, head, exit) = (b.block(), b.block(), b.block());
        b.switch_to(entry);
        let params = b.entry(&[Ty::I32, Ty::I32]);
        let zero = b.imm(0);
        let (sum, n) = (b.vreg(Ty::I32), b.vreg(Ty::I32));
        b.set_params(head, &[sum, n]);
        b.jump(head, &[zero, params[0]]);
        b.switch_to(head);
        let loaded = b.load(LoadOp::W32, Address::memory(16).index(n, Scale::X1), Fault::memory(0));
        let sum = b.alu(Alu::Add, Size::S32, sum, loaded);
        let n = b.alu_imm(Alu::Sub, Size::S32, n, 1);
        b.branch(Test::If(Cond::Ne), (head, &[sum, n]), (exit, &[]));
        b.switch_to(exit);
        b.ret(&[(sum, Ty::I32)]);
    });
    let text = body(&code);
    // The load may fault: the register of its address is told.
    let at = code.faults[0].offset();
    assert_eq!(at % 32, 0, "an innermost loop is aligned, and begins with the load");
    assert_eq!(text.matches(" j").count(), 1, "{text}");
    let back = text.lines().position(|line| line.contains(" jne L")).expect("a way back");
    let head = text.lines().position(|line| line.contains("[r15+")).expect("a load");
    assert!(
        text.lines().nth(back).expect("a line").ends_with(&format!(" L{}", text_line(&text, head))),
        "{text}"
    );
}

/// What returns from within a loop lies behind it, wherever the program has it; so the loop is turned like any other.
#[test]
fn a_return_within_a_loop_lies_behind_it() {
    let code = compile(&[Ty::I32], 1, |b| {
        let (entry, head, exit, body, early, next) =
            (b.block(), b.block(), b.block(), b.block(), b.block(), b.block());
        b.switch_to(entry);
        let params = b.entry(&[Ty::I32]);
        let n = b.vreg(Ty::I32);
        b.set_params(head, &[n]);
        b.jump(head, &[params[0]]);
        b.switch_to(head);
        b.cmp_imm(Size::S32, n, 3);
        b.branch(Test::If(Cond::E), (exit, &[]), (body, &[]));
        b.switch_to(exit);
        let one = b.imm(1);
        b.ret(&[(one, Ty::I32)]);
        b.switch_to(body);
        b.cmp_imm(Size::S32, n, 70);
        b.branch(Test::If(Cond::A), (early, &[]), (next, &[]));
        b.switch_to(early);
        b.ret(&[(n, Ty::I32)]);
        b.switch_to(next);
        let less = b.alu_imm(Alu::Sub, Size::S32, n, 1);
        b.jump(head, &[less]);
    });
    let text = body(&code);
    assert_eq!(text.matches(" jmp ").count(), 0, "{text}");
    let count = |branch| text.matches(branch).count();
    assert_eq!((count(" je "), count(" jne "), count(" ja ")), (1, 1, 1), "{text}");
}

#[test]
fn a_loop_tested_at_its_head_is_turned() {
    let code = compile(&[Ty::I32], 1, |b| {
        let (entry, head, body, exit) = (b.block(), b.block(), b.block(), b.block());
        b.switch_to(entry);
        let params = b.entry(&[Ty::I32]);
        let zero = b.imm(0);
        let (sum, n) = (b.vreg(Ty::I32), b.vreg(Ty::I32));
        b.set_params(head, &[sum, n]);
        b.jump(head, &[zero, params[0]]);
        b.switch_to(head);
        b.cmp_imm(Size::S32, n, 0);
        b.branch(Test::If(Cond::E), (exit, &[]), (body, &[]));
        b.switch_to(body);
        let next = b.alu(Alu::Add, Size::S32, sum, n);
        let less = b.alu_imm(Alu::Sub, Size::S32, n, 1);
        b.jump(head, &[next, less]);
        b.switch_to(exit);
        b.ret(&[(sum, Ty::I32)]);
    });
    let text = body(&code);
    // A copy of the test in front, and one branch back in each iteration, by the flags of what was counted down.
    let count = |word| text.matches(word).count();
    assert_eq!((count(" jmp "), count(" je "), count(" jne ")), (0, 1, 1), "{text}");
    assert_eq!(count("test edi, edi"), 1, "{text}");
}

#[test]
fn a_recursive_call() {
    let code = compile(&[Ty::I32], 1, |b| {
        let (entry, small, large) = (b.block(), b.block(), b.block());
        b.switch_to(entry);
        let params = b.entry(&[Ty::I32]);
        b.cmp_imm(Size::S32, params[0], 2);
        b.branch(Test::If(Cond::L), (small, &[]), (large, &[]));
        b.switch_to(small);
        b.ret(&[(params[0], Ty::I32)]);
        b.switch_to(large);
        let mut results = Vec::new();
        for less in 1..3 {
            let n = b.alu_imm(Alu::Sub, Size::S32, params[0], less);
            results.extend(b.call(
                Call {
                    callee: Callee::Itself(0x100),
                    params: &[Ty::I32],
                    args: &[n],
                    results: &[Ty::I32],
                    live: &[],
                    keeps_header: true,
                    words: None,
                },
                0,
            ));
        }
        let sum = b.alu(Alu::Add, Size::S32, results[0], results[1]);
        b.ret(&[(sum, Ty::I32)]);
    });
    let text = plain(&body(&code));
    // Both calls lead to the entry behind the loads of parameters, which is where the other entry steps over the return address.
    let registers = code.reg_entry;
    let entry = disassemble(&code).into_iter().find(|(_, line)| line == "add rsp, 8").expect("an entry");
    assert_eq!(u64::from(registers), entry.0);
    assert_eq!(
        disassemble(&code).iter().filter(|(_, line)| *line == format!("call 0x{registers:X}")).count(),
        2
    );
    // The second header differs from the first one in what the callee returns through.
    let count = |line: &str| disassemble(&code).iter().filter(|(_, other)| other == line).count();
    assert_eq!(count("mov [rbx+0x18], r11"), 2, "where to return");
    assert_eq!((count("mov [rbx+0x20], rbx"), count("mov [rbx+0x28], rax")), (1, 1), "caller and record");
    assert!(text.starts_with("lea r11, [rbx+0x30]\ncmp r11, [r14+0x18]\nja "), "{text}");
}

#[test]
fn safepoints_calls_and_traps() {
    for features in [CpuFeatures::ALL, CpuFeatures::BASELINE] {
        let code = compile_with(features, &[Ty::Ref, Ty::F64, Ty::I32, Ty::V128], 2, |b| {
            let (entry, slow, next) = (b.block(), b.cold_block(), b.block());
            b.switch_to(entry);
            let params = b.entry(&[Ty::Ref, Ty::F64, Ty::I32, Ty::V128]);
            b.cmp_imm(Size::S32, params[2], 7);
            b.branch(Test::If(Cond::A), (slow, &[]), (next, &[]));
            b.switch_to(slow);
            let words = Words::new(|builder, base| builder.check_interrupt(base));
            b.safepoint(Embed { args: &[], results: &[], live: &params[..1], memory: true, words });
            b.jump(next, &[]);
            b.switch_to(next);
            b.test(Size::S64, params[0], params[0]);
            b.trap_if(Test::If(Cond::E), Trap::NullReference, Detail::Value, &[params[2]]);
            let sum = b.xmm(XmmBinary::ADDSD, Ty::F64, params[1], params[1]);
            let results = b.call(
                Call {
                    callee: Callee::Reference(params[0]),
                    params: &[Ty::F64, Ty::I32, Ty::V128],
                    args: &[sum, params[2], params[3]],
                    results: &[Ty::I64, Ty::V128],
                    live: &params[..1],
                    keeps_header: true,
                    words: Some(Words::new(|builder, base| builder.check_interrupt(base))),
                },
                0,
            );
            let by = b.shift(Shift::Shl, Size::S32, params[2], params[2]);
            let (quotient, rest) = b.div(true, Size::S32, by, params[2]);
            let all = b.alu(Alu::Xor, Size::S32, quotient, rest);
            b.store(StoreOp::V128, Address::context(8), Fault::NONE, results[1]);
            let double = b.from_int(true, Size::S64, results[0]);
            b.ucomi(true, double, params[1]);
            let equal = b.set(Test::Equal);
            let all = b.alu(Alu::Add, Size::S32, all, equal);
            b.ret(&[(all, Ty::I32), (params[0], Ty::Ref)]);
        });
        // The word that a trap or call returns through belongs to the place where its sequence begins.
        assert_eq!(code.references.points().count(), 2);
        let ((safepoint, saved), (call, spilled)) = {
            let mut points = code.references.points();
            (points.next().expect("a safepoint"), points.next().expect("a call"))
        };
        let lists = if call < safepoint { [spilled, saved] } else { [saved, spilled] };
        assert!(lists.iter().all(|list| list.len() == 1), "one reference is alive at each: {lists:?}");
        assert_eq!(code.stats.embedded, 2);
        assert!(disassemble(&code).iter().any(|(_, line)| line == "idiv ecx" || line.starts_with("idiv ")));
    }
}
