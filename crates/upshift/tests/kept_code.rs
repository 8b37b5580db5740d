//! Optimized code beyond the process that made it: in a cache, and compiled ahead of time. It does what code does that was just made,
//! traps, objects and exceptions included, and nothing else is taken for it.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use upshift::{
    Cache, CacheConfig, Config, Engine, Instance, Module, Optimization, Store, Tier, TierPath, Tiers, Trap,
    Trigger, WasmBacktrace,
};

/// A directory for caches, which goes at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Place(std::env::temp_dir().join(format!("upshift-kept-{}-{number}", std::process::id())))
    }

    fn cache(&self) -> Cache {
        Cache::new(CacheConfig::new().with_directory(&self.0)).unwrap()
    }

    /// An engine like that of another process: functions rise after some calls and turns.
    fn engine(&self, change: impl Fn(&mut Config) -> &mut Config) -> Engine {
        let mut config = Config::new();
        config
            .tier_up_after(3)
            .optimize_after(6)
            .optimization(Optimization::AtOnce)
            .cache(Some(self.cache()));
        change(&mut config);
        Engine::new(&config).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Changes settings of an engine.
type Change = fn(&mut Config) -> &mut Config;

fn plain(config: &mut Config) -> &mut Config {
    config
}

/// What was kept of functions, and of loops of them.
fn kept(module: &Module) -> Vec<(u32, Option<u32>)> {
    let of = |func: u32| {
        let all = module.compilations(func).into_iter();
        all.filter(|code| code.trigger == Trigger::Cache).map(move |code| (func, code.from_loop))
    };
    module.func_bodies().flat_map(of).collect()
}

/// Calls an export of a fresh instance so often, and returns what came of each call.
fn calls(module: &Module, name: &str, args: &[i32]) -> Vec<Result<i32, String>> {
    let mut store = Store::new(module.engine(), ());
    if module.engine().consumes_fuel() {
        store.set_fuel(1 << 40).unwrap();
    }
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let func = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
    let call = |&arg| func.call(&mut store, arg).map_err(|error| format!("{error:#}"));
    args.iter().map(call).collect()
}

const LEAF: &str = r#"(module
    (func $leaf (export "leaf") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        (loop $more
            (local.set $sum (i32.add (local.get $sum) (call $leaf (local.get $n))))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))"#;

#[test]
fn functions_begin_in_code_that_was_kept() {
    let place = Place::new();
    let engine = place.engine(plain);
    let module = Module::new(&engine, LEAF).unwrap();
    assert_eq!((module.stored_functions(), module.store_code().unwrap()), (Some(0), None));
    let expected = calls(&module, "leaf", &[7; 40]);
    let stored = module.store_code().unwrap().unwrap();
    assert_eq!((stored.new, stored.all), (1, 1));
    assert_eq!(
        module.store_code().unwrap().map(|stored| stored.all),
        Some(1),
        "it was not there when this one was read"
    );

    let engine = place.engine(plain);
    let module = Module::new(&engine, LEAF).unwrap();
    assert_eq!((module.stored_functions(), kept(&module)), (Some(1), vec![]));
    assert_eq!(calls(&module, "leaf", &[7; 1]), expected[..1]);
    assert_eq!((kept(&module), module.tier(0)), (vec![(0, None)], Some(Tier::Optimizing)));
    assert_eq!(module.store_code().unwrap(), None, "nothing is new");
    // What comes later is added to what there was, also where that was not used.
    let module = Module::new(&engine, LEAF).unwrap();
    calls(&module, "sum", &[100; 10]);
    assert_eq!(kept(&module), [(0, None)]);
    let stored = module.store_code().unwrap().unwrap();
    assert!(stored.all > stored.new && stored.new > 0, "{stored:?}");
    let module = Module::new(&place.engine(plain), LEAF).unwrap();
    calls(&module, "sum", &[1]);
    calls(&module, "leaf", &[1]);
    let all = kept(&module);
    assert!(all.contains(&(0, None)) && all.iter().any(|&(func, _)| func == 1), "{all:?}");
    assert_eq!((place.cache().usage().unwrap().entries, place.cache().clear().unwrap().entries), (1, 1));
    assert_eq!(Module::new(&engine, LEAF).unwrap().stored_functions(), Some(0));
}

/// A function that is called once and runs for long in a loop goes on from there at its first turn.
#[test]
fn loops_go_on_in_code_that_was_kept() {
    let place = Place::new();
    let run = || {
        // The whole of it never comes: it is not called again, and the loop ends.
        let engine = place.engine(|config| config.optimize_after(30));
        let module = Module::new(&engine, LEAF).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let sum = instance.get_typed_func::<i32, i32>(&mut store, "sum").unwrap();
        assert_eq!(sum.call(&mut store, 50).unwrap(), 3 * 50 * 51 / 2);
        let tiers: Vec<_> = store.last_call_tiers().iter().flat_map(TierPath::iter).collect();
        (module.store_code().unwrap(), kept(&module), tiers)
    };
    let (first, second) = (run(), run());
    assert!(first.0.is_some() && first.1.is_empty(), "{first:?}");
    assert_eq!(second.1, [(1, Some(0))], "{second:?}");
    assert!(second.2.contains(&Tier::Optimizing), "{second:?}");
}

/// Positions of calls and traps, and code of other functions in this one's.
#[test]
fn traps_and_backtraces_are_the_same() {
    const TEXT: &str = r#"(module
        (memory 1)
        (table 4 funcref)
        (func $divide (param i32) (result i32) (i32.div_s (i32.const 1000) (local.get 0)))
        (func $load (param i32) (result i32) (i32.load offset=65532 (local.get 0)))
        (func $null (param i32) (result i32) (call_indirect (param i32) (result i32) (local.get 0) (local.get 0)))
        (func $outer (export "run") (param i32) (result i32)
            (i32.add
                (call $divide (i32.and (local.get 0) (i32.const 7)))
                (i32.add
                    (call $load (i32.shl (i32.and (local.get 0) (i32.const 8)) (i32.const 4)))
                    (if (result i32) (i32.and (local.get 0) (i32.const 16))
                        (then (call $null (i32.const 2)))
                        (else (i32.const 0)))))))"#;
    let place = Place::new();
    let args: Vec<i32> = [1; 40].into_iter().chain(0..32).collect();
    let run = || {
        let module = Module::new(&place.engine(plain), TEXT).unwrap();
        let results = calls(&module, "run", &args);
        module.store_code().unwrap();
        (results, kept(&module).len())
    };
    let (first, none) = run();
    let (second, some) = run();
    assert_eq!(first, second);
    assert!(none == 0 && some > 0, "{none} {some}");
    for text in ["divide by zero", "out of bounds", "uninitialized"] {
        assert!(
            first.iter().flat_map(|result| result.as_ref().err()).any(|error| error.contains(text)),
            "{text}"
        );
    }
    // The error itself, not only its text.
    let module = Module::new(&place.engine(plain), TEXT).unwrap();
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let func = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    let error = func.call(&mut store, 0).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::IntegerDivisionByZero));
    let trace = error.downcast_ref::<WasmBacktrace>().unwrap();
    assert_eq!(trace.frames().iter().map(|frame| frame.func_index()).collect::<Vec<_>>(), [0, 3]);
}

