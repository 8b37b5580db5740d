//! Functions that are large in some way: what is built for them is in proportion to their size, however many locals, branches,
//! blocks and calls they have. A function for which it cannot be is refused.

use std::fmt::Write;

use upshift_asm::x64::CpuFeatures;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::ssa::build::BuildError;
use upshift_opt::ssa::{Func, build};
use upshift_opt::{PassSet, Reason, Request};
use upshift_translate::{CodeOptions, Features, TypeRegistry, WalkBuffers, parse};

/// SSA of the first own function, and the bytes of its body.
fn built(fields: &str, osr: Option<u32>) -> (Result<Func, BuildError>, usize) {
    let bytes = wat::parse_str(format!("(module {fields})")).unwrap_or_else(|error| panic!("{error}"));
    let module = parse(bytes.into(), &Features::all(), &TypeRegistry::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let index = FuncIndex(module.imported_funcs);
    let body = module.body(index).unwrap();
    let options = CodeOptions::default();
    (build::build(&module, index, options, osr, &mut WalkBuffers::default()), body.len())
}

/// How many values and parameters of blocks there are for each byte at most.
#[track_caller]
fn in_proportion(fields: &str, osr: Option<u32>) -> Func {
    let (func, bytes) = built(fields, osr);
    let func = func.unwrap_or_else(|error| panic!("{error}: {}", &fields[..60]));
    let mut given = 0;
    for &block in &func.layout {
        func.block(block).term.for_each_target(|target| given += func.list(target.args).len());
    }
    let (values, blocks) = (func.values.len(), func.blocks.len());
    assert!(values < 4 * bytes, "{values} values for {bytes} bytes");
    assert!(blocks < bytes, "{blocks} blocks for {bytes} bytes");
    assert!(given < 4 * bytes, "{given} arguments for {bytes} bytes");
    func
}

fn repeat(count: usize, mut item: impl FnMut(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, at| {
        text += &item(at);
        text.push('\n');
        text
    })
}

const LOCALS: usize = 49_999;

fn locals() -> String {
    format!("(local {})", "i32 ".repeat(LOCALS))
}

/// Each local is set in a block of its own, and wanted soon.
#[test]
fn many_locals_in_many_blocks() {
    let blocks = repeat(LOCALS, |at| {
        format!("(if (local.get $c) (then (local.set {} (i32.const 1))))", at + 1)
            + &format!("(br_if $out (local.get {}))", at + 1)
    });
    in_proportion(&format!("(func (param $c i32) {} (block $out {blocks}))", locals()), None);
}

/// All locals are set, then there are as many branches out of the block, behind which all are wanted.
#[test]
fn many_locals_and_many_branches() {
    let sets = repeat(LOCALS, |at| format!("(local.set {} (local.get $c))", at + 1));
    let branches = "(br_if $out (local.get $c))".repeat(LOCALS);
    let gets = repeat(LOCALS, |at| format!("(drop (local.get {}))", at + 1));
    let func = format!("(func (param $c i32) {} (block $out {sets} {branches}) {gets})", locals());
    // Each value on each branch would be too much, and nothing needs it: nothing changes in between.
    in_proportion(&func, None);
}

/// How many operations the interpreter has.
const CASES: usize = 21_000;

/// An interpreter: a loop around a table with a block for each operation, which sets some locals.
fn interpreter() -> String {
    let mut body = String::from("(loop $again ");
    (0..=CASES).for_each(|at| write!(body, "(block $b{at} ").unwrap());
    let targets: String = (0..=CASES).map(|at| format!("$b{at} ")).collect();
    write!(body, "(br_table {targets} (i32.load (local.get $pc))))").unwrap();
    for at in 0..CASES {
        let local = 1 + at % 20;
        write!(body, "(local.set {local} (i32.add (local.get {local}) (local.get $pc)))").unwrap();
        write!(body, "(local.set $pc (i32.add (local.get $pc) (i32.const 4))) (br $again))").unwrap();
    }
    body.push(')');
    format!("(memory 1) (func (param $pc i32) (local {}) {body})", "i32 ".repeat(20))
}

#[test]
fn a_loop_around_a_large_table() {
    let fields = interpreter();
    let (func, _) = built(&fields, None);
    // 21 locals on each way back.
    assert!(func.unwrap().values.len() < 10 * CASES);
    assert!(built(&fields, Some(0)).0.is_ok());
}

/// Straight code, deep nests of blocks and loops.
#[test]
fn long_and_deep_bodies() {
    let adds = "(local.set 0 (i32.add (local.get 0) (i32.const 77)))".repeat(150_000);
    in_proportion(&format!("(func (param i32) (result i32) {adds} (local.get 0))"), None);
    // Operators in a row, as the parser of the text format does not nest so deeply. What the survey says of loops grows with
    // each loop around it.
    for (open, inside, depth) in [
        ("block ", "local.get 0 br_if 0 local.get 0 i32.clz local.set 0 end ", 50_000),
        ("local.get 0 if ", "local.get 0 i32.clz local.set 0 end ", 50_000),
        ("loop ", "local.get 0 i32.clz local.set 0 local.get 0 br_if 0 end ", 300),
    ] {
        let body = open.repeat(depth) + &inside.repeat(depth);
        in_proportion(&format!("(func (param i32) (result i32) {body} local.get 0)"), None);
    }
}

/// A branch table that leads out of each of many blocks: the work for a target does not grow with the number of targets.
#[test]
fn a_table_with_many_targets() {
    const DEPTH: usize = 30_000;
    let targets: String = (0..=DEPTH).map(|at| format!("{at} ")).collect();
    let body = "block ".repeat(DEPTH + 1)
        + &format!("local.get 0 br_table {targets} ")
        + &"end local.get 0 i32.clz local.set 0 ".repeat(DEPTH + 1);
    in_proportion(&format!("(func (param i32) (result i32) {body} local.get 0)"), None);
}

/// Calls that take a few bytes and make hundreds of values each, which nothing uses: as many as validation lets pass.
#[test]
fn calls_with_many_results() {
    let function = |calls: usize| {
        let results = "i32 ".repeat(400);
        format!(
            "(import \"\" \"f\" (func $f (result {results}))) (func {})",
            "(block (call $f) (br 0))".repeat(calls)
        )
    };
    assert!(built(&function(100), None).0.is_ok());
    assert_eq!(built(&function(10_000), None).0.unwrap_err(), BuildError::TooManyValues);
}

/// Calls in a `try_table` with many clauses, and many locals that change between.
#[test]
fn many_calls_and_clauses() {
    let calls = "(local.set $x (call $f (local.get $x)))".repeat(20_000);
    let one = format!(
        "(import \"\" \"f\" (func $f (param i32) (result i32))) (tag $t)
         (func (param $x i32) (result i32)
            (block $h (try_table (catch $t $h) (catch_all $h) {calls}))
            (local.get $x))"
    );
    assert!(built(&one, None).0.unwrap().blocks.len() < 70_000);
    let tags = repeat(3000, |at| format!("(tag $t{at})"));
    let clauses = repeat(3000, |at| format!("(catch $t{at} $h)"));
    let many = format!(
        "(import \"\" \"f\" (func $f (param i32) (result i32))) {tags}
         (func (param $x i32) (result i32)
            (block $h (try_table {clauses} {calls}))
            (local.get $x))"
    );
    assert_eq!(built(&many, None).0.unwrap_err(), BuildError::TooManyEdges);
}

/// Compiles the last function of a module, which has so many in front of it. Returns how many instructions it has, and the passes
/// that were left out.
fn compiled(text: &str, before: u32) -> Result<(u32, Vec<&'static str>), Reason> {
    compiled_without(text, before, PassSet::default())
}

/// The same without some passes.
fn compiled_without(text: &str, before: u32, off: PassSet) -> Result<(u32, Vec<&'static str>), Reason> {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    let module = parse(bytes.into(), &Features::all(), &TypeRegistry::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let target = Target {
        features: CpuFeatures::ALL,
        returns: Returns::Paired,
        memories: module.memories.iter().map(|_| MemoryMode::Guard).collect(),
        counts: false,
        twins: None,
        choices: false,
    };
    let request = Request { off, ..Request::default() };
    let code = upshift_opt::compile(&module, FuncIndex(before), CodeOptions::default(), &target, request);
    code.map(|code| (code.stats.insts, code.stats.passes_off.names().collect()))
        .map_err(|refusal| refusal.reason)
}

