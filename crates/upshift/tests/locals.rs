//! Locals that change while older values of them are still wanted, in loops, around calls and by operators that work in place; and
//! operators with constants, for which tiers have shorter ways. The same in all tiers.

use std::fmt::Write;

use upshift::{Engine, Instance, Module, Result, Store};

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use ways::Way;

/// Calls an export with two integers in each way and compares what it answers.
fn check(wat: &str, cases: &[(&str, i32, i32, i32)]) -> Result<()> {
    for way in Way::all() {
        let engine = Engine::new(&way.config())?;
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, wat)?;
        let instance = Instance::new(&mut store, &module, &[])?;
        for &(name, a, b, expected) in cases {
            let func = instance.get_typed_func::<(i32, i32), i32>(&mut store, name)?;
            assert_eq!(func.call(&mut store, (a, b))?, expected, "{name}({a}, {b}) in {way:?}");
        }
    }
    Ok(())
}

#[test]
fn the_old_value_of_a_local_outlives_its_change() -> Result<()> {
    let wat = r#"(module
        (func (export "after") (param $n i32) (param i32) (result i32) (local $i i32) (local $sum i32)
            (loop $next
                (local.get $sum)
                (local.get $i)
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (local.set $sum (i32.add))
                (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
            (local.get $sum))
        (func (export "exchange") (param $a i32) (param $b i32) (result i32) (local $i i32)
            (loop $next
                (local.get $a)
                (local.set $a (local.get $b))
                (local.set $b)
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 3))))
            (i32.sub (local.get $a) (local.get $b))))"#;
    // 0 + 1 + … + 9; an odd number of exchanges is one.
    check(wat, &[("after", 10, 0, 45), ("exchange", 30, 12, 12 - 30)])
}

#[test]
fn operators_read_the_local_that_gets_their_result() -> Result<()> {
    let wat = r#"(module
        (memory 1)
        (func (export "reversed") (param $x i32) (param $a i32) (result i32) (local $i i32)
            (loop $next
                (local.set $x (i32.sub (local.get $a) (local.get $x)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 3))))
            (local.get $x))
        (func (export "twice") (param $x i32) (param i32) (result i32) (local $i i32)
            (loop $next
                (local.set $x (i32.add (local.get $x) (local.get $x)))
                (local.set $x (i32.mul (local.get $x) (i32.const 5)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 2))))
            (local.get $x))
        (func (export "greatest") (param $x i32) (param $n i32) (result i32)
            (loop $next
                (local.set $x
                    (select (local.get $x) (local.get $n) (i32.gt_s (local.get $x) (local.get $n))))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $next (local.get $n)))
            (local.get $x))
        (func (export "count") (param $x i32) (param $n i32) (result i32) (local $found i32)
            (loop $next
                (local.set $found
                    (i32.add (local.get $found) (i32.ne (local.get $x) (local.get $n))))
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $found))
        (func (export "chain") (param $at i32) (param $n i32) (result i32)
            (i32.store (i32.const 16) (i32.const 32))
            (i32.store (i32.const 32) (i32.const 16))
            (loop $next
                (local.set $at (i32.load (local.get $at)))
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $at))
        (func (export "index") (param $i i32) (param $base i32) (result i32) (local $n i32)
            (loop $next
                (local.set $base (i32.add (local.get $base) (i32.shl (local.get $i) (i32.const 2))))
                (local.set $base (i32.add (i32.const -7) (i32.shl (local.get $base) (i32.const 1))))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $n) (i32.const 2))))
            (local.get $base)))"#;
    let index = |i: i32, base: i32| {
        (0..2).fold(base, |base, _| base.wrapping_add(i << 2).wrapping_shl(1).wrapping_add(-7))
    };
    check(
        wat,
        &[
            // a - (a - (a - x))
            ("reversed", 5, 100, 95),
            ("twice", 3, 0, 300),
            ("greatest", 4, 9, 9),
            ("greatest", 40, 9, 40),
            ("count", 4, 9, 8),
            ("chain", 16, 3, 32),
            ("index", 5, 1000, index(5, 1000)),
            ("index", 0x4000_0001, -3, index(0x4000_0001, -3)),
        ],
    )
}

