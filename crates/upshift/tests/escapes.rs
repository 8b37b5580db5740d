//! Programs that would leave their sandbox, or compute something else, if native code took a shortcut that it may not take.
//!
//! Each is a module with a function `run` without parameters, and what the specification says comes out. All run in each way.

mod common {
    #[allow(dead_code, reason = "each test uses a part of it")]
    pub(crate) mod ways;
}

use common::ways::Way;
use std::panic::{AssertUnwindSafe, catch_unwind};

use upshift::{
    Caller, Config, Engine, Extern, Func, Instance, Linker, MemoryType, Module, Optimization, SharedMemory,
    Store, Tier, Trap, Val,
};

/// The ways in which code runs, and native code that is entered after so many arrivals.
fn configs() -> Vec<(String, Config)> {
    let mut configs: Vec<_> = Way::all().iter().map(|way| (format!("{way:?}"), way.config())).collect();
    if Tier::Baseline.is_available() {
        for seed in 2..6 {
            let mut config = Config::new();
            config.random_tiers(seed);
            if seed % 2 == 1 {
                config.optimization(Optimization::AtOnce);
            }
            configs.push((format!("random {seed}"), config));
        }
        for after in [0, 1, 2, 3, 5, 50] {
            let mut config = Config::new();
            config.tier_up_after(after);
            configs.push((format!("after {after}"), config.clone()));
            config.optimize_after(after).optimization(Optimization::AtOnce).skip_baseline(after % 2 == 1);
            configs.push((format!("optimized after {after}"), config));
        }
    }
    configs
}

/// What the function `run` of a module returns, or the trap, in the first way that disagrees.
#[track_caller]
fn check(name: &str, wat: &str, expected: &Result<Vec<i64>, Trap>) {
    for (way, config) in configs() {
        for reserve in [true, false] {
            let mut config = config.clone();
            if !reserve {
                config.memory_reservation(0);
            }
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, wat).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let mut store = Store::new(&engine, ());
            let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
            for round in 0..4 {
                let outcome = run(&mut store, &instance);
                assert_eq!(&outcome, expected, "{name}, {way}, reserve {reserve}, round {round}");
            }
        }
    }
}

fn run(store: &mut Store<()>, instance: &Instance) -> Result<Vec<i64>, Trap> {
    let func = instance.get_func(&mut *store, "run").unwrap();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    match func.call(&mut *store, &[], &mut results) {
        Ok(()) => Ok(results
            .iter()
            .map(|value| match value {
                Val::I32(value) => i64::from(*value),
                Val::I64(value) => *value,
                other => panic!("{other:?} is no integer"),
            })
            .collect()),
        Err(error) => Err(*error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}"))),
    }
}

#[test]
fn a_comparison_that_a_branch_drops_stays_away() {
    // What the branch carries goes to the home of the comparison, whose flags are still there.
    check(
        "dropped",
        r#"(module
            (func $const (param i32 i32) (result i64)
                (block (result i64)
                    (i32.lt_u (local.get 0) (local.get 1))
                    (i64.const 4095)
                    (br 0)))
            (func $local (param i32 i64) (result i64)
                (block (result i64)
                    (i32.lt_u (local.get 0) (local.get 0))
                    (local.get 1)
                    (br 0)))
            (func $vector (param i32 v128) (result i64)
                (i64x2.extract_lane 1
                    (block (result v128)
                        (i64.const 1)
                        (i32.lt_u (local.get 0) (local.get 0))
                        (local.get 1)
                        (br 0))))
            (func $loop (param i32) (result i32)
                (i32.const 5)
                (loop (param i32) (result i32)
                    (br_if 1 (i32.gt_s (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 3)))
                    (drop)
                    (i32.eq (local.get 0) (i32.const 100))
                    (local.get 0)
                    (br 0)))
            (func (export "run") (result i64 i64 i64 i32)
                (call $const (i32.const 1) (i32.const 0))
                (call $local (i32.const 1) (i64.const 77))
                (call $vector (i32.const 1) (v128.const i64x2 8 9))
                (call $loop (i32.const 0))))"#,
        &Ok(vec![4095, 77, 9, 3]),
    );
}

#[test]
fn a_comparison_is_carried_to_a_lower_home() {
    check(
        "carried",
        r#"(module
            (func $f (param i32 i32) (result i32)
                (block (result i32)
                    (i32.const 7)
                    (i32.eq (local.get 0) (local.get 1))
                    (br 0)))
            (func $g (param i32 i32) (result i32)
                (block (result i32)
                    (i64.load (i32.const 0))
                    (i32.eq (local.get 0) (local.get 1))
                    (br_if 1 (i32.lt_s (local.get 0) (local.get 1)))
                    (br 0)))
            (func $h (param f64 f64) (result i32)
                (block (result i32)
                    (i64.load (i32.const 0))
                    (f64.eq (local.get 0) (local.get 1))
                    (br 0)))
            (memory 1)
            (data (i32.const 0) "\ff\ff\ff\ff\ff\ff\ff\ff")
            (func (export "run") (result i32 i32 i32 i32)
                (call $f (i32.const 1) (i32.const 1))
                (call $f (i32.const 1) (i32.const 2))
                (call $g (i32.const 3) (i32.const 3))
                (call $h (f64.const 1) (f64.const 2))))"#,
        &Ok(vec![1, 0, 1, 0]),
    );
}