/// No function is too large by itself. Past the bounds that the compiler names, a simpler algorithm takes over.
#[test]
fn large_functions_are_compiled() {
    let all = Vec::<&str>::new();
    let step = "(local.set 0 (i32.xor (i32.mul (local.get 0) (local.get 1)) (i32.const 77)))";
    let function = |steps: usize| {
        let body = step.repeat(steps);
        format!("(module (func (param i32 i32) (result i32) {body} (local.get 0)))")
    };
    let (insts, off) = compiled(&function(2_383), 0).unwrap();
    assert!(insts >= 4_766 && off == all, "{insts} {off:?}");
    // A megabyte.
    let (insts, off) = compiled(&function(85_000), 0).unwrap();
    assert!(insts >= 170_000 && off == ["ion"], "{insts} {off:?}");
}

#[test]
fn large_interpreters_are_compiled() {
    let (insts, off) = compiled(&format!("(module {})", interpreter()), 0).unwrap();
    assert!(insts > 40_000 && off == ["ion"], "{insts} {off:?}");
}

/// 50,000 locals that are set and then read: all are live at once.
#[test]
fn many_locals_are_compiled() {
    let sets =
        repeat(LOCALS, |at| format!("(local.set {} (i32.add (local.get $c) (i32.const {at})))", at + 1));
    let reads =
        repeat(LOCALS, |at| format!("(local.set $c (i32.add (local.get $c) (local.get {})))", at + 1));
    let text = format!(
        "(module (func (param $c i32) {} {sets} {reads}
        (global.set 0 (local.get $c))) (global (mut i32) (i32.const 0)))",
        locals()
    );
    let (insts, off) = compiled(&text, 0).unwrap();
    assert!(insts > LOCALS as u32 && off == ["ion"], "{insts} {off:?}");
}