/// Where references are while objects move, and what catches exceptions.
#[test]
fn objects_and_exceptions_are_the_same() {
    const TEXT: &str = r#"(module
        (type $node (struct (field i32) (field (ref null $node))))
        (tag $odd (param i32))
        (func $list (param $n i32) (result (ref null $node)) (local $list (ref null $node))
            (loop $more
                (local.set $list (struct.new $node (local.get $n) (local.get $list)))
                (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $list))
        (func $sum (param $list (ref null $node)) (result i32) (local $sum i32)
            (block $end
                (loop $more
                    (br_if $end (ref.is_null (local.get $list)))
                    (local.set $sum (i32.add (local.get $sum) (struct.get $node 0 (local.get $list))))
                    (local.set $list (struct.get $node 1 (local.get $list)))
                    (br $more)))
            (local.get $sum))
        (func $check (param i32) (result i32)
            (if (i32.and (local.get 0) (i32.const 1)) (then (throw $odd (local.get 0))))
            (local.get 0))
        (func (export "run") (param $n i32) (result i32) (local $list (ref null $node))
            (local.set $list (call $list (i32.add (i32.and (local.get $n) (i32.const 15)) (i32.const 1))))
            (i32.add (call $sum (local.get $list))
                (block $caught (result i32)
                    (try_table (result i32) (catch $odd $caught) (call $check (local.get $n)))))))"#;
    for stress in [false, true] {
        let place = Place::new();
        let args: Vec<i32> = (0..100).collect();
        let run = || {
            let module = Module::new(&place.engine(|config| config.gc_stress(stress)), TEXT).unwrap();
            let results = calls(&module, "run", &args);
            module.store_code().unwrap();
            (results, kept(&module).len())
        };
        let (first, second) = (run(), run());
        let expected = args.iter().map(|&n| Ok((n & 15) * ((n & 15) + 1) / 2 + (n & 15) + 1 + n));
        assert_eq!(first.0, expected.collect::<Vec<_>>());
        assert_eq!(first.0, second.0);
        assert!(first.1 == 0 && second.1 > 0, "{} {}", first.1, second.1);
    }
}

