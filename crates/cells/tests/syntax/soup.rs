//! Programs with random damage, and random tokens: the parser returns, tells something wherever there is no whole tree, keeps its bound
//! of depth, and all spans are ranges of the source.

use upshift_cells::source::Span;
use upshift_cells::syntax::ast::{ExprKind, Statement};
use upshift_cells::syntax::{MAX_DEPTH, MAX_DIAGNOSTICS, Parsed, parse};

use crate::dump::{dump, spans};

const PROGRAMS: &[&str] = &[
    "let x = 42\nlet mut y: Int = x * 2 + 1;\nfun double(n: Int) -> Int { n * 2 }\ndouble(x) - y\n  + 3",
    "struct P { x: Int, y: [Float] }\nlet p = P { x: 1, y: [1.5, 2e-3] }\np.x += 2\nmatch p { P { x, .. } if x > 0 => \"a{x + 1}b\", _ => \"\" }",
    "let fs = [|a: Int, b| a + b, |_, (c, d)| -> Int { return c }]\nfor (i, f) in fs.enumerate() { print(\"{i}: {f(1, \"q{2}\")}\") }",
    "let mut n = 0\nwhile n < 10 && !(n == 7) || false { n += 1; if n % 2 == 0 { continue } else if n > 5 { break } }\nloop { break }",
    "let t = (1, (\"ä\\u{1F600}\\n\", true)).1.0\nmatch t { \"x\" | \"y\" => -1, _ => 0x7f }\nlet s: fun(Int) -> (Int, [_]) = g; t[1..=2][0]",
    "/* a /* b */ c */ fun fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } } // end\n[fib(20); 3].map(|x| x ^ 1 << 2 & 3)\n  .sum()",
];

const TOKENS: &[&str] = &[
    "let",
    "mut",
    "fun",
    "struct",
    "if",
    "else",
    "match",
    "while",
    "loop",
    "for",
    "in",
    "break",
    "continue",
    "return",
    "true",
    "_",
    "x",
    "P",
    "Int",
    "var",
    "and",
    "not",
    "elif",
    "0",
    "1.5",
    "1.",
    "0x",
    "9223372036854775808",
    "\"",
    "'",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "|",
    "||",
    "->",
    "=>",
    "=",
    "==",
    "+=",
    "+",
    "-",
    "*",
    "..",
    "..=",
    ".",
    ",",
    ";",
    ":",
    "::",
    "?",
    "\n",
    " ",
    "//",
    "/*",
    "*/",
    "\\",
    "{x}",
    "\"a{",
    "}b\"",
    "é",
    "“",
    "×",
    "\u{0}",
    "#",
    "@",
    "<",
    ">",
    ">>",
    "!",
];

/// A small generator of random numbers (xorshift), the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// What has to hold for any source.
fn check(source: &str) -> Parsed {
    let parsed = parse(source);
    let within = |span: Span| {
        let range = span.start as usize..span.end as usize;
        assert!(source.get(range).is_some(), "{span:?} is no part of {source:?}");
    };
    spans(&parsed.ast, &mut |span| within(span));
    let mut whole = true;
    for expr in &parsed.ast.exprs {
        whole &= !matches!(expr.kind, ExprKind::Error);
    }
    assert!(whole || !parsed.diagnostics.is_empty(), "no error is told of {source:?}: {}", dump(&parsed.ast));
    assert!(parsed.diagnostics.len() <= MAX_DIAGNOSTICS);
    for diagnostic in &parsed.diagnostics {
        within(diagnostic.span);
        diagnostic.related.iter().for_each(|(span, _)| within(*span));
        assert!(
            !diagnostic.message.is_empty() && !diagnostic.message.ends_with('.'),
            "{}",
            diagnostic.message
        );
    }
    parsed
}

#[test]
fn good_programs_are_good() {
    for source in PROGRAMS {
        let parsed = check(source);
        assert_eq!(parsed.diagnostics, [], "{source}");
    }
}

#[test]
fn damaged_programs() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3000 {
        let mut chars: Vec<char> = PROGRAMS[random.below(PROGRAMS.len())].chars().collect();
        for _ in 0..1 + random.below(4) {
            if chars.is_empty() {
                break;
            }
            let at = random.below(chars.len());
            match random.below(4) {
                0 => {
                    chars.remove(at);
                }
                1 => {
                    let token = TOKENS[random.below(TOKENS.len())];
                    chars.splice(at..at, token.chars());
                }
                2 => chars.truncate(at + 1),
                _ => {
                    let other = random.below(chars.len());
                    chars.swap(at, other);
                }
            }
        }
        check(&chars.into_iter().collect::<String>());
    }
}

#[test]
fn soups_of_tokens() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for _ in 0..5000 {
        let length = random.below(40);
        let mut source = String::new();
        for _ in 0..length {
            source += TOKENS[random.below(TOKENS.len())];
            if random.below(3) > 0 {
                source.push(' ');
            }
        }
        check(&source);
    }
}

/// Each of these repeated up to the limit of a cell takes time in proportion to its length, and a bounded depth.
#[test]
fn long_and_deep_sources() {
    let pieces = [
        "(",
        "[",
        "{",
        "-",
        "!",
        "\"{",
        "|x| ",
        "if x {",
        "if x {} else ",
        "f(",
        "x.y",
        "1 + ",
        "x = ",
        "fun f() {",
        "match x { _ => ",
        "/*",
        "\"",
        "\n",
        "}",
        ")",
        "let ",
        "let (",
        "let x: [",
        "x[",
        "match x { (",
        "; ",
        "a < ",
        "'",
        "var x",
        "elif x ",
        "x: ",
        "a ++ ",
        "{ x: ",
        "P { x: ",
        "not ",
        "0..",
        "return ",
        "\\",
        "Vec<",
        "let x: Vec<Vec<",
        "#",
        "“",
        "fun f<",
        "for (",
        "x\n",
        ".0",
        "{\"",
        "foreach x ",
        "pub ",
    ];
    for piece in pieces {
        for length in [300, 60_000] {
            let parsed = check(&piece.repeat(length / piece.len()));
            // The text of the tree recurses too.
            assert!(dump(&parsed.ast).len() < 100 * length + 1000);
        }
    }
}

#[test]
fn the_depth_is_bounded() {
    let depth = |count: usize| parse(&format!("{}1{}", "(-".repeat(count), ")".repeat(count)));
    assert_eq!(depth(MAX_DEPTH / 2 - 2).diagnostics, []);
    let parsed = depth(MAX_DEPTH);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].message, "this is nested too deeply");
    let sum = |count: usize| parse(&vec!["1"; count].join(" + "));
    assert_eq!(sum(MAX_DEPTH).diagnostics, []);
    assert_eq!(sum(MAX_DEPTH + 1).diagnostics.len(), 1);
    // A long program is not a deep one.
    let parsed = parse(&"x = x + 1\n".repeat(10_000));
    assert_eq!(parsed.diagnostics, []);
    assert!(matches!(parsed.ast.block.statements[..], [Statement::Expr(_), ..]));
}
