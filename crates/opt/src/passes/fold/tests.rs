//! The rules one by one, and random expressions before and after.

use std::collections::HashMap;

use upshift_core::ops::{Binary, Unary};

use super::run;
use crate::passes::testing::{self, Random, bits_of};
use crate::ssa::parse::parse;
use crate::ssa::{Func, Op, Pos, Terminator, Ty, Value, text};

/// An expression as one line: arguments are `a0`, `a1`, …, constants are signed numbers.
fn expression(func: &Func, value: Value) -> String {
    match func.op(value) {
        Op::Arg(number) => format!("a{number}"),
        Op::Const(bits) if func.ty(value) == Ty::I32 => (bits as i32).to_string(),
        Op::Const(bits) => (bits as i64).to_string(),
        _ => {
            let instruction = text::instruction(func, value);
            let name =
                instruction.split(" = ").nth(1).and_then(|op| op.split(' ').next()).unwrap_or_default();
            let args: Vec<String> = func.args(value).iter().map(|&arg| expression(func, arg)).collect();
            format!("{name}({})", args.join(", "))
        }
    }
}

/// What is returned by a function of an `i32`, an `i64`, an `f64` and two references with the given body, after folding.
fn folded(body: &str) -> String {
    let args = "v0: i32 = arg 0\nv1: i64 = arg 1\nv2: f64 = arg 2\nv3: ref = arg 3\nv4: i32 = arg 4\n";
    let mut func = parse(&format!("func func0 (i32, i64, f64, ref, i32) -> ()\nb0:\n{args}{body}\n"))
        .unwrap_or_else(|error| panic!("{error}: {body}"));
    run(&mut func);
    match &func.block(func.entry).term {
        Terminator::Return(list) => {
            func.list(*list).iter().map(|&value| expression(&func, value)).collect::<Vec<_>>().join(", ")
        }
        term => text::terminator(&func, term),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(folded(body), *expected, "{body}");
    }
}

#[test]
fn products_of_extended_bytes_are_products() {
    let text = "func func0 (v128, v128) -> ()\nb0:\n  v0: v128 = arg 0\n  v1: v128 = arg 1\n  \
                v2: v128 = i16x8.extmul_high_i8x16_u v0, v1\n  return v2\n";
    let mut func = parse(text).unwrap_or_else(|error| panic!("{error}"));
    run(&mut func);
    let Terminator::Return(list) = func.block(func.entry).term else { panic!("it returns") };
    let product = expression(&func, func.list(list)[0]);
    assert_eq!(product, "i16x8.mul(i16x8.extend_high_i8x16_u(a0), i16x8.extend_high_i8x16_u(a1))");
}

#[test]
fn identities() {
    check(&[
        ("v5: i32 = const 0x0\nv6: i32 = i32.add v0, v5\nreturn v6", "a0"),
        ("v5: i32 = const 0x0\nv6: i32 = i32.add v5, v0\nreturn v6", "a0"),
        ("v5: i32 = const 0x0\nv6: i32 = i32.mul v0, v5\nreturn v6", "0"),
        ("v5: i64 = const 0xffffffffffffffff\nv6: i64 = i64.and v1, v5\nreturn v6", "a1"),
        ("v5: i32 = i32.xor v0, v0\nreturn v5", "0"),
        ("v5: i32 = i32.or v0, v0\nreturn v5", "a0"),
        ("v5: i32 = i32.ge_u v0, v0\nreturn v5", "1"),
        // A NaN is not equal to itself.
        ("v5: i32 = f64.eq v2, v2\nreturn v5", "f64.eq(a2, a2)"),
        // Adding a zero changes -0, and a signalling NaN.
        ("v5: f64 = const 0x0\nv6: f64 = f64.add v2, v5\nreturn v6", "f64.add(a2, 0)"),
    ]);
}

