//! Operators that only compute, each with its operands as parameters, in registers, in slots and as constants.

use std::fmt::Write;

use upshift::{Config, Engine, Instance, Module, Store, Tier, Tiers, Val};
use upshift_core::ValType;
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};

use crate::engines::{Call, Nans, agree};
use crate::values::{constant, edges, name};

/// An operator as text, with its immediate.
struct Operator {
    text: String,
    operands: Vec<ValType>,
    results: Vec<ValType>,
}

impl Operator {
    fn new(text: &str, operands: &[ValType], result: ValType) -> Operator {
        Operator { text: text.to_string(), operands: operands.to_vec(), results: vec![result] }
    }
}

/// Which NaNs an export may make: exports are named by their operator.
fn nans(export: &str) -> Nans {
    let float = |op: &str| !["reinterpret", "abs", "neg", "copysign"].iter().any(|exact| op.contains(exact));
    match export {
        op if !float(op) => Nans::Exact,
        op if op.starts_with("f32") => Nans::Lanes(32),
        op if op.starts_with("f64") => Nans::Lanes(64),
        _ => Nans::Exact,
    }
}

/// Functions for an operator, by what is behind its name; each has the operator's operands as parameters, but for those that are
/// constant.
fn functions(module: &mut String, op: &Operator, calls: &mut Vec<Call>) {
    let Operator { text, operands, results } = op;
    let types = |types: &[ValType]| types.iter().map(|&ty| name(ty)).collect::<Vec<_>>().join(" ");
    let (params, out) = (types(operands), types(results));
    let gets: Vec<String> = (0..operands.len()).map(|at| format!("(local.get {at})")).collect();
    let all = gets.join(" ");
    let mut func = |kind: &str, params: &str, results: &str, body: &str| {
        let export = format!("{text}/{kind}");
        writeln!(module, "(func (export \"{export}\") (param {params}) (result {results}) {body})")
            .expect("strings do not fail");
        export
    };
    let mut exports = Vec::new();
    // Operands that stay as they are.
    exports.push(func("locals", &params, &format!("{out} {params}"), &format!("{all} {text} {all}")));
    let stores: String = operands
        .iter()
        .enumerate()
        .map(|(at, &ty)| format!("({}.store (i32.const {}) (local.get {at})) ", name(ty), 16 * at))
        .collect();
    let loads: String = operands
        .iter()
        .enumerate()
        .map(|(at, &ty)| format!("({}.load (i32.const {})) ", name(ty), 16 * at))
        .collect();
    exports.push(func("registers", &params, &out, &format!("{stores} {loads} {text}")));
    // Nothing is in registers over a call.
    exports.push(func("slots", &params, &out, &format!("{stores} {loads} (call $nothing) {text}")));
    if let [ValType::I32] = results[..] {
        let body = format!("{all} {text} (if (result i32) (then (i32.const 11)) (else (i32.const 22)))");
        exports.push(func("condition", &params, "i32", &body));
    }
    arguments(operands, &mut |args| {
        calls.extend(exports.iter().map(|export| Call { name: export.clone(), args: args.to_vec() }));
    });
    if operands.len() <= 2 {
        constants(&mut func, op, &gets, calls);
    }
}

/// Functions of which one operand is constant.
fn constants(
    func: &mut impl FnMut(&str, &str, &str, &str) -> String,
    op: &Operator,
    gets: &[String],
    calls: &mut Vec<Call>,
) {
    let out = name(op.results[0]);
    if op.results.len() > 1 {
        return;
    }
    for (at, &ty) in op.operands.iter().enumerate() {
        for (number, value) in edges(ty).iter().enumerate().step_by(if ty == ValType::V128 { 5 } else { 1 }) {
            let mut from = gets.to_vec();
            from[at] = constant(value);
            let other = op.operands.get(1 - at).copied();
            // The other operand keeps its place.
            let params: Vec<&str> = op.operands.iter().map(|&ty| name(ty)).collect();
            let body = format!("{} {}", from.join(" "), op.text);
            let export = func(&format!("constant {at} {number}"), &params.join(" "), out, &body);
            for other in other.map_or(vec![Val::I32(0)], edges) {
                let args: Vec<Val> = match op.operands.len() {
                    1 => vec![*value],
                    _ if at == 0 => vec![*value, other],
                    _ => vec![other, *value],
                };
                calls.push(Call { name: export.clone(), args });
            }
        }
    }
}

