//! What a prompt has to know, and what an editor colours.

use upshift_cells::syntax::Completeness::{Complete, Incomplete, Invalid};
use upshift_cells::syntax::TokenClass as C;
use upshift_cells::syntax::{completeness, tokens};

#[test]
fn cells_that_are_being_typed() {
    for source in ["", "1", "let x = 1;", "if a { 1 }", "fun f() {\n}", "\"a\"", "// text", "x\n\n"] {
        assert_eq!(completeness(source), Complete, "{source:?}");
    }
    for (source, indent) in [
        ("1 +", 0),
        ("let x =", 0),
        ("f(1,", 4),
        ("fun f() {", 4),
        ("fun f() {\n    xs.map(|x| {\n", 12),
        ("if a {\n    1\n} else", 0),
        ("if a", 0),
        ("fun f(x: Int)", 0),
        ("\"text", 0),
        ("/* comment", 0),
        ("match x {\n    1 => 2,", 4),
        ("a &&", 0),
        ("|x|", 0),
    ] {
        assert_eq!(completeness(source), Incomplete { indent }, "{source:?}");
    }
    for source in ["1 1", ")", "let let", "if a { 1 +* } {", "var x = 1"] {
        assert_eq!(completeness(source), Invalid, "{source:?}");
    }
}

#[test]
fn colours() {
    let source = "fun f(p: P) { \"a{p.x}\" } /* c */ 1.5 @ // d";
    let found: Vec<(&str, C)> = tokens(source)
        .into_iter()
        .map(|(span, class)| (&source[span.start as usize..span.end as usize], class))
        .collect();
    let expected = [
        ("fun", C::Keyword),
        ("f", C::Function),
        ("(", C::Punctuation),
        ("p", C::Name),
        (":", C::Punctuation),
        ("P", C::Type),
        (")", C::Punctuation),
        ("{", C::Punctuation),
        ("\"", C::Text),
        ("a", C::Text),
        ("{", C::Hole),
        ("p", C::Name),
        (".", C::Punctuation),
        ("x", C::Name),
        ("}", C::Hole),
        ("\"", C::Text),
        ("}", C::Punctuation),
        ("/* c */", C::Comment),
        ("1.5", C::Number),
        ("@", C::Unknown),
        ("// d", C::Comment),
    ];
    assert_eq!(found, expected);
}
