//! Calls without an end stop with a trap, and what lies below stays usable.

use upshift::{Caller, Config, Engine, Extern, Func, Instance, Module, Result, Store, Trap, TypedFunc};

use crate::engines;
use crate::ways::Way;

fn instance(store: &mut Store<()>, wat: &str, imports: &[Extern]) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, imports).unwrap()
}

/// Calls something that never ends several times, and something that does in between.
fn assert_overflows(store: &mut Store<()>, instance: Instance, what: &str) {
    let run: TypedFunc<i32, i32> = instance.get_typed_func(&mut *store, "run").unwrap();
    let fine: TypedFunc<i32, i32> = instance.get_typed_func(&mut *store, "fine").unwrap();
    for round in 0..3 {
        let error = run.call(&mut *store, round).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{what}");
        assert!(format!("{error:#}").len() < 20_000, "{what}: the backtrace is cut");
        assert_eq!(fine.call(&mut *store, round).unwrap(), round + 1, "{what}");
    }
}

/// A function that is well; it calls one that is, too.
const FINE: &str = r#"
    (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "fine") (param i32) (result i32) (call $inc (local.get 0)))"#;

/// Bodies of `run` that recurse through wasm alone, each with what else they need.
const WITHIN: &[(&str, &str)] = &[
    ("direct", r#"(func $run (export "run") (param i32) (result i32) (call $run (local.get 0)))"#),
    (
        "mutual",
        r#"(func $run (export "run") (param i32) (result i32) (i32.add (call $other (local.get 0)) (i32.const 1)))
           (func $other (param i32) (result i32) (i32.mul (call $run (local.get 0)) (i32.const 2)))"#,
    ),
    (
        "indirect",
        r#"(table funcref (elem $run))
           (type $t (func (param i32) (result i32)))
           (func $run (export "run") (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))"#,
    ),
    (
        "inside of loops",
        r#"(func $run (export "run") (param i32) (result i32)
             (loop (drop (call $run (local.get 0))) (br 0)) (unreachable))"#,
    ),
    (
        "large frames",
        r#"(func $run (export "run") (param i32) (result i32)
             (local i64 i64 i64 i64 i64 i64 i64 i64 v128 v128 v128 v128 v128 v128 v128 v128)
             (call $run (local.get 0)) (local.set 0) (local.get 0))"#,
    ),
    (
        "many results",
        r#"(func $three (param i32) (result i32 v128 f64) (call $three (local.get 0)))
           (func (export "run") (param i32) (result i32) (call $three (local.get 0)) drop drop)"#,
    ),
    (
        "tail calls in between",
        r#"(func $run (export "run") (param i32) (result i32) (i32.add (call $tail (local.get 0)) (i32.const 1)))
           (func $tail (param i32) (result i32) (return_call $run (local.get 0)))"#,
    ),
    (
        "tail calls with growing parameters",
        r#"(func $run (export "run") (param i32) (result i32)
             (return_call $more (i32.const 1) (i32.const 2) (i32.const 3) (local.get 0)))
           (func $more (param i32 i32 i32 i32) (result i32) (call $run (local.get 3)) (local.set 0) (local.get 0))"#,
    ),
    (
        "when out of memory, too",
        r#"(memory 1)
           (func $run (export "run") (param i32) (result i32)
             (drop (memory.grow (i32.const 0))) (i32.store (i32.const 0) (call $run (local.get 0))) (local.get 0))"#,
    ),
];

#[test]
fn within_an_instance() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        for (what, wat) in WITHIN {
            let instance = instance(&mut store, &format!("(module {wat} {FINE})"), &[]);
            assert_overflows(&mut store, instance, what);
        }
    }
    println!("recursion within an instance: {} cases", 2 * WITHIN.len());
}

#[test]
fn through_the_start_function() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, "(module (func $f (call $f)) (start $f))").unwrap();
        for _ in 0..3 {
            let error = Instance::new(&mut store, &module, &[]).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
        }
        instance(&mut store, "(module (func $f) (start $f))", &[]);
    }
    println!("recursion through the start function: 2 cases");
}

/// Wasm calls the host, which calls wasm again.
fn host(store: &mut Store<()>) -> Func {
    Func::wrap(store, |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
        let run = caller.get_export("run").and_then(Extern::into_func).expect("it is exported");
        run.typed::<i32, i32>(&caller)?.call(&mut caller, n)
    })
}

