//! Each function of the language on ordinary operands and at its edges.

use upshift_cells::builtins::Builtin;
use upshift_cells::host::Failure;

use crate::harness::{Notebook, failure, value};

/// Expressions and what they are.
#[track_caller]
fn all(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        assert_eq!(value(source), *expected, "{source}");
    }
}

#[track_caller]
fn fails(source: &str, failure_is: Failure, message: &str) {
    let (failed, _) = failure(source);
    assert_eq!((failed.failure, failed.message.as_str()), (failure_is, message), "{source}");
}

#[test]
fn each_is_in_a_test() {
    let sources = [include_str!("builtins.rs"), include_str!("basics.rs")].concat();
    for &builtin in Builtin::ALL {
        let signature = builtin.signature();
        let name: String = match signature.split_once('.') {
            Some((_, method)) if !signature.starts_with(|c: char| c.is_lowercase()) => {
                format!(".{}(", method.split('(').next().unwrap_or_default())
            }
            _ => signature.split(['(', ':']).next().unwrap_or_default().into(),
        };
        assert!(sources.contains(&name), "{signature}");
    }
}

#[test]
fn functions_and_constants() {
    all(&[
        ("pi", "3.141592653589793"),
        ("e", "2.718281828459045"),
        ("infinity", "inf"),
        ("-infinity", "-inf"),
        ("nan", "NaN"),
        ("random()", "0.25"),
        ("{ assert(1 < 2)\n1 }", "1"),
    ]);
    fails("panic(\"a {1 + 1}\")", Failure::Panic, "a 2");
    fails("panic(\"€\".repeat(5461))", Failure::Panic, &"€".repeat(5461));
    fails("panic(\"€\".repeat(100000))", Failure::Panic, &("€".repeat(5461) + "…"));
    fails("assert(1 > 2)", Failure::Assertion, "");
}

#[test]
fn any_value_to_text() {
    all(&[
        ("1.to_string() + 2.5.to_string() + true.to_string()", "\"12.5true\""),
        ("\"a\\\"b\".to_string()", "\"a\\\"b\""),
        ("[\"a\\\"b\"].to_string()", "\"[\\\"a\\\\\\\"b\\\"]\""),
        ("(1, \"x\").to_string().len()", "8"),
        ("().to_string()", "\"()\""),
        ("(|x: Int| x).to_string()", "\"<fun(Int) -> Int>\""),
        ("(-9_223_372_036_854_775_807 - 1).to_string()", "\"-9223372036854775808\""),
        ("0.to_string()", "\"0\""),
        ("\"\\u{1b}\\0\\t\"", "\"\\u{1b}\\0\\t\""),
        ("struct E {}\nE {}", "E {}"),
        (
            "struct Something { a_long_field_name_indeed: Int }\nSomething { a_long_field_name_indeed: 1 }",
            "Something { a_long_field_name_indeed: 1 }",
        ),
    ]);
}

#[test]
fn digits_of_int() {
    let mut numbers = vec![0, i64::MAX, i64::MIN, 1 << 32, (1 << 32) - 1, (10 << 32) + 7];
    for power in 0..19 {
        numbers.extend([
            10i64.pow(power),
            10i64.pow(power) - 1,
            -10i64.pow(power),
            7 * 10i64.pow(power.min(17)),
        ]);
    }
    let mut notebook = Notebook::new();
    for number in numbers {
        let outcome =
            notebook.run(&format!("let x = {}\n\"{{x - 1}}\"", number.wrapping_add(1).max(i64::MIN + 2)));
        let expected = number.wrapping_add(1).max(i64::MIN + 2) - 1;
        assert_eq!(outcome.value, format!("\"{expected}\""));
    }
}

#[test]
fn numbers() {
    all(&[
        ("(-5).abs()", "5"),
        ("(-5.5).abs()", "5.5"),
        ("3.min(2)", "2"),
        ("3.max(2)", "3"),
        ("3.5.min(2.5)", "2.5"),
        ("3.5.max(2.5)", "3.5"),
        ("\"b\".min(\"a\")", "\"a\""),
        ("\"b\".max(\"a\")", "\"b\""),
        ("(1, 2).max((1, 3))", "(1, 3)"),
        ("5.clamp(0, 3)", "3"),
        ("(-5).clamp(0, 3)", "0"),
        ("2.clamp(0, 3)", "2"),
        ("2.5.clamp(0.0, 1.0)", "1.0"),
        ("[5.signum(), 0.signum(), (-5).signum()]", "[1, 0, -1]"),
        ("[5.5.signum(), 0.0.signum(), (-0.5).signum(), nan.signum()]", "[1.0, 0.0, -1.0, NaN]"),
    ]);
}

