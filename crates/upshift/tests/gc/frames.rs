//! References in frames: at each place where objects can move, the collector knows the slots that are still wanted.

use super::{engines, instance, store};

/// A module whose function `run` gets a number and answers one.
fn check(fields: &str, cases: &[(i32, i32)]) {
    for engine in engines() {
        let mut store = store(&engine);
        let wat = format!(
            r#"(module
                (type $box (struct (field $value (mut i32))))
                (func $box (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
                (func $unbox (param anyref) (result i32)
                    (struct.get $box $value (ref.cast (ref $box) (local.get 0))))
                ;; Makes objects that nobody wants.
                (func $churn (drop (struct.new $box (i32.const -1))) (drop (struct.new $box (i32.const -2))))
                {fields})"#
        );
        let run = instance(&mut store, &wat).get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        for &(argument, expected) in cases {
            assert_eq!(run.call(&mut store, argument).unwrap(), expected, "run({argument})");
        }
    }
}

#[test]
fn a_loop_parameter_that_begins_as_an_integer() {
    // What enters the loop is no object, what goes round is one.
    for first in ["(ref.i31 (i32.const 5))", "(ref.null i31)"] {
        let run = format!(
            r#"(func (export "run") (param $n i32) (result i32) (local $last anyref)
                {first}
                (loop $again (param anyref) (result anyref)
                    (call $churn)
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (if (param anyref) (result anyref) (i32.gt_s (local.get $n) (i32.const 0))
                        (then drop (br $again (call $box (i32.add (local.get $n) (i32.const 100)))))))
                call $unbox)"#
        );
        check(&run, &[(2, 101), (10, 101)]);
    }
}

#[test]
fn operands_below_what_makes_objects() {
    let run = r#"
        (func $sum (param anyref anyref anyref) (result i32)
            (i32.add (call $unbox (local.get 0))
                (i32.add (i32.mul (i32.const 10) (call $unbox (local.get 1)))
                    (i32.mul (i32.const 100) (call $unbox (local.get 2))))))
        (func (export "run") (param $n i32) (result i32) (local $a anyref) (local $b (ref null $box))
            (local.set $a (call $box (local.get $n)))
            ;; An alias of a local that changes afterwards, a result, a null that waits below all of them.
            ref.null any
            (local.get $a)
            (call $box (i32.add (local.get $n) (i32.const 1)))
            (local.tee $b (struct.new $box (i32.add (local.get $n) (i32.const 2))))
            (local.set $a (struct.new $box (i32.const 9)))
            (call $churn)
            (local.set $b (struct.new $box (i32.const 8)))
            (call $churn)
            (call $sum)
            (drop (call $unbox (local.get $a)))
            (i32.add (call $unbox (local.get $b)))
            (local.set $n)
            (if (i32.eqz (ref.is_null)) (then unreachable))
            (local.get $n))"#;
    check(run, &[(1, 329), (5, 773)]);
}

#[test]
fn blocks_branches_and_their_results() {
    let run = r#"
        (type $pair (func (param anyref) (result anyref anyref)))
        (type $with-cast (func (param anyref) (result (ref $box))))
        (type $without (func (param (ref $box)) (result anyref)))
        (func (export "run") (param $n i32) (result i32) (local $x anyref)
            (block $all
                (call $box (i32.const 1))
                (block $out (result anyref anyref)
                    (call $box (i32.const 2))
                    (call $churn)
                    (if (type $pair) (i32.and (local.get $n) (i32.const 1))
                        (then (call $churn) (call $box (i32.const 3)))
                        (else (call $churn) (struct.new $box (i32.const 4)) (call $churn)))
                    (br_table 0 $out 0 (local.get $n)))
                (call $churn)
                ;; Branches that are taken, and not: the operands are 1, 2 and 3 or 4.
                (br_on_null $all)
                (call $churn)
                (block $cast (type $with-cast)
                    (br_on_cast $cast anyref (ref $box))
                    unreachable)
                (call $churn)
                (block $fail (type $without)
                    (br_on_cast_fail $fail (ref null any) (ref null i31))
                    unreachable)
                (call $churn)
                (local.set $x)
                (call $churn)
                (block $some (result (ref any))
                    (br_on_non_null $some (local.get $x))
                    unreachable)
                (call $churn)
                (local.set $x)
                (select (result anyref) (local.get $x) (i32.const 1))
                (call $churn)
                (local.set $n (i32.add (i32.mul (call $unbox) (i32.const 10)) (call $unbox (local.get $x))))
                (return (i32.add (i32.mul (call $unbox) (i32.const 100)) (local.get $n))))
            unreachable)"#;
    // The first operand stays below everything and is multiplied by 100.
    check(run, &[(0, 124), (1, 123), (2, 124), (3, 123)]);
}

