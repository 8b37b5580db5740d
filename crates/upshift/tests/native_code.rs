//! Native code beside the interpreter, as hosts meet it: when it is made, who shares it, how it ends, and what goes on in between.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::thread;

use upshift::{
    Caller, CodeRefusal, Config, Engine, Extern, Func, Instance, MemoryType, Module, NoNativeCode,
    Optimization, Result, SharedMemory, Store, Tier, TierPath, Tiers, Trap, Trigger, TypedFunc,
    UpdateDeadline, Val, WasmParams, WasmResults,
};

use crate::ways::Way;

fn engine(way: Way) -> Engine {
    Engine::new(&way.config()).unwrap()
}

fn baseline() -> Engine {
    engine(Way::Baseline)
}

fn func<T: 'static, P: WasmParams, R: WasmResults>(
    store: &mut Store<T>,
    module: &Module,
    name: &str,
) -> TypedFunc<P, R> {
    let instance = Instance::new(&mut *store, module, &[]).unwrap();
    instance.get_typed_func(store, name).unwrap()
}

fn tiers(path: Option<TierPath>) -> Vec<Tier> {
    path.iter().flat_map(TierPath::iter).collect()
}

const SUM: &str = r#"(module
    (func $sum (export "sum") (param $n i32) (result i64) (local $sum i64)
        (loop $l
            (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func (export "once") (param i32) (result i64) (call $sum (local.get 0)))
    (func (export "either") (param i32) (result i64)
        (if (result i64) (local.get 0) (then (call $rare (local.get 0))) (else (i64.const 7))))
    (func $rare (param i32) (result i64) (i64.extend_i32_u (local.get 0))))"#;

/// A function with so much code that its module may not have it, and one that is like others.
#[test]
fn a_module_has_a_budget_of_code() {
    // Two bytes that become more than a hundred.
    let turns = "i64.trunc_f64_u f64.convert_i64_u ".repeat(5000);
    let wat = format!(
        r#"(module
            (func (export "small") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
            (func (export "large") (param i64) (result i64)
                local.get 0 f64.convert_i64_u {turns} i64.trunc_f64_u))"#
    );
    for way in [Way::Baseline, Way::Random] {
        let engine = engine(way);
        let module = Module::new(&engine, &wat).unwrap();
        for _ in 0..3 {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let mut call = |name: &str| {
                let func = instance.get_typed_func::<i64, i64>(&mut store, name).unwrap();
                (0..30).map(|n| func.call(&mut store, n).unwrap()).sum::<i64>()
            };
            assert_eq!((call("large"), call("small")), (29 * 30 / 2, 29 * 30 / 2 + 30));
        }
        assert_eq!((module.code_refusal(0), module.code_refusal(1)), (None, Some(CodeRefusal::Budget)));
        let small = module.tier(0).unwrap();
        assert!(small == Tier::Baseline || small == Tier::Optimizing && way == Way::Random, "{small}");
        assert_eq!(module.tier(1), Some(Tier::Interpreter));
        let reason = engine.no_native_code().expect("a function was refused");
        assert!(matches!(reason, NoNativeCode::Refused(CodeRefusal::Budget)));
        // The code is shown all the same, and what it lacks.
        let shown = module.dump_asm(1, Tier::Baseline).unwrap();
        assert!(shown.lines().next().unwrap().contains("code-budget") && shown.contains("; function 1"));
        assert!(!module.dump_asm(0, Tier::Baseline).unwrap().contains("code-budget"));
    }
}

#[test]
fn calls_tell_the_tiers_that_others_led_to() {
    let engine = Engine::new(Config::new().tier_up_after(50).optimization(Optimization::Never)).unwrap();
    let module = Module::new(&engine, SUM).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let call = |store: &mut Store<()>, name: &str, n: i32| {
        let func = instance.get_typed_func::<i32, i64>(&mut *store, name).unwrap();
        let result = func.call(&mut *store, n).unwrap();
        (result, tiers(store.last_call_tiers()))
    };
    use Tier::{Baseline, Interpreter};
    // A loop goes on in native code in its middle, and the next call begins there.
    assert_eq!(call(&mut store, "sum", 10), (55, vec![Interpreter]));
    assert_eq!(call(&mut store, "sum", 1000), (500_500, vec![Interpreter, Baseline]));
    assert_eq!(call(&mut store, "sum", 3), (6, vec![Baseline]));
    assert_eq!(module.compilation(0).unwrap().trigger, Trigger::Loop);
    assert_eq!(module.compilation(0).unwrap().arrivals, 50);
    // The interpreter calls native code, and native code the interpreter.
    assert_eq!(call(&mut store, "once", 3), (6, vec![Interpreter, Baseline]));
    for _ in 0..60 {
        call(&mut store, "either", 0);
    }
    assert_eq!(call(&mut store, "either", 0), (7, vec![Baseline]));
    assert_eq!(module.compilation(2).unwrap().trigger, Trigger::Calls);
    assert_eq!(call(&mut store, "either", 5), (5, vec![Interpreter, Baseline]));
    assert_eq!(call(&mut store, "either", 6), (6, vec![Interpreter, Baseline]));
    assert_eq!(module.compilation(3), None);
}

/// Loops lead from native code back to the interpreter, and on.
#[test]
fn tiers_change_both_ways_in_one_call() {
    for seed in 0..20 {
        let engine = Engine::new(Config::new().random_tiers(seed).optimization(Optimization::Never)).unwrap();
        let module = Module::new(&engine, SUM).unwrap();
        let mut store = Store::new(&engine, ());
        let sum = func::<_, i32, i64>(&mut store, &module, "sum");
        // The first call may begin in either tier, and the next one.
        for n in [1000, 2000] {
            assert_eq!(sum.call(&mut store, n).unwrap(), i64::from(n) * i64::from(n + 1) / 2);
            assert_eq!(tiers(store.last_call_tiers()), [Tier::Interpreter, Tier::Baseline], "{seed}");
        }
    }
}

#[test]
fn code_lasts_as_long_as_anybody_has_it() {
    let engine = baseline();
    let module = Module::new(&engine, SUM).unwrap();
    let mut store = Store::new(&engine, ());
    let sum = func::<_, i32, i64>(&mut store, &module, "sum");
    assert_eq!(sum.call(&mut store, 4).unwrap(), 10);
    // The module's code stays when stores go, and when the engine does.
    drop(store);
    drop(engine);
    assert!(module.compilation(0).is_some());
    let mut store = Store::new(module.engine(), ());
    let sum = func::<_, i32, i64>(&mut store, &module, "sum");
    assert_eq!(tiers(store.last_call_tiers()), []);
    assert_eq!(sum.call(&mut store, 5).unwrap(), 15);
    // An instance keeps it when the module goes, also what it has not called so far.
    drop(module);
    assert_eq!(sum.call(&mut store, 6).unwrap(), 21);
    assert_eq!(tiers(store.last_call_tiers()), [Tier::Baseline]);
}

#[test]
fn threads_share_the_code_of_a_module() {
    const THREADS: i32 = 16;
    for way in [Way::Baseline, Way::Random] {
        let engine = engine(way);
        let module = Module::new(&engine, SUM).unwrap();
        let barrier = Barrier::new(THREADS as usize);
        thread::scope(|scope| {
            for n in 1..=THREADS {
                let (engine, module, barrier) = (&engine, &module, &barrier);
                scope.spawn(move || {
                    let mut store = Store::new(engine, ());
                    let once = func::<_, i32, i64>(&mut store, module, "once");
                    // All of them want the code at once.
                    barrier.wait();
                    for turns in 1..50 {
                        let n = i64::from(n * turns);
                        assert_eq!(once.call(&mut store, n as i32).unwrap(), n * (n + 1) / 2);
                    }
                });
            }
        });
        assert!(module.compilation(0).is_some() && module.compilation(1).is_some());
    }
}

/// Each thread faults on a stack of its own, and none of them ends before all have run native code.
#[test]
fn a_thousand_threads_trap() {
    const THREADS: usize = 1000;
    let engine = Engine::new(Way::Baseline.config().max_wasm_stack(64 << 10)).unwrap();
    let text = r#"(module (memory 1)
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))"#;
    let module = Module::new(&engine, text).unwrap();
    let barrier = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (engine, module, barrier) = (engine.clone(), module.clone(), Arc::clone(&barrier));
            let run = move || {
                // Threads share the room of a few memories: address space is not what this is about.
                let mut store = Store::new(&engine, ());
                let load = func::<_, i32, i32>(&mut store, &module, "load");
                let before = load.call(&mut store, 0).unwrap();
                barrier.wait();
                let error = load.call(&mut store, 0x10000).unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
                assert_eq!(load.call(&mut store, 4).unwrap(), before);
            };
            thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap()
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Bytes of address space that native code has, and how many mappings there are in all.
fn mapped() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let code = maps.lines().filter(|line| line.contains("memfd:upshift"));
    let len = |line: &str| {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        usize::from_str_radix(end, 16).unwrap() - usize::from_str_radix(start, 16).unwrap()
    };
    (code.map(len).sum(), maps.lines().count())
}

