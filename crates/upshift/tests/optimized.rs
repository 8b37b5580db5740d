//! Functions that go to optimized code while programs run: at calls, in the middle of loops, by their own thread or by another.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use upshift::{
    Caller, Config, Engine, Func, Instance, Module, Optimization, Store, Tier, TierPath, Tiers, Trap,
    Trigger, TypedFunc, WasmBacktrace,
};

/// Longer than anything here takes on a machine that is not stuck.
const PATIENCE: Duration = Duration::from_secs(300);

const SUM: &str = r#"(module
    (func $sum (export "sum") (param $n i32) (result i64) (local $sum i64)
        (loop $l
            (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func $fib (export "fib") (param i32) (result i64)
        (if (result i64) (i32.lt_u (local.get 0) (i32.const 2))
            (then (i64.extend_i32_u (local.get 0)))
            (else (i64.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;

fn rising() -> Config {
    let mut config = Config::new();
    config.tier_up_after(10).optimize_after(20).optimization(Optimization::AtOnce);
    config
}

fn tiers(store: &Store<()>) -> Vec<Tier> {
    store.last_call_tiers().iter().flat_map(TierPath::iter).collect()
}

fn func(store: &mut Store<()>, module: &Module, name: &str) -> TypedFunc<i32, i64> {
    let instance = Instance::new(&mut *store, module, &[]).unwrap();
    instance.get_typed_func(store, name).unwrap()
}

fn sum_of(n: i32) -> i64 {
    i64::from(n) * i64::from(n + 1) / 2
}

#[test]
fn a_loop_goes_through_all_tiers_in_one_call() {
    let engine = Engine::new(&rising()).unwrap();
    let module = Module::new(&engine, SUM).unwrap();
    let mut store = Store::new(&engine, ());
    let sum = func(&mut store, &module, "sum");
    assert_eq!((sum.call(&mut store, 5).unwrap(), tiers(&store)), (15, vec![Tier::Interpreter]));
    assert_eq!(sum.call(&mut store, 1000).unwrap(), 500_500);
    assert_eq!(tiers(&store), Tier::ALL);
    // It was the loop that ran, so what follows from its head is what there is.
    let [optimized, baseline] = module.compilations(0)[..] else { panic!("{:?}", module.compilations(0)) };
    assert_eq!((optimized.tier, optimized.from_loop), (Tier::Optimizing, Some(0)));
    assert_eq!((optimized.trigger, optimized.arrivals), (Trigger::Loop, 20));
    assert_eq!((baseline.tier, baseline.from_loop), (Tier::Baseline, None));
    assert_eq!(module.tier(0), Some(Tier::Baseline));
    // When it is called again and again, it is worth to have all of it.
    for n in 1..200 {
        assert_eq!(sum.call(&mut store, n).unwrap(), sum_of(n));
    }
    assert_eq!(tiers(&store), [Tier::Optimizing]);
    assert_eq!(module.tier(0), Some(Tier::Optimizing));
    // What one store had made, others begin with.
    let mut other = Store::new(&engine, ());
    let sum = func(&mut other, &module, "sum");
    assert_eq!((sum.call(&mut other, 100).unwrap(), tiers(&other)), (5050, vec![Tier::Optimizing]));
}

#[test]
fn calls_lead_to_optimized_code() {
    for skip in [false, true] {
        let engine = Engine::new(rising().skip_baseline(skip)).unwrap();
        let module = Module::new(&engine, SUM).unwrap();
        let mut store = Store::new(&engine, ());
        let fib = func(&mut store, &module, "fib");
        assert_eq!(fib.call(&mut store, 15).unwrap(), 610);
        let expected = if skip { vec![Tier::Interpreter, Tier::Optimizing] } else { Tier::ALL.to_vec() };
        assert_eq!(tiers(&store), expected, "{skip}");
        assert_eq!(fib.call(&mut store, 20).unwrap(), 6765);
        assert_eq!(tiers(&store), [Tier::Optimizing]);
        let code = module.compilation(1).unwrap();
        assert_eq!((code.tier, code.trigger, code.arrivals), (Tier::Optimizing, Trigger::Calls, 20));
    }
}

/// Nothing but one loop, whose program never calls a function twice, with the settings that everybody has who sets none: from tier 1,
/// and from tier 0.
#[test]
fn one_long_loop_reaches_optimized_code() {
    for skip in [false, true] {
        let engine = Engine::new(Config::new().skip_baseline(skip)).unwrap();
        let text = r#"(module (import "" "go_on" (func $go_on (result i32))) (memory 1)
            (func (export "main") (param i32) (result i64) (local $turns i64)
                (loop $l
                    (i64.store (i32.const 8) (local.tee $turns (i64.add (local.get $turns) (i64.const 1))))
                    (br_if $l (call $go_on)))
                (i64.load (i32.const 8))))"#;
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let (asked, begin) = (module.clone(), Instant::now());
        let counts = Arc::new((AtomicI64::new(0), AtomicI64::new(0)));
        let counted = Arc::clone(&counts);
        let go_on = Func::wrap(&mut store, move |_: Caller<'_, ()>| {
            let (turns, behind) = &*counted;
            turns.fetch_add(1, Ordering::Relaxed);
            assert!(begin.elapsed() < PATIENCE, "nothing was optimized");
            // The code is there some time; then it is soon looked for.
            let is_there = asked.compilations(1).iter().any(|code| code.from_loop == Some(0));
            i32::from(!is_there || behind.fetch_add(1, Ordering::Relaxed) < 100_000)
        });
        let instance = Instance::new(&mut store, &module, &[go_on.into()]).unwrap();
        let main = instance.get_typed_func::<i32, i64>(&mut store, "main").unwrap();
        let result = main.call(&mut store, 0).unwrap();
        assert_eq!(result, counts.0.load(Ordering::Relaxed));
        assert!(tiers(&store).contains(&Tier::Optimizing), "{:?}", tiers(&store));
        // Nothing was compiled but what the loop needed, each once.
        let code = module.compilations(1);
        let made: Vec<_> = code.iter().map(|code| (code.tier, code.from_loop, code.trigger)).collect();
        let expected = [(Tier::Optimizing, Some(0), Trigger::Loop), (Tier::Baseline, None, Trigger::Loop)];
        assert_eq!(made, expected[..2 - usize::from(skip)]);
        assert!(code.iter().all(|code| code.arrivals > 0));
    }
}

/// A function that goes from loop to loop, as a program's main function does, has one way into optimized code, not one for each.
#[test]
fn many_loops_need_one_way_into_optimized_code() {
    const LOOPS: usize = 20;
    let inner = r#"(local.set $n (i32.const 100))
        (loop $l
            (local.set $sum (i64.add (local.get $sum) (i64.const 1)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"#;
    let text = format!(
        r#"(module (func (export "main") (param $times i32) (result i64) (local $sum i64) (local $n i32)
            (loop $again
                {}
                (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
            (local.get $sum)))"#,
        inner.repeat(LOOPS)
    );
    let mut background = Config::new();
    background.tier_up_after(10).optimize_after(1000);
    for (config, times) in [(rising(), 1000), (background, 100_000)] {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, &text).unwrap();
        let mut store = Store::new(&engine, ());
        let main = func(&mut store, &module, "main");
        assert_eq!(main.call(&mut store, times).unwrap(), i64::from(times) * 100 * LOOPS as i64);
        let code = module.compilations(0);
        let optimized = code.iter().filter(|code| code.tier == Tier::Optimizing).count();
        assert!(optimized <= 2, "{optimized}");
    }
}

#[test]
fn threads_share_what_one_had_optimized() {
    let mut config = Config::new();
    config.tier_up_after(10).optimize_after(50).optimization(Optimization::Background);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, SUM).unwrap();
    thread::scope(|scope| {
        for number in 0..4 {
            let (engine, module) = (&engine, &module);
            scope.spawn(move || {
                let begin = Instant::now();
                let mut store = Store::new(engine, ());
                let (sum, fib) = (func(&mut store, module, "sum"), func(&mut store, module, "fib"));
                loop {
                    assert_eq!(fib.call(&mut store, 12).unwrap(), 144);
                    let fib_tiers = tiers(&store);
                    assert_eq!(sum.call(&mut store, 100 + number).unwrap(), sum_of(100 + number));
                    let sum_tiers = tiers(&store);
                    if [&fib_tiers, &sum_tiers].iter().all(|tiers| tiers[..] == [Tier::Optimizing]) {
                        break;
                    }
                    assert!(begin.elapsed() < PATIENCE, "{fib_tiers:?}, {sum_tiers:?}");
                }
            });
        }
    });
    // One compilation each, whoever asked.
    assert_eq!(module.compilations(1).iter().filter(|code| code.tier == Tier::Optimizing).count(), 1);
}

/// Whoever requests and goes leaves nothing behind.
#[test]
fn modules_go_while_their_functions_wait() {
    let mut config = Config::new();
    config.tier_up_after(1).optimize_after(2).optimization(Optimization::Background);
    let engine = Engine::new(&config).unwrap();
    for _ in 0..50 {
        let module = Module::new(&engine, SUM).unwrap();
        let mut store = Store::new(&engine, ());
        let fib = func(&mut store, &module, "fib");
        assert_eq!(fib.call(&mut store, 12).unwrap(), 144);
    }
    // Types belong to the modules that use them.
    let begin = Instant::now();
    while engine.type_count() > 0 {
        assert!(begin.elapsed() < PATIENCE, "a module stays");
        thread::yield_now();
    }
}

#[test]
fn optimized_code_is_stopped_like_any_other() {
    let engine = Engine::new(rising().epoch_interruption(true)).unwrap();
    let text = r#"(module
        (func (export "spin") (param i32) (result i64) (loop $l (br $l)) (i64.const 0))
        (func $down (export "down") (param i32) (result i64)
            (i64.add (call $down (i32.add (local.get 0) (i32.const 1))) (i64.const 1)))
        (func (export "sum") (param i32) (result i64) (i64.extend_i32_u (local.get 0))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let call = |store: &mut Store<()>, name: &str| {
        let func = instance.get_typed_func::<i32, i64>(&mut *store, name).unwrap();
        func.call(&mut *store, 7)
    };
    let error = call(&mut store, "down").unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    assert!(tiers(&store).contains(&Tier::Optimizing));
    let remote = engine.clone();
    let stop = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        remote.increment_epoch();
    });
    let error = call(&mut store, "spin").unwrap_err();
    stop.join().unwrap();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
    assert!(tiers(&store).contains(&Tier::Optimizing));
    store.set_epoch_deadline(1);
    assert_eq!(call(&mut store, "sum").unwrap(), 7);
}

/// Runs a function that has two parameters in the optimizing tier.
fn optimized(text: &str, args: (i32, i64)) -> i64 {
    let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Optimizing))).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let func = instance.get_typed_func::<(i32, i64), i64>(&mut store, "f").unwrap();
    let result = func.call(&mut store, args).unwrap();
    assert_eq!(tiers(&store), [Tier::Optimizing]);
    result
}

/// The inversion of 32 bits has zeroes above them when it is extended, which the inversion of what was extended has not.
#[test]
fn extended_inversions_have_no_upper_half() {
    for operands in [
        "(local.get 1) (i64.extend_i32_u (i32.xor (local.get 0) (i32.const -1)))",
        "(i64.extend_i32_u (i32.xor (i32.const -1) (local.get 0))) (local.get 1)",
    ] {
        let text =
            format!(r#"(module (func (export "f") (param i32 i64) (result i64) (i64.and {operands})))"#);
        assert_eq!(optimized(&text, (5, -1)), 0xffff_fffa, "{text}");
    }
}

/// Integers whose bytes and signs differ.
const INTEGERS: [i64; 8] = [
    0,
    1,
    -1,
    0x0102_0304_0506_0708,
    -0x7766_5544_3322_1138,
    0xc8,
    0x8000_0000_0000_0080_u64 as i64,
    0x1234_5678_9abc_def0_u64 as i64,
];

/// A byte is compared as it is, whatever is above it.
#[test]
fn lowest_bytes_are_compared() {
    let text = r#"(module (func (export "f") (param i32 i64) (result i64)
        (i64.or
            (i64.extend_i32_u (i32.eq (i32.and (local.get 0) (i32.const 255)) (i32.const 200)))
            (select (i64.const 2) (i64.const 4) (i64.gt_u (i64.and (local.get 1) (i64.const 255)) (i64.const 127))))))"#;
    for x in INTEGERS {
        for y in INTEGERS {
            let expected = i64::from(x as u8 == 200) | if y as u8 > 127 { 2 } else { 4 };
            assert_eq!(optimized(text, (x as i32, y)), expected, "{x:x} {y:x}");
        }
    }
}