#[test]
fn an_inner_loop_right_behind_the_test_of_an_outer_one_repeats_itself_only() {
    // The inner loop changes what the outer one tests.
    let outcome = &Ok(vec![0]);
    check(
        "nested",
        r#"(module
            (func $f (result i64) (local $stop i32) (local $turns i32) (local $sum i64)
                (block $out
                    (loop $outer
                        (br_if $out (local.get $stop))
                        (loop $inner
                            (local.set $stop (i32.const 1))
                            (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
                            (br_if $inner (i32.lt_u (local.get $turns) (i32.const 1000))))
                        (local.set $sum (i64.add (local.get $sum) (i64.const 1)))
                        (br $outer)))
                (local.get $sum))
            (func (export "run") (result i64) (i64.sub (call $f) (i64.const 1))))"#,
        outcome,
    );
}

#[test]
fn integers_of_32_bits_have_no_upper_half_wherever_they_come_from() {
    // Each source yields -1 as an index, at a place where another path has a number that was loaded.
    let sources = [
        "(memory.grow (i32.const 65536))",
        "(table.grow $t (ref.null func) (i32.const -1))",
        "(i32.wrap_i64 (i64.const -1))",
        "(i32.wrap_i64 (i64.load (i32.const 8)))",
        "(i32.load8_s (i32.const 8))",
        "(i32.load16_s (i32.const 8))",
        "(i32.load (i32.const 8))",
        "(i32.extend8_s (i32.load8_u (i32.const 8)))",
        "(i32.extend16_s (i32.load16_u (i32.const 8)))",
        "(i32.reinterpret_f32 (f32.load (i32.const 8)))",
        "(i32.reinterpret_f32 (f32.reinterpret_i32 (i32.load (i32.const 8))))",
        "(i32.trunc_f64_s (f64.const -1))",
        "(i32.trunc_sat_f32_u (f32.const 1e20))",
        "(i31.get_s (ref.i31 (i32.load (i32.const 8))))",
        "(i32x4.extract_lane 1 (v128.load (i32.const 8)))",
        "(i16x8.extract_lane_s 3 (v128.load (i32.const 8)))",
        "(i8x16.extract_lane_s 3 (v128.load (i32.const 8)))",
        "(i32.sub (i32.load8_u (i32.const 0)) (i32.const 1))",
        "(i32.mul (i32.load (i32.const 8)) (i32.load (i32.const 4)))",
        "(i32.div_s (i32.load (i32.const 8)) (i32.load (i32.const 4)))",
        "(i32.rem_s (i32.load (i32.const 8)) (i32.const 7))",
        "(i32.shr_s (i32.load (i32.const 8)) (i32.load (i32.const 4)))",
        "(i32.rotl (i32.load (i32.const 8)) (i32.load (i32.const 4)))",
        "(select (i32.load (i32.const 8)) (i32.load (i32.const 0)) (i32.load (i32.const 4)))",
        "(global.get $g)",
        "(call $minus_one)",
        "(call_indirect $t (type $i) (i32.const 0))",
        "(array.get_s $a (array.new $a (i32.const 255) (i32.const 3)) (i32.const 1))",
        "(struct.get_s $s 0 (struct.new $s (i32.const 255)))",
        "(i32.atomic.rmw.cmpxchg (i32.const 8) (i32.const -1) (i32.const -1))",
        "(i32.atomic.rmw.or (i32.const 8) (i32.const 0))",
        "(i32.atomic.load (i32.const 8))",
        "(i32.const -1)",
        "(block $h (result i32) (try_table (catch $e $h) (throw $e (i32.load (i32.const 8)))) (unreachable))",
    ];
    let uses = [
        // What is used, and what the specification says of an index that is the largest.
        ("(drop (i32.load8_u (local.get $x)))", Trap::MemoryOutOfBounds),
        ("(drop (i32.load8_u offset=4294967295 (local.get $x)))", Trap::MemoryOutOfBounds),
        ("(drop (i32.load8_u offset=2147483648 (local.get $x)))", Trap::MemoryOutOfBounds),
        (
            "(drop (array.get_u $a (array.new $a (i32.const 1) (i32.const 3)) (local.get $x)))",
            Trap::ArrayOutOfBounds,
        ),
        ("(drop (table.get $t (local.get $x)))", Trap::TableOutOfBounds),
        ("(drop (call_indirect $t (type $i) (local.get $x)))", Trap::TableOutOfBounds),
        (
            "(block $b (block $a (br_table $a $a $b (local.get $x))) (return)) (unreachable)",
            Trap::UnreachableCodeReached,
        ),
        (
            "(if (i64.eq (i64.extend_i32_u (local.get $x)) (i64.const 0xffffffff)) (then (unreachable)))",
            Trap::UnreachableCodeReached,
        ),
        (
            "(if (i32.eq (i32.const -1) (i32.atomic.rmw.cmpxchg (i32.const 8) (local.get $x) (i32.const -1))) (then (unreachable)))",
            Trap::UnreachableCodeReached,
        ),
    ];
    for (use_, trap) in uses {
        for source in sources {
            for merge in [
                // The value as it is, and where paths meet.
                format!("(local.set $x {source})"),
                format!(
                    "(local.set $x (block $m (result i32) (br_if $m (i32.load (i32.const 0)) (i32.load (i32.const 16))) (drop) {source}))"
                ),
                format!(
                    "(local.set $x (if (result i32) (i32.load (i32.const 16)) (then (i32.load (i32.const 0))) (else {source})))"
                ),
            ] {
                let wat = module(&format!("{merge} {use_}"));
                once(&format!("{source} in {use_}, {merge}"), &wat, &Err(trap));
            }
        }
    }
}

