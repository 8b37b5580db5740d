//! The runner itself: it must fail what deserves it, or all other tests prove nothing.

use upshift::{Config, Engine};
use upshift_wast::{Failure, Report};

const MODULE: &str = r#"(module
    (global (export "g") i32 (i32.const 7))
    (table 1 funcref)
    (func (export "one") (result i32) (i32.const 1))
    (func (export "nan") (result f32) (f32.const -nan:0x200000))
    (func (export "two") (result i32 i64) (i32.const 1) (i64.const 2))
    (func (export "trap") (unreachable))
    (tag $t (param i32)) (func (export "throw") (throw $t (i32.const 7)))
    (func (export "null") (call_indirect (i32.const 0)))
    (func $deep (export "deep") (call $deep))
    (func (export "id") (param externref) (result externref) (local.get 0))
    (func (export "vector") (result v128) (v128.const f32x4 1 -nan 3 4)))"#;

fn run(script: &str) -> Report {
    upshift_wast::run(&Engine::default(), "test.wast", script).expect("the test's script can be read")
}

/// The failure of a directive behind [`MODULE`], if it fails.
fn failure(directive: &str) -> Option<Failure> {
    let report = run(&format!("{MODULE}\n{directive}"));
    assert_eq!(report.directives, 2);
    assert_eq!(report.passed + report.failures.len(), 2);
    let [failure] = &report.failures[..] else { return None };
    assert_eq!((failure.line, failure.column), (13, 2), "{failure}");
    Some(failure.clone())
}

#[track_caller]
fn passes(directive: &str) {
    assert_eq!(failure(directive), None, "{directive}");
}

#[track_caller]
fn fails(directive: &str, message: &str) {
    let failure = failure(directive).unwrap_or_else(|| panic!("{directive} passed"));
    assert!(failure.message.contains(message), "{directive}: {failure}");
    assert!(directive[1..].starts_with(failure.directive));
}