/// A signed byte is compared where it is, in a register or in memory, but not when more zeroes are in front of it.
#[test]
fn signed_bytes_are_compared() {
    type Compare = (&'static str, fn(i64, i64) -> bool);
    let compares: [Compare; 6] = [
        ("lt_s", |x, y| x < y),
        ("ge_s", |x, y| x >= y),
        ("lt_u", |x, y| (x as u64) < y as u64),
        ("gt_u", |x, y| x as u64 > y as u64),
        ("eq", |x, y| x == y),
        ("ne", |x, y| x != y),
    ];
    for (op, compare) in compares {
        for with in [0, 1, -1, 127, -128, 128, 200, -129] {
            let byte = |x: i64| i64::from(x as i8);
            let text = format!(
                r#"(module (memory 1) (func (export "f") (param i32 i64) (result i64) (local i64)
                    (i64.store (i32.const 64) (local.get 1))
                    (if (i32.{op} (i32.extend8_s (local.get 0)) (i32.const {with}))
                        (then (local.set 2 (i64.const 1))))
                    (if (i64.{op} (i64.extend8_s (local.get 1)) (i64.const {with}))
                        (then (local.set 2 (i64.or (local.get 2) (i64.const 2)))))
                    (if (i64.{op} (i64.extend_i32_u (i32.extend8_s (local.get 0))) (i64.const {with}))
                        (then (local.set 2 (i64.or (local.get 2) (i64.const 4)))))
                    (if (i64.{op} (i64.load8_s (i32.const 64)) (i64.const {with}))
                        (then (local.set 2 (i64.or (local.get 2) (i64.const 8)))))
                    (if (i64.{op} (i64.extend_i32_u (i32.load8_s (i32.and (local.get 0) (i32.const 64)))) (i64.const {with}))
                        (then (local.set 2 (i64.or (local.get 2) (i64.const 16)))))
                    (local.get 2)))"#
            );
            for x in INTEGERS {
                for y in INTEGERS {
                    let loaded = if x & 64 == 0 { 0 } else { byte(y) };
                    let low = |x: i64| i64::from(x as u32);
                    let of_32 = match op {
                        "lt_u" | "gt_u" => compare(low(byte(x)), low(with)),
                        _ => compare(byte(x), with),
                    };
                    let all = [
                        of_32,
                        compare(byte(y), with),
                        compare(low(byte(x)), with),
                        compare(byte(y), with),
                        compare(low(loaded), with),
                    ];
                    let expected = (0..5).map(|at| i64::from(all[at]) << at).sum();
                    assert_eq!(optimized(&text, (x as i32, y)), expected, "{op} {with} {x:x} {y:x}");
                }
            }
        }
    }
}