const THROUGH_HOST: &[(&str, &str)] = &[
    ("call", r#"(func (export "run") (param i32) (result i32) (call $host (local.get 0)))"#),
    ("tail call", r#"(func (export "run") (param i32) (result i32) (return_call $host (local.get 0)))"#),
    (
        "indirect call",
        r#"(table funcref (elem $host)) (type $t (func (param i32) (result i32)))
           (func (export "run") (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))"#,
    ),
    (
        "large frames",
        r#"(func (export "run") (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
             (i32.add (call $host (local.get 0)) (i32.const 1)))"#,
    ),
];

#[test]
fn through_host_functions() {
    for way in Way::all() {
        // Once the native stack ends first, once the value stack does.
        for value_stack in [8 << 20, 20 << 10] {
            let mut config = Config::new();
            way.set(&mut config).max_wasm_stack(value_stack);
            let engine = Engine::new(&config).unwrap();
            let mut store = Store::new(&engine, ());
            for (what, wat) in THROUGH_HOST {
                let import = r#"(import "host" "f" (func $host (param i32) (result i32)))"#;
                let host = host(&mut store);
                let wat = format!("(module {import} {wat} {FINE})");
                let instance = instance(&mut store, &wat, &[host.into()]);
                assert_overflows(&mut store, instance, what);
            }
        }
    }
    println!("recursion through the host: {} cases", 4 * THROUGH_HOST.len());
}

#[test]
fn between_two_instances() {
    let calls = ["call $theirs", "return_call $theirs"];
    let mut cases = 0;
    for engine in engines() {
        for ours in calls {
            for add in ["", "(i32.add (i32.const 1))"] {
                if ours.starts_with("return") && add.is_empty() {
                    // This alone would be a loop without an end.
                    continue;
                }
                let mut store = Store::new(&engine, ());
                // The second instance calls the first one through a table that it shares.
                let first = r#"(module
                    (table (export "t") 2 funcref)
                    (type $t (func (param i32) (result i32)))
                    (func (export "run") (type $t)
                        (i32.add (call_indirect (type $t) (local.get 0) (i32.const 1)) (i32.const 1)))
                    FINE)"#;
                let first = instance(&mut store, &first.replace("FINE", FINE), &[]);
                let run = first.get_func(&mut store, "run").unwrap();
                let table = first.get_table(&mut store, "t").unwrap();
                let add = if ours.starts_with("return") { "" } else { add };
                let second = format!(
                    r#"(module
                        (import "first" "run" (func $theirs (param i32) (result i32)))
                        (import "first" "t" (table 2 funcref))
                        (func $back (param i32) (result i32) (local.get 0) ({ours}) {add})
                        (elem (i32.const 1) func $back))"#
                );
                let second = second.replace("(i32.add (i32.const 1))", "(i32.const 1) (i32.add)");
                instance(&mut store, &second, &[run.into(), table.into()]);
                assert_overflows(&mut store, first, ours);
                cases += 1;
            }
        }
    }
    println!("recursion between instances: {cases} cases");
}