/// What code depends on keeps it apart: settings, the processor, memories, the module.
#[test]
fn code_is_used_for_nothing_else() {
    let place = Place::new();
    let filled = |change: Change, text: &str| {
        let module = Module::new(&place.engine(change), text).unwrap();
        let found = module.stored_functions().unwrap();
        calls(&module, "leaf", &[5; 40]);
        module.store_code().unwrap();
        found
    };
    let changes: [Change; 7] = [
        plain,
        |config| config.consume_fuel(true),
        |config| config.canonical_nans(true),
        |config| config.processor_level(1),
        |config| config.jump_returns(true),
        |config| config.wasm_simd(false),
        |config| config.tier_up_after(1),
    ];
    let found = changes.map(|change| filled(change, LEAF));
    // The last one says when code is made, and not which.
    assert_eq!(found, [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(changes.map(|change| filled(change, LEAF)), [1; 7]);
    assert_eq!(filled(plain, &LEAF.replace("i32.const 3", "i32.const 4")), 0);
    assert_eq!(place.cache().usage().unwrap().entries, 7);

    // What keeps accesses within memories depends on what the system gives.
    const LOADS: &str =
        r#"(module (memory 1) (func (export "leaf") (param i32) (result i32) (i32.load (local.get 0))))"#;
    let used = |change: Change| {
        let module = Module::new(&place.engine(change), LOADS).unwrap();
        let mut results = calls(&module, "leaf", &[&[0; 40][..], &[65_533]].concat());
        assert!(results.pop().unwrap().unwrap_err().contains("out of bounds"));
        assert_eq!(results, [const { Ok(0) }; 40]);
        module.store_code().unwrap();
        kept(&module).len()
    };
    let checked: Change = |config| config.memory_reservation(0);
    assert_eq!([plain, plain, checked, checked, plain].map(used), [0, 1, 0, 1, 0]);
}

/// Code compares the numbers of types, which depend on what else the engine has.
#[test]
fn code_for_other_numbers_of_types_is_not_used() {
    const CASTS: &str = r#"(module
        (type $a (sub (struct (field i32))))
        (type $b (sub $a (struct (field i32) (field i64))))
        (func $make (param i32) (result (ref $a))
            (if (result (ref $a)) (i32.and (local.get 0) (i32.const 1))
                (then (struct.new $b (local.get 0) (i64.const 0)))
                (else (struct.new $a (local.get 0)))))
        (func (export "leaf") (param i32) (result i32)
            (ref.test (ref $b) (call $make (local.get 0)))))"#;
    const OTHERS: &str = r#"(module
        (type $x (sub (struct (field f32))))
        (type $y (sub $x (struct (field f32) (field f64))))
        (func (export "f") (param f32 f32) (result (ref $x)) (struct.new $y (local.get 0) (f64.const 0))))"#;
    let place = Place::new();
    let args: Vec<i32> = (0..100).collect();
    let expected: Vec<Result<i32, String>> = args.iter().map(|arg| Ok(arg & 1)).collect();
    let run = |others_first: bool| {
        let engine = place.engine(plain);
        let others = others_first.then(|| Module::new(&engine, OTHERS).unwrap());
        let module = Module::new(&engine, CASTS).unwrap();
        assert_eq!(calls(&module, "leaf", &args), expected);
        module.store_code().unwrap();
        drop(others);
        kept(&module).len()
    };
    let used = [false, false, true, true, false].map(run);
    assert_eq!(used.map(|used| used > 0), [false, true, false, true, false]);
    // Nor is what was compiled ahead of time.
    let engine = Engine::default();
    let bytes = Module::new(&engine, CASTS).unwrap().serialize().unwrap();
    let engine = Engine::default();
    let others = Module::new(&engine, OTHERS).unwrap();
    // SAFETY: the bytes are those of `serialize`.
    let module = unsafe { Module::deserialize(&engine, &bytes) }.unwrap();
    assert_eq!((calls(&module, "leaf", &args), kept(&module)), (expected, vec![]));
    drop(others);
}