#[test]
fn constants_go_right_and_come_together() {
    check(&[
        ("v5: i32 = const 0x5\nv6: i32 = i32.lt_s v5, v0\nreturn v6", "i32.gt_s(a0, 5)"),
        (
            "v5: i32 = const 0x5\nv6: i32 = i32.add v0, v5\nv7: i32 = const 0x8\nv8: i32 = i32.sub v6, v7\nreturn v8",
            "i32.add(a0, -3)",
        ),
        // The inner sum is needed itself.
        (
            "v5: i32 = const 0x5\nv6: i32 = i32.add v0, v5\nv7: i32 = i32.add v6, v5\nreturn v6, v7",
            "i32.add(a0, 5), i32.add(i32.add(a0, 5), 5)",
        ),
        (
            "v5: i64 = const 0xff0\nv6: i64 = i64.and v1, v5\nv7: i64 = const 0xff\nv8: i64 = i64.and v7, v6\nreturn v8",
            "i64.and(a1, 240)",
        ),
        ("v5: i32 = const 0x14\nv6: i32 = i32.shl v0, v5\nv7: i32 = i32.shl v6, v5\nreturn v7", "0"),
    ]);
}

#[test]
fn powers_of_two() {
    check(&[
        ("v5: i32 = const 0x8\nv6: i32 = i32.mul v0, v5\nreturn v6", "i32.shl(a0, 3)"),
        ("v5: i32 = const 0x80000000\nv6: i32 = i32.div_u v0, v5\nreturn v6", "i32.shr_u(a0, 31)"),
        ("v5: i64 = const 0x10\nv6: i64 = i64.rem_u v1, v5\nreturn v6", "i64.and(a1, 15)"),
        // Rounding towards zero is no shift.
        ("v5: i32 = const 0x8\nv6: i32 = i32.div_s v0, v5\nreturn v6", "i32.div_s(a0, 8)"),
        // What is not negative is divided as unsigned.
        (
            "v5: i32 = const 0x1\nv6: i32 = i32.shr_u v0, v5\nv7: i32 = const 0x8\nv8: i32 = i32.div_s v6, v7\nreturn v8",
            "i32.shr_u(a0, 4)",
        ),
        ("v5: i32 = const 0x0\nv6: i32 = i32.div_u v0, v5\nreturn v6", "i32.div_u(a0, 0)"),
        ("v5: i32 = const 0xffffffff\nv6: i32 = i32.div_s v0, v5\nreturn v6", "i32.div_s(a0, -1)"),
        ("v5: i32 = const 0xffffffff\nv6: i32 = i32.rem_s v0, v5\nreturn v6", "0"),
    ]);
}

#[test]
fn shifts_there_and_back() {
    check(&[
        (
            "v5: i32 = const 0x18\nv6: i32 = i32.shl v0, v5\nv7: i32 = i32.shr_s v6, v5\nreturn v7",
            "i32.extend8_s(a0)",
        ),
        (
            "v5: i64 = const 0x20\nv6: i64 = i64.shl v1, v5\nv7: i64 = i64.shr_u v6, v5\nreturn v7",
            "i64.and(a1, 4294967295)",
        ),
        (
            "v5: i32 = const 0x3\nv6: i32 = i32.shr_u v0, v5\nv7: i32 = i32.shl v6, v5\nreturn v7",
            "i32.and(a0, -8)",
        ),
        (
            "v5: i32 = const 0x1f\nv6: i32 = i32.and v4, v5\nv7: i32 = i32.shl v0, v6\nreturn v7",
            "i32.shl(a0, a4)",
        ),
        // Half of the bits that count.
        (
            "v5: i32 = const 0xf\nv6: i32 = i32.and v4, v5\nv7: i32 = i32.shl v0, v6\nreturn v7",
            "i32.shl(a0, i32.and(a4, 15))",
        ),
    ]);
}

