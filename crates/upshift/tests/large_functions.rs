//! Functions as large as programs have them, and larger: each is compiled in every way, and computes what it should.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::fmt::Write;

use upshift::{Engine, Instance, Module, Result, Store};

use crate::ways::Way;

/// Calls `run`, of one `i32`, with each argument in each way, and compares what comes back.
fn check(wat: &str, expected: impl Fn(i32) -> i32, arguments: &[i32]) -> Result<()> {
    for way in Way::all() {
        let engine = Engine::new(&way.config())?;
        let module = Module::new(&engine, wat)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        for &argument in arguments {
            let result = run.call(&mut store, argument)?;
            assert_eq!(result, expected(argument), "{way:?} of {argument}");
        }
    }
    Ok(())
}

fn function(locals: &str, body: &str) -> String {
    format!(r#"(module (func (export "run") (param i32) (result i32) {locals} {body}))"#)
}

#[test]
fn the_most_locals() -> Result<()> {
    // 50,000 is the most that validation lets through, the parameter included.
    let last = 49_999;
    let locals = format!("(local {})", "i32 ".repeat(last));
    let body = format!(
        "(local.set {last} (i32.add (local.get 0) (i32.const 5)))
         (loop $again
            (local.set 25000 (i32.add (local.get 25000) (local.get {last})))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
         (i32.add (local.get 25000) (local.get 49998))"
    );
    check(&function(&locals, &body), |n| n * (n + 5), &[1, 9])
}

#[test]
fn a_body_of_a_megabyte() -> Result<()> {
    let steps = 90_000;
    let mut body = String::new();
    for step in 0..steps {
        let number = step % 64;
        write!(body, "(local.set 0 (i32.xor (i32.mul (local.get 0) (i32.const 31)) (i32.const {number})))")
            .expect("strings take all");
    }
    body.push_str("(local.get 0)");
    let expected = |n: i32| (0..steps).fold(n, |n, step| n.wrapping_mul(31) ^ (step % 64));
    check(&function("", &body), expected, &[0, -7])
}

/// A loop around a table of so many cases, each of which says which one comes next: 21,000 operators, as in an interpreter.
#[test]
fn the_loop_of_an_interpreter() -> Result<()> {
    let cases = 1500;
    // Local 1 is the case, local 2 the sum; each case uses up one of the argument's steps.
    let next = |case: i32| (case * 7 + 3) % cases;
    let mut body = String::from("loop $next\n");
    body.push_str(&"block\n".repeat(cases as usize));
    let labels: String = (0..cases).map(|case| format!("{case} ")).collect();
    writeln!(body, "local.get 1 br_table {labels}").expect("strings take all");
    for case in 0..cases {
        writeln!(
            body,
            "end local.get 2 i32.const 3 i32.mul i32.const {case} i32.add local.set 2
             i32.const {} local.set 1
             local.get 0 i32.const 1 i32.sub local.tee 0 br_if $next local.get 2 return",
            next(case)
        )
        .expect("strings take all");
    }
    body.push_str("end local.get 2");
    let expected = |steps: i32| {
        let (mut case, mut sum) = (0, 0i32);
        for _ in 0..steps {
            sum = sum.wrapping_mul(3).wrapping_add(case);
            case = next(case);
        }
        sum
    };
    check(&function("(local i32 i32)", &body), expected, &[1, 2, 5000])
}

#[test]
fn a_table_of_many_targets() -> Result<()> {
    let targets: String = (0..100_000).map(|index| if index % 3 == 1 { "$b " } else { "$a " }).collect();
    let body = format!(
        "(block $default (block $b (block $a
            (br_table {targets} $default (local.get 0)))
            (return (i32.const 10)))
            (return (i32.const 20)))
         (i32.const 30)"
    );
    let expected = |index: i32| match index {
        0..100_000 => 10 + 10 * i32::from(index % 3 == 1),
        _ => 30,
    };
    check(&function("", &body), expected, &[0, 1, 99_997, 99_999, 100_000, -1])
}

#[test]
fn blocks_in_blocks() -> Result<()> {
    // Whoever leaves the block of a depth adds one for each end that control comes by after that.
    let depth = 10_000;
    let mut body = "block\n".repeat(depth);
    for target in (0..depth).step_by(1000) {
        writeln!(body, "local.get 0 i32.const {target} i32.eq br_if {target}").expect("strings take all");
    }
    body.push_str(&"end local.get 1 i32.const 1 i32.add local.set 1\n".repeat(depth));
    body.push_str("local.get 1");
    let expected = |n: i32| depth as i32 - if n % 1000 == 0 { n } else { 0 };
    check(&function("(local i32)", &body), expected, &[0, 1, 3000, 9000])
}

#[test]
fn loops_in_loops() -> Result<()> {
    // Only the innermost loop goes round; all of them are left by their ends.
    let depth = 5000;
    let mut body = "loop\n".repeat(depth);
    body.push_str(
        "local.get 1 i32.const 2 i32.add local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0\n",
    );
    body.push_str(&"local.get 1 i32.const 1 i32.add local.set 1 end\n".repeat(depth));
    body.push_str("local.get 1");
    check(&function("(local i32)", &body), |n| 2 * n + depth as i32, &[1, 100])
}
