//! What ends programs that want too much: the stack, memories, tables and the heap that do not grow further, fuel and time that are over.
//! In all tiers that is a trap, or -1, at the operator that wants it, and what is left can be used.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::sync::mpsc::channel;
use std::time::Duration;

use upshift::{
    Config, Engine, Error, Func, Instance, Module, Result, Store, StoreLimits, StoreLimitsBuilder, Trap,
    WasmBacktrace,
};

use crate::ways::Way;

/// Much more than a run may take that is to end after some milliseconds, and much less than for ever.
const SOON: Duration = Duration::from_secs(120);

fn store(config: &Config, limits: StoreLimitsBuilder) -> Store<StoreLimits> {
    let mut store = Store::new(&Engine::new(config).unwrap(), limits.build());
    store.limiter(|limits| limits);
    store
}

fn instance(store: &mut Store<StoreLimits>, wat: &str) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    let host = Func::wrap(&mut *store, |n: i64| n + 1);
    let imports: &[_] = if module.imports().len() > 0 { &[host.into()] } else { &[] };
    Instance::new(&mut *store, &module, imports).unwrap()
}

fn call(store: &mut Store<StoreLimits>, instance: Instance, name: &str) -> Result<i32> {
    instance.get_typed_func::<(), i32>(&mut *store, name)?.call(store, ())
}

fn trap(error: &Error) -> Trap {
    *error.downcast_ref().unwrap_or_else(|| panic!("not a trap: {error:?}"))
}

/// Functions without end, each with something else that could keep optimized code from looking at the epoch or from paying.
const ENDLESS: &[(&str, &str)] = &[
    ("an empty loop", "(func $run (loop $l (br $l)))"),
    ("a loop of constants", "(func $run (local $i i32) (loop $l (local.set $i (i32.const 7)) (br $l)))"),
    (
        "a loop that nothing is left of",
        "(func $run (local $i i32) (local $j i32) (local.set $i (global.get $g))
            (loop $l (local.set $j (i32.mul (i32.add (local.get $i) (i32.const 3)) (local.get $i))) (br $l)))",
    ),
    (
        "a loop whose test is always the same",
        "(func $run (local $i i32) (local.set $i (i32.const 1)) (loop $l (br_if $l (local.get $i))))",
    ),
    (
        "a counter that comes around",
        "(func $run (local $i i32)
            (loop $l (local.set $i (i32.add (local.get $i) (i32.const 2)))
                (br_if $l (i32.ne (local.get $i) (i32.const 1)))))",
    ),
    (
        "a loop with a table of branches",
        "(func $run (local $i i32)
            (loop $l (block $b (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_table $l $b $l (i32.and (local.get $i) (i32.const 3)))) (br $l)))",
    ),
    (
        "loops in loops",
        "(func $run (local $i i32)
            (loop $l (local.set $i (i32.const 0))
                (loop $m (br_if $m (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))
                (br $l)))",
    ),
    ("a function that is its own end", "(func $run (return_call $run))"),
    ("two that are each other's end", "(func $other (return_call $run)) (func $run (return_call $other))"),
    (
        "an end by table",
        "(type $t (func)) (table funcref (elem $run)) (func $run (return_call_indirect (type $t) (i32.const 0)))",
    ),
    (
        "an end by reference",
        "(type $t (func)) (elem declare func $run) (func $run (type $t) (return_call_ref $t (ref.func $run)))",
    ),
    (
        "a loop that throws and catches",
        "(tag $e) (func $run (loop $l (block $h (try_table (catch $e $h) (throw $e))) (br $l)))",
    ),
    (
        "a loop of calls that throw",
        "(tag $e) (func $throw (throw $e))
         (func $run (loop $l (block $h (try_table (catch_all $h) (call $throw))) (br $l)))",
    ),
    (
        "long operations",
        "(func $run (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x400000)) (br $l)))",
    ),
    (
        "arrays",
        "(type $a (array (mut i64)))
         (func $run (loop $l (drop (array.new_default $a (i32.const 100000))) (br $l)))",
    ),
    (
        "structs that nobody wants",
        "(type $s (struct (field i64)))
         (func $run (loop $l (drop (struct.new $s (i64.const 1))) (br $l)))",
    ),
];

fn endless(functions: &str) -> String {
    format!(
        r#"(module (memory 64) (global $g (mut i32) (i32.const 5)) {functions}
            (func (export "run") (result i32) (call $run) (i32.const 0))
            (func (export "still there") (result i32) (global.get $g)))"#
    )
}