#[test]
fn extensions_and_wraps() {
    check(&[
        ("v5: i64 = i64.extend_i32_s v0\nv6: i32 = i32.wrap_i64 v5\nreturn v6", "a0"),
        ("v5: i32 = i32.wrap_i64 v1\nv6: i64 = i64.extend_i32_s v5\nreturn v6", "i64.extend32_s(a1)"),
        (
            "v5: i32 = i32.wrap_i64 v1\nv6: i64 = i64.extend_i32_u v5\nreturn v6",
            "i64.extend_i32_u(i32.wrap_i64(a1))",
        ),
        (
            "v5: i64 = const 0x7\nv6: i64 = i64.and v1, v5\nv7: i32 = i32.wrap_i64 v6\nv8: i64 = i64.extend_i32_u v7\nreturn v8",
            "i64.and(a1, 7)",
        ),
        (
            "v5: i32 = const 0x7f\nv6: i32 = i32.and v0, v5\nv7: i32 = i32.extend8_s v6\nv8: i64 = i64.extend_i32_s v7\nreturn v8",
            "i64.extend_i32_u(i32.and(a0, 127))",
        ),
        (
            "v5: i64 = i64.extend_i32_u v0\nv6: i64 = i64.extend_i32_s v4\nv7: i64 = i64.mul v5, v6\nv8: i32 = i32.wrap_i64 v7\nreturn v8",
            "i32.mul(a0, a4)",
        ),
        (
            "v5: i64 = i64.extend_i32_u v0\nv6: i64 = const 0x100000000\nv7: i32 = i64.lt_u v5, v6\nreturn v7",
            "1",
        ),
        (
            "v5: i64 = i64.extend_i32_s v0\nv6: i64 = const 0xfffffffffffffffe\nv7: i32 = i64.gt_s v5, v6\nreturn v7",
            "i32.gt_s(a0, -2)",
        ),
        (
            "v5: i64 = i64.extend_i32_u v0\nv6: i64 = i64.extend_i32_u v4\nv7: i32 = i64.lt_s v5, v6\nreturn v7",
            "i64.lt_s(i64.extend_i32_u(a0), i64.extend_i32_u(a4))",
        ),
    ]);
}

#[test]
fn comparisons_of_comparisons() {
    check(&[
        ("v5: i32 = i64.eq v1, v1\nreturn v5", "1"),
        (
            "v5: i32 = i32.lt_s v0, v4\nv6: i32 = const 0x0\nv7: i32 = i32.eq v5, v6\nreturn v7",
            "i32.ge_s(a0, a4)",
        ),
        // NaN makes both false.
        (
            "v5: i32 = f64.lt v2, v2\nv6: i32 = const 0x0\nv7: i32 = i32.eq v5, v6\nreturn v7",
            "i32.eq(f64.lt(a2, a2), 0)",
        ),
        (
            "v5: i32 = f64.lt v2, v2\nv6: i32 = const 0x0\nv7: i32 = i32.eq v5, v6\nv8: i32 = i32.eq v7, v6\nreturn v8",
            "f64.lt(a2, a2)",
        ),
        ("v5: i32 = const 0x1\nv6: i32 = i32.lt_u v0, v5\nreturn v6", "i32.eq(a0, 0)"),
        (
            "v5: i32 = i32.sub v0, v4\nv6: i32 = const 0x0\nv7: i32 = i32.ne v5, v6\nreturn v7",
            "i32.ne(a0, a4)",
        ),
    ]);
}

#[test]
fn floats_change_by_their_sign_alone() {
    check(&[
        ("v5: f64 = f64.neg v2\nv6: f64 = f64.neg v5\nreturn v6", "a2"),
        ("v5: f64 = f64.neg v2\nv6: f64 = f64.abs v5\nreturn v6", "f64.abs(a2)"),
        ("v5: i64 = i64.reinterpret_f64 v2\nv6: f64 = f64.reinterpret_i64 v5\nreturn v6", "a2"),
    ]);
}

#[test]
fn selects() {
    check(&[
        ("v5: i32 = const 0x0\nv6: i32 = select v5, v0, v4\nreturn v6", "a4"),
        ("v5: i32 = select v0, v4, v4\nreturn v5", "a4"),
        (
            "v5: i32 = const 0x0\nv6: i32 = i32.eq v0, v5\nv7: i32 = select v6, v0, v4\nreturn v7",
            "select(a0, a4, a0)",
        ),
        ("v5: i32 = const 0x0\nv6: i32 = const 0x1\nv7: i32 = select v0, v6, v5\nreturn v7", "i32.ne(a0, 0)"),
        (
            "v5: i64 = const 0x0\nv6: i64 = const 0x1\nv7: i32 = i32.lt_s v0, v4\nv8: i64 = select v7, v6, v5\nreturn v8",
            "i64.extend_i32_u(i32.lt_s(a0, a4))",
        ),
    ]);
}