/// A stack of the program's own, whose pointer a loop sets and sets back: it is the same in all rounds, but not if the loop leaves it
/// changed, or somebody else changes it.
#[test]
fn what_loops_set_back_is_the_same() {
    for (leave, expected) in [
        // It is set back.
        ("(global.set $sp (i32.add (global.get $sp) (i32.const 8)))", [112, 7 * 10]),
        // It is left as it is, each second time or always.
        (
            "(if (i32.and (local.get 0) (i32.const 1)) (then (global.set $sp (i32.add (global.get $sp) (i32.const 8)))))",
            [72, 70],
        ),
        ("", [32, 70]),
        ("(call $change)", [42, 70]),
    ] {
        let text = format!(
            r#"(module (memory 1) (global $sp (mut i32) (i32.const 0))
                (func $change (global.set $sp (i32.add (global.get $sp) (i32.const 1))))
                (func (export "f") (param i32 i64) (result i64) (local i64)
                    (global.set $sp (i32.const 112))
                    (loop $l
                        (global.set $sp (i32.sub (global.get $sp) (i32.const 8)))
                        (i64.store (global.get $sp) (local.get 1))
                        (local.set 2 (i64.add (local.get 2) (i64.load (global.get $sp))))
                        {leave}
                        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
                    (i64.add (i64.mul (local.get 2) (i64.const 1000)) (i64.extend_i32_u (global.get $sp)))))"#
        );
        assert_eq!(optimized(&text, (10, 7)), 1000 * expected[1] + expected[0], "{leave}");
    }
}

