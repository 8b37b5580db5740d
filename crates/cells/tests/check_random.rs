//! Random cells, made of pieces of good ones: whatever is written, the checker answers, and what it calls right can be emitted.

use upshift_cells::check::check;
use upshift_cells::check::tools::analyze;
use upshift_cells::diagnostic::Severity;
use upshift_cells::emit::emit;
use upshift_cells::environment::{Environment, InstanceId, Symbol};
use upshift_cells::syntax::parse;
use upshift_cells::types::Types;

/// A generator of numbers that is the same everywhere (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.next(from.len())]
    }
}

const NAMES: &[&str] = &["a", "b", "f", "g", "xs", "p", "t", "s", "print", "pi", "old", "change", "P", "Q"];
const TYPES: &[&str] = &[
    "Int",
    "Float",
    "Bool",
    "String",
    "[Int]",
    "P",
    "Q",
    "(Int, String)",
    "fun(Int) -> Int",
    "_",
    "[_]",
    "()",
];
const METHODS: &[&str] = &[
    "len()",
    "push(1)",
    "pop()",
    "map(|x| x)",
    "map(|x| x + 1)",
    "filter(|x| x > 1)",
    "fold(0, |a, x| a + x)",
    "sum()",
    "to_string()",
    "to_float()",
    "abs()",
    "sorted()",
    "enumerate()",
    "min(2)",
    "words()",
    "first()",
    "each(|x| a)",
    "sort_by(|x| x)",
    "zip([1.5])",
    "nothing()",
    "join(\",\")",
    "contains(1)",
];
const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "%", "==", "!=", "<", "<=", "&&", "||", "&", "|", "^", "<<", ">>"];

fn expression(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return match random.next(8) {
            0 => random.next(100).to_string(),
            1 => "1.5".into(),
            2 => "\"text {a}\"".into(),
            3 => "true".into(),
            4 => "[]".into(),
            _ => random.pick(NAMES).into(),
        };
    }
    let depth = depth - 1;
    let mut part = || expression(random, depth);
    let (a, b, c) = (part(), part(), part());
    match random.next(24) {
        0 => format!("({a} {} {b})", random.pick(OPERATORS)),
        1 => format!("{a} {} {b}", random.pick(OPERATORS)),
        2 => format!("{}({a}, {b})", random.pick(NAMES)),
        3 => format!("{}({a})", random.pick(NAMES)),
        4 => format!("({a}).{}", random.pick(METHODS)),
        5 => format!("{}.{}", random.pick(NAMES), random.pick(METHODS)),
        6 => format!("({a}).{}", random.next(3)),
        7 => format!("({a}).{}", random.pick(NAMES)),
        8 => format!("({a})[{b}]"),
        9 => format!("{}[{a}..{b}]", random.pick(NAMES)),
        10 => format!("[{a}, {b}]"),
        11 => format!("[{a}; {b}]"),
        12 => format!("({a}, {b})"),
        13 => format!("P {{ a: {a}, b: {b} }}"),
        14 => format!("(|{}| {a})", random.pick(NAMES)),
        15 => format!("(|{}: {}, (a, b)| {{ {b}; {a} }})", random.pick(NAMES), random.pick(TYPES)),
        16 => format!("if {a} {{ {b} }} else {{ {c} }}"),
        17 => {
            format!("match {a} {{ {} => {b}, {} if {c} => {b}, _ => {c} }}", pattern(random), pattern(random))
        }
        18 => format!("{{ {}\n {b} }}", statement(random, depth)),
        19 => format!("-({a})"),
        20 => format!("!({a})"),
        21 => format!("panic({a})"),
        22 => format!("match {a} {{ {} => {b} }}", pattern(random)),
        _ => format!("\"{{{}}}\"", random.pick(NAMES)),
    }
}

fn pattern(random: &mut Random) -> &'static str {
    random.pick(&[
        "_",
        "a",
        "1",
        "1..5",
        "true",
        "\"s\"",
        "(a, b)",
        "(1, _)",
        "P { a, .. }",
        "1 | 2",
        "(true, false)",
        "1.5",
    ])
}

fn statement(random: &mut Random, depth: usize) -> String {
    let a = expression(random, depth);
    let name = random.pick(NAMES);
    match random.next(16) {
        0 => format!("let {name} = {a}"),
        1 => format!("let mut {name} = {a}"),
        2 => format!("let {name}: {} = {a}", random.pick(TYPES)),
        3 => format!("let {} = {a}", pattern(random)),
        4 => format!("fun {name}({}) {{ {a} }}", random.pick(NAMES)),
        5 => format!("fun {name}(a: {}, b) -> {} {{ {a} }}", random.pick(TYPES), random.pick(TYPES)),
        6 => format!("for {} in {a} {{ {} }}", pattern(random), statement(random, depth.saturating_sub(1))),
        7 => format!("for {name} in 0..{a} {{ {} }}", statement(random, depth.saturating_sub(1))),
        8 => format!("while {a} {{ {} }}", statement(random, depth.saturating_sub(1))),
        9 => format!("{name} = {a}"),
        10 => format!("{name} {}= {a}", random.pick(&["+", "-", "*", "&"])),
        11 => format!("{name}[0] = {a}"),
        12 => format!("{name}.a = {a}"),
        13 => random
            .pick(&[
                "break",
                "continue",
                "return",
                "return 1",
                "loop { break }",
                "struct P { a: Int, b: [P] }",
            ])
            .into(),
        14 => "struct Q { a: Q, b: fun(Q) -> P }".into(),
        _ => a,
    }
}