#[test]
fn int() {
    all(&[
        ("3.to_float()", "3.0"),
        ("9_007_199_254_740_993.to_float() == 9007199254740992.0", "true"),
        ("3.pow(4)", "81"),
        ("(-3).pow(3)", "-27"),
        ("0.pow(0)", "1"),
        ("1.pow(1_000_000_000_000)", "1"),
        ("(-1).pow(1_000_000_000_001)", "-1"),
        (
            "[7.modulo(3), (-7).modulo(3), 7.modulo(-3), (-7).modulo(-3), 6.modulo(-3), 0.modulo(5)]",
            "[1, 2, -2, -1, 0, 0]",
        ),
        ("65.to_char() + 223.to_char() + 8364.to_char() + 128512.to_char()", "\"Aß€😀\""),
        ("1_114_111.to_char().len()", "1"),
        ("9_223_372_036_854_775_807.wrapping_add(1)", "-9223372036854775808"),
        ("9_223_372_036_854_775_807.wrapping_mul(2)", "-2"),
        (
            "[255.to_base(16), (-5).to_base(2), 0.to_base(2), 35.to_base(36)]",
            "[\"ff\", \"-101\", \"0\", \"z\"]",
        ),
        ("(-9_223_372_036_854_775_807 - 1).to_base(2).len()", "65"),
    ]);
    fails("2.pow(-1)", Failure::Panic, "the exponent is negative");
    fails("1.modulo(0)", Failure::DivisionByZero, "");
    for number in ["55296", "57343", "1114112", "-1"] {
        fails(
            &format!("let n = {number}\nn.to_char()"),
            Failure::Panic,
            "the number is not that of a character",
        );
    }
    fails("1.to_base(1)", Failure::Panic, "a base is from 2 to 36");
    fails("1.to_base(37)", Failure::Panic, "a base is from 2 to 36");
}

#[test]
fn float() {
    all(&[
        ("[2.9.to_int(), (-2.9).to_int(), 0.0.to_int()]", "[2, -2, 0]"),
        ("(-9223372036854775808.0).to_int()", "-9223372036854775808"),
        ("9223372036854774784.0.to_int()", "9223372036854774784"),
        ("2.25.sqrt()", "1.5"),
        ("(-1.0).sqrt()", "NaN"),
        ("[1.5.floor(), (-1.5).floor()]", "[1.0, -2.0]"),
        ("[1.5.ceil(), (-1.5).ceil()]", "[2.0, -1.0]"),
        (
            "[0.5.round(), 1.5.round(), 2.5.round(), (-0.5).round(), (-2.5).round(), 2.4.round()]",
            "[1.0, 2.0, 3.0, -1.0, -3.0, 2.0]",
        ),
        (
            "[0.49999999999999994.round(), 4503599627370497.5.round(), 9007199254740993.0.round(), (-0.2).round()]",
            "[0.0, 4503599627370498.0, 9007199254740992.0, -0.0]",
        ),
        ("[infinity.round(), nan.round()]", "[inf, NaN]"),
        ("[1.9.trunc(), (-1.9).trunc()]", "[1.0, -1.0]"),
        (
            "[0.0.sin(), 0.0.cos(), 0.0.tan(), 0.0.asin(), 1.0.acos(), 0.0.atan()]",
            "[0.0, 1.0, 0.0, 0.0, 0.0, 0.0]",
        ),
        ("1.0.atan2(1.0) == pi / 4.0", "true"),
        ("0.0.atan2(-1.0) == pi", "true"),
        (
            "[0.0.exp(), 1.0.ln(), 8.0.log2(), 1000.0.log10(), 2.0.pow(0.5)]",
            "[1.0, 0.0, 3.0, 3.0, 1.4142135623730951]",
        ),
        ("[nan.is_nan(), 1.0.is_nan()]", "[true, false]"),
        ("[3.14159.fixed(2), 2.0.fixed(0), (-1.005).fixed(1)]", "[\"3.14\", \"2\", \"-1.0\"]"),
    ]);
    for number in ["9223372036854775808.0", "-9223372036854777856.0", "nan", "infinity"] {
        fails(&format!("let x = {number}\nx.to_int()"), Failure::FloatToInt, "");
    }
    fails("1.0.fixed(101)", Failure::Panic, "a number of decimals is from 0 to 100");
    fails("1.0.fixed(-1)", Failure::Panic, "a number of decimals is from 0 to 100");
}