/// Shifts by a constant leave flags behind by which zero is known; rotations and shifts by nothing do not.
/// The test of a loop stands in front of it, too: who comes from there has no value in a register that the loop has put there.
#[test]
fn what_is_in_registers_behind_a_loop_that_may_not_run() {
    let text = r#"(module
        (func $many (param $n i32) (result i32)
            (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
            (i32.add
                (call $many (i32.sub (local.get $n) (i32.const 1)))
                (i32.add (call $many (i32.sub (local.get $n) (i32.const 1))) (i32.const 1))))
        (func (export "f") (param $n i32) (param $by i64) (result i64)
            (local $sum i64)
            (local.set $sum (i64.extend_i32_u (call $many (i32.const 3))))
            (block $out
                (loop $next
                    (br_if $out (i32.eqz (local.get $n)))
                    (local.set $sum
                        (i64.shl
                            (i64.add (local.get $sum) (i64.extend_i32_u (call $many (i32.const 4))))
                            (local.get $by)))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br $next)))
            (i64.shl (i64.add (local.get $sum) (i64.const 5)) (local.get $by))))"#;
    assert_eq!(optimized(text, (0, 2)), (7 + 5) << 2);
    assert_eq!(optimized(text, (1, 2)), (((7 + 15) << 2) + 5) << 2);
}