fn module(body: &str) -> String {
    format!(
        r#"(module
            (type $i (func (result i32)))
            (type $a (array (mut i8)))
            (type $s (struct (field i8)))
            (tag $e (param i32))
            (table $t 1 1 funcref)
            (elem (table $t) (i32.const 0) func $minus_one)
            (global $g (mut i32) (i32.const -1))
            (memory 1 1)
            (data (i32.const 0) "\00\00\00\00\01\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff\00\00\00\00\00\ff\ff\ff\ff\ff\ff\ff")
            (func $minus_one (type $i) (i32.load (i32.const 8)))
            (func (export "run") (local $x i32) {body}))"#
    )
}

/// As [`check`], in native code only.
#[track_caller]
fn once(name: &str, wat: &str, expected: &Result<Vec<i64>, Trap>) {
    if !Tier::Baseline.is_available() {
        return;
    }
    for reserve in [8 << 30, 0] {
        let mut config = Way::Baseline.config();
        config.memory_reservation(reserve);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
        assert_eq!(&run(&mut store, &instance), expected, "{name}, reserve {reserve}");
    }
}

/// What the first instance has in memory, and what it does with the second one, whose memory has other bytes.
const TWO: [&str; 2] = [
    r#"(module
        (memory (export "memory") 1)
        (data (i32.const 0) "B")
        (tag $e (export "e") (param i32))
        (func $own (result i32) (i32.load8_u (i32.const 0)))
        (func (export "load") (result i32) (call $own))
        (func (export "throw") (param i32) (throw $e (local.get 0)))
        (func (export "call") (param $f funcref) (result i32)
            (i32.mul (call_ref $t (ref.cast (ref $t) (local.get $f))) (call $own)))
        (func (export "tail") (param $f funcref) (result i32) (return_call_ref $t (ref.cast (ref $t) (local.get $f))))
        (func (export "grow") (result i32) (memory.grow (i32.const 1)))
        (type $t (func (result i32))))"#,
    r#"(module
        (type $t (func (result i32)))
        (import "b" "load" (func $load (result i32)))
        (import "b" "throw" (func $throw (param i32)))
        (import "b" "call" (func $call (param funcref) (result i32)))
        (import "b" "tail" (func $tail (param funcref) (result i32)))
        (import "b" "grow" (func $grow (result i32)))
        (import "b" "e" (tag $e (param i32)))
        (import "b" "memory" (memory $b 1))
        (memory $a 1)
        (data (memory $a) (i32.const 0) "A")
        (elem declare func $own)
        (func $own (type $t) (i32.load8_u $a (i32.const 0)))
        (func $jump (result i32) (return_call $load))
        (func $jump_back (result i32) (return_call $tail (ref.func $own)))
        (func $loaded (param $at i32) (result i32)
            (block $h (result i32)
                (try_table (catch $e $h) (call $throw (local.get $at)))
                (unreachable))
            (i32.add (i32.load8_u $a (local.get $at))))
        (func (export "run") (result i32 i32 i32 i32 i32 i32 i32 i32) (local $n i32) (local $s i32)
            (call $load) (i32.load8_u $a (i32.const 0)) (i32.load8_u $b (i32.const 0))
            (i32.sub (call $call (ref.func $own)) (i32.mul (i32.const 65) (i32.const 66)))
            (call $tail (ref.func $own))
            (i32.add (call $jump) (call $jump_back))
            (call $loaded (i32.const 0))
            (loop $l
                (local.set $s (i32.add (local.get $s) (i32.load8_u $a (i32.mul (local.get $s) (i32.const 0)))))
                (local.set $s (i32.add (local.get $s) (call $load)))
                (drop (call $grow))
                (local.set $s (i32.add (local.get $s) (i32.load8_u $b (i32.const 0))))
                (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20))))
            (local.get $s)))"#,
];