#[test]
fn modules_come_and_go() {
    const MODULES: usize = 10_000;
    // Tests run at once, so it is a process of its own that looks at its mappings.
    if std::env::var_os("UPSHIFT_TEST_ALONE").is_none() {
        let program = std::env::current_exe().unwrap();
        let args = ["--exact", "modules_come_and_go", "--test-threads=1"];
        let alone =
            std::process::Command::new(program).args(args).env("UPSHIFT_TEST_ALONE", "1").output().unwrap();
        assert!(alone.status.success(), "{}", String::from_utf8_lossy(&alone.stdout));
        return;
    }
    let engine = baseline();
    let bytes = wat::parse_str(SUM).unwrap();
    let use_one = || {
        let module = Module::new(&engine, &bytes).unwrap();
        let mut store = Store::new(&engine, ());
        let once = func::<_, i32, i64>(&mut store, &module, "once");
        assert_eq!(once.call(&mut store, 10).unwrap(), 55);
        module
    };
    // A few live all the time.
    let mut kept: Vec<Module> = (0..10).map(|_| use_one()).collect();
    let (code, mappings) = mapped();
    assert!(code > 0);
    for n in 0..MODULES {
        kept[n % 10] = use_one();
    }
    let (code_after, mappings_after) = mapped();
    assert_eq!(code_after, code);
    assert!(mappings_after <= mappings + 10, "{mappings} {mappings_after}");
    kept.clear();
    assert!(mapped().0 < code);
}

