//! What leaves loops, and what has to stay.

use super::run;
use crate::passes::aliases::Aliases;
use crate::passes::{gvn, testing};
use crate::ssa::Func;
use crate::ssa::dom::Dominators;
use crate::ssa::loops::Loops;

fn move_out(func: &mut Func) -> u32 {
    let dominators = Dominators::new(func);
    let loops = Loops::new(func, &dominators, &func.predecessors());
    run(func, &dominators, &loops, Aliases::default())
}

fn moved(body: &str) -> String {
    testing::after("(i32, i32, f64) -> ()", body, |func| {
        move_out(func);
    })
}

#[test]
fn what_is_expensive_leaves_with_what_it_needs() {
    // The sum goes because the product needs it; the difference is cheap and both its operands are needed.
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0)
b1(v2: i32):
  v3: i32 = i32.add v0, v1
  v4: i32 = i32.mul v3, v3
  v5: i32 = i32.sub v0, v1
  v6: i32 = i32.add v2, v4
  v7: i32 = i32.add v6, v5
  branch v7, b1(v7), b2
b2:
  return v0, v1, v3
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v3: i32 = i32.add v0, v1
  v4: i32 = i32.mul v3, v3
  jump b1(v0)
b1(v2: i32):
  v5: i32 = i32.sub v0, v1
  v6: i32 = i32.add v2, v4
  v7: i32 = i32.add v6, v5
  branch v7, b1(v7), b2
b2:
  return v0, v1, v3
";
    assert_eq!(moved(body), expected);
}

#[test]
fn what_both_arms_compute_leaves_once() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0)
b1(v2: i32):
  branch v2, b2, b3
b2:
  v3: i32 = i32.mul v0, v1
  v4: i32 = global.get global0
  v5: i32 = i32.add v3, v4
  jump b4(v5)
b3:
  v6: i32 = global.get global0
  v7: i32 = i32.mul v0, v1
  v8: i32 = i32.sub v7, v6
  jump b4(v8)
b4(v9: i32):
  branch v9, b1(v9), b5
b5:
  return v2, v0, v1
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v3: i32 = i32.mul v0, v1
  v4: i32 = global.get global0
  v5: i32 = i32.add v3, v4
  v8: i32 = i32.sub v3, v4
  jump b1(v0)
b1(v2: i32):
  branch v2, b2, b3
b2:
  jump b4(v5)
b3:
  jump b4(v8)
b4(v9: i32):
  branch v9, b1(v9), b5
b5:
  return v2, v0, v1
";
    assert_eq!(moved(body), expected);
}

#[test]
fn loads_stay_where_the_loop_stores() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1
b1:
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  v4: i32 = global.get global1
  v5: i32 = i32.add v3, v2
  v6 = global.set global1 v5
  v7: i32 = load32_u memory0 4 v0
  branch v4, b1, b2
b2:
  return v7
";
    // The first load comes first in the first round, and the second one directly behind it but for the set.
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  v5: i32 = i32.add v3, v2
  jump b1
b1:
  v4: i32 = global.get global1
  v6 = global.set global1 v5
  v7: i32 = load32_u memory0 4 v0
  branch v4, b1, b2
b2:
  return v7
";
    assert_eq!(moved(body), expected);
}

#[test]
fn what_may_trap_stays_behind_an_exit_and_behind_fuel() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1(v0)
b1(v2: i32):
  branch v2, b2, b3
b2:
  v3: i32 = i32.div_u v0, v1
  v4: i32 = load32_u memory0 0 v0
  v5: i32 = i32.sub v2, v3
  v6: i32 = i32.sub v5, v4
  jump b1(v6)
b3:
  jump b4
b4:
  v7 = charge 3
  v8: i32 = i32.rem_u v0, v1
  branch v8, b4, b5
b5:
  return
";
    assert_eq!(moved(body), body);
}

#[test]
fn what_comes_first_leaves_all_loops_around() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  jump b3(v0)
b2:
  jump b3(v1)
b3(v2: i32):
  jump b4(v2)
b4(v3: i32):
  v4: i32 = i32.div_s v0, v1
  v5: i32 = i32.sub v3, v4
  branch v5, b4(v5), b5
b5:
  v6: i32 = i32.mul v0, v1
  v7: i32 = i32.sub v2, v6
  branch v7, b3(v7), b6
b6:
  return v0, v1
";
    // Two edges lead into the outer loop, so a block in front of it is made.
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b2
b1:
  jump b7(v0)
b2:
  jump b7(v1)
b7(v8: i32):
  v4: i32 = i32.div_s v0, v1
  v6: i32 = i32.mul v0, v1
  jump b3(v8)
b3(v2: i32):
  jump b4(v2)
b4(v3: i32):
  v5: i32 = i32.sub v3, v4
  branch v5, b4(v5), b5
b5:
  v7: i32 = i32.sub v2, v6
  branch v7, b3(v7), b6
b6:
  return v0, v1
";
    assert_eq!(moved(body), expected);
}

#[test]
fn only_few_leave() {
    let mut body = String::from("b0:\n  v0: i32 = arg 0\n  jump b1\nb1:\n");
    for at in 0..20 {
        body.push_str(&format!("  v{}: i32 = global.get global{at}\n", at + 1));
    }
    body.push_str("  branch v0, b1, b2\nb2:\n  return v0\n");
    let text = moved(&body);
    let (front, inside) = text.split_once("b1:").expect("a loop");
    let count = |part: &str| part.matches("global.get").count();
    assert_eq!(
        (count(front), count(inside)),
        (usize::from(super::MOST_GENERAL), 20 - usize::from(super::MOST_GENERAL))
    );
}

#[test]
fn random_programs_do_the_same() {
    let changes = testing::check(12, 4_000, |func| {
        let dominators = Dominators::new(func);
        gvn::run(func, &dominators);
        move_out(func)
    });
    assert!(changes > 400, "{changes}");
}

/// The difference leaves the inner loop with a product that has no room further out, and then the outer loop with a float that has.
#[test]
fn what_leaves_one_loop_after_the_other_is_there_once() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  jump b1
b1:
  v2: i32 = i32.mul v0, v1
  v3: i32 = i32.mul v0, v0
  v4: i32 = i32.mul v1, v1
  v5: i32 = i32.mul v2, v3
  v6: i32 = i32.mul v4, v4
  jump b2
b2:
  v7: i32 = i32.sub v0, v1
  v8: i32 = i32.mul v7, v7
  v9: i32 = global.get global0
  branch v9, b2, b3
b3:
  v10: f64 = f64.convert_i32_s v7
  v11: i32 = global.get global0
  branch v11, b1, b4
b4:
  return v5, v6, v8, v10
";
    // So does what is read of the global, as nothing in there sets it.
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = i32.mul v0, v1
  v3: i32 = i32.mul v0, v0
  v4: i32 = i32.mul v1, v1
  v5: i32 = i32.mul v2, v3
  v6: i32 = i32.mul v4, v4
  v7: i32 = i32.sub v0, v1
  v10: f64 = f64.convert_i32_s v7
  jump b1
b1:
  v8: i32 = i32.mul v7, v7
  v9: i32 = global.get global0
  jump b2
b2:
  branch v9, b2, b3
b3:
  v11: i32 = global.get global0
  branch v11, b1, b4
b4:
  return v5, v6, v8, v10
";
    assert_eq!(moved(body), expected);
}
