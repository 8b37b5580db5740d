//! Failures: kind, line, functions that were active; and that the session goes on afterwards.

mod support;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use support::{failure, host, run, value};
use upshift_cells_host::{FailureKind, Frame, Host, Options};

fn frame(cell: &str, function: Option<&str>, line: u32) -> (String, Option<String>, u32) {
    (cell.into(), function.map(str::to_string), line)
}

fn frames(list: &[Frame]) -> Vec<(String, Option<String>, u32)> {
    list.iter().map(|at| (at.cell.clone(), at.function.clone(), at.line)).collect()
}

#[test]
fn every_failure_says_what_and_where() {
    let cases = [
        ("let a = [1, 2]\n\na[2]", 3, "index 2 is out of bounds: the length is 2"),
        ("let n = 0\n1 / n", 2, "division by zero"),
        ("let n = 9223372036854775807\nn + 1", 2, "integer overflow: the result is outside the range of Int"),
        ("\n\nassert(1 > 2)", 3, "the assertion does not hold"),
        ("panic(\"no {1 + 1} {{a}\")", 1, ""),
        ("let a: [Int] = []\na.pop()", 2, "the array is empty"),
    ];
    let mut host = host();
    for (source, line, message) in cases {
        let Some(failure) = host.execute("a", source).error else { panic!("{source:?} did not fail") };
        if failure.kind == FailureKind::Compile {
            assert!(message.is_empty(), "{}", failure.rendered);
            continue;
        }
        assert_eq!(
            (failure.kind, failure.line, &*failure.message),
            (FailureKind::Trap, line, message),
            "{source:?}"
        );
        assert_eq!(frames(&failure.traceback), [frame("a", None, line)], "{source:?}");
        assert!(failure.rendered.contains(message), "{}", failure.rendered);
        assert_eq!(value(&mut host, "b", "1 + 1"), "2");
    }
}

#[test]
fn messages_of_programs_are_taken_as_they_are() {
    let mut host = host();
    let short = failure(&mut host, "a", "let x = 7\npanic(\"no \\{a} for {x}\")");
    assert_eq!(short.message, "no {a} for 7");
    let long = failure(&mut host, "a", "panic(\"ä\".repeat(1000000))");
    assert!(long.message.ends_with("ä…") && long.message.len() < 10_010, "{} bytes", long.message.len());
}

#[test]
fn failures_in_functions_of_other_cells_have_the_line_there() {
    let mut host = host();
    run(&mut host, "tools", "// Comment.\nfun at(list: [Int], i: Int) -> Int {\n    list[i]\n}");
    run(&mut host, "more", "fun last(list: [Int]) -> Int {\n    let n = list.len()\n    at(list, n)\n}");
    let failure = failure(&mut host, "main", "let list = [1, 2, 3]\n\n\nlast(list)");
    assert_eq!((failure.kind, failure.line, failure.column), (FailureKind::Trap, 3, 5));
    assert_eq!(
        frames(&failure.traceback),
        [frame("tools", Some("at"), 3), frame("more", Some("last"), 3), frame("main", None, 4)]
    );
    assert!(failure.rendered.contains("list[i]"), "{}", failure.rendered);
}

#[test]
fn closures_are_frames_too() {
    let mut host = host();
    run(&mut host, "a", "let half = |n: Int| {\n    100 / n\n}");
    let failure = failure(&mut host, "b", "[2, 1, 0].map(half)");
    assert_eq!((failure.line, &*failure.message), (2, "division by zero"));
    let list = frames(&failure.traceback);
    assert_eq!((list.first(), list.last()), (Some(&frame("a", Some("half"), 2)), Some(&frame("b", None, 1))));
}

#[test]
fn frames_are_of_their_own_cell_though_another_has_the_same_source() {
    let mut host = host();
    run(&mut host, "list", "let tasks: [fun(Int) -> Int] = []");
    run(&mut host, "a", "tasks.push(|n| {\n    100 / n\n})");
    run(&mut host, "b", "tasks.push(|n| {\n    100 / n\n})");
    for (call, cell) in [("tasks[0](0)", "a"), ("tasks[1](0)", "b")] {
        let failure = failure(&mut host, "main", call);
        assert_eq!(failure.traceback.first().map(|frame| &*frame.cell), Some(cell), "{call}");
    }
}

#[test]
fn deep_recursion_ends_with_its_line() {
    let mut host = host();
    let failure = failure(&mut host, "a", "fun down(n: Int) -> Int {\n    1 + down(n + 1)\n}\ndown(0)");
    assert_eq!(
        (failure.kind, &*failure.message, failure.line),
        (FailureKind::Trap, "the recursion is too deep", 2)
    );
    assert_eq!(frames(&failure.traceback).last(), Some(&frame("a", None, 4)));
    assert!(failure.rendered.lines().count() < 12, "{}", failure.rendered);
    assert_eq!(value(&mut host, "b", "2"), "2");
}