/// All combinations of edges, or, where there are more than two operands, a part of them.
fn arguments(types: &[ValType], call: &mut impl FnMut(&[Val])) {
    let lists: Vec<Vec<Val>> = types.iter().map(|&ty| edges(ty)).collect();
    let total: usize = lists.iter().map(Vec::len).product();
    // A prime step meets each value of each operand.
    let step = if total > 4000 { (total / 2000) | 1 } else { 1 };
    for number in (0..total).step_by(step) {
        let mut rest = number;
        let args: Vec<Val> = lists
            .iter()
            .map(|list| {
                let value = list[rest % list.len()];
                rest /= list.len();
                value
            })
            .collect();
        call(&args);
    }
}

/// Tests operators, some in each module.
fn test(operators: &[Operator]) {
    for operators in operators.chunks(24) {
        let mut module = "(module (memory (export \"memory\") 1) (func $nothing)\n".to_string();
        let mut calls = Vec::new();
        for op in operators {
            functions(&mut module, op, &mut calls);
        }
        module.push(')');
        agree(&module, &calls, nans);
    }
}

#[test]
fn binary_operators() {
    let all = Binary::ALL.iter().map(|op| Operator::new(op.text(), op.operands(), op.result()));
    test(&all.collect::<Vec<_>>());
}

#[test]
fn unary_operators() {
    // Those of references are made and read together; canonical NaNs are no operator of WebAssembly.
    let own = |op: &&Unary| {
        !op.text().contains("canonical_nan") && !matches!(op, Unary::RefI31 | Unary::I31GetS | Unary::I31GetU)
    };
    let all = Unary::ALL.iter().filter(own).map(|op| Operator::new(op.text(), op.operands(), op.result()));
    let mut all: Vec<Operator> = all.collect();
    for get in ["i31.get_s", "i31.get_u"] {
        all.push(Operator::new(&format!("ref.i31 {get}"), &[ValType::I32], ValType::I32));
    }
    test(&all);
}

#[test]
fn ternary_operators() {
    let all = Ternary::ALL.iter().map(|op| Operator::new(op.text(), op.operands(), op.result()));
    let mut all: Vec<Operator> = all.collect();
    for ty in [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128] {
        let text = format!("select (result {})", name(ty));
        all.push(Operator::new(&text, &[ty, ty, ValType::I32], ty));
    }
    test(&all);
}

#[test]
fn lanes() {
    let lanes = |text: &str| {
        let count = text.split(['x', '.']).nth(1).and_then(|count| count.parse::<u32>().ok());
        0..count.expect("the shape tells how many lanes there are")
    };
    let mut all = Vec::new();
    for op in ExtractLane::ALL {
        for lane in lanes(op.text()) {
            all.push(Operator::new(&format!("{} {lane}", op.text()), op.operands(), op.result()));
        }
    }
    for op in ReplaceLane::ALL {
        for lane in lanes(op.text()) {
            all.push(Operator::new(&format!("{} {lane}", op.text()), op.operands(), op.result()));
        }
    }
    test(&all);
}

/// Shuffles with an instruction of their own, in both orders of the operands, and some without.
#[test]
fn shuffles() {
    let bytes = |f: &dyn Fn(u8) -> u8| -> [u8; 16] { std::array::from_fn(|at| f(at as u8)) };
    let dwords = |from: [u8; 4]| bytes(&|at| 4 * from[usize::from(at / 4)] + at % 4);
    let mut all = vec![
        dwords([0, 2, 4, 6]),
        dwords([3, 1, 7, 4]),
        dwords([2, 2, 0, 3]),
        dwords([0, 5, 2, 7]),
        dwords([0, 5, 6, 7]),
        bytes(&|at| at + if at / 2 % 3 == 1 { 16 } else { 0 }),
        bytes(&|at| at + if at % 2 == 1 { 16 } else { 0 }),
        bytes(&|at| at + 5),
        bytes(&|at| (at + 5) & 15),
        bytes(&|at| 15 - at),
        bytes(&|at| at / 2 + if at % 2 == 1 { 16 } else { 0 }),
        bytes(&|at| (at * 7 + 3) & 31),
        bytes(&|_| 3),
    ];
    for size in [2, 4, 8] {
        for high in [0, 8] {
            all.push(bytes(&|at| {
                at / size / 2 * size + at % size + high + if at / size % 2 == 1 { 16 } else { 0 }
            }));
        }
    }
    let turned: Vec<[u8; 16]> = all.iter().map(|lanes| lanes.map(|lane| lane ^ 16)).collect();
    let text = |lanes: &[u8; 16]| lanes.map(|lane| lane.to_string()).join(" ");
    let operators: Vec<Operator> = all
        .iter()
        .chain(&turned)
        .map(|lanes| {
            let text = format!("i8x16.shuffle {}", text(lanes));
            Operator::new(&text, &[ValType::V128; 2], ValType::V128)
        })
        .collect();
    test(&operators);
}