#[test]
fn what_is_compiled_ahead_of_time_is_not_compiled_again() {
    let mut config = Config::new();
    let engine = Engine::new(&config).unwrap();
    let bytes = Module::new(&engine, LEAF).unwrap().serialize().unwrap();
    assert!(
        Engine::detect_precompiled(&bytes).is_some() && Engine::detect_precompiled(&bytes[..16]).is_some()
    );
    let load = |engine: &Engine, bytes: &[u8]| {
        // SAFETY: they come from `serialize`; where they were changed, that is noticed.
        unsafe { Module::deserialize(engine, bytes) }
    };
    for tiers in [Tiers::Auto, Tiers::Only(Tier::Optimizing)] {
        let engine = Engine::new(config.tiers(tiers)).unwrap();
        let module = load(&engine, &bytes).unwrap();
        assert_eq!(calls(&module, "sum", &[10]), [Ok(3 * 55)]);
        assert!(kept(&module).contains(&(1, None)), "{:?}", kept(&module));
        assert!(module.func_bodies().all(|func| module.tier(func) != Some(Tier::Baseline)));
    }
    // Where there is to be none of it, the module runs all the same.
    let interpreted = Engine::new(Config::new().tiers(Tiers::Only(Tier::Interpreter))).unwrap();
    assert_eq!(calls(&load(&interpreted, &bytes).unwrap(), "sum", &[10]), [Ok(3 * 55)]);

    let source = Module::source_of_precompiled(&bytes).unwrap();
    assert_eq!(calls(&Module::new(&engine, source).unwrap(), "sum", &[10]), [Ok(3 * 55)]);
    let fuel = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let other = Engine::new(Config::new().processor_level(1)).unwrap();
    for engine in [&fuel, &other] {
        let error = load(engine, &bytes).unwrap_err().to_string();
        assert!(error.contains("other settings") && error.contains("anew"), "{error}");
    }
    assert!(load(&engine, source).is_err() && load(&engine, b"").is_err());
    // Each byte counts: but for code that is not called, all of it is looked at.
    let step = bytes.len() / 200 + 1;
    for at in (0..bytes.len()).step_by(step) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        if let Ok(module) = load(&engine, &damaged) {
            assert_eq!(calls(&module, "sum", &[10]), [Ok(3 * 55)], "byte {at}");
        }
        assert!(load(&engine, &bytes[..at]).is_err(), "{at} bytes");
    }
}

/// The oldest go when there is too much, and what is larger than all may be is not kept.
#[test]
fn a_cache_does_not_grow_for_ever() {
    let place = Place::new();
    let store = |limit: u64, factor: u32| {
        let mut config = CacheConfig::new();
        config.with_directory(&place.0).with_files_total_size_soft_limit(limit);
        let cache = Cache::new(&config).unwrap();
        let engine = place.engine(|config| config.cache(Some(cache.clone())));
        let module = Module::new(&engine, LEAF.replace("const 3", &format!("const {factor}"))).unwrap();
        calls(&module, "leaf", &[5; 40]);
        module.store_code()
    };
    let bytes = store(u64::MAX, 100).unwrap().unwrap().bytes;
    for factor in 101..120 {
        store(5 * bytes, factor).unwrap();
        assert!(place.cache().usage().unwrap().bytes <= 5 * bytes);
    }
    assert!(place.cache().usage().unwrap().entries >= 4);
    assert!(store(bytes / 2, 200).is_err());
}