#[test]
fn what_shifts_leave_is_compared_with_zero() {
    for (op, by, shift) in [
        ("i64.shr_u", 8, (|x| (x as u64 >> 8) as i64) as fn(i64) -> i64),
        ("i64.shl", 57, |x| x << 57),
        ("i64.shr_s", 63, |x| x >> 63),
        ("i64.rotl", 9, |x| x.rotate_left(9)),
        ("i64.shr_u", 64, |x| x),
    ] {
        let text = format!(
            r#"(module (func (export "f") (param i32 i64) (result i64)
                (local.set 1 ({op} (local.get 1) (i64.const {by})))
                (if (i64.eqz (local.get 1)) (then (return (i64.const 77))))
                (local.get 1)))"#
        );
        for x in INTEGERS {
            let expected = if shift(x) == 0 { 77 } else { shift(x) };
            assert_eq!(optimized(&text, (0, x)), expected, "{op} {by} {x:x}");
        }
    }
}

/// Compilers have no instruction for bytes in the other order: they put them together.
#[test]
fn bytes_come_in_the_other_order() {
    let narrow = r#"(module (func (export "f") (param i32 i64) (result i64)
        (i64.extend_i32_u (i32.or
            (i32.rotr (i32.and (local.get 0) (i32.const 0xff00ff)) (i32.const 8))
            (i32.and (i32.rotr (local.get 0) (i32.const 24)) (i32.const 0xff00ff))))))"#;
    let mut bytes = "(i64.const 0)".to_owned();
    for at in 0..8 {
        let (by, mask) = (56 - 16 * at, 0xff_u64 << (8 * at));
        let shift = if by > 0 {
            format!("(i64.shr_u (local.get 1) (i64.const {by}))")
        } else {
            format!("(i64.shl (local.get 1) (i64.const {}))", -by)
        };
        bytes = format!("(i64.or {bytes} (i64.and {shift} (i64.const {})))", mask as i64);
    }
    let wide = format!(r#"(module (func (export "f") (param i32 i64) (result i64) {bytes}))"#);
    for x in INTEGERS {
        assert_eq!(optimized(narrow, (x as i32, 0)), i64::from((x as u32).swap_bytes()), "{x:x}");
        assert_eq!(optimized(&wide, (0, x)), x.swap_bytes(), "{x:x}");
    }
}