#[test]
fn wide_arithmetic() {
    let wide = |op: &Wide| Operator {
        text: op.text().to_string(),
        operands: op.operands().to_vec(),
        results: vec![ValType::I64; 2],
    };
    test(&Wide::ALL.iter().map(wide).collect::<Vec<_>>());
}

/// The operators that are left to the interpreter on processors of a level.
fn embedded(level: u8) -> Vec<String> {
    let mut config = Config::new();
    config.every_feature().tiers(Tiers::Only(Tier::Baseline)).processor_level(level);
    let engine = Engine::new(&config).expect("there is native code");
    let is_embedded = |op: &Operator| {
        let (mut module, mut calls) = ("(module (memory 1) (func $nothing)".to_string(), Vec::new());
        functions(&mut module, op, &mut calls);
        let module = Module::new(&engine, module + ")").expect("the module is valid");
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
        let func = instance.get_func(&mut store, &calls[0].name).expect("it is exported");
        let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
        // Whether it traps makes no difference.
        let _ = func.call(&mut store, &calls[0].args, &mut results);
        module.compilation(1).expect("it was called").embedded > 0
    };
    all_operators().iter().filter(|op| is_embedded(op)).map(|op| op.text.clone()).collect()
}

/// All pure operators, those of lanes with one lane.
fn all_operators() -> Vec<Operator> {
    let mut all = operators(Binary::ALL.iter().map(|op| (op.text(), op.operands(), op.result())), "");
    let own = |op: &&Unary| !op.text().contains("canonical_nan") && !op.text().contains("i31");
    all.extend(operators(
        Unary::ALL.iter().filter(own).map(|op| (op.text(), op.operands(), op.result())),
        "",
    ));
    all.extend(operators(Ternary::ALL.iter().map(|op| (op.text(), op.operands(), op.result())), ""));
    all.extend(operators(ExtractLane::ALL.iter().map(|op| (op.text(), op.operands(), op.result())), " 1"));
    all.extend(operators(ReplaceLane::ALL.iter().map(|op| (op.text(), op.operands(), op.result())), " 1"));
    all
}

fn operators<'a>(
    rows: impl Iterator<Item = (&'a str, &'a [ValType], ValType)>,
    immediate: &str,
) -> Vec<Operator> {
    rows.map(|(text, operands, result)| Operator::new(&format!("{text}{immediate}"), operands, result))
        .collect()
}

/// Nothing is left to the interpreter where there are instructions; without SSE4.2 that is vectors, rounding and bit counts at most.
#[test]
fn what_is_left_to_the_interpreter() {
    if !Tier::Baseline.is_available() {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sse4.2") {
        for level in [2, 22, 3] {
            assert_eq!(embedded(level), [""; 0]);
        }
        let with_sse41 = embedded(12);
        assert!(with_sse41.iter().all(|op| ["i32.popcnt", "i64.popcnt"].contains(&&**op)), "{with_sse41:?}");
    }
    let scalar = |op: &String| !op.contains('x') || op.contains("extend");
    let scalars: Vec<String> = embedded(1).into_iter().filter(scalar).collect();
    let without_instructions = ["ceil", "floor", "trunc", "nearest", "popcnt"];
    let known = |op: &String| without_instructions.iter().any(|known| op.ends_with(&format!(".{known}")));
    assert!(scalars.iter().all(known), "{scalars:?}");
}
