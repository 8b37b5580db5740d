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