/// How a descent ends at its deepest point.
#[derive(Clone, Copy, Debug)]
enum End {
    Value,
    Error,
    Panic,
    Trap,
}

#[test]
fn hosts_fail_at_every_depth() {
    const DEPTH: i32 = 24;
    let text = r#"(module
        (import "" "down" (func $down (param i32 i32) (result i32)))
        (func (export "run") (param $depth i32) (param $n i32) (result i32) (local $turns i32)
            (local.set $turns (i32.const 20))
            (loop $l (br_if $l (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
            (i32.add (call $down (local.get $depth) (i32.add (local.get $n) (i32.const 1))) (local.get $n))))"#;
    for way in Way::all() {
        let engine = engine(way);
        let module = Module::new(&engine, text).unwrap();
        for end in [End::Value, End::Error, End::Panic, End::Trap] {
            let mut store = Store::new(&engine, ());
            let down = Func::wrap(
                &mut store,
                move |mut caller: Caller<'_, ()>, depth: i32, n: i32| -> Result<i32> {
                    if n < depth {
                        let run = caller.get_export("run").and_then(Extern::into_func).unwrap();
                        return run.typed::<(i32, i32), i32>(&caller)?.call(caller, (depth, n));
                    }
                    match end {
                        End::Value => Ok(0),
                        End::Error => Err(std::io::Error::other("the host has an error").into()),
                        End::Panic => panic!("the host panics"),
                        End::Trap => Err(Trap::UnreachableCodeReached.into()),
                    }
                },
            );
            let instance = Instance::new(&mut store, &module, &[down.into()]).unwrap();
            let run = instance.get_typed_func::<(i32, i32), i32>(&mut store, "run").unwrap();
            for depth in 1..DEPTH {
                let outcome = catch_unwind(AssertUnwindSafe(|| run.call(&mut store, (depth, 0))));
                match (end, outcome) {
                    (End::Value, Ok(Ok(sum))) => assert_eq!(sum, depth * (depth - 1) / 2, "{way:?}"),
                    (End::Error, Ok(Err(error))) => {
                        assert!(error.is::<std::io::Error>(), "{way:?} {error:?}")
                    }
                    (End::Trap, Ok(Err(error))) => {
                        assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached), "{way:?}");
                    }
                    (End::Panic, Err(panic)) => {
                        assert_eq!(panic.downcast_ref(), Some(&"the host panics"), "{way:?}")
                    }
                    (_, outcome) => panic!("{way:?} {end:?} {depth}: {outcome:?}"),
                }
            }
        }
    }
}

