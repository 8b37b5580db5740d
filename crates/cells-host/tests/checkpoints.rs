//! Checkpoints into a new host, and into a fresh store: whatever can be reached is as it was, and shared as it was.

mod support;

use support::{failure, host, run, value};
use upshift_cells_host::{FailureKind, Host};

/// A host with what a checkpoint of this one has.
fn reopened(old: &mut Host) -> Host {
    let checkpoint = old.checkpoint().expect("there is memory");
    let mut new = host();
    new.restore(&checkpoint).unwrap_or_else(|error| panic!("{error}"));
    new
}

/// Runs cells, and then others on the host, on a host with its checkpoint, on one with that one's, and on the first in a fresh store; what
/// they print has to be the same. The others may change nothing.
fn same_after_restoring(cells: &[&str], questions: &str) {
    let mut first = host();
    for (number, source) in cells.iter().enumerate() {
        run(&mut first, &format!("c{number}"), source);
    }
    let expected = run(&mut first, "q", questions).output;
    assert!(!expected.is_empty());
    let mut second = reopened(&mut first);
    assert_eq!(run(&mut second, "q", questions).output, expected, "restored");
    let mut third = reopened(&mut second);
    assert_eq!(run(&mut third, "q", questions).output, expected, "restored twice");
    first.compact().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(run(&mut first, "q", questions).output, expected, "in a fresh store");
    first.compact().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(run(&mut first, "q", questions).output, expected, "in another one");
}

#[test]
fn values_of_all_types_come_back() {
    same_after_restoring(
        &[
            "let i = -9223372036854775807\nlet f = 0.1\nlet n = nan\nlet yes = true\nlet s = \"grün\\n\"\nlet empty = \"\"",
            "let a = [1, 2, 3]\nlet nested = [[1.5], []]\nlet none: [String] = []\nlet t = (1, \"x\", (true, [2]))",
            "struct Point { x: Int, y: Float }\nlet p = Point { x: 1, y: 2.5 }\nlet points = [p, Point { x: 3, y: 4.0 }]",
            "let bools = [true, false]\nlet unit = ()",
        ],
        "print(i, f, n, yes, s, empty, a, nested, none, t, p, points, bools)\nprint(points[0] == p)",
    );
}

#[test]
fn objects_that_names_share_stay_shared() {
    let mut first = host();
    run(&mut first, "a", "let list = [1]\nlet same = list\nlet other = [1]");
    run(
        &mut first,
        "b",
        "struct Box { items: [Int] }\nlet held = Box { items: list }\nlet both = (held, held)",
    );
    let mut second = reopened(&mut first);
    run(&mut second, "c", "same.push(2)\nboth.0.items.push(3)");
    assert_eq!(value(&mut second, "d", "(list, held.items, other)"), "([1, 2, 3], [1, 2, 3], [1])");
    run(&mut second, "c", "both.1.items = [9]");
    assert_eq!(value(&mut second, "d", "(both.0.items, list)"), "([9], [1, 2, 3])");
    // The host that was saved has not seen any of that.
    assert_eq!(value(&mut first, "d", "(list, held.items)"), "([1], [1])");
}

#[test]
fn structs_that_hold_themselves_come_back() {
    same_after_restoring(
        &[
            "struct Node { value: Int, next: [Node] }",
            "let tail = Node { value: 2, next: [] }\nlet list = Node { value: 1, next: [tail] }\ntail.next.push(list)",
        ],
        "print(list.next[0].value, list.next[0].next[0].value, list.next[0].next[0].next[0].value)",
    );
}

#[test]
fn functions_and_variables_come_back() {
    same_after_restoring(
        &[
            "let mut count = 10\nlet step = 2",
            "fun add(n: Int) -> Int { count + n * step }",
            "fun twice(n: Int) -> Int { add(add(n)) }\ncount = 3",
        ],
        "print(add(1), twice(1), count)",
    );
}

#[test]
fn closures_come_back_with_what_they_have_captured() {
    let mut first = host();
    run(
        &mut first,
        "a",
        "fun counter(start: Int) -> fun() -> Int {\n    let mut n = start\n    || { n += 1; n }\n}",
    );
    run(&mut first, "b", "let next = counter(10)\nlet other = next\nlet pair = (next, counter(100))");
    assert_eq!(value(&mut first, "c", "next() + other()"), "23");
    let mut second = reopened(&mut first);
    // One variable behind all three.
    assert_eq!(value(&mut second, "c", "(next(), other(), (pair.0)(), (pair.1)())"), "(13, 14, 15, 101)");
    assert_eq!(value(&mut first, "c", "next()"), "13");
    first.compact().expect("there is memory");
    assert_eq!(value(&mut first, "c", "(other(), next())"), "(14, 15)");
}