#[test]
fn text() {
    all(&[
        ("[\"\".len(), \"aß€😀\".len()]", "[0, 4]"),
        ("[\"\".is_empty(), \"a\".is_empty()]", "[true, false]"),
        (
            "[\"aß€\".contains(\"ß\"), \"abc\".contains(\"\"), \"\".contains(\"a\"), \"\".contains(\"\"), \"aab\".contains(\"ab\")]",
            "[true, true, false, true, true]",
        ),
        (
            "[\"abc\".starts_with(\"ab\"), \"abc\".starts_with(\"\"), \"a\".starts_with(\"ab\")]",
            "[true, true, false]",
        ),
        (
            "[\"abc\".ends_with(\"bc\"), \"abc\".ends_with(\"\"), \"a\".ends_with(\"ba\")]",
            "[true, true, false]",
        ),
        (
            "[\"aß€b\".find(\"b\"), \"abc\".find(\"x\"), \"abc\".find(\"\"), \"aXbX\".find(\"X\"), \"a\".find(\"aa\")]",
            "[3, -1, 0, 1, -1]",
        ),
        (
            "[\"aß€😀b\".slice(1, 4), \"abc\".slice(0, 0), \"abc\".slice(3, 3), \"abc\".slice(0, 3)]",
            "[\"ß€😀\", \"\", \"\", \"abc\"]",
        ),
        ("[\"aß€😀\".char_at(3), \"aß€😀\"[0]]", "[\"😀\", \"a\"]"),
        ("\"aß€😀\"[1..3]", "\"ß€\""),
        ("let s = \"aß€😀x\"\n[s[4], s[2], s[3], s[0], s[1]]", "[\"x\", \"€\", \"😀\", \"a\", \"ß\"]"),
        ("[\"a\".code(), \"ß\".code(), \"€x\".code(), \"😀\".code()]", "[97, 223, 8364, 128512]"),
        ("[\"aß😀\".chars(), \"\".chars()]", "[[\"a\", \"ß\", \"😀\"], []]"),
        ("\"abcdefghijklmnopqrstuvwxyz\".chars().len()", "26"),
        ("[\"aß\".bytes(), \"\".bytes()]", "[[97, 195, 159], []]"),
        (
            "[\"a\\r\\nb\\n\\nc\".lines(), \"\".lines(), \"a\\n\".lines(), \"\\n\".lines(), \"\\ra\".lines()]",
            "[[\"a\", \"b\", \"\", \"c\"], [], [\"a\"], [\"\"], [\"\\ra\"]]",
        ),
        (
            "[\" a  b\\u{a0}c\\u{3000}\".words(), \"  \".words(), \"\".words(), \"x\".words()]",
            "[[\"a\", \"b\", \"c\"], [], [], [\"x\"]]",
        ),
        (
            "[\"a,b,,c\".split(\",\"), \"\".split(\",\"), \"aß\".split(\"\"), \"a\".split(\"ab\"), \",\".split(\",\")]",
            "[[\"a\", \"b\", \"\", \"c\"], [\"\"], [\"a\", \"ß\"], [\"a\"], [\"\", \"\"]]",
        ),
        (
            "[\"\\t a b \\n\".trim(), \"\".trim(), \"   \".trim(), \"\\u{2003}ß\\u{2029}\".trim()]",
            "[\"a b\", \"\", \"\", \"ß\"]",
        ),
        ("[\"aBc1\".to_upper(), \"straße\".to_upper(), \"\".to_upper()]", "[\"ABC1\", \"STRASSE\", \"\"]"),
        ("[\"AbC[1\".to_lower(), \"ÄÖ\".to_lower()]", "[\"abc[1\", \"äö\"]"),
        ("(\"ab\".repeat(20000) + \"ß\").to_upper() == \"AB\".repeat(20000) + \"SS\"", "true"),
        (
            "[\"aXbX\".replace(\"X\", \"--\"), \"aaa\".replace(\"aa\", \"b\"), \"aß\".replace(\"\", \".\"), \"abc\".replace(\"x\", \"y\")]",
            "[\"a--b--\", \"ba\", \".a.ß.\", \"abc\"]",
        ),
        ("[\"ab\".repeat(3), \"ab\".repeat(0), \"\".repeat(1_000_000_000_000)]", "[\"ababab\", \"\", \"\"]"),
        ("[\"aß😀\".reverse(), \"\".reverse()]", "[\"😀ßa\", \"\"]"),
        (
            "[\"ß\".pad_left(3), \"abc\".pad_left(2), \"ß\".pad_right(3), \"a\".pad_left(-5)]",
            "[\"  ß\", \"abc\", \"ß  \", \"a\"]",
        ),
        (
            "[\"42\".to_int(), \"-7\".to_int(), \"+7\".to_int(), \"-9223372036854775808\".to_int(), \"9223372036854775807\".to_int(), \"007\".to_int()]",
            "[42, -7, 7, -9223372036854775808, 9223372036854775807, 7]",
        ),
        (
            "[\"\", \"-\", \"+\", \" 1\", \"1_0\", \"9223372036854775808\", \"-9223372036854775809\", \"92233720368547758070\", \"1.0\", \"٣\"].map(|s| s.is_int()).any(|b| b)",
            "false",
        ),
        ("[\"1\".is_int(), \"-0\".is_int()]", "[true, true]"),
        ("[\"1.5\".to_float(), \"-2\".to_float(), \"1e3\".to_float()]", "[1.5, -2.0, 1000.0]"),
        ("[\"1.5\".is_float(), \"x\".is_float(), \"NaN\".is_float()]", "[true, false, true]"),
        (
            "[\"a\" == \"a\", \"a\" == \"b\", \"a\" != \"ab\", \"a\" < \"b\", \"a\" < \"ab\", \"Z\" < \"a\", \"ß\" > \"z\", \"😀\" > \"\\u{ffff}\", \"\" < \"a\"]",
            "[true, false, true, true, true, true, true, true, true]",
        ),
    ]);
    fails("\"abc\".slice(2, 1)", Failure::Range, "");
    fails("\"abc\".slice(0, 4)", Failure::Range, "");
    fails("\"abc\".slice(-1, 2)", Failure::Range, "");
    fails("\"ß\".char_at(1)", Failure::Index, "");
    fails("\"ß\"[-1]", Failure::Index, "");
    fails("\"\".code()", Failure::Panic, "the text is empty");
    fails("\"a\".repeat(-1)", Failure::Negative, "");
    fails("\"ab\".repeat(1_000_000_000)", Failure::TooLong, "");
    fails("\"ab\".repeat(9_000_000_000_000_000_000)", Failure::TooLong, "");
    fails("\"a\".pad_left(2_000_000_000)", Failure::TooLong, "");
    fails("\"12x\".to_int()", Failure::NotANumber, "\"12x\"");
    fails("\"a\\\"\".to_float()", Failure::NotANumber, "\"a\\\"\"");
    fails("\"x\".repeat(1000).to_int()", Failure::NotANumber, &format!("\"{}\"…", "x".repeat(100)));
}

