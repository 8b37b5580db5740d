//! What is read again, what is forwarded, and random programs before and after.

use super::run;
use crate::passes::aliases::Aliases;
use crate::passes::{gvn, testing};
use crate::ssa::Func;
use crate::ssa::dom::Dominators;
use crate::ssa::loops::Loops;

fn remove(func: &mut Func) -> u32 {
    let dominators = Dominators::new(func);
    gvn::run(func, &dominators);
    let dominators = Dominators::new(func);
    let loops = Loops::new(func, &dominators, &func.predecessors());
    run(func, &dominators, &loops, Aliases::default()).0
}

/// The body after the pass, without the first line.
fn removed(body: &str) -> String {
    testing::after("(i32, i32, i64) -> ()", body, |func| {
        remove(func);
    })
}

#[test]
fn globals() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = global.get global0
  v2 = global.set global1 v0
  v3: i32 = global.get global0
  v4: i32 = global.get global1
  v5 = call func1 type0
  v6: i32 = global.get global0
  return v1, v3, v4, v6
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = global.get global0
  v2 = global.set global1 v0
  v5 = call func1 type0
  v6: i32 = global.get global0
  return v1, v1, v0, v6
";
    assert_eq!(removed(body), expected);
}

#[test]
fn stores_are_forwarded_in_the_form_of_the_load() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i64 = arg 2
  v2 = store64 memory0 8 v0, v1
  v3: f64 = load.f64 memory0 8 v0
  v4: i64 = load64 memory0 8 v0
  v5 = store8 memory0 0 v0, v1
  v6: i64 = load8_s.i64 memory0 0 v0
  v7: i64 = load64 memory0 8 v0
  v8: i32 = load32_u memory0 8 v0
  return v3, v4, v6, v7, v8
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i64 = arg 2
  v2 = store64 memory0 8 v0, v1
  v3: f64 = f64.reinterpret_i64 v1
  v5 = store8 memory0 0 v0, v1
  v6: i64 = i64.extend8_s v1
  v8: i32 = load32_u memory0 8 v0
  return v3, v1, v6, v1, v8
";
    assert_eq!(removed(body), expected);
}

#[test]
fn what_is_there_already_is_not_stored() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2 = store32 memory0 0 v0, v1
  v3 = store32 memory0 0 v0, v1
  v4: i32 = load8_u memory0 8 v0
  v5 = store8 memory0 8 v0, v4
  v6 = global.set global0 v1
  v7 = global.set global0 v1
  return v4
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2 = store32 memory0 0 v0, v1
  v4: i32 = load8_u memory0 8 v0
  v6 = global.set global0 v1
  return v4
";
    assert_eq!(removed(body), expected);
}

/// A loop that counts in a global; what is between is done each time round.
fn counting(before: &str, between: &str) -> String {
    format!(
        "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = const 0xffffffff
{before}  jump b1(v0)
b1(v4: i32):
  v5: i32 = global.get global0
  v6: i32 = i32.add v5, v4
  v7 = global.set global0 v6
{between}  v9: i32 = i32.add v4, v2
  branch v9, b1(v9), b2
b2:
  return v6
"
    )
}

#[test]
fn loops_carry_what_they_store() {
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = const 0xffffffff
  v3 = global.set global0 v1
  jump b1(v0, v1)
b1(v4: i32, v10: i32):
  v6: i32 = i32.add v10, v4
  v7 = global.set global0 v6
  v9: i32 = i32.add v4, v2
  branch v9, b1(v9, v6), b2
b2:
  return v6
";
    assert_eq!(removed(&counting("  v3 = global.set global0 v1\n", "")), expected);
}

#[test]
fn loops_load_what_may_be_something_else() {
    // It is not known in front of the loop, or at the end of a round.
    let body = counting("", "");
    assert_eq!(removed(&body), body);
    for between in ["call func1 type0", "global.set global1 v4"] {
        let body = counting("  v3 = global.set global0 v1\n", &format!("  v8 = {between}\n"));
        let is_loaded = between.starts_with("call");
        assert_eq!(removed(&body).contains("global.get"), is_loaded, "{between}");
    }
}

#[test]
fn what_may_not_be_there_any_more_is_stored() {
    // Another value, another length, a store in between that may change the place, and one of fewer bytes than are known.
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3 = store32 memory0 0 v0, v1
  v4 = store32 memory0 0 v0, v2
  v5 = store16 memory0 0 v0, v2
  v6 = store32 memory0 0 v0, v2
  v7 = store32 memory0 0 v1, v0
  v8 = store32 memory0 0 v0, v2
  return v2
";
    assert_eq!(removed(body), body);
}