#[test]
fn each_instance_has_its_own_memory_on_all_ways_back_to_it() {
    for (way, config) in configs() {
        for reserve in [8 << 30, 0] {
            let mut config = config.clone();
            config.memory_reservation(reserve);
            let engine = Engine::new(&config).unwrap();
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            let [b, a] = TWO.map(|wat| Module::new(&engine, wat).unwrap());
            let b = linker.instantiate(&mut store, &b).unwrap();
            linker.instance(&mut store, "b", b).unwrap();
            let a = linker.instantiate(&mut store, &a).unwrap();
            for round in 0..5 {
                let expected = Ok(vec![66, 65, 66, 0, 65, 131, 65, 20 * (65 + 66 + 66)]);
                assert_eq!(run(&mut store, &a), expected, "{way}, reserve {reserve}, round {round}");
            }
        }
    }
}

/// `(param i64 …)`, and so on.
fn repeat(kind: &str, ty: &str, count: usize) -> String {
    format!("({kind}{})", format!(" {ty}").repeat(count))
}

#[test]
fn tail_calls_move_any_number_of_parameters() {
    const COUNTS: [usize; 8] = [0, 1, 2, 5, 8, 9, 13, 30];
    let mut funcs = String::new();
    let mut calls = String::new();
    let mut expected = Vec::new();
    for &callee in &COUNTS {
        // The sum of the parameters, each as often as its place says.
        let terms: String = (0..callee)
            .map(|at| {
                format!(
                    "(local.set $s (i64.add (local.get $s) (i64.mul (local.get {at}) (i64.const {}))))",
                    at + 1
                )
            })
            .collect();
        let params = repeat("param", "i64", callee);
        funcs += &format!(
            "(func $sum{callee} (export \"sum{callee}\") {params} (result i64) (local $s i64) {terms} (local.get $s))"
        );
        for &caller in &COUNTS {
            let argument = |at: usize| match at {
                // From the last parameter to the first, some of them as they are, others computed.
                _ if at >= caller => (format!("(i64.const {})", 1000 + at), 1000 + at as i64),
                _ => {
                    let from = caller - 1 - at;
                    let value = 7 * from as i64 + 3;
                    match at % 3 {
                        0 => (format!("(local.get {from})"), value),
                        1 => (format!("(i64.add (local.get {from}) (i64.const 5))"), value + 5),
                        _ => (format!("(i64.extend_i32_u (i32.wrap_i64 (local.get {from})))"), value),
                    }
                }
            };
            let (arguments, values): (Vec<_>, Vec<_>) = (0..callee).map(argument).unzip();
            let params = repeat("param", "i64", caller);
            let given: String = (0..caller).map(|at| format!("(i64.const {})", 7 * at + 3)).collect();
            let number = COUNTS.iter().position(|&count| count == callee).unwrap();
            let forms = [
                format!("(return_call $sum{callee} {})", arguments.concat()),
                format!(
                    "(return_call_indirect (type $t{callee}) {} (i32.const {number}))",
                    arguments.concat()
                ),
            ];
            for (form, call) in forms.iter().enumerate() {
                let name = format!("$f{caller}_{callee}_{form}");
                funcs += &format!("(func {name} {params} (result i64) (local i64 v128 f32) {call})");
                calls += &format!("(call {name} {given})");
                expected.push(values.iter().enumerate().map(|(at, value)| (at as i64 + 1) * value).sum());
            }
        }
    }
    let types: String = COUNTS
        .iter()
        .map(|&count| format!("(type $t{count} (func {} (result i64)))", repeat("param", "i64", count)))
        .collect();
    let elements: String = COUNTS.iter().map(|count| format!(" $sum{count}")).collect();
    let results = repeat("result", "i64", expected.len());
    let wat = format!(
        "(module {types} (table funcref (elem {elements})) {funcs} (func (export \"run\") {results} {calls}))"
    );
    check("tail calls", &wat, &Ok(expected));
}

#[test]
fn any_number_of_results_of_any_size_arrives() {
    let mut funcs = String::new();
    let mut calls = String::new();
    let mut expected = Vec::new();
    for (params, results) in [(0, 2), (1, 8), (2, 9), (5, 5), (30, 2), (0, 40), (9, 17), (40, 3)] {
        for vectors in [false, true] {
            let is_vector = |at: usize| vectors && at % 3 == 1;
            let types: String = (0..results).map(|at| if is_vector(at) { " v128" } else { " i64" }).collect();
            let values: String = (0..results)
                .map(|at| match is_vector(at) {
                    true => format!(
                        "(i64x2.replace_lane 1 (i64x2.splat (i64.const {at})) (i64.load (i32.const 8)))"
                    ),
                    false => format!("(i64.add (i64.load (i32.const 0)) (i64.const {at}))"),
                })
                .collect();
            let name = format!("$f{params}_{results}_{vectors}");
            funcs += &format!("(func {name} {} (result{types}) {values})", repeat("param", "i64", params));
            let given = "(i64.const 1)".repeat(params);
            // Results come from the last to the first.
            let takes: String = (0..results)
                .rev()
                .map(|at| {
                    let value = match is_vector(at) {
                        true => "(local.set $v) (local.set $x (i64.add (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v))))",
                        false => "(local.set $x)",
                    };
                    format!("{value} (local.set $s (i64.add (local.get $s) (i64.mul (local.get $x) (i64.const {}))))", at + 1)
                })
                .collect();
            funcs += &format!(
                "(func {name}s (result i64) (local $s i64) (local $x i64) (local $v v128) (call {name} {given}) {takes} (local.get $s))"
            );
            calls += &format!("(call {name}s)");
            let value = |at: usize| at as i64 + if is_vector(at) { 77 } else { 5 };
            expected.push((0..results).map(|at| (at as i64 + 1) * value(at)).sum());
        }
    }
    let wat = format!(
        r#"(module (memory 1) (data (i32.const 0) "\05") (data (i32.const 8) "\4d") {funcs}
            (func (export "run") {} {calls}))"#,
        repeat("result", "i64", expected.len())
    );
    check("results", &wat, &Ok(expected));
}

