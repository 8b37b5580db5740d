//! What is told of wrong sources: one error for each slip, where it is, and what to write instead.

use upshift_cells::source::position;
use upshift_cells::syntax::parse;

/// The errors of `source` are these: `line:column message`, and behind `|` the suggestion.
#[track_caller]
fn errors(source: &str, expected: &[&str]) {
    let found: Vec<String> = parse(source)
        .diagnostics
        .into_iter()
        .map(|diagnostic| {
            let place = position(source, diagnostic.span.start);
            let help = diagnostic.suggestion.map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{}:{} {}{help}", place.line, place.column, diagnostic.message)
        })
        .collect();
    assert_eq!(found, expected, "{source}");
}

#[test]
fn words_of_other_languages() {
    errors("var x = 1", &["1:1 there is no keyword `var` | write `let mut x`"]);
    errors(
        "const x = 1\nval y = 2",
        &["1:1 there is no keyword `const` | write `let x`", "2:1 there is no keyword `val` | write `let y`"],
    );
    for word in ["func", "def", "function"] {
        errors(
            &format!("{word} f(x) {{ x }}"),
            &[&format!("1:1 there is no keyword `{word}` | write `fun f`")],
        );
    }
    errors("if a { 1 } elif b { 2 } else { 3 }", &["1:12 there is no keyword `elif` | write `else if`"]);
    errors(
        "if a and b or not c { 1 }",
        &[
            "1:6 there is no operator `and` | write `&&`",
            "1:12 there is no operator `or` | write `||`",
            "1:15 there is no operator `not` | write `!`",
        ],
    );
    errors("class P { x: Int }", &["1:1 there is no keyword `class` | write `struct P`"]);
    errors(
        "switch x { 1 => 2, _ => 3 }",
        &["1:1 there is no keyword `switch` | write `match x { 1 => …, _ => … }`"],
    );
    errors("mut x = 1", &["1:1 expected a statement, found `mut` | write `let mut`"]);
    errors("x := 1", &["1:1 a new variable is declared with `let` | write `let x = …`"]);
    errors(
        "int x = 1",
        &[
            "1:1 expected a statement, found `int x` | write `let x = …`, or with the type behind the name, `let x: Int = …`",
        ],
    );
    // All of these are names like others.
    errors("let def = 1\nlet and = var + def\nnot(and)\nelif = switch(and)", &[]);
}

#[test]
fn operators_of_other_languages() {
    errors(
        "x++\ny--",
        &["1:2 there is no operator `++` | write `+= 1`", "2:2 there is no operator `--` | write `-= 1`"],
    );
    errors("a === b", &["1:3 there is no operator `===` | write `==`"]);
    errors("a <> b", &["1:3 there is no operator `<>` | write `!=`"]);
    errors("a ** b", &["1:3 there is no operator `**` | a power is written `x.pow(y)`"]);
    errors("c ? 1 : 2", &["1:3 there is no operator `?` | a choice is written `if a { b } else { c }`"]);
    errors(
        "x as Float",
        &["1:3 types are not converted by `as` | write `x.to_float()`, `x.to_int()` or `x.to_string()`"],
    );
    errors(
        "f(x => x)",
        &[
            "1:5 `=>` stands only in the arms of `match` | a closure is written `|x| x + 1`, a comparison `>=`",
        ],
    );
    errors("if x = 3 { 1 }", &["1:6 expected a condition, found an assignment | to compare, write `==`"]);
    errors("a < b <= c", &["1:7 comparisons do not follow each other | write `a < b && b <= c`"]);
    errors("a < b == c", &["1:7 comparisons do not follow each other | write `(a < b) == c`"]);
}