#[test]
fn two_closures_share_their_variable_after_restoring() {
    let mut first = host();
    run(
        &mut first,
        "a",
        "fun cell(start: Int) -> (fun() -> Int, fun(Int) -> ()) {\n    let mut n = start\n    (|| n, |to: Int| { n = to })\n}\nlet (get, set) = cell(5)",
    );
    let mut second = reopened(&mut first);
    assert_eq!(value(&mut second, "b", "set(8)\nget()"), "8");
    assert_eq!(value(&mut first, "b", "get()"), "5");
}

#[test]
fn functions_keep_what_was_defined_when_they_were() {
    let mut first = host();
    run(&mut first, "a", "let mut rate = 2\nfun charge(n: Int) -> Int { n * rate }");
    run(&mut first, "b", "fun total(n: Int) -> Int { charge(n) + rate }");
    run(&mut first, "a", "fun charge(n: Int) -> String { \"free\" }\nlet rate = 1.5");
    assert_eq!(value(&mut first, "c", "(total(10), charge(10), rate)"), "(22, \"free\", 1.5)");
    let mut second = reopened(&mut first);
    assert_eq!(value(&mut second, "c", "(total(10), charge(10), rate)"), "(22, \"free\", 1.5)");
    let stale: Vec<_> = second.names().into_iter().filter(|name| name.stale).map(|name| name.name).collect();
    assert_eq!(stale, ["total"]);
    first.compact().expect("there is memory");
    assert_eq!(value(&mut first, "c", "(total(10), charge(10), rate)"), "(22, \"free\", 1.5)");
}

#[test]
fn closures_in_objects_keep_their_cells_alive_even_if_nothing_names_them() {
    let mut host = host();
    run(&mut host, "tasks", "let tasks: [fun(Int) -> Int] = []");
    for number in 0..5 {
        // The same cell again and again: the names of the runs before are gone, but not what the closures use.
        run(
            &mut host,
            "add",
            &format!("let mut base = {number}\nlet task = |n: Int| {{ base += n; base }}\ntasks.push(task)"),
        );
    }
    host.compact().expect("there is memory");
    let mut other = reopened(&mut host);
    for host in [&mut host, &mut other] {
        let question = "[tasks[0](1), tasks[1](1), tasks[2](1), tasks[3](1), tasks[4](1), tasks[4](1)]";
        assert_eq!(value(host, "q", question), "[1, 2, 3, 4, 5, 6]");
    }
    // The ones in the array are the tasks of dead names; without the array nothing holds them.
    let before = host.live_instances();
    run(&mut host, "clear", "tasks.clear()");
    host.compact().expect("there is memory");
    assert!(host.live_instances() + 3 < before, "{} of {before}", host.live_instances());
    assert_eq!(value(&mut host, "q", "task(1)"), "7");
}

#[test]
fn globals_that_hide_each_other_are_both_kept() {
    same_after_restoring(
        &[
            "let x = 1\nfun first() -> Int { 5 }\nlet get = || x\nlet x = \"two\"\nfun second() -> String { x }",
        ],
        "print(get(), second(), x)",
    );
}

#[test]
fn structs_of_the_same_name_are_told_apart() {
    let mut first = host();
    run(&mut first, "a", "struct P { x: Int }\nlet old = P { x: 1 }\nfun show(p: P) -> Int { p.x }");
    run(&mut first, "b", "struct P { x: Int, y: Int }\nlet new = P { x: 2, y: 3 }");
    let mut second = reopened(&mut first);
    assert_eq!(value(&mut second, "c", "(old, new, show(old))"), "(P { x: 1 }, P { x: 2, y: 3 }, 1)");
    assert_eq!(value(&mut second, "d", "new == P { x: 2, y: 3 }"), "true");
    assert_eq!(failure(&mut second, "e", "old == P { x: 1, y: 1 }").kind, FailureKind::Compile);
}

#[test]
fn restored_cells_are_stale_as_they_were_and_become_it() {
    let mut first = host();
    run(&mut first, "a", "let x = 1");
    run(&mut first, "b", "let y = x");
    run(&mut first, "c", "y + x");
    run(&mut first, "a", "let x = 2");
    let mut second = reopened(&mut first);
    assert_eq!(run(&mut second, "d", "1").stale, ["b", "c"]);
    assert_eq!(run(&mut second, "b", "let y = x").stale, ["c"]);
    assert!(run(&mut second, "c", "y + x").stale.is_empty());
    assert_eq!(run(&mut second, "a", "let x = 3").stale, ["b", "c"]);
}

#[test]
fn failures_in_restored_functions_have_their_lines() {
    let mut first = host();
    run(&mut first, "a", "let limit = 3\n\nfun check(n: Int) {\n    assert(n < limit)\n}");
    let mut second = reopened(&mut first);
    let failure = failure(&mut second, "b", "check(5)");
    assert_eq!((failure.line, &*failure.message), (4, "the assertion does not hold"));
    assert_eq!(failure.traceback.len(), 2);
    assert_eq!((&*failure.traceback[0].cell, failure.traceback[0].function.as_deref()), ("a", Some("check")));
}