/// Each reference that lives over a call is an operand of it: that many are too many.
#[test]
fn many_references_over_many_calls() {
    let compiled = |references: usize, calls: usize| {
        let sets = repeat(references, |at| format!("(local.set {at} (call $f))"));
        let calls = "(drop (call $f))".repeat(calls);
        let gets = repeat(references, |at| format!("(call $use (local.get {at}))"));
        let text = format!(
            "(module (import \"\" \"f\" (func $f (result externref))) (import \"\" \"use\" (func $use (param externref)))
                (func (local {}) {sets} {calls} {gets}))",
            "externref ".repeat(references)
        );
        compiled(&text, 2)
    };
    assert!(compiled(100, 100).is_ok());
    assert_eq!(compiled(2000, 2000), Err(Reason::TooManyReferences));
}

/// Each value that lives over a block is something that the allocator looks at.
#[test]
fn many_values_over_many_blocks() {
    let compiled = |values: usize, blocks: usize| {
        let get = "(global.get $g)";
        // What is loaded stays where it is.
        let sets =
            repeat(values, |at| format!("(local.set {at} (i32.load offset={} (i32.const 0)))", 4 * at));
        let blocks = format!("(if {get} (then (global.set $g (i32.const 3))))").repeat(blocks);
        let adds = repeat(values, |at| format!("(i32.add (local.get {at}))"));
        let locals = "i32 ".repeat(values);
        let body = format!("(local {locals}) {sets} {blocks} i32.const 0 {adds}");
        let global = "(global $g (mut i32) (i32.const 1))";
        compiled(&format!("(module (memory 1) {global} (func (result i32) {body}))"), 0)
    };
    assert!(compiled(100, 100).is_ok());
    assert_eq!(compiled(5000, 5000), Err(Reason::TooManyLive));
}

/// However deep a function is nested, and however long chains of operators are, the compiler needs little stack: that of the thread which
/// optimizes beside a program is not large.
#[test]
fn the_stack_does_not_grow_with_the_function() {
    const STACK: usize = 1 << 19;
    const LENGTH: usize = 20_000;
    let masks: String = (0..LENGTH).map(|at| format!("i32.const {} i32.and ", at << 6 | 63)).collect();
    let chain = |operators: &str| format!("local.get 0 {}", operators.repeat(LENGTH));
    let nest = |open: &str, inside: &str, depth: usize| {
        format!("{} {} local.get 0", open.repeat(depth), format!("{inside} end ").repeat(depth))
    };
    let bodies = [
        chain("i32.const 7 i32.add "),
        chain("i32.const 7 i32.xor i32.const 63 i32.and "),
        format!("local.get 0 local.get 0 {} i32.shl", "i32.const 63 i32.and ".repeat(LENGTH)),
        format!("local.get 0 local.get 0 {masks} i32.shl"),
        chain("i64.extend_i32_u i32.wrap_i64 "),
        chain("local.get 0 local.get 0 select "),
        chain("i32.eqz "),
        chain("i32.eqz local.tee 0 local.get 0 if local.get 0 drop end "),
        chain("i32.load "),
        chain("i32.const 8 i32.add ") + "i32.load",
        chain("i32.const 1 i32.shl ") + "i32.load",
        format!("local.get 0 local.get 0 {} select", chain("i32.const 1 i32.lt_u ")),
        chain("local.get 0 i32.const 5 i32.lt_u i32.or ") + "if nop end local.get 0",
        chain("f64.convert_i32_s f64.neg f64.abs i32.trunc_sat_f64_s "),
        chain("i32x4.splat v128.not v128.any_true "),
        chain("local.tee 0 local.get 0 i32.mul "),
        nest("block ", "local.get 0 br_if 0", LENGTH),
        nest("local.get 0 if ", "local.get 0 i32.clz local.set 0", LENGTH),
        nest("loop ", "local.get 0 br_if 0", 300),
        "block local.get 0 br_if 0 local.get 0 i32.ctz local.set 0 end ".repeat(LENGTH) + "local.get 0",
    ];
    let compile = move || {
        for (number, body) in bodies.iter().enumerate() {
            let text = format!("(module (memory 1) (func (param i32) (result i32) {body}))");
            for off in [PassSet::default(), PassSet::all()] {
                let code = compiled_without(&text, 0, off);
                assert!(code.is_ok(), "{number}: {code:?}");
            }
        }
    };
    std::thread::Builder::new().stack_size(STACK).spawn(compile).unwrap().join().unwrap();
}