#[test]
fn time_ends_whatever_has_no_end() {
    for way in Way::all() {
        for (name, functions) in ENDLESS {
            let (sender, over) = channel();
            std::thread::spawn(move || {
                let mut store = store(way.config().epoch_interruption(true), StoreLimitsBuilder::new());
                store.set_epoch_deadline(1);
                let instance = instance(&mut store, &endless(functions));
                let engine = store.engine().clone();
                let clock = std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(20));
                    engine.increment_epoch();
                });
                let ended = call(&mut store, instance, "run").map_err(|error| trap(&error));
                clock.join().unwrap();
                store.set_epoch_deadline(1000);
                let still = call(&mut store, instance, "still there").unwrap();
                sender.send((ended, still)).unwrap();
            });
            let ended =
                over.recv_timeout(SOON).unwrap_or_else(|_| panic!("{name}, {way:?}: it does not end"));
            assert_eq!(ended, (Err(Trap::Interrupt), 5), "{name}, {way:?}");
        }
    }
}

#[test]
fn fuel_ends_them_at_the_same_operator() {
    for (name, functions) in ENDLESS {
        let mut stops = Vec::new();
        for way in Way::all() {
            let mut here = Vec::new();
            for fuel in [50, 51, 52, 53, 1000, 20_001] {
                let mut store = store(way.config().consume_fuel(true), StoreLimitsBuilder::new());
                store.set_fuel(fuel).unwrap();
                let instance = instance(&mut store, &endless(functions));
                let error = call(&mut store, instance, "run").unwrap_err();
                assert_eq!(trap(&error), Trap::OutOfFuel, "{name}, {way:?}");
                let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
                let places: Vec<_> =
                    frames.iter().map(|frame| (frame.func_index(), frame.func_offset())).collect();
                here.push((places, store.get_fuel().unwrap()));
                store.set_fuel(1000).unwrap();
                assert_eq!(call(&mut store, instance, "still there").unwrap(), 5);
            }
            stops.push((way, here));
        }
        for (way, stop) in &stops[1..] {
            assert_eq!(*stop, stops[0].1, "{name}, {way:?} and {:?}", stops[0].0);
        }
    }
}

/// What is limited by a number fails at that number.
#[test]
fn memories_and_tables_grow_up_to_their_limits() {
    let wat = r#"(module (memory 1) (table $t 1 funcref)
        (func (export "memory") (result i32) (local $n i32)
            (loop $l (if (i32.ne (memory.grow (i32.const 3)) (i32.const -1))
                (then (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    ;; What has just become accessible, to its last byte.
                    (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (local.get $n))
                    (br $l))))
            (i32.add (i32.mul (local.get $n) (i32.const 100)) (memory.size)))
        (func (export "table") (result i32) (local $n i32)
            (loop $l (if (i32.ne (table.grow $t (ref.func 0) (i32.const 7)) (i32.const -1))
                (then (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (drop (table.get $t (i32.sub (table.size $t) (i32.const 1))))
                    (br $l))))
            (i32.add (i32.mul (local.get $n) (i32.const 100)) (table.size $t)))
        (func (export "last byte") (result i32)
            (i32.load8_u (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))))"#;
    for way in Way::all() {
        for guards in [true, false] {
            let mut config = way.config();
            if !guards {
                config.memory_reservation(0);
            }
            let limits = StoreLimitsBuilder::new().memory_size(20 << 16).table_elements(50);
            let mut store = store(&config, limits);
            let instance = instance(&mut store, wat);
            // 1 page and six times three; 1 element and seven times seven. A second time there is nothing more.
            for (n, m) in [(6, 7), (0, 0), (0, 0)] {
                assert_eq!(call(&mut store, instance, "memory").unwrap(), n * 100 + 19, "{way:?}");
                assert_eq!(call(&mut store, instance, "table").unwrap(), m * 100 + 50, "{way:?}");
                assert_eq!(call(&mut store, instance, "last byte").unwrap(), 6, "{way:?}");
            }
        }
    }
}

#[test]
fn a_full_heap_is_a_trap_and_can_be_emptied() {
    let wat = r#"(module (type $s (struct (field (ref null $s)) (field i64)))
        (global $list (mut (ref null $s)) (ref.null $s))
        (global $made (mut i32) (i32.const 0))
        (func (export "fill") (result i32)
            (loop $l (global.set $list (struct.new $s (global.get $list) (i64.const 1)))
                (global.set $made (i32.add (global.get $made) (i32.const 1)))
                (br $l))
            (unreachable))
        (func (export "length") (result i32) (local $n i32) (local $at (ref null $s))
            (local.set $at (global.get $list))
            (block $end (loop $l (br_if $end (ref.is_null (local.get $at)))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (local.set $at (struct.get $s 0 (local.get $at)))
                (br $l)))
            (i32.sub (local.get $n) (global.get $made)))
        (func (export "empty") (result i32)
            (global.set $list (ref.null $s)) (global.set $made (i32.const 0)) (i32.const 0)))"#;
    for way in Way::all() {
        let mut store = store(&way.config(), StoreLimitsBuilder::new().gc_heap_size(1 << 18));
        let instance = instance(&mut store, wat);
        for _ in 0..4 {
            let error = call(&mut store, instance, "fill").unwrap_err();
            assert_eq!(trap(&error), Trap::GcHeapOutOfMemory, "{way:?}");
            // What was made is all there, and what was not made is not counted.
            assert_eq!(call(&mut store, instance, "length").unwrap(), 0, "{way:?}");
            assert_eq!(call(&mut store, instance, "empty").unwrap(), 0);
        }
    }
}