/// What every cell has to stand. Returns whether it is right.
fn stands(source: &str, types: &mut Types, environment: &Environment) -> bool {
    let parsed = parse(source);
    let syntax_is_right = parsed.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    let checked = check(&parsed.ast, source, types, environment);
    let is_right = checked.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    for diagnostic in &checked.diagnostics {
        let span = diagnostic.span;
        assert!(source.get(span.start as usize..span.end as usize).is_some(), "{source}\n{diagnostic:?}");
    }
    if syntax_is_right {
        assert_eq!(checked.program.is_some(), is_right, "{source}\n{:?}", checked.diagnostics);
    } else {
        assert!(checked.program.is_none() || is_right, "{source}");
    }
    let analysis = analyze(&parsed.ast, source, types, environment);
    let middle = source.len() as u32 / 2;
    analysis.at(middle);
    analysis.ending_at(middle);
    analysis.names(middle);
    let Some(program) = checked.program.filter(|_| syntax_is_right) else { return false };
    if let Ok(artifact) = emit(&program, types) {
        let mut features = wasmparser::WasmFeatures::default();
        features |= wasmparser::WasmFeatures::GC | wasmparser::WasmFeatures::FUNCTION_REFERENCES;
        let valid = wasmparser::Validator::new_with_features(features).validate_all(&artifact.wasm);
        assert!(valid.is_ok(), "{source}\n{:?}", valid.err());
    }
    true
}

/// What other cells have defined.
fn environment(types: &mut Types) -> Environment {
    let source = "struct P { a: Int, b: [P] }\nlet mut old = [1]\nfun change(n: Int) { old.push(n); n }\n\
                  let t = (1, \"a\")\nlet p = P { a: 1, b: [] }\nlet mut a = 1\nlet mut b = 2\nlet mut xs = [1, 2]\n\
                  let mut s = \"text\"\nfun f(n: Int) { n }\nlet g = |n: Int, m: Int| n + m";
    let program = check(&parse(source).ast, source, types, &Environment::default()).program.unwrap();
    let mut environment = Environment::default();
    for definition in program.definitions {
        environment.define(definition.name, Symbol { kind: definition.kind, instance: InstanceId(0) });
    }
    environment
}

#[test]
fn random_cells_never_panic() {
    let mut types = Types::new();
    let environment = environment(&mut types);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut right = 0;
    for _ in 0..10_000 {
        let count = 1 + random.next(3);
        let depth = random.next(3);
        let lines: Vec<String> = (0..count).map(|_| statement(&mut random, depth)).collect();
        right += usize::from(stands(&lines.join("\n"), &mut types, &environment));
    }
    assert!(right > 250, "the generator makes too few right cells: {right}");
}

/// Cells of the other tests with pieces taken out, doubled or exchanged.
#[test]
fn damaged_cells_never_panic() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut types = Types::new();
    let environment = environment(&mut types);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let cells = text.split("===\n").next().unwrap().replace("---\n", "");
        let pieces: Vec<&str> = cells.split_inclusive([' ', '(', ')', '\n', ',', '.', '|']).collect();
        for _ in 0..60 {
            let mut pieces = pieces.clone();
            for _ in 0..1 + random.next(4) {
                let (a, b) = (random.next(pieces.len()), random.next(pieces.len()));
                match random.next(4) {
                    0 if pieces.len() > 1 => drop(pieces.remove(a)),
                    1 => pieces.insert(a, pieces[b]),
                    2 => pieces[a] = pieces[b],
                    _ => pieces.swap(a, b),
                }
            }
            stands(&pieces.concat(), &mut types, &environment);
        }
    }
}

/// What grows beyond all bounds is an error, in little time.
#[test]
fn large_cells_are_answered() {
    let doubled: String = (1..60).map(|i| format!("let a{i} = (a{}, a{})\n", i - 1, i - 1)).collect();
    let nested: String = (1..200).map(|i| format!("let b{i} = [b{}]\n", i - 1)).collect();
    let functions: String = (1..200).map(|i| format!("fun c{i}(x) {{ |y| c{}((x, y)) }}\n", i - 1)).collect();
    let arms: String = (0..20_000).map(|i| format!("{i} => {i}, ")).collect();
    let errors: String = (0..20_000).map(|i| format!("unknown{i} + a{i}\n")).collect();
    let statements: String = (0..5_000).map(|i| format!("let d{i} = {i}\nd{i} * 2\n")).collect();
    let cells = [
        format!("let a0 = 1\n{doubled}"),
        format!("let b0 = 1\n{nested}"),
        format!("fun c0(x) {{ x }}\n{functions}"),
        format!("match 5 {{ {arms} }}"),
        format!("match 5 {{ {arms} _ => 0 }}"),
        errors,
        format!("fun f() {{ {statements} }}"),
    ];
    let right: Vec<bool> =
        cells.iter().map(|cell| stands(cell, &mut Types::new(), &Environment::default())).collect();
    assert_eq!(right, [false, false, false, false, true, false, true]);
}
