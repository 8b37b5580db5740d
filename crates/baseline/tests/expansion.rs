//! How many bytes of code a byte of WebAssembly can become, in functions that were written to become large.

use std::fmt::Write;

use upshift_asm::x64::CpuFeatures;
use upshift_baseline::compile;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};

/// The most bytes of code and pool for a byte of a body where code is long because branches meet, or for what registers have, but for
/// what each function has.
const MOST: usize = 24;

/// The same where operators follow each other that have much code themselves: one that has a single byte may become so many.
const MOST_OF_OPERATORS: usize = 72;

/// What each function may have besides.
const FLOOR: usize = 4096;

/// Bytes of the body of a module's first function, and of its code with the pool.
fn sizes(wat: &str) -> (usize, usize) {
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"));
    let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
    let target = Target {
        features: CpuFeatures::BASELINE,
        returns: Returns::Paired,
        choices: false,
        counts: false,
        twins: None,
        memories: [MemoryMode::Guard].into(),
    };
    let code = compile(&module, FuncIndex(0), CodeOptions::default(), &target).unwrap();
    (module.body(FuncIndex(0)).unwrap().len(), code.code.bytes.len())
}

/// Locals 0 to 9 are integers, 10 to 23 floats.
fn module(body: &str) -> String {
    let locals = format!("(local {} {})", "i32 ".repeat(10), "f64 ".repeat(14));
    let fields = "(field i64) ".repeat(16);
    format!(
        "(module (memory 1) (type $s (struct)) (type $l (struct {fields})) (func {locals} {body})
            (func $values (result i64 i64 i64 i64 i64 i64 i64 i64) unreachable) (func $none))"
    )
}

/// Gives all locals values that only registers have, those of each kind in an order that begins with `first`.
fn set_all(first: usize) -> String {
    let set = |out: &mut String, local: usize, load: &str| {
        write!(out, "i32.const 0 {load} local.set {local} ").unwrap();
    };
    let mut out = String::new();
    (0..10).for_each(|n| set(&mut out, (first + n) % 10, "i32.load"));
    (0..14).for_each(|n| set(&mut out, 10 + (first + n) % 14, "f64.load"));
    out
}

/// Branches on a condition to one label, each with something else in the registers.
fn conditional_branches(n: usize) -> String {
    let turns: String = (0..n)
        .map(|turn| format!("local.get {} local.tee {} br_if 0 ", turn % 10, (turn + 1) % 10))
        .collect();
    module(&format!("block {} local.get 0 br_if 0 {} {turns} end", set_all(0), set_all(3)))
}

/// The same to the head of a loop, where all of them are wanted in registers.
fn branches_back(n: usize) -> String {
    let uses: String = (0..24).map(|local| format!("local.get {local} drop ")).collect();
    let turns: String = (0..n)
        .map(|turn| format!("local.get {} local.tee {} br_if 0 ", turn % 10, (turn + 1) % 10))
        .collect();
    module(&format!("{} loop {uses} {turns} end", set_all(0)))
}

/// Tables that all lead to the same labels, which want registers as they were at the first one.
fn tables(n: usize) -> String {
    let labels: String = (0..n).map(|label| format!("{label} ")).collect();
    let tables: String = (0..8)
        .map(|turn| format!("block {} local.get 0 br_table {labels} 0 end ", set_all(turn + 1)))
        .collect();
    let (blocks, ends) = ("block ".repeat(n), "end ".repeat(n));
    module(&format!("{blocks} {} block local.get 0 br_table {labels} 0 end {tables} {ends}", set_all(0)))
}

/// One label, which a table leads to by each of its entries.
fn wide_table(n: usize) -> String {
    module(&format!(
        "block {} local.get 0 br_if 0 {} local.get 0 br_table {} end",
        set_all(0),
        set_all(5),
        "0 ".repeat(n)
    ))
}