#[test]
fn references() {
    check(&[
        ("v5: i32 = ref.eq v3, v3\nreturn v5", "1"),
        ("v5: ref = const 0x0\nv6: i32 = ref.eq v5, v3\nreturn v6", "ref.is_null(a3)"),
        ("v5: ref = ref.i31 v0\nv6: i32 = ref.is_null v5\nreturn v6", "0"),
        ("v5: ref = ref.i31 v0\nv6: i32 = i31.get_u v5\nreturn v6", "i32.and(a0, 2147483647)"),
    ]);
}

#[test]
fn ends_of_blocks() {
    let blocks = "\nb1:\nreturn v0\nb2:\nreturn v4";
    let cases = [
        ("v5: i32 = const 0x2\nbranch v5, b1, b2", "jump b1"),
        ("v5: i32 = const 0x0\nv6: i32 = i32.eq v0, v5\nbranch v6, b1, b2", "branch v0, b2, b1"),
        ("v5: i32 = const 0x0\nv6: i32 = i32.ne v0, v5\nbranch v6, b1, b2", "branch v0, b1, b2"),
        ("v5: i32 = const 0x7\ntable v5 [0 0 1] b1, b2", "jump b2"),
        ("table v0 [1 0] b1, b2", "branch v0, b1, b2"),
        ("table v0 [0 0 0] b1", "jump b1"),
        ("branch v0, b1, b1", "jump b1"),
    ];
    for (body, expected) in cases {
        assert_eq!(folded(&format!("{body}{blocks}")), expected, "{body}");
    }
}

/// What an expression without traps is for given arguments.
fn evaluate(func: &Func, value: Value, args: &[u64], known: &mut HashMap<Value, u64>) -> Option<u64> {
    if let Some(&bits) = known.get(&value) {
        return Some(bits);
    }
    let operands = func.args(value).to_vec();
    let mut of = |at: usize| evaluate(func, operands[at], args, known);
    let bits = match func.op(value) {
        Op::Arg(number) => args[number as usize],
        Op::Const(bits) => bits,
        Op::Unary(op) => op.fold(of(0)?)?,
        Op::Binary(op) => op.fold(of(0)?, of(1)?)?,
        Op::Select if of(0)? != 0 => of(1)?,
        Op::Select => of(2)?,
        op => panic!("no expression: {op:?}"),
    };
    known.insert(value, bits);
    Some(bits)
}