/// At each turn of a loop the host collects and makes garbage, and the loop's own objects are what they were.
#[test]
fn the_host_collects_at_the_head_of_a_loop() {
    let text = r#"(module
        (type $cell (struct (field (mut i32)) (field (ref null $cell))))
        (func (export "run") (param $n i32) (result i32) (local $list (ref null $cell)) (local $sum i32)
            (loop $l
                (local.set $list (struct.new $cell (local.get $n) (local.get $list)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (loop $l
                (local.set $sum (i32.add (local.get $sum) (struct.get $cell 0 (local.get $list))))
                (local.set $list (struct.get $cell 1 (local.get $list)))
                (br_if $l (i32.eqz (ref.is_null (local.get $list)))))
            (local.get $sum)))"#;
    for way in Way::all() {
        let engine = Engine::new(way.config().epoch_interruption(true)).unwrap();
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, 0);
        store.epoch_deadline_callback(|mut store| {
            *store.data_mut() += 1;
            store.gc()?;
            // The next look is a deadline again.
            Ok(UpdateDeadline::Continue(0))
        });
        let run = func::<_, i32, i32>(&mut store, &module, "run");
        assert_eq!(run.call(&mut store, 100).unwrap(), 5050, "{way:?}");
        // The call and each turn of both loops.
        assert!(*store.data() >= 200, "{way:?}: {}", store.data());
    }
}

#[test]
fn recursion_ends_where_the_stack_does() {
    let text = r#"(module
        (global $depth (export "depth") (mut i32) (i32.const 0))
        (func $down (export "down") (param i32) (result i32)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i32.add (call $down (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
        (func $even (export "even") (param i32) (result i32)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (call $odd (local.get 0)))
        (func $odd (param i32) (result i32) (i32.add (call $even (local.get 0)) (i32.const 1))))"#;
    for way in Way::all() {
        let engine = engine(way);
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let depth = instance.get_global(&mut store, "depth").unwrap();
        for name in ["down", "even", "down"] {
            depth.set(&mut store, Val::I32(0)).unwrap();
            let down = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
            let error = down.call(&mut store, 0).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow), "{way:?}");
            let reached = depth.get(&mut store).i32().unwrap();
            assert!(reached >= 10_000, "{way:?} {name}: {reached}");
        }
    }
}

/// What is behind the end of a shared memory can be used as soon as the thread sees that it has grown.
#[test]
fn another_thread_grows_the_memory() {
    const PAGES: u32 = 200;
    let text = format!(
        r#"(module (import "" "memory" (memory 1 {PAGES} shared))
            (func (export "follow") (param $last i32) (result i32) (local $pages i32) (local $loads i32)
                (loop $l
                    (local.set $pages (memory.size))
                    (i32.store (i32.sub (i32.shl (local.get $pages) (i32.const 16)) (i32.const 4)) (i32.const 1))
                    (local.set $loads (i32.add (local.get $loads)
                        (i32.load offset=65532 (i32.shl (i32.sub (local.get $pages) (i32.const 1)) (i32.const 16)))))
                    (br_if $l (i32.lt_u (local.get $pages) (local.get $last))))
                (local.get $loads)))"#
    );
    for way in Way::all() {
        let engine = engine(way);
        let module = Module::new(&engine, &text).unwrap();
        let memory = SharedMemory::new(&engine, MemoryType::shared(1, PAGES)).unwrap();
        let barrier = Barrier::new(3);
        thread::scope(|scope| {
            for _ in 0..2 {
                let (engine, module, memory, barrier) = (&engine, &module, memory.clone(), &barrier);
                scope.spawn(move || {
                    let mut store = Store::new(engine, ());
                    let instance = Instance::new(&mut store, module, &[memory.into()]).unwrap();
                    let follow = instance.get_typed_func::<i32, i32>(&mut store, "follow").unwrap();
                    assert_eq!(follow.call(&mut store, 1).unwrap(), 1);
                    barrier.wait();
                    assert!(follow.call(&mut store, PAGES as i32).unwrap() >= 1);
                });
            }
            barrier.wait();
            for _ in 1..PAGES {
                memory.grow(1).unwrap();
                thread::yield_now();
            }
        });
    }
}

/// Native code is made when it pays, whatever of a program is busy; and who wants none gets none.
#[test]
fn busy_functions_are_compiled() {
    let engine = Engine::default();
    let module = Module::new(&engine, SUM).unwrap();
    let mut store = Store::new(&engine, ());
    let once = func::<_, i32, i64>(&mut store, &module, "once");
    let mut calls = 0_u64;
    while module.compilation(1).is_none() {
        assert_eq!(once.call(&mut store, 2).unwrap(), 3);
        calls += 1;
        assert!(calls < 1 << 20, "it stays in the interpreter");
    }
    // The call that has it compiled is among them.
    let compiled = module.compilation(1).unwrap();
    let cause = (compiled.trigger, u64::from(compiled.arrivals));
    assert_eq!((compiled.tier, cause), (Tier::Baseline, (Trigger::Calls, calls)));
    while module.compilation(0).is_none() {
        once.call(&mut store, 2).unwrap();
        calls += 1;
        assert!(calls < 1 << 20, "the other one stays in the interpreter");
    }
    let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Interpreter))).unwrap();
    let module = Module::new(&engine, SUM).unwrap();
    let mut store = Store::new(&engine, ());
    let sum = func::<_, i32, i64>(&mut store, &module, "sum");
    assert_eq!(sum.call(&mut store, 100_000).unwrap(), 5_000_050_000);
    assert_eq!(module.compilation(0), None);
    // A loop that nothing leaves goes on in native code in its middle.
    let engine = Engine::new(Config::new().consume_fuel(true).optimization(Optimization::Never)).unwrap();
    let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(1_000_000).unwrap();
    let spin = func::<_, (), ()>(&mut store, &module, "spin");
    let error = spin.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel));
    assert_eq!(tiers(store.last_call_tiers()), [Tier::Interpreter, Tier::Baseline]);
    assert_eq!(store.get_fuel().unwrap(), 0);
}