/// Labels that fix their states, each with all registers, one by one.
fn labels(n: usize) -> String {
    let blocks: String = (0..n).map(|_| "block local.get 0 br_if 0 end ").collect();
    module(&format!("{} {blocks}", set_all(0)))
}

/// Loops of which each wants registers, and can be entered from elsewhere.
fn loops(n: usize) -> String {
    let uses: String = (0..24).map(|local| format!("local.get {local} drop ")).collect();
    module(&format!("{} {} {uses} {}", set_all(0), "loop ".repeat(n), "end ".repeat(n)))
}

/// Instructions of the interpreter aside, which give back all registers.
fn cold_paths(n: usize) -> String {
    module(&format!("{} {}", set_all(0), "struct.new_default $s drop ".repeat(n)))
}

/// Objects that are large and take few operators.
fn objects(n: usize) -> String {
    module(&"struct.new_default $l drop ".repeat(n))
}

/// Calls without arguments or results.
fn calls(n: usize) -> String {
    module(&"call $none ".repeat(n))
}

/// A module whose first function calls one with many arguments, which are its results, and what calls it need, by text.
fn calls_with(n: usize, results: &str, values: &str, call: &str) -> String {
    let types = format!("{}{}", "i64 ".repeat(7), "f64 ".repeat(8));
    let body: String = format!("{call} ").repeat(n);
    format!(
        "(module (type $t (func (param {types}) (result {types} {results})))
            (table (export \"t\") 2 funcref) (elem declare func $same)
            (func {}{} {values} {body} unreachable)
            (func $same (type $t) unreachable))",
        "i64.const 1 ".repeat(7),
        "f64.const 1 ".repeat(8)
    )
}

fn calls_with_arguments(n: usize) -> String {
    calls_with(n, "", "", "call $same")
}

fn calls_of_references(n: usize) -> String {
    calls_with(n, "(ref $t)", "ref.func $same", "call_ref $t")
}

fn calls_by_table(n: usize) -> String {
    calls_with(n, "i32", "i32.const 0", "call_indirect (type $t)")
}

/// Branches that carry as many values as are copied one by one.
fn values(n: usize) -> String {
    let types = "i64 ".repeat(8);
    let turns = "local.get 0 br_if 0 ".repeat(n);
    let drops = "drop ".repeat(8);
    module(&format!("block (result {types}) i32.const 0 call $values {turns} br 0 end {drops}"))
}

/// Operators of one byte whose code is long.
fn conversions(n: usize) -> String {
    module(&format!("local.get 10 {} drop", "i64.trunc_f64_u f64.convert_i64_u ".repeat(n)))
}

/// Functions of a kind, larger with the number.
type Kind = fn(usize) -> String;

/// Asserts that no byte of any function becomes more than so many, whatever its size is.
fn assert_within(most: usize, kinds: &[(&str, Kind)]) {
    let sizes = kinds.iter().flat_map(|(name, kind)| [50, 1000].map(|n| (name, n, sizes(&kind(n)))));
    let large: Vec<_> = sizes.filter(|(_, _, (wasm, code))| *code > most * wasm + FLOOR).collect();
    assert!(large.is_empty(), "name, number, (bytes of wasm, of code): {large:#?}");
}

#[test]
fn merges_are_in_proportion_to_the_function() {
    const KINDS: [(&str, Kind); 7] = [
        ("conditional branches", conditional_branches),
        ("branches back", branches_back),
        ("tables", tables),
        ("wide table", wide_table),
        ("labels", labels),
        ("loops", loops),
        ("cold paths", cold_paths),
    ];
    assert_within(MOST, &KINDS);
}

#[test]
fn operators_have_so_much_code_at_most() {
    const KINDS: [(&str, Kind); 7] = [
        ("objects", objects),
        ("calls", calls),
        ("calls with arguments", calls_with_arguments),
        ("calls of references", calls_of_references),
        ("calls by table", calls_by_table),
        ("values", values),
        ("conversions", conversions),
    ];
    assert_within(MOST_OF_OPERATORS, &KINDS);
}
