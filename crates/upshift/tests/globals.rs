//! Globals that somebody else sets while code has what they held: functions that are called, the host, other instances, callbacks.
//!
//! Each program computes with small whole numbers, so that all types have the same results, and says what it read at each place.

mod common {
    #[allow(dead_code, reason = "each test uses a part of it")]
    pub(crate) mod ways;
}

use common::ways::Way;
use upshift::{
    Caller, Config, Engine, Extern, Func, Global, GlobalType, Instance, Module, Mutability, Optimization,
    Store, Tier, UpdateDeadline, Val, ValType,
};

/// The ways in which code runs, and native code that is entered after so many arrivals.
fn configs() -> Vec<(String, Config)> {
    let mut configs: Vec<_> = Way::all().iter().map(|way| (format!("{way:?}"), way.config())).collect();
    if Tier::Baseline.is_available() {
        for seed in 2..5 {
            let mut config = Config::new();
            config.random_tiers(seed);
            if seed % 2 == 1 {
                config.optimization(Optimization::AtOnce);
            }
            configs.push((format!("random {seed}"), config));
        }
        for after in [1, 3, 20] {
            let mut config = Config::new();
            config.tier_up_after(after);
            configs.push((format!("after {after}"), config.clone()));
            config.optimize_after(after).optimization(Optimization::AtOnce).skip_baseline(after % 2 == 1);
            configs.push((format!("optimized after {after}"), config));
        }
    }
    configs
}

const TYPES: [&str; 4] = ["i32", "i64", "f32", "f64"];

/// The whole number that a value is.
fn number(value: &Val) -> i64 {
    match value {
        Val::I32(value) => i64::from(*value),
        Val::I64(value) => *value,
        Val::F32(bits) => f32::from_bits(*bits) as i64,
        Val::F64(bits) => f64::from_bits(*bits) as i64,
        other => panic!("{other:?} is no number"),
    }
}

/// A whole number of the type of a value.
fn like(value: &Val, number: i64) -> Val {
    match value {
        Val::I32(_) => Val::I32(number as i32),
        Val::I64(_) => Val::I64(number),
        Val::F32(_) => Val::F32((number as f32).to_bits()),
        Val::F64(_) => Val::F64((number as f64).to_bits()),
        other => panic!("{other:?} is no number"),
    }
}

/// A function of the host that adds 10 to the global `g` of its caller.
fn adds_ten(store: &mut Store<()>) -> Func {
    Func::wrap(store, |mut caller: Caller<'_, ()>| {
        let global = caller.get_export("g").and_then(Extern::into_global).unwrap();
        let value = global.get(&mut caller);
        let more = like(&value, number(&value) + 10);
        global.set(&mut caller, more).unwrap();
    })
}

/// Ways to add 10 to a global. The last one is itself seen where it is compiled.
const SETTERS: [&str; 5] = [
    "(call $own)",
    "(call $host)",
    "(call_indirect (i32.const 0))",
    "(call_indirect (i32.const 1))",
    "(global.set $g (T.add (global.get $g) (T.const 10)))",
];

/// A program that reads the global before and after it is set, on all ways on which control goes.
fn program(ty: &str, setter: &str, others: usize) -> String {
    let before = "(global (mut i64) (i64.const 0))".repeat(others);
    let read = "(local.set $a (T.add (local.get $a) (global.get $g)))";
    let wat = r#"(module
        (import "" "host" (func $host))
        (tag $e)
        BEFORE
        (global $g (export "g") (mut T) (T.const 0))
        (table (export "t") 2 funcref)
        (elem (i32.const 0) $own)
        (func $own (global.set $g (T.add (global.get $g) (T.const 10))))
        (func (export "run") (param $n i32) (result T) (local $a T) (local $b T) (local $i i32)
            (global.set $g (T.const 1))
            READ SET READ
            ;; A local has the value as well, and goes on with another one.
            (local.set $b (global.get $g))
            (local.set $b (T.mul (local.get $b) (T.const 3)))
            READ
            (if (i32.and (local.get $n) (i32.const 1)) (then READ SET))
            READ
            (if (i32.and (local.get $n) (i32.const 2)) (then READ) (else SET READ))
            READ
            (loop $l
                READ
                (if (i32.eq (i32.and (local.get $i) (i32.const 3)) (i32.const 2)) (then SET) (else READ))
                (local.set $b (T.add (local.get $b) (global.get $g)))
                READ
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $i) (i32.const 9))))
            READ
            (block $h
                (try_table (catch_all $h)
                    READ SET
                    (if (i32.and (local.get $n) (i32.const 4)) (then (throw $e)))
                    READ))
            READ
            (block $out
                (block $x
                    READ
                    (br_table $out $x (i32.and (local.get $n) (i32.const 1))))
                SET READ)
            READ
            (T.add (local.get $a) (local.get $b))))"#;
    wat.replace("BEFORE", &before)
        .replace("READ", read)
        .replace("SET", setter)
        .replace("T.", &format!("{ty}."))
        .replace(" T", &format!(" {ty}"))
        .replace("mut T", &format!("mut {ty}"))
}