#[test]
fn what_means_something_else_here() {
    errors(
        "2 ^ 10",
        &[
            "1:3 `^` is no power: it is either or, bit by bit | a power is written `2.pow(10)`; for bits write a number as `0b10` or `0xa`",
        ],
    );
    errors("0x2 ^ 10; 3 ^ 10; x ^ 2; 2 ^ 0xff", &[]);
    errors("10 // 3", &["1:4 this is a comment | a quotient of Int is written `/`, and has no remainder"]);
    errors(
        "let a = 7\nlet b = 2\na // b",
        &["3:3 this is a comment | a quotient of Int is written `/`, and has no remainder"],
    );
    errors("10 // 3 eggs\n10 // meters\n// 3\n{ } // 3\nlet x = 1.5 // 1", &[]);
    errors(
        "let c = a if t else b",
        &[
            "1:11 expected `;` or a new line, found the keyword `if` | a choice is written `if a { b } else { c }`",
        ],
    );
    errors(
        "x > 1 && < 3",
        &["1:10 expected an expression, found `<` | a comparison has two sides: `x > 1 && x < 3`"],
    );
}

#[test]
fn quotes_and_look_alikes() {
    errors("let s = 'it'", &["1:9 a text stands between `\"`, not `'` | write \"it\""]);
    errors("let s = “it”", &["1:9 a text stands between `\"`, not `“` | write \"it\""]);
    errors(
        "a × b − 1 ≤ c",
        &[
            "1:3 unknown character `×` | write `*`",
            "1:7 unknown character `−` | write `-`",
            "1:11 unknown character `≤` | write `<=`",
        ],
    );
    errors(
        "a @ b\nlet x 3",
        &[
            "1:3 unknown character `@`",
            "2:7 expected `=` and a value, found `3` | a variable has a value from the beginning: `let x = 0`",
        ],
    );
    errors("# text\n1", &["1:1 `#` does not begin a comment | comments begin with `//`"]);
    errors(
        "print(\"abc)\nlet y = 3 +",
        &[
            "1:7 this text has no end | end it by `\"`; for a quote in a text write `\\\"`",
            "2:12 expected an expression, found the end of the cell",
        ],
    );
    errors("/* a /* b */", &["1:1 this comment has no end | end it by `*/`; each `/*` inside needs one too"]);
    errors(
        "\"\\q\\u{110000}\"",
        &[
            "1:2 unknown escape | escapes are \\n \\t \\r \\0 \\\" \\\\ \\{ \\} and \\u{1F600}; a backslash is written `\\\\`",
            "1:4 no character has this number | escapes are \\n \\t \\r \\0 \\\" \\\\ \\{ \\} and \\u{1F600}; a backslash is written `\\\\`",
        ],
    );
    errors(
        "\"{x:.2}\"",
        &["1:4 expected `}`, found `:` | use methods: `{x.fixed(2)}`, `{x.to_string().pad_left(8)}`"],
    );
}

#[test]
fn numbers() {
    let large = "this number is too large for Int, whose greatest is 9223372036854775807 | a Float, written with `.0`, may be larger";
    errors("9223372036854775807 + -9223372036854775808", &[]);
    errors("9223372036854775808", &[&format!("1:1 {large}")]);
    errors("-9223372036854775809", &[&format!("1:2 {large}")]);
    errors("0xffff_ffff_ffff_ffff", &[&format!("1:1 {large}")]);
    errors("match x { -9223372036854775808..=9223372036854775808 => 1 }", &[&format!("1:34 {large}")]);
    errors("0b12", &["1:1 `2` is no digit of a number in base 2"]);
    errors("0x", &["1:1 digits are missing behind `0x`"]);
    errors("1e999", &["1:1 this number is too large for Float | `infinity` is the number above all others"]);
    errors("1e", &["1:1 digits are missing in the exponent | write it like `1e9` or `1e-9`"]);
    errors("1.", &["1:2 digits are missing behind the point | write `1.0`"]);
    errors(
        "5L",
        &["1:1 unexpected `L` behind a number | leave it out: there is one type of whole numbers, `Int`"],
    );
}

