//! What the parser makes of right sources.

use upshift_cells::syntax::parse;

use crate::dump::dump;

#[track_caller]
fn tree(source: &str, expected: &str) {
    let parsed = parse(source);
    assert_eq!(parsed.diagnostics, [], "{source}");
    assert_eq!(dump(&parsed.ast), expected, "{source}");
}

#[test]
fn operators() {
    tree("a + b * c - d", "(Subtract (Add a (Multiply b c)) d)");
    tree(
        "a || b && c == d | e ^ f & g << h + i",
        "(Or a (And b (Equal c (BitOr d (BitXor e (BitAnd f (ShiftLeft g (Add h i))))))))",
    );
    tree("-a.b * !c", "(Multiply (Negate a.b) (Not c))");
    tree("-2.pow(2)", "(Negate 2.pow(2))");
    tree("a - -b", "(Subtract a (Negate b))");
    tree("(a < b) == (c < d)", "(Equal (Less a b) (Less c d))");
    tree("x = a + 1", "(x = (Add a 1))");
    tree("x.y[1] <<= 2", "(x.y[1] ShiftLeft = 2)");
    tree("-9223372036854775808", "-9223372036854775808");
    tree("0xff + 0b101 + 0o17 + 1_000", "(Add (Add (Add 255 5) 15) 1000)");
    tree("1.5e-3 + 2e2 + 1_0.2_5", "(Add (Add 0.0015 200.0) 10.25)");
    tree("1..n + 1; 0..=9", "(1..(Add n 1)); (0..=9)");
}

#[test]
fn postfix_forms() {
    tree("t.0.1.x(2)[3](4)", "t.0.1.x(2)[3](4)");
    tree("1.max(2); 1.5.sqrt()", "1.max(2); 1.5.sqrt()");
    tree("(p.f)(1)", "p.f(1)");
    tree("a[1..3]", "a[(1..3)]");
}

#[test]
fn a_line_goes_on_or_not() {
    tree("a\n+ b", "(Add a b)");
    tree("a\n- b", "(Subtract a b)");
    tree("a\n-b", "a; (Negate b)");
    tree("a\n  .f()\n  // why not\n  .g", "a.f().g");
    tree("a\n(b)", "a; b");
    tree("a\n[b]", "a; [b]");
    tree("(a\n(b))", "a(b)");
    tree("a\n|x| x", "a; lambda(x) x");
    tree("a\n|| b", "(Or a b)");
    tree("let n = 0\n|| { n }", "let n = 0; lambda() { n }");
    tree("a +\n\n b", "(Add a b)");
    tree("let x =\n 1\nx", "let x = 1; x");
    tree("f(a,\n b,\n)", "f(a, b)");
    tree("if a\n{ 1 }\nelse\n{ 2 }", "if a { 1 } else { 2 }");
    tree("return\n1", "return; 1");
    tree("[1\n-1]", "[(Subtract 1 1)]");
    tree("f(|| {\n a\n -b\n})", "f(lambda() { a; (Negate b) })");
    tree("while a { } b", "while a {  }; b");
    tree("for x in a { } -1", "for x in a {  }; (Negate 1)");
    tree("if a { b } (c)", "if a { b }; c");
    tree("match a { _ => b } [c]", "match a { _ => b }; [c]");
    tree("if a { b } |x| x", "if a { b }; lambda(x) x");
    tree("if a { 1 } else { 2 } + 3", "(Add if a { 1 } else { 2 } 3)");
    tree("if a { if b { 1 } } - 2", "if a { if b { 1 } }; (Negate 2)");
    tree("{ a }.b()", "{ a }.b()");
    tree("let x = if a { 1 } else { 2 } - 3", "let x = (Subtract if a { 1 } else { 2 } 3)");
    tree("a; b;", "a; b;");
    tree(";;a;;", "a;");
}

#[test]
fn items() {
    tree("let mut x: [Int] = [0; 3]", "let mut x: [Int] = [0; 3]");
    tree("let (a, (_, mut b)) = f()", "let (a, (_, mut b)) = f()");
    tree("fun f(a: Int, (b, c), _) -> () { }", "fun f(a: Int, (b, c), _) -> () {  }");
    tree("fn f(g: fn(Int)) { }", "fun f(g: fun(Int)) {  }");
    tree("struct P { x: Int, y: fun(Int) -> [P] }", "struct P { x: Int, y: fun(Int) -> [P] }");
    tree(
        "struct P {\n x: Int\n y: (_, Int)\n}\nP { x: 1, y }",
        "struct P { x: Int, y: (_, Int) }; P { x: 1, y: y }",
    );
    tree("P {\n x: 1\n y: a\n  + b\n}", "P { x: 1, y: (Add a b) }");
}

#[test]
fn control() {
    tree("if a { 1 } else if b { 2 } else { 3 }", "if a { 1 } else if b { 2 } else { 3 }");
    tree("for (i, x) in xs.enumerate() { break }", "for (i, x) in xs.enumerate() { break }");
    tree("for c in P { }", "for c in P {  }");
    tree("if (P { x: 1 }) == p { }", "if (Equal P { x: 1 } p) {  }");
    tree("while f(P { x: 1 }) { continue }", "while f(P { x: 1 }) { continue }");
    tree("loop { x += 1; if x > 3 { return x } }", "loop { (x Add = 1); if (Greater x 3) { return x } }");
    tree(
        "match x {\n 1 | -2 => a, 3..=5 if b => { c }\n (_, P { x, y: 0, .. }) => d = 1\n \"t\" => |x| x\n _ => 1.5 }",
        "match x { 1 | -2 => a, 3..=5 if b => { c }, (_, P { x: x, y: 0, .. }) => (d = 1), \"t\" => lambda(x) x, _ => 1.5 }",
    );
    tree("{ let a = 1; a }", "{ let a = 1; a }");
}

#[test]
fn closures_and_texts() {
    tree("|a: Int, (b, c)| -> Int { a }", "lambda(a: Int, (b, c)) -> Int { a }");
    tree("xs.map(|x| x + 1).each(|x| s += x)", "xs.map(lambda(x) (Add x 1)).each(lambda(x) (s Add = x))");
    tree("a || b || || c", "(Or (Or a b) lambda() c)");
    tree("\"\"", "text()");
    tree("\"a{x + 1}b{\"c{y}\"}\"", "text(\"a\" (Add x 1) \"b\" text(\"c\" y))");
    tree(r#""\n\t\r\0\"\\\{\}\u{1F600}}""#, "text(\"\\n\\t\\r\\0\\\"\\\\{}😀}\")");
    tree("\"a\r\nb\"", "text(\"a\\nb\")");
    tree("\"{f({ 1 })}\"", "text(f({ 1 }))");
}

#[test]
fn comments_and_white_space() {
    tree("\u{feff}1 /* a /* b */ c */ + // d\n2", "(Add 1 2)");
    tree("a\u{a0}+\u{200b}b", "(Add a b)");
    tree("größe_1 + 数", "(Add größe_1 数)");
}