/// What the program returns.
fn expected(n: i32) -> i64 {
    let (mut g, mut a) = (1, 0);
    a += g;
    g += 10;
    a += g;
    let mut b = 3 * g;
    a += g;
    if n & 1 != 0 {
        a += g;
        g += 10;
    }
    a += g;
    if n & 2 != 0 {
        a += g;
    } else {
        g += 10;
        a += g;
    }
    a += g;
    for i in 0..9 {
        a += g;
        if i & 3 == 2 {
            g += 10;
        } else {
            a += g;
        }
        b += g;
        a += g;
    }
    a += g;
    a += g;
    g += 10;
    if n & 4 == 0 {
        a += g;
    }
    a += g;
    a += g;
    if n & 1 != 0 {
        g += 10;
        a += g;
    }
    a + g + b
}

#[test]
fn whoever_sets_a_global_is_heard_at_each_place() {
    for (way, config) in configs() {
        let engine = Engine::new(&config).unwrap();
        for (ty, others) in TYPES.into_iter().zip([0, 5, 63, 64]) {
            for setter in SETTERS {
                let name = format!("{way}, {ty}, {setter}");
                let mut store = Store::new(&engine, ());
                let host = adds_ten(&mut store);
                let module = Module::new(&engine, program(ty, setter, others)).unwrap();
                let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
                let other = r#"(module (import "" "g" (global $g (mut T))) (import "" "t" (table 2 funcref))
                    (elem (i32.const 1) $f)
                    (func $f (global.set $g (T.add (global.get $g) (T.const 10)))))"#;
                let other = other.replace("T.", &format!("{ty}.")).replace("mut T", &format!("mut {ty}"));
                let imports = ["g", "t"].map(|name| instance.get_export(&mut store, name).unwrap());
                Instance::new(&mut store, &Module::new(&engine, &other).unwrap(), &imports).unwrap();
                let run = instance.get_func(&mut store, "run").unwrap();
                for n in (0..8).cycle().take(24) {
                    let mut result = [Val::I32(0)];
                    run.call(&mut store, &[Val::I32(n)], &mut result).unwrap();
                    assert_eq!(number(&result[0]), expected(n), "{name}, {n}");
                }
            }
        }
    }
}