#[test]
fn calls_of_all_kinds_and_tail_calls() {
    let run = r#"
        (type $f (sub (func (param anyref i32) (result anyref))))
        (type $g (sub final $f (func (param anyref i32) (result (ref null $box)))))
        (table $t 4 funcref)
        (elem (table $t) (i32.const 0) func $wrap $direct $indirect $reference)
        (func $wrap (type $g) (call $churn)
            (struct.new $box (i32.add (local.get 1) (call $unbox (local.get 0)))))
        (func $direct (type $f)
            (return_call $wrap (call $wrap (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 1))))
        (func $indirect (type $f)
            (return_call_indirect $t (type $f) (call $wrap (local.get 0) (i32.const 10)) (local.get 1) (i32.const 1)))
        (func $reference (type $f)
            (return_call_ref $f (call $wrap (local.get 0) (i32.const 100)) (local.get 1) (ref.func $indirect)))
        (func (export "run") (param $n i32) (result i32)
            (struct.new $box (i32.const 7))
            (call_indirect $t (type $f) (call $box (i32.const 1000)) (i32.const 5) (local.get $n))
            (call $churn)
            (call_ref $f (i32.const 0) (ref.func $wrap))
            (call $churn)
            (i32.mul (call $unbox) (i32.const 10))
            (local.set $n)
            (i32.add (call $unbox) (local.get $n)))"#;
    check(run, &[(0, 10057), (1, 10077), (2, 10177), (3, 11177)]);
}

#[test]
fn tables_segments_and_arrays() {
    let run = r#"
        (type $boxes (array (mut (ref null $box))))
        (type $wide (array (mut v128)))
        (table $t 2 20 (ref null $box))
        (table $u 8 anyref)
        (global $first (ref $box) (struct.new $box (i32.const 3)))
        (elem $e (ref null $box) (struct.new $box (i32.const 1)) (global.get $first) (ref.null $box)
            (struct.new $box (i32.const 5)))
        (func (export "run") (param $n i32) (result i32) (local $a (ref null $boxes)) (local $w (ref null $wide))
            (call $churn)
            (drop (table.grow $t (struct.new $box (i32.const 100)) (i32.const 3)))
            (table.set $t (i32.const 0) (call $box (i32.const 1000)))
            (table.init $t $e (i32.const 1) (i32.const 0) (i32.const 1))
            (call $churn)
            (local.set $a (array.new_elem $boxes $e (i32.const 0) (i32.const 4)))
            (call $churn)
            (local.set $w (array.new $wide (v128.const i64x2 1 2) (i32.const 3)))
            (table.fill $u (i32.const 2) (local.get $a) (i32.const 3))
            (call $churn)
            (array.set $boxes (local.get $a) (i32.const 2) (table.get $t (i32.const 0)))
            (array.copy $boxes $boxes (local.get $a) (i32.const 1) (local.get $a) (i32.const 0) (i32.const 3))
            (array.init_elem $boxes $e (local.get $a) (i32.const 0) (i32.const 3) (i32.const 1))
            (call $churn)
            ;; [5, 1, 3, 1000→3?]: what is there is summed up below, with its position.
            (local.set $a (array.new_fixed $boxes 4
                (array.get $boxes (ref.cast (ref $boxes) (table.get $u (i32.const 3))) (i32.const 0))
                (array.get $boxes (local.get $a) (i32.const 1))
                (struct.new $box (local.get $n))
                (table.get $t (i32.const 4))))
            (call $churn)
            (i32.add
                (i32.add (call $unbox (array.get $boxes (local.get $a) (i32.const 0)))
                    (i32.mul (i32.const 10) (call $unbox (array.get $boxes (local.get $a) (i32.const 1)))))
                (i32.add (i32.mul (i32.const 10000) (call $unbox (array.get $boxes (local.get $a) (i32.const 2))))
                    (i32.mul (i32.const 10)
                        (i32.add (call $unbox (array.get $boxes (local.get $a) (i32.const 3)))
                            (i32.wrap_i64 (i64x2.extract_lane 1 (array.get $wide (local.get $w) (i32.const 2)))))))))"#;
    // 5 + 10 * 1 + 10000 * n + 10 * (100 + 2)
    check(run, &[(4, 41035), (1, 11035)]);
}