#[test]
fn returned_values_are_compared() {
    passes(r#"(assert_return (invoke "one") (i32.const 1))"#);
    fails(r#"(assert_return (invoke "one") (i32.const 2))"#, "is (i32.const 1), expected (i32.const 2)");
    fails(r#"(assert_return (invoke "one") (i64.const 1))"#, "expected (i64.const 1)");
    fails(r#"(assert_return (invoke "one"))"#, "got 1 results, expected 0");
    passes(r#"(assert_return (invoke "two") (i32.const 1) (i64.const 2))"#);
    fails(r#"(assert_return (invoke "two") (i32.const 1) (i64.const 3))"#, "result 1 is (i64.const 2)");
    passes(r#"(assert_return (get "g") (i32.const 7))"#);
    fails(r#"(assert_return (get "g") (i32.const 8))"#, "is (i32.const 7)");
    fails(r#"(assert_return (get "one") (i32.const 8))"#, "no exported global");
    fails(r#"(assert_return (invoke "g") (i32.const 8))"#, "no exported function");
    fails(r#"(assert_return (invoke "one" (i32.const 1)) (i32.const 1))"#, "");
    fails(r#"(assert_return (invoke "trap"))"#, "trapped: unreachable");
    fails(r#"(invoke "trap")"#, "unreachable");
}

#[test]
fn patterns_are_as_strict_as_they_say() {
    // A NaN without the quiet bit is neither canonical nor arithmetic.
    fails(
        r#"(assert_return (invoke "nan") (f32.const nan:arithmetic))"#,
        "result 0 is (f32.const NaN = 0xffa00000)",
    );
    fails(r#"(assert_return (invoke "nan") (f32.const nan:0x200000))"#, "");
    passes(r#"(assert_return (invoke "nan") (f32.const -nan:0x200000))"#);
    passes(r#"(assert_return (invoke "vector") (v128.const f32x4 1 nan:canonical 3 4))"#);
    fails(r#"(assert_return (invoke "vector") (v128.const f32x4 1 nan:canonical 3 5))"#, "");
    passes(r#"(assert_return (invoke "one") (either (i32.const 3) (i32.const 1)))"#);
    fails(r#"(assert_return (invoke "one") (either (i32.const 3) (i32.const 2)))"#, "(either");
    passes(r#"(assert_return (invoke "id" (ref.extern 5)) (ref.extern 5))"#);
    passes(r#"(assert_return (invoke "id" (ref.extern 5)) (ref.extern))"#);
    fails(r#"(assert_return (invoke "id" (ref.extern 5)) (ref.extern 6))"#, "is (ref.extern 5)");
    fails(r#"(assert_return (invoke "id" (ref.extern 5)) (ref.null extern))"#, "is (ref.extern 5)");
    passes(r#"(assert_return (invoke "id" (ref.null extern)) (ref.null extern))"#);
    passes(r#"(assert_return (invoke "id" (ref.null extern)) (ref.null))"#);
    fails(r#"(assert_return (invoke "id" (ref.null extern)) (ref.null func))"#, "is (ref.null extern)");
    fails(r#"(assert_return (invoke "id" (ref.null extern)) (ref.extern))"#, "is (ref.null extern)");
}

#[test]
fn traps_are_compared_by_their_words() {
    passes(r#"(assert_trap (invoke "trap") "unreachable")"#);
    passes(r#"(assert_trap (invoke "null") "uninitialized element")"#);
    passes(r#"(assert_trap (invoke "null") "uninitialized element 2")"#);
    fails(r#"(assert_trap (invoke "trap") "integer overflow")"#, "got \"unreachable");
    fails(r#"(assert_trap (invoke "one") "unreachable")"#, "there was none");
    fails(r#"(assert_trap (invoke "one" (i32.const 1)) "unreachable")"#, "expected a trap");
    passes(r#"(assert_exhaustion (invoke "deep") "call stack exhausted")"#);
    fails(r#"(assert_exhaustion (invoke "one") "call stack exhausted")"#, "there was enough");
    fails(r#"(assert_exhaustion (invoke "trap") "call stack exhausted")"#, "got \"unreachable");
    passes(r#"(assert_trap (module (func $s (unreachable)) (start $s)) "unreachable")"#);
    fails(r#"(assert_trap (module (func $s) (start $s)) "unreachable")"#, "there was none");
    fails(r#"(assert_exception (invoke "trap"))"#, "expected an exception");
    passes(r#"(assert_exception (invoke "throw"))"#);
    fails(r#"(assert_trap (invoke "throw") "unreachable")"#, "wasm exception `t` (tag 0): i32 7");
    fails(r#"(assert_return (invoke "throw"))"#, "threw a wasm exception `t` (tag 0): i32 7");
}

#[test]
fn references_are_told_apart() {
    let any = |value: &str, expected: &str| {
        format!(
            "(module (func (export \"f\") (param anyref) (result anyref) (local.get 0)))
            (assert_return (invoke \"f\" {value}) {expected})"
        )
    };
    let make = |make: &str, expected: &str| {
        format!(
            "(module (type $s (struct)) (type $a (array i8)) (func (export \"f\") (result anyref) {make}))
            (assert_return (invoke \"f\") {expected})"
        )
    };
    let ok = |script: String| run(&script).is_ok();
    assert!(ok(any("(ref.host 1)", "(ref.host 1)")) && ok(any("(ref.host 1)", "(ref.any)")));
    assert!(!ok(any("(ref.host 1)", "(ref.host 2)")) && !ok(any("(ref.host 1)", "(ref.eq)")));
    assert!(ok(any("(ref.null none)", "(ref.null any)")) && !ok(any("(ref.null none)", "(ref.null func)")));
    for (i, made) in
        ["ref.i31 (i32.const 1)", "struct.new $s", "array.new_default $a (i32.const 1)"].iter().enumerate()
    {
        let made = format!("({made})");
        for (j, pattern) in ["(ref.i31)", "(ref.struct)", "(ref.array)"].iter().enumerate() {
            assert_eq!(ok(make(&made, pattern)), i == j, "{made} {pattern}");
        }
        assert!(ok(make(&made, "(ref.eq)")) && !ok(make(&made, "(ref.host 1)")));
    }
}

#[test]
fn refusals_must_have_the_right_reason() {
    passes(r#"(assert_invalid (module (func (result i32))) "type mismatch")"#);
    fails(r#"(assert_invalid (module (func)) "type mismatch")"#, "accepted");
    fails(r#"(assert_invalid (module quote "(func") "type mismatch")"#, "the text is malformed");
    fails(r#"(assert_invalid (module binary "\00asm") "type mismatch")"#, "malformed module");
    passes(r#"(assert_malformed (module quote "(func") "unexpected token")"#);
    passes(r#"(assert_malformed (module binary "\00asm") "unexpected end")"#);
    fails(r#"(assert_malformed (module quote "(func)") "unexpected token")"#, "accepted");
    // The words are compared too, and a failure shows those of both.
    fails(
        r#"(assert_invalid (module (func (result i32))) "unknown local")"#,
        "expected \"unknown local\", got \"type mismatch",
    );
    fails(
        r#"(assert_malformed (module quote "(func") "unknown operand type")"#,
        "expected \"unknown operand type\", got \"expected `)`\"",
    );
    fails(
        r#"(assert_malformed (module binary "\00asm") "malformed mutability")"#,
        "expected \"malformed mutability\", got \"unexpected end",
    );
    fails(r#"(assert_malformed (module binary "\00asm\01\00\00\00") "unexpected end")"#, "accepted");
}

#[test]
fn a_forbidden_feature_is_a_reason() {
    let script = r#"(assert_invalid (module (memory 0) (memory 0)) "multiple memories")"#;
    assert!(!run(script).is_ok());
    let mut config = Config::new();
    config.wasm_multi_memory(false);
    let engine = Engine::new(&config).expect("the settings are fine");
    assert!(upshift_wast::run(&engine, "test.wast", script).expect("the script can be read").is_ok());
}

#[test]
fn linking_must_fail_while_linking() {
    passes(r#"(assert_unlinkable (module (import "no" "one" (func))) "unknown import")"#);
    passes(r#"(assert_unlinkable (module (import "spectest" "table" (func))) "incompatible import type")"#);
    fails(r#"(assert_unlinkable (module (import "spectest" "print" (func))) "unknown import")"#, "went well");
    fails(
        r#"(assert_unlinkable (module (import "no" "one" (func))) "incompatible import type")"#,
        "unknown import",
    );
    fails(r#"(assert_unlinkable (module (func $s (unreachable)) (start $s)) "unknown import")"#, "trapped");
    fails(r#"(assert_unlinkable (module (func (result i32))) "unknown import")"#, "type mismatch");
}

#[test]
fn the_host_module_is_that_of_the_reference_interpreter() {
    let report = run(r#"
        (module
            (import "spectest" "print" (func))
            (import "spectest" "print_i32" (func (param i32)))
            (import "spectest" "print_i64" (func (param i64)))
            (import "spectest" "print_f32" (func (param f32)))
            (import "spectest" "print_f64" (func (param f64)))
            (import "spectest" "print_i32_f32" (func (param i32 f32)))
            (import "spectest" "print_f64_f64" (func (param f64 f64)))
            (import "spectest" "table" (table 10 20 funcref))
            (import "spectest" "table64" (table i64 10 20 funcref))
            (import "spectest" "memory" (memory 1 2))
            (global (export "i32") (import "spectest" "global_i32") i32)
            (global (export "i64") (import "spectest" "global_i64") i64)
            (global (export "f32") (import "spectest" "global_f32") f32)
            (global (export "f64") (import "spectest" "global_f64") f64))
        (assert_return (get "i32") (i32.const 666))
        (assert_return (get "i64") (i64.const 666))
        (assert_return (get "f32") (f32.const 666.6))
        (assert_return (get "f64") (f64.const 666.6))"#);
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.directives, 5);
}

#[test]
fn names_choose_instances() {
    let report = run(r#"
        (module $a (func (export "f") (result i32) (i32.const 1)))
        (module $b (func (export "f") (result i32) (i32.const 2)))
        (assert_return (invoke "f") (i32.const 2))
        (assert_return (invoke $a "f") (i32.const 1))
        (register "a" $a)
        (register "b")
        (module (import "a" "f" (func $f (result i32))) (import "b" "f" (func $g (result i32)))
            (func (export "sum") (result i32) (i32.add (call $f) (i32.mul (i32.const 10) (call $g)))))
        (assert_return (invoke "sum") (i32.const 21))
        (module definition $counter (global (export "g") (mut i32) (i32.const 0))
            (func (export "count") (result i32)
                (global.set 0 (i32.add (global.get 0) (i32.const 1))) (global.get 0)))
        (module instance $x $counter)
        (module instance $y $counter)
        (assert_return (invoke $x "count") (i32.const 1))
        (assert_return (invoke $x "count") (i32.const 2))
        (assert_return (invoke $y "count") (i32.const 1))
        (assert_return (get $x "g") (i32.const 2))"#);
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.directives, 15);
}

#[test]
fn what_needs_a_refused_module_fails_because_of_it() {
    let report = run(r#"(module $old (func (export "f")))
        (module $new (func (export "f")) (type $f (func)) (type (cont $f)))
        (invoke "f")
        (invoke $new "f")
        (invoke $old "f")
        (register "new")
        (module (import "new" "f" (func)) (func (export "f")))
        (invoke "f")
        (invoke $other "f")"#);
    assert_eq!((report.directives, report.passed), (9, 2));
    let failures: Vec<_> = report.failures.iter().map(|f| (f.line, f.directive, f.cause)).collect();
    let because = Some(2);
    assert_eq!(
        failures,
        [
            (2, "module", None),
            (3, "invoke", because),
            (4, "invoke", because),
            (6, "register", because),
            (7, "module", because),
            (8, "invoke", because),
            (9, "invoke", None),
        ]
    );
    let roots: Vec<_> = report.roots().map(|(root, caused)| (root.line, caused)).collect();
    assert_eq!(roots, [(2, 5), (9, 0)]);
}

#[test]
fn nothing_is_skipped() {
    fails("(assert_suspension (invoke \"one\") \"\")", "is not supported");
    fails("(wait $t)", "no thread $t is running");
}

/// Two threads and the script itself meet in one memory: the first one waits for the second one's word.
#[test]
fn threads_share_memories_and_are_waited_for() {
    let report = run(r#"
        (module $Mem (memory (export "shared") 1 1 shared))
        (thread $T1 (shared (module $Mem))
            (register "mem" $Mem)
            (module
                (memory (import "mem" "shared") 1 1 shared)
                (func (export "wait") (result i32)
                    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 20_000_000_000)))
                    (i32.load (i32.const 4))))
            (assert_return (invoke "wait") (i32.const 42)))
        (thread $T2 (shared (module $Mem))
            (register "mem" $Mem)
            (module
                (memory (import "mem" "shared") 1 1 shared)
                (func (export "tell")
                    (i32.store (i32.const 4) (i32.const 42))
                    (i32.atomic.store (i32.const 0) (i32.const 1))
                    (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))))
            (invoke "tell"))
        (wait $T1)
        (wait $T2)"#);
    assert!(report.is_ok(), "{report}");
    // Five of the script, and three in each thread.
    assert_eq!(report.directives, 11);
}

#[test]
fn what_fails_in_a_thread_is_told_with_its_line() {
    let script = r#"(module $Other (func (export "f")))
        (thread $T (shared (module $Other))
            (module (func (export "one") (result i32) (i32.const 1)))
            (assert_return (invoke "one") (i32.const 2))
            (invoke $Other "f"))
        (thread $T)"#;
    for end in ["(wait $T)", ""] {
        let report = run(&format!("{script}\n{end}"));
        let failures: Vec<_> = report.failures.iter().map(|f| (f.line, f.directive, &*f.message)).collect();
        let [two, other, again] = failures[..] else { panic!("{report}") };
        assert_eq!((two.0, two.1), (4, "assert_return"));
        assert!(two.2.contains("is (i32.const 1), expected (i32.const 2)"), "{report}");
        // Of a module that is shared only memories are there.
        assert_eq!((other.0, other.1), (5, "invoke"));
        assert_eq!((again.0, again.1, again.2), (6, "thread", "the thread $T is still running"));
        assert_eq!(report.directives, report.passed + 3);
    }
}

#[test]
fn a_certain_function_is_a_pattern() {
    let script = |pattern: &str| {
        run(&format!(
            "(module (func $a) (func $b) (elem declare func $a $b)
                (func (export \"b\") (result funcref) (ref.func $b))
                (func (export \"none\") (result funcref) (ref.null func)))
            (assert_return (invoke \"b\") {pattern})"
        ))
    };
    assert!(
        script("(ref.func)").is_ok() && script("(ref.func 1)").is_ok() && script("(ref.func $b)").is_ok()
    );
    for (pattern, part) in [
        ("(ref.func 0)", "expected (ref.func 0)"),
        ("(ref.func $a)", "expected (ref.func $a)"),
        ("(ref.func 4)", "no function 4"),
        ("(ref.func $c)", "no function $c"),
    ] {
        let report = script(pattern);
        assert!(report.failures.len() == 1 && report.failures[0].message.contains(part), "{report}");
    }
}

#[test]
fn a_script_that_cannot_be_read_is_an_error_with_a_place() {
    let error = upshift_wast::run(&Engine::default(), "bad.wast", "(module)\n(assert_nothing)").unwrap_err();
    assert!(format!("{error:#}").contains("bad.wast:2:2"), "{error:#}");
    assert!(upshift_wast::run(&Engine::default(), "bad.wast", "(module").is_err());
}

#[test]
fn waits_and_wake_ups_of_a_single_thread() {
    let script = include_str!("wait-notify.wast");
    let report = run(script);
    assert_eq!(report.failures, []);
    // Three modules, and all lines that invoke something.
    let directives = 3 + script.lines().filter(|line| line.contains("(invoke \"")).count();
    assert_eq!((report.directives, report.passed), (directives, directives));
}
