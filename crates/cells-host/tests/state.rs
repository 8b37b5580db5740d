//! Names over cells: what is visible, what is replaced, what is stale, what comes from the cache.

mod support;

use support::{failure, host, run, value};
use upshift_cells_host::{FailureKind, Outcome};

fn defined(outcome: &Outcome) -> Vec<(&str, &str)> {
    outcome.defined.iter().map(|defined| (defined.name.as_str(), defined.ty.as_str())).collect()
}

#[test]
fn later_cells_see_names_of_earlier_ones_and_assign_their_variables() {
    let mut host = host();
    let outcome = run(
        &mut host,
        "a",
        "let mut count = 1\nfun double(n: Int) -> Int { n * 2 }\nstruct Point { x: Int, y: Int }",
    );
    assert_eq!(
        defined(&outcome),
        [("count", "Int"), ("double", "fun(Int) -> Int"), ("Point", "{ x: Int, y: Int }")]
    );
    assert_eq!((outcome.value, outcome.ty), (None, None));
    run(&mut host, "b", "count += double(20)");
    let outcome = run(&mut host, "c", "(count, Point { x: count, y: 2 })");
    assert_eq!(outcome.value.as_deref(), Some("(41, Point { x: 41, y: 2 })"));
    assert_eq!(outcome.ty.as_deref(), Some("(Int, Point)"));
}

#[test]
fn functions_see_what_other_cells_assign() {
    let mut host = host();
    run(&mut host, "a", "let mut count = 0");
    run(&mut host, "b", "fun next() -> Int { count += 1; count }");
    assert_eq!(value(&mut host, "c", "next() + next()"), "3");
    run(&mut host, "d", "count = 10");
    assert_eq!(value(&mut host, "c", "next()"), "11");
}

#[test]
fn printed_text_comes_at_once_and_with_the_outcome() {
    let mut host = host();
    let (sender, receiver) = std::sync::mpsc::channel();
    let outcome = host.execute_with("a", "print(\"one\", 2)\nprint(3.0)\n4", move |text| {
        sender.send(text.to_string()).expect("the test listens");
    });
    assert_eq!(outcome.output, "one 2\n3.0\n");
    assert_eq!(receiver.into_iter().collect::<String>(), outcome.output);
    assert_eq!(outcome.value.as_deref(), Some("4"));
    assert_eq!(run(&mut host, "a", "5").output, "");
}

#[test]
fn redefinition_replaces_for_later_cells_and_not_for_earlier_functions() {
    let mut host = host();
    run(&mut host, "a", "let rate = 2");
    run(&mut host, "b", "fun pay(n: Int) -> Int { n * rate }");
    let outcome = run(&mut host, "c", "let rate = \"high\"");
    assert_eq!(outcome.stale, ["b"]);
    assert_eq!(value(&mut host, "d", "pay(10)"), "20");
    assert_eq!(value(&mut host, "e", "rate"), "\"high\"");
    // Its source does not fit the new type any more.
    assert_eq!(failure(&mut host, "b", "fun pay(n: Int) -> Int { n * rate }").kind, FailureKind::Compile);
    assert_eq!(value(&mut host, "d", "pay(10)"), "20");
}

#[test]
fn cells_are_stale_until_they_are_run_again_and_their_users_only_then() {
    let mut host = host();
    run(&mut host, "a", "let x = 1");
    run(&mut host, "b", "let y = x + 1");
    assert!(run(&mut host, "c", "y * 10").stale.is_empty());
    assert_eq!(run(&mut host, "a", "let x = 5").stale, ["b"]);
    let outcome = run(&mut host, "b", "let y = x + 1");
    assert_eq!(outcome.stale, ["c"]);
    let outcome = run(&mut host, "c", "y * 10");
    assert_eq!((outcome.value.as_deref(), outcome.stale.len()), (Some("60"), 0));
}

#[test]
fn a_cell_is_not_stale_by_what_it_defines_itself() {
    let mut host = host();
    run(&mut host, "a", "let x = 1");
    assert!(run(&mut host, "b", "let x = x + 1").stale.is_empty());
    assert_eq!(value(&mut host, "c", "x"), "2");
    // The cell reads what its run before has defined.
    assert_eq!(run(&mut host, "b", "let x = x + 1").stale, ["c"]);
    assert_eq!(value(&mut host, "c", "x"), "3");
}

#[test]
fn a_struct_defined_again_as_it_was_makes_nothing_stale() {
    let mut host = host();
    run(&mut host, "a", "struct Point { x: Int }");
    run(&mut host, "b", "let p = Point { x: 1 }");
    assert!(run(&mut host, "a", "struct Point { x: Int }\n// and nothing else").stale.is_empty());
    assert_eq!(value(&mut host, "c", "p == Point { x: 1 }"), "true");
    assert_eq!(run(&mut host, "a", "struct Point { x: Int, y: Int }").stale, ["b", "c"]);
    // As it was before, so `b` and `c` would find what they have found.
    assert!(run(&mut host, "a", "struct Point { x: Int }").stale.is_empty());
}