#[test]
fn brackets() {
    errors("let a = [1, 2\nlet b = 3", &["1:14 expected `,` or `]` before the next line"]);
    errors("foo(1, 2\nbar(3)", &["1:9 expected `,` or `)` before the next line"]);
    errors("fun f() { if x { 1 }", &["1:21 expected `}`, found the end of the cell"]);
    errors("1 + 2)", &["1:6 unexpected `)`: nothing is open here"]);
    errors(
        "fun f() { 1 } }\nlet y 2",
        &[
            "1:15 unexpected `}`: nothing is open here",
            "2:7 expected `=` and a value, found `2` | a variable has a value from the beginning: `let y = 0`",
        ],
    );
    // The place that is told besides.
    let source = "fun f() {\n    if a {\n        1\n}\n";
    let related = parse(source).diagnostics[0].related.clone().expect("another place");
    assert_eq!(position(source, related.0.start).line, 2);
    let source = "f(1,\n  [2, 3)";
    let parsed = parse(source);
    assert_eq!(parsed.diagnostics.len(), 1, "{:?}", parsed.diagnostics);
}

#[test]
fn statements_and_heads() {
    errors(
        "let x = 1 let y = 2",
        &[
            "1:11 expected `;` or a new line, found the keyword `let` | write `;` between two statements on a line",
        ],
    );
    errors("print x", &["1:7 expected `;` or a new line, found `x` | a call is written `print(…)`"]);
    errors(
        "if x == 1 return 2",
        &[
            "1:11 expected `{` and the body of `if`, found the keyword `return` | bodies stand in braces: `if a { b } else { c }`",
        ],
    );
    errors(
        "for (let i = 0; i < 9; i++) { print(i +) }",
        &[
            "1:5 a loop has no parentheses | write `for i in 0..10 { … }` or `for x in xs { … }`",
            "1:40 expected an expression, found `)`",
        ],
    );
    errors(
        "match x { case 1: 2, default -> 3 }",
        &[
            "1:11 an arm begins with its pattern | leave `case` out",
            "1:17 expected `=>`, found `:` | an arm is written `1 => value`",
            "1:30 expected `=>`, found `->` | an arm is written `1 => value`",
        ],
    );
    errors(
        "fun f(int x, y Int) -> Int[] { }",
        &[
            "1:11 expected `:`, found `x` | write `x: Int`",
            "1:16 expected `:`, found `Int` | write `y: Int`",
            "1:27 the type of an array stands in brackets | write `[Int]`",
        ],
    );
    errors(
        "f() = 3; t.0 = 1; 1 = 2",
        &[
            "1:1 this cannot be assigned to | to compare, write `==`",
            "1:10 tuples never change | make a new tuple",
            "1:19 this cannot be assigned to | only names, fields `p.x` and elements `a[i]` can",
        ],
    );
    errors(
        "if a { struct P { x: Int } }",
        &["1:8 a struct is defined at the top level of a cell | move it out of the braces"],
    );
    for word in ["fun", "fn"] {
        errors(
            &format!("let {word} = 3"),
            &[&format!("1:5 expected a pattern, found the keyword `{word}` | keywords cannot be names")],
        );
    }
}

#[test]
fn each_statement_has_its_own_errors() {
    errors(
        "let = 1\nlet y = 2\nlet z = * 3 )\nf(,)\nfun g() { let a = ; let b 2 }\ny",
        &[
            "1:5 expected a pattern, found `=`",
            "3:9 nothing is dereferenced | leave `*` out",
            "3:13 unexpected `)`: nothing is open here",
            "4:3 expected an expression, found `,`",
            "5:19 expected an expression, found `;`",
            "5:27 expected `=` and a value, found `2` | a variable has a value from the beginning: `let b = 0`",
        ],
    );
}

#[test]
fn a_source_may_be_too_long() {
    assert_eq!(parse(&" ".repeat(1 << 20)).diagnostics, []);
    assert_eq!(
        parse(&" ".repeat((1 << 20) + 1)).diagnostics[0].message,
        "a cell has at most 1048576 bytes, this one has 1048577"
    );
}