#[test]
fn accesses_at_the_edges_of_addresses_trap_or_not() {
    // Address, offset, bytes; a memory of one page.
    const PAGE: u64 = 65536;
    let edges = [
        0,
        1,
        PAGE - 16,
        PAGE - 8,
        PAGE - 1,
        PAGE,
        1 << 31,
        (1 << 31) - 1,
        (1 << 31) - 17,
        (1 << 32) - 1,
        (1 << 32) - 16,
    ];
    let wide = [
        1 << 32,
        1 << 33,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX,
        u64::MAX - 15,
        u64::MAX - 65535,
        u64::MAX - 65536,
    ];
    let loads =
        [("i64.load8_u", 1), ("i64.load16_s", 2), ("i64.load32_u", 4), ("i64.load", 8), ("v128.load", 16)];
    for is_64 in [false, true] {
        let (index, edges) =
            if is_64 { ("i64", [&edges[..], &wide].concat()) } else { ("i32", edges.to_vec()) };
        let memory = if is_64 { "(memory i64 1 2)" } else { "(memory 1 2)" };
        let mut funcs = String::new();
        let mut cases = Vec::new();
        for &address in &edges {
            for &offset in &edges {
                for (load, bytes) in loads {
                    for constant in [true, false] {
                        let given = format!(
                            "({index}.const {})",
                            if is_64 { address as i64 } else { address as u32 as i32 as i64 }
                        );
                        let address_text = if constant { given.clone() } else { "(local.get $a)".into() };
                        let name = format!("f{}", cases.len());
                        funcs += &format!(
                            "(func (export \"{name}\") (local $a {index}) (local.set $a {given}) (drop ({load} offset={offset} {address_text})))"
                        );
                        funcs += &format!(
                            "(func (export \"s{name}\") (local $a {index}) (local.set $a {given}) ({store} offset={offset} {address_text} ({ty}.const {zero})))",
                            store = match bytes {
                                1 => "i64.store8",
                                2 => "i64.store16",
                                4 => "i64.store32",
                                8 => "i64.store",
                                _ => "v128.store",
                            },
                            ty = if bytes == 16 { "v128" } else { "i64" },
                            zero = if bytes == 16 { "i64x2 0 0" } else { "0" },
                        );
                        let inside = u128::from(address) + u128::from(offset) + bytes <= u128::from(PAGE);
                        cases.push((format!("{load} at {address:#x} offset {offset:#x}, constant {constant}, 64 bits {is_64}"), inside));
                    }
                }
            }
        }
        let wat = format!("(module {memory} {funcs})");
        for reserve in [8 << 30, 0] {
            let mut config =
                if Tier::Baseline.is_available() { Way::Baseline.config() } else { Config::new() };
            config.memory_reservation(reserve);
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, &wat).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            for (number, (name, inside)) in cases.iter().enumerate() {
                for kind in ["", "s"] {
                    let func = instance.get_func(&mut store, &format!("{kind}f{number}")).unwrap();
                    let outcome = func.call(&mut store, &[], &mut []);
                    let trap = outcome.err().map(|error| *error.downcast_ref::<Trap>().unwrap());
                    let expected = (!inside).then_some(Trap::MemoryOutOfBounds);
                    assert_eq!(trap, expected, "{kind} {name}, reserve {reserve}");
                }
            }
        }
    }
}