/// A function of two `i32` and two `i64` whose results are all its expressions.
fn random_function(random: &mut Random) -> Func {
    let params = vec![Ty::I32, Ty::I32, Ty::I64, Ty::I64];
    let mut func = Func::new(upshift_core::index::FuncIndex(0), params.clone(), Vec::new());
    let entry = func.entry;
    let mut values: Vec<Value> = Vec::new();
    for (number, &ty) in params.iter().enumerate() {
        values.push(func.append(entry, Op::Arg(number as u32), Some(ty), &[], Pos::NONE));
    }
    let integers = |op: Binary| crate::passes::ints::Int::of(op).is_some() && !op.may_trap();
    let binaries: Vec<Binary> = Binary::ALL.iter().copied().filter(|&op| integers(op)).collect();
    let divisions: Vec<Binary> = Binary::ALL.iter().copied().filter(|op| op.may_trap()).collect();
    let unaries = [
        Unary::I32WrapI64,
        Unary::I64ExtendI32S,
        Unary::I64ExtendI32U,
        Unary::I32Extend8S,
        Unary::I32Extend16S,
        Unary::I64Extend8S,
        Unary::I64Extend16S,
        Unary::I64Extend32S,
        Unary::I32Clz,
        Unary::I64Popcnt,
    ];
    for _ in 0..12 {
        let pick = |func: &mut Func, random: &mut Random, ty: Ty| {
            let of_type: Vec<Value> = values.iter().copied().filter(|&value| func.ty(value) == ty).collect();
            match random.below(3) {
                0 => func.append(entry, Op::Const(bits_of(ty, random.number())), Some(ty), &[], Pos::NONE),
                // Newer values more often: long expressions are what is looked for.
                1 => of_type[of_type.len() - 1],
                _ => of_type[random.below(of_type.len())],
            }
        };
        let ty_of = |ty| Ty::of(ty);
        let (op, ty, args) = match random.below(8) {
            0 | 1 => {
                let op = unaries[random.below(unaries.len())];
                (Op::Unary(op), ty_of(op.result()), vec![pick(&mut func, random, ty_of(op.operands()[0]))])
            }
            2 => {
                let ty = if random.below(2) == 0 { Ty::I32 } else { Ty::I64 };
                let cond = pick(&mut func, random, Ty::I32);
                let arms = [pick(&mut func, random, ty), pick(&mut func, random, ty)];
                (Op::Select, ty, vec![cond, arms[0], arms[1]])
            }
            3 => {
                let op = divisions[random.below(divisions.len())];
                let ty = ty_of(op.result());
                let lhs = pick(&mut func, random, ty);
                // Neither 0 nor -1.
                let divisor = bits_of(ty, random.number() % 0x7fff_ffff + 1);
                let rhs = func.append(entry, Op::Const(divisor), Some(ty), &[], Pos::NONE);
                (Op::Binary(op), ty, vec![lhs, rhs])
            }
            _ => {
                let op = binaries[random.below(binaries.len())];
                let operands = op.operands();
                let args = vec![
                    pick(&mut func, random, ty_of(operands[0])),
                    pick(&mut func, random, ty_of(operands[1])),
                ];
                (Op::Binary(op), ty_of(op.result()), args)
            }
        };
        values.push(func.append(entry, op, Some(ty), &args, Pos::NONE));
    }
    // Some of them only, so that others are used once.
    let results: Vec<Value> = values.iter().copied().filter(|_| random.below(4) == 0).collect();
    let list = func.make_list(&results);
    func.block_mut(entry).term = Terminator::Return(list);
    func
}

fn results(func: &Func, args: &[u64]) -> Vec<Option<u64>> {
    let Terminator::Return(list) = func.block(func.entry).term else { panic!("it returns") };
    let mut known = HashMap::new();
    func.list(list).iter().map(|&value| evaluate(func, value, args, &mut known)).collect()
}

#[test]
fn folding_keeps_what_expressions_are() {
    let mut random = Random(7);
    let mut changed = 0;
    for _ in 0..40_000 {
        let before = random_function(&mut random);
        let mut after = before.clone();
        changed += run(&mut after);
        for _ in 0..4 {
            let args = [
                bits_of(Ty::I32, random.number()),
                bits_of(Ty::I32, random.number()),
                random.number(),
                random.number(),
            ];
            let (expected, got) = (results(&before, &args), results(&after, &args));
            assert!(expected.iter().all(Option::is_some));
            assert_eq!(got, expected, "{args:x?}\n{before}\n{after}");
        }
    }
    assert!(changed > 40_000, "the rules are hardly ever used: {changed}");
}

/// What is said to be known of values holds.
#[test]
fn facts_hold() {
    let mut random = Random(11);
    for _ in 0..20_000 {
        let func = random_function(&mut random);
        let args = [
            bits_of(Ty::I32, random.number()),
            bits_of(Ty::I32, random.number()),
            random.number(),
            random.number(),
        ];
        let mut known = HashMap::new();
        for &value in &func.block(func.entry).insts {
            let bits = evaluate(&func, value, &args, &mut known).expect("nothing traps");
            let bound = crate::passes::facts::bits(&func, value);
            assert!(bound >= 64 || bits >> bound == 0, "{bits:#x} is not below 2^{bound}: {value} in {func}");
        }
    }
}

#[test]
fn random_programs_do_the_same() {
    let changes = testing::check(4, 4_000, run);
    assert!(changes > 4_000, "{changes}");
}
