//! What the program prints of hostile modules: every name on its line, every listing with an end, and no work that grows with
//! the square of the module.

use std::fmt::Write;

use serde_json::Value;

mod support;

use support::{Dir, Outcome};

/// A name that begins a line, turns the direction of writing and moves the cursor.
const FORGED: &str = "ok\nerror: forged\u{2028}error: forged\u{feff}\u{202e}\u{1b}[2J";

/// As a string of the text format.
fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            text.push(c)
        } else {
            write!(text, "\\u{{{:x}}}", u32::from(c)).unwrap()
        }
    }
    text + "\""
}

/// Nothing on either stream begins a line of its own, plays with a terminal, or goes on and on.
#[track_caller]
fn check(outcome: &Outcome) {
    for text in [&outcome.stdout, &outcome.stderr] {
        let forged = |line: &str| line.trim_start().starts_with("error: forged");
        assert!(!text.lines().any(forged), "{text}");
        let plays = |c: char| c.is_control() && c != '\n' || "\u{2028}\u{2029}\u{202e}\u{feff}".contains(c);
        assert!(!text.contains(plays), "{text:?}");
        assert!(text.len() < 128 << 10, "{} bytes", text.len());
    }
}

/// Everything of a module that has a name has this one.
fn hostile(name: &str) -> String {
    let name = quoted(name);
    format!(
        r#"(module (@name {name})
            (type $struct (@name {name}) (struct (field (@name {name}) i32)))
            (import {name} {name} (func $import (@name {name})))
            (tag $tag (@name {name}) (param (ref $struct)))
            (func $trap (@name {name}) (export {name}) unreachable)
            (func (export "throw") (throw $tag (struct.new_default $struct)))
            (func (export "cast") (drop (ref.cast (ref $struct) (ref.i31 (i32.const 0)))))
            (func (export "_start") (call $trap))
            (@custom {name} ""))"#
    )
}

#[test]
fn names_do_not_forge_lines() {
    for name in [FORGED.to_owned(), FORGED.to_owned() + &"x".repeat(60_000)] {
        let dir = Dir::with(&[
            ("m.wat", &hostile(&name)),
            ("twice.wat", &format!("(module (func (export {0})) (func (export {0})))", quoted(&name))),
            ("lib.wat", &format!("(module (func (export {}) (param i32)))", quoted(&name))),
        ]);
        let trap = ["-W", "unknown-imports-trap"];
        let calls: &[&[&str]] = &[
            &["m.wat"],
            &["--invoke", "zz", "lib.wat"],
            &["--invoke", &FORGED[..3], "lib.wat"],
            &["--invoke", FORGED, "lib.wat"],
            &["--invoke", FORGED, "lib.wat", FORGED],
            &["inspect", "m.wat"],
            &["analyze", "--static", "m.wat"],
            &["--dump", "ir", "m.wat"],
            &["--dump", "ir", "--func", FORGED, "m.wat"],
            &["twice.wat"],
            &["validate", "twice.wat"],
            &[trap[0], trap[1], "m.wat"],
            &[trap[0], trap[1], "--invoke", "throw", "m.wat"],
            &[trap[0], trap[1], "--invoke", "cast", "m.wat"],
            &["bench", "--invoke", "zz", "lib.wat"],
        ];
        for args in calls {
            check(&dir.run(args));
        }
        check(
            &dir.run_with_input(
                &["--batch", "lib.wat"],
                format!("ok 1\n{FORGED}\nok\u{2028} 2\n").as_bytes(),
            ),
        );
    }
}

#[test]
fn json_has_exact_names() {
    let dir = Dir::with(&[("m.wat", &hostile(FORGED))]);
    let outcome = dir.run(&["inspect", "--json", "m.wat"]);
    check(&outcome);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["name"], FORGED);
    assert_eq!(json["imports"][0]["module"], FORGED);
    assert_eq!(json["exports"][0]["name"], FORGED);
    assert_eq!(json["functions"]["bodies"][0]["name"], FORGED);
    assert_eq!(json["tags"][0]["name"], FORGED);
    assert_eq!(json["types"][0]["fields"][0]["name"], FORGED);
    let outcome = dir.run(&["analyze", "--static", "--json", "m.wat"]);
    check(&outcome);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert!(json["functions"].as_array().unwrap().iter().any(|function| function["name"] == FORGED));
}