#[test]
fn threads_share_code_and_a_memory_that_grows() {
    const FUNCS: usize = 200;
    const PAGES: i32 = 60;
    let funcs: String = (0..FUNCS)
        .map(|func| {
            format!(
                r#"(func $f{func} (param $n i32) (result i32) (local $s i32)
                    (loop $l
                        (local.set $s (i32.add (local.get $s) (i32.load8_u (i32.and (local.get $n) (i32.const 255)))))
                        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                    (i32.add (local.get $s) (i32.const {func})))"#
            )
        })
        .collect();
    let elements: String = (0..FUNCS).map(|func| format!(" $f{func}")).collect();
    let wat = format!(
        r#"(module
            (import "m" "memory" (memory 1 {PAGES} shared))
            (type $t (func (param i32) (result i32)))
            (table $table funcref (elem {elements}))
            {funcs}
            (func (export "all") (result i32) (local $s i32) (local $f i32)
                (loop $l
                    (local.set $s (i32.add (local.get $s) (call_indirect (type $t) (i32.const 20) (local.get $f))))
                    (br_if $l (i32.lt_u (local.tee $f (i32.add (local.get $f) (i32.const 1))) (i32.const {FUNCS}))))
                (local.get $s))
            (func (export "last") (result i32)
                (loop $l
                    (drop (i32.load8_u (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))))
                    (drop (i32.atomic.rmw.add (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1)))
                    (br_if $l (i32.lt_u (memory.size) (i32.const {PAGES}))))
                (memory.size))
            (func (export "behind") (result i32) (i32.load8_u (i32.const {})))
            (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
        PAGES * 65536
    );
    for (way, config) in configs() {
        for reserve in [8 << 30, 0] {
            let mut config = config.clone();
            config.memory_reservation(reserve);
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, &wat).unwrap();
            let memory = SharedMemory::new(&engine, MemoryType::shared(1, PAGES as u32)).unwrap();
            std::thread::scope(|scope| {
                for thread in 0..4 {
                    let (engine, module, memory) = (&engine, &module, memory.clone());
                    let name = format!("{way}, reserve {reserve}, thread {thread}");
                    scope.spawn(move || {
                        let mut store = Store::new(engine, ());
                        let instance = Instance::new(&mut store, module, &[memory.into()]).unwrap();
                        let mut call = |name: &str| {
                            let func = instance.get_typed_func::<(), i32>(&mut store, name).unwrap();
                            func.call(&mut store, ()).map_err(|error| *error.downcast_ref::<Trap>().unwrap())
                        };
                        for _ in 0..3 {
                            assert_eq!(call("all"), Ok((FUNCS * (FUNCS - 1) / 2) as i32), "{name}");
                            assert_eq!(call("behind"), Err(Trap::MemoryOutOfBounds), "{name}");
                        }
                        if thread == 0 {
                            while call("grow") != Ok(-1) {}
                        }
                        assert_eq!(call("last"), Ok(PAGES), "{name}");
                    });
                }
            });
        }
    }
}

#[test]
fn traps_panics_and_exceptions_end_only_what_they_happen_in() {
    // Each level calls the host, which calls the next one; what ends the deepest one is handled by the host above, and each
    // level then ends in its own way.
    let wat = r#"(module
        (import "" "next" (func $next (param i32) (result i32)))
        (tag $e (param i32))
        (memory 1)
        (func (export "run") (param $n i32) (result i32) (local $below i32) (local $f f64)
            (local.set $f (f64.convert_i32_s (local.get $n)))
            (local.set $below (call $next (i32.sub (local.get $n) (i32.const 1))))
            (block $h (result i32)
                (try_table (catch $e $h)
                    (if (i32.eq (i32.and (local.get $n) (i32.const 3)) (i32.const 0))
                        (then (drop (i32.load8_u (i32.mul (local.get $n) (i32.const 65536))))))
                    (if (i32.eq (i32.and (local.get $n) (i32.const 3)) (i32.const 1))
                        (then (drop (i32.div_u (local.get $n) (i32.and (local.get $n) (i32.const 2))))))
                    (if (i32.eq (i32.and (local.get $n) (i32.const 3)) (i32.const 2))
                        (then (throw $e (local.get $below)))))
                (return (i32.add (local.get $below) (i32.trunc_f64_s (local.get $f)))))
            (i32.add (i32.const 1000))))"#;
    // A level that ends well adds its number; one that throws adds 1000; what traps is 1 for the host; the lowest one panics, and
    // so does each tenth call of the host.
    fn expected(n: i32) -> i32 {
        if n <= 0 {
            return -1;
        }
        let below = expected(n - 1);
        match n & 3 {
            0 => 1,
            1 if n & 2 == 0 => 1,
            2 => below + 1000,
            _ => below + n,
        }
    }
    for (way, config) in configs() {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let next = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| -> i32 {
            let func = caller.get_export("run").and_then(Extern::into_func).unwrap();
            let func = func.typed::<i32, i32>(&caller).unwrap();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                assert!(n > 0, "the lowest level panics");
                func.call(&mut caller, n)
            }));
            match outcome {
                Ok(Ok(value)) => value,
                Ok(Err(_)) => 1,
                Err(_) => -1,
            }
        });
        let instance = Instance::new(&mut store, &module, &[next.into()]).unwrap();
        let func = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        for n in [3, 30, 7, 63, 31] {
            let outcome = func.call(&mut store, n);
            let trapped = matches!(n & 3, 0 | 1);
            assert_eq!(outcome.ok(), (!trapped).then(|| expected(n)), "{way}, {n}");
        }
        // A panic that nobody catches on the way goes through all levels, and the store is as good as before.
        let through = Func::wrap(&mut store, || -> () { panic!("through") });
        let module = Module::new(
            &engine,
            r#"(module (import "" "p" (func $p)) (memory 1) (func (export "run") (result i32)
            (if (i32.load (i32.const 0)) (then (return (i32.const 5))))
            (i32.store (i32.const 0) (i32.const 1)) (call $p) (i32.const 6)))"#,
        )
        .unwrap();
        let instance = Instance::new(&mut store, &module, &[through.into()]).unwrap();
        let panics = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| panics.call(&mut store, ()))).is_err(), "{way}");
        assert_eq!(panics.call(&mut store, ()).unwrap(), 5, "{way}");
        assert_eq!(func.call(&mut store, 7).unwrap(), expected(7), "{way}");
    }
}

