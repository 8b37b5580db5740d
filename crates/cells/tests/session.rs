//! Sessions without a host: what is prepared and committed as if it had been run.

use std::rc::Rc;

use upshift_cells::session::{Committed, Session, Tools};

const TOOLS: Tools = Tools { clock: || 0, read_float: |digits| digits.parse().unwrap_or(f64::NAN) };

fn run(session: &mut Session, cell: &str, source: &str) -> Committed {
    let step = session
        .prepare(cell, source)
        .unwrap_or_else(|rejected| panic!("{source}: {:?}", rejected.diagnostics));
    session.commit(&step)
}

fn names(session: &Session) -> Vec<(Rc<str>, String, Rc<str>)> {
    session.names().into_iter().map(|name| (name.name, name.ty, name.cell)).collect()
}

/// A session with instances of all kinds.
fn varied() -> Session {
    let mut session = Session::new(TOOLS);
    run(
        &mut session,
        "a",
        "struct Node { value: Int, next: [Node], f: fun(Node) -> (Int, Float) }\nstruct P { x: Int }",
    );
    run(&mut session, "b", "let p = P { x: 1 }\nlet mut list: [Node] = []\nlet t = (p, [true], \"x\")");
    run(&mut session, "c", "fun total() -> Int { p.x + list.len() }\nlet add = |n: Int| n + total()");
    run(&mut session, "d", "total() + add(1)");
    run(&mut session, "b", "let p = 5\nlet mut list: [Node] = []\nlet t = (p, [true], \"x\")");
    session
}

#[test]
fn a_header_has_all_of_a_session() {
    let mut first = varied();
    let header = first.header();
    let (mut second, restoration) = Session::restore(&header, TOOLS).expect("it is sound");
    assert_eq!(names(&second), names(&first));
    assert_eq!(second.stale(), first.stale());
    assert_eq!(second.header(), header);
    assert_eq!(restoration.steps.len(), 1);
    assert_eq!(&*restoration.steps[0].cell, "c");
    // Both go on in the same way.
    for (cell, source) in
        [("c", "fun total() -> Int { p }\nlet add = |n: Int| n + total()"), ("d", "total() + add(1)")]
    {
        let (ours, theirs) = (run(&mut first, cell, source), run(&mut second, cell, source));
        assert_eq!((ours.stale, ours.defined, ours.dropped), (theirs.stale, theirs.defined, theirs.dropped));
    }
    assert!(second.stale().is_empty());
}

#[test]
fn no_change_of_a_header_is_a_panic() {
    let header = varied().header();
    for at in 0..header.len() {
        for change in [1, 2, 0x10, 0x80, 0xff] {
            let mut damaged = header.clone();
            damaged[at] ^= change;
            if let Ok((mut session, _)) = Session::restore(&damaged, TOOLS) {
                // Whatever it means now, it can be written again.
                Session::restore(&session.header(), TOOLS)
                    .unwrap_or_else(|error| panic!("byte {at} ^ {change}: {error}"));
                session.compaction();
            }
        }
        assert!(Session::restore(&header[..at], TOOLS).is_err(), "{at} bytes");
    }
}

#[test]
fn a_session_takes_in_the_cells_of_another() {
    let mut session = Session::new(TOOLS);
    run(&mut session, "x", "struct P { x: Int }\nlet own = P { x: 1 }\nfun f() -> Int { own.x }");
    let first = session.next_instance();
    let other = varied();
    let restoration = session.absorb(&other.header()).expect("it is sound");
    assert!(restoration.steps.iter().all(|step| step.instance >= first));
    assert!(restoration.provides.iter().all(|(instance, _)| *instance >= first));
    assert!(restoration.imports.iter().all(|(instance, _)| *instance >= first));
    let names: Vec<_> = session.names().into_iter().map(|name| name.name.to_string()).collect();
    assert_eq!(names, ["Node", "P", "add", "f", "list", "own", "p", "t", "total"]);
    // A struct that both have is one type.
    assert!(session.check("own == P { x: 2 }").diagnostics.is_empty());
    assert!(session.check("total() + f()").diagnostics.is_empty());
    assert!(session.next_instance() > other.next_instance());
}

#[test]
fn cells_without_names_are_forgotten_at_last() {
    let mut session = Session::new(TOOLS);
    run(&mut session, "base", "let x = 1");
    for number in 0..2500 {
        run(&mut session, &format!("cell {number}"), "x + 1");
    }
    let stale = run(&mut session, "base", "let x = 2").stale;
    assert_eq!((stale.len(), &*stale[0], &*stale[1999]), (2000, "cell 500", "cell 2499"));
}