/// Upper halves of products, in the way of the hash functions of 32-bit machines: `a * b` for all pairs.
#[test]
fn products_in_pieces_are_products() {
    let text = r#"(module (func (export "f") (param i32 i64) (result i64)
        (local $a i64) (local $p i64) (local $q i64) (local $r i64) (local $t i64) (local $low i64) (local $carry i64)
        (local.set $a (i64.mul (i64.extend_i32_s (local.get 0)) (i64.const 0x5deece66d1f0b7)))
        (local.set $p (i64.mul (i64.shr_u (local.get $a) (i64.const 32)) (i64.and (local.get 1) (i64.const 0xffffffff))))
        (local.set $q (i64.mul (i64.and (local.get $a) (i64.const 0xffffffff)) (i64.shr_u (local.get 1) (i64.const 32))))
        (local.set $r (i64.mul (i64.and (local.get $a) (i64.const 0xffffffff)) (i64.and (local.get 1) (i64.const 0xffffffff))))
        (local.set $t (i64.add (local.get $r) (i64.shl (local.get $p) (i64.const 32))))
        (local.set $carry (i64.extend_i32_u (i64.lt_u (local.get $t) (local.get $r))))
        (local.set $low (i64.add (local.get $t) (i64.shl (local.get $q) (i64.const 32))))
        (local.set $carry
            (i64.add (local.get $carry) (i64.extend_i32_u (i64.lt_u (local.get $low) (local.get $t)))))
        (i64.sub (local.get $low)
            (i64.add (local.get $carry)
                (i64.add
                    (i64.mul (i64.shr_u (local.get $a) (i64.const 32)) (i64.shr_u (local.get 1) (i64.const 32)))
                    (i64.add
                        (i64.shr_u (local.get $p) (i64.const 32))
                        (i64.shr_u (local.get $q) (i64.const 32))))))))"#;
    for x in INTEGERS {
        for y in INTEGERS {
            let a = i64::from(x as i32).wrapping_mul(0x5d_eece_66d1_f0b7);
            let product = u128::from(a as u64) * u128::from(y as u64);
            let expected = (product as i64).wrapping_sub((product >> 64) as i64);
            assert_eq!(optimized(text, (x as i32, y)), expected, "{x:x} {y:x}");
        }
    }
}

/// Whether a remainder is zero is found out without it.
#[test]
fn multiples_are_found() {
    for divisor in [3, 6, 7, 10, 100, 0x7fff_ffff_i32, -5, -12, 1, 8, -8, i32::MIN] {
        let text = format!(
            r#"(module (func (export "f") (param i32 i64) (result i64)
                (local i64)
                (if (i32.eqz (i32.rem_u (local.get 0) (i32.const {divisor}))) (then (local.set 2 (i64.const 1))))
                (if (i32.rem_s (local.get 0) (i32.const {divisor}))
                    (then) (else (local.set 2 (i64.or (local.get 2) (i64.const 2)))))
                (select (i64.or (local.get 2) (i64.const 4)) (local.get 2)
                    (i64.eqz (i64.rem_u (local.get 1) (i64.const {divisor}))))
                local.set 2
                (i64.or (local.get 2)
                    (i64.shl (i64.extend_i32_u (i64.eqz (i64.rem_s (local.get 1) (i64.const {divisor})))) (i64.const 3)))))"#
        );
        let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Optimizing))).unwrap();
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_typed_func::<(i32, i64), i64>(&mut store, "f").unwrap();
        for times in [0, 1, -1, 2, -2, 77, 0x1234_5678, 0x7fff_ffff, i64::MAX / i64::from(divisor)] {
            for step in [0, 1, -1, 3] {
                let wide = i64::from(divisor).wrapping_mul(times).wrapping_add(step);
                let narrow = wide as i32;
                let expected = i64::from((narrow as u32).is_multiple_of(divisor as u32))
                    | i64::from(narrow.wrapping_rem(divisor) == 0) << 1
                    | i64::from((wide as u64).is_multiple_of(i64::from(divisor) as u64)) << 2
                    | i64::from(wide.wrapping_rem(divisor.into()) == 0) << 3;
                assert_eq!(func.call(&mut store, (narrow, wide)).unwrap(), expected, "{wide:x} {divisor:x}");
            }
        }
    }
}