/// As many imports, as many exports, and some functions of a type with a thousand parameters.
fn wide(count: usize) -> String {
    let params = "(ref $t) ".repeat(1000);
    let mut text = format!("(module (type $t (func (param {params})))");
    for i in 0..count {
        write!(text, "(import \"m\" \"{i}\" (func))").unwrap();
    }
    for i in 0..count {
        let wide = if i % 100 == 0 { "(func (type $t))" } else { "" };
        write!(text, "(func (export \"f{i}\")) {wide}").unwrap();
    }
    text + "(func (export \"wide\") (type $t)))"
}

#[test]
fn listings_have_an_end() {
    let dir = Dir::with(&[("m.wat", &wide(10_000))]);
    let outcome = dir.run(&["inspect", "m.wat"]);
    assert!(
        outcome.stdout.contains("imports: 10000\n")
            && outcome.stdout.contains("  and 9000 more; `--json` has all\n")
    );
    check(&outcome);
    let json = dir.run(&["inspect", "--json", "m.wat"]).stdout;
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["exports"].as_array().unwrap().len(), 10_001);
    assert!(json.len() < 40_000 * 500, "{}", json.len());
    check(&dir.run(&["m.wat"]));
    check(&dir.run(&["--invoke", "zz", "m.wat"]));
    check(&dir.run(&["--invoke", "wide", "m.wat"]));
}

#[test]
fn a_mangled_name_does_not_explode() {
    // Sixteen copies of the class for each constructor that the symbol claims: 98 KB would become 1.2 GB.
    let symbol = format!("_ZN50000{}{}Ev", "a".repeat(50_000), "C1".repeat(24_000));
    let module = format!(r#"(module (func (@name "{symbol}") (export "_start") unreachable))"#);
    let dir = Dir::with(&[("m.wat", &module)]);
    let outcome = dir.run(&["--sandbox", "m.wat"]);
    outcome.fails(134, &["unreachable"]);
    check(&outcome);
    check(&dir.run(&["analyze", "--static", "m.wat"]));
    let json = dir.run(&["analyze", "--static", "--json", "m.wat"]).stdout;
    assert!(json.len() < 2 * symbol.len(), "{}", json.len());
}

#[test]
fn unknown_names_of_a_batch_get_no_more_than_some_hints() {
    let mut module = String::from("(module ");
    for i in 0..20_000 {
        write!(module, "(func (export \"function_{i:05}\"))").unwrap();
    }
    let dir = Dir::with(&[("m.wat", &(module + ")"))]);
    let input = "function_xxxxx\n".repeat(2000);
    let outcome = dir.run_with_input(&["--batch", "m.wat"], input.as_bytes());
    outcome.fails(1, &["2000 of 2000 calls failed", "line 2000: `function_xxxxx`"]);
    assert_eq!(outcome.stderr.matches("Its functions are:").count(), 10);
}

#[test]
fn a_module_for_javascript_is_told_so() {
    let module = r#"(module
        (import "wbg" "__wbg_log_1d3ae0273d8f4f8a" (func (param i32 i32)))
        (import "wbg" "__wbindgen_throw" (func (param i32 i32))))"#;
    let dir = Dir::with(&[("m.wat", module), ("other.wat", r#"(module (import "env" "log" (func)))"#)]);
    let outcome = dir.run(&["m.wat"]);
    outcome.fails(1, &["unknown import `wbg::__wbindgen_throw`"]);
    assert_eq!(
        outcome.stderr.lines().filter(|line| line.contains("made for JavaScript")).count(),
        1,
        "{outcome:?}"
    );
    assert!(!dir.run(&["other.wat"]).stderr.contains("JavaScript"));
}

#[test]
fn a_feature_that_is_off_is_named_with_its_flag() {
    let text = "(module (memory 1) (memory 1) (func (export \"f\") (result v128) (v128.const i64x2 0 0)))";
    let dir = Dir::with(&[("m.wat", text), ("bad.wat", "(module (func (result i32)))")]);
    let off = ["-W", "multi-memory=n,simd=n"];
    for verb in ["run", "validate"] {
        let outcome = dir.run(&[verb, off[0], off[1], "m.wat"]);
        outcome.fails(1, &["`simd`, `multi-memory`", "`-W simd -W multi-memory`"]);
    }
    let outcome = dir.run(&["inspect", off[0], off[1], "m.wat"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("  simd, off: `-W simd` turns it on\n"), "{}", outcome.stdout);
    let json: Value =
        serde_json::from_str(&dir.run(&["inspect", "--json", off[0], off[1], "m.wat"]).stdout).unwrap();
    assert_eq!(json["features"], serde_json::json!(["simd", "multi-memory"]));
    dir.run(&["--invoke", "f", "m.wat"]).prints("0\n");
    // What no feature mends is not blamed on one.
    assert!(!dir.run(&[off[0], off[1], "bad.wat"]).stderr.contains("turned off"));
}