#[test]
fn a_long_list_is_saved_without_recursion() {
    let mut first = host();
    run(
        &mut first,
        "a",
        "struct Node { value: Int, next: [Node] }\nlet mut list = Node { value: 0, next: [] }\nfor i in 1..100000 {\n    list = Node { value: i, next: [list] }\n}",
    );
    let mut second = reopened(&mut first);
    let question =
        "let mut n = 0\nlet mut at = list\nwhile !at.next.is_empty() { n += at.value; at = at.next[0] }\nn";
    assert_eq!(value(&mut second, "b", question), "4999950000");
}

#[test]
fn a_checkpoint_replaces_whatever_was_there() {
    let mut first = host();
    run(&mut first, "a", "let x = 1");
    let checkpoint = first.checkpoint().expect("there is memory");
    let mut second = host();
    run(&mut second, "a", "let x = \"other\"\nlet y = 2");
    second.restore(&checkpoint).expect("it is what the other host has saved");
    assert_eq!(value(&mut second, "b", "x"), "1");
    assert_eq!(failure(&mut second, "b", "y").kind, FailureKind::Compile);
    second
        .restore(&host().checkpoint().expect("there is memory"))
        .expect("a session without cells is one too");
    assert!(second.names().is_empty());
}

#[test]
fn damaged_checkpoints_are_refused_and_change_nothing() {
    let mut first = host();
    run(&mut first, "a", "struct P { x: Int, l: [P] }\nlet p = P { x: 1, l: [] }\nlet f = |n: Int| n + p.x");
    let checkpoint = first.checkpoint().expect("there is memory");
    let mut second = host();
    run(&mut second, "a", "let kept = 1");
    for at in 0..checkpoint.len() {
        for change in [1, 0x80, 0xff] {
            let mut damaged = checkpoint.clone();
            damaged[at] ^= change;
            assert!(second.restore(&damaged).is_err(), "byte {at}");
        }
        assert!(second.restore(&checkpoint[..at]).is_err(), "{at} bytes");
    }
    assert_eq!(value(&mut second, "b", "kept"), "1");
    second.restore(&checkpoint).expect("this one is sound");
    assert_eq!(value(&mut second, "b", "f(1)"), "2");
}

#[test]
fn checkpoints_with_a_right_checksum_and_wrong_content_do_no_harm() {
    use upshift_cells::session::{pack, unpack};

    let mut first = host();
    run(
        &mut first,
        "a",
        "struct P { x: Int, l: [P] }\nlet mut p = P { x: 1, l: [] }\np.l.push(p)\nlet text = \"abc\"",
    );
    run(&mut first, "b", "let f = |n: Int| n + p.x\nlet list = [f, f]\nfun g(n: Int) -> Int { list[0](n) }");
    let checkpoint = first.checkpoint().expect("there is memory");
    let (header, data) = unpack(&checkpoint).expect("it is sound");
    let mut second = host();
    let mut accepted = 0;
    for at in 0..header.len() + data.len() {
        for change in [1, 0x80, 0xff] {
            let (mut header, mut data) = (header.to_vec(), data.to_vec());
            match header.get_mut(at) {
                Some(byte) => *byte ^= change,
                None => data[at - header.len()] ^= change,
            }
            if second.restore(&pack(&header, &data)).is_ok() {
                accepted += 1;
                // Whatever it is now, it runs or says why not.
                let outcome = second.execute("q", "print(p.x, text, g(1))");
                let kind = outcome.error.map(|failure| failure.kind);
                assert_ne!(kind, Some(FailureKind::Internal), "byte {at} ^ {change}");
            }
        }
    }
    assert!(accepted > 0, "a number of the data is another number then");
    for end in 0..data.len() {
        // What is left may be whole by chance, but not without the mark behind the values.
        let whole = data[..end].windows(4).any(|bytes| bytes == [0xff; 4]);
        assert!(second.restore(&pack(header, &data[..end])).is_err() || whole, "{end} bytes");
    }
}

#[test]
fn closures_of_one_type_with_other_captures_come_back() {
    let made = ["mk1(\"hello\")", "mk2(true)", "mk3(2.0)"];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let makers = [
            "fn mk1(s: String) -> fn(Int) -> Int { |n: Int| n + s.len() }",
            "fn mk2(b: Bool) -> fn(Int) -> Int { |n: Int| if b { n * 2 } else { n } }",
            "fn mk3(f: Float) -> fn(Int) -> Int { |n: Int| n + f.to_int() * 100 }",
        ];
        let [a, b, c] = order;
        let all = format!("let all = [{}, {}, {}]", made[a], made[b], made[c]);
        same_after_restoring(
            &[makers[a], makers[b], makers[c], &all],
            "print(all[0](7), all[1](7), all[2](7))",
        );
        // In one cell, and in the order of the text.
        let cell = format!("{}\n{}\n{}\n{all}", makers[a], makers[b], makers[c]);
        same_after_restoring(&[&cell], "print(all[0](7), all[1](7), all[2](7))");
    }
}
