//! Programs that compute products in pieces, and programs that nearly do.

use upshift_core::index::FuncIndex;
use upshift_core::ops::{Binary, Wide};
use upshift_translate::{CodeOptions, Features, TypeRegistry, WalkBuffers};

use super::run;
use crate::passes::testing::{Random, observe};
use crate::passes::{dce, gvn, testing};
use crate::ssa::build::build;
use crate::ssa::dom::Dominators;
use crate::ssa::verify::verify;
use crate::ssa::{Func, Op, Ty};

/// The functions of a file and their names: what compilers made of programs that multiply so.
fn functions(text: &str) -> Vec<(String, Func)> {
    let module = wat::parse_str(text).expect("it is WebAssembly");
    let module = upshift_translate::parse(module.into(), &Features::default(), &TypeRegistry::default())
        .expect("it is valid");
    let names = text.split("(func $").skip(1).map(|rest| rest.split_whitespace().next().unwrap_or_default());
    let mut buffers = WalkBuffers::default();
    (0..module.bodies.len() as u32)
        .zip(names)
        .map(|(number, name)| {
            let func = build(&module, FuncIndex(number), CodeOptions::default(), None, &mut buffers);
            let mut func = func.expect("it can be built");
            let dominators = Dominators::new(&func);
            gvn::run(&mut func, &dominators);
            dce::run(&mut func);
            (name.to_owned(), func)
        })
        .collect()
}

fn count(func: &Func, op: Op) -> usize {
    func.layout
        .iter()
        .flat_map(|&block| &func.block(block).insts)
        .filter(|&&inst| func.op(inst) == op)
        .count()
}

/// Runs the pass and what cleans up behind it; returns how many products it found.
fn found(func: &mut Func) -> u32 {
    let dominators = Dominators::new(func);
    let found = run(func, &dominators);
    dce::run(func);
    if let Err(error) = verify(func, None) {
        panic!("{error}\n{func}");
    }
    found
}

/// Numbers of which carries are made, and any.
fn number(random: &mut Random) -> u64 {
    let half = |random: &mut Random| match random.below(6) {
        0 => 0,
        1 => 1,
        2 => 0xffff_ffff,
        3 => 0x8000_0000,
        4 => 0xffff_fffe,
        _ => random.next() & 0xffff_ffff,
    };
    half(random) << 32 | half(random)
}

/// Asserts that two functions do the same, with numbers as arguments and an address in memory where they want one.
fn same(before: &Func, after: &Func, times: usize, random: &mut Random) {
    for _ in 0..times {
        let arg = |&ty: &Ty| if ty == Ty::I32 { 8 } else { number(random) };
        let args: Vec<u64> = before.params.iter().map(arg).collect();
        let (expected, got) = (observe(before, args.clone()), observe(after, args.clone()));
        assert_eq!(expected, got, "{args:x?}\n{before}\n{after}");
    }
}

#[test]
fn compilers_pieces_become_one_multiplication() {
    let mut random = Random(5);
    for (name, before) in functions(include_str!("shapes.wat")) {
        let mut after = before.clone();
        assert_eq!(found(&mut after), 1, "{name}\n{before}\n{after}");
        let multiplications = count(&after, Op::Binary(Binary::I64Mul));
        let expected = if name.starts_with("multi3") { 2 } else { 0 };
        assert_eq!(multiplications, expected, "{name}\n{before}\n{after}");
        assert_eq!(count(&after, Op::Wide(Wide::I64MulWideU)), 1, "{name}\n{after}");
        same(&before, &after, 3_000, &mut random);
    }
}

/// A function of pieces with one operand or operator changed is something else, or it is left alone.
#[test]
fn nearly_the_same_is_not_taken_for_it() {
    let mut random = Random(6);
    let mut changed = 0;
    for (_, before) in functions(include_str!("shapes.wat")) {
        for _ in 0..150 {
            let mut wrong = before.clone();
            let insts: Vec<_> = wrong.block(wrong.entry).insts.clone();
            let at = random.below(insts.len());
            let inst = insts[at];
            match wrong.op(inst) {
                Op::Const(bits) => {
                    wrong.value_mut(inst).op = Op::Const(match random.below(3) {
                        0 => bits ^ 1,
                        1 => bits >> 1,
                        _ => bits.wrapping_add(1) & 0xffff_ffff,
                    })
                }
                Op::Binary(_) => {
                    let ty = wrong.ty(wrong.args(inst)[0]);
                    let above: Vec<_> = insts[..at]
                        .iter()
                        .copied()
                        .filter(|&other| wrong.value(other).ty == Some(ty))
                        .collect();
                    let other = above[random.below(above.len())];
                    let which = random.below(2);
                    wrong.args_mut(inst)[which] = other;
                }
                _ => continue,
            }
            let mut after = wrong.clone();
            if found(&mut after) > 0 {
                changed += 1;
                same(&wrong, &after, 200, &mut random);
            }
        }
    }
    assert!(changed > 50, "{changed}");
}

#[test]
fn sums_are_added_to_what_is_found() {
    let body = "\
b0:
  v0: i64 = arg 0
  v1: i64 = arg 1
  v2: i64 = arg 2
  v3: i64 = const 0xffffffff
  v4: i64 = const 0x20
  v5: i64 = i64.and v0, v3
  v6: i64 = i64.shr_u v0, v4
  v7: i64 = i64.and v1, v3
  v8: i64 = i64.shr_u v1, v4
  v9: i64 = i64.mul v5, v7
  v10: i64 = i64.mul v6, v7
  v11: i64 = i64.mul v5, v8
  v12: i64 = i64.mul v6, v8
  v13: i64 = i64.shr_u v9, v4
  v14: i64 = i64.add v10, v13
  v15: i64 = i64.and v14, v3
  v16: i64 = i64.add v11, v15
  v17: i64 = i64.add v12, v2
  v18: i64 = i64.shr_u v14, v4
  v19: i64 = i64.add v17, v18
  v20: i64 = i64.shr_u v16, v4
  v21: i64 = i64.add v19, v20
  v22: i64 = i64.mul v1, v0
  return v21, v22
";
    let expected = "\
b0:
  v0: i64 = arg 0
  v1: i64 = arg 1
  v2: i64 = arg 2
  v23 = i64.mul_wide_u v0, v1
  v24: i64 = result 0 v23
  v25: i64 = result 1 v23
  v21: i64 = i64.add v25, v2
  return v21, v24
";
    let after = testing::after("(i64, i64, i64) -> (i64, i64)", body, |func| _ = found(func));
    assert_eq!(after, expected);
}
