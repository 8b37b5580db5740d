//! Programs that would leave their sandbox, or compute something else, if native code took a shortcut that it may not take.
//!
//! Each is a module with a function `run` without parameters, and what the specification says comes out. All run in each way.

mod common {
    pub(crate) mod ways;
}

use common::ways::Way;
use upshift::{Config, Engine, Instance, Linker, Module, Store, Tier, Trap, Val};

/// The ways in which code runs, and native code that is entered after so many arrivals.
fn configs() -> Vec<(String, Config)> {
    let mut configs: Vec<_> = Way::all().iter().map(|way| (format!("{way:?}"), way.config())).collect();
    if Tier::Baseline.is_available() {
        for seed in 2..6 {
            let mut config = Config::new();
            config.random_tiers(seed);
            configs.push((format!("random {seed}"), config));
        }
        for after in [0, 1, 2, 3, 5, 50] {
            let mut config = Config::new();
            config.tier_up_after(after);
            configs.push((format!("after {after}"), config));
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
        ("(drop (array.get_u $a (array.new $a (i32.const 1) (i32.const 3)) (local.get $x)))", Trap::ArrayOutOfBounds),
        ("(drop (table.get $t (local.get $x)))", Trap::TableOutOfBounds),
        ("(drop (call_indirect $t (type $i) (local.get $x)))", Trap::TableOutOfBounds),
        ("(block $b (block $a (br_table $a $a $b (local.get $x))) (return)) (unreachable)", Trap::UnreachableCodeReached),
        ("(if (i64.eq (i64.extend_i32_u (local.get $x)) (i64.const 0xffffffff)) (then (unreachable)))", Trap::UnreachableCodeReached),
        ("(if (i32.eq (i32.const -1) (i32.atomic.rmw.cmpxchg (i32.const 8) (local.get $x) (i32.const -1))) (then (unreachable)))",
         Trap::UnreachableCodeReached),
    ];
    for (use_, trap) in uses {
        for source in sources {
            for merge in [
                // The value as it is, and where paths meet.
                format!("(local.set $x {source})"),
                format!("(local.set $x (block $m (result i32) (br_if $m (i32.load (i32.const 0)) (i32.load (i32.const 16))) (drop) {source}))"),
                format!("(local.set $x (if (result i32) (i32.load (i32.const 16)) (then (i32.load (i32.const 0))) (else {source})))"),
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