#[test]
fn conditions_that_locals_keep_hold_where_control_meets() -> Result<()> {
    let wat = r#"(module
        (func (export "kept") (param $a i32) (param $b i32) (result i32) (local $less i32)
            (if (local.tee $less (i32.lt_s (local.get $a) (local.get $b)))
                (then (return (i32.add (local.get $less) (i32.const 10)))))
            (local.get $less))
        (func (export "not") (param $a i32) (param $b i32) (result i32) (local $less i32)
            (local.set $less (i32.lt_s (local.get $a) (local.get $b)))
            (if (i32.eqz (local.get $less)) (then (return (i32.const 7))))
            (local.get $less))
        (func (export "met") (param $a i32) (param $b i32) (result i32) (local $less i32)
            (local.set $less (i32.const 1))
            (block $over
                (br_if $over (i32.eqz (local.get $a)))
                (local.set $less (i32.lt_s (local.get $a) (local.get $b))))
            (if (local.get $less) (then (return (i32.const 5))))
            (i32.const 6))
        (func (export "again") (param $a i32) (param $b i32) (result i32) (local $less i32)
            (i32.mul (local.get $a) (local.get $b))
            (local.set $less (i32.lt_s (local.get $a) (local.get $b)))
            (local.set $less)
            (if (local.get $less) (then (return (i32.const 5))))
            (i32.const 6)))"#;
    check(
        wat,
        &[
            ("kept", 1, 2, 11),
            ("kept", 2, 1, 0),
            ("not", 1, 2, 1),
            ("not", 2, 1, 7),
            ("met", 0, -1, 5),
            ("met", 1, 2, 5),
            ("met", 2, 1, 6),
            ("again", 3, 2, 5),
            ("again", 0, 2, 6),
        ],
    )
}

#[test]
fn loops_that_begin_with_a_test_end_with_it() -> Result<()> {
    let wat = r#"(module
        (func (export "pairs") (param $n i32) (param $most i32) (result i32)
            (local $i i32) (local $j i32) (local $found i32)
            (block $out
                (loop $next
                    (br_if $out (i32.ge_u (local.get $i) (local.get $n)))
                    (local.set $j (i32.const 0))
                    (block $over
                        (loop $inner
                            (if (i32.lt_u (local.get $j) (local.get $i))
                                (then
                                    (local.set $j (i32.add (local.get $j) (i32.const 1)))
                                    (br_if $over (i32.gt_u (local.get $j) (local.get $most)))
                                    (local.set $found (i32.add (local.get $found) (i32.const 1)))
                                    (br $inner)))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br $next)))
            (local.get $found)))"#;
    // Below each `i` there are `i` numbers, of which `most` are counted.
    check(wat, &[("pairs", 0, 9, 0), ("pairs", 5, 9, 10), ("pairs", 5, 2, 7), ("pairs", 1, 9, 0)])
}

#[test]
fn locals_stay_over_calls_in_loops() -> Result<()> {
    let wat = r#"(module
        (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "calls") (param $n i32) (param $step i32) (result i32)
            (local $i i32) (local $sum i32) (local $rare i32)
            (loop $next
                (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 3)))
                    (then (local.set $rare (call $add (local.get $rare) (local.get $sum)))))
                (local.set $sum (i32.add (local.get $sum) (local.get $step)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.ne (local.get $i) (local.get $n))))
            (i32.add (local.get $rare) (i32.mul (local.get $sum) (i32.const 1000)))))"#;
    // The sums at 0, 3, 6 and 9 are 0, 15, 30 and 45.
    check(wat, &[("calls", 10, 5, 90 + 50 * 1000)])
}

#[test]
fn divisions_by_constants_are_exact() -> Result<()> {
    let divisors = [1, 2, 3, 5, 6, 7, 10, 12, 25, 64, 100, 641, 1000, 65537, 1_000_000_007, i32::MAX];
    let divisors: Vec<i32> = divisors.into_iter().flat_map(|d| [d, -d]).chain([i32::MIN]).collect();
    let mut wat = String::from("(module\n");
    for (at, divisor) in divisors.iter().enumerate() {
        for op in ["div_s", "rem_s", "div_u", "rem_u"] {
            writeln!(
                wat,
                "(func (export \"{op} {at}\") (param i32 i32) (result i32)
                    (i32.{op} (i32.add (local.get 0) (local.get 1)) (i32.const {divisor})))"
            )
            .expect("strings grow");
        }
    }
    wat.push(')');
    let mut cases = Vec::new();
    for (at, &divisor) in divisors.iter().enumerate() {
        let multiples = [0i32, 1, 2, -1, -2, i32::MAX / 2, i32::MIN / 2];
        let near =
            multiples.iter().flat_map(|&n| [-1, 0, 1].map(|by| n.wrapping_mul(divisor).wrapping_add(by)));
        for value in near.chain([i32::MAX, i32::MIN, i32::MIN + 1, -10, 10, 12345, -98765]) {
            let (unsigned, by) = (value as u32, divisor as u32);
            let mut case = |op: &str, expected: i32| cases.push((format!("{op} {at}"), value, expected));
            if let Some(quotient) = value.checked_div(divisor) {
                case("div_s", quotient);
            }
            case("rem_s", value.wrapping_rem(divisor));
            case("div_u", (unsigned / by) as i32);
            case("rem_u", (unsigned % by) as i32);
        }
    }
    let cases: Vec<_> = cases.iter().map(|(name, value, expected)| (&**name, *value, 0, *expected)).collect();
    check(&wat, &cases)
}