#[test]
fn fuel_ends_a_cell_and_each_cell_has_its_own() {
    let mut host =
        Host::new(Options { fuel: Some(1_000_000), ..Options::default() }).expect("there is memory");
    for _ in 0..3 {
        let failure = failure(&mut host, "a", "let mut n = 0\nloop {\n    n += 1\n}");
        assert_eq!(
            (failure.kind, &*failure.message),
            (FailureKind::Limit, "the cell has used up its fuel (the limit is 1000000 units)")
        );
        assert!((2..=4).contains(&failure.line), "{}", failure.line);
        assert_eq!(value(&mut host, "b", "let mut n = 0\nfor i in 0..1000 { n += i }\nn"), "499500");
    }
    host.checkpoint().expect("it needs none of the cells' fuel");
}

#[test]
fn time_ends_a_cell() {
    // Long enough for a short cell on a machine that is busy with other tests.
    let time = Some(Duration::from_secs(1));
    let mut host = Host::new(Options { time, ..Options::default() }).expect("there is memory");
    for _ in 0..2 {
        let failure = failure(&mut host, "a", "loop { }");
        assert_eq!(
            (failure.kind, &*failure.message),
            (FailureKind::Limit, "the cell takes longer than it may (the limit is 1s)")
        );
        assert_eq!(value(&mut host, "b", "1"), "1");
    }
}

#[test]
fn memory_ends_a_cell_and_what_others_have_stays() {
    let mut host =
        Host::new(Options { memory: Some(16 << 20), ..Options::default() }).expect("there is memory");
    run(&mut host, "a", "let kept = [7; 100000]");
    for _ in 0..3 {
        let failure = failure(&mut host, "b", "let list = [0]\nloop {\n    list.push(1)\n}");
        assert_eq!(
            (failure.kind, &*failure.message),
            (FailureKind::Limit, "the cell needs more memory than it may have (the limit is 16 MiB)")
        );
        assert_eq!(value(&mut host, "c", "kept.sum()"), "700000");
    }
    assert_eq!(failure(&mut host, "b", "[0; 100000000].len()").kind, FailureKind::Limit);
}

#[test]
fn output_ends_a_cell_with_what_fits() {
    let mut host = Host::new(Options { output: 10, ..Options::default() }).expect("there is memory");
    let outcome = host.execute("a", "loop { print(\"äöü\") }");
    let failure = outcome.error.expect("it prints too much");
    assert_eq!((failure.kind, failure.line), (FailureKind::Limit, 1));
    assert_eq!(outcome.output, "äöü\nä");
    assert_eq!(run(&mut host, "b", "print(1)").output, "1\n");
}

#[test]
fn what_ends_within_print_leaves_no_mark_on_later_cells() {
    let mut host = Host::new(Options { output: 10, ..Options::default() }).expect("there is memory");
    let long = "fun long(n: Int) -> String { \"{\"x\".repeat(9000)}{n}\" }\nfun say(n: Int) { print(n) }";
    run(&mut host, "lib", long);
    for next in [
        "let s = long(1)",
        "let s = [\"x\".repeat(9000), \"1\"].join(\"\")",
        "let s = \"X\".repeat(9001).to_lower()",
    ] {
        assert_eq!(failure(&mut host, "a", "loop { print(\"äöü\") }").kind, FailureKind::Limit);
        assert_eq!(run(&mut host, "b", next).output, "", "{next}");
        assert_eq!(value(&mut host, "c", "s.len()"), "9001", "{next}");
        assert_eq!(failure(&mut host, "a", "loop { print(\"äöü\") }").kind, FailureKind::Limit);
        assert_eq!(run(&mut host, "d", "say(7)").output, "7\n", "{next}");
    }
}

#[test]
fn another_thread_cancels_and_no_cell_slips_through() {
    let mut host = host();
    run(&mut host, "a", "let mut n = 0");
    let canceller = host.canceller();
    let (sender, receiver) = mpsc::channel();
    let other = thread::spawn(move || {
        receiver.recv().expect("the cell prints");
        canceller.cancel();
    });
    let outcome = host.execute_with("b", "n += 1\nprint(n)\nloop { n += 1 }", move |_| {
        // Only the first piece is waited for.
        let _ = sender.send(());
    });
    other.join().expect("it has only waited");
    let cancelled = outcome.error.expect("it would go on for ever");
    assert_eq!((cancelled.kind, &*cancelled.message), (FailureKind::Cancelled, "the cell was cancelled"));
    // As long as nobody says otherwise, no other begins.
    assert_eq!(failure(&mut host, "c", "n = -1").kind, FailureKind::Cancelled);
    assert!(host.canceller().is_cancelled());
    host.canceller().clear();
    assert_eq!(value(&mut host, "d", "n > 0"), "true");
}

#[test]
fn damaged_sources_are_errors_and_nothing_worse() {
    let mut host = host();
    for source in ["", "\u{0}", "}", "\"", "let", "🦀", "(((((", "fun f(", "1 +", "/*", "{{{{", "\u{feff}x"]
    {
        let outcome = host.execute("a", source);
        let kind = outcome.error.map(|failure| failure.kind);
        assert!(matches!(kind, None | Some(FailureKind::Compile)), "{source:?}: {kind:?}");
    }
}