/// A choice of bits is one of bytes where comparisons have made the mask, and only there.
#[test]
fn vectors_are_chosen_by_masks_and_by_bits() {
    let above = "(i64x2.gt_s (i64x2.splat (local.get 1)) (v128.const i64x2 5 -5))";
    let even =
        "(i8x16.eq (v128.and (i64x2.splat (local.get 1)) (v128.const i64x2 1 1)) (v128.const i64x2 0 0))";
    let any = "(i64x2.splat (local.get 1))";
    fn ones(condition: bool) -> i64 {
        if condition { -1 } else { 0 }
    }
    // All bytes but the lowest one are even there.
    fn even_of(y: i64) -> i64 {
        if y & 1 == 0 { -1 } else { -1 << 8 }
    }
    for (mask, of) in [
        (above.to_owned(), (|y: i64| [ones(y > 5), ones(y > -5)]) as fn(i64) -> [i64; 2]),
        (format!("(v128.not {above})"), |y| [ones(y <= 5), ones(y <= -5)]),
        (format!("(v128.and {above} {even})"), |y| [ones(y > 5) & even_of(y), ones(y > -5) & even_of(y)]),
        (format!("(v128.bitselect {above} {even} {any})"), |y| {
            [ones(y > 5) & y | even_of(y) & !y, ones(y > -5) & y | even_of(y) & !y]
        }),
        (format!("(v128.or {above} {any})"), |y| [ones(y > 5) | y, ones(y > -5) | y]),
        (any.to_owned(), |y| [y, y]),
    ] {
        let text = format!(
            r#"(module (func (export "f") (param i32 i64) (result i64) (local v128)
                (local.set 2 (v128.bitselect (v128.const i64x2 0x1234567890abcdef 77) (v128.const i64x2 -3 0x55aa55aa) {mask}))
                (if (result i64) (v128.any_true {mask})
                    (then (i64.sub (i64x2.extract_lane 0 (local.get 2)) (i64x2.extract_lane 1 (local.get 2))))
                    (else (i64.const -9)))))"#
        );
        for y in INTEGERS.into_iter().chain([5, 6, -5, -4]) {
            let [low, high] = of(y);
            let chosen =
                (0x1234_5678_90ab_cdef & low | -3 & !low).wrapping_sub(77 & high | 0x55aa_55aa & !high);
            let expected = if low | high == 0 { -9 } else { chosen };
            assert_eq!(optimized(&text, (0, y)), expected, "{mask} {y:x}");
        }
    }
}