#[test]
fn what_is_thrown_finds_registers_as_they_were() {
    // A loop without calls keeps its locals in registers; what is thrown in it lands inside and at its head.
    let wat = r#"(module
        (tag $e (param i64 f32 v128))
        (tag $again)
        (func $f (param $n i64) (result i64)
            (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $g i64) (local $h i64) (local $i i64)
            (local $x f64) (local $y f32) (local $v v128) (local $k i64)
            (loop $l
                (local.set $a (i64.add (local.get $a) (i64.const 1)))
                (local.set $b (i64.add (local.get $b) (local.get $a)))
                (local.set $c (i64.xor (local.get $c) (local.get $b)))
                (local.set $d (i64.sub (local.get $d) (local.get $c)))
                (local.set $g (i64.rotl (local.get $d) (i64.const 7)))
                (local.set $h (i64.add (local.get $h) (i64.and (local.get $g) (i64.const 255))))
                (local.set $i (i64.mul (local.get $h) (i64.const 3)))
                (local.set $x (f64.add (local.get $x) (f64.const 0.5)))
                (block $caught (result i64 f32 v128)
                    (try_table (catch $e $caught) (catch $again $l)
                        (if (i64.eqz (i64.rem_u (local.get $a) (i64.const 3)))
                            (then
                                (local.set $k (i64.add (local.get $k) (i64.const 1)))
                                (throw $again)))
                        (if (i64.eqz (i64.and (local.get $a) (i64.const 1)))
                            (then
                                (local.set $i (i64.add (local.get $i) (i64.const 9)))
                                (throw $e (local.get $i) (f32.demote_f64 (local.get $x)) (i64x2.splat (local.get $h))))))
                    (br_if $l (i64.lt_u (local.get $a) (local.get $n)))
                    (i64.const 0) (f32.const 0) (v128.const i64x2 0 0))
                (local.set $v)
                (local.set $y)
                (local.set $k (i64.add (local.get $k)))
                (local.set $k (i64.add (local.get $k) (i64x2.extract_lane 1 (local.get $v))))
                (local.set $k (i64.add (local.get $k) (i64.trunc_f32_s (local.get $y))))
                (br_if $l (i64.lt_u (local.get $a) (local.get $n))))
            (i64.add (i64.xor (local.get $b) (local.get $c)) (i64.add (local.get $k) (i64.add (local.get $d) (i64.trunc_f64_s (local.get $x))))))
        (func (export "run") (result i64 i64 i64) (call $f (i64.const 10)) (call $f (i64.const 100)) (call $f (i64.const 101))))"#;
    fn f(n: u64) -> i64 {
        let (mut a, mut b, mut c, mut d, mut h, mut x, mut k) = (0u64, 0u64, 0u64, 0u64, 0u64, 0.0f64, 0u64);
        loop {
            a += 1;
            b = b.wrapping_add(a);
            c ^= b;
            d = d.wrapping_sub(c);
            h = h.wrapping_add(d.rotate_left(7) & 255);
            let mut i = h.wrapping_mul(3);
            x += 0.5;
            if a % 3 == 0 {
                k += 1;
                continue;
            }
            let (p, y, v) = if a & 1 == 0 {
                i += 9;
                (i, x as f32, h)
            } else if a < n {
                continue;
            } else {
                (0, 0.0, 0)
            };
            k = k.wrapping_add(p).wrapping_add(v).wrapping_add(y as u64);
            if a >= n {
                return (b ^ c).wrapping_add(k.wrapping_add(d.wrapping_add(x as u64))) as i64;
            }
        }
    }
    check("thrown", wat, &Ok([10, 100, 101].map(f).to_vec()));
}