/// How deep recursion gets depends on the tier: frames of optimized code hold what has no register. That it ends, and how, does not.
#[test]
fn a_full_stack_is_a_trap_wherever_it_comes() {
    // On the way down, a call of the host, a vector over a call, an exception that is caught at the bottom.
    let wat = r#"(module
        (import "" "host" (func $host (param i64) (result i64)))
        (tag $e)
        (global $depth (mut i32) (i32.const 0))
        (func $plain (param $n i64) (result i64)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i64.add (local.get $n) (call $plain (i64.add (local.get $n) (i64.const 1)))))
        (func $with_host (param $n i64) (result i64)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i64.add (call $host (local.get $n)) (call $with_host (i64.add (local.get $n) (i64.const 1)))))
        (func $with_vectors (param $v v128) (result v128)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i64x2.add (local.get $v) (call $with_vectors (i64x2.add (local.get $v) (local.get $v)))))
        (func $with_handlers (param $n i64) (result i64)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (block $h (try_table (catch $e $h)
                (drop (call $host (local.get $n)))
                (return (call $with_handlers (i64.add (local.get $n) (i64.const 1))))))
            (i64.const 0))
        (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i64.add (local.get 9) (call $many
                (local.get 9) (local.get 0) (local.get 1) (local.get 2) (local.get 3)
                (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 8))))
        (func (export "plain") (result i32) (drop (call $plain (i64.const 1))) (i32.const 0))
        (func (export "host") (result i32) (drop (call $with_host (i64.const 1))) (i32.const 0))
        (func (export "vectors") (result i32) (drop (call $with_vectors (v128.const i64x2 1 2))) (i32.const 0))
        (func (export "handlers") (result i32) (drop (call $with_handlers (i64.const 1))) (i32.const 0))
        (func (export "many") (result i32)
            (drop (call $many (i64.const 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)
                (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9)))
            (i32.const 0))
        (func (export "depth") (result i32) (global.get $depth) (global.set $depth (i32.const 0))))"#;
    for way in Way::all() {
        for size in (16 << 10..17 << 10).step_by(72) {
            let mut store = store(way.config().max_wasm_stack(size), StoreLimitsBuilder::new());
            let instance = instance(&mut store, wat);
            for export in ["plain", "host", "vectors", "handlers", "many"] {
                let mut depths = Vec::new();
                for _ in 0..3 {
                    let error = call(&mut store, instance, export).unwrap_err();
                    assert_eq!(trap(&error), Trap::StackOverflow, "{export}, {way:?}");
                    depths.push(call(&mut store, instance, "depth").unwrap());
                }
                let same_tier = matches!(way, Way::Loop | Way::Tail | Way::Baseline | Way::Optimized);
                let is_same = depths.iter().all(|&depth| depth == depths[0]);
                // At least as much as with 60 slots for each frame.
                let least = i32::try_from(size / 8 / 60).unwrap();
                assert!(
                    depths.iter().all(|&depth| depth >= least),
                    "{export}, {way:?}: {depths:?} in {size}"
                );
                assert!(is_same || !same_tier, "{export}, {way:?}: {depths:?}");
            }
        }
    }
}