#[test]
fn arrays() {
    all(&[
        ("let a: [Int] = []\n(a.len(), a.is_empty(), [1].is_empty())", "(0, true, false)"),
        ("let a = [1]\nfor i in 2..20 { a.push(i) }\n(a.len(), a[18])", "(19, 19)"),
        ("let a = [1, 2, 3]\n(a.pop(), a.pop(), a)", "(3, 2, [1])"),
        ("let a = [\"x\", \"y\"]\n(a.pop(), a)", "(\"y\", [\"x\"])"),
        ("let a = [1, 3]\na.insert(1, 2)\na.insert(0, 0)\na.insert(4, 4)\na", "[0, 1, 2, 3, 4]"),
        ("let a = [\"a\", \"b\", \"c\"]\n(a.remove(0), a.remove(1), a)", "(\"a\", \"c\", [\"b\"])"),
        ("([4, 5, 6].first(), [4, 5, 6].last())", "(4, 6)"),
        ("let a = [1, 2, 3]\na.swap(0, 2)\na.swap(1, 1)\na", "[3, 2, 1]"),
        ("let a = [true, false]\na.swap(0, 1)\na", "[false, true]"),
        ("let a = [1, 2]\na.clear()\na.push(3)\na", "[3]"),
        ("let a = [1, 2]\na.extend([3])\na.extend(a)\na.extend([])\na", "[1, 2, 3, 1, 2, 3]"),
        ("let a = [1]\nlet b = a.copy()\nb.push(2)\n(a, b)", "([1], [1, 2])"),
        ("[[1, 2, 3].slice(1, 3), [1][0..0], [1, 2][1..=1]]", "[[2, 3], [], [2]]"),
        (
            "([1, 2].contains(2), [1].contains(3), [\"a\"].contains(\"a\"), [(1, \"x\")].contains((1, \"x\")), [nan].contains(nan))",
            "(true, false, true, true, false)",
        ),
        ("([5, 6, 5].index_of(5), [5].index_of(9), [[1], [2]].index_of([2]))", "(0, -1, 1)"),
        (
            "let a = [1, 2, 3]\na.reverse()\nlet b = [1, 2]\nb.reverse()\nlet c: [Int] = []\nc.reverse()\n(a, b, c)",
            "([3, 2, 1], [2, 1], [])",
        ),
        ("let a = [3, -1, 2]\na.sort()\na", "[-1, 2, 3]"),
        ("let a = [2.5, nan, -infinity, 1.0]\na.sort()\na", "[-inf, 1.0, 2.5, NaN]"),
        ("let a = [\"b\", \"\", \"ab\", \"a\"]\na.sort()\na", "[\"\", \"a\", \"ab\", \"b\"]"),
        ("let a = [(2, \"a\"), (1, \"b\"), (1, \"a\")]\na.sort()\na", "[(1, \"a\"), (1, \"b\"), (2, \"a\")]"),
        ("let a = [true, false, true]\na.sort()\na", "[false, true, true]"),
        (
            "let a = [\"ccc\", \"a\", \"bb\", \"d\", \"ee\"]\na.sort_by(|s| s.len())\na",
            "[\"a\", \"d\", \"bb\", \"ee\", \"ccc\"]",
        ),
        ("let a = [3, 1]\n(a.sorted(), a.reversed(), a)", "([1, 3], [1, 3], [3, 1])"),
        ("[1, 2, 3].map(|x| x * 2)", "[2, 4, 6]"),
        ("[1, 2].map(|x| \"{x}\")", "[\"1\", \"2\"]"),
        ("[1, 2, 3, 4].filter(|x| x % 2 == 0)", "[2, 4]"),
        ("[1, 2, 3].fold(\"\", |s, x| s + x.to_string())", "\"123\""),
        ("let mut n = 0\n[1, 2, 3].each(|x| { n += x })\nn", "6"),
        (
            "([1, 2].any(|x| x > 1), [1, 2].any(|x| x > 2), [1].slice(0, 0).any(|x| true))",
            "(true, false, false)",
        ),
        (
            "([1, 2].all(|x| x > 0), [1, 2].all(|x| x > 1), [1].slice(0, 0).all(|x| false))",
            "(true, false, true)",
        ),
        ("[1, 2, 3].count(|x| x > 1)", "2"),
        ("[\"a\", \"b\"].enumerate()", "[(0, \"a\"), (1, \"b\")]"),
        ("[1, 2, 3].zip([\"a\", \"b\"])", "[(1, \"a\"), (2, \"b\")]"),
        ("[[1], [], [2, 3]].flatten()", "[1, 2, 3]"),
        ("([1, 2, 3].sum(), [0.5, 0.25].sum(), [1].slice(0, 0).sum())", "(6, 0.75, 0)"),
        (
            "([2, 1, 3].least(), [2, 1, 3].greatest(), [1.5, 0.5].least(), [\"b\", \"a\"].greatest(), [(1, 2), (1, 1)].least())",
            "(1, 3, 0.5, \"b\", (1, 1))",
        ),
        (
            "[[\"a\", \"b\", \"c\"].join(\", \"), [\"a\"].join(\"-\"), \"\".chars().join(\"x\")]",
            "[\"a, b, c\", \"a\", \"\"]",
        ),
        ("[1, 2] == [1, 2] && [1] != [2] && [1] != [1, 2] && [[1], [2]] == [[1], [2]]", "true"),
        ("[[1, 2] < [1, 3], [1] < [1, 0], [2] < [1, 5], [1] <= [1]]", "[true, true, false, true]"),
        (
            "[(1, nan) < (1, 2.0), (1, nan) >= (1, 2.0), (1, nan) == (1, nan), (0, nan) < (1, 0.0)]",
            "[false, false, false, true]",
        ),
        (
            "struct P { x: Int, tags: [String] }\nlet p = P { x: 1, tags: [\"a\"] }\n[p == p, p == P { x: 1, tags: [\"a\"] }, p == P { x: 1, tags: [] }]",
            "[true, true, false]",
        ),
    ]);
    fails("let a: [Int] = []\na.pop()", Failure::Empty, "");
    fails("let a: [Int] = []\na.first()", Failure::Empty, "");
    fails("let a: [Int] = []\na.last()", Failure::Empty, "");
    fails("let a: [Int] = []\na.least()", Failure::Empty, "");
    fails("let a: [Float] = []\na.greatest()", Failure::Empty, "");
    fails("[1].insert(2, 0)", Failure::Index, "");
    fails("[1].insert(-1, 0)", Failure::Index, "");
    fails("[1].remove(1)", Failure::Index, "");
    fails("[1].swap(0, 1)", Failure::Index, "");
    fails("[1].slice(1, 0)", Failure::Range, "");
    fails("[1].slice(0, 2)", Failure::Range, "");
    fails("[1].slice(-1, 1)", Failure::Range, "");
}