#[test]
fn names_that_a_cell_defines_no_more_vanish() {
    let mut host = host();
    run(&mut host, "a", "let x = 1\nlet y = 2");
    run(&mut host, "b", "x + y");
    assert_eq!(run(&mut host, "a", "let y = 2").stale, ["b"]);
    let failure = failure(&mut host, "b", "x + y");
    assert_eq!((failure.kind, failure.line, failure.column), (FailureKind::Compile, 1, 1));
    let names: Vec<_> = host.names().into_iter().map(|name| name.name).collect();
    assert_eq!(names, ["y"]);
    assert_eq!(host.remove("a"), ["b"]);
    assert!(host.names().is_empty());
}

#[test]
fn a_failed_run_defines_nothing_and_keeps_what_the_run_before_has_defined() {
    let mut host = host();
    run(&mut host, "a", "let x = 1\nlet list = [1]");
    assert_eq!(failure(&mut host, "a", "let x = 2\nlist.push(2)\nlet z = [1][3]").kind, FailureKind::Trap);
    assert_eq!(value(&mut host, "b", "(x, list)"), "(1, [1, 2])");
    assert_eq!(failure(&mut host, "a", "let x =").kind, FailureKind::Compile);
    assert_eq!(value(&mut host, "b", "(x, list)"), "(1, [1, 2])");
}

#[test]
fn a_closure_of_a_failed_cell_lives_on_where_it_was_left() {
    let mut host = host();
    run(&mut host, "a", "let tasks: [fun() -> Int] = []");
    failure(&mut host, "b", "let n = 20\ntasks.push(|| n + 1)\nassert(false)");
    host.compact().expect("there is memory");
    assert_eq!(value(&mut host, "c", "tasks[0]()"), "21");
}

#[test]
fn unchanged_cells_come_from_the_cache() {
    let mut host = host();
    assert!(!run(&mut host, "a", "let x = 1").performance.cached);
    assert!(!run(&mut host, "b", "x + 1").performance.cached);
    let again = run(&mut host, "b", "x + 1");
    assert!(again.performance.cached);
    assert_eq!((again.performance.parse_ms, again.value.as_deref()), (0.0, Some("2")));
    // Another value of the same type, and the same source in another cell.
    run(&mut host, "a", "let x = 41");
    let other = run(&mut host, "c", "x + 1");
    assert!(other.performance.cached);
    assert_eq!(other.value.as_deref(), Some("42"));
    // Another type.
    run(&mut host, "a", "let x = 1.5");
    assert_eq!(failure(&mut host, "b", "x + 1").kind, FailureKind::Compile);
    run(&mut host, "a", "let x = 2");
    assert!(run(&mut host, "b", "x + 1").performance.cached);
    // A name of the language that is hidden is another name.
    assert!(!run(&mut host, "d", "abs_of(1)\nfun abs_of(n: Int) -> Int { n }").performance.cached);
    host.reset().expect("there is memory");
    run(&mut host, "a", "let x = 1");
    assert!(!run(&mut host, "b", "x + 1").performance.cached);
}

#[test]
fn restart_forgets_names() {
    let mut host = host();
    run(&mut host, "a", "let x = 1");
    host.restart().expect("there is memory");
    assert!(host.names().is_empty());
    assert_eq!(failure(&mut host, "b", "x").kind, FailureKind::Compile);
    assert!(run(&mut host, "a", "let x = 1").performance.cached);
    assert_eq!(value(&mut host, "b", "x"), "1");
}

#[test]
fn names_are_listed_with_types_and_cells() {
    let mut host = host();
    run(&mut host, "a", "let x = 1\nlet mut y = [1.5]");
    run(&mut host, "b", "fun f(s: String) -> Int { s.len() + x }");
    run(&mut host, "a", "let x = 2\nlet mut y = [1.5]");
    let names = host.names();
    let names: Vec<_> =
        names.iter().map(|name| (&*name.name, name.kind, &*name.ty, &*name.cell, name.stale)).collect();
    assert_eq!(
        names,
        [
            ("f", "function", "fun(String) -> Int", "b", true),
            ("x", "value", "Int", "a", false),
            ("y", "variable", "[Float]", "a", false),
        ]
    );
}

#[test]
fn outcomes_have_one_form_as_json() {
    let mut host = host();
    let json: serde_json::Value =
        serde_json::from_str(&run(&mut host, "a", "let x = 1\nx").to_json()).expect("it is JSON");
    assert_eq!(json["value"], "1");
    assert_eq!(json["type"], "Int");
    assert_eq!(json["error"], serde_json::Value::Null);
    assert_eq!(json["defined"], serde_json::json!([{"name": "x", "type": "Int"}]));
    assert!(json["performance"]["total_ms"].as_f64() > Some(0.0));
    let json: serde_json::Value =
        serde_json::from_str(&host.execute("b", "x +\n\"a\"").to_json()).expect("it is JSON");
    assert_eq!(json["error"]["kind"], "compile");
    let diagnostic = &json["error"]["diagnostics"][0];
    assert_eq!(diagnostic["severity"], "error");
    assert!(diagnostic["end"].as_u64() > diagnostic["start"].as_u64());
}