#[test]
fn a_store_elsewhere_is_known_by_its_offset_alone() {
    // The second address may be any; the third one is the first plus 4, so the bytes behind it are others.
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = const 0x4
  v4: i32 = i32.add v0, v3
  v5 = store32 memory0 0 v4, v1
  v6: i32 = load32_u memory0 0 v0
  v7 = store32 memory0 0 v1, v1
  v8: i32 = load32_u memory0 0 v0
  return v2, v6, v8
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = const 0x4
  v4: i32 = i32.add v0, v3
  v5 = store32 memory0 0 v4, v1
  v7 = store32 memory0 0 v1, v1
  v8: i32 = load32_u memory0 0 v0
  return v2, v2, v8
";
    assert_eq!(removed(body), expected);
}

#[test]
fn a_sum_that_wraps_around_is_not_elsewhere() {
    // With an offset of almost 2^32 the sum, which may wrap, reaches the same bytes.
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 4294967295 v0
  v3: i32 = const 0xffffffff
  v4: i32 = i32.add v0, v3
  v5 = store32 memory0 4294967295 v4, v1
  v6: i32 = load32_u memory0 4294967295 v0
  return v2, v6
";
    // The distance is -1: the bytes overlap.
    assert_eq!(removed(body), body);
    let body = body.replace("const 0xffffffff", "const 0x80000000").replace("4294967295 v4", "2147483647 v4");
    // 2^31 + 2^31 - 1 is 2^32 - 1.
    assert_eq!(removed(&body), body);
}

#[test]
fn arms_that_change_nothing_are_passed() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  branch v1, b1, b2
b1:
  v4 = global.set global0 v0
  jump b3
b2:
  jump b3
b3:
  v5: i32 = load32_u memory0 0 v0
  v6: i32 = global.get global0
  return v2, v3, v5, v6
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  branch v1, b1, b2
b1:
  v4 = global.set global0 v0
  jump b3
b2:
  jump b3
b3:
  v6: i32 = global.get global0
  return v2, v3, v2, v6
";
    assert_eq!(removed(body), expected);
}

#[test]
fn a_loop_that_stores_is_not_passed() {
    // The store comes behind the load in the loop, but before it in the next round.
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  jump b1
b1:
  v4: i32 = load32_u memory0 0 v0
  v5: i32 = global.get global0
  v6 = store32 memory0 0 v1, v0
  branch v5, b1, b2
b2:
  v7: i32 = load32_u memory0 0 v0
  v8: i32 = global.get global0
  return v2, v3, v4, v7, v8
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: i32 = load32_u memory0 0 v0
  v3: i32 = global.get global0
  jump b1
b1:
  v4: i32 = load32_u memory0 0 v0
  v6 = store32 memory0 0 v1, v0
  branch v3, b1, b2
b2:
  v7: i32 = load32_u memory0 0 v0
  return v2, v3, v4, v7, v3
";
    assert_eq!(removed(body), expected);
}

#[test]
fn what_a_sibling_read_is_not_known() {
    let body = "\
b0:
  v0: i32 = arg 0
  branch v0, b1, b2
b1:
  v1: i32 = global.get global0
  jump b3(v1)
b2:
  v2: i32 = global.get global0
  jump b3(v2)
b3(v3: i32):
  v4: i32 = global.get global0
  return v3, v4
";
    assert_eq!(removed(body), body);
}

#[test]
fn objects() {
    let body = "\
b0:
  v0: ref = arg 0
  v1: ref = arg 1
  v2: i32 = field.load32_u 8 v0
  v3: i32 = field.load32_u 12 v0
  v4 = field.store32 8 v1, v2
  v5: i32 = field.load32_u 8 v0
  v6: i32 = field.load32_u 12 v0
  v7: i32 = field.load32_u 8 v1
  v8: i32 = array.len v1
  v9 = call func1 type0
  v10: i32 = array.len v1
  return v5, v6, v7, v8, v10
";
    let expected = "\
b0:
  v0: ref = arg 0
  v1: ref = arg 1
  v2: i32 = field.load32_u 8 v0
  v3: i32 = field.load32_u 12 v0
  v4 = field.store32 8 v1, v2
  v5: i32 = field.load32_u 8 v0
  v8: i32 = array.len v1
  v9 = call func1 type0
  return v5, v3, v2, v8, v8
";
    assert_eq!(removed(body), expected);
}

#[test]
fn random_programs_do_the_same() {
    let changes = testing::check(3, 4_000, remove);
    assert!(changes > 400, "{changes}");
}