#[test]
fn exceptions_with_objects() {
    let run = r#"
        (type $payload (func (param anyref i32)))
        (tag $tag (type $payload))
        (tag $other (param externref))
        (func $throw (param $depth i32) (param $object anyref) (result i32)
            (local $mine anyref)
            (local.set $mine (call $box (i32.const 50)))
            (if (i32.eqz (local.get $depth))
                (then (call $churn) (throw $tag (local.get $object) (i32.const 6))))
            ;; What is caught by reference and thrown again is the same exception.
            (block $again (result exnref)
                (try_table (catch_ref $other $never) (catch_all_ref $again)
                    (return (call $throw (i32.sub (local.get $depth) (i32.const 1))
                        (struct.new $box (i32.add (local.get $depth) (call $unbox (local.get $object)))))))
                unreachable)
            (call $churn)
            (drop (call $unbox (local.get $mine)))
            (call $churn)
            throw_ref)
        (func (export "run") (param $n i32) (result i32) (local $e exnref)
            (call $box (i32.const 1000))
            (block $caught (result anyref i32 exnref)
                (call $box (i32.const 2000))
                (try_table (catch_ref $tag $caught)
                    (drop (call $throw (local.get $n) (struct.new $box (i32.const 10)))))
                unreachable)
            (call $churn)
            (local.set $e)
            (local.set $n)
            (call $churn)
            (drop (call $unbox))
            ;; The exception still has its object.
            (block $caught (result anyref i32)
                (try_table (catch $tag $caught) (throw_ref (local.get $e)))
                unreachable)
            (local.set $n)
            (call $churn)
            (local.set $n (i32.add (i32.mul (call $unbox) (i32.const 10)) (local.get $n)))
            (i32.add (call $unbox) (local.get $n)))"#
        .replace("(catch_ref $other $never) ", "");
    check(&run, &[(0, 1106), (1, 1116), (4, 1206)]);
}

#[test]
fn exceptions_of_the_first_draft() {
    let run = r#"
        (tag $tag (param anyref))
        (func $throw (param $object anyref) (call $churn) (throw $tag (local.get $object)))
        (func $again (param $n i32) (local $kept anyref)
            (local.set $kept (call $box (i32.const 70)))
            try
                (call $throw (struct.new $box (local.get $n)))
            catch $tag
                (call $churn)
                local.set $kept
                try
                    (call $throw (call $box (i32.const 5)))
                catch_all
                    (call $churn)
                    (if (i32.ne (call $unbox (local.get $kept)) (local.get $n)) (then unreachable))
                    rethrow 1
                end
            end)
        (func (export "run") (param $n i32) (result i32)
            (call $box (i32.const 100))
            try (result anyref)
                try
                    (call $again (local.get $n))
                delegate 0
                unreachable
            catch $tag
                (call $churn)
            end
            (call $churn)
            (local.set $n (call $unbox))
            (i32.add (call $unbox) (local.get $n)))"#;
    check(run, &[(1, 101), (23, 123)]);
}

#[test]
fn frames_with_more_slots_than_fit_into_an_instruction() {
    let run = r#"
        (func (export "run") (param $n i32) (result i32) (local $low anyref) MANY (local $high anyref)
            (local.set $high (struct.new $box (local.get $n)))
            (local.set $low (local.get $high))
            (call $box (i32.const 3))
            (call $churn)
            (local.get $high)
            (local.set $high (call $box (i32.const 10)))
            (i32.add (call $unbox) (call $unbox (local.get $low)))
            (local.set $n)
            (i32.add (i32.add (call $unbox) (local.get $n)) (call $unbox (local.get $high))))"#
        .replace("MANY", &"(local v128) ".repeat(33_000));
    check(&run, &[(4, 21)]);
}

#[test]
fn structs_that_are_large() {
    let fields = "(field (mut v128)) ".repeat(4999) + "(field $last (mut anyref))";
    let values = "(v128.const i64x2 1 2) ".repeat(4999);
    let run = format!(
        r#"(type $large (sub (struct {fields})))
        (func (export "run") (param $n i32) (result i32) (local $s (ref $large))
            (local.set $s (struct.new $large {values} (call $box (local.get $n))))
            (call $churn)
            (drop (struct.new_default $large))
            (call $churn)
            (i32.add (call $unbox (struct.get $large $last (local.get $s)))
                (i32.wrap_i64 (i64x2.extract_lane 1 (struct.get $large 4998 (local.get $s))))))"#
    );
    check(&run, &[(4, 6)]);
}