#[test]
fn the_cache_has_its_size_and_forgets_what_was_used_longest_ago() {
    let mut session = Session::with_cache(TOOLS, 16 << 10);
    let cached = |session: &mut Session, source: &str| {
        let step = session.prepare("a", source).expect("it is right");
        session.commit(&step);
        step.cached
    };
    assert!(!cached(&mut session, "1 + 1"));
    for number in 0..100 {
        assert!(!cached(&mut session, &format!("{number} * 2")));
        assert!(cached(&mut session, "1 + 1"));
    }
    assert!(!cached(&mut session, "0 * 2"));
    let mut session = Session::with_cache(TOOLS, 0);
    assert!(!cached(&mut session, "1 + 1") && !cached(&mut session, "1 + 1"));
}

/// A number of 7 bits for each byte.
fn leb(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A header with these types: version, no texts, no structs, the types, and then `rest`.
fn header_with(types: &[Vec<u8>], rest: &[u8]) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = vec![version.len() as u8];
    out.extend_from_slice(version.as_bytes());
    out.extend([0, 0]);
    leb(&mut out, types.len() as u32);
    out.extend(types.iter().flatten());
    out.extend_from_slice(rest);
    out
}

#[test]
fn types_of_a_header_have_a_depth() {
    let nested = |depth: u32| {
        let mut types = vec![vec![1]];
        for number in 0..depth {
            let mut array = vec![6];
            leb(&mut array, number);
            types.push(array);
        }
        header_with(&types, &[0, 0, 0])
    };
    assert!(Session::restore(&nested(200), TOOLS).is_ok());
    for depth in [201, 100_000] {
        assert!(Session::restore(&nested(depth), TOOLS).is_err(), "{depth}");
    }
}

#[test]
fn a_session_without_numbers_for_runs_says_so() {
    let mut session = Session::new(TOOLS);
    run(&mut session, "a", "let x = 1");
    // The header of one node: its number, the text of its cell, values, none of them.
    let mut rest = vec![1];
    leb(&mut rest, u32::MAX - 1);
    rest.extend([0, 0, 0, 0, 0]);
    let mut header = header_with(&[], &rest);
    // One text, "z".
    let at = 1 + env!("CARGO_PKG_VERSION").len();
    header.splice(at..=at, [1, 1, b'z']);
    let (mut session, _) = Session::restore(&header, TOOLS).expect("it is sound");
    let rejected = session.prepare("a", "1").expect_err("there is no number left");
    assert!(rejected.diagnostics[0].message.contains("no numbers left"), "{:?}", rejected.diagnostics);
}

#[test]
fn a_cell_that_is_taken_in_replaces_the_one_with_its_id() {
    let mut session = Session::new(TOOLS);
    run(&mut session, "b", "let ghost = 1\nlet p = 2");
    run(&mut session, "user", "ghost + 1");
    let restoration = session.absorb(&varied().header()).expect("it is sound");
    assert!(session.names().iter().all(|name| &*name.name != "ghost"), "{:?}", session.names());
    assert_eq!(restoration.dropped.len(), 1);
    assert!(session.stale().iter().any(|cell| &**cell == "user"), "{:?}", session.stale());
}

#[test]
fn what_is_only_looked_at_leaves_no_types() {
    let mut session = varied();
    let before = session.types().mark();
    let source = "struct Q { a: [[P]] }\nlet q = Q { a: [] }\nq.a";
    assert_eq!(session.check(source).value_type.as_deref(), Some("[[P]]"));
    session.complete(source, source.len() as u32);
    session.inspect(source, source.len() as u32);
    session.prepare("e", "struct R { q: [[[Int]]] }\nnothing").expect_err("it is wrong");
    let mut header = varied().header();
    header.pop();
    session.absorb(&header).expect_err("it is damaged");
    assert_eq!(session.types().mark(), before);
    assert!(session.check("total()").diagnostics.is_empty());
}

#[test]
fn a_step_that_is_not_run_leaves_nothing() {
    let mut session = varied();
    let live = session.live_instances();
    let step = session.prepare("e", "let f = |n: Int| n").expect("it is right");
    session.discard(step);
    assert_eq!(session.live_instances(), live);
}
