//! Numbers, variables, control flow, functions.

use crate::harness::{Notebook, failure, value};
use upshift::Val;
use upshift_cells::host::Failure;

#[track_caller]
fn is(source: &str, expected: &str) {
    assert_eq!(value(source), expected, "{source}");
}

#[track_caller]
fn fails(source: &str, expected: Failure, at: &str) {
    let (failed, text) = failure(source);
    assert_eq!(failed.failure, expected, "{source}");
    assert!(text.starts_with(at), "{source}: {text}");
}

#[test]
fn values_are_shown() {
    is("42", "42");
    is("let x = 42", "");
    is("1.5", "1.5");
    is("true", "true");
    is("\"a\\n\\\"\\{\"", r#""a\n\"\{""#);
    is("(1, \"a\")", r#"(1, "a")"#);
    is("[1, 2, 3]", "[1, 2, 3]");
    is("struct P { x: Int, y: Float }\nP { y: 2.0, x: 1 }", "P { x: 1, y: 2.0 }");
    is("|x: Int| x", "<fun(Int) -> Int>");
    is("1;", "");
    is("()", "");
}

#[test]
fn arithmetic_of_int() {
    is("2 + 3 * 4 - 10 / 3", "11");
    is("-7 / 2", "-3");
    is("-7 % 2", "-1");
    is("7 % -2", "1");
    is("1 << 65", "2");
    is("-8 >> 1", "-4");
    is("6 & 3 | 8 ^ 1", &(6 & 3 | 8 ^ 1).to_string());
    is("let x = 3_000_000_000\nx * 3", "9000000000");
    is("let x = 3_000_000_000\nlet y = -3_000_000_000\nx * y", "-9000000000000000000");
    is("let x = -9_223_372_036_854_775_807 - 1\nx", "-9223372036854775808");
    is("let x = -9_223_372_036_854_775_807 - 1\nx % -1", "0");
    is("let x = 9_223_372_036_854_775_807\nx * 1 + 0", "9223372036854775807");
}

#[test]
fn overflow_fails() {
    let min = "let min = -9_223_372_036_854_775_807 - 1\nlet max = 9_223_372_036_854_775_807\nlet one = 1\nlet two = 2\n";
    for expression in [
        "max + 1",
        "max + one",
        "one + max",
        "min + -1",
        "min - 1",
        "min - one",
        "max - -1",
        "0 - min",
        "-min",
        "max * 2",
        "max * two",
        "two * max",
        "min * -1",
        "-1 * min",
        "min * two",
        "max * max",
        "min / -1",
        "min / -one",
        "-2 - max",
        "min.abs()",
        "[max, 1].sum()",
        "10.pow(19)",
        "2.pow(63)",
        "4611686018427387904 * two",
        "min * min",
        "min * 3",
    ] {
        fails(&format!("{min}({expression})"), Failure::Overflow, &expression[..1]);
    }
    for (expression, value) in [
        ("max + -1", i64::MAX - 1),
        ("min + max", -1),
        ("min - -1", i64::MIN + 1),
        ("-1 - max", i64::MIN),
        ("0 - max", -i64::MAX),
        ("-4611686018427387904 * 2", i64::MIN),
        ("-4611686018427387904 * two", i64::MIN),
        ("min / one", i64::MIN),
        ("min * one", i64::MIN),
        ("3037000499 * 3037000499", 3037000499 * 3037000499),
        ("2.pow(62)", 1 << 62),
        ("(-2).pow(63)", i64::MIN),
        ("0 * min", 0),
        ("min * 0", 0),
    ] {
        is(&format!("{min}{{ {expression} }}"), &value.to_string());
    }
}

#[test]
fn division_by_zero_fails() {
    fails("let a = 1\nlet b = 0\na / b", Failure::DivisionByZero, "a / b");
    fails("let a = 1\nlet b = 0\na % b", Failure::DivisionByZero, "a % b");
    fails("1 / 0", Failure::DivisionByZero, "1 / 0");
    is("1.0 / 0.0", "inf");
}

#[test]
fn arithmetic_of_float() {
    is("0.1 + 0.2", "0.30000000000000004");
    is("7.5 % 2.0", "1.5");
    is("-7.5 % 2.0", "-1.5");
    is("1e21", "1e21");
    is("nan == nan", "false");
    is("nan != nan", "true");
    is("1.0 < nan", "false");
    is("-0.0", "-0.0");
}

#[test]
fn variables_and_loops() {
    is("let mut x = 1\nx = x + 1\nx += 5\nx *= 3\nx", "21");
    is("fun sum(n: Int) -> Int { let mut s = 0\nfor i in 0..n { s += i }\ns }\nsum(101)", "5050");
    is("let mut s = 0\nfor i in 1..=10 { if i == 3 { continue }\nif i == 6 { break }\ns += i }\ns", "12");
    is("let mut n = 0\nwhile n < 10 { n += 3 }\nn", "12");
    is("let mut n = 0\nloop { n += 1\nif n > 4 { break } }\nn", "5");
    is(
        "let mut n = 0\nfor i in 5..5 { n += 1 }\nfor i in 5..2 { n += 1 }\nfor i in 5..=4 { n += 1 }\nn",
        "0",
    );
    is("let max = 9_223_372_036_854_775_807\nlet mut n = 0\nfor i in max - 2..=max { n += 1 }\nn", "3");
    is("let max = 9_223_372_036_854_775_807\nlet mut n = 0\nfor i in max - 2..max { n += 1 }\nn", "2");
    is("let mut n = 0\nfor x in [1, 2, 3] { n = n * 10 + x }\nn", "123");
    is("let mut s = \"\"\nfor c in \"aß€😀\" { s = c + s }\ns", "\"😀€ßa\"");
    is(
        "let mut n = 0\nlet a = [1]\nfor x in a { n += x\nif a.len() < 5 { a.push(x + 1) } }\n(n, a)",
        "(15, [1, 2, 3, 4, 5])",
    );
    is("let mut n = 0\nfor (i, x) in [(1, 2), (3, 4)] { n += i * x }\nn", "14");
    is("fun f() { let mut t = 0\nfor i in 0..3 { let mut i = i\ni += 10\nt += i }\nt }\nf()", "33");
}

#[test]
fn functions() {
    is("fun fib(n: Int) -> Int { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }\nfib(20)", "6765");
    is(
        "fun even(n: Int) -> Bool { if n == 0 { true } else { odd(n - 1) } }\nfun odd(n: Int) -> Bool { if n == 0 { false } else { even(n - 1) } }\neven(101)",
        "false",
    );
    is("fun double(n) { n * 2 }\n---\ndouble(21)", "42");
    is("let x = 5\n---\nlet mut y = x * 2\n---\ny += 1\n---\ny", "11");
    is(
        "fun count(n: Int, to: Int) -> Int { if n == to { n } else { count(n + 1, to) } }\ncount(0, 1000000)",
        "1000000",
    );
    is("fun f(u: (), n: Int) { n }\nf((), 3)", "3");
    is("fun early(n: Int) -> Int { if n > 3 { return 0 }\nn }\n(early(2), early(4))", "(2, 0)");
    is("fun never() { panic(\"x\") }\nfun f(n: Int) -> Int { if n > 0 { n } else { never() } }\nf(3)", "3");
}

#[test]
fn a_global_is_not_used_before_it_is_defined() {
    fails("fun f() { a.len() }\nlet n = f()\nlet a = [1]", Failure::Uninitialized, "a");
}

#[test]
fn matches() {
    is(
        "fun f(n: Int) -> String { match n { 0 => \"zero\", 1 | 2 => \"few\", 3..=9 => \"some\", -5..0 => \"less\", x if x > 100 => \"many\", _ => \"other\" } }\n[f(0), f(2), f(9), f(-5), f(-6), f(101), f(50)]",
        r#"["zero", "few", "some", "less", "other", "many", "other"]"#,
    );
    is("match (1, \"a\") { (1, \"b\") => 1, (x, \"a\") => x + 10, _ => 0 }", "11");
    is(
        "struct P { x: Int, y: Int }\nmatch (P { x: 1, y: 2 }) { P { x: 0, .. } => 0, P { x, y: 2 } => x * 100, _ => -1 }",
        "100",
    );
    is("match true { true => 1, false => 2 }", "1");
    is("match 1.5 { 1.5 => \"a\", _ => \"b\" }", "\"a\"");
}

#[test]
fn objects() {
    is(
        "struct P { x: Int, y: Int }\nlet p = P { x: 1, y: 2 }\nlet q = p\nq.x = 10\nq.y += 5\np",
        "P { x: 10, y: 7 }",
    );
    is("let a = [1, 2, 3]\nlet b = a\nb[0] = 10\nb[1] += 5\na", "[10, 7, 3]");
    is("let a = [[0; 2]; 3]\na[0][1] = 1\na", "[[0, 1], [0, 1], [0, 1]]");
    is("[true; 3]", "[true, true, true]");
    is("let t = (1, (2.5, \"x\"))\nt.1.0", "2.5");
    fails("let a = [1]\na[1]", Failure::Index, "a[1]");
    fails("let a = [1]\nlet i = -1\na[i]", Failure::Index, "a[i]");
    fails("let a = [1]\na[3] = 2", Failure::Index, "a[3]");
    fails("let n = -1\n[0; n]", Failure::Negative, "[0; n]");
    fails("let n = 2_000_000_000\n[0; n]", Failure::TooLong, "[0; n]");
    is("[1] + [2, 3]", "[1, 2, 3]");
    is("let mut a = [1]\na += [2]\na", "[1, 2]");
    is("[(), ()]", "[(), ()]");
    is("struct N { v: Int, next: [N] }\nlet n = N { v: 1, next: [N { v: 2, next: [] }] }\nn.next[0].v", "2");
}

#[test]
fn large_cells() {
    let numbers: Vec<String> = (0..20_000).map(|k| k.to_string()).collect();
    is(&format!("[{}].sum()", numbers.join(", ")), "199990000");
    let lets: String = (0..2_000).map(|k| format!("let x{k} = \"text {k}\"\n")).collect();
    is(&format!("{lets}x1999 + x7"), "\"text 1999text 7\"");
    let fields: Vec<String> = (0..500).map(|k| format!("f{k}: Int")).collect();
    let values: Vec<String> = (0..500).rev().map(|k| format!("f{k}: {k}")).collect();
    is(
        &format!(
            "struct S {{ {} }}\nlet s = S {{ {} }}\ns.f499 - s.f1",
            fields.join(", "),
            values.join(", ")
        ),
        "498",
    );
}

/// A trap in the middle of a text leaves nothing that later cells would see.
#[test]
fn traps_leave_no_text_behind() {
    let mut notebook = Notebook::new();
    let outcome = notebook
        .run("struct N { v: Int, next: [N] }\nfun f(n: Int) -> String { \"{n}{f(n + 1)}\" }\nlet s = f(0)");
    assert!(outcome.result.is_err());
    assert_eq!(notebook.run("\"a{1}\"").value, "\"a1\"");
    assert_eq!(notebook.run("print(1)\n[1, 2]").output, "1\n");
    let outcome = notebook.run("fun g(n: Int) -> Int { g(n + 1) + 1 }\nprint(\"x\", g(0))");
    assert_eq!(outcome.output, "");
}

/// Nor does a jump out of a hole, which leaves texts around it as they are.
#[test]
fn jumps_leave_no_text_behind() {
    for (source, value) in [
        ("for i in 0..3 { let s = \"abc{if i >= 0 { continue } else { 1 }}\" }", ""),
        ("for i in 0..3 { let s = \"abc{(if i > 0 { break } else { 1 }).to_string()}\" }", ""),
        (
            "fun f(n: Int) -> String { \"x{if n > 2 { return \"{n}!\" } else { n }}\" }\nf(1) + f(3)",
            "\"x13!\"",
        ),
        ("fun f(n: Int) -> String { \"x{if n > 2 { return f(n - 1) } else { n }}\" }\nf(5)", "\"x2\""),
        ("fun f(n: Int) { \"x{if n > 2 { return } else { n }}\"\n() }\nf(3)", ""),
        (
            "\"a{if true { for i in 0..3 { let s = \"b{\"c{if i > 0 { break } else { i }}\"}\" }\n1 } else { 2 }}d\"",
            "\"a1d\"",
        ),
    ] {
        let mut notebook = Notebook::new();
        assert_eq!(notebook.run(source).value, value, "{source}");
        let begin = notebook.runtime.get_func(&mut notebook.store, "begin").expect("the runtime exports it");
        let mut start = [Val::I32(-1)];
        begin.call(&mut notebook.store, &[], &mut start).expect("it only tells a number");
        assert!(matches!(start, [Val::I32(0)]), "{source}: {start:?}");
    }
}

#[test]
fn closures() {
    is("let f = |x| x + 1\nf(41)", "42");
    is(
        "fun counter() { let mut n = 0\n|| { n += 1\nn } }\nlet c = counter()\nlet d = counter()\nc()\nc()\n(c(), d())",
        "(3, 1)",
    );
    is(
        "fun twice(f: fun(Int) -> Int, x: Int) -> Int { f(f(x)) }\nfun inc(x: Int) -> Int { x + 1 }\n(twice(inc, 5), twice(|x| x * x, 3))",
        "(7, 81)",
    );
    is("fun inc(x: Int) -> Int { x + 1 }\n---\n[1, 2].map(inc)", "[2, 3]");
    is(
        "fun f() { fun even(n: Int) -> Bool { if n == 0 { true } else { odd(n - 1) } }\nfun odd(n: Int) -> Bool { if n == 0 { false } else { even(n - 1) } }\neven(10) }\nf()",
        "true",
    );
    is(
        "fun adders() { let fs = []\nfor i in 0..3 { fs.push(|x| x + i) }\nfs }\nadders().map(|f| f(10))",
        "[10, 11, 12]",
    );
    is(
        "fun make(b: Bool, s: String, x: Float) { || (b, s, x) }\nmake(true, \"q\", 0.5)()",
        "(true, \"q\", 0.5)",
    );
    is(
        "struct T { v: Int, kids: [T] }\nfun size(t: T) -> Int { t.kids.fold(1, |n, k| n + size(k)) }\nsize(T { v: 0, kids: [T { v: 1, kids: [] }, T { v: 2, kids: [] }] })",
        "3",
    );
}

#[test]
fn printing() {
    let mut notebook = Notebook::new();
    let outcome = notebook.run("print(1, \"a b\", 2.5, [\"x\"], ())\nprint()\nprint(\"ü\")");
    assert_eq!(outcome.output, "1 a b 2.5 [\"x\"] ()\n\nü\n");
    let outcome = notebook.run("print(\"é\".repeat(20000))");
    assert_eq!(outcome.output, "é".repeat(20000) + "\n");
    let outcome = notebook.run("let a = [7; 100000]\nprint(a)");
    assert_eq!(outcome.output, format!("[{}]\n", vec!["7"; 100_000].join(", ")));
    assert_eq!(outcome.ty, None);
    let outcome = notebook.run("let x = 3\n\"{x} + {x + 1} = {\"{x}\" + \"!\"} {[x]}\"");
    assert_eq!(outcome.value, "\"3 + 4 = 3! [3]\"");
}

#[test]
fn types_of_values_are_told() {
    let mut notebook = Notebook::new();
    for (source, ty) in
        [("1", "Int"), ("[(1, \"a\")]", "[(Int, String)]"), ("|x: Int| x > 1", "fun(Int) -> Bool")]
    {
        assert_eq!(notebook.run(source).ty.as_deref(), Some(ty));
    }
}

#[test]
fn long_values_are_shortened() {
    let thousand = vec!["1"; 1000].join(", ");
    is("[1; 1000]", &format!("[{thousand}]"));
    is("[1; 1001]", &format!("[{thousand}, …]"));
    is("\"é\".repeat(9998)", &format!("\"{}\"", "é".repeat(9998)));
    is("\"é\".repeat(9999)", &format!("\"{}…", "é".repeat(9999)));
    is("\"é\".repeat(50000)", &format!("\"{}…", "é".repeat(9999)));
    is(
        "struct N { next: [N] }\nlet n = N { next: [] }\nn.next.push(n)\nn",
        &format!("{}…{}", "N { next: [".repeat(10), "] }".repeat(10)),
    );
}