#[test]
fn failures_tell_numbers_and_places() {
    let (failed, text) = failure("let a = [1, 2]\nlet n = 5\na.remove(n)");
    assert_eq!((failed.a, failed.b), (5, 2));
    assert!(text.starts_with("a.remove(n)"), "{text}");
    let (failed, _) = failure("\"aß\"[7]");
    assert_eq!((failed.a, failed.b), (7, 2));
    // In the cell that the function is of, not in the one that calls it.
    let (failed, text) = failure("fun f(n: Int) -> Int { 10 / n }\n---\nf(0)");
    assert_eq!(failed.instance, 0);
    assert!(text.starts_with("10 / n"), "{text}");
}

/// Long arrays go through merging; the order of equal ones stays.
#[test]
fn sorting_is_right_and_stable() {
    let mut notebook = Notebook::new();
    let setup = "fun scrambled(n: Int) -> [Int] { let mut x = 12345\nlet a = []\nfor i in 0..n { x = (x * 1103515245 + 12345) % 2147483648\na.push(x / 65536) }\na }";
    notebook.run(setup);
    for n in [0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1000, 4097] {
        let outcome = notebook.run(&format!(
            "let a = scrambled({n})\nlet s = a.sorted()\nlet mut ok = s.len() == {n} && s.sum() == a.sum()\nfor i in 1..{n} {{ ok = ok && s[i - 1] <= s[i] }}\nok"
        ));
        assert_eq!(outcome.value, "true", "{n}");
        let outcome = notebook.run(&format!(
            "let p = scrambled({n}).map(|x| x % 10).enumerate()\np.sort_by(|t| t.1)\nlet mut ok = p.len() == {n}\nfor i in 1..{n} {{ let (i0, k0) = p[i - 1]\nlet (i1, k1) = p[i]\nok = ok && (k0 < k1 || k0 == k1 && i0 < i1) }}\nok"
        ));
        assert_eq!(outcome.value, "true", "{n}");
    }
}

#[test]
fn functions_may_change_the_array_that_they_are_called_for() {
    all(&[
        (
            "let a = [1, 2, 3]\nlet b = a.map(|x| { if a.len() < 6 { a.push(x + 10) }\nx })\n(a.len(), b)",
            "(6, [1, 2, 3, 11, 12, 13])",
        ),
        ("let a = [1, 2, 3]\nlet b = a.filter(|x| { a.clear()\ntrue })\n(a, b)", "([], [1])"),
        ("let a = [3, 1, 2]\na.sort_by(|x| { a.clear()\nx })\na", "[1, 2, 3]"),
    ]);
}