#[test]
fn imports_that_are_the_same_global_have_the_same_value() {
    let wat = r#"(module
        (import "" "a" (global $a (mut i32))) (import "" "b" (global $b (mut i32)))
        (func (export "run") (param $n i32) (result i32) (local $s i32)
            (loop $l
                (local.set $s (i32.add (local.get $s) (global.get $a)))
                (global.set $b (i32.add (global.get $a) (i32.const 1)))
                (local.set $s (i32.add (local.get $s) (global.get $a)))
                (global.set $a (i32.add (global.get $b) (i32.const 1)))
                (local.set $s (i32.add (local.get $s) (global.get $b)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $s)))"#;
    for (way, config) in configs() {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let global =
            Global::new(&mut store, GlobalType::new(ValType::I32, Mutability::Var), Val::I32(0)).unwrap();
        let instance = Instance::new(&mut store, &module, &[global.into(), global.into()]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        // Each iteration reads 2k, 2k + 1 and 2k + 2.
        for n in [1, 10, 100] {
            global.set(&mut store, Val::I32(0)).unwrap();
            assert_eq!(
                run.call(&mut store, n).unwrap(),
                (0..n).map(|k| 6 * k + 3).sum::<i32>(),
                "{way}, {n}"
            );
        }
    }
}

#[test]
fn a_callback_that_interrupts_sets_globals() {
    // What is read is compared with what the host sees; nothing looks at the clock between the two.
    let wat = r#"(module
        (import "" "seen" (func $seen (result i32)))
        (global $g (export "g") (mut i32) (i32.const 0))
        (func (export "run") (param $n i32) (result i32) (local $x i32) (local $i i32)
            (loop $l
                (local.set $x (global.get $g))
                (if (i32.ne (local.get $x) (call $seen)) (then unreachable))
                (local.set $i (i32.const 3))
                (local.set $x (global.get $g))
                (if (i32.and (local.get $n) (i32.const 1)) (then (local.set $x (i32.add (global.get $g) (local.get $i)))))
                (loop $m
                    (local.set $x (i32.add (global.get $g) (i32.const 0)))
                    (br_if $m (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                (if (i32.ne (local.get $x) (call $seen)) (then unreachable))
                (local.set $x (global.get $g))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i32.add (local.get $x) (i32.sub (global.get $g) (call $seen)))))"#;
    for (way, mut config) in configs() {
        config.epoch_interruption(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, 0);
        let seen = Func::wrap(&mut store, |caller: Caller<'_, i32>| -> i32 { *caller.data() });
        let instance = Instance::new(&mut store, &module, &[seen.into()]).unwrap();
        let global = instance.get_global(&mut store, "g").unwrap();
        store.epoch_deadline_callback(move |mut store| {
            *store.data_mut() += 7;
            let value = Val::I32(*store.data());
            global.set(&mut store, value)?;
            Ok(UpdateDeadline::Continue(0))
        });
        store.set_epoch_deadline(0);
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        for n in [1, 2, 50] {
            let before = *store.data();
            let last = run.call(&mut store, n).unwrap();
            assert_eq!(last, *store.data(), "{way}, {n}");
            assert!(*store.data() - before >= 7 * 4 * n, "{way}: each head of a loop looks at the clock");
        }
    }
}

#[test]
fn a_trap_leaves_what_was_set_last() {
    let wat = r#"(module
        (memory 1)
        (global $g (export "g") (mut i32) (i32.const 0))
        (func (export "run") (param $n i32) (local $i i32)
            (loop $l
                (global.set $g (local.get $i))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (if (i32.eq (global.get $g) (local.get $n))
                    (then (global.set $g (i32.add (global.get $g) (i32.const 1000)))
                        (drop (i32.load (i32.mul (global.get $g) (i32.const 65536))))
                        (global.set $g (i32.const -1))))
                (br $l))))"#;
    for (way, config) in configs() {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
        let global = instance.get_global(&mut store, "g").unwrap();
        for n in [0, 1, 5, 80] {
            assert!(run.call(&mut store, n).is_err());
            assert_eq!(number(&global.get(&mut store)), i64::from(n) + 1000, "{way}, {n}");
        }
    }
}

#[test]
fn a_local_that_stays_in_a_register_shares_it_with_no_global() {
    // The sum of 0 to n - 1, n - 1 in the end, and n.
    let wat = r#"(module
        (global $g (mut i64) (i64.const 0))
        (global $h (mut f64) (f64.const 0))
        (func (export "run") (param $n i64) (result i64 i64 i64) (local $i i64) (local $s i64) (local $x f64)
            (loop $l
                (global.set $g (local.get $i))
                (global.set $h (local.get $x))
                (local.set $i (i64.add (local.get $i) (i64.const 1)))
                (local.set $x (f64.add (local.get $x) (f64.const 1)))
                (if (i64.ne (global.get $g) (i64.trunc_f64_s (global.get $h))) (then unreachable))
                (local.set $s (i64.add (local.get $s) (global.get $g)))
                (br_if $l (i64.lt_u (local.get $i) (local.get $n))))
            (local.get $s) (global.get $g) (i64.trunc_f64_s (local.get $x))))"#;
    for (way, config) in configs() {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i64, (i64, i64, i64)>(&mut store, "run").unwrap();
        for n in [1, 2, 90] {
            assert_eq!(run.call(&mut store, n).unwrap(), (n * (n - 1) / 2, n - 1, n), "{way}");
        }
    }
}
