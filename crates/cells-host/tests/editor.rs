//! What editors ask: completion, what a name is, what is wrong.

mod support;

use support::{host, run};
use upshift_cells_host::{Completions, Host};

/// Asks at the `^`, which is no part of the source.
fn complete(host: &mut Host, source: &str) -> Completions {
    let at = source.find('^').expect("the source has a mark");
    host.complete(&source.replace('^', ""), at as u32)
}

fn labels(completions: &Completions) -> Vec<&str> {
    completions.items.iter().map(|item| item.label.as_str()).collect()
}

fn inspect(host: &mut Host, source: &str) -> Option<String> {
    let at = source.find('^').expect("the source has a mark");
    host.inspect(&source.replace('^', ""), at as u32).map(|inspection| inspection.text)
}

#[test]
fn names_of_this_cell_of_others_and_of_the_language_complete() {
    let mut host = host();
    run(
        &mut host,
        "a",
        "let price = 1.5\nfun print_all(list: [Int]) { print(list) }\nstruct Pair { a: Int, b: Int }",
    );
    let found = complete(&mut host, "let premium = 2\nfun f(present: Int) -> Int { pr^ }\n");
    assert_eq!((found.start, found.end), (45, 47));
    let list = labels(&found);
    for label in ["present", "premium", "price", "print_all", "print"] {
        assert!(list.contains(&label), "{label} in {list:?}");
    }
    assert!(!list.contains(&"Pair"));
    let price = found.items.iter().find(|item| item.label == "price").expect("it is there");
    assert_eq!((price.kind, price.detail.as_str()), ("value", "Float"));
    let print = found.items.iter().find(|item| item.label == "print").expect("it is there");
    assert!(print.detail.starts_with("print(") && !print.doc.is_empty());
    assert_eq!(labels(&complete(&mut host, "Pa^")), ["Pair"]);
    assert!(labels(&complete(&mut host, "^")).contains(&"while"));
    assert!(labels(&complete(&mut host, "let x: Str^")).contains(&"String"));
}

#[test]
fn what_is_out_of_scope_does_not_complete() {
    let mut host = host();
    let found = complete(&mut host, "fun f(inner: Int) -> Int { inner }\nin^");
    assert!(!labels(&found).contains(&"inner"), "{:?}", labels(&found));
}

#[test]
fn nothing_completes_in_texts_and_comments() {
    let mut host = host();
    for source in ["\"pri^nt\"", "\"pri^", "// pri^", "1 // pri^nt\n2", "/* pri^ */ 1", "/* pri^"] {
        assert!(complete(&mut host, source).items.is_empty(), "{source}");
    }
    for source in ["\"{pri^}\"", "\"\" + pri^", "/* */pri^", "// x\npri^"] {
        assert_eq!(labels(&complete(&mut host, source)), ["print"], "{source}");
    }
}

#[test]
fn members_complete_by_the_type_of_the_value() {
    let mut host = host();
    run(&mut host, "a", "struct Point { x: Int, y: Float }\nlet p = Point { x: 1, y: 2.0 }\nlet list = [p]");
    assert_eq!(labels(&complete(&mut host, "p.^"))[..2], ["x", "y"]);
    let found = complete(&mut host, "list.pu^");
    assert_eq!(labels(&found), ["push"]);
    assert_eq!((found.start, found.end, found.items[0].kind), (5, 7, "method"));
    assert_eq!(labels(&complete(&mut host, "list[0].^"))[..2], ["x", "y"]);
    assert!(labels(&complete(&mut host, "\"text\".to_up^")).contains(&"to_upper"));
    assert!(labels(&complete(&mut host, "let s = [1, 2]\nfun f() {\n    s.so^\n}")).contains(&"sort"));
    assert!(labels(&complete(&mut host, "1.5.fl^ + 2")).contains(&"floor"));
    assert!(labels(&complete(&mut host, "1.to_fl^")).contains(&"to_float"));
    // The beginning of a number.
    assert!(complete(&mut host, "1.^").items.is_empty());
    assert!(complete(&mut host, "nobody.^").items.is_empty());
    assert!(!labels(&complete(&mut host, "for i in 0..li^")).is_empty());
}

#[test]
fn names_say_what_they_are() {
    let mut host = host();
    run(
        &mut host,
        "a",
        "let mut count = 1\nfun area(w: Int, h: Int) -> Int { w * h }\nstruct Point { x: Int }",
    );
    let text = |text: Option<String>| text.expect("there is something");
    assert!(text(inspect(&mut host, "co^unt + 1")).contains("let mut count: Int"));
    assert!(text(inspect(&mut host, "area^(1, 2)")).contains("fun area(Int, Int) -> Int"));
    assert!(text(inspect(&mut host, "let p: ^Point = Point { x: 1 }")).contains("struct Point { x: Int }"));
    assert!(text(inspect(&mut host, "[1].^push(2)")).contains("Adds an element at the end."));
    assert!(text(inspect(&mut host, "pri^nt(1)")).contains("ends the line"));
    assert!(text(inspect(&mut host, "let near = 1.5\nnear^")).contains("near: Float"));
    assert_eq!(inspect(&mut host, "^"), None);
}

#[test]
fn checking_runs_nothing() {
    let mut host = host();
    run(&mut host, "a", "let list = [1]");
    let checked = host.check("list.push(2)\nlist");
    assert_eq!((checked.diagnostics.len(), checked.ty.as_deref()), (0, Some("[Int]")));
    assert_eq!(run(&mut host, "b", "list.len()").value.as_deref(), Some("1"));
    let checked = host.check("let x = list + 1\ny");
    assert!(
        checked.diagnostics.iter().any(|diagnostic| (diagnostic.line, diagnostic.severity) == (2, "error"))
    );
    assert_eq!(checked.ty, None);
}

#[test]
fn any_offset_of_any_source_has_an_answer() {
    let mut host = host();
    run(&mut host, "a", "let list = [1]");
    let sources = [
        "list.map(|x| x.",
        "fun f(a: Int",
        "\"{li",
        "let ü = list. ",
        "match list { _ => ",
        "// x",
        "struct P { x: ",
        "a.b.c.d",
        "🦀.x",
    ];
    for source in sources {
        for offset in 0..=source.len() as u32 + 2 {
            let found = host.complete(source, offset);
            assert!(found.start <= found.end && found.end as usize <= source.len(), "{source:?} at {offset}");
            assert!(
                source.is_char_boundary(found.start as usize) && source.is_char_boundary(found.end as usize)
            );
            host.inspect(source, offset);
        }
        host.check(source);
    }
}