#[test]
fn a_comparison_that_waits_leaves_the_local_that_is_set_next_alone() {
    // In each turn a comparison is made, then a local is computed from itself, then the comparison is used.
    let wat = r#"(module
        (memory 1)
        (func $f (param $n i32) (result i64) (local $x i32) (local $y i32) (local $c i32) (local $z i64) (local $d f64)
            (loop $l
                (local.set $y (i32.add (local.get $y) (i32.const 2)))
                ;; Arithmetic.
                (i32.eq (local.get $x) (local.get $y))
                (local.set $x (i32.add (local.get $x) (local.get $y)))
                (local.set $c (i32.add (local.get $c)))
                ;; Floats that may be unordered.
                (f64.ne (local.get $d) (f64.const 8))
                (local.set $x (i32.sub (local.get $x) (i32.const 5)))
                (local.set $c (i32.add (local.get $c)))
                ;; A choice between a comparison and the local.
                (i32.lt_s (local.get $x) (local.get $y))
                (local.set $x (select (local.get $x) (i32.and (local.get $n) (i32.const 1))))
                ;; A load at the local's own address.
                (i32.gt_u (local.get $y) (i32.const 9))
                (local.set $x (i32.add (local.get $x) (i32.load8_u (i32.and (local.get $x) (i32.const 63)))))
                (local.set $c (i32.add (local.get $c)))
                (i32.ge_s (local.get $y) (local.get $c))
                (local.set $x (i32.load8_s offset=64 (i32.and (local.get $x) (i32.const 63))))
                (local.set $c (i32.add (local.get $c)))
                ;; One that is a local and is tested at once.
                (if (i32.eqz (local.tee $x (i32.ne (local.get $x) (local.get $c))))
                    (then (local.set $c (i32.add (local.get $c) (i32.const 100)))))
                (local.set $x (i32.add (local.get $x) (i32.shl (local.get $y) (i32.const 3))))
                (local.set $z (i64.add (i64.mul (local.get $z) (i64.const 31)) (i64.extend_i32_u (local.get $x))))
                (local.set $d (f64.add (local.get $d) (f64.const 1)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i64.add (local.get $z) (i64.extend_i32_s (local.get $c))))
        (data (i32.const 0) "\05\01\04\01\05\09\02\06\05\03\05\08\09\07\09\03\02\03\08\04\06\02\06\04\03\03\08\03\02\07\09\05\00\02\08\08\04\01\09\07\01\06\09\03\09\09\03\07\05\01\00\05\08\02\00\09\07\04\09\04\04\05\09\02")
        (data (i32.const 64) "\85\81\84\01\05\89\02\06\05\83\05\08\89\07\09\03\82\03\08\84\06\02\06\04\83\03\08\03\02\07\89\05\00\82\08\08\04\01\09\87\01\06\09\83\09\09\03\07\85\01\00\05\08\02\00\89\07\04\09\04\84\05\09\02")
        (func (export "run") (result i64 i64 i64) (call $f (i32.const 1)) (call $f (i32.const 7)) (call $f (i32.const 500))))"#;
    const LOW: &[u8; 64] = b"\x05\x01\x04\x01\x05\x09\x02\x06\x05\x03\x05\x08\x09\x07\x09\x03\x02\x03\x08\x04\x06\x02\x06\x04\x03\x03\x08\x03\x02\x07\x09\x05\x00\x02\x08\x08\x04\x01\x09\x07\x01\x06\x09\x03\x09\x09\x03\x07\x05\x01\x00\x05\x08\x02\x00\x09\x07\x04\x09\x04\x04\x05\x09\x02";
    const HIGH: &[u8; 64] = b"\x85\x81\x84\x01\x05\x89\x02\x06\x05\x83\x05\x08\x89\x07\x09\x03\x82\x03\x08\x84\x06\x02\x06\x04\x83\x03\x08\x03\x02\x07\x89\x05\x00\x82\x08\x08\x04\x01\x09\x87\x01\x06\x09\x83\x09\x09\x03\x07\x85\x01\x00\x05\x08\x02\x00\x89\x07\x04\x09\x04\x84\x05\x09\x02";
    fn f(mut n: i32) -> i64 {
        let (mut x, mut y, mut c, mut z, mut d) = (0i32, 0i32, 0i32, 0i64, 0.0f64);
        loop {
            y = y.wrapping_add(2);
            let equal = x == y;
            x = x.wrapping_add(y);
            c += i32::from(equal);
            let different = d != 8.0;
            x = x.wrapping_sub(5);
            c += i32::from(different);
            let below = x < y;
            x = if n & 1 != 0 { i32::from(below) } else { x };
            let above = y as u32 > 9;
            x = x.wrapping_add(LOW[(x & 63) as usize].into());
            c += i32::from(above);
            let at_least = y >= c;
            x = i32::from(HIGH[(x & 63) as usize] as i8);
            c += i32::from(at_least);
            x = i32::from(x != c);
            c += if x == 0 { 100 } else { 0 };
            x = x.wrapping_add(y << 3);
            z = z.wrapping_mul(31).wrapping_add(x as u32 as i64);
            d += 1.0;
            n -= 1;
            if n == 0 {
                return z.wrapping_add(c.into());
            }
        }
    }
    check("waiting comparisons", wat, &Ok([1, 7, 500].map(f).to_vec()));
}

#[test]
fn a_float_of_32_bits_has_no_upper_half_whoever_returns_it() {
    // A hot function calls one that was never called, whose result is made beside another float; what it throws is caught by one
    // that was never called either, where the bits of the float become an integer as they are.
    let wat = r#"(module
        (tag $e (param f32))
        (func $cold (param f64) (result f32) (f32.demote_f64 (f64.add (local.get 0) (local.get 0))))
        (func $hot (param $x f64) (local $i i32) (local $y f64)
            (loop $l
                (local.set $y (f64.mul (local.get $x) (local.get $x)))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
            (throw $e (f32.neg (call $cold (f64.sub (f64.add (local.get $y) (f64.const 1.5)) (local.get $y))))))
        (func (export "run") (result i64)
            (block $h (result f32)
                (try_table (catch $e $h) (call $hot (f64.const 1.7)))
                (unreachable))
            (i32.reinterpret_f32)
            (i64.extend_i32_u)))"#;
    check("floats", wat, &Ok(vec![i64::from((-3.0f32).to_bits())]));
}