/// At every depth near the end of the stack, a call of every kind either works or traps.
#[test]
fn at_every_depth() {
    let many = |ty: &str| vec![ty; 500].join(" ");
    let wat = format!(
        r#"(module
            (import "host" "wide" (func $wide (param i32) (result {results})))
            (import "other" "wide" (func $other (param {results}) (result {results})))
            (global $left (mut i32) (i32.const 0))
            (func $args (result {results}) (i32.const 7) (call $wide))
            (func $down (export "host") (param i32) (result v128)
                (if (result v128) (i32.eqz (local.get 0))
                    (then (call $args) {drops})
                    (else (call $down (i32.sub (local.get 0) (i32.const 1))))))
            (func $further (export "other") (param i32) (result v128)
                (if (result v128) (i32.eqz (local.get 0))
                    (then (call $other (call $args)) {drops})
                    (else (call $further (i32.sub (local.get 0) (i32.const 1)))))))"#,
        results = many("v128"),
        drops = "drop ".repeat(499),
    );
    let other = format!(
        r#"(module (func (export "wide") (param {0}) (result {0}) {1}))"#,
        many("v128"),
        (0..500).map(|i| format!("local.get {i} ")).collect::<String>()
    );
    let (mut worked, mut trapped) = (0, 0);
    for way in Way::all() {
        let mut config = Config::new();
        way.set(&mut config).max_wasm_stack(64 << 10);
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        let ty = upshift::FuncType::new(&engine, [upshift::ValType::I32], vec![upshift::ValType::V128; 500]);
        let wide = Func::new(&mut store, ty, |_, params, results| {
            for (i, result) in results.iter_mut().enumerate() {
                let value = params[0].unwrap_i32() as u128 + i as u128;
                *result = upshift::Val::V128(value.into());
            }
            Ok(())
        });
        let other = instance(&mut store, &other, &[]).get_func(&mut store, "wide").unwrap();
        let instance = instance(&mut store, &wat, &[wide.into(), other.into()]);
        for export in ["host", "other"] {
            let run = instance.get_typed_func::<i32, upshift::V128>(&mut store, export).unwrap();
            for depth in 0..2000 {
                match run.call(&mut store, depth) {
                    Ok(value) => {
                        // The first of the results is left.
                        assert_eq!(value, upshift::V128::from(7), "{export} at depth {depth}");
                        worked += 1;
                    }
                    Err(error) => {
                        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
                        trapped += 1;
                    }
                }
            }
        }
    }
    println!("calls near the end of the stack: {worked} worked, {trapped} trapped");
    assert!(worked > 1000 && trapped > 1000);
}

#[test]
fn tail_calls_need_no_stack() {
    let wat = r#"(module
        (func $even (export "even") (param i32 i64) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 1))
                (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
        (func $odd (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 0))
                (else (return_call $even (i32.sub (local.get 0) (i32.const 1)) (i64.const 3))))))"#;
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let even = instance(&mut store, wat, &[]);
        let even = even.get_typed_func::<(i32, i64), i32>(&mut store, "even").unwrap();
        assert_eq!(even.call(&mut store, (1_000_001, 0)).unwrap(), 0);
        assert_eq!(even.call(&mut store, (1_000_000, 0)).unwrap(), 1);
    }
    println!("tail calls: 4 cases");
}

#[test]
fn endless_tail_recursion_from_engine_default() {
    // The default engine, as a host uses it: one thread with the usual small stack.
    let run = || {
        let mut store = Store::new(&Engine::default(), ());
        for (what, wat) in WITHIN {
            let instance = instance(&mut store, &format!("(module {wat} {FINE})"), &[]);
            assert_overflows(&mut store, instance, what);
        }
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
    println!("recursion on a small thread: {} cases", WITHIN.len());
}

/// Whatever the compiler was told: instrumentation makes frames of what should be jumps, and then the loop has to run.
#[test]
fn loops_over_vectors_need_no_native_stack() {
    let wat = r#"(module (memory 1)
        (func (export "run") (param $n i32) (result i32) (local $v v128) (local $w v128) (local $sum i32)
            (loop $again
                (local.set $v (i8x16.add (local.get $v) (i8x16.splat (local.get $n))))
                (local.set $w (v128.bitselect (local.get $v) (local.get $w) (i8x16.shuffle
                    3 2 1 0 7 6 5 4 31 30 29 28 20 21 22 23 (local.get $v) (local.get $w))))
                (local.set $w (i8x16.swizzle (local.get $w) (i32x4.trunc_sat_f32x4_s (local.get $v))))
                (local.set $w (i64x2.extmul_low_i32x4_s (local.get $w) (local.get $v)))
                (v128.store (i32.const 16) (local.get $w))
                (local.set $w (i16x8.replace_lane 3 (v128.load8x8_s (i32.const 16)) (local.get $n)))
                (local.set $w (v128.load32_lane 1 (i32.const 20) (local.get $w)))
                (local.set $sum (i32.add (local.get $sum) (i32x4.extract_lane 2 (local.get $w))))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $sum)))"#;
    let sum = |engine: &Engine| {
        let mut store = Store::new(engine, ());
        let run = instance(&mut store, wat, &[]).get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        // A frame of 16 bytes for each would be a hundred megabytes.
        let deep = move || run.call(&mut store, 500_000).unwrap();
        std::thread::Builder::new().stack_size(512 << 10).spawn(deep).unwrap().join().unwrap()
    };
    let sums: Vec<i32> = engines().iter().map(sum).collect();
    assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
    println!("loops over vectors: {} cases", sums.len());
}