/// A slot may have an operand of one type where the outer loop begins, and of another one below the inner loop.
#[test]
fn operands_below_an_inner_loop_come_along() {
    let text = r#"(module
        (func $wide (param i64) (result i64) (local.get 0))
        (func $narrow (param i32) (result i32) (local.get 0))
        (func (export "f") (param $m i32) (result i64) (local $n i32) (local $turns i32) (local $sum i64)
            i32.const 5 local.set $n
            i32.const 3 call $narrow
            (loop $outer (param i32)
                i64.extend_i32_u local.get $sum i64.add local.set $sum
                i64.const 0x1234567800000001 call $wide
                local.get $m local.set $turns
                (loop $inner
                    (br_if $inner (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
                local.get $sum i64.add local.set $sum
                local.get $n call $narrow
                (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
                drop)
            local.get $sum))"#;
    for skip in [false, true] {
        let engine = Engine::new(rising().skip_baseline(skip)).unwrap();
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let f = func(&mut store, &module, "f");
        let expected = 5i64.wrapping_mul(0x1234_5678_0000_0001) + 3 + 5 + 4 + 3 + 2;
        assert_eq!(f.call(&mut store, 1000).unwrap(), expected);
        assert_eq!(tiers(&store).last(), Some(&Tier::Optimizing));
    }
}

/// What is an integer for a moment only is a reference on the way into a loop.
#[test]
fn integers_as_references_below_a_loop_come_along() {
    let text = r#"(module
        (func (export "f") (param $turns i32) (result i64)
            (ref.i31 (i32.const 5))
            (loop $l (br_if $l (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
            (ref.i31 (i32.const 7))
            (local.get $turns)
            (select (result i31ref))
            i31.get_s
            i64.extend_i32_s))"#;
    let engine = Engine::new(&rising()).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let f = func(&mut store, &module, "f");
    assert_eq!(f.call(&mut store, 1000).unwrap(), 7);
    assert_eq!(tiers(&store).last(), Some(&Tier::Optimizing));
}

/// What is in front of a callee's frame from the call before is relied on: not if another call wrote there, in whatever way.
#[test]
fn calls_in_loops_return_and_trap_where_they_should() {
    let text = r#"(module
        (import "" "far" (func $far (param i32) (result i32)))
        (type $unary (func (param i32) (result i32)))
        (table 4 funcref) (elem (i32.const 0) $far $double $decline)
        (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
        (func $decline (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 0)) (then unreachable)) (local.get 0))
        (func $pair (param i32) (result i32 i32) (local.get 0) (i32.const 100))
        (func $nothing)
        (func $calls (export "f") (param $n i32) (result i64) (local $sum i32)
            (loop $l
                ;; By turns another instance's, which the interpreter calls, and an own one.
                (local.set $sum (i32.add (local.get $sum)
                    (call_indirect (type $unary) (local.get $n) (i32.and (local.get $n) (i32.const 1)))))
                ;; Two results, and none, lie where the header was.
                (call $pair (local.get $n)) i32.add local.get $sum i32.add local.set $sum
                (call $nothing)
                (local.set $sum (i32.add (local.get $sum) (call $double (i32.const 1))))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            ;; One alone in a loop, which traps in the end.
            (local.set $n (i32.const 7))
            (loop $m
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (local.set $sum (i32.add (local.get $sum) (call_indirect (type $unary) (local.get $n) (i32.const 2))))
                (br_if $m (i32.gt_s (local.get $n) (global.get $last))))
            (i64.extend_i32_s (local.get $sum)))
        (global $last (mut i32) (i32.const 1))
        (func (export "worse") (param i32) (result i64) (global.set $last (i32.const -5)) (call $calls (local.get 0))))"#;
    let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Optimizing))).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let far = Func::wrap(&mut store, |n: i32| n + 1000);
    let instance = Instance::new(&mut store, &module, &[far.into()]).unwrap();
    let f = instance.get_typed_func::<i32, i64>(&mut store, "f").unwrap();
    // For each n of 1 to 6: what the table leads to, n + 100, and 2; then 6 + 5 + … + 1.
    let found = (2 + 6 + 10) + (1002 + 1004 + 1006);
    let expected = found + (21 + 600) + 12 + 21;
    assert_eq!(f.call(&mut store, 6).unwrap(), expected);
    let worse = instance.get_typed_func::<i32, i64>(&mut store, "worse").unwrap();
    let error = worse.call(&mut store, 6).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let names: Vec<_> = backtrace.frames().iter().map(|frame| frame.func_name()).collect();
    assert_eq!(names[..2], [Some("decline"), Some("calls")]);
    assert_eq!(tiers(&store), [Tier::Optimizing]);
}

/// A vector without any bit is a vector, too: where it has no register meanwhile, it has both of its slots.
#[test]
fn vectors_of_zeroes_are_kept_whole() {
    let text = r#"(module
        (type $s (struct (field i32 i64 i8) (field anyref) (field i16 f64 v128 i8) (field anyref) (field f32 i32)))
        (func $make (result (ref $s))
            (i32.const -1992307605) (i64.const -2199023255552) (i32.const 0) (ref.null any) (i32.const -713666714)
            (f64.const -140000) (v128.const i64x2 0 0) (i32.const 12) (ref.null any) (f32.const -486.25)
            (i32.const 16777215)
            (struct.new $s))
        (func (export "f") (param i32) (result i64)
            (i64x2.extract_lane 1 (struct.get $s 6 (call $make)))))"#;
    for unimproved in [false, true] {
        let mut config = Config::new();
        config.tiers(Tiers::Only(Tier::Optimizing)).unimproved(unimproved).gc_stress(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        // The first object of a store is made where registers are saved.
        assert_eq!(func(&mut store, &module, "f").call(&mut store, 0).unwrap(), 0, "{unimproved}");
    }
}
